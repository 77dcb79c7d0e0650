//! The user's own configuration: a JSON file that the configuration window and people with an editor write.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::{FILE_CAP, Store, json_reading};
use crate::keys::{Policy, definitions};
use crate::nested;
use crate::secrets::referred;
use crate::source::{Encoding, Origin, Reading, Values};
use crate::value::Invalid;

/// Bytes of a stamp.
const STAMP_CAP: u64 = 32;

/// A file of the user's own settings.
#[derive(Clone, Debug)]
pub struct UserFile {
    path: PathBuf,
}

/// Why a setting was not changed. Nothing was written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EditError {
    /// There is no such key.
    #[error("no key `{0}`")]
    Unknown(String),
    /// The organisation manages it.
    #[error("`{key}` is locked ({origin})")]
    Locked {
        /// The key.
        key: &'static str,
        /// Where its value comes from.
        origin: Origin,
    },
    /// Secrets belong into the secret store of the system: the key, or the part of its value.
    #[error("`{0}` is secret and not kept in a file")]
    Secret(String),
    /// The value is not one of this key.
    #[error("`{key}`: {reason}")]
    Invalid {
        /// The key.
        key: &'static str,
        /// What is wrong with it.
        reason: Invalid,
    },
    /// The file is there and cannot be read as it is: correct or remove it first.
    #[error("the file of settings cannot be used: {0}")]
    Unusable(String),
    /// The file would become one that is not read.
    #[error("the file of settings would be larger than {FILE_CAP} bytes")]
    TooLarge,
    /// Writing failed.
    #[error("the file of settings cannot be written")]
    Io(#[from] io::Error),
}

/// The turn to read and write a file of settings, and the secrets that belong to it: of all programs one has it. It lasts
/// until it is dropped.
#[derive(Debug)]
pub struct FileTurn {
    _lock: File,
}

impl UserFile {
    /// The file at a path; it need not be there.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Its path, for people.
    pub fn place(&self) -> String {
        self.path.to_string_lossy().into_owned()
    }

    /// Waits until no other program and no other thread has the turn: who changes the file reads it in the same turn. Not to
    /// be taken by who has it.
    ///
    /// # Errors
    /// The folder of the file cannot be written to.
    pub fn turn(&self) -> io::Result<FileTurn> {
        let lock = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(self.path.with_extension("lock"))?;
        lock.lock()?;
        Ok(FileTurn { _lock: lock })
    }

    /// How often secrets that belong to the file were changed. They lie elsewhere, so the file alone does not tell of them.
    pub fn stamp(&self) -> u64 {
        let mut text = String::new();
        let read =
            File::open(self.stamp_path()).and_then(|file| file.take(STAMP_CAP).read_to_string(&mut text));
        read.ok().and_then(|_| text.trim().parse().ok()).unwrap_or(0)
    }

    /// Tells whoever watches the file that secrets are about to change. They read them in a turn of their own.
    ///
    /// # Errors
    /// The folder of the file cannot be written to.
    pub fn change_stamp(&self, _turn: &FileTurn) -> io::Result<()> {
        let next = self.stamp().wrapping_add(1);
        replace(&self.stamp_path(), format!("{next}\n").as_bytes())
    }

    fn stamp_path(&self) -> PathBuf {
        self.path.with_extension("stamp")
    }

    /// Sets and removes keys, all or none, and leaves the rest of the file as it is. What `policy` locks is refused, and so is a
    /// secret: a reference stands in its place.
    ///
    /// # Errors
    /// Why nothing was changed.
    pub fn set(
        &self,
        _turn: &FileTurn,
        policy: &Policy,
        changes: &[(String, Option<Value>)],
    ) -> Result<(), EditError> {
        let mut entries = self.entries()?;
        for (name, value) in changes {
            let row = definitions().find(|row| row.name == name);
            let row = row.ok_or_else(|| EditError::Unknown(name.chars().take(80).collect()))?;
            if let Some(locked) = policy.entry(row.name).filter(|entry| entry.locked) {
                return Err(EditError::Locked {
                    key: row.name,
                    origin: locked.origin.clone(),
                });
            }
            // Under an earlier name it would go on to count, or be told as covered.
            for earlier in row.aliases {
                entries.shift_remove(*earlier);
            }
            match value {
                None => {
                    entries.shift_remove(name);
                }
                Some(value) => {
                    let mut clear = None;
                    row.each_secret(&mut value.clone(), &mut |place, secret| {
                        if row.secret || referred(secret).is_none() {
                            clear.get_or_insert(place.name.clone());
                        }
                    });
                    if let Some(name) = clear {
                        return Err(EditError::Secret(name));
                    }
                    let checked = (row.check)(&row.with_stand_ins(value), Encoding::Json);
                    checked.map_err(|reason| EditError::Invalid {
                        key: row.name,
                        reason,
                    })?;
                    entries.insert(name.clone(), value.clone());
                }
            }
        }
        self.write(&entries)
    }

    fn bytes(&self) -> io::Result<Option<Vec<u8>>> {
        let file = match File::open(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            file => file?,
        };
        let mut bytes = Vec::new();
        file.take(FILE_CAP + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > FILE_CAP {
            return Err(io::Error::new(
                io::ErrorKind::FileTooLarge,
                format!("larger than {FILE_CAP} bytes"),
            ));
        }
        Ok(Some(bytes))
    }

    fn entries(&self) -> Result<Map<String, Value>, EditError> {
        let Some(bytes) = self.bytes()? else {
            return Ok(Map::new());
        };
        match json_reading(self.origin(), &bytes) {
            Reading::Unusable(_, reason) => Err(EditError::Unusable(reason)),
            Reading::Absent => Ok(Map::new()),
            Reading::Present(values) => {
                // In the order of the file, which the reading does not keep.
                let entries: Map<String, Value> =
                    serde_json::from_slice(&bytes).map_err(|error| EditError::Unusable(error.to_string()))?;
                if entries.contains_key(nested::VERSION) {
                    return flat(values);
                }
                Ok(entries)
            }
        }
    }

    fn write(&self, entries: &Map<String, Value>) -> Result<(), EditError> {
        let mut text = serde_json::to_vec_pretty(entries).map_err(io::Error::from)?;
        text.push(b'\n');
        if text.len() as u64 > FILE_CAP {
            return Err(EditError::TooLarge);
        }
        Ok(replace(&self.path, &text)?)
    }

    fn origin(&self) -> Origin {
        Origin::User(self.place().into())
    }
}

/// Beside, flushed, then renamed: the file is the old or the new one, whatever happens.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path
        .parent()
        .ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
    let mut beside = tempfile::NamedTempFile::new_in(folder)?;
    beside.write_all(bytes)?;
    beside.as_file().sync_all()?;
    beside.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// The entries of a file in the nested form, under the names that are written.
fn flat(values: Values) -> Result<Map<String, Value>, EditError> {
    let entries = values.entries.into_iter();
    entries
        .map(|(name, said)| said.map(|value| (name, value)).map_err(EditError::Unusable))
        .collect()
}

impl Store for UserFile {
    fn read(&self) -> Reading {
        match self.bytes() {
            Ok(None) => Reading::Absent,
            Ok(Some(bytes)) => json_reading(self.origin(), &bytes),
            Err(error) => Reading::Unusable(self.origin(), format!("the file cannot be read: {error}")),
        }
    }
}
