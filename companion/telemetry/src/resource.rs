//! What is said of the program and the machine with everything that is sent (the OTLP resource).

use std::collections::BTreeMap;

use crate::schema::Value;

/// Attributes that an administrator may add.
const MOST: usize = 64;
/// Characters of a name or a value.
const CHARACTERS: usize = 512;

/// Attributes of the resource, ours first.
#[derive(Clone, Debug, PartialEq)]
pub struct Resource(Vec<(String, Value)>);

/// What is known of the program, the machine and the person.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// The version of Deskhand.
    pub version: String,
    /// `amd64`, `arm64`: as the semantic conventions name it.
    pub arch: String,
    /// `windows`, `darwin`, `linux`.
    pub os: String,
    /// The version of the operating system.
    pub os_version: String,
    /// The signed-in identity, where `endUserAttribution` is set.
    pub end_user: Option<String>,
    /// The login name of the operating system.
    pub owner: Option<String>,
    /// `deploymentOrganizationUuid`.
    pub organization: Option<String>,
}

impl Resource {
    /// The facts, and what the administrator adds (`otlpResourceAttributes`). Names of ours are ours, also where there is no
    /// value: what is not attributed cannot be claimed.
    pub fn new(facts: Facts, added: &BTreeMap<String, String>) -> Self {
        let named = [
            ("service.name", Some("deskhand".to_owned())),
            ("service.version", Some(facts.version)),
            ("host.arch", Some(facts.arch)),
            ("os.type", Some(facts.os)),
            ("os.version", Some(facts.os_version)),
            ("enduser.id", facts.end_user),
            ("process.owner", facts.owner),
            ("deskhand.organization.uuid", facts.organization),
        ];
        let ours = |name: &str| named.iter().any(|(known, _)| *known == name);
        let added: Vec<(String, String)> = added
            .iter()
            .filter(|(name, _)| !name.is_empty() && !ours(name))
            .take(MOST)
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        let known = named
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?)));
        let all = known
            .chain(added)
            .map(|(name, value)| (first(&name), Value::Text(first(&value))));
        Self(all.collect())
    }

    /// Names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }
}

fn first(text: &str) -> String {
    text.chars().take(CHARACTERS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(resource: &Resource) -> BTreeMap<String, String> {
        let text = |value: &Value| {
            if let Value::Text(text) = value {
                text.clone()
            } else {
                String::new()
            }
        };
        resource
            .iter()
            .map(|(name, value)| (name.to_owned(), text(value)))
            .collect()
    }

    #[test]
    fn what_the_administrator_adds_is_there_and_names_of_ours_are_ours() {
        let added = [
            ("team", "finance"),
            ("service.name", "other"),
            ("enduser.id", "somebody"),
            ("", "x"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let facts = Facts {
            version: "1.2.3".to_owned(),
            ..Facts::default()
        };
        let found = texts(&Resource::new(facts, &BTreeMap::from(added)));
        assert_eq!(found["service.name"], "deskhand");
        assert_eq!(found["service.version"], "1.2.3");
        assert_eq!(found["team"], "finance");
        assert!(
            !found.contains_key("enduser.id"),
            "nobody is attributed without the switch"
        );
        assert!(!found.contains_key(""));
    }

    #[test]
    fn the_resource_stays_small() {
        let many = (0..1_000)
            .map(|index| (format!("name{index}"), "v".repeat(10_000)))
            .collect();
        let found = texts(&Resource::new(Facts::default(), &many));
        assert_eq!(found.keys().filter(|name| name.starts_with("name")).count(), MOST);
        assert!(found.values().all(|value| value.len() <= CHARACTERS));
    }
}
