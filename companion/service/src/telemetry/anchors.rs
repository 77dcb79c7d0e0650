//! Anchors of the audit at the collector, and the turns that wait for a collector which takes them.

use std::sync::Arc;
use std::time::Duration;

use deskhand_core::ports::BoxFuture;
use deskhand_protocol::{ErrorCode, UserError};
use deskhand_storage::{AuditAnchor, BlobHash};
use deskhand_telemetry::record::Severity;
use deskhand_telemetry::schema;
use deskhand_trail::{AnchorSink, NotAnchored, Trail};

use super::{Collector, Telemetry};
use crate::clock::now;
use crate::log::told;

/// How long what the collector took last shows that it works.
const FRESH: Duration = Duration::from_mins(1);
/// How long a turn waits for the collector.
const PATIENCE: Duration = Duration::from_secs(10);

impl Telemetry {
    /// Who keeps anchors of the audit.
    pub(crate) fn anchors(&self) -> Option<Arc<dyn AnchorSink>> {
        let collector = self.0.as_ref()?;
        Some(Arc::clone(collector) as Arc<dyn AnchorSink>)
    }

    /// Refuses where the audit must reach the collector (`deskhandAuditRequired`), and it takes nothing now.
    pub(crate) async fn admit(&self, trail: &Trail) -> Result<(), UserError> {
        let Some(collector) = self.0.as_ref().filter(|collector| collector.required) else {
            return Ok(());
        };
        if collector.exporter.took_within(FRESH) {
            return Ok(());
        }
        let head = trail.store().audit_head(now()).await;
        let Some(head) = head.map_err(|error| told(&error))? else {
            return Ok(());
        };
        match tokio::time::timeout(PATIENCE, collector.keep(head)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(unavailable(&error.0)),
            Err(_) => Err(unavailable("it does not answer in time")),
        }
    }
}

fn unavailable(why: &str) -> UserError {
    UserError::new(ErrorCode::CollectorUnavailable).detail(format!("deskhandAuditRequired: {why}"))
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
            let taken = self.exporter.deliver(signals).await;
            taken.map_err(|error| NotAnchored(error.to_string()))
        })
    }
}
