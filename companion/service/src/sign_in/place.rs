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
    Provider(Box<SignIn>),
    Center(Box<CenterSignIn>),
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
        let parts = Parts {
            policy,
            gate,
            tokens,
            lifetime: seconds.map(|seconds| Duration::from_secs(seconds.get().into())),
            clock: Arc::new(SystemTime::now),
        };
        match place {
            SignInPlace::Oidc(oidc) => parts.browser(
                &host(oidc),
                SignInPlan::gateway(oidc)?,
                Destination::IdentityProvider,
            ),
            SignInPlace::Gateway => parts.gateway(),
            SignInPlace::Google(client) => {
                let plan = SignInPlan::google(google(policy, client));
                parts.browser("Google", plan, Destination::GoogleCredentials)
            }
            SignInPlace::Workforce(oidc, audience) => parts.workforce(oidc, audience),
            SignInPlace::Entra {
                tenant,
                client,
                device,
            } => {
                let plan = SignInPlan::entra(tenant, client)?;
                let place = parts.browser("Microsoft Entra", plan, Destination::EntraSignIn)?;
                Ok(if device { place.with_code() } else { place })
            }
            SignInPlace::IdentityCenter {
                start_url,
                account,
                role,
            } => parts.center(start_url, account, role),
        }
    }

    /// The same where a code is entered.
    fn with_code(mut self) -> Self {
        if let With::Provider { device, .. } = &mut self.way {
            *device = true;
        }
        self
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
            With::Provider { whose, device: true } => Begun::Provider(Box::new(whose.begin_device().await?)),
            With::Provider { whose, device: false } => {
                let mut chance = Zeroizing::new([0; 64]);
                // Without chance anybody could know the answer that is waited for.
                let drawn = rand::fill(chance.as_mut_slice());
                drawn
                    .map_err(|_| CredentialError::Answer("the system gives no random numbers".to_owned()))?;
                Begun::Provider(Box::new(whose.begin_browser(&chance).await?))
            }
            With::Center(center) => Begun::Center(Box::new(center.begin().await?)),
        })
    }

    /// Waits for the person, and keeps their tokens.
    pub(super) async fn finish(&self, begun: Begun) -> Result<(), CredentialError> {
        match (&self.way, begun) {
            (With::Provider { whose, .. }, Begun::Provider(begun)) => whose.finish(*begun).await,
            (With::Center(center), Begun::Center(mut begun)) => loop {
                sleep(begun.wait()).await;
                if center.poll(&mut begun).await? == Progress::SignedIn {
                    return Ok(());
                }
            },
            (With::Provider { .. } | With::Center(_), _) => Err(CredentialError::SignInNeeded),
        }
    }

    /// Waits until no renewal is under way that must not be cut.
    pub(super) async fn settled(&self) {
        match &self.way {
            With::Provider { whose, .. } => whose.settled().await,
            With::Center(center) => center.settled().await,
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

/// What a place is put together from.
struct Parts<'a> {
    policy: &'a Policy,
    gate: &'a Gate,
    tokens: Arc<dyn TokenStore>,
    lifetime: Option<Duration>,
    clock: Clock,
}

impl Parts<'_> {
    fn way(&self, to: Destination) -> Result<Way, CredentialError> {
        Way::to(self.gate, to)
    }

    fn provider(self, at: &str, plan: SignInPlan, way: Way, exchange: Option<(Workforce, Way)>) -> Place {
        let whose = SignedIn::new(plan, way, exchange, self.tokens, self.lifetime, self.clock);
        Place {
            at: at.to_owned(),
            way: With::Provider { whose, device: false },
        }
    }

    /// An identity provider whose token is sent as it is.
    fn browser(self, at: &str, plan: SignInPlan, to: Destination) -> Result<Place, CredentialError> {
        let way = self.way(to)?;
        Ok(self.provider(at, plan, way, None))
    }

    /// The gateway, which is its own authorization server.
    fn gateway(self) -> Result<Place, CredentialError> {
        let base = self.policy.connection.inference_gateway_base_url.value.as_ref();
        let base = base.and_then(|base| Url::parse(base.as_str()).ok());
        let base =
            base.ok_or_else(|| CredentialError::Closed("inferenceGatewayBaseUrl is not set".to_owned()))?;
        let at = base.host_str().unwrap_or_default().to_owned();
        self.browser(
            &at,
            SignInPlan::gateway_itself(base),
            Destination::IdentityProvider,
        )
    }

    fn workforce(self, oidc: &Oidc, audience: &str) -> Result<Place, CredentialError> {
        let project = self
            .policy
            .vertex
            .inference_vertex_workforce_user_project
            .value
            .as_ref();
        let workforce = Workforce {
            audience: audience.to_owned(),
            user_project: project.map(|project| project.0.clone()),
        };
        let exchange = Some((workforce, self.way(Destination::GoogleCredentials)?));
        let way = self.way(Destination::IdentityProvider)?;
        Ok(self.provider(&host(oidc), SignInPlan::workforce(oidc)?, way, exchange))
    }

    fn center(self, start_url: &str, account: &str, role: &str) -> Result<Place, CredentialError> {
        let keys = &self.policy.bedrock;
        let region = keys.inference_bedrock_sso_region.value.as_ref();
        let region = region.or(keys.inference_bedrock_region.value.as_ref());
        let center = Center {
            start_url: start_url.to_owned(),
            region: region.map(|region| region.0.clone()).unwrap_or_default(),
            account: account.to_owned(),
            role: role.to_owned(),
        };
        let way = self.way(Destination::AwsCredentials)?;
        let center = IdentityCenter::new(center, way, self.tokens, self.lifetime, self.clock)?;
        Ok(Place {
            at: "IAM Identity Center".to_owned(),
            way: With::Center(center),
        })
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
