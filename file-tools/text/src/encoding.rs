//! Which encoding a text file is in, and its bytes as what records are cut from.

use std::io::{Read, Seek, SeekFrom};

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use deskhand_operations::Refusal;
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

use crate::refuse;

/// Files up to this size are looked at whole, larger ones at their head and in windows.
const WHOLE: u64 = 64 << 20;
/// The head of a large file, and each window.
const HEAD: u64 = 4 << 20;
const WINDOW: u64 = 64 << 10;
const WINDOWS: u64 = 64;
/// Bytes that are looked at for the dialect.
const SAMPLE: u64 = 256 << 10;
/// Bytes with other than ASCII that the detector is fed at most.
const MAX_FED: usize = 1 << 20;

/// How a file's bytes become text.
#[derive(Clone, Debug)]
pub(crate) struct Decoding {
    pub(crate) encoding: &'static Encoding,
    pub(crate) bom: bool,
    /// Where the text begins, after a byte order mark.
    pub(crate) start: u64,
    /// True where the encoding was guessed.
    guessed: bool,
}

impl Decoding {
    /// The encoding's name in the WHATWG standard.
    pub(crate) fn name(&self) -> &'static str {
        self.encoding.name()
    }

    pub(crate) fn doubts(&self) -> Vec<String> {
        if self.guessed {
            vec![format!(
                "the file does not say its encoding; {} fits its letters best",
                self.name()
            )]
        } else {
            Vec::new()
        }
    }

    /// Records can be cut from the bytes themselves where no byte below 0x40 is part of a longer character, except for
    /// `|` and `\`: see [`Decoding::is_safe`].
    pub(crate) fn is_bytewise(&self) -> bool {
        self.encoding.is_ascii_compatible()
    }

    /// False for an ASCII character that may be the second byte of another in this encoding.
    pub(crate) fn is_safe(&self, byte: u8) -> bool {
        self.encoding.is_single_byte() || self.encoding == UTF_8 || byte < 0x30
    }

    /// The beginning of the text, decoded.
    pub(crate) fn sample(&self, source: &mut (impl Read + Seek)) -> Result<String, Refusal> {
        let bytes = window(source, self.start, SAMPLE)?;
        Ok(self.encoding.decode_without_bom_handling(&bytes).0.into_owned())
    }
}

fn window(source: &mut (impl Read + Seek), from: u64, length: u64) -> Result<Vec<u8>, Refusal> {
    let mut bytes = Vec::new();
    source
        .seek(SeekFrom::Start(from))
        .and_then(|_| source.by_ref().take(length).read_to_end(&mut bytes))
        .map_err(|error| refuse::io(&error))?;
    Ok(bytes)
}

/// The encoding of a file, or the one that the caller names.
pub(crate) fn detect(
    source: &mut (impl Read + Seek),
    length: u64,
    label: Option<&str>,
) -> Result<Decoding, Refusal> {
    let head = window(source, 0, HEAD)?;
    let marked = Encoding::for_bom(&head);
    if head.starts_with(&[0xff, 0xfe, 0, 0]) || head.starts_with(&[0, 0, 0xfe, 0xff]) {
        return Err(refuse::unsupported(
            "the file is in UTF-32, which is not read; save it as UTF-8",
        ));
    }
    let found = |encoding, guessed| Decoding {
        encoding,
        bom: marked.is_some(),
        start: marked.map_or(0, |(_, length)| length as u64),
        guessed,
    };
    if let Some(label) = label {
        let encoding = Encoding::for_label(label.as_bytes());
        let encoding = encoding.ok_or_else(|| {
            let label: String = label.chars().take(40).collect();
            refuse::bad_input(format!("'{label}' is no encoding of the WHATWG standard"))
        })?;
        return Ok(found(encoding, false));
    }
    if let Some((encoding, _)) = marked {
        return Ok(found(encoding, false));
    }
    if let Some(encoding) = wide(&head) {
        return Ok(found(encoding, true));
    }
    let mut evidence = Evidence::default();
    evidence.add(&head, length <= HEAD);
    if length > HEAD && length <= WHOLE {
        evidence.add(&window(source, HEAD, WHOLE)?, true);
    } else if length > WHOLE {
        let step = (length - HEAD) / WINDOWS;
        for index in 0..WINDOWS {
            evidence.add_window(&window(source, HEAD + index * step, WINDOW)?);
        }
    }
    if memchr::memchr(0, &head[..head.len().min(8_192)]).is_some() {
        return Err(refuse::corrupt("the file is no text: it holds zero bytes"));
    }
    let (encoding, guessed) = evidence.verdict();
    Ok(found(encoding, guessed))
}

/// UTF-16 without a mark: in text of mostly Latin letters every other byte is zero.
fn wide(head: &[u8]) -> Option<&'static Encoding> {
    let head = &head[..head.len().min(4_096) & !1];
    let pairs = head.len() / 2;
    let zeros = |odd: usize| {
        head.iter()
            .skip(odd)
            .step_by(2)
            .filter(|byte| **byte == 0)
            .count()
    };
    let (even, odd) = (zeros(0), zeros(1));
    let mostly = |count: usize| pairs >= 4 && count * 10 >= pairs * 7;
    match (mostly(even) && odd * 20 < pairs, mostly(odd) && even * 20 < pairs) {
        (true, _) => Some(UTF_16BE),
        (_, true) => Some(UTF_16LE),
        _ => None,
    }
}

/// What the bytes of a file tell about its encoding.
struct Evidence {
    utf8: bool,
    ascii: bool,
    /// An incomplete character at the end of the bytes so far.
    carry: Vec<u8>,
    detector: EncodingDetector,
    fed: usize,
}

impl Default for Evidence {
    fn default() -> Self {
        Self {
            utf8: true,
            ascii: true,
            carry: Vec::new(),
            detector: EncodingDetector::new(Iso2022JpDetection::Allow),
            fed: 0,
        }
    }
}

impl Evidence {
    /// Bytes that follow the ones before; `last` for the end of the file.
    fn add(&mut self, bytes: &[u8], last: bool) {
        let joined = [std::mem::take(&mut self.carry).as_slice(), bytes].concat();
        match std::str::from_utf8(&joined) {
            Ok(_) => {}
            Err(error) if error.error_len().is_none() && !last => {
                self.carry = joined[error.valid_up_to()..].to_vec();
            }
            Err(_) => self.utf8 = false,
        }
        self.feed(&joined);
    }

    /// A stretch from somewhere in the file: it may begin and end inside a character.
    fn add_window(&mut self, bytes: &[u8]) {
        let start = bytes
            .iter()
            .take(4)
            .position(|byte| byte & 0xc0 != 0x80)
            .unwrap_or(0);
        if let Err(error) = std::str::from_utf8(&bytes[start..]) {
            self.utf8 &= error.error_len().is_none();
        }
        self.feed(bytes);
    }

    /// Lines with other than ASCII tell encodings apart; the others tell nothing.
    fn feed(&mut self, bytes: &[u8]) {
        if bytes.is_ascii() && !bytes.contains(&0x1b) {
            return;
        }
        self.ascii = false;
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            if self.fed > MAX_FED {
                return;
            }
            if !line.is_ascii() || line.contains(&0x1b) {
                self.fed += line.len();
                self.detector.feed(line, false);
            }
        }
    }

    /// The encoding, and whether it is a guess.
    fn verdict(mut self) -> (&'static Encoding, bool) {
        if self.ascii || self.utf8 {
            return (UTF_8, false);
        }
        self.detector.feed(b"", true);
        (self.detector.guess(None, Utf8Detection::Deny), true)
    }
}
