//! The cells of a table under change: lines go and come, and merged cells stay whole (ECMA-376 part 1, 21.1.3).
//!
//! A merged cell stands once with `gridSpan` and `rowSpan`, and as a covered cell (`hMerge`, `vMerge`) in every other
//! place. Cells keep their bytes; only these four attributes are written anew.

use deskhand_opc::xml::Node;

use crate::element::Element;
use crate::text::{Formatting, paragraphs};

/// The children of `a:tc` in order.
const CELL: &[&str] = &["txBody", "tcPr", "extLst"];

/// One cell: its element, and how it is merged.
#[derive(Clone, Debug)]
struct Cell {
    element: Element,
    /// Its text body without text.
    bare: Option<String>,
    columns: usize,
    rows: usize,
    covered_x: bool,
    covered_y: bool,
}

/// A row: its own element without cells, and the cells.
#[derive(Clone, Debug)]
struct Row {
    element: Element,
    cells: Vec<Cell>,
}

/// A table's grid.
#[derive(Clone, Debug)]
pub(crate) struct Grid {
    columns: Vec<Element>,
    rows: Vec<Row>,
    /// Numbers that rows and columns bear in their extensions (`a16:rowId`, `a16:colId`).
    highest_mark: u64,
}

/// Rows or columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Axis {
    Rows,
    Columns,
}

impl Grid {
    /// The grid of an `a:tbl`; nothing where its rows have not as many cells as there are columns.
    pub(crate) fn of(table: Node<'_, '_>, content: &[u8]) -> Option<Self> {
        let columns: Vec<Element> = table
            .child("tblGrid")?
            .children()
            .map(|column| Element::of(column, content))
            .collect();
        let rows: Vec<Row> = table
            .children()
            .filter(|child| child.local() == "tr")
            .map(|row| {
                let mut element = Element::of(row, content);
                element.take(&["tc"]);
                let cells = row.children().filter(|child| child.local() == "tc");
                Row {
                    element,
                    cells: cells.map(|cell| Cell::of(cell, content)).collect(),
                }
            })
            .collect();
        let even = rows.iter().all(|row| row.cells.len() == columns.len());
        let marks = table
            .descendants()
            .filter(|node| matches!(node.local(), "rowId" | "colId"));
        let highest_mark = marks.filter_map(|mark| mark.attribute("val")?.parse().ok()).max();
        (even && !rows.is_empty() && !columns.is_empty()).then(|| Self {
            columns,
            rows,
            highest_mark: highest_mark.unwrap_or(0),
        })
    }

    /// How many rows, or columns.
    pub(crate) fn count(&self, axis: Axis) -> usize {
        match axis {
            Axis::Rows => self.rows.len(),
            Axis::Columns => self.columns.len(),
        }
    }

    /// Deletes lines from `at` on, counted from 0; the caller saw to it that they are there and not all.
    pub(crate) fn delete(&mut self, axis: Axis, at: usize, count: usize) {
        for _ in 0..count {
            self.keep_merged(axis, at);
            match axis {
                Axis::Rows => {
                    self.rows.remove(at);
                }
                Axis::Columns => {
                    self.columns.remove(at);
                    for row in &mut self.rows {
                        row.cells.remove(at);
                    }
                }
            }
        }
    }

    /// Before a line goes: merged cells that reach beyond it become smaller, and those that begin on it begin on the
    /// next one.
    fn keep_merged(&mut self, axis: Axis, at: usize) {
        for other in 0..self.count(axis.other()) {
            let (row, column) = axis.place(at, other);
            let cell = &self.rows[row].cells[column];
            if cell.covered(axis) {
                if let Some((row, column)) = self.origin(axis, at, other) {
                    self.rows[row].cells[column].shrink(axis);
                }
            } else if cell.spans(axis) > 1 && at + 1 < self.count(axis) {
                let mut heir = cell.clone();
                heir.shrink(axis);
                let (row, column) = axis.place(at + 1, other);
                self.rows[row].cells[column] = heir;
            }
        }
    }

    /// The cell that covers a place, looking back along an axis.
    fn origin(&self, axis: Axis, at: usize, other: usize) -> Option<(usize, usize)> {
        (0..at).rev().find_map(|line| {
            let (row, column) = axis.place(line, other);
            let cell = &self.rows[row].cells[column];
            (!cell.covered(axis)).then_some((row, column))
        })
    }

    /// Inserts empty lines before `at`, formatted like the one before it, or like the first.
    pub(crate) fn insert(&mut self, axis: Axis, at: usize, count: usize) {
        for _ in 0..count {
            self.insert_one(axis, at);
        }
    }

    fn insert_one(&mut self, axis: Axis, at: usize) {
        let model = at.saturating_sub(1).min(self.count(axis) - 1);
        let others = self.count(axis.other());
        // Merged cells that reach over the new line grow with it.
        let crossed: Vec<bool> = (0..others)
            .map(|other| {
                let (row, column) = axis.place(at, other);
                at < self.count(axis) && self.rows[row].cells[column].covered(axis)
            })
            .collect();
        let mut cells = Vec::with_capacity(others);
        for (other, crosses) in crossed.iter().enumerate() {
            if *crosses && let Some((row, column)) = self.origin(axis, at, other) {
                *self.rows[row].cells[column].span(axis) += 1;
            }
            let (row, column) = axis.place(model, other);
            cells.push(self.rows[row].cells[column].emptied(axis, *crosses));
        }
        self.highest_mark += 1;
        match axis {
            Axis::Rows => {
                let element = marked(&self.rows[model].element, self.highest_mark);
                self.rows.insert(at, Row { element, cells });
            }
            Axis::Columns => {
                let element = marked(&self.columns[model], self.highest_mark);
                self.columns.insert(at, element);
                for (row, cell) in self.rows.iter_mut().zip(cells) {
                    row.cells.insert(at, cell);
                }
            }
        }
    }

    /// Scales the columns to a width in EMU.
    pub(crate) fn fit_columns(&mut self, width: i64) {
        let widths: Vec<i64> = self.columns.iter().map(|column| size(column, "w")).collect();
        let sum: i64 = widths.iter().sum();
        if sum <= 0 {
            return;
        }
        let (mut edge, mut before) = (0, 0);
        for (column, own) in self.columns.iter_mut().zip(widths) {
            edge += own;
            // Edges are rounded, not widths, so that the widths sum up.
            let end = (edge as f64 * width as f64 / sum as f64).round() as i64;
            column.set("w", &(end - before).to_string());
            before = end;
        }
    }

    /// The height of all rows, in EMU.
    pub(crate) fn height(&self) -> i64 {
        self.rows.iter().map(|row| size(&row.element, "h")).sum()
    }

    /// The `a:gridCol` elements.
    pub(crate) fn columns_xml(&self) -> String {
        self.columns.iter().map(Element::xml).collect()
    }

    /// The `a:tr` elements.
    pub(crate) fn rows_xml(&self) -> String {
        let rows = self.rows.iter().map(|row| {
            let mut element = row.element.clone();
            for cell in &row.cells {
                element.put(&["tc", "extLst"], &[], "tc", cell.xml());
            }
            element.xml()
        });
        rows.collect()
    }
}

impl Axis {
    fn other(self) -> Self {
        match self {
            Self::Rows => Self::Columns,
            Self::Columns => Self::Rows,
        }
    }

    /// Row and column of a place on a line.
    fn place(self, line: usize, other: usize) -> (usize, usize) {
        match self {
            Self::Rows => (line, other),
            Self::Columns => (other, line),
        }
    }
}

impl Cell {
    fn of(node: Node<'_, '_>, content: &[u8]) -> Self {
        let number = |name: &str| {
            let value = node.attribute(name).and_then(|value| value.parse().ok());
            value.unwrap_or(1usize).clamp(1, 1000)
        };
        let flag = |name: &str| {
            node.attribute(name)
                .is_some_and(|value| value == "1" || value == "true")
        };
        Self {
            element: Element::of(node, content),
            bare: node.child("txBody").and_then(|body| without_text(body, content)),
            columns: number("gridSpan"),
            rows: number("rowSpan"),
            covered_x: flag("hMerge"),
            covered_y: flag("vMerge"),
        }
    }

    fn covered(&self, axis: Axis) -> bool {
        match axis {
            Axis::Rows => self.covered_y,
            Axis::Columns => self.covered_x,
        }
    }

    fn spans(&self, axis: Axis) -> usize {
        match axis {
            Axis::Rows => self.rows,
            Axis::Columns => self.columns,
        }
    }

    fn span(&mut self, axis: Axis) -> &mut usize {
        match axis {
            Axis::Rows => &mut self.rows,
            Axis::Columns => &mut self.columns,
        }
    }

    fn shrink(&mut self, axis: Axis) {
        let span = self.span(axis);
        *span = span.saturating_sub(1).max(1);
    }

    /// A cell of a new line, formatted like this one. Merging along the line stays; across it only where a merged cell
    /// reaches over the line.
    fn emptied(&self, axis: Axis, crosses: bool) -> Self {
        let mut cell = self.clone();
        match axis {
            Axis::Rows => {
                cell.rows = 1;
                cell.covered_y = crosses;
            }
            Axis::Columns => {
                cell.columns = 1;
                cell.covered_x = crosses;
            }
        }
        if let Some(bare) = &self.bare {
            cell.element.put(CELL, &["txBody"], "txBody", bare.clone());
        }
        cell
    }

    fn xml(&self) -> String {
        let mut element = self.element.clone();
        let mut put = |name: &str, value: usize, plain: usize| {
            if value == plain {
                element.unset(name);
            } else {
                element.set(name, &value.to_string());
            }
        };
        put("rowSpan", self.rows, 1);
        put("gridSpan", self.columns, 1);
        put("hMerge", usize::from(self.covered_x), 0);
        put("vMerge", usize::from(self.covered_y), 0);
        element.xml()
    }
}

/// A text body with one empty paragraph, formatted like its first one.
fn without_text(body: Node<'_, '_>, content: &[u8]) -> Option<String> {
    let formatting = Formatting::of_body(body, content)?;
    let first = paragraphs(body).next()?;
    let head = content.get(body.span().start..first.span().start)?;
    let (head, name) = (String::from_utf8_lossy(head), body.tag().name);
    Some(format!("{head}{}</{name}>", formatting.paragraphs("")))
}

/// A line's element with another mark in its extension, as every line has its own.
fn marked(element: &Element, mark: u64) -> Element {
    let mut element = element.clone();
    let extension = element.children().find(|(local, _)| *local == "extLst");
    let changed = extension.and_then(|(_, xml)| {
        let at = xml.find(":rowId ").or_else(|| xml.find(":colId "))?;
        let from = at + xml[at..].find("val=\"")? + 5;
        let to = from + xml[from..].find('"')?;
        Some(format!("{}{mark}{}", &xml[..from], &xml[to..]))
    });
    if let Some(xml) = changed {
        element.put(&["tc", "extLst"], &["extLst"], "extLst", xml);
    }
    element
}

fn size(element: &Element, name: &str) -> i64 {
    let value = element
        .attribute(name)
        .and_then(|value| value.parse::<i64>().ok());
    value.unwrap_or(0).clamp(0, 100_000_000)
}
