//! Values of keys, valid and in native JSON: what is exported, imported and recommended.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Map, Value};

use crate::definition::Definition;
use crate::keys::{definition, definitions};
use crate::shape::native;
use crate::source::Encoding;
use crate::value::Invalid;

/// Values of keys in the order of the table. May hold secrets: `Debug` shows the names alone.
#[derive(Clone, Default)]
pub struct Settings(BTreeMap<usize, (&'static Definition, Value)>);

impl Settings {
    /// Sets a key by its name or an earlier one, which is written under its name.
    ///
    /// # Errors
    /// There is no such key, or the value is none of its values in that encoding.
    pub fn set(&mut self, key: &str, value: &Value, encoding: Encoding) -> Result<(), Invalid> {
        let row = definition(key).ok_or_else(|| Invalid("no such key".to_owned()))?;
        self.insert(row, native(row, value, encoding)?);
        Ok(())
    }

    /// Sets a key to a native value that is known to be valid.
    pub(crate) fn insert(&mut self, row: &'static Definition, value: Value) {
        let place = definitions().position(|other| other.name == row.name);
        self.0.insert(place.unwrap_or(usize::MAX), (row, value));
    }

    /// The native value of a key, where it is set.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.iter()
            .find(|(row, _)| row.name == name)
            .map(|(_, value)| value)
    }

    /// Rows with their native values.
    pub fn iter(&self) -> impl Iterator<Item = (&'static Definition, &Value)> {
        self.0.values().map(|(row, value)| (*row, value))
    }

    /// How many keys are set.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether no key is set.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The object that a file of settings holds, secrets included.
    pub fn to_json(&self) -> Map<String, Value> {
        self.iter()
            .map(|(row, value)| (row.name.to_owned(), value.clone()))
            .collect()
    }
}

impl PartialEq for Settings {
    fn eq(&self, other: &Self) -> bool {
        self.to_json() == other.to_json()
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_set()
            .entries(self.iter().map(|(row, _)| row.name))
            .finish()
    }
}
