//! Speaker notes: the notes slide of a slide, and the body on it.

use deskhand_opc::Package;
use deskhand_opc::xml::{Node, Ns};
use deskhand_operations::Refusal;

use crate::part::{Part, related};
use crate::shape::{Shape, flattened, shape_tree, shapes};

/// The notes of a slide as text; none where it has none.
pub(crate) fn text(package: &Package, slide: &str) -> Result<Option<String>, Refusal> {
    let Some(name) = related(package, slide, "notesSlide")? else {
        return Ok(None);
    };
    let part = Part::read(package, &name)?;
    let tree = part.tree()?;
    let body = body(tree.root());
    Ok(body
        .and_then(|shape| shape.text)
        .filter(|text| !text.trim().is_empty()))
}

/// The shape of the notes' text: the placeholder for a body.
pub(crate) fn body(root: Node<'_, '_>) -> Option<Shape> {
    let shapes = shapes(shape_tree(root)?, &|_| None);
    let mut bodies = flattened(&shapes)
        .into_iter()
        .filter(|shape| shape.placeholder.as_ref().is_some_and(|mark| mark.kind == "body"));
    bodies.next().cloned()
}

/// How many comments a slide has, in the old form and in threads.
pub(crate) fn comments(package: &Package, slide: &str) -> Result<u32, Refusal> {
    let mut count = 0;
    for relationship in crate::part::relationships(package, slide)? {
        let part = relationship.part().and_then(|part| package.spelling(part));
        if !relationship.is("comments") {
            continue;
        }
        if let Some(part) = part {
            let part = Part::read(package, part)?;
            let tree = part.tree()?;
            let found = tree.root().children().filter(|node| node.local() == "cm");
            count += found.count() as u32;
        }
    }
    Ok(count)
}

/// The effects of a slide's animations, and the ids of the shapes that they play on.
pub(crate) fn animations(root: Node<'_, '_>) -> (u32, Vec<String>) {
    let Some(timing) = root.child_in(Ns::Presentation, "timing") else {
        return (0, Vec::new());
    };
    let effects = timing
        .descendants()
        .filter(|node| node.local() == "cTn" && node.attribute("presetClass").is_some());
    let targets = timing.descendants().filter(|node| node.local() == "spTgt");
    let shapes = targets.filter_map(|target| target.attribute("spid").map(std::borrow::Cow::into_owned));
    (effects.count() as u32, shapes.collect())
}

/// Whether the slide comes with a transition.
pub(crate) fn has_transition(root: Node<'_, '_>) -> bool {
    root.children().any(|node| {
        node.is(Ns::Presentation, "transition")
            || (node.is(Ns::Markup, "AlternateContent")
                && node.descendants().any(|inner| inner.local() == "transition"))
    })
}
