//! One call of a tool: begin, look, ask, run, end.

use deskhand_protocol::document::DocumentView;
use deskhand_protocol::hello::FrontEndKind;
use deskhand_protocol::methods::Caller;
use deskhand_protocol::permission::{AskReason, Choice, PermissionRequest, RiskNote, SettledBy};
use deskhand_protocol::{CallId, EventBody, PermissionId, TurnId};

use super::outcome::{completed, denied, denied_by, failed, started, stopped};
use super::{Effect, Step, describe, plan};
use crate::permission::{Decision, LASTING, LastingGrant, Standing, choices, decide};
use crate::ports::Durability;
use crate::session::{Call, Phase, RunState, Running};
use crate::tool::{Ask, Prepared, ToolFailure, ToolRequest, ToolResult, may_change};

impl Step<'_, '_> {
    pub(super) fn update_plan(&mut self, call: &Call) {
        let Some(turn) = self.session.turn.as_ref().map(|turn| turn.id.clone()) else {
            return;
        };
        match plan::parse(&call.input) {
            Ok(steps) => {
                let event = EventBody::PlanUpdated {
                    turn,
                    call: call.id.clone(),
                    steps,
                };
                self.append(vec![event], Durability::Flushed);
            }
            Err(reason) => {
                let started = started(&turn, call);
                let result = failed("The plan was not understood", reason);
                let completed = completed(turn, call, self.world.now, self.world.now, &result);
                self.append(vec![started, completed], Durability::Flushed);
            }
        }
    }

    /// Begins a call: on disk first, then it is looked at what it would do.
    pub(super) fn begin(&mut self, call: &Call) {
        let Some(turn) = self.session.turn.as_ref().map(|turn| turn.id.clone()) else {
            return;
        };
        self.append(vec![started(&turn, call)], Durability::Flushed);
        let request = self.request(call, turn);
        self.effects.push(Effect::Prepare(request));
    }

    pub(super) fn request(&self, call: &Call, turn: TurnId) -> ToolRequest {
        ToolRequest {
            session: self.session.id.clone(),
            turn,
            call: call.id.clone(),
            name: call.name.clone(),
            input: call.input.clone(),
            folder: self.running(&call.id).and_then(|running| running.folder.clone()),
            command: self
                .running(&call.id)
                .and_then(|running| running.command.as_deref().cloned()),
        }
    }

    pub(super) fn prepared(&mut self, call: &CallId, prepared: Result<Prepared, ToolFailure>) {
        let prepared = match prepared {
            Ok(prepared) => prepared,
            Err(failure) => return self.tool_done(call, &failed(&failure.title, failure.output)),
        };
        let Some(turn) = &self.session.turn else { return };
        if turn.cancelled {
            return self.tool_done(call, &stopped());
        }
        let Phase::Tool(Running { call: called, .. }) = &turn.phase else {
            return;
        };
        let standing = Standing {
            now: self.world.now,
            mode: turn.mode,
            grants: &self.session.grants,
            lasting: self.world.lasting,
            rules: self.world.rules,
            marked: self.session.marked,
            words: &turn.words,
            chosen: &turn.chosen,
        };
        let called = called.clone();
        match decide(&standing, &called.name, &prepared) {
            Decision::Free => self.run(),
            Decision::Allowed(by, grant) => {
                let allowed = EventBody::CallAllowed {
                    call: call.clone(),
                    by,
                    grant,
                };
                self.append(vec![allowed], Durability::Flushed);
                self.run();
            }
            Decision::Ask => {
                // Where nothing is to be asked, nothing is touched.
                let Some(ask) = prepared.ask.clone() else {
                    return self.run();
                };
                self.ask(&called, prepared, ask);
            }
            Decision::AskElsewhere => {
                let ask = plain(&called, &prepared, AskReason::Elsewhere);
                self.ask(&called, prepared, ask);
            }
            Decision::AskByRule(rule) => {
                let ask = ruled(&called, &prepared, &rule);
                self.ask(&called, prepared, ask);
            }
            Decision::Denied(by) => self.tool_done(call, &denied_by(by)),
        }
    }

    fn ask(&mut self, call: &Call, prepared: Prepared, mut ask: Ask) {
        if ask.reason == AskReason::Attaches && self.session.marked {
            ask.risks.push(of_others());
        }
        let turn = self.session.turn.as_ref();
        let has_folder = prepared.file.as_ref().is_some_and(|file| file.folder.is_some());
        let is_file = prepared.document.is_none();
        let (path, folder) = prepared
            .file
            .map_or((None, None), |file| (Some(file.path), file.folder));
        let request = PermissionRequest {
            id: PermissionId::new(self.world.now, (self.world.chance)()),
            turn: turn.map_or_else(|| TurnId::from_text(""), |turn| turn.id.clone()),
            call: call.id.clone(),
            choices: choices(ask.reason, has_folder && is_file, self.world.rules),
            question: ask.question,
            reason: ask.reason,
            scope: ask.scope,
            document: prepared.document,
            path,
            folder: folder.filter(|_| is_file),
            directory: prepared.directory,
            web: prepared.web,
            command: prepared.command.map(Box::new),
            read: turn.map_or_else(Vec::new, |turn| turn.read.iter().rev().cloned().collect()),
            rows: ask.rows,
            total: ask.total,
            risks: ask.risks,
        };
        self.append(
            vec![EventBody::PermissionRequested { request }],
            Durability::Flushed,
        );
    }

    pub(super) fn run(&mut self) {
        let Some(turn) = &mut self.session.turn else {
            return;
        };
        let Phase::Tool(running) = &mut turn.phase else {
            return;
        };
        running.state = RunState::Going;
        let (call, turn) = (running.call.clone(), turn.id.clone());
        let request = self.request(&call, turn);
        self.effects.push(Effect::Run(request));
    }

    /// Takes a person's answer. A question about a folder stays open where the answer leaves open which one.
    pub(super) fn answer(
        &mut self,
        permission: &PermissionId,
        choice: Choice,
        chosen: Option<String>,
        from: FrontEndKind,
    ) {
        let Some(request) = self
            .session
            .question()
            .filter(|request| request.id == *permission)
        else {
            return;
        };
        let choice = if request.choices.contains(&choice) {
            choice
        } else {
            Choice::Deny
        };
        if chosen.is_some() && !(request.directory.is_some() && Caller::Desktop.admits(from)) {
            return;
        }
        let suggested = request.path.clone().filter(|_| request.directory.is_some());
        let folder = chosen.or(suggested).filter(|_| choice != Choice::Deny);
        if request.directory.is_some() && choice != Choice::Deny && folder.is_none() {
            return;
        }
        let call = request.call.clone();
        let lasting = match (choice, &request.folder) {
            (Choice::AllowAlways, Some(folder)) => Some(LastingGrant {
                id: permission.clone(),
                reason: request.reason,
                folder: folder.clone(),
                granted_at: self.world.now,
                expires_at: self.world.now + LASTING,
                from,
            }),
            _ => None,
        };
        let event = EventBody::PermissionSettled {
            permission: permission.clone(),
            choice,
            by: SettledBy::Person(from),
            folder,
        };
        self.append(vec![event], Durability::Flushed);
        self.effects.extend(lasting.map(Effect::Grant));
        if choice == Choice::Deny {
            self.tool_done(&call, &denied("The user said no to this step."));
        } else {
            self.run();
        }
    }

    /// Answers an open question about a change with no, for the mode of the turn allows none; true where there was one.
    pub(super) fn settle_by_mode(&mut self) -> bool {
        let asking = self.session.turn.as_ref().and_then(|turn| match &turn.phase {
            Phase::Tool(Running {
                call,
                state: RunState::Asking(request),
                ..
            }) => Some((call.clone(), request.id.clone())),
            _ => None,
        });
        let Some((call, permission)) = asking.filter(|(call, _)| may_change(&call.name)) else {
            return false;
        };
        let settled = EventBody::PermissionSettled {
            permission,
            choice: Choice::Deny,
            by: SettledBy::Mode,
            folder: None,
        };
        self.append(vec![settled], Durability::Flushed);
        self.tool_done(&call.id, &denied_by(SettledBy::Mode));
        true
    }

    pub(super) fn tool_done(&mut self, call: &CallId, result: &ToolResult) {
        let Some(running) = self.running(call).cloned() else {
            return;
        };
        let Some(turn) = self.session.turn.as_ref().map(|turn| turn.id.clone()) else {
            return;
        };
        let is_new = |document: &&DocumentView| self.session.documents.get(&document.id) != Some(*document);
        let opened = result.documents.iter().filter(is_new).cloned();
        let folder = result.folder.iter().map(|folder| EventBody::FolderAttached {
            path: folder.path.clone(),
            read_only: folder.read_only,
        });
        let mut events: Vec<EventBody> = folder
            .chain(opened.map(|document| EventBody::DocumentAttached { document }))
            .collect();
        if let Some(change_set) = result.change_set.clone() {
            events.push(EventBody::ChangeSetApplied { change_set });
        }
        events.push(completed(
            turn,
            &running.call,
            running.since,
            self.world.now,
            result,
        ));
        self.append(events, Durability::Flushed);
        self.next();
    }
}

/// What a person should know of a folder that is asked for once others had a word.
fn of_others() -> RiskNote {
    RiskNote {
        cells: "This session".to_owned(),
        reach: "has read what others may have written, and this may come from them".to_owned(),
        rule: "Attach a folder only if you know what it is needed for.".to_owned(),
    }
}

/// The question that a rule of the organisation asks, together with the one that the call asks anyway.
fn ruled(call: &Call, prepared: &Prepared, rule: &str) -> Ask {
    let asked = prepared.ask.clone();
    let asked = asked.unwrap_or_else(|| plain(call, prepared, AskReason::Ruled));
    let note = RiskNote {
        cells: place_of(call, prepared),
        reach: "is something that your organisation wants to be asked about".to_owned(),
        rule: format!("The rule is `{rule}`; it asks every time."),
    };
    Ask {
        reason: asked.reason.max(AskReason::Ruled),
        risks: std::iter::once(note).chain(asked.risks).collect(),
        ..asked
    }
}

/// The question about a call that says nothing of what would change.
fn plain(call: &Call, prepared: &Prepared, reason: AskReason) -> Ask {
    let scope = match reason {
        AskReason::Elsewhere => "You did not choose this document for this prompt. Undo takes it back.",
        _ => "Nothing is done before you answer.",
    };
    let doing = describe(&call.name, &call.input).title;
    Ask {
        reason,
        question: format!("{doing} {}: go on?", place_of(call, prepared)),
        scope: scope.to_owned(),
        rows: Vec::new(),
        total: 1,
        risks: Vec::new(),
    }
}

/// The file that a call works on, or the place that it names.
fn place_of(call: &Call, prepared: &Prepared) -> String {
    let path = prepared.file.as_ref().map(|file| file.path.clone());
    let host = prepared.web.as_ref().map(|web| web.host.clone());
    path.or(host)
        .or_else(|| describe(&call.name, &call.input).target)
        .unwrap_or_default()
}
