//! Large sheets are changed, computed and checked by a part of them as they would be by the whole.

use std::collections::BTreeMap;

use deskhand_operations::workbook::RangeWrite;
use deskhand_operations::{CellInput, RefusalCode};

use super::*;
use crate::cell_edit::{CellEdit, CellEdits, Content, edits};
use crate::recalculation::book::Book;
use crate::stream::SheetPart;

/// Changes here and there: in cells that are there, beside them, in rows that are not there, and below the last.
fn changes(used: Area) -> CellEdits {
    let mut changes = CellEdits::new();
    let middle = used.top.midpoint(used.bottom);
    for row in [
        0,
        used.top,
        used.top + 1,
        middle,
        used.bottom,
        used.bottom + 1,
        used.bottom + 40,
    ] {
        for column in [used.left, used.left.midpoint(used.right), used.right + 1] {
            let content = Content::Value(CellValue::Number(7.5));
            changes.insert((row, column), CellEdit { content, style: None });
        }
    }
    changes
}

#[test]
fn a_change_in_a_cut_is_the_same_change_in_the_whole() {
    let (mut same, mut whole_groups) = (0, 0);
    for (name, workbook, part) in worksheets() {
        let Ok(content) = workbook.package.part(&part) else {
            continue;
        };
        let Ok(head) = Worksheet::read(&workbook, &part, &content, &Keep::Areas(Vec::new())) else {
            continue;
        };
        let Some(used) = head
            .data
            .used
            .filter(|used| used.right < 200 && used.bottom < 1_000_000)
        else {
            continue;
        };
        let changes = changes(used);
        let mut rows: Vec<u32> = changes.keys().map(|(row, _)| *row).collect();
        rows.dedup();
        let keep = Keep::Rows(rows.clone());
        let whole = Worksheet::read(&workbook, &part, &content, &keep).unwrap_or_else(|_| panic!("{name}"));
        let places: Vec<(u32, u32)> = rows.iter().map(|row| (*row, *row)).collect();
        let mut watch = |cell: &super::super::StreamedCell<'_>| {
            !(cell.is_anchor() && changes.contains_key(&(cell.row, cell.column)))
        };
        let Ok(Some(cut)) = SheetPart::cut(&workbook.package, &part, &places, &mut watch) else {
            whole_groups += 1;
            continue;
        };
        let read = cut.read(&workbook, &keep).unwrap_or_else(|_| panic!("{name}"));
        assert_eq!(read.data.used, whole.data.used, "{name}");
        assert_eq!(read.data.arrays, whole.data.arrays, "{name}");
        assert_eq!(read.merged, whole.merged, "{name}");
        let mut expected = Draft::new(&workbook.package);
        expected.edit(&part, edits(&whole, &changes).unwrap()).unwrap();
        let mut made = Draft::new(&workbook.package);
        cut.edit(&mut made, edits(&read, &changes).unwrap())
            .unwrap_or_else(|_| panic!("{name}"));
        let (made, expected) = (
            made.package().part(&part).unwrap(),
            expected.package().part(&part).unwrap(),
        );
        let differs = made
            .iter()
            .zip(expected.iter())
            .position(|(made, expected)| made != expected);
        let near = |bytes: &[u8]| {
            let from = differs.unwrap_or_default().saturating_sub(200);
            String::from_utf8_lossy(&bytes[from..bytes.len().min(from + 400)]).into_owned()
        };
        assert!(made == expected, "{name}\n{}\n{}", near(&made), near(&expected));
        same += 1;
    }
    println!("{same} the same, {whole_groups} read as a whole");
    assert!(same > 20, "{same} sheets");
}

#[test]
fn formulas_pass_by_as_they_are_read() {
    let mut compared = 0;
    for (name, workbook, part) in worksheets() {
        let mut read = Book::default();
        let Ok(hides) = read.read_sheet(&workbook, 0, &part) else {
            continue;
        };
        let mut passed = Vec::new();
        let take = |formula| {
            passed.push(formula);
            true
        };
        let answer = crate::recalculation::passing::formulas(&workbook.package, &part, 0, take);
        let Ok(Some(passing)) = answer else {
            continue;
        };
        assert_eq!(passing, hides, "{name} hides rows");
        assert_eq!(format!("{passed:?}"), format!("{:?}", read.formulas), "{name}");
        compared += usize::from(!passed.is_empty());
    }
    assert!(compared > 5, "{compared} sheets with formulas");
}

fn write(range: &str, cells: Vec<Vec<CellInput>>) -> WorkbookOperation {
    WorkbookOperation::RangeWrite(RangeWrite {
        range: range.to_owned(),
        cells,
        sources: Vec::new(),
    })
}

#[test]
fn cells_of_a_large_sheet_are_written_and_taken_back() {
    let mut workbook = large();
    let name = format!("'{}'", workbook.sheets[0].name.replace('\'', "''"));
    let part = workbook.sheets[0].part.clone();
    // A row that is there, one below the last, and the formula that a column shares.
    for range in ["A30000", "D40100", "B3"] {
        let before = workbook.package.part(&part).unwrap();
        let area = Area::parse(range).unwrap();
        let row = vec![CellInput::Number(-5.5); area.columns() as usize];
        let cells = vec![row; area.rows() as usize];
        let planned = workbook.plan(&write(&format!("{name}!{range}"), cells)).unwrap();
        workbook.apply(&planned.patches).unwrap();
        let (cells, _) = streamed(&workbook, &part).expect("a plain sheet");
        let held: BTreeMap<(u32, u32), &CellValue> =
            cells.iter().map(|cell| ((cell.0, cell.1), &cell.3)).collect();
        for row in area.top..=area.bottom {
            for column in area.left..=area.right {
                assert_eq!(held[&(row, column)], &CellValue::Number(-5.5), "{range}");
            }
        }
        // What rests on A30000 was computed.
        if range == "A30000" {
            assert_eq!(held[&(29_999, 1)], &CellValue::Number(-11.0));
        }
        // The others keep their formula, whoever shared it.
        let formula = cells.iter().find(|cell| (cell.0, cell.1) == (9, 1)).unwrap();
        assert_eq!(formula.4.as_deref(), Some("=A10*2"), "{range}");
        assert_eq!(
            Some(cells),
            general(&workbook, &part).map(|whole| whole.0),
            "{range}"
        );
        workbook.undo(&planned.patches).unwrap();
        assert!(workbook.package.part(&part).unwrap() == before, "{range}");
        workbook.apply(&planned.patches).unwrap();
    }
}

#[test]
fn what_is_wrong_in_a_large_sheet_is_found() {
    let workbook = large();
    let part = workbook.sheets[0].part.clone();
    let content = workbook.package.part(&part).unwrap();
    let text = std::str::from_utf8(&content).unwrap();
    let own = |workbook: &Workbook| -> Vec<(String, String)> {
        let found = crate::lint(workbook).unwrap().into_iter();
        let own = found.filter(|finding| finding.part == part);
        own.map(|finding| (finding.code.to_owned(), finding.location))
            .collect()
    };
    let clean = own(&workbook);
    for (held, instead, code, location) in [
        (
            r#"<c r="A30000">"#,
            r#"<c r="A30000" s="99999">"#,
            "styleIndex",
            "A30000",
        ),
        (
            r#"<c r="A30000">"#,
            r#"<c r="A30000" t="s">"#,
            "stringIndex",
            "A30000",
        ),
        (
            r#"<c r="A30000">"#,
            r#"<c r="A30000"><f>SUM(1</f>"#,
            "formula",
            "A30000",
        ),
        (
            "</worksheet>",
            r#"<drawing xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" r:id="rId77"/></worksheet>"#,
            "relationshipId",
            "rId77",
        ),
        (
            "</worksheet>",
            "<sheetPr/></worksheet>",
            "elementOrder",
            "sheetPr",
        ),
        (r#"<c r="A30000">"#, r#"<c r="C30000">"#, "cellOrder", "B30000"),
    ] {
        let at = text.find(held).unwrap();
        let mut draft = Draft::new(&workbook.package);
        draft
            .edit(&part, [(at..at + held.len(), Blob::from(instead))])
            .unwrap();
        let broken = Workbook::read(draft.package().clone()).unwrap_or_else(|_| panic!("{code}"));
        let found = own(&broken);
        let new: Vec<_> = found.iter().filter(|finding| !clean.contains(finding)).collect();
        assert!(
            new.iter()
                .any(|finding| finding.0 == code && finding.1.ends_with(location)),
            "{code}: {new:?}"
        );
    }
}

#[test]
fn a_locked_cell_of_a_large_sheet_is_refused() {
    let workbook = large();
    let part = workbook.sheets[0].part.clone();
    let content = workbook.package.part(&part).unwrap();
    let end = std::str::from_utf8(&content)
        .unwrap()
        .find("</sheetData>")
        .unwrap()
        + "</sheetData>".len();
    let mut draft = Draft::new(&workbook.package);
    let lock = Blob::from(r#"<sheetProtection sheet="1"/>"#);
    draft.edit(&part, [(end..end, lock)]).unwrap();
    let workbook = Workbook::read(draft.package().clone()).unwrap_or_else(|_| panic!("a workbook"));
    let name = workbook.sheets[0].name.replace('\'', "''");
    let refused = workbook.plan(&write(
        &format!("'{name}'!A30000"),
        vec![vec![CellInput::Number(1.0)]],
    ));
    assert_eq!(refused.unwrap_err().code, RefusalCode::Protected);
}
