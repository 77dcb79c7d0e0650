//! Shapes that stand on each other so that something cannot be read.

use deskhand_operations::answer::Severity;

use super::Subject;
use super::color::{Behind, fill_of};
use super::text::Laid;
use crate::content::node;
use crate::geometry::EmuFrame;
use crate::shape::{Shape, ShapeKind};

/// How much of a text has to be covered before it is told.
const COVERED: f64 = 0.15;

/// A shape that holds this much of a text is what the text stands on.
const STANDS_ON: f64 = 0.8;

/// Tells every text that another shape covers, or that runs into another text.
pub(super) fn overlaps(subject: &mut Subject<'_>, shapes: &[Shape], texts: &[(String, Laid)]) {
    let extent = |shape: &Shape| {
        texts
            .iter()
            .find(|(id, _)| *id == shape.id)
            .map(|(_, laid)| laid.extent)
    };
    let mut told = 0;
    for (lower, shape) in shapes.iter().enumerate() {
        let Some(own) = extent(shape).filter(|own| own.area() > 0.0) else {
            continue;
        };
        for above in &shapes[lower + 1..] {
            // Members of one group were put together by hand.
            let together = shape.group.is_some() && shape.group == above.group;
            if above.hidden || together || above.kind == ShapeKind::Group || told > 20 {
                continue;
            }
            let Some((place, covers)) = cover(subject, above, extent(above)) else {
                continue;
            };
            let share = own.covered_by(place);
            // A text on a text's own panel: the panel's text is what is covered, unless it lies aside.
            if share < COVERED || (!covers && place.covered_by(own) < COVERED / 3.0) {
                continue;
            }
            if covers && share > STANDS_ON && above.kind == ShapeKind::Shape && same_place(shape, above) {
                continue;
            }
            let percent = (share * 100.0).round();
            let sentence = if covers {
                format!(
                    "'{}' covers {percent} % of the text of '{}'",
                    above.name, shape.name
                )
            } else {
                format!(
                    "the texts of '{}' and '{}' run into each other",
                    shape.name, above.name
                )
            };
            told += 1;
            subject.tell("shape.overlap", Severity::Warning, Some(shape), sentence);
        }
    }
}

/// Two shapes in exactly one place: the upper one replaced the lower one on purpose.
fn same_place(one: &Shape, other: &Shape) -> bool {
    one.frame.is_some() && one.frame == other.frame
}

/// What a shape covers of those below it: all of its place where nothing shows through, else its own text.
fn cover(subject: &Subject<'_>, shape: &Shape, text: Option<EmuFrame>) -> Option<(EmuFrame, bool)> {
    let frame = shape.frame.filter(|frame| frame.area() > 0.0)?;
    match shape.kind {
        ShapeKind::Table => Some((frame, true)),
        // Pictures, charts and diagrams often have clear margins.
        ShapeKind::Picture | ShapeKind::Chart | ShapeKind::Line | ShapeKind::Group | ShapeKind::Other => None,
        ShapeKind::Placeholder | ShapeKind::Text | ShapeKind::Shape => {
            let node = node(subject.sheets.slide, shape)?;
            let properties = node.children().find(|child| child.local() == "spPr");
            let fill = properties.and_then(|properties| fill_of(properties, subject.sheets.theme));
            if matches!(fill, Some(Behind::Plain(_))) && shape.kind != ShapeKind::Placeholder {
                return Some((frame, true));
            }
            text.map(|text| (text, false))
        }
    }
}
