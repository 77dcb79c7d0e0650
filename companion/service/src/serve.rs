//! `deskhand serve`: builds everything, and nothing else does (see the design's rooms).

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use anyhow::Context as _;
use deskhand_core::tool::{MEMORY_TOOL, tool_names};
use deskhand_documents::{DocumentTools, Registry};
use deskhand_egress::{Directive, EgressAudit, Gate};
use deskhand_platform::instance::{InstanceError, InstanceLock};
use deskhand_platform::local::LocalAddress;
use deskhand_platform::{Paths, Secret, SecretError, SecretStore, descriptors};
use deskhand_policy::Policy;
use deskhand_protocol::hello::{ModelView, ServiceView};
use deskhand_protocol::session::SessionAnswer;
use deskhand_protocol::{ErrorCode, EventBody, Notification, UserError};
use deskhand_server::{
    Authority, BindError, Guards, Limits, LocalTokens, PageOptions, PageSources, Server, ServerError,
    ServerOptions,
};
use deskhand_storage::{MasterKey, OpenOptions, Store};
use deskhand_trail::Trail;
use deskhand_web::WebTools;
use deskhand_workspace::Folders;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

use crate::audit::{self, Notes, Upkeep};
use crate::bootstrap::{Bootstrap, keep_current};
use crate::clock::RealWorld;
use crate::code::{self, Code};
use crate::configuration::Configuration;
use crate::diagnostics::Watch;
use crate::grants::Grants;
use crate::guidance::{Guide, NoteTools};
use crate::handler::Service;
use crate::history;
use crate::hub::Hub;
use crate::leftover;
use crate::log::Log;
use crate::logging::Logging;
use crate::models::Offer;
use crate::panes::{LivePanes, SharedPanes};
use crate::provider::{self, Keeper, Opened};
use crate::reload::changed;
use crate::runner::{self, Parts};
use crate::settings::Settings;
use crate::stopped::StoppedTools;
use crate::telemetry::{Decisions, Exporting, Telemetry};
use crate::tokens::StoredTokens;
use crate::trial::Trials;
use crate::view;

/// Files and connections that the service may have open: a command of the sandbox alone may hold thousands.
const OPEN_FILES: u64 = 65_536;

/// The master key in the secret store.
const MASTER_KEY: &str = "master-key";

/// How the service runs.
#[derive(Clone, Debug)]
pub(crate) struct ServeOptions {
    pub(crate) port: u16,
    /// True where the service started itself anew: who waited for its start has heard of it.
    pub(crate) again: bool,
    pub(crate) web: Option<PathBuf>,
    pub(crate) office_script: Option<PathBuf>,
    pub(crate) test_hosts: Vec<String>,
    pub(crate) tour: bool,
    /// Prints one JSON line when front ends can connect.
    pub(crate) ready_json: bool,
    /// Ends with whoever started it.
    pub(crate) until_stdin_closes: bool,
}

/// Runs until it is told to stop, or until it has to start anew on the port that it answers.
pub(crate) async fn serve(
    paths: Paths,
    options: ServeOptions,
    logging: Logging,
) -> anyhow::Result<Option<u16>> {
    paths.create().context("the folders of Deskhand")?;
    descriptors::raise(OPEN_FILES);
    let (lock, left) = alone(&paths, options.again)?;
    // The first random numbers of a process take tens of milliseconds to gather; the settings are read meanwhile.
    std::thread::spawn(|| aws_lc_rs::rand::fill(&mut [0]));
    let secrets = Arc::new(open_secrets(&paths).await?);
    let mut settings = Settings::load(&paths, &secrets)?;
    if options.tour && settings.managed {
        anyhow::bail!("The tour is not offered on a computer whose Deskhand is managed by an organisation.");
    }
    let watch = Arc::new(Watch::begin(&paths, &settings, options.tour)?);
    let (trail, changed_keys) = open_trail(&paths, &secrets, &mut settings, &watch).await?;
    let authority = Authority::open(&paths, &secrets, SystemTime::now())?;
    let (notes, noted) = Notes::new();
    let decisions = Arc::new(Decisions::after(notes.clone()));
    let gate = gate(&settings, options.office_script.as_ref(), Some(decisions.clone()));
    let (telemetry, exporting) = Telemetry::begin(&mut settings, &gate, (&paths, &secrets), &logging);
    decisions.begin(&telemetry);
    watch.dropped(exporting.as_ref());
    let server = bind(&paths, &settings, &options, &gate, authority).await?;
    let front_ends = let_in(&server, left);
    let shutdown = CancellationToken::new();
    telemetry.policy_changed(changed_keys, &settings);
    let grants = Arc::new(Grants::open(trail.clone()).await?);
    let guide = Arc::new(open_guide(&trail, &settings).await?);
    let configuration = configuration(&paths, &secrets, &settings, &gate, &options, &notes)?;
    let opened = provider::open(&settings, Keeper(&paths, &secrets), &gate, &trail, &notes).await?;
    let (service, tokens) = build(
        (&settings, &paths, code::state_key(&secrets)?),
        &options,
        (&gate, opened),
        (&trail, notes, grants, guide),
        (&telemetry, &watch),
        configuration,
        &server,
    );
    service.hub.recover().await?;
    let upkeep = Upkeep::begin(&service, noted, settings.retention, telemetry.anchors());
    lock.publish(&server.address())?;
    announce(&server, &options);
    watch.ready();
    let (stop, running, port) = (shutdown.clone(), Arc::clone(&service), server.port());
    let ending = tokio::spawn(async move {
        let again = tokio::select! {
            () = stop_signal() => None,
            () = stdin_closed(), if options.until_stdin_closes => None,
            () = changed(&paths, &settings, &running) => Some(port),
            never = keep_current(&running) => match never {},
            never = running.hub.code.keep_image() => match never {},
            never = leftover::forget(&paths, &settings.policy, running.sign_in.as_deref(), &running.notes) => match never {},
        };
        stop.cancel();
        again
    });
    served(server, service, tokens, shutdown).await;
    ended(upkeep, exporting, &watch).await;
    let again = ending.await?;
    again.is_some().then(|| keep_place(lock, &front_ends));
    Ok(again)
}

/// The front ends of the local channel, with those that the service before this one let in: they come back to this one.
fn let_in(server: &Server, left: Value) -> LocalTokens {
    let front_ends = server.local_tokens();
    front_ends.take_over(serde_json::from_value(left).unwrap_or_default());
    front_ends
}

/// Leaves the place, and whom it let in, to the program that starts anew. Where that fails, whoever asks meanwhile may take
/// the place, and windows ask to be let in again; that is no reason to end.
fn keep_place(lock: InstanceLock, front_ends: &LocalTokens) {
    if let Err(error) = lock.start_anew(json!(front_ends.all())) {
        tracing::warn!(%error, "the place of the service is not kept while it starts anew");
    }
}

/// What was begun beside the server comes to its end: nothing is told after this.
async fn ended(upkeep: Upkeep, exporting: Option<Exporting>, watch: &Watch) {
    upkeep.end().await;
    if let Some(exporting) = exporting {
        exporting.end().await;
    }
    watch.end();
}

/// Serves until the end, which an edit of the settings that has begun comes before.
async fn served(
    server: Server,
    service: Arc<Service>,
    tokens: Arc<StoredTokens>,
    shutdown: CancellationToken,
) {
    let last = Arc::clone(&service);
    server.serve(service, tokens, shutdown).await;
    last.configuration.settled().await;
    last.hub.code.end().await;
    if let Some(sign_in) = &last.sign_in {
        sign_in.settled().await;
    }
}

/// Makes sure that no other service of this user runs; with what one that starts anew left to this program.
fn alone(paths: &Paths, again: bool) -> anyhow::Result<(InstanceLock, Value)> {
    let acquired = if again {
        InstanceLock::take_back(paths)
    } else {
        InstanceLock::acquire(paths).map(|lock| (lock, Value::Null))
    };
    match acquired {
        Ok(acquired) => Ok(acquired),
        Err(InstanceError::AlreadyRunning(running)) => {
            let address = running
                .address
                .as_deref()
                .unwrap_or("an address that is not known yet");
            anyhow::bail!(
                "Deskhand runs already, as process {} at {address}. Use that one.",
                running.pid
            );
        }
        Err(error) => Err(error.into()),
    }
}

fn configuration(
    paths: &Paths,
    secrets: &Arc<SecretStore>,
    settings: &Settings,
    gate: &Gate,
    options: &ServeOptions,
    notes: &Notes,
) -> anyhow::Result<Configuration> {
    let bootstrap = Bootstrap::new(paths, secrets, settings, gate, notes)?;
    Ok(Configuration::new(
        paths, secrets, settings, gate, options, bootstrap,
    ))
}

/// The gate under these settings. What it decides is told to whoever keeps it.
pub(crate) fn gate(
    settings: &Settings,
    office_script: Option<&PathBuf>,
    audit: Option<Arc<dyn EgressAudit>>,
) -> Gate {
    let network = settings.proxies.network(audit);
    let values = gate_values(&settings.policy, office_script);
    let gate = Gate::new(|key| values.get(key).cloned().unwrap_or_default(), network);
    if settings.awaited {
        gate.before_settings()
    } else {
        gate
    }
}

/// The policy key of the organisation's own copy of office.js.
const OFFICE_SCRIPT_KEY: &str = "deskhandOfficeScriptFolder";

/// The settings as the gate sees them. The folder of office.js may come from the command line too; one that policy sets and
/// that cannot be used still closes the way to the copy outside.
pub(crate) fn gate_values(policy: &Policy, office_script: Option<&PathBuf>) -> BTreeMap<&'static str, Value> {
    // Secrets are masked: that they are there is enough.
    let rows = deskhand_policy::definitions();
    let mut values: BTreeMap<_, _> = rows.map(|row| (row.name, policy.value(row.name))).collect();
    let of_policy = values
        .get(OFFICE_SCRIPT_KEY)
        .is_some_and(|value| !value.is_null());
    let broken = || {
        let mut problems = policy.problems.iter();
        problems.any(|problem| problem.key == OFFICE_SCRIPT_KEY)
    };
    if let Some(folder) = office_script {
        values.insert(OFFICE_SCRIPT_KEY, folder.display().to_string().into());
    } else if !of_policy && broken() {
        values.insert(OFFICE_SCRIPT_KEY, "not usable".into());
    }
    values
}

/// The folder of office.js in force: policy's, or else the command line's.
fn office_script(settings: &Settings, options: &ServeOptions) -> Option<PathBuf> {
    let of_policy = settings
        .policy
        .workspace
        .deskhand_office_script_folder
        .value
        .as_ref();
    of_policy
        .map(|folder| folder.path().to_owned())
        .or_else(|| options.office_script.clone())
}

/// Opens the secret store off the async threads: it may wait for the user to unlock it.
pub(crate) async fn open_secrets(paths: &Paths) -> anyhow::Result<SecretStore> {
    let paths = paths.clone();
    let opened = tokio::task::spawn_blocking(move || SecretStore::open(&paths)).await?;
    Ok(opened.map_err(|error| UserError::new(ErrorCode::SecretStore).detail(error))?)
}

/// The key that wraps all others; made on first use.
pub(crate) fn master_key(secrets: &SecretStore) -> anyhow::Result<[u8; 32]> {
    key_of(secrets, MASTER_KEY)
}

/// A key of the secret store; made on first use.
pub(crate) fn key_of(secrets: &SecretStore, name: &str) -> anyhow::Result<[u8; 32]> {
    let kept = secrets.read_or_make(name, || {
        let mut key = Zeroizing::new([0; 32]);
        aws_lc_rs::rand::fill(key.as_mut_slice()).map_err(|_| SecretError::NoRandomNumbers)?;
        Ok(Secret::new(key.to_vec()))
    });
    let kept = kept.map_err(|error| UserError::new(ErrorCode::SecretStore).detail(error))?;
    <[u8; 32]>::try_from(kept.expose()).map_err(|_| UserError::new(ErrorCode::SecretStore).into())
}

pub(crate) fn open_store(paths: &Paths, secrets: &SecretStore, settings: &Settings) -> anyhow::Result<Store> {
    let options = OpenOptions {
        deployment: settings.organisation,
        ..store_options(paths, MasterKey::new(master_key(secrets)?))
    };
    Ok(Store::open(options).map_err(|error| crate::log::told(&error))?)
}

/// Opens the database, with the earlier sessions in it where the person wants them, and begins its audit. Answers with the
/// keys that have another value than in the last run.
async fn open_trail(
    paths: &Paths,
    secrets: &SecretStore,
    settings: &mut Settings,
    watch: &Watch,
) -> anyhow::Result<(Trail, Vec<String>)> {
    let opening = Instant::now();
    let taken_over = history::settle(paths, secrets, settings).await;
    let store = open_store(paths, secrets, settings)?;
    watch.timed("open the store", opening);
    let trail = Trail::new(store, &audit::user(), settings.audit_content);
    let changed_keys = audit::started(&trail, settings).await?;
    if let (Some(sessions), Some(deployment)) = (taken_over, settings.organisation) {
        history::record(&trail, sessions, deployment).await?;
    }
    Ok((trail, changed_keys))
}

/// How a database of sessions is opened: the one from before a deployment had its name.
pub(crate) fn store_options(paths: &Paths, master_key: MasterKey) -> OpenOptions {
    OpenOptions {
        folder: paths.data().to_owned(),
        deployment: None,
        master_key,
        text_of: searchable,
        max_bytes: None,
    }
}

async fn open_guide(trail: &Trail, settings: &Settings) -> Result<Guide, UserError> {
    let organisation = settings.instructions().map(str::to_owned);
    let notes_closed = !settings.rules().offers(MEMORY_TOOL);
    Guide::open(trail.clone(), organisation, notes_closed).await
}

/// The words of an event that search finds.
fn searchable(payload: &[u8]) -> Option<String> {
    match serde_json::from_slice::<EventBody>(payload).ok()? {
        EventBody::PromptAccepted { text, .. } => Some(text),
        EventBody::SessionRenamed { title } => Some(title),
        EventBody::MessageCompleted { blocks, .. } => {
            let texts = blocks.into_iter().filter_map(|block| match block {
                deskhand_protocol::message::Block::Text { text } => Some(text),
                _ => None,
            });
            Some(texts.collect::<Vec<_>>().join("\n")).filter(|text| !text.is_empty())
        }
        _ => None,
    }
}

async fn bind(
    paths: &Paths,
    settings: &Settings,
    options: &ServeOptions,
    gate: &Gate,
    authority: Authority,
) -> anyhow::Result<Server> {
    let texts = |directive| {
        gate.pane_sources(directive)
            .iter()
            .map(ToString::to_string)
            .collect()
    };
    let pages = PageOptions {
        folder: options.web.clone(),
        office_script_folder: office_script(settings, options),
        sources: PageSources {
            pane_scripts: texts(Directive::Script),
            pane_connections: texts(Directive::Connect),
            test_hosts: options.test_hosts.clone(),
        },
    };
    let server = ServerOptions {
        port: options.port,
        local: LocalAddress::of(paths),
        pages,
        limits: Limits::default(),
        guards: Guards::default(),
    };
    match Server::bind(server, authority).await {
        Ok(server) => Ok(server),
        Err(ServerError::Bind(error @ BindError::PortTaken { .. })) => {
            Err(UserError::new(ErrorCode::PortTaken).detail(error).into())
        }
        Err(error) => Err(error.into()),
    }
}

fn build(
    (settings, paths, state_key): (&Settings, &Paths, [u8; 32]),
    options: &ServeOptions,
    (gate, opened): (&Gate, Opened),
    (trail, notes, grants, guide): (&Trail, Notes, Arc<Grants>, Arc<Guide>),
    (telemetry, watch): (&Telemetry, &Arc<Watch>),
    configuration: Configuration,
    server: &Server,
) -> (Arc<Service>, Arc<StoredTokens>) {
    let log = Log::new(trail.clone())
        .with_journal_limit(settings.journal_limit)
        .with_telemetry(telemetry.clone());
    let panes = Arc::new(LivePanes::default());
    let registry = Arc::new(Registry::default());
    let rules = Arc::new(settings.rules());
    let documents = document_tools(settings, &log, &panes, &registry);
    let documents = documents.ruled_by(Arc::clone(&rules), settings.access());
    let tools = NoteTools::new(documents.clone(), Arc::clone(&guide));
    let tools = Arc::new(WebTools::new(Arc::new(tools), gate, settings.servers()));
    let (kept, of_documents) = ((paths, state_key), (&documents, &log, &notes));
    let (tools, code) = Code::beside(tools, kept, settings, &rules, gate, of_documents);
    let front_ends = server.front_ends();
    let tell = front_ends.clone();
    telemetry.know_tools(tool_names());
    let tools = StoppedTools::unless(settings.stopped.as_ref(), tools);
    let parts = Parts {
        log: log.clone(),
        provider: Arc::clone(&opened.provider),
        offered: runner::offered(tools.as_ref(), &rules),
        tools,
        max_steps: settings.max_steps,
        budget: settings.budget,
        windows: settings.windows,
        rules: Arc::clone(&rules),
        grants,
        guide,
        changed: Arc::new(move |session| {
            tell.notify(|_| true, Notification::SessionChanged, &SessionAnswer { session });
        }),
        heed: code.heeding(),
    };
    let offer = Offer::of(&settings.policy);
    let view = first_view(settings, options, &offer, &configuration, &opened);
    let hub = Hub::new(parts, documents, registry, options.tour)
        .with_folders(settings.default_folders())
        .with_code(code);
    let tokens = Arc::new(StoredTokens::new(trail.clone()));
    let service = Service {
        hub: Arc::new(hub),
        tokens: Arc::clone(&tokens),
        log,
        panes,
        front_ends,
        view: std::sync::RwLock::new(view),
        offer,
        closed_panes: settings.closed_panes(),
        notes,
        watch: Arc::clone(watch),
        configuration,
        sign_in: opened.sign_in,
        trials: Trials::default(),
    };
    let service = Arc::new(service);
    service.hub.code.tell(&service);
    service.follow_sign_in(&opened.provider);
    service.keep_informed(opened.provider, &opened.counts);
    (service, tokens)
}

/// What front ends are shown at first.
fn first_view(
    settings: &Settings,
    options: &ServeOptions,
    offer: &Offer,
    configuration: &Configuration,
    opened: &Opened,
) -> ServiceView {
    let models = offer.shown(models_of(settings));
    let mut view = view::of(settings, options.tour, models, configuration.secret_store());
    view.bootstrap = configuration.bootstrap().map(|bootstrap| bootstrap.view());
    view.sign_in = opened.sign_in.as_ref().map(|sign_in| sign_in.view());
    opened.counts.show(&mut view, crate::clock::now());
    view
}

/// Models that the settings name need no question to the provider; it is asked in the background otherwise.
fn models_of(settings: &Settings) -> Vec<ModelView> {
    let provider = settings.provider.as_ref();
    provider
        .map(|provider| provider.models.clone())
        .unwrap_or_default()
}

fn document_tools(
    settings: &Settings,
    log: &Log,
    panes: &Arc<LivePanes>,
    registry: &Arc<Registry>,
) -> DocumentTools {
    let documents = DocumentTools::new(
        Arc::clone(registry),
        Arc::new(SharedPanes(Arc::clone(panes))),
        Arc::new(log.clone()),
        Arc::new(RealWorld),
        Folders::new(settings.allowed_folders()),
    );
    if settings.policy.workspace.deskhand_keep_sources_in_files.value {
        documents
    } else {
        documents.without_sources_in_files()
    }
}

#[expect(
    clippy::print_stdout,
    reason = "the address is what a person or program that started the service waits for"
)]
fn announce(server: &Server, options: &ServeOptions) {
    if options.again {
        return;
    }
    let address = server.address();
    if options.ready_json {
        println!(
            "{}",
            serde_json::json!({ "ready": true, "address": address, "pid": std::process::id() })
        );
    } else {
        println!("Deskhand is ready at {address}. Open the window with `deskhand-window`, stop with Ctrl+C.");
    }
}

/// Waits for Ctrl+C, or for SIGTERM where there is one.
async fn stop_signal() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    drop(tokio::signal::ctrl_c().await);
}

/// Waits for the end of standard input.
async fn stdin_closed() {
    let mut sink = tokio::io::sink();
    drop(tokio::io::copy(&mut tokio::io::stdin(), &mut sink).await);
}
