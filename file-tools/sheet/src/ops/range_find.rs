//! `range.find`.

use deskhand_operations::answer::FoundCells;
use deskhand_operations::workbook::RangeFind;
use deskhand_operations::{Area, Cell, CellValue, RefusalCode};

use crate::addresses;
use crate::cells::Keep;
use crate::error::{Outcome, refuse};
use crate::ops::values::{formula, shown, value};
use crate::sheet::Worksheet;
use crate::stream::{self, SharedTexts, Streamed, StreamedCell, StreamedValue, is_large};
use crate::strings;
use crate::styles::Styles;
use crate::workbook::{SheetEntry, SheetKind, Workbook};

/// Cells in one answer.
const MAX_FOUND: usize = 200;

pub(super) fn answer(workbook: &Workbook, find: &RangeFind) -> Outcome<FoundCells> {
    let wanted = find.text.trim().to_lowercase();
    if wanted.is_empty() {
        return refuse(RefusalCode::BadInput, "There are no words to look for.");
    }
    let within: Vec<(usize, Option<Area>)> = match &find.range {
        Some(range) => vec![addresses::place(workbook, range)?],
        None => (0..workbook.sheets.len()).map(|index| (index, None)).collect(),
    };
    let mut search = Search {
        find,
        wanted,
        styles: Styles::read(workbook)?,
        found: FoundCells::default(),
    };
    let (mut strings, mut texts) = (None, None);
    for (index, area) in within {
        let sheet = &workbook.sheets[index];
        if sheet.kind != SheetKind::Worksheet {
            continue;
        }
        if is_large(&workbook.package, &sheet.part)? {
            let texts = match &mut texts {
                Some(texts) => texts,
                none => none.insert(SharedTexts::read(workbook)?),
            };
            match search.streamed(workbook, sheet, area, texts)? {
                Some(true) => return Ok(search.found),
                Some(false) => continue,
                None => {}
            }
        }
        let strings = match &mut strings {
            Some(strings) => strings,
            none => none.insert(strings::shared(workbook)?),
        };
        let content = workbook.package.part(&sheet.part)?;
        let keep = area.map_or(Keep::All, |area| Keep::Areas(vec![area]));
        let scanned = Worksheet::read(workbook, &sheet.part, &content, &keep)?;
        for cell in &scanned.data.cells {
            let place = (cell.row, cell.column);
            if search.is_full(sheet, place, cell.style, value(cell, strings), formula(cell)) {
                return Ok(search.found);
            }
        }
    }
    Ok(search.found)
}

/// What is looked for, and what was found.
struct Search<'a> {
    find: &'a RangeFind,
    wanted: String,
    styles: Styles,
    found: FoundCells,
}

impl Search<'_> {
    /// Looks through a large sheet as it passes by. True when no more is wanted; nothing where the sheet is unusual, and what
    /// was found in it is forgotten.
    fn streamed(
        &mut self,
        workbook: &Workbook,
        sheet: &SheetEntry,
        area: Option<Area>,
        texts: &SharedTexts,
    ) -> Outcome<Option<bool>> {
        let before = self.found.cells.len();
        let (mut is_full, mut is_plain) = (false, true);
        let mut look = |cell: &StreamedCell<'_>| {
            if area.is_some_and(|area| !area.contains(cell.row, cell.column)) {
                return true;
            }
            let (Some(value), Ok(formula)) = (cell.value(texts), cell.formula()) else {
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
            is_full = self.is_full(sheet, (cell.row, cell.column), cell.style, value, formula);
            !is_full
        };
        let (how, _) = stream::cells(&workbook.package, &sheet.part, &mut look)?;
        if how == Streamed::Unusual || !is_plain {
            self.found.cells.truncate(before);
            self.found.more = false;
            return Ok(None);
        }
        Ok(Some(is_full))
    }

    /// Takes a cell up where it matches. True when there is no room for it.
    fn is_full(
        &mut self,
        sheet: &SheetEntry,
        (row, column): (u32, u32),
        style: u32,
        value: CellValue,
        formula: Option<String>,
    ) -> bool {
        let text = shown(&value, style, &self.styles);
        let has = |text: &str| text.to_lowercase().contains(&self.wanted);
        let matches = if self.find.in_formulas {
            formula.as_deref().map_or_else(|| has(&text), has)
        } else {
            has(&text) || matches!(value, CellValue::Number(number) if has(&number.to_string()))
        };
        if matches && self.found.cells.len() == MAX_FOUND {
            self.found.more = true;
            return true;
        }
        if matches {
            self.found.cells.push(Cell {
                address: addresses::cell(sheet, row, column),
                value,
                formula,
                text: (!text.is_empty()).then_some(text),
            });
        }
        false
    }
}
