//! Places on a slide: EMU in the file, points in answers. Knows nothing of packages.

use deskhand_operations::deck::Frame;

/// English Metric Units in a point (914,400 an inch, 72 points an inch).
const EMU_PER_POINT: f64 = 12_700.0;

/// The farthest coordinate that is taken, in points: five metres. PowerPoint's largest slide is 56 inches.
const FARTHEST_POINTS: f64 = 14_400.0;

/// A place in EMU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EmuFrame {
    pub(crate) left: i64,
    pub(crate) top: i64,
    pub(crate) width: i64,
    pub(crate) height: i64,
}

impl EmuFrame {
    /// The same place in points.
    pub(crate) fn points(self) -> Frame {
        let points = |emu: i64| (emu as f64 / EMU_PER_POINT * 1000.0).round() / 1000.0;
        Frame {
            left: points(self.left),
            top: points(self.top),
            width: points(self.width),
            height: points(self.height),
        }
    }

    /// The place that a frame in points names; nothing where a number is out of reach or a side is not above zero.
    pub(crate) fn from_points(frame: Frame) -> Option<Self> {
        let reachable = |points: f64| points.is_finite() && points.abs() <= FARTHEST_POINTS;
        let sides = [frame.left, frame.top, frame.width, frame.height];
        if !sides.into_iter().all(reachable) || frame.width <= 0.0 || frame.height <= 0.0 {
            return None;
        }
        let emu = |points: f64| (points * EMU_PER_POINT).round() as i64;
        Some(Self {
            left: emu(frame.left),
            top: emu(frame.top),
            width: emu(frame.width),
            height: emu(frame.height),
        })
    }

    /// As [`Self::from_points`], for lines: they may have one side of zero.
    pub(crate) fn from_points_of_line(frame: Frame) -> Option<Self> {
        let lies = frame.height == 0.0 && frame.width > 0.0;
        let stands = frame.width == 0.0 && frame.height > 0.0;
        let padded = |side: f64, is_zero: bool| if is_zero { 1.0 } else { side };
        let mut place = Self::from_points(Frame {
            width: padded(frame.width, stands),
            height: padded(frame.height, lies),
            ..frame
        })?;
        if stands {
            place.width = 0;
        }
        if lies {
            place.height = 0;
        }
        Some(place)
    }

    /// How much of this place another one covers, from 0 to 1.
    pub(crate) fn covered_by(self, other: Self) -> f64 {
        let overlap = |from: i64, size: i64, other_from: i64, other_size: i64| {
            let end = from
                .saturating_add(size)
                .min(other_from.saturating_add(other_size));
            end.saturating_sub(from.max(other_from)).max(0) as f64
        };
        let area = self.area();
        if area <= 0.0 {
            return 0.0;
        }
        overlap(self.left, self.width, other.left, other.width)
            * overlap(self.top, self.height, other.top, other.height)
            / area
    }

    /// The area in square EMU.
    pub(crate) fn area(self) -> f64 {
        self.width.max(0) as f64 * self.height.max(0) as f64
    }
}

/// How the coordinates inside a group map to those of the slide (ECMA-376 part 1, 20.1.7.5 `grpSpPr/xfrm`).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Mapping {
    scale_x: f64,
    scale_y: f64,
    shift_x: f64,
    shift_y: f64,
}

impl Mapping {
    /// The slide's own coordinates.
    pub(crate) const SLIDE: Self = Self {
        scale_x: 1.0,
        scale_y: 1.0,
        shift_x: 0.0,
        shift_y: 0.0,
    };

    /// The mapping inside a group that stands at `outer` (in the coordinates around it) and whose children count
    /// from `inner`.
    pub(crate) fn inside(self, outer: EmuFrame, inner: EmuFrame) -> Self {
        let scale = |outer: i64, inner: i64| {
            if inner == 0 {
                1.0
            } else {
                outer as f64 / inner as f64
            }
        };
        let (x, y) = (scale(outer.width, inner.width), scale(outer.height, inner.height));
        let shift_x = outer.left as f64 - inner.left as f64 * x;
        let shift_y = outer.top as f64 - inner.top as f64 * y;
        Self {
            scale_x: self.scale_x * x,
            scale_y: self.scale_y * y,
            shift_x: self.shift_x + shift_x * self.scale_x,
            shift_y: self.shift_y + shift_y * self.scale_y,
        }
    }

    /// A place of the slide in the coordinates inside; nothing where the group has no size.
    pub(crate) fn back(self, frame: EmuFrame) -> Option<EmuFrame> {
        if self.scale_x == 0.0 || self.scale_y == 0.0 {
            return None;
        }
        Some(EmuFrame {
            left: ((frame.left as f64 - self.shift_x) / self.scale_x).round() as i64,
            top: ((frame.top as f64 - self.shift_y) / self.scale_y).round() as i64,
            width: (frame.width as f64 / self.scale_x).round() as i64,
            height: (frame.height as f64 / self.scale_y).round() as i64,
        })
    }

    /// A place in slide coordinates.
    pub(crate) fn apply(self, frame: EmuFrame) -> EmuFrame {
        EmuFrame {
            left: (frame.left as f64 * self.scale_x + self.shift_x).round() as i64,
            top: (frame.top as f64 * self.scale_y + self.shift_y).round() as i64,
            width: (frame.width as f64 * self.scale_x).round() as i64,
            height: (frame.height as f64 * self.scale_y).round() as i64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn emu(left: i64, top: i64, width: i64, height: i64) -> EmuFrame {
        EmuFrame {
            left,
            top,
            width,
            height,
        }
    }

    #[test]
    fn points_and_emu_go_both_ways() {
        let frame = Frame {
            left: 36.0,
            top: 0.5,
            width: 888.0,
            height: 1.0,
        };
        let place = EmuFrame::from_points(frame).unwrap();
        assert_eq!(place, emu(457_200, 6_350, 11_277_600, 12_700));
        assert_eq!(place.points(), frame);
    }

    #[test]
    fn refuses_places_out_of_reach() {
        let good = Frame {
            left: 0.0,
            top: 0.0,
            width: 10.0,
            height: 10.0,
        };
        for bad in [
            Frame { width: 0.0, ..good },
            Frame { height: -1.0, ..good },
            Frame {
                left: f64::NAN,
                ..good
            },
            Frame { top: 1e9, ..good },
        ] {
            assert_eq!(EmuFrame::from_points(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn maps_children_of_a_scaled_group_inside_a_group() {
        let outer = Mapping::SLIDE.inside(emu(100, 100, 200, 200), emu(0, 0, 100, 100));
        assert_eq!(outer.apply(emu(10, 20, 30, 40)), emu(120, 140, 60, 80));
        let inner = outer.inside(emu(10, 10, 50, 50), emu(0, 0, 100, 100));
        assert_eq!(inner.apply(emu(100, 0, 100, 100)), emu(220, 120, 100, 100));
    }

    #[test]
    fn a_group_without_inner_size_does_not_scale() {
        let mapping = Mapping::SLIDE.inside(emu(5, 5, 10, 10), emu(0, 0, 0, 0));
        assert_eq!(mapping.apply(emu(1, 1, 2, 2)), emu(6, 6, 2, 2));
    }

    #[test]
    fn measures_how_much_is_covered() {
        let place = emu(0, 0, 100, 100);
        assert!((place.covered_by(emu(50, 0, 100, 100)) - 0.5).abs() < 1e-9);
        assert!(place.covered_by(emu(100, 0, 100, 100)).abs() < 1e-9);
        assert!(place.covered_by(emu(i64::MAX - 1, 0, i64::MAX, 1)).abs() < 1e-9);
    }
}
