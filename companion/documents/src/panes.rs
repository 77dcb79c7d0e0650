//! What this room needs of the connections to panes; the server's connections implement it.

use deskhand_core::ports::BoxFuture;
use deskhand_protocol::DocumentId;
use deskhand_protocol::document::{ApplyAnswer, ApplyParams};

/// Why a pane gave no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaneError {
    /// No pane stands in the document; nothing was sent.
    NotConnected,
    /// The batch was sent and no answer came: whether it was done is not known.
    Unknown,
}

/// The panes that are connected.
pub trait Panes: Send + Sync {
    /// Asks the pane that owns the document to do a batch.
    fn apply<'a>(
        &'a self,
        document: &'a DocumentId,
        params: ApplyParams,
    ) -> BoxFuture<'a, Result<ApplyAnswer, PaneError>>;

    /// True while a pane stands in the document.
    fn is_live(&self, document: &DocumentId) -> bool;

    /// Ends once a pane stands in the document, at once where one does.
    fn returned<'a>(&'a self, document: &'a DocumentId) -> BoxFuture<'a, ()>;
}
