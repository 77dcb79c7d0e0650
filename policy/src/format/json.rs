//! JSON: the administrator's file on Linux, a configuration of the library, and the early `enterpriseConfig` form.

use std::collections::BTreeMap;

use serde_json::Value;

use super::text::Lines;
use super::{Form, ITEM_CAP, Profile, ProfileEntry, ReadError, WrittenFor};
use crate::source::{Encoding, Origin, Reading};
use crate::{json, nested};

/// The key around the settings in the early form.
const EARLY: &str = "enterpriseConfig";

/// The settings of a JSON file.
pub(super) fn profile(text: &str, name_hint: &str) -> Result<Profile, ReadError> {
    let places = places(text)?;
    let mut entries = json::entries(text.as_bytes()).map_err(|error| ReadError::Syntax {
        line: error.line(),
        reason: format!(
            "no JSON object, column {}: {}",
            error.column(),
            without_place(&error)
        ),
    })?;
    let mut written_for = WrittenFor::of_hint(name_hint);
    let mut prefix = String::new();
    if let Some(Ok(Value::Object(early))) = entries.get(EARLY) {
        entries = early
            .iter()
            .map(|(key, value)| (key.clone(), Ok(value.clone())))
            .collect();
        written_for = WrittenFor::Reference;
        prefix = format!("{EARLY}.");
    }
    if written_for == WrittenFor::Unknown && entries.keys().any(|key| key.starts_with("deskhand")) {
        written_for = WrittenFor::Deskhand;
    }
    let form = match entries.get(nested::VERSION) {
        Some(Ok(version)) if *version == 2 => Form::NestedJson,
        _ => Form::Json,
    };
    let mut profile = Profile::new(form, Encoding::Json, written_for);
    let values = match nested::reading(Origin::Default, entries) {
        Reading::Present(values) => values,
        Reading::Unusable(_, reason) => return Err(ReadError::NoSettings(reason)),
        Reading::Absent => return Err(ReadError::Empty),
    };
    for (key, value) in values.entries {
        let line = places.get(&format!("{prefix}{key}")).copied().or_else(|| {
            let leads_here =
                |(path, _): &(&String, &usize)| nested::key_at(path, "").is_some_and(|at| at == key);
            places.iter().find(leads_here).map(|(_, line)| *line)
        });
        profile.entries.push(ProfileEntry { key, line, value });
    }
    profile
        .entries
        .sort_by_key(|entry| entry.line.unwrap_or(usize::MAX));
    Ok(profile)
}

/// The message without the line and column at its end.
fn without_place(error: &serde_json::Error) -> String {
    let message = error.to_string();
    message.split(" at line ").next().unwrap_or_default().to_owned()
}

/// The line of each name in the objects of a text, by its path; the first where one stands there twice. Of damaged text it
/// says anything: the parser that comes after refuses it.
fn places(text: &str) -> Result<BTreeMap<String, usize>, ReadError> {
    let mut places = BTreeMap::new();
    let mut lines = Lines::new(text);
    let mut path: Vec<String> = Vec::new();
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'{' | b'[' => path.push(String::new()),
            b'}' | b']' => drop(path.pop()),
            b'"' => {
                let end = closing(bytes, at);
                let rest = bytes.get(end..).unwrap_or_default();
                let is_name = rest.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b':');
                if is_name
                    && let Some(last) = path.last_mut()
                    && let Some(name) = text.get(at..end)
                {
                    *last = serde_json::from_str(name).unwrap_or_default();
                    places.entry(path.join(".")).or_insert(lines.of(at));
                }
                at = end;
                continue;
            }
            _ => {}
        }
        if path.len() > super::DEPTH_CAP || places.len() > ITEM_CAP {
            return Err(ReadError::TooMuch);
        }
        at += 1;
    }
    Ok(places)
}

/// The place behind the quote that closes the one at `start`.
fn closing(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(byte) = bytes.get(at) {
        at += match byte {
            b'"' => return at + 1,
            b'\\' => 2,
            _ => 1,
        };
    }
    bytes.len()
}
