//! `workbook.create`: a new workbook as an operation describes it, with formats and column widths. It is made of cells first;
//! what comes then are operations as on any other workbook.

use std::collections::HashSet;

use deskhand_opc::{Draft, Limits, Package};
use deskhand_operations::answer::Applied;
use deskhand_operations::workbook::{ColumnWidth, CreatedSheet, RangeFormatting, WorkbookCreate};
use deskhand_operations::{Address, Area, MAX_ROWS, Refusal, RefusalCode, WorkbookOperation};

use super::{CreateError, NewSheet, create_workbook};
use crate::error::{Outcome, Stop, refuse};
use crate::lint::lint;
use crate::ops;
use crate::workbook::Workbook;

/// Sheets that one operation makes.
const MAX_SHEETS: usize = 255;
/// Cells that one operation makes.
const MAX_CELLS: usize = 2_000_000;
/// Formats and column widths that one operation sets.
const MAX_LOOKS: usize = 1_000;

/// Makes the workbook that an operation describes; nothing is written to disk.
///
/// Refused where a name, a text, a number of cells or a format is one that no workbook can have.
pub fn workbook_of(create: &WorkbookCreate) -> Result<(Workbook, Applied), Refusal> {
    Ok(made(create)?)
}

fn made(create: &WorkbookCreate) -> Outcome<(Workbook, Applied)> {
    check(create)?;
    let sheets: Vec<NewSheet> = create
        .sheets
        .iter()
        .map(|sheet| NewSheet {
            name: sheet.name.clone(),
            cells: sheet.cells.clone(),
        })
        .collect();
    let (bytes, warnings) = create_workbook(&sheets).map_err(|error| match error {
        CreateError::Input(why) => Refusal::new(
            RefusalCode::BadInput,
            format!(
                "The workbook cannot be made: {}; nothing was written.",
                why.trim_end_matches('.')
            ),
        ),
        CreateError::Refused(refusal) => refusal,
    })?;
    let mut workbook = Workbook::read(Package::open(bytes, &Limits::default())?)?;
    for sheet in &create.sheets {
        for look in looks(sheet)? {
            let mut draft = Draft::new(&workbook.package);
            ops::change(&workbook, &mut draft, &look)?;
            workbook = Workbook::read(draft.package().clone())?;
        }
    }
    if let Some(finding) = lint(&workbook).map_err(Stop::from)?.first() {
        return refuse(
            RefusalCode::Failed,
            format!(
                "The workbook would not pass its check: {}; nothing was written.",
                finding.sentence
            ),
        );
    }
    let applied = Applied {
        changed: create
            .sheets
            .iter()
            .flat_map(|sheet| &sheet.cells)
            .map(Vec::len)
            .sum::<usize>() as u32,
        warnings,
        ..Applied::default()
    };
    Ok((workbook, applied))
}

fn check(create: &WorkbookCreate) -> Outcome<()> {
    if create.sheets.is_empty() || create.sheets.len() > MAX_SHEETS {
        return refuse(
            RefusalCode::BadInput,
            format!("A new workbook needs 1 to {MAX_SHEETS} sheets; nothing was written."),
        );
    }
    let mut names = HashSet::new();
    for CreatedSheet { name, .. } in &create.sheets {
        ops::check_name(name)?;
        if !names.insert(name.to_lowercase()) {
            return refuse(
                RefusalCode::NameTaken,
                format!("Two sheets cannot have the name `{name}`; nothing was written."),
            );
        }
    }
    let cells: usize = create
        .sheets
        .iter()
        .flat_map(|sheet| &sheet.cells)
        .map(Vec::len)
        .sum();
    let looks: usize = create
        .sheets
        .iter()
        .map(|sheet| sheet.formats.len() + sheet.widths.len())
        .sum();
    for (count, most, what) in [
        (cells, MAX_CELLS, "cells"),
        (looks, MAX_LOOKS, "formats and widths of columns"),
    ] {
        if count > most {
            return refuse(
                RefusalCode::TooLarge,
                format!("{count} {what} are more than the {most} of one operation; nothing was written."),
            );
        }
    }
    Ok(())
}

/// Widths first, then formats, as operations.
fn looks(sheet: &CreatedSheet) -> Outcome<Vec<WorkbookOperation>> {
    let mut looks = Vec::new();
    for (column, width) in (0u32..).zip(&sheet.widths) {
        let Some(width) = width else { continue };
        let area = Area {
            top: 0,
            bottom: MAX_ROWS - 1,
            left: column,
            right: column,
        };
        looks.push(WorkbookOperation::ColumnWidth(ColumnWidth {
            range: Address::on(&sheet.name, area).to_string(),
            width: Some(*width),
            fit: false,
            hidden: None,
        }));
    }
    for look in &sheet.formats {
        let Ok(area) = Area::parse(&look.range) else {
            return refuse(
                RefusalCode::BadInput,
                format!(
                    "`{}` is no range of a new sheet; nothing was written.",
                    look.range
                ),
            );
        };
        looks.push(WorkbookOperation::RangeFormatting(RangeFormatting {
            range: Address::on(&sheet.name, area).to_string(),
            format: look.format.clone(),
            fit_columns: false,
        }));
    }
    Ok(looks)
}
