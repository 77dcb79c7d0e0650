//! What commands did is undone as one, call by call; what people changed since stays, or is overwritten where a person says so.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cap_std::fs::Dir;
use deskhand_protocol::hello::FrontEndKind;
use deskhand_protocol::{ChangeSetId, ErrorCode, SessionId, UserError};
use deskhand_vm_files::{Conflict, Ident, UndoLog, Undone};
use tokio::runtime::Handle;

use crate::journal::{Changes, Key, Ran, Records};
use crate::machine::Part;
use crate::machines::{Inner, Machines};
use crate::settling::blocking;

impl Machines {
    /// Undoes what a command did. `None` where the change set is not one of a command; else the places that were left alone
    /// because somebody changed them since. Where a person says so at the front end `overwrite` these are undone as well, as far as it is known what was there:
    /// what they hold is a change set of its own before, which is told in the session's log and can be undone.
    pub async fn undo(
        &self,
        session: &SessionId,
        id: &ChangeSetId,
        overwrite: Option<FrontEndKind>,
    ) -> Result<Option<Vec<String>>, UserError> {
        let (inner, records) = (self.inner(), self.inner().records());
        let found = records.all(session).await?;
        let Some((key, mut ran)) = found.into_iter().find(|(_, ran)| ran.change_set == *id) else {
            return Ok(None);
        };
        if ran.undone {
            return Ok(Some(Vec::new()));
        }
        let place = inner.place_of(session).try_lock_owned();
        let mut place = place.map_err(|_| busy())?;
        if let Some(machine) = place.as_mut() {
            if machine.jobs.is_busy() {
                return Err(busy());
            }
            // Nothing runs: until the next call nothing may change.
            let before = inner.exchange(session, None, machine).await?;
            inner.tell(session, before).await;
        }
        let roots = inner.roots(session, &ran)?;
        let over = match overwrite {
            Some(by) => Some(inner.begin_over(session, &ran, by).await?),
            None => None,
        };
        let run = Run {
            records: records.clone(),
            runtime: Handle::current(),
            session: session.clone(),
            undone: key.clone(),
            over: over.as_ref().map(|part| part.key.clone()),
            put_back: records.put_back(session).await?,
            kept: Vec::new(),
            overwritten: Vec::new(),
        };
        let (run, undone) = blocking(move || Ok(run.all(roots))).await?;
        let kept = records.keep_put_back(session, &run.put_back).await;
        if let Some(part) = over {
            // Also where the rest could not be undone or written down: what went is to be seen, and to be had back.
            inner.tell(session, Some((part, run.overwritten))).await;
        }
        kept?;
        undone.map_err(|error| not_undone(&error))?;
        ran.undone = run.kept.is_empty();
        records.put(session, &key, &ran).await?;
        Ok(Some(run.kept))
    }

    /// Refuses to do again what a command did: what it would do now, nobody knows.
    pub async fn may_redo(&self, session: &SessionId, id: &ChangeSetId) -> Result<(), UserError> {
        let records = self.inner().records().all(session).await?;
        if records.iter().any(|(_, ran)| ran.change_set == *id) {
            return Err(UserError::new(ErrorCode::UndoConflict).happened(
                "What a command did cannot be done again by itself. Ask for the command once more.",
            ));
        }
        Ok(())
    }
}

/// One undo of a command, on a thread that may block.
struct Run {
    records: Records,
    runtime: Handle,
    session: SessionId,
    undone: Key,
    /// The part that what is overwritten is of; none where nothing is.
    over: Option<Key>,
    put_back: BTreeSet<Ident>,
    /// Places that were left alone.
    kept: Vec<String>,
    overwritten: Vec<(PathBuf, Changes)>,
}

impl Run {
    /// Folder by folder, up to the first that cannot be undone.
    fn all(mut self, roots: Vec<(usize, PathBuf, Dir)>) -> (Self, io::Result<()>) {
        for (number, path, root) in roots {
            match self.folder(number, &path, &root) {
                Ok(came) => {
                    self.put_back.extend(came.restored_files);
                    let whole = |conflict: Conflict| path.join(conflict.path.to_path());
                    let kept = came.conflicts.into_iter().map(whole);
                    self.kept.extend(kept.map(|place| place.display().to_string()));
                }
                Err(error) => return (self, Err(error)),
            }
        }
        (self, Ok(()))
    }

    fn folder(&mut self, number: usize, path: &Path, root: &Dir) -> io::Result<Undone> {
        let vault = |key| {
            self.records
                .vault(&self.session, key, number, self.runtime.clone())
        };
        let log = UndoLog::over(Arc::new(vault(&self.undone).for_undo()))?;
        let Some(key) = &self.over else {
            return log.undo_after(root, &self.put_back);
        };
        let over = UndoLog::over(Arc::new(vault(key)))?;
        let came = log.undo_over(root, &self.put_back, &over);
        self.overwritten.push((path.to_owned(), over.touched()));
        came
    }
}

impl Inner {
    /// Writes down that people's changes are about to be overwritten: what is overwritten is a change set of its own.
    async fn begin_over(
        &self,
        session: &SessionId,
        undone: &Ran,
        by: FrontEndKind,
    ) -> Result<Part, UserError> {
        let now = self.surroundings.now();
        let ran = Ran {
            change_set: ChangeSetId::new(now, self.surroundings.chance()),
            at: now,
            done: false,
            title: None,
            undone: false,
            by_undo: true,
            by: Some(by),
            ..undone.clone()
        };
        let key = Key::after(&ran.change_set);
        self.records().put(session, &key, &ran).await?;
        Ok(Part { key, ran })
    }

    /// The folders of a record as they are attached now, with their numbers.
    fn roots(&self, session: &SessionId, ran: &Ran) -> Result<Vec<(usize, PathBuf, Dir)>, UserError> {
        let attached = self.surroundings.folders(session);
        let root = |(number, path): (usize, &String)| {
            let folder = attached
                .iter()
                .find(|folder| folder.path().as_os_str() == path.as_str());
            let handle = folder.and_then(|folder| folder.handle().ok());
            let root = handle.ok_or_else(|| not_attached(path))?;
            Ok((number, PathBuf::from(path), root))
        };
        ran.folders.iter().enumerate().map(root).collect()
    }
}

fn busy() -> UserError {
    UserError::new(ErrorCode::SessionBusy)
        .happened("A command of this session runs, so what it changes cannot be undone now. Stop it first.")
}

fn not_attached(path: &str) -> UserError {
    UserError::new(ErrorCode::UndoConflict)
        .happened("A folder of this change is not part of the session any more. Attach it, then undo again.")
        .detail(path)
}

/// Why an undo ended before its end: the journal has no room for what would be overwritten, or the disk failed.
fn not_undone(error: &std::io::Error) -> UserError {
    let code = match error.kind() {
        std::io::ErrorKind::QuotaExceeded => ErrorCode::JournalFull,
        std::io::ErrorKind::StorageFull => ErrorCode::DiskFull,
        _ => ErrorCode::Internal,
    };
    UserError::new(code).detail(error)
}
