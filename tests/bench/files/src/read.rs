//! Reading a large workbook and a deck of many slides.

use std::time::{Duration, Instant};

use calamine::DataRef;
use deskhand_operations::{DeckAnswer, DeckOperation, WorkbookOperation};
use deskhand_sheet::{Streamed, StreamedValue, Workbook};
use deskhand_slides::Deck;

use crate::{Done, Files, ROWS, SHEET, opened, refused};

/// What both readers of cells find: the count, the sum of the numbers, and the bytes of the texts.
#[derive(Debug, Default)]
struct Sums {
    cells: u64,
    numbers: f64,
    texts: usize,
}

impl Sums {
    /// Every cell was read.
    fn whole(&self) -> Done {
        let cells = u64::from(ROWS) * 20;
        let is_whole = self.cells == cells && self.numbers > 0.0 && self.texts > 0;
        is_whole.then_some(()).ok_or_else(|| format!("{self:?}").into())
    }
}

pub(crate) fn calamine_cells(files: &Files) -> Done<Duration> {
    let begun = Instant::now();
    let mut workbook: calamine::Xlsx<_> = calamine::open_workbook(&files.workbook)?;
    let mut cells = workbook.worksheet_cells_reader("Sheet1")?;
    let mut sums = Sums::default();
    while let Some(cell) = cells.next_cell()? {
        sums.cells += 1;
        match cell.get_value() {
            DataRef::Float(number) => sums.numbers += number,
            DataRef::DateTime(date) => sums.numbers += date.as_f64(),
            DataRef::String(text) => sums.texts += text.len(),
            DataRef::SharedString(text) => sums.texts += text.len(),
            _ => {}
        }
    }
    sums.whole()?;
    Ok(begun.elapsed())
}

pub(crate) fn stream_cells(files: &Files) -> Done<Duration> {
    let begun = Instant::now();
    let workbook = Workbook::open(opened(&files.workbook)?).map_err(refused)?;
    let texts = workbook.shared_texts().map_err(refused)?;
    let mut sums = Sums::default();
    let streamed = workbook.stream("Sheet1", |cell| {
        sums.cells += 1;
        match cell.value(&texts) {
            Some(StreamedValue::Number(number)) => sums.numbers += number,
            Some(StreamedValue::Text(text)) => sums.texts += text.len(),
            _ => {}
        }
        true
    });
    if streamed.map_err(refused)? != Streamed::Done {
        return Err("the sheet is unusual".into());
    }
    sums.whole()?;
    Ok(begun.elapsed())
}

/// Opens the workbook and answers an operation; the least that the answer has to hold.
fn ask(files: &Files, operation: &str, holds: &str) -> Done<Duration> {
    let begun = Instant::now();
    let workbook = Workbook::open(opened(&files.workbook)?).map_err(refused)?;
    let operation: WorkbookOperation = serde_json::from_str(operation)?;
    let answer = workbook.answer(&operation).map_err(refused)?;
    let answer = serde_json::to_string(&answer)?;
    if !answer.contains(holds) {
        return Err("another answer".into());
    }
    Ok(begun.elapsed())
}

pub(crate) fn range_read(files: &Files) -> Done<Duration> {
    let operation = r#"{"op":"range.read","range":"Sheet1!A90001:T91000"}"#;
    ask(files, operation, "item 90999 19")
}

pub(crate) fn range_find(files: &Files) -> Done<Duration> {
    let operation = r#"{"op":"range.find","text":"item 99999 "}"#;
    ask(files, operation, "E100000")
}

/// One pass of our decoder over the sheet: the floor of every reading.
pub(crate) fn inflate(files: &Files) -> Done<Duration> {
    let begun = Instant::now();
    let mut reader = opened(&files.workbook)?.part_reader(SHEET)?;
    loop {
        let count = reader.chunk()?.len();
        if count == 0 {
            return Ok(begun.elapsed());
        }
        reader.advance(count);
    }
}

/// Opens a deck and lists its slides with their shapes and texts.
pub(crate) fn list_deck(files: &Files) -> Done<Duration> {
    let begun = Instant::now();
    let deck = Deck::open(opened(&files.deck)?).map_err(refused)?;
    let operation: DeckOperation = serde_json::from_str(r#"{"op":"deck.info"}"#)?;
    let DeckAnswer::Info(content) = deck.answer(&operation).map_err(refused)? else {
        return Err("another answer".into());
    };
    if content.slides.len() != 300 {
        return Err("another number of slides".into());
    }
    Ok(begun.elapsed())
}
