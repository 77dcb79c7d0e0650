//! One request to the collector and what its answer means, for the three forms of the protocol (OTLP 1.x).

use std::io::Write as _;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::{HeaderMap, HeaderValue, StatusCode, Version, header};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceResponse;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceResponse;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use prost::Message;
use url::Url;

use crate::otlp::{Payload, Stream, json};
use crate::port::Answer;

/// How requests travel (`otlpProtocol`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Protocol {
    /// Protobuf over HTTP/1.1 or HTTP/2.
    #[default]
    HttpProtobuf,
    /// JSON over HTTP/1.1 or HTTP/2.
    HttpJson,
    /// gRPC over HTTP/2.
    Grpc,
}

/// Bodies below this are not made smaller.
const WORTHWHILE: usize = 1024;
/// Bytes of a message from which a gRPC collector without room may mean the message, and not all that it got: its own limit is
/// seldom lower (4 MB by default), and our batches end there.
const SUSPICIOUS: usize = 1 << 20;
/// What servers say of a message that is larger than they take (gRPC for Go and C++, Java, .NET, Rust).
const TOO_LARGE: [&str; 4] = [
    "larger than max",
    "exceeds maximum size",
    "exceeds the maximum configured message size",
    "message length too large",
];
/// The longest time that a collector may ask to wait.
const LONGEST_WAIT: Duration = Duration::from_hours(1);

/// Where requests go.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    protocol: Protocol,
    endpoint: Url,
}

/// The status of an answer in words: that of gRPC, where there is one.
pub(crate) fn status_words(answer: &Answer) -> String {
    let field = |name: &str| answer.trailers.get(name).or_else(|| answer.headers.get(name));
    let code: Option<u32> = field("grpc-status").and_then(|code| code.to_str().ok()?.parse().ok());
    match code {
        Some(code) => format!("it answered with the gRPC status {code}"),
        None => format!("it answered with status {}", answer.status.as_u16()),
    }
}

/// What an answer means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Taken, without so many of its items.
    Taken { rejected: u64 },
    /// To be sent again, not before this time.
    Again { after: Option<Duration> },
    /// The credentials are not accepted.
    Unauthorized,
    /// There is no collector at this address, or none of this kind of request.
    NoPlace,
    /// The request is larger than the collector takes.
    TooLarge,
    /// The collector does not read bodies that were made smaller.
    NotCompressed,
    /// Never to be sent again.
    Refused,
}

impl Target {
    /// The collector at an address; `None` where it is none of HTTP or HTTPS.
    pub(crate) fn new(endpoint: &str, protocol: Protocol) -> Option<Self> {
        let endpoint = Url::parse(endpoint).ok()?;
        let http = ["http", "https"].contains(&endpoint.scheme());
        (http && endpoint.has_host()).then_some(Self { protocol, endpoint })
    }

    /// The request for a payload; `None` where the payload is not of this version, or the address is no URI.
    pub(crate) fn request(
        &self,
        payload: &Payload,
        compress: bool,
        headers: &HeaderMap,
    ) -> Option<http::Request<Bytes>> {
        let body = match self.protocol {
            Protocol::HttpJson => json(payload)?,
            Protocol::HttpProtobuf | Protocol::Grpc => payload.message.clone(),
        };
        let smaller = if compress && body.len() >= WORTHWHILE {
            gzip(&body)
        } else {
            None
        };
        let gzipped = smaller.is_some();
        let body = smaller.unwrap_or(body);
        let grpc = self.protocol == Protocol::Grpc;
        let mut request = http::Request::new(Bytes::from(if grpc { framed(&body, gzipped)? } else { body }));
        *request.method_mut() = http::Method::POST;
        *request.uri_mut() = self.address(payload.stream).parse().ok()?;
        *request.headers_mut() = headers.clone();
        let set = request.headers_mut();
        if grpc {
            set.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
            set.insert(header::TE, HeaderValue::from_static("trailers"));
            if gzipped {
                set.insert("grpc-encoding", HeaderValue::from_static("gzip"));
            }
            *request.version_mut() = Version::HTTP_2;
        } else {
            let kind = if self.protocol == Protocol::HttpJson {
                "application/json"
            } else {
                "application/x-protobuf"
            };
            set.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
            if gzipped {
                set.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            }
        }
        Some(request)
    }

    fn address(&self, stream: Stream) -> String {
        let mut url = self.endpoint.clone();
        url.set_query(None);
        url.set_fragment(None);
        let path = if self.protocol == Protocol::Grpc {
            let service = match stream {
                Stream::Logs => "logs.v1.LogsService",
                Stream::Metrics => "metrics.v1.MetricsService",
                Stream::Traces => "trace.v1.TraceService",
            };
            format!("/opentelemetry.proto.collector.{service}/Export")
        } else {
            format!("{}/v1/{}", url.path().trim_end_matches('/'), stream.name())
        };
        url.set_path(&path);
        url.to_string()
    }

    /// What the answer means for a payload.
    pub(crate) fn verdict(&self, payload: &Payload, answer: &Answer) -> Verdict {
        match self.protocol {
            Protocol::Grpc => grpc_verdict(payload, answer),
            Protocol::HttpProtobuf | Protocol::HttpJson => http_verdict(payload.stream, answer),
        }
    }
}

fn http_verdict(stream: Stream, answer: &Answer) -> Verdict {
    match answer.status {
        status if status.is_success() => Verdict::Taken {
            rejected: rejected(stream, answer),
        },
        StatusCode::TOO_MANY_REQUESTS
        | StatusCode::BAD_GATEWAY
        | StatusCode::SERVICE_UNAVAILABLE
        | StatusCode::GATEWAY_TIMEOUT => Verdict::Again {
            after: retry_after(&answer.headers),
        },
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Verdict::Unauthorized,
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => Verdict::NoPlace,
        StatusCode::PAYLOAD_TOO_LARGE => Verdict::TooLarge,
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Verdict::NotCompressed,
        _ => Verdict::Refused,
    }
}

/// Seconds of `Retry-After`; a date is read as the collector's wish to wait as long as the exporter thinks right.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers
        .get(header::RETRY_AFTER)?
        .to_str()
        .ok()?
        .trim()
        .parse()
        .ok()?;
    Some(Duration::from_secs(seconds).min(LONGEST_WAIT))
}

/// Items that the collector did not take of a request that it took.
fn rejected(stream: Stream, answer: &Answer) -> u64 {
    let kind = answer
        .headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .unwrap_or_default();
    if kind.starts_with("application/json") {
        rejected_json(&answer.body)
    } else {
        rejected_protobuf(stream, &answer.body)
    }
}

fn rejected_json(body: &[u8]) -> u64 {
    let Ok(answer) = serde_json::from_slice::<serde_json::Value>(body) else {
        return 0;
    };
    let counts = ["rejectedLogRecords", "rejectedDataPoints", "rejectedSpans"];
    let count = counts
        .iter()
        .find_map(|name| answer.get("partialSuccess")?.get(name));
    // 64-bit numbers are texts in the JSON form of protobuf; some collectors write numbers.
    count
        .and_then(|count| count.as_u64().or_else(|| count.as_str()?.parse().ok()))
        .unwrap_or(0)
}

fn rejected_protobuf(stream: Stream, body: &[u8]) -> u64 {
    let count = match stream {
        Stream::Logs => ExportLogsServiceResponse::decode(body)
            .ok()
            .and_then(|answer| Some(answer.partial_success?.rejected_log_records)),
        Stream::Metrics => ExportMetricsServiceResponse::decode(body)
            .ok()
            .and_then(|answer| Some(answer.partial_success?.rejected_data_points)),
        Stream::Traces => ExportTraceServiceResponse::decode(body)
            .ok()
            .and_then(|answer| Some(answer.partial_success?.rejected_spans)),
    };
    count.and_then(|count| u64::try_from(count).ok()).unwrap_or(0)
}

fn grpc_verdict(payload: &Payload, answer: &Answer) -> Verdict {
    let stream = payload.stream;
    if answer.status != StatusCode::OK {
        // A proxy answered, and no gRPC server.
        return http_verdict(stream, answer);
    }
    // A failure without a body has its status in the headers.
    let field = |name: &str| answer.trailers.get(name).or_else(|| answer.headers.get(name));
    let code: Option<u32> = field("grpc-status").and_then(|code| code.to_str().ok()?.parse().ok());
    let after = || retry_info(field("grpc-status-details-bin")?);
    match code {
        Some(OK) => Verdict::Taken {
            rejected: rejected_protobuf(stream, unframed(&answer.body)),
        },
        Some(CANCELLED | DEADLINE_EXCEEDED | ABORTED | UNAVAILABLE | DATA_LOSS) => {
            Verdict::Again { after: after() }
        }
        // No room now, or a message that is larger than the server takes: the code is the same.
        Some(RESOURCE_EXHAUSTED | OUT_OF_RANGE) => match after() {
            None if is_too_large(payload, field("grpc-message")) => Verdict::TooLarge,
            after => Verdict::Again { after },
        },
        Some(UNAUTHENTICATED | PERMISSION_DENIED) => Verdict::Unauthorized,
        Some(NOT_FOUND) => Verdict::NoPlace,
        // The service, or its compression.
        Some(UNIMPLEMENTED) => Verdict::NotCompressed,
        _ => Verdict::Refused,
    }
}

/// Whether a server that is out of something means the size of this message.
fn is_too_large(payload: &Payload, says: Option<&HeaderValue>) -> bool {
    let says = says.and_then(|says| says.to_str().ok()).unwrap_or_default();
    payload.message.len() >= SUSPICIOUS || TOO_LARGE.iter().any(|words| says.contains(words))
}

// Status codes of gRPC, https://github.com/grpc/grpc/blob/master/doc/statuscodes.md
const OK: u32 = 0;
const CANCELLED: u32 = 1;
const DEADLINE_EXCEEDED: u32 = 4;
const NOT_FOUND: u32 = 5;
const PERMISSION_DENIED: u32 = 7;
const RESOURCE_EXHAUSTED: u32 = 8;
const ABORTED: u32 = 10;
const OUT_OF_RANGE: u32 = 11;
const UNIMPLEMENTED: u32 = 12;
const UNAVAILABLE: u32 = 14;
const DATA_LOSS: u32 = 15;
const UNAUTHENTICATED: u32 = 16;

/// `google.rpc.Status`, as far as it is read.
#[derive(Clone, PartialEq, Message)]
struct RpcStatus {
    #[prost(message, repeated, tag = "3")]
    details: Vec<RpcDetail>,
}

/// `google.protobuf.Any`.
#[derive(Clone, PartialEq, Message)]
struct RpcDetail {
    #[prost(string, tag = "1")]
    type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    value: Vec<u8>,
}

/// `google.rpc.RetryInfo`.
#[derive(Clone, PartialEq, Message)]
struct RetryInfo {
    #[prost(message, optional, tag = "1")]
    delay: Option<RpcDuration>,
}

/// `google.protobuf.Duration`.
#[derive(Clone, Copy, PartialEq, Message)]
struct RpcDuration {
    #[prost(int64, tag = "1")]
    seconds: i64,
    #[prost(int32, tag = "2")]
    nanos: i32,
}

fn retry_info(details: &HeaderValue) -> Option<Duration> {
    let text = details.as_bytes();
    let bytes = BASE64_STANDARD_NO_PAD
        .decode(text)
        .or_else(|_| BASE64_STANDARD.decode(text))
        .ok()?;
    let status = RpcStatus::decode(bytes.as_slice()).ok()?;
    let info = status
        .details
        .iter()
        .find(|detail| detail.type_url.ends_with("google.rpc.RetryInfo"))?;
    let delay = RetryInfo::decode(info.value.as_slice()).ok()?.delay?;
    let delay = Duration::new(
        u64::try_from(delay.seconds).ok()?,
        u32::try_from(delay.nanos).ok()?.min(999_999_999),
    );
    Some(delay.min(LONGEST_WAIT))
}

/// A message with the prefix of gRPC: whether it is compressed, and its length.
fn framed(message: &[u8], gzipped: bool) -> Option<Vec<u8>> {
    let length = u32::try_from(message.len()).ok()?;
    let mut frame = Vec::with_capacity(message.len() + 5);
    frame.push(u8::from(gzipped));
    frame.extend_from_slice(&length.to_be_bytes());
    frame.extend_from_slice(message);
    Some(frame)
}

/// The message of a frame. We ask for none that is compressed; nothing is read where there is no whole message.
fn unframed(frame: &[u8]) -> &[u8] {
    let Some((&[0, a, b, c, d], message)) = frame.split_first_chunk::<5>() else {
        return &[];
    };
    let length = u32::from_be_bytes([a, b, c, d]) as usize;
    message.get(..length).unwrap_or(&[])
}

fn gzip(body: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 4), Compression::fast());
    encoder.write_all(body).ok()?;
    encoder.finish().ok()
}

#[cfg(test)]
mod tests;
