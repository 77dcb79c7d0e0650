//! `slide.move`: another place in the list of slides, and in the sections.

use deskhand_opc::Draft;
use deskhand_operations::deck::SlideMove;
use deskhand_operations::{Applied, Refusal};

use super::applied;
use crate::deck::Deck;
use crate::list;
use crate::refuse;

pub(super) fn relocate(deck: &Deck, draft: &mut Draft, moved: &SlideMove) -> Result<Applied, Refusal> {
    let slide = deck.slide(&moved.slide)?;
    let count = deck.slides.len();
    let to = usize::try_from(moved.to).unwrap_or(usize::MAX);
    if to == 0 || to > count {
        return Err(refuse::bad_input(format!(
            "the position has to be 1 to {count}, as the deck has {count} slides"
        )));
    }
    let from = deck
        .slides
        .iter()
        .position(|other| other.id == slide.id)
        .unwrap_or(0);
    if from + 1 == to {
        return Ok(Applied {
            changed: 0,
            ..applied(&moved.slide, "", Vec::new())
        });
    }
    let others: Vec<_> = deck.slides.iter().filter(|other| other.id != slide.id).collect();
    let after = to.checked_sub(2).and_then(|index| others.get(index)).copied();
    list::relocate(draft, deck, slide, after)?;
    Ok(applied(&moved.slide, "", Vec::new()))
}
