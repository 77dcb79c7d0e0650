//! What has a name in a folder and is no file: pipes, sockets, devices, other file systems.

use std::fs;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use deskhand_workspace::{Expected, Fingerprint, ListLimits, WorkspaceError};
use pretty_assertions::assert_eq;

use crate::stage::{CANARY, Fixture, parse};

/// True where a command of the system could be run, and did what it was asked for.
fn runs(program: &str, arguments: &[&str], path: &Path) -> bool {
    let done = Command::new(program).args(arguments).arg(path).output();
    done.is_ok_and(|done| done.status.success())
}

/// A mount that goes with the value.
struct Mount(PathBuf);

impl Mount {
    /// None where this user may not mount anything.
    fn new(arguments: &[&str], at: PathBuf) -> Option<Self> {
        let is_mounted = runs("mount", arguments, &at);
        if !is_mounted {
            eprintln!("skipped: this user may not mount anything");
        }
        is_mounted.then_some(Self(at))
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        runs("umount", &["--lazy"], &self.0);
    }
}

#[test]
fn pipes_sockets_and_folders_are_no_files_and_nobody_waits_for_them() {
    let fixture = Fixture::new();
    assert!(runs("mkfifo", &[], &fixture.inside("pipe.xlsx")));
    let _socket = UnixListener::bind(fixture.inside("socket.xlsx")).unwrap();
    fs::create_dir(fixture.inside("folder.xlsx")).unwrap();
    fs::write(fixture.inside("folder.xlsx/run.exe"), "").unwrap();
    for name in ["pipe.xlsx", "socket.xlsx", "folder.xlsx"] {
        for (what, outcome) in fixture.leaks_nothing(name) {
            let is_about_another = ["list", "glob", "grep", "grep hidden", "lock_file"].contains(&what);
            let is_made_below = name == "folder.xlsx" && what == "make_parents";
            assert_eq!(
                outcome.is_ok(),
                is_about_another || is_made_below,
                "{what} {name}: {outcome:?}"
            );
        }
        assert!(
            fs::symlink_metadata(fixture.inside(name)).is_ok_and(|found| !found.is_file()),
            "{name}"
        );
    }
    assert_eq!(
        fixture.folder.list(ListLimits::default()).unwrap().entries.len(),
        1
    );
}

#[test]
fn a_lock_file_that_is_a_pipe_is_waited_for_by_nobody() {
    let fixture = Fixture::new();
    assert!(runs("mkfifo", &[], &fixture.inside("~$own.xlsx")));
    let lock = fixture.folder.lock_file(&parse("own.xlsx")).unwrap().unwrap();
    assert_eq!(lock.owner, None);
}

#[test]
fn devices_are_no_files() {
    let fixture = Fixture::new();
    let at = fixture.inside("zero.xlsx");
    // The device of endless zeros: whoever reads it never ends.
    let is_made = Command::new("mknod").arg(&at).args(["c", "1", "5"]).output();
    if !is_made.is_ok_and(|made| made.status.success()) {
        eprintln!("skipped: this user may not make device nodes");
        return;
    }
    for (what, outcome) in fixture.leaks_nothing("zero.xlsx") {
        let is_about_another = ["list", "glob", "grep", "grep hidden", "lock_file"].contains(&what);
        assert_eq!(outcome.is_ok(), is_about_another, "{what}: {outcome:?}");
    }
    assert!(fs::symlink_metadata(&at).is_ok_and(|found| !found.is_file()));
}

/// Whoever mounts something in a folder puts it there, as an administrator does with a share: it is inside by its name. Nothing
/// of it is reached that is not below the mount.
#[cfg(target_os = "linux")]
#[test]
fn what_is_mounted_in_the_folder_is_inside_and_leads_no_further() {
    use std::os::unix::fs::symlink;

    let fixture = Fixture::new();
    let Some(_mount) = Mount::new(&["-t", "tmpfs", "none"], fixture.inside("sub")) else {
        return;
    };
    symlink("../../outside/canary.xlsx", fixture.inside("sub/link.xlsx")).unwrap();
    fixture.refuses("sub/link.xlsx");
    let path = parse("sub/new/deep/a.xlsx");
    assert_eq!(fixture.folder.make_parents(&path).unwrap().len(), 2);
    fixture.folder.replace(&path, b"1", Expected::Nothing).unwrap();
    let one = Expected::Content(Fingerprint::of(b"1"));
    fixture.folder.replace(&path, b"2", one).unwrap();
    fixture.folder.remove(&path, Fingerprint::of(b"2")).unwrap();
    assert_eq!(fs::read_dir(fixture.inside("sub/new/deep")).unwrap().count(), 0);
    fixture.nothing_happened();
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_that_is_mounted_over_a_name_is_neither_replaced_nor_removed() {
    let fixture = Fixture::new();
    let canary = fixture.outside().join("canary.xlsx");
    let source = canary.to_str().unwrap();
    let Some(_mount) = Mount::new(&["--bind", source], fixture.inside("own.xlsx")) else {
        return;
    };
    let expected = Fingerprint::of(CANARY);
    let refused = [
        fixture
            .folder
            .replace(&parse("own.xlsx"), b"new", Expected::Content(expected))
            .map(drop),
        fixture.folder.remove(&parse("own.xlsx"), expected),
    ];
    for outcome in refused {
        assert!(matches!(outcome, Err(WorkspaceError::Io { .. })), "{outcome:?}");
    }
    fixture.nothing_happened();
    let names = fs::read_dir(fixture.inside("")).unwrap();
    assert_eq!(names.count(), 2, "nothing of ours is left beside it");
}

#[cfg(target_os = "linux")]
#[test]
fn folders_that_were_made_go_again_where_the_next_one_has_no_room() {
    let fixture = Fixture::new();
    let small = ["-t", "tmpfs", "-o", "nr_inodes=3", "none"];
    let Some(_mount) = Mount::new(&small, fixture.inside("sub")) else {
        return;
    };
    let refused = fixture
        .folder
        .make_parents(&parse("sub/1/2/3/4/a.xlsx"))
        .unwrap_err();
    assert!(matches!(refused, WorkspaceError::DiskFull), "{refused:?}");
    assert_eq!(fs::read_dir(fixture.inside("sub")).unwrap().count(), 0);
}

#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_is_full_leaves_the_old_content_whole() {
    let fixture = Fixture::new();
    let small = ["-t", "tmpfs", "-o", "size=64k", "none"];
    let Some(_mount) = Mount::new(&small, fixture.inside("sub")) else {
        return;
    };
    fs::write(fixture.inside("sub/a.xlsx"), "old").unwrap();
    let old = Expected::Content(Fingerprint::of(b"old"));
    let refused = fixture
        .folder
        .replace(&parse("sub/a.xlsx"), &vec![7; 200_000], old)
        .unwrap_err();
    assert!(matches!(refused, WorkspaceError::DiskFull), "{refused:?}");
    assert_eq!(fs::read(fixture.inside("sub/a.xlsx")).unwrap(), b"old");
    assert_eq!(fs::read_dir(fixture.inside("sub")).unwrap().count(), 1);
}
