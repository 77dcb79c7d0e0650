//! The journal of one folder during one call, in the session's own journal: sealed with the session's key, and gone with it
//! (Invariants 6 and 11).

use std::fmt;
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use deskhand_core::ports::{BlobId, Journal, Settled};
use deskhand_protocol::{ErrorCode, SessionId, UserError};
use deskhand_vm_files::Vault;
use tokio::runtime::Handle;

/// Bytes of a file that are sealed at once.
const PIECE: u64 = 8 << 20;
/// Bytes that are kept until it is asked again whether the journal has room.
const ASKS: u64 = 64 << 20;

/// Its keys begin with the same letters. Used from threads that may block.
pub(crate) struct Sealed {
    journal: Arc<dyn Journal>,
    session: SessionId,
    prefix: String,
    runtime: Handle,
    /// Lines that are there.
    lines: AtomicU64,
    /// Bytes since it was asked for room.
    unasked: AtomicU64,
    /// What leads back is kept in any case.
    asks: bool,
}

impl fmt::Debug for Sealed {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Sealed")
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}

impl Sealed {
    pub(crate) fn new(
        journal: Arc<dyn Journal>,
        session: SessionId,
        prefix: String,
        runtime: Handle,
    ) -> Self {
        Self {
            journal,
            session,
            prefix,
            runtime,
            lines: AtomicU64::new(0),
            unasked: AtomicU64::new(ASKS),
            asks: true,
        }
    }

    /// The same for what undoing writes down: the way back needs no room.
    pub(crate) fn for_undo(self) -> Self {
        Self { asks: false, ..self }
    }

    fn line_key(&self, number: u64) -> String {
        format!("{}:line:{number:08}", self.prefix)
    }

    fn content_key(&self, number: u64) -> String {
        format!("{}:content:{number}", self.prefix)
    }

    fn put(&self, key: &str, value: Vec<u8>) -> io::Result<()> {
        let put = self.journal.put(&self.session, key, value, Settled::Closed);
        self.runtime.block_on(put).map_err(|error| refused(&error))
    }

    fn get(&self, key: &str) -> io::Result<Option<Vec<u8>>> {
        let found = self.journal.get(&self.session, key);
        self.runtime.block_on(found).map_err(|error| refused(&error))
    }

    /// Without room for the way back nothing is changed.
    fn ask_for_room(&self, bytes: u64) -> io::Result<()> {
        if !self.asks {
            return Ok(());
        }
        if self
            .unasked
            .fetch_add(bytes, Ordering::Relaxed)
            .saturating_add(bytes)
            < ASKS
        {
            return Ok(());
        }
        self.runtime
            .block_on(self.journal.room())
            .map_err(|error| refused(&error))?;
        self.unasked.store(0, Ordering::Relaxed);
        Ok(())
    }
}

impl Vault for Sealed {
    fn lines(&self) -> io::Result<Vec<Vec<u8>>> {
        let mut lines = Vec::new();
        loop {
            let next = self.get(&self.line_key(lines.len() as u64))?;
            // One that was taken back is empty, for the journal forgets no key.
            let Some(line) = next.filter(|line| !line.is_empty()) else {
                break;
            };
            lines.push(line);
        }
        self.lines.store(lines.len() as u64, Ordering::Release);
        Ok(lines)
    }

    fn append(&self, line: &[u8]) -> io::Result<()> {
        self.ask_for_room(line.len() as u64)?;
        let number = self.lines.load(Ordering::Acquire);
        self.put(&self.line_key(number), line.to_vec())?;
        self.lines.store(number + 1, Ordering::Release);
        Ok(())
    }

    fn take_back(&self) -> io::Result<()> {
        let Some(last) = self.lines.load(Ordering::Acquire).checked_sub(1) else {
            return Ok(());
        };
        self.put(&self.line_key(last), Vec::new())?;
        self.lines.store(last, Ordering::Release);
        Ok(())
    }

    fn keep(&self, number: u64, file: &File) -> io::Result<()> {
        let mut pieces: Vec<String> = Vec::new();
        loop {
            let mut piece = Vec::new();
            let read = file.take(PIECE).read_to_end(&mut piece)?;
            if read == 0 {
                break;
            }
            self.ask_for_room(read as u64)?;
            let put = self.journal.put_blob(&self.session, piece);
            let BlobId(id) = self.runtime.block_on(put).map_err(|error| refused(&error))?;
            pieces.push(id);
        }
        self.put(&self.content_key(number), serde_json::to_vec(&pieces)?)
    }

    fn restore(&self, number: u64, mut to: &File) -> io::Result<()> {
        let kept = self
            .get(&self.content_key(number))?
            .ok_or(io::ErrorKind::NotFound)?;
        let pieces: Vec<String> = serde_json::from_slice(&kept)?;
        for id in pieces {
            let id = BlobId(id);
            let found = self.journal.blob(&self.session, &id);
            let piece = self.runtime.block_on(found).map_err(|error| refused(&error))?;
            to.write_all(&piece.ok_or(io::ErrorKind::NotFound)?)?;
        }
        Ok(())
    }

    fn clear(&self, _: &[u64]) -> io::Result<()> {
        // What was kept goes with the session, or with what retention lets go.
        let number = self.lines.swap(0, Ordering::AcqRel);
        if number > 0 {
            self.put(&self.line_key(0), Vec::new())
        } else {
            Ok(())
        }
    }
}

fn refused(error: &UserError) -> io::Error {
    let kind = match error.code {
        ErrorCode::JournalFull => io::ErrorKind::QuotaExceeded,
        ErrorCode::DiskFull => io::ErrorKind::StorageFull,
        _ => io::ErrorKind::Other,
    };
    io::Error::new(kind, error.happened.clone())
}
