//! A collector that answers as the test says, and then takes everything.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io::Read as _;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use bytes::Bytes;
use deskhand_telemetry::port::{Answer, HeaderError, HeaderSource, HeadersFuture, Transport, TransportError};
use http::{HeaderMap, HeaderValue, Request, StatusCode};
use opentelemetry_proto::tonic::collector::logs::v1::{
    ExportLogsPartialSuccess, ExportLogsServiceRequest, ExportLogsServiceResponse,
};
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value as Figure;
use prost::Message as _;
use tokio::sync::watch;

#[derive(Clone, Debug)]
pub(crate) enum Step {
    Answer(Box<Answer>),
    /// Takes the request without so many records.
    Rejects(i64),
    Fail(TransportError),
    /// Never answers.
    Silence,
}

impl Step {
    pub(crate) fn away() -> Self {
        Self::Fail(TransportError::Unreachable("TLS failed".to_owned()))
    }

    pub(crate) fn closed() -> Self {
        Self::Fail(TransportError::Closed("closed".to_owned()))
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Scripted {
    steps: Arc<Mutex<VecDeque<Step>>>,
    requests: Arc<watch::Sender<Vec<Request<Bytes>>>>,
    rules: Arc<Mutex<Rules>>,
}

/// What it does with every request, whatever comes next.
#[derive(Debug)]
struct Rules {
    /// A path that it refuses, and with which status.
    refused: Option<(&'static str, u16)>,
    /// A text that it refuses (403), wherever it stands.
    disliked: Option<&'static str>,
    /// Bytes of a plain body that it takes.
    most: usize,
    /// Numbers of the requests that a rule refused.
    by_rule: BTreeSet<usize>,
}

impl Scripted {
    pub(crate) fn new(steps: Vec<Step>) -> Self {
        Self {
            steps: Arc::new(Mutex::new(steps.into())),
            requests: Arc::new(watch::Sender::new(Vec::new())),
            rules: Arc::new(Mutex::new(Rules {
                refused: None,
                disliked: None,
                most: usize::MAX,
                by_rule: BTreeSet::new(),
            })),
        }
    }

    /// Answers every request to a path with this status.
    pub(crate) fn refuse(&self, path: &'static str, code: u16) {
        self.rules().refused = Some((path, code));
    }

    /// Lets in none in which this text stands, as a firewall does.
    pub(crate) fn dislike(&self, text: &'static str) {
        self.rules().disliked = Some(text);
    }

    /// Refuses no path and no text any more.
    pub(crate) fn let_in(&self) {
        let mut rules = self.rules();
        (rules.refused, rules.disliked) = (None, None);
    }

    /// Takes bodies of so many bytes at most.
    pub(crate) fn take_up_to(&self, most: usize) {
        self.rules().most = most;
    }

    fn rules(&self) -> MutexGuard<'_, Rules> {
        self.rules.lock().expect("a test's own values")
    }

    fn by_rule(&self, request: &Request<Bytes>, number: usize) -> Option<Answer> {
        let mut rules = self.rules();
        let refused = rules.refused.filter(|(path, _)| request.uri().path() == *path);
        let body = plain(request);
        let stands = |text: &str| body.windows(text.len()).any(|part| part == text.as_bytes());
        let disliked = rules.disliked.is_some_and(stands).then_some(403);
        let large = (body.len() > rules.most).then_some(413);
        let code = refused.map(|(_, code)| code).or(disliked).or(large)?;
        rules.by_rule.insert(number);
        Some(*status(code, None))
    }

    /// What the collector does next.
    pub(crate) fn then(&self, step: Step) {
        self.steps.lock().expect("a test's own values").push_back(step);
    }

    /// Waits until so many requests have come.
    pub(crate) async fn received(&self, count: usize) {
        let mut requests = self.requests.subscribe();
        requests
            .wait_for(|requests| requests.len() >= count)
            .await
            .expect("a test's own values");
    }

    pub(crate) fn count(&self) -> usize {
        self.requests.borrow().len()
    }

    pub(crate) fn encodings(&self) -> Vec<Option<String>> {
        let requests = self.requests.borrow();
        let logs = requests
            .iter()
            .filter(|request| request.uri().path() == "/v1/logs");
        logs.map(|request| {
            Some(
                request
                    .headers()
                    .get("content-encoding")?
                    .to_str()
                    .expect("a test's own values")
                    .to_owned(),
            )
        })
        .collect()
    }

    pub(crate) fn headers(&self, name: &str) -> Vec<String> {
        let requests = self.requests.borrow();
        requests
            .iter()
            .map(|request| {
                request.headers()[name]
                    .to_str()
                    .expect("a test's own values")
                    .to_owned()
            })
            .collect()
    }

    /// The turns that each request of logs names.
    pub(crate) fn turns(&self) -> Vec<Vec<String>> {
        turns(&self.bodies("/v1/logs"))
    }

    /// Those of the requests that no rule refused.
    pub(crate) fn taken(&self) -> Vec<Vec<String>> {
        let (requests, rules) = (self.requests.borrow(), self.rules());
        let taken = requests.iter().enumerate().filter(|(number, request)| {
            request.uri().path() == "/v1/logs" && !rules.by_rule.contains(number)
        });
        turns(&taken.map(|(_, request)| plain(request)).collect::<Vec<_>>())
    }

    /// What the exporter says that it lost: reason and signal, and how many.
    pub(crate) fn lost(&self) -> Vec<(String, i64)> {
        let mut lost = BTreeMap::<String, i64>::new();
        for body in self.bodies("/v1/metrics") {
            let request = ExportMetricsServiceRequest::decode(body.as_slice()).expect("a test's own values");
            let scopes = request
                .resource_metrics
                .into_iter()
                .flat_map(|resource| resource.scope_metrics);
            for metric in scopes
                .flat_map(|scope| scope.metrics)
                .filter(|metric| metric.name == "deskhand.export.lost")
            {
                let Some(Data::Sum(sum)) = metric.data else {
                    panic!("a counter is a sum")
                };
                for point in sum.data_points {
                    let Some(Figure::AsInt(count)) = point.value else {
                        panic!("records are counted")
                    };
                    let key = format!(
                        "{} {}",
                        text(&point.attributes, "reason"),
                        text(&point.attributes, "signal")
                    );
                    *lost.entry(key).or_default() += count;
                }
            }
        }
        lost.into_iter().collect()
    }

    pub(crate) fn bodies(&self, path: &str) -> Vec<Vec<u8>> {
        let requests = self.requests.borrow();
        let wanted = requests.iter().filter(|request| request.uri().path() == path);
        wanted.map(plain).collect()
    }
}

fn turns(bodies: &[Vec<u8>]) -> Vec<Vec<String>> {
    let requests = bodies
        .iter()
        .map(|body| ExportLogsServiceRequest::decode(body.as_slice()).expect("a test's own values"));
    let turns = requests.map(|request| {
        let scopes = request
            .resource_logs
            .into_iter()
            .flat_map(|resource| resource.scope_logs);
        scopes
            .flat_map(|scope| scope.log_records)
            .map(|record| text(&record.attributes, "turn.id"))
            .collect()
    });
    turns.collect()
}

fn plain(request: &Request<Bytes>) -> Vec<u8> {
    let mut body = Vec::new();
    if request.headers().contains_key("content-encoding") {
        flate2::read::GzDecoder::new(request.body().as_ref())
            .read_to_end(&mut body)
            .expect("a test's own values");
    } else {
        body.extend_from_slice(request.body());
    }
    body
}

fn text(attributes: &[KeyValue], name: &str) -> String {
    let found = attributes
        .iter()
        .find(|attribute| attribute.key == name)
        .expect("a test's own values");
    match found.value.as_ref().and_then(|value| value.value.as_ref()) {
        Some(Value::StringValue(text)) => text.clone(),
        other => panic!("{name} is {other:?}"),
    }
}

pub(crate) fn status(code: u16, retry_after: Option<u64>) -> Box<Answer> {
    let mut headers = HeaderMap::new();
    headers.extend(retry_after.map(|seconds| (http::header::RETRY_AFTER, HeaderValue::from(seconds))));
    Box::new(Answer {
        status: StatusCode::from_u16(code).expect("a test's own values"),
        headers,
        ..Answer::default()
    })
}

impl Transport for Scripted {
    async fn post(&self, request: Request<Bytes>) -> Result<Answer, TransportError> {
        let step = self.steps.lock().expect("a test's own values").pop_front();
        let by_rule = self.by_rule(&request, self.count());
        self.requests.send_modify(|requests| requests.push(request));
        if let (None, Some(answer)) = (&step, by_rule) {
            return Ok(answer);
        }
        match step {
            None => Ok(Answer::default()),
            Some(Step::Answer(answer)) => Ok(*answer),
            Some(Step::Fail(error)) => Err(error),
            Some(Step::Silence) => std::future::pending().await,
            Some(Step::Rejects(rejected_log_records)) => {
                let partial = ExportLogsPartialSuccess {
                    rejected_log_records,
                    error_message: String::new(),
                };
                let answer = ExportLogsServiceResponse {
                    partial_success: Some(partial),
                };
                Ok(Answer {
                    body: answer.encode_to_vec().into(),
                    ..Answer::default()
                })
            }
        }
    }
}

/// A credential that is another one each time it was refused.
#[derive(Debug, Default)]
pub(crate) struct Credential {
    refused: AtomicU32,
    missing: bool,
}

impl Credential {
    pub(crate) fn missing() -> Self {
        Self {
            missing: true,
            ..Self::default()
        }
    }
}

impl HeaderSource for Credential {
    fn headers(&self) -> HeadersFuture<'_> {
        Box::pin(async {
            if self.missing {
                return Err(HeaderError::NoCredential);
            }
            let value = format!("Bearer {}", self.refused.load(Ordering::Relaxed));
            Ok(HeaderMap::from_iter([(
                http::header::AUTHORIZATION,
                value.parse().expect("a test's own values"),
            )]))
        })
    }

    fn refused(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }
}
