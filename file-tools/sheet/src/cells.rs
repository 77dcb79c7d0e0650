//! Scans the cells of a worksheet part, with the byte offsets that patches need.
//!
//! Rows and cells without `r` count on from the one before (ECMA-376 part 1, 18.3.1.4 and 18.3.1.73).

use std::collections::BTreeMap;
use std::ops::Range;

use deskhand_formula::translate;
use deskhand_opc::xml::{Event, Ns, Reader, Tag};
use deskhand_operations::{Area, MAX_COLUMNS, MAX_ROWS};

use crate::error::Outcome;
use crate::room::Room;

/// A cell as it stands in the part.
#[derive(Clone, Debug)]
pub(crate) struct ScannedCell<'a> {
    pub(crate) row: u32,
    pub(crate) column: u32,
    /// From `<c` to after `</c>`.
    pub(crate) span: Range<usize>,
    pub(crate) tag: Tag<'a>,
    /// `t`: `n` when absent.
    pub(crate) kind: String,
    pub(crate) style: u32,
    pub(crate) formula: Option<ScannedFormula>,
    /// The content of `<v>`, or the text of `<is>`.
    pub(crate) value: Option<String>,
}

/// A formula as it stands in the part.
#[derive(Clone, Debug)]
pub(crate) struct ScannedFormula {
    /// The whole `<f>` element.
    pub(crate) span: Range<usize>,
    pub(crate) kind: FormulaKind,
    /// As the file holds it; shared ones expanded.
    pub(crate) text: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FormulaKind {
    Plain,
    /// The group, and whether this cell holds its text.
    Shared {
        group: u32,
        anchor: bool,
    },
    /// One formula for an area.
    Array(Area),
    /// A what-if table for an area.
    DataTable(Area),
}

/// A row as it stands in the part.
#[derive(Clone, Debug)]
pub(crate) struct ScannedRow<'a> {
    pub(crate) row: u32,
    pub(crate) tag: Tag<'a>,
    /// True when it says its number.
    pub(crate) numbered: bool,
    /// Where its end tag starts, and where it ends.
    pub(crate) end: Range<usize>,
    /// Its cells: indices of [`Scan::cells`].
    pub(crate) cells: Range<usize>,
}

/// What is kept of a scan.
#[derive(Clone, Debug)]
pub(crate) enum Keep {
    /// Every cell.
    All,
    /// Cells that hold formulas.
    Formulas,
    /// Cells in any of these areas.
    Areas(Vec<Area>),
    /// Cells in these rows of their column, first and last, by column; of other columns none.
    Columns(Vec<(u32, u32)>),
    /// All cells of these rows, sorted.
    Rows(Vec<u32>),
}

impl Keep {
    fn keeps(&self, cell: &ScannedCell<'_>) -> bool {
        match self {
            Self::All => true,
            Self::Formulas => cell.formula.is_some(),
            Self::Areas(areas) => areas.iter().any(|area| area.contains(cell.row, cell.column)),
            Self::Columns(columns) => columns
                .get(cell.column as usize)
                .is_some_and(|(first, last)| (*first..=*last).contains(&cell.row)),
            Self::Rows(rows) => rows.binary_search(&cell.row).is_ok(),
        }
    }
}

/// The cells of a sheet.
#[derive(Debug, Default)]
pub(crate) struct Scan<'a> {
    pub(crate) rows: Vec<ScannedRow<'a>>,
    /// In the order of the part.
    pub(crate) cells: Vec<ScannedCell<'a>>,
    /// The smallest area that holds every cell with a value or formula.
    pub(crate) used: Option<Area>,
    /// Areas of array formulas and data tables.
    pub(crate) arrays: Vec<Area>,
    /// Groups of shared formulas with all their cells, where a group's cell is kept or not.
    pub(crate) shared: BTreeMap<u32, SharedGroup>,
    /// True when rows and cells stand in order, each once.
    pub(crate) ordered: bool,
    /// The first cell that stands where it should not.
    pub(crate) misplaced: Option<Area>,
    /// What is left for formulas that cells share.
    pub(crate) room: Room,
}

impl Scan<'_> {
    fn expect_order(&mut self, in_order: bool, row: u32, column: u32) {
        if self.ordered && !in_order {
            self.ordered = false;
            self.misplaced = Some(Area::cell(row, column));
        }
    }

    /// Gives a cell of a group its formula.
    fn write_out(&mut self, cell: &mut ScannedCell<'_>) -> Outcome<()> {
        let Some(formula) = cell.formula.as_mut().filter(|formula| formula.text.is_empty()) else {
            return Ok(());
        };
        let FormulaKind::Shared { group, .. } = formula.kind else {
            return Ok(());
        };
        let Some((top, left, anchor)) = self.shared.get(&group).and_then(|group| group.anchor.as_ref())
        else {
            return Ok(());
        };
        self.room.take(anchor.len())?;
        let (rows, columns) = (
            i64::from(cell.row) - i64::from(*top),
            i64::from(cell.column) - i64::from(*left),
        );
        formula.text = translate(anchor, rows, columns);
        Ok(())
    }
}

/// A group of cells that share one formula.
#[derive(Clone, Debug, Default)]
pub(crate) struct SharedGroup {
    /// The anchor: row, column, formula.
    pub(crate) anchor: Option<(u32, u32, String)>,
    /// All cells but the anchor: row, column, the `<f>` element.
    pub(crate) members: Vec<(u32, u32, Range<usize>)>,
}

/// Reads `sheetData`, whose start tag was read last.
pub(crate) fn scan<'a>(reader: &mut Reader<'a>, keep: &Keep, room: Room) -> Outcome<Scan<'a>> {
    let mut scan = Scan {
        ordered: true,
        room,
        ..Scan::default()
    };
    let mut next_row = 0;
    while let Some(Event::Start(tag)) = next_start_or_end(reader)? {
        if !tag.is(Ns::Spreadsheet, "row") {
            reader.skip()?;
            continue;
        }
        let number = tag
            .find("r")
            .and_then(|r| r.raw.parse::<u32>().ok())
            .and_then(|r| r.checked_sub(1));
        let row = number.unwrap_or(next_row);
        scan.expect_order(row >= next_row && row < MAX_ROWS, row, 0);
        next_row = row.saturating_add(1);
        let from = scan.cells.len();
        let end = cells_of(reader, row, keep, &mut scan)?;
        scan.rows.push(ScannedRow {
            row,
            tag,
            numbered: number.is_some(),
            end,
            cells: from..scan.cells.len(),
        });
    }
    Ok(scan)
}

/// The next start tag, or the end of the element inside which the reader stands.
fn next_start_or_end<'a>(reader: &mut Reader<'a>) -> Outcome<Option<Event<'a>>> {
    loop {
        match reader.next_event()? {
            Some(Event::Text(_)) => {}
            other => return Ok(other),
        }
    }
}

fn cells_of<'a>(
    reader: &mut Reader<'a>,
    row: u32,
    keep: &Keep,
    scan: &mut Scan<'a>,
) -> Outcome<Range<usize>> {
    let mut next_column = 0;
    loop {
        match next_start_or_end(reader)? {
            Some(Event::Start(tag)) if tag.is(Ns::Spreadsheet, "c") => {
                let said = tag.find("r").and_then(|r| Area::parse(r.raw).ok());
                let column = said.map_or(next_column, |area| area.left);
                let in_order =
                    column >= next_column && column < MAX_COLUMNS && said.is_none_or(|area| area.top == row);
                scan.expect_order(in_order, row, column);
                next_column = column.saturating_add(1);
                let mut cell = cell(reader, tag, row, column, scan)?;
                if cell.value.is_some() || cell.formula.is_some() {
                    widen(&mut scan.used, row, column);
                }
                if keep.keeps(&cell) {
                    scan.write_out(&mut cell)?;
                    scan.cells.push(cell);
                }
            }
            Some(Event::Start(_)) => {
                reader.skip()?;
            }
            Some(Event::End { span }) => return Ok(span),
            _ => return Ok(0..0),
        }
    }
}

fn widen(used: &mut Option<Area>, row: u32, column: u32) {
    let area = used.get_or_insert(Area::cell(row, column));
    area.top = area.top.min(row);
    area.left = area.left.min(column);
    area.bottom = area.bottom.max(row);
    area.right = area.right.max(column);
}

fn cell<'a>(
    reader: &mut Reader<'a>,
    tag: Tag<'a>,
    row: u32,
    column: u32,
    scan: &mut Scan<'a>,
) -> Outcome<ScannedCell<'a>> {
    let kind = tag.find("t").map_or("n", |kind| kind.raw).to_owned();
    let style = tag
        .find("s")
        .and_then(|style| style.raw.parse().ok())
        .unwrap_or_default();
    let span = tag.span.clone();
    let mut cell = ScannedCell {
        row,
        column,
        span,
        tag,
        kind,
        style,
        formula: None,
        value: None,
    };
    loop {
        match next_start_or_end(reader)? {
            Some(Event::Start(tag)) => match tag.local() {
                "v" if cell.kind == "str" => cell.value = Some(unescape_controls(&reader.text()?.0)),
                "v" => cell.value = Some(reader.text()?.0),
                "f" => cell.formula = Some(formula(reader, &tag, row, column, scan)?),
                "is" => cell.value = Some(rich_text(reader)?),
                _ => {
                    reader.skip()?;
                }
            },
            Some(Event::End { span }) => {
                cell.span.end = span.end.max(cell.span.end);
                return Ok(cell);
            }
            _ => return Ok(cell),
        }
    }
}

/// The text of `<is>` or `<si>`, whose start tag was read last: runs joined, phonetics left out.
pub(crate) fn rich_text(reader: &mut Reader<'_>) -> Outcome<String> {
    let outside = reader.depth() - 1;
    let mut text = String::new();
    while reader.depth() > outside {
        match reader.next_event()? {
            Some(Event::Start(tag)) if tag.local() == "t" => text.push_str(&reader.text()?.0),
            Some(Event::Start(tag)) if tag.local() == "rPh" => {
                reader.skip()?;
            }
            Some(_) => {}
            None => break,
        }
    }
    Ok(unescape_controls(&text))
}

/// Undoes `_x000D_` escapes (ECMA-376 part 1, 22.9.2.19).
fn unescape_controls(text: &str) -> String {
    if !text.contains("_x") {
        return text.to_owned();
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("_x") {
        let code = rest
            .get(at + 2..at + 6)
            .filter(|_| rest.get(at + 6..at + 7) == Some("_"));
        let code = code
            .and_then(|hex| u32::from_str_radix(hex, 16).ok())
            .and_then(char::from_u32);
        plain.push_str(&rest[..at]);
        if let Some(character) = code {
            plain.push(character);
            rest = &rest[at + 7..];
        } else {
            plain.push_str("_x");
            rest = &rest[at + 2..];
        }
    }
    plain.push_str(rest);
    plain
}

fn formula(
    reader: &mut Reader<'_>,
    tag: &Tag<'_>,
    row: u32,
    column: u32,
    scan: &mut Scan<'_>,
) -> Outcome<ScannedFormula> {
    let area = tag
        .find("ref")
        .and_then(|area| Area::parse(area.raw).ok())
        .unwrap_or(Area::cell(row, column));
    let group = tag.find("si").and_then(|group| group.raw.parse::<u32>().ok());
    let kind = tag.find("t").map_or("normal", |kind| kind.raw);
    let (text, end) = reader.text()?;
    let span = tag.span.start..end.end.max(tag.span.end);
    let kind = match (kind, group) {
        ("shared", Some(group)) => {
            let shared = scan.shared.entry(group).or_default();
            let anchor = !text.is_empty() && shared.anchor.is_none();
            if anchor {
                shared.anchor = Some((row, column, text.clone()));
            } else {
                shared.members.push((row, column, span.clone()));
            }
            FormulaKind::Shared { group, anchor }
        }
        ("array", _) => {
            scan.arrays.push(area);
            FormulaKind::Array(area)
        }
        ("dataTable", _) => {
            scan.arrays.push(area);
            FormulaKind::DataTable(area)
        }
        _ => FormulaKind::Plain,
    };
    Ok(ScannedFormula { span, kind, text })
}
