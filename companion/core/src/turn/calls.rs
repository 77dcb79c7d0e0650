//! One call of a tool: begin, look, ask, run, end.

use deskhand_protocol::permission::{Choice, PermissionRequest, SettledBy};
use deskhand_protocol::{CallId, DocumentId, EventBody, PermissionId, TurnId};

use super::outcome::{completed, denied, failed, started, stopped};
use super::{Effect, Step, plan};
use crate::permission::{Decision, choices, decide};
use crate::ports::Durability;
use crate::session::{Call, Phase, RunState};
use crate::tool::{Ask, Prepared, ToolFailure, ToolRequest, ToolResult};

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
        match (decide(turn.mode, &prepared, &self.session.grants), prepared.ask) {
            (Decision::Ask, Some(ask)) => {
                let request = self.question(call, prepared.document, ask);
                self.append(
                    vec![EventBody::PermissionRequested { request }],
                    Durability::Flushed,
                );
            }
            (Decision::Free | Decision::Allowed(_) | Decision::Ask, _) => self.run(),
            (Decision::Denied(_), _) => self.tool_done(call, &denied("The user chose the read-only mode.")),
        }
    }

    fn question(&mut self, call: &CallId, document: Option<DocumentId>, ask: Ask) -> PermissionRequest {
        let turn = self.session.turn.as_ref().map(|turn| turn.id.clone());
        PermissionRequest {
            id: PermissionId::new(self.world.now, (self.world.chance)()),
            turn: turn.unwrap_or_else(|| TurnId::from_text("")),
            call: call.clone(),
            choices: choices(ask.reason),
            question: ask.question,
            reason: ask.reason,
            scope: ask.scope,
            document,
            rows: ask.rows,
            total: ask.total,
            risks: ask.risks,
        }
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

    pub(super) fn answer(&mut self, permission: &PermissionId, choice: Choice, by: SettledBy) {
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
        let call = request.call.clone();
        let event = EventBody::PermissionSettled {
            permission: permission.clone(),
            choice,
            by,
        };
        self.append(vec![event], Durability::Flushed);
        if choice == Choice::Deny {
            self.tool_done(&call, &denied("The user said no to this step."));
        } else {
            self.run();
        }
    }

    pub(super) fn tool_done(&mut self, call: &CallId, result: &ToolResult) {
        let Some(running) = self.running(call).cloned() else {
            return;
        };
        let Some(turn) = self.session.turn.as_ref().map(|turn| turn.id.clone()) else {
            return;
        };
        let mut events = Vec::new();
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
