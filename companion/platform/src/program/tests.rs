//! Programs that end, that do not, and that others could have changed.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use tempfile::TempDir;
use tokio::sync::oneshot::channel;

use super::*;

const WITHIN: Duration = Duration::from_secs(30);

/// A program that does this. Another program writes it: while this one has the file open for writing, a child that a test beside it
/// forks has so too, and nobody can start it.
fn program(folder: &TempDir, does: &str) -> PathBuf {
    let path = folder.path().join("helper");
    let script = format!("#!/bin/sh\ncd '{}'\n{does}\n", folder.path().display());
    let mut write = std::process::Command::new("sh");
    write.args([
        "-c",
        "umask 077; printf %s \"$1\" > \"$2\" && chmod 700 \"$2\"",
        "sh",
        &script,
    ]);
    assert!(write.arg(&path).status().expect("a shell").success());
    path
}

fn place() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

#[tokio::test]
async fn what_it_printed_and_its_code_come_back() {
    let folder = place();
    let program = program(&folder, "printf \"$WHY\"; printf oops >&2; exit 3");
    let ran = run(&program, &[("WHY", "a reason")], WITHIN, 100)
        .await
        .expect("it runs");
    assert_eq!(
        (ran.code, ran.output.as_slice(), ran.complaint.as_slice()),
        (Some(3), &b"a reason"[..], &b"oops"[..])
    );
    assert!(
        !format!("{ran:?}").contains("97"),
        "no byte of it is shown: {ran:?}"
    );
}

#[tokio::test]
async fn a_long_complaint_is_cut_and_does_not_hold_the_program_up() {
    let folder = place();
    let ran = run(
        &program(&folder, "head -c 300000 /dev/zero >&2; echo done"),
        &[],
        WITHIN,
        100,
    )
    .await;
    let ran = ran.expect("it runs");
    assert_eq!(
        (ran.complaint.len(), ran.output.as_slice()),
        (COMPLAINT, &b"done\n"[..])
    );
}

#[tokio::test]
async fn one_that_prints_without_end_is_stopped() {
    let folder = place();
    let ran = run(&program(&folder, "yes"), &[], WITHIN, 64 * 1024).await;
    assert!(matches!(ran, Err(ProgramError::TooLong)), "{ran:?}");
}

#[tokio::test]
async fn one_that_is_not_there_and_a_path_that_is_not_absolute_are_told() {
    let folder = place();
    let ran = run(&folder.path().join("gone"), &[], WITHIN, 100).await;
    assert!(matches!(ran, Err(ProgramError::Missing)), "{ran:?}");
    let ran = run(Path::new("sh"), &[], WITHIN, 100).await;
    assert!(matches!(ran, Err(ProgramError::NotAbsolute)), "{ran:?}");
}

#[tokio::test(start_paused = true)]
async fn one_that_does_not_end_is_given_up() {
    let folder = place();
    let ran = run(&program(&folder, "exec tail -f /dev/null"), &[], WITHIN, 100).await;
    assert!(matches!(ran, Err(ProgramError::TimedOut)), "{ran:?}");
}

/// The pipe tells when everybody who could write into it is gone.
#[tokio::test]
async fn once_nobody_waits_for_it_everything_that_it_started_ends_too() {
    let folder = place();
    let pipe = folder.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.expect("mkfifo").success());
    let does = "tail -f /dev/null > pipe & exec tail -f /dev/null";
    let program = program(&folder, does);
    // A thread that nobody waits for: a child that lives on must not hold up the test that says so.
    let (opened, opens) = channel();
    let (ended, ends) = channel();
    std::thread::spawn(move || {
        // Opening waits until the child of the program has opened the other end.
        let mut pipe = fs::File::open(pipe).expect("the pipe");
        opened.send(()).expect("somebody waits");
        drop(ended.send(io::Read::read(&mut pipe, &mut [0])));
    });
    tokio::select! {
        opened = opens => opened.expect("the pipe is opened"),
        ran = run(&program, &[], WITHIN, 100) => panic!("it ended: {ran:?}"),
    }
    let read = tokio::time::timeout(WITHIN, ends)
        .await
        .expect("the child is gone");
    assert_eq!(read.expect("a thread").expect("the end of the pipe"), 0);
}

#[test]
fn one_that_others_can_change_is_refused() {
    let folder = place();
    let program = program(&folder, "echo");
    let mode = |place: &Path, mode| {
        fs::set_permissions(place, fs::Permissions::from_mode(mode)).expect("a mode");
    };
    check(&program).expect("nobody else can change it");
    for (place, open) in [
        (program.as_path(), 0o720),
        (&program, 0o702),
        (folder.path(), 0o770),
    ] {
        mode(place, open);
        let checked = check(&program);
        assert!(
            matches!(checked, Err(ProgramError::Open(_))),
            "{open:o}: {checked:?}"
        );
        mode(place, 0o700);
    }
    let link = place().path().join("link");
    assert!(matches!(check(&link), Err(ProgramError::Missing)));
}

#[test]
fn a_link_is_judged_by_where_it_leads() {
    let (folder, other) = (place(), place());
    let program = program(&folder, "echo");
    let link = other.path().join("link");
    std::os::unix::fs::symlink(&program, &link).expect("a link");
    let checked = check(&link).expect("nobody else can change what it leads to");
    assert_eq!(checked, program.canonicalize().expect("a path"));
    fs::set_permissions(&program, fs::Permissions::from_mode(0o777)).expect("a mode");
    assert!(matches!(check(&link), Err(ProgramError::Open(_))));
}
