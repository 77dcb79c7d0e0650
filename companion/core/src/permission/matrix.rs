//! Every mode, tool, policy and grant against one table. The first line that fits says what must come out.

use deskhand_operations::Effect;
use deskhand_policy::types::ToolRules;
use deskhand_policy::{Encoding, PolicyValue as _};
use deskhand_protocol::hello::FrontEndKind;
use deskhand_protocol::permission::{Choice, SettledBy};
use deskhand_protocol::session::PermissionMode::{self, Act, Ask as AskFirst, ReadOnly};
use deskhand_protocol::{DocumentId, PermissionId};
use serde_json::json;

use super::{Decision, Grant, LASTING, LastingGrant, Place, Standing, choices, decide};
use crate::rules::Rules;
use crate::tool::{
    Ask, AskReason, DIRECTORY_TOOL, FileSubject, FolderTool, MEMORY_TOOL, Prepared, model_operations,
    tool_name,
};

const FOLDER: &str = "/srv/plans";
const PATH: &str = "/srv/plans/budget.txt";
const NOW: i64 = 1_000_000_000_000;

/// What a call is to somebody who is asked about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Reads,
    /// Nothing that is there is touched.
    Adds,
    /// A question of this reason about a document.
    Document(AskReason),
    /// The same about a file.
    File(AskReason),
    /// A folder is asked for.
    Attaches,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Policy {
    Silent,
    ToolOff,
    FileToolOff,
    AsksTool,
    AsksAboutThisFile,
    AsksAboutOthers,
    ActClosed,
    LastingClosed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Given {
    Nothing,
    SessionHere,
    SessionElsewhere,
    SessionForAnotherKind,
    AlwaysHere,
    AlwaysElsewhere,
    AlwaysExpired,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seen {
    /// Nothing of others was read.
    Nothing,
    /// It was, and the person named the file.
    ButNamed,
    /// It was, and the person did not; nor did they choose the document, but another.
    NotNamed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Must {
    Free,
    Ask,
    ByMode,
    BySession,
    ByAlways,
    NotByMode,
    NotByPolicy,
}

#[derive(Clone, Copy, Debug)]
struct Case {
    kind: Kind,
    on_disk: bool,
    mode: PermissionMode,
    policy: Policy,
    given: Given,
    seen: Seen,
}

type Line = (fn(Case) -> bool, Must);

/// The table.
const TABLE: &[Line] = &[
    // Switched off is switched off, whatever was granted.
    (|case| case.policy == Policy::ToolOff, Must::NotByPolicy),
    // A folder is attached by a person alone: in every mode, whatever was granted, under every other rule.
    (|case| case.kind == Kind::Attaches, Must::Ask),
    (
        |case| case.policy == Policy::FileToolOff && case.on_disk,
        Must::NotByPolicy,
    ),
    // Read only is read only.
    (
        |case| case.mode == ReadOnly && case.kind != Kind::Reads,
        Must::NotByMode,
    ),
    // A rule of the organisation asks each time, also before reading.
    (|case| case.policy == Policy::AsksTool, Must::Ask),
    (
        |case| case.policy == Policy::AsksAboutThisFile && case.on_disk,
        Must::Ask,
    ),
    // A document that was not chosen, once others had a word: asked, unless a person said for longer than once.
    (
        |case| case.kind == Kind::Adds && case.seen == Seen::NotNamed && case.given == Given::SessionHere,
        Must::BySession,
    ),
    (
        |case| case.kind == Kind::Adds && case.seen == Seen::NotNamed,
        Must::Ask,
    ),
    // What touches nothing that is there is free.
    (|case| matches!(case.kind, Kind::Reads | Kind::Adds), Must::Free),
    // Risky: always asked.
    (
        |case| {
            is(
                case,
                &[
                    AskReason::Removes,
                    AskReason::ReachesOutside,
                    AskReason::Ruled,
                    AskReason::Remembers,
                ],
            )
        },
        Must::Ask,
    ),
    // What a person said for longer than once.
    (|case| case.given == Given::SessionHere, Must::BySession),
    (
        |case| {
            let may = matches!(case.kind, Kind::File(AskReason::Creates | AskReason::Edits));
            case.given == Given::AlwaysHere && case.policy != Policy::LastingClosed && may
        },
        Must::ByAlways,
    ),
    // The mode that acts: looks, and files that the person named or that nobody else can have named.
    (
        |case| case.mode == Act && case.policy == Policy::ActClosed,
        Must::Ask,
    ),
    (
        |case| {
            let looks = case.kind == Kind::Document(AskReason::Reformats);
            case.mode == Act && looks && case.seen != Seen::NotNamed
        },
        Must::ByMode,
    ),
    (
        |case| {
            let may = matches!(case.kind, Kind::File(AskReason::Creates | AskReason::Edits));
            case.mode == Act && may && case.seen != Seen::NotNamed
        },
        Must::ByMode,
    ),
    (|_| true, Must::Ask),
];

fn is(case: Case, reasons: &[AskReason]) -> bool {
    matches!(case.kind, Kind::Document(reason) | Kind::File(reason) if reasons.contains(&reason))
}

fn ask(reason: AskReason) -> Ask {
    Ask {
        reason,
        question: String::new(),
        scope: String::new(),
        rows: Vec::new(),
        total: 1,
        risks: Vec::new(),
    }
}

/// Every tool with what a call of it can be: the tool, its effect, the kinds, and whether it works on documents.
fn tools() -> Vec<(String, Effect, Vec<Kind>)> {
    use AskReason::{Creates, Edits, Overwrites, ReachesOutside, Reformats, Remembers, Removes, Ruled};
    let of_effect = |effect: Effect| match effect {
        Effect::Read => vec![Kind::Reads],
        Effect::Add => vec![Kind::Adds, Kind::Document(ReachesOutside)],
        Effect::Change | Effect::Remove => {
            let reasons = [Reformats, Overwrites, Removes, ReachesOutside, Ruled];
            reasons
                .map(Kind::Document)
                .into_iter()
                .chain([Kind::Adds])
                .collect()
        }
    };
    let operations = model_operations().map(|one| (tool_name(one), one.effect, of_effect(one.effect)));
    let folder = FolderTool::ALL.into_iter().map(|tool| {
        let (effect, kinds) = match tool {
            FolderTool::Glob | FolderTool::Grep | FolderTool::Read | FolderTool::Open => {
                (Effect::Read, vec![Kind::Reads])
            }
            FolderTool::Create => (
                Effect::Add,
                [Creates, Ruled, ReachesOutside].map(Kind::File).to_vec(),
            ),
            FolderTool::Write => (
                Effect::Change,
                vec![Kind::File(Creates), Kind::File(Overwrites), Kind::Adds],
            ),
            FolderTool::Edit => (Effect::Change, vec![Kind::File(Edits)]),
            FolderTool::Delete => (Effect::Remove, vec![Kind::File(Removes)]),
        };
        (tool.name().to_owned(), effect, kinds)
    });
    let memory = (
        MEMORY_TOOL.to_owned(),
        Effect::Change,
        vec![Kind::File(Remembers)],
    );
    let directory = (DIRECTORY_TOOL.to_owned(), Effect::Read, vec![Kind::Attaches]);
    operations.chain(folder).chain([memory, directory]).collect()
}

fn rules(policy: Policy, tool: &str, file_tool: &str) -> Rules {
    let asked = |rule: &str| ToolRules::parse(&json!({ rule: "ask" }), Encoding::Json).expect("rules");
    let none = ToolRules::default();
    let with = |disabled: &str, asks: &ToolRules| Rules::new(&[disabled.to_owned()], asks);
    match policy {
        Policy::Silent => Rules::default(),
        Policy::ToolOff => with(tool, &none),
        Policy::FileToolOff => with(file_tool, &none),
        Policy::AsksTool => with("-", &asked(tool)),
        Policy::AsksAboutThisFile => with("-", &asked(&format!("{file_tool}(**/*.txt)"))),
        Policy::AsksAboutOthers => with("-", &asked(&format!("{file_tool}(**/*.env)"))),
        Policy::ActClosed => Rules::default().with_act(false),
        Policy::LastingClosed => Rules::default().with_lasting(false),
    }
}

/// The grants of the session and those that last.
fn given(given: Given, kind: Kind) -> (Vec<Grant>, Vec<LastingGrant>) {
    let reason = match kind {
        Kind::Document(reason) | Kind::File(reason) => reason,
        Kind::Adds => AskReason::Elsewhere,
        Kind::Attaches => AskReason::Attaches,
        Kind::Reads => return (Vec::new(), Vec::new()),
    };
    let is_file = matches!(kind, Kind::File(_) | Kind::Attaches);
    let place = |here: bool| match (is_file, here) {
        (true, true) => Place::Folder(FOLDER.to_owned()),
        (true, false) => Place::Folder("/srv".to_owned()),
        (false, true) => Place::Document(DocumentId::from_text("d")),
        (false, false) => Place::Document(DocumentId::from_text("e")),
    };
    let id = PermissionId::from_text("g");
    let session = |reason: AskReason, place: Place| {
        vec![Grant {
            id: id.clone(),
            reason,
            place,
        }]
    };
    let lasting = |folder: &str, expires_at: i64| {
        vec![LastingGrant {
            id: id.clone(),
            reason,
            folder: folder.to_owned(),
            granted_at: expires_at - LASTING,
            expires_at,
            from: FrontEndKind::Window,
        }]
    };
    let another = if reason == AskReason::Edits {
        AskReason::Creates
    } else {
        AskReason::Edits
    };
    match given {
        Given::Nothing => (Vec::new(), Vec::new()),
        Given::SessionHere => (session(reason, place(true)), Vec::new()),
        Given::SessionElsewhere => (session(reason, place(false)), Vec::new()),
        Given::SessionForAnotherKind => (session(another, place(true)), Vec::new()),
        Given::AlwaysHere => (Vec::new(), lasting(FOLDER, NOW + LASTING)),
        Given::AlwaysElsewhere => (Vec::new(), lasting("/srv", NOW + LASTING)),
        Given::AlwaysExpired => (Vec::new(), lasting(FOLDER, NOW)),
    }
}

fn prepared(effect: Effect, case: Case) -> Prepared {
    let is_file = matches!(case.kind, Kind::File(_) | Kind::Attaches);
    Prepared {
        directory: None,
        web: None,
        command: None,
        effect,
        document: (!is_file).then(|| DocumentId::from_text("d")),
        file: case.on_disk.then(|| FileSubject {
            path: PATH.to_owned(),
            folder: Some(FOLDER.to_owned()),
        }),
        ask: match case.kind {
            Kind::Reads | Kind::Adds => None,
            Kind::Document(reason) | Kind::File(reason) => Some(ask(reason)),
            Kind::Attaches => Some(ask(AskReason::Attaches)),
        },
    }
}

/// The rules of a policy for a tool, with the file tool that it stands for.
fn rules_for(tool: &str, effect: Effect, policy: Policy) -> Rules {
    let stands_for = match FolderTool::of_name(tool) {
        Some(tool) => tool.part_of().unwrap_or(tool),
        None if effect == Effect::Read => FolderTool::Read,
        None => FolderTool::Edit,
    };
    rules(policy, tool, stands_for.name())
}

fn outcome(tool: &str, effect: Effect, case: Case, rules: &Rules) -> Must {
    let (grants, lasting) = given(case.given, case.kind);
    let (own, other) = (DocumentId::from_text("d"), DocumentId::from_text("other"));
    let standing = Standing {
        now: NOW,
        mode: case.mode,
        grants: &grants,
        lasting: &lasting,
        rules,
        marked: case.seen != Seen::Nothing,
        words: if case.seen == Seen::NotNamed {
            "sum it up in mybudget.txt"
        } else {
            "sum it up in budget.txt"
        },
        chosen: std::slice::from_ref(if case.seen == Seen::NotNamed { &other } else { &own }),
    };
    match decide(&standing, tool, &prepared(effect, case)) {
        Decision::Free => Must::Free,
        Decision::Ask | Decision::AskElsewhere | Decision::AskByRule(_) => Must::Ask,
        Decision::Allowed(SettledBy::Mode, None) => Must::ByMode,
        Decision::Allowed(SettledBy::SessionGrant, Some(_)) => Must::BySession,
        Decision::Allowed(SettledBy::LastingGrant, Some(_)) => Must::ByAlways,
        Decision::Denied(SettledBy::Mode) => Must::NotByMode,
        Decision::Denied(SettledBy::Policy) => Must::NotByPolicy,
        other => panic!("no decision is like this: {other:?}"),
    }
}

#[test]
#[expect(
    clippy::too_many_lines,
    reason = "one loop in another for each column of the table"
)]
fn every_mode_tool_policy_and_grant_comes_out_as_the_table_says() {
    use Given::{
        AlwaysElsewhere, AlwaysExpired, AlwaysHere, Nothing, SessionElsewhere, SessionForAnotherKind,
        SessionHere,
    };
    use Policy::{
        ActClosed, AsksAboutOthers, AsksAboutThisFile, AsksTool, FileToolOff, LastingClosed, Silent, ToolOff,
    };
    let policies = [
        Silent,
        ToolOff,
        FileToolOff,
        AsksTool,
        AsksAboutThisFile,
        AsksAboutOthers,
        ActClosed,
        LastingClosed,
    ];
    let grants = [
        Nothing,
        SessionHere,
        SessionElsewhere,
        SessionForAnotherKind,
        AlwaysHere,
        AlwaysElsewhere,
        AlwaysExpired,
    ];
    let mut used = vec![0_u32; TABLE.len()];
    let mut cases = 0;
    for (tool, effect, kinds) in tools() {
        let is_file_tool = FolderTool::of_name(&tool).is_some();
        let seen = [Seen::Nothing, Seen::ButNamed, Seen::NotNamed];
        for kind in kinds {
            for on_disk in [true, false] {
                for (mode, policy) in [AskFirst, Act, ReadOnly]
                    .into_iter()
                    .flat_map(|mode| policies.map(|policy| (mode, policy)))
                {
                    let rules = rules_for(&tool, effect, policy);
                    for (given, seen) in grants
                        .into_iter()
                        .flat_map(|given| seen.map(|seen| (given, seen)))
                    {
                        // Glob and Grep are about no single file; the other file tools always are.
                        let fits = match FolderTool::of_name(&tool) {
                            Some(FolderTool::Glob | FolderTool::Grep) => !on_disk,
                            Some(_) => on_disk,
                            None => true,
                        };
                        let own_name_is_file_tool = is_file_tool && policy == FileToolOff;
                        if !fits || own_name_is_file_tool {
                            continue;
                        }
                        let case = Case {
                            kind,
                            on_disk,
                            mode,
                            policy,
                            given,
                            seen,
                        };
                        let line = TABLE
                            .iter()
                            .position(|(fits, _)| fits(case))
                            .expect("the last line");
                        used[line] += 1;
                        cases += 1;
                        assert_eq!(
                            outcome(&tool, effect, case, &rules),
                            TABLE[line].1,
                            "{tool} {case:?}, line {line}"
                        );
                    }
                }
            }
        }
    }
    assert!(
        used.iter().all(|times| *times > 0),
        "a line that fits nothing: {used:?}"
    );
    assert!(cases > 100_000, "{cases}");
}

#[test]
fn answers_for_longer_than_once_are_offered_only_where_they_count() {
    let rules = Rules::default();
    let closed = Rules::default().with_lasting(false);
    for (reason, has_folder, rules, expected) in [
        (AskReason::Edits, true, &rules, "once session always deny"),
        (AskReason::Creates, true, &rules, "once session always deny"),
        (AskReason::Creates, true, &closed, "once session deny"),
        (AskReason::Creates, false, &rules, "once session deny"),
        (AskReason::Overwrites, true, &rules, "once session deny"),
        (AskReason::Reformats, false, &rules, "once session deny"),
        (AskReason::Ruled, true, &rules, "once deny"),
        (AskReason::Remembers, true, &rules, "once deny"),
        (AskReason::Removes, true, &rules, "once deny"),
        (AskReason::ReachesOutside, true, &rules, "once deny"),
        (AskReason::Attaches, true, &rules, "once deny"),
        (AskReason::SendsOut, false, &rules, "once deny"),
        (AskReason::Browses, false, &rules, "once session deny"),
        (AskReason::Searches, false, &rules, "once session deny"),
    ] {
        let words = choices(reason, has_folder, rules)
            .into_iter()
            .map(|choice| match choice {
                Choice::AllowOnce => "once",
                Choice::AllowSession => "session",
                Choice::AllowAlways => "always",
                Choice::Deny => "deny",
            });
        assert_eq!(words.collect::<Vec<_>>().join(" "), expected, "{reason:?}");
    }
}
