//! Writes notes: the part with their texts (ECMA-376 part 1, 18.7). Their boxes are kept in `boxes`, threads of comments,
//! each of which has a note beside it, in `threads`.

mod boxes;
mod threads;

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;

use deskhand_opc::xml::{Node, Tree, escape};
use deskhand_opc::{Blob, Draft, Package, Target};
use deskhand_operations::{Area, RefusalCode};

use crate::cells::Keep;
use crate::element_list::{self, Edit};
use crate::error::{Outcome, refuse};
use crate::notes::THREAD;
use crate::ops::sheet_add::namespaces;
use crate::ops::table_add::relationship_type;
use crate::sheet::Worksheet;
use crate::workbook::{SheetEntry, Workbook};

use boxes::TakenBox;
use threads::TakenThread;

const COMMENTS_TYPE: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.comments+xml";

/// A cell by row and column from 0.
pub(crate) type Place = (u32, u32);

/// A note taken up, to be put elsewhere.
#[derive(Clone, Debug)]
pub(crate) struct TakenNote {
    pub(crate) cell: Place,
    author: String,
    /// The element `text` as it stands, and what its prefix means.
    text: String,
    prefix: String,
    space: String,
    /// Its text without formats: how large a new box is.
    plain: String,
    /// Its box, where the drawing shows one.
    shape: Option<TakenBox>,
    /// The thread that it stands for.
    thread: Option<TakenThread>,
}

/// Puts a note on a cell, or another text into its note.
pub(crate) fn set(
    workbook: &Workbook,
    draft: &mut Draft,
    index: usize,
    cell: Place,
    author: &str,
    text: &str,
) -> Outcome<()> {
    let sheet = workbook.worksheet(index)?;
    if let Some((_, part)) = related(draft.package(), sheet, "comments")?
        && write_text(draft, &part, cell, author, text)?
    {
        return Ok(());
    }
    let new = TakenNote {
        cell,
        author: author.to_owned(),
        text: body("", text),
        prefix: String::new(),
        space: String::new(),
        plain: text.to_owned(),
        shape: None,
        thread: None,
    };
    put(workbook, draft, index, &[(&new, cell)])
}

/// The text of a note as its element.
fn body(p: &str, text: &str) -> String {
    format!(
        r#"<{p}text><{p}t xml:space="preserve">{}</{p}t></{p}text>"#,
        escape(text)
    )
}

/// Takes up the notes of an area of the file, with their boxes and threads.
pub(crate) fn take(package: &Package, sheet: &SheetEntry, area: Area) -> Outcome<Vec<TakenNote>> {
    let Some((_, part)) = related(package, sheet, "comments")? else {
        return Ok(Vec::new());
    };
    let content = package.part(&part)?;
    let tree = Tree::parse(&part, &content, package.limits())?;
    let root = tree.root();
    let authors = authors(root);
    let space = namespace(root);
    let mut taken = Vec::new();
    for node in list(root) {
        let Some(cell) = place(&node).filter(|(row, column)| area.contains(*row, *column)) else {
            continue;
        };
        let author = node.attribute("authorId").and_then(|id| id.parse::<usize>().ok());
        let text = node.child("text");
        taken.push(TakenNote {
            cell,
            author: author.and_then(|id| authors.get(id).cloned()).unwrap_or_default(),
            text: text.map_or_else(
                || body(&root.prefix_colon(), ""),
                |text| String::from_utf8_lossy(&content[text.span()]).into_owned(),
            ),
            prefix: root.prefix_colon(),
            space: space.clone(),
            plain: text.map(|text| text.text()).unwrap_or_default(),
            shape: None,
            thread: None,
        });
    }
    boxes::take(package, sheet, &mut taken)?;
    threads::take(package, sheet, &mut taken)?;
    Ok(taken)
}

/// Takes notes and threads off cells. With the last one go its parts, unless others come at once.
pub(crate) fn clear(
    workbook: &Workbook,
    draft: &mut Draft,
    sheet: &SheetEntry,
    gone: &dyn Fn(Place) -> bool,
    others_come: bool,
) -> Outcome<()> {
    let Some((relationship, part)) = related(draft.package(), sheet, "comments")? else {
        return Ok(());
    };
    let content = draft.package().part(&part)?;
    let tree = Tree::parse(&part, &content, draft.package().limits())?;
    let is_gone = |node: &Node<'_, '_>| place(node).is_some_and(gone);
    let count = list(tree.root()).count();
    let edits: Vec<Edit> = list(tree.root())
        .filter(is_gone)
        .map(|node| node.replace(""))
        .collect();
    if edits.is_empty() {
        return Ok(());
    }
    if edits.len() == count && !others_come {
        draft.remove_relationship(&sheet.part, &relationship)?;
        draft.remove_part(&part)?;
    } else {
        draft.edit(&part, edits)?;
    }
    boxes::clear(workbook, draft, sheet, gone, others_come)?;
    threads::clear(draft, sheet, gone, others_come)
}

/// Puts notes on cells that have none.
pub(crate) fn put(
    workbook: &Workbook,
    draft: &mut Draft,
    index: usize,
    notes: &[(&TakenNote, Place)],
) -> Outcome<()> {
    if notes.is_empty() {
        return Ok(());
    }
    let sheet = workbook.worksheet(index)?;
    let content = draft.package().part(&sheet.part)?;
    let strict = Worksheet::read(workbook, &sheet.part, &content, &Keep::Areas(Vec::new()))?.strict;
    let part = if let Some((_, part)) = related(draft.package(), sheet, "comments")? {
        part
    } else {
        let (space, _) = namespaces(strict);
        let part = draft.free_name("xl/comments", ".xml");
        let blank = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<comments xmlns=\"{space}\"><authors/><commentList/></comments>"
        );
        draft.add_part(&part, blank, COMMENTS_TYPE)?;
        let kind = relationship_type(strict, "comments");
        draft.add_relationship(&sheet.part, &kind, &Target::Part(part.clone()))?;
        part
    };
    let ids = threads::put(workbook, draft, index, notes)?;
    write_texts(draft, &part, notes, &ids)?;
    boxes::put(workbook, draft, index, strict, notes)
}

/// Moves notes, their boxes and threads to other cells of their sheet.
pub(crate) fn moved(
    draft: &mut Draft,
    sheet: &SheetEntry,
    to: &dyn Fn(Place) -> Option<Place>,
) -> Outcome<()> {
    let Some((_, part)) = related(draft.package(), sheet, "comments")? else {
        return Ok(());
    };
    let content = draft.package().part(&part)?;
    let tree = Tree::parse(&part, &content, draft.package().limits())?;
    let nodes: Vec<(Node<'_, '_>, Option<Place>)> =
        list(tree.root()).map(|node| (node, place(&node))).collect();
    let target = |place: Option<Place>| place.map(|place| to(place).unwrap_or(place));
    if nodes.iter().all(|(_, place)| target(*place) == *place) {
        return Ok(());
    }
    // Notes stand in the order of rows: the elements change their places with their cells.
    let mut sorted: Vec<(Node<'_, '_>, Option<Place>)> = nodes
        .iter()
        .map(|(node, place)| (*node, target(*place)))
        .collect();
    if nodes.is_sorted_by_key(|(_, place)| *place) {
        sorted.sort_by_key(|(_, place)| *place);
    }
    let edits = nodes
        .iter()
        .zip(&sorted)
        .filter_map(|((node, old), (new, place))| {
            let (row, column) = (*place)?;
            if node.span() == new.span() && old == place {
                return None;
            }
            let cell = new
                .tag()
                .set_attribute("ref", &Area::cell(row, column).to_string());
            let text = element_list::edited(&content[new.span()], new.span().start, vec![cell]);
            Some((node.span(), Blob::from(text)))
        });
    let edits: Vec<Edit> = edits.collect();
    draft.edit(&part, edits)?;
    boxes::moved(draft, sheet, to)?;
    threads::moved(draft, sheet, to)
}

/// The entries of the list of notes.
fn list<'t, 'a>(root: Node<'t, 'a>) -> impl Iterator<Item = Node<'t, 'a>> {
    let list = root.child("commentList");
    list.into_iter().flat_map(|list| list.children())
}

/// The cell of an entry.
fn place(node: &Node<'_, '_>) -> Option<Place> {
    let cell = Area::parse(&node.attribute("ref")?).ok()?;
    Some((cell.top, cell.left))
}

fn authors(root: Node<'_, '_>) -> Vec<String> {
    let list = root.child("authors");
    let authors = list.iter().flat_map(Node::children);
    authors.map(|author| author.own_text().to_owned()).collect()
}

/// What the prefix of an element means where the element says so itself.
fn namespace(root: Node<'_, '_>) -> String {
    let prefix = root.prefix_colon();
    let name = match prefix.trim_end_matches(':') {
        "" => "xmlns".to_owned(),
        prefix => format!("xmlns:{prefix}"),
    };
    root.attribute(&name).unwrap_or_default().into_owned()
}

/// The relationship of a kind from the sheet, and the part that it leads to.
fn related(package: &Package, sheet: &SheetEntry, kind: &str) -> Outcome<Option<(String, String)>> {
    let relationships = package.relationships(&sheet.part)?;
    Ok(relationships
        .into_iter()
        .filter(|relationship| relationship.is(kind))
        .find_map(|relationship| {
            let part = package.spelling(relationship.part()?)?.to_owned();
            Some((relationship.id, part))
        }))
}

/// Writes author and text of a note that is there; false where the cell has none.
fn write_text(draft: &mut Draft, part: &str, cell: Place, author: &str, text: &str) -> Outcome<bool> {
    let content = draft.package().part(part)?;
    let tree = Tree::parse(part, &content, draft.package().limits())?;
    let root = tree.root();
    let Some(node) = list(root).find(|node| place(node) == Some(cell)) else {
        return Ok(false);
    };
    let mut edits: Vec<Edit> = Vec::new();
    let ids = author_ids(part, root, [author], &mut edits)?;
    let body = body(&root.prefix_colon(), text);
    edits.push(node.tag().set_attribute("authorId", &ids[author].to_string()));
    match node.child("text") {
        Some(old) => edits.push(old.replace(&body)),
        None => edits.push(node.prepend(&body)),
    }
    draft.edit(part, edits)?;
    Ok(true)
}

/// The numbers of authors; those that are not there yet are added.
fn author_ids<'n>(
    part: &str,
    root: Node<'_, '_>,
    names: impl IntoIterator<Item = &'n str>,
    edits: &mut Vec<Edit>,
) -> Outcome<HashMap<String, usize>> {
    let (Some(list), Some(_)) = (root.child("authors"), root.child("commentList")) else {
        return refuse(
            RefusalCode::Corrupt,
            format!("`{part}` has no list of notes; nothing was changed."),
        );
    };
    let p = root.prefix_colon();
    let mut ids = HashMap::new();
    let mut next = 0;
    for author in authors(root) {
        ids.entry(author).or_insert(next);
        next += 1;
    }
    let mut new = String::new();
    for name in names {
        if !ids.contains_key(name) {
            let _ = write!(new, "<{p}author>{}</{p}author>", escape(name));
            ids.insert(name.to_owned(), next);
            next += 1;
        }
    }
    if !new.is_empty() {
        edits.push(list.append(&new));
    }
    Ok(ids)
}

/// Adds the texts of notes in the order of their cells. `threads` has new ids by the cells of notes that stand for one.
fn write_texts(
    draft: &mut Draft,
    part: &str,
    notes: &[(&TakenNote, Place)],
    threads: &HashMap<Place, String>,
) -> Outcome<()> {
    let content = draft.package().part(part)?;
    let tree = Tree::parse(part, &content, draft.package().limits())?;
    let root = tree.root();
    let author = |note: &TakenNote, cell: &Place| match threads.get(cell) {
        Some(id) => format!("{THREAD}{id}"),
        None => note.author.clone(),
    };
    let names: Vec<String> = notes.iter().map(|(note, cell)| author(note, cell)).collect();
    let mut edits: Vec<Edit> = Vec::new();
    let ids = author_ids(part, root, names.iter().map(String::as_str), &mut edits)?;
    // Before which entry each new one stands: before the first of a later cell.
    let held: Vec<Node<'_, '_>> = list(root).collect();
    let mut last = None;
    let latest: Vec<Option<Place>> = held
        .iter()
        .map(|node| {
            last = last.max(place(node));
            last
        })
        .collect();
    let mut sorted: Vec<(Place, &TakenNote, &String)> = notes
        .iter()
        .zip(&names)
        .map(|((note, cell), author)| (*cell, *note, author))
        .collect();
    sorted.sort_by_key(|(cell, ..)| *cell);
    let mut inserts: BTreeMap<usize, String> = BTreeMap::new();
    let p = root.prefix_colon();
    for (cell, note, author) in sorted {
        let before = latest.partition_point(|latest| *latest <= Some(cell));
        let (row, column) = cell;
        let _ = write!(
            inserts.entry(before).or_default(),
            r#"<{p}comment ref="{}" authorId="{}">{}</{p}comment>"#,
            Area::cell(row, column),
            ids[author],
            note.text_in(&p, &namespace(root))
        );
    }
    let all = root.child("commentList");
    edits.extend(
        inserts
            .into_iter()
            .filter_map(|(before, xml)| match held.get(before) {
                Some(node) => Some(node.before(&xml)),
                None => all.map(|list| list.append(&xml)),
            }),
    );
    draft.edit(part, edits)?;
    Ok(())
}

impl TakenNote {
    /// True where it stands for a thread of comments.
    pub(crate) fn is_thread(&self) -> bool {
        self.author.starts_with(THREAD)
    }

    /// Its text as it stands in a part whose elements have this prefix and namespace.
    fn text_in(&self, prefix: &str, space: &str) -> String {
        if self.space.is_empty() {
            return body(prefix, &self.plain);
        }
        if prefix == self.prefix && space == self.space {
            return self.text.clone();
        }
        let name = format!("<{}text", self.prefix);
        let declared = match self.prefix.trim_end_matches(':') {
            "" => format!("{name} xmlns=\"{}\"", escape(&self.space)),
            prefix => format!("{name} xmlns:{prefix}=\"{}\"", escape(&self.space)),
        };
        self.text.replacen(&name, &declared, 1)
    }
}
