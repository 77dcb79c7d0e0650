//! The shapes of a slide, layout or master as the file has them: kinds, names, texts, places, and where each stands in
//! the part (ECMA-376 part 1, 19.3.1.45 `spTree`).

use std::ops::Range;

use deskhand_opc::xml::{Node, Ns};

use crate::geometry::{EmuFrame, Mapping};
use crate::order::reading_order;
use crate::text::body_text;

/// What a shape is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ShapeKind {
    Placeholder,
    Text,
    Shape,
    Table,
    Chart,
    Picture,
    Group,
    Line,
    Other,
}

impl ShapeKind {
    /// The kind as answers name it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Placeholder => "placeholder",
            Self::Text => "text",
            Self::Shape => "shape",
            Self::Table => "table",
            Self::Chart => "chart",
            Self::Picture => "picture",
            Self::Group => "group",
            Self::Line => "line",
            Self::Other => "other",
        }
    }

    /// The kind in a sentence.
    pub(crate) fn called(self) -> &'static str {
        match self {
            Self::Other => "foreign object",
            known => known.name(),
        }
    }
}

/// The mark of a placeholder: `p:ph`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PlaceholderMark {
    /// `title`, `body`, `obj`, …
    pub(crate) kind: String,
    /// What ties the placeholders of slide and layout together.
    pub(crate) index: u32,
    /// The attributes that a copy of the placeholder on another level carries.
    pub(crate) attributes: Vec<(String, String)>,
}

impl PlaceholderMark {
    /// Whether it holds the title of the slide.
    pub(crate) fn is_title(&self) -> bool {
        matches!(self.kind.as_str(), "title" | "ctrTitle")
    }

    /// Whether it is date, footer or number, which stand below every slide.
    pub(crate) fn is_footer(&self) -> bool {
        matches!(self.kind.as_str(), "dt" | "ftr" | "sldNum" | "hdr")
    }

    pub(crate) fn of(node: Node<'_, '_>) -> Self {
        let text = |name: &str| node.attribute(name).map(std::borrow::Cow::into_owned);
        let copied = ["type", "orient", "sz", "idx"];
        Self {
            kind: text("type").unwrap_or_else(|| "obj".to_owned()),
            index: text("idx").and_then(|index| index.parse().ok()).unwrap_or(0),
            attributes: copied
                .iter()
                .filter_map(|name| Some(((*name).to_owned(), text(name)?)))
                .collect(),
        }
    }
}

/// One shape.
#[derive(Clone, Debug)]
pub(crate) struct Shape {
    pub(crate) id: String,
    pub(crate) name: String,
    /// Alternative text.
    pub(crate) description: Option<String>,
    pub(crate) kind: ShapeKind,
    pub(crate) placeholder: Option<PlaceholderMark>,
    /// In the coordinates of the slide; inherited where the shape has none of its own.
    pub(crate) frame: Option<EmuFrame>,
    /// Whether the place is written on the shape itself.
    pub(crate) owns_frame: bool,
    pub(crate) text: Option<String>,
    pub(crate) rows: Option<Vec<Vec<String>>>,
    /// The reference to its chart part.
    pub(crate) chart: Option<String>,
    /// What to take out of the part to delete it.
    pub(crate) span: Range<usize>,
    /// Whether it stands in two forms, of which each version of PowerPoint takes one (`mc:AlternateContent`).
    pub(crate) has_alternative: bool,
    pub(crate) hidden: bool,
    /// The id of the group that it is in.
    pub(crate) group: Option<String>,
    /// How the coordinates that its place is written in map to those of the slide.
    pub(crate) around: Mapping,
    /// The shapes of a group.
    pub(crate) children: Vec<Shape>,
}

/// Gives the place that a placeholder inherits.
pub(crate) type Inherit<'i> = &'i dyn Fn(&PlaceholderMark) -> Option<EmuFrame>;

/// The `p:spTree` of a slide, layout or master.
pub(crate) fn shape_tree<'t, 'a>(root: Node<'t, 'a>) -> Option<Node<'t, 'a>> {
    root.child_in(Ns::Presentation, "cSld")?
        .child_in(Ns::Presentation, "spTree")
}

/// The shapes of a tree in the order of the file.
pub(crate) fn shapes(tree: Node<'_, '_>, inherit: Inherit<'_>) -> Vec<Shape> {
    read_children(tree, Mapping::SLIDE, inherit)
}

/// Every shape with those inside groups, each group before its members.
pub(crate) fn flattened(shapes: &[Shape]) -> Vec<&Shape> {
    shapes
        .iter()
        .flat_map(|shape| std::iter::once(shape).chain(flattened(&shape.children)))
        .collect()
}

/// Every shape in reading order: title, then what stands on the slide, then date, footer and number.
pub(crate) fn in_reading_order(shapes: &[Shape]) -> Vec<&Shape> {
    let rank = |shape: &Shape| match &shape.placeholder {
        Some(mark) if mark.is_title() => 0,
        Some(mark) if mark.is_footer() => 2,
        _ => 1,
    };
    let mut ordered = Vec::new();
    for wanted in 0..=2 {
        let ranked: Vec<&Shape> = shapes.iter().filter(|shape| rank(shape) == wanted).collect();
        let places: Vec<_> = ranked.iter().map(|shape| shape.frame).collect();
        for index in reading_order(&places) {
            ordered.push(ranked[index]);
            ordered.extend(in_reading_order(&ranked[index].children));
        }
    }
    ordered
}

fn read_children(tree: Node<'_, '_>, mapping: Mapping, inherit: Inherit<'_>) -> Vec<Shape> {
    let mut shapes = Vec::new();
    for node in tree.children() {
        if node.is(Ns::Markup, "AlternateContent") {
            // The first choice is what current PowerPoint shows; where it holds no shape, the fallback does.
            let mut choices = node
                .children()
                .map(|choice| read_children(choice, mapping, inherit));
            for mut shape in choices.find(|choice| !choice.is_empty()).unwrap_or_default() {
                shape.span = node.span();
                shape.has_alternative = true;
                shapes.push(shape);
            }
        } else if let Some(shape) = read_shape(node, mapping, inherit) {
            shapes.push(shape);
        }
    }
    shapes
}

fn read_shape(node: Node<'_, '_>, mapping: Mapping, inherit: Inherit<'_>) -> Option<Shape> {
    let local = node.local();
    if !["sp", "pic", "graphicFrame", "grpSp", "cxnSp", "contentPart"].contains(&local) {
        return None;
    }
    let head = node.children().next()?;
    let identity = head.children().find(|child| child.local() == "cNvPr")?;
    let text = |name: &str| identity.attribute(name).map(std::borrow::Cow::into_owned);
    let mark = head.children().find(|child| child.local() == "nvPr");
    let placeholder = mark
        .and_then(|mark| mark.child_in(Ns::Presentation, "ph"))
        .map(PlaceholderMark::of);
    let (own, inner) = transform(node);
    let frame = own
        .map(|frame| mapping.apply(frame))
        .or_else(|| inherit(placeholder.as_ref()?));
    let body = node
        .child_in(Ns::Presentation, "txBody")
        .filter(|_| local == "sp");
    let mut shape = Shape {
        id: text("id").unwrap_or_default(),
        name: text("name").unwrap_or_default(),
        description: text("descr").filter(|description| !description.is_empty()),
        kind: kind_of(node, head, placeholder.is_some()),
        placeholder,
        frame,
        owns_frame: own.is_some(),
        text: body.map(body_text),
        rows: None,
        chart: None,
        span: node.span(),
        has_alternative: false,
        hidden: text("hidden").is_some_and(|value| value == "1" || value == "true"),
        group: None,
        around: mapping,
        children: Vec::new(),
    };
    match shape.kind {
        ShapeKind::Group => {
            let inside = own.map_or(mapping, |own| mapping.inside(own, inner.unwrap_or(own)));
            shape.children = read_children(node, inside, inherit);
            for child in &mut shape.children {
                child.group = Some(shape.id.clone());
            }
        }
        ShapeKind::Table => shape.rows = table(node).map(table_rows),
        ShapeKind::Chart => shape.chart = chart_reference(node),
        _ => {}
    }
    Some(shape)
}

fn kind_of(node: Node<'_, '_>, head: Node<'_, '_>, is_placeholder: bool) -> ShapeKind {
    match node.local() {
        "pic" => ShapeKind::Picture,
        "grpSp" => ShapeKind::Group,
        "cxnSp" => ShapeKind::Line,
        "graphicFrame" if table(node).is_some() => ShapeKind::Table,
        "graphicFrame" if graphic_data(node).is_some_and(holds_chart) => ShapeKind::Chart,
        "sp" if is_placeholder => ShapeKind::Placeholder,
        "sp" => {
            let properties = head.children().find(|child| child.local() == "cNvSpPr");
            let text_box = properties.and_then(|properties| properties.attribute("txBox"));
            if text_box.is_some_and(|value| value == "1" || value == "true") {
                ShapeKind::Text
            } else {
                ShapeKind::Shape
            }
        }
        _ => ShapeKind::Other,
    }
}

fn graphic_data<'t, 'a>(node: Node<'t, 'a>) -> Option<Node<'t, 'a>> {
    node.child_in(Ns::Drawing, "graphic")?.child("graphicData")
}

/// A chart, or one of the newer kinds that have a part of their own format (waterfall, funnel, …).
fn holds_chart(data: Node<'_, '_>) -> bool {
    data.child_in(Ns::Chart, "chart").is_some()
        || data.attribute("uri").is_some_and(|uri| uri.ends_with("/chartex"))
}

/// The `a:tbl` of a graphic frame.
pub(crate) fn table<'t, 'a>(node: Node<'t, 'a>) -> Option<Node<'t, 'a>> {
    graphic_data(node)?.child("tbl")
}

fn table_rows(table: Node<'_, '_>) -> Vec<Vec<String>> {
    let rows = table.children().filter(|child| child.local() == "tr");
    rows.map(|row| {
        let cells = row.children().filter(|child| child.local() == "tc");
        cells
            .map(|cell| cell.child("txBody").map(body_text).unwrap_or_default())
            .collect()
    })
    .collect()
}

fn chart_reference(node: Node<'_, '_>) -> Option<String> {
    let chart = graphic_data(node)?.child_in(Ns::Chart, "chart")?;
    chart.prefixed("id").map(std::borrow::Cow::into_owned)
}

/// The place written on a shape, and for a group the coordinates inside it.
fn transform(node: Node<'_, '_>) -> (Option<EmuFrame>, Option<EmuFrame>) {
    let holder = match node.local() {
        "graphicFrame" | "contentPart" => node.children().find(|child| child.local() == "xfrm"),
        _ => {
            let properties = node
                .children()
                .find(|child| matches!(child.local(), "spPr" | "grpSpPr"));
            properties.and_then(|properties| properties.children().find(|child| child.local() == "xfrm"))
        }
    };
    let place = |offset: &str, extent: &str| {
        let number = |child: &str, name: &str| {
            let node = holder?.children().find(|node| node.local() == child)?;
            node.attribute(name)?
                .parse::<i64>()
                .ok()
                .map(|number| number.clamp(-MAX_EMU, MAX_EMU))
        };
        Some(EmuFrame {
            left: number(offset, "x")?,
            top: number(offset, "y")?,
            width: number(extent, "cx")?,
            height: number(extent, "cy")?,
        })
    };
    (place("off", "ext"), place("chOff", "chExt"))
}

/// The farthest coordinate of the format (ECMA-376 part 1, 20.1.10.16 `ST_Coordinate`), in EMU.
const MAX_EMU: i64 = 27_273_042_316_900;
