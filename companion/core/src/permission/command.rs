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
    let folder = CommandFolder {
        path: "/srv/plans".to_owned(),
        read_only: false,
    };
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
            folders: folders.then_some(folder).into_iter().collect(),
            hosts: hosts.then(|| "example.com".to_owned()).into_iter().collect(),
            more_hosts: 0,
        }),
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
        place: Place::Sandbox,
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
fn rules_for_commands_and_for_what_a_command_could_do_ask_each_time() {
    let grants = [Grant {
        id: PermissionId::from_text("g"),
        reason: AskReason::Runs,
        place: Place::Sandbox,
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
