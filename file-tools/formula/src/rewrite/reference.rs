//! A reference taken apart, so that one corner can change and the rest keep its spelling.

use std::fmt::Write as _;

use deskhand_operations::{Area, MAX_COLUMNS, MAX_ROWS};

use super::shift::{Axis, Shift};

/// Nothing is left of a reference.
pub(super) struct Gone;

/// A row or column of a corner.
#[derive(Clone, Copy)]
struct Part<'a> {
    /// True with a `$` before it.
    fixed: bool,
    /// As written, without `$`.
    text: &'a str,
    /// Zero-based.
    index: u32,
}

/// `B2`, `$B`, `5`.
#[derive(Clone, Copy)]
struct Corner<'a> {
    column: Option<Part<'a>>,
    row: Option<Part<'a>>,
}

/// A reference: a corner, or two.
pub(super) struct Parsed<'a> {
    first: Corner<'a>,
    second: Option<Corner<'a>>,
}

impl<'a> Corner<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let (fixed, rest) = dollar(text);
        let letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
        if letters == 0 {
            return Some(Self {
                column: None,
                row: Some(Part {
                    fixed,
                    text: rest,
                    index: row(rest)?,
                }),
            });
        }
        let (letters, rest) = rest.split_at(letters);
        let column = Part {
            fixed,
            text: letters,
            index: column(letters)?,
        };
        let (fixed, digits) = dollar(rest);
        let row = if rest.is_empty() {
            None
        } else {
            Some(Part {
                fixed,
                text: digits,
                index: row(digits)?,
            })
        };
        Some(Self {
            column: Some(column),
            row,
        })
    }

    fn part(&self, axis: Axis) -> Option<Part<'a>> {
        match axis {
            Axis::Rows => self.row,
            Axis::Columns => self.column,
        }
    }

    fn write(&self, to: &mut String, row: Option<u32>, column: Option<u32>) {
        let mut part = |part: Option<Part<'a>>, new: Option<u32>, spell: fn(u32) -> String| {
            let Some(part) = part else { return };
            let mark = if part.fixed { "$" } else { "" };
            let _ = match new.filter(|new| *new != part.index) {
                Some(new) => write!(to, "{mark}{}", spell(new)),
                None => write!(to, "{mark}{}", part.text),
            };
        };
        part(self.column, column, letters);
        part(self.row, row, |row| (row + 1).to_string());
    }
}

fn dollar(text: &str) -> (bool, &str) {
    text.strip_prefix('$').map_or((false, text), |rest| (true, rest))
}

fn row(digits: &str) -> Option<u32> {
    digits
        .parse::<u32>()
        .ok()?
        .checked_sub(1)
        .filter(|row| *row < MAX_ROWS)
}

fn column(letters: &str) -> Option<u32> {
    Some(Area::parse(&format!("{letters}1")).ok()?.left)
}

/// A column as letters.
fn letters(column: u32) -> String {
    let mut cell = Area::cell(0, column.min(MAX_COLUMNS - 1)).to_string();
    cell.pop();
    cell
}

impl<'a> Parsed<'a> {
    pub(super) fn read(text: &'a str) -> Option<Self> {
        Some(match text.split_once(':') {
            Some((first, second)) => Self {
                first: Corner::read(first)?,
                second: Some(Corner::read(second)?),
            },
            None => Self {
                first: Corner::read(text)?,
                second: None,
            },
        })
    }

    /// All its cells.
    pub(super) fn area(&self) -> Area {
        let (top, bottom) = self.run(Axis::Rows).unwrap_or((0, MAX_ROWS - 1));
        let (left, right) = self.run(Axis::Columns).unwrap_or((0, MAX_COLUMNS - 1));
        Area {
            top,
            left,
            bottom,
            right,
        }
    }

    /// First and last row or column; `None` where it names none, as `A:C` names no row.
    fn run(&self, axis: Axis) -> Option<(u32, u32)> {
        let one = self.first.part(axis)?.index;
        let other = self
            .second
            .map_or(Some(one), |corner| corner.part(axis).map(|part| part.index))?;
        Some((one.min(other), one.max(other)))
    }

    /// True when it holds other cells afterwards.
    pub(super) fn touched(&self, shift: Shift) -> bool {
        let (first, last) = shift.along(&self.area());
        shift.touches(first, last)
    }

    /// The reference after a shift of its sheet; `None` where it stays. With `only_fixed`, what has no `$` stays.
    pub(super) fn shifted(&self, shift: Shift, only_fixed: bool) -> Result<Option<String>, Gone> {
        let relative = |corner: &Corner<'_>| corner.part(shift.axis).is_some_and(|part| !part.fixed);
        if only_fixed && (relative(&self.first) || self.second.as_ref().is_some_and(relative)) {
            return Ok(None);
        }
        let Some(run) = self.run(shift.axis) else {
            return Ok(None);
        };
        let moved = match self.second {
            Some(_) => shift.span(run.0, run.1),
            None => shift.index(run.0).map(|index| (index, index)),
        };
        let moved = moved.ok_or(Gone)?;
        Ok((moved != run).then(|| match shift.axis {
            Axis::Rows => self.written(Some(moved), None),
            Axis::Columns => self.written(None, Some(moved)),
        }))
    }

    /// The reference over another area. Marks stay, and so does the order of corners.
    pub(super) fn over(&self, area: Area) -> String {
        let rows = self.run(Axis::Rows).map(|_| (area.top, area.bottom));
        let columns = self.run(Axis::Columns).map(|_| (area.left, area.right));
        self.written(rows, columns)
    }

    fn written(&self, rows: Option<(u32, u32)>, columns: Option<(u32, u32)>) -> String {
        let index = |corner: &Corner<'_>, axis: Axis, new: Option<(u32, u32)>| {
            let (part, (low, high)) = (corner.part(axis)?, new?);
            let (first, last) = self.run(axis)?;
            // Of two equal ends, the first corner takes the low one.
            let is_first = std::ptr::eq(corner, &raw const self.first);
            Some(if part.index == first && (is_first || first != last) {
                low
            } else {
                high
            })
        };
        let mut text = String::new();
        let one = &self.first;
        one.write(
            &mut text,
            index(one, Axis::Rows, rows),
            index(one, Axis::Columns, columns),
        );
        if let Some(other) = &self.second {
            text.push(':');
            other.write(
                &mut text,
                index(other, Axis::Rows, rows),
                index(other, Axis::Columns, columns),
            );
        }
        text
    }
}
