//! A worksheet part: its elements with their places, its cells, what is merged and protected.

use std::ops::Range;

use deskhand_opc::Blob;
use deskhand_opc::xml::{Event, Ns, Reader, Tag};
use deskhand_operations::{Area, RefusalCode};

use crate::cells::{Keep, Scan, scan};
use crate::error::{Outcome, refuse};
use crate::room::Room;
use crate::workbook::{Workbook, is_true};

/// An element below the root.
#[derive(Clone, Debug)]
pub(crate) struct Element<'a> {
    pub(crate) tag: Tag<'a>,
    pub(crate) span: Range<usize>,
}

/// A worksheet read for one purpose.
#[derive(Debug)]
pub(crate) struct Worksheet<'a> {
    pub(crate) content: &'a [u8],
    /// `x:` in a part with prefixed elements, otherwise empty.
    pub(crate) prefix: String,
    pub(crate) elements: Vec<Element<'a>>,
    pub(crate) data: Scan<'a>,
    pub(crate) merged: Vec<Area>,
    /// True when the sheet is protected: locked cells may not be edited.
    pub(crate) protected: bool,
    /// Styles of columns: first, last, style.
    pub(crate) column_styles: Vec<(u32, u32, u32)>,
    /// Widths of columns in characters, 0 for hidden ones: first, last, width.
    pub(crate) column_widths: Vec<(u32, u32, f64)>,
    /// Hidden columns: first, last.
    pub(crate) hidden_columns: Vec<(u32, u32)>,
    /// Where the root's end tag starts.
    pub(crate) end: usize,
    pub(crate) strict: bool,
}

impl<'a> Worksheet<'a> {
    /// Reads a worksheet part.
    pub(crate) fn read(workbook: &Workbook, part: &'a str, content: &'a [u8], keep: &Keep) -> Outcome<Self> {
        let mut reader = Reader::new(part, content, workbook.package.limits())?;
        let root = loop {
            match reader.next_event()? {
                Some(Event::Start(tag)) => break tag,
                Some(_) => {}
                None => {
                    return refuse(
                        RefusalCode::Corrupt,
                        "A sheet is empty of content; nothing was changed.",
                    );
                }
            }
        };
        if !root.is(Ns::Spreadsheet, "worksheet") || root.self_closing {
            return refuse(
                RefusalCode::Corrupt,
                "A sheet's part is not a worksheet; nothing was changed.",
            );
        }
        let mut sheet = Self {
            content,
            prefix: root.prefix_colon(),
            elements: Vec::new(),
            data: Scan {
                ordered: true,
                room: Room::new(workbook.package.limits()),
                ..Scan::default()
            },
            merged: Vec::new(),
            protected: false,
            column_styles: Vec::new(),
            column_widths: Vec::new(),
            hidden_columns: Vec::new(),
            end: content.len(),
            strict: false,
        };
        loop {
            match reader.next_event()? {
                Some(Event::Start(tag)) => sheet.element(&mut reader, tag, keep)?,
                Some(Event::End { span }) => {
                    sheet.end = span.start;
                    break;
                }
                Some(Event::Text(_)) => {}
                None => break,
            }
        }
        sheet.strict = reader.is_strict();
        Ok(sheet)
    }

    fn element(&mut self, reader: &mut Reader<'a>, tag: Tag<'a>, keep: &Keep) -> Outcome<()> {
        let depth = reader.depth();
        let end;
        match tag.local() {
            "sheetData" => {
                self.data = scan(reader, keep, std::mem::take(&mut self.data.room))?;
                // The scan read the end tag, which ends where the reader stands.
                end = reader.position();
            }
            "mergeCells" | "cols" => {
                loop {
                    match reader.next_event()? {
                        Some(Event::Start(child)) => self.note(&child),
                        Some(Event::End { .. }) if reader.depth() < depth => break,
                        Some(_) => {}
                        None => break,
                    }
                }
                end = reader.position();
            }
            _ => {
                if tag.local() == "sheetProtection" {
                    self.protected = tag.attribute("sheet").is_some_and(|sheet| is_true(&sheet));
                }
                reader.skip()?;
                end = reader.position();
            }
        }
        self.elements.push(Element {
            span: tag.span.start..end,
            tag,
        });
        Ok(())
    }

    fn note(&mut self, child: &Tag<'a>) {
        match child.local() {
            "mergeCell" => self
                .merged
                .extend(child.find("ref").and_then(|area| Area::parse(area.raw).ok())),
            "col" => {
                let number = |name: &str| child.find(name).and_then(|value| value.raw.parse::<u32>().ok());
                let hidden = child.find("hidden").is_some_and(|hidden| is_true(hidden.raw));
                let width = child
                    .find("width")
                    .and_then(|width| width.raw.parse::<f64>().ok());
                let width = width.filter(|width| (0.0..=255.0).contains(width));
                if let (Some(first), Some(last), Some(width)) = (number("min"), number("max"), width) {
                    let width = if hidden { 0.0 } else { width };
                    self.column_widths
                        .push((first.saturating_sub(1), last.saturating_sub(1), width));
                }
                if let (true, Some(first), Some(last)) = (hidden, number("min"), number("max")) {
                    self.hidden_columns
                        .push((first.saturating_sub(1), last.saturating_sub(1)));
                }
                if let (Some(first), Some(last), Some(style)) =
                    (number("min"), number("max"), number("style"))
                {
                    self.column_styles
                        .push((first.saturating_sub(1), last.saturating_sub(1), style));
                }
            }
            _ => {}
        }
    }

    /// The first element of this name.
    pub(crate) fn find(&self, local: &str) -> Option<&Element<'a>> {
        self.elements.iter().find(|element| element.tag.local() == local)
    }

    /// The edit that inserts an element where the schema wants it.
    pub(crate) fn insert(&self, local: &str, xml: &str) -> (Range<usize>, Blob) {
        crate::outline::insert(&self.elements, self.end, local, xml)
    }

    /// The style that a new cell takes: of its row, otherwise of its column.
    pub(crate) fn style_for_new(&self, row: u32, column: u32) -> u32 {
        let index = self.data.rows.binary_search_by_key(&row, |scanned| scanned.row);
        let of_row = index.ok().and_then(|index| {
            let tag = &self.data.rows[index].tag;
            let custom = tag
                .attribute("customFormat")
                .is_some_and(|custom| is_true(&custom));
            custom
                .then(|| tag.find("s").and_then(|style| style.raw.parse().ok()))
                .flatten()
        });
        let of_column = || {
            self.column_styles
                .iter()
                .find(|(first, last, _)| (*first..=*last).contains(&column))
                .map(|(_, _, style)| *style)
        };
        of_row.or_else(of_column).unwrap_or_default()
    }
}
