//! The agent's tools for documents.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use deskhand_core::model::ToolDefinition;
use deskhand_core::ports::{BoxFuture, Journal, Progress, Tools};
use deskhand_core::rules::{AccessPolicies, Rules};
use deskhand_core::tool::{FolderTool, Prepared, ToolFailure, ToolRequest, ToolResult, operation_of};
use deskhand_protocol::document::DocumentView;
use deskhand_protocol::operations::{Address, CellValue, Effect};
use deskhand_protocol::{ChangeSetId, DocumentId, SessionId, Timestamp};
use deskhand_workspace::{Folder, Folders};

use crate::backend::{Backends, Reach};
use crate::file::Files;
use crate::files_changed::Seen;
use crate::journal::{Image, Records};
use crate::lent::Loans;
use crate::panes::Panes;
use crate::registry::Registry;
use crate::shown::ShownBytes;
use crate::{call, context};

/// Time and chance, handed in (Invariant 10).
pub trait World: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;
    /// Ten random bytes.
    fn chance(&self) -> [u8; 10];
}

/// What of files may be read.
#[derive(Clone, Debug, Default)]
pub struct FileAccess {
    /// By their sensitivity labels.
    pub labels: AccessPolicies,
    /// True where a file may be attached only if it lies in an attached folder.
    pub only_in_folders: bool,
    /// The person's own folder, which `~` stands for.
    pub home: Option<PathBuf>,
}

/// Cells that a session wrote in a document, by sheet, row and column.
pub(crate) type OwnCells = BTreeMap<(String, u32, u32), CellValue>;

/// The tools of all sessions.
#[derive(Clone)]
pub struct DocumentTools {
    pub(crate) registry: Arc<Registry>,
    pub(crate) backends: Backends,
    pub(crate) records: Records,
    pub(crate) world: Arc<dyn World>,
    pub(crate) folders: Arc<Folders>,
    pub(crate) rules: Arc<Rules>,
    pub(crate) access: Arc<FileAccess>,
    pub(crate) seen: Arc<Seen>,
    own: Arc<Mutex<HashMap<(SessionId, DocumentId), OwnCells>>>,
    pub(crate) shown: Arc<ShownBytes>,
    pub(crate) loans: Arc<Loans>,
}

impl fmt::Debug for DocumentTools {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DocumentTools").finish_non_exhaustive()
    }
}

impl DocumentTools {
    /// Puts the tools together. Files are reached through `folders` alone.
    pub fn new(
        registry: Arc<Registry>,
        panes: Arc<dyn Panes>,
        journal: Arc<dyn Journal>,
        world: Arc<dyn World>,
        folders: Folders,
    ) -> Self {
        let backends = Backends {
            panes,
            files: Arc::new(Files::default()),
        };
        Self {
            registry,
            backends,
            records: Records(journal),
            world,
            folders: Arc::new(folders),
            rules: Arc::default(),
            access: Arc::default(),
            seen: Arc::default(),
            own: Arc::default(),
            shown: Arc::default(),
            loans: Arc::default(),
        }
    }

    /// The same tools, with files that hold no sources of figures. The journal keeps them.
    #[must_use]
    pub fn without_sources_in_files(mut self) -> Self {
        self.backends.files = Arc::new(Files::without_sources());
        self
    }

    /// The same tools under the rules of an organisation.
    #[must_use]
    pub fn ruled_by(mut self, rules: Arc<Rules>, access: FileAccess) -> Self {
        self.rules = rules;
        self.access = Arc::new(access);
        self
    }

    /// Whether the journal takes more.
    pub(crate) async fn has_room(&self) -> Result<(), ToolFailure> {
        let room = self.records.0.room().await;
        room.map_err(|error| call::failure(&error.happened, &error.to_string()))
    }

    /// The paths of a session's folders.
    pub fn folders_of(&self, session: &SessionId) -> Vec<String> {
        let folders = self.registry.folders(session);
        folders
            .iter()
            .map(|folder| folder.path().display().to_string())
            .collect()
    }

    /// The folders of a session, for what shows them to the sandbox.
    pub fn shared_folders(&self, session: &SessionId) -> Vec<Arc<Folder>> {
        self.registry.folders(session)
    }

    /// Forgets a session that was deleted.
    pub fn forget(&self, session: &SessionId) {
        self.registry.forget(session);
        self.seen.forget(session);
        let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        own.retain(|(of, _), _| of != session);
        self.shown.forget(session);
    }

    /// The way to a document, waiting where a pane is busy or gone.
    pub(crate) fn reach<'a>(
        &'a self,
        session: &'a SessionId,
        document: &'a DocumentView,
        progress: &'a dyn Progress,
    ) -> Reach<'a> {
        Reach {
            backends: &self.backends,
            registry: &self.registry,
            session,
            document,
            progress,
        }
    }

    pub(crate) fn new_change_set(&self) -> ChangeSetId {
        ChangeSetId::new(self.world.now(), self.world.chance())
    }

    /// What the session wrote in a document and did not undo; read from the journal once, then kept.
    pub(crate) async fn own_cells(&self, session: &SessionId, document: &DocumentId) -> OwnCells {
        let key = (session.clone(), document.clone());
        if let Some(known) = self.own.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return known.clone();
        }
        let mut cells = OwnCells::new();
        for record in self.records.done(session).await.unwrap_or_default() {
            if record.document == *document && !record.undone {
                note(&mut cells, &record.after);
            }
        }
        self.own
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(key, cells.clone());
        cells
    }

    /// Takes note of what was just written.
    pub(crate) fn note_own(&self, session: &SessionId, document: &DocumentId, after: &Image) {
        let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(cells) = own.get_mut(&(session.clone(), document.clone())) {
            note(cells, after);
        }
    }

    /// Forgets what is known of a document, after an undo; the journal is read again when it is needed.
    pub(crate) fn forget_own(&self, session: &SessionId, document: &DocumentId) {
        let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        own.remove(&(session.clone(), document.clone()));
    }
}

fn note(cells: &mut OwnCells, after: &Image) {
    let Image::Range(content) = after else { return };
    let Ok(Address {
        sheet: Some(sheet),
        area: Some(area),
    }) = Address::parse(&content.address)
    else {
        return;
    };
    let sheet = sheet.to_lowercase();
    for (row, line) in (area.top..).zip(content.formulas.iter().flatten()) {
        for (column, value) in (area.left..).zip(line) {
            cells.insert((sheet.clone(), row, column), value.clone());
        }
    }
}

/// True for the tools that can change a document or a file.
fn may_change(tool: &str) -> bool {
    let folder_tool = FolderTool::of_name(tool).is_some_and(|tool| !tool.only_reads());
    folder_tool || operation_of(tool).is_some_and(|definition| definition.effect != Effect::Read)
}

impl Tools for DocumentTools {
    fn definitions(&self) -> Vec<ToolDefinition> {
        call::tools()
    }

    fn prepare<'a>(
        &'a self,
        request: &'a ToolRequest,
        progress: &'a dyn Progress,
    ) -> BoxFuture<'a, Result<Prepared, ToolFailure>> {
        Box::pin(async move {
            if may_change(&request.name) {
                // Without room for the way back nothing is changed (Invariant 6), and nothing is put there before this is known.
                self.has_room().await?;
            }
            self.prepare_call(request, progress).await
        })
    }

    fn run<'a>(&'a self, request: &'a ToolRequest, progress: &'a dyn Progress) -> BoxFuture<'a, ToolResult> {
        Box::pin(self.run_call(request, progress))
    }

    fn context<'a>(&'a self, session: &'a SessionId) -> BoxFuture<'a, String> {
        Box::pin(async move { self.told_documents(session, context::TOLD).await })
    }
}
