//! A new workbook written row by row: memory does not grow with its size. Rows wait in a nameless temporary file until the
//! workbook is finished. Must not know where the workbook goes to.

use std::fmt;
use std::io::{Seek, Write};

use deskhand_operations::{CellInput, MAX_ROWS};
use rust_xlsxwriter::Worksheet;

use super::{CreateError, Formats, put};

/// A workbook in the making. Formulas get no value: who writes some recalculates the finished workbook.
#[derive(Default)]
pub struct NewWorkbook {
    writer: rust_xlsxwriter::Workbook,
    formats: Formats,
    has_sheet: bool,
}

/// The sheet that is being written.
pub struct NewRows<'a> {
    sheet: &'a mut Worksheet,
    formats: &'a mut Formats,
    row: u32,
}

impl fmt::Debug for NewWorkbook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewWorkbook").finish_non_exhaustive()
    }
}

impl fmt::Debug for NewRows<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("NewRows");
        shown.field("row", &self.row).finish_non_exhaustive()
    }
}

impl NewWorkbook {
    /// A workbook without sheets.
    pub fn new() -> Self {
        Self::default()
    }

    /// Begins a sheet behind the others; the name as for `sheet.add`.
    pub fn sheet(&mut self, name: &str) -> Result<NewRows<'_>, CreateError> {
        let sheet = self.writer.add_worksheet_with_constant_memory()?;
        sheet.set_name(name)?;
        self.has_sheet = true;
        Ok(NewRows {
            sheet,
            formats: &mut self.formats,
            row: 0,
        })
    }

    /// Writes the file. It needs at least one sheet.
    pub fn finish(mut self, out: impl Write + Seek + Send) -> Result<(), CreateError> {
        if !self.has_sheet {
            return Err(CreateError::Input("it needs at least one sheet".to_owned()));
        }
        Ok(self.writer.save_to_writer(out)?)
    }
}

impl NewRows<'_> {
    /// Writes the next row from column A on; at most 1,048,576 rows of 16,384 cells.
    pub fn row<'c>(&mut self, cells: impl IntoIterator<Item = &'c CellInput>) -> Result<(), CreateError> {
        if self.row >= MAX_ROWS {
            return Err(CreateError::Input(format!("a sheet has at most {MAX_ROWS} rows")));
        }
        for (column, input) in cells.into_iter().enumerate() {
            // A column above the highest number is refused as any that no sheet has.
            let column = u16::try_from(column).unwrap_or(u16::MAX);
            put(self.sheet, self.formats, (self.row, column), input)?;
        }
        self.row += 1;
        Ok(())
    }
}
