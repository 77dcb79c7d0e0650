//! `sheet.delete`.

use deskhand_formula::references;
use deskhand_opc::xml::Tree;
use deskhand_opc::{Draft, Target};
use deskhand_operations::RefusalCode;
use deskhand_operations::answer::Applied;
use deskhand_operations::workbook::SheetDelete;

use crate::addresses;
use crate::calc_chain::{self, Gone};
use crate::cells::Keep;
use crate::error::{Outcome, refuse};
use crate::sheet::Worksheet;
use crate::sources;
use crate::tabs::{self, Shift};
use crate::workbook::{SheetEntry, SheetKind, Workbook, guard_structure};

pub(super) fn plan(workbook: &Workbook, draft: &mut Draft, delete: &SheetDelete) -> Outcome<Applied> {
    let Some(index) = workbook.sheet_index(&delete.name) else {
        return addresses::no_sheet(workbook, &delete.name);
    };
    let sheet = &workbook.sheets[index];
    if sheet.visible && workbook.sheets.iter().filter(|sheet| sheet.visible).count() == 1 {
        return refuse(
            RefusalCode::Protected,
            format!(
                "`{}` is the only sheet to be seen; nothing was changed.",
                sheet.name
            ),
        );
    }
    if let Some(user) = user(workbook, index)? {
        return refuse(
            RefusalCode::Protected,
            format!(
                "{user} refers to the sheet `{}`; change that first. Nothing was changed.",
                sheet.name
            ),
        );
    }
    let content = draft.package().part(&workbook.part)?;
    let tree = Tree::parse(&workbook.part, &content, draft.package().limits())?;
    let root = tree.root();
    guard_structure(root)?;
    let entry = root.child("sheets").and_then(|list| list.children().nth(index));
    let mut edits: Vec<_> = entry.iter().map(|node| node.replace("")).collect();
    edits.extend(tabs::edits(root, Shift::Removed(index)));
    draft.edit(&workbook.part, edits)?;
    draft.remove_relationship(&workbook.part, &sheet.relationship)?;
    calc_chain::remove(workbook, draft, &Gone::Sheet(sheet.id))?;
    sources::overwritten(workbook, draft, sheet.id, &|_, _| true)?;
    if !sheet.part.is_empty() {
        remove_with_orphans(draft, &sheet.part)?;
    }
    Ok(Applied {
        target: sheet.name.clone(),
        changed: 1,
        ..Applied::default()
    })
}

/// Removes a part, and then the parts that only it led to.
pub(super) fn remove_with_orphans(draft: &mut Draft, part: &str) -> Outcome<()> {
    let mut doomed = vec![part.to_owned()];
    while let Some(part) = doomed.pop() {
        if !draft.package().contains(&part) {
            continue;
        }
        let targets: Vec<String> = draft
            .package()
            .relationships(&part)?
            .into_iter()
            .filter_map(|relationship| match relationship.target {
                Target::Part(target) => draft.package().spelling(&target).map(str::to_owned),
                Target::External(_) => None,
            })
            .collect();
        draft.remove_part(&part)?;
        for target in targets {
            if !is_target(draft, &target)? {
                doomed.push(target);
            }
        }
    }
    Ok(())
}

/// True when a part of the package, or the package itself, leads to the part.
pub(super) fn is_target(draft: &Draft, part: &str) -> Outcome<bool> {
    let sources: Vec<String> = draft.package().parts().map(str::to_owned).collect();
    for source in sources.iter().map(String::as_str).chain([""]) {
        let relationships = draft.package().relationships(source)?;
        if relationships.iter().any(|relationship| {
            relationship
                .part()
                .is_some_and(|target| target.eq_ignore_ascii_case(part))
        }) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The first formula, name, chart, pivot table or rule elsewhere that refers to the sheet, as a person would say it.
fn user(workbook: &Workbook, index: usize) -> Outcome<Option<String>> {
    let gone = &workbook.sheets[index];
    for name in workbook.names.iter().filter(|name| name.local != Some(index)) {
        if refers(workbook, gone, &name.refers_to) {
            return Ok(Some(format!("The name `{}`", name.name)));
        }
    }
    for (other, sheet) in workbook
        .sheets
        .iter()
        .enumerate()
        .filter(|(other, sheet)| *other != index && sheet.kind == SheetKind::Worksheet)
    {
        let content = workbook.package.part(&sheet.part)?;
        let scanned = Worksheet::read(workbook, &sheet.part, &content, &Keep::Formulas)?;
        for cell in &scanned.data.cells {
            if cell
                .formula
                .as_ref()
                .is_some_and(|formula| refers(workbook, gone, &formula.text))
            {
                return Ok(Some(addresses::cell(
                    &workbook.sheets[other],
                    cell.row,
                    cell.column,
                )));
            }
        }
    }
    other_user(workbook, gone)
}

/// Charts, pivot tables, conditional formats and validations of other sheets hold formulas in their own parts.
fn other_user(workbook: &Workbook, gone: &SheetEntry) -> Outcome<Option<String>> {
    let own = below(workbook, &gone.part)?;
    for part in workbook.package.parts() {
        let lower = part.to_lowercase();
        let looked_at = lower.starts_with("xl/")
            && workbook
                .package
                .content_types()?
                .of(part)
                .is_some_and(|kind| kind.ends_with("+xml"))
            && !lower.contains("/externallinks/");
        if !looked_at || lower == workbook.part.to_lowercase() || own.contains(&lower) {
            continue;
        }
        let content = workbook.package.part(part)?;
        // Most parts do not name the sheet at all.
        let escaped = deskhand_opc::xml::escape(&gone.name).into_owned().to_lowercase();
        if !String::from_utf8_lossy(&content)
            .to_lowercase()
            .contains(&escaped)
        {
            continue;
        }
        let mut reader = deskhand_opc::xml::Reader::new(part, &content, workbook.package.limits())?;
        while let Some(event) = reader.next_event()? {
            let deskhand_opc::xml::Event::Start(tag) = event else {
                continue;
            };
            let named = tag.local() == "worksheetSource"
                && tag
                    .attribute("sheet")
                    .is_some_and(|name| name.eq_ignore_ascii_case(&gone.name));
            let holds_formula = matches!(tag.local(), "f" | "formula" | "formula1" | "formula2" | "sqref")
                && !lower.contains("/worksheets/")
                || matches!(tag.local(), "formula" | "formula1" | "formula2");
            if named || (holds_formula && refers(workbook, gone, &reader.text()?.0)) {
                return Ok(Some(format!("The part `{part}`")));
            }
        }
    }
    Ok(None)
}

/// The sheet's part and all parts below it, in lower case.
fn below(workbook: &Workbook, part: &str) -> Outcome<Vec<String>> {
    let mut found = vec![part.to_lowercase()];
    let mut next = 0;
    while let Some(source) = found.get(next).cloned() {
        next += 1;
        // A pivot cache belongs to the workbook, whoever leads to it.
        for relationship in workbook
            .package
            .relationships(&source)?
            .iter()
            .filter(|one| !one.is("pivotCacheDefinition"))
        {
            if let Some(target) = relationship
                .part()
                .map(str::to_lowercase)
                .filter(|target| !found.contains(target))
            {
                found.push(target);
            }
        }
    }
    Ok(found)
}

/// True when a formula names the sheet.
fn refers(workbook: &Workbook, gone: &SheetEntry, formula: &str) -> bool {
    let same = |name: &Option<String>| {
        name.as_ref()
            .is_some_and(|name| name.to_lowercase() == gone.name.to_lowercase())
    };
    let index = |name: &Option<String>| name.as_ref().and_then(|name| workbook.sheet_index(name));
    let place = workbook.sheet_index(&gone.name);
    references(formula).ranges.iter().any(|range| {
        let span = index(&range.sheet).zip(index(&range.last_sheet)).zip(place);
        same(&range.sheet)
            || span.is_some_and(|((first, last), place)| (first.min(last)..=first.max(last)).contains(&place))
    }) || names_sheet(formula, &gone.name)
}

/// True when a formula names the sheet before a name: `Data!Rate`.
fn names_sheet(formula: &str, sheet: &str) -> bool {
    deskhand_formula::tokens(formula).iter().any(|token| {
        let name = token
            .text
            .trim_end_matches('!')
            .trim_matches('\'')
            .replace("''", "'");
        token.kind == deskhand_formula::Kind::Sheet && name.to_lowercase() == sheet.to_lowercase()
    })
}
