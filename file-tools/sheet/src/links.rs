//! Hyperlinks of cells (ECMA-376 part 1, 18.3.1.48): copied with their cells. Where they lead outside, the relationship
//! comes along.

use std::collections::{HashMap, HashSet};

use deskhand_opc::xml::Node;
use deskhand_opc::{Draft, Relationship};
use deskhand_operations::{Area, RefusalCode};

use crate::cells::Keep;
use crate::element_list::{self, Edit, Fragment};
use crate::error::{Outcome, refuse};
use crate::ops::table_add::relationship_attribute;
use crate::sheet::Worksheet;
use crate::sqref;
use crate::workbook::{SheetEntry, Workbook};

const LIST: &str = "hyperlinks";
/// Hyperlinks that a sheet of Excel's holds.
const MAX_LINKS: usize = 65_530;

/// A hyperlink taken up, to be put elsewhere.
#[derive(Clone, Debug)]
pub(crate) struct TakenLink {
    /// Its cells inside the area that it was taken from.
    pub(crate) area: Area,
    /// What it is beside its cells and its target, as attributes.
    attributes: String,
    target: Option<Relationship>,
}

/// Takes up the hyperlinks of an area of a sheet of the file.
pub(crate) fn take(
    workbook: &Workbook,
    sheet: &SheetEntry,
    scanned: &Worksheet<'_>,
    area: Area,
) -> Outcome<Vec<TakenLink>> {
    let Some(list) = scanned.fragment(LIST, workbook.package.limits())? else {
        return Ok(Vec::new());
    };
    let relationships = workbook.package.relationships(&sheet.part)?;
    let links = list.tree.root().children().filter_map(|node| {
        let area = place(&node)?.intersection(&area)?;
        let id = node.prefixed("id");
        let target = relationships
            .iter()
            .find(|held| Some(held.id.as_str()) == id.as_deref());
        let attributes = ["location", "tooltip", "display"].map(|name| {
            let held = node.tag().find(name);
            held.map_or_else(String::new, |held| {
                format!(r#" {name}="{}""#, held.raw.replace('"', "&quot;"))
            })
        });
        Some(TakenLink {
            area,
            attributes: attributes.concat(),
            target: target.cloned(),
        })
    });
    Ok(links.collect())
}

fn place(node: &Node<'_, '_>) -> Option<Area> {
    Area::parse(&node.attribute("ref")?).ok()
}

/// Puts hyperlinks on cells of a sheet, in the place of all that an area has; `targets` answers where one is put.
/// `same_sheet`: they come from there, and so do their relationships.
pub(crate) fn put(
    workbook: &Workbook,
    draft: &mut Draft,
    sheet: &SheetEntry,
    area: Area,
    links: &[TakenLink],
    targets: &dyn Fn(Area) -> Vec<Area>,
    same_sheet: bool,
) -> Outcome<()> {
    let mut ids: HashMap<String, String> = HashMap::new();
    for held in links.iter().filter_map(|link| link.target.as_ref()) {
        if !ids.contains_key(&held.id) {
            let id = if same_sheet {
                held.id.clone()
            } else {
                draft.add_relationship(&sheet.part, &held.kind, &held.target)?
            };
            ids.insert(held.id.clone(), id);
        }
    }
    let content = draft.package().part(&sheet.part)?;
    let scanned = Worksheet::read(workbook, &sheet.part, &content, &Keep::Areas(Vec::new()))?;
    let limits = *draft.package().limits();
    let p = &scanned.prefix;
    let mut added = Vec::new();
    for link in links {
        let target = link.target.as_ref().map_or_else(String::new, |held| {
            format!(" {}", relationship_attribute(scanned.strict, &ids[&held.id]))
        });
        added.extend(
            sqref::joined(targets(link.area))
                .into_iter()
                .map(|area| format!(r#"<{p}hyperlink ref="{area}"{target}{}/>"#, link.attributes)),
        );
    }
    let list = scanned.fragment(LIST, &limits)?;
    let mut narrowed: Vec<Edit> = Vec::new();
    let mut dropped: Vec<String> = Vec::new();
    let mut count = added.len();
    for node in list.iter().flat_map(|list| list.tree.root().children()) {
        count += 1;
        let Some(held) = place(&node).filter(|held| held.intersection(&area).is_some()) else {
            continue;
        };
        let left = sqref::without(held, area);
        match (left.split_first(), &list) {
            (Some((first, rest)), Some(list)) => {
                narrowed.push(list.edit(node.tag().set_attribute("ref", &first.to_string())));
                added.extend(rest.iter().map(|area| again(&content, list, &node, *area)));
            }
            _ => dropped.extend(node.prefixed("id").map(std::borrow::Cow::into_owned)),
        }
    }
    if count > MAX_LINKS {
        return refuse(
            RefusalCode::TooLarge,
            format!("A sheet holds at most {MAX_LINKS} hyperlinks; nothing was changed."),
        );
    }
    let goes = |node: &Node<'_, '_>| place(node).is_some_and(|held| area.intersection(&held) == Some(held));
    let mut edits = element_list::edits(&scanned, &limits, LIST, &goes, &added)?;
    edits.extend(narrowed);
    draft.edit(&sheet.part, edits)?;
    forget(workbook, draft, sheet, &dropped)
}

/// A link for further cells of its own.
fn again(content: &[u8], list: &Fragment<'_>, node: &Node<'_, '_>, area: Area) -> String {
    let span = node.span();
    let mut edits = vec![node.tag().set_attribute("ref", &area.to_string())];
    let own = node.tag().attributes().find(|held| held.name.ends_with(":uid"));
    edits.extend(own.and_then(|own| node.tag().remove_attribute(own.name)));
    let xml = element_list::edited(&content[list.place(span.clone())], span.start, edits);
    String::from_utf8_lossy(&xml).into_owned()
}

/// Takes out relationships of hyperlinks that no link leads by any more.
fn forget(workbook: &Workbook, draft: &mut Draft, sheet: &SheetEntry, ids: &[String]) -> Outcome<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let content = draft.package().part(&sheet.part)?;
    let scanned = Worksheet::read(workbook, &sheet.part, &content, &Keep::Areas(Vec::new()))?;
    let list = scanned.fragment(LIST, draft.package().limits())?;
    let nodes = list.iter().flat_map(|list| list.tree.root().children());
    let used: HashSet<String> = nodes
        .filter_map(|node| node.prefixed("id").map(std::borrow::Cow::into_owned))
        .collect();
    for held in draft.package().relationships(&sheet.part)? {
        if held.is("hyperlink") && ids.contains(&held.id) && !used.contains(&held.id) {
            draft.remove_relationship(&sheet.part, &held.id)?;
        }
    }
    Ok(())
}
