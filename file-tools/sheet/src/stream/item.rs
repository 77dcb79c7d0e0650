//! The pieces of which a worksheet's data is made, taken apart without copies: rows, cells, and what stands between.

use std::borrow::Cow;

use deskhand_opc::xml::unescape;
use memchr::{memchr, memchr2, memchr3, memmem};

/// Element names with the part's prefix.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    prefix: Vec<u8>,
}

/// The next piece.
#[derive(Debug)]
pub(super) enum Item<'a> {
    Row(RowTag),
    /// The end of a row, with its length.
    RowEnd(usize),
    Cell(RawCell<'a>, usize),
    /// White space or a comment of this length.
    Between(usize),
    /// The end of the data.
    End,
    /// More of the part is needed.
    Incomplete,
    Unusual,
}

#[derive(Debug)]
pub(crate) struct RowTag {
    /// As it says, from 1.
    pub(super) number: Option<u32>,
    pub(crate) hidden: bool,
    pub(super) empty: bool,
    pub(super) used: usize,
}

/// A cell as it stands.
#[derive(Debug, Default)]
pub(super) struct RawCell<'a> {
    pub(super) reference: Option<&'a [u8]>,
    pub(super) kind: &'a str,
    pub(super) style: u32,
    pub(super) formula: Option<RawFormula<'a>>,
    /// What stands in `<v>`.
    pub(super) value: Option<&'a [u8]>,
    /// The `<is>` element.
    pub(super) inline: Option<&'a [u8]>,
}

#[derive(Debug)]
pub(super) struct RawFormula<'a> {
    /// The group of a shared formula.
    pub(super) group: Option<u32>,
    /// True for an array formula or a what-if table.
    pub(super) array: bool,
    pub(super) text: &'a [u8],
    /// The `<f>` element.
    pub(super) element: &'a [u8],
}

impl RawCell<'_> {
    /// True when it has a value or formula.
    pub(super) fn holds(&self) -> bool {
        self.has_text() || self.formula.is_some()
    }

    fn has_text(&self) -> bool {
        self.value.is_some() || self.inline.is_some()
    }
}

impl Names {
    /// `prefix` with its colon, or empty.
    pub(super) fn new(prefix: &str) -> Self {
        let prefix = prefix.as_bytes().to_vec();
        Self { prefix }
    }

    /// The end tags of the data and of the part.
    pub(super) fn ends(&self) -> Vec<u8> {
        let prefix = &*self.prefix;
        [b"</", prefix, b"sheetData></", prefix, b"worksheet>"].concat()
    }

    /// The tags around one cell of a row, given from 0.
    pub(super) fn row(&self, row: u32, cells: &[u8]) -> Vec<u8> {
        let prefix = &*self.prefix;
        let number = format!("row r=\"{}\">", row + 1);
        [b"<", prefix, number.as_bytes(), cells, b"</", prefix, b"row>"].concat()
    }

    /// The end tag of a row.
    pub(super) fn row_end(&self) -> Vec<u8> {
        [b"</", &*self.prefix, b"row>"].concat()
    }

    /// The local name, where the prefix is ours.
    #[inline]
    fn local<'a>(&self, name: &'a [u8]) -> Option<&'a [u8]> {
        name.strip_prefix(&*self.prefix)
    }

    /// True for the start tag of the data.
    pub(super) fn is_data(&self, element: &[u8]) -> bool {
        let name = &element[1..];
        let end = name
            .iter()
            .position(|byte| matches!(byte, b'>' | b'/' | b' ' | b'\t' | b'\r' | b'\n'));
        self.local(&name[..end.unwrap_or(name.len())]) == Some(b"sheetData")
    }
}

/// Why a piece cannot be taken apart.
enum Stop {
    Incomplete,
    Unusual,
}

type Part<T> = Result<T, Stop>;

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// A cursor over bytes that may end too early.
struct Cursor<'a> {
    all: &'a [u8],
    at: usize,
}

/// What a tag is.
struct Tag<'a> {
    name: &'a [u8],
    empty: bool,
}

impl<'a> Cursor<'a> {
    #[inline]
    fn byte(&self) -> Part<u8> {
        self.all.get(self.at).copied().ok_or(Stop::Incomplete)
    }

    #[inline]
    fn spaces(&mut self) -> Part<u8> {
        loop {
            let byte = self.byte()?;
            if !is_space(byte) {
                return Ok(byte);
            }
            self.at += 1;
        }
    }

    /// A start tag, at its `<`; each attribute is given as name and raw value.
    #[inline]
    fn start(&mut self, mut attribute: impl FnMut(&'a [u8], &'a [u8])) -> Part<Tag<'a>> {
        self.at += 1;
        let from = self.at;
        while !matches!(self.byte()?, b'>' | b'/') && !is_space(self.all[self.at]) {
            self.at += 1;
        }
        let name = &self.all[from..self.at];
        loop {
            match self.spaces()? {
                b'>' => {
                    self.at += 1;
                    return Ok(Tag { name, empty: false });
                }
                b'/' => {
                    self.at += 1;
                    if self.byte()? != b'>' {
                        return Err(Stop::Unusual);
                    }
                    self.at += 1;
                    return Ok(Tag { name, empty: true });
                }
                _ => {
                    let (name, value) = self.attribute()?;
                    attribute(name, value);
                }
            }
        }
    }

    #[inline]
    fn attribute(&mut self) -> Part<(&'a [u8], &'a [u8])> {
        let from = self.at;
        while self.byte()? != b'=' {
            if matches!(self.all[self.at], b'>' | b'<' | b'/') || is_space(self.all[self.at]) {
                return Err(Stop::Unusual);
            }
            self.at += 1;
        }
        let name = &self.all[from..self.at];
        // What a namespace declared here would mean is the general reader's to say.
        if name.starts_with(b"xmlns") {
            return Err(Stop::Unusual);
        }
        self.at += 1;
        let quote = self.byte()?;
        if quote != b'"' && quote != b'\'' {
            return Err(Stop::Unusual);
        }
        self.at += 1;
        let length = self.all[self.at..]
            .iter()
            .position(|byte| *byte == quote)
            .ok_or(Stop::Incomplete)?;
        let value = &self.all[self.at..self.at + length];
        self.at += length + 1;
        Ok((name, value))
    }

    /// The text up to the end tag of the element that was begun, which may hold nothing else.
    #[inline]
    fn text(&mut self, tag: &Tag<'a>) -> Part<&'a [u8]> {
        if tag.empty {
            return Ok(&[]);
        }
        let length = memchr(b'<', &self.all[self.at..]).ok_or(Stop::Incomplete)?;
        let text = &self.all[self.at..self.at + length];
        self.at += length;
        self.end(tag.name)?;
        Ok(text)
    }

    /// An end tag, at its `<`.
    #[inline]
    fn end(&mut self, name: &[u8]) -> Part<()> {
        let rest = &self.all[self.at..];
        let length = name.len() + 3;
        let Some(end) = rest.get(..length) else {
            return Err(Stop::Incomplete);
        };
        if end[0] != b'<' || end[1] != b'/' || &end[2..length - 1] != name || end[length - 1] != b'>' {
            return Err(Stop::Unusual);
        }
        self.at += length;
        Ok(())
    }
}

/// The next piece of the data.
#[inline]
pub(super) fn item<'a>(input: &'a [u8], names: &Names) -> Item<'a> {
    match try_item(input, names) {
        Ok(item) => item,
        Err(Stop::Incomplete) => Item::Incomplete,
        Err(Stop::Unusual) => Item::Unusual,
    }
}

#[inline]
fn try_item<'a>(input: &'a [u8], names: &Names) -> Part<Item<'a>> {
    let mut cursor = Cursor { all: input, at: 0 };
    if cursor.byte()? != b'<' {
        let length = memchr(b'<', input).unwrap_or(input.len());
        return Ok(Item::Between(length));
    }
    match *input.get(1).ok_or(Stop::Incomplete)? {
        b'/' => {
            let length = memchr(b'>', input).ok_or(Stop::Incomplete)?;
            let name = input[2..length].trim_ascii_end();
            match names.local(name) {
                Some(b"row") => Ok(Item::RowEnd(length + 1)),
                Some(b"sheetData") => Ok(Item::End),
                _ => Err(Stop::Unusual),
            }
        }
        b'!' => comment(input),
        b'?' => Err(Stop::Unusual),
        _ => element(&mut cursor, names),
    }
}

fn comment(input: &[u8]) -> Part<Item<'_>> {
    let start = input.get(..4).ok_or(Stop::Incomplete)?;
    if start != b"<!--" {
        return Err(Stop::Unusual);
    }
    let end = memmem::find(&input[4..], b"-->").ok_or(Stop::Incomplete)?;
    Ok(Item::Between(end + 7))
}

#[inline]
fn element<'a>(cursor: &mut Cursor<'a>, names: &Names) -> Part<Item<'a>> {
    let mut cell = RawCell {
        kind: "n",
        ..RawCell::default()
    };
    let (mut number, mut kind, mut hidden, mut bad) = (None, None, false, false);
    let tag = cursor.start(|name, value| match name {
        b"r" => number = Some(value),
        b"s" => cell.style = decimal(value).unwrap_or_default(),
        b"t" => match std::str::from_utf8(value) {
            Ok(value) => kind = Some(value),
            Err(_) => bad = true,
        },
        b"hidden" => hidden = matches!(value, b"1" | b"true" | b"on"),
        _ => {}
    })?;
    if bad {
        return Err(Stop::Unusual);
    }
    match names.local(tag.name) {
        Some(b"c") => {
            cell.reference = number;
            cell.kind = kind.unwrap_or("n");
            if !tag.empty {
                inside(cursor, &tag, names, &mut cell)?;
            }
            Ok(Item::Cell(cell, cursor.at))
        }
        Some(b"row") => Ok(Item::Row(RowTag {
            number: number
                .map(|number| decimal(number).ok_or(Stop::Unusual))
                .transpose()?,
            hidden,
            empty: tag.empty,
            used: cursor.at,
        })),
        _ => Err(Stop::Unusual),
    }
}

/// What stands in a cell.
#[inline]
fn inside<'a>(cursor: &mut Cursor<'a>, cell: &Tag<'a>, names: &Names, raw: &mut RawCell<'a>) -> Part<()> {
    loop {
        if cursor.spaces()? != b'<' {
            return Err(Stop::Unusual);
        }
        match *cursor.all.get(cursor.at + 1).ok_or(Stop::Incomplete)? {
            b'/' => return cursor.end(cell.name),
            b'!' | b'?' => return Err(Stop::Unusual),
            _ => {}
        }
        let from = cursor.at;
        let (mut group, mut shared, mut array) = (None, false, false);
        let tag = cursor.start(|name, value| match name {
            b"si" => group = decimal(value),
            b"t" => {
                shared = value == b"shared";
                array = matches!(value, b"array" | b"dataTable");
            }
            _ => {}
        })?;
        match names.local(tag.name) {
            Some(b"v") if !raw.has_text() => raw.value = Some(cursor.text(&tag)?),
            Some(b"f") if raw.formula.is_none() => {
                let text = cursor.text(&tag)?;
                raw.formula = Some(RawFormula {
                    group: group.filter(|_| shared),
                    array,
                    text,
                    element: &cursor.all[from..cursor.at],
                });
            }
            Some(b"is") if !raw.has_text() => {
                if !tag.empty {
                    let mut end = b"</".to_vec();
                    end.extend_from_slice(tag.name);
                    end.push(b'>');
                    let length = memmem::find(&cursor.all[cursor.at..], &end).ok_or(Stop::Incomplete)?;
                    cursor.at += length + end.len();
                }
                raw.inline = Some(&cursor.all[from..cursor.at]);
            }
            _ => return Err(Stop::Unusual),
        }
    }
}

/// A whole number.
#[inline]
pub(super) fn decimal(text: &[u8]) -> Option<u32> {
    if text.is_empty() || text.len() > 9 {
        return None;
    }
    text.iter().try_fold(0, |number, byte| {
        let digit = byte.wrapping_sub(b'0');
        (digit < 10).then(|| number * 10 + u32::from(digit))
    })
}

/// Row and column of `B7`, from 0.
#[inline]
pub(super) fn reference(text: &[u8]) -> Option<(u32, u32)> {
    let letters = text.iter().take_while(|byte| byte.is_ascii_uppercase()).count();
    if letters == 0 || letters > 3 {
        return None;
    }
    let column = text[..letters]
        .iter()
        .fold(0, |column, byte| column * 26 + u32::from(byte - b'A') + 1);
    Some((decimal(&text[letters..])?.checked_sub(1)?, column - 1))
}

/// Text as XML means it; nothing where it is unusual.
#[inline]
pub(super) fn plain_text(raw: &[u8]) -> Option<Cow<'_, str>> {
    let text = std::str::from_utf8(raw).ok()?;
    if memchr2(b'&', b'\r', raw).is_none() {
        return Some(Cow::Borrowed(text));
    }
    let text = if text.contains('\r') {
        Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n"))
    } else {
        Cow::Borrowed(text)
    };
    let plain = unescape(&text)?.into_owned();
    let allowed = |c: char| c >= ' ' || matches!(c, '\t' | '\n' | '\r');
    let is_plain = plain
        .chars()
        .all(|c| allowed(c) && !matches!(c, '\u{FFFE}' | '\u{FFFF}'));
    is_plain.then_some(Cow::Owned(plain))
}

/// A cell with this formula and another value, of the type `t="kind"`, or a number. Nothing of its old value is kept.
pub(super) fn revalued(cell: &[u8], formula: &[u8], (kind, value): (&str, &str)) -> Option<Vec<u8>> {
    let mut cursor = Cursor { all: cell, at: 0 };
    let mut attributes = Vec::with_capacity(cell.len() + value.len() + 16);
    let tag = cursor.start(|name, value| {
        // The metadata is of the value.
        if !matches!(name, b"t" | b"vm") {
            let quote: &[u8] = if value.contains(&b'"') { b"'" } else { b"\"" };
            attributes.extend([b" ", name, b"=", quote, value, quote].concat());
        }
    });
    let tag = tag.ok()?;
    let prefix = tag.name.strip_suffix(b"c")?;
    if !kind.is_empty() {
        attributes.extend([b" t=\"", kind.as_bytes(), b"\""].concat());
    }
    let value = [b"<", prefix, b"v>", value.as_bytes(), b"</", prefix, b"v>"].concat();
    Some(
        [
            b"<",
            tag.name,
            &*attributes,
            b">",
            formula,
            &*value,
            b"</",
            tag.name,
            b">",
        ]
        .concat(),
    )
}

/// What stands in an element that holds one `<t>` and nothing else.
#[inline]
pub(super) fn only_text(element: &[u8]) -> Option<&[u8]> {
    let mut cursor = Cursor { all: element, at: 0 };
    let outer = cursor.start(|_, _| ()).ok().filter(|tag| !tag.empty)?;
    if !matches!(element.get(cursor.at..cursor.at + 2), Some([b'<', b't'])) {
        return None;
    }
    let tag = cursor.start(|_, _| ()).ok().filter(|tag| tag.name == b"t")?;
    let text = cursor.text(&tag).ok()?;
    cursor.end(outer.name).ok()?;
    (cursor.at == element.len()).then_some(text)
}

/// Where a tag stands in what was given.
pub(super) struct FoundTag {
    pub(super) start: usize,
    pub(super) end: usize,
    /// True for start tags and empty elements; false for end tags, comments and declarations.
    pub(super) is_start: bool,
    /// True for CDATA and declarations of types.
    pub(super) is_odd: bool,
}

/// The next tag; nothing where more is needed.
pub(super) fn next_tag(input: &[u8]) -> Option<FoundTag> {
    let start = memchr(b'<', input)?;
    let rest = &input[start..];
    let is_comment = rest.get(..4)? == b"<!--";
    let is_start = !matches!(rest[1], b'/' | b'?' | b'!');
    let is_odd = rest[1] == b'!' && !is_comment;
    let mut at = 0;
    let length = if is_comment {
        memmem::find(rest, b"-->")? + 3
    } else {
        loop {
            at += memchr3(b'>', b'"', b'\'', &rest[at..])?;
            let byte = rest[at];
            at += 1;
            if byte == b'>' {
                break at;
            }
            at += memchr(byte, &rest[at..])? + 1;
        }
    };
    Some(FoundTag {
        start,
        end: start + length,
        is_start,
        is_odd,
    })
}
