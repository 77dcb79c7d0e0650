//! Calls about documents and folders: those that panes stand in, and those that are attached to sessions.

use std::path::Path;

use deskhand_protocol::change::FiguresAnswer;
use deskhand_protocol::document::{
    AttachParams, ChangedParams, DetachParams, DocumentAnswer, DocumentKind, DocumentParams, DocumentsAnswer,
    LiveDocument, OpenParams, SelectParams,
};
use deskhand_protocol::hello::FrontEndKind;
use deskhand_protocol::session::Nothing;
use deskhand_protocol::{DocumentId, ErrorCode, EventBody, Method, Notification, UserError};
use deskhand_server::FrontEnd;
use serde_json::Value;

use super::{Service, session_in};
use crate::clock::{chance, now};
use crate::wire::{give, read};

impl Service {
    /// Answers a call about documents; what is about none goes on to the settings.
    pub(super) async fn document_method(
        &self,
        front_end: &FrontEnd,
        method: Method,
        params: Value,
    ) -> Result<Value, UserError> {
        let by = front_end.kind();
        match method {
            Method::DocumentOpen => give(
                self.open(front_end, &read::<OpenParams>(params)?.document)
                    .await?,
            ),
            Method::DocumentChanged => {
                // Undo compares with what is there at that time, so nothing has to be kept of this.
                let _: ChangedParams = read(params)?;
                give(Nothing {})
            }
            Method::DocumentClosed => {
                let params: DocumentParams = read(params)?;
                if self.panes.document_of(front_end).as_ref() == Some(&params.document) {
                    self.leave(front_end);
                    self.hub.registry.closed(&params.document);
                }
                give(Nothing {})
            }
            Method::DocumentList => give(DocumentsAnswer {
                documents: self.hub.registry.live(),
            }),
            Method::DocumentAttach => give(self.attach_file(read(params)?, by).await?),
            Method::DocumentDetach => {
                let params: DetachParams = read(params)?;
                self.hub.handle(&params.session).await?;
                self.hub
                    .documents
                    .detach(&params.session, &params.document)
                    .await?;
                let document = params.document;
                let events = vec![EventBody::DocumentDetached { document }];
                self.hub.record(&params.session, events, by.into()).await?;
                give(Nothing {})
            }
            Method::FolderAttach => {
                let AttachParams { session, path } = read(params)?;
                let path = Path::new(&path);
                self.hub.attach_folder(&session, path, by.into()).await?;
                give(Nothing {})
            }
            Method::FolderDetach => {
                let AttachParams { session, path } = read(params)?;
                self.hub.detach_folder(&session, &path, by.into()).await?;
                give(Nothing {})
            }
            Method::DocumentSelect => {
                self.panes.select(&read::<SelectParams>(params)?).await?;
                give(Nothing {})
            }
            Method::FigureCheck => {
                let session = session_in(params)?;
                // The session is loaded first, so that its documents are known.
                self.hub.handle(&session).await?;
                let figures = self.hub.documents.check_figures(&session).await?;
                give(FiguresAnswer { figures })
            }
            _ => self.configuration.call(method, params).await,
        }
    }

    /// Registers the document that a pane stands in.
    pub(super) async fn open(
        &self,
        front_end: &FrontEnd,
        live: &LiveDocument,
    ) -> Result<DocumentAnswer, UserError> {
        let expected = match front_end.kind() {
            FrontEndKind::Excel => DocumentKind::Workbook,
            FrontEndKind::Powerpoint => DocumentKind::Deck,
            FrontEndKind::Window | FrontEndKind::Terminal => {
                return Err(UserError::new(ErrorCode::NotPermitted));
            }
        };
        if live.kind != expected {
            return Err(UserError::new(ErrorCode::DocumentWrongKind));
        }
        let former = self.panes.document_of(front_end);
        if let Some(former) = &former {
            // The pane may stand in the same document, saved under another name: that one is not open elsewhere.
            self.hub.registry.left(former);
        }
        let document = self.hub.registry.open(live, DocumentId::new(now(), chance()));
        if let Some(former) = former.filter(|former| *former != document.id) {
            self.hub.registry.closed(&former);
        }
        self.panes.enter(&document.id, front_end);
        for session in self.hub.registry.sessions_of(&document.id) {
            let event = EventBody::DocumentAttached {
                document: document.clone(),
            };
            self.hub
                .record(&session, vec![event], front_end.kind().into())
                .await?;
        }
        self.tell_documents();
        Ok(DocumentAnswer { document })
    }

    /// Takes a front end out of its document.
    pub(super) fn leave(&self, front_end: &FrontEnd) {
        if let Some(document) = self.panes.leave(front_end) {
            self.hub.registry.left(&document);
            self.tell_documents();
        }
    }

    fn tell_documents(&self) {
        let documents = DocumentsAnswer {
            documents: self.hub.registry.live(),
        };
        self.front_ends
            .notify(|_| true, Notification::DocumentListChanged, &documents);
    }

    async fn attach_file(&self, params: AttachParams, by: FrontEndKind) -> Result<DocumentAnswer, UserError> {
        let AttachParams { session, path } = params;
        // The session is loaded first, so that nothing is attached to one that is not there.
        self.hub.handle(&session).await?;
        let document = self.hub.documents.attach_file(&session, Path::new(&path)).await?;
        self.hub
            .join(&session, std::slice::from_ref(&document.id), by.into())
            .await?;
        Ok(DocumentAnswer { document })
    }
}
