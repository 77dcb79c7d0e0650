//! Which documents may be read, by their sensitivity labels.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::source::Encoding;
use crate::value::{Invalid, PolicyValue, structured};

/// Statements that may be made, and identifiers in one of them.
const CAP: usize = 200;

/// Whether a statement opens or closes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AccessEffect {
    /// Opens; what no statement opens is then closed.
    Allow,
    /// Closes, whatever opens.
    Deny,
}

/// Which label is meant; of its conditions all that are there must hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LabelIdentifier {
    /// By the id or by the name.
    #[serde(rename = "type")]
    pub by: LabelBy,
    /// This text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub equals: Option<String>,
    /// A text that begins so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts_with: Option<String>,
    /// A text that ends so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_with: Option<String>,
    /// Whether there is one at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exists: Option<bool>,
}

/// What of a label is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LabelBy {
    /// Its id.
    #[serde(rename = "mip_label_guid")]
    Id,
    /// Its name.
    #[serde(rename = "mip_label_name")]
    Name,
}

/// A label of a document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Label {
    /// Its id, a GUID in any spelling.
    pub id: String,
    /// Its name, where the document tells it.
    pub name: Option<String>,
}

impl LabelIdentifier {
    fn fits(&self, labels: &[Label]) -> bool {
        let texts: Vec<String> = match self.by {
            LabelBy::Id => labels.iter().map(|label| folded(&label.id)).collect(),
            LabelBy::Name => labels
                .iter()
                .filter_map(|label| label.name.as_deref())
                .map(folded)
                .collect(),
        };
        if self.exists == Some(texts.is_empty()) {
            return false;
        }
        let asks = |text: &String| {
            let equal = |wanted: &Option<String>, test: fn(&str, &str) -> bool| {
                wanted.as_ref().is_none_or(|wanted| test(text, &folded(wanted)))
            };
            equal(&self.equals, |text, wanted| text == wanted)
                && equal(&self.starts_with, |text, wanted| text.starts_with(wanted))
                && equal(&self.ends_with, |text, wanted| text.ends_with(wanted))
        };
        let only_exists = self.equals.is_none() && self.starts_with.is_none() && self.ends_with.is_none();
        only_exists || texts.iter().any(asks)
    }
}

fn folded(text: &str) -> String {
    text.trim().trim_matches(['{', '}']).to_lowercase()
}

/// What a statement is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccessResource {
    /// `open_file` or `uploaded_file`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Which labels; any document where there is none.
    #[serde(default)]
    pub identifiers: Vec<LabelIdentifier>,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// One statement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccessStatement {
    /// Opens or closes.
    pub effect: AccessEffect,
    /// `addin.access`, `file.upload` or another.
    pub action: String,
    /// What it is about; everything where it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<AccessResource>,
}

/// The statements.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccessPolicies(pub Vec<AccessStatement>);

/// Actions under which a document is read: in the pane that stands in it, and as a file.
const READING: [(&str, &str); 2] = [("addin.access", "open_file"), ("file.upload", "uploaded_file")];

impl AccessPolicies {
    /// The one statement that closes every document.
    pub fn deny_all() -> Self {
        let closed = |(action, _): (&str, &str)| AccessStatement {
            effect: AccessEffect::Deny,
            action: action.to_owned(),
            resource: None,
        };
        Self(READING.into_iter().map(closed).collect())
    }

    /// Whether a document with these labels may be read; `None` for labels that cannot be read. Denied under one action is
    /// denied: what is read goes to the model either way.
    pub fn may_read(&self, labels: Option<&[Label]>) -> bool {
        READING
            .iter()
            .all(|(action, kind)| self.opens(action, kind, labels))
    }

    fn opens(&self, action: &str, kind: &str, labels: Option<&[Label]>) -> bool {
        let concerning: Vec<&AccessStatement> = self
            .0
            .iter()
            .filter(|statement| statement.action == action)
            .filter(|statement| {
                statement
                    .resource
                    .as_ref()
                    .is_none_or(|resource| resource.kind == kind)
            })
            .collect();
        if concerning.is_empty() {
            return true;
        }
        let Some(labels) = labels else { return false };
        let fits = |statement: &&&AccessStatement| {
            statement.resource.as_ref().is_none_or(|resource| {
                resource.identifiers.is_empty() || resource.identifiers.iter().any(|one| one.fits(labels))
            })
        };
        let of = |effect: AccessEffect| {
            concerning
                .iter()
                .filter(move |statement| statement.effect == effect)
        };
        if of(AccessEffect::Deny).any(|statement| fits(&statement)) {
            return false;
        }
        of(AccessEffect::Allow).next().is_none() || of(AccessEffect::Allow).any(|statement| fits(&statement))
    }
}

impl PolicyValue for AccessPolicies {
    fn parse(value: &Value, encoding: Encoding) -> Result<Self, Invalid> {
        let Value::Array(entries) = structured(value, encoding, "a list of statements")? else {
            return Err(Invalid("expected a list of statements".to_owned()));
        };
        if entries.len() > CAP {
            return Err(Invalid(format!("more than {CAP} statements")));
        }
        entries.iter().map(statement).collect::<Result<_, _>>().map(Self)
    }

    fn to_json(&self) -> Value {
        json!(self.0)
    }

    fn kind() -> String {
        format!("list of statements, at most {CAP}")
    }

    fn schema() -> Value {
        let text = json!({ "type": "string" });
        let identifier = json!({
            "type": "object",
            "required": ["type"],
            "additionalProperties": false,
            "properties": {
                "type": { "enum": ["mip_label_guid", "mip_label_name"] },
                "equals": text, "startsWith": text, "endsWith": text, "exists": { "type": "boolean" },
            },
        });
        let resource = json!({
            "type": "object",
            "required": ["type"],
            "additionalProperties": false,
            "properties": {
                "type": { "enum": ["open_file", "uploaded_file"] },
                "identifiers": { "type": "array", "maxItems": CAP, "items": identifier },
                "description": text,
            },
        });
        let statement = json!({
            "type": "object",
            "required": ["effect", "action"],
            "additionalProperties": false,
            "properties": { "effect": { "enum": ["allow", "deny"] }, "action": text, "resource": resource },
        });
        json!({ "type": "array", "maxItems": CAP, "items": statement })
    }
}

fn statement(value: &Value) -> Result<AccessStatement, Invalid> {
    let statement =
        AccessStatement::deserialize(value).map_err(|error| Invalid(format!("no statement: {error}")))?;
    if let Some(resource) = &statement.resource {
        if !READING.iter().any(|(_, kind)| *kind == resource.kind) {
            return Err(Invalid("a resource is `open_file` or `uploaded_file`".to_owned()));
        }
        let empty = |one: &LabelIdentifier| {
            one.equals.is_none()
                && one.starts_with.is_none()
                && one.ends_with.is_none()
                && one.exists.is_none()
        };
        if resource.identifiers.len() > CAP || resource.identifiers.iter().any(empty) {
            return Err(Invalid(
                "an identifier says `equals`, `startsWith`, `endsWith` or `exists`".to_owned(),
            ));
        }
    }
    Ok(statement)
}
