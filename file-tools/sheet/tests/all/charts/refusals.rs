//! What no chart can be, and what no chart takes, by name.

use deskhand_operations::RefusalCode;
use deskhand_sheet::Workbook;
use serde_json::{Value, json};

use super::{add, quarters, update};
use crate::support::{done, plan};

fn refused(book: &Workbook, op: &Value) -> (RefusalCode, String) {
    let refusal = plan(book, op.clone())
        .map(|planned| panic!("{op}: {planned:?}"))
        .unwrap_err();
    (refusal.code, refusal.message)
}

#[test]
fn what_no_chart_can_be_is_refused_by_name() {
    use RefusalCode::{BadInput, NameTaken, NotFound, TooLarge, Unsupported};
    let mut book = quarters();
    done(&mut book, add("columnClustered", "Data!A1:C4"));
    let other = |fields: Value| {
        let mut op = add("line", "Data!A1:C4");
        op["name"] = json!("Other");
        for (name, value) in fields.as_object().unwrap() {
            op[name] = value.clone();
        }
        op
    };
    let cases = [
        (add("line", "Data!A1:C4"), NameTaken),
        (other(json!({"range": "Data!A1:A4"})), BadInput),
        (other(json!({"range": "Nowhere!A1:B4"})), NotFound),
        (other(json!({"range": "Data!A1:B2,Data!C3:D9"})), BadInput),
        (other(json!({"range": "Data!A1:B2,'Q1 2026'!A1:B2"})), BadInput),
        (other(json!({"range": "Data!A1:ALL1000"})), TooLarge),
        (
            other(json!({"series": [{"series": "Profit", "kind": "line"}]})),
            NotFound,
        ),
        (
            other(json!({"series": [{"series": "Cost", "kind": "pie"}]})),
            Unsupported,
        ),
        (
            other(json!({"series": [{"series": "Cost", "kind": "barClustered"}]})),
            Unsupported,
        ),
        (
            other(json!({"series": [{"series": "Cost", "kind": "lineStacked"}]})),
            Unsupported,
        ),
        (
            other(
                json!({"series": [{"series": "Cost", "secondary": true}, {"series": "Revenue", "secondary": true}]}),
            ),
            BadInput,
        ),
        (
            other(json!({"kind": "pie", "series": [{"series": "Revenue", "secondary": true}]})),
            Unsupported,
        ),
        (
            other(json!({"series": [{"series": "Cost", "color": "red"}]})),
            BadInput,
        ),
        (other(json!({"kind": "bubble", "range": "Data!A1:B4"})), BadInput),
        (other(json!({"look": {"minimum": 5, "maximum": 5}})), BadInput),
    ];
    for (op, code) in cases {
        assert_eq!(refused(&book, &op).0, code, "{op}");
    }
}

#[test]
fn changes_that_a_chart_cannot_take_are_refused_by_name() {
    use RefusalCode::{BadInput, NotFound, Unsupported};
    let mut book = quarters();
    done(&mut book, add("columnClustered", "Data!A1:C4"));
    let cases = [
        (update(&json!({})), BadInput),
        (update(&json!({"name": "Nobody", "title": "x"})), NotFound),
        (update(&json!({"look": {"secondaryTitle": "x"}})), NotFound),
        (update(&json!({"kind": "bubble"})), BadInput),
        (update(&json!({"place": "'Q1 2026'!A1:C9"})), Unsupported),
        (
            update(&json!({"series": [{"series": "Profit", "labels": true}]})),
            NotFound,
        ),
    ];
    for (op, code) in cases {
        assert_eq!(refused(&book, &op).0, code, "{op}");
    }
}
