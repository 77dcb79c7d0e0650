//! Real machines: started cold and from a kept state, with commands in them.
//!
//! They need QEMU and the image that `cargo xtask image` builds.

mod support;

use std::time::{Duration, Instant};

use deskhand_vm_host::{End, Origin};
use support::{Ran, limits, run, session, shell, workshop};

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_starts_cold_then_from_its_kept_state_and_runs_commands() {
    let home = tempfile::tempdir().unwrap();
    let workshop = workshop(home.path()).await;
    let begun = Instant::now();
    let cold = session(&workshop).await;
    assert_eq!(cold.summary().origin, Origin::Cold);
    let ran = run(&cold, &["/bin/echo", "hello"]).await;
    eprintln!(
        "cold: {:?} to the first command; {:#?}",
        begun.elapsed(),
        cold.summary()
    );
    assert_eq!(ran.out, "hello\n", "{ran:?}");
    for _ in 0..5 {
        let begun = Instant::now();
        run(&cold, &["/bin/true"]).await;
        eprintln!("true: {:?}", begun.elapsed());
    }
    drop(cold);

    let kept = Instant::now();
    let size = workshop.keep_state().await.unwrap().unwrap();
    eprintln!("state: {size} bytes in {:?}", kept.elapsed());
    for _ in 0..4 {
        let begun = Instant::now();
        let resumed = session(&workshop).await;
        assert_eq!(resumed.summary().origin, Origin::Resumed);
        let ran = run(&resumed, &["/bin/echo", "again"]).await;
        eprintln!(
            "resumed: {:?} to the first command; {:?}",
            begun.elapsed(),
            resumed.summary()
        );
        assert_eq!(ran.out, "again\n");
    }
    let _ = Duration::ZERO;
}
