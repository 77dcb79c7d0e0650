//! Documents of the attached folders, opened by their paths: those that were not listed when the folder was attached, and
//! those that came later. Nothing new is granted by it (Invariant 8).

use std::sync::Arc;

use deskhand_core::instructions::as_data;
use deskhand_core::tool::{Prepared, ToolFailure, ToolRequest, ToolResult};
use deskhand_protocol::document::{DocumentKind, DocumentView};
use deskhand_protocol::event::ToolOutcome;
use deskhand_protocol::operations::Effect;
use deskhand_protocol::{SessionId, UserError};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::attach::kind_of;
use crate::call::failure;
use crate::context::line;
use crate::door::Door;
use crate::files_changed::Located;
use crate::folder_tools::{parsed, refused, subject};
use crate::tools::DocumentTools;

/// Opens a workbook, deck, Word document, PDF, table of text or old spreadsheet that lies in an attached folder, and answers
/// its id for the tools of its kind. Documents that documents_list names are open already.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Open {
    /// The document's whole path, as Glob tells it.
    path: String,
}

impl DocumentTools {
    /// Looks whether a document may be opened.
    pub(crate) async fn prepare_open(&self, request: &ToolRequest) -> Result<Prepared, ToolFailure> {
        let (at, _) = self.to_open(request).await?;
        Ok(Prepared {
            effect: Effect::Read,
            document: None,
            file: Some(subject(&at.folder, &at.below)),
            directory: None,
            web: None,
            command: None,
            ask: None,
        })
    }

    /// Makes a document part of the session.
    pub(crate) async fn run_open(&self, request: &ToolRequest) -> Result<ToolResult, ToolFailure> {
        let (at, kind) = self.to_open(request).await?;
        let door = at.door();
        let view = self.admit_here(&request.session, kind, door.clone()).await;
        let view = view.map_err(|error| failure(&error.happened, &error.to_string()))?;
        let told = line(&view, Some(&door));
        let title = format!("Opened {}", door.name());
        let output = as_data("the list of documents", &told);
        Ok(ToolResult {
            documents: vec![view],
            ..ToolResult::new(ToolOutcome::Done, title, output)
        })
    }

    /// Opens the way to a document and takes it into the session.
    pub(crate) async fn admit_here(
        &self,
        session: &SessionId,
        kind: DocumentKind,
        door: Door,
    ) -> Result<DocumentView, UserError> {
        let view = self.admit(session, kind, door).await?;
        self.registry.join(session, &view.id);
        Ok(view)
    }

    /// The document that a call names, where it is there and may be read.
    async fn to_open(&self, request: &ToolRequest) -> Result<(Located, DocumentKind), ToolFailure> {
        let asked: Open = parsed(request.input.clone())?;
        let at = self.locate(&request.session, &asked.path);
        let at = at.map_err(|error| refused(&error))?;
        let Some(kind) = kind_of(at.below.name()) else {
            let reason =
                "this is no document that there are tools for: Read tells what texts and pictures hold";
            return Err(failure("Not a document", reason));
        };
        let (folder, below) = (Arc::clone(&at.folder), at.below.clone());
        let opening = tokio::task::spawn_blocking(move || folder.open_for_read(&below).map(drop));
        let opened = opening
            .await
            .map_err(|error| failure("Not opened", &error.to_string()))?;
        opened.map_err(|error| refused(&error))?;
        self.check_label_at(&request.session, kind, at.door()).await?;
        Ok((at, kind))
    }
}
