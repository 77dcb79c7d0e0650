//! Pivot tables of real workbooks.

use deskhand_operations::RefusalCode;
use deskhand_sheet::Workbook;
use serde_json::{Value, json};

use crate::support::{done, fixture, open, operation, part, plan, with_part};

const CACHE: &str = "xl/pivotCache/pivotCacheDefinition1.xml";

fn told(book: &Workbook, name: Option<&str>) -> Value {
    let op = match name {
        Some(name) => json!({"op": "pivot.info", "name": name}),
        None => json!({"op": "pivot.info"}),
    };
    serde_json::to_value(book.answer(&operation(op)).unwrap()).unwrap()["pivots"].take()
}

#[test]
fn a_pivot_table_tells_its_fields_its_source_and_what_acts_on_it() {
    let cars = open(&fixture("ironcalc__example.xlsx"));
    assert_eq!(
        told(&cars, Some("pivottable1")),
        json!([{"name": "PivotTable1", "sheet": told(&cars, None)[0]["sheet"], "range": "A3:B13", "source": "Table1", "records": 3,
            "rows": [{"name": "Cars"}, {"name": "Make"}, {"name": "Other"}],
            "values": [{"name": "Sum of Year", "function": "sum"}], "refreshed": "2020-08-12T04:39:46"}])
    );
    let notes = open(&fixture("openxlsx-data__pivot_notes.xlsx"));
    let pivots = told(&notes, None);
    let names: Vec<&Value> = pivots
        .as_array()
        .unwrap()
        .iter()
        .map(|pivot| &pivot["name"])
        .collect();
    assert_eq!(names, ["PivotTable1", "PivotTable2", "PivotTable4"]);
    assert_eq!(pivots[0]["columns"], json!([{"name": "z"}]));
    assert_eq!(pivots[0]["slicers"], json!(["slicer y"]));
    assert_eq!(pivots[1].get("slicers"), None);
    assert_eq!(pivots[2]["filters"], json!([{"name": "z"}]));
    assert_eq!(pivots[2]["slicers"], json!(["slicer z"]));
    assert_eq!(pivots[2]["source"], "Sheet5!A:C");
    let timeline = open(&fixture("openxlsx-data__timeline.xlsx"));
    let pivot = &told(&timeline, None)[0];
    assert_eq!(pivot["slicers"], json!(["timeline date"]));
    assert_eq!(
        (&pivot["source"], &pivot["refreshOnOpen"]),
        (&json!("'Sheet 1'!A1:B145"), &json!(true))
    );
    assert_eq!(pivot["rows"], json!([{"name": "date"}]));
    assert_eq!(pivot["values"], json!([{"name": "Sum of Y", "function": "sum"}]));
}

#[test]
fn a_refresh_marks_each_cache_once_and_changes_nothing_else() {
    let bytes = fixture("openxlsx-data__pivot_notes.xlsx");
    let mut book = open(&bytes);
    let before = part(&book, CACHE);
    let (applied, patches) = done(&mut book, json!({"op": "pivot.refresh"}));
    assert_eq!(applied.changed, 3);
    assert!(
        applied
            .warnings
            .iter()
            .any(|warning| warning.contains("reads Sheet1!A:C anew for PivotTable1"))
    );
    let last = r#"xr:uid="{19065C13-7CC2-5049-8235-D6C31C3DB249}""#;
    assert_eq!(
        part(&book, CACHE),
        before.replace(last, &format!(r#"{last} refreshOnLoad="1""#))
    );
    assert_eq!(patches.patches.len(), 3);
    assert_eq!(told(&book, None)[1]["refreshOnOpen"], json!(true));
    let (again, patches) = done(&mut book, json!({"op": "pivot.refresh", "name": "PivotTable2"}));
    assert_eq!((again.changed, patches.patches.len()), (0, 0));
    let mut undone = open(&bytes);
    let (_, patches) = done(&mut undone, json!({"op": "pivot.refresh", "name": "PivotTable4"}));
    undone.apply(&patches.invert()).unwrap();
    assert!(undone.package().write().unwrap() == bytes);
}

#[test]
fn what_would_reach_outside_on_opening_is_never_marked() {
    let book = open(&fixture("openxlsx-data__pivot_notes.xlsx"));
    let source =
        r#"<cacheSource type="worksheet"><worksheetSource ref="A1:C1048576" sheet="Sheet1"/></cacheSource>"#;
    let xml = part(&book, CACHE);
    assert!(xml.contains(source));
    for (outside, words) in [
        (
            r#"<cacheSource type="external" connectionId="7"/>"#,
            "a connection that is not in the file",
        ),
        (
            r#"<cacheSource type="worksheet"><worksheetSource ref="A1:C9" sheet="S" r:id="rId9"/></cacheSource>"#,
            "S!A1:C9 of another workbook",
        ),
        (
            r#"<cacheSource type="consolidation"><consolidation><rangeSets><rangeSet ref="A1:B2" sheet="S"/><rangeSet ref="A1:B2" sheet="T" r:id="rId9"/></rangeSets></consolidation></cacheSource>"#,
            "S!A1:B2, T!A1:B2 of another workbook",
        ),
    ] {
        let mut book = with_part(&book, CACHE, &xml.replace(source, outside));
        let pivot = told(&book, Some("PivotTable1"))[0].take();
        assert_eq!(
            (&pivot["outside"], &pivot["source"]),
            (&json!(true), &json!(words))
        );
        let refusal = plan(&book, json!({"op": "pivot.refresh", "name": "PivotTable1"})).unwrap_err();
        assert_eq!(refusal.code, RefusalCode::Unsupported);
        assert!(refusal.message.contains("outside of the workbook"), "{refusal}");
        let (applied, _) = done(&mut book, json!({"op": "pivot.refresh"}));
        assert_eq!(applied.changed, 2);
        assert!(
            applied.warnings[0].starts_with("Not marked: `PivotTable1`"),
            "{:?}",
            applied.warnings
        );
    }
    let missing = plan(&book, json!({"op": "pivot.refresh", "name": "Nobody"})).unwrap_err();
    assert_eq!(missing.code, RefusalCode::NotFound);
}
