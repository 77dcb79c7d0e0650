//! JSON Schema as Jamf Pro takes it for the settings of an application ("JSON Schema Manifest Structure"): titles, an order,
//! and for each key the choice not to configure it. Lists and objects are text that holds JSON, so that the profile
//! that Jamf Pro makes says what Deskhand reads.

use serde_json::{Map, Value, json};

use super::words::{lines, title};
use super::{DOMAIN, NOTE};
use crate::definition::{Definition, Section};
use crate::shape::{LONGEST_JSON, Shape};

/// The schema, with a line end at its end.
pub(super) fn render(sections: &[Section]) -> String {
    let rows = sections.iter().flat_map(|section| section.rows);
    let properties: Map<String, Value> = rows
        .enumerate()
        .map(|(order, row)| (row.name.to_owned(), property(order, row)))
        .collect();
    let schema = json!({
        "title": format!("Deskhand ({DOMAIN})"),
        "description": NOTE,
        "type": "object",
        "options": { "remove_empty_properties": true },
        "properties": properties,
    });
    format!("{schema:#}\n")
}

fn property(order: usize, row: &Definition) -> Value {
    let mut input = match Shape::of(row) {
        Shape::Boolean => json!({ "type": "boolean" }),
        Shape::Integer { least, most } => json!({ "type": "integer", "minimum": least, "maximum": most }),
        Shape::Choice(words) => json!({ "type": "string", "enum": words }),
        Shape::Number => json!({ "type": "string", "maxLength": 40 }),
        Shape::Text { longest } => json!({ "type": "string", "maxLength": longest }),
        Shape::Json => {
            json!({ "type": "string", "maxLength": LONGEST_JSON, "options": { "infoText": "JSON in one line" } })
        }
    };
    input["title"] = json!("Configured");
    let default = (row.default)();
    if !default.is_null() && !row.secret && Shape::of(row) != Shape::Json {
        input["default"] = default;
    }
    json!({
        "title": title(row.name),
        "description": lines(row).join("\n"),
        "property_order": 10 * (order + 1),
        "anyOf": [{ "type": "null", "title": "Not configured" }, input],
    })
}
