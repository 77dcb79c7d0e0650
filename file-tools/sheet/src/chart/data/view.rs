//! Cells as a chart sees them: one rectangle of points along and series across, and which of them are labels.

use deskhand_operations::{Address, Area, CellValue, MAX_COLUMNS, MAX_ROWS, RefusalCode};

use super::{MAX_POINTS, MAX_SERIES, Points, Series, SeriesName, is_date};
use crate::cells::ScannedCell;
use crate::chart::form::{Axes, Form};
use crate::error::{Outcome, refuse};
use crate::ops::values::{shown, value};
use crate::ops::within;
use crate::sheet::Worksheet;
use crate::strings;
use crate::styles::Styles;
use crate::workbook::{Workbook, is_true};

/// The cells of one or more areas as one rectangle: rows and columns may leave some out.
pub(super) struct Grid<'w> {
    sheet: &'w str,
    pub(super) rows: Vec<u32>,
    pub(super) columns: Vec<u32>,
    hidden_rows: Vec<u32>,
    hidden_columns: Vec<(u32, u32)>,
    cells: &'w [ScannedCell<'w>],
    strings: Vec<String>,
    styles: Styles,
}

impl<'w> Grid<'w> {
    pub(super) fn new(
        workbook: &Workbook,
        sheet: &'w str,
        scanned: &'w Worksheet<'w>,
        areas: &[Area],
        hidden: bool,
    ) -> Outcome<Self> {
        let used = scanned.data.used.unwrap_or(Area::cell(0, 0));
        // Whole rows and columns end where the sheet's content ends.
        let end = |last: u32, whole: u32, used: u32, first: u32| {
            if last == whole - 1 { used.max(first) } else { last }
        };
        let clip = |area: &Area| Area {
            bottom: end(area.bottom, MAX_ROWS, used.bottom, area.top),
            right: end(area.right, MAX_COLUMNS, used.right, area.left),
            ..*area
        };
        let clipped: Vec<Area> = areas.iter().map(clip).collect();
        let (rows, columns) = lines(&clipped)?;
        let hidden_row = |row: &&crate::cells::ScannedRow<'_>| {
            row.tag.find("hidden").is_some_and(|hidden| is_true(hidden.raw))
        };
        let hidden_rows = scanned.data.rows.iter().filter(hidden_row).map(|row| row.row);
        Ok(Self {
            sheet,
            rows,
            columns,
            hidden_rows: if hidden { Vec::new() } else { hidden_rows.collect() },
            hidden_columns: if hidden {
                Vec::new()
            } else {
                scanned.hidden_columns.clone()
            },
            cells: &scanned.data.cells,
            strings: strings::shared(workbook)?,
            styles: Styles::read(workbook)?,
        })
    }

    fn cell(&self, row: u32, column: u32) -> Option<&ScannedCell<'w>> {
        let held = self
            .cells
            .binary_search_by_key(&(row, column), |cell| (cell.row, cell.column));
        held.ok().map(|index| &self.cells[index])
    }

    fn value(&self, row: u32, column: u32) -> CellValue {
        self.cell(row, column)
            .map_or(CellValue::Empty, |cell| value(cell, &self.strings))
    }

    fn format(&self, row: u32, column: u32) -> &str {
        self.cell(row, column)
            .map_or("General", |cell| self.styles.number_format(cell.style))
    }

    fn is_hidden(&self, row: u32, column: u32) -> bool {
        self.hidden_rows.binary_search(&row).is_ok()
            || self
                .hidden_columns
                .iter()
                .any(|(first, last)| (*first..=*last).contains(&column))
    }

    /// True where the cell labels others: a text, or a day.
    fn labels(&self, row: u32, column: u32) -> bool {
        match self.value(row, column) {
            CellValue::Text(text) => !text.starts_with('#'),
            CellValue::Number(_) => is_date(self.format(row, column)),
            CellValue::Boolean(_) | CellValue::Empty => false,
        }
    }
}

/// The rows and the columns that areas cover which have the same rows, or the same columns.
fn lines(areas: &[Area]) -> Outcome<(Vec<u32>, Vec<u32>)> {
    let rows = |area: &Area| (area.top, area.bottom);
    let columns = |area: &Area| (area.left, area.right);
    let same_rows = areas.iter().all(|area| rows(area) == rows(&areas[0]));
    let same_columns = areas.iter().all(|area| columns(area) == columns(&areas[0]));
    if !same_rows && !same_columns {
        return refuse(
            RefusalCode::BadInput,
            "The ranges of a chart cover the same rows, or the same columns; nothing was changed.",
        );
    }
    let span = |side: &dyn Fn(&Area) -> (u32, u32), all: bool| -> Outcome<Vec<u32>> {
        let sides: Vec<(u32, u32)> = areas[..if all { areas.len() } else { 1 }]
            .iter()
            .map(side)
            .collect();
        within(
            sides
                .iter()
                .map(|(first, last)| u64::from(last - first) + 1)
                .sum(),
        )?;
        let mut lines: Vec<u32> = sides.into_iter().flat_map(|(first, last)| first..=last).collect();
        lines.sort_unstable();
        lines.dedup();
        Ok(lines)
    };
    let (rows, columns) = (span(&rows, !same_rows)?, span(&columns, same_rows)?);
    within(rows.len() as u64 * columns.len() as u64)?;
    Ok((rows, columns))
}

/// A grid seen with its points along and its series across.
pub(super) struct View<'g, 'w> {
    pub(super) grid: &'g Grid<'w>,
    pub(super) columns: bool,
}

impl View<'_, '_> {
    /// Rows of points; with series in rows these are columns.
    fn along(&self) -> &[u32] {
        if self.columns {
            &self.grid.rows
        } else {
            &self.grid.columns
        }
    }

    fn across(&self) -> &[u32] {
        if self.columns {
            &self.grid.columns
        } else {
            &self.grid.rows
        }
    }

    /// Row and column of a point of a line.
    fn at(&self, point: u32, line: u32) -> (u32, u32) {
        if self.columns {
            (point, line)
        } else {
            (line, point)
        }
    }

    fn labels(&self, point: u32, line: u32) -> bool {
        let (row, column) = self.at(point, line);
        self.grid.labels(row, column)
    }

    fn empty(&self, point: u32, line: u32) -> bool {
        let (row, column) = self.at(point, line);
        matches!(self.grid.value(row, column), CellValue::Empty)
    }

    pub(super) fn split(&self, form: Form, headed: bool) -> Outcome<(Vec<Points>, Vec<Series>)> {
        let (along, across) = (self.along(), self.across());
        let corner_empty = along.len() > 1 && across.len() > 1 && self.empty(along[0], across[0]);
        let points_form = form.axes == Axes::Values;
        let named = headed || along.len() > 1 && (corner_empty || self.names_first(points_form));
        let body = &along[usize::from(named)..];
        let labelled = |line: u32| body.iter().any(|point| self.labels(*point, line));
        let leading = across.iter().take_while(|line| labelled(**line)).count();
        let levels = match leading {
            _ if points_form => usize::from(across.len() > 1),
            0 => usize::from(corner_empty || self.counts_up(body)),
            all if all >= across.len() => across.len().saturating_sub(1),
            some => some,
        };
        let lines = &across[levels.min(across.len().saturating_sub(1))..];
        if body.is_empty()
            || !lines
                .iter()
                .any(|line| body.iter().any(|point| self.number(*point, *line)))
        {
            return refuse(
                RefusalCode::BadInput,
                "There is no number in the range that a chart could show; nothing was changed.",
            );
        }
        if lines.len() > MAX_SERIES || body.len() > MAX_POINTS {
            return refuse(
                RefusalCode::TooLarge,
                format!(
                    "A chart holds at most {MAX_SERIES} series of {MAX_POINTS} values; nothing was changed."
                ),
            );
        }
        let categories = across[..levels]
            .iter()
            .map(|line| self.points(body, *line))
            .collect();
        Ok((
            categories,
            self.series(form, named.then(|| along[0]), body, lines),
        ))
    }

    /// True where the first cells of the lines name them: texts or days, or years above figures.
    fn names_first(&self, points_form: bool) -> bool {
        let (first, across) = (self.along()[0], self.across());
        let lines = if across.len() > 1 { &across[1..] } else { across };
        let years = || {
            let texts_below = self.labels(self.along()[1], across[0]);
            across.len() > 2 && self.labels(first, across[0]) && texts_below && self.in_steps(first, lines)
        };
        lines.iter().any(|line| self.labels(first, *line)) || (!points_form && years())
    }

    /// Years or their like: whole numbers between 1900 and 2100 in equal steps.
    fn in_steps(&self, point: u32, lines: &[u32]) -> bool {
        let figures: Vec<f64> = lines
            .iter()
            .filter_map(|line| self.figure(point, *line))
            .collect();
        let plausible = |figure: &f64| figure.fract() == 0.0 && (1900.0..=2100.0).contains(figure);
        let step = |pair: &[f64]| pair[1] - pair[0];
        figures.len() == lines.len()
            && figures.iter().all(plausible)
            && figures
                .windows(2)
                .all(|pair| (step(pair) - step(&figures[..2])).abs() < f64::EPSILON && step(pair) > 0.0)
    }

    /// True where a first line of years stands beside other lines: those are categories to everybody who looks.
    fn counts_up(&self, body: &[u32]) -> bool {
        let across = self.across();
        let figures: Vec<f64> = body
            .iter()
            .filter_map(|point| self.figure(*point, across[0]))
            .collect();
        across.len() > 1
            && body.len() > 1
            && figures.len() == body.len()
            && figures
                .iter()
                .all(|figure| figure.fract() == 0.0 && (1900.0..=2100.0).contains(figure))
            && figures
                .windows(2)
                .all(|pair| (pair[1] - pair[0] - 1.0).abs() < f64::EPSILON)
    }

    fn figure(&self, point: u32, line: u32) -> Option<f64> {
        let (row, column) = self.at(point, line);
        match self.grid.value(row, column) {
            CellValue::Number(number) => Some(number),
            _ => None,
        }
    }

    fn number(&self, point: u32, line: u32) -> bool {
        self.figure(point, line).is_some()
    }

    fn points(&self, body: &[u32], line: u32) -> Points {
        let cells = body.iter().map(|point| self.at(*point, line));
        let seen: Vec<(u32, u32)> = cells
            .filter(|(row, column)| !self.grid.is_hidden(*row, *column))
            .collect();
        let first = seen
            .iter()
            .find(|(row, column)| matches!(self.grid.value(*row, *column), CellValue::Number(_)));
        Points {
            formula: self.formula(body, line),
            values: seen
                .iter()
                .map(|(row, column)| self.grid.value(*row, *column))
                .collect(),
            format: first
                .map_or("General", |(row, column)| self.grid.format(*row, *column))
                .to_owned(),
        }
    }

    /// The formula of the points of a line; of several ranges where some are left out.
    fn formula(&self, body: &[u32], line: u32) -> String {
        let mut runs: Vec<(u32, u32)> = Vec::new();
        for point in body {
            match runs.last_mut() {
                Some((_, last)) if *last + 1 == *point => *last = *point,
                _ => runs.push((*point, *point)),
            }
        }
        let areas = runs.iter().map(|(from, to)| {
            let ((top, left), (bottom, right)) = (self.at(*from, line), self.at(*to, line));
            absolute(
                self.grid.sheet,
                Area {
                    top,
                    left,
                    bottom,
                    right,
                },
            )
        });
        let areas: Vec<String> = areas.collect();
        if areas.len() > 1 {
            format!("({})", areas.join(","))
        } else {
            areas.concat()
        }
    }

    fn series(&self, form: Form, names: Option<u32>, body: &[u32], lines: &[u32]) -> Vec<Series> {
        let bubble = form.element == "bubbleChart";
        let step = if bubble { 2 } else { 1 };
        let series = lines.chunks(step).map(|pair| {
            let line = pair[0];
            let letters = Area::cell(0, line).to_string();
            Series {
                name: names.map(|point| self.name(point, line)),
                line: if self.columns {
                    letters.trim_end_matches('1').to_owned()
                } else {
                    (line + 1).to_string()
                },
                values: self.points(body, line),
                sizes: pair.get(1).map(|line| self.points(body, *line)),
            }
        });
        series.collect()
    }

    fn name(&self, point: u32, line: u32) -> SeriesName {
        let (row, column) = self.at(point, line);
        let style = self.grid.cell(row, column).map_or(0, |cell| cell.style);
        SeriesName {
            formula: absolute(self.grid.sheet, Area::cell(row, column)),
            text: shown(&self.grid.value(row, column), style, &self.grid.styles),
        }
    }
}

/// `Data!$A$2:$A$9`.
fn absolute(sheet: &str, area: Area) -> String {
    let address = Address::on(sheet, Area::cell(0, 0)).to_string();
    let sheet = address.trim_end_matches("A1");
    let corner = |row: u32, column: u32| {
        let letters = Area::cell(0, column).to_string();
        format!("${}${}", letters.trim_end_matches('1'), row + 1)
    };
    let (from, to) = (corner(area.top, area.left), corner(area.bottom, area.right));
    if from == to {
        format!("{sheet}{from}")
    } else {
        format!("{sheet}{from}:{to}")
    }
}
