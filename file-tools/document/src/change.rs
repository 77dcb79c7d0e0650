//! Several operations as one change of one document: all of them or none.

use deskhand_opc::PatchSet;
use deskhand_operations::{Answer, Operation, Refusal, WorkbookAnswer};

use crate::document::Document;

/// What a list of operations does.
#[derive(Clone, Debug)]
pub struct Change {
    /// The document afterwards.
    pub document: Document,
    /// The answers, one an operation.
    pub answers: Vec<Answer>,
    /// The patches of each operation that changes something, in order. Inverted and in reverse order they lead back.
    pub patches: Vec<PatchSet>,
    /// What a person should know, in the order of the operations.
    pub warnings: Vec<String>,
}

/// The operation that was refused. No other one was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stopped {
    /// Its position, from 0.
    pub at: usize,
    /// Why.
    pub refusal: Refusal,
}

/// Works out operations one after another. The document that was handed in stays as it is.
pub fn apply_all(document: &Document, operations: &[Operation]) -> Result<Change, Stopped> {
    let mut change = Change {
        document: document.clone(),
        answers: Vec::with_capacity(operations.len()),
        patches: Vec::new(),
        warnings: Vec::new(),
    };
    for (at, operation) in operations.iter().enumerate() {
        let stopped = |refusal| Stopped { at, refusal };
        let planned = change.document.plan(operation).map_err(stopped)?;
        if !planned.patches.patches.is_empty() {
            change.document = change.document.with(&planned.patches).map_err(stopped)?;
            change.patches.push(planned.patches);
        }
        change.warnings.extend(warnings(&planned.answer).iter().cloned());
        change.answers.push(planned.answer);
    }
    Ok(change)
}

/// What an answer warns of.
fn warnings(answer: &Answer) -> Vec<String> {
    if let Answer::Workbook(WorkbookAnswer::Recalculate(answer)) = answer {
        return answer.warnings.clone();
    }
    // Every change answers with the same fields; the tag tells them apart and is of no matter here.
    let value = serde_json::to_value(answer).unwrap_or_default();
    let listed = value.get("warnings").and_then(serde_json::Value::as_array);
    let texts = listed
        .into_iter()
        .flatten()
        .filter_map(|text| text.as_str().map(str::to_owned));
    texts.collect()
}
