//! Exports: each form, and which records they hold.

use deskhand_protocol::permission::{Choice, SettledBy};
use deskhand_protocol::session::PermissionMode;
use deskhand_trail::{Actor, Content, Format, Id, Machine, Query, What, export};
use pretty_assertions::assert_eq;
use serde_json::Value;

use crate::support::{Fixture, SESSION};

const PROMPT: &str = "=HYPERLINK(\"https://example.com\"), is that \"right\"?";

fn prompt() -> What {
    What::PromptAccepted {
        turn: Id::of("t1"),
        mode: PermissionMode::Ask,
        documents: 2,
        steering: false,
    }
}

/// Records of many kinds: two of the session, with content.
async fn filled(content: Content) -> Fixture {
    let fixture = Fixture::new(content).await;
    fixture.note(1_000).await;
    fixture.say(2_000, prompt(), PROMPT).await;
    let settled = What::PermissionSettled {
        permission: Id::of("p1"),
        choice: Choice::Deny,
        by_what: SettledBy::Policy,
    };
    fixture.say(3_000, settled, "/folder").await;
    let others = [
        What::EgressRefused {
            destination: "webSearch".to_owned(),
            host: "example.com".to_owned(),
            port: 443,
            key: "webSearchEnabled".to_owned(),
        },
        What::PolicyChanged {
            key: "deskhandEnabled".to_owned(),
            origin: "file".to_owned(),
            old: None,
            new: Some("ab".repeat(32)),
        },
        What::SignInFailed {
            provider: "gateway".to_owned(),
            code: "AUTH".to_owned(),
        },
        What::FrontEndConnected { token: None },
        What::AuditSwept { through: 3, days: 9 },
        What::AuditAtFault { faults: 1 },
    ];
    for (what, at) in others.into_iter().zip(4..) {
        let written = fixture.trail.write(at * 1_000, Actor::Service, None, what);
        written.await.unwrap();
    }
    fixture
}

fn query(format: Format) -> Query {
    Query {
        format,
        after: 0,
        since: None,
        session: None,
        content: false,
    }
}

fn exported(fixture: &Fixture, query: &Query) -> (u64, String) {
    let machine = Machine {
        hostname: "desk-1".to_owned(),
    };
    let mut out = Vec::new();
    let written = export(&fixture.reader(), query, &machine, &mut out).unwrap();
    (written, String::from_utf8(out).unwrap())
}

fn lines(fixture: &Fixture, query: &Query) -> Vec<Value> {
    let (written, text) = exported(fixture, query);
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(written as usize, lines.len());
    lines
}

fn numbers(lines: &[Value]) -> Vec<u64> {
    lines
        .iter()
        .map(|line| line["number"].as_u64().unwrap())
        .collect()
}

#[tokio::test]
async fn json_lines_hold_every_record_and_no_content_that_was_not_kept() {
    let fixture = filled(Content::Hashed).await;
    let all = lines(
        &fixture,
        &Query {
            content: true,
            ..query(Format::Jsonl)
        },
    );
    assert_eq!(numbers(&all), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    let said = &all[1];
    for (name, value) in [
        ("type", Value::from("promptAccepted")),
        ("by", "excel".into()),
        ("user", "ada".into()),
        ("time", "1970-01-01T00:00:02Z".into()),
        ("session", SESSION.to_string().into()),
        ("documents", 2.into()),
    ] {
        assert_eq!(said[name], value, "{name}");
    }
    assert_eq!(said["content"]["length"], PROMPT.len());
    assert_eq!(said["content"]["digest"].as_str().unwrap().len(), 64);
    assert_eq!(said["content"].get("text"), None);
}

#[tokio::test]
async fn kept_content_is_given_out_where_it_is_asked_for() {
    let fixture = filled(Content::Full).await;
    let of = |content| {
        let query = Query {
            content,
            ..query(Format::Jsonl)
        };
        lines(&fixture, &query)[1]["content"].get("text").cloned()
    };
    assert_eq!(of(true), Some(PROMPT.into()));
    assert_eq!(of(false), None);
}

#[tokio::test]
async fn chooses_by_number_time_and_session() {
    let fixture = filled(Content::Hashed).await;
    let chosen = |after, since, session| {
        let query = Query {
            after,
            since,
            session,
            ..query(Format::Jsonl)
        };
        numbers(&lines(&fixture, &query))
    };
    assert_eq!(chosen(7, None, None), [8, 9]);
    assert_eq!(chosen(0, Some(8_000), None), [8, 9]);
    assert_eq!(chosen(8, Some(8_000), None), [9]);
    assert_eq!(chosen(0, None, Some(SESSION)), [2, 3]);
    assert_eq!(chosen(0, Some(9_999_999), None), [0; 0]);
    assert_eq!(chosen(99, None, None), [0; 0]);
}

#[tokio::test]
async fn a_table_quotes_its_fields_and_holds_no_formula() {
    let fixture = filled(Content::Full).await;
    let (_, text) = exported(
        &fixture,
        &Query {
            content: true,
            ..query(Format::Csv)
        },
    );
    let mut lines = text.split("\r\n");
    let head = "number,time,at,type,by,user,session,details,content_length,content_digest,link,content";
    assert_eq!(lines.next(), Some(head));
    let said = lines.nth(1).unwrap();
    assert!(
        said.starts_with("2,1970-01-01T00:00:02Z,2000,promptAccepted,excel,ada,"),
        "{said}"
    );
    assert!(
        said.contains(r#""{""turn"":""t1"",""mode"":""ask"",""documents"":2,""steering"":false}""#),
        "{said}"
    );
    assert!(
        said.ends_with(r#""'=HYPERLINK(""https://example.com""), is that ""right""?""#),
        "{said}"
    );
    assert_eq!(text.matches("\r\n").count(), 10);
}

/// What the pages of the framework ask of each class, beside what every event has.
#[tokio::test]
async fn events_have_what_their_class_asks_for() {
    let fixture = filled(Content::Hashed).await;
    let events = lines(&fixture, &query(Format::Ocsf));
    let asked: [(u64, u64, &[&str]); 9] = [
        (6002, 3, &["/app/name", "/app/version"]),
        (
            6003,
            1,
            &["/actor/user/name", "/api/operation", "/src_endpoint/svc_name"],
        ),
        (
            6003,
            3,
            &["/actor/user/name", "/api/operation", "/src_endpoint/svc_name"],
        ),
        (4001, 5, &["/dst_endpoint/hostname", "/dst_endpoint/port"]),
        (5019, 1, &["/device/hostname", "/unmapped/key"]),
        (3002, 1, &["/user/name", "/service/name"]),
        (3002, 1, &["/user/name", "/service/name"]),
        (1008, 2, &["/log_name", "/actor/user/name", "/device/hostname"]),
        (2004, 1, &["/finding_info/uid", "/finding_info/title"]),
    ];
    assert_eq!(events.len(), asked.len());
    for (event, (class, activity, pointers)) in events.iter().zip(asked) {
        let base = [
            ("class_uid", class),
            ("category_uid", class / 1000),
            ("activity_id", activity),
            ("type_uid", class * 100 + activity),
        ];
        for (name, value) in base {
            assert_eq!(event[name], value, "{name} of {event}");
        }
        let always = [
            "/time",
            "/severity_id",
            "/status_id",
            "/metadata/version",
            "/metadata/product/name",
            "/metadata/uid",
        ];
        for pointer in always.iter().chain(pointers) {
            assert!(
                event.pointer(pointer).is_some_and(|value| !value.is_null()),
                "{pointer} of {event}"
            );
        }
    }
    let refused: Vec<u64> = events
        .iter()
        .map(|event| event["status_id"].as_u64().unwrap())
        .collect();
    assert_eq!(refused, [1, 1, 2, 2, 1, 2, 1, 1, 1]);
}

#[tokio::test]
async fn a_writer_that_takes_no_more_ends_the_export() {
    struct Full;
    impl std::io::Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let fixture = filled(Content::Hashed).await;
    let machine = Machine {
        hostname: String::new(),
    };
    let ended = export(&fixture.reader(), &query(Format::Jsonl), &machine, &mut Full);
    assert!(matches!(ended, Err(deskhand_trail::ExportError::Write(_))));
}
