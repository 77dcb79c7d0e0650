//! `slide.export`: one slide as a deck of its own. The other slides and what only they use are left out; slides that
//! this one links to come along, so that its links stay whole. Macros stay behind: the package is a plain `.pptx`.

use deskhand_opc::Draft;
use deskhand_operations::Refusal;
use deskhand_operations::answer::SlidePackage;
use deskhand_operations::deck::SlideExport;

use crate::cut::{remove_slides, remove_unreachable};
use crate::deck::Deck;
use crate::exchange::encode;
use crate::part::{Part, reachable, relationships};
use crate::{refuse, sources};

const PRESENTATION: &str =
    "application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml";

/// The part that declares content types (ECMA-376 part 2, 6.2.3).
const CONTENT_TYPES: &str = "[Content_Types].xml";

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
    let kept: Vec<&str> = deck
        .slides
        .iter()
        .filter(|kept| used.contains(&kept.part))
        .map(|kept| kept.id.as_str())
        .collect();
    sources::keep_slides(&mut draft, deck, &kept)?;
    remove_macros(&mut draft, &deck.presentation)?;
    Ok(SlidePackage {
        data: encode(draft.package())?,
        slide_id: slide.number.to_string(),
    })
}

/// Takes the macros out, and declares the presentation as one without.
fn remove_macros(draft: &mut Draft, presentation: &str) -> Result<(), Refusal> {
    let before = reachable(draft.package(), "", &[])?;
    let mut found = relationships(draft.package(), presentation)?.into_iter();
    let Some(macros) = found.find(|relationship| relationship.is("vbaProject")) else {
        return Ok(());
    };
    draft
        .remove_relationship(presentation, &macros.id)
        .map_err(|error| refuse::patch(&error))?;
    remove_unreachable(draft, &before)?;
    declare_plain(draft, presentation)
}

/// Makes a plain presentation of a template, a show or one with macros.
pub(crate) fn make_plain(draft: &mut Draft, presentation: &str) -> Result<(), Refusal> {
    remove_macros(draft, presentation)?;
    declare_plain(draft, presentation)
}

/// Declares a presentation as neither a template nor one with macros.
fn declare_plain(draft: &mut Draft, presentation: &str) -> Result<(), Refusal> {
    let types = Part::read(draft.package(), CONTENT_TYPES)?;
    let tree = types.tree()?;
    let mut declared = tree.root().children().filter(|node| {
        let part = node.attribute("PartName");
        part.is_some_and(|part| part.trim_start_matches('/').eq_ignore_ascii_case(presentation))
    });
    let edit = declared
        .next()
        .map(|declaration| declaration.tag().set_attribute("ContentType", PRESENTATION));
    draft
        .edit(CONTENT_TYPES, edit)
        .map_err(|error| refuse::patch(&error))
}
