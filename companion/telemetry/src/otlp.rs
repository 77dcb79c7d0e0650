//! Messages of the OpenTelemetry protocol, made with the types of its own definitions.
//!
//! The types come from `opentelemetry-proto`; the SDK around them is not used: its exporters batch, time and retry by themselves and
//! bring their own connections, where here all of that is bounded, sealed and goes through the one door.

use deskhand_protocol::Timestamp;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Wire;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value as Figure;
use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum, metric,
};
use opentelemetry_proto::tonic::resource::v1::Resource as WireResource;
use opentelemetry_proto::tonic::trace::v1::{
    self as trace, ResourceSpans, ScopeSpans, Status, span::SpanKind,
};
use prost::Message as _;

use crate::record::{Amount, Record, Severity, Span};
use crate::resource::Resource;
use crate::schema::{Attributes, Definition, Family, Signal, Value};

/// The three kinds of request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Stream {
    Logs,
    Metrics,
    Traces,
}

impl Stream {
    pub(crate) const ALL: [Self; 3] = [Self::Logs, Self::Metrics, Self::Traces];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Logs => "logs",
            Self::Metrics => "metrics",
            Self::Traces => "traces",
        }
    }
}

/// A request as it is kept: the protobuf message, whatever it will travel as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Payload {
    pub(crate) stream: Stream,
    /// Records, points or spans in it.
    pub(crate) items: u32,
    pub(crate) message: Vec<u8>,
}

/// A counter's sum over the time since the last one.
#[derive(Clone, Debug)]
pub(crate) struct Total {
    pub(crate) definition: &'static Definition,
    pub(crate) attributes: Attributes,
    pub(crate) amount: Amount,
}

const FAMILIES: [Family; 2] = [Family::Documented, Family::Own];
/// The trace was sampled (W3C Trace Context): all of ours are.
const SAMPLED: u32 = 1;

pub(crate) fn logs(resource: &Resource, records: Vec<Record>) -> Payload {
    let items = records.len() as u32;
    let mut parts = FAMILIES.map(|family| (family, Vec::new()));
    for record in records {
        part(&mut parts, record.definition.family).push(log(record));
    }
    let scope_logs = filled(parts).map(|(family, log_records)| ScopeLogs {
        scope: Some(scope(family)),
        log_records,
        schema_url: String::new(),
    });
    let request = ExportLogsServiceRequest {
        resource_logs: vec![ResourceLogs {
            resource: Some(wire_resource(resource)),
            scope_logs: scope_logs.collect(),
            schema_url: String::new(),
        }],
    };
    Payload {
        stream: Stream::Logs,
        items,
        message: request.encode_to_vec(),
    }
}

pub(crate) fn metrics(resource: &Resource, totals: Vec<Total>, from: Timestamp, to: Timestamp) -> Payload {
    let items = totals.len() as u32;
    let mut parts = FAMILIES.map(|family| (family, Vec::<Metric>::new()));
    for total in totals {
        let metrics = part(&mut parts, total.definition.family);
        let name = total.definition.full_name();
        let at = metrics
            .iter()
            .position(|metric| metric.name == name)
            .unwrap_or_else(|| {
                metrics.push(counter(total.definition, name));
                metrics.len() - 1
            });
        if let Some(metric::Data::Sum(sum)) = &mut metrics[at].data {
            sum.data_points.push(point(total, from, to));
        }
    }
    let scope_metrics = filled(parts).map(|(family, metrics)| ScopeMetrics {
        scope: Some(scope(family)),
        metrics,
        schema_url: String::new(),
    });
    let request = ExportMetricsServiceRequest {
        resource_metrics: vec![ResourceMetrics {
            resource: Some(wire_resource(resource)),
            scope_metrics: scope_metrics.collect(),
            schema_url: String::new(),
        }],
    };
    Payload {
        stream: Stream::Metrics,
        items,
        message: request.encode_to_vec(),
    }
}

pub(crate) fn traces(resource: &Resource, spans: Vec<Span>) -> Payload {
    let items = spans.len() as u32;
    let mut parts = FAMILIES.map(|family| (family, Vec::new()));
    for span in spans {
        part(&mut parts, span.definition.family).push(wire_span(span));
    }
    let scope_spans = filled(parts).map(|(family, spans)| ScopeSpans {
        scope: Some(scope(family)),
        spans,
        schema_url: String::new(),
    });
    let request = ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            resource: Some(wire_resource(resource)),
            scope_spans: scope_spans.collect(),
            schema_url: String::new(),
        }],
    };
    Payload {
        stream: Stream::Traces,
        items,
        message: request.encode_to_vec(),
    }
}

/// A request of a kind without anything in it.
pub(crate) fn empty(resource: &Resource, stream: Stream) -> Payload {
    match stream {
        Stream::Logs => logs(resource, Vec::new()),
        Stream::Metrics => metrics(resource, Vec::new(), 0, 0),
        Stream::Traces => traces(resource, Vec::new()),
    }
}

/// What becomes of a payload that is too large.
#[derive(Debug, PartialEq)]
pub(crate) enum Smaller {
    Halves([Payload; 2]),
    /// One item, whose long texts were cut.
    Cut(Payload),
    /// It cannot be made smaller.
    No,
}

/// Bytes that a cut text keeps.
const CUT: usize = 256;

/// Halves a payload, or cuts the texts of the one record in it.
pub(crate) fn smaller(payload: &Payload) -> Smaller {
    let made = match payload.stream {
        Stream::Logs => smaller_logs(payload),
        Stream::Metrics => halved(payload, |request: &mut ExportMetricsServiceRequest, from, to| {
            let parts = request.resource_metrics.iter_mut();
            let sums = parts
                .flat_map(|part| &mut part.scope_metrics)
                .flat_map(|part| &mut part.metrics)
                .filter_map(|metric| match &mut metric.data {
                    Some(metric::Data::Sum(sum)) => Some(&mut sum.data_points),
                    _ => None,
                });
            keep(sums, from, to);
        }),
        Stream::Traces => halved(payload, |request: &mut ExportTraceServiceRequest, from, to| {
            let parts = request.resource_spans.iter_mut();
            let spans = parts.flat_map(|part| &mut part.scope_spans);
            keep(spans.map(|part| &mut part.spans), from, to);
        }),
    };
    made.unwrap_or(Smaller::No)
}

fn smaller_logs(payload: &Payload) -> Option<Smaller> {
    if payload.items > 1 {
        return halved(payload, |request: &mut ExportLogsServiceRequest, from, to| {
            let parts = request.resource_logs.iter_mut();
            let records = parts.flat_map(|part| &mut part.scope_logs);
            keep(records.map(|part| &mut part.log_records), from, to);
        });
    }
    let mut request = ExportLogsServiceRequest::decode(payload.message.as_slice()).ok()?;
    let parts = request.resource_logs.iter_mut();
    let records = parts
        .flat_map(|part| &mut part.scope_logs)
        .flat_map(|part| &mut part.log_records);
    for attribute in records.flat_map(|record| &mut record.attributes) {
        if let Some(Wire::StringValue(text)) = attribute.value.as_mut().and_then(|any| any.value.as_mut()) {
            text.truncate(text.floor_char_boundary(CUT));
        }
    }
    let message = request.encode_to_vec();
    let cut = Payload {
        message,
        ..payload.clone()
    };
    (cut.message.len() < payload.message.len()).then_some(Smaller::Cut(cut))
}

/// `keep` keeps the items of a request from the one number up to the other.
fn halved<R: prost::Message + Default + Clone>(
    payload: &Payload,
    keep: impl Fn(&mut R, usize, usize),
) -> Option<Smaller> {
    let items = payload.items;
    let request = R::decode(payload.message.as_slice()).ok().filter(|_| items > 1)?;
    let half = |from: u32, to: u32| {
        let mut half = request.clone();
        keep(&mut half, from as usize, to as usize);
        Payload {
            stream: payload.stream,
            items: to - from,
            message: half.encode_to_vec(),
        }
    };
    Some(Smaller::Halves([half(0, items / 2), half(items / 2, items)]))
}

fn keep<'a, T: 'a>(parts: impl Iterator<Item = &'a mut Vec<T>>, from: usize, to: usize) {
    let mut number = 0;
    for part in parts {
        part.retain(|_| {
            number += 1;
            (from..to).contains(&(number - 1))
        });
    }
}

/// The message of a payload as OTLP's JSON: `None` where it is none, as in a file of another version.
pub(crate) fn json(payload: &Payload) -> Option<Vec<u8>> {
    let message = payload.message.as_slice();
    match payload.stream {
        Stream::Logs => serde_json::to_vec(&ExportLogsServiceRequest::decode(message).ok()?).ok(),
        Stream::Metrics => serde_json::to_vec(&ExportMetricsServiceRequest::decode(message).ok()?).ok(),
        Stream::Traces => serde_json::to_vec(&ExportTraceServiceRequest::decode(message).ok()?).ok(),
    }
}

fn part<T>(parts: &mut [(Family, Vec<T>); 2], family: Family) -> &mut Vec<T> {
    &mut parts[usize::from(family != Family::Documented)].1
}

fn filled<T>(parts: [(Family, Vec<T>); 2]) -> impl Iterator<Item = (Family, Vec<T>)> {
    parts.into_iter().filter(|(_, items)| !items.is_empty())
}

fn scope(family: Family) -> InstrumentationScope {
    InstrumentationScope {
        name: family.scope().to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        attributes: vec![pair(
            "deskhand.schema".to_owned(),
            Value::Text(family.schema().to_owned()),
        )],
        dropped_attributes_count: 0,
    }
}

fn wire_resource(resource: &Resource) -> WireResource {
    WireResource {
        attributes: resource
            .iter()
            .map(|(name, value)| pair(name.to_owned(), value.clone()))
            .collect(),
        ..WireResource::default()
    }
}

fn log(record: Record) -> LogRecord {
    let name = record.definition.full_name();
    let (number, text) = match record.severity {
        Severity::Debug => (5, "DEBUG"),
        Severity::Info => (9, "INFO"),
        Severity::Warn => (13, "WARN"),
        Severity::Error => (17, "ERROR"),
    };
    LogRecord {
        time_unix_nano: nanos(record.at),
        observed_time_unix_nano: nanos(record.at),
        severity_number: number,
        severity_text: text.to_owned(),
        body: Some(any(Value::Text(name.clone()))),
        attributes: pairs(record.attributes),
        dropped_attributes_count: 0,
        flags: if record.span.is_some() { SAMPLED } else { 0 },
        trace_id: record.span.map_or_else(Vec::new, |span| span.trace.to_vec()),
        span_id: record.span.map_or_else(Vec::new, |span| span.span.to_vec()),
        event_name: name,
    }
}

fn counter(definition: &Definition, name: String) -> Metric {
    let unit = if let Signal::Counter { unit } = definition.signal {
        unit
    } else {
        ""
    };
    Metric {
        name,
        description: definition.doc.to_owned(),
        unit: unit.to_owned(),
        metadata: Vec::new(),
        data: Some(metric::Data::Sum(Sum {
            data_points: Vec::new(),
            aggregation_temporality: AggregationTemporality::Delta.into(),
            is_monotonic: true,
        })),
    }
}

fn point(total: Total, from: Timestamp, to: Timestamp) -> NumberDataPoint {
    NumberDataPoint {
        attributes: pairs(total.attributes),
        start_time_unix_nano: nanos(from),
        time_unix_nano: nanos(to),
        exemplars: Vec::new(),
        flags: 0,
        value: Some(match total.amount {
            Amount::Whole(whole) => Figure::AsInt(i64::try_from(whole).unwrap_or(i64::MAX)),
            Amount::Number(number) => Figure::AsDouble(number),
        }),
    }
}

fn wire_span(span: Span) -> trace::Span {
    let events = span
        .events
        .into_iter()
        .map(|(definition, at, attributes)| trace::span::Event {
            time_unix_nano: nanos(at),
            name: definition.full_name(),
            attributes: pairs(attributes),
            dropped_attributes_count: 0,
        });
    let code = if span.failed {
        trace::status::StatusCode::Error
    } else {
        trace::status::StatusCode::Unset
    };
    trace::Span {
        trace_id: span.place.trace.to_vec(),
        span_id: span.place.span.to_vec(),
        parent_span_id: span.parent.map_or_else(Vec::new, |parent| parent.to_vec()),
        flags: SAMPLED,
        name: span.definition.full_name(),
        kind: SpanKind::Internal.into(),
        start_time_unix_nano: nanos(span.start),
        end_time_unix_nano: nanos(span.end),
        attributes: pairs(span.attributes),
        events: events.collect(),
        status: Some(Status {
            message: String::new(),
            code: code.into(),
        }),
        ..trace::Span::default()
    }
}

fn pairs(attributes: Attributes) -> Vec<KeyValue> {
    attributes
        .into_iter()
        .map(|(name, value)| pair(name.to_owned(), value))
        .collect()
}

fn pair(key: String, value: Value) -> KeyValue {
    KeyValue {
        key,
        value: Some(any(value)),
        ..KeyValue::default()
    }
}

fn any(value: Value) -> AnyValue {
    let value = match value {
        Value::Text(text) => Wire::StringValue(text),
        Value::Whole(whole) => Wire::IntValue(whole),
        Value::Number(number) => Wire::DoubleValue(number),
        Value::Truth(truth) => Wire::BoolValue(truth),
        Value::Texts(texts) => Wire::ArrayValue(ArrayValue {
            values: texts.into_iter().map(|text| any(Value::Text(text))).collect(),
        }),
    };
    AnyValue { value: Some(value) }
}

fn nanos(at: Timestamp) -> u64 {
    u64::try_from(at).unwrap_or(0).saturating_mul(1_000_000)
}
