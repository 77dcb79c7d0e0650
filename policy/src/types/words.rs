//! Text for people or for the model.

use serde_json::{Value, json};

use crate::source::Encoding;
use crate::value::{Invalid, PolicyValue};

/// Characters that instructions may have.
const CAP: usize = 3_000;

/// Instructions of the organisation. Lines and tabs may be in it, other control characters may not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Instructions(pub String);

impl PolicyValue for Instructions {
    fn parse(value: &Value, _: Encoding) -> Result<Self, Invalid> {
        let text = value.as_str().ok_or_else(|| Invalid::kind("text", value))?;
        if text.trim().is_empty() {
            return Err(Invalid("the text is empty".to_owned()));
        }
        if text.chars().count() > CAP {
            return Err(Invalid(format!("the text is longer than {CAP} characters")));
        }
        if text
            .chars()
            .any(|letter| letter.is_control() && !matches!(letter, '\n' | '\r' | '\t'))
        {
            return Err(Invalid("the text holds control characters".to_owned()));
        }
        Ok(Self(text.to_owned()))
    }

    fn to_json(&self) -> Value {
        json!(self.0)
    }

    fn kind() -> String {
        format!("text, at most {CAP} characters")
    }

    fn schema() -> Value {
        json!({ "type": "string", "minLength": 1, "maxLength": CAP, "contentMediaType": "text/plain" })
    }
}
