//! The server under this machine's own kernel: real programs work in the shared folder, and the host looks at what came of
//! it. Needs root and `/dev/fuse`; says so and ends where that is not there.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use std::fs;
use std::os::unix::fs::{FileExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use deskhand_vm_files::{Access, Event, Limits, Share};
use pretty_assertions::assert_eq;
use support::{Agreeing, Mounted, names, shell, tree, within};

const SOON: Duration = Duration::from_secs(10);

fn share(host: &Path, access: Access) -> Share {
    Share::open(host, access, 0, 0).unwrap()
}

fn mounted(host: &Path) -> Option<Mounted> {
    Mounted::new(share(host, Access::ReadWrite), Arc::new(Agreeing::default()))
}

#[test]
fn files_and_folders_are_what_they_are_on_both_sides() {
    let host = tempfile::tempdir().unwrap();
    let Some(guest) = mounted(host.path()) else { return };
    fs::write(host.path().join("theirs.txt"), "from the host").unwrap();
    assert_eq!(
        fs::read_to_string(guest.join("theirs.txt")).unwrap(),
        "from the host"
    );
    guest.shell("mkdir -p a/b; echo one > a/b/c.txt; echo two >> a/b/c.txt; ln -s b/c.txt a/link; chmod 700 a/b/c.txt");
    assert_eq!(
        fs::read_to_string(host.path().join("a/link")).unwrap(),
        "one\ntwo\n"
    );
    assert_eq!(tree(host.path()), tree(guest.path()));
    guest.shell("mv a/b/c.txt a/d.txt; rm a/link; rmdir a/b");
    assert_eq!(names(&host.path().join("a")), ["d.txt"]);
}

#[test]
fn git_works_and_the_host_sees_the_same_repository() {
    let host = tempfile::tempdir().unwrap();
    let Some(guest) = mounted(host.path()) else { return };
    guest.shell(
        "git init -q r; cd r; for i in $(seq 60); do mkdir -p d$((i % 7)); echo $i > d$((i % 7))/$i.txt; done
         git add .; git commit -qm one; echo more >> d1/1.txt; git commit -qam two; git gc -q; git checkout -q HEAD~1; git checkout -q -",
    );
    assert_eq!(guest.shell("cd r; git status --porcelain"), "");
    let repository = host.path().join("r");
    assert_eq!(
        shell(
            &repository,
            "git -c safe.directory='*' status --porcelain; git fsck --strict 2>&1"
        ),
        ""
    );
    assert_eq!(shell(&repository, "git log --format=%s"), "two\none\n");
    assert_eq!(
        fs::read_to_string(repository.join("d1/1.txt")).unwrap(),
        "1\nmore\n"
    );
}

#[test]
fn a_database_is_written_and_whole() {
    let host = tempfile::tempdir().unwrap();
    let Some(guest) = mounted(host.path()) else { return };
    for mode in ["delete", "wal", "truncate"] {
        let script = format!(
            "import sqlite3
c = sqlite3.connect('{mode}.db')
assert c.execute('pragma journal_mode={mode}').fetchone()[0] == '{mode}'
c.execute('create table t(a, b)')
for i in range(30):
    c.execute('insert into t values(?, ?)', (i, 'x' * 500)); c.commit()
c.execute('delete from t where a % 3 = 0'); c.commit()
c.execute('vacuum'); c.close()"
        );
        guest.shell(&format!("python3 -c \"{script}\""));
        let check = format!("sqlite3 {mode}.db 'pragma integrity_check; select count(*), sum(a) from t'");
        assert_eq!(shell(host.path(), &check), "ok\n20|300\n", "{mode}");
    }
}

#[test]
fn tools_that_copy_and_edit_leave_the_same_on_both_sides() {
    let host = tempfile::tempdir().unwrap();
    let Some(guest) = mounted(host.path()) else { return };
    guest.shell(
        "mkdir src; for i in $(seq 30); do head -c $((i * 3001)) /dev/urandom > src/f$i; done; chmod 755 src/f1; touch -d 2001-02-03 src/f2
         cp -a src copy; tar cf t.tar src; mkdir out; tar xf t.tar -C out; diff -r src copy; diff -r src out/src
         printf 'a\\nb\\nc\\n' > e.txt; sed -i s/b/B/ e.txt; python3 -c \"
import os
with open('e.txt', 'r+') as f:
    f.seek(0, 2); f.write('d\\n'); f.flush(); f.seek(0); assert f.read() == 'a\\nB\\nc\\nd\\n'
os.truncate('e.txt', 4)
\"; mv copy moved; cp e.txt moved/; rm -rf src",
    );
    assert_eq!(fs::read_to_string(host.path().join("e.txt")).unwrap(), "a\nB\n");
    assert_eq!(tree(host.path()), tree(guest.path()));
    assert_eq!(names(host.path()), ["e.txt", "moved", "out", "t.tar"]);
    assert_eq!(
        fs::metadata(host.path().join("moved/f2")).unwrap().mtime(),
        981_158_400
    );
}

#[test]
fn a_host_program_sees_the_old_content_or_the_new_never_half() {
    let host = tempfile::tempdir().unwrap();
    let Some(guest) = mounted(host.path()) else { return };
    let (seen, path) = (host.path().join("a"), guest.join("a"));
    fs::write(&seen, vec![0; 300_000]).unwrap();
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for round in 1..=60_u8 {
                let file = fs::OpenOptions::new()
                    .write(true)
                    .truncate(round % 2 == 0)
                    .open(&path)
                    .unwrap();
                for part in 0..30 {
                    file.write_all_at(&[round; 10_000], part * 10_000).unwrap();
                }
            }
        });
        let mut looks = 0;
        while !writer.is_finished() || looks < 100 {
            let content = fs::read(&seen).unwrap();
            assert_eq!(content.len(), 300_000);
            assert!(
                content.iter().all(|byte| *byte == content[0]),
                "half a write was seen"
            );
            looks += 1;
        }
    });
    assert_eq!(names(host.path()), ["a"]);
}

#[test]
fn what_the_host_edits_is_seen_at_once() {
    let host = tempfile::tempdir().unwrap();
    fs::create_dir(host.path().join("d")).unwrap();
    fs::write(host.path().join("d/a"), "old").unwrap();
    let Some(guest) = mounted(host.path()) else { return };
    let (ours, theirs) = (guest.join("d/a"), host.path().join("d/a"));
    assert_eq!(fs::read_to_string(&ours).unwrap(), "old");
    assert!(!guest.join("d/new").exists());
    // In place, by renaming, a new name, a name that goes, another mode.
    fs::write(&theirs, "new").unwrap();
    assert!(within(SOON, || fs::read_to_string(&ours).unwrap() == "new"));
    fs::write(host.path().join("d/b"), "renamed over").unwrap();
    fs::rename(host.path().join("d/b"), &theirs).unwrap();
    assert!(within(SOON, || fs::read_to_string(&ours)
        .is_ok_and(|text| text == "renamed over")));
    fs::write(host.path().join("d/new"), "x").unwrap();
    assert!(within(SOON, || guest.join("d/new").exists()));
    fs::set_permissions(&theirs, fs::Permissions::from_mode(0o741)).unwrap();
    assert!(within(SOON, || fs::metadata(&ours).unwrap().mode() & 0o777 == 0o741));
    fs::remove_file(&theirs).unwrap();
    assert!(within(SOON, || !ours.exists()));
    fs::rename(host.path().join("d"), host.path().join("e")).unwrap();
    assert!(within(SOON, || guest.join("e/new").exists() && !guest.join("d").exists()));
}

#[test]
fn the_hosts_edit_stays_and_the_guests_has_another_name() {
    let host = tempfile::tempdir().unwrap();
    fs::write(host.path().join("a.txt"), "old").unwrap();
    let Some(guest) = mounted(host.path()) else { return };
    let file = fs::OpenOptions::new()
        .write(true)
        .open(guest.join("a.txt"))
        .unwrap();
    file.write_all_at(b"guest", 0).unwrap();
    fs::write(host.path().join("a.txt"), "the host's own").unwrap();
    assert!(file.sync_all().is_err(), "the guest hears of it");
    file.write_all_at(b"GUEST", 0).unwrap();
    drop(file);
    let beside = host.path().join("a (recovered from the sandbox).txt");
    assert!(within(SOON, || fs::read(&beside).is_ok_and(|text| text == b"GUEST")));
    assert_eq!(
        fs::read_to_string(host.path().join("a.txt")).unwrap(),
        "the host's own"
    );
    assert!(within(SOON, || fs::read_to_string(guest.join("a.txt"))
        .is_ok_and(|text| text == "the host's own")));
    assert!(
        guest
            .events
            .events
            .lock()
            .unwrap()
            .iter()
            .any(|event| matches!(event, Event::Conflict { .. }))
    );
    assert_eq!(names(host.path()).len(), 2);
}

#[test]
fn a_read_only_folder_refuses_every_change() {
    let host = tempfile::tempdir().unwrap();
    fs::create_dir(host.path().join("d")).unwrap();
    fs::write(host.path().join("a"), "old").unwrap();
    let before = tree(host.path());
    let journal = Arc::new(Agreeing::default());
    let Some(guest) = Mounted::new(share(host.path(), Access::ReadOnly), journal.clone()) else {
        return;
    };
    for command in [
        "echo x > a",
        "echo x >> a",
        "echo x > b",
        "rm a",
        "rmdir d",
        "mkdir e",
        "mv a b",
        "ln -s a b",
        "ln a b",
        "chmod 700 a",
        "touch a",
        "truncate -s 1 a",
        "mkfifo p",
        "mknod n c 1 3",
        "chown 5 a",
    ] {
        let refused = std::process::Command::new("sh")
            .args(["-c", command])
            .current_dir(guest.path())
            .output()
            .unwrap();
        assert!(!refused.status.success(), "{command}");
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(said.contains("Read-only file system"), "{command}: {said}");
    }
    assert_eq!(fs::read_to_string(guest.join("a")).unwrap(), "old");
    assert_eq!(tree(host.path()), before);
    assert!(journal.changes.lock().unwrap().is_empty());
}

#[test]
fn the_guest_may_add_as_many_bytes_as_the_quota_says() {
    let host = tempfile::tempdir().unwrap();
    let limits = Limits {
        quota: 140_000,
        ..Limits::default()
    };
    let share = share(host.path(), Access::ReadWrite).with_limits(limits);
    let Some(guest) = Mounted::new(share, Arc::new(Agreeing::default())) else {
        return;
    };
    fs::write(guest.join("a"), vec![1; 90_000]).unwrap();
    let refused = fs::write(guest.join("b"), vec![1; 20_000]).unwrap_err();
    assert_eq!(refused.kind(), std::io::ErrorKind::QuotaExceeded);
    fs::remove_file(guest.join("a")).unwrap();
    fs::write(guest.join("b"), vec![1; 20_000]).unwrap();
    assert_eq!(fs::metadata(host.path().join("b")).unwrap().len(), 20_000);
}

#[test]
fn a_child_that_is_started_in_the_middle_of_a_write_puts_nothing_in_place() {
    let host = tempfile::tempdir().unwrap();
    fs::write(host.path().join("a"), "old").unwrap();
    let Some(guest) = mounted(host.path()) else {
        return;
    };
    let seen = host.path().join("a");
    let script = format!(
        "import os
f = open('a', 'w'); f.write('half'); f.flush()
if os.fork() == 0: os._exit(0)
os.wait()
assert open('{}').read() == 'old'
f.write(' and half'); f.close()",
        seen.display()
    );
    guest.shell(&format!("python3 -c \"{script}\""));
    assert_eq!(fs::read_to_string(&seen).unwrap(), "half and half");
}
