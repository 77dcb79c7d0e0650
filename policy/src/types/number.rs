//! Whole numbers with limits.

use serde_json::{Value, json};

use crate::source::Encoding;
use crate::value::{Invalid, PolicyValue};

/// A whole number from `MIN` to `MAX`; `DEFAULT` where that is not 0, else `MIN`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Whole<const MIN: u32, const MAX: u32, const DEFAULT: u32 = 0>(u32);

impl<const MIN: u32, const MAX: u32, const DEFAULT: u32> Whole<MIN, MAX, DEFAULT> {
    /// The default.
    #[expect(
        clippy::new_without_default,
        reason = "the default of a type is not the default of a key"
    )]
    pub const fn new() -> Self {
        Self(if DEFAULT == 0 { MIN } else { DEFAULT })
    }

    /// The number.
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl<const MIN: u32, const MAX: u32, const DEFAULT: u32> PolicyValue for Whole<MIN, MAX, DEFAULT> {
    /// Native, or in text sources decimal digits.
    fn parse(value: &Value, encoding: Encoding) -> Result<Self, Invalid> {
        let expected = format!("a whole number from {MIN} to {MAX}");
        let number = match (value, encoding) {
            (Value::Number(number), _) => number.as_u64(),
            (Value::String(text), Encoding::Text) if text.bytes().all(|byte| byte.is_ascii_digit()) => {
                text.parse().ok()
            }
            _ => return Err(Invalid::kind(&expected, value)),
        };
        number
            .and_then(|number| u32::try_from(number).ok())
            .filter(|number| (MIN..=MAX).contains(number))
            .map(Self)
            .ok_or_else(|| Invalid(format!("expected {expected}")))
    }

    fn to_json(&self) -> Value {
        json!(self.0)
    }

    fn kind() -> String {
        format!("integer, {MIN} to {MAX}")
    }

    fn schema() -> Value {
        json!({ "type": "integer", "minimum": MIN, "maximum": MAX })
    }
}
