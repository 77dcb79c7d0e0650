//! The cells of an area, taken up to be put elsewhere: contents as they stand, formulas with references that follow.

use std::fmt::Write as _;

use deskhand_formula::{Kind, tokens, translate};
use deskhand_opc::xml::escape;
use deskhand_operations::{Area, CellValue, MAX_COLUMNS, MAX_ROWS, RefusalCode};

use crate::cell_edit::{Content, RawContent};
use crate::cells::{FormulaKind, Keep, ScannedCell};
use crate::error::{Outcome, refuse};
use crate::ops::values::value;
use crate::room::Room;
use crate::sheet::Worksheet;
use crate::strings;
use crate::workbook::Workbook;

/// An area with its cells.
pub(super) struct Clip<'a> {
    pub(super) sheet: Worksheet<'a>,
    pub(super) area: Area,
    strings: Vec<String>,
}

/// Where and how a cell is put.
#[derive(Clone, Copy, Debug)]
pub(super) struct Put<'p> {
    /// The prefix of the target's elements.
    pub(super) prefix: &'p str,
    pub(super) row: u32,
    pub(super) column: u32,
    /// Values instead of formulas.
    pub(super) values: bool,
    /// Rows become columns.
    pub(super) transpose: bool,
}

impl<'a> Clip<'a> {
    /// Reads the cells of an area of a part.
    pub(super) fn read(workbook: &Workbook, part: &'a str, content: &'a [u8], area: Area) -> Outcome<Self> {
        let sheet = Worksheet::read(workbook, part, content, &Keep::Areas(vec![area]))?;
        let strings = strings::shared(workbook)?;
        Room::new(workbook.package.limits()).take_texts(&sheet.data.cells, &strings)?;
        Ok(Self { sheet, area, strings })
    }

    /// The shared texts of the workbook.
    pub(super) fn strings(&self) -> &[String] {
        &self.strings
    }

    /// The cell of a place, where there is one.
    pub(super) fn cell(&self, row: u32, column: u32) -> Option<&ScannedCell<'a>> {
        let cells = &self.sheet.data.cells;
        let found = cells.binary_search_by_key(&(row, column), |cell| (cell.row, cell.column));
        found.ok().map(|index| &cells[index])
    }

    /// The value of a place.
    pub(super) fn value(&self, row: u32, column: u32) -> CellValue {
        self.cell(row, column)
            .map_or(CellValue::Empty, |cell| value(cell, &self.strings))
    }

    /// The style of a place: of the cell, otherwise of its row or column.
    pub(super) fn style(&self, row: u32, column: u32) -> u32 {
        self.cell(row, column)
            .map_or_else(|| self.sheet.style_for_new(row, column), |cell| cell.style)
    }

    /// What the cell of a place holds, as it reads where it is put.
    pub(super) fn content(&self, row: u32, column: u32, put: Put<'_>) -> Outcome<Content> {
        let Some(cell) = self.cell(row, column) else {
            return Ok(Content::Empty);
        };
        let formula = if put.values {
            None
        } else {
            self.formula(cell, put)?
        };
        if formula.is_none() && cell.value.is_none() {
            return Ok(Content::Empty);
        }
        if put.prefix != self.sheet.prefix {
            return Ok(match formula {
                Some((_, text)) => Content::Formula(text),
                None => Content::Value(value(cell, &self.strings)),
            });
        }
        let mut attributes = String::new();
        for attribute in cell.tag.attributes() {
            let taken = match attribute.name {
                "t" | "vm" => true,
                "cm" => formula.is_some(),
                _ => false,
            };
            if taken {
                let _ = write!(attributes, r#" {}="{}""#, attribute.name, attribute.raw);
            }
        }
        let mut inner = String::new();
        if let Some((attributes, text)) = &formula {
            let p = put.prefix;
            let _ = write!(inner, "<{p}f{attributes}>{}</{p}f>", escape(text));
        }
        inner.push_str(&self.inside(cell));
        Ok(Content::Raw(RawContent {
            attributes,
            inner,
            formula: formula.is_some(),
            value: value(cell, &self.strings),
        }))
    }

    /// What stands inside a cell without its formula.
    fn inside(&self, cell: &ScannedCell<'_>) -> String {
        if cell.tag.self_closing {
            return String::new();
        }
        let text = |from: usize, to: usize| {
            String::from_utf8_lossy(self.sheet.content.get(from..to).unwrap_or_default()).into_owned()
        };
        let (from, end) = (cell.tag.span.end, cell.span.end);
        let whole = text(from, end);
        let to = from + whole.rfind("</").unwrap_or(whole.len());
        match &cell.formula {
            Some(formula) => text(from, formula.span.start) + &text(formula.span.end, to),
            None => text(from, to),
        }
    }

    /// The attributes of `<f>` and its text where the cell is put; `None` where it holds a value alone.
    fn formula(&self, cell: &ScannedCell<'_>, put: Put<'_>) -> Outcome<Option<(String, String)>> {
        let inside = self.sheet.data.arrays.iter();
        let array = inside
            .filter(|array| array.contains(cell.row, cell.column))
            .find(|array| array.cells() > 1);
        let is_table = matches!(
            cell.formula.as_ref().map(|held| &held.kind),
            Some(FormulaKind::DataTable(_))
        );
        if is_table {
            return Ok(None);
        }
        if let Some(array) = array
            && (put.transpose || array.intersection(&self.area) != Some(*array))
        {
            return refuse(
                RefusalCode::Protected,
                format!(
                    "The array formula in {array} can only be copied as a whole, and not transposed; nothing was changed."
                ),
            );
        }
        let Some(held) = cell.formula.as_ref().filter(|held| !held.text.is_empty()) else {
            return Ok(None);
        };
        let attributes = match &held.kind {
            FormulaKind::Array(area) => {
                let moved = Area::of_size(put.row, put.column, area.rows(), area.columns());
                moved.map_or_else(String::new, |area| format!(r#" t="array" ref="{area}""#))
            }
            _ => String::new(),
        };
        let rows = i64::from(put.row) - i64::from(cell.row);
        let columns = i64::from(put.column) - i64::from(cell.column);
        let text = if put.transpose {
            let to = (put.row, put.column);
            match transposed(&held.text, (cell.row, cell.column), to) {
                Some(text) => text,
                None => {
                    return refuse(
                        RefusalCode::Unsupported,
                        format!(
                            "The formula in {} has a reference that is half absolute or a whole row or column, which cannot be transposed; nothing was changed.",
                            Area::cell(cell.row, cell.column)
                        ),
                    );
                }
            }
        } else {
            translate(&held.text, rows, columns)
        };
        Ok(Some((attributes, text)))
    }
}

/// A formula as Excel pastes it transposed: what lay so many rows away lies as many columns away; absolute references
/// stay. `None` for references that are absolute in one direction only, and for whole rows and columns.
pub(super) fn transposed(formula: &str, from: (u32, u32), to: (u32, u32)) -> Option<String> {
    let mut turned = String::with_capacity(formula.len());
    for token in tokens(formula) {
        if token.kind == Kind::Reference {
            let corners: Option<Vec<String>> = token
                .text
                .split(':')
                .map(|corner| turned_corner(corner, from, to))
                .collect();
            turned.push_str(&corners?.join(":"));
        } else {
            turned.push_str(token.text);
        }
    }
    Some(turned)
}

fn turned_corner(corner: &str, from: (u32, u32), to: (u32, u32)) -> Option<String> {
    let cell = Area::parse(corner).ok().filter(|area| area.cells() == 1)?;
    match corner.matches('$').count() {
        2 => Some(corner.to_owned()),
        0 => {
            let down = i64::from(cell.top) - i64::from(from.0);
            let across = i64::from(cell.left) - i64::from(from.1);
            let row = u32::try_from(i64::from(to.0) + across)
                .ok()
                .filter(|row| *row < MAX_ROWS);
            let column = u32::try_from(i64::from(to.1) + down)
                .ok()
                .filter(|column| *column < MAX_COLUMNS);
            Some(match (row, column) {
                (Some(row), Some(column)) => Area::cell(row, column).to_string(),
                _ => "#REF!".to_owned(),
            })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::transposed;

    #[test]
    fn transposed_formulas_turn_their_references() {
        // From C2 (row 1, column 2) to B5 (row 4, column 1).
        let cases = [
            ("A2*B2", Some("B3*B4")),
            ("SUM(C3:C9)", Some("SUM(C5:I5)")),
            ("$A$1+C2", Some("$A$1+B5")),
            ("Data!C1", Some("Data!A5")),
            ("$A1", None),
            ("SUM(A:A)", None),
        ];
        for (formula, expected) in cases {
            assert_eq!(
                transposed(formula, (1, 2), (4, 1)).as_deref(),
                expected,
                "{formula}"
            );
        }
    }
}
