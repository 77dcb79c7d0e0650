//! Damaged and hostile drawings, charts, comments, pivot tables and sources: refused or changed, never a panic, and what was
//! changed is taken back to the byte. `DESKHAND_MUTATIONS` asks for more than a normal run.

use std::time::Instant;

use deskhand_opc::{Draft, Limits, Package, Target};
use deskhand_operations::RefusalCode;
use deskhand_sheet::Workbook;
use serde_json::{Value, json};

use crate::support::{
    done, fixture, goes_back, open, operation, part, plan, refused, settled, with_part, with_sheet, workbook,
};

const FILES: [&str; 5] = [
    "openxlsx-data__charts.xlsx",
    "openxlsx-data__pivot_notes.xlsx",
    "openxlsx-data__timeline.xlsx",
    "test_files__threaded_comments_none.xlsx",
    "ironcalc__example.xlsx",
];
/// What stands in the place of a value.
const VALUES: [&str; 22] = [
    "",
    "0",
    "1",
    "-1",
    "4294967295",
    "18446744073709551616",
    "1e309",
    "NaN",
    "A1:XFD1048576",
    "XFE1048577",
    "'",
    "rId999",
    "rId1",
    "../../../etc/passwd",
    "/xl/workbook.xml",
    "true",
    "{00000000-0000-0000-0000-000000000000}",
    "Sheet1!$A$1:$A$9,Sheet1!$C$1",
    "#REF!",
    "&#0;",
    "https://example.com/x",
    "\u{1F600}",
];
const POINT: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";

/// Numbers that look like chance and are the same in every run (xorshift64).
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end.max(1) as u64) as usize
    }
}

fn is_of_objects(part: &str) -> bool {
    let part = part.to_lowercase();
    let folders = [
        "drawings/",
        "charts/",
        "comments",
        "persons/",
        "pivot",
        "slicer",
        "timeline",
        "customxml/",
    ];
    folders.iter().any(|folder| part.contains(folder))
}

/// The content with one to four changes: values of attributes, texts, elements, single bytes.
fn mutated(content: &[u8], chance: &mut Chance) -> Vec<u8> {
    let mut content = content.to_vec();
    for _ in 0..=chance.below(4) {
        let places = |wanted: u8| -> Vec<usize> {
            let bytes = content.iter().enumerate();
            bytes
                .filter(|(_, byte)| **byte == wanted)
                .map(|(at, _)| at)
                .collect()
        };
        let value = VALUES[chance.below(VALUES.len())].as_bytes().to_vec();
        let (quotes, tags) = (places(b'"'), places(b'<'));
        let (range, new) = match chance.below(8) {
            0..4 if quotes.len() > 1 => {
                let pair = chance.below(quotes.len() / 2) * 2;
                (quotes[pair] + 1..quotes[pair + 1], value)
            }
            4 if tags.len() > 2 => {
                let first = chance.below(tags.len() - 1);
                let last = (first + 1 + chance.below(3)).min(tags.len() - 1);
                (tags[first]..tags[last], Vec::new())
            }
            5 if tags.len() > 2 => {
                let first = chance.below(tags.len() - 1);
                let twice = content[tags[first]..tags[first + 1]].to_vec();
                (tags[first]..tags[first], twice)
            }
            6 if tags.len() > 2 => {
                let tag = tags[chance.below(tags.len())];
                let text = content[tag..].iter().position(|byte| *byte == b'>');
                let at = tag + text.map_or(0, |text| text + 1);
                (at..at, value)
            }
            _ => {
                let at = chance.below(content.len());
                (at..(at + 1).min(content.len()), vec![chance.below(256) as u8])
            }
        };
        content.splice(range, new);
    }
    content
}

fn told(book: &Workbook, op: Value) -> Option<Value> {
    let answer = book.answer(&operation(op)).ok()?;
    Some(serde_json::to_value(answer).unwrap())
}

/// Everything that is done to a damaged workbook.
fn operations(book: &Workbook, chance: &mut Chance) -> Vec<Value> {
    let Some(info) = told(book, json!({"op": "workbook.info"})) else {
        return Vec::new();
    };
    told(book, json!({"op": "pivot.info"}));
    let mut operations = vec![json!({"op": "pivot.refresh"})];
    for sheet in info["sheets"].as_array().unwrap().iter().take(3) {
        let name = sheet["name"].as_str().unwrap();
        let on = |range: &str| format!("'{}'!{range}", name.replace('\'', "''"));
        for chart in sheet["charts"].as_array().unwrap().iter().take(2) {
            let looks = [
                json!({"title": "T"}),
                json!({"kind": "lineMarkers"}),
                json!({"kind": "pie"}),
                json!({"range": on("A1:C4")}),
                json!({"look": {"legend": "top", "valueTitle": "V", "gridlines": false}}),
                json!({"place": on("B2:H9")}),
            ];
            let mut update = json!({"op": "chart.update", "sheet": name, "name": chart});
            let look = looks[chance.below(looks.len())].clone();
            for (field, value) in look.as_object().unwrap() {
                update[field] = value.clone();
            }
            operations.push(update);
            operations.push(json!({"op": "chart.delete", "sheet": name, "name": chart}));
        }
        operations.push(
            json!({"op": "chart.add", "range": on("A1:C4"), "kind": "columnClustered", "name": "New chart"}),
        );
        operations.push(json!({"op": "picture.add", "place": on("B2"), "name": "New picture", "data": POINT, "altText": "A point"}));
        operations.push(json!({"op": "range.write", "range": on("XEA1"), "cells": [[7]],
            "sources": [{"figure": "XEA1", "document": "d", "address": "X!A1"}]}));
        operations.push(json!({"op": "rows.insert", "range": on("2:2")}));
        told(
            book,
            json!({"op": "range.read", "range": on("XEA1"), "what": ["sources"]}),
        );
    }
    let threads = told(book, json!({"op": "comment.read"})).unwrap_or_default();
    for thread in threads["threads"].as_array().into_iter().flatten().take(2) {
        operations.push(json!({"op": "comment.reply", "cell": thread["cell"], "text": "Seen"}));
    }
    operations
}

#[test]
fn hostile_objects_are_refused_or_changed_and_taken_back() {
    let wanted = std::env::var("DESKHAND_MUTATIONS").ok();
    let wanted = wanted.and_then(|count| count.parse().ok()).unwrap_or(40);
    let mut chance = Chance(0x2545_f491_4f6c_dd1d);
    let books: Vec<Workbook> = FILES.iter().map(|name| with_sources(&fixture(name))).collect();
    let (mut changed, mut refused, started) = (0, 0, Instant::now());
    for round in 0..wanted {
        let package = books[round % books.len()].package();
        let parts: Vec<&str> = package.parts().filter(|part| is_of_objects(part)).collect();
        let part = parts[chance.below(parts.len())];
        let content = package.part(part).unwrap();
        let hostile = mutated(&content, &mut chance);
        let mut draft = Draft::new(package);
        draft.edit(part, [(0..content.len(), hostile.into())]).unwrap();
        let bytes = draft.package().write().unwrap();
        let Ok(book) = Package::open(bytes.clone(), &Limits::default()).map(Workbook::open) else {
            continue;
        };
        let Ok(book) = book else { continue };
        for op in operations(&book, &mut chance) {
            let before = Instant::now();
            let Ok(planned) = book.plan(&operation(op.clone())) else {
                refused += 1;
                continue;
            };
            let mut after = book.clone();
            after.apply(&planned.patches).unwrap();
            let mut saved = Package::open(after.package().write().unwrap(), &Limits::default()).unwrap();
            saved.apply(&planned.patches.invert()).unwrap();
            assert!(saved.write().unwrap() == bytes, "round {round}: {part}: {op}");
            assert!(before.elapsed().as_secs() < 20, "round {round}: {part}: {op}");
            changed += 1;
        }
    }
    println!(
        "{wanted} mutations: {changed} changes, {refused} refusals in {:?}",
        started.elapsed()
    );
    assert!(
        changed > wanted && refused > 0,
        "{changed} changes, {refused} refusals"
    );
}

/// The workbook with a source, so that its part is there to be damaged.
fn with_sources(bytes: &[u8]) -> Workbook {
    let mut book = open(bytes);
    let info = told(&book, json!({"op": "workbook.info"})).unwrap();
    let name = info["sheets"][0]["name"].as_str().unwrap().replace('\'', "''");
    let op = json!({"op": "range.write", "range": format!("'{name}'!XEA1"), "cells": [[1]],
        "sources": [{"figure": "XEA1", "document": "d", "address": "X!A1", "value": 3}]});
    done(&mut book, op);
    open(&book.package().write().unwrap())
}

#[test]
fn a_tab_without_its_part_does_not_come_to_mean_the_new_sheet() {
    let mut draft = Draft::new(workbook(&[]).package());
    draft.remove_part("xl/worksheets/sheet2.xml").unwrap();
    let mut book = open(&draft.package().write().unwrap());
    let before = settled(&mut book);
    let (_, patches) = done(&mut book, json!({"op": "sheet.add", "name": "New"}));
    goes_back(&book, &patches, &before);
    done(
        &mut book,
        json!({"op": "range.write", "range": "New!A1", "cells": [[4711]]}),
    );
    assert!(!book.package().contains("xl/worksheets/sheet2.xml"));
    assert!(part(&book, "xl/worksheets/sheet3.xml").contains("4711"));
}

#[test]
fn ids_go_on_below_the_largest_that_there_is() {
    let book = workbook(&[&[json!("Region")], &[json!("North")]]);
    let xml = part(&book, "xl/workbook.xml").replace(r#"sheetId="2""#, r#"sheetId="4294967295""#);
    let mut book = with_part(&book, "xl/workbook.xml", &xml);
    done(&mut book, json!({"op": "sheet.add", "name": "New"}));
    done(
        &mut book,
        json!({"op": "sheet.copy", "name": "New", "to": "Newer"}),
    );
    let xml = part(&book, "xl/workbook.xml");
    let ids: Vec<&str> = xml
        .split(r#" sheetId=""#)
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect();
    assert_eq!(ids, ["1", "4294967295", "2", "3"]);
}

/// The workbook, opened where formulas and texts that cells share may take this many bytes.
fn confined(book: &Workbook, written_out: usize) -> Workbook {
    let limits = Limits {
        written_out,
        ..Limits::default()
    };
    Workbook::open(Package::open(book.package().write().unwrap(), &limits).unwrap()).unwrap()
}

/// A workbook whose first sheet holds 200 rows, each of this cell.
fn rows_of(cell: impl Fn(usize) -> String) -> Workbook {
    let space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let rows: Vec<String> = (1..=200)
        .map(|row| format!("<row r=\"{row}\">{}</row>", cell(row)))
        .collect();
    let rows = rows.concat();
    with_sheet(&format!(
        "<worksheet xmlns=\"{space}\"><sheetData>{rows}</sheetData></worksheet>"
    ))
}

/// 200 cells that share one long formula.
fn sharing_a_formula() -> Workbook {
    let formula = "A1+".repeat(300) + "A1";
    rows_of(|row| {
        let anchor = if row == 1 {
            format!(r#" ref="B1:B200">{formula}</f>"#)
        } else {
            "/>".to_owned()
        };
        format!(r#"<c r="B{row}"><f t="shared" si="0"{anchor}<v>1</v></c>"#)
    })
}

/// 200 cells that share one long text.
fn sharing_a_text() -> Workbook {
    let book = rows_of(|row| format!(r#"<c r="B{row}" t="s"><v>0</v></c>"#));
    let mut draft = Draft::new(book.package());
    let space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let table = format!(
        r#"<sst xmlns="{space}"><si><t>{}</t></si></sst>"#,
        "x".repeat(900)
    );
    let kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml";
    draft.add_part("xl/sharedStrings.xml", table, kind).unwrap();
    let relation = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings";
    let target = Target::Part("xl/sharedStrings.xml".to_owned());
    draft
        .add_relationship("xl/workbook.xml", relation, &target)
        .unwrap();
    open(&draft.package().write().unwrap())
}

#[test]
fn formulas_and_texts_that_many_cells_share_take_no_more_than_they_may() {
    let copy = json!({"op": "range.copy", "from": "Data!B1:B200", "to": "Data!D1"});
    let anchor = json!({"op": "range.write", "range": "Data!B1", "cells": [[1]]});
    let width = json!({"op": "columnWidth", "range": "Data!B:B", "fit": true});
    let filter =
        json!({"op": "filter.set", "range": "Data!B1:B200", "columns": [{"column": "B", "values": ["y"]}]});
    let cases = [
        (sharing_a_formula(), vec![copy.clone(), anchor]),
        (sharing_a_text(), vec![copy, width, filter]),
    ];
    let (enough, too_little) = (1 << 20, 100_000);
    let other = confined(&workbook(&[]), too_little);
    for (book, changes) in cases {
        let (wide, narrow) = (confined(&book, enough), confined(&book, too_little));
        for op in changes {
            assert_eq!(plan(&wide, op.clone()).err(), None, "{op}");
            assert_eq!(refused(&narrow, op).0, RefusalCode::TooLarge);
        }
        let tie_out = operation(json!({"op": "workbook.tieOut"}));
        assert_eq!(wide.answer(&tie_out).err(), None);
        assert_eq!(narrow.answer(&tie_out).unwrap_err().code, RefusalCode::TooLarge);
        let compared = deskhand_sheet::compare(&narrow, &other);
        assert_eq!(compared.unwrap_err().code, RefusalCode::TooLarge);
    }
}
