//! A script on the stage: what is admitted, which step a request belongs to, which fault its try has, what was asked.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::Json;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde_json::Value;

use super::answer::Filled;
use super::body::{Wire, streamed};
use super::cache::{Cache, tokens};
use super::log::{Log, Logged, Outcome};
use super::request::check;
use crate::script::{Conversation, Fault, Script, Usage};

/// Headers that prove who asks: the log has their names alone.
const SECRETS: [&str; 5] = [
    "authorization",
    "x-api-key",
    "api-key",
    "x-amz-security-token",
    "x-amz-sso_bearer_token",
];

/// A script and what became of it.
#[derive(Debug, Default)]
pub(crate) struct Stage {
    script: Script,
    log: Log,
    /// Faults played, by step.
    faults: Mutex<BTreeMap<usize, usize>>,
    cache: Cache,
}

/// A request that the provider would refuse.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) code: StatusCode,
    /// As the Messages API names it.
    pub(crate) kind: &'static str,
    pub(crate) why: String,
}

impl Refused {
    /// Nobody knows who asks.
    pub(crate) fn credential(why: impl Into<String>) -> Self {
        let (code, why) = (StatusCode::UNAUTHORIZED, why.into());
        let kind = "authentication_error";
        Self { code, kind, why }
    }

    /// The request breaks a rule.
    pub(crate) fn request(why: impl Into<String>) -> Self {
        let (code, why) = (StatusCode::BAD_REQUEST, why.into());
        let kind = "invalid_request_error";
        Self { code, kind, why }
    }

    /// It is not there.
    pub(crate) fn missing(why: impl Into<String>) -> Self {
        let (code, why) = (StatusCode::NOT_FOUND, why.into());
        let kind = "not_found_error";
        Self { code, kind, why }
    }

    pub(crate) fn answer(self, wire: &dyn Wire) -> (Outcome, Response) {
        let response = wire.refusal(self.code, Some(self.kind), &self.why);
        (Outcome::Refused(self.why), response)
    }
}

impl Stage {
    pub(crate) fn new(script: Script) -> Self {
        Self {
            script,
            ..Self::default()
        }
    }

    pub(crate) fn script(&self) -> &Script {
        &self.script
    }

    /// Checks what the real API checks before the model is asked.
    pub(crate) fn admit(&self, body: &Value, is_count: bool) -> Result<(), Refused> {
        check(body, is_count).map_err(Refused::request)?;
        let model = Conversation::of(body).model();
        if self.script.models.iter().any(|known| known.id() == model) {
            Ok(())
        } else {
            Err(Refused::missing(format!("model: {model}")))
        }
    }

    /// The tokens of a request.
    pub(crate) fn count(body: &Value) -> u64 {
        uncached(body).input
    }

    /// What the script has for a request of the Messages API, on this wire.
    pub(crate) fn play(&self, wire: &dyn Wire, body: &Value) -> (Outcome, Response) {
        let conversation = Conversation::of(body);
        let cue = match self.script.cue(conversation) {
            Ok(cue) => cue,
            Err(why) => return unexpected(wire, why),
        };
        let said = match self.script.fill(cue.step, conversation) {
            Ok(said) => said,
            Err(error) => return unexpected(wire, format!("step {}: {error}", cue.index + 1)),
        };
        let filled = Filled {
            answer: &cue.step.answer,
            said,
            model: conversation.model(),
            number: conversation.answers(),
            counted: if self.script.caches {
                self.cache.count(body)
            } else {
                uncached(body)
            },
        };
        let fault = self.next_fault(cue.index, &cue.step.faults);
        let outcome = match fault {
            None | Some(Fault::DelayMs(_) | Fault::NotStreamed) => Outcome::Step(cue.index + 1),
            Some(_) => Outcome::Fault(cue.index + 1),
        };
        let response = match fault {
            Some(Fault::Status {
                code,
                kind,
                message,
                headers,
            }) => {
                let code = StatusCode::from_u16(*code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                let message = message.as_deref().unwrap_or("scripted");
                with(headers, wire.refusal(code, kind.as_deref(), message))
            }
            Some(Fault::NotStreamed) => Json(wire.whole(filled.whole())).into_response(),
            _ if body["stream"] != true => Json(wire.whole(filled.whole())).into_response(),
            fault => {
                let pace = Duration::from_millis(self.script.pace_ms);
                streamed(wire, &filled.events(), pace, fault)
            }
        };
        (outcome, response)
    }

    /// The fault of this try; faults are played once each, in their order.
    fn next_fault<'a>(&self, step: usize, faults: &'a [Fault]) -> Option<&'a Fault> {
        let mut played = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        let played = played.entry(step).or_default();
        let fault = faults.get(*played)?;
        *played += 1;
        Some(fault)
    }

    /// The requests that came, oldest first.
    pub(crate) fn entries(&self) -> Vec<Logged> {
        self.log.entries()
    }

    pub(crate) fn log(&self, request: &str, headers: &HeaderMap, body: Value, outcome: Outcome) {
        let headers = headers.iter().map(|(name, value)| {
            let value = if SECRETS.contains(&name.as_str()) {
                "…"
            } else {
                value.to_str().unwrap_or("…")
            };
            (name.to_string(), value.to_owned())
        });
        self.log.add(Logged {
            request: request.to_owned(),
            headers: headers.collect(),
            body,
            outcome,
        });
    }
}

/// What the tokens of a request cost where there is no cache.
fn uncached(body: &Value) -> Usage {
    Usage {
        input: tokens(body.to_string().len() as u64),
        output: 0,
        cache_read: 0,
        cache_write: 0,
    }
}

fn unexpected(wire: &dyn Wire, why: String) -> (Outcome, Response) {
    let response = wire.unexpected(&format!("not in the script: {why}"));
    (Outcome::Unexpected(why), response)
}

/// The headers that a script names beside the response.
fn with(headers: &BTreeMap<String, String>, mut response: Response) -> Response {
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}
