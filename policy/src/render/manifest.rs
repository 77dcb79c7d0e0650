//! Profile manifest of the preference domain: the property list by which iMazing Profile Editor, ProfileCreator and others
//! know the keys of a domain. The `pfm_` names are those of the public collection of manifests ("Manifest Format").

use super::mobileconfig::node;
use super::property_list::{Member, Node, document};
use super::words::{lines, paragraph, plain, title};
use super::{DOMAIN, NOTE};
use crate::definition::{Definition, Section};
use crate::shape::Shape;

/// The manifest.
pub(super) fn render(sections: &[Section]) -> String {
    let mut subkeys = header();
    subkeys.push(Node::Dictionary(segments(sections)));
    subkeys.extend(sections.iter().flat_map(|section| section.rows).map(subkey));
    document(
        NOTE,
        vec![
            Member::Value(
                "pfm_description",
                Node::text(plain(&paragraph(super::markdown::LOCKING))),
            ),
            Member::Value("pfm_domain", Node::text(DOMAIN)),
            Member::Value("pfm_format_version", Node::Integer(1)),
            Member::Value("pfm_platforms", Node::List(vec![Node::text("macOS")])),
            Member::Value("pfm_subkeys", Node::List(subkeys)),
            Member::Value(
                "pfm_targets",
                Node::List(vec![Node::text("system"), Node::text("user")]),
            ),
            Member::Value("pfm_title", Node::text("Deskhand")),
            Member::Value("pfm_unique", Node::Boolean(true)),
            Member::Value("pfm_version", Node::Integer(1)),
        ],
    )
}

/// What every payload has beside its keys.
fn header() -> Vec<Node> {
    let text = |name: &'static str, title: &'static str, value: &str| {
        Node::Dictionary(vec![
            Member::Value("pfm_default", Node::text(value)),
            Member::Value("pfm_name", Node::text(name)),
            Member::Value("pfm_require", Node::text("always")),
            Member::Value("pfm_title", Node::text(title)),
            Member::Value("pfm_type", Node::text("string")),
        ])
    };
    let version = Node::Dictionary(vec![
        Member::Value("pfm_default", Node::Integer(1)),
        Member::Value("pfm_name", Node::text("PayloadVersion")),
        Member::Value("pfm_range_list", Node::List(vec![Node::Integer(1)])),
        Member::Value("pfm_require", Node::text("always")),
        Member::Value("pfm_title", Node::text("Payload version")),
        Member::Value("pfm_type", Node::text("integer")),
    ]);
    vec![
        text("PayloadDisplayName", "Payload name", "Deskhand"),
        text("PayloadIdentifier", "Payload identifier", DOMAIN),
        text("PayloadType", "Payload type", DOMAIN),
        text("PayloadUUID", "Payload identity", ""),
        version,
    ]
}

/// The sections as segments, which editors show as tabs.
fn segments(sections: &[Section]) -> Vec<Member> {
    let names = |section: &Section| Node::List(section.rows.iter().map(|row| Node::text(row.name)).collect());
    let segments = sections
        .iter()
        .map(|section| Member::Value(section.title, names(section)));
    vec![
        Member::Value("pfm_name", Node::text("PFC_SegmentedControl_0")),
        Member::Value(
            "pfm_range_list_titles",
            Node::List(sections.iter().map(|section| Node::text(section.title)).collect()),
        ),
        Member::Value("pfm_require", Node::text("always")),
        Member::Value("pfm_segments", Node::Dictionary(segments.collect())),
        Member::Value("pfm_type", Node::text("string")),
    ]
}

fn subkey(row: &Definition) -> Node {
    let shape = Shape::of(row);
    let (kind, limits) = match &shape {
        Shape::Boolean => ("boolean", Vec::new()),
        Shape::Integer { least, most } => (
            "integer",
            vec![
                Member::Value("pfm_range_min", Node::Integer(*least)),
                Member::Value("pfm_range_max", Node::Integer(*most)),
            ],
        ),
        Shape::Choice(words) => {
            let words = words.iter().map(Node::text).collect();
            ("string", vec![Member::Value("pfm_range_list", Node::List(words))])
        }
        Shape::Number | Shape::Text { .. } | Shape::Json => ("string", Vec::new()),
    };
    let mut members = Vec::new();
    let default = (row.default)();
    if !default.is_null() && !row.secret {
        members.push(Member::Value("pfm_default", node(&default)));
    }
    let mut description = lines(row);
    if shape == Shape::Json {
        description.push("Written as one string that holds JSON.".to_owned());
    }
    members.push(Member::Value(
        "pfm_description",
        Node::text(description.join("\n")),
    ));
    members.push(Member::Value("pfm_name", Node::text(row.name)));
    members.extend(limits);
    if row.secret {
        members.push(Member::Value("pfm_sensitive", Node::Boolean(true)));
    }
    members.push(Member::Value("pfm_title", Node::text(title(row.name))));
    members.push(Member::Value("pfm_type", Node::text(kind)));
    Node::Dictionary(members)
}
