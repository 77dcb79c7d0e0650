//! `workbook.info`.

use deskhand_operations::answer::{DefinedName, NamedArea, SheetContent, WorkbookContent};

use crate::cells::Keep;
use crate::drawings;
use crate::error::Outcome;
use crate::sheet::Worksheet;
use crate::tables;
use crate::workbook::{SheetEntry, SheetKind, Workbook};

pub(super) fn answer(workbook: &Workbook) -> Outcome<WorkbookContent> {
    let sheets = workbook
        .sheets
        .iter()
        .map(|sheet| content(workbook, sheet))
        .collect::<Outcome<Vec<_>>>()?;
    let told = workbook
        .names
        .iter()
        .filter(|name| !name.name.starts_with("_xlnm."));
    let names = told.map(|name| DefinedName {
        name: name.name.clone(),
        refers_to: name.refers_to.clone(),
        hidden: name.hidden,
    });
    Ok(WorkbookContent {
        kind: "workbook".to_owned(),
        sheets,
        names: names.collect(),
        selection: None,
        label: workbook.package.label()?,
        ..WorkbookContent::default()
    })
}

/// One sheet.
pub(super) fn content(workbook: &Workbook, sheet: &SheetEntry) -> Outcome<SheetContent> {
    let mut content = SheetContent {
        name: sheet.name.clone(),
        visible: sheet.visible,
        ..SheetContent::default()
    };
    if sheet.kind != SheetKind::Worksheet {
        return Ok(content);
    }
    let bytes = workbook.package.part(&sheet.part)?;
    let scanned = Worksheet::read(workbook, &sheet.part, &bytes, &Keep::Areas(Vec::new()))?;
    content.used_range = scanned.data.used.map(|area| area.to_string());
    content.charts = drawings::charts(&workbook.package, sheet)?
        .into_iter()
        .map(|chart| chart.name)
        .collect();
    for table in tables::of_sheet(&workbook.package, sheet)? {
        content.tables.push(NamedArea {
            name: table.name,
            range: table.area.to_string(),
            columns: table.columns,
        });
    }
    for part in workbook.package.related(&sheet.part, "pivotTable")? {
        let bytes = workbook.package.part(&part)?;
        let tree = deskhand_opc::xml::Tree::parse(&part, &bytes, workbook.package.limits())?;
        content
            .pivots
            .extend(tree.root().attribute("name").map(std::borrow::Cow::into_owned));
    }
    Ok(content)
}
