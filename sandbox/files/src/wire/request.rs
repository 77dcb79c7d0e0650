//! What the guest's kernel asks. Everything here may be garbage: each number is read where there is one, and nothing is
//! believed.

use super::{HEADER, LONGEST, Reader};
use crate::host::Set;
use crate::port::Moment;

/// `fuse_in_header`, without what is not used: the guest's own users are one to the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) length: u32,
    pub(crate) opcode: u32,
    pub(crate) unique: u64,
    pub(crate) node: u64,
    /// The thread of the guest that asks; 0 for the kernel itself.
    pub(crate) thread: u32,
}

impl Header {
    /// The header of a message; none where its length is none that a message has.
    pub(crate) fn read(bytes: &[u8; HEADER]) -> Option<Self> {
        let mut reader = Reader(bytes);
        let mut header = Self {
            length: reader.u32()?,
            opcode: reader.u32()?,
            unique: reader.u64()?,
            node: reader.u64()?,
            thread: 0,
        };
        // uid and gid.
        reader.skip(8)?;
        header.thread = reader.u32()?;
        (HEADER..=LONGEST)
            .contains(&(header.length as usize))
            .then_some(header)
    }
}

/// A request with its body.
#[derive(Debug)]
pub(crate) struct Request<'a> {
    pub(crate) node: u64,
    pub(crate) thread: u32,
    pub(crate) body: Body<'a>,
}

/// `fuse_init_in`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Init {
    pub(crate) major: u32,
    pub(crate) minor: u32,
    pub(crate) readahead: u32,
    pub(crate) flags: u32,
}

/// `fuse_setattr_in`: what is to be set.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SetAttributes {
    pub(crate) handle: Option<u64>,
    pub(crate) size: Option<u64>,
    pub(crate) mode: Option<u32>,
    pub(crate) uid: Option<u32>,
    pub(crate) gid: Option<u32>,
    pub(crate) accessed: Set,
    pub(crate) modified: Set,
}

/// The requests that are answered. Names are without their NUL and not yet checked.
#[derive(Debug)]
pub(crate) enum Body<'a> {
    Init(Init),
    Destroy,
    Lookup {
        name: &'a [u8],
    },
    Forget {
        count: u64,
    },
    /// `fuse_forget_one`, 16 bytes each.
    BatchForget {
        each: &'a [u8],
    },
    GetAttributes {
        handle: Option<u64>,
    },
    SetAttributes(SetAttributes),
    ReadLink,
    SymLink {
        name: &'a [u8],
        target: &'a [u8],
    },
    MakeNode {
        name: &'a [u8],
        mode: u32,
    },
    MakeFolder {
        name: &'a [u8],
        mode: u32,
    },
    Unlink {
        name: &'a [u8],
    },
    RemoveFolder {
        name: &'a [u8],
    },
    Rename {
        to: u64,
        flags: u32,
        name: &'a [u8],
        new: &'a [u8],
    },
    Link,
    Open {
        flags: u32,
    },
    Create {
        flags: u32,
        mode: u32,
        name: &'a [u8],
    },
    Read {
        handle: u64,
        at: u64,
        size: u32,
    },
    Write {
        handle: u64,
        at: u64,
        data: &'a [u8],
    },
    Flush {
        handle: u64,
    },
    Release {
        handle: u64,
    },
    Sync {
        handle: u64,
    },
    Allocate {
        handle: u64,
        at: u64,
        length: u64,
        mode: u32,
    },
    OpenFolder,
    ReadFolder {
        handle: u64,
        at: u64,
        size: u32,
        plus: bool,
    },
    ReleaseFolder {
        handle: u64,
    },
    SyncFolder,
    Space,
    SetAttribute,
    Ioctl,
    Interrupt,
    Unknown,
}

/// `FATTR_*`.
mod valid {
    pub(super) const MODE: u32 = 1;
    pub(super) const UID: u32 = 1 << 1;
    pub(super) const GID: u32 = 1 << 2;
    pub(super) const SIZE: u32 = 1 << 3;
    pub(super) const ATIME: u32 = 1 << 4;
    pub(super) const MTIME: u32 = 1 << 5;
    pub(super) const FH: u32 = 1 << 6;
    pub(super) const ATIME_NOW: u32 = 1 << 7;
    pub(super) const MTIME_NOW: u32 = 1 << 8;
}

/// Reads a request. None where its body is shorter than its structure, or what it says of itself is not so.
pub(crate) fn parse<'a>(header: &Header, body: &'a [u8]) -> Option<Request<'a>> {
    let mut reader = Reader(body);
    let body = match header.opcode {
        1 | 5 | 6 | 8..=13 | 35 | 45 => names(header.opcode, &mut reader)?,
        2 | 3 | 4 | 17 | 26 | 36 | 38 | 42 => node(header.opcode, &mut reader)?,
        14 | 15 | 16 | 18 | 20 | 25 | 27..=30 | 43 | 44 => handles(header.opcode, &mut reader)?,
        // SETXATTR and REMOVEXATTR change something; GETXATTR and LISTXATTR are unknown, so that the kernel stops asking.
        21 | 24 => Body::SetAttribute,
        39 => Body::Ioctl,
        _ => Body::Unknown,
    };
    Some(Request {
        node: header.node,
        thread: header.thread,
        body,
    })
}

/// Requests that name something in a folder.
fn names<'a>(opcode: u32, reader: &mut Reader<'a>) -> Option<Body<'a>> {
    Some(match opcode {
        1 => Body::Lookup { name: reader.name()? },
        5 => Body::ReadLink,
        6 => Body::SymLink {
            name: reader.name()?,
            target: reader.name()?,
        },
        // fuse_mknod_in: mode, rdev, umask, padding.
        8 => {
            let mode = reader.u32()?;
            reader.skip(12)?;
            Body::MakeNode {
                mode,
                name: reader.name()?,
            }
        }
        // fuse_mkdir_in: mode, umask.
        9 => {
            let mode = reader.u32()?;
            reader.skip(4)?;
            Body::MakeFolder {
                mode,
                name: reader.name()?,
            }
        }
        10 => Body::Unlink { name: reader.name()? },
        11 => Body::RemoveFolder { name: reader.name()? },
        // fuse_rename_in: newdir. fuse_rename2_in: newdir, flags, padding.
        12 | 45 => {
            let to = reader.u64()?;
            let flags = if opcode == 45 { reader.u32()? } else { 0 };
            reader.skip(if opcode == 45 { 4 } else { 0 })?;
            Body::Rename {
                to,
                flags,
                name: reader.name()?,
                new: reader.name()?,
            }
        }
        13 => Body::Link,
        // fuse_create_in: flags, mode, umask, open_flags.
        _ => {
            let (flags, mode) = (reader.u32()?, reader.u32()?);
            reader.skip(8)?;
            Body::Create {
                flags,
                mode,
                name: reader.name()?,
            }
        }
    })
}

/// Requests about a node, and those about the connection.
fn node<'a>(opcode: u32, reader: &mut Reader<'a>) -> Option<Body<'a>> {
    Some(match opcode {
        2 => Body::Forget { count: reader.u64()? },
        // fuse_getattr_in: getattr_flags, dummy, fh. FUSE_GETATTR_FH is 1.
        3 => {
            let flags = reader.u32()?;
            reader.skip(4)?;
            let handle = reader.u64()?;
            Body::GetAttributes {
                handle: (flags & 1 != 0).then_some(handle),
            }
        }
        4 => Body::SetAttributes(set_attributes(reader)?),
        17 => Body::Space,
        26 => Body::Init(Init {
            major: reader.u32()?,
            minor: reader.u32()?,
            readahead: reader.u32()?,
            flags: reader.u32()?,
        }),
        36 => Body::Interrupt,
        38 => Body::Destroy,
        // fuse_batch_forget_in: count, dummy.
        _ => {
            let count = reader.u32()? as usize;
            reader.skip(4)?;
            Body::BatchForget {
                each: reader.0.get(..count.checked_mul(16)?)?,
            }
        }
    })
}

/// Requests about something open.
fn handles<'a>(opcode: u32, reader: &mut Reader<'a>) -> Option<Body<'a>> {
    // fuse_open_in: flags, open_flags.
    if opcode == 14 {
        return Some(Body::Open { flags: reader.u32()? });
    }
    if opcode == 27 {
        return Some(Body::OpenFolder);
    }
    let handle = reader.u64()?;
    Some(match opcode {
        // fuse_read_in: fh, offset, size, read_flags, lock_owner, flags, padding.
        15 | 28 | 44 => {
            let (at, size) = (reader.u64()?, reader.u32()?);
            match opcode {
                15 => Body::Read { handle, at, size },
                _ => Body::ReadFolder {
                    handle,
                    at,
                    size,
                    plus: opcode == 44,
                },
            }
        }
        // fuse_write_in: fh, offset, size, write_flags, lock_owner, flags, padding.
        16 => {
            let (at, size) = (reader.u64()?, reader.u32()? as usize);
            reader.skip(20)?;
            Body::Write {
                handle,
                at,
                data: reader.0.get(..size)?,
            }
        }
        18 => Body::Release { handle },
        20 => Body::Sync { handle },
        25 => Body::Flush { handle },
        29 => Body::ReleaseFolder { handle },
        30 => Body::SyncFolder,
        // fuse_fallocate_in: fh, offset, length, mode, padding.
        _ => Body::Allocate {
            handle,
            at: reader.u64()?,
            length: reader.u64()?,
            mode: reader.u32()?,
        },
    })
}

/// `fuse_setattr_in`: valid, padding, fh, size, lock_owner, atime, mtime, ctime, atimensec, mtimensec, ctimensec, mode,
/// unused4, uid, gid, unused5.
fn set_attributes(reader: &mut Reader<'_>) -> Option<SetAttributes> {
    let valid = reader.u32()?;
    reader.skip(4)?;
    let (handle, size) = (reader.u64()?, reader.u64()?);
    reader.skip(8)?;
    let (accessed, modified) = (reader.u64()?, reader.u64()?);
    reader.skip(8)?;
    let (accessed_nanos, modified_nanos) = (reader.u32()?, reader.u32()?);
    reader.skip(4)?;
    let mode = reader.u32()?;
    reader.skip(4)?;
    let (uid, gid) = (reader.u32()?, reader.u32()?);
    let has = |flag| valid & flag != 0;
    let time = |flag, now, seconds: u64, nanos| match (has(flag), has(now)) {
        (true, true) => Set::Now,
        (true, false) => Set::To(Moment {
            seconds: seconds.cast_signed(),
            nanos,
        }),
        _ => Set::Keep,
    };
    Some(SetAttributes {
        handle: has(valid::FH).then_some(handle),
        size: has(valid::SIZE).then_some(size),
        mode: has(valid::MODE).then_some(mode),
        uid: has(valid::UID).then_some(uid),
        gid: has(valid::GID).then_some(gid),
        accessed: time(valid::ATIME, valid::ATIME_NOW, accessed, accessed_nanos),
        modified: time(valid::MTIME, valid::MTIME_NOW, modified, modified_nanos),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_that_ends_too_early_is_none_whatever_is_asked() {
        for opcode in 0..64 {
            let header = Header {
                length: 0,
                opcode,
                unique: 1,
                node: 1,
                thread: 1,
            };
            for length in 0..200 {
                // What is read lies in the body: any slip is a panic here.
                let _ = parse(&header, &vec![0xff; length]);
                let _ = parse(&header, &vec![0; length]);
            }
        }
    }

    #[test]
    fn a_write_that_says_more_than_it_has_is_none() {
        let header = Header {
            length: 0,
            opcode: 16,
            unique: 1,
            node: 1,
            thread: 1,
        };
        let mut body = vec![0; 40];
        body[16] = 4;
        assert!(parse(&header, &body).is_none());
        body.extend(b"four");
        assert!(matches!(
            parse(&header, &body).unwrap().body,
            Body::Write { data: b"four", .. }
        ));
    }

    #[test]
    fn only_lengths_that_a_message_has_are_taken() {
        let mut bytes = [0; HEADER];
        for (length, is_taken) in [
            (0, false),
            (39, false),
            (40, true),
            (LONGEST as u32, true),
            (LONGEST as u32 + 1, false),
        ] {
            bytes[..4].copy_from_slice(&length.to_le_bytes());
            assert_eq!(Header::read(&bytes).is_some(), is_taken, "{length}");
        }
    }
}
