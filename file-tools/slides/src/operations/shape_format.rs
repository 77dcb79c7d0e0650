//! `shape.format`: how a shape looks, and its alternative text.

use deskhand_opc::Draft;
use deskhand_opc::xml::{Node, Ns};
use deskhand_operations::deck::{ShapeFormat, ShapeLook};
use deskhand_operations::{Applied, Refusal};

use super::applied;
use crate::content::node_to_change;
use crate::deck::{Deck, Slide};
use crate::look::{self, Place, is_about_shape, is_about_text};
use crate::refuse;
use crate::shape::{Shape, ShapeKind, table};
use crate::text::check;

pub(super) fn format(deck: &Deck, draft: &mut Draft, format: &ShapeFormat) -> Result<Applied, Refusal> {
    if format.look == ShapeLook::default() && format.alt_text.is_none() {
        return Err(refuse::bad_input("nothing is named that is to look another way"));
    }
    let slide = deck.read(deck.slide(&format.slide)?)?;
    let shape = slide.shape(&format.shape)?;
    if let Some(text) = &format.alt_text {
        check("the alternative text", text)?;
    }
    apply(
        deck,
        draft,
        &slide,
        shape,
        &format.look,
        format.alt_text.as_deref(),
    )?;
    Ok(applied(&format.slide, &shape.name, Vec::new()))
}

/// Gives a shape of a slide another look.
pub(super) fn apply(
    deck: &Deck,
    draft: &mut Draft,
    slide: &Slide<'_>,
    shape: &Shape,
    look: &ShapeLook,
    alt_text: Option<&str>,
) -> Result<(), Refusal> {
    look::check(look)?;
    let tree = slide.part.tree()?;
    let root = tree.root();
    let node = node_to_change(root, shape)?;
    let place = Place {
        content: &slide.part.content,
        dialect: deck.dialect,
    };
    let mut edits = Vec::new();
    if let Some(text) = alt_text {
        let identity = node
            .children()
            .next()
            .and_then(|head| head.children().find(|child| child.local() == "cNvPr"));
        edits.extend(identity.map(|identity| identity.tag().set_attribute("descr", text)));
    }
    if is_about_shape(look) {
        let properties = node
            .child_in(Ns::Presentation, "spPr")
            .filter(|_| shape.kind != ShapeKind::Group);
        let properties = properties.ok_or_else(|| no_look(shape, "fill or outline"))?;
        if shape.kind == ShapeKind::Line && look.fill.is_some() {
            return Err(no_look(shape, "fill"));
        }
        edits.push(look::shape_edit(root, properties, look, place)?);
    }
    if is_about_text(look) {
        let bodies = bodies(node);
        if bodies.is_empty() {
            return Err(no_look(shape, "text"));
        }
        for body in bodies {
            edits.extend(look::text_edits(root, body, look, place)?);
        }
    }
    draft
        .edit(&slide.part.name, edits)
        .map_err(|error| refuse::patch(&error))
}

/// The text bodies of a shape: its own, or those of a table's cells.
fn bodies<'t, 'a>(node: Node<'t, 'a>) -> Vec<Node<'t, 'a>> {
    if let Some(table) = table(node) {
        let rows = table.children().filter(|child| child.local() == "tr");
        let cells = rows
            .flat_map(|row| row.children())
            .filter(|cell| cell.local() == "tc");
        return cells.filter_map(|cell| cell.child("txBody")).collect();
    }
    node.child_in(Ns::Presentation, "txBody").into_iter().collect()
}

fn no_look(shape: &Shape, what: &str) -> Refusal {
    refuse::bad_input(format!(
        "the shape '{}' is a {} and has no {what} to format",
        shape.name,
        shape.kind.called()
    ))
}
