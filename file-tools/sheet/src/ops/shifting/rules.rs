//! Formulas of rules (conditional formats, validations): one text for an area, read from its first cell.
//!
//! Excel takes a rule apart where its cells would need different formulas. Here the rule stays whole and keeps the
//! formula that most of its cells need; where not all need the same, that is said.

use deskhand_formula::{Axis, Holder, translate};
use deskhand_operations::Area;

use super::Follow;
use crate::workbook::SheetEntry;

/// The first row and column of areas.
fn corner(areas: &[Area]) -> Option<(u32, u32)> {
    let top = areas.iter().map(|area| area.top).min()?;
    let left = areas.iter().map(|area| area.left).min()?;
    Some((top, left))
}

fn distance(from: u32, to: u32) -> i64 {
    i64::from(to) - i64::from(from)
}

/// The formula of a rule for these areas after the change; `None` where it stays.
pub(super) fn formula(
    follow: &mut Follow<'_>,
    sheet: &SheetEntry,
    areas: &[Area],
    text: &str,
) -> Option<String> {
    let own = sheet.part == follow.sheet().part;
    let shift = follow.shift;
    let moved: Vec<Area> = if own {
        areas.iter().filter_map(|area| shift.area(*area)).collect()
    } else {
        areas.to_vec()
    };
    let base = corner(areas)?;
    let found = asked(follow, sheet, areas, &moved, text);
    let chosen = if let Some((chosen, _)) = found.iter().max_by_key(|(_, count)| *count) {
        chosen.clone()
    } else {
        // Its references leave the sheet from every cell: taken as the formula of the first one.
        let holder = Holder::Cell {
            sheet: &sheet.name,
            row: base.0,
            column: base.1,
        };
        follow.formula(text, &holder).text?
    };
    if found.len() > 1 {
        let place = moved.first().map(Area::to_string).unwrap_or_default();
        follow.warnings.push(format!(
            "The rule on {place} of `{}` compares cells with others across the change; its formula is `{chosen}` now.",
            sheet.name
        ));
    }
    if chosen.contains("#REF!") && !text.contains("#REF!") {
        follow.lost.push(format!("a rule on `{}`", sheet.name));
    }
    (!chosen.eq_ignore_ascii_case(text)).then_some(chosen)
}

/// The formulas that cells of the areas need, read from the first cell afterwards, and how many need each.
fn asked(
    follow: &Follow<'_>,
    sheet: &SheetEntry,
    areas: &[Area],
    moved: &[Area],
    text: &str,
) -> Vec<(String, usize)> {
    let own = sheet.part == follow.sheet().part;
    let mut found: Vec<(String, usize)> = Vec::new();
    let (Some(base), Some(new_base)) = (corner(areas), corner(moved)) else {
        return found;
    };
    for (row, column) in samples(follow.shift.axis, areas) {
        let place = if own {
            follow.shift.cell(row, column)
        } else {
            Some((row, column))
        };
        let Some(place) = place else { continue };
        let here = translate(text, distance(base.0, row), distance(base.1, column));
        if here.matches("#REF!").count() > text.matches("#REF!").count() {
            continue;
        }
        let holder = Holder::Cell {
            sheet: &sheet.name,
            row,
            column,
        };
        let there = follow.formula(&here, &holder).text.unwrap_or(here);
        let back = translate(
            &there,
            distance(place.0, new_base.0),
            distance(place.1, new_base.1),
        );
        match found.iter_mut().find(|(known, _)| *known == back) {
            Some((_, count)) => *count += 1,
            None => found.push((back, 1)),
        }
    }
    found
}

/// Cells of the areas to ask: first, second, middle and last along the axis.
fn samples(axis: Axis, areas: &[Area]) -> Vec<(u32, u32)> {
    let mut cells = Vec::new();
    for area in areas.iter().take(8) {
        let (first, last) = match axis {
            Axis::Rows => (area.top, area.bottom),
            Axis::Columns => (area.left, area.right),
        };
        let run = last - first;
        let mut steps = vec![
            0,
            run.min(1),
            run / 4,
            run / 2,
            run / 4 * 3,
            run.saturating_sub(1),
            run,
        ];
        steps.dedup();
        cells.extend(steps.into_iter().map(|step| match axis {
            Axis::Rows => (area.top + step, area.left),
            Axis::Columns => (area.top, area.left + step),
        }));
    }
    cells
}
