//! What a helper may print: a bare token, an object with a token and headers, or keys for Amazon.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::{HeaderName, HeaderValue};
use serde::Deserialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::Secret;
use crate::credential::{AwsKeys, Credential};

/// Bytes of a token, key or value of a header.
const LONGEST: usize = 16 * 1024;
/// Headers that may come with a token.
const MOST: usize = 64;

/// `{"token", "headers"}`, or the answer of a `credential_process` (AWS CLI user guide, "Sourcing credentials with an external
/// process").
#[derive(Deserialize)]
struct Said {
    token: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(rename = "Version")]
    version: Option<u64>,
    #[serde(rename = "AccessKeyId")]
    access_key_id: Option<String>,
    #[serde(rename = "SecretAccessKey")]
    secret_access_key: Option<String>,
    #[serde(rename = "SessionToken")]
    session_token: Option<String>,
    #[serde(rename = "Expiration")]
    expiration: Option<String>,
}

/// Reads what a helper printed at `now`; `for_aws` says whether keys for Amazon may be in it. What is wrong with it is told without its
/// words.
pub fn read_answer(printed: &[u8], for_aws: bool, now: SystemTime) -> Result<Credential, &'static str> {
    let text = std::str::from_utf8(printed).map_err(|_| "it is no UTF-8")?;
    // Shells of Windows like to begin with a mark.
    let text = text.trim_start_matches('\u{feff}').trim();
    if !text.starts_with('{') {
        return bare(text).map(Credential::new);
    }
    let said: Said = serde_json::from_str(text).map_err(|_| "it is no JSON of the expected form")?;
    if for_aws && said.token.is_none() {
        return keys(said, now);
    }
    let token = said.token.ok_or("its JSON has no `token`")?;
    let mut credential = Credential::new(secret(token, "its `token` cannot be sent")?);
    credential.headers = headers(said.headers)?;
    Ok(credential)
}

fn bare(text: &str) -> Result<Secret, &'static str> {
    if text.is_empty() {
        return Err("there is nothing in it");
    }
    if text.starts_with('"') {
        return Err("the token stands in quotation marks");
    }
    secret(text.to_owned(), "it is no single token")
}

fn headers(named: BTreeMap<String, String>) -> Result<Vec<(String, Secret)>, &'static str> {
    if named.len() > MOST {
        return Err("it has more than 64 headers");
    }
    let header = |(name, value): (String, String)| {
        let value = Secret::new(value);
        let sendable = HeaderName::from_bytes(name.as_bytes()).is_ok()
            && value.expose().len() <= LONGEST
            && HeaderValue::from_str(value.expose()).is_ok();
        if sendable {
            Ok((name, value))
        } else {
            Err("one of its `headers` cannot be sent")
        }
    };
    named.into_iter().map(header).collect()
}

fn keys(said: Said, now: SystemTime) -> Result<Credential, &'static str> {
    if said.version != Some(1) {
        return Err("its JSON has neither a `token` nor `Version` 1");
    }
    let id = said.access_key_id.ok_or("it has no `AccessKeyId`")?;
    let key = said.secret_access_key.ok_or("it has no `SecretAccessKey`")?;
    let ends_at = said.expiration.map(|text| {
        let end = OffsetDateTime::parse(&text, &Rfc3339).map_err(|_| "its `Expiration` is no time")?;
        let since = u64::try_from(end.unix_timestamp()).unwrap_or_default();
        let end = UNIX_EPOCH.checked_add(Duration::from_secs(since));
        end.filter(|end| *end > now).ok_or("its keys have ended already")
    });
    let session = said.session_token;
    let session = session.map(|token| secret(token, "its `SessionToken` cannot be sent"));
    Ok(Credential {
        aws: Some(AwsKeys {
            access_key_id: secret(id, "its `AccessKeyId` cannot be sent")?,
            secret_access_key: secret(key, "its `SecretAccessKey` cannot be used")?,
            session_token: session.transpose()?,
        }),
        ends_at: ends_at.transpose()?,
        ..Credential::new(Secret::new(String::new()))
    })
}

/// A text that can be sent: visible ASCII (RFC 6749, appendix A).
fn secret(text: String, otherwise: &'static str) -> Result<Secret, &'static str> {
    let secret = Secret::new(text);
    let text = secret.expose();
    let is_sendable =
        !text.is_empty() && text.len() <= LONGEST && text.bytes().all(|byte| byte.is_ascii_graphic());
    if is_sendable { Ok(secret) } else { Err(otherwise) }
}

#[cfg(test)]
mod tests;
