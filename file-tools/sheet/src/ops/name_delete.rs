//! `name.delete`.

use deskhand_opc::Draft;
use deskhand_operations::RefusalCode;
use deskhand_operations::answer::Applied;
use deskhand_operations::workbook::NameDelete;

use crate::addresses;
use crate::cells::Keep;
use crate::error::{Outcome, refuse};
use crate::formula_text;
use crate::names;
use crate::ops::name_set::{Printed, local};
use crate::sheet::Worksheet;
use crate::workbook::{SheetKind, Workbook};

pub(super) fn plan(workbook: &Workbook, draft: &mut Draft, delete: &NameDelete) -> Outcome<Applied> {
    let local = local(workbook, delete.sheet.as_deref())?;
    let wanted = Printed::of(&delete.name).map_or(delete.name.as_str(), |printed| printed.name());
    let entry = workbook
        .names
        .iter()
        .find(|entry| entry.local == local && entry.name.to_lowercase() == wanted.to_lowercase());
    let Some(entry) = entry else {
        return refuse(
            RefusalCode::NotFound,
            format!(
                "There is no name `{}` in that scope; nothing was changed.",
                delete.name
            ),
        );
    };
    if let Some(user) = user(workbook, &entry.name, local)? {
        return refuse(
            RefusalCode::Protected,
            format!(
                "{user} uses the name `{}`; change that first. Nothing was changed.",
                entry.name
            ),
        );
    }
    names::remove(workbook, draft, &entry.name, local)?;
    Ok(Applied {
        target: entry.name.clone(),
        changed: 1,
        ..Applied::default()
    })
}

/// The first formula that uses the name, as a person would say it.
fn user(workbook: &Workbook, name: &str, local: Option<usize>) -> Outcome<Option<String>> {
    let uses = |formula: &str, sheet: Option<usize>| names::uses(workbook, formula, sheet, name, local);
    let others = workbook.names.iter();
    if let Some(other) = others
        .filter(|other| !(other.local == local && other.name.eq_ignore_ascii_case(name)))
        .find(|other| uses(&other.refers_to, other.local))
    {
        return Ok(Some(format!("The name `{}`", other.name)));
    }
    for (index, sheet) in workbook.sheets.iter().enumerate() {
        if sheet.kind != SheetKind::Worksheet {
            continue;
        }
        let content = workbook.package.part(&sheet.part)?;
        let scanned = Worksheet::read(workbook, &sheet.part, &content, &Keep::Formulas)?;
        for cell in &scanned.data.cells {
            if cell
                .formula
                .as_ref()
                .is_some_and(|held| uses(&held.text, Some(index)))
            {
                return Ok(Some(addresses::cell(sheet, cell.row, cell.column)));
            }
        }
    }
    for part in formula_text::parts(&workbook.package)? {
        if part == workbook.part {
            continue;
        }
        let own = workbook
            .sheets
            .iter()
            .position(|sheet| sheet.part.eq_ignore_ascii_case(&part));
        let content = workbook.package.part(&part)?;
        let mut found = false;
        let walked = formula_text::rewritten(&part, &content, workbook.package.limits(), &mut |formula| {
            found |= uses(formula, own);
            None
        });
        if walked.is_ok() && found {
            let place = own.map_or_else(
                || format!("The part `{part}`"),
                |index| format!("A rule or link of the sheet `{}`", workbook.sheets[index].name),
            );
            return Ok(Some(place));
        }
    }
    Ok(None)
}
