//! What the audit says of an event of a session; nothing of those that only show progress.

use deskhand_core::tool::is_tool;
use deskhand_protocol::EventBody;
use deskhand_protocol::event::TurnOutcome;
use deskhand_protocol::message::Usage;
use serde::Serialize;
use serde_json::json;

use crate::kinds::What;
use crate::record::{Actor, Id};

mod sandbox;

/// Every record of an event: who did what, with the content that the record is to know of. One, or none, of most; of what was
/// seen in the sandbox as many as were seen. `by` is who gave events that do not say it themselves.
pub fn all_of_event(body: &EventBody, by: Actor) -> Vec<(Actor, What, Option<Vec<u8>>)> {
    match body {
        EventBody::SandboxSeen { call, seen, left_out } => sandbox::seen(call.as_ref(), seen, *left_out),
        _ => of_event(body, by).into_iter().collect(),
    }
}

/// The one record of an event; of several ([`all_of_event`]) none.
pub fn of_event(body: &EventBody, by: Actor) -> Option<(Actor, What, Option<Vec<u8>>)> {
    turn(body)
        .or_else(|| model(body))
        .or_else(|| tool(body))
        .or_else(|| decision(body, by))
        .or_else(|| place(body, by))
        .or_else(|| sandbox::command(body))
}

fn id(text: &impl ToString) -> Id {
    Id::of(&text.to_string())
}

fn bytes(text: &str) -> Vec<u8> {
    text.as_bytes().to_vec()
}

fn json_of(value: &impl Serialize) -> Option<Vec<u8>> {
    serde_json::to_vec(value).ok()
}

fn read_tokens(usage: Usage) -> u64 {
    usage.input + usage.cache_read + usage.cache_write
}

/// What a person says, and what comes of it.
fn turn(body: &EventBody) -> Option<(Actor, What, Option<Vec<u8>>)> {
    Some(match body {
        EventBody::PromptAccepted {
            turn,
            from,
            mode,
            text,
            documents,
            steering,
            ..
        } => {
            let what = What::PromptAccepted {
                turn: id(turn),
                mode: *mode,
                documents: documents.len() as u32,
                steering: *steering,
            };
            ((*from).into(), what, Some(bytes(text)))
        }
        EventBody::CancelRequested { turn, from } => {
            ((*from).into(), What::TurnCancelled { turn: id(turn) }, None)
        }
        EventBody::TurnEnded { turn, outcome, usage } => {
            let outcome = match outcome {
                TurnOutcome::Completed => "completed",
                TurnOutcome::Cancelled => "cancelled",
                TurnOutcome::Failed(error) => error.code.as_str(),
            };
            let what = What::TurnEnded {
                turn: id(turn),
                outcome: outcome.to_owned(),
                input_tokens: read_tokens(*usage),
                output_tokens: usage.output,
            };
            (Actor::Agent, what, None)
        }
        _ => return None,
    })
}

/// What the model is asked and answers.
fn model(body: &EventBody) -> Option<(Actor, What, Option<Vec<u8>>)> {
    Some(match body {
        EventBody::MessageStarted { turn, message } | EventBody::CompactionStarted { turn, message } => {
            let (turn, message) = (id(turn), id(message));
            (Actor::Agent, What::ModelAsked { turn, message }, None)
        }
        EventBody::MessageCompleted {
            turn,
            message,
            blocks,
            usage,
            ..
        } => {
            let what = What::ModelAnswered {
                turn: id(turn),
                message: id(message),
                input_tokens: read_tokens(*usage),
                output_tokens: usage.output,
            };
            (Actor::Agent, what, json_of(blocks))
        }
        EventBody::ContextCompacted {
            turn,
            message,
            summary,
            usage,
            ..
        } => {
            let what = What::ModelAnswered {
                turn: id(turn),
                message: id(message),
                input_tokens: read_tokens(*usage),
                output_tokens: usage.output,
            };
            (Actor::Agent, what, Some(bytes(summary)))
        }
        _ => return None,
    })
}

/// What the agent does.
fn tool(body: &EventBody) -> Option<(Actor, What, Option<Vec<u8>>)> {
    Some(match body {
        EventBody::ToolCallStarted {
            turn,
            call,
            name,
            input,
            document,
            ..
        } => {
            let what = What::ToolCallStarted {
                turn: id(turn),
                call: id(call),
                // As the model wrote it.
                tool: Some(name.clone()).filter(|name| is_tool(name)),
                document: document.as_ref().and_then(|id| Id::of_uuid(id.as_str())),
            };
            (Actor::Agent, what, json_of(input))
        }
        EventBody::ToolCallCompleted {
            call,
            outcome,
            output,
            duration_ms,
            ..
        } => {
            let what = What::ToolCallCompleted {
                call: id(call),
                outcome: *outcome,
                duration_ms: *duration_ms,
            };
            (Actor::Agent, what, Some(bytes(output)))
        }
        EventBody::ChangeSetApplied { change_set } => {
            let what = What::DocumentChanged {
                change_set: id(&change_set.id),
                call: id(&change_set.call),
                count: change_set
                    .entries
                    .iter()
                    .map(|entry| u64::from(entry.count))
                    .sum(),
            };
            (Actor::Agent, what, json_of(change_set))
        }
        EventBody::FileSaved {
            document, path, size, ..
        } => {
            let document = id(document);
            (
                Actor::Agent,
                What::FileSaved {
                    document,
                    size: *size,
                },
                Some(bytes(path)),
            )
        }
        _ => return None,
    })
}

/// What was asked and allowed.
fn decision(body: &EventBody, by: Actor) -> Option<(Actor, What, Option<Vec<u8>>)> {
    Some(match body {
        EventBody::PermissionRequested { request } => {
            let what = What::PermissionRequested {
                permission: id(&request.id),
                call: id(&request.call),
                reason: request.reason,
            };
            let content = match &request.command {
                Some(command) => json_of(&json!({ "question": request.question, "command": command })),
                None => Some(bytes(&request.question)),
            };
            (Actor::Agent, what, content)
        }
        EventBody::PermissionSettled {
            permission,
            choice,
            by,
            folder,
        } => {
            let what = What::PermissionSettled {
                permission: id(permission),
                choice: *choice,
                by_what: *by,
            };
            ((*by).into(), what, folder.as_deref().map(bytes))
        }
        EventBody::CallAllowed { call, by, grant } => {
            let what = What::CallAllowed {
                call: id(call),
                by_what: *by,
                grant: grant.as_ref().map(id),
            };
            ((*by).into(), what, None)
        }
        EventBody::GrantRevoked { grant } => {
            let what = What::GrantRevoked {
                grant: id(grant),
                lasting: false,
            };
            (by, what, None)
        }
        EventBody::ChangeSetUndone { change_set, kept } => {
            let what = What::DocumentUndone {
                change_set: id(change_set),
                kept: kept.len() as u64,
            };
            (by, what, None)
        }
        EventBody::ChangeSetRedone { change_set } => {
            let change_set = id(change_set);
            (by, What::DocumentRedone { change_set }, None)
        }
        _ => return None,
    })
}

/// What belongs to a session.
fn place(body: &EventBody, by: Actor) -> Option<(Actor, What, Option<Vec<u8>>)> {
    Some(match body {
        EventBody::SessionCreated { tour, .. } => (by, What::SessionCreated { tour: *tour }, None),
        EventBody::DocumentAttached { document } => {
            let what = What::DocumentAttached {
                document: id(&document.id),
            };
            let content = json!({ "title": document.title, "path": document.path });
            (by, what, json_of(&content))
        }
        EventBody::DocumentDetached { document } => {
            let document = id(document);
            (by, What::DocumentDetached { document }, None)
        }
        EventBody::FolderAttached { path, read_only } => {
            let read_only = *read_only;
            (by, What::FolderAttached { read_only }, Some(bytes(path)))
        }
        EventBody::FolderDetached { path } => (by, What::FolderDetached {}, Some(bytes(path))),
        _ => return None,
    })
}
