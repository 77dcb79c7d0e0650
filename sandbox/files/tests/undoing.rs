//! What a guest did is undone, byte for byte: also where the server was ended in the middle, and where undoing was.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::{Arc, Mutex};

use cap_std::ambient_authority;
use cap_std::fs::Dir;
use deskhand_vm_files::{Access, Share, UndoLimits, UndoLog, Undone, Vault};
use pretty_assertions::assert_eq;
use support::guest::Guest;
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

/// Numbers that are the same for the same seed (xorshift64*).
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) % end
    }

    /// One of few paths, so that changes meet.
    fn path(&mut self) -> String {
        let depth = self.below(3) + 1;
        let names: Vec<String> = (0..depth)
            .map(|_| ["a", "b", "c"][self.below(3) as usize].to_owned())
            .collect();
        names.join("/")
    }

    fn content(&mut self) -> Vec<u8> {
        let length = [0, 1, 100, 5_000][self.below(4) as usize];
        (0..length).map(|_| self.below(256) as u8).collect()
    }
}

/// What a person had in the folder.
fn fill(host: &Path, chance: &mut Chance) {
    for _ in 0..chance.below(9) {
        let path = host.join(chance.path());
        match chance.below(4) {
            0 => drop(fs::create_dir_all(&path)),
            1 => drop(std::os::unix::fs::symlink("a/b", &path)),
            _ => {
                drop(fs::create_dir_all(path.parent().unwrap()));
                if fs::write(&path, chance.content()).is_ok() {
                    let mode = [0o644, 0o600, 0o755][chance.below(3) as usize];
                    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
                }
            }
        }
    }
}

/// One random change; what is refused is refused. Some leave a file open and written.
fn change(guest: &mut Guest, chance: &mut Chance) {
    let path = chance.path();
    let _ = match chance.below(12) {
        0 | 1 => guest.put(&path, &chance.content()),
        2 => guest.mkdir(&path),
        3 => guest.unlink(&path),
        4 => guest.rmdir(&path),
        5 | 6 => guest.rename(&path, &chance.path()),
        7 => guest.symlink(&path, ["c", "b/c", "a"][chance.below(3) as usize]),
        8 => guest.set(&path, 1, 0, 0, [0o600, 0o700, 0o640][chance.below(3) as usize], 0),
        9 => guest.set(&path, 1 << 5, 0, chance.below(1 << 30), 0, 0),
        10 => guest.set(&path, 1 << 3, chance.below(300), 0, 0, 0),
        _ => match guest.open(&path, 2) {
            Ok(handle) => {
                let data = chance.content();
                let at = chance.below(200);
                let wrote = guest.write(handle, at, &data);
                match chance.below(3) {
                    0 => wrote,
                    1 => guest.with(support::guest::FSYNC, handle),
                    _ => guest.close(handle),
                }
            }
            Err(errno) => Err(errno),
        },
    };
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

/// The content of each file below a folder.
fn contents(folder: &Path) -> BTreeMap<std::path::PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let metadata = path.symlink_metadata().unwrap();
        if metadata.is_dir() {
            found.extend(contents(&path));
        } else if metadata.is_file() {
            found.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
    found
}

fn undo_over(host: &Path, log: &UndoLog, over: &UndoLog) -> Undone {
    let root = Dir::open_ambient_dir(host, ambient_authority()).unwrap();
    log.undo_over(&root, &std::collections::BTreeSet::new(), over)
        .unwrap()
}

#[test]
fn what_the_host_changed_since_is_overwritten_where_a_person_says_so_and_comes_back_where_they_think_better()
{
    type Acts = (fn(&mut Guest), fn(&Path));
    let cases: [(&str, Acts); 8] = [
        (
            "a file that was made",
            (
                |guest| drop(guest.put("new", b"guest")),
                |host| fs::write(host.join("new"), "host").unwrap(),
            ),
        ),
        (
            "a file that was written",
            (
                |guest| drop(guest.put("a", b"guest")),
                |host| fs::write(host.join("a"), "host").unwrap(),
            ),
        ),
        (
            "a file that was written twice",
            (
                |guest| drop((guest.put("a", b"guest"), guest.put("a", b"once more"))),
                |host| fs::write(host.join("a"), "host").unwrap(),
            ),
        ),
        (
            "a file that was removed",
            (
                |guest| drop(guest.unlink("a")),
                |host| fs::write(host.join("a"), "host").unwrap(),
            ),
        ),
        (
            "a file that was written, and removed by the host",
            (
                |guest| drop(guest.put("a", b"guest")),
                |host| fs::remove_file(host.join("a")).unwrap(),
            ),
        ),
        (
            "a file in whose place another one was renamed",
            (
                |guest| drop((guest.put("beside", b"guest"), guest.rename("beside", "a"))),
                |host| fs::write(host.join("a"), "host").unwrap(),
            ),
        ),
        (
            "a folder that was made, with what the host put there",
            (
                |guest| drop((guest.mkdir("d"), guest.put("d/in", b"guest"))),
                |host| {
                    fs::create_dir(host.join("d/own")).unwrap();
                    fs::write(host.join("d/own/file"), "host").unwrap();
                },
            ),
        ),
        (
            "a folder in the place of a file",
            (
                |guest| drop(guest.unlink("a")),
                |host| {
                    fs::create_dir(host.join("a")).unwrap();
                    fs::write(host.join("a/file"), "host").unwrap();
                },
            ),
        ),
    ];
    for (what, (change, edit)) in cases {
        let (host, home, beside) = (
            tempfile::tempdir().unwrap(),
            tempfile::tempdir().unwrap(),
            tempfile::tempdir().unwrap(),
        );
        fs::write(host.path().join("a"), "before").unwrap();
        let before = tree(host.path());
        let log = Arc::new(UndoLog::open(home.path()).unwrap());
        let mut guest = guest(host.path(), &log);
        change(&mut guest);
        drop(guest);
        edit(host.path());
        let of_host = contents(host.path());
        let first = undo(host.path(), &log);
        assert!(!first.conflicts.is_empty(), "{what}");
        // Asked again, it is the same answer, also of another process.
        drop(log);
        let log = UndoLog::open(home.path()).unwrap();
        let over = UndoLog::open(beside.path()).unwrap();
        let second = undo_over(host.path(), &log, &over);
        assert_eq!(second.conflicts, [], "{what}");
        assert_eq!(tree(host.path()), before, "{what}");
        let back = undo(host.path(), &over);
        assert_eq!(back.conflicts, [], "{what}");
        let after = contents(host.path());
        for (path, content) in of_host.iter().filter(|(_, content)| *content == b"host") {
            assert_eq!(after.get(path), Some(content), "{what}: {path:?}");
        }
    }
}

#[test]
fn a_file_that_was_renamed_and_then_written_to_by_the_host_gets_its_name_back_and_keeps_what_was_written() {
    let (host, home, beside) = (
        tempfile::tempdir().unwrap(),
        tempfile::tempdir().unwrap(),
        tempfile::tempdir().unwrap(),
    );
    fs::write(host.path().join("a"), "before").unwrap();
    let log = Arc::new(UndoLog::open(home.path()).unwrap());
    let mut guest = guest(host.path(), &log);
    guest.rename("a", "b").unwrap();
    drop(guest);
    fs::write(host.path().join("b"), "host").unwrap();
    assert!(!undo(host.path(), &log).conflicts.is_empty());
    let over = UndoLog::open(beside.path()).unwrap();
    assert_eq!(undo_over(host.path(), &log, &over).conflicts, []);
    assert_eq!(fs::read(host.path().join("a")).unwrap(), b"host");
    assert!(!host.path().join("b").exists());
    assert_eq!(undo(host.path(), &over).conflicts, []);
    assert_eq!(fs::read(host.path().join("b")).unwrap(), b"host");
}

#[test]
fn nothing_is_overwritten_that_cannot_be_kept() {
    let (host, home, beside) = (
        tempfile::tempdir().unwrap(),
        tempfile::tempdir().unwrap(),
        tempfile::tempdir().unwrap(),
    );
    let log = Arc::new(UndoLog::open(home.path()).unwrap());
    let mut guest = guest(host.path(), &log);
    guest.put("a", b"guest").unwrap();
    drop(guest);
    fs::write(host.path().join("a"), vec![7; 5_000]).unwrap();
    let over = UndoLog::open(beside.path()).unwrap().with_limits(UndoLimits {
        bytes: 1_000,
        ..UndoLimits::default()
    });
    let root = Dir::open_ambient_dir(host.path(), ambient_authority()).unwrap();
    let refused = log.undo_over(&root, &std::collections::BTreeSet::new(), &over);
    assert_eq!(
        refused.map_err(|error| error.kind()),
        Err(io::ErrorKind::QuotaExceeded)
    );
    assert_eq!(fs::read(host.path().join("a")).unwrap(), vec![7; 5_000]);
}

#[test]
fn whatever_was_changed_and_edited_nothing_that_the_host_wrote_is_lost_by_overwriting_it() {
    let mut overwritten = 0;
    for seed in 1..=SEQUENCES {
        let mut chance = Chance(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let (host, home, beside) = (
            tempfile::tempdir().unwrap(),
            tempfile::tempdir().unwrap(),
            tempfile::tempdir().unwrap(),
        );
        fill(host.path(), &mut chance);
        let log = Arc::new(UndoLog::open(home.path()).unwrap());
        let mut guest = guest(host.path(), &log);
        for _ in 0..chance.below(12) {
            change(&mut guest, &mut chance);
        }
        drop(guest);
        for number in 0..chance.below(5) {
            // Some fail: where the path leads nowhere, nothing is edited.
            let path = host.path().join(chance.path());
            if fs::symlink_metadata(&path).is_ok_and(|found| found.is_symlink()) {
                continue;
            }
            drop(fs::write(&path, format!("of the host {seed} {number}")));
        }
        let of_host = |folder: &Path| -> std::collections::BTreeSet<Vec<u8>> {
            let found = contents(folder).into_values();
            found
                .filter(|content| content.starts_with(b"of the host"))
                .collect()
        };
        let written = of_host(host.path());
        let conflicts = undo(host.path(), &log).conflicts.len();
        assert_eq!(
            of_host(host.path()),
            written,
            "{seed}: nothing of the host goes without a word"
        );
        let over = UndoLog::open(beside.path()).unwrap();
        let left = undo_over(host.path(), &log, &over).conflicts.len();
        overwritten += conflicts.saturating_sub(left);
        undo(host.path(), &over);
        assert_eq!(of_host(host.path()), written, "{seed}: all of it is back");
    }
    assert!(overwritten > 50, "{overwritten}");
}
