//! What the tests of the store share: a database in a temporary folder and short ways to write to it.

use deskhand_storage::{Change, Durability, Event, MasterKey, NewEvent, OpenOptions, StorageError, Store};
use tempfile::TempDir;
use uuid::Uuid;

pub(crate) const MASTER: [u8; 32] = [7; 32];
pub(crate) const SESSION: Uuid = Uuid::from_u128(0x5e55);

/// A store and the folder it lives in.
pub(crate) struct Fixture {
    pub(crate) folder: TempDir,
    pub(crate) store: Store,
}

impl Fixture {
    /// A new store with one session.
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = open(folder.path()).unwrap();
        let create = Change::Create {
            at: 1,
            meta: b"{}".to_vec(),
        };
        store
            .write(SESSION, vec![create], Durability::Flushed)
            .await
            .unwrap();
        Self { folder, store }
    }

    pub(crate) async fn append(&self, payloads: &[&str]) -> Vec<u64> {
        let events = payloads.iter().map(|payload| event(payload)).collect();
        self.store
            .append(SESSION, events, Durability::Written)
            .await
            .unwrap()
    }

    pub(crate) async fn fold(&self, seqs: &[u64], payload: &str) -> Result<Vec<u64>, StorageError> {
        let fold = Change::Fold {
            seqs: seqs.to_vec(),
            event: event(payload),
        };
        self.store.write(SESSION, vec![fold], Durability::Written).await
    }

    /// Closes the store and opens it again.
    pub(crate) fn reopen(self) -> Self {
        let Self { folder, store } = self;
        drop(store);
        let store = open(folder.path()).unwrap();
        Self { folder, store }
    }

    /// The bytes of every file in the folder, one after the other.
    pub(crate) fn bytes_on_disk(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for entry in std::fs::read_dir(self.folder.path()).unwrap() {
            bytes.extend(std::fs::read(entry.unwrap().path()).unwrap());
        }
        bytes
    }

    /// A connection of our own, for looking and for meddling.
    pub(crate) fn sql(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.folder.path().join("local.db")).unwrap()
    }
}

pub(crate) fn options(folder: &std::path::Path) -> OpenOptions {
    OpenOptions {
        folder: folder.to_owned(),
        deployment: None,
        master_key: MasterKey::new(MASTER),
        text_of: |payload| {
            let text = std::str::from_utf8(payload).ok()?;
            text.strip_prefix("say ").map(str::to_owned)
        },
        max_bytes: None,
    }
}

pub(crate) fn open(folder: &std::path::Path) -> Result<Store, StorageError> {
    Store::open(options(folder))
}

pub(crate) fn event(payload: &str) -> NewEvent {
    NewEvent {
        at: 1_000,
        schema: 1,
        payload: payload.as_bytes().to_vec(),
    }
}

/// `first..last text`, with `*` where the event replaces what the reader saw.
pub(crate) fn shown(events: &[Event]) -> Vec<String> {
    let show = |event: &Event| {
        let mark = if event.replaces { "*" } else { "" };
        let text = String::from_utf8_lossy(&event.payload);
        format!("{}..{} {text}{mark}", event.first_seq, event.seq)
    };
    events.iter().map(show).collect()
}

pub(crate) fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}
