//! The table of formulas of `deskhand-formula`, by operations on workbooks: each case a workbook of its own, changed, saved,
//! read by openpyxl, and taken back byte for byte.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use deskhand_operations::{Address, Area, CellInput, RefusalCode};
use deskhand_sheet::{NewSheet, Workbook, create_workbook};
use serde_json::{Value, json};

use crate::support::{done, goes_back, open, openpyxl, part, plan, refused, saved, settled, with_part};

const CASES: &str = include_str!("../../../formula/tests/rewriting/cases.txt");
const SHEETS: [&str; 10] = [
    "Data", "Jan", "Feb", "Mar", "Other", "Q1 2026", "It's", "SUM", "A1", "data.csv",
];
/// What no operation does yet: cutting and pasting, and giving a table another name.
const NOT_THERE: [&str; 2] = ["move ", "rename table "];
/// What is refused while a formula would lose by it.
const REFUSED: [&str; 2] = ["delete sheet ", "rename column "];

struct Case {
    words: &'static str,
    /// A cell with its sheet, `name` or `chart`.
    place: &'static str,
    formula: &'static str,
    expected: Vec<&'static str>,
}

fn cases() -> Vec<Case> {
    let lines = CASES
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    let case = |line: &'static str| {
        let fields: Vec<&str> = line.split(" | ").collect();
        let [words, place, formula, expected] = fields.as_slice() else {
            panic!("four fields: {line}");
        };
        Case {
            words,
            place,
            formula,
            expected: expected.split(" ; ").collect(),
        }
    };
    lines.map(case).collect()
}

/// The sheets, with the table Sales on Data!B3:E10.
fn base() -> Workbook {
    let text = |text: &str| CellInput::Text(text.to_owned());
    let sheets = SHEETS.map(|name| {
        let mut cells = vec![vec![CellInput::Number(1.0)]];
        if name == "Data" {
            cells.resize(2, Vec::new());
            let header = ["Region", "Units", "Price", "Total"];
            cells.push(
                std::iter::once(CellInput::Leave)
                    .chain(header.map(text))
                    .collect(),
            );
            for row in 0..7 {
                let numbers = (1..4).map(|column| CellInput::Number(f64::from(row * 10 + column)));
                cells.push(
                    [CellInput::Leave, text("North")]
                        .into_iter()
                        .chain(numbers)
                        .collect(),
                );
            }
        }
        NewSheet {
            name: name.to_owned(),
            cells,
        }
    });
    let mut book = open(&create_workbook(&sheets).unwrap().0);
    done(
        &mut book,
        json!({"op": "table.add", "range": "Data!B3:E10", "name": "Sales"}),
    );
    book
}

fn escaped(formula: &str) -> String {
    formula
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

fn cell(place: &str) -> (String, Area) {
    let address = Address::parse(place).unwrap();
    (address.sheet.unwrap(), address.area.unwrap())
}

/// A cell as addresses have it.
fn at(sheet: &str, area: Area) -> String {
    format!("'{}'!{area}", sheet.replace('\'', "''"))
}

/// The workbook with the formula in its cell as a file of another program has it, in rows that are there or not.
fn with_cell(book: &Workbook, place: &str, formula: &str) -> Workbook {
    let (sheet, area) = cell(place);
    let number = SHEETS.iter().position(|name| *name == sheet).unwrap() + 1;
    let name = format!("xl/worksheets/sheet{number}.xml");
    let xml = part(book, &name);
    let (head, rest) = xml.split_once("<sheetData>").unwrap();
    let (body, tail) = rest.split_once("</sheetData>").unwrap();
    let mut rows: BTreeMap<u32, Vec<(u32, String)>> = BTreeMap::new();
    for held in body.split_inclusive("</c>").filter(|held| held.contains("<c ")) {
        let held = &held[held.find("<c ").unwrap()..];
        let place = Area::parse(held.split('"').nth(1).unwrap()).unwrap();
        rows.entry(place.top)
            .or_default()
            .push((place.left, held.to_owned()));
    }
    let row = rows.entry(area.top).or_default();
    row.retain(|(column, _)| *column != area.left);
    let own = format!(r#"<c r="{area}"><f>{}</f><v>0</v></c>"#, escaped(formula));
    row.push((area.left, own));
    row.sort();
    let mut body = String::new();
    for (row, cells) in rows {
        let cells: String = cells.into_iter().map(|(_, cell)| cell).collect();
        write!(body, r#"<row r="{}">{cells}</row>"#, row + 1).unwrap();
    }
    with_part(book, &name, &format!("{head}<sheetData>{body}</sheetData>{tail}"))
}

/// The workbook with the formula as the values of a chart.
fn with_chart(book: &Workbook, formula: &str) -> Workbook {
    let mut book = book.clone();
    done(
        &mut book,
        json!({"op": "chart.add", "range": "Data!B3:C10", "kind": "columnClustered", "name": "Chart"}),
    );
    let xml = part(&book, "xl/charts/chart1.xml");
    let values = charted(&xml);
    with_part(
        &book,
        "xl/charts/chart1.xml",
        &xml.replacen(&values, &escaped(formula), 1),
    )
}

/// Where the values of a chart come from.
fn charted(xml: &str) -> String {
    let values = xml.split_once("<c:val>").unwrap().1;
    let formula = values.split_once("<c:f>").unwrap().1;
    formula.split_once("</c:f>").unwrap().0.to_owned()
}

fn prepared(base: &Workbook, case: &Case) -> Workbook {
    match case.place {
        "name" => {
            let name = format!(
                r#"</sheets><definedNames><definedName name="Case">{}</definedName></definedNames>"#,
                escaped(case.formula)
            );
            let xml = part(base, "xl/workbook.xml").replacen("</sheets>", &name, 1);
            with_part(base, "xl/workbook.xml", &xml)
        }
        "chart" => with_chart(base, case.formula),
        place => with_cell(base, place, case.formula),
    }
}

/// The operation that the words name, and the cells where its results stand.
fn operation(case: &Case) -> (Value, Vec<(String, Area)>) {
    let (verb, rest) = case.words.split_once(' ').unwrap();
    match verb {
        "copy" | "fill" => {
            let (sheet, from) = cell(case.place);
            let distance = |count: i64| match rest.split_once(' ').unwrap() {
                ("down", _) => (count, 0),
                ("up", _) => (-count, 0),
                ("right", _) => (0, count),
                ("left", _) => (0, -count),
                (rows, columns) => (rows.parse().unwrap(), columns.parse().unwrap()),
            };
            let place = |count: i64| {
                let (rows, columns) = distance(count);
                let add = |place: u32, by: i64| u32::try_from(i64::from(place) + by).unwrap();
                Area::cell(add(from.top, rows), add(from.left, columns))
            };
            let places: Vec<Area> = (1..=case.expected.len() as i64).map(place).collect();
            let last = *places.last().unwrap();
            let to = if verb == "fill" { both(from, last) } else { last };
            let op = json!({"op": format!("range.{verb}"), "from": at(&sheet, from), "to": at(&sheet, to)});
            (
                op,
                places.into_iter().map(|place| (sheet.clone(), place)).collect(),
            )
        }
        "rename" => {
            let (from, to) = rest.strip_prefix("sheet ").unwrap().split_once(" > ").unwrap();
            let (sheet, area) = cell(case.place);
            let sheet = if sheet == from { to.to_owned() } else { sheet };
            (
                json!({"op": "sheet.rename", "name": from, "to": to}),
                vec![(sheet, area)],
            )
        }
        _ => shifting(case, verb, rest),
    }
}

/// The area from one cell to another.
fn both(one: Area, other: Area) -> Area {
    Area {
        top: one.top.min(other.top),
        left: one.left.min(other.left),
        bottom: one.bottom.max(other.bottom),
        right: one.right.max(other.right),
    }
}

/// Rows and columns that come and go; the columns of a table go with those of the sheet.
fn shifting(case: &Case, verb: &str, rest: &str) -> (Value, Vec<(String, Area)>) {
    let (axis, range, sheet) = match (verb, rest) {
        ("drop", "table Sales") => ("rows", "3:10", "Data"),
        ("drop", "columns Sales: Units") => ("columns", "C:C", "Data"),
        ("drop", "columns Sales: Total") => ("columns", "E:E", "Data"),
        ("drop", "columns Sales: Units,Price") => ("columns", "C:D", "Data"),
        _ => {
            let (axis, rest) = rest.split_once(' ').unwrap();
            let (range, sheet) = rest.split_once(' ').unwrap();
            (axis, range, sheet)
        }
    };
    let way = if verb == "insert" { "insert" } else { "delete" };
    let range = Area::parse(range).unwrap();
    let op = json!({"op": format!("{axis}.{way}"), "range": at(sheet, range)});
    if !case.place.contains('!') {
        return (op, Vec::new());
    }
    let (held, mut place) = cell(case.place);
    if held == sheet {
        let (first, last, count, along) = if axis == "rows" {
            (&mut place.top, &mut place.bottom, range.rows(), range.top)
        } else {
            (&mut place.left, &mut place.right, range.columns(), range.left)
        };
        let moved = match (*first < along, way) {
            (true, _) => *first,
            (false, "insert") => *first + count,
            (false, _) => *first - count,
        };
        (*first, *last) = (moved, moved);
    }
    (op, vec![(held, place)])
}

/// What openpyxl reads where the results of a case stand.
fn found(case: &Case, places: &[(String, Area)], answer: &Value) -> Vec<String> {
    if case.place == "name" {
        return answer["names"]["Case"]
            .as_str()
            .map(str::to_owned)
            .into_iter()
            .collect();
    }
    let read = |(sheet, area): &(String, Area)| {
        let value = &answer["cells"][format!("{sheet}!{area}")]["value"];
        value
            .as_str()
            .and_then(|text| text.strip_prefix('='))
            .unwrap_or("no formula")
            .to_owned()
    };
    places.iter().map(read).collect()
}

#[test]
fn operations_leave_the_formulas_that_excel_leaves() {
    let (base, folder) = (base(), tempfile::tempdir().unwrap());
    let by_operation = |case: &Case| {
        let starts = |words: &&str| case.words.starts_with(*words);
        !NOT_THERE.iter().any(starts) && !REFUSED.iter().any(starts)
    };
    let (mut asked, mut questions, mut wrong) = (Vec::new(), Vec::new(), Vec::new());
    for case in cases().into_iter().filter(by_operation) {
        let mut book = prepared(&base, &case);
        let before = settled(&mut book);
        let (op, places) = operation(&case);
        let planned = match plan(&book, op) {
            Ok(planned) => planned,
            Err(refusal) => {
                wrong.push(format!("{} | {}: {refusal}", case.words, case.formula));
                continue;
            }
        };
        book.apply(&planned.patches).unwrap();
        goes_back(&book, &planned.patches, &before);
        if case.place == "chart" {
            let found = charted(&part(&book, "xl/charts/chart1.xml"));
            assert_eq!(found, case.expected[0], "{}", case.words);
        }
        let file = saved(&book, folder.path(), &format!("{}.xlsx", asked.len()));
        let cells: Vec<Value> = places
            .iter()
            .map(|(sheet, area)| json!([sheet, area.to_string()]))
            .collect();
        questions
            .push(json!({"file": file, "formulas": true, "cells": cells, "layout": case.place == "name"}));
        asked.push((case, places));
    }
    for ((case, places), answer) in asked.iter().zip(openpyxl(&questions)) {
        let found = found(case, places, &answer);
        let is_read = answer.get("error").is_none();
        if !is_read || (case.place != "chart" && found != case.expected) {
            let (words, place, formula) = (case.words, case.place, case.formula);
            wrong.push(format!(
                "{words} | {place} | {formula} | {:?}\n  found {found:?} {}",
                case.expected, answer["error"]
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(asked.len() >= 215, "{} cases", asked.len());
}

#[test]
fn what_a_formula_would_lose_by_is_refused() {
    let base = base();
    let mut count = 0;
    for case in cases() {
        let op = if let Some(sheet) = case.words.strip_prefix("delete sheet ") {
            json!({"op": "sheet.delete", "name": sheet})
        } else if let Some(names) = case.words.strip_prefix("rename column Sales: Units > ") {
            json!({"op": "range.write", "range": "Data!C3", "cells": [[names]]})
        } else {
            continue;
        };
        let book = prepared(&base, &case);
        let (code, sentence) = refused(&book, op);
        assert_eq!(code, RefusalCode::Protected, "{} {sentence}", case.formula);
        count += 1;
    }
    assert!(count >= 10, "{count} cases");
}
