//! `rows.delete`.

use deskhand_formula::Axis;
use deskhand_opc::Draft;
use deskhand_operations::answer::Applied;
use deskhand_operations::workbook::RowsDelete;

use super::shifting::{self, Way};
use crate::error::Outcome;
use crate::workbook::Workbook;

pub(super) fn plan(workbook: &Workbook, draft: &mut Draft, asked: &RowsDelete) -> Outcome<Applied> {
    shifting::plan(workbook, draft, &asked.range, Axis::Rows, Way::Delete)
}
