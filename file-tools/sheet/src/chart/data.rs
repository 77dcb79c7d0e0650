//! The data of a chart: ranges told apart into categories, names and series as Excel does, with what the cells hold.

mod view;

use deskhand_operations::workbook::SeriesIn;
use deskhand_operations::{Area, CellValue, RefusalCode};

use self::view::{Grid, View};
use super::form::Form;
use crate::addresses;
use crate::cells::Keep;
use crate::error::{Outcome, refuse};
use crate::sheet::Worksheet;
use crate::tables;
use crate::workbook::Workbook;

/// Series of one chart (Excel's limit), and points of one series.
const MAX_SERIES: usize = 255;
const MAX_POINTS: usize = 32_000;
/// Areas that one chart may draw from.
const MAX_AREAS: usize = 64;

/// Cells in a line: where they stand, and what they hold.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Points {
    /// `Data!$B$2:$B$9`.
    pub(crate) formula: String,
    /// One a visible cell.
    pub(crate) values: Vec<CellValue>,
    /// The number format of the first value.
    pub(crate) format: String,
}

/// What a series is called.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SeriesName {
    pub(crate) formula: String,
    pub(crate) text: String,
}

/// One series.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Series {
    pub(crate) name: Option<SeriesName>,
    /// The letters of its column, or the number of its row.
    pub(crate) line: String,
    pub(crate) values: Points,
    /// Sizes of bubbles.
    pub(crate) sizes: Option<Points>,
}

/// What a chart draws.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Data {
    /// The sheet and the area that holds all of it.
    pub(crate) sheet: usize,
    pub(crate) bounds: Area,
    /// Levels of categories from the outside in; the x values of points.
    pub(crate) categories: Vec<Points>,
    pub(crate) series: Vec<Series>,
}

impl Data {
    /// True where the categories are days.
    pub(crate) fn by_date(&self) -> bool {
        matches!(self.categories.as_slice(), [only] if only.are_numbers() && is_date(&only.format))
    }
}

impl Points {
    /// True where every cell that holds something holds a number.
    pub(crate) fn are_numbers(&self) -> bool {
        let mut held = self
            .values
            .iter()
            .filter(|value| !matches!(value, CellValue::Empty))
            .peekable();
        held.peek().is_some() && held.all(|value| matches!(value, CellValue::Number(_)))
    }
}

/// Reads what a chart of a form draws from ranges. `hidden`: also what is hidden.
pub(crate) fn read(
    workbook: &Workbook,
    range: &str,
    series_in: Option<SeriesIn>,
    form: Form,
    hidden: bool,
) -> Outcome<Data> {
    let (index, areas, is_table) = resolve(workbook, range)?;
    let sheet = workbook.worksheet(index)?;
    let content = workbook.package.part(&sheet.part)?;
    let scanned = Worksheet::read(workbook, &sheet.part, &content, &Keep::Areas(areas.clone()))?;
    let grid = Grid::new(workbook, &sheet.name, &scanned, &areas, hidden)?;
    let columns = match series_in {
        Some(SeriesIn::Columns) => true,
        Some(SeriesIn::Rows) => false,
        // A table's columns are its series, however few rows it has.
        None => is_table || grid.rows.len() >= grid.columns.len(),
    };
    let bounds = Area {
        top: areas.iter().map(|area| area.top).min().unwrap_or_default(),
        left: areas.iter().map(|area| area.left).min().unwrap_or_default(),
        bottom: grid.rows.last().copied().unwrap_or_default(),
        right: grid.columns.last().copied().unwrap_or_default(),
    };
    let view = View { grid: &grid, columns };
    let (categories, series) = view.split(form, is_table && columns)?;
    Ok(Data {
        sheet: index,
        bounds,
        categories,
        series,
    })
}

/// The sheet and the areas of a range, a table, a name for a range, or several ranges with commas between.
fn resolve(workbook: &Workbook, range: &str) -> Outcome<(usize, Vec<Area>, bool)> {
    let wanted = range.trim().trim_start_matches('=');
    let table = tables::all(workbook)?
        .into_iter()
        .find(|(_, table)| table.name.eq_ignore_ascii_case(wanted.trim_end_matches("[#All]")));
    if let Some((sheet, table)) = table {
        let bottom = table
            .area
            .bottom
            .saturating_sub(table.totals_rows)
            .max(table.area.top);
        let headed = table.header_rows > 0;
        return Ok((sheet, vec![Area { bottom, ..table.area }], headed));
    }
    let wanted = workbook.refers_to(wanted).unwrap_or(wanted);
    let mut found: Vec<Area> = Vec::new();
    let mut on = None;
    for text in split(wanted) {
        let text = match on {
            Some(index) if !text.contains('!') => {
                addresses::on(workbook.worksheet(index)?, Area::parse(text)?)
            }
            _ => text.to_owned(),
        };
        let (sheet, area) = addresses::area(workbook, &text)?;
        if on.is_some_and(|on| on != sheet) {
            return refuse(
                RefusalCode::BadInput,
                "The data of a chart stand on one sheet; nothing was changed.",
            );
        }
        on = Some(sheet);
        found.push(area);
    }
    match on {
        Some(_) if found.len() > MAX_AREAS => refuse(
            RefusalCode::TooLarge,
            format!("A chart takes at most {MAX_AREAS} ranges; nothing was changed."),
        ),
        Some(sheet) => Ok((sheet, found, false)),
        None => refuse(
            RefusalCode::BadInput,
            "A chart needs a range of cells; nothing was changed.",
        ),
    }
}

/// The parts between commas that stand outside of quotes; round brackets around the whole are left out.
fn split(text: &str) -> Vec<&str> {
    let text = text
        .strip_prefix('(')
        .and_then(|inner| inner.strip_suffix(')'))
        .unwrap_or(text);
    let (mut parts, mut from, mut quoted) = (Vec::new(), 0, false);
    for (at, character) in text.char_indices() {
        match character {
            '\'' => quoted = !quoted,
            ',' if !quoted => {
                parts.push(text[from..at].trim());
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.push(text[from..].trim());
    parts.retain(|part| !part.is_empty());
    parts
}

/// True for a number format that shows a day or a month: letters of dates outside of quotes and brackets.
pub(crate) fn is_date(format: &str) -> bool {
    let (mut quoted, mut bracketed, mut skip) = (false, false, false);
    for character in format.chars() {
        match character {
            _ if skip => skip = false,
            '"' if !bracketed => quoted = !quoted,
            _ if quoted => {}
            '\\' | '_' | '*' => skip = true,
            '[' => bracketed = true,
            ']' => bracketed = false,
            // Hours and seconds alone are times, which stand on an axis of categories.
            'd' | 'D' | 'y' | 'Y' if !bracketed => return true,
            'm' | 'M' if !bracketed && !format.contains(['h', 's', 'H', 'S']) => return true,
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::{is_date, split};

    #[test]
    fn dates_are_told_from_figures_by_their_format() {
        for date in ["yyyy-mm-dd", "mmm-yy", "[$-409]d/m/yy;@", "mmmm"] {
            assert!(is_date(date), "{date}");
        }
        for figure in [
            "General",
            "#,##0.00",
            "0\" days\"",
            "[Red]0.0",
            "h:mm",
            "0.0\\m",
            "mm:ss",
        ] {
            assert!(!is_date(figure), "{figure}");
        }
    }

    #[test]
    fn ranges_are_told_apart_outside_of_quotes() {
        assert_eq!(split("(Data!A1:A3,'a, b'!C1:C3)"), ["Data!A1:A3", "'a, b'!C1:C3"]);
        assert_eq!(split(" Data!A1 , C1 "), ["Data!A1", "C1"]);
    }
}
