//! Copies of a part with all that belongs to it alone: drawings, charts, notes, tables. Pictures, pivot caches and what
//! lies outside are shared.

use deskhand_opc::xml::{Tree, escape};
use deskhand_opc::{Draft, Relationship, Target, directory_of, relationships_of};
use deskhand_operations::RefusalCode;

use crate::element_list::Edit;
use crate::error::{Outcome, refuse};

/// Each copied part with its copy, the first one first.
pub(crate) type Copies = Vec<(String, String)>;

const RELATIONSHIPS_TYPE: &str = "application/vnd.openxmlformats-package.relationships+xml";
/// What several parts may lead to: kinds of relationships.
const SHARED: &[&str] = &[
    "image",
    "hdphoto",
    "media",
    "audio",
    "video",
    "pivotCacheDefinition",
    "person",
    "package",
    "oleObject",
    "customXml",
    "attachedToolbars",
];
/// What cannot be there twice.
const SINGLE: &[(&str, &str)] = &[
    ("slicer", "slicers"),
    ("timeline", "timelines"),
    ("queryTable", "a table filled by a query"),
    ("tableSingleCells", "cells bound to XML"),
];
/// Parts that one copy may make.
const MAX_PARTS: usize = 2_000;

/// Copies a part and what belongs to it.
pub(crate) fn below(draft: &mut Draft, part: &str) -> Outcome<Copies> {
    let mut copies: Copies = vec![(part.to_owned(), free_name(draft, part))];
    let mut next = 0;
    while let Some((source, copy)) = copies.get(next).cloned() {
        next += 1;
        if copies.len() > MAX_PARTS {
            return refuse(
                RefusalCode::TooLarge,
                "The sheet has more parts than can be copied at once; nothing was changed.",
            );
        }
        let content = draft.package().part(&source)?;
        let kind = draft.package().content_types()?.of(&source).map(str::to_owned);
        draft.add_part(
            &copy,
            content,
            kind.as_deref().unwrap_or("application/octet-stream"),
        )?;
        copy_relationships(draft, &source, &copy, &mut copies)?;
    }
    threads(draft, &copies)?;
    Ok(copies)
}

/// Copies the relationships of a part, and notes which targets are to be copied too.
fn copy_relationships(draft: &mut Draft, source: &str, copy: &str, copies: &mut Copies) -> Outcome<()> {
    let held = relationships_of(source);
    let Some(part) = draft.package().spelling(&held).map(str::to_owned) else {
        return Ok(());
    };
    let content = draft.package().part(&part)?;
    let mut targets: Vec<(String, String)> = Vec::new();
    for relationship in draft.package().relationships(source)? {
        if let Some((_, what)) = SINGLE.iter().find(|(kind, _)| relationship.is(kind)) {
            return refuse(
                RefusalCode::Unsupported,
                format!("The sheet has {what}, which cannot be there twice; nothing was changed."),
            );
        }
        let Some(target) = own_target(draft, &relationship) else {
            continue;
        };
        let known = copies
            .iter()
            .find(|(source, _)| source.eq_ignore_ascii_case(&target));
        let new = if let Some((_, copy)) = known {
            copy.clone()
        } else {
            let taken: Vec<&str> = copies.iter().map(|(_, copy)| copy.as_str()).collect();
            let new = free_beside(draft, &target, &taken);
            copies.push((target.clone(), new.clone()));
            new
        };
        targets.push((relationship.id, new));
    }
    let tree = Tree::parse(&part, &content, draft.package().limits())?;
    let nodes = tree.root().children();
    let edits: Vec<Edit> = nodes
        .filter_map(|node| {
            let id = node.attribute("Id")?;
            let (_, new) = targets.iter().find(|(known, _)| *known == id)?;
            Some(node.tag().set_attribute("Target", &format!("/{new}")))
        })
        .collect();
    let new = relationships_of(copy);
    draft.add_part(&new, content.clone(), RELATIONSHIPS_TYPE)?;
    draft.edit(&new, edits)?;
    Ok(())
}

/// The part that a relationship leads to, where it belongs to its source alone.
fn own_target(draft: &Draft, relationship: &Relationship) -> Option<String> {
    let Target::Part(target) = &relationship.target else {
        return None;
    };
    let shared = SHARED.iter().any(|kind| relationship.is(kind));
    let target = draft.package().spelling(target)?;
    (!shared).then(|| target.to_owned())
}

/// Threads of comments have ids of their own, by which their notes know them.
fn threads(draft: &mut Draft, copies: &Copies) -> Outcome<()> {
    let mut ids: Vec<(String, String)> = Vec::new();
    for (_, copy) in copies
        .iter()
        .filter(|(_, copy)| copy.to_lowercase().contains("threadedcomment"))
    {
        let content = draft.package().part(copy)?;
        let tree = Tree::parse(copy, &content, draft.package().limits())?;
        for node in tree.root().children() {
            ids.extend(
                node.attribute("id")
                    .map(|id| (id.to_string(), other_id(&id, copy))),
            );
        }
    }
    if ids.is_empty() {
        return Ok(());
    }
    for (_, copy) in copies
        .iter()
        .filter(|(_, copy)| copy.to_lowercase().contains("comment"))
    {
        let content = draft.package().part(copy)?;
        let text = String::from_utf8_lossy(&content).into_owned();
        let mut edits: Vec<Edit> = Vec::new();
        for (old, new) in &ids {
            let old = escape(old);
            let found = text.match_indices(old.as_ref());
            edits.extend(found.map(|(at, _)| (at..at + old.len(), new.as_str().into())));
        }
        draft.edit(copy, edits)?;
    }
    Ok(())
}

/// Another id of the form `{…}`: the digits of the old one, shuffled with the name of the new part, so that the same
/// change gives the same bytes.
fn other_id(id: &str, part: &str) -> String {
    let mut mark = deskhand_opc::Fingerprint::default();
    mark.add(id.as_bytes());
    mark.add(part.as_bytes());
    let digits: Vec<char> = mark
        .to_string()
        .chars()
        .filter(char::is_ascii_hexdigit)
        .map(|c| c.to_ascii_uppercase())
        .collect();
    let mut next = digits.iter().cycle();
    id.chars()
        .map(|c| match c {
            c if c.is_ascii_hexdigit() => next.next().copied().unwrap_or('0'),
            other => other,
        })
        .collect()
}

/// A free name like that of a part: `xl/charts/chart7.xml` for `xl/charts/chart1.xml`.
fn free_name(draft: &Draft, part: &str) -> String {
    free_beside(draft, part, &[])
}

fn free_beside(draft: &Draft, part: &str, taken: &[&str]) -> String {
    let folder = directory_of(part);
    let file = &part[folder.len()..];
    let (stem, ending) = file.rsplit_once('.').unwrap_or((file, ""));
    let stem = stem.trim_end_matches(|c: char| c.is_ascii_digit());
    let mut names = (1..).map(|number: u32| format!("{folder}{stem}{number}.{ending}"));
    names
        .find(|name| {
            !draft.package().contains(name) && !taken.iter().any(|held| held.eq_ignore_ascii_case(name))
        })
        .unwrap_or_default()
}
