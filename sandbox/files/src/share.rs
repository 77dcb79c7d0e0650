//! A shared folder: its handle, what the guest may do in it, and how much of everything.

use std::io;
use std::path::Path;

use cap_std::ambient_authority;
use cap_std::fs::Dir;

/// What the guest may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Look only: every change is answered `EROFS`.
    ReadOnly,
    /// Change, with the journal asked before.
    ReadWrite,
}

/// Caps on what a guest can make the host hold or do. The guest is refused at a cap; the host never is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Names that the guest may hold (inodes): about 300 bytes each. Above, a lookup is answered `ENFILE`.
    pub nodes: usize,
    /// Files that it may have open. Above: `ENFILE`.
    pub files: usize,
    /// Folders that it may have open for listing.
    pub listings: usize,
    /// Names in one listing. Above: `EFBIG`, for half a listing would be taken for a whole one.
    pub names: usize,
    /// Names in all open listings together, 60 bytes each and their own length. Above: `ENFILE`.
    pub listed: usize,
    /// Names in all folders together that the kernel may believe absent for long, 60 bytes each and their own length.
    /// Above, it asks each time.
    pub absent: usize,
    /// Requests that are worked on at once.
    pub in_flight: usize,
    /// Folders whose changes on the host are watched; all others are asked for each time.
    pub watches: usize,
    /// Folders in folders. Below: `ENAMETOOLONG`.
    pub depth: usize,
    /// Bytes that the session may add: the content that it writes, whole files, and 16 KiB for each name that it makes.
    /// What it removes of its own is given back. Above: `EDQUOT`.
    pub quota: u64,
    /// Bytes of the host's disk that stay free whatever the guest does. `None`: 2 % of the disk, at least 1 GiB and at most
    /// 16. Below: `ENOSPC`.
    pub floor: Option<u64>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            nodes: 400_000,
            files: 4_096,
            listings: 256,
            names: 200_000,
            listed: 400_000,
            absent: 50_000,
            in_flight: 16,
            watches: 8_192,
            depth: 128,
            quota: 20 << 30,
            floor: None,
        }
    }
}

/// A folder of the host that a guest sees.
#[derive(Debug)]
pub struct Share {
    pub(crate) root: Dir,
    pub(crate) access: Access,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) limits: Limits,
}

impl Share {
    /// A share of an open folder. Everything in it belongs to `uid` and `gid` of the guest.
    pub fn new(root: Dir, access: Access, uid: u32, gid: u32) -> Self {
        Self {
            root,
            access,
            uid,
            gid,
            limits: Limits::default(),
        }
    }

    /// Opens a folder by its path on the host, once. A link there is followed: check the path before.
    pub fn open(path: &Path, access: Access, uid: u32, gid: u32) -> io::Result<Self> {
        let root = Dir::open_ambient_dir(path, ambient_authority())?;
        Ok(Self::new(root, access, uid, gid))
    }

    /// The same with other caps.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }
}
