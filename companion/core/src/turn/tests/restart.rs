//! A restart at any point: the log is the only memory, and the turn goes on from it.

use pretty_assertions::assert_eq;

use super::*;

/// One thing that happens.
type Move = Box<dyn FnOnce(&mut Bench)>;

/// Plays a whole turn with two calls, one of them asked about; `until` inputs are taken.
fn play(bench: &mut Bench, until: usize) {
    let mut script: Vec<Move> = vec![
        Box::new(|bench| bench.prompt("Summarise")),
        Box::new(|bench| {
            bench.take(Input::Model(bench.asked(), ModelEvent::TextDelta("I ".into())));
        }),
        Box::new(|bench| {
            let read = Block::ToolUse {
                id: CallId::from_text("a"),
                name: "range_read".into(),
                input: json!({}),
            };
            let write = Block::ToolUse {
                id: CallId::from_text("b"),
                name: "range_write".into(),
                input: json!({}),
            };
            bench.says(vec![text("I read"), read, write]);
        }),
        Box::new(|bench| drop(bench.looks("a", None))),
        Box::new(|bench| drop(bench.does("a", "7"))),
        Box::new(|bench| drop(bench.looks("b", Some(ask(AskReason::Overwrites))))),
        Box::new(|bench| {
            let answer = Input::Answer(bench.question(), Choice::AllowOnce, FrontEndKind::Window);
            bench.take(answer);
        }),
        Box::new(|bench| drop(bench.does("b", "ok"))),
        Box::new(|bench| drop(bench.says(vec![text("All done")]))),
    ];
    script.truncate(until);
    for step in script {
        step(bench);
    }
}

/// Goes on as a scripted model and a person would, whatever the state is.
fn go_on(bench: &mut Bench) {
    for _ in 0..20 {
        let Some(turn) = &bench.session.turn else { return };
        match turn.phase.clone() {
            Phase::Deciding => panic!("nothing is at work and the turn goes on"),
            Phase::Model(_) if bench.session.messages.len() > 1 => drop(bench.says(vec![text("All done")])),
            Phase::Compacting(_) => panic!("there is room enough"),
            Phase::Model(_) => {
                let read = Block::ToolUse {
                    id: CallId::from_text("a"),
                    name: "range_read".into(),
                    input: json!({}),
                };
                bench.says(vec![text("I read"), read]);
            }
            Phase::Tool(Running {
                state: RunState::Asking(_),
                ..
            }) => {
                let answer = Input::Answer(bench.question(), Choice::AllowOnce, FrontEndKind::Window);
                bench.take(answer);
            }
            Phase::Tool(Running {
                call,
                state: RunState::Preparing,
                ..
            }) => drop(bench.looks(call.id.as_str(), None)),
            Phase::Tool(Running { call, .. }) => drop(bench.does(call.id.as_str(), "ok")),
        }
    }
    panic!("the turn did not end");
}

#[test]
fn a_restart_at_any_point_keeps_what_was_said_and_ends_the_turn_well() {
    for until in 1..=9 {
        let mut before = Bench::new();
        play(&mut before, until);
        let mut after = before.restarted();
        let acknowledged = after.log.len();
        after.take(Input::Recover);
        go_on(&mut after);
        if until < 9 {
            assert_eq!(
                after.outcome(),
                Some(&TurnOutcome::Completed),
                "restart after input {until}"
            );
        }
        let kept: Vec<_> = after.log[..acknowledged]
            .iter()
            .map(|(event, _)| event.clone())
            .collect();
        let written: Vec<_> = before.log.iter().map(|(event, _)| event.clone()).collect();
        assert_eq!(kept, written);
        every_call_has_one_result(&after.session);
    }
}

#[test]
fn a_restart_at_every_event_leaves_a_conversation_that_a_model_accepts() {
    let mut whole = Bench::new();
    play(&mut whole, 9);
    for length in 1..=whole.log.len() {
        let mut cut = Bench::new();
        cut.log = whole.log[..length].to_vec();
        let mut after = cut.restarted();
        after.take(Input::Recover);
        go_on(&mut after);
        every_call_has_one_result(&after.session);
    }
}

#[test]
fn an_open_question_stays_open_through_a_restart() {
    let mut before = Bench::new();
    play(&mut before, 6);
    let mut after = before.restarted();
    // Its mode is heeded anew, and nothing else is done.
    assert_eq!(after.take(Input::Recover), [Effect::Heed(PermissionMode::Ask)]);
    assert_eq!(after.question(), before.question());
}

#[test]
fn a_turn_that_stops_the_service_again_and_again_is_given_up() {
    let mut bench = Bench::new();
    bench.prompt("Go");
    for _ in 0..MAX_RESUMES {
        bench = bench.restarted();
        assert!(!bench.take(Input::Recover).is_empty());
        assert_eq!(bench.outcome(), None);
    }
    bench = bench.restarted();
    bench.take(Input::Recover);
    assert!(
        matches!(bench.outcome(), Some(TurnOutcome::Failed(error)) if error.code == ErrorCode::TurnInterrupted)
    );
}

fn every_call_has_one_result(session: &Session) {
    let mut open: Vec<CallId> = Vec::new();
    for message in &session.messages {
        for content in &message.content {
            match content {
                Content::Said(Block::ToolUse { id, .. }) => open.push(id.clone()),
                Content::ToolResult { call, .. } => {
                    let position = open
                        .iter()
                        .position(|id| id == call)
                        .expect("a result belongs to one open call");
                    open.remove(position);
                }
                _ => {}
            }
        }
        if message.role == Role::User {
            assert_eq!(open, [], "every call has its result in the very next message");
        }
    }
}

#[test]
fn a_turn_that_stops_the_service_each_time_it_goes_on_after_a_hold_is_given_up() {
    let notice = |error| EventBody::Notice {
        text: String::new(),
        error,
    };
    let waits = notice(Some(UserError::new(ErrorCode::CollectorUnavailable)));
    let mut bench = Bench::new();
    bench.prompt("Go");
    for _ in 0..MAX_RESUMES {
        bench = bench.restarted();
        bench.take(Input::Recover);
        assert_eq!(bench.outcome(), None);
        for notice in [&waits, &notice(None)] {
            bench.session.apply(0, 0, notice);
            bench.log.push((notice.clone(), Durability::Flushed));
        }
    }
    bench = bench.restarted();
    bench.take(Input::Recover);
    assert!(
        matches!(bench.outcome(), Some(TurnOutcome::Failed(error)) if error.code == ErrorCode::TurnInterrupted)
    );
}

#[test]
fn restarts_end_a_turn_at_last_unless_it_waits_for_the_collector() {
    let waits = EventBody::Notice {
        text: String::new(),
        error: Some(UserError::new(ErrorCode::CollectorUnavailable)),
    };
    let another = EventBody::Notice {
        text: String::new(),
        error: Some(UserError::new(ErrorCode::DiskFull)),
    };
    for (notice, goes_on) in [(waits, true), (another, false)] {
        let mut bench = Bench::new();
        bench.prompt("Go");
        for _ in 0..=MAX_RESUMES {
            bench = bench.restarted();
            bench.take(Input::Recover);
            bench.session.apply(0, 0, &notice);
            bench.log.push((notice.clone(), Durability::Flushed));
        }
        assert_eq!(bench.outcome().is_none(), goes_on, "{notice:?}");
    }
}
