//! Connectors: between which sides of two shapes one runs, and the frame, turn and mirroring that draw it (ECMA-376 part
//! 1, 19.3.1.19 `cxnSp`; presets `bentConnector3` and `curvedConnector3` run from the left top to the right bottom).

use deskhand_opc::xml::Node;

use crate::content::node;
use crate::geometry::EmuFrame;
use crate::shape::Shape;

/// A turn by ninety degrees, in sixty-thousandths of a degree.
const QUARTER: i64 = 5_400_000;

/// The indices of a shape's connection sites at its top, left, bottom and right.
type Sites = [u32; 4];

/// The side of a shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Top,
    Left,
    Bottom,
    Right,
}

/// A shape that a connector begins or ends at.
#[derive(Clone, Debug)]
pub(crate) struct End {
    id: String,
    frame: EmuFrame,
    sites: Option<Sites>,
}

/// How a connector is drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Course {
    pub(crate) frame: EmuFrame,
    /// In sixty-thousandths of a degree.
    pub(crate) turn: i64,
    pub(crate) mirrored_x: bool,
    pub(crate) mirrored_y: bool,
    /// The shape and the site that it begins at.
    pub(crate) from: Option<(String, u32)>,
    /// The shape and the site that it ends at.
    pub(crate) to: Option<(String, u32)>,
}

impl End {
    /// A shape as an end; nothing where its place is not known.
    pub(crate) fn of(root: Node<'_, '_>, shape: &Shape) -> Option<Self> {
        let geometry = node(root, shape).and_then(|node| {
            let preset = node.descendants().find(|inner| inner.local() == "prstGeom");
            preset?.attribute("prst").map(std::borrow::Cow::into_owned)
        });
        Some(Self {
            id: shape.id.clone(),
            frame: shape.frame?,
            sites: sites(geometry.as_deref()),
        })
    }

    /// Whether a connector can be tied to it.
    pub(crate) fn has_sites(&self) -> bool {
        self.sites.is_some()
    }

    fn site(&self, side: Side) -> Option<(String, u32)> {
        let index = match side {
            Side::Top => 0,
            Side::Left => 1,
            Side::Bottom => 2,
            Side::Right => 3,
        };
        Some((self.id.clone(), self.sites?[index]))
    }

    fn point(&self, side: Side) -> (i64, i64) {
        let EmuFrame {
            left,
            top,
            width,
            height,
        } = self.frame;
        match side {
            Side::Top => (left + width / 2, top),
            Side::Left => (left, top + height / 2),
            Side::Bottom => (left + width / 2, top + height),
            Side::Right => (left + width, top + height / 2),
        }
    }
}

/// The connection sites of the presets whose sites are known (presetShapeDefinitions.xml, `cxnLst`).
fn sites(geometry: Option<&str>) -> Option<Sites> {
    match geometry {
        // Placeholders and graphic frames are rectangles.
        None | Some("rect" | "roundRect" | "diamond" | "flowChartProcess" | "flowChartDecision") => {
            Some([0, 1, 2, 3])
        }
        Some("ellipse") => Some([0, 2, 4, 6]),
        Some(_) => None,
    }
}

impl Course {
    /// A line across a frame.
    pub(crate) fn along(frame: EmuFrame, rising: bool) -> Self {
        Self {
            frame,
            turn: 0,
            mirrored_x: false,
            mirrored_y: rising,
            from: None,
            to: None,
        }
    }

    /// A connector between the sides at which two shapes face each other.
    pub(crate) fn between(from: &End, to: &End, bends: bool) -> Self {
        let center = |end: &End| {
            (
                end.frame.left + end.frame.width / 2,
                end.frame.top + end.frame.height / 2,
            )
        };
        let (a, b) = (center(from), center(to));
        let lies = (b.0 - a.0).abs() >= (b.1 - a.1).abs();
        let (out, into) = match (lies, b.0 >= a.0, b.1 >= a.1) {
            (true, true, _) => (Side::Right, Side::Left),
            (true, false, _) => (Side::Left, Side::Right),
            (false, _, true) => (Side::Bottom, Side::Top),
            (false, _, false) => (Side::Top, Side::Bottom),
        };
        let (start, end) = (from.point(out), to.point(into));
        Self {
            from: from.site(out),
            to: to.site(into),
            ..Self::from_to(start, end, bends && !lies)
        }
    }

    /// From a point to another; `stands` where it leaves up or down, which is the same course turned.
    fn from_to(start: (i64, i64), end: (i64, i64), stands: bool) -> Self {
        let (width, height) = ((end.0 - start.0).abs(), (end.1 - start.1).abs());
        let (left, top) = (start.0.min(end.0), start.1.min(end.1));
        let frame = EmuFrame {
            left,
            top,
            width,
            height,
        };
        let plain = Self::along(frame, false);
        if !stands {
            return Self {
                mirrored_x: end.0 < start.0,
                mirrored_y: end.1 < start.1,
                ..plain
            };
        }
        // The turned frame has the same centre, and its sides change places.
        let turned = EmuFrame {
            left: left + (width - height) / 2,
            top: top + (height - width) / 2,
            width: height,
            height: width,
        };
        let down = end.1 >= start.1;
        let goes_right = end.0 >= start.0;
        Self {
            frame: turned,
            turn: if down { QUARTER } else { 3 * QUARTER },
            mirrored_y: down == goes_right,
            ..plain
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(id: &str, left: i64, top: i64) -> End {
        End {
            id: id.into(),
            frame: EmuFrame {
                left,
                top,
                width: 100,
                height: 50,
            },
            sites: Some([0, 1, 2, 3]),
        }
    }

    /// Where a course begins, worked out from frame, mirroring and turn as a drawing program does.
    fn start(course: &Course) -> (i64, i64) {
        let (w, h) = (course.frame.width as f64, course.frame.height as f64);
        let mut x = -w / 2.0;
        let mut y = -h / 2.0;
        if course.mirrored_x {
            x = -x;
        }
        if course.mirrored_y {
            y = -y;
        }
        let (x, y) = match course.turn / QUARTER {
            1 => (-y, x),
            3 => (y, -x),
            _ => (x, y),
        };
        let centre = (
            course.frame.left as f64 + w / 2.0,
            course.frame.top as f64 + h / 2.0,
        );
        ((centre.0 + x) as i64, (centre.1 + y) as i64)
    }

    #[test]
    fn a_connector_begins_at_the_side_that_faces_the_other_shape() {
        let middle = end("1", 500, 500);
        let cases = [
            ("right", end("2", 900, 600), 3, 1, (600, 525)),
            ("left", end("2", 0, 400), 1, 3, (500, 525)),
            ("below, to the right", end("2", 600, 900), 2, 0, (550, 550)),
            ("below, to the left", end("2", 400, 900), 2, 0, (550, 550)),
            ("above, to the right", end("2", 600, 0), 0, 2, (550, 500)),
            ("above, to the left", end("2", 400, 0), 0, 2, (550, 500)),
        ];
        for (what, other, out, into, point) in cases {
            for bends in [false, true] {
                let course = Course::between(&middle, &other, bends);
                assert_eq!(course.from, Some(("1".into(), out)), "{what}");
                assert_eq!(course.to, Some(("2".into(), into)), "{what}");
                assert_eq!(start(&course), point, "{what} {bends}: {course:?}");
            }
        }
    }
}
