//! The runtime: `invoke` carries the Messages API as it is, `converse` has words of its own. Both stream in frames.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use super::sigv4::Request;
use super::{Cloud, converse as words, frame};
use crate::messages::{Outcome, Refused, Spoil, Wire, take_version};

/// What a body says in the place of the header of the Messages API.
const VERSION: &str = "bedrock-2023-05-31";
/// Where the service says that its exceptions are from.
const FROM: &str = "http://internal.amazon.com/coral/com.amazon.bedrock/";

/// The exception of a refusal: what the script names, or what the service has for this kind or status.
fn exception(code: Option<StatusCode>, kind: Option<&str>) -> &str {
    match (kind, code.map(|code| code.as_u16())) {
        (Some(name), _) if name.ends_with("Exception") => name,
        (Some("rate_limit_error"), _) | (_, Some(429)) => "ThrottlingException",
        (Some("overloaded_error"), _) | (_, Some(503)) => "ServiceUnavailableException",
        (Some("not_found_error"), _) | (_, Some(404)) => "ResourceNotFoundException",
        (Some("permission_error"), _) | (_, Some(403)) => "AccessDeniedException",
        (Some("authentication_error"), _) | (_, Some(401)) => "UnrecognizedClientException",
        (Some("timeout_error"), _) | (_, Some(408)) => "ModelTimeoutException",
        (Some("invalid_request_error"), _) | (_, Some(400)) => "ValidationException",
        (_, Some(424)) => "ModelErrorException",
        _ => "InternalServerException",
    }
}

pub(super) fn refusal(code: StatusCode, exception: &str, message: &str) -> Response {
    let headers = [
        ("x-amzn-errortype", format!("{exception}:{FROM}")),
        ("x-amzn-requestid", "5f2b9c1d-standin".to_owned()),
    ];
    (code, headers, Json(json!({ "message": message }))).into_response()
}

/// The wire of Bedrock, in the words of one of its calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Frames {
    Invoke,
    Converse,
}

impl Wire for Frames {
    fn media_type(&self) -> &'static str {
        frame::MEDIA_TYPE
    }

    fn events(&self, events: &[Value]) -> Vec<Bytes> {
        match self {
            Self::Invoke => words::chunks(events),
            Self::Converse => words::events(events),
        }
    }

    fn whole(&self, message: Value) -> Value {
        match self {
            Self::Invoke => message,
            Self::Converse => words::answer(&message),
        }
    }

    fn error_event(&self, kind: &str, message: &str) -> Bytes {
        // In a stream the names begin with a small letter.
        let name = exception(None, Some(kind));
        let (first, rest) = name.split_at(1);
        let name = first.to_ascii_lowercase() + rest;
        frame::exception(&name, &json!({ "message": message }))
    }

    fn spoiled(&self, event: Bytes, how: Spoil) -> Bytes {
        frame::spoiled(&event, how)
    }

    fn refusal(&self, code: StatusCode, kind: Option<&str>, message: &str) -> Response {
        refusal(code, exception(Some(code), kind), message)
    }

    /// A refusal that no client repeats: there is no header here that says so.
    fn unexpected(&self, why: &str) -> Response {
        refusal(StatusCode::BAD_REQUEST, "ValidationException", why)
    }
}

/// Everything of a request but its place.
type Came = (Method, Uri, HeaderMap, Bytes);

pub(super) async fn invoke(cloud: State<Arc<Cloud>>, id: Path<String>, came: Came) -> Response {
    call(&cloud, &id, &came, Frames::Invoke, false)
}

pub(super) async fn invoke_stream(cloud: State<Arc<Cloud>>, id: Path<String>, came: Came) -> Response {
    call(&cloud, &id, &came, Frames::Invoke, true)
}

pub(super) async fn converse(cloud: State<Arc<Cloud>>, id: Path<String>, came: Came) -> Response {
    call(&cloud, &id, &came, Frames::Converse, false)
}

pub(super) async fn converse_stream(cloud: State<Arc<Cloud>>, id: Path<String>, came: Came) -> Response {
    call(&cloud, &id, &came, Frames::Converse, true)
}

fn call(cloud: &Cloud, model: &str, came: &Came, wire: Frames, is_stream: bool) -> Response {
    let (method, uri, headers, body) = came;
    let given: Value = serde_json::from_slice(body).unwrap_or_default();
    let signed = cloud.authenticate(&Request {
        method,
        uri,
        headers,
        body,
    });
    let (outcome, response) = match signed {
        Err((exception, why)) => {
            let response = refusal(StatusCode::FORBIDDEN, exception, &why);
            (Outcome::Refused(why), response)
        }
        Ok(()) => cloud.ask(model, &given, wire, is_stream),
    };
    let verb = uri.path().rsplit('/').next().unwrap_or_default();
    let request = format!("POST /model/{model}/{verb}");
    cloud.stage.log(&request, headers, given, outcome);
    response
}

impl Cloud {
    fn ask(&self, model: &str, given: &Value, wire: Frames, is_stream: bool) -> (Outcome, Response) {
        let asked = match wire {
            Frames::Invoke => message(given),
            Frames::Converse => words::request(given).map_err(Refused::request),
        };
        let admitted = asked.and_then(|mut request| {
            request["model"] = json!(model);
            request["stream"] = json!(is_stream);
            self.stage.admit(&request, false)?;
            Ok(request)
        });
        match admitted {
            Ok(request) => self.stage.play(&wire, &request),
            Err(refused) => refused.answer(&wire),
        }
    }
}

/// A request of the Messages API from the body of `invoke`.
fn message(given: &Value) -> Result<Value, Refused> {
    let request = take_version(given, VERSION).map_err(Refused::request)?;
    for name in ["model", "stream"] {
        if !request[name].is_null() {
            return Err(Refused::request(format!(
                "{name}: Extra inputs are not permitted"
            )));
        }
    }
    Ok(request)
}

pub(super) async fn nothing() -> Response {
    refusal(
        StatusCode::NOT_FOUND,
        "UnknownOperationException",
        "there is no such operation",
    )
}
