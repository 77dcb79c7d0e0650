//! What a type must know to be the type of a key: how a source writes it, what is wrong with a value that is not one,
//! and how it is described.

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::json;
use crate::source::Encoding;

/// Why a value is invalid. Never holds a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Invalid(pub String);

impl Invalid {
    /// Another kind of JSON value than expected.
    pub(crate) fn kind(expected: &str, found: &Value) -> Self {
        let found = match found {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::String(_) => "text",
            Value::Array(_) => "a list",
            Value::Object(_) => "an object",
        };
        Self(format!("expected {expected}, found {found}"))
    }
}

/// What a value leads out of the settings to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Addresses that are connected to, or let through.
    Addresses,
    /// Programs, files or folders of this machine that are used.
    Files,
    /// Both.
    AddressesAndFiles,
}

/// A type that a key can have.
pub trait PolicyValue: PartialEq + Sized {
    /// What values name beside themselves.
    const REACH: Option<Reach> = None;

    /// Reads a value as a source writes it.
    fn parse(value: &Value, encoding: Encoding) -> Result<Self, Invalid>;

    /// The value as JSON, secrets masked; null for an unset one.
    fn to_json(&self) -> Value;

    /// Type and limits in words.
    fn kind() -> String;

    /// JSON Schema (2020-12) of the native form.
    fn schema() -> Value;
}

impl<T: PolicyValue> PolicyValue for Option<T> {
    const REACH: Option<Reach> = T::REACH;

    fn parse(value: &Value, encoding: Encoding) -> Result<Self, Invalid> {
        T::parse(value, encoding).map(Some)
    }

    fn to_json(&self) -> Value {
        self.as_ref().map_or(Value::Null, T::to_json)
    }

    fn kind() -> String {
        T::kind()
    }

    fn schema() -> Value {
        T::schema()
    }
}

impl PolicyValue for bool {
    /// Native, or the words `true` and `false`; in text sources also 1 and 0.
    fn parse(value: &Value, encoding: Encoding) -> Result<Self, Invalid> {
        match (value, encoding) {
            (Value::Bool(value), _) => Ok(*value),
            (Value::String(text), _) if text.eq_ignore_ascii_case("true") => Ok(true),
            (Value::String(text), _) if text.eq_ignore_ascii_case("false") => Ok(false),
            (Value::String(text), Encoding::Text) if text == "1" => Ok(true),
            (Value::String(text), Encoding::Text) if text == "0" => Ok(false),
            (Value::Number(number), Encoding::Text) if number.as_u64() == Some(1) => Ok(true),
            (Value::Number(number), Encoding::Text) if number.as_u64() == Some(0) => Ok(false),
            _ => Err(Invalid::kind("`true` or `false`", value)),
        }
    }

    fn to_json(&self) -> Value {
        json!(self)
    }

    fn kind() -> String {
        "boolean".to_owned()
    }

    fn schema() -> Value {
        json!({ "type": "boolean" })
    }
}

/// The structured value of a list or object: native JSON, or in text sources one string that holds JSON.
pub(crate) fn structured(value: &Value, encoding: Encoding, expected: &str) -> Result<Value, Invalid> {
    match (value, encoding) {
        (Value::String(text), Encoding::Text) => {
            json::value(text).map_err(|error| Invalid(format!("expected JSON inside the string: {error}")))
        }
        (Value::Array(_) | Value::Object(_), Encoding::Json) => Ok(value.clone()),
        (Value::Array(_) | Value::Object(_), Encoding::Text) => Err(Invalid(
            "lists and objects are written as one string that holds JSON".to_owned(),
        )),
        _ => Err(Invalid::kind(expected, value)),
    }
}

/// Text that is not empty, without control characters, at most `cap` bytes.
pub(crate) fn text(value: &Value, cap: usize) -> Result<&str, Invalid> {
    let text = value.as_str().ok_or_else(|| Invalid::kind("text", value))?;
    if text.is_empty() {
        return Err(Invalid("the text is empty".to_owned()));
    }
    if text.len() > cap {
        return Err(Invalid(format!("the text is longer than {cap} bytes")));
    }
    if text.chars().any(char::is_control) {
        return Err(Invalid("the text holds control characters".to_owned()));
    }
    Ok(text)
}

/// A typed object. The error tells no values: some of them are secret.
pub(crate) fn object<T: DeserializeOwned>(value: &Value, expected: &str) -> Result<T, Invalid> {
    if !value.is_object() {
        return Err(Invalid::kind(expected, value));
    }
    T::deserialize(value).map_err(|error| {
        let told = error.to_string();
        let names = ["missing field", "unknown field"];
        let reason = match told
            .split(", expected")
            .next()
            .filter(|told| names.iter().any(|name| told.starts_with(name)))
        {
            Some(field) => json::shown(field),
            None => "a field has a value of another kind".to_owned(),
        };
        Invalid(format!("expected {expected}: {reason}"))
    })
}

/// The fields of an object that hold text: short, without control characters.
pub(crate) fn short<'a>(
    fields: impl IntoIterator<Item = (&'static str, Option<&'a String>)>,
) -> Result<(), Invalid> {
    for (name, field) in fields {
        if let Some(field) = field {
            text(&json!(field), FIELD_CAP)
                .map_err(|Invalid(reason)| Invalid(format!("`{name}`: {reason}")))?;
        }
    }
    Ok(())
}

/// Bytes that a field of an object may have.
pub(crate) const FIELD_CAP: usize = 4 << 10;
