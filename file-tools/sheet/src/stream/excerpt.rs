//! A small worksheet cut out of a large one: its head and tail, and some of its rows, byte for byte. The general reader
//! reads it as it would read those rows in the whole.

use std::collections::{BTreeMap, HashMap, HashSet};

use deskhand_opc::{Blob, Package};
use deskhand_operations::Area;

use super::item::{Names, RowTag};
use super::{MOST, Streamed, StreamedCell, Visitor, cells};
use crate::error::Outcome;

/// Rows of a worksheet.
#[derive(Debug)]
pub(crate) struct Excerpt {
    /// A worksheet part with these rows. Places in it are not those of the part that it was cut out of.
    pub(crate) content: Blob,
    /// The smallest area that holds every value and formula of the whole sheet.
    pub(crate) used: Option<Area>,
}

/// Cuts out the first used rows of an area: at most `rows`, and no more than hold `most` cells; the first cell of an area
/// that holds nothing. Nothing where the part is unusual: then all of it is to be read.
pub(crate) fn excerpt(
    package: &Package,
    part: &str,
    area: Area,
    rows: u32,
    most: u64,
) -> Outcome<Option<Excerpt>> {
    let excerpt = cut(package, part, Cutter::new(area, rows, most))?;
    let is_used = |excerpt: &Excerpt| {
        excerpt
            .used
            .is_some_and(|used| used.intersection(&area).is_some())
    };
    if excerpt.as_ref().is_none_or(is_used) {
        return Ok(excerpt);
    }
    let cutter = Cutter {
        is_used: true,
        ..Cutter::new(Area::cell(area.top, area.left), 1, most)
    };
    cut(package, part, cutter)
}

fn cut(package: &Package, part: &str, mut cutter: Cutter) -> Outcome<Option<Excerpt>> {
    let (how, used) = cells(package, part, &mut cutter)?;
    if how == Streamed::Unusual || cutter.is_unusual {
        return Ok(None);
    }
    let content = cutter.finish().map(Blob::from);
    Ok(content.map(|content| Excerpt { content, used }))
}

/// A row that is being collected.
struct Row {
    number: u32,
    numbered: bool,
    bytes: Vec<u8>,
    cells: u64,
}

struct Cutter {
    area: Area,
    rows: u64,
    most: u64,
    names: Option<Names>,
    head: Vec<u8>,
    body: Vec<u8>,
    tail: Vec<u8>,
    row: Option<Row>,
    /// Cells in `body`.
    count: u64,
    /// The first row in `body`.
    first: Option<u32>,
    /// Cells that hold the text of a shared formula, by group, with their row.
    anchors: HashMap<u32, ((u32, u32), Vec<u8>)>,
    /// Bytes of `anchors`.
    held: usize,
    /// Groups whose text is in `body`.
    kept: HashSet<u32>,
    /// Groups that cells of `body` belong to.
    wanted: HashSet<u32>,
    /// True once a value or formula was seen: rows count from there on.
    is_used: bool,
    is_unusual: bool,
    has_tail: bool,
}

impl Cutter {
    fn new(area: Area, rows: u32, most: u64) -> Self {
        Self {
            area,
            rows: u64::from(rows).min(most),
            most,
            names: None,
            head: Vec::new(),
            body: Vec::new(),
            tail: Vec::new(),
            row: None,
            count: 0,
            first: None,
            anchors: HashMap::new(),
            held: 0,
            kept: HashSet::new(),
            wanted: HashSet::new(),
            is_used: false,
            is_unusual: false,
            has_tail: false,
        }
    }

    /// True where a row may be among those that are wanted, as far as it is known.
    fn wants(&self, row: u32) -> bool {
        let first = self.first.map_or(0, u64::from);
        (self.area.top..=self.area.bottom).contains(&row)
            && self.count <= self.most
            && (self.first.is_none() || u64::from(row) < first + self.rows)
    }

    /// Puts the collected row away. Rows above the first value of the sheet are not part of any answer.
    fn close(&mut self) {
        let Some(mut row) = self.row.take().filter(|_| self.is_used) else {
            return;
        };
        self.is_unusual |= !row.numbered;
        self.first.get_or_insert(row.number);
        self.count += row.cells;
        self.body.append(&mut row.bytes);
        if let Some(names) = &self.names {
            self.body.extend(names.row_end());
        }
    }

    fn finish(mut self) -> Option<Vec<u8>> {
        self.close();
        let names = self.names?;
        // Texts of shared formulas that stand above: each in its place, in front of the rows.
        let mut above: BTreeMap<(u32, u32), Vec<u8>> = BTreeMap::new();
        for group in self.wanted.difference(&self.kept) {
            if let Some((place, cell)) = self.anchors.remove(group) {
                if self.first.is_none_or(|first| place.0 >= first) {
                    return None;
                }
                above.insert(place, cell);
            }
        }
        let mut rows: BTreeMap<u32, Vec<u8>> = BTreeMap::new();
        for ((row, _), cell) in above {
            rows.entry(row).or_default().extend(cell);
        }
        let mut content = self.head;
        for (row, cells) in rows {
            content.extend(names.row(row, &cells));
        }
        content.append(&mut self.body);
        if self.has_tail {
            let end = names.ends();
            let data = end.len() - end.iter().rev().position(|byte| *byte == b'<')? - 1;
            content.extend_from_slice(&end[..data]);
            let tail = self.tail.iter().position(|byte| *byte == b'>')?;
            content.extend_from_slice(&self.tail[tail + 1..]);
        } else {
            content.extend(names.ends());
        }
        Some(content)
    }
}

impl Visitor for Cutter {
    fn head(&mut self, bytes: &[u8], names: &Names, _: u64) {
        self.names.get_or_insert_with(|| names.clone());
        self.head.extend_from_slice(bytes);
        self.is_unusual |= self.head.len() > MOST;
    }

    fn row(&mut self, row: u32, tag: &RowTag, bytes: &[u8], _: u64) {
        self.close();
        if !self.wants(row) {
            return;
        }
        let mut bytes = bytes.to_vec();
        if tag.empty {
            // Without its slash: the end tag follows.
            let slash = bytes.iter().rposition(|byte| *byte == b'/');
            bytes.truncate(slash.unwrap_or_default());
            bytes.push(b'>');
        }
        self.row = Some(Row {
            number: row,
            numbered: tag.number.is_some(),
            bytes,
            cells: 0,
        });
    }

    fn cell(&mut self, cell: &StreamedCell<'_>, used: Option<Area>) -> bool {
        let group = cell.raw.formula.as_ref().and_then(|formula| {
            let group = formula.group?;
            Some((group, !formula.text.is_empty()))
        });
        let is_anchor = |group: u32| {
            cell.anchors
                .get(&group)
                .is_some_and(|anchor| (anchor.0, anchor.1) == (cell.row, cell.column))
        };
        let is_numbered = cell.raw.reference.is_some();
        let columns = self.area.left..=self.area.right;
        let mut is_kept = false;
        self.is_used |= used.is_some();
        if let Some(row) = &mut self.row
            && (!is_numbered || columns.contains(&cell.column))
        {
            row.bytes.extend_from_slice(cell.bytes);
            row.cells += u64::from(columns.contains(&cell.column));
            is_kept = true;
        }
        if let Some((group, has_text)) = group {
            let anchor = has_text && is_anchor(group);
            if is_kept {
                self.wanted.insert(group);
                if anchor {
                    self.kept.insert(group);
                }
            } else if anchor {
                let is_above = self.first.is_none_or(|first| cell.row < first);
                let bytes = if is_above { cell.bytes } else { &[] };
                self.held += bytes.len();
                self.is_unusual |= (is_above && !is_numbered) || self.held > MOST;
                self.anchors
                    .insert(group, ((cell.row, cell.column), bytes.to_vec()));
            }
        }
        !self.is_unusual
    }

    fn tail(&mut self, bytes: &[u8]) -> bool {
        self.has_tail = true;
        self.tail.extend_from_slice(bytes);
        self.tail.len() <= 2 * MOST
    }
}
