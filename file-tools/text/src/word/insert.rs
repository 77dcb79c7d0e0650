//! `document.insert`: new blocks after a block.

use std::ops::Range;

use deskhand_opc::xml::{Node, Ns};
use deskhand_opc::{Blob, Draft};
use deskhand_operations::text::document::{DocumentInsert, NewBlock, NewText};
use deskhand_operations::{Applied, Refusal};

use super::compose::{Composer, Neighbours};
use super::inline::control_properties;
use super::names::Names;
use super::redline::{Ids, Writer};
use super::replace::{check_changeable, check_text};
use super::resources::Resources;
use super::story::{StoryKind, split_id};
use super::{Document, Part, Revision};
use crate::refuse;

/// Blocks of one operation.
const MAX_BLOCKS: usize = 2_000;
/// Characters of one operation, in bytes.
const MAX_TEXT: usize = 1_000_000;
/// Rows and columns of a table.
const MAX_ROWS: usize = 2_000;
const MAX_COLUMNS: usize = 63;

pub(super) fn insert(
    document: &Document,
    draft: &mut Draft,
    operation: &DocumentInsert,
    revision: &Revision,
) -> Result<Applied, Refusal> {
    check_blocks(&operation.blocks)?;
    document.check_fingerprint(operation.fingerprint.as_deref())?;
    check_changeable(document, operation.tracked)?;
    let tracked = operation.tracked.then_some(revision);
    insert_blocks(
        document,
        draft,
        operation.after.as_deref(),
        &operation.blocks,
        tracked,
    )?;
    Ok(Applied {
        target: operation.after.clone().unwrap_or_else(|| "document".to_owned()),
        changed: operation.blocks.len() as u32,
        ..Applied::default()
    })
}

/// Inserts blocks that were checked.
pub(super) fn insert_blocks(
    document: &Document,
    draft: &mut Draft,
    after: Option<&str>,
    blocks: &[NewBlock],
    revision: Option<&Revision>,
) -> Result<(), Refusal> {
    let mut ids = Ids::of(document)?;
    let story_name = split_id(after.unwrap_or_default()).0;
    for part in document
        .parts
        .iter()
        .filter(|part| part.kind != StoryKind::Comments)
    {
        let source = Part::read(&document.package, &part.name)?;
        let tree = source.tree()?;
        let stories = part.stories(tree.root());
        let Some(story) = stories.iter().find(|story| story.name == story_name) else {
            continue;
        };
        let place = match after {
            None => at_end(story.node),
            Some("start") => at_start(story.node),
            Some(id) => {
                let entries = story.entries();
                let found = entries.iter().find(|entry| story.id(entry) == id);
                let entry = found.ok_or_else(|| missing(id))?;
                if entry.twofold {
                    return Err(refuse::unsupported(
                        "the block stands in two forms for different versions of Word; nothing was changed",
                    ));
                }
                check_unlocked(entry.node)?;
                after_node(entry.node)
            }
        };
        let names = Names::of(tree.root(), tree.is_strict());
        let resources = Resources::prepare(document, draft, &part.name, &names, tree.root(), blocks)?;
        let writer = Writer {
            names,
            revision,
            ids: &mut ids,
        };
        let markup = Composer::new(writer, &resources).blocks(blocks, place.neighbours)?;
        let edit = (place.edit)(&markup);
        draft
            .edit(&part.name, [edit])
            .map_err(|error| refuse::patch(&error))?;
        return Ok(());
    }
    Err(missing(after.unwrap_or_default()))
}

fn missing(id: &str) -> Refusal {
    refuse::not_found(format!(
        "there is no block '{id}' to insert after; nothing was changed"
    ))
}

/// A place for new blocks.
struct Place<'t> {
    neighbours: Neighbours,
    edit: Box<Insertion<'t>>,
}

/// Makes the edit that puts markup there.
type Insertion<'t> = dyn FnOnce(&str) -> (Range<usize>, Blob) + 't;

fn is_table(node: Option<Node<'_, '_>>) -> bool {
    node.is_some_and(|node| node.is(Ns::Word, "tbl"))
}

fn at_start<'t>(story: Node<'t, 't>) -> Place<'t> {
    let first = story.children().next();
    Place {
        neighbours: Neighbours {
            after_table: false,
            needs_paragraph: first.is_none_or(|first| !first.is(Ns::Word, "p")),
        },
        edit: Box::new(move |markup| story.prepend(markup)),
    }
}

fn at_end<'t>(story: Node<'t, 't>) -> Place<'t> {
    let last = story.children().last();
    let section = last.filter(|last| last.is(Ns::Word, "sectPr"));
    let before = story
        .children()
        .filter(|child| !child.is(Ns::Word, "sectPr"))
        .last();
    Place {
        neighbours: Neighbours {
            after_table: is_table(before),
            needs_paragraph: true,
        },
        edit: Box::new(move |markup| match section {
            Some(section) => section.before(markup),
            None => story.append(markup),
        }),
    }
}

fn after_node<'t>(node: Node<'t, 't>) -> Place<'t> {
    let end = node.span().end;
    let siblings = node.parent();
    let next = siblings
        .iter()
        .flat_map(Node::children)
        .find(|sibling| sibling.tag().span.start >= end);
    Place {
        neighbours: Neighbours {
            after_table: is_table(Some(node)),
            needs_paragraph: next.is_none_or(|next| !next.is(Ns::Word, "p")),
        },
        edit: Box::new(move |markup| node.after(markup)),
    }
}

/// Refuses a place inside a content control that must not change.
fn check_unlocked(node: Node<'_, '_>) -> Result<(), Refusal> {
    let around = std::iter::successors(node.parent(), Node::parent);
    for control in around.filter(|node| node.is(Ns::Word, "sdt")) {
        if control
            .child("sdtPr")
            .is_some_and(|properties| control_properties(properties).1)
        {
            return Err(refuse::protected(
                "the block stands in a locked or bound content control; nothing was changed",
            ));
        }
    }
    Ok(())
}

/// Refuses blocks that a document cannot hold.
pub(super) fn check_blocks(blocks: &[NewBlock]) -> Result<(), Refusal> {
    if blocks.is_empty() {
        return Err(refuse::bad_input("there are no blocks to insert"));
    }
    if blocks.len() > MAX_BLOCKS {
        return Err(refuse::too_large(format!(
            "there are more than {MAX_BLOCKS} blocks"
        )));
    }
    let mut length = 0;
    for block in blocks {
        let level = match block {
            NewBlock::Heading { level, .. } | NewBlock::ListItem { level, .. } => *level,
            _ => 1,
        };
        if !(1..=9).contains(&level) {
            return Err(refuse::bad_input(format!(
                "{level} is no level: headings and lists have levels 1 to 9"
            )));
        }
        for text in texts(block)? {
            length += check_new_text(text)?;
        }
    }
    if length > MAX_TEXT {
        return Err(refuse::too_large(format!(
            "the blocks hold more than {MAX_TEXT} bytes of text"
        )));
    }
    Ok(())
}

fn texts(block: &NewBlock) -> Result<Vec<&NewText>, Refusal> {
    Ok(match block {
        NewBlock::Heading { text, .. }
        | NewBlock::Paragraph { text, .. }
        | NewBlock::ListItem { text, .. } => vec![text],
        NewBlock::Table { rows, .. } => {
            let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
            if columns == 0 {
                return Err(refuse::bad_input("a table needs at least one cell"));
            }
            if rows.len() > MAX_ROWS || columns > MAX_COLUMNS {
                return Err(refuse::too_large(format!(
                    "a table takes at most {MAX_ROWS} rows and {MAX_COLUMNS} columns"
                )));
            }
            rows.iter().flatten().collect()
        }
        NewBlock::PageBreak {} | NewBlock::Picture { .. } => Vec::new(),
    })
}

fn check_new_text(text: &NewText) -> Result<usize, Refusal> {
    match text {
        NewText::Plain(text) => {
            check_text("a text", text)?;
            Ok(text.len())
        }
        NewText::Runs(runs) => {
            let mut length = 0;
            for run in runs {
                check_text("a text", &run.text)?;
                length += run.text.len();
                if let Some(link) = &run.link {
                    check_link(link)?;
                }
            }
            Ok(length)
        }
    }
}

/// Links lead to pages and mail addresses only: others start programs or open files.
fn check_link(link: &str) -> Result<(), Refusal> {
    let scheme = link
        .split_once(':')
        .map(|(scheme, _)| scheme.to_ascii_lowercase());
    let known = matches!(scheme.as_deref(), Some("https" | "http" | "mailto"));
    let clean = link.len() <= 2_000 && !link.contains(|c: char| c.is_control() || c.is_whitespace());
    if known && clean {
        return Ok(());
    }
    Err(refuse::bad_input(format!(
        "'{}' is no link that is taken: links begin with https:, http: or mailto: and hold no spaces",
        link.chars().take(60).collect::<String>()
    )))
}
