//! The page and the JSON that are made from the table. Knows nothing of files.

use std::fmt::Write as _;

use serde_json::{Value as Json, json};

use super::{Attribute, Definition, Family, Gate, Signal, Value, definitions, standard};
use crate::content::{Capture, REDACTED};

/// The page for administrators and for those who build dashboards.
pub fn markdown() -> String {
    let mut page = "# What a collector is told\n\n\
        Generated from the table in `src/schema`; change that.\n\n\
        An event is a log record. Its body is the name with its prefix; the attribute `event.name` is what dashboards ask for. \
        Documented rows travel in the scope `"
        .to_owned();
    let (documented, own) = (Family::Documented, Family::Own);
    let _ = writeln!(
        page,
        "{}`, which claims the schema `{}` in its attribute `deskhand.schema`; our own in the scope `{}` with `{}`. \
         Content is not sent, or is `{REDACTED}`, unless the category is named in `otlpContentCapture`; `assistantResponses` is \
         also on with `userPrompts`.",
        documented.scope(),
        documented.schema(),
        own.scope(),
        own.schema(),
    );
    for definition in standard() {
        let _ = write!(page, "\n## {}\n", definition.doc.trim_end_matches('.'));
        table(&mut page, definition.attributes);
    }
    for (title, wanted) in [
        ("Events", "event"),
        ("Metrics", "counter"),
        ("Spans", "span"),
        ("Events of spans", "spanEvent"),
    ] {
        let _ = write!(page, "\n## {title}\n");
        for definition in definitions().filter(|definition| signal(definition) == wanted) {
            row(&mut page, definition);
        }
    }
    page
}

fn row(page: &mut String, definition: &Definition) {
    let _ = write!(page, "\n### `{}`\n\n{}", definition.full_name(), definition.doc);
    match definition.signal {
        Signal::Event => {
            let _ = write!(page, " `event.name` is `{}`.", definition.event_name());
        }
        Signal::Counter { unit } => {
            let _ = write!(page, " A counter, delta temporality, unit `{unit}`.");
        }
        Signal::Span | Signal::SpanEvent => {}
    }
    if let Some(category) = definition.only {
        let _ = write!(page, " Only with `{}`.", category.name());
    }
    page.push('\n');
    table(page, definition.attributes);
}

fn table(page: &mut String, attributes: &[Attribute]) {
    page.push_str("\n| Attribute | Type | Sent | Meaning |\n|---|---|---|---|\n");
    for attribute in attributes {
        let mut sent = match attribute.gate {
            Gate::Always => "always".to_owned(),
            Gate::Redacted(category) => format!("with `{}`, else `{REDACTED}`", category.name()),
            Gate::Only(category) => format!("with `{}`", category.name()),
        };
        if attribute.optional {
            sent.push_str(", where known");
        }
        let _ = writeln!(
            page,
            "| `{}` | {} | {sent} | {} |",
            attribute.name,
            attribute.kind.name(),
            attribute.doc.replace('|', "\\|"),
        );
    }
}

/// The same for programs, with an example of every row as it is sent while every category is on.
pub fn json() -> String {
    let standard: serde_json::Map<String, Json> = standard()
        .iter()
        .map(|definition| (definition.name.to_owned(), attributes(definition).into()))
        .collect();
    let rows: Vec<Json> = definitions().map(described).collect();
    let families = [Family::Documented, Family::Own].map(
        |family| json!({ "scope": family.scope(), "schema": family.schema(), "prefix": family.prefix() }),
    );
    let table = json!({
        "comment": "Generated from the table in src/schema; change that.",
        "families": families,
        "standard": standard,
        "rows": rows,
    });
    let mut text = serde_json::to_string_pretty(&table).unwrap_or_default();
    text.push('\n');
    text
}

fn described(definition: &'static Definition) -> Json {
    let example = (definition.example)(&Capture::all()).unwrap_or_default();
    let example: serde_json::Map<String, Json> = example
        .into_iter()
        .map(|(name, value)| (name.to_owned(), plain(value)))
        .collect();
    let unit = if let Signal::Counter { unit } = definition.signal {
        Some(unit)
    } else {
        None
    };
    json!({
        "signal": signal(definition),
        "scope": definition.family.scope(),
        "name": definition.full_name(),
        "eventName": definition.event_name(),
        "unit": unit,
        "only": definition.only.map(crate::content::Category::name),
        "doc": definition.doc,
        "attributes": attributes(definition),
        "example": example,
    })
}

fn attributes(definition: &Definition) -> Vec<Json> {
    let attributes = definition.attributes.iter();
    attributes
        .map(|attribute| {
            json!({
                "name": attribute.name,
                "type": attribute.kind.name(),
                "optional": attribute.optional,
                "category": attribute.gate.category().map(crate::content::Category::name),
                "otherwise": matches!(attribute.gate, Gate::Redacted(_)).then_some(REDACTED),
                "doc": attribute.doc,
            })
        })
        .collect()
}

fn plain(value: Value) -> Json {
    match value {
        Value::Text(text) => text.into(),
        Value::Whole(whole) => whole.into(),
        Value::Number(number) => number.into(),
        Value::Truth(truth) => truth.into(),
        Value::Texts(texts) => texts.into(),
    }
}

fn signal(definition: &Definition) -> &'static str {
    match definition.signal {
        Signal::Event => "event",
        Signal::Counter { .. } => "counter",
        Signal::Span => "span",
        Signal::SpanEvent => "spanEvent",
    }
}
