//! Where people sign in for the model, as the settings say.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_lc_rs::rand;
use deskhand_egress::{Destination, Gate};
use deskhand_inference::Secret;
use deskhand_inference::bedrock::{Center, CenterSignIn, IdentityCenter, Progress};
use deskhand_inference::credential::{
    Clock, CredentialError, CredentialSource, GoogleClient, SignIn, SignInPlan, SignedIn, TokenStore, Way,
    Workforce,
};
use deskhand_policy::types::Oidc;
use deskhand_policy::{Policy, SignInPlace};
use deskhand_protocol::Timestamp;
use deskhand_protocol::sign_in::SignInState;
use tokio::time::sleep;
use url::Url;
use zeroize::Zeroizing;

use crate::audit;

/// What becomes the login of the system in `inferenceVertexOAuthLoginHint`.
const USERNAME: &str = "{username}";

/// Where people sign in.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// Its name for a person: a host, or the name of a service.
    pub(super) at: String,
    way: With,
}

#[derive(Clone, Debug)]
enum With {
    /// An identity provider, in the browser or with a code.
    Provider { whose: SignedIn<Way>, device: bool },
    /// IAM Identity Center.
    Center(IdentityCenter<Way>),
}

/// A sign-in that waits for the person.
pub(super) enum Begun {
    Provider(SignIn),
    Center(CenterSignIn),
}

impl Place {
    /// The place that a policy names. Who signed in is kept in `tokens`.
    pub(crate) fn of(
        policy: &Policy,
        place: SignInPlace<'_>,
        gate: &Gate,
        tokens: Arc<dyn TokenStore>,
    ) -> Result<Self, CredentialError> {
        let seconds = policy.credentials.inference_session_lifetime_sec.value;
        let lifetime = seconds.map(|seconds| Duration::from_secs(seconds.get().into()));
        let clock: Clock = Arc::new(SystemTime::now);
        let to = |destination| Way::to(gate, destination);
        let provider = |at: &str, plan, way, exchange, device| Self {
            at: at.to_owned(),
            way: With::Provider {
                whose: SignedIn::new(
                    plan,
                    way,
                    exchange,
                    Arc::clone(&tokens),
                    lifetime,
                    Arc::clone(&clock),
                ),
                device,
            },
        };
        Ok(match place {
            SignInPlace::Oidc(oidc) => {
                let way = to(Destination::IdentityProvider)?;
                provider(&host(oidc), SignInPlan::gateway(oidc)?, way, None, false)
            }
            SignInPlace::Gateway => {
                let base = policy.connection.inference_gateway_base_url.value.as_ref();
                let base = base.and_then(|base| Url::parse(base.as_str()).ok());
                let base =
                    base.ok_or_else(|| CredentialError::Closed("inferenceGatewayBaseUrl".to_owned()))?;
                let at = base.host_str().unwrap_or_default().to_owned();
                let way = to(Destination::IdentityProvider)?;
                provider(&at, SignInPlan::gateway_itself(base), way, None, false)
            }
            SignInPlace::Google(client) => {
                let plan = SignInPlan::google(google(policy, client));
                provider("Google", plan, to(Destination::GoogleCredentials)?, None, false)
            }
            SignInPlace::Workforce(oidc, audience) => {
                let project = policy
                    .vertex
                    .inference_vertex_workforce_user_project
                    .value
                    .as_ref();
                let workforce = Workforce {
                    audience: audience.to_owned(),
                    user_project: project.map(|project| project.0.clone()),
                };
                let exchange = Some((workforce, to(Destination::GoogleCredentials)?));
                let way = to(Destination::IdentityProvider)?;
                provider(&host(oidc), SignInPlan::workforce(oidc)?, way, exchange, false)
            }
            SignInPlace::Entra {
                tenant,
                client,
                device,
            } => {
                let plan = SignInPlan::entra(tenant, client)?;
                provider(
                    "Microsoft Entra",
                    plan,
                    to(Destination::EntraSignIn)?,
                    None,
                    device,
                )
            }
            SignInPlace::IdentityCenter {
                start_url,
                account,
                role,
            } => {
                let keys = &policy.bedrock;
                let region = keys.inference_bedrock_sso_region.value.as_ref();
                let region = region.or(keys.inference_bedrock_region.value.as_ref());
                let center = Center {
                    start_url: start_url.to_owned(),
                    region: region.map(|region| region.0.clone()).unwrap_or_default(),
                    account: account.to_owned(),
                    role: role.to_owned(),
                };
                let way = to(Destination::AwsCredentials)?;
                Self {
                    at: "IAM Identity Center".to_owned(),
                    way: With::Center(IdentityCenter::new(center, way, tokens, lifetime, clock)?),
                }
            }
        })
    }

    /// Where the credential of whoever signed in comes from.
    pub(crate) fn source(&self) -> Arc<dyn CredentialSource> {
        match &self.way {
            With::Provider { whose, .. } => Arc::new(whose.clone()),
            With::Center(center) => Arc::new(center.clone()),
        }
    }

    /// Whether a page is opened, rather than a code entered.
    pub(super) fn is_browser(&self) -> bool {
        !matches!(self.way, With::Provider { device: true, .. })
    }

    pub(super) async fn is_signed_in(&self) -> Result<bool, CredentialError> {
        match &self.way {
            With::Provider { whose, .. } => whose.is_signed_in().await,
            With::Center(center) => center.is_signed_in().await,
        }
    }

    pub(super) async fn begin(&self) -> Result<Begun, CredentialError> {
        Ok(match &self.way {
            With::Provider { whose, device: true } => Begun::Provider(whose.begin_device().await?),
            With::Provider { whose, device: false } => {
                let mut chance = Zeroizing::new([0; 64]);
                // Without chance anybody could know the answer that is waited for.
                let drawn = rand::fill(chance.as_mut_slice());
                drawn
                    .map_err(|_| CredentialError::Answer("the system gives no random numbers".to_owned()))?;
                Begun::Provider(whose.begin_browser(&chance).await?)
            }
            With::Center(center) => Begun::Center(center.begin().await?),
        })
    }

    /// Waits for the person, and keeps their tokens.
    pub(super) async fn finish(&self, begun: Begun) -> Result<(), CredentialError> {
        match (&self.way, begun) {
            (With::Provider { whose, .. }, Begun::Provider(begun)) => whose.finish(begun).await,
            (With::Center(center), Begun::Center(mut begun)) => loop {
                sleep(begun.wait()).await;
                if center.poll(&mut begun).await? == Progress::SignedIn {
                    return Ok(());
                }
            },
            (With::Provider { .. } | With::Center(_), _) => Err(CredentialError::SignInNeeded),
        }
    }

    /// Forgets who signed in. Gives whether the provider was told.
    pub(super) async fn sign_out(&self) -> Result<bool, CredentialError> {
        match &self.way {
            With::Provider { whose, .. } => whose.sign_out().await,
            With::Center(center) => center.sign_out().await,
        }
    }
}

impl Begun {
    /// The page that the browser is sent to.
    pub(super) fn page(&self) -> Option<&Url> {
        match self {
            Self::Provider(begun) => begun.page(),
            Self::Center(begun) => Some(begun.page()),
        }
    }

    /// What the person is shown.
    pub(super) fn state(&self) -> SignInState {
        let until = |millis: u64| Timestamp::try_from(millis).unwrap_or(Timestamp::MAX);
        match self {
            Self::Provider(begun) => begun
                .code()
                .map_or(SignInState::Browser, |grant| SignInState::Code {
                    code: grant.user_code().to_owned(),
                    address: grant.address().to_string(),
                    complete: grant.complete().map(Url::to_string),
                    ends_at: until(grant.ends_at()),
                }),
            Self::Center(begun) => {
                let mut address = begun.page().clone();
                address.set_query(None);
                address.set_fragment(None);
                SignInState::Code {
                    code: begun.user_code().to_owned(),
                    address: address.to_string(),
                    complete: Some(begun.page().to_string()),
                    ends_at: until(millis(begun.ends_at())),
                }
            }
        }
    }
}

/// Unix milliseconds.
pub(super) fn millis(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// The host on which people see the page of an identity provider.
fn host(oidc: &Oidc) -> String {
    let address = oidc.authorization_url.as_deref().or(oidc.issuer.as_deref());
    let address = address.and_then(|address| Url::parse(address).ok());
    let host = address.as_ref().and_then(Url::host_str);
    host.unwrap_or("the identity provider").to_owned()
}

fn google(policy: &Policy, client: &str) -> GoogleClient {
    let keys = &policy.vertex;
    let (secret, scopes, hint) = (
        keys.inference_vertex_oauth_client_secret.value.as_ref(),
        keys.inference_vertex_oauth_scopes.value.as_ref(),
        keys.inference_vertex_oauth_login_hint.value.as_ref(),
    );
    GoogleClient {
        id: client.to_owned(),
        secret: secret.map(|secret| Secret::new(secret.expose().to_owned())),
        scopes: scopes.map(|scopes| scopes.0.clone()),
        login_hint: hint.map(|hint| hint.0.replace(USERNAME, &audit::user())),
    }
}
