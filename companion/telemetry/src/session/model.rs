//! What is told of requests to the model: answers, tokens, costs, summaries, failures.

use deskhand_protocol::message::{Block, StopReason, Usage};
use deskhand_protocol::{ErrorCode, EventBody, Timestamp, UserError};

use super::{Answer, Session, Telling, since};
use crate::record::{Amount, Severity, SpanRef};
use crate::schema::{
    ApiError, ApiRefusal, ApiRequest, ApiRequestBody, ApiResponseBody, ApiRetriesExhausted,
    AssistantResponse, Compaction, CostUsage, InternalError, LlmRequest, TokenUsage,
};

/// There is one speed.
const SPEED: &str = "normal";
const MAIN: &str = "main";
const AUXILIARY: &str = "auxiliary";

/// A body that travelled to the provider or back, without credentials.
#[derive(Clone, Copy, Debug)]
pub struct Travelled<'a> {
    /// True for a request.
    pub sent: bool,
    /// The message that it is about.
    pub message: &'a str,
    /// The body, or its beginning.
    pub text: &'a str,
    /// Bytes of the whole.
    pub length: u64,
    /// The text is not all of it.
    pub truncated: bool,
    /// The model.
    pub model: &'a str,
    /// The provider's id of the request, where it is known.
    pub request_id: Option<&'a str>,
}

impl Session {
    pub(super) fn modelled(&mut self, body: &EventBody, told: &mut Telling) {
        match body {
            EventBody::MessageStarted { message, .. } => {
                if let Some(turn) = &mut self.turn {
                    turn.answer = Some(Answer {
                        message: message.clone(),
                        at: told.at,
                        first_words: None,
                    });
                }
            }
            EventBody::TextDelta { message, .. } => {
                let answer = self.turn.as_mut().and_then(|turn| turn.answer.as_mut());
                if let Some(answer) = answer.filter(|answer| answer.message == *message) {
                    answer.first_words.get_or_insert(told.at);
                }
            }
            EventBody::MessageReset { message } => {
                let answer = self.turn.as_mut().and_then(|turn| turn.answer.as_mut());
                if let Some(answer) = answer.filter(|answer| answer.message == *message) {
                    answer.first_words = None;
                }
            }
            EventBody::MessageCompleted {
                message,
                blocks,
                stop,
                usage,
                ..
            } => {
                self.answered(message.as_str(), blocks, stop, *usage, told);
            }
            EventBody::CompactionStarted { message, .. } => {
                if let Some(turn) = &mut self.turn {
                    turn.compaction = Some((message.clone(), told.at));
                }
            }
            EventBody::ContextCompacted {
                summary,
                before,
                usage,
                ..
            } => {
                self.compacted(!summary.is_empty(), *before, *usage, told);
            }
            _ => {}
        }
    }

    fn answered(
        &mut self,
        message: &str,
        blocks: &[Block],
        stop: &StopReason,
        usage: Usage,
        told: &mut Telling,
    ) {
        let (start, first_words, attempt) = self.answer_so_far(told.at);
        let duration_ms = since(start, told.at);
        self.requested(usage, duration_ms, MAIN, told);
        self.known_calls(blocks);
        let response = words(blocks);
        if !response.is_empty() {
            let row = AssistantResponse {
                model: self.model.clone(),
                length: response.chars().count() as u64,
                response,
                request_id: None,
                message: message.to_owned(),
                query_source: MAIN,
            };
            self.tell(told, row);
        }
        if *stop == StopReason::Refusal {
            let row = ApiRefusal {
                model: self.model.clone(),
                request_id: None,
                query_source: MAIN,
                attempt,
            };
            self.tell_as(told, Severity::Warn, row);
        }
        let row = LlmRequest {
            model: self.model.clone(),
            request_model: self.model.clone(),
            query_source: MAIN,
            first_words_ms: first_words.map(|first| since(start, first)),
            input: usage.input,
            output: usage.output,
            cache_read: usage.cache_read,
            cache_creation: usage.cache_write,
            attempt,
            success: true,
            stop_reason: Some(stop_name(stop)),
            has_tool_call: blocks.iter().any(|block| matches!(block, Block::ToolUse { .. })),
        };
        self.request_span(told, message, start, row);
        if let Some(turn) = &mut self.turn {
            turn.answer = None;
            turn.retries = None;
            turn.since = told.at;
        }
    }

    /// When the answer began, when its first words came, and the number of the try.
    fn answer_so_far(&self, now: Timestamp) -> (Timestamp, Option<Timestamp>, u64) {
        let Some(turn) = &self.turn else {
            return (now, None, 1);
        };
        let answer = turn.answer.as_ref();
        let start = answer.map_or(turn.since, |answer| answer.at);
        let attempt = turn.retries.map_or(1, |(attempt, _)| u64::from(attempt));
        (start, answer.and_then(|answer| answer.first_words), attempt)
    }

    fn request_span(&self, told: &mut Telling, message: &str, start: Timestamp, row: LlmRequest) {
        let Some(root) = self.turn.as_ref().map(|turn| turn.root) else {
            return;
        };
        let place = SpanRef::of(root.trace, &["llm_request", message]);
        self.span(told, place, Some(root.span), start, !row.success, row);
    }

    fn compacted(&mut self, success: bool, before: u64, usage: Usage, told: &mut Telling) {
        let turn = self.turn.as_mut();
        let started = turn
            .and_then(|turn| turn.compaction.take())
            .map_or(told.at, |(_, at)| at);
        let duration_ms = since(started, told.at);
        self.requested(usage, duration_ms, AUXILIARY, told);
        self.tell(
            told,
            Compaction {
                trigger: "auto",
                success,
                duration_ms,
                before,
                after: usage.output,
            },
        );
        if let Some(turn) = &mut self.turn {
            turn.since = told.at;
        }
    }

    fn requested(&mut self, usage: Usage, duration_ms: u64, query_source: &'static str, told: &mut Telling) {
        let model = self.model.clone();
        let cost = self
            .recording
            .price
            .as_ref()
            .and_then(|price| price(&model, usage));
        let cost = cost.filter(|cost| cost.is_finite() && *cost >= 0.0);
        let row = ApiRequest {
            model: model.clone(),
            cost,
            duration_ms,
            input: usage.input,
            output: usage.output,
            cache_read: usage.cache_read,
            cache_creation: usage.cache_write,
            request_id: None,
            speed: SPEED,
            query_source,
        };
        self.tell(told, row);
        for (kind, count) in [
            ("input", usage.input),
            ("output", usage.output),
            ("cacheRead", usage.cache_read),
            ("cacheCreation", usage.cache_write),
        ] {
            let row = TokenUsage {
                kind,
                model: model.clone(),
                query_source,
                speed: SPEED,
            };
            self.count(told, Amount::Whole(count), row);
        }
        if let Some(cost) = cost {
            self.count(
                told,
                Amount::Number(cost),
                CostUsage {
                    model,
                    query_source,
                    speed: SPEED,
                },
            );
        }
    }

    pub(super) fn body(&self, body: Travelled<'_>, told: &mut Telling) {
        let compaction = self.turn.as_ref().and_then(|turn| turn.compaction.as_ref());
        let query_source = match compaction {
            Some((message, _)) if message.as_str() == body.message => AUXILIARY,
            _ => MAIN,
        };
        let truncated = body.truncated || self.recording.capture.is_cut(body.text);
        let (text, model) = (body.text.to_owned(), body.model.to_owned());
        if body.sent {
            let row = ApiRequestBody {
                body: text,
                length: body.length,
                truncated,
                model,
                query_source,
            };
            self.tell_beside(told, row);
        } else {
            let row = ApiResponseBody {
                body: text,
                length: body.length,
                truncated,
                model,
                query_source,
                request_id: body.request_id.map(str::to_owned),
            };
            self.tell_beside(told, row);
        }
    }

    /// A turn could not go on.
    pub(super) fn failed(&mut self, error: &UserError, told: &mut Telling) {
        if !is_of_the_provider(error.code) {
            self.tell_as(
                told,
                Severity::Error,
                InternalError {
                    name: error.code.as_str(),
                },
            );
            return;
        }
        let Some(turn) = &self.turn else { return };
        let (from, retries) = (turn.since, turn.retries);
        let attempt = retries.map_or(1, |(attempt, _)| u64::from(attempt));
        let (model, code) = (self.model.clone(), error.code.as_str());
        let status = error
            .status
            .map_or_else(|| UNDEFINED.to_owned(), |status| status.to_string());
        let row = ApiError {
            model: model.clone(),
            error: code,
            status: status.clone(),
            duration_ms: since(from, told.at),
            attempt,
            speed: SPEED,
            query_source: MAIN,
        };
        self.tell_as(told, Severity::Error, row);
        if let Some((_, first)) = retries {
            let row = ApiRetriesExhausted {
                model: model.clone(),
                error: code,
                status,
                total_attempts: attempt,
                total_duration_ms: since(first, told.at),
                speed: SPEED,
            };
            self.tell_as(told, Severity::Error, row);
        }
        let row = LlmRequest {
            model: model.clone(),
            request_model: model,
            query_source: MAIN,
            first_words_ms: None,
            input: 0,
            output: 0,
            cache_read: 0,
            cache_creation: 0,
            attempt,
            success: false,
            stop_reason: None,
            has_tool_call: false,
        };
        self.request_span(told, "failed", from, row);
    }
}

/// The status of an error without an answer, as the documented schema writes it.
const UNDEFINED: &str = "undefined";

fn is_of_the_provider(code: ErrorCode) -> bool {
    code.as_str().starts_with("INF_")
}

/// What the model said for the person, without its thinking.
fn words(blocks: &[Block]) -> String {
    let texts = blocks.iter().filter_map(|block| match block {
        Block::Text { text } => Some(text.as_str()),
        Block::Thinking { .. } | Block::ToolUse { .. } => None,
    });
    texts.collect::<Vec<_>>().join("\n\n")
}

/// As the Messages API writes it.
fn stop_name(stop: &StopReason) -> String {
    match stop {
        StopReason::EndTurn => "end_turn".to_owned(),
        StopReason::ToolUse => "tool_use".to_owned(),
        StopReason::MaxTokens => "max_tokens".to_owned(),
        StopReason::Refusal => "refusal".to_owned(),
        StopReason::Other(_) => "other".to_owned(),
    }
}
