//! Rows and columns that come or go: where everything else is afterwards.

use deskhand_operations::{Area, MAX_COLUMNS, MAX_ROWS};

/// Rows or columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Axis {
    /// Rows.
    Rows,
    /// Columns.
    Columns,
}

impl Axis {
    /// How many a sheet has.
    pub fn size(self) -> u32 {
        match self {
            Self::Rows => MAX_ROWS,
            Self::Columns => MAX_COLUMNS,
        }
    }
}

/// Rows or columns inserted or deleted. Indices are zero-based.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shift {
    /// Rows or columns.
    pub axis: Axis,
    /// The first that is new, or that goes.
    pub at: u32,
    /// How many.
    pub count: u32,
    /// True when they come, false when they go.
    pub insert: bool,
}

impl Shift {
    /// The first index behind the inserted or deleted ones.
    fn behind(self) -> u32 {
        self.at.saturating_add(self.count)
    }

    /// Where a row or column is afterwards; `None` where it goes or falls off the sheet.
    pub fn index(self, index: u32) -> Option<u32> {
        if index < self.at {
            return Some(index);
        }
        if self.insert {
            let moved = index.saturating_add(self.count);
            return (moved < self.axis.size()).then_some(moved);
        }
        (index >= self.behind()).then(|| index - self.count)
    }

    /// Where a run of rows or columns is afterwards: it grows when some are inserted inside (not before its first, not
    /// behind its last), it shrinks to what is left. A run over the whole sheet stays. `None` where nothing is left.
    pub fn span(self, first: u32, last: u32) -> Option<(u32, u32)> {
        let end = self.axis.size() - 1;
        if first == 0 && last == end {
            return Some((first, last));
        }
        if self.insert {
            let moved = if last < self.at {
                last
            } else {
                last.saturating_add(self.count).min(end)
            };
            return Some((self.index(first)?, moved));
        }
        let low = if first < self.at {
            first
        } else {
            first.saturating_sub(self.count).max(self.at)
        };
        let high = if last < self.at {
            last
        } else if last < self.behind() {
            self.at.checked_sub(1)?
        } else {
            last - self.count
        };
        (low <= high).then_some((low, high))
    }

    /// Where an area is afterwards; `None` where nothing is left.
    pub fn area(self, area: Area) -> Option<Area> {
        Some(match self.axis {
            Axis::Rows => {
                let (top, bottom) = self.span(area.top, area.bottom)?;
                Area { top, bottom, ..area }
            }
            Axis::Columns => {
                let (left, right) = self.span(area.left, area.right)?;
                Area { left, right, ..area }
            }
        })
    }

    /// Where a cell is afterwards.
    pub fn cell(self, row: u32, column: u32) -> Option<(u32, u32)> {
        Some(match self.axis {
            Axis::Rows => (self.index(row)?, column),
            Axis::Columns => (row, self.index(column)?),
        })
    }

    /// The first and last row or column of an area, along the axis.
    pub fn along(self, area: &Area) -> (u32, u32) {
        match self.axis {
            Axis::Rows => (area.top, area.bottom),
            Axis::Columns => (area.left, area.right),
        }
    }

    /// True when a run holds other cells afterwards: some came between its first and last, or some of it go.
    pub fn touches(self, first: u32, last: u32) -> bool {
        if first == 0 && last == self.axis.size() - 1 {
            return true;
        }
        if self.insert {
            first < self.at && self.at <= last
        } else {
            first < self.behind() && self.at <= last
        }
    }
}
