//! Tables (ECMA-376 part 1, 18.5): where they are, and what their columns are called.

use deskhand_opc::Package;
use deskhand_opc::xml::Tree;
use deskhand_operations::Area;

use crate::error::Outcome;
use crate::workbook::{SheetEntry, SheetKind, Workbook};

/// A table.
#[derive(Clone, Debug)]
pub(crate) struct TableEntry {
    pub(crate) name: String,
    pub(crate) part: String,
    /// All of it, header and totals included.
    pub(crate) area: Area,
    pub(crate) columns: Vec<String>,
    pub(crate) header_rows: u32,
    pub(crate) totals_rows: u32,
    pub(crate) id: u32,
}

/// The tables of a sheet.
pub(crate) fn of_sheet(package: &Package, sheet: &SheetEntry) -> Outcome<Vec<TableEntry>> {
    let mut tables = Vec::new();
    if sheet.part.is_empty() {
        return Ok(tables);
    }
    for part in package.related(&sheet.part, "table")? {
        let content = package.part(&part)?;
        let tree = Tree::parse(&part, &content, package.limits())?;
        let root = tree.root();
        let Some(area) = root.attribute("ref").and_then(|area| Area::parse(&area).ok()) else {
            continue;
        };
        let count = |name: &str, default: u32| {
            root.attribute(name)
                .and_then(|rows| rows.parse().ok())
                .unwrap_or(default)
        };
        let columns = root.child("tableColumns");
        let columns = columns.iter().flat_map(deskhand_opc::xml::Node::children);
        let name = root.attribute("displayName").or_else(|| root.attribute("name"));
        tables.push(TableEntry {
            name: name.unwrap_or_default().into_owned(),
            area,
            columns: columns
                .map(|column| header(&column.attribute("name").unwrap_or_default()))
                .collect(),
            header_rows: count("headerRowCount", 1),
            totals_rows: count("totalsRowCount", 0),
            id: count("id", 0),
            part: part.clone(),
        });
    }
    Ok(tables)
}

/// A column's name as its cell shows it: line ends are written `_x000a_`.
fn header(name: &str) -> String {
    name.replace("_x000a_", "\n")
        .replace("_x000A_", "\n")
        .replace("_x000d_", "\r")
        .replace("_x000D_", "\r")
}

/// All tables with the index of their sheet.
pub(crate) fn all(workbook: &Workbook) -> Outcome<Vec<(usize, TableEntry)>> {
    let mut tables = Vec::new();
    for (index, sheet) in workbook
        .sheets
        .iter()
        .enumerate()
        .filter(|(_, sheet)| sheet.kind == SheetKind::Worksheet)
    {
        tables.extend(
            of_sheet(&workbook.package, sheet)?
                .into_iter()
                .map(|table| (index, table)),
        );
    }
    Ok(tables)
}
