//! Notes and comments: each goes with its cell, in all parts that name it.

use deskhand_formula::{Axis, Shift};
use deskhand_opc::Draft;
use deskhand_opc::xml::{Node, Tree};
use deskhand_operations::Area;

use super::anchors::{End, Hold, moved};
use super::edits::Edit;
use super::{Follow, corners};
use crate::error::Outcome;
use crate::vml;
use crate::workbook::SheetEntry;

/// Notes (`comment`) and threads (`threadedComment`) of the sheet that is changed.
pub(super) fn texts(follow: &Follow<'_>, draft: &mut Draft, part: &str) -> Outcome<()> {
    let content = draft.package().part(part)?;
    let tree = Tree::parse(part, &content, draft.package().limits())?;
    let mut edits = Vec::new();
    for node in tree.root().descendants() {
        if !matches!(node.local(), "comment" | "threadedComment") {
            continue;
        }
        let Some(area) = node.attribute("ref").and_then(|cell| Area::parse(&cell).ok()) else {
            continue;
        };
        match follow.shift.area(area) {
            None => edits.push(node.replace("")),
            Some(moved) if moved != area => edits.push(node.tag().set_attribute("ref", &corners(moved))),
            Some(_) => {}
        }
    }
    draft.edit(part, edits)?;
    Ok(())
}

/// The old drawings of notes and controls ([MS-OI29500] 2.1.1789; ECMA-376 part 4, 19.4).
pub(super) fn shapes(
    follow: &mut Follow<'_>,
    draft: &mut Draft,
    part: &str,
    sheet: &SheetEntry,
) -> Outcome<()> {
    let content = draft.package().part(part)?;
    let readable = vml::readable(&content);
    let tree = Tree::parse(part, &readable, draft.package().limits())?;
    let own = sheet.part == follow.sheet().part;
    let mut edits: Vec<Edit> = Vec::new();
    for data in tree
        .root()
        .descendants()
        .filter(|node| node.local() == "ClientData")
    {
        for node in data
            .children()
            .filter(|node| node.local().starts_with("Fmla") && !node.self_closing())
        {
            if node.local() == "FmlaMacro" {
                continue;
            }
            let place = format!("a control on `{}`", sheet.name);
            if let Some(new) = follow.noted(&node.text(), &Follow::holder(sheet), &|| place.clone()) {
                edits.push((node.inner(), super::text(&new).as_str().into()));
            }
        }
        if !own {
            continue;
        }
        if data.attribute("ObjectType").is_some_and(|kind| kind == "Note") {
            note(follow.shift, data, &mut edits);
        } else {
            let fixed = |local: &str| {
                data.children()
                    .any(|node| node.local() == local && node.text().trim() != "False")
            };
            // These elements say what the object does not do.
            let hold = match (fixed("MoveWithCells"), fixed("SizeWithCells")) {
                (false, false) => Hold::Size,
                (false, true) => Hold::Move,
                (true, _) => Hold::Fixed,
            };
            edits.extend(anchor(follow.shift, data, |from, to| {
                moved(follow.shift, from, to, hold)
            }));
        }
    }
    draft.edit(part, edits)?;
    Ok(())
}

/// A note's box goes as far as its cell goes, and away with it.
fn note(shift: Shift, data: Node<'_, '_>, edits: &mut Vec<Edit>) {
    let child = |local: &str| data.children().find(|node| node.local() == local);
    let number = |local: &str| child(local)?.text().trim().parse::<u32>().ok();
    let (Some(row), Some(column)) = (number("Row"), number("Column")) else {
        return;
    };
    let Some((new_row, new_column)) = shift.cell(row, column) else {
        edits.extend(data.parent().map(|shape| shape.replace("")));
        return;
    };
    let (old, new, local) = match shift.axis {
        Axis::Rows => (row, new_row, "Row"),
        Axis::Columns => (column, new_column, "Column"),
    };
    if old == new {
        return;
    }
    edits.extend(child(local).map(|node| (node.inner(), new.to_string().as_str().into())));
    let by = |end: End| {
        let index = i64::from(end.index) + i64::from(new) - i64::from(old);
        End {
            index: index.clamp(0, i64::from(shift.axis.size() - 1)) as u32,
            ..end
        }
    };
    edits.extend(anchor(shift, data, |from, to| (by(from), by(to))));
}

/// `x:Anchor`: column, offset, row, offset, and the same for the other corner.
fn anchor(shift: Shift, data: Node<'_, '_>, change: impl Fn(End, End) -> (End, End)) -> Option<Edit> {
    let node = data.children().find(|node| node.local() == "Anchor")?;
    let mut fields = vml::anchor(node)?;
    let first = match shift.axis {
        Axis::Columns => 0,
        Axis::Rows => 2,
    };
    let end = |fields: &[i64; 8], at: usize| {
        Some(End {
            index: fields[at].try_into().ok()?,
            offset: fields[at + 1],
        })
    };
    let (from, to) = (end(&fields, first)?, end(&fields, first + 4)?);
    let (start, stop) = change(from, to);
    if (start, stop) == (from, to) {
        return None;
    }
    for (at, end) in [(first, start), (first + 4, stop)] {
        fields[at] = i64::from(end.index);
        fields[at + 1] = end.offset;
    }
    Some((node.inner(), vml::written(fields).as_str().into()))
}
