//! Why a process sandbox did not start, and what helps: bubblewrap says what it was refused, and the system's settings say by whom.

use std::path::Path;

use crate::error::{SandboxError, Step};

pub(super) const INSTALL: &str =
    "install it with `sudo apt install bubblewrap` or your distribution's package of that name";

/// A setting of the kernel that keeps user namespaces from programs, the value that does, what is said of it, and what helps.
const SETTINGS: [(&str, &str, &str, &str); 3] = [
    (
        "kernel/apparmor_restrict_unprivileged_userns",
        "1",
        "AppArmor keeps user namespaces from programs without a profile (kernel.apparmor_restrict_unprivileged_userns is 1)",
        "ask your administrator to load an AppArmor profile for /usr/bin/bwrap and for /run/deskhand/agent that allows `userns`; through \
         bubblewrap every program of this computer can make them then",
    ),
    (
        "kernel/unprivileged_userns_clone",
        "0",
        "this system keeps user namespaces from ordinary users (kernel.unprivileged_userns_clone is 0)",
        "ask your administrator to set it to 1 with `sudo sysctl -w kernel.unprivileged_userns_clone=1`, and in /etc/sysctl.d to keep it",
    ),
    (
        "user/max_user_namespaces",
        "0",
        "this system has user namespaces switched off (user.max_user_namespaces is 0)",
        "ask your administrator to set it to 10000 with `sudo sysctl -w user.max_user_namespaces=10000`, and in /etc/sysctl.d to keep it",
    ),
];

/// What bubblewrap says where it may not make namespaces, or has no rights within.
const WORDS: [&str; 3] = ["namespace", "uid map", "RTM_NEWADDR"];

/// The same error, with its cause where a setting of this system is one.
pub(super) fn explained(error: SandboxError) -> SandboxError {
    explained_by(error, Path::new("/proc/sys"))
}

fn explained_by(error: SandboxError, settings: &Path) -> SandboxError {
    let said = error.detail.as_deref().unwrap_or_default();
    if !WORDS.iter().any(|word| said.contains(word)) {
        return error;
    }
    let is = |name: &str, value: &str| {
        std::fs::read_to_string(settings.join(name)).is_ok_and(|text| text.trim() == value)
    };
    let Some((_, _, why, remedy)) = SETTINGS.iter().find(|(name, value, _, _)| is(name, value)) else {
        return error;
    };
    let reason = format!("{why}; {}", error.reason);
    SandboxError::new(Step::Start, reason, *remedy).with_detail(error.detail.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn the_setting_that_keeps_namespaces_away_is_named_with_what_helps() {
        let failed = || {
            SandboxError::new(Step::Start, "bubblewrap ended", "look")
                .with_detail("bwrap: setting up uid map: Permission denied")
        };
        for (name, value, why, remedy) in SETTINGS {
            let home = tempfile::tempdir().unwrap();
            let place = home.path().join(name);
            std::fs::create_dir_all(place.parent().unwrap()).unwrap();
            std::fs::write(&place, format!("{value}\n")).unwrap();
            let told = explained_by(failed(), home.path());
            assert!(told.reason.starts_with(why), "{told}");
            assert_eq!(
                (told.remedy.as_str(), told.detail.as_deref()),
                (remedy, Some("bwrap: setting up uid map: Permission denied"))
            );
            let other =
                SandboxError::new(Step::Start, "bubblewrap ended", "look").with_detail("out of memory");
            assert_eq!(explained_by(other.clone(), home.path()), other);
            std::fs::write(&place, "12345\n").unwrap();
            assert_eq!(explained_by(failed(), home.path()), failed());
        }
    }
}
