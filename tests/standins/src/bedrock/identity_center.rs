//! IAM Identity Center as a program meets it: it registers itself, asks for a device code, waits for the person, and gets
//! keys of a role in an account. Not one of these requests is signed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use super::{ACCOUNT, Cloud, Known, ROLE, START_URL};
use crate::oauth::{Asked, Device, Fields, Given};

/// Seconds that a token, and the keys of a role, count.
const LIFE: i64 = 3600;
/// What a client must register for to read accounts.
const SCOPE: &str = "sso:account:access";
const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// What Identity Center gave out.
#[derive(Debug, Default)]
pub(super) struct Directory {
    pub(super) given: Given,
    pub(super) person: Device,
    clients: BTreeMap<String, String>,
    devices: BTreeSet<String>,
    pub(super) access: BTreeSet<String>,
    refresh: BTreeSet<String>,
    pub(super) log: Asked,
}

/// A refusal: the exception, the code of OAuth, the status.
struct Refusal(&'static str, &'static str, StatusCode);

const INVALID_REQUEST: Refusal = bad("InvalidRequestException", "invalid_request");
const INVALID_CLIENT: Refusal = Refusal(
    "InvalidClientException",
    "invalid_client",
    StatusCode::UNAUTHORIZED,
);
const INVALID_GRANT: Refusal = bad("InvalidGrantException", "invalid_grant");

const fn bad(exception: &'static str, code: &'static str) -> Refusal {
    Refusal(exception, code, StatusCode::BAD_REQUEST)
}

impl Refusal {
    fn answer(self) -> Response {
        let Self(exception, code, status) = self;
        let body = json!({"error": code, "error_description": "words of the provider"});
        (status, [("x-amzn-errortype", exception)], Json(body)).into_response()
    }
}

impl Directory {
    fn logged(&mut self, what: &str, answer: Result<Value, Refusal>) -> Response {
        let answer = answer.map_or_else(Refusal::answer, |body| Json(body).into_response());
        self.log.note(what, answer)
    }

    fn register(&mut self, asked: &Value, now: OffsetDateTime) -> Result<Value, Refusal> {
        if asked["clientName"].as_str().is_none_or(str::is_empty) || asked["clientType"] != "public" {
            return Err(bad("InvalidClientMetadataException", "invalid_client_metadata"));
        }
        let scopes = asked["scopes"].as_array();
        if scopes.is_some_and(|scopes| scopes.iter().any(|scope| scope != SCOPE)) {
            return Err(bad("InvalidScopeException", "invalid_scope"));
        }
        let (client, secret) = (self.given.give("client"), self.given.give("client-secret"));
        self.clients.insert(client.clone(), secret.clone());
        Ok(json!({
            "clientId": client, "clientSecret": secret, "clientIdIssuedAt": now.unix_timestamp(),
            "clientSecretExpiresAt": (now + Duration::days(90)).unix_timestamp(),
        }))
    }

    fn is_client(&self, asked: &Value) -> Result<(), Refusal> {
        let known = asked["clientId"].as_str().and_then(|id| self.clients.get(id));
        let is_known = known.is_some_and(|secret| asked["clientSecret"] == *secret);
        is_known.then_some(()).ok_or(INVALID_CLIENT)
    }

    fn device(&mut self, asked: &Value) -> Result<Value, Refusal> {
        self.is_client(asked)?;
        if asked["startUrl"] != START_URL {
            return Err(INVALID_REQUEST);
        }
        let code = self.given.give("device");
        self.devices.insert(code.clone());
        Ok(json!({
            "deviceCode": code, "userCode": "WDJB-MJHT", "verificationUri": START_URL,
            "verificationUriComplete": format!("{START_URL}?user_code=WDJB-MJHT"), "expiresIn": 600, "interval": 1,
        }))
    }

    fn token(&mut self, asked: &Value) -> Result<Value, Refusal> {
        self.is_client(asked)?;
        let field = |name: &str| asked[name].as_str().unwrap_or_default();
        match field("grantType") {
            DEVICE if !self.devices.contains(field("deviceCode")) => return Err(INVALID_GRANT),
            DEVICE => match self.person {
                Device::Granted => {
                    self.devices.remove(field("deviceCode"));
                }
                Device::Pending => {
                    return Err(bad("AuthorizationPendingException", "authorization_pending"));
                }
                Device::SlowDown => return Err(bad("SlowDownException", "slow_down")),
                Device::Denied => return Err(bad("AccessDeniedException", "access_denied")),
                Device::Expired => return Err(bad("ExpiredTokenException", "expired_token")),
            },
            "refresh_token" if self.refresh.remove(field("refreshToken")) => {}
            "refresh_token" => return Err(INVALID_GRANT),
            _ => {
                return Err(bad("UnsupportedGrantTypeException", "unsupported_grant_type"));
            }
        }
        let (access, refresh) = (self.given.give("access"), self.given.give("refresh"));
        self.access.insert(access.clone());
        self.refresh.insert(refresh.clone());
        Ok(json!({
            "accessToken": access, "tokenType": "Bearer", "expiresIn": LIFE, "refreshToken": refresh,
        }))
    }
}

type Shared = State<Arc<Cloud>>;

pub(super) async fn register(State(cloud): Shared, Json(asked): Json<Value>) -> Response {
    let now = cloud.now();
    let mut directory = cloud.directory();
    let answer = directory.register(&asked, now);
    directory.logged("register", answer)
}

pub(super) async fn device(State(cloud): Shared, Json(asked): Json<Value>) -> Response {
    let mut directory = cloud.directory();
    let answer = directory.device(&asked);
    directory.logged("device_authorization", answer)
}

pub(super) async fn token(State(cloud): Shared, Json(asked): Json<Value>) -> Response {
    let mut directory = cloud.directory();
    let answer = directory.token(&asked);
    directory.logged("token", answer)
}

/// The keys of a role, for whoever has a token.
pub(super) async fn credentials(
    State(cloud): Shared,
    Query(asked): Query<Fields>,
    headers: HeaderMap,
) -> Response {
    let field = |name: &str| asked.get(name).map_or("", String::as_str);
    let token = headers
        .get("x-amz-sso_bearer_token")
        .and_then(|token| token.to_str().ok());
    let refused = |status: StatusCode, exception: &'static str, message: &str| {
        let body = json!({"message": message, "__type": exception});
        (status, [("x-amzn-errortype", exception)], Json(body)).into_response()
    };
    let is_known = token.is_some_and(|token| cloud.directory().access.contains(token));
    let response = if !is_known {
        let message = "Session token not found or invalid";
        refused(StatusCode::UNAUTHORIZED, "UnauthorizedException", message)
    } else if (field("account_id"), field("role_name")) != (ACCOUNT, ROLE) {
        refused(StatusCode::FORBIDDEN, "ForbiddenException", "No access")
    } else {
        let ends = cloud.now() + Duration::seconds(LIFE);
        let keys = cloud.lend(ends);
        Json(json!({"roleCredentials": {
            "accessKeyId": keys.access_key_id, "secretAccessKey": keys.secret_access_key,
            "sessionToken": keys.session_token, "expiration": ends.unix_timestamp() * 1000,
        }}))
        .into_response()
    };
    cloud.directory().log.note("credentials", response)
}

impl Cloud {
    /// Keys that count until then.
    pub(super) fn lend(&self, ends: OffsetDateTime) -> super::Keys {
        let mut directory = self.directory();
        let keys = super::Keys {
            access_key_id: directory.given.give("key"),
            secret_access_key: directory.given.give("secret-key"),
            session_token: Some(directory.given.give("session")),
        };
        drop(directory);
        let known = Known {
            keys: keys.clone(),
            ends: Some(ends),
        };
        self.known().push(known);
        keys
    }
}
