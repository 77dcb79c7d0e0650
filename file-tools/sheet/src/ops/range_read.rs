//! `range.read`.

use deskhand_opc::Fingerprint;
use deskhand_operations::answer::RangeContent;
use deskhand_operations::workbook::{CellFormat, RangeFacet, RangeRead};
use deskhand_operations::{Area, CellValue, RefusalCode};

use crate::addresses;
use crate::cells::{Keep, ScannedCell};
use crate::error::{Outcome, refuse};
use crate::ops::values::{formula_or_value, shown, value};
use crate::sheet::Worksheet;
use crate::sources;
use crate::stream::{Excerpt, LARGE, excerpt};
use crate::strings;
use crate::styles::Styles;
use crate::workbook::Workbook;

/// Cells in one answer.
const MAX_CELLS: u64 = 100_000;
/// Rows in one answer, when the operation does not say.
const DEFAULT_ROWS: u32 = 2_000;

pub(super) fn answer(workbook: &Workbook, read: &RangeRead) -> Outcome<RangeContent> {
    let (index, asked) = addresses::place(workbook, &read.range)?;
    let sheet = workbook.worksheet(index)?;
    let area = asked.unwrap_or(Area {
        top: 0,
        left: 0,
        bottom: u32::MAX,
        right: u32::MAX,
    });
    let excerpt = of_large(workbook, &sheet.part, area, read.max_rows)?;
    let content = match &excerpt {
        Some(excerpt) => excerpt.content.clone(),
        None => workbook.package.part(&sheet.part)?,
    };
    let mut scanned = Worksheet::read(workbook, &sheet.part, &content, &Keep::Areas(vec![area]))?;
    let strings = match excerpt {
        Some(excerpt) => {
            scanned.data.used = excerpt.used;
            strings::wanted(workbook, &scanned.data.cells)?
        }
        None => strings::shared(workbook)?,
    };
    let whole = trimmed(asked, scanned.data.used);
    let (area, rest) = page(whole, read.max_rows);
    if area.cells() > MAX_CELLS {
        let sentence = format!("`{}` has more than {MAX_CELLS} cells in a row.", read.range);
        return refuse(RefusalCode::TooLarge, sentence);
    }
    let facets = if read.what.is_empty() {
        &[RangeFacet::Values][..]
    } else {
        &read.what
    };
    let grid = Grid {
        area,
        cells: &scanned.data.cells,
        sheet: &scanned,
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
    refuse_unread(facets)?;
    answer.sources = sources::asked(workbook, facets, sheet.id, (area, grid.cells, &strings))?;
    for facet in facets {
        fill(&mut answer, *facet, &grid, &strings, &styles);
    }
    Ok(answer)
}

fn refuse_unread(facets: &[RangeFacet]) -> Outcome<()> {
    if facets.contains(&RangeFacet::Notes) || facets.contains(&RangeFacet::Table) {
        return refuse(
            RefusalCode::Unsupported,
            "Notes and text tables are not read from closed files.",
        );
    }
    Ok(())
}

/// Of a large part, the rows that are to be looked at closely.
fn of_large(workbook: &Workbook, part: &str, area: Area, max_rows: Option<u32>) -> Outcome<Option<Excerpt>> {
    if workbook.package.part_size(part)? < LARGE {
        return Ok(None);
    }
    let rows = max_rows.unwrap_or(DEFAULT_ROWS).max(1);
    excerpt(&workbook.package, part, area, rows, MAX_CELLS)
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
