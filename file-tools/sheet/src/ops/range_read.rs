//! `range.read`.

use deskhand_opc::Fingerprint;
use deskhand_operations::answer::{CellNote, RangeContent};
use deskhand_operations::workbook::{CellFormat, RangeFacet, RangeRead};
use deskhand_operations::{Area, CellValue, MAX_COLUMNS, MAX_ROWS};

use crate::addresses;
use crate::cells::{Keep, ScannedCell};
use crate::error::Outcome;
use crate::notes;
use crate::ops::text_table;
use crate::ops::values::{formula_or_value, shown, value};
use crate::sheet::Worksheet;
use crate::sources;
use crate::stream::{Excerpt, excerpt, is_large};
use crate::strings;
use crate::styles::Styles;
use crate::workbook::{SheetEntry, Workbook};

/// Cells in one answer.
const MAX_CELLS: u64 = 100_000;
/// Bytes of text in one answer, from the second row on.
const MAX_TEXT: usize = 8 << 20;
/// Notes in one answer.
const MAX_NOTES: usize = 10_000;
/// Rows in one answer, when the operation does not say.
const DEFAULT_ROWS: u32 = 2_000;
/// A whole sheet.
const EVERYWHERE: Area = Area {
    top: 0,
    left: 0,
    bottom: MAX_ROWS - 1,
    right: MAX_COLUMNS - 1,
};

pub(super) fn answer(workbook: &Workbook, read: &RangeRead) -> Outcome<RangeContent> {
    let (index, asked) = addresses::place(workbook, &read.range)?;
    let sheet = workbook.worksheet(index)?;
    let area = asked.unwrap_or(EVERYWHERE);
    let excerpt = of_large(workbook, &sheet.part, area, read.max_rows)?;
    let content = match &excerpt {
        Some(excerpt) => excerpt.content.clone(),
        None => workbook.package.part(&sheet.part)?,
    };
    let mut scanned = Worksheet::read(workbook, &sheet.part, &content, &Keep::Areas(vec![area]))?;
    let strings = match excerpt {
        Some(excerpt) => {
            scanned.data.used = excerpt.used;
            strings::named_by(workbook, &scanned.data.cells)?
        }
        None => strings::shared(workbook)?,
    };
    let whole = trimmed(asked, scanned.data.used);
    let (area, rest) = page(whole, read.max_rows);
    let (area, rest) = within_text(whole, (area, rest), &scanned.data.cells, &strings);
    let facets = if read.what.is_empty() {
        &[RangeFacet::Values][..]
    } else {
        &read.what
    };
    let styles = if facets.iter().any(|facet| *facet > RangeFacet::Formulas) {
        Styles::read(workbook)?
    } else {
        Styles::default()
    };
    let mut answer = RangeContent {
        address: addresses::on(sheet, area),
        rest: rest.map(|rest| addresses::on(sheet, rest)),
        fingerprint: fingerprint(area, &scanned.data.cells, &strings),
        ..RangeContent::default()
    };
    answer.sources = sources::asked(workbook, facets, sheet.id, (area, &scanned.data.cells, &strings))?;
    let grid = Grid {
        area,
        cells: &scanned.data.cells,
        sheet: &scanned,
    };
    for facet in facets {
        match facet {
            RangeFacet::Notes => {
                answer.notes = Some(notes_of(workbook, sheet, asked, area, rest.is_some())?);
            }
            RangeFacet::Table => {
                answer.table = Some(text_table::written(&text_table::Source {
                    area,
                    cells: &scanned.data.cells,
                    strings: &strings,
                    styles: &styles,
                    date_1904: workbook.date_1904,
                }));
            }
            facet => fill(&mut answer, *facet, &grid, &strings, &styles),
        }
    }
    Ok(answer)
}

/// Of a large part, the rows that are to be looked at closely.
fn of_large(workbook: &Workbook, part: &str, area: Area, max_rows: Option<u32>) -> Outcome<Option<Excerpt>> {
    if !is_large(&workbook.package, part)? {
        return Ok(None);
    }
    let rows = max_rows.unwrap_or(DEFAULT_ROWS).max(1);
    excerpt(&workbook.package, part, area, rows, MAX_CELLS)
}

/// The page up to the row that would make it too long: few cells may hold much text.
fn within_text(
    whole: Area,
    (page, rest): (Area, Option<Area>),
    cells: &[ScannedCell<'_>],
    strings: &[String],
) -> (Area, Option<Area>) {
    let mut size = 0;
    for cell in cells.iter().filter(|cell| page.contains(cell.row, cell.column)) {
        let shared = || cell.value.as_ref()?.trim().parse::<usize>().ok();
        let text = match cell.kind.as_str() {
            "s" => shared()
                .and_then(|index| strings.get(index))
                .map_or(0, String::len),
            _ => cell.value.as_ref().map_or(0, String::len),
        };
        size += text + cell.formula.as_ref().map_or(0, |formula| formula.text.len());
        if size > MAX_TEXT && cell.row > page.top {
            let end = Area {
                bottom: cell.row - 1,
                ..page
            };
            let rest = Area {
                top: cell.row,
                ..whole
            };
            return (end, Some(rest));
        }
    }
    (page, rest)
}

/// The notes of a page. Notes stand beside cells too, so the last page has those below the used range, and any page those
/// to its right, as far as they were asked for.
fn notes_of(
    workbook: &Workbook,
    sheet: &SheetEntry,
    asked: Option<Area>,
    page: Area,
    more: bool,
) -> Outcome<Vec<CellNote>> {
    let wide = asked.unwrap_or(EVERYWHERE);
    let inside = |row: u32, column: u32| {
        let from_top = row >= page.top || asked.is_none_or(|asked| asked.top == page.top);
        wide.contains(row, column) && from_top && (!more || row <= page.bottom)
    };
    let notes = notes::of_sheet(&workbook.package, sheet)?.into_iter();
    let told = notes.filter(|note| !note.is_thread && inside(note.row, note.column));
    Ok(told
        .take(MAX_NOTES)
        .map(|note| CellNote {
            cell: Area::cell(note.row, note.column).to_string(),
            text: note.text,
            author: Some(note.author).filter(|author| !author.is_empty()),
        })
        .collect())
}

/// Puts one grid into the answer.
fn fill(
    answer: &mut RangeContent,
    facet: RangeFacet,
    grid: &Grid<'_, '_>,
    strings: &[String],
    styles: &Styles,
) {
    let value_of =
        |cell: Option<&ScannedCell<'_>>| cell.map_or(CellValue::Empty, |cell| value(cell, strings));
    match facet {
        RangeFacet::Values => answer.values = Some(grid.map(|cell, _| value_of(cell))),
        RangeFacet::Formulas => {
            let of = |cell: &ScannedCell<'_>| formula_or_value(cell, strings);
            answer.formulas = Some(grid.map(|cell, _| cell.map_or(CellValue::Empty, of)));
        }
        RangeFacet::NumberFormats => {
            answer.number_formats = Some(grid.map(|_, style| styles.number_format(style).to_owned()));
        }
        RangeFacet::Formats => {
            let of = |style: u32| CellFormat {
                number_format: None,
                ..styles.of(style).format
            };
            answer.formats = Some(grid.map(|_, style| of(style)));
        }
        RangeFacet::Texts => {
            answer.texts = Some(grid.map(|cell, style| shown(&value_of(cell), style, styles)));
        }
        RangeFacet::Notes | RangeFacet::Table | RangeFacet::Sources => {}
    }
}

/// The rows of one answer, and the rows that are left for the next.
fn page(whole: Area, max_rows: Option<u32>) -> (Area, Option<Area>) {
    let rows = max_rows.unwrap_or(DEFAULT_ROWS).max(1).min(whole.rows());
    let rows = rows.min((MAX_CELLS / u64::from(whole.columns())).max(1) as u32);
    let bottom = whole.top + rows - 1;
    let rest = (bottom < whole.bottom).then(|| Area {
        top: bottom + 1,
        ..whole
    });
    (Area { bottom, ..whole }, rest)
}

/// The part of the area that is used; its first cell where it holds nothing, so that there is always a grid.
pub(super) fn trimmed(asked: Option<Area>, used: Option<Area>) -> Area {
    match (asked, used) {
        (Some(asked), Some(used)) => asked
            .intersection(&used)
            .unwrap_or(Area::cell(asked.top, asked.left)),
        (Some(asked), None) => Area::cell(asked.top, asked.left),
        (None, used) => used.unwrap_or(Area::cell(0, 0)),
    }
}

/// Cells of an area as rows.
struct Grid<'s, 'a> {
    area: Area,
    cells: &'s [ScannedCell<'a>],
    sheet: &'s Worksheet<'a>,
}

impl Grid<'_, '_> {
    /// One entry a cell, from the cell (where there is one) and its style.
    fn map<T>(&self, make: impl Fn(Option<&ScannedCell<'_>>, u32) -> T) -> Vec<Vec<T>> {
        let mut cells = self.cells.iter().peekable();
        let mut rows = Vec::with_capacity(self.area.rows() as usize);
        for row in self.area.top..=self.area.bottom {
            let mut entries = Vec::with_capacity(self.area.columns() as usize);
            for column in self.area.left..=self.area.right {
                while cells
                    .next_if(|cell| (cell.row, cell.column) < (row, column))
                    .is_some()
                {}
                let cell = cells.next_if(|cell| (cell.row, cell.column) == (row, column));
                let style = cell.map_or_else(|| self.sheet.style_for_new(row, column), |cell| cell.style);
                entries.push(make(cell, style));
            }
            rows.push(entries);
        }
        rows
    }
}

/// The mark of an area: its size, formulas and values.
pub(super) fn fingerprint(area: Area, cells: &[ScannedCell<'_>], strings: &[String]) -> String {
    let mut mark = Fingerprint::default();
    mark.add(area.to_string().as_bytes());
    for cell in cells.iter().filter(|cell| area.contains(cell.row, cell.column)) {
        let (kind, text) = match formula_or_value(cell, strings) {
            CellValue::Empty => continue,
            CellValue::Boolean(value) => ("b", value.to_string()),
            CellValue::Number(value) => ("n", value.to_string()),
            CellValue::Text(text) => ("t", text),
        };
        mark.add(format!("\u{1}{},{}{kind}", cell.row, cell.column).as_bytes());
        mark.add(text.as_bytes());
        if let CellValue::Number(value) = value(cell, strings) {
            mark.add(&value.to_bits().to_le_bytes());
        }
    }
    mark.to_string()
}
