//! The history from before a deployment had its name.

use std::path::Path;

use deskhand_storage::{
    Approval, ApprovalAnswer, BlobHash, Change, Durability, OpenOptions, StorageError, Store, copy_sessions,
    has_history,
};
use pretty_assertions::assert_eq;
use uuid::Uuid;

use crate::support::{Fixture, SESSION, event, options, shown};

const DEPLOYMENT: Uuid = Uuid::from_u128(0xdeb1);
const OTHER: Uuid = Uuid::from_u128(0x07e4);
const CONTENT: &[u8] = b"content of a file";

fn of_deployment(folder: &Path) -> OpenOptions {
    OpenOptions {
        deployment: Some(DEPLOYMENT),
        ..options(folder)
    }
}

async fn create(store: &Store, session: Uuid, text: &str) {
    let changes = vec![
        Change::Create {
            at: 5,
            meta: text.as_bytes().to_vec(),
        },
        Change::Append(event(text)),
        Change::PutBlob(CONTENT.to_vec()),
        Change::PutBlob(text.as_bytes().to_vec()),
        Change::PutJournal {
            key: "call:1".to_owned(),
            open: true,
            value: b"before".to_vec(),
        },
        Change::OpenApproval {
            id: Uuid::from_u128(session.as_u128() + 1),
            at: 1,
            request: b"may I".to_vec(),
        },
        Change::SettleApproval {
            id: Uuid::from_u128(session.as_u128() + 1),
            answer: ApprovalAnswer {
                at: 2,
                record: b"yes".to_vec(),
            },
        },
    ];
    store.write(session, changes, Durability::Flushed).await.unwrap();
}

async fn is_whole(store: &Store, session: Uuid, text: &str) {
    assert_eq!(store.session(session).await.unwrap().meta, text.as_bytes());
    assert_eq!(
        shown(&store.read(session, 0, 10).await.unwrap()),
        [format!("1..1 {text}")]
    );
    for content in [CONTENT, text.as_bytes()] {
        let found = store.blob(session, BlobHash::of(content)).await.unwrap();
        assert_eq!(found.as_deref(), Some(content));
    }
    let before = store.journal(session, "call:1".into()).await.unwrap();
    assert_eq!(before.as_deref(), Some(&b"before"[..]));
    let approvals: Vec<Approval> = store.approvals(session).await.unwrap();
    assert_eq!(
        approvals[0]
            .answer
            .as_ref()
            .map(|answer| answer.record.as_slice()),
        Some(&b"yes"[..])
    );
}

#[tokio::test]
async fn sessions_from_before_go_over_whole_beside_those_that_are_there() {
    let Fixture { folder, store } = Fixture::new().await;
    let folder = folder.path();
    create(&store, OTHER, "say from before").await;
    drop(store);
    let organisation = Store::open(of_deployment(folder)).unwrap();
    create(&organisation, Uuid::from_u128(9), "say of the deployment").await;
    drop(organisation);
    assert!(has_history(folder, None) && has_history(folder, Some(DEPLOYMENT)));

    let both = copy_sessions(options(folder), of_deployment(folder)).unwrap();
    assert_eq!(both, [SESSION, OTHER]);
    let organisation = Store::open(of_deployment(folder)).unwrap();
    is_whole(&organisation, OTHER, "say from before").await;
    is_whole(&organisation, Uuid::from_u128(9), "say of the deployment").await;
    organisation
        .append(SESSION, vec![event("say on")], Durability::Flushed)
        .await
        .unwrap();
    assert!(organisation.verify_audit(Vec::new()).await.unwrap().holds());

    let before = Store::open(options(folder)).unwrap();
    for session in both {
        before.delete(session).await.unwrap();
    }
    assert!(before.verify_audit(Vec::new()).await.unwrap().holds());
    drop(before);
    assert!(!has_history(folder, None));
    is_whole(&organisation, OTHER, "say from before").await;
}

#[tokio::test]
async fn a_step_that_was_cut_short_is_made_again_without_doubles_and_without_losing_what_came_since() {
    let Fixture { folder, store } = Fixture::new().await;
    drop(store);
    let folder = folder.path();
    assert_eq!(
        copy_sessions(options(folder), of_deployment(folder)).unwrap(),
        [SESSION]
    );
    let organisation = Store::open(of_deployment(folder)).unwrap();
    organisation
        .append(SESSION, vec![event("say since")], Durability::Flushed)
        .await
        .unwrap();
    drop(organisation);
    assert_eq!(
        copy_sessions(options(folder), of_deployment(folder)).unwrap(),
        [SESSION]
    );
    let organisation = Store::open(of_deployment(folder)).unwrap();
    assert_eq!(
        shown(&organisation.read(SESSION, 0, 10).await.unwrap()),
        ["1..1 say since"]
    );
    assert_eq!(organisation.sessions(10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_session_that_went_on_where_it_was_is_not_among_those_to_delete() {
    let Fixture { folder, store } = Fixture::new().await;
    drop(store);
    let folder = folder.path();
    copy_sessions(options(folder), of_deployment(folder)).unwrap();
    let before = Store::open(options(folder)).unwrap();
    before
        .append(SESSION, vec![event("say since")], Durability::Flushed)
        .await
        .unwrap();
    drop(before);
    let whole = copy_sessions(options(folder), of_deployment(folder)).unwrap();
    assert!(whole.is_empty(), "{whole:?}");
}

#[tokio::test]
async fn what_is_open_or_sealed_with_another_key_is_refused_and_nothing_goes_over() {
    let fixture = Fixture::new().await;
    let folder = fixture.folder.path();
    let refused = copy_sessions(options(folder), of_deployment(folder));
    assert!(matches!(refused, Err(StorageError::Locked { .. })), "{refused:?}");
    let Fixture { folder, store } = fixture;
    drop(store);
    let folder = folder.path();
    let other_key = OpenOptions {
        master_key: deskhand_storage::MasterKey::new([8; 32]),
        ..of_deployment(folder)
    };
    drop(Store::open(other_key).unwrap());
    copy_sessions(options(folder), of_deployment(folder)).expect_err("another key");
    assert!(!has_history(folder, Some(DEPLOYMENT)));
    assert!(has_history(folder, None));
}

#[test]
fn where_there_is_no_database_there_is_no_history_and_none_is_made() {
    let folder = tempfile::tempdir().unwrap();
    assert!(!has_history(folder.path(), None));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
