//! Which formulas read a cell, directly and through others, without looking at every formula for every cell.
//!
//! Ranges are kept in a tree over columns (a range of any width stands in at most 28 of its nodes), and in each node in a
//! tree over rows. A range that was found is taken out, so that following a change through a whole workbook costs
//! n log n, whatever overlaps.

use std::collections::{HashMap, HashSet};

use deskhand_operations::{Area, MAX_COLUMNS};

/// First and last row of ranges, and their readers.
type Rows = Vec<(u32, u32, u32)>;

/// Ranges of one node, sorted by their first row.
#[derive(Debug, Default)]
struct Lane {
    tops: Vec<u32>,
    readers: Vec<u32>,
    /// One more than the last row of each range at the leaves, the greatest of its children above; 0 when taken out.
    ends: Vec<u32>,
    leaves: usize,
}

impl Lane {
    fn new(mut ranges: Rows) -> Self {
        ranges.sort_unstable();
        let leaves = ranges.len().next_power_of_two();
        let mut ends = vec![0; 2 * leaves];
        for (position, (_, bottom, _)) in ranges.iter().enumerate() {
            ends[leaves + position] = bottom.saturating_add(1);
        }
        for node in (1..leaves).rev() {
            ends[node] = ends[2 * node].max(ends[2 * node + 1]);
        }
        Self {
            tops: ranges.iter().map(|range| range.0).collect(),
            readers: ranges.iter().map(|range| range.2).collect(),
            ends,
            leaves,
        }
    }

    /// Takes out the ranges that hold one of some rows, and hands their readers over.
    fn take(&mut self, first: u32, last: u32, found: &mut Vec<u32>) {
        let before = self.tops.partition_point(|top| *top <= last);
        while let Some(position) = self.first(1, 0, self.leaves, before, first) {
            found.push(self.readers[position]);
            let mut node = self.leaves + position;
            self.ends[node] = 0;
            while node > 1 {
                node /= 2;
                self.ends[node] = self.ends[2 * node].max(self.ends[2 * node + 1]);
            }
        }
    }

    /// The first range among those before a position that ends at or after a row.
    fn first(&self, node: usize, from: usize, size: usize, before: usize, row: u32) -> Option<usize> {
        if from >= before || self.ends[node] <= row {
            return None;
        }
        if size == 1 {
            return Some(from);
        }
        let half = size / 2;
        self.first(2 * node, from, half, before, row)
            .or_else(|| self.first(2 * node + 1, from + half, half, before, row))
    }
}

/// The readers of ranges. `take` empties it bit by bit.
#[derive(Debug, Default)]
pub struct Readers {
    lanes: HashMap<(usize, u32), Lane>,
}

impl Readers {
    /// From ranges by sheet, each with the number of its reader.
    pub fn new(ranges: impl IntoIterator<Item = (usize, Area, u32)>) -> Self {
        let mut lanes: HashMap<(usize, u32), Rows> = HashMap::new();
        for (sheet, area, reader) in ranges {
            let mut low = area.left.min(MAX_COLUMNS - 1) + MAX_COLUMNS;
            let mut high = area.right.min(MAX_COLUMNS - 1) + MAX_COLUMNS + 1;
            let mut put = |node| {
                lanes
                    .entry((sheet, node))
                    .or_default()
                    .push((area.top, area.bottom, reader));
            };
            while low < high {
                if low % 2 == 1 {
                    put(low);
                    low += 1;
                }
                if high % 2 == 1 {
                    high -= 1;
                    put(high);
                }
                low /= 2;
                high /= 2;
            }
        }
        let lanes = lanes.into_iter().map(|(key, ranges)| (key, Lane::new(ranges)));
        Self {
            lanes: lanes.collect(),
        }
    }

    /// Hands over the readers of some cells that were not handed over before for the same range. A reader may come twice.
    pub fn take(&mut self, sheet: usize, area: Area, found: &mut Vec<u32>) {
        for column in area.left..=area.right.min(MAX_COLUMNS - 1) {
            let mut node = column + MAX_COLUMNS;
            while node > 0 {
                if let Some(lane) = self.lanes.get_mut(&(sheet, node)) {
                    lane.take(area.top, area.bottom, found);
                }
                node /= 2;
            }
        }
    }

    /// All readers of some cells, directly and through other readers; `filled_by` answers the cells whose values a reader
    /// gives. Sorted, each once. A reader that stands in one of the cells comes only where it reads one of them.
    pub fn closure(
        mut self,
        cells: impl IntoIterator<Item = (usize, Area)>,
        filled_by: impl Fn(u32) -> (usize, Area),
    ) -> Vec<u32> {
        let mut queue: Vec<(usize, Area)> = cells.into_iter().collect();
        let mut all = HashSet::new();
        let mut found = Vec::new();
        while let Some((sheet, area)) = queue.pop() {
            self.take(sheet, area, &mut found);
            for reader in found.drain(..) {
                if all.insert(reader) {
                    queue.push(filled_by(reader));
                }
            }
        }
        let mut all: Vec<u32> = all.into_iter().collect();
        all.sort_unstable();
        all
    }
}

#[cfg(test)]
mod tests {
    use super::Readers;
    use deskhand_operations::Area;

    /// A small generator of numbers, the same in every run.
    fn numbers() -> impl FnMut(u32) -> u32 {
        let mut state = 7u64;
        move |below| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            ((state >> 33) as u32) % below
        }
    }

    #[test]
    fn finds_what_looking_at_every_range_finds() {
        let mut next = numbers();
        for _ in 0..50 {
            let ranges: Vec<Area> = (0..60)
                .map(|_| {
                    let (top, left) = (next(40), next(40));
                    Area {
                        top,
                        left,
                        bottom: top + next(12),
                        right: left + next(30),
                    }
                })
                .collect();
            for _ in 0..20 {
                let (row, column) = (next(55), next(75));
                let mut readers =
                    Readers::new((0u32..).zip(&ranges).map(|(reader, area)| (0, *area, reader)));
                let mut found = Vec::new();
                readers.take(0, Area::cell(row, column), &mut found);
                found.sort_unstable();
                let expected: Vec<u32> = (0u32..)
                    .zip(&ranges)
                    .filter(|(_, area)| area.contains(row, column))
                    .map(|(reader, _)| reader)
                    .collect();
                assert_eq!(found, expected);
                let mut again = Vec::new();
                readers.take(0, Area::cell(row, column), &mut again);
                assert!(again.is_empty(), "each range is handed over once");
            }
        }
    }

    #[test]
    fn follows_readers_of_readers_and_rings() {
        // Formula n stands in row n and reads row n - 1; formula 0 reads row 3: a ring. Formula 9 stands apart.
        let reads = [3, 0, 1, 2].map(|row| Area::cell(row, 0));
        let mut ranges: Vec<_> = (0u32..)
            .zip(reads)
            .map(|(reader, area)| (0, area, reader))
            .collect();
        ranges.push((1, Area::cell(2, 0), 9));
        let all = Readers::new(ranges).closure([(0, Area::cell(2, 0))], |reader| (0, Area::cell(reader, 0)));
        assert_eq!(all, [0, 1, 2, 3]);
    }

    #[test]
    fn whole_columns_rows_and_sheets_are_ranges_like_others() {
        let areas = ["A:A", "3:3", "A1:XFD1048576"].map(|area| Area::parse(area).expect("an area"));
        let mut readers = Readers::new((0u32..).zip(areas).map(|(reader, area)| (0, area, reader)));
        let mut found = Vec::new();
        readers.take(0, Area::cell(2, 16_383), &mut found);
        found.sort_unstable();
        assert_eq!(found, [1, 2]);
        found.clear();
        readers.take(0, Area::cell(1_048_575, 0), &mut found);
        assert_eq!(found, [0]);
    }
}
