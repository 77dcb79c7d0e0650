//! Commands in the sandbox: who is asked, by mode, by what was read, by grants and by rules.

use deskhand_operations::Effect;
use deskhand_protocol::PermissionId;
use deskhand_protocol::permission::{CommandFolder, CommandRequest, SettledBy};
use deskhand_protocol::session::PermissionMode::{Act, Ask as AskFirst, ReadOnly};
use serde_json::json;

use super::{Decision, Grant, Place, Standing, decide};
use crate::rules::Rules;
use crate::tool::{Ask, AskReason, BASH_TOOL, Prepared};

fn prepared(command: &str, folders: bool, hosts: bool) -> Prepared {
    Prepared {
        effect: Effect::Change,
        document: None,
        file: None,
        ask: Some(Ask {
            reason: AskReason::Runs,
            question: String::new(),
            scope: String::new(),
            rows: Vec::new(),
            total: 0,
            risks: Vec::new(),
        }),
        directory: None,
        web: None,
        command: Some(CommandRequest {
            command: command.to_owned(),
            ..seen(folders, hosts)
        }),
    }
}

/// What a command sees and reaches.
fn seen(folders: bool, hosts: bool) -> CommandRequest {
    let folder = CommandFolder {
        path: "/srv/plans".to_owned(),
        read_only: false,
    };
    CommandRequest {
        command: String::new(),
        folders: folders.then_some(folder).into_iter().collect(),
        hosts: hosts.then(|| "example.com".to_owned()).into_iter().collect(),
        more_hosts: 0,
        seconds: 120,
        background: false,
    }
}

fn standing<'a>(rules: &'a Rules, grants: &'a [Grant]) -> Standing<'a> {
    Standing {
        now: 0,
        mode: AskFirst,
        grants,
        lasting: &[],
        rules,
        marked: false,
        words: "",
        chosen: &[],
    }
}

#[test]
fn a_command_is_asked_about_unless_the_mode_acts_and_nobody_else_had_a_word_or_a_person_said_for_the_session()
{
    let rules = Rules::default();
    let prepared = prepared("ls", true, true);
    let grants = [Grant {
        id: PermissionId::from_text("g"),
        reason: AskReason::Runs,
        place: Place::Sandbox(seen(true, true)),
    }];
    let by_mode = Decision::Allowed(SettledBy::Mode, None);
    let by_grant = Decision::Allowed(SettledBy::SessionGrant, Some(PermissionId::from_text("g")));
    for (mode, marked, granted, expected) in [
        (AskFirst, false, false, Decision::Ask),
        (AskFirst, true, true, by_grant.clone()),
        (Act, false, false, by_mode),
        (Act, true, false, Decision::Ask),
        (Act, true, true, by_grant),
        (ReadOnly, false, true, Decision::Denied(SettledBy::Mode)),
    ] {
        let grants = if granted { &grants[..] } else { &[] };
        let standing = Standing {
            mode,
            marked,
            ..standing(&rules, grants)
        };
        assert_eq!(
            decide(&standing, BASH_TOOL, &prepared),
            expected,
            "{mode:?} {marked} {granted}"
        );
    }
    let closed = Rules::default().with_act(false);
    let acting = Standing {
        mode: Act,
        ..standing(&closed, &[])
    };
    assert_eq!(decide(&acting, BASH_TOOL, &prepared), Decision::Ask);
}

#[test]
fn an_answer_for_the_session_is_about_what_the_command_saw_and_reached() {
    let rules = Rules::default();
    let folder = |path: &str, read_only| CommandFolder {
        path: path.to_owned(),
        read_only,
    };
    for (folders, hosts, more_hosts, covered) in [
        (vec![], vec![], 0, true),
        (vec![folder("/srv/plans", false)], vec!["example.com"], 0, true),
        (vec![folder("/srv/plans", true)], vec![], 0, true),
        (vec![folder("/srv/others", true)], vec![], 0, false),
        (vec![folder("/srv/read", true)], vec![], 0, true),
        (vec![folder("/srv/read", false)], vec![], 0, false),
        (vec![], vec!["example.org"], 0, false),
        (vec![], vec![], 1, false),
    ] {
        let mut granted = seen(true, true);
        granted.folders.push(folder("/srv/read", true));
        let grants = [Grant {
            id: PermissionId::from_text("g"),
            reason: AskReason::Runs,
            place: Place::Sandbox(granted),
        }];
        let mut now = prepared("ls", false, false);
        now.command = Some(CommandRequest {
            folders: folders.clone(),
            hosts: hosts.iter().map(|host| (*host).to_owned()).collect(),
            more_hosts,
            ..seen(false, false)
        });
        let decision = decide(&standing(&rules, &grants), BASH_TOOL, &now);
        let allowed = matches!(decision, Decision::Allowed(SettledBy::SessionGrant, _));
        assert_eq!(allowed, covered, "{folders:?} {hosts:?} {more_hosts}");
    }
}

#[test]
fn rules_for_commands_and_for_what_a_command_could_do_ask_each_time() {
    let grants = [Grant {
        id: PermissionId::from_text("g"),
        reason: AskReason::Runs,
        place: Place::Sandbox(seen(true, true)),
    }];
    for (rule, command, folders, hosts, asks) in [
        ("Bash", "ls", false, false, true),
        ("*", "ls", false, false, true),
        ("bash(curl *)", "ls; curl x", false, false, true),
        ("Bash(curl *)", "ls", true, true, false),
        ("Edit(**/*.env)", "ls", true, false, true),
        ("Read(**/*.env)", "ls", true, false, true),
        ("Delete", "ls", true, false, true),
        ("Edit(**/*.env)", "ls", false, true, false),
        ("WebFetch(domain:example.org)", "ls", false, true, true),
        ("WebFetch(domain:example.org)", "ls", true, false, false),
        ("WebSearch", "ls", true, true, false),
        ("*(**/*.env)", "ls", true, false, true),
        ("*(**/*.env)", "ls", false, true, false),
        ("*(domain:example.org)", "ls", false, true, true),
        ("Grep", "ls", true, false, true),
        ("document_open", "ls", true, false, true),
        ("Bash(domain:example.org)", "ls", false, false, true),
    ] {
        let rules = Rules::asking(&json!({ rule: "ask" })).expect("a rule");
        let decision = decide(
            &standing(&rules, &grants),
            BASH_TOOL,
            &prepared(command, folders, hosts),
        );
        let asked = matches!(decision, Decision::AskByRule(_));
        assert_eq!(asked, asks, "{rule} {command} {folders} {hosts}: {decision:?}");
    }
}

#[test]
fn commands_see_of_folders_what_the_tools_for_files_may_do() {
    for (disabled, sees) in [
        (&[][..], Some(false)),
        (&["Edit"][..], Some(true)),
        (&["write"][..], Some(true)),
        (&["Read"][..], None),
        (&["Read", "Edit"][..], None),
        (&["Delete"][..], Some(true)),
        (&["Glob"][..], Some(false)),
    ] {
        let disabled: Vec<String> = disabled.iter().map(|name| (*name).to_owned()).collect();
        let rules = Rules::new(&disabled, &deskhand_policy::types::ToolRules::default());
        assert_eq!(rules.folders_of_commands(), sees, "{disabled:?}");
    }
    let off = Rules::new(
        &["bash".to_owned()],
        &deskhand_policy::types::ToolRules::default(),
    );
    assert!(!off.offers(BASH_TOOL) && !off.offers(crate::tool::BASH_OUTPUT_TOOL));
    let denied = decide(&standing(&off, &[]), BASH_TOOL, &prepared("ls", false, false));
    assert_eq!(denied, Decision::Denied(SettledBy::Policy));
}
