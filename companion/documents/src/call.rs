//! From a tool call to a typed operation on a document, and from operations to tools.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use deskhand_core::instructions::as_data;
use deskhand_core::model::ToolDefinition;
use deskhand_core::tool::{ToolFailure, model_operations, operation_of, tool_name};
use deskhand_protocol::document::DocumentKind as Kind;
use deskhand_protocol::operations::{
    CsvOperation, DeckOperation, Definition, DocumentKind, Effect, LegacyOperation, Operation, PdfOperation,
    Refusal, RefusalCode, TextOperation, WordOperation, WorkbookOperation,
};
use deskhand_protocol::{DocumentId, ErrorCode, UserError};
use serde_json::{Map, Value, json};

use crate::{directory, folder_tools};

/// The tool that lists documents.
pub(crate) const LIST_TOOL: &str = "documents_list";
/// Longest message of a parser that is handed on, in characters.
pub(crate) const MAX_REASON: usize = 300;

/// A call that was understood.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Call {
    /// The document as the model named it.
    pub(crate) document: DocumentId,
    /// The operation.
    pub(crate) operation: Operation,
    /// Its row in the table.
    pub(crate) definition: &'static Definition,
}

/// Reads a call.
pub(crate) fn parse(tool: &str, input: &Value) -> Result<Call, ToolFailure> {
    let definition = operation_of(tool)
        .ok_or_else(|| failure("There is no such tool", &format!("unknown tool `{tool}`")))?;
    let mut fields = input.as_object().cloned().unwrap_or_default();
    let document = match fields.remove("document") {
        Some(Value::String(document)) if !document.is_empty() => DocumentId::from_text(document),
        _ => {
            return Err(failure(
                "No document was named",
                "`document` must be the id of a document; see documents_list",
            ));
        }
    };
    fields.insert("op".to_owned(), Value::String(definition.name.to_owned()));
    let operation = typed(definition.document, fields).map_err(|reason| {
        let reason: String = reason.chars().take(MAX_REASON).collect();
        failure("The call was not understood", &format!("{tool}: {reason}"))
    })?;
    Ok(Call {
        document,
        operation,
        definition,
    })
}

fn typed(kind: DocumentKind, fields: Map<String, Value>) -> Result<Operation, String> {
    let value = Value::Object(fields);
    match kind {
        DocumentKind::Workbook => serde_json::from_value::<WorkbookOperation>(value).map(Operation::Workbook),
        DocumentKind::Deck => serde_json::from_value::<DeckOperation>(value).map(Operation::Deck),
        DocumentKind::Document => serde_json::from_value(value).map(text(TextOperation::Document)),
        DocumentKind::Pdf => serde_json::from_value(value).map(text(TextOperation::Pdf)),
        DocumentKind::Csv => serde_json::from_value(value).map(text(TextOperation::Csv)),
        DocumentKind::Legacy => serde_json::from_value(value).map(text(TextOperation::Legacy)),
    }
    .map_err(|error| error.to_string())
}

fn text<T>(of: impl Fn(T) -> TextOperation) -> impl Fn(T) -> Operation {
    move |operation| Operation::Text(of(operation))
}

/// The kind of document that an operation needs.
pub(crate) fn kind_of(definition: &Definition) -> Kind {
    match definition.document {
        DocumentKind::Workbook => Kind::Workbook,
        DocumentKind::Deck => Kind::Deck,
        DocumentKind::Document => Kind::Document,
        DocumentKind::Pdf => Kind::Pdf,
        DocumentKind::Csv => Kind::Csv,
        DocumentKind::Legacy => Kind::Legacy,
    }
}

/// A failure with its words for person and model.
pub(crate) fn failure(title: &str, reason: &str) -> ToolFailure {
    ToolFailure {
        title: title.to_owned(),
        output: reason.to_owned(),
    }
}

/// The code that a person knows a refusal by.
pub fn error_code(code: RefusalCode) -> ErrorCode {
    match code {
        RefusalCode::Changed => ErrorCode::DocumentChanged,
        RefusalCode::Busy => ErrorCode::DocumentCellEdit,
        RefusalCode::InUse => ErrorCode::DocumentInUse,
        RefusalCode::Encrypted => ErrorCode::DocumentEncrypted,
        RefusalCode::Corrupt => ErrorCode::DocumentCorrupt,
        RefusalCode::NotFound => ErrorCode::DocumentNotFound,
        _ => ErrorCode::DocumentRefused,
    }
}

/// A refusal of a back end as a failure.
pub(crate) fn refused(refusal: &Refusal) -> ToolFailure {
    if matches!(
        refusal.code,
        RefusalCode::InUse | RefusalCode::Encrypted | RefusalCode::Corrupt
    ) {
        // A person has to do something about these: they get the sentences and the code of every front end.
        let error = UserError::new(error_code(refusal.code));
        return failure(&error.happened, &format!("{error} ({})", refusal.message));
    }
    let title = match refusal.code {
        RefusalCode::Unsupported => "Not supported here",
        RefusalCode::Changed => "Cells changed since",
        RefusalCode::NotFound => "Not found",
        _ => "Refused",
    };
    ToolFailure {
        title: title.to_owned(),
        // It may name shapes, sheets and people as the document has them.
        output: as_data("what the document answered", &refusal.message),
    }
}

/// Every tool of this room, in a stable order. They are made once: the schema of all operations is large.
pub(crate) fn tools() -> Vec<ToolDefinition> {
    static TOOLS: LazyLock<Vec<ToolDefinition>> = LazyLock::new(made);
    TOOLS.clone()
}

fn made() -> Vec<ToolDefinition> {
    let list = ToolDefinition {
        name: LIST_TOOL.to_owned(),
        description: "Lists the documents of this session with their ids, and where they are.".to_owned(),
        input_schema: json!({ "type": "object", "properties": {}, "additionalProperties": false }),
    };
    let mut whole = BTreeMap::new();
    let operations = model_operations().map(|definition| {
        let kind = definition.document;
        let whole = whole.entry(kind).or_insert_with(|| whole_schema(kind));
        ToolDefinition {
            name: tool_name(definition),
            description: description(definition),
            input_schema: schema(definition, whole),
        }
    });
    std::iter::once(list)
        .chain(folder_tools::tools())
        .chain([directory::tool()])
        .chain(operations)
        .collect()
}

fn description(definition: &Definition) -> String {
    let kind = match definition.document {
        DocumentKind::Workbook => "a workbook",
        DocumentKind::Deck => "a deck",
        DocumentKind::Document => "a word document",
        DocumentKind::Pdf => "a PDF",
        DocumentKind::Csv => "delimited text",
        DocumentKind::Legacy => "an old spreadsheet",
    };
    let effect = match definition.effect {
        Effect::Read => "Changes nothing.",
        Effect::Add => "Can be undone.",
        Effect::Change | Effect::Remove => {
            "Can be undone; the user is asked where something is there already."
        }
    };
    format!("In {kind}: {} {effect}", definition.summary)
}

/// The generated schema of all operations on one kind of document.
fn whole_schema(kind: DocumentKind) -> Value {
    Value::from(match kind {
        DocumentKind::Workbook => schemars::schema_for!(WorkbookOperation),
        DocumentKind::Deck => schemars::schema_for!(DeckOperation),
        DocumentKind::Document => schemars::schema_for!(WordOperation),
        DocumentKind::Pdf => schemars::schema_for!(PdfOperation),
        DocumentKind::Csv => schemars::schema_for!(CsvOperation),
        DocumentKind::Legacy => schemars::schema_for!(LegacyOperation),
    })
}

/// The schema of one operation out of that of all, with `document` instead of `op`.
fn schema(definition: &Definition, whole: &Value) -> Value {
    let named = |variant: &&Value| {
        variant.pointer("/properties/op/const").and_then(Value::as_str) == Some(definition.name)
    };
    let variants = whole.get("oneOf").and_then(Value::as_array);
    let mut variant = variants
        .into_iter()
        .flatten()
        .find(named)
        .cloned()
        .unwrap_or_else(|| json!({}));
    let definitions = whole.get("$defs").cloned().unwrap_or_else(|| json!({}));
    inline(&mut variant, &definitions, 0);
    let mut properties = Map::new();
    let about = "The id of the document, from documents_list.";
    properties.insert(
        "document".to_owned(),
        json!({ "type": "string", "description": about }),
    );
    let mut required = vec![json!("document")];
    if let Some(Value::Object(fields)) = variant.get("properties") {
        // Ids of new slides and the packages that slides come from are given by the service.
        let adds_slide = definition.effect == Effect::Add && definition.name.starts_with("slide.");
        let service_only = |name: &str| name == "op" || (adds_slide && matches!(name, "id" | "package"));
        properties.extend(
            fields
                .iter()
                .filter(|(name, _)| !service_only(name))
                .map(|(name, field)| (name.clone(), field.clone())),
        );
    }
    let needed = variant.get("required").and_then(Value::as_array);
    required.extend(
        needed
            .into_iter()
            .flatten()
            .filter(|name| name.as_str() != Some("op"))
            .cloned(),
    );
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}

/// Puts the definitions in place of the references to them, since some gateways follow none. The types are not
/// recursive; the depth is capped all the same.
pub(crate) fn inline(value: &mut Value, definitions: &Value, depth: usize) {
    if depth > 12 {
        return;
    }
    match value {
        Value::Object(fields) => {
            let target = fields.remove("$ref").and_then(|reference| {
                let name = reference.as_str()?.rsplit('/').next()?.to_owned();
                definitions.get(&name).cloned()
            });
            if let Some(Value::Object(target)) = target {
                for (name, field) in target {
                    fields.entry(name).or_insert(field);
                }
            }
            fields
                .values_mut()
                .for_each(|field| inline(field, definitions, depth + 1));
        }
        Value::Array(items) => items
            .iter_mut()
            .for_each(|item| inline(item, definitions, depth + 1)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use deskhand_core::tool::FolderTool;

    use super::*;

    #[test]
    fn every_operation_for_models_is_a_tool_with_a_whole_schema() {
        let tools = tools();
        let others = 2 + FolderTool::ALL.len();
        assert_eq!(tools.len(), model_operations().count() + others);
        for tool in &tools[others..] {
            let schema = tool.input_schema.to_string();
            assert!(!schema.contains("$ref"), "{}: {schema}", tool.name);
            assert_eq!(
                tool.input_schema["properties"]["document"]["type"], "string",
                "{}",
                tool.name
            );
            assert!(tool.input_schema["properties"].get("op").is_none());
        }
        let write = tools.iter().find(|tool| tool.name == "range_write").unwrap();
        assert_eq!(
            write.input_schema["required"],
            json!(["document", "range", "cells"])
        );
    }

    #[test]
    fn a_call_becomes_an_operation() {
        let input =
            json!({ "document": "d1", "range": "S!A1", "cells": [[1, "=A1", null, { "clear": true }]] });
        let call = parse("range_write", &input).unwrap();
        assert_eq!(call.document.as_str(), "d1");
        assert!(matches!(
            call.operation,
            Operation::Workbook(WorkbookOperation::RangeWrite(_))
        ));
    }

    #[test]
    fn calls_that_make_no_sense_are_refused_with_a_reason() {
        for (tool, input, words) in [
            ("format_disk", json!({}), "unknown tool"),
            ("range_restore", json!({}), "unknown tool"),
            ("range_read", json!({ "range": "S!A1" }), "`document`"),
            (
                "range_read",
                json!({ "document": "d", "range": "S!A1", "extra": 1 }),
                "extra",
            ),
            (
                "range_write",
                json!({ "document": "d", "range": "S!A1", "cells": [[{ "clear": "x" }]] }),
                "range_write",
            ),
        ] {
            let failure = parse(tool, &input).unwrap_err();
            assert!(failure.output.contains(words), "{}", failure.output);
        }
    }
}
