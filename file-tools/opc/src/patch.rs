//! Changes to a package as data: what was there, what is there now, and how to go either way.
//!
//! A patch keeps the bytes that it replaces. It also keeps the entry as it stood in the file (headers and compressed
//! bytes), because the same content can be deflated in many ways: with it the inverse gives back the file byte for byte.

use serde::{Deserialize, Serialize};

use crate::blob::Blob;
use crate::error::{PackageError, PatchError};
use crate::package::Package;
use crate::zip::{Packed, crc};

/// A run of bytes in a part, and what replaces it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Span {
    /// Where it starts in the part as it was, in bytes.
    pub offset: u64,
    /// What stands there.
    pub old: Blob,
    /// What shall stand there.
    pub new: Blob,
}

/// An entry as it stood in a file, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EntryImage {
    /// Local header, compressed bytes and what followed.
    extent: Blob,
    /// The record in the ZIP directory.
    central: Blob,
    /// Its place in the directory.
    pub(crate) directory: usize,
    /// Its place in the file.
    pub(crate) layout: usize,
}

/// One change to one part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "camelCase")]
pub enum Patch {
    /// Some of its bytes are replaced.
    Edited {
        /// The part.
        part: String,
        /// In order, not overlapping.
        spans: Vec<Span>,
        /// The entry before, where it came from a file.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        before: Option<EntryImage>,
        /// The entry after, where it is known: then it is used as it stands.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<EntryImage>,
    },
    /// It was not there before.
    Added {
        /// The part.
        part: String,
        /// All of it.
        content: Blob,
        /// The entry, where it once stood in a file.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        image: Option<EntryImage>,
    },
    /// It is not there afterwards.
    Removed {
        /// The part.
        part: String,
        /// All of it.
        content: Blob,
        /// The entry, where it stood in a file.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        image: Option<EntryImage>,
    },
}

/// Changes in the order in which they are made. One operation gives one set; sets can be joined.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PatchSet {
    /// The changes, first one first.
    pub patches: Vec<Patch>,
}

impl EntryImage {
    pub(crate) fn of(package: &Package, part: &str) -> Option<Self> {
        let packed = package.packed(part)?;
        let (directory, layout) = package.places(part)?;
        Some(Self {
            extent: packed.extent.clone(),
            central: packed.central.clone(),
            directory,
            layout,
        })
    }

    /// The entry, when it holds exactly this content.
    fn packed(&self, content: &[u8]) -> Option<Packed> {
        let packed = Packed::parse(self.extent.clone(), self.central.clone()).ok()?;
        let same = packed.size == content.len() as u64 && packed.crc == crc(content);
        // Size and checksum are declared; only inflating shows that the entry is sound.
        (same && packed.inflate("").is_ok_and(|inflated| inflated == content)).then_some(packed)
    }
}

impl Patch {
    /// The part that is changed.
    pub fn part(&self) -> &str {
        match self {
            Self::Edited { part, .. } | Self::Added { part, .. } | Self::Removed { part, .. } => part,
        }
    }

    /// The change that takes this one back.
    #[must_use]
    pub fn invert(&self) -> Self {
        match self.clone() {
            Self::Edited {
                part,
                spans,
                before,
                after,
            } => {
                let mut shift = 0i128;
                let spans = spans.into_iter().map(|span| {
                    let offset = (i128::from(span.offset) + shift) as u64;
                    shift += span.new.len() as i128 - span.old.len() as i128;
                    Span {
                        offset,
                        old: span.new,
                        new: span.old,
                    }
                });
                Self::Edited {
                    part,
                    spans: spans.collect(),
                    before: after,
                    after: before,
                }
            }
            Self::Added { part, content, image } => Self::Removed { part, content, image },
            Self::Removed { part, content, image } => Self::Added { part, content, image },
        }
    }

    /// How many bytes it holds.
    pub fn bytes(&self) -> usize {
        let image = |image: &Option<EntryImage>| {
            image
                .as_ref()
                .map_or(0, |image| image.extent.len() + image.central.len())
        };
        match self {
            Self::Edited {
                spans, before, after, ..
            } => {
                spans
                    .iter()
                    .map(|span| span.old.len() + span.new.len())
                    .sum::<usize>()
                    + image(before)
                    + image(after)
            }
            Self::Added {
                content, image: kept, ..
            }
            | Self::Removed {
                content, image: kept, ..
            } => content.len() + image(kept),
        }
    }
}

impl PatchSet {
    /// The set that takes this one back.
    #[must_use]
    pub fn invert(&self) -> Self {
        Self {
            patches: self.patches.iter().rev().map(Patch::invert).collect(),
        }
    }

    /// True when it changes nothing.
    pub fn is_empty(&self) -> bool {
        self.patches.is_empty()
    }

    /// This set, then another.
    pub fn join(&mut self, next: Self) {
        self.patches.extend(next.patches);
    }

    /// How many bytes it holds: what a journal has to keep.
    pub fn bytes(&self) -> usize {
        self.patches.iter().map(Patch::bytes).sum()
    }
}

/// The content with its spans replaced; refused where what they replace is not there.
pub(crate) fn replace(part: &str, content: &[u8], spans: &[Span]) -> Result<Vec<u8>, PatchError> {
    let added: usize = spans.iter().map(|span| span.new.len()).sum();
    let mut result = Vec::with_capacity(content.len().saturating_add(added));
    let mut position = 0usize;
    for span in spans {
        let differs = || PatchError::Differs {
            part: part.to_owned(),
            offset: span.offset,
        };
        let from = usize::try_from(span.offset).map_err(|_| differs())?;
        let to = from.checked_add(span.old.len()).ok_or_else(differs)?;
        if from < position {
            return Err(PatchError::Overlap(part.to_owned()));
        }
        if content.get(from..to) != Some(&*span.old) {
            return Err(differs());
        }
        result.extend_from_slice(&content[position..from]);
        result.extend_from_slice(&span.new);
        position = to;
    }
    result.extend_from_slice(&content[position..]);
    Ok(result)
}

impl Package {
    /// A change to a part by spans of its present content, given as place and replacement, in any order.
    ///
    /// The patch takes up the replaced bytes and the part's entry.
    pub fn edit(
        &self,
        part: &str,
        edits: impl IntoIterator<Item = (std::ops::Range<usize>, Blob)>,
    ) -> Result<Patch, PatchError> {
        let content = self.part(part)?;
        let mut spans = Vec::new();
        for (range, new) in edits {
            let old = content.get(range.clone());
            let differs = || PatchError::Differs {
                part: part.to_owned(),
                offset: range.start as u64,
            };
            spans.push(Span {
                offset: range.start as u64,
                old: old.ok_or_else(differs)?.into(),
                new,
            });
        }
        // An insertion stands before a replacement at the same place.
        spans.sort_by_key(|span| (span.offset, !span.old.is_empty()));
        let spans = joined(spans);
        Ok(Patch::Edited {
            part: part.to_owned(),
            spans,
            before: EntryImage::of(self, part),
            after: None,
        })
    }

    /// The removal of a part.
    pub fn removal(&self, part: &str) -> Result<Patch, PackageError> {
        let content = self.part(part)?;
        Ok(Patch::Removed {
            part: part.to_owned(),
            content,
            image: EntryImage::of(self, part),
        })
    }

    /// Makes all the changes, or none.
    pub fn apply(&mut self, set: &PatchSet) -> Result<(), PatchError> {
        // Cloning shares all content, so working on a copy costs only its table of entries.
        let mut changed = self.clone();
        for patch in &set.patches {
            changed.apply_one(patch)?;
        }
        *self = changed;
        Ok(())
    }

    fn apply_one(&mut self, patch: &Patch) -> Result<(), PatchError> {
        match patch {
            Patch::Edited {
                part, spans, after, ..
            } => {
                let content = replace(part, &self.part(part)?, spans)?;
                let packed = after.as_ref().and_then(|image| image.packed(&content));
                self.put(part, content.into(), packed);
            }
            Patch::Added { part, content, image } => {
                let name = crate::name::normalise(part)?;
                if self.contains(&name) {
                    return Err(PatchError::Exists(part.clone()));
                }
                let packed = image.as_ref().and_then(|image| image.packed(content));
                self.put(&name, content.clone(), packed);
                if let Some(image) = image {
                    self.place(&name, image.directory, image.layout);
                }
            }
            Patch::Removed { part, content, .. } => {
                if self.part(part)? != *content {
                    return Err(PatchError::Differs {
                        part: part.clone(),
                        offset: 0,
                    });
                }
                self.take(part);
            }
        }
        Ok(())
    }
}

/// Joins insertions at one place, so that spans stand strictly in order.
fn joined(spans: Vec<Span>) -> Vec<Span> {
    let mut joined: Vec<Span> = Vec::with_capacity(spans.len());
    for span in spans {
        match joined.last_mut() {
            Some(last) if last.old.is_empty() && last.offset == span.offset => {
                last.new = [&*last.new, &*span.new].concat().into();
                last.old = span.old;
            }
            _ => joined.push(span),
        }
    }
    joined
}
