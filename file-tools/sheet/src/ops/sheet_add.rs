//! `sheet.add`.

use deskhand_opc::xml::{Node, Tree, escape};
use deskhand_opc::{Draft, Target};
use deskhand_operations::RefusalCode;
use deskhand_operations::answer::SheetContent;
use deskhand_operations::workbook::SheetAdd;

use crate::error::{Outcome, refuse};
use crate::tabs::{self, Shift};
use crate::workbook::{Workbook, free_id, guard_structure};

const TYPE: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml";

/// A sheet without cells; `{}` is its namespace.
const BLANK: &str = concat!(
    "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n",
    r#"<worksheet xmlns="{}"><sheetViews><sheetView workbookViewId="0"/></sheetViews>"#,
    r#"<sheetFormatPr defaultRowHeight="15"/><sheetData/>"#,
    r#"<pageMargins left="0.7" right="0.7" top="0.75" bottom="0.75" header="0.3" footer="0.3"/></worksheet>"#
);

pub(super) fn plan(workbook: &Workbook, draft: &mut Draft, add: &SheetAdd) -> Outcome<SheetContent> {
    check_name(&add.name)?;
    if workbook.sheet_index(&add.name).is_some() {
        return refuse(
            RefusalCode::NameTaken,
            format!("There is a sheet `{}` already; nothing was changed.", add.name),
        );
    }
    let place = match &add.after {
        Some(after) => match workbook.sheet_index(after) {
            Some(index) => index + 1,
            None => return crate::addresses::no_sheet(workbook, after),
        },
        None => workbook.sheets.len(),
    };
    let content = draft.package().part(&workbook.part)?;
    let tree = Tree::parse(&workbook.part, &content, draft.package().limits())?;
    let root = tree.root();
    let Some(list) = root.child("sheets") else {
        return refuse(
            RefusalCode::Corrupt,
            "The workbook has no list of sheets; nothing was changed.",
        );
    };
    guard_structure(root)?;
    let (space, kind) = namespaces(tree.is_strict());
    let part = draft.free_name("xl/worksheets/sheet", ".xml");
    draft.add_part(&part, BLANK.replace("{}", space), TYPE)?;
    let relationship = draft.add_relationship(&workbook.part, kind, &Target::Part(part))?;
    let id = free_id(workbook.sheets.iter().map(|sheet| sheet.id));
    let (declared, r) = relationship_attribute(list);
    let entry = format!(
        r#"<{}sheet name="{}" sheetId="{id}"{declared} {r}="{relationship}"/>"#,
        list.prefix_colon(),
        escape(&add.name)
    );
    let mut edits = vec![match list.children().nth(place) {
        Some(next) => next.before(&entry),
        None => list.append(&entry),
    }];
    edits.extend(tabs::edits(root, Shift::Added(place)));
    draft.edit(&workbook.part, edits)?;
    Ok(SheetContent {
        name: add.name.clone(),
        visible: true,
        ..SheetContent::default()
    })
}

/// The name of the `r:id` attribute as the other sheets write it, with a declaration where none is in scope: some
/// programs declare the prefix on each sheet's element, which is no help to its neighbour.
pub(super) fn relationship_attribute(list: Node<'_, '_>) -> (String, String) {
    let neighbour = list.children().next();
    let held = neighbour.and_then(|node| node.tag().attributes().find(|held| held.name.ends_with(":id")));
    let name = held
        .as_ref()
        .map_or_else(|| "r:id".to_owned(), |held| held.name.to_owned());
    let prefix = format!("xmlns:{}", name.trim_end_matches(":id"));
    let local = neighbour.and_then(|node| node.tag().attributes().find(|declared| declared.name == prefix));
    let space = match (held, local) {
        (Some(_), None) => return (String::new(), name),
        (_, Some(local)) => local.raw.to_owned(),
        (None, None) => "http://schemas.openxmlformats.org/officeDocument/2006/relationships".to_owned(),
    };
    (format!(r#" {prefix}="{space}""#), name)
}

/// The main namespace and the worksheet relationship's type, transitional or strict.
pub(crate) fn namespaces(strict: bool) -> (&'static str, &'static str) {
    if strict {
        (
            "http://purl.oclc.org/ooxml/spreadsheetml/main",
            "http://purl.oclc.org/ooxml/officeDocument/relationships/worksheet",
        )
    } else {
        (
            "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
            "http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet",
        )
    }
}

/// Refuses names that Excel refuses.
pub(crate) fn check_name(name: &str) -> Outcome<()> {
    let length = name.encode_utf16().count();
    let bad = name.contains(['\\', '/', '?', '*', '[', ']', ':']) || name.chars().any(char::is_control);
    let quoted = name.starts_with('\'') || name.ends_with('\'');
    if length == 0
        || length > 31
        || bad
        || quoted
        || name.trim().is_empty()
        || name.eq_ignore_ascii_case("history")
    {
        return refuse(
            RefusalCode::BadInput,
            format!(
                "`{name}` cannot be a sheet's name: 1 to 31 characters, none of \\ / ? * [ ] :, no quote at its ends; nothing was changed."
            ),
        );
    }
    Ok(())
}
