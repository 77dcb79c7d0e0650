//! Attributes of what is exported, and names of other keys.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::header::pairs;
use super::list::Item;
use crate::json::shown;
use crate::keys::definition;
use crate::source::Encoding;
use crate::value::{Invalid, PolicyValue, Reach, structured, text};

/// Attributes that may be given.
const CAP: usize = 64;
/// Bytes that a name or value may have.
const TEXT_CAP: usize = 1 << 10;

/// Attributes of the resource (OpenTelemetry): an object, or one text of `name=value` with commas between.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attributes(pub BTreeMap<String, String>);

impl Attributes {
    fn insert(&mut self, name: &str, value: &str) -> Result<(), Invalid> {
        text(&json!(name), TEXT_CAP)?;
        text(&json!(value), TEXT_CAP)?;
        if self.0.insert(name.to_owned(), value.to_owned()).is_some() {
            return Err(Invalid(format!("`{}` stands there twice", shown(name))));
        }
        if self.0.len() > CAP {
            return Err(Invalid(format!("more than {CAP} attributes")));
        }
        Ok(())
    }
}

impl PolicyValue for Attributes {
    fn parse(value: &Value, encoding: Encoding) -> Result<Self, Invalid> {
        let mut attributes = Self::default();
        if let Some(text) = value
            .as_str()
            .filter(|text| !text.trim_start().starts_with(['{', '[']))
        {
            for (name, value) in pairs(text)? {
                attributes.insert(name, value)?;
            }
            return Ok(attributes);
        }
        let Value::Object(map) = structured(value, encoding, "an object of attributes")? else {
            return Err(Invalid("expected an object of attributes".to_owned()));
        };
        for (name, value) in &map {
            let value = value
                .as_str()
                .ok_or_else(|| Invalid::kind("text as an attribute", value))?;
            attributes.insert(name, value)?;
        }
        Ok(attributes)
    }

    fn to_json(&self) -> Value {
        json!(self.0)
    }

    fn kind() -> String {
        format!("object of text or text of `name=value`, at most {CAP}")
    }

    fn schema() -> Value {
        let text = json!({ "type": "string", "minLength": 1, "maxLength": TEXT_CAP });
        let object = json!({ "type": "object", "maxProperties": CAP, "additionalProperties": text });
        json!({ "anyOf": [object, { "type": "string", "pattern": "^[^=,]+=" }] })
    }
}

/// Names of keys that an administrator opens to users. A name that is none, or of a key that is never opened, makes the
/// whole list invalid: nobody can have meant it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyNames(pub Vec<&'static str>);

impl PolicyValue for KeyNames {
    fn parse(value: &Value, encoding: Encoding) -> Result<Self, Invalid> {
        let Value::Array(entries) = structured(value, encoding, "a list of keys")? else {
            return Err(Invalid("expected a list of keys".to_owned()));
        };
        if entries.len() > CAP * 4 {
            return Err(Invalid(format!("more than {} keys", CAP * 4)));
        }
        let mut names = Vec::new();
        for entry in &entries {
            let name = text(entry, 100)?;
            let row = definition(name).ok_or_else(|| Invalid(format!("`{}` is no key", shown(name))))?;
            if !row.opens {
                return Err(Invalid(format!("`{}` is never opened to users", row.name)));
            }
            if !names.contains(&row.name) {
                names.push(row.name);
            }
        }
        Ok(Self(names))
    }

    fn to_json(&self) -> Value {
        json!(self.0)
    }

    fn kind() -> String {
        "list of names of keys".to_owned()
    }

    fn schema() -> Value {
        json!({ "type": "array", "maxItems": CAP * 4, "items": { "type": "string", "minLength": 1, "maxLength": 100 } })
    }
}

/// A host that an SSH client may go to, as it is written for that client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SshHost(pub String);

impl Item for SshHost {
    const WHAT: &str = "SSH hosts";
    const REACH: Option<Reach> = Some(Reach::Addresses);

    fn read(value: &Value) -> Result<Self, Invalid> {
        let host = text(value, 253)?;
        let plain = |byte: u8| {
            byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\'' | b'`' | b'$' | b';' | b'|' | b'&')
        };
        // A name that begins with a dash would be an option of the client.
        if host.bytes().all(plain) && !host.starts_with('-') {
            Ok(Self(host.to_owned()))
        } else {
            Err(Invalid("expected a host".to_owned()))
        }
    }

    fn json(&self) -> Value {
        json!(self.0)
    }

    fn form() -> Value {
        json!({ "type": "string", "minLength": 1, "maxLength": 253 })
    }
}
