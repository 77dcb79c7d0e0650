//! `sheet.hide`.

use deskhand_opc::Draft;
use deskhand_opc::xml::{Node, Tree};
use deskhand_operations::RefusalCode;
use deskhand_operations::answer::Applied;
use deskhand_operations::workbook::{SheetHide, Visibility};

use crate::addresses;
use crate::element_list::Edit;
use crate::error::{Outcome, refuse};
use crate::workbook::{SheetEntry, Workbook, guard_structure, is_true};

pub(super) fn plan(workbook: &Workbook, draft: &mut Draft, hide: &SheetHide) -> Outcome<Applied> {
    let Some(index) = workbook.sheet_index(&hide.name) else {
        return addresses::no_sheet(workbook, &hide.name);
    };
    let sheet = &workbook.sheets[index];
    let visibility = hide.visibility.unwrap_or(Visibility::Hidden);
    let shows = visibility == Visibility::Visible;
    let mut others = workbook.sheets.iter().enumerate();
    let other = others
        .clone()
        .find(|(other, held)| *other > index && held.visible)
        .or_else(|| others.rfind(|(other, held)| *other < index && held.visible));
    if !shows && other.is_none() {
        return refuse(
            RefusalCode::Protected,
            format!(
                "`{}` is the only sheet to be seen; nothing was changed.",
                sheet.name
            ),
        );
    }
    let content = draft.package().part(&workbook.part)?;
    let tree = Tree::parse(&workbook.part, &content, draft.package().limits())?;
    let root = tree.root();
    guard_structure(root)?;
    let mut edits: Vec<Edit> = Vec::new();
    let entry = root.child("sheets").and_then(|list| list.children().nth(index));
    edits.extend(entry.and_then(|node| match visibility {
        Visibility::Visible => node.tag().remove_attribute("state"),
        Visibility::Hidden => Some(node.tag().set_attribute("state", "hidden")),
        Visibility::VeryHidden => Some(node.tag().set_attribute("state", "veryHidden")),
    }));
    let next = other.filter(|_| !shows);
    let mut was_active = false;
    for view in root.child("bookViews").iter().flat_map(Node::children) {
        let active = view
            .attribute("activeTab")
            .map_or(Some(0), |tab| tab.parse::<usize>().ok());
        if let Some((next, _)) = next.filter(|_| active == Some(index)) {
            was_active = true;
            edits.push(view.tag().set_attribute("activeTab", &next.to_string()));
        }
    }
    draft.edit(&workbook.part, edits)?;
    if !shows {
        select(draft, sheet, false)?;
    }
    if let Some((_, next)) = next.filter(|_| was_active) {
        select(draft, next, true)?;
    }
    Ok(Applied {
        target: sheet.name.clone(),
        changed: 1,
        ..Applied::default()
    })
}

/// Marks a sheet as selected, or not.
pub(super) fn select(draft: &mut Draft, sheet: &SheetEntry, selected: bool) -> Outcome<()> {
    if sheet.part.is_empty() {
        return Ok(());
    }
    let content = draft.package().part(&sheet.part)?;
    let mut reader = deskhand_opc::xml::Reader::new(&sheet.part, &content, draft.package().limits())?;
    let mut edits: Vec<Edit> = Vec::new();
    // Views stand near the start of the part.
    while let Some(event) = reader.next_event()? {
        let deskhand_opc::xml::Event::Start(tag) = event else {
            continue;
        };
        match tag.local() {
            "sheetView" => {
                let held = tag.attribute("tabSelected").is_some_and(|held| is_true(&held));
                if held && !selected {
                    edits.extend(tag.remove_attribute("tabSelected"));
                } else if !held && selected {
                    edits.push(tag.set_attribute("tabSelected", "1"));
                }
            }
            "sheetData" | "drawing" => break,
            _ => {}
        }
    }
    draft.edit(&sheet.part, edits)?;
    Ok(())
}
