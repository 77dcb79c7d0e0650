//! Plain text (notes, code, configuration): read by lines, and changed so that encoding, byte order mark, line ends and
//! every other byte stay.

use std::io::{Read, Seek, SeekFrom};

use deskhand_operations::Refusal;
use encoding_rs::{Encoding, UTF_16BE, UTF_16LE};

use crate::encoding::{Decoding, detect};
use crate::refuse;

/// Characters of a line that are told.
const LINE: usize = 2_000;
/// Characters of a page.
const PAGE: usize = 200_000;
/// Lines of a page at the most.
const LINES: u64 = 5_000;
/// The largest file that is changed, in bytes.
pub const MAX_PLAIN: u64 = 16 << 20;
/// Bytes that are read at a time.
const BLOCK: usize = 64 << 10;

/// Some lines of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlainPage {
    /// Without their ends; one of more than 2,000 characters is cut, with `…`.
    pub lines: Vec<String>,
    /// The number of the first, from 1.
    pub first: u64,
    /// Where to go on.
    pub next: Option<u64>,
    /// The encoding's name in the WHATWG standard.
    pub encoding: &'static str,
    /// What a reader should know: an encoding that was guessed, bytes that are no text, cut lines.
    pub findings: Vec<String>,
}

/// Words to be put in the place of others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlainEdit {
    /// What stands there, exactly; `\n` stands for the file's own line end.
    pub find: String,
    /// What shall stand there.
    pub replace: String,
    /// True to replace it wherever it stands; else it has to stand there once.
    pub all: bool,
}

/// A changed file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlainEdited {
    /// All bytes of the file.
    pub bytes: Vec<u8>,
    /// Places that were replaced.
    pub places: usize,
}

/// Reads at most `most` lines from line `from` on, counted from 1.
///
/// Refused with `Corrupt` where the file is no text.
pub fn read_plain(mut source: impl Read + Seek, from: u64, most: u64) -> Result<PlainPage, Refusal> {
    let decoding = decoding_of(&mut source)?;
    source
        .seek(SeekFrom::Start(decoding.start))
        .map_err(|error| refuse::io(&error))?;
    let mut page = Page {
        from: from.max(1),
        most: most.clamp(1, LINES),
        number: 1,
        ..Page::default()
    };
    let mut decoder = decoding.encoding.new_decoder_without_bom_handling();
    let mut block = vec![0; BLOCK];
    let mut text = String::new();
    let mut malformed = false;
    loop {
        let count = source.read(&mut block).map_err(|error| refuse::io(&error))?;
        text.clear();
        text.reserve(decoder.max_utf8_buffer_length(count).unwrap_or(BLOCK * 4));
        let (_, _, errors) = decoder.decode_to_string(&block[..count], &mut text, count == 0);
        malformed |= errors;
        if !page.take(&text) || count == 0 {
            break;
        }
    }
    page.finish(&decoding, malformed)
}

fn decoding_of(source: &mut (impl Read + Seek)) -> Result<Decoding, Refusal> {
    let length = source
        .seek(SeekFrom::End(0))
        .map_err(|error| refuse::io(&error))?;
    detect(source, length, None)
}

/// Collects lines.
#[derive(Debug, Default)]
struct Page {
    from: u64,
    most: u64,
    lines: Vec<String>,
    /// The number of the line that is being read.
    number: u64,
    line: String,
    /// Characters of the line, and of the page.
    length: usize,
    held: usize,
    cut: u32,
    /// True after a `\r`, whose `\n` may follow.
    return_before: bool,
    is_full: bool,
    /// True once something was met behind a full page.
    more: bool,
    /// True where something stands in the line, or its end was not met.
    open: bool,
}

impl Page {
    /// Takes text in; false when the page is full.
    fn take(&mut self, mut text: &str) -> bool {
        while !text.is_empty() {
            if std::mem::take(&mut self.return_before)
                && let Some(rest) = text.strip_prefix('\n')
            {
                text = rest;
                continue;
            }
            if self.is_full {
                self.more = true;
                return false;
            }
            let end = text.find(['\n', '\r']);
            self.add(&text[..end.unwrap_or(text.len())]);
            let Some(end) = end else { break };
            self.return_before = text.as_bytes()[end] == b'\r';
            self.end();
            text = &text[end + 1..];
        }
        true
    }

    fn add(&mut self, text: &str) {
        self.open = true;
        if self.number < self.from {
            return;
        }
        let room = LINE.saturating_sub(self.length);
        let end = text.char_indices().nth(room).map_or(text.len(), |(end, _)| end);
        self.line.push_str(&text[..end]);
        self.length += text[..end].chars().count();
        if end < text.len() && !self.line.ends_with('…') {
            self.line.push('…');
            self.length += 1;
            self.cut += 1;
        }
    }

    fn end(&mut self) {
        if self.number >= self.from {
            self.held += self.length;
            self.lines.push(std::mem::take(&mut self.line));
            self.is_full = self.lines.len() as u64 == self.most || self.held > PAGE;
        }
        self.number += 1;
        (self.length, self.open) = (0, false);
    }

    fn finish(mut self, decoding: &Decoding, malformed: bool) -> Result<PlainPage, Refusal> {
        let next = self.more.then_some(self.number);
        if self.open && !self.is_full {
            self.end();
        }
        if self.lines.is_empty() && self.from > 1 {
            return Err(refuse::not_found(format!(
                "there is no line {}: the file has {}",
                self.from,
                self.number - 1
            )));
        }
        let mut findings = decoding.doubts();
        if malformed {
            findings.push(format!(
                "some bytes are no text in {} and are shown as U+FFFD",
                decoding.name()
            ));
        }
        if self.cut > 0 {
            findings.push(format!(
                "{} lines are longer than {LINE} characters and were cut",
                self.cut
            ));
        }
        Ok(PlainPage {
            lines: self.lines,
            first: self.from,
            next,
            encoding: decoding.name(),
            findings,
        })
    }
}

/// Replaces words in a file, one edit after the other. All other bytes stay.
///
/// Refused, and nothing changed, where words are not there or more often than once, where new ones have a letter that the
/// file's encoding has not, and where the file holds bytes that are no text.
pub fn edit_plain(bytes: &[u8], edits: &[PlainEdit]) -> Result<PlainEdited, Refusal> {
    if bytes.len() as u64 > MAX_PLAIN {
        return Err(refuse::too_large(format!(
            "the file is larger than the {} MB that are changed as text",
            MAX_PLAIN >> 20
        )));
    }
    let decoding = decoding_of(&mut std::io::Cursor::new(bytes))?;
    let (mark, body) = bytes.split_at(decoding.start as usize);
    let text = decoding
        .encoding
        .decode_without_bom_handling_and_without_replacement(body)
        .filter(|text| encoded(decoding.encoding, text).is_ok_and(|again| again == body));
    let Some(text) = text else {
        return Err(refuse::unsupported(format!(
            "the file holds bytes that are no text in {}, so it is not changed as text",
            decoding.name()
        )));
    };
    let mut text = text.into_owned();
    let mut places = 0;
    for edit in edits {
        places += replace(&mut text, edit)?;
    }
    let body = encoded(decoding.encoding, &text).map_err(|letter| no_letter(letter, &decoding))?;
    Ok(PlainEdited {
        bytes: [mark, &body].concat(),
        places,
    })
}

/// A whole new content for a file that holds text: its encoding, byte order mark and line ends stay. Where there is no file
/// yet, or an empty one, it is UTF-8 with the line ends as they are given.
///
/// Refused where what is there is no text, where a letter is not in its encoding, and where the text is too large.
pub fn write_plain(before: Option<&[u8]>, text: &str) -> Result<Vec<u8>, Refusal> {
    if text.len() as u64 > MAX_PLAIN {
        return Err(refuse::too_large(format!(
            "the text is larger than the {} MB that are written as text",
            MAX_PLAIN >> 20
        )));
    }
    let Some(before) = before.filter(|before| !before.is_empty()) else {
        return Ok(text.as_bytes().to_vec());
    };
    let decoding = decoding_of(&mut std::io::Cursor::new(before))?;
    let (mark, body) = before.split_at(decoding.start as usize);
    let (old, _) = decoding.encoding.decode_without_bom_handling(body);
    let ending = if old.contains("\r\n") { "\r\n" } else { "\n" };
    let own = text.replace("\r\n", "\n").replace('\n', ending);
    let body = encoded(decoding.encoding, &own).map_err(|letter| no_letter(letter, &decoding))?;
    Ok([mark, &body].concat())
}

/// The text of a file, for comparing; letters that its encoding has not are shown as U+FFFD.
pub fn plain_text(bytes: &[u8]) -> Result<String, Refusal> {
    let decoding = decoding_of(&mut std::io::Cursor::new(bytes))?;
    let body = bytes.get(decoding.start as usize..).unwrap_or_default();
    Ok(decoding.encoding.decode_without_bom_handling(body).0.into_owned())
}

fn no_letter(letter: char, decoding: &Decoding) -> Refusal {
    refuse::bad_input(format!(
        "the letter '{letter}' is not in {}, the encoding of the file; nothing was changed",
        decoding.name()
    ))
}

/// Replaces in text; answers in how many places.
fn replace(text: &mut String, edit: &PlainEdit) -> Result<usize, Refusal> {
    let ending = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let own = |words: &str| words.replace("\r\n", "\n").replace('\n', ending);
    let (find, new) = (own(&edit.find), own(&edit.replace));
    if find.is_empty() {
        return Err(refuse::bad_input("there are no words to look for"));
    }
    if find == new {
        return Err(refuse::bad_input(
            "the words to find and to put there are the same",
        ));
    }
    let count = text.matches(&find).count();
    match count {
        0 => Err(refuse::not_found(
            "the words are not in the file; nothing was changed",
        )),
        2.. if !edit.all => Err(refuse::bad_input(format!(
            "the words stand in {count} places; give more of what stands around, or replace all; nothing was changed"
        ))),
        _ if text.len() + count * new.len() > MAX_PLAIN as usize * 2 => Err(refuse::too_large(
            "the file would become too large; nothing was changed",
        )),
        _ => {
            *text = text.replace(&find, &new);
            Ok(count)
        }
    }
}

/// Text in an encoding; the first letter that it has not where there is one.
fn encoded(encoding: &'static Encoding, text: &str) -> Result<Vec<u8>, char> {
    if encoding == UTF_16LE {
        return Ok(text.encode_utf16().flat_map(u16::to_le_bytes).collect());
    }
    if encoding == UTF_16BE {
        return Ok(text.encode_utf16().flat_map(u16::to_be_bytes).collect());
    }
    let (bytes, _, missing) = encoding.encode(text);
    if missing {
        let mut letters = text.chars();
        let letter = letters.find(|letter| encoding.encode(letter.encode_utf8(&mut [0; 4])).2);
        return Err(letter.unwrap_or('\u{FFFD}'));
    }
    Ok(bytes.into_owned())
}
