//! Charts: made here and changed here, read by openpyxl.

mod refusals;

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use deskhand_operations::WorkbookAnswer;
use deskhand_sheet::Workbook;
use serde_json::{Value, json};

use crate::support::{done, open, operation, part, saved, workbook};

/// Quarters with revenue, cost and margin.
fn quarters() -> Workbook {
    let mut book = workbook(&[
        &[json!("Quarter"), json!("Revenue"), json!("Cost"), json!("Margin")],
        &[json!("Q1"), json!(1200), json!(800), json!(0.33)],
        &[json!("Q2"), json!(1500), json!(900), json!(0.4)],
        &[json!("Q3"), Value::Null, json!(950), json!(0.14)],
    ]);
    let percent = json!({"op": "range.format", "range": "Data!D2:D4", "format": {"numberFormat": "0%"}});
    done(&mut book, percent);
    book
}

fn add(kind: &str, range: &str) -> Value {
    json!({"op": "chart.add", "range": range, "kind": kind, "name": "Chart", "place": "Data!F2:L16"})
}

fn update(fields: &Value) -> Value {
    let mut op = json!({"op": "chart.update", "sheet": "Data", "name": "chart"});
    for (name, value) in fields.as_object().unwrap() {
        op[name] = value.clone();
    }
    op
}

/// What openpyxl reads of the one chart on `Data`.
fn seen(book: &Workbook) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let file = saved(book, folder.path(), "book.xlsx");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/all/openpyxl_charts.py");
    let mut child = Command::new(deskhand_test_support::python())
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let question = serde_json::to_vec(&[file]).unwrap();
    child.stdin.take().unwrap().write_all(&question).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer[0]["Data"].as_array().unwrap().len(), 1);
    answer[0]["Data"][0].clone()
}

/// The series of all groups: kind, name, values, categories.
fn references(chart: &Value) -> Vec<[String; 4]> {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let groups = chart["groups"].as_array().unwrap();
    let of_group = |group: &Value| -> Vec<[String; 4]> {
        let series = group["series"].as_array().unwrap().iter();
        series
            .map(|one| {
                [
                    &group["kind"],
                    &one["name"],
                    &one["values"]["f"],
                    &one["categories"]["f"],
                ]
                .map(text)
            })
            .collect()
    };
    groups.iter().flat_map(of_group).collect()
}

fn rows(rows: &[[&str; 4]]) -> Vec<[String; 4]> {
    rows.iter().map(|row| row.map(str::to_owned)).collect()
}

#[test]
fn a_combination_draws_one_series_against_the_secondary_axis() {
    let mut book = quarters();
    let before = book.package().write().unwrap();
    let mut op = add("columnClustered", "Data!A1:D4");
    op["title"] = json!("Revenue & margin");
    op["series"] =
        json!([{"series": "margin", "kind": "line", "secondary": true, "color": "#C00000", "labels": true}]);
    op["look"] = json!({"valueTitle": "k€", "secondaryTitle": "Margin", "secondaryMaximum": 1, "minimum": 0, "legend": "top"});
    let (_, patches) = done(&mut book, op);
    let chart = seen(&book);
    assert_eq!(
        references(&chart),
        rows(&[
            ["BarChart", "Revenue", "Data!$B$2:$B$4", "Data!$A$2:$A$4"],
            ["BarChart", "Cost", "Data!$C$2:$C$4", "Data!$A$2:$A$4"],
            ["LineChart", "Margin", "Data!$D$2:$D$4", "Data!$A$2:$A$4"],
        ])
    );
    assert_eq!(chart["title"], "Revenue & margin");
    assert_eq!(chart["legend"], "t");
    assert_eq!(chart["from"], json!([5, 1]));
    // The empty cell of Q3 is a gap: no point, and the count tells of it.
    let values = &chart["groups"][0]["series"][0]["values"];
    assert_eq!(
        *values,
        json!({"f": "Data!$B$2:$B$4", "points": ["1200", "1500"], "count": 3})
    );
    let axes = |group: usize, which: usize| {
        let id = chart["groups"][group]["axes"][which].to_string();
        chart["axes"][id].clone()
    };
    assert_eq!(axes(0, 1)["title"], "k€");
    assert_eq!(axes(0, 1)["minimum"], json!(0.0));
    let secondary = axes(1, 1);
    assert_eq!(
        [
            &secondary["title"],
            &secondary["maximum"],
            &secondary["format"],
            &secondary["crosses"]
        ],
        [&json!("Margin"), &json!(1.0), &json!("0%"), &json!("max")]
    );
    assert!(part(&book, "xl/charts/chart1.xml").contains(r#"<a:srgbClr val="C00000"/>"#));
    let mut undone = open(&book.package().write().unwrap());
    undone.apply(&patches.invert()).unwrap();
    assert!(undone.package().write().unwrap() == before);
}

#[test]
fn every_kind_is_the_chart_that_openpyxl_knows_by_that_name() {
    let kinds = [
        ("barClustered", "BarChart", Some("clustered"), Some("bar")),
        ("barStacked", "BarChart", Some("stacked"), Some("bar")),
        ("barStacked100", "BarChart", Some("percentStacked"), Some("bar")),
        ("columnClustered", "BarChart", Some("clustered"), Some("col")),
        ("columnStacked", "BarChart", Some("stacked"), Some("col")),
        (
            "columnStacked100",
            "BarChart",
            Some("percentStacked"),
            Some("col"),
        ),
        ("line", "LineChart", Some("standard"), None),
        ("lineMarkers", "LineChart", Some("standard"), None),
        ("lineStacked", "LineChart", Some("stacked"), None),
        ("area", "AreaChart", Some("standard"), None),
        ("areaStacked", "AreaChart", Some("stacked"), None),
        ("pie", "PieChart", None, None),
        ("doughnut", "DoughnutChart", None, None),
        ("scatter", "ScatterChart", None, None),
        ("scatterLines", "ScatterChart", None, None),
        ("bubble", "BubbleChart", None, None),
        ("radar", "RadarChart", None, None),
    ];
    for (kind, expected, grouping, direction) in kinds {
        let mut book = quarters();
        done(&mut book, add(kind, "Data!A1:C4"));
        let chart = seen(&book);
        let group = &chart["groups"][0];
        assert_eq!(group["kind"], expected, "{kind}");
        assert_eq!(group["grouping"].as_str(), grouping, "{kind}");
        assert_eq!(group["direction"].as_str(), direction, "{kind}");
        assert_eq!(info(&book)["kind"], kind);
    }
}

/// What `workbook.info` tells of the one chart.
fn info(book: &Workbook) -> Value {
    match book.answer(&operation(json!({"op": "workbook.info"}))).unwrap() {
        WorkbookAnswer::Info(info) => serde_json::to_value(&info.sheets[0].chart_details[0]).unwrap(),
        other => panic!("{other:?}"),
    }
}

/// A chart of lines and what it refers to.
fn drawn(book: &Workbook, range: &str, series_in: Option<&str>) -> Vec<[String; 4]> {
    let mut book = book.clone();
    let mut op = add("line", range);
    if let Some(series_in) = series_in {
        op["seriesIn"] = json!(series_in);
    }
    done(&mut book, op);
    references(&seen(&book))
}

#[test]
fn a_series_lies_in_a_row_where_there_are_more_columns() {
    let years = workbook(&[
        &[json!("Region"), json!(2024), json!(2025), json!(2026)],
        &[json!("North"), json!(1), json!(2), json!(3)],
        &[json!("South"), json!(4), json!(5), json!(6)],
    ]);
    let in_rows = rows(&[
        ["LineChart", "North", "Data!$B$2:$D$2", "Data!$B$1:$D$1"],
        ["LineChart", "South", "Data!$B$3:$D$3", "Data!$B$1:$D$1"],
    ]);
    assert_eq!(drawn(&years, "Data!A1:D3", None), in_rows);
    let in_columns = rows(&[
        ["LineChart", "2024", "Data!$B$2:$B$3", "Data!$A$2:$A$3"],
        ["LineChart", "2025", "Data!$C$2:$C$3", "Data!$A$2:$A$3"],
    ]);
    assert_eq!(drawn(&years, "Data!A1:C3", Some("columns")), in_columns);
}

#[test]
fn labels_are_told_from_values_as_people_see_them() {
    let two_levels = workbook(&[
        &[Value::Null, Value::Null, json!("Sales")],
        &[json!("2025"), json!("H1"), json!(1)],
        &[Value::Null, json!("H2"), json!(2)],
    ]);
    let levels = rows(&[["LineChart", "Sales", "Data!$C$2:$C$3", "Data!$A$2:$B$3"]]);
    assert_eq!(drawn(&two_levels, "Data!A1:C3", None), levels);
    let bare = workbook(&[&[json!(5)], &[json!(7)], &[json!(9)]]);
    let unnamed = rows(&[["LineChart", "-", "Data!$A$1:$A$3", "-"]]);
    assert_eq!(drawn(&bare, "Data!A1:A3", None), unnamed);
}

#[test]
fn ranges_apart_are_drawn_together() {
    let book = workbook(&[
        &[json!("Month"), json!("a"), json!("b"), json!("c")],
        &[json!("Jan"), json!(1), json!(2), json!(3)],
        &[json!("Feb"), json!(4), json!(5), json!(6)],
        &[json!("Mar"), json!(4), json!(5), json!(6)],
    ]);
    let columns = rows(&[["LineChart", "c", "Data!$D$2:$D$4", "Data!$A$2:$A$4"]]);
    assert_eq!(drawn(&book, "Data!A1:A4,Data!D1:D4", None), columns);
    let lines = rows(&[["LineChart", "a", "(Data!$B$2,Data!$B$4)", "(Data!$A$2,Data!$A$4)"]]);
    assert_eq!(drawn(&book, "Data!A1:B2,A4:B4", Some("columns")), lines);
}

#[test]
fn a_table_is_drawn_without_its_totals_and_hidden_rows_are_left_out() {
    let mut book = quarters();
    done(
        &mut book,
        json!({"op": "table.add", "range": "Data!A1:C4", "name": "Sales"}),
    );
    let table = part(&book, "xl/tables/table1.xml").replace("totalsRowShown=\"0\"", "totalsRowCount=\"1\"");
    book = crate::support::with_part(&book, "xl/tables/table1.xml", &table);
    let sheet = part(&book, "xl/worksheets/sheet1.xml").replace(r#"<row r="2""#, r#"<row r="2" hidden="1""#);
    book = crate::support::with_part(&book, "xl/worksheets/sheet1.xml", &sheet);
    done(&mut book, add("columnClustered", "sales"));
    let chart = seen(&book);
    assert_eq!(
        references(&chart),
        rows(&[
            ["BarChart", "Revenue", "Data!$B$2:$B$3", "Data!$A$2:$A$3"],
            ["BarChart", "Cost", "Data!$C$2:$C$3", "Data!$A$2:$A$3"],
        ])
    );
    assert_eq!(
        chart["groups"][0]["series"][1]["values"]["points"],
        json!(["900"])
    );
    done(
        &mut book,
        update(&json!({"range": "Sales", "look": {"hiddenCells": true}})),
    );
    assert_eq!(
        seen(&book)["groups"][0]["series"][1]["values"]["points"],
        json!(["800", "900"])
    );
}

#[test]
fn days_stand_on_an_axis_of_dates() {
    let mut book = workbook(&[
        &[json!("Month"), json!("Rate")],
        &[json!({"date": "2026-01-31"}), json!(1)],
        &[json!({"date": "2026-02-28"}), json!(2)],
        &[json!({"date": "2026-03-31"}), json!(3)],
    ]);
    done(&mut book, add("line", "Data!A1:B4"));
    let chart = seen(&book);
    let kinds: Vec<&Value> = chart["axes"]
        .as_object()
        .unwrap()
        .values()
        .map(|axis| &axis["kind"])
        .collect();
    assert!(kinds.contains(&&json!("DateAxis")), "{kinds:?}");
    assert!(part(&book, "xl/charts/chart1.xml").contains(r#"<c:baseTimeUnit val="months"/>"#));
    assert_eq!(
        chart["groups"][0]["series"][0]["categories"]["points"],
        json!(["46053", "46081", "46112"])
    );
}

#[test]
fn an_update_changes_what_was_asked_and_nothing_else() {
    let mut book = quarters();
    let mut op = add("columnClustered", "Data!A1:C4");
    op["title"] = json!("Old");
    done(&mut book, op);
    let xml = part(&book, "xl/charts/chart1.xml");
    done(&mut book, update(&json!({"title": "New <title>"})));
    assert_eq!(
        part(&book, "xl/charts/chart1.xml"),
        xml.replace("<a:t>Old</a:t>", "<a:t>New &lt;title&gt;</a:t>")
    );
    done(&mut book, update(&json!({"kind": "barStacked"})));
    let chart = seen(&book);
    assert_eq!(chart["groups"][0]["grouping"], "stacked");
    assert_eq!(chart["groups"][0]["direction"], "bar");
    assert_eq!(references(&chart).len(), 2);
    done(
        &mut book,
        update(
            &json!({"kind": "columnClustered", "series": [{"series": "Cost", "kind": "line", "secondary": true}]}),
        ),
    );
    let chart = seen(&book);
    assert_eq!(
        references(&chart),
        rows(&[
            ["BarChart", "Revenue", "Data!$B$2:$B$4", "Data!$A$2:$A$4"],
            ["LineChart", "Cost", "Data!$C$2:$C$4", "Data!$A$2:$A$4"],
        ])
    );
    assert_eq!(chart["axes"].as_object().unwrap().len(), 4);
    done(
        &mut book,
        update(&json!({"series": [{"series": "C", "kind": "columnClustered", "secondary": false}]})),
    );
    let chart = seen(&book);
    assert_eq!(chart["groups"].as_array().unwrap().len(), 1);
    assert_eq!(chart["axes"].as_object().unwrap().len(), 2);
}

#[test]
fn new_data_bring_series_and_take_them_away() {
    let mut book = quarters();
    done(&mut book, add("columnClustered", "Data!A1:C4"));
    // More series than before: the new one comes after the others. Then fewer.
    done(
        &mut book,
        update(&json!({"range": "Data!A1:D3", "seriesIn": "columns"})),
    );
    let names = |book: &Workbook| {
        references(&seen(book))
            .into_iter()
            .map(|row| row[1].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(names(&book), ["Revenue", "Cost", "Margin"]);
    assert_eq!(references(&seen(&book))[2][2], "Data!$D$2:$D$3");
    done(&mut book, update(&json!({"range": "Data!A1:A4,Data!D1:D4"})));
    assert_eq!(names(&book), ["Margin"]);
    done(
        &mut book,
        update(&json!({"kind": "pie", "title": "", "place": "Data!B10:D20"})),
    );
    let chart = seen(&book);
    assert_eq!(
        (&chart["groups"][0]["kind"], &chart["title"]),
        (&json!("PieChart"), &Value::Null)
    );
    assert_eq!(chart["from"], json!([1, 9]));
    assert_eq!(chart["axes"], json!({}));
    assert_eq!(info(&book)["place"], "B10:D20");
    done(
        &mut book,
        update(
            &json!({"kind": "line", "look": {"maximum": 2, "valueTitle": "Share", "categoryFormat": "@"}}),
        ),
    );
    let chart = seen(&book);
    let values = chart["axes"]
        .as_object()
        .unwrap()
        .values()
        .find(|axis| axis["kind"] == "NumericAxis")
        .unwrap();
    assert_eq!(
        (&values["maximum"], &values["title"]),
        (&json!(2.0), &json!("Share"))
    );
}

#[test]
fn a_chart_of_a_prefixed_strict_package_is_written_and_changed_alike() {
    let mut book = quarters();
    done(&mut book, add("line", "Data!A1:C4"));
    let strict = part(&book, "xl/charts/chart1.xml")
        .replace(
            "http://schemas.openxmlformats.org/drawingml/2006/chart",
            "http://purl.oclc.org/ooxml/drawingml/chart",
        )
        .replace(
            "http://schemas.openxmlformats.org/drawingml/2006/main",
            "http://purl.oclc.org/ooxml/drawingml/main",
        )
        .replace(
            "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
            "http://purl.oclc.org/ooxml/officeDocument/relationships",
        )
        .replace("<c:", "<k:")
        .replace("</c:", "</k:")
        .replace("xmlns:c=", "xmlns:k=");
    book = crate::support::with_part(&book, "xl/charts/chart1.xml", &strict);
    done(
        &mut book,
        update(
            &json!({"title": "T", "range": "Data!A1:D4", "seriesIn": "columns", "kind": "columnClustered",
            "look": {"valueTitle": "V", "legend": "none"}}),
        ),
    );
    let told = info(&book);
    assert_eq!(told["title"], "T");
    assert_eq!(told["kind"], "columnClustered");
    assert_eq!(told["series"][2]["values"], "Data!$D$2:$D$4");
    assert!(part(&book, "xl/charts/chart1.xml").contains("http://purl.oclc.org/ooxml/drawingml/chart"));
    assert!(!part(&book, "xl/charts/chart1.xml").contains("schemas.openxmlformats.org"));
}
