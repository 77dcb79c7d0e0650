//! After a change: which formulas depend on it, their values, and the caches in the file.
//!
//! Formulas that cannot be computed keep their cache, are named, and make Excel compute all on opening.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use deskhand_formula::{
    CalculationLimits, CellAt, Outcome as Computed, Problem, References, Table, calculate, references,
};
use deskhand_opc::Draft;
use deskhand_operations::{Area, CellValue};

use crate::addresses;
use crate::cell_edit::{cached, fills_area};
use crate::cells::{Keep, ScannedCell};
use crate::error::Outcome;
use crate::ops::values::value;
use crate::sheet::Worksheet;
use crate::tables::{self, TableEntry};
use crate::tabs;
use crate::workbook::{SheetKind, Workbook};

/// Formulas looked at for dependence; above it nothing is computed here.
const MAX_FORMULAS: usize = 300_000;
/// Steps while following dependence.
const MAX_STEPS: usize = 20_000_000;
/// Cells named in warnings.
const NAMED: usize = 10;

/// What came of it.
#[derive(Debug, Default)]
pub(crate) struct Recalculated {
    /// Values of formulas that were computed, and whether they are errors.
    pub(crate) values: BTreeMap<CellAt, (CellValue, bool)>,
    /// Formulas that were not computed, and why.
    pub(crate) gaps: BTreeMap<CellAt, String>,
    /// What a person should know.
    pub(crate) warnings: Vec<String>,
}

/// A formula of the workbook with what it reads.
struct Formula {
    cell: CellAt,
    text: String,
    areas: Vec<(usize, Area)>,
    /// True where it fills an area, which the engine is not asked to do.
    fills: bool,
    has_value: bool,
}

/// The workbook's formulas, names and tables, for finding out what depends on what.
struct Graph {
    formulas: Vec<Formula>,
    by_cell: HashMap<CellAt, usize>,
    /// Readers of single cells and small ranges.
    readers: HashMap<CellAt, Vec<usize>>,
    /// Readers of large ranges, by sheet.
    wide: HashMap<usize, Vec<(Area, usize)>>,
}

/// Ranges up to this many cells are indexed cell by cell.
const SMALL: u64 = 64;

/// Computes what depends on the changed cells and writes the values into the draft.
pub(crate) fn recalculate(
    workbook: &Workbook,
    draft: &mut Draft,
    changed: &[CellAt],
) -> Outcome<Recalculated> {
    let after = Workbook::read(draft.package().clone())?;
    let tables = tables::all(&after)?;
    let Some(graph) = graph(&after, &tables)? else {
        return give_up(workbook, draft, "the workbook has too many formulas");
    };
    let Some(affected) = graph.affected(changed) else {
        return give_up(workbook, draft, "too many formulas depend on the change");
    };
    if affected.is_empty() {
        return Ok(Recalculated::default());
    }
    let mut result = Recalculated::default();
    if let Some(reason) = &after.no_calculation {
        result.gaps.extend(
            affected
                .iter()
                .map(|index| (graph.formulas[*index].cell, reason.clone())),
        );
    } else {
        let problem = problem(&after, &graph, &affected, tables)?;
        for (cell, outcome) in calculate(problem, &CalculationLimits::default()) {
            match outcome {
                Computed::Value(value) => drop(result.values.insert(cell, (value, false))),
                Computed::Error(error) => drop(result.values.insert(cell, (CellValue::Text(error), true))),
                Computed::NotComputed(reason) => drop(result.gaps.insert(cell, reason)),
            }
        }
        for index in affected.iter().filter(|index| graph.formulas[**index].fills) {
            let cell = graph.formulas[*index].cell;
            result.values.remove(&cell);
            result.gaps.insert(cell, "it fills several cells".to_owned());
        }
    }
    write_caches(&after, draft, &result.values)?;
    if !result.gaps.is_empty() {
        tabs::calculate_on_load(workbook, draft)?;
        result.warnings.extend(gap_warning(&after, &result.gaps));
    }
    Ok(result)
}

fn give_up(workbook: &Workbook, draft: &mut Draft, reason: &str) -> Outcome<Recalculated> {
    tabs::calculate_on_load(workbook, draft)?;
    let warning =
        format!("Formulas were not computed, because {reason}; Excel computes them when it opens the file.");
    Ok(Recalculated {
        warnings: vec![warning],
        ..Recalculated::default()
    })
}

/// One sentence that names the cells which were not computed.
fn gap_warning(workbook: &Workbook, gaps: &BTreeMap<CellAt, String>) -> Option<String> {
    let named: Vec<String> = gaps
        .iter()
        .take(NAMED)
        .filter_map(|(cell, reason)| {
            let sheet = workbook.sheets.get(cell.sheet)?;
            Some(format!(
                "{} ({reason})",
                addresses::cell(sheet, cell.row, cell.column)
            ))
        })
        .collect();
    let more = gaps.len().saturating_sub(NAMED);
    let more = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    (!named.is_empty()).then(|| {
        format!("Not computed: {}{more}; the old values were kept and Excel computes them when it opens the file.", named.join(", "))
    })
}

/// All formulas with what they read; `None` above the cap.
fn graph(workbook: &Workbook, tables: &[(usize, TableEntry)]) -> Outcome<Option<Graph>> {
    let mut graph = Graph {
        formulas: Vec::new(),
        by_cell: HashMap::new(),
        readers: HashMap::new(),
        wide: HashMap::new(),
    };
    for (index, sheet) in workbook
        .sheets
        .iter()
        .enumerate()
        .filter(|(_, sheet)| sheet.kind == SheetKind::Worksheet)
    {
        let content = workbook.package.part(&sheet.part)?;
        let scanned = Worksheet::read(workbook, &sheet.part, &content, &Keep::Formulas)?;
        for cell in &scanned.data.cells {
            let Some(formula) = cell.formula.as_ref().filter(|formula| !formula.text.is_empty()) else {
                continue;
            };
            if graph.formulas.len() >= MAX_FORMULAS {
                return Ok(None);
            }
            graph.add(Formula {
                cell: CellAt {
                    sheet: index,
                    row: cell.row,
                    column: cell.column,
                },
                areas: areas(workbook, index, &references(&formula.text), tables, 8),
                text: formula.text.clone(),
                fills: fills_area(&formula.kind),
                has_value: cell.value.is_some(),
            });
        }
    }
    Ok(Some(graph))
}

/// The cells that a formula reads: its ranges, and what its names and tables stand for.
fn areas(
    workbook: &Workbook,
    sheet: usize,
    found: &References,
    tables: &[(usize, TableEntry)],
    depth: usize,
) -> Vec<(usize, Area)> {
    let mut areas = Vec::new();
    for range in &found.ranges {
        let index = |name: &Option<String>| {
            name.as_ref()
                .map_or(Some(sheet), |name| workbook.sheet_index(name))
        };
        let Some(first) = index(&range.sheet) else {
            continue;
        };
        let last = if range.last_sheet.is_some() {
            index(&range.last_sheet).unwrap_or(first)
        } else {
            first
        };
        areas.extend((first.min(last)..=first.max(last)).map(|sheet| (sheet, range.area)));
    }
    for name in &found.names {
        if let Some((index, table)) = tables
            .iter()
            .find(|(_, table)| table.name.eq_ignore_ascii_case(name))
        {
            areas.push((*index, table.area));
        } else if let (Some(entry), true) = (workbook.name(name, sheet), depth > 0) {
            areas.extend(self::areas(
                workbook,
                sheet,
                &references(&entry.refers_to),
                tables,
                depth - 1,
            ));
        }
    }
    areas
}

impl Graph {
    fn add(&mut self, formula: Formula) {
        let index = self.formulas.len();
        self.by_cell.insert(formula.cell, index);
        for (sheet, area) in &formula.areas {
            if area.cells() > SMALL {
                self.wide.entry(*sheet).or_default().push((*area, index));
                continue;
            }
            for row in area.top..=area.bottom {
                for column in area.left..=area.right {
                    self.readers
                        .entry(CellAt {
                            sheet: *sheet,
                            row,
                            column,
                        })
                        .or_default()
                        .push(index);
                }
            }
        }
        self.formulas.push(formula);
    }

    /// The changed formulas, all that depend on the change, and formulas without a value that those read. `None` when
    /// following them takes too many steps.
    fn affected(&self, changed: &[CellAt]) -> Option<BTreeSet<usize>> {
        let mut steps = 0;
        let mut affected: BTreeSet<usize> = changed
            .iter()
            .filter_map(|cell| self.by_cell.get(cell).copied())
            .collect();
        let mut queue: Vec<CellAt> = changed.to_vec();
        let mut seen: HashSet<CellAt> = changed.iter().copied().collect();
        while let Some(cell) = queue.pop() {
            let small = self.readers.get(&cell).into_iter().flatten().copied();
            let wide = self.wide.get(&cell.sheet).into_iter().flatten();
            steps += 1 + self.wide.get(&cell.sheet).map_or(0, Vec::len);
            if steps > MAX_STEPS {
                return None;
            }
            let wide = wide
                .filter(|(area, _)| area.contains(cell.row, cell.column))
                .map(|(_, index)| *index);
            for index in small.chain(wide) {
                affected.insert(index);
                if seen.insert(self.formulas[index].cell) {
                    queue.push(self.formulas[index].cell);
                }
            }
        }
        self.add_valueless(&mut affected, steps)
    }

    /// Adds formulas that were never computed and that the affected ones read: they have no value to rest on.
    fn add_valueless(&self, affected: &mut BTreeSet<usize>, mut steps: usize) -> Option<BTreeSet<usize>> {
        let valueless: Vec<usize> = (0..self.formulas.len())
            .filter(|index| !self.formulas[*index].has_value)
            .collect();
        let mut pending: Vec<usize> = affected.iter().copied().collect();
        while let Some(reader) = pending.pop() {
            for (sheet, area) in &self.formulas[reader].areas {
                let inside = |index: &usize| {
                    let cell = self.formulas[*index].cell;
                    cell.sheet == *sheet && area.contains(cell.row, cell.column)
                };
                steps += 1 + if area.cells() > SMALL {
                    valueless.len()
                } else {
                    area.cells() as usize
                };
                if steps > MAX_STEPS {
                    return None;
                }
                let found: Vec<usize> = if area.cells() > SMALL {
                    valueless.iter().copied().filter(inside).collect()
                } else {
                    let cells = (area.top..=area.bottom)
                        .flat_map(|row| (area.left..=area.right).map(move |column| (row, column)));
                    let found = cells.filter_map(|(row, column)| {
                        self.by_cell.get(&CellAt {
                            sheet: *sheet,
                            row,
                            column,
                        })
                    });
                    found
                        .copied()
                        .filter(|index| !self.formulas[*index].has_value)
                        .collect()
                };
                pending.extend(found.into_iter().filter(|index| affected.insert(*index)));
            }
        }
        Some(std::mem::take(affected))
    }
}

/// Areas of a sheet that are told apart.
const MANY: usize = 200;

/// The smallest area around two.
fn joined(one: Area, other: Area) -> Area {
    Area {
        top: one.top.min(other.top),
        left: one.left.min(other.left),
        bottom: one.bottom.max(other.bottom),
        right: one.right.max(other.right),
    }
}

/// The affected formulas with the values that they read.
fn problem(
    workbook: &Workbook,
    graph: &Graph,
    affected: &BTreeSet<usize>,
    tables: Vec<(usize, TableEntry)>,
) -> Outcome<Problem> {
    let computed: HashSet<CellAt> = affected.iter().map(|index| graph.formulas[*index].cell).collect();
    let mut wanted: BTreeMap<usize, Vec<Area>> = BTreeMap::new();
    for (sheet, area) in affected.iter().flat_map(|index| &graph.formulas[*index].areas) {
        let areas = wanted.entry(*sheet).or_default();
        if areas.len() < MANY && !areas.contains(area) {
            areas.push(*area);
        } else if areas.len() >= MANY {
            // Too many to look each up: one area around them all.
            let around = areas.iter().fold(*area, |around, area| joined(around, *area));
            areas.truncate(MANY - 1);
            areas.insert(0, around);
        }
    }
    let strings = crate::strings::shared(workbook)?;
    let mut constants = Vec::new();
    for (index, areas) in wanted {
        let Some(sheet) = workbook
            .sheets
            .get(index)
            .filter(|sheet| sheet.kind == SheetKind::Worksheet)
        else {
            continue;
        };
        let content = workbook.package.part(&sheet.part)?;
        let scanned = Worksheet::read(workbook, &sheet.part, &content, &Keep::Areas(areas))?;
        let at = |cell: &ScannedCell<'_>| CellAt {
            sheet: index,
            row: cell.row,
            column: cell.column,
        };
        let fixed = scanned
            .data
            .cells
            .iter()
            .filter(|cell| !computed.contains(&at(cell)));
        constants.extend(fixed.map(|cell| (at(cell), value(cell, &strings))));
    }
    let formulas = affected
        .iter()
        .map(|index| (graph.formulas[*index].cell, graph.formulas[*index].text.clone()));
    let tables = tables.into_iter().map(|(sheet, table)| Table {
        name: table.name,
        sheet: workbook.sheets[sheet].name.clone(),
        area: table.area,
        header_rows: table.header_rows,
        totals_rows: table.totals_rows,
        columns: table.columns,
    });
    Ok(Problem {
        sheets: workbook.sheets.iter().map(|sheet| sheet.name.clone()).collect(),
        constants,
        formulas: formulas.collect(),
        names: workbook
            .names
            .iter()
            .map(|name| (name.name.clone(), name.local, name.refers_to.clone()))
            .collect(),
        tables: tables.collect(),
        date_1904: workbook.date_1904,
    })
}

/// Writes computed values into the caches of the draft, where they differ from what stands there.
fn write_caches(
    workbook: &Workbook,
    draft: &mut Draft,
    values: &BTreeMap<CellAt, (CellValue, bool)>,
) -> Outcome<()> {
    let sheets: BTreeSet<usize> = values.keys().map(|cell| cell.sheet).collect();
    for index in sheets {
        let sheet = &workbook.sheets[index];
        let content = draft.package().part(&sheet.part)?;
        let scanned = Worksheet::read(workbook, &sheet.part, &content, &Keep::Formulas)?;
        let edits = scanned.data.cells.iter().filter_map(|cell| {
            let (computed, error) = values.get(&CellAt {
                sheet: index,
                row: cell.row,
                column: cell.column,
            })?;
            let held = value(cell, &[]);
            let kept = cell.value.is_some() && (cell.kind == "e") == *error && same(&held, computed);
            if kept {
                None
            } else {
                cached(&scanned, cell, computed, *error)
            }
        });
        let edits: Vec<_> = edits.collect();
        draft.edit(&sheet.part, edits)?;
    }
    Ok(())
}

/// True when two values are the same but for the last digits of arithmetic.
fn same(one: &CellValue, other: &CellValue) -> bool {
    match (one, other) {
        (CellValue::Number(one), CellValue::Number(other)) => {
            (one - other).abs() <= 1e-14 * one.abs().max(other.abs())
        }
        _ => one == other,
    }
}
