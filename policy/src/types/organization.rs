//! The id of a deployment.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::source::Encoding;
use crate::value::{Invalid, PolicyValue};

/// A UUID in its hyphenated form (RFC 9562, section 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrganizationId(pub Uuid);

impl PolicyValue for OrganizationId {
    fn parse(value: &Value, _: Encoding) -> Result<Self, Invalid> {
        let text = value.as_str().ok_or_else(|| Invalid::kind("a UUID", value))?;
        let uuid = Uuid::try_parse(text).ok().filter(|uuid| !uuid.is_nil());
        // `try_parse` takes forms with braces or without hyphens, too.
        uuid.filter(|_| text.len() == uuid::fmt::Hyphenated::LENGTH)
            .map(Self)
            .ok_or_else(|| Invalid("expected a UUID with hyphens that is not all zeros".to_owned()))
    }

    fn to_json(&self) -> Value {
        json!(self.0.hyphenated().to_string())
    }

    fn kind() -> String {
        "UUID".to_owned()
    }

    fn schema() -> Value {
        json!({ "type": "string", "format": "uuid" })
    }
}
