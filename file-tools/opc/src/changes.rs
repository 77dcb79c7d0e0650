//! What differs between a part as it stands in a file and as it is now: ranges of the old content, and what stands in their
//! place. Knows places in bytes and nothing of how the content is kept.

use std::ops::Range;

use crate::blob::Blob;
use crate::patch::Span;

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    /// The bytes of the old content that are gone; empty where something was only inserted.
    pub(crate) old: Range<u64>,
    /// What stands in their place.
    pub(crate) new: Blob,
}

/// All differences, in order, with old content between any two.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Changes(Vec<Change>);

/// A piece of the present content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// These bytes of the old content.
    Kept(Range<u64>),
    New(Blob),
}

impl Piece {
    pub(crate) fn len(&self) -> u64 {
        match self {
            Self::Kept(range) => range.end - range.start,
            Self::New(blob) => blob.len() as u64,
        }
    }

    /// Its first bytes, and the rest.
    fn split(self, at: u64) -> (Self, Self) {
        match self {
            Self::Kept(Range { start, end }) => (Self::Kept(start..start + at), Self::Kept(start + at..end)),
            Self::New(blob) => {
                let at = at as usize;
                (
                    Self::New(blob.slice(0..at)),
                    Self::New(blob.slice(at..blob.len())),
                )
            }
        }
    }
}

impl Changes {
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Change> {
        self.0.iter()
    }

    /// The present size of content that had `size` bytes.
    pub(crate) fn size(&self, size: u64) -> u64 {
        let gone: u64 = self
            .0
            .iter()
            .map(|change| change.old.end - change.old.start)
            .sum();
        let come: u64 = self.0.iter().map(|change| change.new.len() as u64).sum();
        (size - gone).saturating_add(come)
    }

    /// The present content in place of a range of the old one. What was inserted at its start is in it; what was inserted at
    /// its end is in it on demand.
    pub(crate) fn pieces(&self, range: Range<u64>, with_end: bool) -> impl Iterator<Item = Piece> {
        let from = self.0.partition_point(|change| change.old.end < range.start);
        let end = range.end;
        let mut at = range.start;
        let changes = self.0[from..]
            .iter()
            .filter(move |change| change.old.start >= range.start)
            .take_while(move |change| change.old.start < end || (with_end && change.old.start == end));
        let pieces = changes.map(Some).chain(std::iter::once(None));
        pieces
            .flat_map(move |change| {
                let (stop, next, new) = match change {
                    Some(Change { old, new }) => (old.start, old.end, Some(Piece::New(new.clone()))),
                    None => (end, end, None),
                };
                let kept = Piece::Kept(at..stop.max(at));
                at = next;
                [Some(kept), new]
            })
            .flatten()
            .filter(|piece| piece.len() > 0)
    }

    /// Where a place of the present content stood in the old one, when the byte before it is an old one.
    pub(crate) fn old_place(&self, place: u64) -> Option<u64> {
        // Counted from the old content: what came before it, less what went.
        let (mut old, mut now) = (0, 0);
        for change in &self.0 {
            let end = now + (change.old.start - old);
            if place <= end {
                break;
            }
            now = end + change.new.len() as u64;
            old = change.old.end;
            if place <= now {
                return None;
            }
        }
        Some(old + (place - now)).filter(|_| place > now)
    }

    /// These changes, and spans of the present content replaced. The spans stand in order and within it.
    pub(crate) fn with(&self, spans: &[Span], size: u64) -> Self {
        let mut pieces = self.pieces(0..size, true);
        let mut left = None;
        let mut builder = Builder::default();
        let mut at = 0;
        for span in spans {
            advance(&mut left, &mut pieces, span.offset - at, |piece| {
                builder.add(piece);
            });
            builder.add(Piece::New(span.new.clone()));
            advance(&mut left, &mut pieces, span.old.len() as u64, |_| ());
            at = span.offset + span.old.len() as u64;
        }
        advance(&mut left, &mut pieces, u64::MAX, |piece| builder.add(piece));
        builder.close(size);
        Self(builder.changes)
    }
}

/// Passes the next `count` bytes on; `left` is the rest of a piece that was cut.
fn advance(
    left: &mut Option<Piece>,
    pieces: &mut impl Iterator<Item = Piece>,
    mut count: u64,
    mut pass: impl FnMut(Piece),
) {
    while count > 0 {
        let Some(piece) = left.take().or_else(|| pieces.next()) else {
            return;
        };
        let length = piece.len();
        if length <= count {
            count -= length;
            pass(piece);
        } else {
            let (head, tail) = piece.split(count);
            *left = Some(tail);
            pass(head);
            return;
        }
    }
}

/// Makes changes of pieces.
#[derive(Default)]
struct Builder {
    changes: Vec<Change>,
    /// Old content up to here is kept, or gone in favour of what is pending.
    at: u64,
    pending: Vec<Blob>,
}

impl Builder {
    fn add(&mut self, piece: Piece) {
        match piece {
            Piece::Kept(range) => {
                self.close(range.start);
                self.at = range.end;
            }
            Piece::New(blob) if blob.is_empty() => {}
            Piece::New(blob) => self.pending.push(blob),
        }
    }

    /// Ends a change before the old content goes on.
    fn close(&mut self, at: u64) {
        let new = match self.pending.len() {
            0 | 1 => self.pending.pop().unwrap_or_default(),
            _ => {
                let bytes: Vec<u8> = self.pending.drain(..).flat_map(|blob| blob.to_vec()).collect();
                bytes.into()
            }
        };
        if at > self.at || !new.is_empty() {
            self.changes.push(Change {
                old: self.at..at,
                new,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn present(changes: &Changes, old: &[u8]) -> Vec<u8> {
        read(changes.pieces(0..old.len() as u64, true), old)
    }

    fn read(pieces: impl Iterator<Item = Piece>, old: &[u8]) -> Vec<u8> {
        pieces
            .flat_map(|piece| match piece {
                Piece::Kept(range) => old[range.start as usize..range.end as usize].to_vec(),
                Piece::New(blob) => blob.to_vec(),
            })
            .collect()
    }

    fn span(content: &[u8], start: usize, end: usize, new: &str) -> Span {
        Span {
            offset: start as u64,
            old: content[start..end].into(),
            new: new.into(),
        }
    }

    proptest! {
        #[test]
        fn changes_after_changes_are_what_one_gets_by_hand(
            steps in prop::collection::vec(
                prop::collection::vec((0usize..8, 0usize..5, "[a-z]{0,4}"), 0..5), 0..6),
        ) {
            let old = b"0123456789ABCDEFGHIJKLMNOPQRSTUV".to_vec();
            let mut content = old.clone();
            let mut changes = Changes::default();
            for step in steps {
                let mut spans = Vec::new();
                let (mut at, mut next) = (0, Vec::new());
                for (skip, length, new) in step {
                    let start = (at + skip).min(content.len());
                    let end = (start + length).min(content.len());
                    next.extend_from_slice(&content[at..start]);
                    next.extend_from_slice(new.as_bytes());
                    spans.push(span(&content, start, end, &new));
                    at = end;
                }
                next.extend_from_slice(&content[at..]);
                changes = changes.with(&spans, old.len() as u64);
                prop_assert_eq!(String::from_utf8(present(&changes, &old)), String::from_utf8(next.clone()));
                prop_assert_eq!(changes.size(old.len() as u64), next.len() as u64);
                for place in 1..=next.len() {
                    if let Some(before) = changes.old_place(place as u64) {
                        prop_assert_eq!(old[before as usize - 1], next[place - 1]);
                    } else {
                        prop_assert!(next[place - 1].is_ascii_lowercase());
                    }
                }
                content = next;
            }
            // In two halves it is the same, wherever no change lies across.
            let size = old.len() as u64;
            for cut in 0..=size {
                if changes.iter().all(|change| change.old.end <= cut || change.old.start >= cut) {
                    let mut halves = read(changes.pieces(0..cut, false), &old);
                    halves.extend(read(changes.pieces(cut..size, true), &old));
                    prop_assert_eq!(halves, content.clone());
                }
            }
        }
    }
}
