//! A session as the fold of its events: what was said, what runs, what was granted. The same fold serves live events and
//! the replay after a restart, so both come to the same state (Invariant 1).

use std::collections::{BTreeMap, VecDeque};

use deskhand_operations::DocumentKind as OperationKind;
use deskhand_protocol::document::{DocumentKind, DocumentView};
use deskhand_protocol::event::TurnOutcome;
use deskhand_protocol::message::{Block, Usage};
use deskhand_protocol::permission::{CommandRequest, PermissionRequest, ReadBefore};
use deskhand_protocol::session::{PermissionMode, SessionStatus};
use deskhand_protocol::{
    CallId, ChangeSetId, CommandId, DocumentId, MessageId, SessionId, Timestamp, TurnId,
};
use serde_json::Value;

use crate::model::{Content, Message, Role};
use crate::permission::Grant;
use crate::tool::{FolderTool, MEMORY_TOOL, operation_of};
use crate::turn::describe;

mod background;
mod compacted;
mod fold;

pub use compacted::Conversation;
pub(crate) use compacted::{MAX_SUMMARY, cut};

/// Places that a question names as read before it.
const MAX_READ: usize = 20;

/// A session.
#[derive(Clone, Debug)]
pub struct Session {
    /// The id.
    pub id: SessionId,
    /// The title.
    pub title: String,
    /// True in the tour.
    pub tour: bool,
    /// Documents of the session.
    pub documents: BTreeMap<DocumentId, DocumentView>,
    /// Folders of the session.
    pub folders: Vec<String>,
    /// What the model has been told and has said.
    pub messages: Vec<Message>,
    /// What is known of the conversation beside them.
    pub conversation: Conversation,
    /// The turn that runs.
    pub turn: Option<Turn>,
    /// What a person granted for the rest of the session.
    pub grants: Vec<Grant>,
    /// True once it read what somebody else may have written (Invariant 9).
    pub marked: bool,
    /// Change sets, newest last; true while applied.
    pub changes: Vec<(ChangeSetId, bool)>,
    /// Turns by the front end's id for the prompt, with the prompt's number.
    pub prompts: BTreeMap<String, (TurnId, u64)>,
    /// How the last turn ended.
    pub last_outcome: Option<TurnOutcome>,
    /// Commands that were left to run.
    pub background: Background,
}

/// Commands that were left to run, as the log tells of them.
#[derive(Clone, Debug, Default)]
pub struct Background {
    /// Those that run: by their ids, with what the model calls them and the calls that left them.
    pub running: BTreeMap<CommandId, (u32, CallId)>,
    /// Those that ended, by what the model calls them, and how: the model was not told yet.
    pub(crate) ended: Vec<(u32, String)>,
}

/// A turn that runs.
#[derive(Clone, Debug)]
pub struct Turn {
    /// The id.
    pub id: TurnId,
    /// The model; empty for the default.
    pub model: String,
    /// How much may be done without asking.
    pub mode: PermissionMode,
    /// Tokens that the person lets it use.
    pub budget: Option<u64>,
    /// What it is doing.
    pub phase: Phase,
    /// Calls that wait for their turn.
    pub queue: VecDeque<Call>,
    /// What will be said to the model next: results of tools, steering, context.
    pub pending: Vec<Content>,
    /// Words of the message that is coming.
    pub partial: String,
    /// Calls so far.
    pub steps: u32,
    /// The last call with its output, and how often it came in a row.
    pub last: Option<(String, Value, String, u32)>,
    /// Tokens so far.
    pub usage: Usage,
    /// The person's words, in lower case.
    pub words: String,
    /// The documents that the person chose.
    pub chosen: Vec<DocumentId>,
    /// What was read in this turn, the oldest first; at most [`MAX_READ`].
    pub read: VecDeque<ReadBefore>,
    /// How often it was taken up again after a restart without any progress in between.
    pub resumed: u32,
    /// It waits for the collector: the next restart does not count.
    pub held: bool,
    /// True once a person asked to stop it.
    pub cancelled: bool,
    /// How often room was made for the next answer.
    pub compactions: u32,
}

/// What a turn is doing.
#[derive(Clone, Debug)]
pub enum Phase {
    /// The next step is to be decided.
    Deciding,
    /// The model is asked.
    Model(MessageId),
    /// The model is asked for a summary of the conversation.
    Compacting(MessageId),
    /// A tool is at work.
    Tool(Running),
}

/// A call of a tool as the model made it.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// The call.
    pub id: CallId,
    /// The tool.
    pub name: String,
    /// Its input.
    pub input: Value,
}

/// A call at work.
#[derive(Clone, Debug)]
pub struct Running {
    /// The call.
    pub call: Call,
    /// When it began.
    pub since: Timestamp,
    /// How far it is.
    pub state: RunState,
    /// The folder that a person allowed, where the call asked for one.
    pub folder: Option<String>,
    /// What a person was asked about and allowed, for a command.
    pub command: Option<Box<CommandRequest>>,
}

/// How far a call is.
#[derive(Clone, Debug)]
pub enum RunState {
    /// It is looked at what it would do.
    Preparing,
    /// A person is asked.
    Asking(Box<PermissionRequest>),
    /// It may run, and does.
    Going,
}

impl Session {
    /// A session without events.
    pub fn new(id: SessionId) -> Self {
        Self {
            id,
            title: String::new(),
            tour: false,
            documents: BTreeMap::new(),
            folders: Vec::new(),
            messages: Vec::new(),
            conversation: Conversation::default(),
            turn: None,
            grants: Vec::new(),
            marked: false,
            changes: Vec::new(),
            prompts: BTreeMap::new(),
            last_outcome: None,
            background: Background::default(),
        }
    }

    /// What the session is doing, for the list.
    pub fn status(&self) -> SessionStatus {
        match (&self.turn, &self.last_outcome) {
            (
                Some(Turn {
                    phase:
                        Phase::Tool(Running {
                            state: RunState::Asking(..),
                            ..
                        }),
                    ..
                }),
                _,
            ) => SessionStatus::Waiting,
            (Some(_), _) => SessionStatus::Working,
            (None, Some(TurnOutcome::Cancelled)) => SessionStatus::Stopped,
            (None, Some(TurnOutcome::Failed(_))) => SessionStatus::Failed,
            (None, Some(TurnOutcome::Completed) | None) => SessionStatus::Idle,
        }
    }

    /// The open question, where there is one.
    pub fn question(&self) -> Option<&PermissionRequest> {
        match &self.turn.as_ref()?.phase {
            Phase::Tool(Running {
                state: RunState::Asking(request),
                ..
            }) => Some(request),
            _ => None,
        }
    }

    /// True for a tool that has something to work on: a document of its kind, or a folder. The description of all tools is
    /// many times as long as most conversations, and it is sent with each request.
    pub fn has_use_for(&self, tool: &str) -> bool {
        if FolderTool::of_name(tool).is_some() || tool == MEMORY_TOOL {
            return !self.folders.is_empty();
        }
        let Some(definition) = operation_of(tool) else {
            return true;
        };
        let mut kinds = self.documents.values().map(|document| document.kind);
        kinds.any(|kind| works_on(definition.document, kind))
    }

    /// Adds to what is said to the model in the person's role; joins the last message where that is the person's. Results of
    /// tools stand first, as the Messages API wants them: a person may have steered before they came.
    fn tell(&mut self, mut content: Vec<Content>) {
        if content.is_empty() {
            return;
        }
        content.sort_by_key(|one| !matches!(one, Content::ToolResult { .. }));
        match self.messages.last_mut() {
            Some(last) if last.role == Role::User => last.content.extend(content),
            _ => self.messages.push(Message {
                role: Role::User,
                content,
            }),
        }
    }

    fn running(&mut self, call: &CallId) -> Option<&mut Running> {
        match &mut self.turn.as_mut()?.phase {
            Phase::Tool(running) if running.call.id == *call => Some(running),
            _ => None,
        }
    }
}

impl Turn {
    fn new(id: TurnId, model: String, mode: PermissionMode) -> Self {
        Self {
            id,
            model,
            mode,
            budget: None,
            phase: Phase::Deciding,
            queue: VecDeque::new(),
            pending: Vec::new(),
            partial: String::new(),
            steps: 0,
            last: None,
            usage: Usage::default(),
            words: String::new(),
            chosen: Vec::new(),
            read: VecDeque::new(),
            resumed: 0,
            held: false,
            cancelled: false,
            compactions: 0,
        }
    }

    /// Takes note of the person's words.
    fn hear(&mut self, text: &str) {
        self.words.push_str(&text.to_lowercase());
        self.words.push('\n');
    }

    /// Takes note of what a call read. Of reads of one place the last counts.
    fn note_read(&mut self, call: &Call) {
        let described = describe(&call.name, &call.input);
        let read = ReadBefore {
            document: described.document,
            target: described.target.unwrap_or_default(),
        };
        self.read.retain(|known| *known != read);
        self.read.push_back(read);
        if self.read.len() > MAX_READ {
            self.read.pop_front();
        }
    }

    /// Counts an outcome; a result that differs from the last one begins anew.
    fn note(&mut self, call: &Call, output: &str) {
        let times = match &self.last {
            Some((name, input, last, times))
                if *name == call.name && *input == call.input && last.as_str() == output =>
            {
                times + 1
            }
            _ => 1,
        };
        self.last = Some((call.name.clone(), call.input.clone(), output.to_owned(), times));
    }
}

/// True where operations on the one kind work on documents of the other.
fn works_on(operations: OperationKind, document: DocumentKind) -> bool {
    matches!(
        (operations, document),
        (OperationKind::Workbook, DocumentKind::Workbook)
            | (OperationKind::Deck, DocumentKind::Deck)
            | (OperationKind::Document, DocumentKind::Document)
            | (OperationKind::Pdf, DocumentKind::Pdf)
            | (OperationKind::Csv, DocumentKind::Csv)
            | (OperationKind::Legacy, DocumentKind::Legacy)
    )
}

/// The calls in a message, in order.
fn calls(blocks: &[Block]) -> VecDeque<Call> {
    blocks
        .iter()
        .filter_map(|block| match block {
            Block::ToolUse { id, name, input } => Some(Call {
                id: id.clone(),
                name: name.clone(),
                input: input.clone(),
            }),
            Block::Text { .. } | Block::Thinking { .. } => None,
        })
        .collect()
}
