//! Who asks, where it is neither a person nor a key: the metadata server of a machine, and one account that acts as another.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

use super::predict::refusal;
use super::{ACCOUNT, Cloud, LIFE, PROJECT, SCOPE, Shared, TARGET};
use crate::messages::bearer;
use crate::oauth::scopes;

/// The scope that is enough to act as another account.
const IAM: &str = "https://www.googleapis.com/auth/iam";
/// What whoever asks the metadata server must say, and what it says itself.
const FLAVOR: (&str, &str) = ("metadata-flavor", "Google");

/// An answer of the metadata server, which only speaks to programs that know what it is.
fn from_machine(cloud: &Cloud, what: &str, headers: &HeaderMap, body: impl FnOnce() -> Response) -> Response {
    let knows = headers.get(FLAVOR.0).is_some_and(|value| value == FLAVOR.1);
    let is_forwarded = headers.contains_key("x-forwarded-for");
    let response = if knows && !is_forwarded {
        ([FLAVOR], body()).into_response()
    } else {
        StatusCode::FORBIDDEN.into_response()
    };
    cloud.issued().log.note(what, response)
}

pub(super) async fn metadata_root(State(cloud): Shared, headers: HeaderMap) -> Response {
    from_machine(&cloud, "metadata", &headers, || {
        "computeMetadata/\n".into_response()
    })
}

pub(super) async fn metadata_token(
    State(cloud): Shared,
    Path(account): Path<String>,
    headers: HeaderMap,
) -> Response {
    from_machine(&cloud, "metadata token", &headers, || {
        if !is_machine(&account) {
            return StatusCode::NOT_FOUND.into_response();
        }
        let token = cloud.issued().access_token(scopes(SCOPE));
        Json(json!({"access_token": token, "expires_in": LIFE - 1, "token_type": "Bearer"})).into_response()
    })
}

pub(super) async fn metadata_account(
    State(cloud): Shared,
    Path(account): Path<String>,
    headers: HeaderMap,
) -> Response {
    from_machine(&cloud, "metadata account", &headers, || {
        if !is_machine(&account) {
            return StatusCode::NOT_FOUND.into_response();
        }
        Json(json!({"aliases": ["default"], "email": ACCOUNT, "scopes": [SCOPE]})).into_response()
    })
}

pub(super) async fn metadata_project(State(cloud): Shared, headers: HeaderMap) -> Response {
    from_machine(&cloud, "metadata project", &headers, || PROJECT.into_response())
}

pub(super) async fn metadata_universe(State(cloud): Shared, headers: HeaderMap) -> Response {
    from_machine(&cloud, "metadata universe", &headers, || {
        "googleapis.com".into_response()
    })
}

/// The account of the machine, by its alias or its name.
fn is_machine(account: &str) -> bool {
    account == "default" || account == ACCOUNT
}

/// One service account acts as another.
pub(super) async fn impersonate(
    State(cloud): Shared,
    Path(call): Path<String>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Response {
    let mut issued = cloud.issued();
    let is_known = bearer(&headers).is_some_and(|token| {
        let reached = issued.scopes(token);
        reached.is_some_and(|scopes| scopes.contains(SCOPE) || scopes.contains(IAM))
    });
    let response = match impersonation(is_known, &call, &body) {
        Ok((scopes, life)) => {
            let ends = OffsetDateTime::now_utc() + life;
            let ends = ends.replace_nanosecond(0).unwrap_or(ends);
            Json(json!({
                "accessToken": issued.access_token(scopes), "expireTime": ends.format(&Rfc3339).unwrap_or_default(),
            }))
            .into_response()
        }
        Err((code, why)) => (code, Json(refusal(code, why))).into_response(),
    };
    issued.log.note("impersonate", response)
}

/// What is asked for: scopes, and for how long.
fn impersonation(
    is_known: bool,
    call: &str,
    body: &Value,
) -> Result<(BTreeSet<String>, Duration), (StatusCode, &'static str)> {
    let account = call.strip_suffix(":generateAccessToken");
    let account = account.ok_or((StatusCode::NOT_FOUND, "There is no such method."))?;
    if !is_known {
        let why = "Request had invalid authentication credentials.";
        return Err((StatusCode::UNAUTHORIZED, why));
    }
    if account != TARGET {
        let why = "Permission 'iam.serviceAccounts.getAccessToken' denied on resource (or it may not exist).";
        return Err((StatusCode::FORBIDDEN, why));
    }
    let scopes: BTreeSet<String> = body["scope"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|scope| scope.as_str().map(str::to_owned))
        .collect();
    let life = body["lifetime"].as_str().unwrap_or("3600s");
    let life = life
        .strip_suffix('s')
        .and_then(|seconds| seconds.parse::<i64>().ok());
    let life = life.filter(|seconds| (1..=LIFE).contains(seconds));
    match life {
        Some(life) if !scopes.is_empty() => Ok((scopes, Duration::seconds(life))),
        _ => Err((StatusCode::BAD_REQUEST, "Request contains an invalid argument.")),
    }
}
