//! What waits to be sent, bounded, and the count of what was lost.

use std::collections::{BTreeMap, VecDeque};

use deskhand_protocol::Timestamp;

use super::totals::Totals;
use crate::otlp::{Payload, Stream, logs, metrics, traces};
use crate::record::{Record, Recording, Signals, Span};
use crate::resource::Resource;
use crate::schema::{Attributes, ExportLost};

/// Records, and spans, that wait.
const MOST: usize = 8_192;
/// Bytes of records, and of spans, that wait, about.
const MOST_BYTES: usize = 16 << 20;
/// Items of one request.
pub(super) const BATCH: usize = 512;
/// Bytes of one request, about: gRPC servers take 4 MB by default.
const BATCH_BYTES: usize = 1 << 20;
/// What an item takes beside its texts.
const OVERHEAD: usize = 64;

/// Why an item was lost, as the counter names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Loss {
    /// There was no room to wait in.
    Queue,
    /// There was no room in the spool, or it could not be written.
    Spool,
    /// The collector took the request without it.
    Rejected,
    /// The collector did not take the request, or the way is closed.
    Refused,
    /// It was too large for the collector, also alone.
    TooLarge,
    /// It was too large for the collector, and went without the end of its long texts.
    Cut,
    /// Its file in the spool was altered.
    Altered,
    /// It waited for another collector.
    Elsewhere,
}

impl Loss {
    fn name(self) -> &'static str {
        match self {
            Self::Queue => "queue",
            Self::Spool => "spool",
            Self::Rejected => "rejected",
            Self::Refused => "refused",
            Self::TooLarge => "too_large",
            Self::Cut => "cut",
            Self::Altered => "altered",
            Self::Elsewhere => "elsewhere",
        }
    }
}

#[derive(Debug)]
pub(super) struct Queue {
    records: Waiting<Record>,
    spans: Waiting<Span>,
    totals: Totals,
    lost: BTreeMap<(Loss, &'static str), u64>,
    /// When counters were last taken.
    since: Timestamp,
}

impl Queue {
    pub(super) fn new(now: Timestamp) -> Self {
        Self {
            records: Waiting::default(),
            spans: Waiting::default(),
            totals: Totals::default(),
            lost: BTreeMap::new(),
            since: now,
        }
    }

    /// True when a batch is full.
    pub(super) fn add(&mut self, signals: Signals) -> bool {
        let mut dropped = [0; 2];
        for record in signals.records {
            let size = size(&record.attributes);
            dropped[0] += u64::from(!self.records.add(record, size));
        }
        for span in signals.spans {
            let events = span.events.iter().map(|(_, _, attributes)| size(attributes));
            let size = size(&span.attributes) + events.sum::<usize>();
            dropped[1] += u64::from(!self.spans.add(span, size));
        }
        for point in signals.points {
            self.totals.add(point);
        }
        self.lose(Loss::Queue, Some(Stream::Logs), dropped[0]);
        self.lose(Loss::Queue, Some(Stream::Traces), dropped[1]);
        self.records.is_full() || self.spans.is_full()
    }

    pub(super) fn lose(&mut self, loss: Loss, stream: Option<Stream>, count: u64) {
        if count > 0 {
            let lost = self
                .lost
                .entry((loss, stream.map_or("unknown", Stream::name)))
                .or_default();
            *lost = lost.saturating_add(count);
        }
    }

    /// The next request of records or spans.
    pub(super) fn batch(&mut self, resource: &Resource) -> Option<Payload> {
        if let Some(records) = self.records.batch() {
            return Some(logs(resource, records));
        }
        self.spans.batch().map(|spans| traces(resource, spans))
    }

    /// The counters since they were last taken, those of losses among them.
    pub(super) fn counters(
        &mut self,
        resource: &Resource,
        recording: &Recording,
        now: Timestamp,
    ) -> Option<Payload> {
        for ((loss, signal), count) in std::mem::take(&mut self.lost) {
            let row = ExportLost {
                reason: loss.name(),
                signal,
            };
            let point = recording.point(now, None, crate::record::Amount::Whole(count), row);
            if let Some(point) = point {
                self.totals.add(point);
            }
        }
        let from = std::mem::replace(&mut self.since, now);
        let totals = self.totals.take();
        (!totals.is_empty()).then(|| metrics(resource, totals, from.min(now), now))
    }
}

#[derive(Debug)]
struct Waiting<T> {
    items: VecDeque<(T, usize)>,
    bytes: usize,
}

impl<T> Default for Waiting<T> {
    fn default() -> Self {
        Self {
            items: VecDeque::new(),
            bytes: 0,
        }
    }
}

impl<T> Waiting<T> {
    /// False where there is no room.
    fn add(&mut self, item: T, size: usize) -> bool {
        if self.items.len() >= MOST || self.bytes + size > MOST_BYTES {
            return false;
        }
        self.bytes += size;
        self.items.push_back((item, size));
        true
    }

    fn is_full(&self) -> bool {
        self.items.len() >= BATCH || self.bytes >= BATCH_BYTES
    }

    fn batch(&mut self) -> Option<Vec<T>> {
        let mut batch = Vec::new();
        let mut bytes = 0;
        while let Some((_, size)) = self.items.front() {
            if batch.len() >= BATCH || (!batch.is_empty() && bytes + size > BATCH_BYTES) {
                break;
            }
            let Some((item, size)) = self.items.pop_front() else {
                break;
            };
            bytes += size;
            batch.push(item);
        }
        self.bytes -= bytes;
        (!batch.is_empty()).then_some(batch)
    }
}

fn size(attributes: &Attributes) -> usize {
    attributes
        .iter()
        .map(|(name, value)| name.len() + value.size() + 4)
        .sum::<usize>()
        + OVERHEAD
}
