//! Laying text out: how high it is in its shape, and whether it fits.

use deskhand_opc::xml::{Node, Ns};
use deskhand_operations::answer::Severity;

use super::Subject;
use super::cascade::{Inherited, RunLook};
use super::metrics::Font;
use crate::geometry::EmuFrame;
use crate::shape::{Shape, ShapeKind};
use crate::text::paragraphs;

/// EMU in a point.
const POINT: f64 = 12_700.0;

/// By how much a text has to be too high before it is told, where the font's widths are known.
const SURE: f64 = 1.12;

/// The same where they are estimated.
const UNSURE: f64 = 1.35;

/// A text in its shape.
#[derive(Clone, Debug)]
pub(crate) struct Laid {
    /// Where its lines stand, in EMU.
    pub(crate) extent: EmuFrame,
    /// The height that it needs, in points.
    needed: f64,
    /// The height that there is, in points.
    available: f64,
    is_known: bool,
    /// How each piece of text looks.
    pub(crate) looks: Vec<RunLook>,
}

/// Lays the text of a shape out; nothing where it has none, or where it runs in a way that is not known here.
pub(super) fn lay_out(subject: &Subject<'_>, shape: &Shape) -> Option<Laid> {
    let node = crate::content::node(subject.sheets.slide, shape)?;
    let frame = shape.frame?;
    if shape.text.as_deref()?.trim().is_empty() || shape.kind == ShapeKind::Table {
        return None;
    }
    let inherited = subject.sheets.of_shape(node, shape.placeholder.as_ref());
    let turned = inherited.body("vert").is_some_and(|vert| vert != "horz");
    let columns = inherited.body("numCol").is_some_and(|count| count != "1");
    if turned || columns {
        return None;
    }
    let body = node.child_in(Ns::Presentation, "txBody")?;
    let inset = |name: &str, usual: f64| {
        let own = inherited.body(name).and_then(|inset| inset.parse::<f64>().ok());
        own.unwrap_or(usual) / POINT
    };
    let width = frame.width as f64 / POINT - inset("lIns", 91_440.0) - inset("rIns", 91_440.0);
    let available = frame.height as f64 / POINT - inset("tIns", 45_720.0) - inset("bIns", 45_720.0);
    let wraps = inherited.body("wrap").is_none_or(|wrap| wrap != "none");
    let fit = inherited.autofit().filter(|fit| fit.local() == "normAutofit");
    let share = |name: &str, usual: f64| {
        let value = fit.and_then(|fit| fit.attribute(name));
        value
            .and_then(|value| value.trim_end_matches('%').parse::<f64>().ok())
            .map_or(usual, |share| {
                if share.abs() > 1000.0 {
                    share / 100_000.0
                } else {
                    share / 100.0
                }
            })
    };
    let scale = Scale {
        size: share("fontScale", 1.0),
        spacing: 1.0 - share("lnSpcReduction", 0.0),
    };
    let mut page = Page {
        width: if wraps { width.max(1.0) } else { f64::INFINITY },
        ..Page::default()
    };
    for paragraph in paragraphs(body) {
        page.paragraph(&inherited, paragraph, scale);
    }
    let needed = page.height;
    Some(Laid {
        extent: extent(&inherited, frame, (page.widest, needed), &page.align),
        needed,
        available,
        is_known: page.is_known,
        looks: page.looks,
    })
}

/// How much text that is made to fit was shrunk.
#[derive(Clone, Copy, Debug)]
struct Scale {
    size: f64,
    spacing: f64,
}

/// Lines as they are set.
#[derive(Debug)]
struct Page {
    width: f64,
    height: f64,
    widest: f64,
    is_known: bool,
    align: String,
    looks: Vec<RunLook>,
}

impl Default for Page {
    fn default() -> Self {
        Self {
            width: 0.0,
            height: 0.0,
            widest: 0.0,
            is_known: true,
            align: String::new(),
            looks: Vec::new(),
        }
    }
}

/// One paragraph as it is set.
#[derive(Debug)]
struct Setting {
    /// How wide a line may be, in points.
    room: f64,
    /// Where the text begins, from the left of the shape's text.
    margin: f64,
    /// How far the first line stands in.
    first: f64,
    line: f64,
    lines: u32,
    /// The height of the highest line.
    high: f64,
}

impl Setting {
    /// Begins another line; answers how wide the one before is.
    fn next_line(&mut self) -> f64 {
        let width = self.line + self.margin;
        self.lines += 1;
        self.line = 0.0;
        width
    }
}

impl Page {
    fn paragraph<'c>(&mut self, inherited: &Inherited<'c>, paragraph: Node<'c, 'c>, scale: Scale) {
        let own = paragraph.child("pPr");
        let level = own
            .and_then(|own| own.attribute("lvl")?.parse().ok())
            .unwrap_or(0usize);
        let chain: Vec<Node<'c, 'c>> = own.into_iter().chain(inherited.levels(level)).collect();
        let attribute = |name: &str| chain.iter().find_map(|node| node.attribute(name));
        let points = |name: &str| {
            let value = attribute(name).and_then(|value| value.parse::<f64>().ok());
            value.unwrap_or(0.0) / POINT
        };
        if let Some(align) = attribute("algn") {
            self.align = align.into_owned();
        }
        // A bullet hangs to the left of its text, where the indent is below zero.
        let (margin, first) = (points("marL"), points("indent").max(0.0));
        let mut setting = Setting {
            room: (self.width - margin).max(1.0),
            margin,
            first,
            line: first,
            lines: 1,
            high: 0.0,
        };
        for piece in paragraph.children().filter(|node| node.tag().ns == Ns::Drawing) {
            match piece.local() {
                "r" | "fld" => {
                    let text = piece.child("t").map_or("", |text| text.own_text());
                    let look = inherited.run(piece.child("rPr"), level);
                    self.run(&mut setting, text, look, scale);
                }
                "br" => self.widest = self.widest.max(setting.next_line()),
                _ => {}
            }
        }
        self.widest = self.widest.max(setting.line + margin);
        if setting.high == 0.0 {
            let look = inherited.run(paragraph.child("endParaRPr"), level);
            setting.high = look.size * scale.size * Font::named(&look.font).line / 1000.0;
        }
        let spacing = |name: &str, usual: f64| {
            let node = chain.iter().find_map(|node| node.child(name)?.children().next());
            node.map_or(usual, |node| space(node, setting.high))
        };
        let step = spacing("lnSpc", setting.high) * scale.spacing;
        let before = if self.height > 0.0 {
            spacing("spcBef", 0.0)
        } else {
            0.0
        };
        self.height += before + f64::from(setting.lines) * step + spacing("spcAft", 0.0);
    }

    /// Sets a run word by word.
    fn run(&mut self, setting: &mut Setting, text: &str, look: RunLook, scale: Scale) {
        let font = Font::named(&look.font);
        let size = look.size * scale.size;
        self.is_known &= font.is_known;
        setting.high = setting.high.max(size * font.line / 1000.0);
        for word in text.split_inclusive([' ', '-', '\u{2013}', '\u{2014}', '/', '\t']) {
            let bare = font.width(word.trim_end(), size, look.bold);
            if setting.line > setting.first && setting.line + bare > setting.room {
                self.widest = self.widest.max(setting.next_line());
            }
            setting.line += font.width(word, size, look.bold);
            // A word that is wider than the line is broken inside.
            if setting.line > setting.room && setting.room.is_finite() {
                let full = (setting.line / setting.room).floor();
                setting.lines = setting.lines.saturating_add(full as u32);
                setting.line -= full * setting.room;
                self.widest = self.widest.max(setting.room + setting.margin);
            }
        }
        if !text.trim().is_empty() {
            self.looks.push(look);
        }
    }
}

/// The points of a spacing; `line` is the height of a line.
fn space(node: Node<'_, '_>, line: f64) -> f64 {
    let value = node.attribute("val").unwrap_or_default();
    let number = value.trim_end_matches('%').parse::<f64>().unwrap_or(0.0);
    match node.local() {
        "spcPts" => number / 100.0,
        _ if value.ends_with('%') => line * number / 100.0,
        _ => line * number / 100_000.0,
    }
}

/// Where the lines stand in the frame.
fn extent(inherited: &Inherited<'_>, frame: EmuFrame, (width, height): (f64, f64), align: &str) -> EmuFrame {
    let (width, height) = ((width * POINT) as i64, (height * POINT) as i64);
    let width = width.min(frame.width.max(0));
    let inset = 91_440.min(frame.width / 4);
    let left = match align {
        "ctr" => frame.left + (frame.width - width) / 2,
        "r" => frame.left + frame.width - width - inset,
        _ => frame.left + inset,
    };
    let top = match inherited.body("anchor").as_deref() {
        Some("ctr") => frame.top + (frame.height - height) / 2,
        Some("b") => frame.top + frame.height - height - inset / 2,
        _ => frame.top + inset / 2,
    };
    EmuFrame {
        left,
        top,
        width,
        height,
    }
}

/// Tells a text that does not fit into its shape, or that grows its shape beyond the slide.
pub(super) fn overflow(subject: &mut Subject<'_>, shape: &Shape, laid: &Laid) {
    let limit = if laid.is_known { SURE } else { UNSURE };
    // Two points for rounding.
    if laid.available <= 0.0 || laid.needed <= laid.available * limit + 2.0 {
        return;
    }
    let Some(node) = crate::content::node(subject.sheets.slide, shape) else {
        return;
    };
    let inherited = subject.sheets.of_shape(node, shape.placeholder.as_ref());
    let fit = inherited.autofit().map(|fit| fit.local());
    let slide = subject.deck.size;
    if fit == Some("spAutoFit") {
        // The shape grows with its text; that matters where it leaves the slide.
        if laid.extent.top + laid.extent.height <= slide.height + slide.height / 50 {
            return;
        }
    }
    let percent = ((laid.needed / laid.available - 1.0) * 100.0).round();
    let about = if laid.is_known { "" } else { "about " };
    let shrinks = if fit == Some("normAutofit") {
        "; PowerPoint shrinks it when the text is edited there"
    } else {
        ""
    };
    let severity = if fit == Some("normAutofit") {
        Severity::Note
    } else {
        Severity::Warning
    };
    let sentence = format!(
        "the text of '{}' is {about}{percent} % higher than its shape: it needs {:.0} points and has {:.0}{shrinks}",
        shape.name, laid.needed, laid.available
    );
    subject.tell("text.overflow", severity, Some(shape), sentence);
}
