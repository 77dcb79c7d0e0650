//! Commands: what goes in, what comes out, what they may use.

use std::collections::BTreeMap;

use deskhand_vm_host::{End, RunLimits, RunOutput};
use pretty_assertions::assert_eq;

use crate::support::{command, limits, run, run_command, session, shell, workshop};

#[tokio::test(flavor = "multi_thread")]
async fn a_command_gets_what_it_was_given_and_gives_what_it_wrote() {
    let home = tempfile::tempdir().unwrap();
    let workshop = workshop(home.path()).await;
    let session = session(&workshop).await;

    let ran = shell(&session, "echo out; echo err >&2; exit 7").await;
    assert_eq!((ran.out.as_str(), ran.err.as_str()), ("out\n", "err\n"));
    assert_eq!(ran.ended.end, End::Exited { code: 7 });

    let ran = shell(&session, "kill -SEGV $$").await;
    assert_eq!(ran.ended.end, End::Signalled { signal: 11 });

    let mut placed = command(&["sh", "-c", "pwd; echo $COLOUR"]);
    placed.folder = Some("/tmp".to_owned());
    placed.environment = BTreeMap::from([("COLOUR".to_owned(), "blue".to_owned())]);
    assert_eq!(run_command(&session, placed).await.ok(), "/tmp\nblue\n");

    let missing = run(&session, &["no-such-program"]).await.ended.end;
    let reason = "there is no program \"no-such-program\"".to_owned();
    assert_eq!(missing, End::NotStarted { reason });

    let mut nowhere = command(&["true"]);
    nowhere.folder = Some("/nowhere".to_owned());
    let reason = "there is no program \"true\", or no folder \"/nowhere\"".to_owned();
    assert_eq!(
        run_command(&session, nowhere).await.ended.end,
        End::NotStarted { reason }
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_reads_its_input_as_it_comes() {
    let home = tempfile::tempdir().unwrap();
    let workshop = workshop(home.path()).await;
    let session = session(&workshop).await;
    let mut reading = command(&["sh", "-c", "read a; echo got $a; cat"]);
    reading.input = true;
    let mut job = session.start(reading).await.unwrap();
    job.input().write(b"one\n").await.unwrap();
    let mut out = String::new();
    while !out.contains('\n') {
        match job.next().await.unwrap() {
            Some(RunOutput::Out(bytes)) => out.push_str(&String::from_utf8_lossy(&bytes)),
            Some(RunOutput::Started(_)) => {}
            other => panic!("{other:?}"),
        }
    }
    // It answered before its input ended.
    assert_eq!(out, "got one\n");
    job.input().write(b"two\n").await.unwrap();
    job.input().end().await.unwrap();
    let mut rest = String::new();
    loop {
        match job.next().await.unwrap() {
            Some(RunOutput::Out(bytes)) => rest.push_str(&String::from_utf8_lossy(&bytes)),
            Some(RunOutput::Ended(ended)) => {
                assert_eq!((rest.as_str(), ended.end), ("two\n", End::Exited { code: 0 }));
                return;
            }
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_limit_ends_the_command_by_name_and_the_session_goes_on() {
    let home = tempfile::tempdir().unwrap();
    let workshop = workshop(home.path()).await;
    let session = session(&workshop).await;
    let cases: [(&str, RunLimits, End); 4] = [
        (
            "sleep 600",
            RunLimits {
                time: 1_000,
                ..limits()
            },
            End::TimeUp,
        ),
        (
            "while :; do :; done",
            RunLimits {
                processor: 500,
                ..limits()
            },
            End::ProcessorUp,
        ),
        (
            "python3 -c 'import time; x = bytearray(200 * 1024 * 1024); time.sleep(600)'",
            RunLimits {
                memory: 64 << 20,
                ..limits()
            },
            End::OutOfMemory,
        ),
        (
            "yes",
            RunLimits {
                output: 100_000,
                ..limits()
            },
            End::TooMuchOutput,
        ),
    ];
    for (script, limits, end) in cases {
        let mut limited = command(&["sh", "-c", script]);
        limited.limits = limits;
        let ran = run_command(&session, limited).await;
        assert_eq!(ran.ended.end, end, "{script}");
        if end == End::TooMuchOutput {
            assert_eq!(ran.out.len(), 100_000, "not a byte more than is taken");
        }
        assert_eq!(
            run(&session, &["echo", "on"]).await.ok(),
            "on\n",
            "after {script}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fork_bomb_stays_within_its_command() {
    let home = tempfile::tempdir().unwrap();
    let workshop = workshop(home.path()).await;
    let session = session(&workshop).await;
    let mut bomb = command(&["sh", "-c", "bomb() { bomb | bomb & }; bomb; sleep 600"]);
    bomb.limits = RunLimits {
        processes: 64,
        time: 3_000,
        ..limits()
    };
    assert_eq!(run_command(&session, bomb).await.ended.end, End::TimeUp);
    let left = shell(&session, "ps -eo args | grep -c '[b]omb'").await;
    assert_eq!(left.out.trim(), "0", "nothing of it is left");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_has_so_many_processes_and_no_more_and_without_memory_ends_as_a_whole() {
    let home = tempfile::tempdir().unwrap();
    let workshop = workshop(home.path()).await;
    let session = session(&workshop).await;
    let all = "import os, time\nmade = 0\ntry:\n    while made < 100:\n        if os.fork() == 0: time.sleep(600)\n        \
               made += 1\nexcept BlockingIOError: pass\nprint(made)";
    let mut few = command(&["python3", "-c", all]);
    few.limits.processes = 8;
    assert_eq!(
        run_command(&session, few).await.ok(),
        "7\n",
        "itself is one of them"
    );

    let greedy = "python3 -c 'import time; x = bytearray(200 << 20); time.sleep(600)'; echo went on";
    let mut small = command(&["sh", "-c", greedy]);
    small.limits.memory = 64 << 20;
    let ran = run_command(&session, small).await;
    assert_eq!((ran.ended.end, ran.out.as_str()), (End::OutOfMemory, ""));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_is_stopped_or_let_go_ends_with_everything_it_started() {
    let home = tempfile::tempdir().unwrap();
    let workshop = workshop(home.path()).await;
    let session = session(&workshop).await;
    let deep = "setsid sh -c 'trap \"\" TERM INT HUP; while :; do sleep 1; done' & echo up; sleep 600";

    let mut stopped = session.start(command(&["sh", "-c", deep])).await.unwrap();
    up(&mut stopped).await;
    stopped.stop().await;
    let end = loop {
        match stopped.next().await.unwrap() {
            Some(RunOutput::Ended(ended)) => break ended.end,
            Some(_) => {}
            None => panic!("it did not say how it ended"),
        }
    };
    assert_eq!(end, End::Stopped);

    let mut dropped = session.start(command(&["sh", "-c", deep])).await.unwrap();
    up(&mut dropped).await;
    drop(dropped);
    // The guest hears of it in its own time.
    let mut left = String::from("?");
    for _ in 0..200 {
        left = shell(&session, "ps -eo args | grep -c '[s]leep' || true")
            .await
            .ok();
        if left.trim() == "0" {
            break;
        }
    }
    assert_eq!(left.trim(), "0");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_may_be_interrupted_and_says_its_last_words() {
    let home = tempfile::tempdir().unwrap();
    let workshop = workshop(home.path()).await;
    let session = session(&workshop).await;
    let script = "trap 'echo bye; exit 130' INT; echo up; while :; do sleep 0.1; done";
    let mut job = session.start(command(&["sh", "-c", script])).await.unwrap();
    up(&mut job).await;
    job.signal(2).await.unwrap();
    let mut out = String::new();
    loop {
        match job.next().await.unwrap() {
            Some(RunOutput::Out(bytes)) => out.push_str(&String::from_utf8_lossy(&bytes)),
            Some(RunOutput::Ended(ended)) => {
                assert_eq!((out.as_str(), ended.end), ("bye\n", End::Exited { code: 130 }));
                return;
            }
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn much_goes_in_and_comes_out_at_the_same_time() {
    let home = tempfile::tempdir().unwrap();
    let workshop = workshop(home.path()).await;
    let session = session(&workshop).await;
    let mut copying = command(&["cat"]);
    copying.input = true;
    let mut job = session.start(copying).await.unwrap();
    let input = job.input();
    let writing = tokio::spawn(async move {
        let piece = vec![7; 64 * 1024];
        for _ in 0..64 {
            input.write(&piece).await.expect("it reads");
        }
        input.end().await.expect("it reads");
    });
    let mut came = 0;
    loop {
        match job.next().await.unwrap() {
            Some(RunOutput::Out(bytes)) => came += bytes.len(),
            Some(RunOutput::Started(_)) => {}
            Some(RunOutput::Ended(ended)) => {
                assert_eq!((came, ended.end), (64 * 64 * 1024, End::Exited { code: 0 }));
                break;
            }
            other => panic!("{other:?}"),
        }
    }
    writing.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_does_not_read_what_was_written_is_stopped_all_the_same() {
    let home = tempfile::tempdir().unwrap();
    let workshop = workshop(home.path()).await;
    let session = session(&workshop).await;
    let mut deaf = command(&["sleep", "600"]);
    deaf.input = true;
    let mut job = session.start(deaf).await.unwrap();
    let input = job.input();
    // More than every buffer on the way takes.
    let piece = vec![7; 64 * 1024];
    let writing = tokio::spawn(async move { while input.write(&piece).await.is_ok() {} });
    assert!(matches!(job.next().await.unwrap(), Some(RunOutput::Started(_))));
    job.stop().await;
    let Some(RunOutput::Ended(ended)) = job.next().await.unwrap() else {
        panic!("it did not say how it ended");
    };
    assert_eq!(ended.end, End::Stopped);
    drop(job);
    assert_eq!(run(&session, &["echo", "on"]).await.ok(), "on\n");
    writing.abort();
}

async fn up(job: &mut deskhand_vm_host::Job) {
    loop {
        match job.next().await.expect("the line is open") {
            Some(RunOutput::Out(bytes)) if bytes.starts_with(b"up") => return,
            Some(RunOutput::Started(_)) => {}
            other => panic!("{other:?}"),
        }
    }
}
