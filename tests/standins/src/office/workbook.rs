//! A workbook as Excel's objects: values and calculation by IronCalc, edits recorded for the save.
//!
//! Rows and columns are zero-based here; IronCalc counts from one. Knows Excel's members, not the wire.

mod cells;
mod charts;
mod format;
mod names;
mod node;
mod range;
mod record;
mod root;
mod sheets;
mod tables;
mod view;

use std::collections::BTreeMap;
use std::fmt;

use deskhand_opc::{Package, PatchSet};
use deskhand_operations::{Address, Area};
use ironcalc_base::Model;
use serde_json::{Value, json};

use super::batch::{Argument, Identity, Member, ObjectModel};
use super::fault::Fault;
use charts::Chart;
pub(crate) use node::{Node, SheetId};
use record::Record;
use tables::Table;
pub(crate) use view::Window;

/// The event type of a changed range.
const CHANGED: u32 = 10;
/// The event type of a changed selection.
const SELECTION_CHANGED: u32 = 14;

/// The package beside the model: what is in the file that IronCalc does not hold.
pub use record::OpenError;

/// A workbook that is open.
pub(crate) struct Workbook {
    model: Model<'static>,
    /// Cells were changed since the last calculation.
    stale: bool,
    revision: u64,
    selection: (SheetId, Area),
    tables: BTreeMap<u32, Table>,
    charts: BTreeMap<u32, Chart>,
    pivots: Vec<(SheetId, String)>,
    record: Record,
    events: Vec<Value>,
    name: String,
}

impl fmt::Debug for Workbook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Workbook")
            .field("name", &self.name)
            .field("revision", &self.revision)
            .finish_non_exhaustive()
    }
}

impl Workbook {
    /// A number that grows with every change.
    pub(crate) fn revision(&self) -> u64 {
        self.revision
    }

    /// Events since the last call, in the form that rich messages carry.
    pub(crate) fn take_events(&mut self) -> Vec<Value> {
        std::mem::take(&mut self.events)
    }

    /// True when something was changed since the last save.
    pub(crate) fn is_dirty(&self) -> bool {
        !self.record.is_empty()
    }

    /// The package, without the edits since the last save.
    pub(crate) fn package(&self) -> &Package {
        self.record.package()
    }

    /// Changes what the package holds beside the sheets.
    pub(crate) fn patch(&mut self, patches: &PatchSet) -> Result<(), Fault> {
        self.record.apply(patches)?;
        self.changed();
        Ok(())
    }

    /// Writes one cell as a person who types.
    pub(crate) fn type_into(&mut self, address: &str, value: &Value) -> Result<(), Fault> {
        let (sheet, area) = self.locate(address)?;
        self.write_grid(sheet, area, value)?;
        self.raise_changed(sheet, area, None);
        Ok(())
    }

    /// Selects a range as a person who clicks.
    pub(crate) fn select_at(&mut self, address: &str) -> Result<(), Fault> {
        let (sheet, area) = self.locate(address)?;
        self.select(sheet, area);
        Ok(())
    }

    /// Where an address lies; one without a sheet lies on the active sheet.
    fn locate(&self, address: &str) -> Result<(SheetId, Area), Fault> {
        let address = Address::parse(address).map_err(|error| Fault::argument(error.to_string()))?;
        let sheet = match &address.sheet {
            Some(name) => self.sheet_named(name).ok_or_else(Fault::not_found)?,
            None => self.selection.0,
        };
        Ok((sheet, address.area.unwrap_or_else(|| Area::cell(0, 0))))
    }

    fn select(&mut self, sheet: SheetId, area: Area) {
        if self.selection == (sheet, area) {
            return;
        }
        self.selection = (sheet, area);
        for target in [sheet.excel_id(), "Workbook".to_owned()] {
            let detail =
                json!({ "address": area.to_string(), "worksheetId": sheet.excel_id(), "workbookId": "" });
            self.raise(SELECTION_CHANGED, &target, &detail);
        }
    }

    /// Raises the change of a range; `source` names the add-in, absent for a person.
    fn raise_changed(&mut self, sheet: SheetId, area: Area, source: Option<&str>) {
        let mut detail = json!({
            "address": area.to_string(),
            "changeType": "RangeEdited",
            "source": "Local",
            "worksheetId": sheet.excel_id(),
        });
        if let Some(source) = source {
            detail["triggerSource"] = source.into();
        }
        for target in [sheet.excel_id(), "Workbook".to_owned()] {
            self.raise(CHANGED, &target, &detail);
        }
    }

    fn raise(&mut self, event: u32, target: &str, detail: &Value) {
        self.events
            .push(json!([65536, event, target, detail.to_string()]));
    }

    fn changed(&mut self) {
        self.revision += 1;
    }

    /// Recalculates where cells were changed.
    fn settle(&mut self) {
        if std::mem::take(&mut self.stale) {
            self.model.evaluate();
        }
    }
}

impl ObjectModel for Workbook {
    type Node = Node;

    fn root(&self) -> Node {
        Node::Workbook
    }

    fn service(&self, name: &str) -> Result<Node, Fault> {
        if name == "Microsoft.InternalService.AddinInternalService" {
            return Ok(Node::Service);
        }
        Err(Fault::missing(name))
    }

    fn get(&mut self, node: &Node, name: &str) -> Result<Member<Node>, Fault> {
        // Calculating takes long in a large workbook: only what reads results waits for it.
        if matches!(name, "values" | "text" | "valueTypes" | "name") {
            self.settle();
        }
        match node {
            Node::Workbook | Node::Application | Node::Service => self.get_root(node, name),
            Node::Worksheets | Node::Sheet(_) => self.get_sheet(node, name),
            Node::Range(sheet, area) => self.get_range(*sheet, *area, name),
            Node::Format(sheet, area) | Node::Fill(sheet, area) | Node::Font(sheet, area) => {
                self.get_format(node, *sheet, *area, name)
            }
            Node::Tables(_) | Node::Table(_) | Node::Columns(_) | Node::Column(..) | Node::Rows(_) => {
                self.get_table(node, name)
            }
            Node::Charts(_) | Node::Chart(_) | Node::ChartTitle(_) => self.get_chart(node, name),
            Node::Names | Node::Name(_) | Node::Pivots(_) | Node::Pivot(..) => self.get_name(node, name),
        }
    }

    fn set(&mut self, node: &Node, name: &str, value: &Value) -> Result<(), Fault> {
        match node {
            Node::Sheet(sheet) => self.set_sheet(*sheet, name, value),
            Node::Range(sheet, area) => self.set_range(*sheet, *area, name, value),
            Node::Format(sheet, area) | Node::Fill(sheet, area) | Node::Font(sheet, area) => {
                self.set_format(node, *sheet, *area, name, value)
            }
            Node::Table(table) => self.set_table(*table, name, value),
            Node::Chart(chart) | Node::ChartTitle(chart) => self.set_chart(node, *chart, name, value),
            _ => Err(Fault::missing(&format!("setting {}.{name}", node.kind()))),
        }
    }

    fn call(&mut self, node: &Node, name: &str, arguments: &[Argument<Node>]) -> Result<Member<Node>, Fault> {
        match node {
            Node::Workbook | Node::Application | Node::Service => self.call_root(node, name),
            Node::Worksheets | Node::Sheet(_) => self.call_sheet(node, name, arguments),
            Node::Range(sheet, area) => self.call_range(*sheet, *area, name, arguments),
            Node::Format(sheet, area) | Node::Fill(sheet, area) | Node::Font(sheet, area) => {
                self.call_format(node, *sheet, *area, name)
            }
            Node::Tables(_) | Node::Table(_) | Node::Columns(_) | Node::Column(..) | Node::Rows(_) => {
                self.call_table(node, name, arguments)
            }
            Node::Charts(_) | Node::Chart(_) | Node::ChartTitle(_) => self.call_chart(node, name, arguments),
            Node::Names | Node::Name(_) | Node::Pivots(_) | Node::Pivot(..) => {
                self.call_name(node, name, arguments)
            }
        }
    }

    fn items(&mut self, node: &Node) -> Result<Option<Vec<Node>>, Fault> {
        Ok(Some(match node {
            Node::Worksheets => self.sheet_ids().into_iter().map(Node::Sheet).collect(),
            Node::Tables(on) => self.table_ids(*on).into_iter().map(Node::Table).collect(),
            Node::Columns(table) => {
                let count = self.tables.get(table).map_or(0, |table| table.area.columns());
                (0..count).map(|index| Node::Column(*table, index)).collect()
            }
            Node::Charts(sheet) => self.chart_ids(*sheet).into_iter().map(Node::Chart).collect(),
            Node::Names => self
                .defined_names()
                .into_iter()
                .map(|(name, _)| Node::Name(name))
                .collect(),
            Node::Pivots(on) => {
                let wanted = self
                    .pivots
                    .iter()
                    .filter(|(sheet, _)| on.is_none_or(|on| on == *sheet));
                wanted
                    .map(|(sheet, name)| Node::Pivot(*sheet, name.clone()))
                    .collect()
            }
            _ => return Ok(None),
        }))
    }

    fn scalars(&self, node: &Node) -> &'static [&'static str] {
        node.scalars()
    }

    fn identity(&self, node: &Node) -> Identity {
        match node {
            Node::Sheet(sheet) => Identity::Id(sheet.excel_id()),
            Node::Range(..) => Identity::Reference,
            Node::Table(table) => Identity::Id(table.to_string()),
            Node::Chart(chart) => Identity::Id(charts::excel_id(*chart)),
            Node::Name(name) => Identity::HiddenId(name.clone()),
            Node::Pivot(_, name) => Identity::Id(name.clone()),
            _ => Identity::Path,
        }
    }
}

/// A text argument at a place.
fn text_argument(arguments: &[Argument<Node>], index: usize) -> Option<&str> {
    match arguments.get(index) {
        Some(Argument::Value(Value::String(text))) => Some(text),
        _ => None,
    }
}

/// A whole number at a place; absent or `null` is `None`.
fn number_argument(arguments: &[Argument<Node>], index: usize) -> Option<i64> {
    match arguments.get(index) {
        Some(Argument::Value(value)) => value.as_f64().map(|number| number as i64),
        _ => None,
    }
}
