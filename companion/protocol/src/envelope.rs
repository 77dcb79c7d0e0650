//! JSON-RPC 2.0 frames (https://www.jsonrpc.org/specification). No batches.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use ts_rs::TS;

use crate::error::UserError;

/// A frame in either direction. Requests have `method` and `id`, notifications `method` alone, answers `id` and
/// either `result` or `error`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[ts(rename = "RpcFrame")]
pub struct Frame {
    /// Always `2.0`.
    pub jsonrpc: String,
    /// Chosen by the sender of the request; each direction counts for itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub id: Option<u64>,
    /// The method.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub method: Option<String>,
    /// Its parameters, an object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "unknown")]
    pub params: Option<Value>,
    /// The answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "unknown")]
    pub result: Option<Value>,
    /// The error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub error: Option<RpcError>,
}

/// A JSON-RPC error: `data` carries what a person sees.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
pub struct RpcError {
    /// A number of the JSON-RPC specification, or -32000 for errors with `data`.
    pub code: i32,
    /// The stable code, or the specification's words.
    pub message: String,
    /// What a person sees.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub data: Option<UserError>,
}

impl From<UserError> for RpcError {
    fn from(error: UserError) -> Self {
        Self {
            code: -32000,
            message: error.code.as_str().to_owned(),
            data: Some(error),
        }
    }
}

impl Frame {
    /// A request.
    pub fn request(id: u64, method: &str, params: Value) -> Self {
        Self {
            id: Some(id),
            method: Some(method.to_owned()),
            params: Some(params),
            ..Self::empty()
        }
    }

    /// A notification.
    pub fn notification(method: &str, params: Value) -> Self {
        Self {
            method: Some(method.to_owned()),
            params: Some(params),
            ..Self::empty()
        }
    }

    /// An answer.
    pub fn answer(id: u64, outcome: Result<Value, RpcError>) -> Self {
        let (result, error) = match outcome {
            Ok(result) => (Some(result), None),
            Err(error) => (None, Some(error)),
        };
        Self {
            id: Some(id),
            result,
            error,
            ..Self::empty()
        }
    }

    fn empty() -> Self {
        Self {
            jsonrpc: "2.0".to_owned(),
            id: None,
            method: None,
            params: None,
            result: None,
            error: None,
        }
    }
}
