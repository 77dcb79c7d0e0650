//! The JSON Schema of all operations and answers is generated from the Rust types. This test writes it anew and fails when
//! what was committed is another; outside CI the new file is left in place.

use std::fs;
use std::path::Path;

use deskhand_operations::{Answer, Operation, definitions};
use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

fn schema() -> Value {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let (operation, answer) = (
        generator.subschema_for::<Operation>(),
        generator.subschema_for::<Answer>(),
    );
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Operations on documents",
        "description": "What `deskhand document apply --ops` takes; `results` in its answer are of `Answer`.",
        "type": "object",
        "properties": { "ops": { "type": "array", "items": operation } },
        "required": ["ops"],
        "$defs": generator.take_definitions(true),
        "x-answer": answer,
    })
}

#[test]
fn the_committed_schema_is_the_one_of_the_types() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("generated/operations.schema.json");
    let made = format!("{:#}\n", schema());
    let committed = fs::read_to_string(&file).unwrap_or_default();
    if made != committed && std::env::var_os("CI").is_none() {
        fs::write(&file, &made).expect("the schema is written");
    }
    assert!(made == committed, "{} was another; commit it", file.display());
}

#[test]
fn every_operation_is_in_the_schema_with_a_description_of_each_field() {
    let schema = schema();
    let kinds = schema["$defs"].as_object().expect("definitions");
    let variants: Vec<&Value> = kinds
        .values()
        .filter_map(|kind| kind["oneOf"].as_array())
        .flatten()
        .collect();
    for definition in definitions() {
        let named = |variant: &&&Value| variant["properties"]["op"]["const"] == definition.name;
        let variant = variants.iter().find(named);
        let variant = variant.unwrap_or_else(|| panic!("{} is not in the schema", definition.name));
        assert!(
            variant["description"].is_string(),
            "{} has no description",
            definition.name
        );
        let fields = variant["properties"].as_object().expect("fields").iter();
        for (name, field) in fields.filter(|(name, _)| *name != "op") {
            assert!(
                field["description"].is_string(),
                "{}: {name} has no description",
                definition.name
            );
        }
    }
}
