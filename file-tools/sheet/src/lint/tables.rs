//! Tables and their header cells.

use deskhand_operations::{Area, CellValue};

use super::Findings;
use crate::cells::ScannedCell;
use crate::error::Outcome;
use crate::ops::values::value;
use crate::sheet::Worksheet;
use crate::stream::SharedTexts;
use crate::tables::{self, TableEntry};
use crate::workbook::{SheetEntry, Workbook};

impl Findings<'_> {
    /// Tables: columns called as their header cells, names and areas each their own.
    pub(super) fn tables(
        &mut self,
        workbook: &Workbook,
        sheet: &SheetEntry,
        scanned: &Worksheet<'_>,
        texts: &SharedTexts,
    ) -> Outcome<()> {
        let own = tables::of_sheet(&workbook.package, sheet)?;
        let all = tables::all(workbook)?;
        for (index, table) in own.iter().enumerate() {
            let (part, name) = (&table.part, &table.name);
            if all
                .iter()
                .filter(|(_, other)| other.name.eq_ignore_ascii_case(name))
                .count()
                > 1
            {
                self.add(
                    "tableNameTwice",
                    part,
                    name,
                    format!("two tables are called `{name}`"),
                );
            }
            if all.iter().filter(|(_, other)| other.id == table.id).count() > 1 {
                self.add(
                    "tableIdTwice",
                    part,
                    name,
                    format!("the table `{name}` has the id of another"),
                );
            }
            if own[index + 1..]
                .iter()
                .any(|other| other.area.intersection(&table.area).is_some())
            {
                self.add(
                    "tableOverlap",
                    part,
                    name,
                    format!("the table `{name}` overlaps another"),
                );
            }
            if table.columns.len() != table.area.columns() as usize {
                self.add(
                    "tableColumns",
                    part,
                    name,
                    format!("the table `{name}` has another number of columns than its range"),
                );
            }
            if table.header_rows > 0 {
                self.headers(table, scanned, texts);
            }
        }
        Ok(())
    }

    /// A table's columns are called as its header cells.
    fn headers(&mut self, table: &TableEntry, scanned: &Worksheet<'_>, texts: &SharedTexts) {
        let plain = |text: &str| text.replace("\r\n", "\n");
        for (column, expected) in (table.area.left..).zip(&table.columns) {
            let at = (table.area.top, column);
            let held = scanned
                .data
                .cells
                .binary_search_by_key(&at, |cell| (cell.row, cell.column));
            let held = held.map_or(CellValue::Empty, |index| {
                held_value(&scanned.data.cells[index], texts)
            });
            if !matches!(&held, CellValue::Text(text) if plain(text) == plain(expected)) {
                let at = Area::cell(table.area.top, column);
                let sentence = format!(
                    "the header {at} of the table `{}` does not read `{expected}`",
                    table.name
                );
                self.add("tableHeader", &table.part, &at, sentence);
            }
        }
    }
}

/// What a cell holds.
fn held_value(cell: &ScannedCell<'_>, texts: &SharedTexts) -> CellValue {
    if cell.kind != "s" {
        return value(cell, &[]);
    }
    let index = cell.value.as_ref().and_then(|index| index.trim().parse().ok());
    let text = index.and_then(|index: usize| texts.get(index));
    text.map_or(CellValue::Empty, |text| CellValue::Text(text.to_owned()))
}
