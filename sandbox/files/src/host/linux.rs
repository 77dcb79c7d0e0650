//! What Linux alone has: opening beneath a folder in one call, copies that share blocks.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;

use cap_std::fs::Dir;
use rustix::fs::{Mode, OFlags, ResolveFlags, ioctl_ficlone, openat2};
use rustix::io::Errno;

/// Opens a folder beneath another with `openat2(2)`; none where the kernel is older than 5.6 or forbids the call.
pub(super) fn folder_beneath(root: &Dir, names: &[OsString]) -> Option<io::Result<Dir>> {
    let path = names.join(OsStr::new("/"));
    let path = if names.is_empty() { OsStr::new(".") } else { &path };
    let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::RDONLY;
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    match openat2(root, path, flags, Mode::empty(), resolve) {
        // The kernel asks to try again when something was renamed meanwhile; the walk needs no such moment.
        Err(Errno::NOSYS | Errno::PERM | Errno::INVAL | Errno::AGAIN) => None,
        opened => Some(
            opened
                .map(|fd| Dir::from_std_file(File::from(fd)))
                .map_err(Into::into),
        ),
    }
}

/// Shares the blocks of one file with another (`FICLONE`, ioctl_ficlone(2)). False where the file system cannot.
pub(super) fn clone_content(from: &File, to: &File) -> bool {
    ioctl_ficlone(to, from).is_ok()
}

/// Where the kernel shows an open file by its number. Needs `/proc`.
pub(crate) fn by_number(file: &impl std::os::fd::AsRawFd) -> String {
    format!("/proc/self/fd/{}", file.as_raw_fd())
}
