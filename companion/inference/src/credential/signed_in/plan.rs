//! Where people sign in and with what, for each provider.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use deskhand_identity::{Client, Discovery, Provider, SignInError, Tokens, Transport};
use deskhand_policy::types::{Oidc, TokenType};
use serde::Deserialize;
use serde_json::json;
use url::Url;
use zeroize::Zeroizing;

use crate::Secret;
use crate::credential::{Credential, CredentialError, time_of};

/// The name under which Deskhand asks a gateway that is its own authorization server: a public client (RFC 6749, section 2.1).
const DESKHAND: &str = "deskhand";
/// What is asked for at a provider of OpenID Connect where the settings do not say it.
const OPENID: &str = "openid";
/// The scope that lets tokens be renewed (OpenID Connect Core 1.0, section 11).
const OFFLINE: &str = "offline_access";
/// What Azure AI Foundry takes tokens for. It takes those for `https://ai.azure.com` as well, which the makers' samples name; this one is
/// taken by every endpoint, also older ones, and an application needs one permission: `user_impersonation` of Microsoft Cognitive
/// Services. Only the access token is sent, so that `openid` is not asked for.
const FOUNDRY: &str = "https://cognitiveservices.azure.com/.default";
/// The host where people sign in with Microsoft Entra.
const ENTRA: &str = "https://login.microsoftonline.com";
/// Google's own provider (accounts.google.com/.well-known/openid-configuration).
const GOOGLE: [&str; 4] = [
    "https://accounts.google.com",
    "https://accounts.google.com/o/oauth2/v2/auth",
    "https://oauth2.googleapis.com/token",
    "https://oauth2.googleapis.com/revoke",
];

/// Which token is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bearer {
    /// The ID token.
    IdToken,
    /// The access token.
    AccessToken,
}

/// Where and how people sign in.
#[derive(Clone, Debug)]
pub struct SignInPlan {
    at: At,
    client_id: String,
    secret: Option<Secret>,
    scopes: Option<String>,
    resource: Option<String>,
    asks: Vec<(&'static str, String)>,
    pub(super) bearer: Bearer,
    pub(super) redirect_port: Option<u16>,
    pub(super) referrers: Vec<String>,
}

/// The provider.
#[derive(Clone, Debug)]
enum At {
    /// Its addresses are known.
    Known {
        issuer: Option<String>,
        authorization: String,
        token: String,
        device: Option<String>,
        revocation: Option<String>,
    },
    /// Its metadata name them.
    Issuer {
        issuer: String,
        authorization: Option<String>,
        token: Option<String>,
    },
    /// It is the gateway itself: every address lies on its origin.
    Itself(Url),
}

/// The client of sign-in with Google, from the `inferenceVertexOAuth…` keys.
#[derive(Clone, Debug)]
pub struct GoogleClient {
    /// Its name.
    pub id: String,
    /// Its secret, which clients of desktop type have as well.
    pub secret: Option<Secret>,
    /// What is asked for, with spaces between.
    pub scopes: Option<String>,
    /// The account that is suggested; the caller has put the login of the system in the place of `{username}`.
    pub login_hint: Option<String>,
}

impl SignInPlan {
    /// Sign-in for a gateway (`inferenceGatewayOidc`).
    pub fn gateway(oidc: &Oidc) -> Result<Self, CredentialError> {
        let plan = Self::named(oidc, oidc.append_offline_access.unwrap_or(true))?;
        Ok(Self {
            bearer: match oidc.bearer_token_type {
                None | Some(TokenType::IdToken) => Bearer::IdToken,
                Some(TokenType::AccessToken) => Bearer::AccessToken,
            },
            resource: oidc.resource.clone(),
            ..plan
        })
    }

    /// Sign-in at a gateway that is its own authorization server (RFC 8414).
    pub fn gateway_itself(base: Url) -> Self {
        Self::new(At::Itself(base), DESKHAND, Bearer::AccessToken)
    }

    /// Sign-in for workforce identity federation (`inferenceVertexWorkforceOidc`).
    pub fn workforce(oidc: &Oidc) -> Result<Self, CredentialError> {
        Self::named(oidc, !oidc.omit_offline_access.unwrap_or(false))
    }

    /// Sign-in with Microsoft Entra (`inferenceFoundryTenantId`, `inferenceFoundryClientId`), in the browser or with a device code. The
    /// addresses are put together here: the metadata of a tenant that is named by its domain name another issuer.
    pub fn entra(tenant: &str, client_id: &str) -> Result<Self, CredentialError> {
        let is_segment = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
        if tenant.is_empty() || !tenant.bytes().all(is_segment) || tenant.starts_with('.') {
            return Err(CredentialError::Closed(
                "the Entra tenant is no name or id".to_owned(),
            ));
        }
        let address = |last: &str| format!("{ENTRA}/{tenant}/oauth2/v2.0/{last}");
        let at = At::Known {
            issuer: None,
            authorization: address("authorize"),
            token: address("token"),
            device: Some(address("devicecode")),
            revocation: None,
        };
        Ok(Self {
            scopes: Some(format!("{FOUNDRY} {OFFLINE}")),
            ..Self::new(at, client_id, Bearer::AccessToken)
        })
    }

    /// Sign-in with Google for Vertex AI.
    pub fn google(client: GoogleClient) -> Self {
        let [issuer, authorization, token, revocation] = GOOGLE.map(str::to_owned);
        let at = At::Known {
            issuer: Some(issuer),
            authorization,
            token,
            device: None,
            revocation: Some(revocation),
        };
        let scopes = format!("{OPENID} email {}", super::SCOPE);
        // Without both there is no refresh token for somebody who agreed before.
        let mut asks = vec![
            ("access_type", "offline".to_owned()),
            ("prompt", "consent".to_owned()),
        ];
        asks.extend(client.login_hint.map(|hint| ("login_hint", hint)));
        Self {
            secret: client.secret,
            scopes: Some(client.scopes.unwrap_or(scopes)),
            asks,
            ..Self::new(at, &client.id, Bearer::AccessToken)
        }
    }

    fn new(at: At, client_id: &str, bearer: Bearer) -> Self {
        Self {
            at,
            client_id: client_id.to_owned(),
            secret: None,
            scopes: None,
            resource: None,
            asks: Vec::new(),
            bearer,
            redirect_port: None,
            referrers: Vec::new(),
        }
    }

    /// A provider of the organisation's own.
    fn named(oidc: &Oidc, offline: bool) -> Result<Self, CredentialError> {
        let (issuer, page, token) = (
            oidc.issuer.clone(),
            oidc.authorization_url.clone(),
            oidc.token_url.clone(),
        );
        let at = match (issuer, page, token) {
            (issuer, Some(authorization), Some(token)) => At::Known {
                issuer,
                authorization,
                token,
                device: None,
                revocation: None,
            },
            (Some(issuer), authorization, token) => At::Issuer {
                issuer,
                authorization,
                token,
            },
            _ => {
                let why = "neither `issuer` nor both addresses of the identity provider are named";
                return Err(CredentialError::Closed(why.to_owned()));
            }
        };
        let mut scopes = oidc.scopes.clone().unwrap_or_else(|| OPENID.to_owned());
        if offline && scopes.split(' ').all(|scope| scope != OFFLINE) {
            scopes = format!("{scopes} {OFFLINE}");
        }
        Ok(Self {
            scopes: Some(scopes),
            redirect_port: oidc.redirect_port,
            referrers: oidc
                .additional_redirect_referrer_hosts
                .clone()
                .unwrap_or_default(),
            ..Self::new(at, &oidc.client_id, Bearer::IdToken)
        })
    }

    /// The client at the provider, whose metadata are asked for where the settings do not name its addresses.
    pub(super) async fn client(&self, transport: &impl Transport) -> Result<Client, SignInError> {
        let provider = match &self.at {
            At::Known {
                issuer,
                authorization,
                token,
                device,
                revocation,
            } => {
                let mut known = Provider::of_addresses(authorization, token)?.named(issuer.as_deref());
                if let Some(device) = device {
                    known = known.with_device(device)?;
                }
                match revocation {
                    Some(revocation) => known.with_revocation(revocation)?,
                    None => known,
                }
            }
            At::Issuer {
                issuer,
                authorization,
                token,
            } => {
                let issuer = Url::parse(issuer).map_err(|_| SignInError::Issuer)?;
                let found = Provider::discover(transport, &issuer, Discovery::OpenId).await?;
                found.with_addresses(authorization.as_deref(), token.as_deref())?
            }
            At::Itself(base) => {
                let found = Provider::discover(transport, base, Discovery::OAuth).await?;
                found.within(&base.origin())?
            }
        };
        let mut client = Client::new(provider, &self.client_id, self.scopes.as_deref());
        if let Some(resource) = &self.resource {
            client = client.for_resource(resource);
        }
        if let Some(secret) = &self.secret {
            client = client.with_secret(Zeroizing::new(secret.expose().to_owned()));
        }
        for (name, value) in &self.asks {
            client = client.asking(name, value);
        }
        Ok(client)
    }

    /// What tokens belong to: another provider, client or purpose gets none of them.
    pub(super) fn digest(&self) -> String {
        let at = match &self.at {
            At::Known {
                issuer,
                authorization,
                token,
                ..
            } => json!([issuer, authorization, token]),
            At::Issuer {
                issuer,
                authorization,
                token,
            } => json!([issuer, authorization, token, "issuer"]),
            At::Itself(base) => json!([base.as_str()]),
        };
        let bound = json!([at, self.client_id, self.scopes, self.resource]).to_string();
        URL_SAFE_NO_PAD.encode(digest(&SHA256, bound.as_bytes()))
    }
}

impl Bearer {
    /// The token that is sent, with its end; `None` where the provider gave none of this kind.
    pub(super) fn of(self, tokens: &Tokens) -> Option<Credential> {
        let (token, ends_at) = match self {
            Self::AccessToken => (tokens.access(), tokens.ends_at()),
            Self::IdToken => {
                let id = tokens.id()?;
                (id, end_of(id).unwrap_or(tokens.ends_at()))
            }
        };
        Some(Credential {
            ends_at: time_of(ends_at),
            ..Credential::new(Secret::new(token.to_owned()))
        })
    }
}

/// When a JWT says that it ends (RFC 7519, section 4.1.4), in Unix milliseconds. Whoever gets it checks it; here it says when the next
/// one is needed.
fn end_of(token: &str) -> Option<u64> {
    #[derive(Deserialize)]
    struct Claims {
        exp: f64,
    }
    let claims = token.split('.').nth(1)?;
    let claims = Zeroizing::new(URL_SAFE_NO_PAD.decode(claims).ok()?);
    let claims: Claims = serde_json::from_slice(&claims).ok()?;
    // A float that is too large becomes the largest number.
    Some((claims.exp * 1_000.0) as u64)
}
