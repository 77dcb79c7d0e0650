//! Calls from their beginning to their end in the journal: what they changed becomes a change set, also where a crash cut them
//! off, and is undone as one.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use deskhand_core::tool::ToolRequest;
use deskhand_protocol::change::{ChangeSet, JournalEntry};
use deskhand_protocol::sandbox::MachineEnd;
use deskhand_protocol::{CallId, ChangeSetId, ErrorCode, SessionId, TurnId, UserError};
use deskhand_vm_files::{SharePath, Touched, UndoLog};
use deskhand_workspace::Folder;
use tokio::runtime::Handle;

use crate::journal::{Calls, FolderJournal, Ran, change_set};
use crate::machine::{LeftCall, Machine};
use crate::machines::{Inner, Machines};

type OfFolders = Vec<(PathBuf, BTreeMap<SharePath, Touched>)>;

impl Inner {
    /// The records of calls.
    pub(crate) fn calls(&self) -> Calls {
        Calls {
            journal: Arc::clone(&self.journal),
        }
    }

    /// The journal of a folder that a machine is shown.
    pub(crate) fn journal_of(&self, session: &SessionId, folder: &Arc<Folder>) -> Arc<FolderJournal> {
        Arc::new(FolderJournal::new(
            self.calls(),
            session.clone(),
            Arc::clone(folder),
        ))
    }

    /// Writes down that a call begins, and has the folders' journals take what comes as its own.
    pub(crate) async fn begin_call(
        &self,
        request: &ToolRequest,
        machine: &Machine,
    ) -> Result<Ran, UserError> {
        machine.sights().during(Some(request.call.clone()));
        self.begin_part(&request.session, &request.call, &request.turn, machine)
            .await
    }

    async fn begin_part(
        &self,
        session: &SessionId,
        call: &CallId,
        turn: &TurnId,
        machine: &Machine,
    ) -> Result<Ran, UserError> {
        let now = self.surroundings.now();
        let path = |journal: &Arc<FolderJournal>| journal.path().display().to_string();
        let ran = Ran {
            change_set: ChangeSetId::new(now, self.surroundings.chance()),
            turn: turn.clone(),
            at: now,
            folders: machine.journals().map(path).collect(),
            done: false,
            title: None,
            undone: false,
        };
        self.calls().put(session, call, &ran).await?;
        for (number, journal) in machine.journals().enumerate() {
            journal.begin(call, number);
        }
        Ok(ran)
    }

    /// Takes down what a call came to. What was seen of it is in the log before its end is.
    pub(crate) async fn settle(
        &self,
        session: &SessionId,
        call: &CallId,
        ran: &mut Ran,
        machine: &Machine,
    ) -> Result<Option<ChangeSet>, UserError> {
        machine.sights().written().await;
        machine.sights().during(None);
        let touched = machine
            .journals()
            .map(|journal| (journal.path().to_owned(), journal.touched()));
        self.settled(session, call, ran, &touched.collect()).await
    }

    async fn settled(
        &self,
        session: &SessionId,
        call: &CallId,
        ran: &mut Ran,
        touched: &OfFolders,
    ) -> Result<Option<ChangeSet>, UserError> {
        let changed = change_set(ran, call, self.surroundings.now(), touched);
        ran.done = true;
        ran.title = changed.as_ref().map(|changed| changed.title.clone());
        self.calls().put(session, call, ran).await?;
        Ok(changed)
    }

    /// From now on changes are of what was left to run.
    pub(crate) async fn leave(&self, request: &ToolRequest, machine: &mut Machine) -> Result<(), UserError> {
        self.begin_left(&request.session, &request.call, &request.turn, 1, machine)
            .await
    }

    async fn begin_left(
        &self,
        session: &SessionId,
        of: &CallId,
        turn: &TurnId,
        number: u32,
        machine: &mut Machine,
    ) -> Result<(), UserError> {
        let call = CallId::from_text(format!("{of}+{number}"));
        let ran = self.begin_part(session, &call, turn, machine).await?;
        machine.left = Some(LeftCall {
            of: of.clone(),
            number,
            call,
            ran,
        });
        Ok(())
    }

    /// Tells what was changed by what was left to run, since it was last asked.
    pub(crate) async fn settle_left(&self, session: &SessionId, machine: &mut Machine) {
        let Some(mut left) = machine.left.take() else {
            return;
        };
        let turn = left.ran.turn.clone();
        let busy = machine.jobs.is_busy();
        let untouched = machine.journals().all(|journal| journal.touched().is_empty());
        if busy && untouched {
            machine.left = Some(left);
            return;
        }
        match self.settle(session, &left.call, &mut left.ran, machine).await {
            Ok(Some(changed)) => self.surroundings.changed(session, changed).await,
            Ok(None) => {}
            Err(error) => {
                tracing::error!(%session, %error, "what was left to run is not in the journal");
            }
        }
        if busy
            && let Err(error) = self
                .begin_left(session, &left.of, &turn, left.number.saturating_add(1), machine)
                .await
        {
            tracing::error!(%session, %error, "what was left to run has no journal any more");
        }
    }

    /// Ends a machine; what was left to run in it is told.
    pub(crate) async fn finish(&self, session: &SessionId, mut machine: Machine, why: MachineEnd) {
        self.settle_left(session, &mut machine).await;
        let sights = machine.sights().clone();
        machine.end(why);
        sights.written().await;
    }

    /// What calls of an earlier run of the service changed and could not tell; `but` is told by itself.
    pub(crate) async fn recover(&self, session: &SessionId, but: &CallId) {
        let calls = match self.calls().all(session).await {
            Ok(calls) => calls,
            Err(error) => {
                tracing::error!(%session, %error, "earlier commands are not known");
                return;
            }
        };
        for (call, ran) in calls.into_iter().filter(|(call, ran)| !ran.done && call != but) {
            match self.settle_from_journal(session, &call, ran).await {
                Ok(Some(changed)) => self.surroundings.changed(session, changed).await,
                Ok(None) => {}
                Err(error) => tracing::error!(%session, %error, "an earlier command is not settled"),
            }
        }
    }

    /// The same for one call, out of the journal alone.
    pub(crate) async fn settle_from_journal(
        &self,
        session: &SessionId,
        call: &CallId,
        mut ran: Ran,
    ) -> Result<Option<ChangeSet>, UserError> {
        let (calls, runtime) = (self.calls(), Handle::current());
        let (of, id, folders) = (session.clone(), call.clone(), ran.folders.clone());
        let touched = blocking(move || {
            let folders = folders.into_iter().enumerate();
            let touched = folders.map(|(number, folder)| {
                let vault = calls.vault(&of, &id, number, runtime.clone());
                Ok((PathBuf::from(folder), UndoLog::over(Arc::new(vault))?.touched()))
            });
            touched.collect::<std::io::Result<OfFolders>>()
        });
        let touched = touched.await?;
        self.settled(session, call, &mut ran, &touched).await
    }
}

impl Machines {
    /// What commands of a session changed and the journal can bring back, oldest first.
    pub async fn changed(&self, session: &SessionId) -> Result<Vec<JournalEntry>, UserError> {
        let calls = self.inner().calls().all(session).await?;
        let changed = calls.into_iter().filter_map(|(_, ran)| {
            Some(JournalEntry {
                session: session.clone(),
                at: ran.at,
                change_set: ran.change_set,
                path: ran.folders.join(", "),
                title: ran.title?,
                undone: ran.undone,
            })
        });
        Ok(changed.collect())
    }

    /// Undoes what a command did. `None` where the change set is not one of a command; else the places that were left alone
    /// because somebody changed them since.
    pub async fn undo(
        &self,
        session: &SessionId,
        id: &ChangeSetId,
    ) -> Result<Option<Vec<String>>, UserError> {
        let inner = self.inner();
        let calls = inner.calls();
        let found = calls.all(session).await?;
        let Some((call, mut ran)) = found.into_iter().find(|(_, ran)| ran.change_set == *id) else {
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
            inner.settle_left(session, machine).await;
            machine.journals().for_each(|journal| journal.close());
        }
        let attached = inner.surroundings.folders(session);
        let mut roots = Vec::new();
        for (number, path) in ran.folders.iter().enumerate() {
            let folder = attached
                .iter()
                .find(|folder| folder.path().as_os_str() == path.as_str());
            let handle = folder.and_then(|folder| folder.handle().ok());
            let root = handle.ok_or_else(|| not_attached(path))?;
            roots.push((number, PathBuf::from(path), root));
        }
        let (runtime, of) = (Handle::current(), session.clone());
        let (calls_of, call_of) = (calls.clone(), call.clone());
        let mut put_back = calls.put_back(session).await?;
        let undoing = blocking(move || {
            let mut kept = Vec::new();
            for (number, path, root) in roots {
                let vault = calls_of.vault(&of, &call_of, number, runtime.clone());
                let undone = UndoLog::over(Arc::new(vault))?.undo_after(&root, &put_back)?;
                put_back.extend(undone.restored_files);
                let conflicts = undone.conflicts.into_iter();
                kept.extend(
                    conflicts.map(|conflict| path.join(conflict.path.to_path()).display().to_string()),
                );
            }
            Ok((kept, put_back))
        });
        let (kept, put_back) = undoing.await?;
        calls.keep_put_back(session, &put_back).await?;
        ran.undone = kept.is_empty();
        calls.put(session, &call, &ran).await?;
        Ok(Some(kept))
    }

    /// Refuses to do again what a command did: what it would do now, nobody knows.
    pub async fn may_redo(&self, session: &SessionId, id: &ChangeSetId) -> Result<(), UserError> {
        let calls = self.inner().calls().all(session).await?;
        if calls.iter().any(|(_, ran)| ran.change_set == *id) {
            return Err(UserError::new(ErrorCode::UndoConflict).happened(
                "What a command did cannot be done again by itself. Ask for the command once more.",
            ));
        }
        Ok(())
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

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> Result<T, UserError> {
    let internal = |error: String| UserError::new(ErrorCode::Internal).detail(error);
    let done = tokio::task::spawn_blocking(work).await;
    let done = done.map_err(|error| internal(error.to_string()))?;
    done.map_err(|error| internal(error.to_string()))
}
