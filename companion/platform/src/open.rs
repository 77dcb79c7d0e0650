//! Opening things for the user with what the desktop has for them: a web address in the browser, a folder in the file
//! manager.

use std::io;
use std::path::Path;

#[cfg(target_os = "linux")]
#[path = "open/linux.rs"]
mod os;
#[cfg(target_os = "macos")]
#[path = "open/macos.rs"]
mod os;
#[cfg(windows)]
#[path = "open/windows.rs"]
mod os;

/// Why something was not opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Only web and mail addresses are handed on: other schemes start programs.
    #[error("only addresses with `https:`, `http:` or `mailto:` are opened")]
    Scheme,
    /// The path names no folder.
    #[error("there is no such folder")]
    NoFolder,
    /// The desktop has nothing that opens it.
    #[error("the desktop could not open it")]
    Desktop(#[source] io::Error),
}

/// Opens `address` in the user's browser (or mail program).
pub fn in_browser(address: &str) -> Result<(), OpenError> {
    let allowed = ["https://", "http://", "mailto:"];
    let starts = |scheme: &&str| {
        address
            .get(..scheme.len())
            .is_some_and(|head| head.eq_ignore_ascii_case(scheme))
    };
    if !allowed.iter().any(starts) || address.chars().any(|c| c.is_control() || c == ' ' || c == '"') {
        return Err(OpenError::Scheme);
    }
    os::open(address.as_ref()).map_err(OpenError::Desktop)
}

/// Opens `folder` in the file manager. Files are never opened: that could run them.
pub fn folder(folder: &Path) -> Result<(), OpenError> {
    if !folder.is_absolute() || !folder.is_dir() {
        return Err(OpenError::NoFolder);
    }
    os::open(folder.as_os_str()).map_err(OpenError::Desktop)
}

/// Starts a program that hands the thing on, and collects it when it ends.
#[cfg(unix)]
fn start(program: &str, argument: &std::ffi::OsStr) -> io::Result<()> {
    use std::process::{Command, Stdio};

    let mut child = Command::new(program)
        .arg(argument)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    std::thread::Builder::new()
        .name("opened".into())
        .spawn(move || child.wait())?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_addresses_that_could_start_a_program() {
        for address in [
            "file:///etc/passwd",
            "javascript:alert(1)",
            "/usr/bin/true",
            "--version",
            "",
            "ms-excel:ofe|u|https://x",
            "https://a b",
            "https://a\nb",
            "https:é",
        ] {
            assert!(matches!(in_browser(address), Err(OpenError::Scheme)), "{address}");
        }
    }

    #[test]
    fn refuses_to_open_a_file_as_a_folder() {
        let file = tempfile::NamedTempFile::new().expect("file");
        assert!(matches!(folder(file.path()), Err(OpenError::NoFolder)));
        assert!(matches!(folder(Path::new("relative")), Err(OpenError::NoFolder)));
    }
}
