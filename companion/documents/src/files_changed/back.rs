//! The way back of a changed file, and the way there again.

use super::{FileRecord, Kept, Located, place};
use crate::attach::refused;
use crate::journal::{Stage, steps_of};
use crate::tools::DocumentTools;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use deskhand_protocol::document::DocumentView;
use deskhand_protocol::{ChangeSetId, ErrorCode, SessionId, Timestamp, UserError};
use deskhand_workspace::{RelativePath, WorkspaceError};

/// A file that the journal can restore, for lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restorable {
    /// When it was changed.
    pub at: Timestamp,
    /// The change set.
    pub change_set: ChangeSetId,
    /// The file.
    pub path: String,
    /// What was done, in a few words.
    pub title: String,
    /// True where it was taken back already.
    pub undone: bool,
}

impl DocumentTools {
    /// The files that a session changed, oldest first.
    pub async fn changed_files(&self, session: &SessionId) -> Result<Vec<Restorable>, UserError> {
        let records = self.records.files(session).await?;
        let done = records
            .into_iter()
            .filter(|(_, record)| record.stage == Stage::Done);
        let restorable = done.filter_map(|(_, record)| {
            let change = record.result?.change_set?;
            Some(Restorable {
                at: change.at,
                change_set: change.id,
                title: change.title,
                path: record.path,
                undone: record.undone,
            })
        });
        Ok(restorable.collect())
    }

    /// Brings a file back to what it was before a change, or to what it was after it.
    pub(crate) async fn take_back(
        &self,
        session: &SessionId,
        (key, mut record): (String, FileRecord),
        undone: bool,
        overwrite: bool,
    ) -> Result<(), UserError> {
        if record.undone == undone {
            return Ok(());
        }
        let at = self.locate_again(session, &record.path).await?;
        if undone && !overwrite {
            self.take_edits_along(session, &mut record, &at).await?;
        }
        let (from, to) = if undone {
            (record.after.clone(), record.before.clone())
        } else {
            (record.before.clone(), record.after.clone())
        };
        let from = if overwrite {
            self.keep_what_is_there(session, &mut record, &at, from).await?
        } else {
            from
        };
        let missing =
            || UserError::new(ErrorCode::UndoConflict).happened("The journal does not hold this file.");
        let content = match &to {
            Some(Kept { blob: Some(id), .. }) => {
                Some(self.records.0.blob(session, id).await?.ok_or_else(missing)?)
            }
            Some(_) => return Err(missing()),
            None => None,
        };
        // Written down first: what a crash leaves is told by the file itself.
        record.undone = undone;
        self.records.replace_file(session, &key, &record).await?;
        let made = record.made.clone();
        let path = record.path.clone();
        let placing = tokio::task::spawn_blocking(move || {
            let placed = place(&at, from.as_ref(), to.as_ref(), content.as_deref())?;
            if to.is_none() {
                remove_made(&at, &made);
            }
            Ok::<_, WorkspaceError>(placed)
        });
        let placed = placing
            .await
            .map_err(|error| UserError::new(ErrorCode::Internal).detail(error))?;
        if let Err(error) = placed {
            record.undone = !undone;
            self.records.replace_file(session, &key, &record).await?;
            return Err(not_back(&path, &error));
        }
        self.seen.note(session, &path, Vec::new());
        if let Some(document) = &record.document {
            self.registry.set_gone(document, undone);
            self.forget_own(session, document);
        }
        Ok(())
    }

    /// The document that a change set made, as it is now; nothing for other change sets.
    pub async fn made_by(
        &self,
        session: &SessionId,
        id: &ChangeSetId,
    ) -> Result<Option<DocumentView>, UserError> {
        let found = self.records.file_of_change(session, id).await?;
        let made = found.and_then(|(_, record)| record.document);
        Ok(made.and_then(|document| self.registry.of_session(session, &document)))
    }

    /// Where a document that the session made holds what the session itself put into it since, and nothing else, all of that
    /// goes with it, and comes again with it.
    async fn take_edits_along(
        &self,
        session: &SessionId,
        record: &mut FileRecord,
        at: &Located,
    ) -> Result<(), UserError> {
        let (Some(document), Some(made)) = (&record.document, &record.after) else {
            return Ok(());
        };
        let records = self.records.all(session).await?;
        let steps = steps_of(records.iter().filter(|other| other.document == *document));
        // From one mark to the next: where somebody else wrote in between, the row ends before it.
        let mut own = vec![made.mark.clone()];
        for step in steps {
            let (before, after) = step.applied.file;
            if own.contains(&before) {
                own.push(after);
            }
        }
        let again = at.clone();
        let reading = tokio::task::spawn_blocking(move || again.content()).await;
        let found = reading.map_err(|error| UserError::new(ErrorCode::Internal).detail(error))?;
        let Some((content, mark)) = found.map_err(|error| refused(&error))? else {
            return Ok(());
        };
        let mark = mark.to_string();
        if mark != made.mark && own.contains(&mark) {
            let blob = Some(self.records.0.put_blob(session, content).await?);
            record.after = Some(Kept { mark, blob });
        }
        Ok(())
    }

    /// The file of a change. Where its folder was taken out of the session since, the folder that holds it is opened once
    /// more, as far as it is allowed: it is a person who wants the file back.
    async fn locate_again(&self, session: &SessionId, path: &str) -> Result<Located, UserError> {
        if let Ok(at) = self.locate(session, path) {
            return Ok(at);
        }
        let (folders, path) = (Arc::clone(&self.folders), PathBuf::from(path));
        let opening = tokio::task::spawn_blocking(move || {
            let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
                return Err(WorkspaceError::NotFound(path));
            };
            let folder = folders.open(parent)?;
            let below = RelativePath::from_path(Path::new(name))?;
            Ok(Located { folder, below })
        });
        let opened = opening
            .await
            .map_err(|error| UserError::new(ErrorCode::Internal).detail(error))?;
        opened.map_err(|error| refused(&error))
    }

    /// Keeps what stands in the file now, whatever it is, and answers its mark.
    async fn keep_what_is_there(
        &self,
        session: &SessionId,
        record: &mut FileRecord,
        at: &Located,
        expected: Option<Kept>,
    ) -> Result<Option<Kept>, UserError> {
        let found = at.content().map_err(|error| refused(&error))?;
        let Some((content, mark)) = found else {
            return Ok(None);
        };
        let mark = mark.to_string();
        if expected.as_ref().is_some_and(|kept| kept.mark == mark) {
            return Ok(expected);
        }
        let blob = Some(self.records.0.put_blob(session, content).await?);
        let kept = Kept { mark, blob };
        record.replaced.push(kept.clone());
        Ok(Some(kept))
    }
}

/// Takes the folders away that were made for a file, as far as nothing else is in them.
fn remove_made(at: &Located, made: &[String]) {
    for folder in made.iter().rev() {
        let Ok(folder) = RelativePath::parse(folder) else {
            return;
        };
        if at.folder.remove_empty(&folder).is_err() {
            return;
        }
    }
}

fn not_back(path: &str, error: &WorkspaceError) -> UserError {
    match error {
        WorkspaceError::ChangedElsewhere { .. } => UserError::new(ErrorCode::UndoConflict)
            .happened("The file was changed since, so it was left as it is.")
            .detail(path),
        other => refused(other),
    }
}
