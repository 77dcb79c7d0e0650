//! From bytes to text: UTF-16 and UTF-8 with and without a mark, and what Windows calls ANSI.

use encoding_rs::{UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::ReadError;

/// The text of a file.
pub(super) fn decoded(bytes: &[u8]) -> Result<String, ReadError> {
    let (encoding, name) = match bytes {
        [0xff, 0xfe, ..] => (UTF_16LE, "UTF-16"),
        [0xfe, 0xff, ..] => (UTF_16BE, "UTF-16"),
        // Without a mark the first sign, which is ASCII in every form, tells.
        [first, 0, ..] if *first != 0 => (UTF_16LE, "UTF-16"),
        [0, second, ..] if *second != 0 => (UTF_16BE, "UTF-16"),
        _ if std::str::from_utf8(bytes).is_ok() => (UTF_8, "UTF-8"),
        // Registry files of version 4 are in the code page of the machine; the western one stands for it.
        _ if bytes.starts_with(b"REGEDIT4") => (WINDOWS_1252, "Windows-1252"),
        _ => return Err(ReadError::Encoding("UTF-8")),
    };
    let (text, damaged) = encoding.decode_with_bom_removal(bytes);
    if damaged {
        return Err(ReadError::Encoding(name));
    }
    Ok(text.into_owned())
}

/// Counts lines while a text is walked from its start to its end.
#[derive(Debug)]
pub(super) struct Lines<'a> {
    text: &'a [u8],
    at: usize,
    line: usize,
}

impl<'a> Lines<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            text: text.as_bytes(),
            at: 0,
            line: 1,
        }
    }

    /// The line of a byte that lies not before the last one asked for.
    pub(super) fn of(&mut self, at: usize) -> usize {
        let passed = self.text.get(self.at..at).unwrap_or_default();
        self.line += passed.iter().filter(|byte| **byte == b'\n').count();
        self.at = at.max(self.at);
        self.line
    }
}
