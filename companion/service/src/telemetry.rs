//! What the organisation's own collector is told while the service runs: the events of sessions as they are written, who
//! connected, which settings are others, what the door out decided, the anchors of the audit and lines of the log.
//!
//! Without `otlpEndpoint` nothing of this is there.

mod anchors;
mod fate;
mod held;
mod setup;
mod transport;

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, SystemTime};

use deskhand_core::model::Body;
use deskhand_core::ports::EventLog;
use deskhand_egress::{Destination, EgressAudit, EgressDecision, Gate, Outcome};
use deskhand_platform::{Paths, SecretStore};
use deskhand_policy::Origin;
use deskhand_protocol::{ErrorCode, MessageId, SessionEvent, SessionId, Timestamp, UserError};
use deskhand_server::FrontEnd;
use deskhand_telemetry::export::{Exporter, Settings as Export};
use deskhand_telemetry::record::{Recording, Severity, Signals};
use deskhand_telemetry::schema;
use deskhand_telemetry::session::{Session, Travelled};
use deskhand_telemetry::spool::{Spool, SpoolKey};
use deskhand_trail::Actor;
use tokio::task::JoinHandle;

use crate::audit::Notes;
use crate::clock::now;
use crate::diagnostics::install_id;
use crate::logging::Logging;
use crate::settings::Settings;
pub(crate) use fate::until_mended;
use held::Held;
use transport::Way;

/// How long what waits may take to be sent when the service ends; the rest goes to the spool.
const GOODBYE: Duration = Duration::from_secs(3);
/// Events read at once where a session goes on after a restart.
const PAGE: usize = 2_000;
/// Keys of one change of settings that are told by name.
const KEYS: usize = 64;

/// The names of Deskhand's own tools, known once they are made.
type OwnTools = Arc<OnceLock<BTreeSet<String>>>;

/// Tells the collector, where there is one. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Telemetry {
    collector: Option<Arc<Collector>>,
    /// The turns that wait for a collector; there where a turn needs one that takes the audit (`deskhandAuditRequired`).
    required: Option<Arc<Held>>,
    /// True where the settings stop sessions: a turn ends with their reason and waits for nobody.
    stopped: bool,
}

#[derive(Debug)]
struct Collector {
    exporter: Exporter,
    recording: Arc<Recording>,
    own_tools: OwnTools,
    sessions: Mutex<HashMap<SessionId, Session>>,
    /// When each front end said hello.
    connected: Mutex<HashMap<u64, Timestamp>>,
}

/// The work of the exporter.
#[derive(Debug)]
pub(crate) struct Exporting {
    exporter: Exporter,
    work: JoinHandle<()>,
    elsewhere: u64,
}

impl Exporting {
    /// Records, spans and sums that waited for another collector, and were dropped.
    pub(crate) fn elsewhere(&self) -> u64 {
        self.elsewhere
    }

    /// Sends what waits, puts the rest aside, and ends.
    pub(crate) async fn end(self) {
        self.exporter.stop(GOODBYE);
        if let Err(error) = self.work.await {
            tracing::error!(%error, "the export of telemetry failed");
        }
    }
}

impl Telemetry {
    /// Begins, where a collector is named. Where it cannot be used, that is said in the notices of the settings, and where the
    /// audit needs it no session starts.
    pub(crate) fn begin(
        settings: &mut Settings,
        gate: &Gate,
        (paths, secrets): (&Paths, &SecretStore),
        logging: &Logging,
    ) -> (Self, Option<Exporting>) {
        let required = settings.policy.audit.deskhand_audit_required.value;
        let mut telemetry = Self {
            collector: None,
            required: required.then(Arc::default),
            stopped: settings.stopped.is_some(),
        };
        let spool = |export: &Export| setup::spool(settings, paths, secrets, export);
        let made = install_id(paths).map_err(anyhow::Error::from);
        let made = match made.and_then(|install| setup::exporter(settings, gate, &install, &spool)) {
            Ok(Some(made)) => made,
            Ok(None) => return (telemetry, None),
            Err(error) => {
                let notice = format!("Nothing is exported: {error:#}");
                tracing::error!("{notice}");
                if required {
                    let stopped = UserError::new(ErrorCode::CollectorUnavailable).detail(&notice);
                    settings.stopped.get_or_insert(stopped);
                    telemetry.stopped = true;
                }
                settings.notices.push(notice);
                return (telemetry, None);
            }
        };
        let (exporter, recording) = (made.exporter, made.recording);
        if let Some(least) = setup::least(settings.policy.telemetry.otlp_desktop_log_level.value) {
            logging.tell_collector(exporter.clone(), Arc::clone(&recording), least);
        }
        let exporting = Exporting {
            exporter: exporter.clone(),
            work: tokio::spawn(made.work),
            elsewhere: made.elsewhere,
        };
        let collector = Collector {
            exporter,
            recording,
            own_tools: made.own_tools,
            sessions: Mutex::default(),
            connected: Mutex::default(),
        };
        telemetry.collector = Some(Arc::new(collector));
        (telemetry, Some(exporting))
    }

    /// Tells nobody, although somebody must be told.
    #[cfg(test)]
    pub(crate) fn of_nobody() -> Self {
        Self {
            collector: None,
            required: Some(Arc::default()),
            stopped: false,
        }
    }

    /// Says which tools are Deskhand's own; until then the names of all are others' words.
    pub(crate) fn know_tools(&self, names: impl IntoIterator<Item = String>) {
        if let Some(collector) = &self.collector {
            collector.own_tools.get_or_init(|| names.into_iter().collect());
        }
    }

    /// Tells of events that were written to a session's log, in their order. A session of an earlier run is read first, so
    /// that numbers and traces go on.
    pub(crate) async fn observe(&self, log: &impl EventLog, session: &SessionId, events: &[SessionEvent]) {
        let (Some(collector), Some(first)) = (&self.collector, events.first()) else {
            return;
        };
        if !collector.sessions().contains_key(session) {
            let read = collector.read(log, session, first.seq).await;
            let begun = read.unwrap_or_else(|error| {
                tracing::warn!(
                    code = error.code.as_str(),
                    "what was told of a session is not known"
                );
                collector.new_session(session)
            });
            collector.sessions().entry(session.clone()).or_insert(begun);
        }
        if let Some(told) = collector.sessions().get_mut(session) {
            for event in events {
                collector.exporter.send(told.observe(event));
            }
        }
    }

    /// Tells of a body that travelled to the provider or back.
    pub(crate) fn travelled(&self, session: &SessionId, message: &MessageId, body: &Body) {
        let Some(collector) = &self.collector else { return };
        if let Some(told) = collector.sessions().get(session) {
            let body = Travelled {
                sent: body.sent,
                message: message.as_str(),
                text: &body.text,
                length: body.length,
                truncated: body.truncated,
                model: &body.model,
                request_id: body.request_id.as_deref(),
            };
            collector.exporter.send(told.travelled(now(), body));
        }
    }

    /// Why the collector takes no records, where it took none when it was last asked, and what becomes of them.
    pub(crate) fn fault(&self) -> Option<String> {
        self.collector.as_ref()?.exporter.fault().map(fate::of_records)
    }

    /// Forgets a session that was deleted.
    pub(crate) fn forget(&self, session: &SessionId) {
        if let Some(collector) = &self.collector {
            collector.sessions().remove(session);
        }
    }

    /// Tells that a front end said hello, with the version of its page or program.
    pub(crate) fn connected(&self, front_end: &FrontEnd, version: String) {
        let Some(collector) = &self.collector else { return };
        collector.connected().insert(front_end.id(), now());
        collector.tell(schema::PaneConnected {
            front_end: kind(front_end),
            version,
        });
    }

    /// Tells that a front end is gone.
    pub(crate) fn disconnected(&self, front_end: &FrontEnd) {
        let Some(collector) = &self.collector else { return };
        let since = collector.connected().remove(&front_end.id());
        let duration = since.map_or(0, |since| now().saturating_sub(since));
        collector.tell(schema::PaneDisconnected {
            front_end: kind(front_end),
            duration_ms: u64::try_from(duration).unwrap_or_default(),
        });
    }

    /// Tells that no machine of the sandbox could start. What starts and ends is told by the events of its session.
    pub(crate) fn sandbox_unavailable(&self, code: ErrorCode) {
        if let Some(collector) = &self.collector {
            collector.tell(schema::SandboxChanged {
                state: "unavailable",
                error: Some(code.as_str()),
                why: None,
                resumed: None,
                duration_ms: 0,
            });
        }
    }

    /// Tells which settings are others than in the last run, without their values.
    pub(crate) fn policy_changed(&self, mut keys: Vec<String>, settings: &Settings) {
        let Some(collector) = self.collector.as_ref().filter(|_| !keys.is_empty()) else {
            return;
        };
        keys.truncate(KEYS);
        let entries = settings.policy.entries();
        let places: BTreeSet<&'static str> = entries
            .iter()
            .filter(|entry| keys.iter().any(|key| key == entry.name))
            .map(|entry| place(entry.origin))
            .collect();
        collector.tell(schema::PolicyChanged {
            keys,
            source: places.into_iter().collect::<Vec<_>>().join(","),
            invalid: settings.policy.problems.len() as u64,
        });
    }
}

/// How much was dropped when the collector last became another one, and when.
pub(crate) fn last_elsewhere(settings: &Settings, paths: &Paths) -> Option<(u64, SystemTime)> {
    Spool::last_elsewhere(&setup::spool_folder(settings, paths))
}

/// Sends a request without records, as the service would, and says why the collector does not take it; `None` where none is
/// named.
pub(crate) async fn try_out(settings: &Settings, gate: &Gate) -> anyhow::Result<Option<()>> {
    let folder = tempfile::tempdir()?;
    let key = SpoolKey::new([0; 32]);
    let spool = |export: &Export| {
        let (endpoint, headers) = (&export.endpoint, &export.headers);
        Ok(Spool::open(folder.path(), &key, 0, endpoint, headers)?)
    };
    let Some(made) = setup::exporter(settings, gate, "", &spool)? else {
        return Ok(None);
    };
    let work = tokio::spawn(made.work);
    let taken = made.exporter.deliver(Signals::default()).await;
    made.exporter.stop(Duration::ZERO);
    work.await?;
    taken?;
    Ok(Some(()))
}

/// Takes what the door out decides: for the audit, and for the collector once it is known. The way to the
/// collector leads through that door, too.
#[derive(Debug)]
pub(crate) struct Decisions {
    notes: Notes,
    telemetry: OnceLock<Telemetry>,
}

impl Decisions {
    /// Tells the audit alone, so far.
    pub(crate) fn after(notes: Notes) -> Self {
        Self {
            notes,
            telemetry: OnceLock::new(),
        }
    }

    /// Tells the collector from here on. Counts once.
    pub(crate) fn begin(&self, telemetry: &Telemetry) {
        self.telemetry.get_or_init(|| telemetry.clone());
    }
}

impl EgressAudit for Decisions {
    fn record(&self, decision: EgressDecision) {
        self.notes.record(decision.clone());
        // A record of the way to the collector would cause the next one.
        let told = self
            .telemetry
            .get()
            .and_then(|telemetry| telemetry.collector.as_ref());
        if let Some(collector) = told.filter(|_| decision.destination != Destination::Collector) {
            collector.tell(schema::EgressDecision {
                destination: decision.destination.to_string(),
                host: decision.host,
                decision: match decision.outcome {
                    Outcome::Opened => "accept",
                    Outcome::Failed(_) => "fail",
                    Outcome::Refused => "reject",
                },
                key: Some(decision.key.to_owned()),
            });
        }
    }
}

impl Collector {
    fn new_session(&self, session: &SessionId) -> Session {
        Session::new(session.clone(), Arc::clone(&self.recording))
    }

    /// A session as it was told before this event.
    async fn read(&self, log: &impl EventLog, session: &SessionId, seq: u64) -> Result<Session, UserError> {
        let (mut told, mut after) = (self.new_session(session), 0);
        loop {
            let page = log.read(session, after, PAGE).await?;
            let before = page.iter().take_while(|event| event.seq < seq);
            before.for_each(|event| told.remember(event));
            match page.last() {
                Some(last) if page.len() == PAGE && last.seq < seq => after = last.seq,
                _ => return Ok(told),
            }
        }
    }

    fn tell(&self, event: impl schema::Described) {
        self.exporter
            .send(self.recording.event(now(), Severity::Info, event));
    }

    /// What a panic left behind is still whole: each change is one call.
    fn sessions(&self) -> MutexGuard<'_, HashMap<SessionId, Session>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn connected(&self) -> MutexGuard<'_, HashMap<u64, Timestamp>> {
        self.connected.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where a setting comes from.
fn place(origin: &Origin) -> &'static str {
    match origin {
        Origin::Managed(_) | Origin::ManagedForUser(_) if cfg!(windows) => "registry",
        Origin::Managed(_) | Origin::ManagedForUser(_) if cfg!(target_os = "macos") => "managedPreferences",
        Origin::Managed(_) | Origin::ManagedForUser(_) => "file",
        Origin::Bootstrap(_) => "bootstrap",
        Origin::User(_) => "user",
        Origin::Default => "default",
    }
}

/// The kind of a front end, as the audit names it.
fn kind(front_end: &FrontEnd) -> &'static str {
    Actor::from(front_end.kind()).name()
}
