//! Both at work in one process: 900 sequences.

use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;
use std::thread;

use deskhand_workspace::{Expected, Fingerprint, Folder, Folders, RelativePath, WorkspaceError};

use crate::editor::Editor;
use crate::stage::{Random, content, found, home, number_of, prepare, settle_accounts};

const SEQUENCES: u64 = 900;
const STEPS: usize = 10;
/// What the process may grow by once it is warm, in KiB.
const GROWTH: u64 = 32 << 10;

/// A change that can be undone: a file, what was there, what is there; a number each.
type Change = (&'static str, Option<u64>, Option<u64>);

/// What is told of a content: what it is now, and its number.
type Keep = Box<dyn Fn(&str, u64)>;

/// Who writes through the folder's handle, and keeps what it replaces.
pub(crate) struct Writer {
    pub(crate) folder: Arc<Folder>,
    pub(crate) random: Random,
    pub(crate) next: u64,
    pub(crate) kept: BTreeSet<u64>,
    pub(crate) written: BTreeSet<u64>,
    changes: Vec<Change>,
    /// Told of each content before it is replaced, and of each that was written.
    pub(crate) keep: Keep,
}

impl Writer {
    pub(crate) fn new(folder: Arc<Folder>, seed: u64, next: u64) -> Self {
        Self {
            folder,
            random: Random(seed),
            next,
            kept: BTreeSet::new(),
            written: BTreeSet::new(),
            changes: Vec::new(),
            keep: Box::new(|_, _| ()),
        }
    }

    /// Does one thing.
    pub(crate) fn step(&mut self) {
        let name = self.random.name();
        match self.random.below(6) {
            0 => {
                drop(self.folder.make_parents(&path(name)));
                let number = self.new_number();
                self.replace(name, None, number);
            }
            1..4 => {
                if let Some(before) = self.read(name) {
                    let number = self.new_number();
                    self.replace(name, Some(before), number);
                }
            }
            4 => {
                if let Some(before) = self.read(name) {
                    self.remove(name, before);
                }
            }
            _ => self.undo(),
        }
    }

    fn undo(&mut self) {
        let Some((name, before, after)) = self.changes.pop() else {
            return;
        };
        match (before, after) {
            (Some(before), after) => self.replace(name, after, before),
            (None, Some(after)) => {
                self.remove(name, after);
                for folder in ["new/deep", "new"] {
                    drop(self.folder.remove_empty(&path(folder)));
                }
            }
            (None, None) => {}
        }
    }

    fn read(&self, name: &str) -> Option<u64> {
        match self.folder.read(&path(name), 1 << 20) {
            Ok((found, _)) => Some(number_of(&found)),
            Err(WorkspaceError::NotFound(_)) => None,
            Err(error) => panic!("{name}: {error:?}"),
        }
    }

    fn replace(&mut self, name: &'static str, before: Option<u64>, number: u64) {
        let expected = match before {
            None => Expected::Nothing,
            Some(before) => {
                self.keep(before);
                Expected::Content(Fingerprint::of(&content(before)))
            }
        };
        match self.folder.replace(&path(name), &content(number), expected) {
            // In place, and replaced again before it was read back.
            Ok(_) | Err(WorkspaceError::NotVerified(_)) => {
                self.written.insert(number);
                (self.keep)("written", number);
                self.changes.push((name, before, Some(number)));
            }
            Err(WorkspaceError::ChangedElsewhere { .. } | WorkspaceError::NotFound(_)) => {}
            Err(error) => panic!("{name}: {error:?}"),
        }
    }

    fn remove(&mut self, name: &'static str, before: u64) {
        self.keep(before);
        let expected = Fingerprint::of(&content(before));
        match self.folder.remove(&path(name), expected) {
            Ok(()) => self.changes.push((name, Some(before), None)),
            Err(WorkspaceError::ChangedElsewhere { .. } | WorkspaceError::NotFound(_)) => {}
            Err(error) => panic!("{name}: {error:?}"),
        }
    }

    fn keep(&mut self, number: u64) {
        self.kept.insert(number);
        (self.keep)("kept", number);
    }

    fn new_number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }
}

pub(crate) fn path(name: &str) -> RelativePath {
    RelativePath::parse(name).unwrap()
}

/// The most memory that this process ever took, in KiB.
fn most_memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

fn sequence(seed: u64) {
    let home = home();
    let mut written = prepare(home.path(), 1);
    let folder = Folders::new(None).attach(home.path()).unwrap();
    let mut writer = Writer::new(folder, seed, 1_000);
    let mut editor = Editor::new(home.path(), !seed, 1_000_000);
    thread::scope(|scope| {
        scope.spawn(|| (0..STEPS * 2).for_each(|_| editor.edit()));
        (0..STEPS).for_each(|_| writer.step());
    });
    let (there, left) = found(home.path());
    assert_eq!(left, [""; 0], "left behind");
    written.extend(writer.written);
    written.extend(editor.edits.written);
    settle_accounts(&written, &there, &writer.kept, &editor.edits.taken);
}

#[test]
fn nothing_is_lost_or_half_written_while_another_program_edits_the_same_files() {
    let mut warm = 0;
    for seed in 0..SEQUENCES {
        if seed == SEQUENCES / 10 {
            warm = most_memory();
        }
        let outcome = std::panic::catch_unwind(|| sequence(seed));
        assert!(outcome.is_ok(), "seed {seed}");
    }
    let grown = most_memory() - warm;
    assert!(grown < GROWTH, "the process grew by {grown} KiB");
}
