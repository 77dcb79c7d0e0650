//! The way to a provider, which the caller brings.

use std::fmt;
use std::future::Future;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, StatusCode};
use serde::de::DeserializeOwned;
use url::Url;
use url::form_urlencoded::{Serializer, byte_serialize};
use zeroize::Zeroizing;

use crate::error::SignInError;

/// Bytes of an answer that are read; a transport gives up on longer ones.
pub const MAX_ANSWER: usize = 256 * 1024;

/// The way to a provider. It follows no redirect, since what is sent is secret, and has a deadline of its own.
pub trait Transport: Send + Sync {
    /// Sends one request and reads the whole answer, up to [`MAX_ANSWER`].
    fn send(&self, request: Request<Bytes>) -> impl Future<Output = Result<Answer, TransportError>> + Send;
}

/// An answer. Its `Debug` shows the status alone.
#[derive(Clone)]
pub struct Answer {
    /// The HTTP status.
    pub status: StatusCode,
    /// The whole body.
    pub body: Bytes,
}

impl fmt::Debug for Answer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Answer").field(&self.status).finish()
    }
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// The provider cannot be reached, or the connection broke.
    #[error("{0}")]
    Unreachable(String),
    /// The settings do not open this way.
    #[error("{0}")]
    Closed(String),
    /// The answer is longer than [`MAX_ANSWER`].
    #[error("the answer is too long")]
    TooLong,
}

/// Fetches a JSON object.
pub(crate) async fn get<T: DeserializeOwned>(
    transport: &impl Transport,
    address: &Url,
) -> Result<T, SignInError> {
    let mut request = Request::new(Bytes::new());
    *request.uri_mut() = uri(address)?;
    request
        .headers_mut()
        .insert(ACCEPT, HeaderValue::from_static("application/json"));
    let answer = transport.send(request).await?;
    if answer.status != StatusCode::OK {
        return Err(SignInError::Status(answer.status.as_u16()));
    }
    read(&answer.body)
}

/// Sends a form (RFC 6749, appendix B). Empty answers are none: the caller reads the body.
pub(crate) async fn post(
    transport: &impl Transport,
    address: &Url,
    fields: &[(&str, &str)],
) -> Result<Answer, SignInError> {
    post_as(transport, address, fields, None).await
}

/// The same as a client that proves its name (RFC 6749, section 2.3.1).
pub(crate) async fn post_as(
    transport: &impl Transport,
    address: &Url,
    fields: &[(&str, &str)],
    client: Option<(&str, &str)>,
) -> Result<Answer, SignInError> {
    let mut request = Request::new(form(fields));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = uri(address)?;
    let headers = request.headers_mut();
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/x-www-form-urlencoded"),
    );
    if let Some((name, secret)) = client {
        headers.insert(AUTHORIZATION, basic(name, secret)?);
    }
    Ok(transport.send(request).await?)
}

/// The header of a client, whose name and secret are encoded as in a form first.
fn basic(name: &str, secret: &str) -> Result<HeaderValue, SignInError> {
    let encoded = |text: &str| Zeroizing::new(byte_serialize(text.as_bytes()).collect::<String>());
    let pair = Zeroizing::new(format!("{}:{}", *encoded(name), *encoded(secret)));
    let text = Zeroizing::new(format!("Basic {}", STANDARD.encode(pair.as_bytes())));
    let mut value = HeaderValue::from_str(&text)
        .map_err(|_| SignInError::Unreadable("the client's secret cannot be sent"))?;
    value.set_sensitive(true);
    Ok(value)
}

fn form(fields: &[(&str, &str)]) -> Bytes {
    let mut form = Serializer::new(String::new());
    form.extend_pairs(fields);
    let form = Zeroizing::new(form.finish());
    Bytes::copy_from_slice(form.as_bytes())
}

/// Reads JSON. What is wrong with it is not told: it could quote a token.
pub(crate) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, SignInError> {
    if body.len() > MAX_ANSWER {
        return Err(TransportError::TooLong.into());
    }
    serde_json::from_slice(body).map_err(|_| SignInError::Unreadable("it is not the expected JSON"))
}

fn uri(address: &Url) -> Result<http::Uri, SignInError> {
    let parsed = address.as_str().parse();
    parsed.map_err(|_| SignInError::Unreadable("it names an address that cannot be used"))
}
