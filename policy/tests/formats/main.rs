//! Files of settings that other tools write: what is read of them, what is refused, and what is said of them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod check;
mod json;
mod outside;
mod profiles;
mod property_list;
mod registry;
mod simulate;

use deskhand_policy::format::{Profile, ReadError, read};
use serde_json::Value;

/// Key and value of each entry; of an unreadable one its reason.
fn entries(profile: &Profile) -> Vec<(String, Result<Value, String>)> {
    let entries = profile.entries.iter();
    entries
        .map(|entry| (entry.key.clone(), entry.value.clone()))
        .collect()
}

/// The one value of a key.
fn value(profile: &Profile, key: &str) -> Value {
    let mut found = profile.entries.iter().filter(|entry| entry.key == key);
    let value = found.next().unwrap().value.clone().unwrap();
    assert!(found.next().is_none(), "{key} stands there twice");
    value
}

fn utf16(text: &str, big: bool) -> Vec<u8> {
    let units = std::iter::once(0xfeff).chain(text.encode_utf16());
    units
        .flat_map(|unit| {
            if big {
                unit.to_be_bytes()
            } else {
                unit.to_le_bytes()
            }
        })
        .collect()
}

#[test]
fn what_is_no_file_of_settings_is_refused_by_name() {
    let large = vec![b' '; (1 << 20) + 1];
    let cases: [(&[u8], ReadError); 8] = [
        (&large, ReadError::TooLarge),
        (b"", ReadError::Empty),
        (b" \r\n\t", ReadError::Empty),
        (b"\x30\x82\x10\x00\x06\x09", ReadError::Signed),
        (b"\x30\x80\x06\x09\x2a\x86", ReadError::Signed),
        (b"-----BEGIN PKCS7-----", ReadError::Signed),
        (b"deskhandEnabled=true", ReadError::Unknown),
        (b"{\"a\": \"\xff\"}", ReadError::Encoding("UTF-8")),
    ];
    for (bytes, expected) in cases {
        assert_eq!(read(bytes, "").unwrap_err(), expected);
    }
}

#[test]
fn a_profile_shows_no_value_when_it_is_printed() {
    let profile = read(br#"{"inferenceGatewayApiKey": "hunter2"}"#, "").unwrap();
    assert!(!format!("{profile:?}").contains("hunter2"));
}
