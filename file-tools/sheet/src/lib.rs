//! Workbooks on a package: the vocabulary's operations, read by scanning and changed by patches.
//!
//! Owns what a workbook is: sheets, cells, styles, names, tables, charts. Must not know agents, policy, files on disk or
//! the live back end. Every changing operation is `plan → patches` ([`Workbook::plan`]): the workbook stays as it is until
//! the patches are applied, and the patches alone take the change back.

mod addresses;
mod calc_chain;
mod calendar;
mod cell_edit;
mod cells;
mod chart;
mod collation;
mod column_width;
mod columns;
mod comments;
mod compare;
mod create;
mod drawings;
mod element_list;
mod error;
pub mod figure;
mod formula_text;
mod links;
mod lint;
mod measure;
mod merges;
mod model;
mod names;
mod note_edit;
mod notes;
mod ops;
mod outline;
mod part_copy;
mod picture;
mod pivots;
mod recalculation;
mod room;
mod row_edit;
mod rules;
mod sheet;
mod sources;
mod sqref;
mod stream;
mod strings;
mod style_edit;
mod styles;
mod tables;
mod tabs;
mod take_back;
mod vml;
mod workbook;

pub use chart::order as chart_order;
pub use compare::compare;
pub use create::{CreateError, NewRows, NewSheet, NewWorkbook, create_workbook, workbook_of};
pub use lint::{Finding, lint};
pub use picture::is_svg;
pub use recalculation::opinions::Opinion;
pub use recalculation::recompute::Recomputed;
pub use recalculation::third::Third;
pub use stream::{SharedTexts, Streamed, StreamedCell, StreamedValue};
pub use workbook::{Planned, Workbook};
