//! The turn that runs, as far as its events need it.

use deskhand_protocol::{MessageId, Timestamp, TurnId};

use crate::record::{SpanRef, first_bytes, prompt_id};

/// The turn that runs.
#[derive(Debug)]
pub(super) struct Turn {
    pub(super) id: TurnId,
    pub(super) prompt: String,
    pub(super) root: SpanRef,
    pub(super) text: String,
    pub(super) at: Timestamp,
    /// When the newest answer ended, or the prompt came.
    pub(super) since: Timestamp,
    pub(super) calls: u64,
    /// Milliseconds that the turn waited for a person.
    pub(super) waited: u64,
    pub(super) answer: Option<Answer>,
    pub(super) compaction: Option<(MessageId, Timestamp)>,
    pub(super) retries: Option<(u32, Timestamp)>,
}

/// The answer that is on its way.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) message: MessageId,
    pub(super) at: Timestamp,
    pub(super) first_words: Option<Timestamp>,
}

impl Turn {
    pub(super) fn new(session: &str, id: &TurnId, text: &str, at: Timestamp) -> Self {
        let trace = first_bytes("trace", &[session, id.as_str()]);
        Self {
            id: id.clone(),
            prompt: prompt_id(session, id.as_str()),
            root: SpanRef::of(trace, &["interaction", id.as_str()]),
            text: text.to_owned(),
            at,
            since: at,
            calls: 0,
            waited: 0,
            answer: None,
            compaction: None,
            retries: None,
        }
    }
}
