//! Packages that lie on disk. Knows how a package is read from an open file; finding, locking and replacing files is for
//! whoever opened it.

use std::fs::File;
use std::io;
use std::sync::Arc;

use crate::error::PackageError;
use crate::limits::Limits;
use crate::package::Package;
use crate::source::ReadAt;

/// Opens a package. Its parts are read from the file when they are asked for: memory does not grow with the file. The
/// caller knows by a fingerprint whether the file was changed in the meantime, and saves nothing of it then.
pub fn open_file(file: File, limits: &Limits) -> Result<Package, PackageError> {
    let held = held(file, limits).map_err(|error| PackageError::Unreadable(error.kind()))?;
    Package::open_reader(held, limits)
}

/// The file itself: one that is replaced under its name can still be read by who has it open.
#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "elsewhere it is read, which may fail")]
fn held(file: File, _: &Limits) -> io::Result<Arc<dyn ReadAt>> {
    Ok(Arc::new(file))
}

/// All of it, and no more than one byte above the cap: here a file that anybody has open cannot be replaced.
#[cfg(not(unix))]
fn held(mut file: File, limits: &Limits) -> io::Result<Arc<dyn ReadAt>> {
    use std::io::{Read as _, Seek as _};
    let mut bytes = Vec::new();
    file.rewind()?;
    file.take(limits.file_bytes.saturating_add(1))
        .read_to_end(&mut bytes)?;
    Ok(Arc::new(crate::blob::Blob::from(bytes)))
}
