//! `slide.replace`: a slide from a package goes in, and the slide that had its id goes out.
//!
//! The new slide takes over the part name, the number and so the place of the old one: list, sections, custom shows and
//! links to the slide need no change.

use deskhand_opc::Draft;
use deskhand_operations::Refusal;
use deskhand_operations::answer::SlideContent;
use deskhand_operations::deck::SlideReplace;

use super::import::Import;
use super::slide_add::read_back;
use crate::cut::remove_unreachable;
use crate::deck::Deck;
use crate::part::reachable;
use crate::{exchange, list, refuse, tag};

pub(super) fn replace(
    deck: &Deck,
    draft: &mut Draft,
    replace: &SlideReplace,
) -> Result<SlideContent, Refusal> {
    tag::check(&replace.slide)?;
    let source = exchange::open(&replace.package)?;
    let incoming = exchange::slide(&source, &replace.package)?;
    if source.dialect != deck.dialect {
        return Err(refuse::unsupported(
            "one of the two decks is a Strict Open XML Presentation, and slides do not go between the two formats",
        ));
    }
    let old = deck.slides.iter().find(|slide| slide.id == replace.slide);
    let (part, number) = if let Some(old) = old {
        let before = reachable(draft.package(), "", &[])?;
        draft
            .remove_part(&old.part)
            .map_err(|error| refuse::patch(&error))?;
        Import::new(&source, deck, draft).slide(incoming, &old.part)?;
        remove_unreachable(draft, &before)?;
        (old.part.clone(), old.number)
    } else {
        let after = replace.after.as_ref().map(|id| deck.slide(id)).transpose()?;
        let part = draft.free_name("ppt/slides/slide", ".xml");
        let number = list::free_number(deck, replace.slide.parse().ok())?;
        Import::new(&source, deck, draft).slide(incoming, &part)?;
        list::enter(draft, deck, &part, number, after)?;
        (part, number)
    };
    let tagged = tag::logical_id(draft.package(), &part)?;
    if tagged.unwrap_or_else(|| number.to_string()) != replace.slide {
        tag::set_logical_id(draft, &part, &replace.slide, deck.dialect)?;
    }
    read_back(draft, &part)
}
