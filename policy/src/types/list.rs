//! Lists of one kind of entry.

use serde_json::{Value, json};

use crate::source::Encoding;
use crate::value::{Invalid, PolicyValue, Reach, structured};

/// An entry of a list.
pub trait Item: PartialEq + Sized {
    /// What the entries are, in the plural.
    const WHAT: &str;
    /// What they name beside themselves.
    const REACH: Option<Reach> = None;

    /// Reads an entry in its native form.
    fn read(value: &Value) -> Result<Self, Invalid>;

    /// The entry as JSON, secrets masked.
    fn json(&self) -> Value;

    /// JSON Schema (2020-12) of an entry.
    fn form() -> Value;

    /// What no two entries may share; entries without one may stand there twice and count once.
    fn name(&self) -> Option<&str> {
        None
    }
}

/// At most `CAP` entries, in the order of the source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List<T, const CAP: usize>(pub Vec<T>);

impl<T, const CAP: usize> Default for List<T, CAP> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Item, const CAP: usize> PolicyValue for List<T, CAP> {
    const REACH: Option<Reach> = T::REACH;

    fn parse(value: &Value, encoding: Encoding) -> Result<Self, Invalid> {
        let expected = format!("a list of {}", T::WHAT);
        let Value::Array(entries) = structured(value, encoding, &expected)? else {
            return Err(Invalid(format!("expected {expected}")));
        };
        if entries.len() > CAP {
            return Err(Invalid(format!("more than {CAP} {}", T::WHAT)));
        }
        let mut list: Vec<T> = Vec::with_capacity(entries.len());
        for (at, entry) in entries.iter().enumerate() {
            let entry =
                T::read(entry).map_err(|Invalid(reason)| Invalid(format!("entry {}: {reason}", at + 1)))?;
            if list.contains(&entry) && entry.name().is_none() {
                continue;
            }
            if entry.name().is_some() && list.iter().any(|other| other.name() == entry.name()) {
                return Err(Invalid(format!("entry {}: the name stands there twice", at + 1)));
            }
            list.push(entry);
        }
        Ok(Self(list))
    }

    fn to_json(&self) -> Value {
        self.0.iter().map(T::json).collect()
    }

    fn kind() -> String {
        format!("list of {}, at most {CAP}", T::WHAT)
    }

    fn schema() -> Value {
        json!({ "type": "array", "maxItems": CAP, "items": T::form() })
    }
}
