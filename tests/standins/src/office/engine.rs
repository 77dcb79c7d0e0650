//! The engine: one open document, the commands that pages and tests give, and the switches for faults.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use deskhand_opc::Package;
use serde::Deserialize;
use serde_json::{Value, json};

use super::batch::{self, Outcome, References};
use super::deck::{self, Deck};
use super::fault::Fault;
use super::settings::{self, Settings};
use super::workbook::{self, Window, Workbook};

/// Excel's limit for a batch and for its answer.
const MAX_PAYLOAD: usize = 5 * 1024 * 1024;
/// Batches that the log keeps.
const MAX_LOG: usize = 500;

/// Why a document could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The file cannot be read.
    #[error("the document cannot be read: {0}")]
    Read(#[from] std::io::Error),
    /// The file is not a workbook that this host takes.
    #[error(transparent)]
    Workbook(#[from] workbook::OpenError),
    /// The file is not a deck.
    #[error("the deck cannot be opened: {0}")]
    Deck(#[from] deskhand_operations::Refusal),
    /// Neither .xlsx nor .pptx.
    #[error("the document is neither .xlsx nor .pptx")]
    Kind,
}

/// What a page or a test asks for.
#[derive(Debug, Deserialize)]
#[serde(tag = "op", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub(super) enum Command {
    /// One batch of the Rich API, as office.js wrote it.
    Batch { body: String },
    /// The document as a file in base64, as `getFileAsync` gives it.
    File,
    /// The settings that the add-in keeps in the document.
    Settings,
    /// Takes these settings in the place of the former ones.
    SaveSettings { settings: Settings },
    /// What the page draws.
    View { window: Window },
    /// A person selects: a cell, or a sheet's tab.
    Show { sheet: u32, address: Option<String> },
    /// A person selects by an address with a sheet, or `slide:<number>`.
    Select { address: String },
    /// The pane goes to the slide at a place from 1.
    GoTo { index: u32 },
    /// A person types into a cell.
    Type { address: String, value: Value },
    /// A person begins or ends editing a cell: batches fail meanwhile.
    EditMode { on: bool },
    /// Writes the file.
    Save,
    /// The next batch that changes the document is carried out, and the pane is loaded anew in place of an answer.
    ReloadPaneBeforeAnswer,
    /// Batches, and members that were called and are not there.
    Log,
    /// What the document is, and whether it is saved.
    State,
}

/// What came of a command.
#[derive(Debug, Default)]
pub(super) struct Effect {
    /// The answer; absent where the page is to get none.
    pub(super) answer: Option<Value>,
    /// Events for the pane.
    pub(super) events: Vec<Value>,
    /// The page is to draw anew.
    pub(super) changed: bool,
    /// The page is to load its pane anew.
    pub(super) reload: bool,
}

/// What is open, with the references that panes hold into it.
#[derive(Debug)]
enum Document {
    Workbook(Box<Workbook>, References<workbook::Node>),
    Deck(Box<Deck>, References<deck::Node>),
}

/// One open document.
#[derive(Debug)]
pub struct Engine {
    document: Document,
    path: PathBuf,
    autosave: bool,
    saved_at: u64,
    edit_mode: bool,
    reload_next: bool,
    log: Vec<Value>,
    missing: BTreeSet<String>,
}

impl Engine {
    /// Opens a document. With `autosave` each change is written to the file at once.
    pub fn open(path: &Path, autosave: bool) -> Result<Self, StartError> {
        let bytes = std::fs::read(path)?;
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        let kind = path
            .extension()
            .map(|kind| kind.to_string_lossy().to_ascii_lowercase())
            .unwrap_or_default();
        let document = match kind.as_str() {
            "xlsx" => Document::Workbook(Box::new(Workbook::open(&name, &bytes)?), References::default()),
            "pptx" => Document::Deck(Box::new(Deck::open(&name, &bytes)?), References::default()),
            _ => return Err(StartError::Kind),
        };
        Ok(Self {
            document,
            path: path.to_owned(),
            autosave,
            saved_at: now(),
            edit_mode: false,
            reload_next: false,
            log: Vec::new(),
            missing: BTreeSet::new(),
        })
    }

    /// The Office application that such a document belongs to, as host information names it.
    pub(super) fn application(&self) -> &'static str {
        match &self.document {
            Document::Workbook(..) => "excel",
            Document::Deck(..) => "powerpoint",
        }
    }

    /// The file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn perform(&mut self, command: Command) -> Result<Effect, Fault> {
        let revision = self.revision();
        // What a page asks to draw or to read changes nothing that another page shows.
        let quiet = matches!(
            command,
            Command::View { .. }
                | Command::State
                | Command::Log
                | Command::File
                | Command::Settings
                | Command::Batch { .. }
        );
        let is_batch = matches!(command, Command::Batch { .. });
        let mut answer = Some(self.answer(command)?);
        let changed = self.revision() != revision;
        let reload = is_batch && changed && std::mem::take(&mut self.reload_next);
        if reload {
            answer = None;
        }
        if changed && self.autosave {
            self.save()?;
        }
        let events = match &mut self.document {
            Document::Workbook(workbook, _) => workbook.take_events(),
            Document::Deck(deck, _) => deck.take_events(),
        };
        let changed = changed || !quiet || !events.is_empty();
        Ok(Effect {
            answer,
            events,
            changed,
            reload,
        })
    }

    fn answer(&mut self, command: Command) -> Result<Value, Fault> {
        let done = |()| Value::Null;
        match command {
            Command::Batch { body } => Ok(self.batch(&body)),
            Command::File => Ok(json!({ "data": BASE64_STANDARD.encode(self.bytes()?) })),
            Command::Settings => self.settings(),
            Command::SaveSettings { settings } => self.save_settings(&settings).map(done),
            Command::View { window } => {
                let mut view = match &mut self.document {
                    Document::Workbook(workbook, _) => workbook.view(window)?,
                    Document::Deck(deck, _) => deck.view()?,
                };
                view["state"] = self.state();
                Ok(view)
            }
            Command::Show { sheet, address } => self.workbook()?.show(sheet, address.as_deref()).map(done),
            Command::Type { address, value } => self.workbook()?.type_into(&address, &value).map(done),
            Command::Select { address } => match &mut self.document {
                Document::Workbook(workbook, _) => workbook.select_at(&address).map(done),
                Document::Deck(deck, _) => deck.select_at(&address).map(done),
            },
            Command::GoTo { index } => match &mut self.document {
                Document::Deck(deck, _) => deck.go_to(index).map(done),
                Document::Workbook(..) => Err(Fault::missing("going to a slide of a workbook")),
            },
            Command::EditMode { on } => {
                self.edit_mode = on;
                Ok(Value::Null)
            }
            Command::Save => {
                self.save()?;
                Ok(self.state())
            }
            Command::ReloadPaneBeforeAnswer => {
                self.reload_next = true;
                Ok(Value::Null)
            }
            Command::Log => Ok(json!({ "batches": self.log, "missing": self.missing })),
            Command::State => Ok(self.state()),
        }
    }

    fn package(&self) -> &Package {
        match &self.document {
            Document::Workbook(workbook, _) => workbook.package(),
            Document::Deck(deck, _) => deck.package(),
        }
    }

    fn settings(&self) -> Result<Value, Fault> {
        let settings = settings::read(self.package());
        Ok(json!(
            settings.map_err(|error| Fault::operation(error.to_string()))?
        ))
    }

    fn save_settings(&mut self, settings: &Settings) -> Result<(), Fault> {
        let patches = settings::write(self.package(), settings);
        let patches = patches.map_err(|error| Fault::operation(error.to_string()))?;
        match &mut self.document {
            Document::Workbook(workbook, _) => workbook.patch(&patches),
            Document::Deck(deck, _) => deck.apply(&patches),
        }
    }

    fn workbook(&mut self) -> Result<&mut Workbook, Fault> {
        match &mut self.document {
            Document::Workbook(workbook, _) => Ok(workbook),
            Document::Deck(..) => Err(Fault::missing("cells of a deck")),
        }
    }

    fn revision(&self) -> u64 {
        match &self.document {
            Document::Workbook(workbook, _) => workbook.revision(),
            Document::Deck(deck, _) => deck.revision(),
        }
    }

    /// Carries out a batch; answers the body of the reply.
    fn batch(&mut self, body: &str) -> Value {
        let outcome = self.execute(body);
        let reply = outcome.reply.to_string();
        self.missing.extend(outcome.missing);
        if self.log.len() < MAX_LOG {
            let error = outcome.reply.get("Error").cloned();
            self.log.push(json!({ "request": body, "error": error }));
        }
        if reply.len() > MAX_PAYLOAD {
            let fault = Fault::new(
                "ResponsePayloadSizeLimitExceeded",
                "The response payload size has exceeded the limit.",
                413,
            );
            return batch::reply(&[], &[], Some((&fault, 0))).to_string().into();
        }
        reply.into()
    }

    fn execute(&mut self, body: &str) -> Outcome {
        let refused = |fault: &Fault| Outcome {
            reply: batch::reply(&[], &[], Some((fault, 0))),
            missing: Vec::new(),
        };
        if body.len() > MAX_PAYLOAD {
            let message = "The request payload size has exceeded the limit.";
            return refused(&Fault::new("RequestPayloadSizeLimitExceeded", message, 413));
        }
        if self.edit_mode {
            return refused(&Fault::edit_mode());
        }
        match &mut self.document {
            Document::Workbook(workbook, references) => batch::execute(workbook.as_mut(), references, body),
            Document::Deck(deck, references) => batch::execute(deck.as_mut(), references, body),
        }
    }

    fn bytes(&self) -> Result<Vec<u8>, Fault> {
        match &self.document {
            Document::Workbook(workbook, _) => workbook
                .bytes()
                .map_err(|error| Fault::operation(error.to_string())),
            Document::Deck(deck, _) => deck.bytes(),
        }
    }

    fn save(&mut self) -> Result<(), Fault> {
        let failed = |error: std::io::Error| Fault::operation(format!("the file cannot be written: {error}"));
        let bytes = match &mut self.document {
            Document::Workbook(workbook, _) => workbook
                .save()
                .map_err(|error| Fault::operation(error.to_string()))?,
            Document::Deck(deck, _) => deck.bytes()?,
        };
        let beside = self.path.with_extension("saving");
        std::fs::write(&beside, bytes).map_err(failed)?;
        std::fs::rename(&beside, &self.path).map_err(failed)?;
        if let Document::Deck(deck, _) = &mut self.document {
            deck.mark_saved();
        }
        self.saved_at = now();
        Ok(())
    }

    fn state(&self) -> Value {
        json!({
            "path": self.path,
            "title": self.path.file_name().map(|name| name.to_string_lossy()),
            "savedAt": self.saved_at,
            "dirty": match &self.document {
                Document::Workbook(workbook, _) => workbook.is_dirty(),
                Document::Deck(deck, _) => deck.is_dirty(),
            },
            "editMode": self.edit_mode,
        })
    }
}

/// Milliseconds since 1970.
fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |elapsed| elapsed.as_millis() as u64)
}

#[cfg(test)]
mod tests;
