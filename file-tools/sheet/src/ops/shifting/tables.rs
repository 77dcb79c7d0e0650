//! Tables of the sheet: they grow and shrink, their columns come and go by name (ECMA-376 part 1, 18.5).

use std::collections::HashSet;

use deskhand_formula::{Axis, CellAt, Change, references};
use deskhand_opc::Draft;
use deskhand_opc::xml::{Node, Tree, escape};
use deskhand_operations::RefusalCode;

use super::Follow;
use super::edits::Edit;
use super::elements::Elements;
use super::fresh::Fresh;
use crate::error::{Outcome, refuse};
use crate::tables::{self, TableEntry};
use crate::workbook::SheetEntry;

/// Refuses what a table cannot take, and notes what comes and goes in tables.
pub(super) fn plan(follow: &mut Follow<'_>, sheet: &SheetEntry) -> Outcome<()> {
    let package = &follow.workbook.package;
    let relationships = package.relationships(&sheet.part)?;
    for table in tables::of_sheet(package, sheet)? {
        let (first, last) = follow.shift.along(&table.area);
        if !follow.shift.touches(first, last) {
            continue;
        }
        if !follow.shift.insert && follow.shift.span(first, last).is_none() {
            let leads = |part: Option<&str>| part.is_some_and(|part| part.eq_ignore_ascii_case(&table.part));
            let found = relationships
                .iter()
                .find(|relationship| leads(relationship.part()));
            let relationship = found.map(|found| found.id.clone()).unwrap_or_default();
            follow.tables_gone.push((relationship, table.part));
            follow.changes.insert(
                0,
                Change::TableDeleted {
                    table: table.name.clone(),
                },
            );
            continue;
        }
        let content = package.part(&table.part)?;
        let tree = Tree::parse(&table.part, &content, package.limits())?;
        match follow.shift.axis {
            Axis::Rows => rows(follow, &table, tree.root())?,
            Axis::Columns => columns(follow, &table, tree.root())?,
        }
    }
    Ok(())
}

/// Rows come into a table or go from it.
fn rows(follow: &mut Follow<'_>, table: &TableEntry, root: Node<'_, '_>) -> Outcome<()> {
    let (shift, area) = (follow.shift, table.area);
    let (first, last) = (
        area.top + table.header_rows,
        area.bottom.saturating_sub(table.totals_rows),
    );
    if !shift.insert {
        let header = table.header_rows > 0 && shift.index(area.top).is_none();
        if header || shift.span(first, last).is_none() {
            let what = if header { "its headers" } else { "all its rows" };
            let message = format!(
                "The table `{}` would lose {what}; nothing was changed.",
                table.name
            );
            return refuse(RefusalCode::Protected, message);
        }
        return Ok(());
    }
    // Into a column of formulas comes its formula.
    for (node, (column, name)) in root
        .child("tableColumns")
        .iter()
        .flat_map(Node::children)
        .zip((area.left..).zip(&table.columns))
    {
        let Some(formula) = node
            .child("calculatedColumnFormula")
            .map(|node| node.text())
            .filter(|text| !text.is_empty())
        else {
            continue;
        };
        if !references(&formula).ranges.is_empty() {
            follow.warnings.push(format!(
                "The new cells of the column `{name}` of the table `{}` are empty: its formula names cells.",
                table.name
            ));
            continue;
        }
        super::super::within(u64::from(shift.count))?;
        for row in shift.at..shift.at + shift.count {
            follow
                .fresh
                .insert((row, column), Fresh::Formula(formula.clone()));
            follow.affected.push(CellAt {
                sheet: follow.index,
                row,
                column,
            });
        }
    }
    Ok(())
}

/// Columns come into a table or go from it.
fn columns(follow: &mut Follow<'_>, table: &TableEntry, root: Node<'_, '_>) -> Outcome<()> {
    let (shift, area) = (follow.shift, table.area);
    if root
        .attribute("tableType")
        .is_some_and(|kind| kind != "worksheet")
        || table.columns.len() != area.columns() as usize
    {
        let message = format!(
            "The columns of the table `{}` come from a query; nothing was changed.",
            table.name
        );
        return refuse(RefusalCode::Unsupported, message);
    }
    if shift.insert {
        if table.header_rows > 0 {
            for (column, name) in (shift.at..).zip(new_names(table, shift.count)) {
                follow.fresh.insert((area.top, column), Fresh::Header(name));
            }
        }
        return Ok(());
    }
    let named = (area.left..)
        .zip(&table.columns)
        .filter(|(column, _)| shift.index(*column).is_none());
    let gone: Vec<String> = named.map(|(_, name)| name.clone()).collect();
    sliced(follow, table, root, &gone)?;
    follow.changes.insert(
        0,
        Change::ColumnsDeleted {
            table: table.name.clone(),
            columns: gone,
        },
    );
    Ok(())
}

/// Refuses to take a column away that a slicer shows.
fn sliced(follow: &Follow<'_>, table: &TableEntry, root: Node<'_, '_>, gone: &[String]) -> Outcome<()> {
    let package = &follow.workbook.package;
    let columns = root.child("tableColumns");
    let ids: HashSet<String> = columns
        .iter()
        .flat_map(Node::children)
        .zip(&table.columns)
        .filter(|(_, name)| gone.contains(name))
        .filter_map(|(node, _)| node.attribute("id").map(std::borrow::Cow::into_owned))
        .collect();
    for part in package.related(&follow.workbook.part, "slicerCache")? {
        let content = package.part(&part)?;
        let tree = Tree::parse(&part, &content, package.limits())?;
        let shows = tree.root().descendants().any(|node| {
            node.local() == "tableSlicerCache"
                && node
                    .attribute("tableId")
                    .is_some_and(|id| id == table.id.to_string())
                && node
                    .attribute("column")
                    .is_some_and(|id| ids.contains(id.as_ref()))
        });
        if shows {
            let message = format!(
                "A slicer shows a column of the table `{}` that would go; nothing was changed.",
                table.name
            );
            return refuse(RefusalCode::Protected, message);
        }
    }
    Ok(())
}

/// Names that new columns get: `Column1` and so on, each its own.
fn new_names(table: &TableEntry, count: u32) -> Vec<String> {
    let taken: HashSet<String> = table.columns.iter().map(|name| name.to_lowercase()).collect();
    let names = (1u32..).map(|number| format!("Column{number}"));
    names
        .filter(|name| !taken.contains(&name.to_lowercase()))
        .take(count as usize)
        .collect()
}

/// Follows the change in a table's part.
pub(super) fn follow(
    follow: &mut Follow<'_>,
    draft: &mut Draft,
    part: &str,
    sheet: &SheetEntry,
) -> Outcome<()> {
    let own = sheet.part == follow.sheet().part;
    if own
        && follow
            .tables_gone
            .iter()
            .any(|(_, gone)| gone.eq_ignore_ascii_case(part))
    {
        return Ok(());
    }
    let content = draft.package().part(part)?;
    let tree = Tree::parse(part, &content, draft.package().limits())?;
    let table = tables::of_sheet(draft.package(), sheet)?
        .into_iter()
        .find(|table| table.part.eq_ignore_ascii_case(part));
    let mut edits = Elements::new(follow, sheet, own).of(tree.root())?;
    if let Some(table) = table.filter(|_| own) {
        match follow.shift.axis {
            Axis::Columns => listed(follow, &table, tree.root(), &mut edits),
            Axis::Rows => {
                let totals = table.totals_rows > 0 && follow.shift.index(table.area.bottom).is_none();
                if totals && !follow.shift.insert {
                    edits.push(tree.root().tag().set_attribute("totalsRowCount", "0"));
                }
            }
        }
    }
    draft.edit(part, edits)?;
    Ok(())
}

/// The list of columns.
fn listed(follow: &Follow<'_>, table: &TableEntry, root: Node<'_, '_>, edits: &mut Vec<Edit>) {
    let (shift, area) = (follow.shift, table.area);
    let Some(list) = root
        .child("tableColumns")
        .filter(|_| shift.touches(area.left, area.right))
    else {
        return;
    };
    let nodes: Vec<Node<'_, '_>> = list.children().collect();
    let mut count = nodes.len();
    if shift.insert {
        let ids = nodes
            .iter()
            .filter_map(|node| node.attribute("id")?.parse::<u64>().ok());
        let id = ids.max().unwrap_or_default() + 1;
        let names = new_names(table, shift.count);
        count += names.len();
        let before = (shift.at - area.left)
            .checked_sub(1)
            .and_then(|index| nodes.get(index as usize));
        let column = |(id, name): (u64, String)| {
            format!(
                r#"<{}tableColumn id="{id}" name="{}"/>"#,
                list.prefix_colon(),
                escape(&name)
            )
        };
        let xml: String = (id..).zip(names).map(column).collect();
        edits.extend(before.map(|node| node.after(&xml)));
    } else {
        for (node, _) in nodes
            .iter()
            .zip(area.left..)
            .filter(|(_, column)| shift.index(*column).is_none())
        {
            let span = node.span();
            edits.retain(|(range, _)| range.start < span.start || range.end > span.end);
            edits.push(node.replace(""));
            count -= 1;
        }
    }
    edits.push(list.tag().set_attribute("count", &count.to_string()));
}

/// Takes out the parts of tables that are gone.
pub(super) fn remove(follow: &Follow<'_>, draft: &mut Draft, sheet: &SheetEntry) -> Outcome<()> {
    for (relationship, part) in &follow.tables_gone {
        draft.remove_relationship(&sheet.part, relationship)?;
        super::super::sheet_delete::remove_with_orphans(draft, part)?;
    }
    Ok(())
}
