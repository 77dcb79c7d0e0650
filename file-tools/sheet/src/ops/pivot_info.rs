//! `pivot.info`.

use deskhand_operations::RefusalCode;
use deskhand_operations::answer::PivotContent;
use deskhand_operations::workbook::PivotInfo;

use crate::error::{Outcome, refuse};
use crate::pivots::{self, Pivot};
use crate::workbook::Workbook;

pub(super) fn answer(workbook: &Workbook, info: &PivotInfo) -> Outcome<PivotContent> {
    let pivots = wanted(workbook, info.name.as_deref())?;
    Ok(PivotContent {
        pivots: pivots.into_iter().map(|pivot| pivot.table).collect(),
    })
}

/// All pivot tables, or those of a name: names are told apart by sheet only.
pub(super) fn wanted(workbook: &Workbook, name: Option<&str>) -> Outcome<Vec<Pivot>> {
    let all = pivots::all(workbook)?;
    let Some(name) = name else { return Ok(all) };
    let known: Vec<String> = all
        .iter()
        .take(20)
        .map(|pivot| pivot.table.name.clone())
        .collect();
    let found: Vec<Pivot> = all
        .into_iter()
        .filter(|pivot| pivot.table.name.eq_ignore_ascii_case(name))
        .collect();
    if found.is_empty() {
        let sentence = if known.is_empty() {
            "The workbook has no pivot table".to_owned()
        } else {
            format!("There is no pivot table `{name}`; there are {}", known.join(", "))
        };
        return refuse(RefusalCode::NotFound, format!("{sentence}; nothing was changed."));
    }
    Ok(found)
}
