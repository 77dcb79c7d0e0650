//! The workbook's formulas as the calculation wants them: what each reads, what it held, and the values around them.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use deskhand_formula::{CellAt, Constant, Formula, Problem, Readers, Table, reach};
use deskhand_operations::Area;

use super::passing;
use super::values::constant;
use crate::cells::{FormulaKind, Keep, ScannedRow};
use crate::error::Outcome;
use crate::sheet::Worksheet;
use crate::stream::is_large;
use crate::tables;
use crate::workbook::{SheetKind, Workbook, is_true};

/// Formulas looked at; above it nothing is computed here.
const MAX_FORMULAS: usize = 1_000_000;

/// A formula of the workbook.
#[derive(Debug)]
pub(crate) struct BookFormula {
    pub(crate) cell: CellAt,
    /// As the file holds it, shared ones expanded, without `=`.
    pub(crate) text: String,
    /// True for an array formula.
    pub(crate) array: bool,
    /// The area that it fills, where that is more than its cell.
    pub(crate) fills: Option<Area>,
    /// The value that the file holds; none where it was never computed.
    pub(crate) cached: Option<Constant>,
}

/// The formulas of a workbook, in the order of sheets and cells, with all that they may name.
#[derive(Debug, Default)]
pub(crate) struct Book {
    pub(crate) formulas: Vec<BookFormula>,
    /// Sheets that hide rows; empty where no formula asks.
    hidden_rows: BTreeSet<usize>,
    tables: Vec<Table>,
}

/// The cells that each formula reads, by sheet, in the order of [`Book::formulas`].
pub(crate) type Reads = Vec<Vec<(usize, Area)>>;

impl Book {
    /// Reads a workbook's formulas; `None` where it has too many.
    pub(crate) fn read(workbook: &Workbook) -> Outcome<Option<Self>> {
        let mut book = Self {
            tables: tables_of(workbook)?,
            ..Self::default()
        };
        let mut hiding = BTreeSet::new();
        for (index, sheet) in worksheets(workbook) {
            let hides = match book.stream_sheet(workbook, index, &sheet.part)? {
                Some(hides) => hides,
                None => book.read_sheet(workbook, index, &sheet.part)?,
            };
            if hides {
                hiding.insert(index);
            }
            if book.formulas.len() > MAX_FORMULAS {
                return Ok(None);
            }
        }
        let asks = |formula: &BookFormula| {
            let text = formula.text.to_ascii_uppercase();
            text.contains("SUBTOTAL") || text.contains("AGGREGATE")
        };
        if !hiding.is_empty() && book.formulas.iter().any(asks) {
            book.hidden_rows = hiding;
        }
        Ok(Some(book))
    }

    /// Takes up the formulas of a large sheet, up to one too many. Answers whether it hides rows; nothing where it is to be
    /// read.
    fn stream_sheet(&mut self, workbook: &Workbook, index: usize, part: &str) -> Outcome<Option<bool>> {
        if !is_large(&workbook.package, part)? {
            return Ok(None);
        }
        let before = self.formulas.len();
        let take = |formula| {
            self.formulas.push(formula);
            self.formulas.len() <= MAX_FORMULAS
        };
        let hides = passing::formulas(&workbook.package, part, index, take)?;
        if hides.is_none() {
            self.formulas.truncate(before);
        }
        Ok(hides)
    }

    /// Takes up the formulas of a sheet, up to one too many. Answers whether it hides rows.
    pub(crate) fn read_sheet(&mut self, workbook: &Workbook, index: usize, part: &str) -> Outcome<bool> {
        let content = workbook.package.part(part)?;
        let scanned = Worksheet::read(workbook, part, &content, &Keep::Formulas)?;
        for cell in &scanned.data.cells {
            let Some(formula) = cell.formula.as_ref() else {
                continue;
            };
            // A what-if table holds no text, but fills its area.
            let fills = match &formula.kind {
                FormulaKind::Array(area) | FormulaKind::DataTable(area) if area.cells() > 1 => Some(*area),
                FormulaKind::DataTable(area) => Some(*area),
                _ => None,
            };
            if formula.text.is_empty() && fills.is_none() {
                continue;
            }
            if self.formulas.len() > MAX_FORMULAS {
                break;
            }
            self.formulas.push(BookFormula {
                cell: CellAt {
                    sheet: index,
                    row: cell.row,
                    column: cell.column,
                },
                text: formula.text.clone(),
                array: matches!(formula.kind, FormulaKind::Array(_)),
                fills,
                cached: cell.value.is_some().then(|| constant(cell, &[])),
            });
        }
        let hidden =
            |row: &ScannedRow<'_>| row.tag.attribute("hidden").is_some_and(|hidden| is_true(&hidden));
        Ok(scanned.data.rows.iter().any(hidden))
    }

    /// What each formula reads, and the formulas that may read any cell.
    pub(crate) fn reach(&self, workbook: &Workbook) -> (Reads, Vec<usize>) {
        let all: Vec<usize> = (0..self.formulas.len()).collect();
        reach(&self.bare(workbook, &all))
    }

    /// The changed formulas, all that depend on the change or may depend on it, and formulas that were never computed and
    /// that those read. Sorted.
    pub(crate) fn affected(&self, changed: &[CellAt], reads: &Reads, roaming: &[usize]) -> Vec<usize> {
        if changed.is_empty() {
            return Vec::new();
        }
        let ranges = (0u32..)
            .zip(reads)
            .flat_map(|(reader, reads)| reads.iter().map(move |(sheet, area)| (*sheet, *area, reader)));
        let seeds = changed
            .iter()
            .map(|cell| (cell.sheet, Area::cell(cell.row, cell.column)))
            .chain(roaming.iter().map(|index| self.formulas[*index].place()));
        let readers = Readers::new(ranges).closure(seeds, |reader| self.formulas[reader as usize].place());
        let mut affected: BTreeSet<usize> = readers.into_iter().map(|reader| reader as usize).collect();
        affected.extend(roaming);
        let own: HashSet<&CellAt> = changed.iter().collect();
        let places = self.formulas.iter().enumerate();
        affected.extend(
            places
                .filter(|(_, formula)| own.contains(&formula.cell))
                .map(|(index, _)| index),
        );
        self.add_valueless(&mut affected, reads);
        affected.into_iter().collect()
    }

    /// Adds formulas that were never computed and that affected ones read: they have no value to rest on.
    fn add_valueless(&self, affected: &mut BTreeSet<usize>, reads: &Reads) {
        let mut valueless: BTreeMap<(usize, u32), BTreeMap<u32, usize>> = BTreeMap::new();
        for (index, formula) in self.formulas.iter().enumerate() {
            if formula.cached.is_none() {
                let column = valueless
                    .entry((formula.cell.sheet, formula.cell.column))
                    .or_default();
                column.insert(formula.cell.row, index);
            }
        }
        if valueless.is_empty() {
            return;
        }
        let mut pending: Vec<usize> = affected.iter().copied().collect();
        while let Some(reader) = pending.pop() {
            for (sheet, area) in &reads[reader] {
                // Each is taken out when it is found, so that ranges over the same cells cost little.
                for (_, column) in valueless.range_mut((*sheet, area.left)..=(*sheet, area.right)) {
                    let rows: Vec<u32> = column
                        .range(area.top..=area.bottom)
                        .map(|(row, _)| *row)
                        .collect();
                    let found = rows.iter().filter_map(|row| column.remove(row));
                    pending.extend(found.filter(|index| affected.insert(*index)));
                }
            }
        }
    }

    /// The cells that some formulas give values to.
    pub(crate) fn computed(&self, formulas: &[usize]) -> HashSet<CellAt> {
        formulas.iter().map(|index| self.formulas[*index].cell).collect()
    }

    /// Some formulas as a problem, with the values that they read. What fills several cells is unknown in it.
    pub(crate) fn problem(
        &self,
        workbook: &Workbook,
        formulas: &[usize],
        constants: Vec<(CellAt, Constant)>,
    ) -> Problem {
        let (filling, single): (Vec<usize>, Vec<usize>) = formulas
            .iter()
            .partition(|index| self.formulas[**index].fills.is_some());
        let unknown = filling.iter().map(|index| self.formulas[*index].place());
        Problem {
            constants,
            unknown: unknown.collect(),
            hidden_rows: self.hidden_rows.clone(),
            ..self.bare(workbook, &single)
        }
    }

    /// Formulas and what they may name, without values.
    fn bare(&self, workbook: &Workbook, formulas: &[usize]) -> Problem {
        let formulas = formulas.iter().map(|index| {
            let formula = &self.formulas[*index];
            Formula {
                cell: formula.cell,
                text: formula.text.clone(),
                array: formula.array,
            }
        });
        let names = workbook.names.iter();
        Problem {
            sheets: workbook.sheets.iter().map(|sheet| sheet.name.clone()).collect(),
            formulas: formulas.collect(),
            names: names
                .map(|name| (name.name.clone(), name.local, name.refers_to.clone()))
                .collect(),
            tables: self.tables.clone(),
            date_1904: workbook.date_1904,
            ..Problem::default()
        }
    }
}

impl BookFormula {
    /// The cells that it gives values to.
    fn place(&self) -> (usize, Area) {
        let cell = Area::cell(self.cell.row, self.cell.column);
        (self.cell.sheet, self.fills.unwrap_or(cell))
    }
}

pub(super) fn worksheets(workbook: &Workbook) -> impl Iterator<Item = (usize, &crate::workbook::SheetEntry)> {
    let sheets = workbook.sheets.iter().enumerate();
    sheets.filter(|(_, sheet)| sheet.kind == SheetKind::Worksheet)
}

/// The workbook's tables as formulas name them.
pub(crate) fn tables_of(workbook: &Workbook) -> Outcome<Vec<Table>> {
    let tables = tables::all(workbook)?.into_iter().map(|(sheet, table)| Table {
        name: table.name,
        sheet: workbook.sheets[sheet].name.clone(),
        area: table.area,
        header_rows: table.header_rows,
        totals_rows: table.totals_rows,
        columns: table.columns,
    });
    Ok(tables.collect())
}
