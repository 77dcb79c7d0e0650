//! `text.set`: the text of one shape, in the formatting that stood there.

use deskhand_opc::Draft;
use deskhand_opc::xml::{Node, Ns};
use deskhand_operations::deck::TextSet;
use deskhand_operations::{Applied, Refusal};

use super::applied;
use crate::deck::{Deck, Slide};
use crate::dialect::Dialect;
use crate::insertion::namespaces;
use crate::refuse;
use crate::shape::{Shape, ShapeKind, flattened};
use crate::text::{Formatting, check, lines, paragraphs};
use crate::timing::{self, Gone};

pub(super) fn set(deck: &Deck, draft: &mut Draft, set: &TextSet) -> Result<Applied, Refusal> {
    check("the text", &set.text)?;
    let slide = deck.read(deck.slide(&set.slide)?)?;
    let shape = slide.shape(&set.shape)?;
    check_takes_text(&slide, shape)?;
    let tree = slide.part.tree()?;
    let node = tree.root().descendants().find(|node| node.span() == shape.span);
    let node = node.ok_or_else(|| refuse::corrupt("the shape is not where it was read"))?;
    let mut edits = vec![body_edit(deck.dialect, &slide.part.content, node, &set.text)];
    let from = lines(&set.text).count();
    edits.extend(timing::edits(
        tree.root(),
        Gone::Paragraphs {
            shape: &shape.id,
            from,
        },
    ));
    draft
        .edit(&slide.part.name, edits)
        .map_err(|error| refuse::patch(&error))?;
    Ok(applied(&set.slide, &shape.name, Vec::new()))
}

/// The edit that replaces the paragraphs, or gives the shape a text body.
pub(super) fn body_edit(
    dialect: Dialect,
    content: &[u8],
    shape: Node<'_, '_>,
    text: &str,
) -> (std::ops::Range<usize>, deskhand_opc::Blob) {
    if let Some(body) = shape.child_in(Ns::Presentation, "txBody") {
        let spans: Vec<_> = paragraphs(body).map(|paragraph| paragraph.span()).collect();
        if let (Some(first), Some(last), Some(formatting)) =
            (spans.first(), spans.last(), Formatting::of_body(body, content))
        {
            return (first.start..last.end, formatting.paragraphs(text).into());
        }
        let xml = Formatting::plain().paragraphs(text);
        // Without a paragraph nothing tells the prefix; the new paragraphs bring theirs along.
        let declared = format!("<a:p xmlns:a=\"{}\"", dialect.drawing());
        return body.append(&xml.replace("<a:p>", &format!("{declared}>")));
    }
    let prefix = shape.prefix_colon();
    let declaration = format!(" {}=\"{}\"", namespaces(dialect)[0].0, dialect.drawing());
    let xml = format!(
        "<{prefix}txBody{declaration}><a:bodyPr/><a:lstStyle/>{}</{prefix}txBody>",
        Formatting::plain().paragraphs(text)
    );
    match shape.child("extLst") {
        Some(extensions) => extensions.before(&xml),
        None => shape.append(&xml),
    }
}

fn check_takes_text(slide: &Slide<'_>, shape: &Shape) -> Result<(), Refusal> {
    if shape.has_alternative {
        return Err(refuse::unsupported(format!(
            "the shape '{}' stands in two forms for different versions of PowerPoint, and setting its text would keep \
             only one of them",
            shape.name
        )));
    }
    if matches!(
        shape.kind,
        ShapeKind::Placeholder | ShapeKind::Text | ShapeKind::Shape
    ) {
        return Ok(());
    }
    let all = flattened(&slide.shapes);
    let with_text = all.iter().filter(|shape| shape.text.is_some());
    Err(refuse::bad_input(format!(
        "the shape '{}' is a {} and takes no text; the slide '{}' has text in {}",
        shape.name,
        shape.kind.called(),
        slide.entry.id,
        refuse::listed(with_text.map(|shape| format!("{} {}", shape.id, shape.name)))
    )))
}
