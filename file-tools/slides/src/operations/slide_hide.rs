//! `slide.hide`.

use deskhand_opc::Draft;
use deskhand_operations::deck::SlideHide;
use deskhand_operations::{Applied, Refusal};

use super::applied;
use crate::deck::Deck;
use crate::part::Part;
use crate::refuse;

pub(super) fn hide(deck: &Deck, draft: &mut Draft, hide: &SlideHide) -> Result<Applied, Refusal> {
    let slide = deck.slide(&hide.slide)?;
    let part = Part::read(&deck.package, &slide.part)?;
    let tree = part.tree()?;
    let tag = tree.root().tag();
    let is_hidden = is_hidden(tree.root());
    let edit = match (hide.hidden, is_hidden) {
        (true, false) => Some(tag.set_attribute("show", "0")),
        (false, true) => tag.remove_attribute("show"),
        _ => None,
    };
    let changed = u32::from(edit.is_some());
    draft
        .edit(&slide.part, edit)
        .map_err(|error| refuse::patch(&error))?;
    Ok(Applied {
        changed,
        ..applied(&hide.slide, "", Vec::new())
    })
}

/// Whether the show leaves the slide with this root out (ECMA-376 part 1, 19.3.1.38 `sld/@show`).
pub(crate) fn is_hidden(root: deskhand_opc::xml::Node<'_, '_>) -> bool {
    root.attribute("show")
        .is_some_and(|show| show == "0" || show == "false")
}
