//! Files and folders that only this user may open: making them, and checking that they still are so.
//!
//! On Unix that is owner and mode; on Windows a protected access list with the user and the system in it.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

#[cfg(unix)]
#[path = "permissions/unix.rs"]
mod os;
#[cfg(windows)]
#[path = "permissions/windows.rs"]
mod os;

/// Why a private file or folder could not be made or trusted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PermissionError {
    /// Somebody else owns it, so they could replace what is in it.
    #[error("`{}` belongs to another user", path.display())]
    OtherOwner {
        /// What was checked.
        path: PathBuf,
    },
    /// Other users may open it.
    #[error("`{}` can be opened by other users (mode {mode:03o})", path.display())]
    TooOpen {
        /// What was checked.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It is a link or not the kind of thing that it must be.
    #[error("`{}` is not a plain {expected}", path.display())]
    WrongKind {
        /// What was checked.
        path: PathBuf,
        /// `file` or `folder`.
        expected: &'static str,
    },
    /// It is larger than anything that belongs there.
    #[error("`{}` is larger than {limit} bytes", path.display())]
    TooLarge {
        /// What was read.
        path: PathBuf,
        /// The cap in bytes.
        limit: u64,
    },
    /// The operating system refused.
    #[error("cannot use `{}`", path.display())]
    Io {
        /// What was used.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

impl PermissionError {
    fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { path, source }
    }
}

/// Makes `folder` and its parents, closed to other users. An existing folder of this user is closed when it stands open;
/// one of another user, or a link, is refused.
pub fn private_folder(folder: &Path) -> Result<(), PermissionError> {
    if let Some(parent) = folder.parent() {
        fs::create_dir_all(parent).map_err(PermissionError::io(parent))?;
    }
    match os::create_private_folder(folder) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => os::close_folder(folder),
        Err(error) => Err(PermissionError::io(folder)(error)),
    }
}

/// Refuses a file that is a link, belongs to another user or can be opened by one.
pub fn check_private_file(file: &Path) -> Result<(), PermissionError> {
    let opened = File::open(file).map_err(PermissionError::io(file))?;
    os::check_file(file, &opened)
}

/// Reads a private file of at most `limit` bytes; `None` when there is none. The checks look at the open file, so that
/// it cannot be exchanged between check and read.
pub fn read_private_file(file: &Path, limit: u64) -> Result<Option<Vec<u8>>, PermissionError> {
    let opened = match File::open(file) {
        Ok(opened) => opened,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(PermissionError::io(file)(error)),
    };
    os::check_file(file, &opened)?;
    let mut bytes = Vec::new();
    opened
        .take(limit + 1)
        .read_to_end(&mut bytes)
        .map_err(PermissionError::io(file))?;
    if bytes.len() as u64 > limit {
        return Err(PermissionError::TooLarge {
            path: file.to_owned(),
            limit,
        });
    }
    Ok(Some(bytes))
}

/// Replaces `file` in one step by a private file with `bytes`, flushed to disk before it gets its name.
pub fn write_private_file(file: &Path, bytes: &[u8]) -> Result<(), PermissionError> {
    let folder = file.parent().unwrap_or(Path::new("."));
    let write = || -> io::Result<()> {
        let mut written = tempfile::NamedTempFile::new_in(folder)?;
        written.write_all(bytes)?;
        written.as_file().sync_all()?;
        written.persist(file).map_err(|refused| refused.error)?;
        os::flush_folder(folder)
    };
    write().map_err(PermissionError::io(file))
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).expect("metadata").permissions().mode() & 0o777
    }

    #[test]
    fn closes_a_folder_that_stood_open() {
        let home = tempfile::tempdir().expect("tempdir");
        let folder = home.path().join("a/b");
        private_folder(&folder).expect("new folder");
        assert_eq!(mode(&folder), 0o700);
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).expect("open it");
        private_folder(&folder).expect("existing folder");
        assert_eq!(mode(&folder), 0o700);
    }

    #[test]
    fn refuses_a_folder_that_is_a_link() {
        let home = tempfile::tempdir().expect("tempdir");
        let link = home.path().join("link");
        symlink("/tmp", &link).expect("link");
        assert!(matches!(
            private_folder(&link),
            Err(PermissionError::WrongKind { .. })
        ));
    }

    #[test]
    fn refuses_a_folder_of_another_user() {
        if !rustix::process::geteuid().is_root() {
            eprintln!("SKIPPED refuses_a_folder_of_another_user: needs root to give a folder away");
            return;
        }
        let home = tempfile::tempdir().expect("tempdir");
        let folder = home.path().join("theirs");
        fs::create_dir(&folder).expect("folder");
        std::os::unix::fs::chown(&folder, Some(65_534), None).expect("give away");
        assert!(matches!(
            private_folder(&folder),
            Err(PermissionError::OtherOwner { .. })
        ));
    }

    #[test]
    fn writes_and_reads_back_a_private_file_and_refuses_it_once_open_to_others() {
        let home = tempfile::tempdir().expect("tempdir");
        let file = home.path().join("key");
        assert_eq!(read_private_file(&file, 10).expect("no file yet"), None);
        write_private_file(&file, b"secret").expect("write");
        assert_eq!(mode(&file), 0o600);
        assert_eq!(
            read_private_file(&file, 6).expect("read"),
            Some(b"secret".to_vec())
        );
        assert!(matches!(
            read_private_file(&file, 5),
            Err(PermissionError::TooLarge { limit: 5, .. })
        ));
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).expect("open it");
        assert!(matches!(
            check_private_file(&file),
            Err(PermissionError::TooOpen { mode: 0o640, .. })
        ));
        assert!(read_private_file(&file, 10).is_err());
    }
}
