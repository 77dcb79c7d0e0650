//! Extra HTTP headers.

use std::collections::BTreeMap;
use std::fmt;

use http::{HeaderName, HeaderValue};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Value, json};

use super::secret::MASK;
use crate::source::Encoding;
use crate::value::{Invalid, PolicyValue, structured};

/// Headers that may be given.
const CAP: usize = 64;
/// Bytes that a value may have.
const VALUE_CAP: usize = 8 << 10;
/// Headers that belong to the connection or to the message itself (RFC 9110, RFC 9112).
const OURS: &[&str] = &[
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "expect",
    "host",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Headers by name in lower case. Values may be secret and are never printed.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Headers(BTreeMap<String, String>);

impl Headers {
    /// Names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    fn insert(&mut self, name: &str, value: &str) -> Result<(), Invalid> {
        let shown: String = name
            .chars()
            .take(40)
            .filter(|letter| !letter.is_control())
            .collect();
        let invalid = |reason: &str| Invalid(format!("header `{shown}`: {reason}"));
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| invalid("no name of a header"))?;
        if value.len() > VALUE_CAP || HeaderValue::from_str(value).is_err() || !value.is_ascii() {
            return Err(invalid("no value of a header"));
        }
        if OURS.contains(&name.as_str()) {
            return Err(invalid("belongs to the connection"));
        }
        if self.0.len() >= CAP {
            return Err(Invalid(format!("more than {CAP} headers")));
        }
        match self.0.insert(name.as_str().to_owned(), value.to_owned()) {
            None => Ok(()),
            Some(_) => Err(invalid("stands there twice")),
        }
    }

    fn from_map(map: &serde_json::Map<String, Value>) -> Result<Self, Invalid> {
        let mut headers = Self::default();
        for (name, value) in map {
            headers.insert(
                name,
                value
                    .as_str()
                    .ok_or_else(|| Invalid::kind("text as a header's value", value))?,
            )?;
        }
        Ok(headers)
    }
}

impl fmt::Debug for Headers {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.0.keys()).finish()
    }
}

impl Serialize for Headers {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_json().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Headers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        Self::parse(&value, Encoding::Json).map_err(D::Error::custom)
    }
}

impl PolicyValue for Headers {
    fn parse(value: &Value, encoding: Encoding) -> Result<Self, Invalid> {
        match structured(value, encoding, "an object of headers")? {
            Value::Object(map) => Self::from_map(&map),
            other => Err(Invalid::kind("an object of headers", &other)),
        }
    }

    fn to_json(&self) -> Value {
        self.0
            .keys()
            .map(|name| (name.clone(), json!(MASK)))
            .collect::<serde_json::Map<_, _>>()
            .into()
    }

    fn kind() -> String {
        format!("object of text, at most {CAP}")
    }

    fn schema() -> Value {
        json!({ "type": "object", "maxProperties": CAP, "additionalProperties": { "type": "string", "writeOnly": true } })
    }
}

/// Headers as an object or as a list of `Name: Value`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeadersOrLines(pub Headers);

impl PolicyValue for HeadersOrLines {
    fn parse(value: &Value, encoding: Encoding) -> Result<Self, Invalid> {
        let expected = "an object of headers or a list of `Name: Value`";
        match structured(value, encoding, expected)? {
            Value::Object(map) => Headers::from_map(&map).map(Self),
            Value::Array(lines) => {
                let mut headers = Headers::default();
                for line in &lines {
                    let line = line.as_str().and_then(|line| line.split_once(':'));
                    let (name, value) =
                        line.ok_or_else(|| Invalid("expected `Name: Value` in every line".to_owned()))?;
                    headers.insert(name.trim(), value.trim())?;
                }
                Ok(Self(headers))
            }
            other => Err(Invalid::kind(expected, &other)),
        }
    }

    fn to_json(&self) -> Value {
        self.0.to_json()
    }

    fn kind() -> String {
        format!("object of text or list of `Name: Value`, at most {CAP}")
    }

    fn schema() -> Value {
        let lines =
            json!({ "type": "array", "maxItems": CAP, "items": { "type": "string", "pattern": "^[^:]+:" } });
        json!({ "anyOf": [Headers::schema(), lines] })
    }
}

/// Headers as an object, or in the older form as one text of `name=value` with commas between them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeadersOrPairs(pub Headers);

impl PolicyValue for HeadersOrPairs {
    fn parse(value: &Value, encoding: Encoding) -> Result<Self, Invalid> {
        match value
            .as_str()
            .filter(|text| !text.trim_start().starts_with(['{', '[']))
        {
            None => Headers::parse(value, encoding).map(Self),
            Some(text) => {
                let mut headers = Headers::default();
                for (name, value) in pairs(text)? {
                    headers.insert(name, value)?;
                }
                Ok(Self(headers))
            }
        }
    }

    fn to_json(&self) -> Value {
        self.0.to_json()
    }

    fn kind() -> String {
        format!("object of text or text of `name=value`, at most {CAP}")
    }

    fn schema() -> Value {
        json!({ "anyOf": [Headers::schema(), { "type": "string", "pattern": "^[^=,]+=" }] })
    }
}

/// The pairs of `name=value,name=value`. The values may be secret and are not told.
pub(crate) fn pairs(text: &str) -> Result<Vec<(&str, &str)>, Invalid> {
    let mut pairs = Vec::new();
    for part in text.split(',') {
        let pair = part.split_once('=');
        let (name, value) =
            pair.ok_or_else(|| Invalid("expected `name=value` with commas between".to_owned()))?;
        pairs.push((name.trim(), value.trim()));
    }
    Ok(pairs)
}
