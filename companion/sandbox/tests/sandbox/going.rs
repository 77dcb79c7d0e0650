//! Commands that run: seen and ended by a person, and ended where what they may do is taken back.

use std::fs;
use std::sync::Arc;

use deskhand_core::ports::Tools as _;
use deskhand_protocol::CommandId;
use deskhand_protocol::command::{CommandEnd, RunningCommand};
use deskhand_protocol::event::ToolOutcome;
use deskhand_protocol::hello::FrontEndKind;
use deskhand_workspace::{Access, AllowedFolder, Folder, Folders};
use pretty_assertions::assert_eq;
use serde_json::json;

use crate::stage::{Stage, until};

/// Writes to the folder for as long as it may, and says where it may not.
const WRITES: &str =
    "while sleep 0.1; do echo x >> log || echo refused; cat log > /dev/null || echo cut; done";

async fn leave(stage: &Stage, command: &str) {
    let left = stage
        .run("Bash", json!({ "command": command, "background": true }))
        .await;
    assert_eq!(left.outcome, ToolOutcome::Done, "{}", left.output);
}

fn running(stage: &Stage) -> Vec<RunningCommand> {
    stage.machines.running(&Stage::session())
}

fn ends(stage: &Stage) -> Vec<(CommandId, CommandEnd, String)> {
    stage.around.ended.lock().expect("ended").clone()
}

/// A folder of the home that may be read alone.
fn read_only(stage: &Stage, name: &str) -> Arc<Folder> {
    let path = stage.home.path().join(name);
    let allowed = AllowedFolder {
        path: path.clone(),
        access: Access::ReadOnly,
    };
    let folders = Folders::new(Some(vec![allowed]));
    folders.attach(&path).expect("a folder")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_sees_what_runs_and_ends_one_of_them_while_the_call_goes_on() {
    let stage = Stage::new();
    let by = CommandEnd::Person(FrontEndKind::Excel);
    leave(&stage, "echo one; echo two; sleep 600").await;
    until("it wrote", || running(&stage)[0].last_line == "two").await;
    let left = running(&stage).remove(0);
    assert_eq!((left.number, left.output_bytes), (Some(1), 8));
    assert_eq!(left.command, "echo one; echo two; sleep 600");
    assert_eq!(left.folders[0].path, stage.plans().display().to_string());
    let told = stage.around.left.lock().expect("left").clone();
    assert_eq!((told.len(), &told[0].id, told[0].seconds), (1, &left.id, 120));

    let begun = stage.plans().join("begun");
    let request = stage.request("Bash", json!({ "command": "touch begun; sleep 600" }));
    let waiting = stage.tools.run(&request, &stage.watch);
    let ending = async {
        until("the command has begun", || begun.exists()).await;
        let both = running(&stage);
        let attended = both
            .iter()
            .find(|one| one.number.is_none())
            .expect("it is listed");
        assert_eq!((both.len(), &attended.call), (2, &request.call));
        assert!(stage.machines.end_command(&Stage::session(), &attended.id, by));
        attended.id.clone()
    };
    let (ran, attended) = tokio::join!(waiting, ending);
    assert_eq!(
        (ran.outcome, ran.title.as_str()),
        (ToolOutcome::Stopped, "Ran, ended by the user")
    );
    assert!(
        ran.output.starts_with("The command was ended by the user"),
        "{}",
        ran.output
    );
    assert!(ran.change_set.is_some(), "what it changed can be undone");
    assert_eq!(ends(&stage), [(attended, by, "stopped".to_owned())]);

    assert!(stage.machines.end_command(&Stage::session(), &left.id, by));
    until("its end is told", || ends(&stage).len() == 2).await;
    assert_eq!(ends(&stage)[1], (left.id.clone(), by, "stopped".to_owned()));
    until("nothing runs", || running(&stage).is_empty()).await;
    assert!(!stage.machines.end_command(&Stage::session(), &left.id, by));
    let told = stage.run("BashOutput", json!({ "job": 1 })).await;
    assert_eq!(told.title, "Job 1: ended by the user");
    assert!(told.output.contains("two"), "{}", told.output);
    let none = stage.ok("pgrep -x sleep | wc -l").await;
    assert!(none.output.contains("\n0\n"), "{}", none.output);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_of_another_session_is_not_seen_or_ended() {
    let stage = Stage::new();
    leave(&stage, "sleep 600").await;
    let other = deskhand_protocol::SessionId::from_text("another");
    assert_eq!(stage.machines.running(&other), []);
    let id = running(&stage).remove(0).id;
    assert!(!stage.machines.end_command(&other, &id, CommandEnd::Agent));
    assert!(stage.machines.knows(&Stage::session(), &id) && !stage.machines.knows(&other, &id));
    assert_eq!(running(&stage).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_read_only_mode_ends_what_could_change_something_and_lets_nothing_change_until_another_mode() {
    let stage = Stage::new();
    let session = Stage::session();
    leave(&stage, WRITES).await;
    let log = stage.plans().join("log");
    until("it writes", || fs::read(&log).is_ok_and(|log| !log.is_empty())).await;
    stage.machines.forbid_changes(&session).await;
    let after = fs::read(&log).expect("the file");
    until("it ended", || running(&stage).is_empty()).await;
    let (_, by, _) = ends(&stage).remove(0);
    assert_eq!(by, CommandEnd::Mode);
    let refused = stage.bash("sleep 1; echo x > more; cat log | head -n 1").await;
    assert!(
        refused.output.contains("Read-only file system"),
        "{}",
        refused.output
    );
    assert!(refused.output.contains("\nx\n"), "it reads: {}", refused.output);
    let rest = fs::read(&log).expect("the file");
    assert!(
        rest.len() <= after.len() + 2,
        "what was under way, and nothing more"
    );

    stage.machines.allow_changes(&session);
    let ran = stage.ok("echo x > more").await;
    assert!(ran.change_set.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_read_only_mode_ends_the_command_that_a_call_waits_for_and_keeps_what_could_change_nothing() {
    let stage = Stage::new();
    let begun = stage.plans().join("begun");
    let request = stage.request("Bash", json!({ "command": "touch begun; sleep 600" }));
    let forbidding = async {
        until("the command has begun", || begun.exists()).await;
        stage.machines.forbid_changes(&Stage::session()).await;
    };
    let (ran, ()) = tokio::join!(stage.tools.run(&request, &stage.watch), forbidding);
    assert_eq!(ran.title, "Ran, ended, for the user chose the read-only mode");
    // With the folders for reading alone it may go on, here and when the mode is chosen again.
    leave(&stage, "sleep 600").await;
    stage.machines.forbid_changes(&Stage::session()).await;
    assert_eq!(running(&stage).len(), 1);
    assert!(running(&stage)[0].folders[0].read_only);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_goes_ends_what_could_change_it_and_one_for_reading_is_cut_off_alone() {
    let stage = Stage::new();
    fs::create_dir(stage.home.path().join("rates")).expect("a folder");
    fs::write(stage.home.path().join("rates/a"), "a").expect("a file");
    let rates = read_only(&stage, "rates");
    stage
        .around
        .folders
        .lock()
        .expect("folders")
        .push(Arc::clone(&rates));
    leave(&stage, "while sleep 0.1; do cat /mnt/rates/a || echo cut; done").await;
    rates.detach();
    stage.machines.detached(&Stage::session());
    until("it is cut off", || running(&stage)[0].last_line == "cut").await;
    assert_eq!(ends(&stage), [], "it could change nothing there");

    stage.around.folders.lock().expect("folders")[0].detach();
    stage.machines.detached(&Stage::session());
    until("it ended", || running(&stage).is_empty()).await;
    assert_eq!(ends(&stage)[0].1, CommandEnd::Folder);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_ends_with_its_machine_and_the_log_says_that_the_service_ended_it() {
    let stage = Stage::new();
    leave(&stage, "sleep 600").await;
    leave(&stage, "true").await;
    until("one is over", || ends(&stage).len() == 1).await;
    assert_eq!(ends(&stage)[0].1, CommandEnd::Itself);
    assert_eq!(ends(&stage)[0].2, "ended");
    stage.machines.end().await;
    assert_eq!(ends(&stage)[1].1, CommandEnd::Service);
}
