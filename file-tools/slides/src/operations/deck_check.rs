//! `deck.check`.

use deskhand_operations::Refusal;
use deskhand_operations::answer::CheckContent;
use deskhand_operations::deck::DeckCheck;

use crate::check;
use crate::deck::Deck;

pub(super) fn check(deck: &Deck, wanted: &DeckCheck) -> Result<CheckContent, Refusal> {
    check::check(deck, &wanted.slides)
}
