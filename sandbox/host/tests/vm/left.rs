//! What is left of machines whose service was killed.

use pretty_assertions::assert_eq;

use crate::support::{run, session, workshop};

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_service_left_goes_with_the_next_start_and_what_runs_stays() {
    let home = tempfile::tempdir().unwrap();
    let machines = home.path().join("machines");
    std::fs::create_dir(&machines).unwrap();
    let left = machines.join("vm-left");
    std::fs::create_dir(&left).unwrap();
    std::fs::write(left.join("lock"), "").unwrap();
    let first = workshop(home.path()).await;
    assert!(!left.exists(), "nobody held it");

    first.keep_state().await.unwrap().expect("a state");
    let running = session(&first).await;
    let folders = || std::fs::read_dir(&machines).unwrap().count();
    assert_eq!(folders(), 1);
    // As the next service does, and as a person does while a machine runs.
    let next = workshop(home.path()).await;
    assert_eq!(deskhand_vm_host::forget(home.path()).unwrap().running, 1);
    assert_eq!(folders(), 1, "its folder stays");
    assert!(next.states().size() > 0, "and the states stay");
    assert_eq!(run(&running, &["echo", "on"]).await.ok(), "on\n");

    drop(running);
    assert_eq!(deskhand_vm_host::forget(home.path()).unwrap().running, 0);
    assert_eq!((folders(), next.states().size()), (0, 0));
}
