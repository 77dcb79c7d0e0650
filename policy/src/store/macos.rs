//! Managed preferences on macOS: property lists, XML or binary, that the system's device management writes.
//!
//! Of a profile for the machine and one for the user the machine's counts whole: merged, neither administrator could tell
//! what is in force.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::de::{DeserializeSeed, Deserializer, EnumAccess, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::{Store, trusted};
use crate::json::TWICE;
use crate::source::{Encoding, Origin, Reading, Values};

/// The preference domain.
pub const PREFERENCE_DOMAIN: &str = "dev.deskhand.Deskhand";
/// Where the system keeps managed preferences.
const FOLDER: &str = "/Library/Managed Preferences";
/// Values that a list may hold, those inside of others included. A binary list may name one object many times.
const NODE_CAP: usize = 10_000;
/// Values that may lie inside of each other.
const DEPTH_CAP: usize = 64;

/// The managed preferences of a machine and of one of its users.
#[derive(Clone, Debug)]
pub struct ManagedPreferences {
    machine: PathBuf,
    user: Option<PathBuf>,
    owner: u32,
}

impl ManagedPreferences {
    /// The preferences of this machine and of the user with this short name. The name is the account's, never what the
    /// environment says: whoever sets that could choose another profile.
    pub fn system(user: Option<&str>) -> Self {
        Self::in_folder(Path::new(FOLDER), user, 0)
    }

    /// The preferences in another folder; its files count where this user (by number) owns them.
    pub fn in_folder(folder: &Path, user: Option<&str>, owner: u32) -> Self {
        let file = format!("{PREFERENCE_DOMAIN}.plist");
        let plain = |name: &&str| !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\0']);
        Self {
            machine: folder.join(&file),
            user: user.filter(plain).map(|name| folder.join(name).join(&file)),
            owner,
        }
    }
}

impl Store for ManagedPreferences {
    fn read(&self) -> Reading {
        let of = |path: &Path, origin: fn(_) -> Origin| {
            let origin = origin(path.to_string_lossy().into());
            match trusted::bytes(path, self.owner) {
                Ok(None) => Reading::Absent,
                Ok(Some(bytes)) => plist_reading(origin, &bytes),
                Err(reason) => Reading::Unusable(origin, reason),
            }
        };
        match (of(&self.machine, Origin::Managed), &self.user) {
            (Reading::Absent, Some(user)) => of(user, Origin::ManagedForUser),
            (machine, _) => machine,
        }
    }
}

/// The values of a property list: a dictionary of keys.
fn plist_reading(origin: Origin, bytes: &[u8]) -> Reading {
    match plist::from_bytes::<Entries>(bytes) {
        Ok(Entries(entries)) => Reading::Present(Values {
            origin,
            encoding: Encoding::Text,
            entries,
        }),
        // What is wrong is told without the library's words: they may quote a secret.
        Err(_) => Reading::Unusable(
            origin,
            "the file is no property list with a dictionary of settings".to_owned(),
        ),
    }
}

struct Entries(BTreeMap<String, Result<Value, String>>);

impl<'de> serde::Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EntriesVisitor)
    }
}

struct EntriesVisitor;

impl<'de> Visitor<'de> for EntriesVisitor {
    type Value = Entries;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a dictionary of settings")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries, A::Error> {
        let mut nodes = 0;
        let mut entries = BTreeMap::new();
        while let Some(key) = map.next_key::<String>()? {
            let value = map.next_value_seed(Node {
                nodes: &mut nodes,
                depth: 0,
            })?;
            let twice = entries.contains_key(&key);
            entries.insert(key, if twice { Err(TWICE.to_owned()) } else { value });
        }
        Ok(Entries(entries))
    }
}

/// A value: what a setting can be, or why it cannot be one. Counts everything below.
struct Node<'a> {
    nodes: &'a mut usize,
    depth: usize,
}

impl Node<'_> {
    fn below(&mut self) -> Node<'_> {
        Node {
            nodes: &mut *self.nodes,
            depth: self.depth + 1,
        }
    }
}

type Said = Result<Value, String>;

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Said;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Said, D::Error> {
        *self.nodes += 1;
        if *self.nodes > NODE_CAP || self.depth > DEPTH_CAP {
            return Err(D::Error::custom("too many values, or too deep"));
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Said;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Said, E> {
        Ok(Ok(value.into()))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Said, E> {
        Ok(Ok(value.into()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Said, E> {
        Ok(Ok(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Said, E> {
        Ok(Ok(value.into()))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Said, E> {
        Ok(Ok(value.into()))
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Said, E> {
        Ok(Ok(value.into()))
    }

    fn visit_bytes<E: Error>(self, _: &[u8]) -> Result<Said, E> {
        Ok(Err("data is no setting".to_owned()))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, _: A) -> Result<Said, A::Error> {
        Ok(Err("a date is no setting".to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<Said, A::Error> {
        while list.next_element_seed(self.below())?.is_some() {}
        Ok(Err(native()))
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Said, A::Error> {
        while map.next_key::<String>()?.is_some() {
            map.next_value_seed(self.below())?.ok();
        }
        Ok(Err(native()))
    }
}

fn native() -> String {
    "lists and objects are written as one string that holds JSON".to_owned()
}
