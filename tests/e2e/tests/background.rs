//! Commands that the agent left to run, in the whole program: seen by every front end, ended by a person, told to the model,
//! recorded, ended where nothing may be changed any more, and known to have ended after a crash.
#![cfg(target_os = "linux")]

use std::fs;
use std::path::PathBuf;

use deskhand_e2e::{FrontEnd, PATIENCE, Service, Setup, Talk, View, play};
use deskhand_protocol::command::{
    CommandEnd, CommandsAnswer, EndCommandAnswer, EndCommandParams, RunningCommand,
};
use deskhand_protocol::event::TurnOutcome;
use deskhand_protocol::hello::FrontEndKind;
use deskhand_protocol::session::{PermissionMode, SessionParams};
use deskhand_protocol::{CommandId, EventBody, Method, SessionId};
use deskhand_standins::gateway::Gateway;
use deskhand_test_support::{eventually, sandbox_images};
use pretty_assertions::assert_eq;
use serde_json::{Value, json};

/// Writes for as long as it is let.
const TICKS: &str = "echo ticking; while true; do date +%N > tick; sleep 0.2; done";

/// A script in which the model leaves so many commands to run, a turn for each, and says a word in each turn after them.
fn script(commands: usize) -> String {
    let call = json!({ "answer": { "say": [{ "tool": "Bash", "input": { "command": TICKS, "background": true, "timeout": 600 } }] } });
    let word = json!({ "answer": { "say": [{ "text": "Done." }] } });
    let mut steps: Vec<Value> = (0..commands).flat_map(|_| [call.clone(), word.clone()]).collect();
    steps.extend([word.clone(), word]);
    json!({ "models": ["claude-standin"], "key": "e2e-key", "steps": steps }).to_string()
}

async fn home(commands: usize) -> (Gateway, Setup, PathBuf) {
    let gateway = play(&script(commands)).await;
    let setup = Setup::with_gateway(&gateway.base_url());
    let plans = setup.path().join("plans");
    fs::create_dir(&plans).expect("a folder");
    (gateway, setup, plans)
}

fn start(setup: &Setup) -> Service {
    let images = format!("DESKHAND_SANDBOX_IMAGES={}", sandbox_images().display());
    Service::under(setup, "env", &[&images])
}

async fn running(front_end: &mut FrontEnd, session: &SessionId) -> Vec<RunningCommand> {
    let params = SessionParams {
        session: session.clone(),
    };
    let answer: Result<CommandsAnswer, _> = front_end.call(Method::CommandList, params).await;
    answer.expect("a list").commands
}

async fn end(front_end: &mut FrontEnd, session: &SessionId, command: &CommandId) -> bool {
    let params = EndCommandParams {
        session: session.clone(),
        command: command.clone(),
    };
    let answer: Result<EndCommandAnswer, _> = front_end.call(Method::CommandEnd, params).await;
    answer.expect("an answer").ended
}

/// How commands ended, as far as this front end was told.
fn ends(view: &View) -> Vec<(CommandId, CommandEnd)> {
    let ended = view.events().filter_map(|event| match &event.body {
        EventBody::CommandEnded { command, by, .. } => Some((command.clone(), *by)),
        _ => None,
    });
    ended.collect()
}

/// Follows the session until so many commands have ended.
async fn follow_ends(front_end: &mut FrontEnd, session: &SessionId, view: &mut View, count: usize) {
    while ends(view).len() < count {
        for event in front_end.events(session).await.expect("the service stays") {
            view.take(&event);
        }
    }
}

/// Leaves a command to run, and waits until it writes.
async fn leave(talk: &mut Talk, plans: &std::path::Path) {
    let prompt = talk.prompt("Keep ticking.");
    assert_eq!(talk.say(prompt).await, TurnOutcome::Completed);
    eventually("it writes", PATIENCE, async || {
        plans.join("tick").exists().then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_sees_and_ends_what_was_left_to_run_and_everybody_is_told_who_did() {
    let (gateway, setup, plans) = home(1).await;
    let service = start(&setup);
    let mut talk = Talk::begin(&service).await;
    talk.attach_folder(&plans).await;
    leave(&mut talk, &plans).await;
    let session = talk.session.clone();
    let started = talk.view.events().find_map(|event| match &event.body {
        EventBody::BackgroundStarted { command } => Some(command.clone()),
        _ => None,
    });
    let started = started.expect("it is in the log");
    assert_eq!((started.number, started.command.as_str()), (1, TICKS));

    // Another front end sees the same.
    let mut terminal = service.join(FrontEndKind::Terminal).await;
    terminal.follow(&session, 0).await;
    let listed = running(&mut terminal, &session).await;
    assert_eq!(listed.len(), 1);
    assert_eq!(
        (&listed[0].id, listed[0].last_line.as_str()),
        (&started.id, "ticking")
    );
    let shown = setup.run(&["command", "list"]);
    let shown = (shown.code(), shown.out.clone());
    assert!(
        shown.0 == Some(0) && shown.1.contains(started.id.as_str()) && shown.1.contains("  | ticking"),
        "{shown:?}"
    );

    assert!(end(&mut terminal, &session, &started.id).await);
    follow_ends(&mut talk.window, &session, &mut talk.view, 1).await;
    let by = CommandEnd::Person(FrontEndKind::Terminal);
    assert_eq!(ends(&talk.view), [(started.id.clone(), by)]);
    assert_eq!(running(&mut terminal, &session).await, []);
    assert!(!end(&mut terminal, &session, &started.id).await);
    let last = fs::read(plans.join("tick")).expect("the file");

    let prompt = talk.prompt("How does it stand?");
    assert_eq!(talk.say(prompt).await, TurnOutcome::Completed);
    let asked = gateway
        .log()
        .last()
        .map(|logged| format!("{logged:?}"))
        .expect("the model was asked");
    assert!(asked.contains("job 1: ended by the user"), "{asked}");
    assert_eq!(
        fs::read(plans.join("tick")).expect("the file"),
        last,
        "nothing writes there"
    );
    is_recorded(&setup, &started.id);
    service.stop();
}

/// The audit says that it began, and who ended it, and nothing of its words.
fn is_recorded(setup: &Setup, command: &CommandId) {
    let export = setup.run(&["audit", "export"]).out;
    let records: Vec<Value> = export
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .filter(|record: &Value| record.to_string().contains(command.as_str()))
        .collect();
    let seen: Vec<String> = records.iter().map(ToString::to_string).collect();
    assert_eq!(records.len(), 2, "{seen:#?}");
    assert!(
        seen[0].contains("backgroundStarted") && seen[1].contains("commandEnded"),
        "{seen:#?}"
    );
    assert!(seen[1].contains("terminal"), "{seen:#?}");
    assert!(!seen.iter().any(|record| record.contains("ticking")), "{seen:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prompt_in_the_read_only_mode_and_a_folder_that_goes_end_what_could_write_there() {
    let (_gateway, setup, plans) = home(2).await;
    let service = start(&setup);
    let mut talk = Talk::begin(&service).await;
    talk.attach_folder(&plans).await;
    let session = talk.session.clone();
    leave(&mut talk, &plans).await;
    // The model leaves the next one in a turn of its own, which begins once the first is gone.
    let folder = deskhand_protocol::document::AttachParams {
        session: session.clone(),
        path: plans.display().to_string(),
    };
    let detached: Result<Value, _> = talk.window.call(Method::FolderDetach, &folder).await;
    detached.expect("it is taken out");
    follow_ends(&mut talk.window, &session, &mut talk.view, 1).await;
    assert_eq!(ends(&talk.view)[0].1, CommandEnd::Folder);
    let after = fs::read(plans.join("tick")).ok();

    fs::remove_file(plans.join("tick")).expect("the file");
    assert!(after.is_some());
    talk.attach_folder(&plans).await;
    leave(&mut talk, &plans).await;
    let mut prompt = talk.prompt("Look, and change nothing.");
    prompt.mode = PermissionMode::ReadOnly;
    assert_eq!(talk.say(prompt).await, TurnOutcome::Completed);
    let last = fs::read(plans.join("tick")).expect("the file");
    follow_ends(&mut talk.window, &session, &mut talk.view, 2).await;
    assert_eq!(ends(&talk.view)[1].1, CommandEnd::Mode);
    assert_eq!(running(&mut talk.window, &session).await, []);
    assert_eq!(fs::read(plans.join("tick")).expect("the file"), last);
    service.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ran_when_the_service_was_killed_is_told_to_have_ended_before_anybody_loads_the_session() {
    let (_gateway, setup, plans) = home(1).await;
    let service = start(&setup);
    let mut talk = Talk::begin(&service).await;
    talk.attach_folder(&plans).await;
    leave(&mut talk, &plans).await;
    let session = talk.session.clone();
    service.kill();

    let service = start(&setup);
    let mut window = service.join(FrontEndKind::Window).await;
    window.follow(&session, 0).await;
    let mut view = View::default();
    follow_ends(&mut window, &session, &mut view, 1).await;
    assert_eq!(ends(&view)[0].1, CommandEnd::Service);
    assert_eq!(running(&mut window, &session).await, []);
    service.stop();
}
