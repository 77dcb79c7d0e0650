//! Small things that several parts need: digests, the tail of what somebody writes.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::digest::{Context, SHA256};

use crate::error::{ASK_DOCTOR, SandboxError, Step};

/// The SHA-256 of a file, in lower-case hexadecimal.
pub fn sha256_of(file: &Path) -> io::Result<String> {
    let mut from = File::open(file)?;
    let mut context = Context::new(&SHA256);
    let mut piece = vec![0; 256 * 1024];
    loop {
        let read = from.read(&mut piece)?;
        if read == 0 {
            return Ok(hexadecimal(context.finish().as_ref()));
        }
        context.update(piece.get(..read).unwrap_or_default());
    }
}

/// The SHA-256 of some bytes, in lower-case hexadecimal.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    hexadecimal(aws_lc_rs::digest::digest(&SHA256, bytes).as_ref())
}

pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string does not fail.
        write!(text, "{byte:02x}").ok();
        text
    })
}

/// Does this beside the runtime's own threads.
pub(crate) async fn beside<T: Send + 'static>(
    step: Step,
    work: impl FnOnce() -> Result<T, SandboxError> + Send + 'static,
) -> Result<T, SandboxError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(SandboxError::new(step, error.to_string(), ASK_DOCTOR)))
}

/// The last bytes of what a machine writes: whatever it writes, no more than this is kept.
#[derive(Clone, Debug, Default)]
pub struct Console(Arc<Mutex<VecDeque<u8>>>);

/// How Linux says that it cannot go on (`panic()` in `kernel/panic.c`).
const PANIC: &str = "Kernel panic - not syncing";

/// Enough for the last words of a kernel.
const KEPT: usize = 16 * 1024;

impl Console {
    /// Adds to it.
    pub fn add(&self, bytes: &[u8]) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend(bytes.iter().skip(bytes.len().saturating_sub(KEPT)));
        let over = kept.len().saturating_sub(KEPT);
        kept.drain(..over);
    }

    /// The last lines, without what would move a terminal's cursor. Where a kernel panicked, the line that says why stands
    /// first, however much of its stack came after it.
    pub fn tail(&self, lines: usize) -> String {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes: Vec<u8> = kept.iter().copied().collect();
        let text = String::from_utf8_lossy(&bytes);
        let plain: Vec<String> = text
            .lines()
            .map(|line| {
                line.chars()
                    .filter(|letter| !letter.is_control())
                    .collect::<String>()
            })
            .filter(|line| !line.trim().is_empty())
            .collect();
        let (before, last) = plain.split_at(plain.len().saturating_sub(lines));
        let why = before.iter().rfind(|line| line.contains(PANIC));
        let told: Vec<&str> = why.into_iter().chain(last).map(String::as_str).collect();
        told.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_console_keeps_its_end_and_no_more_whatever_is_written() {
        let console = Console::default();
        for number in 0..10_000 {
            console.add(format!("line {number}\r\n").as_bytes());
        }
        assert_eq!(console.tail(2), "line 9998\nline 9999");
        console.add(&vec![b'x'; KEPT * 3]);
        assert_eq!(console.tail(5).len(), KEPT);
    }

    #[test]
    fn a_console_says_first_why_a_kernel_panicked() {
        let console = Console::default();
        console.add(b"up\nKernel panic - not syncing: out of memory\n");
        assert_eq!(console.tail(1), "Kernel panic - not syncing: out of memory");
        for number in 0..40 {
            console.add(format!("frame {number}\n").as_bytes());
        }
        assert_eq!(
            console.tail(2),
            "Kernel panic - not syncing: out of memory\nframe 38\nframe 39"
        );
    }

    #[test]
    fn a_console_moves_no_cursor() {
        let console = Console::default();
        console.add(b"\x1b[2Jgone\x07\n");
        assert_eq!(console.tail(1), "[2Jgone");
    }
}
