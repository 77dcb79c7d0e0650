//! `freeze`.

use std::fmt::Write as _;

use deskhand_opc::Draft;
use deskhand_opc::xml::Node;
use deskhand_operations::answer::Applied;
use deskhand_operations::workbook::Freeze;
use deskhand_operations::{Area, MAX_COLUMNS, MAX_ROWS, RefusalCode};

use crate::addresses;
use crate::cells::Keep;
use crate::element_list::Edit;
use crate::error::{Outcome, refuse};
use crate::sheet::Worksheet;
use crate::workbook::Workbook;

pub(super) fn plan(workbook: &Workbook, draft: &mut Draft, freeze: &Freeze) -> Outcome<Applied> {
    let Some(index) = workbook.sheet_index(&freeze.sheet) else {
        return addresses::no_sheet(workbook, &freeze.sheet);
    };
    let sheet = workbook.worksheet(index)?;
    let (rows, columns) = (freeze.rows.unwrap_or(0), freeze.columns.unwrap_or(0));
    if rows >= MAX_ROWS || columns >= MAX_COLUMNS {
        return refuse(
            RefusalCode::BadInput,
            "A freeze must leave cells to move; nothing was changed.",
        );
    }
    let content = draft.package().part(&sheet.part)?;
    let scanned = Worksheet::read(workbook, &sheet.part, &content, &Keep::Areas(Vec::new()))?;
    let p = &scanned.prefix;
    let mut edits: Vec<Edit> = Vec::new();
    let frozen = (rows, columns) != (0, 0);
    match scanned.fragment("sheetViews", draft.package().limits())? {
        Some(list) => {
            for view in list.tree.root().children() {
                let edit = view_edits(view, p, rows, columns);
                edits.extend(edit.into_iter().map(|edit| list.edit(edit)));
            }
        }
        None if frozen => {
            let panes = panes(p, rows, columns, None);
            let xml = format!(
                r#"<{p}sheetViews><{p}sheetView workbookViewId="0">{panes}</{p}sheetView></{p}sheetViews>"#
            );
            edits.push(scanned.insert("sheetViews", &xml));
        }
        None => {}
    }
    draft.edit(&sheet.part, edits)?;
    Ok(Applied {
        target: sheet.name.clone(),
        changed: 1,
        ..Applied::default()
    })
}

/// The edits of one view: panes and selections stand first in it.
fn view_edits(view: Node<'_, '_>, p: &str, rows: u32, columns: u32) -> Vec<Edit> {
    let old: Vec<Node<'_, '_>> = view
        .children()
        .filter(|node| matches!(node.local(), "pane" | "selection"))
        .collect();
    let frozen = (rows, columns) != (0, 0);
    if !frozen && !old.iter().any(|node| node.local() == "pane") {
        return Vec::new();
    }
    // The selection of the active pane goes on.
    let active = view.child("pane").and_then(|pane| pane.attribute("activePane"));
    let selections = || old.iter().filter(|node| node.local() == "selection");
    let held = selections()
        .find(|node| node.attribute("pane") == active)
        .or_else(|| selections().next_back());
    let selected = held.and_then(|node| {
        let cell = node.attribute("activeCell")?.into_owned();
        let areas = node.attribute("sqref")?.into_owned();
        Some((cell, areas))
    });
    let mut edits: Vec<Edit> = old.iter().map(|node| node.replace("")).collect();
    let new = if frozen {
        panes(p, rows, columns, selected)
    } else {
        selected.map_or_else(String::new, |(cell, areas)| {
            format!(r#"<{p}selection activeCell="{cell}" sqref="{areas}"/>"#)
        })
    };
    edits.push(view.prepend(&new));
    edits
}

/// A pane with its selections.
fn panes(p: &str, rows: u32, columns: u32, selected: Option<(String, String)>) -> String {
    let first = Area::cell(rows, columns).to_string();
    let (split, active, others) = match (rows, columns) {
        (rows, 0) => (format!(r#"ySplit="{rows}""#), "bottomLeft", &[][..]),
        (0, columns) => (format!(r#"xSplit="{columns}""#), "topRight", &[][..]),
        (rows, columns) => (
            format!(r#"xSplit="{columns}" ySplit="{rows}""#),
            "bottomRight",
            &["topRight", "bottomLeft"][..],
        ),
    };
    let mut xml = format!(r#"<{p}pane {split} topLeftCell="{first}" activePane="{active}" state="frozen"/>"#);
    for pane in others {
        let _ = write!(xml, r#"<{p}selection pane="{pane}"/>"#);
    }
    let (cell, areas) = selected.unwrap_or_else(|| (first.clone(), first));
    let _ = write!(
        xml,
        r#"<{p}selection pane="{active}" activeCell="{cell}" sqref="{areas}"/>"#
    );
    xml
}
