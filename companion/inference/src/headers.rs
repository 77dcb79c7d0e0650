//! The headers of a request: ours, the credential's, and the organisation's extra ones as far as they may be added.

use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::Secret;
use crate::credential::Credential;
use crate::messages::API_VERSION;

/// How the credential is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AuthScheme {
    /// `Authorization: Bearer`, RFC 6750.
    #[default]
    Bearer,
    /// `x-api-key`
    ApiKey,
}

/// An extra header that is not sent, and why: for the configuration report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DroppedHeader {
    /// The header's name as it was given.
    pub name: String,
    /// Why it is not sent.
    pub why: &'static str,
}

/// Where the API is asked for what it has not for everybody, names with commas between.
pub(crate) const BETA: &str = "anthropic-beta";
/// Room for a million tokens: "1M token context window" of the API's page on context windows.
pub(crate) const LONG_CONTEXT: &str = "context-1m-2025-08-07";

const OURS: [&str; 4] = ["accept", "anthropic-version", "content-type", "user-agent"];
const CREDENTIALS: [&str; 4] = ["authorization", "cookie", "proxy-authorization", "x-api-key"];
/// Headers that frame or route the connection; changing them would go around the gate or break it.
const CONNECTION: [&str; 13] = [
    "accept-encoding",
    "connection",
    "content-encoding",
    "content-length",
    "expect",
    "forwarded",
    "host",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
];

/// The extra headers that may be sent, and those that may not.
pub(crate) fn extra(named: &[(String, Secret)]) -> (HeaderMap, Vec<DroppedHeader>) {
    let mut headers = HeaderMap::new();
    let mut dropped = Vec::new();
    for (name, value) in named {
        match extra_header(name, value) {
            Ok((name, value)) => {
                headers.insert(name, value);
            }
            Err(why) => dropped.push(DroppedHeader {
                name: name.chars().take(64).collect(),
                why,
            }),
        }
    }
    (headers, dropped)
}

/// The headers of every request but those of the credential, and the extra ones that were left out.
pub(crate) fn fixed(named: &[(String, Secret)], has_version: bool) -> (HeaderMap, Vec<DroppedHeader>) {
    let (mut headers, dropped) = extra(named);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(
        ACCEPT,
        HeaderValue::from_static("text/event-stream, application/json"),
    );
    if has_version {
        headers.insert("anthropic-version", HeaderValue::from_static(API_VERSION));
    }
    (headers, dropped)
}

/// Asks for something that the API has not for everybody, beside what the settings ask for.
pub(crate) fn add_beta(headers: &mut HeaderMap, beta: &str) {
    let named = headers.get(BETA).and_then(|value| value.to_str().ok());
    let betas = named.map_or_else(|| beta.to_owned(), |named| format!("{named},{beta}"));
    // Both parts are values of headers already.
    if let Ok(value) = HeaderValue::from_str(&betas) {
        headers.insert(BETA, value);
    }
}

/// Adds a credential, and the headers that a helper gave with it, which beat those of the settings.
pub(crate) fn sign(
    headers: &mut HeaderMap,
    credential: &Credential,
    scheme: AuthScheme,
) -> Result<(), &'static str> {
    for (name, value) in &credential.headers {
        if let Ok((name, value)) = extra_header(name, value) {
            headers.insert(name, value);
        }
    }
    let key = credential.secret.expose();
    if key.is_empty() {
        return Ok(());
    }
    let (name, text) = match scheme {
        AuthScheme::Bearer => (AUTHORIZATION, zeroize::Zeroizing::new(format!("Bearer {key}"))),
        AuthScheme::ApiKey => (HeaderName::from_static("x-api-key"), key.to_owned().into()),
    };
    let value = sensitive(&text).ok_or("the key holds characters that no header can carry")?;
    headers.insert(name, value);
    Ok(())
}

fn extra_header(name: &str, value: &Secret) -> Result<(HeaderName, HeaderValue), &'static str> {
    let lower = HeaderName::try_from(name).map_err(|_| "not a header name")?;
    let is_in = |list: &[&str]| list.contains(&lower.as_str());
    if is_in(&OURS) {
        Err("Deskhand sets it")
    } else if is_in(&CREDENTIALS) {
        Err("credentials have keys of their own")
    } else if is_in(&CONNECTION) || lower.as_str().starts_with("proxy-") {
        Err("it belongs to the connection")
    } else {
        sensitive(value.expose())
            .map(|value| (lower, value))
            .ok_or("its value cannot be sent")
    }
}

/// A header value that libraries neither print nor compress.
fn sensitive(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Secret {
        Secret::new(text.to_owned())
    }

    fn headers(
        key: Option<&Secret>,
        scheme: AuthScheme,
        extra: &[(String, Secret)],
    ) -> Result<(HeaderMap, Vec<DroppedHeader>), &'static str> {
        let (mut headers, dropped) = fixed(extra, true);
        let credential = Credential {
            secret: key.cloned().unwrap_or_else(|| secret("")),
            headers: Vec::new(),
            aws: None,
            ends_at: None,
        };
        sign(&mut headers, &credential, scheme).map(|()| (headers, dropped))
    }

    #[test]
    fn sends_the_key_in_the_place_that_the_scheme_names() {
        let key = secret("k");
        let (headers, _) = self::headers(Some(&key), AuthScheme::Bearer, &[]).expect("headers");
        assert_eq!(headers["authorization"], "Bearer k");
        assert!(headers["authorization"].is_sensitive() && !headers.contains_key("x-api-key"));
        let (headers, _) = self::headers(Some(&key), AuthScheme::ApiKey, &[]).expect("headers");
        assert_eq!(headers["x-api-key"], "k");
        assert!(!headers.contains_key("authorization"));
    }

    #[test]
    fn drops_reserved_extra_headers_and_says_why() {
        let names = [
            "Host",
            "Authorization",
            "X-Api-Key",
            "content-length",
            "Proxy-Connection",
            "bad name",
            "anthropic-version",
        ];
        for name in names {
            let extra = [(name.to_owned(), secret("evil"))];
            let (headers, dropped) =
                self::headers(Some(&secret("k")), AuthScheme::Bearer, &extra).expect("headers");
            assert_eq!(dropped.len(), 1, "{name}");
            assert!(headers.values().all(|value| value != "evil"), "{name}");
        }
    }

    #[test]
    fn sends_other_extra_headers_as_sensitive() {
        let extra = [
            ("X-Team".to_owned(), secret("finance")),
            ("anthropic-beta".to_owned(), secret("a,b")),
        ];
        let (headers, dropped) = self::headers(None, AuthScheme::Bearer, &extra).expect("headers");
        assert_eq!(
            (headers["x-team"].as_bytes(), headers["anthropic-beta"].as_bytes()),
            (&b"finance"[..], &b"a,b"[..])
        );
        assert!(headers["x-team"].is_sensitive() && dropped.is_empty());
    }

    #[test]
    fn a_value_that_would_begin_a_new_header_is_dropped() {
        let extra = [("x-team".to_owned(), secret("a\r\nx-evil: b"))];
        let (headers, dropped) = self::headers(None, AuthScheme::Bearer, &extra).expect("headers");
        assert!(!headers.contains_key("x-team"));
        assert_eq!(dropped.len(), 1);
        assert!(self::headers(Some(&secret("a\nb")), AuthScheme::Bearer, &[]).is_err());
    }
}
