//! Reads the central directory: every length checked, no entry over another, no bytes before or between that matter.

use super::entry::{Numbers, Packed, central_length, central_name};
use super::{END, END64, LOCATOR64, u16_at, u32_at, u64_at};
use crate::blob::Blob;
use crate::error::PackageError;
use crate::limits::Limits;

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
    from: usize,
    to: usize,
    count: u64,
    end: usize,
    end64: Option<(usize, usize)>,
}

fn damaged(what: &str) -> PackageError {
    PackageError::Damaged(what.to_owned())
}

/// The end record: searched from the end, because a comment or stray bytes may follow it.
fn find_end(file: &[u8]) -> Option<usize> {
    let from = file.len().saturating_sub(22 + 65_535);
    (from..=file.len().checked_sub(22)?).rev().find(|at| {
        u32_at(file, *at) == Some(END)
            && *at + 22 + usize::from(u16_at(file, *at + 20).unwrap_or(0)) <= file.len()
    })
}

fn place(file: &[u8]) -> Result<Place, PackageError> {
    let end = find_end(file).ok_or(PackageError::Truncated)?;
    let field = |at: usize| {
        u32_at(file, end + at)
            .map(u64::from)
            .ok_or(PackageError::Truncated)
    };
    let (mut size, mut offset) = (field(12)?, field(16)?);
    let mut count = u64::from(u16_at(file, end + 10).ok_or(PackageError::Truncated)?);
    let mut directory_end = end;
    let mut end64 = None;
    if let Some(locator) = end
        .checked_sub(20)
        .filter(|at| u32_at(file, *at) == Some(LOCATOR64))
    {
        let at = u64_at(file, locator + 8).and_then(|at| usize::try_from(at).ok());
        let at = at.filter(|at| *at < locator && u32_at(file, *at) == Some(END64));
        let at = at.ok_or_else(|| damaged("its 64-bit directory is not where it should be"))?;
        let number = |field: usize| u64_at(file, at + field).ok_or(PackageError::Truncated);
        (count, size, offset) = (number(32)?, number(40)?, number(48)?);
        directory_end = at;
        end64 = Some((at, locator));
    }
    let from = usize::try_from(offset).map_err(|_| PackageError::Truncated)?;
    let to = usize::try_from(size)
        .ok()
        .and_then(|size| from.checked_add(size))
        .ok_or(PackageError::Truncated)?;
    if to != directory_end {
        return Err(if to > directory_end {
            PackageError::Truncated
        } else {
            damaged("its directory is not where it should be")
        });
    }
    Ok(Place {
        from,
        to,
        count,
        end,
        end64,
    })
}

/// Reads the archive's directory within the caps.
pub(crate) fn read(file: &Blob, limits: &Limits) -> Result<Archive, PackageError> {
    let place = place(file)?;
    if place.count > limits.parts as u64 {
        return Err(PackageError::TooLarge(format!("it has {} parts", place.count)));
    }
    let mut records = Vec::new();
    let mut at = place.from;
    while at < place.to {
        let length =
            central_length(&file[at..place.to]).ok_or_else(|| damaged("its directory cannot be read"))?;
        let central = file.slice(at..at + length);
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
    let layout = layout(&records, place.from)?;
    let mut entries = Vec::with_capacity(records.len());
    let mut ends: Vec<usize> = vec![place.from; records.len()];
    for pair in layout.windows(2) {
        ends[pair[0]] = records[pair[1]].0 as usize;
    }
    let mut total = 0u64;
    for (index, (offset, central)) in records.into_iter().enumerate() {
        let raw = central_name(&central).unwrap_or_default();
        let name = String::from_utf8_lossy(raw).into_owned();
        let packed = Packed::parse(file.slice(offset as usize..ends[index]), central)?;
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
    let tail = Tail {
        bytes: file.slice(place.to..file.len()),
        end: place.end - place.to,
        end64: place
            .end64
            .map(|(record, locator)| (record - place.to, locator - place.to)),
    };
    Ok(Archive {
        entries,
        layout,
        tail,
    })
}

/// The order of the entries in the file. They start at byte 0, before the directory, and no two at one place.
fn layout(records: &[(u64, Blob)], directory: usize) -> Result<Vec<usize>, PackageError> {
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
    if layout
        .last()
        .is_some_and(|last| records[*last].0 >= directory as u64)
    {
        return Err(PackageError::Truncated);
    }
    Ok(layout)
}
