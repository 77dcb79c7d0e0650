//! How large cells are on the sheet, in English metric units (ECMA-376 part 1, 18.3.1.13 for widths of columns).

use std::collections::HashMap;

use deskhand_operations::Area;

use crate::sheet::Worksheet;
use crate::workbook::is_true;

/// English metric units a pixel and a point.
const PIXEL: f64 = 9_525.0;
const POINT: f64 = 12_700.0;
/// Width of a digit of the usual font in pixels, and the width and height of cells where the sheet says nothing.
const DIGIT: f64 = 7.0;
const USUAL_WIDTH: f64 = 9.142_857;
const USUAL_HEIGHT: f64 = 15.0;

/// Widths of columns and heights of rows.
#[derive(Debug)]
pub(crate) struct Measure {
    columns: Vec<(u32, u32, f64)>,
    rows: HashMap<u32, f64>,
    width: f64,
    height: f64,
}

impl Measure {
    pub(crate) fn new(sheet: &Worksheet<'_>) -> Self {
        let said = |name: &str| {
            let held = sheet.find("sheetFormatPr")?.tag.find(name)?.raw.parse::<f64>();
            held.ok().filter(|value| (0.0..=500.0).contains(value))
        };
        let height = |row: &crate::cells::ScannedRow<'_>| {
            let hidden = row.tag.find("hidden").is_some_and(|hidden| is_true(hidden.raw));
            let own = row
                .tag
                .find("ht")
                .and_then(|height| height.raw.parse::<f64>().ok());
            let own = own.filter(|height| (0.0..=409.5).contains(height));
            if hidden {
                Some((row.row, 0.0))
            } else {
                own.map(|height| (row.row, height))
            }
        };
        Self {
            columns: sheet.column_widths.clone(),
            rows: sheet.data.rows.iter().filter_map(height).collect(),
            width: said("defaultColWidth").unwrap_or(USUAL_WIDTH),
            height: said("defaultRowHeight").unwrap_or(USUAL_HEIGHT),
        }
    }

    /// Width and height of an area.
    pub(crate) fn size(&self, area: Area) -> (f64, f64) {
        let width = |column: u32| {
            let own = self
                .columns
                .iter()
                .find(|(first, last, _)| (*first..=*last).contains(&column));
            let characters = own.map_or(self.width, |(_, _, width)| *width);
            ((256.0 * characters + (128.0 / DIGIT).trunc()) / 256.0 * DIGIT).trunc() * PIXEL
        };
        let height = |row: u32| self.rows.get(&row).copied().unwrap_or(self.height) * POINT;
        (
            (area.left..=area.right).map(width).sum(),
            (area.top..=area.bottom).map(height).sum(),
        )
    }
}
