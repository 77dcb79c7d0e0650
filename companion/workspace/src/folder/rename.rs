//! Renames that replace nothing, and that exchange two names, where the system has them. Names here are single ones, taken
//! from a [`RelativePath`](crate::relative::RelativePath) or made by this crate: with a handle, they lead nowhere else.

use std::io;

use cap_std::fs::Dir;

/// Gives what is called `name` in `from` the name `new` in `to`; `AlreadyExists` where somebody has that name.
pub(super) fn move_new(from: &Dir, name: &str, to: &Dir, new: &str) -> io::Result<()> {
    match atomic::move_new(from, name, to, new) {
        Err(error) if is_unknown_here(&error) => link_or_move(from, name, to, new),
        moved => moved,
    }
}

/// Gives each of two things the name of the other at one moment. False where this file system cannot.
pub(super) fn exchange(one_in: &Dir, one: &str, other_in: &Dir, other: &str) -> io::Result<bool> {
    match atomic::exchange(one_in, one, other_in, other) {
        Err(error) if is_unknown_here(&error) => Ok(false),
        exchanged => exchanged.map(|()| true),
    }
}

/// A plain rename would replace what somebody put there at this moment; a link refuses to.
fn link_or_move(from: &Dir, name: &str, to: &Dir, new: &str) -> io::Result<()> {
    match from.hard_link(name, to, new) {
        Ok(()) => from.remove_file(name),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
        // A file system without links: what is put there between this look and the rename would be replaced.
        Err(_) if to.symlink_metadata(new).is_ok() => Err(io::ErrorKind::AlreadyExists.into()),
        Err(_) => from.rename(name, to, new),
    }
}

#[cfg(any(target_os = "linux", target_os = "macos"))]
mod atomic {
    use std::io;

    use cap_std::fs::Dir;
    use rustix::fs::{RenameFlags, renameat_with};

    pub(super) fn move_new(from: &Dir, name: &str, to: &Dir, new: &str) -> io::Result<()> {
        Ok(renameat_with(from, name, to, new, RenameFlags::NOREPLACE)?)
    }

    pub(super) fn exchange(one_in: &Dir, one: &str, other_in: &Dir, other: &str) -> io::Result<()> {
        Ok(renameat_with(
            one_in,
            one,
            other_in,
            other,
            RenameFlags::EXCHANGE,
        )?)
    }
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
mod atomic {
    use std::io;

    use cap_std::fs::Dir;

    pub(super) fn move_new(_: &Dir, _: &str, _: &Dir, _: &str) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(super) fn exchange(_: &Dir, _: &str, _: &Dir, _: &str) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

/// True where the system, or this file system, has no such rename.
fn is_unknown_here(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::Unsupported | io::ErrorKind::InvalidInput
    )
}

#[cfg(test)]
mod tests {
    use std::fs;

    use cap_std::ambient_authority;

    use super::*;

    fn folder() -> (tempfile::TempDir, Dir) {
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join("a"), "a").unwrap();
        fs::write(home.path().join("b"), "b").unwrap();
        let dir = Dir::open_ambient_dir(home.path(), ambient_authority()).unwrap();
        (home, dir)
    }

    #[test]
    fn a_name_that_somebody_has_is_not_taken_over_with_either_way() {
        for way in [move_new, link_or_move] {
            let (home, dir) = folder();
            let refused = way(&dir, "a", &dir, "b").unwrap_err();
            assert_eq!(refused.kind(), io::ErrorKind::AlreadyExists);
            assert_eq!(fs::read(home.path().join("b")).unwrap(), b"b");
            way(&dir, "a", &dir, "c").unwrap();
            assert_eq!(fs::read(home.path().join("c")).unwrap(), b"a");
            assert!(!home.path().join("a").exists());
        }
    }

    #[test]
    fn what_cannot_be_linked_takes_no_name_that_somebody_has() {
        let (home, dir) = folder();
        fs::create_dir(home.path().join("folder")).unwrap();
        let refused = link_or_move(&dir, "folder", &dir, "b").unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::AlreadyExists);
        link_or_move(&dir, "folder", &dir, "c").unwrap();
        assert!(home.path().join("c").is_dir());
    }

    #[test]
    fn two_names_are_exchanged_or_it_is_said_that_they_cannot_be() {
        let (home, dir) = folder();
        let exchanged = exchange(&dir, "a", &dir, "b").unwrap();
        let (a, b) = if exchanged { ("b", "a") } else { ("a", "b") };
        assert_eq!(fs::read_to_string(home.path().join("a")).unwrap(), a);
        assert_eq!(fs::read_to_string(home.path().join("b")).unwrap(), b);
    }
}
