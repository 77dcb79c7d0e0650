//! Scripts that a stand-in plays: what a request must look like, and what is answered. Knows no transport.
//!
//! A script is stateless: the step that a request belongs to follows from the conversation in it, so several sessions
//! may play one script, and a call that is made again after a crash gets the same answer.

mod conversation;
mod expect;
mod template;

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

pub use conversation::Conversation;
pub use expect::{Expect, ExpectedResult};
pub use template::{Capture, TemplateError};

/// A script, as YAML writes it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    /// What `GET /v1/models` lists.
    pub models: Vec<Model>,
    /// The key that requests must carry. The gateway takes any when it is absent, a cloud takes none then.
    pub key: Option<String>,
    /// Milliseconds between two events of an answer.
    #[serde(default)]
    pub pace_ms: u64,
    /// True where tokens are counted as with a prompt cache.
    #[serde(default)]
    pub caches: bool,
    /// How the step of a request is found.
    #[serde(default)]
    pub order: Order,
    /// Named pieces of the conversation, for templates.
    #[serde(default)]
    pub capture: BTreeMap<String, Capture>,
    /// The steps.
    pub steps: Vec<Step>,
}

/// A model of the list: its id, with or without a name to show.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Model {
    /// The id alone.
    Id(String),
    /// Both.
    Named {
        /// The id.
        id: String,
        /// The name to show.
        name: String,
    },
}

impl Model {
    /// The id.
    pub fn id(&self) -> &str {
        match self {
            Self::Id(id) | Self::Named { id, .. } => id,
        }
    }

    /// The name to show.
    pub fn name(&self) -> &str {
        match self {
            Self::Id(name) | Self::Named { name, .. } => name,
        }
    }
}

/// How the step of a request is found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// By the number of answers that the conversation already holds.
    #[default]
    Strict,
    /// The first step whose expectations are met.
    Any,
}

/// One call of the model.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// What the request must look like.
    #[serde(default)]
    pub expect: Expect,
    /// What happens to the first tries, one fault a try.
    #[serde(default, with = "serde_norway::with::singleton_map_recursive")]
    pub faults: Vec<Fault>,
    /// What is answered.
    pub answer: Answer,
}

/// An answer of the model.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// Its blocks.
    pub say: Vec<Said>,
    /// Why the model stops; `tool_use` when a tool is called, otherwise `end_turn`.
    pub stop: Option<String>,
    /// Tokens counted; estimated when absent.
    pub usage: Option<Usage>,
}

/// One block of an answer. Texts and inputs may hold templates, `{{range_read/values/0/0}}`.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Said {
    /// Words, in one piece or in the deltas they come in.
    Text {
        /// The words.
        text: Chunks,
    },
    /// Reasoning with a seal.
    Thinking {
        /// The text.
        thinking: String,
    },
    /// A call of a tool.
    Tool {
        /// The tool.
        tool: String,
        /// Its input.
        input: Value,
    },
}

/// Words with or without their splits.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Chunks {
    /// Split into words by the stand-in.
    Whole(String),
    /// Split as written.
    Split(Vec<String>),
}

/// Token counts.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Usage {
    /// Read.
    pub input: u64,
    /// Written.
    pub output: u64,
    /// Read from the cache.
    #[serde(default)]
    pub cache_read: u64,
    /// Written to the cache.
    #[serde(default)]
    pub cache_write: u64,
}

/// What goes wrong with a try.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Fault {
    /// Another status than 200.
    Status {
        /// The status.
        code: u16,
        /// The kind in the error object: `overloaded_error`, or a provider's own name, `ThrottlingException`.
        kind: Option<String>,
        /// The message in it.
        message: Option<String>,
        /// Headers such as `retry-after`.
        #[serde(default)]
        headers: BTreeMap<String, String>,
    },
    /// The connection breaks after this many events.
    CutAfter(usize),
    /// The connection breaks in the middle of the event after this many events.
    CutInside(usize),
    /// The stream ends properly after this many events, in the middle of the answer.
    EndAfter(usize),
    /// Bytes that are no event come after this many events.
    GarbageAfter(usize),
    /// An event with a wrong checksum comes after this many events; garbage on a wire without checksums.
    ChecksumAfter(usize),
    /// An event that names a length of gigabytes comes after this many events; garbage on a wire without lengths.
    LengthAfter(usize),
    /// An error comes in the stream after this many events.
    ErrorAfter {
        /// How many.
        events: usize,
        /// The kind in the error object.
        kind: String,
    },
    /// Milliseconds until the answer begins; then it is whole.
    DelayMs(u64),
    /// Nothing comes after this many events, and the connection stays open.
    StallAfter(usize),
    /// The answer comes whole, as one JSON object.
    NotStreamed,
}

/// What the script has for a request.
#[derive(Clone, Debug)]
pub struct Cue<'a> {
    /// Its step, from 0.
    pub index: usize,
    /// The step.
    pub step: &'a Step,
}

impl Script {
    /// Reads a script.
    pub fn from_yaml(text: &str) -> Result<Self, serde_norway::Error> {
        serde_norway::from_str(text)
    }

    /// The step of a conversation, or what was expected instead.
    pub fn cue(&self, conversation: Conversation<'_>) -> Result<Cue<'_>, String> {
        match self.order {
            Order::Strict => {
                let index = conversation.answers();
                let step = self.steps.get(index).ok_or_else(|| {
                    format!(
                        "the script has {} steps, this is call {}",
                        self.steps.len(),
                        index + 1
                    )
                })?;
                let unmet = step.expect.unmet(conversation);
                unmet.map_or(Ok(Cue { index, step }), |why| {
                    Err(format!("step {}: {why}", index + 1))
                })
            }
            Order::Any => {
                let met = self.steps.iter().enumerate();
                let mut met = met.filter(|(_, step)| step.expect.unmet(conversation).is_none());
                let (index, step) = met.next().ok_or_else(|| self.why_none(conversation))?;
                Ok(Cue { index, step })
            }
        }
    }

    /// The blocks of a step's answer with their templates filled in.
    pub fn fill(&self, step: &Step, conversation: Conversation<'_>) -> Result<Vec<Said>, TemplateError> {
        let fill = |text: &str| template::fill_text(text, conversation, &self.capture);
        let said = step.answer.say.iter().map(|said| {
            Ok(match said {
                Said::Text {
                    text: Chunks::Whole(text),
                } => Said::Text {
                    text: Chunks::Whole(fill(text)?),
                },
                Said::Text {
                    text: Chunks::Split(pieces),
                } => {
                    let pieces = pieces.iter().map(|piece| fill(piece)).collect::<Result<_, _>>()?;
                    Said::Text {
                        text: Chunks::Split(pieces),
                    }
                }
                Said::Thinking { thinking } => Said::Thinking {
                    thinking: fill(thinking)?,
                },
                Said::Tool { tool, input } => {
                    let input = template::fill_value(input, conversation, &self.capture)?;
                    Said::Tool {
                        tool: tool.clone(),
                        input,
                    }
                }
            })
        });
        said.collect()
    }

    fn why_none(&self, conversation: Conversation<'_>) -> String {
        let reasons = self.steps.iter().enumerate().map(|(index, step)| {
            format!(
                "step {}: {}",
                index + 1,
                step.expect.unmet(conversation).unwrap_or_default()
            )
        });
        reasons.collect::<Vec<_>>().join("; ")
    }
}
