//! Which tools there are, and which of them ask.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::source::Encoding;
use crate::value::{Invalid, PolicyValue, structured, text};

/// Tools or rules that may be named.
const CAP: usize = 500;
/// Bytes that one of them may have.
const RULE_CAP: usize = 1 << 10;

/// Names of tools. A name that is none of ours is kept: it may be one of another version.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ToolNames(pub Vec<String>);

/// Whether names of tools, as `disabledBuiltinTools` has them, name this tool. Names of tools are ASCII, and case does not count.
pub fn names_tool<'a>(names: impl IntoIterator<Item = &'a str>, tool: &str) -> bool {
    names.into_iter().any(|name| name.eq_ignore_ascii_case(tool))
}

impl ToolNames {
    /// Whether the list names this tool.
    pub fn has(&self, tool: &str) -> bool {
        names_tool(self.0.iter().map(String::as_str), tool)
    }
}

impl PolicyValue for ToolNames {
    fn parse(value: &Value, encoding: Encoding) -> Result<Self, Invalid> {
        let Value::Array(entries) = structured(value, encoding, "a list of tools")? else {
            return Err(Invalid("expected a list of tools".to_owned()));
        };
        if entries.len() > CAP {
            return Err(Invalid(format!("more than {CAP} tools")));
        }
        let name = |value: &Value| {
            let name = text(value, RULE_CAP)?;
            is_name(name)
                .then(|| name.to_owned())
                .ok_or_else(|| Invalid(format!("`{name}` is no name of a tool")))
        };
        entries.iter().map(name).collect::<Result<_, _>>().map(Self)
    }

    fn to_json(&self) -> Value {
        json!(self.0)
    }

    fn kind() -> String {
        format!("list of text, at most {CAP}")
    }

    fn schema() -> Value {
        let name = json!({ "type": "string", "minLength": 1, "maxLength": RULE_CAP, "pattern": "^[A-Za-z0-9_.-]+$" });
        json!({ "type": "array", "maxItems": CAP, "items": name })
    }
}

fn is_name(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    !text.is_empty() && text.bytes().all(plain)
}

/// What a rule does with a call that it fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToolAction {
    /// Nothing: the call goes the way of every call.
    Allow,
    /// A person is asked each time.
    Ask,
}

/// A rule as it is written: `Edit`, or `Edit(**/*.env)`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ToolRule {
    /// The tool; `*` for every one.
    pub tool: String,
    /// What the call must be about; anything where it is absent.
    pub pattern: Option<String>,
}

impl ToolRule {
    fn parse(rule: &str) -> Option<Self> {
        let (tool, pattern) = match rule.split_once('(') {
            Some((tool, rest)) => (
                tool,
                Some(rest.strip_suffix(')').filter(|pattern| !pattern.is_empty())?),
            ),
            None => (rule, None),
        };
        (tool == "*" || is_name(tool)).then(|| Self {
            tool: tool.to_owned(),
            pattern: pattern.map(str::to_owned),
        })
    }

    /// The rule as it is written.
    pub fn text(&self) -> String {
        match &self.pattern {
            Some(pattern) => format!("{}({pattern})", self.tool),
            None => self.tool.clone(),
        }
    }
}

/// Rules with what they do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ToolRules(pub BTreeMap<ToolRule, ToolAction>);

impl ToolRules {
    /// The one that asks about everything.
    pub fn ask_always() -> Self {
        let every = ToolRule {
            tool: "*".to_owned(),
            pattern: None,
        };
        Self(BTreeMap::from([(every, ToolAction::Ask)]))
    }
}

impl PolicyValue for ToolRules {
    fn parse(value: &Value, encoding: Encoding) -> Result<Self, Invalid> {
        let Value::Object(entries) = structured(value, encoding, "an object of tools")? else {
            return Err(Invalid("expected an object of tools".to_owned()));
        };
        if entries.len() > CAP {
            return Err(Invalid(format!("more than {CAP} rules")));
        }
        let mut rules = BTreeMap::new();
        for (rule, action) in entries {
            text(&json!(rule), RULE_CAP)?;
            let parsed =
                ToolRule::parse(&rule).ok_or_else(|| Invalid(format!("`{rule}` is no rule for a tool")))?;
            let action = match action.as_str() {
                Some("allow") => ToolAction::Allow,
                // A word of a later version cannot mean less than to ask.
                Some(_) => ToolAction::Ask,
                None => return Err(Invalid(format!("`{rule}` has no word"))),
            };
            rules.insert(parsed, action);
        }
        Ok(Self(rules))
    }

    fn to_json(&self) -> Value {
        let word = |action: &ToolAction| match action {
            ToolAction::Allow => "allow",
            ToolAction::Ask => "ask",
        };
        let rules = self
            .0
            .iter()
            .map(|(rule, action)| (rule.text(), json!(word(action))));
        Value::Object(rules.collect::<Map<_, _>>())
    }

    fn kind() -> String {
        format!("object of `allow` or `ask`, at most {CAP}")
    }

    fn schema() -> Value {
        json!({ "type": "object", "maxProperties": CAP, "additionalProperties": { "type": "string" } })
    }
}
