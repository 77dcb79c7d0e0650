//! What the host answers, each message as the bytes of one write.

use std::ffi::OsStr;

use super::Reader;
use crate::errno::Errno;
use crate::host::{Kind, Space, Stat};
use crate::name::to_wire;

/// `FUSE_KERNEL_VERSION` and the minor version of Linux 6.1; a newer kernel speaks it too.
pub(super) const MAJOR: u32 = 7;
const MINOR: u32 = 37;
/// Pages of 4 KiB in one request: together [`super::DATA`].
const PAGES: u16 = 256;
/// Requests that the kernel may have waiting in the background.
const BACKGROUND: u16 = 48;

/// What the kernel is asked to do, where it can.
mod flags {
    pub(super) const ASYNC_READ: u32 = 1;
    /// `O_TRUNC` comes with the open, so that no empty file is ever put in place.
    pub(super) const ATOMIC_O_TRUNC: u32 = 1 << 3;
    pub(super) const BIG_WRITES: u32 = 1 << 5;
    /// What changed on the host is read anew.
    pub(super) const AUTO_INVAL_DATA: u32 = 1 << 12;
    pub(super) const DO_READDIRPLUS: u32 = 1 << 13;
    pub(super) const READDIRPLUS_AUTO: u32 = 1 << 14;
    pub(super) const PARALLEL_DIROPS: u32 = 1 << 18;
    pub(super) const HANDLE_KILLPRIV: u32 = 1 << 19;
    pub(super) const MAX_PAGES: u32 = 1 << 22;
    pub(super) const CACHE_SYMLINKS: u32 = 1 << 23;

    pub(super) const ALL: u32 = ASYNC_READ
        | ATOMIC_O_TRUNC
        | BIG_WRITES
        | AUTO_INVAL_DATA
        | DO_READDIRPLUS
        | READDIRPLUS_AUTO
        | PARALLEL_DIROPS
        | HANDLE_KILLPRIV
        | MAX_PAGES
        | CACHE_SYMLINKS;
}

/// Without these the kernel would put half a change in place, or send what is not taken.
const NEEDED: u32 = flags::ATOMIC_O_TRUNC | flags::BIG_WRITES;

/// What the guest is told of a file: `fuse_attr`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attributes {
    pub(crate) number: u64,
    pub(crate) stat: Stat,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

/// `fuse_entry_out`. A node of 0 says that there is no such name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub(crate) node: u64,
    /// Seconds for which the name may be believed.
    pub(crate) name_for: u64,
    /// Seconds for which the attributes may be believed.
    pub(crate) attributes_for: u64,
    pub(crate) attributes: Option<Attributes>,
}

/// A growing message.
#[derive(Debug)]
struct Writer(Vec<u8>);

impl Writer {
    /// `fuse_out_header`, whose length is set at the end.
    fn new(error: i32, unique: u64, room: usize) -> Self {
        let mut writer = Self(Vec::with_capacity(16 + room));
        writer.u32(0);
        writer.0.extend(error.to_le_bytes());
        writer.u64(unique);
        writer
    }

    fn u16(&mut self, number: u16) {
        self.0.extend(number.to_le_bytes());
    }

    fn u32(&mut self, number: u32) {
        self.0.extend(number.to_le_bytes());
    }

    fn u64(&mut self, number: u64) {
        self.0.extend(number.to_le_bytes());
    }

    fn done(mut self) -> Vec<u8> {
        let length = (self.0.len() as u32).to_le_bytes();
        self.0[..4].copy_from_slice(&length);
        self.0
    }
}

/// An answer with data.
pub(crate) fn ok(unique: u64, data: &[u8]) -> Vec<u8> {
    let mut writer = Writer::new(0, unique, data.len());
    writer.0.extend(data);
    writer.done()
}

/// An answer that refuses.
pub(crate) fn error(unique: u64, errno: Errno) -> Vec<u8> {
    Writer::new(-errno.0, unique, 0).done()
}

/// `fuse_init_out`; none where the kernel's protocol is too old, or lacks what is needed.
pub(crate) fn init(asked: &super::Init) -> Option<Vec<u8>> {
    let (has, minor) = if asked.major > MAJOR {
        // The kernel asks again with ours.
        (0, MINOR)
    } else {
        let is_known = asked.major == MAJOR && asked.minor >= 31 && asked.flags & NEEDED == NEEDED;
        is_known.then_some((asked.flags & flags::ALL, MINOR.min(asked.minor)))?
    };
    let mut writer = Writer(Vec::with_capacity(64));
    writer.u32(MAJOR);
    writer.u32(minor);
    writer.u32(asked.readahead.clamp(128 << 10, super::DATA as u32));
    writer.u32(has);
    writer.u16(BACKGROUND);
    writer.u16(BACKGROUND / 4 * 3);
    writer.u32(super::DATA as u32);
    // Times are exact to the nanosecond.
    writer.u32(1);
    writer.u16(PAGES);
    writer.u16(0);
    writer.0.resize(64, 0);
    Some(writer.0)
}

impl Attributes {
    /// `fuse_attr`, 88 bytes.
    fn write(&self, writer: &mut Writer) {
        let Stat {
            kind,
            size,
            blocks,
            accessed,
            modified,
            mode,
            ..
        } = self.stat;
        writer.u64(self.number);
        writer.u64(if kind == Kind::Special { 0 } else { size });
        writer.u64(blocks);
        // The moment of the last change is that of the last write: a new file in the same place is no change to the guest.
        for moment in [accessed, modified, modified] {
            writer.u64(moment.seconds.cast_unsigned());
        }
        for moment in [accessed, modified, modified] {
            writer.u32(moment.nanos);
        }
        writer.u32(file_type(kind) | (mode & 0o777));
        // A hard link is a name of its own here.
        writer.u32(if kind == Kind::Folder { 2 } else { 1 });
        writer.u32(self.uid);
        writer.u32(self.gid);
        // rdev, blksize, flags.
        writer.u32(0);
        writer.u32(super::DATA as u32);
        writer.u32(0);
    }
}

/// `S_IF*`. What is never opened is shown as a socket: the guest's kernel opens none, and asks nobody.
fn file_type(kind: Kind) -> u32 {
    match kind {
        Kind::File => 0o100_000,
        Kind::Folder => 0o040_000,
        Kind::Link => 0o120_000,
        Kind::Special => 0o140_000,
    }
}

impl Entry {
    /// `fuse_entry_out`, 128 bytes.
    fn write(&self, writer: &mut Writer) {
        for number in [self.node, 0, self.name_for, self.attributes_for, 0] {
            writer.u64(number);
        }
        match &self.attributes {
            Some(attributes) => attributes.write(writer),
            None => writer.0.extend([0; 88]),
        }
    }
}

pub(crate) fn entry(entry: &Entry) -> Vec<u8> {
    let mut writer = Writer(Vec::with_capacity(128 + 16));
    entry.write(&mut writer);
    writer.0
}

/// `fuse_attr_out`.
pub(crate) fn attributes(seconds: u64, attributes: &Attributes) -> Vec<u8> {
    let mut writer = Writer(Vec::with_capacity(104));
    writer.u64(seconds);
    writer.u64(0);
    attributes.write(&mut writer);
    writer.0
}

/// `fuse_open_out`. `FOPEN_KEEP_CACHE` is 2.
pub(crate) fn opened(handle: u64, keep_cache: bool) -> Vec<u8> {
    let mut writer = Writer(Vec::with_capacity(16));
    writer.u64(handle);
    writer.u32(if keep_cache { 2 } else { 0 });
    writer.u32(0);
    writer.0
}

/// `fuse_kstatfs`.
pub(crate) fn space(space: &Space) -> Vec<u8> {
    let mut writer = Writer(Vec::with_capacity(80));
    for number in [
        space.blocks,
        space.free,
        space.available,
        space.files,
        space.files_free,
    ] {
        writer.u64(number);
    }
    let block = u32::try_from(space.block).unwrap_or(4096);
    for number in [block, crate::name::NAME_MAX as u32, block, 0] {
        writer.u32(number);
    }
    writer.0.resize(80, 0);
    writer.0
}

/// Appends one name of a listing: `fuse_direntplus` with an entry, else `fuse_dirent`. False where it has no room.
pub(crate) fn dirent(
    listing: &mut Vec<u8>,
    room: usize,
    entry: Option<&Entry>,
    (number, next): (u64, u64),
    (name, kind): (&OsStr, Kind),
) -> bool {
    // What has no form on the wire is left out: it could not be asked for either.
    let Some(name) = to_wire(name) else {
        return true;
    };
    let length = 24 + name.len().next_multiple_of(8) + if entry.is_some() { 128 } else { 0 };
    if listing.len() + length > room {
        return false;
    }
    let mut writer = Writer(std::mem::take(listing));
    if let Some(entry) = entry {
        entry.write(&mut writer);
    }
    writer.u64(number);
    writer.u64(next);
    writer.u32(name.len() as u32);
    writer.u32(file_type(kind) >> 12);
    writer.0.extend(name);
    let padded = writer.0.len() + name.len().next_multiple_of(8) - name.len();
    writer.0.resize(padded, 0);
    *listing = writer.0;
    true
}

/// `FUSE_NOTIFY_INVAL_INODE`: what the kernel knows of a file is old; also its content, where that is said.
pub(crate) fn invalidate_node(node: u64, content: bool) -> Vec<u8> {
    let mut writer = Writer::new(2, 0, 24);
    writer.u64(node);
    writer.u64(if content { 0 } else { u64::MAX });
    writer.u64(0);
    writer.done()
}

/// `FUSE_NOTIFY_INVAL_ENTRY`: what the kernel knows of a name is old.
pub(crate) fn invalidate_entry(folder: u64, name: &OsStr) -> Option<Vec<u8>> {
    let name = to_wire(name)?;
    let mut writer = Writer::new(3, 0, 17 + name.len());
    writer.u64(folder);
    writer.u32(name.len() as u32);
    writer.u32(0);
    writer.0.extend(name);
    writer.0.push(0);
    Some(writer.done())
}

/// `FUSE_NOTIFY_RETRIEVE` of no bytes of the root: the guest's agent answers `FUSE_NOTIFY_REPLY` with this number once the
/// kernel has taken what came before.
pub(crate) fn retrieve_nothing(number: u64) -> Vec<u8> {
    let mut writer = Writer::new(5, 0, 32);
    for number in [number, super::ROOT, 0, 0] {
        writer.u64(number);
    }
    writer.done()
}

/// The node and count of each `fuse_forget_one`.
pub(crate) fn forgets(each: &[u8]) -> impl Iterator<Item = (u64, u64)> {
    each.chunks_exact(16).filter_map(|one| {
        let mut reader = Reader(one);
        Some((reader.u64()?, reader.u64()?))
    })
}
