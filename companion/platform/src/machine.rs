//! What the machine is: the version of its operating system, its processor, its memory. Never what it is called.

use std::sync::OnceLock;

#[cfg(target_os = "linux")]
#[path = "machine/linux.rs"]
mod system;
#[cfg(target_os = "macos")]
#[path = "machine/macos.rs"]
mod system;
#[cfg(windows)]
#[path = "machine/windows.rs"]
mod system;

/// The operating system, as the semantic conventions of OpenTelemetry name it (`os.type`).
pub fn os() -> &'static str {
    match std::env::consts::OS {
        "macos" => "darwin",
        other => other,
    }
}

/// The architecture, as the semantic conventions name it (`host.arch`).
pub fn arch() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

/// The version of the operating system, such as `15.1`; empty where it cannot be told.
pub fn os_version() -> String {
    system::version().unwrap_or_default()
}

/// The model of the processor; empty where it cannot be told.
pub fn cpu() -> String {
    system::cpu().unwrap_or_default()
}

/// Bytes of memory; 0 where it cannot be told.
pub fn memory() -> u64 {
    system::memory().unwrap_or_default()
}

/// The short name of the account that this process runs as, from the system's directory and never from the environment.
/// `None` on macOS where the directory does not tell it, and always where nothing asks for it.
pub fn account() -> Option<&'static str> {
    static NAME: OnceLock<String> = OnceLock::new();
    known_once_told(&NAME, system::account)
}

/// What was told once is kept; a failure is not, so that the next look may bring it.
fn known_once_told(kept: &OnceLock<String>, ask: impl FnOnce() -> Option<String>) -> Option<&str> {
    match kept.get() {
        Some(told) => Some(told),
        None => ask().map(|told| kept.get_or_init(|| told).as_str()),
    }
}

/// What the system's directory calls the account with the effective user number of this process (`getpwuid_r`).
#[cfg(any(target_os = "macos", all(test, target_os = "linux")))]
fn account_of_directory() -> Option<String> {
    let user = nix::unistd::User::from_uid(nix::unistd::geteuid()).ok()??;
    (!user.name.is_empty()).then_some(user.name)
}

/// What a program of the system prints, at most a few lines.
#[cfg(any(target_os = "macos", windows))]
fn printed(program: &str, arguments: &[&str]) -> Option<String> {
    let output = std::process::Command::new(program)
        .args(arguments)
        .output()
        .ok()?;
    String::from_utf8(output.stdout)
        .ok()
        .filter(|text| output.status.success() && text.len() <= 4_096)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn an_account_that_was_not_told_is_asked_for_again_and_one_that_was_is_not() {
        let kept = OnceLock::new();
        assert_eq!(known_once_told(&kept, || None), None);
        assert_eq!(known_once_told(&kept, || Some("ann".to_owned())), Some("ann"));
        assert_eq!(known_once_told(&kept, || None), Some("ann"));
    }

    #[test]
    fn the_directory_knows_the_account_of_this_process() {
        let accounts = std::fs::read_to_string("/etc/passwd").expect("the directory");
        let name = account_of_directory().expect("an account");
        let number = format!(":{}:", nix::unistd::geteuid());
        let is_own = |line: &str| line.starts_with(&format!("{name}:")) && line.contains(&number);
        assert!(accounts.lines().any(is_own), "{name}");
    }

    #[test]
    fn tells_memory_and_a_version_without_line_ends() {
        assert!(memory() > 1 << 26, "{}", memory());
        let version = os_version();
        assert!(!version.is_empty() && !version.contains('\n'), "{version}");
        assert!(!cpu().contains('\n'));
    }
}
