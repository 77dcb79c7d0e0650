//! An answer in the form of chat completions, put into events of the Messages API.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::fault::{Fault, FaultKind};

/// Calls of one answer, and the place behind which none is taken.
const MOST_CALLS: usize = 512;

/// A piece of a stream, or an answer that came whole: that has `message` where pieces have `delta`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Piece {
    id: Option<String>,
    choices: Vec<Choice>,
    usage: Option<Counted>,
    error: Option<Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Choice {
    #[serde(alias = "message")]
    delta: Option<Delta>,
    finish_reason: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Delta {
    content: Option<String>,
    refusal: Option<String>,
    tool_calls: Option<Vec<Call>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Call {
    index: Option<u64>,
    id: Option<String>,
    function: Option<Function>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Function {
    name: Option<String>,
    arguments: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Counted {
    prompt_tokens: Option<u64>,
    completion_tokens: Option<u64>,
    prompt_tokens_details: Option<Details>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Details {
    cached_tokens: Option<u64>,
}

/// What an answer has brought so far.
#[derive(Debug, Default)]
pub struct ChatReader {
    has_begun: bool,
    /// The place of the open text.
    text: Option<u64>,
    /// The places of calls, by their number on the wire.
    calls: BTreeMap<u64, u64>,
    next: u64,
    stop: Option<&'static str>,
    usage: Option<Value>,
    has_ended: bool,
}

impl ChatReader {
    /// A reader before the first piece.
    pub fn new() -> Self {
        Self::default()
    }

    /// The events that the data of one piece make.
    pub fn take(&mut self, data: &str) -> Result<Vec<Value>, Fault> {
        if self.has_ended {
            return Ok(Vec::new());
        }
        if data == "[DONE]" {
            return Ok(self.end().unwrap_or_default());
        }
        let piece: Piece = serde_json::from_str(data).map_err(|_| unreadable("a piece is not JSON"))?;
        if let Some(error) = piece.error.filter(|error| !error.is_null()) {
            return Ok(vec![json!({ "type": "error", "error": error })]);
        }
        let mut events = Vec::new();
        if !std::mem::replace(&mut self.has_begun, true) {
            events.push(json!({ "type": "message_start", "message": {} }));
        }
        if let Some(counted) = piece.usage {
            self.usage = Some(usage(&counted));
        }
        let id = piece.id.unwrap_or_default();
        for choice in piece.choices.into_iter().take(1) {
            let delta = choice.delta.unwrap_or_default();
            self.words(delta.content, &mut events);
            self.words(delta.refusal, &mut events);
            for (place, call) in (0..).zip(delta.tool_calls.unwrap_or_default()) {
                self.call(place, call, &id, &mut events)?;
            }
            self.stop = choice.finish_reason.as_deref().map(stop).or(self.stop);
        }
        if events.is_empty() {
            // Reasoning that the format does not name is more than a sign of life.
            events.push(json!({ "type": "something" }));
        }
        Ok(events)
    }

    /// The events at the end of a stream; `None` where the answer was not whole.
    pub fn end(&mut self) -> Option<Vec<Value>> {
        let stop = self.stop.filter(|_| !self.has_ended)?;
        self.has_ended = true;
        let usage = self.usage.take().unwrap_or_else(|| json!({}));
        Some(vec![
            json!({ "type": "message_delta", "delta": { "stop_reason": stop }, "usage": usage }),
            json!({ "type": "message_stop" }),
        ])
    }

    /// The events of an answer that came whole.
    pub fn whole(body: &[u8]) -> Result<Vec<Value>, Fault> {
        let body = std::str::from_utf8(body).map_err(|_| unreadable("the answer is not UTF-8"))?;
        let mut reader = Self::new();
        let mut events = reader.take(body)?;
        let is_error = events.iter().any(|event| event["type"] == "error");
        match reader.end() {
            Some(end) => events.extend(end),
            None if is_error => {}
            None => return Err(unreadable("the answer says no end")),
        }
        Ok(events)
    }

    fn words(&mut self, words: Option<String>, events: &mut Vec<Value>) {
        let Some(words) = words.filter(|words| !words.is_empty()) else {
            return;
        };
        let place = if let Some(place) = self.text {
            place
        } else {
            let place = self.place();
            let block = json!({ "type": "text", "text": "" });
            events.push(json!({ "type": "content_block_start", "index": place, "content_block": block }));
            *self.text.insert(place)
        };
        let delta = json!({ "type": "text_delta", "text": words });
        events.push(json!({ "type": "content_block_delta", "index": place, "delta": delta }));
    }

    fn call(&mut self, place: u64, call: Call, answer: &str, events: &mut Vec<Value>) -> Result<(), Fault> {
        let wire = call.index.unwrap_or(place);
        let function = call.function.unwrap_or_default();
        let index = match self.calls.get(&wire) {
            Some(index) => *index,
            None if self.calls.len() == MOST_CALLS => return Err(unreadable("it has too many calls")),
            None => {
                let name = function.name.filter(|name| !name.is_empty());
                let name = name.ok_or_else(|| unreadable("a call names no tool"))?;
                // Some gateways name no call: the answer's own id tells it from those of other answers.
                let id = call.id.filter(|id| !id.is_empty());
                let id = id.unwrap_or_else(|| format!("{answer}-{wire}"));
                let index = self.place();
                self.calls.insert(wire, index);
                // Words behind a call are another text.
                self.text = None;
                let block = json!({ "type": "tool_use", "id": id, "name": name, "input": {} });
                events.push(json!({ "type": "content_block_start", "index": index, "content_block": block }));
                index
            }
        };
        if let Some(piece) = function.arguments.filter(|piece| !piece.is_empty()) {
            let delta = json!({ "type": "input_json_delta", "partial_json": piece });
            events.push(json!({ "type": "content_block_delta", "index": index, "delta": delta }));
        }
        Ok(())
    }

    fn place(&mut self) -> u64 {
        self.next += 1;
        self.next - 1
    }
}

/// Why it stopped, in the words of the Messages API.
fn stop(reason: &str) -> &'static str {
    match reason {
        "stop" => "end_turn",
        "length" => "max_tokens",
        "tool_calls" | "function_call" => "tool_use",
        "content_filter" => "refusal",
        _ => "other",
    }
}

/// What is read from a cache counts among the prompt's tokens here, and beside them there.
fn usage(counted: &Counted) -> Value {
    let details = counted.prompt_tokens_details.as_ref();
    let cached = details.and_then(|details| details.cached_tokens).unwrap_or(0);
    let read = counted.prompt_tokens.unwrap_or(0).saturating_sub(cached);
    json!({
        "input_tokens": read, "output_tokens": counted.completion_tokens.unwrap_or(0), "cache_read_input_tokens": cached,
    })
}

fn unreadable(why: &'static str) -> Fault {
    Fault::new(FaultKind::BadAnswer, why)
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    fn kinds(events: &[Value]) -> Vec<&str> {
        let kinds = events.iter().filter_map(|event| event["type"].as_str());
        kinds.collect()
    }

    #[test]
    fn an_answer_is_whole_only_with_its_reason_to_stop() {
        let mut reader = ChatReader::new();
        reader
            .take(r#"{"choices":[{"delta":{"content":"Hello"}}]}"#)
            .expect("words");
        assert_eq!(reader.end(), None);
        assert_eq!(reader.take("[DONE]").expect("nothing"), Vec::<Value>::new());
        reader
            .take(r#"{"choices":[{"delta":{},"finish_reason":"stop"}]}"#)
            .expect("a reason");
        assert_eq!(
            kinds(&reader.take("[DONE]").expect("the end")),
            ["message_delta", "message_stop"]
        );
        assert_eq!(
            reader.take("garbage").expect("nothing"),
            Vec::<Value>::new(),
            "behind the end"
        );
    }

    #[test]
    fn calls_without_a_name_of_their_own_are_told_apart_and_one_without_a_tool_is_refused() {
        let mut reader = ChatReader::new();
        let piece = r#"{"id":"chat-7","choices":[{"delta":{"tool_calls":[
            {"function":{"name":"a","arguments":"{}"}},{"function":{"name":"b","arguments":"{}"}}]}}]}"#;
        let events = reader.take(piece).expect("calls");
        let ids: Vec<_> = events
            .iter()
            .filter_map(|event| event["content_block"]["id"].as_str())
            .collect();
        assert_eq!(ids, ["chat-7-0", "chat-7-1"]);
        let nameless =
            r#"{"choices":[{"delta":{"tool_calls":[{"index":9,"function":{"arguments":"{}"}}]}}]}"#;
        assert!(reader.take(nameless).is_err());
    }

    #[test]
    fn tokens_of_the_cache_stand_beside_the_others() {
        let counted: Counted = serde_json::from_str(
            r#"{"prompt_tokens":40,"completion_tokens":7,"prompt_tokens_details":{"cached_tokens":30}}"#,
        )
        .expect("counts");
        assert_eq!(
            usage(&counted),
            json!({ "input_tokens": 10, "output_tokens": 7, "cache_read_input_tokens": 30 })
        );
    }
}
