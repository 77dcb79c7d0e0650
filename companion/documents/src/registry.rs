//! Which documents there are. A document keeps its id while it is open, closed, saved and saved under another name: by
//! the id embedded in it, otherwise by its path. A copy beside its original gets an id of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use deskhand_protocol::document::{DocumentKind, DocumentState, DocumentView, LiveDocument};
use deskhand_protocol::{DocumentId, SessionId};
use deskhand_workspace::{Folder, RelativePath};
use tokio::time::Instant;

use crate::door::Door;
use crate::plausible::plausible;

/// How long a pane that went without a word may take to come back: its page is loaded anew, or the service was started
/// again. Until then the document is taken to be open in Office, whose file is not ours to write.
const RETURN: Duration = Duration::from_secs(15);

/// All documents that are known, and the sessions they belong to.
#[derive(Debug, Default)]
pub struct Registry {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    documents: BTreeMap<DocumentId, DocumentView>,
    sessions: BTreeMap<SessionId, BTreeSet<DocumentId>>,
    /// The ways to files, by the session that a person attached them to.
    doors: BTreeMap<(SessionId, DocumentId), Door>,
    /// The folders that a person attached to a session, in that order.
    folders: BTreeMap<SessionId, Vec<Arc<Folder>>>,
    /// Until when the pane of a document is waited for.
    away: BTreeMap<DocumentId, Instant>,
}

/// What tells which document it is that somebody opens.
struct Seen<'a> {
    kind: DocumentKind,
    path: Option<&'a str>,
    embedded: Option<&'a DocumentId>,
    /// A pane stands in it; otherwise it is a file that is attached.
    by_pane: bool,
}

impl Inner {
    /// The document that is open at the path; otherwise the embedded one, which stays the same under another name,
    /// unless what is seen is a copy of it; otherwise the one last seen at the path.
    fn identify(&self, seen: &Seen<'_>) -> Option<DocumentId> {
        let is_here = |view: &&DocumentView| view.kind == seen.kind && is_at(view, seen.path);
        let mut here = self.documents.values().filter(is_here);
        let is_open = |view: &&DocumentView| view.state == DocumentState::Live || self.is_away(&view.id);
        let open = here.clone().find(is_open).map(|view| &view.id);
        let embedded = || {
            seen.embedded
                .filter(|id| is_well_formed(id) && !self.is_copied(id, seen))
        };
        open.or_else(embedded)
            .or_else(|| here.next().map(|view| &view.id))
            .cloned()
    }

    fn is_away(&self, id: &DocumentId) -> bool {
        self.away.get(id).is_some_and(|until| *until > Instant::now())
    }

    /// True when what bears this id can only be a copy of the document: that is of another kind, or in use elsewhere.
    /// Where a pane is waited for, one that comes under another name has saved its document there.
    fn is_copied(&self, id: &DocumentId, seen: &Seen<'_>) -> bool {
        let Some(known) = self.documents.get(id) else {
            return false;
        };
        let in_use = match known.state {
            DocumentState::Live => true,
            _ if self.is_away(id) => !seen.by_pane,
            DocumentState::Closed | DocumentState::Gone => self.is_attached(known),
        };
        known.kind != seen.kind || (in_use && !is_at(known, seen.path))
    }

    /// True when a person attached the file that the document is.
    fn is_attached(&self, view: &DocumentView) -> bool {
        let mut doors = self.doors.iter().filter(|((_, of), _)| *of == view.id);
        doors.any(|(_, door)| is_at(view, door.path().to_str()))
    }
}

/// True when the document has this path; one that was never saved has none, and is nowhere.
fn is_at(view: &DocumentView, path: Option<&str>) -> bool {
    path.is_some() && view.path.as_deref() == path
}

/// What is embedded in a file is whatever somebody put there: only what could be an id of ours is taken for one.
fn is_well_formed(id: &DocumentId) -> bool {
    let id = id.as_str();
    let is_right = |(place, byte): (usize, u8)| match place {
        8 | 13 | 18 | 23 => byte == b'-',
        14 => byte == b'7',
        _ => byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte),
    };
    id.len() == 36 && id.bytes().enumerate().all(is_right)
}

impl Registry {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A panic elsewhere leaves maps that are whole: every change to them is one insertion or removal.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Registers the document that a pane stands in; `fresh` is its id when it is not known yet.
    pub fn open(&self, live: &LiveDocument, fresh: DocumentId) -> DocumentView {
        let live = &plausible(live);
        let mut inner = self.lock();
        let seen = Seen {
            kind: live.kind,
            path: live.path.as_deref(),
            embedded: live.embedded_id.as_ref(),
            by_pane: true,
        };
        let id = inner.identify(&seen).unwrap_or(fresh);
        let view = DocumentView {
            id: id.clone(),
            kind: live.kind,
            title: live.title.clone(),
            path: live.path.clone(),
            state: DocumentState::Live,
        };
        inner.away.remove(&id);
        inner.documents.insert(id, view.clone());
        view
    }

    /// Registers a closed file by the id embedded in it and by its path; a document that is live stays live.
    pub fn attach_file(
        &self,
        kind: DocumentKind,
        path: &str,
        embedded: Option<&DocumentId>,
        fresh: DocumentId,
    ) -> DocumentView {
        let mut inner = self.lock();
        let seen = Seen {
            kind,
            path: Some(path),
            embedded,
            by_pane: false,
        };
        let id = inner.identify(&seen).unwrap_or(fresh);
        if let Some(known) = inner.documents.get_mut(&id)
            && known.path.as_deref() == Some(path)
        {
            if known.state == DocumentState::Gone {
                known.state = DocumentState::Closed;
            }
            return known.clone();
        }
        let title = path.rsplit(['/', '\\']).next().unwrap_or(path).to_owned();
        let view = DocumentView {
            id: id.clone(),
            kind,
            title,
            path: Some(path.to_owned()),
            state: DocumentState::Closed,
        };
        inner.away.remove(&id);
        inner.documents.insert(id, view.clone());
        view
    }

    /// Takes over what an earlier run knew of a session's documents. Nothing is live until a pane says so.
    pub fn load(&self, session: &SessionId, views: impl IntoIterator<Item = DocumentView>) {
        let mut inner = self.lock();
        for mut view in views {
            let is_known = inner.documents.contains_key(&view.id);
            if view.state == DocumentState::Live {
                view.state = DocumentState::Closed;
                if !is_known {
                    inner.away.insert(view.id.clone(), Instant::now() + RETURN);
                }
            }
            inner
                .sessions
                .entry(session.clone())
                .or_default()
                .insert(view.id.clone());
            inner.documents.entry(view.id.clone()).or_insert(view);
        }
    }

    /// Makes a document part of a session. False when it was already.
    pub fn join(&self, session: &SessionId, document: &DocumentId) -> bool {
        self.lock()
            .sessions
            .entry(session.clone())
            .or_default()
            .insert(document.clone())
    }

    /// Takes a document out of a session.
    pub fn leave(&self, session: &SessionId, document: &DocumentId) {
        let mut inner = self.lock();
        inner.doors.remove(&(session.clone(), document.clone()));
        if let Some(documents) = inner.sessions.get_mut(session) {
            documents.remove(document);
        }
    }

    /// Forgets a session that was deleted.
    pub fn forget(&self, session: &SessionId) {
        let mut inner = self.lock();
        inner.doors.retain(|(of, _), _| of != session);
        inner.folders.remove(session);
        inner.sessions.remove(session);
    }

    /// Makes a folder part of a session.
    pub(crate) fn put_folder(&self, session: &SessionId, folder: Arc<Folder>) {
        let mut inner = self.lock();
        let folders = inner.folders.entry(session.clone()).or_default();
        if folders.iter().all(|known| known.path() != folder.path()) {
            folders.push(folder);
        }
    }

    /// Takes a folder out of a session, and answers the documents that came with it. Whoever holds the folder can do nothing
    /// more with it.
    pub(crate) fn take_folder(&self, session: &SessionId, path: &Path) -> Vec<DocumentId> {
        let mut inner = self.lock();
        let folders = inner.folders.entry(session.clone()).or_default();
        for folder in folders.extract_if(.., |folder| folder.path() == path) {
            folder.detach();
        }
        let came_with_it = |(of, door): (&(SessionId, DocumentId), &Door)| {
            let (folder, _, alone) = door.parts();
            (of.0 == *session && !alone && folder.path() == path).then(|| of.1.clone())
        };
        inner.doors.iter().filter_map(came_with_it).collect()
    }

    /// The folders of a session.
    pub(crate) fn folders(&self, session: &SessionId) -> Vec<Arc<Folder>> {
        self.lock().folders.get(session).cloned().unwrap_or_default()
    }

    /// The paths of a session's documents below one of its folders.
    pub(crate) fn below(&self, session: &SessionId, folder: &Path) -> BTreeSet<String> {
        let inner = self.lock();
        let doors = inner.doors.iter().filter(|((of, _), _)| of == session);
        let below = doors.filter_map(|(_, door)| {
            let path = door.path();
            let below = path.strip_prefix(folder).ok()?;
            Some(RelativePath::from_path(below).ok()?.as_str().to_owned())
        });
        below.collect()
    }

    /// Opens the way to a document's file for a session.
    pub(crate) fn put_door(&self, session: &SessionId, document: &DocumentId, door: Door) {
        let key = (session.clone(), document.clone());
        self.lock().doors.insert(key, door);
    }

    /// The way to a document's file, where a person attached it to the session. A document that was saved under another
    /// name since is another file, to which nobody opened a way.
    pub(crate) fn door(&self, session: &SessionId, document: &DocumentId) -> Option<Door> {
        let inner = self.lock();
        let path = inner.documents.get(document)?.path.as_deref()?;
        let door = inner.doors.get(&(session.clone(), document.clone()))?;
        (door.path().to_str() == Some(path)).then(|| door.clone())
    }

    /// The document was closed: it is on disk, where it has a path that is a file.
    pub fn closed(&self, document: &DocumentId) -> Option<DocumentView> {
        let mut inner = self.lock();
        inner.away.remove(document);
        let view = inner.documents.get_mut(document)?;
        view.state = DocumentState::Closed;
        Some(view.clone())
    }

    /// The file of a document was taken away, or brought back.
    pub(crate) fn set_gone(&self, document: &DocumentId, gone: bool) {
        if let Some(view) = self.lock().documents.get_mut(document)
            && view.state != DocumentState::Live
        {
            view.state = if gone {
                DocumentState::Gone
            } else {
                DocumentState::Closed
            };
        }
    }

    /// The pane went without saying that the document was closed; it may come back.
    pub fn left(&self, document: &DocumentId) -> Option<DocumentView> {
        let view = self.closed(document)?;
        self.lock().away.insert(document.clone(), Instant::now() + RETURN);
        Some(view)
    }

    /// Until when the pane of a document is waited for before its file is used; nothing where it is not.
    pub(crate) fn back_by(&self, document: &DocumentId) -> Option<Instant> {
        self.lock().away.get(document).copied()
    }

    /// The document.
    pub fn get(&self, document: &DocumentId) -> Option<DocumentView> {
        self.lock().documents.get(document).cloned()
    }

    /// The document, if it is part of the session.
    pub fn of_session(&self, session: &SessionId, document: &DocumentId) -> Option<DocumentView> {
        let inner = self.lock();
        let member = inner
            .sessions
            .get(session)
            .is_some_and(|documents| documents.contains(document));
        member.then(|| inner.documents.get(document).cloned()).flatten()
    }

    /// The documents of a session.
    pub fn list(&self, session: &SessionId) -> Vec<DocumentView> {
        let inner = self.lock();
        let ids = inner.sessions.get(session).into_iter().flatten();
        ids.filter_map(|id| inner.documents.get(id).cloned()).collect()
    }

    /// The sessions that a document is part of.
    pub fn sessions_of(&self, document: &DocumentId) -> Vec<SessionId> {
        let inner = self.lock();
        let sessions = inner
            .sessions
            .iter()
            .filter(|(_, documents)| documents.contains(document));
        sessions.map(|(session, _)| session.clone()).collect()
    }

    /// Documents that are open in Office.
    pub fn live(&self) -> Vec<DocumentView> {
        let inner = self.lock();
        inner
            .documents
            .values()
            .filter(|view| view.state == DocumentState::Live)
            .cloned()
            .collect()
    }
}

#[cfg(test)]
mod tests;
