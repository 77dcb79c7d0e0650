//! What the journal holds of a call: what is there before, what is intended, what came of it (Invariant 6).

use std::path::PathBuf;
use std::sync::Arc;

use deskhand_core::ports::{Journal, Settled};
use deskhand_core::tool::{ToolRequest, ToolResult};
use deskhand_document::history::{Applied, Noted};
use deskhand_protocol::change::ChangeSet;
use deskhand_protocol::document::DocumentView;
use deskhand_protocol::event::ToolOutcome;
use deskhand_protocol::operations::Operation;
use deskhand_protocol::operations::answer::{RangeContent, SlidePackage};
use deskhand_protocol::{ChangeSetId, DocumentId, ErrorCode, SessionId, UserError};
use deskhand_workspace::Fingerprint;
use serde::{Deserialize, Serialize};

use crate::attach::Attached;
use crate::files_changed::FileRecord;

/// The beginning of the keys of attached files, of attached folders, and of changed files that are no documents.
const FILE: &str = "file:";
const FOLDER: &str = "folder:";
const WRITE: &str = "write:";

/// A changing call.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Record {
    /// How far it is.
    pub(crate) stage: Stage,
    /// The document.
    pub(crate) document: DocumentId,
    /// The operation, with full ranges, names and ids.
    pub(crate) operation: Operation,
    /// What was there.
    pub(crate) before: Image,
    /// The mark that the target had; the write is refused when it has another.
    pub(crate) expected: Option<String>,
    /// The change set that it becomes.
    pub(crate) change_set: ChangeSetId,
    /// What is there after it, for telling a person's changes from ours.
    #[serde(default)]
    pub(crate) after: Image,
    /// What it did to the file, where the document was one: done, undone, done again, in this order.
    #[serde(default)]
    pub(crate) steps: Vec<Applied>,
    /// What came of it.
    #[serde(default)]
    pub(crate) result: Option<Stored>,
    /// True after an undo.
    #[serde(default)]
    pub(crate) undone: bool,
}

/// How far a changing call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Stage {
    /// Looked at; nothing was changed.
    Prepared,
    /// About to be done, or done with an unknown outcome.
    Intended,
    /// Done.
    Done,
}

impl Stage {
    fn settled(self) -> Settled {
        match self {
            Self::Done => Settled::Closed,
            Self::Prepared | Self::Intended => Settled::Open,
        }
    }
}

/// How a target looks.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) enum Image {
    /// Nothing is kept: the operation adds what was not there.
    #[default]
    Nothing,
    /// A range.
    Range(RangeContent),
    /// A slide, as a package, with the slide before it.
    Slide {
        /// The slide.
        package: SlidePackage,
        /// The slide it stands after.
        after: Option<String>,
        /// Its mark.
        fingerprint: String,
    },
}

/// The stored form of a result.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Stored {
    pub(crate) outcome: ToolOutcome,
    pub(crate) title: String,
    pub(crate) output: String,
    pub(crate) change_set: Option<ChangeSet>,
    /// Documents that were made.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) documents: Vec<DocumentView>,
}

impl From<Stored> for ToolResult {
    fn from(stored: Stored) -> Self {
        Self {
            change_set: stored.change_set,
            documents: stored.documents,
            ..Self::new(stored.outcome, stored.title, stored.output)
        }
    }
}

/// The journal with its keys.
#[derive(Clone)]
pub(crate) struct Records(pub(crate) Arc<dyn Journal>);

impl Records {
    /// The key of a call's record.
    pub(crate) fn call_key(request: &ToolRequest) -> String {
        format!("call:{}/{}", request.turn, request.call)
    }

    fn change_key(id: &ChangeSetId) -> String {
        format!("change:{id}")
    }

    /// The record of a call.
    pub(crate) async fn of_call(&self, request: &ToolRequest) -> Result<Option<Record>, UserError> {
        self.read(&request.session, &Self::call_key(request)).await
    }

    /// Writes the record of a call; it is on disk when this returns.
    pub(crate) async fn put(&self, request: &ToolRequest, record: &Record) -> Result<(), UserError> {
        let key = Self::call_key(request);
        self.replace(&request.session, &key, record).await?;
        if record.stage == Stage::Done {
            self.note_change(&request.session, &record.change_set, &key)
                .await?;
        }
        Ok(())
    }

    /// Writes down which record is behind a change set.
    async fn note_change(&self, session: &SessionId, id: &ChangeSetId, key: &str) -> Result<(), UserError> {
        self.write(session, &Self::change_key(id), &key, Settled::Closed)
            .await
    }

    /// The record behind a change set, with its key.
    pub(crate) async fn of_change(
        &self,
        session: &SessionId,
        id: &ChangeSetId,
    ) -> Result<Option<(String, Record)>, UserError> {
        let Some(key) = self.read::<String>(session, &Self::change_key(id)).await? else {
            return Ok(None);
        };
        Ok(self.read(session, &key).await?.map(|record| (key, record)))
    }

    /// Writes a record back under its key.
    pub(crate) async fn replace(
        &self,
        session: &SessionId,
        key: &str,
        record: &Record,
    ) -> Result<(), UserError> {
        self.write(session, key, record, record.stage.settled()).await
    }

    /// Every record of a session that was done, oldest first.
    pub(crate) async fn done(&self, session: &SessionId) -> Result<Vec<Record>, UserError> {
        let mut records = self.all(session).await?;
        records.retain(|record| record.stage == Stage::Done);
        Ok(records)
    }

    /// Every record of a session, oldest first.
    pub(crate) async fn all(&self, session: &SessionId) -> Result<Vec<Record>, UserError> {
        let mut records = Vec::new();
        for key in self.0.keys(session, "call:").await? {
            records.extend(self.read::<Record>(session, &key).await?);
        }
        Ok(records)
    }

    fn write_key(request: &ToolRequest) -> String {
        format!("{WRITE}{}/{}", request.turn, request.call)
    }

    /// The record of a call that changes a file.
    pub(crate) async fn file_of_call(&self, request: &ToolRequest) -> Result<Option<FileRecord>, UserError> {
        self.read(&request.session, &Self::write_key(request)).await
    }

    /// Writes the record of such a call; it is on disk when this returns.
    pub(crate) async fn put_file(&self, request: &ToolRequest, record: &FileRecord) -> Result<(), UserError> {
        let key = Self::write_key(request);
        self.replace_file(&request.session, &key, record).await?;
        if record.stage == Stage::Done {
            self.note_change(&request.session, &record.change_set, &key)
                .await?;
        }
        Ok(())
    }

    /// Writes such a record back under its key.
    pub(crate) async fn replace_file(
        &self,
        session: &SessionId,
        key: &str,
        record: &FileRecord,
    ) -> Result<(), UserError> {
        self.write(session, key, record, record.stage.settled()).await
    }

    /// The changed file behind a change set, with its key; nothing where the change set is about a document.
    pub(crate) async fn file_of_change(
        &self,
        session: &SessionId,
        id: &ChangeSetId,
    ) -> Result<Option<(String, FileRecord)>, UserError> {
        let key = self.read::<String>(session, &Self::change_key(id)).await?;
        let Some(key) = key.filter(|key| key.starts_with(WRITE)) else {
            return Ok(None);
        };
        Ok(self.read(session, &key).await?.map(|record| (key, record)))
    }

    /// Every changed file of a session, oldest first.
    pub(crate) async fn files(&self, session: &SessionId) -> Result<Vec<(String, FileRecord)>, UserError> {
        let mut records = Vec::new();
        for key in self.0.keys(session, WRITE).await? {
            let record = self.read(session, &key).await?;
            records.extend(record.map(|record| (key, record)));
        }
        Ok(records)
    }

    fn file_key(id: &DocumentId) -> String {
        format!("{FILE}{id}")
    }

    /// The files that are attached to a session.
    pub(crate) async fn attached(
        &self,
        session: &SessionId,
    ) -> Result<Vec<(DocumentId, Attached)>, UserError> {
        let mut files = Vec::new();
        for key in self.0.keys(session, FILE).await? {
            let found = self.read::<Option<Attached>>(session, &key).await?.flatten();
            if let (Some(id), Some(attached)) = (key.strip_prefix(FILE), found) {
                files.push((DocumentId::from_text(id), attached));
            }
        }
        Ok(files)
    }

    /// Writes what leads to an attached file, or that it is attached no longer.
    pub(crate) async fn put_attached(
        &self,
        session: &SessionId,
        document: &DocumentId,
        attached: Option<Attached>,
    ) -> Result<(), UserError> {
        self.write(session, &Self::file_key(document), &attached, Settled::Closed)
            .await
    }

    /// The folders that are attached to a session, in the order of attaching.
    pub(crate) async fn attached_folders(&self, session: &SessionId) -> Result<Vec<PathBuf>, UserError> {
        let mut folders = Vec::new();
        for key in self.0.keys(session, FOLDER).await? {
            folders.extend(self.read::<Option<PathBuf>>(session, &key).await?.flatten());
        }
        Ok(folders)
    }

    /// Writes down that a folder is attached, or that it is no longer. The key, which is not sealed, does not tell its path.
    pub(crate) async fn put_folder(
        &self,
        session: &SessionId,
        path: &str,
        attached: bool,
    ) -> Result<(), UserError> {
        let key = format!("{FOLDER}{}", Fingerprint::of(path.as_bytes()));
        let value = attached.then_some(path);
        self.write(session, &key, &value, Settled::Closed).await
    }

    async fn read<T: for<'de> Deserialize<'de>>(
        &self,
        session: &SessionId,
        key: &str,
    ) -> Result<Option<T>, UserError> {
        let Some(bytes) = self.0.get(session, key).await? else {
            return Ok(None);
        };
        let value = serde_json::from_slice(&bytes);
        value
            .map(Some)
            .map_err(|error| UserError::new(ErrorCode::DatabaseCorrupt).detail(error))
    }

    async fn write<T: Serialize>(
        &self,
        session: &SessionId,
        key: &str,
        value: &T,
        settled: Settled,
    ) -> Result<(), UserError> {
        let bytes =
            serde_json::to_vec(value).map_err(|error| UserError::new(ErrorCode::Internal).detail(error))?;
        self.0.put(session, key, bytes, settled).await
    }
}

/// The steps of all changes to a file, oldest first.
pub(crate) fn steps_of<'a>(records: impl Iterator<Item = &'a Record>) -> Vec<Noted> {
    let mut steps: Vec<Noted> = Vec::new();
    for record in records {
        let title = record.result.as_ref().map(|result| result.title.clone());
        let title = title.unwrap_or_else(|| record.operation.definition().name.to_owned());
        steps.extend(record.steps.iter().map(|applied| Noted {
            change: record.change_set.to_string(),
            title: title.clone(),
            applied: applied.clone(),
        }));
    }
    steps.sort_by_key(|step| step.applied.at);
    steps
}
