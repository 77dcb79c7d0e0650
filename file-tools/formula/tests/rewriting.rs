//! Formulas after changes, against a table written by hand from what Excel does (`rewriting/cases.txt`).
#![expect(clippy::unwrap_used, reason = "a case that cannot be read fails its test")]

use std::collections::HashSet;

use deskhand_formula::{Axis, Book, BookTable, Change, Holder, Shift, rewrite, rewritten, translate};
use deskhand_operations::{Address, Area};

const CASES: &str = include_str!("rewriting/cases.txt");
const SHEETS: [&str; 10] = [
    "Data", "Jan", "Feb", "Mar", "Other", "Q1 2026", "It's", "SUM", "A1", "data.csv",
];

fn book() -> Book {
    Book {
        sheets: SHEETS.map(str::to_owned).to_vec(),
        tables: vec![BookTable {
            name: "Sales".to_owned(),
            sheet: "Data".to_owned(),
            area: Area::parse("B3:E10").unwrap(),
            columns: ["Region", "Units", "Price", "Total"].map(str::to_owned).to_vec(),
        }],
        touched: HashSet::new(),
    }
}

fn shift(words: &str, insert: bool) -> Change {
    let (axis, rest) = words.split_once(' ').unwrap();
    let (range, sheet) = rest.split_once(' ').unwrap();
    let area = Area::parse(range).unwrap();
    let (axis, at, count) = match axis {
        "rows" => (Axis::Rows, area.top, area.rows()),
        _ => (Axis::Columns, area.left, area.columns()),
    };
    Change::Shifted {
        sheet: sheet.to_owned(),
        shift: Shift {
            axis,
            at,
            count,
            insert,
        },
    }
}

fn owned((from, to): (&str, &str)) -> (String, String) {
    (from.to_owned(), to.to_owned())
}

/// The change that words name.
fn change(words: &str) -> Change {
    if let Some(rest) = words.strip_prefix("insert ") {
        return shift(rest, true);
    }
    let (verb, rest) = words.split_once(' ').unwrap();
    let (kind, object) = rest.split_once(' ').unwrap_or((rest, ""));
    let pair = || owned(object.split_once(" > ").unwrap());
    match (verb, kind) {
        ("rename", "sheet") => {
            let (from, to) = pair();
            Change::SheetRenamed { from, to }
        }
        ("rename", "table") => {
            let (from, to) = pair();
            Change::TableRenamed { from, to }
        }
        ("rename", "column") => {
            let (table, names) = object.split_once(": ").unwrap();
            let (from, to) = owned(names.split_once(" > ").unwrap());
            Change::ColumnRenamed {
                table: table.to_owned(),
                from,
                to,
            }
        }
        ("drop", "columns") => {
            let (table, names) = object.split_once(": ").unwrap();
            Change::ColumnsDeleted {
                table: table.to_owned(),
                columns: names.split(',').map(str::to_owned).collect(),
            }
        }
        ("drop", "table") => Change::TableDeleted {
            table: object.to_owned(),
        },
        ("delete", "sheet") => Change::SheetDeleted {
            sheet: object.to_owned(),
        },
        ("delete", _) => shift(rest, false),
        ("move", _) => {
            let (from, to) = rest.split_once(" > ").unwrap();
            let (from, to) = (Address::parse(from).unwrap(), Address::parse(to).unwrap());
            let place = to.area.unwrap();
            Change::RangeMoved {
                from: from.sheet.unwrap(),
                area: from.area.unwrap(),
                to: to.sheet.unwrap(),
                row: place.top,
                column: place.left,
            }
        }
        _ => panic!("no change: {words}"),
    }
}

/// The formula as the cells have it that a fill reaches, one after the other.
fn filled(words: &str, formula: &str) -> String {
    let (direction, cells) = words.split_once(' ').unwrap();
    let (down, across) = match direction {
        "down" => (1, 0),
        "up" => (-1, 0),
        "right" => (0, 1),
        _ => (0, -1),
    };
    let cells = 1..=cells.parse::<i64>().unwrap();
    let formulas: Vec<String> = cells
        .map(|step| translate(formula, down * step, across * step))
        .collect();
    formulas.join(" ; ")
}

/// The formula after the change; nothing where it stays.
fn after(words: &str, place: &str, formula: &str) -> Option<String> {
    if let Some(fill) = words.strip_prefix("fill ") {
        return Some(filled(fill, formula));
    }
    if let Some(distance) = words.strip_prefix("copy ") {
        let (rows, columns) = distance.split_once(' ').unwrap();
        return Some(translate(
            formula,
            rows.parse().unwrap(),
            columns.parse().unwrap(),
        ));
    }
    let address = Address::parse(place).unwrap();
    let holder = match (place, &address.sheet, address.area) {
        ("name", ..) => Holder::Name { sheet: None },
        ("chart", ..) => Holder::Part,
        (_, Some(sheet), Some(cell)) => Holder::Cell {
            sheet,
            row: cell.top,
            column: cell.left,
        },
        _ => panic!("no place: {place}"),
    };
    rewrite(formula, &holder, &change(words), &book())
}

#[test]
fn formulas_read_as_excel_writes_them() {
    let (mut count, mut wrong) = (0, Vec::new());
    for line in CASES
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        let fields: Vec<&str> = line.split(" | ").collect();
        let [words, place, formula, expected] = fields.as_slice() else {
            panic!("four fields: {line}");
        };
        count += 1;
        let found = after(words, place, formula);
        let stays = formula == expected && !words.starts_with("copy") && !words.starts_with("fill");
        if (stays && found.is_some()) || found.as_deref().unwrap_or(formula) != *expected {
            wrong.push(format!("{line}\n  found {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count >= 250, "{count} cases");
}

#[test]
fn inserting_and_deleting_the_same_gives_the_formula_back() {
    for formula in [
        "SUM(A1:A10)",
        "A5+$B$6",
        "SUM(5:9)",
        "SUM(A2:D9 B4:E20)",
        "Jan:Mar!A5",
        "SUM(A:A)",
        "A10:A1",
        "Data!C7",
    ] {
        for words in ["rows 5:7 Data", "columns C:D Data", "rows 1:1 Data"] {
            let holder = Holder::Cell {
                sheet: "Data",
                row: 99,
                column: 99,
            };
            let there = rewrite(formula, &holder, &change(&format!("insert {words}")), &book());
            let there = there.unwrap_or_else(|| formula.to_owned());
            let back = rewrite(&there, &holder, &change(&format!("delete {words}")), &book());
            assert_eq!(back.unwrap_or(there), formula, "{words}");
        }
    }
}

#[test]
fn formulas_whose_value_may_change_are_known() {
    let holder = Holder::Cell {
        sheet: "Data",
        row: 99,
        column: 0,
    };
    let mut book = book();
    book.touched.insert("rate".to_owned());
    for (formula, affected, lost) in [
        ("A5+B9", false, false),
        ("SUM(A1:A9)", true, false),
        ("SUM(A6:A9)", false, false),
        ("SUM(A:A)", true, false),
        ("ROW()", true, false),
        ("INDIRECT(\"A5\")", true, false),
        ("Rate*2", true, false),
        ("Jan!A1", false, false),
        ("A1048576", true, true),
    ] {
        let result = rewritten(formula, &holder, &change("insert rows 5:7 Data"), &book);
        assert_eq!((result.affected, result.lost), (affected, lost), "{formula}");
    }
}

#[test]
fn any_text_is_taken() {
    let holder = Holder::Cell {
        sheet: "Data",
        row: 0,
        column: 0,
    };
    for text in [
        "", "'", "[", "Sales[", "Sales[[", "Sales[']", "A1:", "#REF!", "'x'!", "!", "Sales[]", "Sales[@]",
        "[@",
    ] {
        for words in [
            "insert rows 1:1 Data",
            "delete columns A:A Data",
            "rename sheet Data > X",
            "delete sheet Data",
            "drop columns Sales: Units",
            "rename column Sales: Units > a[b",
            "move Data!A1:B2 > Data!C3",
        ] {
            let _ = rewrite(text, &holder, &change(words), &book());
        }
    }
}
