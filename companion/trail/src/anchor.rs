//! Anchors: the head of the chain, handed each minute and at the end of a turn to whoever keeps it outside of this
//! computer, and read again from what a collector wrote.

use std::io::{BufRead, Read as _};
use std::sync::Arc;
use std::time::Duration;

use deskhand_core::ports::BoxFuture;
use deskhand_storage::{AuditAnchor, StorageError};
use serde_json::Value;
use tokio::sync::Notify;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::kinds::What;
use crate::record::Actor;
use crate::trail::Trail;

/// The name of the OTLP log record that carries an anchor.
const EVENT: &str = "deskhand.audit_anchor";
/// Bytes of one line of a file of anchors: a batch of a collector.
const MAX_LINE: u64 = 16 << 20;
/// Anchors of one file: each minute of two years.
const MAX_ANCHORS: usize = 1 << 20;

/// Keeps anchors where this computer's user cannot change them.
pub trait AnchorSink: Send + Sync {
    /// Keeps one. Done once it is out of this computer's hands; what fails is tried again with the next.
    fn keep(&self, anchor: AuditAnchor) -> BoxFuture<'_, Result<(), NotAnchored>>;
}

/// An anchor could not be handed over.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the anchor was not taken: {0}")]
pub struct NotAnchored(pub String);

/// What anchoring works with.
pub struct Anchoring {
    /// The audit.
    pub trail: Trail,
    /// Who keeps anchors.
    pub sink: Arc<dyn AnchorSink>,
    /// Unix milliseconds.
    pub now: fn() -> i64,
    /// How often at most; a minute in the service.
    pub each: Duration,
}

impl std::fmt::Debug for Anchoring {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Anchoring")
            .field("each", &self.each)
            .finish_non_exhaustive()
    }
}

/// Hands the head of the chain over whenever it moved: each `each`, when `ended` is notified, and once more as it stops.
pub async fn keep_anchoring(anchoring: Anchoring, ended: Arc<Notify>, stop: CancellationToken) {
    let mut ticks = tokio::time::interval(anchoring.each);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut settled = 0;
    loop {
        let stopping = tokio::select! {
            _ = ticks.tick() => false,
            () = ended.notified() => false,
            () = stop.cancelled() => true,
        };
        match anchor(&anchoring, settled).await {
            Ok(number) => settled = number,
            Err(error) => tracing::warn!(%error, "the audit was not anchored"),
        }
        if stopping {
            return;
        }
    }
}

#[derive(Debug, thiserror::Error)]
enum AnchorError {
    #[error(transparent)]
    Store(#[from] StorageError),
    #[error(transparent)]
    Sink(#[from] NotAnchored),
}

/// Anchors the head if it moved since `settled`; returns what is settled then. That an anchor was taken is a record too,
/// and no reason for the next anchor.
async fn anchor(anchoring: &Anchoring, settled: u64) -> Result<u64, AnchorError> {
    let store = anchoring.trail.store();
    let at = (anchoring.now)();
    let Some(head) = store.audit_head(at).await? else {
        return Ok(settled);
    };
    if head.number <= settled {
        return Ok(settled);
    }
    anchoring.sink.keep(head).await?;
    let what = What::AnchorTaken { number: head.number };
    anchoring.trail.write(at, Actor::Service, None, what).await?;
    let after = store.audit_head(at).await?.map_or(0, |after| after.number);
    let alone = after == head.number + 1;
    Ok(if alone { after } else { head.number })
}

/// Why a file of anchors is of no use.
#[derive(Debug, thiserror::Error)]
pub enum AnchorsError {
    /// It could not be read.
    #[error("the anchors cannot be read")]
    Read(#[from] std::io::Error),
    /// A line is larger than a batch of a collector.
    #[error("line {0} is larger than 16 MB")]
    Line(u64),
    /// A line is no JSON.
    #[error("line {0} is not JSON")]
    Json(u64),
    /// A record calls itself an anchor, and is none.
    #[error("line {0} holds an anchor without `{1}`")]
    Field(u64, &'static str),
    /// There are more than can be compared at once.
    #[error("there are more than 1,048,576 anchors")]
    Many,
    /// There is none.
    #[error("there is no anchor in it")]
    None,
}

/// The anchors of a file: JSON lines, each an anchor itself (`chain`, `number`, `link`, `at`), or what a collector wrote of
/// OTLP logs (OTLP/JSON), where records named `deskhand.audit_anchor` count and others are passed over.
pub fn read_anchors(mut file: impl BufRead) -> Result<Vec<AuditAnchor>, AnchorsError> {
    let mut anchors = Vec::new();
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        let read = file.by_ref().take(MAX_LINE + 1).read_until(b'\n', &mut line)?;
        if read == 0 {
            break;
        }
        if read as u64 > MAX_LINE {
            return Err(AnchorsError::Line(number));
        }
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let value: Value = serde_json::from_slice(&line).map_err(|_| AnchorsError::Json(number))?;
        for found in of_line(&value) {
            anchors.push(found.map_err(|field| AnchorsError::Field(number, field))?);
        }
        if anchors.len() > MAX_ANCHORS {
            return Err(AnchorsError::Many);
        }
    }
    if anchors.is_empty() {
        return Err(AnchorsError::None);
    }
    Ok(anchors)
}

type Found = Result<AuditAnchor, &'static str>;

fn of_line(value: &Value) -> Vec<Found> {
    let Some(resources) = value.get("resourceLogs") else {
        return vec![of_fields(|name| {
            value
                .get(name.trim_start_matches("audit."))
                .or_else(|| value.get(name))
        })];
    };
    let each = |value: &Value, name: &str| {
        value
            .get(name)
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default()
    };
    let resources = resources.as_array().into_iter().flatten();
    let scopes = resources.flat_map(|resource| each(resource, "scopeLogs"));
    let records = scopes.flat_map(|scope| each(&scope, "logRecords"));
    records
        .filter(is_anchor)
        .map(|record| of_fields(|name| attribute(&record, name)))
        .collect()
}

/// The name of an event stands in its own field, or, of older senders, in an attribute or the body.
fn is_anchor(record: &Value) -> bool {
    let name = record.get("eventName");
    let name = name.or_else(|| attribute(record, "event.name"));
    let name = name.or_else(|| record.get("body")?.get("stringValue"));
    name.and_then(Value::as_str) == Some(EVENT)
}

fn attribute<'a>(record: &'a Value, name: &str) -> Option<&'a Value> {
    let attributes = record.get("attributes")?.as_array()?;
    let found = attributes
        .iter()
        .find(|one| one.get("key").and_then(Value::as_str) == Some(name))?;
    // An attribute has one value, under the name of its type.
    found.get("value")?.as_object()?.values().next()
}

fn of_fields<'a>(field: impl Fn(&str) -> Option<&'a Value>) -> Found {
    let text = |name| field(name).and_then(Value::as_str);
    // 64-bit numbers are texts in OTLP/JSON.
    let number = |name| {
        let found = field(name)?;
        found.as_i64().or_else(|| found.as_str()?.parse().ok())
    };
    let chain = text("audit.chain").and_then(|chain| chain.parse().ok());
    let link = text("audit.link").and_then(deskhand_storage::BlobHash::parse);
    let last = number("audit.number").and_then(|number| u64::try_from(number).ok());
    Ok(AuditAnchor {
        chain: chain.ok_or("audit.chain")?,
        number: last.filter(|number| *number > 0).ok_or("audit.number")?,
        link: link.ok_or("audit.link")?.0,
        at: number("audit.at").ok_or("audit.at")?,
    })
}

/// An anchor as a line of JSON, as [`read_anchors`] reads it.
pub fn anchor_line(anchor: &AuditAnchor) -> String {
    let link = deskhand_storage::BlobHash(anchor.link).to_string();
    serde_json::json!({
        "chain": anchor.chain, "number": anchor.number, "link": link, "at": anchor.at
    })
    .to_string()
}
