//! What a file held at a moment, told by its content and nothing else: times lie.

use std::fmt;
use std::io::{self, Read, Write};

use aws_lc_rs::digest::{Context, SHA256};

/// Size and SHA-256 of a file's content.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint {
    /// Bytes.
    pub size: u64,
    /// SHA-256.
    pub hash: [u8; 32],
}

impl Fingerprint {
    /// Of content in memory.
    pub fn of(content: &[u8]) -> Self {
        let mut context = Context::new(&SHA256);
        context.update(content);
        Self::finish(content.len() as u64, context)
    }

    /// Of what can be read.
    pub fn read(mut from: impl Read) -> io::Result<Self> {
        let mut context = Context::new(&SHA256);
        let mut buffer = vec![0; 128 << 10];
        let mut size = 0;
        loop {
            match from.read(&mut buffer) {
                Ok(0) => return Ok(Self::finish(size, context)),
                Ok(length) => {
                    context.update(&buffer[..length]);
                    size += length as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Of what is written, and nothing is kept of it.
    pub fn of_written(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<Self> {
        let mut out = Fingerprinting::new(io::sink());
        write(&mut out)?;
        Ok(out.fingerprint())
    }

    fn finish(size: u64, context: Context) -> Self {
        let mut hash = [0; 32];
        hash.copy_from_slice(context.finish().as_ref());
        Self { size, hash }
    }
}

/// Passes on what is written, and knows its fingerprint.
pub(crate) struct Fingerprinting<W> {
    out: W,
    size: u64,
    context: Context,
}

impl<W: Write> Fingerprinting<W> {
    pub(crate) fn new(out: W) -> Self {
        let (size, context) = (0, Context::new(&SHA256));
        Self { out, size, context }
    }

    /// Of what was written until now.
    pub(crate) fn fingerprint(self) -> Fingerprint {
        Fingerprint::finish(self.size, self.context)
    }
}

impl<W: Write> Write for Fingerprinting<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let length = self.out.write(bytes)?;
        self.context.update(&bytes[..length]);
        self.size += length as u64;
        Ok(length)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl fmt::Display for Fingerprint {
    /// All of it, to be kept and compared.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}-", self.size)?;
        self.hash
            .iter()
            .try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} bytes ", self.size)?;
        self.hash[..4]
            .iter()
            .try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}
