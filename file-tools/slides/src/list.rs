//! The list of slides in the presentation part, and the sections beside it: where a new slide is entered.

use std::ops::Range;

use deskhand_opc::xml::Node;
use deskhand_opc::{Blob, Draft, Target};
use deskhand_operations::{Refusal, RefusalCode};

use crate::deck::{Deck, SlideEntry};
use crate::part::{Part, reference_name};
use crate::refuse;

/// The numbers that slides may have (ECMA-376 part 1, 19.7.13 `ST_SlideId`).
const NUMBERS: Range<u32> = 256..2_147_483_648;

/// A number for a new slide: `wanted` where it is free, else one above all others.
pub(crate) fn free_number(deck: &Deck, wanted: Option<u32>) -> Result<u32, Refusal> {
    let is_free = |number: &u32| {
        let text = number.to_string();
        NUMBERS.contains(number)
            && deck
                .slides
                .iter()
                .all(|slide| slide.number != *number && slide.id != text)
    };
    let highest = deck.slides.iter().map(|slide| slide.number).max().unwrap_or(0);
    let above = highest.max(NUMBERS.start - 1).saturating_add(1);
    let found = wanted.into_iter().chain([above]).chain(NUMBERS).find(is_free);
    found.ok_or_else(|| refuse::too_large("the deck has no number left for a slide"))
}

/// Refuses a logical id that a slide of the deck has.
pub(crate) fn check_new_id(deck: &Deck, id: &str) -> Result<(), Refusal> {
    if deck.slide_ids().any(|taken| taken == id) {
        return Err(Refusal::new(
            RefusalCode::NameTaken,
            format!("the deck has a slide with the id '{id}' already"),
        ));
    }
    Ok(())
}

/// Enters a slide part behind another slide, or first, also in the section of its neighbour.
pub(crate) fn enter(
    draft: &mut Draft,
    deck: &Deck,
    part: &str,
    number: u32,
    after: Option<&SlideEntry>,
) -> Result<(), Refusal> {
    let kind = deck.dialect.relationship("slide");
    let reference = draft
        .add_relationship(&deck.presentation, &kind, &Target::Part(part.to_owned()))
        .map_err(|error| refuse::patch(&error))?;
    let presentation = Part::read(draft.package(), &deck.presentation)?;
    let tree = presentation.tree()?;
    let root = tree.root();
    let (prefix, name) = (root.prefix_colon(), reference_name(root, deck.dialect));
    let entry = format!(
        "<{prefix}sldId{} id=\"{number}\" {}=\"{reference}\"/>",
        name.declaration, name.attribute
    );
    let mut edits = vec![list_edit(root, &entry, after)?];
    edits.extend(section_edit(root, number, after));
    draft
        .edit(&deck.presentation, edits)
        .map_err(|error| refuse::patch(&error))
}

fn list_edit(
    root: Node<'_, '_>,
    entry: &str,
    after: Option<&SlideEntry>,
) -> Result<(Range<usize>, Blob), Refusal> {
    if let Some(list) = root.child("sldIdLst") {
        let neighbour = after.and_then(|after| numbered(list, after.number));
        return Ok(neighbour.map_or_else(|| list.prepend(entry), |neighbour| neighbour.after(entry)));
    }
    let before = ["handoutMasterIdLst", "notesMasterIdLst", "sldMasterIdLst"];
    let before = before.iter().find_map(|name| root.child(name));
    let before = before.ok_or_else(|| refuse::corrupt("the presentation has no slide master"))?;
    let prefix = root.prefix_colon();
    Ok(before.after(&format!("<{prefix}sldIdLst>{entry}</{prefix}sldIdLst>")))
}

/// Where sections are, every slide has to be in one: behind its neighbour, or first in the first section.
fn section_edit(root: Node<'_, '_>, number: u32, after: Option<&SlideEntry>) -> Option<(Range<usize>, Blob)> {
    let sections = root.descendants().find(|node| node.local() == "sectionLst")?;
    let mut lists = sections.descendants().filter(|node| node.local() == "sldIdLst");
    let entry = |prefix: &str| format!("<{prefix}sldId id=\"{number}\"/>");
    if let Some(after) = after {
        let neighbour = sections.descendants().find(|node| {
            node.local() == "sldId"
                && node
                    .attribute("id")
                    .is_some_and(|id| id == after.number.to_string())
        });
        if let Some(neighbour) = neighbour {
            return Some(neighbour.after(&entry(&neighbour.prefix_colon())));
        }
    }
    let first = lists.next()?;
    Some(first.prepend(&entry(&first.prefix_colon())))
}

/// Puts a slide behind another one, or first: in the list, and in the sections.
pub(crate) fn relocate(
    draft: &mut Draft,
    deck: &Deck,
    slide: &SlideEntry,
    after: Option<&SlideEntry>,
) -> Result<(), Refusal> {
    let presentation = Part::read(draft.package(), &deck.presentation)?;
    let tree = presentation.tree()?;
    let root = tree.root();
    let list = root.child("sldIdLst");
    let entry = list.and_then(|list| numbered(list, slide.number));
    let (Some(list), Some(entry)) = (list, entry) else {
        return Err(refuse::corrupt("the slide is not in the list of slides"));
    };
    let xml = raw(&presentation, entry);
    let neighbour = after.and_then(|after| numbered(list, after.number));
    let mut edits = vec![
        entry.replace(""),
        neighbour.map_or_else(|| list.prepend(&xml), |neighbour| neighbour.after(&xml)),
    ];
    let sections = root.descendants().find(|node| node.local() == "sectionLst");
    let own = sections.and_then(|sections| {
        let number = slide.number.to_string();
        sections
            .descendants()
            .find(|node| node.local() == "sldId" && node.attribute("id").is_some_and(|id| id == number))
    });
    if let (Some(own), Some(entered)) = (own, section_edit(root, slide.number, after)) {
        edits.extend([own.replace(""), entered]);
    }
    draft
        .edit(&deck.presentation, edits)
        .map_err(|error| refuse::patch(&error))
}

/// The sections (MS-PPTX 2.8.2): the name of each, and the numbers of its slides.
pub(crate) fn sections(root: Node<'_, '_>) -> Vec<(String, Vec<u32>)> {
    let found = root.descendants().find(|node| node.local() == "sectionLst");
    let sections = found.iter().flat_map(Node::children);
    let of_section = |section: Node<'_, '_>| {
        let entries = section.descendants().filter(|node| node.local() == "sldId");
        entries
            .filter_map(|entry| entry.attribute("id")?.parse().ok())
            .collect()
    };
    sections
        .filter(|section| section.local() == "section")
        .map(|section| {
            let name = section.attribute("name").unwrap_or_default().into_owned();
            (name, of_section(section))
        })
        .collect()
}

fn raw(part: &Part, node: Node<'_, '_>) -> String {
    String::from_utf8_lossy(part.content.get(node.span()).unwrap_or_default()).into_owned()
}

fn numbered<'t, 'a>(list: Node<'t, 'a>, number: u32) -> Option<Node<'t, 'a>> {
    let number = number.to_string();
    list.children()
        .find(|entry| entry.attribute("id").is_some_and(|id| id == number))
}
