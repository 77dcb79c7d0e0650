//! What a collector is told of a session, event by event, and that no content is among it unless its category is on.

mod play;
mod redaction;
mod sandbox;

use std::sync::Arc;

use deskhand_protocol::event::{ToolOutcome, TurnOutcome};
use deskhand_protocol::hello::FrontEndKind;
use deskhand_protocol::message::{StopReason, Usage};
use deskhand_protocol::permission::{Choice, SettledBy};
use deskhand_protocol::session::PermissionMode;
use deskhand_protocol::{ErrorCode, EventBody, UserError};
use deskhand_telemetry::content::{Capture, Category};
use deskhand_telemetry::record::{Amount, Signals};
use deskhand_telemetry::schema::Value;
use deskhand_telemetry::session::Session;
use play::{Play, id, recording};
use pretty_assertions::assert_eq;

/// Attributes of the only record of this event.
fn the(signals: &Signals, name: &str) -> serde_json::Value {
    let found: Vec<_> = play::records(signals)
        .into_iter()
        .filter(|(event, _)| event == name)
        .collect();
    assert_eq!(found.len(), 1, "{name} in {:?}", play::records(signals));
    found[0].1.clone()
}

fn names(signals: &Signals) -> Vec<String> {
    play::records(signals).into_iter().map(|(name, _)| name).collect()
}

#[test]
fn a_turn_is_told_from_its_prompt_to_its_end() {
    let mut play = Play::new(Capture::default());
    play.turn();
    assert_eq!(
        names(&play.told),
        [
            "deskhand.document_attached",
            "deskhand.folder_attached",
            "user_prompt",
            "api_request",
            "assistant_response",
            "deskhand.permission_asked",
            "tool_decision",
            "deskhand.document_changed",
            "tool_result",
            "api_request",
            "assistant_response",
            "deskhand.turn_ended",
        ]
    );
    let first = the(&play.told, "user_prompt");
    assert_eq!(first["prompt_length"], 11);
    assert_eq!(first["prompt"], "<REDACTED>");
    assert_eq!(first["session.id"], "session");
    assert_eq!(first["user.id"], "install-id");
    assert_eq!(first["terminal.type"], "non-interactive");
    assert_eq!(
        first["workspace.host_paths"],
        serde_json::json!(["/data/reports"])
    );
    assert_eq!(first["event.timestamp"], "1970-01-01T00:00:04Z");
    let all = play::records(&play.told);
    let sequences: Vec<_> = all
        .iter()
        .map(|(_, record)| record["event.sequence"].clone())
        .collect();
    assert_eq!(
        sequences,
        (1..=12).map(serde_json::Value::from).collect::<Vec<_>>()
    );
    let prompt = &first["prompt.id"];
    assert!(
        all[2..].iter().all(|(_, record)| &record["prompt.id"] == prompt),
        "one id joins all of a prompt"
    );
    assert!(all[0].1.get("prompt.id").is_none());
}

#[test]
fn a_tool_is_told_with_its_decision_and_its_sizes() {
    let mut play = Play::new(Capture::of([Category::ToolDetails]));
    play.turn();
    let result = the(&play.told, "tool_result");
    assert_eq!(result["tool_name"], "range_write");
    assert_eq!(result["success"], "true");
    assert_eq!(result["duration_ms"], 700);
    assert_eq!(result["decision_type"], "accept");
    assert_eq!(result["decision_source"], "user_temporary");
    assert_eq!(result["tool_result_size_bytes"], 5);
    assert_eq!(result["tool_input_size_bytes"], 18);
    assert_eq!(result["tool_input"], r#"{"value":"secret"}"#);
    assert_eq!(
        result["tool_parameters"],
        r#"{"document":"book","target":"Sheet1!A1"}"#
    );
    assert!(result.get("error").is_none());
    let decision = the(&play.told, "tool_decision");
    assert_eq!(
        (&decision["decision"], &decision["source"]),
        (&"accept".into(), &"user_temporary".into())
    );
}

#[test]
fn decisions_are_told_in_the_documented_words() {
    use SettledBy::{LastingGrant, Mode, Person, Policy, SessionGrant, Void};
    let window = FrontEndKind::Window;
    for (choice, by, decision, source) in [
        (Choice::AllowOnce, Person(window), "accept", "user_temporary"),
        (Choice::AllowSession, Person(window), "accept", "user_temporary"),
        (Choice::AllowAlways, Person(window), "accept", "user_permanent"),
        (Choice::Deny, Person(window), "reject", "user_reject"),
        (Choice::AllowOnce, SessionGrant, "accept", "user_temporary"),
        (Choice::AllowOnce, LastingGrant, "accept", "user_permanent"),
        (Choice::AllowOnce, Mode, "accept", "config"),
        (Choice::Deny, Policy, "reject", "config"),
        (Choice::Deny, Void, "reject", "user_abort"),
    ] {
        let mut play = Play::new(Capture::default());
        play.prompt();
        play.ask();
        play.say(EventBody::PermissionSettled {
            permission: id::permission(),
            choice,
            by,
            folder: None,
        });
        let told = the(&play.told, "tool_decision");
        assert_eq!(
            (&told["decision"], &told["source"]),
            (&decision.into(), &source.into()),
            "{choice:?} {by:?}"
        );
    }
}

#[test]
fn names_of_tools_that_deskhand_does_not_ship_are_told_with_tool_details_alone() {
    for (capture, expected) in [
        (Capture::default(), "custom"),
        (Capture::of([Category::ToolDetails]), "my_salary_tool"),
    ] {
        let mut play = Play::new(capture);
        play.prompt();
        play.start_tool("my_salary_tool");
        play.complete_tool(ToolOutcome::Failed);
        assert_eq!(the(&play.told, "tool_result")["tool_name"], expected);
    }
}

#[test]
fn a_failed_tool_says_why_with_tool_details_alone() {
    for (outcome, word) in [
        (ToolOutcome::Failed, "failed"),
        (ToolOutcome::Denied, "denied"),
        (ToolOutcome::Stopped, "stopped"),
    ] {
        let mut play = Play::new(Capture::default());
        play.prompt();
        play.start_tool("range_write");
        play.complete_tool(outcome);
        let result = the(&play.told, "tool_result");
        assert_eq!(
            (&result["success"], &result["error_type"]),
            (&"false".into(), &word.into())
        );
        assert!(result.get("error").is_none());
    }
    let mut play = Play::new(Capture::of([Category::ToolDetails]));
    play.prompt();
    play.start_tool("range_write");
    play.complete_tool(ToolOutcome::Failed);
    assert_eq!(the(&play.told, "tool_result")["error"], "wrote");
}

#[test]
fn tokens_costs_and_time_are_counted() {
    let mut play = Play::new(Capture::default());
    play.say(EventBody::SessionCreated {
        title: "t".to_owned(),
        tour: false,
    });
    play.turn();
    let points = play::points(&play.told);
    let of = |name: &str, key: &str| -> Vec<(String, Amount)> {
        let found = points.iter().filter(|(point, _, _)| point == name);
        found
            .map(|(_, attributes, amount)| (attributes[key].as_str().unwrap_or("").to_owned(), *amount))
            .collect()
    };
    assert_eq!(
        of("claude_code.session.count", "start_type"),
        [("fresh".to_owned(), Amount::Whole(1))]
    );
    let tokens = of("claude_code.token.usage", "type");
    assert_eq!(tokens.iter().filter(|(kind, _)| kind == "input").count(), 2);
    assert!(tokens.contains(&("cacheRead".to_owned(), Amount::Whole(30))));
    assert!(tokens.contains(&("output".to_owned(), Amount::Whole(20))));
    assert!(
        !tokens.iter().any(|(kind, _)| kind == "cacheCreation"),
        "nothing is no point"
    );
    assert_eq!(
        of("claude_code.cost.usage", "model")[0],
        ("model-1".to_owned(), Amount::Number(0.5))
    );
    assert_eq!(
        of("claude_code.code_edit_tool.decision", "decision"),
        [("accept".to_owned(), Amount::Whole(1))]
    );
    // The turn took from second 5 to second 18, and a person had the question for one of them.
    assert_eq!(
        of("claude_code.active_time.total", "type"),
        [
            ("user".to_owned(), Amount::Number(1.0)),
            ("cli".to_owned(), Amount::Number(12.0))
        ]
    );
    assert_eq!(the(&play.told, "deskhand.turn_ended")["tool_calls"], 1);
}

#[test]
fn a_failure_of_the_provider_is_told_once_with_its_tries() {
    let mut play = Play::new(Capture::default());
    play.prompt();
    let error = UserError {
        status: Some(529),
        ..UserError::new(ErrorCode::InferenceOverloaded).detail("SECRET")
    };
    for attempt in [2, 3] {
        play.say(EventBody::RetryScheduled {
            turn: id::turn(),
            error: error.clone(),
            attempt,
            wait_ms: 100,
        });
    }
    play.end(TurnOutcome::Failed(error));
    assert_eq!(
        names(&play.told)[1..],
        [
            "deskhand.request_retried",
            "deskhand.request_retried",
            "api_error",
            "api_retries_exhausted",
            "deskhand.turn_ended"
        ]
    );
    let told = the(&play.told, "api_error");
    assert_eq!(told["error"], "INF_OVERLOADED");
    assert_eq!(told["status_code"], "529");
    assert_eq!(told["attempt"], 3);
    assert_eq!(the(&play.told, "api_retries_exhausted")["total_attempts"], 3);
    assert_eq!(the(&play.told, "deskhand.turn_ended")["error"], "INF_OVERLOADED");
}

#[test]
fn a_provider_that_did_not_answer_has_no_status() {
    let mut play = Play::new(Capture::default());
    play.prompt();
    play.end(TurnOutcome::Failed(UserError::new(
        ErrorCode::InferenceUnreachable,
    )));
    assert_eq!(the(&play.told, "api_error")["status_code"], "undefined");
}

#[test]
fn another_failure_is_an_error_inside() {
    let mut play = Play::new(Capture::default());
    play.prompt();
    play.end(TurnOutcome::Failed(UserError::new(ErrorCode::Internal)));
    assert_eq!(the(&play.told, "internal_error")["error_name"], "INTERNAL");
}

#[test]
fn a_refusal_a_summary_and_another_mode_are_told() {
    let mut play = Play::new(Capture::default());
    play.prompt();
    play.answer("no", StopReason::Refusal, Usage::default());
    play.say(EventBody::CompactionStarted {
        turn: id::turn(),
        message: id::message(9),
    });
    play.say(EventBody::ContextCompacted {
        turn: id::turn(),
        message: id::message(9),
        summary: "SECRET".to_owned(),
        kept: 1,
        cut_at: None,
        before: 1_000,
        usage: Usage {
            output: 50,
            ..Usage::default()
        },
    });
    play.end(TurnOutcome::Completed);
    play.prompt_in(PermissionMode::Act);
    assert_eq!(the(&play.told, "api_refusal")["attempt"], 1);
    let compaction = the(&play.told, "compaction");
    assert_eq!(
        (&compaction["pre_tokens"], &compaction["post_tokens"]),
        (&1_000.into(), &50.into())
    );
    assert_eq!(compaction["duration_ms"], 1_000);
    let mode = the(&play.told, "permission_mode_changed");
    assert_eq!(
        (&mode["from_mode"], &mode["to_mode"]),
        (&"ask".into(), &"act".into())
    );
    let requests: Vec<_> = play::records(&play.told)
        .into_iter()
        .filter(|(name, _)| name == "api_request")
        .collect();
    assert_eq!(requests[1].1["query_source"], "auxiliary");
}

#[test]
fn spans_form_one_tree_under_the_prompt() {
    let mut play = Play::new(Capture::of([Category::ToolContent]));
    play.turn();
    let spans: Vec<_> = play
        .told
        .spans
        .iter()
        .map(|span| span.definition().full_name())
        .collect();
    assert_eq!(
        spans,
        [
            "claude_code.llm_request",
            "claude_code.tool.blocked_on_user",
            "claude_code.tool.execution",
            "claude_code.tool",
            "claude_code.llm_request",
            "claude_code.interaction",
        ]
    );
    let tool = &play.told.spans[3];
    let output: Vec<_> = tool.events().collect();
    assert_eq!(output, [&vec![("output", Value::Text("wrote".to_owned()))]]);
    let debug: Vec<String> = play.told.spans.iter().map(|span| format!("{span:?}")).collect();
    let root = debug[5].clone();
    assert!(root.contains("parent: None"));
    assert!(debug[..5].iter().all(|span| span.contains("parent: Some")));
}

#[test]
fn without_traces_there_are_no_spans_and_no_ids_of_them() {
    let mut play = Play::without_traces();
    play.turn();
    assert!(play.told.spans.is_empty());
    assert!(!format!("{:?}", play.told.records).contains("span: Some"));
}

#[test]
fn a_session_that_is_read_again_goes_on_with_the_same_numbers_and_ids() {
    let mut play = Play::new(Capture::default());
    play.turn();
    let cut = 8;
    let resumed = Session::resumed(
        id::session(),
        recording(Capture::default(), true),
        &play.events[..cut],
    );
    let mut again = Play::new(Capture::default());
    again.session = resumed;
    for event in &play.events[cut..] {
        again.observe(event.clone());
    }
    let tail = &play.told.records[play.told.records.len() - again.told.records.len()..];
    assert_eq!(again.told.records, tail);
    let points = play::points(&again.told);
    assert_eq!(points[0].0, "claude_code.session.count");
    assert_eq!(points[0].1["start_type"], "resume");
}

#[test]
fn settings_hold_from_the_next_event_on() {
    let mut play = Play::new(Capture::default());
    play.prompt();
    play.end(TurnOutcome::Completed);
    play.session
        .record_with(recording(Capture::of([Category::UserPrompts]), true));
    play.prompt();
    let prompts: Vec<_> = play::records(&play.told)
        .into_iter()
        .filter(|(name, _)| name == "user_prompt")
        .collect();
    assert_eq!(prompts[0].1["prompt"], "<REDACTED>");
    assert_eq!(prompts[1].1["prompt"], "What is it?");
}

#[test]
fn events_of_no_turn_and_out_of_order_do_no_harm() {
    let mut play = Play::new(Capture::all());
    play.turn();
    let mut events = play.events.clone();
    events.reverse();
    let mut session = Session::new(id::session(), Arc::clone(&recording(Capture::all(), true)));
    for event in &events {
        session.observe(event);
    }
    for event in play.events {
        Session::new(id::session(), recording(Capture::all(), true)).observe(&event);
    }
}
