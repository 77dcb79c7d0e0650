//! What can be wrong with what comes over the line.

use std::io;

/// Why the line, or one stream of it, cannot be read on.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// The other side closed it where more was due.
    #[error("the other side closed the stream in the middle")]
    Closed,
    /// A length beyond the cap of its place.
    #[error("{what} of {found} bytes; at most {most} are taken")]
    TooLong {
        /// Which part.
        what: &'static str,
        /// As announced.
        found: usize,
        /// The cap.
        most: usize,
    },
    /// No JSON of the expected shape.
    #[error("{what} cannot be read: {why}")]
    Malformed {
        /// Which part.
        what: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// A frame of a kind that this stream has not.
    #[error("a frame of the unknown kind {0}")]
    UnknownFrame(u8),
    /// The other side speaks another version.
    #[error("the agent speaks version {found} of the protocol, the service {ours}")]
    Version {
        /// Its version.
        found: u32,
        /// Ours.
        ours: u32,
    },
    /// The streams as a whole broke: a frame of theirs that yamux refuses, or the end of the line.
    #[error("the line to the virtual machine broke: {0}")]
    Line(String),
    /// Reading or writing failed.
    #[error(transparent)]
    Io(io::Error),
}

impl From<io::Error> for WireError {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::UnexpectedEof {
            Self::Closed
        } else {
            Self::Io(error)
        }
    }
}
