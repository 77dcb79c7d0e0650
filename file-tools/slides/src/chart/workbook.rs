//! The workbook inside a chart, which "Edit Data" opens: categories in column A, one series a column from B on.

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, XlsxError};

use crate::chart::Plot;

/// The name of the one sheet; the formulas in the chart name it.
pub(crate) const SHEET: &str = "Sheet1";

/// The bytes of the workbook. The same plot gives the same bytes: the time inside is fixed.
pub(crate) fn embedded_workbook(plot: &Plot<'_>) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    let created = ExcelDateTime::from_ymd(2000, 1, 1)?;
    workbook.set_properties(&DocProperties::new().set_creation_datetime(&created));
    let sheet = workbook.add_worksheet().set_name(SHEET)?;
    for (row, category) in (1u32..).zip(plot.categories) {
        sheet.write_string(row, 0, category)?;
    }
    for (column, series) in (1u16..).zip(&plot.series) {
        sheet.write_string(0, column, series.name)?;
        let format = series
            .number_format
            .map(|format| Format::new().set_num_format(format));
        for (row, value) in (1u32..).zip(&series.values) {
            match (value, &format) {
                (Some(number), Some(format)) => {
                    sheet.write_number_with_format(row, column, *number, format)?
                }
                (Some(number), None) => sheet.write_number(row, column, *number)?,
                (None, _) => continue,
            };
        }
    }
    workbook.save_to_buffer()
}

/// A reference into the sheet: `Sheet1!$B$2:$B$5`. Column and rows count from 0.
pub(crate) fn reference(column: usize, first_row: usize, last_row: usize) -> String {
    let column = column_letters(column);
    if first_row == last_row {
        format!("{SHEET}!${column}${}", first_row + 1)
    } else {
        format!("{SHEET}!${column}${}:${column}${}", first_row + 1, last_row + 1)
    }
}

fn column_letters(mut column: usize) -> String {
    let mut letters = Vec::new();
    loop {
        letters.push(char::from(b'A' + (column % 26) as u8));
        if column < 26 {
            return letters.iter().rev().collect();
        }
        column = column / 26 - 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cells_as_excel_does() {
        for (column, first, last, expected) in [
            (0, 1, 4, "Sheet1!$A$2:$A$5"),
            (1, 0, 0, "Sheet1!$B$1"),
            (25, 0, 0, "Sheet1!$Z$1"),
            (26, 0, 0, "Sheet1!$AA$1"),
            (255, 1, 2, "Sheet1!$IV$2:$IV$3"),
        ] {
            assert_eq!(reference(column, first, last), expected);
        }
    }
}
