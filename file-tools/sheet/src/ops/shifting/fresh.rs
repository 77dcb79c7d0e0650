//! New rows and cells: they take the format of the row above or the column to the left, as Excel does.

use std::fmt::Write as _;

use deskhand_opc::xml::{Tag, escape};
use deskhand_operations::{CellValue, MAX_COLUMNS};

use super::Follow;
use crate::cell_edit::{Content, cell_xml};
use crate::error::Outcome;
use crate::sheet::Worksheet;

/// What a new cell holds.
pub(super) enum Fresh {
    /// A formula of a table's calculated column.
    Formula(String),
    /// The header of a table's new column.
    Header(String),
}

impl Fresh {
    fn content(&self) -> Content {
        match self {
            Self::Formula(formula) => Content::Formula(formula.clone()),
            Self::Header(text) => Content::Value(CellValue::Text(text.clone())),
        }
    }
}

/// The row above the new ones: what they take from it.
#[derive(Default)]
pub(super) struct Above {
    /// Its format, height and outline.
    attributes: String,
    /// The formats of its cells.
    pub(super) cells: Vec<(u32, u32)>,
}

impl Above {
    pub(super) fn of(tag: &Tag<'_>) -> Self {
        let mut attributes = String::new();
        for (value, condition) in [
            ("s", "customFormat"),
            ("ht", "customHeight"),
            ("outlineLevel", "outlineLevel"),
        ] {
            let holds = tag
                .attribute(condition)
                .is_some_and(|held| held != "0" && held != "false");
            if let (true, Some(held)) = (holds, tag.attribute(value)) {
                let _ = write!(attributes, r#" {value}="{}""#, escape(&held));
                if condition != value {
                    let _ = write!(attributes, r#" {condition}="1""#);
                }
            }
        }
        Self {
            attributes,
            cells: Vec::new(),
        }
    }
}

/// The new rows.
pub(super) fn rows(follow: &Follow<'_>, sheet: &Worksheet<'_>, above: &Above) -> Outcome<String> {
    let (shift, p) = (follow.shift, &sheet.prefix);
    let Some(before) = shift.at.checked_sub(1) else {
        return Ok(String::new());
    };
    // A format that the row or the column gives anyway needs no cell.
    let mut formats = above.cells.clone();
    formats.retain(|(column, style)| *style != sheet.style_for_new(before, *column));
    super::super::within(u64::from(shift.count) * formats.len().max(1) as u64)?;
    let mut xml = String::new();
    for row in shift.at..shift.at + shift.count {
        let mut cells: Vec<(u32, u32, &Content)> = formats
            .iter()
            .map(|(column, style)| (*column, *style, &Content::Empty))
            .collect();
        let held: Vec<(u32, Content)> = follow
            .fresh
            .range((row, 0)..=(row, MAX_COLUMNS))
            .map(|((_, column), fresh)| (*column, fresh.content()))
            .collect();
        for (column, content) in &held {
            let style = above
                .cells
                .iter()
                .find(|(known, _)| known == column)
                .map(|(_, style)| *style);
            let style = style.unwrap_or_else(|| sheet.style_for_new(before, *column));
            cells.retain(|(known, ..)| known != column);
            cells.push((*column, style, content));
        }
        if cells.is_empty() && above.attributes.is_empty() {
            continue;
        }
        cells.sort_by_key(|(column, ..)| *column);
        let _ = write!(xml, r#"<{p}row r="{}"{}>"#, row + 1, above.attributes);
        for (column, style, content) in cells {
            xml.push_str(&cell_xml(p, row, column, style, content));
        }
        let _ = write!(xml, "</{p}row>");
    }
    Ok(xml)
}

/// The new cells of a row when columns come. `left` is the format of the cell to the left.
pub(super) fn cells(follow: &Follow<'_>, sheet: &Worksheet<'_>, row: u32, left: Option<u32>) -> String {
    let shift = follow.shift;
    let Some(before) = shift.at.checked_sub(1) else {
        return String::new();
    };
    let given = sheet.style_for_new(row, before);
    let mut xml = String::new();
    for column in shift.at..shift.at + shift.count {
        let style = left.unwrap_or(given);
        match follow.fresh.get(&(row, column)) {
            Some(fresh) => xml.push_str(&cell_xml(&sheet.prefix, row, column, style, &fresh.content())),
            None if style != given => {
                xml.push_str(&cell_xml(&sheet.prefix, row, column, style, &Content::Empty));
            }
            None => {}
        }
    }
    xml
}
