//! Heights of rows, and rows hidden or shown (ECMA-376 part 1, 18.3.1.73).

use std::collections::BTreeMap;
use std::fmt::Write as _;

use deskhand_opc::Draft;

use crate::cell_edit::inserted_rows;
use crate::cells::Keep;
use crate::element_list::Edit;
use crate::error::Outcome;
use crate::sheet::Worksheet;
use crate::workbook::{Workbook, is_true};

/// A height of a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Height {
    Points(f64),
    /// What the content takes.
    Fitting,
}

/// What becomes of a row; absent is as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct RowChange {
    pub(crate) height: Option<Height>,
    pub(crate) hidden: Option<bool>,
}

/// Changes rows in the draft; answers how many are hidden or shown now that were not.
pub(crate) fn apply(
    workbook: &Workbook,
    draft: &mut Draft,
    part: &str,
    changes: &BTreeMap<u32, RowChange>,
) -> Outcome<u32> {
    let content = draft.package().part(part)?;
    let scanned = Worksheet::read(workbook, part, &content, &Keep::Areas(Vec::new()))?;
    let mut edits: Vec<Edit> = Vec::new();
    let mut new: Vec<(u32, String)> = Vec::new();
    let mut toggled = 0;
    for (row, change) in changes {
        let held = scanned.data.rows.binary_search_by_key(row, |held| held.row);
        let Ok(index) = held else {
            let attributes = attributes(*change);
            toggled += u32::from(change.hidden == Some(true));
            if !attributes.is_empty() {
                let p = &scanned.prefix;
                new.push((*row, format!(r#"<{p}row r="{}"{attributes}/>"#, row + 1)));
            }
            continue;
        };
        let tag = &scanned.data.rows[index].tag;
        let is_hidden = tag.attribute("hidden").is_some_and(|hidden| is_true(&hidden));
        match change.hidden {
            Some(true) if !is_hidden => {
                toggled += 1;
                edits.push(tag.set_attribute("hidden", "1"));
            }
            Some(false) if is_hidden => {
                toggled += 1;
                edits.extend(tag.remove_attribute("hidden"));
                // A row of no height would stay out of sight.
                let flat = tag
                    .find("ht")
                    .is_some_and(|height| height.raw.parse::<f64>() == Ok(0.0));
                if flat && change.height.is_none() {
                    edits.extend(tag.remove_attribute("ht"));
                    edits.extend(tag.remove_attribute("customHeight"));
                }
            }
            _ => {}
        }
        match change.height {
            Some(Height::Points(points)) => {
                edits.push(tag.set_attribute("ht", &points.to_string()));
                edits.push(tag.set_attribute("customHeight", "1"));
            }
            Some(Height::Fitting) => {
                edits.extend(tag.remove_attribute("ht"));
                edits.extend(tag.remove_attribute("customHeight"));
            }
            None => {}
        }
    }
    edits.extend(inserted_rows(&scanned, new));
    draft.edit(part, edits)?;
    Ok(toggled)
}

fn attributes(change: RowChange) -> String {
    let mut attributes = String::new();
    if let Some(Height::Points(points)) = change.height {
        let _ = write!(attributes, r#" ht="{points}" customHeight="1""#);
    }
    if change.hidden == Some(true) {
        attributes.push_str(r#" hidden="1""#);
    }
    attributes
}
