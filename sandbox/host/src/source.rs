//! The port through which an image is fetched: files of a store, each from where it was left. Whoever fills it in decides what
//! may be reached and how; nothing it gives is believed before its digest is compared.

use std::fmt;

use bytes::Bytes;

use crate::machine::BoxFuture;

/// A store of images: `current` (the id of an image, on one line), `<id>/manifest.json`, and `<id>/<part>` for each part.
pub trait Source: Send + Sync + fmt::Debug {
    /// Where it is, for messages: its address.
    fn place(&self) -> &str;

    /// A file of the store, from this byte on. One that cannot begin there may begin at its start, and says so. There is no
    /// need for a deadline: whoever reads ends what takes too long, by dropping it.
    fn open<'a>(&'a self, path: &'a str, from: u64) -> BoxFuture<'a, Result<Opened, SourceError>>;
}

/// A file that is on its way.
#[derive(Debug)]
pub struct Opened {
    /// The byte at which it begins: the one that was asked for, or 0.
    pub from: u64,
    /// How long the whole file is, in bytes, where that is told.
    pub size: Option<u64>,
    /// Its bytes.
    pub body: Box<dyn Body>,
}

/// The bytes of a file.
pub trait Body: Send + fmt::Debug {
    /// The next of them, `None` at the end. Dropping the future loses nothing.
    fn next(&mut self) -> BoxFuture<'_, Result<Option<Bytes>, SourceError>>;
}

/// What a failure of a source means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceErrorKind {
    /// It was not reached, or the connection broke: another try goes on where this one ended.
    Cut,
    /// It has no such file.
    Missing,
    /// The file is not as long as where it was to begin.
    PastEnd,
    /// It is closed, leads elsewhere, or does not answer as a store does.
    Refused,
}

/// Why a source does not give a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct SourceError {
    /// What it means.
    pub kind: SourceErrorKind,
    /// Why, in a sentence without its full stop.
    pub reason: String,
    /// What the person or the administrator can do.
    pub remedy: String,
}
