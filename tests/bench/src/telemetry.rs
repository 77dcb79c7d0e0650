//! What telling a collector of a turn costs beside the turn: mapping its events, encoding them, and making the request. The turn
//! runs through the service as it is, with a model that answers at once; its events are then told again in this process.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use deskhand_e2e::{Service, Setup, Talk, play};
use deskhand_protocol::SessionEvent;
use deskhand_protocol::event::TurnOutcome;
use deskhand_telemetry::Protocol;
use deskhand_telemetry::content::Capture;
use deskhand_telemetry::export::{Exporter, Secrets, Settings, World};
use deskhand_telemetry::port::{Answer, Transport, TransportError};
use deskhand_telemetry::record::Recording;
use deskhand_telemetry::resource::{Facts, Resource};
use deskhand_telemetry::session::Session;
use deskhand_telemetry::spool::{Spool, SpoolKey};

use crate::figure::{Aim, Report, quantile};

const TURNS: usize = 15;
/// How often one turn is told, for a time that can be measured.
const TIMES: u32 = 200;
const GOODBYE: Duration = Duration::from_secs(10);

/// A turn that reads a range, writes to another sheet and says what it did.
const SCRIPT: &str = r#"
models: [claude-standin]
key: e2e-key
order: any
capture: { book: { before: " | workbook | " } }
steps:
  - expect: { results: [range_read, range_read] }
    answer: { say: [{ text: "The figures of the first rows are read; nothing in them is out of place, and nothing was changed." }] }
  - answer:
      say:
        - { text: I look at the figures first. }
        - { tool: range_read, input: { document: "{{book}}", range: "Sheet1!A1:F40" } }
        - { tool: range_read, input: { document: "{{book}}", range: "Sheet1!A41:F80" } }
"#;

/// Takes everything at once: what the collector does is not ours.
struct Nowhere;

impl Transport for Nowhere {
    async fn post(&self, request: http::Request<Bytes>) -> Result<Answer, TransportError> {
        drop(request);
        Ok(Answer::default())
    }
}

/// The time of a turn, the time of telling it, and the share.
pub(crate) async fn telling(report: &mut Report) {
    let gateway = play(SCRIPT).await;
    let setup = Setup::with_gateway(&gateway.base_url());
    let book = setup.fixture("workbooks/ironcalc__example.xlsx", "book.xlsx");
    let service = Service::start(&setup, 0);
    let mut talk = Talk::begin(&service).await;
    talk.attach(&book).await.expect("the workbook is attached");
    let mut times = Vec::new();
    for turn in 0..TURNS {
        let prompt = talk.prompt(&format!("What do the figures of part {turn} say?"));
        let begun = Instant::now();
        assert_eq!(talk.say(prompt).await, TurnOutcome::Completed);
        times.push(begun.elapsed().as_secs_f64() * 1e3);
    }
    let turn = quantile(&times, 0.5);
    let events: Vec<SessionEvent> = talk.view.events().cloned().collect();
    service.stop();
    for (name, capture) in [
        ("without content", Capture::default()),
        ("with all content", Capture::all()),
    ] {
        let told = told(&talk, &events, capture).await / TURNS as f64;
        report.add(
            &format!("telemetry of a turn, {name} (ms)"),
            told,
            "ms",
            Aim::None,
        );
        let share = told / turn * 100.0;
        report.add("  of the time of the turn", share, "%", Aim::Below(1.0));
    }
    report.add(
        "  the turn, with a model that answers at once",
        turn,
        "ms",
        Aim::None,
    );
}

/// Milliseconds of telling these events once: mapped, encoded, made smaller and handed to the way out.
async fn told(talk: &Talk, events: &[SessionEvent], capture: Capture) -> f64 {
    let folder = tempfile::tempdir().expect("a folder");
    let recording = Arc::new(Recording {
        capture,
        traces: true,
        user: "bench".to_owned(),
        default_model: String::new(),
        is_own_tool: Arc::new(|_| true),
        price: None,
    });
    let settings = Settings {
        endpoint: "https://collector.example.com".to_owned(),
        protocol: Protocol::HttpProtobuf,
        headers: Secrets::default(),
        resource: Resource::new(Facts::default(), &BTreeMap::new()),
    };
    let mut elapsed = Duration::ZERO;
    for _ in 0..TIMES {
        let spool = Spool::open(
            folder.path(),
            &SpoolKey::new([1; 32]),
            1 << 20,
            "https://collector.example.com",
            &Secrets::default(),
        )
        .expect("a spool");
        let world = World {
            now: Box::new(|| 0),
            chance: Box::new(|| 0.5),
            sources: Vec::new(),
        };
        let made = Exporter::new(&settings, Arc::clone(&recording), Nowhere, spool, world);
        let (exporter, work) = made.expect("an address of HTTP");
        let mut session = Session::new(talk.session.clone(), Arc::clone(&recording));
        let begun = Instant::now();
        for event in events {
            exporter.send(session.observe(event));
        }
        exporter.stop(GOODBYE);
        work.await;
        elapsed += begun.elapsed();
    }
    elapsed.as_secs_f64() * 1e3 / f64::from(TIMES)
}
