//! How commands end: by their limits, by a person, with the service; and those that are left to run.

use std::fs;
use std::sync::atomic::Ordering;

use deskhand_core::ports::Tools as _;
use deskhand_protocol::ErrorCode;
use deskhand_protocol::event::ToolOutcome;
use deskhand_protocol::sandbox::{MachineEnd, Sight};
use pretty_assertions::assert_eq;
use serde_json::json;

use crate::stage::{Stage, until};

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_takes_too_long_or_ends_badly_is_told_by_name() {
    let stage = Stage::new();
    let late = stage
        .run("Bash", json!({ "command": "sleep 60", "timeout": 1 }))
        .await;
    assert_eq!(
        (late.outcome, late.title.as_str()),
        (ToolOutcome::Failed, "Ran, ended, for its time was up")
    );
    let code = stage.bash("exit 3").await;
    assert_eq!(
        (code.outcome, code.title.as_str()),
        (ToolOutcome::Done, "Ran, ended with code 3")
    );
    let long = stage
        .ok("head -c 200000 /dev/zero | tr '\\0' a; echo the end")
        .await;
    assert!(long.output.contains("are left out here") && long.output.contains("the end"));
    assert!(long.output.len() < 60_000, "{}", long.output.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_stops_a_command_and_what_it_had_changed_is_in_the_journal() {
    let stage = Stage::new();
    let begun = stage.plans().join("begun");
    let request = stage.request(
        "Bash",
        json!({ "command": "touch begun; sleep 600; touch after" }),
    );
    let running = stage.tools.run(&request, &stage.watch);
    let stopping = async {
        until("the command has begun", || begun.exists()).await;
        stage.watch.stop.store(true, Ordering::SeqCst);
    };
    let (ran, ()) = tokio::join!(running, stopping);
    assert_eq!(
        (ran.outcome, ran.title.as_str()),
        (ToolOutcome::Stopped, "Stopped")
    );
    let changed = ran.change_set.expect("what it changed");
    stage.watch.stop.store(false, Ordering::SeqCst);
    let left = stage.ok("pgrep -x sleep | wc -l; ls").await;
    assert!(left.output.contains("0\nbegun\n"), "{}", left.output);
    assert_eq!(
        stage.machines.undo(&Stage::session(), &changed.id, None).await,
        Ok(Some(Vec::new()))
    );
    assert!(!begun.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_is_left_to_run_is_listed_told_undone_and_ended() {
    let stage = Stage::new();
    let left = stage
        .run(
            "Bash",
            json!({ "command": "echo begun; sleep 1; while true; do date +%N > tick; sleep 0.2; done", "background": true }),
        )
        .await;
    assert_eq!(left.title, "Left to run as job 1", "{}", left.output);
    let tick = stage.plans().join("tick");
    until("it writes", || tick.exists()).await;
    let list = stage.run("BashOutput", json!({})).await;
    assert!(
        list.output.contains("job 1: runs: echo begun;"),
        "{}",
        list.output
    );
    let told = stage.run("BashOutput", json!({ "job": 1 })).await;
    assert!(
        told.output.contains("Job 1: runs.") && told.output.contains("begun"),
        "{}",
        told.output
    );
    let titles = || {
        let changed = stage.around.changed.lock().expect("changed");
        changed
            .iter()
            .map(|changed| changed.title.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        titles(),
        ["1 file made by a command"],
        "what it changed is told when it is asked"
    );
    let id = stage.around.changed.lock().expect("changed")[0].id.clone();
    let busy = stage.machines.undo(&Stage::session(), &id, None).await;
    assert_eq!(busy.map_err(|error| error.code), Err(ErrorCode::SessionBusy));
    // Another command runs beside it.
    stage.ok("echo beside > beside").await;
    let ended = stage.run("BashOutput", json!({ "job": 1, "stop": true })).await;
    assert_eq!(ended.title, "Job 1: stopped", "{}", ended.output);
    let none = stage.run("BashOutput", json!({ "job": 1 })).await;
    assert!(none.output.contains("there is no job 1"), "{}", none.output);
    let last = fs::read(&tick).expect("the file");
    stage.ok("sleep 0.5").await;
    assert_eq!(
        fs::read(&tick).expect("the file"),
        last,
        "nothing of it runs any more"
    );
    undo_all(&stage).await;
}

/// Undoes what was told of, from the last.
async fn undo_all(stage: &Stage) {
    let all: Vec<_> = stage
        .around
        .changed
        .lock()
        .expect("changed")
        .iter()
        .map(|one| one.id.clone())
        .collect();
    for id in all.iter().rev() {
        stage
            .machines
            .undo(&Stage::session(), id, None)
            .await
            .expect("undone");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_a_crash_cut_off_is_not_run_again_and_can_be_undone() {
    let stage = Stage::new();
    fs::write(stage.plans().join("a"), "a").expect("a file");
    let begun = stage.plans().join("begun");
    let request = stage.request("Bash", json!({ "command": "rm a; touch begun; sleep 600" }));
    tokio::select! {
        _ = stage.tools.run(&request, &stage.watch) => panic!("it does not end"),
        () = until("the command has begun", || begun.exists()) => {}
    }
    // The service is gone in the middle; what it wrote down is there.
    let stage = stage.again();
    let asked = stage
        .tools
        .prepare(&request, &stage.watch)
        .await
        .expect("it is known");
    assert_eq!(asked.ask, None, "it was answered before");
    let told = stage.tools.run(&request, &stage.watch).await;
    assert_eq!(
        (told.outcome, told.title.as_str()),
        (ToolOutcome::Failed, "Cut off by a restart")
    );
    assert!(told.output.contains("It was not run again"), "{}", told.output);
    let changed = told.change_set.expect("what it changed");
    assert_eq!(changed.title, "1 file made, 1 removed by a command");
    assert_eq!(
        stage.machines.undo(&Stage::session(), &changed.id, None).await,
        Ok(Some(Vec::new()))
    );
    assert_eq!(fs::read(stage.plans().join("a")).expect("it is back"), b"a");
    assert!(!begun.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_left_to_run_when_the_service_ended_is_told_by_the_next_one() {
    let stage = Stage::new();
    stage
        .run(
            "Bash",
            json!({ "command": "sleep 1; echo x > made; sleep 600", "background": true }),
        )
        .await;
    until("it writes", || stage.plans().join("made").exists()).await;
    let stage = stage.again();
    stage.ok("true").await;
    let changed = stage.around.changed.lock().expect("changed").clone();
    assert_eq!(changed.len(), 1);
    assert_eq!(
        stage.machines.undo(&Stage::session(), &changed[0].id, None).await,
        Ok(Some(Vec::new()))
    );
    assert!(!stage.plans().join("made").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_ends_with_its_session_and_a_new_one_knows_nothing_of_it() {
    let stage = Stage::new();
    stage.ok("echo secret > /tmp/secret").await;
    stage.machines.forget(&Stage::session()).await;
    let new = stage.ok("ls /tmp").await;
    assert!(!new.output.contains("secret"), "{}", new.output);
    stage.machines.end().await;
    let ends = stage.sights().into_iter().filter(|sight| {
        matches!(
            sight,
            Sight::MachineEnded {
                why: MachineEnd::Over
            }
        )
    });
    assert_eq!(ends.count(), 2);
}
