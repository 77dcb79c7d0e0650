//! What a call asks for, and what would come of it.

use deskhand_core::instructions::as_data;
use deskhand_core::tool::{Ask, FolderTool, ToolFailure, ToolRequest};
use deskhand_document::{PlainEdit, edit_plain, write_plain};
use deskhand_protocol::operations::Refusal;
use deskhand_workspace::{Access, FileKind, Fingerprint, WorkspaceError};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::create::{Create, New, not_made};
use super::question::{self, Question};
use super::{Act, Located, seen};
use crate::call::failure;
use crate::folder_tools::{parsed, refused};
use crate::tools::DocumentTools;

/// Writes a whole text file in an attached folder: a new one, with the folders above it, or in the place of one that is there.
/// Encoding and line ends of a file that is there stay. Workbooks, decks and other documents have tools of their own.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Write {
    /// The file's whole path, in one of the attached folders.
    path: String,
    /// All of its text.
    text: String,
}

/// Changes words in a text file of an attached folder. All other bytes stay.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Edit {
    /// The file's whole path.
    path: String,
    /// The words as they stand in the file, with enough around them to stand there once.
    find: String,
    /// What shall stand there.
    replace: String,
    /// True to change them wherever they stand.
    #[serde(default)]
    all: bool,
}

/// Moves a file of an attached folder to the journal, from where the user can restore it. The user is asked.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Delete {
    /// The file's whole path.
    path: String,
}

pub(crate) fn write_schema() -> Value {
    Value::from(schemars::schema_for!(Write))
}

pub(crate) fn edit_schema() -> Value {
    Value::from(schemars::schema_for!(Edit))
}

pub(crate) fn delete_schema() -> Value {
    Value::from(schemars::schema_for!(Delete))
}

/// A call that was understood.
#[derive(Clone, Debug)]
pub(super) enum Asked {
    Write(Write),
    Edit(Edit),
    Delete(Delete),
    Create(Box<New>),
}

impl DocumentTools {
    /// Reads a call.
    pub(super) fn asked(&self, tool: FolderTool, request: &ToolRequest) -> Result<Asked, ToolFailure> {
        let input = request.input.clone();
        match tool {
            FolderTool::Write => parsed(input).map(Asked::Write),
            FolderTool::Edit => parsed(input).map(Asked::Edit),
            FolderTool::Create => {
                let create: Create = parsed(input)?;
                let template = create.template.as_ref();
                let template = template
                    .map(|path| self.locate(&request.session, path))
                    .transpose();
                let template = template.map_err(|error| refused(&error))?;
                let new = New::of(create, template, self.world.now())?;
                Ok(Asked::Create(Box::new(new)))
            }
            _ => parsed(input).map(Asked::Delete),
        }
    }
}

impl Asked {
    pub(super) fn path(&self) -> &str {
        match self {
            Self::Write(Write { path, .. })
            | Self::Edit(Edit { path, .. })
            | Self::Delete(Delete { path }) => path,
            Self::Create(new) => &new.path,
        }
    }

    /// The file that a new document is made from.
    pub(super) fn template(&self) -> Option<Located> {
        match self {
            Self::Create(new) => new.template.clone(),
            _ => None,
        }
    }

    /// The file's content afterwards; nothing where it is gone.
    pub(super) fn after(&self, before: Option<&[u8]>) -> Result<Option<Vec<u8>>, ToolFailure> {
        let made = match (self, before) {
            (Self::Write(write), before) => write_plain(before, &write.text),
            (Self::Edit(edit), Some(before)) => {
                let edit = PlainEdit {
                    find: edit.find.clone(),
                    replace: edit.replace.clone(),
                    all: edit.all,
                };
                edit_plain(before, &[edit]).map(|edited| edited.bytes)
            }
            (Self::Delete(_), Some(_)) => return Ok(None),
            (Self::Create(_), Some(_)) => {
                let reason = "there is a file of this name, and document_create replaces none: choose another name, or open \
                              that one with document_open; nothing was changed";
                return Err(failure("There is such a file already", reason));
            }
            (Self::Create(new), None) => {
                return new.content().map(Some).map_err(|refusal| not_made(&refusal));
            }
            (Self::Edit(_) | Self::Delete(_), None) => {
                return Err(failure("Not found", "there is no such file"));
            }
        };
        made.map(Some).map_err(|refusal| not_written(&refusal))
    }
}

/// What would be done.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) act: Act,
    pub(super) before: Option<(Vec<u8>, Fingerprint)>,
    pub(super) after: Option<Vec<u8>>,
    pub(super) lines: u32,
    pub(super) ask: Option<Ask>,
}

/// Why there is no plan.
#[derive(Debug)]
pub(super) enum Not {
    Refused(ToolFailure),
    /// The file is another than the session saw; this is what it holds now.
    Changed {
        failure: ToolFailure,
        now: Vec<u8>,
    },
}

impl From<ToolFailure> for Not {
    fn from(failure: ToolFailure) -> Self {
        Self::Refused(failure)
    }
}

/// Looks at the file. `own` is the mark of what this session left there, `seen` the content as it last saw it.
pub(super) fn look(at: &Located, asked: &Asked, own: Option<&str>, seen: Option<&[u8]>) -> Result<Plan, Not> {
    let told = |error: WorkspaceError| refused(&error);
    if at.folder.access() == Access::ReadOnly {
        return Err(told(WorkspaceError::ReadOnly).into());
    }
    let kind = FileKind::of_name(at.below.name());
    let is_document = kind.is_some_and(|kind| !matches!(kind, FileKind::Plain | FileKind::Table));
    if is_document && !matches!(asked, Asked::Delete(_) | Asked::Create(_)) {
        let reason = "this is a document, which text would destroy: use the tools for its kind";
        return Err(failure("Not a text file", reason).into());
    }
    if let Some(lock) = at.folder.lock_file(&at.below).or_else(not_there).map_err(told)? {
        return Err(told(WorkspaceError::OpenElsewhere {
            path: at.below.clone(),
            lock,
        })
        .into());
    }
    let before = at.content().map_err(told)?;
    let mark = before.as_ref().map(|(_, mark)| mark.to_string());
    let is_own = own.is_some() && own == mark.as_deref();
    let after = asked.after(before.as_ref().map(|(content, _)| content.as_slice()))?;
    let act = match (asked, &before) {
        (Asked::Delete(_), _) => Act::Deleted,
        (Asked::Edit(_), _) => Act::Edited,
        (Asked::Write(_), None) | (Asked::Create(_), _) => Act::Created,
        (Asked::Write(_), Some(_)) => Act::Overwritten,
    };
    if let (Act::Overwritten, Some((now, _)), Some(seen)) = (act, &before, seen)
        && !is_own
        && now != seen
    {
        let failure = seen::changed(&at.path(), Some(seen), now);
        return Err(Not::Changed {
            failure,
            now: now.clone(),
        });
    }
    let asked = Question {
        path: &at.path(),
        below: at.below.as_path(),
        act,
        before: before.as_ref().map(|(content, _)| content.as_slice()),
        after: after.as_deref(),
        is_own,
        new: match asked {
            Asked::Create(new) => Some((new.kind(), new.template.as_ref().map(Located::path))),
            _ => None,
        },
    };
    let (lines, ask) = question::of(&asked);
    Ok(Plan {
        act,
        before,
        after,
        lines,
        ask,
    })
}

/// The folder of a new file may not be there yet.
fn not_there<T>(error: WorkspaceError) -> Result<Option<T>, WorkspaceError> {
    match error {
        WorkspaceError::NotFound(_) => Ok(None),
        error => Err(error),
    }
}

fn not_written(refusal: &Refusal) -> ToolFailure {
    failure("Not written", &as_data("the file", &refusal.message))
}
