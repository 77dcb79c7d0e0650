//! What a collector is told of the sandbox and of its commands.

use deskhand_protocol::EventBody;
use deskhand_protocol::event::ToolOutcome;
use deskhand_protocol::sandbox::{FileChange, MachineEnd, SandboxTier, Sight};
use deskhand_telemetry::content::{Capture, Category};
use pretty_assertions::assert_eq;
use serde_json::{Value, json};

use crate::play::{Play, id, records};
use crate::the;

fn file(change: FileChange) -> Sight {
    Sight::File {
        change,
        path: "/srv/plan.xlsx".to_owned(),
        to: None,
        bytes: Some(7),
    }
}

fn connection(refused: Option<&str>) -> Sight {
    Sight::Connection {
        host: "example.com".to_owned(),
        port: 443,
        refused: refused.map(str::to_owned),
        sent: 10,
        received: 20,
        duration_ms: 30,
    }
}

fn seen(capture: Capture, seen: Vec<Sight>, left_out: u64) -> Vec<(String, Value)> {
    let mut play = Play::new(capture);
    let call = Some(id::call());
    play.say(EventBody::SandboxSeen { call, seen, left_out });
    records(&play.told)
}

fn one(capture: Capture, sight: Sight) -> (String, Value) {
    let mut told = seen(capture, vec![sight], 0);
    assert_eq!(told.len(), 1, "{told:?}");
    told.remove(0)
}

#[test]
fn every_sight_is_told_in_its_order() {
    let started = Sight::Started {
        at: 5,
        process: 8,
        parent: 1,
        user: 1000,
        arguments: vec!["ls".to_owned()],
    };
    let ended = Sight::Ended {
        at: 6,
        process: 8,
        code: -9,
    };
    let sights = vec![
        Sight::MachineStarted {
            tier: SandboxTier::Vm,
            resumed: false,
            took_ms: 1,
        },
        started,
        ended,
        Sight::Lost { count: 3 },
        file(FileChange::Created),
        connection(None),
        Sight::MachineEnded {
            why: MachineEnd::Idle,
        },
    ];
    let told = seen(Capture::default(), sights, 2);
    let names: Vec<&str> = told.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "deskhand.sandbox_changed",
            "deskhand.sandbox_program_started",
            "deskhand.sandbox_program_ended",
            "deskhand.sandbox_unseen",
            "deskhand.sandbox_file_changed",
            "deskhand.sandbox_connection",
            "deskhand.sandbox_changed",
            "deskhand.sandbox_unseen",
        ]
    );
    assert_eq!(told[2].1["process.exit.code"], -9);
    let unseen = |at: usize| {
        (
            told[at].1["sandbox.reason"].clone(),
            told[at].1["sandbox.count"].clone(),
        )
    };
    assert_eq!(unseen(3), (json!("lost"), json!(3)));
    assert_eq!(unseen(7), (json!("left_out"), json!(2)));
    assert_eq!(seen(Capture::default(), Vec::new(), 0), Vec::new());
}

#[test]
fn arguments_paths_and_hosts_are_told_with_tool_details_alone() {
    let started = || Sight::Started {
        at: 5,
        process: 8,
        parent: 1,
        user: 1000,
        arguments: vec!["grep".to_owned(), "salary".to_owned()],
    };
    for (sight, attribute, value) in [
        (started(), "process.command_args", json!(["grep", "salary"])),
        (file(FileChange::Written), "file.path", json!("/srv/plan.xlsx")),
        (connection(None), "server.address", json!("example.com")),
    ] {
        let (_, closed) = one(Capture::default(), sight.clone());
        assert_eq!(closed.get(attribute), None, "{closed}");
        assert_eq!(closed["tool_use_id"], "call");
        let (_, open) = one(Capture::of([Category::ToolDetails]), sight);
        assert_eq!(open[attribute], value);
    }
}

#[test]
fn a_connection_says_whether_it_was_let_through_and_takes_over_no_words_as_a_code() {
    for (refused, decision, error) in [
        (None, "accept", None),
        (Some("not_listed"), "reject", Some("not_listed")),
        (Some("the salary of ada"), "reject", Some("unknown")),
    ] {
        let (_, told) = one(Capture::default(), connection(refused));
        assert_eq!(told["decision"], decision);
        assert_eq!(told.get("error").and_then(Value::as_str), error);
    }
}

#[test]
fn a_machine_is_told_as_it_begins_ends_and_fails() {
    let started = Sight::MachineStarted {
        tier: SandboxTier::VmEmulated,
        resumed: true,
        took_ms: 4_100,
    };
    let (name, told) = one(Capture::default(), started);
    assert_eq!(name, "deskhand.sandbox_changed");
    assert_eq!(
        (
            &told["sandbox.state"],
            &told["sandbox.resumed"],
            &told["duration_ms"]
        ),
        (&json!("vmEmulated"), &json!(true), &json!(4_100))
    );
    for (why, reason, error) in [
        (MachineEnd::Idle, "idle", None),
        (MachineEnd::Room, "room", None),
        (MachineEnd::Changed, "changed", None),
        (MachineEnd::Over, "over", None),
        (MachineEnd::Failed, "failed", Some("SBX_UNAVAILABLE")),
    ] {
        let (_, told) = one(Capture::default(), Sight::MachineEnded { why });
        assert_eq!(told["sandbox.state"], "ended");
        assert_eq!(told["sandbox.reason"], reason);
        assert_eq!(told.get("error").and_then(Value::as_str), error);
    }
}

fn command(capture: Capture, input: Value, outcome: ToolOutcome, tier: Option<SandboxTier>) -> Value {
    let mut play = Play::new(capture);
    play.prompt();
    play.say(EventBody::ToolCallStarted {
        turn: id::turn(),
        call: id::call(),
        name: "Bash".to_owned(),
        input,
        title: "Running".to_owned(),
        document: None,
        target: Some("ls".to_owned()),
    });
    play.say(EventBody::ToolCallCompleted {
        turn: id::turn(),
        call: id::call(),
        outcome,
        title: "Ran".to_owned(),
        output: "salaries".to_owned(),
        attachments: Vec::new(),
        tier,
        duration_ms: 700,
    });
    the(&play.told, "tool_result")
}

#[test]
fn a_command_has_its_documented_parameters_with_tool_details_alone() {
    let input = json!({ "command": " grep -r x . | wc -l", "timeout": 5_000, "description": "count", "background": true, "other": 1 });
    let tool_details = || Capture::of([Category::ToolDetails]);
    let told = command(
        tool_details(),
        input.clone(),
        ToolOutcome::Done,
        Some(SandboxTier::Vm),
    );
    let parameters: Value = serde_json::from_str(told["tool_parameters"].as_str().unwrap()).unwrap();
    let expected = json!({
        "bash_command": "grep",
        "full_command": " grep -r x . | wc -l",
        "timeout": 5_000,
        "description": "count",
        "run_in_background": true,
    });
    assert_eq!(parameters, expected);
    assert_eq!(told["sandbox.tier"], "vm");
    let closed = command(Capture::default(), input, ToolOutcome::Done, None);
    assert_eq!(
        (closed.get("tool_parameters"), closed.get("sandbox.tier")),
        (None, None)
    );
    for odd in [
        json!(null),
        json!({ "command": 7 }),
        json!([1]),
        json!({ "command": "x".repeat(100_000) }),
    ] {
        let told = command(tool_details(), odd, ToolOutcome::Done, None);
        let text = told["tool_parameters"].as_str().unwrap();
        assert!(
            text.len() < 4_096 && serde_json::from_str::<Value>(text).is_ok(),
            "{text}"
        );
    }
}

#[test]
fn what_a_failed_command_wrote_is_content_and_why_it_could_not_run_is_a_detail() {
    let both = || Capture::of([Category::ToolDetails, Category::ToolContent]);
    let details = || Capture::of([Category::ToolDetails]);
    let input = || json!({ "command": "ls" });
    let ran = Some(SandboxTier::Vm);
    for (capture, tier, told) in [
        (details(), ran, false),
        (both(), ran, true),
        (details(), None, true),
        (Capture::of([Category::ToolContent]), ran, false),
    ] {
        let result = command(capture.clone(), input(), ToolOutcome::Failed, tier);
        assert_eq!(result.get("error").is_some(), told, "{capture:?} {tier:?}");
    }
}
