//! Tables: what was in the file and what a page adds.

use std::collections::{BTreeMap, HashSet};

use deskhand_operations::Area;
use ironcalc_base::Model;
use ironcalc_base::types::{self, TableColumn, TableStyleInfo};
use serde_json::Value;

use super::{Argument, Fault, Member, Node, SheetId, Workbook, text_argument};

/// A table.
#[derive(Clone, Debug)]
pub(super) struct Table {
    pub(super) name: String,
    pub(super) sheet: SheetId,
    pub(super) area: Area,
    pub(super) style: String,
    pub(super) totals: bool,
}

impl Workbook {
    pub(super) fn table_ids(&self, on: Option<SheetId>) -> Vec<u32> {
        let wanted = self
            .tables
            .iter()
            .filter(|(_, table)| on.is_none_or(|on| on == table.sheet));
        wanted.map(|(id, _)| *id).collect()
    }

    fn table(&self, id: u32) -> Result<&Table, Fault> {
        self.tables.get(&id).ok_or_else(Fault::not_found)
    }

    /// Takes the tables that the file had.
    pub(super) fn take_tables(&mut self) {
        // In the order of their names, which the map does not keep.
        let found: BTreeMap<_, _> = self.model.workbook.tables.clone().into_iter().collect();
        for table in found.into_values() {
            let (Some(sheet), Ok(area)) =
                (self.sheet_named(&table.sheet_name), Area::parse(&table.reference))
            else {
                continue;
            };
            let style = table.style_info.name.unwrap_or_default();
            let totals = table.totals_row_count > 0;
            self.insert_table(Table {
                name: table.display_name,
                sheet,
                area,
                style,
                totals,
            });
        }
    }

    fn insert_table(&mut self, table: Table) -> u32 {
        let id = self.tables.keys().next_back().map_or(1, |last| last + 1);
        self.tables.insert(id, table);
        id
    }

    pub(super) fn get_table(&mut self, node: &Node, name: &str) -> Result<Member<Node>, Fault> {
        let value: Value = match (node, name) {
            (Node::Table(id), "id") => id.to_string().into(),
            (Node::Table(id), "name") => self.table(*id)?.name.clone().into(),
            (Node::Table(id), "style") => self.table(*id)?.style.clone().into(),
            (Node::Table(_), "showHeaders") => true.into(),
            (Node::Table(id), "showTotals") => self.table(*id)?.totals.into(),
            (Node::Table(id), "worksheet") => return Ok(Member::Node(Node::Sheet(self.table(*id)?.sheet))),
            (Node::Table(id), "columns") => return Ok(Member::Node(Node::Columns(*id))),
            (Node::Table(id), "rows") => return Ok(Member::Node(Node::Rows(*id))),
            (Node::Columns(id), "count") => self.table(*id)?.area.columns().into(),
            (Node::Rows(id), "count") => body(self.table(*id)?).map_or(0, |area| area.rows()).into(),
            (Node::Tables(on), "count") => self.table_ids(*on).len().into(),
            (Node::Column(_, index), "id" | "index") => (*index).into(),
            (Node::Column(id, index), "name") => {
                let table = self.table(*id)?;
                self.text(self.index(table.sheet)?, table.area.top, table.area.left + index)
                    .into()
            }
            _ => return Err(Fault::missing(&format!("{}.{name}", node.kind()))),
        };
        Ok(Member::Value(value))
    }

    pub(super) fn set_table(&mut self, id: u32, name: &str, value: &Value) -> Result<(), Fault> {
        let text = value
            .as_str()
            .ok_or_else(|| Fault::argument("The property takes a text."))?
            .to_owned();
        if !self.record.is_new_table(id) {
            return Err(Fault::missing(&format!(
                "setting Table.{name} of a table that was in the file"
            )));
        }
        if name == "name" {
            let taken =
                |(other, table): (&u32, &Table)| *other != id && table.name.eq_ignore_ascii_case(&text);
            if self.tables.iter().any(taken)
                || self
                    .defined_names()
                    .iter()
                    .any(|(name, _)| name.eq_ignore_ascii_case(&text))
            {
                return Err(Fault::exists());
            }
        }
        let table = self.tables.get_mut(&id).ok_or_else(Fault::not_found)?;
        match name {
            "name" => table.name = text,
            "style" => table.style = text,
            _ => return Err(Fault::missing(&format!("setting Table.{name}"))),
        }
        self.rebuild()
    }

    pub(super) fn call_table(
        &mut self,
        node: &Node,
        name: &str,
        arguments: &[Argument<Node>],
    ) -> Result<Member<Node>, Fault> {
        let key = text_argument(arguments, 0).unwrap_or_default();
        match (node, name) {
            (Node::Tables(on), "getItem" | "getItemOrNullObject") => {
                let of = |id: &u32| id.to_string() == key || self.tables[id].name.eq_ignore_ascii_case(key);
                match self.table_ids(*on).into_iter().find(of) {
                    Some(id) => Ok(Member::Node(Node::Table(id))),
                    None if name.ends_with("OrNullObject") => Ok(Member::Null),
                    None => Err(Fault::not_found()),
                }
            }
            (Node::Tables(on), "add") => self
                .add_table(*on, arguments)
                .map(|id| Member::Node(Node::Table(id))),
            (Node::Tables(on), "getCount") => Ok(Member::Value(self.table_ids(*on).len().into())),
            (Node::Table(id), _) => self.call_one_table(*id, name),
            (Node::Rows(id), "getCount") => Ok(Member::Value(
                body(self.table(*id)?).map_or(0, |area| area.rows()).into(),
            )),
            _ => Err(Fault::missing(&format!("{}.{name}()", node.kind()))),
        }
    }

    fn call_one_table(&mut self, id: u32, name: &str) -> Result<Member<Node>, Fault> {
        let table = self.table(id)?.clone();
        let area = match name {
            "getRange" => table.area,
            "getHeaderRowRange" => Area {
                bottom: table.area.top,
                ..table.area
            },
            "getDataBodyRange" => body(&table).ok_or_else(Fault::not_found)?,
            "convertToRange" => {
                self.tables.remove(&id);
                self.record.delete_table(id, table.name);
                self.rebuild()?;
                return Ok(Member::Node(Node::Range(table.sheet, table.area)));
            }
            _ => return Err(Fault::missing(&format!("Table.{name}()"))),
        };
        Ok(Member::Node(Node::Range(table.sheet, area)))
    }

    fn add_table(&mut self, on: Option<SheetId>, arguments: &[Argument<Node>]) -> Result<u32, Fault> {
        let (sheet, area) = match arguments.first() {
            Some(Argument::Node(Node::Range(sheet, area))) => (*sheet, *area),
            Some(Argument::Value(Value::String(text))) => match on {
                Some(sheet) if !text.contains('!') => (
                    sheet,
                    Area::parse(text).map_err(|e| Fault::argument(e.to_string()))?,
                ),
                _ => self.locate(text)?,
            },
            _ => return Err(Fault::argument("The range of the table is missing.")),
        };
        if !matches!(arguments.get(1), Some(Argument::Value(Value::Bool(true)))) {
            return Err(Fault::missing("tables.add without headers"));
        }
        let overlaps = |table: &Table| table.sheet == sheet && table.area.intersection(&area).is_some();
        if self.tables.values().any(overlaps) {
            return Err(Fault::operation("A table can't overlap another table."));
        }
        self.write_headers(sheet, area)?;
        let number = (1..=u32::MAX)
            .find(|n| {
                self.tables
                    .values()
                    .all(|table| table.name != format!("Table{n}"))
            })
            .unwrap_or(1);
        let style = "TableStyleMedium2".to_owned();
        let id = self.insert_table(Table {
            name: format!("Table{number}"),
            sheet,
            area,
            style,
            totals: false,
        });
        self.record.add_table(id);
        self.rebuild()?;
        Ok(id)
    }

    /// Excel makes each header a text, fills blanks and tells equal ones apart.
    fn write_headers(&mut self, sheet: SheetId, area: Area) -> Result<(), Fault> {
        self.settle();
        let index = self.index(sheet)?;
        let mut seen = HashSet::new();
        for column in area.left..=area.right {
            let shown = self.text(index, area.top, column);
            let base = if shown.is_empty() {
                format!("Column{}", column - area.left + 1)
            } else {
                shown
            };
            let mut header = base.clone();
            let mut number = 2;
            while !seen.insert(header.to_lowercase()) {
                header = format!("{base}{number}");
                number += 1;
            }
            if self.value(index, area.top, column) != Value::String(header.clone()) {
                self.write_grid(
                    sheet,
                    Area::cell(area.top, column),
                    &Value::String(format!("'{header}")),
                )?;
            }
        }
        self.settle();
        Ok(())
    }

    /// Hands the tables to IronCalc, so that structured references find them.
    fn rebuild(&mut self) -> Result<(), Fault> {
        let mut workbook = self.model.workbook.clone();
        workbook.tables.clear();
        for table in self.tables.values() {
            let index = self.index(table.sheet)?;
            let column = |(position, column): (usize, u32)| TableColumn {
                id: position as u32 + 1,
                name: self.text(index, table.area.top, column),
                ..TableColumn::default()
            };
            let made = types::Table {
                name: table.name.clone(),
                display_name: table.name.clone(),
                sheet_name: self.sheet_name(table.sheet)?,
                reference: table.area.to_string(),
                totals_row_count: u32::from(table.totals),
                header_row_count: 1,
                header_row_dxf_id: None,
                data_dxf_id: None,
                totals_row_dxf_id: None,
                columns: (table.area.left..=table.area.right)
                    .enumerate()
                    .map(column)
                    .collect(),
                style_info: TableStyleInfo {
                    name: Some(table.style.clone()),
                    ..TableStyleInfo::default()
                },
                has_filters: true,
            };
            workbook.tables.insert(table.name.clone(), made);
        }
        self.model = Model::from_workbook(workbook, "en").map_err(Fault::operation)?;
        self.stale = true;
        self.changed();
        Ok(())
    }
}

/// The rows below the header; `None` for a table of a header alone.
fn body(table: &Table) -> Option<Area> {
    let bottom = table.area.bottom - u32::from(table.totals);
    (bottom > table.area.top).then_some(Area {
        top: table.area.top + 1,
        bottom,
        ..table.area
    })
}
