//! Where a new shape goes: the frame that was given, or the largest free placeholder; and its entry in the shape tree.

use std::collections::BTreeSet;
use std::ops::Range;

use deskhand_opc::{Blob, Draft};
use deskhand_operations::Refusal;
use deskhand_operations::deck::Frame;

use crate::deck::{Deck, Slide};
use crate::geometry::EmuFrame;
use crate::insertion;
use crate::refuse;
use crate::shape::{PlaceholderMark, Shape, flattened, shape_tree};

/// A layout's placeholder with more than this covered by other shapes is not free.
const COVERED: f64 = 0.2;

/// Where a new shape goes.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) frame: EmuFrame,
    /// Whether the frame was given with the operation.
    pub(super) is_given: bool,
    /// The placeholder that the shape fills.
    pub(super) mark: Option<insertion::PlaceholderMark>,
    /// The empty placeholder on the slide that the shape takes the place of.
    replaces: Option<Range<usize>>,
}

/// The place for a shape that fits into placeholders of `kind` (`chart`, `tbl`) beside those for any content.
pub(super) fn place(
    deck: &Deck,
    slide: &Slide<'_>,
    frame: Option<Frame>,
    kind: &str,
) -> Result<Place, Refusal> {
    if let Some(frame) = frame {
        return Ok(Place {
            frame: given(frame)?,
            is_given: true,
            mark: None,
            replaces: None,
        });
    }
    let on_slide = slide.shapes.iter().filter_map(|shape| free_on_slide(shape, kind));
    let on_layout = free_on_layout(deck, slide, kind);
    let largest = on_slide
        .chain(on_layout)
        .max_by(|one, other| one.frame.area().total_cmp(&other.frame.area()));
    largest.ok_or_else(|| {
        let size = deck.size.points();
        refuse::bad_input(format!(
            "the slide '{}' has no free placeholder, so a frame is needed; the slide is {} by {} points",
            slide.entry.id, size.width, size.height
        ))
    })
}

/// A frame that was given, in EMU.
pub(super) fn given(frame: Frame) -> Result<EmuFrame, Refusal> {
    EmuFrame::from_points(frame).ok_or_else(|| {
        refuse::bad_input("the frame needs a width and a height above 0, and sides within 14,400 points")
    })
}

/// What to say about a frame that reaches beyond the slide.
pub(super) fn warnings(deck: &Deck, frame: EmuFrame) -> Vec<String> {
    // A thousandth for rounding of points.
    if frame.covered_by(deck.size) < 0.999 {
        let size = deck.size.points();
        return vec![format!(
            "the shape reaches beyond the slide, which is {} by {} points",
            size.width, size.height
        )];
    }
    Vec::new()
}

/// A free number for a new shape.
pub(super) fn free_shape_id(slide: &Slide<'_>) -> Result<u32, Refusal> {
    let tree = slide.part.tree()?;
    let marked = tree.root().descendants().filter(|node| node.local() == "cNvPr");
    let taken: BTreeSet<u32> = marked
        .filter_map(|node| node.attribute("id")?.parse().ok())
        .collect();
    let above = taken.last().map_or(2, |highest| highest.saturating_add(1));
    // Signed in older versions of PowerPoint.
    let mut numbers = std::iter::once(above).chain(2..i32::MAX as u32);
    let found = numbers.find(|id| *id < i32::MAX as u32 && !taken.contains(id));
    found.ok_or_else(|| refuse::too_large("the slide has no number left for a shape"))
}

/// Puts a shape into the tree of a slide: in the place of an empty placeholder, else in front of all others.
pub(super) fn insert(draft: &mut Draft, slide: &Slide<'_>, place: &Place, xml: &str) -> Result<(), Refusal> {
    let edit: (Range<usize>, Blob) = if let Some(span) = &place.replaces {
        (span.clone(), xml.into())
    } else {
        let tree = slide.part.tree()?;
        let shapes = shape_tree(tree.root()).ok_or_else(|| refuse::corrupt("the slide has no shape tree"))?;
        match shapes.child("extLst") {
            Some(extensions) => extensions.before(xml),
            None => shapes.append(xml),
        }
    };
    draft
        .edit(&slide.part.name, [edit])
        .map_err(|error| refuse::patch(&error))
}

impl Place {
    /// A place that was worked out by the caller.
    pub(super) fn at(frame: EmuFrame) -> Self {
        Self {
            frame,
            is_given: true,
            mark: None,
            replaces: None,
        }
    }
}

/// Whether a placeholder takes the shape, and whether the shape then stands in it. A placeholder for text only gives
/// its place away: a shape in it would not be what it is for.
fn takes(mark: &PlaceholderMark, kind: &str) -> Option<bool> {
    match mark.kind.as_str() {
        "obj" => Some(true),
        "body" => Some(false),
        other => (other == kind).then_some(true),
    }
}

fn free_on_slide(shape: &Shape, kind: &str) -> Option<Place> {
    let mark = shape.placeholder.as_ref()?;
    let stays = takes(mark, kind)?;
    let is_empty = shape.text.as_deref().is_some_and(|text| text.trim().is_empty());
    let frame = shape.frame.filter(|frame| frame.area() > 0.0)?;
    (is_empty && !shape.has_alternative).then(|| Place {
        frame,
        is_given: false,
        mark: stays.then(|| mark.attributes.clone()),
        replaces: Some(shape.span.clone()),
    })
}

/// The placeholders of the layout that the slide does not use and that nothing stands on.
fn free_on_layout(deck: &Deck, slide: &Slide<'_>, kind: &str) -> Vec<Place> {
    let Some(layout) = slide.entry.layout.and_then(|index| deck.layouts.get(index)) else {
        return Vec::new();
    };
    let shapes = flattened(&slide.shapes);
    let used: Vec<*const _> = shapes
        .iter()
        .filter_map(|shape| layout.placeholder(shape.placeholder.as_ref()?))
        .map(std::ptr::from_ref)
        .collect();
    let free = layout
        .placeholders
        .iter()
        .filter(|placeholder| !used.contains(&std::ptr::from_ref(*placeholder)));
    free.filter_map(|placeholder| {
        let stays = takes(&placeholder.mark, kind)?;
        let frame = placeholder.frame.filter(|frame| frame.area() > 0.0)?;
        let covered: f64 = shapes
            .iter()
            .filter_map(|shape| shape.frame)
            .map(|other| frame.covered_by(other))
            .sum();
        (covered <= COVERED).then(|| Place {
            frame,
            is_given: false,
            mark: stays.then(|| placeholder.mark.attributes.clone()),
            replaces: None,
        })
    })
    .collect()
}
