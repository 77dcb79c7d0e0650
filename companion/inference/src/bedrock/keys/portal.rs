//! The portal of Identity Center: what a signed-in person may use, here the keys of one role in one account
//! (`GetRoleCredentials`), and where AWS's own tools keep a sign-in.

use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use bytes::Bytes;
use deskhand_identity::Transport;
use http::{HeaderValue, Method, Request};
use serde::Deserialize;
use serde::de::IgnoredAny;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use url::Url;

use super::error::AwsError;
use super::files::{SignedIn, read};
use super::host;
use crate::Secret;
use crate::credential::{AwsKeys, Credential, CredentialError};

/// How it is called in errors.
pub(super) const PORTAL: &str = "Identity Center";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RoleCredentials {
    role_credentials: Keys,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Keys {
    access_key_id: String,
    secret_access_key: String,
    session_token: String,
    /// Unix milliseconds.
    expiration: u64,
}

/// What AWS's tools keep of a sign-in.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct File {
    access_token: String,
    expires_at: String,
    refresh_token: Option<IgnoredAny>,
    registration_expires_at: Option<String>,
}

/// The sign-in that AWS's tools keep.
pub(super) enum Kept {
    /// It counts, with this token.
    Counts(Secret),
    /// It is not there, or over.
    Over {
        /// Whether those tools renew it without a person.
        renews: bool,
    },
}

/// The keys of a role for whoever has this token. `Refused` with `UnauthorizedException` means that the token is over.
pub(super) async fn keys(
    transport: &impl Transport,
    token: &Secret,
    whose: &SignedIn,
) -> Result<Credential, CredentialError> {
    let host = host("portal.sso", &whose.region).ok_or(AwsError::Answer(PORTAL))?;
    let mut address = Url::parse(&format!("https://{host}/federation/credentials"))
        .map_err(|_| AwsError::Answer(PORTAL))?;
    address
        .query_pairs_mut()
        .append_pair("role_name", &whose.role)
        .append_pair("account_id", &whose.account);
    let mut request = Request::new(Bytes::new());
    *request.uri_mut() = address.as_str().parse().map_err(|_| AwsError::Answer(PORTAL))?;
    let mut value = HeaderValue::from_str(token.expose()).map_err(|_| AwsError::NotSignedIn)?;
    value.set_sensitive(true);
    request.headers_mut().insert("x-amz-sso_bearer_token", value);
    let answer = transport.send(request).await.map_err(unreachable)?;
    if answer.status.as_u16() != 200 {
        return Err(refused(answer.status.as_u16(), &answer.body).into());
    }
    let said: RoleCredentials = serde_json::from_slice(&answer.body).map_err(|_| AwsError::Answer(PORTAL))?;
    let keys = said.role_credentials;
    let ends_at = UNIX_EPOCH.checked_add(Duration::from_millis(keys.expiration));
    Ok(temporary(
        keys.access_key_id,
        keys.secret_access_key,
        keys.session_token,
        ends_at,
    ))
}

/// Ends the sign-in of a token (`Logout`); true where the portal was told.
pub(super) async fn end(transport: &impl Transport, token: &Secret, region: &str) -> bool {
    let address = host("portal.sso", region).map(|host| format!("https://{host}/logout").parse());
    let value = HeaderValue::from_str(token.expose());
    let (Some(Ok(address)), Ok(mut value)) = (address, value) else {
        return false;
    };
    value.set_sensitive(true);
    let mut request = Request::new(Bytes::new());
    *request.method_mut() = Method::POST;
    *request.uri_mut() = address;
    request.headers_mut().insert("x-amz-sso_bearer_token", value);
    let answer = transport.send(request).await;
    answer.is_ok_and(|answer| answer.status.is_success())
}

/// Temporary keys as a credential.
pub(super) fn temporary(id: String, key: String, session: String, ends_at: Option<SystemTime>) -> Credential {
    let mut credential = Credential::new(Secret::new(String::new()));
    credential.aws = Some(AwsKeys {
        access_key_id: Secret::new(id),
        secret_access_key: Secret::new(key),
        session_token: Some(Secret::new(session)),
    });
    credential.ends_at = ends_at;
    credential
}

/// The sign-in that AWS's tools keep.
pub(super) async fn kept(folder: &Path, whose: &SignedIn, now: SystemTime) -> Result<Kept, AwsError> {
    let name = digest(&SHA1_FOR_LEGACY_USE_ONLY, whose.kept_as.as_bytes());
    let mut file = String::new();
    for byte in name.as_ref() {
        let digits = [byte >> 4, byte & 15];
        file.extend(digits.map(|digit| char::from_digit(digit.into(), 16).unwrap_or('0')));
    }
    let path = folder.join("sso").join("cache").join(format!("{file}.json"));
    let Some(text) = read(&path, "sso/cache").await? else {
        return Ok(Kept::Over { renews: false });
    };
    let unusable = || AwsError::File {
        file: "sso/cache",
        why: "holds no sign-in",
    };
    let kept: File = serde_json::from_str(&text).map_err(|_| unusable())?;
    if moment(&kept.expires_at).ok_or_else(unusable)? > now {
        return Ok(Kept::Counts(Secret::new(kept.access_token)));
    }
    let registered = kept.registration_expires_at.as_deref().and_then(moment);
    Ok(Kept::Over {
        renews: kept.refresh_token.is_some() && registered.is_some_and(|end| end > now),
    })
}

/// A time in the files of AWS's tools. Older ones write `UTC` where others write `Z`.
fn moment(text: &str) -> Option<SystemTime> {
    let time = OffsetDateTime::parse(&text.replace("UTC", "Z"), &Rfc3339);
    time.ok().map(SystemTime::from)
}

/// The exception of a refusal, by its name alone.
pub(super) fn refused(status: u16, body: &[u8]) -> AwsError {
    #[derive(Deserialize, Default)]
    #[serde(default)]
    struct Said {
        #[serde(rename = "__type")]
        kind: String,
        error: String,
    }
    let said: Said = serde_json::from_slice(body).unwrap_or_default();
    let name = [said.kind.rsplit('#').next().unwrap_or_default(), &said.error]
        .into_iter()
        .find(|name| is_name(name))
        .map_or_else(|| format!("status {status}"), str::to_owned);
    if status == 401 || name == "UnauthorizedException" {
        return AwsError::NotSignedIn;
    }
    AwsError::Refused {
        service: PORTAL,
        exception: name,
    }
}

/// Names of exceptions and codes: letters and `_`.
pub(super) fn is_name(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.'))
}

/// What the transport could not do.
pub(super) fn unreachable(error: deskhand_identity::TransportError) -> CredentialError {
    CredentialError::of_endpoint(error.into())
}
