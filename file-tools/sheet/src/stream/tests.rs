//! The quick way of reading says the same as the general one, or says nothing.

mod changing;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use deskhand_opc::{Blob, Draft, Limits, Package};
use deskhand_operations::workbook::{RangeFacet, RangeFind, RangeRead};
use deskhand_operations::{Area, CellValue, WorkbookAnswer, WorkbookOperation};

use super::{LARGE, SharedTexts, Streamed, StreamedValue, cells, excerpt};
use crate::cells::Keep;
use crate::ops::values::{formula, value};
use crate::sheet::Worksheet;
use crate::workbook::{SheetKind, Workbook};

/// A cell as both ways give it.
type Plain = (u32, u32, u32, CellValue, Option<String>);

/// A cell as the part holds it.
type Shown = (u32, u32, u32, Option<String>, Option<String>);

/// The committed workbooks and, where there is one, the larger corpus.
fn workbooks() -> Vec<(PathBuf, Workbook)> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let corpus = std::env::var_os("DESKHAND_CORPUS")
        .map_or_else(|| here.join("../../../shared/corpus"), PathBuf::from);
    let folders = [here.join("../fixtures/workbooks"), corpus];
    let entries = folders
        .iter()
        .filter_map(|folder| std::fs::read_dir(folder).ok())
        .flatten();
    let mut found: Vec<_> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "xlsx" || extension == "xlsm")
        })
        .filter_map(|path| {
            let bytes = std::fs::read(&path).unwrap();
            let workbook = Workbook::read(Package::open(bytes, &Limits::default()).ok()?).ok()?;
            Some((path, workbook))
        })
        .collect();
    found.sort_by(|one, other| one.0.cmp(&other.0));
    found
}

fn general(workbook: &Workbook, part: &str) -> Option<(Vec<Plain>, Option<Area>)> {
    let strings = crate::strings::shared(workbook).ok()?;
    let content = workbook.package.part(part).ok()?;
    let sheet = Worksheet::read(workbook, part, &content, &Keep::All).ok()?;
    let cells = sheet.data.cells.iter().map(|cell| {
        let value = value(cell, &strings);
        (cell.row, cell.column, cell.style, value, formula(cell))
    });
    Some((cells.collect(), sheet.data.used))
}

fn streamed(workbook: &Workbook, part: &str) -> Option<(Vec<Plain>, Option<Area>)> {
    let texts = SharedTexts::read(workbook).ok()?;
    let (mut found, mut is_plain) = (Vec::new(), true);
    let mut visit = |cell: &super::StreamedCell<'_>| {
        let (Some(value), Ok(formula)) = (cell.value(&texts), cell.formula()) else {
            is_plain = false;
            return false;
        };
        let value = match value {
            StreamedValue::Empty => CellValue::Empty,
            StreamedValue::Number(number) => CellValue::Number(number),
            StreamedValue::Boolean(value) => CellValue::Boolean(value),
            StreamedValue::Text(text) => CellValue::Text(text.into_owned()),
        };
        let formula = formula.filter(|formula| !formula.is_empty());
        let formula = formula.map(|formula| format!("={}", deskhand_formula::from_file(&formula)));
        found.push((cell.row, cell.column, cell.style, value, formula));
        true
    };
    let (how, used) = cells(&workbook.package, part, &mut visit).ok()?;
    (how == Streamed::Done && is_plain).then_some((found, used))
}

/// Every worksheet that can be read, of every workbook, with its name.
fn worksheets() -> Vec<(String, std::sync::Arc<Workbook>, String)> {
    let mut found = Vec::new();
    for (path, workbook) in workbooks() {
        let workbook = std::sync::Arc::new(workbook);
        for sheet in &workbook.sheets {
            if sheet.kind == SheetKind::Worksheet {
                let name = format!("{} {}", path.display(), sheet.part);
                found.push((name, workbook.clone(), sheet.part.clone()));
            }
        }
    }
    found
}

#[test]
fn both_ways_give_the_same_cells_of_every_sheet() {
    let mut same = 0;
    for (name, workbook, part) in worksheets() {
        let Some(general) = general(&workbook, &part) else {
            continue;
        };
        if let Some(streamed) = streamed(&workbook, &part) {
            assert!(streamed == general, "{name}");
            same += 1;
        } else {
            assert_eq!(general, (Vec::new(), None), "{name} is not streamed");
        }
    }
    assert!(same > 10, "{same} sheets");
}

#[test]
fn an_excerpt_reads_as_its_rows_in_the_whole() {
    let mut cut = 0;
    for (name, workbook, part) in worksheets() {
        let Ok(content) = workbook.package.part(&part) else {
            continue;
        };
        for (top, left, bottom, right) in [(0, 0, 9, 9), (3, 1, 20, 3), (10, 0, 10, 40), (0, 2, 1_000_000, 2)]
        {
            let area = Area {
                top,
                left,
                bottom,
                right,
            };
            let keep = Keep::Areas(vec![area]);
            let Ok(whole) = Worksheet::read(&workbook, &part, &content, &keep) else {
                continue;
            };
            let Ok(Some(excerpt)) = excerpt(&workbook.package, &part, area, 5, 1000) else {
                continue;
            };
            cut += 1;
            let name = format!("{name} {area}");
            assert_eq!(excerpt.used, whole.data.used, "{name}");
            let part = Worksheet::read(&workbook, &part, &excerpt.content, &keep);
            let part = part.unwrap_or_else(|_| panic!("{name} cannot be read"));
            // The cells of an answer: at most five rows of what is used, or the first cell.
            let used = whole.data.used.and_then(|used| used.intersection(&area));
            let used = used.unwrap_or(Area::cell(top, left));
            let bottom = used.bottom.min(used.top + 4);
            let used = Area { bottom, ..used };
            assert_eq!(shown(&part, used), shown(&whole, used), "{name}");
            for row in used.top..=used.bottom {
                let styles = (part.style_for_new(row, left), whole.style_for_new(row, left));
                assert_eq!(styles.0, styles.1, "{name}");
            }
            assert_eq!(part.elements.len(), whole.elements.len(), "{name}");
        }
    }
    assert!(cut > 40, "{cut} excerpts");
}

fn shown(sheet: &Worksheet<'_>, area: Area) -> Vec<Shown> {
    let cells = sheet.data.cells.iter();
    let cells = cells.filter(|cell| area.contains(cell.row, cell.column));
    cells
        .map(|cell| {
            (
                cell.row,
                cell.column,
                cell.style,
                cell.value.clone(),
                formula(cell),
            )
        })
        .collect()
}

/// A workbook whose first sheet has this content.
fn with_sheet(content: &str) -> Workbook {
    let (_, mut workbook) = workbooks().swap_remove(0);
    let part = workbook.sheets[0].part.clone();
    let mut draft = Draft::new(&workbook.package);
    let size = workbook.package.part(&part).unwrap().len();
    draft.edit(&part, [(0..size, Blob::from(content))]).unwrap();
    workbook.package = draft.package().clone();
    workbook
}

#[test]
fn what_is_unusual_is_left_to_the_general_way() {
    let sheet = |rows: &str| {
        format!(
            r#"<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{rows}</sheetData></worksheet>"#
        )
    };
    let plain = r#"<row r="1"><c r="A1"><v>1</v></c></row>"#;
    for (rows, is_plain) in [
        (plain, true),
        (
            "<!-- <row> --><row><c><v>1</v></c><c t=\"str\"><f>A1&amp;&quot;&lt;&quot;</f><v>1&lt;</v></c></row>",
            true,
        ),
        (
            "<row r='2'><c r='B2' t='inlineStr'><is><r><t>a</t></r><r><t> &gt; b</t></r></is></c></row><row/>",
            true,
        ),
        (
            "<row r=\"1\"><c r=\"A1\"><v>1</v></c></row><row r=\"1\"><c r=\"A1\"><v>1</v></c></row>",
            false,
        ),
        (
            "<row r=\"1\"><c r=\"B1\"><v>1</v></c><c r=\"A1\"><v>1</v></c></row>",
            false,
        ),
        ("<row r=\"1\"><c r=\"A2\"><v>1</v></c></row>", false),
        (
            "<row r=\"1\"><c r=\"A1\" t=\"str\"><v><![CDATA[x]]></v></c></row>",
            false,
        ),
        (
            "<row r=\"1\"><c r=\"A1\" t=\"str\"><v>&mine;</v></c></row>",
            false,
        ),
        (
            "<row r=\"1\" xmlns:y=\"urn:y\"><c r=\"A1\"><v>1</v></c></row>",
            false,
        ),
        ("<row r=\"1\"><c r=\"A1\"><v>1</v></c>", false),
        ("<row r=\"1\"><c r=\"A1\"><v>1", false),
        ("<row r=\"1\"><c r=\"XFE1\"><v>1</v></c></row>", false),
        ("<row r=\"1048577\"></row>", false),
    ] {
        let workbook = with_sheet(&sheet(rows));
        let part = &workbook.sheets[0].part;
        let streamed = streamed(&workbook, part);
        assert_eq!(streamed.is_some(), is_plain, "{rows}");
        if is_plain {
            assert_eq!(streamed, general(&workbook, part), "{rows}");
        }
    }
}

#[test]
fn a_prefixed_sheet_is_read_as_any_other() {
    let content = r#"<x:worksheet xmlns:x="http://purl.oclc.org/ooxml/spreadsheetml/main"><x:cols><x:col min="1" max="3" style="2"/></x:cols><x:sheetData><x:row r="3"><x:c r="C3" t="b"><x:v>1</x:v></x:c></x:row></x:sheetData></x:worksheet>"#;
    let workbook = with_sheet(&format!("<?xml version=\"1.0\"?>{content}"));
    let part = &workbook.sheets[0].part;
    let cells = vec![(2, 2, 0, CellValue::Boolean(true), None)];
    assert_eq!(streamed(&workbook, part), Some((cells, Some(Area::cell(2, 2)))));
    let area = Area {
        top: 0,
        left: 0,
        bottom: 9,
        right: 9,
    };
    let excerpt = excerpt(&workbook.package, part, area, 5, 1000)
        .ok()
        .flatten()
        .unwrap();
    assert_eq!(&*excerpt.content, content.as_bytes());
}

/// Rows of a number, its double by a shared formula, and a text.
fn large() -> Workbook {
    let mut rows = String::new();
    for row in 3..=40_000u32 {
        let formula = match row {
            3 => r#"<f t="shared" ref="B3:B40000" si="4">A3*2</f>"#.to_owned(),
            _ => r#"<f t="shared" si="4"/>"#.to_owned(),
        };
        write!(
            rows,
            r#"<row r="{row}"><c r="A{row}"><v>{row}</v></c><c r="B{row}">{formula}<v>{}</v></c><c r="C{row}" t="inlineStr"><is><t>no {row}</t></is></c></row>"#,
            row * 2
        )
        .unwrap();
    }
    let workbook = with_sheet(&format!(
        r#"<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1"><c r="A1" s="0"/></row>{rows}</sheetData></worksheet>"#
    ));
    assert!(workbook.package.part_size(&workbook.sheets[0].part).unwrap() > LARGE);
    workbook
}

#[test]
fn a_range_of_a_large_sheet_is_read_by_its_rows() {
    let workbook = large();
    let name = workbook.sheets[0].name.replace('\'', "''");
    let number = |number: u32| CellValue::Number(f64::from(number));
    for (range, max_rows, address, rest, first) in [
        ("B30000:C30001", None, "B30000:C30001", None, 30_000),
        (
            "B30000:C39999",
            Some(2),
            "B30000:C30001",
            Some("B30002:C39999"),
            30_000,
        ),
        ("B1:XFD40000", Some(2), "B3:C4", Some("B5:C40000"), 3),
        ("B39999:C1048576", None, "B39999:C40000", None, 39_999),
    ] {
        let read = RangeRead {
            range: format!("'{name}'!{range}"),
            what: vec![RangeFacet::Values, RangeFacet::Formulas],
            max_rows,
        };
        let WorkbookAnswer::RangeRead(answer) = workbook.answer(&WorkbookOperation::RangeRead(read)).unwrap()
        else {
            panic!("another answer");
        };
        let area = |address: &str| address.rsplit_once('!').unwrap().1.to_owned();
        assert_eq!(area(&answer.address), address);
        assert_eq!(answer.rest.as_deref().map(area).as_deref(), rest);
        let text = |text: String| CellValue::Text(text);
        let values = [first, first + 1].map(|row| vec![number(row * 2), text(format!("no {row}"))]);
        assert_eq!(answer.values.unwrap(), values, "{range}");
        let formulas =
            [first, first + 1].map(|row| vec![text(format!("=A{row}*2")), text(format!("no {row}"))]);
        assert_eq!(answer.formulas.unwrap(), formulas, "{range}");
    }
}

#[test]
fn a_text_is_found_in_a_large_sheet() {
    let workbook = large();
    for (text, in_formulas, address, formula) in [
        ("no 29999", false, "C29999", None),
        ("a30001*", true, "B30001", Some("=A30001*2")),
    ] {
        let find = RangeFind {
            text: text.to_owned(),
            range: None,
            in_formulas,
        };
        let WorkbookAnswer::RangeFind(answer) = workbook.answer(&WorkbookOperation::RangeFind(find)).unwrap()
        else {
            panic!("another answer");
        };
        assert_eq!(answer.cells.len(), 1, "{text}");
        assert!(answer.cells[0].address.ends_with(address), "{text}");
        assert_eq!(answer.cells[0].formula.as_deref(), formula, "{text}");
    }
}
