//! Who asks, as Google's endpoints find it out: signed assertions of service accounts (RFC 7523), codes with PKCE and
//! refresh for people, the exchange of other providers' tokens (RFC 8693).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use axum::Json;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse as _, Response};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::{ACCOUNT, CLIENT, Cloud, LIFE, SCOPE, SUBJECT, Shared, USER_PROJECT, WORKFORCE, WORKLOADS};
use crate::oauth::{Asked, Codes, Fields, Given, NoCode, form, is_loopback, is_proved, redirect, scopes};

/// The audience that Google's own libraries name, wherever the endpoint is.
const AUDIENCE: &str = "https://oauth2.googleapis.com/token";
/// Seconds that two clocks may differ by.
const SKEW: i64 = 300;

/// What was given out.
#[derive(Debug, Default)]
pub(super) struct Issued {
    pub(super) given: Given,
    access: BTreeMap<String, BTreeSet<String>>,
    refresh: BTreeMap<String, BTreeSet<String>>,
    /// Codes with their scopes; true where a refresh token was asked for.
    codes: Codes<(BTreeSet<String>, bool)>,
    subjects: Subjects,
    pub(super) log: Asked,
}

/// Whether a token of another provider is one that the pools take.
struct Subjects(Box<dyn Fn(&str) -> bool + Send>);

impl Default for Subjects {
    fn default() -> Self {
        Self(Box::new(|subject| subject == SUBJECT))
    }
}

impl fmt::Debug for Subjects {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Subjects")
    }
}

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
    /// What a token reaches, while it counts.
    pub(super) fn scopes(&self, token: &str) -> Option<&BTreeSet<String>> {
        self.access.get(token)
    }

    pub(super) fn take_subjects(&mut self, knows: impl Fn(&str) -> bool + Send + 'static) {
        self.subjects = Subjects(Box::new(move |subject| subject == SUBJECT || knows(subject)));
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

    pub(super) fn access_token(&mut self, scopes: BTreeSet<String>) -> String {
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
        let answer = answer.map_or_else(Refusal::answer, |body| Json(body).into_response());
        self.log.note(what, answer)
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
                let redeemed = self.codes.redeem(fields);
                let (reached, is_offline) = redeemed.map_err(|why| match why {
                    NoCode::Unknown => Refusal::grant("Malformed auth code."),
                    NoCode::Verifier => Refusal::grant("Invalid code verifier."),
                    NoCode::Redirect => Refusal("redirect_uri_mismatch", "Bad Request".to_owned()),
                })?;
                let mut tokens = self.tokens(reached.clone());
                if is_offline {
                    let refresh = self.given.give("refresh");
                    self.refresh.insert(refresh.clone(), reached);
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
        if !(is_asked && is_proved(asked) && is_loopback(asked)) {
            return Err(Refusal("invalid_request", "Bad Request".to_owned()));
        }
        let code = self.given.give("code");
        let back = redirect(
            field("redirect_uri"),
            &[("state", field("state")), ("code", &code)],
        );
        let stands_for = (scopes(field("scope")), field("access_type") == "offline");
        self.codes.keep(code, asked, stands_for);
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
        if !(self.subjects.0)(field("subject_token")) {
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
    issued.log.note("authorize", response)
}

pub(super) async fn exchange(State(cloud): Shared, body: String) -> Response {
    let fields = form(&body);
    let mut issued = cloud.issued();
    let answer = issued.exchange(&fields);
    issued.logged("exchange", answer)
}
