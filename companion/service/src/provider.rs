//! The model provider that the settings name.

use std::sync::Arc;
use std::time::Duration;

use deskhand_core::ports::Provider as Port;
use deskhand_egress::Gate;
use deskhand_inference::credential::{CredentialSource, Fixed, Nothing};
use deskhand_inference::{AuthScheme, Connection, Manner, Place, ProviderConfig, Secret, Unconfigured};
use deskhand_policy::types::{AuthScheme as Scheme, ContentCapture, Provider};
use deskhand_policy::{CredentialPlace, Policy};
use deskhand_protocol::UserError;
use deskhand_protocol::hello::ModelView;
use deskhand_trail::Trail;

use crate::audit::{Notes, SignIns};
use crate::settings::Settings;
use crate::usage::{Limit, Meter, Metered};

/// The provider in force, with its sign-ins in the audit and its tokens counted where the settings limit them.
pub(crate) async fn open(
    settings: &Settings,
    gate: &Gate,
    trail: &Trail,
    notes: &Notes,
) -> Result<(Arc<dyn Port>, Option<Arc<Meter>>), UserError> {
    let connected = connected(settings, gate, notes);
    let Some(limit) = Limit::of(&settings.policy) else {
        return Ok((connected, None));
    };
    let meter = Arc::new(Meter::open(limit, trail.store().clone()).await?);
    Ok((Arc::new(Metered::new(connected, Arc::clone(&meter))), Some(meter)))
}

fn connected(settings: &Settings, gate: &Gate, notes: &Notes) -> Arc<dyn Port> {
    if let Some(stopped) = &settings.stopped {
        return Arc::new(Unconfigured::because(stopped.clone()));
    }
    let Some(config) = settings.provider.clone() else {
        return Arc::new(Unconfigured::default());
    };
    let signs_in = config.signs_in();
    let name = config.place.name();
    match Connection::new(config, gate) {
        Ok(connection) if signs_in => Arc::new(SignIns::of(Arc::new(connection), name, notes.clone())),
        Ok(connection) => Arc::new(connection),
        Err(error) => Arc::new(Unconfigured::because(error)),
    }
}

/// The provider that a policy names, where it names all that is needed to reach one.
pub(crate) fn of(policy: &Policy) -> Option<ProviderConfig> {
    let place = place(policy)?;
    let credential: Arc<dyn CredentialSource> = match policy.credential()?.ok()? {
        CredentialPlace::Key(key) => Arc::new(Fixed::new(Secret::new(key.expose().to_owned()))),
        CredentialPlace::Nothing => Arc::new(Nothing),
        CredentialPlace::Helper(_)
        | CredentialPlace::GoogleFile(_)
        | CredentialPlace::GoogleDefault
        | CredentialPlace::AwsProfile => return None,
    };
    let named = policy.connection.inference_models.value.as_ref();
    // A list without a model allows none: the provider is not asked for others.
    let none = named.is_some_and(|models| models.0.is_empty()).then_some(false);
    let models = named.map(|models| models.0.clone()).unwrap_or_default();
    let headers = policy.inference_headers().iter();
    Some(ProviderConfig {
        credential,
        headers: headers
            .map(|(name, value)| (name.to_owned(), Secret::new(value.to_owned())))
            .collect(),
        models: models
            .into_iter()
            .map(|model| ModelView {
                label: model.label_override.unwrap_or_else(|| model.name.clone()),
                id: model.name,
            })
            .collect(),
        discovery: policy.connection.model_discovery_enabled.value.or(none),
        manner: manner(policy),
        ..ProviderConfig::new(place)
    })
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
            Place::Foundry {
                scheme: AuthScheme::ApiKey,
            }
        }
        Provider::Bedrock => return None,
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
