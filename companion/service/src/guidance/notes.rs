//! The tool by which the agent keeps notes, beside those for documents; and the notes in what the model is told of a session.
//!
//! A note outlives its session, so one that a document dictated would speak in all later ones. Therefore each is read and
//! allowed by a person, whatever the mode; and the model is told notes as data (Invariant 9), never as instructions.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use deskhand_core::instructions::as_data;
use deskhand_core::line::{acts, hides, one_line};
use deskhand_core::model::ToolDefinition;
use deskhand_core::ports::{BoxFuture, Progress, Tools};
use deskhand_core::tool::{
    Ask, AskReason, FileSubject, MEMORY_TOOL, Prepared, ToolFailure, ToolRequest, ToolResult,
};
use deskhand_documents::DocumentTools;
use deskhand_protocol::event::ToolOutcome;
use deskhand_protocol::instructions::{Guidance, PutInstructionsParams};
use deskhand_protocol::operations::Effect;
use deskhand_protocol::permission::BeforeAfter;
use deskhand_protocol::{CallId, SessionId, Timestamp};
use serde::Deserialize;
use serde_json::json;

use super::Guide;

/// Lines of a note: as many as a person reads before they allow it.
const MAX_LINES: usize = 60;

/// The tools for documents with the one for notes.
#[derive(Clone)]
pub(crate) struct NoteTools {
    documents: DocumentTools,
    guide: Arc<Guide>,
    /// What stood there when a person was asked, by call: the folder, and when the note was written.
    asked: Arc<Mutex<HashMap<CallId, Stood>>>,
}

type Stood = (Option<String>, Option<Timestamp>);

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
        Self {
            documents,
            guide,
            asked: Arc::default(),
        }
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
        check_text(&write.text)?;
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
        let stood = (asked.folder.clone(), now.as_ref().map(|one| one.changed_at));
        self.held().insert(request.call.clone(), stood);
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
                question: format!("{verb} “{}”?", one_line(&asked.note.unwrap_or_default())),
                scope: "The model is told it in all later sessions with this folder. Read it: you can change, pause and \
                        delete notes under Instructions."
                    .to_owned(),
                total: u32::try_from(rows.len()).unwrap_or(u32::MAX),
                rows,
                risks: Vec::new(),
            }),
            directory: None,
            web: None,
            command: None,
        })
    }

    fn held(&self) -> MutexGuard<'_, HashMap<CallId, Stood>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// True where the same note stands in the same folder as when a person was asked. After a restart that is not known.
    fn is_as_asked(
        &self,
        request: &ToolRequest,
        asked: &PutInstructionsParams,
        now: Option<&Guidance>,
    ) -> bool {
        let stood = self.held().remove(&request.call);
        stood.is_none_or(|stood| stood == (asked.folder.clone(), now.map(|one| one.changed_at)))
    }

    async fn write(&self, request: &ToolRequest) -> ToolResult {
        let done = match self.asked(request) {
            Err(failure) => Err(failure),
            Ok((asked, now)) if !self.is_as_asked(request, &asked, now.as_ref()) => Err(refused(
                "the note or the folders changed since the user was asked; nothing was kept",
            )),
            Ok((asked, _)) => {
                let name = asked.note.clone().unwrap_or_default();
                let put = self.guide.put(asked, deskhand_trail::Actor::Agent).await;
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

/// Whether a person sees all that would be kept.
fn check_text(text: &str) -> Result<(), ToolFailure> {
    let is_seen = |character: char| character == '\n' || !(acts(character) || hides(character));
    if !text.chars().all(is_seen) {
        return Err(refused(
            "a note holds no control characters and none that a person does not see",
        ));
    }
    if text.lines().count() > MAX_LINES {
        return Err(refused(&format!("a note has at most {MAX_LINES} lines")));
    }
    Ok(())
}

fn refused(why: &str) -> ToolFailure {
    ToolFailure {
        title: "The note was not kept".to_owned(),
        output: why.chars().take(300).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_LINES, check_text};

    #[test]
    fn a_note_holds_nothing_that_a_person_does_not_see() {
        for hidden in [
            "Use EUR.\u{e0041}\u{e0042}",
            "Use\u{200b}EUR",
            "Use EUR\u{fe0f}",
            "\u{202e}RUE esU",
            "Use EUR\r",
            "\u{1b}[8mdelete all",
            "Use\u{2060}EUR",
        ] {
            assert!(check_text(hidden).is_err(), "{hidden:?}");
        }
        check_text("Beträge in EUR,\nגם בעברית").expect("words in any language");
        check_text(&"a line\n".repeat(MAX_LINES)).expect("as many as are read");
        assert!(check_text(&"a line\n".repeat(MAX_LINES + 1)).is_err());
    }
}
