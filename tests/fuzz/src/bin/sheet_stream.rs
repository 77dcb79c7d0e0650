//! A worksheet as it passes by, beside the general reader: where the quick way says that it read all, both have the same
//! values in the same cells.
#![no_main]

use std::collections::BTreeMap;

use deskhand_fuzz::{Input, let_the_engine_panic};
use deskhand_opc::{Limits, Package};
use deskhand_operations::{Area, CellValue, WorkbookAnswer, WorkbookOperation};
use deskhand_sheet::{Streamed, StreamedValue, Workbook};
use libfuzzer_sys::{Corpus, fuzz_target};
use serde_json::json;

fuzz_target!(init: let_the_engine_panic(), |data: &[u8]| -> Corpus {
    let input = Input::read(data);
    let opened = Package::open(input.archive(), &Limits::default()).ok();
    let Some(workbook) = opened.and_then(|package| Workbook::open(package).ok()) else {
        return Corpus::Reject;
    };
    let Ok(WorkbookAnswer::Info(content)) = workbook.answer(&operation(json!({"op": "workbook.info"}))) else {
        return Corpus::Reject;
    };
    let Ok(texts) = workbook.shared_texts() else {
        return Corpus::Keep;
    };
    for sheet in content.sheets.iter().take(2) {
        let (mut quick, mut is_plain) = (BTreeMap::new(), true);
        let streamed = workbook.stream(&sheet.name, |cell| {
            let value = match cell.value(&texts) {
                Some(StreamedValue::Empty) => return true,
                Some(StreamedValue::Number(number)) => CellValue::Number(number),
                Some(StreamedValue::Boolean(value)) => CellValue::Boolean(value),
                Some(StreamedValue::Text(text)) => CellValue::Text(text.into_owned()),
                None => {
                    is_plain = false;
                    return false;
                }
            };
            assert!(quick.insert((cell.row, cell.column), value).is_none(), "a cell came twice");
            true
        });
        if !matches!(streamed, Ok(Streamed::Done)) || !is_plain {
            continue;
        }
        let name = format!("'{}'", sheet.name.replace('\'', "''"));
        let read = operation(json!({"op": "range.read", "range": name, "maxRows": 1_000}));
        let Ok(WorkbookAnswer::RangeRead(content)) = workbook.answer(&read) else {
            continue;
        };
        let address = content.address.rsplit('!').next().unwrap_or_default();
        let area = Area::parse(address).expect("an answer has an area");
        let values = content.values.expect("values were asked for");
        for (row, cells) in (area.top..).zip(values) {
            for (column, general) in (area.left..).zip(cells) {
                let quick = quick.get(&(row, column)).unwrap_or(&CellValue::Empty);
                assert!(alike(quick, &general), "{row} {column}: {quick:?} is {general:?}");
            }
        }
    }
    Corpus::Keep
});

fn alike(one: &CellValue, other: &CellValue) -> bool {
    match (one, other) {
        (CellValue::Number(one), CellValue::Number(other)) => one.to_bits() == other.to_bits(),
        _ => one == other,
    }
}

fn operation(json: serde_json::Value) -> WorkbookOperation {
    serde_json::from_value(json).expect("an operation of the vocabulary")
}
