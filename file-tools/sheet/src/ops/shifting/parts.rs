//! Which part holds references, and who follows them there.

use std::collections::HashMap;

use deskhand_formula::{Axis, Holder};
use deskhand_opc::Draft;
use deskhand_opc::xml::{Event, Node, Reader, Tag, Tree, escape};
use deskhand_operations::{Area, RefusalCode};

use super::edits::Edits;
use super::{Follow, anchors, chain, corners, notes, said, tables, worksheet};
use crate::error::{Outcome, refuse};
use crate::workbook::SheetEntry;

/// What a part is, by the last word of its content type.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Chart,
    Drawing,
    OldDrawing,
    Table,
    Notes,
    PivotCache,
    PivotTable,
    Control,
    Connections,
    Chain,
    Volatile,
    MappedCells,
    Views,
    /// It holds no references, or none of this workbook.
    Plain,
    Unknown,
}

/// The end of the content type, with what it is.
const KINDS: &[(&str, Kind)] = &[
    ("drawingml.chart+xml", Kind::Chart),
    ("chartex+xml", Kind::Chart),
    ("drawingml.chartshapes+xml", Kind::Drawing),
    ("officedocument.drawing+xml", Kind::Drawing),
    ("vmldrawing", Kind::OldDrawing),
    ("spreadsheetml.table+xml", Kind::Table),
    ("spreadsheetml.comments+xml", Kind::Notes),
    ("threadedcomments+xml", Kind::Notes),
    ("pivotcachedefinition+xml", Kind::PivotCache),
    ("pivottable+xml", Kind::PivotTable),
    ("controlproperties+xml", Kind::Control),
    ("spreadsheetml.connections+xml", Kind::Connections),
    ("calcchain+xml", Kind::Chain),
    ("volatiledependencies+xml", Kind::Volatile),
    ("tablesinglecells+xml", Kind::MappedCells),
    ("namedsheetviews+xml", Kind::Views),
    ("worksheet+xml", Kind::Plain),
    ("sheet.main+xml", Kind::Plain),
    ("macroenabled.main+xml", Kind::Plain),
    ("template.main+xml", Kind::Plain),
    ("chartsheet+xml", Kind::Plain),
    ("dialogsheet+xml", Kind::Plain),
    ("macrosheet+xml", Kind::Plain),
    ("styles+xml", Kind::Plain),
    ("sharedstrings+xml", Kind::Plain),
    ("theme+xml", Kind::Plain),
    ("themeoverride+xml", Kind::Plain),
    ("externallink+xml", Kind::Plain),
    ("pivotcacherecords+xml", Kind::Plain),
    ("querytable+xml", Kind::Plain),
    ("properties+xml", Kind::Plain),
    ("relationships+xml", Kind::Plain),
    ("person+xml", Kind::Plain),
    ("usernames+xml", Kind::Plain),
    ("xmlsignature+xml", Kind::Plain),
    ("sheetmetadata+xml", Kind::Plain),
];

fn kind(content_type: &str, content: &[u8]) -> Kind {
    let lower = content_type.to_ascii_lowercase();
    let known = KINDS
        .iter()
        .find(|(end, _)| lower.ends_with(end))
        .map(|(_, kind)| *kind);
    known.unwrap_or_else(|| {
        let start = content
            .iter()
            .find(|byte| !byte.is_ascii_whitespace() && !matches!(byte, 0xEF | 0xBB | 0xBF));
        // Sources name places of other documents.
        if start == Some(&b'<') && !deskhand_opc::figures::holds(content) {
            Kind::Unknown
        } else {
            Kind::Plain
        }
    })
}

/// Follows the change in every part but the workbook's own.
pub(super) fn follow(follow: &mut Follow<'_>, draft: &mut Draft) -> Outcome<()> {
    let workbook = follow.workbook;
    let owners = owners(follow)?;
    for index in 0..workbook.sheets.len() {
        worksheet::follow(follow, draft, index)?;
    }
    let names: Vec<String> = draft.package().parts().map(str::to_owned).collect();
    let types = workbook.package.content_types()?;
    for part in &names {
        let owner = owners.get(&part.to_lowercase()).copied();
        let content = workbook.package.part(part)?;
        match kind(types.of(part).unwrap_or_default(), &content) {
            Kind::Unknown => unknown(follow, part, &content)?,
            Kind::Plain => {}
            kind => one(follow, draft, part, kind, owner)?,
        }
    }
    Ok(())
}

/// Follows the change in one part, which belongs to a sheet or to none.
fn one(
    follow: &mut Follow<'_>,
    draft: &mut Draft,
    part: &str,
    kind: Kind,
    owner: Option<usize>,
) -> Outcome<()> {
    let workbook = follow.workbook;
    let own = owner == Some(follow.index);
    let none = |_: &Tag<'_>| false;
    match (kind, owner.map(|index| &workbook.sheets[index])) {
        (Kind::Chart, _) => {
            let holds = |tag: &Tag<'_>| matches!(tag.local(), "f" | "sqref");
            texts(follow, draft, part, &Holder::Part, &holds, &[])
        }
        (Kind::Drawing, _) => drawing(follow, draft, part, own),
        (Kind::OldDrawing, Some(sheet)) => notes::shapes(follow, draft, part, sheet),
        (Kind::Table, Some(sheet)) => tables::follow(follow, draft, part, sheet),
        (Kind::Notes, Some(_)) if own => notes::texts(follow, draft, part),
        (Kind::PivotCache, _) => pivot_source(follow, draft, part),
        (Kind::PivotTable, Some(_)) if own => positions(follow, draft, part, &[("location", "ref")]),
        (Kind::MappedCells, Some(_)) if own => positions(follow, draft, part, &[("singleXmlCell", "r")]),
        (Kind::Views, Some(_)) if own => views(follow, draft, part),
        (Kind::Control, sheet) => {
            let holder = sheet.map_or(Holder::Part, Follow::holder);
            let attributes = ["fmlaLink", "fmlaRange", "fmlaGroup", "fmlaTxbx"];
            texts(follow, draft, part, &holder, &none, &attributes)
        }
        (Kind::Connections, _) => texts(follow, draft, part, &Holder::Part, &none, &["cell"]),
        (Kind::Chain, _) => chain::calculation(follow, draft, part),
        (Kind::Volatile, _) => chain::volatile(follow, draft, part),
        _ => Ok(()),
    }
}

/// The sheet that each part belongs to.
fn owners(follow: &Follow<'_>) -> Outcome<HashMap<String, usize>> {
    let mut owners = HashMap::new();
    for (index, sheet) in follow
        .workbook
        .sheets
        .iter()
        .enumerate()
        .filter(|(_, sheet)| !sheet.part.is_empty())
    {
        for relationship in follow.workbook.package.relationships(&sheet.part)? {
            if let Some(part) = relationship.part() {
                owners.entry(part.to_lowercase()).or_insert(index);
            }
        }
    }
    Ok(owners)
}

/// Formulas in the text of some elements and in attributes.
fn texts(
    follow: &mut Follow<'_>,
    draft: &mut Draft,
    part: &str,
    holder: &Holder<'_>,
    holds: &dyn Fn(&Tag<'_>) -> bool,
    attributes: &[&str],
) -> Outcome<()> {
    let content = draft.package().part(part)?;
    let mut reader = Reader::new(part, &content, draft.package().limits())?;
    let mut edits = Edits::new(&content);
    let place = || format!("the part `{part}`");
    while let Some(event) = reader.next_event()? {
        let Event::Start(tag) = event else { continue };
        let mut found = Vec::new();
        for attribute in tag
            .attributes()
            .filter(|attribute| attributes.contains(&attribute.name))
        {
            let text = tag.attribute(attribute.name).unwrap_or_default();
            found.extend(
                follow
                    .noted(&text, holder, &place)
                    .map(|new| tag.set_attribute(attribute.name, &new)),
            );
        }
        edits.extend(found, 0);
        if holds(&tag) && !tag.self_closing {
            let (text, end) = reader.text()?;
            if let Some(new) = follow.noted(&text, holder, &place) {
                edits.replace(tag.span.end..end.start, super::text(&new).as_bytes());
            }
        }
    }
    draft.edit(part, edits.finish()?)?;
    Ok(())
}

/// Texts of shapes that show a cell, and on the sheet itself where all of it stands.
fn drawing(follow: &mut Follow<'_>, draft: &mut Draft, part: &str, own: bool) -> Outcome<()> {
    texts(
        follow,
        draft,
        part,
        &Holder::Part,
        &|_| false,
        &["textlink", "cellRange"],
    )?;
    if own {
        let content = draft.package().part(part)?;
        let tree = Tree::parse(part, &content, draft.package().limits())?;
        draft.edit(part, anchors::drawing(follow.shift, &tree))?;
    }
    Ok(())
}

/// What a pivot table is made from.
fn pivot_source(follow: &mut Follow<'_>, draft: &mut Draft, part: &str) -> Outcome<()> {
    let content = draft.package().part(part)?;
    let mut reader = Reader::new(part, &content, draft.package().limits())?;
    let mut edits = Edits::new(&content);
    while let Some(event) = reader.next_event()? {
        let Event::Start(tag) = event else { continue };
        // The cached items below are many and hold no references.
        if tag.local() == "cacheFields" {
            break;
        }
        if !matches!(tag.local(), "worksheetSource" | "rangeSet") || tag.prefixed("id").is_some() {
            continue;
        }
        let own = tag
            .attribute("sheet")
            .is_some_and(|sheet| sheet.to_lowercase() == follow.sheet().name.to_lowercase());
        let Some(area) = tag
            .attribute("ref")
            .and_then(|area| Area::parse(&area).ok())
            .filter(|_| own)
        else {
            continue;
        };
        match follow.shift.area(area) {
            None => {
                let message = format!(
                    "The pivot tables made from {area} on `{}` would lose their source; nothing was changed.",
                    follow.sheet().name
                );
                return refuse(RefusalCode::Protected, message);
            }
            Some(moved) if moved != area => {
                edits.extend(vec![tag.set_attribute("ref", &corners(moved))], 0);
                let columns = follow.shift.axis == Axis::Columns && moved.columns() != area.columns();
                if columns {
                    follow.warnings.push(format!(
                        "Pivot tables made from `{}` have other columns now; they are to be refreshed.",
                        follow.sheet().name
                    ));
                }
            }
            Some(_) => {}
        }
    }
    draft.edit(part, edits.finish()?)?;
    Ok(())
}

/// Attributes that hold a place which cannot go.
fn positions(follow: &Follow<'_>, draft: &mut Draft, part: &str, holds: &[(&str, &str)]) -> Outcome<()> {
    let content = draft.package().part(part)?;
    let tree = Tree::parse(part, &content, draft.package().limits())?;
    let mut edits = Vec::new();
    for node in tree.root().descendants() {
        for (_, name) in holds.iter().filter(|(local, _)| *local == node.local()) {
            let Some(area) = node.attribute(name).and_then(|area| Area::parse(&area).ok()) else {
                continue;
            };
            match follow.shift.area(area) {
                None => {
                    let message = format!("`{part}` names {area}, which would go; nothing was changed.");
                    return refuse(RefusalCode::Protected, message);
                }
                Some(moved) if moved != area => edits.push(node.tag().set_attribute(name, &corners(moved))),
                Some(_) => {}
            }
        }
    }
    draft.edit(part, edits)?;
    Ok(())
}

/// Views of single persons: their filters stand on areas and count columns from there.
fn views(follow: &mut Follow<'_>, draft: &mut Draft, part: &str) -> Outcome<()> {
    let content = draft.package().part(part)?;
    let tree = Tree::parse(part, &content, draft.package().limits())?;
    let sheet: &SheetEntry = follow.sheet();
    let columns = |node: &Node<'_, '_>| {
        let area = node.attribute("ref").and_then(|area| Area::parse(&area).ok());
        let (axis, area) = (follow.shift.axis, area?);
        (axis == Axis::Columns && follow.shift.touches(area.left, area.right)).then_some(())
    };
    if tree.root().descendants().any(|node| columns(&node).is_some()) {
        let message = format!(
            "A person's view in `{part}` filters columns that would move against each other; nothing was changed."
        );
        return refuse(RefusalCode::Unsupported, message);
    }
    let edits = super::elements::Elements::new(follow, sheet, true).of(tree.root())?;
    draft.edit(part, edits)?;
    Ok(())
}

/// A part of a kind that is not known: refused where it names the sheet as a reference does.
fn unknown(follow: &Follow<'_>, part: &str, content: &[u8]) -> Outcome<()> {
    let name = &follow.sheet().name;
    let text = String::from_utf8_lossy(content);
    let quoted = name.replace('\'', "''");
    let forms = [
        format!("{name}!"),
        format!("'{quoted}'!"),
        format!("{}!", escape(name)),
        format!("{}'!", escape(&quoted)),
    ];
    if forms.iter().any(|form| text.contains(form.as_str())) {
        let message = format!(
            "`{part}` refers to `{name}` in a way that is not known, so that its {} cannot come or go here; nothing was changed.",
            said(follow.shift.axis)
        );
        return refuse(RefusalCode::Unsupported, message);
    }
    Ok(())
}
