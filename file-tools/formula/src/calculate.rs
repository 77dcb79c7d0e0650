//! Computes formulas from the values that they read.
//!
//! Only the given formulas are computed; everything else they read is a constant, the value that the file holds. Each
//! formula is computed by the first engine that is trusted with every function of it and that finds everything it reads
//! known. What is left, and what reads it, is named, never guessed.

mod texts;
mod work;

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::Duration;

use deskhand_operations::{Area, CellValue};

use crate::engine::{Constant, EngineName};
use crate::prepare::{Names, named, prepare, roams};

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

/// A formula to compute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Formula {
    /// Where it stands.
    pub cell: CellAt,
    /// As files hold it, without `=`.
    pub text: String,
    /// True for an array formula of one cell.
    pub array: bool,
}

/// What to compute, and what it rests on.
#[derive(Clone, Debug, Default)]
pub struct Problem {
    /// The names of all sheets in order.
    pub sheets: Vec<String>,
    /// Values that formulas read; none of a cell that is computed.
    pub constants: Vec<(CellAt, Constant)>,
    /// Formulas to compute, each cell once.
    pub formulas: Vec<Formula>,
    /// Areas whose values are not known, and why, what reads them included: what fills several cells, for instance.
    pub unknown: Vec<(usize, Area)>,
    /// Defined names: the name, the sheet it is local to, and what it refers to, without `=`.
    pub names: Vec<(String, Option<usize>, String)>,
    /// Tables.
    pub tables: Vec<Table>,
    /// Sheets some of whose rows are hidden, which subtotals leave out.
    pub hidden_rows: BTreeSet<usize>,
    /// True when day 0 of the workbook is 1904-01-01.
    pub date_1904: bool,
}

/// Who computes.
#[derive(Clone, Copy, Debug)]
pub struct Method {
    /// The engines in the order in which they are asked.
    pub engines: &'static [EngineName],
    /// True to let them try functions that they are not trusted with: for measuring engines, never for values that are
    /// shown to anybody.
    pub try_all: bool,
}

impl Default for Method {
    fn default() -> Self {
        Self {
            engines: &EngineName::ALL,
            try_all: false,
        }
    }
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
    /// How long to wait for the engines.
    pub time: Duration,
}

impl Default for CalculationLimits {
    fn default() -> Self {
        Self {
            formulas: 1_000_000,
            constants: 5_000_000,
            visits: 20_000_000_000,
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

/// One formula's outcome.
#[derive(Clone, Debug, PartialEq)]
pub struct Calculated {
    /// Where the formula stands.
    pub cell: CellAt,
    /// What became of it.
    pub outcome: Outcome,
    /// The engine that computed it.
    pub engine: Option<EngineName>,
}

/// Computes the formulas; one outcome a formula, in order.
pub fn calculate(problem: Problem, method: Method, limits: &CalculationLimits) -> Vec<Calculated> {
    begin(problem, method, false, limits)
}

/// Computes the formulas. With `led`, the first engine computes all that it can, also where it has to wait for values of
/// another; otherwise each engine takes what it can at its turn, which is faster.
pub(crate) fn begin(
    problem: Problem,
    method: Method,
    led: bool,
    limits: &CalculationLimits,
) -> Vec<Calculated> {
    let cells: Vec<CellAt> = problem.formulas.iter().map(|formula| formula.cell).collect();
    let all = |reason: &str| {
        let outcome = |cell: &CellAt| Calculated {
            cell: *cell,
            outcome: Outcome::NotComputed(reason.to_owned()),
            engine: None,
        };
        cells.iter().map(outcome).collect()
    };
    if problem.formulas.len() > limits.formulas || problem.constants.len() > limits.constants {
        return all("too many cells depend on the change");
    }
    if overdue()
        .as_ref()
        .is_some_and(|ended| !ended.load(Ordering::Acquire))
    {
        return all("an earlier calculation that took too long still runs");
    }
    let (sender, receiver) = mpsc::channel();
    let (ended, cancelled) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let (ending, cancelling) = (Arc::clone(&ended), Arc::clone(&cancelled));
    let visits = limits.visits;
    let work = move || {
        let computed = catch_unwind(AssertUnwindSafe(|| {
            work::run(&problem, method, led, visits, &cancelling)
        }));
        ending.store(true, Ordering::Release);
        // Nobody listens after the time is over.
        drop(sender.send(computed));
    };
    if std::thread::Builder::new()
        .name("calculation".to_owned())
        .stack_size(64 << 20)
        .spawn(work)
        .is_err()
    {
        return all("no thread was free for it");
    }
    match receiver.recv_timeout(limits.time) {
        Ok(Ok(outcomes)) => outcomes,
        Ok(Err(_)) => all("the engine failed"),
        Err(_) => {
            cancelled.store(true, Ordering::Relaxed);
            *overdue() = Some(ended);
            all("it took too long")
        }
    }
}

/// The calculation that was given up last. It is told to stop, but the engines look up only now and then: while one that
/// was given up still runs no other is begun, so that hostile formulas cost one thread, not one a write.
fn overdue() -> MutexGuard<'static, Option<Arc<AtomicBool>>> {
    static OVERDUE: Mutex<Option<Arc<AtomicBool>>> = Mutex::new(None);
    OVERDUE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The cells that each formula reads, by sheet: for following a change to what depends on it. Of formulas that are not
/// computed here, what they name.
pub fn precedents(problem: &Problem) -> Vec<Vec<(usize, Area)>> {
    reach(problem).0
}

/// The cells that each formula reads, as [`precedents`] has them, and the formulas, by their numbers, that may read any
/// cell: what `INDIRECT` or `OFFSET` reads, for instance, is only known when it is computed.
pub fn reach(problem: &Problem) -> (Vec<Vec<(usize, Area)>>, Vec<usize>) {
    let mut names = Names::new(problem, true);
    let mut reads = Vec::with_capacity(problem.formulas.len());
    let mut roaming = Vec::new();
    for (index, formula) in problem.formulas.iter().enumerate() {
        let ready = prepare(&formula.text, formula.cell, formula.array, &mut names);
        reads.push(ready.map_or_else(
            |_| {
                if roams(&formula.text, formula.cell, &names) {
                    roaming.push(index);
                }
                named(&formula.text, formula.cell, &names)
            },
            |ready| ready.reads,
        ));
    }
    (reads, roaming)
}
