//! What an auditor does with a model: follows chains of formulas, and finds errors of modelling.
//!
//! Owns the reading of a workbook as a model: runs of formulas, totals and their parts, labels, signs and units. Must not
//! know packages, XML or the operations that ask: cells come in as values and formulas, findings go out.

mod checks;
mod finding;
mod grid;
mod labels;
mod model;
mod parsed;
mod runs;
mod trace;
mod words;

pub use checks::{Checked, LOOKED_FOR, check, circles};
pub use finding::{Code, ModelFinding, Severity};
pub use model::{Cell, FormatClass, Look, Model, Sheet};
pub use trace::{Chain, Direction, MAX_STEPS, Step, trace};
