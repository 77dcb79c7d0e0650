//! Keys and passwords, in the operating system's secret store, or in a private key file where none runs.
//!
//! Which of the two is decided once and remembered beside the data: a store that is gone later is an error, never a
//! silent change to an empty one, because data sealed with its keys would be lost. The other way is taken: keys from the
//! file move to the operating system's store once one runs.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use keyring_core::CredentialStore;
use zeroize::Zeroizing;

use crate::Paths;
use crate::permissions::{self, PermissionError};

mod key_file;
mod turn;

use key_file::KeyFile;
use turn::Turn;

#[cfg(target_os = "linux")]
#[path = "secrets/linux.rs"]
mod os;
#[cfg(target_os = "macos")]
#[path = "secrets/macos.rs"]
mod os;
#[cfg(windows)]
#[path = "secrets/windows.rs"]
mod os;

/// The name of all our entries in the operating system's store.
const SERVICE: &str = "deskhand";
/// The file that remembers which store holds the keys.
const MARKER: &str = "secret-store";
/// How long the operating system's store may take: a person may have to unlock it.
const PATIENCE: Duration = Duration::from_mins(2);

/// A secret value. Its `Debug` shows nothing, and its memory is overwritten when it is dropped.
#[derive(Clone)]
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// Takes `bytes` in; the caller should hold no other copy.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The bytes, for the one place that uses them.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Secret")
    }
}

/// Where secrets are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretStoreKind {
    /// Credential Manager, Keychain, or the Secret Service of a desktop session.
    OperatingSystem,
    /// A file that only this user may read, because no store runs or everything must stay below one folder.
    KeyFile,
}

/// Why a secret could not be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SecretError {
    /// The keys of this data folder are in the operating system's store, and it cannot be reached.
    #[error("the secret store of the operating system, which holds the keys, cannot be reached")]
    Unavailable {
        /// What the store said.
        #[source]
        source: Option<keyring_core::Error>,
    },
    /// The store took longer than a person needs to unlock it.
    #[error("the secret store gave no answer for {} seconds", PATIENCE.as_secs())]
    NoAnswer,
    /// The store refused.
    #[error("the secret store refused `{name}`")]
    Refused {
        /// The name of the secret.
        name: String,
        /// What the store said.
        #[source]
        source: keyring_core::Error,
    },
    /// The store takes no secret as long as this one.
    #[error(
        "the secret `{name}` takes {length} bytes with where it may go, and the secret store of this system keeps {largest} of one"
    )]
    TooLong {
        /// The name of the secret.
        name: String,
        /// Its bytes.
        length: usize,
        /// Bytes that one secret may have.
        largest: usize,
    },
    /// The key file cannot be used.
    #[error(transparent)]
    File(#[from] PermissionError),
    /// The system gives no random numbers to make a secret of.
    #[error("the system gave no random numbers")]
    NoRandomNumbers,
    /// The key file is not what was written.
    #[error("the key file `{}` is damaged", .0.display())]
    Damaged(PathBuf),
}

/// The store that holds this user's secrets.
pub struct SecretStore {
    backend: Backend,
    turn: Turn,
    /// Bytes of one secret.
    largest: Option<usize>,
}

enum Backend {
    OperatingSystem(OpenStore),
    KeyFile(KeyFile),
}

/// The operating system's store. Closing it is a blocking call too, so that happens off the caller's thread.
struct OpenStore(Option<Arc<CredentialStore>>);

impl Drop for OpenStore {
    fn drop(&mut self) {
        let store = self.0.take();
        // Without a thread to close it on, it is closed with the process.
        drop(
            thread::Builder::new()
                .name("secret-store".into())
                .spawn(move || drop(store)),
        );
    }
}

impl std::fmt::Debug for SecretStore {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("SecretStore").field(&self.kind()).finish()
    }
}

impl SecretStore {
    /// Opens the store of `paths`, whose folders must exist. Isolated paths use their key file. May wait for the user to
    /// unlock the store, so call it off the async threads.
    pub fn open(paths: &Paths) -> Result<Self, SecretError> {
        if paths.is_isolated() {
            let (file, turn) = key_file(paths);
            return Ok(Self {
                backend: Backend::KeyFile(file),
                turn,
                largest: None,
            });
        }
        Self::choose(paths, os::open)
    }

    fn choose(
        paths: &Paths,
        open: impl FnOnce() -> keyring_core::Result<Arc<CredentialStore>> + Send + 'static,
    ) -> Result<Self, SecretError> {
        let (file, turn) = key_file(paths);
        let marker = paths.data().join(MARKER);
        let remembered = permissions::read_private_file(&marker, 16)?;
        let opened = off_thread(move || open().and_then(|store| probe(&*store).map(|()| store)));
        let refused = match opened {
            Ok(Ok(store)) => {
                return Self::settle(store, turn, &file, &marker, remembered.as_deref() == Some(b"os"));
            }
            Ok(Err(source)) => SecretError::Unavailable { source: Some(source) },
            Err(late) => late,
        };
        if remembered.as_deref() == Some(b"os") {
            return Err(refused);
        }
        tracing::warn!(reason = %refused, "no secret store runs; keys are kept in a file only this user may read");
        permissions::write_private_file(&marker, b"file")?;
        Ok(Self {
            backend: Backend::KeyFile(file),
            turn,
            largest: None,
        })
    }

    /// Uses the operating system's store, and moves keys there that a file held until now.
    fn settle(
        store: Arc<CredentialStore>,
        turn: Turn,
        file: &KeyFile,
        marker: &Path,
        settled: bool,
    ) -> Result<Self, SecretError> {
        let found = Self {
            backend: Backend::OperatingSystem(OpenStore(Some(store))),
            turn,
            largest: os::LARGEST,
        };
        if !settled {
            let _turn = found.turn.take()?;
            found.take_over(file)?;
            permissions::write_private_file(marker, b"os")?;
            file.remove()?;
        }
        Ok(found)
    }

    fn take_over(&self, file: &KeyFile) -> Result<(), SecretError> {
        for (name, secret) in file.entries()? {
            self.set(&name, &secret)?;
        }
        Ok(())
    }

    /// Whether the store can keep `secret` under `name`, as far as its length says.
    ///
    /// # Errors
    /// [`SecretError::TooLong`].
    pub fn has_room(&self, name: &str, secret: &Secret) -> Result<(), SecretError> {
        let length = secret.expose().len();
        match self.largest {
            Some(largest) if length > largest => Err(SecretError::TooLong {
                name: name.to_owned(),
                length,
                largest,
            }),
            _ => Ok(()),
        }
    }

    /// Keeps `secret` under `name`, replacing what was there. Windows allows at most 2,560 bytes.
    pub fn set(&self, name: &str, secret: &Secret) -> Result<(), SecretError> {
        self.has_room(name, secret)?;
        match &self.backend {
            Backend::KeyFile(file) => file.set(name, secret),
            Backend::OperatingSystem(store) => {
                let secret = secret.clone();
                ask(store, name, move |entry| entry.set_secret(secret.expose()))
            }
        }
    }

    /// The secret under `name`; where there is none, what `make` gives, which is kept. Of programs that ask at one time, one
    /// makes it and all get the same.
    pub fn read_or_make(
        &self,
        name: &str,
        make: impl FnOnce() -> Result<Secret, SecretError>,
    ) -> Result<Secret, SecretError> {
        if let Some(secret) = self.read(name)? {
            return Ok(secret);
        }
        if let Backend::KeyFile(file) = &self.backend {
            return file.read_or_make(name, make);
        }
        let _turn = self.turn.take()?;
        if let Some(secret) = self.read(name)? {
            return Ok(secret);
        }
        let made = make()?;
        self.set(name, &made)?;
        Ok(made)
    }

    /// Deletes the secret under `name`; nothing to delete is no error.
    pub fn delete(&self, name: &str) -> Result<(), SecretError> {
        match &self.backend {
            Backend::KeyFile(file) => file.delete(name),
            Backend::OperatingSystem(store) => ask(store, name, |entry| gone(entry.delete_credential())),
        }
    }

    /// The secret under `name`, if there is one.
    pub fn read(&self, name: &str) -> Result<Option<Secret>, SecretError> {
        match &self.backend {
            Backend::KeyFile(file) => file.read(name),
            Backend::OperatingSystem(store) => ask(store, name, |entry| match entry.get_secret() {
                Ok(bytes) => Ok(Some(Secret::new(bytes))),
                Err(keyring_core::Error::NoEntry) => Ok(None),
                Err(error) => Err(error),
            }),
        }
    }

    /// Where secrets are kept, for the status a user sees.
    pub fn kind(&self) -> SecretStoreKind {
        match self.backend {
            Backend::OperatingSystem(_) => SecretStoreKind::OperatingSystem,
            Backend::KeyFile(_) => SecretStoreKind::KeyFile,
        }
    }
}

/// The key file of a data folder, and the lock beside it.
fn key_file(paths: &Paths) -> (KeyFile, Turn) {
    let turn = Turn::new(paths.data().join("secrets.lock"));
    (
        KeyFile::new(paths.data().join("secrets.json"), turn.clone()),
        turn,
    )
}

/// A store that opens may still refuse to keep anything (no default collection, for instance), so one entry is tried.
/// Programs that start at one time try the same entry: that another one deleted it first is no refusal, or this one would
/// turn to the key file and make keys of its own.
fn probe(store: &CredentialStore) -> keyring_core::Result<()> {
    let entry = store.build(SERVICE, "probe", None)?;
    entry.set_secret(b"probe")?;
    gone(entry.delete_credential())
}

/// Nothing to delete is no error.
fn gone(deleted: keyring_core::Result<()>) -> keyring_core::Result<()> {
    match deleted {
        Err(keyring_core::Error::NoEntry) => Ok(()),
        other => other,
    }
}

fn ask<T: Send + 'static>(
    store: &OpenStore,
    name: &str,
    job: impl FnOnce(&keyring_core::Entry) -> keyring_core::Result<T> + Send + 'static,
) -> Result<T, SecretError> {
    let Some(store) = store.0.clone() else {
        return Err(SecretError::NoAnswer);
    };
    let account = name.to_owned();
    off_thread(move || {
        let entry = store.build(SERVICE, &account, None)?;
        job(&entry)
    })?
    .map_err(|source| SecretError::Refused {
        name: name.to_owned(),
        source,
    })
}

/// Runs a blocking call of a store on a thread of its own: the D-Bus client refuses to block inside an async runtime,
/// and a store may wait for a prompt nobody answers.
fn off_thread<T: Send + 'static>(job: impl FnOnce() -> T + Send + 'static) -> Result<T, SecretError> {
    let (answer, waiting) = mpsc::sync_channel(1);
    let started = thread::Builder::new().name("secret-store".into()).spawn(move || {
        // Nobody waits any longer when the patience is over.
        drop(answer.send(job()));
    });
    started.map_err(|_| SecretError::NoAnswer)?;
    waiting.recv_timeout(PATIENCE).map_err(|_| SecretError::NoAnswer)
}

#[cfg(test)]
mod tests;
