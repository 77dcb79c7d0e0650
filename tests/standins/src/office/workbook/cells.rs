//! Contents of cells: values, formulas and texts, read and written as Excel does.

use deskhand_operations::{Area, MAX_COLUMNS, MAX_ROWS};
use ironcalc_base::cell::CellValue;
use ironcalc_base::expressions::parser::{Node as Parsed, new_parser_english};
use ironcalc_base::expressions::types::CellReferenceRC;
use ironcalc_base::types::CellType;
use serde_json::{Value, json};

use super::{Fault, SheetId, Workbook};

/// Cells that one load may answer; Excel stops at 5 MB, which a full grid reaches long before.
const MAX_CELLS: u64 = 5_000_000;

/// What a grid is read as.
#[derive(Clone, Copy)]
pub(super) enum Facet {
    /// Values.
    Values,
    /// Formulas, otherwise values.
    Formulas,
    /// Texts as shown.
    Text,
    /// Number formats.
    NumberFormat,
    /// `Empty`, `Double`, `String`, `Boolean`, `Error`.
    ValueTypes,
}

impl Workbook {
    /// The index of a sheet in IronCalc, which moves when sheets come and go.
    pub(super) fn index(&self, sheet: SheetId) -> Result<u32, Fault> {
        let position = self
            .model
            .workbook
            .worksheets
            .iter()
            .position(|worksheet| worksheet.sheet_id == sheet.0);
        position
            .map(|position| position as u32)
            .ok_or_else(Fault::not_found)
    }

    /// Reads a grid.
    pub(super) fn grid(&self, sheet: SheetId, area: Area, facet: Facet) -> Result<Value, Fault> {
        if area.cells() > MAX_CELLS {
            return Err(Fault::new(
                "ResponsePayloadSizeLimitExceeded",
                "The response payload size has exceeded the limit.",
                413,
            ));
        }
        let index = self.index(sheet)?;
        let cell = |row, column| match facet {
            Facet::Values => self.value(index, row, column),
            Facet::Formulas => self
                .formula(index, row, column)
                .map_or_else(|| self.value(index, row, column), Value::from),
            Facet::Text => self.text(index, row, column).into(),
            Facet::NumberFormat => number_format_of(&self.number_format(index, row, column)).into(),
            Facet::ValueTypes => self.value_type(index, row, column).into(),
        };
        let rows = (area.top..=area.bottom)
            .map(|row| Value::Array((area.left..=area.right).map(|column| cell(row, column)).collect()));
        Ok(Value::Array(rows.collect()))
    }

    /// A cell's value; empty is the empty string, as Excel answers it.
    pub(super) fn value(&self, index: u32, row: u32, column: u32) -> Value {
        match self
            .model
            .get_cell_value_by_index(index, row as i32 + 1, column as i32 + 1)
        {
            Ok(CellValue::Number(number)) => json!(number),
            Ok(CellValue::Boolean(flag)) => flag.into(),
            Ok(CellValue::String(text)) => text.into(),
            Ok(CellValue::None) | Err(_) => "".into(),
        }
    }

    /// A cell's formula with `=`.
    pub(super) fn formula(&self, index: u32, row: u32, column: u32) -> Option<String> {
        self.model
            .get_cell_formula(index, row as i32 + 1, column as i32 + 1)
            .ok()
            .flatten()
    }

    /// A cell's text as shown.
    pub(super) fn text(&self, index: u32, row: u32, column: u32) -> String {
        self.model
            .get_formatted_cell_value(index, row as i32 + 1, column as i32 + 1)
            .unwrap_or_default()
    }

    fn value_type(&self, index: u32, row: u32, column: u32) -> &'static str {
        if self.is_empty(index, row, column) {
            return "Empty";
        }
        match self.model.get_cell_type(index, row as i32 + 1, column as i32 + 1) {
            Ok(CellType::Number) => "Double",
            Ok(CellType::LogicalValue) => "Boolean",
            Ok(CellType::ErrorValue) => "Error",
            _ => "String",
        }
    }

    pub(super) fn is_empty(&self, index: u32, row: u32, column: u32) -> bool {
        self.model
            .is_empty_cell(index, row as i32 + 1, column as i32 + 1)
            .unwrap_or(true)
    }

    pub(super) fn number_format(&self, index: u32, row: u32, column: u32) -> String {
        self.model
            .get_style_for_cell(index, row as i32 + 1, column as i32 + 1)
            .map_or_else(|_| "general".to_owned(), |style| style.num_fmt)
    }

    /// The used area of a sheet, or of a part of it; with `values` formats alone do not count.
    pub(super) fn used(
        &self,
        sheet: SheetId,
        within: Option<Area>,
        values: bool,
    ) -> Result<Option<Area>, Fault> {
        let index = self.index(sheet)?;
        let worksheet = &self.model.workbook.worksheets[index as usize];
        let mut used: Option<Area> = None;
        for (row, column, _) in worksheet.sheet_data.cells() {
            let (row, column) = (row as u32 - 1, column as u32 - 1);
            if within.is_some_and(|area| !area.contains(row, column))
                || (values && self.is_empty(index, row, column))
            {
                continue;
            }
            used = Some(used.map_or_else(
                || Area::cell(row, column),
                |area| Area {
                    top: area.top.min(row),
                    left: area.left.min(column),
                    bottom: area.bottom.max(row),
                    right: area.right.max(column),
                },
            ));
        }
        Ok(used)
    }

    /// Writes a grid, or one value into every cell of an area. `null` leaves a cell as it is.
    pub(super) fn write_grid(&mut self, sheet: SheetId, area: Area, input: &Value) -> Result<(), Fault> {
        if area.rows() == MAX_ROWS || area.columns() == MAX_COLUMNS {
            return Err(Fault::missing("writing whole rows or columns"));
        }
        let at = shape(area, input)?;
        let places = (area.top..=area.bottom)
            .flat_map(|row| (area.left..=area.right).map(move |column| (row, column)));
        self.check_formulas(sheet, places.map(|(row, column)| at(row, column)))?;
        for row in area.top..=area.bottom {
            for column in area.left..=area.right {
                self.write_cell(sheet, row, column, at(row, column))?;
            }
        }
        self.stale = true;
        self.changed();
        Ok(())
    }

    /// Excel refuses a formula that it cannot read, and writes nothing of the grid.
    fn check_formulas<'a>(
        &self,
        sheet: SheetId,
        inputs: impl Iterator<Item = &'a Value>,
    ) -> Result<(), Fault> {
        let book = &self.model.workbook;
        let names = book.get_defined_names_with_scope();
        let mut parser = new_parser_english(book.get_worksheet_names(), names, book.tables.clone());
        let context = CellReferenceRC {
            sheet: self.sheet_name(sheet)?,
            column: 1,
            row: 1,
        };
        for text in inputs.filter_map(Value::as_str) {
            let Some(formula) = text.strip_prefix('=').filter(|formula| !formula.is_empty()) else {
                continue;
            };
            if let Parsed::ParseErrorKind { message, .. } = parser.parse(formula, &context) {
                let message = message.trim_end_matches('.');
                return Err(Fault::argument(format!(
                    "The formula `{text}` contains an error: {message}."
                )));
            }
        }
        Ok(())
    }

    fn write_cell(&mut self, sheet: SheetId, row: u32, column: u32, input: &Value) -> Result<(), Fault> {
        let index = self.index(sheet)?;
        let before = self.number_format(index, row, column);
        let (r, c) = (row as i32 + 1, column as i32 + 1);
        let outcome = match input {
            Value::Null => return Ok(()),
            Value::Bool(flag) => self.model.update_cell_with_bool(index, r, c, *flag),
            Value::Number(number) => {
                self.model
                    .update_cell_with_number(index, r, c, number.as_f64().unwrap_or_default())
            }
            Value::String(text) => self.model.set_user_input(index, r, c, text.clone()),
            _ => return Err(Fault::argument("A cell takes a number, a text or a truth value.")),
        };
        outcome.map_err(Fault::operation)?;
        let after = self.number_format(index, row, column);
        self.record.cell(sheet, row, column);
        if before != after {
            self.record
                .number_format(sheet, Area::cell(row, column), number_format_of(&after));
        }
        Ok(())
    }
}

/// IronCalc writes the general format small.
pub(super) fn number_format_of(format: &str) -> String {
    if format.eq_ignore_ascii_case("general") {
        "General".to_owned()
    } else {
        format.to_owned()
    }
}

/// How to find the input of a cell: in a grid of the area's size, or one value for all.
pub(super) fn shape<'a>(area: Area, input: &'a Value) -> Result<impl Fn(u32, u32) -> &'a Value, Fault> {
    if let Value::Array(rows) = input {
        if rows.len() != area.rows() as usize {
            return Err(wrong_size());
        }
        for row in rows {
            if row
                .as_array()
                .is_none_or(|cells| cells.len() != area.columns() as usize)
            {
                return Err(wrong_size());
            }
        }
    }
    Ok(move |row: u32, column: u32| match input {
        Value::Array(rows) => &rows[(row - area.top) as usize][(column - area.left) as usize],
        single => single,
    })
}

/// An array that is not of the size of its range.
pub(super) fn wrong_size() -> Fault {
    Fault::argument(
        "The number of rows or columns in the input array doesn't match the size or dimensions of the range.",
    )
}
