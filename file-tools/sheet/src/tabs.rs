//! The order of tabs: names and views refer to sheets by their place, which moves when a sheet comes or goes.

use std::ops::Range;

use deskhand_opc::xml::{Node, Tree};
use deskhand_opc::{Blob, Draft};

use crate::error::Outcome;
use crate::workbook::Workbook;

/// What happens to the places of sheets.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shift {
    /// A sheet comes to this place.
    Added(usize),
    /// The sheet of this place goes; names local to it go too.
    Removed(usize),
    /// A sheet goes from one place to another.
    Moved { from: usize, to: usize },
}

impl Shift {
    /// The new place; `None` for the sheet that goes.
    fn moved(self, index: usize) -> Option<usize> {
        match self {
            Self::Added(at) => Some(if index >= at { index + 1 } else { index }),
            Self::Removed(at) if index == at => None,
            Self::Removed(at) => Some(if index > at { index - 1 } else { index }),
            Self::Moved { from, to } if index == from => Some(to),
            Self::Moved { from, to } => {
                let without = if index > from { index - 1 } else { index };
                Some(if without >= to { without + 1 } else { without })
            }
        }
    }
}

/// The edits of the workbook part that follow the move.
pub(crate) fn edits(root: Node<'_, '_>, shift: Shift) -> Vec<(Range<usize>, Blob)> {
    let mut edits = Vec::new();
    let index =
        |node: &Node<'_, '_>, name: &str| node.attribute(name).and_then(|value| value.parse::<usize>().ok());
    if let Some(list) = root.child("definedNames") {
        let gone = |node: &Node<'_, '_>| {
            index(node, "localSheetId").is_some_and(|local| shift.moved(local).is_none())
        };
        let total = list.children().count();
        if total > 0 && list.children().filter(gone).count() == total {
            edits.push(list.replace(""));
        } else {
            for node in list.children() {
                match index(&node, "localSheetId").map(|local| (local, shift.moved(local))) {
                    Some((_, None)) => edits.push(node.replace("")),
                    Some((local, Some(moved))) if moved != local => {
                        edits.push(node.tag().set_attribute("localSheetId", &moved.to_string()));
                    }
                    _ => {}
                }
            }
        }
    }
    for view in root.child("bookViews").iter().flat_map(Node::children) {
        for name in ["activeTab", "firstSheet"] {
            if let Some(held) = index(&view, name) {
                let moved = shift.moved(held).unwrap_or_else(|| neighbour(root, shift, held));
                if moved != held {
                    edits.push(view.tag().set_attribute(name, &moved.to_string()));
                }
            }
        }
    }
    edits
}

/// The new place of the visible sheet that is next to one that goes.
fn neighbour(root: Node<'_, '_>, shift: Shift, gone: usize) -> usize {
    let sheets = root.child("sheets").into_iter().flat_map(|list| list.children());
    let visible = sheets
        .enumerate()
        .filter(|(_, node)| node.attribute("state").is_none_or(|state| state == "visible"))
        .map(|(index, _)| index);
    let nearest = visible
        .filter(|index| *index != gone)
        .min_by_key(|index| (index.abs_diff(gone), *index < gone));
    nearest.and_then(|index| shift.moved(index)).unwrap_or_default()
}

/// Makes Excel compute everything when it opens the file.
pub(crate) fn calculate_on_load(workbook: &Workbook, draft: &mut Draft) -> Outcome<()> {
    let content = draft.package().part(&workbook.part)?;
    let tree = Tree::parse(&workbook.part, &content, draft.package().limits())?;
    let root = tree.root();
    let edit = match root.child("calcPr") {
        Some(node)
            if node
                .attribute("fullCalcOnLoad")
                .is_some_and(|value| crate::workbook::is_true(&value)) =>
        {
            return Ok(());
        }
        Some(node) => node.tag().set_attribute("fullCalcOnLoad", "1"),
        None => {
            let xml = format!(r#"<{}calcPr fullCalcOnLoad="1"/>"#, root.prefix_colon());
            crate::outline::insert_into_workbook(root, "calcPr", &xml)
        }
    };
    draft.edit(&workbook.part, [edit])?;
    Ok(())
}
