//! One question to the bootstrap address, and what its answer means.

use std::time::Duration;

use bytes::Bytes;
use deskhand_egress::{Client, EgressError, Exchange};
use deskhand_identity::{Answer as Reply, MAX_ANSWER, Transport, TransportError};
use deskhand_policy::{Reading, bootstrap_answer};
use deskhand_protocol::{ErrorCode, UserError};
use http::header::{ACCEPT, ETAG, IF_NONE_MATCH};
use http::{HeaderMap, HeaderValue, Request, StatusCode};
use url::Url;

use super::vault::Answer;

/// How long an answer may take.
const WITHIN: Duration = Duration::from_secs(30);
/// Bytes that an answer may have: what the policy crate reads of one.
const LARGEST: usize = 1 << 20;
/// Bytes of an entity tag.
const TAG: usize = 1_024;
/// How long an answer counts that does not say it, in milliseconds.
const UNSAID: u64 = 60 * 60 * 1_000;

/// What an answer means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fetched {
    /// New settings.
    Answer(Answer),
    /// Those that are kept are current.
    Unchanged,
    /// Whoever asked is not known (any longer).
    SignIn,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum FetchError {
    /// It could not be asked.
    #[error("{0}")]
    Unreachable(String),
    /// The settings do not open the way, or the question cannot be sent.
    #[error("{0}")]
    Closed(String),
    /// It did not answer in time.
    #[error("no answer within {} seconds", WITHIN.as_secs())]
    Late,
    /// It leads elsewhere.
    #[error("it answered with a redirect, which is not followed")]
    Redirect,
    /// Another status.
    #[error("it answered {0}")]
    Status(u16),
    /// Its body is too long.
    #[error("its answer is longer than {LARGEST} bytes")]
    TooLong,
    /// Its body is no JSON object of settings.
    #[error("its answer is no JSON object of settings")]
    Unreadable,
    /// Its settings ended already.
    #[error("the settings in its answer have ended already")]
    Over,
}

impl FetchError {
    /// The same for a person.
    pub(super) fn told(&self) -> UserError {
        let code = match self {
            Self::Unreachable(_) | Self::Closed(_) | Self::Late => ErrorCode::BootstrapUnreachable,
            Self::Status(status) if *status == 429 || *status >= 500 => ErrorCode::BootstrapUnreachable,
            _ => ErrorCode::BootstrapAnswer,
        };
        UserError::new(code).detail(self)
    }
}

/// Asks once. `now` is the time when the question is sent.
pub(super) async fn ask(
    client: &Client,
    address: &Url,
    headers: &HeaderMap,
    etag: Option<&str>,
    now: u64,
) -> Result<Fetched, FetchError> {
    let mut request = Request::new(Bytes::new());
    let uri = address.as_str().parse();
    *request.uri_mut() = uri.map_err(|_| FetchError::Closed("the address cannot be asked".to_owned()))?;
    let sent = request.headers_mut();
    sent.insert(ACCEPT, HeaderValue::from_static("application/json"));
    sent.extend(headers.clone());
    if let Some(tag) = etag.and_then(|tag| HeaderValue::from_str(tag).ok()) {
        sent.insert(IF_NONE_MATCH, tag);
    }
    let answered = async {
        let answer = client.send(request).await.map_err(|error| sorted(&error))?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        // Only what is applied is read: an error page can be long.
        let body = if status == StatusCode::OK {
            answer.body_up_to(LARGEST).await.map_err(|error| sorted(&error))?
        } else {
            Bytes::new()
        };
        Ok((status, headers, body))
    };
    let answered = tokio::time::timeout(WITHIN, answered).await;
    let (status, headers, body) = answered.map_err(|_| FetchError::Late)??;
    judged(status, &headers, &body, address, etag.is_some(), now)
}

/// What an answer means. `asked` is whether the question named the answer that is kept.
fn judged(
    status: StatusCode,
    headers: &HeaderMap,
    body: &[u8],
    address: &Url,
    asked: bool,
    now: u64,
) -> Result<Fetched, FetchError> {
    match status.as_u16() {
        200 => {}
        304 if asked => return Ok(Fetched::Unchanged),
        401 | 403 => return Ok(Fetched::SignIn),
        300..=303 | 305..=399 => return Err(FetchError::Redirect),
        other => return Err(FetchError::Status(other)),
    }
    let answer = bootstrap_answer(&address.origin().ascii_serialization(), body);
    let Reading::Present(_) = answer.reading else {
        return Err(FetchError::Unreadable);
    };
    let ends_at = answer.expires_at.unwrap_or_else(|| now.saturating_add(UNSAID));
    if ends_at <= now {
        return Err(FetchError::Over);
    }
    let tag = headers.get(ETAG).and_then(|tag| tag.to_str().ok());
    Ok(Fetched::Answer(Answer {
        body: String::from_utf8(body.to_vec()).map_err(|_| FetchError::Unreadable)?,
        etag: tag.filter(|tag| tag.len() <= TAG).map(str::to_owned),
        ends_at,
        says_end: answer.expires_at.is_some(),
    }))
}

/// An answer that was said to be current at `now`.
pub(super) fn renewed(answer: &Answer, now: u64) -> Answer {
    let mut answer = answer.clone();
    if !answer.says_end {
        answer.ends_at = now.saturating_add(UNSAID);
    }
    answer
}

fn sorted(error: &EgressError) -> FetchError {
    match error {
        EgressError::Failed {
            exchange: Exchange::TooLong(_),
            ..
        } => FetchError::TooLong,
        EgressError::Failed { .. } => FetchError::Unreachable(error.to_string()),
        _ => FetchError::Closed(error.to_string()),
    }
}

/// Why the settings do not open a way of a sign-in; `key` is the one that names its hosts.
pub(super) fn closed(error: &EgressError, key: &'static str) -> String {
    match error {
        EgressError::Refused { origin, .. } => format!("{origin} is no host that {key} names"),
        other => other.to_string(),
    }
}

/// The way to the identity provider: the gate's, for the same destination.
#[derive(Clone, Debug)]
pub(super) struct SignInWay {
    pub(super) client: Client,
    /// The key that names the provider's hosts.
    pub(super) key: &'static str,
}

impl Transport for SignInWay {
    async fn send(&self, request: Request<Bytes>) -> Result<Reply, TransportError> {
        let answered = async {
            let answer = self.client.send(request).await?;
            let status = answer.status();
            answer
                .body_up_to(MAX_ANSWER)
                .await
                .map(|body| Reply { status, body })
        };
        let late = |_| TransportError::Unreachable("the identity provider did not answer in time".to_owned());
        let answered = tokio::time::timeout(WITHIN, answered).await.map_err(late)?;
        answered.map_err(|error| match sorted(&error) {
            FetchError::TooLong => TransportError::TooLong,
            FetchError::Unreachable(why) => TransportError::Unreachable(why),
            _ => TransportError::Closed(closed(&error, self.key)),
        })
    }
}

#[cfg(test)]
mod tests;
