//! Which row of the earlier sheet is which of the later one, and likewise columns.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash as _, Hasher as _};

use deskhand_operations::CellValue;
use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::cells::{Grid, Held};

/// Lines of a sheet that are looked at; in longer ones nothing is taken for inserted.
const MAX_LINES: usize = 200_000;
/// Lines between the first and the last difference that are compared with each other.
const MAX_MIDDLE: usize = 4_000;

/// Rows or columns that belong together: so many from one line of the earlier sheet on and one of the later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Block {
    earlier: u32,
    later: u32,
    lines: u32,
}

/// How the lines of two sheets belong together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Lines {
    /// In order; none at all means that every line is itself.
    blocks: Vec<Block>,
    /// Lines of the later sheet that are new: first and last.
    pub(super) inserted: Vec<(u32, u32)>,
    /// Lines of the earlier sheet that are gone.
    pub(super) deleted: Vec<(u32, u32)>,
}

impl Lines {
    /// The line of the later sheet.
    pub(super) fn later(&self, line: u32) -> Option<u32> {
        self.map(line, |block| (block.earlier, block.later))
    }

    /// The line of the earlier sheet.
    pub(super) fn earlier(&self, line: u32) -> Option<u32> {
        self.map(line, |block| (block.later, block.earlier))
    }

    fn map(&self, line: u32, ends: impl Fn(&Block) -> (u32, u32)) -> Option<u32> {
        if self.blocks.is_empty() {
            return Some(line);
        }
        let after = self.blocks.partition_point(|block| ends(block).0 <= line);
        let block = self.blocks.get(after.checked_sub(1)?)?;
        let (from, to) = ends(block);
        (line - from < block.lines).then(|| to + (line - from))
    }
}

/// How two sheets lie beside each other: rows or columns are shifted, not both.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Alignment {
    pub(super) rows: Lines,
    pub(super) columns: Lines,
}

impl Alignment {
    /// What it costs to assume it: each inserted or deleted block counts as a change.
    pub(super) fn cost(&self) -> usize {
        [&self.rows, &self.columns]
            .iter()
            .map(|lines| lines.inserted.len() + lines.deleted.len())
            .sum()
    }
}

/// Cell by cell, with rows shifted, with columns shifted.
pub(super) fn candidates(before: &Grid, after: &Grid) -> Vec<Alignment> {
    let mut candidates = vec![Alignment::default()];
    let rows = (row_marks(before), row_marks(after));
    if let Some(rows) = lines(&rows.0, &rows.1) {
        candidates.push(Alignment {
            rows,
            columns: Lines::default(),
        });
    }
    let columns = (column_marks(before), column_marks(after));
    if let Some(columns) = lines(&columns.0, &columns.1) {
        candidates.push(Alignment {
            rows: Lines::default(),
            columns,
        });
    }
    candidates
}

/// How two lists of lines belong together; nothing where no line moved.
fn lines(before: &[u64], after: &[u64]) -> Option<Lines> {
    if before.len() > MAX_LINES || after.len() > MAX_LINES {
        return None;
    }
    let head = before
        .iter()
        .zip(after)
        .take_while(|(one, other)| one == other)
        .count();
    let rest = (&before[head..], &after[head..]);
    let tail = rest
        .0
        .iter()
        .rev()
        .zip(rest.1.iter().rev())
        .take_while(|(one, other)| one == other)
        .count();
    let middle = (&rest.0[..rest.0.len() - tail], &rest.1[..rest.1.len() - tail]);
    if middle.0.len() > MAX_MIDDLE || middle.1.len() > MAX_MIDDLE {
        return None;
    }
    let mut lines = Lines::default();
    lines.keep(0, 0, head);
    for op in capture_diff_slices(Algorithm::Patience, middle.0, middle.1) {
        let (earlier, later) = (head + op.old_range().start, head + op.new_range().start);
        let (old, new) = (op.old_range().len(), op.new_range().len());
        let common = if matches!(op, DiffOp::Equal { .. }) {
            old
        } else {
            old.min(new)
        };
        lines.keep(earlier, later, common);
        if new > common {
            lines
                .inserted
                .push(((later + common) as u32, (later + new - 1) as u32));
        }
        if old > common {
            lines
                .deleted
                .push(((earlier + common) as u32, (earlier + old - 1) as u32));
        }
    }
    let (end, later_end) = (before.len() - tail, after.len() - tail);
    // What lies below the last line that holds anything goes on as it is.
    lines.keep(end, later_end, tail + (1 << 21));
    // Lines that were filled or emptied at the end did not move any other.
    let moved = lines
        .blocks
        .iter()
        .any(|block| block.earlier != block.later && (block.earlier as usize) < before.len());
    moved.then_some(lines)
}

impl Lines {
    fn keep(&mut self, earlier: usize, later: usize, lines: usize) {
        if lines > 0 {
            self.blocks.push(Block {
                earlier: earlier as u32,
                later: later as u32,
                lines: lines as u32,
            });
        }
    }
}

/// A mark a row: of the constants in it, and where formulas stand.
fn row_marks(grid: &Grid) -> Vec<u64> {
    let length = grid.rows.last_key_value().map_or(0, |(row, _)| *row as usize + 1);
    let mut marks = vec![0; length.min(MAX_LINES + 1)];
    for (row, cells) in &grid.rows {
        let Some(mark) = marks.get_mut(*row as usize) else {
            break;
        };
        let mut hasher = DefaultHasher::new();
        let mut any = false;
        for (column, held) in cells {
            any |= add(&mut hasher, *column, held);
        }
        if any {
            *mark = hasher.finish() | 1;
        }
    }
    marks
}

/// A mark a column.
fn column_marks(grid: &Grid) -> Vec<u64> {
    let mut hashers: Vec<Option<DefaultHasher>> = Vec::new();
    for (row, cells) in &grid.rows {
        for (column, held) in cells {
            let index = *column as usize;
            if hashers.len() <= index {
                hashers.resize(index + 1, None);
            }
            let mut hasher = hashers[index].clone().unwrap_or_default();
            if add(&mut hasher, *row, held) {
                hashers[index] = Some(hasher);
            }
        }
    }
    hashers
        .into_iter()
        .map(|hasher| hasher.map_or(0, |hasher| hasher.finish() | 1))
        .collect()
}

/// Adds a cell that holds something.
fn add(hasher: &mut DefaultHasher, line: u32, held: &Held) -> bool {
    if held.formula.is_some() {
        (line, "=").hash(hasher);
        return true;
    }
    match &held.value {
        CellValue::Empty => return false,
        CellValue::Boolean(value) => (line, value).hash(hasher),
        CellValue::Number(value) => (line, value.to_bits()).hash(hasher),
        CellValue::Text(text) => (line, text).hash(hasher),
    }
    true
}
