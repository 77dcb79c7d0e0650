//! The folder that the model asks for. What it names is a suggestion: a person is asked each time, and what is attached is the
//! folder that stands in their answer (Invariant 9), opened as every other is (Invariant 8).

use std::path::{Path, PathBuf};

use deskhand_core::instructions::as_data;
use deskhand_core::line::one_line;
use deskhand_core::model::ToolDefinition;
use deskhand_core::tool::{
    Ask, AskReason, DIRECTORY_TOOL, FileSubject, NewFolder, Prepared, ToolFailure, ToolRequest, ToolResult,
};
use deskhand_protocol::event::ToolOutcome;
use deskhand_protocol::operations::Effect;
use deskhand_protocol::permission::{DirectoryRequest, RiskNote};
use deskhand_protocol::{ErrorCode, UserError};
use deskhand_workspace::{Access, WorkspaceError};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::attach::refused;
use crate::call::failure;
use crate::folder_tools::parsed;
use crate::tools::DocumentTools;

/// Characters of the model's reason that a person is shown.
const MOST_REASON: usize = 200;
/// Characters of a path, or of a name in it, that stand in a sentence.
const MOST_PATH: usize = 300;

/// Asks the user to attach a folder of their computer to this session, so that its files can be found and read there. Only where
/// the attached folders and documents do not hold what the request needs. The user sees the folder and your reason, may choose
/// another folder or none, and the answer is final.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Wanted {
    /// The whole path, where the user named the folder or it is known; left out, the user is asked to choose one.
    path: Option<String>,
    /// What it is needed for, in a few words for the user.
    reason: String,
}

/// A folder that could be attached.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Candidate {
    path: PathBuf,
    /// The same as text.
    shown: String,
    access: Access,
}

/// The tool for models.
pub(crate) fn tool() -> ToolDefinition {
    let mut schema: Value = schemars::schema_for!(Wanted).into();
    let mut take = |name: &str| schema.as_object_mut().and_then(|schema| schema.remove(name));
    let description = take("description");
    let _ = (take("$schema"), take("title"));
    ToolDefinition {
        name: DIRECTORY_TOOL.to_owned(),
        description: description
            .as_ref()
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned(),
        input_schema: schema,
    }
}

impl DocumentTools {
    /// The real path of a folder that a person names in an answer, if it may be attached.
    pub async fn find_folder(&self, path: &str) -> Result<String, UserError> {
        let found = self.candidate(path).await;
        found.map(|folder| folder.shown).map_err(|error| refused(&error))
    }

    /// Looks which folder is asked for. One that is there already, and one that may not be, is not asked about.
    pub(crate) async fn prepare_directory(&self, request: &ToolRequest) -> Result<Prepared, ToolFailure> {
        let wanted: Wanted = parsed(request.input.clone())?;
        let reason = cut(&one_line(&wanted.reason), MOST_REASON);
        if reason.is_empty() {
            return Err(failure(
                "The call was not understood",
                "`reason` says what the folder is needed for",
            ));
        }
        let found = match &wanted.path {
            Some(path) => self.candidate(path).await,
            None if self.folders.are_closed() => return Err(not_allowed()),
            None => Err(WorkspaceError::NotFound(PathBuf::new())),
        };
        let folder = match found {
            Ok(folder) => Some(folder),
            Err(WorkspaceError::NotAllowed(_)) => return Err(not_allowed()),
            // A person is asked all the same: whether there is such a folder is told to nobody but them.
            Err(_) => None,
        };
        let subject = folder.as_ref().map(|folder| FileSubject {
            path: folder.shown.clone(),
            folder: None,
        });
        let is_new = folder
            .as_ref()
            .is_none_or(|folder| !self.is_attached(request, folder));
        let read_only = folder
            .as_ref()
            .is_some_and(|folder| folder.access == Access::ReadOnly);
        let ask = is_new.then(|| match &folder {
            Some(folder) => self.question(folder),
            None => open_question(wanted.path.as_deref()),
        });
        Ok(Prepared {
            effect: Effect::Read,
            document: None,
            file: subject,
            directory: ask.is_some().then_some(DirectoryRequest { reason, read_only }),
            web: None,
            command: None,
            ask,
        })
    }

    /// Attaches the folder that a person allowed.
    pub(crate) async fn run_directory(&self, request: &ToolRequest) -> Result<ToolResult, ToolFailure> {
        let Some(allowed) = &request.folder else {
            // Nobody was asked, because there was nothing to ask.
            let wanted: Wanted = parsed(request.input.clone())?;
            let known = self.candidate(wanted.path.as_deref().unwrap_or_default()).await;
            return match known {
                Ok(folder) if self.is_attached(request, &folder) => Ok(attached_before(&folder)),
                _ => Err(failure("Nothing was attached", "no person allowed a folder")),
            };
        };
        let attached = self.attach_exactly(&request.session, allowed).await;
        let mut attached =
            attached.map_err(|error| failure(&error.happened, &as_data("the folder", &error.to_string())))?;
        attached
            .documents
            .retain(|document| self.registry.join(&request.session, &document.id));
        let may = if attached.read_only {
            "It is to be read only: Glob, Grep and Read work in it."
        } else {
            "Glob, Grep, Read, Write, Edit and Delete work in it."
        };
        let output = format!(
            "The user attached this folder. {may} Documents of it that are new to the session: {}; see documents_list.\n{}",
            attached.documents.len(),
            as_data("the attached folder", &attached.path)
        );
        let title = format!("Attached {}", name_of(Path::new(&attached.path)));
        Ok(ToolResult {
            documents: attached.documents,
            folder: Some(NewFolder {
                path: attached.path,
                read_only: attached.read_only,
            }),
            ..ToolResult::new(ToolOutcome::Done, title, output)
        })
    }

    async fn candidate(&self, path: &str) -> Result<Candidate, WorkspaceError> {
        let path = self.at_home(path);
        if !path.is_absolute() {
            return Err(WorkspaceError::NotFound(path));
        }
        let looked_for = path.clone();
        // What the closure answers is handed through: only its own end has another kind of error.
        let looked = self
            .with_folders(move |folders| Ok(folders.look(&looked_for)))
            .await;
        let (real, access) = looked.unwrap_or(Err(WorkspaceError::NotFound(path)))?;
        let shown = real.to_str().map(str::to_owned);
        let shown = shown.ok_or_else(|| WorkspaceError::NotFound(real.clone()))?;
        Ok(Candidate {
            path: real,
            shown,
            access,
        })
    }

    /// The path with the person's own folder in the place of `~`.
    fn at_home(&self, path: &str) -> PathBuf {
        let below = path.trim().strip_prefix('~');
        let below = below.filter(|below| below.is_empty() || below.starts_with(['/', '\\']));
        match (below, &self.access.home) {
            (Some(below), Some(home)) => home.join(below.trim_start_matches(['/', '\\'])),
            _ => PathBuf::from(path.trim()),
        }
    }

    /// True where the session reaches the folder already, and no less of it.
    fn is_attached(&self, request: &ToolRequest, folder: &Candidate) -> bool {
        let held = self.registry.folders(&request.session);
        held.iter()
            .any(|held| folder.path.starts_with(held.path()) && held.access() == folder.access)
    }

    fn question(&self, folder: &Candidate) -> Ask {
        let scope = match folder.access {
            Access::ReadOnly => {
                "Deskhand could find and read the files in it and in its folders; your organisation lets it be read only. You \
                 can take it out at any time."
            }
            Access::ReadWrite => {
                "Deskhand could find, read and change the files in it and in its folders. Changes are asked about as your mode \
                 says. You can take it out at any time."
            }
        };
        Ask {
            risks: self.wide(folder).into_iter().collect(),
            ..ask(
                format!("Attach the folder {}?", name_of(&folder.path)),
                scope.to_owned(),
            )
        }
    }

    /// What is more than anybody means by a folder.
    fn wide(&self, folder: &Candidate) -> Option<RiskNote> {
        let home = self
            .access
            .home
            .as_ref()
            .and_then(|home| home.canonicalize().ok());
        let reach = if folder.path.parent().is_none() {
            "is the whole disk, with the files of the system"
        } else if home.is_some_and(|home| home.starts_with(&folder.path)) {
            "holds all your own files"
        } else {
            return None;
        };
        Some(RiskNote {
            cells: folder.shown.clone(),
            reach: reach.to_owned(),
            rule: "A smaller folder is nearly always enough.".to_owned(),
        })
    }
}

/// The question where no folder is known: a person names one.
fn open_question(named: Option<&str>) -> Ask {
    let scope = match named.map(one_line).filter(|named| !named.is_empty()) {
        Some(named) => format!(
            "It named {}, where there is no folder that can be opened. Choose one, or deny.",
            cut(&named, MOST_PATH)
        ),
        None => "It named none. Choose one, or deny.".to_owned(),
    };
    ask("Attach a folder?".to_owned(), scope)
}

fn ask(question: String, scope: String) -> Ask {
    Ask {
        reason: AskReason::Attaches,
        question,
        scope,
        rows: Vec::new(),
        total: 0,
        risks: Vec::new(),
    }
}

fn not_allowed() -> ToolFailure {
    let error = UserError::new(ErrorCode::FolderRefused);
    ToolFailure {
        title: "Not allowed by your organisation".to_owned(),
        output: format!(
            "The user's organisation does not allow this folder to be attached (allowedWorkspaceFolders), so the user was not \
             asked. Say so, and go on with what is attached. [{}]",
            error.code.as_str()
        ),
    }
}

fn attached_before(folder: &Candidate) -> ToolResult {
    let told = format!("{} is attached already", folder.shown);
    ToolResult::new(
        ToolOutcome::Done,
        format!("{} is attached already", name_of(&folder.path)),
        as_data("the attached folders", &told),
    )
}

/// The last name of a path on one line; the whole path where it has none.
fn name_of(path: &Path) -> String {
    let name = path.file_name().map_or_else(
        || path.display().to_string(),
        |name| name.to_string_lossy().into_owned(),
    );
    cut(&one_line(&name), MOST_PATH)
}

/// The first characters of a text, with a mark where some are left out.
fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most).collect();
    format!("{kept}…")
}
