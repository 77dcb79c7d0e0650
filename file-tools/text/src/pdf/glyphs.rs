//! What stands on a page: glyphs with their places, drawn lines, and how many pictures.
//!
//! Places are in points from the page's top left corner as it is shown, turned pages turned.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::Instant;

use hayro_interpret::font::{Glyph, GlyphRun};
use hayro_interpret::hayro_cmap::BfString;
use hayro_interpret::hayro_syntax::Pdf;
use hayro_interpret::hayro_syntax::page::Page;
use hayro_interpret::kurbo::{Affine, BezPath, PathEl, Point, Rect, Shape as _, Vec2};
use hayro_interpret::{
    BlendMode, ClipPath, Context, Device, DrawMode, DrawProps, Image, ImageDrawProps, InterpreterCache,
    InterpreterSettings, SoftMask, TransformExt as _, interpret_page,
};

/// Glyphs and drawn lines of a page that are taken in.
const MAX_GLYPHS: usize = 200_000;
const MAX_RULES: usize = 20_000;
/// Drawing operations of a page.
const MAX_STEPS: usize = 3_000_000;
/// Rectangles up to this side, in points, are lines.
const LINE_WIDTH: f64 = 2.5;
/// Units of glyph space in an em.
const UNITS: f64 = 1_000.0;

/// A glyph.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct GlyphMark {
    pub(super) text: String,
    /// Where it begins on its base line.
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
    /// The size of its font.
    pub(super) size: f64,
    /// True for text that does not run from left to right along the page.
    pub(super) turned: bool,
}

/// A drawn line along the page, or across it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rule {
    pub(super) from: (f64, f64),
    pub(super) to: (f64, f64),
    pub(super) upright: bool,
}

/// What stands on a page.
#[derive(Clone, Debug, Default)]
pub(super) struct PageContent {
    pub(super) glyphs: Vec<GlyphMark>,
    pub(super) rules: Vec<Rule>,
    pub(super) images: u32,
    /// Glyphs whose letter is not known.
    pub(super) unknown: usize,
    /// True where reading ended before the page did.
    pub(super) stopped: bool,
}

/// Says that reading was given up; not a panic of anybody.
struct GivenUp;

/// Reads a page.
pub(super) fn content<'p>(
    page: &Page<'p>,
    pdf: &'p Pdf,
    cache: &InterpreterCache<'p>,
    settings: &InterpreterSettings,
    deadline: Instant,
) -> PageContent {
    let mut collector = Collector {
        content: PageContent::default(),
        deadline,
        steps: 0,
    };
    let transform = page.initial_transform(true).to_kurbo();
    let (width, height) = page.render_dimensions();
    let bounds = Rect::new(0.0, 0.0, f64::from(width), f64::from(height));
    let mut context = Context::new(transform, bounds, cache, pdf.xref(), settings.clone());
    // The reader offers no way to stop it: unwinding is one, and what was read stays.
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        interpret_page(page, &mut context, &mut collector);
    }));
    collector.content.stopped = outcome.is_err();
    collector.content
}

struct Collector {
    content: PageContent,
    deadline: Instant,
    steps: usize,
}

impl Collector {
    fn step(&mut self) {
        self.steps += 1;
        let late = self.steps.is_multiple_of(64) && Instant::now() >= self.deadline;
        if late || self.steps > MAX_STEPS || self.content.glyphs.len() > MAX_GLYPHS {
            // Without a message: it is no fault.
            resume_unwind(Box::new(GivenUp));
        }
    }

    fn glyph(&mut self, glyph: &Glyph<'_>, transform: Affine) {
        let text = match glyph.as_unicode() {
            Some(BfString::Char(character)) => String::from(character),
            Some(BfString::String(text)) => text,
            None => String::new(),
        };
        let advance = match glyph {
            Glyph::Outline(glyph) => glyph.advance_width(),
            Glyph::Type3(glyph) => glyph.advance_width(),
        };
        let origin = transform * Point::ZERO;
        let along = direction(transform, f64::from(advance.unwrap_or(500.0)), 0.0);
        let up = direction(transform, 0.0, UNITS);
        let sound = [origin.x, origin.y, along.x, along.y, up.x, up.y]
            .iter()
            .all(|number| number.is_finite());
        if !sound {
            return;
        }
        let known = text.chars().any(|c| c != '\u{fffd}' && !c.is_control());
        self.content.unknown += usize::from(!known);
        if !known {
            return;
        }
        self.content.glyphs.push(GlyphMark {
            text: text.chars().filter(|c| !c.is_control()).collect(),
            x: origin.x,
            y: origin.y,
            width: along.x.abs(),
            size: up.hypot().max(0.1),
            turned: along.y.abs() > along.x.abs() * 0.2 || along.x < 0.0,
        });
    }

    fn rule(&mut self, from: Point, to: Point) {
        let (across, down) = ((to.x - from.x).abs(), (to.y - from.y).abs());
        let upright = across < 1.0 && down > 3.0;
        let level = down < 1.0 && across > 3.0;
        if (upright || level) && self.content.rules.len() < MAX_RULES && from.is_finite() && to.is_finite() {
            self.content.rules.push(Rule {
                from: (from.x.min(to.x), from.y.min(to.y)),
                to: (from.x.max(to.x), from.y.max(to.y)),
                upright,
            });
        }
    }

    /// The lines of a stroked path.
    fn strokes(&mut self, path: &BezPath) {
        let (mut start, mut last) = (Point::ZERO, Point::ZERO);
        for element in path.elements() {
            match element {
                PathEl::MoveTo(point) => (start, last) = (*point, *point),
                PathEl::LineTo(point) => {
                    self.rule(last, *point);
                    last = *point;
                }
                PathEl::QuadTo(_, point) | PathEl::CurveTo(_, _, point) => last = *point,
                PathEl::ClosePath => {
                    self.rule(last, start);
                    last = start;
                }
            }
        }
    }

    /// A filled shape that is as thin as a line.
    fn fill(&mut self, bounds: Rect) {
        let middle = bounds.center();
        if bounds.width() <= LINE_WIDTH && bounds.height() > LINE_WIDTH {
            self.rule(Point::new(middle.x, bounds.y0), Point::new(middle.x, bounds.y1));
        } else if bounds.height() <= LINE_WIDTH && bounds.width() > LINE_WIDTH {
            self.rule(Point::new(bounds.x0, middle.y), Point::new(bounds.x1, middle.y));
        }
    }
}

fn direction(transform: Affine, x: f64, y: f64) -> Vec2 {
    transform * Point::new(x, y) - transform * Point::ZERO
}

impl Device<'_> for Collector {
    fn draw_path(&mut self, path: &BezPath, props: DrawProps<'_>, mode: &DrawMode) {
        self.step();
        let path = props.transform * path.clone();
        if matches!(mode, DrawMode::Stroke(_) | DrawMode::FillAndStroke(..)) {
            self.strokes(&path);
        } else if matches!(mode, DrawMode::Fill(_)) {
            self.fill(path.bounding_box());
        }
    }

    fn push_clip_path(&mut self, _: &ClipPath) {
        self.step();
    }

    fn push_transparency_group(&mut self, _: f32, _: Option<SoftMask<'_>>, _: BlendMode) {
        self.step();
    }

    fn draw_glyph_run(&mut self, run: &GlyphRun<'_, '_>, props: DrawProps<'_>, _: &DrawMode) {
        self.step();
        for glyph in run.glyphs() {
            self.glyph(glyph, props.transform * glyph.transform());
        }
    }

    fn draw_image(&mut self, _: Image<'_, '_>, _: ImageDrawProps<'_>) {
        self.step();
        self.content.images += 1;
    }

    fn pop_clip(&mut self) {}

    fn pop_transparency_group(&mut self) {}
}
