//! Members of the workbook itself and of the application.

use serde_json::Value;

use super::{Area, Fault, Member, Node, Workbook};

impl Workbook {
    pub(super) fn get_root(&mut self, node: &Node, name: &str) -> Result<Member<Node>, Fault> {
        if *node == Node::Application {
            return match name {
                "calculationMode" => Ok(Member::Value("Automatic".into())),
                "calculationState" => Ok(Member::Value("Done".into())),
                _ => Err(Fault::missing(&format!("Application.{name}"))),
            };
        }
        let node = match (node, name) {
            (Node::Workbook, "worksheets") => Node::Worksheets,
            (Node::Workbook, "application") => Node::Application,
            (Node::Workbook, "names") => Node::Names,
            (Node::Workbook, "tables") => Node::Tables(None),
            (Node::Workbook, "pivotTables") => Node::Pivots(None),
            (Node::Workbook, "name") => return Ok(Member::Value(self.name.clone().into())),
            (Node::Workbook, "isDirty") => return Ok(Member::Value(self.is_dirty().into())),
            (Node::Workbook, "readOnly") => return Ok(Member::Value(false.into())),
            _ => return Err(Fault::missing(&format!("{}.{name}", node.kind()))),
        };
        Ok(Member::Node(node))
    }

    pub(super) fn call_root(&mut self, node: &Node, name: &str) -> Result<Member<Node>, Fault> {
        let (sheet, area) = self.selection;
        match (node, name) {
            (Node::Workbook, "getSelectedRange") => Ok(Member::Node(Node::Range(sheet, area))),
            (Node::Workbook, "getActiveCell") => {
                Ok(Member::Node(Node::Range(sheet, Area::cell(area.top, area.left))))
            }
            (Node::Service, "notifyActionHandlerReady") | (Node::Application, "calculate") => {
                Ok(Member::Value(Value::Null))
            }
            _ => Err(Fault::missing(&format!("{}.{name}()", node.kind()))),
        }
    }
}
