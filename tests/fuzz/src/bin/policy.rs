//! Any bytes as a file of settings, the administrator's and the user's: always a policy, never a gap.
#![no_main]

use std::fs;
use std::sync::LazyLock;

use deskhand_policy::{Policy, Reading, Store, UserFile};
use libfuzzer_sys::fuzz_target;

static FOLDER: LazyLock<tempfile::TempDir> = LazyLock::new(|| tempfile::tempdir().expect("a folder"));

fuzz_target!(|data: &[u8]| {
    let path = FOLDER.path().join("settings.json");
    fs::write(&path, data).expect("a file");
    let reading = UserFile::new(&path).read();
    for (managed, user) in [
        (&reading, None),
        (&Reading::Absent, Some(reading.clone())),
        (&reading, Some(reading.clone())),
    ] {
        let policy = Policy::resolve(managed, user.as_slice());
        assert_eq!(policy.entries().len(), deskhand_policy::definitions().count());
        for problem in policy.stopping() {
            assert!(!problem.to_string().is_empty());
        }
        if matches!(reading, Reading::Unusable(..)) {
            assert!(
                !policy.stopping().is_empty(),
                "a source that cannot be read is no absent one"
            );
        }
    }
});
