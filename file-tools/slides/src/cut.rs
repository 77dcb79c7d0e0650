//! Takes slides and references out of a draft, and with them the parts that nothing leads to any more.

use std::collections::BTreeSet;
use std::ops::Range;

use deskhand_opc::xml::Node;
use deskhand_opc::{Blob, Draft};
use deskhand_operations::Refusal;

use crate::deck::{Deck, SlideEntry};
use crate::part::{Part, reachable, references, relationships};
use crate::refuse;

/// Takes slides out of a deck: from the list, from sections and custom shows, and what only they used. Links to them
/// from what stays are taken out too.
pub(crate) fn remove_slides(draft: &mut Draft, deck: &Deck, gone: &[&SlideEntry]) -> Result<(), Refusal> {
    let parts: Vec<&str> = gone.iter().map(|slide| slide.part.as_str()).collect();
    let before = reachable(draft.package(), "", &[])?;
    let kept = reachable(draft.package(), "", &parts)?;
    for source in &kept {
        remove_references_to(draft, source, &parts)?;
    }
    remove_from_sections(draft, deck, gone)?;
    remove_unreachable(draft, &before)
}

/// Takes out every relationship of `source` to one of the slides, and what refers to it.
fn remove_references_to(draft: &mut Draft, source: &str, slides: &[&str]) -> Result<(), Refusal> {
    let package = draft.package();
    let leads = relationships(package, source)?
        .into_iter()
        .filter(|relationship| {
            let part = relationship.part().and_then(|part| package.spelling(part));
            part.is_some_and(|part| slides.contains(&part))
        });
    let ids: Vec<String> = leads.map(|relationship| relationship.id).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let part = Part::read(package, source)?;
    let edits = reference_edits(part.tree()?.root(), source, &ids)?;
    draft.edit(source, edits).map_err(|error| refuse::patch(&error))?;
    for id in &ids {
        draft
            .remove_relationship(source, id)
            .map_err(|error| refuse::patch(&error))?;
    }
    Ok(())
}

/// The edits that take out what refers to slides by `ids`: entries of lists, and links.
pub(crate) fn reference_edits(
    root: Node<'_, '_>,
    source: &str,
    ids: &[String],
) -> Result<Vec<(Range<usize>, Blob)>, Refusal> {
    let mut edits = Vec::new();
    for node in root.descendants() {
        let refers = node.tag().attributes().any(|attribute| {
            let is_reference = attribute.name.contains(':') && !attribute.name.starts_with("xmlns:");
            is_reference && ids.iter().any(|id| id == attribute.raw)
        });
        match node.local() {
            _ if !refers => {}
            // The slide's extension that leads to its comments (MS-PPTX 2.6.9).
            "commentRel" => edits.push(extension_of(node).replace("")),
            "sldId" | "sld" | "hlinkClick" | "hlinkHover" | "hlinkMouseOver" => edits.push(node.replace("")),
            other => {
                return Err(refuse::unsupported(format!(
                    "'{source}' refers to the slide in a way that is not known ({other}), so the slide stays"
                )));
            }
        }
    }
    Ok(edits)
}

/// The `ext` around a node, or the list of extensions where it is the only one.
fn extension_of<'t, 'a>(node: Node<'t, 'a>) -> Node<'t, 'a> {
    let Some(extension) = node.parent().filter(|parent| parent.local() == "ext") else {
        return node;
    };
    match extension.parent() {
        Some(list) if list.children().count() == 1 => list,
        _ => extension,
    }
}

/// Takes slides out of the sections (MS-PPTX 2.8.2, `p14:sectionLst`), which name them by number.
fn remove_from_sections(draft: &mut Draft, deck: &Deck, gone: &[&SlideEntry]) -> Result<(), Refusal> {
    let presentation = Part::read(draft.package(), &deck.presentation)?;
    let tree = presentation.tree()?;
    let sections = tree
        .root()
        .descendants()
        .filter(|node| node.local() == "sectionLst");
    let entries = sections.flat_map(|list| list.descendants().filter(|node| node.local() == "sldId"));
    let dead = entries.filter(|entry| {
        let number = entry
            .attribute("id")
            .and_then(|number| number.parse::<u32>().ok());
        gone.iter().any(|slide| number == Some(slide.number))
    });
    let edits: Vec<_> = dead.map(|entry| entry.replace("")).collect();
    draft
        .edit(&deck.presentation, edits)
        .map_err(|error| refuse::patch(&error))
}

/// Takes out the relationships of a part that its content referred to `before` and does not any more, and the parts
/// behind them that nothing else uses.
pub(crate) fn remove_unused(draft: &mut Draft, part: &str, before: &BTreeSet<String>) -> Result<(), Refusal> {
    let reached = reachable(draft.package(), "", &[])?;
    let current = Part::read(draft.package(), part)?;
    let tree = current.tree()?;
    let now: BTreeSet<&str> = references(tree.root()).collect();
    for relationship in relationships(draft.package(), part)? {
        if before.contains(&relationship.id) && !now.contains(relationship.id.as_str()) {
            draft
                .remove_relationship(part, &relationship.id)
                .map_err(|error| refuse::patch(&error))?;
        }
    }
    remove_unreachable(draft, &reached)
}

/// Takes out the parts that were reachable `before` and are not any more.
pub(crate) fn remove_unreachable(draft: &mut Draft, before: &BTreeSet<String>) -> Result<(), Refusal> {
    let now = reachable(draft.package(), "", &[])?;
    let lost = draft
        .package()
        .parts()
        .filter(|part| before.contains(*part) && !now.contains(*part));
    for part in lost.map(str::to_owned).collect::<Vec<_>>() {
        draft.remove_part(&part).map_err(|error| refuse::patch(&error))?;
    }
    Ok(())
}
