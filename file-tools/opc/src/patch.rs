//! Changes to a package as data: what was there, what is there now, and how to go either way.
//!
//! A patch keeps the bytes that it replaces. It also keeps what the file loses of the entry's compressed form ([`Former`]),
//! because the same content can be deflated in many ways: with it the inverse gives back the file byte for byte.

use serde::{Deserialize, Serialize};

use crate::blob::Blob;
use crate::content::Content;
use crate::error::{PackageError, PatchError};
use crate::former::{Blocks, Former, Restored, Trace, restored};
use crate::package::{KEPT, Package};
use crate::zip::Packed;

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

/// A whole entry as it stood in a file, and where.
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
        before: Option<Former>,
        /// The entry after, where it is known: then it is made as it stood.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<Former>,
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
    /// The entry of a part; of one that was edited, the entry as it was before.
    pub(crate) fn of(package: &Package, part: &str) -> Result<Option<Self>, PackageError> {
        let (Some(packed), Some(places)) = (package.base(part), package.places(part)) else {
            return Ok(None);
        };
        Ok(Some(Self {
            extent: packed.extent.bytes()?.into(),
            central: packed.central.clone(),
            directory: places.0,
            layout: places.1,
        }))
    }

    pub(crate) fn parse(&self) -> Option<Packed> {
        Packed::parse(self.extent.clone().into(), self.central.clone()).ok()
    }

    /// How many bytes it holds.
    pub(crate) fn bytes(&self) -> usize {
        self.extent.len() + self.central.len()
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
        let former = |former: &Option<Former>| former.as_ref().map_or(0, Former::bytes);
        match self {
            Self::Edited {
                spans, before, after, ..
            } => {
                spans
                    .iter()
                    .map(|span| span.old.len() + span.new.len())
                    .sum::<usize>()
                    + former(before)
                    + former(after)
            }
            Self::Added {
                content, image: kept, ..
            }
            | Self::Removed {
                content, image: kept, ..
            } => content.len() + kept.as_ref().map_or(0, EntryImage::bytes),
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

/// Refuses spans that overlap, are out of order, or leave the content.
fn check_order(part: &str, spans: &[Span], size: u64) -> Result<(), PatchError> {
    let mut position = 0;
    for span in spans {
        if span.offset < position {
            return Err(PatchError::Overlap(part.to_owned()));
        }
        position = span.offset.saturating_add(span.old.len() as u64);
        if position > size {
            return Err(differs(part, span));
        }
    }
    Ok(())
}

fn differs(part: &str, span: &Span) -> PatchError {
    PatchError::Differs {
        part: part.to_owned(),
        offset: span.offset,
    }
}

/// The content with its spans replaced; refused where what they replace is not there.
pub(crate) fn replace(part: &str, content: &[u8], spans: &[Span]) -> Result<Vec<u8>, PatchError> {
    check_order(part, spans, content.len() as u64)?;
    let added: usize = spans.iter().map(|span| span.new.len()).sum();
    let mut result = Vec::with_capacity(content.len().saturating_add(added));
    let mut position = 0;
    for span in spans {
        let from = span.offset as usize;
        let to = from + span.old.len();
        if content[from..to] != *span.old {
            return Err(differs(part, span));
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
        let entry = self.held(part)?;
        let mut edits: Vec<_> = edits.into_iter().collect();
        // An insertion stands before a replacement at the same place.
        edits.sort_by_key(|(range, _)| (range.start, !range.is_empty()));
        let mut spans: Vec<Span> = Vec::with_capacity(edits.len());
        let mut reader = self.part_reader(part)?;
        for (range, new) in edits {
            let offset = range.start as u64;
            if offset < reader.position() {
                return Err(PatchError::Overlap(part.to_owned()));
            }
            reader.skip_to(offset);
            let old = reader.take_bytes(range.len())?;
            let span = Span { offset, old, new };
            if reader.position() != range.end as u64 {
                return Err(differs(part, &span));
            }
            spans.push(span);
        }
        let spans = joined(spans);
        let edited = entry.content.edited(&spans);
        let edited = edited.map_err(|fault| PackageError::of_part(part, fault))?;
        Ok(Patch::Edited {
            part: part.to_owned(),
            spans,
            before: edited.map(|(_, former)| former),
            after: None,
        })
    }

    /// The removal of a part.
    pub fn removal(&self, part: &str) -> Result<Patch, PackageError> {
        let content = self.part(part)?;
        Ok(Patch::Removed {
            part: part.to_owned(),
            content,
            image: EntryImage::of(self, part)?,
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

    /// Takes up in a patch what it takes from the file.
    pub(crate) fn remember(&self, patch: &mut Patch) {
        match patch {
            Patch::Edited {
                part, spans, before, ..
            } => {
                let entry = self.entry(part).map(|entry| &entry.content);
                let entry = entry.filter(|content| check_order(part, spans, content.size()).is_ok());
                let edited = entry.and_then(|content| content.edited(spans).ok().flatten());
                *before = edited.map(|(_, former)| former);
            }
            Patch::Removed { part, image, .. } => *image = EntryImage::of(self, part).unwrap_or_default(),
            Patch::Added { .. } => {}
        }
    }

    /// Answers what the file loses where an entry was made as it stood before.
    pub(crate) fn apply_one(&mut self, patch: &Patch) -> Result<Option<Vec<Blocks>>, PatchError> {
        match patch {
            Patch::Edited {
                part, spans, after, ..
            } => return self.apply_spans(part, spans, after.as_ref()),
            Patch::Added { part, content, image } => {
                let name = crate::name::normalise(part)?;
                if self.contains(&name) {
                    return Err(PatchError::Exists(part.clone()));
                }
                let plain = Content::Plain {
                    content: content.clone(),
                    central: crate::zip::fresh_header(&name).into(),
                    former: image.clone(),
                };
                let packed = image.as_ref().and_then(|image| image.packed(&plain));
                self.put(
                    &name,
                    packed.map_or(plain, Content::Packed),
                    Some(content.clone()),
                );
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
        Ok(None)
    }

    /// Replaces spans of a part; where it is known how its entry stood after that, it is made so.
    fn apply_spans(
        &mut self,
        part: &str,
        spans: &[Span],
        after: Option<&Former>,
    ) -> Result<Option<Vec<Blocks>>, PatchError> {
        let entry = self.held(part)?;
        let size = entry.content.size();
        let mut plain = None;
        if size <= KEPT || matches!(entry.content, Content::Plain { .. }) {
            plain = Some(Blob::from(replace(part, &self.part(part)?, spans)?));
        } else {
            check_order(part, spans, size)?;
            let mut reader = self.part_reader(part)?;
            for span in spans {
                reader.skip_to(span.offset);
                if reader.take_bytes(span.old.len())? != span.old {
                    return Err(differs(part, span));
                }
            }
        }
        let edited = entry.content.edited(spans);
        let edited = edited.map_err(|fault| PackageError::of_part(part, fault))?;
        let mut content = match (edited, &entry.content, &plain) {
            (Some((mut edited, _)), present, _) => {
                if let (Some(Former::Trace(trace)), Content::Edited(present)) = (after, present) {
                    edited.former.clone_from(&present.former);
                    edited.former.extend(trace.blocks.iter().cloned());
                } else if let Some(Former::Trace(trace)) = after {
                    edited.former.clone_from(&trace.blocks);
                }
                Content::Edited(std::sync::Arc::new(edited))
            }
            (None, present, plain) => Content::Plain {
                content: plain.clone().unwrap_or_default(),
                central: present.central().clone(),
                former: match present {
                    Content::Plain { former, .. } if after.is_some() => former.clone(),
                    _ => None,
                },
            },
        };
        let mut lost = None;
        if let Some(restored) = after.and_then(|after| former(&content, after)) {
            content = Content::Packed(restored.packed);
            lost = Some(restored.lost);
        }
        self.put(part, content, plain);
        Ok(lost)
    }
}

/// The entry as it stood, where all of it is known and it holds the present content.
fn former(present: &Content, after: &Former) -> Option<Restored> {
    let whole = |image: &EntryImage| {
        let lost = Vec::new();
        let packed = image.packed(present)?;
        Some(Restored { packed, lost })
    };
    let Trace { head, blocks } = match after {
        Former::Image(image) => return whole(image),
        Former::Trace(trace) => trace,
    };
    let head = head.as_ref()?;
    match present {
        Content::Plain {
            former: Some(image), ..
        } => whole(image),
        Content::Plain { .. } => restored(present, head, blocks.clone()),
        Content::Edited(edited) => restored(present, head, edited.former.clone()),
        Content::Packed(_) => None,
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
