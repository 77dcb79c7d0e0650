//! Numbers, cursors and folding.

use deskhand_storage::{Change, Durability, MAX_PAYLOAD, StorageError};
use pretty_assertions::assert_eq;
use uuid::Uuid;

use crate::support::{Fixture, SESSION, event, shown};

#[test]
fn carries_a_sqlite_newer_than_3_51_2() {
    let connection = rusqlite::Connection::open_in_memory().unwrap();
    let version: String = connection
        .query_row("SELECT sqlite_version()", [], |row| row.get(0))
        .unwrap();
    let numbers: Vec<u32> = version.split('.').map(|part| part.parse().unwrap()).collect();
    assert!(numbers > vec![3, 51, 2], "{version}");
}

#[tokio::test]
async fn numbers_start_at_one_and_go_on_after_a_restart() {
    let fixture = Fixture::new().await;
    assert_eq!(fixture.append(&["a", "b"]).await, [1, 2]);
    let fixture = fixture.reopen();
    assert_eq!(fixture.append(&["c"]).await, [3]);
    assert_eq!(
        shown(&fixture.store.read(SESSION, 0, 10).await.unwrap()),
        ["1..1 a", "2..2 b", "3..3 c"]
    );
    assert_eq!(fixture.store.session(SESSION).await.unwrap().last_seq, 3);
}

#[tokio::test]
async fn numbers_are_not_reused_after_folding() {
    let fixture = Fixture::new().await;
    fixture.append(&["a", "b", "c"]).await;
    fixture.fold(&[1, 2, 3], "abc").await.unwrap();
    assert_eq!(fixture.append(&["d"]).await, [4]);
}

#[tokio::test]
async fn a_cursor_anywhere_finds_what_it_misses() {
    let fixture = Fixture::new().await;
    // 1 prompt, deltas 2 4 5 of a message with a tool call at 3 between them, 6 the end of the turn.
    fixture.append(&["prompt", "x", "tool", "y", "z", "end"]).await;
    fixture.fold(&[2, 4, 5], "xyz").await.unwrap();
    let whole = "2..5 xyz";
    let replaced = "2..5 xyz*";
    let cases: &[(u64, &[&str])] = &[
        (0, &["1..1 prompt", "3..3 tool", whole, "6..6 end"]),
        (1, &["3..3 tool", whole, "6..6 end"]),
        (2, &["3..3 tool", replaced, "6..6 end"]),
        (3, &[replaced, "6..6 end"]),
        (4, &[replaced, "6..6 end"]),
        (5, &["6..6 end"]),
        (6, &[]),
        (u64::MAX, &[]),
    ];
    for (after, expected) in cases {
        let events = fixture.store.read(SESSION, *after, 100).await.unwrap();
        assert_eq!(shown(&events), *expected, "after {after}");
        let mut paged = Vec::new();
        let mut cursor = *after;
        while let Some(event) = fixture.store.read(SESSION, cursor, 1).await.unwrap().pop() {
            cursor = event.seq;
            paged.push(event.seq);
        }
        assert_eq!(
            paged,
            events.iter().map(|event| event.seq).collect::<Vec<_>>(),
            "page by page after {after}"
        );
    }
}

#[tokio::test]
async fn a_folded_event_can_be_folded_again() {
    let fixture = Fixture::new().await;
    fixture.append(&["a", "b", "c", "d"]).await;
    fixture.fold(&[1, 2], "ab").await.unwrap();
    fixture.fold(&[2, 3, 4], "abcd").await.unwrap();
    assert_eq!(
        shown(&fixture.store.read(SESSION, 0, 10).await.unwrap()),
        ["1..4 abcd"]
    );
}

#[tokio::test]
async fn refuses_to_fold_what_is_not_there_and_keeps_everything() {
    let fixture = Fixture::new().await;
    fixture.append(&["a", "b", "c"]).await;
    fixture.fold(&[2, 3], "bc").await.unwrap();
    let cases: &[&[u64]] = &[
        &[],
        &[4],
        &[0, 1],
        &[3, 1],
        &[1, 1],
        &[1, 2, 3],
        &[1, 4],
        &[u64::MAX],
    ];
    for seqs in cases {
        assert!(fixture.fold(seqs, "no").await.is_err(), "{seqs:?}");
    }
    assert_eq!(
        shown(&fixture.store.read(SESSION, 0, 10).await.unwrap()),
        ["1..1 a", "2..3 bc"]
    );
}

#[tokio::test]
async fn a_job_happens_as_a_whole_or_not_at_all() {
    let fixture = Fixture::new().await;
    let job = vec![
        Change::Append(event("kept?")),
        Change::Fold {
            seqs: vec![9],
            event: event("no"),
        },
    ];
    let refused = fixture.store.write(SESSION, job, Durability::Flushed).await;
    assert!(matches!(refused, Err(StorageError::BadFold)));
    assert_eq!(fixture.append(&["first"]).await, [1]);
    assert_eq!(
        shown(&fixture.store.read(SESSION, 0, 10).await.unwrap()),
        ["1..1 first"]
    );
}

#[tokio::test]
async fn a_refused_job_takes_no_other_job_of_its_batch_along() {
    let fixture = Fixture::new().await;
    let jobs = (0..200).map(|number| {
        let store = fixture.store.clone();
        tokio::spawn(async move {
            let session = if number % 3 == 0 {
                Uuid::from_u128(404)
            } else {
                SESSION
            };
            store.append(session, vec![event("e")], Durability::Written).await
        })
    });
    let mut seqs = Vec::new();
    let mut refused = 0;
    for job in jobs.collect::<Vec<_>>() {
        match job.await.unwrap() {
            Ok(numbers) => seqs.extend(numbers),
            Err(error) => {
                assert_eq!(error.code(), "SESSION_UNKNOWN");
                refused += 1;
            }
        }
    }
    seqs.sort_unstable();
    assert_eq!(refused, 67);
    assert_eq!(seqs, (1..=133).collect::<Vec<_>>());
}

#[tokio::test]
async fn refuses_a_payload_above_the_cap() {
    let fixture = Fixture::new().await;
    let mut large = event("");
    large.payload = vec![b' '; MAX_PAYLOAD + 1];
    let refused = fixture
        .store
        .append(SESSION, vec![large], Durability::Written)
        .await
        .unwrap_err();
    assert_eq!(refused.code(), "TOO_LARGE");
}

#[tokio::test]
async fn pages_are_bounded_in_bytes() {
    let fixture = Fixture::new().await;
    let mut large = event("");
    large.payload = vec![b' '; MAX_PAYLOAD];
    for _ in 0..5 {
        fixture
            .store
            .append(SESSION, vec![large.clone()], Durability::Written)
            .await
            .unwrap();
    }
    let page = fixture.store.read(SESSION, 0, 100).await.unwrap();
    assert_eq!(page.len(), 2);
}

#[tokio::test]
async fn lists_sessions_by_their_latest_change() {
    let fixture = Fixture::new().await;
    let other = Uuid::from_u128(2);
    let create = Change::Create {
        at: 500,
        meta: b"other".to_vec(),
    };
    fixture
        .store
        .write(other, vec![create.clone()], Durability::Flushed)
        .await
        .unwrap();
    let again = fixture
        .store
        .write(other, vec![create], Durability::Flushed)
        .await
        .unwrap_err();
    assert_eq!(again.code(), "SESSION_EXISTS");
    fixture.append(&["now at 1000"]).await;
    let ids =
        |sessions: Vec<deskhand_storage::Session>| sessions.into_iter().map(|one| one.id).collect::<Vec<_>>();
    assert_eq!(ids(fixture.store.sessions(10).await.unwrap()), [SESSION, other]);
    let rename = Change::SetMeta {
        at: 2_000,
        meta: b"renamed".to_vec(),
    };
    fixture
        .store
        .write(other, vec![rename], Durability::Flushed)
        .await
        .unwrap();
    let sessions = fixture.store.sessions(1).await.unwrap();
    assert_eq!(
        (sessions[0].id, sessions[0].meta.as_slice()),
        (other, b"renamed".as_slice())
    );
}

#[tokio::test]
async fn readers_see_whole_jobs_while_the_writer_works() {
    let fixture = Fixture::new().await;
    let store = fixture.store.clone();
    let writer = tokio::spawn(async move {
        for _ in 0..200 {
            let job = vec![event("x"), event("y"), event("z")];
            store.append(SESSION, job, Durability::Written).await.unwrap();
        }
    });
    let readers = (0..4).map(|_| {
        let store = fixture.store.clone();
        tokio::spawn(async move {
            let mut seen = 0;
            while seen < 600 {
                let events = store.read(SESSION, 0, 1_000).await.unwrap();
                assert_eq!(events.len() % 3, 0, "half a job was seen");
                assert!(events.len() >= seen, "events went away");
                assert!(events.iter().zip(1..).all(|(event, seq)| event.seq == seq));
                seen = events.len();
            }
        })
    });
    for reader in readers.collect::<Vec<_>>() {
        reader.await.unwrap();
    }
    writer.await.unwrap();
}

#[tokio::test]
async fn exports_a_session_as_json_lines() {
    let fixture = Fixture::new().await;
    fixture.append(&[r#"{"text":"a\nb"}"#, "{}", "{\n}"]).await;
    fixture.fold(&[1, 2], r#"{"text":1.50}"#).await.unwrap();
    let mut out = Vec::new();
    fixture.store.export(SESSION, &mut out).await.unwrap();
    let text = String::from_utf8(out).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        lines[1..],
        [
            r#"{"firstSeq":1,"seq":2,"at":1000,"schema":1,"payload":{"text":1.50}}"#,
            r#"{"firstSeq":3,"seq":3,"at":1000,"schema":1,"payload":{ }}"#,
        ]
    );
    let head: serde_json::Value = serde_json::from_str(lines[0]).unwrap();
    assert_eq!(head["session"], SESSION.to_string());
}
