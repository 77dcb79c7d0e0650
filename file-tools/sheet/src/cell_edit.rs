//! Turns new cell contents into byte edits of a worksheet part: existing cells replaced, missing rows and cells inserted
//! in order, everything else left as it stands.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use deskhand_opc::Blob;
use deskhand_opc::xml::escape;
use deskhand_operations::{Area, CellValue};

use crate::cells::{ScannedCell, ScannedRow};
use crate::element_list::Edit;
use crate::error::Outcome;
use crate::sheet::Worksheet;

/// What a cell shall hold.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Content {
    /// What it holds: only its style changes.
    Keep,
    /// Nothing.
    Empty,
    /// A value.
    Value(CellValue),
    /// A formula as files hold it, without `=`.
    Formula(String),
    /// What another cell holds, as its XML: rich text and shared texts stay what they are.
    Raw(RawContent),
}

/// The content of a cell as XML.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RawContent {
    /// `t` and `vm` as written in the tag, each with a space before it.
    pub(crate) attributes: String,
    /// What stands inside `<c>`.
    pub(crate) inner: String,
    /// True where that holds a formula.
    pub(crate) formula: bool,
    /// The value.
    pub(crate) value: CellValue,
}

impl Content {
    /// True for what leaves a formula in the cell.
    pub(crate) fn is_formula(&self) -> bool {
        matches!(
            self,
            Self::Formula(_) | Self::Raw(RawContent { formula: true, .. })
        )
    }

    /// True for what empties the cell.
    pub(crate) fn is_nothing(&self) -> bool {
        matches!(self, Self::Empty | Self::Value(CellValue::Empty))
    }

    /// The text, where it is a constant one.
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Value(CellValue::Text(text))
            | Self::Raw(RawContent {
                formula: false,
                value: CellValue::Text(text),
                ..
            }) => Some(text),
            _ => None,
        }
    }
}

/// A change to one cell.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct CellEdit {
    pub(crate) content: Content,
    /// A new style; the present one otherwise.
    pub(crate) style: Option<u32>,
}

/// Changes to cells of one sheet by row and column.
pub(crate) type CellEdits = BTreeMap<(u32, u32), CellEdit>;

/// A number as XML has it: the shortest text that reads back the same.
pub(crate) fn number(value: f64) -> String {
    let magnitude = value.abs();
    if magnitude != 0.0 && !(1e-5..1e17).contains(&magnitude) {
        format!("{value:E}")
    } else {
        value.to_string()
    }
}

/// A text as a cell holds it: characters that XML cannot hold as `_x0007_`, and a literal `_x0007_` kept literal.
fn cell_text(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        let looks_escaped = rest.starts_with("_x")
            && rest
                .get(2..6)
                .is_some_and(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()))
            && rest.get(6..7) == Some("_");
        match character {
            '_' if looks_escaped => escaped.push_str("_x005F_"),
            '\t' | '\n' => escaped.push(character),
            control if (control as u32) < 0x20 || control == '\u{FFFE}' || control == '\u{FFFF}' => {
                let _ = write!(escaped, "_x{:04X}_", control as u32);
            }
            other => escaped.push(other),
        }
        rest = &rest[character.len_utf8()..];
    }
    escape(&escaped).into_owned()
}

/// A cell's XML. `p` is the prefix of the part's elements.
pub(crate) fn cell_xml(p: &str, row: u32, column: u32, style: u32, content: &Content) -> String {
    let mut xml = format!(r#"<{p}c r="{}""#, Area::cell(row, column));
    if style != 0 {
        let _ = write!(xml, r#" s="{style}""#);
    }
    match content {
        Content::Keep | Content::Empty | Content::Value(CellValue::Empty) => xml.push_str("/>"),
        Content::Value(CellValue::Number(value)) => {
            let _ = write!(xml, "><{p}v>{}</{p}v></{p}c>", number(*value));
        }
        Content::Value(CellValue::Boolean(value)) => {
            let _ = write!(xml, r#" t="b"><{p}v>{}</{p}v></{p}c>"#, u8::from(*value));
        }
        Content::Value(CellValue::Text(text)) => {
            let _ = write!(
                xml,
                r#" t="inlineStr"><{p}is><{p}t xml:space="preserve">{}</{p}t></{p}is></{p}c>"#,
                cell_text(text)
            );
        }
        Content::Formula(formula) => {
            let _ = write!(xml, "><{p}f>{}</{p}f></{p}c>", escape(formula));
        }
        Content::Raw(raw) => {
            let _ = write!(xml, "{}>{}</{p}c>", raw.attributes, raw.inner);
        }
    }
    xml
}

/// The edits of a worksheet part. The sheet was scanned with the rows of all changes kept, and its rows are in order.
pub(crate) fn edits(sheet: &Worksheet<'_>, changes: &CellEdits) -> Outcome<Vec<Edit>> {
    let mut edits = expanded_groups(sheet, changes)?;
    let mut by_row: BTreeMap<u32, Vec<(u32, &CellEdit)>> = BTreeMap::new();
    for ((row, column), change) in changes {
        by_row.entry(*row).or_default().push((*column, change));
    }
    let mut new_rows: Vec<(u32, String)> = Vec::new();
    for (row, changes) in &by_row {
        if let Ok(index) = sheet.data.rows.binary_search_by_key(row, |scanned| scanned.row) {
            edits.extend(row_edits(sheet, &sheet.data.rows[index], changes));
            continue;
        }
        let cells = new_cells(sheet, *row, changes);
        if !cells.is_empty() {
            let p = &sheet.prefix;
            new_rows.push((*row, format!(r#"<{p}row r="{}">{cells}</{p}row>"#, row + 1)));
        }
    }
    edits.extend(inserted_rows(sheet, new_rows));
    edits.extend(dimension(sheet, changes));
    Ok(edits)
}

/// The cells of a row that is not there yet. A format alone makes a cell too; emptiness does not.
fn new_cells(sheet: &Worksheet<'_>, row: u32, changes: &[(u32, &CellEdit)]) -> String {
    changes
        .iter()
        .filter_map(|(column, change)| new_cell(sheet, row, *column, change))
        .collect()
}

fn new_cell(sheet: &Worksheet<'_>, row: u32, column: u32, change: &CellEdit) -> Option<String> {
    let nothing = change.content == Content::Keep || change.content.is_nothing();
    if nothing && change.style.is_none() {
        return None;
    }
    let style = change.style.unwrap_or_else(|| sheet.style_for_new(row, column));
    Some(cell_xml(&sheet.prefix, row, column, style, &change.content))
}

/// Inserts whole rows: each before the first row below it.
pub(crate) fn inserted_rows(sheet: &Worksheet<'_>, rows: Vec<(u32, String)>) -> Vec<Edit> {
    if rows.is_empty() {
        return Vec::new();
    }
    let Some(data) = sheet.find("sheetData") else {
        let p = &sheet.prefix;
        let all: String = rows.into_iter().map(|(_, xml)| xml).collect();
        return vec![sheet.insert("sheetData", &format!("<{p}sheetData>{all}</{p}sheetData>"))];
    };
    if data.tag.self_closing {
        let all: String = rows.into_iter().map(|(_, xml)| xml).collect();
        let end = data.tag.span.end;
        return vec![(end - 2..end, format!(">{all}</{}>", data.tag.name).into())];
    }
    let mut edits = Vec::new();
    for (row, xml) in rows {
        let below = sheet.data.rows.partition_point(|scanned| scanned.row < row);
        let at = match sheet.data.rows.get(below) {
            Some(next) => {
                // A row without a number counts on from the one before, which is another one now.
                if !next.numbered {
                    let (span, value) = next.tag.set_attribute("r", &(next.row + 1).to_string());
                    if !edits.iter().any(|(held, _): &Edit| *held == span) {
                        edits.push((span, value));
                    }
                }
                next.tag.span.start
            }
            None => sheet
                .data
                .rows
                .last()
                .map_or(data.tag.span.end, |last| last.end.end.max(last.tag.span.end)),
        };
        edits.push((at..at, xml.into()));
    }
    edits
}

/// Changes to a row that is there.
fn row_edits(sheet: &Worksheet<'_>, row: &ScannedRow<'_>, changes: &[(u32, &CellEdit)]) -> Vec<Edit> {
    let cells = &sheet.data.cells[row.cells.clone()];
    let mut edits = Vec::new();
    if row.tag.self_closing {
        let new = new_cells(sheet, row.row, changes);
        if !new.is_empty() {
            let end = row.tag.span.end;
            edits.push((end - 2..end, format!(">{new}</{}>", row.tag.name).into()));
        }
        return edits;
    }
    // With a cell more or less, cells without an address would move: they get theirs.
    let implicit = cells.iter().filter(|cell| cell.tag.find("r").is_none());
    let replaced = |cell: &&ScannedCell<'_>| {
        changes
            .iter()
            .any(|(column, change)| *column == cell.column && change.content != Content::Keep)
    };
    edits.extend(implicit.filter(|cell| !replaced(cell)).map(|cell| {
        cell.tag
            .set_attribute("r", &Area::cell(cell.row, cell.column).to_string())
    }));
    for (column, change) in changes {
        match cells.binary_search_by_key(column, |cell| cell.column) {
            Ok(index) => edits.push(cell_edit(sheet, &cells[index], change)),
            Err(index) => {
                if let Some(xml) = new_cell(sheet, row.row, *column, change) {
                    let at = cells.get(index).map_or(row.end.start, |next| next.span.start);
                    edits.push((at..at, xml.into()));
                }
            }
        }
    }
    edits.extend(spans(row, changes));
    edits
}

/// Changes one cell that is there.
fn cell_edit(sheet: &Worksheet<'_>, cell: &ScannedCell<'_>, change: &CellEdit) -> Edit {
    let style = change.style.unwrap_or(cell.style);
    if change.content == Content::Keep {
        return cell.tag.set_attribute("s", &style.to_string());
    }
    let xml = cell_xml(&sheet.prefix, cell.row, cell.column, style, &change.content);
    let gone = change.content.is_nothing() && style == 0;
    (cell.span.clone(), if gone { Blob::default() } else { xml.into() })
}

/// Widens a row's `spans` where it would no longer hold all cells.
fn spans(row: &ScannedRow<'_>, changes: &[(u32, &CellEdit)]) -> Option<Edit> {
    let held = row.tag.find("spans")?;
    let (first, last) = held.raw.split_once(':')?;
    let (first, last) = (first.parse::<u32>().ok()?, last.parse::<u32>().ok()?);
    let low = first.min(changes.first()?.0 + 1);
    let high = last.max(changes.last()?.0 + 1);
    ((low, high) != (first, last)).then(|| row.tag.set_attribute("spans", &format!("{low}:{high}")))
}

/// Widens `<dimension>` where it would no longer hold all cells.
fn dimension(sheet: &Worksheet<'_>, changes: &CellEdits) -> Option<Edit> {
    let tag = &sheet.find("dimension")?.tag;
    let mut area = Area::parse(tag.find("ref")?.raw).ok()?;
    let before = area;
    let filled = |change: &&CellEdit| !matches!(change.content, Content::Keep | Content::Empty);
    for ((row, column), _) in changes.iter().filter(|(_, change)| filled(change)) {
        area.top = area.top.min(*row);
        area.left = area.left.min(*column);
        area.bottom = area.bottom.max(*row);
        area.right = area.right.max(*column);
    }
    (area != before).then(|| tag.set_attribute("ref", &area.to_string()))
}

/// Where a change takes the anchor of a shared formula away, the other cells of its group get formulas of their own.
fn expanded_groups(sheet: &Worksheet<'_>, changes: &CellEdits) -> Outcome<Vec<Edit>> {
    let replaced = |row: u32, column: u32| {
        changes
            .get(&(row, column))
            .is_some_and(|change| change.content != Content::Keep)
    };
    let mut edits = Vec::new();
    let mut room = sheet.data.room.clone();
    for group in sheet.data.shared.values() {
        let Some((top, left, formula)) = &group.anchor else {
            continue;
        };
        if !replaced(*top, *left) {
            continue;
        }
        for (row, column, span) in group
            .members
            .iter()
            .filter(|(row, column, _)| !replaced(*row, *column))
        {
            room.take(formula.len())?;
            let (rows, columns) = (
                i64::from(*row) - i64::from(*top),
                i64::from(*column) - i64::from(*left),
            );
            let text = deskhand_formula::translate(formula, rows, columns);
            let p = &sheet.prefix;
            edits.push((span.clone(), format!("<{p}f>{}</{p}f>", escape(&text)).into()));
        }
    }
    Ok(edits)
}

/// The edit that sets the computed value of a formula cell; its formula stays as it stands.
pub(crate) fn cached(
    sheet: &Worksheet<'_>,
    cell: &ScannedCell<'_>,
    value: &CellValue,
    error: bool,
) -> Option<Edit> {
    let formula = cell.formula.as_ref()?;
    let p = &sheet.prefix;
    let mut xml = format!("<{}", cell.tag.name);
    for attribute in cell
        .tag
        .attributes()
        .filter(|attribute| !matches!(attribute.name, "t" | "vm"))
    {
        let _ = write!(xml, r#" {}="{}""#, attribute.name, escape_raw(attribute.raw));
    }
    let formula = String::from_utf8_lossy(&sheet.content[formula.span.clone()]);
    let (kind, value) = computed(value, error)?;
    if !kind.is_empty() {
        let _ = write!(xml, r#" t="{kind}""#);
    }
    let _ = write!(xml, ">{formula}<{p}v>{value}</{p}v></{}>", cell.tag.name);
    Some((cell.span.clone(), xml.into()))
}

/// A computed value as a cell with a formula holds it: its type, empty for a number, and what stands in `<v>`.
pub(crate) fn computed(value: &CellValue, error: bool) -> Option<(&'static str, String)> {
    Some(match value {
        CellValue::Number(value) => ("", number(*value)),
        CellValue::Boolean(value) => ("b", u8::from(*value).to_string()),
        CellValue::Text(text) if error => ("e", escape(text).into_owned()),
        CellValue::Text(text) => ("str", cell_text(text)),
        CellValue::Empty => return None,
    })
}

/// An attribute's raw value between double quotes.
fn escape_raw(raw: &str) -> String {
    raw.replace('"', "&quot;")
}
