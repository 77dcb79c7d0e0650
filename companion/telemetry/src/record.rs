//! What goes to the collector: log records, points of counters and spans, as the table admits them.
//!
//! None of these types has a public way to add an attribute: they are made from rows of the table alone.

use std::fmt::Write as _;
use std::sync::Arc;

use aws_lc_rs::digest;
use deskhand_protocol::Timestamp;
use deskhand_protocol::message::Usage;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::content::Capture;
use crate::schema::{Attributes, Definition, Described, Signal, Standard, StandardMetric, Tool};

/// Says what a request of a model costs in USD; `None` where no price is known.
pub type Price = Arc<dyn Fn(&str, Usage) -> Option<f64> + Send + Sync>;

/// Says whether a tool is one that Deskhand ships: the names of others are their makers' words.
pub type IsOwnTool = Arc<dyn Fn(&str) -> bool + Send + Sync>;

/// What all records of this installation are made with.
#[derive(Clone)]
pub struct Recording {
    /// Content that may be sent.
    pub capture: Capture,
    /// Whether spans are made (`otlpTracesEnabled`).
    pub traces: bool,
    /// The random id that was made when Deskhand was installed.
    pub user: String,
    /// The model of prompts that name none.
    pub default_model: String,
    /// Whether a tool is one that Deskhand ships.
    pub is_own_tool: IsOwnTool,
    /// What a request costs.
    pub price: Option<Price>,
}

impl std::fmt::Debug for Recording {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = f.debug_struct("Recording");
        shown
            .field("capture", &self.capture)
            .field("traces", &self.traces);
        shown.finish_non_exhaustive()
    }
}

impl Recording {
    /// The record of something that belongs to no session; nothing where its category is closed.
    pub fn event<E: Described>(&self, at: Timestamp, severity: Severity, event: E) -> Signals {
        let mut signals = Signals::default();
        signals
            .records
            .extend(self.record(at, severity, event, &Place::default()));
        signals
    }

    /// The example of a row, with every attribute that may be sent: to try a collector.
    pub fn example(&self, definition: &'static Definition, at: Timestamp) -> Signals {
        let mut signals = Signals::default();
        let Some(mut attributes) = (definition.example)(&self.capture) else {
            return signals;
        };
        let span = SpanRef::of(first_bytes("trace", &["example"]), &[definition.name]);
        let whole = |definition, attributes, events| Span {
            definition,
            place: span,
            parent: None,
            start: at,
            end: at,
            failed: false,
            attributes,
            events,
        };
        match definition.signal {
            Signal::Event => {
                let place = Place {
                    session: Some("example"),
                    sequence: Some(1),
                    ..Place::default()
                };
                attributes.extend(self.standard_of_record(definition, at, &place));
                let severity = Severity::Info;
                signals.records.push(Record {
                    definition,
                    at,
                    severity,
                    attributes,
                    span: None,
                });
            }
            Signal::Counter { .. } => {
                attributes.extend(self.standard(Some("example")));
                signals.points.push(Point {
                    definition,
                    at,
                    amount: Amount::Whole(1),
                    attributes,
                });
            }
            Signal::Span => {
                attributes.extend(self.standard(Some("example")));
                signals.spans.push(whole(definition, attributes, Vec::new()));
            }
            Signal::SpanEvent => {
                let mut around = (Tool::DEFINITION.example)(&self.capture).unwrap_or_default();
                around.extend(self.standard(Some("example")));
                signals.spans.push(whole(
                    Tool::DEFINITION,
                    around,
                    vec![(definition, at, attributes)],
                ));
            }
        }
        signals
    }

    pub(crate) fn record<E: Described>(
        &self,
        at: Timestamp,
        severity: Severity,
        event: E,
        place: &Place<'_>,
    ) -> Option<Record> {
        let definition = E::DEFINITION;
        let mut attributes = event.admitted(&self.capture)?;
        attributes.extend(self.standard_of_record(definition, at, place));
        let span = place.span.filter(|_| self.traces);
        Some(Record {
            definition,
            at,
            severity,
            attributes,
            span,
        })
    }

    fn standard_of_record(&self, definition: &Definition, at: Timestamp, place: &Place<'_>) -> Attributes {
        let standard = Standard {
            session: place.session.map(str::to_owned),
            user: self.user.clone(),
            host_paths: place.folders.to_vec(),
            terminal: TERMINAL,
            event_name: definition.event_name(),
            timestamp: rfc3339(at),
            sequence: place.sequence,
            prompt: place.prompt.map(str::to_owned),
        };
        standard.admitted(&self.capture).unwrap_or_default()
    }

    pub(crate) fn point<E: Described>(
        &self,
        at: Timestamp,
        session: Option<&str>,
        amount: Amount,
        row: E,
    ) -> Option<Point> {
        let mut attributes = row.admitted(&self.capture)?;
        attributes.extend(self.standard(session));
        Some(Point {
            definition: E::DEFINITION,
            at,
            amount,
            attributes,
        })
    }

    pub(crate) fn standard(&self, session: Option<&str>) -> Attributes {
        let standard = StandardMetric {
            session: session.map(str::to_owned),
            user: self.user.clone(),
            terminal: TERMINAL,
        };
        standard.admitted(&self.capture).unwrap_or_default()
    }
}

const TERMINAL: &str = "non-interactive";

/// Where in a session something happened.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Place<'a> {
    pub(crate) session: Option<&'a str>,
    pub(crate) folders: &'a [String],
    pub(crate) sequence: Option<u64>,
    pub(crate) prompt: Option<&'a str>,
    pub(crate) span: Option<SpanRef>,
}

/// What came of one event: to be handed to the exporter.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Signals {
    /// Log records.
    pub records: Vec<Record>,
    /// Points of counters.
    pub points: Vec<Point>,
    /// Spans that ended.
    pub spans: Vec<Span>,
}

/// How weighty a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// For those who build Deskhand.
    Debug,
    /// What happens.
    Info,
    /// What should not be.
    Warn,
    /// What failed.
    Error,
}

/// A log record.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    pub(crate) definition: &'static Definition,
    pub(crate) at: Timestamp,
    pub(crate) severity: Severity,
    pub(crate) attributes: Attributes,
    pub(crate) span: Option<SpanRef>,
}

impl Record {
    /// Its row in the table.
    pub fn definition(&self) -> &'static Definition {
        self.definition
    }

    /// What it says.
    pub fn attributes(&self) -> &Attributes {
        &self.attributes
    }
}

/// What a counter went up by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Amount {
    /// A whole number.
    Whole(u64),
    /// Any number, never negative.
    Number(f64),
}

impl Amount {
    pub(crate) fn plus(self, other: Self) -> Self {
        match (self, other) {
            (Self::Whole(one), Self::Whole(two)) => Self::Whole(one.saturating_add(two)),
            (one, two) => Self::Number(one.number() + two.number()),
        }
    }

    fn number(self) -> f64 {
        match self {
            Self::Whole(whole) => whole as f64,
            Self::Number(number) => number,
        }
    }
}

/// A counter went up.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    pub(crate) definition: &'static Definition,
    pub(crate) at: Timestamp,
    pub(crate) amount: Amount,
    pub(crate) attributes: Attributes,
}

impl Point {
    /// Its row in the table.
    pub fn definition(&self) -> &'static Definition {
        self.definition
    }

    /// By how much.
    pub fn amount(&self) -> Amount {
        self.amount
    }

    /// What it says.
    pub fn attributes(&self) -> &Attributes {
        &self.attributes
    }
}

/// A span and its trace (W3C Trace Context).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SpanRef {
    pub(crate) trace: [u8; 16],
    pub(crate) span: [u8; 8],
}

impl SpanRef {
    /// The span of this name. Made from what it stands for, so that a restarted service goes on with the same trace.
    pub(crate) fn of(trace: [u8; 16], parts: &[&str]) -> Self {
        Self {
            trace,
            span: first_bytes("span", parts),
        }
    }
}

/// A span that ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    pub(crate) definition: &'static Definition,
    pub(crate) place: SpanRef,
    pub(crate) parent: Option<[u8; 8]>,
    pub(crate) start: Timestamp,
    pub(crate) end: Timestamp,
    pub(crate) failed: bool,
    pub(crate) attributes: Attributes,
    pub(crate) events: Vec<(&'static Definition, Timestamp, Attributes)>,
}

impl Span {
    /// Its row in the table.
    pub fn definition(&self) -> &'static Definition {
        self.definition
    }

    /// What it says.
    pub fn attributes(&self) -> &Attributes {
        &self.attributes
    }

    /// What its events say.
    pub fn events(&self) -> impl Iterator<Item = &Attributes> {
        self.events.iter().map(|(_, _, attributes)| attributes)
    }
}

/// The first bytes of a SHA-256 digest of what a thing is called: never all zero for any name that there will be.
pub(crate) fn first_bytes<const N: usize>(what: &str, parts: &[&str]) -> [u8; N] {
    let mut text = what.as_bytes().to_vec();
    for part in parts {
        text.extend_from_slice(&(part.len() as u64).to_be_bytes());
        text.extend_from_slice(part.as_bytes());
    }
    let hash = digest::digest(&digest::SHA256, &text);
    let mut bytes = [0; N];
    bytes
        .iter_mut()
        .zip(hash.as_ref())
        .for_each(|(byte, from)| *byte = *from);
    bytes
}

/// A UUID of version 4 (RFC 9562) for a prompt, the same after a restart.
pub(crate) fn prompt_id(session: &str, turn: &str) -> String {
    let mut bytes: [u8; 16] = first_bytes("prompt", &[session, turn]);
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let mut text = String::with_capacity(36);
    for (index, byte) in bytes.iter().enumerate() {
        if [4, 6, 8, 10].contains(&index) {
            text.push('-');
        }
        // Writing to a string cannot fail.
        write!(text, "{byte:02x}").ok();
    }
    text
}

pub(crate) fn rfc3339(at: Timestamp) -> String {
    let time = OffsetDateTime::from_unix_timestamp_nanos(i128::from(at) * 1_000_000).ok();
    time.and_then(|time| time.format(&Rfc3339).ok())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prompt_has_one_uuid_of_version_4() {
        let id = prompt_id("session", "turn");
        assert_eq!(id, prompt_id("session", "turn"));
        assert_ne!(id, prompt_id("sessiont", "urn"));
        let parts: Vec<usize> = id.split('-').map(str::len).collect();
        assert_eq!(parts, [8, 4, 4, 4, 12]);
        assert_eq!(&id[14..15], "4");
        assert!("89ab".contains(&id[19..20]));
    }

    #[test]
    fn times_beyond_the_calendar_are_left_out() {
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00Z");
        assert_eq!(rfc3339(1), "1970-01-01T00:00:00.001Z");
        assert_eq!(rfc3339(i64::MAX), "");
    }
}
