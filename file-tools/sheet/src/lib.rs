//! Workbooks on a package: the vocabulary's operations, read by scanning and changed by patches.
//!
//! Owns what a workbook is: sheets, cells, styles, names, tables, charts. Must not know agents, policy, files on disk or
//! the live back end. Every changing operation is `plan → patches` ([`Workbook::plan`]): the workbook stays as it is until
//! the patches are applied, and the patches alone take the change back.

mod addresses;
mod calc_chain;
mod cell_edit;
mod cells;
mod chart;
mod column_width;
mod comments;
mod compare;
mod create;
mod drawings;
mod error;
mod lint;
mod measure;
mod model;
mod ops;
mod outline;
mod picture;
mod pivots;
mod recalculation;
mod sheet;
mod sources;
mod stream;
mod strings;
mod style_edit;
mod styles;
mod tables;
mod tabs;
mod take_back;
mod workbook;

pub use compare::compare;
pub use create::{CreateError, NewRows, NewSheet, NewWorkbook, create_workbook};
pub use lint::{Finding, lint};
pub use recalculation::opinions::Opinion;
pub use recalculation::recompute::Recomputed;
pub use stream::{SharedTexts, Streamed, StreamedCell, StreamedValue};
pub use workbook::{Planned, Workbook};
