//! One sheet: its range of cells, as values and formulas.

use std::io::{Read, Seek};

use calamine::{Cell, CellType, Data, DataRef, Dimensions, Range, Xlsb};
use deskhand_operations::text::legacy::{LegacyRange, LegacyRead};
use deskhand_operations::{Address, Area, CellValue, Refusal};

use super::{Book, failed};
use crate::refuse;

/// Cells of an answer.
const MAX_ANSWER: u64 = 100_000;
/// Rows when the caller says nothing.
const USUAL_ROWS: u32 = 2_000;
/// Cells that a sheet's used range may span in memory.
const MAX_SPAN: u64 = 20_000_000;

/// The area that cells span, refused where memory should not hold it.
fn check_span(bounds: Option<(u32, u32, u32, u32)>) -> Result<(), Refusal> {
    let span = bounds.map_or(0, |(top, left, bottom, right)| {
        (u64::from(bottom - top) + 1) * (u64::from(right - left) + 1)
    });
    if span > MAX_SPAN {
        return Err(refuse::too_large(format!(
            "the sheet's cells span more than {MAX_SPAN} cells"
        )));
    }
    Ok(())
}

/// Widens an area by a cell: top, left, bottom, right.
fn widened(bounds: Option<(u32, u32, u32, u32)>, (row, column): (u32, u32)) -> (u32, u32, u32, u32) {
    let (top, left, bottom, right) = bounds.unwrap_or((row, column, row, column));
    (top.min(row), left.min(column), bottom.max(row), right.max(column))
}

/// The values of a sheet of an .xlsb, cell by cell: the format lets a cell stand anywhere.
pub(super) fn sparse_values<R: Read + Seek>(book: &mut Xlsb<R>, name: &str) -> Result<Range<Data>, Refusal> {
    let mut reader = book
        .worksheet_cells_reader(name)
        .map_err(|error| failed(&error))?;
    let (mut cells, mut bounds) = (Vec::new(), None);
    while let Some(cell) = reader.next_cell().map_err(|error| failed(&error))? {
        let value = match cell.get_value() {
            DataRef::Empty => continue,
            value => Data::from(value.clone()),
        };
        bounds = Some(widened(bounds, cell.get_position()));
        check_span(bounds)?;
        cells.push(Cell::new(cell.get_position(), value));
    }
    cells.sort_by_key(Cell::get_position);
    Ok(Range::from_sparse(cells))
}

/// The formulas of a sheet of an .xlsb.
pub(super) fn sparse_formulas<R: Read + Seek>(
    book: &mut Xlsb<R>,
    name: &str,
) -> Result<Range<String>, Refusal> {
    let mut reader = book
        .worksheet_cells_reader(name)
        .map_err(|error| failed(&error))?;
    let (mut cells, mut bounds) = (Vec::new(), None);
    while let Some(cell) = reader.next_formula().map_err(|error| failed(&error))? {
        if !cell.get_value().is_empty() {
            bounds = Some(widened(bounds, cell.get_position()));
            check_span(bounds)?;
            cells.push(cell);
        }
    }
    cells.sort_by_key(Cell::get_position);
    Ok(Range::from_sparse(cells))
}

fn area((top, left): (u32, u32), (bottom, right): (u32, u32)) -> Area {
    Area {
        top,
        left,
        bottom,
        right,
    }
}

/// The used range of a sheet without its name.
pub(super) fn used_range(range: &Range<Data>) -> Option<String> {
    used(range).map(|area| area.to_string())
}

fn used<T: CellType>(range: &Range<T>) -> Option<Area> {
    Some(area(range.start()?, range.end()?))
}

pub(super) fn read(book: &mut Book, read: &LegacyRead) -> Result<LegacyRange, Refusal> {
    let (sheet, wanted) = wanted(book, &read.range)?;
    let values = book.values(&sheet)?;
    let merged = match book {
        Book::Xls(book) => book.merge_cells_by_sheet_name(&sheet).unwrap_or_default(),
        _ => Vec::new(),
    };
    let used = used(&values);
    let shown = match (wanted, used) {
        (None, used) => used,
        (Some(wanted), Some(used)) => intersection(wanted, used),
        (Some(_), None) => None,
    };
    let address = |area: Option<Area>| {
        let sheet = Some(sheet.clone());
        Address { sheet, area }.to_string()
    };
    let Some(area) = shown else {
        return Ok(LegacyRange {
            address: address(wanted),
            formulas: read.formulas.then(Vec::new),
            ..LegacyRange::default()
        });
    };
    let width = u64::from(area.right - area.left) + 1;
    let limit = u64::from(read.max_rows.unwrap_or(USUAL_ROWS).max(1)).min((MAX_ANSWER / width).max(1)) as u32;
    let last = area.bottom.min(area.top.saturating_add(limit - 1));
    let part = Area { bottom: last, ..area };
    let rest = (last < area.bottom).then(|| {
        address(Some(Area {
            top: last + 1,
            ..area
        }))
    });
    let formulas = if read.formulas {
        let formulas = book.formulas(&sheet)?;
        Some(grid(part, |row, column| {
            formula(formulas.get_value((row, column)))
        }))
    } else {
        None
    };
    Ok(LegacyRange {
        address: address(Some(part)),
        values: grid(part, |row, column| value(values.get_value((row, column)))),
        formulas,
        merged: merged
            .iter()
            .filter_map(|merge| touching(merge, part))
            .take(1_000)
            .collect(),
        rest,
    })
}

/// The sheet and area that a range names.
fn wanted(book: &Book, range: &str) -> Result<(String, Option<Area>), Refusal> {
    let sheets = book.sheets();
    // A sheet's name alone may look like no address at all.
    if let Some((name, _)) = sheets.iter().find(|(name, _)| name == range) {
        return Ok((name.clone(), None));
    }
    let address = Address::parse(range).map_err(|_| {
        refuse::bad_input(format!(
            "'{}' is no range with its sheet",
            range.chars().take(80).collect::<String>()
        ))
    })?;
    let named = address.sheet.unwrap_or_default();
    let found = sheets
        .iter()
        .find(|(name, _)| name.to_lowercase() == named.to_lowercase());
    if let Some((name, _)) = found {
        return Ok((name.clone(), address.area));
    }
    let names: Vec<&str> = sheets.iter().take(20).map(|(name, _)| name.as_str()).collect();
    Err(refuse::not_found(format!(
        "there is no sheet '{named}'; the spreadsheet has '{}'",
        names.join("', '")
    )))
}

fn intersection(one: Area, other: Area) -> Option<Area> {
    let area = Area {
        top: one.top.max(other.top),
        left: one.left.max(other.left),
        bottom: one.bottom.min(other.bottom),
        right: one.right.min(other.right),
    };
    (area.top <= area.bottom && area.left <= area.right).then_some(area)
}

fn touching(merge: &Dimensions, part: Area) -> Option<String> {
    let merged = area(merge.start, merge.end);
    intersection(merged, part).map(|_| merged.to_string())
}

fn grid<T>(area: Area, cell: impl Fn(u32, u32) -> T) -> Vec<Vec<T>> {
    let rows = area.top..=area.bottom;
    rows.map(|row| (area.left..=area.right).map(|column| cell(row, column)).collect())
        .collect()
}

fn formula(text: Option<&String>) -> String {
    match text.map(String::as_str) {
        None | Some("") => String::new(),
        // LibreOffice writes the formula's language before it.
        Some(text) => {
            let text = text.strip_prefix("of:").unwrap_or(text);
            format!("={}", text.trim_start_matches('='))
        }
    }
}

fn value(data: Option<&Data>) -> CellValue {
    match data {
        None | Some(Data::Empty) => CellValue::Empty,
        Some(Data::Bool(value)) => CellValue::Boolean(*value),
        Some(Data::Int(number)) => CellValue::Number(*number as f64),
        Some(Data::Float(number)) => CellValue::Number(*number),
        Some(Data::String(text) | Data::DateTimeIso(text) | Data::DurationIso(text)) => {
            CellValue::Text(text.clone())
        }
        Some(Data::Error(error)) => CellValue::Text(error.to_string()),
        Some(Data::DateTime(_)) => date(data),
    }
}

/// A date as ISO 8601; a time span, and a date that no calendar has, as its number.
fn date(data: Option<&Data>) -> CellValue {
    let Some(Data::DateTime(date)) = data else {
        return CellValue::Empty;
    };
    let number = CellValue::Number(date.as_f64());
    if date.is_duration() || !(0.0..2_958_466.0).contains(&date.as_f64()) {
        return number;
    }
    let (year, month, day, hour, minute, second, milli) = date.to_ymd_hms_milli();
    let time = format!("{hour:02}:{minute:02}:{second:02}");
    let time = if milli > 0 {
        format!("{time}.{milli:03}")
    } else {
        time
    };
    let text = match (date.as_f64() < 1.0, date.as_f64().fract() == 0.0) {
        (true, _) => time,
        (false, true) => format!("{year:04}-{month:02}-{day:02}"),
        (false, false) => format!("{year:04}-{month:02}-{day:02}T{time}"),
    };
    CellValue::Text(text)
}
