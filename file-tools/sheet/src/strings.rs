//! The shared strings (ECMA-376 part 1, 18.4): read only, because new texts are written into their cells. So one change
//! to a workbook never moves the bytes of another, and each can be taken back alone.

use deskhand_opc::xml::{Event, Ns, Reader};

use crate::cells::{ScannedCell, rich_text};
use crate::error::Outcome;
use crate::stream::SharedTexts;
use crate::workbook::Workbook;

/// All shared strings in order.
pub(crate) fn shared(workbook: &Workbook) -> Outcome<Vec<String>> {
    let mut strings = Vec::new();
    for part in workbook.package.related(&workbook.part, "sharedStrings")? {
        let content = workbook.package.part(&part)?;
        let mut reader = Reader::new(&part, &content, workbook.package.limits())?;
        while let Some(event) = reader.next_event()? {
            if let Event::Start(tag) = event
                && tag.is(Ns::Spreadsheet, "si")
            {
                strings.push(rich_text(&mut reader)?);
            }
        }
    }
    Ok(strings)
}

/// The shared strings that some cells name, in their places. They are not read where no cell names one.
pub(crate) fn named_by(workbook: &Workbook, cells: &[ScannedCell<'_>]) -> Outcome<Vec<String>> {
    if cells.iter().all(|cell| cell.kind != "s") {
        return Ok(Vec::new());
    }
    Ok(wanted(&SharedTexts::read(workbook)?, cells))
}

/// The shared strings that some cells name, in their places; all others are left empty.
pub(crate) fn wanted(texts: &SharedTexts, cells: &[ScannedCell<'_>]) -> Vec<String> {
    let mut strings = vec![String::new(); texts.len()];
    for cell in cells.iter().filter(|cell| cell.kind == "s") {
        let index = cell.value.as_ref().and_then(|index| index.trim().parse().ok());
        if let Some((string, text)) = index.and_then(|index| strings.get_mut(index).zip(texts.get(index))) {
            text.clone_into(string);
        }
    }
    strings
}
