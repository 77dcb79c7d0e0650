//! Commands that were left to run: the model is told how they ended, once, and the read-only mode counts at once.

use deskhand_protocol::CommandId;
use deskhand_protocol::command::{BackgroundCommand, CommandEnd};
use pretty_assertions::assert_eq;

use super::*;

/// A command that was left to run, and its end.
fn ran(bench: &mut Bench, number: u32, by: CommandEnd, how: &str) {
    let id = CommandId::from_text(format!("command-{number}"));
    let started = EventBody::BackgroundStarted {
        command: BackgroundCommand {
            id: id.clone(),
            number,
            call: CallId::from_text("t"),
            command: "sleep 600".to_owned(),
            folders: Vec::new(),
            seconds: 600,
        },
    };
    bench.session.apply(0, 0, &started);
    assert!(bench.session.background.running.contains_key(&id));
    let ended = EventBody::CommandEnded {
        command: id,
        call: CallId::from_text("t"),
        by,
        how: how.to_owned(),
    };
    bench.session.apply(0, 0, &ended);
    // What is told twice counts once.
    bench.session.apply(0, 0, &ended);
    assert!(bench.session.background.running.is_empty());
}

/// What the model is told last.
fn told(bench: &Bench) -> String {
    format!("{:?}", bench.request().messages.last().expect("a message"))
}

fn ends(bench: &mut Bench) {
    bench.says(vec![Block::Text { text: "Done".into() }]);
}

#[test]
fn the_model_is_told_once_at_the_next_prompt_which_commands_ended_and_who_ended_them() {
    let mut bench = Bench::new();
    for (number, by) in [
        (1, CommandEnd::Itself),
        (2, CommandEnd::Person(FrontEndKind::Window)),
        (3, CommandEnd::Agent),
        (4, CommandEnd::Mode),
        (5, CommandEnd::Folder),
        (6, CommandEnd::Service),
    ] {
        ran(&mut bench, number, by, "ended with code 1");
    }
    bench.prompt("Go on");
    let first = told(&bench);
    for line in [
        "job 1: ended with code 1",
        "job 2: ended by the user",
        "job 4: ended, for the user chose the read-only mode",
        "job 5: ended, for a folder that it could change left the session",
        "job 6: ended, for Deskhand ended or was started again",
    ] {
        assert_eq!(first.matches(line).count(), 1, "{line}: {first}");
    }
    assert!(!first.contains("job 3"), "the agent ended it by itself: {first}");
    ends(&mut bench);
    bench.prompt("And now?");
    assert!(!told(&bench).contains("job 1"), "{}", told(&bench));
}

#[test]
fn what_the_model_asked_about_by_itself_is_not_told_again() {
    let mut bench = Bench::new();
    bench.prompt("Look");
    ran(&mut bench, 1, CommandEnd::Itself, "ended");
    ran(&mut bench, 2, CommandEnd::Itself, "ended");
    bench.calls("t1", "BashOutput", json!({ "job": 1 }));
    bench.looks("t1", None);
    bench.does("t1", "Job 1: ended.");
    ends(&mut bench);
    bench.prompt("Go on");
    let text = told(&bench);
    assert!(text.contains("job 2: ended") && !text.contains("job 1"), "{text}");
    ends(&mut bench);

    ran(&mut bench, 3, CommandEnd::Itself, "ended");
    bench.prompt("List them");
    ends(&mut bench);
    ran(&mut bench, 4, CommandEnd::Itself, "ended");
    bench.session.background.told_by(&crate::session::Call {
        id: CallId::from_text("t2"),
        name: "BashOutput".to_owned(),
        input: json!({}),
    });
    bench.prompt("Go on");
    assert!(!told(&bench).contains("job 4"), "all of them were listed");
}

#[test]
fn more_ends_than_a_prompt_can_bear_are_told_from_the_newest() {
    let mut bench = Bench::new();
    for number in 1..=100 {
        ran(&mut bench, number, CommandEnd::Itself, "ended");
    }
    bench.prompt("Go on");
    let text = told(&bench);
    assert_eq!(text.matches("job ").count(), 32, "{text}");
    assert!(text.contains("job 69:") && text.contains("job 100:"), "{text}");
}

#[test]
fn a_prompt_in_the_read_only_mode_counts_at_once_for_the_turn_that_runs_and_no_prompt_loosens_it() {
    for (first, second, denied) in [
        (PermissionMode::Act, PermissionMode::ReadOnly, true),
        (PermissionMode::ReadOnly, PermissionMode::Act, true),
        (PermissionMode::Act, PermissionMode::Act, false),
    ] {
        let mut bench = Bench::new();
        for (client_id, mode) in [("first", first), ("second", second)] {
            bench.take(Input::Prompt(Prompt {
                client_id: client_id.to_owned(),
                text: "Write".to_owned(),
                mode,
                ..Prompt::default()
            }));
        }
        bench.calls("t1", "range_write", json!({ "n": 1 }));
        bench.looks("t1", Some(ask(AskReason::Overwrites)));
        let is_denied = bench.log.iter().any(|(event, _)| {
            matches!(event, EventBody::ToolCallCompleted { outcome, .. }
                if *outcome == deskhand_protocol::event::ToolOutcome::Denied)
        });
        assert_eq!(is_denied, denied, "{first:?} {second:?}");
    }
}
