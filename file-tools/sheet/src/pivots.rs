//! Pivot tables (ECMA-376 part 1, 18.10): which there are, what they are made of, and where their data come from.

use std::borrow::Cow;

use deskhand_formula::risk::{Reach, outside_reach_with};
use deskhand_opc::xml::{Node, Tree};
use deskhand_opc::{Package, Target};
use deskhand_operations::answer::{PivotField, PivotTable};
use deskhand_operations::{Address, Area};

use crate::error::Outcome;
use crate::workbook::{SheetEntry, SheetKind, Workbook, is_true};

/// A pivot table with the part of its cache.
#[derive(Clone, Debug)]
pub(crate) struct Pivot {
    pub(crate) table: PivotTable,
    /// The part of the cache definition, where there is one.
    pub(crate) cache: Option<String>,
    /// True where the cache may not be refreshed.
    pub(crate) locked: bool,
    /// The index of its sheet.
    pub(crate) sheet: usize,
}

/// The pivot tables of a workbook, sheet by sheet.
pub(crate) fn all(workbook: &Workbook) -> Outcome<Vec<Pivot>> {
    let controls = controls(workbook)?;
    let mut found = Vec::new();
    let sheets = workbook.sheets.iter().enumerate();
    for (index, sheet) in sheets.filter(|(_, sheet)| sheet.kind == SheetKind::Worksheet) {
        for part in workbook.package.related(&sheet.part, "pivotTable")? {
            let mut pivot = pivot(workbook, sheet, &part)?;
            pivot.sheet = index;
            let acts = |control: &&Control| {
                control
                    .tables
                    .iter()
                    .any(|(tab, name)| *tab == sheet.id && *name == pivot.table.name)
            };
            pivot.table.slicers = controls
                .iter()
                .filter(acts)
                .map(|control| control.name.clone())
                .collect();
            found.push(pivot);
        }
    }
    Ok(found)
}

/// The names and areas of a sheet's pivot tables.
pub(crate) fn areas(package: &Package, sheet: &SheetEntry) -> Outcome<Vec<(String, Area)>> {
    let mut found = Vec::new();
    if sheet.part.is_empty() {
        return Ok(found);
    }
    for part in package.related(&sheet.part, "pivotTable")? {
        let content = package.part(&part)?;
        let tree = Tree::parse(&part, &content, package.limits())?;
        let place = tree
            .root()
            .child("location")
            .and_then(|node| node.attribute("ref"));
        if let Some(area) = place.and_then(|area| Area::parse(&area).ok()) {
            let name = tree.root().attribute("name").unwrap_or_default().into_owned();
            found.push((name, area));
        }
    }
    Ok(found)
}

fn text(node: Node<'_, '_>, name: &str) -> Option<String> {
    node.attribute(name).map(Cow::into_owned)
}

fn pivot(workbook: &Workbook, sheet: &SheetEntry, part: &str) -> Outcome<Pivot> {
    let content = workbook.package.part(part)?;
    let tree = Tree::parse(part, &content, workbook.package.limits())?;
    let root = tree.root();
    let cache = workbook
        .package
        .related(part, "pivotCacheDefinition")?
        .into_iter()
        .next();
    let mut table = PivotTable {
        name: text(root, "name").unwrap_or_default(),
        sheet: sheet.name.clone(),
        range: root
            .child("location")
            .and_then(|node| text(node, "ref"))
            .unwrap_or_default(),
        source: None,
        outside: false,
        records: None,
        rows: Vec::new(),
        columns: Vec::new(),
        values: Vec::new(),
        filters: Vec::new(),
        unused: Vec::new(),
        slicers: Vec::new(),
        refresh_on_open: false,
        refreshed: None,
    };
    let mut locked = false;
    let mut fields = Vec::new();
    if let Some(cache) = &cache {
        let content = workbook.package.part(cache)?;
        let tree = Tree::parse(cache, &content, workbook.package.limits())?;
        fields = cache_fields(tree.root());
        locked = text(tree.root(), "enableRefresh").is_some_and(|enabled| !is_true(&enabled));
        describe(workbook, cache, tree.root(), &mut table)?;
    }
    arrange(root, &fields, &mut table);
    Ok(Pivot {
        table,
        cache,
        locked,
        sheet: 0,
    })
}

/// What the cache says of itself: source, records, when it was refreshed and whether it will be.
fn describe(workbook: &Workbook, part: &str, root: Node<'_, '_>, table: &mut PivotTable) -> Outcome<()> {
    table.records = text(root, "recordCount").and_then(|count| count.parse().ok());
    table.refresh_on_open = text(root, "refreshOnLoad").is_some_and(|on| is_true(&on));
    let serial = text(root, "refreshedDate").and_then(|serial| serial.parse().ok());
    table.refreshed = text(root, "refreshedDateIso").or_else(|| serial.and_then(moment));
    let Some(source) = root.child("cacheSource") else {
        return Ok(());
    };
    let (words, outside) = match text(source, "type").as_deref() {
        Some("external") => connection(workbook, source)?,
        Some("consolidation") => {
            let mut ranges = Vec::new();
            let sets = source.descendants().filter(|node| node.local() == "rangeSet");
            for set in sets.take(64) {
                ranges.push(range(workbook, part, set)?);
            }
            let outside = ranges.iter().any(|(_, outside)| *outside);
            let words: Vec<String> = ranges.into_iter().map(|(words, _)| words).collect();
            (words.join(", "), outside)
        }
        Some("scenario") => ("scenarios".to_owned(), false),
        _ => match source.child("worksheetSource") {
            Some(held) => range(workbook, part, held)?,
            None => return Ok(()),
        },
    };
    table.source = Some(words);
    table.outside = outside;
    Ok(())
}

/// A range, table or name of this workbook or of another one; whether it lies outside.
fn range(workbook: &Workbook, part: &str, held: Node<'_, '_>) -> Outcome<(String, bool)> {
    let area = text(held, "ref").and_then(|area| Area::parse(&area).ok());
    let address = Address {
        sheet: text(held, "sheet"),
        area,
    };
    let name = text(held, "name");
    let words = name.clone().unwrap_or_else(|| address.to_string());
    if let Some(id) = held.prefixed("id") {
        let relationships = workbook.package.relationships(part)?;
        let target = relationships
            .into_iter()
            .find(|relationship| relationship.id == id);
        let book = match target.map(|relationship| relationship.target) {
            Some(Target::External(target)) => target,
            Some(Target::Part(part)) => part,
            None => "another workbook".to_owned(),
        };
        return Ok((format!("{words} of {book}"), true));
    }
    let refers = |name: &str| workbook.refers_to(name).map(str::to_owned);
    let reach = name.and_then(|name| outside_reach_with(&format!("={name}"), &refers));
    let outside = reach
        .is_some_and(|reason| matches!(reason.reach, Reach::Network | Reach::Program | Reach::OtherFile));
    Ok((words, outside))
}

/// A connection by its name. The data model reads its own connections when it is refreshed.
fn connection(workbook: &Workbook, source: Node<'_, '_>) -> Outcome<(String, bool)> {
    let wanted = text(source, "connectionId").unwrap_or_default();
    for part in workbook.package.related(&workbook.part, "connections")? {
        let content = workbook.package.part(&part)?;
        let tree = Tree::parse(&part, &content, workbook.package.limits())?;
        let own = tree
            .root()
            .children()
            .find(|node| text(*node, "id").is_some_and(|id| id == wanted));
        let Some(name) = own.and_then(|node| text(node, "name")) else {
            continue;
        };
        let model = name == "ThisWorkbookDataModel"
            || own.is_some_and(|node| text(node, "type").as_deref() == Some("100"));
        return Ok(if model {
            ("the data model".to_owned(), true)
        } else {
            (format!("connection {name}"), true)
        });
    }
    Ok(("a connection that is not in the file".to_owned(), true))
}

/// The fields of the cache in order.
fn cache_fields(root: Node<'_, '_>) -> Vec<PivotField> {
    let fields = root
        .child("cacheFields")
        .into_iter()
        .flat_map(|fields| fields.children());
    fields
        .filter(|node| node.local() == "cacheField")
        .map(|node| PivotField {
            name: text(node, "name").unwrap_or_default(),
            function: None,
            formula: text(node, "formula"),
        })
        .collect()
}

/// Puts the fields where the table shows them.
fn arrange(root: Node<'_, '_>, fields: &[PivotField], table: &mut PivotTable) {
    let mut used = vec![false; fields.len()];
    let mut listed = |list: &str, attribute: &str| -> Vec<(Option<PivotField>, String)> {
        let nodes = root.child(list).into_iter().flat_map(|list| list.children());
        let mut found = Vec::new();
        for node in nodes.filter(|node| matches!(node.local(), "field" | "pageField" | "dataField")) {
            let index = text(node, attribute).and_then(|index| index.parse::<usize>().ok());
            if let Some(used) = index.and_then(|index| used.get_mut(index)) {
                *used = true;
            }
            let field = index.and_then(|index| fields.get(index)).cloned();
            let function = text(node, "subtotal").unwrap_or_else(|| "sum".to_owned());
            found.push((
                field.map(|field| PivotField {
                    name: text(node, "name")
                        .filter(|_| list == "dataFields")
                        .unwrap_or(field.name),
                    ..field
                }),
                function,
            ));
        }
        found
    };
    let plain =
        |found: Vec<(Option<PivotField>, String)>| found.into_iter().filter_map(|(field, _)| field).collect();
    // The place of the value fields themselves (-2) names no field.
    table.rows = plain(listed("rowFields", "x"));
    table.columns = plain(listed("colFields", "x"));
    table.filters = plain(listed("pageFields", "fld"));
    let values = listed("dataFields", "fld");
    table.values = values
        .into_iter()
        .filter_map(|(field, function)| {
            Some(PivotField {
                function: Some(function),
                ..field?
            })
        })
        .collect();
    let unused = fields.iter().zip(used).filter(|(_, used)| !used);
    table.unused = unused.map(|(field, _)| field.clone()).collect();
}

/// A slicer or timeline with the tables on which it acts: id of the sheet, name.
struct Control {
    name: String,
    tables: Vec<(u32, String)>,
}

fn controls(workbook: &Workbook) -> Outcome<Vec<Control>> {
    let mut found = Vec::new();
    for relationship in workbook.package.relationships(&workbook.part)? {
        let kind = relationship.kind.rsplit('/').next().unwrap_or_default();
        let word = match kind {
            "slicerCache" => "slicer",
            "timelineCache" => "timeline",
            _ => continue,
        };
        let Some(part) = relationship
            .part()
            .and_then(|part| workbook.package.spelling(part))
        else {
            continue;
        };
        let content = workbook.package.part(part)?;
        let tree = Tree::parse(part, &content, workbook.package.limits())?;
        let source = text(tree.root(), "sourceName").or_else(|| text(tree.root(), "name"));
        let tables = tree
            .root()
            .descendants()
            .filter(|node| node.local() == "pivotTable");
        found.push(Control {
            name: format!("{word} {}", source.unwrap_or_default()),
            tables: tables
                .filter_map(|node| Some((text(node, "tabId")?.parse().ok()?, text(node, "name")?)))
                .collect(),
        });
    }
    Ok(found)
}

/// A serial number as date and time (ISO 8601), in whole seconds.
fn moment(serial: f64) -> Option<String> {
    if !(61.0..2_958_466.0).contains(&serial) {
        return None;
    }
    let seconds = (serial * 86_400.0).round() as u64;
    let (days, time) = (seconds / 86_400, seconds % 86_400);
    // Days from 1 March of the year 0: then leap days come last (serial 1 is 1 January 1900, 60 the day that never was).
    let day = days + 693_899;
    let era = day / 146_097;
    let of_era = day % 146_097;
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let from_march = (5 * of_year + 2) / 153;
    let (month, day) = (
        if from_march < 10 {
            from_march + 3
        } else {
            from_march - 9
        },
        of_year - (153 * from_march + 2) / 5 + 1,
    );
    let year = year + era * 400 + u64::from(month <= 2);
    Some(format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}",
        time / 3_600,
        time / 60 % 60,
        time % 60
    ))
}

#[cfg(test)]
mod tests {
    use super::moment;

    #[test]
    fn serial_numbers_are_days_of_the_calendar() {
        let cases = [
            (45_423.431_084_953_7, "2024-05-11T10:20:46"),
            (61.0, "1900-03-01T00:00:00"),
            (36_585.5, "2000-02-29T12:00:00"),
            (46_022.999_999, "2025-12-31T23:59:59.9"),
        ];
        for (serial, expected) in &cases[..3] {
            assert_eq!(moment(*serial).as_deref(), Some(*expected));
        }
        // Rounded to the next second, which is in the next year.
        assert_eq!(moment(cases[3].0).as_deref(), Some("2026-01-01T00:00:00"));
        assert_eq!(moment(f64::NAN), None);
        assert_eq!(moment(0.0), None);
    }
}
