//! Events of the Open Cybersecurity Schema Framework, version 1.3.0, by its pages “API Activity”, “Authentication”,
//! “Network Activity”, “Process Activity”, “File System Activity”, “Device Config State Change”, “Application Lifecycle”,
//! “Event Log Activity” and “Detection Finding”. What the classes have no attribute for is in `unmapped`.

use serde_json::{Map, Value, json};

use super::{Item, Machine, hex};
use crate::kinds::{Activity, Class, Kind, What};
use crate::record::{Entry, Record};

mod sandbox;

const VERSION: &str = "1.3.0";

/// Fields that have an attribute of their own.
const MAPPED: [&str; 5] = ["v", "by", "user", "session", "type"];

/// Status of the base event.
#[derive(Clone, Copy)]
enum Status {
    Success = 1,
    Failure = 2,
}

pub(super) fn event(item: &Item, machine: &Machine) -> Value {
    let (record, kind) = match &item.entry {
        Entry::Known(record) => (Some(&**record), Some(record.what.kind())),
        Entry::Other(_) => (None, None),
    };
    let class = kind.map_or(Class::Api, |kind| kind.class);
    let Activity(activity, activity_name) = record
        .and_then(|record| sandbox::activity(&record.what))
        .or(kind.map(|kind| kind.activity))
        .unwrap_or(Activity(99, "Unknown record"));
    let uid = class as u64;
    let status = record.map_or(Status::Success, |record| status(&record.what));
    let name = kind.map_or("unknown", |kind| kind.name);
    let mut event = json!({
        "activity_id": activity,
        "activity_name": activity_name,
        "category_uid": uid / 1000,
        "class_uid": uid,
        "type_uid": uid * 100 + u64::from(activity),
        "time": item.record.at,
        // Informational; Medium for what was refused, High for an audit at fault.
        "severity_id": severity(class, status),
        "status_id": status as u8,
        "message": kind.map_or("A record of another version.", |kind| kind.summary),
        "metadata": {
            "version": VERSION,
            "product": product(),
            "uid": hex(item.record.link),
            "sequence": item.record.number,
            "event_code": name,
            "log_name": "audit",
        },
        "device": { "type_id": 0, "hostname": machine.hostname },
        "unmapped": unmapped(item),
    });
    if let Some(record) = record {
        event["actor"] = actor(record);
        let text = item.text();
        let attributes = match sandbox::attributes(&record.what, text.as_deref(), machine) {
            Some(attributes) => attributes,
            None => of_class(record, kind, &event),
        };
        if let Value::Object(event) = &mut event {
            event.extend(attributes);
        }
    } else {
        event["actor"] = json!({ "app_name": "deskhand" });
        event["api"] = json!({ "operation": name });
        event["src_endpoint"] = json!({ "svc_name": "deskhand" });
    }
    event
}

fn product() -> Value {
    json!({ "name": "Deskhand", "vendor_name": "Deskhand", "version": env!("CARGO_PKG_VERSION") })
}

fn actor(record: &Record) -> Value {
    let mut actor = json!({ "user": { "name": record.user }, "app_name": record.by.name() });
    if let Some(session) = record.session {
        actor["session"] = json!({ "uid": session });
    }
    actor
}

fn unmapped(item: &Item) -> Value {
    let mut fields = item.fields();
    fields.retain(|name, _| !MAPPED.contains(&name.as_str()));
    if let Some(content) = item.content() {
        fields.insert("content".to_owned(), content);
    }
    Value::Object(fields)
}

/// The attributes that a class asks for.
fn of_class(record: &Record, kind: Option<&Kind>, event: &Value) -> Map<String, Value> {
    let user = json!({ "name": record.user });
    let from = json!({ "svc_name": record.by.name() });
    let attributes = match (&record.what, kind.map(|kind| kind.class)) {
        (
            What::EgressAllowed { host, port, .. }
            | What::EgressFailed { host, port, .. }
            | What::EgressRefused { host, port, .. }
            | What::EgressRepeated { host, port, .. },
            _,
        ) => json!({
            "src_endpoint": { "svc_name": "deskhand" },
            "dst_endpoint": { "hostname": host, "port": port },
        }),
        (
            What::SignInStarted { provider }
            | What::SignInSucceeded { provider }
            | What::SignedOut { provider }
            | What::SignInFailed { provider, .. },
            _,
        ) => json!({ "user": user, "service": { "name": provider }, "src_endpoint": from }),
        (_, Some(Class::Authentication)) => {
            json!({ "user": user, "service": { "name": "deskhand" }, "src_endpoint": from, "is_remote": false })
        }
        (_, Some(Class::Lifecycle)) => json!({ "app": product() }),
        (_, Some(Class::EventLog)) => json!({ "log_name": "audit", "log_provider": "deskhand" }),
        (_, Some(Class::Finding)) => json!({
            "finding_info": { "uid": event["metadata"]["uid"], "title": event["message"] },
        }),
        (_, Some(Class::ConfigState)) => json!({}),
        (_, Some(Class::Api | Class::Network | Class::Process | Class::FileSystem) | None) => json!({
            "api": { "operation": kind.map_or("unknown", |kind| kind.name), "service": { "name": "deskhand" } },
            "src_endpoint": from,
        }),
    };
    match attributes {
        Value::Object(attributes) => attributes,
        _ => Map::new(),
    }
}

fn status(what: &What) -> Status {
    use deskhand_protocol::event::ToolOutcome;
    use deskhand_protocol::permission::Choice;
    use deskhand_protocol::sandbox::{FileChange, MachineEnd};

    match what {
        What::FrontEndRefused { .. }
        | What::FrontEndRefusedAgain { .. }
        | What::EgressRepeated { allowed: false, .. }
        | What::EgressRepeated {
            failed_at: Some(_), ..
        }
        | What::EgressFailed { .. }
        | What::PairingRefused { .. }
        | What::SignInFailed { .. }
        | What::EgressRefused { .. }
        | What::MachineEnded {
            why: MachineEnd::Failed,
            ..
        }
        | What::ProgramsLost { .. }
        | What::SandboxLeftOut { .. }
        | What::SandboxConnectionRefused { .. }
        | What::SandboxFileChanged {
            change: FileChange::Refused,
            ..
        }
        | What::PermissionSettled {
            choice: Choice::Deny, ..
        }
        | What::ToolCallCompleted {
            outcome: ToolOutcome::Failed | ToolOutcome::Denied,
            ..
        } => Status::Failure,
        What::AuditVerified { faults, .. } if *faults > 0 => Status::Failure,
        _ => Status::Success,
    }
}

fn severity(class: Class, status: Status) -> u8 {
    match (class, status) {
        (Class::Finding, _) => 4,
        (Class::Authentication | Class::Network | Class::FileSystem | Class::EventLog, Status::Failure) => 3,
        _ => 1,
    }
}
