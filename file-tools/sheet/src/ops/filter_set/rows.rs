//! The cells of a filter's range as it looks at them.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use deskhand_operations::workbook::FilterTop;
use deskhand_operations::{Area, CellValue};

use crate::cells::Keep;
use crate::error::Outcome;
use crate::ops::values::{shown, value};
use crate::room::Room;
use crate::sheet::Worksheet;
use crate::strings;
use crate::styles::{Styles, shows_dates};
use crate::workbook::{Workbook, is_true};

/// The cells that are filtered.
pub(super) struct Rows {
    /// The range with its header.
    pub(super) area: Area,
    /// By row and column of the range.
    pub(super) cells: BTreeMap<(u32, u32), Held>,
    /// Rows that are hidden now.
    pub(super) hidden: HashSet<u32>,
    pub(super) styles: Styles,
    /// What serial numbers lack to those that count from 1900.
    pub(super) shift: f64,
}

/// A cell.
#[derive(Clone, Debug)]
pub(super) struct Held {
    pub(super) value: CellValue,
    /// As the sheet shows it.
    pub(super) text: String,
    pub(super) style: u32,
    pub(super) is_date: bool,
}

impl Default for Held {
    fn default() -> Self {
        Self {
            value: CellValue::Empty,
            text: String::new(),
            style: 0,
            is_date: false,
        }
    }
}

/// Reads the cells of a range of a sheet.
pub(super) fn read(workbook: &Workbook, index: usize, area: Area) -> Outcome<Rows> {
    let sheet = workbook.worksheet(index)?;
    let content = workbook.package.part(&sheet.part)?;
    let scanned = Worksheet::read(workbook, &sheet.part, &content, &Keep::Areas(vec![area]))?;
    let (strings, styles) = (strings::shared(workbook)?, Styles::read(workbook)?);
    Room::new(workbook.package.limits()).take_texts(&scanned.data.cells, &strings)?;
    let cells = scanned.data.cells.iter().map(|cell| {
        let value = value(cell, &strings);
        let held = Held {
            text: shown(&value, cell.style, &styles),
            value,
            style: cell.style,
            is_date: shows_dates(styles.number_format(cell.style)),
        };
        ((cell.row, cell.column), held)
    });
    let is_hidden = |row: &&crate::cells::ScannedRow<'_>| {
        let hidden = row.tag.attribute("hidden");
        hidden.is_some_and(|hidden| is_true(&hidden))
    };
    Ok(Rows {
        area,
        cells: cells.collect(),
        hidden: scanned
            .data
            .rows
            .iter()
            .filter(is_hidden)
            .map(|row| row.row)
            .collect(),
        styles,
        shift: if workbook.date_1904 { 1_462.0 } else { 0.0 },
    })
}

impl Rows {
    /// How a number is shown in a column: filters compare texts.
    pub(super) fn texts_of(&self, column: u32, number: f64) -> Vec<String> {
        let same = |value: &CellValue| matches!(value, CellValue::Number(held) if (held - number).abs() <= 1e-12 * number.abs());
        let texts: BTreeSet<String> = self
            .column(column)
            .filter(|held| same(&held.value))
            .map(|held| held.text.clone())
            .collect();
        if texts.is_empty() {
            return vec![crate::cell_edit::number(number)];
        }
        texts.into_iter().collect()
    }

    /// The cells of a column below the header.
    fn column(&self, column: u32) -> impl Iterator<Item = &Held> {
        let cells = self.cells.iter();
        cells
            .filter(move |((row, at), _)| *at == column && *row > self.area.top)
            .map(|(_, held)| held)
    }

    /// The numbers of a column in their order.
    fn numbers(&self, column: u32) -> Vec<f64> {
        let numbers = self.column(column).filter_map(|held| match held.value {
            CellValue::Number(number) => Some(number),
            _ => None,
        });
        let mut numbers: Vec<f64> = numbers.collect();
        numbers.sort_by(f64::total_cmp);
        numbers
    }

    pub(super) fn average(&self, column: u32) -> Option<f64> {
        let numbers = self.numbers(column);
        (!numbers.is_empty()).then(|| numbers.iter().sum::<f64>() / numbers.len() as f64)
    }

    /// The last number that is among the largest or smallest of a column.
    pub(super) fn bound(&self, column: u32, top: &FilterTop) -> Option<f64> {
        let mut numbers = self.numbers(column);
        if !top.bottom {
            numbers.reverse();
        }
        // Of a share, at least one number is shown.
        let count = if top.percent {
            (numbers.len() * top.count as usize / 100).max(1)
        } else {
            top.count as usize
        };
        numbers.get(count.min(numbers.len()).checked_sub(1)?).copied()
    }
}
