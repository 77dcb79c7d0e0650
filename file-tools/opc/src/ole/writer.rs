//! Writes compound files of version 3 (MS-CFB): large streams one after another, small ones in the small stream, then the
//! directory and the tables.

use std::cmp::Ordering;

use super::{Node, SIGNATURE};

const SECTOR: usize = 512;
const SMALL: usize = 64;
const CUTOFF: usize = 4096;
const FREE: u32 = 0xFFFF_FFFF;
const END: u32 = 0xFFFF_FFFE;
const TABLE: u32 = 0xFFFF_FFFD;
const TABLE_LIST: u32 = 0xFFFF_FFFC;
/// Sectors of the table that the header lists.
const LISTED: usize = 109;

/// A file being put together.
#[derive(Default)]
struct Body {
    sectors: Vec<u8>,
    table: Vec<u32>,
    small: Vec<u8>,
    small_table: Vec<u32>,
}

impl Body {
    /// Adds content as a chain of sectors; its first sector.
    fn add(&mut self, content: &[u8]) -> u32 {
        if content.is_empty() {
            return END;
        }
        let start = self.table.len() as u32;
        self.sectors.extend_from_slice(content);
        self.sectors
            .resize(self.sectors.len().next_multiple_of(SECTOR), 0);
        link(&mut self.table, self.sectors.len() / SECTOR);
        start
    }

    fn add_stream(&mut self, content: &[u8]) -> u32 {
        if content.len() >= CUTOFF || content.is_empty() {
            return self.add(content);
        }
        let start = self.small_table.len() as u32;
        self.small.extend_from_slice(content);
        self.small.resize(self.small.len().next_multiple_of(SMALL), 0);
        link(&mut self.small_table, self.small.len() / SMALL);
        start
    }
}

/// Appends a chain up to this length of the table.
fn link(table: &mut Vec<u32>, length: usize) {
    while table.len() + 1 < length {
        table.push(table.len() as u32 + 1);
    }
    table.push(END);
}

/// Writes a file of these nodes, parents before children, with the contents of streams.
pub(crate) fn write(nodes: &[(Node, Vec<u8>)]) -> Vec<u8> {
    let mut body = Body::default();
    let mut directory = vec![[0u8; 128]; nodes.len() + 1];
    for (index, (node, content)) in nodes.iter().enumerate() {
        let start = if node.is_stream {
            body.add_stream(content)
        } else {
            0
        };
        let name = node.path.last().map_or("", String::as_str);
        let kind = if node.is_stream { 2 } else { 1 };
        directory[index + 1] = entry(name, kind, start, content.len());
        directory[index + 1][80..96].copy_from_slice(&node.class);
    }
    let small = std::mem::take(&mut body.small);
    let start = body.add(&small);
    directory[0] = entry("Root Entry", 5, start, small.len());
    for parent in 0..=nodes.len() {
        let above: &[String] = parent.checked_sub(1).map_or(&[], |at| &nodes[at].0.path);
        if parent == 0 || !nodes[parent - 1].0.is_stream {
            let child = tree(&mut directory, &children(nodes, above));
            directory[parent][76..80].copy_from_slice(&child.to_le_bytes());
        }
    }
    let small_table: Vec<u8> = body
        .small_table
        .iter()
        .flat_map(|number| number.to_le_bytes())
        .collect();
    let mut small_table_padded = small_table;
    small_table_padded.resize(small_table_padded.len().next_multiple_of(SECTOR), 0xFF);
    let small_table_start = body.add(&small_table_padded);
    let mut entries: Vec<u8> = directory.concat();
    while !entries.len().is_multiple_of(SECTOR) {
        entries.extend_from_slice(&unused());
    }
    let directory_start = body.add(&entries);
    let small_sectors = (small_table_padded.len() / SECTOR) as u32;
    finish(body, directory_start, (small_table_start, small_sectors))
}

/// The header, the sectors, and the table with the list of its own sectors.
fn finish(mut body: Body, directory: u32, (small_table, small_sectors): (u32, u32)) -> Vec<u8> {
    let content = body.table.len();
    let (mut tables, mut lists) = (0usize, 0usize);
    while tables * (SECTOR / 4) < content + tables + lists {
        tables += 1;
        lists = tables.saturating_sub(LISTED).div_ceil(SECTOR / 4 - 1);
    }
    let first_list = (content + tables) as u32;
    body.table.extend(std::iter::repeat_n(TABLE, tables));
    body.table.extend(std::iter::repeat_n(TABLE_LIST, lists));
    body.table.resize(tables * (SECTOR / 4), FREE);
    let own: Vec<u32> = (0..tables).map(|index| (content + index) as u32).collect();

    let mut file = Vec::with_capacity(SECTOR + body.sectors.len() + (tables + lists) * SECTOR);
    file.extend_from_slice(&SIGNATURE);
    file.extend_from_slice(&[0; 16]);
    for number in [0x003Eu16, 3, 0xFFFE, 9, 6, 0, 0, 0] {
        file.extend_from_slice(&number.to_le_bytes());
    }
    let list_start = if lists > 0 { first_list } else { END };
    let numbers = [
        0,
        tables as u32,
        directory,
        0,
        CUTOFF as u32,
        small_table,
        small_sectors,
        list_start,
        lists as u32,
    ];
    let listed = (0..LISTED).map(|index| own.get(index).copied().unwrap_or(FREE));
    for number in numbers.into_iter().chain(listed) {
        file.extend_from_slice(&number.to_le_bytes());
    }
    file.extend_from_slice(&body.sectors);
    body.table
        .iter()
        .for_each(|number| file.extend_from_slice(&number.to_le_bytes()));
    let rest = own.get(LISTED..).unwrap_or_default();
    for (index, chunk) in rest.chunks(SECTOR / 4 - 1).enumerate() {
        let next = if index + 1 < lists {
            first_list + index as u32 + 1
        } else {
            END
        };
        let padded = chunk
            .iter()
            .copied()
            .chain(std::iter::repeat(FREE))
            .take(SECTOR / 4 - 1);
        for number in padded.chain([next]) {
            file.extend_from_slice(&number.to_le_bytes());
        }
    }
    file
}

/// A directory entry without relations. All are black: a tree of equal depth is one without red ones.
fn entry(name: &str, kind: u8, start: u32, size: usize) -> [u8; 128] {
    let mut entry = [0u8; 128];
    let units: Vec<u8> = name.encode_utf16().take(31).flat_map(u16::to_le_bytes).collect();
    entry[..units.len()].copy_from_slice(&units);
    entry[64..66].copy_from_slice(&(units.len() as u16 + 2).to_le_bytes());
    entry[66] = kind;
    entry[67] = 1;
    entry[68..80].fill(0xFF);
    entry[116..120].copy_from_slice(&start.to_le_bytes());
    entry[120..124].copy_from_slice(&(size as u32).to_le_bytes());
    entry
}

fn unused() -> [u8; 128] {
    let mut entry = [0u8; 128];
    entry[68..80].fill(0xFF);
    entry
}

/// The entries directly below a path, in the order of MS-CFB 2.6.4: shorter names first, then by upper case.
fn children(nodes: &[(Node, Vec<u8>)], above: &[String]) -> Vec<usize> {
    let is_below = |path: &[String]| path.len() == above.len() + 1 && path.starts_with(above);
    let mut children: Vec<usize> = (0..nodes.len())
        .filter(|at| is_below(&nodes[*at].0.path))
        .collect();
    let order = |one: &String, other: &String| -> Ordering {
        let length = |name: &String| name.encode_utf16().count();
        let upper = |name: &String| name.to_uppercase();
        length(one)
            .cmp(&length(other))
            .then_with(|| upper(one).cmp(&upper(other)))
    };
    children.sort_by(
        |one, other| match (nodes[*one].0.path.last(), nodes[*other].0.path.last()) {
            (Some(one), Some(other)) => order(one, other),
            _ => Ordering::Equal,
        },
    );
    children
}

/// Hangs sorted siblings into a tree; the entry at its top.
fn tree(directory: &mut [[u8; 128]], siblings: &[usize]) -> u32 {
    let Some(middle) = siblings.get(siblings.len() / 2) else {
        return FREE;
    };
    let at = siblings.len() / 2;
    let left = tree(directory, &siblings[..at]);
    let right = tree(directory, &siblings[at + 1..]);
    let entry = &mut directory[middle + 1];
    entry[68..72].copy_from_slice(&left.to_le_bytes());
    entry[72..76].copy_from_slice(&right.to_le_bytes());
    *middle as u32 + 1
}
