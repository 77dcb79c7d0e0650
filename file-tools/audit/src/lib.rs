//! What an auditor does with a model: follows chains of formulas to inputs and to results.
//!
//! Owns the reading of a workbook as a model: runs of formulas, labels, chains. Must not know packages, XML or the
//! operations that ask: cells come in as values and formulas.

mod figure;
mod grid;
mod labels;
mod model;
mod runs;
mod trace;
mod words;

pub use model::{Cell, FormatClass, Look, Model, Sheet};
pub use trace::{Chain, Direction, MAX_STEPS, Step, trace};
