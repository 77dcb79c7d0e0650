//! What the agent last saw of files, so that it never writes over what somebody else wrote meanwhile without having seen it.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use deskhand_core::instructions::as_data;
use deskhand_core::tool::ToolFailure;
use deskhand_document::plain_text;
use deskhand_protocol::SessionId;
use similar::TextDiff;

use crate::call::failure;

/// Bytes that are held for all sessions; what was seen the longest ago goes first.
const HELD: usize = 32 << 20;
/// Characters of a difference that are told.
const TOLD: usize = 12_000;

/// Contents as they were last seen, in memory: after a restart nothing was seen, and a person is asked instead.
#[derive(Debug, Default)]
pub(crate) struct Seen(Mutex<Held>);

#[derive(Debug, Default)]
struct Held {
    contents: BTreeMap<(SessionId, String), (u64, Vec<u8>)>,
    bytes: usize,
    clock: u64,
}

impl Seen {
    /// The content of a file as a session last saw it.
    pub(crate) fn of(&self, session: &SessionId, path: &str) -> Option<Vec<u8>> {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (session.clone(), path.to_owned());
        held.contents.get(&key).map(|(_, content)| content.clone())
    }

    /// Takes note of what a session sees.
    pub(crate) fn note(&self, session: &SessionId, path: &str, content: Vec<u8>) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.clock += 1;
        let (clock, size) = (held.clock, content.len());
        let old = held
            .contents
            .insert((session.clone(), path.to_owned()), (clock, content));
        held.bytes = held.bytes + size - old.map_or(0, |(_, old)| old.len());
        while held.bytes > HELD {
            let oldest = held.contents.iter().min_by_key(|(_, (clock, _))| *clock);
            let Some(key) = oldest.map(|(key, _)| key.clone()) else {
                return;
            };
            let gone = held.contents.remove(&key).map_or(0, |(_, content)| content.len());
            held.bytes -= gone;
        }
    }

    /// Forgets a session.
    pub(crate) fn forget(&self, session: &SessionId) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.contents.retain(|(of, _), _| of != session);
        held.bytes = held.contents.values().map(|(_, content)| content.len()).sum();
    }

    /// The refusal to write over a file that is another than the session saw.
    pub(crate) fn changed(&self, session: &SessionId, path: &str, now: &[u8]) -> ToolFailure {
        changed(path, self.of(session, path).as_deref(), now)
    }
}

/// Says that a file was changed by somebody else, with the difference where it is known.
pub(super) fn changed(path: &str, seen: Option<&[u8]>, now: &[u8]) -> ToolFailure {
    let said = "somebody else changed the file since it was read; nothing was written. Merge: put your part into what is \
                there now with Edit, or Write the merged text.";
    let texts = seen
        .map(plain_text)
        .and_then(Result::ok)
        .zip(plain_text(now).ok());
    let difference = texts.map(|(seen, now)| {
        let diff = TextDiff::from_lines(&seen, &now);
        let unified = diff
            .unified_diff()
            .header("as it was read", "as it is now")
            .to_string();
        let told: String = unified.chars().take(TOLD).collect();
        as_data(path, &told)
    });
    let output = match difference {
        Some(difference) => format!("{said}\n{difference}"),
        None => format!("{said} Read it first."),
    };
    failure("Changed by somebody else", &output)
}
