//! The connected panes as the documents see them: which one owns a document, and what it is asked.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use deskhand_core::ports::BoxFuture;
use deskhand_documents::{PaneError, Panes};
use deskhand_protocol::document::{ApplyAnswer, ApplyParams, SelectParams};
use deskhand_protocol::{DocumentId, ErrorCode, ServiceCall, UserError};
use deskhand_server::{CallError, FrontEnd};
use tokio::sync::Notify;

/// How long a pane may take for one batch. Excel may be calculating.
const PATIENCE: Duration = Duration::from_secs(90);

/// Panes by the document that they stand in. Of several panes in one document the newest is asked.
#[derive(Debug, Default)]
pub(crate) struct LivePanes {
    panes: Mutex<BTreeMap<DocumentId, FrontEnd>>,
    came: Notify,
}

impl LivePanes {
    /// A pane stands in a document. A front end stands in one document at a time.
    pub(crate) fn enter(&self, document: &DocumentId, pane: &FrontEnd) {
        let mut panes = self.panes.lock().unwrap_or_else(PoisonError::into_inner);
        panes.retain(|_, other| other.id() != pane.id());
        panes.insert(document.clone(), pane.clone());
        drop(panes);
        self.came.notify_waiters();
    }

    /// A front end is gone; the document that it stood in, if it did.
    pub(crate) fn leave(&self, pane: &FrontEnd) -> Option<DocumentId> {
        let mut panes = self.panes.lock().unwrap_or_else(PoisonError::into_inner);
        let document = panes
            .iter()
            .find(|(_, other)| other.id() == pane.id())
            .map(|(document, _)| document.clone())?;
        panes.remove(&document);
        Some(document)
    }

    /// The document that a front end stands in.
    pub(crate) fn document_of(&self, pane: &FrontEnd) -> Option<DocumentId> {
        let panes = self.panes.lock().unwrap_or_else(PoisonError::into_inner);
        panes
            .iter()
            .find(|(_, other)| other.id() == pane.id())
            .map(|(document, _)| document.clone())
    }

    /// Shows a place in a document.
    pub(crate) async fn select(&self, params: &SelectParams) -> Result<(), UserError> {
        let pane = self
            .pane(&params.document)
            .ok_or_else(|| UserError::new(ErrorCode::DocumentPaneClosed))?;
        let value = serde_json::to_value(params)
            .map_err(|error| UserError::new(ErrorCode::Internal).detail(error))?;
        let shown = pane.call(ServiceCall::DocumentSelect, value, PATIENCE).await;
        shown
            .map(drop)
            .map_err(|error| UserError::new(ErrorCode::DocumentPaneClosed).detail(error))
    }

    fn pane(&self, document: &DocumentId) -> Option<FrontEnd> {
        let panes = self.panes.lock().unwrap_or_else(PoisonError::into_inner);
        panes.get(document).filter(|pane| !pane.is_gone()).cloned()
    }
}

/// The shared form, for the port.
#[derive(Clone, Debug)]
pub(crate) struct SharedPanes(pub(crate) Arc<LivePanes>);

impl Panes for SharedPanes {
    fn apply<'a>(
        &'a self,
        document: &'a DocumentId,
        params: ApplyParams,
    ) -> BoxFuture<'a, Result<ApplyAnswer, PaneError>> {
        Box::pin(async move {
            let pane = self.0.pane(document).ok_or(PaneError::NotConnected)?;
            let value = serde_json::to_value(params).map_err(|_| PaneError::NotConnected)?;
            match pane.call(ServiceCall::DocumentApply, value, PATIENCE).await {
                Ok(answer) => serde_json::from_value(answer).map_err(|_| PaneError::Unknown),
                Err(CallError::NotSent) => Err(PaneError::NotConnected),
                Err(error) => {
                    tracing::warn!(%document, %error, "a pane gave no answer");
                    Err(PaneError::Unknown)
                }
            }
        })
    }

    fn is_live(&self, document: &DocumentId) -> bool {
        self.0.pane(document).is_some()
    }

    fn returned<'a>(&'a self, document: &'a DocumentId) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            loop {
                let came = self.0.came.notified();
                if self.is_live(document) {
                    return;
                }
                came.await;
            }
        })
    }
}
