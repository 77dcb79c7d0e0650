//! The provider for a gateway of the organisation: `POST {base}/v1/messages` and, where offered, `GET {base}/v1/models`.
//! Holds the settings and the client; one call of the model is in `call`.

mod bodies;
mod call;
mod reading;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use deskhand_core::model::{Capabilities, ModelRequest};
use deskhand_core::ports::{BoxFuture, ModelStream, Provider};
use deskhand_egress::{Client, Destination, Gate, Response};
use deskhand_protocol::UserError;
use deskhand_protocol::hello::ModelView;
use http::{HeaderMap, Method, StatusCode};
use time::OffsetDateTime;
use tokio::sync::OnceCell;
use tokio::time::timeout;

use crate::fault::{Fault, FaultKind};
use crate::headers::{AuthScheme, DroppedHeader, headers};
use crate::models;
use crate::retry::Pauses;
use crate::secret::Secret;

/// A number of 0..1 by chance.
pub type Chance = Arc<dyn Fn() -> f64 + Send + Sync>;

/// The longest silence of a gateway before or within an answer. A gateway that does not stream is silent for as long as
/// the model writes.
const SILENCE: Duration = Duration::from_mins(5);
/// How long the list of models may take: a picker waits for it.
const LIST_WITHIN: Duration = Duration::from_secs(15);
/// How long the body of an error may take, and how much of it is read.
const ERROR_WITHIN: Duration = Duration::from_secs(10);
const MAX_ERROR: usize = 16 * 1024;

/// The settings of a gateway.
#[derive(Clone)]
pub struct GatewayConfig {
    /// Full address, without `/v1/messages`. A trailing `/v1` is understood.
    pub base_url: String,
    /// The credential; a gateway may need none.
    pub key: Option<Secret>,
    /// How the credential is sent.
    pub scheme: AuthScheme,
    /// Extra headers on every call. Their values may be credentials too.
    pub headers: Vec<(String, Secret)>,
    /// The models of the settings, the default first.
    pub models: Vec<ModelView>,
    /// Whether the gateway is asked for its models: `None` when the settings name none.
    pub discovery: Option<bool>,
    /// How long a stream may send only signs of life.
    pub stall_after: Duration,
    /// Pauses between tries.
    pub pauses: Pauses,
    /// Chance, for the pauses.
    pub chance: Chance,
    /// Whether bodies are told as they travel ([`deskhand_core::model::ModelEvent::Body`]).
    pub bodies: bool,
}

impl GatewayConfig {
    /// The defaults for an address.
    pub fn new(base_url: impl Into<String>) -> Self {
        Self {
            base_url: base_url.into(),
            key: None,
            scheme: AuthScheme::Bearer,
            headers: Vec::new(),
            models: Vec::new(),
            discovery: None,
            stall_after: SILENCE,
            pauses: Pauses::default(),
            chance: Arc::new(|| 0.5),
            bodies: false,
        }
    }
}

impl std::fmt::Debug for GatewayConfig {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            base_url,
            scheme,
            models,
            ..
        } = self;
        formatter
            .debug_struct("GatewayConfig")
            .field("base_url", base_url)
            .field("scheme", scheme)
            .field("models", models)
            .finish_non_exhaustive()
    }
}

/// A gateway.
#[derive(Clone, Debug)]
pub struct Gateway {
    shared: Arc<Shared>,
    dropped: Vec<DroppedHeader>,
}

#[derive(Debug)]
struct Shared {
    config: GatewayConfig,
    client: Client,
    headers: HeaderMap,
    discovered: OnceCell<Vec<ModelView>>,
}

impl Gateway {
    /// A gateway under these settings, reached through the gate (Invariant 3). Connects to nothing yet.
    pub fn new(config: GatewayConfig, gate: &Gate) -> Result<Self, UserError> {
        let client = gate.client(Destination::InferenceGateway);
        let client = client.map_err(|error| Fault::of_egress(&error).to_user_error())?;
        if config.base_url.contains(['?', '#']) {
            let fault = Fault::new(FaultKind::NotConfigured, "the gateway's address holds a query");
            return Err(fault.to_user_error());
        }
        let base = config.base_url.trim_end_matches('/');
        let base_url = base.strip_suffix("/v1").unwrap_or(base).to_owned();
        let (headers, dropped) = headers(config.key.as_ref(), config.scheme, &config.headers)
            .map_err(|why| Fault::new(FaultKind::NotConfigured, why).to_user_error())?;
        let config = GatewayConfig { base_url, ..config };
        let shared = Shared {
            config,
            client,
            headers,
            discovered: OnceCell::new(),
        };
        Ok(Self {
            shared: Arc::new(shared),
            dropped,
        })
    }

    /// Asks the gateway itself, whatever models the settings name: whether it can be reached, is trusted and takes the
    /// key. What it lists is the answer.
    pub async fn try_out(&self) -> Result<Vec<ModelView>, UserError> {
        self.shared
            .discover()
            .await
            .map_err(|fault| fault.to_user_error())
    }

    /// Extra headers of the settings that are not sent, and why.
    pub fn dropped_headers(&self) -> &[DroppedHeader] {
        &self.dropped
    }
}

impl Provider for Gateway {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            streaming: true,
            tools: true,
            prompt_caching: true,
            model_discovery: self.shared.config.discovery != Some(false),
            attachments: true,
        }
    }

    fn stream(&self, request: ModelRequest) -> ModelStream {
        call::start(Arc::clone(&self.shared), request)
    }

    fn models(&self) -> BoxFuture<'_, Result<Vec<ModelView>, UserError>> {
        Box::pin(async { self.shared.models().await.map_err(|fault| fault.to_user_error()) })
    }
}

impl Shared {
    /// The configured models, and those the gateway lists where the settings want them.
    async fn models(&self) -> Result<Vec<ModelView>, Fault> {
        let configured = &self.config.models;
        let ask = self.config.discovery.unwrap_or(configured.is_empty());
        if !ask {
            return Ok(configured.clone());
        }
        let listed = match self.discovered.get_or_try_init(|| self.discover()).await {
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

    async fn default_model(&self) -> Result<String, Fault> {
        let models = self.models().await?;
        let first = models.into_iter().next().map(|model| model.id);
        first.ok_or_else(|| Fault {
            happened: Some("No model is configured, and the gateway lists none."),
            ..Fault::new(
                FaultKind::NotConfigured,
                "policy key inferenceModels names models",
            )
        })
    }

    async fn discover(&self) -> Result<Vec<ModelView>, Fault> {
        let exchange = async {
            let mut response = self
                .send(Method::GET, "/v1/models?limit=1000", Bytes::new())
                .await?;
            match response.status() {
                StatusCode::OK => models::read(&bounded(&mut response, models::MAX_LIST).await?),
                // The list is optional: a gateway without it has none to add.
                StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_IMPLEMENTED => {
                    Ok(Vec::new())
                }
                _ => {
                    let body = self.error_body(&mut response).await;
                    Err(self.refusal(&response, &body))
                }
            }
        };
        let late = Fault::new(FaultKind::TimedOut, "the list of models did not come");
        timeout(LIST_WITHIN, exchange).await.unwrap_or(Err(late))
    }

    async fn send(&self, method: Method, path: &str, body: Bytes) -> Result<Response, Fault> {
        let address = format!("{}{path}", self.config.base_url);
        let mut request = http::Request::new(body);
        *request.method_mut() = method;
        *request.uri_mut() = address
            .parse()
            .map_err(|_| Fault::new(FaultKind::NotConfigured, "the address is not valid"))?;
        request.headers_mut().clone_from(&self.headers);
        self.client
            .send(request)
            .await
            .map_err(|error| Fault::of_egress(&error))
    }

    /// The beginning of the body of an answer other than 200.
    async fn error_body(&self, response: &mut Response) -> Vec<u8> {
        let body = timeout(ERROR_WITHIN, beginning(response, MAX_ERROR)).await;
        body.unwrap_or_default()
    }

    /// What an answer other than 200 says.
    fn refusal(&self, response: &Response, body: &[u8]) -> Fault {
        Fault::of_answer(
            response.status(),
            response.headers(),
            body,
            &self.secrets(),
            OffsetDateTime::now_utc(),
        )
    }

    /// Everything that must never show.
    fn secrets(&self) -> Vec<&Secret> {
        self.config
            .key
            .iter()
            .chain(self.config.headers.iter().map(|(_, value)| value))
            .collect()
    }
}

/// The body, if it is not longer than `limit` bytes.
async fn bounded(response: &mut Response, limit: usize) -> Result<Vec<u8>, Fault> {
    let body = beginning(response, limit + 1).await;
    if body.len() > limit {
        Err(Fault::new(FaultKind::BadAnswer, "the answer is too long"))
    } else {
        Ok(body)
    }
}

/// The first bytes of a body, at most `limit`; what a broken connection left of them.
async fn beginning(response: &mut Response, limit: usize) -> Vec<u8> {
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        body.extend_from_slice(&chunk[..chunk.len().min(limit - body.len())]);
        if body.len() == limit {
            break;
        }
    }
    body
}
