//! The ring of opened keys: the store's own and those of the sessions in use. Owns the table `keys`.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

use crate::error::{Result, StorageError};
use crate::seal::{MasterKey, SealingKey};

/// How many opened keys are kept; above it they are dropped and opened again when needed.
const KEPT: usize = 256;

#[derive(Debug)]
pub(crate) struct KeyRing {
    master: MasterKey,
    store: SealingKey,
    opened: Mutex<Opened>,
}

/// Opened keys. The generation counts removals, so that a slow reader cannot put back a key that was destroyed.
#[derive(Debug, Default)]
struct Opened {
    generation: u64,
    keys: HashMap<Uuid, Arc<SealingKey>>,
}

impl KeyRing {
    /// Opens the store's own key of a database that has one.
    pub(crate) fn open_known(connection: &Connection, master: MasterKey) -> Result<Self> {
        let wrapped = Self::wrapped(connection)?.ok_or(StorageError::NoRecord("key of the store"))?;
        Self::with(master, &wrapped)
    }

    fn wrapped(connection: &Connection) -> Result<Option<Vec<u8>>> {
        let of_store = "SELECT wrapped FROM keys WHERE session IS NULL";
        let found = connection.query_row(of_store, [], |row| row.get(0));
        found.optional().map_err(StorageError::from)
    }

    fn with(master: MasterKey, wrapped: &[u8]) -> Result<Self> {
        let store = SealingKey::unwrap(&master, None, wrapped)?;
        Ok(Self {
            master,
            store,
            opened: Mutex::default(),
        })
    }

    /// Opens the store's own key, or makes it in a new database, which the flag tells. A wrong master key shows here.
    pub(crate) fn open(connection: &Connection, master: MasterKey) -> Result<(Self, bool)> {
        if let Some(wrapped) = Self::wrapped(connection)? {
            return Ok((Self::with(master, &wrapped)?, false));
        }
        let wrapped = SealingKey::generate(&master, None)?;
        connection.execute(
            "INSERT INTO keys (session, wrapped) VALUES (NULL, ?1)",
            [&wrapped],
        )?;
        Ok((Self::with(master, &wrapped)?, true))
    }

    /// The key of what belongs to no session.
    pub(crate) fn store(&self) -> &SealingKey {
        &self.store
    }

    /// The key of a session, as `connection` sees it.
    pub(crate) fn session(&self, connection: &Connection, session: Uuid) -> Result<Arc<SealingKey>> {
        let generation = {
            let opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(key) = opened.keys.get(&session) {
                return Ok(Arc::clone(key));
            }
            opened.generation
        };
        let wrapped: Vec<u8> = connection
            .prepare_cached("SELECT wrapped FROM keys WHERE session = ?1")?
            .query_row([session], |row| row.get(0))
            .optional()?
            .ok_or(StorageError::NoSession(session))?;
        let key = Arc::new(SealingKey::unwrap(&self.master, Some(session), &wrapped)?);
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        if opened.generation == generation {
            if opened.keys.len() >= KEPT {
                opened.keys.clear();
            }
            opened.keys.insert(session, Arc::clone(&key));
        }
        Ok(key)
    }

    /// Makes and stores the key of a new session.
    pub(crate) fn create(&self, connection: &Connection, session: Uuid) -> Result<()> {
        let wrapped = SealingKey::generate(&self.master, Some(session))?;
        connection.execute(
            "INSERT INTO keys (session, wrapped) VALUES (?1, ?2)",
            params![session, wrapped],
        )?;
        Ok(())
    }

    /// Destroys the key of a session: nothing sealed with it can be opened again. Returns the wrapped key, so that no
    /// trace of it is left in the file.
    pub(crate) fn destroy(&self, connection: &Connection, session: Uuid) -> Result<Vec<u8>> {
        let wrapped = connection.query_row(
            "DELETE FROM keys WHERE session = ?1 RETURNING wrapped",
            [session],
            |row| row.get(0),
        )?;
        self.forget();
        Ok(wrapped)
    }

    /// Drops every opened key: after a deletion, and after a roll-back that may have taken a new key with it.
    pub(crate) fn forget(&self) {
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        opened.generation += 1;
        opened.keys.clear();
    }
}

/// Writes the table of keys anew: pages that are given back are overwritten whole.
pub(crate) fn rewrite(connection: &mut Connection) -> Result<()> {
    let transaction = connection.transaction()?;
    let sql: String = transaction.query_row(
        "SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = 'keys'",
        [],
        |row| row.get(0),
    )?;
    transaction.execute_batch("ALTER TABLE keys RENAME TO former_keys")?;
    transaction.execute_batch(&sql)?;
    transaction.execute_batch("INSERT INTO keys SELECT * FROM former_keys; DROP TABLE former_keys")?;
    Ok(transaction.commit()?)
}
