//! The fold: one event changes the state, and nothing else does.

use std::num::NonZeroU64;

use deskhand_protocol::event::{ToolOutcome, TurnOutcome};
use deskhand_protocol::message::{Attachment, Block};
use deskhand_protocol::permission::{Choice, PermissionRequest, SettledBy};
use deskhand_protocol::session::PermissionMode;
use deskhand_protocol::{CallId, ChangeSetId, ErrorCode, EventBody, Timestamp, TurnId, UserError};

use super::{Call, Phase, RunState, Running, Session, Turn, calls};
use crate::instructions::holds_data;
use crate::model::{Content, Message, Role};
use crate::permission::{Grant, Place};

impl Session {
    /// Takes in one event with its number and time.
    pub fn apply(&mut self, seq: u64, at: Timestamp, event: &EventBody) {
        match event {
            EventBody::SessionCreated { title, tour } => {
                self.title.clone_from(title);
                self.tour = *tour;
            }
            EventBody::SessionRenamed { title } => self.title.clone_from(title),
            EventBody::DocumentAttached { .. }
            | EventBody::DocumentDetached { .. }
            | EventBody::FolderAttached { .. }
            | EventBody::FolderDetached { .. } => self.apply_place(event),
            EventBody::GrantRevoked { grant } => self.grants.retain(|known| known.id != *grant),
            EventBody::PromptAccepted { .. } => self.apply_prompt(seq, event),
            EventBody::ContextGiven { .. }
            | EventBody::TurnResumed { .. }
            | EventBody::CancelRequested { .. } => self.apply_to_turn(event),
            EventBody::MessageStarted { .. }
            | EventBody::TextDelta { .. }
            | EventBody::MessageReset { .. }
            | EventBody::MessageCompleted { .. } => self.apply_message(event),
            EventBody::CompactionStarted { .. } | EventBody::ContextCompacted { .. } => {
                self.apply_compaction(event);
            }
            EventBody::PlanUpdated { call, .. } => self.apply_plan(call),
            EventBody::ToolCallStarted {
                call, name, input, ..
            } => {
                let call = Call {
                    id: call.clone(),
                    name: name.clone(),
                    input: input.clone(),
                };
                self.apply_call_started(call, at);
            }
            EventBody::PermissionRequested { request } => self.apply_asked(request),
            EventBody::PermissionSettled { .. } => self.apply_settled(event),
            EventBody::ToolCallCompleted {
                call,
                outcome,
                output,
                attachments,
                ..
            } => {
                self.apply_call_completed(call, output, attachments, *outcome != ToolOutcome::Done);
            }
            EventBody::ChangeSetApplied { change_set } => self.changes.push((change_set.id.clone(), true)),
            EventBody::ChangeSetUndone { change_set, .. } => self.mark_change(change_set, false),
            EventBody::ChangeSetRedone { change_set } => self.mark_change(change_set, true),
            EventBody::TurnEnded { turn, outcome, .. } => self.apply_turn_ended(turn, outcome),
            EventBody::BackgroundStarted { command } => self.background.started(command),
            EventBody::CommandEnded { command, by, how, .. } => self.background.ended(command, *by, how),
            EventBody::ToolCallWaiting { .. }
            | EventBody::ToolCallOutput { .. }
            | EventBody::SandboxSeen { .. }
            | EventBody::CallAllowed { .. }
            | EventBody::ChangedSince { .. }
            | EventBody::FileSaved { .. }
            | EventBody::RetryScheduled { .. } => {}
            EventBody::Notice { error, .. } => self.apply_notice(error.as_ref()),
        }
    }

    /// A turn that waits for the collector was not cut by its own work: a restart meanwhile does not count against it. The
    /// next notice says that it goes on, and from there restarts count again, with those from before.
    fn apply_notice(&mut self, error: Option<&UserError>) {
        if let Some(turn) = &mut self.turn {
            turn.held = error.is_some_and(|error| error.code == ErrorCode::CollectorUnavailable);
        }
    }

    fn apply_place(&mut self, event: &EventBody) {
        match event {
            EventBody::DocumentAttached { document } => {
                self.documents.insert(document.id.clone(), document.clone());
            }
            EventBody::DocumentDetached { document } => {
                self.documents.remove(document);
            }
            EventBody::FolderAttached { path, .. } => {
                self.folders.retain(|known| known != path);
                self.folders.push(path.clone());
            }
            EventBody::FolderDetached { path } => {
                self.folders.retain(|known| known != path);
                // It told of the folder.
                self.conversation.given.clear();
            }
            _ => {}
        }
    }

    fn apply_prompt(&mut self, seq: u64, event: &EventBody) {
        let EventBody::PromptAccepted {
            turn,
            client_id,
            text,
            model,
            mode,
            budget,
            selection,
            documents,
            ..
        } = event
        else {
            return;
        };
        self.prompts.insert(client_id.clone(), (turn.clone(), seq));
        let running = self
            .turn
            .get_or_insert_with(|| Turn::new(turn.clone(), model.clone(), *mode));
        if let Some(selection) = selection {
            running
                .pending
                .push(Content::Text(format!("Selected now: {selection}")));
        }
        if *mode == PermissionMode::ReadOnly {
            // What may be done is taken back at once; more than the turn began with needs a turn of its own.
            running.mode = *mode;
        }
        running.budget = budget.map(NonZeroU64::get).or(running.budget);
        running
            .pending
            .extend(self.background.untold().map(Content::Text));
        running.hear(text);
        running.chosen.extend(documents.iter().cloned());
        running.pending.push(Content::Asked(text.clone()));
    }

    fn apply_to_turn(&mut self, event: &EventBody) {
        let Some(turn) = &mut self.turn else { return };
        match event {
            EventBody::ContextGiven { text, .. } => {
                // Names of files are words of others, too.
                self.marked |= holds_data(text);
                turn.pending.insert(0, Content::Text(text.clone()));
                self.conversation.given.clone_from(text);
            }
            EventBody::TurnResumed { .. } if std::mem::take(&mut turn.held) => {}
            EventBody::TurnResumed { .. } => turn.resumed += 1,
            EventBody::CancelRequested { .. } => turn.cancelled = true,
            _ => {}
        }
    }

    fn apply_message(&mut self, event: &EventBody) {
        let Some(turn) = &mut self.turn else { return };
        match event {
            EventBody::MessageStarted { message, .. } => {
                turn.phase = Phase::Model(message.clone());
                turn.partial.clear();
                let pending = std::mem::take(&mut turn.pending);
                self.tell(pending);
            }
            EventBody::TextDelta { text, .. } => turn.partial.push_str(text),
            EventBody::MessageReset { .. } => turn.partial.clear(),
            EventBody::MessageCompleted { blocks, usage, .. } => {
                turn.partial.clear();
                turn.phase = Phase::Deciding;
                turn.queue = calls(blocks);
                turn.usage = turn.usage.plus(*usage);
                turn.resumed = 0;
                turn.compactions = 0;
                if !blocks.is_empty() {
                    let content = blocks.iter().cloned().map(Content::Said).collect();
                    self.messages.push(Message {
                        role: Role::Assistant,
                        content,
                    });
                }
                self.note_counted(usage.all());
            }
            _ => {}
        }
    }

    fn apply_plan(&mut self, call: &CallId) {
        let Some(turn) = &mut self.turn else { return };
        turn.queue.retain(|queued| queued.id != *call);
        let text = "The plan is shown to the user.".to_owned();
        turn.pending.push(Content::ToolResult {
            call: call.clone(),
            text,
            is_error: false,
            attachments: Vec::new(),
        });
    }

    fn apply_call_started(&mut self, call: Call, at: Timestamp) {
        let Some(turn) = &mut self.turn else { return };
        turn.queue.retain(|queued| queued.id != call.id);
        turn.steps += 1;
        turn.phase = Phase::Tool(Running {
            call,
            since: at,
            state: RunState::Preparing,
            folder: None,
            command: None,
        });
    }

    fn apply_asked(&mut self, request: &PermissionRequest) {
        if let Some(running) = self.running(&request.call) {
            running.state = RunState::Asking(Box::new(request.clone()));
        }
    }

    fn apply_settled(&mut self, event: &EventBody) {
        let EventBody::PermissionSettled {
            permission,
            choice,
            by,
            folder,
        } = event
        else {
            return;
        };
        let Some(Turn {
            phase: Phase::Tool(running),
            ..
        }) = &mut self.turn
        else {
            return;
        };
        // Which folder a call may attach, only a person says.
        running.folder = folder
            .clone()
            .filter(|_| matches!(by, SettledBy::Person(_)) && *choice != Choice::Deny);
        running.command = match &running.state {
            RunState::Asking(request) if request.id == *permission && *choice != Choice::Deny => {
                request.command.clone()
            }
            _ => None,
        };
        let grant = match &running.state {
            RunState::Asking(request) if request.id == *permission => {
                let document = request.document.clone().map(Place::Document);
                let host = || Some(Place::Host(request.web.as_ref()?.host.clone()));
                let sandbox = || request.command.as_deref().cloned().map(Place::Sandbox);
                let place = document
                    .or_else(|| request.folder.clone().map(Place::Folder))
                    .or_else(host)
                    .or_else(sandbox);
                let grant = place.map(|place| Grant {
                    id: permission.clone(),
                    reason: request.reason,
                    place,
                });
                (*choice == Choice::AllowSession).then_some(grant).flatten()
            }
            _ => None,
        };
        running.state = match choice {
            // What was refused never runs: where the service ends before the call's end is in the log, it is looked at anew.
            Choice::Deny => RunState::Preparing,
            _ => RunState::Going,
        };
        if let Some(grant) = grant
            && !grant.reason.is_risky()
        {
            self.grants.push(grant);
        }
    }

    fn apply_call_completed(
        &mut self,
        call: &CallId,
        output: &str,
        attachments: &[Attachment],
        is_error: bool,
    ) {
        let Some(turn) = &mut self.turn else { return };
        let data = holds_data(output) || !attachments.is_empty();
        self.marked |= data;
        if let Phase::Tool(running) = &turn.phase
            && running.call.id == *call
        {
            let done = running.call.clone();
            self.background.told_by(&done);
            if data {
                turn.note_read(&done);
            }
            turn.note(&done, output);
            turn.phase = Phase::Deciding;
        }
        turn.resumed = 0;
        turn.pending.push(Content::ToolResult {
            call: call.clone(),
            text: output.to_owned(),
            is_error,
            attachments: attachments.to_vec(),
        });
    }

    /// Ends the turn so that the conversation stays one that a model accepts: every call has a result, and words that
    /// were already shown stay said.
    fn apply_turn_ended(&mut self, id: &TurnId, outcome: &TurnOutcome) {
        let Some(mut turn) = self.turn.take_if(|turn| turn.id == *id) else {
            return;
        };
        self.last_outcome = Some(outcome.clone());
        let mut open: Vec<CallId> = turn.queue.iter().map(|call| call.id.clone()).collect();
        if let Phase::Tool(running) = &turn.phase {
            open.insert(0, running.call.id.clone());
        }
        for call in open {
            let text = "Not done: the turn was ended before.".to_owned();
            turn.pending.push(Content::ToolResult {
                call,
                text,
                is_error: true,
                attachments: Vec::new(),
            });
        }
        self.tell(std::mem::take(&mut turn.pending));
        if !turn.partial.trim().is_empty() {
            let text = turn.partial.trim_end().to_owned();
            let content = vec![Content::Said(Block::Text { text })];
            self.messages.push(Message {
                role: Role::Assistant,
                content,
            });
        }
    }

    fn mark_change(&mut self, id: &ChangeSetId, applied: bool) {
        if let Some(change) = self.changes.iter_mut().find(|(change, _)| change == id) {
            change.1 = applied;
        }
    }
}
