//! Text that is never shown.

use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::source::Encoding;
use crate::value::{Invalid, PolicyValue, text};

/// What is shown in its place.
pub const MASK: &str = "••••";
/// Bytes that a secret may have.
const CAP: usize = 16 << 10;

/// A secret: wiped when dropped, never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes a secret over.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The secret itself, for the one place that sends it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret")
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(MASK)
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        Self::parse(&value, Encoding::Json).map_err(D::Error::custom)
    }
}

impl PolicyValue for Secret {
    fn parse(value: &Value, _: Encoding) -> Result<Self, Invalid> {
        match text(value, CAP)? {
            MASK => Err(Invalid(
                "a mask stands in its place: it was given out without the secret".to_owned(),
            )),
            text => Ok(Self::new(text.to_owned())),
        }
    }

    fn to_json(&self) -> Value {
        json!(MASK)
    }

    fn kind() -> String {
        "secret text".to_owned()
    }

    fn schema() -> Value {
        json!({ "type": "string", "minLength": 1, "maxLength": CAP, "writeOnly": true })
    }
}
