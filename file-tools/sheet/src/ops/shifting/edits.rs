//! Edits of one part in their order, near ones joined: a million moved cells are one edit, not a million.

use std::ops::Range;

use deskhand_operations::RefusalCode;

use crate::error::{Outcome, refuse};

/// An edit of a part.
pub(super) use crate::element_list::Edit;

/// Bytes between two edits that are written again rather than kept apart.
const NEAR: usize = 96;

/// Edits of a part's content.
pub(super) struct Edits<'a> {
    content: &'a [u8],
    list: Vec<(Range<usize>, Vec<u8>)>,
    disordered: bool,
}

impl<'a> Edits<'a> {
    pub(super) fn new(content: &'a [u8]) -> Self {
        Self {
            content,
            list: Vec::new(),
            disordered: false,
        }
    }

    /// Replaces a range that lies behind all ranges so far.
    pub(super) fn replace(&mut self, range: Range<usize>, new: &[u8]) {
        if let Some((held, text)) = self.list.last_mut() {
            if range.start < held.end {
                self.disordered = true;
                return;
            }
            if range.start - held.end <= NEAR {
                text.extend_from_slice(&self.content[held.end..range.start]);
                text.extend_from_slice(new);
                held.end = range.end;
                return;
            }
        }
        self.list.push((range, new.to_vec()));
    }

    /// Edits in any order, all behind those so far; `base` is added to their places.
    pub(super) fn extend(&mut self, mut edits: Vec<Edit>, base: usize) {
        edits.sort_by_key(|(range, _)| (range.start, range.end));
        for (range, new) in edits {
            self.replace(range.start + base..range.end + base, &new);
        }
    }

    /// The edits for a draft.
    pub(super) fn finish(self) -> Outcome<Vec<Edit>> {
        if self.disordered {
            let message = "A part's elements overlap, so that it cannot be changed; nothing was changed.";
            return refuse(RefusalCode::Corrupt, message);
        }
        Ok(self
            .list
            .into_iter()
            .map(|(range, new)| (range, new.into()))
            .collect())
    }
}
