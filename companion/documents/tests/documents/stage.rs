//! What the tests stand on: a journal in memory, a pane whose workbook is in memory, and a session.

use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use deskhand_core::ports::{BlobId, BoxFuture, Journal, Progress, Settled, Tools};
use deskhand_core::tool::{Prepared, ToolFailure, ToolRequest, ToolResult};
use deskhand_documents::{DocumentTools, PaneError, Panes, Registry, World};
use deskhand_opc::{Limits, Package};
use deskhand_protocol::change::ChangeSet;
use deskhand_protocol::document::{ApplyAnswer, ApplyOutcome, ApplyParams};
use deskhand_protocol::operations::{
    Answer, CellInput, Effect, Operation, Refusal, RefusalCode, WorkbookOperation,
};
use deskhand_protocol::{CallId, DocumentId, ErrorCode, SessionId, Timestamp, TurnId, UserError};
use deskhand_sheet::Workbook;
use deskhand_workspace::{AllowedFolder, Fingerprint, Folders};
use serde_json::Value;

/// Entries in the order of their first writing.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    entries: Mutex<Vec<(SessionId, String, Vec<u8>)>>,
    blobs: Mutex<BTreeMap<(SessionId, String), Vec<u8>>>,
    /// Writes that still succeed; none: all.
    pub(crate) left: Mutex<Option<u32>>,
    /// True where it holds as much as it may.
    pub(crate) is_full: AtomicBool,
}

impl Memory {
    /// Every content that is kept, as text.
    pub(crate) fn blob_texts(&self) -> Vec<String> {
        let blobs = self.blobs.lock().unwrap();
        let text = |content: &Vec<u8>| String::from_utf8_lossy(content).into_owned();
        blobs.values().map(text).collect()
    }

    /// Changes the entry whose key begins so, as if the service had been killed at another moment.
    pub(crate) fn edit(&self, prefix: &str, change: impl FnOnce(&mut Value)) {
        let mut entries = self.entries.lock().unwrap();
        let entry = entries.iter_mut().find(|(_, key, _)| key.starts_with(prefix));
        let (_, _, bytes) = entry.unwrap();
        let mut value = serde_json::from_slice(bytes).unwrap();
        change(&mut value);
        *bytes = serde_json::to_vec(&value).unwrap();
    }
}

impl Journal for Memory {
    fn room(&self) -> BoxFuture<'_, Result<(), UserError>> {
        let full = self.is_full.load(Ordering::Relaxed);
        let room = if full {
            Err(UserError::new(ErrorCode::JournalFull))
        } else {
            Ok(())
        };
        Box::pin(std::future::ready(room))
    }

    fn put<'a>(
        &'a self,
        session: &'a SessionId,
        key: &'a str,
        value: Vec<u8>,
        _: Settled,
    ) -> BoxFuture<'a, Result<(), UserError>> {
        let mut left = self.left.lock().unwrap();
        if *left == Some(0) {
            return Box::pin(std::future::ready(Err(UserError::new(ErrorCode::DiskFull))));
        }
        *left = left.map(|left| left - 1);
        let mut entries = self.entries.lock().unwrap();
        let known = entries
            .iter_mut()
            .find(|(of, known, _)| of == session && known == key);
        match known {
            Some((_, _, old)) => *old = value,
            None => entries.push((session.clone(), key.to_owned(), value)),
        }
        Box::pin(std::future::ready(Ok(())))
    }

    fn get<'a>(
        &'a self,
        session: &'a SessionId,
        key: &'a str,
    ) -> BoxFuture<'a, Result<Option<Vec<u8>>, UserError>> {
        let entries = self.entries.lock().unwrap();
        let found = entries
            .iter()
            .find(|(of, known, _)| of == session && known == key);
        let found = found.map(|(_, _, value)| value.clone());
        Box::pin(std::future::ready(Ok(found)))
    }

    fn put_blob<'a>(
        &'a self,
        session: &'a SessionId,
        content: Vec<u8>,
    ) -> BoxFuture<'a, Result<BlobId, UserError>> {
        let mut left = self.left.lock().unwrap();
        if *left == Some(0) {
            return Box::pin(std::future::ready(Err(UserError::new(ErrorCode::DiskFull))));
        }
        *left = left.map(|left| left - 1);
        let id = BlobId(Fingerprint::of(&content).to_string());
        let mut blobs = self.blobs.lock().unwrap();
        blobs.insert((session.clone(), id.0.clone()), content);
        Box::pin(std::future::ready(Ok(id)))
    }

    fn blob<'a>(
        &'a self,
        session: &'a SessionId,
        id: &'a BlobId,
    ) -> BoxFuture<'a, Result<Option<Vec<u8>>, UserError>> {
        let blobs = self.blobs.lock().unwrap();
        let found = blobs.get(&(session.clone(), id.0.clone())).cloned();
        Box::pin(std::future::ready(Ok(found)))
    }

    fn keys<'a>(
        &'a self,
        session: &'a SessionId,
        prefix: &'a str,
    ) -> BoxFuture<'a, Result<Vec<String>, UserError>> {
        let entries = self.entries.lock().unwrap();
        let found = entries
            .iter()
            .filter(|(of, key, _)| of == session && key.starts_with(prefix));
        let found = found.map(|(_, key, _)| key.clone()).collect();
        Box::pin(std::future::ready(Ok(found)))
    }
}

/// What the pane does with its next changing batch.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Next {
    /// Excel is editing a cell.
    Busy,
    /// The connection is cut before anything is done.
    CutBefore,
    /// The connection is cut after everything is done.
    CutAfter,
    /// The connection is cut after the first row is written.
    CutWithin,
}

/// A pane with a workbook in memory; it answers as Excel would, by the file tools.
#[derive(Debug, Default)]
pub(crate) struct Pane {
    package: Mutex<Option<Package>>,
    next: Mutex<VecDeque<Next>>,
    /// Changing batches that were really done.
    pub(crate) done: AtomicU64,
}

impl Pane {
    pub(crate) fn holding(bytes: Vec<u8>) -> Self {
        let pane = Self::default();
        pane.hold(Some(bytes));
        pane
    }

    /// Opens a workbook in the pane, or closes the pane.
    pub(crate) fn hold(&self, bytes: Option<Vec<u8>>) {
        let package = bytes.map(|bytes| Package::open(bytes, &Limits::default()).unwrap());
        *self.package.lock().unwrap() = package;
    }

    pub(crate) fn then(&self, next: impl IntoIterator<Item = Next>) {
        self.next.lock().unwrap().extend(next);
    }

    fn perform(&self, operation: &Operation) -> Result<Answer, Refusal> {
        let mut held = self.package.lock().unwrap();
        let package = held.as_mut().unwrap();
        let Operation::Workbook(wanted) = operation else {
            panic!("this pane holds a workbook");
        };
        if operation.definition().effect == Effect::Read {
            return Workbook::open(package.clone())?
                .answer(wanted)
                .map(Answer::Workbook);
        }
        let planned = Workbook::open(package.clone())?.plan(wanted)?;
        package.apply(&planned.patches).unwrap();
        self.done.fetch_add(1, Ordering::Relaxed);
        Ok(Answer::Workbook(planned.answer))
    }

    fn batch(&self, params: &ApplyParams) -> Result<ApplyAnswer, PaneError> {
        let operation = &params.steps[0].operation;
        let is_read = operation.definition().effect == Effect::Read;
        let next = if is_read {
            None
        } else {
            self.next.lock().unwrap().pop_front()
        };
        let outcome = match next {
            Some(Next::Busy) => Err(Refusal::new(RefusalCode::Busy, "a cell is being edited")),
            Some(Next::CutBefore) => return Err(PaneError::Unknown),
            Some(Next::CutAfter) => {
                self.perform(operation).unwrap();
                return Err(PaneError::Unknown);
            }
            Some(Next::CutWithin) => {
                self.perform(&first_row(operation)).unwrap();
                return Err(PaneError::Unknown);
            }
            None => self.perform(operation),
        };
        let outcome = outcome.map_or_else(ApplyOutcome::Refusal, ApplyOutcome::Answer);
        Ok(ApplyAnswer {
            outcomes: vec![outcome],
        })
    }
}

/// The same write with every row but the first left as it is.
fn first_row(operation: &Operation) -> Operation {
    let mut operation = operation.clone();
    let Operation::Workbook(WorkbookOperation::RangeWrite(write)) = &mut operation else {
        panic!("only a write is done by rows");
    };
    for line in write.cells.iter_mut().skip(1) {
        line.fill(CellInput::Leave);
    }
    operation
}

impl Panes for Pane {
    fn apply<'a>(
        &'a self,
        _: &'a DocumentId,
        params: ApplyParams,
    ) -> BoxFuture<'a, Result<ApplyAnswer, PaneError>> {
        Box::pin(async move { self.batch(&params) })
    }

    fn is_live(&self, _: &DocumentId) -> bool {
        self.package.lock().unwrap().is_some()
    }

    fn returned<'a>(&'a self, _: &'a DocumentId) -> BoxFuture<'a, ()> {
        Box::pin(std::future::pending())
    }
}

/// What a tool told while it ran.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    pub(crate) waited: Mutex<Vec<ErrorCode>>,
    pub(crate) stopped: AtomicBool,
}

impl Progress for Notes {
    fn waiting(&self, error: UserError) {
        self.waited.lock().unwrap().push(error.code);
    }

    fn is_cancelled(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }
}

/// A clock that ticks when it is looked at, and chance that counts.
#[derive(Debug, Default)]
struct Counting(AtomicU64);

impl World for Counting {
    fn now(&self) -> Timestamp {
        1_790_000_000_000 + self.0.fetch_add(1, Ordering::Relaxed) as i64
    }

    fn chance(&self) -> [u8; 10] {
        let mut chance = [0; 10];
        chance[2..].copy_from_slice(&self.0.fetch_add(1, Ordering::Relaxed).to_be_bytes());
        chance
    }
}

/// The tools with everything that they stand on, and a folder with one workbook in it.
pub(crate) struct Stage {
    pub(crate) tools: DocumentTools,
    pub(crate) registry: Arc<Registry>,
    pub(crate) journal: Arc<Memory>,
    pub(crate) pane: Arc<Pane>,
    pub(crate) notes: Notes,
    pub(crate) session: SessionId,
    pub(crate) home: tempfile::TempDir,
    allowed: Option<Vec<AllowedFolder>>,
    calls: AtomicU64,
}

/// A workbook of the collection.
pub(crate) fn fixture(name: &str) -> Vec<u8> {
    let collection = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../file-tools/fixtures/workbooks");
    std::fs::read(collection.join(name)).unwrap()
}

impl Stage {
    /// `work/book.xlsx` is a copy of a workbook of the collection. No pane is there, and every folder is allowed.
    pub(crate) fn with(workbook: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir(home.path().join("work")).unwrap();
        std::fs::write(home.path().join("work/book.xlsx"), fixture(workbook)).unwrap();
        Self::on(home, None, Arc::default(), Arc::default())
    }

    fn on(
        home: tempfile::TempDir,
        allowed: Option<Vec<AllowedFolder>>,
        journal: Arc<Memory>,
        pane: Arc<Pane>,
    ) -> Self {
        let registry = Arc::new(Registry::default());
        let tools = DocumentTools::new(
            Arc::clone(&registry),
            Arc::<Pane>::clone(&pane),
            Arc::<Memory>::clone(&journal),
            Arc::new(Counting::default()),
            Folders::new(allowed.clone()),
        );
        Self {
            tools,
            registry,
            journal,
            pane,
            notes: Notes::default(),
            session: SessionId::from_text("s1"),
            home,
            allowed,
            calls: AtomicU64::new(0),
        }
    }

    /// The same with only these folders allowed.
    pub(crate) fn allowing(self, allowed: Vec<AllowedFolder>) -> Self {
        Self::on(self.home, Some(allowed), self.journal, self.pane)
    }

    /// The same with a pane that holds a workbook.
    pub(crate) fn showing(self, pane: Pane) -> Self {
        Self::on(self.home, self.allowed, self.journal, Arc::new(pane))
    }

    /// The same where files are not to hold where their figures came from.
    pub(crate) fn without_sources_in_files(mut self) -> Self {
        self.tools = self.tools.without_sources_in_files();
        self
    }

    /// The service was started again: what was in memory is gone, what the log told of documents is loaded.
    pub(crate) async fn started_again(self) -> Self {
        let views = self.registry.list(&self.session);
        let next = Self::on(self.home, self.allowed, self.journal, self.pane);
        next.registry.load(&next.session, views);
        next.tools.reattach(&next.session).await.unwrap();
        next
    }

    pub(crate) fn book(&self) -> PathBuf {
        self.home.path().join("work/book.xlsx")
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        std::fs::read(self.book()).unwrap()
    }

    /// Attaches a file to the session, as the service does it.
    pub(crate) async fn attach(&self, path: &Path) -> Result<DocumentId, UserError> {
        let view = self.tools.attach_file(&self.session, path).await?;
        self.registry.join(&self.session, &view.id);
        Ok(view.id)
    }

    /// Attaches a folder to the session; answers its documents.
    pub(crate) async fn attach_folder(&self, path: &Path) -> Result<Vec<DocumentId>, UserError> {
        let views = self.tools.attach_folder(&self.session, path).await?.documents;
        for view in &views {
            self.registry.join(&self.session, &view.id);
        }
        Ok(views.into_iter().map(|view| view.id).collect())
    }

    /// The real path of a file in the folder.
    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.home.path().canonicalize().unwrap().join("work").join(name)
    }

    /// A call on a document.
    pub(crate) fn request(&self, tool: &str, document: &DocumentId, mut input: Value) -> ToolRequest {
        input["document"] = document.as_str().into();
        self.call(tool, input)
    }

    /// A call of a tool, with a name of its own.
    pub(crate) fn call(&self, tool: &str, input: Value) -> ToolRequest {
        let number = self.calls.fetch_add(1, Ordering::Relaxed);
        ToolRequest {
            session: self.session.clone(),
            turn: TurnId::from_text("t1"),
            call: CallId::from_text(format!("c{number}")),
            name: tool.to_owned(),
            input,
            folder: None,
            command: None,
        }
    }

    pub(crate) async fn prepare(&self, request: &ToolRequest) -> Result<Prepared, ToolFailure> {
        self.tools.prepare(request, &self.notes).await
    }

    pub(crate) async fn run(&self, request: &ToolRequest) -> ToolResult {
        self.tools.run(request, &self.notes).await
    }

    /// Prepares and runs a change that succeeds.
    pub(crate) async fn change(&self, tool: &str, document: &DocumentId, input: Value) -> ChangeSet {
        let request = self.request(tool, document, input);
        self.prepare(&request).await.unwrap();
        let result = self.run(&request).await;
        result.change_set.ok_or(result.output).unwrap()
    }

    /// Undoes a change set; answers the places that were left alone.
    pub(crate) async fn undo(&self, change: &ChangeSet) -> Result<Vec<String>, UserError> {
        self.tools
            .undo(&self.session, &change.id, false, &self.notes)
            .await
    }
}
