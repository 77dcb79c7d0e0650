//! The index as lines. Each has a CRC-32 of its JSON, so that a torn one is told from a whole one.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

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

/// The index, open at its end.
#[derive(Debug)]
pub(super) struct Index(File);

impl Index {
    /// Opens it with its whole lines and their bytes; what a crash left of the last one is cut off.
    pub(super) fn open(path: &Path) -> io::Result<(Self, Vec<Line>, u64)> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path)?;
        if let Err(TryLockError::WouldBlock) = file.try_lock() {
            return Err(io::ErrorKind::ResourceBusy.into());
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let mut lines = Vec::new();
        let mut whole = 0;
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            let Some(read) = read(line) else {
                break;
            };
            lines.push(read);
            whole += line.len() as u64;
        }
        file.set_len(whole)?;
        file.seek(SeekFrom::End(0))?;
        Ok((Self(file), lines, whole))
    }

    /// Adds a line and says its bytes. It is on disk when this returns; where it is not, nothing of it stays.
    pub(super) fn append(&mut self, line: &Line) -> io::Result<u64> {
        let json = serde_json::to_string(line)?;
        let text = format!("{:08x} {json}\n", crc32fast::hash(json.as_bytes()));
        let end = self.0.stream_position()?;
        let wrote = self
            .0
            .write_all(text.as_bytes())
            .and_then(|()| self.0.sync_data());
        if wrote.is_err() {
            self.0.set_len(end)?;
            self.0.seek(SeekFrom::Start(end))?;
        }
        wrote.map(|()| text.len() as u64)
    }

    /// Takes the last line away, of so many bytes.
    pub(super) fn take_back(&mut self, bytes: u64) -> io::Result<()> {
        let end = self.0.stream_position()?.saturating_sub(bytes);
        self.0.set_len(end)?;
        self.0.seek(SeekFrom::Start(end))?;
        Ok(())
    }

    /// Empties it.
    pub(super) fn clear(&mut self) -> io::Result<()> {
        self.0.set_len(0)?;
        self.0.seek(SeekFrom::Start(0))?;
        self.0.sync_data()
    }
}

fn read(line: &[u8]) -> Option<Line> {
    let line = line.strip_suffix(b"\n")?;
    let (hash, json) = line.split_at_checked(8)?;
    let json = json.strip_prefix(b" ")?;
    let hash = u32::from_str_radix(std::str::from_utf8(hash).ok()?, 16).ok()?;
    (crc32fast::hash(json) == hash).then(|| serde_json::from_slice(json).ok())?
}
