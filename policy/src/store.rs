//! The places that hold settings. A store tells what is there, not what it means.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::Value;

use crate::source::{Encoding, Origin, Reading, Values};

pub(crate) mod linux;
pub(crate) mod memory;
pub(crate) mod user;

/// Bytes that a file of settings may have.
pub(crate) const FILE_CAP: u64 = 1 << 20;

/// A place that holds settings.
pub trait Store: Send + Sync {
    /// What is there now.
    fn read(&self) -> Reading;
}

/// The values of a JSON file: one object of keys.
pub(crate) fn json_reading(origin: Origin, bytes: &[u8]) -> Reading {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let entries = deserializer
        .deserialize_map(Entries)
        .and_then(|entries| deserializer.end().map(|()| entries));
    match entries {
        Ok(entries) => Reading::Present(Values {
            origin,
            encoding: Encoding::Json,
            entries,
        }),
        Err(error) => Reading::Unusable(origin, format!("the file is no JSON object: {error}")),
    }
}

/// Reads an object and notices keys that stand there twice: none of the two values can be meant.
struct Entries;

impl<'de> Visitor<'de> for Entries {
    type Value = BTreeMap<String, Result<Value, String>>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object of settings")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries = BTreeMap::new();
        while let Some((key, value)) = map.next_entry::<String, Value>()? {
            let twice = entries.contains_key(&key);
            entries.insert(
                key,
                if twice {
                    Err("the key stands there twice".to_owned())
                } else {
                    Ok(value)
                },
            );
        }
        Ok(entries)
    }
}
