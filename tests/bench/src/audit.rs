//! Adding to the audit: records with content, linked and sealed, beside as many plain rows in the same transactions.

use std::time::Instant;

use deskhand_storage::{
    AuditContent, Change, Durability, Keep, MasterKey, NewAuditRecord, OpenOptions, Store,
};
use uuid::Uuid;

use crate::figure::{Aim, Report};

const RECORDS: usize = 100_000;
/// Records of one transaction.
const BATCH: usize = 500;
/// 20,000 records in a second.
const MOST_MICROS: f64 = 50.0;
const SESSION: Uuid = Uuid::from_u128(0x5e55);

/// Microseconds of a record, and how many plain rows take as long.
pub(crate) async fn appending(report: &mut Report) {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(OpenOptions {
        folder: folder.path().to_owned(),
        deployment: None,
        master_key: MasterKey::new([7; 32]),
        text_of: |_| None,
        max_bytes: None,
    });
    let store = store.expect("a store");
    let create = Change::Create {
        at: 1,
        meta: Vec::new(),
    };
    write(&store, vec![create]).await;
    let begun = Instant::now();
    for batch in 0..RECORDS / BATCH {
        let records = (0..BATCH).map(|place| Change::Audit(record(batch * BATCH + place)));
        write(&store, records.collect()).await;
    }
    let sealed = begun.elapsed().as_secs_f64() / RECORDS as f64 * 1e6;
    let plain = plain(folder.path());
    report.add(
        "audit: a record, linked and sealed (us)",
        sealed,
        "us",
        Aim::AtMost(MOST_MICROS),
    );
    report.add("  records in a second", 1e6 / sealed, "", Aim::None);
    report.add("  a plain row of the same size (us)", plain, "us", Aim::None);
    report.add("  of a plain row", sealed / plain, "x", Aim::None);
    let begun = Instant::now();
    let verdict = store.verify_audit(Vec::new()).await.expect("a verdict");
    assert!(verdict.holds() && verdict.records == RECORDS as u64);
    let checked = begun.elapsed().as_secs_f64() / RECORDS as f64 * 1e6;
    report.add("  checking a record (us)", checked, "us", Aim::None);
}

async fn write(store: &Store, changes: Vec<Change>) {
    let written = store.write(SESSION, changes, Durability::Flushed).await;
    written.expect("written");
}

fn record(number: usize) -> NewAuditRecord {
    NewAuditRecord {
        content: Some(AuditContent {
            bytes: format!("What did we sell in block {number}?")
                .repeat(8)
                .into_bytes(),
            keep: Keep::Digest,
        }),
        ..NewAuditRecord::new(number as i64, text(number))
    }
}

fn text(number: usize) -> Vec<u8> {
    format!(
        r#"{{"v":1,"by":"excel","user":"ada","session":"{SESSION}","type":"toolCallStarted","turn":"{SESSION}","call":"toolu_{number}","tool":"range_read"}}"#
    )
    .into_bytes()
}

/// The same number of rows of the same size, in transactions of the same size, flushed as often.
fn plain(folder: &std::path::Path) -> f64 {
    let connection = rusqlite::Connection::open(folder.join("plain.db")).expect("a database");
    let settings = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
                    CREATE TABLE plain (number INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER, record BLOB, mark BLOB, link BLOB)";
    connection.execute_batch(settings).expect("a table");
    let begun = Instant::now();
    for batch in 0..RECORDS / BATCH {
        let transaction = connection.unchecked_transaction().expect("a transaction");
        let mut insert = transaction
            .prepare_cached(
                "INSERT INTO plain (at, record, mark, link) VALUES (?1, ?2, zeroblob(78), zeroblob(32))",
            )
            .expect("a statement");
        for place in 0..BATCH {
            let number = batch * BATCH + place;
            insert
                .execute((number as i64, text(number)))
                .expect("a row is added");
        }
        drop(insert);
        transaction.commit().expect("committed");
    }
    begun.elapsed().as_secs_f64() / RECORDS as f64 * 1e6
}
