//! `shape.move` and `shape.resize`: the place of a shape. A placeholder that stood where its layout says gets a place of
//! its own; the lines of a table grow with it.

use std::ops::Range;

use deskhand_opc::xml::{Node, Ns};
use deskhand_opc::{Blob, Draft};
use deskhand_operations::deck::{Frame, ShapeMove, ShapeResize};
use deskhand_operations::{Applied, Refusal};

use super::{applied, placement};
use crate::content::node_to_change;
use crate::deck::{Deck, Slide};
use crate::element::fitted;
use crate::geometry::EmuFrame;
use crate::refuse;
use crate::shape::{Shape, ShapeKind, table};

pub(super) fn relocate(deck: &Deck, draft: &mut Draft, moved: &ShapeMove) -> Result<Applied, Refusal> {
    let slide = deck.read(deck.slide(&moved.slide)?)?;
    let shape = slide.shape(&moved.shape)?;
    let frame = Frame {
        left: moved.left,
        top: moved.top,
        ..frame_of(shape)?.points()
    };
    place(deck, draft, &slide, shape, frame)
}

pub(super) fn resize(deck: &Deck, draft: &mut Draft, resize: &ShapeResize) -> Result<Applied, Refusal> {
    if resize.width.is_none() && resize.height.is_none() {
        return Err(refuse::bad_input("the new size needs a width or a height"));
    }
    let slide = deck.read(deck.slide(&resize.slide)?)?;
    let shape = slide.shape(&resize.shape)?;
    let now = frame_of(shape)?.points();
    let frame = Frame {
        width: resize.width.unwrap_or(now.width),
        height: resize.height.unwrap_or(now.height),
        ..now
    };
    place(deck, draft, &slide, shape, frame)
}

fn frame_of(shape: &Shape) -> Result<EmuFrame, Refusal> {
    shape.frame.ok_or_else(|| {
        refuse::unsupported(format!(
            "the shape '{}' has no place of its own, and none is known for its placeholder",
            shape.name
        ))
    })
}

fn place(
    deck: &Deck,
    draft: &mut Draft,
    slide: &Slide<'_>,
    shape: &Shape,
    frame: Frame,
) -> Result<Applied, Refusal> {
    let tree = slide.part.tree()?;
    let node = node_to_change(tree.root(), shape)?;
    // Not lines alone are flat: programs draw rules as rectangles without a height.
    let is_flat = |frame: EmuFrame| frame.width == 0 || frame.height == 0;
    let on_slide = if shape.kind == ShapeKind::Line || shape.frame.is_some_and(is_flat) {
        EmuFrame::from_points_of_line(frame)
    } else {
        EmuFrame::from_points(frame)
    };
    let on_slide = on_slide.ok_or_else(|| {
        refuse::bad_input("the shape needs a width and a height above 0, and sides within 14,400 points")
    })?;
    let inside = shape
        .around
        .back(on_slide)
        .ok_or_else(|| refuse::unsupported(format!("the group around '{}' has no size", shape.name)))?;
    let mut edits = vec![transform_edit(deck, tree.root(), node, inside)?];
    if let (Some(table), Some(old)) = (table(node), shape.frame) {
        edits.extend(scaled_lines(table, old, on_slide));
    }
    draft
        .edit(&slide.part.name, edits)
        .map_err(|error| refuse::patch(&error))?;
    let mut warnings = placement::warnings(deck, on_slide);
    if is_connected(tree.root(), &shape.id) {
        warnings.push(
            "connectors end at the shape; PowerPoint draws them anew when it is moved there".to_owned(),
        );
    }
    Ok(applied(&slide.entry.id, &shape.name, warnings))
}

/// The edit that writes a place on a shape.
fn transform_edit(
    deck: &Deck,
    root: Node<'_, '_>,
    node: Node<'_, '_>,
    frame: EmuFrame,
) -> Result<(Range<usize>, Blob), Refusal> {
    let holder = match node.local() {
        "graphicFrame" | "contentPart" => Some(node),
        "grpSp" => node.child("grpSpPr"),
        _ => node.child_in(Ns::Presentation, "spPr"),
    };
    let holder = holder.ok_or_else(|| refuse::corrupt("the shape has no properties"))?;
    let children = format!(
        "<a:off x=\"{}\" y=\"{}\"/><a:ext cx=\"{}\" cy=\"{}\"/>",
        frame.left, frame.top, frame.width, frame.height
    );
    let Some(own) = holder.children().find(|child| child.local() == "xfrm") else {
        let xml = format!("<a:xfrm>{children}</a:xfrm>");
        return Ok(holder.prepend(&fitted(&xml, root, deck.dialect)));
    };
    // Rotation, mirroring and a group's inner coordinates stay.
    let rest = own
        .children()
        .filter(|child| !matches!(child.local(), "off" | "ext"))
        .map(|child| child.span())
        .next();
    let pieces: String = children
        .split_inclusive("/>")
        .map(|piece| fitted(piece, root, deck.dialect))
        .collect();
    Ok(match (own.self_closing(), rest) {
        (true, _) => own.append(&pieces),
        (false, Some(rest)) => (own.inner().start..rest.start, pieces.as_str().into()),
        (false, None) => (own.inner(), pieces.as_str().into()),
    })
}

/// The lines of a table, scaled to another size of its frame.
fn scaled_lines(table: Node<'_, '_>, old: EmuFrame, new: EmuFrame) -> Vec<(Range<usize>, Blob)> {
    let scaled = |node: Node<'_, '_>, name: &str, old: i64, new: i64| {
        let size = node.attribute(name)?.parse::<i64>().ok()?;
        let size = (size as f64 * new as f64 / old.max(1) as f64).round() as i64;
        (old != new).then(|| node.tag().set_attribute(name, &size.max(0).to_string()))
    };
    let columns = table
        .child("tblGrid")
        .into_iter()
        .flat_map(|grid| grid.children());
    let columns = columns.filter_map(|column| scaled(column, "w", old.width, new.width));
    let rows = table.children().filter(|child| child.local() == "tr");
    let rows = rows.filter_map(|row| scaled(row, "h", old.height, new.height));
    columns.chain(rows).collect()
}

fn is_connected(root: Node<'_, '_>, id: &str) -> bool {
    root.descendants().any(|node| {
        matches!(node.local(), "stCxn" | "endCxn") && node.attribute("id").is_some_and(|other| other == id)
    })
}
