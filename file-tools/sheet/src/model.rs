//! The workbook as an auditor sees it: what the file holds, as `deskhand_audit` wants it.

use deskhand_audit::{Cell, Look, Model, Sheet};
use deskhand_formula::Constant;
use deskhand_opc::Target;
use deskhand_opc::xml::{Ns, Tree};
use deskhand_operations::{CellValue, RefusalCode};

use crate::cells::{FormulaKind, Keep, ScannedCell};
use crate::error::{Outcome, refuse};
use crate::recalculation::book::tables_of;
use crate::recalculation::values::constant;
use crate::room::Room;
use crate::sheet::Worksheet;
use crate::styles::Styles;
use crate::workbook::{SheetEntry, SheetKind, Workbook, is_true};

/// Cells that are looked at; a model takes about 100 bytes a cell.
const MAX_CELLS: usize = 5_000_000;

/// Reads the whole workbook.
pub(crate) fn read(workbook: &Workbook) -> Outcome<Model> {
    let styles = Styles::read(workbook)?;
    let looks = (0..styles.len() as u32).map(|index| {
        let bold = styles.of(index).format.bold == Some(true);
        Look::new(styles.number_format(index), bold)
    });
    let strings = crate::strings::shared(workbook)?;
    let mut model = Model {
        looks: looks.collect(),
        names: workbook
            .names
            .iter()
            .map(|name| (name.name.clone(), name.local, name.refers_to.clone()))
            .collect(),
        tables: tables_of(workbook)?,
        iterates: workbook.iterates,
        books: books(workbook)?,
        ..Model::default()
    };
    let (mut left, mut room) = (MAX_CELLS, Room::new(workbook.package.limits()));
    for entry in &workbook.sheets {
        let sheet = sheet(workbook, entry, &strings, &mut room)?;
        left = match left.checked_sub(sheet.cells.len()) {
            Some(left) => left,
            None => {
                return refuse(
                    RefusalCode::TooLarge,
                    format!(
                        "The workbook has more than the {MAX_CELLS} cells that can be looked at at once; nothing was changed."
                    ),
                );
            }
        };
        model.sheets.push(sheet);
    }
    Ok(model)
}

fn sheet(workbook: &Workbook, entry: &SheetEntry, strings: &[String], room: &mut Room) -> Outcome<Sheet> {
    let mut sheet = Sheet {
        name: entry.name.clone(),
        visible: entry.visible,
        ..Sheet::default()
    };
    if entry.kind != SheetKind::Worksheet {
        return Ok(sheet);
    }
    let content = workbook.package.part(&entry.part)?;
    let scanned = Worksheet::read(workbook, &entry.part, &content, &Keep::All)?;
    sheet.hidden_columns.clone_from(&scanned.hidden_columns);
    let hidden = scanned
        .data
        .rows
        .iter()
        .filter(|row| row.tag.attribute("hidden").is_some_and(|hidden| is_true(&hidden)));
    sheet.hidden_rows = hidden.map(|row| row.row).collect();
    sheet.hidden_rows.sort_unstable();
    room.take_texts(&scanned.data.cells, strings)?;
    let held = scanned
        .data
        .cells
        .iter()
        .filter(|cell| cell.value.is_some() || cell.formula.is_some());
    sheet.cells = held.map(|held| cell(held, strings)).collect();
    // A damaged part may name a place twice or out of order: the last one counts, as for those who open it.
    sheet.cells.sort_by_key(|cell| (cell.row, cell.column));
    sheet.cells.dedup_by(|later, earlier| {
        let same = (later.row, later.column) == (earlier.row, earlier.column);
        if same {
            std::mem::swap(later, earlier);
        }
        same
    });
    Ok(sheet)
}

fn cell(cell: &ScannedCell<'_>, strings: &[String]) -> Cell {
    let formula = cell.formula.as_ref();
    let text = formula
        .map(|formula| formula.text.as_str())
        .filter(|text| !text.is_empty());
    let value = match constant(cell, strings) {
        Constant::Value(CellValue::Text(text)) if text.is_empty() => Constant::Value(CellValue::Empty),
        value => value,
    };
    Cell {
        row: cell.row,
        column: cell.column,
        value,
        formula: text.map(Into::into),
        array: formula.is_some_and(|formula| matches!(formula.kind, FormulaKind::Array(_))),
        look: cell.style,
    }
}

/// Other workbooks in the order in which formulas number them (ECMA-376 part 1, 18.17.2.3).
fn books(workbook: &Workbook) -> Outcome<Vec<String>> {
    let package = &workbook.package;
    let content = package.part(&workbook.part)?;
    let tree = Tree::parse(&workbook.part, &content, package.limits())?;
    let relationships = package.relationships(&workbook.part)?;
    let mut books = Vec::new();
    let list = tree.root().child("externalReferences");
    for node in list.iter().flat_map(deskhand_opc::xml::Node::children) {
        if !node.is(Ns::Spreadsheet, "externalReference") {
            continue;
        }
        let id = node.prefixed("id").unwrap_or_default();
        let part = relationships
            .iter()
            .find(|relationship| relationship.id == id)
            .and_then(|relationship| package.spelling(relationship.part()?));
        let targets = part
            .map(|part| package.relationships(part))
            .transpose()?
            .unwrap_or_default();
        let target = targets
            .into_iter()
            .find_map(|relationship| match relationship.target {
                Target::External(target) => Some(target),
                Target::Part(_) => None,
            });
        // The path of the maker's machine says nothing to the reader.
        let target = target.unwrap_or_default();
        let name = target.rsplit(['/', '\\']).next().unwrap_or_default();
        books.push(name.replace("%20", " "));
    }
    Ok(books)
}
