//! What must hold on a slide, layout, master or notes page.

use std::collections::HashSet;

use deskhand_opc::integrity::Links;
use deskhand_opc::xml::{Node, Ns};
use deskhand_operations::Refusal;

use super::Findings;

impl Findings<'_> {
    pub(super) fn sheet(&mut self, part: &str, root: Node<'_, '_>, links: &Links) -> Result<(), Refusal> {
        self.owners(part, root, links)?;
        let ids = self.shape_ids(part, root);
        for node in root.descendants() {
            match node.local() {
                "txBody" if node.is(Ns::Presentation, "txBody") || node.is(Ns::Drawing, "txBody") => {
                    self.text_body(part, node);
                }
                "tbl" if node.is(Ns::Drawing, "tbl") => self.table(part, node),
                "spTgt" => {
                    let shape = node.attribute("spid").unwrap_or_default();
                    if !ids.contains(&*shape) {
                        let sentence = format!("an animation is about the shape {shape}, which is not there");
                        self.add("animation.shape", part, shape, sentence);
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// A slide has one layout, a layout one master, and a notes page belongs to one slide, which says so too.
    fn owners(&mut self, part: &str, root: Node<'_, '_>, links: &Links) -> Result<(), Refusal> {
        let count = |kind: &str| links.values().filter(|link| link.is(kind)).count();
        let (owner, what) = match root.local() {
            "sld" => ("slideLayout", "a slide has not exactly one layout"),
            "sldLayout" => ("slideMaster", "a layout has not exactly one master"),
            "sldMaster" | "notesMaster" | "handoutMaster" => ("theme", "a master has not exactly one theme"),
            _ => ("notesMaster", "a notes page has not exactly one master"),
        };
        if count(owner) != 1 {
            self.add("sheet.owner", part, owner, what.to_owned());
        }
        if root.local() != "sld" {
            return Ok(());
        }
        if count("notesSlide") > 1 {
            let sentence = "a slide has more than one notes page".to_owned();
            self.add("notes.slide", part, "notesSlide", sentence);
        }
        let notes = links.values().filter(|link| link.is("notesSlide"));
        for notes in notes.filter_map(|link| self.package.spelling(link.part()?)) {
            let back = self
                .package
                .relationships(notes)
                .map_err(|error| crate::refuse::package(&error))?;
            let mut slides = back.iter().filter(|link| link.is("slide"));
            if !slides.any(|link| link.part().is_some_and(|back| back.eq_ignore_ascii_case(part))) {
                let sentence = "the notes page of a slide belongs to another slide".to_owned();
                self.add("notes.slide", part, "notesSlide", sentence);
            }
        }
        Ok(())
    }

    /// The ids of the shapes, each of which is there once (20.1.2.2.8 `cNvPr`). Of the alternatives of a shape only one is
    /// shown, and they may share an id.
    fn shape_ids(&mut self, part: &str, root: Node<'_, '_>) -> HashSet<String> {
        let mut ids = HashSet::new();
        for node in root
            .descendants()
            .filter(|node| node.is(Ns::Presentation, "cNvPr"))
        {
            let id = node.attribute("id").unwrap_or_default().into_owned();
            let is_choice = std::iter::successors(node.parent(), Node::parent)
                .any(|outer| outer.is(Ns::Markup, "AlternateContent"));
            if !ids.insert(id.clone()) && !is_choice {
                let sentence = format!("two shapes have the id {id}");
                self.add("shape.id", part, id, sentence);
            }
        }
        ids
    }

    /// A body has a paragraph (21.1.2.1.1).
    fn text_body(&mut self, part: &str, body: Node<'_, '_>) {
        if body.child_in(Ns::Drawing, "p").is_none() {
            let sentence = "a text has no paragraph".to_owned();
            self.add("text.paragraph", part, shape_of(body), sentence);
        }
    }

    /// Rows have as many cells as the table has columns, merged cells end inside it, and cells hold a text (21.1.3).
    fn table(&mut self, part: &str, table: Node<'_, '_>) {
        let children =
            |node: Node<'_, '_>, local: &str| node.children().filter(|child| child.local() == local).count();
        let columns = table.child("tblGrid").map_or(0, |grid| children(grid, "gridCol"));
        let rows = children(table, "tr");
        for (index, row) in table.children().filter(|child| child.local() == "tr").enumerate() {
            let cells = children(row, "tc");
            let reaches = row
                .children()
                .filter(|child| child.local() == "tc")
                .enumerate()
                .any(|(column, cell)| {
                    let span = |name: &str| -> usize {
                        let span = cell.attribute(name).and_then(|span| span.parse().ok());
                        span.unwrap_or(1)
                    };
                    column.saturating_add(span("gridSpan")) > columns
                        || index.saturating_add(span("rowSpan")) > rows
                });
            if cells != columns || reaches {
                let sentence = format!(
                    "row {} of a table has {cells} cells where the table has {columns} columns and {rows} rows",
                    index + 1
                );
                self.add("table.grid", part, shape_of(table), sentence);
                return;
            }
        }
    }
}

/// The id of the shape that a node is in.
fn shape_of(node: Node<'_, '_>) -> String {
    std::iter::successors(node.parent(), Node::parent)
        .find_map(|outer| {
            let head = outer.children().next()?.child("cNvPr")?;
            Some(head.attribute("id")?.into_owned())
        })
        .unwrap_or_default()
}
