//! What the tests share: a store with a session, and a trail to it.

use deskhand_storage::{AuditReader, Change, Durability, MasterKey, OpenOptions, Store};
use deskhand_trail::{Actor, Content, Trail, What};
use tempfile::TempDir;
use uuid::Uuid;

const MASTER: [u8; 32] = [7; 32];
pub(crate) const SESSION: Uuid = Uuid::from_u128(0x5e55);
pub(crate) const DAY: i64 = 86_400_000;

pub(crate) struct Fixture {
    pub(crate) folder: TempDir,
    pub(crate) trail: Trail,
}

impl Fixture {
    pub(crate) async fn new(content: Content) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = OpenOptions {
            folder: folder.path().to_owned(),
            deployment: None,
            master_key: MasterKey::new(MASTER),
            text_of: |_| None,
            max_bytes: None,
        };
        let store = Store::open(options).unwrap();
        let create = Change::Create {
            at: 1,
            meta: Vec::new(),
        };
        store
            .write(SESSION, vec![create], Durability::Flushed)
            .await
            .unwrap();
        let trail = Trail::new(store, "ada", content);
        Self { folder, trail }
    }

    /// A record of the service, without content.
    pub(crate) async fn note(&self, at: i64) {
        let what = What::ServiceStarted {
            version: "1".to_owned(),
            managed: false,
        };
        self.trail.write(at, Actor::Service, None, what).await.unwrap();
    }

    /// A record of the session, with content.
    pub(crate) async fn say(&self, at: i64, what: What, content: &str) {
        let record = self
            .trail
            .record(
                at,
                Actor::Excel,
                Some(SESSION),
                what,
                Some(content.as_bytes().to_vec()),
            )
            .unwrap();
        let store = self.trail.store();
        store
            .write(SESSION, vec![Change::Audit(record)], Durability::Flushed)
            .await
            .unwrap();
    }

    pub(crate) fn reader(&self) -> AuditReader {
        AuditReader::open(self.folder.path(), None, MasterKey::new(MASTER))
            .unwrap()
            .unwrap()
    }
}
