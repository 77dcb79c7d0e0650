//! Turns that need a collector which takes the audit (`deskhandAuditRequired`). No prompt is taken while there is none, and a turn
//! that is open waits before its next step: at the start of the service, after an answer, in the middle of its work.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use deskhand_protocol::{ErrorCode, UserError};
use deskhand_trail::{AnchorSink as _, NotAnchored, Trail};
use tokio::sync::Mutex;
use tokio::time::sleep;

use super::Telemetry;
use crate::clock::now;
use crate::log::told;

/// How long what the collector took last shows that it works.
const FRESH: Duration = Duration::from_mins(1);
/// How long turns wait before the collector is asked again.
const ASK_AGAIN: Duration = Duration::from_secs(2);

/// The turns that wait for the collector.
#[derive(Debug, Default)]
pub(super) struct Held {
    count: AtomicUsize,
    /// Whoever holds it asks the collector for all that wait.
    asking: Mutex<()>,
}

/// A turn that waits, until it is dropped.
struct Waiting<'a>(&'a Held);

impl<'a> Waiting<'a> {
    fn new(held: &'a Held) -> Self {
        held.count.fetch_add(1, Ordering::Relaxed);
        Self(held)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.count.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Telemetry {
    /// Refuses where the audit must reach the collector, and there is none, or it takes nothing now.
    pub(crate) async fn admit(&self, trail: &Trail) -> Result<(), UserError> {
        if self.required.is_none() {
            return Ok(());
        }
        let Some(collector) = &self.collector else {
            return Err(refused("nothing is exported"));
        };
        if collector.exporter.took_within(FRESH) {
            return Ok(());
        }
        let head = trail.store().audit_head(now()).await;
        let Some(head) = head.map_err(|error| told(&error))? else {
            return Err(refused("the audit has no record yet"));
        };
        let kept = collector.keep(head).await;
        kept.map_err(|NotAnchored(why)| refused(&why))
    }

    /// Waits until a turn may go on; where it has to wait, `says` is told once, and why, and the answer is true.
    pub(crate) async fn wait(&self, trail: &Trail, says: impl AsyncFnOnce(UserError)) -> bool {
        let Some(held) = self.required.as_ref().filter(|_| !self.stopped) else {
            return false;
        };
        let Err(error) = self.admit(trail).await else {
            return false;
        };
        let _waiting = Waiting::new(held);
        says(waits(error)).await;
        let _asking = held.asking.lock().await;
        while self.admit(trail).await.is_err() {
            sleep(ASK_AGAIN).await;
        }
        true
    }

    /// How many turns wait for the collector.
    pub(crate) fn held(&self) -> usize {
        let held = self.required.as_ref();
        held.map_or(0, |held| held.count.load(Ordering::Relaxed))
    }
}

fn refused(why: &str) -> UserError {
    let detail = format!("deskhandAuditRequired: {why}");
    UserError::new(ErrorCode::CollectorUnavailable).detail(detail)
}

/// The same for a turn that is open: nobody has to do anything for it.
fn waits(error: UserError) -> UserError {
    UserError {
        happened:
            "Your organisation's collector of records takes nothing now, and no turn may go on without it."
                .to_owned(),
        kept: "The turn waits; everything up to here is kept.".to_owned(),
        action: "It goes on by itself once the collector takes records again; you may also stop it."
            .to_owned(),
        ..error
    }
}
