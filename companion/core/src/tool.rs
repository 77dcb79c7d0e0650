//! Tool calls as the agent sees them: what is asked, what it would do, what came of it.

use deskhand_operations::{Definition, DocumentKind, Effect, definitions};
use deskhand_protocol::change::ChangeSet;
use deskhand_protocol::document::DocumentView;
use deskhand_protocol::event::ToolOutcome;
use deskhand_protocol::message::Attachment;
pub use deskhand_protocol::permission::AskReason;
use deskhand_protocol::permission::{BeforeAfter, CommandRequest, DirectoryRequest, RiskNote, WebRequest};
use deskhand_protocol::sandbox::SandboxTier;
use deskhand_protocol::{CallId, DocumentId, SessionId, TurnId};
use serde_json::Value;

/// The tool by which the model keeps the plan; the agent's own.
pub const PLAN_TOOL: &str = "plan_update";

/// The name of the tool for an operation: `range_read` for `range.read`; a deck's tables, charts and pictures are
/// `slide_table_add` and so on, since a workbook's have the same operation names.
pub fn tool_name(definition: &Definition) -> String {
    let name = definition.name.replace('.', "_");
    let shared = ["table.", "chart.", "picture."]
        .iter()
        .any(|prefix| definition.name.starts_with(prefix));
    if definition.document == DocumentKind::Deck && shared {
        format!("slide_{name}")
    } else {
        name
    }
}

/// Operations that only the service uses, for undo and for exchange with a live deck; and those that make a file, for which
/// there is [`FolderTool::Create`].
const INTERNAL: [&str; 6] = [
    "range.restore",
    "slide.export",
    "slide.replace",
    "workbook.create",
    "deck.create",
    "document.create",
];

/// The tool by which the agent keeps a note about a folder for later sessions.
pub const MEMORY_TOOL: &str = "memory_write";

/// The tool that lists documents.
pub const LIST_TOOL: &str = "documents_list";

/// The tool by which the model asks for a folder.
pub const DIRECTORY_TOOL: &str = "request_directory";

/// The tool that reads a web page.
pub const FETCH_TOOL: &str = "WebFetch";

/// The tool that searches the web.
pub const SEARCH_TOOL: &str = "WebSearch";

/// The tool that runs a command in the sandbox.
pub const BASH_TOOL: &str = "Bash";

/// The tool that looks after commands that were left to run.
pub const BASH_OUTPUT_TOOL: &str = "BashOutput";

/// The tool that draws a document in the sandbox, so that the model sees it.
pub const RENDER_TOOL: &str = "document_render";

/// The tool that makes a document of today out of one in an old format, in the sandbox.
pub const CONVERT_TOOL: &str = "document_convert";

/// The file tool that a tool of the sandbox goes with: what the organisation says of that one holds for it, too.
pub fn paper_tool(name: &str) -> Option<FolderTool> {
    match name {
        RENDER_TOOL => Some(FolderTool::Read),
        CONVERT_TOOL => Some(FolderTool::Write),
        _ => None,
    }
}

/// A tool for the folders of a session. Administrators know them by these names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FolderTool {
    /// Files by their names.
    Glob,
    /// Lines by words.
    Grep,
    /// Text by pages, pictures and PDFs.
    Read,
    /// A whole text file.
    Write,
    /// Some words of a text file.
    Edit,
    /// A file into the journal.
    Delete,
    /// A document by its path.
    Open,
    /// A new document.
    Create,
}

impl FolderTool {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Glob,
        Self::Grep,
        Self::Read,
        Self::Write,
        Self::Edit,
        Self::Delete,
        Self::Open,
        Self::Create,
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Glob => "Glob",
            Self::Grep => "Grep",
            Self::Read => "Read",
            Self::Write => "Write",
            Self::Edit => "Edit",
            Self::Delete => "Delete",
            Self::Open => "document_open",
            Self::Create => "document_create",
        }
    }

    /// What a person reads while it runs.
    pub fn doing(self) -> &'static str {
        match self {
            Self::Glob => "Looking for files",
            Self::Grep => "Searching files",
            Self::Read => "Reading",
            Self::Write => "Writing",
            Self::Edit => "Editing",
            Self::Delete => "Moving to the journal",
            Self::Open => "Opening",
            Self::Create => "Making",
        }
    }

    /// The tool that this one goes with: what the organisation says of that one holds for it, too.
    pub fn part_of(self) -> Option<Self> {
        match self {
            Self::Delete | Self::Create => Some(Self::Write),
            Self::Open => Some(Self::Read),
            _ => None,
        }
    }

    /// True for those that change nothing.
    pub fn only_reads(self) -> bool {
        matches!(self, Self::Glob | Self::Grep | Self::Read | Self::Open)
    }

    /// The tool of a name.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tool| tool.name() == name)
    }
}

/// True for the tools that there are; a model may name others.
pub fn is_tool(name: &str) -> bool {
    name == PLAN_TOOL
        || name == LIST_TOOL
        || name == MEMORY_TOOL
        || name == DIRECTORY_TOOL
        || name == FETCH_TOOL
        || name == SEARCH_TOOL
        || name == BASH_TOOL
        || name == BASH_OUTPUT_TOOL
        || paper_tool(name).is_some()
        || FolderTool::of_name(name).is_some()
        || operation_of(name).is_some()
}

/// The operations that a model may call.
pub fn model_operations() -> impl Iterator<Item = &'static Definition> {
    definitions().filter(|definition| !INTERNAL.contains(&definition.name))
}

/// The names of all tools that Deskhand ships.
pub fn tool_names() -> Vec<String> {
    let named = [
        PLAN_TOOL,
        MEMORY_TOOL,
        LIST_TOOL,
        DIRECTORY_TOOL,
        FETCH_TOOL,
        SEARCH_TOOL,
        BASH_TOOL,
        BASH_OUTPUT_TOOL,
        RENDER_TOOL,
        CONVERT_TOOL,
    ];
    let named = named.into_iter().chain(FolderTool::ALL.map(FolderTool::name));
    named
        .map(str::to_owned)
        .chain(model_operations().map(tool_name))
        .collect()
}

/// The operation that a tool stands for.
pub fn operation_of(tool: &str) -> Option<&'static Definition> {
    model_operations().find(|definition| tool_name(definition) == tool)
}

/// True for the tools that may change something, and for names that there are none of: what [`Prepared::effect`] says of their
/// calls, known without looking.
pub fn may_change(tool: &str) -> bool {
    if let Some(tool) = FolderTool::of_name(tool).or_else(|| paper_tool(tool)) {
        return !tool.only_reads();
    }
    if let Some(definition) = operation_of(tool) {
        return definition.effect != Effect::Read;
    }
    !matches!(
        tool,
        PLAN_TOOL | LIST_TOOL | DIRECTORY_TOOL | FETCH_TOOL | SEARCH_TOOL | BASH_OUTPUT_TOOL
    )
}

/// A call of a tool.
#[derive(Clone, Debug, PartialEq)]
pub struct ToolRequest {
    /// The session.
    pub session: SessionId,
    /// The turn.
    pub turn: TurnId,
    /// The call.
    pub call: CallId,
    /// The tool.
    pub name: String,
    /// Its input, an object.
    pub input: Value,
    /// The folder that a person allowed, where the call asked for one. The input says only what the model would like.
    pub folder: Option<String>,
    /// What a person was asked about and allowed, for a command: it sees and reaches no more.
    pub command: Option<CommandRequest>,
}

/// What a call would do.
#[derive(Clone, Debug, PartialEq)]
pub struct Prepared {
    /// What it does to the document.
    pub effect: Effect,
    /// The document.
    pub document: Option<DocumentId>,
    /// The file that it works on, where it is one on disk.
    pub file: Option<FileSubject>,
    /// What a person must be asked; `None` when nothing that is there is touched and nothing reaches outside.
    pub ask: Option<Ask>,
    /// The folder that the model asks for, where that is what the call does.
    pub directory: Option<DirectoryRequest>,
    /// Where the call goes on the web, and what it sends there.
    pub web: Option<WebRequest>,
    /// What it runs in the sandbox, and what that could reach.
    pub command: Option<CommandRequest>,
}

/// A file on disk that a call works on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileSubject {
    /// Its whole path.
    pub path: String,
    /// The attached folder that holds it; none for a file that was attached alone.
    pub folder: Option<String>,
}

/// The material of a question.
#[derive(Clone, Debug, PartialEq)]
pub struct Ask {
    /// Why.
    pub reason: AskReason,
    /// The question with its count.
    pub question: String,
    /// What stays.
    pub scope: String,
    /// Now and after, at most 200 rows.
    pub rows: Vec<BeforeAfter>,
    /// How many cells in all.
    pub total: u32,
    /// What to weigh.
    pub risks: Vec<RiskNote>,
}

/// What came of a call.
#[derive(Clone, Debug, PartialEq)]
pub struct ToolResult {
    /// How it ended.
    pub outcome: ToolOutcome,
    /// What the card says.
    pub title: String,
    /// What the model is told; document content in it is marked as data.
    pub output: String,
    /// The change set, when documents were changed.
    pub change_set: Option<ChangeSet>,
    /// Documents that the call opened or made: they become part of the session.
    pub documents: Vec<DocumentView>,
    /// The folder that became part of the session.
    pub folder: Option<NewFolder>,
    /// Pictures and PDFs that the model is shown.
    pub attachments: Vec<Attachment>,
    /// Where code ran.
    pub tier: Option<SandboxTier>,
}

/// A folder that became part of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewFolder {
    /// Its real path.
    pub path: String,
    /// True where it may be read only.
    pub read_only: bool,
}

impl ToolResult {
    /// A result that is only told.
    pub fn new(outcome: ToolOutcome, title: impl Into<String>, output: impl Into<String>) -> Self {
        Self {
            outcome,
            title: title.into(),
            output: output.into(),
            change_set: None,
            documents: Vec::new(),
            folder: None,
            attachments: Vec::new(),
            tier: None,
        }
    }
}

/// A call that cannot be done; nothing was changed.
#[derive(Clone, Debug, PartialEq)]
pub struct ToolFailure {
    /// What the card says.
    pub title: String,
    /// What the model is told.
    pub output: String,
}

/// Longest text that a tool may give to the model, in bytes; longer is cut with a note.
pub const MAX_OUTPUT: usize = 96 * 1024;

/// Cuts a tool's text to [`MAX_OUTPUT`] at a character and says so.
pub fn bounded(mut output: String) -> String {
    if output.len() > MAX_OUTPUT {
        let end = (0..=MAX_OUTPUT)
            .rev()
            .find(|end| output.is_char_boundary(*end))
            .unwrap_or(0);
        output.truncate(end);
        output.push_str("\n[cut here: ask for a smaller range]");
    }
    output
}
