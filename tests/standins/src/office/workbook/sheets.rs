//! Members of the sheets.

use deskhand_operations::{Area, MAX_COLUMNS, MAX_ROWS};
use ironcalc_base::types::SheetState;
use serde_json::Value;

use super::{Argument, Fault, Member, Node, SheetId, Workbook, number_argument, text_argument};

impl Workbook {
    pub(super) fn sheet_ids(&self) -> Vec<SheetId> {
        self.model
            .workbook
            .worksheets
            .iter()
            .map(|worksheet| SheetId(worksheet.sheet_id))
            .collect()
    }

    pub(super) fn sheet_name(&self, sheet: SheetId) -> Result<String, Fault> {
        Ok(self.model.workbook.worksheets[self.index(sheet)? as usize]
            .name
            .clone())
    }

    /// A sheet by its name, without regard to case.
    pub(super) fn sheet_named(&self, name: &str) -> Option<SheetId> {
        let found = self
            .model
            .workbook
            .worksheets
            .iter()
            .find(|sheet| sheet.name.eq_ignore_ascii_case(name));
        found.map(|worksheet| SheetId(worksheet.sheet_id))
    }

    /// A sheet by name or id.
    fn sheet_by_key(&self, key: &str) -> Option<SheetId> {
        self.sheet_named(key)
            .or_else(|| self.sheet_ids().into_iter().find(|sheet| sheet.excel_id() == key))
    }

    pub(super) fn get_sheet(&mut self, node: &Node, name: &str) -> Result<Member<Node>, Fault> {
        let Node::Sheet(sheet) = *node else {
            return Err(Fault::missing(&format!("{}.{name}", node.kind())));
        };
        let index = self.index(sheet)?;
        let worksheet = &self.model.workbook.worksheets[index as usize];
        let value: Value = match name {
            "id" => sheet.excel_id().into(),
            "name" => worksheet.name.clone().into(),
            "position" => index.into(),
            "visibility" => match worksheet.state {
                SheetState::Visible => "Visible".into(),
                SheetState::Hidden => "Hidden".into(),
                SheetState::VeryHidden => "VeryHidden".into(),
            },
            "tables" => return Ok(Member::Node(Node::Tables(Some(sheet)))),
            "charts" => return Ok(Member::Node(Node::Charts(sheet))),
            "pivotTables" => return Ok(Member::Node(Node::Pivots(Some(sheet)))),
            _ => return Err(Fault::missing(&format!("Worksheet.{name}"))),
        };
        Ok(Member::Value(value))
    }

    pub(super) fn set_sheet(&mut self, sheet: SheetId, name: &str, value: &Value) -> Result<(), Fault> {
        let index = self.index(sheet)?;
        match (name, value.as_u64()) {
            // Only a sheet that was added here can be put somewhere: the save writes no other move.
            ("position", Some(position)) if self.record.is_added(sheet) => {
                self.model
                    .move_sheet(index, position as u32)
                    .map_err(Fault::argument)?;
                self.changed();
                Ok(())
            }
            _ => Err(Fault::missing(&format!("setting Worksheet.{name}"))),
        }
    }

    pub(super) fn call_sheet(
        &mut self,
        node: &Node,
        name: &str,
        arguments: &[Argument<Node>],
    ) -> Result<Member<Node>, Fault> {
        let Node::Sheet(sheet) = *node else {
            return self.call_sheets(name, arguments);
        };
        let range = |area: Area| Ok(Member::Node(Node::Range(sheet, area)));
        match name {
            "getRange" => match text_argument(arguments, 0) {
                Some(text) => self.range_by_text(sheet, text).map(Member::Node),
                None => range(Area {
                    top: 0,
                    left: 0,
                    bottom: MAX_ROWS - 1,
                    right: MAX_COLUMNS - 1,
                }),
            },
            "getCell" | "getRangeByIndexes" => {
                let at = |index, fallback| {
                    let number = number_argument(arguments, index).unwrap_or(fallback);
                    u32::try_from(number).map_err(|_| Fault::argument("The index is negative."))
                };
                let (rows, columns) = if name == "getCell" {
                    (1, 1)
                } else {
                    (at(2, 1)?, at(3, 1)?)
                };
                let area = Area::of_size(at(0, 0)?, at(1, 0)?, rows, columns);
                range(area.ok_or_else(|| Fault::argument("The range lies beyond the end of the sheet."))?)
            }
            "getUsedRange" | "getUsedRangeOrNullObject" => {
                let values = matches!(arguments.first(), Some(Argument::Value(Value::Bool(true))));
                match self.used(sheet, None, values)? {
                    Some(used) => range(used),
                    None if name.ends_with("OrNullObject") => Ok(Member::Null),
                    None => range(Area::cell(0, 0)),
                }
            }
            "activate" => {
                self.index(sheet)?;
                if self.selection.0 != sheet {
                    self.select(sheet, Area::cell(0, 0));
                }
                Ok(Member::Value(Value::Null))
            }
            "delete" => self.delete_sheet(sheet).map(|()| Member::Value(Value::Null)),
            _ => Err(Fault::missing(&format!("Worksheet.{name}()"))),
        }
    }

    /// An address on the sheet, or a name of the workbook.
    fn range_by_text(&self, sheet: SheetId, text: &str) -> Result<Node, Fault> {
        if let Ok(area) = Area::parse(text) {
            return Ok(Node::Range(sheet, area));
        }
        if text.contains('!') {
            return self.locate(text).map(|(sheet, area)| Node::Range(sheet, area));
        }
        let wrong = || Fault::argument("The argument is invalid or missing or has an incorrect format.");
        self.range_of_name(text).ok_or_else(wrong)
    }

    fn call_sheets(&mut self, name: &str, arguments: &[Argument<Node>]) -> Result<Member<Node>, Fault> {
        let key = text_argument(arguments, 0).unwrap_or_default();
        let of = |sheet: Option<SheetId>| sheet.map(|sheet| Member::Node(Node::Sheet(sheet)));
        match name {
            "getItem" => of(self.sheet_by_key(key)).ok_or_else(Fault::not_found),
            "getItemOrNullObject" => Ok(of(self.sheet_by_key(key)).unwrap_or(Member::Null)),
            "getActiveWorksheet" => Ok(Member::Node(Node::Sheet(self.selection.0))),
            "getCount" => Ok(Member::Value(self.sheet_ids().len().into())),
            "add" => self
                .add_sheet(text_argument(arguments, 0))
                .map(|sheet| Member::Node(Node::Sheet(sheet))),
            _ => Err(Fault::missing(&format!("WorksheetCollection.{name}()"))),
        }
    }

    fn add_sheet(&mut self, name: Option<&str>) -> Result<SheetId, Fault> {
        match name {
            Some(name) if self.sheet_named(name).is_some() => return Err(Fault::exists()),
            Some(name) => self.model.add_sheet(name).map_err(Fault::argument)?,
            None => {
                self.model.new_sheet();
            }
        }
        let added = self.sheet_ids().pop().ok_or_else(Fault::not_found)?;
        self.record.add_sheet(added);
        self.stale = true;
        self.changed();
        Ok(added)
    }

    fn delete_sheet(&mut self, sheet: SheetId) -> Result<(), Fault> {
        let index = self.index(sheet)?;
        let name = self.sheet_name(sheet)?;
        let visible = |sheet: &&ironcalc_base::types::Worksheet| {
            sheet.state == SheetState::Visible && sheet.sheet_id != 0
        };
        if self.model.workbook.worksheets.iter().filter(visible).count() < 2 {
            return Err(Fault::operation(
                "A workbook must contain at least one visible worksheet.",
            ));
        }
        self.model.delete_sheet(index).map_err(Fault::operation)?;
        self.tables.retain(|_, table| table.sheet != sheet);
        self.charts.retain(|_, chart| chart.sheet != sheet);
        self.pivots.retain(|(on, _)| *on != sheet);
        self.record.delete_sheet(sheet, name);
        if self.selection.0 == sheet {
            let next = self.sheet_ids()[(index as usize).min(self.sheet_ids().len() - 1)];
            self.select(next, Area::cell(0, 0));
        }
        self.stale = true;
        self.changed();
        Ok(())
    }
}
