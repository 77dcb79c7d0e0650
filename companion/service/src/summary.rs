//! A session's line in the list, kept beside its events so that the list needs no replay.

use deskhand_core::Session;
use deskhand_protocol::document::DocumentKind;
use deskhand_protocol::session::{SessionStatus, SessionSummary};
use deskhand_protocol::{SessionId, Timestamp};
use serde::{Deserialize, Serialize};

/// What the store keeps of a session, sealed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Meta {
    /// When it began.
    pub(crate) created_at: Timestamp,
    /// The front end's id for making it.
    pub(crate) client_id: String,
    /// The title.
    pub(crate) title: String,
    /// What it is doing.
    pub(crate) status: SessionStatus,
    /// Kinds of its documents.
    pub(crate) documents: Vec<String>,
    /// Change sets that stand.
    pub(crate) changes: u32,
    /// Commands that run in the background.
    #[serde(default)]
    pub(crate) background: u32,
}

impl Meta {
    /// A new session.
    pub(crate) fn new(created_at: Timestamp, client_id: String, title: String) -> Self {
        Self {
            created_at,
            client_id,
            title,
            status: SessionStatus::Idle,
            documents: Vec::new(),
            changes: 0,
            background: 0,
        }
    }

    /// True while a turn runs or waits for a person.
    pub(crate) fn is_busy(&self) -> bool {
        matches!(self.status, SessionStatus::Working | SessionStatus::Waiting)
    }

    /// What is to be kept of a session as it is.
    pub(crate) fn of(session: &Session, before: &Self) -> Self {
        let kind = |kind: DocumentKind| match kind {
            DocumentKind::Workbook => "workbook".to_owned(),
            DocumentKind::Deck => "deck".to_owned(),
            DocumentKind::Document => "document".to_owned(),
            DocumentKind::Pdf => "pdf".to_owned(),
            DocumentKind::Csv => "csv".to_owned(),
            DocumentKind::Legacy => "legacy".to_owned(),
            DocumentKind::File => "file".to_owned(),
        };
        Self {
            title: session.title.clone(),
            status: session.status(),
            documents: session
                .documents
                .values()
                .take(4)
                .map(|document| kind(document.kind))
                .collect(),
            changes: session.changes.iter().filter(|(_, applied)| *applied).count() as u32,
            background: session.background.running.len() as u32,
            ..before.clone()
        }
    }

    /// As it lies in the store.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Reads what lies in the store; `None` when it is of another version.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }

    /// The line.
    pub(crate) fn summary(&self, id: &SessionId, updated_at: Timestamp, last_seq: u64) -> SessionSummary {
        SessionSummary {
            id: id.clone(),
            title: self.title.clone(),
            created_at: self.created_at,
            updated_at,
            status: self.status,
            last_seq,
            documents: self.documents.clone(),
            changes: self.changes,
            background: self.background,
        }
    }
}
