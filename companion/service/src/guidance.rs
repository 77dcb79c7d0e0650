//! Instructions of the person and for folders, and notes that the agent keeps about folders: sealed in the store, held in
//! memory because every step asks for them. Instructions come from people alone, through the window or the terminal; a note
//! that the agent writes is read and allowed by a person first. Both are told to the model, and shown to the person.

mod notes;

use std::sync::{Arc, PoisonError, RwLock};

use deskhand_core::instructions::system;
use deskhand_protocol::instructions::{Guidance, InstructionsAnswer, PutInstructionsParams};
use deskhand_protocol::{ErrorCode, UserError};
use deskhand_storage::StoreChange;
use deskhand_trail::{Actor, Trail, What};
use tokio::sync::Mutex;

use crate::clock::now;
use crate::log::{internal, told};

pub(crate) use notes::NoteTools;

/// The setting that holds them.
const NAME: &str = "guidance";
/// Bytes of one text of instructions.
const MAX_INSTRUCTIONS: usize = 16 * 1024;
/// Bytes of all notes about one folder; all of them are told, and short notes are read.
const MAX_NOTES: usize = 8 * 1024;
/// Texts in all.
const MOST: usize = 500;
/// Characters of a note's name.
const MAX_NAME: usize = 40;

/// The texts.
#[derive(Debug)]
pub(crate) struct Guide {
    trail: Trail,
    /// What the organisation tells the model.
    organisation: Option<String>,
    /// True where the organisation lets the agent keep no notes.
    notes_closed: bool,
    held: RwLock<Arc<[Guidance]>>,
    /// One change after the other.
    writing: Mutex<()>,
}

impl Guide {
    /// Reads them.
    pub(crate) async fn open(
        trail: Trail,
        organisation: Option<String>,
        notes_closed: bool,
    ) -> Result<Self, UserError> {
        let kept = trail.store().setting(NAME.to_owned()).await;
        let kept = kept.map_err(|error| told(&error))?;
        let held: Vec<Guidance> = match kept {
            Some(bytes) => serde_json::from_slice(&bytes)
                .map_err(|error| UserError::new(ErrorCode::Internal).detail(error))?,
            None => Vec::new(),
        };
        Ok(Self {
            trail,
            organisation,
            notes_closed,
            held: RwLock::new(held.into()),
            writing: Mutex::default(),
        })
    }

    /// All of them: for all sessions first, then by folder, instructions before notes.
    pub(crate) fn all(&self) -> Arc<[Guidance]> {
        Arc::clone(&self.held.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// What the model is told about its work in a session with these folders.
    pub(crate) fn system(&self, folders: &[String]) -> String {
        let all = self.all();
        let find = |folder: Option<&str>| {
            let instructions = all.iter().filter(|one| one.note.is_none() && !one.paused);
            let mut of_folder = instructions.filter(|one| one.folder.as_deref() == folder);
            of_folder.next().map(|one| one.text.clone())
        };
        let of_folders: Vec<(&str, String)> = folders
            .iter()
            .filter_map(|folder| Some((folder.as_str(), find(Some(folder))?)))
            .collect();
        system(
            self.organisation.as_deref(),
            find(None).as_deref(),
            of_folders.iter().map(|(folder, text)| (*folder, text.as_str())),
        )
    }

    /// The notes about a folder that the model is told.
    fn notes(&self, folder: &str) -> Vec<(String, String)> {
        if self.notes_closed {
            return Vec::new();
        }
        let all = self.all();
        let of_folder = all
            .iter()
            .filter(|one| one.folder.as_deref() == Some(folder) && !one.paused);
        of_folder
            .filter_map(|one| Some((one.note.clone()?, one.text.clone())))
            .collect()
    }

    /// For front ends.
    pub(crate) fn list(&self) -> InstructionsAnswer {
        InstructionsAnswer {
            organization: self.organisation.clone(),
            guidance: self.all().to_vec(),
            notes_closed: self.notes_closed,
        }
    }

    /// All of them with this one written, or deleted where its text is empty; the error is a sentence that says why not.
    fn with(&self, params: &PutInstructionsParams, by_agent: bool) -> Result<Vec<Guidance>, String> {
        let mut all = self.all().to_vec();
        all.retain(|one| (&one.folder, &one.note) != (&params.folder, &params.note));
        let text = params.text.trim();
        if !text.is_empty() {
            all.push(Guidance {
                folder: params.folder.clone(),
                note: params.note.clone(),
                text: text.to_owned(),
                paused: params.paused,
                changed_at: now(),
                by_agent,
            });
        }
        all.sort_by(|one, other| (&one.folder, &one.note).cmp(&(&other.folder, &other.note)));
        check(&all)?;
        Ok(all)
    }

    /// Writes one, or deletes it where the text is empty. It counts from the next step of any turn on, once it is on disk.
    pub(crate) async fn put(&self, params: PutInstructionsParams, by: Actor) -> Result<(), UserError> {
        let _one = self.writing.lock().await;
        let all = self
            .with(&params, by == Actor::Agent)
            .map_err(|why| UserError::new(ErrorCode::InstructionsRefused).happened(why))?;
        let what = What::InstructionsChanged {
            note: params.note.is_some(),
        };
        let content = serde_json::to_vec(&params).map_err(internal)?;
        let record = self.trail.record(now(), by, None, what, Some(content));
        let value = serde_json::to_vec(&all).map_err(internal)?;
        let changes = vec![
            StoreChange::PutSetting {
                name: NAME.to_owned(),
                value: Some(value),
            },
            StoreChange::Audit(record.map_err(internal)?),
        ];
        let written = self.trail.store().write_store(changes).await;
        written.map_err(|error| told(&error))?;
        *self.held.write().unwrap_or_else(PoisonError::into_inner) = all.into();
        Ok(())
    }
}

/// Whether these texts may be kept; the error is a sentence for the person.
fn check(all: &[Guidance]) -> Result<(), String> {
    if all.len() > MOST {
        return Err(format!("There are more than {MOST} instructions and notes."));
    }
    for one in all {
        let Some(name) = &one.note else {
            if one.text.len() > MAX_INSTRUCTIONS {
                return Err(format!("Instructions may have {MAX_INSTRUCTIONS} bytes."));
            }
            continue;
        };
        let fits = |letter: char| letter.is_alphanumeric() || matches!(letter, '-' | '_' | ' ');
        if one.folder.is_none() {
            return Err("A note belongs to a folder.".to_owned());
        }
        if name.trim().is_empty() || name.chars().count() > MAX_NAME || !name.chars().all(fits) {
            return Err(format!(
                "The name of a note has up to {MAX_NAME} letters, digits, spaces, hyphens and underscores."
            ));
        }
        let of_folder = all
            .iter()
            .filter(|other| other.note.is_some() && other.folder == one.folder);
        if of_folder.map(|other| other.text.len()).sum::<usize>() > MAX_NOTES {
            return Err(format!(
                "All notes about one folder may have {MAX_NOTES} bytes together."
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
