//! Calls from their beginning to their end in the journal: what they changed becomes a change set, also where a crash cut them
//! off, and is undone as one.

use std::path::PathBuf;
use std::sync::Arc;

use deskhand_core::tool::ToolRequest;
use deskhand_protocol::change::{ChangeSet, JournalEntry};
use deskhand_protocol::command::CommandEnd;
use deskhand_protocol::sandbox::MachineEnd;
use deskhand_protocol::{CallId, ChangeSetId, ErrorCode, SessionId, TurnId, UserError};
use deskhand_vm_files::UndoLog;
use deskhand_workspace::Folder;
use tokio::runtime::Handle;

use crate::commands::ENDS;
use crate::journal::{Changes, FolderJournal, Key, Ran, Records, change_set};
use crate::machine::{Machine, Part};
use crate::machines::{Inner, Machines};

type OfFolders = Vec<(PathBuf, Changes)>;

impl Inner {
    /// The records of what ran.
    pub(crate) fn records(&self) -> Records {
        Records {
            journal: Arc::clone(&self.journal),
        }
    }

    /// The journal of a folder that a machine is shown.
    pub(crate) fn journal_of(&self, session: &SessionId, folder: &Arc<Folder>) -> Arc<FolderJournal> {
        Arc::new(FolderJournal::new(
            self.records(),
            session.clone(),
            Arc::clone(folder),
        ))
    }

    /// Writes down that a call begins, and from then on takes changes as its own. What went on before it is told.
    pub(crate) async fn begin_call(
        &self,
        request: &ToolRequest,
        machine: &mut Machine,
    ) -> Result<(), UserError> {
        machine.sights().during(Some(request.call.clone()));
        let ran = self.new_record(&request.turn, &request.call, machine);
        let before = self
            .exchange(&request.session, Some((Key::of(request), ran)), machine)
            .await?;
        self.tell(&request.session, before).await;
        Ok(())
    }

    /// Ends a call: what it changed. What is changed from now on is of what goes on after it.
    pub(crate) async fn end_call(
        &self,
        request: &ToolRequest,
        machine: &mut Machine,
    ) -> Result<Option<ChangeSet>, UserError> {
        // What was seen of it is in the log before its end is.
        machine.sights().written().await;
        machine.sights().during(None);
        let ran = self.new_record(&request.turn, &request.call, machine);
        let key = Key::after(&ran.change_set);
        let before = self.exchange(&request.session, Some((key, ran)), machine).await?;
        let Some((part, changes)) = before else {
            return Ok(None);
        };
        self.settled(&request.session, part, &changes).await
    }

    /// Tells what was changed since the last call ended.
    pub(crate) async fn look(&self, session: &SessionId, machine: &mut Machine) -> Result<(), UserError> {
        let Some(part) = &machine.part else { return Ok(()) };
        if !machine.journals().any(|journal| journal.has_changes()) {
            return Ok(());
        }
        let ran = self.new_record(&part.ran.turn.clone(), &part.ran.call.clone(), machine);
        let key = Key::after(&ran.change_set);
        let before = self.exchange(session, Some((key, ran)), machine).await?;
        self.tell(session, before).await;
        Ok(())
    }

    /// Ends a machine; what went on in it is told.
    pub(crate) async fn finish(self: &Arc<Self>, session: &SessionId, mut machine: Machine, why: MachineEnd) {
        let (inner, session) = (Arc::clone(self), session.clone());
        // To its end, also where nobody waits for it any more.
        let finishing = tokio::spawn(async move {
            let jobs = Arc::clone(&machine.jobs);
            if why == MachineEnd::Over {
                jobs.end_with_machine(CommandEnd::Service);
            }
            match inner.exchange(&session, None, &mut machine).await {
                Ok(before) => inner.tell(&session, before).await,
                Err(error) => tracing::error!(%session, %error, "what went on in a machine is not told"),
            }
            let sights = machine.sights().clone();
            machine.end(why);
            sights.written().await;
            jobs.all_ended(ENDS).await;
        });
        finishing.await.ok();
    }

    fn new_record(&self, turn: &TurnId, call: &CallId, machine: &Machine) -> Ran {
        let now = self.surroundings.now();
        let path = |journal: &Arc<FolderJournal>| journal.path().display().to_string();
        Ran {
            change_set: ChangeSetId::new(now, self.surroundings.chance()),
            turn: turn.clone(),
            call: call.clone(),
            at: now,
            folders: machine.journals().map(path).collect(),
            done: false,
            title: None,
            undone: false,
            by_undo: false,
            by: None,
        }
    }

    /// From now on changes are of the next part, whose record is on disk before; answers the one before and what it came to.
    pub(crate) async fn exchange(
        &self,
        session: &SessionId,
        next: Option<(Key, Ran)>,
        machine: &mut Machine,
    ) -> Result<Option<(Part, OfFolders)>, UserError> {
        if let Some((key, ran)) = &next {
            self.records().put(session, key, ran).await?;
        }
        let journals: Vec<Arc<FolderJournal>> = machine.journals().cloned().collect();
        let key = next.as_ref().map(|(key, _)| key.clone());
        let changes = blocking(move || {
            let exchanged = journals.iter().enumerate().map(|(number, journal)| {
                let next = key.clone().map(|key| (key, number));
                (journal.path().to_owned(), journal.exchange(next))
            });
            Ok(exchanged.collect::<OfFolders>())
        });
        let mut changes = changes.await?;
        changes.append(&mut machine.gone);
        let next = next.map(|(key, ran)| Part { key, ran });
        let before = std::mem::replace(&mut machine.part, next);
        Ok(before.map(|part| (part, changes)))
    }

    /// Takes down what a part came to.
    async fn settled(
        &self,
        session: &SessionId,
        mut part: Part,
        changes: &OfFolders,
    ) -> Result<Option<ChangeSet>, UserError> {
        let changed = change_set(&part.ran, self.surroundings.now(), changes);
        part.ran.done = true;
        part.ran.title = changed.as_ref().map(|changed| changed.title.clone());
        self.records().put(session, &part.key, &part.ran).await?;
        Ok(changed)
    }

    /// Tells what a part came to that is no call's, first in the session's log: twice is better than never.
    pub(crate) async fn tell(&self, session: &SessionId, before: Option<(Part, OfFolders)>) {
        let Some((part, changes)) = before else { return };
        if let Some(changed) = change_set(&part.ran, self.surroundings.now(), &changes) {
            self.surroundings.changed(session, changed, part.ran.by).await;
        }
        if let Err(error) = self.settled(session, part, &changes).await {
            tracing::error!(%session, %error, "what went on after a command is not settled");
        }
    }

    /// Tells what earlier runs of the service could not: what went on after calls, and calls other than this one.
    pub(crate) async fn recover(&self, session: &SessionId, but: Option<&Key>) {
        let records = match self.records().all(session).await {
            Ok(records) => records,
            Err(error) => {
                tracing::error!(%session, %error, "earlier commands are not known");
                return;
            }
        };
        for (key, ran) in records {
            // A call whose turn goes on is told by itself.
            let waits = if but.is_some() {
                but == Some(&key)
            } else {
                !key.is_after()
            };
            if ran.done || waits {
                continue;
            }
            match self.changes_of(session, &key, &ran).await {
                Ok(changes) => self.tell(session, Some((Part { key, ran }, changes))).await,
                Err(error) => tracing::error!(%session, %error, "an earlier command is not settled"),
            }
        }
    }

    /// Settles a call out of the journal alone.
    pub(crate) async fn settle_from_journal(
        &self,
        session: &SessionId,
        key: Key,
        ran: Ran,
    ) -> Result<Option<ChangeSet>, UserError> {
        let changes = self.changes_of(session, &key, &ran).await?;
        self.settled(session, Part { key, ran }, &changes).await
    }

    async fn changes_of(&self, session: &SessionId, key: &Key, ran: &Ran) -> Result<OfFolders, UserError> {
        let (records, runtime) = (self.records(), Handle::current());
        let (of, key, folders) = (session.clone(), key.clone(), ran.folders.clone());
        let changes = blocking(move || {
            let folders = folders.into_iter().enumerate();
            let changes = folders.map(|(number, folder)| {
                let vault = records.vault(&of, &key, number, runtime.clone());
                Ok((PathBuf::from(folder), UndoLog::over(Arc::new(vault))?.touched()))
            });
            changes.collect::<std::io::Result<OfFolders>>()
        });
        changes.await
    }
}

impl Machines {
    /// Tells what went on in a session when the service ended, and could not be told then. Called when a session is loaded.
    pub async fn recover(&self, session: &SessionId) {
        let place = self.inner().place_of(session);
        // Where a machine is used, somebody is at it.
        if let Ok(place) = place.try_lock()
            && place.is_none()
        {
            self.inner().recover(session, None).await;
        }
    }

    /// What commands of a session changed and the journal can bring back, oldest first.
    pub async fn changed(&self, session: &SessionId) -> Result<Vec<JournalEntry>, UserError> {
        let records = self.inner().records().all(session).await?;
        let changed = records.into_iter().filter_map(|(_, ran)| {
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
}

pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> Result<T, UserError> {
    let internal = |error: String| UserError::new(ErrorCode::Internal).detail(error);
    let done = tokio::task::spawn_blocking(work).await;
    let done = done.map_err(|error| internal(error.to_string()))?;
    done.map_err(|error| internal(error.to_string()))
}
