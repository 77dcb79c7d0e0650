//! What the service fills in: the journal that is asked before a change, and the listener that hears of it after.

use std::ffi::OsStr;
use std::fmt;
use std::fs::File;
use std::io;

use cap_std::fs::Dir;
use serde::{Deserialize, Serialize};

use crate::path::SharePath;

/// The file behind a name: device and number. Stays through renames, differs once another file has the name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Ident {
    /// The device or volume.
    pub dev: u64,
    /// The number on it.
    pub ino: u64,
}

/// A moment: seconds and nanoseconds since 1970.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Moment {
    /// Whole seconds.
    pub seconds: i64,
    /// Nanoseconds of the second, below 1,000,000,000.
    pub nanos: u32,
}

impl Moment {
    pub(crate) fn now() -> Self {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let since = since.unwrap_or_default();
        Self {
            seconds: i64::try_from(since.as_secs()).unwrap_or(0),
            nanos: since.subsec_nanos(),
        }
    }
}

/// What is at a path at one moment, without its content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "is")]
pub enum State {
    /// Nothing.
    Missing,
    /// A regular file. Two equal ones have the same content, unless a program wrote and set the time of writing back.
    File {
        /// Which file.
        ident: Ident,
        /// Bytes.
        size: u64,
        /// When its content was last written.
        modified: Moment,
        /// Permission bits, at most 0o777.
        mode: u32,
    },
    /// A folder.
    Folder {
        /// Permission bits, at most 0o777.
        mode: u32,
    },
    /// A symbolic link.
    Link {
        /// Its target, percent-encoded where it is no text.
        target: String,
    },
    /// A pipe, socket or device. The guest changes none.
    Special,
}

/// A change that is about to happen at one path.
#[derive(Debug)]
#[non_exhaustive]
pub struct Change<'a> {
    /// Where.
    pub path: &'a SharePath,
    /// What kind.
    pub kind: ChangeKind<'a>,
    /// What is there now.
    pub pre: &'a State,
    /// What will be there. Its `ident` is known beforehand, for the new file lies beside already.
    pub post: &'a State,
    /// Where the content that will go can be taken from; none where nothing will.
    pub going: Option<Going<'a>>,
}

impl<'a> Change<'a> {
    /// The making of something where nothing is, for who tries a journal by itself.
    pub fn creation(path: &'a SharePath, post: &'a State) -> Self {
        Self {
            path,
            kind: ChangeKind::Create,
            pre: &State::Missing,
            post,
            going: None,
        }
    }
}

/// The kinds of changes.
#[derive(Debug)]
#[non_exhaustive]
pub enum ChangeKind<'a> {
    /// A file, folder or link where nothing is.
    Create,
    /// New content for a file: another file takes its name.
    Replace,
    /// A file, folder or link goes.
    Remove,
    /// It gets another path; `post` is what was at `to` before, which goes.
    Rename {
        /// The new path.
        to: &'a SharePath,
        /// What is there now and goes: `Missing` or a file, link or empty folder.
        over: &'a State,
    },
    /// Other permission bits or another time of writing; the content stays.
    Metadata,
}

/// What will go, for a journal that keeps it.
#[derive(Debug)]
#[non_exhaustive]
pub struct Going<'a> {
    /// The open folder that holds it.
    pub folder: &'a Dir,
    /// Its name there: one component.
    pub name: &'a OsStr,
    /// The file, open for reading at its beginning; none for folders and links.
    pub file: Option<&'a File>,
}

/// How a journal kept what goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// It lies where it was, and the change is to be made.
    InPlace,
    /// The journal took it away by renaming: only for [`ChangeKind::Remove`], which is done with that.
    Moved,
}

/// Is asked before anything changes.
///
/// Once it has answered, the change must be one that can be undone also when the machine stops at this moment. An error
/// refuses the change, and nothing was changed. It blocks, and is called for one change at a time and share. A change
/// that was journaled may still fail: then `pre` is still there.
///
/// A guest may change the same file without end, so **a journal has caps** on what it holds, in bytes and in records, and
/// on how far it fills the disk that it lies on. At a cap it refuses the change and keeps what it has: that stays
/// undoable. The kind of the error says which cap it was, and the guest is told the same:
///
/// | kind | meaning | in the guest |
/// |---|---|---|
/// | [`io::ErrorKind::QuotaExceeded`] | the journal is full | `EDQUOT` |
/// | [`io::ErrorKind::StorageFull`] | the disk of the journal has no room to spare | `ENOSPC` |
/// | any other | it could not be kept | `EIO` |
pub trait Journal: Send + Sync + fmt::Debug {
    /// Keeps the way back.
    fn before(&self, change: &Change<'_>) -> io::Result<Kept>;
}

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A file, folder or link came to be.
    Created {
        /// Where.
        path: SharePath,
    },
    /// A file has new content.
    Written {
        /// Where.
        path: SharePath,
        /// Its size in bytes.
        bytes: u64,
    },
    /// A file, folder or link went.
    Removed {
        /// Where it was.
        path: SharePath,
        /// The bytes that it had.
        bytes: u64,
    },
    /// Something has another path.
    Renamed {
        /// Where it was.
        from: SharePath,
        /// Where it is.
        to: SharePath,
    },
    /// Permission bits or the time of writing changed.
    Metadata {
        /// Where.
        path: SharePath,
    },
    /// The host changed the file while the guest wrote it: the host's stays, the guest's has another name.
    Conflict {
        /// The file.
        path: SharePath,
        /// The guest's content; none where no room was left for it.
        kept: Option<SharePath>,
    },
    /// What the guest had written and not closed when the connection ended. The file has the content from before.
    Discarded {
        /// The file.
        path: SharePath,
        /// Bytes that the guest's version had.
        bytes: u64,
    },
    /// The guest was refused: by the rules here, the journal or a cap on room, not by the system.
    Refused {
        /// What it asked for, as the kernel calls it.
        operation: &'static str,
        /// Where; the parent folder where the name itself was refused.
        path: SharePath,
        /// The Linux error number.
        errno: i32,
    },
}

/// Hears what was done, after it was done. Called with the share held: it is to return at once.
pub trait Events: Send + Sync + fmt::Debug {
    /// One thing was done.
    fn done(&self, event: Event);
}
