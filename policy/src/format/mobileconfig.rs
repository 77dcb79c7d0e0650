//! Configuration profiles and preference domains: which dictionary of a property list holds the settings.
//!
//! Consoles write a domain in one of three ways: a payload whose type is the domain; a payload of type
//! `com.apple.ManagedClient.preferences` that names it (Apple, "ManagedPreferences"); or the bare property list.

use serde_json::Value;

use super::property_list::{Member, Node};
use super::{Form, Profile, ProfileEntry, ReadError, WrittenFor};
use crate::source::Encoding;

/// The payload that carries other domains.
const PREFERENCES: &str = "com.apple.ManagedClient.preferences";

/// The settings of a property list.
pub(super) fn profile(root: Node, name_hint: &str) -> Result<Profile, ReadError> {
    let Node::Dictionary(members) = root else {
        return Err(ReadError::NoSettings(
            "the property list is no dictionary".to_owned(),
        ));
    };
    if member(&members, "EncryptedPayloadContent").is_some() {
        return Err(ReadError::Encrypted);
    }
    if member(&members, "PayloadContent").is_none() && member(&members, "PayloadType").is_none() {
        let mut profile = Profile::new(Form::PropertyList, Encoding::Text, WrittenFor::of_hint(name_hint));
        take(&mut profile, members);
        return Ok(profile);
    }
    configuration(members)
}

/// The settings of a profile: of Deskhand's domain, or else of the reference product's.
fn configuration(members: Vec<Member>) -> Result<Profile, ReadError> {
    // A single payload without the profile around it is a profile of one.
    let alone = text(&members, "PayloadType").is_some_and(|kind| WrittenFor::of_domain(kind).is_some());
    let payloads = if alone {
        vec![Node::Dictionary(members)]
    } else {
        match members.into_iter().find(|member| member.key == "PayloadContent") {
            Some(Member {
                value: Node::List(payloads),
                ..
            }) => payloads,
            _ => {
                return Err(ReadError::NoSettings(
                    "the profile holds no list of payloads".to_owned(),
                ));
            }
        }
    };
    let mut others = Vec::new();
    let mut found: Vec<(WrittenFor, Vec<Member>)> = Vec::new();
    for payload in payloads {
        let Node::Dictionary(members) = payload else {
            continue;
        };
        let kind = text(&members, "PayloadType").unwrap_or_default().to_owned();
        if let Some(product) = WrittenFor::of_domain(&kind) {
            found.push((product, members));
        } else if kind == PREFERENCES {
            found.extend(forced(members, &mut others));
        } else {
            others.push(kind);
        }
    }
    let ours = found.iter().any(|(product, _)| *product == WrittenFor::Deskhand);
    let wanted = if ours {
        WrittenFor::Deskhand
    } else {
        WrittenFor::Reference
    };
    let mut profile = Profile::new(Form::Mobileconfig, Encoding::Text, wanted);
    if found.is_empty() {
        let others = shown(&others);
        return Err(ReadError::NoSettings(format!(
            "no payload holds settings of Deskhand or of the reference product; there are: {others}"
        )));
    }
    if !others.is_empty() {
        profile.remark(None, format!("payloads that are not read: {}", shown(&others)));
    }
    for (product, members) in found {
        if product == wanted {
            take(&mut profile, members);
        } else {
            profile.remark(None, "the payload of the reference product's domain is not read, because one of Deskhand's is there");
        }
    }
    Ok(profile)
}

/// The domains of a payload that carries other ones. Only what is forced is managed.
fn forced(members: Vec<Member>, others: &mut Vec<String>) -> Vec<(WrittenFor, Vec<Member>)> {
    let mut found = Vec::new();
    let content = members.into_iter().find(|member| member.key == "PayloadContent");
    let Some(Member {
        value: Node::Dictionary(domains),
        ..
    }) = content
    else {
        return found;
    };
    for domain in domains {
        let (Some(product), Node::Dictionary(kinds)) = (WrittenFor::of_domain(&domain.key), domain.value)
        else {
            others.push(domain.key);
            continue;
        };
        for kind in kinds {
            let Node::List(states) = kind.value else { continue };
            if kind.key != "Forced" {
                others.push(format!("{} ({}, which users may change)", domain.key, kind.key));
                continue;
            }
            for state in states {
                let Node::Dictionary(state) = state else { continue };
                let settings = state
                    .into_iter()
                    .find(|member| member.key == "mcx_preference_settings");
                if let Some(Member {
                    value: Node::Dictionary(members),
                    ..
                }) = settings
                {
                    found.push((product, members));
                }
            }
        }
    }
    found
}

/// The keys of a dictionary that are settings.
fn take(profile: &mut Profile, members: Vec<Member>) {
    for Member { key, line, value } in members {
        if key.starts_with("Payload") || key.starts_with("pfm_") {
            continue;
        }
        let value = value.into_json();
        profile.entries.push(ProfileEntry { key, line, value });
    }
}

fn member<'a>(members: &'a [Member], key: &str) -> Option<&'a Node> {
    let found = members.iter().find(|member| member.key == key)?;
    Some(&found.value)
}

fn text<'a>(members: &'a [Member], key: &str) -> Option<&'a str> {
    match member(members, key) {
        Some(Node::Plain(Value::String(text))) => Some(text),
        _ => None,
    }
}

/// Names for a message: few, short, without control characters.
fn shown(names: &[String]) -> String {
    let short = |name: &String| -> String {
        name.chars()
            .filter(|letter| !letter.is_control())
            .take(80)
            .collect()
    };
    let shown: Vec<String> = names.iter().take(10).map(short).collect();
    if shown.is_empty() {
        "none".to_owned()
    } else {
        shown.join(", ")
    }
}
