//! A range as one text table: the fewest tokens in which a model can read cells without doubt.
//!
//! ```text
//! ⇥A⇥B⇥D
//! 1⇥Region⇥Units⇥Total
//! 2⇥North⇥2⇥=B2*3 → 6
//! 3⇥South⇥4⇥=^ → 12
//! 4-9
//! 10⇥'007⇥2026-03-31⇥TRUE
//! ```
//!
//! Cells are parted by tabs (`⇥` above). Columns and the ends of rows that hold nothing are left out; their letters and numbers tell. A text that could be taken
//! for a number, a formula or an error has a leading `'`, as in Excel; tabs and line ends read `\t` and `\n`.

use std::fmt::Write as _;

use deskhand_formula::translate;
use deskhand_operations::{Area, CellValue};

use crate::calendar::civil;
use crate::cells::ScannedCell;
use crate::ops::values::{formula, value};
use crate::styles::{Styles, shows_dates};

/// What serial numbers of workbooks that count from 1904 are smaller by.
const SHIFT_1904: f64 = 1_462.0;

/// What a table is made of. Cells are in order.
pub(super) struct Source<'s, 'a> {
    pub(super) area: Area,
    pub(super) cells: &'s [ScannedCell<'a>],
    pub(super) strings: &'s [String],
    pub(super) styles: &'s Styles,
    pub(super) date_1904: bool,
}

/// Writes the table.
pub(super) fn written(source: &Source<'_, '_>) -> String {
    let area = source.area;
    let filled: Vec<&ScannedCell<'_>> = source
        .cells
        .iter()
        .filter(|cell| area.contains(cell.row, cell.column))
        .filter(|cell| cell.value.is_some() || cell.formula.is_some())
        .collect();
    let mut has_column = vec![false; area.columns() as usize];
    for cell in &filled {
        has_column[(cell.column - area.left) as usize] = true;
    }
    let columns: Vec<u32> = (area.left..=area.right)
        .filter(|column| has_column[(column - area.left) as usize])
        .collect();
    let mut table = String::new();
    for column in &columns {
        let letters = Area::cell(0, *column).to_string();
        let _ = write!(table, "\t{}", letters.trim_end_matches('1'));
    }
    table.push('\n');
    // The formula last seen in each column: its row and text.
    let mut above: Vec<Option<(u32, &str)>> = vec![None; columns.len()];
    let mut next = area.top;
    for row in filled.chunk_by(|one, other| one.row == other.row) {
        let number = row[0].row;
        blank(&mut table, next, number);
        next = number + 1;
        let _ = write!(table, "{}", number + 1);
        let mut at = 0;
        for cell in row {
            let place = columns.partition_point(|column| *column < cell.column);
            table.extend(std::iter::repeat_n('\t', place + 1 - at));
            at = place + 1;
            table.push_str(&shown(source, cell, above[place]));
            let held = cell.formula.as_ref().map(|held| (cell.row, held.text.as_str()));
            above[place] = held.filter(|(_, text)| !text.is_empty());
        }
        table.push('\n');
    }
    blank(&mut table, next, area.bottom + 1);
    table
}

/// One line for a run of blank rows.
fn blank(table: &mut String, from: u32, to: u32) {
    let _ = match to.saturating_sub(from) {
        0 => Ok(()),
        1 => writeln!(table, "{}", from + 1),
        _ => writeln!(table, "{}-{to}", from + 1),
    };
}

fn shown(source: &Source<'_, '_>, cell: &ScannedCell<'_>, above: Option<(u32, &str)>) -> String {
    let held = plain(source, cell);
    let Some(text) = formula(cell) else { return held };
    let own = cell.formula.as_ref().map_or("", |held| held.text.as_str());
    let follows =
        above.is_some_and(|(row, text)| row + 1 == cell.row && own.len() > 2 && translate(text, 1, 0) == own);
    let text = if follows { "=^".to_owned() } else { one_line(&text) };
    if held.is_empty() {
        text
    } else {
        format!("{text} → {held}")
    }
}

/// A value without its formula.
fn plain(source: &Source<'_, '_>, cell: &ScannedCell<'_>) -> String {
    match value(cell, source.strings) {
        CellValue::Empty => String::new(),
        CellValue::Boolean(value) => (if value { "TRUE" } else { "FALSE" }).to_owned(),
        CellValue::Number(value) => {
            if shows_dates(source.styles.number_format(cell.style)) {
                iso(
                    if source.date_1904 {
                        value + SHIFT_1904
                    } else {
                        value
                    },
                    value,
                )
            } else {
                digits(value)
            }
        }
        CellValue::Text(text) if cell.kind == "e" || cell.kind == "d" => text,
        CellValue::Text(text) if is_doubtful(&text) => format!("'{}", one_line(&text)),
        CellValue::Text(text) => one_line(&text),
    }
}

/// True for a text that could be taken for something else.
fn is_doubtful(text: &str) -> bool {
    let first = text.chars().next();
    let looks_like_number = text.trim().parse::<f64>().is_ok() || looks_like_date(text.trim());
    text.trim().is_empty()
        || first.is_some_and(|c| matches!(c, '=' | '\'' | '#' | ' '))
        || looks_like_number
        || matches!(text, "TRUE" | "FALSE")
        || text.contains(" → ")
}

fn looks_like_date(text: &str) -> bool {
    let first = text.bytes().next().is_some_and(|byte| byte.is_ascii_digit());
    first
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b':' | b'T' | b'.'))
}

fn one_line(text: &str) -> String {
    text.replace('\t', "\\t").replace('\r', "").replace('\n', "\\n")
}

/// A number with the 15 digits that Excel keeps.
fn digits(value: f64) -> String {
    let rounded: f64 = format!("{value:.14e}").parse().unwrap_or(value);
    crate::cell_edit::number(rounded)
}

/// A serial number as ISO 8601; a number beyond the calendar as it stands.
fn iso(days: f64, as_held: f64) -> String {
    if !(0.0..2_958_466.0).contains(&days) {
        return digits(as_held);
    }
    let mut day = days.floor();
    let mut seconds = ((days - day) * 86_400.0).round();
    if seconds >= 86_400.0 {
        seconds = 0.0;
        day += 1.0;
    }
    let time = {
        let seconds = seconds as u32;
        let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        if seconds == 0 {
            format!("{hours:02}:{minutes:02}")
        } else {
            format!("{hours:02}:{minutes:02}:{seconds:02}")
        }
    };
    if day < 1.0 {
        return time;
    }
    // Excel takes 1900 for a leap year.
    let date = if day as i64 == 60 {
        "1900-02-29".to_owned()
    } else {
        let (year, month, day) = civil(day);
        format!("{year:04}-{month:02}-{day:02}")
    };
    if seconds == 0.0 {
        date
    } else {
        format!("{date}T{time}")
    }
}
