//! Secrets inside values: where they stand, how a user's file refers to them, and what a value is without them.
//!
//! A row's JSON Schema says which parts are secret (`writeOnly`); nothing else does. In a user's file the form is
//! `{"$secret": "managedMcpServers/docs/headers/authorization"}`: the name of an entry of the system's secret store, which
//! begins with the key. Such an entry counts only while it goes where it was given for.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Map, Value, json};
use url::Url;

use crate::definition::Definition;
use crate::keys::{definition, definitions};
use crate::source::{Encoding, Origin, Reading, Values};
use crate::types::MASK;

/// The one field of a reference.
pub const REFERENCE: &str = "$secret";
/// The place of secrets that a user gave, in words.
pub const SECRET_PLACE: &str = "the secret store";

/// Where a secret stands in a value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SecretPlace {
    /// The key and what leads to it, with `/` between; entries of lists by their name. `~` and `/` in a part are written `~0`
    /// and `~1` (RFC 6901).
    pub name: String,
    /// The addresses, or the program, that the entry around it sends it to.
    pub goes_to: Vec<String>,
}

impl SecretPlace {
    fn below(&self, part: &str) -> Self {
        let part = part.replace('~', "~0").replace('/', "~1");
        Self {
            name: format!("{}/{part}", self.name),
            goes_to: self.goes_to.clone(),
        }
    }
}

impl Definition {
    /// Whether values of the row may hold secrets, or are one.
    pub fn holds_secrets(&self) -> bool {
        self.secret || marks((self.schema)())
    }

    /// Visits the secrets in a native value of the row, be it valid or not; of a row that is secret as a whole the whole.
    pub fn each_secret(&self, value: &mut Value, visit: &mut dyn FnMut(&SecretPlace, &mut Value)) {
        let at = SecretPlace {
            name: self.name.to_owned(),
            goes_to: Vec::new(),
        };
        if self.secret {
            visit(&at, value);
        } else {
            walk(&(self.schema)(), value, &at, visit);
        }
    }

    /// The value without its secrets, and their names.
    pub fn without_secrets(&self, value: &Value) -> (Value, Vec<String>) {
        let (mut value, mut names) = (value.clone(), Vec::new());
        self.each_secret(&mut value, &mut |place, secret| {
            names.push(place.name.clone());
            *secret = Value::Null;
        });
        if !names.is_empty() {
            prune(&mut value);
        }
        (value, names)
    }

    /// The value with plain text in the place of every reference and mask, to be checked for everything else.
    pub fn with_stand_ins(&self, value: &Value) -> Value {
        let mut value = value.clone();
        self.each_secret(&mut value, &mut |_, secret| {
            if referred(secret).is_some() || *secret == MASK {
                *secret = json!("secret");
            }
        });
        value
    }
}

/// The reference to an entry of the secret store.
pub fn reference(name: &str) -> Value {
    json!({ REFERENCE: name })
}

/// The entry that a reference names.
pub fn referred(value: &Value) -> Option<&str> {
    let fields = value.as_object().filter(|fields| fields.len() == 1)?;
    fields.get(REFERENCE)?.as_str()
}

/// Whether a value holds a reference anywhere.
pub(crate) fn refers(value: &Value) -> bool {
    match value {
        Value::Array(entries) => entries.iter().any(refers),
        Value::Object(fields) => referred(value).is_some() || fields.values().any(refers),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// Whether an entry of the store is one of a row: no other one, and no key of Deskhand's own, may be referred to.
fn is_of(row: &Definition, name: &str) -> bool {
    name.strip_prefix(row.name)
        .is_some_and(|rest| rest.starts_with('/'))
}

/// Whether a value holds what is shown in the place of a secret.
pub fn holds_mask(value: &Value) -> bool {
    match value {
        Value::String(text) => text == MASK,
        Value::Array(entries) => entries.iter().any(holds_mask),
        Value::Object(fields) => fields.values().any(holds_mask),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// The origin of an address, as it is kept and told.
pub(crate) fn origin(address: &str) -> String {
    Url::parse(address).map_or_else(|_| address.to_owned(), |url| url.origin().ascii_serialization())
}

fn marks(schema: Value) -> bool {
    match schema {
        Value::Object(fields) => fields
            .into_iter()
            .any(|(name, below)| name == "writeOnly" && below == true || marks(below)),
        Value::Array(entries) => entries.into_iter().any(marks),
        _ => false,
    }
}

/// Goes no deeper than the schema does.
fn walk(
    schema: &Value,
    value: &mut Value,
    at: &SecretPlace,
    visit: &mut dyn FnMut(&SecretPlace, &mut Value),
) {
    if schema["writeOnly"] == true {
        return visit(at, value);
    }
    for option in schema["anyOf"].as_array().into_iter().flatten() {
        walk(option, value, at, visit);
    }
    match value {
        Value::Array(entries) => {
            for (index, entry) in entries.iter_mut().enumerate() {
                let name = entry["name"]
                    .as_str()
                    .map_or_else(|| index.to_string(), str::to_owned);
                let at = SecretPlace {
                    goes_to: goes_to(entry),
                    ..at.below(&name)
                };
                walk(&schema["items"], entry, &at, visit);
            }
        }
        Value::Object(fields) => {
            for (name, field) in fields {
                let named = schema["properties"].get(name);
                let schema = named.unwrap_or(&schema["additionalProperties"]);
                if schema.is_object() {
                    walk(schema, field, &at.below(name), visit);
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Where an entry of a list sends its secrets: its addresses by their origins, or else its program with
/// the arguments, or the service it names.
fn goes_to(entry: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().map(origin);
    let mut places: Vec<String> = ["url", "customUrl"]
        .iter()
        .filter_map(|name| text(&entry[*name]))
        .collect();
    let named = entry["oauth"]["authorizationServer"].as_array();
    places.extend(named.into_iter().flatten().filter_map(text));
    for name in ["command", "server", "provider", "host", "tenantId", "azureCloud"] {
        if let Some(field) = entry.get(name) {
            // A shell is another program with other arguments.
            let arguments = entry.get("args").filter(|_| name == "command");
            let arguments = arguments.filter(|arguments| **arguments != json!([]));
            let arguments = arguments
                .map(|arguments| format!(" {arguments}"))
                .unwrap_or_default();
            places.push(format!("{name} {field}{arguments}"));
        }
    }
    places
}

/// Takes out what is null, and objects that hold nothing any more.
fn prune(value: &mut Value) {
    match value {
        Value::Array(entries) => entries.iter_mut().for_each(prune),
        Value::Object(fields) => {
            fields.values_mut().for_each(prune);
            fields.retain(|_, field| {
                !field.is_null() && field.as_object().is_none_or(|below| !below.is_empty())
            });
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// A secret that a user gave, with what it was given for.
#[derive(Clone, PartialEq, Eq)]
pub struct KeptSecret {
    value: Value,
    goes_to: Vec<String>,
}

impl KeptSecret {
    /// A secret for these addresses, or this program, and no others.
    pub fn new(value: Value, goes_to: Vec<String>) -> Self {
        Self { value, goes_to }
    }

    /// A secret as the store has it. One that says of no address is for none.
    pub fn read(bytes: &[u8]) -> Self {
        let record = serde_json::from_slice::<Map<String, Value>>(bytes).ok();
        let read = record.and_then(|mut record| {
            let value = record.remove("secret")?;
            let goes_to = serde_json::from_value(record.remove("for")?).ok()?;
            Some(Self { value, goes_to })
        });
        read.unwrap_or_else(|| {
            let text = String::from_utf8_lossy(bytes).into_owned();
            Self::new(Value::String(text), Vec::new())
        })
    }

    /// The form for the store: an object with `secret` and `for`.
    pub fn to_bytes(&self) -> Vec<u8> {
        json!({ "secret": self.value, "for": self.goes_to })
            .to_string()
            .into_bytes()
    }

    /// Why it may not go there, where that is so.
    pub(crate) fn refuses(&self, name: &str, goes_to: &[String]) -> Option<String> {
        if !goes_to.is_empty() && goes_to.iter().all(|place| self.goes_to.contains(place)) {
            return None;
        }
        let told = |places: &[String], other: &str| {
            let addresses: Vec<&str> = places
                .iter()
                .map(String::as_str)
                .filter(|place| place.starts_with("http"))
                .collect();
            if addresses.is_empty() {
                other.to_owned()
            } else {
                addresses.join(", ")
            }
        };
        Some(format!(
            "the secret `{name}` was given for {} and is not sent to {}: give it again",
            told(&self.goes_to, "another place"),
            told(goes_to, "this one"),
        ))
    }
}

/// Only that there is one.
impl fmt::Debug for KeptSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("KeptSecret")
    }
}

/// The secrets that a user gave, by name: of keys that are secret, and of references.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeptSecrets(pub BTreeMap<String, KeptSecret>);

impl KeptSecrets {
    /// None.
    pub const NONE: &'static Self = &Self(BTreeMap::new());

    /// Where they lie.
    pub fn origin() -> Origin {
        Origin::User(SECRET_PLACE.into())
    }

    /// The keys that are secret as a whole, as a source.
    pub(crate) fn reading(&self) -> Reading {
        let whole = |name: &String| definition(name).is_some_and(|row| row.name == name && row.secret);
        let entries: BTreeMap<_, _> = self.0.iter().filter(|(name, _)| whole(name)).collect();
        if entries.is_empty() {
            return Reading::Absent;
        }
        let entries = entries.into_iter();
        Reading::Present(Values {
            origin: Self::origin(),
            encoding: Encoding::Json,
            entries: entries
                .map(|(name, kept)| (name.clone(), Ok(kept.value.clone())))
                .collect(),
        })
    }

    /// A value of a user's source with the secrets that it refers to.
    ///
    /// # Errors
    /// A sentence about the first reference that gives nothing.
    pub(crate) fn fill(&self, row: &Definition, value: &Value) -> Result<Value, String> {
        let (mut value, mut wrong) = (value.clone(), None);
        row.each_secret(&mut value, &mut |place, secret| {
            let Some(name) = referred(secret) else { return };
            match self.0.get(name).filter(|_| is_of(row, name)) {
                None => {
                    wrong.get_or_insert(format!(
                        "the secret `{}` is not in the secret store: give it again",
                        crate::json::shown(name)
                    ));
                }
                Some(kept) => match kept.refuses(&crate::json::shown(name), &place.goes_to) {
                    None => *secret = kept.value.clone(),
                    Some(reason) => drop(wrong.get_or_insert(reason)),
                },
            }
        });
        wrong.map_or(Ok(value), Err)
    }
}

/// The entries of the secret store that a user's source refers to, and those of keys that are secret, to be read at most
/// `cap` of them.
pub fn wanted(user: &Reading, cap: usize) -> Vec<String> {
    let whole = definitions()
        .filter(|row| row.secret)
        .map(|row| row.name.to_owned());
    let mut names: Vec<String> = whole.collect();
    let Reading::Present(values) = user else {
        return names;
    };
    for (name, said) in &values.entries {
        if let (Some(row), Ok(value)) = (definition(name).filter(|row| !row.secret), said) {
            row.each_secret(&mut value.clone(), &mut |_, secret| {
                names.extend(
                    referred(secret)
                        .filter(|name| is_of(row, name))
                        .map(str::to_owned),
                );
            });
        }
    }
    names.truncate(cap);
    names
}
