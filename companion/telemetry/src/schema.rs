//! The one table of what may be recorded for a collector: events, metrics and spans with their attributes.
//!
//! Each row makes a type with one field an attribute, so that an attribute that is not in the table cannot be written; the page
//! and the JSON in `generated/` are made from the same rows. Two families: the documented schema of desktop agents, for which
//! dashboards exist, and Deskhand's own. This module knows nothing of sessions or of how records travel.

mod documented;
mod field;
mod own;
pub mod render;
mod spans;
mod standard;
mod table;

pub use documented::{
    ActiveTime, ApiError, ApiRefusal, ApiRequest, ApiRequestBody, ApiResponseBody, ApiRetriesExhausted,
    AssistantResponse, Compaction, CostUsage, EditDecision, InternalError, PermissionModeChanged,
    SessionCount, TokenUsage, ToolDecision, ToolResult, UserPrompt,
};
pub use field::{Field, Flag, Value};
pub use own::{
    AuditAnchor, ChangeSetRedone, ChangeSetUndone, DocumentAttached, DocumentChanged,
    DocumentChangedByPerson, DocumentDetached, EgressDecision, ExportLost, FolderAttached, FolderDetached,
    Log, PaneConnected, PaneDisconnected, PermissionAsked, PolicyChanged, RequestRetried, SandboxChanged,
    SandboxConnection, SandboxFileChanged, SandboxProgramEnded, SandboxProgramStarted, SandboxUnseen,
    SessionRenamed, TurnCancelRequested, TurnEnded, TurnResumed,
};
pub use spans::{BlockedOnUser, Execution, Interaction, LlmRequest, Tool, ToolOutput};

pub use standard::{Standard, StandardMetric};

use crate::content::{Capture, Category};

/// Where names and types of a row come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// The documented schema of desktop agents.
    Documented,
    /// Deskhand's own.
    Own,
}

impl Family {
    /// What stands before the names of the family.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Documented => "claude_code.",
            Self::Own => "deskhand.",
        }
    }

    /// The instrumentation scope under which the family travels.
    pub fn scope(self) -> &'static str {
        match self {
            Self::Documented => "deskhand.agent",
            Self::Own => "deskhand",
        }
    }

    /// The schema that the scope claims, in its attribute `deskhand.schema`.
    pub fn schema(self) -> &'static str {
        match self {
            Self::Documented => "cowork/2026-09",
            Self::Own => "deskhand/1",
        }
    }
}

/// What a row describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// A log record.
    Event,
    /// A counter with delta temporality.
    Counter {
        /// Its unit (UCUM).
        unit: &'static str,
    },
    /// A span.
    Span,
    /// An event of a span.
    SpanEvent,
}

/// The type of an attribute on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A string.
    Text,
    /// A signed integer of 64 bits.
    Whole,
    /// A double.
    Number,
    /// A boolean.
    Truth,
    /// An array of strings.
    Texts,
}

impl Kind {
    /// The name of the type in the protocol.
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "string",
            Self::Whole => "int",
            Self::Number => "double",
            Self::Truth => "bool",
            Self::Texts => "string[]",
        }
    }
}

/// When the content of an attribute leaves the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// Always: it is no content.
    Always,
    /// With the category; otherwise [`crate::content::REDACTED`] stands in its place.
    Redacted(Category),
    /// With the category; otherwise the attribute is not there.
    Only(Category),
}

impl Gate {
    /// The category that opens it.
    pub fn category(self) -> Option<Category> {
        match self {
            Self::Always => None,
            Self::Redacted(category) | Self::Only(category) => Some(category),
        }
    }
}

/// An attribute of a row.
#[derive(Debug)]
pub struct Attribute {
    /// Its name on the wire.
    pub name: &'static str,
    /// Its type on the wire.
    pub kind: Kind,
    /// True where it may be missing.
    pub optional: bool,
    /// When it is sent.
    pub gate: Gate,
    /// What it says.
    pub doc: &'static str,
}

/// A row of the table.
#[derive(Debug)]
pub struct Definition {
    /// What it describes.
    pub signal: Signal,
    /// Where it comes from.
    pub family: Family,
    /// The name within the family.
    pub name: &'static str,
    /// When it happens.
    pub doc: &'static str,
    /// The category without which it is not sent at all.
    pub only: Option<Category>,
    /// Its own attributes, in the order of the type's fields.
    pub attributes: &'static [Attribute],
    /// The row with every attribute, the same each time, as it may be sent: for the generated page, and to compare with what a
    /// collector received.
    pub example: fn(&Capture) -> Option<Attributes>,
}

impl PartialEq for Definition {
    /// A row is told by its signal, its family and its name.
    fn eq(&self, other: &Self) -> bool {
        (self.signal, self.family, self.name) == (other.signal, other.family, other.name)
    }
}

impl Definition {
    /// The name with the prefix of its family: the body of a log record, the name of a metric or a span.
    pub fn full_name(&self) -> String {
        match self.signal {
            Signal::SpanEvent => self.name.to_owned(),
            _ => format!("{}{}", self.family.prefix(), self.name),
        }
    }

    /// The attribute `event.name`: bare for documented events, as dashboards ask for them.
    pub fn event_name(&self) -> String {
        match self.family {
            Family::Documented => self.name.to_owned(),
            Family::Own => self.full_name(),
        }
    }
}

/// A type that the table made.
pub trait Described: Sized {
    /// Its row.
    const DEFINITION: &'static Definition;

    /// One value an attribute, in the order of the row; `None` for what is missing.
    fn values(self) -> Vec<Option<Value>>;

    /// What may be sent of it, cut to the limits; `None` where its category is closed.
    fn admitted(self, capture: &Capture) -> Option<Attributes> {
        let definition = Self::DEFINITION;
        if definition.only.is_some_and(|category| !capture.allows(category)) {
            return None;
        }
        let values = definition.attributes.iter().zip(self.values());
        let admitted =
            values.filter_map(|(attribute, value)| Some((attribute.name, capture.admit(attribute, value?)?)));
        Some(admitted.collect())
    }
}

/// Names with values, as they may be sent.
pub type Attributes = Vec<(&'static str, Value)>;

/// Every row: events, then metrics, then spans.
pub fn definitions() -> impl Iterator<Item = &'static Definition> {
    [documented::ROWS, own::ROWS, spans::ROWS]
        .into_iter()
        .flatten()
        .copied()
}

/// What stands on every log record, then what stands on every point of a metric and on every span.
pub fn standard() -> &'static [&'static Definition] {
    standard::ROWS
}
