//! Blobs, change sets, approvals, tokens and settings.

use deskhand_storage::{
    ApprovalAnswer, BlobHash, Change, ChangeSet, ChangeSetState, Durability, PaneToken, PreImage, StoreChange,
};
use pretty_assertions::assert_eq;
use uuid::Uuid;

use crate::support::{Fixture, SESSION};

const SET: Uuid = Uuid::from_u128(1);

fn change_set(state: ChangeSetState, record: &str) -> ChangeSet {
    ChangeSet {
        id: SET,
        session: SESSION,
        created_at: 5,
        state,
        record: record.as_bytes().to_vec(),
    }
}

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
async fn a_change_set_is_pending_until_it_is_settled() {
    let fixture = Fixture::new().await;
    let blob = b"old workbook".to_vec();
    let image = |position, record: &str, blob| PreImage {
        change_set: SET,
        position,
        record: record.as_bytes().to_vec(),
        blob,
    };
    let changes = vec![
        Change::PutBlob(blob.clone()),
        Change::PutChangeSet(change_set(ChangeSetState::Pending, "planned")),
        Change::PutPreImage(image(1, "cells", None)),
        Change::PutPreImage(image(0, "file", Some(BlobHash::of(&blob)))),
    ];
    write(&fixture, changes).await.unwrap();
    let fixture = fixture.reopen();
    assert_eq!(
        fixture.store.pending_change_sets().await.unwrap(),
        [(SESSION, SET)]
    );

    // A second pre-image of the same place is not what was there before.
    let done = change_set(ChangeSetState::Applied, "done");
    let changes = vec![
        Change::PutChangeSet(done.clone()),
        Change::PutPreImage(image(0, "later", None)),
    ];
    write(&fixture, changes).await.unwrap();
    assert_eq!(fixture.store.pending_change_sets().await.unwrap(), []);
    assert_eq!(
        fixture.store.change_set(SESSION, SET).await.unwrap(),
        Some(done.clone())
    );
    assert_eq!(
        fixture
            .store
            .change_set(SESSION, Uuid::from_u128(404))
            .await
            .unwrap(),
        None
    );
    assert_eq!(fixture.store.change_sets(SESSION).await.unwrap(), [done]);
    let images = fixture.store.pre_images(SESSION, SET).await.unwrap();
    assert_eq!(images, [image(0, "file", None), image(1, "cells", None)]);
}

#[tokio::test]
async fn a_pre_image_needs_its_change_set_and_its_blob() {
    let fixture = Fixture::new().await;
    let image = PreImage {
        change_set: SET,
        position: 0,
        record: Vec::new(),
        blob: Some(BlobHash::of(b"?")),
    };
    assert_eq!(
        write(&fixture, vec![Change::PutPreImage(image.clone())]).await,
        Err("RECORD_UNKNOWN")
    );
    let set = Change::PutChangeSet(change_set(ChangeSetState::Pending, ""));
    assert_eq!(
        write(&fixture, vec![set, Change::PutPreImage(image)]).await,
        Err("RECORD_UNKNOWN")
    );
    assert_eq!(fixture.store.change_sets(SESSION).await.unwrap(), []);
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
async fn a_token_is_found_by_its_secret_until_it_is_revoked() {
    let fixture = Fixture::new().await;
    let secret = [9_u8; 32].to_vec();
    let token = PaneToken {
        id: Uuid::from_u128(4),
        kind: "excel".to_owned(),
        created_at: 3,
        used_at: None,
    };
    let put = StoreChange::PutToken {
        secret: secret.clone(),
        token: token.clone(),
    };
    fixture.store.write_store(vec![put]).await.unwrap();
    assert_eq!(fixture.store.token(vec![8; 32]).await.unwrap(), None);
    assert_eq!(
        fixture.store.token(secret.clone()).await.unwrap(),
        Some(token.clone())
    );
    fixture
        .store
        .write_store(vec![StoreChange::MarkTokenUsed { id: token.id, at: 8 }])
        .await
        .unwrap();
    assert_eq!(
        fixture.store.tokens().await.unwrap(),
        [PaneToken {
            used_at: Some(8),
            ..token.clone()
        }]
    );
    fixture
        .store
        .write_store(vec![StoreChange::RevokeToken { id: token.id }])
        .await
        .unwrap();
    assert_eq!(fixture.store.token(secret).await.unwrap(), None);
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
