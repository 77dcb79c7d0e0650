//! `sheet.copy`.

use std::collections::HashSet;
use std::fmt::Write as _;

use deskhand_opc::xml::{Node, Tree, escape};
use deskhand_opc::{Draft, Target};
use deskhand_operations::RefusalCode;
use deskhand_operations::answer::SheetContent;
use deskhand_operations::workbook::SheetCopy;

use crate::addresses;
use crate::element_list::Edit;
use crate::error::{Outcome, refuse};
use crate::formula_text::{self, Renames};
use crate::ops::info;
use crate::ops::sheet_add::{check_name, namespaces, relationship_attribute};
use crate::ops::sheet_hide::select;
use crate::part_copy::{self, Copies};
use crate::sources;
use crate::tables;
use crate::tabs::{self, Shift};
use crate::workbook::{Workbook, free_id, guard_structure};

pub(super) fn plan(workbook: &Workbook, draft: &mut Draft, copy: &SheetCopy) -> Outcome<SheetContent> {
    let Some(index) = workbook.sheet_index(&copy.name) else {
        return addresses::no_sheet(workbook, &copy.name);
    };
    let sheet = workbook.worksheet(index)?;
    check_name(&copy.to)?;
    if workbook.sheet_index(&copy.to).is_some() {
        return refuse(
            RefusalCode::NameTaken,
            format!("There is a sheet `{}` already; nothing was changed.", copy.to),
        );
    }
    let place = match &copy.after {
        Some(after) => match workbook.sheet_index(after) {
            Some(index) => index + 1,
            None => return addresses::no_sheet(workbook, after),
        },
        None => index + 1,
    };
    let copies = part_copy::below(draft, &sheet.part)?;
    let mut renames = Renames::of_sheet(workbook, &sheet.name, &copy.to);
    rename_tables(workbook, draft, &copies, &mut renames)?;
    for (_, part) in &copies {
        let is_xml = part
            .rsplit('.')
            .next()
            .is_some_and(|ending| ending.eq_ignore_ascii_case("xml"));
        if is_xml || formula_text::is_vml(part) {
            formula_text::apply(draft, part, &renames)?;
        }
    }
    let Some((_, part)) = copies.first() else {
        return refuse(RefusalCode::Failed, "The sheet has no part; nothing was changed.");
    };
    unname(draft, part)?;
    enter(workbook, draft, part, (index, place), copy, &renames)?;
    let after = Workbook::read(draft.package().clone())?;
    let entry = after.worksheet(place)?;
    sources::sheet_copied(workbook, draft, sheet.id, entry.id)?;
    select(draft, entry, false)?;
    info::content(&after, entry)
}

/// Gives the copied tables ids and names of their own.
fn rename_tables(
    workbook: &Workbook,
    draft: &mut Draft,
    copies: &Copies,
    renames: &mut Renames,
) -> Outcome<()> {
    let all = tables::all(workbook)?;
    let mut ids: Vec<u32> = all.iter().map(|(_, table)| table.id).collect();
    let names = all.iter().map(|(_, table)| table.name.to_lowercase());
    let mut taken: HashSet<String> = names.collect();
    taken.extend(workbook.names.iter().map(|name| name.name.to_lowercase()));
    for (_, table) in &all {
        let Some((_, part)) = copies
            .iter()
            .find(|(source, _)| source.eq_ignore_ascii_case(&table.part))
        else {
            continue;
        };
        let id = free_id(ids.iter().copied());
        ids.push(id);
        let mut free = (2..).map(|number| format!("{}{number}", table.name));
        let name = free
            .find(|name| taken.insert(name.to_lowercase()))
            .unwrap_or_default();
        renames.and_table(&table.name, &name);
        let content = draft.package().part(part)?;
        let tree = Tree::parse(part, &content, draft.package().limits())?;
        let tag = tree.root().tag();
        let edits = [
            tag.set_attribute("id", &id.to_string()),
            tag.set_attribute("name", &name),
            tag.set_attribute("displayName", &name),
        ];
        draft.edit(part, edits)?;
    }
    Ok(())
}

/// Takes the name by which macros know the sheet off its copy: it must be one sheet's alone.
fn unname(draft: &mut Draft, part: &str) -> Outcome<()> {
    let content = draft.package().part(part)?;
    let mut reader = deskhand_opc::xml::Reader::new(part, &content, draft.package().limits())?;
    while let Some(event) = reader.next_event()? {
        let deskhand_opc::xml::Event::Start(tag) = event else {
            continue;
        };
        match tag.local() {
            "sheetPr" => {
                let edits: Vec<Edit> = tag.remove_attribute("codeName").into_iter().collect();
                draft.edit(part, edits)?;
                return Ok(());
            }
            "worksheet" => {}
            _ => return Ok(()),
        }
    }
    Ok(())
}

/// Enters the copy into the workbook, with the names that go with it.
fn enter(
    workbook: &Workbook,
    draft: &mut Draft,
    part: &str,
    (index, place): (usize, usize),
    copy: &SheetCopy,
    renames: &Renames,
) -> Outcome<()> {
    let content = draft.package().part(&workbook.part)?;
    let strict = Tree::parse(&workbook.part, &content, draft.package().limits())?.is_strict();
    let (_, kind) = namespaces(strict);
    let relationship = draft.add_relationship(&workbook.part, kind, &Target::Part(part.to_owned()))?;
    let tree = Tree::parse(&workbook.part, &content, draft.package().limits())?;
    let root = tree.root();
    guard_structure(root)?;
    let Some(list) = root.child("sheets") else {
        return refuse(
            RefusalCode::Corrupt,
            "The workbook has no list of sheets; nothing was changed.",
        );
    };
    let id = free_id(workbook.sheets.iter().map(|sheet| sheet.id));
    let (declared, r) = relationship_attribute(list);
    let entry = format!(
        r#"<{}sheet name="{}" sheetId="{id}"{declared} {r}="{relationship}"/>"#,
        list.prefix_colon(),
        escape(&copy.to)
    );
    let mut edits = vec![match list.children().nth(place) {
        Some(next) => next.before(&entry),
        None => list.append(&entry),
    }];
    edits.extend(tabs::edits(root, Shift::Added(place)));
    let names = names(workbook, root, (index, place), renames);
    if let (Some(list), false) = (root.child("definedNames"), names.is_empty()) {
        edits.push(list.append(&names));
    }
    draft.edit(&workbook.part, edits)?;
    Ok(())
}

/// The names that the copy gets for itself: those local to the sheet, and those of the workbook that lead to it, which
/// formulas of the copy shall find on the copy, as in Excel.
fn names(
    workbook: &Workbook,
    root: Node<'_, '_>,
    (index, place): (usize, usize),
    renames: &Renames,
) -> String {
    let mut xml = String::new();
    let mut taken: HashSet<String> = HashSet::new();
    let entries: Vec<Node<'_, '_>> = root
        .child("definedNames")
        .iter()
        .flat_map(Node::children)
        .collect();
    for local in [true, false] {
        for (entry, node) in workbook.names.iter().zip(&entries) {
            let wanted = if local {
                entry.local == Some(index)
            } else {
                entry.local.is_none()
            };
            let text = renames.rewritten(&entry.refers_to);
            if !wanted || (!local && text.is_none()) || !taken.insert(entry.name.to_lowercase()) {
                continue;
            }
            let _ = write!(xml, "<{}", node.tag().name);
            for attribute in node.tag().attributes().filter(|held| held.name != "localSheetId") {
                let value = attribute.raw.replace('"', "&quot;");
                let _ = write!(xml, r#" {}="{value}""#, attribute.name);
            }
            let text = text.unwrap_or_else(|| entry.refers_to.clone());
            let _ = write!(
                xml,
                r#" localSheetId="{place}">{}</{}>"#,
                escape(&text),
                node.tag().name
            );
        }
    }
    xml
}
