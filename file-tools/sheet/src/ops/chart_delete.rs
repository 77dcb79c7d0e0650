//! `chart.delete`.

use deskhand_opc::Draft;
use deskhand_opc::xml::Tree;
use deskhand_operations::RefusalCode;
use deskhand_operations::answer::Applied;
use deskhand_operations::workbook::ChartDelete;

use super::sheet_delete::remove_with_orphans;
use crate::addresses;
use crate::drawings;
use crate::error::{Outcome, refuse};
use crate::workbook::Workbook;

pub(super) fn plan(workbook: &Workbook, draft: &mut Draft, delete: &ChartDelete) -> Outcome<Applied> {
    let Some(index) = workbook.sheet_index(&delete.sheet) else {
        return addresses::no_sheet(workbook, &delete.sheet);
    };
    let sheet = workbook.worksheet(index)?;
    let charts = drawings::charts(draft.package(), sheet)?;
    let Some(chart) = charts
        .into_iter()
        .find(|chart| chart.name.eq_ignore_ascii_case(&delete.name))
    else {
        return refuse(
            RefusalCode::NotFound,
            format!(
                "There is no chart `{}` on `{}`; nothing was changed.",
                delete.name, sheet.name
            ),
        );
    };
    let content = draft.package().part(&chart.drawing)?;
    let tree = Tree::parse(&chart.drawing, &content, draft.package().limits())?;
    let Some(anchor) = drawings::anchor(&tree, &chart.relationship) else {
        return refuse(
            RefusalCode::Unsupported,
            format!(
                "The chart `{}` is part of a group; nothing was changed.",
                delete.name
            ),
        );
    };
    let in_group = anchor.descendants().any(|node| node.local() == "grpSp");
    if in_group {
        return refuse(
            RefusalCode::Unsupported,
            format!(
                "The chart `{}` is part of a group; nothing was changed.",
                delete.name
            ),
        );
    }
    draft.edit(&chart.drawing, [anchor.replace("")])?;
    draft.remove_relationship(&chart.drawing, &chart.relationship)?;
    if let Some(part) = &chart.part {
        remove_with_orphans(draft, part)?;
    }
    Ok(Applied {
        target: format!("{} {}", addresses_sheet(&sheet.name), chart.name),
        changed: 1,
        ..Applied::default()
    })
}

fn addresses_sheet(name: &str) -> String {
    deskhand_operations::Address {
        sheet: Some(name.to_owned()),
        area: None,
    }
    .to_string()
}
