//! `<cols>`: widths and formats of columns (ECMA-376 part 1, 18.3.1.17).

use std::fmt::Write as _;

use deskhand_formula::Axis;
use deskhand_opc::Blob;
use deskhand_opc::xml::{Node, Tree};
use deskhand_operations::MAX_COLUMNS;

use super::Follow;
use super::edits::Edit;
use crate::workbook::is_true;

/// The edits of a sheet's `<cols>`, whose tree this is.
pub(super) fn follow(follow: &Follow<'_>, tree: &Tree<'_>) -> Vec<Edit> {
    let shift = follow.shift;
    if shift.axis != Axis::Columns {
        return Vec::new();
    }
    let root = tree.root();
    let (mut edits, mut left) = (Vec::new(), 0usize);
    for node in root.children() {
        let Some((first, last)) = run(&node) else {
            left += 1;
            continue;
        };
        let Some((low, mut high)) = shift.span(first, last) else {
            edits.push(node.replace(""));
            continue;
        };
        left += 1;
        if shift.insert && last + 1 == shift.at {
            // New columns are as wide as the one to their left, and formatted like it, but not hidden.
            let new_last = (last + shift.count).min(MAX_COLUMNS - 1);
            if plain(&node) {
                high = new_last;
            } else {
                edits.push(node.after(&format!(
                    r#"<{} min="{}" max="{}"{}/>"#,
                    node.tag().name,
                    shift.at + 1,
                    new_last + 1,
                    look(&node)
                )));
            }
        }
        if (low, high) != (first, last) {
            edits.push(node.tag().set_attribute("min", &(low + 1).to_string()));
            edits.push(node.tag().set_attribute("max", &(high + 1).to_string()));
        }
    }
    if left == 0 {
        return vec![(root.span(), Blob::default())];
    }
    edits
}

fn run(node: &Node<'_, '_>) -> Option<(u32, u32)> {
    let number = |name: &str| node.attribute(name)?.parse::<u32>().ok()?.checked_sub(1);
    let (first, last) = (number("min")?, number("max")?);
    (first <= last && last < MAX_COLUMNS).then_some((first, last))
}

/// True for a column that is neither hidden nor in an outline.
fn plain(node: &Node<'_, '_>) -> bool {
    let set = |name: &str| node.attribute(name).is_some_and(|value| is_true(&value));
    let level = node.attribute("outlineLevel").is_some_and(|level| level != "0");
    !set("hidden") && !set("collapsed") && !level
}

/// Width and format alone.
fn look(node: &Node<'_, '_>) -> String {
    let mut look = String::new();
    for attribute in node.tag().attributes() {
        if matches!(attribute.name, "width" | "style" | "customWidth") {
            let _ = write!(
                look,
                r#" {}="{}""#,
                attribute.name,
                attribute.raw.replace('"', "&quot;")
            );
        }
    }
    look
}
