//! What the model said and was told, in the form of the Messages API's content blocks.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use ts_rs::TS;

use crate::CallId;

/// A piece of a message of the model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum Block {
    /// Words for the person, Markdown.
    Text {
        /// The Markdown.
        text: String,
    },
    /// Reasoning that the provider wants back unchanged; never shown as an answer.
    Thinking {
        /// The text.
        thinking: String,
        /// The provider's seal.
        signature: String,
    },
    /// A call of a tool.
    ToolUse {
        /// The call.
        id: CallId,
        /// The tool.
        name: String,
        /// Its input, an object.
        #[ts(type = "unknown")]
        input: Value,
    },
}

/// A picture or PDF that a tool gave the model beside its text. Its bytes are in the journal of the session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct Attachment {
    /// The SHA-256 of its bytes, in lower-case hexadecimal.
    pub content: String,
    /// `image/png`, `image/jpeg`, `image/gif`, `image/webp` or `application/pdf`.
    pub media_type: String,
    /// The file's name.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// Pages of a PDF; 0 for a picture.
    #[serde(default)]
    pub pages: u32,
}

/// Why the model stopped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub enum StopReason {
    /// It was done.
    EndTurn,
    /// It waits for the results of tools.
    ToolUse,
    /// The answer reached its limit of tokens.
    MaxTokens,
    /// It declined.
    Refusal,
    /// Another reason, as the provider named it.
    Other(String),
}

/// Tokens counted by the provider.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct Usage {
    /// Read, outside the cache.
    pub input: u64,
    /// Written by the model.
    pub output: u64,
    /// Read from the prompt cache.
    #[serde(default)]
    pub cache_read: u64,
    /// Written to the prompt cache.
    #[serde(default)]
    pub cache_write: u64,
    /// What they cost, estimated from the prices of the settings at that time; absent where none of them has a price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub cost: Option<Cost>,
}

/// An estimate of what tokens cost. A whole number, so that sums do not drift.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct Cost {
    /// Billionths of a US dollar.
    #[ts(type = "number")]
    pub nanodollars: u64,
    /// True where some of the tokens have no price: it cost more than this.
    #[serde(default)]
    pub partial: bool,
}

impl Usage {
    /// All of the conversation up to and with the answer.
    pub fn all(self) -> u64 {
        let read = self.input.saturating_add(self.cache_read);
        read.saturating_add(self.cache_write).saturating_add(self.output)
    }

    /// How much of what was read came from the prompt cache, in whole percent; `None` where nothing was read.
    pub fn cached_percent(self) -> Option<u64> {
        let read = u128::from(self.input) + u128::from(self.cache_read) + u128::from(self.cache_write);
        let percent = (u128::from(self.cache_read) * 100).checked_div(read)?;
        u64::try_from(percent).ok()
    }

    /// The sum of two counts.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            cost: self.cost_with(other),
            input: self.input.saturating_add(other.input),
            output: self.output.saturating_add(other.output),
            cache_read: self.cache_read.saturating_add(other.cache_read),
            cache_write: self.cache_write.saturating_add(other.cache_write),
        }
    }

    /// The cost of both; partial where one of them used tokens that have no price.
    fn cost_with(self, other: Self) -> Option<Cost> {
        if self.cost.is_none() && other.cost.is_none() {
            return None;
        }
        let of = |usage: Self| {
            usage.cost.unwrap_or(Cost {
                nanodollars: 0,
                partial: usage.all() > 0,
            })
        };
        let (one, two) = (of(self), of(other));
        Some(Cost {
            nanodollars: one.nanodollars.saturating_add(two.nanodollars),
            partial: one.partial || two.partial,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn used(input: u64, nanodollars: Option<u64>) -> Usage {
        Usage {
            input,
            cost: nanodollars.map(|nanodollars| Cost {
                nanodollars,
                partial: false,
            }),
            ..Usage::default()
        }
    }

    #[test]
    fn a_sum_of_costs_is_exact_and_says_where_a_part_has_no_price() {
        let cost = |nanodollars, partial| Some(Cost { nanodollars, partial });
        let tenth = used(1, Some(100_000_000));
        let ten = (0..10).fold(Usage::default(), |sum, _| sum.plus(tenth));
        assert_eq!(ten.cost, cost(1_000_000_000, false));
        assert_eq!(ten.plus(used(5, None)).cost, cost(1_000_000_000, true));
        assert_eq!(
            used(5, None).plus(ten).plus(tenth).cost,
            cost(1_100_000_000, true)
        );
        assert_eq!(used(5, None).plus(used(5, None)).cost, None);
        assert_eq!(Usage::default().plus(Usage::default()).cost, None);
    }

    #[test]
    fn an_answer_of_an_earlier_version_has_no_cost() {
        let earlier: Usage = serde_json::from_str(r#"{"input":1,"output":2}"#).expect("a count");
        assert_eq!(earlier.cost, None);
        let text = serde_json::to_string(&earlier).expect("JSON");
        assert!(!text.contains("cost"), "{text}");
    }

    #[test]
    fn the_share_of_the_cache_is_of_what_was_read() {
        let usage = Usage {
            input: 100,
            output: 1_000,
            cache_read: 800,
            cache_write: 100,
            cost: None,
        };
        assert_eq!(usage.cached_percent(), Some(80));
        assert_eq!(Usage::default().cached_percent(), None);
    }
}
