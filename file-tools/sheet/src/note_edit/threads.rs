//! Threads of comments ([MS-XLSX] 2.6.203) that go with the notes beside them. A copy is a thread of its own: each of its
//! comments has a new id, made of what it stands for (Invariant 10).

use std::collections::HashMap;

use deskhand_opc::xml::{Node, Tree};
use deskhand_opc::{Blob, Draft, Package, Target};
use deskhand_operations::Area;

use super::{Place, TakenNote, place, related};
use crate::comments::guid;
use crate::element_list::{self, Edit};
use crate::error::Outcome;
use crate::workbook::{SheetEntry, Workbook};

const SPACE: &str = "http://schemas.microsoft.com/office/spreadsheetml/2018/threadedcomments";
const THREADS_TYPE: &str = "application/vnd.ms-excel.threadedcomments+xml";
const RELATIONSHIP: &str = "http://schemas.microsoft.com/office/2017/10/relationships/threadedComment";
const KIND: &str = "threadedComment";

/// A thread taken up with its note.
#[derive(Clone, Debug)]
pub(super) struct TakenThread {
    /// The prefix of its elements, with its colon.
    prefix: String,
    /// Its comments as they stand, in their order.
    comments: Vec<String>,
}

/// Takes up the threads of notes.
pub(super) fn take(package: &Package, sheet: &SheetEntry, notes: &mut [TakenNote]) -> Outcome<()> {
    if !notes.iter().any(TakenNote::is_thread) {
        return Ok(());
    }
    let Some((_, part)) = related(package, sheet, KIND)? else {
        return Ok(());
    };
    let content = package.part(&part)?;
    let tree = Tree::parse(&part, &content, package.limits())?;
    let mut held: HashMap<Place, Vec<String>> = HashMap::new();
    for node in tree.root().children().filter(|node| node.local() == KIND) {
        if let Some(cell) = place(&node) {
            let xml = String::from_utf8_lossy(&content[node.span()]).into_owned();
            held.entry(cell).or_default().push(xml);
        }
    }
    for note in notes.iter_mut().filter(|note| note.is_thread()) {
        note.thread = held.remove(&note.cell).map(|comments| TakenThread {
            prefix: tree.root().prefix_colon(),
            comments,
        });
    }
    Ok(())
}

/// Takes threads out; with the last one goes the part, unless others come.
pub(super) fn clear(
    draft: &mut Draft,
    sheet: &SheetEntry,
    gone: &dyn Fn(Place) -> bool,
    others_come: bool,
) -> Outcome<()> {
    let Some((relationship, part)) = related(draft.package(), sheet, KIND)? else {
        return Ok(());
    };
    let content = draft.package().part(&part)?;
    let tree = Tree::parse(&part, &content, draft.package().limits())?;
    let all: Vec<Node<'_, '_>> = tree.root().children().collect();
    let edits: Vec<Edit> = all
        .iter()
        .filter(|node| place(node).is_some_and(gone))
        .map(|node| node.replace(""))
        .collect();
    if !edits.is_empty() && edits.len() == all.len() && !others_come {
        draft.remove_relationship(&sheet.part, &relationship)?;
        draft.remove_part(&part)?;
    } else {
        draft.edit(&part, edits)?;
    }
    Ok(())
}

/// Moves threads with their cells.
pub(super) fn moved(
    draft: &mut Draft,
    sheet: &SheetEntry,
    to: &dyn Fn(Place) -> Option<Place>,
) -> Outcome<()> {
    let Some((_, part)) = related(draft.package(), sheet, KIND)? else {
        return Ok(());
    };
    let content = draft.package().part(&part)?;
    let tree = Tree::parse(&part, &content, draft.package().limits())?;
    let edits: Vec<Edit> = tree
        .root()
        .children()
        .filter_map(|node| {
            let (row, column) = to(place(&node)?)?;
            Some(
                node.tag()
                    .set_attribute("ref", &Area::cell(row, column).to_string()),
            )
        })
        .collect();
    draft.edit(&part, edits)?;
    Ok(())
}

/// Puts copies of threads on cells: the new ids of their first comments, by cell.
pub(super) fn put(
    workbook: &Workbook,
    draft: &mut Draft,
    index: usize,
    notes: &[(&TakenNote, Place)],
) -> Outcome<HashMap<Place, String>> {
    let mut ids = HashMap::new();
    let threads: Vec<(&TakenThread, Place)> = notes
        .iter()
        .filter_map(|(note, cell)| Some((note.thread.as_ref()?, *cell)))
        .collect();
    let Some((first, _)) = threads.first() else {
        return Ok(ids);
    };
    let sheet = workbook.worksheet(index)?;
    let part = if let Some((_, part)) = related(draft.package(), sheet, KIND)? {
        part
    } else {
        let part = draft.free_name("xl/threadedComments/threadedComment", ".xml");
        let p = &first.prefix;
        let declared = declaration(p);
        let blank = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<{p}ThreadedComments {declared}=\"{SPACE}\"></{p}ThreadedComments>"
        );
        draft.add_part(&part, blank, THREADS_TYPE)?;
        draft.add_relationship(&sheet.part, RELATIONSHIP, &Target::Part(part.clone()))?;
        part
    };
    let content = draft.package().part(&part)?;
    let tree = Tree::parse(&part, &content, draft.package().limits())?;
    let mut taken: Vec<String> = tree
        .root()
        .children()
        .filter_map(|node| Some(node.attribute("id")?.to_uppercase()))
        .collect();
    let mut xml = Vec::new();
    let prefix = tree.root().prefix_colon();
    for (thread, cell) in threads {
        let (id, comments) = thread.at(&part, &prefix, cell, &mut taken)?;
        xml.extend(comments);
        ids.insert(cell, id);
    }
    let edit = tree.root().append(&String::from_utf8_lossy(&xml));
    draft.edit(&part, [edit])?;
    Ok(ids)
}

/// The attribute that says what a prefix with its colon means.
fn declaration(prefix: &str) -> String {
    match prefix.trim_end_matches(':') {
        "" => "xmlns".to_owned(),
        prefix => format!("xmlns:{prefix}"),
    }
}

impl TakenThread {
    /// A copy of the thread on a cell, with the id of its first comment.
    fn at(
        &self,
        part: &str,
        prefix: &str,
        (row, column): Place,
        taken: &mut Vec<String>,
    ) -> Outcome<(String, Vec<u8>)> {
        let cell = Area::cell(row, column).to_string();
        let mut fresh: HashMap<String, String> = HashMap::new();
        let mut new_id = |old: &str, taken: &mut Vec<String>| {
            if let Some(id) = fresh.get(old) {
                return id.clone();
            }
            let mut count = 0u32;
            let id = loop {
                let id = guid(&["copy", part, &cell, old, &count.to_string()]);
                if !taken.contains(&id) {
                    break id;
                }
                count += 1;
            };
            taken.push(id.clone());
            fresh.insert(old.to_owned(), id.clone());
            id
        };
        let mut first = None;
        let mut all = Vec::new();
        for comment in &self.comments {
            let tree = Tree::parse("a comment", comment.as_bytes(), &deskhand_opc::Limits::default())?;
            let root = tree.root();
            let mut edits: Vec<Edit> = vec![root.tag().set_attribute("ref", &cell)];
            if prefix != self.prefix {
                edits.push(root.tag().set_attribute(&declaration(&self.prefix), SPACE));
            }
            for node in root.descendants() {
                for name in ["id", "parentId", "mentionId"] {
                    let Some(held) = node.tag().find(name) else {
                        continue;
                    };
                    let id = new_id(held.raw, taken);
                    if name == "id" && node.parent().is_none() && root.tag().find("parentId").is_none() {
                        first.get_or_insert(id.clone());
                    }
                    edits.push((held.value_span, Blob::from(id)));
                }
            }
            all.extend(element_list::edited(comment.as_bytes(), 0, edits));
        }
        Ok((first.unwrap_or_default(), all))
    }
}
