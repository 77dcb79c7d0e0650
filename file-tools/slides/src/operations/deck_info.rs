//! `deck.info`: size, masters, layouts, sections, and every slide with its texts.

use std::collections::BTreeSet;

use deskhand_operations::Refusal;
use deskhand_operations::answer::{DeckContent, DeckSection, SlideMaster};

use crate::content::Detail;
use crate::deck::Deck;
use crate::layout::Layout;
use crate::list::sections;
use crate::part::Part;
use crate::sources;
use crate::theme::Theme;

pub(super) fn info(deck: &Deck) -> Result<DeckContent, Refusal> {
    let slides: Result<Vec<_>, _> = deck
        .slides
        .iter()
        .map(|slide| deck.content(slide, Detail::Outline))
        .collect();
    let size = deck.size.points();
    Ok(DeckContent {
        kind: "deck".to_owned(),
        width: size.width,
        height: size.height,
        masters: masters(deck)?,
        sections: section_list(deck)?,
        layouts: deck.layouts.iter().map(Layout::answer).collect(),
        slides: slides?,
        // The label belongs to the file, not to the slides: whoever opened the file knows it.
        label: None,
        sources: sources::count(deck)?,
    })
}

fn masters(deck: &Deck) -> Result<Vec<SlideMaster>, Refusal> {
    let mut seen = BTreeSet::new();
    let parts = deck.layouts.iter().map(|layout| &layout.master_part);
    parts
        .filter(|part| seen.insert(part.as_str()))
        .map(|part| Ok(Theme::of_master(&deck.package, part)?.answer()))
        .collect()
}

fn section_list(deck: &Deck) -> Result<Vec<DeckSection>, Refusal> {
    let part = Part::read(&deck.package, &deck.presentation)?;
    let tree = part.tree()?;
    let of_number = |number: u32| {
        let slide = deck.slides.iter().find(|slide| slide.number == number)?;
        Some(slide.id.clone())
    };
    Ok(sections(tree.root())
        .into_iter()
        .map(|(name, slides)| DeckSection {
            name,
            slides: slides.into_iter().filter_map(of_number).collect(),
        })
        .collect())
}
