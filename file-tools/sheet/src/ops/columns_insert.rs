//! `columns.insert`.

use deskhand_formula::Axis;
use deskhand_opc::Draft;
use deskhand_operations::answer::Applied;
use deskhand_operations::workbook::ColumnsInsert;

use super::shifting::{self, Way};
use crate::error::Outcome;
use crate::workbook::Workbook;

pub(super) fn plan(workbook: &Workbook, draft: &mut Draft, asked: &ColumnsInsert) -> Outcome<Applied> {
    shifting::plan(workbook, draft, &asked.range, Axis::Columns, Way::Insert)
}
