//! What the classes ask for of what was seen in the sandbox: the process, the file, the connection, and that the device is a
//! virtual machine on the computer, not the computer.

use deskhand_protocol::sandbox::FileChange;
use serde_json::{Map, Value, json};

use super::Machine;
use crate::kinds::{Activity, What};

/// The type of a virtual device.
const VIRTUAL: u8 = 6;
/// The direction of a connection that leaves the device.
const OUTBOUND: u8 = 2;
/// TCP, by the registry of protocol numbers of IANA.
const TCP: u8 = 6;

/// Codes of connections that were not refused, and did not work; by `deskhand-vm-proxy` and `deskhand-sandbox`.
const FAILURES: [&str; 11] = [
    "bad_response",
    "cancelled",
    "client_gone",
    "connect_timeout",
    "failed",
    "idle",
    "proxy",
    "server_gone",
    "timed_out",
    "unreachable",
    "unresolved",
];

/// The activity where it depends on what was done; else that of the kind counts.
pub(super) fn activity(what: &What) -> Option<Activity> {
    let change = match what {
        What::SandboxFileChanged { change, .. } => change,
        What::SandboxConnectionRefused { code, .. } if FAILURES.contains(&code.as_str()) => {
            return Some(Activity(4, "Fail"));
        }
        _ => return None,
    };
    Some(match change {
        FileChange::Created => Activity(1, "Create"),
        FileChange::Written => Activity(3, "Update"),
        FileChange::Removed => Activity(4, "Delete"),
        FileChange::Renamed => Activity(5, "Rename"),
        FileChange::Metadata => Activity(6, "Set Attributes"),
        FileChange::Conflict => Activity(99, "Keep beside"),
        FileChange::Discarded => Activity(99, "Discard"),
        FileChange::Refused => Activity(99, "Refuse"),
    })
}

/// The attributes that the class asks for; `text` is the content, where it was kept and is to be given out.
pub(super) fn attributes(what: &What, text: Option<&str>, machine: &Machine) -> Option<Map<String, Value>> {
    let content: Option<Value> = text.and_then(|text| serde_json::from_str(text).ok());
    let attributes = match what {
        What::MachineStarted { .. } | What::MachineEnded { .. } => json!({
            "app": { "name": "Deskhand sandbox", "vendor_name": "Deskhand", "version": env!("CARGO_PKG_VERSION") },
        }),
        What::ProgramStarted {
            guest_at,
            process,
            parent,
            uid,
            ..
        } => {
            let mut process = json!({
                "pid": process,
                "created_time": guest_at,
                "user": { "uid": uid.to_string() },
                "parent_process": { "pid": parent },
            });
            if let Some(arguments) = content.as_ref().and_then(Value::as_array) {
                let arguments: Vec<&str> = arguments.iter().filter_map(Value::as_str).collect();
                process["name"] = arguments.first().copied().unwrap_or_default().into();
                // As JSON: joined by spaces nobody could tell two arguments from one.
                process["cmd_line"] = json!(arguments).to_string().into();
            }
            json!({ "process": process, "device": device(machine) })
        }
        What::ProgramEnded {
            guest_at,
            process,
            code,
            ..
        } => json!({
            "process": { "pid": process, "terminated_time": guest_at },
            "exit_code": code,
            "device": device(machine),
        }),
        What::SandboxFileChanged { bytes, .. } => file(content.as_ref(), *bytes),
        What::SandboxConnection { .. } | What::SandboxConnectionRefused { .. } => connection(what, machine),
        What::ProgramsLost { .. } | What::SandboxLeftOut { .. } => {
            json!({ "log_name": "sandbox", "log_provider": "deskhand" })
        }
        _ => return None,
    };
    match attributes {
        Value::Object(attributes) => Some(attributes),
        _ => None,
    }
}

/// Programs run, and connections begin, in the machine on the computer.
fn device(machine: &Machine) -> Value {
    json!({
        "type_id": VIRTUAL,
        "type": "Virtual",
        "hostname": machine.hostname,
        "name": "Deskhand sandbox",
        "hypervisor": "QEMU",
    })
}

/// A file of the computer itself. The class asks for its name, which is said where the content is.
fn file(content: Option<&Value>, bytes: Option<u64>) -> Value {
    let of_path = |name: &str| {
        let path = content.and_then(|content| content[name].as_str());
        path.map(|path| {
            let last = path.rsplit(['/', '\\']).next().unwrap_or(path);
            json!({ "name": last, "path": path, "type_id": 0 })
        })
    };
    let mut file = of_path("path").unwrap_or_else(|| json!({ "name": "not given out", "type_id": 0 }));
    if let Some(bytes) = bytes {
        file["size"] = bytes.into();
    }
    let mut attributes = json!({ "file": file });
    if let Some(to) = of_path("to") {
        attributes["file_result"] = to;
    }
    attributes
}

fn connection(what: &What, machine: &Machine) -> Value {
    let (What::SandboxConnection {
        host,
        port,
        sent,
        received,
        duration_ms,
        ..
    }
    | What::SandboxConnectionRefused {
        host,
        port,
        sent,
        received,
        duration_ms,
        ..
    }) = what
    else {
        return json!({});
    };
    let mut attributes = json!({
        "src_endpoint": { "svc_name": "deskhand sandbox" },
        "dst_endpoint": { "hostname": host, "port": port },
        "connection_info": { "direction_id": OUTBOUND, "protocol_num": TCP },
        "traffic": { "bytes_out": sent, "bytes_in": received, "bytes": sent.saturating_add(*received) },
        "duration": duration_ms,
        "device": device(machine),
    });
    if let What::SandboxConnectionRefused { code, .. } = what {
        attributes["status_code"] = code.as_str().into();
    }
    attributes
}
