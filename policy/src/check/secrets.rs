//! What a file of settings has where secrets stand: in clear, or nothing of worth.

use serde_json::{Map, Value};

use super::{FindingCode, name};
use crate::definition::Definition;
use crate::secrets::{holds_mask, referred};

/// Whose secrets lie open in a valid value.
pub(super) fn clear(row: &Definition, value: &Value) -> Option<String> {
    let (_, places) = row.without_secrets(value);
    if places.is_empty() || value.as_object().is_some_and(Map::is_empty) {
        return None;
    }
    let which = if row.secret {
        String::new()
    } else {
        format!(" ({})", places.join(", "))
    };
    Some(format!(
        "a secret{which}: whoever can read this file or the device's settings can read it; a credential helper keeps it out of both"
    ))
}

/// What a value has in the place of secrets, where that is none.
pub(super) fn absent(row: &Definition, value: &Value) -> Option<(FindingCode, String)> {
    let held = value.as_str().and_then(|text| crate::json::value(text).ok());
    let value = held.as_ref().unwrap_or(value);
    let (mut masked, mut refers) = (holds_mask(value).then(Vec::new), Vec::new());
    row.each_secret(&mut value.clone(), &mut |place, secret| {
        if let Some(masked) = masked.as_mut().filter(|_| holds_mask(secret)) {
            masked.push(name(&place.name));
        } else if referred(secret).is_some() {
            refers.push(name(&place.name));
        }
    });
    if let Some(places) = masked {
        let sentence = format!(
            "a mask stands where the secret was ({}): it was given out without it; put the secret in, or leave that part out",
            places.join(", ")
        );
        return Some((FindingCode::MaskedSecret, sentence));
    }
    let sentence = || {
        format!(
            "refers to the secret store of one user ({}): nobody else has that secret",
            refers.join(", ")
        )
    };
    (!refers.is_empty()).then(|| (FindingCode::SecretReference, sentence()))
}
