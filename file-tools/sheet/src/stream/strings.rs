//! The shared strings in one run of memory: a workbook may have a million of them.

use deskhand_opc::Limits;
use deskhand_opc::xml::{Event, Ns, Reader};
use memchr::memmem;

use super::item::{next_tag, only_text, plain_text};
use super::{Source, general_text};
use crate::error::Outcome;
use crate::workbook::Workbook;

/// All shared strings of a workbook, in order.
#[derive(Clone, Debug, Default)]
pub struct SharedTexts {
    text: String,
    /// Where each ends in `text`.
    ends: Vec<u32>,
}

impl SharedTexts {
    /// A string by its index.
    pub fn get(&self, index: usize) -> Option<&str> {
        let end = *self.ends.get(index)? as usize;
        let start = index
            .checked_sub(1)
            .map_or(0, |before| self.ends[before] as usize);
        self.text.get(start..end)
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    fn push(&mut self, text: &str) -> bool {
        self.text.push_str(text);
        let end = u32::try_from(self.text.len());
        end.map(|end| self.ends.push(end)).is_ok()
    }

    /// Reads them from front to back; in the general way where they are unusual.
    pub(crate) fn read(workbook: &Workbook) -> Outcome<Self> {
        let mut texts = Self::default();
        for part in workbook.package.related(&workbook.part, "sharedStrings")? {
            if !texts.read_part(workbook, &part)? {
                let mut general = Self::default();
                for text in crate::strings::shared(workbook)? {
                    general.push(&text);
                }
                return Ok(general);
            }
        }
        texts.text.shrink_to_fit();
        Ok(texts)
    }

    /// False where the part is unusual.
    fn read_part(&mut self, workbook: &Workbook, part: &str) -> Outcome<bool> {
        let limits = workbook.package.limits();
        let mut source = Source::of(&workbook.package, part)?;
        let mut ends: Option<Ends> = None;
        loop {
            let Some(tag) = next_tag(source.rest()) else {
                if !source.more()? {
                    return Ok(source.ended && ends.is_none() && self.ends.is_empty());
                }
                continue;
            };
            if tag.is_odd {
                return Ok(false);
            }
            let from = source.at + tag.start;
            let element = &source.buffer[from..source.at + tag.end];
            let Some(known) = &ends else {
                if tag.is_start {
                    ends = Ends::of(part, element, limits);
                    if ends.is_none() {
                        return Ok(false);
                    }
                }
                source.at += tag.end;
                continue;
            };
            if element.starts_with(&known.list) {
                source.finish(|_| true)?;
                return Ok(true);
            }
            // Comments and extensions between items are for the general reader.
            if !tag.is_start || !known.is_item(element) {
                return Ok(false);
            }
            if element.ends_with(b"/>") {
                self.push("");
                source.at += tag.end;
                continue;
            }
            let Some(length) = memmem::find(&source.buffer[from..], &known.item) else {
                if !source.more()? {
                    return Ok(false);
                }
                continue;
            };
            let length = length + known.item.len();
            if !self.item(part, &source.buffer[from..from + length], limits) {
                return Ok(false);
            }
            source.at = from + length;
        }
    }

    /// Takes up an `<si>` element. False where it is unusual.
    fn item(&mut self, part: &str, item: &[u8], limits: &Limits) -> bool {
        let simple = only_text(item)
            .and_then(plain_text)
            .filter(|text| !text.contains("_x"));
        match simple {
            Some(text) => self.push(&text),
            None => general_text(part, item, limits).is_some_and(|text| self.push(&text)),
        }
    }
}

/// How the list and its items end.
struct Ends {
    /// Without its `>`.
    list: Vec<u8>,
    item: Vec<u8>,
}

impl Ends {
    /// By the start tag of the list; nothing where it is another element.
    fn of(part: &str, element: &[u8], limits: &Limits) -> Option<Self> {
        let mut reader = Reader::new(part, element, limits).ok()?;
        match reader.next_event() {
            Ok(Some(Event::Start(root))) if root.is(Ns::Spreadsheet, "sst") && !root.self_closing => {
                let prefix = root.prefix_colon();
                Some(Self {
                    list: format!("</{prefix}sst").into_bytes(),
                    item: format!("</{prefix}si>").into_bytes(),
                })
            }
            _ => None,
        }
    }

    /// True for the start tag of an item, which its end tag names.
    fn is_item(&self, element: &[u8]) -> bool {
        let name = &self.item[2..self.item.len() - 1];
        element[1..]
            .strip_prefix(name)
            .is_some_and(|rest| matches!(rest.first(), Some(b'>' | b'/' | b' ' | b'\t' | b'\r' | b'\n')))
    }
}
