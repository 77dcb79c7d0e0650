//! Where lines of the log go: to standard error, of the service also to rotating files, and to the collector once it is known.

use std::path::PathBuf;
use std::sync::Arc;

use deskhand_platform::Paths;
use deskhand_telemetry::export::Exporter;
use deskhand_telemetry::logs::{LinesToCollector, LogLayer};
use deskhand_telemetry::record::{Recording, Severity};
use tracing::{Level, Subscriber};
use tracing_subscriber::filter::{FilterExt as _, LevelFilter, Targets, filter_fn};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer, Registry, fmt, reload};

use crate::clock::now;
use crate::diagnostics::scrubber;

/// The part of the program that the service's files are named after.
const PART: &str = "service";

/// The log of this process.
#[derive(Debug)]
pub(crate) struct Logging(Option<Files>);

#[derive(Debug)]
struct Files {
    collector: LinesToCollector,
    /// Which lines are written.
    lines: reload::Handle<Targets, Registry>,
}

/// The folder of log files.
pub(crate) fn folder(paths: &Paths) -> PathBuf {
    paths.data().join("logs")
}

impl Logging {
    /// Begins. The service also writes files below its paths; the terminal front end only tells of what went wrong.
    pub(crate) fn begin(service: Option<&Paths>) -> Self {
        let Some(paths) = service else {
            tracing_subscriber::registry().with(to_stderr("error")).init();
            return Self(None);
        };
        let layer = LogLayer::new(&folder(paths), PART, Arc::new(scrubber()), now);
        let collector = layer.collector();
        let (filter, lines) = reload::Layer::new(plain());
        tracing_subscriber::registry()
            .with(layer.with_filter(filter))
            .with(to_stderr("info"))
            .init();
        Self(Some(Files { collector, lines }))
    }

    /// Sends lines of at least this severity to the collector from here on.
    pub(crate) fn tell_collector(&self, exporter: Exporter, recording: Arc<Recording>, least: Severity) {
        let Some(files) = &self.0 else { return };
        if least == Severity::Debug {
            // Only ours: what others say of each request of the exporter would be told by the next request.
            let lines = plain().with_target("deskhand", LevelFilter::DEBUG);
            if let Err(error) = files.lines.reload(lines) {
                tracing::warn!(%error, "the log stays at its level");
            }
        }
        files.collector.begin(exporter, recording, least);
    }
}

/// What goes into the log. What a guest of the sandbox sends that is no stream is told by its session, once: a line for each
/// would let it wash the log away.
fn plain() -> Targets {
    Targets::new()
        .with_default(LevelFilter::INFO)
        .with_target("yamux", LevelFilter::OFF)
}

/// Lines on standard error, at this level where the environment says no other.
fn to_stderr<S: Subscriber + for<'a> LookupSpan<'a>>(default: &str) -> impl Layer<S> {
    let filter = EnvFilter::try_from_env("DESKHAND_LOG").unwrap_or_else(|_| EnvFilter::new(default));
    // At its finer levels AWS's code writes down requests and answers, headers and bodies.
    let tells_no_content =
        filter_fn(|line| *line.level() <= Level::INFO || !line.target().starts_with("aws_"));
    fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .with_filter(filter.and(tells_no_content))
}
