//! Puts an answer together from its events. Words go out as they come; tool calls only with the whole answer, so that
//! none is ever seen in half.

use deskhand_core::model::ModelEvent;
use deskhand_protocol::CallId;
use deskhand_protocol::message::{Block, StopReason, Usage};
use serde::Deserialize;
use serde_json::Value;

use super::REDACTED;
use super::event::{Delta, StartedBlock, StreamEvent, WireUsage};
use crate::Secret;
use crate::fault::{Fault, FaultKind};

/// Largest answer taken, in bytes of its events' data.
const MAX_ANSWER: usize = 64 * 1024 * 1024;
/// Largest answer taken that comes whole, in bytes: what is parsed at once takes many times its size in memory.
pub const MAX_WHOLE: usize = 4 * 1024 * 1024;
/// Most that the blocks of one answer may hold, in bytes of text. It is many times what the asked tokens can be.
const MAX_CONTENT: usize = 1024 * 1024;
/// The same as it is kept: JSON may be longer than what it holds. An event of the log takes 4 MiB.
const MAX_KEPT: usize = 3 * 1024 * 1024;
/// Longest id and name of a call, in bytes.
const MAX_NAME: usize = 256;
/// Most blocks of one answer.
const MAX_BLOCKS: usize = 4096;

/// An answer on its way.
#[derive(Debug, Default)]
pub struct AnswerReader {
    blocks: Vec<OpenBlock>,
    stop: Option<StopReason>,
    usage: Usage,
    bytes: usize,
    content: usize,
    progress: u64,
    whole: bool,
}

#[derive(Debug)]
struct OpenBlock {
    index: u64,
    kind: BlockKind,
}

#[derive(Debug)]
enum BlockKind {
    Text(String),
    Thinking {
        thinking: String,
        signature: String,
    },
    ToolUse {
        id: String,
        name: String,
        begun: Value,
        json: String,
    },
    Unknown,
}

/// A message that came whole, without streaming.
#[derive(Deserialize)]
struct WholeMessage {
    content: Vec<StartedBlock>,
    stop_reason: Option<String>,
    usage: Option<WireUsage>,
}

impl AnswerReader {
    /// A reader before the first event.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether the last event was the end of the answer.
    pub fn is_whole(&self) -> bool {
        self.whole
    }

    /// The number of events that were more than a sign of life.
    pub fn progress(&self) -> u64 {
        self.progress
    }

    /// Takes the data of one event. `known` are credentials that must not show in a fault.
    pub fn event(&mut self, data: &str, known: &[&Secret]) -> Result<Option<ModelEvent>, Fault> {
        if self.whole || data == "[DONE]" {
            return Ok(None);
        }
        self.bytes += data.len();
        if self.bytes > MAX_ANSWER {
            return Err(too_large(MAX_ANSWER));
        }
        let event = StreamEvent::read(data).map_err(|error| unreadable(&error))?;
        self.progress += u64::from(!matches!(event, StreamEvent::Ping));
        match event {
            StreamEvent::MessageStart(usage) => self.count(usage),
            StreamEvent::BlockStart(index, block) => return self.start(index, block),
            StreamEvent::BlockDelta(index, delta) => return self.go_on(index, delta),
            StreamEvent::MessageDelta(reason, usage) => {
                self.count(usage);
                self.stop = reason.as_deref().map(stop_reason).or(self.stop.take());
            }
            StreamEvent::MessageStop => return self.finish().map(Some),
            StreamEvent::Error(error) => return Err(Fault::of_event(&error, known)),
            StreamEvent::BlockStop(_) | StreamEvent::Ping | StreamEvent::Unknown => {}
        }
        Ok(None)
    }

    /// Takes an answer that came whole, from a gateway that does not stream. Its words go out as one delta a block.
    pub fn whole_message(&mut self, body: &[u8], known: &[&Secret]) -> Result<Vec<ModelEvent>, Fault> {
        if let Some(error) = crate::fault::WireError::read(body) {
            return Err(Fault::of_event(&error, known));
        }
        let message: WholeMessage = serde_json::from_slice(body).map_err(|error| unreadable(&error))?;
        let mut events = Vec::new();
        for (index, block) in (0..).zip(message.content) {
            events.extend(self.start(index, block)?);
        }
        self.count(message.usage);
        self.stop = message.stop_reason.as_deref().map(stop_reason);
        events.push(self.finish()?);
        Ok(events)
    }

    fn count(&mut self, usage: Option<WireUsage>) {
        if let Some(usage) = usage {
            usage.update(&mut self.usage);
        }
    }

    fn start(&mut self, index: u64, block: StartedBlock) -> Result<Option<ModelEvent>, Fault> {
        if self.blocks.len() >= MAX_BLOCKS {
            return Err(too_large(MAX_ANSWER));
        }
        self.grow(begun_with(&block))?;
        if self.blocks.iter().any(|open| open.index == index) {
            return Err(Fault::new(
                FaultKind::BadAnswer,
                format!("block {index} begins twice"),
            ));
        }
        let mut words = None;
        let kind = match block {
            StartedBlock::Text { text } => {
                words = (!text.is_empty()).then(|| ModelEvent::TextDelta(text.clone()));
                BlockKind::Text(text)
            }
            StartedBlock::Thinking { thinking, signature } => BlockKind::Thinking { thinking, signature },
            StartedBlock::RedactedThinking { data } => BlockKind::Thinking {
                thinking: String::new(),
                signature: format!("{REDACTED}{data}"),
            },
            StartedBlock::ToolUse { id, name, .. } if !is_name(&id) || !is_name(&name) => {
                return Err(Fault::new(
                    FaultKind::BadAnswer,
                    "the id or the name of a call cannot be one",
                ));
            }
            StartedBlock::ToolUse { id, name, input } => BlockKind::ToolUse {
                id,
                name,
                begun: input,
                json: String::new(),
            },
            StartedBlock::Unknown => BlockKind::Unknown,
        };
        self.blocks.push(OpenBlock { index, kind });
        Ok(words)
    }

    fn go_on(&mut self, index: u64, delta: Delta<'_>) -> Result<Option<ModelEvent>, Fault> {
        self.grow(added_by(&delta))?;
        // The newest block is nearly always the one that goes on.
        let open = self.blocks.iter_mut().rev().find(|open| open.index == index);
        match (open.map(|open| &mut open.kind), delta) {
            (Some(BlockKind::Text(whole)), Delta::TextDelta { text }) => {
                whole.push_str(&text);
                return Ok((!text.is_empty()).then(|| ModelEvent::TextDelta(text.into_owned())));
            }
            (Some(BlockKind::ToolUse { json, .. }), Delta::InputJsonDelta { partial_json }) => {
                json.push_str(&partial_json);
            }
            (Some(BlockKind::Thinking { thinking, .. }), Delta::ThinkingDelta { thinking: more }) => {
                thinking.push_str(&more);
            }
            (Some(BlockKind::Thinking { signature, .. }), Delta::SignatureDelta { signature: more }) => {
                signature.push_str(&more);
            }
            (Some(BlockKind::Unknown), _) | (_, Delta::Unknown) => {}
            _ => {
                return Err(Fault::new(
                    FaultKind::BadAnswer,
                    format!("a delta that block {index} cannot take"),
                ));
            }
        }
        Ok(None)
    }

    /// Counts what the blocks hold: what comes without an end must end by us.
    fn grow(&mut self, by: usize) -> Result<(), Fault> {
        self.content = self.content.saturating_add(by);
        if self.content > MAX_CONTENT {
            return Err(too_large(MAX_CONTENT));
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<ModelEvent, Fault> {
        let cut_short = self.stop == Some(StopReason::MaxTokens);
        let mut blocks = Vec::new();
        for open in std::mem::take(&mut self.blocks) {
            match open.kind {
                BlockKind::Text(text) if text.is_empty() => {}
                BlockKind::Text(text) => blocks.push(Block::Text { text }),
                BlockKind::Thinking { thinking, signature } => {
                    blocks.push(Block::Thinking { thinking, signature });
                }
                BlockKind::ToolUse {
                    id,
                    name,
                    begun,
                    json,
                } => match input(begun, &json) {
                    Ok(input) => blocks.push(Block::ToolUse {
                        id: CallId::from_text(id),
                        name,
                        input,
                    }),
                    // The limit of tokens fell into this call: it is not one.
                    Err(_) if cut_short => {}
                    Err(fault) => return Err(fault),
                },
                BlockKind::Unknown => {}
            }
        }
        if serde_json::to_vec(&blocks).is_ok_and(|kept| kept.len() > MAX_KEPT) {
            return Err(too_large(MAX_KEPT));
        }
        let calls = blocks.iter().any(|block| matches!(block, Block::ToolUse { .. }));
        let stop = self.stop.take().unwrap_or(if calls {
            StopReason::ToolUse
        } else {
            StopReason::EndTurn
        });
        self.whole = true;
        Ok(ModelEvent::Completed {
            blocks,
            stop,
            usage: self.usage,
        })
    }
}

/// A tool's input: the streamed pieces where there are any, otherwise what the block began with.
fn input(begun: Value, json: &str) -> Result<Value, Fault> {
    let input = match (json.trim(), begun) {
        ("", Value::Null) => Value::Object(serde_json::Map::new()),
        ("", begun) => begun,
        (json, _) => serde_json::from_str(json).map_err(|error| unreadable(&error))?,
    };
    if input.is_object() {
        Ok(input)
    } else {
        Err(Fault::new(
            FaultKind::BadAnswer,
            "a tool's input is not an object",
        ))
    }
}

fn stop_reason(text: &str) -> StopReason {
    match text {
        "end_turn" | "stop_sequence" => StopReason::EndTurn,
        "tool_use" => StopReason::ToolUse,
        "max_tokens" => StopReason::MaxTokens,
        "refusal" => StopReason::Refusal,
        _ => StopReason::Other(text.chars().take(64).collect()),
    }
}

/// What serde says holds the place and never the content.
fn unreadable(error: &serde_json::Error) -> Fault {
    Fault::new(
        FaultKind::BadAnswer,
        format!("{:?} error in column {}", error.classify(), error.column()),
    )
}

/// Bytes of text that a block begins with; the input of a call is looked at with the whole answer.
fn begun_with(block: &StartedBlock) -> usize {
    match block {
        StartedBlock::Text { text } => text.len(),
        StartedBlock::Thinking { thinking, signature } => thinking.len() + signature.len(),
        StartedBlock::RedactedThinking { data } => data.len(),
        StartedBlock::ToolUse { id, name, .. } => id.len() + name.len(),
        StartedBlock::Unknown => 0,
    }
}

/// Bytes of text that a delta adds.
fn added_by(delta: &Delta<'_>) -> usize {
    match delta {
        Delta::TextDelta { text } => text.len(),
        Delta::InputJsonDelta { partial_json } => partial_json.len(),
        Delta::ThinkingDelta { thinking } => thinking.len(),
        Delta::SignatureDelta { signature } => signature.len(),
        Delta::Unknown => 0,
    }
}

/// Ids and names of calls name records of ours: short, and one line.
fn is_name(text: &str) -> bool {
    !text.is_empty() && text.len() <= MAX_NAME && !text.chars().any(char::is_control)
}

fn too_large(cap: usize) -> Fault {
    let fault = Fault::new(
        FaultKind::BadAnswer,
        format!("the answer is larger than {cap} bytes"),
    );
    Fault {
        is_final: true,
        ..fault
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Gives a block and then its deltas, until one is refused.
    fn refused(block: &Value, delta: &Value, times: usize) -> Option<Fault> {
        let mut reader = AnswerReader::new();
        let start = json!({ "type": "content_block_start", "index": 0, "content_block": block });
        let more = json!({ "type": "content_block_delta", "index": 0, "delta": delta }).to_string();
        let end = json!({ "type": "message_stop" }).to_string();
        std::iter::once(start.to_string())
            .chain(std::iter::repeat_n(more, times))
            .chain([end])
            .find_map(|data| reader.event(&data, &[]).err())
    }

    #[test]
    fn refuses_an_answer_that_never_ends_or_could_not_be_kept() {
        let half = "x".repeat(512 * 1024);
        let call = json!({ "type": "tool_use", "id": "c", "name": "range_write", "input": {} });
        let cases = [
            (
                "words",
                json!({ "type": "text", "text": "" }),
                json!({ "type": "text_delta", "text": half }),
                3,
            ),
            (
                "one word",
                json!({ "type": "text", "text": half.repeat(3) }),
                json!({ "type": "x" }),
                0,
            ),
            (
                "a tool's input",
                call,
                json!({ "type": "input_json_delta", "partial_json": half }),
                3,
            ),
            (
                "reasoning",
                json!({ "type": "thinking" }),
                json!({ "type": "thinking_delta", "thinking": half }),
                3,
            ),
            // Each of these characters is six bytes in JSON.
            (
                "characters that grow when they are kept",
                json!({ "type": "text", "text": "" }),
                json!({ "type": "text_delta", "text": "\u{1}".repeat(300 * 1024) }),
                2,
            ),
            (
                "an input that came at once",
                json!({ "type": "tool_use", "id": "c", "name": "n", "input": { "x": vec![1e300; 700_000] } }),
                json!({ "type": "x" }),
                0,
            ),
        ];
        for (name, block, delta, times) in cases {
            let fault = refused(&block, &delta, times).unwrap_or_else(|| panic!("{name} was taken"));
            assert_eq!(
                (fault.kind, fault.is_final),
                (FaultKind::BadAnswer, true),
                "{name}"
            );
            assert!(fault.detail.contains("larger than"), "{name}: {}", fault.detail);
        }
    }

    #[test]
    fn refuses_calls_whose_id_or_name_could_not_be_one() {
        let long = "x".repeat(MAX_NAME + 1);
        for (id, name) in [
            ("", "n"),
            ("c", ""),
            (&*long, "n"),
            ("c", &*long),
            ("c\nd", "n"),
            ("c", "n\u{1b}[2J"),
        ] {
            let block = json!({ "type": "tool_use", "id": id, "name": name, "input": {} });
            let fault = refused(&block, &json!({ "type": "x" }), 0);
            assert_eq!(
                fault.map(|fault| fault.kind),
                Some(FaultKind::BadAnswer),
                "{id:?} {name:?}"
            );
        }
        let good = json!({ "type": "tool_use", "id": "toolu_01", "name": "range_read", "input": {} });
        assert_eq!(refused(&good, &json!({ "type": "x" }), 0), None);
    }
}
