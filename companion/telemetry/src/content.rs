//! Which content may be sent, and how much of it. Everything passes here before it is queued.

use serde_json::Value as Json;

use crate::schema::{Attribute, Gate, Value};

/// What stands in the place of content that may not be sent.
pub const REDACTED: &str = "<REDACTED>";

/// UTF-16 units of an attribute that holds content.
const CONTENT: usize = 61_440;
/// Characters of details of a tool in all.
const DETAILS: usize = 4_096;
/// Characters of any other text, of an entry of a list, and of a text inside details.
const PLAIN: usize = 512;
/// Entries of a list.
const ENTRIES: usize = 64;
/// Follows a text that was cut.
const CUT: char = '…';
/// How deep details are read.
const DEPTH: usize = 32;

/// A kind of content that an administrator can switch on (`otlpContentCapture`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Category {
    /// What people type.
    UserPrompts,
    /// What the model answers; also on with `UserPrompts`.
    AssistantResponses,
    /// Inputs of tools and their failures; names of documents.
    ToolDetails,
    /// What tools tell the model.
    ToolContent,
    /// Requests and answers of the provider as they travel.
    RawApiBodies,
}

impl Category {
    /// Every category.
    pub const ALL: [Self; 5] = [
        Self::UserPrompts,
        Self::AssistantResponses,
        Self::ToolDetails,
        Self::ToolContent,
        Self::RawApiBodies,
    ];

    /// Its name in the policy.
    pub fn name(self) -> &'static str {
        match self {
            Self::UserPrompts => "userPrompts",
            Self::AssistantResponses => "assistantResponses",
            Self::ToolDetails => "toolDetails",
            Self::ToolContent => "toolContent",
            Self::RawApiBodies => "rawApiBodies",
        }
    }

    /// The category of a name in the policy.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|category| category.name() == name)
    }
}

/// The content that may be sent. Nothing by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Capture {
    categories: Vec<Category>,
    /// A lower limit for content, in characters, where one is set (`otlpAttrMaxChars`, 256 to 32,000).
    most: Option<usize>,
}

impl Capture {
    /// These categories and no others.
    pub fn of(categories: impl IntoIterator<Item = Category>) -> Self {
        let categories = categories.into_iter().collect();
        Self {
            categories,
            most: None,
        }
    }

    /// Everything.
    pub fn all() -> Self {
        Self::of(Category::ALL)
    }

    /// The same with content cut to so many characters, taken into 256 to 32,000.
    #[must_use]
    pub fn cut_to(mut self, characters: u32) -> Self {
        self.most = Some(characters.clamp(256, 32_000) as usize);
        self
    }

    /// Whether the content of a category may be sent.
    pub fn allows(&self, category: Category) -> bool {
        let also =
            category == Category::AssistantResponses && self.categories.contains(&Category::UserPrompts);
        also || self.categories.contains(&category)
    }

    /// What may be sent of an attribute's value.
    pub(crate) fn admit(&self, attribute: &Attribute, value: Value) -> Option<Value> {
        let open = attribute
            .gate
            .category()
            .is_none_or(|category| self.allows(category));
        match attribute.gate {
            Gate::Only(_) if !open => None,
            Gate::Redacted(_) if !open => Some(Value::Text(REDACTED.to_owned())),
            gate => Some(self.cut(gate, value)),
        }
    }

    fn cut(&self, gate: Gate, value: Value) -> Value {
        match value {
            Value::Text(text) => Value::Text(match gate.category() {
                None => shortened(text, PLAIN),
                Some(Category::ToolDetails) => shortened(text, self.at_most(DETAILS)),
                Some(_) => shortened(text, self.at_most(CONTENT)),
            }),
            Value::Texts(texts) => Value::Texts(
                texts
                    .into_iter()
                    .take(ENTRIES)
                    .map(|text| shortened(text, PLAIN))
                    .collect(),
            ),
            other => other,
        }
    }

    /// Whether a text of content, other than a tool's details, is longer than what is sent of it.
    pub(crate) fn is_cut(&self, text: &str) -> bool {
        text.encode_utf16().count() > self.at_most(CONTENT)
    }

    fn at_most(&self, limit: usize) -> usize {
        self.most.map_or(limit, |most| most.min(limit))
    }
}

/// A text of at most so many UTF-16 units, the mark of the cut included.
fn shortened(mut text: String, most: usize) -> String {
    if text.len() <= most {
        return text;
    }
    let mut units = 0;
    let mut keep = 0;
    for (at, letter) in text.char_indices() {
        units += letter.len_utf16();
        if units < most {
            keep = at + letter.len_utf8();
        }
        if units > most {
            text.truncate(keep);
            text.push(CUT);
            return text;
        }
    }
    text
}

/// The input of a tool as JSON, with long texts in it cut. Stops early: what would not fit is not looked at.
pub fn details(input: &Json) -> String {
    let mut left = DETAILS * 2;
    trimmed(input, &mut left, DEPTH).to_string()
}

fn trimmed(value: &Json, left: &mut usize, depth: usize) -> Json {
    if *left == 0 || depth == 0 {
        return Json::from(CUT.to_string());
    }
    *left = left.saturating_sub(8);
    match value {
        Json::String(text) => {
            let text = text.chars().take(PLAIN + 1).collect();
            let text = shortened(text, PLAIN);
            *left = left.saturating_sub(text.len());
            Json::from(text)
        }
        Json::Array(values) => {
            let mut kept = Vec::new();
            for value in values {
                if *left == 0 {
                    break;
                }
                kept.push(trimmed(value, left, depth - 1));
            }
            Json::Array(kept)
        }
        Json::Object(fields) => {
            let mut kept = serde_json::Map::new();
            for (name, value) in fields {
                if *left == 0 {
                    break;
                }
                let name: String = name.chars().take(PLAIN).collect();
                *left = left.saturating_sub(name.len());
                kept.insert(name, trimmed(value, left, depth - 1));
            }
            Json::Object(kept)
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_allowed_by_default() {
        assert!(
            Category::ALL
                .iter()
                .all(|&category| !Capture::default().allows(category))
        );
    }

    #[test]
    fn prompts_open_answers_and_nothing_else() {
        let capture = Capture::of([Category::UserPrompts]);
        let open: Vec<_> = Category::ALL
            .into_iter()
            .filter(|&category| capture.allows(category))
            .collect();
        assert_eq!(open, [Category::UserPrompts, Category::AssistantResponses]);
    }

    #[test]
    fn answers_do_not_open_prompts() {
        assert!(!Capture::of([Category::AssistantResponses]).allows(Category::UserPrompts));
    }

    #[test]
    fn a_text_is_cut_between_letters_and_never_longer_than_its_limit() {
        let text = shortened("😀".repeat(400), 511);
        assert!(text.encode_utf16().count() <= 511);
        assert!(text.ends_with(CUT));
        assert_eq!(shortened("é".repeat(512), 512).chars().count(), 512);
    }

    #[test]
    fn details_of_a_huge_input_stay_small() {
        let deep = (0..500).fold(Json::Null, |inner, _| Json::Array(vec![inner]));
        let wide = Json::Array(vec![Json::from("x".repeat(100_000)); 1_000]);
        for input in [deep, wide] {
            assert!(details(&input).len() < 4 * DETAILS);
        }
    }

    #[test]
    fn a_limit_of_the_policy_is_taken_into_its_range() {
        assert_eq!(Capture::default().cut_to(1).at_most(CONTENT), 256);
        assert_eq!(Capture::default().cut_to(1_000_000).at_most(CONTENT), 32_000);
        assert_eq!(Capture::default().cut_to(30_000).at_most(DETAILS), DETAILS);
    }
}
