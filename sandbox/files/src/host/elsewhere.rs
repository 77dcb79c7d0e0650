//! The functions of a host that is no Unix, in terms of the capability library alone. Built for Windows' shape; not yet
//! run there.

use std::ffi::{OsStr, OsString};
use std::fs::{File, FileTimes};
use std::io;
use std::time::{Duration, SystemTime};

use cap_fs_ext::{DirExt as _, FollowSymlinks, MetadataExt as _, OpenOptionsFollowExt as _};
use cap_std::fs::{Dir, Metadata, OpenOptions};

use super::{Kind, Set, Space, Stat};
use crate::port::{Ident, Moment};

pub(crate) fn stat(folder: &Dir, name: &OsStr) -> io::Result<Stat> {
    Ok(read(&folder.symlink_metadata(name)?))
}

pub(crate) fn stat_of(file: &File) -> io::Result<Stat> {
    Ok(read(&Metadata::from_file(file)?))
}

pub(crate) fn stat_folder(folder: &Dir) -> io::Result<Stat> {
    Ok(read(&folder.dir_metadata()?))
}

fn read(found: &Metadata) -> Stat {
    let kind = if found.is_symlink() {
        Kind::Link
    } else if found.is_dir() {
        Kind::Folder
    } else if found.is_file() {
        Kind::File
    } else {
        Kind::Special
    };
    let moment = |time: io::Result<cap_std::time::SystemTime>| {
        let since = time.ok().and_then(|time| {
            let time = time.into_std();
            time.duration_since(SystemTime::UNIX_EPOCH).ok()
        });
        let since = since.unwrap_or_default();
        Moment {
            seconds: i64::try_from(since.as_secs()).unwrap_or(0),
            nanos: since.subsec_nanos(),
        }
    };
    let writable = if found.permissions().readonly() { 0 } else { 0o200 };
    let execute = if kind == Kind::Folder { 0o111 } else { 0 };
    Stat {
        ident: Ident {
            dev: found.dev(),
            ino: found.ino(),
        },
        kind,
        size: found.len(),
        blocks: found.len().div_ceil(512),
        accessed: moment(found.accessed()),
        modified: moment(found.modified()),
        changed: moment(found.modified()),
        mode: 0o444 | writable | execute,
        owner: 0,
        group: 0,
    }
}

pub(crate) fn read_link(folder: &Dir, name: &OsStr) -> io::Result<OsString> {
    Ok(folder.read_link_contents(name)?.into_os_string())
}

/// Links need a privilege here, and say beforehand what they lead to.
pub(crate) fn symlink(_: &Dir, _: &OsStr, _: &OsStr) -> io::Result<()> {
    Err(io::ErrorKind::PermissionDenied.into())
}

/// Only the bit that lets the owner write has a meaning here.
pub(crate) fn chmod(folder: &Dir, name: &OsStr, ident: Ident, mode: u32) -> io::Result<()> {
    let file = same_file(folder, name, ident, false)?;
    let mut permissions = file.metadata()?.permissions();
    permissions.set_readonly(mode & 0o200 == 0);
    file.set_permissions(permissions)
}

pub(crate) fn set_times(
    folder: &Dir,
    name: &OsStr,
    ident: Ident,
    accessed: Set,
    modified: Set,
) -> io::Result<()> {
    set_times_of(&same_file(folder, name, ident, true)?, accessed, modified)
}

fn same_file(folder: &Dir, name: &OsStr, ident: Ident, write: bool) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(write).follow(FollowSymlinks::No);
    let file = folder.open_with(name, &options)?.into_std();
    if stat_of(&file)?.ident == ident {
        Ok(file)
    } else {
        Err(io::ErrorKind::StaleNetworkFileHandle.into())
    }
}

pub(crate) fn set_times_of(file: &File, accessed: Set, modified: Set) -> io::Result<()> {
    let time = |set| match set {
        Set::Keep => None,
        Set::Now => Some(SystemTime::now()),
        Set::To(Moment { seconds, nanos }) => {
            let since = Duration::new(u64::try_from(seconds).unwrap_or(0), nanos.min(999_999_999));
            SystemTime::UNIX_EPOCH.checked_add(since)
        }
    };
    let mut times = FileTimes::new();
    if let Some(accessed) = time(accessed) {
        times = times.set_accessed(accessed);
    }
    if let Some(modified) = time(modified) {
        times = times.set_modified(modified);
    }
    file.set_times(times)
}

/// What comes between the look and the rename would be replaced.
pub(crate) fn move_new(from: &Dir, name: &OsStr, to: &Dir, new: &OsStr) -> io::Result<()> {
    if stat(to, new).is_ok() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    from.rename(name, to, new)
}

pub(crate) fn exchange(_: &Dir, _: &OsStr, _: &Dir, _: &OsStr) -> io::Result<bool> {
    Ok(false)
}

pub(crate) fn take_attributes(_: &File, _: &File) -> io::Result<()> {
    Ok(())
}

pub(crate) fn may_be_ours(_: &Stat) -> bool {
    true
}

/// The system has no such question for a handle: as much as the quota leaves.
pub(crate) fn space(_: &Dir) -> io::Result<Space> {
    let blocks = 1 << 40;
    Ok(Space {
        block: 4096,
        blocks,
        free: blocks,
        available: blocks,
        files: blocks,
        files_free: blocks,
    })
}
