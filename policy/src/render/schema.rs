//! The JSON Schema of a settings file.

use serde_json::{Map, Value, json};

use crate::definition::Definition;

/// JSON Schema (2020-12), with a line end at its end.
pub fn schema<'a>(rows: impl Iterator<Item = &'a Definition>) -> String {
    let properties: Map<String, Value> = rows.map(|row| (row.name.to_owned(), property(row))).collect();
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$comment": "Generated from policy/src/keys.rs. Do not edit.",
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

/// A doc comment as one paragraph.
pub(super) fn paragraph(doc: &str) -> String {
    doc.split_whitespace().collect::<Vec<_>>().join(" ")
}
