//! Settings that somebody hands in: secrets out of the secret store of the system, and tests.

use serde_json::Value;

use super::Store;
use crate::source::{Encoding, Origin, Reading, Values};

/// A store that holds what it is given.
#[derive(Clone, Debug)]
pub struct MemoryStore(Values);

impl MemoryStore {
    /// A store of native JSON values.
    pub fn new<'a>(origin: Origin, values: impl IntoIterator<Item = (&'a str, Value)>) -> Self {
        Self::encoded(origin, Encoding::Json, values)
    }

    /// A store of values as some source writes them.
    pub fn encoded<'a>(
        origin: Origin,
        encoding: Encoding,
        values: impl IntoIterator<Item = (&'a str, Value)>,
    ) -> Self {
        let entries = values
            .into_iter()
            .map(|(key, value)| (key.to_owned(), Ok(value)))
            .collect();
        Self(Values {
            origin,
            encoding,
            entries,
        })
    }
}

impl Store for MemoryStore {
    fn read(&self) -> Reading {
        Reading::Present(self.0.clone())
    }
}
