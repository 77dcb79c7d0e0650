//! `shape.delete`: a shape goes, with its effects, the connections to it, and the parts that only it used.

use std::collections::BTreeSet;

use deskhand_opc::Draft;
use deskhand_operations::deck::ShapeDelete;
use deskhand_operations::{Applied, Refusal};

use super::applied;
use crate::cut::remove_unused;
use crate::deck::Deck;
use crate::part::references;
use crate::refuse;
use crate::shape::{Shape, flattened};
use crate::timing::{self, Gone};

pub(super) fn delete(deck: &Deck, draft: &mut Draft, delete: &ShapeDelete) -> Result<Applied, Refusal> {
    let slide = deck.read(deck.slide(&delete.slide)?)?;
    let named = slide.shape(&delete.shape)?;
    let shape = without_empty_group(&slide.shapes, named).unwrap_or(named);
    let gone: BTreeSet<String> = flattened(std::slice::from_ref(shape))
        .into_iter()
        .map(|shape| shape.id.clone())
        .collect();
    let tree = slide.part.tree()?;
    let mut edits = vec![(shape.span.clone(), deskhand_opc::Blob::default())];
    edits.extend(timing::edits(tree.root(), Gone::Shapes(&gone)));
    let connections = tree.root().descendants().filter(|node| {
        let inside = shape.span.contains(&node.span().start);
        let connects = matches!(node.local(), "stCxn" | "endCxn");
        connects && !inside && node.attribute("id").is_some_and(|id| gone.contains(&*id))
    });
    edits.extend(connections.map(|node| node.replace("")));
    let before: BTreeSet<String> = references(tree.root()).map(str::to_owned).collect();
    draft
        .edit(&slide.part.name, edits)
        .map_err(|error| refuse::patch(&error))?;
    remove_unused(draft, &slide.part.name, &before)?;
    Ok(applied(&delete.slide, &named.name, Vec::new()))
}

/// What to delete for a shape: the shape, or the group around it that would be empty without it.
fn without_empty_group<'s>(shapes: &'s [Shape], wanted: &Shape) -> Option<&'s Shape> {
    shapes.iter().find_map(|shape| {
        if shape.span == wanted.span {
            return Some(shape);
        }
        let found = without_empty_group(&shape.children, wanted)?;
        let alone = shape.children.len() == 1 && shape.children[0].span == found.span;
        Some(if alone { shape } else { found })
    })
}
