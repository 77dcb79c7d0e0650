//! Reads the cells of a worksheet part from front to back in constant memory, as fast as it can be inflated.
//!
//! Takes the plain form in which programs write sheets. What is unusual (entities of its own, CDATA, namespaces declared on
//! the way, rows out of order, damage) is not judged here: [`Streamed::Unusual`] says that the part is to be read in the
//! general way ([`crate::sheet::Worksheet`]), which knows all of XML and says what is wrong.

mod cut;
mod excerpt;
mod item;
mod strings;

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashMap;

use deskhand_formula::translate;
use deskhand_opc::xml::{Event, Ns, Reader};
use deskhand_opc::{Limits, Package, PartReader};
use deskhand_operations::{Area, MAX_COLUMNS, MAX_ROWS};

use self::item::{Item, Names, RawCell, item, plain_text, reference, revalued};
use crate::cells::rich_text;
use crate::element_list::Edit;
use crate::error::Outcome;
use crate::room::Room;

pub(crate) use self::cut::SheetPart;
pub(crate) use self::excerpt::{Excerpt, excerpt};
pub(crate) use self::item::RowTag;
pub use self::strings::SharedTexts;

/// Parts up to this size in bytes are read in the general way.
const LARGE: u64 = 4 << 20;

/// True for a part that is read as it passes by.
pub(crate) fn is_large(package: &Package, part: &str) -> Outcome<bool> {
    Ok(package.part_size(part)? >= LARGE)
}

/// What stands in one piece (a cell, the head of the part) may have this many bytes.
const MOST: usize = 8 << 20;

/// How a reading ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Streamed {
    /// All cells were given, or nobody wanted more.
    Done,
    /// What was given does not count: the part is to be read in the general way.
    Unusual,
}

/// A cell as it passes by.
#[derive(Debug)]
pub struct StreamedCell<'a> {
    /// From 0.
    pub row: u32,
    /// From 0.
    pub column: u32,
    /// The index of its format.
    pub style: u32,
    /// As it stands in the part.
    bytes: &'a [u8],
    /// Where it begins in the part.
    start: usize,
    raw: &'a RawCell<'a>,
    anchors: &'a HashMap<u32, (u32, u32, String)>,
    /// What is left for formulas that cells share; in the general way it is told when there is nothing left.
    room: &'a RefCell<Room>,
    place: &'a Place<'a>,
}

/// What is to be read in the general way.
#[derive(Debug)]
pub(crate) struct Unusual;

/// What a cell holds.
#[derive(Clone, Debug, PartialEq)]
pub enum StreamedValue<'a> {
    /// Nothing.
    Empty,
    /// A number; dates are numbers.
    Number(f64),
    /// Yes or no.
    Boolean(bool),
    /// A text, or an error by its name.
    Text(Cow<'a, str>),
}

/// Where a cell is read from, for what is read in the general way.
#[derive(Debug)]
struct Place<'a> {
    part: &'a str,
    limits: &'a Limits,
}

impl<'a> StreamedCell<'a> {
    fn inline(&self, inline: &'a [u8]) -> Option<Cow<'a, str>> {
        if let Some(text) = item::only_text(inline) {
            let text = plain_text(text)?;
            if !text.contains("_x") {
                return Some(text);
            }
        }
        general_text(self.place.part, inline, self.place.limits).map(Cow::Owned)
    }

    /// Its own formula as the file holds it; empty where it has that of a group.
    pub(crate) fn own_formula(&self) -> Result<Option<Cow<'a, str>>, Unusual> {
        let formula = self.raw.formula.as_ref();
        formula
            .map(|formula| plain_text(formula.text).ok_or(Unusual))
            .transpose()
    }

    /// Its formula as the file holds it, shared ones expanded.
    pub(crate) fn formula(&self) -> Result<Option<Cow<'a, str>>, Unusual> {
        let Some(formula) = &self.raw.formula else {
            return Ok(None);
        };
        let text = plain_text(formula.text).ok_or(Unusual)?;
        if let (Some(group), true) = (formula.group, text.is_empty())
            && let Some((row, column, anchor)) = self.anchors.get(&group)
        {
            self.room.borrow_mut().take(anchor.len()).map_err(|_| Unusual)?;
            let rows = i64::from(self.row) - i64::from(*row);
            let columns = i64::from(self.column) - i64::from(*column);
            return Ok(Some(Cow::Owned(translate(anchor, rows, columns))));
        }
        Ok(Some(text))
    }

    /// The edit that gives its formula another value, of a type (`t`, empty for numbers) and as XML holds it.
    pub(crate) fn revalue(&self, value: (&str, &str)) -> Option<Edit> {
        let cell = revalued(self.bytes, self.raw.formula.as_ref()?.element, value)?;
        Some((self.start..self.start + self.bytes.len(), cell.into()))
    }

    /// True for an array formula or a what-if table.
    pub(crate) fn is_array(&self) -> bool {
        self.raw.formula.as_ref().is_some_and(|formula| formula.array)
    }

    /// True where the formula of a shared group stands.
    pub(crate) fn is_anchor(&self) -> bool {
        let group = self.raw.formula.as_ref().and_then(|formula| formula.group);
        group
            .and_then(|group| self.anchors.get(&group))
            .is_some_and(|(row, column, _)| (*row, *column) == (self.row, self.column))
    }

    /// True when it has a formula, an empty one too.
    pub(crate) fn has_formula(&self) -> bool {
        self.raw.formula.is_some()
    }

    /// True when it has a value.
    pub(crate) fn has_value(&self) -> bool {
        self.raw.value.is_some() || self.raw.inline.is_some()
    }

    /// True for an error value.
    pub(crate) fn is_error(&self) -> bool {
        self.raw.kind == "e"
    }

    /// The index of its shared text as it stands.
    pub(crate) fn shared_text(&self) -> Option<Cow<'a, str>> {
        let value = self.raw.value.filter(|_| self.raw.kind == "s")?;
        Some(plain_text(value).unwrap_or_default())
    }

    /// Its value; `None` where it is unusual.
    pub fn value<'t>(&self, texts: &'t SharedTexts) -> Option<StreamedValue<'t>>
    where
        'a: 't,
    {
        if self.raw.kind == "s" {
            let value = plain_text(self.raw.value.unwrap_or_default())?;
            let index = value.trim().parse::<usize>().ok();
            let text = index.and_then(|index| texts.get(index));
            return Some(text.map_or(StreamedValue::Empty, |text| {
                StreamedValue::Text(Cow::Borrowed(text))
            }));
        }
        let text = match (self.raw.inline, self.raw.value) {
            (Some(inline), _) => self.inline(inline)?,
            (None, Some(value)) => plain_text(value)?,
            (None, None) => return Some(StreamedValue::Empty),
        };
        Some(match self.raw.kind {
            "b" => StreamedValue::Boolean(matches!(text.trim(), "1" | "true")),
            "str" | "inlineStr" | "e" | "d" => StreamedValue::Text(text),
            _ => match text.trim().parse() {
                Ok(number) => StreamedValue::Number(number),
                Err(_) => StreamedValue::Text(text),
            },
        })
    }
}

/// The text of an `<is>` or `<si>` element by the general reader.
fn general_text(part: &str, element: &[u8], limits: &Limits) -> Option<String> {
    let mut reader = Reader::new(part, element, limits).ok()?;
    match reader.next_event().ok()? {
        Some(Event::Start(_)) => rich_text(&mut reader).ok(),
        _ => None,
    }
}

/// Who looks at the cells of a sheet as they pass by.
pub(crate) trait Visitor {
    /// The head of the part piece by piece, from its root element to where its rows begin, and where each stands.
    fn head(&mut self, _: &[u8], _: &Names, _: u64) {}

    /// A row begins: its number, its tag as it stands, and where.
    fn row(&mut self, _: u32, _: &RowTag, _: &[u8], _: u64) {}

    /// White space or a comment between rows or cells.
    fn between(&mut self, _: &[u8]) {}

    /// The end tag of a row.
    fn row_end(&mut self, _: &[u8]) {}

    /// A cell, and the smallest area of all cells so far that hold something. False when enough was seen.
    fn cell(&mut self, cell: &StreamedCell<'_>, used: Option<Area>) -> bool;

    /// What follows the rows. False where it is too much.
    fn tail(&mut self, _: &[u8]) -> bool {
        true
    }
}

impl<F: FnMut(&StreamedCell<'_>) -> bool> Visitor for F {
    fn cell(&mut self, cell: &StreamedCell<'_>, _: Option<Area>) -> bool {
        self(cell)
    }
}

/// A part as it comes, with what stands in one piece kept together.
struct Source {
    reader: PartReader,
    buffer: Vec<u8>,
    /// Where the buffer begins in the part.
    start: u64,
    at: usize,
    ended: bool,
}

impl Source {
    fn of(package: &Package, part: &str) -> Outcome<Self> {
        Ok(Self {
            reader: package.part_reader(part)?,
            buffer: Vec::new(),
            start: 0,
            at: 0,
            ended: false,
        })
    }

    /// Where the rest stands in the part.
    fn place(&self) -> u64 {
        self.start + self.at as u64
    }

    fn rest(&self) -> &[u8] {
        &self.buffer[self.at..]
    }

    /// Reads on. False at the end of the part, and where a piece is too large.
    fn more(&mut self) -> Outcome<bool> {
        if self.ended || self.buffer.len() - self.at > MOST {
            return Ok(false);
        }
        self.buffer.drain(..self.at);
        self.start += self.at as u64;
        self.at = 0;
        let chunk = self.reader.chunk()?;
        self.buffer.extend_from_slice(chunk);
        let count = chunk.len();
        self.reader.advance(count);
        self.ended = count == 0;
        Ok(!self.ended)
    }

    /// Gives the rest. Read to the end, a part that is not as the file declares does not pass.
    fn finish(mut self, mut pass: impl FnMut(&[u8]) -> bool) -> Outcome<bool> {
        let mut goes_on = pass(self.rest());
        while goes_on && !self.ended {
            let chunk = self.reader.chunk()?;
            goes_on = pass(chunk);
            let count = chunk.len();
            self.reader.advance(count);
            self.ended = count == 0;
        }
        Ok(goes_on)
    }
}

/// Gives every cell of a worksheet part in order. The smallest area that holds all values and formulas is known when the
/// visitor saw them all.
pub(crate) fn cells(
    package: &Package,
    part: &str,
    visitor: &mut impl Visitor,
) -> Outcome<(Streamed, Option<Area>)> {
    let mut source = Source::of(package, part)?;
    let unusual = Ok((Streamed::Unusual, None));
    let Some(names) = head(&mut source, part, package.limits(), visitor)? else {
        return unusual;
    };
    let mut rows = Rows {
        place: Place {
            part,
            limits: package.limits(),
        },
        anchors: HashMap::new(),
        room: RefCell::new(Room::new(package.limits())),
        used: None,
        row: None,
        next_row: 0,
        next_column: 0,
    };
    loop {
        let rest = source.rest();
        let (used, goes) = match item(rest, &names) {
            Item::Incomplete => {
                if !source.more()? {
                    return unusual;
                }
                continue;
            }
            Item::Unusual => return unusual,
            Item::End if rows.row.is_some() => return unusual,
            Item::End => break,
            Item::Between(used) => {
                visitor.between(&rest[..used]);
                (used, Goes::On)
            }
            Item::RowEnd(used) => {
                if rows.row.take().is_none() {
                    return unusual;
                }
                visitor.row_end(&rest[..used]);
                (used, Goes::On)
            }
            Item::Row(tag) => {
                let bytes = &rest[..tag.used];
                (tag.used, rows.begin(&tag, bytes, source.place(), visitor))
            }
            Item::Cell(raw, used) => (used, rows.cell(&raw, (&rest[..used], source.place()), visitor)),
        };
        match goes {
            Goes::On => source.at += used,
            Goes::Unusual => return unusual,
            Goes::Enough => return Ok((Streamed::Done, rows.used)),
        }
    }
    let is_whole = source.finish(|bytes| visitor.tail(bytes))?;
    Ok(if is_whole {
        (Streamed::Done, rows.used)
    } else {
        (Streamed::Unusual, None)
    })
}

/// How it goes on after a piece.
enum Goes {
    On,
    Enough,
    Unusual,
}

/// Where in the rows the reading stands.
struct Rows<'a> {
    place: Place<'a>,
    /// Of shared formulas: where each group's text stands, and the text.
    anchors: HashMap<u32, (u32, u32, String)>,
    room: RefCell<Room>,
    used: Option<Area>,
    row: Option<u32>,
    next_row: u32,
    next_column: u32,
}

impl Rows<'_> {
    fn begin(&mut self, tag: &RowTag, bytes: &[u8], place: u64, visitor: &mut impl Visitor) -> Goes {
        let number = tag
            .number
            .map_or(Some(self.next_row), |number| number.checked_sub(1));
        let number = number.filter(|number| self.row.is_none() && (self.next_row..MAX_ROWS).contains(number));
        let Some(number) = number else {
            return Goes::Unusual;
        };
        visitor.row(number, tag, bytes, place);
        self.row = Some(number).filter(|_| !tag.empty);
        (self.next_row, self.next_column) = (number + 1, 0);
        Goes::On
    }

    #[inline]
    fn cell(&mut self, raw: &RawCell<'_>, (bytes, start): (&[u8], u64), visitor: &mut impl Visitor) -> Goes {
        let said = raw.reference.map(reference);
        let column = said.map_or(Some(self.next_column), |said| said.map(|said| said.1));
        let is_here = said.flatten().is_none_or(|said| Some(said.0) == self.row);
        let (Some(row), Some(column)) = (self.row, column) else {
            return Goes::Unusual;
        };
        if !is_here || column < self.next_column || column >= MAX_COLUMNS {
            return Goes::Unusual;
        }
        self.next_column = column + 1;
        if raw.holds() {
            widen(&mut self.used, row, column);
        }
        if let Some(formula) = &raw.formula
            && let (Some(group), false) = (formula.group, formula.text.is_empty())
            && !self.anchors.contains_key(&group)
        {
            let Some(text) = plain_text(formula.text) else {
                return Goes::Unusual;
            };
            self.anchors.insert(group, (row, column, text.into_owned()));
        }
        let cell = StreamedCell {
            row,
            column,
            style: raw.style,
            bytes,
            start: start as usize,
            raw,
            anchors: &self.anchors,
            room: &self.room,
            place: &self.place,
        };
        if visitor.cell(&cell, self.used) {
            Goes::On
        } else {
            Goes::Enough
        }
    }
}

fn widen(used: &mut Option<Area>, row: u32, column: u32) {
    let area = used.get_or_insert(Area::cell(row, column));
    area.left = area.left.min(column);
    area.bottom = row;
    area.right = area.right.max(column);
}

/// Reads up to the cells. Nothing where the part is unusual.
fn head(
    source: &mut Source,
    part: &str,
    limits: &Limits,
    visitor: &mut impl Visitor,
) -> Outcome<Option<Names>> {
    let mut names: Option<Names> = None;
    loop {
        let Some(tag) = item::next_tag(source.rest()) else {
            if !source.more()? {
                return Ok(None);
            }
            continue;
        };
        if tag.is_odd {
            return Ok(None);
        }
        let end = source.at + tag.end;
        let element = &source.buffer[source.at + tag.start..end];
        match &names {
            None if tag.is_start => {
                let Ok(mut reader) = Reader::new(part, element, limits) else {
                    return Ok(None);
                };
                match reader.next_event() {
                    Ok(Some(Event::Start(root)))
                        if root.is(Ns::Spreadsheet, "worksheet") && !root.self_closing =>
                    {
                        names = Some(Names::new(&root.prefix_colon()));
                    }
                    _ => return Ok(None),
                }
            }
            Some(known) if tag.is_start && known.is_data(element) => {
                if element.ends_with(b"/>") {
                    return Ok(None);
                }
                visitor.head(&source.buffer[source.at..end], known, source.place());
                source.at = end;
                return Ok(names);
            }
            _ => {}
        }
        if let Some(known) = &names {
            visitor.head(&source.buffer[source.at..end], known, source.place());
        }
        source.at = end;
    }
}

#[cfg(test)]
mod tests;
