//! What a file keeps when its content is replaced by a new file: owner, group, mode, extended attributes and, where they are
//! such attributes, access control lists.

use std::fs::File;
use std::io;

/// Gives `new` what `old` has. Fails where that may not be given: a file is not to change hands or doors by a save.
///
/// On Windows the access list comes from the folder, and alternate streams are left behind; on macOS the access list does.
#[cfg(unix)]
pub(super) fn keep(old: &File, new: &File) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt as _;

    use rustix::fs::{Gid, Uid, fchown};

    let (was, is) = (old.metadata()?, new.metadata()?);
    let owner = (was.uid() != is.uid()).then(|| Uid::from_raw(was.uid()));
    let group = (was.gid() != is.gid()).then(|| Gid::from_raw(was.gid()));
    if owner.is_some() || group.is_some() {
        fchown(new, owner, group)?;
    }
    attributes::keep(old, new)?;
    // Last: a change of hands takes bits away.
    new.set_permissions(was.permissions())
}

#[cfg(not(unix))]
pub(super) fn keep(old: &File, new: &File) -> io::Result<()> {
    new.set_permissions(old.metadata()?.permissions())
}

#[cfg(any(target_os = "linux", target_os = "macos"))]
mod attributes {
    use std::collections::BTreeSet;
    use std::ffi::CString;
    use std::fs::File;
    use std::io;

    use rustix::fs::{
        XattrFlags, fgetxattr, fgetxattr_query, flistxattr, flistxattr_query, fremovexattr, fsetxattr,
    };
    use rustix::io::Errno;

    pub(super) fn keep(old: &File, new: &File) -> io::Result<()> {
        let wanted = names(old)?;
        // A folder may give its new files a list of their own.
        for name in names(new)?.difference(&wanted) {
            fremovexattr(new, name)?;
        }
        for name in &wanted {
            let length = fgetxattr_query(old, name)?;
            let mut value = vec![0; length];
            let length = fgetxattr(old, name, &mut value[..])?;
            value.truncate(length);
            fsetxattr(new, name, &value, XattrFlags::empty())?;
        }
        Ok(())
    }

    /// The attributes that belong to the file. Labels and hashes of the kernel's own modules are given anew by them, and
    /// those of a hash would be wrong.
    fn names(file: &File) -> io::Result<BTreeSet<CString>> {
        let length = match flistxattr_query(file) {
            // A file system without attributes.
            Err(Errno::NOTSUP) => return Ok(BTreeSet::new()),
            length => length?,
        };
        let mut list = vec![0; length];
        let length = flistxattr(file, &mut list[..])?;
        let names = list[..length].split(|byte| *byte == 0);
        Ok(names
            .filter(|name| !name.is_empty())
            .filter(|name| !name.starts_with(b"security.") && !name.starts_with(b"trusted."))
            .filter_map(|name| CString::new(name).ok())
            .collect())
    }
}

#[cfg(all(unix, not(any(target_os = "linux", target_os = "macos"))))]
mod attributes {
    pub(super) fn keep(_: &std::fs::File, _: &std::fs::File) -> std::io::Result<()> {
        Ok(())
    }
}
