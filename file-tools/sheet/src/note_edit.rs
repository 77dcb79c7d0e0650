//! Writes notes: the part with their texts (ECMA-376 part 1, 18.7) and the drawing of old that shows them (part 4, 19;
//! [MS-OI29500] 2.1). The drawing is changed as text, because what Excel wrote there is not always XML.

use std::ops::Range;

use deskhand_opc::xml::{Node, Tree, escape};
use deskhand_opc::{Blob, Draft, Target};
use deskhand_operations::{Area, MAX_COLUMNS, MAX_ROWS, RefusalCode};

use crate::cells::Keep;
use crate::element_list::Edit;
use crate::error::{Outcome, refuse};
use crate::ops::table_add::{relationship_attribute, relationship_type};
use crate::sheet::Worksheet;
use crate::workbook::{SheetEntry, Workbook};

const COMMENTS_TYPE: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.comments+xml";
const DRAWING_TYPE: &str = "application/vnd.openxmlformats-officedocument.vmlDrawing";
/// Characters in a line of a note's box, and lines that a box shows at the least and at the most.
const LINE: usize = 26;
const LINES: Range<u32> = 4..30;

/// A drawing without shapes; `{}` is the first thousand of its shapes' numbers.
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

/// Puts a note on a cell, or another text into its note.
pub(crate) fn set(
    workbook: &Workbook,
    draft: &mut Draft,
    index: usize,
    (row, column): (u32, u32),
    author: &str,
    text: &str,
) -> Outcome<()> {
    let sheet = workbook.worksheet(index)?;
    let content = draft.package().part(&sheet.part)?;
    let scanned = Worksheet::read(workbook, &sheet.part, &content, &Keep::Areas(Vec::new()))?;
    let strict = scanned.strict;
    let part = if let Some((_, part)) = related(draft, sheet, "comments")? {
        part
    } else {
        let (space, _) = crate::ops::sheet_add::namespaces(strict);
        let part = draft.free_name("xl/comments", ".xml");
        let blank = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<comments xmlns=\"{space}\"><authors/><commentList/></comments>"
        );
        draft.add_part(&part, blank, COMMENTS_TYPE)?;
        let kind = relationship_type(strict, "comments");
        draft.add_relationship(&sheet.part, &kind, &Target::Part(part.clone()))?;
        part
    };
    if write_text(draft, &part, (row, column), author, text)? {
        return Ok(());
    }
    let drawing = drawing(workbook, draft, index, strict)?;
    add_shape(draft, &drawing, (row, column), text)
}

/// Takes the note off a cell; with the last one go its parts.
pub(crate) fn remove(
    workbook: &Workbook,
    draft: &mut Draft,
    sheet: &SheetEntry,
    (row, column): (u32, u32),
) -> Outcome<()> {
    let Some((relationship, part)) = related(draft, sheet, "comments")? else {
        return Ok(());
    };
    let content = draft.package().part(&part)?;
    let tree = Tree::parse(&part, &content, draft.package().limits())?;
    let list = tree.root().child("commentList");
    let others = list
        .iter()
        .flat_map(Node::children)
        .filter(|node| !is_at(node, row, column))
        .count();
    if others == 0 {
        draft.remove_relationship(&sheet.part, &relationship)?;
        draft.remove_part(&part)?;
    } else {
        let gone = list
            .iter()
            .flat_map(Node::children)
            .filter(|node| is_at(node, row, column));
        let edits: Vec<Edit> = gone.map(|node| node.replace("")).collect();
        draft.edit(&part, edits)?;
    }
    remove_shape(workbook, draft, sheet, (row, column))
}

fn is_at(node: &Node<'_, '_>, row: u32, column: u32) -> bool {
    let cell = node.attribute("ref").and_then(|cell| Area::parse(&cell).ok());
    cell.is_some_and(|cell| (cell.top, cell.left) == (row, column))
}

/// The relationship of a kind from the sheet, and the part that it leads to.
fn related(draft: &Draft, sheet: &SheetEntry, kind: &str) -> Outcome<Option<(String, String)>> {
    let relationships = draft.package().relationships(&sheet.part)?;
    Ok(relationships
        .into_iter()
        .filter(|relationship| relationship.is(kind))
        .find_map(|relationship| {
            let part = draft.package().spelling(relationship.part()?)?.to_owned();
            Some((relationship.id, part))
        }))
}

/// Writes author and text; true where the cell had a note already.
fn write_text(
    draft: &mut Draft,
    part: &str,
    (row, column): (u32, u32),
    author: &str,
    text: &str,
) -> Outcome<bool> {
    let content = draft.package().part(part)?;
    let tree = Tree::parse(part, &content, draft.package().limits())?;
    let root = tree.root();
    let (Some(authors), Some(list)) = (root.child("authors"), root.child("commentList")) else {
        return refuse(
            RefusalCode::Corrupt,
            format!("`{part}` has no list of notes; nothing was changed."),
        );
    };
    let p = root.prefix_colon();
    let mut edits: Vec<Edit> = Vec::new();
    let known = authors.children().position(|node| node.own_text() == author);
    let id = known.unwrap_or_else(|| {
        edits.push(authors.append(&format!("<{p}author>{}</{p}author>", escape(author))));
        authors.children().count()
    });
    let body = format!(
        r#"<{p}text><{p}t xml:space="preserve">{}</{p}t></{p}text>"#,
        escape(text)
    );
    let held = list.children().find(|node| is_at(node, row, column));
    if let Some(node) = held {
        edits.push(node.tag().set_attribute("authorId", &id.to_string()));
        match node.child("text") {
            Some(old) => edits.push(old.replace(&body)),
            None => edits.push(node.prepend(&body)),
        }
    } else {
        let cell = Area::cell(row, column);
        let xml = format!(r#"<{p}comment ref="{cell}" authorId="{id}">{body}</{p}comment>"#);
        // Notes stand in the order of rows.
        let later = list.children().find(|node| {
            let cell = node.attribute("ref").and_then(|cell| Area::parse(&cell).ok());
            cell.is_some_and(|cell| (cell.top, cell.left) > (row, column))
        });
        edits.push(later.map_or_else(|| list.append(&xml), |node| node.before(&xml)));
    }
    draft.edit(part, edits)?;
    Ok(held.is_some())
}

/// The sheet's drawing of old, made where there is none.
fn drawing(workbook: &Workbook, draft: &mut Draft, index: usize, strict: bool) -> Outcome<String> {
    let sheet = workbook.worksheet(index)?;
    let content = draft.package().part(&sheet.part)?;
    let scanned = Worksheet::read(workbook, &sheet.part, &content, &Keep::Areas(Vec::new()))?;
    if let Some(held) = scanned.find("legacyDrawing") {
        let id = held.tag.prefixed("id").unwrap_or_default();
        let relationships = draft.package().relationships(&sheet.part)?;
        let target = relationships.iter().find(|relationship| relationship.id == id);
        let part = target.and_then(|target| draft.package().spelling(target.part()?));
        return match part {
            Some(part) => Ok(part.to_owned()),
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

/// Adds the box of a note.
fn add_shape(draft: &mut Draft, part: &str, (row, column): (u32, u32), text: &str) -> Outcome<()> {
    let content = draft.package().part(part)?;
    let held = String::from_utf8_lossy(&content).into_owned();
    let spaces = ["xmlns:v=", "xmlns:o=", "xmlns:x="];
    let end = held
        .rfind("</xml>")
        .filter(|_| spaces.iter().all(|space| held.contains(space)));
    let Some(end) = end.filter(|_| held.len() == content.len()) else {
        return refuse(
            RefusalCode::Unsupported,
            "The drawing of the sheet's notes is of an unknown form; nothing was changed.",
        );
    };
    let first = number_after(&held, "<o:idmap", "data=\"").unwrap_or(1) * 1_024;
    let numbers = held
        .match_indices("_x0000_s")
        .filter_map(|(at, _)| digits(&held[at + 8..]));
    let number = numbers.max().unwrap_or(first).max(first) + 1;
    let mut xml = String::new();
    if !held.contains("id=\"_x0000_t202\"") {
        xml.push_str(SHAPE_TYPE);
    }
    xml.push_str(&shape(number, (row, column), text));
    draft.edit(part, [(end..end, Blob::from(xml))])?;
    Ok(())
}

/// The number after a mark inside the element that begins with a text.
fn number_after(text: &str, element: &str, mark: &str) -> Option<u64> {
    let rest = &text[text.find(element)?..];
    let rest = &rest[..rest.find('>')?];
    digits(&rest[rest.find(mark)? + mark.len()..])
}

fn digits(text: &str) -> Option<u64> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text[..end.min(12)].parse().ok()
}

/// The box of a note: to the right of its cell, as tall as its text needs.
fn shape(number: u64, (row, column): (u32, u32), text: &str) -> String {
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

/// Takes the box of a note out; with the last shape goes the drawing.
fn remove_shape(
    workbook: &Workbook,
    draft: &mut Draft,
    sheet: &SheetEntry,
    (row, column): (u32, u32),
) -> Outcome<()> {
    let content = draft.package().part(&sheet.part)?;
    let scanned = Worksheet::read(workbook, &sheet.part, &content, &Keep::Areas(Vec::new()))?;
    let Some(held) = scanned.find("legacyDrawing") else {
        return Ok(());
    };
    let id = held.tag.prefixed("id").unwrap_or_default().into_owned();
    let relationships = draft.package().relationships(&sheet.part)?;
    let target = relationships.iter().find(|relationship| relationship.id == id);
    let Some(part) = target
        .and_then(|target| draft.package().spelling(target.part()?))
        .map(str::to_owned)
    else {
        return Ok(());
    };
    let drawing = draft.package().part(&part)?;
    let Ok(text) = std::str::from_utf8(&drawing) else {
        return Ok(());
    };
    let shapes = shapes(text);
    let is_note = |span: &&Range<usize>| {
        let shape = &text[(*span).clone()];
        let number = |name: &str| number_after_tag(shape, name);
        shape.contains("ObjectType=\"Note\"")
            && number("<x:Row>") == Some(u64::from(row))
            && number("<x:Column>") == Some(u64::from(column))
    };
    let Some(gone) = shapes.iter().find(is_note).cloned() else {
        return Ok(());
    };
    let others = text.matches("<x:ClientData").count() - text[gone.clone()].matches("<x:ClientData").count();
    if others > 0
        || draft
            .package()
            .relationships(&part)?
            .iter()
            .any(|held| held.part().is_some())
    {
        draft.edit(&part, [(gone, Blob::default())])?;
        return Ok(());
    }
    draft.edit(&sheet.part, [(held.span.clone(), Blob::default())])?;
    draft.remove_relationship(&sheet.part, &id)?;
    draft.remove_part(&part)?;
    Ok(())
}

fn number_after_tag(text: &str, tag: &str) -> Option<u64> {
    digits(text[text.find(tag)? + tag.len()..].trim_start())
}

/// Where the shapes of a drawing stand.
fn shapes(text: &str) -> Vec<Range<usize>> {
    const END: &str = "</v:shape>";
    let starts = text
        .match_indices("<v:shape")
        .filter(|(at, _)| text[at + 8..].starts_with([' ', '\n', '\r', '\t']));
    starts
        .filter_map(|(at, _)| Some(at..at + text[at..].find(END)? + END.len()))
        .collect()
}
