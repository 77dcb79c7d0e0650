//! Which files a database is made of, who may read them, and the lock that keeps a second process out.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use memchr::memmem;
use uuid::Uuid;

use crate::error::{Result, StorageError};

/// Bytes of a file that are searched at once.
const SEARCHED: usize = 1 << 20;

/// The files of one database. The name follows the deployment, so that organisations never share one.
#[derive(Clone, Debug)]
pub(crate) struct Files {
    pub(crate) database: PathBuf,
    lock: PathBuf,
}

impl Files {
    pub(crate) fn new(folder: &Path, deployment: Option<Uuid>) -> Self {
        let name = deployment.map_or_else(|| "local".to_owned(), |uuid| uuid.hyphenated().to_string());
        Self {
            database: folder.join(format!("{name}.db")),
            lock: folder.join(format!("{name}.lock")),
        }
    }

    /// Takes the lock of this database for the life of the returned file. The system releases it when the process
    /// ends, however it ends.
    pub(crate) fn lock(&self) -> Result<File> {
        let file = private_file(&self.lock)?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => Err(StorageError::Locked {
                path: self.database.clone(),
            }),
            Err(TryLockError::Error(cause)) => Err(StorageError::io("locking the database")(cause)),
        }
    }

    /// Creates an empty database file that only its owner may read; SQLite gives its side files the same mode.
    pub(crate) fn create(&self) -> Result<()> {
        Self::create_private(&self.database)
    }

    /// Creates an empty file that only its owner may read.
    pub(crate) fn create_private(path: &Path) -> Result<()> {
        private_file(path).map(drop)
    }

    /// True where the database or its WAL holds one of these byte strings anywhere, free pages included.
    pub(crate) fn hold(&self, needles: &[Vec<u8>]) -> Result<bool> {
        let wal = self.database.with_extension("db-wal");
        for path in [&self.database, &wal] {
            match holds(path, needles) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Ok(false) => {}
                found => return found.map_err(StorageError::io("searching the database for an erased key")),
            }
        }
        Ok(false)
    }

    /// Where the copy made before leaving schema `version` goes.
    pub(crate) fn backup(&self, version: u32) -> PathBuf {
        self.database.with_extension(format!("schema-{version}.backup"))
    }

    /// The copies made before migrations.
    pub(crate) fn backups(&self) -> Result<Vec<PathBuf>> {
        let doing = "looking for backups";
        let (Some(folder), Some(stem)) = (self.database.parent(), self.database.file_stem()) else {
            return Ok(Vec::new());
        };
        let prefix = format!("{}.schema-", stem.to_string_lossy());
        let mut found = Vec::new();
        for entry in fs::read_dir(folder).map_err(StorageError::io(doing))? {
            let entry = entry.map_err(StorageError::io(doing))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with(&prefix) && name.contains(".backup") {
                found.push(entry.path());
            }
        }
        Ok(found)
    }
}

fn holds(path: &Path, needles: &[Vec<u8>]) -> io::Result<bool> {
    let mut file = File::open(path)?;
    let overlap = needles.iter().map(Vec::len).max().unwrap_or(0);
    let mut window = Vec::with_capacity(SEARCHED + overlap);
    loop {
        let read = file.by_ref().take(SEARCHED as u64).read_to_end(&mut window)?;
        if needles
            .iter()
            .any(|needle| memmem::find(&window, needle).is_some())
        {
            return Ok(true);
        }
        if read == 0 {
            return Ok(false);
        }
        window.drain(..window.len().saturating_sub(overlap));
    }
}

/// Opens a file for reading and writing, made with access for its owner alone.
fn private_file(path: &Path) -> Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
        .open(path)
        .map_err(StorageError::io("opening a file of the database"))
}
