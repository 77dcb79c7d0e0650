//! `slide.duplicate`: a copy with charts, workbooks, notes and tags of its own. Pictures, films, layouts and masters stay
//! shared; comments stay with the original, as in PowerPoint.

use deskhand_opc::{Draft, Fingerprint};
use deskhand_operations::Refusal;
use deskhand_operations::answer::SlideContent;
use deskhand_operations::deck::SlideDuplicate;

use super::import::Import;
use super::slide_add::read_back;
use crate::deck::Deck;
use crate::part::Part;
use crate::{list, refuse, tag};

pub(super) fn duplicate(
    deck: &Deck,
    draft: &mut Draft,
    copy: &SlideDuplicate,
) -> Result<SlideContent, Refusal> {
    let original = deck.slide(&copy.slide)?;
    let after = match &copy.after {
        Some(id) => deck.slide(id)?,
        None => original,
    };
    let number = list::free_number(deck, None)?;
    let id = if copy.id.is_empty() {
        number.to_string()
    } else {
        tag::check(&copy.id)?;
        list::check_new_id(deck, &copy.id)?;
        copy.id.clone()
    };
    let part = draft.free_name("ppt/slides/slide", ".xml");
    Import::within(deck, draft).slide(original, &part)?;
    renew_creation(draft, &part, number)?;
    let tagged = tag::logical_id(draft.package(), &part)?;
    if tagged.unwrap_or_else(|| number.to_string()) != id {
        tag::set_logical_id(draft, &part, &id, deck.dialect)?;
    }
    list::enter(draft, deck, &part, number, Some(after))?;
    read_back(draft, &part)
}

/// Gives a slide another creation id (MS-PPTX 2.4.9.1 `p14:creationId`), by which PowerPoint tells slides apart.
pub(super) fn renew_creation(draft: &mut Draft, part: &str, number: u32) -> Result<(), Refusal> {
    let content = Part::read(draft.package(), part)?;
    let tree = content.tree()?;
    let marks = tree
        .root()
        .child("cSld")
        .and_then(|slide| slide.child("extLst"))
        .into_iter()
        .flat_map(|extensions| extensions.descendants())
        .filter(|node| node.local() == "creationId" && node.attribute("val").is_some());
    let edits: Vec<_> = marks
        .map(|mark| {
            let seed = format!("{part} {number} {}", mark.attribute("val").unwrap_or_default());
            let value = Fingerprint::of(seed.as_bytes()).value() as u32 & 0x7fff_ffff;
            mark.tag().set_attribute("val", &value.max(1).to_string())
        })
        .collect();
    draft.edit(part, edits).map_err(|error| refuse::patch(&error))
}
