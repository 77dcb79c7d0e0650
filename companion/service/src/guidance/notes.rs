//! The tool by which the agent keeps notes, beside those for documents; and the notes in what the model is told of a session.
//!
//! A note outlives its session, so one that a document dictated would speak in all later ones. Therefore each is read and
//! allowed by a person, whatever the mode; and the model is told notes as data (Invariant 9), never as instructions.

use std::fmt;
use std::sync::Arc;

use deskhand_core::instructions::as_data;
use deskhand_core::model::ToolDefinition;
use deskhand_core::ports::{BoxFuture, Progress, Tools};
use deskhand_core::tool::{
    Ask, AskReason, FileSubject, MEMORY_TOOL, Prepared, ToolFailure, ToolRequest, ToolResult,
};
use deskhand_documents::DocumentTools;
use deskhand_protocol::SessionId;
use deskhand_protocol::event::ToolOutcome;
use deskhand_protocol::instructions::{Guidance, PutInstructionsParams};
use deskhand_protocol::operations::Effect;
use deskhand_protocol::permission::BeforeAfter;
use serde::Deserialize;
use serde_json::json;

use super::Guide;

/// The tools for documents with the one for notes.
#[derive(Clone)]
pub(crate) struct NoteTools {
    documents: DocumentTools,
    guide: Arc<Guide>,
}

impl fmt::Debug for NoteTools {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NoteTools").finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Write {
    folder: Option<String>,
    name: String,
    text: String,
}

impl NoteTools {
    /// Puts them together.
    pub(crate) fn new(documents: DocumentTools, guide: Arc<Guide>) -> Self {
        Self { documents, guide }
    }

    /// The note that a call asks for, and what stands there now.
    fn asked(&self, request: &ToolRequest) -> Result<(PutInstructionsParams, Option<Guidance>), ToolFailure> {
        let write: Write =
            serde_json::from_value(request.input.clone()).map_err(|error| refused(&error.to_string()))?;
        let folders = self.documents.folders_of(&request.session);
        let folder = match (&write.folder, folders.as_slice()) {
            (Some(named), _) => folders.iter().find(|folder| *folder == named),
            (None, [only]) => Some(only),
            (None, _) => None,
        };
        let folder = folder.ok_or_else(|| refused("`folder` must be one of the attached folders"))?;
        let (folder, note) = (Some(folder.clone()), Some(write.name));
        let all = self.guide.all();
        let now = all.iter().find(|one| one.folder == folder && one.note == note);
        let asked = PutInstructionsParams {
            folder,
            note,
            text: write.text.trim().to_owned(),
            // What a person paused stays so.
            paused: now.is_some_and(|one| one.paused),
        };
        self.guide.with(&asked, true).map_err(|why| refused(&why))?;
        Ok((asked, now.cloned()))
    }

    fn prepared(&self, request: &ToolRequest) -> Result<Prepared, ToolFailure> {
        let (asked, now) = self.asked(request)?;
        let rows = lines(now.as_ref().map_or("", |one| &one.text), &asked.text);
        let verb = match (now, asked.text.is_empty()) {
            (_, true) => "Forget the note",
            (Some(_), false) => "Change the note",
            (None, false) => "Remember the note",
        };
        let folder = asked.folder.unwrap_or_default();
        Ok(Prepared {
            effect: Effect::Change,
            document: None,
            file: Some(FileSubject {
                path: folder.clone(),
                folder: Some(folder),
            }),
            ask: Some(Ask {
                reason: AskReason::Remembers,
                question: format!("{verb} “{}”?", asked.note.unwrap_or_default()),
                scope: "The model is told it in all later sessions with this folder. Read it: you can change, pause and \
                        delete notes under Instructions."
                    .to_owned(),
                total: u32::try_from(rows.len()).unwrap_or(u32::MAX),
                rows,
                risks: Vec::new(),
            }),
            directory: None,
        })
    }

    async fn write(&self, request: &ToolRequest) -> ToolResult {
        let done = match self.asked(request) {
            Err(failure) => Err(failure),
            Ok((asked, _)) => {
                let name = asked.note.clone().unwrap_or_default();
                let put = self.guide.put(asked, true).await;
                put.map(|()| name).map_err(|error| refused(&error.to_string()))
            }
        };
        let (outcome, title, output) = match done {
            Ok(name) => (
                ToolOutcome::Done,
                format!("Kept the note “{name}”"),
                "The note is kept.".to_owned(),
            ),
            Err(failure) => (ToolOutcome::Failed, failure.title, failure.output),
        };
        ToolResult::new(outcome, title, output)
    }

    fn definition() -> ToolDefinition {
        ToolDefinition {
            name: MEMORY_TOOL.to_owned(),
            description: "Keeps a short note about an attached folder for later sessions; the user reads and allows it \
                          first. All notes about a folder have 8,192 bytes together, so replace rather than add. An empty \
                          text deletes."
                .to_owned(),
            input_schema: json!({
                "type": "object",
                "properties": {
                    "folder": { "type": "string", "description": "The attached folder; may be left out where there is one." },
                    "name": { "type": "string", "description": "A few words: letters, digits, spaces, - and _." },
                    "text": { "type": "string", "description": "The whole note, Markdown." }
                },
                "required": ["name", "text"],
                "additionalProperties": false
            }),
        }
    }

    /// What the model is told of the notes.
    fn told(&self, session: &SessionId) -> String {
        let mut told = String::new();
        for folder in self.documents.folders_of(session) {
            let notes = self.guide.notes(&folder);
            if notes.is_empty() {
                continue;
            }
            let texts: Vec<String> = notes
                .iter()
                .map(|(name, text)| format!("# {name}\n{text}"))
                .collect();
            told.push_str("\nNotes from earlier sessions, which the user has read:\n");
            told.push_str(&as_data(&format!("notes about {folder}"), &texts.join("\n\n")));
        }
        told
    }
}

impl Tools for NoteTools {
    fn definitions(&self) -> Vec<ToolDefinition> {
        let mut definitions = self.documents.definitions();
        definitions.push(Self::definition());
        definitions
    }

    fn prepare<'a>(
        &'a self,
        request: &'a ToolRequest,
        progress: &'a dyn Progress,
    ) -> BoxFuture<'a, Result<Prepared, ToolFailure>> {
        if request.name == MEMORY_TOOL {
            return Box::pin(async { self.prepared(request) });
        }
        self.documents.prepare(request, progress)
    }

    fn run<'a>(&'a self, request: &'a ToolRequest, progress: &'a dyn Progress) -> BoxFuture<'a, ToolResult> {
        if request.name == MEMORY_TOOL {
            return Box::pin(self.write(request));
        }
        self.documents.run(request, progress)
    }

    fn context<'a>(&'a self, session: &'a SessionId) -> BoxFuture<'a, String> {
        Box::pin(async move { self.documents.context(session).await + &self.told(session) })
    }
}

/// The lines of a note as they are and would be.
fn lines(now: &str, after: &str) -> Vec<BeforeAfter> {
    let (now, after): (Vec<&str>, Vec<&str>) = (now.lines().collect(), after.lines().collect());
    let line = |of: &[&str], at: usize| of.get(at).copied().unwrap_or_default().to_owned();
    (0..now.len().max(after.len()))
        .map(|at| BeforeAfter {
            cell: (at + 1).to_string(),
            label: None,
            now: line(&now, at),
            after: line(&after, at),
            formula: false,
        })
        .collect()
}

fn refused(why: &str) -> ToolFailure {
    ToolFailure {
        title: "The note was not kept".to_owned(),
        output: why.chars().take(300).collect(),
    }
}
