//! What all operations that change cells share: guards before, edits, recalculation and reading back after.

use std::collections::{BTreeMap, HashSet};

use deskhand_formula::CellAt;
use deskhand_opc::Draft;
use deskhand_opc::xml::Tree;
use deskhand_operations::answer::{Applied, ReadBack};
use deskhand_operations::{Area, Cell, CellValue, RefusalCode};

use crate::addresses;
use crate::calc_chain::{self, Gone};
use crate::cell_edit::{self, CellEdits, Content};
use crate::cells::Keep;
use crate::error::{Outcome, refuse};
use crate::ops::guards;
use crate::ops::range_read::{fingerprint, trimmed};
use crate::ops::values::{formula, value};
use crate::pivots;
use crate::recalculation::{self, Recalculated};
use crate::sheet::Worksheet;
use crate::sources;
use crate::stream::SheetPart;
use crate::strings;
use crate::styles::Styles;
use crate::tables::{self, TableEntry};
use crate::workbook::{SheetEntry, Workbook};

/// Formulas read back.
const MAX_READ_BACK: usize = 50;

/// Makes the changes to a sheet's cells in the draft: guards first, then cells, calculation chain, table headers and
/// values of formulas.
pub(super) fn write(
    workbook: &Workbook,
    draft: &mut Draft,
    index: usize,
    area: Area,
    changes: &CellEdits,
) -> Outcome<Applied> {
    let sheet = workbook.worksheet(index)?;
    let mut rows: Vec<u32> = changes.keys().map(|(row, _)| *row).collect();
    rows.dedup();
    let replaced = |row: u32, column: u32| {
        changes
            .get(&(row, column))
            .is_some_and(|change| change.content != Content::Keep)
    };
    let places: Vec<(u32, u32)> = rows.iter().map(|row| (*row, *row)).collect();
    let part = SheetPart::for_change(draft.package(), &sheet.part, &places, &replaced)?;
    let scanned = part.read(workbook, &Keep::Rows(rows))?;
    guard(workbook, sheet, &scanned, changes)?;
    let headers = header_renames(workbook, draft, sheet, changes)?;
    let formulas_gone = formulas_gone(&scanned, changes);
    part.edit(draft, cell_edit::edits(&scanned, changes)?)?;
    if !formulas_gone.is_empty() {
        calc_chain::remove(workbook, draft, &Gone::Cells(sheet.id, &formulas_gone))?;
    }
    for (part, edits) in headers {
        draft.edit(&part, edits)?;
    }
    sources::overwritten(workbook, draft, sheet.id, &replaced)?;
    let changed: Vec<CellAt> = changes
        .iter()
        .filter(|(_, change)| change.content != Content::Keep)
        .map(|((row, column), _)| CellAt {
            sheet: index,
            row: *row,
            column: *column,
        })
        .collect();
    let recalculated = recalculation::recalculate(workbook, draft, &changed)?;
    let mut applied = Applied {
        target: addresses::on(sheet, area),
        changed: changes.len() as u32,
        ..Applied::default()
    };
    applied.read_back = Some(read_back(draft, index, area, changes, &recalculated)?);
    applied.warnings = warnings(workbook, index, changes, recalculated);
    Ok(applied)
}

/// The cells that hold no formula any more, those that an array formula filled included: the chain names each of them.
fn formulas_gone(scanned: &Worksheet<'_>, changes: &CellEdits) -> HashSet<(u32, u32)> {
    let own = scanned.data.cells.iter().filter(|cell| cell.formula.is_some());
    let own: HashSet<(u32, u32)> = own.map(|cell| (cell.row, cell.column)).collect();
    let arrays = &scanned.data.arrays;
    let gone = changes
        .iter()
        .filter(|(_, change)| change.content != Content::Keep && !change.content.is_formula())
        .map(|(cell, _)| *cell)
        .filter(|cell| own.contains(cell) || arrays.iter().any(|array| array.contains(cell.0, cell.1)));
    gone.collect()
}

/// Refuses changes to cells that may not be changed on their own.
fn guard(
    workbook: &Workbook,
    sheet: &SheetEntry,
    scanned: &Worksheet<'_>,
    changes: &CellEdits,
) -> Outcome<()> {
    guards::ordered(sheet, scanned)?;
    let styles = if scanned.protected {
        Some(Styles::read(workbook)?)
    } else {
        None
    };
    let arrays: Vec<&Area> = scanned
        .data
        .arrays
        .iter()
        .filter(|array| array.cells() > 1)
        .collect();
    let pivots = pivots::areas(&workbook.package, sheet)?;
    for ((row, column), change) in changes {
        let stop = |why: &str| {
            let cell = addresses::cell(sheet, *row, *column);
            refuse(
                RefusalCode::Protected,
                format!("{cell} {why}; nothing was changed."),
            )
        };
        if let Some(styles) = &styles {
            let cells = scanned
                .data
                .cells
                .binary_search_by_key(&(*row, *column), |cell| (cell.row, cell.column));
            let style = cells.map_or_else(
                |_| scanned.style_for_new(*row, *column),
                |index| scanned.data.cells[index].style,
            );
            if styles.of(style).locked {
                return stop("is locked, and its sheet is protected");
            }
        }
        if change.content == Content::Keep {
            continue;
        }
        if arrays
            .iter()
            .any(|array| array.contains(*row, *column) && !replaced_whole(array, changes))
        {
            return stop("is part of an array formula, which can only be changed as a whole");
        }
        if let Some((name, _)) = pivots.iter().find(|(_, area)| area.contains(*row, *column)) {
            return stop(&format!("belongs to the pivot table `{name}`"));
        }
        let fills = !change.content.is_nothing();
        let merged = scanned
            .merged
            .iter()
            .find(|merged| merged.contains(*row, *column));
        if fills && merged.is_some_and(|merged| (merged.top, merged.left) != (*row, *column)) {
            return stop("is hidden inside merged cells");
        }
    }
    Ok(())
}

/// True when every cell of an array formula is replaced.
fn replaced_whole(array: &Area, changes: &CellEdits) -> bool {
    let inside = changes.range((array.top, 0)..=(array.bottom, u32::MAX));
    let inside = inside
        .filter(|((row, column), change)| array.contains(*row, *column) && change.content != Content::Keep);
    inside.count() as u64 == array.cells()
}

/// Edits of one part.
type PartEdits = (String, Vec<(std::ops::Range<usize>, deskhand_opc::Blob)>);

/// A table's column is called as its header cell: where a header is written, the table follows.
fn header_renames(
    workbook: &Workbook,
    draft: &Draft,
    sheet: &SheetEntry,
    changes: &CellEdits,
) -> Outcome<Vec<PartEdits>> {
    let mut renames = Vec::new();
    for table in tables::of_sheet(draft.package(), sheet)?
        .into_iter()
        .filter(|table| table.header_rows > 0)
    {
        let mut names = table.columns.clone();
        for column in table.area.left..=table.area.right {
            let Some(change) = changes.get(&(table.area.top, column)) else {
                continue;
            };
            let position = (column - table.area.left) as usize;
            let cell = addresses::cell(sheet, table.area.top, column);
            match (&change.content, change.content.text()) {
                (Content::Keep, _) => {}
                (_, Some(text)) if !text.is_empty() => {
                    if let Some(name) = names.get_mut(position) {
                        text.clone_into(name);
                    }
                }
                _ => {
                    let why = format!(
                        "{cell} is a header of the table `{}` and needs a text of its own",
                        table.name
                    );
                    return refuse(RefusalCode::Protected, format!("{why}; nothing was changed."));
                }
            }
        }
        if names == table.columns {
            continue;
        }
        let mut folded: Vec<String> = names.iter().map(|name| name.to_lowercase()).collect();
        folded.sort();
        if folded.windows(2).any(|pair| pair[0] == pair[1]) {
            return refuse(
                RefusalCode::NameTaken,
                format!(
                    "The table `{}` would have two columns of one name; nothing was changed.",
                    table.name
                ),
            );
        }
        refuse_used_columns(workbook, &table, &names)?;
        renames.push(renamed(draft, &table, &names)?);
    }
    Ok(renames)
}

/// Refuses to rename a column that formulas name.
fn refuse_used_columns(workbook: &Workbook, table: &TableEntry, names: &[String]) -> Outcome<()> {
    let gone = table
        .columns
        .iter()
        .zip(names)
        .filter(|(old, new)| old != new)
        .map(|(old, _)| format!("{old}]").to_lowercase());
    for old in gone {
        if let Some(user) =
            super::table_delete::user_of(workbook, &|token| token.to_lowercase().contains(&old))?
        {
            return refuse(
                RefusalCode::Protected,
                format!(
                    "{user} names a column of the table `{}` that would be renamed; nothing was changed.",
                    table.name
                ),
            );
        }
    }
    Ok(())
}

fn renamed(draft: &Draft, table: &TableEntry, names: &[String]) -> Outcome<PartEdits> {
    let content = draft.package().part(&table.part)?;
    let tree = Tree::parse(&table.part, &content, draft.package().limits())?;
    let columns = tree.root().child("tableColumns");
    let columns = columns.iter().flat_map(deskhand_opc::xml::Node::children);
    let changed = columns
        .zip(names)
        .zip(&table.columns)
        .filter(|((_, new), old)| new != old);
    let edits =
        changed.map(|((node, name), _)| node.tag().set_attribute("name", &name.replace('\n', "_x000a_")));
    Ok((table.part.clone(), edits.collect()))
}

/// What stands in the area now.
fn read_back(
    draft: &Draft,
    index: usize,
    area: Area,
    changes: &CellEdits,
    recalculated: &Recalculated,
) -> Outcome<ReadBack> {
    let after = Workbook::read(draft.package().clone())?;
    let sheet = after.worksheet(index)?;
    let part = SheetPart::of(&after.package, &sheet.part, &[(area.top, area.bottom)])?;
    let scanned = part.read(&after, &Keep::Areas(vec![area]))?;
    let strings = strings::named_by(&after, &scanned.data.cells)?;
    let mut back = ReadBack {
        formulas: Vec::new(),
        errors: Vec::new(),
        formula_count: 0,
        fingerprint: fingerprint(
            trimmed(Some(area), scanned.data.used),
            &scanned.data.cells,
            &strings,
        ),
    };
    for cell in &scanned.data.cells {
        let written = changes
            .get(&(cell.row, cell.column))
            .is_some_and(|change| change.content.is_formula());
        if !written {
            continue;
        }
        back.formula_count += 1;
        let address = addresses::cell(sheet, cell.row, cell.column);
        let at = CellAt {
            sheet: index,
            row: cell.row,
            column: cell.column,
        };
        if recalculated.values.get(&at).is_some_and(|(_, error)| *error) {
            back.errors.push(address.clone());
        }
        if back.formulas.len() < MAX_READ_BACK {
            back.formulas.push(Cell {
                address,
                value: value(cell, &strings),
                formula: formula(cell),
                text: None,
            });
        }
    }
    Ok(back)
}

/// Cells elsewhere that answer an error now, and what was not computed.
fn warnings(
    workbook: &Workbook,
    index: usize,
    changes: &CellEdits,
    recalculated: Recalculated,
) -> Vec<String> {
    let elsewhere: BTreeMap<CellAt, &CellValue> = recalculated
        .values
        .iter()
        .filter(|(cell, (_, error))| {
            *error && !(cell.sheet == index && changes.contains_key(&(cell.row, cell.column)))
        })
        .map(|(cell, (value, _))| (*cell, value))
        .collect();
    let mut warnings = recalculated.warnings;
    let named: Vec<String> = elsewhere
        .iter()
        .take(10)
        .filter_map(|(cell, value)| {
            let CellValue::Text(error) = value else {
                return None;
            };
            Some(format!(
                "{} ({error})",
                addresses::cell(workbook.sheets.get(cell.sheet)?, cell.row, cell.column)
            ))
        })
        .collect();
    if !named.is_empty() {
        let more = elsewhere.len().saturating_sub(named.len());
        let more = if more > 0 {
            format!(" and {more} more")
        } else {
            String::new()
        };
        warnings.push(format!(
            "Formulas that depend on the change answer errors: {}{more}.",
            named.join(", ")
        ));
    }
    warnings
}
