//! Records of a file, one after the other, from any place on.

use std::borrow::Cow;
use std::io::{Read, Seek, SeekFrom};

use deskhand_operations::Refusal;
use encoding_rs::{Decoder, Encoding, UTF_8, UTF_16BE, UTF_16LE};
use memchr::{memchr, memchr2, memchr3};

use super::detect::Dialect;
use crate::encoding::Decoding;
use crate::refuse;

/// Bytes that are read at a time.
const BLOCK: usize = 64 << 10;
/// The longest record, in bytes: an unclosed quote must not take the whole file into memory.
const MAX_RECORD: usize = 16 << 20;
/// Fields of a record that are told apart; the rest of the record is the last one.
const MAX_FIELDS: usize = 16_384;

/// One record.
#[derive(Debug)]
pub(super) struct Record<'r> {
    /// From 0, the header counted.
    pub(super) number: u64,
    /// Where it begins in the file, where that is known.
    pub(super) byte: Option<u64>,
    /// Unquoted fields, one after the other.
    text: &'r [u8],
    ends: &'r [usize],
    encoding: &'static Encoding,
    /// A quote in it is not closed.
    pub(super) unclosed: bool,
    /// Characters follow a closing quote.
    pub(super) stray: bool,
}

impl<'r> Record<'r> {
    /// How many fields it has.
    pub(super) fn width(&self) -> usize {
        self.ends.len()
    }

    /// Its fields, decoded.
    pub(super) fn values(&self) -> impl Iterator<Item = Cow<'r, str>> {
        let (text, encoding) = (self.text, self.encoding);
        let mut start = 0;
        self.ends.iter().map(move |end| {
            let field = &text[start..*end];
            start = *end;
            decoded(encoding, field).0
        })
    }

    /// Its fields, owned.
    pub(super) fn fields(&self) -> Vec<String> {
        self.values().map(Cow::into_owned).collect()
    }

    /// True where a field holds these words, given in lower case.
    pub(super) fn contains(&self, wanted: &str, column: Option<usize>) -> bool {
        let mut fields = self.values().enumerate();
        fields.any(|(index, field)| {
            column.is_none_or(|column| column == index) && field.to_lowercase().contains(wanted)
        })
    }

    /// What is wrong with it, as a sentence.
    pub(super) fn finding(&self, head: u64, width: usize) -> Option<String> {
        let row = (self.number + 1).saturating_sub(head);
        if self.unclosed {
            Some(format!("a quote that opens in row {row} is not closed"))
        } else if self.stray {
            Some(format!("row {row} has characters after a closing quote"))
        } else if self.width() != width {
            Some(format!(
                "row {row} has {} fields, most rows have {width}",
                self.width()
            ))
        } else {
            None
        }
    }
}

/// A field as text, and whether bytes of it were none.
fn decoded<'f>(encoding: &'static Encoding, field: &'f [u8]) -> (Cow<'f, str>, bool) {
    encoding.decode_without_bom_handling(field)
}

/// The place behind the quote that closes a field; doubled ones do not. `None` where it is not there.
fn closed(bytes: &[u8], quote: u8, mut at: usize) -> Option<usize> {
    loop {
        at += memchr(quote, &bytes[at..])? + 1;
        if *bytes.get(at)? != quote {
            return Some(at);
        }
        at += 1;
    }
}

/// What is being read of a record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// At the beginning of a field.
    #[default]
    Start,
    Plain,
    Quoted,
    /// After a quote inside a quoted field: its end, or half of a doubled one.
    Quote,
    /// After a backslash.
    Escape,
}

/// How far a record is read.
#[derive(Debug, Default)]
struct Scan {
    state: State,
    /// What to go back to after a backslash.
    escaped_in: State,
    /// True once the record has a field.
    any: bool,
    unclosed: bool,
    stray: bool,
}

/// Reads records.
#[derive(Debug)]
pub(super) struct Records<'s, R> {
    source: &'s mut R,
    /// Where records cannot be cut from the bytes themselves.
    decoder: Option<Decoder>,
    /// The encoding of fields as they are kept here.
    encoding: &'static Encoding,
    /// Bytes of the file for one character of text: by its length in UTF-8. `None` where that is not known.
    wide: bool,
    dialect: Dialect,
    block: Vec<u8>,
    at: usize,
    ended: bool,
    /// Where the next byte of the block stands in the file, where that is known.
    byte: Option<u64>,
    number: u64,
    text: Vec<u8>,
    ends: Vec<usize>,
    malformed: u64,
}

impl<'s, R: Read + Seek> Records<'s, R> {
    /// Records from a byte on, which record `number` begins at; from the beginning of the text without one.
    pub(super) fn new(
        source: &'s mut R,
        decoding: &Decoding,
        dialect: &Dialect,
        byte: Option<u64>,
        number: u64,
    ) -> Result<Self, Refusal> {
        let from = byte.unwrap_or(decoding.start);
        source
            .seek(SeekFrom::Start(from))
            .map_err(|error| refuse::io(&error))?;
        let special = [
            Some(dialect.delimiter),
            dialect.quote,
            dialect.backslash.then_some(b'\\'),
        ];
        let bytewise = decoding.is_bytewise()
            && special
                .into_iter()
                .flatten()
                .all(|byte| decoding.is_safe(byte) || byte == b';');
        let wide = decoding.encoding == UTF_16LE || decoding.encoding == UTF_16BE;
        Ok(Self {
            source,
            decoder: (!bytewise).then(|| decoding.encoding.new_decoder_without_bom_handling()),
            encoding: if bytewise { decoding.encoding } else { UTF_8 },
            wide,
            dialect: dialect.clone(),
            block: Vec::new(),
            at: 0,
            ended: false,
            byte: (bytewise || wide).then_some(from),
            number,
            text: Vec::new(),
            ends: Vec::new(),
            malformed: 0,
        })
    }

    /// How many fields held bytes that are no text, so far.
    pub(super) fn malformed(&self) -> u64 {
        self.malformed
    }

    /// Reads the next block; false at the end.
    fn fill(&mut self) -> Result<bool, Refusal> {
        while self.at >= self.block.len() && !self.ended {
            let mut raw = vec![0; BLOCK];
            let count = self.source.read(&mut raw).map_err(|error| refuse::io(&error))?;
            raw.truncate(count);
            self.ended = count == 0;
            self.at = 0;
            self.block = match &mut self.decoder {
                None => raw,
                Some(decoder) => {
                    let room = decoder.max_utf8_buffer_length(raw.len()).unwrap_or(BLOCK * 4);
                    let mut text = String::with_capacity(room);
                    let (_, _, errors) = decoder.decode_to_string(&raw, &mut text, count == 0);
                    self.malformed += u64::from(errors);
                    text.into_bytes()
                }
            };
        }
        Ok(self.at < self.block.len())
    }

    /// Goes past a byte of the block.
    fn pass(&mut self, count: usize) {
        if let Some(byte) = &mut self.byte {
            *byte += if self.wide {
                let passed = &self.block[self.at..self.at + count];
                // A character is one or two units of two bytes; what continues one was counted with its first byte.
                let units = passed.iter().map(|byte| match byte {
                    0x80..=0xbf => 0,
                    0xf0.. => 4,
                    _ => 2,
                });
                units.sum::<u64>()
            } else {
                count as u64
            };
        }
        self.at += count;
    }

    /// The next record; empty lines are passed over.
    pub(super) fn next_record(&mut self) -> Result<Option<Record<'_>>, Refusal> {
        self.text.clear();
        self.ends.clear();
        let mut begin = self.byte;
        let mut scan = Scan::default();
        while self.fill()? {
            let byte = self.block[self.at];
            // The bulk of a field holds nothing special.
            if matches!(scan.state, State::Plain | State::Quoted) && !self.is_special(byte) {
                let run = self.plain_run();
                self.text.extend_from_slice(&self.block[self.at..self.at + run]);
                self.pass(run);
                self.check_length()?;
                continue;
            }
            self.pass(1);
            if !self.step(&mut scan, byte) {
                continue;
            }
            // The end of a line.
            if byte == b'\r' && self.fill()? && self.block[self.at] == b'\n' {
                self.pass(1);
            }
            if scan.any || scan.state != State::Start {
                return Ok(Some(self.record(begin, &scan)));
            }
            begin = self.byte;
        }
        if !scan.any && scan.state == State::Start {
            return Ok(None);
        }
        scan.unclosed |= scan.state == State::Quoted;
        Ok(Some(self.record(begin, &scan)))
    }

    /// Goes past the records before number `until` and tells `see` each one's number and place. Between two records only.
    pub(super) fn skip(&mut self, until: u64, mut see: impl FnMut(u64, Option<u64>)) -> Result<(), Refusal> {
        while self.number < until && self.fill()? {
            if self.skip_lines(until, &mut see) {
                continue;
            }
            match self.next_record()? {
                Some(record) => see(record.number, record.byte),
                None => break,
            }
        }
        Ok(())
    }

    /// Goes past the records that end in the block. False where the next one does not.
    fn skip_lines(&mut self, until: u64, see: &mut impl FnMut(u64, Option<u64>)) -> bool {
        let mut skipped = false;
        while self.number < until
            && let Some((length, ending)) = self.line()
        {
            let begin = self.byte;
            self.pass(length + ending);
            skipped = true;
            if length > 0 {
                see(self.number, begin);
                self.number += 1;
            }
        }
        skipped
    }

    /// The bytes of the record that begins here, and those of its line end, found by quotes and line ends alone: a quote
    /// opens at the beginning of a field and nowhere else. `None` where the end is not in the block.
    fn line(&self) -> Option<(usize, usize)> {
        let rest = &self.block[self.at..];
        if self.dialect.backslash {
            return None;
        }
        let mut at = 0;
        loop {
            let ahead = &rest[at..];
            let found = match self.dialect.quote {
                Some(quote) => memchr3(quote, b'\n', b'\r', ahead),
                None => memchr2(b'\n', b'\r', ahead),
            };
            let found = at + found?;
            match rest[found] {
                b'\n' => return Some((found, 1)),
                // Whether it is one line end with what follows is seen in the next block.
                b'\r' => return Some((found, if *rest.get(found + 1)? == b'\n' { 2 } else { 1 })),
                quote => {
                    let opens = found == 0 || rest[found - 1] == self.dialect.delimiter;
                    at = if opens {
                        closed(rest, quote, found + 1)?
                    } else {
                        found + 1
                    };
                }
            }
        }
    }

    /// Takes one byte in; true where it ends the line.
    fn step(&mut self, scan: &mut Scan, byte: u8) -> bool {
        let quote = Some(byte) == self.dialect.quote;
        let escape = self.dialect.backslash && byte == b'\\';
        match scan.state {
            State::Quoted | State::Plain | State::Start if escape => {
                scan.any = true;
                scan.escaped_in = if scan.state == State::Quoted {
                    State::Quoted
                } else {
                    State::Plain
                };
                scan.state = State::Escape;
            }
            State::Escape => {
                self.text.push(byte);
                scan.state = scan.escaped_in;
            }
            State::Quoted if quote => scan.state = State::Quote,
            State::Quoted => self.text.push(byte),
            State::Quote if quote && !self.dialect.backslash => {
                self.text.push(byte);
                scan.state = State::Quoted;
            }
            State::Start if quote => (scan.state, scan.any) = (State::Quoted, true),
            _ if byte == self.dialect.delimiter => {
                self.end_field();
                (scan.state, scan.any) = (State::Start, true);
            }
            _ if byte == b'\n' || byte == b'\r' => return true,
            other => {
                scan.stray |= other == State::Quote && byte != b' ';
                self.text.push(byte);
                (scan.state, scan.any) = (State::Plain, true);
            }
        }
        false
    }

    fn record(&mut self, begin: Option<u64>, scan: &Scan) -> Record<'_> {
        self.end_field();
        self.count_malformed();
        let number = self.number;
        self.number += 1;
        Record {
            number,
            byte: begin,
            text: &self.text,
            ends: &self.ends,
            encoding: self.encoding,
            unclosed: scan.unclosed,
            stray: scan.stray,
        }
    }

    fn is_special(&self, byte: u8) -> bool {
        byte == self.dialect.delimiter
            || byte == b'\n'
            || byte == b'\r'
            || Some(byte) == self.dialect.quote
            || (byte == b'\\' && self.dialect.backslash)
    }

    fn plain_run(&self) -> usize {
        let rest = &self.block[self.at..];
        rest.iter()
            .position(|byte| self.is_special(*byte))
            .unwrap_or(rest.len())
    }

    fn check_length(&self) -> Result<(), Refusal> {
        if self.text.len() > MAX_RECORD {
            return Err(refuse::too_large(format!(
                "row {} is longer than {} MB: a quote may not be closed, or the file is no delimited text",
                self.number + 1,
                MAX_RECORD >> 20
            )));
        }
        Ok(())
    }

    fn end_field(&mut self) {
        if self.ends.len() < MAX_FIELDS {
            self.ends.push(self.text.len());
        } else if let Some(last) = self.ends.last_mut() {
            *last = self.text.len();
        }
    }

    /// Counts fields that are no text in the encoding; only bytes above ASCII can be.
    fn count_malformed(&mut self) {
        if self.decoder.is_some() || self.text.is_ascii() {
            return;
        }
        let mut start = 0;
        for end in &self.ends {
            self.malformed += u64::from(decoded(self.encoding, &self.text[start..*end]).1);
            start = *end;
        }
    }
}
