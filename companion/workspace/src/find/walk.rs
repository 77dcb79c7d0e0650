//! Every file of a folder through handles, in the order of names.

use std::fs::File;
use std::sync::Arc;
use std::time::{Duration, Instant};
use std::vec::IntoIter;

use cap_fs_ext::{DirExt as _, FollowSymlinks, OpenOptionsFollowExt as _, OpenOptionsSyncExt as _};
use cap_std::fs::{Dir, OpenOptions};

use super::ignored::Ignored;
use crate::error::WorkspaceError;
use crate::folder::Folder;
use crate::relative::RelativePath;

/// How far a walk goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WalkLimits {
    /// Folders below the attached one that are entered, by depth. At most 64 names stand in a path.
    pub depth: usize,
    /// Names that are looked at.
    pub names: u64,
    /// How long it takes.
    pub time: Duration,
}

impl Default for WalkLimits {
    fn default() -> Self {
        Self {
            depth: 48,
            names: 2_000_000,
            time: Duration::from_mins(1),
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
    /// Opens it, where it still is a regular file. Does not wait for whoever is at the other end of a pipe.
    pub(super) fn open(&self) -> Option<File> {
        let mut options = OpenOptions::new();
        options.read(true).nonblock(true).follow(FollowSymlinks::No);
        let file = self.dir.open_with(self.path.name(), &options).ok()?;
        file.metadata().ok()?.is_file().then(|| file.into_std())
    }

    /// What the system knows of it.
    pub(super) fn metadata(&self) -> Option<cap_std::fs::Metadata> {
        self.dir.symlink_metadata(self.path.name()).ok()
    }
}

/// A walk through a folder. Folders and files that cannot be read, and names that are not Unicode, are left out; so are
/// hidden ones unless they are asked for, and the side files of Office.
#[derive(Debug)]
pub(super) struct Walk<'f> {
    folder: &'f Folder,
    limits: WalkLimits,
    hidden: bool,
    levels: Vec<Level>,
    names: u64,
    ends: Instant,
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
        let root = folder.open_folder(below)?;
        let mut walk = Self {
            folder,
            limits,
            hidden,
            levels: Vec::new(),
            names: 0,
            ends: Instant::now() + limits.time,
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
            if self.names > self.limits.names || Instant::now() > self.ends {
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
        name != ".git" && !name.starts_with("~$") && (self.hidden || !name.starts_with('.'))
    }

    /// The next file; the error once the folder was detached.
    pub(super) fn next(&mut self) -> Result<Option<Met>, WorkspaceError> {
        loop {
            self.folder.check_attached()?;
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
