//! The functions of a Unix host: handle and one name, never a path, and no link is followed.

use std::ffi::{CString, OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStringExt as _;

use cap_std::fs::Dir;
use rustix::fs::{
    AtFlags, FileType, Gid, Mode, OFlags, RenameFlags, Timespec, Timestamps, UTIME_NOW, UTIME_OMIT, Uid,
    XattrFlags, fchown, fgetxattr, flistxattr, fremovexattr, fsetxattr, fstat, fstatvfs, openat, readlinkat,
    renameat_with, statat, symlinkat, utimensat,
};
use rustix::io::Errno;

use super::{Kind, Set, Space, Stat};
use crate::port::{Ident, Moment};

/// Bytes that the attributes of a file may have to be kept.
const ATTRIBUTES: usize = 64 * 1024;

pub(crate) fn stat(folder: &Dir, name: &OsStr) -> io::Result<Stat> {
    Ok(read(&statat(folder, name, AtFlags::SYMLINK_NOFOLLOW)?))
}

pub(crate) fn stat_of(file: &File) -> io::Result<Stat> {
    Ok(read(&fstat(file)?))
}

pub(crate) fn stat_folder(folder: &Dir) -> io::Result<Stat> {
    Ok(read(&fstat(folder)?))
}

#[cfg_attr(
    target_os = "linux",
    expect(clippy::unnecessary_cast, reason = "the types differ by system")
)]
fn read(stat: &rustix::fs::Stat) -> Stat {
    let kind = match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => Kind::File,
        FileType::Directory => Kind::Folder,
        FileType::Symlink => Kind::Link,
        _ => Kind::Special,
    };
    let moment = |seconds, nanos| Moment { seconds, nanos };
    Stat {
        ident: Ident {
            dev: stat.st_dev as u64,
            ino: stat.st_ino as u64,
        },
        kind,
        size: u64::try_from(stat.st_size).unwrap_or(0),
        blocks: stat.st_blocks as u64,
        accessed: moment(stat.st_atime as i64, stat.st_atime_nsec as u32),
        modified: moment(stat.st_mtime as i64, stat.st_mtime_nsec as u32),
        changed: moment(stat.st_ctime as i64, stat.st_ctime_nsec as u32),
        mode: stat.st_mode as u32 & 0o777,
        owner: stat.st_uid,
        group: stat.st_gid,
    }
}

pub(crate) fn read_link(folder: &Dir, name: &OsStr) -> io::Result<OsString> {
    Ok(OsString::from_vec(
        readlinkat(folder, name, Vec::new())?.into_bytes(),
    ))
}

pub(crate) fn symlink(folder: &Dir, target: &OsStr, name: &OsStr) -> io::Result<()> {
    Ok(symlinkat(target, folder, name)?)
}

/// Sets permission bits of what is at a name, if it is this file or folder.
pub(crate) fn chmod(folder: &Dir, name: &OsStr, ident: Ident, mode: u32) -> io::Result<()> {
    let mode = Mode::from_raw_mode((mode & 0o777) as _);
    on_handle(folder, name, ident, |handle, path| match path {
        Some(path) => Ok(rustix::fs::chmodat(
            rustix::fs::CWD,
            path,
            mode,
            AtFlags::empty(),
        )?),
        None => Ok(rustix::fs::fchmod(handle, mode)?),
    })
}

/// Sets the times of what is at a name, if it is this file or folder.
pub(crate) fn set_times(
    folder: &Dir,
    name: &OsStr,
    ident: Ident,
    accessed: Set,
    modified: Set,
) -> io::Result<()> {
    let times = timestamps(accessed, modified);
    on_handle(folder, name, ident, |handle, path| match path {
        Some(path) => Ok(utimensat(rustix::fs::CWD, path, &times, AtFlags::empty())?),
        None => Ok(rustix::fs::futimens(handle, &times)?),
    })
}

pub(crate) fn set_times_of(file: &File, accessed: Set, modified: Set) -> io::Result<()> {
    Ok(rustix::fs::futimens(file, &timestamps(accessed, modified))?)
}

/// On Linux the handle needs no permission to read (`O_PATH`), and is named by its number: no path, no link in between.
#[cfg(target_os = "linux")]
fn on_handle(
    folder: &Dir,
    name: &OsStr,
    ident: Ident,
    act: impl FnOnce(&File, Option<&str>) -> io::Result<()>,
) -> io::Result<()> {
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let handle = File::from(openat(folder, name, flags, Mode::empty())?);
    expect_same(&handle, ident)?;
    let path = super::linux::by_number(&handle);
    act(&handle, Some(&path))
}

#[cfg(not(target_os = "linux"))]
fn on_handle(
    folder: &Dir,
    name: &OsStr,
    ident: Ident,
    act: impl FnOnce(&File, Option<&str>) -> io::Result<()>,
) -> io::Result<()> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let handle = File::from(openat(folder, name, flags, Mode::empty())?);
    expect_same(&handle, ident)?;
    act(&handle, None)
}

/// `StaleNetworkFileHandle` where it is another file, and for links, pipes and devices.
fn expect_same(handle: &File, ident: Ident) -> io::Result<()> {
    let stat = stat_of(handle)?;
    if stat.ident == ident && matches!(stat.kind, Kind::File | Kind::Folder) {
        Ok(())
    } else {
        Err(io::ErrorKind::StaleNetworkFileHandle.into())
    }
}

fn timestamps(accessed: Set, modified: Set) -> Timestamps {
    let time = |set| match set {
        Set::Keep => Timespec {
            tv_sec: 0,
            tv_nsec: UTIME_OMIT,
        },
        Set::Now => Timespec {
            tv_sec: 0,
            tv_nsec: UTIME_NOW,
        },
        Set::To(Moment { seconds, nanos }) => Timespec {
            tv_sec: seconds,
            tv_nsec: nanos.min(999_999_999).into(),
        },
    };
    Timestamps {
        last_access: time(accessed),
        last_modification: time(modified),
    }
}

/// Gives something a name that nobody has; `AlreadyExists` where somebody does.
pub(crate) fn move_new(from: &Dir, name: &OsStr, to: &Dir, new: &OsStr) -> io::Result<()> {
    match renameat_with(from, name, to, new, RenameFlags::NOREPLACE) {
        // A file system without that call: what comes between this look and the rename would be replaced.
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {
            if stat(to, new).is_ok() {
                return Err(io::ErrorKind::AlreadyExists.into());
            }
            from.rename(name, to, new)
        }
        moved => Ok(moved?),
    }
}

/// Gives each of two things the name of the other at one moment. False where this file system cannot.
pub(crate) fn exchange(one_in: &Dir, one: &OsStr, other_in: &Dir, other: &OsStr) -> io::Result<bool> {
    match renameat_with(one_in, one, other_in, other, RenameFlags::EXCHANGE) {
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => Ok(false),
        exchanged => Ok(exchanged.map(|()| true)?),
    }
}

/// Gives `new` the owner, group and attributes of `old`, not its permission bits. Fails where that may not be given: a file
/// is not to change hands by being written.
pub(crate) fn take_attributes(old: &File, new: &File) -> io::Result<()> {
    let (was, is) = (stat_of(old)?, stat_of(new)?);
    let owner = (was.owner != is.owner).then(|| Uid::from_raw(was.owner));
    let group = (was.group != is.group).then(|| Gid::from_raw(was.group));
    if owner.is_some() || group.is_some() {
        fchown(new, owner, group)?;
    }
    let wanted = attribute_names(old)?;
    for name in attribute_names(new)?.iter().filter(|name| !wanted.contains(name)) {
        fremovexattr(new, name)?;
    }
    let mut value = vec![0; if wanted.is_empty() { 0 } else { ATTRIBUTES }];
    for name in &wanted {
        let length = fgetxattr(old, name, &mut value[..])?;
        fsetxattr(new, name, &value[..length], XattrFlags::empty())?;
    }
    Ok(())
}

/// The attributes that belong to the file. Labels and hashes of the kernel's own modules are given anew by them.
fn attribute_names(file: impl AsFd) -> io::Result<Vec<CString>> {
    let mut none: [u8; 0] = [];
    let length = match flistxattr(&file, &mut none[..]) {
        Err(Errno::NOTSUP) => 0,
        length => length?,
    };
    let mut list = vec![0; length.min(ATTRIBUTES)];
    if length > 0 {
        let length = flistxattr(&file, &mut list[..])?;
        list.truncate(length);
    }
    let names = list
        .split(|byte| *byte == 0)
        .filter(|name| !name.is_empty() && !name.starts_with(b"security.") && !name.starts_with(b"trusted."));
    Ok(names.filter_map(|name| CString::new(name).ok()).collect())
}

/// True where a file of ours could be given the same owner.
pub(crate) fn may_be_ours(stat: &Stat) -> bool {
    let user = rustix::process::geteuid();
    user.is_root() || user.as_raw() == stat.owner
}

pub(crate) fn space(folder: &Dir) -> io::Result<Space> {
    let room = fstatvfs(folder)?;
    Ok(Space {
        block: room.f_frsize.max(1),
        blocks: room.f_blocks,
        free: room.f_bfree,
        available: room.f_bavail,
        files: room.f_files,
        files_free: room.f_ffree,
    })
}
