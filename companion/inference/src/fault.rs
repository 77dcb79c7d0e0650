//! What can go wrong with a model call, told apart by what a person can do, and the mapping from HTTP and from the
//! Messages API's error events.

use std::borrow::Cow;
use std::time::Duration;

use deskhand_egress::{EgressError, Exchange, ProxyFault};
use deskhand_protocol::{ErrorCode, UserError};
use http::{HeaderMap, StatusCode};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

use crate::Secret;
use crate::scrub::scrub;

/// Kinds of faults, one for each code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// Settings name no usable provider.
    NotConfigured,
    /// No connection.
    Unreachable,
    /// The way through the network's proxy ends there.
    Proxy,
    /// The certificate or the handshake was refused.
    Tls,
    /// The credential was refused.
    Auth,
    /// A person has to sign in.
    SignIn,
    /// The model is not known there.
    ModelUnknown,
    /// Too many requests.
    RateLimited,
    /// The server failed or is overloaded.
    Overloaded,
    /// No sign of life in time.
    TimedOut,
    /// The stream ended in the middle.
    StreamCut,
    /// The request was refused.
    BadRequest,
    /// The request holds more than the model can take in.
    TooLong,
    /// The answer is not what the Messages API says.
    BadAnswer,
}

impl FaultKind {
    /// The stable code.
    pub fn code(self) -> ErrorCode {
        match self {
            Self::NotConfigured => ErrorCode::InferenceNotConfigured,
            Self::Unreachable => ErrorCode::InferenceUnreachable,
            Self::Proxy => ErrorCode::InferenceProxy,
            Self::Tls => ErrorCode::InferenceTls,
            Self::Auth => ErrorCode::InferenceAuth,
            Self::SignIn => ErrorCode::InferenceSignIn,
            Self::ModelUnknown => ErrorCode::InferenceModelUnknown,
            Self::RateLimited => ErrorCode::InferenceRateLimited,
            Self::Overloaded => ErrorCode::InferenceOverloaded,
            Self::TimedOut => ErrorCode::InferenceTimeout,
            Self::StreamCut => ErrorCode::InferenceStreamCut,
            Self::BadRequest => ErrorCode::InferenceBadRequest,
            Self::TooLong => ErrorCode::InferenceTooLong,
            Self::BadAnswer => ErrorCode::InferenceBadAnswer,
        }
    }

    /// The first sentence of the code, about who answers instead of about any provider.
    fn sentence(self) -> Option<&'static str> {
        Some(match self {
            Self::Unreachable => "{who} could not be reached.",
            Self::Tls => "No protected connection to {who} came about.",
            Self::Auth => "{who} refused the credential.",
            Self::ModelUnknown => "{who} does not know this model.",
            Self::RateLimited => "{who} limits requests at the moment.",
            Self::TimedOut => "{who} did not answer in time.",
            Self::BadRequest => "{who} refused the request.",
            Self::BadAnswer => "The answer of {who} could not be read.",
            Self::NotConfigured
            | Self::SignIn
            | Self::Proxy
            | Self::Overloaded
            | Self::StreamCut
            | Self::TooLong => return None,
        })
    }
}

/// A failed model call.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind:?}: {detail}")]
pub struct Fault {
    /// What went wrong.
    pub kind: FaultKind,
    /// More for an expert; bounded and without credentials.
    pub detail: String,
    /// A first sentence that says more than the code's own; `{who}` stands for who answers.
    pub happened: Option<&'static str>,
    /// Who answers, or should have.
    pub who: &'static str,
    /// How long the server asks to wait.
    pub retry_after: Option<Duration>,
    /// The server said that trying again is no use.
    pub is_final: bool,
    /// The HTTP status of the server's refusal.
    pub status: Option<u16>,
    /// The provider does not take the credential, and another one may help: not what somebody may not do.
    pub is_about_credential: bool,
    /// What a person can do, where that is something else than the code's own.
    pub action: Option<Cow<'static, str>>,
    /// The way to the provider is interrupted, as far as this machine can tell: nobody there said anything.
    pub(crate) is_of_the_way: bool,
}

impl Fault {
    /// A fault with a detail that holds no credential.
    pub fn new(kind: FaultKind, detail: impl Into<String>) -> Self {
        Self {
            kind,
            detail: detail.into(),
            happened: None,
            who: "the model provider",
            retry_after: None,
            is_final: false,
            status: None,
            is_about_credential: false,
            action: None,
            is_of_the_way: kind == FaultKind::Unreachable,
        }
    }

    /// The machine slept, and what was under way did not come back to life.
    pub(crate) fn slept() -> Self {
        Self::new(FaultKind::StreamCut, "the computer slept in the middle")
            .happened("The computer slept, and the connection did not survive it.")
    }

    /// The same with its own first sentence.
    pub(crate) fn happened(mut self, sentence: &'static str) -> Self {
        self.happened = Some(sentence);
        self
    }

    /// The same about one provider, as it stands in a sentence.
    pub(crate) fn at(mut self, who: &'static str) -> Self {
        self.who = who;
        self
    }

    /// For a person.
    pub fn to_user_error(&self) -> UserError {
        let mut error = UserError {
            status: self.status,
            ..UserError::new(self.kind.code())
        };
        if let Some(action) = &self.action {
            action.as_ref().clone_into(&mut error.action);
        }
        if let Some(sentence) = self.happened.or_else(|| self.kind.sentence()) {
            error = error.happened(beginning(&sentence.replace("{who}", self.who)));
        }
        if self.detail.is_empty() {
            error
        } else {
            error.detail(&self.detail)
        }
    }

    /// A fault of the way out, before there was an answer.
    pub(crate) fn of_egress(error: &EgressError) -> Self {
        let kind = match error {
            EgressError::Closed { .. }
            | EgressError::Address { .. }
            | EgressError::Entry { .. }
            | EgressError::NotOurs(_) => FaultKind::NotConfigured,
            EgressError::Request(_) | EgressError::Elsewhere { .. } => FaultKind::BadRequest,
            EgressError::Setup(_) => FaultKind::Tls,
            EgressError::Proxy(_) => FaultKind::Proxy,
            EgressError::Refused { .. } | EgressError::Web { .. } => FaultKind::Unreachable,
            EgressError::Failed { exchange, .. } => match exchange {
                Exchange::Tls(_) => FaultKind::Tls,
                Exchange::TimedOut => FaultKind::TimedOut,
                Exchange::TooLong(_) => FaultKind::BadAnswer,
                Exchange::Proxy { .. } => FaultKind::Proxy,
                Exchange::Unresolved(_) | Exchange::Unreachable(_) | Exchange::Cut(_) => {
                    FaultKind::Unreachable
                }
            },
        };
        let happened = match error {
            EgressError::Failed {
                exchange: Exchange::Unresolved(_),
                ..
            } => Some("The name of {who} could not be resolved."),
            EgressError::Failed {
                exchange: Exchange::Proxy { fault, .. },
                ..
            } => Some(at_the_proxy(fault)),
            _ => None,
        };
        let asks = happened == Some(ASKS);
        Self {
            is_final: asks || matches!(error, EgressError::Proxy(_) | EgressError::Refused { .. }),
            happened,
            is_of_the_way: matches!(error, EgressError::Failed { exchange, .. } if is_of_the_way(exchange)),
            ..Self::new(kind, error.to_string())
        }
    }

    /// A fault of the way out in the middle of an answer.
    pub(crate) fn of_cut(error: &EgressError) -> Self {
        match error {
            EgressError::Failed {
                exchange: Exchange::Cut(_) | Exchange::Unreachable(_),
                ..
            } => Self::new(FaultKind::StreamCut, error.to_string()),
            _ => Self::of_egress(error),
        }
    }

    /// A fault that the server answered with. `body` is the beginning of its body, `known` the credentials we sent,
    /// `now` the time for a `retry-after` that names a date.
    pub(crate) fn of_answer(
        status: StatusCode,
        headers: &HeaderMap,
        body: &[u8],
        known: &[&Secret],
        now: OffsetDateTime,
    ) -> Self {
        let said = WireError::read(body);
        let mut detail = format!("status {}", status.as_u16());
        let message = said.as_ref().map_or_else(
            || String::from_utf8_lossy(body),
            |said| said.message.as_str().into(),
        );
        let message = scrub(&message, known);
        if !message.is_empty() {
            detail = format!("{detail}: {message}");
        }
        if let Some(id) = request_id(headers) {
            detail = format!("{detail} (request {})", scrub(id, known));
        }
        let mut fault = of_status(status, said.as_ref(), &detail);
        fault.status = Some(status.as_u16());
        fault.retry_after = retry_after(headers, now);
        fault.is_final |= headers
            .get("x-should-retry")
            .is_some_and(|value| value == "false");
        fault
    }

    /// A fault that an `error` event in the stream tells.
    pub(crate) fn of_event(error: &WireError, known: &[&Secret]) -> Self {
        Self::new(error.kind(), scrub(&error.message, known))
    }
}

/// Whether nothing was sent, since neither the host nor a proxy before it was there. A connection that stood and broke may have
/// broken over what was sent: that is not sent again and again.
fn is_of_the_way(exchange: &Exchange) -> bool {
    match exchange {
        Exchange::Unresolved(_) | Exchange::Unreachable(_) | Exchange::TimedOut => true,
        Exchange::Proxy { fault, .. } => matches!(
            fault,
            ProxyFault::Unresolved(_)
                | ProxyFault::Unreachable(_)
                | ProxyFault::TimedOut
                | ProxyFault::Refused(502..=504)
        ),
        Exchange::Tls(_) | Exchange::TooLong(_) | Exchange::Cut(_) => false,
    }
}

/// A sentence begins with a capital letter.
fn beginning(sentence: &str) -> String {
    let mut letters = sentence.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters).collect()
}

/// What a person reads of a proxy that wants to know who they are.
const ASKS: &str = "The proxy asks for a sign-in.";

/// The first sentence of each fault of a proxy; the detail names the proxy and the reason.
fn at_the_proxy(fault: &ProxyFault) -> &'static str {
    match fault {
        ProxyFault::Unresolved(_) => "The name of the proxy could not be resolved.",
        ProxyFault::Unreachable(_) => "The proxy could not be reached.",
        ProxyFault::TimedOut => "The proxy did not answer in time.",
        ProxyFault::Tls(_) => "No protected connection to the proxy came about.",
        ProxyFault::SignIn(_) | ProxyFault::SignInFailed { .. } => ASKS,
        ProxyFault::Refused(_) => "The proxy refused the connection.",
        ProxyFault::Answer => "The proxy's address is not one of a proxy.",
        ProxyFault::Script(_) => "The script that names the proxy gave no way.",
    }
}

fn of_status(status: StatusCode, said: Option<&WireError>, detail: &str) -> Fault {
    let fault = |kind| Fault::new(kind, detail);
    match status.as_u16() {
        401 => Fault {
            is_about_credential: true,
            ..fault(FaultKind::Auth)
        },
        403 => fault(FaultKind::Auth).happened("{who} does not let this credential do that."),
        // LiteLLM without a database answers a wrong key with 400.
        400 if said.is_some_and(|said| said.kind == "no_db_connection") => Fault {
            is_about_credential: true,
            ..fault(FaultKind::Auth)
        },
        400 | 422 if said.is_some_and(WireError::is_about_length) => fault(FaultKind::TooLong),
        400 | 404 | 422 if said.is_some_and(WireError::is_about_the_model) => fault(FaultKind::ModelUnknown),
        404 | 405 => {
            fault(FaultKind::BadRequest).happened("There is no Messages API at the address of {who}.")
        }
        407 => Fault {
            is_final: true,
            ..fault(FaultKind::Proxy)
        }
        .happened(ASKS),
        408 => fault(FaultKind::TimedOut),
        413 => fault(FaultKind::TooLong).happened("The request is too large for {who}."),
        429 => fault(FaultKind::RateLimited),
        501 | 505 => fault(FaultKind::BadRequest),
        529 => fault(FaultKind::Overloaded),
        500..=599 => fault(FaultKind::Overloaded).happened("{who} failed."),
        300..=399 => fault(FaultKind::BadRequest).happened("The address of {who} leads to another place."),
        _ => fault(FaultKind::BadRequest),
    }
}

/// The error object of the Messages API, as it stands in bodies and in `error` events. Other gateways' forms are read
/// as far as they hold a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WireError {
    /// `overloaded_error` and the like; empty where there is none.
    pub kind: String,
    /// The message, as it came.
    pub message: String,
}

impl WireError {
    /// Reads `{"error": {"type", "message"}}`, `{"error": "…"}` and what lies between.
    pub fn read(body: &[u8]) -> Option<Self> {
        let said: serde_json::Value = serde_json::from_slice(body).ok()?;
        // Vertex AI puts what refuses a stream into a list.
        let said = said.as_array().and_then(|list| list.first()).unwrap_or(&said);
        let error = said.get("error")?;
        let text = |key| {
            error
                .get(key)
                .and_then(serde_json::Value::as_str)
                .map(str::to_owned)
        };
        let message = error
            .as_str()
            .map(str::to_owned)
            .or_else(|| text("message"))
            .unwrap_or_default();
        Some(Self {
            kind: text("type").unwrap_or_default(),
            message,
        })
    }

    fn kind(&self) -> FaultKind {
        match self.kind.as_str() {
            "authentication_error" | "permission_error" => FaultKind::Auth,
            "request_too_large" => FaultKind::TooLong,
            "invalid_request_error" if self.is_about_length() => FaultKind::TooLong,
            "invalid_request_error" | "billing_error" => FaultKind::BadRequest,
            "not_found_error" => FaultKind::ModelUnknown,
            "rate_limit_error" => FaultKind::RateLimited,
            "timeout_error" => FaultKind::TimedOut,
            _ => FaultKind::Overloaded,
        }
    }

    /// There is no type of its own for a conversation that is too long; each server says it in its own words.
    pub(crate) fn is_about_length(&self) -> bool {
        let message = self.message.to_ascii_lowercase();
        let too_long = [
            "prompt is too long",
            "input is too long",
            "too many input tokens",
            "maximum context length",
            "context length exceeded",
            "context limit",
            "context window",
        ];
        too_long.iter().any(|words| message.contains(words))
    }

    /// Gateways answer 400 as well as 404 for a model they do not know, each in its own words.
    fn is_about_the_model(&self) -> bool {
        let message = self.message.to_ascii_lowercase();
        let unknown = [
            "not found",
            "not exist",
            "invalid model",
            "unknown model",
            "no such model",
            "not supported",
            "model:",
        ];
        message.contains("model") && unknown.iter().any(|words| message.contains(words))
    }
}

pub(crate) fn request_id(headers: &HeaderMap) -> Option<&str> {
    ["request-id", "x-request-id"]
        .iter()
        .find_map(|name| headers.get(*name)?.to_str().ok())
}

/// `retry-after-ms`, or `retry-after` in seconds or as a date (RFC 9110, section 10.2.3).
pub(crate) fn retry_after(headers: &HeaderMap, now: OffsetDateTime) -> Option<Duration> {
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    if let Some(millis) = text("retry-after-ms").and_then(|text| text.parse().ok()) {
        return Some(Duration::from_millis(millis));
    }
    let text = text("retry-after")?;
    if let Ok(seconds) = text.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let until = OffsetDateTime::parse(text, &Rfc2822).ok()? - now;
    Some(until.try_into().unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests;
