//! What kind of input a key takes, told from the JSON Schema of its row, so that a new row needs no word here.

use serde_json::{Number, Value, json};

use crate::definition::Definition;
use crate::source::Encoding;
use crate::value::Invalid;

/// Signs that a text may have where its row names no limit.
const LONGEST: u64 = 4 << 10;
/// Signs that a list or object may have as text: the most that consoles of device management take without a word.
pub(crate) const LONGEST_JSON: u64 = 32_767;

/// The kind of input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// `true` or `false`.
    Boolean,
    /// A whole number within limits.
    Integer { least: u64, most: u64 },
    /// A number with a fraction.
    Number,
    /// One of these words.
    Choice(Vec<String>),
    /// Text of at most so many signs.
    Text { longest: u64 },
    /// A list or object: where a form has only text, one string that holds JSON.
    Json,
}

impl Shape {
    /// The kind of input that a row takes.
    pub(crate) fn of(row: &Definition) -> Self {
        let schema = (row.schema)();
        if let Some(words) = schema["enum"].as_array()
            && let Some(words) = words
                .iter()
                .map(|word| word.as_str().map(str::to_owned))
                .collect()
        {
            return Self::Choice(words);
        }
        match schema["type"].as_str() {
            Some("boolean") => Self::Boolean,
            Some("integer") => Self::Integer {
                least: schema["minimum"].as_u64().unwrap_or(0),
                most: schema["maximum"].as_u64().unwrap_or(u64::from(u32::MAX)),
            },
            Some("number") => Self::Number,
            Some("string") => Self::Text {
                longest: schema["maxLength"].as_u64().unwrap_or(LONGEST).min(LONGEST_JSON),
            },
            _ => Self::Json,
        }
    }
}

/// The native JSON of a valid value as a source writes it.
///
/// # Errors
/// The value is none of the row's values in that encoding.
pub(crate) fn native(row: &Definition, value: &Value, encoding: Encoding) -> Result<Value, Invalid> {
    (row.check)(value, encoding)?;
    let text = value.as_str().unwrap_or_default();
    let native = match (Shape::of(row), value) {
        (Shape::Boolean, Value::String(_)) => json!(text.eq_ignore_ascii_case("true") || text == "1"),
        (Shape::Boolean, Value::Number(number)) => json!(number.as_u64() == Some(1)),
        (Shape::Integer { .. } | Shape::Number, Value::String(_)) => text
            .parse::<Number>()
            .map_or_else(|_| value.clone(), Value::Number),
        (Shape::Json, Value::String(_)) if encoding == Encoding::Text => {
            serde_json::from_str(text).unwrap_or_else(|_| value.clone())
        }
        _ => value.clone(),
    };
    (row.check)(&native, Encoding::Json).map(|()| native)
}

/// A value as forms without lists and objects write it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Scalar {
    /// `true` or `false`.
    Boolean(bool),
    /// A whole number.
    Integer(u64),
    /// Text; of a list or object its JSON.
    Text(String),
}

impl Scalar {
    /// The form of a native value.
    pub(crate) fn of(value: &Value) -> Self {
        match value {
            Value::Bool(value) => Self::Boolean(*value),
            Value::String(text) => Self::Text(text.clone()),
            value => value
                .as_u64()
                .map_or_else(|| Self::Text(value.to_string()), Self::Integer),
        }
    }

    /// As text alone.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Boolean(value) => value.to_string(),
            Self::Integer(value) => value.to_string(),
            Self::Text(text) => text.clone(),
        }
    }
}
