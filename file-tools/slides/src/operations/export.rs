//! `slide.export`: one slide as a deck of its own. The other slides and what only they use are left out; slides that
//! this one links to come along, so that its links stay whole.

use deskhand_opc::Draft;
use deskhand_operations::Refusal;
use deskhand_operations::answer::SlidePackage;
use deskhand_operations::deck::SlideExport;

use crate::cut::remove_slides;
use crate::deck::Deck;
use crate::exchange::encode;
use crate::part::reachable;

pub(super) fn export(deck: &Deck, export: &SlideExport) -> Result<SlidePackage, Refusal> {
    let slide = deck.slide(&export.slide)?;
    let used = reachable(&deck.package, &slide.part, &[])?;
    let others: Vec<_> = deck
        .slides
        .iter()
        .filter(|other| !used.contains(&other.part))
        .collect();
    let mut draft = Draft::new(&deck.package);
    remove_slides(&mut draft, deck, &others)?;
    Ok(SlidePackage {
        data: encode(draft.package())?,
        slide_id: slide.number.to_string(),
    })
}
