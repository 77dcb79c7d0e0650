//! What the journal holds of what ran: that it began, what it changed in each folder, and what came of it. From it a call that a
//! crash cut is told, and what a command did is undone as one.
//!
//! While a machine sees a folder that may be changed, every change is of exactly one part: of the call that runs, or of what goes
//! on after it. The record of a part is on disk before a change can be of it, and what it came to is read when none can be any more.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_lc_rs::digest::{SHA256, digest};
use deskhand_core::ports::{Journal, Settled};
use deskhand_core::tool::ToolRequest;
use deskhand_protocol::change::{ChangeEntry, ChangeSet};
use deskhand_protocol::document::DocumentKind;
use deskhand_protocol::hello::FrontEndKind;
use deskhand_protocol::{CallId, ChangeSetId, DocumentId, SessionId, Timestamp, TurnId, UserError};
use deskhand_vm_files::{Change, Ident, Journal as FilesJournal, Kept, SharePath, Touched, UndoLog};
use deskhand_workspace::Folder;
use serde::{Deserialize, Serialize};
use tokio::runtime::Handle;

use crate::sealed::Sealed;

/// The beginnings of the keys: of calls, of what went on after them, and of what is kept for both.
const CALL: &str = "sandbox:";
const AFTER: &str = "sandbox-after:";
const LOG: &str = "sandbox-log:";
/// The files that undoing put back.
const PUT_BACK: &str = "sandbox-put-back";
/// Files that a change set names; the others are counted in its title.
const NAMED: usize = 200;

/// A call, or what went on after one, as the journal holds it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Ran {
    /// What it becomes where it changes anything.
    pub(crate) change_set: ChangeSetId,
    pub(crate) turn: TurnId,
    pub(crate) call: CallId,
    pub(crate) at: Timestamp,
    /// The folders that it saw and could change, by the numbers of their journals.
    pub(crate) folders: Vec<String>,
    /// False from its beginning until what it came to is told.
    pub(crate) done: bool,
    /// What it changed, in a few words, where it changed anything.
    pub(crate) title: Option<String>,
    #[serde(default)]
    pub(crate) undone: bool,
    /// True for what people had changed and undoing overwrote.
    #[serde(default)]
    pub(crate) by_undo: bool,
    /// Where a person decided that; none for what the agent does.
    #[serde(default)]
    pub(crate) by: Option<FrontEndKind>,
}

/// The key of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Key(String);

impl Key {
    /// A call's. A provider names calls as it likes, also two by one name: the command is part of it.
    pub(crate) fn of(request: &ToolRequest) -> Self {
        let input = digest(&SHA256, request.input.to_string().as_bytes());
        let mut key = format!("{CALL}{}/{}/", request.turn, request.call);
        for byte in input.as_ref().iter().take(8) {
            let _ = write!(key, "{byte:02x}");
        }
        Self(key)
    }

    /// That of what goes on after a call: of its own change set, which nobody else has.
    pub(crate) fn after(id: &ChangeSetId) -> Self {
        Self(format!("{AFTER}{id}"))
    }

    /// True for what went on after a call.
    pub(crate) fn is_after(&self) -> bool {
        self.0.starts_with(AFTER)
    }
}

/// The records.
#[derive(Clone)]
pub(crate) struct Records {
    pub(crate) journal: Arc<dyn Journal>,
}

impl Records {
    /// One of them.
    pub(crate) async fn get(&self, session: &SessionId, key: &Key) -> Result<Option<Ran>, UserError> {
        let found = self.journal.get(session, &key.0).await?;
        Ok(found.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
    }

    /// Writes or replaces one.
    pub(crate) async fn put(&self, session: &SessionId, key: &Key, ran: &Ran) -> Result<(), UserError> {
        let settled = if ran.done { Settled::Closed } else { Settled::Open };
        let value = serde_json::to_vec(ran).map_err(internal)?;
        self.journal.put(session, &key.0, value, settled).await
    }

    /// Those of a session, oldest first.
    pub(crate) async fn all(&self, session: &SessionId) -> Result<Vec<(Key, Ran)>, UserError> {
        let mut found = Vec::new();
        for beginning in [CALL, AFTER] {
            for key in self.journal.keys(session, beginning).await? {
                let key = Key(key);
                if let Some(ran) = self.get(session, &key).await? {
                    found.push((key, ran));
                }
            }
        }
        found.sort_by_key(|(_, ran)| ran.at);
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

    /// What is kept for a folder while this ran.
    pub(crate) fn vault(&self, session: &SessionId, key: &Key, folder: usize, runtime: Handle) -> Sealed {
        let prefix = format!("{LOG}{}:{folder}", key.0);
        Sealed::new(Arc::clone(&self.journal), session.clone(), prefix, runtime)
    }
}

fn internal(error: impl std::fmt::Display) -> UserError {
    UserError::new(deskhand_protocol::ErrorCode::Internal).detail(error)
}

/// What was changed in a folder, by path.
pub(crate) type Changes = BTreeMap<SharePath, Touched>;

/// The journal of a folder that a machine sees.
pub(crate) struct FolderJournal {
    records: Records,
    session: SessionId,
    folder: Arc<Folder>,
    runtime: Handle,
    current: Mutex<Option<Arc<Part>>>,
    /// Nothing may be changed any more.
    is_forbidden: AtomicBool,
}

/// Whose the changes are.
struct Part {
    key: Key,
    number: usize,
    log: Mutex<Log>,
}

/// What was changed so far.
enum Log {
    /// Nothing.
    Empty,
    Open(Box<UndoLog>),
    /// Nothing can be of it any more.
    Closed,
}

impl std::fmt::Debug for FolderJournal {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("FolderJournal")
            .field("folder", &self.folder.path())
            .finish_non_exhaustive()
    }
}

impl FolderJournal {
    pub(crate) fn new(records: Records, session: SessionId, folder: Arc<Folder>) -> Self {
        Self {
            records,
            session,
            folder,
            runtime: Handle::current(),
            current: Mutex::default(),
            is_forbidden: AtomicBool::new(false),
        }
    }

    /// From now on nothing is changed through this journal, also by requests that were taken in before. Waits for the change
    /// that is being written down: not for the runtime's own threads.
    pub(crate) fn forbid(&self) {
        self.is_forbidden.store(true, Ordering::SeqCst);
        let part = lock(&self.current).clone();
        if let Some(part) = part {
            drop(lock(&part.log));
        }
    }

    /// The folder's path on this computer.
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// True where something may have been changed since the last exchange.
    pub(crate) fn has_changes(&self) -> bool {
        let part = lock(&self.current).clone();
        // One that is held is being written to.
        part.is_some_and(|part| {
            part.log
                .try_lock()
                .map_or(true, |log| matches!(*log, Log::Open(_)))
        })
    }

    /// From now on changes are of this part, in which the folder has this number, or of none; answers what those before came
    /// to. Waits for the change that is being made: not for the runtime's own threads.
    pub(crate) fn exchange(&self, next: Option<(Key, usize)>) -> Changes {
        let next = next.map(|(key, number)| {
            Arc::new(Part {
                key,
                number,
                log: Mutex::new(Log::Empty),
            })
        });
        let before = std::mem::replace(&mut *lock(&self.current), next);
        let Some(before) = before else {
            return Changes::new();
        };
        match std::mem::replace(&mut *lock(&before.log), Log::Closed) {
            Log::Open(log) => log.touched(),
            Log::Empty | Log::Closed => Changes::new(),
        }
    }
}

impl FilesJournal for FolderJournal {
    fn before(&self, change: &Change<'_>) -> std::io::Result<Kept> {
        // One that was taken out of the session is changed no more, whatever still has it open.
        if self.folder.is_detached() {
            return Err(std::io::ErrorKind::PermissionDenied.into());
        }
        loop {
            let part = lock(&self.current).clone();
            // Nothing runs: whatever wants to write now is not what a person allowed.
            let part = part.ok_or(std::io::ErrorKind::PermissionDenied)?;
            let mut log = lock(&part.log);
            if self.is_forbidden.load(Ordering::SeqCst) {
                return Err(std::io::ErrorKind::PermissionDenied.into());
            }
            if let Log::Empty = *log {
                let runtime = self.runtime.clone();
                let vault = self.records.vault(&self.session, &part.key, part.number, runtime);
                *log = Log::Open(Box::new(UndoLog::over(Arc::new(vault))?));
            }
            match &*log {
                Log::Open(open) => return open.before(change),
                // Exchanged between the two looks.
                Log::Empty | Log::Closed => {}
            }
        }
    }
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What was changed, folder by folder, as one change set; none where nothing was.
pub(crate) fn change_set(ran: &Ran, at: Timestamp, folders: &[(PathBuf, Changes)]) -> Option<ChangeSet> {
    let count = |act: Touched| {
        let acts = folders.iter().flat_map(|(_, touched)| touched.values());
        acts.filter(|touched| **touched == act).count()
    };
    let title = title(
        count(Touched::Made),
        count(Touched::Changed),
        count(Touched::Removed),
        if ran.by_undo {
            "by undoing a command"
        } else {
            "by a command"
        },
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
        call: ran.call.clone(),
        at,
        title,
        entries: entries.take(NAMED).collect(),
    })
}

/// `2 files made, 1 changed by a command`; nothing where there is nothing.
fn title(made: usize, changed: usize, removed: usize, by: &str) -> Option<String> {
    let parts = [(made, "made"), (changed, "changed"), (removed, "removed")];
    let mut parts = parts.into_iter().filter(|(count, _)| *count > 0);
    let (first, what) = parts.next()?;
    let files = if first == 1 { "file" } else { "files" };
    let mut title = format!("{first} {files} {what}");
    for (count, what) in parts {
        let _ = write!(title, ", {count} {what}");
    }
    Some(format!("{title} {by}"))
}

#[cfg(test)]
mod tests {
    use deskhand_core::ports::{BlobId, BoxFuture};
    use deskhand_protocol::ErrorCode;
    use deskhand_vm_files::State;
    use deskhand_workspace::Folders;

    use super::*;

    /// Takes nothing.
    #[derive(Debug)]
    struct Closed;

    fn closed<'a, T: Send + 'a>() -> BoxFuture<'a, Result<T, UserError>> {
        Box::pin(std::future::ready(Err(UserError::new(ErrorCode::Internal))))
    }

    impl Journal for Closed {
        fn put<'a>(
            &'a self,
            _: &'a SessionId,
            _: &'a str,
            _: Vec<u8>,
            _: Settled,
        ) -> BoxFuture<'a, Result<(), UserError>> {
            closed()
        }

        fn get<'a>(
            &'a self,
            _: &'a SessionId,
            _: &'a str,
        ) -> BoxFuture<'a, Result<Option<Vec<u8>>, UserError>> {
            closed()
        }

        fn put_blob<'a>(&'a self, _: &'a SessionId, _: Vec<u8>) -> BoxFuture<'a, Result<BlobId, UserError>> {
            closed()
        }

        fn blob<'a>(
            &'a self,
            _: &'a SessionId,
            _: &'a BlobId,
        ) -> BoxFuture<'a, Result<Option<Vec<u8>>, UserError>> {
            closed()
        }

        fn keys<'a>(&'a self, _: &'a SessionId, _: &'a str) -> BoxFuture<'a, Result<Vec<String>, UserError>> {
            closed()
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_request_that_was_taken_in_before_changes_nothing_once_that_is_forbidden() {
        let home = tempfile::tempdir().expect("a folder");
        let folder = Folders::new(None).open(home.path()).expect("a folder");
        let records = Records {
            journal: Arc::new(Closed),
        };
        let journal = FolderJournal::new(records, SessionId::from_text("s"), folder);
        journal.exchange(Some((Key("a".to_owned()), 0)));
        let asks = || {
            let path = SharePath::default();
            let change = Change::creation(&path, &State::Missing);
            journal
                .before(&change)
                .map(drop)
                .expect_err("it is refused")
                .kind()
        };
        assert_ne!(
            tokio::task::block_in_place(asks),
            std::io::ErrorKind::PermissionDenied
        );
        journal.forbid();
        assert_eq!(
            tokio::task::block_in_place(asks),
            std::io::ErrorKind::PermissionDenied
        );
    }

    #[test]
    fn a_change_set_says_how_many_files_were_made_changed_and_removed() {
        for (made, changed, removed, expected) in [
            (0, 0, 0, None),
            (1, 0, 0, Some("1 file made by a command")),
            (0, 0, 1_204, Some("1204 files removed by a command")),
            (2, 1, 3, Some("2 files made, 1 changed, 3 removed by a command")),
        ] {
            assert_eq!(title(made, changed, removed, "by a command").as_deref(), expected);
        }
    }

    #[test]
    fn calls_that_a_provider_names_alike_are_told_apart() {
        let request = |turn: &str, call: &str, command: &str| ToolRequest {
            session: SessionId::from_text("s"),
            turn: TurnId::from_text(turn),
            call: CallId::from_text(call),
            name: "Bash".to_owned(),
            input: serde_json::json!({ "command": command }),
            folder: None,
            command: None,
        };
        let key = |turn, call, command| Key::of(&request(turn, call, command));
        assert_eq!(key("t", "call_0", "ls"), key("t", "call_0", "ls"));
        assert_ne!(key("t", "call_0", "ls"), key("t", "call_0", "rm x"));
        assert_ne!(key("t", "call_0", "ls"), key("u", "call_0", "ls"));
        assert!(!key("t", "call_0", "ls").is_after());
        assert!(Key::after(&ChangeSetId::from_text("c")).is_after());
    }
}
