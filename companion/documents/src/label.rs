//! Sensitivity labels: a document whose label the organisation denies is not read from disk.

use deskhand_core::rules::Label;
use deskhand_core::tool::{FileSubject, ToolFailure, ToolRequest};
use deskhand_opc::{Limits, open_file};
use deskhand_protocol::document::{DocumentKind, DocumentView};
use deskhand_protocol::{ErrorCode, SessionId, UserError};

use crate::call::failure;
use crate::door::Door;
use crate::tools::DocumentTools;

impl DocumentTools {
    /// Refuses a document whose label is denied. It is looked at each time: a label is set while a session runs.
    pub(crate) async fn check_label(
        &self,
        request: &ToolRequest,
        document: &DocumentView,
    ) -> Result<(), ToolFailure> {
        match self.registry.door(&request.session, &document.id) {
            Some(door) => self.check_label_at(&request.session, document.kind, door).await,
            None => Ok(()),
        }
    }

    /// The same for a file on disk.
    pub(crate) async fn check_label_at(
        &self,
        session: &SessionId,
        kind: DocumentKind,
        door: Door,
    ) -> Result<(), ToolFailure> {
        if self.access.labels.0.is_empty() || !may_have_label(kind) {
            return Ok(());
        }
        let looking = tokio::task::spawn_blocking(move || labels(&door))
            .await
            .ok()
            .flatten();
        if self.access.labels.may_read(looking.as_deref()) {
            return Ok(());
        }
        tracing::warn!(%session, "a sensitivity label keeps a document from being read");
        let error = UserError::new(ErrorCode::LabelDenied);
        Err(failure(&error.happened, &error.to_string()))
    }

    /// The file of a document that is on disk and not open in Office, as rules are asked about it.
    pub(crate) fn file_of(&self, session: &SessionId, document: &DocumentView) -> Option<FileSubject> {
        let door = self.registry.door(session, &document.id)?;
        if self.backends.is_live(document) {
            return None;
        }
        let (folder, _, alone) = door.parts();
        Some(FileSubject {
            path: door.path().display().to_string(),
            folder: (!alone).then(|| folder.path().display().to_string()),
        })
    }
}

fn may_have_label(kind: DocumentKind) -> bool {
    matches!(
        kind,
        DocumentKind::Workbook | DocumentKind::Deck | DocumentKind::Document
    )
}

/// The labels that count; nothing where they cannot be read.
fn labels(door: &Door) -> Option<Vec<Label>> {
    let limits = Limits::default();
    let (file, _) = door.open(limits.file_bytes).ok()?;
    let found = open_file(file, &limits).ok()?.labels().ok()?;
    let active = found.into_iter().filter(deskhand_opc::Label::is_active);
    Some(
        active
            .map(|label| Label {
                id: label.id,
                name: label.name,
            })
            .collect(),
    )
}
