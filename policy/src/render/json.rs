//! The administrator's file on Linux.

use serde_json::{Map, Value, json};

use super::NOTE;
use crate::settings::Settings;

/// One object of keys, with a line end at its end. `$comment` is read by people alone.
pub(super) fn render(settings: &Settings) -> String {
    let mut object = Map::new();
    object.insert("$comment".to_owned(), json!(NOTE));
    object.extend(settings.to_json());
    format!("{:#}\n", Value::Object(object))
}
