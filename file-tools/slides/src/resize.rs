//! Fits what comes from a deck of another slide size, as PowerPoint does where it ensures that everything fits: one scale
//! for both directions, centred on the slide; texts, their spacings and the cells of tables in the same scale. Masters and
//! layouts are stretched to the new slide, their pictures and groups are not.
//!
//! Knows no packages beyond the parts that it is given.

use std::ops::Range;

use deskhand_opc::xml::{Node, Ns};
use deskhand_opc::{Blob, Draft};
use deskhand_operations::Refusal;

use crate::deck::Deck;
use crate::part::Part;
use crate::refuse;

type Edits = Vec<(Range<usize>, Blob)>;

/// The sides that a slide may have, in EMU (ECMA-376 part 1, `ST_SlideSizeCoordinate`).
const SIDES: std::ops::RangeInclusive<i64> = 914_400..=51_206_400;

/// The size of text where nothing tells it, in hundredths of a point.
const USUAL_SIZE: f64 = 1800.0;

/// The insets of text in a shape (21.1.2.1.1) and the margins of a cell (21.1.3.17) where none are given, in EMU.
const INSETS: [(&str, f64); 4] = [
    ("lIns", 91_440.0),
    ("tIns", 45_720.0),
    ("rIns", 91_440.0),
    ("bIns", 45_720.0),
];
const MARGINS: [(&str, f64); 4] = [
    ("marL", 91_440.0),
    ("marR", 91_440.0),
    ("marT", 45_720.0),
    ("marB", 45_720.0),
];

/// How one slide size is brought to another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Fit {
    /// Of both directions.
    scale: f64,
    /// What makes the middle stay the middle, in EMU.
    shift: (f64, f64),
    /// Of each direction, for masters.
    stretch: (f64, f64),
}

/// What a part holds, and so how it is fitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Slide,
    /// A layout or a master.
    Sheet,
    /// What SmartArt last looked like: its places count from its own frame.
    Drawing,
    /// Texts alone: the rest of a chart follows its frame.
    Chart,
}

impl Kind {
    fn of(content_type: &str) -> Option<Self> {
        let kinds = [
            ("presentationml.slide+xml", Self::Slide),
            ("presentationml.slideLayout+xml", Self::Sheet),
            ("presentationml.slideMaster+xml", Self::Sheet),
            ("drawingml.diagramDrawing+xml", Self::Drawing),
            ("drawingml.chart+xml", Self::Chart),
        ];
        let found = kinds.iter().find(|(ending, _)| content_type.ends_with(ending));
        found.map(|(_, kind)| *kind)
    }
}

impl Fit {
    /// From slides of one size to those of another; nothing where they are of the same, or of none that there is.
    pub(crate) fn between(from: &Deck, to: &Deck) -> Option<Self> {
        let (from, to) = (from.size, to.size);
        let sides = [from.width, from.height, to.width, to.height];
        if from == to || !sides.iter().all(|side| SIDES.contains(side)) {
            return None;
        }
        let (width, height) = (from.width as f64, from.height as f64);
        let stretch = (to.width as f64 / width, to.height as f64 / height);
        let scale = stretch.0.min(stretch.1);
        let shift = (
            (to.width as f64 - width * scale) / 2.0,
            (to.height as f64 - height * scale) / 2.0,
        );
        Some(Self {
            scale,
            shift,
            stretch,
        })
    }

    /// Fits the parts that came along with a slide of `source`; the others of `parts` stay as they are.
    pub(crate) fn parts(self, draft: &mut Draft, source: &Deck, parts: &[String]) -> Result<(), Refusal> {
        let types = draft.package().content_types();
        let types = types.map_err(|error| refuse::package(&error))?;
        for name in parts {
            let Some(kind) = types.of(name).and_then(Kind::of) else {
                continue;
            };
            let part = Part::read(draft.package(), name)?;
            let edits = self.edits(source, part.tree()?.root(), kind)?;
            draft.edit(name, edits).map_err(|error| refuse::patch(&error))?;
        }
        Ok(())
    }

    /// A layout of `source` as it is once it has been brought.
    pub(crate) fn layout(self, source: &Deck, name: &str) -> Result<Vec<u8>, Refusal> {
        let part = Part::read(&source.package, name)?;
        let mut edits = self.edits(source, part.tree()?.root(), Kind::Sheet)?;
        edits.sort_by_key(|(range, _)| range.start);
        let (mut fitted, mut at) = (Vec::with_capacity(part.content.len()), 0);
        for (range, new) in edits {
            fitted.extend_from_slice(&part.content[at..range.start]);
            fitted.extend_from_slice(&new);
            at = range.end;
        }
        fitted.extend_from_slice(&part.content[at..]);
        Ok(fitted)
    }

    fn edits(self, source: &Deck, root: Node<'_, '_>, kind: Kind) -> Result<Edits, Refusal> {
        let mut edits = Edits::new();
        let tree = root.descendants().find(|node| node.local() == "spTree");
        if let Some(tree) = tree {
            self.frames(tree, kind, &mut edits);
        }
        for node in root.descendants().filter(|node| node.tag().ns == Ns::Drawing) {
            self.text(node, &mut edits);
        }
        if kind == Kind::Slide {
            let presentation = Part::read(&source.package, &source.presentation)?;
            let defaults = presentation.tree()?;
            for body in root.descendants().filter(|node| node.local() == "txBody") {
                if !is_in_placeholder(body) {
                    self.inherited(body, defaults.root(), &mut edits);
                }
            }
            for cell in root.descendants().filter(|node| node.is(Ns::Drawing, "tcPr")) {
                edits.extend(self.missing(cell, &MARGINS));
            }
        }
        Ok(edits)
    }

    /// The places of shapes: those inside a group follow the group.
    fn frames(self, tree: Node<'_, '_>, kind: Kind, edits: &mut Edits) {
        for shape in tree.children() {
            let holder = match shape.local() {
                "AlternateContent" | "Choice" | "Fallback" => {
                    self.frames(shape, kind, edits);
                    continue;
                }
                "sp" | "pic" | "cxnSp" => named(shape, "spPr"),
                "grpSp" => named(shape, "grpSpPr"),
                "graphicFrame" | "contentPart" => Some(shape),
                // The tree's own properties among them: they say nothing.
                _ => None,
            };
            let frame = holder.and_then(|holder| named(holder, "xfrm"));
            for frame in frame.into_iter().chain(named(shape, "txXfrm")) {
                self.frame(shape, frame, kind, edits);
            }
        }
    }

    fn frame(self, shape: Node<'_, '_>, frame: Node<'_, '_>, kind: Kind, edits: &mut Edits) {
        let stretched = kind == Kind::Sheet && !matches!(shape.local(), "pic" | "grpSp");
        let (scale, shift) = match kind {
            Kind::Sheet if stretched => (self.stretch, (0.0, 0.0)),
            Kind::Slide | Kind::Sheet => ((self.scale, self.scale), self.shift),
            Kind::Drawing | Kind::Chart => ((self.scale, self.scale), (0.0, 0.0)),
        };
        for (local, name, scale, shift) in [
            ("off", "x", scale.0, shift.0),
            ("off", "y", scale.1, shift.1),
            ("ext", "cx", scale.0, 0.0),
            ("ext", "cy", scale.1, 0.0),
        ] {
            let place = named(frame, local);
            let number = place.and_then(|place| place.attribute(name)?.parse::<i64>().ok());
            if let (Some(place), Some(number)) = (place, number) {
                let number = (number as f64 * scale + shift).round() as i64;
                edits.push(place.tag().set_attribute(name, &number.to_string()));
            }
        }
    }

    /// Sizes, indents and spacings that text and tables give themselves.
    fn text(self, node: Node<'_, '_>, edits: &mut Edits) {
        let names: &[&str] = match node.local() {
            "rPr" | "endParaRPr" | "defRPr" => &["sz"],
            "bodyPr" => &["lIns", "tIns", "rIns", "bIns"],
            "tcPr" => &["marL", "marR", "marT", "marB"],
            "gridCol" => &["w"],
            "tr" => &["h"],
            "tab" => &["pos"],
            "spcPts" | "buSzPts" => &["val"],
            "pPr" | "defPPr" => &["marL", "marR", "indent", "defTabSz"],
            local if local.starts_with("lvl") && local.ends_with("pPr") => {
                &["marL", "marR", "indent", "defTabSz"]
            }
            _ => return,
        };
        for name in names {
            let number = node.attribute(name).and_then(|number| number.parse::<i64>().ok());
            if let Some(number) = number {
                let is_size = *name == "sz" || node.local() == "buSzPts";
                let number = if is_size {
                    self.size(number as f64)
                } else {
                    (number as f64 * self.scale).round() as i64
                };
                edits.push(node.tag().set_attribute(name, &number.to_string()));
            }
        }
    }

    /// A size of text in hundredths of a point (20.1.10.72 `ST_TextFontSize`).
    fn size(self, size: f64) -> i64 {
        ((size * self.scale).round() as i64).clamp(100, 400_000)
    }

    /// Sizes and insets that text has from its deck: here it would have them from this one.
    fn inherited(self, body: Node<'_, '_>, presentation: Node<'_, '_>, edits: &mut Edits) {
        if let Some(properties) = named(body, "bodyPr").filter(|_| body.is(Ns::Presentation, "txBody")) {
            edits.extend(self.missing(properties, &INSETS));
        }
        let size_in = |styles: Option<Node<'_, '_>>, level: usize| {
            let of_level = styles.and_then(|styles| named(styles, &format!("lvl{}pPr", level.min(8) + 1)));
            let levels = [of_level, styles.and_then(|styles| named(styles, "defPPr"))];
            let mut sizes = levels.into_iter().flatten();
            sizes.find_map(|level| named(level, "defRPr")?.attribute("sz")?.parse::<f64>().ok())
        };
        for paragraph in body.children().filter(|node| node.is(Ns::Drawing, "p")) {
            let own = named(paragraph, "pPr").and_then(|own| own.attribute("lvl"));
            let level = own.and_then(|level| level.parse().ok()).unwrap_or(0);
            if size_in(named(body, "lstStyle"), level).is_some() {
                continue;
            }
            let inherited = size_in(named(presentation, "defaultTextStyle"), level);
            let size = self.size(inherited.unwrap_or(USUAL_SIZE)).to_string();
            for piece in paragraph.children() {
                let properties = match piece.local() {
                    "r" | "fld" | "br" => named(piece, "rPr"),
                    "endParaRPr" => Some(piece),
                    _ => continue,
                };
                match properties {
                    Some(known) if known.attribute("sz").is_some() => {}
                    Some(known) => edits.push(known.tag().set_attribute("sz", &size)),
                    None => {
                        let prefix = piece.prefix_colon();
                        edits.push(piece.prepend(&format!("<{prefix}rPr sz=\"{size}\"/>")));
                    }
                }
            }
        }
    }

    /// The edit that writes down those of some lengths that an element leaves to their usual values.
    fn missing(self, node: Node<'_, '_>, usual: &[(&str, f64)]) -> Option<(Range<usize>, Blob)> {
        let mut at = None;
        let mut added = Vec::new();
        for (name, length) in usual {
            if node.attribute(name).is_none() {
                let length = (length * self.scale).round() as i64;
                let (range, attribute) = node.tag().set_attribute(name, &length.to_string());
                added.extend_from_slice(&attribute);
                at = Some(range);
            }
        }
        at.map(|at| (at, added.into()))
    }
}

/// Whether a text stands in a placeholder, which has sizes and insets from its layout.
fn is_in_placeholder(body: Node<'_, '_>) -> bool {
    let shape = body.parent();
    let names = shape.and_then(|shape| named(shape, "nvSpPr"));
    let mark = names.and_then(|names| named(named(names, "nvPr")?, "ph"));
    mark.is_some()
}

/// The first child of a local name: shapes, their frames and their texts are of different namespaces.
fn named<'t, 'a>(node: Node<'t, 'a>, local: &str) -> Option<Node<'t, 'a>> {
    node.children().find(|child| child.local() == local)
}
