//! Packages on disk: read with a stamp, written whole or not at all, never over somebody else's change.

use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::error::PackageError;
use crate::fingerprint::Fingerprint;
use crate::limits::Limits;
use crate::package::Package;
use crate::source::{BUFFER, ReadAt};

/// What a file was when it was read. Its content counts, not its times: a copied-back file is the same file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FileStamp {
    /// Bytes.
    pub length: u64,
    /// Mark of the content.
    pub mark: u64,
}

/// A sign that an application has the file open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockFile {
    /// The lock file.
    pub path: PathBuf,
    /// Who has it open, where the lock file tells.
    pub user: Option<String>,
}

/// Why a file was not read or written. The file on disk is as it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SaveError {
    /// Its content is another than the one that was read.
    #[error("the file was changed by someone else since it was read")]
    Changed,
    /// It is open in an application.
    #[error("the file is open{}", .0.user.as_ref().map(|user| format!(" by {user}")).unwrap_or_default())]
    InUse(LockFile),
    /// A new file would replace one that is there.
    #[error("a file of this name is there already")]
    Exists,
    /// No room.
    #[error("the disk is full")]
    DiskFull,
    /// The file or its folder may not be written.
    #[error("the file or its folder may not be written")]
    ReadOnly,
    /// Not a readable package.
    #[error(transparent)]
    Package(#[from] PackageError),
    /// Another failure of the operating system.
    #[error(transparent)]
    Io(io::Error),
}

impl From<io::Error> for SaveError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull,
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => Self::ReadOnly,
            io::ErrorKind::AlreadyExists => Self::Exists,
            _ => Self::Io(error),
        }
    }
}

impl FileStamp {
    /// The stamp of a file's content.
    pub fn of(content: &[u8]) -> Self {
        Self {
            length: content.len() as u64,
            mark: Fingerprint::of(content).value(),
        }
    }

    /// The stamp of what is on disk, read through a small buffer; at most one byte more than the cap.
    fn on_disk(file: &File, limits: &Limits) -> io::Result<Self> {
        let mut content = Read::take(file, limits.file_bytes.saturating_add(1));
        let mut stamping = Stamping::new(io::sink());
        let mut buffer = vec![0; BUFFER];
        loop {
            match content.read(&mut buffer)? {
                0 => return Ok(stamping.stamp()),
                count => stamping.write_all(&buffer[..count])?,
            }
        }
    }
}

/// Marks what is written through it.
struct Stamping<W> {
    out: W,
    length: u64,
    mark: Fingerprint,
}

impl<W> Stamping<W> {
    fn new(out: W) -> Self {
        let (length, mark) = (0, Fingerprint::default());
        Self { out, length, mark }
    }

    fn stamp(&self) -> FileStamp {
        FileStamp {
            length: self.length,
            mark: self.mark.value(),
        }
    }
}

impl<W: Write> Write for Stamping<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.out.write(bytes)?;
        self.mark.add(&bytes[..count]);
        self.length += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Opens a package, with the stamp that [`save`] asks for. Its parts are read from the file when they are asked for: memory
/// does not grow with the file. A change of the file in the meantime shows in the stamp, so that nothing is saved of it.
pub fn open(path: &Path, limits: &Limits) -> Result<(Package, FileStamp), SaveError> {
    let file = File::open(path)?;
    let stamp = FileStamp::on_disk(&file, limits)?;
    Ok((Package::open_reader(held(file, &stamp)?, limits)?, stamp))
}

/// The file itself: one that is replaced under its name can still be read by who has it open.
#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "elsewhere it is read, which may fail")]
fn held(file: File, _: &FileStamp) -> io::Result<Arc<dyn ReadAt>> {
    Ok(Arc::new(file))
}

/// All of it: here a file that anybody has open cannot be replaced.
#[cfg(not(unix))]
fn held(mut file: File, stamp: &FileStamp) -> io::Result<Arc<dyn ReadAt>> {
    use std::io::Seek as _;
    let mut bytes = Vec::new();
    file.rewind()?;
    file.take(stamp.length).read_to_end(&mut bytes)?;
    Ok(Arc::new(crate::blob::Blob::from(bytes)))
}

/// The lock file that Office (`~$Book.xlsx`) or LibreOffice (`.~lock.Book.xlsx#`) keeps beside an open file.
pub fn lock_file(path: &Path) -> Option<LockFile> {
    let name = path.file_name()?.to_string_lossy().into_owned();
    // Word and PowerPoint cut two characters off long names.
    let cut: String = name.chars().skip(2).collect();
    let office = [format!("~${name}"), format!("~${cut}")];
    for lock in office.iter().map(|lock| path.with_file_name(lock)) {
        if let Ok(content) = fs::read(&lock) {
            let length = usize::from(content.first().copied().unwrap_or(0)).min(54);
            let user = content
                .get(1..=length)
                .map(|user| String::from_utf8_lossy(user).trim().to_owned());
            return Some(LockFile {
                path: lock,
                user: user.filter(|user| !user.is_empty()),
            });
        }
    }
    let lock = path.with_file_name(format!(".~lock.{name}#"));
    let content = fs::read_to_string(&lock).ok()?;
    let user = content
        .split(',')
        .next()
        .map(|user| user.trim().to_owned())
        .filter(|user| !user.is_empty());
    Some(LockFile { path: lock, user })
}

/// Replaces a file by the package: written beside, flushed, renamed, folder flushed. Permissions stay.
///
/// Refused when an application has the file open, or when its content is no longer the expected one.
pub fn save(package: &Package, path: &Path, expected: &FileStamp) -> Result<FileStamp, SaveError> {
    if let Some(lock) = lock_file(path) {
        return Err(SaveError::InUse(lock));
    }
    let permissions = fs::metadata(path)?.permissions();
    if permissions.readonly() {
        return Err(SaveError::ReadOnly);
    }
    let (beside, stamp) = written_beside(path, |out| package.write_to(out))?;
    fs::set_permissions(beside.path(), permissions)?;
    // As late as possible: what is on disk now is compared, and then replaced.
    if FileStamp::on_disk(&File::open(path)?, package.limits())? != *expected {
        return Err(SaveError::Changed);
    }
    beside.persist(path).map_err(|failed| failed.error)?;
    flush_folder(path)?;
    Ok(stamp)
}

/// Writes a new file; refused when one of that name is there.
pub fn create(content: &[u8], path: &Path) -> Result<FileStamp, SaveError> {
    let (beside, stamp) = written_beside(path, |out| out.write_all(content))?;
    beside.persist_noclobber(path).map_err(|failed| failed.error)?;
    flush_folder(path)?;
    Ok(stamp)
}

fn folder(path: &Path) -> &Path {
    path.parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

/// Writes a file beside another one, flushed; with the stamp of its content.
fn written_beside(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(tempfile::NamedTempFile, FileStamp), SaveError> {
    let mut beside = tempfile::Builder::new()
        .prefix(".deskhand-")
        .suffix(".tmp")
        .tempfile_in(folder(path))?;
    let mut out = Stamping::new(BufWriter::with_capacity(BUFFER, beside.as_file_mut()));
    write(&mut out)?;
    out.flush()?;
    let stamp = out.stamp();
    drop(out);
    beside.as_file().sync_all()?;
    Ok((beside, stamp))
}

#[cfg(unix)]
fn flush_folder(path: &Path) -> io::Result<()> {
    File::open(folder(path))?.sync_all()
}

/// Folders cannot be flushed here; the rename is journaled by the file system.
#[cfg(not(unix))]
fn flush_folder(_: &Path) -> io::Result<()> {
    Ok(())
}
