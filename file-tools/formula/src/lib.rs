//! Formulas: tokens, references, what reaches outside the workbook, and recalculation.
//!
//! Owns the text of formulas as Excel files hold it (English, commas; ECMA-376 part 1, 18.17) and the use of the
//! calculation engine. Must not know packages or XML: values and formulas come in, values go out.

mod calculate;
mod format;
mod functions;
mod reference;
mod rewrite;
pub mod risk;
mod token;

pub use calculate::{CalculationLimits, CellAt, Outcome, Problem, Table, calculate};
pub use format::shown;
pub use functions::{from_file, to_file};
pub use reference::{Reference, References, balanced, references, translate};
pub use rewrite::{Axis, Book, BookTable, Change, Holder, Rewritten, Shift, rewrite, rewritten};
pub use token::{Kind, Token, tokens};
