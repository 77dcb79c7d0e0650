//! What is told of the sandbox: machines, programs, files, connections. What its guest wrote is a detail of a tool.

use deskhand_protocol::sandbox::{MachineEnd, SandboxTier, Sight};
use deskhand_protocol::{CallId, ErrorCode};
use serde_json::{Map, Value};

use super::names::word;
use super::{Session, Telling};
use crate::content::details;
use crate::record::Severity;
use crate::schema::{
    SandboxChanged, SandboxConnection, SandboxFileChanged, SandboxProgramEnded, SandboxProgramStarted,
    SandboxUnseen,
};

/// Letters of a code that is told.
const CODE: usize = 64;

impl Session {
    /// One row of each sight, in their order.
    pub(super) fn seen(&mut self, call: Option<&CallId>, seen: &[Sight], left_out: u64, told: &mut Telling) {
        let call = call.map(ToString::to_string);
        for sight in seen {
            match sight {
                Sight::MachineStarted { .. } | Sight::MachineEnded { .. } => self.machine(sight, told),
                Sight::Started { .. } | Sight::Ended { .. } => self.program(call.clone(), sight, told),
                Sight::File { .. } | Sight::Connection { .. } => self.edge(call.clone(), sight, told),
                Sight::Lost { count } => self.unseen(call.clone(), "lost", *count, told),
            }
        }
        self.unseen(call, "left_out", left_out, told);
    }

    fn unseen(&mut self, call: Option<String>, why: &'static str, count: u64, told: &mut Telling) {
        if count > 0 {
            self.tell_as(told, Severity::Warn, SandboxUnseen { call, why, count });
        }
    }

    fn machine(&mut self, sight: &Sight, told: &mut Telling) {
        match sight {
            Sight::MachineStarted {
                tier,
                resumed,
                took_ms,
            } => {
                let row = SandboxChanged {
                    state: tier_name(*tier),
                    why: None,
                    resumed: Some(*resumed),
                    error: None,
                    duration_ms: *took_ms,
                };
                self.tell(told, row);
            }
            Sight::MachineEnded { why } => {
                let failed = *why == MachineEnd::Failed;
                let row = SandboxChanged {
                    state: "ended",
                    why: Some(end_name(*why)),
                    resumed: None,
                    error: failed.then(|| ErrorCode::SandboxUnavailable.as_str()),
                    duration_ms: 0,
                };
                let severity = if failed { Severity::Error } else { Severity::Info };
                self.tell_as(told, severity, row);
            }
            _ => {}
        }
    }

    fn program(&mut self, call: Option<String>, sight: &Sight, told: &mut Telling) {
        match sight {
            Sight::Started {
                process,
                parent,
                user,
                arguments,
                ..
            } => {
                let row = SandboxProgramStarted {
                    call,
                    process: u64::from(*process),
                    parent: u64::from(*parent),
                    user: u64::from(*user),
                    arguments: arguments.clone(),
                };
                self.tell(told, row);
            }
            Sight::Ended { process, code, .. } => {
                let (process, code) = (u64::from(*process), i64::from(*code));
                self.tell(told, SandboxProgramEnded { call, process, code });
            }
            _ => {}
        }
    }

    fn edge(&mut self, call: Option<String>, sight: &Sight, told: &mut Telling) {
        match sight {
            Sight::File {
                change,
                path,
                to,
                bytes,
            } => {
                let row = SandboxFileChanged {
                    call,
                    change: word(change),
                    bytes: *bytes,
                    path: path.clone(),
                    to: to.clone(),
                };
                self.tell(told, row);
            }
            Sight::Connection {
                host,
                port,
                refused,
                sent,
                received,
                duration_ms,
            } => {
                let row = SandboxConnection {
                    call,
                    decision: if refused.is_none() { "accept" } else { "reject" },
                    error: refused.as_deref().map(code_of),
                    port: u64::from(*port),
                    sent: *sent,
                    received: *received,
                    duration_ms: *duration_ms,
                    host: host.clone(),
                };
                self.tell(told, row);
            }
            _ => {}
        }
    }
}

/// A code as far as it looks like one: it is told to everybody.
fn code_of(code: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    let is_code = code.len() <= CODE && code.bytes().all(plain);
    if is_code { code } else { "unknown" }.to_owned()
}

pub(super) fn tier_name(tier: SandboxTier) -> &'static str {
    match tier {
        SandboxTier::Vm => "vm",
        SandboxTier::VmEmulated => "vmEmulated",
        SandboxTier::Processes => "processes",
    }
}

fn end_name(why: MachineEnd) -> &'static str {
    match why {
        MachineEnd::Idle => "idle",
        MachineEnd::Room => "room",
        MachineEnd::Changed => "changed",
        MachineEnd::Over => "over",
        MachineEnd::Failed => "failed",
    }
}

/// The parameters of a command as the documented schema names them, as JSON: the program, all of it, and what was said of it.
pub(super) fn parameters(input: &Value) -> String {
    let command = input["command"].as_str().unwrap_or_default();
    let program = command.split_whitespace().next().unwrap_or_default();
    let mut fields = Map::new();
    fields.insert("bash_command".to_owned(), program.into());
    fields.insert("full_command".to_owned(), command.into());
    for (name, told) in [
        ("timeout", "timeout"),
        ("description", "description"),
        ("background", "run_in_background"),
    ] {
        if let Some(value) = input.get(name) {
            fields.insert(told.to_owned(), value.clone());
        }
    }
    details(&Value::Object(fields))
}
