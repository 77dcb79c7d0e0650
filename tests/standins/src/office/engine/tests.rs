//! Batches as office.js writes them, on a real workbook.

use deskhand_operations::CellInput;
use deskhand_sheet::{NewSheet, create_workbook};
use serde_json::{Value, json};

use super::{Command, Engine};

/// An engine on a workbook with `Data!A1:B2`, and the folder that it lies in.
fn engine() -> (Engine, tempfile::TempDir) {
    let text = |text: &str| CellInput::Text(text.to_owned());
    let cells = vec![
        vec![text("Item"), text("Sum")],
        vec![CellInput::Number(20.5), text("=A2*2")],
    ];
    let (bytes, _) = create_workbook(&[NewSheet {
        name: "Data".to_owned(),
        cells,
    }])
    .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("book.xlsx");
    std::fs::write(&path, bytes).unwrap();
    (Engine::open(&path, false).unwrap(), folder)
}

/// The reply to a batch of actions over paths.
fn batch(engine: &mut Engine, actions: &Value, paths: &Value) -> Value {
    let body = json!({ "Actions": actions, "ObjectPaths": paths }).to_string();
    let answer = engine.perform(Command::Batch { body }).unwrap().answer.unwrap();
    serde_json::from_str(answer.as_str().unwrap()).unwrap()
}

/// Paths to a range of the sheet `Data`: 1 the workbook, 2 the sheets, 3 the sheet, 4 the range.
fn paths(range: &str) -> Value {
    json!({
        "1": { "Id": 1, "ObjectPathType": 1, "Name": "" },
        "2": { "Id": 2, "ObjectPathType": 4, "Name": "Worksheets", "ParentObjectPathId": 1 },
        "3": { "Id": 3, "ObjectPathType": 5, "ParentObjectPathId": 2, "ArgumentInfo": { "Arguments": ["Data"] } },
        "4": { "Id": 4, "ObjectPathType": 3, "Name": "GetRange", "ParentObjectPathId": 3, "ArgumentInfo": { "Arguments": [range] } },
    })
}

#[test]
fn a_range_keeps_its_reference_until_it_is_given_back() {
    let (mut engine, _folder) = engine();
    let select = json!({ "Select": ["values", "formulas"] });
    let load = json!([
        { "Id": 10, "ActionType": 1, "ObjectPathId": 4 },
        { "Id": 11, "ActionType": 2, "ObjectPathId": 4, "QueryInfo": select },
    ]);
    let reply = batch(&mut engine, &load, &paths("A2:B2"));
    let reference = reply["Results"][0]["Value"]["_ReferenceId"].clone();
    assert_eq!(
        reply["Results"][1]["Value"],
        json!({ "_ReferenceId": reference, "Values": [[20.5, 41.0]], "Formulas": [[20.5, "=A2*2"]] })
    );

    let kept = json!({ "4": { "Id": 4, "ObjectPathType": 6, "Name": reference }, "1": { "Id": 1, "ObjectPathType": 1 } });
    let address =
        json!([{ "Id": 12, "ActionType": 2, "ObjectPathId": 4, "QueryInfo": { "Select": ["address"] } }]);
    assert_eq!(
        batch(&mut engine, &address, &kept)["Results"][0]["Value"]["Address"],
        "Data!A2:B2"
    );

    let remove = json!([{ "Id": 13, "ActionType": 3, "Name": "_RemoveReference", "ObjectPathId": 1, "ArgumentInfo": { "Arguments": [reference] } }]);
    batch(&mut engine, &remove, &kept);
    assert_eq!(
        batch(&mut engine, &address, &kept)["Error"]["Code"],
        "InvalidReference"
    );
}

#[test]
fn an_error_names_the_action_and_keeps_what_was_done_before_it() {
    let (mut engine, _folder) = engine();
    let actions = json!([
        { "Id": 10, "ActionType": 4, "Name": "Values", "ObjectPathId": 4, "ArgumentInfo": { "Arguments": [[[7]]] } },
        { "Id": 11, "ActionType": 4, "Name": "Values", "ObjectPathId": 4, "ArgumentInfo": { "Arguments": [[[1, 2]]] } },
        { "Id": 12, "ActionType": 4, "Name": "Values", "ObjectPathId": 4, "ArgumentInfo": { "Arguments": [[[9]]] } },
    ]);
    let reply = batch(&mut engine, &actions, &paths("A2"));
    assert_eq!(reply["Results"].as_array().unwrap().len(), 1);
    assert_eq!(reply["Error"]["Code"], "InvalidArgument");
    assert_eq!(reply["Error"]["ActionIndex"], 1);
    let load =
        json!([{ "Id": 13, "ActionType": 2, "ObjectPathId": 4, "QueryInfo": { "Select": ["values"] } }]);
    assert_eq!(
        batch(&mut engine, &load, &paths("B2"))["Results"][0]["Value"]["Values"],
        json!([[14.0]])
    );
}

#[test]
fn what_is_not_there_is_the_null_object_only_where_it_was_asked_for() {
    let (mut engine, _folder) = engine();
    let sheet = |kind: u8, name: &str| {
        json!({
            "1": { "Id": 1, "ObjectPathType": 1 },
            "2": { "Id": 2, "ObjectPathType": 4, "Name": "Worksheets", "ParentObjectPathId": 1 },
            "3": { "Id": 3, "ObjectPathType": kind, "Name": name, "ParentObjectPathId": 2, "ArgumentInfo": { "Arguments": ["Nope"] } },
            "4": { "Id": 4, "ObjectPathType": 4, "Name": "Charts", "ParentObjectPathId": 3 },
        })
    };
    let load = json!([{ "Id": 10, "ActionType": 2, "ObjectPathId": 3 }, { "Id": 11, "ActionType": 1, "ObjectPathId": 4 }]);
    let reply = batch(&mut engine, &load, &sheet(3, "GetItemOrNullObject"));
    assert_eq!(
        reply["Results"],
        json!([{ "ActionId": 10, "Value": null }, { "ActionId": 11, "Value": null }])
    );
    assert_eq!(
        batch(&mut engine, &load, &sheet(5, ""))["Error"]["Code"],
        "ItemNotFound"
    );
}

#[test]
fn a_trace_is_listed_and_has_a_result() {
    let (mut engine, _folder) = engine();
    let actions = json!([{ "Id": 10, "ActionType": 5, "Name": "Trace", "ObjectPathId": 0 }]);
    let reply = batch(&mut engine, &actions, &json!({}));
    assert_eq!(
        reply,
        json!({ "Results": [{ "ActionId": 10, "Value": null }], "TraceIds": [10] })
    );
}

#[test]
fn a_member_that_is_not_there_fails_and_is_listed() {
    let (mut engine, _folder) = engine();
    let actions = json!([{ "Id": 10, "ActionType": 3, "Name": "AutoFill", "ObjectPathId": 4 }]);
    assert_eq!(
        batch(&mut engine, &actions, &paths("A1"))["Error"]["Code"],
        "ApiNotFound"
    );
    let log = engine.perform(Command::Log).unwrap().answer.unwrap();
    assert_eq!(
        log["missing"],
        json!(["The test host does not have Range.autoFill()."])
    );
}

#[test]
fn batches_fail_while_a_person_edits_a_cell() {
    let (mut engine, _folder) = engine();
    engine.perform(Command::EditMode { on: true }).unwrap();
    let actions = json!([{ "Id": 10, "ActionType": 1, "ObjectPathId": 1 }]);
    assert_eq!(
        batch(&mut engine, &actions, &paths("A1"))["Error"]["Code"],
        "InvalidOperationInCellEditMode"
    );
    engine.perform(Command::EditMode { on: false }).unwrap();
    assert_eq!(batch(&mut engine, &actions, &paths("A1"))["Error"], Value::Null);
}

#[test]
fn a_change_raises_events_for_sheet_and_workbook() {
    let (mut engine, _folder) = engine();
    let command = Command::Type {
        address: "Data!A2".to_owned(),
        value: json!(3),
    };
    let events = engine.perform(command).unwrap().events;
    let targets: Vec<_> = events
        .iter()
        .map(|row| (row[1].as_u64().unwrap(), row[2].as_str().unwrap().to_owned()))
        .collect();
    assert_eq!(targets[1], (10, "Workbook".to_owned()));
    assert_eq!(targets.len(), 2);
}

#[test]
fn a_batch_that_cannot_be_read_or_is_too_large_is_refused() {
    let (mut engine, _folder) = engine();
    for (body, code) in [
        ("{", "InvalidArgument".to_owned()),
        (&" ".repeat(6 << 20), "RequestPayloadSizeLimitExceeded".to_owned()),
    ] {
        let answer = engine
            .perform(Command::Batch {
                body: body.to_owned(),
            })
            .unwrap()
            .answer
            .unwrap();
        let reply: Value = serde_json::from_str(answer.as_str().unwrap()).unwrap();
        assert_eq!(reply["Error"]["Code"], code);
    }
}

#[test]
fn the_pane_is_loaded_anew_instead_of_an_answer_once_and_only_after_a_change() {
    let (mut engine, _folder) = engine();
    engine.perform(Command::ReloadPaneBeforeAnswer).unwrap();
    let body = |action: Value| json!({ "Actions": [action], "ObjectPaths": paths("A2") }).to_string();
    let read = body(json!({ "Id": 1, "ActionType": 1, "ObjectPathId": 4 }));
    assert!(
        engine
            .perform(Command::Batch { body: read })
            .unwrap()
            .answer
            .is_some()
    );
    let write = json!({ "Id": 1, "ActionType": 4, "Name": "Values", "ObjectPathId": 4, "ArgumentInfo": { "Arguments": [[[1]]] } });
    let effect = engine
        .perform(Command::Batch {
            body: body(write.clone()),
        })
        .unwrap();
    assert!(effect.reload && effect.answer.is_none());
    assert!(
        engine
            .perform(Command::Batch { body: body(write) })
            .unwrap()
            .answer
            .is_some()
    );
}

#[test]
fn settings_are_in_the_file_that_is_saved_and_change_in_place() {
    let (mut engine, folder) = engine();
    let path = folder.path().join("book.xlsx");
    let setting = |name: &str, value: &str| vec![(name.to_owned(), value.to_owned())];
    for settings in [setting("a", r#""<1> & 'x'""#), setting("b", "2")] {
        engine
            .perform(Command::SaveSettings {
                settings: settings.clone(),
            })
            .unwrap();
        assert_eq!(
            engine.perform(Command::State).unwrap().answer.unwrap()["dirty"],
            true
        );
        engine.perform(Command::Save).unwrap();
        engine = Engine::open(&path, false).unwrap();
        let kept = engine.perform(Command::Settings).unwrap().answer.unwrap();
        assert_eq!(kept, json!(settings));
    }
}
