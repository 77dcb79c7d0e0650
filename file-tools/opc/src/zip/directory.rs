//! Reads the central directory: every length checked, no entry over another, no bytes before or between that matter.

use super::entry::{Numbers, Packed, central_length, central_name};
use super::{END, END64, LOCATOR64, u16_at, u32_at, u64_at};
use crate::blob::Blob;
use crate::error::PackageError;
use crate::limits::Limits;
use crate::source::Region;

/// What follows the central directory, kept as it stands; its numbers are set anew when the archive is written.
#[derive(Clone, Debug)]
pub(crate) struct Tail {
    /// From the end of the directory to the end of the file.
    pub(crate) bytes: Blob,
    /// Where in `bytes` the end record stands.
    pub(crate) end: usize,
    /// Where in `bytes` the 64-bit end record and its locator stand, where there are any.
    pub(crate) end64: Option<(usize, usize)>,
}

impl Tail {
    /// The end of an archive that was never in a file: an end record (APPNOTE 4.3.16) without a comment.
    pub(crate) fn fresh() -> Self {
        let mut bytes = super::END.to_le_bytes().to_vec();
        bytes.resize(22, 0);
        Self {
            bytes: bytes.into(),
            end: 0,
            end64: None,
        }
    }
}

/// A file taken apart.
#[derive(Debug)]
pub(crate) struct Archive {
    /// Raw name and entry, in the order of the directory.
    pub(crate) entries: Vec<(String, Packed)>,
    /// Indices of `entries` in the order in which they stand in the file.
    pub(crate) layout: Vec<usize>,
    /// What follows the directory.
    pub(crate) tail: Tail,
}

/// Where the directory lies, and how many entries it says to have.
struct Place {
    from: u64,
    to: u64,
    count: u64,
    end: u64,
    end64: Option<(u64, u64)>,
}

/// The end record with the longest comment: it lies in the last bytes of the file.
const LAST: u64 = 22 + 65_535;
/// Bytes of a directory, and of what follows it, that are taken in. The cap on parts leaves far less to a sane file.
const DIRECTORY: u64 = 64 << 20;

fn damaged(what: &str) -> PackageError {
    PackageError::Damaged(what.to_owned())
}

/// The end record: searched from the end, because a comment or stray bytes may follow it.
fn find_end(last: &[u8]) -> Option<usize> {
    (0..=last.len().checked_sub(22)?).rev().find(|at| {
        u32_at(last, *at) == Some(END)
            && *at + 22 + usize::from(u16_at(last, *at + 20).unwrap_or(0)) <= last.len()
    })
}

fn place(file: &Region) -> Result<Place, PackageError> {
    let cut = || PackageError::Truncated;
    let from = file.len().saturating_sub(LAST);
    let last = file.slice(from..file.len()).bytes()?;
    let end = find_end(&last).ok_or_else(cut)?;
    let field = |at: usize| u32_at(&last, end + at).map(u64::from).ok_or_else(cut);
    let (mut size, mut offset) = (field(12)?, field(16)?);
    let mut count = u64::from(u16_at(&last, end + 10).ok_or_else(cut)?);
    let end = from + end as u64;
    let mut directory_end = end;
    let mut end64 = None;
    let before = file.slice(end.saturating_sub(20)..end).bytes()?;
    if before.len() == 20 && u32_at(&before, 0) == Some(LOCATOR64) {
        let locator = end - 20;
        let record = |at: u64| file.slice(at..locator).slice(0..56).bytes();
        let misplaced = || damaged("its 64-bit directory is not where it should be");
        let at = u64_at(&before, 8)
            .filter(|at| *at < locator)
            .ok_or_else(misplaced)?;
        let record = record(at)?;
        if u32_at(&record, 0) != Some(END64) {
            return Err(misplaced());
        }
        let number = |field: usize| u64_at(&record, field).ok_or_else(cut);
        (count, size, offset) = (number(32)?, number(40)?, number(48)?);
        directory_end = at;
        end64 = Some((at, locator));
    }
    let to = offset.checked_add(size).ok_or_else(cut)?;
    if to != directory_end {
        return Err(if to > directory_end {
            PackageError::Truncated
        } else {
            damaged("its directory is not where it should be")
        });
    }
    if size > DIRECTORY || file.len() - to > DIRECTORY {
        return Err(PackageError::TooLarge("its directory is too long".to_owned()));
    }
    Ok(Place {
        from: offset,
        to,
        count,
        end,
        end64,
    })
}

/// Reads the archive's directory within the caps.
pub(crate) fn read(file: &Region, limits: &Limits) -> Result<Archive, PackageError> {
    let place = place(file)?;
    if place.count > limits.parts as u64 {
        return Err(PackageError::TooLarge(format!("it has {} parts", place.count)));
    }
    let directory = Blob::from(file.slice(place.from..place.to).bytes()?);
    let records = records(&directory, &place, limits)?;
    let layout = layout(&records, place.from)?;
    let mut entries = Vec::with_capacity(records.len());
    let mut ends: Vec<u64> = vec![place.from; records.len()];
    for pair in layout.windows(2) {
        ends[pair[0]] = records[pair[1]].0;
    }
    let mut total = 0u64;
    for (index, (offset, central)) in records.into_iter().enumerate() {
        let raw = central_name(&central).unwrap_or_default();
        let name = String::from_utf8_lossy(raw).into_owned();
        let packed = Packed::parse(file.slice(offset..ends[index]), central)?;
        packed.check(&name, limits)?;
        total = total.saturating_add(packed.size);
        if total > limits.total_bytes {
            return Err(PackageError::TooLarge(format!(
                "it inflates to more than {} bytes",
                limits.total_bytes
            )));
        }
        entries.push((name, packed));
    }
    let within = |place_in_file: u64| (place_in_file - place.to) as usize;
    let tail = Tail {
        bytes: file.slice(place.to..file.len()).bytes()?.into(),
        end: within(place.end),
        end64: place
            .end64
            .map(|(record, locator)| (within(record), within(locator))),
    };
    Ok(Archive {
        entries,
        layout,
        tail,
    })
}

/// The central records with the offsets of their entries.
fn records(directory: &Blob, place: &Place, limits: &Limits) -> Result<Vec<(u64, Blob)>, PackageError> {
    let mut records = Vec::new();
    let mut at = 0;
    while at < directory.len() {
        let length =
            central_length(&directory[at..]).ok_or_else(|| damaged("its directory cannot be read"))?;
        let central = directory.slice(at..at + length);
        let numbers = Numbers::of(&central).ok_or_else(|| damaged("its directory cannot be read"))?;
        records.push((numbers.offset, central));
        if records.len() > limits.parts {
            return Err(PackageError::TooLarge(format!(
                "it has more than {} parts",
                limits.parts
            )));
        }
        at += length;
    }
    if records.len() as u64 != place.count {
        return Err(damaged("its directory has another length than declared"));
    }
    Ok(records)
}

/// The order of the entries in the file. They start at byte 0, before the directory, and no two at one place.
fn layout(records: &[(u64, Blob)], directory: u64) -> Result<Vec<usize>, PackageError> {
    let mut layout: Vec<usize> = (0..records.len()).collect();
    layout.sort_by_key(|index| records[*index].0);
    let starts_at_zero = layout.first().is_some_and(|first| records[*first].0 == 0);
    if !starts_at_zero {
        return Err(damaged("it does not start with its first part"));
    }
    if layout
        .windows(2)
        .any(|pair| records[pair[0]].0 == records[pair[1]].0)
    {
        return Err(damaged("entries overlap"));
    }
    if layout.last().is_some_and(|last| records[*last].0 >= directory) {
        return Err(PackageError::Truncated);
    }
    Ok(layout)
}
