//! The server: routes, and checks in the order of the real API.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use super::bench::{self, Bench};
use super::chat::{self, Chat};
use super::open::Open;
use super::{Logged, Outcome};
use crate::messages::{Refused, Stage, Wire, bearer, check, check_version, error};
use crate::script::{Conversation, Model, Script};
use crate::serve::{Port, Served};

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
    served: Served,
    plays: Arc<Plays>,
}

#[derive(Debug)]
struct Plays {
    stage: Stage,
    bench: Option<Bench>,
    open: Open,
}

/// The wire of the Messages API itself.
struct Plain;

impl Wire for Plain {
    fn refusal(&self, code: StatusCode, kind: Option<&str>, message: &str) -> Response {
        let body = error(kind.unwrap_or("api_error"), message);
        (code, [("request-id", "req_standin")], Json(body)).into_response()
    }
}

impl Gateway {
    /// Starts a gateway on loopback; port 0 takes a free one.
    pub async fn start(part: Part, port: u16) -> std::io::Result<Self> {
        let (script, bench) = match part {
            Part::Script(script) => (*script, None),
            Part::Bench(bench) => (Script::default(), Some(bench)),
        };
        let stage = Stage::new(script);
        let open = Open::default();
        let plays = Arc::new(Plays { stage, bench, open });
        let served = Port::take(port).await?.serve(router(Arc::clone(&plays)));
        Ok(Self { served, plays })
    }

    /// The address to configure, without a path.
    pub fn base_url(&self) -> String {
        self.served.base_url()
    }

    /// The requests that came, oldest first.
    pub fn log(&self) -> Vec<Logged> {
        self.plays.stage.entries()
    }

    /// How many answers of timed deltas were on their way at once, at the most.
    pub fn most_open(&self) -> usize {
        self.plays.open.most()
    }

    /// Waits until the server ends, which it does only on an error.
    pub async fn serve(self) -> std::io::Result<()> {
        self.served.ended().await
    }
}

fn router(plays: Arc<Plays>) -> Router {
    Router::new()
        .route("/v1/messages", post(messages))
        .route("/v1/messages/count_tokens", post(count_tokens))
        .route("/v1/chat/completions", post(completions))
        .route("/v1/models", get(models))
        .route(
            "/__log",
            get(async |State(plays): State<Arc<Plays>>| Json(plays.stage.entries())),
        )
        .fallback(async || {
            Plain.refusal(
                StatusCode::NOT_FOUND,
                Some("not_found_error"),
                "there is nothing here",
            )
        })
        .with_state(plays)
}

async fn messages(State(plays): State<Arc<Plays>>, headers: HeaderMap, body: String) -> Response {
    let body: Value = serde_json::from_str(&body).unwrap_or_default();
    let (outcome, response) = match (plays.admit(&headers, &body, false), plays.bench) {
        (Err(refused), _) => refused.answer(&Plain),
        (Ok(()), Some(bench)) => {
            let model = Conversation::of(&body).model();
            (Outcome::Served, plays.open.count(bench::streamed(bench, model)))
        }
        (Ok(()), None) => plays.stage.play(&Plain, &body),
    };
    plays.stage.log("POST /v1/messages", &headers, body, outcome);
    response
}

/// The same conversation in the other format. What is measured is not sent in it.
async fn completions(State(plays): State<Arc<Plays>>, headers: HeaderMap, body: String) -> Response {
    let body: Value = serde_json::from_str(&body).unwrap_or_default();
    let wire = Chat::of(&body);
    let asked = plays.authenticate(&headers).and_then(|()| {
        let request = chat::request(&body).map_err(Refused::request)?;
        plays.stage.admit(&request, false)?;
        Ok(request)
    });
    let (outcome, response) = match asked {
        Err(refused) => refused.answer(&wire),
        Ok(request) => plays.stage.play(&wire, &request),
    };
    plays
        .stage
        .log("POST /v1/chat/completions", &headers, body, outcome);
    response
}

async fn count_tokens(State(plays): State<Arc<Plays>>, headers: HeaderMap, body: String) -> Response {
    let body: Value = serde_json::from_str(&body).unwrap_or_default();
    let (outcome, response) = match plays.admit(&headers, &body, true) {
        Err(refused) => refused.answer(&Plain),
        Ok(()) => (
            Outcome::Served,
            Json(json!({"input_tokens": Stage::count(&body)})).into_response(),
        ),
    };
    plays
        .stage
        .log("POST /v1/messages/count_tokens", &headers, body, outcome);
    response
}

async fn models(State(plays): State<Arc<Plays>>, headers: HeaderMap) -> Response {
    let list = model_list(&plays.stage.script().models);
    let (outcome, response) = match plays.authenticate(&headers) {
        Err(refused) => refused.answer(&Plain),
        Ok(()) => (Outcome::Served, Json(list).into_response()),
    };
    plays.stage.log("GET /v1/models", &headers, Value::Null, outcome);
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

impl Plays {
    fn authenticate(&self, headers: &HeaderMap) -> Result<(), Refused> {
        let wanted = self.stage.script().key.as_deref();
        let key = || headers.get("x-api-key").and_then(|key| key.to_str().ok());
        let given = bearer(headers).or_else(key);
        if wanted.is_some() && given != wanted {
            let given = given.unwrap_or_default();
            return Err(Refused::credential(format!("invalid key {given}")));
        }
        Ok(())
    }

    /// Checks what the real API checks before the model is asked.
    fn admit(&self, headers: &HeaderMap, body: &Value, is_count: bool) -> Result<(), Refused> {
        self.authenticate(headers)?;
        check_version(headers).map_err(Refused::request)?;
        match self.bench {
            None => self.stage.admit(body, is_count),
            Some(_) => check(body, is_count).map_err(Refused::request),
        }
    }
}
