//! Dropping old records, as the policy says. What stays is linked to a sealed checkpoint, so that the chain holds.

use deskhand_storage::{StorageError, StoreChange};

use crate::kinds::What;
use crate::record::Actor;
use crate::trail::Trail;

/// Milliseconds of a day.
const DAY: i64 = 86_400_000;

/// What came of a sweep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Swept {
    /// No record is old enough.
    Nothing,
    /// Records up to this number were dropped.
    Through(u64),
    /// The chain has so many faults; nothing was dropped, since it would be dropped with what shows them.
    AtFault(u64),
}

/// Drops records that are older than so many days (the policy key `deskhandAuditRetentionDays`). The newest always stays.
pub async fn sweep(trail: &Trail, now: i64, days: u32) -> Result<Swept, StorageError> {
    let store = trail.store();
    let Some(through) = store
        .audit_before(now.saturating_sub(i64::from(days) * DAY))
        .await?
    else {
        return Ok(Swept::Nothing);
    };
    let verdict = store.verify_audit(Vec::new()).await?;
    let faults = verdict.faults.len() as u64 + verdict.more_faults;
    if faults > 0 {
        let what = What::AuditAtFault { faults };
        trail.write(now, Actor::Service, None, what).await?;
        return Ok(Swept::AtFault(faults));
    }
    let what = What::AuditSwept { through, days };
    let record = trail.record(now, Actor::Policy, None, what, None);
    let mut changes = vec![StoreChange::DropAudit { through }];
    changes.extend(record.ok().map(StoreChange::Audit));
    store.write_store(changes).await?;
    Ok(Swept::Through(through))
}
