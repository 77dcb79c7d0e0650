//! Tools that read in the folders of a session: files by their names, lines by words, text by pages. What they answer is
//! data (Invariant 9), and they see what a person attached and nothing else (Invariant 8). Those that write are in
//! [`crate::files_changed`].

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use deskhand_core::instructions::as_data;
use deskhand_core::model::ToolDefinition;
use deskhand_core::ports::Progress;
use deskhand_core::rules::Rules;
use deskhand_core::tool::{FileSubject, FolderTool, ToolFailure, ToolRequest, ToolResult};
use deskhand_protocol::event::ToolOutcome;
use deskhand_protocol::operations::{Refusal, RefusalCode};
use deskhand_workspace::{
    Folder, PathFault, RelativePath, Search, Searched, WalkLimits, WorkspaceError, nearest,
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::call::{MAX_REASON, failure, inline};
use crate::files_changed::{create_schema, delete_schema, edit_schema, write_schema};
use crate::opening::Open;
use crate::shown::Shown;
use crate::tools::DocumentTools;
use read::{Read, read};

mod read;

/// Files that one answer names.
const MOST_FILES: usize = 200;
/// Files with matches that one answer tells, and lines of it in all.
const MOST_MATCHED: usize = 50;
const MOST_LINES: usize = 500;
/// How long one call looks.
const LOOKS: Duration = Duration::from_secs(20);
/// How often a call that looks is asked to stop, where it should.
const HEED: Duration = Duration::from_millis(100);

/// Finds files of the attached folders by their names, the newest first.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Glob {
    /// `*.xlsx` for names anywhere, `reports/**/2026-*.{csv,tsv}` for paths below the folder. Case does not count.
    pattern: String,
    /// The attached folder; all of them when it is left out.
    folder: Option<String>,
}

/// Searches the text files of the attached folders. Workbooks, decks and other documents have tools of their own.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Grep {
    /// A regular expression, or words as they stand with `literal`.
    pattern: String,
    /// The attached folder; all of them when it is left out.
    folder: Option<String>,
    /// Only in files of these names, as for Glob.
    files: Option<String>,
    /// True for words as they stand.
    #[serde(default)]
    literal: bool,
    /// True where case does not count.
    #[serde(default)]
    ignore_case: bool,
    /// True where the expression may go on in the next line.
    #[serde(default)]
    multiline: bool,
    /// Lines to show before and after each match, at most 20.
    #[serde(default)]
    around: usize,
    /// Goes on behind this file of an earlier answer.
    behind: Option<String>,
}

impl Grep {
    fn search(&self, behind: Option<RelativePath>) -> Search {
        Search {
            pattern: self.pattern.clone(),
            literal: self.literal,
            ignore_case: self.ignore_case,
            multiline: self.multiline,
            files: self.files.clone(),
            before: self.around,
            after: self.around,
            most: MOST_MATCHED,
            behind,
        }
    }
}

/// The tools for models.
pub(crate) fn tools() -> impl Iterator<Item = ToolDefinition> {
    FolderTool::ALL.into_iter().map(|tool| {
        let mut schema: Value = match tool {
            FolderTool::Glob => schemars::schema_for!(Glob).into(),
            FolderTool::Grep => schemars::schema_for!(Grep).into(),
            FolderTool::Read => schemars::schema_for!(Read).into(),
            FolderTool::Write => write_schema(),
            FolderTool::Edit => edit_schema(),
            FolderTool::Delete => delete_schema(),
            FolderTool::Open => schemars::schema_for!(Open).into(),
            FolderTool::Create => create_schema(),
        };
        let mut take = |name: &str| schema.as_object_mut().and_then(|schema| schema.remove(name));
        let description = take("description");
        let _ = (take("$schema"), take("title"));
        let definitions = take("$defs").unwrap_or_default();
        inline(&mut schema, &definitions, 0);
        ToolDefinition {
            name: tool.name().to_owned(),
            description: description
                .as_ref()
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned(),
            input_schema: schema,
        }
    })
}

/// An answer before it is marked as data.
struct Told {
    title: String,
    text: String,
    /// A file that was read, with its content.
    seen: Option<(String, Vec<u8>)>,
    /// A picture or PDF that the model is shown.
    shown: Option<Shown>,
}

/// Where a call looks.
struct Place {
    folders: Vec<Arc<Folder>>,
    rules: Arc<Rules>,
    /// Set when the turn is stopped.
    stop: Arc<AtomicBool>,
}

impl Place {
    fn limits(&self) -> WalkLimits {
        WalkLimits {
            time: LOOKS,
            stop: Some(Arc::clone(&self.stop)),
            ..WalkLimits::default()
        }
    }
}

/// A file as rules are asked about it.
pub(crate) fn subject(folder: &Folder, below: &RelativePath) -> FileSubject {
    FileSubject {
        path: path_of(folder, below),
        folder: Some(folder.path().display().to_string()),
    }
}

impl DocumentTools {
    /// The file that a call would read, where it is about one.
    pub(crate) fn file_to_read(&self, tool: FolderTool, request: &ToolRequest) -> Option<FileSubject> {
        let path = request.input.get("path").and_then(Value::as_str);
        let path = path.filter(|_| tool == FolderTool::Read)?;
        let at = self.locate(&request.session, path).ok()?;
        Some(subject(&at.folder, &at.below))
    }

    /// Does a call of one of these tools.
    pub(crate) async fn run_folder_tool(
        &self,
        tool: FolderTool,
        request: &ToolRequest,
        progress: &dyn Progress,
    ) -> Result<ToolResult, ToolFailure> {
        let folders = self.registry.folders(&request.session);
        if folders.is_empty() {
            return Err(failure(
                "No folder is attached",
                "no folder is attached to this session; the user can attach one",
            ));
        }
        let input = request.input.clone();
        let place = Place {
            folders,
            rules: Arc::clone(&self.rules),
            stop: Arc::default(),
        };
        let stop = Arc::clone(&place.stop);
        let mut work = tokio::task::spawn_blocking(move || match tool {
            FolderTool::Glob => glob(&place, &parsed(input)?),
            FolderTool::Grep => grep(&place, &parsed(input)?),
            _ => read(&place.folders, &parsed(input)?),
        });
        let done = loop {
            tokio::select! {
                done = &mut work => break done,
                () = tokio::time::sleep(HEED) => stop.store(progress.is_cancelled(), Ordering::Relaxed),
            }
        };
        let told =
            done.map_err(|error| failure("The folder could not be looked at", &error.to_string()))??;
        if let Some((path, content)) = told.seen {
            self.seen.note(&request.session, &path, content);
        }
        let mut output = as_data("files of the attached folders", told.text.trim_end());
        let mut attachments = Vec::new();
        if let Some(shown) = told.shown {
            output.push_str(shown.note());
            attachments.push(self.attach_shown(&request.session, shown).await?);
        }
        Ok(ToolResult {
            attachments,
            ..ToolResult::new(ToolOutcome::Done, told.title, output)
        })
    }
}

pub(crate) fn parsed<T: DeserializeOwned>(input: Value) -> Result<T, ToolFailure> {
    serde_json::from_value(input).map_err(|error| {
        let reason: String = error.to_string().chars().take(MAX_REASON).collect();
        failure("The call was not understood", &reason)
    })
}

/// The folders that a call is about.
fn chosen(folders: &[Arc<Folder>], named: Option<&str>) -> Result<Vec<Arc<Folder>>, ToolFailure> {
    let Some(named) = named else {
        return Ok(folders.to_vec());
    };
    let found = folders.iter().find(|folder| folder.path() == Path::new(named));
    found.map(|folder| vec![Arc::clone(folder)]).ok_or_else(|| {
        let known: Vec<String> = folders
            .iter()
            .map(|folder| folder.path().display().to_string())
            .collect();
        failure(
            "Not an attached folder",
            &as_data(
                "the attached folders",
                &format!("{named} is none of: {}", known.join(", ")),
            ),
        )
    })
}

fn path_of(folder: &Folder, path: &RelativePath) -> String {
    folder.path().join(path.as_path()).display().to_string()
}

fn glob(place: &Place, asked: &Glob) -> Result<Told, ToolFailure> {
    let (mut files, mut total, mut cut) = (Vec::new(), 0, false);
    for folder in chosen(&place.folders, asked.folder.as_deref())? {
        let found = folder
            .glob(&asked.pattern, MOST_FILES, place.limits())
            .map_err(|error| refused(&error))?;
        total += found.total;
        cut |= found.cut;
        let found = found.files.into_iter();
        files.extend(found.map(|file| (file.modified_at, file.size, path_of(&folder, &file.path))));
    }
    files.sort_by(|one, other| (other.0, &one.2).cmp(&(one.0, &other.2)));
    let mut text = String::new();
    for (_, size, path) in files.iter().take(MOST_FILES) {
        let _ = writeln!(text, "{path} ({size} bytes)");
    }
    if files.len() < total || files.len() > MOST_FILES {
        let _ = writeln!(
            text,
            "[{total} files in all; these are the newest: narrow the pattern for others]"
        );
    }
    note_cut(&mut text, cut);
    if total == 0 {
        text.push_str("[no file has this name]\n");
    }
    Ok(Told {
        title: format!("Found {}", counted(total, "file")),
        text,
        seen: None,
        shown: None,
    })
}

fn grep(place: &Place, asked: &Grep) -> Result<Told, ToolFailure> {
    let (chosen, behind) = where_to_go_on(place, asked)?;
    let mut search = asked.search(behind);
    let mut text = String::new();
    let mut all = Searched::default();
    let mut kept_out = 0;
    for folder in chosen {
        let mut found = folder
            .grep(&search, place.limits())
            .map_err(|error| refused(&error))?;
        search.behind = None;
        let last = found.files.last().map(|file| path_of(&folder, &file.path));
        let matched = found.files.len();
        found
            .files
            .retain(|file| !place.rules.keeps_from_searches(&subject(&folder, &file.path)));
        kept_out += matched - found.files.len();
        add_matches(&mut text, &folder, &found);
        all.searched += found.searched;
        all.binary += found.binary;
        all.unread += found.unread;
        all.cut |= found.cut;
        all.files.extend(found.files);
        if found.more {
            let _ = writeln!(
                text,
                "[more files match: ask again behind {}]",
                last.unwrap_or_default()
            );
            break;
        }
        search.most = MOST_MATCHED.saturating_sub(all.files.len()).max(1);
    }
    note_searched(&mut text, &all, kept_out);
    let lines: u64 = all.files.iter().map(|file| file.matches).sum();
    Ok(Told {
        title: format!(
            "Found {} in {}",
            counted(usize::try_from(lines).unwrap_or(usize::MAX), "line"),
            counted(all.files.len(), "file")
        ),
        text,
        seen: None,
        shown: None,
    })
}

/// The folders that are left to be searched, and the file of the first of them behind which it goes on.
fn where_to_go_on(
    place: &Place,
    asked: &Grep,
) -> Result<(Vec<Arc<Folder>>, Option<RelativePath>), ToolFailure> {
    let folders = &place.folders;
    let mut chosen = chosen(folders, asked.folder.as_deref())?;
    let Some(path) = &asked.behind else {
        return Ok((chosen, None));
    };
    let (folder, below) = nearest(folders, Path::new(path)).map_err(|error| refused(&error))?;
    // The folders before it were told already.
    let at = chosen.iter().position(|one| Arc::ptr_eq(one, &folder));
    chosen.drain(..at.unwrap_or(0));
    Ok((chosen, Some(below)))
}

fn note_searched(text: &mut String, all: &Searched, kept_out: usize) {
    note_cut(text, all.cut);
    let _ = writeln!(
        text,
        "[{} searched; {} are no text and were not; {} could not be read]",
        counted(usize::try_from(all.searched).unwrap_or(usize::MAX), "file"),
        all.binary,
        all.unread
    );
    if kept_out > 0 {
        let files = counted(kept_out, "file");
        let _ = writeln!(
            text,
            "[{files} with matches left out: a rule asks before each is read; use Read]"
        );
    }
}

fn add_matches(text: &mut String, folder: &Folder, found: &Searched) {
    let mut room = MOST_LINES;
    for file in &found.files {
        let _ = writeln!(text, "{}: {} lines", path_of(folder, &file.path), file.matches);
        let told = file.lines.len().min(room);
        for line in &file.lines[..told] {
            let mark = if line.is_match { ':' } else { '-' };
            let _ = writeln!(text, "  {}{mark} {}", line.number, line.text);
        }
        room -= told;
        if told < file.lines.len() {
            text.push_str("  [further lines are left out: narrow the search, or read the file]\n");
        }
    }
}

fn note_cut(text: &mut String, cut: bool) {
    if cut {
        text.push_str("[a limit of names, depth or time left some folders unseen]\n");
    }
}

fn counted(count: usize, what: &str) -> String {
    match count {
        1 => format!("1 {what}"),
        _ => format!("{count} {what}s"),
    }
}

pub(crate) fn refused(error: &WorkspaceError) -> ToolFailure {
    let title = match error {
        WorkspaceError::ChangedElsewhere { .. } => "Changed by somebody else",
        WorkspaceError::ReadOnly | WorkspaceError::WriteProtected(_) | WorkspaceError::NotOurs(_) => {
            "Read-only"
        }
        WorkspaceError::OpenElsewhere { .. } => "Open in another program",
        WorkspaceError::Detached => "The folder was taken out of the session",
        WorkspaceError::NotAllowed(_) | WorkspaceError::Escapes(_) | WorkspaceError::Path(PathFault::Up) => {
            "Not in an attached folder"
        }
        WorkspaceError::NotFound(_) => "Not found",
        WorkspaceError::Pattern { .. } | WorkspaceError::Path(_) => "The call was not understood",
        _ => "Not read",
    };
    let told = Refusal::new(RefusalCode::Failed, error.to_string());
    // It may name files as they are named on disk.
    failure(title, &as_data("what the folder answered", &told.message))
}
