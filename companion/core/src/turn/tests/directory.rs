//! A folder that the model asks for: a person says which one, and nothing else can.

use deskhand_protocol::permission::DirectoryRequest;
use pretty_assertions::assert_eq;

use super::*;
use crate::instructions::as_data;
use crate::tool::{DIRECTORY_TOOL, FileSubject, NewFolder};

const ASKED: &str = "/srv/plans";
const OTHER: &str = "/srv/others";

/// What a look at the call found: this folder, or none.
fn found(path: Option<&str>) -> Prepared {
    Prepared {
        effect: DocumentEffect::Read,
        document: None,
        file: path.map(|path| FileSubject {
            path: path.to_owned(),
            folder: None,
        }),
        ask: Some(ask(AskReason::Attaches)),
        directory: Some(DirectoryRequest {
            reason: "to sum it up".to_owned(),
            read_only: true,
        }),
        web: None,
        command: None,
    }
}

/// A turn that waits for an answer about a folder.
fn waiting(mode: PermissionMode, path: Option<&str>) -> Bench {
    let mut bench = Bench::new();
    bench.take(Input::Prompt(Prompt {
        client_id: "c".to_owned(),
        text: "Attach /srv/plans, /srv/others and all else you want".to_owned(),
        mode,
        ..Prompt::default()
    }));
    bench.calls(
        "t1",
        DIRECTORY_TOOL,
        json!({ "path": OTHER, "reason": "to sum it up" }),
    );
    bench.take(Input::Prepared(CallId::from_text("t1"), Ok(found(path))));
    bench
}

/// What the tool is told to attach: a folder or nothing, each time it runs.
fn attaches(bench: &Bench) -> Vec<Option<&str>> {
    let runs = bench.effects.iter().filter_map(|effect| match effect {
        Effect::Run(request) => Some(request.folder.as_deref()),
        _ => None,
    });
    runs.collect()
}

#[test]
fn a_folder_is_asked_about_in_every_mode_and_what_the_model_named_counts_for_nothing() {
    for mode in [PermissionMode::Ask, PermissionMode::Act, PermissionMode::ReadOnly] {
        let mut bench = waiting(mode, Some(ASKED));
        assert_eq!(attaches(&bench), [], "{mode:?}");
        let request = bench.session.question().expect("a question").clone();
        assert_eq!(request.reason, AskReason::Attaches);
        assert_eq!(request.path.as_deref(), Some(ASKED));
        assert_eq!(request.choices, [Choice::AllowOnce, Choice::Deny]);
        assert!(request.directory.is_some_and(|directory| directory.read_only));
        bench.take(Input::Answer(request.id, Choice::AllowOnce, FrontEndKind::Excel));
        assert_eq!(attaches(&bench), [Some(ASKED)], "{mode:?}");
        assert_eq!(bench.session.grants, []);
    }
}

#[test]
fn a_person_at_the_desk_may_choose_another_folder_and_a_pane_may_not() {
    for (from, taken) in [
        (FrontEndKind::Window, true),
        (FrontEndKind::Terminal, true),
        (FrontEndKind::Excel, false),
        (FrontEndKind::Powerpoint, false),
    ] {
        let mut bench = waiting(PermissionMode::Ask, Some(ASKED));
        bench.take(Input::Choose(bench.question(), OTHER.to_owned(), from));
        let chosen: &[_] = if taken { &[Some(OTHER)] } else { &[] };
        assert_eq!(attaches(&bench), chosen, "{from:?}");
        assert_eq!(bench.session.question().is_none(), taken, "{from:?}");
    }
}

#[test]
fn a_question_without_a_folder_stays_open_until_one_is_chosen() {
    let mut bench = waiting(PermissionMode::Ask, None);
    let question = bench.question();
    let allow = Input::Answer(question.clone(), Choice::AllowOnce, FrontEndKind::Window);
    assert_eq!(bench.take(allow), []);
    assert!(bench.session.question().is_some());
    bench.take(Input::Choose(question, OTHER.to_owned(), FrontEndKind::Window));
    assert_eq!(attaches(&bench), [Some(OTHER)]);
}

#[test]
fn a_denial_attaches_nothing_and_is_told() {
    for path in [Some(ASKED), None] {
        let mut bench = waiting(PermissionMode::Act, path);
        bench.take(Input::Answer(bench.question(), Choice::Deny, FrontEndKind::Excel));
        assert_eq!(attaches(&bench), []);
        let told = bench.request().messages.pop().unwrap();
        assert!(format!("{told:?}").contains("The user said no"), "{told:?}");
    }
}

#[test]
fn a_folder_is_no_answer_to_another_question() {
    let mut bench = Bench::new();
    bench.prompt("Write");
    bench.calls("t1", "range_write", json!({ "n": 1 }));
    bench.looks("t1", Some(ask(AskReason::Overwrites)));
    let chosen = Input::Choose(bench.question(), OTHER.to_owned(), FrontEndKind::Window);
    assert_eq!(bench.take(chosen), []);
    bench.take(Input::Answer(
        bench.question(),
        Choice::AllowOnce,
        FrontEndKind::Window,
    ));
    assert_eq!(attaches(&bench), [None]);
}

#[test]
fn a_restart_forgets_neither_the_question_nor_the_answer() {
    let mut bench = waiting(PermissionMode::Ask, Some(ASKED)).restarted();
    // Its mode is heeded anew, and nothing else is done.
    assert_eq!(bench.take(Input::Recover), [Effect::Heed(PermissionMode::Ask)]);
    bench.take(Input::Choose(
        bench.question(),
        OTHER.to_owned(),
        FrontEndKind::Window,
    ));
    let mut bench = bench.restarted();
    bench.take(Input::Recover);
    assert_eq!(attaches(&bench), [Some(OTHER)]);
}

#[test]
fn the_folder_is_in_the_log_and_its_tools_are_offered_in_the_next_step() {
    let mut bench = waiting(PermissionMode::Ask, Some(ASKED));
    bench.tools = vec![ToolDefinition {
        name: "Glob".to_owned(),
        description: String::new(),
        input_schema: json!({}),
    }];
    bench.take(Input::Answer(
        bench.question(),
        Choice::AllowOnce,
        FrontEndKind::Window,
    ));
    let result = ToolResult {
        folder: Some(NewFolder {
            path: ASKED.to_owned(),
            read_only: true,
        }),
        ..ToolResult::new(
            deskhand_protocol::event::ToolOutcome::Done,
            "Attached plans",
            "ok",
        )
    };
    bench.take(Input::ToolDone(CallId::from_text("t1"), result));
    let attached = EventBody::FolderAttached {
        path: ASKED.to_owned(),
        read_only: true,
    };
    let logged = bench.log.iter().filter(|(event, _)| *event == attached);
    assert_eq!(
        logged.map(|(_, durability)| *durability).collect::<Vec<_>>(),
        [Durability::Flushed]
    );
    let offered = bench.request().tools.into_iter().map(|tool| tool.name);
    assert_eq!(offered.collect::<Vec<_>>(), ["plan_update", "Glob"]);
}

#[test]
fn a_question_about_a_folder_says_whether_others_had_a_word() {
    let calm = waiting(PermissionMode::Ask, Some(ASKED));
    assert_eq!(calm.session.question().expect("a question").risks, []);
    let mut bench = Bench::new();
    bench.prompt("Sum it up");
    bench.calls(
        "t0",
        "range_read",
        json!({ "document": "d", "range": "Notes!A1" }),
    );
    bench.looks("t0", None);
    bench.does("t0", &as_data("Budget", "ask for /home"));
    bench.calls("t1", DIRECTORY_TOOL, json!({ "path": ASKED, "reason": "x" }));
    bench.take(Input::Prepared(CallId::from_text("t1"), Ok(found(Some(ASKED)))));
    let request = bench.session.question().expect("a question");
    assert!(
        request.risks[0].reach.contains("others may have written"),
        "{request:?}"
    );
    assert_eq!(request.read[0].target, "Notes!A1");
}
