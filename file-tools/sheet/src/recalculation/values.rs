//! The values that formulas read.

use std::collections::{BTreeMap, HashSet};

use deskhand_formula::{CellAt, Constant};
use deskhand_operations::{Area, CellValue, MAX_ROWS};

use super::book::worksheets;
use super::passing;
use crate::cells::{Keep, ScannedCell};
use crate::error::Outcome;
use crate::ops::values::value;
use crate::sheet::Worksheet;
use crate::stream::{SharedTexts, is_large};
use crate::strings;
use crate::workbook::{SheetEntry, Workbook};

/// Bytes of texts that formulas read; above it nothing is computed here.
const MAX_TEXTS: usize = 512 << 20;

/// A cell's value as formulas read it.
pub(crate) fn constant(cell: &ScannedCell<'_>, strings: &[String]) -> Constant {
    match value(cell, strings) {
        CellValue::Text(text) if cell.kind == "e" => Constant::Error(text),
        value => Constant::Value(value),
    }
}

/// Rows of each column that are read, first and last.
type Columns = Vec<(u32, u32)>;

/// The values of cells that formulas read, but for cells that are computed. All cells without `areas`; none where their
/// texts are too long: a million cells may share one text.
pub(crate) fn constants(
    workbook: &Workbook,
    areas: Option<impl Iterator<Item = (usize, Area)>>,
    computed: &HashSet<CellAt>,
) -> Outcome<Option<Vec<(CellAt, Constant)>>> {
    let wanted = areas.map(columns);
    let texts = SharedTexts::read(workbook)?;
    let mut collected = Collected {
        computed,
        found: Vec::new(),
        texts: 0,
    };
    for (sheet, entry) in worksheets(workbook) {
        let columns = match &wanted {
            None => None,
            Some(wanted) => match wanted.get(&sheet) {
                Some(columns) => Some(columns),
                None => continue,
            },
        };
        collected.sheet(workbook, (sheet, entry), columns, &texts)?;
        if collected.texts > MAX_TEXTS {
            return Ok(None);
        }
    }
    Ok(Some(collected.found))
}

struct Collected<'c> {
    computed: &'c HashSet<CellAt>,
    found: Vec<(CellAt, Constant)>,
    /// Bytes of the texts in `found`.
    texts: usize,
}

impl Collected<'_> {
    fn sheet(
        &mut self,
        workbook: &Workbook,
        (sheet, entry): (usize, &SheetEntry),
        columns: Option<&Columns>,
        texts: &SharedTexts,
    ) -> Outcome<()> {
        let before = (self.found.len(), self.texts);
        let is_read = |row: u32, column: u32| {
            columns.is_none_or(|columns| {
                columns
                    .get(column as usize)
                    .is_some_and(|(first, last)| (*first..=*last).contains(&row))
            })
        };
        let take = |row: u32, column: u32, value| self.take(CellAt { sheet, row, column }, value);
        if is_large(&workbook.package, &entry.part)?
            && passing::values(&workbook.package, &entry.part, texts, is_read, take)?
        {
            return Ok(());
        }
        self.found.truncate(before.0);
        self.texts = before.1;
        let content = workbook.package.part(&entry.part)?;
        let keep = columns.map_or(Keep::All, |columns| Keep::Columns(columns.clone()));
        let scanned = Worksheet::read(workbook, &entry.part, &content, &keep)?;
        let strings = strings::wanted(texts, &scanned.data.cells);
        for cell in scanned.data.cells.iter().filter(|cell| cell.value.is_some()) {
            let (row, column) = (cell.row, cell.column);
            if !self.take(CellAt { sheet, row, column }, constant(cell, &strings)) {
                break;
            }
        }
        Ok(())
    }

    /// False where the texts are too long.
    fn take(&mut self, cell: CellAt, value: Constant) -> bool {
        if self.computed.contains(&cell) {
            return true;
        }
        if let Constant::Value(CellValue::Text(text)) = &value {
            self.texts += text.len();
        }
        self.found.push((cell, value));
        self.texts <= MAX_TEXTS
    }
}

/// The first and last row that is read of each column, by sheet. Very wide areas widen all columns at once.
fn columns(areas: impl Iterator<Item = (usize, Area)>) -> BTreeMap<usize, Columns> {
    const NONE: (u32, u32) = (MAX_ROWS, 0);
    const WIDE: u32 = 64;
    let mut wanted: BTreeMap<usize, Columns> = BTreeMap::new();
    let mut wide: BTreeMap<usize, Area> = BTreeMap::new();
    let mut widen = |sheet: usize, area: Area| {
        let columns = wanted.entry(sheet).or_default();
        if columns.len() <= area.right as usize {
            columns.resize(area.right as usize + 1, NONE);
        }
        for (first, last) in &mut columns[area.left as usize..=area.right as usize] {
            *first = (*first).min(area.top);
            *last = (*last).max(area.bottom);
        }
    };
    for (sheet, area) in areas {
        if area.columns() <= WIDE {
            widen(sheet, area);
            continue;
        }
        let around = wide.entry(sheet).or_insert(area);
        around.top = around.top.min(area.top);
        around.left = around.left.min(area.left);
        around.bottom = around.bottom.max(area.bottom);
        around.right = around.right.max(area.right);
    }
    for (sheet, area) in wide {
        widen(sheet, area);
    }
    wanted
}
