//! What a request of the Messages API says, as far as scripts look at it. The request was checked before.

use serde_json::Value;

/// A view on the body of a request.
#[derive(Clone, Copy, Debug)]
pub struct Conversation<'a> {
    request: &'a Value,
}

/// The result of a tool in a conversation.
#[derive(Clone, Debug)]
pub struct ToolResult<'a> {
    /// The tool.
    pub tool: &'a str,
    /// What the model is told.
    pub text: String,
    /// Whether it failed.
    pub is_error: bool,
    /// Kinds of the pictures and PDFs that stand behind the text.
    pub shows: Vec<&'a str>,
}

impl<'a> Conversation<'a> {
    /// A view on a request's body.
    pub fn of(request: &'a Value) -> Self {
        Self { request }
    }

    /// The model asked for.
    pub fn model(self) -> &'a str {
        self.request["model"].as_str().unwrap_or_default()
    }

    /// The names of the tools offered.
    pub fn tools(self) -> impl Iterator<Item = &'a str> {
        items(&self.request["tools"]).filter_map(|tool| tool["name"].as_str())
    }

    /// How many answers of the model it holds.
    pub fn answers(self) -> usize {
        self.messages("assistant").count()
    }

    /// The newest words of the person.
    pub fn last_user_text(self) -> String {
        let texts = self.messages("user").map(|message| text_of(&message["content"]));
        texts.filter(|text| !text.is_empty()).last().unwrap_or_default()
    }

    /// All results of tools, oldest first.
    pub fn results(self) -> Vec<ToolResult<'a>> {
        self.messages("user")
            .flat_map(move |message| self.results_in(message))
            .collect()
    }

    /// The results that the newest message brings.
    pub fn new_results(self) -> Vec<ToolResult<'a>> {
        self.messages("user")
            .last()
            .map(|message| self.results_in(message))
            .unwrap_or_default()
    }

    /// Every text in it, for captures: instructions, words and results.
    pub fn all_text(self) -> String {
        let mut text = text_of(&self.request["system"]);
        for message in items(&self.request["messages"]) {
            text.push('\n');
            text.push_str(&text_of(&message["content"]));
            for result in self.results_in(message) {
                text.push('\n');
                text.push_str(&result.text);
            }
        }
        text
    }

    fn messages(self, role: &'static str) -> impl Iterator<Item = &'a Value> {
        items(&self.request["messages"]).filter(move |message| message["role"] == role)
    }

    fn results_in(self, message: &'a Value) -> Vec<ToolResult<'a>> {
        let results = items(&message["content"]).filter(|block| block["type"] == "tool_result");
        let results = results.map(|block| ToolResult {
            tool: self.tool_of(&block["tool_use_id"]),
            text: text_of(&block["content"]),
            is_error: block["is_error"] == true,
            shows: items(&block["content"])
                .filter_map(|shown| shown["source"]["media_type"].as_str())
                .collect(),
        });
        results.collect()
    }

    fn tool_of(self, call: &Value) -> &'a str {
        let calls = self
            .messages("assistant")
            .flat_map(|message| items(&message["content"]));
        let named = calls.filter(|block| block["type"] == "tool_use" && block["id"] == *call);
        named
            .filter_map(|block| block["name"].as_str())
            .last()
            .unwrap_or_default()
    }
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// The text of a content, which is a string or a list of blocks.
fn text_of(content: &Value) -> String {
    match content.as_str() {
        Some(text) => text.to_owned(),
        None => items(content)
            .filter_map(|block| block["text"].as_str())
            .collect::<Vec<_>>()
            .join("\n"),
    }
}
