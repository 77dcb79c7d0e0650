//! Paragraphs and tables as answers show them.

use std::collections::HashMap;

use deskhand_opc::xml::{Node, Ns};
use deskhand_opc::{Relationship, Target};
use deskhand_operations::Refusal;
use deskhand_operations::text::{
    BlockKind, CellSpan, DocumentBlock, DocumentCell, DocumentRow, FieldMark, ImageMark, LinkMark, NoteMark,
    TextRun, TrackedChange,
};

use super::grid::{GridCell, GridRow, grid};
use super::inline::{Inline, Piece, inline};
use super::names::value;
use super::numbering::{Counters, Numbering};
use super::story::{Entry, Story, StoryKind, StoryPart};
use super::styles::{NumberingMark, Styles, emphasis, outline_level};
use super::{Document, Part};
use crate::refuse;

/// Rows of a table that one answer holds.
const MAX_ROWS: usize = 500;
/// Tables in tables that are followed.
const MAX_NESTING: usize = 12;
/// English Metric Units in a point.
const EMU: f64 = 12_700.0;

/// What reading blocks needs to know of the document.
#[derive(Debug, Default)]
pub(super) struct Reading {
    styles: Styles,
    numbering: Numbering,
    /// Notes and comments by kind and id.
    notes: HashMap<(&'static str, String), NoteMark>,
    /// Answer runs too.
    pub(super) runs: bool,
}

/// Reads the blocks of one story.
#[derive(Debug)]
pub(super) struct BlockReader<'r> {
    reading: &'r Reading,
    counters: Counters,
    relationships: Vec<Relationship>,
    ids: HashMap<usize, String>,
}

impl Reading {
    /// Styles, lists and notes of a document.
    pub(super) fn of(document: &Document) -> Result<Self, Refusal> {
        let mut reading = Self {
            styles: Styles::read(document)?,
            numbering: Numbering::read(document)?,
            ..Self::default()
        };
        for part in &document.parts {
            let kind = match part.kind {
                StoryKind::Footnotes => "footnote",
                StoryKind::Endnotes => "endnote",
                StoryKind::Comments => "comment",
                _ => continue,
            };
            reading.read_notes(document, part, kind)?;
        }
        Ok(reading)
    }

    fn read_notes(
        &mut self,
        document: &Document,
        part: &StoryPart,
        kind: &'static str,
    ) -> Result<(), Refusal> {
        let content = Part::read(&document.package, &part.name)?;
        let tree = content.tree()?;
        for story in part.stories(tree.root()) {
            let attribute = |name: &str| story.node.prefixed(name).map(std::borrow::Cow::into_owned);
            let id = attribute("id").unwrap_or_default();
            let note = NoteMark {
                kind: kind.to_owned(),
                id: id.clone(),
                text: plain_text(&story),
                author: attribute("author"),
                date: attribute("date"),
            };
            self.notes.insert((kind, id), note);
        }
        Ok(())
    }

    /// A note or comment.
    pub(super) fn note(&self, kind: &'static str, id: &str) -> Option<&NoteMark> {
        self.notes.get(&(kind, id.to_owned()))
    }
}

/// A story's text, paragraphs as lines.
pub(super) fn plain_text(story: &Story<'_, '_>) -> String {
    let entries = story.entries();
    let lines = entries.iter().filter(|entry| !entry.table);
    let lines: Vec<String> = lines.map(|entry| inline(entry.node).text()).collect();
    lines.join("\n").trim().to_owned()
}

impl<'r> BlockReader<'r> {
    /// A reader for a story of a part.
    pub(super) fn new(
        reading: &'r Reading,
        document: &Document,
        part: &str,
        story: &Story<'_, '_>,
        entries: &[Entry<'_, '_>],
    ) -> Result<Self, Refusal> {
        let relationships = document.package.relationships(part);
        Ok(Self {
            reading,
            counters: Counters::default(),
            relationships: relationships.map_err(|error| refuse::package(&error))?,
            ids: entries
                .iter()
                .map(|entry| (entry.node.tag().span.start, story.id(entry)))
                .collect(),
        })
    }

    fn id(&self, node: Node<'_, '_>) -> String {
        self.ids.get(&node.tag().span.start).cloned().unwrap_or_default()
    }

    /// Passes over a block: lists go on counting.
    pub(super) fn pass(&mut self, entry: &Entry<'_, '_>) {
        if !entry.table {
            self.count(entry.node);
        }
    }

    fn count(&mut self, paragraph: Node<'_, '_>) -> Option<super::numbering::Place> {
        let properties = paragraph.child("pPr");
        let style = properties.and_then(|properties| value(properties, "pStyle"));
        let own = properties.and_then(NumberingMark::of);
        let (numbering, styles) = (&self.reading.numbering, &self.reading.styles);
        let style = style.or_else(|| styles.normal().map(|style| style.id.clone()));
        numbering.step(&mut self.counters, own, style.as_deref(), styles)
    }

    /// A paragraph or table.
    pub(super) fn block(&mut self, entry: &Entry<'_, '_>, from_row: usize) -> DocumentBlock {
        if entry.table {
            self.table(entry.node, from_row, 0)
        } else {
            self.paragraph(entry.node)
        }
    }

    /// A paragraph.
    pub(super) fn paragraph(&mut self, node: Node<'_, '_>) -> DocumentBlock {
        let properties = node.child("pPr");
        let style = properties.and_then(|properties| value(properties, "pStyle"));
        let place = self.count(node);
        let styles = &self.reading.styles;
        let inline = inline(node);
        let text = inline.text();
        let own_level = properties.and_then(outline_level);
        let outline = own_level.or_else(|| styles.outline(style.as_deref()?));
        let style = style.map(|id| styles.of(&id).map_or(id, |style| style.name.clone()));
        let title = style.as_deref().map(str::to_lowercase);
        let is_title = title.is_some_and(|name| name == "title" || name == "subtitle");
        let (kind, level) = match (outline.filter(|level| *level < 9), &place) {
            (Some(level), _) if !text.trim().is_empty() => (BlockKind::Heading, Some(level + 1)),
            _ if is_title => (BlockKind::Title, None),
            (_, Some(place)) => (BlockKind::ListItem, Some(place.level)),
            _ => (BlockKind::Paragraph, None),
        };
        let original = Some(inline.original()).filter(|original| *original != text);
        DocumentBlock {
            id: self.id(node),
            kind,
            original,
            level,
            number: place.map(|place| place.label).filter(|label| !label.is_empty()),
            style,
            runs: if self.reading.runs {
                self.runs(&inline)
            } else {
                Vec::new()
            },
            links: self.links(&inline),
            images: inline
                .drawings
                .iter()
                .map(|drawing| self.image(*drawing))
                .collect(),
            notes: self.notes(&inline),
            fields: fields(&inline),
            changes: changes(&inline),
            text,
            ..DocumentBlock::default()
        }
    }

    fn target(&self, link: &super::inline::Link) -> Option<String> {
        let by_id = |id: &String| {
            let found = self
                .relationships
                .iter()
                .find(|relationship| relationship.id == *id)?;
            Some(match &found.target {
                Target::External(target) => target.clone(),
                Target::Part(part) => part.clone(),
            })
        };
        let outside = link.relationship.as_ref().and_then(by_id);
        match (outside, &link.anchor) {
            (Some(target), Some(anchor)) => Some(format!("{target}#{anchor}")),
            (Some(target), None) => Some(target),
            (None, Some(anchor)) => Some(format!("#{anchor}")),
            (None, None) => None,
        }
    }

    fn links(&self, inline: &Inline<'_, '_>) -> Vec<LinkMark> {
        let links = inline.links.iter().filter_map(|link| {
            Some(LinkMark {
                text: link.text.clone(),
                target: self.target(link)?,
            })
        });
        links.collect()
    }

    fn notes(&self, inline: &Inline<'_, '_>) -> Vec<NoteMark> {
        let notes = inline.notes.iter();
        notes
            .filter_map(|(kind, id)| self.reading.note(kind, id).cloned())
            .collect()
    }

    fn runs(&self, inline: &Inline<'_, '_>) -> Vec<TextRun> {
        let mut runs: Vec<TextRun> = Vec::new();
        for piece in inline.pieces.iter().filter(|piece| piece.deleted.is_none()) {
            let (bold, italic, underline) = emphasis(piece.run.child("rPr"));
            let link = piece.link.and_then(|link| self.target(inline.links.get(link)?));
            let run = TextRun {
                text: piece.text.clone(),
                bold,
                italic,
                underline,
                link,
            };
            match runs.last_mut() {
                Some(last) if same_look(last, &run) => last.text.push_str(&run.text),
                _ => runs.push(run),
            }
        }
        runs
    }

    fn image(&self, node: Node<'_, '_>) -> ImageMark {
        let all = || node.descendants();
        let named = |name: &'static str| all().find(move |inner| inner.local() == name);
        let properties = named("docPr");
        let attribute = |name: &str| properties?.attribute(name).map(std::borrow::Cow::into_owned);
        let extent = named("extent");
        let side = |name: &str| Some(extent?.attribute(name)?.parse::<f64>().ok()? / EMU);
        let has = |name: &'static str| named(name).is_some();
        let kind = if node.local() == "object" {
            "object"
        } else if has("pic") || has("imagedata") {
            "picture"
        } else if all().any(|inner| inner.local() == "chart" && inner.prefixed("id").is_some()) {
            "chart"
        } else if has("relIds") {
            "diagram"
        } else {
            "shape"
        };
        let reference = named("blip").and_then(|blip| blip.prefixed("embed"));
        let reference = reference.or_else(|| named("imagedata").and_then(|data| data.prefixed("id")));
        let part = reference.and_then(|id| {
            let found = self
                .relationships
                .iter()
                .find(|relationship| relationship.id == id);
            found.and_then(Relationship::part).map(str::to_owned)
        });
        let shape = named("shape");
        let old_text = || shape?.attribute("alt").map(std::borrow::Cow::into_owned);
        ImageMark {
            kind: kind.to_owned(),
            name: attribute("name").unwrap_or_default(),
            alt_text: attribute("descr")
                .or_else(old_text)
                .filter(|text| !text.is_empty()),
            width: side("cx"),
            height: side("cy"),
            part,
        }
    }

    /// A table; rows before `from_row` are passed over.
    fn table(&mut self, node: Node<'_, '_>, from_row: usize, nesting: usize) -> DocumentBlock {
        let style = node
            .child("tblPr")
            .and_then(|properties| value(properties, "tblStyle"));
        let style = style.map(|id| self.reading.styles.of(&id).map_or(id, |style| style.name.clone()));
        let all: Vec<_> = grid(node);
        let mut rows = Vec::new();
        for (index, row) in all.iter().enumerate() {
            if index < from_row || rows.len() >= MAX_ROWS {
                self.pass_row(row);
                continue;
            }
            let cells = row.cells.iter().filter(|cell| cell.rows > 0);
            let cells = cells.map(|cell| self.cell(cell, nesting)).collect();
            rows.push(DocumentRow {
                header: row.header,
                cells,
                change: row.change.clone(),
            });
        }
        let more_rows = all.len().saturating_sub(from_row).saturating_sub(rows.len()) as u32;
        DocumentBlock {
            id: self.id(node),
            kind: BlockKind::Table,
            style,
            rows,
            more_rows,
            ..DocumentBlock::default()
        }
    }

    fn pass_row(&mut self, row: &GridRow<'_, '_>) {
        let paragraphs = row.node.descendants().filter(|node| node.is(Ns::Word, "p"));
        let known: Vec<_> = paragraphs
            .filter(|node| self.ids.contains_key(&node.tag().span.start))
            .collect();
        for paragraph in known {
            self.count(paragraph);
        }
    }

    fn cell(&mut self, cell: &GridCell<'_, '_>, nesting: usize) -> DocumentCell {
        let mut blocks = Vec::new();
        let mut passed = 0;
        for node in cell.node.descendants() {
            let at = node.tag().span.start;
            if at < passed || !self.ids.contains_key(&at) {
                continue;
            }
            if node.local() == "tbl" {
                passed = node.span().end;
                if nesting < MAX_NESTING {
                    blocks.push(self.table(node, 0, nesting + 1));
                }
            } else {
                blocks.push(self.paragraph(node));
            }
        }
        let merged = cell.columns > 1 || cell.rows > 1;
        DocumentCell {
            column: cell.column,
            span: merged.then_some(CellSpan {
                columns: cell.columns,
                rows: cell.rows,
            }),
            blocks,
        }
    }
}

fn same_look(one: &TextRun, other: &TextRun) -> bool {
    (one.bold, one.italic, one.underline, &one.link)
        == (other.bold, other.italic, other.underline, &other.link)
}

fn fields(inline: &Inline<'_, '_>) -> Vec<FieldMark> {
    let fields = inline.fields.iter().map(|field| FieldMark {
        kind: String::from(if field.control { "control" } else { "field" }),
        name: field.name.trim().to_owned(),
        text: field.text.clone(),
    });
    fields.collect()
}

/// The changes of a paragraph; neighbours of the same kind, author and time as one.
fn changes(inline: &Inline<'_, '_>) -> Vec<TrackedChange> {
    let mut changes: Vec<TrackedChange> = Vec::new();
    for mark in &inline.marks {
        let change = TrackedChange {
            kind: mark.kind,
            author: mark.author.clone(),
            date: mark.date.clone(),
            text: mark.text.clone(),
        };
        match changes.last_mut() {
            Some(last)
                if last.kind == change.kind
                    && (&last.author, &last.date) == (&change.author, &change.date)
                    && !last.text.is_empty()
                    && !change.text.is_empty() =>
            {
                last.text.push_str(&change.text);
            }
            _ => changes.push(change),
        }
    }
    changes
}

/// The pieces that a person sees with tracked changes accepted.
pub(super) fn shown<'p, 't, 'a>(inline: &'p Inline<'t, 'a>) -> impl Iterator<Item = &'p Piece<'t, 'a>> {
    inline.pieces.iter().filter(|piece| piece.deleted.is_none())
}
