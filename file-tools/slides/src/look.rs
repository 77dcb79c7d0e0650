//! How shapes look: fill, outline, font, colours and alignment as edits on a shape (ECMA-376 part 1, 20.1 and 21.1).
//! What is not named stays as it is, effects and links too.

use std::ops::Range;

use deskhand_opc::Blob;
use deskhand_opc::xml::{Node, Ns};
use deskhand_operations::Refusal;
use deskhand_operations::deck::{ShapeLook, TextAlign, TextAnchor};

use crate::dialect::Dialect;
use crate::element::{Element, FILLS, LINE_PROPERTIES, RUN_PROPERTIES, SHAPE_PROPERTIES, fitted};
use crate::refuse;
use crate::text::paragraphs;
use crate::theme::{COLORS, MAPPED, parse};

/// The widest outline, in points (20.1.10.35 `ST_LineWidth`).
const WIDEST_LINE: f64 = 1584.0;

/// EMU in a point.
const POINT: f64 = 12_700.0;

/// The sizes of text, in points (21.1.10 `ST_TextFontSize`).
const SIZES: std::ops::RangeInclusive<f64> = 1.0..=4000.0;

/// The part that a shape is in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'p> {
    pub(crate) content: &'p [u8],
    pub(crate) dialect: Dialect,
}

/// Refuses what no shape can look like.
pub(crate) fn check(look: &ShapeLook) -> Result<(), Refusal> {
    for color in [&look.fill, &look.line].into_iter().flatten() {
        if color != "none" {
            color_xml(color)?;
        }
    }
    look.color.as_deref().map(color_xml).transpose()?;
    if let Some(font) = &look.font {
        crate::text::check_line("the name of the font", font)?;
        if font.trim().is_empty() || font.len() > 100 {
            return Err(refuse::bad_input("the name of the font has 1 to 100 bytes"));
        }
    }
    if look.size.is_some_and(|size| !SIZES.contains(&size)) {
        return Err(refuse::bad_input("the size of text is 1 to 4000 points"));
    }
    if look
        .line_width
        .is_some_and(|width| !(0.0..=WIDEST_LINE).contains(&width))
    {
        return Err(refuse::bad_input(format!(
            "the width of an outline is 0 to {WIDEST_LINE} points"
        )));
    }
    Ok(())
}

/// Whether a look says something of the text.
pub(crate) fn is_about_text(look: &ShapeLook) -> bool {
    is_about_runs(look) || look.align.is_some() || look.anchor.is_some()
}

/// Whether a look says something of fill or outline.
pub(crate) fn is_about_shape(look: &ShapeLook) -> bool {
    look.fill.is_some() || look.line.is_some() || look.line_width.is_some()
}

fn is_about_runs(look: &ShapeLook) -> bool {
    look.font.is_some()
        || look.size.is_some()
        || look.bold.is_some()
        || look.italic.is_some()
        || look.underline.is_some()
        || look.color.is_some()
}

/// The edits that give the shape's properties (`p:spPr`) fill and outline.
pub(crate) fn shape_edit(
    root: Node<'_, '_>,
    properties: Node<'_, '_>,
    look: &ShapeLook,
    place: Place<'_>,
) -> Result<(Range<usize>, Blob), Refusal> {
    let fit = |xml: &str| fitted(xml, root, place.dialect);
    let mut element = Element::of(properties, place.content);
    if let Some(fill) = &look.fill {
        let (local, xml) = fill_xml(fill)?;
        element.put(SHAPE_PROPERTIES, FILLS, local, fit(&xml));
    }
    if look.line.is_some() || look.line_width.is_some() {
        let mut line = match properties.child_in(Ns::Drawing, "ln") {
            Some(line) => Element::of(line, place.content),
            None => Element::new("a:ln"),
        };
        if let Some(width) = look.line_width {
            line.set("w", &((width * POINT).round() as i64).to_string());
        }
        if let Some(color) = &look.line {
            let (local, xml) = fill_xml(color)?;
            line.put(LINE_PROPERTIES, FILLS, local, fit(&xml));
        }
        element.put(SHAPE_PROPERTIES, &["ln"], "ln", fit(&line.xml()));
    }
    Ok(element.instead_of(properties))
}

/// The edits that give a text body font, colours and alignment.
pub(crate) fn text_edits(
    root: Node<'_, '_>,
    body: Node<'_, '_>,
    look: &ShapeLook,
    place: Place<'_>,
) -> Result<Vec<(Range<usize>, Blob)>, Refusal> {
    let mut edits = Vec::new();
    if let (Some(anchor), Some(properties)) = (look.anchor, body.child_in(Ns::Drawing, "bodyPr")) {
        let anchor = match anchor {
            TextAnchor::Top => "t",
            TextAnchor::Middle => "ctr",
            TextAnchor::Bottom => "b",
        };
        edits.push(properties.tag().set_attribute("anchor", anchor));
    }
    for paragraph in paragraphs(body) {
        if let Some(align) = look.align {
            edits.push(align_edit(paragraph, align));
        }
        if is_about_runs(look) {
            run_edits(root, paragraph, look, place, &mut edits)?;
        }
    }
    Ok(edits)
}

fn align_edit(paragraph: Node<'_, '_>, align: TextAlign) -> (Range<usize>, Blob) {
    let align = match align {
        TextAlign::Left => "l",
        TextAlign::Center => "ctr",
        TextAlign::Right => "r",
        TextAlign::Justify => "just",
    };
    match paragraph.child("pPr") {
        Some(properties) => properties.tag().set_attribute("algn", align),
        None => paragraph.prepend(&format!("<{}pPr algn=\"{align}\"/>", paragraph.prefix_colon())),
    }
}

fn run_edits(
    root: Node<'_, '_>,
    paragraph: Node<'_, '_>,
    look: &ShapeLook,
    place: Place<'_>,
    edits: &mut Vec<(Range<usize>, Blob)>,
) -> Result<(), Refusal> {
    let prefix = paragraph.prefix_colon();
    for piece in paragraph.children().filter(|node| node.tag().ns == Ns::Drawing) {
        let holds = matches!(piece.local(), "r" | "fld" | "br");
        let is_end = piece.local() == "endParaRPr";
        if !holds && !is_end {
            continue;
        }
        let known = if is_end { Some(piece) } else { piece.child("rPr") };
        let mut element = match known {
            Some(node) => Element::of(node, place.content),
            None => Element::new(format!("{prefix}rPr")),
        };
        run_properties(&mut element, root, look, place)?;
        edits.push(match known {
            Some(node) => element.instead_of(node),
            None => piece.prepend(&element.xml()),
        });
    }
    Ok(())
}

/// Sets the properties of a run.
fn run_properties(
    element: &mut Element,
    root: Node<'_, '_>,
    look: &ShapeLook,
    place: Place<'_>,
) -> Result<(), Refusal> {
    let flag = |on: bool| if on { "1" } else { "0" };
    if let Some(size) = look.size {
        element.set("sz", &((size * 100.0).round() as i64).to_string());
    }
    if let Some(bold) = look.bold {
        element.set("b", flag(bold));
    }
    if let Some(italic) = look.italic {
        element.set("i", flag(italic));
    }
    if let Some(underline) = look.underline {
        element.set("u", if underline { "sng" } else { "none" });
    }
    if let Some(color) = &look.color {
        let (local, xml) = fill_xml(color)?;
        element.put(RUN_PROPERTIES, FILLS, local, fitted(&xml, root, place.dialect));
    }
    if let Some(font) = &look.font {
        let (latin, others) = match font.as_str() {
            "heading" => ("+mj-lt", Some(["+mj-ea", "+mj-cs"])),
            "body" => ("+mn-lt", Some(["+mn-ea", "+mn-cs"])),
            name => (name, None),
        };
        let tag = |local: &str, face: &str| {
            let mut element = Element::new(format!("a:{local}"));
            element.set("typeface", face);
            fitted(&element.xml(), root, place.dialect)
        };
        element.put(RUN_PROPERTIES, &["latin"], "latin", tag("latin", latin));
        if let Some([east, complex]) = others {
            element.put(RUN_PROPERTIES, &["ea"], "ea", tag("ea", east));
            element.put(RUN_PROPERTIES, &["cs"], "cs", tag("cs", complex));
        }
    }
    Ok(())
}

/// A fill with its local name: of a colour, or none.
fn fill_xml(color: &str) -> Result<(&'static str, String), Refusal> {
    if color == "none" {
        return Ok(("noFill", "<a:noFill/>".to_owned()));
    }
    Ok((
        "solidFill",
        format!("<a:solidFill>{}</a:solidFill>", color_xml(color)?),
    ))
}

/// A colour by name of the theme or as `#RRGGBB`.
fn color_xml(color: &str) -> Result<String, Refusal> {
    if let Some(value) = color.strip_prefix('#')
        && parse(value).is_some()
    {
        return Ok(format!("<a:srgbClr val=\"{}\"/>", value.to_uppercase()));
    }
    let mut names = COLORS.iter().chain(&MAPPED);
    match names.find(|(_, shown)| *shown == color) {
        Some((file, _)) => Ok(format!("<a:schemeClr val=\"{file}\"/>")),
        None => Err(refuse::bad_input(format!(
            "'{color}' is no colour: it takes #RRGGBB or one of {}",
            refuse::listed(COLORS.iter().chain(&MAPPED).map(|(_, shown)| *shown))
        ))),
    }
}
