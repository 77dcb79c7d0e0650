//! Signature Version 4 from the side of who checks it: the canonical request is made again from what came, and signed
//! with the secret that belongs to the key.

use std::fmt::Write as _;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hmac;
use axum::http::{HeaderMap, HeaderName, Method, Uri};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use time::macros::format_description;
use time::{Duration, OffsetDateTime, PrimitiveDateTime};

/// What the canonical form leaves as it is (RFC 3986, section 2.3).
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');
/// As above, between the slashes of a path.
const ESCAPED_PATH: &AsciiSet = &ESCAPED.remove(b'/');
/// What two clocks may differ by.
const SKEW: Duration = Duration::minutes(5);
const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// A request as it came.
#[derive(Clone, Copy, Debug)]
pub(super) struct Request<'a> {
    pub(super) method: &'a Method,
    pub(super) uri: &'a Uri,
    pub(super) headers: &'a HeaderMap,
    pub(super) body: &'a [u8],
}

/// A refusal: the name of the exception, and its words.
pub(super) type Denied = (&'static str, String);

/// What a request says of its own signature.
#[derive(Debug)]
pub(super) struct Signature<'a> {
    /// The id of the key.
    pub(super) key: &'a str,
    /// Date, region, service, and a word that ends them.
    scope: [&'a str; 4],
    headers: Vec<&'a str>,
    hex: &'a str,
    /// When it was signed, as written.
    at: &'a str,
}

impl<'a> Request<'a> {
    fn header(&self, name: &str) -> Option<&'a str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Reads what the request says of its signature.
    pub(super) fn signature(&self) -> Result<Signature<'a>, Denied> {
        let said = self.header("authorization");
        let said = said.ok_or_else(|| {
            (
                "MissingAuthenticationTokenException",
                "Missing Authentication Token".to_owned(),
            )
        })?;
        let broken = || {
            let why = "Authorization header requires 'Credential', 'Signature' and 'SignedHeaders', and 'X-Amz-Date' beside it.";
            ("IncompleteSignatureException", why.to_owned())
        };
        let fields = said.strip_prefix(ALGORITHM).ok_or_else(broken)?;
        let field = |name: &str| {
            let mut fields = fields.split(',').map(str::trim);
            fields.find_map(|field| field.strip_prefix(name)?.strip_prefix('='))
        };
        let (credential, signed, signature) =
            (field("Credential"), field("SignedHeaders"), field("Signature"));
        let (Some(credential), Some(signed), Some(signature)) = (credential, signed, signature) else {
            return Err(broken());
        };
        let mut parts = credential.split('/');
        let mut part = || parts.next().ok_or_else(broken);
        Ok(Signature {
            key: part()?,
            scope: [part()?, part()?, part()?, part()?],
            headers: signed.split(';').collect(),
            hex: signature,
            at: self.header("x-amz-date").ok_or_else(broken)?,
        })
    }

    /// Checks the signature with the secret of its key.
    pub(super) fn check(
        &self,
        signature: &Signature<'_>,
        secret: &str,
        place: (&str, &str),
        now: OffsetDateTime,
    ) -> Result<(), Denied> {
        let denied = |why: &str| ("InvalidSignatureException", why.to_owned());
        let [date, region, service, end] = signature.scope;
        if (region, service) != place || end != "aws4_request" {
            return Err(denied(
                "Credential should be scoped to a valid region and the correct service.",
            ));
        }
        if !signature.at.starts_with(date) {
            return Err(denied(
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP.",
            ));
        }
        check_time(signature.at, now)?;
        self.check_headers(&signature.headers)?;
        let hash = hex(digest(&SHA256, self.body).as_ref());
        let scope = signature.scope.join("/");
        let request = self.canonical(&signature.headers, &hash);
        let request = hex(digest(&SHA256, request.as_bytes()).as_ref());
        let text = [ALGORITHM, signature.at, &scope, &request].join("\n");
        let key = format!("AWS4{secret}").into_bytes();
        let key = signature.scope.iter().fold(key, |key, part| hmac(&key, part));
        if hex(&hmac(&key, &text)) == signature.hex {
            Ok(())
        } else {
            Err(denied(
                "The request signature we calculated does not match the signature you provided.",
            ))
        }
    }

    /// What must be signed is signed.
    fn check_headers(&self, signed: &[&str]) -> Result<(), Denied> {
        let must = |name: &str| name == "host" || name.starts_with("x-amz-");
        let mut names = self.headers.keys().map(HeaderName::as_str);
        match names.find(|name| must(name) && !signed.contains(name)) {
            None => Ok(()),
            Some(name) => Err((
                "InvalidSignatureException",
                format!("'{name}' must be a 'SignedHeader' in the AWS Authorization."),
            )),
        }
    }

    fn canonical(&self, signed: &[&str], hash: &str) -> String {
        let path = utf8_percent_encode(self.uri.path(), ESCAPED_PATH);
        let mut text = format!("{}\n{path}\n{}\n", self.method, query(self.uri));
        for name in signed {
            let values = self.headers.get_all(*name).iter();
            let values = values.map(|value| {
                let words = value.to_str().unwrap_or_default().split_whitespace();
                words.collect::<Vec<_>>().join(" ")
            });
            let values = values.collect::<Vec<_>>().join(",");
            // Writing to a string does not fail.
            writeln!(text, "{name}:{values}").ok();
        }
        text + "\n" + &signed.join(";") + "\n" + hash
    }
}

fn check_time(at: &str, now: OffsetDateTime) -> Result<(), Denied> {
    let written = format_description!("[year][month][day]T[hour][minute][second]Z");
    let signed = PrimitiveDateTime::parse(at, written);
    let signed = signed.map_err(|_| ("IncompleteSignatureException", format!("no time: {at}")))?;
    let signed = signed.assume_utc();
    let now_as_written = now.format(written).unwrap_or_default();
    if signed < now - SKEW {
        let why = format!("Signature expired: {at} is now earlier than {now_as_written} - 5 min.");
        return Err(("InvalidSignatureException", why));
    }
    if signed > now + SKEW {
        let why = format!("Signature not yet current: {at} is still later than {now_as_written} + 5 min.");
        return Err(("InvalidSignatureException", why));
    }
    Ok(())
}

/// The query, sorted, each part escaped in the one way.
fn query(uri: &Uri) -> String {
    let escaped = |text: &str| {
        let plain = percent_decode_str(text).collect::<Vec<u8>>();
        percent_encoding::percent_encode(&plain, ESCAPED).to_string()
    };
    let pairs = uri
        .query()
        .unwrap_or_default()
        .split('&')
        .filter(|pair| !pair.is_empty());
    let mut pairs: Vec<(String, String)> = pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (escaped(name), escaped(value)))
        .collect();
    pairs.sort();
    let pairs = pairs.iter().map(|(name, value)| format!("{name}={value}"));
    pairs.collect::<Vec<_>>().join("&")
}

fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    hmac::sign(&key, text.as_bytes()).as_ref().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string does not fail.
        write!(text, "{byte:02x}").ok();
        text
    })
}
