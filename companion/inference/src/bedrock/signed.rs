//! Requests to AWS beside those of the model: signed by AWS's own signer where credentials sign, sent over our client.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use bytes::Bytes;
use deskhand_egress::{Client, EgressError};
use http::{Request, StatusCode};
use tokio::time::timeout;

use crate::Secret;
use crate::credential::AwsKeys;

/// How long an exchange may take in all.
const WITHIN: Duration = Duration::from_secs(30);

/// What a signature names beside the request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scope<'a> {
    pub(super) region: &'a str,
    pub(super) service: &'static str,
    pub(super) at: SystemTime,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum ExchangeError {
    #[error(transparent)]
    Egress(#[from] EgressError),
    #[error("no answer in time")]
    TimedOut,
    #[error("the request cannot be signed")]
    Signing,
}

/// A credential that no request can carry. AWS's signer would panic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the credential holds characters that no header can carry")]
pub(super) struct Unsendable;

/// Keys as the signer takes them.
pub(super) fn signing(keys: &AwsKeys) -> Result<Credentials, Unsendable> {
    let session = keys.session_token.as_ref();
    let parts = [&keys.access_key_id, &keys.secret_access_key];
    if !parts.into_iter().chain(session).all(is_sendable) {
        return Err(Unsendable);
    }
    let session = session.map(|token| token.expose().to_owned());
    let (id, key) = (keys.access_key_id.expose(), keys.secret_access_key.expose());
    Ok(Credentials::new(id, key, session, None, "deskhand"))
}

/// Visible ASCII: what keys and tokens are made of.
pub(super) fn is_sendable(secret: &Secret) -> bool {
    let text = secret.expose();
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Adds a signature (Signature Version 4) of the whole request.
pub(super) fn add_signature(
    request: &mut Request<Bytes>,
    keys: Credentials,
    scope: Scope<'_>,
) -> Result<(), ExchangeError> {
    let identity = keys.into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(scope.region)
        .name(scope.service)
        .time(scope.at)
        .settings(SigningSettings::default())
        .build()
        .map_err(|_| ExchangeError::Signing)?
        .into();
    let address = request.uri().to_string();
    let mut headers = Vec::new();
    for (name, value) in request.headers() {
        headers.push((name.as_str(), value.to_str().map_err(|_| ExchangeError::Signing)?));
    }
    let body = SignableBody::Bytes(request.body());
    let method = request.method().as_str();
    let signable = SignableRequest::new(method, address, headers.into_iter(), body);
    let signable = signable.map_err(|_| ExchangeError::Signing)?;
    let signed = sign(signable, &params).map_err(|_| ExchangeError::Signing)?;
    let (instructions, _) = signed.into_parts();
    instructions.apply_to_request_http1x(request);
    Ok(())
}

/// Sends a request and reads the answer, of at most `limit` bytes.
pub(super) async fn exchange(
    client: &Client,
    request: Request<Bytes>,
    limit: usize,
) -> Result<(StatusCode, http::HeaderMap, Bytes), ExchangeError> {
    let answer = async {
        let response = client.send(request).await?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = response.body_up_to(limit).await?;
        Ok((status, headers, body))
    };
    timeout(WITHIN, answer)
        .await
        .unwrap_or(Err(ExchangeError::TimedOut))
}
