//! How a file is delimited: the reading of its beginning in which the rows agree best.

use deskhand_operations::Refusal;
use deskhand_operations::text::csv::CsvChoice;

use super::value::{Numbers, Value, of};
use crate::refuse;

/// What may stand between fields, the likely ones first.
const DELIMITERS: [u8; 7] = [b',', b';', b'\t', b'|', 0x1f, b'^', b'~'];
/// Rows of the sample that are looked at.
const MAX_ROWS: usize = 400;

/// How a file is delimited.
#[derive(Clone, Debug, Default)]
pub(super) struct Dialect {
    pub(super) delimiter: u8,
    pub(super) quote: Option<u8>,
    pub(super) backslash: bool,
    pub(super) header: bool,
    /// Fields of most rows.
    pub(super) width: usize,
    pub(super) numbers: Numbers,
    pub(super) doubts: Vec<String>,
}

/// One reading of the sample.
#[derive(Debug)]
struct Reading {
    delimiter: u8,
    rows: Vec<Vec<String>>,
    width: usize,
    /// From 0 to 1: the share of rows with that width.
    agreement: f64,
    stray: usize,
}

/// The dialect of a file by its beginning, where the caller does not say it.
pub(super) fn dialect(sample: &str, choice: &CsvChoice) -> Result<Dialect, Refusal> {
    let chosen = choice
        .delimiter
        .as_deref()
        .map(|text| one_byte("delimiter", text))
        .transpose()?;
    let quote = match choice.quote.as_deref() {
        Some("") => None,
        Some(text) => Some(one_byte("quote", text)?),
        None => Some(usual_quote(sample)),
    };
    let backslash = quote.is_some_and(|quote| escapes_by_backslash(sample, quote));
    let delimiters: Vec<u8> = chosen.map_or_else(|| DELIMITERS.to_vec(), |delimiter| vec![delimiter]);
    let readings = delimiters
        .into_iter()
        .map(|delimiter| reading(sample, delimiter, quote, backslash));
    let mut readings: Vec<Reading> = readings.collect();
    // The sort is stable: of equals the likelier delimiter stays first.
    readings.sort_by(|one, other| score(other).total_cmp(&score(one)));
    let second = readings.get(1).map(|reading| (reading.delimiter, score(reading)));
    let Some(best) = readings.into_iter().next() else {
        return Ok(Dialect::default());
    };
    let mut dialect = Dialect {
        delimiter: best.delimiter,
        quote,
        backslash,
        width: best.width,
        numbers: numbers(&best),
        ..Dialect::default()
    };
    if let Some((other, close)) = second
        && best.width > 1
        && close > score(&best) * 0.9
    {
        dialect
            .doubts
            .push(format!("fields could also be delimited by '{}'", shown(other)));
    }
    if best.width > 1 && best.agreement < 0.8 {
        dialect
            .doubts
            .push("the rows of the beginning are not equally long".to_owned());
    }
    dialect.header = choice
        .header
        .unwrap_or_else(|| has_header(&best, dialect.numbers, &mut dialect.doubts));
    Ok(dialect)
}

fn shown(byte: u8) -> String {
    match byte {
        b'\t' => "tab".to_owned(),
        other => char::from(other).to_string(),
    }
}

fn one_byte(what: &str, text: &str) -> Result<u8, Refusal> {
    let named = if text == "\\t" { "\t" } else { text };
    match named.as_bytes() {
        [byte] if byte.is_ascii() && !byte.is_ascii_alphanumeric() && !matches!(byte, b'\n' | b'\r') => {
            Ok(*byte)
        }
        _ => Err(refuse::bad_input(format!(
            "the {what} has to be one ASCII character that is no letter or digit"
        ))),
    }
}

/// The quote that fields begin and end with more often.
fn usual_quote(sample: &str) -> u8 {
    let bytes = sample.as_bytes();
    let edge = |byte: Option<&u8>| {
        byte.is_none_or(|byte| DELIMITERS.contains(byte) || matches!(byte, b'\n' | b'\r'))
    };
    let count = |quote: u8| {
        let places = memchr::memchr_iter(quote, bytes);
        let at_edge = places.filter(|at| {
            edge(at.checked_sub(1).and_then(|before| bytes.get(before))) || edge(bytes.get(at + 1))
        });
        at_edge.count()
    };
    if count(b'\'') > 2 * count(b'"') && count(b'\'') > 3 {
        b'\''
    } else {
        b'"'
    }
}

/// True where quotes inside fields are escaped by a backslash and never doubled.
fn escapes_by_backslash(sample: &str, quote: u8) -> bool {
    let quote = char::from(quote);
    let escaped = sample.matches(&format!("\\{quote}")).count();
    let inside_doubled = sample.matches(&format!("{quote}{quote}")).count();
    escaped > 0 && escaped > inside_doubled
}

/// Cuts the sample into rows, the last one left out where it may be cut.
fn reading(sample: &str, delimiter: u8, quote: Option<u8>, backslash: bool) -> Reading {
    let delimiter = char::from(delimiter);
    let quote = quote.map(char::from);
    let (mut rows, mut row, mut field) = (Vec::new(), Vec::new(), String::new());
    let (mut quoted, mut closed, mut stray) = (false, false, 0);
    let mut characters = sample.chars().peekable();
    while let Some(character) = characters.next() {
        if backslash && character == '\\' {
            field.extend(characters.next());
        } else if quoted {
            if Some(character) != quote {
                field.push(character);
            } else if !backslash && characters.peek().copied() == quote {
                field.extend(characters.next());
            } else {
                (quoted, closed) = (false, true);
            }
        } else if Some(character) == quote && field.is_empty() && !closed {
            quoted = true;
        } else if character == delimiter {
            row.push(std::mem::take(&mut field));
            closed = false;
        } else if character == '\n' || character == '\r' {
            if !(row.is_empty() && field.is_empty() && !closed) {
                row.push(std::mem::take(&mut field));
                rows.push(std::mem::take(&mut row));
            }
            closed = false;
            if rows.len() >= MAX_ROWS {
                break;
            }
        } else {
            stray += usize::from(closed && character != ' ');
            field.push(character);
        }
    }
    if rows.is_empty() || (rows.len() < MAX_ROWS && !quoted && !(row.is_empty() && field.is_empty())) {
        row.push(field);
        rows.push(row);
    }
    let width = usual_width(&rows);
    let agreeing = rows.iter().filter(|row| row.len() == width).count();
    Reading {
        delimiter: delimiter as u8,
        agreement: agreeing as f64 / rows.len() as f64,
        rows,
        width,
        stray,
    }
}

fn usual_width(rows: &[Vec<String>]) -> usize {
    let mut counts = std::collections::BTreeMap::new();
    for row in rows {
        *counts.entry(row.len()).or_insert(0usize) += 1;
    }
    // Of equally frequent widths the larger one: titles above a table are short rows.
    counts
        .into_iter()
        .max_by_key(|(width, count)| (*count, *width))
        .map_or(0, |(width, _)| width)
}

/// How good a reading is: rows agree, there is more than one column, fields are whole values and not pieces of them.
fn score(reading: &Reading) -> f64 {
    if reading.width < 2 {
        return 0.01;
    }
    let fields = reading.rows.iter().flatten();
    let (mut all, mut pieces) = (0usize, 0usize);
    for field in fields {
        all += 1;
        // A comma in front of decimals, or a space before the rest of a sentence.
        pieces += usize::from(field.starts_with(' ') && field.trim_start().len() > 1);
    }
    let whole = 1.0 - 0.5 * pieces as f64 / all.max(1) as f64;
    let likely = match reading.delimiter {
        b',' | b';' | b'\t' => 1.0,
        b'|' => 0.98,
        _ => 0.8,
    };
    let stray = 1.0 / (1.0 + reading.stray as f64 / reading.rows.len() as f64);
    let columns = 1.0 + (reading.width.min(30) as f64).ln() / 20.0;
    reading.agreement.powi(2) * whole * likely * stray * columns
}

/// How numbers are written: decided by fields that can be read in one way only.
fn numbers(reading: &Reading) -> Numbers {
    let (mut points, mut commas) = (0usize, 0usize);
    let (mut by_comma, mut by_point, mut by_space, mut by_mark) = (0usize, 0usize, 0usize, 0usize);
    for field in reading.rows.iter().flatten() {
        let text = field
            .trim()
            .trim_start_matches(['-', '+', '(', '$', '€', '£'])
            .trim_end_matches([')', '%', '€', ' ']);
        let figure =
            |c: char| c.is_ascii_digit() || matches!(c, '.' | ',' | '\'' | ' ' | '\u{a0}' | '\u{202f}');
        if text.is_empty() || !text.starts_with(|c: char| c.is_ascii_digit()) || !text.chars().all(figure) {
            continue;
        }
        let count = |wanted: char| text.matches(wanted).count();
        let behind = |mark: char| text.rsplit_once(mark).map_or(0, |(_, rest)| rest.len());
        match (count('.'), count(',')) {
            (1, 0) if behind('.') != 3 => points += 1,
            (0, 1) if behind(',') != 3 => commas += 1,
            (1, 1..) if text.rfind('.') > text.rfind(',') => (points, by_comma) = (points + 1, by_comma + 1),
            (1.., 1) if text.rfind(',') > text.rfind('.') => (commas, by_point) = (commas + 1, by_point + 1),
            // `1.500`: either; a number below one, or one that goes on without groups, is no group of thousands.
            (1, 0) if text.starts_with("0.") || text.find('.').unwrap_or(0) > 3 => points += 1,
            (0, 1) if text.starts_with("0,") || text.find(',').unwrap_or(0) > 3 => commas += 1,
            (0, 2..) => by_comma += 1,
            (2.., 0) if !of(text, Numbers::default()).eq(&Value::Date(super::value::DateForm::DayDots)) => {
                by_point += 1;
            }
            _ => {}
        }
        by_space += usize::from(text.contains([' ', '\u{a0}', '\u{202f}']));
        by_mark += usize::from(text.contains('\''));
    }
    let decimal = match (points, commas) {
        (0, 0) => (by_point > 0).then_some(',').or((by_comma > 0).then_some('.')),
        (points, commas) if commas > points => Some(','),
        _ => Some('.'),
    };
    let grouped = [(by_comma, ','), (by_point, '.'), (by_space, ' '), (by_mark, '\'')];
    let most = grouped
        .into_iter()
        .filter(|(_, mark)| Some(*mark) != decimal)
        .max_by_key(|(count, _)| *count);
    Numbers {
        decimal,
        thousands: most.filter(|(count, _)| *count > 0).map(|(_, mark)| mark),
    }
}

/// Whether the first row names the columns: it holds names where the rows below hold values.
fn has_header(reading: &Reading, numbers: Numbers, doubts: &mut Vec<String>) -> bool {
    let Some((first, rest)) = reading.rows.split_first() else {
        return false;
    };
    let names = first
        .iter()
        .all(|field| matches!(of(field, numbers), Value::Text | Value::Empty));
    let filled = first.iter().filter(|field| !field.trim().is_empty()).count();
    if !names || filled * 2 < first.len() || filled == 0 {
        return false;
    }
    let mut sorted: Vec<&String> = first.iter().collect();
    sorted.sort_unstable();
    sorted.dedup();
    let unique = sorted.len() == first.len();
    let typed = |column: usize| {
        let values = rest.iter().filter_map(|row| row.get(column));
        let mut values = values
            .map(|field| of(field, numbers))
            .filter(|value| *value != Value::Empty)
            .peekable();
        values.peek().is_some() && values.all(|value| value != Value::Text)
    };
    if (0..first.len()).any(typed) {
        return true;
    }
    // Texts under texts: names are short, differ from each other, and do not occur again.
    let again = rest
        .iter()
        .take(100)
        .flatten()
        .any(|field| first.contains(field) && !field.is_empty());
    let short = first.iter().all(|field| field.len() <= 40);
    let header = unique && short && !again && !rest.is_empty() && first.len() > 1;
    if rest.len() > 1 {
        doubts.push(format!(
            "all columns hold text, so the first row may {} the names of the columns",
            if header { "not be" } else { "be" }
        ));
    }
    header
}
