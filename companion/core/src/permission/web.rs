//! Calls on the web: who is asked, by mode, by what was read, by grants and by rules.

use deskhand_operations::Effect;
use deskhand_protocol::PermissionId;
use deskhand_protocol::permission::{SettledBy, WebRequest};
use deskhand_protocol::session::PermissionMode::{self, Act, Ask as AskFirst, ReadOnly};
use serde_json::json;

use super::{Decision, Grant, Place, Standing, decide, is_host_named};
use crate::rules::Rules;
use crate::tool::{Ask, AskReason, FETCH_TOOL, Prepared};

fn page(reason: Option<AskReason>) -> Prepared {
    Prepared {
        effect: Effect::Read,
        document: None,
        file: None,
        ask: reason.map(|reason| Ask {
            reason,
            question: String::new(),
            scope: String::new(),
            rows: Vec::new(),
            total: 0,
            risks: Vec::new(),
        }),
        directory: None,
        web: Some(WebRequest {
            host: "example.com".to_owned(),
            sent: "https://example.com/rates".to_owned(),
        }),
        command: None,
    }
}

struct Case<'a> {
    mode: PermissionMode,
    marked: bool,
    words: &'a str,
    grants: &'a [Grant],
    rules: Rules,
    reason: Option<AskReason>,
}

impl Default for Case<'_> {
    fn default() -> Self {
        Self {
            mode: AskFirst,
            marked: true,
            words: "what are the rates",
            grants: &[],
            rules: Rules::default(),
            reason: Some(AskReason::Browses),
        }
    }
}

fn decided(case: &Case<'_>) -> Decision {
    let standing = Standing {
        now: 0,
        mode: case.mode,
        grants: case.grants,
        lasting: &[],
        rules: &case.rules,
        marked: case.marked,
        words: case.words,
        chosen: &[],
    };
    decide(&standing, FETCH_TOOL, &page(case.reason))
}

fn grant(reason: AskReason, host: &str) -> Grant {
    Grant {
        id: PermissionId::from_text("g"),
        reason,
        place: Place::Host(host.to_owned()),
    }
}

#[test]
fn a_page_is_asked_about_unless_the_mode_acts_and_nobody_else_can_have_named_its_host() {
    let by_mode = Decision::Allowed(SettledBy::Mode, None);
    for (mode, marked, words, expected) in [
        (AskFirst, false, "read example.com", Decision::Ask),
        (ReadOnly, false, "read example.com", Decision::Ask),
        (Act, false, "what are the rates", by_mode.clone()),
        (Act, true, "what are the rates", Decision::Ask),
        (
            Act,
            true,
            "read https://example.com/rates, please",
            by_mode.clone(),
        ),
        (Act, true, "it is on example.com.", by_mode),
        (Act, true, "https://example.org/?see=example.comm", Decision::Ask),
        (Act, true, "read notexample.com", Decision::Ask),
        (Act, true, "read example.com.example.org", Decision::Ask),
        (
            Act,
            true,
            "read my-example.com and www.example.com",
            Decision::Ask,
        ),
    ] {
        let case = Case {
            mode,
            marked,
            words,
            ..Case::default()
        };
        assert_eq!(decided(&case), expected, "{mode:?} {marked} {words}");
    }
}

#[test]
fn a_word_or_the_name_of_a_file_names_no_host() {
    for (words, host, named) in [
        ("summarise notes.md", "notes.md", false),
        ("what does the budget say", "budget", false),
        ("read https://notes.md/rates", "notes.md", true),
        ("read http://budget/", "budget", true),
        ("read http://budget.example.com/", "budget", false),
        ("read notes.example", "notes.example", true),
    ] {
        assert_eq!(is_host_named(words, host), named, "{words}: {host}");
    }
}

#[test]
fn what_could_carry_content_is_asked_about_whatever_was_granted_or_named() {
    let grants = [
        grant(AskReason::SendsOut, "example.com"),
        grant(AskReason::Browses, "example.com"),
    ];
    for mode in [AskFirst, Act, ReadOnly] {
        let case = Case {
            mode,
            marked: false,
            words: "read example.com",
            grants: &grants,
            reason: Some(AskReason::SendsOut),
            ..Case::default()
        };
        assert_eq!(decided(&case), Decision::Ask, "{mode:?}");
    }
}

#[test]
fn an_answer_for_the_session_holds_for_its_host_alone() {
    let id = PermissionId::from_text("g");
    for (reason, host, expected) in [
        (
            AskReason::Browses,
            "example.com",
            Decision::Allowed(SettledBy::SessionGrant, Some(id)),
        ),
        (AskReason::Browses, "www.example.com", Decision::Ask),
        (AskReason::Searches, "example.com", Decision::Ask),
        (AskReason::Edits, "example.com", Decision::Ask),
    ] {
        let grants = [grant(reason, host)];
        let case = Case {
            grants: &grants,
            ..Case::default()
        };
        assert_eq!(decided(&case), expected, "{reason:?} {host}");
    }
}

#[test]
fn a_search_is_asked_about_once_others_had_a_word_whatever_the_person_named() {
    for (marked, expected) in [
        (false, Decision::Allowed(SettledBy::Mode, None)),
        (true, Decision::Ask),
    ] {
        let case = Case {
            mode: Act,
            marked,
            words: "search example.com",
            reason: Some(AskReason::Searches),
            ..Case::default()
        };
        assert_eq!(decided(&case), expected, "{marked}");
    }
}

#[test]
fn rules_of_the_organisation_come_before_mode_and_grants() {
    let grants = [grant(AskReason::Browses, "example.com")];
    let asked = |rule: &str| Rules::asking(&json!({ rule: "ask" })).expect("rules");
    let by_rule = |rule: &str| Decision::AskByRule(rule.to_owned());
    for (rules, expected) in [
        (asked("WebFetch"), by_rule("WebFetch")),
        (
            asked("WebFetch(domain:example.com)"),
            by_rule("WebFetch(domain:example.com)"),
        ),
        (
            Rules::new(
                &["webfetch".to_owned()],
                &deskhand_policy::types::ToolRules::default(),
            ),
            Decision::Denied(SettledBy::Policy),
        ),
    ] {
        let case = Case {
            mode: Act,
            marked: false,
            grants: &grants,
            rules,
            ..Case::default()
        };
        assert_eq!(decided(&case), expected);
    }
}

#[test]
fn what_the_gate_will_refuse_is_no_question() {
    let case = Case {
        reason: None,
        ..Case::default()
    };
    assert_eq!(decided(&case), Decision::Free);
}
