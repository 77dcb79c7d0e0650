//! Commands of the agent in the whole program: asked about, run in a real machine, told, recorded, undone, and ended with the
//! service.
#![cfg(target_os = "linux")]

use std::fs;
use std::path::{Path, PathBuf};

use deskhand_e2e::{PATIENCE, Service, Setup, Talk, play};
use deskhand_protocol::event::{ToolOutcome, TurnOutcome};
use deskhand_protocol::hello::FrontEndKind;
use deskhand_protocol::permission::{AskReason, Choice, PermissionRequest};
use deskhand_protocol::sandbox::{FileChange, Sight};
use deskhand_protocol::session::PermissionMode;
use deskhand_protocol::{EventBody, SessionEvent};
use deskhand_test_support::{eventually, sandbox_images};
use pretty_assertions::assert_eq;
use serde_json::{Value, json};

/// A workbook, and Python that sums a column of it and keeps the sum beside it, as an analyst's model would.
const SUM: &str = "python3 - <<'E'
import openpyxl
book = openpyxl.Workbook()
for row in [('Region', 'Revenue'), ('North', 5), ('South', 2)]:
    book.active.append(row)
book.save('revenue.xlsx')
E
cat > /tmp/sum.py <<'E'
import openpyxl
book = openpyxl.load_workbook('revenue.xlsx')
total = sum(row[0] for row in book.active.iter_rows(min_row=2, min_col=2, max_col=2, values_only=True))
open('total.txt', 'w').write(f'{total}\\n')
print('total', total)
E
python3 /tmp/sum.py";

/// A script in which the model runs these commands one after the other, and then says that it is done.
fn script(commands: &[&str]) -> String {
    let call = |command: &&str| json!({ "answer": { "say": [{ "tool": "Bash", "input": { "command": command, "timeout": 300 } }] } });
    let mut steps: Vec<Value> = commands.iter().map(call).collect();
    steps.push(json!({ "answer": { "say": [{ "text": "Done." }] } }));
    json!({ "models": ["claude-standin"], "key": "e2e-key", "steps": steps }).to_string()
}

fn start(setup: &Setup) -> Service {
    let images = format!("DESKHAND_SANDBOX_IMAGES={}", sandbox_images().display());
    Service::under(setup, "env", &[&images])
}

/// A home with a folder of a person.
fn home(gateway: &str) -> (Setup, PathBuf) {
    let setup = Setup::with_gateway(gateway);
    let plans = setup.path().join("plans");
    fs::create_dir(&plans).expect("a folder");
    fs::write(plans.join("notes.txt"), "keep me\n").expect("a file");
    (setup, plans)
}

fn completed(talk: &Talk) -> Vec<(ToolOutcome, String)> {
    let ended = talk.view.events().filter_map(|event| match &event.body {
        EventBody::ToolCallCompleted { outcome, title, .. } => Some((*outcome, title.clone())),
        _ => None,
    });
    ended.collect()
}

fn questions(talk: &Talk) -> Vec<PermissionRequest> {
    let asked = talk.view.events().filter_map(|event| match &event.body {
        EventBody::PermissionRequested { request } => Some(request.clone()),
        _ => None,
    });
    asked.collect()
}

fn sights(events: &[SessionEvent]) -> Vec<Sight> {
    let seen = events.iter().filter_map(|event| match &event.body {
        EventBody::SandboxSeen { seen, .. } => Some(seen.clone()),
        _ => None,
    });
    seen.flatten().collect()
}

/// The processes that run machines for a service.
fn machines(service: u32) -> Vec<u32> {
    let tasks = fs::read_dir(format!("/proc/{service}/task"))
        .into_iter()
        .flatten()
        .flatten();
    let children = tasks.filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
    let children = children.collect::<Vec<_>>().join(" ");
    let numbers = children
        .split_whitespace()
        .filter_map(|number| number.parse().ok());
    numbers.filter(|process| is_engine(*process)).collect()
}

/// True for a process that runs a machine still.
fn is_engine(process: u32) -> bool {
    let line = fs::read(format!("/proc/{process}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&line).contains("qemu-system")
}

fn read(path: &Path) -> Option<String> {
    fs::read_to_string(path).ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_is_asked_about_run_recorded_and_undone_with_one_click() {
    let gateway = play(&script(&[SUM, "rm -rf notes.txt total.txt"])).await;
    let (setup, plans) = home(&gateway.base_url());
    let service = start(&setup);
    let mut talk = Talk::begin(&service).await;
    talk.attach_folder(&plans).await;
    let prompt = talk.prompt("Sum the revenue.");
    assert_eq!(talk.say(prompt).await, TurnOutcome::Completed);
    let ran = || (ToolOutcome::Done, "Ran".to_owned());
    assert_eq!(
        completed(&talk),
        [ran(), ran()],
        "{:#?} {}",
        talk.outputs(),
        service.errors()
    );
    assert!(talk.outputs()[0].contains("total 7"), "{}", talk.outputs()[0]);
    is_asked_and_seen(&mut talk, &plans).await;

    assert_eq!(
        (read(&plans.join("notes.txt")), read(&plans.join("total.txt"))),
        (None, None)
    );
    let changes = talk.changes();
    assert_eq!(talk.undo(&changes[1]).await, Ok(Vec::new()));
    assert_eq!(read(&plans.join("notes.txt")).as_deref(), Some("keep me\n"));
    assert_eq!(read(&plans.join("total.txt")).as_deref(), Some("7\n"));
    assert_eq!(talk.undo(&changes[0]).await, Ok(Vec::new()));
    assert_eq!(read(&plans.join("total.txt")), None);
    // What was kept for it is sealed: no word of it lies on the disk.
    let data = setup.path().join("data").display().to_string();
    let found = std::process::Command::new("grep")
        .args(["-rl", "keep me", &data])
        .output();
    assert_eq!(String::from_utf8_lossy(&found.expect("grep").stdout), "");
    let running = machines(service.id());
    assert_eq!(running.len(), 1);
    service.stop();
    assert!(!is_engine(running[0]), "the machine ended with its service");
}

/// What the person was asked, and what the log holds: what was seen, and the output once.
async fn is_asked_and_seen(talk: &mut Talk, plans: &Path) {
    let asked = questions(talk);
    let command = asked[0].command.as_ref().expect("what would run");
    assert_eq!((asked[0].reason, asked.len()), (AskReason::Runs, 2));
    assert_eq!(
        asked[0].choices,
        [Choice::AllowOnce, Choice::AllowSession, Choice::Deny]
    );
    assert_eq!(command.command, SUM);
    assert_eq!(command.folders[0].path, plans.display().to_string());
    let kept = talk.window.export(&talk.session.clone()).await;
    let is_piece = |event: &&SessionEvent| matches!(event.body, EventBody::ToolCallOutput { .. });
    assert_eq!(kept.iter().filter(is_piece).count(), 0);
    let sights = sights(&kept);
    let removed = plans.join("notes.txt").display().to_string();
    let is_removed = |sight: &Sight| matches!(sight, Sight::File { change: FileChange::Removed, path, .. } if *path == removed);
    let is_sum = |sight: &Sight| matches!(sight, Sight::Started { arguments, .. } if arguments.iter().any(|argument| argument == "/tmp/sum.py"));
    assert!(
        sights.iter().any(is_removed) && sights.iter().any(is_sum),
        "{sights:#?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_is_killed_leaves_no_machine_and_the_command_is_not_run_again() {
    let gateway = play(&script(&["rm notes.txt; touch begun; sleep 600"])).await;
    let (setup, plans) = home(&gateway.base_url());
    let service = start(&setup);
    let mut talk = Talk::begin(&service).await;
    talk.attach_folder(&plans).await;
    let session = talk.session.clone();
    let prompt = talk.prompt("Clean up.");
    let begun = eventually("the command has begun", PATIENCE, async || {
        plans.join("begun").exists().then_some(())
    });
    tokio::select! {
        ended = talk.say(prompt) => panic!("it ends: {ended:?}"),
        () = begun => {}
    }
    let running = machines(service.id());
    assert_eq!(running.len(), 1);
    service.kill();
    let gone = eventually("the machine is gone", PATIENCE, async || {
        (!is_engine(running[0])).then_some(())
    });
    gone.await;

    let service = start(&setup);
    let mut window = service.join(FrontEndKind::Window).await;
    window.follow(&session, 0).await;
    let mut told: Vec<SessionEvent> = Vec::new();
    let is_end = |event: &SessionEvent| matches!(event.body, EventBody::TurnEnded { .. });
    while !told.iter().any(is_end) {
        told.extend(window.events(&session).await.expect("the service stays"));
    }
    let cut = told.iter().find_map(|event| match &event.body {
        EventBody::ToolCallCompleted { outcome, title, .. } => Some((*outcome, title.as_str())),
        _ => None,
    });
    assert_eq!(cut, Some((ToolOutcome::Failed, "Cut off by a restart")));
    assert!(!plans.join("notes.txt").exists(), "it did run");
    let changed = told.iter().find_map(|event| match &event.body {
        EventBody::ChangeSetApplied { change_set } => Some(change_set.id.clone()),
        _ => None,
    });
    let mut talk = Talk::with(window).await;
    talk.session = session;
    let changed = changed.expect("what it changed can be undone");
    assert_eq!(talk.undo(&changed).await, Ok(Vec::new()));
    assert_eq!(read(&plans.join("notes.txt")).as_deref(), Some("keep me\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn where_no_machine_can_start_that_is_said_and_files_are_worked_with() {
    let steps = json!([
        { "answer": { "say": [{ "tool": "Bash", "input": { "command": "ls" } }] } },
        { "answer": { "say": [{ "tool": "Grep", "input": { "pattern": "keep", "literal": true } }] } },
        { "answer": { "say": [{ "text": "Done." }] } },
    ]);
    let script = json!({ "models": ["claude-standin"], "key": "e2e-key", "steps": steps });
    let gateway = play(&script.to_string()).await;
    let (setup, plans) = home(&gateway.base_url());
    // This home has no image of the sandbox.
    let service = Service::start(&setup, 0);
    let mut talk = Talk::begin(&service).await;
    talk.attach_folder(&plans).await;
    let prompt = talk.prompt("List the files.");
    assert_eq!(talk.say(prompt).await, TurnOutcome::Completed);
    let ended = completed(&talk);
    assert_eq!(
        ended[0],
        (ToolOutcome::Failed, "Workspace unavailable".to_owned())
    );
    assert!(
        talk.outputs()[0].contains("the image failed"),
        "{}",
        talk.outputs()[0]
    );
    assert_eq!(ended[1].0, ToolOutcome::Done);
    assert!(talk.outputs()[1].contains("notes.txt"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_is_refused_where_the_mode_or_the_organisation_says_so() {
    for (mode, disabled, title) in [
        (PermissionMode::ReadOnly, false, "Not in read-only mode"),
        (PermissionMode::Ask, true, "Switched off by your organisation"),
    ] {
        let gateway = play(&script(&["touch made"])).await;
        let (setup, plans) = home(&gateway.base_url());
        if disabled {
            setup.configure("disabledBuiltinTools", "[\"Bash\"]");
        }
        let service = start(&setup);
        let mut talk = Talk::begin(&service).await;
        talk.attach_folder(&plans).await;
        let mut prompt = talk.prompt("Make a file.");
        prompt.mode = mode;
        assert_eq!(talk.say(prompt).await, TurnOutcome::Completed);
        assert_eq!(completed(&talk), [(ToolOutcome::Denied, title.to_owned())]);
        assert!(!plans.join("made").exists());
        assert_eq!(machines(service.id()), [0; 0], "nothing was started for it");
    }
}
