//! The models to choose from.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::source::Encoding;
use crate::value::{Invalid, PolicyValue, structured, text};

/// Models that may be named.
const CAP: usize = 200;
/// Bytes that a name or label may have.
const NAME_CAP: usize = 256;
/// The families that a model may belong to.
pub const FAMILIES: &[&str] = &["sonnet", "opus", "haiku", "fable", "mythos"];

/// A model of the list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Model {
    /// Its id, exactly as the provider writes it.
    pub name: String,
    /// What the picker shows instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label_override: Option<String>,
    /// Whether it takes a million tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supports1m: Option<bool>,
    /// Whether that variant is preferred.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefer1m: Option<bool>,
    /// Its family.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anthropic_family_tier: Option<String>,
    /// Whether it is the one of its family that is taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_family_default: Option<bool>,
}

/// The list, the default first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Models(pub Vec<Model>);

fn model(value: &Value) -> Result<Model, Invalid> {
    let model = match value {
        Value::String(_) => Model {
            name: text(value, NAME_CAP)?.to_owned(),
            ..Model::default()
        },
        Value::Object(_) => Model::deserialize(value)
            .map_err(|error| Invalid(format!("no description of a model: {error}")))?,
        other => return Err(Invalid::kind("a model's id or description", other)),
    };
    text(&json!(model.name), NAME_CAP)?;
    if let Some(label) = &model.label_override {
        text(&json!(label), NAME_CAP)?;
    }
    match &model.anthropic_family_tier {
        Some(family) if !FAMILIES.contains(&family.as_str()) => Err(Invalid(format!(
            "expected one of {} as `anthropicFamilyTier`",
            FAMILIES.join(", ")
        ))),
        _ => Ok(model),
    }
}

impl PolicyValue for Models {
    fn parse(value: &Value, encoding: Encoding) -> Result<Self, Invalid> {
        let Value::Array(entries) = structured(value, encoding, "a list of models")? else {
            return Err(Invalid("expected a list of models".to_owned()));
        };
        if entries.len() > CAP {
            return Err(Invalid(format!("more than {CAP} models")));
        }
        let models: Vec<Model> = entries.iter().map(model).collect::<Result<_, _>>()?;
        let twice = models
            .iter()
            .enumerate()
            .find(|(at, one)| models[..*at].iter().any(|other| other.name == one.name));
        match twice {
            Some((_, model)) => Err(Invalid(format!("model `{}` stands there twice", model.name))),
            None => Ok(Self(models)),
        }
    }

    fn to_json(&self) -> Value {
        json!(self.0)
    }

    fn kind() -> String {
        format!("list of text or objects, at most {CAP}")
    }

    fn schema() -> Value {
        let name = json!({ "type": "string", "minLength": 1, "maxLength": NAME_CAP });
        let flag = json!({ "type": "boolean" });
        let object = json!({
            "type": "object",
            "required": ["name"],
            "additionalProperties": false,
            "properties": {
                "name": name,
                "labelOverride": name,
                "supports1m": flag,
                "prefer1m": flag,
                "anthropicFamilyTier": { "enum": FAMILIES },
                "isFamilyDefault": flag,
            },
        });
        json!({ "type": "array", "maxItems": CAP, "items": { "anyOf": [name, object] } })
    }
}
