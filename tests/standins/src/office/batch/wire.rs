//! The wire form of a batch, as Office.js sends it to `ProcessQuery`.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::Value;

pub(super) const INSTANTIATE: u8 = 1;
pub(super) const QUERY: u8 = 2;
pub(super) const METHOD: u8 = 3;
pub(super) const SET_PROPERTY: u8 = 4;
pub(super) const TRACE: u8 = 5;
pub(super) const ENSURE_UNCHANGED: u8 = 6;

pub(super) const PATH_GLOBAL: u8 = 1;
pub(super) const PATH_SERVICE: u8 = 2;
pub(super) const PATH_METHOD: u8 = 3;
pub(super) const PATH_PROPERTY: u8 = 4;
pub(super) const PATH_INDEXER: u8 = 5;
pub(super) const PATH_REFERENCE: u8 = 6;
pub(super) const PATH_NULL: u8 = 7;

/// One batch.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Body {
    pub(super) actions: Vec<Action>,
    #[serde(default)]
    pub(super) object_paths: HashMap<u64, ObjectPath>,
}

/// One action of a batch.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Action {
    pub(super) id: u64,
    #[serde(rename = "ActionType")]
    pub(super) kind: u8,
    #[serde(default)]
    pub(super) name: String,
    pub(super) object_path_id: u64,
    #[serde(default)]
    pub(super) argument_info: ArgumentInfo,
    #[serde(default)]
    pub(super) query_info: QueryInfo,
}

/// The way to one object.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ObjectPath {
    #[serde(rename = "ObjectPathType")]
    pub(super) kind: u8,
    #[serde(default)]
    pub(super) name: String,
    #[serde(default)]
    pub(super) parent_object_path_id: u64,
    #[serde(default)]
    pub(super) argument_info: ArgumentInfo,
}

/// Arguments; a referenced path stands at the index of the argument that it replaces.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct ArgumentInfo {
    pub(super) arguments: Vec<Value>,
    pub(super) referenced_object_path_ids: Vec<Value>,
}

/// What a load asks for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct QueryInfo {
    pub(super) select: Vec<String>,
    pub(super) expand: Vec<String>,
    pub(super) top: Option<usize>,
    pub(super) skip: Option<usize>,
}
