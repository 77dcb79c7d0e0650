//! Stories: the main text, headers, footers, notes and comments; and the ids of their blocks.
//!
//! Paragraphs and tables are counted from 1 in the order of the file, those in tables and text boxes among them. What
//! stands in `mc:Fallback` is a second form of what was counted already and is passed over.

use deskhand_opc::Package;
use deskhand_opc::xml::{Node, Ns};
use deskhand_operations::Refusal;

use crate::refuse;

/// What kind of text a part holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StoryKind {
    Body,
    Header,
    Footer,
    Footnotes,
    Endnotes,
    Comments,
}

/// A part that holds one story, or many of a kind.
#[derive(Clone, Debug)]
pub(super) struct StoryPart {
    pub(super) kind: StoryKind,
    pub(super) name: String,
    /// For headers and footers their number, from 1 in the order of the relationships.
    number: usize,
}

/// One story in its part.
#[derive(Clone, Debug)]
pub(super) struct Story<'t, 'a> {
    /// Empty for the main text, otherwise `header1`, `footnote2`.
    pub(super) name: String,
    pub(super) node: Node<'t, 'a>,
}

/// A paragraph or table of a story.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry<'t, 'a> {
    pub(super) node: Node<'t, 'a>,
    pub(super) number: u32,
    pub(super) table: bool,
    /// True inside a table.
    pub(super) nested: bool,
    /// True where the text stands in two forms for different versions of Word.
    pub(super) twofold: bool,
}

/// The parts of a document that hold text: the main one first, then by kind.
pub(super) fn story_parts(package: &Package, main: &str) -> Result<Vec<StoryPart>, Refusal> {
    let mut parts = vec![StoryPart {
        kind: StoryKind::Body,
        name: main.to_owned(),
        number: 0,
    }];
    for (relationship, kind) in [
        ("header", StoryKind::Header),
        ("footer", StoryKind::Footer),
        ("footnotes", StoryKind::Footnotes),
        ("endnotes", StoryKind::Endnotes),
        ("comments", StoryKind::Comments),
    ] {
        let related = package.related(main, relationship);
        let mut names = related.map_err(|error| refuse::package(&error))?;
        names.sort_by_key(|name| (name.len(), name.clone()));
        names.dedup();
        // A damaged file may point at the main part again.
        names.retain(|name| parts.iter().all(|part| part.name != *name));
        parts.extend(names.into_iter().enumerate().map(|(index, name)| StoryPart {
            kind,
            name,
            number: index + 1,
        }));
    }
    Ok(parts)
}

impl StoryPart {
    /// The stories under the part's root.
    pub(super) fn stories<'t, 'a>(&self, root: Node<'t, 'a>) -> Vec<Story<'t, 'a>> {
        let one = |name: String, node| Story { name, node };
        let many = |element: &'static str| {
            let notes = root.children().filter(move |node| node.is(Ns::Word, element));
            // Separators between text and notes are notes of their own kind in the file.
            let notes = notes.filter(|node| node.prefixed("type").is_none_or(|kind| kind == "normal"));
            let named = notes.map(|node| {
                let id = node.prefixed("id").unwrap_or_default();
                one(format!("{element}{id}"), node)
            });
            named.collect()
        };
        match self.kind {
            StoryKind::Body => root
                .child("body")
                .map(|body| one(String::new(), body))
                .into_iter()
                .collect(),
            StoryKind::Header => vec![one(format!("header{}", self.number), root)],
            StoryKind::Footer => vec![one(format!("footer{}", self.number), root)],
            StoryKind::Footnotes => many("footnote"),
            StoryKind::Endnotes => many("endnote"),
            StoryKind::Comments => many("comment"),
        }
    }
}

impl<'t, 'a> Story<'t, 'a> {
    /// Its paragraphs and tables in the order of the file.
    pub(super) fn entries(&self) -> Vec<Entry<'t, 'a>> {
        let (mut paragraphs, mut tables) = (0, 0);
        let (mut fallback_end, mut table_end, mut choice_end) = (0, 0, 0);
        let mut entries = Vec::new();
        for node in self.node.descendants() {
            let at = node.tag().span.start;
            if at < fallback_end {
                continue;
            }
            match (node.tag().ns, node.local()) {
                (Ns::Markup, "Fallback") => fallback_end = node.span().end,
                (Ns::Markup, "Choice") => choice_end = choice_end.max(node.span().end),
                (Ns::Word, "p" | "tbl") => {
                    let table = node.local() == "tbl";
                    let counter = if table { &mut tables } else { &mut paragraphs };
                    *counter += 1;
                    entries.push(Entry {
                        node,
                        number: *counter,
                        table,
                        nested: at < table_end,
                        twofold: at < choice_end,
                    });
                    if table {
                        table_end = table_end.max(node.span().end);
                    }
                }
                _ => {}
            }
        }
        entries
    }

    /// The id of an entry.
    pub(super) fn id(&self, entry: &Entry<'_, '_>) -> String {
        let letter = if entry.table { 't' } else { 'p' };
        if self.name.is_empty() {
            format!("{letter}{}", entry.number)
        } else {
            format!("{}/{letter}{}", self.name, entry.number)
        }
    }
}

/// The story of a block's id, and the block's own part: `header1/p2` is `("header1", "p2")`.
pub(super) fn split_id(id: &str) -> (&str, &str) {
    id.rsplit_once('/').unwrap_or(("", id))
}
