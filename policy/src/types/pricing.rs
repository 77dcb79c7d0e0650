//! What tokens cost.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::list::Item;
use crate::value::{Invalid, object, short};

/// Dollars for a million tokens that nobody asks.
const CAP: f64 = 1_000_000.0;

/// The prices of a model, in US dollars for a million tokens.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Price {
    /// The model, as the provider writes it.
    pub name: String,
    /// What goes in.
    pub input_per_mtok: f64,
    /// What comes out.
    pub output_per_mtok: f64,
    /// What is read from the provider's cache.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_read_per_mtok: Option<f64>,
    /// What is written to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_write_per_mtok: Option<f64>,
}

impl Item for Price {
    const WHAT: &str = "prices";

    fn read(value: &Value) -> Result<Self, Invalid> {
        let price: Self = object(value, "the prices of a model")?;
        short([("name", Some(&price.name))])?;
        let cache = [price.cache_read_per_mtok, price.cache_write_per_mtok];
        let all = [price.input_per_mtok, price.output_per_mtok];
        if all
            .into_iter()
            .chain(cache.into_iter().flatten())
            .all(|it| (0.0..=CAP).contains(&it))
        {
            Ok(price)
        } else {
            Err(Invalid(format!("prices are from 0 to {CAP}")))
        }
    }

    fn json(&self) -> Value {
        json!(self)
    }

    fn name(&self) -> Option<&str> {
        Some(&self.name)
    }

    fn form() -> Value {
        let price = json!({ "type": "number", "minimum": 0, "maximum": CAP });
        json!({
            "type": "object", "required": ["name", "inputPerMtok", "outputPerMtok"], "additionalProperties": false,
            "properties": {
                "name": { "type": "string", "minLength": 1 }, "inputPerMtok": price, "outputPerMtok": price,
                "cacheReadPerMtok": price, "cacheWritePerMtok": price,
            },
        })
    }
}
