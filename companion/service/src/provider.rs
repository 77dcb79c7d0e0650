//! The model provider that the settings name.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use deskhand_core::ports::Provider as Port;
use deskhand_egress::{Destination, Gate};
use deskhand_inference::bedrock::{Profile, ProfileSettings, ServiceTier, Whose};
use deskhand_inference::credential::{
    Clock, CredentialError, CredentialSource, Fixed, Google, GoogleFrom, Helper, HelperSettings, Nothing,
    TokenStore, Way, well_known,
};
use deskhand_inference::{
    AuthScheme, Connection, Format, Manner, Place, ProviderConfig, Secret, Unconfigured,
};
use deskhand_platform::{Paths, SecretStore};
use deskhand_policy::types::{
    AuthScheme as Scheme, ContentCapture, FilePath, GatewayFormat, Provider, ServiceTier as Tier,
};
use deskhand_policy::{CredentialPlace, Policy};
use deskhand_protocol::hello::ModelView;
use deskhand_protocol::{ErrorCode, UserError};
use deskhand_trail::Trail;

use crate::audit::{Notes, SignIns};
use crate::models;
use crate::settings::Settings;
use crate::sign_in::{self, OfPerson, SignIn};
use crate::usage::{Counts, Day, Limit, Meter, Metered, Prices};

/// Where the tokens of people lie: this user's folder, and the secret store that seals them.
#[derive(Clone, Copy)]
pub(crate) struct Keeper<'a>(pub(crate) &'a Paths, pub(crate) &'a SecretStore);

impl Keeper<'_> {
    fn tokens(self, policy: &Policy) -> Result<Arc<dyn TokenStore>, UserError> {
        let kept = sign_in::tokens(self.0, self.1, policy);
        kept.map_err(|error| UserError::new(ErrorCode::SecretStore).detail(format!("{error:#}")))
    }
}

/// The provider in force, while the service runs.
pub(crate) struct Opened {
    /// With its sign-ins in the audit.
    pub(crate) provider: Arc<dyn Port>,
    /// What its tokens are counted by.
    pub(crate) counts: Arc<Counts>,
    /// The sign-in of people, where they sign in for it.
    pub(crate) sign_in: Option<Arc<SignIn>>,
}

/// Opens the provider that the settings name.
pub(crate) async fn open(
    settings: &Settings,
    keeper: Keeper<'_>,
    gate: &Gate,
    trail: &Trail,
    notes: &Notes,
) -> Result<Opened, UserError> {
    let meter = match Limit::of(&settings.policy) {
        Some(limit) => Some(Arc::new(Meter::open(limit, trail.store().clone()).await?)),
        None => None,
    };
    let (sign_in, inner) = match signing_in(settings, keeper, gate, notes).await {
        Ok(sign_in) => {
            let connected = connected(settings, sign_in.clone(), gate, notes);
            (sign_in, connected)
        }
        Err(error) => (None, Arc::new(Unconfigured::because(error)) as Arc<dyn Port>),
    };
    let counts = Arc::new(Counts {
        inner,
        meter,
        day: Arc::new(Day::open(trail.store().clone()).await?),
        prices: Prices::of(&settings.policy),
    });
    Ok(Opened {
        provider: Arc::new(Metered(Arc::clone(&counts))),
        counts,
        sign_in,
    })
}

/// The sign-in that the settings ask for.
async fn signing_in(
    settings: &Settings,
    keeper: Keeper<'_>,
    gate: &Gate,
    notes: &Notes,
) -> Result<Option<Arc<SignIn>>, UserError> {
    if settings.stopped.is_some() {
        return Ok(None);
    }
    Ok(
        match (&settings.provider, person(&settings.policy, gate, keeper)?) {
            (Some(named), Some(place)) => Some(SignIn::open(place, &named.place, gate, notes).await),
            _ => None,
        },
    )
}

fn connected(settings: &Settings, sign_in: Option<Arc<SignIn>>, gate: &Gate, notes: &Notes) -> Arc<dyn Port> {
    if let Some(stopped) = &settings.stopped {
        return Arc::new(Unconfigured::because(stopped.clone()));
    }
    let Some(named) = &settings.provider else {
        return Arc::new(Unconfigured::default());
    };
    let source = match sign_in {
        Some(sign_in) => Ok(Arc::new(OfPerson(sign_in)) as Arc<dyn CredentialSource>),
        None => credential(&settings.policy, gate),
    };
    let connection = source
        .map_err(|error| error.to_fault().to_user_error())
        .and_then(|source| reached(named, &settings.policy, gate, source));
    match connection {
        Ok(connection) if named.signs_in => Arc::new(SignIns::of(
            Arc::new(connection),
            named.place.name(),
            notes.clone(),
        )),
        Ok(connection) => Arc::new(connection),
        Err(error) => Arc::new(Unconfigured::because(error)),
    }
}

/// What the settings say of a provider, before it is reached.
#[derive(Clone, Debug)]
pub(crate) struct Named {
    pub(crate) place: Place,
    /// The models of the settings, the default first.
    pub(crate) models: Vec<ModelView>,
    /// Whether anything proves who asks.
    pub(crate) signs_in: bool,
}

/// The provider that a policy names, where it names all that is needed to reach one.
pub(crate) fn named(policy: &Policy) -> Option<Named> {
    let place = place(policy)?;
    let credential = policy.credential()?.ok()?;
    Some(Named {
        place,
        models: models::named(policy),
        signs_in: credential != CredentialPlace::Nothing
            || policy.inference_headers().iter().next().is_some(),
    })
}

/// The way to it, through the gate, outside of the service's own turns.
pub(crate) fn connect(
    named: &Named,
    policy: &Policy,
    gate: &Gate,
    keeper: Keeper<'_>,
) -> Result<Connection, UserError> {
    let source = match person(policy, gate, keeper)? {
        Some(place) => place.source(),
        None => credential(policy, gate).map_err(|error| error.to_fault().to_user_error())?,
    };
    reached(named, policy, gate, source)
}

/// Where people sign in, where they do.
fn person(policy: &Policy, gate: &Gate, keeper: Keeper<'_>) -> Result<Option<sign_in::Place>, UserError> {
    let Some(Ok(CredentialPlace::SignIn(place))) = policy.credential() else {
        return Ok(None);
    };
    let place = sign_in::Place::of(policy, place, gate, keeper.tokens(policy)?);
    place.map(Some).map_err(|error| error.to_fault().to_user_error())
}

fn reached(
    named: &Named,
    policy: &Policy,
    gate: &Gate,
    credential: Arc<dyn CredentialSource>,
) -> Result<Connection, UserError> {
    // A list without a model allows none: the provider is not asked for others.
    let listed = policy.connection.inference_models.value.as_ref();
    let none = listed.is_some_and(|models| models.0.is_empty()).then_some(false);
    let headers = policy.inference_headers().iter();
    let config = ProviderConfig {
        credential,
        headers: headers
            .map(|(name, value)| (name.to_owned(), Secret::new(value.to_owned())))
            .collect(),
        models: named.models.clone(),
        discovery: policy.connection.model_discovery_enabled.value.or(none),
        manner: manner(policy),
        ..ProviderConfig::new(named.place.clone())
    };
    Connection::new(config, gate)
}

/// Where the credential comes from, where no person signs in.
fn credential(policy: &Policy, gate: &Gate) -> Result<Arc<dyn CredentialSource>, CredentialError> {
    let clock: Clock = Arc::new(SystemTime::now);
    Ok(match policy.credential() {
        Some(Ok(CredentialPlace::Key(key))) => Arc::new(Fixed::new(Secret::new(key.expose().to_owned()))),
        Some(Ok(CredentialPlace::Helper(program))) => Arc::new(Helper::new(helper(policy, program), clock)),
        Some(Ok(CredentialPlace::GoogleFile(file))) => {
            let from = GoogleFrom::File(file.path().to_owned());
            Arc::new(Google::new(
                from,
                Way::to(gate, Destination::GoogleCredentials)?,
                clock,
            ))
        }
        Some(Ok(CredentialPlace::GoogleDefault)) => {
            let machine = policy.vertex.deskhand_vertex_machine_account.value;
            Arc::new(Google::new(
                google(machine),
                Way::to_google(gate, machine)?,
                clock,
            ))
        }
        Some(Ok(CredentialPlace::AwsProfile)) => {
            let way = Way::to(gate, Destination::AwsCredentials)?;
            Arc::new(Profile::new(profile(policy), way, clock))
        }
        Some(Ok(CredentialPlace::Nothing | CredentialPlace::SignIn(_)) | Err(_)) | None => Arc::new(Nothing),
    })
}

fn helper(policy: &Policy, program: &FilePath) -> HelperSettings {
    let keys = &policy.credentials;
    let seconds = |seconds: u32| Duration::from_secs(seconds.into());
    HelperSettings {
        program: program.path().to_owned(),
        of_organisation: keys.inference_credential_helper.is_of_organisation(),
        ttl: seconds(keys.inference_credential_helper_ttl_sec.value.get()),
        within: seconds(keys.inference_credential_helper_timeout_sec.value.get()),
        silent_refresh: keys.inference_credential_helper_silent_refresh_enabled.value,
        for_aws: policy.connection.inference_provider.value == Some(Provider::Bedrock),
    }
}

/// Where Google's tools look, as they do; on the machine itself where the settings say so.
fn google(machine: bool) -> GoogleFrom {
    let variable = |name: &str| {
        std::env::var_os(name)
            .filter(|it| !it.is_empty())
            .map(PathBuf::from)
    };
    GoogleFrom::search(
        variable("GOOGLE_APPLICATION_CREDENTIALS"),
        well_known(variable),
        machine,
    )
}

fn profile(policy: &Policy) -> ProfileSettings {
    let keys = &policy.bedrock;
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folder = keys.inference_bedrock_aws_dir.value.as_ref();
    let home = || std::env::home_dir().unwrap_or_default().join(".aws");
    let name = keys.inference_bedrock_profile.value.as_ref();
    let region = keys.inference_bedrock_region.value.as_ref();
    ProfileSettings {
        folder: folder.map_or_else(home, |folder| folder.path().to_owned()),
        profile: name.map_or_else(|| "default".to_owned(), |name| name.0.clone()),
        region: region.map(|region| region.0.clone()).unwrap_or_default(),
        folders: std::env::split_paths(&path).collect(),
        within: Duration::from_mins(1),
        whose: match (
            policy.managed,
            keys.inference_bedrock_aws_dir.is_of_organisation(),
        ) {
            (_, true) => Whose::Organisation,
            (true, false) => Whose::Managed,
            (false, false) => Whose::Own,
        },
    }
}

/// Where the model runs, where the keys that say so are all there.
fn place(policy: &Policy) -> Option<Place> {
    let connection = &policy.connection;
    Some(match connection.inference_provider.value? {
        Provider::Gateway => Place::Gateway {
            base_url: connection
                .inference_gateway_base_url
                .value
                .as_ref()?
                .as_str()
                .to_owned(),
            scheme: match connection.inference_gateway_auth_scheme.value {
                Scheme::Bearer => AuthScheme::Bearer,
                Scheme::XApiKey => AuthScheme::ApiKey,
            },
            format: match connection.deskhand_gateway_format.value {
                GatewayFormat::Messages => Format::Messages,
                GatewayFormat::OpenAi => Format::ChatCompletions,
            },
        },
        Provider::Vertex => Place::Vertex {
            project: policy
                .vertex
                .inference_vertex_project_id
                .value
                .as_ref()?
                .0
                .clone(),
            region: policy.vertex.inference_vertex_region.value.as_ref()?.0.clone(),
        },
        Provider::Foundry => {
            policy.foundry.inference_foundry_resource.value.as_ref()?;
            // Programs print tokens of Entra.
            let scheme = match policy.credential() {
                Some(Ok(CredentialPlace::Key(_))) => AuthScheme::ApiKey,
                _ => AuthScheme::Bearer,
            };
            Place::Foundry { scheme }
        }
        Provider::Bedrock => Place::Bedrock {
            region: policy.bedrock.inference_bedrock_region.value.as_ref()?.0.clone(),
            service_tier: policy
                .bedrock
                .inference_bedrock_service_tier
                .value
                .map(|tier| match tier {
                    Tier::Flex => ServiceTier::Flex,
                    Tier::Priority => ServiceTier::Priority,
                }),
        },
    })
}

fn manner(policy: &Policy) -> Manner {
    let stall_after = policy.connection.inference_stream_idle_timeout_sec.value.get();
    let captured = &policy.telemetry.otlp_content_capture.value.0;
    Manner {
        stall_after: Duration::from_secs(u64::from(stall_after)),
        chance: Arc::new(|| f64::from(crate::clock::chance()[0]) / 255.0),
        bodies: policy.telemetry.otlp_endpoint.value.is_some()
            && captured.contains(&ContentCapture::RawApiBodies),
        ..Manner::default()
    }
}
