//! Where pictures, charts, shapes and controls hang on a sheet (ECMA-376 part 1, 20.5.2; 18.3.1.3).

use deskhand_formula::{Axis, Shift};
use deskhand_opc::xml::{Node, Tree};

use super::edits::Edit;

/// How an object goes with the cells below it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Hold {
    /// It moves and takes the size of its cells.
    Size,
    /// It moves and keeps its size.
    Move,
    /// It stays where it is.
    Fixed,
}

/// One end of an anchor along the axis.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct End {
    pub(super) index: u32,
    /// Zero when it stands at the cell's start.
    pub(super) offset: i64,
}

/// Both ends after the change.
pub(super) fn moved(shift: Shift, from: End, to: End, hold: Hold) -> (End, End) {
    let last = shift.axis.size() - 1;
    let start = |end: End| match shift.index(end.index) {
        Some(index) => End { index, ..end },
        None => End {
            index: if shift.insert { last } else { shift.at },
            offset: 0,
        },
    };
    match hold {
        Hold::Fixed => (from, to),
        Hold::Move => {
            let new = start(from);
            let index = i64::from(to.index) + i64::from(new.index) - i64::from(from.index);
            (
                new,
                End {
                    index: index.clamp(0, i64::from(last)) as u32,
                    ..to
                },
            )
        }
        Hold::Size => {
            let new = start(from);
            // What ends at a cell's start ends with the cell before it.
            let end = match to
                .index
                .checked_sub(1)
                .filter(|_| to.offset == 0 && to.index > from.index)
            {
                Some(before) => match shift.index(before) {
                    Some(index) => End {
                        index: (index + 1).min(last),
                        offset: 0,
                    },
                    None => start(End {
                        index: before,
                        offset: 0,
                    }),
                },
                None => start(to),
            };
            let behind = end.index < new.index || (end.index == new.index && end.offset < new.offset);
            (new, if behind { new } else { end })
        }
    }
}

/// The edits of a drawing on the sheet that is changed.
pub(super) fn drawing(shift: Shift, tree: &Tree<'_>) -> Vec<Edit> {
    let mut edits = Vec::new();
    for node in tree.root().descendants() {
        let hold = match node.local() {
            "twoCellAnchor" => match node.attribute("editAs").as_deref() {
                Some("oneCell") => Hold::Move,
                Some("absolute") => Hold::Fixed,
                _ => Hold::Size,
            },
            "oneCellAnchor" => Hold::Move,
            _ => continue,
        };
        edits.extend(anchor(shift, node, hold));
    }
    edits
}

/// The edits of a control's anchor.
pub(super) fn control(shift: Shift, node: Node<'_, '_>) -> Vec<Edit> {
    let set = |name: &str| {
        node.attribute(name)
            .is_some_and(|value| crate::workbook::is_true(&value))
    };
    let hold = match (set("moveWithCells"), set("sizeWithCells")) {
        (_, true) => Hold::Size,
        (true, false) => Hold::Move,
        (false, false) => Hold::Fixed,
    };
    anchor(shift, node, hold)
}

fn anchor(shift: Shift, node: Node<'_, '_>, hold: Hold) -> Vec<Edit> {
    let child = |local: &str| node.children().find(|child| child.local() == local);
    let Some(from) = child("from") else {
        return Vec::new();
    };
    let to = child("to");
    let Some(start) = end(shift, from) else {
        return Vec::new();
    };
    let stop = to.and_then(|to| end(shift, to)).unwrap_or(start);
    let (new_start, new_stop) = moved(shift, start, stop, hold);
    let mut edits = written(shift, from, start, new_start);
    if let Some(to) = to {
        edits.extend(written(shift, to, stop, new_stop));
    }
    edits
}

fn names(shift: Shift) -> (&'static str, &'static str) {
    match shift.axis {
        Axis::Rows => ("row", "rowOff"),
        Axis::Columns => ("col", "colOff"),
    }
}

fn end(shift: Shift, marker: Node<'_, '_>) -> Option<End> {
    let (index, offset) = names(shift);
    let child = |local: &str| marker.children().find(|child| child.local() == local);
    Some(End {
        index: child(index)?.text().trim().parse().ok()?,
        // A length may say its unit; then it is not zero.
        offset: child(offset).map_or(0, |node| node.text().trim().parse().unwrap_or(1)),
    })
}

fn written(shift: Shift, marker: Node<'_, '_>, old: End, new: End) -> Vec<Edit> {
    let (index, offset) = names(shift);
    let child = |local: &str| marker.children().find(|child| child.local() == local);
    let mut edits = Vec::new();
    if old.index != new.index {
        edits.extend(child(index).map(|node| (node.inner(), new.index.to_string().as_str().into())));
    }
    if old.offset != new.offset {
        edits.extend(child(offset).map(|node| (node.inner(), new.offset.to_string().as_str().into())));
    }
    edits
}
