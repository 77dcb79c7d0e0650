//! A service around the sandbox for tests: folders, a journal in memory, and what was told.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use deskhand_core::model::ToolDefinition;
use deskhand_core::ports::{BlobId, BoxFuture, Journal, Progress, Settled, Tools};
use deskhand_core::tool::{Prepared, ToolFailure, ToolRequest, ToolResult};
use deskhand_egress::{Gate, Network};
use deskhand_protocol::change::ChangeSet;
use deskhand_protocol::command::{BackgroundCommand, CommandEnd};
use deskhand_protocol::event::ToolOutcome;
use deskhand_protocol::hello::{FrontEndKind, SandboxState};
use deskhand_protocol::sandbox::Sight;
use deskhand_protocol::{CallId, CommandId, ErrorCode, SessionId, Timestamp, TurnId, UserError};
use deskhand_sandbox::{Machines, SandboxTools, Surroundings, Terms, settings};
use deskhand_test_support::sandbox_images;
use deskhand_vm_host::Accelerator;
use deskhand_workspace::{Folder, Folders};
use serde_json::{Value, json};

pub(crate) type Entries = Arc<Mutex<BTreeMap<String, Vec<u8>>>>;

/// A journal in memory; the number of a key's first writing stands for its order.
#[derive(Clone, Default)]
pub(crate) struct InMemory {
    pub(crate) entries: Entries,
    order: Arc<Mutex<Vec<String>>>,
    blobs: Entries,
    pub(crate) full: Arc<AtomicBool>,
    /// The key that is not written, where there is one.
    pub(crate) refuses: Arc<Mutex<String>>,
}

impl Journal for InMemory {
    fn put<'a>(
        &'a self,
        _: &'a SessionId,
        key: &'a str,
        value: Vec<u8>,
        _: Settled,
    ) -> BoxFuture<'a, Result<(), UserError>> {
        Box::pin(async move {
            if *self.refuses.lock().expect("a key") == key {
                return Err(UserError::new(ErrorCode::Internal));
            }
            let mut entries = self.entries.lock().expect("entries");
            if entries.insert(key.to_owned(), value).is_none() {
                self.order.lock().expect("order").push(key.to_owned());
            }
            Ok(())
        })
    }

    fn get<'a>(
        &'a self,
        _: &'a SessionId,
        key: &'a str,
    ) -> BoxFuture<'a, Result<Option<Vec<u8>>, UserError>> {
        Box::pin(async move { Ok(self.entries.lock().expect("entries").get(key).cloned()) })
    }

    fn put_blob<'a>(
        &'a self,
        _: &'a SessionId,
        content: Vec<u8>,
    ) -> BoxFuture<'a, Result<BlobId, UserError>> {
        Box::pin(async move {
            let mut blobs = self.blobs.lock().expect("blobs");
            let id = format!("{}", blobs.len());
            blobs.insert(id.clone(), content);
            Ok(BlobId(id))
        })
    }

    fn blob<'a>(
        &'a self,
        _: &'a SessionId,
        id: &'a BlobId,
    ) -> BoxFuture<'a, Result<Option<Vec<u8>>, UserError>> {
        Box::pin(async move { Ok(self.blobs.lock().expect("blobs").get(&id.0).cloned()) })
    }

    fn room(&self) -> BoxFuture<'_, Result<(), UserError>> {
        let full = self.full.load(Ordering::SeqCst);
        Box::pin(async move {
            if full {
                Err(UserError::new(ErrorCode::JournalFull))
            } else {
                Ok(())
            }
        })
    }

    fn keys<'a>(
        &'a self,
        _: &'a SessionId,
        prefix: &'a str,
    ) -> BoxFuture<'a, Result<Vec<String>, UserError>> {
        Box::pin(async move {
            let order = self.order.lock().expect("order");
            Ok(order
                .iter()
                .filter(|key| key.starts_with(prefix))
                .cloned()
                .collect())
        })
    }
}

/// What the service was told.
#[derive(Debug, Default)]
pub(crate) struct Around {
    pub(crate) folders: Mutex<Vec<Arc<Folder>>>,
    pub(crate) seen: Mutex<Vec<(Option<CallId>, Sight)>>,
    pub(crate) changed: Mutex<Vec<ChangeSet>>,
    /// Who had each of them changed; nobody for the agent.
    pub(crate) changed_by: Mutex<Vec<Option<FrontEndKind>>>,
    pub(crate) left: Mutex<Vec<BackgroundCommand>>,
    pub(crate) ended: Mutex<Vec<(CommandId, CommandEnd, String)>>,
    pub(crate) states: Mutex<Vec<(SandboxState, Option<UserError>)>>,
    ids: AtomicU8,
}

impl Surroundings for Around {
    fn folders(&self, _: &SessionId) -> Vec<Arc<Folder>> {
        self.folders.lock().expect("folders").clone()
    }

    fn seen<'a>(
        &'a self,
        _: &'a SessionId,
        call: Option<CallId>,
        seen: Vec<Sight>,
        _: u64,
    ) -> BoxFuture<'a, ()> {
        let seen = seen.into_iter().map(|sight| (call.clone(), sight));
        self.seen.lock().expect("seen").extend(seen);
        Box::pin(async {})
    }

    fn changed<'a>(
        &'a self,
        _: &'a SessionId,
        change_set: ChangeSet,
        by: Option<FrontEndKind>,
    ) -> BoxFuture<'a, ()> {
        self.changed_by.lock().expect("changed").push(by);
        self.changed.lock().expect("changed").push(change_set);
        Box::pin(async {})
    }

    fn left<'a>(&'a self, _: &'a SessionId, command: BackgroundCommand) -> BoxFuture<'a, ()> {
        self.left.lock().expect("left").push(command);
        Box::pin(async {})
    }

    fn ended<'a>(
        &'a self,
        _: &'a SessionId,
        (command, _): (CommandId, CallId),
        by: CommandEnd,
        how: String,
    ) -> BoxFuture<'a, ()> {
        self.ended.lock().expect("ended").push((command, by, how));
        Box::pin(async {})
    }

    fn state(&self, state: SandboxState, fault: Option<UserError>) {
        self.states.lock().expect("states").push((state, fault));
    }

    fn now(&self) -> Timestamp {
        1_000_000_000_000
    }

    fn chance(&self) -> [u8; 10] {
        [self.ids.fetch_add(1, Ordering::SeqCst); 10]
    }
}

/// The tools that are there without the sandbox: none.
struct NoOthers;

impl Tools for NoOthers {
    fn definitions(&self) -> Vec<ToolDefinition> {
        Vec::new()
    }

    fn prepare<'a>(
        &'a self,
        _: &'a ToolRequest,
        _: &'a dyn Progress,
    ) -> BoxFuture<'a, Result<Prepared, ToolFailure>> {
        Box::pin(async { panic!("another tool") })
    }

    fn run<'a>(&'a self, _: &'a ToolRequest, _: &'a dyn Progress) -> BoxFuture<'a, ToolResult> {
        Box::pin(async { panic!("another tool") })
    }

    fn context<'a>(&'a self, _: &'a SessionId) -> BoxFuture<'a, String> {
        Box::pin(async { "Context.".to_owned() })
    }
}

/// Whoever looks on.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    pub(crate) stop: AtomicBool,
    pub(crate) live: Mutex<String>,
}

impl Progress for Watch {
    fn waiting(&self, _: UserError) {}

    fn output(&self, text: String) {
        self.live.lock().expect("live").push_str(&text);
    }

    fn is_cancelled(&self) -> bool {
        self.stop.load(Ordering::SeqCst)
    }
}

/// A person's folder and a session that works in it.
pub(crate) struct Stage {
    pub(crate) home: tempfile::TempDir,
    pub(crate) around: Arc<Around>,
    pub(crate) journal: InMemory,
    pub(crate) machines: Machines,
    pub(crate) tools: SandboxTools,
    pub(crate) watch: Watch,
    images: PathBuf,
    calls: AtomicU8,
}

impl Stage {
    /// With one folder, `plans`, that may be changed, and no network.
    pub(crate) fn new() -> Self {
        Self::with(
            &Terms::AsAttached,
            &json!({ "coworkEgressAllowedHosts": [] }),
            sandbox_images(),
        )
    }

    pub(crate) fn with(terms: &Terms, policy: &Value, images: PathBuf) -> Self {
        let home = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(home.path().join("plans")).expect("a folder");
        let around = Arc::new(Around::default());
        let journal = InMemory::default();
        let (machines, tools) = machines(home.path(), &images, terms, policy, &around, &journal);
        let stage = Self {
            home,
            around,
            journal,
            machines,
            tools,
            watch: Watch::default(),
            images,
            calls: AtomicU8::new(0),
        };
        stage.attach("plans");
        stage
    }

    /// The service after a crash: what was running is gone, the journal is there.
    pub(crate) fn again(self) -> Self {
        let policy = json!({ "coworkEgressAllowedHosts": [] });
        let (machines, tools) = machines(
            self.home.path(),
            &self.images,
            &Terms::AsAttached,
            &policy,
            &self.around,
            &self.journal,
        );
        Self {
            machines,
            tools,
            ..self
        }
    }

    /// Makes a folder of the home part of the session.
    pub(crate) fn attach(&self, name: &str) {
        let folder = Folders::new(None)
            .attach(&self.home.path().join(name))
            .expect("a folder");
        self.around.folders.lock().expect("folders").push(folder);
    }

    pub(crate) fn plans(&self) -> PathBuf {
        self.home.path().join("plans")
    }

    pub(crate) fn session() -> SessionId {
        SessionId::from_text("session")
    }

    pub(crate) fn request(&self, tool: &str, input: Value) -> ToolRequest {
        ToolRequest {
            session: Self::session(),
            turn: TurnId::from_text("turn"),
            call: CallId::from_text(format!("call-{}", self.calls.fetch_add(1, Ordering::SeqCst))),
            name: tool.to_owned(),
            input,
            folder: None,
            command: None,
        }
    }

    /// Runs a command to its end.
    pub(crate) async fn bash(&self, command: &str) -> ToolResult {
        self.run("Bash", json!({ "command": command })).await
    }

    /// The same for one that must end well; gives its answer.
    pub(crate) async fn ok(&self, command: &str) -> ToolResult {
        let result = self.bash(command).await;
        assert_eq!(
            (result.outcome, result.title.as_str()),
            (ToolOutcome::Done, "Ran"),
            "{command}: {}",
            result.output
        );
        result
    }

    pub(crate) async fn run(&self, tool: &str, input: Value) -> ToolResult {
        let request = self.request(tool, input);
        self.tools.run(&request, &self.watch).await
    }

    pub(crate) async fn prepare(&self, tool: &str, input: Value) -> Result<Prepared, ToolFailure> {
        let request = self.request(tool, input);
        self.tools.prepare(&request, &self.watch).await
    }

    pub(crate) fn sights(&self) -> Vec<Sight> {
        let seen = self.around.seen.lock().expect("seen");
        seen.iter().map(|(_, sight)| sight.clone()).collect()
    }
}

fn machines(
    home: &Path,
    images: &Path,
    terms: &Terms,
    policy: &Value,
    around: &Arc<Around>,
    journal: &InMemory,
) -> (Machines, SandboxTools) {
    let mut settings = settings(home.join("workplace"), images.to_owned());
    settings.accelerator = Some(Accelerator::Tcg);
    let policy = policy.clone();
    let gate = Gate::new(move |key| policy[key].clone(), Network::default());
    let around = Arc::clone(around) as Arc<dyn Surroundings>;
    let machines = Machines::new(
        (settings, [7; 32]),
        &gate,
        terms.clone(),
        around,
        Arc::new(journal.clone()),
    );
    let tools = SandboxTools::new(Arc::new(NoOthers), machines.clone());
    (machines, tools)
}

/// Everything below a folder: paths with contents, and where there are folders.
pub(crate) fn tree(root: &Path) -> BTreeMap<String, Option<Vec<u8>>> {
    let mut found = BTreeMap::new();
    let mut open = vec![root.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let below = path.strip_prefix(root).expect("below").display().to_string();
            if path.is_dir() {
                found.insert(below, None);
                open.push(path);
            } else {
                found.insert(below, Some(std::fs::read(&path).expect("a file")));
            }
        }
    }
    found
}

/// Waits for a condition, and fails by its name where it does not come about.
pub(crate) async fn until(what: &str, condition: impl Fn() -> bool) {
    let mut looks = tokio::time::interval(Duration::from_millis(20));
    let came = tokio::time::timeout(Duration::from_mins(1), async {
        while !condition() {
            looks.tick().await;
        }
    });
    came.await.unwrap_or_else(|_| panic!("not in time: {what}"));
}
