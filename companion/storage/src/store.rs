//! The store as others see it: one value, cheap to clone, safe to share. Changes go to the writer, reads to connections
//! of their own on threads where blocking is allowed.

use std::fs::File;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use crate::change::{Change, Changes, Durability, StoreChange};
use crate::connection::{self, Readers};
use crate::error::{Result, StorageError};
use crate::files::Files;
use crate::keys::KeyRing;
use crate::migrate::{self, MIGRATIONS};
use crate::seal::{BlobHash, MasterKey};
use crate::search::{Found, Notices, Search, TextOf};
use crate::tables::approvals::{self, Approval};
use crate::tables::audit::{self, AuditAnchor, AuditVerdict};
use crate::tables::events::{self, Event, NewEvent};
use crate::tables::sessions::{self, Session};
use crate::tables::tokens::{self, PaneToken};
use crate::tables::{blobs, journal, settings};
use crate::tail::{Subscription, Tails};
use crate::writer::{Job, QUEUE, Writer};

/// What a store is opened with.
#[derive(Debug)]
pub struct OpenOptions {
    /// The folder of the database; it exists and only its user may enter it.
    pub folder: PathBuf,
    /// `deploymentOrganizationUuid`: each has a database of its own.
    pub deployment: Option<Uuid>,
    /// The key that wraps all others.
    pub master_key: MasterKey,
    /// The text of a payload that search shall find, if it has any. Deltas have none: the message they become has.
    pub text_of: TextOf,
    /// The size in bytes that the database may have; none: what the disk has.
    pub max_bytes: Option<u64>,
}

/// The schema from which on every audit chain has a sealed head.
const SCHEMA_OF_HEADS: u32 = 3;

/// What the writer, the readers and the followers share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) files: Files,
    pub(crate) ring: KeyRing,
    pub(crate) readers: Readers,
    pub(crate) tails: Tails,
    pub(crate) notices: Notices,
    pub(crate) search: Search,
    _lock: File,
}

/// The session store of one deployment. Reading needs a tokio runtime.
///
/// The last clone to be dropped waits until everything handed in is committed.
#[derive(Clone, Debug)]
pub struct Store {
    // The order matters: the writer ends once the last sender is dropped, and is waited for after that.
    jobs: mpsc::Sender<Job>,
    shared: Arc<Shared>,
    _writer: Arc<WriterThread>,
}

#[derive(Debug)]
struct WriterThread(Mutex<Option<JoinHandle<()>>>);

impl Drop for WriterThread {
    fn drop(&mut self) {
        let thread = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the writer of the store ended by a panic");
        }
    }
}

impl Store {
    /// Opens the database of a deployment, makes it if there is none, migrates it if it is older.
    pub fn open(options: OpenOptions) -> Result<Self> {
        let files = Files::new(&options.folder, options.deployment);
        let lock = files.lock()?;
        files.create()?;
        let readers = Readers::new(files.database.clone());
        let opened = Self::prepare(&files, options.max_bytes, options.master_key);
        let (connection, ring) = opened.map_err(|error| readers.name(error))?;
        let shared = Arc::new(Shared {
            files,
            ring,
            readers,
            tails: Tails::default(),
            notices: Notices::default(),
            search: Search::new(options.text_of),
            _lock: lock,
        });
        let (jobs, queue) = mpsc::channel(QUEUE);
        let writer = Writer::new(connection, Arc::clone(&shared), queue);
        let thread = thread::Builder::new()
            .name("storage-writer".to_owned())
            .spawn(move || writer.run())
            .map_err(StorageError::io("starting the writer"))?;
        Ok(Self {
            jobs,
            shared,
            _writer: Arc::new(WriterThread(Mutex::new(Some(thread)))),
        })
    }

    pub(crate) fn prepare(
        files: &Files,
        max_bytes: Option<u64>,
        master: MasterKey,
    ) -> Result<(rusqlite::Connection, KeyRing)> {
        let mut connection = connection::open_writer(&files.database, max_bytes)?;
        let headless = (1..SCHEMA_OF_HEADS).contains(&migrate::claim(&connection, files)?);
        if !headless {
            migrate::migrate(&mut connection, files, MIGRATIONS)?;
        }
        let transaction = connection.transaction()?;
        let (ring, made) = KeyRing::open(&transaction, master)?;
        // In one step with the key, or before the schema that asks for it: a head that is missing later is a fault.
        if made || headless {
            audit::begin(&transaction, &ring)?;
        }
        transaction.commit()?;
        migrate::migrate(&mut connection, files, MIGRATIONS)?;
        Ok((connection, ring))
    }

    /// Carries out `changes` of one session as a whole or not at all, and answers with the numbers of the events that
    /// were appended, in their order. A caller that stops waiting does not take the changes back.
    pub async fn write(
        &self,
        session: Uuid,
        changes: Vec<Change>,
        durability: Durability,
    ) -> Result<Vec<u64>> {
        self.submit(Changes::Session(session, changes), durability).await
    }

    /// Carries out changes that belong to no session, flushed.
    pub async fn write_store(&self, changes: Vec<StoreChange>) -> Result<()> {
        self.submit(Changes::Store(changes), Durability::Flushed)
            .await
            .map(drop)
    }

    /// Appends events to a session and answers with their numbers.
    pub async fn append(
        &self,
        session: Uuid,
        events: Vec<NewEvent>,
        durability: Durability,
    ) -> Result<Vec<u64>> {
        self.write(
            session,
            events.into_iter().map(Change::Append).collect(),
            durability,
        )
        .await
    }

    /// Deletes a session: its key is destroyed, its rows are overwritten, and neither is left in a side file or in a
    /// copy made before a migration.
    pub async fn delete(&self, session: Uuid) -> Result<()> {
        self.write(session, vec![Change::Delete], Durability::Flushed)
            .await
            .map(drop)
    }

    async fn submit(&self, changes: Changes, durability: Durability) -> Result<Vec<u64>> {
        let (reply, answer) = oneshot::channel();
        let job = Job {
            changes,
            durability,
            reply,
        };
        self.jobs.send(job).await.map_err(|_| StorageError::Closed)?;
        answer.await.map_err(|_| StorageError::Closed)?
    }

    /// The sessions, latest change first, at most `limit`.
    pub async fn sessions(&self, limit: usize) -> Result<Vec<Session>> {
        self.read_with(move |connection, ring| sessions::list(connection, ring, limit))
            .await
    }

    /// One session.
    pub async fn session(&self, id: Uuid) -> Result<Session> {
        self.read_with(move |connection, ring| sessions::find(connection, ring, id))
            .await
    }

    /// Sessions that did not change since a time (Unix milliseconds), the oldest first.
    pub async fn sessions_before(&self, at: i64) -> Result<Vec<Uuid>> {
        self.read_with(move |connection, _| sessions::before(connection, at))
            .await
    }

    /// The events after a cursor, in order: at most `limit`, fewer when they are large, none when there are no more.
    pub async fn read(&self, session: Uuid, after: u64, limit: usize) -> Result<Vec<Event>> {
        self.read_with(move |connection, ring| events::read(connection, ring, session, after, limit))
            .await
    }

    /// Follows a session from a cursor: what the log has after it, then what comes. A cursor beyond the log is refused:
    /// whoever holds it saw another log.
    pub async fn subscribe(&self, session: Uuid, after: u64) -> Result<Subscription> {
        let last = self.session(session).await?.last_seq;
        if after > last {
            return Err(StorageError::CursorAhead { after, last });
        }
        Ok(Subscription::new(self.clone(), session, after))
    }

    /// The messages with all words of `query`, latest first, at most `limit`; the last word may be a beginning. The
    /// first call builds the index.
    pub async fn search(&self, query: String, within: Option<Uuid>, limit: usize) -> Result<Found> {
        self.blocking(move |shared| shared.search.find(shared, &query, within, limit))
            .await
    }

    /// The content behind a hash, where the session has it.
    pub async fn blob(&self, session: Uuid, hash: BlobHash) -> Result<Option<Vec<u8>>> {
        self.read_with(move |connection, ring| blobs::content(connection, ring, session, hash))
            .await
    }

    /// Bytes of content that the journals of all sessions hold.
    pub async fn journal_bytes(&self) -> Result<u64> {
        self.read_with(|connection, _| {
            let sum = "SELECT (SELECT total(size) FROM blobs) + (SELECT total(length(sealed)) FROM journal)";
            let bytes: f64 = connection.query_row(sum, [], |row| row.get(0))?;
            Ok(bytes as u64)
        })
        .await
    }

    /// The approvals of a session, oldest first, open and answered.
    pub async fn approvals(&self, session: Uuid) -> Result<Vec<Approval>> {
        self.read_with(move |connection, ring| approvals::list(connection, ring, session))
            .await
    }

    /// The value of a setting.
    pub async fn setting(&self, name: String) -> Result<Option<Vec<u8>>> {
        self.read_with(move |connection, ring| settings::find(connection, ring, &name))
            .await
    }

    /// The value of a journal entry, where there is one.
    pub async fn journal(&self, session: Uuid, key: String) -> Result<Option<Vec<u8>>> {
        self.read_with(move |connection, ring| journal::find(connection, ring, session, &key))
            .await
    }

    /// Keys of journal entries that begin with `prefix`, in the order of their first writing.
    pub async fn journal_keys(&self, session: Uuid, prefix: String) -> Result<Vec<String>> {
        self.read_with(move |connection, _| journal::keys(connection, session, &prefix))
            .await
    }

    /// Session and key of every journal entry that is open: after a restart these are to be classified.
    pub async fn open_journal(&self) -> Result<Vec<(Uuid, String)>> {
        self.read_with(|connection, _| journal::open(connection)).await
    }

    /// What is kept of the token with this SHA-256.
    pub async fn token(&self, hash: [u8; 32]) -> Result<Option<PaneToken>> {
        self.read_with(move |connection, ring| tokens::find(connection, ring, hash))
            .await
    }

    /// Every token that is not revoked, oldest first.
    pub async fn tokens(&self) -> Result<Vec<PaneToken>> {
        self.read_with(tokens::list).await
    }

    /// A keyed digest under which a value that belongs to no session is known to the audit: equal values have equal
    /// ones, and nobody without the key can try values out.
    pub fn audit_digest(&self, value: &[u8]) -> [u8; 32] {
        audit::digest(self.shared.ring.store(), value)
    }

    /// How far the audit chain goes, as an anchor taken at `at`; none where the chain is empty, or its end is lost.
    pub async fn audit_head(&self, at: i64) -> Result<Option<AuditAnchor>> {
        self.read_with(move |connection, ring| Ok(audit::anchor(connection, ring, at)))
            .await
    }

    /// Checks the whole audit chain, and compares it with anchors that were kept elsewhere.
    pub async fn verify_audit(&self, anchors: Vec<AuditAnchor>) -> Result<AuditVerdict> {
        self.read_with(move |connection, ring| audit::verify(connection, ring, anchors))
            .await
    }

    /// The last of the oldest audit records that were all written before a time: what [`StoreChange::DropAudit`] takes.
    pub async fn audit_before(&self, at: i64) -> Result<Option<u64>> {
        self.read_with(move |connection, _| audit::dropped_before(connection, at))
            .await
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.shared
    }

    async fn read_with<T: Send + 'static>(
        &self,
        read: impl FnOnce(&rusqlite::Connection, &KeyRing) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.blocking(move |shared| shared.readers.with(|connection| read(connection, &shared.ring)))
            .await
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Shared) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let shared = Arc::clone(&self.shared);
        tokio::task::spawn_blocking(move || work(&shared))
            .await
            .map_err(|_| StorageError::Closed)?
    }
}
