//! Tables: which cell begins where, and how far merged cells reach.

use std::collections::HashMap;

use deskhand_opc::xml::{Node, Ns};
use deskhand_operations::text::{TrackedChange, TrackedKind};

use super::names::{is_on, value};

/// A row with its cells placed in the grid.
#[derive(Debug)]
pub(super) struct GridRow<'t, 'a> {
    pub(super) node: Node<'t, 'a>,
    pub(super) header: bool,
    pub(super) change: Option<TrackedChange>,
    pub(super) cells: Vec<GridCell<'t, 'a>>,
}

/// A cell in the grid. One that continues the cell above has no rows of its own.
#[derive(Debug)]
pub(super) struct GridCell<'t, 'a> {
    pub(super) node: Node<'t, 'a>,
    /// From 1.
    pub(super) column: u32,
    pub(super) columns: u32,
    pub(super) rows: u32,
}

/// Children through content controls and custom XML, which may stand around rows and cells.
fn through<'t, 'a>(node: Node<'t, 'a>, name: &str, found: &mut Vec<Node<'t, 'a>>) {
    for child in node.children().filter(|child| child.tag().ns == Ns::Word) {
        match child.local() {
            local if local == name => found.push(child),
            "sdt" | "sdtContent" | "customXml" | "ins" | "del" | "moveFrom" | "moveTo" => {
                through(child, name, found);
            }
            _ => {}
        }
    }
}

/// The rows of a table (ECMA-376 part 1, 17.4): `gridSpan` across, `vMerge` down.
pub(super) fn grid<'t, 'a>(table: Node<'t, 'a>) -> Vec<GridRow<'t, 'a>> {
    let mut rows = Vec::new();
    through(table, "tr", &mut rows);
    let mut grid: Vec<GridRow<'t, 'a>> = Vec::with_capacity(rows.len());
    // The cell that a merge downwards began in, by column: its row and place.
    let mut open: HashMap<u32, (usize, usize)> = HashMap::new();
    for (index, node) in rows.into_iter().enumerate() {
        let properties = node.child("trPr");
        let number = |parent: Option<Node<'_, '_>>, name: &str| value(parent?, name)?.parse::<u32>().ok();
        let mut column = 1 + number(properties, "gridBefore").unwrap_or(0).min(1_000);
        let mut nodes = Vec::new();
        through(node, "tc", &mut nodes);
        let mut cells = Vec::with_capacity(nodes.len());
        for node in nodes {
            let properties = node.child("tcPr");
            let columns = number(properties, "gridSpan").unwrap_or(1).clamp(1, 1_000);
            let merge = properties.and_then(|properties| properties.child("vMerge"));
            let continues =
                merge.is_some_and(|merge| merge.prefixed("val").is_none_or(|kind| kind != "restart"));
            let began = open.get(&column).copied().filter(|_| continues);
            if let Some((row, place)) = began {
                grid[row].cells[place].rows += 1;
            } else {
                open.remove(&column);
                if merge.is_some() {
                    open.insert(column, (index, cells.len()));
                }
            }
            cells.push(GridCell {
                node,
                column,
                columns,
                rows: u32::from(began.is_none()),
            });
            column = column.saturating_add(columns);
        }
        grid.push(GridRow {
            node,
            header: properties
                .and_then(|properties| properties.child("tblHeader"))
                .is_some_and(is_on),
            change: properties.and_then(row_change),
            cells,
        });
    }
    grid
}

/// An insertion or deletion of a whole row.
fn row_change(properties: Node<'_, '_>) -> Option<TrackedChange> {
    let named = |name: &str, kind| Some((properties.child(name)?, kind));
    let (node, kind) = named("ins", TrackedKind::Inserted).or_else(|| named("del", TrackedKind::Deleted))?;
    Some(TrackedChange {
        kind,
        author: node.prefixed("author").unwrap_or_default().into_owned(),
        date: node.prefixed("date").map(std::borrow::Cow::into_owned),
        text: String::new(),
    })
}
