//! The exchanges of a sign-in: `RegisterClient`, `StartDeviceAuthorization` and `CreateToken`, JSON over HTTPS.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use deskhand_identity::{Answer, SignInError, Transport};
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, Request};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use url::Url;

use super::kept::Session;
use crate::Secret;
use crate::bedrock::keys::error::AwsError;
use crate::bedrock::keys::host;
use crate::bedrock::keys::portal::{PORTAL, refused, unreachable};
use crate::credential::CredentialError;

const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";
const REFRESH: &str = "refresh_token";
/// What a person may be asked for: the accounts and roles that are theirs.
const SCOPE: &str = "sso:account:access";
/// Bytes of a token, code or secret.
const LONGEST: usize = 16 * 1024;
/// Characters that a code for people may have.
const USER_CODE: usize = 64;
/// The longest time that a token is taken to count.
const LONGEST_TOKEN: u64 = 90 * 24 * 3600;

/// The service of one region.
#[derive(Debug)]
pub(super) struct Oidc {
    address: String,
}

/// A registered client and its code.
pub(super) struct Begun {
    client_id: String,
    client_secret: Secret,
    device_code: Secret,
    pub(super) user_code: String,
    pub(super) page: Url,
    pub(super) interval: u64,
    pub(super) counts: Duration,
}

/// Why there is no token.
#[derive(Debug)]
pub(super) enum OidcError {
    /// The person is not done.
    Pending,
    /// It was asked too often.
    TooFast,
    Failed(CredentialError),
}

impl From<OidcError> for CredentialError {
    fn from(error: OidcError) -> Self {
        match error {
            OidcError::Failed(error) => error,
            OidcError::Pending | OidcError::TooFast => Self::SignInNeeded,
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Registered {
    client_id: String,
    client_secret: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Started {
    device_code: String,
    user_code: String,
    verification_uri: String,
    verification_uri_complete: Option<String>,
    expires_in: u64,
    interval: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Created {
    access_token: String,
    refresh_token: Option<String>,
    expires_in: u64,
}

/// A refusal (RFC 6749, section 5.2).
#[derive(Deserialize, Default)]
#[serde(default)]
struct Refusal {
    error: String,
}

impl Oidc {
    /// `None` where the region is none.
    pub(super) fn new(region: &str) -> Option<Self> {
        let address = format!("https://{}", host("oidc", region)?);
        Some(Self { address })
    }

    pub(super) async fn begin(
        &self,
        transport: &impl Transport,
        start_url: &str,
    ) -> Result<Begun, CredentialError> {
        let client = json!({ "clientName": "Deskhand", "clientType": "public", "scopes": [SCOPE] });
        let answer = self.post(transport, "/client/register", &client).await?;
        let client: Registered = read(&answer)?;
        let asked = json!({
            "clientId": client.client_id,
            "clientSecret": client.client_secret,
            "startUrl": start_url,
        });
        let answer = self.post(transport, "/device_authorization", &asked).await?;
        let started: Started = read(&answer)?;
        let shown = started.user_code.trim();
        let is_shown =
            (1..=USER_CODE).contains(&shown.len()) && shown.bytes().all(|byte| byte.is_ascii_graphic());
        let page = started.verification_uri_complete.as_deref();
        let page = Url::parse(page.unwrap_or(&started.verification_uri)).ok();
        let page = page.filter(|page| page.scheme() == "https" && page.username().is_empty());
        let (Some(page), true) = (page, is_shown) else {
            return Err(AwsError::Answer(PORTAL).into());
        };
        Ok(Begun {
            client_id: client.client_id,
            client_secret: token(client.client_secret)?,
            device_code: token(started.device_code)?,
            user_code: shown.to_owned(),
            page,
            interval: started.interval.unwrap_or(5),
            counts: Duration::from_secs(started.expires_in.min(LONGEST_TOKEN)),
        })
    }

    /// What the person's confirmation gives.
    pub(super) async fn granted(
        &self,
        transport: &impl Transport,
        begun: &Begun,
        now: SystemTime,
    ) -> Result<Session, OidcError> {
        let asked = json!({
            "clientId": begun.client_id,
            "clientSecret": begun.client_secret.expose(),
            "grantType": DEVICE,
            "deviceCode": begun.device_code.expose(),
        });
        let created = self.created(transport, &asked).await?;
        Ok(Session {
            client_id: begun.client_id.clone(),
            client_secret: begun.client_secret.clone(),
            refresh: created
                .refresh_token
                .map(token)
                .transpose()
                .map_err(OidcError::Failed)?,
            access: token(created.access_token).map_err(OidcError::Failed)?,
            ends_at: now + Duration::from_secs(created.expires_in.min(LONGEST_TOKEN)),
            from: now,
        })
    }

    /// The same session with a newer token.
    pub(super) async fn renewed(
        &self,
        transport: &impl Transport,
        session: &Session,
        now: SystemTime,
    ) -> Result<Session, OidcError> {
        let refresh = session.refresh.as_ref();
        let refresh = refresh.ok_or(OidcError::Failed(CredentialError::SignInNeeded))?;
        let asked = json!({
            "clientId": session.client_id,
            "clientSecret": session.client_secret.expose(),
            "grantType": REFRESH,
            "refreshToken": refresh.expose(),
        });
        let created = self.created(transport, &asked).await?;
        let newer = created
            .refresh_token
            .map(token)
            .transpose()
            .map_err(OidcError::Failed)?;
        Ok(Session {
            refresh: newer.or_else(|| session.refresh.clone()),
            access: token(created.access_token).map_err(OidcError::Failed)?,
            ends_at: now + Duration::from_secs(created.expires_in.min(LONGEST_TOKEN)),
            ..session.clone()
        })
    }

    async fn created(&self, transport: &impl Transport, asked: &Value) -> Result<Created, OidcError> {
        let sent = self
            .send(transport, "/token", asked)
            .await
            .map_err(OidcError::Failed)?;
        if sent.status.as_u16() == 200 {
            return read(&sent).map_err(OidcError::Failed);
        }
        let failed = |error| Err(OidcError::Failed(CredentialError::SignInFailed(error)));
        let said: Refusal = serde_json::from_slice(&sent.body).unwrap_or_default();
        match said.error.as_str() {
            "authorization_pending" => Err(OidcError::Pending),
            "slow_down" => Err(OidcError::TooFast),
            "access_denied" => failed(SignInError::Denied),
            "expired_token" => failed(SignInError::Expired),
            "invalid_grant" => failed(SignInError::Over),
            _ => Err(OidcError::Failed(refusal(&sent))),
        }
    }

    async fn post(
        &self,
        transport: &impl Transport,
        path: &str,
        body: &Value,
    ) -> Result<Answer, CredentialError> {
        let answer = self.send(transport, path, body).await?;
        if answer.status.as_u16() == 200 {
            Ok(answer)
        } else {
            Err(refusal(&answer))
        }
    }

    async fn send(
        &self,
        transport: &impl Transport,
        path: &str,
        body: &Value,
    ) -> Result<Answer, CredentialError> {
        let mut request = Request::new(Bytes::from(body.to_string()));
        *request.method_mut() = Method::POST;
        let address = format!("{}{path}", self.address).parse();
        *request.uri_mut() = address.map_err(|_| AwsError::Answer(PORTAL))?;
        let json = HeaderValue::from_static("application/json");
        request.headers_mut().insert(CONTENT_TYPE, json);
        transport.send(request).await.map_err(unreachable)
    }
}

/// A refusal; that of a service which is only busy passes.
fn refusal(answer: &Answer) -> CredentialError {
    match answer.status.as_u16() {
        429 | 500..=599 => {
            CredentialError::Unreachable(format!("{PORTAL} answered {}", answer.status.as_u16()))
        }
        status => refused(status, &answer.body).into(),
    }
}

/// Reads JSON. What is wrong with it is not told: it could quote a token.
fn read<T: DeserializeOwned>(answer: &Answer) -> Result<T, CredentialError> {
    serde_json::from_slice(&answer.body).map_err(|_| AwsError::Answer(PORTAL).into())
}

/// A token that can be sent: visible ASCII (RFC 6749, appendix A).
fn token(text: String) -> Result<Secret, CredentialError> {
    let secret = Secret::new(text);
    let text = secret.expose();
    let is_sendable = (1..=LONGEST).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    if is_sendable {
        Ok(secret)
    } else {
        Err(AwsError::Answer(PORTAL).into())
    }
}
