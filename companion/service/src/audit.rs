//! The audit beside the work of sessions: that the service started and ended, which settings are others than before, who was
//! kept out, and what is done each minute and each day.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use deskhand_platform::{Paths, SecretStore};
use deskhand_policy::Origin;
use deskhand_protocol::audit::{AuditNote, ExportFormat};
use deskhand_protocol::{Timestamp, UserError};
use deskhand_storage::{BlobHash, StorageError, StoreChange};
use deskhand_trail::{Actor, AnchorSink, Anchoring, Format, Id, Swept, Trail, What, keep_anchoring, sweep};
use serde::{Deserialize, Serialize};
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;

mod folding;
mod notes;
mod sign_in;

pub(crate) use notes::{Noted, Notes};
pub(crate) use sign_in::{SignIns, of_test};

use crate::clock::now;
use crate::handler::Service;
use crate::log::{internal, told};
use crate::serve::open_store;
use crate::settings::Settings;

/// How often the head of the audit is handed to whoever keeps anchors.
const ANCHOR_EACH: Duration = Duration::from_mins(1);
/// How often what policy lets go is dropped.
const SWEEP_EACH: Duration = Duration::from_hours(24);
const DAY: i64 = 86_400_000;
/// The setting that holds what is known of the settings of the last run.
const POLICY: &str = "audit.policy";

/// What was done with the audit, as a record of it.
pub(crate) fn of_note(note: AuditNote) -> What {
    match note {
        AuditNote::Exported {
            format,
            records,
            session,
        } => What::AuditExported {
            format: format_of(format).name().to_owned(),
            records,
            of: session.and_then(|session| Id::of_uuid(session.as_str())),
        },
        AuditNote::Verified {
            records,
            faults,
            anchors,
        } => What::AuditVerified {
            records,
            faults,
            anchors,
        },
    }
}

/// The form of an export by its name in the protocol.
pub(crate) fn format_of(format: ExportFormat) -> Format {
    match format {
        ExportFormat::Jsonl => Format::Jsonl,
        ExportFormat::Csv => Format::Csv,
        ExportFormat::Ocsf => Format::Ocsf,
    }
}

/// The account that the service runs under, as its environment names it.
pub(crate) fn user() -> String {
    let names = ["USER", "LOGNAME", "USERNAME"];
    let name = names.iter().find_map(|name| std::env::var(name).ok());
    name.unwrap_or_else(|| "unknown".to_owned())
}

/// The name of this computer.
pub(crate) fn hostname() -> String {
    let of_kernel = || std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let name = of_kernel().or_else(|| {
        ["COMPUTERNAME", "HOSTNAME"]
            .iter()
            .find_map(|name| std::env::var(name).ok())
    });
    name.map_or_else(|| "unknown".to_owned(), |name| name.trim().to_owned())
}

/// A setting that is not at its default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Known {
    origin: String,
    /// A keyed digest of the value.
    digest: String,
}

/// Records that the service starts, and each setting that is another than in the last run; gives the names of those.
pub(crate) async fn started(trail: &Trail, settings: &Settings) -> Result<Vec<String>, UserError> {
    let store = trail.store();
    let kept = store
        .setting(POLICY.to_owned())
        .await
        .map_err(|error| told(&error))?;
    let before: BTreeMap<String, Known> = kept
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .unwrap_or_default();
    let entries = settings.policy.entries().into_iter();
    let set = entries
        .filter(|entry| *entry.origin != Origin::Default)
        .map(|entry| {
            // A secret is masked here: what is known of it is whether it is set.
            let digest = store.audit_digest(entry.value.to_string().as_bytes());
            let known = Known {
                origin: entry.origin.to_string(),
                digest: BlobHash(digest).to_string(),
            };
            (entry.name.to_owned(), known)
        });
    let after: BTreeMap<String, Known> = set.collect();
    let start = What::ServiceStarted {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        managed: settings.managed,
    };
    let mut changes = Vec::new();
    let mut record = |by, what| {
        let record = trail.record(now(), by, None, what, None).map_err(internal)?;
        changes.push(StoreChange::Audit(record));
        Ok::<_, UserError>(())
    };
    record(Actor::Service, start)?;
    let mut changed = Vec::new();
    for what in differences(&before, &after) {
        if let What::PolicyChanged { key, .. } = &what {
            changed.push(key.clone());
        }
        record(Actor::Policy, what)?;
    }
    changes.push(StoreChange::PutSetting {
        name: POLICY.to_owned(),
        value: Some(serde_json::to_vec(&after).map_err(internal)?),
    });
    match store.write_store(changes).await {
        // Room can only be made by a service that runs.
        Err(StorageError::DiskFull) => {
            tracing::error!("the start of the service is not recorded: the disk is full");
            Ok(changed)
        }
        written => written.map(|()| changed).map_err(|error| told(&error)),
    }
}

fn differences(before: &BTreeMap<String, Known>, after: &BTreeMap<String, Known>) -> Vec<What> {
    let keys: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let changed = keys.into_iter().filter(|key| before.get(*key) != after.get(*key));
    let what = |key: &String| {
        let digest = |of: &BTreeMap<String, Known>| of.get(key).map(|known| known.digest.clone());
        What::PolicyChanged {
            key: key.clone(),
            origin: after
                .get(key)
                .map_or_else(|| Origin::Default.to_string(), |known| known.origin.clone()),
            old: digest(before),
            new: digest(after),
        }
    };
    changed.map(what).collect()
}

/// Writes what is noted, until it is told to stop and nothing is left.
async fn write_notes(trail: Trail, mut noted: Noted, stop: CancellationToken) {
    loop {
        let next = tokio::select! {
            biased;
            next = noted.recv() => next,
            () = stop.cancelled() => noted.try_recv().ok(),
        };
        let Some((at, by, what)) = next else { return };
        write(&trail, at, by, what).await;
    }
}

async fn write(trail: &Trail, at: Timestamp, by: Actor, what: What) {
    if let Err(error) = trail.write(at, by, None, what).await {
        tracing::error!(%error, "a record of the audit was not written");
    }
}

/// The same where no service runs, until it is told to stop and nothing is left. The database is opened for each record alone: it keeps
/// nobody out who starts meanwhile.
///
/// # Errors
///
/// Where a record could not be written.
pub(crate) async fn write_notes_alone(
    (paths, secrets, settings): (&Paths, &SecretStore, &Settings),
    mut noted: Noted,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    loop {
        let next = tokio::select! {
            biased;
            next = noted.recv() => next,
            () = stop.cancelled() => noted.try_recv().ok(),
        };
        let Some((at, by, what)) = next else { return Ok(()) };
        let mut tries = 0;
        let store = loop {
            match open_store(paths, secrets, settings) {
                Ok(store) => break store,
                Err(error) if tries == OPENED_WITHIN => {
                    return Err(error.context("a record of the audit is lost"));
                }
                Err(_) => tokio::time::sleep(OPENED_AGAIN).await,
            }
            tries += 1;
        };
        let trail = Trail::new(store, &user(), settings.audit_content);
        trail
            .write(at, by, None, what)
            .await
            .map_err(|error| told(&error))?;
    }
}

/// How often the database is tried where another process has it, and the pause between.
const OPENED_WITHIN: usize = 100;
const OPENED_AGAIN: Duration = Duration::from_millis(100);

/// How long things are kept: none for as long as there is room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Retention {
    /// Days of audit records: `deskhandAuditRetentionDays`.
    pub(crate) audit: Option<u32>,
    /// Days that a session stays since its last change: `deskhandSessionRetentionDays`.
    pub(crate) sessions: Option<u32>,
}

/// What is done beside the work, until it is ended.
#[derive(Debug)]
pub(crate) struct Upkeep {
    trail: Trail,
    notes: Notes,
    /// Writes what is noted; ends first.
    writer: (CancellationToken, JoinHandle<()>),
    stop: CancellationToken,
    tasks: JoinSet<()>,
}

impl Upkeep {
    /// Begins: anchors, where somebody keeps them, and sweeps.
    pub(crate) fn begin(
        service: &Arc<Service>,
        noted: Noted,
        retention: Retention,
        sink: Option<Arc<dyn AnchorSink>>,
    ) -> Self {
        let (stop, mut tasks) = (CancellationToken::new(), JoinSet::new());
        let (trail, end) = (service.log.trail().clone(), CancellationToken::new());
        let notes = service.notes.clone();
        let writer = tokio::spawn(write_notes(trail.clone(), noted, end.clone()));
        tasks.spawn(notes.clone().flush_each_minute(stop.clone()));
        if let Some(sink) = sink {
            let anchoring = Anchoring {
                trail: trail.clone(),
                sink,
                now,
                each: ANCHOR_EACH,
            };
            let ended = Arc::clone(service.log.ended());
            tasks.spawn(keep_anchoring(anchoring, ended, stop.clone()));
        }
        if retention != Retention::default() {
            let (service, stop) = (Arc::clone(service), stop.clone());
            tasks.spawn(async move {
                let mut days = tokio::time::interval(SWEEP_EACH);
                loop {
                    tokio::select! {
                        _ = days.tick() => {}
                        () = stop.cancelled() => return,
                    }
                    if let Err(error) = drop_old(&service, retention, now()).await {
                        tracing::error!(%error, "what is old was not dropped");
                    }
                }
            });
        }
        Self {
            trail,
            notes,
            writer: (end, writer),
            stop,
            tasks,
        }
    }

    /// Ends it, records that the service ends, and waits until that is anchored.
    pub(crate) async fn end(mut self) {
        self.notes.flush();
        let (end, writer) = self.writer;
        end.cancel();
        if let Err(error) = writer.await {
            tracing::error!(%error, "the notes of the audit failed");
        }
        let stopped = What::ServiceStopped {
            version: env!("CARGO_PKG_VERSION").to_owned(),
        };
        write(&self.trail, now(), Actor::Service, stopped).await;
        self.stop.cancel();
        while let Some(ended) = self.tasks.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "the upkeep of the audit failed");
            }
        }
    }
}

/// Deletes what is older than policy keeps it: sessions with their keys, then audit records.
async fn drop_old(service: &Service, retention: Retention, at: Timestamp) -> Result<(), UserError> {
    if let Some(days) = retention.sessions {
        let before = at.saturating_sub(i64::from(days) * DAY);
        for session in service.hub.delete_before(before).await? {
            tracing::info!(%session, "an old session was deleted");
            service.tell_removed(session);
        }
    }
    if let Some(days) = retention.audit {
        match sweep(service.log.trail(), at, days)
            .await
            .map_err(|error| told(&error))?
        {
            Swept::Nothing => {}
            Swept::Through(number) => tracing::info!(number, "old audit records were dropped"),
            Swept::AtFault(faults) => {
                tracing::error!(faults, "the audit is at fault, and nothing of it was dropped");
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_came_went_or_changed_are_told_by_digest() {
        let known = |digest: &str| Known {
            origin: "a file".to_owned(),
            digest: digest.to_owned(),
        };
        let of = |pairs: &[(&str, &str)]| {
            let pairs = pairs.iter();
            pairs
                .map(|(key, digest)| ((*key).to_owned(), known(digest)))
                .collect::<BTreeMap<_, _>>()
        };
        let told = differences(
            &of(&[("same", "1"), ("gone", "2"), ("changed", "3")]),
            &of(&[("same", "1"), ("new", "4"), ("changed", "5")]),
        );
        let shown: Vec<_> = told
            .into_iter()
            .map(|what| match what {
                What::PolicyChanged { key, old, new, .. } => (key, old, new),
                other => panic!("{other:?}"),
            })
            .collect();
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(
            shown,
            [
                ("changed".to_owned(), text("3"), text("5")),
                ("gone".to_owned(), text("2"), None),
                ("new".to_owned(), None, text("4")),
            ]
        );
    }
}
