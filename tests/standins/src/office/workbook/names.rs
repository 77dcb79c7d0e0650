//! Defined names and pivot tables, which can be listed here and not changed.

use deskhand_operations::Address;
use serde_json::Value;

use super::{Argument, Fault, Member, Node, Workbook, text_argument};

impl Workbook {
    /// Names of the workbook with what they refer to, without `=`.
    pub(super) fn defined_names(&self) -> Vec<(String, String)> {
        let names = self.model.get_defined_name_list().into_iter();
        names
            .filter(|(_, scope, _)| scope.is_none())
            .map(|(name, _, formula)| (name, formula))
            .collect()
    }

    /// The range that a defined name or a table's name stands for.
    pub(super) fn range_of_name(&self, text: &str) -> Option<Node> {
        if let Some(table) = self
            .tables
            .values()
            .find(|table| table.name.eq_ignore_ascii_case(text))
        {
            return Some(Node::Range(table.sheet, table.area));
        }
        let (_, formula) = self
            .defined_names()
            .into_iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(text))?;
        let address = Address::parse(formula.trim_start_matches('=')).ok()?;
        Some(Node::Range(
            self.sheet_named(address.sheet.as_deref()?)?,
            address.area?,
        ))
    }

    pub(super) fn get_name(&mut self, node: &Node, name: &str) -> Result<Member<Node>, Fault> {
        let value: Value = match (node, name) {
            (Node::Name(of), "name") | (Node::Pivot(_, of), "name" | "id") => of.clone().into(),
            (Node::Name(of), "formula") => {
                let found = self.defined_names().into_iter().find(|(name, _)| name == of);
                let (_, formula) = found.ok_or_else(Fault::not_found)?;
                format!("={}", formula.trim_start_matches('=')).into()
            }
            (Node::Name(_), "visible") => true.into(),
            (Node::Name(of), "type") => if self.range_of_name(of).is_some() {
                "Range"
            } else {
                "String"
            }
            .into(),
            (Node::Pivot(sheet, _), "worksheet") => return Ok(Member::Node(Node::Sheet(*sheet))),
            _ => return Err(Fault::missing(&format!("{}.{name}", node.kind()))),
        };
        Ok(Member::Value(value))
    }

    pub(super) fn call_name(
        &mut self,
        node: &Node,
        name: &str,
        arguments: &[Argument<Node>],
    ) -> Result<Member<Node>, Fault> {
        let key = text_argument(arguments, 0).unwrap_or_default();
        let found = match (node, name) {
            (Node::Names, "getItem" | "getItemOrNullObject") => {
                let mut names = self.defined_names().into_iter();
                names
                    .find(|(name, _)| name.eq_ignore_ascii_case(key))
                    .map(|(name, _)| Node::Name(name))
            }
            (Node::Pivots(on), "getItem" | "getItemOrNullObject") => {
                let of = |(sheet, name): &&(super::SheetId, String)| {
                    on.is_none_or(|on| on == *sheet) && name == key
                };
                self.pivots
                    .iter()
                    .find(of)
                    .map(|(sheet, name)| Node::Pivot(*sheet, name.clone()))
            }
            (Node::Name(of), "getRange" | "getRangeOrNullObject") => self.range_of_name(of),
            _ => return Err(Fault::missing(&format!("{}.{name}()", node.kind()))),
        };
        match found {
            Some(node) => Ok(Member::Node(node)),
            None if name.ends_with("OrNullObject") => Ok(Member::Null),
            None => Err(Fault::not_found()),
        }
    }
}
