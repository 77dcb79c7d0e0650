//! What the identity providers among the stand-ins have in common.

use std::collections::{BTreeMap, BTreeSet};

use aws_lc_rs::digest::{SHA256, digest};
use axum::extract::Query;
use axum::http::Uri;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// How far the person is with a device code, and what the provider answers to whoever asks for the token (RFC 8628).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Device {
    /// The person has not yet entered it.
    #[default]
    Pending,
    /// As before, and the provider was asked too often.
    SlowDown,
    /// The person refused.
    Denied,
    /// The code is too old.
    Expired,
    /// The person is signed in.
    Granted,
}

/// Tokens, codes and secrets that a provider gave out.
#[derive(Debug, Default)]
pub(crate) struct Given {
    number: u32,
    all: Vec<String>,
}

impl Given {
    /// A new one.
    pub(crate) fn give(&mut self, kind: &str) -> String {
        self.number += 1;
        let secret = secret(kind, self.number);
        self.all.push(secret.clone());
        secret
    }

    /// Everything that was given out.
    pub(crate) fn all(&self) -> Vec<String> {
        self.all.clone()
    }
}

/// What is given out: easy to find again wherever it should not stand.
fn secret(kind: &str, number: u32) -> String {
    format!("standin-{kind}-{number:04}-2f9c1d")
}

/// The challenge of a verifier, RFC 7636.
pub(crate) fn s256(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()))
}

/// True for a challenge as S256 makes them.
pub(crate) fn is_challenge(challenge: &str) -> bool {
    URL_SAFE_NO_PAD
        .decode(challenge)
        .is_ok_and(|bytes| bytes.len() == 32)
}

/// The scopes of a request.
pub(crate) fn scopes(scope: &str) -> BTreeSet<String> {
    scope.split_whitespace().map(str::to_owned).collect()
}

/// Where the browser is sent back to, with these fields.
pub(crate) fn redirect(to: &str, fields: &[(&str, &str)]) -> String {
    let fields = fields
        .iter()
        .map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC)));
    format!("{to}?{}", fields.collect::<Vec<_>>().join("&"))
}

/// The fields of a form.
pub(crate) fn form(body: &str) -> BTreeMap<String, String> {
    let uri: Option<Uri> = format!("/?{body}").parse().ok();
    let fields = uri.and_then(|uri| Query::try_from_uri(&uri).ok());
    fields.map(|Query(fields)| fields).unwrap_or_default()
}
