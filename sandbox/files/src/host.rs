//! What differs by operating system, behind one set of functions. Every function takes an open folder and one checked name
//! and follows no link.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;

use cap_fs_ext::{DirExt as _, FollowSymlinks, OpenOptionsFollowExt as _};
use cap_std::fs::{Dir, OpenOptions};

use crate::path::encoded;
use crate::port::{Ident, Moment, State};

#[cfg(not(unix))]
mod elsewhere;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(unix)]
mod unix;

#[cfg(not(unix))]
pub(crate) use elsewhere::{
    chmod, exchange, may_be_ours, move_new, read_link, set_times, set_times_of, space, stat, stat_folder,
    stat_of, symlink, take_attributes,
};
#[cfg(target_os = "linux")]
pub(crate) use linux::by_number;
#[cfg(unix)]
pub(crate) use unix::{
    chmod, exchange, may_be_ours, move_new, read_link, set_times, set_times_of, space, stat, stat_folder,
    stat_of, symlink, take_attributes,
};

/// True where two spellings of a name may be one file.
pub(crate) const FOLDS_CASE: bool = cfg!(any(windows, target_os = "macos"));

/// What something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    File,
    Folder,
    Link,
    /// A pipe, socket or device: never opened.
    Special,
}

/// What the system says of a name or a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stat {
    pub(crate) ident: Ident,
    pub(crate) kind: Kind,
    pub(crate) size: u64,
    pub(crate) blocks: u64,
    pub(crate) accessed: Moment,
    pub(crate) modified: Moment,
    pub(crate) changed: Moment,
    /// Permission bits, at most 0o777.
    pub(crate) mode: u32,
    pub(crate) owner: u32,
    pub(crate) group: u32,
}

impl Stat {
    /// True where both are the same file with the same content, as far as the system tells. The moment of the last change
    /// of the entry is no part of it: a rename sets that.
    pub(crate) fn is_same_content(&self, other: &Self) -> bool {
        self.ident == other.ident
            && self.kind == other.kind
            && self.size == other.size
            && self.modified == other.modified
    }

    /// As a journal keeps it. Links need their target: see [`state`].
    pub(crate) fn file_state(&self) -> State {
        State::File {
            ident: self.ident,
            size: self.size,
            modified: self.modified,
            mode: self.mode,
        }
    }
}

/// A moment to set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Set {
    Keep,
    Now,
    To(Moment),
}

/// Room on a file system, in blocks of `block` bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Space {
    pub(crate) block: u64,
    pub(crate) blocks: u64,
    pub(crate) free: u64,
    pub(crate) available: u64,
    pub(crate) files: u64,
    pub(crate) files_free: u64,
}

/// What is at a name, for a journal.
pub(crate) fn state(folder: &Dir, name: &OsStr) -> io::Result<State> {
    let stat = match stat(folder, name) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(State::Missing),
        stat => stat?,
    };
    state_of(folder, name, &stat)
}

/// The same, where the system was asked already.
pub(crate) fn state_of(folder: &Dir, name: &OsStr, stat: &Stat) -> io::Result<State> {
    Ok(match stat.kind {
        Kind::File => stat.file_state(),
        Kind::Folder => State::Folder { mode: stat.mode },
        Kind::Link => State::Link {
            target: encoded(&read_link(folder, name)?),
        },
        Kind::Special => State::Special,
    })
}

/// Opens a folder beneath another, following no link on the way.
pub(crate) fn folder_beneath(root: &Dir, names: &[OsString]) -> io::Result<Dir> {
    #[cfg(target_os = "linux")]
    if let Some(opened) = linux::folder_beneath(root, names) {
        return opened;
    }
    walk_beneath(root, names)
}

/// The same, one name at a time: for systems that have no such call.
fn walk_beneath(root: &Dir, names: &[OsString]) -> io::Result<Dir> {
    let mut folder = root.try_clone()?;
    for name in names {
        folder = folder.open_dir_nofollow(name)?;
    }
    Ok(folder)
}

/// Opens a regular file for reading. Never waits for a pipe, and answers `InvalidInput` for anything else than a file.
pub(crate) fn open_file(folder: &Dir, name: &OsStr) -> io::Result<(File, Stat)> {
    // Looked at before: opening a device may do something.
    if stat(folder, name)?.kind != Kind::File {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let mut options = OpenOptions::new();
    options.read(true).follow(FollowSymlinks::No);
    never_wait(&mut options);
    let file = folder.open_with(name, &options)?.into_std();
    let stat = stat_of(&file)?;
    if stat.kind != Kind::File {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    Ok((file, stat))
}

/// Creates a file that is not there yet, open for reading and writing.
pub(crate) fn create_file(folder: &Dir, name: &OsStr, mode: u32) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options
        .read(true)
        .write(true)
        .create_new(true)
        .follow(FollowSymlinks::No);
    set_mode(&mut options, mode);
    Ok(folder.open_with(name, &options)?.into_std())
}

/// Creates a folder that is not there yet.
pub(crate) fn create_folder(folder: &Dir, name: &OsStr, mode: u32) -> io::Result<()> {
    let mut builder = cap_std::fs::DirBuilder::new();
    set_folder_mode(&mut builder, mode);
    folder.create_dir_with(name, &builder)
}

/// Copies what `from` has into the empty file `to`; shares its blocks where the file system can.
pub(crate) fn copy_content(from: &File, to: &File) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    if linux::clone_content(from, to) {
        return Ok(());
    }
    // A handle of its own would share the position; the standard library copies in the kernel where it can.
    let mut from = Positioned { file: from, at: 0 };
    let mut to = to;
    io::copy(&mut from, &mut to)?;
    Ok(())
}

/// Reads from a position that is its own: the file's is shared by all who hold it.
#[derive(Debug)]
struct Positioned<'a> {
    file: &'a File,
    at: u64,
}

impl io::Read for Positioned<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = read_at(self.file, buffer, self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}

/// Reads at an offset.
pub(crate) fn read_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    #[cfg(unix)]
    return std::os::unix::fs::FileExt::read_at(file, buffer, at);
    #[cfg(windows)]
    return std::os::windows::fs::FileExt::seek_read(file, buffer, at);
}

/// Writes all at an offset.
pub(crate) fn write_all_at(file: &File, buffer: &[u8], at: u64) -> io::Result<()> {
    #[cfg(unix)]
    return std::os::unix::fs::FileExt::write_all_at(file, buffer, at);
    #[cfg(windows)]
    {
        let mut done = 0;
        while done < buffer.len() {
            let wrote = std::os::windows::fs::FileExt::seek_write(file, &buffer[done..], at + done as u64)?;
            if wrote == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            done += wrote;
        }
        Ok(())
    }
}

#[cfg(unix)]
fn never_wait(options: &mut OpenOptions) {
    use cap_fs_ext::OpenOptionsSyncExt as _;

    options.nonblock(true);
}

#[cfg(not(unix))]
fn never_wait(_: &mut OpenOptions) {}

#[cfg(unix)]
fn set_mode(options: &mut OpenOptions, mode: u32) {
    use cap_std::fs::OpenOptionsExt as _;

    options.mode(mode & 0o777);
}

/// A new file has the access list of its folder.
#[cfg(not(unix))]
fn set_mode(_: &mut OpenOptions, _: u32) {}

#[cfg(unix)]
fn set_folder_mode(builder: &mut cap_std::fs::DirBuilder, mode: u32) {
    use cap_std::fs::DirBuilderExt as _;

    builder.mode(mode & 0o777);
}

#[cfg(not(unix))]
fn set_folder_mode(_: &mut cap_std::fs::DirBuilder, _: u32) {}

#[cfg(test)]
mod tests {
    use cap_std::ambient_authority;

    use super::*;

    #[cfg(unix)]
    #[test]
    fn no_way_of_opening_a_folder_follows_a_link() {
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(home.path().join("a/b")).unwrap();
        std::os::unix::fs::symlink("a", home.path().join("link")).unwrap();
        std::os::unix::fs::symlink("/", home.path().join("out")).unwrap();
        let root = Dir::open_ambient_dir(home.path(), ambient_authority()).unwrap();
        for open in [folder_beneath, walk_beneath] {
            assert!(open(&root, &["a".into(), "b".into()]).is_ok());
            for names in [&["link", "b"][..], &["link"], &["out"], &["out", "etc"], &[".."]] {
                let names: Vec<OsString> = names.iter().map(OsString::from).collect();
                assert!(open(&root, &names).is_err(), "{names:?}");
            }
        }
    }
}
