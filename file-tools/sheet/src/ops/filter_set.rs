//! `filter.set`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use deskhand_opc::Draft;
use deskhand_opc::xml::{Node, Tree, escape};
use deskhand_operations::answer::Applied;
use deskhand_operations::workbook::{FilterColumn, FilterCondition, FilterOperator, FilterSet};
use deskhand_operations::{Area, CellValue, RefusalCode};

use crate::addresses;
use crate::cells::Keep;
use crate::columns;
use crate::element_list::{self, Edit};
use crate::error::{Outcome, refuse};
use crate::names::{self, NewName};
use crate::ops::values::{shown, value};
use crate::ops::{guards, within};
use crate::row_edit::{self, RowChange};
use crate::sheet::Worksheet;
use crate::strings;
use crate::styles::Styles;
use crate::tables::{self, TableEntry};
use crate::tabs;
use crate::workbook::Workbook;

/// The name that Excel gives to the range of a sheet's filter.
const DATABASE: &str = "_xlnm._FilterDatabase";

/// The texts and values that are filtered.
struct Rows {
    /// The range with its header.
    area: Area,
    /// By row and column of the range.
    cells: BTreeMap<(u32, u32), (CellValue, String)>,
}

pub(super) fn plan(workbook: &Workbook, draft: &mut Draft, filter: &FilterSet) -> Outcome<Applied> {
    let (index, area, table) = place(workbook, filter)?;
    within(u64::from(area.rows()))?;
    let sheet = workbook.worksheet(index)?;
    guards::of_part(workbook, draft, sheet)?;
    let rows = rows(workbook, index, area)?;
    let mut criteria = Vec::new();
    for column in &filter.columns {
        criteria.push(Criterion::of(&rows, column)?);
    }
    let columns: BTreeSet<u32> = criteria.iter().map(|criterion| criterion.column).collect();
    if columns.len() < criteria.len() || (filter.remove && !criteria.is_empty()) {
        return refuse(
            RefusalCode::BadInput,
            "A column is filtered once, and a filter that goes filters nothing; nothing was changed.",
        );
    }
    // The rows of a filter that goes are shown, also where the new one does not reach.
    let mut changes: BTreeMap<u32, RowChange> = BTreeMap::new();
    let mut shows = |row: u32, shown: bool| {
        let change = RowChange {
            hidden: Some(!shown),
            ..RowChange::default()
        };
        changes.insert(row, change);
    };
    if table.is_none()
        && let Some((old, true)) = sheet_filter(workbook, draft, &sheet.part)?
    {
        within(u64::from(old.rows()))?;
        (old.top + 1..=old.bottom).for_each(|row| shows(row, true));
    }
    for row in area.top + 1..=area.bottom {
        shows(row, criteria.iter().all(|criterion| criterion.meets(&rows, row)));
    }
    let hidden = changes
        .values()
        .filter(|change| change.hidden == Some(true))
        .count();
    let toggled = row_edit::apply(workbook, draft, &sheet.part, &changes)?;
    match &table {
        Some(table) => filter_table(draft, table, area, &criteria, filter.remove)?,
        None => filter_sheet(workbook, draft, index, area, &criteria, filter.remove)?,
    }
    let mut applied = Applied {
        target: addresses::on(sheet, area),
        changed: hidden as u32,
        ..Applied::default()
    };
    if toggled > 0 {
        applied.warnings = subtotals(workbook, draft)?;
    }
    Ok(applied)
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

fn rows(workbook: &Workbook, index: usize, area: Area) -> Outcome<Rows> {
    let sheet = workbook.worksheet(index)?;
    let content = workbook.package.part(&sheet.part)?;
    let scanned = Worksheet::read(workbook, &sheet.part, &content, &Keep::Areas(vec![area]))?;
    let (strings, styles) = (strings::shared(workbook)?, Styles::read(workbook)?);
    let cells = scanned.data.cells.iter().map(|cell| {
        let held = value(cell, &strings);
        let text = shown(&held, cell.style, &styles);
        ((cell.row, cell.column), (held, text))
    });
    Ok(Rows {
        area,
        cells: cells.collect(),
    })
}

/// What one column lets through.
struct Criterion<'f> {
    column: u32,
    /// Texts as the sheet shows them, in lower case and as written.
    texts: BTreeMap<String, String>,
    blank: bool,
    conditions: &'f [FilterCondition],
    any: bool,
}

impl<'f> Criterion<'f> {
    fn of(rows: &Rows, column: &'f FilterColumn) -> Outcome<Self> {
        let header = |column: u32| {
            rows.cells
                .get(&(rows.area.top, column))
                .map(|(_, text)| text.clone())
        };
        let at = columns::find(&column.column, rows.area, &header)?;
        if column.values.is_empty() == column.conditions.is_empty() || column.conditions.len() > 2 {
            return refuse(
                RefusalCode::BadInput,
                format!(
                    "The column `{}` is filtered by values, or by one or two conditions; nothing was changed.",
                    column.column
                ),
            );
        }
        let mut criterion = Self {
            column: at,
            texts: BTreeMap::new(),
            blank: false,
            conditions: &column.conditions,
            any: column.any,
        };
        for value in &column.values {
            let texts = match value {
                CellValue::Empty => {
                    criterion.blank = true;
                    continue;
                }
                CellValue::Text(text) => vec![text.clone()],
                CellValue::Boolean(value) => vec![(if *value { "TRUE" } else { "FALSE" }).to_owned()],
                CellValue::Number(number) => rows.texts_of(at, *number),
            };
            for text in texts {
                criterion.texts.insert(text.to_lowercase(), text);
            }
        }
        Ok(criterion)
    }

    fn meets(&self, rows: &Rows, row: u32) -> bool {
        let empty = (CellValue::Empty, String::new());
        let (value, text) = rows.cells.get(&(row, self.column)).unwrap_or(&empty);
        if self.conditions.is_empty() {
            return if text.is_empty() {
                self.blank
            } else {
                self.texts.contains_key(&text.to_lowercase())
            };
        }
        let mut results = self
            .conditions
            .iter()
            .map(|condition| met(condition, value, text));
        if self.any {
            results.any(|met| met)
        } else {
            results.all(|met| met)
        }
    }

    /// The element of the filter (18.3.2.7).
    fn xml(&self, p: &str, left: u32) -> String {
        let mut xml = format!(r#"<{p}filterColumn colId="{}">"#, self.column - left);
        if self.conditions.is_empty() {
            let blank = if self.blank { r#" blank="1""# } else { "" };
            let _ = write!(xml, "<{p}filters{blank}>");
            for text in self.texts.values() {
                let _ = write!(xml, r#"<{p}filter val="{}"/>"#, escape(text));
            }
            let _ = write!(xml, "</{p}filters>");
        } else {
            let both = if self.any || self.conditions.len() == 1 {
                ""
            } else {
                r#" and="1""#
            };
            let _ = write!(xml, "<{p}customFilters{both}>");
            for condition in self.conditions {
                let (operator, value) = custom(condition);
                let operator = operator.map_or_else(String::new, |name| format!(r#" operator="{name}""#));
                let _ = write!(xml, r#"<{p}customFilter{operator} val="{}"/>"#, escape(&value));
            }
            let _ = write!(xml, "</{p}customFilters>");
        }
        let _ = write!(xml, "</{p}filterColumn>");
        xml
    }
}

impl Rows {
    /// How a number is shown in a column: filters compare texts.
    fn texts_of(&self, column: u32, number: f64) -> Vec<String> {
        let same = |value: &CellValue| matches!(value, CellValue::Number(held) if (held - number).abs() <= 1e-12 * number.abs());
        let cells = self
            .cells
            .iter()
            .filter(|((row, at), (value, _))| *at == column && *row > self.area.top && same(value));
        let texts: BTreeSet<String> = cells.map(|(_, (_, text))| text.clone()).collect();
        if texts.is_empty() {
            return vec![crate::cell_edit::number(number)];
        }
        texts.into_iter().collect()
    }
}

/// True when a cell meets a condition. Numbers compare with numbers, everything else as the text that is shown.
fn met(condition: &FilterCondition, value: &CellValue, text: &str) -> bool {
    use FilterOperator as Op;
    let wanted = match &condition.value {
        CellValue::Number(number) => crate::cell_edit::number(*number),
        CellValue::Text(text) => text.clone(),
        CellValue::Boolean(value) => (if *value { "TRUE" } else { "FALSE" }).to_owned(),
        CellValue::Empty => String::new(),
    };
    let (held, wanted_text) = (text.to_lowercase(), wanted.to_lowercase());
    let order = match (value, &condition.value) {
        (CellValue::Number(held), CellValue::Number(wanted)) => held.partial_cmp(wanted),
        (CellValue::Text(_), CellValue::Text(_)) => Some(held.cmp(&wanted_text)),
        _ => None,
    };
    match condition.operator {
        Op::Equal => order.map_or(held == wanted_text, std::cmp::Ordering::is_eq),
        Op::NotEqual => !order.map_or(held == wanted_text, std::cmp::Ordering::is_eq),
        Op::GreaterThan => order.is_some_and(std::cmp::Ordering::is_gt),
        Op::GreaterThanOrEqual => order.is_some_and(std::cmp::Ordering::is_ge),
        Op::LessThan => order.is_some_and(std::cmp::Ordering::is_lt),
        Op::LessThanOrEqual => order.is_some_and(std::cmp::Ordering::is_le),
        // Only texts have beginnings and ends, in Excel's filters.
        Op::BeginsWith => matches!(value, CellValue::Text(_)) && held.starts_with(&wanted_text),
        Op::EndsWith => matches!(value, CellValue::Text(_)) && held.ends_with(&wanted_text),
        Op::Contains => matches!(value, CellValue::Text(_)) && held.contains(&wanted_text),
        Op::DoesNotContain => !(matches!(value, CellValue::Text(_)) && held.contains(&wanted_text)),
    }
}

/// A condition as the file has it: texts with `*` for what may stand before or after.
fn custom(condition: &FilterCondition) -> (Option<&'static str>, String) {
    use FilterOperator as Op;
    let plain = match &condition.value {
        CellValue::Number(number) => crate::cell_edit::number(*number),
        CellValue::Text(text) => text.replace('~', "~~").replace('*', "~*").replace('?', "~?"),
        CellValue::Boolean(value) => (if *value { "TRUE" } else { "FALSE" }).to_owned(),
        CellValue::Empty => " ".to_owned(),
    };
    match condition.operator {
        Op::Equal => (None, plain),
        Op::NotEqual => (Some("notEqual"), plain),
        Op::GreaterThan => (Some("greaterThan"), plain),
        Op::GreaterThanOrEqual => (Some("greaterThanOrEqual"), plain),
        Op::LessThan => (Some("lessThan"), plain),
        Op::LessThanOrEqual => (Some("lessThanOrEqual"), plain),
        Op::BeginsWith => (None, format!("{plain}*")),
        Op::EndsWith => (None, format!("*{plain}")),
        Op::Contains => (None, format!("*{plain}*")),
        Op::DoesNotContain => (Some("notEqual"), format!("*{plain}*")),
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

fn filter_xml(p: &str, area: Area, criteria: &[Criterion<'_>]) -> String {
    let mut sorted: Vec<&Criterion<'_>> = criteria.iter().collect();
    sorted.sort_by_key(|criterion| criterion.column);
    let inner: String = sorted
        .iter()
        .map(|criterion| criterion.xml(p, area.left))
        .collect();
    if inner.is_empty() {
        format!(r#"<{p}autoFilter ref="{area}"/>"#)
    } else {
        format!(r#"<{p}autoFilter ref="{area}">{inner}</{p}autoFilter>"#)
    }
}

/// The sheet's own filter: its element, the mark of the sheet and the hidden name.
fn filter_sheet(
    workbook: &Workbook,
    draft: &mut Draft,
    index: usize,
    area: Area,
    criteria: &[Criterion<'_>],
    remove: bool,
) -> Outcome<()> {
    let sheet = workbook.worksheet(index)?;
    let content = draft.package().part(&sheet.part)?;
    let scanned = Worksheet::read(workbook, &sheet.part, &content, &Keep::Areas(Vec::new()))?;
    let xml = if remove {
        String::new()
    } else {
        filter_xml(&scanned.prefix, area, criteria)
    };
    let mut edits: Vec<Edit> = match scanned.find("autoFilter") {
        Some(held) => vec![(held.span.clone(), xml.into())],
        None if remove => Vec::new(),
        None => vec![scanned.insert("autoFilter", &xml)],
    };
    let mode = (!criteria.is_empty()).then(|| "1".to_owned());
    edits.extend(element_list::attributes(
        &scanned,
        "sheetPr",
        &[("filterMode", mode)],
    ));
    draft.edit(&sheet.part, edits)?;
    if remove {
        return names::remove(workbook, draft, DATABASE, Some(index));
    }
    let refers_to = names::absolute(&sheet.name, area);
    let new = NewName {
        name: DATABASE,
        local: Some(index),
        refers_to: &refers_to,
        comment: None,
        hidden: true,
    };
    names::set(workbook, draft, &new)
}

/// The filter of a table, in its own part.
fn filter_table(
    draft: &mut Draft,
    table: &TableEntry,
    area: Area,
    criteria: &[Criterion<'_>],
    remove: bool,
) -> Outcome<()> {
    let content = draft.package().part(&table.part)?;
    let tree = Tree::parse(&table.part, &content, draft.package().limits())?;
    let root: Node<'_, '_> = tree.root();
    let xml = if remove {
        String::new()
    } else {
        filter_xml(&root.prefix_colon(), area, criteria)
    };
    // It is the first child of a table.
    let edit = match root.child("autoFilter") {
        Some(held) => held.replace(&xml),
        None => root.prepend(&xml),
    };
    draft.edit(&table.part, [edit])?;
    Ok(())
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
