//! The lines of a journal. Each has a CRC-32 of its JSON, so that a torn one is told from a whole one.

use std::io;

use serde::{Deserialize, Serialize};

use super::back::Mark;
use crate::path::SharePath;
use crate::port::State;

/// One change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Record {
    pub(super) n: u64,
    pub(super) path: SharePath,
    pub(super) what: What,
    pub(super) pre: State,
    pub(super) post: State,
    /// True where what went is kept under the number of the record.
    pub(super) content: bool,
    #[serde(skip)]
    pub(super) may_move: bool,
}

impl Record {
    /// Bytes of content that are kept with it.
    pub(super) fn kept(&self) -> u64 {
        let gone = match &self.what {
            What::Rename { over, .. } => over,
            _ => &self.pre,
        };
        match gone {
            State::File { size, .. } if self.content => *size,
            _ => 0,
        }
    }
}

/// Its kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum What {
    Create,
    Replace,
    Remove,
    Rename { to: SharePath, over: State },
    Metadata,
}

/// A line of the index.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Line {
    Record(Record),
    /// What undoing a record is about to do.
    Mark(u64, Mark),
}

impl Line {
    /// The line as text, with its checksum and its end.
    pub(super) fn text(&self) -> io::Result<String> {
        let json = serde_json::to_string(self)?;
        Ok(format!("{:08x} {json}\n", crc32fast::hash(json.as_bytes())))
    }

    /// Reads one; `None` where it is torn.
    pub(super) fn read(line: &[u8]) -> Option<Self> {
        let line = line.strip_suffix(b"\n")?;
        let (hash, json) = line.split_at_checked(8)?;
        let json = json.strip_prefix(b" ")?;
        let hash = u32::from_str_radix(std::str::from_utf8(hash).ok()?, 16).ok()?;
        (crc32fast::hash(json) == hash).then(|| serde_json::from_slice(json).ok())?
    }
}
