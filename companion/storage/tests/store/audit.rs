//! The audit chain: what checking it finds, what anchors add, and what is dropped and kept.

use deskhand_storage::{
    AnchorFault, AuditAnchor, AuditContent, AuditFault, AuditReader, AuditVerdict, Change, Durability, Keep,
    MasterKey, NewAuditRecord, StorageError, StoreChange,
};
use pretty_assertions::assert_eq;

use crate::support::{Fixture, MASTER, SESSION, event, open};

async fn chain(records: u64) -> Fixture {
    let fixture = Fixture::new().await;
    add(&fixture, 1..=records).await;
    fixture
}

/// Adds records that were written at the time of their number.
async fn add(fixture: &Fixture, numbers: impl Iterator<Item = u64>) {
    let changes = numbers.map(|number| {
        let record = format!("did {number}").into_bytes();
        StoreChange::Audit(NewAuditRecord::new(number.cast_signed(), record))
    });
    fixture.store.write_store(changes.collect()).await.unwrap();
}

async fn verdict(fixture: &Fixture) -> AuditVerdict {
    fixture.store.verify_audit(Vec::new()).await.unwrap()
}

async fn anchor(fixture: &Fixture) -> AuditAnchor {
    fixture.store.audit_head(99).await.unwrap().unwrap()
}

async fn with_content(fixture: &Fixture, at: i64, bytes: &[u8], keep: Keep) {
    let record = NewAuditRecord {
        content: Some(AuditContent {
            bytes: bytes.to_vec(),
            keep,
        }),
        ..NewAuditRecord::new(at, b"said".to_vec())
    };
    let changes = vec![Change::Audit(record)];
    fixture
        .store
        .write(SESSION, changes, Durability::Flushed)
        .await
        .unwrap();
}

#[tokio::test]
async fn an_untouched_chain_holds_through_restarts() {
    let fixture = chain(20).await.reopen();
    let changes = vec![
        Change::Audit(NewAuditRecord::new(21, b"did 21".to_vec())),
        Change::Append(event("x")),
    ];
    fixture
        .store
        .write(SESSION, changes, Durability::Flushed)
        .await
        .unwrap();
    let verdict = verdict(&fixture).await;
    assert_eq!((verdict.faults.as_slice(), verdict.records), ([].as_slice(), 21));
    let records = reader(&fixture).records(19, 10).unwrap();
    let texts: Vec<_> = records
        .iter()
        .map(|record| (record.number, record.record.as_slice()))
        .collect();
    assert_eq!(texts, [(20, b"did 20".as_slice()), (21, b"did 21")]);
    let head = anchor(&fixture).await;
    assert_eq!((head.number, head.link), (21, records[1].link));
}

#[tokio::test]
async fn an_empty_chain_holds_and_has_no_head() {
    let fixture = Fixture::new().await;
    let verdict = verdict(&fixture).await;
    assert_eq!((verdict.last, verdict.faults), (None, vec![]));
    assert_eq!(fixture.store.audit_head(1).await.unwrap(), None);
}

#[tokio::test]
async fn a_record_above_its_cap_is_refused_with_its_job() {
    let fixture = chain(1).await;
    let record = NewAuditRecord::new(2, vec![b'x'; deskhand_storage::MAX_RECORD + 1]);
    let refused = fixture.store.write_store(vec![StoreChange::Audit(record)]).await;
    assert!(matches!(refused, Err(StorageError::TooLarge { .. })));
    assert_eq!(verdict(&fixture).await.records, 1);
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
async fn names_each_record_that_was_touched() {
    use AuditFault::{Altered, Cut, Foreign, Head, Missing, Moved};
    let cases: [(&str, &str, &[AuditFault]); 18] = [
        (
            "edited",
            "UPDATE audit SET sealed = zeroblob(40) WHERE number = 5",
            &[Altered(5)],
        ),
        (
            "made enormous",
            "UPDATE audit SET sealed = zeroblob(9000000) WHERE number = 5",
            &[Altered(5)],
        ),
        (
            "re-dated",
            "UPDATE audit SET at = 99 WHERE number = 5",
            &[Altered(5)],
        ),
        (
            "link forged",
            "UPDATE audit SET link = zeroblob(32) WHERE number = 5",
            &[Altered(5)],
        ),
        (
            "two edited",
            "UPDATE audit SET sealed = zeroblob(40) WHERE number IN (3, 8)",
            &[Altered(3), Altered(8)],
        ),
        ("removed", "DELETE FROM audit WHERE number = 5", &[Missing(5, 5)]),
        (
            "first removed",
            "DELETE FROM audit WHERE number <= 2",
            &[Missing(1, 2)],
        ),
        ("tail cut", "DELETE FROM audit WHERE number > 7", &[Cut(8, 10)]),
        (
            "tail cut and counter set back",
            "DELETE FROM audit WHERE number > 7; UPDATE sqlite_sequence SET seq = 7 WHERE name = 'audit'",
            &[Cut(8, 10)],
        ),
        ("all removed", "DELETE FROM audit", &[Cut(1, 10)]),
        (
            "all removed with every trace of the end",
            "DELETE FROM audit; DELETE FROM sqlite_sequence; DELETE FROM settings WHERE name = 'audit.head'",
            &[Head],
        ),
        (
            "the end altered",
            "UPDATE settings SET sealed = zeroblob(60) WHERE name = 'audit.head'",
            &[Head],
        ),
        (
            "negative number",
            "UPDATE audit SET number = -5 WHERE number = 5",
            &[Foreign(-5), Missing(5, 5)],
        ),
        (
            "content taken from another",
            "UPDATE audit SET sealed = (SELECT sealed FROM audit WHERE number = 6) WHERE number = 5",
            &[Moved(5, 6)],
        ),
        (
            "two swapped",
            "UPDATE audit SET number = -6 WHERE number = 6; UPDATE audit SET number = 6 WHERE number = 5;
             UPDATE audit SET number = 5 WHERE number = -6",
            &[Moved(5, 6), Moved(6, 5)],
        ),
        (
            "removed and renumbered",
            "DELETE FROM audit WHERE number = 8; UPDATE audit SET number = number - 1 WHERE number > 8",
            &[Cut(10, 10), Moved(8, 9), Moved(9, 10)],
        ),
        (
            "one more forged",
            "INSERT INTO audit (number, at, sealed, sealed_content, link) SELECT 11, at, sealed, sealed_content, link FROM audit WHERE number = 10",
            &[Head, Moved(11, 10)],
        ),
        (
            "a mark of content put to a record that had none",
            "UPDATE audit SET sealed_content = zeroblob(78) WHERE number = 5",
            &[Altered(5)],
        ),
    ];
    for (name, meddling, expected) in cases {
        let fixture = chain(10).await;
        fixture.sql().execute_batch(meddling).unwrap();
        let mut faults = verdict(&fixture).await.faults;
        faults.sort_by_key(|fault| format!("{fault:?}"));
        assert_eq!(faults, expected, "{name}");
    }
}

#[tokio::test]
async fn a_cut_tail_does_not_grow_together_again() {
    for counter in ["", "; UPDATE sqlite_sequence SET seq = 7 WHERE name = 'audit'"] {
        let fixture = chain(10).await;
        let cut = format!("DELETE FROM audit WHERE number > 7{counter}");
        fixture.sql().execute_batch(&cut).unwrap();
        add(&fixture, 11..=12).await;
        assert_eq!(verdict(&fixture).await.faults, [AuditFault::Missing(8, 10)]);
    }
}

#[tokio::test]
async fn a_chain_whose_end_was_lost_goes_on_visibly_broken() {
    let fixture = chain(10).await;
    let lost =
        "DELETE FROM audit; DELETE FROM sqlite_sequence; DELETE FROM settings WHERE name = 'audit.head'";
    fixture.sql().execute_batch(lost).unwrap();
    add(&fixture, 1..=3).await;
    assert_eq!(verdict(&fixture).await.faults, [AuditFault::Altered(1)]);
}

#[tokio::test]
async fn many_faults_are_counted_and_few_are_named() {
    let fixture = chain(300).await;
    fixture
        .sql()
        .execute_batch("UPDATE audit SET sealed = zeroblob(40)")
        .unwrap();
    let verdict = verdict(&fixture).await;
    assert_eq!((verdict.faults.len(), verdict.more_faults), (100, 200));
}

#[tokio::test]
async fn anchors_agree_with_an_untouched_chain() {
    let fixture = chain(10).await;
    let first = anchor(&fixture).await;
    add(&fixture, 11..=15).await;
    let second = anchor(&fixture).await;
    add(&fixture, 16..=17).await;
    let verdict = fixture.store.verify_audit(vec![second, first]).await.unwrap();
    assert!(verdict.holds());
    assert_eq!(
        (verdict.anchors.agreed, verdict.anchors.newest),
        (2, Some(second))
    );
}

/// A database that was put back as a whole contradicts nothing in itself.
#[tokio::test]
async fn only_an_anchor_shows_that_an_older_copy_was_put_back() {
    let fixture = chain(10).await;
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("older.db");
    fixture
        .sql()
        .execute("VACUUM INTO ?1", [copy.to_string_lossy()])
        .unwrap();
    add(&fixture, 11..=15).await;
    let anchored = anchor(&fixture).await;
    let Fixture { folder, store } = fixture;
    drop(store);
    std::fs::copy(&copy, folder.path().join("local.db")).unwrap();
    let store = open(folder.path()).unwrap();
    let fixture = Fixture { folder, store };
    assert_eq!(verdict(&fixture).await.faults, []);
    let found = fixture.store.verify_audit(vec![anchored]).await.unwrap();
    assert_eq!(found.anchors.faults, [AnchorFault::Gone(anchored)]);
    // Grown again to the same length, it is another chain.
    add(&fixture, 111..=115).await;
    assert_eq!(verdict(&fixture).await.faults, []);
    let found = fixture.store.verify_audit(vec![anchored]).await.unwrap();
    assert_eq!(found.anchors.faults, [AnchorFault::Differs(anchored)]);
}

#[tokio::test]
async fn anchors_of_other_chains_alone_are_a_fault() {
    let fixture = chain(3).await;
    let foreign = AuditAnchor {
        chain: SESSION,
        ..anchor(&fixture).await
    };
    let found = fixture.store.verify_audit(vec![foreign]).await.unwrap();
    assert_eq!(found.anchors.faults, [AnchorFault::OtherChain(1)]);
    // A collector keeps those of many computers.
    let both = vec![foreign, anchor(&fixture).await];
    let found = fixture.store.verify_audit(both).await.unwrap();
    assert!(found.holds());
    assert_eq!((found.anchors.agreed, found.anchors.others), (1, 1));
    let other = tempfile::tempdir().unwrap();
    let other = open(other.path())
        .unwrap()
        .verify_audit(Vec::new())
        .await
        .unwrap();
    assert_ne!(other.chain, found.chain, "each database has a chain of its own");
}

#[tokio::test]
async fn dropping_old_records_leaves_a_chain_that_holds() {
    let fixture = chain(10).await;
    let (old, anchored) = (anchor(&fixture).await, reader(&fixture).records(5, 1).unwrap());
    add(&fixture, 11..=20).await;
    let through = fixture.store.audit_before(7).await.unwrap();
    assert_eq!(through, Some(6));
    let drop = vec![
        StoreChange::DropAudit { through: 6 },
        StoreChange::Audit(NewAuditRecord::new(21, b"dropped 6".to_vec())),
    ];
    fixture.store.write_store(drop).await.unwrap();
    let dropped = AuditAnchor { number: 2, ..old };
    let edge = AuditAnchor {
        number: 6,
        link: anchored[0].link,
        ..old
    };
    let verdict = fixture
        .store
        .verify_audit(vec![old, dropped, edge])
        .await
        .unwrap();
    assert!(verdict.holds());
    assert_eq!((verdict.first, verdict.records), (7, 15));
    assert_eq!((verdict.anchors.agreed, verdict.anchors.dropped), (2, 1));
}

#[tokio::test]
async fn the_beginning_after_a_drop_cannot_be_moved() {
    use AuditFault::{Checkpoint, Foreign, Missing};
    let cases: [(&str, &str, &[AuditFault]); 4] = [
        (
            "more removed",
            "DELETE FROM audit WHERE number = 5",
            &[Missing(5, 5)],
        ),
        (
            "the checkpoint removed",
            "DELETE FROM settings WHERE name = 'audit.checkpoint'",
            &[Missing(1, 4)],
        ),
        (
            "the checkpoint altered",
            "UPDATE settings SET sealed = zeroblob(60) WHERE name = 'audit.checkpoint'",
            &[Checkpoint, Missing(1, 4)],
        ),
        (
            "a dropped one put back",
            "INSERT INTO audit (number, at, sealed, sealed_content, link)
             SELECT 2, at, sealed, sealed_content, link FROM audit WHERE number = 5",
            &[Foreign(2)],
        ),
    ];
    for (name, meddling, expected) in cases {
        let fixture = chain(10).await;
        fixture
            .store
            .write_store(vec![StoreChange::DropAudit { through: 4 }])
            .await
            .unwrap();
        fixture.sql().execute_batch(meddling).unwrap();
        assert_eq!(verdict(&fixture).await.faults, expected, "{name}");
    }
}

#[tokio::test]
async fn the_newest_record_is_never_dropped() {
    let fixture = chain(10).await;
    assert_eq!(fixture.store.audit_before(1).await.unwrap(), None);
    assert_eq!(fixture.store.audit_before(1_000).await.unwrap(), Some(9));
    for through in [0, 10, 11] {
        let refused = fixture
            .store
            .write_store(vec![StoreChange::DropAudit { through }])
            .await;
        assert!(matches!(refused, Err(StorageError::NoRecord(_))), "{through}");
    }
    assert_eq!(verdict(&fixture).await.records, 10);
    assert_eq!(
        Fixture::new().await.store.audit_before(1_000).await.unwrap(),
        None
    );
}

#[tokio::test]
async fn content_is_known_by_a_digest_of_its_session() {
    let fixture = Fixture::new().await;
    with_content(&fixture, 1, b"a prompt", Keep::Digest).await;
    with_content(&fixture, 2, b"a prompt", Keep::Whole).await;
    let reader = reader(&fixture);
    let records = reader.records(0, 10).unwrap();
    for (record, kept) in records.iter().zip([false, true]) {
        let mark = record.content.unwrap();
        assert_eq!((mark.length, mark.kept), (8, kept));
        assert_eq!(reader.is_content(record, b"a prompt").unwrap(), Some(true));
        assert_eq!(reader.is_content(record, b"another").unwrap(), Some(false));
        let of_store = fixture.store.audit_digest(b"a prompt");
        assert_ne!(mark.digest, of_store, "each session has a key of its own");
    }
    let content = |number| reader.content(number);
    assert_eq!(content(1).unwrap(), None);
    assert_eq!(content(2).unwrap().as_deref(), Some(b"a prompt".as_slice()));
    assert!(verdict(&fixture).await.holds());
}

#[tokio::test]
async fn kept_content_that_was_touched_is_named() {
    let cases = [
        "DELETE FROM audit_contents WHERE number = 2",
        "UPDATE audit_contents SET sealed = zeroblob(40) WHERE number = 2",
        "UPDATE audit_contents SET sealed = (SELECT sealed FROM audit_contents WHERE number = 1) WHERE number = 2",
        "UPDATE audit_contents SET session = NULL WHERE number = 2",
    ];
    for meddling in cases {
        let fixture = Fixture::new().await;
        with_content(&fixture, 1, b"one", Keep::Whole).await;
        with_content(&fixture, 2, b"two", Keep::Whole).await;
        fixture.sql().execute_batch(meddling).unwrap();
        assert_eq!(
            verdict(&fixture).await.faults,
            [AuditFault::Content(2)],
            "{meddling}"
        );
    }
}

#[tokio::test]
async fn content_goes_with_its_session_and_the_chain_holds() {
    let fixture = Fixture::new().await;
    with_content(&fixture, 1, b"a prompt", Keep::Whole).await;
    fixture.store.delete(SESSION).await.unwrap();
    assert!(verdict(&fixture).await.holds());
    assert_eq!(reader(&fixture).content(1).unwrap(), None);
    let reader = reader(&fixture);
    let record = &reader.records(0, 1).unwrap()[0];
    assert_eq!(record.content.unwrap().length, 8);
    assert_eq!(reader.is_content(record, b"a prompt").unwrap(), None);
}

/// The service may be the one who lies, or not run: the audit is read beside it.
#[tokio::test]
async fn the_audit_is_read_while_the_store_is_open_and_while_it_is_not() {
    let fixture = chain(5).await;
    let read = reader(&fixture);
    assert_eq!(
        (read.records(0, 9).unwrap().len(), read.since(4).unwrap()),
        (5, Some(4))
    );
    add(&fixture, 6..=6).await;
    assert_eq!(read.verify(Vec::new()).unwrap().records, 6);
    drop(read);
    let Fixture { folder, store } = fixture;
    drop(store);
    let read = AuditReader::open(folder.path(), None, MasterKey::new(MASTER))
        .unwrap()
        .unwrap();
    assert_eq!(read.verify(Vec::new()).unwrap().records, 6);
    let nowhere = tempfile::tempdir().unwrap();
    assert!(
        AuditReader::open(nowhere.path(), None, MasterKey::new(MASTER))
            .unwrap()
            .is_none()
    );
    let wrong = AuditReader::open(folder.path(), None, MasterKey::new([8; 32])).unwrap_err();
    assert_eq!(wrong.code(), "DB_WRONG_KEY");
}

#[tokio::test]
async fn the_reader_migrates_nothing() {
    let fixture = chain(1).await;
    for (version, code) in [(2, "DB_OLDER"), (999, "DB_NEWER")] {
        fixture
            .sql()
            .execute_batch(&format!("PRAGMA user_version = {version}"))
            .unwrap();
        let refused = AuditReader::open(fixture.folder.path(), None, MasterKey::new(MASTER)).unwrap_err();
        assert_eq!(refused.code(), code);
    }
}

/// Records of a schema before heads were written without one.
#[tokio::test]
async fn a_chain_of_an_older_schema_goes_on_under_a_head() {
    let fixture = chain(5).await;
    let older = "DELETE FROM settings WHERE name = 'audit.head'; DROP TABLE audit_contents;
                 ALTER TABLE audit DROP COLUMN sealed_content; PRAGMA user_version = 2";
    fixture.sql().execute_batch(older).unwrap();
    let fixture = fixture.reopen();
    add(&fixture, 6..=6).await;
    let verdict = verdict(&fixture).await;
    assert_eq!((verdict.faults.as_slice(), verdict.records), ([].as_slice(), 6));
}

fn reader(fixture: &Fixture) -> AuditReader {
    let opened = AuditReader::open(fixture.folder.path(), None, MasterKey::new(MASTER));
    opened.unwrap().unwrap()
}

#[tokio::test]
async fn content_above_the_cap_is_known_but_not_kept() {
    let fixture = Fixture::new().await;
    let large = vec![b'x'; deskhand_storage::MAX_KEPT + 1];
    with_content(&fixture, 1, &large, Keep::Whole).await;
    let mark = reader(&fixture).records(0, 1).unwrap()[0].content.unwrap();
    assert_eq!((mark.length, mark.kept), (large.len() as u64, false));
}
