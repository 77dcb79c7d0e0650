//! Secrets in one JSON file that only this user may read: what is left where no secret store runs.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::{Zeroize, Zeroizing};

use super::turn::Turn;
use super::{Secret, SecretError};
use crate::permissions;

/// More than all keys of a user need; a larger file is not ours.
const LARGEST: u64 = 1024 * 1024;

type Encoded = BTreeMap<String, String>;

pub(super) struct KeyFile {
    path: PathBuf,
    /// Held over read, change and write: the service and commands write, side by side.
    turn: Turn,
}

impl KeyFile {
    pub(super) fn new(path: PathBuf, turn: Turn) -> Self {
        Self { path, turn }
    }

    pub(super) fn set(&self, name: &str, secret: &Secret) -> Result<(), SecretError> {
        self.change(|entries| {
            entries.insert(name.to_owned(), STANDARD.encode(secret.expose()));
        })
    }

    pub(super) fn delete(&self, name: &str) -> Result<(), SecretError> {
        self.change(|entries| {
            entries.remove(name);
        })
    }

    /// The secret under `name`, or what `make` gives, which is kept.
    pub(super) fn read_or_make(
        &self,
        name: &str,
        make: impl FnOnce() -> Result<Secret, SecretError>,
    ) -> Result<Secret, SecretError> {
        let _turn = self.turn.take()?;
        let mut entries = self.load()?;
        if let Some(text) = entries.get(name) {
            return self.decode(text);
        }
        let made = make()?;
        entries.insert(name.to_owned(), STANDARD.encode(made.expose()));
        self.save(&entries)?;
        Ok(made)
    }

    /// Deletes the file. The caller has the turn.
    pub(super) fn remove(&self) -> Result<(), SecretError> {
        match fs::remove_file(&self.path) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(source) => Err(permissions::PermissionError::Io {
                path: self.path.clone(),
                source,
            }
            .into()),
        }
    }

    pub(super) fn read(&self, name: &str) -> Result<Option<Secret>, SecretError> {
        self.load()?.get(name).map(|text| self.decode(text)).transpose()
    }

    pub(super) fn entries(&self) -> Result<Vec<(String, Secret)>, SecretError> {
        let entries = self.load()?;
        entries
            .iter()
            .map(|(name, text)| Ok((name.clone(), self.decode(text)?)))
            .collect()
    }

    fn change(&self, change: impl FnOnce(&mut Encoded)) -> Result<(), SecretError> {
        let _turn = self.turn.take()?;
        let mut entries = self.load()?;
        change(&mut entries);
        self.save(&entries)
    }

    fn save(&self, entries: &Encoded) -> Result<(), SecretError> {
        let text = Zeroizing::new(serde_json::to_vec(entries).map_err(|_| self.damaged())?);
        Ok(permissions::write_private_file(&self.path, &text)?)
    }

    fn load(&self) -> Result<Wiped, SecretError> {
        let Some(bytes) = permissions::read_private_file(&self.path, LARGEST)?.map(Zeroizing::new) else {
            return Ok(Wiped(Encoded::new()));
        };
        serde_json::from_slice(&bytes)
            .map(Wiped)
            .map_err(|_| self.damaged())
    }

    fn decode(&self, text: &str) -> Result<Secret, SecretError> {
        STANDARD.decode(text).map(Secret::new).map_err(|_| self.damaged())
    }

    fn damaged(&self) -> SecretError {
        SecretError::Damaged(self.path.clone())
    }
}

/// Entries whose values are overwritten when they are dropped.
struct Wiped(Encoded);

impl std::ops::Deref for Wiped {
    type Target = Encoded;

    fn deref(&self) -> &Encoded {
        &self.0
    }
}

impl std::ops::DerefMut for Wiped {
    fn deref_mut(&mut self) -> &mut Encoded {
        &mut self.0
    }
}

impl Drop for Wiped {
    fn drop(&mut self) {
        self.0.values_mut().for_each(Zeroize::zeroize);
    }
}
