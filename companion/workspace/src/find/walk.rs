//! Every file of a folder through handles, in the order of names.

use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use std::vec::IntoIter;

use cap_fs_ext::{DirExt as _, FollowSymlinks, OpenOptionsFollowExt as _, OpenOptionsSyncExt as _};
use cap_std::fs::{Dir, OpenOptions};

use super::ends::Ends;
use super::ignored::Ignored;
use crate::error::WorkspaceError;
use crate::folder::{Folder, is_ours};
use crate::placeholder::{Presence, icloud_stub};
use crate::relative::RelativePath;

/// How far a walk goes.
#[derive(Clone, Debug)]
pub struct WalkLimits {
    /// Folders below the attached one that are entered, by depth. At most 64 names stand in a path.
    pub depth: usize,
    /// Names that are looked at.
    pub names: u64,
    /// How long it takes. Looked at between names, between files and between the pieces that are read of a file.
    pub time: Duration,
    /// Ends it where somebody sets this to true, looked at as often.
    pub stop: Option<Arc<AtomicBool>>,
}

impl Default for WalkLimits {
    fn default() -> Self {
        Self {
            depth: 48,
            names: 2_000_000,
            time: Duration::from_mins(1),
            stop: None,
        }
    }
}

/// A file that was met.
#[derive(Debug)]
pub(super) struct Met {
    pub(super) path: RelativePath,
    dir: Arc<Dir>,
}

impl Met {
    /// Opens it, where it still is a regular file, with its content on the disk: a search brings nothing out of a cloud. Does not wait for whoever is at the other end of a pipe.
    pub(super) fn open(&self) -> Option<File> {
        let mut options = OpenOptions::new();
        options.read(true).nonblock(true).follow(FollowSymlinks::No);
        let file = self.dir.open_with(self.path.name(), &options).ok()?;
        let file = file.into_std();
        let metadata = file.metadata().ok()?;
        (metadata.is_file() && Presence::of(&metadata) == Presence::Here).then_some(file)
    }

    /// What the system knows of it.
    pub(super) fn metadata(&self) -> Option<cap_std::fs::Metadata> {
        self.dir.symlink_metadata(self.path.name()).ok()
    }
}

/// A walk through a folder. Folders and files that cannot be read, and names that are not Unicode, are left out; so are
/// hidden ones unless they are asked for, the side files of Office, stubs of iCloud and side files of our own.
#[derive(Debug)]
pub(super) struct Walk<'f> {
    folder: &'f Folder,
    limits: WalkLimits,
    hidden: bool,
    levels: Vec<Level>,
    names: u64,
    ends: Ends,
    /// True once a limit left something out.
    pub(super) is_cut: bool,
}

#[derive(Debug)]
struct Level {
    dir: Arc<Dir>,
    /// Its path with `/` at the end, or empty.
    path: String,
    waiting: IntoIter<(String, bool)>,
    ignored: Option<Arc<Ignored>>,
}

impl<'f> Walk<'f> {
    /// Begins in a folder below the attached one, or in this one itself.
    pub(super) fn new(
        folder: &'f Folder,
        below: Option<&RelativePath>,
        hidden: bool,
        limits: WalkLimits,
    ) -> Result<Self, WorkspaceError> {
        folder.check_there()?;
        let root = folder.open_folder(below)?;
        let ends = Ends::of(&limits);
        let mut walk = Self {
            folder,
            limits,
            hidden,
            levels: Vec::new(),
            names: 0,
            ends,
            is_cut: false,
        };
        let path = below.map_or_else(String::new, |below| format!("{below}/"));
        walk.enter(root, path, None);
        Ok(walk)
    }

    fn enter(&mut self, dir: Dir, path: String, around: Option<Arc<Ignored>>) {
        let Ok(found) = dir.entries() else { return };
        let mut names = Vec::new();
        for entry in found.flatten() {
            self.names += 1;
            if self.names > self.limits.names || self.ends.is_over() {
                self.is_cut = true;
                break;
            }
            let Ok(kind) = entry.file_type() else { continue };
            if !(kind.is_dir() || kind.is_file()) {
                continue;
            }
            if let Ok(name) = entry.file_name().into_string()
                && self.is_wanted(&name)
            {
                names.push((name, kind.is_dir()));
            }
        }
        names.sort_unstable();
        let ignored = Ignored::of(&dir, &path, around);
        self.levels.push(Level {
            dir: Arc::new(dir),
            path,
            waiting: names.into_iter(),
            ignored,
        });
    }

    fn is_wanted(&self, name: &str) -> bool {
        let is_hidden = name.starts_with('.');
        let is_nobodys = name == ".git" || icloud_stub(name).is_some() || is_ours(name);
        !name.starts_with("~$") && !(is_hidden && (!self.hidden || is_nobodys))
    }

    /// The next file; the error once the folder was detached.
    pub(super) fn next(&mut self) -> Result<Option<Met>, WorkspaceError> {
        loop {
            self.folder.check_attached()?;
            if self.ends.is_over() && !self.levels.is_empty() {
                self.is_cut = true;
                self.levels.clear();
            }
            let depth = self.levels.len();
            let Some(level) = self.levels.last_mut() else {
                return Ok(None);
            };
            let Some((name, is_folder)) = level.waiting.next() else {
                self.levels.pop();
                continue;
            };
            let path = format!("{}{name}", level.path);
            if level
                .ignored
                .as_ref()
                .is_some_and(|ignored| ignored.has(&path, is_folder))
            {
                continue;
            }
            if !is_folder {
                let dir = Arc::clone(&level.dir);
                if let Ok(path) = RelativePath::parse(&path) {
                    return Ok(Some(Met { path, dir }));
                }
                continue;
            }
            if depth > self.limits.depth || self.is_cut {
                self.is_cut = true;
                continue;
            }
            // A link that took the folder's place meanwhile is not followed.
            if let Ok(below) = level.dir.open_dir_nofollow(&name) {
                let around = level.ignored.clone();
                self.enter(below, path + "/", around);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use cap_std::ambient_authority;

    use super::*;
    use crate::folder::Access;

    fn folder(files: &[&str]) -> (tempfile::TempDir, Folder) {
        let home = tempfile::tempdir().unwrap();
        for name in files {
            let path = home.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let dir = Dir::open_ambient_dir(home.path(), ambient_authority()).unwrap();
        let folder = Folder::new(home.path().to_owned(), dir, Access::ReadOnly);
        (home, folder)
    }

    fn walk(folder: &Folder) -> Walk<'_> {
        Walk::new(folder, None, false, WalkLimits::default()).unwrap()
    }

    #[test]
    fn a_walk_ends_where_the_folder_is_detached_on_the_way() {
        let (_home, folder) = folder(&["a.txt", "b.txt"]);
        let mut walk = walk(&folder);
        assert!(walk.next().unwrap().is_some());
        folder.detach();
        assert!(matches!(walk.next(), Err(WorkspaceError::Detached)));
    }

    #[test]
    fn a_walk_that_is_stopped_meets_no_more_files_and_takes_no_more_names() {
        let (_home, folder) = folder(&["a.txt", "b.txt", "c/d.txt"]);
        let stop = Arc::new(AtomicBool::new(false));
        let limits = WalkLimits {
            stop: Some(Arc::clone(&stop)),
            ..WalkLimits::default()
        };
        let mut walk = Walk::new(&folder, None, false, limits.clone()).unwrap();
        assert!(walk.next().unwrap().is_some());
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        assert!(walk.next().unwrap().is_none() && walk.is_cut);
        let walk = Walk::new(&folder, None, false, limits).unwrap();
        assert!(walk.is_cut && walk.levels[0].waiting.as_slice().is_empty());
    }

    #[cfg(unix)]
    #[test]
    fn what_became_a_link_on_the_way_is_met_no_more() {
        use std::os::unix::fs::symlink;

        let (home, folder) = folder(&["a.txt", "b.txt", "c/d.txt", "e/f.txt"]);
        let at = |name: &str| home.path().join(name);
        let mut walk = walk(&folder);
        let first = walk.next().unwrap().unwrap();
        fs::remove_file(at("a.txt")).unwrap();
        symlink("b.txt", at("a.txt")).unwrap();
        fs::rename(at("c"), at("away")).unwrap();
        symlink("e", at("c")).unwrap();
        assert!(first.open().is_none());
        let mut met = Vec::new();
        while let Some(next) = walk.next().unwrap() {
            met.push(next.path.to_string());
        }
        assert_eq!(met, ["b.txt", "e/f.txt"]);
    }
}
