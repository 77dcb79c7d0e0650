//! Operations from JSON, with errors that a person can act on.

use deskhand_operations::{
    DeckOperation, Definition, DocumentKind, Operation, Refusal, RefusalCode, TextOperation,
    WorkbookOperation, definitions,
};
use serde_json::Value;

/// Operations of one change set at the most.
const MAX_OPERATIONS: usize = 10_000;
/// Longest reason of the parser that is handed on, in characters.
const MAX_REASON: usize = 300;

/// Reads `{"ops":[…]}`, or the list alone.
pub fn operations(kind: DocumentKind, input: Value) -> Result<Vec<Operation>, Refusal> {
    let list = match input {
        Value::Array(list) => list,
        Value::Object(mut fields) => match fields.remove("ops") {
            Some(Value::Array(list)) if fields.is_empty() => list,
            _ => {
                return Err(bad(
                    "The input must be `{\"ops\":[…]}` and hold nothing else".to_owned()
                ));
            }
        },
        _ => return Err(bad("The input must be `{\"ops\":[…]}`")),
    };
    if list.is_empty() {
        return Err(bad("There is no operation in `ops`"));
    }
    if list.len() > MAX_OPERATIONS {
        let message = format!(
            "{} operations are more than the {MAX_OPERATIONS} of one change set",
            list.len()
        );
        return Err(Refusal::new(
            RefusalCode::TooLarge,
            format!("{message}; nothing was changed."),
        ));
    }
    let parsed = list.into_iter().enumerate().map(|(index, value)| {
        operation(kind, value).map_err(|refusal| {
            Refusal::new(
                refusal.code,
                format!("Operation {}: {}", index + 1, refusal.message),
            )
        })
    });
    parsed.collect()
}

/// Reads one operation, tagged with `op`.
pub fn operation(kind: DocumentKind, mut value: Value) -> Result<Operation, Refusal> {
    let Some(name) = value.get("op").and_then(Value::as_str).map(str::to_owned) else {
        return Err(bad("It has no `op`"));
    };
    let of_kind = || definitions().filter(|row| row.document == kind);
    if !of_kind().any(|row| row.name == name) {
        return Err(bad(unknown(kind, &name, &mut of_kind())));
    }
    ids_as_texts(&mut value);
    let parsed = match kind {
        DocumentKind::Workbook => serde_json::from_value::<WorkbookOperation>(value).map(Operation::Workbook),
        DocumentKind::Deck => serde_json::from_value::<DeckOperation>(value).map(Operation::Deck),
        DocumentKind::Document => serde_json::from_value(value).map(text(TextOperation::Document)),
        DocumentKind::Pdf => serde_json::from_value(value).map(text(TextOperation::Pdf)),
        DocumentKind::Csv => serde_json::from_value(value).map(text(TextOperation::Csv)),
        DocumentKind::Legacy => serde_json::from_value(value).map(text(TextOperation::Legacy)),
    };
    parsed.map_err(|error| {
        let reason: String = error.to_string().chars().take(MAX_REASON).collect();
        bad(format!("`{name}`: {reason}"))
    })
}

fn text<T>(of: impl Fn(T) -> TextOperation) -> impl Fn(T) -> Operation {
    move |operation| Operation::Text(of(operation))
}

/// Ids of slides and shapes are texts; a number is taken for one.
fn ids_as_texts(value: &mut Value) {
    for name in ["slide", "shape", "after"] {
        if let Some(field) = value.get_mut(name)
            && field.is_u64()
        {
            *field = Value::String(field.to_string());
        }
    }
}

fn unknown(kind: DocumentKind, name: &str, rows: &mut dyn Iterator<Item = &'static Definition>) -> String {
    let nearest = rows.map(|row| row.name).min_by_key(|row| distance(name, row));
    let of = match kind {
        DocumentKind::Workbook => "a workbook",
        DocumentKind::Deck => "a deck",
        DocumentKind::Document => "a word document",
        DocumentKind::Pdf => "a PDF",
        DocumentKind::Csv => "delimited text",
        DocumentKind::Legacy => "a spreadsheet that is only read",
    };
    match nearest {
        Some(nearest) if distance(name, nearest) <= 1 + name.len() / 3 => {
            format!("`{name}` is no operation of {of}; did you mean `{nearest}`?")
        }
        _ => format!("`{name}` is no operation of {of}"),
    }
}

/// How many letters must change to make one word of the other.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (index, letter) in one.chars().take(64).enumerate() {
        let mut diagonal = row[0];
        row[0] = index + 1;
        for (column, wanted) in other.iter().enumerate() {
            let changed = diagonal + usize::from(letter != *wanted);
            diagonal = row[column + 1];
            row[column + 1] = changed.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[other.len()]
}

fn bad(reason: impl std::fmt::Display) -> Refusal {
    Refusal::new(RefusalCode::BadInput, format!("{reason}; nothing was changed."))
}

#[cfg(test)]
mod tests {
    use deskhand_operations::{DocumentKind, RefusalCode};
    use serde_json::json;

    use super::operations;

    #[test]
    fn operations_are_read_with_or_without_a_frame() {
        let write = json!({ "op": "range.write", "range": "Data!B2", "cells": [[42]] });
        for input in [json!({ "ops": [write] }), json!([write])] {
            assert_eq!(operations(DocumentKind::Workbook, input).unwrap().len(), 1);
        }
        let set = json!([{ "op": "text.set", "slide": 256, "shape": 4, "text": "x" }]);
        assert_eq!(
            operations(DocumentKind::Deck, set).unwrap()[0].target(),
            "slide:256"
        );
    }

    #[test]
    fn refuses_what_is_no_operation_and_says_which() {
        for (input, words) in [
            (json!({ "ops": [] }), "no operation"),
            (json!(7), "must be"),
            (json!({ "ops": [], "x": 1 }), "nothing else"),
            (json!([{}]), "Operation 1: It has no `op`"),
            (json!([{ "op": "range.wrte" }]), "did you mean `range.write`?"),
            (json!([{ "op": "zzz" }]), "`zzz` is no operation of a workbook;"),
            (
                json!([{ "op": "text.set", "slide": "1", "shape": "2", "text": "" }]),
                "is no operation of a workbook",
            ),
            (
                json!([{ "op": "range.clear", "range": "A1", "extra": 1 }]),
                "unknown field `extra`",
            ),
            (
                json!([{ "op": "range.write", "range": "A1", "cells": 1 }]),
                "range.write",
            ),
        ] {
            let refusal = operations(DocumentKind::Workbook, input).unwrap_err();
            assert_eq!(refusal.code, RefusalCode::BadInput);
            assert!(refusal.message.contains(words), "{}", refusal.message);
            assert!(
                refusal.message.ends_with("nothing was changed."),
                "{}",
                refusal.message
            );
        }
    }
}
