//! The JSON Schema of a settings file.

use serde_json::{Map, Value, json};

use super::NOTE;
use super::words::paragraph;
use crate::definition::Definition;

/// JSON Schema (2020-12), with a line end at its end.
pub(super) fn render<'a>(rows: impl Iterator<Item = &'a Definition>) -> String {
    let mut properties: Map<String, Value> = rows.map(|row| (row.name.to_owned(), property(row))).collect();
    for (name, what) in [
        ("$comment", "Read by people alone."),
        ("$schema", "Read by editors alone."),
    ] {
        properties.insert(name.to_owned(), json!({ "description": what, "type": "string" }));
    }
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$comment": NOTE,
        "title": "Deskhand settings",
        "type": "object",
        "additionalProperties": false,
        "properties": properties,
    });
    format!("{schema:#}\n")
}

fn property(row: &Definition) -> Value {
    let mut property = Map::new();
    property.insert("description".to_owned(), json!(paragraph(row.doc)));
    match (row.default)() {
        Value::Null => None,
        default => property.insert("default".to_owned(), default),
    };
    if let Value::Object(schema) = (row.schema)() {
        property.extend(schema);
    }
    property.into()
}
