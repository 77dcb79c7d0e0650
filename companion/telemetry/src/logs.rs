//! Log files of the program's parts, and the lines that the collector gets (`otlpDesktopLogLevel`): a layer of `tracing`.
//!
//! Every text passes the rules of [`crate::scrub`]. Of fields, numbers are kept as they are, texts only where the field is one of
//! those that are known to hold no content; of any other its length is kept.

use std::fmt::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use deskhand_protocol::Timestamp;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use crate::export::Exporter;
use crate::record::{Recording, Severity, rfc3339};
use crate::rotate::Rotating;
use crate::schema::Log;
use crate::scrub::Scrubber;

/// Bytes of one file, and how many there are for each part.
const MOST: u64 = 2 << 20;
const FILES: usize = 5;
/// Characters of a line.
const LINE: usize = 2_048;

/// Fields whose texts hold codes, ids, names of ours, or errors.
const TOLD: [&str; 24] = [
    "address",
    "call",
    "code",
    "destination",
    "document",
    "error",
    "exchange",
    "front_end",
    "key",
    "kind",
    "level",
    "method",
    "operation",
    "origin",
    "path",
    "protocol",
    "provider",
    "reason",
    "session",
    "signal",
    "state",
    "status",
    "turn",
    "version",
];

/// Writes the log of one part: `service`, `window`, `sandbox`.
#[derive(Debug)]
pub struct LogLayer {
    part: &'static str,
    file: Mutex<Rotating>,
    scrubber: Arc<Scrubber>,
    now: fn() -> Timestamp,
    collector: LinesToCollector,
}

/// Where the collector is named once it is known: lines are written before that. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct LinesToCollector(Arc<OnceLock<Collector>>);

/// Sends lines to the collector.
#[derive(Debug)]
struct Collector {
    exporter: Exporter,
    recording: Arc<Recording>,
    least: Severity,
}

impl LinesToCollector {
    /// Sends lines of at least this severity to the collector from here on. Counts once.
    pub fn begin(&self, exporter: Exporter, recording: Arc<Recording>, least: Severity) {
        let collector = Collector {
            exporter,
            recording,
            least,
        };
        if self.0.set(collector).is_err() {
            tracing::warn!("lines of the log go to the collector already");
        }
    }
}

impl LogLayer {
    /// The log of a part in a folder.
    pub fn new(folder: &Path, part: &'static str, scrubber: Arc<Scrubber>, now: fn() -> Timestamp) -> Self {
        let file = Rotating::new(folder.join(format!("{part}.log")), MOST, FILES);
        Self {
            part,
            file: Mutex::new(file),
            scrubber,
            now,
            collector: LinesToCollector::default(),
        }
    }

    /// Where the collector is named.
    pub fn collector(&self) -> LinesToCollector {
        self.collector.clone()
    }

    /// The files that are there, the oldest first.
    pub fn files(&self) -> Vec<PathBuf> {
        self.file.lock().unwrap_or_else(PoisonError::into_inner).paths()
    }
}

impl<S: Subscriber> Layer<S> for LogLayer {
    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        let mut line = Line {
            scrubber: &self.scrubber,
            message: String::new(),
            fields: String::new(),
        };
        event.record(&mut line);
        let text: String = format!("{}{}", line.message, line.fields)
            .chars()
            .take(LINE)
            .collect();
        let (at, level) = ((self.now)(), *event.metadata().level());
        let target = event.metadata().target();
        let written = {
            let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
            file.write(&format!(
                "{} {level:>5} {target}: {}",
                rfc3339(at),
                text.replace('\n', "\\n")
            ))
        };
        // Where the log cannot be written there is nobody to tell.
        written.ok();
        // What the exporter says of itself stays here: a collector that is away would be told of that without end.
        let Some(collector) = self
            .collector
            .0
            .get()
            .filter(|_| !target.starts_with("deskhand_telemetry"))
        else {
            return;
        };
        if let Some(severity) = severity(level).filter(|severity| *severity >= collector.least) {
            let part = self.part.to_owned();
            let signals = collector
                .recording
                .event(at, severity, Log { part, message: text });
            collector.exporter.send(signals);
        }
    }
}

fn severity(level: Level) -> Option<Severity> {
    match level {
        Level::ERROR => Some(Severity::Error),
        Level::WARN => Some(Severity::Warn),
        Level::INFO => Some(Severity::Info),
        Level::DEBUG => Some(Severity::Debug),
        Level::TRACE => None,
    }
}

/// A line while its fields come in.
struct Line<'a> {
    scrubber: &'a Scrubber,
    message: String,
    fields: String,
}

impl Line<'_> {
    fn text(&mut self, field: &Field, text: &str) {
        if field.name() == "message" {
            self.message = self.scrubber.text(text);
        } else if TOLD.contains(&field.name()) {
            let text = self.scrubber.text(text);
            self.add(field, &text);
        } else {
            self.add(field, &format_args!("<{} characters>", text.chars().count()));
        }
    }

    fn add(&mut self, field: &Field, value: &dyn fmt::Display) {
        // Writing to a string cannot fail.
        write!(self.fields, " {}={value}", field.name()).ok();
    }
}

impl Visit for Line<'_> {
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, &value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field, &value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.add(field, &value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, &value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.text(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.text(field, &format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;
    use crate::scrub::Known;

    fn logged(what: impl FnOnce()) -> String {
        let folder = tempfile::tempdir().unwrap();
        let scrubber = Arc::new(Scrubber::new(Known {
            names: vec!["jdoe".to_owned()],
            ..Known::default()
        }));
        let layer = LogLayer::new(folder.path(), "service", scrubber, || 0);
        let subscriber = tracing_subscriber::registry().with(layer);
        tracing::subscriber::with_default(subscriber, what);
        std::fs::read_to_string(folder.path().join("service.log")).unwrap()
    }

    #[test]
    fn a_line_has_time_level_place_message_and_fields() {
        let line = logged(
            || tracing::warn!(target: "deskhand", session = "0190", items = 3, fine = true, "it was late"),
        );
        assert_eq!(
            line,
            "1970-01-01T00:00:00Z  WARN deskhand: it was late session=0190 items=3 fine=true\n"
        );
    }

    #[test]
    fn content_secrets_paths_and_names_are_not_in_a_line() {
        let line = logged(|| {
            let (prompt, key) = ("ZQXMARK salary", "sk-ZQXMARK12345678");
            tracing::info!(prompt, text = ?prompt, output = %prompt, error = %format!("no /home/jdoe/{prompt}"), "used {key} of jdoe");
        });
        assert!(line.contains("prompt=<14 characters>"), "{line}");
        assert!(line.contains("error=no <home>/<path>"), "{line}");
        assert!(line.contains("used <redacted> of <redacted>"), "{line}");
        assert!(!line.contains("ZQXMARK") && !line.contains("salary"), "{line}");
    }

    #[test]
    fn one_event_is_one_line() {
        let line = logged(|| tracing::info!(error = "one\ntwo", "three\nfour"));
        assert_eq!(line.lines().count(), 1, "{line}");
    }
}
