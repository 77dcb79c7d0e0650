//! What other programs really sent: see `tests/recordings/README.md`.

use deskhand_core::model::ModelEvent;
use deskhand_protocol::CallId;
use deskhand_protocol::message::{Block, StopReason};
use pretty_assertions::assert_eq;
use serde_json::json;

use crate::line::{End, Reply};
use crate::subject::OverGateway;
use crate::{hear, outcome};

/// The words and the answer that a recording makes, in one piece and byte by byte.
async fn replay(recording: &[u8]) -> (String, Vec<Block>, StopReason) {
    let bytes = recording.iter().map(|byte| vec![*byte]).collect();
    let mut heard = Vec::new();
    for reply in [Reply::whole(recording.to_vec()), Reply::of(bytes, End::Proper)] {
        let (events, _) = hear(&OverGateway, vec![reply]).await;
        match outcome(&events) {
            (words, Ok(ModelEvent::Completed { blocks, stop, .. })) => {
                heard.push((words, blocks.clone(), stop.clone()));
            }
            (_, other) => panic!("not an answer: {other:?}"),
        }
    }
    assert_eq!(heard[0], heard[1]);
    heard.remove(0)
}

#[tokio::test]
async fn reads_what_litellm_passed_on() {
    let heard = replay(include_bytes!("../recordings/litellm-1.106.2-call.sse")).await;
    let words = "I look at the forecast – für Zürich ☀.".to_owned();
    let call = Block::ToolUse {
        id: CallId::from_text("toolu_0000_1"),
        name: "forecast".to_owned(),
        input: json!({"place": "Zürich", "days": 2}),
    };
    assert_eq!(
        heard,
        (
            words.clone(),
            vec![Block::Text { text: words }, call],
            StopReason::ToolUse
        )
    );
}

#[tokio::test]
async fn reads_what_litellm_sent_whole() {
    let heard = replay(include_bytes!("../recordings/litellm-1.106.2-mock.json")).await;
    let words = "All quiet.".to_owned();
    assert_eq!(
        heard,
        (
            words.clone(),
            vec![Block::Text { text: words }],
            StopReason::EndTurn
        )
    );
}
