//! What the exporter does when the collector answers, does not answer, or is away: on a clock that stands still until it is needed.

mod helper;
mod refused;
mod scripted;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use deskhand_telemetry::Protocol;
use deskhand_telemetry::content::Capture;
use deskhand_telemetry::export::{Exporter, NotTaken, Secrets, Settings, SettingsError, World};
use deskhand_telemetry::port::HeaderSource;
use deskhand_telemetry::record::{Recording, Severity, Signals};
use deskhand_telemetry::resource::{Facts, Resource};
use deskhand_telemetry::schema::TurnResumed;
use deskhand_telemetry::spool::{Spool, SpoolKey};
use pretty_assertions::assert_eq;
use scripted::{Credential, Scripted, Step, status};
use tokio::task::JoinHandle;
use tokio::time::Instant;

const COLLECTOR: &str = "https://collector.example.com";
const SECOND: Duration = Duration::from_secs(1);

fn recording() -> Arc<Recording> {
    Arc::new(Recording {
        capture: Capture::default(),
        traces: true,
        user: "install-id".to_owned(),
        default_model: "model-1".to_owned(),
        is_own_tool: Arc::new(|_| true),
        price: None,
    })
}

fn record(turn: &str) -> Signals {
    recording().event(
        1,
        Severity::Info,
        TurnResumed {
            turn: turn.to_owned(),
        },
    )
}

struct Running {
    exporter: Exporter,
    work: JoinHandle<()>,
    collector: Scripted,
}

impl Running {
    fn start(folder: &Path, steps: Vec<Step>) -> Self {
        Self::with(folder, 1 << 20, steps, Vec::new())
    }

    fn with(folder: &Path, most: u64, steps: Vec<Step>, sources: Vec<Arc<dyn HeaderSource>>) -> Self {
        let spool = Spool::open(
            folder,
            &SpoolKey::new([1; 32]),
            most,
            COLLECTOR,
            &Secrets::default(),
        )
        .expect("a test's own values");
        Self::over(spool, steps, sources)
    }

    fn over(spool: Spool, steps: Vec<Step>, sources: Vec<Arc<dyn HeaderSource>>) -> Self {
        let collector = Scripted::new(steps);
        let settings = settings(COLLECTOR);
        let world = World {
            now: Box::new(|| 5),
            chance: Box::new(|| 0.0),
            sources,
        };
        let (exporter, work) = Exporter::new(&settings, recording(), collector.clone(), spool, world)
            .expect("a test's own values");
        Self {
            exporter,
            work: tokio::spawn(work),
            collector,
        }
    }

    async fn stop(self, within: Duration) -> Scripted {
        self.exporter.stop(within);
        self.work.await.expect("a test's own values");
        self.collector
    }
}

fn settings(endpoint: &str) -> Settings {
    Settings {
        endpoint: endpoint.to_owned(),
        protocol: Protocol::HttpProtobuf,
        headers: Secrets(BTreeMap::from([("x-key".to_owned(), "SECRET".to_owned())])),
        resource: Resource::new(Facts::default(), &BTreeMap::new()),
    }
}

fn spooled(folder: &Path) -> usize {
    std::fs::read_dir(folder).expect("a test's own values").count()
}

#[tokio::test(start_paused = true)]
async fn records_are_sent_together_after_five_seconds() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::start(folder.path(), vec![]);
    let start = Instant::now();
    running.exporter.send(record("one"));
    running.exporter.send(record("two"));
    running.collector.received(1).await;
    assert_eq!(start.elapsed(), 5 * SECOND);
    let collector = running.stop(SECOND).await;
    assert_eq!(collector.turns(), [["one", "two"]]);
}

#[tokio::test(start_paused = true)]
async fn a_full_batch_does_not_wait() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::start(folder.path(), vec![]);
    let start = Instant::now();
    (0..600).for_each(|number| running.exporter.send(record(&number.to_string())));
    running.collector.received(2).await;
    assert!(start.elapsed() < SECOND);
    let sizes: Vec<_> = running.stop(SECOND).await.turns().iter().map(Vec::len).collect();
    assert_eq!(sizes, [512, 88]);
}

#[tokio::test(start_paused = true)]
async fn what_a_collector_cannot_take_now_is_sent_again_after_the_time_it_names() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::start(folder.path(), vec![Step::Answer(status(503, Some(40)))]);
    running.exporter.send(record("one"));
    running.collector.received(1).await;
    let away = Instant::now();
    running.exporter.send(record("two"));
    running.collector.received(3).await;
    assert_eq!(away.elapsed(), 40 * SECOND);
    let collector = running.stop(SECOND).await;
    assert_eq!(collector.turns(), [["one"], ["one"], ["two"]]);
    assert_eq!(spooled(folder.path()), 0);
}

#[tokio::test(start_paused = true)]
async fn pauses_double_up_to_five_minutes() {
    let folder = tempfile::tempdir().unwrap();
    let away = (0..9).map(|_| Step::away()).collect();
    let running = Running::start(folder.path(), away);
    running.exporter.send(record("one"));
    running.collector.received(1).await;
    let mut pauses = Vec::new();
    for count in 2..=10 {
        let before = Instant::now();
        running.collector.received(count).await;
        pauses.push(before.elapsed().as_secs());
    }
    assert_eq!(pauses, [5, 10, 20, 40, 80, 160, 300, 300, 300]);
    running.stop(SECOND).await;
}

#[tokio::test(start_paused = true)]
async fn what_somebody_waits_for_goes_at_once_also_while_the_collector_is_away_and_is_not_kept() {
    let folder = tempfile::tempdir().unwrap();
    let away = vec![
        Step::away(),
        Step::Answer(status(503, Some(40))),
        Step::Rejects(1),
    ];
    let running = Running::start(folder.path(), away);
    assert!(!running.exporter.took_within(SECOND), "nothing was taken yet");
    for (turn, why) in [
        ("one", NotTaken::Away("TLS failed".to_owned())),
        ("two", NotTaken::Away("it answered with status 503".to_owned())),
        (
            "three",
            NotTaken::Refused("it did not take all of its records".to_owned()),
        ),
    ] {
        assert_eq!(running.exporter.deliver(record(turn)).await, Err(why), "{turn}");
    }
    assert!(!running.exporter.took_within(SECOND));
    assert_eq!(spooled(folder.path()), 0);
    let start = Instant::now();
    assert_eq!(running.exporter.deliver(record("four")).await, Ok(()));
    assert!(start.elapsed() < SECOND && running.exporter.took_within(SECOND));
    tokio::time::advance(2 * SECOND).await;
    assert!(!running.exporter.took_within(SECOND), "that was too long ago");
    let exporter = running.exporter.clone();
    let collector = running.stop(SECOND).await;
    assert_eq!(collector.turns(), [["one"], ["two"], ["three"], ["four"]]);
    assert_eq!(exporter.deliver(record("five")).await, Err(NotTaken::Ended));
}

#[tokio::test(start_paused = true)]
async fn a_collector_that_went_away_is_known_to_take_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::start(folder.path(), vec![]);
    running.exporter.deliver(record("one")).await.unwrap();
    assert!(running.exporter.took_within(10 * SECOND));
    running.collector.then(Step::away());
    running.exporter.send(record("two"));
    running.collector.received(2).await;
    tokio::time::advance(SECOND).await;
    assert!(!running.exporter.took_within(10 * SECOND));
    running.stop(SECOND).await;
}

#[tokio::test(start_paused = true)]
async fn counters_and_spans_and_records_taken_in_part_do_not_show_that_a_collector_takes_records() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::start(folder.path(), vec![Step::Rejects(1)]);
    running.exporter.send(record("one"));
    running.collector.received(1).await;
    // What was rejected is told as a counter, and that is taken.
    running.collector.received(2).await;
    tokio::time::advance(SECOND).await;
    assert_eq!(running.collector.bodies("/v1/metrics").len(), 1);
    assert!(!running.exporter.took_within(600 * SECOND));

    running.exporter.deliver(record("two")).await.unwrap();
    running.collector.then(Step::Rejects(1));
    running.exporter.send(record("three"));
    running.collector.received(4).await;
    tokio::time::advance(SECOND).await;
    assert!(
        !running.exporter.took_within(600 * SECOND),
        "one of them was not taken"
    );
    running.stop(SECOND).await;
}

#[tokio::test(start_paused = true)]
async fn a_collector_that_cannot_read_gzip_gets_plain_bodies() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::start(folder.path(), vec![Step::Answer(status(415, None))]);
    (0..100).for_each(|number| running.exporter.send(record(&number.to_string())));
    running.collector.received(2).await;
    let collector = running.stop(SECOND).await;
    assert_eq!(collector.encodings(), [Some("gzip".to_owned()), None]);
    assert_eq!(collector.turns()[1].len(), 100);
}

#[tokio::test(start_paused = true)]
async fn the_end_sends_what_is_left_and_keeps_what_cannot_be_sent() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::start(folder.path(), vec![Step::Silence]);
    (0..1_300).for_each(|number| running.exporter.send(record(&number.to_string())));
    let start = Instant::now();
    running.stop(2 * SECOND).await;
    assert_eq!(start.elapsed(), 2 * SECOND, "the first request uses the time up");
    assert_eq!(spooled(folder.path()), 3);
    let running = Running::start(folder.path(), vec![]);
    running.collector.received(3).await;
    let turns = running.stop(SECOND).await.turns();
    assert_eq!(turns.iter().map(Vec::len).sum::<usize>(), 1_300);
    assert_eq!(spooled(folder.path()), 0);
}

#[tokio::test(start_paused = true)]
async fn a_silent_collector_is_given_up_after_ten_seconds() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::start(folder.path(), vec![Step::Silence]);
    running.exporter.send(record("one"));
    running.collector.received(1).await;
    let start = Instant::now();
    running.collector.received(2).await;
    assert_eq!(start.elapsed(), 15 * SECOND, "ten to give up, five to pause");
    running.stop(SECOND).await;
}

#[tokio::test(start_paused = true)]
async fn what_has_no_room_is_dropped_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::start(folder.path(), vec![]);
    (0..9_000).for_each(|number| running.exporter.send(record(&number.to_string())));
    let collector = running.stop(SECOND).await;
    assert_eq!(collector.turns().iter().map(Vec::len).sum::<usize>(), 8_192);
    assert_eq!(collector.lost(), [("queue logs".to_owned(), 9_000 - 8_192)]);
}

#[tokio::test(start_paused = true)]
async fn a_full_spool_drops_the_oldest_and_says_so_later() {
    let folder = tempfile::tempdir().unwrap();
    let away = (0..3).map(|_| Step::away()).collect();
    let running = Running::with(folder.path(), 1_500, away, Vec::new());
    for turn in 0..10 {
        running.exporter.send(record(&turn.to_string()));
        tokio::time::sleep(6 * SECOND).await;
    }
    tokio::time::sleep(Duration::from_mins(2)).await;
    let collector = running.stop(SECOND).await;
    let arrived: std::collections::BTreeSet<String> =
        collector.turns().split_off(3).into_iter().flatten().collect();
    let lost = collector.lost();
    assert_eq!(lost.len(), 1, "{lost:?}");
    assert_eq!(lost[0].0, "spool logs");
    assert_eq!(arrived.len() as i64 + lost[0].1, 10, "{arrived:?}");
    assert!(arrived.contains("9") && !arrived.contains("0"));
}

#[tokio::test(start_paused = true)]
async fn an_altered_file_of_the_spool_is_skipped_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::start(folder.path(), vec![Step::away()]);
    running.exporter.send(record("one"));
    running.stop(Duration::ZERO).await;
    let file = folder.path().join("00000000000000000000.otlp");
    let mut bytes = std::fs::read(&file).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&file, bytes).unwrap();
    let running = Running::start(folder.path(), vec![]);
    tokio::time::sleep(SECOND).await;
    let collector = running.stop(SECOND).await;
    assert_eq!(collector.lost(), [("altered unknown".to_owned(), 1)]);
    assert_eq!(spooled(folder.path()), 0);
}

#[tokio::test(start_paused = true)]
async fn what_waited_for_another_collector_is_not_sent_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    let other = Spool::open(
        folder.path(),
        &SpoolKey::new([1; 32]),
        1 << 20,
        "https://collector.example.org",
        &Secrets::default(),
    );
    let running = Running::over(other.unwrap(), vec![Step::away()], Vec::new());
    running.exporter.send(record("one"));
    running.exporter.send(record("two"));
    running.stop(Duration::ZERO).await;
    assert_eq!(spooled(folder.path()), 1);
    let collector = Running::start(folder.path(), vec![]).stop(SECOND).await;
    assert!(collector.turns().is_empty());
    assert_eq!(collector.lost(), [("elsewhere unknown".to_owned(), 2)]);
}

#[tokio::test(start_paused = true)]
async fn a_credential_that_is_not_accepted_is_asked_for_again_and_nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let credential = Arc::new(Credential::default());
    let sources: Vec<Arc<dyn HeaderSource>> = vec![Arc::clone(&credential) as _];
    let running = Running::with(
        folder.path(),
        1 << 20,
        vec![Step::Answer(status(401, None))],
        sources,
    );
    running.exporter.send(record("one"));
    running.collector.received(3).await;
    let collector = running.stop(SECOND).await;
    assert_eq!(
        collector.headers("authorization"),
        ["Bearer 0", "Bearer 1", "Bearer 1"]
    );
    assert_eq!(collector.headers("x-key"), ["SECRET"; 3]);
    assert_eq!(collector.turns()[1..], [vec![], vec!["one".to_owned()]]);
    assert_eq!((collector.lost(), spooled(folder.path())), (Vec::new(), 0));
}

#[tokio::test(start_paused = true)]
async fn without_a_credential_everything_waits() {
    let folder = tempfile::tempdir().unwrap();
    let credential = Arc::new(Credential::missing());
    let running = Running::with(folder.path(), 1 << 20, vec![], vec![credential as _]);
    running.exporter.send(record("one"));
    tokio::time::sleep(Duration::from_mins(1)).await;
    let collector = running.stop(SECOND).await;
    assert_eq!(collector.count(), 0);
    assert!(spooled(folder.path()) > 0);
}

#[tokio::test]
async fn an_endpoint_that_is_none_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let spool = Spool::open(
        folder.path(),
        &SpoolKey::new([1; 32]),
        1_000,
        COLLECTOR,
        &Secrets::default(),
    )
    .unwrap();
    let world = World {
        now: Box::new(|| 5),
        chance: Box::new(|| 0.0),
        sources: Vec::new(),
    };
    let made = Exporter::new(
        &settings("collector"),
        recording(),
        Scripted::new(vec![]),
        spool,
        world,
    );
    assert_eq!(made.err(), Some(SettingsError::Endpoint));
}

#[test]
fn secrets_are_not_in_what_is_printed_for_developers() {
    let settings = settings("https://collector.example.com");
    let shown = format!("{settings:?} {:?}", SpoolKey::new([77; 32]));
    assert!(!shown.contains("SECRET") && !shown.contains("77"), "{shown}");
    assert!(shown.contains("x-key"));
}
