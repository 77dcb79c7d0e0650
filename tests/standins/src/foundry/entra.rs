//! Entra as a public client meets it: discovery, device codes (RFC 8628), codes with PKCE (RFC 7636), refresh. Its errors
//! carry the numbers that the real one gives them, in `error_codes`.

use std::collections::{BTreeMap, BTreeSet};

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::{CLIENT, Cloud, Shared, TENANT};
use crate::oauth::{
    Asked, Codes, Device, Fields, Given, NoCode, form, is_loopback, is_proved, redirect, scopes,
};

/// Seconds that an access token counts.
const LIFE: i64 = 3600;
/// The person who signs in.
const PERSON: &str = "0b6f2a3e-7d58-4c19-8e4a-91d3c5f7b260";

/// What Entra knows of its tenant.
#[derive(Debug, Default)]
pub(super) struct Directory {
    pub(super) given: Given,
    pub(super) person: Device,
    /// Access tokens that count, with what they reach.
    pub(super) access: BTreeMap<String, BTreeSet<String>>,
    refresh: BTreeMap<String, BTreeSet<String>>,
    /// Codes with their scopes and their nonce.
    codes: Codes<(BTreeSet<String>, Option<String>)>,
    devices: BTreeMap<String, BTreeSet<String>>,
    pub(super) log: Asked,
}

/// A refusal: the OAuth code, Entra's number, its words.
struct Refusal(&'static str, u32, &'static str);

impl Directory {
    fn logged(&mut self, what: &str, answer: Result<Value, Refusal>) -> Response {
        let answer = answer.map_or_else(Refusal::answer, |body| Json(body).into_response());
        self.log.note(what, answer)
    }

    /// Tokens for these scopes, as a public client gets them.
    fn granted(&mut self, cloud: &Cloud, scopes: &BTreeSet<String>, nonce: Option<&str>) -> Value {
        let access = self.given.give("access");
        self.access.insert(access.clone(), scopes.clone());
        let reached: Vec<&str> = scopes
            .iter()
            .map(String::as_str)
            .filter(|scope| !["openid", "profile", "offline_access"].contains(scope))
            .collect();
        let mut tokens = json!({
            "token_type": "Bearer", "scope": reached.join(" "), "expires_in": LIFE, "ext_expires_in": LIFE,
            "access_token": access,
        });
        if scopes.contains("offline_access") {
            let refresh = self.given.give("refresh");
            self.refresh.insert(refresh.clone(), scopes.clone());
            tokens["refresh_token"] = json!(refresh);
        }
        if scopes.contains("openid") {
            let now = OffsetDateTime::now_utc().unix_timestamp();
            tokens["id_token"] = json!(cloud.key.sign(&json!({
                "aud": CLIENT, "iss": format!("{}/{TENANT}/v2.0", cloud.login), "iat": now, "nbf": now, "exp": now + LIFE,
                "sub": "standin-subject", "oid": PERSON, "tid": TENANT, "ver": "2.0", "nonce": nonce,
                "name": "A Person", "preferred_username": "person@example.com",
            })));
        }
        tokens
    }

    fn token(&mut self, cloud: &Cloud, fields: &Fields) -> Result<Value, Refusal> {
        let field = |name: &str| fields.get(name).map_or("", String::as_str);
        is_client(field("client_id"))?;
        let (scopes, nonce) = match field("grant_type") {
            "urn:ietf:params:oauth:grant-type:device_code" => (self.entered(field("device_code"))?, None),
            "authorization_code" => self.codes.redeem(fields).map_err(not_redeemed)?,
            "refresh_token" => {
                let known = self.refresh.remove(field("refresh_token"));
                let known =
                    known.ok_or(Refusal("invalid_grant", 70000, "The refresh token is not known."))?;
                let asked = scopes(field("scope"));
                (if asked.is_empty() { known } else { asked }, None)
            }
            _ => {
                return Err(Refusal(
                    "unsupported_grant_type",
                    70003,
                    "There is no such grant.",
                ));
            }
        };
        let mut tokens = self.granted(cloud, &scopes, nonce.as_deref());
        if field("client_info") == "1" {
            let info = json!({ "uid": PERSON, "utid": TENANT }).to_string();
            tokens["client_info"] = json!(URL_SAFE_NO_PAD.encode(info));
        }
        Ok(tokens)
    }

    /// The scopes of a device code whose person is signed in.
    fn entered(&mut self, code: &str) -> Result<BTreeSet<String>, Refusal> {
        let known = self.devices.get(code).ok_or(Refusal(
            "bad_verification_code",
            70018,
            "The device code is not known.",
        ))?;
        match self.person {
            Device::Granted => {}
            Device::Pending => {
                return Err(Refusal(
                    "authorization_pending",
                    70016,
                    "The person has not yet signed in.",
                ));
            }
            Device::SlowDown => return Err(Refusal("slow_down", 0, "Asked too often.")),
            Device::Denied => return Err(Refusal("authorization_declined", 70017, "The person declined.")),
            Device::Expired => return Err(Refusal("expired_token", 70020, "The device code is too old.")),
        }
        let scopes = known.clone();
        self.devices.remove(code);
        Ok(scopes)
    }

    /// Where the browser is sent back to: the person is signed in already, or declines.
    fn authorize(&mut self, asked: &Fields) -> Result<String, Refusal> {
        let field = |name: &str| asked.get(name).map_or("", String::as_str);
        is_client(field("client_id"))?;
        if !is_loopback(asked) {
            return Err(Refusal(
                "invalid_request",
                50011,
                "The redirect is not registered.",
            ));
        }
        if field("response_type") != "code" {
            return Err(Refusal(
                "unsupported_response_type",
                70005,
                "Only codes are given.",
            ));
        }
        if !is_proved(asked) {
            return Err(Refusal(
                "invalid_request",
                501_481,
                "A challenge of S256 is missing.",
            ));
        }
        let (to, state) = (field("redirect_uri"), ("state", field("state")));
        if self.person == Device::Denied {
            return Ok(redirect(to, &[state, ("error", "access_denied")]));
        }
        let code = self.given.give("code");
        let back = redirect(to, &[state, ("code", &code), ("session_state", "standin")]);
        let stands_for = (scopes(field("scope")), asked.get("nonce").cloned());
        self.codes.keep(code, asked, stands_for);
        Ok(back)
    }
}

impl Refusal {
    fn answer(self) -> Response {
        let Self(code, number, words) = self;
        let body = json!({
            "error": code, "error_description": format!("AADSTS{number}: {words}"), "error_codes": [number],
            "timestamp": "2026-01-01 00:00:00Z", "trace_id": "standin-trace", "correlation_id": "standin-correlation",
        });
        (StatusCode::BAD_REQUEST, Json(body)).into_response()
    }
}

fn is_tenant(tenant: &str) -> Result<(), Refusal> {
    let known = tenant == TENANT;
    known.then_some(()).ok_or(Refusal(
        "invalid_tenant",
        90002,
        "There is no tenant of this name.",
    ))
}

fn is_client(client: &str) -> Result<(), Refusal> {
    let known = client == CLIENT;
    known.then_some(()).ok_or(Refusal(
        "unauthorized_client",
        700_016,
        "There is no such application in the directory.",
    ))
}

fn not_redeemed(why: NoCode) -> Refusal {
    match why {
        NoCode::Unknown => Refusal("invalid_grant", 54005, "The code is not known, or was redeemed."),
        NoCode::Verifier => Refusal(
            "invalid_grant",
            501_481,
            "The verifier does not fit the challenge.",
        ),
        NoCode::Redirect => Refusal(
            "invalid_client",
            500_112,
            "The redirect is not the one of the code.",
        ),
    }
}

pub(super) async fn metadata(State(cloud): Shared, Path(tenant): Path<String>) -> Response {
    let at = format!("{}/{TENANT}", cloud.login);
    let metadata = is_tenant(&tenant).map(|()| {
        json!({
            "issuer": format!("{at}/v2.0"),
            "authorization_endpoint": format!("{at}/oauth2/v2.0/authorize"),
            "token_endpoint": format!("{at}/oauth2/v2.0/token"),
            "device_authorization_endpoint": format!("{at}/oauth2/v2.0/devicecode"),
            "jwks_uri": format!("{at}/discovery/v2.0/keys"),
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "scopes_supported": ["openid", "profile", "offline_access"],
            "token_endpoint_auth_methods_supported": ["none"],
        })
    });
    cloud.directory().logged("metadata", metadata)
}

pub(super) async fn keys(State(cloud): Shared, Path(tenant): Path<String>) -> Response {
    let keys = is_tenant(&tenant).map(|()| json!({ "keys": [cloud.key.jwk()] }));
    cloud.directory().logged("keys", keys)
}

pub(super) async fn device(State(cloud): Shared, Path(tenant): Path<String>, body: String) -> Response {
    let fields = form(&body);
    let field = |name: &str| fields.get(name).map_or("", String::as_str);
    let mut directory = cloud.directory();
    let known = is_tenant(&tenant).and_then(|()| is_client(field("client_id")));
    let answer = known.map(|()| {
        let code = directory.given.give("device");
        directory.devices.insert(code.clone(), scopes(field("scope")));
        let page = format!("{}/device", cloud.login);
        json!({
            "user_code": "WDJBMJHTK", "device_code": code, "verification_uri": page, "expires_in": 900, "interval": 1,
            "message": format!("To sign in, open the page {page} and enter the code WDJBMJHTK."),
        })
    });
    directory.logged("devicecode", answer)
}

pub(super) async fn authorize(
    State(cloud): Shared,
    Path(tenant): Path<String>,
    Query(asked): Query<Fields>,
) -> Response {
    let mut directory = cloud.directory();
    let response = match is_tenant(&tenant).and_then(|()| directory.authorize(&asked)) {
        Ok(to) => (StatusCode::FOUND, [(LOCATION, to)]).into_response(),
        Err(refusal) => refusal.answer(),
    };
    directory.log.note("authorize", response)
}

pub(super) async fn token(State(cloud): Shared, Path(tenant): Path<String>, body: String) -> Response {
    let fields = form(&body);
    let mut directory = cloud.directory();
    let answer = is_tenant(&tenant).and_then(|()| directory.token(&cloud, &fields));
    let grant = fields.get("grant_type").map_or("", String::as_str);
    let grant = grant.rsplit(':').next().unwrap_or_default();
    directory.logged(&format!("token {grant}"), answer)
}
