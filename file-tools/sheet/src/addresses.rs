//! Addresses of operations, against the sheets of a workbook.

use deskhand_operations::{Address, Area, RefusalCode};

use crate::error::{Outcome, refuse};
use crate::workbook::{SheetEntry, Workbook};

/// A sheet by its index, and the area asked for; `None` for the whole sheet.
pub(crate) fn place(workbook: &Workbook, text: &str) -> Outcome<(usize, Option<Area>)> {
    let address = Address::parse(text)?;
    // A name such as `Q1` reads as a cell: a sheet of that name comes first.
    let whole = workbook.sheet_index(text.trim().trim_matches('\''));
    match (address.sheet, address.area, whole) {
        (None, _, Some(index)) => Ok((index, None)),
        (Some(name), area, _) => match workbook.sheet_index(&name) {
            Some(index) => Ok((index, area)),
            None => no_sheet(workbook, &name),
        },
        (None, _, None) => refuse(
            RefusalCode::BadInput,
            format!("`{text}` does not say which sheet it is on; nothing was changed."),
        ),
    }
}

/// An area on a sheet that has cells.
pub(crate) fn area(workbook: &Workbook, text: &str) -> Outcome<(usize, Area)> {
    match place(workbook, text)? {
        (sheet, Some(area)) => Ok((sheet, area)),
        (_, None) => refuse(
            RefusalCode::BadInput,
            format!("`{text}` names no cells; nothing was changed."),
        ),
    }
}

/// The refusal for a sheet that is not there, with those that are.
pub(crate) fn no_sheet<T>(workbook: &Workbook, name: &str) -> Outcome<T> {
    let known: Vec<&str> = workbook
        .sheets
        .iter()
        .take(20)
        .map(|sheet| sheet.name.as_str())
        .collect();
    refuse(
        RefusalCode::NotFound,
        format!("There is no sheet `{name}`; the sheets are {}.", known.join(", ")),
    )
}

/// A cell with its sheet, as answers name it.
pub(crate) fn cell(sheet: &SheetEntry, row: u32, column: u32) -> String {
    Address::on(&sheet.name, Area::cell(row, column)).to_string()
}

/// An area with its sheet.
pub(crate) fn on(sheet: &SheetEntry, area: Area) -> String {
    Address::on(&sheet.name, area).to_string()
}
