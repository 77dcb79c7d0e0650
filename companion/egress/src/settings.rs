//! The effective settings as the table reads them: JSON values by policy key.

use serde_json::Value;

/// Reads policy keys. A key without a value, with the empty text or an empty object counts as not set; a value of another type than the
/// one that is asked for does too: the policy crate has already said what is wrong with it.
#[derive(Clone, Copy)]
pub(crate) struct Settings<'a>(pub(crate) &'a dyn Fn(&str) -> Value);

impl Settings<'_> {
    pub(crate) fn value(self, key: &str) -> Option<Value> {
        let value = (self.0)(key);
        let set = match &value {
            Value::Null => false,
            Value::String(text) => !text.is_empty(),
            Value::Object(fields) => !fields.is_empty(),
            // An empty list is a list that allows nothing.
            Value::Array(_) | Value::Bool(_) | Value::Number(_) => true,
        };
        set.then_some(value)
    }

    pub(crate) fn is_set(self, key: &str) -> bool {
        self.value(key).is_some()
    }

    pub(crate) fn text(self, key: &str) -> Option<String> {
        match (self.0)(key) {
            Value::String(text) if !text.is_empty() => Some(text),
            _ => None,
        }
    }

    /// Whether a key has exactly this text.
    pub(crate) fn says(self, key: &str, wanted: &str) -> bool {
        self.text(key).as_deref() == Some(wanted)
    }

    /// Whether a key is this boolean.
    pub(crate) fn is(self, key: &str, wanted: bool) -> bool {
        (self.0)(key).as_bool() == Some(wanted)
    }

    /// The entries of a list, `None` where there is no list.
    pub(crate) fn list(self, key: &str) -> Option<Vec<Value>> {
        match (self.0)(key) {
            Value::Array(entries) => Some(entries),
            _ => None,
        }
    }
}

/// The text in a field of an object, where there is one that is not empty.
pub(crate) fn field<'a>(object: &'a Value, name: &str) -> Option<&'a str> {
    object.get(name)?.as_str().filter(|text| !text.is_empty())
}
