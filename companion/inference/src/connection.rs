//! The provider in force: its settings, its models, and calls of one of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use deskhand_core::model::{Capabilities, ModelRequest};
use deskhand_core::ports::{BoxFuture, ModelStream, Provider};
use deskhand_egress::{Destination, Gate};
use deskhand_protocol::UserError;
use deskhand_protocol::hello::ModelView;
use tokio::sync::OnceCell;
use tokio::time::timeout;

use crate::backend::Backend;
use crate::bedrock::{Bedrock, ServiceTier};
use crate::call;
use crate::credential::{Credential, CredentialSource, Nothing, Occasion};
use crate::endpoint::Endpoint;
use crate::fault::{Fault, FaultKind};
use crate::headers::{AuthScheme, DroppedHeader};
use crate::retry::Pauses;
use crate::secret::Secret;
use crate::trial::Door;

/// A number of 0..1 by chance.
pub type Chance = Arc<dyn Fn() -> f64 + Send + Sync>;
/// The time of day.
pub type Clock = Arc<dyn Fn() -> SystemTime + Send + Sync>;

/// The longest silence of a provider before or within an answer. One that does not stream is silent for as long as the
/// model writes.
pub(crate) const SILENCE: Duration = Duration::from_mins(5);
/// How long the list of models may take: a picker waits for it.
pub(crate) const LIST_WITHIN: Duration = Duration::from_secs(15);
/// How long one word may take.
pub(crate) const WORD_WITHIN: Duration = Duration::from_secs(30);

/// Where the model runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A gateway of the organisation.
    Gateway {
        /// Full address, without `/v1/messages` or `/v1/chat/completions`. A trailing `/v1` is understood.
        base_url: String,
        /// How the credential is sent.
        scheme: AuthScheme,
        /// What it speaks.
        format: Format,
    },
    /// Vertex AI, or the private endpoint that takes its place; its address follows from the settings of the gate.
    Vertex {
        /// The project that pays.
        project: String,
        /// The location in paths: a region, a multi-region or `global`.
        region: String,
    },
    /// A resource of Azure AI Foundry; its address follows from the settings of the gate.
    Foundry {
        /// [`AuthScheme::ApiKey`] for a key, [`AuthScheme::Bearer`] for a token of Entra.
        scheme: AuthScheme,
    },
    /// Amazon Bedrock, or the private endpoint that takes its place; its address follows from the settings of the gate.
    Bedrock {
        /// The region, which signatures name.
        region: String,
        /// How requests are served, where the settings say it.
        service_tier: Option<ServiceTier>,
    },
}

/// What a gateway speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// The Messages API.
    #[default]
    Messages,
    /// Chat completions.
    ChatCompletions,
}

impl Place {
    /// Its name in the settings and in the audit.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Gateway { .. } => "gateway",
            Self::Vertex { .. } => "vertex",
            Self::Foundry { .. } => "foundry",
            Self::Bedrock { .. } => "bedrock",
        }
    }

    /// Where calls go.
    pub fn destination(&self) -> Destination {
        match self {
            Self::Gateway { .. } => Destination::InferenceGateway,
            Self::Vertex { .. } => Destination::InferenceVertex,
            Self::Foundry { .. } => Destination::InferenceFoundry,
            Self::Bedrock { .. } => Destination::InferenceBedrock,
        }
    }

    /// Its name within a sentence.
    pub(crate) fn who(&self) -> &'static str {
        match self {
            Self::Gateway { .. } => "the gateway",
            Self::Vertex { .. } => "Vertex AI",
            Self::Foundry { .. } => "Azure AI Foundry",
            Self::Bedrock { .. } => "Amazon Bedrock",
        }
    }
}

/// The settings of the provider in force.
#[derive(Clone, Debug)]
pub struct ProviderConfig {
    /// Where the model runs.
    pub place: Place,
    /// What proves who asks.
    pub credential: Arc<dyn CredentialSource>,
    /// Extra headers on every call. Their values may be credentials too.
    pub headers: Vec<(String, Secret)>,
    /// The models of the settings, the default first.
    pub models: Vec<ModelView>,
    /// Whether the provider is asked for its models: `None` where the settings do not say it.
    pub discovery: Option<bool>,
    /// How a call is made.
    pub manner: Manner,
}

/// How calls are made, whatever the provider.
#[derive(Clone)]
pub struct Manner {
    /// How long a stream may send only signs of life.
    pub stall_after: Duration,
    /// Pauses between tries.
    pub pauses: Pauses,
    /// Chance, for the pauses.
    pub chance: Chance,
    /// The time of day, which goes on while the computer sleeps.
    pub clock: Clock,
    /// Whether bodies are told as they travel ([`deskhand_core::model::ModelEvent::Body`]).
    pub bodies: bool,
}

impl Default for Manner {
    fn default() -> Self {
        Self {
            stall_after: SILENCE,
            pauses: Pauses::default(),
            chance: Arc::new(|| 0.5),
            clock: Arc::new(SystemTime::now),
            bodies: false,
        }
    }
}

impl std::fmt::Debug for Manner {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = formatter.debug_struct("Manner");
        shown.field("stall_after", &self.stall_after);
        shown.field("pauses", &self.pauses).finish_non_exhaustive()
    }
}

impl ProviderConfig {
    /// The defaults for a place, without a credential.
    pub fn new(place: Place) -> Self {
        Self {
            place,
            credential: Arc::new(Nothing),
            headers: Vec::new(),
            models: Vec::new(),
            discovery: None,
            manner: Manner::default(),
        }
    }

    /// Whether anything proves who asks.
    pub fn signs_in(&self) -> bool {
        self.credential.is_any() || !self.headers.is_empty()
    }
}

/// The way to the provider in force.
#[derive(Clone, Debug)]
pub struct Connection {
    pub(crate) shared: Arc<Shared>,
    dropped: Vec<DroppedHeader>,
}

/// What the calls share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) config: ProviderConfig,
    pub(crate) backend: Box<dyn Backend>,
    pub(crate) door: Door,
    discovered: OnceCell<Vec<ModelView>>,
    /// Whether the provider ever answered: a way that was there and is gone may come back.
    has_answered: AtomicBool,
}

impl Connection {
    /// The way under these settings, through the gate (Invariant 3). Connects to nothing yet.
    pub fn new(config: ProviderConfig, gate: &Gate) -> Result<Self, UserError> {
        let who = config.place.who();
        let told = |fault: Fault| fault.at(who).to_user_error();
        let (backend, dropped) = backend(&config, gate).map_err(told)?;
        let shared = Shared {
            door: Door::to(&config.place, gate).map_err(told)?,
            config,
            backend,
            discovered: OnceCell::new(),
            has_answered: AtomicBool::new(false),
        };
        Ok(Self {
            shared: Arc::new(shared),
            dropped,
        })
    }

    /// Extra headers of the settings that are not sent, and why.
    pub fn dropped_headers(&self) -> &[DroppedHeader] {
        &self.dropped
    }
}

fn backend(config: &ProviderConfig, gate: &Gate) -> Result<(Box<dyn Backend>, Vec<DroppedHeader>), Fault> {
    Ok(match &config.place {
        Place::Bedrock { region, service_tier } => {
            let (bedrock, dropped) =
                Bedrock::new(region, *service_tier, &config.headers, &config.models, gate)?;
            (Box::new(bedrock), dropped)
        }
        place => {
            let (endpoint, dropped) = Endpoint::new(place, &config.headers, gate)?;
            (Box::new(endpoint), dropped)
        }
    })
}

impl Provider for Connection {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            streaming: true,
            tools: true,
            prompt_caching: true,
            model_discovery: self.shared.config.discovery != Some(false) && self.shared.backend.has_list(),
            attachments: true,
        }
    }

    fn stream(&self, request: ModelRequest) -> ModelStream {
        call::start(Arc::clone(&self.shared), request)
    }

    fn models(&self) -> BoxFuture<'_, Result<Vec<ModelView>, UserError>> {
        Box::pin(async {
            self.shared
                .models()
                .await
                .map_err(|fault| self.shared.told(fault))
        })
    }
}

impl Shared {
    /// The configured models, and those that the provider lists where the settings want them.
    async fn models(&self) -> Result<Vec<ModelView>, Fault> {
        let configured = &self.config.models;
        let ask = self.config.discovery.unwrap_or(configured.is_empty());
        if !ask {
            return Ok(configured.clone());
        }
        let discover = || self.discover(Occasion::Background);
        let listed = match self.discovered.get_or_try_init(discover).await {
            Ok(listed) => listed,
            // The configured ones are enough to work with.
            Err(_) if !configured.is_empty() => return Ok(configured.clone()),
            Err(fault) => return Err(fault),
        };
        let more = listed
            .iter()
            .filter(|model| configured.iter().all(|known| known.id != model.id));
        Ok(configured.iter().chain(more).cloned().collect())
    }

    /// The model of a request that names none.
    pub(crate) async fn default_model(&self) -> Result<String, Fault> {
        let models = self.models().await?;
        let first = models.into_iter().next().map(|model| model.id);
        first.ok_or_else(|| {
            Fault::new(
                FaultKind::NotConfigured,
                "policy key inferenceModels names models",
            )
            .happened("No model is configured, and the provider lists none.")
        })
    }

    async fn discover(&self, occasion: Occasion) -> Result<Vec<ModelView>, Fault> {
        let late = Fault::new(FaultKind::TimedOut, "the list of models did not come");
        let listed = async {
            let credential = self.credential(occasion).await?;
            self.backend.discover(&credential).await
        };
        timeout(LIST_WITHIN, listed).await.unwrap_or(Err(late))
    }

    /// Takes note that the provider answered.
    pub(crate) fn answered(&self) {
        self.has_answered.store(true, Ordering::Relaxed);
    }

    /// Whether it ever did.
    pub(crate) fn has_answered(&self) -> bool {
        self.has_answered.load(Ordering::Relaxed)
    }

    /// Takes over a list that a test of the connection brought.
    pub(crate) fn learned(&self, listed: Vec<ModelView>) {
        // One that is there already is as good.
        self.discovered.set(listed).ok();
    }

    /// The credential in force, outside of a call.
    pub(crate) async fn credential(&self, occasion: Occasion) -> Result<Credential, Fault> {
        let given = self.config.credential.credential(occasion, None).await;
        given.map_err(|error| error.to_fault())
    }

    /// A fault of this provider, for a person.
    pub(crate) fn told(&self, fault: Fault) -> UserError {
        fault.at(self.config.place.who()).to_user_error()
    }

    /// Everything that must never show.
    pub(crate) fn secrets(&self) -> Vec<Secret> {
        let headers = self.config.headers.iter().map(|(_, value)| value.clone());
        self.config
            .credential
            .secrets()
            .into_iter()
            .chain(headers)
            .collect()
    }
}
