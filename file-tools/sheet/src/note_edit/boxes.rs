//! The boxes in which a sheet's drawing of old shows notes. A new one stands to the right of its cell; one that comes
//! along with its note keeps its size and look.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;

use deskhand_opc::xml::{Node, Tree, escape};
use deskhand_opc::{Blob, Draft, Package, Target};
use deskhand_operations::{MAX_COLUMNS, MAX_ROWS, RefusalCode};

use super::{Place, TakenNote};
use crate::cells::Keep;
use crate::element_list::{self, Edit};
use crate::error::{Outcome, refuse};
use crate::ops::table_add::{relationship_attribute, relationship_type};
use crate::sheet::Worksheet;
use crate::vml::{self, NoteBox, note_boxes};
use crate::workbook::{SheetEntry, Workbook};

const DRAWING_TYPE: &str = "application/vnd.openxmlformats-officedocument.vmlDrawing";
/// Characters in a line of a note's box, and lines that a box shows at the least and at the most.
const LINE: usize = 26;
const LINES: std::ops::Range<u32> = 4..30;
/// Numbers that one cluster of shapes has.
const CLUSTER: u64 = 1_024;
/// How the ids of shapes begin.
const NUMBERED: &str = "_x0000_s";

/// What the prefixes of a drawing mean.
const SPACES: [(&str, &str); 3] = [
    ("v", "urn:schemas-microsoft-com:vml"),
    ("o", "urn:schemas-microsoft-com:office:office"),
    ("x", "urn:schemas-microsoft-com:office:excel"),
];
/// A drawing without shapes; `{}` is the cluster of its shapes' numbers.
const DRAWING: &str = concat!(
    r#"<xml xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" "#,
    r#"xmlns:x="urn:schemas-microsoft-com:office:excel">"#,
    r#"<o:shapelayout v:ext="edit"><o:idmap v:ext="edit" data="{}"/></o:shapelayout></xml>"#
);
/// The kind of shape that notes are.
const SHAPE_TYPE: &str = concat!(
    r#"<v:shapetype id="_x0000_t202" coordsize="21600,21600" o:spt="202" path="m,l,21600r21600,l21600,xe">"#,
    r#"<v:stroke joinstyle="miter"/><v:path gradientshapeok="t" o:connecttype="rect"/></v:shapetype>"#
);
const TYPE_OF_NOTES: &str = "_x0000_t202";

/// A box taken up with its note.
#[derive(Clone, Debug)]
pub(super) struct TakenBox {
    /// The shape as it stands.
    xml: String,
    /// The part that it comes from.
    drawing: String,
    /// What the prefixes around it mean there.
    spaces: Vec<(String, String)>,
    /// The kind of shape that it is, as it stands.
    kind: Option<(String, String)>,
    /// What it shows of other parts: pictures as fills.
    related: Vec<(String, String, Target)>,
}

/// The sheet's drawing of old: the relationship to it, and the part.
fn drawing(
    package: &Package,
    sheet: &SheetEntry,
    worksheet: &Worksheet<'_>,
) -> Outcome<Option<(String, String)>> {
    let Some(held) = worksheet.find("legacyDrawing") else {
        return Ok(None);
    };
    let id = held.tag.prefixed("id").unwrap_or_default();
    let relationships = package.relationships(&sheet.part)?;
    let target = relationships.iter().find(|relationship| relationship.id == id);
    let part = target.and_then(|target| package.spelling(target.part()?));
    Ok(part.map(|part| (id.into_owned(), part.to_owned())))
}

/// The declarations of an element, by prefix.
fn declared(node: Node<'_, '_>) -> Vec<(String, String)> {
    let attributes = node.tag().attributes();
    attributes
        .filter_map(|attribute| {
            let prefix = attribute.name.strip_prefix("xmlns:")?;
            Some((prefix.to_owned(), attribute.raw.to_owned()))
        })
        .collect()
}

/// An element with the declarations that its new place lacks.
fn at_home(xml: &str, needs: &[(String, String)], has: &[(String, String)]) -> String {
    let end = xml.find(['>', '/']).unwrap_or(xml.len());
    let name = xml.find([' ', '\t', '\r', '\n']).unwrap_or(end).min(end);
    let own = |prefix: &str| xml[..xml.find('>').unwrap_or(end)].contains(&format!("xmlns:{prefix}="));
    let missing = needs
        .iter()
        .filter(|held| !has.contains(held) && xml.contains(&format!("{}:", held.0)) && !own(&held.0));
    let mut declarations = String::new();
    for (prefix, space) in missing {
        let _ = write!(declarations, r#" xmlns:{prefix}="{space}""#);
    }
    format!("{}{declarations}{}", &xml[..name], &xml[name..])
}

fn spaces() -> Vec<(String, String)> {
    SPACES
        .map(|(prefix, space)| (prefix.to_owned(), space.to_owned()))
        .to_vec()
}

/// Takes up the boxes of notes.
pub(super) fn take(package: &Package, sheet: &SheetEntry, notes: &mut [TakenNote]) -> Outcome<()> {
    if notes.is_empty() {
        return Ok(());
    }
    // The sheet names its drawing; there is no other of this kind but those of headers.
    let relationships = package.relationships(&sheet.part)?;
    let parts: Vec<&str> = relationships
        .iter()
        .filter(|relationship| relationship.is("vmlDrawing"))
        .filter_map(|relationship| package.spelling(relationship.part()?))
        .collect();
    for part in parts {
        let content = package.part(part)?;
        let text = vml::readable(&content);
        // A drawing that cannot be read keeps its boxes: the copies get new ones.
        let Ok(tree) = Tree::parse(part, &text, package.limits()) else {
            continue;
        };
        let piece = |node: Node<'_, '_>| String::from_utf8_lossy(&content[node.span()]).into_owned();
        let spaces = declared(tree.root());
        let kinds: HashMap<String, String> = tree
            .root()
            .children()
            .filter(|node| node.local() == "shapetype")
            .filter_map(|node| Some((node.attribute("id")?.into_owned(), piece(node))))
            .collect();
        let boxes: HashMap<Place, NoteBox<'_, '_>> =
            note_boxes(&tree).map(|held| (held.cell, held)).collect();
        let held = package.relationships(part)?;
        for note in notes.iter_mut() {
            let Some(found) = boxes.get(&note.cell) else {
                continue;
            };
            let kind = found.shape.attribute("type");
            let kind = kind.and_then(|kind| kind.strip_prefix('#').map(str::to_owned));
            let named = found
                .shape
                .descendants()
                .filter_map(|node| node.prefixed("relid"));
            note.shape = Some(TakenBox {
                xml: piece(found.shape),
                drawing: part.to_owned(),
                spaces: spaces.clone(),
                kind: kind.and_then(|kind| Some((kind.clone(), kinds.get(&kind)?.clone()))),
                related: named
                    .filter_map(|id| held.iter().find(|held| held.id == id))
                    .map(|held| (held.id.clone(), held.kind.clone(), held.target.clone()))
                    .collect(),
            });
        }
    }
    Ok(())
}

/// Takes boxes out; with the last shape goes the drawing, unless others come.
pub(super) fn clear(
    workbook: &Workbook,
    draft: &mut Draft,
    sheet: &SheetEntry,
    gone: &dyn Fn(Place) -> bool,
    others_come: bool,
) -> Outcome<()> {
    let content = draft.package().part(&sheet.part)?;
    let scanned = Worksheet::read(workbook, &sheet.part, &content, &Keep::Areas(Vec::new()))?;
    let (Some(held), Some((id, part))) = (
        scanned.find("legacyDrawing"),
        drawing(draft.package(), sheet, &scanned)?,
    ) else {
        return Ok(());
    };
    let drawn = draft.package().part(&part)?;
    let text = vml::readable(&drawn);
    let Ok(tree) = Tree::parse(&part, &text, draft.package().limits()) else {
        return Ok(());
    };
    let edits: Vec<Edit> = note_boxes(&tree)
        .filter(|held| gone(held.cell))
        .map(|held| held.shape.replace(""))
        .collect();
    let shapes = tree
        .root()
        .descendants()
        .filter(|node| node.local() == "ClientData");
    let others = shapes.count() > edits.len();
    let relationships = draft.package().relationships(&part)?;
    if others || others_come || relationships.iter().any(|held| held.part().is_some()) {
        draft.edit(&part, edits)?;
        return Ok(());
    }
    draft.edit(&sheet.part, [(held.span.clone(), Blob::default())])?;
    draft.remove_relationship(&sheet.part, &id)?;
    draft.remove_part(&part)?;
    Ok(())
}

/// Moves boxes with their cells.
pub(super) fn moved(
    draft: &mut Draft,
    sheet: &SheetEntry,
    to: &dyn Fn(Place) -> Option<Place>,
) -> Outcome<()> {
    for part in draft.package().related(&sheet.part, "vmlDrawing")? {
        let content = draft.package().part(&part)?;
        let text = vml::readable(&content);
        let tree = Tree::parse(&part, &text, draft.package().limits())?;
        let mut edits = Vec::new();
        for held in note_boxes(&tree) {
            if let Some(cell) = to(held.cell) {
                edits.extend(at_cell(&held, cell));
            }
        }
        draft.edit(&part, edits)?;
    }
    Ok(())
}

/// The edits that bring a box to another cell, as far away from it as before.
fn at_cell(held: &NoteBox<'_, '_>, (row, column): Place) -> Vec<Edit> {
    let mut edits = Vec::new();
    for (local, old, new) in [("Row", held.cell.0, row), ("Column", held.cell.1, column)] {
        if let Some(node) = held.child(local).filter(|_| old != new) {
            edits.push((node.inner(), new.to_string().as_str().into()));
        }
    }
    if let Some(node) = held.child("Anchor")
        && let Some(mut anchor) = vml::anchor(node)
    {
        for (first, last, old, new, size) in [
            (0, 4, held.cell.1, column, MAX_COLUMNS),
            (2, 6, held.cell.0, row, MAX_ROWS),
        ] {
            let by = i64::from(new) - i64::from(old);
            let by = by.min(i64::from(size) - 1 - anchor[last]).max(-anchor[first]);
            anchor[first] += by;
            anchor[last] += by;
        }
        edits.push((node.inner(), vml::written(anchor).as_str().into()));
    }
    edits
}

/// Puts boxes into the sheet's drawing, which is made where there is none.
pub(super) fn put(
    workbook: &Workbook,
    draft: &mut Draft,
    index: usize,
    strict: bool,
    notes: &[(&TakenNote, Place)],
) -> Outcome<()> {
    let part = made(workbook, draft, index, strict)?;
    let related = relate(draft, &part, notes)?;
    let content = draft.package().part(&part)?;
    let text = vml::readable(&content);
    let Ok(tree) = Tree::parse(&part, &text, draft.package().limits()) else {
        return refuse(
            RefusalCode::Unsupported,
            "The drawing of the sheet's notes is of an unknown form; nothing was changed.",
        );
    };
    let root = tree.root();
    let has = declared(root);
    let mut kinds: Vec<String> = root
        .descendants()
        .filter(|node| node.local() == "shapetype")
        .filter_map(|node| node.attribute("id").map(std::borrow::Cow::into_owned))
        .collect();
    let mut numbers = Numbers::of(root);
    let mut xml = String::new();
    for (note, cell) in notes {
        let number = numbers.next();
        let taken = note.shape.as_ref();
        let kind = taken.and_then(|taken| taken.kind.as_ref());
        let own = (TYPE_OF_NOTES.to_owned(), SHAPE_TYPE.to_owned());
        let (name, kind) = kind.unwrap_or(&own);
        if !kinds.contains(name) {
            let needs = taken.map_or_else(spaces, |taken| taken.spaces.clone());
            xml.push_str(&at_home(kind, &needs, &has));
            kinds.push(name.clone());
        }
        match taken {
            Some(taken) => xml.push_str(&taken.at(*cell, number, &has, &related)?),
            None => xml.push_str(&at_home(&shape(number, *cell, &note.plain), &spaces(), &has)),
        }
    }
    let mut edits = vec![root.append(&xml)];
    edits.extend(numbers.clusters(root));
    draft.edit(&part, edits)?;
    Ok(())
}

/// The sheet's drawing of old, made where there is none.
fn made(workbook: &Workbook, draft: &mut Draft, index: usize, strict: bool) -> Outcome<String> {
    let sheet = workbook.worksheet(index)?;
    let content = draft.package().part(&sheet.part)?;
    let scanned = Worksheet::read(workbook, &sheet.part, &content, &Keep::Areas(Vec::new()))?;
    if scanned.find("legacyDrawing").is_some() {
        return match drawing(draft.package(), sheet, &scanned)? {
            Some((_, part)) => Ok(part),
            None => refuse(
                RefusalCode::Corrupt,
                "The sheet's notes have no drawing; nothing was changed.",
            ),
        };
    }
    let part = draft.free_name("xl/drawings/vmlDrawing", ".vml");
    let blank = DRAWING.replace("{}", &(sheet.id.clamp(1, 60_000)).to_string());
    draft.add_part(&part, blank, DRAWING_TYPE)?;
    let kind = relationship_type(strict, "vmlDrawing");
    let id = draft.add_relationship(&sheet.part, &kind, &Target::Part(part.clone()))?;
    let p = &scanned.prefix;
    let xml = format!("<{p}legacyDrawing {}/>", relationship_attribute(strict, &id));
    draft.edit(&sheet.part, [scanned.insert("legacyDrawing", &xml)])?;
    Ok(part)
}

/// Lets the drawing lead to what boxes of other drawings show: the new ids by drawing and old id.
fn relate(
    draft: &mut Draft,
    part: &str,
    notes: &[(&TakenNote, Place)],
) -> Outcome<BTreeMap<(String, String), String>> {
    let mut ids = BTreeMap::new();
    let boxes = notes.iter().filter_map(|(note, _)| note.shape.as_ref());
    for held in boxes.filter(|held| held.drawing != part) {
        for (id, kind, target) in &held.related {
            if let Entry::Vacant(new) = ids.entry((held.drawing.clone(), id.clone())) {
                new.insert(draft.add_relationship(part, kind, target)?);
            }
        }
    }
    Ok(ids)
}

impl TakenBox {
    /// The box of a copy.
    fn at(
        &self,
        cell: Place,
        number: u64,
        has: &[(String, String)],
        related: &BTreeMap<(String, String), String>,
    ) -> Outcome<String> {
        let text = vml::readable(self.xml.as_bytes());
        let tree = Tree::parse("the box of a note", &text, &deskhand_opc::Limits::default())?;
        let shape = tree.root();
        let mut edits = vec![shape.tag().set_attribute("id", &format!("{NUMBERED}{number}"))];
        edits.extend(note_boxes(&tree).flat_map(|held| at_cell(&held, cell)));
        for node in shape.descendants() {
            let mut named = node.tag().attributes();
            let named = named.find(|attribute| attribute.name.ends_with(":relid"));
            let new = named.and_then(|named| {
                let new = related.get(&(self.drawing.clone(), named.raw.to_owned()))?;
                Some((named.value_span, Blob::from(escape(new).as_ref())))
            });
            edits.extend(new);
        }
        // The id that other programs give beside Excel's would be there twice.
        edits.extend(shape.tag().remove_attribute("o:spid"));
        let xml = element_list::edited(self.xml.as_bytes(), 0, edits);
        Ok(at_home(&String::from_utf8_lossy(&xml), &self.spaces, has))
    }
}

/// The numbers of a drawing's shapes.
struct Numbers {
    last: u64,
    clusters: Vec<u64>,
}

impl Numbers {
    fn of(root: Node<'_, '_>) -> Self {
        let map = root.descendants().find(|node| node.local() == "idmap");
        let clusters: Vec<u64> = map
            .and_then(|map| map.attribute("data"))
            .map(|data| {
                data.split(',')
                    .filter_map(|cluster| cluster.trim().parse().ok())
                    .collect()
            })
            .unwrap_or_default();
        let first = clusters.first().copied().unwrap_or(1).min(1_000_000) * CLUSTER;
        let numbers = root
            .descendants()
            .filter_map(|node| digits(node.attribute("id")?.strip_prefix(NUMBERED)?));
        Self {
            last: numbers.max().unwrap_or(first).max(first),
            clusters,
        }
    }

    fn next(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    /// The edit that names the clusters of the numbers that were given.
    fn clusters(&self, root: Node<'_, '_>) -> Option<Edit> {
        let map = root.descendants().find(|node| node.local() == "idmap")?;
        let (first, last) = (*self.clusters.first()?, self.last / CLUSTER);
        let more = (first..=last).filter(|cluster| !self.clusters.contains(cluster));
        let all: Vec<u64> = self.clusters.iter().copied().chain(more).collect();
        if all.len() == self.clusters.len() || all.len() > 100 {
            return None;
        }
        let data: Vec<String> = all.iter().map(u64::to_string).collect();
        Some(map.tag().set_attribute("data", &data.join(",")))
    }
}

fn digits(text: &str) -> Option<u64> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text[..end.min(12)].parse().ok()
}

/// A new box of a note: to the right of its cell, as tall as its text needs.
fn shape(number: u64, (row, column): Place, text: &str) -> String {
    let lines = text
        .lines()
        .map(|line| line.chars().count() as u32 / LINE as u32 + 1);
    let lines = lines.sum::<u32>().clamp(LINES.start, LINES.end);
    let left = (column + 1).min(MAX_COLUMNS - 3);
    let top = row.saturating_sub(1).min(MAX_ROWS - 1 - lines);
    format!(
        concat!(
            r##"<v:shape id="_x0000_s{number}" type="#_x0000_t202" style="position:absolute;margin-left:59.25pt;"##,
            r##"margin-top:1.5pt;width:108pt;height:{height}pt;z-index:1;visibility:hidden" fillcolor="#ffffe1" o:insetmode="auto">"##,
            r##"<v:fill color2="#ffffe1"/><v:shadow on="t" color="black" obscured="t"/><v:path o:connecttype="none"/>"##,
            r##"<v:textbox style="mso-direction-alt:auto"><div style="text-align:left"></div></v:textbox>"##,
            r##"<x:ClientData ObjectType="Note"><x:MoveWithCells/><x:SizeWithCells/>"##,
            r##"<x:Anchor>{left}, 15, {top}, 10, {right}, 15, {bottom}, 4</x:Anchor><x:AutoFill>False</x:AutoFill>"##,
            r##"<x:Row>{row}</x:Row><x:Column>{column}</x:Column></x:ClientData></v:shape>"##
        ),
        number = number,
        height = lines * 15,
        left = left,
        top = top,
        right = left + 2,
        bottom = top + lines,
        row = row,
        column = column
    )
}
