//! Marked words in every field that holds content: none leaves unless its category is on, and then those of that category alone.

use deskhand_protocol::change::{ChangeEntry, ChangeSet};
use deskhand_protocol::document::{DocumentKind, DocumentState, DocumentView};
use deskhand_protocol::event::{PlanState, PlanStep, ToolOutcome, TurnOutcome};
use deskhand_protocol::hello::FrontEndKind;
use deskhand_protocol::message::{Block, StopReason, Usage};
use deskhand_protocol::permission::{AskReason, BeforeAfter, Choice, PermissionRequest, RiskNote, SettledBy};
use deskhand_protocol::sandbox::{FileChange, Sight};
use deskhand_protocol::session::PermissionMode;
use deskhand_protocol::{DocumentId, ErrorCode, EventBody, UserError};
use deskhand_telemetry::content::{Capture, Category};
use deskhand_telemetry::record::Signals;
use proptest::prelude::*;
use proptest::sample::subsequence;
use serde_json::json;

use crate::play::{Play, id};

/// Where content of a category stands, by the mark that is put there.
const MARKS: [(&str, &[Category]); 7] = [
    ("ZQPROMPT", &[Category::UserPrompts]),
    ("ZQANSWER", &[Category::AssistantResponses, Category::UserPrompts]),
    ("ZQINPUT", &[Category::ToolDetails]),
    ("ZQPLACE", &[Category::ToolDetails]),
    ("ZQTOOL", &[Category::ToolDetails]),
    ("ZQOUTPUT", &[Category::ToolContent]),
    // In no setting: thinking, summaries, plans, questions, values before and after, details of errors.
    ("ZQNEVER", &[]),
];

/// A session with a mark in every field that can hold a text from outside.
fn play(capture: Capture, filler: &str, outcome: ToolOutcome) -> Signals {
    let mut play = Play::new(capture);
    let never = || never(filler);
    let title = || format!("{filler} ZQPROMPT");
    play.say(EventBody::SessionCreated {
        title: title(),
        tour: false,
    });
    play.say(EventBody::SessionRenamed { title: title() });
    play.say(EventBody::DocumentAttached {
        document: DocumentView {
            id: DocumentId::from_text("book"),
            kind: DocumentKind::Workbook,
            title: format!("ZQPLACE {filler}"),
            path: Some(never()),
            state: DocumentState::Live,
        },
    });
    play.say(EventBody::PromptAccepted {
        turn: id::turn(),
        client_id: "client".to_owned(),
        text: format!("{filler} ZQPROMPT {filler}"),
        from: FrontEndKind::Excel,
        documents: Vec::new(),
        selection: Some(never()),
        model: "model".to_owned(),
        mode: PermissionMode::Ask,
        budget: None,
        steering: false,
    });
    answer(&mut play, filler);
    call(&mut play, filler, outcome);
    end(&mut play, filler);
    play.told
}

fn never(filler: &str) -> String {
    format!("{filler} ZQNEVER {filler}")
}

fn error(filler: &str) -> UserError {
    UserError::new(ErrorCode::InferenceTimeout)
        .happened(never(filler))
        .detail(never(filler))
}

fn answer(play: &mut Play, filler: &str) {
    let never = || never(filler);
    play.say(EventBody::ContextGiven {
        turn: id::turn(),
        text: never(),
    });
    play.say(EventBody::RetryScheduled {
        turn: id::turn(),
        error: error(filler),
        attempt: 2,
        wait_ms: 1,
    });
    play.say(EventBody::MessageStarted {
        turn: id::turn(),
        message: id::message(1),
    });
    play.say(EventBody::TextDelta {
        message: id::message(1),
        text: never(),
    });
    let blocks = vec![
        Block::Thinking {
            thinking: never(),
            signature: never(),
        },
        Block::Text {
            text: format!("ZQANSWER {filler}"),
        },
        Block::ToolUse {
            id: id::call(),
            name: "ZQTOOL".to_owned(),
            input: json!({ "a": never() }),
        },
    ];
    let usage = Usage::default();
    let stop = StopReason::Other(never());
    play.say(EventBody::MessageCompleted {
        turn: id::turn(),
        message: id::message(1),
        blocks,
        stop,
        usage,
    });
    let steps = vec![PlanStep {
        title: never(),
        state: PlanState::Done,
    }];
    play.say(EventBody::PlanUpdated {
        turn: id::turn(),
        call: id::call(),
        steps,
    });
}

fn end(play: &mut Play, filler: &str) {
    let never = || never(filler);
    let usage = Usage::default();
    play.say(EventBody::CompactionStarted {
        turn: id::turn(),
        message: id::message(2),
    });
    play.say(EventBody::ContextCompacted {
        turn: id::turn(),
        message: id::message(2),
        summary: never(),
        kept: 0,
        cut_at: None,
        before: 1,
        usage,
    });
    play.say(EventBody::Notice {
        text: never(),
        error: Some(error(filler)),
    });
    let document = DocumentId::from_text("book");
    play.say(EventBody::FileSaved {
        document,
        path: never(),
        size: 1,
        title: never(),
    });
    play.say(EventBody::TurnEnded {
        turn: id::turn(),
        outcome: TurnOutcome::Failed(error(filler)),
        usage,
    });
}

fn call(play: &mut Play, filler: &str, outcome: ToolOutcome) {
    let never = || never(filler);
    play.say(EventBody::ToolCallStarted {
        turn: id::turn(),
        call: id::call(),
        name: "ZQTOOL".to_owned(),
        input: json!({ "ZQINPUT": [filler, { "b": "ZQINPUT" }] }),
        title: never(),
        document: None,
        target: Some(format!("ZQPLACE {filler}")),
    });
    play.say(EventBody::ToolCallWaiting {
        call: id::call(),
        error: UserError::new(ErrorCode::Internal).detail(never()),
    });
    ask(play, filler);
    change(play, filler);
    sandbox(play, filler);
    let failed = outcome != ToolOutcome::Done;
    play.say(EventBody::ToolCallCompleted {
        turn: id::turn(),
        call: id::call(),
        outcome,
        title: never(),
        // What a failed tool says is a detail as well as content.
        output: if failed {
            "it failed".to_owned()
        } else {
            format!("{filler} ZQOUTPUT")
        },
        attachments: Vec::new(),
        tier: None,
        duration_ms: 1,
    });
}

fn sandbox(play: &mut Play, filler: &str) {
    let place = || format!("ZQPLACE {filler}");
    let connection = |refused: Option<String>| Sight::Connection {
        host: place(),
        port: 443,
        refused,
        sent: 1,
        received: 2,
        duration_ms: 3,
    };
    let file = |change| Sight::File {
        change,
        path: place(),
        to: Some(place()),
        bytes: Some(1),
    };
    play.say(EventBody::ToolCallOutput {
        call: id::call(),
        text: never(filler),
    });
    play.say(EventBody::SandboxSeen {
        call: Some(id::call()),
        seen: vec![
            Sight::Started {
                at: 1,
                process: 2,
                parent: 1,
                user: 0,
                arguments: vec![place(), format!("ZQINPUT {filler}")],
            },
            file(FileChange::Written),
            file(FileChange::Refused),
            connection(None),
            connection(Some("not_listed".to_owned())),
            // No code of ours: words that somebody else chose.
            connection(Some(never(filler))),
        ],
        left_out: 1,
    });
}

fn ask(play: &mut Play, filler: &str) {
    let never = || never(filler);
    let row = BeforeAfter {
        cell: never(),
        label: Some(never()),
        now: never(),
        after: never(),
        formula: false,
    };
    let request = PermissionRequest {
        id: id::permission(),
        turn: id::turn(),
        call: id::call(),
        question: never(),
        reason: AskReason::ReachesOutside,
        scope: never(),
        document: None,
        path: Some(never()),
        folder: Some(never()),
        directory: None,
        web: None,
        command: None,
        read: Vec::new(),
        rows: vec![row],
        total: 1,
        risks: vec![RiskNote {
            cells: never(),
            reach: never(),
            rule: never(),
        }],
        choices: vec![Choice::AllowOnce],
    };
    play.say(EventBody::PermissionRequested { request });
    play.say(EventBody::PermissionSettled {
        permission: id::permission(),
        choice: Choice::AllowOnce,
        by: SettledBy::Person(FrontEndKind::Window),
        folder: Some(never()),
    });
}

fn change(play: &mut Play, filler: &str) {
    let never = || never(filler);
    let entry = ChangeEntry {
        document: DocumentId::from_text("ZQPLACE"),
        kind: DocumentKind::File,
        title: never(),
        target: format!("ZQPLACE {filler}"),
        count: 1,
        sources: Vec::new(),
    };
    let (turn, by, at) = (id::turn(), id::call(), 0);
    let change_set = ChangeSet {
        id: id::change_set(),
        turn,
        call: by,
        at,
        title: never(),
        entries: vec![entry],
    };
    play.say(EventBody::ChangeSetApplied { change_set });
    play.say(EventBody::ChangedSince {
        change_set: id::change_set(),
        targets: vec![never()],
    });
    play.say(EventBody::ChangeSetUndone {
        change_set: id::change_set(),
        kept: vec![never()],
    });
}

proptest! {
    #[test]
    fn no_content_leaves_unless_its_category_is_on(
        categories in subsequence(Category::ALL.to_vec(), 0..=5),
        filler in "[a-zé\"\\\\ ]{0,40}",
        done in any::<bool>(),
    ) {
        let outcome = if done { ToolOutcome::Done } else { ToolOutcome::Failed };
        let told = format!("{:?}", play(Capture::of(categories.clone()), &filler, outcome));
        for (mark, opened_by) in MARKS {
            let open = opened_by.iter().any(|category| categories.contains(category));
            prop_assert_eq!(told.contains(mark), open && (done || mark != "ZQOUTPUT"), "{} with {:?}", mark, categories);
        }
    }
}
