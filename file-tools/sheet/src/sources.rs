//! Where figures in cells came from: what the file keeps ([`deskhand_opc::figures`]), by sheet and cell. Entries follow rows
//! and columns, and go when their cell gets another content without sources. Each carries a mark of what was written, so that
//! one is told as outdated where another program changed the cell or moved it.

use deskhand_formula::{Kind, from_file, tokens};
use deskhand_opc::figures::{self, Fate, Figure, Place};
use deskhand_opc::xml::escape;
use deskhand_opc::{Draft, Fingerprint};
use deskhand_operations::workbook::RangeFacet;
use deskhand_operations::{
    Address, Area, CellValue, FigureSource, KeptSource, MAX_COLUMNS, MAX_ROWS, RefusalCode,
};

use crate::cell_edit::{CellEdits, Content};
use crate::cells::ScannedCell;
use crate::error::{Outcome, refuse};
use crate::figure;
use crate::ops::values::value;
use crate::workbook::Workbook;

/// Sources that one operation may carry.
const MAX_SOURCES: usize = 500;
/// Places that a warning names.
const NAMED: usize = 10;

/// How many sources the file keeps.
pub(crate) fn count(workbook: &Workbook) -> Outcome<u32> {
    Ok(figures::read(&workbook.package, &workbook.part)?.len() as u32)
}

/// The sources of an area's figures, in the order of its cells, where they are asked for; `strings` are the shared ones.
pub(crate) fn asked(
    workbook: &Workbook,
    facets: &[RangeFacet],
    sheet: u32,
    (area, cells, strings): (Area, &[ScannedCell<'_>], &[String]),
) -> Outcome<Option<Vec<KeptSource>>> {
    if !facets.contains(&RangeFacet::Sources) {
        return Ok(None);
    }
    let mut found = Vec::new();
    for ((row, column), figure) in within(workbook, sheet, area)? {
        let cell = cells
            .binary_search_by_key(&(row, column), |cell| (cell.row, cell.column))
            .ok()
            .map(|index| &cells[index]);
        found.push(((row, column), told(&figure, (row, column), cell, strings)));
    }
    found.sort_by_key(|(cell, _)| *cell);
    Ok(Some(found.into_iter().map(|(_, source)| source).collect()))
}

fn told(
    figure: &Figure,
    (row, column): (u32, u32),
    cell: Option<&ScannedCell<'_>>,
    strings: &[String],
) -> KeptSource {
    let outdated = figure.mark != mark_now(cell, strings);
    figure::kept(figure, &Area::cell(row, column).to_string(), outdated)
}

/// The mark of what a cell holds.
fn mark_now(cell: Option<&ScannedCell<'_>>, strings: &[String]) -> String {
    let formula = cell.and_then(|cell| cell.formula.as_ref());
    match formula {
        Some(formula) => mark_of_formula(&formula.text),
        None => mark_of_value(&cell.map_or(CellValue::Empty, |cell| value(cell, strings))),
    }
}

/// The cell of a figure on a sheet.
fn on(figure: &Figure, wanted: u32) -> Option<(u32, u32)> {
    match &figure.place {
        Place::Cell { sheet, cell } if *sheet == wanted => {
            let area = Area::parse(cell).ok()?;
            Some((area.top, area.left))
        }
        Place::Cell { .. } | Place::Words { .. } => None,
    }
}

/// Figures in cells of a sheet that hold something else now have no source any more.
pub(crate) fn overwritten(
    workbook: &Workbook,
    draft: &mut Draft,
    sheet: u32,
    replaced: &dyn Fn(u32, u32) -> bool,
) -> Outcome<()> {
    figures::follow(draft, &workbook.part, &mut |figure| match on(figure, sheet) {
        Some((row, column)) if replaced(row, column) => Fate::Goes,
        _ => Fate::Stays,
    })?;
    Ok(())
}

/// Figures of a sheet whose rows or columns came or went.
pub(crate) fn shifted(
    workbook: &Workbook,
    draft: &mut Draft,
    sheet: u32,
    moved: &dyn Fn(Area) -> Option<Area>,
) -> Outcome<()> {
    figures::follow(draft, &workbook.part, &mut |figure| {
        let Some((row, column)) = on(figure, sheet) else {
            return Fate::Stays;
        };
        match moved(Area::cell(row, column)) {
            None => Fate::Goes,
            Some(area) if (area.top, area.left) == (row, column) => Fate::Stays,
            Some(area) => Fate::Moves(area.to_string()),
        }
    })?;
    Ok(())
}

/// The entries of an area of a sheet, with their cells.
pub(crate) fn within(workbook: &Workbook, sheet: u32, area: Area) -> Outcome<Vec<((u32, u32), Figure)>> {
    let held = figures::read(&workbook.package, &workbook.part)?.into_iter();
    let inside = held.filter_map(|figure| {
        let (row, column) = on(&figure, sheet).filter(|(row, column)| area.contains(*row, *column))?;
        Some(((row, column), figure))
    });
    Ok(inside.collect())
}

/// Puts entries onto other cells, as they are. Those beyond what a file holds stay behind.
pub(crate) fn put(
    workbook: &Workbook,
    draft: &mut Draft,
    sheet: u32,
    entries: impl Iterator<Item = ((u32, u32), Figure)>,
) -> Outcome<()> {
    let moved = entries.map(|((row, column), figure)| Figure {
        place: Place::Cell {
            sheet,
            cell: Area::cell(row, column).to_string(),
        },
        ..figure
    });
    figures::add(draft, &workbook.part, &moved.collect::<Vec<_>>())?;
    Ok(())
}

/// An entry of a cell that is copied, with the mark of what its copy holds: the value, or a formula that reads the same
/// cells. None for a formula that reads other cells there, which is another figure, and for an outdated entry.
pub(crate) fn copied(
    figure: &Figure,
    cell: &ScannedCell<'_>,
    strings: &[String],
    put: &Content,
) -> Option<Figure> {
    if figure.mark != mark_now(Some(cell), strings) {
        return None;
    }
    let mark = match put {
        Content::Raw(copied) if copied.formula => {
            let held = escape(&cell.formula.as_ref()?.text).into_owned();
            copied
                .inner
                .contains(&format!(">{held}</"))
                .then(|| figure.mark.clone())
        }
        Content::Formula(formula) => (*formula == cell.formula.as_ref()?.text).then(|| figure.mark.clone()),
        other => mark(other),
    }?;
    Some(Figure {
        mark,
        ..figure.clone()
    })
}

/// Gives the copy of a sheet the entries of the original.
pub(crate) fn sheet_copied(workbook: &Workbook, draft: &mut Draft, from: u32, to: u32) -> Outcome<()> {
    let everything = Area {
        top: 0,
        left: 0,
        bottom: MAX_ROWS - 1,
        right: MAX_COLUMNS - 1,
    };
    let entries = within(workbook, from, everything)?;
    put(workbook, draft, to, entries.into_iter())
}

/// Keeps the sources of cells that are written; answers what a person should know of those that are not kept.
pub(crate) fn keep(
    workbook: &Workbook,
    draft: &mut Draft,
    index: usize,
    changes: &CellEdits,
    sources: &[FigureSource],
) -> Outcome<Vec<String>> {
    if sources.len() > MAX_SOURCES {
        return refuse(
            RefusalCode::TooLarge,
            format!("One operation carries at most {MAX_SOURCES} sources; nothing was changed."),
        );
    }
    let sheet = workbook.worksheet(index)?;
    let (mut entries, mut strange) = (Vec::new(), Vec::new());
    for source in sources {
        let address = Address::parse(&source.figure).ok();
        let here = address.filter(|address| match &address.sheet {
            Some(name) => workbook.sheet_index(name) == Some(index),
            None => true,
        });
        let cell = here
            .and_then(|address| address.area)
            .filter(|area| area.cells() == 1);
        let written = cell.and_then(|area| Some((area, changes.get(&(area.top, area.left))?)));
        let mark = written.and_then(|(area, change)| Some((area, mark(&change.content)?)));
        match mark {
            Some((area, mark)) => entries.push(entry(sheet.id, area, mark, source)),
            None => strange.push(source.figure.as_str()),
        }
    }
    let kept = figures::add(draft, &workbook.part, &entries)?;
    let mut warnings = Vec::new();
    if kept < entries.len() {
        warnings.push(format!(
            "The file keeps as many sources as it can: {} are not in it, only in the journal.",
            entries.len() - kept
        ));
    }
    if !strange.is_empty() {
        let more = if strange.len() > NAMED { " and more" } else { "" };
        strange.truncate(NAMED);
        warnings.push(format!(
            "These sources are of no cell that was written, and the file does not keep them: {}{more}.",
            strange.join(", ")
        ));
    }
    Ok(warnings)
}

fn entry(sheet: u32, area: Area, mark: String, source: &FigureSource) -> Figure {
    let cell = area.to_string();
    figure::entry(Place::Cell { sheet, cell }, mark, source)
}

/// The mark of what is written; none for a cell that is emptied or left.
fn mark(content: &Content) -> Option<String> {
    match content {
        Content::Keep | Content::Empty | Content::Value(CellValue::Empty) => None,
        Content::Value(value) => Some(mark_of_value(value)),
        Content::Formula(formula) => Some(mark_of_formula(formula)),
        // What is copied comes without sources; its formula stands in XML.
        Content::Raw(copied) => (!copied.formula).then(|| mark_of_value(&copied.value)),
    }
}

fn mark_of_value(value: &CellValue) -> String {
    let text = match value {
        CellValue::Empty => String::new(),
        CellValue::Boolean(value) => format!("b{value}"),
        // Minus zero is written as zero.
        CellValue::Number(value) => format!("n{}", value + 0.0),
        CellValue::Text(text) => format!("t{}", text.replace("\r\n", "\n")),
    };
    Fingerprint::of(text.as_bytes()).to_string()
}

/// The mark of a formula without what it refers to: that follows rows, sheets and names.
fn mark_of_formula(formula: &str) -> String {
    let formula = from_file(formula);
    let mut kept = "f".to_owned();
    for token in tokens(&formula) {
        match token.kind {
            Kind::Text | Kind::Open | Kind::Close | Kind::Separator | Kind::Operator => {
                kept.push_str(token.text);
            }
            Kind::Function => kept.push_str(&token.text.to_uppercase()),
            Kind::Number => match token.text.parse::<f64>() {
                Ok(number) => kept.push_str(&number.to_string()),
                Err(_) => kept.push_str(token.text),
            },
            Kind::Space | Kind::Error | Kind::Sheet | Kind::Reference | Kind::Name | Kind::Structured => {}
        }
    }
    Fingerprint::of(kept.as_bytes()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_formula_is_known_again_where_its_references_followed() {
        let written = mark_of_formula("SUM(B2:B9)*1.50+Data!A1");
        assert_eq!(written, mark_of_formula("sum(B3:B10) * 1.5 + 'Data 2'!A7"));
        assert_ne!(written, mark_of_formula("SUM(B2:B9)*1.6+Data!A1"));
        assert_ne!(written, mark_of_formula("AVERAGE(B2:B9)*1.5+Data!A1"));
    }

    #[test]
    fn values_of_different_kinds_have_different_marks() {
        let values = [
            CellValue::Empty,
            CellValue::Boolean(true),
            CellValue::Number(1.0),
            CellValue::Text("1".to_owned()),
            CellValue::Text("true".to_owned()),
        ];
        let marks: std::collections::BTreeSet<String> = values.iter().map(mark_of_value).collect();
        assert_eq!(marks.len(), values.len());
        assert_eq!(
            mark_of_value(&CellValue::Number(-0.0)),
            mark_of_value(&CellValue::Number(0.0))
        );
    }
}
