//! Drawings on sheets (ECMA-376 part 1, 20.5): which charts and pictures stand there, under which names and over which
//! cells; adding, moving and removing them. Must not know what is inside a chart.

use std::ops::Range;

use deskhand_opc::xml::{Node, Ns, Tree};
use deskhand_opc::{Blob, Draft, Package, Target};
use deskhand_operations::{Area, MAX_COLUMNS, MAX_ROWS, RefusalCode};

use crate::chart::spaces;
use crate::error::{Outcome, refuse};
use crate::ops::{relationship_attribute, relationship_type};
use crate::sheet::Worksheet;
use crate::workbook::SheetEntry;

const DRAWING_TYPE: &str = "application/vnd.openxmlformats-officedocument.drawing+xml";
/// How large an object is where nobody says: columns and rows.
const DEFAULT_SIZE: (u32, u32) = (8, 15);

/// A chart or a picture on a sheet.
#[derive(Clone, Debug)]
pub(crate) struct Object {
    /// The name of its frame.
    pub(crate) name: String,
    /// The drawing that holds it.
    pub(crate) drawing: String,
    /// The relationship from the drawing to chart or picture.
    pub(crate) relationship: String,
    /// Its part, where there is one.
    pub(crate) part: Option<String>,
    /// True for kinds of charts newer than the standard (`cx:`).
    pub(crate) extended: bool,
    /// The cells that it covers.
    pub(crate) place: Option<Area>,
    pub(crate) alt_text: Option<String>,
}

/// The charts of a sheet in the order of the drawing.
pub(crate) fn charts(package: &Package, sheet: &SheetEntry) -> Outcome<Vec<Object>> {
    objects(package, sheet, "graphicFrame", |frame| {
        let chart = frame.descendants().find(|node| node.local() == "chart")?;
        chart.prefixed("id").map(std::borrow::Cow::into_owned)
    })
}

/// The pictures of a sheet.
pub(crate) fn pictures(package: &Package, sheet: &SheetEntry) -> Outcome<Vec<Object>> {
    objects(package, sheet, "pic", |frame| {
        let blip = frame.descendants().find(|node| node.local() == "blip")?;
        blip.prefixed("embed").map(std::borrow::Cow::into_owned)
    })
}

fn objects(
    package: &Package,
    sheet: &SheetEntry,
    frame: &str,
    reference: impl Fn(Node<'_, '_>) -> Option<String>,
) -> Outcome<Vec<Object>> {
    let mut found = Vec::new();
    if sheet.part.is_empty() {
        return Ok(found);
    }
    for drawing in package.related(&sheet.part, "drawing")? {
        let content = package.part(&drawing)?;
        let tree = Tree::parse(&drawing, &content, package.limits())?;
        let relationships = package.relationships(&drawing)?;
        for node in tree
            .root()
            .descendants()
            .filter(|node| node.is(Ns::SheetDrawing, frame))
        {
            let Some(id) = reference(node) else { continue };
            let target = relationships.iter().find(|relationship| relationship.id == id);
            let properties = node.descendants().find(|node| node.is(Ns::SheetDrawing, "cNvPr"));
            let said = |name: &str| {
                properties
                    .and_then(|node| node.attribute(name))
                    .map(std::borrow::Cow::into_owned)
            };
            found.push(Object {
                name: said("name").unwrap_or_default(),
                drawing: drawing.clone(),
                relationship: id,
                part: target
                    .and_then(|target| package.spelling(target.part()?))
                    .map(str::to_owned),
                extended: target.is_some_and(|target| target.kind.ends_with("/chartEx")),
                place: anchor(node).and_then(covered),
                alt_text: said("descr").filter(|text| !text.is_empty()),
            });
        }
    }
    Ok(found)
}

/// The anchor around a frame.
fn anchor<'t, 'a>(frame: Node<'t, 'a>) -> Option<Node<'t, 'a>> {
    let mut node = frame;
    while !node.local().ends_with("Anchor") {
        node = node.parent()?;
    }
    Some(node)
}

/// True for a frame inside a group.
fn grouped(frame: Node<'_, '_>) -> bool {
    let mut node = frame.parent();
    while let Some(parent) = node {
        if parent.local() == "grpSp" {
            return true;
        }
        node = parent.parent();
    }
    false
}

/// The cells under an anchor; the first one only where it has no second corner.
fn covered(anchor: Node<'_, '_>) -> Option<Area> {
    let number = |corner: Node<'_, '_>, name: &str| corner.child(name)?.text().trim().parse::<u32>().ok();
    let from = anchor.child("from")?;
    let (left, top) = (number(from, "col")?, number(from, "row")?);
    if left >= MAX_COLUMNS || top >= MAX_ROWS {
        return None;
    }
    let Some(to) = anchor.child("to") else {
        return Some(Area::cell(top, left));
    };
    // A corner at the start of a cell does not cover it.
    let last = |line: &str, offset: &str, first: u32, end: u32| {
        let at = number(to, line)?;
        let into = to.child(offset).is_some_and(|node| node.text().trim() != "0");
        Some(if into { at } else { at.saturating_sub(1) }.clamp(first, end - 1))
    };
    Some(Area {
        top,
        left,
        bottom: last("row", "rowOff", top, MAX_ROWS)?,
        right: last("col", "colOff", left, MAX_COLUMNS)?,
    })
}

/// The frame that uses a relationship.
fn frame<'t, 'a>(tree: &'t Tree<'a>, relationship: &str) -> Option<Node<'t, 'a>> {
    let uses = |node: &Node<'_, '_>| {
        matches!(node.local(), "chart" | "blip")
            && ["id", "embed"]
                .iter()
                .any(|name| node.prefixed(name).is_some_and(|id| id == relationship))
    };
    let mut node = tree.root().descendants().find(uses)?;
    while !matches!(node.local(), "graphicFrame" | "pic") {
        node = node.parent()?;
    }
    Some(node)
}

/// Takes an object out of its drawing: with its anchor, or alone where others stand in its group.
pub(crate) fn remove(draft: &mut Draft, object: &Object) -> Outcome<()> {
    let content = draft.package().part(&object.drawing)?;
    let tree = Tree::parse(&object.drawing, &content, draft.package().limits())?;
    let Some(mut node) = frame(&tree, &object.relationship) else {
        return Ok(());
    };
    while let Some(parent) = node.parent() {
        let shape = |child: &Node<'_, '_>| !matches!(child.local(), "nvGrpSpPr" | "grpSpPr" | "extLst");
        let stays = parent.local() == "grpSp" && parent.children().filter(shape).count() > 1;
        if stays || parent.parent().is_none() {
            break;
        }
        node = parent;
    }
    let uses = tree
        .root()
        .descendants()
        .flat_map(|node| ["id", "embed"].map(|name| node.prefixed(name)));
    let shared = uses.flatten().filter(|id| *id == object.relationship).count() > 1;
    draft.edit(&object.drawing, [node.replace("")])?;
    if !shared {
        draft.remove_relationship(&object.drawing, &object.relationship)?;
    }
    Ok(())
}

/// Moves an object over other cells of its sheet.
pub(crate) fn move_to(draft: &mut Draft, object: &Object, place: Area) -> Outcome<()> {
    let content = draft.package().part(&object.drawing)?;
    let tree = Tree::parse(&object.drawing, &content, draft.package().limits())?;
    let found = frame(&tree, &object.relationship);
    let free = found.filter(|frame| !grouped(*frame)).and_then(anchor);
    let Some(anchor) = free else {
        return refuse(
            RefusalCode::Unsupported,
            format!(
                "`{}` is part of a group, which moves as a whole; nothing was changed.",
                object.name
            ),
        );
    };
    let prefix = anchor.prefix_colon();
    let corner = |name: &str, column: u32, row: u32| {
        format!(
            "<{prefix}{name}>{}</{prefix}{name}>",
            corner(&prefix, column, row)
        )
    };
    let from = corner("from", place.left, place.top);
    let to = corner("to", place.right + 1, place.bottom + 1);
    let mut edits: Vec<(Range<usize>, Blob)> = Vec::new();
    if let ("twoCellAnchor", Some(old_from), Some(old_to)) =
        (anchor.local(), anchor.child("from"), anchor.child("to"))
    {
        edits.extend([old_from.replace(&from), old_to.replace(&to)]);
    } else {
        // Anchored by one corner or by none: the element becomes one of two corners.
        let (tag, name) = (anchor.tag(), format!("{prefix}twoCellAnchor"));
        let at = tag.span.start + 1;
        edits.push((at..at + tag.name.len(), name.clone().into()));
        edits.push((anchor.inner().end..anchor.span().end, format!("</{name}>").into()));
        let mut corners = Some(format!("{from}{to}"));
        for child in anchor
            .children()
            .filter(|child| matches!(child.local(), "from" | "pos" | "ext"))
        {
            edits.push(child.replace(&corners.take().unwrap_or_default()));
        }
    }
    draft.edit(&object.drawing, edits)?;
    Ok(())
}

/// The inside of a corner of an anchor.
pub(crate) fn corner(prefix: &str, column: u32, row: u32) -> String {
    format!(
        "<{prefix}col>{column}</{prefix}col><{prefix}colOff>0</{prefix}colOff><{prefix}row>{row}</{prefix}row><{prefix}rowOff>0</{prefix}rowOff>"
    )
}

/// The sheet's drawing; a new one where it has none.
pub(crate) fn of_sheet(draft: &mut Draft, sheet: &SheetEntry, scanned: &Worksheet<'_>) -> Outcome<String> {
    let held = draft
        .package()
        .related(&sheet.part, "drawing")?
        .into_iter()
        .next();
    if let Some(drawing) = held
        && scanned.find("drawing").is_some()
    {
        return Ok(drawing);
    }
    let part = draft.free_name("xl/drawings/drawing", ".xml");
    let spaces = spaces(scanned.strict);
    let empty = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<xdr:wsDr xmlns:xdr=\"{}\" xmlns:a=\"{}\"></xdr:wsDr>",
        spaces.sheet_drawing, spaces.drawing
    );
    draft.add_part(&part, empty, DRAWING_TYPE)?;
    let kind = relationship_type(scanned.strict, "drawing");
    let id = draft.add_relationship(&sheet.part, &kind, &Target::Part(part.clone()))?;
    let reference = relationship_attribute(scanned.strict, &id);
    let xml = format!("<{}drawing {reference}/>", scanned.prefix);
    draft.edit(&sheet.part, [scanned.insert("drawing", &xml)])?;
    Ok(part)
}

/// Puts a frame into a drawing, under an id that no other shape has.
pub(crate) fn add(draft: &mut Draft, drawing: &str, anchor: &dyn Fn(u32) -> String) -> Outcome<()> {
    let content = draft.package().part(drawing)?;
    let tree = Tree::parse(drawing, &content, draft.package().limits())?;
    let shapes = tree
        .root()
        .descendants()
        .filter(|node| node.is(Ns::SheetDrawing, "cNvPr"));
    let ids = shapes.filter_map(|node| node.attribute("id")?.parse::<u32>().ok());
    let id = ids.max().unwrap_or(1).saturating_add(1);
    draft.edit(drawing, [tree.root().append(&anchor(id))])?;
    Ok(())
}

/// Refuses a name that is none, or that another object of the kind has.
pub(crate) fn check_name(taken: &[Object], sheet: &SheetEntry, name: &str) -> Outcome<()> {
    if name.trim().is_empty() || name.chars().count() > 255 {
        return refuse(
            RefusalCode::BadInput,
            "The name of a chart or picture has 1 to 255 characters; nothing was changed.",
        );
    }
    if taken.iter().any(|object| object.name.eq_ignore_ascii_case(name)) {
        return refuse(
            RefusalCode::NameTaken,
            format!(
                "There is `{name}` on `{}` already; nothing was changed.",
                sheet.name
            ),
        );
    }
    Ok(())
}

/// A place of a size that can be seen, within the sheet.
pub(crate) fn on_sheet(place: Area) -> Area {
    let place = if place.cells() == 1 {
        sized(place.top, place.left)
    } else {
        place
    };
    Area {
        bottom: place.bottom.min(MAX_ROWS - 2),
        right: place.right.min(MAX_COLUMNS - 2),
        ..place
    }
}

/// The default place: two columns to the right of the data.
pub(crate) fn beside(data: Area) -> Area {
    sized(data.top, (data.right + 2).min(MAX_COLUMNS - DEFAULT_SIZE.0 - 2))
}

fn sized(top: u32, left: u32) -> Area {
    Area {
        top,
        left,
        bottom: top + DEFAULT_SIZE.1 - 1,
        right: left + DEFAULT_SIZE.0 - 1,
    }
}
