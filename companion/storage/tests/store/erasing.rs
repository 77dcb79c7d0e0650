//! Deleting a session: nothing of it can be opened, found or followed afterwards.

use deskhand_storage::{BlobHash, Change, Durability};
use pretty_assertions::assert_eq;
use uuid::Uuid;

use crate::support::{Fixture, SESSION, contains, event};

/// Everything a session can own, with the sealed bytes of its key and one event.
async fn fill(fixture: &Fixture) -> (Vec<u8>, Vec<u8>) {
    let blob = b"content of a file".to_vec();
    let changes = vec![
        Change::Append(event("say something")),
        Change::PutBlob(blob),
        Change::PutJournal {
            key: "call:1".to_owned(),
            open: true,
            value: b"before".to_vec(),
        },
        Change::OpenApproval {
            id: Uuid::from_u128(2),
            at: 1,
            request: b"may I".to_vec(),
        },
    ];
    fixture
        .store
        .write(SESSION, changes, Durability::Flushed)
        .await
        .unwrap();
    let sql = fixture.sql();
    let key = sql
        .query_row("SELECT wrapped FROM keys WHERE session = ?1", [SESSION], |row| {
            row.get(0)
        })
        .unwrap();
    let event = sql
        .query_row("SELECT sealed FROM events", [], |row| row.get(0))
        .unwrap();
    (key, event)
}

#[tokio::test]
async fn leaves_neither_key_nor_rows_in_any_file() {
    let fixture = Fixture::new().await;
    let (key, sealed) = fill(&fixture).await;
    assert!(contains(&fixture.bytes_on_disk(), &key), "the key was there");
    std::fs::write(fixture.folder.path().join("local.schema-1.backup"), &key).unwrap();
    fixture.store.delete(SESSION).await.unwrap();
    let bytes = fixture.bytes_on_disk();
    assert!(!contains(&bytes, &key));
    assert!(!contains(&bytes, &sealed));
    let sql = fixture.sql();
    for table in [
        "sessions",
        "events",
        "blobs",
        "blob_chunks",
        "journal",
        "approvals",
    ] {
        let rows: i64 = sql
            .query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0))
            .unwrap();
        assert_eq!(rows, 0, "{table}");
    }
}

#[tokio::test]
async fn nothing_answers_for_a_deleted_session() {
    let fixture = Fixture::new().await;
    fill(&fixture).await;
    assert_eq!(
        fixture
            .store
            .search("something".into(), None, 10)
            .await
            .unwrap()
            .hits
            .len(),
        1
    );
    fixture.store.delete(SESSION).await.unwrap();
    assert_eq!(
        fixture
            .store
            .search("something".into(), None, 10)
            .await
            .unwrap()
            .hits,
        []
    );
    let codes = [
        fixture.store.read(SESSION, 0, 1).await.unwrap_err().code(),
        fixture.store.session(SESSION).await.unwrap_err().code(),
        fixture.store.delete(SESSION).await.unwrap_err().code(),
        fixture
            .store
            .append(SESSION, vec![event("x")], Durability::Flushed)
            .await
            .unwrap_err()
            .code(),
        fixture
            .store
            .blob(SESSION, BlobHash::of(b"content of a file"))
            .await
            .unwrap_err()
            .code(),
    ];
    assert_eq!(codes, ["SESSION_UNKNOWN"; 5]);
}

#[tokio::test]
async fn a_session_made_anew_under_the_same_id_has_another_key() {
    let fixture = Fixture::new().await;
    fixture.append(&["old"]).await;
    let again = vec![
        Change::Delete,
        Change::Create {
            at: 1,
            meta: b"{}".to_vec(),
        },
        Change::Append(event("new")),
    ];
    assert_eq!(
        fixture
            .store
            .write(SESSION, again, Durability::Flushed)
            .await
            .unwrap(),
        [1]
    );
    let fixture = fixture.reopen();
    let events = fixture.store.read(SESSION, 0, 10).await.unwrap();
    assert_eq!(events[0].payload, b"new");
}

#[tokio::test]
async fn other_sessions_stay() {
    let fixture = Fixture::new().await;
    let other = Uuid::from_u128(2);
    let changes = vec![
        Change::Create {
            at: 1,
            meta: b"{}".to_vec(),
        },
        Change::Append(event("kept")),
    ];
    fixture
        .store
        .write(other, changes, Durability::Flushed)
        .await
        .unwrap();
    fixture.store.delete(SESSION).await.unwrap();
    let fixture = fixture.reopen();
    assert_eq!(
        fixture.store.read(other, 0, 10).await.unwrap()[0].payload,
        b"kept"
    );
}

/// SQLite leaves copies of rows behind where it moves them between pages, and does not overwrite those.
#[tokio::test]
async fn no_trace_of_a_key_is_left_where_rows_were_moved() {
    let fixture = Fixture::new().await;
    let sessions: Vec<Uuid> = (0..600_u128)
        .map(|number| Uuid::from_u128(number * 7919 + 1))
        .collect();
    for session in &sessions {
        let create = Change::Create {
            at: 1,
            meta: Vec::new(),
        };
        fixture
            .store
            .write(*session, vec![create], Durability::Written)
            .await
            .unwrap();
    }
    for session in (0..590).map(|step| &sessions[(step * 7) % 600]) {
        let key: Vec<u8> = fixture
            .sql()
            .query_row("SELECT wrapped FROM keys WHERE session = ?1", [session], |row| {
                row.get(0)
            })
            .unwrap();
        fixture.store.delete(*session).await.unwrap();
        // At once: what is left behind may be overwritten by what is moved next.
        let found = memchr::memmem::find(&fixture.bytes_on_disk(), &key);
        assert_eq!(found, None, "{session}");
    }
    assert_eq!(fixture.store.sessions(1_000).await.unwrap().len(), 11);
    let last = &sessions[(599 * 7) % 600];
    fixture
        .store
        .append(*last, vec![event("still there")], Durability::Flushed)
        .await
        .unwrap();
}
