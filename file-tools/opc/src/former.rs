//! What a patch keeps of an entry's compressed form, so that taking it back gives the very bytes of the file: its headers,
//! and the blocks that are made anew. All other blocks are still in the file.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::blob::Blob;
use crate::changes::Changes;
use crate::content::Content;
use crate::deflate::{Fault, Inflater, Recorder};
use crate::error::PackageError;
use crate::name;
use crate::package::Package;
use crate::patch::{EntryImage, Patch, PatchSet};
use crate::reader::PartReader;
use crate::source::{Chain, Region};
use crate::zip::Packed;

/// An entry as it stood in a file before a part was edited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Former {
    /// All of it: what patches kept at first.
    Image(EntryImage),
    /// What the file lost.
    Trace(Trace),
}

/// What a file lost by one patch.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Trace {
    /// In the first patch of a part since the file was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) head: Option<Head>,
    /// Blocks that no earlier patch since then replaced, in order. None for content that is not deflated.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) blocks: Vec<Blocks>,
}

/// What stands around the compressed bytes of an entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Head {
    /// The local header.
    header: Blob,
    /// What stands behind the compressed bytes.
    trailer: Blob,
    /// The record in the ZIP directory.
    central: Blob,
    /// How many compressed bytes there are.
    length: u64,
}

/// Blocks of a deflate stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Blocks {
    /// Where they begin and end in the stream, in bits.
    pub(crate) start: u64,
    pub(crate) end: u64,
    /// How much content the stream has up to their end, in bytes.
    pub(crate) content: u64,
    /// The bytes in which they stand; bits of other blocks in the first and last one included.
    pub(crate) bytes: Blob,
}

impl Former {
    /// How many bytes it holds.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Image(image) => image.bytes(),
            Self::Trace(Trace { head, blocks }) => {
                let head = head.as_ref().map_or(0, |head| {
                    head.header.len() + head.trailer.len() + head.central.len()
                });
                head + blocks.iter().map(|blocks| blocks.bytes.len()).sum::<usize>()
            }
        }
    }
}

impl Head {
    pub(crate) fn of(packed: &Packed) -> Result<Self, Fault> {
        Ok(Self {
            header: packed.header()?.into(),
            trailer: packed.trailer()?.into(),
            central: packed.central.clone(),
            length: packed.data().len(),
        })
    }

    /// The entry around other compressed bytes.
    fn around(&self, data: Region) -> Option<Packed> {
        let mut extent = Chain::default();
        extent.push(self.header.clone().into());
        extent.push(data);
        extent.push(self.trailer.clone().into());
        Packed::parse(extent.into(), self.central.clone()).ok()
    }
}

/// Puts blocks in order and joins those that touch.
fn joined(mut blocks: Vec<Blocks>) -> Option<Vec<Blocks>> {
    blocks.sort_by_key(|blocks| blocks.start);
    let mut joined: Vec<Blocks> = Vec::with_capacity(blocks.len());
    for next in blocks {
        let sound =
            next.start <= next.end && next.bytes.len() as u64 == next.end.div_ceil(8) - next.start / 8;
        if !sound {
            return None;
        }
        match joined.last_mut() {
            Some(last) if next.start <= last.end => {
                if next.end > last.end {
                    let known = (last.end.div_ceil(8) - next.start / 8) as usize;
                    let rest = next.bytes.get(known..).unwrap_or_default();
                    last.bytes = [&*last.bytes, rest].concat().into();
                    last.end = next.end;
                    last.content = next.content;
                }
            }
            _ => joined.push(next),
        }
    }
    Some(joined)
}

/// An entry as it stood in an earlier file.
#[derive(Debug)]
pub(crate) struct Restored {
    pub(crate) packed: Packed,
    /// What the present file loses by that.
    pub(crate) lost: Vec<Blocks>,
}

/// The entry as it stood in an earlier file, when it can be made from the present one and what was lost, and holds the
/// present content.
pub(crate) fn restored(present: &Content, head: &Head, lost: Vec<Blocks>) -> Option<Restored> {
    let unchanged = Changes::default();
    let (data, gone) = match present {
        Content::Edited(edited) if !edited.base.deflated => (edited.stored(), Vec::new()),
        Content::Edited(edited) => stream(&edited.base, &edited.changes, head.length, joined(lost)?)?,
        Content::Packed(packed) if !packed.deflated => (packed.data(), Vec::new()),
        Content::Packed(packed) => stream(packed, &unchanged, head.length, joined(lost)?)?,
        Content::Plain { .. } => (whole(head.length, joined(lost)?)?, Vec::new()),
    };
    let packed = head.around(data)?;
    let lost = gone;
    is_same(&packed, present)
        .ok()?
        .then_some(Restored { packed, lost })
}

/// A stream of which all was lost.
fn whole(length: u64, lost: Vec<Blocks>) -> Option<Region> {
    let all = lost.into_iter().next()?;
    (all.start == 0 && all.bytes.len() as u64 == length).then(|| all.bytes.into())
}

/// The compressed bytes of the earlier file, and what the present one loses when they take the place of its own.
fn stream(base: &Packed, changes: &Changes, length: u64, lost: Vec<Blocks>) -> Option<(Region, Vec<Blocks>)> {
    let bits = length.saturating_mul(8);
    let ends = lost.iter().filter(|blocks| blocks.end < bits);
    let places: Option<Vec<u64>> = ends.map(|blocks| changes.old_place(blocks.content)).collect();
    let found = places_of_blocks(base, places?).ok()?;
    let mut found = found.into_iter();
    let data = base.data();
    let mut chain = Chain::default();
    let mut gone = Vec::with_capacity(lost.len());
    // Bytes of the earlier stream that are made, and bytes of the present one that are used.
    let (mut made, mut used) = (0u64, 0u64);
    for blocks in lost {
        let kept = (blocks.start / 8).checked_sub(made)?;
        let from = used;
        used = from.checked_add(kept)?;
        chain.push(data.slice(from..used));
        let start = used * 8 + blocks.start % 8;
        let (content, end) = if blocks.end < bits {
            let (content, end) = found.next()?;
            (
                content,
                end.filter(|end| end % 8 == blocks.end % 8 && *end >= start)?,
            )
        } else {
            (base.size, data.len() * 8)
        };
        let bytes = data.slice(start / 8..end.div_ceil(8)).bytes().ok()?.into();
        gone.push(Blocks {
            start,
            end,
            content,
            bytes,
        });
        made = blocks.end.div_ceil(8);
        used = end.div_ceil(8);
        chain.push(blocks.bytes.into());
    }
    chain.push(data.slice(used..data.len()));
    (chain.len() == length).then(|| (chain.into(), gone))
}

/// Where the last block begins that follows each of these places of the content, in bits.
fn places_of_blocks(base: &Packed, places: Vec<u64>) -> Result<Vec<(u64, Option<u64>)>, Fault> {
    if places.is_empty() {
        return Ok(Vec::new());
    }
    let recorder = Recorder::Places(places.into_iter().map(|place| (place, None)).collect());
    let mut inflater = Inflater::new(base.data().reader(0)).record(recorder);
    while let count @ 1.. = inflater.chunk()?.len() {
        inflater.consume(count);
    }
    match inflater.take_recorder() {
        Some(Recorder::Places(places)) => Ok(places),
        _ => Ok(Vec::new()),
    }
}

/// True when an entry is sound and holds the present content. Sizes and checksums are only declared.
fn is_same(packed: &Packed, present: &Content) -> Result<bool, PackageError> {
    if packed.size != present.size() {
        return Ok(false);
    }
    let mut old = Content::Packed(packed.clone()).reader("");
    let mut new = present.reader("");
    same(&mut old, &mut new)
}

/// True when two readers give the same.
pub(crate) fn same(one: &mut PartReader, other: &mut PartReader) -> Result<bool, PackageError> {
    loop {
        let (left, right) = (one.chunk()?, other.chunk()?);
        let count = left.len().min(right.len());
        if left[..count] != right[..count] {
            return Ok(false);
        }
        if count == 0 {
            return Ok(left.len() == right.len());
        }
        one.advance(count);
        other.advance(count);
    }
}

impl PatchSet {
    /// Takes up what the file that a package was read from will lose by this set: so the inverse leads back to these very
    /// bytes. A set that was carried over others knows the content only.
    #[must_use]
    pub fn remembering(mut self, package: &Package) -> Self {
        let mut package = package.clone();
        // The first patch of each part since its entry stood as in a file.
        let mut first: HashMap<String, usize> = HashMap::new();
        for at in 0..self.patches.len() {
            let key = name::key(self.patches[at].part());
            let from = *first.entry(key.clone()).or_insert(at);
            package.remember(&mut self.patches[at]);
            match package.apply_one(&self.patches[at]) {
                Err(_) => break,
                Ok(None) => {}
                Ok(Some(mut lost)) => {
                    first.remove(&key);
                    for patch in &mut self.patches[from..=at] {
                        if let Patch::Edited { part, before, .. } = patch
                            && name::key(part) == key
                            && let Some(Former::Trace(trace)) = before
                        {
                            trace.blocks = std::mem::take(&mut lost);
                        }
                    }
                }
            }
        }
        self
    }
}

impl EntryImage {
    /// The entry, when it holds the present content.
    pub(crate) fn packed(&self, present: &Content) -> Option<Packed> {
        let packed = self.parse()?;
        is_same(&packed, present).ok()?.then_some(packed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks(start: u64, end: u64, bytes: &[u8]) -> Blocks {
        let content = end;
        Blocks {
            start,
            end,
            content,
            bytes: bytes.into(),
        }
    }

    #[test]
    fn blocks_of_several_patches_are_joined_where_they_touch() {
        let all = joined(vec![
            blocks(21, 40, &[3, 4, 5]),
            blocks(3, 21, &[1, 2, 3]),
            blocks(48, 50, &[7]),
        ]);
        let wanted = vec![blocks(3, 40, &[1, 2, 3, 4, 5]), blocks(48, 50, &[7])];
        assert_eq!(all, Some(wanted));
        assert_eq!(joined(vec![blocks(3, 21, &[1])]), None, "bytes are missing");
    }

    #[test]
    fn a_former_entry_of_the_first_form_is_read() {
        let json = r#"{"extent":"AAAA","central":"AAAA","directory":1,"layout":2}"#;
        assert!(matches!(serde_json::from_str(json), Ok(Former::Image(_))));
        let json = r#"{"blocks":[{"start":0,"end":8,"content":4,"bytes":"AA=="}]}"#;
        assert!(matches!(serde_json::from_str(json), Ok(Former::Trace(_))));
    }
}
