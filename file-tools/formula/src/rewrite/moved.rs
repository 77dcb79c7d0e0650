//! Cells cut and pasted elsewhere: references go with the cells, wherever the formulas are.

use deskhand_operations::Area;

use super::reference::Parsed;
use super::{Holder, Scope, Walk, same, tabs};

/// What is cut, and where it is pasted.
pub(super) struct Moved<'m> {
    pub(super) from: &'m str,
    pub(super) area: Area,
    pub(super) to: &'m str,
    pub(super) row: u32,
    pub(super) column: u32,
}

/// True when one area lies inside the other.
fn inside(area: &Area, other: &Area) -> bool {
    area.intersection(other) == Some(*area)
}

impl Moved<'_> {
    /// The area that the cells come to.
    fn target(&self) -> Option<Area> {
        Area::of_size(self.row, self.column, self.area.rows(), self.area.columns())
    }

    /// An area inside the cut cells, where they are now.
    fn carried(&self, area: Area) -> Area {
        let row = |row: u32| row - self.area.top + self.row;
        let column = |column: u32| column - self.area.left + self.column;
        Area {
            top: row(area.top),
            left: column(area.left),
            bottom: row(area.bottom),
            right: column(area.right),
        }
    }

    /// A reference with its prefix after the move.
    pub(super) fn reference(
        &self,
        walk: &mut Walk<'_>,
        scope: &Scope,
        prefix: Option<&str>,
        cells: &str,
    ) -> Option<String> {
        if matches!(scope, Scope::Span(..) | Scope::Elsewhere) {
            return None;
        }
        let parsed = Parsed::read(cells)?;
        let (area, target) = (parsed.area(), self.target()?);
        let on = |sheet: &str| walk.covers(scope, sheet);
        let travels = self.travels(walk.holder);
        if on(self.from) && inside(&area, &self.area) {
            // A formula that travels with the cells it reads needs no prefix more than before.
            let here = match walk.own_sheet() {
                Some(own) => travels || (prefix.is_none() && same(own, self.to)),
                None => false,
            };
            let lead = match prefix {
                None if here || same(self.from, self.to) => String::new(),
                Some(prefix) if same(self.from, self.to) => prefix.to_owned(),
                _ => tabs::written(self.to),
            };
            let now = format!("{lead}{}", parsed.over(self.carried(area)));
            return (now != format!("{}{cells}", prefix.unwrap_or_default())).then_some(now);
        }
        if on(self.to) && inside(&area, &target) {
            let lost = walk.lost();
            return Some(format!("{}{lost}", prefix.unwrap_or_default()));
        }
        let stretched = if on(self.from) && same(self.from, self.to) {
            self.stretched(area)
        } else {
            None
        };
        let text = stretched.map_or_else(|| cells.to_owned(), |area| parsed.over(area));
        walk.result.affected |= stretched.is_some();
        // A formula that leaves its sheet says from now on which sheet it means.
        let leaves = travels && prefix.is_none() && !same(self.from, self.to);
        let lead = if leaves {
            tabs::written(self.from)
        } else {
            prefix.unwrap_or_default().to_owned()
        };
        (leaves || text != cells).then(|| format!("{lead}{text}"))
    }

    /// True when the formula is among the cut cells.
    fn travels(&self, holder: &Holder<'_>) -> bool {
        matches!(holder, Holder::Cell { sheet, row, column } if same(sheet, self.from) && self.area.contains(*row, *column))
    }

    /// A range whose whole first or last row or column is carried along it: that end goes with it.
    fn stretched(&self, area: Area) -> Option<Area> {
        let (row, column) = (self.row == self.area.top, self.column == self.area.left);
        let now = self.carried(self.area);
        let wide = self.area.left <= area.left && self.area.right >= area.right;
        let high = self.area.top <= area.top && self.area.bottom >= area.bottom;
        let mut new = area;
        if column && wide {
            let place = |row: u32| (i64::from(row) - i64::from(self.area.top) + i64::from(now.top)) as u32;
            if self.area.top <= area.top && self.area.bottom >= area.top {
                new.top = place(area.top);
            } else if self.area.top <= area.bottom && self.area.bottom >= area.bottom {
                new.bottom = place(area.bottom);
            }
        } else if row && high {
            let place =
                |column: u32| (i64::from(column) - i64::from(self.area.left) + i64::from(now.left)) as u32;
            if self.area.left <= area.left && self.area.right >= area.left {
                new.left = place(area.left);
            } else if self.area.left <= area.right && self.area.right >= area.right {
                new.right = place(area.right);
            }
        }
        (new != area && new.top <= new.bottom && new.left <= new.right).then_some(new)
    }
}
