//! Anchors of the audit at the collector.

use std::sync::Arc;
use std::time::Duration;

use deskhand_core::ports::BoxFuture;
use deskhand_storage::{AuditAnchor, BlobHash};
use deskhand_telemetry::export::NotTaken;
use deskhand_telemetry::record::Severity;
use deskhand_telemetry::schema;
use deskhand_trail::{AnchorSink, NotAnchored};
use tokio::time::timeout;

use super::{Collector, Telemetry};
use crate::clock::now;

/// How long an anchor may take: a turn waits for it, and the end of the service.
const PATIENCE: Duration = Duration::from_secs(5);

impl Telemetry {
    /// Who keeps anchors of the audit.
    pub(crate) fn anchors(&self) -> Option<Arc<dyn AnchorSink>> {
        let collector = self.collector.as_ref()?;
        Some(Arc::clone(collector) as Arc<dyn AnchorSink>)
    }
}

impl AnchorSink for Collector {
    fn keep(&self, anchor: AuditAnchor) -> BoxFuture<'_, Result<(), NotAnchored>> {
        let row = schema::AuditAnchor {
            number: anchor.number,
            link: BlobHash(anchor.link).to_string(),
            at: u64::try_from(anchor.at).unwrap_or_default(),
            chain: anchor.chain.to_string(),
        };
        let signals = self.recording.event(now(), Severity::Info, row);
        Box::pin(async move {
            let taken = timeout(PATIENCE, self.exporter.deliver(signals)).await;
            let late = || Err(NotTaken::Away("it did not answer in time".to_owned()));
            let taken = taken.unwrap_or_else(|_| late());
            taken.map_err(|why| NotAnchored(why.to_string()))
        })
    }
}
