//! Words of the protocol as they stand in attributes.

use deskhand_protocol::hello::FrontEndKind;
use deskhand_protocol::permission::{Choice, SettledBy};
use deskhand_protocol::session::PermissionMode;
use serde::Serialize;

/// A plain variant, as the protocol writes it.
pub(super) fn word(variant: &impl Serialize) -> String {
    let value = serde_json::to_value(variant).ok();
    value
        .as_ref()
        .and_then(serde_json::Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

pub(super) fn front_end(kind: FrontEndKind) -> &'static str {
    match kind {
        FrontEndKind::Window => "window",
        FrontEndKind::Excel => "excel",
        FrontEndKind::Powerpoint => "powerpoint",
        FrontEndKind::Terminal => "terminal",
    }
}

pub(super) fn mode_name(mode: PermissionMode) -> &'static str {
    match mode {
        PermissionMode::Ask => "ask",
        PermissionMode::Act => "act",
        PermissionMode::ReadOnly => "readOnly",
    }
}

/// A decision in the words of the documented schema: what, and who decided.
pub(super) fn decision(choice: Choice, by: SettledBy) -> (&'static str, &'static str) {
    let word = if choice == Choice::Deny {
        "reject"
    } else {
        "accept"
    };
    let source = match (by, choice) {
        (SettledBy::Person(_), Choice::Deny) => "user_reject",
        (SettledBy::Person(_), Choice::AllowAlways) | (SettledBy::LastingGrant, _) => "user_permanent",
        (SettledBy::Person(_) | SettledBy::SessionGrant, _) => "user_temporary",
        (SettledBy::Mode | SettledBy::Policy, _) => "config",
        (SettledBy::Void, _) => "user_abort",
    };
    (word, source)
}
