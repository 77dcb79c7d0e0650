//! Reading a file that counts only where nobody but its owner can have written it: a regular file of its owner, in a
//! folder of its owner, neither writable by group or others.

use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::path::Path;

use super::FILE_CAP;

/// The bytes of the file; `None` where there is none. The error is the reason why it does not count.
pub(crate) fn bytes(path: &Path, owner: u32) -> Result<Option<Vec<u8>>, String> {
    let told = |error: io::Error| format!("the file cannot be read: {error}");
    let found = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        found => found.map_err(told)?,
    };
    if !found.is_file() {
        return Err("it is no regular file".to_owned());
    }
    let folder = path.parent().ok_or("it has no folder")?;
    let folder = fs::symlink_metadata(folder).map_err(told)?;
    if !folder.is_dir() {
        return Err("its folder is no folder".to_owned());
    }
    let file = File::open(path).map_err(told)?;
    let opened = file.metadata().map_err(told)?;
    if !same_file(&found, &opened) {
        return Err("it was exchanged while it was read".to_owned());
    }
    check(&opened, "the file", owner)?;
    check(&folder, "its folder", owner)?;
    let mut bytes = Vec::new();
    file.take(FILE_CAP + 1).read_to_end(&mut bytes).map_err(told)?;
    if bytes.len() as u64 > FILE_CAP {
        return Err(format!("the file is larger than {FILE_CAP} bytes"));
    }
    Ok(Some(bytes))
}

#[cfg(unix)]
fn check(metadata: &Metadata, what: &str, owner: u32) -> Result<(), String> {
    use std::os::unix::fs::MetadataExt;

    if metadata.uid() != owner {
        return Err(format!("{what} is not owned by user {owner}"));
    }
    if metadata.mode() & 0o022 != 0 {
        return Err(format!("{what} is writable by group or others"));
    }
    Ok(())
}

#[cfg(not(unix))]
fn check(_: &Metadata, what: &str, owner: u32) -> Result<(), String> {
    Err(format!("{what} has no owner {owner} on this system"))
}

#[cfg(unix)]
fn same_file(one: &Metadata, other: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;

    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

#[cfg(not(unix))]
fn same_file(_: &Metadata, _: &Metadata) -> bool {
    false
}
