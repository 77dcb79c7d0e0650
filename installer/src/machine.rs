//! What kind of machine this is: the system's family, whose account it is, whether there is a display.

use std::fs;
use std::path::Path;

use crate::command::{command, find, succeeds};

/// How system packages get onto this machine.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Rights {
    /// The account is root.
    Root,
    /// `sudo` will do it, after asking for a password where somebody can type one.
    Sudo,
    /// Neither: the person has to run the line.
    None,
}

/// Whether packages are Debian's here, as on Debian, Ubuntu and what derives from them.
pub(crate) fn has_debian_packages() -> bool {
    fs::read_to_string("/etc/os-release").is_ok_and(|text| is_debian(&text)) && find("apt-get").is_some()
}

/// Reads `ID` and `ID_LIKE` of an os-release file (freedesktop.org, os-release(5)).
fn is_debian(os_release: &str) -> bool {
    os_release
        .lines()
        .filter_map(|line| line.strip_prefix("ID=").or_else(|| line.strip_prefix("ID_LIKE=")))
        .flat_map(|value| value.trim_matches('"').split(' '))
        .any(|family| family == "debian" || family == "ubuntu")
}

/// What this account may do about packages.
pub(crate) fn rights() -> Rights {
    let is_root = crate::command::output(&mut command("id", &["-u"])).is_ok_and(|id| id.trim() == "0");
    if is_root {
        Rights::Root
    } else if find("sudo").is_some() && (has_terminal() || succeeds(&mut command("sudo", &["-n", "true"]))) {
        Rights::Sudo
    } else {
        Rights::None
    }
}

/// Whether a person can be asked.
pub(crate) fn has_terminal() -> bool {
    use std::io::IsTerminal as _;
    std::io::stdin().is_terminal() && std::io::stdout().is_terminal()
}

/// Whether a window can be opened.
pub(crate) fn has_display() -> bool {
    cfg!(not(target_os = "linux"))
        || ["WAYLAND_DISPLAY", "DISPLAY"]
            .iter()
            .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
}

/// The administrator's settings file: where it stands, this machine is managed.
pub(crate) fn is_managed() -> bool {
    Path::new("/etc/deskhand/managed-settings.json").exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_family_by_os_release() {
        let cases = [
            (
                "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nID=debian\n",
                true,
            ),
            ("ID=ubuntu\nID_LIKE=debian\n", true),
            ("ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n", true),
            ("ID=\"fedora\"\n", false),
            ("NAME=\"not debian\"\nID=arch\n", false),
        ];
        for (text, expected) in cases {
            assert_eq!(is_debian(text), expected, "{text}");
        }
    }
}
