//! A protected access list: this user and the system, nobody by inheritance.

use std::fs::{self, File};
use std::io;
use std::os::windows::ffi::OsStrExt;
use std::path::Path;

use windows_sys::Win32::Storage::FileSystem::CreateDirectoryW;

use super::PermissionError;
use crate::windows_user::PrivateAccess;

#[expect(
    unsafe_code,
    reason = "a folder with an access list of its own has no safe call in std"
)]
pub(super) fn create_private_folder(folder: &Path) -> io::Result<()> {
    let access = PrivateAccess::new()?;
    let name: Vec<u16> = folder.as_os_str().encode_wide().chain([0]).collect();
    // SAFETY: `name` is null-terminated and outlives the call, and so do the attributes that `access` lends.
    if unsafe { CreateDirectoryW(name.as_ptr(), access.attributes()) } == 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

/// An existing folder keeps its access list: it was either made here, or the administrator's own.
pub(super) fn close_folder(folder: &Path) -> Result<(), PermissionError> {
    let found = fs::symlink_metadata(folder).map_err(PermissionError::io(folder))?;
    if found.is_dir() {
        Ok(())
    } else {
        Err(PermissionError::WrongKind {
            path: folder.to_owned(),
            expected: "folder",
        })
    }
}

/// Files inherit the list of their folder, which [`create_private_folder`] closed.
pub(super) fn check_file(path: &Path, opened: &File) -> Result<(), PermissionError> {
    let found = opened.metadata().map_err(PermissionError::io(path))?;
    if found.is_file() {
        Ok(())
    } else {
        Err(PermissionError::WrongKind {
            path: path.to_owned(),
            expected: "file",
        })
    }
}

/// NTFS journals the new name itself; a folder cannot be flushed.
#[expect(clippy::unnecessary_wraps, reason = "the same face as on the other platforms")]
pub(super) fn flush_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}
