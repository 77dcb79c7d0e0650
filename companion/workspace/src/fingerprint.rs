//! What a file held at a moment, told by its content and nothing else: times lie.

use std::fmt;
use std::io::{self, Read};

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
    pub(crate) fn read(mut from: impl Read) -> io::Result<Self> {
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

    fn finish(size: u64, context: Context) -> Self {
        let mut hash = [0; 32];
        hash.copy_from_slice(context.finish().as_ref());
        Self { size, hash }
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
