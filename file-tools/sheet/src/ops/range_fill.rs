//! `range.fill`.

use deskhand_opc::Draft;
use deskhand_operations::answer::Applied;
use deskhand_operations::workbook::{FillKind, RangeFill};
use deskhand_operations::{Area, CellValue, RefusalCode};

use crate::addresses;
use crate::cell_edit::{CellEdit, CellEdits, Content};
use crate::cells::Keep;
use crate::error::{Outcome, refuse};
use crate::ops::clip::{Clip, Put};
use crate::ops::guards::Ground;
use crate::ops::series::{Item, Series, Wish};
use crate::ops::{within, writing};
use crate::rules::{self, RuleKind};
use crate::sheet::Worksheet;
use crate::sqref;
use crate::styles::Styles;
use crate::workbook::Workbook;

/// What serial numbers of workbooks that count from 1904 are smaller by.
const SHIFT_1904: f64 = 1_462.0;

pub(super) fn plan(workbook: &Workbook, draft: &mut Draft, fill: &RangeFill) -> Outcome<Applied> {
    let (from_index, from) = addresses::area(workbook, &fill.from)?;
    let (index, to) = addresses::area(workbook, &fill.to)?;
    within(to.cells())?;
    check(fill, (from_index, from), (index, to))?;
    let sheet = workbook.worksheet(index)?;
    let content = workbook.package.part(&sheet.part)?;
    let clip = Clip::read(workbook, &sheet.part, &content, from)?;
    let target = Worksheet::read(workbook, &sheet.part, &content, &Keep::Areas(vec![to]))?;
    let ground = Ground {
        package: &workbook.package,
        sheet,
        scanned: &target,
        area: to,
    };
    if fill.kind != Some(FillKind::Formats) {
        ground.no_merges()?;
        ground.no_arrays()?;
    }
    let work = Work {
        clip: &clip,
        target: &target,
        styles: Styles::read(workbook)?,
        from,
        to,
        kind: fill.kind.unwrap_or_default(),
        wish: Wish {
            step: fill.step,
            unit: fill.unit,
        },
        date_1904: workbook.date_1904,
    };
    let changes = work.changes()?;
    let mut applied = writing::write(workbook, draft, index, to, &changes)?;
    bring_rules(workbook, draft, &sheet.part, (from, to))?;
    applied.changed = (to.cells() - from.cells()) as u32;
    Ok(applied)
}

/// Conditional formats and validations of the source stand for what was filled too, in place of those that were there.
fn bring_rules(workbook: &Workbook, draft: &mut Draft, part: &str, (from, to): (Area, Area)) -> Outcome<()> {
    let limits = workbook.package.limits();
    let copies = copies(from, to);
    for kind in [RuleKind::Validation, RuleKind::Format] {
        for area in sqref::without(to, from) {
            let content = draft.package().part(part)?;
            let scanned = Worksheet::read(workbook, part, &content, &Keep::Areas(Vec::new()))?;
            let edits = rules::take_out(&scanned, limits, kind, area)?;
            draft.edit(part, edits)?;
        }
        let content = draft.package().part(part)?;
        let scanned = Worksheet::read(workbook, part, &content, &Keep::Areas(Vec::new()))?;
        let edits = rules::extend(&scanned, limits, kind, &copies)?;
        draft.edit(part, edits)?;
    }
    Ok(())
}

/// The parts of the source that are repeated, each with the rows and columns that its copy is away.
fn copies(from: Area, to: Area) -> Vec<(Area, (i64, i64))> {
    let down = from.columns() == to.columns();
    let length = if down { from.rows() } else { from.columns() };
    let away = |blocks: i64| {
        let far = blocks * i64::from(length);
        if down { (far, 0) } else { (0, far) }
    };
    let (before, after) = if down {
        (from.top - to.top, to.bottom - from.bottom)
    } else {
        (from.left - to.left, to.right - from.right)
    };
    let mut copies = Vec::new();
    for (lines, sign) in [(after, 1), (before, -1)] {
        let (whole, rest) = (i64::from(lines / length), lines % length);
        copies.extend((1..=whole).map(|block| (from, away(sign * block))));
        if rest > 0 {
            let part = match (down, sign > 0) {
                (true, true) => Area {
                    bottom: from.top + rest - 1,
                    ..from
                },
                (true, false) => Area {
                    top: from.bottom + 1 - rest,
                    ..from
                },
                (false, true) => Area {
                    right: from.left + rest - 1,
                    ..from
                },
                (false, false) => Area {
                    left: from.right + 1 - rest,
                    ..from
                },
            };
            copies.push((part, away(sign * (whole + 1))));
        }
    }
    copies
}

/// Refuses a target that does not go on from the source in one direction.
fn check(fill: &RangeFill, (from_index, from): (usize, Area), (index, to): (usize, Area)) -> Outcome<()> {
    let down =
        (from.left, from.right) == (to.left, to.right) && (from.top == to.top || from.bottom == to.bottom);
    let across =
        (from.top, from.bottom) == (to.top, to.bottom) && (from.left == to.left || from.right == to.right);
    let grows = to.cells() > from.cells() && to.intersection(&from) == Some(from);
    if from_index != index || !(down || across) || !grows {
        return refuse(
            RefusalCode::BadInput,
            format!(
                "`{}` does not go on from `{}` in one direction; nothing was changed.",
                fill.to, fill.from
            ),
        );
    }
    if fill.step.is_some_and(|step| !step.is_finite()) {
        return refuse(
            RefusalCode::BadInput,
            "The step is not finite; nothing was changed.",
        );
    }
    Ok(())
}

struct Work<'c, 'a> {
    clip: &'c Clip<'a>,
    target: &'c Worksheet<'a>,
    styles: Styles,
    from: Area,
    to: Area,
    kind: FillKind,
    wish: Wish,
    date_1904: bool,
}

impl Work<'_, '_> {
    fn changes(&self) -> Outcome<CellEdits> {
        let mut changes = CellEdits::new();
        let down = self.from.columns() == self.to.columns();
        let lines = if down {
            self.from.left..=self.from.right
        } else {
            self.from.top..=self.from.bottom
        };
        for line in lines {
            self.line(line, down, &mut changes)?;
        }
        Ok(changes)
    }

    /// Fills one column, or one row.
    fn line(&self, line: u32, down: bool, changes: &mut CellEdits) -> Outcome<()> {
        let at = |place: u32| if down { (place, line) } else { (line, place) };
        let (first, last, source_first, length) = if down {
            (self.to.top, self.to.bottom, self.from.top, self.from.rows())
        } else {
            (self.to.left, self.to.right, self.from.left, self.from.columns())
        };
        let source: Vec<(u32, u32)> = (source_first..source_first + length).map(at).collect();
        let series = (self.kind == FillKind::Series).then(|| {
            let items: Vec<Item> = source
                .iter()
                .map(|(row, column)| self.item(*row, *column))
                .collect();
            Series::of(&items, self.wish)
        });
        for place in (first..=last).filter(|place| !(source_first..source_first + length).contains(place)) {
            let along = i64::from(place) - i64::from(source_first);
            let (from_row, from_column) = source[along.rem_euclid(i64::from(length)) as usize];
            let (row, column) = at(place);
            let item = series.as_ref().and_then(|series| series.at(along));
            let content = match (self.kind, item) {
                (FillKind::Formats, _) => Content::Keep,
                (_, Some(Item::Number(value) | Item::Date(value))) => {
                    Content::Value(CellValue::Number(self.unshifted(value, from_row, from_column)))
                }
                (_, Some(Item::Text(text))) => Content::Value(CellValue::Text(text)),
                _ => self.repeated((from_row, from_column), (row, column))?,
            };
            let style = Some(self.clip.style(from_row, from_column));
            let held = self
                .target
                .data
                .cells
                .binary_search_by_key(&(row, column), |cell| (cell.row, cell.column));
            let nothing = content == Content::Keep || content.is_nothing();
            if held.is_err() && nothing && style == Some(self.target.style_for_new(row, column)) {
                continue;
            }
            changes.insert((row, column), CellEdit { content, style });
        }
        Ok(())
    }

    /// The content of a cell, put elsewhere.
    fn repeated(&self, from: (u32, u32), (row, column): (u32, u32)) -> Outcome<Content> {
        self.clip.content(
            from.0,
            from.1,
            Put {
                prefix: &self.target.prefix,
                row,
                column,
                values: false,
                transpose: false,
            },
        )
    }

    /// A cell as series see it.
    fn item(&self, row: u32, column: u32) -> Item {
        let Some(cell) = self.clip.cell(row, column) else {
            return Item::Other;
        };
        let is_constant = cell.formula.is_none();
        match self.clip.value(row, column) {
            CellValue::Number(value) if is_constant && self.is_date(cell.style) => {
                Item::Date(if self.date_1904 { value + SHIFT_1904 } else { value })
            }
            CellValue::Number(value) if is_constant => Item::Number(value),
            CellValue::Text(text) if is_constant && cell.kind != "e" => Item::Text(text),
            _ => Item::Other,
        }
    }

    fn is_date(&self, style: u32) -> bool {
        crate::styles::shows_dates(self.styles.number_format(style))
    }

    /// A value of a series as the workbook counts days.
    fn unshifted(&self, value: f64, row: u32, column: u32) -> f64 {
        let is_date = matches!(self.item(row, column), Item::Date(_));
        if is_date && self.date_1904 {
            value - SHIFT_1904
        } else {
            value
        }
    }
}
