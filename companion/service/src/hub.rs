//! All sessions: making, finding, loading, listing, deleting. A session is loaded when somebody gives it something to do.

mod commands;
mod loaded;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use deskhand_core::line::one_line;
use deskhand_core::ports::EventLog;
use deskhand_core::rules::Rules;
use deskhand_core::turn::{Input, Prompt};
use deskhand_documents::{DocumentTools, Registry};
use deskhand_protocol::change::{JournalAnswer, JournalEntry, JournalParams};
use deskhand_protocol::hello::FrontEndKind;
use deskhand_protocol::session::{
    CreateParams, ExportAnswer, ListParams, PromptAnswer, PromptParams, SearchAnswer, SearchHit,
    SearchParams, SessionStatus, SessionSummary,
};
use deskhand_protocol::{DocumentId, ErrorCode, EventBody, SessionId, Timestamp, UserError};
use deskhand_storage::Change;
use deskhand_trail::{Actor, What};
use tokio::sync::Mutex;

use crate::clock::{chance, now};
use crate::code::Code;
use crate::grants::Grants;
use crate::guidance::Guide;
use crate::log::{internal, told, uuid_of};
use crate::runner::{self, Command, Handle, Parts};
use crate::summary::Meta;
use loaded::Loaded;

/// Characters that a prompt may have.
const MAX_PROMPT: usize = 200_000;
/// Characters that a title may have.
const MAX_TITLE: usize = 120;
/// Bytes that the id of a prompt or of a new session may have.
const MAX_ID: usize = 200;
/// Bytes that the name of a model may have.
const MAX_MODEL: usize = 200;
/// Bytes that an address of what is selected may have.
const MAX_SELECTION: usize = 1_000;
/// Documents that a prompt may name.
const MAX_DOCUMENTS: usize = 200;
/// Sessions that a list may have.
const MAX_LIST: usize = 200;
/// Files that a list of the journal may have.
const MAX_JOURNAL: usize = 1_000;
/// Events that one export holds at the most.
const MAX_EXPORT: usize = 1_000_000;

/// All sessions.
pub(crate) struct Hub {
    parts: Parts,
    pub(crate) documents: DocumentTools,
    pub(crate) registry: Arc<Registry>,
    pub(crate) code: Code,
    tour: bool,
    /// Folders that are part of every new session.
    folders: Vec<PathBuf>,
    running: Mutex<Loaded>,
}

impl Hub {
    pub(crate) fn new(parts: Parts, documents: DocumentTools, registry: Arc<Registry>, tour: bool) -> Self {
        Self {
            parts,
            documents,
            registry,
            code: Code::default(),
            tour,
            folders: Vec::new(),
            running: Mutex::default(),
        }
    }

    /// The same, with folders that are part of every new session.
    pub(crate) fn with_folders(self, folders: Vec<PathBuf>) -> Self {
        Self { folders, ..self }
    }

    /// The same, with machines for commands.
    pub(crate) fn with_code(self, code: Code) -> Self {
        Self { code, ..self }
    }

    /// What people tell the model about its work.
    pub(crate) fn guide(&self) -> &Guide {
        &self.parts.guide
    }

    /// What people allowed for always.
    pub(crate) fn grants(&self) -> &Grants {
        &self.parts.grants
    }

    /// What the organisation says of tools and permissions.
    pub(crate) fn rules(&self) -> &Rules {
        &self.parts.rules
    }

    /// Makes a folder part of a session, with its documents.
    pub(crate) async fn attach_folder(
        &self,
        id: &SessionId,
        path: &Path,
        by: Actor,
    ) -> Result<(), UserError> {
        self.handle(id).await?;
        let attached = self.documents.attach_folder(id, path).await?;
        let documents: Vec<DocumentId> = attached.documents.into_iter().map(|view| view.id).collect();
        let event = EventBody::FolderAttached {
            path: attached.path,
            read_only: attached.read_only,
        };
        self.record(id, vec![event], by).await?;
        self.join(id, &documents, by).await
    }

    /// Takes a folder out of a session, with the documents that came with it.
    pub(crate) async fn detach_folder(&self, id: &SessionId, path: &str, by: Actor) -> Result<(), UserError> {
        self.handle(id).await?;
        let documents = self.documents.detach_folder(id, path).await?;
        self.code.detached(id);
        let mut events: Vec<EventBody> = documents
            .into_iter()
            .map(|document| EventBody::DocumentDetached { document })
            .collect();
        events.push(EventBody::FolderDetached {
            path: path.to_owned(),
        });
        self.record(id, events, by).await
    }

    /// Takes up every turn that the last run of the service left open.
    pub(crate) async fn recover(&self) -> Result<(), UserError> {
        for summary in self.list(usize::MAX).await? {
            let is_open = matches!(summary.status, SessionStatus::Working | SessionStatus::Waiting);
            // The commands that were left to run ended with the last run: whoever looks on is to know.
            if is_open || summary.background > 0 {
                self.handle(&summary.id).await?;
            }
        }
        Ok(())
    }

    /// True while no turn is at work. One that waits for a person or for the collector can wait for days, and waits through
    /// restarts.
    pub(crate) async fn idle(&self) -> bool {
        let held = self.parts.log.telemetry().held();
        let is_working = |one: &&SessionSummary| one.status == SessionStatus::Working;
        let sessions = self.list(usize::MAX).await;
        sessions.is_ok_and(|sessions| sessions.iter().filter(is_working).count() <= held)
    }

    /// Sessions, newest first.
    pub(crate) async fn list(&self, limit: usize) -> Result<Vec<SessionSummary>, UserError> {
        let sessions = self
            .parts
            .log
            .store()
            .sessions(limit.min(100_000))
            .await
            .map_err(|error| told(&error))?;
        Ok(sessions.iter().filter_map(summary).collect())
    }

    /// Sessions as front ends list them: a page.
    pub(crate) async fn list_some(&self, params: ListParams) -> Result<Vec<SessionSummary>, UserError> {
        let most = params
            .limit
            .map_or(MAX_LIST, |limit| limit as usize)
            .min(MAX_LIST);
        let Some(before) = params.before else {
            return self.list(most).await;
        };
        let all = self.list(usize::MAX).await?.into_iter();
        Ok(all.filter(|one| one.updated_at < before).take(most).collect())
    }

    /// One line.
    pub(crate) async fn show(&self, id: &SessionId) -> Result<SessionSummary, UserError> {
        let session = self
            .parts
            .log
            .store()
            .session(uuid_of(id)?)
            .await
            .map_err(|error| told(&error))?;
        summary(&session).ok_or_else(|| UserError::new(ErrorCode::DatabaseNewer))
    }

    /// Makes a session, or finds the one that was made under this client id.
    pub(crate) async fn create(&self, params: CreateParams, by: Actor) -> Result<SessionSummary, UserError> {
        self.parts.log.admit().await?;
        let mut running = self.running.lock().await;
        let known = self
            .parts
            .log
            .store()
            .sessions(MAX_LIST)
            .await
            .map_err(|error| told(&error))?;
        let same = |session: &&deskhand_storage::Session| {
            Meta::from_bytes(&session.meta).is_some_and(|meta| meta.client_id == params.client_id)
        };
        if let Some(found) = known.iter().find(same).and_then(summary) {
            return Ok(found);
        }
        let (id, at) = (SessionId::new(now(), chance()), now());
        check_lengths(&[(&params.client_id, MAX_ID)])?;
        let title = title(&params.title.unwrap_or_default());
        let meta = Meta::new(at, params.client_id, title.clone());
        let create = vec![Change::Create {
            at,
            meta: meta.to_bytes(),
        }];
        let store = self.parts.log.store();
        let made = store
            .write(uuid_of(&id)?, create, deskhand_storage::Durability::Written)
            .await;
        made.map_err(|error| told(&error))?;
        let (handle, _) = runner::start(self.parts.clone(), id.clone(), meta.clone()).await?;
        let created = EventBody::SessionCreated {
            title,
            tour: self.tour,
        };
        handle.record(vec![created], by).await?;
        running.insert(id.clone(), handle).await;
        drop(running);
        for folder in &self.folders {
            // One that is not there today is no reason to have no session.
            if let Err(error) = self.attach_folder(&id, folder, Actor::Policy).await {
                tracing::warn!(session = %id, code = error.code.as_str(), "a folder of the organisation is not attached");
            }
        }
        let summary = self.show(&id).await?;
        (self.parts.changed)(summary.clone());
        Ok(summary)
    }

    /// The way to a session; loads it where it is not at work, and takes up the turn that was left open.
    pub(crate) async fn handle(&self, id: &SessionId) -> Result<Handle, UserError> {
        let mut running = self.running.lock().await;
        if let Some(handle) = running.get(id) {
            return Ok(handle);
        }
        let stored = self
            .parts
            .log
            .store()
            .session(uuid_of(id)?)
            .await
            .map_err(|error| told(&error))?;
        let meta = Meta::from_bytes(&stored.meta).ok_or_else(|| UserError::new(ErrorCode::DatabaseNewer))?;
        let (handle, session) = runner::start(self.parts.clone(), id.clone(), meta).await?;
        let lost = self.lost(&session);
        self.registry.load(id, session.documents.into_values());
        self.documents.reattach(id).await?;
        running.insert(id.clone(), handle.clone()).await;
        self.code.recover(id);
        handle.record(lost, Actor::Service).await?;
        if session.turn.is_some() {
            // Whoever worked at it is gone, with this service or within it: somebody must go on.
            handle.send(Command::Happened(Input::Recover)).await?;
        }
        Ok(handle)
    }

    /// Records events that come from outside of a turn, and who gave them.
    pub(crate) async fn record(
        &self,
        id: &SessionId,
        events: Vec<EventBody>,
        by: Actor,
    ) -> Result<(), UserError> {
        self.handle(id).await?.record(events, by).await
    }

    /// Makes documents part of a session, with an event for each that is new to it.
    pub(crate) async fn join(
        &self,
        id: &SessionId,
        documents: &[DocumentId],
        by: Actor,
    ) -> Result<(), UserError> {
        let handle = self.handle(id).await?;
        let mut events = Vec::new();
        for document in documents {
            let Some(view) = self.registry.get(document) else {
                continue;
            };
            if self.registry.join(id, document) {
                events.push(EventBody::DocumentAttached { document: view });
            }
        }
        handle.record(events, by).await
    }

    /// Gives the agent a prompt.
    pub(crate) async fn prompt(
        &self,
        params: PromptParams,
        from: FrontEndKind,
        own: Option<DocumentId>,
    ) -> Result<PromptAnswer, UserError> {
        if params.text.trim().is_empty() {
            return Err(UserError::new(ErrorCode::BadRequest).happened("The prompt is empty."));
        }
        if params.text.chars().count() > MAX_PROMPT {
            return Err(
                UserError::new(ErrorCode::TooLarge).happened("The prompt is longer than 200,000 characters.")
            );
        }
        check_lengths(&[
            (&params.client_id, MAX_ID),
            (params.model.as_deref().unwrap_or_default(), MAX_MODEL),
            (params.selection.as_deref().unwrap_or_default(), MAX_SELECTION),
        ])?;
        if params.documents.len() > MAX_DOCUMENTS {
            return Err(UserError::new(ErrorCode::TooLarge));
        }
        self.parts.log.admit().await?;
        let handle = self.handle(&params.session).await?;
        let mut documents = params.documents;
        documents.extend(own.filter(|own| !documents.contains(own)));
        self.join(&params.session, &documents, from.into()).await?;
        let context = self.parts.tools.context(&params.session).await;
        let prompt = Prompt {
            client_id: params.client_id,
            text: params.text,
            from: Some(from),
            documents,
            selection: params.selection,
            model: params.model.unwrap_or_default(),
            mode: params.mode,
            budget: params.budget,
            context,
        };
        let (turn, seq) = handle
            .ask(|reply| Command::Prompt(Box::new(prompt), reply))
            .await?;
        Ok(PromptAnswer { turn, seq })
    }

    /// The files that the journal can bring back, of one session or of all.
    pub(crate) async fn list_journal(&self, params: JournalParams) -> Result<JournalAnswer, UserError> {
        let sessions = match params.session {
            Some(session) => vec![session],
            None => self
                .list(MAX_LIST)
                .await?
                .into_iter()
                .map(|line| line.id)
                .collect(),
        };
        let mut entries = Vec::new();
        for session in sessions {
            for file in self.documents.changed_files(&session).await? {
                entries.push(JournalEntry {
                    session: session.clone(),
                    change_set: file.change_set,
                    at: file.at,
                    path: file.path,
                    title: file.title,
                    undone: file.undone,
                });
            }
            entries.extend(self.code.changed(&session).await?);
        }
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.at));
        entries.truncate(MAX_JOURNAL);
        Ok(JournalAnswer { entries })
    }

    /// Gives a session another title.
    pub(crate) async fn rename(&self, id: &SessionId, title: &str) -> Result<SessionSummary, UserError> {
        let title = self::title(title);
        self.record(id, vec![EventBody::SessionRenamed { title }], Actor::Service)
            .await?;
        self.show(id).await
    }

    /// Deletes a session; refused while it works.
    pub(crate) async fn delete(&self, id: &SessionId, by: Actor) -> Result<(), UserError> {
        let mut running = self.running.lock().await;
        let summary = self.show(id).await?;
        if matches!(summary.status, SessionStatus::Working | SessionStatus::Waiting) {
            return Err(UserError::new(ErrorCode::SessionBusy));
        }
        running.remove(id);
        let (session, log) = (uuid_of(id)?, &self.parts.log);
        let what = What::SessionDeleted {
            last_seq: summary.last_seq,
        };
        let record = log.trail().record(now(), by, Some(session), what, None);
        let changes = vec![Change::Audit(record.map_err(internal)?), Change::Delete];
        let flushed = deskhand_storage::Durability::Flushed;
        let deleted = log.store().write(session, changes, flushed).await;
        deleted.map_err(|error| told(&error))?;
        self.documents.forget(id);
        // A machine that ends tells its session, which is looked for among those that run.
        drop(running);
        self.code.forget(id).await;
        log.end(id);
        log.ended().notify_one();
        Ok(())
    }

    /// Deletes sessions that did not change since a time, as the policy says. Those at work stay.
    pub(crate) async fn delete_before(&self, at: Timestamp) -> Result<Vec<SessionId>, UserError> {
        let found = self.parts.log.store().sessions_before(at).await;
        let mut deleted = Vec::new();
        for session in found.map_err(|error| told(&error))? {
            let id = SessionId::from_text(session.to_string());
            match self.delete(&id, Actor::Policy).await {
                Ok(()) => deleted.push(id),
                Err(error) => {
                    tracing::warn!(session = %id, code = error.code.as_str(), "an old session was not deleted");
                }
            }
        }
        Ok(deleted)
    }

    /// Everything of a session.
    pub(crate) async fn export(&self, id: &SessionId, by: Actor) -> Result<ExportAnswer, UserError> {
        let session = self.show(id).await?;
        let events = self.parts.log.read(id, 0, MAX_EXPORT).await?;
        let what = What::SessionExported {
            events: events.len() as u64,
        };
        let written = self
            .parts
            .log
            .trail()
            .write(now(), by, Some(uuid_of(id)?), what)
            .await;
        written.map_err(|error| told(&error))?;
        Ok(ExportAnswer { session, events })
    }

    /// Searches all sessions.
    pub(crate) async fn search(&self, params: SearchParams) -> Result<SearchAnswer, UserError> {
        let limit = params.limit.map_or(50, |limit| limit as usize).min(100);
        let store = self.parts.log.store();
        let found = store
            .search(params.text, None, limit)
            .await
            .map_err(|error| told(&error))?;
        let mut hits = Vec::new();
        for hit in found.hits {
            let session = SessionId::from_text(hit.session.to_string());
            let Ok(summary) = self.show(&session).await else {
                continue;
            };
            hits.push(SearchHit {
                session,
                title: summary.title,
                seq: hit.seq,
                excerpt: hit.snippet,
                at: hit.at,
            });
        }
        Ok(SearchAnswer { hits })
    }
}

/// A title as it is kept.
fn title(text: &str) -> String {
    let title: String = one_line(text).chars().take(MAX_TITLE).collect();
    title.trim_end().to_owned()
}

/// Refuses what a front end of ours never sends: each text with the bytes it may have.
fn check_lengths(texts: &[(&str, usize)]) -> Result<(), UserError> {
    if texts.iter().all(|(text, most)| text.len() <= *most) {
        Ok(())
    } else {
        Err(UserError::new(ErrorCode::TooLarge))
    }
}

fn summary(session: &deskhand_storage::Session) -> Option<SessionSummary> {
    let meta = Meta::from_bytes(&session.meta)?;
    Some(meta.summary(
        &SessionId::from_text(session.id.to_string()),
        session.updated_at,
        session.last_seq,
    ))
}

#[cfg(test)]
mod tests;
