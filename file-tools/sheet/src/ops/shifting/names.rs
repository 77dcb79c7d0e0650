//! Defined names: what they refer to, and which of them mean other cells now.

use deskhand_formula::Holder;
use deskhand_opc::Draft;
use deskhand_opc::xml::Tree;

use super::Follow;
use crate::error::Outcome;
use crate::workbook::NameEntry;

/// Names in names are looked through this deep.
const DEPTH: usize = 8;

/// Names of Excel's own (print areas, filters) mean what they say, with `$` or without.
fn holder<'n>(follow: &'n Follow<'_>, name: &NameEntry) -> Holder<'n> {
    if name.name.to_ascii_lowercase().starts_with("_xlnm.") {
        return Holder::Part;
    }
    let sheet = name.local.and_then(|index| follow.workbook.sheets.get(index));
    Holder::Name {
        sheet: sheet.map(|sheet| sheet.name.as_str()),
    }
}

/// Marks names and tables that hold more or fewer cells now, so that formulas that use them are computed.
pub(super) fn mark(follow: &mut Follow<'_>) {
    let own = follow.sheet().name.clone();
    let touched = follow.book.tables.iter().filter(|table| {
        let (first, last) = follow.shift.along(&table.area);
        table.sheet == own && follow.shift.touches(first, last)
    });
    follow.book.touched = touched.map(|table| table.name.to_lowercase()).collect();
    for _ in 0..DEPTH {
        let new: Vec<String> = follow
            .workbook
            .names
            .iter()
            .filter(|name| !follow.book.touched.contains(&name.name.to_lowercase()))
            .filter(|name| follow.formula(&name.refers_to, &holder(follow, name)).affected)
            .map(|name| name.name.to_lowercase())
            .collect();
        if new.is_empty() {
            break;
        }
        follow.book.touched.extend(new);
    }
}

/// Rewrites the names in the workbook part.
pub(super) fn follow(follow: &mut Follow<'_>, draft: &mut Draft) -> Outcome<()> {
    let part = &follow.workbook.part;
    let content = draft.package().part(part)?;
    let tree = Tree::parse(part, &content, draft.package().limits())?;
    let list = tree.root().child("definedNames");
    let nodes = list.iter().flat_map(deskhand_opc::xml::Node::children);
    let mut edits = Vec::new();
    for (node, name) in nodes.zip(&follow.workbook.names) {
        let result = follow.formula(&name.refers_to, &holder(follow, name));
        if result.lost {
            follow.lost.push(format!("the name `{}`", name.name));
        }
        if let Some(text) = result.text {
            edits.push((node.inner(), super::text(&text).as_str().into()));
        }
    }
    draft.edit(part, edits)?;
    Ok(())
}
