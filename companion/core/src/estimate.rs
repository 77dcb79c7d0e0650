//! How many tokens something has, about, where no provider counted them. Rather too many than too few.

use deskhand_protocol::message::Block;

use crate::attached;
use crate::model::{Content, Message, ModelRequest, ToolDefinition};

/// Bytes of a token, about; figures and formulas have shorter ones than prose.
pub(crate) const BYTES_PER_TOKEN: u64 = 3;

/// Tokens of a text of so many bytes, about.
pub fn tokens(bytes: usize) -> u64 {
    (bytes as u64).div_ceil(BYTES_PER_TOKEN)
}

impl ModelRequest {
    /// Tokens of all of it, about.
    pub fn tokens(&self) -> u64 {
        let said: u64 = self.messages.iter().map(tokens_of).sum();
        said + tokens_around(&self.system, &self.tools)
    }
}

/// Tokens of what goes along with a conversation.
pub(crate) fn tokens_around(system: &str, tools: &[ToolDefinition]) -> u64 {
    let of_tool = |tool: &ToolDefinition| {
        tool.name.len() + tool.description.len() + tool.input_schema.to_string().len()
    };
    tokens(system.len() + tools.iter().map(of_tool).sum::<usize>())
}

pub(crate) fn tokens_of(message: &Message) -> u64 {
    tokens_in(&message.content)
}

pub(crate) fn tokens_in(content: &[Content]) -> u64 {
    let shown = content.iter().map(|content| match content {
        Content::ToolResult { attachments, .. } => attached::tokens(attachments),
        _ => 0,
    });
    let bytes = content.iter().map(|content| match content {
        Content::Text(text)
        | Content::Asked(text)
        | Content::ToolResult { text, .. }
        | Content::Said(Block::Text { text }) => text.len(),
        Content::Said(Block::Thinking { thinking, signature }) => thinking.len() + signature.len(),
        Content::Said(Block::ToolUse { name, input, .. }) => name.len() + input.to_string().len(),
    });
    tokens(bytes.sum()) + shown.sum::<u64>()
}
