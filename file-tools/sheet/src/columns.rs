//! Columns as people name them: by letters or by header.

use deskhand_operations::{Area, RefusalCode};

use crate::error::{Outcome, refuse};

/// The column of an area by its header, otherwise by its letters. A header comes first: `Tax` names a column of a table
/// rather than the 13,000th of the sheet.
pub(crate) fn find(name: &str, area: Area, header: &dyn Fn(u32) -> Option<String>) -> Outcome<u32> {
    let wanted = name.trim().to_lowercase();
    let by_header = (area.left..=area.right)
        .find(|column| header(*column).is_some_and(|text| text.trim().to_lowercase() == wanted));
    let by_letters = || {
        let column = Area::parse(&format!("{}1", name.trim())).ok()?.left;
        let plain = name.trim().bytes().all(|byte| byte.is_ascii_alphabetic());
        (plain && (area.left..=area.right).contains(&column)).then_some(column)
    };
    match by_header.or_else(by_letters) {
        Some(column) => Ok(column),
        None => refuse(
            RefusalCode::NotFound,
            format!("There is no column `{name}` in {area}; nothing was changed."),
        ),
    }
}
