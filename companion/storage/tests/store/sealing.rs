//! At rest, content is sealed (Invariant 11): what the files show, and what meddling with them does.

use deskhand_storage::{
    ApprovalAnswer, AuditContent, BlobHash, Change, Durability, Keep, MasterKey, NewAuditRecord, PaneToken,
    Store, StoreChange,
};
use pretty_assertions::assert_eq;
use rusqlite::params;
use uuid::Uuid;

use crate::support::{Fixture, SESSION, contains, event, options};

const CANARY: &str = "canary-4711-in-the-coal-mine";

/// Writes the canary to every place that takes content.
async fn write_everywhere(fixture: &Fixture) {
    let canary = || CANARY.as_bytes().to_vec();
    let approval = Uuid::from_u128(2);
    let answer = ApprovalAnswer {
        at: 1,
        record: canary(),
    };
    let changes = vec![
        Change::SetMeta {
            at: 1,
            meta: canary(),
        },
        Change::Append(event(CANARY)),
        Change::Append(event(CANARY)),
        Change::Fold {
            seqs: vec![1, 2],
            event: event(CANARY),
        },
        Change::PutBlob(canary()),
        Change::PutJournal {
            key: "call:1".to_owned(),
            open: true,
            value: canary(),
        },
        Change::OpenApproval {
            id: approval,
            at: 1,
            request: canary(),
        },
        Change::SettleApproval { id: approval, answer },
        Change::Audit(NewAuditRecord {
            content: Some(AuditContent {
                bytes: canary(),
                keep: Keep::Whole,
            }),
            ..NewAuditRecord::new(1, canary())
        }),
    ];
    fixture
        .store
        .write(SESSION, changes, Durability::Flushed)
        .await
        .unwrap();
    write_store(fixture).await;
}

async fn write_store(fixture: &Fixture) {
    let token = PaneToken {
        id: "t1".to_owned(),
        hash: [5; 32],
        record: CANARY.as_bytes().to_vec(),
    };
    let changes = vec![
        StoreChange::PutSetting {
            name: "font".to_owned(),
            value: Some(CANARY.as_bytes().to_vec()),
        },
        StoreChange::PutToken(token),
    ];
    fixture.store.write_store(changes).await.unwrap();
}

#[tokio::test]
async fn no_file_shows_what_was_written() {
    let fixture = Fixture::new().await;
    write_everywhere(&fixture).await;
    let hash = BlobHash::of(CANARY.as_bytes());
    let bytes = fixture.bytes_on_disk();
    assert!(contains(&bytes, b"CREATE TABLE events"), "the files were read");
    assert!(
        !contains(&bytes, &hash.0),
        "a known file can be recognised by its hash"
    );
    let fixture = fixture.reopen();
    for bytes in [bytes, fixture.bytes_on_disk()] {
        assert!(!contains(&bytes, CANARY.as_bytes()));
    }
    let stored = fixture.store.blob(SESSION, hash).await.unwrap();
    assert_eq!(stored.as_deref(), Some(CANARY.as_bytes()));
}

#[tokio::test]
async fn equal_contents_look_different() {
    let fixture = Fixture::new().await;
    fixture.append(&["same", "same"]).await;
    let sql = fixture.sql();
    let distinct: i64 = sql
        .query_row("SELECT count(DISTINCT sealed) FROM events", [], |row| row.get(0))
        .unwrap();
    let nonces: i64 = sql
        .query_row(
            "SELECT count(DISTINCT substr(sealed, 1, 12)) FROM events",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!((distinct, nonces), (2, 2));
}

#[tokio::test]
async fn a_wrong_master_key_is_told() {
    let fixture = Fixture::new().await;
    let Fixture { folder, store } = fixture;
    drop(store);
    let mut wrong = options(folder.path());
    wrong.master_key = MasterKey::new([8; 32]);
    assert_eq!(Store::open(wrong).unwrap_err().code(), "DB_WRONG_KEY");
    Store::open(options(folder.path())).unwrap();
}

#[tokio::test]
async fn sealed_records_open_only_where_they_were_put() {
    let meddlings = [
        (
            "flipped bit",
            "UPDATE events SET sealed = CAST(substr(sealed, 1, 20) || x'ff' || substr(sealed, 22) AS BLOB) WHERE seq = 1",
        ),
        (
            "cut short",
            "UPDATE events SET sealed = substr(sealed, 1, 8) WHERE seq = 1",
        ),
        ("emptied", "UPDATE events SET sealed = x'' WHERE seq = 1"),
        (
            "swapped with another",
            "UPDATE events SET sealed = (SELECT sealed FROM events WHERE seq = 2) WHERE seq = 1",
        ),
        ("re-dated", "UPDATE events SET at = at + 1 WHERE seq = 1"),
        ("other schema", "UPDATE events SET schema = 2 WHERE seq = 1"),
        (
            "renumbered",
            "UPDATE events SET seq = 9, first_seq = 9 WHERE seq = 1",
        ),
        ("stretched", "UPDATE events SET first_seq = 1 WHERE seq = 2"),
        ("other session", "UPDATE events SET session = 2 WHERE seq = 1"),
    ];
    for (name, statement) in meddlings {
        let fixture = Fixture::new().await;
        let other = Uuid::from_u128(99);
        let create = Change::Create {
            at: 1,
            meta: Vec::new(),
        };
        fixture
            .store
            .write(other, vec![create], Durability::Flushed)
            .await
            .unwrap();
        fixture.append(&["one", "two"]).await;
        assert_eq!(fixture.sql().execute(statement, params![]).unwrap(), 1, "{name}");
        let session = if name == "other session" { other } else { SESSION };
        let refused = fixture.store.read(session, 0, 10).await.unwrap_err();
        assert_eq!(refused.code(), "DB_CORRUPT", "{name}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_may_read_the_files() {
    use std::os::unix::fs::PermissionsExt;

    let fixture = Fixture::new().await;
    fixture.append(&["a"]).await;
    let mut names = Vec::new();
    for entry in std::fs::read_dir(fixture.folder.path()).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{:?}", entry.file_name());
        names.push(entry.file_name().into_string().unwrap());
    }
    names.sort();
    assert_eq!(names, ["local.db", "local.db-shm", "local.db-wal", "local.lock"]);
}
