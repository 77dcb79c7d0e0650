//! What the audit says of what was seen in the sandbox: a record of each sight, and nothing in it that the guest wrote.

use deskhand_protocol::command::{BackgroundCommand, CommandEnd};
use deskhand_protocol::hello::FrontEndKind;
use deskhand_protocol::permission::{AskReason, CommandFolder, CommandRequest, PermissionRequest};
use deskhand_protocol::sandbox::{FileChange, MachineEnd, SandboxTier, Sight};
use deskhand_protocol::{CallId, CommandId, EventBody, MessageId, PermissionId};
use deskhand_storage::{Change, Durability};
use deskhand_trail::{Actor, Content, Format, Machine, Query, Record, What, all_of_event, export, of_event};
use pretty_assertions::assert_eq;
use serde_json::{Value, json};

use crate::support::{Fixture, SESSION};

const WORDS: &str = "Q3 loss of 4 million";

fn file(change: FileChange) -> Sight {
    Sight::File {
        change,
        path: format!("/srv/{WORDS}.xlsx"),
        to: (change == FileChange::Renamed).then(|| "/srv/plan.xlsx".to_owned()),
        bytes: Some(7),
    }
}

fn connection(host: &str, refused: Option<&str>) -> Sight {
    Sight::Connection {
        host: host.to_owned(),
        port: 443,
        refused: refused.map(str::to_owned),
        sent: 10,
        received: 20,
        duration_ms: 30,
    }
}

/// One of each.
fn sights() -> Vec<Sight> {
    vec![
        Sight::MachineStarted {
            tier: SandboxTier::VmEmulated,
            resumed: true,
            took_ms: 4,
        },
        Sight::Started {
            at: 5,
            process: 8,
            parent: 1,
            user: 1000,
            arguments: vec!["grep".to_owned(), WORDS.to_owned()],
        },
        Sight::Ended {
            at: 6,
            process: 8,
            code: -9,
        },
        Sight::Lost { count: 3 },
        file(FileChange::Created),
        file(FileChange::Written),
        file(FileChange::Removed),
        file(FileChange::Renamed),
        file(FileChange::Metadata),
        file(FileChange::Conflict),
        file(FileChange::Discarded),
        file(FileChange::Refused),
        connection("Example.com", None),
        connection("example.org", Some("not_listed")),
        connection("example.org", Some("connect_timeout")),
        Sight::MachineEnded {
            why: MachineEnd::Failed,
        },
    ]
}

fn seen(seen: Vec<Sight>, left_out: u64) -> EventBody {
    EventBody::SandboxSeen {
        call: Some(CallId::from_text("toolu_1")),
        seen,
        left_out,
    }
}

fn line(by: Actor, what: What) -> String {
    String::from_utf8(Record::new(by, "ada", None, what).to_bytes().unwrap()).unwrap()
}

#[test]
fn each_sight_is_one_record_in_its_order_and_says_whose_doing_it_was() {
    let names: Vec<(Actor, &str)> = all_of_event(&seen(sights(), 9), Actor::Terminal)
        .iter()
        .map(|(by, what, _)| (*by, what.kind().name))
        .collect();
    let mut expected = vec![
        (Actor::Service, "machineStarted"),
        (Actor::Agent, "programStarted"),
        (Actor::Agent, "programEnded"),
        (Actor::Service, "programsLost"),
    ];
    expected.extend([(Actor::Agent, "sandboxFileChanged"); 8]);
    expected.extend([
        (Actor::Agent, "sandboxConnection"),
        (Actor::Agent, "sandboxConnectionRefused"),
        (Actor::Agent, "sandboxConnectionRefused"),
        (Actor::Service, "machineEnded"),
        (Actor::Service, "sandboxLeftOut"),
    ]);
    assert_eq!(names, expected);
}

#[test]
fn arguments_and_paths_are_content_and_no_record_takes_them_over() {
    for (_, what, content) in all_of_event(&seen(sights(), 0), Actor::Agent) {
        let content = content.map(|content| String::from_utf8(content).unwrap());
        let has_words = matches!(
            what,
            What::ProgramStarted { .. } | What::SandboxFileChanged { .. }
        );
        assert_eq!(
            content.is_some_and(|content| content.contains(WORDS)),
            has_words,
            "{what:?}"
        );
        let record = line(Actor::Agent, what);
        assert!(!record.contains("Q3") && record.contains("toolu_1"), "{record}");
    }
}

#[test]
fn a_host_or_a_code_that_is_none_leaves_no_words_in_the_record() {
    let long = "a".repeat(254);
    for (host, kept) in [
        ("EXAMPLE.com", "example.com"),
        ("[2001:db8::1]", "[2001:db8::1]"),
        (WORDS, ""),
        ("\u{1b}[2J", ""),
        ("exämple.com", ""),
        (&long, ""),
    ] {
        let refused = [None, Some("not_listed"), Some(WORDS)];
        for sight in refused.map(|code| connection(host, code)) {
            let records = all_of_event(&seen(vec![sight], 0), Actor::Agent);
            let (by, what, content) = records.into_iter().next().unwrap();
            assert_eq!(content, None);
            let record = line(by, what);
            assert!(record.contains(&format!(r#""host":"{kept}""#)), "{record}");
            assert!(!record.contains("Q3"), "{record}");
        }
    }
}

#[test]
fn what_was_left_out_is_recorded_only_where_something_was() {
    assert_eq!(all_of_event(&seen(Vec::new(), 0), Actor::Agent), Vec::new());
    let records = all_of_event(&seen(Vec::new(), 2), Actor::Agent);
    assert!(
        matches!(records[..], [(_, What::SandboxLeftOut { count: 2, .. }, _)]),
        "{records:?}"
    );
}

#[test]
fn what_a_command_writes_is_no_record_before_its_result_is() {
    let output = EventBody::ToolCallOutput {
        call: CallId::from_text("toolu_1"),
        text: WORDS.to_owned(),
    };
    assert_eq!(all_of_event(&output, Actor::Agent), Vec::new());
}

#[test]
fn other_events_have_the_record_that_they_had() {
    for (event, records) in [
        (
            EventBody::FolderAttached {
                path: WORDS.to_owned(),
                read_only: true,
            },
            1,
        ),
        (
            EventBody::TextDelta {
                message: MessageId::from_text("m"),
                text: WORDS.to_owned(),
            },
            0,
        ),
    ] {
        let all = all_of_event(&event, Actor::Terminal);
        assert_eq!(all.len(), records);
        assert_eq!(all.into_iter().next(), of_event(&event, Actor::Terminal));
    }
}

#[test]
fn the_question_for_a_command_is_recorded_with_all_that_was_shown() {
    let command = CommandRequest {
        command: "cat rates.csv".to_owned(),
        folders: vec![CommandFolder {
            path: "/srv/plans".to_owned(),
            read_only: true,
        }],
        hosts: vec!["example.com".to_owned()],
        more_hosts: 4,
        seconds: 120,
        background: false,
    };
    let request: PermissionRequest = serde_json::from_value(json!({
        "id": "p", "call": "toolu_1", "turn": "t", "reason": AskReason::Runs, "question": "Run this?", "scope": "",
        "command": command, "rows": [], "total": 0, "risks": [], "choices": [],
    }))
    .unwrap();
    assert_eq!(request.id, PermissionId::from_text("p"));
    let (_, what, content) = of_event(&EventBody::PermissionRequested { request }, Actor::Agent).unwrap();
    let content: Value = serde_json::from_slice(&content.unwrap()).unwrap();
    assert_eq!(content["question"], "Run this?");
    assert_eq!(content["command"], json!(command));
    assert!(!line(Actor::Agent, what).contains("rates"));
}

/// Every sight, written as the service writes it, as the framework's events.
async fn events(content: Content) -> Vec<Value> {
    let fixture = Fixture::new(content).await;
    let changes = all_of_event(&seen(sights(), 9), Actor::Agent)
        .into_iter()
        .map(|(by, what, content)| {
            let record = fixture.trail.record(1_000, by, Some(SESSION), what, content);
            Change::Audit(record.unwrap())
        });
    let written = fixture
        .trail
        .store()
        .write(SESSION, changes.collect(), Durability::Flushed);
    written.await.unwrap();
    let verdict = fixture.reader().verify(Vec::new()).unwrap();
    assert!(verdict.holds());
    let query = Query {
        format: Format::Ocsf,
        after: 0,
        since: None,
        session: Some(SESSION),
        content: true,
    };
    let machine = Machine {
        hostname: "desk-1".to_owned(),
    };
    let mut out = Vec::new();
    export(&fixture.reader(), &query, &machine, &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// By the pages of the framework of version 1.3.0: class, activity, status, severity.
#[tokio::test]
async fn each_record_is_exported_in_its_class_with_its_activity() {
    let events = events(Content::Hashed).await;
    let found: Vec<[u64; 4]> = events
        .iter()
        .map(|event| {
            assert_eq!(event["category_uid"], event["class_uid"].as_u64().unwrap() / 1000);
            ["class_uid", "activity_id", "status_id", "severity_id"].map(|name| event[name].as_u64().unwrap())
        })
        .collect();
    let expected = [
        [6002, 3, 1, 1],
        [1007, 1, 1, 1],
        [1007, 2, 1, 1],
        [1008, 99, 2, 3],
        [1001, 1, 1, 1],
        [1001, 3, 1, 1],
        [1001, 4, 1, 1],
        [1001, 5, 1, 1],
        [1001, 6, 1, 1],
        [1001, 99, 1, 1],
        [1001, 99, 1, 1],
        [1001, 99, 2, 3],
        [4001, 2, 1, 1],
        [4001, 5, 2, 3],
        [4001, 4, 2, 3],
        [6002, 4, 2, 1],
        [1008, 99, 2, 3],
    ];
    assert_eq!(found, expected);
}

#[tokio::test]
async fn events_of_processes_files_and_connections_have_what_their_class_asks_for() {
    let events = events(Content::Full).await;
    for (index, pointer, value) in [
        (0, "/app/name", json!("Deskhand sandbox")),
        (1, "/process/pid", json!(8)),
        (1, "/process/name", json!("grep")),
        (1, "/process/cmd_line", json!(format!(r#"["grep","{WORDS}"]"#))),
        (1, "/process/user/uid", json!("1000")),
        (1, "/process/parent_process/pid", json!(1)),
        (1, "/process/created_time", json!(5)),
        (1, "/device/type_id", json!(6)),
        (1, "/device/hostname", json!("desk-1")),
        (1, "/actor/app_name", json!("agent")),
        (2, "/process/pid", json!(8)),
        (2, "/exit_code", json!(-9)),
        (3, "/log_name", json!("sandbox")),
        (3, "/unmapped/count", json!(3)),
        (4, "/file/path", json!(format!("/srv/{WORDS}.xlsx"))),
        (4, "/file/name", json!(format!("{WORDS}.xlsx"))),
        (4, "/file/type_id", json!(0)),
        (4, "/file/size", json!(7)),
        (4, "/device/type_id", json!(0)),
        (7, "/file_result/path", json!("/srv/plan.xlsx")),
        (12, "/dst_endpoint/hostname", json!("example.com")),
        (12, "/dst_endpoint/port", json!(443)),
        (12, "/traffic/bytes_out", json!(10)),
        (12, "/traffic/bytes_in", json!(20)),
        (12, "/connection_info/direction_id", json!(2)),
        (12, "/duration", json!(30)),
        (13, "/status_code", json!("not_listed")),
        (15, "/unmapped/why", json!("failed")),
        (16, "/unmapped/count", json!(9)),
    ] {
        assert_eq!(
            events[index].pointer(pointer),
            Some(&value),
            "{pointer} of {}",
            events[index]
        );
    }
}

#[tokio::test]
async fn a_path_or_an_argument_that_was_not_kept_is_not_made_up() {
    let events = events(Content::Hashed).await;
    assert_eq!(events[1]["process"].get("cmd_line"), None);
    assert_eq!(events[1]["process"].get("name"), None);
    assert_eq!(
        events[4]["file"],
        json!({ "name": "not given out", "type_id": 0, "size": 7 })
    );
    assert_eq!(events[7].get("file_result"), None);
    assert_eq!(
        events[4]["unmapped"]["content"]["digest"].as_str().unwrap().len(),
        64
    );
}

#[test]
fn a_command_that_was_left_to_run_and_who_ended_it_are_records_without_its_words() {
    let started = EventBody::BackgroundStarted {
        command: BackgroundCommand {
            id: CommandId::from_text("command-1"),
            number: 1,
            call: CallId::from_text("toolu_1"),
            command: WORDS.to_owned(),
            folders: [true, false, false]
                .map(|read_only| CommandFolder {
                    path: WORDS.to_owned(),
                    read_only,
                })
                .to_vec(),
            seconds: 600,
        },
    };
    let records = all_of_event(&started, Actor::Unknown);
    let [(Actor::Agent, what, Some(content))] = records.as_slice() else {
        panic!("{records:?}");
    };
    assert!(
        matches!(what, What::BackgroundStarted { writable: 2, .. }),
        "{what:?}"
    );
    assert!(String::from_utf8_lossy(content).contains(WORDS));
    assert!(!line(Actor::Agent, what.clone()).contains("Q3"));

    for (by, actor) in [
        (CommandEnd::Itself, Actor::Agent),
        (CommandEnd::Agent, Actor::Agent),
        (CommandEnd::Person(FrontEndKind::Excel), Actor::Excel),
        (CommandEnd::Mode, Actor::Service),
        (CommandEnd::Folder, Actor::Service),
        (CommandEnd::Service, Actor::Service),
    ] {
        let ended = EventBody::CommandEnded {
            command: CommandId::from_text("command-1"),
            call: CallId::from_text("toolu_1"),
            by,
            how: WORDS.to_owned(),
        };
        let records = all_of_event(&ended, Actor::Unknown);
        let [(who, what, Some(_))] = records.as_slice() else {
            panic!("{records:?}");
        };
        assert_eq!(*who, actor, "{by:?}");
        let record = line(*who, what.clone());
        assert!(record.contains("command-1") && !record.contains("Q3"), "{record}");
    }
}
