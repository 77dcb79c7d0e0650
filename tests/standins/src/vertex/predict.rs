//! Models of a publisher: `rawPredict`, `streamRawPredict`, and `count-tokens`.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use super::{Cloud, PROJECT, REGION, SCOPE, Shared};
use crate::messages::{Outcome, Refused, Stage, Wire, bearer, error, take_version};

/// What a body says in the place of the header of the Messages API.
const VERSION: &str = "vertex-2023-10-16";

/// A refusal as Google puts it.
pub(super) fn refusal(code: StatusCode, message: &str) -> Value {
    json!({"error": {"code": code.as_u16(), "message": message, "status": status(code)}})
}

/// The name of a status, google.rpc.Code.
fn status(code: StatusCode) -> &'static str {
    match code.as_u16() {
        400 => "INVALID_ARGUMENT",
        401 => "UNAUTHENTICATED",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        409 => "ABORTED",
        429 => "RESOURCE_EXHAUSTED",
        499 => "CANCELLED",
        501 => "UNIMPLEMENTED",
        503 | 529 => "UNAVAILABLE",
        504 => "DEADLINE_EXCEEDED",
        _ => "INTERNAL",
    }
}

/// The wire of Vertex: events and errors of the Messages API where the model answers, Google's own errors before it.
struct Raw {
    is_stream: bool,
}

impl Wire for Raw {
    fn refusal(&self, code: StatusCode, kind: Option<&str>, message: &str) -> Response {
        let of_the_model = kind.filter(|kind| {
            let is_outside = [401, 403, 404].contains(&code.as_u16());
            kind.ends_with("_error") && !is_outside
        });
        let body = match of_the_model {
            Some(kind) => error(kind, message),
            // A call that streams gets a list, of one.
            None if self.is_stream => json!([refusal(code, message)]),
            None => refusal(code, message),
        };
        (code, Json(body)).into_response()
    }
}

pub(super) async fn predict(
    State(cloud): Shared,
    Path([project, region, publisher, call]): Path<[String; 4]>,
    headers: HeaderMap,
    body: String,
) -> Response {
    let body: Value = serde_json::from_str(&body).unwrap_or_default();
    let (model, method) = call.rsplit_once(':').unwrap_or((&call, ""));
    let wire = Raw {
        is_stream: method == "streamRawPredict",
    };
    let is_here = [project.as_str(), &region, &publisher] == [PROJECT, REGION, "anthropic"];
    let asked = cloud.authenticate(&headers).and_then(|()| match method {
        "rawPredict" | "streamRawPredict" if is_here => asked(model, wire.is_stream, &body),
        _ => Err(Refused::missing("Publisher model was not found.")),
    });
    let is_count = model == "count-tokens";
    let admitted = asked.and_then(|request| {
        cloud.stage.admit(&request, is_count)?;
        Ok(request)
    });
    let (outcome, response) = match admitted {
        Err(refused) => refused.answer(&wire),
        Ok(request) if is_count => {
            let count = json!({"input_tokens": Stage::count(&request)});
            (Outcome::Served, Json(count).into_response())
        }
        Ok(request) => cloud.stage.play(&wire, &request),
    };
    cloud.stage.log(&format!("POST {call}"), &headers, body, outcome);
    response
}

pub(super) async fn nothing() -> Response {
    let code = StatusCode::NOT_FOUND;
    (code, Json(refusal(code, "There is nothing here."))).into_response()
}

/// What a body asks of the model that the address names, in the words of the Messages API.
fn asked(model: &str, is_stream: bool, body: &Value) -> Result<Value, Refused> {
    let mut request = take_version(body, VERSION).map_err(Refused::request)?;
    if model == "count-tokens" {
        return Ok(request);
    }
    if !request["model"].is_null() {
        return Err(Refused::request("model: Extra inputs are not permitted"));
    }
    if is_stream != (request["stream"] == true) {
        return Err(Refused::request("stream: does not fit the method"));
    }
    request["model"] = json!(model);
    Ok(request)
}

impl Cloud {
    /// Checks the token, and that it reaches models.
    fn authenticate(&self, headers: &HeaderMap) -> Result<(), Refused> {
        let token = bearer(headers).unwrap_or_default();
        if self.stage.script().key.as_deref().is_some_and(|key| key == token) {
            return Ok(());
        }
        match self.issued().scopes(token) {
            None => Err(Refused::credential(
                "Request had invalid authentication credentials. Expected OAuth 2 access token.",
            )),
            Some(scopes) if scopes.contains(SCOPE) => Ok(()),
            Some(_) => Err(Refused {
                code: StatusCode::FORBIDDEN,
                kind: "permission_error",
                why: "Request had insufficient authentication scopes.".to_owned(),
            }),
        }
    }
}
