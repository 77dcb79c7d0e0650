//! `slide.delete`.

use deskhand_opc::Draft;
use deskhand_operations::deck::SlideDelete;
use deskhand_operations::{Applied, Refusal};

use super::applied;
use crate::cut::remove_slides;
use crate::deck::Deck;

pub(super) fn delete(deck: &Deck, draft: &mut Draft, delete: &SlideDelete) -> Result<Applied, Refusal> {
    let slide = deck.slide(&delete.slide)?;
    remove_slides(draft, deck, &[slide])?;
    Ok(applied(&delete.slide, "", Vec::new()))
}
