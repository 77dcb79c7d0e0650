//! An organisation that hands out settings for each person: an address for them, and an identity provider beside it. Plain
//! http on a loopback port; whoever needs TLS and a name puts them in front.
//!
//! The provider knows discovery (RFC 8414, OpenID Connect), codes with PKCE (RFC 7636), device codes (RFC 8628), refresh with
//! rotation, and revocation (RFC 7009). It refuses what a provider has to refuse: a code or a refresh token a second time, a
//! verifier that does not fit, another redirect.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_lc_rs::digest::{SHA256, digest};
use axum::extract::{Query, Request, State};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, ETAG, IF_NONE_MATCH, LOCATION};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use time::OffsetDateTime;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::oauth::{Asked, Codes, Fields, Given, form, is_proved};

/// What the address answers to somebody whom it knows.
#[derive(Clone, Debug)]
pub enum Answers {
    /// These settings, with an entity tag of them.
    Settings(Value),
    /// This status with this body, and an address to go to.
    Raw(u16, String, Option<String>),
}

/// An organisation that runs until the test ends.
#[derive(Clone, Debug)]
pub struct Organisation {
    at: SocketAddr,
    state: Arc<Mutex<Known>>,
    held: watch::Sender<Option<&'static str>>,
}

#[derive(Debug)]
struct Known {
    issuer: String,
    answers: Answers,
    /// Fields of the metadata that say something else.
    named: BTreeMap<String, String>,
    /// The value of `X-Settings-Key` that is taken in the place of a token.
    key: Option<String>,
    given: Given,
    /// How many seconds ID tokens count, where it gives any.
    id_seconds: Option<i64>,
    /// ID tokens that it gave.
    ids: BTreeSet<String>,
    /// Access tokens that count.
    access: BTreeSet<String>,
    refresh: BTreeSet<String>,
    codes: Codes<()>,
    /// Device codes; true once the person is done.
    devices: BTreeMap<String, bool>,
    /// Every request, `GET /settings 200`.
    log: Asked,
}

type Shared = State<Arc<Mutex<Known>>>;

impl Organisation {
    /// Begins to answer, as the issuer of this name.
    ///
    /// # Panics
    /// Without a free port.
    pub async fn serve(issuer: &str, settings: Value) -> Self {
        let state = Arc::new(Mutex::new(Known {
            issuer: issuer.to_owned(),
            answers: Answers::Settings(settings),
            named: BTreeMap::new(),
            key: None,
            given: Given::default(),
            id_seconds: None,
            ids: BTreeSet::new(),
            access: BTreeSet::new(),
            refresh: BTreeSet::new(),
            codes: Codes::default(),
            devices: BTreeMap::new(),
            log: Asked::default(),
        }));
        let held = watch::Sender::new(None);
        let routes = Router::new()
            .route("/settings", get(settings_of))
            .route("/.well-known/oauth-authorization-server", get(metadata))
            .route("/.well-known/openid-configuration", get(metadata))
            .route("/authorize", get(authorize))
            .route("/device", post(device))
            .route("/token", post(token))
            .route("/revoke", post(revoke))
            .with_state(Arc::clone(&state))
            .layer(from_fn_with_state(held.subscribe(), slow));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
        let at = listener.local_addr().expect("an address");
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self { at, state, held }
    }

    /// Where it answers, `127.0.0.1:port`.
    pub fn at(&self) -> String {
        self.at.to_string()
    }

    /// Takes this value of `X-Settings-Key` in the place of a token.
    pub fn take_key(&self, key: &str) {
        self.known().key = Some(key.to_owned());
    }

    /// Gives an ID token with each grant from now on, which counts so many seconds.
    pub fn give_ids(&self, seconds: i64) {
        self.known().id_seconds = Some(seconds);
    }

    /// Whether it gave this ID token.
    pub fn gave_id(&self, token: &str) -> bool {
        self.known().ids.contains(token)
    }

    /// Answers this from now on.
    pub fn answer(&self, answers: Answers) {
        self.known().answers = answers;
    }

    /// The metadata say this of a field from now on.
    pub fn name_endpoint(&self, field: &str, address: &str) {
        self.known().named.insert(field.to_owned(), address.to_owned());
    }

    /// Requests to this path are done and logged at once, and answered only once they are let go.
    pub fn hold(&self, path: &'static str) {
        self.held.send_replace(Some(path));
    }

    /// Answers what was held.
    pub fn let_go(&self) {
        self.held.send_replace(None);
    }

    /// The person enters every code that was given out.
    pub fn enter_codes(&self) {
        self.known().devices.values_mut().for_each(|done| *done = true);
    }

    /// Access tokens count no longer.
    pub fn end_access(&self) {
        self.known().access.clear();
    }

    /// Nothing that was given out counts any longer.
    pub fn end_everything(&self) {
        let mut known = self.known();
        known.access.clear();
        known.refresh.clear();
    }

    /// Every request so far with the status of its answer.
    pub fn log(&self) -> Vec<String> {
        self.known().log.all()
    }

    /// Every token and code that was given out.
    pub fn secrets(&self) -> Vec<String> {
        self.known().given.all()
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        locked(&self.state)
    }
}

async fn slow(
    State(mut held): State<watch::Receiver<Option<&'static str>>>,
    request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path().to_owned();
    let answer = next.run(request).await;
    // The end of whoever holds it lets go.
    drop(held.wait_for(|held| *held != Some(path.as_str())).await);
    answer
}

fn locked(state: &Mutex<Known>) -> MutexGuard<'_, Known> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Known {
    fn granted(&mut self) -> Response {
        let (access, refresh) = (self.given.give("access"), self.given.give("refresh"));
        self.access.insert(access.clone());
        self.refresh.insert(refresh.clone());
        let mut tokens = json!({
            "access_token": access, "token_type": "Bearer", "expires_in": 3600, "refresh_token": refresh,
        });
        if let Some(seconds) = self.id_seconds {
            tokens["id_token"] = json!(self.id(seconds));
        }
        Json(tokens).into_response()
    }

    /// An ID token (OpenID Connect Core 1.0, section 2). Who takes it asks this provider instead of checking its signature.
    fn id(&mut self, seconds: i64) -> String {
        let now = OffsetDateTime::now_utc().unix_timestamp();
        let claims = json!({ "iss": self.issuer, "sub": "analyst", "iat": now, "exp": now + seconds });
        let part = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
        let (head, claims) = (part(&json!({ "alg": "RS256", "typ": "JWT" })), part(&claims));
        let token = format!("{head}.{claims}.{}", self.given.give("signature"));
        self.ids.insert(token.clone());
        token
    }
}

fn refused(code: &str) -> Response {
    (
        StatusCode::BAD_REQUEST,
        Json(json!({ "error": code, "error_description": "words of the provider" })),
    )
        .into_response()
}

async fn settings_of(State(state): Shared, headers: HeaderMap) -> Response {
    let mut known = locked(&state);
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let token = header(AUTHORIZATION.as_str()).and_then(|value| value.strip_prefix("Bearer "));
    let by_key = known.key.is_some() && header("x-settings-key") == known.key.as_deref();
    let response = if !by_key && !token.is_some_and(|token| known.access.contains(token)) {
        StatusCode::UNAUTHORIZED.into_response()
    } else {
        match &known.answers {
            Answers::Settings(settings) => {
                let body = settings.to_string();
                let tag = format!("\"{}\"", URL_SAFE_NO_PAD.encode(digest(&SHA256, body.as_bytes())));
                if header(IF_NONE_MATCH.as_str()) == Some(tag.as_str()) {
                    StatusCode::NOT_MODIFIED.into_response()
                } else {
                    ([(CONTENT_TYPE, "application/json".to_owned()), (ETAG, tag)], body).into_response()
                }
            }
            Answers::Raw(status, body, to) => {
                let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::IM_A_TEAPOT);
                let mut response = (status, body.clone()).into_response();
                if let Some(to) = to.as_ref().and_then(|to| to.parse().ok()) {
                    response.headers_mut().insert(LOCATION, to);
                }
                response
            }
        }
    };
    known.log.note("GET /settings", response)
}

async fn metadata(State(state): Shared) -> Response {
    let known = locked(&state);
    let issuer = &known.issuer;
    let mut said = json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "device_authorization_endpoint": format!("{issuer}/device"),
        "revocation_endpoint": format!("{issuer}/revoke"),
        "code_challenge_methods_supported": ["S256"],
    });
    for (field, address) in &known.named {
        said[field] = json!(address);
    }
    Json(said).into_response()
}

/// The person is signed in already: the browser is sent back at once.
async fn authorize(State(state): Shared, Query(asked): Query<Fields>) -> Response {
    let mut known = locked(&state);
    let field = |name: &str| asked.get(name).cloned().unwrap_or_default();
    let response = if field("response_type") == "code" && is_proved(&asked) {
        let code = known.given.give("code");
        known.codes.keep(code.clone(), &asked, ());
        let back = format!("{}?code={code}&state={}", field("redirect_uri"), field("state"));
        (StatusCode::FOUND, [(LOCATION, back)]).into_response()
    } else {
        refused("invalid_request")
    };
    known.log.note("GET /authorize", response)
}

async fn device(State(state): Shared, _: String) -> Response {
    let mut known = locked(&state);
    let code = known.given.give("device");
    known.devices.insert(code.clone(), false);
    let page = format!("{}/activate", known.issuer);
    let response = Json(json!({
        "device_code": code, "user_code": "WDJB-MJHT", "verification_uri": page,
        "verification_uri_complete": format!("{page}?user_code=WDJB-MJHT"), "expires_in": 900, "interval": 1,
    }));
    known.log.note("POST /device", response.into_response())
}

async fn token(State(state): Shared, body: String) -> Response {
    let mut known = locked(&state);
    let form = form(&body);
    let field = |name: &str| form.get(name).map_or("", String::as_str);
    let response = match field("grant_type") {
        "authorization_code" => match known.codes.redeem(&form) {
            Ok(()) => known.granted(),
            Err(_) => refused("invalid_grant"),
        },
        "refresh_token" if known.refresh.remove(field("refresh_token")) => known.granted(),
        "refresh_token" => refused("invalid_grant"),
        "urn:ietf:params:oauth:grant-type:device_code" => match known.devices.get(field("device_code")) {
            Some(true) => {
                known.devices.remove(field("device_code"));
                known.granted()
            }
            Some(false) => refused("authorization_pending"),
            None => refused("expired_token"),
        },
        _ => refused("unsupported_grant_type"),
    };
    let what = format!("POST /token {}", field("grant_type"));
    known.log.note(&what, response)
}

async fn revoke(State(state): Shared, body: String) -> Response {
    let mut known = locked(&state);
    let form = form(&body);
    let token = form.get("token").map_or("", String::as_str);
    known.refresh.remove(token);
    known.access.clear();
    known.log.note("POST /revoke", StatusCode::OK.into_response())
}
