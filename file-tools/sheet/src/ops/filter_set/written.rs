//! Writes a filter: of a sheet, or of a table in its own part.

use std::collections::BTreeMap;

use deskhand_opc::xml::{Node, Tree};
use deskhand_opc::{Blob, Draft};
use deskhand_operations::Area;

use super::criterion::Criterion;
use super::rows::Rows;
use super::{DATABASE, is_same};
use crate::cells::Keep;
use crate::element_list::{self, Edit};
use crate::error::Outcome;
use crate::names::{self, NewName};
use crate::sheet::Worksheet;
use crate::tables::TableEntry;
use crate::workbook::Workbook;

/// A filter to be written.
pub(super) struct NewFilter<'f> {
    pub(super) rows: &'f Rows,
    pub(super) criteria: &'f [Criterion],
    /// Formats that tell colours, by column.
    pub(super) differences: BTreeMap<u32, usize>,
    /// What other columns have stays.
    pub(super) keep: bool,
    /// Some column is filtered.
    pub(super) filters: bool,
    pub(super) remove: bool,
}

impl NewFilter<'_> {
    /// The element; of the one that is there stays what says nothing about rows: buttons, the order of a sort,
    /// extensions.
    fn xml(&self, p: &str, held: Option<(Node<'_, '_>, &[u8])>) -> String {
        let area = self.rows.area;
        let is_same = |node: &Node<'_, '_>| {
            let held = node.attribute("ref").and_then(|area| Area::parse(&area).ok());
            held.is_some_and(|held| is_same(held, area))
        };
        let held = held.filter(|(node, _)| is_same(node));
        let mut columns: BTreeMap<u32, String> = BTreeMap::new();
        let of_held = held.iter().flat_map(|(node, _)| node.children());
        let mut old: Vec<Node<'_, '_>> = of_held.filter(|node| node.local() == "filterColumn").collect();
        for node in &old {
            let Some(id) = node.attribute("colId").and_then(|id| id.parse().ok()) else {
                continue;
            };
            let buttons = buttons(node);
            if let (true, Some((root, raw))) = (self.keep, &held) {
                let from = root.span().start;
                let own = &raw[node.span().start - from..node.span().end - from];
                columns.insert(id, String::from_utf8_lossy(own).into_owned());
            } else if !buttons.is_empty() {
                columns.insert(id, format!(r#"<{p}filterColumn colId="{id}"{buttons}/>"#));
            }
        }
        for criterion in self.criteria {
            let id = criterion.column - area.left;
            let of_id =
                |node: &&Node<'_, '_>| node.attribute("colId").is_some_and(|held| held == id.to_string());
            let buttons = old.iter().find(of_id).map(buttons).unwrap_or_default();
            let inner = criterion.xml(self.rows, p, self.differences.get(&criterion.column).copied());
            let xml = format!(r#"<{p}filterColumn colId="{id}"{buttons}>{inner}</{p}filterColumn>"#);
            columns.insert(id, xml);
        }
        let inner: String = columns.into_values().collect();
        let Some((node, raw)) = held else {
            return if inner.is_empty() {
                format!(r#"<{p}autoFilter ref="{area}"/>"#)
            } else {
                format!(r#"<{p}autoFilter ref="{area}">{inner}</{p}autoFilter>"#)
            };
        };
        let mut edits = vec![node.tag().set_attribute("ref", &area.to_string())];
        match (old.first().map(Node::span), old.pop().map(|node| node.span())) {
            (Some(first), Some(last)) => edits.push((first.start..last.end, inner.as_str().into())),
            _ if inner.is_empty() => {}
            _ => edits.push(node.prepend(&inner)),
        }
        String::from_utf8_lossy(&element_list::edited(raw, node.span().start, edits)).into_owned()
    }

    /// The sheet's own filter: its element, the mark of the sheet and the hidden name.
    pub(super) fn to_sheet(&self, workbook: &Workbook, draft: &mut Draft, index: usize) -> Outcome<()> {
        let sheet = workbook.worksheet(index)?;
        let content = draft.package().part(&sheet.part)?;
        let scanned = Worksheet::read(workbook, &sheet.part, &content, &Keep::Areas(Vec::new()))?;
        let held = scanned.fragment("autoFilter", draft.package().limits())?;
        let at = scanned.find("autoFilter").map(|held| held.span.clone());
        let mut edits: Vec<Edit> = match (at, &held) {
            (Some(at), _) if self.remove => vec![(at, Blob::default())],
            (Some(at), Some(held)) => {
                let root = (held.tree.root(), &content[at.clone()]);
                vec![(at, self.xml(&scanned.prefix, Some(root)).into())]
            }
            _ if self.remove => Vec::new(),
            _ => vec![scanned.insert("autoFilter", &self.xml(&scanned.prefix, None))],
        };
        let mode = self.filters.then(|| "1".to_owned());
        edits.extend(element_list::attributes(
            &scanned,
            "sheetPr",
            &[("filterMode", mode)],
        ));
        draft.edit(&sheet.part, edits)?;
        if self.remove {
            return names::remove(workbook, draft, DATABASE, Some(index));
        }
        let refers_to = names::absolute(&sheet.name, self.rows.area);
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
    pub(super) fn to_table(&self, draft: &mut Draft, table: &TableEntry) -> Outcome<()> {
        let content = draft.package().part(&table.part)?;
        let tree = Tree::parse(&table.part, &content, draft.package().limits())?;
        let root: Node<'_, '_> = tree.root();
        // It is the first child of a table.
        let edit = match root.child("autoFilter") {
            Some(held) if self.remove => held.replace(""),
            Some(held) => {
                let raw = &content[held.span()];
                held.replace(&self.xml(&root.prefix_colon(), Some((held, raw))))
            }
            None if self.remove => return Ok(()),
            None => root.prepend(&self.xml(&root.prefix_colon(), None)),
        };
        draft.edit(&table.part, [edit])?;
        Ok(())
    }
}

/// What a column says of its button.
fn buttons(node: &Node<'_, '_>) -> String {
    let held = ["hiddenButton", "showButton"].map(|name| {
        let value = node.tag().find(name);
        value.map_or_else(String::new, |value| format!(r#" {name}="{}""#, value.raw))
    });
    held.concat()
}
