//! The stage: an attached folder, something outside that nobody may read or change, and everything that can be tried.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use deskhand_workspace::{
    Expected, Fingerprint, Folder, Folders, ListLimits, RelativePath, Search, WalkLimits, WorkspaceError,
};
use pretty_assertions::assert_eq;

pub(crate) const CANARY: &[u8] = b"canary: nobody may read this";
const WORD: &str = "canary";

/// What was tried, and what came of it as text.
pub(crate) type Attempts = Vec<(&'static str, Result<String, WorkspaceError>)>;

/// `root/inside` is attached; `root/outside` must stay as it is and unread.
pub(crate) struct Fixture {
    pub(crate) root: tempfile::TempDir,
    pub(crate) folders: Folders,
    pub(crate) folder: Arc<Folder>,
    outside: BTreeMap<PathBuf, (Vec<u8>, u64)>,
}

impl Fixture {
    pub(crate) fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("inside/sub")).unwrap();
        fs::create_dir_all(root.path().join("outside/deep")).unwrap();
        fs::write(root.path().join("outside/canary.xlsx"), CANARY).unwrap();
        fs::write(root.path().join("outside/deep/canary.txt"), CANARY).unwrap();
        fs::write(root.path().join("inside/own.xlsx"), b"own").unwrap();
        let folders = Folders::new(None);
        let folder = folders.attach(&root.path().join("inside")).unwrap();
        let outside = snapshot(&root.path().join("outside"));
        Self {
            root,
            folders,
            folder,
            outside,
        }
    }

    pub(crate) fn inside(&self, name: &str) -> PathBuf {
        self.root.path().join("inside").join(name)
    }

    pub(crate) fn outside(&self) -> PathBuf {
        self.root.path().join("outside")
    }

    /// Everything that can be done with a path and with the folder as a whole.
    pub(crate) fn attempt_everything(&self, path: &str) -> Attempts {
        let mut attempts = self.attempt_reads(path);
        attempts.extend(self.attempt_writes(path));
        attempts.extend(self.attempt_searches());
        attempts
    }

    fn attempt_reads(&self, path: &str) -> Attempts {
        let folder = &self.folder;
        let path = parse(path);
        let opened = |mut file: fs::File| {
            let mut text = Vec::new();
            file.read_to_end(&mut text).unwrap();
            shown(&text)
        };
        let found = |found: Option<Fingerprint>| found.map_or_else(String::new, |found| found.to_string());
        vec![
            ("read", folder.read(&path, 1 << 20).map(|(text, _)| shown(&text))),
            ("open_for_read", folder.open_for_read(&path).map(opened)),
            ("fingerprint", folder.fingerprint(&path).map(found)),
            (
                "lock_file",
                folder.lock_file(&path).map(|lock| format!("{lock:?}")),
            ),
        ]
    }

    fn attempt_writes(&self, path: &str) -> Attempts {
        let folder = &self.folder;
        let path = parse(path);
        let below = parse(&format!("{path}/new/a.xlsx"));
        let canary = Fingerprint::of(CANARY);
        let replace = |path: &RelativePath, expected| {
            let written = folder.replace(path, b"taken over", expected);
            written.map(|written| written.to_string())
        };
        vec![
            ("replace nothing", replace(&path, Expected::Nothing)),
            ("replace content", replace(&path, Expected::Content(canary))),
            ("replace below", replace(&below, Expected::Nothing)),
            ("remove", folder.remove(&path, canary).map(|()| String::new())),
            (
                "make_parents",
                folder.make_parents(&below).map(|made| format!("{made:?}")),
            ),
            ("remove_empty", folder.remove_empty(&path).map(|()| String::new())),
        ]
    }

    fn attempt_searches(&self) -> Attempts {
        let folder = &self.folder;
        let grep = |files: Option<&str>| {
            let search = Search {
                pattern: WORD.to_owned(),
                files: files.map(str::to_owned),
                most: 100,
                ..Search::default()
            };
            let found = folder.grep(&search, WalkLimits::default());
            found.map(|found| format!("{found:?}"))
        };
        let listed = folder.list(ListLimits::default());
        let found = folder.glob("**", 100, WalkLimits::default());
        vec![
            ("list", listed.map(|found| format!("{found:?}"))),
            ("glob", found.map(|found| format!("{found:?}"))),
            ("grep", grep(None)),
            ("grep hidden", grep(Some("**/.*"))),
        ]
    }

    /// Nothing that can be done with `path` reads or changes what is outside: what is about the path is refused.
    pub(crate) fn refuses(&self, path: &str) {
        for (what, outcome) in self.leaks_nothing(path) {
            let is_refused = match what {
                "list" | "glob" | "grep" | "grep hidden" => outcome.is_ok(),
                "remove_empty" => matches!(
                    outcome,
                    Err(WorkspaceError::Escapes(_) | WorkspaceError::NotAFolder(_))
                ),
                _ => matches!(outcome, Err(WorkspaceError::Escapes(_))),
            };
            assert!(is_refused, "{what} {path}: {outcome:?}");
        }
    }

    /// Tries everything with `path`; no answer has anything of the canary in it, and nothing outside changed.
    pub(crate) fn leaks_nothing(&self, path: &str) -> Attempts {
        let attempts = self.attempt_everything(path);
        let fingerprint = Fingerprint::of(CANARY);
        let words = [
            String::from_utf8_lossy(CANARY).into_owned(),
            fingerprint.to_string(),
            format!("{fingerprint:?}"),
        ];
        for (what, outcome) in &attempts {
            let text = format!("{outcome:?}");
            assert!(
                words.iter().all(|word| !text.contains(word)),
                "{what} {path}: {text}"
            );
        }
        self.nothing_happened();
        attempts
    }

    /// What is outside has the names, contents and inodes that it had.
    pub(crate) fn nothing_happened(&self) {
        assert_eq!(snapshot(&self.outside()), self.outside);
    }
}

pub(crate) fn parse(path: &str) -> RelativePath {
    RelativePath::parse(path).unwrap()
}

fn shown(text: &[u8]) -> String {
    String::from_utf8_lossy(text).into_owned()
}

fn snapshot(folder: &Path) -> BTreeMap<PathBuf, (Vec<u8>, u64)> {
    use std::os::unix::fs::MetadataExt as _;

    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let inode = fs::symlink_metadata(&path).unwrap().ino();
        if path.is_dir() {
            found.extend(snapshot(&path));
            found.insert(path, (Vec::new(), inode));
        } else {
            let content = fs::read(&path).unwrap();
            found.insert(path, (content, inode));
        }
    }
    found
}
