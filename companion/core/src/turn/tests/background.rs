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

/// A prompt of a mode, and what it has done.
fn prompts(bench: &mut Bench, client_id: &str, mode: PermissionMode) -> Vec<Effect> {
    bench.take(Input::Prompt(Prompt {
        client_id: client_id.to_owned(),
        text: "Write".to_owned(),
        mode,
        ..Prompt::default()
    }))
}

#[test]
fn a_question_about_a_change_that_is_open_when_the_read_only_mode_comes_is_refused_by_it() {
    for (tool, settled) in [
        ("range_write", true),
        ("Write", true),
        ("document_convert", true),
        ("Bash", true),
        ("memory_write", true),
        ("WebFetch", false),
        ("request_directory", false),
    ] {
        let mut bench = Bench::new();
        prompts(&mut bench, "first", PermissionMode::Ask);
        bench.calls("t1", tool, json!({ "n": 1 }));
        bench.looks("t1", Some(ask(AskReason::Overwrites)));
        let question = bench.question();
        let effects = prompts(&mut bench, "second", PermissionMode::ReadOnly);
        assert!(
            effects.contains(&Effect::Heed(PermissionMode::ReadOnly)),
            "{tool}"
        );
        let by_mode = bench.log.iter().any(|(event, _)| {
            matches!(event, EventBody::PermissionSettled { permission, choice: Choice::Deny, by: SettledBy::Mode, .. }
                if *permission == question)
        });
        assert_eq!(
            (by_mode, bench.session.question().is_none()),
            (settled, settled),
            "{tool}"
        );
        let yes = Input::Answer(question, Choice::AllowOnce, FrontEndKind::Window);
        let answered = kinds(&bench.take(yes));
        assert_eq!(answered.contains(&"run"), !settled, "{tool}: {answered:?}");
        if settled {
            assert!(
                told(&bench).contains("The user chose the read-only mode."),
                "{tool}: {}",
                told(&bench)
            );
        }
    }
}

#[test]
fn a_question_of_an_earlier_version_that_is_open_in_the_read_only_mode_is_refused_when_it_is_taken_up() {
    let mut bench = Bench::new();
    prompts(&mut bench, "first", PermissionMode::Ask);
    bench.calls("t1", "range_write", json!({ "n": 1 }));
    bench.looks("t1", Some(ask(AskReason::Overwrites)));
    if let Some(turn) = &mut bench.session.turn {
        turn.mode = PermissionMode::ReadOnly;
    }
    let effects = bench.take(Input::Recover);
    assert_eq!(
        kinds(&effects),
        ["heed", "flush", "flush", "write", "model"],
        "the model is asked once"
    );
    assert!(bench.session.question().is_none());
}

#[test]
fn the_mode_is_heeded_once_for_each_prompt_that_is_taken_and_again_after_a_restart() {
    let heeded = |effects: &[Effect]| {
        let modes = effects.iter().filter_map(|effect| match effect {
            Effect::Heed(mode) => Some(*mode),
            _ => None,
        });
        modes.collect::<Vec<_>>()
    };
    let mut bench = Bench::new();
    let first = prompts(&mut bench, "first", PermissionMode::ReadOnly);
    assert_eq!(heeded(&first), [PermissionMode::ReadOnly]);
    assert_eq!(kinds(&first)[..2], ["flush", "heed"], "it is on disk before");
    assert_eq!(
        prompts(&mut bench, "first", PermissionMode::Act),
        [],
        "the same prompt"
    );
    let second = prompts(&mut bench, "second", PermissionMode::Act);
    assert_eq!(
        heeded(&second),
        [PermissionMode::ReadOnly],
        "no prompt loosens a turn"
    );
    let mut again = bench.restarted();
    assert_eq!(heeded(&again.take(Input::Recover)), [PermissionMode::ReadOnly]);
    assert_eq!(heeded(&Bench::new().take(Input::Recover)), []);
}

#[test]
fn what_was_refused_is_not_run_where_the_service_ends_before_the_end_of_the_call_is_written() {
    let mut bench = Bench::new();
    prompts(&mut bench, "first", PermissionMode::Ask);
    bench.calls("t1", "range_write", json!({ "n": 1 }));
    bench.looks("t1", Some(ask(AskReason::Overwrites)));
    let no = Input::Answer(bench.question(), Choice::Deny, FrontEndKind::Window);
    bench.take(no);
    let settled = |(event, _): &(EventBody, Durability)| matches!(event, EventBody::PermissionSettled { .. });
    let end = bench.log.iter().position(settled).expect("an answer") + 1;
    bench.log.truncate(end);
    let mut again = bench.restarted();
    let effects = kinds(&again.take(Input::Recover));
    assert!(
        effects.contains(&"prepare") && !effects.contains(&"run"),
        "{effects:?}"
    );
}
