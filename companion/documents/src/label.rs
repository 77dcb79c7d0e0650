//! Sensitivity labels: a document whose label the organisation denies is not read. Of one that is open in Office, its file is
//! looked at; where that is out of reach, the label is not known and the document is not read.

use std::path::{Path, PathBuf};

use deskhand_core::rules::Label;
use deskhand_core::tool::{FileSubject, ToolFailure, ToolRequest};
use deskhand_opc::{Limits, Package, open_file};
use deskhand_protocol::document::{DocumentKind, DocumentView};
use deskhand_protocol::{ErrorCode, SessionId, UserError};
use deskhand_workspace::{Folders, RelativePath};

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
            None => self.check_label_of_live(&request.session, document).await,
        }
    }

    /// The same for a document that is open in Office and was not attached as a file.
    async fn check_label_of_live(
        &self,
        session: &SessionId,
        document: &DocumentView,
    ) -> Result<(), ToolFailure> {
        if self.access.labels.0.is_empty() || !may_have_label(document.kind) {
            return Ok(());
        }
        let path = document.path.clone().map(PathBuf::from);
        let door = tokio::task::spawn_blocking(move || door_to(&path?));
        match door.await.ok().flatten() {
            Some(door) => self.check_label_at(session, document.kind, door).await,
            None if self.access.labels.may_read(None) => Ok(()),
            None => {
                let error = UserError::new(ErrorCode::LabelDenied).happened(
                    "This document is open in Office and its file is not on this computer, so its sensitivity label is \
                     not known.",
                );
                Err(failure(&error.happened, &error.to_string()))
            }
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
        let looking = tokio::task::spawn_blocking(move || labels(&door)).await;
        self.heed_labels(session, looking.ok().flatten().as_deref())
    }

    /// The same for bytes that were read; answers them.
    pub(crate) async fn check_label_in(
        &self,
        session: &SessionId,
        kind: DocumentKind,
        content: Vec<u8>,
    ) -> Result<Vec<u8>, ToolFailure> {
        if self.access.labels.0.is_empty() || !may_have_label(kind) {
            return Ok(content);
        }
        let looking = tokio::task::spawn_blocking(move || {
            let package = Package::open(content.clone(), &Limits::default());
            (package.ok().and_then(|package| labels_of(&package)), content)
        });
        let (found, content) = looking
            .await
            .map_err(|error| failure("Not read", &error.to_string()))?;
        self.heed_labels(session, found.as_deref())?;
        Ok(content)
    }

    fn heed_labels(&self, session: &SessionId, found: Option<&[Label]>) -> Result<(), ToolFailure> {
        if self.access.labels.may_read(found) {
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

/// The way to a file of which nothing but its label is looked at; the folder need not be one that may be attached.
fn door_to(path: &Path) -> Option<Door> {
    let folder = Folders::new(None).open(path.parent()?).ok()?;
    let below = RelativePath::parse(path.file_name()?.to_str()?).ok()?;
    Some(Door::alone(folder, below))
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
    labels_of(&open_file(file, &limits).ok()?)
}

fn labels_of(package: &Package) -> Option<Vec<Label>> {
    let found = package.labels().ok()?;
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
