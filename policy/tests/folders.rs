//! How the paths of `allowedWorkspaceFolders` expand.

use std::path::{Path, PathBuf};

use deskhand_policy::types::{FolderMode, FolderRule};
use pretty_assertions::assert_eq;

#[cfg(unix)]
#[test]
fn home_and_known_variables_expand_and_others_skip_the_entry() {
    let cases = [
        ("~", Some("/home/ann")),
        ("~/Documents", Some("/home/ann/Documents")),
        ("/srv/%USERNAME%/in", Some("/srv/ann/in")),
        ("/srv/%username%", Some("/srv/ann")),
        ("%XDG_DOCUMENTS_DIR%/a", Some("/home/ann/Docs/a")),
        ("/srv/shared", Some("/srv/shared")),
        ("~bob/Documents", None),
        ("%OneDrive%/a", None),
        ("%PATH%/a", None),
        ("/srv/50%", None),
        ("relative/a", None),
        ("%APPDATA%", None),
    ];
    let variable = |name: &str| match name {
        "USERNAME" => Some("ann".to_owned()),
        "XDG_DOCUMENTS_DIR" => Some("/home/ann/Docs".to_owned()),
        "APPDATA" => Some(String::new()),
        "PATH" => Some("/bin".to_owned()),
        _ => None,
    };
    for (path, expected) in cases {
        let rule = FolderRule {
            path: path.to_owned(),
            is_default_selected: false,
            mode: FolderMode::ReadWrite,
        };
        assert_eq!(
            rule.expand(Path::new("/home/ann"), variable),
            expected.map(PathBuf::from),
            "{path}"
        );
    }
}
