//! Files of attached folders that the agent writes, edits and deletes: looked at, asked about, kept in the journal, done,
//! read back, and taken back (Invariant 6). Documents have operations of their own; these are for every other file.

use std::path::Path;
use std::sync::Arc;

use deskhand_core::ports::BlobId;
use deskhand_core::rules::Verdict;
use deskhand_core::tool::{FolderTool, Prepared, ToolFailure, ToolRequest, ToolResult};
use deskhand_protocol::change::{ChangeEntry, ChangeSet};
use deskhand_protocol::document::{DocumentKind, DocumentView};
use deskhand_protocol::event::ToolOutcome;
use deskhand_protocol::operations::Effect;
use deskhand_protocol::permission::RiskNote;
use deskhand_protocol::{ChangeSetId, DocumentId, SessionId, UserError};
use deskhand_workspace::{Expected, Fingerprint, Folder, RelativePath, WorkspaceError, nearest};
use serde::{Deserialize, Serialize};

use crate::attach::kind_of;
use crate::call::failure;
use crate::door::Door;
use crate::folder_tools::{refused, subject};
use crate::journal::{Stage, Stored};
use crate::tools::DocumentTools;

pub(crate) mod back;
mod create;
mod plan;
mod question;
mod seen;

pub(crate) use create::create_schema;
pub(crate) use plan::{delete_schema, edit_schema, write_schema};
pub(crate) use question::with_note;
pub(crate) use seen::Seen;

/// The largest file whose content is kept, in bytes: one that is larger is neither overwritten nor deleted.
pub(crate) const MAX_KEPT: u64 = 256 << 20;

/// What was done to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Act {
    Created,
    Edited,
    Overwritten,
    Deleted,
}

impl Act {
    fn done(self, name: &str) -> String {
        match self {
            Self::Created => format!("{name} made"),
            Self::Edited => format!("{name} edited"),
            Self::Overwritten => format!("{name} overwritten"),
            Self::Deleted => format!("{name} moved to the journal"),
        }
    }
}

/// A content that the journal keeps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Kept {
    /// Its fingerprint.
    pub(crate) mark: String,
    /// The content itself, once it is there.
    pub(crate) blob: Option<BlobId>,
}

/// A changed file in the journal.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct FileRecord {
    /// How far it is.
    pub(crate) stage: Stage,
    /// The file's whole path.
    pub(crate) path: String,
    /// What is done.
    pub(crate) act: Act,
    /// What was there; nothing where there was no file.
    pub(crate) before: Option<Kept>,
    /// What is there afterwards; nothing where the file is gone.
    pub(crate) after: Option<Kept>,
    /// Lines that change.
    pub(crate) lines: u32,
    /// Folders that were made for it, below the attached one, the outermost first.
    pub(crate) made: Vec<String>,
    /// The change set that it becomes.
    pub(crate) change_set: ChangeSetId,
    /// What came of it.
    pub(crate) result: Option<Stored>,
    /// True after an undo.
    pub(crate) undone: bool,
    /// The document that was made, where it was one.
    #[serde(default)]
    pub(crate) document: Option<DocumentId>,
    /// What an undo or redo that was told to found in the place, and replaced.
    #[serde(default)]
    pub(crate) replaced: Vec<Kept>,
}

impl FileRecord {
    /// The record of what is planned; the contents themselves come later.
    fn of(path: String, plan: &plan::Plan, change_set: ChangeSetId) -> Self {
        let kept = |mark: Fingerprint| Kept {
            mark: mark.to_string(),
            blob: None,
        };
        Self {
            stage: Stage::Prepared,
            path,
            act: plan.act,
            before: plan.before.as_ref().map(|(_, mark)| kept(*mark)),
            after: plan.after.as_ref().map(|content| kept(Fingerprint::of(content))),
            lines: plan.lines,
            made: Vec::new(),
            change_set,
            result: None,
            undone: false,
            document: None,
            replaced: Vec::new(),
        }
    }
}

/// A file and where it is.
#[derive(Clone, Debug)]
pub(crate) struct Located {
    pub(crate) folder: Arc<Folder>,
    pub(crate) below: RelativePath,
}

impl Located {
    pub(crate) fn path(&self) -> String {
        self.folder
            .path()
            .join(self.below.as_path())
            .display()
            .to_string()
    }

    /// The way to it.
    pub(crate) fn door(&self) -> Door {
        Door::within(Arc::clone(&self.folder), self.below.clone())
    }

    /// The content, of at most [`MAX_KEPT`] bytes; nothing where there is no file.
    pub(crate) fn content(&self) -> Result<Option<(Vec<u8>, Fingerprint)>, WorkspaceError> {
        match self.folder.read(&self.below, MAX_KEPT) {
            Ok(found) => Ok(Some(found)),
            Err(WorkspaceError::NotFound(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl DocumentTools {
    /// The file of a path, among the folders of a session.
    pub(crate) fn locate(&self, session: &SessionId, path: &str) -> Result<Located, WorkspaceError> {
        let (folder, below) = nearest(&self.registry.folders(session), Path::new(path))?;
        Ok(Located { folder, below })
    }

    /// Looks what a call would do to a file.
    pub(crate) async fn prepare_file(
        &self,
        tool: FolderTool,
        request: &ToolRequest,
    ) -> Result<Prepared, ToolFailure> {
        let effect = match tool {
            FolderTool::Delete => Effect::Remove,
            FolderTool::Create => Effect::Add,
            _ => Effect::Change,
        };
        let known = self
            .records
            .file_of_call(request)
            .await
            .map_err(|error| trouble(&error))?;
        if let Some(record) = known.filter(|record| record.stage != Stage::Prepared) {
            // It was begun before a restart, and the question was answered then.
            let at = self
                .locate(&request.session, &record.path)
                .map_err(|error| refused(&error))?;
            return Ok(Prepared {
                effect,
                document: None,
                file: Some(subject(&at.folder, &at.below)),
                ask: None,
                directory: None,
                web: None,
                command: None,
            });
        }
        let asked = self.asked(tool, request)?;
        let read = self.may_take(&request.session, asked.template()).await?;
        let at = self
            .locate(&request.session, asked.path())
            .map_err(|error| refused(&error))?;
        let (path, file) = (at.path(), subject(&at.folder, &at.below));
        let own = self
            .own_mark(&request.session, &path)
            .await
            .map_err(|error| trouble(&error))?;
        let seen = self.seen.of(&request.session, &path);
        let looked =
            tokio::task::spawn_blocking(move || plan::look(&at, &asked, own.as_deref(), seen.as_deref()));
        let looked = looked
            .await
            .map_err(|error| failure("The file could not be looked at", &error.to_string()))?;
        let plan = looked.map_err(|not| self.not_planned(&request.session, &path, not))?;
        let record = FileRecord::of(path, &plan, self.new_change_set());
        self.records
            .put_file(request, &record)
            .await
            .map_err(|error| trouble(&error))?;
        Ok(Prepared {
            effect,
            document: None,
            file: Some(file),
            ask: plan.ask.map(|ask| with_note(ask, read)),
            directory: None,
            web: None,
            command: None,
        })
    }

    /// Takes note of what the model is told: a file that somebody changed it has seen with that.
    fn not_planned(&self, session: &SessionId, path: &str, not: plan::Not) -> ToolFailure {
        match not {
            plan::Not::Refused(failure) => failure,
            plan::Not::Changed { failure, now } => {
                self.seen.note(session, path, now);
                failure
            }
        }
    }

    /// Does it. The contents before and after are in the journal first.
    pub(crate) async fn run_file(
        &self,
        tool: FolderTool,
        request: &ToolRequest,
    ) -> Result<ToolResult, ToolFailure> {
        let found = self
            .records
            .file_of_call(request)
            .await
            .map_err(|error| trouble(&error))?;
        let Some(mut record) = found else {
            return Err(failure("Not done", "the call was not prepared"));
        };
        if record.stage == Stage::Prepared {
            let at = self
                .locate(&request.session, &record.path)
                .map_err(|error| refused(&error))?;
            self.intend(tool, request, &mut record, &at).await?;
        }
        self.place_file(tool, request, record).await
    }

    /// Does what the journal holds both contents of; once, however often it is asked.
    pub(crate) async fn place_file(
        &self,
        tool: FolderTool,
        request: &ToolRequest,
        mut record: FileRecord,
    ) -> Result<ToolResult, ToolFailure> {
        if let (Stage::Done, Some(stored)) = (record.stage, record.result.clone()) {
            return Ok(stored.into());
        }
        let at = self
            .locate(&request.session, &record.path)
            .map_err(|error| refused(&error))?;
        let (before, after, path) = (record.before.clone(), record.after.clone(), record.path.clone());
        let content = self.kept(&request.session, after.as_ref()).await?;
        let placed = tokio::task::spawn_blocking(move || {
            let placed = place(&at, before.as_ref(), after.as_ref(), content.as_deref());
            (placed, content)
        });
        let (placed, content) = placed
            .await
            .map_err(|error| failure("Not done", &error.to_string()))?;
        record.made.extend(placed.map_err(|error| refused(&error))?);
        let made = self.made_document(tool, request, &record.path).await;
        record.document = made.as_ref().map(|view| view.id.clone());
        let done = self.finish_file(request, record, made).await?;
        // What the agent itself wrote it knows.
        self.seen
            .note(&request.session, &path, content.unwrap_or_default());
        Ok(done)
    }

    /// The document that a call made, as one of the session. Where it cannot be taken in it is there all the same, and
    /// `document_open` opens it.
    async fn made_document(
        &self,
        tool: FolderTool,
        request: &ToolRequest,
        path: &str,
    ) -> Option<DocumentView> {
        let at = self.locate(&request.session, path).ok()?;
        let kind = kind_of(at.below.name()).filter(|_| tool == FolderTool::Create)?;
        self.admit_here(&request.session, kind, at.door()).await.ok()
    }

    /// Whether the file that a new one is made from may be read: what is to be asked about it, where it is.
    pub(crate) async fn may_take(
        &self,
        session: &SessionId,
        template: Option<Located>,
    ) -> Result<Option<RiskNote>, ToolFailure> {
        let Some(at) = template else { return Ok(None) };
        let file = subject(&at.folder, &at.below);
        let verdict = self
            .rules
            .verdict(FolderTool::Open.name(), Effect::Read, (&file).into());
        let note = match verdict {
            Verdict::Silent => None,
            Verdict::Disabled(_) => {
                let reason = "the user's organisation lets no files be read here; nothing was made";
                return Err(failure("Switched off by your organisation", reason));
            }
            Verdict::Asks(rule) => Some(RiskNote {
                cells: file.path,
                reach: "would be read for it".to_owned(),
                rule: format!("The rule of your organisation is `{rule}`; it asks every time."),
            }),
        };
        self.check_label_at(session, DocumentKind::Deck, at.door())
            .await?;
        Ok(note)
    }

    /// Writes down what is about to be done, with both contents.
    async fn intend(
        &self,
        tool: FolderTool,
        request: &ToolRequest,
        record: &mut FileRecord,
        at: &Located,
    ) -> Result<(), ToolFailure> {
        let asked = self.asked(tool, request)?;
        let again = at.clone();
        let contents = tokio::task::spawn_blocking(move || {
            let found = again.content().map_err(|error| refused(&error))?;
            let after = asked.after(found.as_ref().map(|(content, _)| content.as_slice()))?;
            Ok::<_, ToolFailure>((found, after))
        });
        let (found, after) = contents
            .await
            .map_err(|error| failure("Not done", &error.to_string()))??;
        let mark = found.as_ref().map(|(_, mark)| mark.to_string());
        if mark != record.before.as_ref().map(|kept| kept.mark.clone()) {
            let now = found.map(|(content, _)| content).unwrap_or_default();
            let failure = self.seen.changed(&request.session, &record.path, &now);
            self.seen.note(&request.session, &record.path, now);
            return Err(failure);
        }
        for (kept, content) in [
            (&mut record.before, found.map(|(content, _)| content)),
            (&mut record.after, after),
        ] {
            if let (Some(kept), Some(content)) = (kept, content) {
                // A new document says when it was made, so it is another than the one that was looked at.
                kept.mark = Fingerprint::of(&content).to_string();
                let put = self.records.0.put_blob(&request.session, content).await;
                kept.blob = Some(put.map_err(|error| trouble(&error))?);
            }
        }
        record.stage = Stage::Intended;
        self.records
            .put_file(request, record)
            .await
            .map_err(|error| trouble(&error))
    }

    async fn finish_file(
        &self,
        request: &ToolRequest,
        mut record: FileRecord,
        made: Option<DocumentView>,
    ) -> Result<ToolResult, ToolFailure> {
        let name = Path::new(&record.path)
            .file_name()
            .map(|name| name.to_string_lossy().into_owned());
        let name = name.unwrap_or_default();
        let title = record.act.done(&name);
        let change_set = ChangeSet {
            id: record.change_set.clone(),
            turn: request.turn.clone(),
            call: request.call.clone(),
            at: self.world.now(),
            title: title.clone(),
            entries: vec![ChangeEntry {
                document: DocumentId::from_text(record.path.clone()),
                kind: DocumentKind::File,
                title: name,
                target: String::new(),
                count: record.lines,
                sources: Vec::new(),
            }],
        };
        let said = match (record.act, &made) {
            (Act::Deleted, _) => "The file is in the journal; the user can restore it.".to_owned(),
            (_, None) => "It was written and read back; the user can undo it.".to_owned(),
            (_, Some(view)) => format!(
                "It was written and read back; the user can undo it. The id of the document is {}.",
                view.id
            ),
        };
        let stored = Stored {
            outcome: ToolOutcome::Done,
            title,
            output: said,
            change_set: Some(change_set),
            documents: made.into_iter().collect(),
        };
        record.stage = Stage::Done;
        record.result = Some(stored.clone());
        self.records
            .put_file(request, &record)
            .await
            .map_err(|error| trouble(&error))?;
        Ok(stored.into())
    }

    /// A content out of the journal.
    async fn kept(&self, session: &SessionId, kept: Option<&Kept>) -> Result<Option<Vec<u8>>, ToolFailure> {
        let Some(id) = kept.and_then(|kept| kept.blob.as_ref()) else {
            return Ok(None);
        };
        let found = self
            .records
            .0
            .blob(session, id)
            .await
            .map_err(|error| trouble(&error))?;
        found
            .map(Some)
            .ok_or_else(|| failure("Not done", "the journal does not hold the content"))
    }

    /// The mark of what this session left in a file that it made itself. A file that it found and changed stays somebody's.
    async fn own_mark(&self, session: &SessionId, path: &str) -> Result<Option<String>, UserError> {
        let records = self.records.files(session).await?;
        let of_path = records.into_iter().map(|(_, record)| record);
        let of_path =
            of_path.filter(|record| record.path == path && record.stage == Stage::Done && !record.undone);
        let mut own = None;
        for record in of_path {
            match (record.act, &own) {
                (Act::Created, _) | (_, Some(_)) => own = record.after.map(|kept| kept.mark),
                _ => {}
            }
        }
        Ok(own)
    }
}

/// Brings a file from one content to another; answers the folders that were made. One that is there already is left.
fn place(
    at: &Located,
    before: Option<&Kept>,
    after: Option<&Kept>,
    content: Option<&[u8]>,
) -> Result<Vec<String>, WorkspaceError> {
    let now = at.folder.fingerprint(&at.below)?;
    if now.map(|mark| mark.to_string()) == after.map(|kept| kept.mark.clone()) {
        return Ok(Vec::new());
    }
    let as_expected = now.map(|mark| mark.to_string()) == before.map(|kept| kept.mark.clone());
    if !as_expected {
        return Err(WorkspaceError::ChangedElsewhere {
            path: at.below.clone(),
            found: now,
        });
    }
    match (now, content) {
        (Some(mark), Some(content)) => {
            at.folder.replace(&at.below, content, Expected::Content(mark))?;
            Ok(Vec::new())
        }
        (None, Some(content)) => {
            let made = at.folder.make_parents(&at.below)?;
            at.folder.replace(&at.below, content, Expected::Nothing)?;
            Ok(made.iter().map(|folder| folder.as_str().to_owned()).collect())
        }
        (Some(mark), None) => at.folder.remove(&at.below, mark).map(|()| Vec::new()),
        (None, None) => Ok(Vec::new()),
    }
}

pub(crate) fn trouble(error: &UserError) -> ToolFailure {
    failure(&error.happened, &error.to_string())
}
