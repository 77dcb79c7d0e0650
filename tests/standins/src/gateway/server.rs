//! The server: routes, checks in the order of the real API, and the steps of the script.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::answer::{self, Filled, error, frames};
use super::bench::{self, Bench};
use super::cache::{Cache, tokens};
use super::log::{Log, Logged, Outcome};
use super::request::{check, credential};
use crate::script::{Conversation, Fault, Model, Script, Usage};

/// Largest request, as the real API has it.
const MAX_REQUEST: usize = 32 * 1024 * 1024;

/// What the gateway plays.
#[derive(Clone, Debug)]
pub enum Part {
    /// A script.
    Script(Box<Script>),
    /// Timed deltas, whatever is asked.
    Bench(Bench),
}

/// A running stand-in. It stops when this is dropped.
#[derive(Debug)]
pub struct Gateway {
    address: SocketAddr,
    stage: Arc<Stage>,
    task: JoinHandle<std::io::Result<()>>,
}

#[derive(Debug)]
struct Stage {
    part: Part,
    log: Log,
    /// Faults played, by step.
    faults: Mutex<BTreeMap<usize, usize>>,
    cache: Cache,
}

impl Gateway {
    /// Starts a gateway on loopback; port 0 takes a free one.
    pub async fn start(part: Part, port: u16) -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let address = listener.local_addr()?;
        let stage = Arc::new(Stage {
            part,
            log: Log::default(),
            faults: Mutex::default(),
            cache: Cache::default(),
        });
        let router = router(Arc::clone(&stage));
        // A delta must not wait for the next one.
        let listener = listener.tap_io(|socket| drop(socket.set_nodelay(true)));
        let task = tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(Self { address, stage, task })
    }

    /// The address to configure, without a path.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The requests that came, oldest first.
    pub fn log(&self) -> Vec<Logged> {
        self.stage.log.entries()
    }

    /// Waits until the server ends, which it does only on an error.
    pub async fn serve(mut self) -> std::io::Result<()> {
        (&mut self.task).await.map_err(std::io::Error::other)?
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn router(stage: Arc<Stage>) -> Router {
    Router::new()
        .route("/v1/messages", post(messages))
        .route("/v1/messages/count_tokens", post(count_tokens))
        .route("/v1/models", get(models))
        .route(
            "/__log",
            get(async |State(stage): State<Arc<Stage>>| Json(stage.log.entries())),
        )
        .fallback(async || refusal(StatusCode::NOT_FOUND, "not_found_error", "there is nothing here"))
        .layer(DefaultBodyLimit::max(MAX_REQUEST))
        .with_state(stage)
}

async fn messages(State(stage): State<Arc<Stage>>, headers: HeaderMap, body: String) -> Response {
    let body: Value = serde_json::from_str(&body).unwrap_or_default();
    let (outcome, response) = match stage.admit(&headers, &body, false) {
        Err(refused) => refused.answer(),
        Ok(()) => match &stage.part {
            Part::Bench(bench) => (
                Outcome::Served,
                bench::streamed(*bench, Conversation::of(&body).model()),
            ),
            Part::Script(script) => stage.play(script, &body),
        },
    };
    stage.log("POST /v1/messages", &headers, body, outcome);
    response
}

async fn count_tokens(State(stage): State<Arc<Stage>>, headers: HeaderMap, body: String) -> Response {
    let body: Value = serde_json::from_str(&body).unwrap_or_default();
    let (outcome, response) = match stage.admit(&headers, &body, true) {
        Err(refused) => refused.answer(),
        Ok(()) => (
            Outcome::Served,
            Json(json!({"input_tokens": uncached(&body).input})).into_response(),
        ),
    };
    stage.log("POST /v1/messages/count_tokens", &headers, body, outcome);
    response
}

async fn models(State(stage): State<Arc<Stage>>, headers: HeaderMap) -> Response {
    let (outcome, response) = match stage.authenticate(&headers) {
        Err(refused) => refused.answer(),
        Ok(()) => (Outcome::Served, Json(model_list(stage.models())).into_response()),
    };
    stage.log("GET /v1/models", &headers, Value::Null, outcome);
    response
}

fn model_list(models: &[Model]) -> Value {
    let (first, last) = (models.first().map(Model::id), models.last().map(Model::id));
    let data: Vec<Value> = models
        .iter()
        .map(|model| {
            json!({"type": "model", "id": model.id(), "display_name": model.name(), "created_at": "2026-01-01T00:00:00Z"})
        })
        .collect();
    json!({"data": data, "has_more": false, "first_id": first, "last_id": last})
}

/// A request that the API would refuse.
struct Refused {
    code: StatusCode,
    kind: &'static str,
    why: String,
}

impl Refused {
    fn answer(self) -> (Outcome, Response) {
        let response = refusal(self.code, self.kind, &self.why);
        (Outcome::Refused(self.why), response)
    }
}

impl Stage {
    fn models(&self) -> &[Model] {
        match &self.part {
            Part::Script(script) => &script.models,
            Part::Bench(_) => &[],
        }
    }

    fn authenticate(&self, headers: &HeaderMap) -> Result<(), Refused> {
        let wanted = match &self.part {
            Part::Script(script) => script.key.as_deref(),
            Part::Bench(_) => None,
        };
        let given = credential(headers).map(|(_, key)| key);
        if wanted.is_some() && given != wanted {
            let why = format!("invalid key {}", given.unwrap_or_default());
            return Err(Refused {
                code: StatusCode::UNAUTHORIZED,
                kind: "authentication_error",
                why,
            });
        }
        Ok(())
    }

    /// Checks what the real API checks before the model is asked.
    fn admit(&self, headers: &HeaderMap, body: &Value, is_count: bool) -> Result<(), Refused> {
        self.authenticate(headers)?;
        check(headers, body, is_count).map_err(|why| Refused {
            code: StatusCode::BAD_REQUEST,
            kind: "invalid_request_error",
            why,
        })?;
        let model = Conversation::of(body).model();
        if matches!(self.part, Part::Script(_)) && !self.models().iter().any(|known| known.id() == model) {
            let why = format!("model: {model}");
            return Err(Refused {
                code: StatusCode::NOT_FOUND,
                kind: "not_found_error",
                why,
            });
        }
        Ok(())
    }

    fn play(&self, script: &Script, body: &Value) -> (Outcome, Response) {
        let conversation = Conversation::of(body);
        let cue = match script.cue(conversation) {
            Ok(cue) => cue,
            Err(why) => return unexpected(why),
        };
        let said = match script.fill(cue.step, conversation) {
            Ok(said) => said,
            Err(error) => return unexpected(format!("step {}: {error}", cue.index + 1)),
        };
        let filled = Filled {
            answer: &cue.step.answer,
            said,
            model: conversation.model(),
            number: conversation.answers(),
            counted: if script.caches {
                self.cache.count(body)
            } else {
                uncached(body)
            },
        };
        let fault = self.next_fault(cue.index, &cue.step.faults);
        let outcome = match fault {
            None | Some(Fault::DelayMs(_) | Fault::NotStreamed) => Outcome::Step(cue.index + 1),
            Some(_) => Outcome::Fault(cue.index + 1),
        };
        let response = match fault {
            Some(Fault::Status {
                code,
                kind,
                message,
                headers,
            }) => status(*code, kind.as_deref(), message.as_deref(), headers),
            Some(Fault::NotStreamed) => Json(filled.whole()).into_response(),
            _ if body["stream"] != true => Json(filled.whole()).into_response(),
            fault => answer::streamed(frames(
                filled.events(),
                Duration::from_millis(script.pace_ms),
                fault,
            )),
        };
        (outcome, response)
    }

    /// The fault of this try; faults are played once each, in their order.
    fn next_fault<'a>(&self, step: usize, faults: &'a [Fault]) -> Option<&'a Fault> {
        let mut played = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        let played = played.entry(step).or_default();
        let fault = faults.get(*played)?;
        *played += 1;
        Some(fault)
    }

    fn log(&self, request: &str, headers: &HeaderMap, body: Value, outcome: Outcome) {
        let headers = headers.iter().map(|(name, value)| {
            let is_credential = *name == header::AUTHORIZATION || name == "x-api-key";
            let value = if is_credential {
                "…"
            } else {
                value.to_str().unwrap_or("…")
            };
            (name.to_string(), value.to_owned())
        });
        self.log.add(Logged {
            request: request.to_owned(),
            headers: headers.collect(),
            body,
            outcome,
        });
    }
}

/// What the tokens of a request cost where there is no cache.
fn uncached(body: &Value) -> Usage {
    Usage {
        input: tokens(body.to_string().len() as u64),
        output: 0,
        cache_read: 0,
        cache_write: 0,
    }
}

fn refusal(code: StatusCode, kind: &str, why: &str) -> Response {
    (code, [("request-id", "req_standin")], Json(error(kind, why))).into_response()
}

/// The script does not fit the request: no answer of a model, and nothing to retry.
fn unexpected(why: String) -> (Outcome, Response) {
    let error = error("api_error", &format!("not in the script: {why}"));
    let response = (
        StatusCode::INTERNAL_SERVER_ERROR,
        [("x-should-retry", "false")],
        Json(error),
    )
        .into_response();
    (Outcome::Unexpected(why), response)
}

fn status(
    code: u16,
    kind: Option<&str>,
    message: Option<&str>,
    headers: &BTreeMap<String, String>,
) -> Response {
    let code = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let body = error(kind.unwrap_or("api_error"), message.unwrap_or("scripted"));
    let mut response = (code, Json(body)).into_response();
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (
            header::HeaderName::try_from(name),
            header::HeaderValue::try_from(value),
        ) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}
