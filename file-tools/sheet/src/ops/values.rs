//! What a scanned cell holds, as answers give it.

use deskhand_operations::CellValue;

use crate::cells::ScannedCell;
use crate::styles::Styles;

/// A cell's value; `strings` are the shared ones.
pub(crate) fn value(cell: &ScannedCell<'_>, strings: &[String]) -> CellValue {
    let Some(text) = &cell.value else {
        return CellValue::Empty;
    };
    match cell.kind.as_str() {
        "s" => text
            .trim()
            .parse::<usize>()
            .ok()
            .and_then(|index| strings.get(index))
            .map_or(CellValue::Empty, |text| CellValue::Text(text.clone())),
        "b" => CellValue::Boolean(matches!(text.trim(), "1" | "true")),
        // Strict files may hold dates (`d`) as ISO 8601; shown as written.
        "str" | "inlineStr" | "e" | "d" => CellValue::Text(text.clone()),
        _ => text
            .trim()
            .parse::<f64>()
            .map_or_else(|_| CellValue::Text(text.clone()), CellValue::Number),
    }
}

/// A cell's formula with `=`, otherwise its value in the form in which it can be written back: a text that would read
/// as a formula gets a leading `'`.
pub(crate) fn formula_or_value(cell: &ScannedCell<'_>, strings: &[String]) -> CellValue {
    match (formula(cell), value(cell, strings)) {
        (Some(formula), _) => CellValue::Text(formula),
        (None, CellValue::Text(text)) if text.starts_with(['=', '\'']) => CellValue::Text(format!("'{text}")),
        (None, value) => value,
    }
}

/// A cell's formula with `=`, as people read it.
pub(crate) fn formula(cell: &ScannedCell<'_>) -> Option<String> {
    let text = cell
        .formula
        .as_ref()
        .map(|formula| formula.text.as_str())
        .filter(|text| !text.is_empty())?;
    Some(format!("={}", deskhand_formula::from_file(text)))
}

/// The text as the sheet shows it.
pub(crate) fn shown(value: &CellValue, style: u32, styles: &Styles) -> String {
    match value {
        CellValue::Empty => String::new(),
        CellValue::Boolean(value) => (if *value { "TRUE" } else { "FALSE" }).to_owned(),
        CellValue::Text(text) => text.clone(),
        CellValue::Number(value) => {
            deskhand_formula::shown(*value, styles.number_format(style)).unwrap_or_else(|| value.to_string())
        }
    }
}
