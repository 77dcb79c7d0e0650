//! Search over what sessions say.

use deskhand_storage::{Change, Durability};
use pretty_assertions::assert_eq;
use uuid::Uuid;

use crate::support::{Fixture, event};

async fn found(fixture: &Fixture, query: &str) -> Vec<(u64, String)> {
    let found = fixture.store.search(query.to_owned(), None, 10).await.unwrap();
    assert!(found.complete);
    let marked = |hit: &deskhand_storage::Hit| {
        let (start, end) = (hit.matched.start, hit.matched.end);
        let (before, matched, after) = (
            &hit.snippet[..start],
            &hit.snippet[start..end],
            &hit.snippet[end..],
        );
        (hit.seq, format!("{before}[{matched}]{after}"))
    };
    found.hits.iter().map(marked).collect()
}

#[tokio::test]
async fn finds_words_and_beginnings_and_shows_where() {
    let fixture = Fixture::new().await;
    fixture
        .append(&["say Revenue by region", "delta Revenue", "say costs by Region"])
        .await;
    assert_eq!(
        found(&fixture, "reg").await,
        [
            (3, "costs by [Region]".to_owned()),
            (1, "Revenue by [region]".to_owned())
        ]
    );
    assert_eq!(
        found(&fixture, "region revenue").await,
        [(1, "[Revenue] by region".to_owned())]
    );
    assert_eq!(found(&fixture, "delta").await, []);
    assert_eq!(found(&fixture, "").await, []);
}

#[tokio::test]
async fn follows_what_is_appended_and_folded_after_the_first_search() {
    let fixture = Fixture::new().await;
    fixture.append(&["say one", "d", "d"]).await;
    assert_eq!(found(&fixture, "whole").await, []);
    fixture.fold(&[2, 3], "say the whole message").await.unwrap();
    assert_eq!(
        found(&fixture, "whole").await,
        [(3, "the [whole] message".to_owned())]
    );
    fixture.append(&["say whole again"]).await;
    assert_eq!(found(&fixture, "whole").await.len(), 2);
    // What is folded away is found no more, what it became is found once.
    fixture.fold(&[1, 3, 4], "say replaced").await.unwrap();
    assert_eq!(found(&fixture, "whole").await, []);
    assert_eq!(found(&fixture, "replaced").await, [(4, "[replaced]".to_owned())]);
}

#[tokio::test]
async fn finds_in_every_session_or_in_one() {
    let fixture = Fixture::new().await;
    let other = Uuid::from_u128(2);
    let changes = vec![
        Change::Create {
            at: 1,
            meta: Vec::new(),
        },
        Change::Append(event("say budget")),
    ];
    fixture
        .store
        .write(other, changes, Durability::Written)
        .await
        .unwrap();
    fixture.append(&["say budget"]).await;
    let in_all = fixture
        .store
        .search("budget".into(), None, 10)
        .await
        .unwrap()
        .hits;
    let in_one = fixture
        .store
        .search("budget".into(), Some(other), 10)
        .await
        .unwrap()
        .hits;
    assert_eq!((in_all.len(), in_one.len(), in_one[0].session), (2, 1, other));
}

#[tokio::test]
async fn snippets_are_short_and_cut_between_characters() {
    let fixture = Fixture::new().await;
    let text = format!("say {}needle{}", "é ".repeat(500), " é".repeat(500));
    fixture.append(&[&text]).await;
    let hits = fixture
        .store
        .search("needle".into(), None, 10)
        .await
        .unwrap()
        .hits;
    let hit = &hits[0];
    assert_eq!(&hit.snippet[hit.matched.clone()], "needle");
    assert_eq!(hit.snippet.chars().count(), 80 + "needle".len() + 80);
}
