//! Anchors of the audit at the collector, and the turns that wait for a collector which takes them.

use std::sync::Arc;
use std::time::Duration;

use deskhand_core::ports::BoxFuture;
use deskhand_protocol::{ErrorCode, UserError};
use deskhand_storage::{AuditAnchor, BlobHash};
use deskhand_telemetry::export::NotTaken;
use deskhand_telemetry::record::Severity;
use deskhand_telemetry::schema;
use deskhand_trail::{AnchorSink, NotAnchored, Trail};
use tokio::time::timeout;

use super::{Collector, Telemetry};
use crate::clock::now;
use crate::log::told;

/// How long what the collector took last shows that it works.
const FRESH: Duration = Duration::from_mins(1);
/// How long an anchor may take: a turn waits for it, and the end of the service.
const PATIENCE: Duration = Duration::from_secs(5);

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
        let kept = collector.keep(head).await;
        kept.map_err(|NotAnchored(why)| {
            let detail = format!("deskhandAuditRequired: {why}");
            UserError::new(ErrorCode::CollectorUnavailable).detail(detail)
        })
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
            let taken = taken.unwrap_or(Err(NotTaken::Away));
            taken.map_err(|why| NotAnchored(why.to_string()))
        })
    }
}
