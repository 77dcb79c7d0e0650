//! Of a large worksheet the head, the tail and some rows, with the places where they stand: operations read the cut as they
//! would read the part, and what they change in it is changed in the part.

use std::ops::Range;

use deskhand_opc::{Blob, Draft, Package};
use deskhand_operations::{Area, RefusalCode};

use super::item::{Names, RowTag};
use super::{MOST, Streamed, StreamedCell, Visitor, cells, is_large};
use crate::cells::Keep;
use crate::error::{Outcome, refuse};
use crate::sheet::Worksheet;
use crate::workbook::Workbook;

/// A worksheet part for one purpose: all of a small one, a cut of a large one.
#[derive(Debug)]
pub(crate) struct SheetPart {
    name: String,
    content: Blob,
    /// None where the content is the whole part.
    cut: Option<Cut>,
}

#[derive(Debug)]
struct Cut {
    pieces: Vec<Piece>,
    /// The smallest area that holds every value and formula of the whole sheet.
    used: Option<Area>,
}

/// A run of bytes of the part.
#[derive(Clone, Copy, Debug)]
struct Piece {
    /// Where it begins in the cut, and in the part.
    here: usize,
    there: usize,
}

impl SheetPart {
    /// The part for reading and changing some rows, first and last each. Of a cut, these things are as in the whole: the
    /// elements around the rows, these rows with all their cells, array formulas wherever they stand, and the used range.
    pub(crate) fn of(package: &Package, part: &str, rows: &[(u32, u32)]) -> Outcome<Self> {
        Self::watched(package, part, rows, &mut |_: &StreamedCell<'_>| true)
    }

    /// The part without any of its rows, where it is large.
    pub(crate) fn without_rows(package: &Package, part: &str) -> Outcome<Self> {
        Self::of(package, part, &[])
    }

    /// As [`SheetPart::of`], for changing cells. Where the formula that a group of cells shares goes, all of the group is
    /// changed, which takes the whole part.
    pub(crate) fn for_change(
        package: &Package,
        part: &str,
        rows: &[(u32, u32)],
        replaced: &dyn Fn(u32, u32) -> bool,
    ) -> Outcome<Self> {
        Self::watched(package, part, rows, &mut |cell: &StreamedCell<'_>| {
            !(cell.is_anchor() && replaced(cell.row, cell.column))
        })
    }

    /// As [`SheetPart::of`], and every cell of a large part is shown on the way. What was shown does not count where the
    /// answer is the whole part.
    pub(crate) fn watched(
        package: &Package,
        part: &str,
        rows: &[(u32, u32)],
        watch: &mut dyn FnMut(&StreamedCell<'_>) -> bool,
    ) -> Outcome<Self> {
        if is_large(package, part)?
            && let Some(cut) = Self::cut(package, part, rows, watch)?
        {
            return Ok(cut);
        }
        Ok(Self {
            name: part.to_owned(),
            content: package.part(part)?,
            cut: None,
        })
    }

    /// Cuts the rows out, whatever the size of the part. Nothing where the whole is needed.
    pub(super) fn cut(
        package: &Package,
        part: &str,
        rows: &[(u32, u32)],
        watch: &mut dyn FnMut(&StreamedCell<'_>) -> bool,
    ) -> Outcome<Option<Self>> {
        let mut cutter = Cutter::new(rows, watch);
        let (how, used) = cells(package, part, &mut cutter)?;
        if how == Streamed::Unusual {
            return Ok(None);
        }
        let cut = cutter.finish(package.part_size(part)?);
        Ok(cut.map(|(content, pieces)| Self {
            name: part.to_owned(),
            content,
            cut: Some(Cut { pieces, used }),
        }))
    }

    /// True where only some of the part is held.
    pub(crate) fn is_cut(&self) -> bool {
        self.cut.is_some()
    }

    pub(crate) fn content(&self) -> &[u8] {
        &self.content
    }

    /// Reads it.
    pub(crate) fn read(&self, workbook: &Workbook, keep: &Keep) -> Outcome<Worksheet<'_>> {
        let mut sheet = Worksheet::read(workbook, &self.name, &self.content, keep)?;
        if let Some(cut) = &self.cut {
            sheet.data.used = cut.used;
        }
        Ok(sheet)
    }

    /// Makes changes to it in the part.
    pub(crate) fn edit(
        &self,
        draft: &mut Draft,
        edits: impl IntoIterator<Item = (Range<usize>, Blob)>,
    ) -> Outcome<()> {
        let edits = edits.into_iter().map(|(range, blob)| {
            let range = self.place(&range)?;
            Some((range, blob))
        });
        let Some(edits) = edits.collect::<Option<Vec<_>>>() else {
            return refuse(
                RefusalCode::Failed,
                "The change runs over rows that were not looked at; nothing was changed.",
            );
        };
        draft.edit(&self.name, edits)?;
        Ok(())
    }

    /// Where a range stands in the part. Between two pieces it is the beginning of the second: rows are inserted before the
    /// row that follows them.
    fn place(&self, range: &Range<usize>) -> Option<Range<usize>> {
        let Some(cut) = &self.cut else {
            return Some(range.clone());
        };
        let index = cut.pieces.partition_point(|piece| piece.here <= range.start);
        let piece = cut.pieces[index.checked_sub(1)?];
        let end = cut.pieces.get(index).map_or(self.content.len(), |next| next.here);
        let start = range.start - piece.here + piece.there;
        (range.end <= end).then_some(start..start + range.len())
    }
}

/// Collects the bytes of a cut.
struct Cutter<'w> {
    /// In order, first and last.
    rows: Vec<(u32, u32)>,
    watch: &'w mut dyn FnMut(&StreamedCell<'_>) -> bool,
    content: Vec<u8>,
    pieces: Vec<Piece>,
    /// The row that is passing by: its bytes, where it stands, and whether it is wanted.
    row: Vec<u8>,
    place: u64,
    is_wanted: bool,
    /// The row before, and its number.
    before: Option<u32>,
    is_unusual: bool,
    tail: Vec<u8>,
}

impl<'w> Cutter<'w> {
    fn new(rows: &[(u32, u32)], watch: &'w mut dyn FnMut(&StreamedCell<'_>) -> bool) -> Self {
        let mut rows = rows.to_vec();
        rows.sort_unstable();
        rows.dedup_by(|next, held| {
            let joins = next.0 <= held.1.saturating_add(1);
            if joins {
                held.1 = held.1.max(next.1);
            }
            joins
        });
        Self {
            rows,
            watch,
            content: Vec::new(),
            pieces: Vec::new(),
            row: Vec::new(),
            place: 0,
            is_wanted: false,
            before: None,
            is_unusual: false,
            tail: Vec::new(),
        }
    }

    /// True for a row that is wanted, and for the first one below a wanted row that is not there.
    fn wants(&self, row: u32) -> bool {
        let from = self.before.map_or(0, |before| before + 1);
        let index = self.rows.partition_point(|(_, last)| *last < from);
        self.rows.get(index).is_some_and(|(first, _)| *first <= row)
    }

    fn begin_piece(&mut self, place: u64) {
        let here = self.content.len();
        match usize::try_from(place) {
            Ok(there) => self.pieces.push(Piece { here, there }),
            Err(_) => self.is_unusual = true,
        }
    }

    /// Takes up the row that passed by.
    fn close(&mut self) {
        if self.is_wanted {
            self.take_row();
        }
    }

    fn take_row(&mut self) {
        self.is_wanted = false;
        self.begin_piece(self.place);
        self.content.append(&mut self.row);
        self.is_unusual |= self.content.len() > MOST;
    }

    /// The cut and its pieces, of a part of this size. Nothing where the part is to be taken as a whole.
    fn finish(mut self, size: u64) -> Option<(Blob, Vec<Piece>)> {
        // Rows are appended after the last one.
        let is_beyond = self.before.is_some() && self.wants(u32::MAX);
        if self.is_wanted || (is_beyond && !self.row.is_empty()) {
            self.take_row();
        }
        self.begin_piece(size.checked_sub(self.tail.len() as u64)?);
        self.content.append(&mut self.tail);
        (!self.is_unusual).then(|| (self.content.into(), self.pieces))
    }
}

impl Visitor for Cutter<'_> {
    fn head(&mut self, bytes: &[u8], _: &Names, place: u64) {
        if self.content.is_empty() {
            self.begin_piece(place);
        }
        self.content.extend_from_slice(bytes);
        self.is_unusual |= self.content.len() > MOST;
    }

    fn row(&mut self, row: u32, tag: &RowTag, bytes: &[u8], place: u64) {
        self.close();
        self.row.clear();
        self.row.extend_from_slice(bytes);
        self.place = place;
        self.is_wanted = self.wants(row);
        self.before = Some(row);
        // Its number is said by the rows above, which the cut leaves out.
        self.is_unusual |= tag.number.is_none();
    }

    fn between(&mut self, bytes: &[u8]) {
        self.row.extend_from_slice(bytes);
    }

    fn row_end(&mut self, bytes: &[u8]) {
        self.row.extend_from_slice(bytes);
    }

    fn cell(&mut self, cell: &StreamedCell<'_>, _: Option<Area>) -> bool {
        self.row.extend_from_slice(cell.bytes);
        self.is_wanted |= cell.is_array() || cell.is_anchor();
        self.is_unusual |= !(self.watch)(cell);
        !self.is_unusual
    }

    fn tail(&mut self, bytes: &[u8]) -> bool {
        self.tail.extend_from_slice(bytes);
        self.tail.len() <= 2 * MOST
    }
}
