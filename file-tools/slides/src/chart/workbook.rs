//! The workbook inside a chart, which "Edit Data" opens: a header row, below it one row a category, one column a series.

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, Worksheet, XlsxError};

use crate::chart::Plot;
use crate::chart::cells::{Cells, SHEET};

/// The bytes of the workbook. The same plot gives the same bytes: the time inside is fixed.
pub(crate) fn embedded_workbook(plot: &Plot<'_>) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    let created = ExcelDateTime::from_ymd(2000, 1, 1)?;
    workbook.set_properties(&DocProperties::new().set_creation_datetime(&created));
    let sheet = workbook.add_worksheet().set_name(SHEET)?;
    let cells = Cells::fresh(plot);
    let plain = Format::new();
    for (series, columns) in plot.series.iter().zip(&cells.series) {
        if series.x_values.is_empty() {
            for (row, category) in (1u32..).zip(plot.categories) {
                sheet.write_string(row, columns.along as u16, category)?;
            }
        } else {
            sheet.write_string(0, columns.along as u16, "x")?;
            write_numbers(sheet, columns.along, &series.x_values, &plain)?;
        }
        sheet.write_string(0, columns.values as u16, series.name)?;
        let format = series
            .number_format
            .map_or_else(Format::new, |format| Format::new().set_num_format(format));
        write_numbers(sheet, columns.values, &series.values, &format)?;
        if let Some(column) = columns.sizes {
            sheet.write_string(0, column as u16, "size")?;
            write_numbers(sheet, column, &series.sizes, &plain)?;
        }
    }
    workbook.save_to_buffer()
}

fn write_numbers(
    sheet: &mut Worksheet,
    column: usize,
    values: &[Option<f64>],
    format: &Format,
) -> Result<(), XlsxError> {
    for (row, value) in (1u32..).zip(values) {
        if let Some(number) = value {
            sheet.write_number_with_format(row, column as u16, *number, format)?;
        }
    }
    Ok(())
}
