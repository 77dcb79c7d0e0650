//! Blobs, approvals, tokens and settings.

use deskhand_storage::{ApprovalAnswer, BlobHash, Change, Durability, PaneToken, StoreChange};
use pretty_assertions::assert_eq;
use uuid::Uuid;

use crate::support::{Fixture, SESSION};

async fn write(fixture: &Fixture, changes: Vec<Change>) -> Result<Vec<u64>, &'static str> {
    fixture
        .store
        .write(SESSION, changes, Durability::Flushed)
        .await
        .map_err(|error| error.code())
}

#[tokio::test]
async fn blobs_are_kept_once_and_come_back_whole() {
    let fixture = Fixture::new().await;
    for size in [0, 1, 1 << 20, (1 << 20) + 1, 3_500_000] {
        let content: Vec<u8> = (0..size).map(|at: usize| (at * 31 % 251) as u8).collect();
        write(
            &fixture,
            vec![Change::PutBlob(content.clone()), Change::PutBlob(content.clone())],
        )
        .await
        .unwrap();
        let stored = fixture.store.blob(SESSION, BlobHash::of(&content)).await.unwrap();
        assert!(stored == Some(content), "{size} bytes");
    }
    let rows: i64 = fixture
        .sql()
        .query_row("SELECT count(*) FROM blobs", [], |row| row.get(0))
        .unwrap();
    assert_eq!(rows, 5);
    let held = fixture.store.journal_bytes().await.unwrap();
    assert_eq!(
        held,
        1 + (1 << 20) + (1 << 20) + 1 + 3_500_000,
        "each is counted once"
    );
    write(
        &fixture,
        vec![Change::PutJournal {
            key: "k".to_owned(),
            value: vec![7; 1_000],
            open: false,
        }],
    )
    .await
    .unwrap();
    let held = fixture.store.journal_bytes().await.unwrap() - held;
    assert!((1_000..1_100).contains(&held), "{held} with its seal");
    assert_eq!(
        fixture
            .store
            .blob(SESSION, BlobHash::of(b"unknown"))
            .await
            .unwrap(),
        None
    );
}

#[tokio::test]
async fn a_blob_with_a_chunk_missing_or_moved_is_refused() {
    let meddlings = [
        "DELETE FROM blob_chunks WHERE position = 1",
        "DELETE FROM blob_chunks",
        "UPDATE blob_chunks SET position = 2 - position WHERE position <> 1",
        "UPDATE blobs SET size = size - 1",
    ];
    for meddling in meddlings {
        let fixture = Fixture::new().await;
        let content = vec![3_u8; 2_500_000];
        write(&fixture, vec![Change::PutBlob(content.clone())])
            .await
            .unwrap();
        let sql = fixture.sql();
        sql.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
        if sql.execute(meddling, []).is_err() {
            sql.execute_batch(
                "UPDATE blob_chunks SET position = position + 10;
                 UPDATE blob_chunks SET position = 12 - position;",
            )
            .unwrap();
        }
        let refused = fixture
            .store
            .blob(SESSION, BlobHash::of(&content))
            .await
            .unwrap_err();
        assert_eq!(refused.code(), "DB_CORRUPT", "{meddling}");
    }
}

#[tokio::test]
async fn the_first_answer_to_an_approval_wins() {
    let fixture = Fixture::new().await;
    let id = Uuid::from_u128(9);
    let request = b"overwrite B2:B9".to_vec();
    write(
        &fixture,
        vec![Change::OpenApproval {
            id,
            at: 10,
            request: request.clone(),
        }],
    )
    .await
    .unwrap();
    let fixture = fixture.reopen();
    let answers = (0..8_u8).map(|number| {
        let store = fixture.store.clone();
        let answer = ApprovalAnswer {
            at: 20,
            record: vec![number],
        };
        tokio::spawn(async move {
            let settle = Change::SettleApproval { id, answer };
            store
                .write(SESSION, vec![settle], Durability::Flushed)
                .await
                .map_err(|error| error.code())
        })
    });
    let mut winners = Vec::new();
    for (number, answer) in answers.collect::<Vec<_>>().into_iter().enumerate() {
        match answer.await.unwrap() {
            Ok(_) => winners.push(number as u8),
            Err(code) => assert_eq!(code, "APPROVAL_SETTLED"),
        }
    }
    assert_eq!(winners.len(), 1);
    let approvals = fixture.store.approvals(SESSION).await.unwrap();
    assert_eq!(approvals[0].request, request);
    assert_eq!(
        approvals[0].answer,
        Some(ApprovalAnswer {
            at: 20,
            record: winners
        })
    );
}

#[tokio::test]
async fn an_answer_needs_a_request() {
    let fixture = Fixture::new().await;
    let answer = ApprovalAnswer {
        at: 1,
        record: Vec::new(),
    };
    let settle = Change::SettleApproval {
        id: Uuid::from_u128(9),
        answer,
    };
    assert_eq!(write(&fixture, vec![settle]).await, Err("RECORD_UNKNOWN"));
}

#[tokio::test]
async fn a_token_is_found_by_its_hash_until_it_is_revoked() {
    let fixture = Fixture::new().await;
    let token = |number: u8| PaneToken {
        id: format!("t{number}"),
        hash: [number; 32],
        record: vec![number],
    };
    for number in [2, 1] {
        fixture
            .store
            .write_store(vec![StoreChange::PutToken(token(number))])
            .await
            .unwrap();
    }
    let fixture = fixture.reopen();
    assert_eq!(fixture.store.token([9; 32]).await.unwrap(), None);
    assert_eq!(fixture.store.token([1; 32]).await.unwrap(), Some(token(1)));
    assert_eq!(fixture.store.tokens().await.unwrap(), [token(2), token(1)]);
    fixture
        .store
        .write_store(vec![StoreChange::RevokeToken { id: "t1".to_owned() }])
        .await
        .unwrap();
    assert_eq!(fixture.store.token([1; 32]).await.unwrap(), None);
}

#[tokio::test]
async fn a_token_cannot_be_lent_the_record_of_another() {
    let fixture = Fixture::new().await;
    for number in [1, 2] {
        let token = PaneToken {
            id: format!("t{number}"),
            hash: [number; 32],
            record: vec![number],
        };
        fixture
            .store
            .write_store(vec![StoreChange::PutToken(token)])
            .await
            .unwrap();
    }
    let lend =
        "UPDATE pane_tokens SET sealed = (SELECT sealed FROM pane_tokens WHERE id = 't2') WHERE id = 't1'";
    assert_eq!(fixture.sql().execute(lend, []).unwrap(), 1);
    assert_eq!(
        fixture.store.token([1; 32]).await.unwrap_err().code(),
        "DB_CORRUPT"
    );
}

#[tokio::test]
async fn journal_entries_are_replaced_in_place_and_told_in_order() {
    let fixture = Fixture::new().await;
    let put = |key: &str, open: bool, value: &[u8]| Change::PutJournal {
        key: key.to_owned(),
        open,
        value: value.to_vec(),
    };
    let large = vec![7; 3 << 20];
    let changes = vec![
        put("call:b", true, b"intended"),
        put("change:1", false, b"x"),
        put("call:a", true, &large),
    ];
    write(&fixture, changes).await.unwrap();
    write(&fixture, vec![put("call:b", false, b"done")])
        .await
        .unwrap();
    let fixture = fixture.reopen();
    let keys = fixture
        .store
        .journal_keys(SESSION, "call:".to_owned())
        .await
        .unwrap();
    assert_eq!(keys, ["call:b", "call:a"]);
    assert_eq!(
        fixture
            .store
            .journal_keys(SESSION, "call%".to_owned())
            .await
            .unwrap(),
        Vec::<String>::new()
    );
    assert_eq!(
        fixture.store.open_journal().await.unwrap(),
        [(SESSION, "call:a".to_owned())]
    );
    let value = |key: &str| fixture.store.journal(SESSION, key.to_owned());
    assert_eq!(
        value("call:b").await.unwrap().as_deref(),
        Some(b"done".as_slice())
    );
    assert!(value("call:a").await.unwrap() == Some(large));
    assert_eq!(value("call:c").await.unwrap(), None);
}

#[tokio::test]
async fn settings_are_set_replaced_and_removed() {
    let fixture = Fixture::new().await;
    for value in [Some(b"a".to_vec()), Some(b"b".to_vec()), None] {
        let put = StoreChange::PutSetting {
            name: "theme".to_owned(),
            value: value.clone(),
        };
        fixture.store.write_store(vec![put]).await.unwrap();
        assert_eq!(fixture.store.setting("theme".to_owned()).await.unwrap(), value);
    }
}
