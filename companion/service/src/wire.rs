//! Parameters and answers of methods between JSON and their types.

use deskhand_protocol::{ErrorCode, UserError};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

pub(crate) fn read<T: DeserializeOwned>(params: Value) -> Result<T, UserError> {
    serde_json::from_value(params).map_err(|error| UserError::new(ErrorCode::BadRequest).detail(error))
}

pub(crate) fn give(answer: impl Serialize) -> Result<Value, UserError> {
    serde_json::to_value(answer).map_err(|error| UserError::new(ErrorCode::Internal).detail(error))
}
