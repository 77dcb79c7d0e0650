//! A stand-in for Azure AI Foundry: a resource that speaks the Messages API under `/anthropic` and plays a script, and
//! Entra, the identity provider beside it. Both answer on one loopback port over plain http; whoever needs TLS and their
//! names puts them in front.

mod entra;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::keys::SigningKey;
use crate::messages::{Logged, Refused, Stage, Wire, bearer, check_version, error};
use crate::oauth::Device;
use crate::script::Script;
use crate::serve::{Port, Served};
use entra::Directory;

/// The tenant that Entra knows.
pub const TENANT: &str = "5d1a7f6e-3c2b-4f0e-9a86-0c9be21d7a41";
/// The application that is registered there: a public client with redirects to loopback.
pub const CLIENT: &str = "b7c0e5d2-84f1-4d3a-a1f9-6e2d5c7b9038";
/// The scopes that reach the resource. Tokens for others are refused.
pub const SCOPES: [&str; 2] = [
    "https://ai.azure.com/.default",
    "https://cognitiveservices.azure.com/.default",
];

/// A running stand-in. It stops when this is dropped.
#[derive(Debug)]
pub struct Foundry {
    served: Served,
    cloud: Arc<Cloud>,
}

#[derive(Debug)]
struct Cloud {
    stage: Stage,
    /// Where the documents of Entra say that it is.
    login: String,
    key: SigningKey,
    directory: Mutex<Directory>,
}

type Shared = State<Arc<Cloud>>;

impl Cloud {
    fn directory(&self) -> MutexGuard<'_, Directory> {
        self.directory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Foundry {
    /// Starts on loopback; port 0 takes a free one. `login` is the origin that Entra's documents name, its own address
    /// when absent. The script's models are the deployments, its key is the key of the resource.
    pub async fn start(script: Script, login: Option<&str>, port: u16) -> std::io::Result<Self> {
        let port = Port::take(port).await?;
        let cloud = Arc::new(Cloud {
            stage: Stage::new(script),
            login: login.map_or_else(|| port.base_url(), str::to_owned),
            key: SigningKey::generate("standin-entra-key")?,
            directory: Mutex::default(),
        });
        let served = port.serve(router(Arc::clone(&cloud)));
        Ok(Self { served, cloud })
    }

    /// The address of the resource, without a path; Entra has the same.
    pub fn base_url(&self) -> String {
        self.served.base_url()
    }

    /// The requests to the resource that came, oldest first.
    pub fn log(&self) -> Vec<Logged> {
        self.cloud.stage.entries()
    }

    /// The requests to Entra with the status of their answers, `token refresh_token 200`.
    pub fn sign_ins(&self) -> Vec<String> {
        self.cloud.directory().log.all()
    }

    /// How far the person is, with every device code and in the browser.
    pub fn person(&self, device: Device) {
        self.cloud.directory().person = device;
    }

    /// Access tokens count no longer.
    pub fn end_access(&self) {
        self.cloud.directory().access.clear();
    }

    /// Every token and code that was given out.
    pub fn secrets(&self) -> Vec<String> {
        self.cloud.directory().given.all()
    }
}

fn router(cloud: Arc<Cloud>) -> Router {
    Router::new()
        .route("/anthropic/v1/messages", post(messages))
        .route(
            "/{tenant}/v2.0/.well-known/openid-configuration",
            get(entra::metadata),
        )
        .route("/{tenant}/discovery/v2.0/keys", get(entra::keys))
        .route("/{tenant}/oauth2/v2.0/devicecode", post(entra::device))
        .route("/{tenant}/oauth2/v2.0/authorize", get(entra::authorize))
        .route("/{tenant}/oauth2/v2.0/token", post(entra::token))
        .fallback(async || Azure.refusal(StatusCode::NOT_FOUND, None, "Resource not found"))
        .with_state(cloud)
}

async fn messages(State(cloud): Shared, headers: HeaderMap, body: String) -> Response {
    let body: Value = serde_json::from_str(&body).unwrap_or_default();
    let (outcome, response) = match cloud.admit(&headers, &body) {
        Err(refused) => refused.answer(&Azure),
        Ok(()) => cloud.stage.play(&Azure, &body),
    };
    cloud
        .stage
        .log("POST /anthropic/v1/messages", &headers, body, outcome);
    response
}

impl Cloud {
    fn admit(&self, headers: &HeaderMap, body: &Value) -> Result<(), Refused> {
        self.authenticate(headers)?;
        check_version(headers).map_err(Refused::request)?;
        self.stage.admit(body, false)
    }

    fn authenticate(&self, headers: &HeaderMap) -> Result<(), Refused> {
        if let Some(token) = bearer(headers) {
            return match self.directory().access.get(token) {
                Some(scopes) if SCOPES.iter().any(|scope| scopes.contains(*scope)) => Ok(()),
                Some(_) => Err(Refused::credential("audience is incorrect")),
                None => Err(Refused::credential("invalid token")),
            };
        }
        let key = ["x-api-key", "api-key"]
            .iter()
            .find_map(|name| headers.get(*name));
        let key = key.and_then(|key| key.to_str().ok());
        match self.stage.script().key.as_deref() {
            Some(wanted) if key == Some(wanted) => Ok(()),
            _ => Err(Refused::credential(
                "Access denied due to invalid subscription key or wrong API endpoint.",
            )),
        }
    }
}

/// The wire of Foundry: events and errors of the Messages API, and Azure's own errors for what is not the model's.
struct Azure;

impl Wire for Azure {
    fn refusal(&self, code: StatusCode, kind: Option<&str>, message: &str) -> Response {
        let id = [("apim-request-id", "1c9d5b52-standin")];
        let body = match (code, kind) {
            (StatusCode::UNAUTHORIZED, _) => json!({"error": {"code": "401", "message": message}}),
            (StatusCode::NOT_FOUND, Some("not_found_error")) => {
                json!({"error": {"code": "DeploymentNotFound", "message": message}})
            }
            (code, None) => {
                json!({"error": {"code": code.as_str(), "message": message}})
            }
            (_, Some(kind)) => error(kind, message),
        };
        (code, id, Json(body)).into_response()
    }
}
