//! What came of a change whose outcome is not known, read off the document.

use deskhand_protocol::operations::answer::{RangeContent, SlidePackage, WorkbookContent};
use deskhand_protocol::operations::{Address, Area, CellValue, DeckOperation, Operation, WorkbookOperation};

use crate::backend::{Reach, Trouble};
use crate::grid::{cell, differing, intended, padded, same};
use crate::journal::{Image, Record};
use crate::preview::{
    added_slide_of, deck_in, deck_info, range_in, range_to_keep, slide_in, slide_of, slide_read, workbook_in,
    workbook_info,
};

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// All of it is there.
    Applied,
    /// Nothing of it is there.
    NotApplied,
    /// Some of it is there.
    Partly {
        /// Cells that are written.
        done: u32,
        /// Cells that should be.
        all: u32,
    },
}

/// Reads the target of a record and compares it with what was there and with what should be.
pub(crate) async fn classify(reach: Reach<'_>, record: &Record) -> Result<Outcome, Trouble> {
    let applied = match &record.operation {
        Operation::Workbook(operation) => {
            if let Some((sheet, area, read)) = range_to_keep(operation)? {
                let now = range_in(reach.read(read).await?).unwrap_or_default();
                return Ok(compare(
                    operation,
                    area,
                    &record.before,
                    &padded(now, &sheet, area),
                ));
            }
            let content = workbook_in(reach.read(workbook_info()).await?).unwrap_or_default();
            structure_is_there(operation, &content)
        }
        Operation::Deck(operation) => deck_is_there(reach, operation, &record.before).await?,
        Operation::Text(_) => false,
    };
    Ok(if applied {
        Outcome::Applied
    } else {
        Outcome::NotApplied
    })
}

fn compare(operation: &WorkbookOperation, area: Area, before: &Image, now: &RangeContent) -> Outcome {
    let Image::Range(before) = before else {
        return Outcome::NotApplied;
    };
    match operation {
        WorkbookOperation::RangeWrite(write) => {
            let (mut all, mut done, mut untouched) = (0u32, 0u32, 0u32);
            for (row, line) in write.cells.iter().enumerate() {
                for (column, input) in line.iter().enumerate() {
                    let Some(wanted) = intended(input) else { continue };
                    let is = cell(now.formulas.as_ref(), row, column);
                    let was = cell(before.formulas.as_ref(), row, column);
                    if same(was, &wanted) {
                        continue;
                    }
                    all += 1;
                    done += u32::from(same(is, &wanted));
                    untouched += u32::from(same(is, was));
                }
            }
            if done == all {
                Outcome::Applied
            } else if untouched == all {
                Outcome::NotApplied
            } else {
                Outcome::Partly { done, all }
            }
        }
        WorkbookOperation::RangeClear(_) => {
            let empty = now
                .formulas
                .iter()
                .flatten()
                .flatten()
                .all(|value| same(value, &CellValue::Empty));
            if empty {
                Outcome::Applied
            } else {
                Outcome::NotApplied
            }
        }
        // Formats: doing it again gives the same, and nothing else is touched.
        _ if differing(area, before.formulas.as_ref(), now.formulas.as_ref()).is_empty() => {
            Outcome::NotApplied
        }
        _ => Outcome::Applied,
    }
}

fn structure_is_there(operation: &WorkbookOperation, content: &WorkbookContent) -> bool {
    let sheet = |name: &str| {
        content
            .sheets
            .iter()
            .find(|sheet| sheet.name.eq_ignore_ascii_case(name))
    };
    let table = |name: &str| {
        content
            .sheets
            .iter()
            .flat_map(|sheet| &sheet.tables)
            .any(|table| table.name.eq_ignore_ascii_case(name))
    };
    match operation {
        WorkbookOperation::SheetAdd(params) => sheet(&params.name).is_some(),
        WorkbookOperation::SheetDelete(params) => sheet(&params.name).is_none(),
        WorkbookOperation::TableAdd(params) => table(&params.name),
        WorkbookOperation::TableDelete(params) => !table(&params.name),
        WorkbookOperation::ChartAdd(params) => {
            let on = Address::parse(params.place.as_deref().unwrap_or(&params.range));
            let on = on.ok().and_then(|address| address.sheet).unwrap_or_default();
            sheet(&on).is_some_and(|sheet| sheet.charts.contains(&params.name))
        }
        WorkbookOperation::ChartDelete(params) => {
            sheet(&params.sheet).is_none_or(|sheet| !sheet.charts.contains(&params.name))
        }
        _ => false,
    }
}

async fn deck_is_there(reach: Reach<'_>, operation: &DeckOperation, before: &Image) -> Result<bool, Trouble> {
    let deck = deck_in(reach.read(deck_info()).await?).unwrap_or_default();
    let has = |id: &str| deck.slides.iter().any(|slide| slide.id == id);
    match operation {
        DeckOperation::SlideDelete(params) => return Ok(!has(&params.slide)),
        DeckOperation::SlideMove(params) => {
            let there = deck.slides.iter().find(|slide| slide.id == params.slide);
            return Ok(there.is_some_and(|slide| slide.index == params.to));
        }
        _ => {}
    }
    if let Some(id) = added_slide_of(operation) {
        return Ok(has(&id));
    }
    let Some(id) = slide_of(operation).filter(|id| has(id)) else {
        return Ok(false);
    };
    let slide = slide_in(reach.read(slide_read(&id)).await?).unwrap_or_default();
    let named = |name: &str| slide.shapes.iter().any(|shape| shape.name == name);
    Ok(match operation {
        DeckOperation::TableAdd(params) => named(&params.name),
        DeckOperation::ChartAdd(params) => named(&params.name),
        DeckOperation::PictureAdd(params) => named(&params.name),
        DeckOperation::ShapeAdd(params) => named(&params.name),
        DeckOperation::ShapeDelete(params) => slide.shapes.iter().all(|shape| shape.id != params.shape),
        DeckOperation::TextSet(params) => {
            let shape = slide.shapes.iter().find(|shape| shape.id == params.shape);
            shape.is_some_and(|shape| {
                shape
                    .text
                    .as_deref()
                    .is_some_and(|text| text.trim_end() == params.text.trim_end())
            })
        }
        _ => !matches!(before, Image::Slide { fingerprint, .. } if *fingerprint == slide.fingerprint),
    })
}

/// How the target looks after a change; nothing where it cannot be read, which only makes an undo ask more.
pub(crate) async fn look_after(reach: Reach<'_>, record: &Record) -> Image {
    match &record.operation {
        Operation::Text(_) => Image::Nothing,
        Operation::Workbook(operation) => {
            let Ok(Some((sheet, area, read))) = range_to_keep(operation) else {
                return Image::Nothing;
            };
            match reach.read(read).await.map(range_in) {
                Ok(Some(content)) => Image::Range(padded(content, &sheet, area)),
                _ => Image::Nothing,
            }
        }
        Operation::Deck(operation) => {
            let changed = match operation {
                DeckOperation::SlideDelete(_) => None,
                operation => added_slide_of(operation).or_else(|| slide_of(operation)),
            };
            let Some(id) = changed else { return Image::Nothing };
            let Ok(Some(slide)) = reach.read(slide_read(&id)).await.map(slide_in) else {
                return Image::Nothing;
            };
            // The mark is enough to tell a person's changes; the bytes are in the document itself.
            let package = SlidePackage {
                data: String::new(),
                slide_id: id,
            };
            Image::Slide {
                package,
                after: None,
                fingerprint: slide.fingerprint,
            }
        }
    }
}
