//! Formulas: tokens, references, what reaches outside the workbook, and recalculation.
//!
//! Owns the text of formulas as Excel files hold it (English, commas; ECMA-376 part 1, 18.17) and the use of the
//! calculation engines. Must not know packages or XML: values and formulas come in, values go out.

mod calculate;
mod classes;
mod dependence;
mod elsewhere;
mod engine;
mod format;
mod functions;
mod opinions;
mod prepare;
mod reference;
mod relative;
mod rewrite;
pub mod risk;
mod structured;
mod token;

pub use calculate::{
    Calculated, CalculationLimits, CellAt, Formula, Method, Outcome, Problem, Table, calculate, precedents,
    reach,
};
pub use dependence::Readers;
pub use elsewhere::{LACKING, rests_outside};
pub use engine::{Constant, EngineName};
pub use format::shown;
pub use functions::{from_file, to_file};
pub use opinions::{Opinions, opinions};
pub use reference::{Reference, References, balanced, references, translate};
pub use relative::relative;
pub use rewrite::{Axis, Book, BookTable, Change, Holder, Rewritten, Shift, rewrite, rewritten};
pub use token::{Kind, Token, tokens};
