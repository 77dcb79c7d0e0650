//! The lists of the control plane. A model of the script whose id begins with a group of regions is an inference profile.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use super::runtime::refusal;
use super::sigv4::Request;
use super::{ACCOUNT, Cloud, REGION};
use crate::messages::Outcome;
use crate::oauth::Fields;
use crate::script::Model;

/// Groups of regions that profiles are for.
const GROUPS: [&str; 7] = ["global", "us", "us-gov", "eu", "apac", "jp", "au"];

type Asked = Query<Fields>;
/// Everything of a request but its place.
type Came = (Method, Uri, HeaderMap, Bytes);

/// The model that a profile is for.
fn profiled(id: &str) -> Option<&str> {
    let (group, model) = id.split_once('.')?;
    (GROUPS.contains(&group) && model.contains('.')).then_some(model)
}

fn arn(model: &str) -> String {
    format!("arn:aws:bedrock:{REGION}::foundation-model/{model}")
}

pub(super) async fn models(cloud: State<Arc<Cloud>>, Query(asked): Asked, came: Came) -> Response {
    let models = cloud.stage.script().models.iter();
    let models = models.filter(|model| profiled(model.id()).is_none());
    let summaries = models.map(summary).filter(|model| {
        let is = |name: &str, field: &Value| {
            asked.get(name).is_none_or(|wanted| match field {
                Value::Array(items) => items.iter().any(|item| item == wanted),
                one => one.as_str().is_some_and(|one| one.eq_ignore_ascii_case(wanted)),
            })
        };
        is("byProvider", &model["providerName"])
            && is("byOutputModality", &model["outputModalities"])
            && is("byInferenceType", &model["inferenceTypesSupported"])
    });
    let list = json!({ "modelSummaries": summaries.collect::<Vec<_>>() });
    cloud.list(&came, list)
}

fn summary(model: &Model) -> Value {
    let provider = if model.id().starts_with("anthropic.") {
        "Anthropic"
    } else {
        model.id().split('.').next().unwrap_or_default()
    };
    json!({
        "modelArn": arn(model.id()), "modelId": model.id(), "modelName": model.name(), "providerName": provider,
        "inputModalities": ["TEXT", "IMAGE"], "outputModalities": ["TEXT"], "responseStreamingSupported": true,
        "customizationsSupported": [], "inferenceTypesSupported": ["ON_DEMAND"],
        "modelLifecycle": { "status": "ACTIVE" },
    })
}

pub(super) async fn profiles(cloud: State<Arc<Cloud>>, Query(asked): Asked, came: Came) -> Response {
    let number = |name: &str| asked.get(name).and_then(|value| value.parse::<usize>().ok());
    let is_asked = asked.get("type").is_none_or(|kind| kind == "SYSTEM_DEFINED");
    let all: Vec<Value> = cloud
        .stage
        .script()
        .models
        .iter()
        .filter(|_| is_asked)
        .filter_map(profile)
        .collect();
    let from = number("nextToken").unwrap_or(0).min(all.len());
    let end = from
        .saturating_add(number("maxResults").unwrap_or(100))
        .min(all.len());
    let mut list = json!({ "inferenceProfileSummaries": all[from..end] });
    if end < all.len() {
        list["nextToken"] = json!(end.to_string());
    }
    cloud.list(&came, list)
}

fn profile(model: &Model) -> Option<Value> {
    let (id, of) = (model.id(), profiled(model.id())?);
    Some(json!({
        "inferenceProfileName": model.name(), "inferenceProfileId": id, "status": "ACTIVE", "type": "SYSTEM_DEFINED",
        "inferenceProfileArn": format!("arn:aws:bedrock:{REGION}:{ACCOUNT}:inference-profile/{id}"),
        "models": [{ "modelArn": arn(of) }],
        "createdAt": "2026-01-01T00:00:00Z", "updatedAt": "2026-01-01T00:00:00Z",
    }))
}

impl Cloud {
    /// Answers with this list whoever may see it.
    fn list(&self, (method, uri, headers, body): &Came, list: Value) -> Response {
        let signed = self.authenticate(&Request {
            method,
            uri,
            headers,
            body,
        });
        let (outcome, response) = match signed {
            Ok(()) => (Outcome::Served, Json(list).into_response()),
            Err((exception, why)) => {
                let response = refusal(StatusCode::FORBIDDEN, exception, &why);
                (Outcome::Refused(why), response)
            }
        };
        let request = format!("GET {}", uri.path());
        self.stage.log(&request, headers, Value::Null, outcome);
        response
    }
}
