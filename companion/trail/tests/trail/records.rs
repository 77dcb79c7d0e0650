//! What records say, and what they never say.

use deskhand_protocol::event::ToolOutcome;
use deskhand_protocol::hello::FrontEndKind;
use deskhand_protocol::message::{Block, StopReason, Usage};
use deskhand_protocol::permission::{Choice, SettledBy};
use deskhand_protocol::{CallId, DocumentId, EventBody, MessageId, PermissionId, TurnId};
use deskhand_trail::{Actor, Entry, Id, Record, What, of_event};
use pretty_assertions::assert_eq;

const WORDS: &str = "Q3 loss of 4 million";
const ID: &str = "0193a1b2-0000-7000-8000-000000000001";

fn started(call: &str, name: &str, document: &str) -> EventBody {
    EventBody::ToolCallStarted {
        turn: TurnId::from_text(ID),
        call: CallId::from_text(call),
        name: name.to_owned(),
        input: serde_json::json!({ "text": WORDS }),
        title: WORDS.to_owned(),
        document: Some(DocumentId::from_text(document)),
        target: Some(WORDS.to_owned()),
    }
}

fn text(event: &EventBody) -> String {
    let (by, what, _) = of_event(event, Actor::Terminal).unwrap();
    let record = Record::new(by, "ada", None, what);
    String::from_utf8(record.to_bytes().unwrap()).unwrap()
}

#[test]
fn a_record_takes_over_nothing_that_a_model_wrote() {
    for (event, kept) in [
        (started(WORDS, WORDS, WORDS), "toolCallStarted"),
        (started("toolu_1", "range_read", "Q3-loss"), "toolu_1"),
        (started("toolu_1", "range_read", ID), "range_read"),
        (started("toolu_1", "range_read", ID), ID),
    ] {
        let record = text(&event);
        assert!(!record.contains("Q3") && record.contains(kept), "{record}");
    }
}

#[test]
fn content_of_prompts_calls_and_answers_stands_beside_the_record() {
    let message = |text: &str| EventBody::MessageCompleted {
        turn: TurnId::from_text(ID),
        message: MessageId::from_text(ID),
        blocks: vec![Block::Text {
            text: text.to_owned(),
        }],
        stop: StopReason::EndTurn,
        usage: Usage {
            input: 1,
            output: 2,
            cache_read: 3,
            cache_write: 4,
            cost: None,
        },
    };
    let prompt = EventBody::PromptAccepted {
        turn: TurnId::from_text(ID),
        client_id: WORDS.to_owned(),
        text: WORDS.to_owned(),
        from: FrontEndKind::Powerpoint,
        documents: Vec::new(),
        selection: Some(WORDS.to_owned()),
        model: WORDS.to_owned(),
        mode: deskhand_protocol::session::PermissionMode::Ask,
        budget: None,
        steering: false,
    };
    let completed = EventBody::ToolCallCompleted {
        turn: TurnId::from_text(ID),
        call: CallId::from_text("toolu_1"),
        outcome: ToolOutcome::Failed,
        title: WORDS.to_owned(),
        output: WORDS.to_owned(),
        attachments: Vec::new(),
        tier: None,
        duration_ms: 3,
    };
    let attached = EventBody::FolderAttached {
        path: WORDS.to_owned(),
        read_only: true,
    };
    for event in [
        message(WORDS),
        prompt,
        completed,
        attached,
        started("c", "range_read", ID),
    ] {
        let (_, _, content) = of_event(&event, Actor::Terminal).unwrap();
        let content = String::from_utf8(content.unwrap()).unwrap();
        assert!(content.contains(WORDS), "{content}");
        let record = text(&event);
        assert!(!record.contains("Q3"), "{record}");
    }
    assert!(text(&message("x")).contains(r#""inputTokens":8,"outputTokens":2"#));
}

#[test]
fn says_who_settled_a_question() {
    let settled = |by| EventBody::PermissionSettled {
        permission: PermissionId::from_text(ID),
        choice: Choice::Deny,
        by,
        folder: None,
    };
    for (by, actor) in [
        (SettledBy::Person(FrontEndKind::Window), Actor::Window),
        (SettledBy::Policy, Actor::Policy),
        (SettledBy::Mode, Actor::Service),
    ] {
        assert_eq!(of_event(&settled(by), Actor::Terminal).unwrap().0, actor);
    }
}

#[test]
fn progress_is_no_record() {
    let delta = EventBody::TextDelta {
        message: MessageId::from_text(ID),
        text: WORDS.to_owned(),
    };
    assert!(of_event(&delta, Actor::Agent).is_none());
}

#[test]
fn ids_hold_no_words() {
    for (text, kept) in [
        (ID, ID),
        ("toolu_01", "toolu_01"),
        ("two words", ""),
        ("a/path", ""),
        ("ä", ""),
        (&"x".repeat(65), ""),
    ] {
        assert_eq!(Id::of(text).as_str(), kept, "{text}");
    }
}

#[test]
fn a_record_reads_as_it_was_written() {
    let record = Record::new(
        Actor::Terminal,
        "ada\n",
        Some(uuid::Uuid::from_u128(1)),
        What::FolderDetached {},
    );
    assert_eq!(record.user, "ada");
    let read = Entry::parse(&record.to_bytes().unwrap());
    assert_eq!(read.session(), record.session);
    assert_eq!(read, Entry::Known(Box::new(record)));
}

#[test]
fn what_this_version_does_not_know_is_given_as_it_is() {
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    for text in [r#"{"type":"laterKind","session":7}"#, "not json", "", "7", &deep] {
        let read = Entry::parse(text.as_bytes());
        assert!(matches!(read, Entry::Other(_)), "{text}");
        assert_eq!(read.session(), None);
    }
    assert!(matches!(Entry::parse(&[0xff, 0xfe]), Entry::Other(_)));
}
