//! `table.add`.

use std::collections::HashSet;

use deskhand_opc::xml::{Tree, escape};
use deskhand_opc::{Draft, Target};
use deskhand_operations::answer::Applied;
use deskhand_operations::workbook::TableAdd;
use deskhand_operations::{Area, CellValue, RefusalCode};

use crate::addresses;
use crate::cell_edit::{self, CellEdit, CellEdits, Content};
use crate::cells::Keep;
use crate::error::{Outcome, refuse};
use crate::names;
use crate::ops::values::{shown, value};
use crate::sheet::Worksheet;
use crate::strings;
use crate::styles::Styles;
use crate::tables;
use crate::workbook::{SheetEntry, Workbook, free_id};

const TYPE: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.table+xml";

pub(super) fn plan(workbook: &Workbook, draft: &mut Draft, add: &TableAdd) -> Outcome<Applied> {
    let (index, area) = addresses::area(workbook, &add.range)?;
    let sheet = workbook.worksheet(index)?;
    let all = tables::all(workbook)?;
    check_name(workbook, &add.name, &all)?;
    let content = draft.package().part(&sheet.part)?;
    let scanned = Worksheet::read(workbook, &sheet.part, &content, &Keep::Rows(vec![area.top]))?;
    check_place(sheet, &scanned, area, &all, index)?;
    let (columns, changes, warnings) = headers(workbook, &scanned, area)?;
    draft.edit(&sheet.part, cell_edit::edits(&scanned, &changes)?)?;

    let id = free_id(all.iter().map(|(_, table)| table.id));
    let part = draft.free_name("xl/tables/table", ".xml");
    draft.add_part(&part, table_xml(add, area, id, &columns, scanned.strict), TYPE)?;
    let kind = relationship_type(scanned.strict, "table");
    let relationship = draft.add_relationship(&sheet.part, &kind, &Target::Part(part))?;
    add_to_sheet(workbook, draft, sheet, &relationship)?;
    Ok(Applied {
        target: addresses::on(sheet, area),
        changed: 1,
        read_back: None,
        warnings,
    })
}

/// A relationship type of the standard, transitional or strict.
pub(crate) fn relationship_type(strict: bool, kind: &str) -> String {
    let base = if strict {
        "http://purl.oclc.org/ooxml/officeDocument/relationships"
    } else {
        "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    };
    format!("{base}/{kind}")
}

/// An `r:id` attribute that declares its own prefix, so that it stands in any part.
pub(crate) fn relationship_attribute(strict: bool, id: &str) -> String {
    let space = if strict {
        "http://purl.oclc.org/ooxml/officeDocument/relationships"
    } else {
        "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    };
    format!(r#"xmlns:r="{space}" r:id="{id}""#)
}

fn add_to_sheet(
    workbook: &Workbook,
    draft: &mut Draft,
    sheet: &SheetEntry,
    relationship: &str,
) -> Outcome<()> {
    let content = draft.package().part(&sheet.part)?;
    let scanned = Worksheet::read(workbook, &sheet.part, &content, &Keep::Areas(Vec::new()))?;
    let p = &scanned.prefix;
    let entry = format!(
        "<{p}tablePart {}/>",
        relationship_attribute(scanned.strict, relationship)
    );
    let edits = match scanned.find("tableParts") {
        Some(list) => {
            let tree = Tree::parse(
                "tableParts",
                &content[list.span.clone()],
                draft.package().limits(),
            )?;
            let count = tree.root().children().count() + 1;
            let (at, xml) = tree.root().append(&entry);
            let shifted = at.start + list.span.start..at.end + list.span.start;
            let mut edits = vec![(shifted, xml)];
            if !list.tag.self_closing {
                edits.push(list.tag.set_attribute("count", &count.to_string()));
            }
            edits
        }
        None => vec![scanned.insert(
            "tableParts",
            &format!(r#"<{p}tableParts count="1">{entry}</{p}tableParts>"#),
        )],
    };
    draft.edit(&sheet.part, edits)?;
    Ok(())
}

fn table_xml(add: &TableAdd, area: Area, id: u32, columns: &[String], strict: bool) -> String {
    let (space, _) = super::sheet_add::namespaces(strict);
    let column = |(index, name): (usize, &String)| {
        format!(
            r#"<tableColumn id="{}" name="{}"/>"#,
            index + 1,
            escape(&name.replace('\n', "_x000a_"))
        )
    };
    let columns_xml: String = columns.iter().enumerate().map(column).collect();
    let style = escape(add.style.as_deref().unwrap_or("TableStyleMedium2"));
    format!(
        concat!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n",
            r#"<table xmlns="{}" id="{}" name="{}" displayName="{}" ref="{}" totalsRowShown="0">"#,
            r#"<autoFilter ref="{}"/><tableColumns count="{}">{}</tableColumns>"#,
            r#"<tableStyleInfo name="{}" showFirstColumn="0" showLastColumn="0" showRowStripes="1" showColumnStripes="0"/></table>"#
        ),
        space,
        id,
        escape(&add.name),
        escape(&add.name),
        area,
        area,
        columns.len(),
        columns_xml,
        style
    )
}

fn check_name(workbook: &Workbook, name: &str, all: &[(usize, tables::TableEntry)]) -> Outcome<()> {
    if !names::is_valid(name) || name.contains('?') {
        return refuse(
            RefusalCode::BadInput,
            format!(
                "`{name}` cannot be a table's name: letters, digits, `_` and `.`, and nothing that reads as a cell; nothing was changed."
            ),
        );
    }
    let taken = all.iter().any(|(_, table)| table.name.eq_ignore_ascii_case(name))
        || workbook
            .names
            .iter()
            .any(|entry| entry.name.eq_ignore_ascii_case(name));
    if taken {
        return refuse(
            RefusalCode::NameTaken,
            format!("The name `{name}` is taken; nothing was changed."),
        );
    }
    Ok(())
}

fn check_place(
    sheet: &SheetEntry,
    scanned: &Worksheet<'_>,
    area: Area,
    all: &[(usize, tables::TableEntry)],
    index: usize,
) -> Outcome<()> {
    let stop = |why: &str| {
        refuse(
            RefusalCode::Protected,
            format!("{} {why}; nothing was changed.", addresses::on(sheet, area)),
        )
    };
    if !scanned.data.ordered {
        return refuse(
            RefusalCode::Corrupt,
            format!(
                "The cells of `{}` are out of order; nothing was changed.",
                sheet.name
            ),
        );
    }
    if area.rows() < 2 {
        return refuse(
            RefusalCode::BadInput,
            "A table needs a row of headers and at least one row below; nothing was changed.",
        );
    }
    if area.columns() > 16_384 || area.rows() > 1_048_575 {
        return refuse(
            RefusalCode::TooLarge,
            "A table of that size is not possible; nothing was changed.",
        );
    }
    if scanned.protected {
        return stop("is on a protected sheet");
    }
    if all
        .iter()
        .any(|(other, table)| *other == index && table.area.intersection(&area).is_some())
    {
        return stop("overlaps another table");
    }
    if scanned
        .merged
        .iter()
        .any(|merged| merged.intersection(&area).is_some())
    {
        return stop("holds merged cells");
    }
    if scanned
        .data
        .arrays
        .iter()
        .any(|array| array.cells() > 1 && array.intersection(&area).is_some())
    {
        return stop("holds an array formula");
    }
    let filter = scanned
        .find("autoFilter")
        .and_then(|filter| Area::parse(filter.tag.find("ref")?.raw).ok());
    if filter.is_some_and(|filter| filter.intersection(&area).is_some()) {
        return stop("overlaps the sheet's own filter");
    }
    Ok(())
}

/// The columns' names, and the changes that make the header cells say just that: headers are texts, each its own.
fn headers(
    workbook: &Workbook,
    scanned: &Worksheet<'_>,
    area: Area,
) -> Outcome<(Vec<String>, CellEdits, Vec<String>)> {
    let strings = strings::shared(workbook)?;
    let styles = Styles::read(workbook)?;
    let (mut names, mut changes, mut warnings) = (Vec::new(), CellEdits::new(), Vec::new());
    let mut taken: HashSet<String> = HashSet::new();
    for (position, column) in (area.left..=area.right).enumerate() {
        let cell = scanned
            .data
            .cells
            .iter()
            .find(|cell| (cell.row, cell.column) == (area.top, column));
        let held = cell.map_or(CellValue::Empty, |cell| value(cell, &strings));
        let text = shown(&held, cell.map_or(0, |cell| cell.style), &styles);
        let base = if text.trim().is_empty() {
            format!("Column{}", position + 1)
        } else {
            text
        };
        let mut name = base.clone();
        let mut number = 1;
        while !taken.insert(name.to_lowercase()) {
            number += 1;
            name = format!("{base}{number}");
        }
        let is_formula = cell.is_some_and(|cell| cell.formula.is_some());
        if is_formula || held != CellValue::Text(name.clone()) {
            warnings.push(format!(
                "The header in {} now reads `{name}`.",
                Area::cell(area.top, column)
            ));
            let content = Content::Value(CellValue::Text(name.clone()));
            changes.insert((area.top, column), CellEdit { content, style: None });
        }
        names.push(name);
    }
    if let Some(((row, column), _)) = changes.iter().find(|((row, column), _)| {
        scanned
            .data
            .cells
            .iter()
            .any(|cell| (cell.row, cell.column) == (*row, *column) && cell.formula.is_some())
    }) {
        let cell = Area::cell(*row, *column);
        return refuse(
            RefusalCode::Protected,
            format!("The header in {cell} is a formula; write a text there first. Nothing was changed."),
        );
    }
    Ok((names, changes, warnings))
}
