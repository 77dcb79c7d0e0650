//! When the conversation nears what the model can take in at once: ask the model for a summary, put it in the place of the
//! older messages, go on. Where the model can give none, the older messages give way without one.

use deskhand_protocol::event::TurnOutcome;
use deskhand_protocol::message::{Block, StopReason, Usage};
use deskhand_protocol::{ErrorCode, EventBody, MessageId, UserError};

use super::{Effect, MAX_TOKENS, Step};
use crate::instructions::SUMMARISE;
use crate::model::{Content, Message, ModelEvent, Role};
use crate::ports::Durability;
use crate::session::{MAX_SUMMARY, Phase, cut};

/// How often a turn makes room without an answer of the model in between.
const MAX_COMPACTIONS: u32 = 2;

impl Step<'_, '_> {
    /// Tokens that the model of the turn takes in at once.
    fn window(&self) -> u64 {
        let model = self.session.turn.as_ref().map_or("", |turn| &turn.model);
        (self.world.window)(model)
    }

    /// True where the next request would come too near to what the model can take in.
    pub(super) fn is_nearly_full(&self) -> bool {
        let room = self.window().saturating_sub(u64::from(MAX_TOKENS));
        let tokens = self.session.tokens(self.world.system, self.world.tools);
        tokens > room / 5 * 4 && self.can_make_room() && self.session.has_grown_by(self.window() / 5)
    }

    /// True where something can give way, and did not just before.
    pub(super) fn can_make_room(&self) -> bool {
        let turn = self.session.turn.as_ref();
        turn.is_some_and(|turn| turn.compactions < MAX_COMPACTIONS)
            && self.session.said_tokens() > self.window() / 4
            && self.session.newest_within(self.window() / 5) > 0
    }

    /// Asks the model for a summary. What it is told ends as the next request would, so that a prompt cache serves it.
    pub(super) fn make_room(&mut self) {
        let Some(turn) = self.session.turn.as_ref().map(|turn| turn.id.clone()) else {
            return;
        };
        let message = MessageId::new(self.world.now, (self.world.chance)());
        self.append(
            vec![EventBody::CompactionStarted {
                turn,
                message: message.clone(),
            }],
            Durability::Written,
        );
        self.ask_for_summary(message);
    }

    pub(super) fn ask_for_summary(&mut self, message: MessageId) {
        let mut request = self.model_request();
        let words = Content::Text(SUMMARISE.to_owned());
        match request.messages.last_mut() {
            Some(last) if last.role == Role::User => last.content.push(words),
            _ => request.messages.push(Message {
                role: Role::User,
                content: vec![words],
            }),
        }
        self.effects.push(Effect::CallModel(message, Box::new(request)));
    }

    /// The model answers with its summary.
    pub(super) fn summary(&mut self, message: MessageId, event: ModelEvent) {
        match event {
            ModelEvent::Begun | ModelEvent::TextDelta(_) | ModelEvent::Reset | ModelEvent::Body(_) => {}
            ModelEvent::Retrying { .. } => self.retrying(event),
            ModelEvent::Completed { blocks, stop, usage } => {
                let texts = blocks.into_iter().filter_map(|block| match block {
                    Block::Text { text } => Some(text),
                    Block::Thinking { .. } | Block::ToolUse { .. } => None,
                });
                let mut summary = texts.collect::<Vec<_>>().join("\n").trim().to_owned();
                cut(&mut summary, MAX_SUMMARY);
                if stop == StopReason::MaxTokens && !summary.is_empty() {
                    summary.push_str("\n[the summary was cut off here]");
                }
                // A model that calls a tool instead is asked once more, before what it would lose is gone.
                if summary.is_empty() && self.can_make_room() {
                    return self.make_room();
                }
                self.go_on_with(message, summary, usage);
            }
        }
    }

    /// The model gave no summary. Where the request was too long even for that, the older messages go without one.
    pub(super) fn no_summary(&mut self, message: MessageId, error: UserError) {
        if error.code == ErrorCode::InferenceTooLong {
            self.go_on_with(message, String::new(), Usage::default());
        } else {
            self.end(TurnOutcome::Failed(error));
        }
    }

    /// The request was too long for the model: makes room, or ends the turn.
    pub(super) fn too_long(&mut self, error: UserError) {
        if self.can_make_room() {
            self.make_room();
        } else {
            self.end(TurnOutcome::Failed(error));
        }
    }

    fn go_on_with(&mut self, message: MessageId, summary: String, usage: Usage) {
        let Some(turn) = self.session.turn.as_ref().map(|turn| turn.id.clone()) else {
            return;
        };
        let before = self.session.tokens(self.world.system, self.world.tools);
        let kept = self.session.newest_within(self.window() / 5);
        let compacted = EventBody::ContextCompacted {
            turn: turn.clone(),
            message,
            summary,
            kept: u32::try_from(kept).unwrap_or(u32::MAX),
            cut_at: self.session.cut_within(kept, self.window() / 5 * 2),
            before,
            usage,
        };
        // In one piece: a summary alone would look like the end of the turn after a crash.
        let message = MessageId::new(self.world.now, (self.world.chance)());
        let started = EventBody::MessageStarted {
            turn,
            message: message.clone(),
        };
        self.append(vec![compacted, started], Durability::Flushed);
        self.call_model(message);
    }

    /// True while a summary is awaited.
    pub(super) fn is_compacting(&self) -> bool {
        let phase = self.session.turn.as_ref().map(|turn| &turn.phase);
        matches!(phase, Some(Phase::Compacting(_)))
    }
}
