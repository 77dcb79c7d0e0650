//! A session with the real tools for documents, for tests of what is drawn and converted.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use deskhand_core::instructions::holds_data;
use deskhand_core::ports::{BlobId, BoxFuture, Journal as _, Tools as _};
use deskhand_core::tool::{ToolRequest, ToolResult};
use deskhand_documents::{DocumentTools, PaneError, Panes, Registry, World};
use deskhand_protocol::document::{ApplyAnswer, ApplyParams};
use deskhand_protocol::event::ToolOutcome;
use deskhand_protocol::sandbox::{SandboxTier, Sight};
use deskhand_protocol::{DocumentId, Timestamp};
use deskhand_sandbox::{SandboxTools, Terms};
use deskhand_test_support::sandbox_images;
use deskhand_workspace::Folders;
use pretty_assertions::assert_eq;
use serde_json::{Value, json};

use crate::stage::Stage;

/// No document is open in Office.
#[derive(Debug)]
struct NoPanes;

/// A clock that stands, and chance that counts.
#[derive(Debug, Default)]
struct Counting(AtomicU64);

impl World for Counting {
    fn now(&self) -> Timestamp {
        1_000_000_000_000
    }

    fn chance(&self) -> [u8; 10] {
        let mut chance = [9; 10];
        chance[2..].copy_from_slice(&self.0.fetch_add(1, Ordering::Relaxed).to_be_bytes());
        chance
    }
}

impl Panes for NoPanes {
    fn apply<'a>(
        &'a self,
        _: &'a DocumentId,
        _: ApplyParams,
    ) -> BoxFuture<'a, Result<ApplyAnswer, PaneError>> {
        Box::pin(async { panic!("no document is open in Office") })
    }

    fn is_live(&self, _: &DocumentId) -> bool {
        false
    }

    fn returned<'a>(&'a self, _: &'a DocumentId) -> BoxFuture<'a, ()> {
        Box::pin(std::future::pending())
    }
}

/// A session with the real tools for documents beside those of the sandbox.
pub(crate) struct Desk {
    pub(crate) stage: Stage,
    pub(crate) documents: DocumentTools,
    registry: Arc<Registry>,
}

impl Desk {
    pub(crate) async fn new() -> Self {
        Self::of(sandbox_images()).await
    }

    pub(crate) async fn of(images: PathBuf) -> Self {
        let policy = json!({ "coworkEgressAllowedHosts": ["*"] });
        let mut stage = Stage::with(&Terms::AsAttached, &policy, images);
        let registry = Arc::new(Registry::default());
        let documents = DocumentTools::new(
            Arc::clone(&registry),
            Arc::new(NoPanes),
            Arc::new(stage.journal.clone()),
            Arc::new(Counting::default()),
            Folders::new(None),
        );
        documents
            .attach_folder(&Stage::session(), &stage.plans())
            .await
            .expect("a folder");
        let others = Arc::new(documents.clone());
        let papers = Arc::new(documents.clone());
        stage.tools = SandboxTools::new(others, stage.machines.clone()).with_papers(papers);
        Self {
            stage,
            documents,
            registry,
        }
    }

    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.stage.plans().join(name)
    }

    pub(crate) async fn call(&self, tool: &str, name: &str, more: Value) -> ToolResult {
        let mut input = more;
        input["path"] = json!(self.at(name));
        self.done(&self.stage.request(tool, input)).await
    }

    /// Makes a file a document of the session; gives its id.
    pub(crate) async fn open(&self, name: &str) -> String {
        let opened = self.call("document_open", name, json!({})).await;
        assert_eq!(opened.outcome, ToolOutcome::Done, "{}", opened.output);
        let documents = self.registry.list(&Stage::session());
        let found = documents.iter().find(|document| document.title == name);
        found.expect("a document").id.to_string()
    }

    /// What a tool does on a document.
    pub(crate) async fn on(&self, document: &str, tool: &str, more: Value) -> ToolResult {
        let mut input = more;
        input["document"] = json!(document);
        self.done(&self.stage.request(tool, input)).await
    }

    async fn done(&self, request: &ToolRequest) -> ToolResult {
        match self.stage.tools.prepare(request, &self.stage.watch).await {
            Ok(_) => self.stage.tools.run(request, &self.stage.watch).await,
            Err(refused) => ToolResult::new(ToolOutcome::Failed, refused.title, refused.output),
        }
    }

    /// The pictures of a call that must end well.
    pub(crate) async fn drawn(&self, name: &str, more: Value) -> Vec<Vec<u8>> {
        let result = self.call("document_render", name, more).await;
        assert_eq!(result.outcome, ToolOutcome::Done, "{}", result.output);
        assert!(holds_data(&result.output), "{}", result.output);
        assert_eq!(result.tier, Some(SandboxTier::VmEmulated));
        assert_eq!(result.change_set, None);
        let mut pictures = Vec::new();
        for attachment in result.attachments {
            let id = BlobId(attachment.content);
            let found = self.stage.journal.blob(&Stage::session(), &id).await;
            pictures.push(found.expect("a journal").expect("a picture"));
        }
        pictures
    }

    /// The programs that ran in the machines.
    pub(crate) fn ran(&self) -> Vec<String> {
        let sights = self.stage.sights().into_iter();
        sights
            .filter_map(|sight| match sight {
                Sight::Started { arguments, .. } => Some(arguments.join(" ")),
                _ => None,
            })
            .collect()
    }

    /// True where a machine tried to reach anything.
    pub(crate) fn reached(&self) -> bool {
        let sights = self.stage.sights();
        sights
            .iter()
            .any(|sight| matches!(sight, Sight::Connection { .. }))
    }
}
