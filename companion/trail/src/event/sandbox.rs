//! What the audit says of what was seen in the sandbox: one record of each sight. Arguments and paths are content.

use deskhand_protocol::sandbox::Sight;
use deskhand_protocol::{CallId, EventBody, Timestamp};
use serde_json::json;

use super::{id, json_of};
use crate::kinds::What;
use crate::record::{Actor, Id};

/// Bytes of a name in the domain name system (RFC 1035, section 2.3.4).
const MAX_HOST: usize = 253;

/// A record of each sight, in their order, and of what was left out.
pub(super) fn seen(
    call: Option<&CallId>,
    seen: &[Sight],
    left_out: u64,
) -> Vec<(Actor, What, Option<Vec<u8>>)> {
    let call = call.map(id);
    let left_out = (left_out > 0).then(|| What::SandboxLeftOut {
        call: call.clone(),
        count: left_out,
    });
    let mut records: Vec<_> = seen.iter().map(|sight| of_sight(call.clone(), sight)).collect();
    records.extend(left_out.map(|what| (Actor::Service, what, None)));
    records
}

/// What the audit says of commands that were left to run, and of those that somebody ended.
pub(super) fn command(body: &EventBody) -> Option<(Actor, What, Option<Vec<u8>>)> {
    Some(match body {
        EventBody::BackgroundStarted { command } => {
            let folders = &command.folders;
            let what = What::BackgroundStarted {
                command: id(&command.id),
                call: id(&command.call),
                writable: folders.iter().filter(|folder| !folder.read_only).count() as u64,
            };
            let content = json!({ "command": command.command, "folders": folders });
            (Actor::Agent, what, json_of(&content))
        }
        EventBody::CommandEnded {
            command,
            call,
            by,
            how,
        } => {
            let what = What::CommandEnded {
                command: id(command),
                call: id(call),
                by_what: *by,
            };
            ((*by).into(), what, Some(how.clone().into_bytes()))
        }
        _ => return None,
    })
}

/// The machine is the service's doing; what programs do in it is the agent's.
fn of_sight(call: Option<Id>, sight: &Sight) -> (Actor, What, Option<Vec<u8>>) {
    match sight {
        Sight::MachineStarted {
            tier,
            resumed,
            took_ms,
        } => {
            let what = What::MachineStarted {
                call,
                tier: *tier,
                resumed: *resumed,
                took_ms: *took_ms,
            };
            (Actor::Service, what, None)
        }
        Sight::MachineEnded { why } => (Actor::Service, What::MachineEnded { call, why: *why }, None),
        Sight::Started {
            at,
            process,
            parent,
            user,
            arguments,
        } => {
            let what = What::ProgramStarted {
                call,
                guest_at: *at,
                process: *process,
                parent: *parent,
                uid: *user,
                arguments: arguments.len() as u64,
            };
            (Actor::Agent, what, json_of(arguments))
        }
        Sight::Ended { at, process, code } => (Actor::Agent, ended(call, *at, *process, *code), None),
        Sight::Lost { count } => (Actor::Service, What::ProgramsLost { call, count: *count }, None),
        Sight::File {
            change,
            path,
            to,
            bytes,
        } => {
            let (change, bytes) = (*change, *bytes);
            let what = What::SandboxFileChanged { call, change, bytes };
            (Actor::Agent, what, json_of(&json!({ "path": path, "to": to })))
        }
        Sight::Connection {
            host,
            port,
            refused,
            sent,
            received,
            duration_ms,
        } => {
            let place = (host_of(host), *port);
            let what = connection(call, place, refused.as_ref(), (*sent, *received), *duration_ms);
            (Actor::Agent, what, None)
        }
    }
}

fn ended(call: Option<Id>, guest_at: Timestamp, process: u32, code: i32) -> What {
    What::ProgramEnded {
        call,
        guest_at,
        process,
        code,
    }
}

fn connection(
    call: Option<Id>,
    (host, port): (String, u16),
    refused: Option<&String>,
    (sent, received): (u64, u64),
    duration_ms: u64,
) -> What {
    match refused {
        None => What::SandboxConnection {
            call,
            host,
            port,
            sent,
            received,
            duration_ms,
        },
        Some(code) => What::SandboxConnectionRefused {
            call,
            host,
            port,
            code: id(code),
            sent,
            received,
            duration_ms,
        },
    }
}

/// The host as far as it looks like one: a program of the guest wrote it, and a record takes over no words.
fn host_of(host: &str) -> String {
    let plain =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b':' | b'[' | b']');
    let is_host = host.len() <= MAX_HOST && host.bytes().all(plain);
    if is_host {
        host.to_ascii_lowercase()
    } else {
        String::new()
    }
}
