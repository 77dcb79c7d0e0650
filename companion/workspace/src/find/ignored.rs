//! Files that the folder's own `.gitignore` and `.ignore` files leave out, as ripgrep and Git read them (gitignore(5)).

use std::io::Read as _;
use std::sync::Arc;

use cap_fs_ext::{FollowSymlinks, OpenOptionsFollowExt as _, OpenOptionsSyncExt as _};
use cap_std::fs::{Dir, OpenOptions};
use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

/// Read of one such file, in bytes: what stands behind is not taken.
const CAP: u64 = 256 << 10;
const NAMES: [&str; 2] = [".gitignore", ".ignore"];

/// The rules of a folder and of those around it.
#[derive(Debug)]
pub(super) struct Ignored {
    rules: Gitignore,
    /// Bytes of the path before what these rules are about.
    below: usize,
    around: Option<Arc<Self>>,
}

impl Ignored {
    /// The rules that hold in a folder, whose path below the attached one ends with `/` or is empty.
    pub(super) fn of(dir: &Dir, path: &str, around: Option<Arc<Self>>) -> Option<Arc<Self>> {
        let mut builder = GitignoreBuilder::new("");
        let mut any = false;
        for name in NAMES {
            let Some(text) = read(dir, name) else { continue };
            for line in text.lines() {
                // A line that cannot be read as a rule is none, as in Git.
                any |= builder.add_line(None, line).is_ok();
            }
        }
        let rules = any.then(|| builder.build().ok()).flatten();
        match rules.filter(|rules| !rules.is_empty()) {
            None => around,
            Some(rules) => Some(Arc::new(Self {
                rules,
                below: path.len(),
                around,
            })),
        }
    }

    /// True where a path is left out. The nearest rules that know it decide.
    pub(super) fn has(&self, path: &str, is_folder: bool) -> bool {
        match self.rules.matched(&path[self.below..], is_folder) {
            Match::Ignore(_) => true,
            Match::Whitelist(_) => false,
            Match::None => self
                .around
                .as_ref()
                .is_some_and(|around| around.has(path, is_folder)),
        }
    }
}

fn read(dir: &Dir, name: &str) -> Option<String> {
    let mut options = OpenOptions::new();
    options.read(true).nonblock(true).follow(FollowSymlinks::No);
    let file = dir.open_with(name, &options).ok()?;
    if !file.metadata().ok()?.is_file() {
        return None;
    }
    let mut bytes = Vec::new();
    file.take(CAP).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}
