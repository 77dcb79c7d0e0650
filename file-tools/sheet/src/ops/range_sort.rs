//! `range.sort`.

use std::collections::HashMap;

use deskhand_opc::Draft;
use deskhand_operations::answer::Applied;
use deskhand_operations::workbook::RangeSort;
use deskhand_operations::{Area, CellValue, RefusalCode};

use crate::addresses;
use crate::cell_edit::{CellEdit, CellEdits, Content};
use crate::collation::Key;
use crate::columns;
use crate::error::{Outcome, refuse};
use crate::note_edit;
use crate::ops::clip::{Clip, Put};
use crate::ops::guards::Ground;
use crate::ops::{within, writing};
use crate::sources;
use crate::style_edit::StyleEdit;
use crate::tables;
use crate::workbook::{SheetEntry, Workbook, is_true};

/// Keys that one sort may have, as in Excel.
const MAX_KEYS: usize = 64;

pub(super) fn plan(workbook: &Workbook, draft: &mut Draft, sort: &RangeSort) -> Outcome<Applied> {
    let (index, asked) = addresses::area(workbook, &sort.range)?;
    let sheet = workbook.worksheet(index)?;
    let content = workbook.package.part(&sheet.part)?;
    let mut clip = Clip::read(workbook, &sheet.part, &content, asked)?;
    // Whole columns end where the cells end.
    let used = clip.sheet.data.used.and_then(|used| used.intersection(&asked));
    let whole = Area {
        bottom: used.map_or(asked.top, |used| used.bottom),
        ..asked
    };
    clip.area = whole;
    within(whole.cells())?;
    if sort.by.is_empty() || sort.by.len() > MAX_KEYS {
        return refuse(
            RefusalCode::BadInput,
            "A sort needs 1 to 64 columns to sort by; nothing was changed.",
        );
    }
    guard(workbook, sheet, &clip, whole, sort.has_header)?;
    let keys = keys(&clip, whole, sort)?;
    let first = whole.top + u32::from(sort.has_header);
    let rows = movable(&clip, first, whole.bottom);
    let order = sorted(&clip, &rows, &keys, sort.case_sensitive);
    let moves: Vec<(u32, u32)> = rows
        .iter()
        .copied()
        .zip(order)
        .filter(|(to, from)| to != from)
        .collect();
    let mut styles = StyleEdit::new(workbook, draft)?;
    let changes = changes(&clip, whole, &moves, &mut styles)?;
    if changes.is_empty() {
        return Ok(Applied {
            target: addresses::on(sheet, whole),
            ..Applied::default()
        });
    }
    styles.finish(draft)?;
    let figures = sources::within(workbook, sheet.id, whole)?;
    let mut applied = writing::write(workbook, draft, index, whole, &changes)?;
    let to: HashMap<u32, u32> = moves.iter().map(|(to, from)| (*from, *to)).collect();
    let moved = figures.into_iter().filter_map(|((row, column), figure)| {
        // Of a cell that holds nothing, and so does not move, the entry stays where it is.
        changes.contains_key(&(row, column)).then_some(())?;
        Some(((*to.get(&row)?, column), figure))
    });
    sources::put(workbook, draft, sheet.id, moved)?;
    hyperlinks(workbook, draft, sheet, whole, &to)?;
    let place = |(row, column): (u32, u32)| {
        let row = to.get(&row).filter(|_| whole.contains(row, column))?;
        Some((*row, column))
    };
    note_edit::moved(draft, sheet, &place)?;
    applied.changed = moves.len() as u32;
    Ok(applied)
}

fn guard(workbook: &Workbook, sheet: &SheetEntry, clip: &Clip<'_>, area: Area, header: bool) -> Outcome<()> {
    let ground = Ground {
        package: &workbook.package,
        sheet,
        scanned: &clip.sheet,
        area,
    };
    ground.no_merges()?;
    ground.no_arrays()?;
    ground.no_pivots()?;
    let body = Area {
        top: area.top + u32::from(header && area.rows() > 1),
        ..area
    };
    for table in tables::of_sheet(&workbook.package, sheet)? {
        if table.area.intersection(&area).is_none() {
            continue;
        }
        let data = Area {
            top: table.area.top + table.header_rows,
            bottom: table.area.bottom.saturating_sub(table.totals_rows),
            ..table.area
        };
        let whole_rows = (body.left, body.right) == (data.left, data.right);
        let above = !header || area.top + 1 != data.top || area.top >= table.area.top;
        if body.intersection(&data) != Some(body) || !whole_rows || !above {
            return refuse(
                RefusalCode::Protected,
                format!(
                    "{} crosses the table `{}`; sort its rows of data whole ({}). Nothing was changed.",
                    addresses::on(sheet, area),
                    table.name,
                    data
                ),
            );
        }
    }
    Ok(())
}

/// The columns to sort by, and whether the largest comes first.
fn keys(clip: &Clip<'_>, area: Area, sort: &RangeSort) -> Outcome<Vec<(u32, bool)>> {
    let header = |column: u32| match clip.value(area.top, column) {
        CellValue::Text(text) if sort.has_header => Some(text),
        _ => None,
    };
    sort.by
        .iter()
        .map(|key| {
            let column = columns::find(&key.column, area, &header)?;
            Ok((column, key.descending))
        })
        .collect()
}

/// The rows that move: hidden ones stay where they are.
fn movable(clip: &Clip<'_>, first: u32, last: u32) -> Vec<u32> {
    let hidden: std::collections::HashSet<u32> = clip
        .sheet
        .data
        .rows
        .iter()
        .filter(|row| row.tag.attribute("hidden").is_some_and(|hidden| is_true(&hidden)))
        .map(|row| row.row)
        .collect();
    (first..=last).filter(|row| !hidden.contains(row)).collect()
}

/// The rows in their new order.
fn sorted(clip: &Clip<'_>, rows: &[u32], keys: &[(u32, bool)], case_sensitive: bool) -> Vec<u32> {
    let key = |row: u32, column: u32| {
        let is_error = clip.cell(row, column).is_some_and(|cell| cell.kind == "e");
        Key::of(clip.value(row, column), is_error)
    };
    let mut lines: Vec<(u32, Vec<Key>)> = rows
        .iter()
        .map(|row| (*row, keys.iter().map(|(column, _)| key(*row, *column)).collect()))
        .collect();
    lines.sort_by(|(_, one), (_, other)| {
        let orders = keys.iter().zip(one.iter().zip(other));
        orders
            .map(|((_, descending), (one, other))| one.compare(other, *descending, case_sensitive))
            .find(|order| order.is_ne())
            .unwrap_or(std::cmp::Ordering::Equal)
    });
    lines.into_iter().map(|(row, _)| row).collect()
}

/// Contents and formats move with their row; borders stay, as in Excel.
fn changes(clip: &Clip<'_>, area: Area, moves: &[(u32, u32)], styles: &mut StyleEdit) -> Outcome<CellEdits> {
    let mut changes = CellEdits::new();
    for (row, from) in moves {
        for column in area.left..=area.right {
            let (source, target) = (clip.cell(*from, column), clip.cell(*row, column));
            if source.is_none() && target.is_none() {
                continue;
            }
            let put = Put {
                prefix: &clip.sheet.prefix,
                row: *row,
                column,
                values: false,
                transpose: false,
            };
            let content = clip.content(*from, column, put)?;
            let style = styles.with_border_of(clip.style(*from, column), clip.style(*row, column))?;
            let plain = target.is_none() && style == clip.sheet.style_for_new(*row, column);
            if !(content == Content::Empty && plain) {
                let style = Some(style);
                changes.insert((*row, column), CellEdit { content, style });
            }
        }
    }
    Ok(changes)
}

/// Hyperlinks of single cells move with their row.
fn hyperlinks(
    workbook: &Workbook,
    draft: &mut Draft,
    sheet: &SheetEntry,
    area: Area,
    to: &HashMap<u32, u32>,
) -> Outcome<()> {
    let content = draft.package().part(&sheet.part)?;
    let scanned = crate::sheet::Worksheet::read(
        workbook,
        &sheet.part,
        &content,
        &crate::cells::Keep::Areas(Vec::new()),
    )?;
    let Some(list) = scanned.fragment("hyperlinks", draft.package().limits())? else {
        return Ok(());
    };
    let links = list.tree.root().children();
    let edits: Vec<_> = links
        .filter_map(|node| {
            let cell = Area::parse(&node.attribute("ref")?)
                .ok()
                .filter(|cell| cell.cells() == 1)?;
            let row = to.get(&cell.top).filter(|_| area.contains(cell.top, cell.left))?;
            let place = Area::cell(*row, cell.left).to_string();
            Some(list.edit(node.tag().set_attribute("ref", &place)))
        })
        .collect();
    draft.edit(&sheet.part, edits)?;
    Ok(())
}
