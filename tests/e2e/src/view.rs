//! A session as a front end keeps it: events by their numbers, folded ones in place of what they stand for.

use std::collections::{BTreeMap, BTreeSet};

use deskhand_protocol::event::TurnOutcome;
use deskhand_protocol::permission::PermissionRequest;
use deskhand_protocol::{EventBody, MessageId, SessionEvent};

/// What a front end has seen of one session.
#[derive(Clone, Debug, Default)]
pub struct View {
    events: BTreeMap<u64, SessionEvent>,
    cursor: u64,
}

impl View {
    /// The last number seen, to go on from.
    pub fn cursor(&self) -> u64 {
        self.cursor
    }

    /// Takes an event in as a front end does.
    ///
    /// # Panics
    /// When it was sent before, or out of order.
    pub fn take(&mut self, event: &SessionEvent) {
        assert!(
            event.seq > self.cursor,
            "event {} came after {}: {:?}",
            event.seq,
            self.cursor,
            event.body
        );
        if let (Some(first), EventBody::MessageCompleted { message, .. }) = (event.first_seq, &event.body) {
            self.events
                .retain(|seq, known| *seq < first || !is_delta_of(&known.body, message));
        }
        self.cursor = event.seq;
        self.events.insert(event.seq, event.clone());
    }

    /// The events, oldest first.
    pub fn events(&self) -> impl Iterator<Item = &SessionEvent> {
        self.events.values()
    }

    /// How the newest turn ended, if it did.
    pub fn outcome(&self) -> Option<&TurnOutcome> {
        self.events.values().rev().find_map(|event| match &event.body {
            EventBody::TurnEnded { outcome, .. } => Some(outcome),
            _ => None,
        })
    }

    /// A question that nobody has answered.
    pub fn question(&self) -> Option<&PermissionRequest> {
        let settled: BTreeSet<&str> = self
            .events
            .values()
            .filter_map(|event| match &event.body {
                EventBody::PermissionSettled { permission, .. } => Some(permission.as_str()),
                _ => None,
            })
            .collect();
        self.events.values().find_map(|event| match &event.body {
            EventBody::PermissionRequested { request } if !settled.contains(request.id.as_str()) => {
                Some(request)
            }
            _ => None,
        })
    }

    /// The same without what folding takes away: words of messages that are whole, and the ranges of those messages.
    /// Two front ends that saw the same session have the same of this, whenever they came and went.
    pub fn settled(&self) -> Vec<SessionEvent> {
        let whole: BTreeSet<&MessageId> = self
            .events
            .values()
            .filter_map(|event| match &event.body {
                EventBody::MessageCompleted { message, .. } => Some(message),
                _ => None,
            })
            .collect();
        let kept = self.events.values().filter(|event| match &event.body {
            EventBody::TextDelta { message, .. } => !whole.contains(message),
            _ => true,
        });
        kept.map(|event| SessionEvent {
            first_seq: None,
            ..event.clone()
        })
        .collect()
    }

    /// Numbers up to the cursor that no event stands for.
    pub fn gaps(&self) -> Vec<u64> {
        let mut missing: BTreeSet<u64> = (1..=self.cursor).collect();
        for event in self.events.values() {
            for seq in event.first_seq.unwrap_or(event.seq)..=event.seq {
                missing.remove(&seq);
            }
        }
        missing.into_iter().collect()
    }
}

fn is_delta_of(body: &EventBody, whole: &MessageId) -> bool {
    matches!(body, EventBody::TextDelta { message, .. } if message == whole)
}
