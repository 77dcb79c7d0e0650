//! `table.delete`.

use deskhand_formula::{Kind, tokens};
use deskhand_opc::xml::Tree;
use deskhand_opc::{Blob, Draft};
use deskhand_operations::RefusalCode;
use deskhand_operations::answer::Applied;
use deskhand_operations::workbook::TableDelete;

use crate::addresses;
use crate::cells::Keep;
use crate::error::{Outcome, refuse};
use crate::sheet::Worksheet;
use crate::tables;
use crate::workbook::{SheetEntry, SheetKind, Workbook};

pub(super) fn plan(workbook: &Workbook, draft: &mut Draft, delete: &TableDelete) -> Outcome<Applied> {
    let all = tables::all(workbook)?;
    let Some((index, table)) = all
        .into_iter()
        .find(|(_, table)| table.name.eq_ignore_ascii_case(&delete.name))
    else {
        return refuse(
            RefusalCode::NotFound,
            format!("There is no table `{}`; nothing was changed.", delete.name),
        );
    };
    if let Some(user) = user_of(workbook, &|token| token.eq_ignore_ascii_case(&table.name))? {
        return refuse(
            RefusalCode::Protected,
            format!(
                "{user} names the table `{}`; change that first. Nothing was changed.",
                table.name
            ),
        );
    }
    let sheet = workbook.worksheet(index)?;
    let relationships = draft.package().relationships(&sheet.part)?;
    let same = |part: Option<&str>| part.is_some_and(|part| part.eq_ignore_ascii_case(&table.part));
    let Some(relationship) = relationships
        .into_iter()
        .find(|relationship| same(relationship.part()))
    else {
        return refuse(
            RefusalCode::Corrupt,
            "The table's part is not where its sheet says; nothing was changed.",
        );
    };
    unlist(workbook, draft, sheet, &relationship.id)?;
    draft.remove_relationship(&sheet.part, &relationship.id)?;
    super::sheet_delete::remove_with_orphans(draft, &table.part)?;
    Ok(Applied {
        target: addresses::on(sheet, table.area),
        changed: 1,
        ..Applied::default()
    })
}

/// Takes a table out of its sheet's list.
fn unlist(workbook: &Workbook, draft: &mut Draft, sheet: &SheetEntry, relationship: &str) -> Outcome<()> {
    let content = draft.package().part(&sheet.part)?;
    let scanned = Worksheet::read(workbook, &sheet.part, &content, &Keep::Areas(Vec::new()))?;
    let Some(list) = scanned.find("tableParts") else {
        return Ok(());
    };
    // A fragment: prefixes stay undeclared in it, which its offsets do not mind.
    let tree = Tree::parse(
        "tableParts",
        &content[list.span.clone()],
        draft.package().limits(),
    )?;
    let mut entries = tree.root().children();
    let Some(entry) = entries.find(|node| node.prefixed("id").is_some_and(|id| id == relationship)) else {
        return refuse(
            RefusalCode::Corrupt,
            "The table is not listed on its sheet; nothing was changed.",
        );
    };
    let (start, span) = (list.span.start, entry.span());
    let left = tree.root().children().count() - 1;
    let edits = if left == 0 {
        vec![(list.span.clone(), Blob::default())]
    } else {
        let entry = (start + span.start..start + span.end, Blob::default());
        vec![entry, list.tag.set_attribute("count", &left.to_string())]
    };
    draft.edit(&sheet.part, edits)?;
    Ok(())
}

/// The first cell or name whose formula has a name or column specifier that matches, as a person would say it.
pub(super) fn user_of(workbook: &Workbook, matches: &dyn Fn(&str) -> bool) -> Outcome<Option<String>> {
    let uses = |formula: &str| {
        tokens(formula)
            .iter()
            .any(|token| matches!(token.kind, Kind::Name | Kind::Structured) && matches(token.text))
    };
    if let Some(name) = workbook.names.iter().find(|name| uses(&name.refers_to)) {
        return Ok(Some(format!("The name `{}`", name.name)));
    }
    for sheet in workbook
        .sheets
        .iter()
        .filter(|sheet| sheet.kind == SheetKind::Worksheet)
    {
        let content = workbook.package.part(&sheet.part)?;
        let scanned = Worksheet::read(workbook, &sheet.part, &content, &Keep::Formulas)?;
        if let Some(cell) = scanned
            .data
            .cells
            .iter()
            .find(|cell| cell.formula.as_ref().is_some_and(|formula| uses(&formula.text)))
        {
            return Ok(Some(addresses::cell(sheet, cell.row, cell.column)));
        }
    }
    Ok(None)
}
