//! The sessions that are loaded: all that are at work, and of those at rest the ones that were used last. The others are read
//! from the log again when somebody asks for them.

use std::collections::BTreeMap;

use deskhand_protocol::SessionId;

use crate::runner::Handle;

/// Sessions that may be loaded before those at rest are let go.
pub(super) const ROOM: usize = 32;
/// Sessions that are asked whether they rest when another one comes: more than one, so that room that work took is won back.
const ASKED: usize = 4;

/// Ways to sessions, each with when it was used last.
#[derive(Default)]
pub(super) struct Loaded {
    sessions: BTreeMap<SessionId, (Handle, u64)>,
    uses: u64,
}

impl Loaded {
    /// The way to a session that is loaded.
    pub(super) fn get(&mut self, id: &SessionId) -> Option<Handle> {
        self.uses += 1;
        let (handle, used) = self.sessions.get_mut(id)?;
        *used = self.uses;
        Some(handle.clone()).filter(|handle| !handle.is_closed())
    }

    /// Takes a session in. Where there is no room, the one at rest that was not used for the longest goes.
    pub(super) async fn insert(&mut self, id: SessionId, handle: Handle) {
        for _ in 0..ASKED {
            let oldest = self.sessions.iter().min_by_key(|(_, (_, used))| *used);
            let Some((oldest, (way, _))) = oldest.filter(|_| self.sessions.len() >= ROOM) else {
                break;
            };
            let (oldest, rests) = (oldest.clone(), way.rest().await);
            self.uses += 1;
            if rests {
                self.sessions.remove(&oldest);
            } else if let Some((_, used)) = self.sessions.get_mut(&oldest) {
                *used = self.uses;
            }
        }
        self.uses += 1;
        self.sessions.insert(id, (handle, self.uses));
    }

    /// Forgets a session that was deleted.
    pub(super) fn remove(&mut self, id: &SessionId) {
        self.sessions.remove(id);
    }

    /// How many there are.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.sessions.len()
    }
}
