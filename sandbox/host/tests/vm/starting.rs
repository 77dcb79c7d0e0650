//! Cold, from a kept state, and what two machines of one state do not share.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use deskhand_vm_host::Origin;
use pretty_assertions::assert_eq;

use crate::support::{run, session, shell, workshop};

/// By how much a clock would be behind that nobody sets.
const BEHIND: Duration = Duration::from_secs(6);

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_starts_cold_then_from_its_kept_state() {
    let home = tempfile::tempdir().unwrap();
    let workshop = workshop(home.path()).await;
    let cold = session(&workshop).await;
    assert_eq!(cold.summary().origin, Origin::Cold);
    assert_eq!(run(&cold, &["echo", "hello"]).await.ok(), "hello\n");

    assert!(workshop.keep_state().await.unwrap().is_some());
    // So that a clock which goes on where the state was kept is seen to be behind.
    let kept = Instant::now();
    while kept.elapsed() < BEHIND {
        run(&cold, &["true"]).await.ok();
    }
    drop(cold);
    assert!(
        workshop.keep_state().await.unwrap().is_none(),
        "it is kept already"
    );
    let (one, other) = (session(&workshop).await, session(&workshop).await);
    assert_eq!(one.summary().origin, Origin::Resumed);
    assert_eq!(run(&one, &["echo", "again"]).await.ok(), "again\n");

    // Two machines of one state: chance and time are their own.
    let draw = "head -c 16 /dev/urandom | od -An -tx1; cat /proc/sys/kernel/random/uuid";
    let (first, second) = (shell(&one, draw).await.ok(), shell(&other, draw).await.ok());
    assert_ne!(first, second);
    let told: u64 = shell(&other, "date +%s").await.ok().trim().parse().unwrap();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    assert!(
        now.abs_diff(told) < BEHIND.as_secs(),
        "the guest says {told}, this computer {now}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_that_was_changed_is_not_taken_and_the_machine_starts_cold() {
    let home = tempfile::tempdir().unwrap();
    let workshop = workshop(home.path()).await;
    workshop.keep_state().await.unwrap().expect("a state");
    let file = std::fs::read_dir(workshop.states().folder())
        .unwrap()
        .next()
        .expect("a state")
        .unwrap()
        .path();
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&file).unwrap().permissions());
    assert_eq!(
        mode & 0o777,
        0o600,
        "only this user may read the memory of a machine"
    );
    let mut kept = std::fs::read(&file).unwrap();
    let middle = kept.len() / 2;
    kept[middle] ^= 1;
    std::fs::write(&file, kept).unwrap();
    assert!(
        workshop.keep_state().await.unwrap().is_none() && file.exists(),
        "whether one is kept is known without reading it"
    );
    assert_eq!(session(&workshop).await.summary().origin, Origin::Cold);
    assert!(!file.exists(), "a damaged state goes");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_that_is_kept_ready_is_taken_once() {
    let home = tempfile::tempdir().unwrap();
    let workshop = workshop(home.path()).await;
    workshop.keep_ready().await.unwrap();
    let first = session(&workshop).await;
    assert_eq!(run(&first, &["echo", "ready"]).await.ok(), "ready\n");
    workshop.keep_ready().await.unwrap();
    workshop.let_go().await;
    assert_eq!(
        run(&session(&workshop).await, &["echo", "cold"]).await.ok(),
        "cold\n"
    );
    // The first is not disturbed by what came and went.
    assert_eq!(run(&first, &["echo", "still"]).await.ok(), "still\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_starts_and_resumes_in_a_folder_whose_path_is_longer_than_a_sockets() {
    let home = tempfile::tempdir().unwrap();
    let deep = home
        .path()
        .join("a folder, deep down, ".repeat(8))
        .join("b".repeat(120));
    std::fs::create_dir_all(&deep).unwrap();
    let workshop = workshop(&deep).await;
    workshop.keep_state().await.unwrap().expect("a state");
    let session = session(&workshop).await;
    assert_eq!(session.summary().origin, Origin::Resumed);
    assert_eq!(run(&session, &["echo", "deep"]).await.ok(), "deep\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_finds_a_socket_of_a_machine() {
    use std::os::unix::fs::FileTypeExt as _;
    let home = tempfile::tempdir().unwrap();
    let workshop = workshop(home.path()).await;
    let _session = session(&workshop).await;
    let folder = std::fs::read_dir(home.path().join("machines"))
        .unwrap()
        .next()
        .expect("the folder of the machine")
        .unwrap();
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let file = file.unwrap();
        assert!(
            !file.file_type().unwrap().is_socket(),
            "{}",
            file.path().display()
        );
    }
}
