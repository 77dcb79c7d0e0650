//! Answers of Converse, read by the reader of the Messages API.

use aws_sdk_bedrockruntime::primitives::Blob;
use aws_sdk_bedrockruntime::types::{
    ContentBlockDeltaEvent, ContentBlockStartEvent, ContentBlockStopEvent, ConversationRole,
    ConverseStreamMetadataEvent, MessageStartEvent, MessageStopEvent, StopReason as ConverseStop, TokenUsage,
    ToolUseBlockDelta, ToolUseBlockStart,
};
use deskhand_core::model::ModelEvent;
use deskhand_protocol::CallId;
use deskhand_protocol::message::{Block, StopReason, Usage};
use pretty_assertions::assert_eq;

use super::*;
use crate::messages::{AnswerReader, REDACTED};

fn start() -> ConverseStreamOutput {
    let event = MessageStartEvent::builder().role(ConversationRole::Assistant);
    ConverseStreamOutput::MessageStart(event.build().expect("a start"))
}

fn call(index: i32, id: &str) -> ConverseStreamOutput {
    let call = ToolUseBlockStart::builder().tool_use_id(id).name("range_read");
    let event = ContentBlockStartEvent::builder()
        .content_block_index(index)
        .start(ContentBlockStart::ToolUse(call.build().expect("a call")));
    ConverseStreamOutput::ContentBlockStart(event.build().expect("a block"))
}

fn delta(index: i32, delta: ContentBlockDelta) -> ConverseStreamOutput {
    let event = ContentBlockDeltaEvent::builder()
        .content_block_index(index)
        .delta(delta);
    ConverseStreamOutput::ContentBlockDelta(event.build().expect("a delta"))
}

fn text(index: i32, text: &str) -> ConverseStreamOutput {
    delta(index, ContentBlockDelta::Text(text.to_owned()))
}

fn input(index: i32, json: &str) -> ConverseStreamOutput {
    let more = ToolUseBlockDelta::builder().input(json).build().expect("input");
    delta(index, ContentBlockDelta::ToolUse(more))
}

fn reasoning(index: i32, more: ReasoningContentBlockDelta) -> ConverseStreamOutput {
    delta(index, ContentBlockDelta::ReasoningContent(more))
}

fn end(index: i32) -> ConverseStreamOutput {
    let event = ContentBlockStopEvent::builder().content_block_index(index);
    ConverseStreamOutput::ContentBlockStop(event.build().expect("an end"))
}

fn stop(reason: ConverseStop) -> ConverseStreamOutput {
    let event = MessageStopEvent::builder().stop_reason(reason);
    ConverseStreamOutput::MessageStop(event.build().expect("a stop"))
}

fn metadata() -> ConverseStreamOutput {
    let usage = TokenUsage::builder()
        .input_tokens(11)
        .output_tokens(7)
        .total_tokens(18)
        .cache_read_input_tokens(5)
        .cache_write_input_tokens(3);
    let event = ConverseStreamMetadataEvent::builder().usage(usage.build().expect("usage"));
    ConverseStreamOutput::Metadata(event.build())
}

/// What the reader of the Messages API makes of them.
fn read(events: &[ConverseStreamOutput]) -> Vec<ModelEvent> {
    let mut turned = Events::default();
    for event in events {
        turned.take(event);
    }
    turned.end();
    let mut reader = AnswerReader::new();
    std::iter::from_fn(|| turned.pop())
        .filter_map(|event| {
            let event = std::str::from_utf8(&event).expect("text");
            reader.event(event, &[]).expect("an event of the Messages API")
        })
        .collect()
}

fn completed(events: &[ConverseStreamOutput]) -> (Vec<Block>, StopReason, Usage) {
    match read(events).pop() {
        Some(ModelEvent::Completed { blocks, stop, usage }) => (blocks, stop, usage),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_answer_with_reasoning_words_and_calls_comes_whole() {
    let events = [
        start(),
        reasoning(0, ReasoningContentBlockDelta::Text("h".to_owned())),
        reasoning(0, ReasoningContentBlockDelta::Text("m".to_owned())),
        reasoning(0, ReasoningContentBlockDelta::Signature("seal".to_owned())),
        end(0),
        reasoning(1, ReasoningContentBlockDelta::RedactedContent(Blob::new(b"xyz"))),
        end(1),
        text(2, "I "),
        text(2, "look."),
        end(2),
        call(3, "c1"),
        input(3, "{\"range\":"),
        input(3, "\"A1\"}"),
        end(3),
        call(4, "c2"),
        end(4),
        stop(ConverseStop::ToolUse),
        metadata(),
    ];
    let tool_use = |id, input| Block::ToolUse {
        id: CallId::from_text(id),
        name: "range_read".to_owned(),
        input,
    };
    let thinking = |thinking: &str, signature: String| Block::Thinking {
        thinking: thinking.to_owned(),
        signature,
    };
    let wanted = vec![
        thinking("hm", "seal".to_owned()),
        thinking("", format!("{REDACTED}eHl6")),
        Block::Text {
            text: "I look.".to_owned(),
        },
        tool_use("c1", json!({ "range": "A1" })),
        tool_use("c2", json!({})),
    ];
    let usage = Usage {
        input: 11,
        output: 7,
        cache_read: 5,
        cache_write: 3,
        cost: None,
    };
    assert_eq!(completed(&events), (wanted, StopReason::ToolUse, usage));
}

#[test]
fn words_go_out_as_they_come() {
    let words: Vec<ModelEvent> = read(&[start(), text(0, "one "), text(0, "two")]);
    let delta = |text: &str| ModelEvent::TextDelta(text.to_owned());
    assert_eq!(words, [delta("one "), delta("two")]);
}

#[test]
fn every_reason_to_stop_has_its_place() {
    let table = [
        (ConverseStop::EndTurn, StopReason::EndTurn),
        (ConverseStop::StopSequence, StopReason::EndTurn),
        (ConverseStop::MaxTokens, StopReason::MaxTokens),
        (ConverseStop::ContentFiltered, StopReason::Refusal),
        (ConverseStop::GuardrailIntervened, StopReason::Refusal),
        (
            ConverseStop::ModelContextWindowExceeded,
            StopReason::Other("model_context_window_exceeded".to_owned()),
        ),
        (
            ConverseStop::MalformedToolUse,
            StopReason::Other("malformed_tool_use".to_owned()),
        ),
    ];
    for (said, wanted) in table {
        let name = said.as_str().to_owned();
        let (_, stop, _) = completed(&[start(), text(0, "x"), stop(said), metadata()]);
        assert_eq!(stop, wanted, "{name}");
    }
}

#[test]
fn an_answer_without_a_count_is_whole_and_one_without_a_reason_is_not() {
    let (blocks, _, usage) = completed(&[start(), text(0, "x"), stop(ConverseStop::EndTurn)]);
    assert_eq!((blocks.len(), usage), (1, Usage::default()));
    let cut = read(&[start(), text(0, "x"), end(0), metadata()]);
    assert_eq!(cut, [ModelEvent::TextDelta("x".to_owned())]);
}

#[test]
fn input_for_a_call_that_never_began_is_refused() {
    let mut turned = Events::default();
    turned.take(&input(0, "{}"));
    let event = turned.pop().expect("an event");
    let mut reader = AnswerReader::new();
    assert!(
        reader
            .event(std::str::from_utf8(&event).expect("text"), &[])
            .is_err()
    );
}
