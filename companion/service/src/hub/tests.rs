//! Sessions that policy lets go.

use deskhand_documents::{DocumentTools, Registry};
use deskhand_inference::Unconfigured;
use deskhand_storage::{Durability, MasterKey, OpenOptions, Store};
use deskhand_trail::{Content, Entry, Trail};
use deskhand_workspace::Folders;

use super::*;
use crate::clock::RealWorld;
use crate::guidance::NoteTools;
use crate::log::Log;
use crate::models::Windows;
use crate::panes::{LivePanes, SharedPanes};

const MASTER: [u8; 32] = [7; 32];

async fn hub(folder: &Path) -> Hub {
    let store = Store::open(OpenOptions {
        folder: folder.to_owned(),
        deployment: None,
        master_key: MasterKey::new(MASTER),
        text_of: |_| None,
        max_bytes: None,
    });
    let trail = Trail::new(store.expect("a store"), "ada", Content::Hashed);
    let grants = Grants::open(trail.clone()).await.expect("grants");
    let guide = Guide::open(trail.clone(), None, false)
        .await
        .expect("no guidance");
    let (log, guide, registry) = (Log::new(trail), Arc::new(guide), Arc::new(Registry::default()));
    let documents = DocumentTools::new(
        Arc::clone(&registry),
        Arc::new(SharedPanes(Arc::new(LivePanes::default()))),
        Arc::new(log.clone()),
        Arc::new(RealWorld),
        Folders::new(None),
    );
    let parts = Parts {
        log,
        provider: Arc::new(Unconfigured::default()),
        tools: Arc::new(NoteTools::new(documents.clone(), Arc::clone(&guide))),
        max_steps: 10,
        budget: None,
        windows: Windows {
            usual: 200_000,
            default_is_long: false,
        },
        rules: Arc::default(),
        grants: Arc::new(grants),
        guide,
        changed: Arc::new(|_| {}),
    };
    Hub::new(parts, documents, registry, false)
}

async fn session(hub: &Hub, client_id: &str) -> SessionId {
    let params = CreateParams {
        client_id: client_id.to_owned(),
        title: None,
    };
    hub.create(params, Actor::Window).await.expect("a session").id
}

#[tokio::test]
async fn sessions_older_than_policy_keeps_them_are_deleted_and_those_at_work_stay() {
    let folder = tempfile::tempdir().expect("a folder");
    let hub = hub(folder.path()).await;
    let (idle, busy) = (session(&hub, "idle").await, session(&hub, "busy").await);
    let mut meta = Meta::new(now(), "busy".to_owned(), String::new());
    meta.status = SessionStatus::Working;
    let at_work = Change::SetMeta {
        at: now(),
        meta: meta.to_bytes(),
    };
    let (store, id) = (hub.parts.log.store(), uuid_of(&busy).expect("an id"));
    let written = store.write(id, vec![at_work], Durability::Flushed).await;
    written.expect("the session is at work");
    assert_eq!(hub.delete_before(1).await.expect("nothing is old"), []);
    assert_eq!(
        hub.delete_before(now() + 1).await.expect("deleted"),
        std::slice::from_ref(&idle)
    );
    assert!(hub.show(&idle).await.is_err());
    assert!(hub.show(&busy).await.is_ok());
    let key = MasterKey::new(MASTER);
    let reader = deskhand_storage::AuditReader::open(folder.path(), None, key);
    let reader = reader.expect("the audit is read").expect("there is one");
    let records = reader.records(0, 100).expect("records");
    let Entry::Known(last) = Entry::parse(&records.last().expect("a record").record) else {
        panic!("a record of another version");
    };
    assert_eq!((last.by, last.session), (Actor::Policy, uuid_of(&idle).ok()));
    assert!(matches!(last.what, What::SessionDeleted { .. }));
}
