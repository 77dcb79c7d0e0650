//! `document.info`: what a document holds, in numbers and headings.

use std::collections::BTreeMap;

use deskhand_opc::xml::{Node, Ns};
use deskhand_operations::Refusal;
use deskhand_operations::text::document::{ChangeCount, DocumentContent};
use deskhand_operations::text::{BlockKind, DocumentBlock};

use super::block::{BlockReader, Reading, plain_text};
use super::inline::inline;
use super::names::is_on;
use super::story::{Story, StoryKind, StoryPart};
use super::{Document, Part};
use crate::refuse;

/// Entries of a list in the answer.
const MAX_LISTED: usize = 500;

pub(super) fn info(document: &Document) -> Result<DocumentContent, Refusal> {
    let package = &document.package;
    let mut content = DocumentContent {
        kind: "document".to_owned(),
        title: title(document)?,
        signed: package.is_signed().map_err(|error| refuse::package(&error))?,
        label: package.label().map_err(|error| refuse::package(&error))?,
        ..DocumentContent::default()
    };
    settings(document, &mut content)?;
    let reading = Reading::of(document)?;
    let mut authors = BTreeMap::new();
    for part in &document.parts {
        let source = Part::read(package, &part.name)?;
        let tree = source.tree()?;
        for story in part.stories(tree.root()) {
            count_story(document, &reading, part, &story, &mut content)?;
        }
        count_changes(tree.root(), &mut authors);
    }
    content.changes = authors
        .into_iter()
        .take(MAX_LISTED)
        .map(|(author, changes)| ChangeCount { author, changes })
        .collect();
    Ok(content)
}

fn count_story(
    document: &Document,
    reading: &Reading,
    part: &StoryPart,
    story: &Story<'_, '_>,
    content: &mut DocumentContent,
) -> Result<(), Refusal> {
    match part.kind {
        StoryKind::Body => count_body(document, reading, part, story, content)?,
        StoryKind::Header | StoryKind::Footer => content.margins.push(DocumentBlock {
            id: story.name.clone(),
            text: plain_text(story),
            ..DocumentBlock::default()
        }),
        StoryKind::Footnotes => content.footnotes += 1,
        StoryKind::Endnotes => content.endnotes += 1,
        StoryKind::Comments => {
            let id = story.node.prefixed("id").unwrap_or_default();
            let note = reading.note("comment", &id).cloned();
            content
                .comments
                .extend(note.filter(|_| content.comments.len() < MAX_LISTED));
        }
    }
    Ok(())
}

fn count_body(
    document: &Document,
    reading: &Reading,
    part: &StoryPart,
    story: &Story<'_, '_>,
    content: &mut DocumentContent,
) -> Result<(), Refusal> {
    let entries = story.entries();
    let mut reader = BlockReader::new(reading, document, &part.name, story, &entries)?;
    for entry in &entries {
        if entry.table {
            content.tables += 1;
            continue;
        }
        content.paragraphs += 1;
        let block = reader.paragraph(entry.node);
        content.images += block.images.len() as u32;
        content.words += inline(entry.node).text().split_whitespace().count() as u32;
        let heading = matches!(block.kind, BlockKind::Heading | BlockKind::Title);
        if heading && content.headings.len() < MAX_LISTED {
            content.headings.push(DocumentBlock {
                id: block.id,
                kind: block.kind,
                text: block.text,
                level: block.level,
                number: block.number,
                ..DocumentBlock::default()
            });
        }
    }
    Ok(())
}

/// Tracked changes under a root by author.
fn count_changes(root: Node<'_, '_>, authors: &mut BTreeMap<String, u32>) {
    for node in root.descendants().filter(|node| node.tag().ns == Ns::Word) {
        let tracked =
            matches!(node.local(), "ins" | "del" | "moveFrom" | "moveTo") || node.local().ends_with("Change");
        if let Some(author) = node.prefixed("author").filter(|_| tracked) {
            *authors.entry(author.into_owned()).or_default() += 1;
        }
    }
}

fn title(document: &Document) -> Result<Option<String>, Refusal> {
    let Some(part) = Part::related(&document.package, "", "core-properties")? else {
        return Ok(None);
    };
    let tree = part.tree()?;
    let title = tree.root().children().find(|node| node.local() == "title");
    let title = title.map(|node| node.text().trim().to_owned());
    Ok(title.filter(|title| !title.is_empty()))
}

fn settings(document: &Document, content: &mut DocumentContent) -> Result<(), Refusal> {
    let Some(part) = Part::related(&document.package, &document.main, "settings")? else {
        return Ok(());
    };
    let tree = part.tree()?;
    content.tracking = tree.root().child("trackRevisions").is_some_and(is_on);
    content.protection = protection(tree.root());
    Ok(())
}

/// What people may still do, where the document is protected (ECMA-376 part 1, 17.15.1.29).
pub(super) fn protection(settings: Node<'_, '_>) -> Option<String> {
    let node = settings.child("documentProtection")?;
    let enforced = node.prefixed("enforcement")?;
    let on = !matches!(&*enforced, "0" | "false" | "off");
    let edit = node.prefixed("edit").filter(|edit| on && *edit != "none")?;
    Some(edit.into_owned())
}
