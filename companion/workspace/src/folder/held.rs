//! A file that is taken out of its place, so that it can be looked at before it goes for good: nothing that another program
//! wrote in the last moment goes with it.
//!
//! It lies under its own name in a folder of ours beside its place. The folder's name tells which contents may go; all
//! others belong back. So a program that finds it after a crash knows what to do: as [`Beside`] it is guarded by a locked
//! file, and one without a guard was left by a killed program.

use std::fmt::Write as _;
use std::fs::File;
use std::io;

use cap_fs_ext::{DirExt as _, FollowSymlinks, OpenOptionsFollowExt as _, OpenOptionsSyncExt as _};
use cap_std::fs::{Dir, OpenOptions};
use uuid::Uuid;

use super::beside::{self, Beside, PREFIX};
use super::rename;
use crate::fingerprint::Fingerprint;

const SUFFIX: &str = ".held";
/// Characters of a hash that stand in a name: 128 bits.
const MARK: usize = 32;
/// Names that are tried for a file whose place was taken meanwhile.
const TRIES: usize = 100;
/// Bytes of its stem that such a name keeps, so that it has room for the rest.
const STEM: usize = 200;

/// Where a file is held; what is in it when this goes is settled as [`Held::settle`] says.
#[derive(Debug)]
pub(super) struct Held<'a> {
    folder: &'a Dir,
    name: &'a str,
    /// The name of the holding folder.
    at: String,
    /// None once it is settled: on Windows an open folder cannot be removed.
    dir: Option<Dir>,
    _guard: Beside<'a>,
}

/// What became of a held file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Settled {
    /// There was none.
    Nothing,
    /// It had one of the contents that may go, and went.
    Gone,
    /// It had another content and is where it was.
    Back,
    /// Its place was taken, so it has this name now.
    Beside(String),
}

impl<'a> Held<'a> {
    /// Makes room for what is called `name` in a folder. It may go where it has one of these contents.
    pub(super) fn new(folder: &'a Dir, name: &'a str, may_go: &[Fingerprint]) -> io::Result<Self> {
        let guard = Beside::create(folder, true)?;
        let mut at = format!("{PREFIX}{}", guard.id().simple());
        for content in may_go {
            at.push('-');
            at.push_str(&mark(*content));
        }
        at.push_str(SUFFIX);
        make_private(folder, &at)?;
        let dir = folder
            .open_dir_nofollow(&at)
            .inspect_err(|_| drop(folder.remove_dir(&at)))?;
        Ok(Self {
            folder,
            name,
            at,
            dir: Some(dir),
            _guard: guard,
        })
    }

    /// Takes the file out of its place.
    pub(super) fn take(&self) -> io::Result<()> {
        self.folder.rename(self.name, self.dir()?, self.name)
    }

    /// Holds a new file.
    pub(super) fn hold(&self, new: Beside<'_>) -> io::Result<()> {
        new.place(self.dir()?, self.name)
    }

    /// Puts what is held in the file's place and holds what was there. False where this file system cannot.
    pub(super) fn exchange(&self) -> io::Result<bool> {
        rename::exchange(self.dir()?, self.name, self.folder, self.name)
    }

    /// Puts what is held over what is in its place.
    pub(super) fn place(&self) -> io::Result<()> {
        self.dir()?.rename(self.name, self.folder, self.name)
    }

    /// The content that is held; none where it cannot be read or is no regular file.
    pub(super) fn content(&self) -> Option<Fingerprint> {
        content(self.dir().ok()?, self.name)
    }

    /// Removes what is held, whose content was looked at.
    pub(super) fn discard(self) -> io::Result<()> {
        self.dir()?.remove_file(self.name)
    }

    /// Removes what is held where its content may go, and puts it back where it may not.
    pub(super) fn settle(mut self) -> io::Result<Settled> {
        self.settle_now()
    }

    fn settle_now(&mut self) -> io::Result<Settled> {
        let Some(dir) = self.dir.take() else {
            return Ok(Settled::Nothing);
        };
        let settled = settle(self.folder, &self.at, &dir, self.name);
        drop(dir);
        // Not where somebody put something into it; that is seen by whoever sweeps.
        drop(self.folder.remove_dir(&self.at));
        settled
    }

    fn dir(&self) -> io::Result<&Dir> {
        self.dir.as_ref().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        // What cannot be put back now is put back by whoever sweeps.
        drop(self.settle_now());
    }
}

/// Settles what a killed program held in the folder of this name beside its place.
pub(super) fn recover(folder: &Dir, at: &str) {
    let Some(guard) = guard(at) else { return };
    // Swept before this, where nobody had it locked.
    if folder.symlink_metadata(beside::name_of(guard)).is_ok() {
        return;
    }
    let Ok(dir) = folder.open_dir_nofollow(at) else {
        return;
    };
    let names: Vec<String> = dir
        .entries()
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    for name in names {
        drop(settle(folder, at, &dir, &name));
    }
    drop(dir);
    drop(folder.remove_dir(at));
}

/// True for the name of a holding folder.
pub(super) fn is_held(name: &str) -> bool {
    guard(name).is_some()
}

/// What the name of the guard of a holding folder is made of; none for other names.
fn guard(at: &str) -> Option<Uuid> {
    let mut parts = at.strip_prefix(PREFIX)?.strip_suffix(SUFFIX)?.split('-');
    let guard = Uuid::try_parse(parts.next()?).ok()?;
    let are_marks = parts.all(|part| part.len() == MARK && part.bytes().all(|byte| byte.is_ascii_hexdigit()));
    are_marks.then_some(guard)
}

fn settle(folder: &Dir, at: &str, dir: &Dir, name: &str) -> io::Result<Settled> {
    if dir.symlink_metadata(name).is_err() {
        return Ok(Settled::Nothing);
    }
    let may_go = content(dir, name).is_some_and(|content| {
        let mark = mark(content);
        let mut parts = at.trim_end_matches(SUFFIX).split('-').skip(2);
        parts.any(|part| part == mark)
    });
    if may_go {
        dir.remove_file(name)?;
        return Ok(Settled::Gone);
    }
    match rename::move_new(dir, name, folder, name) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        moved => return moved.map(|()| Settled::Back),
    }
    for number in 1..=TRIES {
        let other = other_name(name, number);
        match rename::move_new(dir, name, folder, &other) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            moved => return moved.map(|()| Settled::Beside(other)),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

fn content(dir: &Dir, name: &str) -> Option<Fingerprint> {
    let file = open(dir, name).ok()?;
    file.metadata().ok()?.is_file().then_some(())?;
    Fingerprint::read(file).ok()
}

/// Opens what has this very name, and no link. Does not wait for whoever is at the other end of a pipe.
pub(super) fn open(dir: &Dir, name: &str) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).nonblock(true).follow(FollowSymlinks::No);
    Ok(dir.open_with(name, &options)?.into_std())
}

/// What stands for a content in a name.
fn mark(content: Fingerprint) -> String {
    let mut mark = String::with_capacity(MARK);
    for byte in &content.hash[..MARK / 2] {
        // A string takes whatever is written to it.
        let _ = write!(mark, "{byte:02x}");
    }
    mark
}

/// `name (recovered).xlsx`, `name (recovered 2).xlsx` and so on.
fn other_name(name: &str, number: usize) -> String {
    let (stem, ending) = match name.rsplit_once('.') {
        Some((stem, ending)) if !stem.is_empty() && ending.len() < 20 => (stem, format!(".{ending}")),
        _ => (name, String::new()),
    };
    let stem = &stem[..stem.floor_char_boundary(STEM)];
    match number {
        1 => format!("{stem} (recovered){ending}"),
        number => format!("{stem} (recovered {number}){ending}"),
    }
}

/// What is held is nobody's to exchange.
#[cfg(unix)]
fn make_private(folder: &Dir, name: &str) -> io::Result<()> {
    use cap_std::fs::{DirBuilder, DirBuilderExt as _};

    let mut builder = DirBuilder::new();
    folder.create_dir_with(name, builder.mode(0o700))
}

/// A new folder has the access list of the one around it from the first moment.
#[cfg(not(unix))]
fn make_private(folder: &Dir, name: &str) -> io::Result<()> {
    folder.create_dir(name)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use cap_std::ambient_authority;
    use pretty_assertions::assert_eq;

    use super::*;

    fn folder() -> (tempfile::TempDir, Dir) {
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join("a.xlsx"), "old").unwrap();
        let dir = Dir::open_ambient_dir(home.path(), ambient_authority()).unwrap();
        (home, dir)
    }

    fn names(home: &Path) -> Vec<String> {
        let entries = fs::read_dir(home).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn what_was_written_in_the_last_moment_goes_back() {
        let (home, dir) = folder();
        let held = Held::new(&dir, "a.xlsx", &[Fingerprint::of(b"old")]).unwrap();
        fs::write(home.path().join("a.xlsx"), "theirs").unwrap();
        held.take().unwrap();
        assert!(!home.path().join("a.xlsx").exists());
        assert_eq!(held.settle().unwrap(), Settled::Back);
        assert_eq!(fs::read(home.path().join("a.xlsx")).unwrap(), b"theirs");
        assert_eq!(names(home.path()), ["a.xlsx"]);
    }

    #[test]
    fn what_has_no_way_back_gets_a_name_of_its_own() {
        let (home, dir) = folder();
        let held = Held::new(&dir, "a.xlsx", &[Fingerprint::of(b"expected")]).unwrap();
        held.take().unwrap();
        fs::write(home.path().join("a.xlsx"), "newer").unwrap();
        let name = "a (recovered).xlsx".to_owned();
        assert_eq!(held.settle().unwrap(), Settled::Beside(name));
        assert_eq!(fs::read(home.path().join("a.xlsx")).unwrap(), b"newer");
        assert_eq!(fs::read(home.path().join("a (recovered).xlsx")).unwrap(), b"old");
    }

    #[test]
    fn what_is_held_is_settled_also_where_it_is_forgotten() {
        let (home, dir) = folder();
        let held = Held::new(&dir, "a.xlsx", &[Fingerprint::of(b"expected")]).unwrap();
        held.take().unwrap();
        drop(held);
        assert_eq!(names(home.path()), ["a.xlsx"]);
        let held = Held::new(&dir, "a.xlsx", &[Fingerprint::of(b"old")]).unwrap();
        held.take().unwrap();
        drop(held);
        assert_eq!(names(home.path()), [""; 0]);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_or_folder_that_was_taken_goes_back_as_it_is() {
        use std::os::unix::fs::symlink;

        let (home, dir) = folder();
        let at = home.path().join("a.xlsx");
        fs::rename(&at, home.path().join("b.xlsx")).unwrap();
        symlink("b.xlsx", &at).unwrap();
        let held = Held::new(&dir, "a.xlsx", &[Fingerprint::of(b"old")]).unwrap();
        held.take().unwrap();
        assert_eq!(held.settle().unwrap(), Settled::Back);
        assert!(fs::symlink_metadata(&at).unwrap().is_symlink());
        assert_eq!(names(home.path()), ["a.xlsx", "b.xlsx"]);
    }

    #[test]
    fn other_names_keep_their_ending_and_fit() {
        let long = format!("{}.xlsx", "ü".repeat(125));
        let other = other_name(&long, 12);
        assert!(other.len() <= 255 && other.ends_with("ü (recovered 12).xlsx"));
        let cases = [
            ("a.xlsx", "a (recovered).xlsx"),
            ("notes", "notes (recovered)"),
            (".env", ".env (recovered)"),
            (
                "a.ending that is none at all",
                "a.ending that is none at all (recovered)",
            ),
        ];
        for (name, other) in cases {
            assert_eq!(other_name(name, 1), other);
        }
    }
}
