//! From settings to an exporter: what the keys `otlp…` say, who is told about, and where the spool lies.

use std::path::PathBuf;
use std::sync::Arc;

use deskhand_egress::Gate;
use deskhand_platform::{Paths, SecretStore, machine};
use deskhand_policy::Policy;
use deskhand_policy::types::{AuthScheme, ContentCapture, LogLevel, OtlpAuthMode, OtlpProtocol, Provider};
use deskhand_telemetry::Protocol;
use deskhand_telemetry::content::{Capture, Category};
use deskhand_telemetry::export::{Exporter, Secrets, Settings as Export, World};
use deskhand_telemetry::headers::Helper;
use deskhand_telemetry::port::{HeaderSource, HeadersFuture};
use deskhand_telemetry::record::{Recording, Severity};
use deskhand_telemetry::resource::{Facts, Resource};
use deskhand_telemetry::spool::{Spool, SpoolKey};
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, HeaderValue};

use super::{OwnTools, Way};
use crate::audit::user;
use crate::clock::{chance, now};
use crate::serve::key_of;
use crate::settings::Settings;

/// The key of the spool in the secret store.
const SPOOL_KEY: &str = "telemetry-spool-key";
/// Bytes of requests that wait for the collector.
const SPOOL: u64 = 64 << 20;

/// An exporter that was made, and the work that keeps it going.
pub(super) struct Made<W> {
    pub(super) exporter: Exporter,
    pub(super) recording: Arc<Recording>,
    pub(super) own_tools: OwnTools,
    /// Items that waited for another collector, and were dropped.
    pub(super) elsewhere: u64,
    pub(super) work: W,
}

/// The requests that wait for the collector.
pub(super) fn spool(
    settings: &Settings,
    paths: &Paths,
    secrets: &SecretStore,
    export: &Export,
) -> anyhow::Result<Spool> {
    let key = SpoolKey::new(key_of(secrets, SPOOL_KEY)?);
    Ok(Spool::open(
        &spool_folder(settings, paths),
        &key,
        SPOOL,
        &export.endpoint,
        &export.headers,
    )?)
}

/// Makes the exporter; `None` where no collector is named, or the whole of Deskhand is switched off.
pub(super) fn exporter(
    settings: &Settings,
    gate: &Gate,
    install: &str,
    spool: &dyn Fn(&Export) -> anyhow::Result<Spool>,
) -> anyhow::Result<Option<Made<impl Future<Output = ()> + Send + use<>>>> {
    let policy = &settings.policy.telemetry;
    let Some(endpoint) = policy.otlp_endpoint.value.as_ref() else {
        return Ok(None);
    };
    if !settings.policy.source.deskhand_enabled.value {
        return Ok(None);
    }
    let protocol = protocol(policy.otlp_protocol.value);
    let way = Way::new(gate, protocol)?;
    let own_tools = OwnTools::default();
    let recording = Arc::new(recording(settings, install, &own_tools));
    let export = Export {
        endpoint: endpoint.as_str().to_owned(),
        protocol,
        headers: Secrets(
            policy
                .otlp_headers
                .value
                .0
                .iter()
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
        ),
        resource: resource(settings),
    };
    let world = World {
        now: Box::new(now),
        chance: Box::new(|| f64::from(chance()[0]) / 255.0),
        sources: sources(&settings.policy)?,
    };
    let spool = spool(&export)?;
    let elsewhere = spool.elsewhere();
    let (exporter, work) = Exporter::new(&export, Arc::clone(&recording), way, spool, world)?;
    Ok(Some(Made {
        exporter,
        recording,
        own_tools,
        elsewhere,
        work,
    }))
}

/// One folder for each deployment, and another for a collector that a user names: what one missed is never told to another
/// organisation's.
pub(super) fn spool_folder(settings: &Settings, paths: &Paths) -> PathBuf {
    let deployment = settings.organisation.map(|id| id.hyphenated().to_string());
    let deployment = deployment.as_deref().unwrap_or("local");
    let whose = if settings.managed { "managed" } else { "user" };
    paths.data().join("spool").join(format!("{deployment}-{whose}"))
}

fn recording(settings: &Settings, install: &str, own_tools: &OwnTools) -> Recording {
    let policy = &settings.policy.telemetry;
    let capture = policy.otlp_content_capture.value.0.iter();
    let own_tools = Arc::clone(own_tools);
    let models = settings.provider.iter().flat_map(|provider| &provider.models);
    Recording {
        capture: Capture::of(capture.map(|category| category_of(*category))),
        traces: policy.otlp_traces_enabled.value,
        user: install.to_owned(),
        default_model: models.map(|model| model.id.clone()).next().unwrap_or_default(),
        is_own_tool: Arc::new(move |name| own_tools.get().is_some_and(|tools| tools.contains(name))),
        price: crate::usage::price(&settings.policy),
    }
}

fn category_of(category: ContentCapture) -> Category {
    match category {
        ContentCapture::UserPrompts => Category::UserPrompts,
        ContentCapture::AssistantResponses => Category::AssistantResponses,
        ContentCapture::ToolDetails => Category::ToolDetails,
        ContentCapture::ToolContent => Category::ToolContent,
        ContentCapture::RawApiBodies => Category::RawApiBodies,
    }
}

fn protocol(protocol: OtlpProtocol) -> Protocol {
    match protocol {
        OtlpProtocol::HttpProtobuf => Protocol::HttpProtobuf,
        OtlpProtocol::HttpJson => Protocol::HttpJson,
        OtlpProtocol::Grpc => Protocol::Grpc,
    }
}

/// The least severity of lines that the collector gets (`otlpDesktopLogLevel`).
pub(super) fn least(level: LogLevel) -> Option<Severity> {
    match level {
        LogLevel::Off => None,
        LogLevel::Error => Some(Severity::Error),
        LogLevel::Warn => Some(Severity::Warn),
        LogLevel::Info => Some(Severity::Info),
        LogLevel::Debug => Some(Severity::Debug),
    }
}

fn resource(settings: &Settings) -> Resource {
    let policy = &settings.policy.telemetry;
    // Deskhand has no sign-in of its own: who is signed in is the account of the operating system.
    let account = user();
    let attributed = policy.end_user_attribution.value.then(|| account.clone());
    let facts = Facts {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        arch: machine::arch().to_owned(),
        os: machine::os().to_owned(),
        os_version: machine::os_version(),
        end_user: attributed,
        owner: Some(account),
        organization: settings.organisation.map(|id| id.hyphenated().to_string()),
    };
    Resource::new(facts, &policy.otlp_resource_attributes.value.0)
}

/// Headers that change: the helper's, then the credential.
fn sources(policy: &Policy) -> anyhow::Result<Vec<Arc<dyn HeaderSource>>> {
    let mut sources: Vec<Arc<dyn HeaderSource>> = Vec::new();
    let named = &policy.telemetry.otlp_headers_helper;
    if let Some(helper) = &named.value {
        let helper = Helper::new(helper.path().to_owned())?;
        sources.push(Arc::new(helper.of_organisation(named.is_of_organisation())));
    }
    match policy.telemetry.otlp_auth_mode.value {
        OtlpAuthMode::None => {}
        OtlpAuthMode::InferenceCredential => sources.push(Arc::new(InferenceCredential::of(policy)?)),
    }
    Ok(sources)
}

/// The credential for the model provider, sent as the provider gets it.
#[derive(Debug)]
struct InferenceCredential(HeaderMap);

impl InferenceCredential {
    fn of(policy: &Policy) -> anyhow::Result<Self> {
        let connection = &policy.connection;
        let is_gateway = matches!(connection.inference_provider.value, Some(Provider::Gateway));
        let key = connection.inference_gateway_api_key.value.as_ref();
        let Some(key) = key.filter(|_| is_gateway) else {
            anyhow::bail!("`otlpAuthMode` asks for the model provider's credential, and there is none");
        };
        let (name, text) = match connection.inference_gateway_auth_scheme.value {
            AuthScheme::Bearer => (AUTHORIZATION, format!("Bearer {}", key.expose())),
            AuthScheme::XApiKey => (HeaderName::from_static("x-api-key"), key.expose().to_owned()),
        };
        // The error could quote the credential.
        let value = HeaderValue::try_from(text).map_err(|_| anyhow::anyhow!("the credential is no header"));
        let mut value = value?;
        value.set_sensitive(true);
        Ok(Self(HeaderMap::from_iter([(name, value)])))
    }
}

impl HeaderSource for InferenceCredential {
    fn headers(&self) -> HeadersFuture<'_> {
        let headers = self.0.clone();
        Box::pin(async { Ok(headers) })
    }

    /// It is a setting; there is no newer one.
    fn refused(&self) {}
}
