//! Computes formulas from the values that they read, with IronCalc as the calculator.
//!
//! Only the given formulas are computed; everything else they read is a constant, the value that the file holds. What
//! the engine cannot do is named, never guessed.

use std::collections::{BTreeSet, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::Duration;

use deskhand_operations::{Area, CellValue};
use ironcalc_base::Model;
use ironcalc_base::cell::CellValue as Computed;
use ironcalc_base::types::{DefinedName, Table as EngineTable, TableColumn, TableStyleInfo};

use crate::functions::{computed, from_file};
use crate::reference::{balanced, references};

/// A cell by the index of its sheet, zero-based.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CellAt {
    /// The sheet's place among [`Problem::sheets`].
    pub sheet: usize,
    /// Row.
    pub row: u32,
    /// Column.
    pub column: u32,
}

/// A table that structured references name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// The sheet that holds it.
    pub sheet: String,
    /// All of it, header and totals included.
    pub area: Area,
    /// Header rows, 0 or 1.
    pub header_rows: u32,
    /// Totals rows, 0 or 1.
    pub totals_rows: u32,
    /// The columns' names.
    pub columns: Vec<String>,
}

/// What to compute, and what it rests on.
#[derive(Clone, Debug, Default)]
pub struct Problem {
    /// The names of all sheets in order.
    pub sheets: Vec<String>,
    /// Values that formulas read.
    pub constants: Vec<(CellAt, CellValue)>,
    /// Formulas to compute, as files hold them, without `=`.
    pub formulas: Vec<(CellAt, String)>,
    /// Defined names: the name, the sheet it is local to, and what it refers to, without `=`.
    pub names: Vec<(String, Option<usize>, String)>,
    /// Tables.
    pub tables: Vec<Table>,
    /// True when day 0 of the workbook is 1904-01-01.
    pub date_1904: bool,
}

/// How much is computed at once.
#[derive(Clone, Copy, Debug)]
pub struct CalculationLimits {
    /// Formulas.
    pub formulas: usize,
    /// Values that they read.
    pub constants: usize,
    /// Cells that all formulas together look at.
    pub visits: u64,
    /// How long to wait for the engine.
    pub time: Duration,
}

impl Default for CalculationLimits {
    fn default() -> Self {
        Self {
            formulas: 50_000,
            constants: 1_000_000,
            visits: 50_000_000,
            time: Duration::from_secs(20),
        }
    }
}

/// What became of one formula.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// Its value. An error such as `#DIV/0!` is [`Outcome::Error`].
    Value(CellValue),
    /// The error that it answers, which Excel would show too.
    Error(String),
    /// Not computed, and why: its cached value, if any, is stale.
    NotComputed(String),
}

/// Functions that count days from the workbook's day 0, or show such counts.
const DATE_FUNCTIONS: &[&str] = &[
    "DATE",
    "DATEDIF",
    "DATEVALUE",
    "DAY",
    "DAYS",
    "DAYS360",
    "EDATE",
    "EOMONTH",
    "ISOWEEKNUM",
    "MONTH",
    "NETWORKDAYS",
    "NETWORKDAYS.INTL",
    "NOW",
    "TEXT",
    "TODAY",
    "WEEKDAY",
    "WEEKNUM",
    "WORKDAY",
    "WORKDAY.INTL",
    "XIRR",
    "XNPV",
    "YEAR",
    "YEARFRAC",
];

/// Functions whose answer depends on what only Excel knows: another application, the window, chance.
const NOT_OURS: &[&str] = &[
    "CELL",
    "INFO",
    "RAND",
    "RANDARRAY",
    "RANDBETWEEN",
    "INDIRECT",
    "OFFSET",
    "HYPERLINK",
];

/// Why a formula is not given to the engine; `None` when it is.
fn unfit(formula: &str, date_1904: bool, unknown: &mut HashMap<String, bool>) -> Option<String> {
    let found = references(formula);
    if found.external {
        return Some("it reads another workbook".to_owned());
    }
    if !balanced(formula) {
        return Some("it cannot be read".to_owned());
    }
    found.functions.iter().find_map(|name| {
        let is_unknown = *unknown.entry(name.clone()).or_insert_with(|| !computed(name));
        if is_unknown
            || NOT_OURS.contains(&name.as_str())
            || crate::risk::outside_reach(&format!("{name}(1)")).is_some()
        {
            return Some(format!("{name} is not computed here"));
        }
        (date_1904 && DATE_FUNCTIONS.contains(&name.as_str()))
            .then(|| format!("{name} counts days from 1904 in this workbook"))
    })
}

/// Computes the formulas; one outcome a formula, in order.
pub fn calculate(problem: Problem, limits: &CalculationLimits) -> Vec<(CellAt, Outcome)> {
    let cells: Vec<CellAt> = problem.formulas.iter().map(|(cell, _)| *cell).collect();
    let all = |reason: &str| {
        cells
            .iter()
            .map(|cell| (*cell, Outcome::NotComputed(reason.to_owned())))
            .collect()
    };
    if problem.formulas.len() > limits.formulas || problem.constants.len() > limits.constants {
        return all("too many cells depend on the change");
    }
    let mut known = HashMap::new();
    let unfit: HashMap<CellAt, String> = problem
        .formulas
        .iter()
        .filter_map(|(cell, formula)| Some((*cell, unfit(formula, problem.date_1904, &mut known)?)))
        .collect();
    let visits: u64 = problem
        .formulas
        .iter()
        .flat_map(|(_, formula)| references(formula).ranges)
        .map(|range| range.area.cells().min(u64::from(range.area.columns()) * 100_000))
        .fold(0, u64::saturating_add);
    if visits > limits.visits {
        return all("the formulas look at too many cells");
    }
    if overdue()
        .as_ref()
        .is_some_and(|ended| !ended.load(Ordering::Acquire))
    {
        return all("an earlier calculation that took too long still runs");
    }
    let (sender, receiver) = mpsc::channel();
    let ended = Arc::new(AtomicBool::new(false));
    let ending = Arc::clone(&ended);
    let work = move || {
        let computed = catch_unwind(AssertUnwindSafe(|| run(&problem, &unfit)));
        ending.store(true, Ordering::Release);
        // Nobody listens after the time is over.
        drop(sender.send(computed.unwrap_or_else(|_| Err("the engine failed".to_owned()))));
    };
    if std::thread::Builder::new()
        .name("calculation".to_owned())
        .stack_size(16 << 20)
        .spawn(work)
        .is_err()
    {
        return all("no thread was free for it");
    }
    match receiver.recv_timeout(limits.time) {
        Ok(Ok(outcomes)) => outcomes,
        Ok(Err(reason)) => all(&reason),
        Err(_) => {
            *overdue() = Some(ended);
            all("it took too long")
        }
    }
}

/// The calculation that was given up last. The engine cannot be stopped from outside, so while one that was given up still
/// runs no other is begun: hostile formulas cost one thread, not one a write.
fn overdue() -> MutexGuard<'static, Option<Arc<AtomicBool>>> {
    static OVERDUE: Mutex<Option<Arc<AtomicBool>>> = Mutex::new(None);
    OVERDUE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One-based numbers as the engine counts.
fn at(cell: CellAt) -> (u32, i32, i32) {
    (cell.sheet as u32, cell.row as i32 + 1, cell.column as i32 + 1)
}

fn run(problem: &Problem, unfit: &HashMap<CellAt, String>) -> Result<Vec<(CellAt, Outcome)>, String> {
    let mut model = model(problem)?;
    for (cell, value) in &problem.constants {
        let (sheet, row, column) = at(*cell);
        match value {
            CellValue::Empty => {}
            CellValue::Boolean(value) => model.update_cell_with_bool(sheet, row, column, *value)?,
            CellValue::Number(value) => model.update_cell_with_number(sheet, row, column, *value)?,
            CellValue::Text(text) if is_error(text) => {
                model.set_user_input(sheet, row, column, text.clone())?;
            }
            CellValue::Text(text) => model.update_cell_with_text(sheet, row, column, text)?,
        }
    }
    let mut failed: HashMap<CellAt, String> = unfit.clone();
    for (cell, formula) in &problem.formulas {
        let (sheet, row, column) = at(*cell);
        if !failed.contains_key(cell)
            && let Err(reason) = model.update_cell_with_formula(sheet, row, column, format!("={formula}"))
        {
            failed.insert(*cell, reason);
        }
    }
    model.evaluate();
    let mut outcomes = Vec::with_capacity(problem.formulas.len());
    for (cell, _) in &problem.formulas {
        let outcome = match failed.get(cell) {
            Some(reason) => Outcome::NotComputed(reason.clone()),
            None => outcome(&model, *cell)?,
        };
        outcomes.push((*cell, outcome));
    }
    spread(problem, &mut outcomes);
    Ok(outcomes)
}

fn outcome(model: &Model<'_>, cell: CellAt) -> Result<Outcome, String> {
    let (sheet, row, column) = at(cell);
    Ok(match model.get_cell_value_by_index(sheet, row, column)? {
        Computed::None => Outcome::Value(CellValue::Number(0.0)),
        Computed::Number(value) if value.is_finite() => Outcome::Value(CellValue::Number(value)),
        Computed::Number(_) => Outcome::Error("#NUM!".to_owned()),
        Computed::Boolean(value) => Outcome::Value(CellValue::Boolean(value)),
        // What the engine alone has: Excel answers circles and its own gaps otherwise.
        Computed::String(text) if text == "#CIRC!" => Outcome::NotComputed("it refers to itself".to_owned()),
        Computed::String(text) if text == "#N/IMPL" || text == "#ERROR!" || text == "#N/IMPL!" => {
            Outcome::NotComputed("the engine cannot compute it".to_owned())
        }
        Computed::String(text) if text == "#SPILL!" => {
            Outcome::NotComputed("its answer fills several cells".to_owned())
        }
        Computed::String(text) if is_error(&text) => Outcome::Error(text),
        Computed::String(text) => Outcome::Value(CellValue::Text(text)),
    })
}

/// True for the text of an error value.
fn is_error(text: &str) -> bool {
    matches!(
        text,
        "#NULL!" | "#DIV/0!" | "#VALUE!" | "#REF!" | "#NAME?" | "#NUM!" | "#N/A" | "#CALC!" | "#SPILL!"
    )
}

/// A formula that reads a cell which was not computed is not computed either.
fn spread(problem: &Problem, outcomes: &mut [(CellAt, Outcome)]) {
    let mut stale: BTreeSet<CellAt> = outcomes
        .iter()
        .filter(|(_, outcome)| matches!(outcome, Outcome::NotComputed(_)))
        .map(|(cell, _)| *cell)
        .collect();
    if stale.is_empty() {
        return;
    }
    let index: HashMap<String, usize> = problem
        .sheets
        .iter()
        .enumerate()
        .map(|(index, name)| (name.to_lowercase(), index))
        .collect();
    let reads: Vec<_> = problem
        .formulas
        .iter()
        .map(|(_, formula)| references(formula))
        .collect();
    loop {
        let before = stale.len();
        for (position, (cell, outcome)) in outcomes.iter_mut().enumerate() {
            if stale.contains(cell) {
                continue;
            }
            let reads = &reads[position];
            // What a name or a table stands for is not followed here: it may be anything that is stale.
            let blind = reads.structured || !reads.names.iter().all(|name| is_constant(name));
            let touches = |other: &CellAt| {
                reads.ranges.iter().any(|range| {
                    let number = |name: &Option<String>| {
                        name.as_ref()
                            .map_or(Some(cell.sheet), |name| index.get(&name.to_lowercase()).copied())
                    };
                    let first = number(&range.sheet);
                    let last = if range.last_sheet.is_some() {
                        number(&range.last_sheet)
                    } else {
                        first
                    };
                    let on = first
                        .zip(last)
                        .is_some_and(|(first, last)| (first..=last).contains(&other.sheet));
                    on && range.area.contains(other.row, other.column)
                })
            };
            if blind || stale.iter().any(touches) {
                *outcome = Outcome::NotComputed("it reads a cell that was not computed".to_owned());
                stale.insert(*cell);
            }
        }
        if stale.len() == before {
            return;
        }
    }
}

fn is_constant(name: &str) -> bool {
    name.eq_ignore_ascii_case("true") || name.eq_ignore_ascii_case("false")
}

/// An engine with sheets, names and tables, and no cells yet.
fn model(problem: &Problem) -> Result<Model<'static>, String> {
    let mut workbook = Model::new_empty("workbook", "en", "UTC", "en")?.workbook;
    let blank = workbook
        .worksheets
        .first()
        .cloned()
        .ok_or("the engine has no sheet")?;
    workbook.worksheets = problem
        .sheets
        .iter()
        .enumerate()
        .map(|(index, name)| {
            let mut sheet = blank.clone();
            sheet.name.clone_from(name);
            sheet.sheet_id = index as u32 + 1;
            sheet
        })
        .collect();
    workbook.defined_names = problem
        .names
        .iter()
        .map(|(name, sheet, formula)| DefinedName {
            name: name.clone(),
            formula: from_file(formula),
            sheet_id: sheet.map(|sheet| sheet as u32 + 1),
        })
        .collect();
    workbook.tables = problem
        .tables
        .iter()
        .map(|table| (table.name.clone(), engine_table(table)))
        .collect();
    Model::from_workbook(workbook, "en")
}

fn engine_table(table: &Table) -> EngineTable {
    let columns = table.columns.iter().enumerate().map(|(index, name)| TableColumn {
        id: index as u32 + 1,
        name: name.clone(),
        totals_row_label: None,
        header_row_dxf_id: None,
        data_dxf_id: None,
        totals_row_dxf_id: None,
        totals_row_function: None,
    });
    EngineTable {
        name: table.name.clone(),
        display_name: table.name.clone(),
        sheet_name: table.sheet.clone(),
        reference: table.area.to_string(),
        totals_row_count: table.totals_rows,
        header_row_count: table.header_rows,
        header_row_dxf_id: None,
        data_dxf_id: None,
        totals_row_dxf_id: None,
        columns: columns.collect(),
        style_info: TableStyleInfo {
            name: None,
            show_first_column: false,
            show_last_column: false,
            show_row_stripes: true,
            show_column_stripes: false,
        },
        has_filters: false,
    }
}
