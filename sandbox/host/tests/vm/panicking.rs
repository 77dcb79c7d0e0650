//! A guest whose kernel panics: at its start, and under a command.

use std::sync::Arc;

use deskhand_vm_host::{
    BoxFuture, Cage, Engine, Machine, MachineSpec, RunLimits, RunOutput, SandboxError, Start, Step,
};
use pretty_assertions::assert_eq;
use tokio::sync::mpsc;

use crate::engine::{engine, workshop_with};
use crate::support::{command, limits, run, session, spec, workshop};

/// An engine whose guests are told to panic.
#[derive(Debug)]
struct Panicking {
    engine: Arc<dyn Engine>,
    word: &'static str,
}

impl Engine for Panicking {
    fn version(&self) -> String {
        self.engine.version()
    }

    fn cage(&self) -> Cage {
        self.engine.cage()
    }

    fn start<'a>(
        &'a self,
        spec: &'a MachineSpec,
        from: Start,
    ) -> BoxFuture<'a, Result<Box<dyn Machine>, SandboxError>> {
        Box::pin(async move {
            let mut spec = spec.clone();
            spec.words.push(self.word.to_owned());
            self.engine.start(&spec, from).await
        })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kernel_that_panics_under_a_command_ends_the_session_and_the_next_one_is_well() {
    let home = tempfile::tempdir().unwrap();
    let panicking = Panicking {
        engine: engine(home.path()),
        // A command that has no memory left takes the kernel with it.
        word: "sysctl.vm.panic_on_oom=2",
    };
    let workshop_of_it = workshop_with(home.path(), Arc::new(panicking)).await;
    let lost = session(&workshop_of_it).await;
    assert_eq!(run(&lost, &["echo", "well"]).await.ok(), "well\n");

    let mut greedy = command(&["python3", "-c", "x = bytearray(200 * 1024 * 1024)"]);
    greedy.limits = RunLimits {
        memory: 64 << 20,
        ..limits()
    };
    let mut job = lost.start(greedy).await.unwrap();
    loop {
        match job.next().await {
            Ok(Some(RunOutput::Ended(ended))) => panic!("no end is made up: {ended:?}"),
            Ok(Some(_)) => {}
            // The stream ends or breaks; it does not hang.
            Ok(None) | Err(_) => break,
        }
    }
    lost.ended().await;
    assert!(lost.console().contains("Kernel panic"), "{}", lost.console());
    assert!(lost.start(command(&["true"])).await.is_err());
    drop(lost);

    let well = session(&workshop(home.path()).await).await;
    assert_eq!(run(&well, &["echo", "well"]).await.ok(), "well\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kernel_that_panics_at_its_start_is_told_with_its_last_words() {
    let home = tempfile::tempdir().unwrap();
    let panicking = Panicking {
        engine: engine(home.path()),
        word: "rdinit=/nowhere",
    };
    let workshop = workshop_with(home.path(), Arc::new(panicking)).await;
    let (events, _) = mpsc::channel(1);
    let refused = workshop.session(spec(), None, events).await.unwrap_err();
    assert_eq!(refused.step, Step::Start);
    let detail = refused.detail.unwrap_or_default();
    assert!(detail.contains("Kernel panic"), "{detail}");
}
