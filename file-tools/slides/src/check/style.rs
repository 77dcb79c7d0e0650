//! Style: contrast of text against what stands behind it, and fonts and colours that are not of the theme.

use std::collections::BTreeSet;

use deskhand_opc::xml::{Node, Ns};
use deskhand_operations::answer::Severity;

use super::Subject;
use super::color::{Behind, background, contrast as contrast_of, fill_of, resolve};
use super::text::Laid;
use crate::content::node;
use crate::geometry::EmuFrame;
use crate::shape::{Shape, ShapeKind, shape_tree, shapes as shapes_of};
use crate::theme::{hex, literal};

/// Colours that a finding lists at most.
const LISTED: usize = 6;

/// Tells a text that can hardly be told from what is behind it (WCAG 2.2, 1.4.3: 4.5, large text 3).
pub(super) fn contrast(subject: &mut Subject<'_>, shape: &Shape, laid: &Laid, all: &[Shape]) {
    let Some(Behind::Plain(behind)) = behind(subject, shape, laid.extent, all) else {
        return;
    };
    let worst = laid
        .looks
        .iter()
        .filter_map(|look| {
            let large = look.size >= 18.0 || (look.bold && look.size >= 14.0);
            let needed = if large { 3.0 } else { 4.5 };
            let color = look.color?;
            let ratio = contrast_of(color, behind);
            (ratio < needed).then_some((ratio, needed, color))
        })
        .min_by(|one, other| one.0.total_cmp(&other.0));
    if let Some((ratio, needed, color)) = worst {
        // Below 2 hardly anybody reads it.
        let severity = if ratio < 2.0 {
            Severity::Warning
        } else {
            Severity::Note
        };
        let sentence = format!(
            "the text of '{}' ({}) stands on {} with a contrast of {ratio:.1}; {needed} is the least",
            shape.name,
            hex(color),
            hex(behind)
        );
        subject.tell("text.contrast", severity, Some(shape), sentence);
    }
}

/// What stands behind a text: the shape's own fill, else the shapes below it, else the background.
fn behind(subject: &Subject<'_>, shape: &Shape, text: EmuFrame, all: &[Shape]) -> Option<Behind> {
    let sheets = &subject.sheets;
    let own = node(sheets.slide, shape)?;
    let inherited = sheets.of_shape(own, shape.placeholder.as_ref());
    let fill = inherited.chain.iter().find_map(|node| shape_fill(subject, *node));
    match fill.unwrap_or(Behind::Nothing) {
        Behind::Nothing => {}
        known => return Some(known),
    }
    let at = all.iter().position(|other| other.span == shape.span)?;
    if let Some(found) = below(subject, sheets.slide, &all[..at], text) {
        return Some(found);
    }
    // Pictures and bars of layout and master stand behind every slide.
    for root in [sheets.layout, sheets.master].into_iter().flatten() {
        let shapes: Vec<Shape> = shape_tree(root)
            .map(|tree| shapes_of(tree, &|_| None))
            .unwrap_or_default();
        let drawn: Vec<Shape> = shapes
            .into_iter()
            .filter(|shape| shape.placeholder.is_none())
            .collect();
        if let Some(found) = below(subject, root, &drawn, text) {
            return Some(found);
        }
    }
    let mut roots = [Some(sheets.slide), sheets.layout, sheets.master]
        .into_iter()
        .flatten();
    Some(
        roots
            .find_map(|root| background(root, sheets.theme))
            .unwrap_or(Behind::Unknown),
    )
}

/// What the uppermost of some shapes that a text touches gives it to stand on.
fn below(subject: &Subject<'_>, root: Node<'_, '_>, shapes: &[Shape], text: EmuFrame) -> Option<Behind> {
    for shape in shapes.iter().rev() {
        let Some(frame) = shape
            .frame
            .filter(|_| shape.kind != ShapeKind::Line && !shape.hidden)
        else {
            continue;
        };
        let share = text.covered_by(frame);
        if share <= 0.02 {
            continue;
        }
        if shape.kind == ShapeKind::Group
            || !matches!(
                shape.kind,
                ShapeKind::Shape | ShapeKind::Text | ShapeKind::Placeholder
            )
        {
            // Members of groups stand in the list themselves.
            if shape.kind == ShapeKind::Group && !shape.children.is_empty() && shapes.len() > 1 {
                continue;
            }
            return Some(Behind::Unknown);
        }
        let fill = node(root, shape).and_then(|node| shape_fill(subject, node));
        match fill.unwrap_or(Behind::Nothing) {
            Behind::Nothing => {}
            found if share > 0.95 => return Some(found),
            _ => return Some(Behind::Unknown),
        }
    }
    None
}

/// The fill of a shape: its own, else that of its style.
fn shape_fill(subject: &Subject<'_>, node: Node<'_, '_>) -> Option<Behind> {
    let properties = node.children().find(|child| child.local() == "spPr")?;
    if let Some(fill) = fill_of(properties, subject.sheets.theme) {
        return Some(fill);
    }
    let reference = node.child("style")?.child_in(Ns::Drawing, "fillRef")?;
    let index = reference.attribute("idx")?;
    Some(match &*index {
        "0" => Behind::Nothing,
        // The first fill of a theme is plain; the others are mostly gradients.
        "1" => reference
            .children()
            .next()
            .and_then(|color| resolve(color, subject.sheets.theme))
            .map_or(Behind::Unknown, Behind::Plain),
        _ => Behind::Unknown,
    })
}

/// Tells the fonts and colours of a slide that its theme has not.
pub(super) fn off_theme(subject: &mut Subject<'_>) {
    let theme = subject.sheets.theme;
    if theme.colors.is_empty() {
        return;
    }
    let mut fonts = BTreeSet::new();
    let mut colors = BTreeSet::new();
    let Some(tree) = shape_tree(subject.sheets.slide) else {
        return;
    };
    for node in tree.descendants().filter(|node| node.tag().ns == Ns::Drawing) {
        match node.local() {
            "latin" if node.parent().is_some_and(|parent| parent.local() == "rPr") => {
                let face = node.attribute("typeface").unwrap_or_default();
                let is_named = !face.starts_with('+') && !face.is_empty();
                let is_symbols = ["Wingdings", "Symbol", "Webdings"]
                    .iter()
                    .any(|name| face.starts_with(name));
                if is_named && !is_symbols && *face != *theme.heading && *face != *theme.body {
                    fonts.insert(face.into_owned());
                }
            }
            "srgbClr" => {
                // Shadows are black in every theme, and highlights yellow.
                let effect = std::iter::successors(node.parent(), Node::parent)
                    .take(4)
                    .any(|outer| {
                        matches!(
                            outer.local(),
                            "effectLst" | "highlight" | "outerShdw" | "clrChange" | "duotone"
                        )
                    });
                if let Some(color) = literal(node).filter(|_| !effect) {
                    let of_theme = theme.colors.values().any(|known| *known == color);
                    let is_plain = color == [0, 0, 0] || color == [255, 255, 255];
                    if !of_theme && !is_plain {
                        colors.insert(hex(color));
                    }
                }
            }
            _ => {}
        }
    }
    if !fonts.is_empty() {
        let sentence = format!("fonts that are not of the theme: {}", listed(&fonts));
        subject.tell("font.offTheme", Severity::Note, None, sentence);
    }
    if !colors.is_empty() {
        let sentence = format!("colours that are not of the theme: {}", listed(&colors));
        subject.tell("color.offTheme", Severity::Note, None, sentence);
    }
}

fn listed(names: &BTreeSet<String>) -> String {
    let shown: Vec<&str> = names.iter().take(LISTED).map(String::as_str).collect();
    let rest = names.len().saturating_sub(LISTED);
    if rest > 0 {
        format!("{} and {rest} more", shown.join(", "))
    } else {
        shown.join(", ")
    }
}
