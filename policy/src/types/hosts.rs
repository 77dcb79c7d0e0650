//! Hosts as lists in the settings name them.

use serde_json::{Value, json};

use super::list::Item;
use crate::hosts::{HostRule, PrivateRule};
use crate::value::{Invalid, Reach, text};

/// Bytes that an entry may have: a name of 253 (RFC 1035), `*.` and a port.
const CAP: usize = 262;

impl Item for HostRule {
    const WHAT: &str = "hosts";
    const REACH: Option<Reach> = Some(Reach::Addresses);

    fn read(value: &Value) -> Result<Self, Invalid> {
        Self::parse(text(value, CAP)?).map_err(|why| Invalid(why.to_string()))
    }

    fn json(&self) -> Value {
        json!(self.to_string())
    }

    fn form() -> Value {
        json!({ "type": "string", "minLength": 1, "maxLength": CAP, "pattern": "^[^ /@?#%]+$" })
    }
}

impl Item for PrivateRule {
    const WHAT: &str = "hosts, addresses or blocks of addresses";
    const REACH: Option<Reach> = Some(Reach::Addresses);

    fn read(value: &Value) -> Result<Self, Invalid> {
        Self::parse(text(value, CAP)?).map_err(|why| Invalid(why.to_string()))
    }

    fn json(&self) -> Value {
        json!(self.to_string())
    }

    fn form() -> Value {
        json!({ "type": "string", "minLength": 1, "maxLength": CAP })
    }
}

/// Whether everything that `inner` names is named by `outer`, both as a list shows them; `null` stands for a host that is
/// not known.
pub(crate) fn names_all_of(outer: &Value, inner: &Value) -> bool {
    let rule = |value: &Value| value.as_str().and_then(|text| HostRule::parse(text).ok());
    match (rule(outer), rule(inner)) {
        (Some(outer), Some(inner)) => outer.names_all_of(&inner),
        (Some(outer), None) => inner.is_null() && outer == HostRule::any(),
        (None, _) => outer.is_null() && inner.is_null(),
    }
}
