//! `pivot.refresh`: Excel reads the data anew when it opens the workbook. What it would read from outside of the
//! workbook is never marked: opening a file must not reach anywhere that nobody asked for.

use std::collections::BTreeMap;

use deskhand_opc::Draft;
use deskhand_opc::xml::Tree;
use deskhand_operations::RefusalCode;
use deskhand_operations::answer::Applied;
use deskhand_operations::workbook::PivotRefresh;

use super::pivot_info::wanted;
use crate::cells::Keep;
use crate::error::{Outcome, refuse};
use crate::pivots::Pivot;
use crate::sheet::Worksheet;
use crate::workbook::Workbook;

pub(super) fn plan(workbook: &Workbook, draft: &mut Draft, refresh: &PivotRefresh) -> Outcome<Applied> {
    let pivots = wanted(workbook, refresh.name.as_deref())?;
    if pivots.is_empty() {
        return refuse(
            RefusalCode::NotFound,
            "The workbook has no pivot table; nothing was changed.",
        );
    }
    let mut caches: BTreeMap<&str, Vec<&Pivot>> = BTreeMap::new();
    let mut refused = Vec::new();
    for pivot in &pivots {
        match (barred(pivot), pivot.cache.as_deref()) {
            (None, Some(cache)) => caches.entry(cache).or_default().push(pivot),
            (why, _) => refused.push(why.unwrap_or_else(|| format!("`{}` has no data", pivot.table.name))),
        }
    }
    if caches.is_empty() {
        return refuse(
            RefusalCode::Unsupported,
            format!("{}; nothing was changed.", refused.join("; ")),
        );
    }
    let mut warnings: Vec<String> = refused
        .into_iter()
        .map(|why| format!("Not marked: {why}."))
        .collect();
    let mut changed = 0;
    for (cache, tables) in &caches {
        let names: Vec<&str> = tables.iter().map(|pivot| pivot.table.name.as_str()).collect();
        let names = names.join(", ");
        if tables[0].table.refresh_on_open {
            warnings.push(format!("Excel refreshes {names} on opening already."));
            continue;
        }
        let content = draft.package().part(cache)?;
        let tree = Tree::parse(cache, &content, draft.package().limits())?;
        draft.edit(cache, [tree.root().tag().set_attribute("refreshOnLoad", "1")])?;
        changed += 1;
        let source = tables[0].table.source.as_deref().unwrap_or("its source");
        warnings.push(format!(
            "When Excel opens the workbook, it reads {source} anew for {names}."
        ));
        for pivot in tables {
            if is_protected(workbook, pivot)? {
                warnings.push(format!(
                    "The sheet `{}` is protected: Excel refreshes `{}` only once it is not.",
                    pivot.table.sheet, pivot.table.name
                ));
            }
        }
    }
    Ok(Applied {
        target: refresh.name.clone().unwrap_or_default(),
        changed,
        read_back: None,
        warnings,
    })
}

/// Why a table is not marked.
fn barred(pivot: &Pivot) -> Option<String> {
    let (name, source) = (
        &pivot.table.name,
        pivot.table.source.as_deref().unwrap_or_default(),
    );
    if pivot.table.outside {
        let sentence = format!(
            "`{name}` draws on {source}: a refresh would reach outside of the workbook when somebody opens it"
        );
        return Some(sentence);
    }
    pivot
        .locked
        .then(|| format!("`{name}` does not let its data be refreshed"))
}

fn is_protected(workbook: &Workbook, pivot: &Pivot) -> Outcome<bool> {
    let sheet = workbook.worksheet(pivot.sheet)?;
    let content = workbook.package.part(&sheet.part)?;
    let scanned = Worksheet::read(workbook, &sheet.part, &content, &Keep::Areas(Vec::new()))?;
    Ok(scanned.protected)
}
