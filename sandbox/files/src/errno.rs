//! Error numbers as the guest's kernel knows them: those of Linux, whatever the host is. Source: `errno.h` of the kernel
//! (asm-generic/errno-base.h and errno.h).

use std::io;

/// A Linux error number, positive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Errno(pub(crate) i32);

impl Errno {
    pub(crate) const EPERM: Self = Self(1);
    pub(crate) const ENOENT: Self = Self(2);
    pub(crate) const EIO: Self = Self(5);
    pub(crate) const ENXIO: Self = Self(6);
    pub(crate) const EBADF: Self = Self(9);
    pub(crate) const ENOMEM: Self = Self(12);
    pub(crate) const EACCES: Self = Self(13);
    pub(crate) const EBUSY: Self = Self(16);
    pub(crate) const EEXIST: Self = Self(17);
    pub(crate) const EXDEV: Self = Self(18);
    pub(crate) const ENOTDIR: Self = Self(20);
    pub(crate) const EISDIR: Self = Self(21);
    pub(crate) const EINVAL: Self = Self(22);
    pub(crate) const ENFILE: Self = Self(23);
    pub(crate) const ENOTTY: Self = Self(25);
    pub(crate) const EFBIG: Self = Self(27);
    pub(crate) const ENOSPC: Self = Self(28);
    pub(crate) const EROFS: Self = Self(30);
    pub(crate) const ENAMETOOLONG: Self = Self(36);
    pub(crate) const ENOSYS: Self = Self(38);
    pub(crate) const ENOTEMPTY: Self = Self(39);
    pub(crate) const ELOOP: Self = Self(40);
    pub(crate) const EILSEQ: Self = Self(84);
    pub(crate) const EOPNOTSUPP: Self = Self(95);
    pub(crate) const ESTALE: Self = Self(116);
    pub(crate) const EDQUOT: Self = Self(122);
}

/// The largest number that the kernel takes in a reply (`MAX_ERRNO` is 4095; those that programs know end here).
const LAST: i32 = 133;

impl Errno {
    /// The number of an error of the host.
    pub(crate) fn from_io(error: &io::Error) -> Self {
        if cfg!(any(target_os = "linux", target_os = "android"))
            && let Some(number) = error.raw_os_error()
        {
            return if (1..=LAST).contains(&number) {
                Self(number)
            } else {
                Self::EIO
            };
        }
        of_kind(error.kind())
    }
}

impl From<io::Error> for Errno {
    fn from(error: io::Error) -> Self {
        Self::from_io(&error)
    }
}

#[cfg(unix)]
impl From<rustix::io::Errno> for Errno {
    fn from(error: rustix::io::Errno) -> Self {
        io::Error::from(error).into()
    }
}

/// The number of a cause, for hosts whose own numbers are others.
fn of_kind(kind: io::ErrorKind) -> Errno {
    use io::ErrorKind as Kind;

    match kind {
        Kind::NotFound => Errno::ENOENT,
        Kind::PermissionDenied => Errno::EACCES,
        Kind::AlreadyExists => Errno::EEXIST,
        Kind::NotADirectory => Errno::ENOTDIR,
        Kind::IsADirectory => Errno::EISDIR,
        Kind::DirectoryNotEmpty => Errno::ENOTEMPTY,
        Kind::ReadOnlyFilesystem => Errno::EROFS,
        Kind::StaleNetworkFileHandle => Errno::ESTALE,
        Kind::StorageFull => Errno::ENOSPC,
        Kind::QuotaExceeded => Errno::EDQUOT,
        Kind::FileTooLarge => Errno::EFBIG,
        Kind::ResourceBusy | Kind::ExecutableFileBusy => Errno::EBUSY,
        Kind::CrossesDevices => Errno::EXDEV,
        Kind::InvalidFilename => Errno::ENAMETOOLONG,
        Kind::InvalidInput => Errno::EINVAL,
        Kind::Unsupported => Errno::EOPNOTSUPP,
        Kind::OutOfMemory => Errno::ENOMEM,
        _ => Errno::EIO,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_has_the_number_that_linux_gives_it_on_every_host() {
        assert_eq!(of_kind(io::ErrorKind::DirectoryNotEmpty), Errno::ENOTEMPTY);
        assert_eq!(of_kind(io::ErrorKind::StorageFull), Errno::ENOSPC);
        assert_eq!(of_kind(io::ErrorKind::Other), Errno::EIO);
        assert_eq!(Errno::from(io::Error::other("ours")), Errno::EIO);
    }
}
