//! Locked, damaged, foreign, newer, full: each has its own error, and nothing that was acknowledged is lost.

use std::fs;

use deskhand_storage::{Durability, StorageError, Store};
use pretty_assertions::assert_eq;
use uuid::Uuid;

use crate::support::{Fixture, SESSION, event, open, options};

#[tokio::test]
async fn a_second_store_on_the_same_database_is_refused() {
    let fixture = Fixture::new().await;
    let refused = open(fixture.folder.path()).unwrap_err();
    assert_eq!(refused.code(), "DB_LOCKED");
    assert!(refused.to_string().contains("local.db"));
    fixture.reopen();
}

#[tokio::test]
async fn each_deployment_has_its_own_database() {
    let fixture = Fixture::new().await;
    let mut other = options(fixture.folder.path());
    other.deployment = Some(Uuid::from_u128(0xd0));
    let other = Store::open(other).unwrap();
    assert_eq!(other.sessions(10).await.unwrap(), []);
    assert!(
        fixture
            .folder
            .path()
            .join(format!("{}.db", Uuid::from_u128(0xd0)))
            .is_file()
    );
}

#[tokio::test]
async fn a_writer_of_another_program_is_waited_for_and_then_told() {
    let fixture = Fixture::new().await;
    let sql = fixture.sql();
    sql.execute_batch("BEGIN IMMEDIATE").unwrap();
    let refused = fixture
        .store
        .append(SESSION, vec![event("x")], Durability::Flushed)
        .await
        .unwrap_err();
    assert!(
        matches!(&refused, StorageError::Locked { path } if path.ends_with("local.db")),
        "{refused}"
    );
    sql.execute_batch("ROLLBACK").unwrap();
    assert_eq!(fixture.append(&["x"]).await, [1]);
}

type Damage<'a> = &'a dyn Fn(&std::path::Path);

#[test]
fn damaged_foreign_and_newer_files_are_told_apart() {
    let sqlite = |statements: &'static str| {
        move |path: &std::path::Path| {
            rusqlite::Connection::open(path)
                .unwrap()
                .execute_batch(statements)
                .unwrap();
        }
    };
    let text = |path: &std::path::Path| {
        fs::write(path, "this is no database, whatever its name says".repeat(99)).unwrap();
    };
    let torn = |path: &std::path::Path| {
        drop(open(path.parent().unwrap()).unwrap());
        let mut bytes = fs::read(path).unwrap();
        bytes[100..4096].fill(0xee);
        fs::write(path, bytes).unwrap();
    };
    let newer = |path: &std::path::Path| {
        drop(open(path.parent().unwrap()).unwrap());
        rusqlite::Connection::open(path)
            .unwrap()
            .execute_batch("PRAGMA user_version = 999")
            .unwrap();
    };
    let cases: &[(&str, Damage<'_>, &str)] = &[
        ("text", &text, "DB_CORRUPT"),
        ("torn page", &torn, "DB_CORRUPT"),
        (
            "of another program",
            &sqlite("CREATE TABLE cookies (a)"),
            "DB_CORRUPT",
        ),
        (
            "marked by another program",
            &sqlite("PRAGMA application_id = 5; CREATE TABLE t (a)"),
            "DB_CORRUPT",
        ),
        ("newer", &newer, "DB_NEWER"),
    ];
    for (name, damage, code) in cases {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("local.db");
        damage(&path);
        let before = fs::read(&path).unwrap();
        assert_eq!(open(folder.path()).unwrap_err().code(), *code, "{name}");
        if *name != "marked by another program" && *name != "of another program" {
            assert!(
                fs::read(&path).unwrap() == before,
                "{name}: the file was left as it was"
            );
        }
    }
}

#[tokio::test]
async fn a_full_disk_refuses_the_write_and_keeps_what_was_there() {
    let folder = tempfile::tempdir().unwrap();
    let mut small = options(folder.path());
    small.max_bytes = Some(400_000);
    let store = Store::open(small).unwrap();
    let create = deskhand_storage::Change::Create {
        at: 1,
        meta: Vec::new(),
    };
    store
        .write(SESSION, vec![create], Durability::Flushed)
        .await
        .unwrap();
    let text = "x".repeat(20_000);
    let mut kept = 0;
    let refused = loop {
        match store
            .append(SESSION, vec![event(&text)], Durability::Flushed)
            .await
        {
            Ok(_) => kept += 1,
            Err(error) => break error,
        }
    };
    assert_eq!(refused.code(), "DB_DISK_FULL");
    assert!(kept > 5);
    assert_eq!(store.read(SESSION, 0, 1_000).await.unwrap().len(), kept);
    drop(store);
    // With room again, work goes on where it stopped.
    let store = open(folder.path()).unwrap();
    assert_eq!(
        store
            .append(SESSION, vec![event(&text)], Durability::Flushed)
            .await
            .unwrap(),
        [kept as u64 + 1]
    );
}
