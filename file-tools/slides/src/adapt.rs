//! Makes a slide that came from another deck one of this deck: its placeholders find those of the new layout, and fonts
//! and colours that it names by value, as the other theme has them, become those of this theme.

use std::collections::HashMap;
use std::ops::Range;

use deskhand_opc::xml::{Node, Ns};
use deskhand_opc::{Blob, Draft};
use deskhand_operations::Refusal;

use crate::content::node;
use crate::deck::{Deck, SlideEntry};
use crate::element::{Element, fitted};
use crate::layout::Layout;
use crate::part::{Part, related};
use crate::refuse;
use crate::shape::{PlaceholderMark, flattened};
use crate::theme::{Rgb, Theme, literal};

/// Kinds of placeholder that stand for each other: a title is a title in every layout, and what holds text in one holds
/// any content in another.
pub(crate) fn group(kind: &str) -> &str {
    match kind {
        "title" | "ctrTitle" => "title",
        "body" | "obj" | "subTitle" => "body",
        other => other,
    }
}

/// Gives the placeholders of a slide the marks of the layout that it stands on now. One that the layout has not keeps the
/// place that it had, written down.
pub(crate) fn to_layout(
    draft: &mut Draft,
    (source, slide): (&Deck, &SlideEntry),
    (deck, layout): (&Deck, &Layout),
    part: &str,
) -> Result<(), Refusal> {
    let read = source.read(slide)?;
    let copied = Part::read(draft.package(), part)?;
    let tree = copied.tree()?;
    let own = deck.read_tree(slide, tree.root())?;
    let old = flattened(&read.shapes);
    let mut free: Vec<&PlaceholderMark> = layout
        .placeholders
        .iter()
        .map(|placeholder| &placeholder.mark)
        .collect();
    let mut edits = Vec::new();
    for shape in flattened(&own) {
        let Some(mark) = shape.placeholder.as_ref().filter(|_| !shape.has_alternative) else {
            continue;
        };
        let Some(node) = node(tree.root(), shape) else {
            continue;
        };
        let Some(at) = counterpart(&free, mark) else {
            let frame = old
                .iter()
                .find(|other| other.id == shape.id)
                .and_then(|other| other.frame);
            if let (false, Some(frame), Some(properties)) =
                (shape.owns_frame, frame, node.child_in(Ns::Presentation, "spPr"))
            {
                let xml = format!(
                    "<a:xfrm><a:off x=\"{}\" y=\"{}\"/><a:ext cx=\"{}\" cy=\"{}\"/></a:xfrm>",
                    frame.left, frame.top, frame.width, frame.height
                );
                edits.push(properties.prepend(&fitted(&xml, tree.root(), deck.dialect)));
            }
            continue;
        };
        let target = free.remove(at);
        let tag = node.descendants().find(|inner| inner.is(Ns::Presentation, "ph"));
        if let Some(tag) = tag.filter(|_| target.attributes != mark.attributes) {
            let mut element = Element::of(tag, &copied.content);
            for name in ["type", "orient", "sz", "idx"] {
                element.unset(name);
            }
            for (name, value) in &target.attributes {
                element.set(name, value);
            }
            edits.push(element.instead_of(tag));
        }
    }
    draft.edit(part, edits).map_err(|error| refuse::patch(&error))
}

/// The placeholder of a layout for one of a slide: of the same kind and index, of the same kind, of a kindred one.
fn counterpart(free: &[&PlaceholderMark], mark: &PlaceholderMark) -> Option<usize> {
    let same_kind = |other: &&PlaceholderMark| other.kind == mark.kind;
    let same = free
        .iter()
        .position(|other| same_kind(other) && other.index == mark.index);
    same.or_else(|| free.iter().position(same_kind)).or_else(|| {
        free.iter()
            .position(|other| group(&other.kind) == group(&mark.kind))
    })
}

/// Turns fonts and colours of one theme, where they are given by value, into names that this deck's theme answers.
pub(crate) fn to_theme(
    draft: &mut Draft,
    (source, from): (&Deck, &Layout),
    (deck, onto): (&Deck, &Layout),
    part: &str,
) -> Result<(), Refusal> {
    let theirs = Theme::of_master(&source.package, &from.master_part)?;
    let ours = Theme::of_master(&deck.package, &onto.master_part)?;
    if (&theirs.colors, &theirs.heading, &theirs.body) == (&ours.colors, &ours.heading, &ours.body) {
        return Ok(());
    }
    let names = color_names(&theirs);
    let copied = Part::read(draft.package(), part)?;
    let tree = copied.tree()?;
    let edits: Vec<_> = tree
        .root()
        .descendants()
        .filter_map(|node| match node.local() {
            "srgbClr" if node.is(Ns::Drawing, "srgbClr") => {
                let name = names.get(&literal(node)?)?;
                Some(by_name(node, &copied.content, name))
            }
            "latin" if node.is(Ns::Drawing, "latin") => {
                let face = node.attribute("typeface")?;
                let name = if *face == *theirs.heading {
                    "+mj-lt"
                } else if *face == *theirs.body {
                    "+mn-lt"
                } else {
                    return None;
                };
                // Width and panose describe the font that was named.
                let mut element = Element::new(node.tag().name);
                element.set("typeface", name);
                Some(element.instead_of(node))
            }
            _ => None,
        })
        .collect();
    draft
        .edit(part, outermost(edits))
        .map_err(|error| refuse::patch(&error))
}

/// The names for the colours of a theme as slides use them: text and background first, as those turn with the master.
fn color_names(theme: &Theme) -> HashMap<Rgb, &'static str> {
    let mut names = HashMap::new();
    let order = [
        "tx1", "bg1", "tx2", "bg2", "accent1", "accent2", "accent3", "accent4", "accent5", "accent6",
        "hlink", "folHlink",
    ];
    for name in order {
        if let Some(color) = theme.color(name) {
            names.entry(color).or_insert(name);
        }
    }
    names
}

/// A colour by its name; what modifies it stays.
fn by_name(node: Node<'_, '_>, content: &[u8], name: &str) -> (Range<usize>, Blob) {
    let old = Element::of(node, content);
    let mut element = Element::new(format!("{}schemeClr", node.prefix_colon()));
    element.set("val", name);
    for (local, xml) in old.children() {
        element.put(&[], &[], local, xml.to_owned());
    }
    element.instead_of(node)
}

/// The edits that lie in no other.
fn outermost(mut edits: Vec<(Range<usize>, Blob)>) -> Vec<(Range<usize>, Blob)> {
    edits.sort_by_key(|(range, _)| (range.start, std::cmp::Reverse(range.end)));
    let mut end = 0;
    edits.retain(|(range, _)| {
        let apart = range.start >= end;
        if apart {
            end = range.end;
        }
        apart
    });
    edits
}

/// Brings the styles of tables that a slide names and the deck has not (ECMA-376 part 1, 20.1.4.2.26). A deck without a
/// part for them shows its tables in the style that PowerPoint has built in.
pub(crate) fn bring_table_styles(
    draft: &mut Draft,
    deck: &Deck,
    source: &Deck,
    part: &str,
) -> Result<(), Refusal> {
    let slide = Part::read(draft.package(), part)?;
    let tree = slide.tree()?;
    let named: Vec<String> = tree
        .root()
        .descendants()
        .filter(|node| node.is(Ns::Drawing, "tableStyleId"))
        .map(|node| node.own_text().trim().to_owned())
        .collect();
    let ours = related(draft.package(), &deck.presentation, "tableStyles")?;
    let theirs = related(&source.package, &source.presentation, "tableStyles")?;
    let (Some(ours), Some(theirs), false) = (ours, theirs, named.is_empty()) else {
        return Ok(());
    };
    let (ours, theirs) = (
        Part::read(draft.package(), &ours)?,
        Part::read(&source.package, &theirs)?,
    );
    let (our_tree, their_tree) = (ours.tree()?, theirs.tree()?);
    let is_known = |id: &str| {
        our_tree
            .root()
            .children()
            .any(|style| style.attribute("styleId").is_some_and(|known| known == id))
    };
    let mut added = String::new();
    let mut seen = Vec::new();
    for style in their_tree.root().children() {
        let Some(id) = style.attribute("styleId") else {
            continue;
        };
        if named.iter().any(|name| *name == id) && !is_known(&id) && !seen.contains(&id) {
            let xml = Element::of(style, &theirs.content).xml();
            added.push_str(&fitted(&xml, our_tree.root(), deck.dialect));
            seen.push(id);
        }
    }
    let edit = (!added.is_empty()).then(|| our_tree.root().append(&added));
    draft
        .edit(&ours.name, edit)
        .map_err(|error| refuse::patch(&error))
}
