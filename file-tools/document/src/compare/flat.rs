//! How two files that are only read differ: rows of delimited text, lines of a PDF, cells of an old spreadsheet.

use std::collections::BTreeMap;

use deskhand_operations::answer::Difference;
use deskhand_operations::text::csv::{CsvInfo, CsvRead};
use deskhand_operations::text::legacy::{LegacyInfo, LegacyRead};
use deskhand_operations::text::pdf::PdfRead;
use deskhand_operations::text::{
    CsvAnswer, CsvOperation, LegacyAnswer, LegacyOperation, PdfAnswer, PdfOperation, TextAnswer,
    TextOperation,
};
use deskhand_operations::{Address, Area, CellValue, Refusal, RefusalCode};
use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::{cut, other_kinds};
use crate::flat::Flat;

/// Rows, lines and cells that are compared.
const MAX_LINES: usize = 500_000;

/// A row of delimited text, or a line of a page.
struct Line {
    location: String,
    text: String,
}

/// Tells how a later file differs from an earlier one of the same kind.
pub fn compare_flat(before: &mut Flat, after: &mut Flat) -> Result<Vec<Difference>, Refusal> {
    match (&*before, &*after) {
        (Flat::Csv(_), Flat::Csv(_)) => {
            let mut told = header(before, after)?;
            told.extend(lines_that_differ("row", &rows(before)?, &rows(after)?));
            Ok(told)
        }
        (Flat::Pdf(_), Flat::Pdf(_)) => Ok(lines_that_differ("line", &lines(before)?, &lines(after)?)),
        (Flat::Legacy(_), Flat::Legacy(_)) => Ok(cells_that_differ(&cells(before)?, &cells(after)?)),
        _ => Err(other_kinds()),
    }
}

fn too_many() -> Refusal {
    Refusal::new(
        RefusalCode::TooLarge,
        format!("Files with more than {MAX_LINES} rows, lines or cells are not compared."),
    )
}

/// Columns that were renamed, added or taken away.
fn header(before: &mut Flat, after: &mut Flat) -> Result<Vec<Difference>, Refusal> {
    let names = |file: &mut Flat| -> Result<Vec<String>, Refusal> {
        let read = CsvRead {
            max_rows: Some(1),
            ..CsvRead::default()
        };
        match file.ask(&TextOperation::Csv(CsvOperation::Read(read)))? {
            TextAnswer::Csv(CsvAnswer::Read(content)) => Ok(content.header),
            _ => Ok(Vec::new()),
        }
    };
    let (was, is) = (names(before)?, names(after)?);
    if was == is {
        return Ok(Vec::new());
    }
    let (was, is) = (was.join(", "), is.join(", "));
    Ok(vec![Difference {
        code: "columns.changed".to_owned(),
        location: "header".to_owned(),
        sentence: format!("The columns are “{}” instead of “{}”.", cut(&is), cut(&was)),
        before: Some(was),
        after: Some(is),
    }])
}

fn rows(file: &mut Flat) -> Result<Vec<Line>, Refusal> {
    let info = TextOperation::Csv(CsvOperation::Info(CsvInfo::default()));
    if let TextAnswer::Csv(CsvAnswer::Info(content)) = file.ask(&info)?
        && content.rows > MAX_LINES as u64
    {
        return Err(too_many());
    }
    let mut rows = Vec::new();
    let mut next = Some(1);
    while let Some(from) = next {
        let read = CsvRead {
            from_row: Some(from),
            max_rows: Some(5_000),
            ..CsvRead::default()
        };
        let TextAnswer::Csv(CsvAnswer::Read(content)) =
            file.ask(&TextOperation::Csv(CsvOperation::Read(read)))?
        else {
            break;
        };
        let numbered = (content.from_row..).zip(content.rows);
        rows.extend(numbered.map(|(number, fields)| Line {
            location: format!("row {number}"),
            text: fields.join(" | "),
        }));
        next = content.next;
    }
    Ok(rows)
}

fn lines(file: &mut Flat) -> Result<Vec<Line>, Refusal> {
    let mut lines = Vec::new();
    let mut next = Some(1);
    while let Some(from) = next {
        let read = PdfRead {
            from: Some(from),
            max_pages: Some(50),
        };
        let TextAnswer::Pdf(PdfAnswer::Read(content)) =
            file.ask(&TextOperation::Pdf(PdfOperation::Read(read)))?
        else {
            break;
        };
        for page in content.pages {
            lines.extend(page.text.lines().map(|line| Line {
                location: format!("page {}", page.page),
                text: line.to_owned(),
            }));
        }
        if lines.len() > MAX_LINES {
            return Err(too_many());
        }
        next = content.next;
    }
    Ok(lines)
}

fn lines_that_differ(what: &str, before: &[Line], after: &[Line]) -> Vec<Difference> {
    fn texts(lines: &[Line]) -> Vec<&str> {
        lines.iter().map(|line| line.text.as_str()).collect()
    }
    let mut told = Vec::new();
    for op in capture_diff_slices(Algorithm::Patience, &texts(before), &texts(after)) {
        if matches!(op, DiffOp::Equal { .. }) {
            continue;
        }
        let (was, is) = (&before[op.old_range()], &after[op.new_range()]);
        let both = was.len().min(is.len());
        for (was, is) in was.iter().zip(is) {
            let sentence = format!(
                "{} reads “{}” instead of “{}”.",
                capital(&is.location),
                cut(&is.text),
                cut(&was.text)
            );
            told.push(line_difference(
                &format!("{what}.changed"),
                &is.location,
                Some(was),
                Some(is),
                sentence,
            ));
        }
        for line in &is[both..] {
            let sentence = format!("{} was added: “{}”.", at(what, line), cut(&line.text));
            told.push(line_difference(
                &format!("{what}.added"),
                &line.location,
                None,
                Some(line),
                sentence,
            ));
        }
        for line in &was[both..] {
            let sentence = format!("{} was deleted: “{}”.", at(what, line), cut(&line.text));
            told.push(line_difference(
                &format!("{what}.deleted"),
                &line.location,
                Some(line),
                None,
                sentence,
            ));
        }
    }
    told
}

fn at(what: &str, line: &Line) -> String {
    if line.location.starts_with(what) {
        capital(&line.location)
    } else {
        format!("{} on {}", capital(&format!("a {what}")), line.location)
    }
}

fn line_difference(
    code: &str,
    location: &str,
    before: Option<&Line>,
    after: Option<&Line>,
    sentence: String,
) -> Difference {
    Difference {
        code: code.to_owned(),
        location: location.to_owned(),
        before: before.map(|line| line.text.clone()),
        after: after.map(|line| line.text.clone()),
        sentence,
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string());
    format!("{}{}", first.unwrap_or_default(), letters.as_str())
}

/// What stands in the cells, by sheet, row and column: the formula, or the value.
type Cells = BTreeMap<(String, u32, u32), String>;

fn cells(file: &mut Flat) -> Result<Cells, Refusal> {
    let info = TextOperation::Legacy(LegacyOperation::Info(LegacyInfo {}));
    let TextAnswer::Legacy(LegacyAnswer::Info(info)) = file.ask(&info)? else {
        return Ok(Cells::new());
    };
    let mut cells = Cells::new();
    for sheet in info.sheets {
        let mut next = sheet.used_range.and_then(|used| {
            let area = Area::parse(&used).ok()?;
            Some(Address::on(sheet.name.clone(), area).to_string())
        });
        while let Some(range) = next {
            let read = LegacyRead {
                range,
                formulas: true,
                max_rows: None,
            };
            let TextAnswer::Legacy(LegacyAnswer::Read(content)) =
                file.ask(&TextOperation::Legacy(LegacyOperation::Read(read)))?
            else {
                break;
            };
            let first = Address::parse(&content.address)
                .ok()
                .and_then(|address| address.area);
            let (top, left) = first.map_or((0, 0), |area| (area.top, area.left));
            for (row, values) in content.values.iter().enumerate() {
                for (column, value) in values.iter().enumerate() {
                    let formula = content
                        .formulas
                        .as_ref()
                        .and_then(|grid| grid.get(row)?.get(column));
                    let shown = match formula {
                        Some(formula) if !formula.is_empty() => formula.clone(),
                        _ => value_text(value),
                    };
                    if !shown.is_empty() {
                        let place = (sheet.name.clone(), top + row as u32, left + column as u32);
                        cells.insert(place, shown);
                    }
                }
            }
            if cells.len() > MAX_LINES {
                return Err(too_many());
            }
            next = content.rest;
        }
    }
    Ok(cells)
}

fn value_text(value: &CellValue) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::Null) | Err(_) => String::new(),
        Ok(serde_json::Value::String(text)) => text,
        Ok(other) => other.to_string(),
    }
}

fn cells_that_differ(before: &Cells, after: &Cells) -> Vec<Difference> {
    let mut told = Vec::new();
    let mut add = |place: &(String, u32, u32), was: Option<&String>, is: Option<&String>| {
        let location = Address::on(place.0.clone(), Area::cell(place.1, place.2)).to_string();
        let sentence = match (was, is) {
            (Some(was), Some(is)) => format!("{location} holds “{}” instead of “{}”.", cut(is), cut(was)),
            (_, Some(is)) => format!("{location} holds “{}” now.", cut(is)),
            (was, _) => {
                format!(
                    "{location} is empty; it held “{}”.",
                    cut(was.map_or("", String::as_str))
                )
            }
        };
        told.push(Difference {
            code: "cell.value".to_owned(),
            location,
            before: was.cloned(),
            after: is.cloned(),
            sentence,
        });
    };
    for (place, is) in after {
        let was = before.get(place);
        if was != Some(is) {
            add(place, was, Some(is));
        }
    }
    for (place, was) in before.iter().filter(|(place, _)| !after.contains_key(*place)) {
        add(place, Some(was), None);
    }
    told
}
