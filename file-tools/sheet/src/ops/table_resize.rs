//! `table.resize`.

use std::collections::HashSet;
use std::fmt::Write as _;

use deskhand_opc::xml::{Node, Tree, escape};
use deskhand_opc::{Draft, Package};
use deskhand_operations::answer::Applied;
use deskhand_operations::workbook::TableResize;
use deskhand_operations::{Area, CellValue, RefusalCode};

use crate::addresses;
use crate::cell_edit::{CellEdit, CellEdits, Content};
use crate::element_list::Edit;
use crate::error::{Outcome, refuse};
use crate::names;
use crate::ops::clip::{Clip, Put};
use crate::ops::guards::Ground;
use crate::ops::values::shown;
use crate::ops::{table_delete, within, writing};
use crate::recalculation;
use crate::styles::Styles;
use crate::tables::{self, TableEntry};
use crate::workbook::{SheetEntry, Workbook};

pub(super) fn plan(workbook: &Workbook, draft: &mut Draft, resize: &TableResize) -> Outcome<Applied> {
    let all = tables::all(workbook)?;
    let Some((index, table)) = all
        .iter()
        .find(|(_, table)| table.name.eq_ignore_ascii_case(&resize.name))
    else {
        return refuse(
            RefusalCode::NotFound,
            format!("There is no table `{}`; nothing was changed.", resize.name),
        );
    };
    let (asked_index, area) = addresses::area(workbook, &resize.range)?;
    let sheet = workbook.worksheet(*index)?;
    within(area.cells())?;
    check_size(resize, table, area, asked_index == *index)?;
    let content = workbook.package.part(&sheet.part)?;
    let both = Area {
        top: area.top,
        left: area.left.min(table.area.left),
        bottom: area.bottom.max(table.area.bottom),
        right: area.right.max(table.area.right),
    };
    let clip = Clip::read(workbook, &sheet.part, &content, both)?;
    guard(workbook, sheet, &clip, table, area)?;
    lost_columns(workbook, table, area)?;
    let columns = columns(workbook, &clip, table, area)?;
    edit_table(draft, table, area, &columns)?;
    let changes = changes(&clip, table, area, &columns)?;
    let mut applied = writing::write(workbook, draft, *index, area, &changes)?;
    let after = Workbook::read(draft.package().clone())?;
    let readers = names::readers(&after, &[&table.name])?;
    applied
        .warnings
        .extend(recalculation::recalculate(workbook, draft, &readers)?.warnings);
    applied.changed = 1;
    Ok(applied)
}

fn check_size(resize: &TableResize, table: &TableEntry, area: Area, same_sheet: bool) -> Outcome<()> {
    let bad = |why: &str| {
        refuse(
            RefusalCode::BadInput,
            format!("`{}` {why}; nothing was changed.", resize.range),
        )
    };
    if !same_sheet || area.top != table.area.top {
        return bad("does not keep the table's first row where it is");
    }
    if area.intersection(&table.area).is_none() {
        return bad("has no column of the table");
    }
    if area.rows() <= table.header_rows + table.totals_rows {
        return bad("leaves the table no row of data");
    }
    Ok(())
}

fn guard(
    workbook: &Workbook,
    sheet: &SheetEntry,
    clip: &Clip<'_>,
    table: &TableEntry,
    area: Area,
) -> Outcome<()> {
    let ground = Ground {
        package: &workbook.package,
        sheet,
        scanned: &clip.sheet,
        area,
    };
    ground.is_open()?;
    ground.no_merges()?;
    ground.no_pivots()?;
    ground.no_arrays()?;
    let stop = |why: String| refuse(RefusalCode::Protected, format!("{why}; nothing was changed."));
    let others = tables::of_sheet(&workbook.package, sheet)?;
    let other = others
        .iter()
        .find(|other| other.part != table.part && other.area.intersection(&area).is_some());
    if let Some(other) = other {
        return stop(format!("The table would meet the table `{}`", other.name));
    }
    if is_bound(&workbook.package, table)? {
        return stop(format!(
            "The table `{}` is filled by a query or bound to XML",
            table.name
        ));
    }
    // The row of totals moves; what stands where it goes would be lost.
    if table.totals_rows > 0 && area.bottom != table.area.bottom {
        let target = area.left..=area.right;
        let taken = target
            .filter(|column| clip.value(area.bottom, *column) != CellValue::Empty)
            .find(|column| table.area.contains(area.bottom, *column) || area.bottom > table.area.bottom);
        if let Some(column) = taken {
            let cell = addresses::cell(sheet, area.bottom, column);
            return stop(format!("{cell} stands where the row of totals would go"));
        }
    }
    Ok(())
}

/// True for a table whose rows come from elsewhere.
fn is_bound(package: &Package, table: &TableEntry) -> Outcome<bool> {
    let content = package.part(&table.part)?;
    let tree = Tree::parse(&table.part, &content, package.limits())?;
    let kind = tree.root().attribute("tableType");
    Ok(kind.is_some_and(|kind| kind != "worksheet"))
}

/// Refuses to lose columns that formulas name.
fn lost_columns(workbook: &Workbook, table: &TableEntry, area: Area) -> Outcome<()> {
    for (column, name) in (table.area.left..).zip(&table.columns) {
        if (area.left..=area.right).contains(&column) {
            continue;
        }
        let wanted = format!("{name}]").to_lowercase();
        if let Some(user) = table_delete::user_of(workbook, &|token| token.to_lowercase().contains(&wanted))?
        {
            return refuse(
                RefusalCode::Protected,
                format!(
                    "{user} names the column `{name}` of the table `{}`, which would be left out; nothing was changed.",
                    table.name
                ),
            );
        }
    }
    Ok(())
}

/// The columns of the new area by name, and whether each is new.
fn columns(
    workbook: &Workbook,
    clip: &Clip<'_>,
    table: &TableEntry,
    area: Area,
) -> Outcome<Vec<(String, bool)>> {
    let styles = Styles::read(workbook)?;
    let held = |column: u32| {
        let position = column.checked_sub(table.area.left)? as usize;
        table.columns.get(position).cloned()
    };
    let kept = (area.left..=area.right).filter_map(&held);
    let mut taken: HashSet<String> = kept.map(|name| name.to_lowercase()).collect();
    let mut columns = Vec::new();
    for (position, column) in (area.left..=area.right).enumerate() {
        if let Some(name) = held(column) {
            columns.push((name, false));
            continue;
        }
        let is_formula = clip
            .cell(area.top, column)
            .is_some_and(|cell| cell.formula.is_some());
        if is_formula && table.header_rows > 0 {
            return refuse(
                RefusalCode::Protected,
                format!(
                    "The header in {} is a formula; write a text there first. Nothing was changed.",
                    Area::cell(area.top, column)
                ),
            );
        }
        let text = if table.header_rows > 0 {
            shown(
                &clip.value(area.top, column),
                clip.style(area.top, column),
                &styles,
            )
        } else {
            String::new()
        };
        let base = if text.trim().is_empty() {
            format!("Column{}", position + 1)
        } else {
            text
        };
        let mut name = base.clone();
        let mut number = 1;
        while !taken.insert(name.to_lowercase()) {
            number += 1;
            name = format!("{base}{number}");
        }
        columns.push((name, true));
    }
    Ok(columns)
}

/// The table's part: its range, its filter, its columns.
fn edit_table(draft: &mut Draft, table: &TableEntry, area: Area, columns: &[(String, bool)]) -> Outcome<()> {
    let content = draft.package().part(&table.part)?;
    let tree = Tree::parse(&table.part, &content, draft.package().limits())?;
    let root = tree.root();
    let Some(list) = root.child("tableColumns") else {
        return refuse(
            RefusalCode::Corrupt,
            "The table has no list of columns; nothing was changed.",
        );
    };
    let p = root.prefix_colon();
    let nodes: Vec<Node<'_, '_>> = list.children().collect();
    let ids = nodes
        .iter()
        .filter_map(|node| node.attribute("id")?.parse::<u32>().ok());
    let mut id = ids.max().unwrap_or_default();
    let mut xml = String::new();
    for (column, (name, is_new)) in (area.left..).zip(columns) {
        let old = column
            .checked_sub(table.area.left)
            .and_then(|position| nodes.get(position as usize));
        if let Some(node) = old.filter(|_| !is_new) {
            xml.push_str(&String::from_utf8_lossy(&content[node.span()]));
        } else {
            id += 1;
            let name = escape(name).replace('\n', "_x000a_");
            let _ = write!(xml, r#"<{p}tableColumn id="{id}" name="{name}"/>"#);
        }
    }
    let mut edits: Vec<Edit> = vec![
        root.tag().set_attribute("ref", &area.to_string()),
        list.tag().set_attribute("count", &columns.len().to_string()),
        (list.inner(), xml.into()),
    ];
    if let Some(filter) = root.child("autoFilter") {
        let data = Area {
            bottom: area.bottom - table.totals_rows,
            ..area
        };
        edits.push(filter.tag().set_attribute("ref", &data.to_string()));
        // Filters count columns from the left end of the table.
        for node in filter.children().filter(|node| node.local() == "filterColumn") {
            let held = node.attribute("colId").and_then(|id| id.parse::<u32>().ok());
            let column = held.map(|id| table.area.left + id);
            match column.filter(|column| (area.left..=area.right).contains(column)) {
                Some(column) => {
                    let id = (column - area.left).to_string();
                    edits.push(node.tag().set_attribute("colId", &id));
                }
                None => edits.push(node.replace("")),
            }
        }
        edits.extend(filter.child("sortState").map(|node| node.replace("")));
    }
    edits.extend(root.child("sortState").map(|node| node.replace("")));
    draft.edit(&table.part, edits)?;
    Ok(())
}

/// Headers of new columns, formulas and formats of new rows, and the row of totals in its new place.
fn changes(
    clip: &Clip<'_>,
    table: &TableEntry,
    area: Area,
    columns: &[(String, bool)],
) -> Outcome<CellEdits> {
    let mut changes = CellEdits::new();
    let mut put = |row: u32, column: u32, content: Content, style: Option<u32>| {
        changes.insert((row, column), CellEdit { content, style });
    };
    if table.header_rows > 0 {
        for (column, (name, is_new)) in (area.left..).zip(columns) {
            let text = CellValue::Text(name.clone());
            if *is_new && clip.value(area.top, column) != text {
                put(area.top, column, Content::Value(text), None);
            }
        }
    }
    let first = table.area.top + table.header_rows;
    let last = table.area.bottom - table.totals_rows;
    let new_last = area.bottom - table.totals_rows;
    let moves_totals = table.totals_rows > 0 && area.bottom != table.area.bottom;
    for column in area.left.max(table.area.left)..=area.right.min(table.area.right) {
        for row in last + 1..=new_last {
            let is_old_total = moves_totals && row == table.area.bottom;
            if !is_old_total && clip.cell(row, column).is_some_and(|cell| cell.value.is_some()) {
                continue;
            }
            let content = match clip
                .cell(last, column)
                .filter(|cell| cell.formula.is_some() && last >= first)
            {
                Some(_) => clip.content(last, column, own_place(clip, row, column))?,
                None => Content::Empty,
            };
            put(row, column, content, Some(clip.style(last, column)));
        }
        if moves_totals {
            // What is moved keeps its references, so it is taken as it stands.
            let total = clip.content(
                table.area.bottom,
                column,
                own_place(clip, table.area.bottom, column),
            )?;
            put(
                area.bottom,
                column,
                total,
                Some(clip.style(table.area.bottom, column)),
            );
            if table.area.bottom > area.bottom {
                put(
                    table.area.bottom,
                    column,
                    Content::Empty,
                    Some(clip.sheet.style_for_new(table.area.bottom, column)),
                );
            }
        }
    }
    Ok(changes)
}

fn own_place<'p>(clip: &'p Clip<'_>, row: u32, column: u32) -> Put<'p> {
    Put {
        prefix: &clip.sheet.prefix,
        row,
        column,
        values: false,
        transpose: false,
    }
}
