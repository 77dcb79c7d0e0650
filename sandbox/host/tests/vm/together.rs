//! What all commands of a session may use together, whatever each of them may.

use deskhand_vm_host::{End, Job, RunOutput, SessionSpec};
use pretty_assertions::assert_eq;

use crate::support::{command, run, run_command, session_of, spec, workshop};

/// A command that said its first word, and lives on.
async fn up(session: &deskhand_vm_host::Session, script: &str) -> Job {
    let mut job = session
        .start(command(&["sh", "-c", script]))
        .await
        .expect("the line is open");
    loop {
        match job.next().await.expect("the line is open") {
            Some(RunOutput::Out(_)) => return job,
            Some(RunOutput::Started(_)) => {}
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_together_have_no_more_processes_and_memory_than_their_session() {
    let home = tempfile::tempdir().unwrap();
    let workshop = workshop(home.path()).await;
    let small = SessionSpec {
        processes: 40,
        memory: 160 << 20,
        ..spec()
    };
    let session = session_of(&workshop, small).await;
    let many = up(&session, "for i in $(seq 29); do sleep 600 & done; echo up; wait").await;
    let all = "import os, time\nmade = 0\ntry:\n    while made < 100:\n        if os.fork() == 0: time.sleep(600)\n        \
               made += 1\nexcept BlockingIOError: pass\nprint(made)";
    // Thirty are there, and it is one itself.
    assert_eq!(run(&session, &["python3", "-c", all]).await.ok(), "9\n");
    drop(many);

    let greedy = "python3 -c 'import time; x = bytearray(100 << 20); print(1, flush=True); time.sleep(600)'";
    let mut first = up(&session, greedy).await;
    // Each may have 384 MiB; the kernel takes one of the two.
    let mut second = command(&["sh", "-c", greedy]);
    second.limits.time = 20_000;
    let second = run_command(&session, second);
    let first = async {
        loop {
            match first.next().await.expect("the line is open") {
                Some(RunOutput::Ended(ended)) => return ended.end,
                Some(_) => {}
                None => panic!("{}", session.console()),
            }
        }
    };
    tokio::select! {
        end = first => assert_eq!(end, End::OutOfMemory),
        ran = second => assert_eq!(ran.ended.end, End::OutOfMemory),
    }
}
