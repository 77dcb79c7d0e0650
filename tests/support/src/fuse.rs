//! A device for shared folders of process sandboxes.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// A device of FUSE that everybody may use. That is what most systems have; where this one's is its root's alone, and the test is
/// root, it is one of the test's own, which goes with the value.
#[derive(Debug)]
pub struct FuseDevice {
    place: PathBuf,
    _folder: Option<TempDir>,
}

impl FuseDevice {
    /// Finds or makes it.
    ///
    /// # Panics
    /// Where there is no device, or it is somebody else's alone.
    pub fn for_everybody() -> Self {
        let usual = PathBuf::from("/dev/fuse");
        let mode = fs::metadata(&usual)
            .expect("a device of FUSE")
            .permissions()
            .mode();
        if mode & 0o006 == 0o006 {
            return Self {
                place: usual,
                _folder: None,
            };
        }
        let folder = tempfile::tempdir().expect("a temporary folder");
        let place = folder.path().join("fuse");
        fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).expect("a folder of the test");
        // Its number is a fixed one (`Documentation/admin-guide/devices.txt` of Linux).
        let made = Command::new("mknod")
            .arg(&place)
            .args(["c", "10", "229"])
            .status();
        assert!(
            made.is_ok_and(|made| made.success()),
            "/dev/fuse is not everybody's here, and only root can make another one"
        );
        fs::set_permissions(&place, Permissions::from_mode(0o666)).expect("a file of the test");
        Self {
            place,
            _folder: Some(folder),
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.place
    }
}
