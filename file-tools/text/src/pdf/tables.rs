//! Tables: by drawn lines where they make a grid, otherwise by how words are aligned.

use deskhand_operations::text::pdf::PdfTable;

use super::glyphs::Rule;
use super::lines::{Line, Segment};

/// How far lines may be apart that are meant to meet, in points.
const NEAR: f64 = 3.0;
/// Rows of a table by alignment.
const MIN_ROWS: usize = 3;
/// Above this many characters a cell on average is a sentence, and columns are columns of text.
const MAX_MEAN: usize = 35;
/// Rows, columns and tables of a page.
const MAX_ROWS: usize = 2_000;
const MAX_COLUMNS: usize = 100;
const MAX_TABLES: usize = 200;
/// Drawn lines that are joined to grids.
const MAX_RULES: usize = 3_000;

/// The tables of a page from top to bottom.
pub(super) fn tables(lines: &[Line], rules: &[Rule]) -> Vec<PdfTable> {
    let grids = grids(rules);
    let mut found: Vec<(f64, PdfTable)> = Vec::new();
    for grid in &grids {
        let table = in_grid(grid, lines);
        let filled = table
            .rows
            .iter()
            .flatten()
            .filter(|cell| !cell.is_empty())
            .count();
        if filled > 1 {
            found.push((grid.rows[0], table));
        }
    }
    let outside = |line: &&Line| {
        let in_any = grids.iter().any(|grid| grid.holds(line.y));
        line.y < f64::MAX && !in_any
    };
    let rest: Vec<&Line> = lines.iter().filter(outside).collect();
    for block in blocks(&rest) {
        if let Some(table) = aligned(block) {
            found.push((block[0].y, table));
        }
    }
    found.sort_by(|one, other| one.0.total_cmp(&other.0));
    found.truncate(MAX_TABLES);
    found.into_iter().map(|(_, table)| table).collect()
}

/// The places of the lines of a grid, in order.
#[derive(Debug)]
struct Grid {
    columns: Vec<f64>,
    rows: Vec<f64>,
}

impl Grid {
    fn holds(&self, y: f64) -> bool {
        self.rows.first().is_some_and(|top| *top <= y)
            && self.rows.last().is_some_and(|bottom| y <= *bottom + NEAR)
    }
}

/// The grids that drawn lines make: lines that touch each other, at least two cells.
fn grids(rules: &[Rule]) -> Vec<Grid> {
    let rules = &rules[..rules.len().min(MAX_RULES)];
    let mut group: Vec<usize> = (0..rules.len()).collect();
    let root = |group: &mut Vec<usize>, mut index: usize| {
        while group[index] != index {
            group[index] = group[group[index]];
            index = group[index];
        }
        index
    };
    for (index, rule) in rules.iter().enumerate() {
        for (other_index, other) in rules.iter().enumerate().skip(index + 1) {
            if touch(rule, other) {
                let (one, two) = (root(&mut group, index), root(&mut group, other_index));
                group[two] = one;
            }
        }
    }
    let mut groups: std::collections::BTreeMap<usize, Vec<&Rule>> = std::collections::BTreeMap::new();
    for (index, rule) in rules.iter().enumerate() {
        groups.entry(root(&mut group, index)).or_default().push(rule);
    }
    let grids = groups.into_values().filter_map(|rules| {
        let places = |upright: bool| {
            let own = rules.iter().filter(|rule| rule.upright == upright);
            distinct(
                own.map(|rule| if upright { rule.from.0 } else { rule.from.1 })
                    .collect(),
            )
        };
        let (columns, rows) = (places(true), places(false));
        let sound =
            columns.len() > 2 && rows.len() > 2 && columns.len() <= MAX_COLUMNS && rows.len() <= MAX_ROWS;
        sound.then_some(Grid { columns, rows })
    });
    grids.collect()
}

fn touch(one: &Rule, other: &Rule) -> bool {
    let overlap = |a: (f64, f64), b: (f64, f64)| a.0 <= b.1 + NEAR && b.0 <= a.1 + NEAR;
    overlap((one.from.0, one.to.0), (other.from.0, other.to.0))
        && overlap((one.from.1, one.to.1), (other.from.1, other.to.1))
}

/// Places in order, those close to each other as one.
fn distinct(mut places: Vec<f64>) -> Vec<f64> {
    places.sort_by(f64::total_cmp);
    places.dedup_by(|next, kept| *next - *kept < NEAR);
    places
}

/// Puts the words of a grid's lines into its cells.
fn in_grid(grid: &Grid, lines: &[Line]) -> PdfTable {
    let (height, width) = (grid.rows.len() - 1, grid.columns.len() - 1);
    let mut rows = vec![vec![String::new(); width]; height];
    for line in lines.iter().filter(|line| grid.holds(line.y)) {
        // The middle of the letters, not their base line.
        let middle = line.y - line.size * 0.3;
        let row = grid.rows.partition_point(|edge| *edge < middle);
        let Some(row) = row.checked_sub(1).filter(|row| *row < height) else {
            continue;
        };
        for word in &line.words {
            let column = grid
                .columns
                .partition_point(|edge| *edge < f64::midpoint(word.left, word.right));
            let Some(column) = column.checked_sub(1).filter(|column| *column < width) else {
                continue;
            };
            let cell = &mut rows[row][column];
            if !cell.is_empty() {
                cell.push(' ');
            }
            cell.push_str(&word.text);
        }
    }
    PdfTable { rows, ruled: true }
}

/// Stretches of lines that follow each other closely and have several segments; single ones in between belong to them.
fn blocks<'l, 'p>(lines: &'l [&'p Line]) -> Vec<&'l [&'p Line]> {
    let mut blocks = Vec::new();
    let mut start = 0;
    while start < lines.len() {
        if lines[start].segments.len() < 2 {
            start += 1;
            continue;
        }
        let (mut end, mut last) = (start + 1, start);
        while end < lines.len() && close(lines[end - 1], lines[end]) && end - last <= 2 {
            if lines[end].segments.len() > 1 {
                last = end;
            }
            end += 1;
        }
        blocks.push(&lines[start..=last]);
        start = last + 1;
    }
    blocks
}

fn close(above: &Line, below: &Line) -> bool {
    below.y - above.y < 2.6 * above.size.max(below.size)
}

/// The table of a block; nothing where its segments are sentences or make no columns.
fn aligned(block: &[&Line]) -> Option<PdfTable> {
    let rows = block.iter().filter(|line| line.segments.len() > 1).count();
    let segments: Vec<&Segment> = block.iter().flat_map(|line| &line.segments).collect();
    let length: usize = segments.iter().map(|segment| segment.text.chars().count()).sum();
    if rows < MIN_ROWS || length > MAX_MEAN * segments.len() || block.len() > MAX_ROWS {
        return None;
    }
    let columns = columns(block, rows)?;
    let mut table = Vec::with_capacity(block.len());
    for line in block {
        let mut row = vec![String::new(); columns.len() + 1];
        for segment in &line.segments {
            // A title over several columns stands in the first of them.
            let place = if covers(segment, &columns) {
                segment.left
            } else {
                f64::midpoint(segment.left, segment.right)
            };
            let column = columns.partition_point(|gutter| *gutter < place);
            if !row[column].is_empty() {
                row[column].push(' ');
            }
            row[column].push_str(&segment.text);
        }
        table.push(row);
    }
    Some(PdfTable {
        rows: table,
        ruled: false,
    })
}

fn covers(segment: &Segment, gutters: &[f64]) -> bool {
    gutters
        .iter()
        .any(|gutter| segment.left < *gutter && *gutter < segment.right)
}

/// The middles of the gaps between columns: where hardly a row has anything.
fn columns(block: &[&Line], rows: usize) -> Option<Vec<f64>> {
    let mut edges: Vec<(f64, i32)> = Vec::new();
    for line in block.iter().filter(|line| line.segments.len() > 1) {
        for segment in &line.segments {
            edges.push((segment.left, 1));
            edges.push((segment.right, -1));
        }
    }
    edges.sort_by(|one, other| one.0.total_cmp(&other.0).then(one.1.cmp(&other.1)));
    let size = block.iter().map(|line| line.size).fold(0.0, f64::max);
    // A title over several columns may cross a gap.
    let crossing = (rows / 6) as i32;
    let (mut covered, mut open, mut gutters) = (0, None, Vec::new());
    for (at, change) in &edges {
        covered += change;
        match (open, covered <= crossing) {
            (None, true) => open = Some(*at),
            (Some(from), false) => {
                if at - from > size * 0.4 {
                    gutters.push(f64::midpoint(from, *at));
                }
                open = None;
            }
            _ => {}
        }
    }
    // The first gap may be the one before the first column.
    let first = edges.first()?.0;
    gutters.retain(|gutter| *gutter > first + size * 0.4);
    (!gutters.is_empty() && gutters.len() < MAX_COLUMNS).then_some(gutters)
}
