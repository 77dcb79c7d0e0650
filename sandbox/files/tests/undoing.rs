//! What a guest did is undone, byte for byte: also where the server was ended in the middle, and where undoing was.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::Path;
use std::sync::{Arc, Mutex};

use cap_std::ambient_authority;
use cap_std::fs::Dir;
use deskhand_vm_files::{Access, Share, UndoLimits, UndoLog, Undone, Vault};
use pretty_assertions::assert_eq;
use support::guest::Guest;
use support::random::{Chance, change, fill};
use support::{SmallDisk, tree};

const ENOSPC: i32 = 28;
const EDQUOT: i32 = 122;

/// Sequences of random changes, each undone.
const SEQUENCES: u64 = 1_000;

fn guest(host: &Path, log: &Arc<UndoLog>) -> Guest {
    Guest::new(Share::open(host, Access::ReadWrite, 0, 0).unwrap(), log.clone())
}

fn undo(host: &Path, log: &UndoLog) -> Undone {
    log.undo(&Dir::open_ambient_dir(host, ambient_authority()).unwrap())
        .unwrap()
}

#[test]
fn a_folder_that_was_removed_with_all_that_is_in_it_is_put_back() {
    let (host, home) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    fs::create_dir_all(host.path().join("d/e")).unwrap();
    fs::write(host.path().join("d/e/a"), "content").unwrap();
    fs::write(host.path().join("d/b"), vec![7; 100_000]).unwrap();
    let before = tree(host.path());
    let log = Arc::new(UndoLog::open(home.path()).unwrap());
    let mut guest = guest(host.path(), &log);
    guest.unlink("d/e/a").unwrap();
    guest.rmdir("d/e").unwrap();
    guest.unlink("d/b").unwrap();
    guest.rmdir("d").unwrap();
    guest.end().unwrap();
    assert_eq!(tree(host.path()), []);
    let undone = undo(host.path(), &log);
    assert_eq!(undone.conflicts, []);
    assert_eq!(tree(host.path()), before);
    assert_eq!(log.changes(), 0);
    assert_eq!(fs::read_dir(home.path().join("content")).unwrap().count(), 0);
}

/// A vault in memory: what is in it survives who uses it.
#[derive(Clone, Debug, Default)]
struct InMemory(Arc<Mutex<Held>>);

#[derive(Debug, Default)]
struct Held(Vec<Vec<u8>>, BTreeMap<u64, Vec<u8>>);

impl Vault for InMemory {
    fn lines(&self) -> io::Result<Vec<Vec<u8>>> {
        Ok(self.0.lock().unwrap().0.clone())
    }

    fn append(&self, line: &[u8]) -> io::Result<()> {
        self.0.lock().unwrap().0.push(line.to_vec());
        Ok(())
    }

    fn take_back(&self) -> io::Result<()> {
        self.0.lock().unwrap().0.pop();
        Ok(())
    }

    fn keep(&self, number: u64, mut file: &File) -> io::Result<()> {
        let mut content = Vec::new();
        file.read_to_end(&mut content)?;
        self.0.lock().unwrap().1.insert(number, content);
        Ok(())
    }

    fn restore(&self, number: u64, mut to: &File) -> io::Result<()> {
        let content = self.0.lock().unwrap().1.get(&number).cloned();
        to.write_all(&content.ok_or(io::ErrorKind::NotFound)?)
    }

    fn clear(&self, kept: &[u64]) -> io::Result<()> {
        let mut held = self.0.lock().unwrap();
        held.0.clear();
        for number in kept {
            held.1.remove(number);
        }
        Ok(())
    }
}

/// Where the journal of a test lies.
enum Kept {
    Home(tempfile::TempDir),
    Vault(InMemory),
}

impl Kept {
    fn open(&self) -> UndoLog {
        match self {
            Self::Home(home) => UndoLog::open(home.path()).unwrap(),
            Self::Vault(vault) => UndoLog::over(Arc::new(vault.clone())).unwrap(),
        }
    }
}

#[test]
fn random_changes_are_undone_also_where_the_server_was_killed() {
    for seed in 1..=SEQUENCES {
        undone_at_random(seed, &Kept::Home(tempfile::tempdir().unwrap()));
    }
}

#[test]
fn random_changes_are_undone_out_of_a_vault_that_somebody_else_keeps() {
    // The same engine as above: fewer are enough to see that nothing of it needs a folder.
    for seed in 1..=SEQUENCES / 4 {
        let vault = InMemory::default();
        undone_at_random(seed, &Kept::Vault(vault.clone()));
        let held = vault.0.lock().unwrap();
        assert!(
            held.0.is_empty() && held.1.is_empty(),
            "seed {seed}: something is left"
        );
    }
}

fn undone_at_random(seed: u64, kept: &Kept) {
    let mut chance = Chance(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let host = tempfile::tempdir().unwrap();
    fill(host.path(), &mut chance);
    let before = tree(host.path());
    let log = Arc::new(kept.open());
    let mut guest = guest(host.path(), &log);
    for _ in 0..chance.below(25) {
        change(&mut guest, &mut chance);
    }
    if chance.below(2) == 0 {
        // Asked, and killed before the answer.
        let name = support::guest::named(&[], &[b"a"]);
        guest.tell(support::guest::UNLINK, 1, &name);
        guest.kill();
    } else {
        guest.end().unwrap();
    }
    // What was not closed left nothing behind.
    assert!(
        tree(host.path())
            .iter()
            .all(|(path, _)| !path.to_string_lossy().contains(".deskhand")),
        "seed {seed}"
    );
    drop(log);
    let mut log = kept.open();
    while chance.below(3) > 0 {
        // Undoing is ended in the middle, and begun again by another process.
        let root = Dir::open_ambient_dir(host.path(), ambient_authority()).unwrap();
        log.undo_steps(&root, chance.below(5) as usize).unwrap();
        drop(log);
        log = kept.open();
    }
    let undone = undo(host.path(), &log);
    assert_eq!(undone.conflicts, [], "seed {seed}");
    assert_eq!(tree(host.path()), before, "seed {seed}");
}

#[test]
fn what_the_host_changed_after_the_guest_is_never_overwritten() {
    let (host, home) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for name in ["a", "b", "c"] {
        fs::write(host.path().join(name), "old").unwrap();
    }
    let log = Arc::new(UndoLog::open(home.path()).unwrap());
    let mut guest = guest(host.path(), &log);
    guest.put("a", b"guest").unwrap();
    guest.put("a", b"guest again").unwrap();
    guest.unlink("b").unwrap();
    guest.put("c", b"guest").unwrap();
    guest.mkdir("d").unwrap();
    guest.end().unwrap();
    fs::write(host.path().join("a"), "the host's").unwrap();
    fs::write(host.path().join("b"), "the host's").unwrap();
    fs::write(host.path().join("d/x"), "the host's").unwrap();
    let undone = undo(host.path(), &log);
    for name in ["a", "b", "d/x"] {
        assert_eq!(fs::read_to_string(host.path().join(name)).unwrap(), "the host's");
    }
    assert_eq!(fs::read_to_string(host.path().join("c")).unwrap(), "old");
    let mut names: Vec<_> = undone
        .conflicts
        .iter()
        .map(|conflict| conflict.path.to_string())
        .collect();
    names.sort();
    assert_eq!(names, ["a", "b", "d"]);
    let kept = undone
        .conflicts
        .iter()
        .filter_map(|conflict| conflict.kept.as_ref());
    assert!(
        kept.map(|kept| fs::read_to_string(kept).unwrap())
            .all(|text| text == "old")
    );
}

#[test]
fn a_torn_line_of_the_index_is_ignored() {
    let (host, home) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    fs::write(host.path().join("a"), "old").unwrap();
    let before = tree(host.path());
    let log = Arc::new(UndoLog::open(home.path()).unwrap());
    let mut one = guest(host.path(), &log);
    one.put("a", b"new").unwrap();
    one.end().unwrap();
    drop(log);
    let index = home.path().join("index");
    let mut bytes = fs::read(&index).unwrap();
    let line = bytes.clone();
    bytes.extend(&line[..line.len() / 2]);
    fs::write(&index, bytes).unwrap();
    let log = UndoLog::open(home.path()).unwrap();
    assert_eq!(log.changes(), 1);
    assert_eq!(undo(host.path(), &log).conflicts, []);
    assert_eq!(tree(host.path()), before);
}

#[test]
fn a_journal_has_one_writer() {
    let home = tempfile::tempdir().unwrap();
    let _log = UndoLog::open(home.path()).unwrap();
    assert_eq!(
        UndoLog::open(home.path()).unwrap_err().kind(),
        std::io::ErrorKind::ResourceBusy
    );
}

/// A journal under caps, and a guest of a folder with the files `a` and `b` of 1,000 bytes each.
fn capped(host: &Path, home: &Path, limits: UndoLimits) -> (Arc<UndoLog>, Guest) {
    for name in ["a", "b"] {
        fs::write(host.join(name), [7; 1_000]).unwrap();
    }
    let log = Arc::new(UndoLog::open(home).unwrap().with_limits(limits));
    let guest = guest(host, &log);
    (log, guest)
}

#[test]
fn a_file_that_is_rewritten_without_end_fills_no_more_records_than_the_cap() {
    let (host, home) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let limits = UndoLimits {
        records: 20,
        ..UndoLimits::default()
    };
    let (log, mut guest) = capped(host.path(), home.path(), limits);
    let before = tree(host.path());
    for round in 0..20_u8 {
        guest.put("a", &[round]).unwrap();
    }
    for _ in 0..3 {
        assert_eq!(guest.put("a", b"one more"), Err(EDQUOT));
        assert_eq!(guest.unlink("b"), Err(EDQUOT));
    }
    // Refused before it happened; and also a service that starts again is full.
    assert_eq!(fs::read(host.path().join("a")).unwrap(), [19]);
    guest.end().unwrap();
    drop(log);
    let log = Arc::new(UndoLog::open(home.path()).unwrap().with_limits(limits));
    assert_eq!(log.changes(), 20);
    let mut again = self::guest(host.path(), &log);
    assert_eq!(again.unlink("b"), Err(EDQUOT));
    again.end().unwrap();
    // Undoing has room, and makes some.
    assert_eq!(undo(host.path(), &log).conflicts, []);
    assert_eq!(tree(host.path()), before);
    let mut again = self::guest(host.path(), &log);
    again.unlink("b").unwrap();
}

#[test]
fn what_goes_fills_no_more_bytes_than_the_cap() {
    let (host, home) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let limits = UndoLimits {
        bytes: 2_000,
        ..UndoLimits::default()
    };
    let (log, mut guest) = capped(host.path(), home.path(), limits);
    let before = tree(host.path());
    guest.unlink("a").unwrap();
    assert_eq!(guest.unlink("b"), Err(EDQUOT));
    assert_eq!(guest.put("b", b"new"), Err(EDQUOT));
    // What keeps no content still has room.
    guest.mkdir("d").unwrap();
    guest.end().unwrap();
    assert_eq!(fs::read(host.path().join("b")).unwrap(), [7; 1_000]);
    drop(log);
    let log = Arc::new(UndoLog::open(home.path()).unwrap().with_limits(limits));
    let mut again = self::guest(host.path(), &log);
    assert_eq!(again.unlink("b"), Err(EDQUOT));
    again.end().unwrap();
    assert_eq!(undo(host.path(), &log).conflicts, []);
    assert_eq!(tree(host.path()), before);
    let mut again = self::guest(host.path(), &log);
    again.unlink("b").unwrap();
}

#[test]
fn what_goes_is_not_copied_to_a_disk_without_room() {
    let Some(disk) = SmallDisk::new(1 << 20) else {
        return;
    };
    let (host, home) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let limits = UndoLimits {
        // More than any disk has.
        floor: Some(u64::MAX),
        records: 2,
        ..UndoLimits::default()
    };
    let (log, mut guest) = capped(host.path(), disk.path(), limits);
    let before = tree(host.path());
    for _ in 0..5 {
        // What is refused takes no record either.
        assert_eq!(guest.unlink("a"), Err(ENOSPC));
        assert_eq!(guest.put("a", b"new"), Err(ENOSPC));
    }
    // What was not put in place goes with the connection.
    guest.end().unwrap();
    assert_eq!(tree(host.path()), before);
    assert_eq!(fs::read_dir(disk.path().join("content")).unwrap().count(), 0);
    assert_eq!(log.changes(), 0);
    let mut guest = self::guest(host.path(), &log);
    guest.mkdir("d").unwrap();
    guest.end().unwrap();
    assert_eq!(undo(host.path(), &log).conflicts, []);
    drop(log);
    // On the folder's own disk it is kept by its name, which asks for no room.
    let (log, mut guest) = capped(host.path(), home.path(), limits);
    guest.unlink("a").unwrap();
    guest.end().unwrap();
    assert_eq!(undo(host.path(), &log).conflicts, []);
}
