//! The stand-ins of the providers, each with the way to it that the service would open under its settings.

use std::sync::Arc;
use std::thread;

use deskhand_egress::{Gate, Network};
use deskhand_inference::credential::Fixed;
use deskhand_inference::{AuthScheme, Connection, Format, Place as At, ProviderConfig, Secret};
use deskhand_standins::Tunnel;
use deskhand_standins::bedrock::{self, Bedrock};
use deskhand_standins::foundry::Foundry;
use deskhand_standins::gateway::{Gateway, Logged, Part};
use deskhand_standins::script::Script;
use deskhand_standins::vertex::{self, Vertex};
use serde_json::{Value, json};
use tokio::runtime::Builder;
use tokio::sync::oneshot;

use super::{KEY, script};

const CLAUDE: &str = "claude-standin";
const ON_BEDROCK: &str = "eu.anthropic.claude-standin-v1:0";
const NOVA: &str = "amazon.nova-standin-v1:0";
const RESOURCE: &str = "bench-resource";

/// A provider, and how it is asked.
pub(super) struct Place {
    pub(super) name: &'static str,
    pub(super) model: String,
    pub(super) connection: Connection,
    /// Where the stand-in listens.
    pub(super) base: String,
    /// The path of a call that streams.
    pub(super) path: String,
    /// The header with the credential.
    pub(super) proof: (&'static str, String),
    /// Whether the answer comes in frames of `application/vnd.amazon.eventstream`.
    pub(super) in_frames: bool,
    /// The proxy on the way and the name behind it, where there are any.
    pub(super) tunnel: Option<(Tunnel, String)>,
    log: Box<dyn Fn() -> Vec<Logged>>,
}

impl Place {
    /// The body of the request that came last.
    pub(super) fn newest_body(&self) -> Vec<u8> {
        let last = (self.log)().pop().expect("a request");
        last.body.to_string().into_bytes()
    }
}

/// Every provider.
pub(super) async fn all() -> Vec<Place> {
    vec![
        gateway("gateway, Messages API", Format::Messages, "/v1/messages").await,
        gateway(
            "gateway, chat completions",
            Format::ChatCompletions,
            "/v1/chat/completions",
        )
        .await,
        amazon(
            "Amazon Bedrock, invoke",
            ON_BEDROCK,
            "invoke-with-response-stream",
        )
        .await,
        amazon("Amazon Bedrock, converse", NOVA, "converse-stream").await,
        google().await,
        azure().await,
    ]
}

async fn gateway(name: &'static str, format: Format, path: &str) -> Place {
    let part = Part::Script(Box::new(read(CLAUDE)));
    let standin = aside(async { Gateway::start(part, 0).await.expect("a port") }).await;
    let base = standin.base_url();
    let at = At::Gateway {
        base_url: base.clone(),
        scheme: AuthScheme::Bearer,
        format,
    };
    let settings = json!({ "inferenceProvider": "gateway", "inferenceGatewayBaseUrl": base });
    Place {
        name,
        model: CLAUDE.to_owned(),
        connection: connection(at, settings, Network::default()),
        path: path.to_owned(),
        proof: bearer(),
        in_frames: false,
        tunnel: None,
        base,
        log: Box::new(move || standin.log()),
    }
}

/// With an API key: the plain client signs nothing either.
async fn amazon(name: &'static str, model: &str, call: &str) -> Place {
    let script = read(model);
    let standin = aside(async { Bedrock::start(script, 0).await.expect("a port") }).await;
    let base = standin.base_url();
    let at = At::Bedrock {
        region: bedrock::REGION.to_owned(),
        service_tier: None,
    };
    let settings = json!({
        "inferenceProvider": "bedrock", "inferenceBedrockRegion": bedrock::REGION, "inferenceBedrockBaseUrl": base,
        "inferenceBedrockBearerToken": "set",
    });
    Place {
        name,
        model: model.to_owned(),
        connection: connection(at, settings, Network::default()),
        path: format!("/model/{}/{call}", model.replace(':', "%3A")),
        proof: bearer(),
        in_frames: true,
        tunnel: None,
        base,
        log: Box::new(move || standin.log()),
    }
}

async fn google() -> Place {
    let script = read(CLAUDE);
    let standin = aside(async { Vertex::start(script, 0).await.expect("a port") }).await;
    let base = standin.base_url();
    let (project, region) = (vertex::PROJECT, vertex::REGION);
    let at = At::Vertex {
        project: project.to_owned(),
        region: region.to_owned(),
    };
    let settings = json!({ "inferenceProvider": "vertex", "inferenceVertexBaseUrl": base });
    Place {
        name: "Vertex AI",
        model: CLAUDE.to_owned(),
        connection: connection(at, settings, Network::default()),
        path: format!(
            "/v1/projects/{project}/locations/{region}/publishers/anthropic/models/{CLAUDE}:streamRawPredict"
        ),
        proof: bearer(),
        in_frames: false,
        tunnel: None,
        base,
        log: Box::new(move || standin.log()),
    }
}

/// Its name is fixed: both clients reach it under that name, over TLS through the tunnel of a proxy.
async fn azure() -> Place {
    let host = format!("{RESOURCE}.services.ai.azure.com");
    let (script, name) = (read(CLAUDE), host.clone());
    let (standin, tunnel) = aside(async move {
        let standin = Foundry::start(script, None, 0).await.expect("a port");
        let tunnel = Tunnel::to(&standin.base_url(), &[&name]).await;
        (standin, tunnel)
    })
    .await;
    let at = At::Foundry {
        scheme: AuthScheme::ApiKey,
    };
    let settings = json!({
        "inferenceProvider": "foundry", "inferenceFoundryResource": RESOURCE, "egressProxyUrl": tunnel.proxy,
    });
    let network = Network {
        extra_roots: vec![tunnel.authority.clone()],
        ..Network::default()
    };
    Place {
        name: "Azure AI Foundry, TLS through a proxy",
        model: CLAUDE.to_owned(),
        connection: connection(at, settings, network),
        path: "/anthropic/v1/messages".to_owned(),
        proof: ("x-api-key", KEY.to_owned()),
        in_frames: false,
        tunnel: Some((tunnel, host)),
        base: standin.base_url(),
        log: Box::new(move || standin.log()),
    }
}

fn connection(at: At, settings: Value, network: Network) -> Connection {
    let gate = Gate::new(move |key| settings[key].clone(), network);
    let mut config = ProviderConfig::new(at);
    config.credential = Arc::new(Fixed::new(Secret::new(KEY.to_owned())));
    Connection::new(config, &gate).expect("an open way")
}

fn bearer() -> (&'static str, String) {
    ("authorization", format!("Bearer {KEY}"))
}

fn read(model: &str) -> Script {
    Script::from_yaml(&script(model)).expect("a script")
}

/// Starts a stand-in on a thread of its own, which runs as long as this program: its work is not in the clients' way.
pub(crate) async fn aside<T: Send + 'static>(start: impl Future<Output = T> + Send + 'static) -> T {
    let (sender, started) = oneshot::channel();
    thread::spawn(move || {
        let runtime = Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(async {
            drop(sender.send(start.await));
            std::future::pending::<()>().await;
        });
    });
    started.await.expect("a stand-in that starts")
}
