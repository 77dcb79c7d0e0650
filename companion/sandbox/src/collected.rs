//! What a command wrote, as much as is kept: its beginning and its end.

use std::collections::VecDeque;

/// Bytes of the beginning and of the end that are kept.
const HEAD: usize = 16 * 1024;
const TAIL: usize = 32 * 1024;

/// The output of a command, standard output and error as they came.
#[derive(Debug, Default)]
pub(crate) struct Collected {
    head: Vec<u8>,
    tail: VecDeque<u8>,
    left_out: u64,
}

impl Collected {
    /// Takes in more.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        let room = HEAD - self.head.len();
        let (first, rest) = bytes.split_at(room.min(bytes.len()));
        self.head.extend_from_slice(first);
        self.tail.extend(rest);
        let over = self.tail.len().saturating_sub(TAIL);
        self.tail.drain(..over);
        self.left_out += over as u64;
    }

    /// As text, without what would move a cursor. What is left out is said where it was.
    pub(crate) fn text(&self) -> String {
        let tail: Vec<u8> = self.tail.iter().copied().collect();
        if self.left_out == 0 {
            let whole = [self.head.as_slice(), &tail].concat();
            return plain(&whole);
        }
        format!(
            "{}\n[{} bytes are left out here: write long output to a file and read the parts that count]\n{}",
            plain(&self.head),
            self.left_out,
            plain(&tail)
        )
    }
}

/// Bytes of a program as text.
pub(crate) fn plain(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(&strip_ansi_escapes::strip(bytes)).into_owned();
    text.trim_end().to_owned()
}

/// What a command writes, in pieces for whoever looks on: often enough to be followed, and never more than is worth it.
#[derive(Debug, Default)]
pub(crate) struct Live {
    waiting: Vec<u8>,
    shown: usize,
}

/// Bytes of a command's output that are shown while it runs.
const SHOWN: usize = 64 * 1024;

impl Live {
    /// Takes in more; what is over the most that is shown is left to the result.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        let room = SHOWN.saturating_sub(self.shown + self.waiting.len());
        self.waiting
            .extend_from_slice(bytes.get(..room.min(bytes.len())).unwrap_or_default());
    }

    /// The next piece, whole characters of it; nothing where there is none.
    pub(crate) fn take(&mut self) -> Option<String> {
        let whole = match std::str::from_utf8(&self.waiting) {
            Ok(text) => text.len(),
            // A character that is not over yet waits, at most three bytes of it; what is no text goes as it is.
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            Err(_) => self.waiting.len(),
        };
        if whole == 0 {
            return None;
        }
        let piece: Vec<u8> = self.waiting.drain(..whole).collect();
        self.shown += piece.len();
        Some(String::from_utf8_lossy(&piece).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beginning_and_the_end_are_kept_and_what_is_left_out_is_counted() {
        let mut collected = Collected::default();
        collected.push(b"first\n");
        for _ in 0..10_000 {
            collected.push(b"0123456789\n");
        }
        collected.push(b"last");
        let text = collected.text();
        assert!(
            text.starts_with("first\n0123") && text.ends_with("\nlast"),
            "{}",
            text.len()
        );
        let left_out = 6 + 110_000 + 4 - HEAD - TAIL;
        assert!(
            text.contains(&format!("[{left_out} bytes are left out here")),
            "{left_out}"
        );
        assert!(text.len() < HEAD + TAIL + 200);
    }

    #[test]
    fn what_moves_a_cursor_is_no_text() {
        let mut collected = Collected::default();
        collected.push(b"\x1b[31mred\x1b[0m \x1b]0;title\x07 \xff\n\n");
        assert_eq!(collected.text(), "red  \u{fffd}");
    }

    #[test]
    fn pieces_hold_whole_characters_and_end_where_enough_was_shown() {
        let mut live = Live::default();
        live.push(&"é".as_bytes()[..1]);
        assert_eq!(live.take(), None);
        live.push(&"é".as_bytes()[1..]);
        assert_eq!(live.take().as_deref(), Some("é"));
        live.push(b"\xff");
        assert_eq!(live.take().as_deref(), Some("\u{fffd}"));
        let mut shown = 0;
        for _ in 0..100 {
            live.push(&[b'a'; 4096]);
            shown += live.take().map_or(0, |piece| piece.len());
        }
        assert_eq!(shown, SHOWN - 3);
        assert_eq!(live.take(), None);
    }
}
