//! New workbooks from rows of cells: small ones with their values computed, and those of any size row by row.

mod described;
mod rows;

use std::collections::{BTreeMap, HashMap};

use deskhand_formula::CellAt;
use deskhand_opc::{Draft, Limits, Package};
use deskhand_operations::{Address, Area, CellInput, CellValue, Refusal, RefusalCode};
use rust_xlsxwriter::{Format, Formula, XlsxError};

use crate::recalculation;
use crate::workbook::Workbook;

pub use self::described::workbook_of;
pub use self::rows::{NewRows, NewWorkbook};

/// Formulas with errors that a warning names.
const NAMED: usize = 10;

/// A sheet of a new workbook.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NewSheet {
    /// The name, as for `sheet.add`.
    pub name: String,
    /// Rows of cells from A1, as for `range.write`.
    pub cells: Vec<Vec<CellInput>>,
}

/// Why a workbook was not made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CreateError {
    /// A name, a text or a size that no workbook can have.
    #[error("the workbook cannot be made: {0}")]
    Input(String),
    /// The result could not be read back.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

impl From<XlsxError> for CreateError {
    fn from(error: XlsxError) -> Self {
        Self::Input(error.to_string())
    }
}

/// Makes a workbook with these sheets; formulas are computed. Answers the file's bytes, and what was not computed.
pub fn create_workbook(sheets: &[NewSheet]) -> Result<(Vec<u8>, Vec<String>), CreateError> {
    if sheets.is_empty() {
        return Err(CreateError::Input("it needs at least one sheet".to_owned()));
    }
    let mut writer = rust_xlsxwriter::Workbook::new();
    let mut formats = Formats::default();
    let mut formulas = Vec::new();
    for (index, sheet) in sheets.iter().enumerate() {
        let worksheet = writer.add_worksheet();
        worksheet.set_name(&sheet.name)?;
        for (row, cells) in (0u32..).zip(&sheet.cells) {
            for (column, input) in (0u16..).zip(cells) {
                if input.formula().is_some() {
                    formulas.push(CellAt {
                        sheet: index,
                        row,
                        column: u32::from(column),
                    });
                }
                put(worksheet, &mut formats, (row, column), input)?;
            }
        }
    }
    let bytes = writer.save_to_buffer()?;
    let package = Package::open(bytes, &Limits::default())
        .map_err(|error| Refusal::from(crate::error::Stop::from(error)))?;
    let workbook = Workbook::open(package)?;
    let mut draft = Draft::new(workbook.package());
    let recalculated = recalculation::recalculate(&workbook, &mut draft, &formulas).map_err(Refusal::from)?;
    let bytes = draft.package().write();
    let bytes = bytes.map_err(|error| {
        Refusal::new(
            RefusalCode::Failed,
            format!("The workbook could not be written: {error}."),
        )
    })?;
    let mut warnings = recalculated.warnings;
    warnings.extend(errors(sheets, &recalculated.values));
    Ok((bytes, warnings))
}

/// Names formulas that answer errors.
fn errors(sheets: &[NewSheet], values: &BTreeMap<CellAt, (CellValue, bool)>) -> Option<String> {
    let wrong = values.iter().filter_map(|(cell, (value, is_error))| match value {
        CellValue::Text(error) if *is_error => {
            let place = Address::on(&sheets.get(cell.sheet)?.name, Area::cell(cell.row, cell.column));
            Some(format!("{place} ({error})"))
        }
        _ => None,
    });
    let wrong: Vec<String> = wrong.collect();
    let more = wrong.len().saturating_sub(NAMED);
    let more = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    let named = wrong.get(..NAMED).unwrap_or(&wrong).join(", ");
    (!wrong.is_empty()).then(|| format!("Formulas answer errors: {named}{more}."))
}

/// The number formats of dates: making one for every cell would cost more than writing it.
#[derive(Debug, Default)]
struct Formats(HashMap<String, Format>);

impl Formats {
    fn of(&mut self, code: &str) -> &Format {
        if !self.0.contains_key(code) {
            let format = Format::new().set_num_format(code);
            self.0.insert(code.to_owned(), format);
        }
        &self.0[code]
    }
}

fn put(
    sheet: &mut rust_xlsxwriter::Worksheet,
    formats: &mut Formats,
    (row, column): (u32, u16),
    input: &CellInput,
) -> Result<(), CreateError> {
    match input {
        CellInput::Leave | CellInput::Clear(_) => {}
        CellInput::Boolean(value) => drop(sheet.write_boolean(row, column, *value)?),
        CellInput::Number(value) => drop(sheet.write_number(row, column, *value)?),
        CellInput::Date(date) => {
            let code = date.format.as_deref().unwrap_or_else(|| date.fitting_format());
            let _ = match date.serial(false) {
                Some(serial) => sheet.write_number_with_format(row, column, serial, formats.of(code))?,
                None => sheet.write_string(row, column, &date.date)?,
            };
        }
        CellInput::Text(text) => match input.formula() {
            Some(formula) => {
                let body = formula.trim_start_matches('=');
                match deskhand_formula::to_file(body) {
                    // The value is set when it was computed; until then there is none.
                    Ok(held) => drop(sheet.write_formula(row, column, Formula::new(held).set_result(""))?),
                    Err(_) => drop(sheet.write_dynamic_formula(row, column, Formula::new(body))?),
                }
            }
            None => drop(sheet.write_string(row, column, text.strip_prefix('\'').unwrap_or(text))?),
        },
    }
    Ok(())
}
