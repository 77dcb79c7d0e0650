//! Notes on sheets (ECMA-376 part 1, 18.7): which cells have one, whose, and what it says.

use deskhand_opc::Package;
use deskhand_opc::xml::{Node, Tree};
use deskhand_operations::Area;

use crate::error::Outcome;
use crate::workbook::SheetEntry;

/// How the author of a note that stands for a thread of comments begins ([MS-XLSX] 2.6.205).
pub(crate) const THREAD: &str = "tc=";

/// A note.
#[derive(Clone, Debug)]
pub(crate) struct Note {
    pub(crate) row: u32,
    pub(crate) column: u32,
    pub(crate) author: String,
    pub(crate) text: String,
    /// True where it stands for a thread of comments, for programs that know none.
    pub(crate) is_thread: bool,
}

/// The notes of a sheet in the order of its part.
pub(crate) fn of_sheet(package: &Package, sheet: &SheetEntry) -> Outcome<Vec<Note>> {
    let mut notes = Vec::new();
    if sheet.part.is_empty() {
        return Ok(notes);
    }
    for part in package.related(&sheet.part, "comments")? {
        let content = package.part(&part)?;
        let tree = Tree::parse(&part, &content, package.limits())?;
        let root = tree.root();
        let authors: Vec<String> = root
            .child("authors")
            .iter()
            .flat_map(Node::children)
            .map(|author| author.own_text().to_owned())
            .collect();
        for node in root.child("commentList").iter().flat_map(Node::children) {
            let Some(cell) = node.attribute("ref").and_then(|cell| Area::parse(&cell).ok()) else {
                continue;
            };
            let author = node
                .attribute("authorId")
                .and_then(|id| id.parse::<usize>().ok())
                .and_then(|id| authors.get(id).cloned())
                .unwrap_or_default();
            notes.push(Note {
                row: cell.top,
                column: cell.left,
                is_thread: author.starts_with(THREAD),
                author,
                text: node.child("text").map(text).unwrap_or_default(),
            });
        }
    }
    Ok(notes)
}

/// The text of a note: its runs joined, phonetics left out.
fn text(node: Node<'_, '_>) -> String {
    let is_phonetic = |node: &Node<'_, '_>| node.parent().is_some_and(|parent| parent.local() == "rPh");
    node.descendants()
        .filter(|node| node.local() == "t" && !is_phonetic(node))
        .map(|node| node.own_text().to_owned())
        .collect()
}
