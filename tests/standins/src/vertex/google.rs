//! Who asks, as Google finds it out: signed assertions of service accounts (RFC 7523), codes with PKCE and refresh for
//! people, the exchange of other providers' tokens (RFC 8693), the metadata server of a machine, impersonation.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::header::LOCATION;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

use super::predict::refusal;
use super::{ACCOUNT, CLIENT, Cloud, PROJECT, SCOPE, SUBJECT, TARGET, USER_PROJECT, WORKFORCE, WORKLOADS};
use crate::messages::bearer;
use crate::oauth::{Given, form, is_challenge, redirect, s256, scopes};

/// The audience that Google's own libraries name, wherever the endpoint is.
const AUDIENCE: &str = "https://oauth2.googleapis.com/token";
/// The scope that is enough to act as another account.
const IAM: &str = "https://www.googleapis.com/auth/iam";
/// Seconds that an access token counts, and an assertion at most.
const LIFE: i64 = 3600;
/// Seconds that two clocks may differ by.
const SKEW: i64 = 300;

/// What was given out.
#[derive(Debug, Default)]
pub(super) struct Issued {
    pub(super) given: Given,
    access: BTreeMap<String, BTreeSet<String>>,
    refresh: BTreeMap<String, BTreeSet<String>>,
    codes: BTreeMap<String, Asked>,
    log: Vec<String>,
}

/// What a code was asked with.
#[derive(Debug)]
struct Asked {
    challenge: String,
    redirect: String,
    scopes: BTreeSet<String>,
    is_offline: bool,
}

type Fields = BTreeMap<String, String>;
type Shared = State<Arc<Cloud>>;

/// A refusal of a token endpoint: its code and words.
struct Refusal(&'static str, String);

impl Refusal {
    fn grant(words: &str) -> Self {
        Self("invalid_grant", words.to_owned())
    }

    fn answer(self) -> Response {
        let Self(code, words) = self;
        let status = if code == "invalid_client" {
            StatusCode::UNAUTHORIZED
        } else {
            StatusCode::BAD_REQUEST
        };
        (status, Json(json!({"error": code, "error_description": words}))).into_response()
    }
}

impl Issued {
    pub(super) fn log(&self) -> Vec<String> {
        self.log.clone()
    }

    /// What a token reaches, while it counts.
    pub(super) fn scopes(&self, token: &str) -> Option<&BTreeSet<String>> {
        self.access.get(token)
    }

    pub(super) fn end_access(&mut self) {
        self.access.clear();
    }

    /// A refresh token of a person who agreed to everything.
    pub(super) fn refresh_token(&mut self) -> String {
        let token = self.given.give("refresh");
        self.refresh.insert(token.clone(), scopes(SCOPE));
        token
    }

    fn access_token(&mut self, scopes: BTreeSet<String>) -> String {
        let token = self.given.give("access");
        self.access.insert(token.clone(), scopes);
        token
    }

    fn tokens(&mut self, scopes: BTreeSet<String>) -> Value {
        let scope: Vec<&str> = scopes.iter().map(String::as_str).collect();
        let scope = scope.join(" ");
        json!({
            "access_token": self.access_token(scopes), "expires_in": LIFE - 1, "scope": scope, "token_type": "Bearer",
        })
    }

    fn logged(&mut self, what: &str, answer: Result<Value, Refusal>) -> Response {
        let response = match answer {
            Ok(body) => Json(body).into_response(),
            Err(refusal) => refusal.answer(),
        };
        self.noted(what, response)
    }

    fn noted(&mut self, what: &str, response: Response) -> Response {
        self.log.push(format!("{what} {}", response.status().as_u16()));
        response
    }

    fn token(&mut self, cloud: &Cloud, fields: &Fields) -> Result<Value, Refusal> {
        let field = |name: &str| fields.get(name).map_or("", String::as_str);
        match field("grant_type") {
            "urn:ietf:params:oauth:grant-type:jwt-bearer" => {
                Ok(self.tokens(cloud.assertion(field("assertion"))?))
            }
            "refresh_token" => {
                is_client(fields)?;
                let known = self.refresh.get(field("refresh_token"));
                let known = known.ok_or_else(|| Refusal::grant("Token has been expired or revoked."))?;
                let asked = scopes(field("scope"));
                if !asked.is_subset(known) {
                    return Err(Refusal("invalid_scope", "Bad Request".to_owned()));
                }
                let reached = if asked.is_empty() { known.clone() } else { asked };
                Ok(self.tokens(reached))
            }
            "authorization_code" => {
                is_client(fields)?;
                // Taken out: a code counts once.
                let asked = self.codes.remove(field("code"));
                let asked = asked.ok_or_else(|| Refusal::grant("Malformed auth code."))?;
                if s256(field("code_verifier")) != asked.challenge {
                    return Err(Refusal::grant("Invalid code verifier."));
                }
                if field("redirect_uri") != asked.redirect {
                    return Err(Refusal("redirect_uri_mismatch", "Bad Request".to_owned()));
                }
                let mut tokens = self.tokens(asked.scopes.clone());
                if asked.is_offline {
                    let refresh = self.given.give("refresh");
                    self.refresh.insert(refresh.clone(), asked.scopes);
                    tokens["refresh_token"] = json!(refresh);
                }
                Ok(tokens)
            }
            other => Err(Refusal(
                "unsupported_grant_type",
                format!("Invalid grant_type: {other}"),
            )),
        }
    }

    fn authorize(&mut self, asked: &Fields) -> Result<String, Refusal> {
        let field = |name: &str| asked.get(name).map_or("", String::as_str);
        let is_asked = field("response_type") == "code" && field("client_id") == CLIENT.0;
        let is_proved = field("code_challenge_method") == "S256" && is_challenge(field("code_challenge"));
        let to = field("redirect_uri");
        let is_own = ["http://127.0.0.1:", "http://localhost:"]
            .iter()
            .any(|own| to.starts_with(own));
        if !(is_asked && is_proved && is_own) {
            return Err(Refusal("invalid_request", "Bad Request".to_owned()));
        }
        let code = self.given.give("code");
        let back = redirect(to, &[("state", field("state")), ("code", &code)]);
        let kept = Asked {
            challenge: field("code_challenge").to_owned(),
            redirect: to.to_owned(),
            scopes: scopes(field("scope")),
            is_offline: field("access_type") == "offline",
        };
        self.codes.insert(code, kept);
        Ok(back)
    }

    /// The exchange of another provider's token.
    fn exchange(&mut self, fields: &Fields) -> Result<Value, Refusal> {
        const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
        const ACCESS: &str = "urn:ietf:params:oauth:token-type:access_token";
        const SUBJECTS: [&str; 2] = [
            "urn:ietf:params:oauth:token-type:jwt",
            "urn:ietf:params:oauth:token-type:id_token",
        ];
        let field = |name: &str| fields.get(name).map_or("", String::as_str);
        let request = |words: &str| Refusal("invalid_request", words.to_owned());
        if field("grant_type") != EXCHANGE || field("requested_token_type") != ACCESS {
            return Err(request("Invalid grant_type or requested_token_type."));
        }
        if !SUBJECTS.contains(&field("subject_token_type")) {
            return Err(request("Invalid subject_token_type."));
        }
        let is_workforce = match field("audience") {
            WORKLOADS => false,
            WORKFORCE => true,
            _ => {
                return Err(Refusal(
                    "invalid_target",
                    "The target service indicated by the \"audience\" parameters is invalid.".to_owned(),
                ));
            }
        };
        let project = options(field("options"))["userProject"].clone();
        if is_workforce && project != USER_PROJECT {
            return Err(request("userProject is required for a pool of people."));
        }
        if !is_workforce && !project.is_null() {
            return Err(request("userProject is only for a pool of people."));
        }
        if field("subject_token") != SUBJECT {
            return Err(Refusal::grant(
                "The subject token could not be verified for this pool.",
            ));
        }
        let asked = scopes(field("scope"));
        if asked.is_empty() {
            return Err(request("Missing required field: scope."));
        }
        let mut tokens = self.tokens(asked);
        tokens["issued_token_type"] = json!(ACCESS);
        Ok(tokens)
    }
}

impl Cloud {
    /// The scopes of an assertion that the service account signed.
    fn assertion(&self, assertion: &str) -> Result<BTreeSet<String>, Refusal> {
        let claims = self.key.verify(assertion).map_err(Refusal::grant)?;
        let now = OffsetDateTime::now_utc().unix_timestamp();
        let (issued, ends) = (claims["iat"].as_i64(), claims["exp"].as_i64());
        let (Some(issued), Some(ends)) = (issued, ends) else {
            return Err(Refusal::grant("Invalid JWT: iat and exp are numbers."));
        };
        let is_now = issued <= now + SKEW && ends > now - SKEW && ends - issued <= LIFE;
        if !is_now {
            return Err(Refusal::grant(
                "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe.",
            ));
        }
        if claims["iss"] != ACCOUNT {
            return Err(Refusal::grant("Invalid grant: account not found"));
        }
        if claims["aud"] != AUDIENCE && claims["aud"] != format!("{}/token", self.at) {
            return Err(Refusal::grant("Invalid JWT: Failed audience check."));
        }
        let asked = scopes(claims["scope"].as_str().unwrap_or_default());
        if asked.is_empty() {
            return Err(Refusal(
                "invalid_scope",
                "Invalid OAuth scope or ID token audience provided.".to_owned(),
            ));
        }
        Ok(asked)
    }
}

/// The options of an exchange: JSON, which Google's own library escapes once more.
fn options(text: &str) -> Value {
    let plain = percent_decode_str(text).decode_utf8_lossy();
    serde_json::from_str(&plain).unwrap_or_default()
}

fn is_client(fields: &Fields) -> Result<(), Refusal> {
    let field = |name: &str| fields.get(name).map_or("", String::as_str);
    let known = (field("client_id"), field("client_secret")) == CLIENT;
    let words = "The provided client secret is invalid.";
    known
        .then_some(())
        .ok_or_else(|| Refusal("invalid_client", words.to_owned()))
}

pub(super) async fn token(State(cloud): Shared, body: String) -> Response {
    let fields = form(&body);
    let mut issued = cloud.issued();
    let answer = issued.token(&cloud, &fields);
    let grant = fields.get("grant_type").map_or("", String::as_str);
    let grant = grant.rsplit(':').next().unwrap_or_default();
    issued.logged(&format!("token {grant}"), answer)
}

/// The person is signed in already: the browser is sent back at once.
pub(super) async fn authorize(State(cloud): Shared, Query(asked): Query<Fields>) -> Response {
    let mut issued = cloud.issued();
    let response = match issued.authorize(&asked) {
        Ok(to) => (StatusCode::FOUND, [(LOCATION, to)]).into_response(),
        Err(refusal) => refusal.answer(),
    };
    issued.noted("authorize", response)
}

pub(super) async fn exchange(State(cloud): Shared, body: String) -> Response {
    let fields = form(&body);
    let mut issued = cloud.issued();
    let answer = issued.exchange(&fields);
    issued.logged("exchange", answer)
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
    issued.noted("impersonate", response)
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
    cloud.issued().noted(what, response)
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
