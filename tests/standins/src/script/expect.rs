//! What a step expects of a request.

use serde::Deserialize;

use super::Conversation;

/// Expectations; those that are absent hold always.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// Words that the person's newest text holds, in any case of letters.
    pub user: Option<String>,
    /// Words that stand anywhere in the conversation.
    pub text: Option<String>,
    /// The model asked for.
    pub model: Option<String>,
    /// Tools that are offered.
    #[serde(default)]
    pub tools: Vec<String>,
    /// The results that the newest message brings, in order; an empty list means none.
    pub results: Option<Vec<ExpectedResult>>,
}

/// A result that is expected.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum ExpectedResult {
    /// Of this tool, without an error.
    Good(String),
    /// More exactly.
    Exact {
        /// The tool.
        tool: String,
        /// Whether it failed.
        #[serde(default)]
        error: bool,
        /// Words that its text holds.
        #[serde(default)]
        contains: String,
        /// Kinds of the pictures and PDFs that stand behind its text, in order.
        #[serde(default)]
        shows: Vec<String>,
    },
}

impl Expect {
    /// The first expectation that is not met, as a sentence.
    pub fn unmet(&self, conversation: Conversation<'_>) -> Option<String> {
        self.unmet_user(conversation)
            .or_else(|| {
                let wanted = self.text.as_deref()?;
                let is_met = conversation.all_text().contains(wanted);
                (!is_met).then(|| format!("expected {wanted:?} to stand in the conversation"))
            })
            .or_else(|| {
                let model = self
                    .model
                    .as_deref()
                    .filter(|model| *model != conversation.model())?;
                Some(format!(
                    "expected the model {model}, got {}",
                    conversation.model()
                ))
            })
            .or_else(|| {
                let missing = self
                    .tools
                    .iter()
                    .find(|tool| !conversation.tools().any(|name| name == *tool))?;
                Some(format!("expected the tool {missing} to be offered"))
            })
            .or_else(|| self.unmet_results(conversation))
    }

    fn unmet_user(&self, conversation: Conversation<'_>) -> Option<String> {
        let wanted = self.user.as_ref()?;
        let said = conversation.last_user_text();
        let is_met = said.to_lowercase().contains(&wanted.to_lowercase());
        (!is_met).then(|| format!("expected the person to say {wanted:?}, got {said:?}"))
    }

    fn unmet_results(&self, conversation: Conversation<'_>) -> Option<String> {
        let wanted = self.results.as_ref()?;
        let got = conversation.new_results();
        let is_met = wanted.len() == got.len()
            && wanted.iter().zip(&got).all(|(wanted, got)| {
                let (tool, error, contains, shows) = match wanted {
                    ExpectedResult::Good(tool) => (tool, false, "", &[][..]),
                    ExpectedResult::Exact {
                        tool,
                        error,
                        contains,
                        shows,
                    } => (tool, *error, contains.as_str(), shows.as_slice()),
                };
                let is_it = got.tool == tool && got.is_error == error && got.text.contains(contains);
                is_it && got.shows == shows
            });
        (!is_met).then(|| format!("expected the results {wanted:?}, got {got:?}"))
    }
}
