//! What the identity providers among the stand-ins have in common.

use std::collections::{BTreeMap, BTreeSet};

use aws_lc_rs::digest::{SHA256, digest};
use axum::extract::Query;
use axum::http::Uri;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// The fields of a form, or of a query.
pub(crate) type Fields = BTreeMap<String, String>;

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

/// Codes that wait to be redeemed, each with what it stands for.
#[derive(Debug)]
pub(crate) struct Codes<T>(BTreeMap<String, Code<T>>);

#[derive(Debug)]
struct Code<T> {
    challenge: String,
    redirect: String,
    stands_for: T,
}

/// Why a code is not redeemed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoCode {
    /// It is not known, or was redeemed before.
    Unknown,
    /// The verifier does not fit its challenge.
    Verifier,
    /// It was asked for with another redirect.
    Redirect,
}

impl<T> Codes<T> {
    /// Keeps a code for what a browser asked.
    pub(crate) fn keep(&mut self, code: String, asked: &Fields, stands_for: T) {
        let field = |name: &str| asked.get(name).cloned().unwrap_or_default();
        let kept = Code {
            challenge: field("code_challenge"),
            redirect: field("redirect_uri"),
            stands_for,
        };
        self.0.insert(code, kept);
    }

    /// What the code of this form stands for. It counts once, also where something does not fit.
    pub(crate) fn redeem(&mut self, form: &Fields) -> Result<T, NoCode> {
        let field = |name: &str| form.get(name).map_or("", String::as_str);
        let kept = self.0.remove(field("code")).ok_or(NoCode::Unknown)?;
        if s256(field("code_verifier")) != kept.challenge {
            return Err(NoCode::Verifier);
        }
        if field("redirect_uri") != kept.redirect {
            return Err(NoCode::Redirect);
        }
        Ok(kept.stands_for)
    }
}

impl<T> Default for Codes<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

/// What a provider was asked, with the status of its answers.
#[derive(Debug, Default)]
pub(crate) struct Asked(Vec<String>);

impl Asked {
    /// Notes an answer.
    pub(crate) fn note(&mut self, what: &str, answer: Response) -> Response {
        self.0.push(format!("{what} {}", answer.status().as_u16()));
        answer
    }

    /// Everything, oldest first.
    pub(crate) fn all(&self) -> Vec<String> {
        self.0.clone()
    }
}

/// What is given out: easy to find again wherever it should not stand.
fn secret(kind: &str, number: u32) -> String {
    format!("standin-{kind}-{number:04}-2f9c1d")
}

/// The challenge of a verifier, RFC 7636.
fn s256(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()))
}

/// True where a browser asks with a challenge as S256 makes them.
pub(crate) fn is_proved(asked: &Fields) -> bool {
    let challenge = asked
        .get("code_challenge")
        .map(|challenge| URL_SAFE_NO_PAD.decode(challenge));
    let method = asked.get("code_challenge_method");
    method.is_some_and(|method| method == "S256")
        && challenge.is_some_and(|bytes| bytes.is_ok_and(|bytes| bytes.len() == 32))
}

/// True where a browser is sent back to the own machine, on any port (RFC 8252, section 7.3).
pub(crate) fn is_loopback(asked: &Fields) -> bool {
    let redirect = asked.get("redirect_uri");
    let uri: Option<Uri> = redirect.and_then(|redirect| redirect.parse().ok());
    uri.is_some_and(|uri| {
        uri.scheme_str() == Some("http") && matches!(uri.host(), Some("localhost" | "127.0.0.1"))
    })
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
pub(crate) fn form(body: &str) -> Fields {
    let uri: Option<Uri> = format!("/?{body}").parse().ok();
    let fields = uri.and_then(|uri| Query::try_from_uri(&uri).ok());
    fields.map(|Query(fields)| fields).unwrap_or_default()
}
