//! Owner and mode bits, for Linux and macOS.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::Path;

use super::PermissionError;

pub(super) fn create_private_folder(folder: &Path) -> io::Result<()> {
    DirBuilder::new().mode(0o700).create(folder)
}

pub(super) fn close_folder(folder: &Path) -> Result<(), PermissionError> {
    let found = fs::symlink_metadata(folder).map_err(PermissionError::io(folder))?;
    if !found.is_dir() {
        return Err(PermissionError::WrongKind {
            path: folder.to_owned(),
            expected: "folder",
        });
    }
    if found.uid() != rustix::process::geteuid().as_raw() {
        return Err(PermissionError::OtherOwner {
            path: folder.to_owned(),
        });
    }
    if found.mode() & 0o077 != 0 {
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700))
            .map_err(PermissionError::io(folder))?;
    }
    Ok(())
}

pub(super) fn check_file(path: &Path, opened: &File) -> Result<(), PermissionError> {
    let found = opened.metadata().map_err(PermissionError::io(path))?;
    if !found.is_file() {
        return Err(PermissionError::WrongKind {
            path: path.to_owned(),
            expected: "file",
        });
    }
    if found.uid() != rustix::process::geteuid().as_raw() {
        return Err(PermissionError::OtherOwner {
            path: path.to_owned(),
        });
    }
    let mode = found.mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(PermissionError::TooOpen {
            path: path.to_owned(),
            mode,
        });
    }
    Ok(())
}

/// A new name is only safe once the folder that holds it is flushed too.
pub(super) fn flush_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
