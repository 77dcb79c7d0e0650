//! `sheetData`, read once from top to bottom: addresses, formulas, new rows and cells.

use std::collections::HashMap;
use std::ops::Range;

use deskhand_formula::{Axis, CellAt, Holder, translate};
use deskhand_opc::xml::{Event, Ns, Reader, Tag};
use deskhand_operations::Area;

use super::edits::{Edit, Edits};
use super::fresh::{self, Above};
use super::{Follow, corners};
use crate::addresses;
use crate::error::Outcome;
use crate::sheet::Worksheet;
use crate::workbook::SheetEntry;

type Place = (u32, u32);

/// A shared formula: where it stands and reads before and after; no place after where its cell goes.
struct Group {
    before: (Place, String),
    after: Option<(Place, String)>,
}

/// A cell's `<f>`.
struct Formula<'a> {
    tag: Tag<'a>,
    text: String,
    /// Where its text stands.
    inner: Range<usize>,
    /// Where it ends.
    end: usize,
}

/// The walk over a sheet's cells.
pub(super) struct Cells<'c, 'f, 'w, 'a> {
    pub(super) follow: &'f mut Follow<'w>,
    pub(super) index: usize,
    pub(super) sheet: &'w SheetEntry,
    /// The sheet that is changed, where this is it.
    pub(super) own: Option<&'c Worksheet<'a>>,
    pub(super) edits: &'c mut Edits<'a>,
    groups: HashMap<u32, Group>,
    above: Above,
    /// True once the new rows are written.
    rows_written: bool,
}

impl<'c, 'f, 'w, 'a> Cells<'c, 'f, 'w, 'a> {
    pub(super) fn new(
        follow: &'f mut Follow<'w>,
        (index, sheet): (usize, &'w SheetEntry),
        own: Option<&'c Worksheet<'a>>,
        edits: &'c mut Edits<'a>,
    ) -> Self {
        let inserts_rows = own.is_some() && follow.shift.insert && follow.shift.axis == Axis::Rows;
        Self {
            follow,
            index,
            sheet,
            own,
            edits,
            groups: HashMap::new(),
            above: Above::default(),
            rows_written: !inserts_rows,
        }
    }

    /// Where a cell is afterwards.
    fn moved(&self, (row, column): Place) -> Option<Place> {
        if self.own.is_some() {
            self.follow.shift.cell(row, column)
        } else {
            Some((row, column))
        }
    }

    /// Where a row is afterwards.
    fn moved_row(&self, row: u32) -> Option<u32> {
        match self.follow.shift.axis {
            Axis::Rows if self.own.is_some() => self.follow.shift.index(row),
            _ => Some(row),
        }
    }

    /// Reads `sheetData`, whose start tag was read last; answers where it ends.
    pub(super) fn walk(&mut self, reader: &mut Reader<'a>, data: &Tag<'a>) -> Outcome<usize> {
        let (mut next, mut next_new) = (0, 0);
        loop {
            match reader.next_event()? {
                Some(Event::Start(tag)) if tag.is(Ns::Spreadsheet, "row") => {
                    self.row(reader, &tag, &mut next, &mut next_new)?;
                }
                Some(Event::Start(_)) => {
                    reader.skip()?;
                }
                Some(Event::Text(_)) => {}
                Some(Event::End { span }) => {
                    if !data.self_closing {
                        self.new_rows(span.start)?;
                    }
                    return Ok(span.end.max(data.span.end));
                }
                None => return Ok(reader.position()),
            }
        }
    }

    /// Writes the new rows, once; answers whether there are any.
    fn new_rows(&mut self, at: usize) -> Outcome<bool> {
        if let (false, Some(own)) = (self.rows_written, self.own) {
            self.rows_written = true;
            let xml = fresh::rows(self.follow, own, &self.above)?;
            if !xml.is_empty() {
                self.edits.replace(at..at, xml.as_bytes());
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn row(
        &mut self,
        reader: &mut Reader<'a>,
        tag: &Tag<'a>,
        next: &mut u32,
        next_new: &mut u32,
    ) -> Outcome<()> {
        let said = tag
            .find("r")
            .and_then(|r| r.raw.parse::<u32>().ok()?.checked_sub(1));
        let row = said.unwrap_or(*next);
        *next = row.saturating_add(1);
        if row >= self.follow.shift.at && !self.rows_written && self.new_rows(tag.span.start)? {
            *next_new = self.follow.shift.at + self.follow.shift.count;
        }
        let Some(new) = self.moved_row(row) else {
            let end = self.cells(reader, row, None)?;
            self.edits.replace(tag.span.start..end.max(tag.span.end), b"");
            return Ok(());
        };
        if self.own.is_some() && row + 1 == self.follow.shift.at && !self.rows_written {
            self.above = Above::of(tag);
        }
        let mut edits = Vec::new();
        if said.map_or(new != *next_new, |said| said != new) {
            edits.push(tag.set_attribute("r", &(new + 1).to_string()));
        }
        edits.extend(self.spans(tag));
        self.edits.extend(edits, 0);
        *next_new = new + 1;
        self.cells(reader, row, Some((new, tag.self_closing)))?;
        Ok(())
    }

    /// The row's `spans` when columns move: taken out where it would not be sure to hold.
    fn spans(&self, tag: &Tag<'a>) -> Option<Edit> {
        let held = tag.find("spans")?;
        if self.own.is_none() || self.follow.shift.axis != Axis::Columns {
            return None;
        }
        let shift = self.follow.shift;
        let new = held.raw.split_once(':').and_then(|(first, last)| {
            let (first, last): (u32, u32) = (first.parse().ok()?, last.parse().ok()?);
            let (first, last) = (first.checked_sub(1)?, last.checked_sub(1)?);
            let (low, high) = shift.span(first, last)?;
            let widened = shift.insert && last + 1 == shift.at;
            Some(format!(
                "{}:{}",
                low + 1,
                if widened { high + shift.count } else { high } + 1
            ))
        });
        match new {
            Some(new) => (new != held.raw).then(|| tag.set_attribute("spans", &new)),
            None => tag.remove_attribute("spans"),
        }
    }

    /// The cells of a row, and where the row ends. `new` is its new number and whether it is self-closed; `None` for a
    /// row that goes, of which only shared formulas are kept in mind.
    fn cells(&mut self, reader: &mut Reader<'a>, row: u32, new: Option<(u32, bool)>) -> Outcome<usize> {
        let shift = self.follow.shift;
        let inserts = self.own.is_some() && shift.insert && shift.axis == Axis::Columns;
        let (mut next, mut next_new, mut written, mut left) = (0, 0, !inserts, None);
        loop {
            match reader.next_event()? {
                Some(Event::Start(tag)) if tag.is(Ns::Spreadsheet, "c") => {
                    let said = tag
                        .find("r")
                        .and_then(|r| Area::parse(r.raw).ok())
                        .map(|area| area.left);
                    let column = said.unwrap_or(next);
                    next = column.saturating_add(1);
                    if column >= shift.at && !written {
                        written = true;
                        self.new_cells(tag.span.start, row, left, &mut next_new);
                    }
                    let style = tag
                        .find("s")
                        .and_then(|style| style.raw.parse::<u32>().ok())
                        .unwrap_or_default();
                    if column + 1 == shift.at && !written {
                        left = Some(style);
                    }
                    if row + 1 == shift.at && !self.rows_written {
                        self.above.cells.push((column, style));
                    }
                    let place = new.and_then(|_| self.moved((row, column)));
                    let implied = said.is_none().then_some(next_new);
                    if let Some((_, column)) = place {
                        next_new = column + 1;
                    }
                    self.cell(reader, &tag, (row, column), place, (new.is_some(), implied))?;
                }
                Some(Event::Start(_)) => {
                    reader.skip()?;
                }
                Some(Event::Text(_)) => {}
                Some(Event::End { span }) => {
                    if let (false, Some((_, false))) = (written, new) {
                        self.new_cells(span.start, row, left, &mut next_new);
                    }
                    return Ok(span.end);
                }
                None => return Ok(reader.position()),
            }
        }
    }

    fn new_cells(&mut self, at: usize, row: u32, left: Option<u32>, next_new: &mut u32) {
        if let Some(own) = self.own {
            let xml = fresh::cells(self.follow, own, row, left);
            if !xml.is_empty() {
                *next_new = self.follow.shift.at + self.follow.shift.count;
                self.edits.replace(at..at, xml.as_bytes());
            }
        }
    }

    /// One cell. `kept` is false in a row that goes; `implied` is the column that a cell without address would be in.
    fn cell(
        &mut self,
        reader: &mut Reader<'a>,
        tag: &Tag<'a>,
        old: Place,
        new: Option<Place>,
        (kept, implied): (bool, Option<u32>),
    ) -> Outcome<()> {
        if let (Some(new), true) = (new, self.own.is_some()) {
            let moves = implied.map_or(new != old, |implied| implied != new.1);
            if moves {
                let (range, text) = tag.set_attribute("r", &Area::cell(new.0, new.1).to_string());
                self.edits.replace(range, &text);
            }
        }
        loop {
            match reader.next_event()? {
                Some(Event::Start(inner)) if inner.local() == "f" => {
                    let (text, end) = reader.text()?;
                    let formula = Formula {
                        text,
                        inner: inner.span.end..end.start.max(inner.span.end),
                        end: end.end.max(inner.span.end),
                        tag: inner,
                    };
                    self.formula(&formula, old, new);
                }
                Some(Event::Start(_)) => {
                    reader.skip()?;
                }
                Some(Event::Text(_)) => {}
                Some(Event::End { span }) => {
                    if new.is_none() && kept {
                        self.edits
                            .replace(tag.span.start..span.end.max(tag.span.end), b"");
                    }
                    return Ok(());
                }
                None => return Ok(()),
            }
        }
    }

    fn formula(&mut self, formula: &Formula<'a>, old: Place, new: Option<Place>) {
        let kind = formula.tag.find("t").map_or("normal", |kind| kind.raw);
        let group = formula
            .tag
            .find("si")
            .and_then(|group| group.raw.parse::<u32>().ok());
        let Some(new) = new else {
            if let (false, Some(group)) = (formula.text.is_empty(), group) {
                self.groups.entry(group).or_insert(Group {
                    before: (old, formula.text.clone()),
                    after: None,
                });
            }
            return;
        };
        match (kind, group) {
            ("shared", Some(group)) if formula.text.is_empty() => self.member(formula, group, old, new),
            _ => {
                let text = self.rewritten(&formula.text, old, new);
                self.edits.extend(self.areas(&formula.tag), 0);
                if let Some(text) = &text {
                    self.edits
                        .replace(formula.inner.clone(), super::text(text).as_bytes());
                }
                if let ("shared", Some(group)) = (kind, group) {
                    let text = text.unwrap_or_else(|| formula.text.clone());
                    self.groups.entry(group).or_insert(Group {
                        before: (old, formula.text.clone()),
                        after: Some((new, text)),
                    });
                }
            }
        }
    }

    /// A cell that shares the formula of another: it goes on sharing where that still gives its own formula.
    fn member(&mut self, formula: &Formula<'a>, group: u32, old: Place, new: Place) {
        let Some(Group {
            before: (place, text),
            after,
        }) = self.groups.get(&group)
        else {
            return;
        };
        let by = |from: Place, to: Place| {
            (
                i64::from(to.0) - i64::from(from.0),
                i64::from(to.1) - i64::from(from.1),
            )
        };
        let (rows, columns) = by(*place, old);
        let mine = translate(text, rows, columns);
        let shared = after.as_ref().map(|(place, text)| {
            let (rows, columns) = by(*place, new);
            translate(text, rows, columns)
        });
        let mine = self.rewritten(&mine, old, new).unwrap_or(mine);
        if shared.as_ref() != Some(&mine) {
            let name = formula.tag.name;
            let xml = format!("<{name}>{}</{name}>", super::text(&mine));
            self.edits
                .replace(formula.tag.span.start..formula.end, xml.as_bytes());
        }
    }

    fn rewritten(&mut self, text: &str, old: Place, new: Place) -> Option<String> {
        if text.is_empty() {
            return None;
        }
        let holder = Holder::Cell {
            sheet: &self.sheet.name,
            row: old.0,
            column: old.1,
        };
        let result = self.follow.formula(text, &holder);
        if result.affected {
            self.follow.affected.push(CellAt {
                sheet: self.index,
                row: new.0,
                column: new.1,
            });
        }
        if result.lost {
            self.follow.lost.push(addresses::cell(self.sheet, new.0, new.1));
        }
        result.text
    }

    /// The areas that a formula says beside its text: of the group, the array, the data table and its input cells.
    fn areas(&self, tag: &Tag<'a>) -> Vec<Edit> {
        if self.own.is_none() {
            return Vec::new();
        }
        let shift = self.follow.shift;
        let mut edits = Vec::new();
        for (name, deleted) in [("ref", ""), ("r1", "del1"), ("r2", "del2")] {
            let Some(area) = tag.find(name).and_then(|held| Area::parse(held.raw).ok()) else {
                continue;
            };
            match shift.area(area) {
                Some(new) if new != area => edits.push(tag.set_attribute(name, &corners(new))),
                None if !deleted.is_empty() => edits.push(tag.set_attribute(deleted, "1")),
                _ => {}
            }
        }
        edits
    }
}
