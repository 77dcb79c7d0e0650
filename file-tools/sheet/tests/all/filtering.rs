//! Filters by dates, by what is largest, by what changes by itself and by colour; filters that files have already.

use deskhand_operations::RefusalCode;
use deskhand_sheet::{Workbook, lint};
use serde_json::{Value, json};

use crate::outside::new_findings;
use crate::support::{done, goes_back, layout, part, refused, saved, settled, with_part, workbook};

const SHEET: &str = "xl/worksheets/sheet1.xml";

fn date(text: &str) -> Value {
    json!({"date": text})
}

/// Rows 2 to 9; the last one has neither date nor number.
fn orders() -> Workbook {
    let mut book = workbook(&[
        &[json!("Day"), json!("Units"), json!("Place")],
        &[date("2025-03-31"), json!(10), json!("North")],
        &[date("2026-03-01"), json!(20), json!("South")],
        &[date("2026-03-31"), json!(30), json!("North")],
        &[date("2026-04-01"), json!(40), json!("East")],
        &[date("2026-11-21T09:30:15"), json!(40), json!("West")],
        &[date("2026-11-15"), json!(5), json!("far north")],
        &[json!("soon"), json!(1), json!("N*")],
        &[json!(null), json!("none"), json!("South")],
    ]);
    let red = json!({"op": "range.format", "range": "Data!B3:C4", "format": {"fillColor": "#FF0000", "fontColor": "#0000FF"}});
    done(&mut book, red);
    book
}

/// Sets a filter on a copy: the hidden rows and what openpyxl reads of the column.
fn filtered(column: &Value, fields: &Value) -> (Value, Value) {
    let mut book = orders();
    let before = settled(&mut book);
    let mut op = json!({"op": "filter.set", "range": "Data!A1:C9", "columns": [column]});
    for (name, value) in fields.as_object().unwrap() {
        op[name] = value.clone();
    }
    let (_, patches) = done(&mut book, op);
    assert!(lint(&book).unwrap().is_empty());
    let seen = layout(&book)["layout"]["Data"].clone();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("before.xlsx");
    std::fs::write(&file, &before).unwrap();
    let after = saved(&book, folder.path(), "after.xlsx");
    assert_eq!(new_findings(&file, &after), Vec::<String>::new(), "{column}");
    goes_back(&book, &patches, &before);
    (seen["hidden_rows"].clone(), seen["filtered"][0].clone())
}

#[test]
fn dates_are_shown_by_groups() {
    let none = json!(null);
    let cases = [
        (
            json!(["2026"]),
            json!([2, 8, 9]),
            json!([["year", 2026, none, none, none, none, none]]),
        ),
        (
            json!(["2026-03"]),
            json!([2, 5, 6, 7, 8, 9]),
            json!([["month", 2026, 3, none, none, none, none]]),
        ),
        (
            json!(["2025", "2026-03-31"]),
            json!([3, 5, 6, 7, 8, 9]),
            json!([
                ["year", 2025, none, none, none, none, none],
                ["day", 2026, 3, 31, none, none, none]
            ]),
        ),
        (
            json!(["2026-11-21T09:30"]),
            json!([2, 3, 4, 5, 7, 8, 9]),
            json!([["minute", 2026, 11, 21, 9, 30, none]]),
        ),
    ];
    for (dates, hidden, groups) in cases {
        let seen = filtered(&json!({"column": "Day", "dates": dates}), &json!({}));
        assert_eq!(seen, (hidden, json!([0, [], false, null, groups])), "{dates}");
    }
}

#[test]
fn dates_are_shown_beside_values_and_blanks() {
    let mut book = orders();
    let op = json!({"op": "filter.set", "range": "Data!A1:C9", "columns": [{"column": "Day", "dates": ["2025"], "values": ["soon", null]}]});
    done(&mut book, op);
    assert_eq!(
        layout(&book)["layout"]["Data"]["hidden_rows"],
        json!([3, 4, 5, 6, 7])
    );
    // In this order by the schema (ECMA-376 part 1, A.2, CT_Filters).
    let filters = r#"<filters blank="1"><filter val="soon"/><dateGroupItem year="2025" dateTimeGrouping="year"/></filters>"#;
    assert!(part(&book, SHEET).contains(filters), "{}", part(&book, SHEET));
    assert!(lint(&book).unwrap().is_empty());
}

#[test]
fn the_largest_and_smallest_are_shown_with_their_equals() {
    let cases = [
        // Both of 40, and no other.
        (
            json!({"count": 1}),
            json!([2, 3, 4, 7, 8, 9]),
            json!(["top", true, false, 1.0, 40.0]),
        ),
        (
            json!({"count": 3}),
            json!([2, 3, 7, 8, 9]),
            json!(["top", true, false, 3.0, 30.0]),
        ),
        (
            json!({"count": 2, "bottom": true}),
            json!([2, 3, 4, 5, 6, 9]),
            json!(["top", false, false, 2.0, 5.0]),
        ),
        // 30 % of seven numbers are two.
        (
            json!({"count": 30, "percent": true}),
            json!([2, 3, 4, 7, 8, 9]),
            json!(["top", true, true, 30.0, 40.0]),
        ),
        (
            json!({"count": 5, "percent": true, "bottom": true}),
            json!([2, 3, 4, 5, 6, 7, 9]),
            json!(["top", false, true, 5.0, 1.0]),
        ),
    ];
    for (top, hidden, read) in cases {
        let seen = filtered(&json!({"column": "Units", "top": top}), &json!({}));
        assert_eq!(seen, (hidden, json!([1, null, null, null, read])), "{top}");
    }
}

#[test]
fn what_changes_by_itself_is_told_from_today() {
    let today = json!({"today": "2026-11-21"});
    let cases = [
        // The average of 10, 20, 30, 40, 40, 5 and 1 is 20.857…
        ("Units", "aboveAverage", json!({}), json!([2, 3, 7, 8, 9])),
        ("Units", "belowAverage", json!({}), json!([4, 5, 6, 9])),
        ("Day", "today", today.clone(), json!([2, 3, 4, 5, 7, 8, 9])),
        ("Day", "thisWeek", today.clone(), json!([2, 3, 4, 5, 8, 9])),
        ("Day", "lastYear", today.clone(), json!([3, 4, 5, 6, 7, 8, 9])),
        (
            "Day",
            "yearToDate",
            json!({"today": "2026-04-01"}),
            json!([2, 6, 7, 8, 9]),
        ),
        ("Day", "q1", json!({}), json!([5, 6, 7, 8, 9])),
        ("Day", "m11", json!({}), json!([2, 3, 4, 5, 8, 9])),
    ];
    for (column, kind, fields, hidden) in cases {
        let seen = filtered(&json!({"column": column, "dynamic": kind}), &fields);
        assert_eq!(seen.0, hidden, "{kind}");
        let name = seen.1[4][0].as_str().unwrap().to_owned();
        assert!(name.eq_ignore_ascii_case(kind), "{name}");
    }
    let month = filtered(&json!({"column": "Day", "dynamic": "thisMonth"}), &today);
    assert_eq!(
        month,
        (
            json!([2, 3, 4, 5, 8, 9]),
            json!([0, null, null, null, ["thisMonth", 46_327.0, 46_357.0]])
        )
    );
}

#[test]
fn colours_are_shown_by_the_format_that_names_them() {
    let cases = [
        (
            json!({"fillColor": "#ff0000"}),
            json!([2, 5, 6, 7, 8, 9]),
            json!(["color", 0, true]),
        ),
        (json!({"fillColor": ""}), json!([3, 4]), json!(["color", 0, true])),
        (
            json!({"fontColor": "#0000FF"}),
            json!([2, 5, 6, 7, 8, 9]),
            json!(["color", 0, false]),
        ),
    ];
    for (color, hidden, read) in cases {
        let mut column = color.clone();
        column["column"] = json!("Place");
        let seen = filtered(&column, &json!({}));
        assert_eq!(seen, (hidden, json!([2, null, null, null, read])), "{color}");
    }
}

/// The rows that are hidden after one more filter that keeps the others.
fn after(book: &Workbook, column: &Value) -> (Value, Vec<String>) {
    let mut book = book.clone();
    let op = json!({"op": "filter.set", "range": "Data!A1:C9", "columns": [column], "keep": true});
    let (applied, _) = done(&mut book, op);
    (
        layout(&book)["layout"]["Data"]["hidden_rows"].clone(),
        applied.warnings,
    )
}

/// The orders with a filter that is in the file already.
fn with_filter(columns: &str, hidden: &[u32]) -> Workbook {
    let book = orders();
    let xml = part(&book, SHEET);
    let filter = format!(r#"</sheetData><autoFilter ref="A1:C9">{columns}</autoFilter>"#);
    let mut xml = xml.replace("</sheetData>", &filter);
    for row in hidden {
        xml = xml.replace(
            &format!(r#"<row r="{row}""#),
            &format!(r#"<row r="{row}" hidden="1""#),
        );
    }
    with_part(&book, SHEET, &xml)
}

#[test]
fn filters_of_other_columns_stay_where_they_are_kept() {
    let south = json!({"column": "Place", "values": ["South", "North", "East"]});
    let filters = [
        (
            r#"<filters><dateGroupItem year="2026" month="3" dateTimeGrouping="month"/></filters>"#,
            json!([2, 5, 6, 7, 8, 9]),
        ),
        (
            r#"<dynamicFilter type="thisYear" val="46023" maxVal="46388"/>"#,
            json!([2, 6, 7, 8, 9]),
        ),
        (r#"<dynamicFilter type="M3"/>"#, json!([5, 6, 7, 8, 9])),
        (
            r#"<top10 val="1" filterVal="99999"/>"#,
            json!([2, 3, 4, 5, 6, 7, 8, 9]),
        ),
        (
            r#"<customFilters and="1"><customFilter operator="greaterThan" val="46000"/><customFilter operator="lessThan" val="46100"/></customFilters>"#,
            json!([2, 4, 5, 6, 7, 8, 9]),
        ),
        (
            r#"<customFilters><customFilter val="so*"/></customFilters>"#,
            json!([2, 3, 4, 5, 6, 7, 8, 9]),
        ),
        (
            r#"<customFilters><customFilter operator="notEqual" val=" "/></customFilters>"#,
            json!([6, 7, 8, 9]),
        ),
    ];
    for (filter, hidden) in filters {
        let xml = format!(
            r#"<filterColumn colId="0" hiddenButton="1">{filter}</filterColumn><filterColumn colId="1" showButton="0"/><sortState ref="A2:C9"/>"#
        );
        let book = with_filter(&xml, &[]);
        assert_eq!(after(&book, &south), (hidden, Vec::new()), "{filter}");
        let mut book = book.clone();
        let before = settled(&mut book);
        let op = json!({"op": "filter.set", "range": "Data!A1:C9", "columns": [south], "keep": true});
        let (_, patches) = done(&mut book, op);
        let all = format!(
            r#"<autoFilter ref="A1:C9"><filterColumn colId="0" hiddenButton="1">{filter}</filterColumn><filterColumn colId="1" showButton="0"/><filterColumn colId="2"><filters>"#
        );
        assert!(part(&book, SHEET).contains(&all), "{}", part(&book, SHEET));
        assert!(part(&book, SHEET).contains(r#"</filterColumn><sortState ref="A2:C9"/></autoFilter>"#));
        goes_back(&book, &patches, &before);
        // Without `keep` they go; what is said of buttons and of the sort stays.
        done(&mut book, json!({"op": "filter.set", "range": "Data!A1:C9"}));
        let rest = r#"<autoFilter ref="A1:C9"><filterColumn colId="0" hiddenButton="1"/><filterColumn colId="1" showButton="0"/><sortState ref="A2:C9"/></autoFilter>"#;
        assert!(part(&book, SHEET).contains(rest), "{}", part(&book, SHEET));
        assert_eq!(layout(&book)["layout"]["Data"]["hidden_rows"], json!([]));
    }
}

#[test]
fn a_filter_that_is_not_known_keeps_its_rows_hidden() {
    let icons =
        r#"<filterColumn colId="1"><iconFilter iconSet="3TrafficLights1" iconId="1"/></filterColumn>"#;
    let book = with_filter(icons, &[3, 5]);
    let (hidden, warnings) = after(&book, &json!({"column": "Place", "values": ["South", "North"]}));
    assert_eq!(hidden, json!([3, 5, 6, 7, 8]));
    assert!(warnings[0].contains("The filter of B stays"), "{warnings:?}");
    let op = json!({"op": "filter.set", "range": "Data!B2:C9", "columns": [], "keep": true});
    assert_eq!(refused(&book, op).0, RefusalCode::BadInput);
}

#[test]
fn a_filtered_table_keeps_what_its_part_says_of_it() {
    let mut book = orders();
    done(
        &mut book,
        json!({"op": "table.add", "range": "Data!A1:C9", "name": "Orders"}),
    );
    done(
        &mut book,
        json!({"op": "filter.set", "table": "Orders", "columns": [{"column": "Units", "top": {"count": 3}}]}),
    );
    done(
        &mut book,
        json!({"op": "filter.set", "table": "Orders", "columns": [{"column": "Day", "dates": ["2026-03"]}], "keep": true}),
    );
    assert_eq!(
        layout(&book)["layout"]["Data"]["hidden_rows"],
        json!([2, 3, 5, 6, 7, 8, 9])
    );
    let xml = part(&book, "xl/tables/table1.xml");
    let filter = concat!(
        r#"<autoFilter ref="A1:C9"><filterColumn colId="0"><filters><dateGroupItem year="2026" month="3" dateTimeGrouping="month"/></filters></filterColumn>"#,
        r#"<filterColumn colId="1"><top10 val="3" filterVal="30"/></filterColumn></autoFilter>"#
    );
    assert!(xml.contains(filter), "{xml}");
}

#[test]
fn filters_that_cannot_be_told_are_refused() {
    let book = orders();
    let columns = [
        json!({"column": "Day", "dates": ["March"]}),
        json!({"column": "Day", "dates": ["2026"], "conditions": [{"operator": "equal", "value": 1}]}),
        json!({"column": "Day", "dynamic": "thisMonth"}),
        json!({"column": "Units", "top": {"count": 0}}),
        json!({"column": "Units", "top": {"count": 101, "percent": true}}),
        json!({"column": "Units", "fillColor": "red"}),
        json!({"column": "Units"}),
    ];
    for column in columns {
        let op = json!({"op": "filter.set", "range": "Data!A1:C9", "columns": [column]});
        assert_eq!(refused(&book, op).0, RefusalCode::BadInput, "{column}");
    }
    let op = json!({"op": "filter.set", "range": "Data!A1:C9", "columns": [], "today": "tomorrow"});
    assert_eq!(refused(&book, op).0, RefusalCode::BadInput);
}
