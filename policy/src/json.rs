//! Reading JSON in which no name stands twice in an object: of two values none can be meant, and other readers would
//! take the other one.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// The sentence about a name that stands there twice.
pub(crate) const TWICE: &str = "the key stands there twice";

/// The entries of an object, by name; a name that stands there twice, in it or below, is an error of its entry.
pub(crate) fn entries(bytes: &[u8]) -> Result<BTreeMap<String, Result<Value, String>>, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let entries = deserializer.deserialize_map(Entries)?;
    deserializer.end()?;
    Ok(entries)
}

/// One value. The error is a sentence.
pub(crate) fn value(text: &str) -> Result<Value, String> {
    let read: Strict = serde_json::from_str(text).map_err(|error| error.to_string())?;
    read.into_result()
}

struct Entries;

impl<'de> Visitor<'de> for Entries {
    type Value = BTreeMap<String, Result<Value, String>>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object of settings")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries = BTreeMap::new();
        while let Some((key, value)) = map.next_entry::<String, Strict>()? {
            let twice = entries.contains_key(&key);
            let read = if twice {
                Err(TWICE.to_owned())
            } else {
                value.into_result()
            };
            entries.insert(key, read);
        }
        Ok(entries)
    }
}

/// A value, and the first name in it that stands twice in one object.
struct Strict {
    value: Value,
    twice: Option<String>,
}

impl Strict {
    fn plain(value: impl Into<Value>) -> Self {
        Self {
            value: value.into(),
            twice: None,
        }
    }

    fn into_result(self) -> Result<Value, String> {
        match self.twice {
            None => Ok(self.value),
            Some(name) => Err(format!("`{name}` stands there twice")),
        }
    }
}

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Strict;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Strict, E> {
        Ok(Strict::plain(Value::Null))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Strict, E> {
        Ok(Strict::plain(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Strict, E> {
        Ok(Strict::plain(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Strict, E> {
        Ok(Strict::plain(value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Strict, E> {
        Ok(Strict::plain(
            Number::from_f64(value).map_or(Value::Null, Value::Number),
        ))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Strict, E> {
        Ok(Strict::plain(value))
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Strict, E> {
        Ok(Strict::plain(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Strict, A::Error> {
        let mut values = Vec::new();
        let mut twice = None;
        while let Some(entry) = list.next_element::<Strict>()? {
            twice = twice.or(entry.twice);
            values.push(entry.value);
        }
        Ok(Strict {
            value: Value::Array(values),
            twice,
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Strict, A::Error> {
        let mut values = Map::new();
        let mut twice = None;
        while let Some((name, entry)) = map.next_entry::<String, Strict>()? {
            twice = twice.or(entry.twice);
            if values.contains_key(&name) && twice.is_none() {
                twice = Some(shown(&name));
            }
            values.insert(name, entry.value);
        }
        Ok(Strict {
            value: Value::Object(values),
            twice,
        })
    }
}

/// A name as a message shows it: short, without control characters.
pub(crate) fn shown(name: &str) -> String {
    let plain = name.chars().filter(|letter| !letter.is_control());
    plain.take(80).collect()
}
