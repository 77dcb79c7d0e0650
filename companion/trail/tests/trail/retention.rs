//! Dropping old records: the chain holds afterwards, and nothing is dropped that shows a fault.

use deskhand_trail::{Content, Swept, sweep};
use pretty_assertions::assert_eq;

use crate::support::{DAY, Fixture};

#[tokio::test]
async fn old_records_are_dropped_and_the_chain_holds() {
    let fixture = Fixture::new(Content::Hashed).await;
    for day in 0..10 {
        fixture.note(day * DAY).await;
    }
    let swept = sweep(&fixture.trail, 10 * DAY, 4).await.unwrap();
    assert_eq!(swept, Swept::Through(6));
    let verdict = fixture.reader().verify(Vec::new()).unwrap();
    assert!(verdict.holds());
    assert_eq!(
        (verdict.first, verdict.records),
        (7, 5),
        "four days, and that it was done"
    );
    let last = fixture.reader().records(10, 9).unwrap();
    let text = String::from_utf8(last[0].record.clone()).unwrap();
    assert!(
        text.contains(r#""type":"auditSwept","through":6,"days":4"#),
        "{text}"
    );
    let again = sweep(&fixture.trail, 10 * DAY, 4).await.unwrap();
    assert_eq!(again, Swept::Nothing);
}

#[tokio::test]
async fn nothing_is_dropped_from_a_chain_at_fault() {
    let fixture = Fixture::new(Content::Hashed).await;
    for day in 0..10 {
        fixture.note(day * DAY).await;
    }
    let sql = rusqlite_of(&fixture);
    sql.execute_batch("UPDATE audit SET at = at + 1 WHERE number = 2")
        .unwrap();
    let swept = sweep(&fixture.trail, 10 * DAY, 4).await.unwrap();
    assert_eq!(swept, Swept::AtFault(1));
    let verdict = fixture.reader().verify(Vec::new()).unwrap();
    assert_eq!((verdict.first, verdict.last), (1, Some(11)));
}

fn rusqlite_of(fixture: &Fixture) -> rusqlite::Connection {
    rusqlite::Connection::open(fixture.folder.path().join("local.db")).unwrap()
}
