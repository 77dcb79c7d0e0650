//! What stands in the text: every reference leads somewhere, everything that begins ends, no id is there twice.

use std::collections::HashSet;

use deskhand_opc::xml::{Node, Ns};

use super::Findings;
use super::known::Known;
use super::marks::{Fields, Pairs, Raw};
use crate::word::story::StoryPart;

/// Tracked changes (ECMA-376 part 1, 17.13.5), each with an id and an author.
const CHANGES: [&str; 15] = [
    "ins",
    "del",
    "moveFrom",
    "moveTo",
    "rPrChange",
    "pPrChange",
    "sectPrChange",
    "tblPrChange",
    "tblPrExChange",
    "trPrChange",
    "tcPrChange",
    "cellIns",
    "cellDel",
    "cellMerge",
    "numberingChange",
];

/// The last value that the id of a paragraph may have ([MS-DOCX] 2.6.2.3).
const LAST_PARAGRAPH: u32 = 0x7fff_ffff;

/// All stories, read one after another.
#[derive(Debug)]
pub(super) struct Stories<'k> {
    known: &'k Known,
    /// The names of bookmarks in lower case, in which Word compares them.
    bookmarks: HashSet<String>,
    /// What links and fields lead to: part, place, the bookmark's name.
    leads: Vec<(String, String, String)>,
}

impl<'k> Stories<'k> {
    pub(super) fn new(known: &'k Known) -> Self {
        Self {
            known,
            bookmarks: HashSet::new(),
            leads: Vec::new(),
        }
    }

    /// Reads a part that holds stories.
    pub(super) fn read(&mut self, found: &mut Findings<'_>, part: &StoryPart, root: Node<'_, '_>) {
        let mut walk = Walk::new(self.known);
        let mut fallback_end = 0;
        for node in root.descendants() {
            let at = node.tag().span.start;
            if at < fallback_end {
                continue;
            }
            match node.tag().ns {
                // A second form of what was looked at already.
                Ns::Markup if node.local() == "Fallback" => fallback_end = node.span().end,
                Ns::Word => walk.node(at, node),
                _ => {}
            }
        }
        walk.fields.finish(&mut walk.found);
        walk.pairs.finish(&mut walk.found);
        walk.leads.append(&mut walk.fields.leads);
        for (at, name) in walk.bookmarks {
            if !self.bookmarks.insert(name.to_lowercase()) {
                let sentence = format!("two bookmarks are called `{name}`");
                walk.found.push(("bookmark.twice", at, sentence));
            }
        }
        // Fields may give a name to a text of their own.
        self.bookmarks.extend(walk.fields.names.drain());
        for (code, at, sentence) in walk.found {
            found.add(code, &part.name, place(part, root, at), sentence);
        }
        for (at, name) in walk.leads {
            let place = place(part, root, at);
            self.leads.push((part.name.clone(), place, name));
        }
    }

    /// What can be said when all stories were read.
    pub(super) fn finish(self, found: &mut Findings<'_>) {
        for (part, place, name) in self.leads {
            let key = name.to_lowercase();
            // The beginning of the document, by its built-in name.
            if key != "_top" && !self.bookmarks.contains(&key) {
                let sentence = format!("something leads to the bookmark `{name}`, which is not there");
                found.add("bookmark.missing", &part, place, sentence);
            }
        }
    }
}

/// The id of the paragraph that stands at an offset of a part.
fn place(part: &StoryPart, root: Node<'_, '_>, at: usize) -> String {
    let stories = part.stories(root);
    let story = stories.iter().find(|story| story.node.span().contains(&at));
    let entry = story.and_then(|story| {
        let entries = story.entries();
        let mut before = entries.iter().filter(|entry| entry.node.tag().span.start <= at);
        before.next_back().map(|entry| story.id(entry))
    });
    entry.unwrap_or_default()
}

/// One part under way.
#[derive(Debug)]
struct Walk<'k> {
    known: &'k Known,
    found: Vec<Raw>,
    pairs: Pairs,
    fields: Fields,
    changes: HashSet<String>,
    paragraphs: HashSet<u32>,
    /// Bookmarks, and links to bookmarks, with their places.
    bookmarks: Vec<(usize, String)>,
    leads: Vec<(usize, String)>,
    /// Where the deletion ends that is open; a text box has text of its own.
    deleted: usize,
    boxed: usize,
}

impl<'k> Walk<'k> {
    fn new(known: &'k Known) -> Self {
        Self {
            known,
            found: Vec::new(),
            pairs: Pairs::default(),
            fields: Fields::default(),
            changes: HashSet::new(),
            paragraphs: HashSet::new(),
            bookmarks: Vec::new(),
            leads: Vec::new(),
            deleted: 0,
            boxed: 0,
        }
    }

    fn node(&mut self, at: usize, node: Node<'_, '_>) {
        let local = node.local();
        self.fields.pass(at, &mut self.found);
        self.pairs.node(at, local, node);
        match local {
            "footnote" | "endnote" | "comment" => self.fields.enter(node.span().end),
            "txbxContent" => {
                self.fields.enter(node.span().end);
                self.boxed = self.boxed.max(node.span().end);
            }
            "p" => self.paragraph(at, node),
            "tr" => self.row(at, node),
            "pStyle" => self.style(at, "paragraph", node),
            "rStyle" => self.style(at, "character", node),
            "tblStyle" => self.style(at, "table", node),
            "numId" => self.list(at, node),
            "tc" => self.cell(at, node),
            "commentReference" | "commentRangeStart" => {
                self.note(
                    at,
                    ("comment", "comment.missing"),
                    self.known.comments.as_ref(),
                    node,
                );
            }
            "footnoteReference" => {
                self.note(
                    at,
                    ("footnote", "note.missing"),
                    self.known.footnotes.as_ref(),
                    node,
                );
            }
            "endnoteReference" => {
                self.note(
                    at,
                    ("endnote", "note.missing"),
                    self.known.endnotes.as_ref(),
                    node,
                );
            }
            "bookmarkStart" => {
                let name = node.prefixed("name").unwrap_or_default();
                self.bookmarks.push((at, name.into_owned()));
            }
            "hyperlink" => {
                // With a relationship beside it the name is one in another file.
                let inside = node.prefixed("id").is_none();
                let anchor = node.prefixed("anchor").filter(|_| inside);
                self.leads.extend(anchor.map(|anchor| (at, anchor.into_owned())));
            }
            "fldChar" | "fldSimple" | "instrText" | "delInstrText" => {
                self.fields.node(at, local, node, &mut self.found);
            }
            "t" | "delText" => self.text(at, local),
            _ => {}
        }
        if CHANGES.contains(&local) {
            self.change(at, local, node);
        }
    }

    fn paragraph(&mut self, at: usize, node: Node<'_, '_>) {
        let Some(id) = node.prefixed("paraId") else {
            return;
        };
        match u32::from_str_radix(&id, 16) {
            Ok(number) if (1..=LAST_PARAGRAPH).contains(&number) => {
                if !self.paragraphs.insert(number) {
                    let sentence = format!("two paragraphs or rows have the id {id}");
                    self.found.push(("paragraph.twice", at, sentence));
                }
            }
            _ => {
                let sentence = format!("the id {id} of a paragraph or row is out of range");
                self.found.push(("paragraph.id", at, sentence));
            }
        }
    }

    fn row(&mut self, at: usize, node: Node<'_, '_>) {
        self.paragraph(at, node);
        if !node.descendants().any(|inner| inner.is(Ns::Word, "tc")) {
            let sentence = "a row of a table has no cell".to_owned();
            self.found.push(("row.empty", at, sentence));
        }
    }

    fn style(&mut self, at: usize, kind: &str, node: Node<'_, '_>) {
        let id = node.prefixed("val").unwrap_or_default();
        if !self.known.has_style(kind, &id) {
            let sentence = format!("something has the {kind} style {id}, which is not there");
            self.found.push(("style.missing", at, sentence));
        }
    }

    fn list(&mut self, at: usize, node: Node<'_, '_>) {
        let id = node.prefixed("val").unwrap_or_default();
        if !self.known.has_list(&id) {
            let sentence = format!("a paragraph is of the list {id}, which is not there");
            self.found.push(("list.missing", at, sentence));
        }
    }

    /// Word takes a cell that does not end with a paragraph for damage (ECMA-376 part 1, 17.4.65).
    fn cell(&mut self, at: usize, node: Node<'_, '_>) {
        let blocks = node.children().filter(|child| {
            matches!(
                child.local(),
                "p" | "tbl" | "sdt" | "customXml" | "altChunk" | "AlternateContent"
            )
        });
        if blocks.last().is_none_or(|last| last.is(Ns::Word, "tbl")) {
            let sentence = "a cell of a table does not end with a paragraph".to_owned();
            self.found.push(("cell.paragraph", at, sentence));
        }
    }

    fn note(
        &mut self,
        at: usize,
        (what, code): (&str, &'static str),
        defined: Option<&HashSet<String>>,
        node: Node<'_, '_>,
    ) {
        let id = node.prefixed("id").unwrap_or_default();
        if defined.is_some_and(|defined| !defined.contains(&*id)) {
            let sentence = format!("the {what} {id} is referred to and not there");
            self.found.push((code, at, sentence));
        }
    }

    fn change(&mut self, at: usize, local: &str, node: Node<'_, '_>) {
        if local == "del" && at >= self.deleted {
            self.deleted = node.span().end;
        }
        if node.prefixed("author").is_none() {
            let sentence = "a tracked change names no author".to_owned();
            self.found.push(("change.author", at, sentence));
        }
        match node.prefixed("id") {
            None => {
                let sentence = "a tracked change has no id".to_owned();
                self.found.push(("change.id", at, sentence));
            }
            Some(id) => {
                if !self.changes.insert(id.to_string()) {
                    let sentence = format!("two tracked changes have the id {id}");
                    self.found.push(("change.twice", at, sentence));
                }
            }
        }
    }

    /// Deleted text stands in elements of its own (17.4.20); in text boxes inside a deletion it may be either.
    fn text(&mut self, at: usize, local: &str) {
        if at < self.boxed {
            return;
        }
        let sentence = match (local, at < self.deleted) {
            ("t", true) => "text in a deletion stands as if it were not deleted",
            ("delText", false) => "deleted text stands outside a deletion",
            _ => return,
        };
        self.found.push(("change.text", at, sentence.to_owned()));
    }
}
