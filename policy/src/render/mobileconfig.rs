//! Configuration profile of macOS: one payload of the preference domain, its keys directly inside. Lists and objects are
//! one string that holds JSON.

use uuid::Uuid;

use super::property_list::{Member, Node, document};
use super::words::lines;
use super::{DOMAIN, NOTE};
use crate::definition::Section;
use crate::settings::Settings;
use crate::shape::Scalar;

/// A profile of these values.
pub(super) fn render(settings: &Settings, name: &str) -> String {
    let values = settings
        .iter()
        .map(|(row, value)| Member::Value(row.name, node(value)));
    profile(name, values.collect())
}

/// A profile that sets nothing and says of each key what it does.
pub(super) fn template(sections: &[Section]) -> String {
    let mut members = vec![Member::Comment(vec![
        "A key is set by a line such as <key>deskhandEnabled</key><true/>; lists and objects are one string that holds JSON."
            .to_owned(),
    ])];
    for row in sections.iter().flat_map(|section| section.rows) {
        let mut text = vec![row.name.to_owned()];
        text.extend(lines(row));
        members.push(Member::Comment(text));
    }
    profile("Deskhand", members)
}

/// A value as a property list holds it.
pub(super) fn node(value: &serde_json::Value) -> Node {
    match Scalar::of(value) {
        Scalar::Boolean(value) => Node::Boolean(value),
        Scalar::Integer(value) => Node::Integer(value),
        Scalar::Text(text) => Node::Text(text),
    }
}

fn profile(name: &str, keys: Vec<Member>) -> String {
    let content = format!("{keys:?}");
    let mut payload = vec![
        Member::Value("PayloadType", Node::text(DOMAIN)),
        Member::Value("PayloadVersion", Node::Integer(1)),
        Member::Value(
            "PayloadIdentifier",
            Node::text(format!("{DOMAIN}.profile.settings")),
        ),
        Member::Value("PayloadUUID", Node::text(identity(&["payload", name, &content]))),
        Member::Value("PayloadDisplayName", Node::text(name)),
    ];
    payload.extend(keys);
    document(
        NOTE,
        vec![
            Member::Value("PayloadType", Node::text("Configuration")),
            Member::Value("PayloadVersion", Node::Integer(1)),
            Member::Value("PayloadIdentifier", Node::text(format!("{DOMAIN}.profile"))),
            Member::Value("PayloadUUID", Node::text(identity(&["profile", name, &content]))),
            Member::Value("PayloadDisplayName", Node::text(name)),
            Member::Value("PayloadScope", Node::text("System")),
            Member::Value("PayloadContent", Node::List(vec![Node::Dictionary(payload)])),
        ],
    )
}

/// An identity that the same content has each time (UUID version 8, RFC 9562), of two FNV-1a sums. It tells profiles apart
/// and protects nothing.
fn identity(parts: &[&str]) -> String {
    let sum = |seed: u64| {
        let bytes = parts.iter().flat_map(|part| part.bytes().chain([0]));
        bytes.fold(seed, |sum, byte| {
            (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        })
    };
    let sums = [sum(0xcbf2_9ce4_8422_2325), sum(0x6c62_272e_07bb_0142)];
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&sums[0].to_be_bytes());
    bytes[8..].copy_from_slice(&sums[1].to_be_bytes());
    uuid::Builder::from_custom_bytes(bytes)
        .into_uuid()
        .hyphenated()
        .encode_upper(&mut Uuid::encode_buffer())
        .to_owned()
}
