//! What the journal holds of a call that ran: that it began, what it changed in each folder, and what came of it. From it a
//! call that a crash cut is told, and what a command did is undone as one.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use deskhand_core::ports::{Journal, Settled};
use deskhand_protocol::change::{ChangeEntry, ChangeSet};
use deskhand_protocol::document::DocumentKind;
use deskhand_protocol::{CallId, ChangeSetId, DocumentId, SessionId, Timestamp, TurnId, UserError};
use deskhand_vm_files::{Change, Ident, Journal as FilesJournal, Kept, SharePath, Touched, UndoLog};
use deskhand_workspace::Folder;
use serde::{Deserialize, Serialize};
use tokio::runtime::Handle;

use crate::sealed::Sealed;

/// The beginning of the keys.
const KEY: &str = "sandbox:";
/// The files that undoing put back.
const PUT_BACK: &str = "sandbox-put-back";
/// Files that a change set names; the others are counted in its title.
const NAMED: usize = 200;
/// The beginning of the keys of what is kept for a call's folders.
const LOG: &str = "sandbox-log:";

/// A call as the journal holds it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Ran {
    /// What it becomes where it changes anything.
    pub(crate) change_set: ChangeSetId,
    pub(crate) turn: TurnId,
    pub(crate) at: Timestamp,
    /// The folders that it saw and could change, by the numbers of their journals.
    pub(crate) folders: Vec<String>,
    /// False from its beginning until its end is known.
    pub(crate) done: bool,
    /// What it changed, in a few words, where it changed anything.
    pub(crate) title: Option<String>,
    #[serde(default)]
    pub(crate) undone: bool,
}

/// The records of calls.
#[derive(Clone)]
pub(crate) struct Calls {
    pub(crate) journal: Arc<dyn Journal>,
}

impl Calls {
    /// The record of a call.
    pub(crate) async fn get(&self, session: &SessionId, call: &CallId) -> Result<Option<Ran>, UserError> {
        let found = self.journal.get(session, &key(call)).await?;
        Ok(found.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
    }

    /// Writes or replaces it.
    pub(crate) async fn put(&self, session: &SessionId, call: &CallId, ran: &Ran) -> Result<(), UserError> {
        let settled = if ran.done { Settled::Closed } else { Settled::Open };
        let value = serde_json::to_vec(ran).map_err(internal)?;
        self.journal.put(session, &key(call), value, settled).await
    }

    /// The calls of a session, oldest first.
    pub(crate) async fn all(&self, session: &SessionId) -> Result<Vec<(CallId, Ran)>, UserError> {
        let mut found = Vec::new();
        for key in self.journal.keys(session, KEY).await? {
            let call = CallId::from_text(key.strip_prefix(KEY).unwrap_or_default());
            if let Some(ran) = self.get(session, &call).await? {
                found.push((call, ran));
            }
        }
        Ok(found)
    }

    /// The files that undoing put back in this session, so that earlier calls know them for those that they left.
    pub(crate) async fn put_back(&self, session: &SessionId) -> Result<BTreeSet<Ident>, UserError> {
        let found = self.journal.get(session, PUT_BACK).await?;
        Ok(found
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default())
    }

    /// Keeps them.
    pub(crate) async fn keep_put_back(
        &self,
        session: &SessionId,
        files: &BTreeSet<Ident>,
    ) -> Result<(), UserError> {
        let value = serde_json::to_vec(files).map_err(internal)?;
        self.journal.put(session, PUT_BACK, value, Settled::Closed).await
    }

    /// The journal of a folder during a call.
    pub(crate) fn vault(&self, session: &SessionId, call: &CallId, folder: usize, runtime: Handle) -> Sealed {
        let prefix = format!("{LOG}{call}:{folder}");
        Sealed::new(Arc::clone(&self.journal), session.clone(), prefix, runtime)
    }
}

fn key(call: &CallId) -> String {
    format!("{KEY}{call}")
}

fn internal(error: impl std::fmt::Display) -> UserError {
    UserError::new(deskhand_protocol::ErrorCode::Internal).detail(error)
}

/// The journal of a folder that a machine sees: each call has its own part of it.
pub(crate) struct FolderJournal {
    calls: Calls,
    session: SessionId,
    folder: Arc<Folder>,
    runtime: Handle,
    current: Mutex<Option<Part>>,
}

/// The part of a call, made at its first change.
struct Part {
    call: CallId,
    number: usize,
    log: Option<Arc<UndoLog>>,
}

impl std::fmt::Debug for FolderJournal {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("FolderJournal")
            .field("folder", &self.folder.path())
            .finish_non_exhaustive()
    }
}

impl FolderJournal {
    pub(crate) fn new(calls: Calls, session: SessionId, folder: Arc<Folder>) -> Self {
        Self {
            calls,
            session,
            folder,
            runtime: Handle::current(),
            current: Mutex::default(),
        }
    }

    /// The folder's path on this computer.
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// From now on changes are of this call, in which the folder has this number.
    pub(crate) fn begin(&self, call: &CallId, number: usize) {
        *self.current() = Some(Part {
            call: call.clone(),
            number,
            log: None,
        });
    }

    /// No change is of any call: what would be written is refused.
    pub(crate) fn close(&self) {
        self.current().take();
    }

    /// What was changed so far during the call.
    pub(crate) fn touched(&self) -> BTreeMap<SharePath, Touched> {
        let log = self.current().as_ref().and_then(|part| part.log.clone());
        log.map(|log| log.touched()).unwrap_or_default()
    }

    fn current(&self) -> MutexGuard<'_, Option<Part>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl FilesJournal for FolderJournal {
    fn before(&self, change: &Change<'_>) -> std::io::Result<Kept> {
        let mut current = self.current();
        // Nothing runs: whatever wants to write now is not what a person allowed.
        let part = current.as_mut().ok_or(std::io::ErrorKind::PermissionDenied)?;
        let log = if let Some(log) = &part.log {
            log
        } else {
            let runtime = self.runtime.clone();
            let vault = self.calls.vault(&self.session, &part.call, part.number, runtime);
            part.log.insert(Arc::new(UndoLog::over(Arc::new(vault))?))
        };
        log.before(change)
    }
}

/// What a call changed, folder by folder, as one change set; none where it changed nothing.
pub(crate) fn change_set(
    ran: &Ran,
    call: &CallId,
    at: Timestamp,
    folders: &[(PathBuf, BTreeMap<SharePath, Touched>)],
) -> Option<ChangeSet> {
    let count = |act: Touched| {
        let acts = folders.iter().flat_map(|(_, touched)| touched.values());
        acts.filter(|touched| **touched == act).count()
    };
    let title = title(
        count(Touched::Made),
        count(Touched::Changed),
        count(Touched::Removed),
    )?;
    let entry = |folder: &Path, path: &SharePath| ChangeEntry {
        document: DocumentId::from_text(folder.join(path.to_path()).display().to_string()),
        kind: DocumentKind::File,
        title: path.to_string(),
        target: String::new(),
        count: 1,
        sources: Vec::new(),
    };
    let entries = folders
        .iter()
        .flat_map(|(folder, touched)| touched.keys().map(move |path| entry(folder, path)));
    Some(ChangeSet {
        id: ran.change_set.clone(),
        turn: ran.turn.clone(),
        call: call.clone(),
        at,
        title,
        entries: entries.take(NAMED).collect(),
    })
}

/// `2 files made, 1 changed by a command`; nothing where there is nothing.
fn title(made: usize, changed: usize, removed: usize) -> Option<String> {
    let parts = [(made, "made"), (changed, "changed"), (removed, "removed")];
    let mut parts = parts.into_iter().filter(|(count, _)| *count > 0);
    let (first, what) = parts.next()?;
    let files = if first == 1 { "file" } else { "files" };
    let mut title = format!("{first} {files} {what}");
    for (count, what) in parts {
        let _ = write!(title, ", {count} {what}");
    }
    Some(format!("{title} by a command"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_set_says_how_many_files_were_made_changed_and_removed() {
        for (made, changed, removed, expected) in [
            (0, 0, 0, None),
            (1, 0, 0, Some("1 file made by a command")),
            (0, 0, 1_204, Some("1204 files removed by a command")),
            (2, 1, 3, Some("2 files made, 1 changed, 3 removed by a command")),
        ] {
            assert_eq!(title(made, changed, removed).as_deref(), expected);
        }
    }
}
