//! Delimited text: `.csv`, `.tsv` and their relatives (RFC 4180 and what programs write instead), read as a stream.
//!
//! Memory is constant: one block of bytes, one record, a sum for each column, and places of rows to begin at. Every
//! field is text; nothing that begins with `=` becomes a formula here.

mod detect;
mod records;
mod summary;
mod value;

use std::collections::BTreeMap;
use std::io::{Read, Seek};

use deskhand_operations::text::csv::{
    CsvChoice, CsvContent, CsvDialect, CsvFind, CsvRead, CsvRows, FoundRow, FoundRows,
};
use deskhand_operations::text::{CsvAnswer, CsvOperation};
use deskhand_operations::{Refusal, RefusalCode};

use crate::encoding::{Decoding, detect as detect_encoding};
use crate::refuse;
use detect::Dialect;
use records::{Record, Records};
use summary::Summary;

/// Rows of an answer.
const MAX_ROWS: u32 = 5_000;
/// Rows when the caller says nothing.
const USUAL_ROWS: u32 = 200;
/// Characters after which an answer ends with the row, in bytes.
const MAX_TEXT: usize = 400_000;
/// Rows that a search finds at the most.
const MAX_FOUND: usize = 200;
/// Places of rows that are kept to begin at.
const MAX_PLACES: usize = 8_192;

/// A delimited text file, open for reading. It reads from its source again for each question.
#[derive(Debug)]
pub struct DelimitedFile<R> {
    source: R,
    length: u64,
    /// The choice that the rest was worked out for.
    choice: CsvChoice,
    known: Option<Known>,
}

/// What was found out about the file.
#[derive(Clone, Debug)]
struct Known {
    decoding: Decoding,
    dialect: Dialect,
    header: Vec<String>,
    /// Where rows begin in the file: of every `step`th record its byte.
    places: BTreeMap<u64, u64>,
    step: u64,
    /// Records that were seen so far, from the beginning of the file.
    seen: u64,
}

impl<R: Read + Seek> DelimitedFile<R> {
    /// Takes a file; nothing but its length is looked at.
    pub fn open(mut source: R) -> Result<Self, Refusal> {
        let length = source
            .seek(std::io::SeekFrom::End(0))
            .map_err(|error| refuse::io(&error))?;
        Ok(Self {
            source,
            length,
            choice: CsvChoice::default(),
            known: None,
        })
    }

    /// Answers an operation.
    pub fn answer(&mut self, operation: &CsvOperation) -> Result<CsvAnswer, Refusal> {
        match operation {
            CsvOperation::Info(info) => self.info(&info.dialect).map(CsvAnswer::Info),
            CsvOperation::Read(read) => self.read(read).map(CsvAnswer::Read),
            CsvOperation::Find(find) => self.find(find).map(CsvAnswer::Find),
        }
    }

    /// Finds out encoding, dialect and header, unless they are known for this choice.
    fn learn(&mut self, choice: &CsvChoice) -> Result<Known, Refusal> {
        if let Some(known) = self.known.as_ref().filter(|_| self.choice == *choice) {
            return Ok(known.clone());
        }
        let decoding = detect_encoding(&mut self.source, self.length, choice.encoding.as_deref())?;
        let sample = decoding.sample(&mut self.source)?;
        let dialect = detect::dialect(&sample, choice)?;
        let mut known = Known {
            decoding,
            dialect,
            header: Vec::new(),
            places: BTreeMap::new(),
            step: 1,
            seen: 0,
        };
        if known.dialect.header {
            let mut records = self.records(&known, 0)?;
            if let Some(record) = records.next_record()? {
                known.header = record.fields();
            }
        }
        self.choice = choice.clone();
        self.known = Some(known.clone());
        Ok(known)
    }

    /// The records from the last kept place at or before record `from`, counted with the header from 0.
    fn records(&mut self, known: &Known, from: u64) -> Result<Records<'_, R>, Refusal> {
        let place = known.places.range(..=from).next_back();
        let (record, byte) = place.map_or((0, None), |(record, byte)| (*record, Some(*byte)));
        Records::new(&mut self.source, &known.decoding, &known.dialect, byte, record)
    }

    fn keep(&mut self, known: Known) {
        self.known = Some(known);
    }

    fn info(&mut self, choice: &CsvChoice) -> Result<CsvContent, Refusal> {
        let mut known = self.learn(choice)?;
        let mut summary = Summary::new(&known.header, &known.dialect);
        let mut places = Places::of(&known);
        let mut records = self.records(&known, 0)?;
        let head = u64::from(known.dialect.header);
        let mut findings = Findings::default();
        while let Some(record) = records.next_record()? {
            places.see(record.number, record.byte);
            findings.see(&record, head);
            if record.number >= head {
                summary.add(&record);
            }
        }
        let malformed = records.malformed();
        places.give(&mut known);
        let (columns, ragged, width) = summary.finish();
        let mut findings = findings.sentences(width, ragged);
        if malformed > 0 {
            findings.push(format!(
                "{malformed} fields hold bytes that are no text in {}; the encoding may be another",
                known.decoding.name()
            ));
        }
        let content = CsvContent {
            kind: "csv".to_owned(),
            dialect: answer_dialect(&known),
            rows: known.seen.saturating_sub(head),
            columns,
            ragged,
            findings,
        };
        self.keep(known);
        Ok(content)
    }

    fn read(&mut self, read: &CsvRead) -> Result<CsvRows, Refusal> {
        let mut known = self.learn(&read.dialect)?;
        let head = u64::from(known.dialect.header);
        let from = read.from_row.unwrap_or(1).max(1);
        let first = from - 1 + head;
        let limit = u64::from(read.max_rows.unwrap_or(USUAL_ROWS).clamp(1, MAX_ROWS));
        let mut rows = Vec::new();
        let mut size = 0;
        let mut next = None;
        let mut places = Places::of(&known);
        let mut findings = Vec::new();
        let width = known.dialect.width;
        let mut records = self.records(&known, first)?;
        records.skip(first, |number, byte| places.see(number, byte))?;
        while let Some(record) = records.next_record()? {
            places.see(record.number, record.byte);
            if rows.len() as u64 >= limit || size > MAX_TEXT {
                next = Some(record.number - head + 1);
                break;
            }
            if findings.len() < 20 {
                findings.extend(record.finding(head, width));
            }
            let fields = record.fields();
            size += fields.iter().map(|field| field.len() + 8).sum::<usize>();
            rows.push(fields);
        }
        places.give(&mut known);
        let answer = CsvRows {
            header: known.header.clone(),
            from_row: from,
            rows,
            next,
            dialect: answer_dialect(&known),
            findings,
        };
        self.keep(known);
        Ok(answer)
    }

    fn find(&mut self, find: &CsvFind) -> Result<FoundRows, Refusal> {
        if find.text.is_empty() {
            return Err(refuse::bad_input("there are no words to look for"));
        }
        let mut known = self.learn(&find.dialect)?;
        let column = column(&known.header, find.column.as_deref())?;
        let head = u64::from(known.dialect.header);
        let first = find.from_row.unwrap_or(1).max(1) - 1 + head;
        let wanted = find.text.to_lowercase();
        let mut found = FoundRows::default();
        let mut size = 0;
        let mut places = Places::of(&known);
        let mut records = self.records(&known, first)?;
        records.skip(first, |number, byte| places.see(number, byte))?;
        while let Some(record) = records.next_record()? {
            places.see(record.number, record.byte);
            let row = record.number - head + 1;
            if !record.contains(&wanted, column) {
                continue;
            }
            if found.rows.len() == MAX_FOUND || size > MAX_TEXT {
                found.next = Some(row);
                break;
            }
            let fields = record.fields();
            size += fields.iter().map(String::len).sum::<usize>();
            found.rows.push(FoundRow { row, fields });
        }
        places.give(&mut known);
        self.keep(known);
        Ok(found)
    }
}

/// The column that a search names, from 0.
fn column(header: &[String], named: Option<&str>) -> Result<Option<usize>, Refusal> {
    let Some(named) = named else { return Ok(None) };
    let by_name = header.iter().position(|name| name == named);
    let by_number = || named.parse::<usize>().ok()?.checked_sub(1);
    by_name
        .or_else(by_number)
        .map(Some)
        .ok_or_else(|| Refusal::new(RefusalCode::NotFound, format!("there is no column '{named}'")))
}

/// Rows to begin at later, while records go by.
struct Places {
    kept: BTreeMap<u64, u64>,
    step: u64,
    seen: u64,
}

impl Places {
    fn of(known: &Known) -> Self {
        Self {
            kept: known.places.clone(),
            step: known.step,
            seen: known.seen,
        }
    }

    /// A record, and the byte of the file at which it begins.
    fn see(&mut self, number: u64, byte: Option<u64>) {
        self.seen = self.seen.max(number + 1);
        let Some(byte) = byte.filter(|_| number.is_multiple_of(self.step)) else {
            return;
        };
        self.kept.insert(number, byte);
        if self.kept.len() > MAX_PLACES {
            self.step *= 2;
            let step = self.step;
            self.kept.retain(|number, _| number.is_multiple_of(step));
        }
    }

    fn give(self, known: &mut Known) {
        (known.places, known.step, known.seen) = (self.kept, self.step, self.seen);
    }
}

/// What is wrong with single records, as far as it is listed.
#[derive(Debug, Default)]
struct Findings {
    unclosed: Option<u64>,
    stray: (u64, u64),
}

impl Findings {
    fn see(&mut self, record: &Record<'_>, head: u64) {
        let row = (record.number + 1).saturating_sub(head);
        if record.unclosed {
            self.unclosed = Some(row);
        }
        if record.stray {
            if self.stray.0 == 0 {
                self.stray.1 = row;
            }
            self.stray.0 += 1;
        }
    }

    fn sentences(&self, width: usize, ragged: u64) -> Vec<String> {
        let mut sentences = Vec::new();
        if ragged > 0 {
            sentences.push(format!(
                "{ragged} rows do not have {width} fields as most rows do"
            ));
        }
        if let Some(row) = self.unclosed {
            sentences.push(format!(
                "a quote that opens in row {row} is not closed: everything after it is one field"
            ));
        }
        if self.stray.0 > 0 {
            sentences.push(format!(
                "{} rows have characters after a closing quote, the first of them row {}",
                self.stray.0, self.stray.1
            ));
        }
        sentences
    }
}

fn answer_dialect(known: &Known) -> CsvDialect {
    let dialect = &known.dialect;
    let shown = |byte: u8| char::from(byte).to_string();
    let mut doubts = known.decoding.doubts();
    doubts.extend(dialect.doubts.iter().cloned());
    CsvDialect {
        encoding: known.decoding.name().to_owned(),
        bom: known.decoding.bom,
        delimiter: shown(dialect.delimiter),
        quote: dialect.quote.map(shown).unwrap_or_default(),
        backslash: dialect.backslash,
        header: dialect.header,
        decimal: dialect.numbers.decimal.map(String::from),
        thousands: dialect.numbers.thousands.map(String::from),
        doubts,
    }
}
