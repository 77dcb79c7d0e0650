//! A conversation that outgrew the model: the older part of what the model is sent gives way to a summary. The log keeps
//! every event, and a person reads all of it.
//!
//! What the person said stays word for word, since it alone instructs (Invariant 9). The summary is the model's account of
//! what it read as well, so it is marked as data where the session read what others may have written.

use deskhand_protocol::EventBody;

use super::{Phase, Session};
use crate::estimate::{BYTES_PER_TOKEN, tokens_around, tokens_in, tokens_of};
use crate::instructions::as_data;
use crate::model::{Content, Message, Role, ToolDefinition};

/// Bytes of the person's words that stay in front of the summary.
const MAX_ASKED: usize = 16 * 1024;
/// Bytes of a summary.
pub(crate) const MAX_SUMMARY: usize = 24 * 1024;
/// What stands where the end of a text was left out.
const CUT: &str = "\n[the rest is left out: read it again if it is needed]";

/// What is known of the conversation beside its messages.
#[derive(Clone, Debug, Default)]
pub struct Conversation {
    /// Tokens that the provider counted in the last answer, with all that led to it; 0 before one.
    counted: u64,
    /// Messages that are part of that count.
    counted_messages: usize,
    /// The person's words from before the summary, the oldest first.
    asked: Vec<String>,
    /// True where some of them had to go as well.
    asked_less: bool,
    /// Tokens that the last summary left, about; 0 before one.
    left: u64,
    /// The latest list of documents and folders.
    pub(super) given: String,
}

impl Session {
    /// Tokens that a request would have now, about: what the provider counted last, and an estimate of what came since.
    pub(crate) fn tokens(&self, system: &str, tools: &[ToolDefinition]) -> u64 {
        let since = self.messages.iter().skip(self.conversation.counted_messages);
        let since = since.map(tokens_of).sum::<u64>() + self.pending_tokens();
        if self.conversation.counted > 0 {
            // A count that cannot be is not trusted: gateways leave out what they read from their cache.
            return (self.conversation.counted + since).max(self.said_tokens() / 2);
        }
        since + tokens_around(system, tools)
    }

    /// Tokens of what was said alone, about, and nothing of the instructions and tools that go with it.
    pub(crate) fn said_tokens(&self) -> u64 {
        self.messages.iter().map(tokens_of).sum::<u64>() + self.pending_tokens()
    }

    /// Tokens of what will be said next.
    fn pending_tokens(&self) -> u64 {
        self.turn.as_ref().map_or(0, |turn| tokens_in(&turn.pending))
    }

    /// True where the conversation has grown by so many tokens since the last summary that another one makes room.
    pub(crate) fn has_grown_by(&self, tokens: u64) -> bool {
        self.said_tokens() > self.conversation.left + tokens
    }

    /// How many of the newest messages stay within this many tokens, in whole steps: the oldest of them is the model's, so
    /// that no result of a tool stands without its call. The last step always stays.
    pub(crate) fn newest_within(&self, room: u64) -> usize {
        let (mut kept, mut sum) = (0, 0);
        for (at, message) in self.messages.iter().rev().enumerate() {
            sum += tokens_of(message);
            if sum > room && kept > 0 {
                break;
            }
            if message.role == Role::Assistant {
                kept = at + 1;
            }
        }
        kept
    }

    /// Bytes at which results of tools and prompts among the newest messages must be cut to stay within this many tokens; none where
    /// they do.
    pub(crate) fn cut_within(&self, kept: usize, room: u64) -> Option<u32> {
        let newest = &self.messages[self.messages.len().saturating_sub(kept)..];
        if newest.iter().map(tokens_of).sum::<u64>() <= room {
            return None;
        }
        let results = newest.iter().flat_map(|message| &message.content);
        let results =
            results.filter(|content| matches!(content, Content::ToolResult { .. } | Content::Asked(_)));
        let each = room * BYTES_PER_TOKEN / (results.count() as u64).max(1);
        Some(u32::try_from(each).unwrap_or(u32::MAX))
    }

    /// Takes note of what the provider counted for an answer that was just folded.
    pub(super) fn note_counted(&mut self, tokens: u64) {
        self.conversation.counted = tokens;
        self.conversation.counted_messages = if tokens > 0 { self.messages.len() } else { 0 };
    }

    /// Takes in that a summary is asked for, or is there.
    pub(super) fn apply_compaction(&mut self, event: &EventBody) {
        let Some(turn) = &mut self.turn else { return };
        match event {
            EventBody::CompactionStarted { message, .. } => {
                turn.phase = Phase::Compacting(message.clone());
                turn.compactions += 1;
                turn.partial.clear();
                let pending = std::mem::take(&mut turn.pending);
                self.tell(pending);
            }
            EventBody::ContextCompacted {
                summary,
                kept,
                cut_at,
                usage,
                ..
            } => {
                turn.phase = Phase::Deciding;
                turn.usage = turn.usage.plus(*usage);
                self.compact(summary, *kept, *cut_at);
            }
            _ => {}
        }
    }

    /// Puts the summary in place of the older messages.
    fn compact(&mut self, summary: &str, kept: u32, cut_at: Option<u32>) {
        let from = self.messages.len().saturating_sub(kept as usize);
        let newest = self.messages.split_off(from);
        let older = std::mem::take(&mut self.messages);
        let words = older.into_iter().flat_map(|message| message.content);
        let words = words.filter_map(|content| match content {
            Content::Asked(words) => Some(words),
            _ => None,
        });
        self.conversation.asked.extend(words);
        self.conversation.asked_less |= keep_newest(&mut self.conversation.asked);
        let head = self.head(summary);
        self.tell(head);
        for mut message in newest {
            cut_results(&mut message, cut_at);
            match message.role {
                Role::User => self.tell(message.content),
                Role::Assistant => self.messages.push(message),
            }
        }
        self.note_counted(0);
        self.conversation.left = self.said_tokens();
    }

    fn head(&self, summary: &str) -> Vec<Content> {
        let mut head = vec![Content::Text(
            "The earlier part of this conversation is left out here. What the user asked for in it, word for word, the \
             oldest first; the newest messages follow below:"
                .to_owned(),
        )];
        let mut asked = self.conversation.asked.iter().cloned().map(Content::Text);
        head.extend(asked.next());
        if self.conversation.asked_less {
            head.push(Content::Text(
                "[Some of what the user said in between is left out here.]".to_owned(),
            ));
        }
        head.extend(asked);
        if !self.conversation.given.is_empty() {
            head.push(Content::Text(self.conversation.given.clone()));
        }
        head.push(Content::Text(if summary.is_empty() {
            "There is no summary of it: look at the documents again before you go on.".to_owned()
        } else if self.marked {
            as_data("your own summary of it", summary)
        } else {
            format!("Your own summary of it:\n{summary}")
        }));
        head
    }
}

/// The first prompt says what the session is for; of the others the newest count. True where some were taken out.
fn keep_newest(asked: &mut Vec<String>) -> bool {
    let before = asked.len();
    while asked.len() > 2 && asked.iter().map(String::len).sum::<usize>() > MAX_ASKED {
        asked.remove(1);
    }
    let is_less = asked.len() < before;
    for words in asked {
        cut(words, MAX_ASKED / 2);
    }
    is_less
}

fn cut_results(message: &mut Message, at: Option<u32>) {
    let Some(at) = at else { return };
    for content in &mut message.content {
        match content {
            Content::ToolResult {
                text, attachments, ..
            } => {
                cut(text, at as usize);
                if !attachments.is_empty() {
                    attachments.clear();
                    text.push_str("\n[the picture or PDF is left out: it is too much beside the rest]");
                }
            }
            Content::Asked(text) => cut(text, at as usize),
            Content::Said(_) | Content::Text(_) => {}
        }
    }
}

/// Cuts a text at a character, closes a mark that it opened, and says so.
pub(crate) fn cut(text: &mut String, most: usize) {
    if text.len() <= most {
        return;
    }
    text.truncate(text.floor_char_boundary(most));
    let count = |mark: &str| text.matches(mark).count();
    if count("<document-data ") > count("</document-data>") {
        text.push_str("\n</document-data>");
    }
    text.push_str(CUT);
}
