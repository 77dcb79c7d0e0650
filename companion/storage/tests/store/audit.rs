//! The audit chain: what checking it finds.

use deskhand_storage::{AuditFault, Change, Durability, StoreChange};
use pretty_assertions::assert_eq;

use crate::support::{Fixture, SESSION, event};

async fn chain(records: u64) -> Fixture {
    let fixture = Fixture::new().await;
    let changes = (1..=records)
        .map(|number| StoreChange::Audit {
            at: number.cast_signed(),
            record: format!("did {number}").into_bytes(),
        })
        .collect();
    fixture.store.write_store(changes).await.unwrap();
    fixture
}

#[tokio::test]
async fn an_untouched_chain_holds_through_restarts() {
    let fixture = chain(20).await.reopen();
    let change = Change::Audit {
        at: 21,
        record: b"did 21".to_vec(),
    };
    fixture
        .store
        .write(
            SESSION,
            vec![change, Change::Append(event("x"))],
            Durability::Flushed,
        )
        .await
        .unwrap();
    let verdict = fixture.store.verify_audit().await.unwrap();
    assert_eq!((verdict.head.unwrap().0, verdict.fault), (21, None));
    let records = fixture.store.audit(19, 10).await.unwrap();
    let texts: Vec<_> = records
        .iter()
        .map(|record| (record.number, record.record.as_slice()))
        .collect();
    assert_eq!(texts, [(20, b"did 20".as_slice()), (21, b"did 21")]);
    assert_eq!(verdict.head.unwrap().1, records[1].link);
}

#[tokio::test]
async fn an_empty_chain_holds() {
    let fixture = Fixture::new().await;
    let verdict = fixture.store.verify_audit().await.unwrap();
    assert_eq!((verdict.head, verdict.fault), (None, None));
}

#[tokio::test]
async fn names_the_first_record_that_was_touched() {
    use AuditFault::{Altered, Missing};
    let cases = [
        (
            "edited",
            "UPDATE audit SET sealed = zeroblob(40) WHERE number = 5",
            Altered(5),
        ),
        (
            "re-dated",
            "UPDATE audit SET at = 99 WHERE number = 5",
            Altered(5),
        ),
        (
            "link forged",
            "UPDATE audit SET link = zeroblob(32) WHERE number = 5",
            Altered(5),
        ),
        ("removed", "DELETE FROM audit WHERE number = 5", Missing(5)),
        ("first removed", "DELETE FROM audit WHERE number = 1", Missing(1)),
        ("tail cut", "DELETE FROM audit WHERE number > 7", Missing(8)),
        ("all removed", "DELETE FROM audit", Missing(1)),
        (
            "negative number",
            "UPDATE audit SET number = -5 WHERE number = 5",
            Altered(1),
        ),
        (
            "content taken from another",
            "UPDATE audit SET sealed = (SELECT sealed FROM audit WHERE number = 6) WHERE number = 5",
            Altered(5),
        ),
        (
            "two swapped",
            "UPDATE audit SET number = -6 WHERE number = 6; UPDATE audit SET number = 6 WHERE number = 5;
             UPDATE audit SET number = 5 WHERE number = -6",
            Altered(5),
        ),
        (
            "removed and renumbered",
            "DELETE FROM audit WHERE number = 5; UPDATE audit SET number = number - 1 WHERE number > 5",
            Altered(5),
        ),
    ];
    for (name, meddling, expected) in cases {
        let fixture = chain(10).await;
        fixture.sql().execute_batch(meddling).unwrap();
        let verdict = fixture.store.verify_audit().await.unwrap();
        assert_eq!(verdict.fault, Some(expected), "{name}");
    }
}

#[tokio::test]
async fn a_cut_tail_does_not_grow_together_again() {
    let fixture = chain(10).await;
    fixture
        .sql()
        .execute_batch("DELETE FROM audit WHERE number > 7")
        .unwrap();
    let more = vec![StoreChange::Audit {
        at: 11,
        record: b"after the cut".to_vec(),
    }];
    fixture.store.write_store(more).await.unwrap();
    let verdict = fixture.store.verify_audit().await.unwrap();
    assert_eq!(verdict.fault, Some(AuditFault::Missing(8)));
}
