//! `filter.set`.

mod criterion;
mod dates;
mod rows;
mod written;

use std::collections::{BTreeMap, BTreeSet};

use deskhand_opc::Draft;
use deskhand_opc::xml::{Node, Tree};
use deskhand_operations::answer::Applied;
use deskhand_operations::workbook::FilterSet;
use deskhand_operations::{Area, DateInput, RefusalCode};

use crate::addresses;
use crate::cells::Keep;
use crate::error::{Outcome, refuse};
use crate::ops::{guards, within};
use crate::row_edit::{self, RowChange};
use crate::sheet::Worksheet;
use crate::style_edit::StyleEdit;
use crate::tables::{self, TableEntry};
use crate::tabs;
use crate::workbook::{SheetEntry, Workbook};

use criterion::{Criterion, Test};
use rows::Rows;
use written::NewFilter;

/// The name that Excel gives to the range of a sheet's filter.
const DATABASE: &str = "_xlnm._FilterDatabase";

pub(super) fn plan(workbook: &Workbook, draft: &mut Draft, filter: &FilterSet) -> Outcome<Applied> {
    let (index, area, table) = place(workbook, filter)?;
    within(u64::from(area.rows()))?;
    let sheet = workbook.worksheet(index)?;
    guards::of_part(workbook, draft, sheet)?;
    let rows = rows::read(workbook, index, area)?;
    let today = today(filter)?;
    let mut criteria = Vec::new();
    for column in &filter.columns {
        criteria.push(Criterion::of(&rows, column, today)?);
    }
    let columns: BTreeSet<u32> = criteria.iter().map(|criterion| criterion.column).collect();
    if columns.len() < criteria.len() || (filter.remove && (!criteria.is_empty() || filter.keep)) {
        return refuse(
            RefusalCode::BadInput,
            "A column is filtered once, and a filter that goes filters nothing; nothing was changed.",
        );
    }
    let mut kept = Vec::new();
    if filter.keep {
        kept = kept_criteria(workbook, draft, &rows, (index, table.as_ref()))?;
        kept.retain(|criterion| !columns.contains(&criterion.column));
    }
    let changes = shown_rows(workbook, draft, (sheet, &table), &rows, &|row| {
        let mut all = criteria.iter().chain(&kept);
        all.all(|criterion| criterion.meets(&rows, row))
    })?;
    let hidden = changes
        .values()
        .filter(|change| change.hidden == Some(true))
        .count();
    let toggled = row_edit::apply(workbook, draft, &sheet.part, &changes)?;
    let differences = differences(workbook, draft, &criteria)?;
    let new = NewFilter {
        rows: &rows,
        criteria: &criteria,
        differences,
        keep: filter.keep,
        filters: !criteria.is_empty() || !kept.is_empty(),
        remove: filter.remove,
    };
    match &table {
        Some(table) => new.to_table(draft, table)?,
        None => new.to_sheet(workbook, draft, index)?,
    }
    let mut applied = Applied {
        target: addresses::on(sheet, area),
        changed: hidden as u32,
        ..Applied::default()
    };
    if toggled > 0 {
        applied.warnings = subtotals(workbook, draft)?;
    }
    applied
        .warnings
        .extend(unsure(workbook, index, &criteria, &kept)?);
    Ok(applied)
}

/// Which rows are shown and which are not.
fn shown_rows(
    workbook: &Workbook,
    draft: &Draft,
    (sheet, table): (&SheetEntry, &Option<TableEntry>),
    rows: &Rows,
    shown: &dyn Fn(u32) -> bool,
) -> Outcome<BTreeMap<u32, RowChange>> {
    let change = |shown: bool| RowChange {
        hidden: Some(!shown),
        ..RowChange::default()
    };
    let mut changes: BTreeMap<u32, RowChange> = BTreeMap::new();
    // The rows of a filter that goes are shown, also where the new one does not reach.
    if table.is_none()
        && let Some((old, true)) = sheet_filter(workbook, draft, &sheet.part)?
    {
        within(u64::from(old.rows()))?;
        changes.extend((old.top + 1..=old.bottom).map(|row| (row, change(true))));
    }
    let own = rows.area.top + 1..=rows.area.bottom;
    changes.extend(own.map(|row| (row, change(shown(row)))));
    Ok(changes)
}

/// The day that spans of time count from, as a serial number from 1900.
fn today(filter: &FilterSet) -> Outcome<Option<f64>> {
    let Some(date) = &filter.today else {
        return Ok(None);
    };
    let input = DateInput {
        date: date.clone(),
        format: None,
    };
    match input.serial(false).filter(|serial| *serial >= 1.0) {
        Some(serial) => Ok(Some(serial)),
        None => refuse(
            RefusalCode::BadInput,
            format!("`{date}` is no day such as `2026-03-31`; nothing was changed."),
        ),
    }
}

/// The filters of all columns as the file holds them.
fn kept_criteria(
    workbook: &Workbook,
    draft: &Draft,
    rows: &Rows,
    (index, table): (usize, Option<&TableEntry>),
) -> Outcome<Vec<Criterion>> {
    let limits = draft.package().limits();
    let of = |node: Node<'_, '_>| {
        let area = node.attribute("ref").and_then(|area| Area::parse(&area).ok());
        if area.is_none_or(|area| !is_same(area, rows.area)) {
            return refuse(
                RefusalCode::BadInput,
                "The filter that is there has another header, so it cannot be kept; nothing was changed.",
            );
        }
        let columns = node.children().filter(|node| node.local() == "filterColumn");
        Ok(columns
            .filter_map(|column| criterion::held(rows, &column))
            .collect())
    };
    if let Some(table) = table {
        let content = draft.package().part(&table.part)?;
        let tree = Tree::parse(&table.part, &content, limits)?;
        return tree.root().child("autoFilter").map_or(Ok(Vec::new()), of);
    }
    let sheet = workbook.worksheet(index)?;
    let content = draft.package().part(&sheet.part)?;
    let scanned = Worksheet::read(workbook, &sheet.part, &content, &Keep::Areas(Vec::new()))?;
    match scanned.fragment("autoFilter", limits)? {
        Some(held) => of(held.tree.root()),
        None => Ok(Vec::new()),
    }
}

/// True where a filter has the same columns below the same header.
fn is_same(one: Area, other: Area) -> bool {
    (one.top, one.left, one.right) == (other.top, other.left, other.right)
}

/// The formats that tell the colours of a filter, by column.
fn differences(
    workbook: &Workbook,
    draft: &mut Draft,
    criteria: &[Criterion],
) -> Outcome<BTreeMap<u32, usize>> {
    let mut made = BTreeMap::new();
    let colors = criteria.iter().filter_map(|criterion| match &criterion.test {
        Test::Color { fill, color } => Some((criterion.column, *fill, color)),
        _ => None,
    });
    let colors: Vec<_> = colors.collect();
    if colors.is_empty() {
        return Ok(made);
    }
    let mut styles = StyleEdit::new(workbook, draft)?;
    for (column, fill, color) in colors {
        made.insert(column, styles.color(fill, color));
    }
    styles.finish(draft)?;
    Ok(made)
}

/// What Excel might show otherwise.
fn unsure(
    workbook: &Workbook,
    index: usize,
    criteria: &[Criterion],
    kept: &[Criterion],
) -> Outcome<Vec<String>> {
    let mut warnings = Vec::new();
    let unknown = kept
        .iter()
        .filter(|criterion| matches!(criterion.test, Test::Unknown));
    let letters = |column: u32| Area::cell(0, column).to_string().trim_end_matches('1').to_owned();
    let columns: Vec<String> = unknown.map(|criterion| letters(criterion.column)).collect();
    if !columns.is_empty() {
        warnings.push(format!(
            "The filter of {} stays, and what it lets through cannot be told here: rows that were hidden stay hidden until it is applied again in Excel.",
            columns.join(", ")
        ));
    }
    if criteria
        .iter()
        .any(|criterion| matches!(criterion.test, Test::Color { .. }))
    {
        let sheet = workbook.worksheet(index)?;
        let content = workbook.package.part(&sheet.part)?;
        let scanned = Worksheet::read(workbook, &sheet.part, &content, &Keep::Areas(Vec::new()))?;
        if scanned.find("conditionalFormatting").is_some() {
            warnings.push(
                "Colours that conditional formats give were not looked at: Excel filters by them too."
                    .to_owned(),
            );
        }
    }
    Ok(warnings)
}

/// Where the filter stands: the range with header and without totals, and the table.
fn place(workbook: &Workbook, filter: &FilterSet) -> Outcome<(usize, Area, Option<TableEntry>)> {
    let bad = |why: &str| refuse(RefusalCode::BadInput, format!("{why}; nothing was changed."));
    let all = tables::all(workbook)?;
    match (&filter.range, &filter.table) {
        (None, Some(name)) => {
            let Some((index, table)) = all
                .into_iter()
                .find(|(_, table)| table.name.eq_ignore_ascii_case(name))
            else {
                return refuse(
                    RefusalCode::NotFound,
                    format!("There is no table `{name}`; nothing was changed."),
                );
            };
            if table.header_rows == 0 {
                return bad("The table has no header to filter by");
            }
            let area = Area {
                bottom: table.area.bottom - table.totals_rows,
                ..table.area
            };
            Ok((index, area, Some(table)))
        }
        (Some(range), None) => {
            let (index, asked) = addresses::area(workbook, range)?;
            let sheet = workbook.worksheet(index)?;
            let content = workbook.package.part(&sheet.part)?;
            let scanned = Worksheet::read(workbook, &sheet.part, &content, &Keep::Areas(Vec::new()))?;
            let bottom = scanned.data.used.map_or(asked.top, |used| used.bottom);
            let area = Area {
                bottom: asked.bottom.min(bottom.max(asked.top)),
                ..asked
            };
            if area.rows() < 2 && !filter.remove {
                return bad("A filter needs a header and at least one row below");
            }
            if let Some((_, table)) = all
                .iter()
                .find(|(other, table)| *other == index && table.area.intersection(&area).is_some())
            {
                return refuse(
                    RefusalCode::Protected,
                    format!(
                        "{} meets the table `{}`; filter that by its name. Nothing was changed.",
                        addresses::on(sheet, area),
                        table.name
                    ),
                );
            }
            Ok((index, area, None))
        }
        _ => bad("A filter is set on a range or on a table"),
    }
}

/// The filter that the sheet has, and whether it hides rows.
fn sheet_filter(workbook: &Workbook, draft: &Draft, part: &str) -> Outcome<Option<(Area, bool)>> {
    let content = draft.package().part(part)?;
    let scanned = Worksheet::read(workbook, part, &content, &Keep::Areas(Vec::new()))?;
    let Some(held) = scanned.fragment("autoFilter", draft.package().limits())? else {
        return Ok(None);
    };
    let root = held.tree.root();
    let area = root.attribute("ref").and_then(|area| Area::parse(&area).ok());
    let hides = root.children().any(|node| node.local() == "filterColumn");
    Ok(area.map(|area| (area, hides)))
}

/// Formulas that leave hidden rows out answer otherwise now: Excel computes them when it opens the file.
fn subtotals(workbook: &Workbook, draft: &mut Draft) -> Outcome<Vec<String>> {
    let mut named = Vec::new();
    for sheet in workbook.sheets.iter().filter(|sheet| !sheet.part.is_empty()) {
        let content = workbook.package.part(&sheet.part)?;
        if sheet.kind != crate::workbook::SheetKind::Worksheet {
            continue;
        }
        let scanned = Worksheet::read(workbook, &sheet.part, &content, &Keep::Formulas)?;
        for cell in &scanned.data.cells {
            let counts = |text: &str| {
                let upper = text.to_ascii_uppercase();
                upper.contains("SUBTOTAL(") || upper.contains("AGGREGATE(")
            };
            if cell.formula.as_ref().is_some_and(|held| counts(&held.text)) {
                named.push(addresses::cell(sheet, cell.row, cell.column));
            }
        }
    }
    if named.is_empty() {
        return Ok(Vec::new());
    }
    tabs::calculate_on_load(workbook, draft)?;
    let more = if named.len() > 10 { " and others" } else { "" };
    named.truncate(10);
    Ok(vec![format!(
        "Rows were hidden or shown, so {}{more} may answer otherwise; Excel computes them when it opens the file.",
        named.join(", ")
    )])
}
