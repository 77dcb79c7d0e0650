//! Where figures came from: kept in the file, following their cells, told as outdated where they mean nothing any more.

use deskhand_opc::{Draft, Step, way_back};
use deskhand_operations::{KeptSource, RefusalCode};
use deskhand_sheet::{Workbook, lint};
use serde_json::{Value, json};

use crate::corpus::differing;
use crate::outside::new_findings;
use crate::support::{
    done, fixture, open, openpyxl, operation, part, plan, read, saved, with_part, workbook,
};

const PART: &str = "customXml/deskhandSources.xml";

fn book() -> Workbook {
    workbook(&[
        &[json!("Region"), json!("Units")],
        &[json!("North"), json!(2)],
        &[json!("South"), json!(3)],
    ])
}

fn source(figure: &str, address: &str, value: &Value) -> Value {
    json!({"figure": figure, "document": "d1", "title": "Ledger <2026>.xlsx", "address": address, "value": value})
}

/// Writes 2 and 3 into B2:B3 of `Data`, with a source each.
fn written(book: &mut Workbook) -> deskhand_opc::PatchSet {
    let sources = [
        source("B2", "Revenue!F2:F486", &json!(2)),
        source("Data!$B$3", "Revenue!F487", &json!("three & more")),
    ];
    done(
        book,
        json!({"op": "range.write", "range": "Data!B2", "cells": [[2], [3]], "sources": sources}),
    )
    .1
}

fn kept(book: &Workbook, range: &str) -> Vec<KeptSource> {
    read(book, range, &["sources"]).sources.unwrap()
}

/// The cells with a source that still stands, and those with one that does not.
fn cells(book: &Workbook, range: &str) -> (Vec<String>, Vec<String>) {
    let (outdated, standing): (Vec<_>, Vec<_>) =
        kept(book, range).into_iter().partition(|source| source.outdated);
    let figures = |sources: Vec<KeptSource>| sources.into_iter().map(|source| source.figure).collect();
    (figures(standing), figures(outdated))
}

fn strings(cells: &[&str]) -> Vec<String> {
    cells.iter().map(|cell| (*cell).to_owned()).collect()
}

#[test]
fn a_file_keeps_the_sources_of_its_figures_and_tells_them() {
    let folder = tempfile::tempdir().unwrap();
    let mut book = book();
    let before = book.package().clone();
    let first = before.write().unwrap();
    let plain = saved(&book, folder.path(), "before.xlsx");
    let patches = written(&mut book);
    assert_eq!(
        serde_json::to_value(kept(&book, "Data")).unwrap(),
        json!([
            {"figure": "B2", "document": "d1", "title": "Ledger <2026>.xlsx", "address": "Revenue!F2:F486", "value": 2.0},
            {"figure": "B3", "document": "d1", "title": "Ledger <2026>.xlsx", "address": "Revenue!F487", "value": "three & more"},
        ])
    );
    assert_eq!(kept(&book, "Data!A1:B2").len(), 1);
    assert_eq!(kept(&book, "'Q1 2026'!A1:B2").len(), 0);
    assert_eq!(read(&book, "Data", &[]).sources, None);
    let info =
        serde_json::to_value(book.answer(&operation(json!({"op": "workbook.info"}))).unwrap()).unwrap();
    assert_eq!(info["sources"], 2);
    let changed = differing(&before, book.package());
    let allowed =
        |part: &String| part.contains("sheet1.xml") || part.contains("customXml") || part.contains("rels");
    assert!(
        changed
            .iter()
            .all(|part| allowed(part) || part == "[Content_Types].xml"),
        "{changed:?}"
    );
    assert!(lint(&book).unwrap().is_empty());
    let after = saved(&book, folder.path(), "after.xlsx");
    assert_eq!(new_findings(&plain, &after), Vec::<String>::new());
    let read = openpyxl(&[json!({"file": after, "cells": [["Data", "B3"]]})]);
    assert_eq!(read[0]["cells"]["Data!B3"]["value"], 3, "{read:?}");
    let mut reopened = open(&std::fs::read(&after).unwrap());
    assert_eq!(kept(&reopened, "Data").len(), 2);
    reopened.apply(&patches.invert()).unwrap();
    assert!(reopened.package().write().unwrap() == first);
}

#[test]
fn a_source_goes_when_its_cell_is_overwritten_without_one() {
    let cases = [
        (
            json!({"op": "range.write", "range": "Data!B2", "cells": [[9]]}),
            &["B3"][..],
        ),
        (
            json!({"op": "range.write", "range": "Data!B2", "cells": [[null], [9]]}),
            &["B2"],
        ),
        (json!({"op": "range.clear", "range": "Data!B2:B3"}), &[]),
        (
            json!({"op": "range.write", "range": "Data!B2", "cells": [[9]], "sources": [source("B2", "Other!A1", &json!(9))]}),
            &["B2", "B3"],
        ),
        (
            json!({"op": "range.format", "range": "Data!B2:B3", "format": {"bold": true}}),
            &["B2", "B3"],
        ),
        (
            json!({"op": "range.write", "range": "Data!A2", "cells": [["West"]]}),
            &["B2", "B3"],
        ),
    ];
    for (op, left) in cases {
        let mut book = book();
        written(&mut book);
        done(&mut book, op.clone());
        assert_eq!(cells(&book, "Data"), (strings(left), vec![]), "{op}");
    }
}

#[test]
fn sources_follow_rows_columns_and_the_name_of_their_sheet() {
    let cases = [
        (
            json!({"op": "rows.insert", "range": "Data!3:4"}),
            &["B2", "B5"][..],
        ),
        (json!({"op": "rows.delete", "range": "Data!2:2"}), &["B2"]),
        (
            json!({"op": "columns.insert", "range": "Data!A:A"}),
            &["C2", "C3"],
        ),
        (json!({"op": "columns.delete", "range": "Data!B:B"}), &[]),
        (
            json!({"op": "rows.insert", "range": "'Q1 2026'!1:1"}),
            &["B2", "B3"],
        ),
    ];
    for (op, left) in cases {
        let mut book = book();
        written(&mut book);
        let before = book.package().write().unwrap();
        let (_, patches) = done(&mut book, op.clone());
        assert_eq!(cells(&book, "Data"), (strings(left), vec![]), "{op}");
        book.apply(&patches.invert()).unwrap();
        assert!(book.package().write().unwrap() == before, "{op}");
    }
    let mut book = book();
    written(&mut book);
    let named = part(&book, "xl/workbook.xml").replace("name=\"Data\"", "name=\"Figures\"");
    let renamed = with_part(&book, "xl/workbook.xml", &named);
    assert_eq!(cells(&renamed, "Figures").0, ["B2", "B3"]);
    done(&mut book, json!({"op": "sheet.delete", "name": "Data"}));
    assert!(!part(&book, PART).contains("<cell "));
}

#[test]
fn a_sheet_whose_name_is_the_sources_too_can_get_rows() {
    let mut book = book();
    let sources = [source("B2", "Data!F2", &json!(2))];
    let op = json!({"op": "range.write", "range": "Data!B2", "cells": [["=B3*1.5"]], "sources": sources});
    done(&mut book, op);
    done(&mut book, json!({"op": "rows.insert", "range": "Data!1:1"}));
    assert_eq!(cells(&book, "Data"), (strings(&["B3"]), vec![]));
    assert_eq!(kept(&book, "Data")[0].address, "Data!F2");
}

#[test]
fn what_another_program_changed_is_told_as_outdated() {
    let mut book = book();
    written(&mut book);
    let sheet = "xl/worksheets/sheet1.xml";
    let xml = part(&book, sheet);
    let (before, after) = xml.split_once("r=\"B2\"").unwrap();
    let changed = format!("{before}r=\"B2\"{}", after.replacen("<v>2</v>", "<v>2.5</v>", 1));
    let book = with_part(&book, sheet, &changed);
    assert_eq!(cells(&book, "Data"), (strings(&["B3"]), strings(&["B2"])));
    // Another program gives the part another name and other prefixes.
    let mut renamed = Draft::new(book.package());
    let xml = part(&book, PART)
        .replace("<figureSources xmlns=", "<f:figureSources xmlns:f=")
        .replace("</figureSources", "</f:figureSources")
        .replace("<cell", "<f:cell");
    renamed.remove_part(PART).unwrap();
    renamed
        .add_part("customXml/item1.xml", xml, "application/xml")
        .unwrap();
    let relationships = "xl/_rels/workbook.xml.rels";
    let content = part(&book, relationships).replace("deskhandSources.xml", "item1.xml");
    let length = renamed.package().part(relationships).unwrap().len();
    renamed
        .edit(relationships, [(0..length, content.into())])
        .unwrap();
    let mut book = open(&renamed.package().write().unwrap());
    assert_eq!(cells(&book, "Data"), (strings(&["B3"]), strings(&["B2"])));
    let op = json!({"op": "range.write", "range": "Data!A2", "cells": [[7]], "sources": [source("A2", "X!A1", &json!(7))]});
    done(&mut book, op);
    assert_eq!(cells(&book, "Data").0, ["A2", "B3"]);
    assert!(!book.package().contains(PART));
}

#[test]
fn an_earlier_write_is_taken_back_while_the_sources_of_a_later_one_stay() {
    let mut book = book();
    let first = book.package().clone();
    let one = written(&mut book);
    let op = json!({"op": "range.write", "range": "Data!D9", "cells": [[7]], "sources": [source("D9", "X!A1", &json!(7))]});
    let (_, two) = done(&mut book, op);
    let step = |set: &deskhand_opc::PatchSet, cancels| Step {
        set: set.clone(),
        cancels,
    };
    // What a sheet notes of its used range may say too much.
    let yields = |part: &str, _: &deskhand_opc::Span| part.starts_with("xl/worksheets/");
    let mut log = vec![step(&one, None), step(&two, None)];
    let back = way_back(&log, 0, &yields).unwrap();
    let back = book.take_back(&back.set).unwrap();
    book.apply(&back).unwrap();
    assert_eq!(cells(&book, "Data"), (strings(&["D9"]), vec![]));
    let book_of_file = open(&book.package().write().unwrap());
    assert_eq!(cells(&book_of_file, "Data").0, ["D9"]);
    log.push(step(&back, Some(0)));
    let back = way_back(&log, 1, &yields).unwrap();
    let back = book.take_back(&back.set).unwrap();
    book.apply(&back).unwrap();
    assert_eq!(differing(&first, book.package()), Vec::<String>::new());
}

#[test]
fn sources_of_nothing_that_was_written_are_named_and_not_kept() {
    let mut book = book();
    let strange = ["C9", "Nowhere!B2", "'Q1 2026'!A1", "B2:B3", "the total", "B3"];
    let mut sources: Vec<Value> = strange.map(|figure| source(figure, "R!A1", &json!(1))).into();
    sources.push(source("B2", "R!A1", &json!(1)));
    let op = json!({"op": "range.write", "range": "Data!B2", "cells": [[5], [null]], "sources": sources});
    let (applied, _) = done(&mut book, op);
    let warning = applied.warnings.last().unwrap();
    assert!(strange.iter().all(|figure| warning.contains(figure)), "{warning}");
    assert_eq!(cells(&book, "Data").0, ["B2"]);
    let many: Vec<Value> = (0..501).map(|_| source("B2", "R!A1", &json!(1))).collect();
    let op = json!({"op": "range.write", "range": "Data!B2", "cells": [[5]], "sources": many});
    assert_eq!(plan(&book, op).unwrap_err().code, RefusalCode::TooLarge);
}

#[test]
fn a_damaged_part_of_sources_is_no_reason_to_refuse_a_file() {
    let mut book = book();
    written(&mut book);
    let sound = part(&book, PART);
    let cases = [
        sound.replace("</figureSources>", ""),
        sound.replace("<cell", "<other"),
        sound.replace(" ref=", " at="),
        sound.replace("sheet=\"1\"", "sheet=\"one\""),
    ];
    for xml in cases {
        let mut book = with_part(&book, PART, &xml);
        assert_eq!(kept(&book, "Data"), [], "{xml}");
        done(
            &mut book,
            json!({"op": "range.write", "range": "Data!B2", "cells": [[9]]}),
        );
    }
}

#[test]
fn a_strict_workbook_keeps_sources_in_its_own_dialect() {
    let bytes = fixture("open-xml-sdk__ActiveXControls-O12-XL-Controls.xlsx");
    let mut book = open(&bytes);
    assert!(part(&book, "xl/workbook.xml").contains("purl.oclc.org"));
    let info =
        serde_json::to_value(book.answer(&operation(json!({"op": "workbook.info"}))).unwrap()).unwrap();
    let range = format!("'{}'!XEA1", info["sheets"][0]["name"].as_str().unwrap());
    let op = json!({"op": "range.write", "range": range, "cells": [[7]], "sources": [source("XEA1", "X!A1", &json!(7))]});
    let (_, patches) = done(&mut book, op);
    assert_eq!(kept(&book, &range).len(), 1);
    let relationships = part(&book, "xl/_rels/workbook.xml.rels");
    assert!(relationships.contains("http://purl.oclc.org/ooxml/officeDocument/relationships/customXml\""));
    book.apply(&patches.invert()).unwrap();
    assert!(book.package().write().unwrap() == bytes);
}

#[test]
fn sources_travel_with_copies_that_show_the_same_figure() {
    let cases = [
        (
            json!({"op": "range.copy", "from": "Data!B2:B3", "to": "Data!D5"}),
            &["B2", "B3", "D5", "D6"][..],
        ),
        (
            json!({"op": "range.copy", "from": "Data!B2:B3", "to": "Data!D5", "transpose": true}),
            &["B2", "B3", "D5", "E5"],
        ),
        (
            json!({"op": "range.copy", "from": "Data!B2:B3", "to": "Data!B3"}),
            &["B2", "B3", "B4"],
        ),
        (
            json!({"op": "range.copy", "from": "Data!B2", "to": "Data!C2:D3"}),
            &["B2", "C2", "D2", "B3", "C3", "D3"],
        ),
        (
            json!({"op": "range.copy", "from": "Data!B2:B3", "to": "Data!D5", "what": "formats"}),
            &["B2", "B3"],
        ),
        // Over a figure: its own source goes.
        (
            json!({"op": "range.copy", "from": "Data!A2", "to": "Data!B2"}),
            &["B3"],
        ),
    ];
    for (op, expected) in cases {
        let mut book = book();
        written(&mut book);
        let before = book.package().write().unwrap();
        let (_, patches) = done(&mut book, op.clone());
        assert_eq!(cells(&book, "Data"), (strings(expected), vec![]), "{op}");
        book.apply(&patches.invert()).unwrap();
        assert!(book.package().write().unwrap() == before, "{op}");
    }
    let mut book = book();
    written(&mut book);
    done(
        &mut book,
        json!({"op": "range.copy", "from": "Data!B2:B3", "to": "'Q1 2026'!H1"}),
    );
    assert_eq!(cells(&book, "'Q1 2026'").0, ["H1", "H2"]);
    done(
        &mut book,
        json!({"op": "sheet.copy", "name": "Data", "to": "Again"}),
    );
    assert_eq!(cells(&book, "Again").0, ["B2", "B3"]);
    assert_eq!(cells(&book, "Data").0, ["B2", "B3"]);
}

#[test]
fn the_source_of_a_formula_travels_where_the_copy_reads_the_same_cells() {
    let mut book = book();
    let op = json!({"op": "range.write", "range": "Data!B2", "cells": [["=A9*2"], ["=$A$9*2"]],
        "sources": [source("B2", "R!A1", &json!(0)), source("B3", "R!A2", &json!(0))]});
    done(&mut book, op);
    done(
        &mut book,
        json!({"op": "range.copy", "from": "Data!B2:B3", "to": "Data!D2"}),
    );
    assert_eq!(cells(&book, "Data"), (strings(&["B2", "B3", "D3"]), vec![]));
    // As values both are what the sources were of.
    done(
        &mut book,
        json!({"op": "range.copy", "from": "Data!B2:B3", "to": "Data!F2", "what": "values"}),
    );
    assert_eq!(cells(&book, "Data!F:F"), (strings(&["F2", "F3"]), vec![]));
}

#[test]
fn sources_move_with_the_rows_of_a_sort() {
    let mut book = book();
    written(&mut book);
    let before = book.package().write().unwrap();
    let sort = json!({"op": "range.sort", "range": "Data!A1:B3", "hasHeader": true, "by": [{"column": "B", "descending": true}]});
    let (_, patches) = done(&mut book, sort);
    assert_eq!(cells(&book, "Data"), (strings(&["B2", "B3"]), vec![]));
    assert_eq!(kept(&book, "Data!B2")[0].address, "Revenue!F487");
    assert_eq!(kept(&book, "Data!B3")[0].address, "Revenue!F2:F486");
    book.apply(&patches.invert()).unwrap();
    assert!(book.package().write().unwrap() == before);
}
