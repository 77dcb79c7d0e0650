//! Migrations: in order, once, with a copy before, whole or not at all; and frozen.

use pretty_assertions::assert_eq;

use super::*;
use crate::connection::open_writer;
use crate::seal::BlobHash;

/// The digests of the released files.
const FROZEN: &[&str] = &[
    "378901a232b17220a4f041e1836c6b7a3f51072e332d23ec8bba3493c8ab81fe",
    "962bc9d60ca7f04c0f368143bccfb5e5c4dfce1b344869af5cd24650015ce6b3",
    "8dfe7335a938ebdb0a362ecc0c706b8ac895e4166174ea599a6d0084fe54ff0d",
];
/// Schema 1 alone.
const FIRST: &[&str] = &[MIGRATIONS[0]];

const SECOND: &str = "CREATE TABLE second (a INTEGER); INSERT INTO second SELECT count(*) FROM settings;";
const BROKEN: &str = "CREATE TABLE third (a INTEGER); INSERT INTO nowhere VALUES (1);";

struct Fixture {
    folder: tempfile::TempDir,
    files: Files,
}

impl Fixture {
    /// A database of schema 1 with a row.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::new(folder.path(), None);
        files.create().unwrap();
        let fixture = Self { folder, files };
        let connection = fixture.migrate(FIRST).unwrap();
        connection
            .execute("INSERT INTO settings VALUES ('a', x'01')", [])
            .unwrap();
        fixture
    }

    fn migrate(&self, migrations: &[&str]) -> Result<Connection> {
        let mut connection = open_writer(&self.files.database, None).unwrap();
        migrate(&mut connection, &self.files, migrations)?;
        Ok(connection)
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

fn number(connection: &Connection, sql: &str) -> i64 {
    connection.query_row(sql, [], |row| row.get(0)).unwrap()
}

#[test]
fn released_migrations_are_frozen() {
    let digests: Vec<_> = MIGRATIONS
        .iter()
        .map(|sql| BlobHash::of(sql.as_bytes()).to_string())
        .collect();
    assert_eq!(
        digests, FROZEN,
        "a released migration was edited: add a new one instead"
    );
}

#[test]
fn tables_that_nothing_writes_to_go_and_what_was_written_stays() {
    let fixture = Fixture::new();
    let connection = fixture.migrate(MIGRATIONS).unwrap();
    let left = "SELECT count(*) FROM sqlite_schema WHERE tbl_name IN ('change_sets', 'pre_images')";
    assert_eq!(number(&connection, left), 0);
    assert_eq!(number(&connection, "SELECT count(*) FROM settings"), 1);
    let copy = Connection::open(fixture.folder.path().join("local.schema-1.backup")).unwrap();
    assert!(number(&copy, left) > 0);
}

#[test]
fn a_new_database_needs_no_copy() {
    let fixture = Fixture::new();
    assert_eq!(fixture.names(), ["local.db"]);
}

#[test]
fn copies_the_database_and_then_migrates_it() {
    let fixture = Fixture::new();
    let connection = fixture.migrate(&[MIGRATIONS[0], SECOND]).unwrap();
    assert_eq!(number(&connection, "PRAGMA user_version"), 2);
    assert_eq!(number(&connection, "SELECT a FROM second"), 1);
    let copy = Connection::open(fixture.folder.path().join("local.schema-1.backup")).unwrap();
    assert_eq!(number(&copy, "PRAGMA user_version"), 1);
    assert_eq!(number(&copy, "SELECT count(*) FROM settings"), 1);
    assert_eq!(
        number(&copy, "SELECT count(*) FROM sqlite_schema WHERE name = 'second'"),
        0
    );
}

#[test]
fn a_migrated_database_is_left_alone() {
    let fixture = Fixture::new();
    drop(fixture.migrate(&[MIGRATIONS[0], SECOND]).unwrap());
    fs::remove_file(fixture.files.backup(1)).unwrap();
    let connection = fixture.migrate(&[MIGRATIONS[0], SECOND]).unwrap();
    assert_eq!(number(&connection, "SELECT count(*) FROM second"), 1);
    assert!(!fixture.files.backup(1).exists());
}

#[test]
fn a_migration_that_fails_changes_nothing() {
    let fixture = Fixture::new();
    assert!(fixture.migrate(&[MIGRATIONS[0], BROKEN]).is_err());
    let connection = fixture.migrate(FIRST).unwrap();
    assert_eq!(number(&connection, "PRAGMA user_version"), 1);
    assert_eq!(
        number(
            &connection,
            "SELECT count(*) FROM sqlite_schema WHERE name = 'third'"
        ),
        0
    );
}

#[test]
fn a_newer_database_is_not_touched() {
    let fixture = Fixture::new();
    drop(fixture.migrate(&[MIGRATIONS[0], SECOND]).unwrap());
    let refused = fixture.migrate(FIRST).unwrap_err();
    assert!(matches!(refused, StorageError::Newer { found: 2, known: 1 }));
}

#[cfg(unix)]
#[test]
fn only_the_owner_may_read_the_copy() {
    use std::os::unix::fs::PermissionsExt;

    let fixture = Fixture::new();
    drop(fixture.migrate(&[MIGRATIONS[0], SECOND]).unwrap());
    let mode = fs::metadata(fixture.files.backup(1))
        .unwrap()
        .permissions()
        .mode()
        & 0o777;
    assert_eq!(mode, 0o600);
}
