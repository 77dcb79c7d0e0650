//! What a collector refuses outright: what waits, what goes in smaller parts, what is dropped and counted.

use std::time::Duration;

use pretty_assertions::assert_eq;

use super::scripted::{Step, status};
use super::{Running, SECOND, record, spooled};

#[tokio::test(start_paused = true)]
async fn a_collector_that_refuses_counters_alone_still_takes_records() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::start(
        folder.path(),
        vec![Step::Rejects(1), Step::Answer(status(404, None))],
    );
    running.exporter.send(record("one"));
    running.collector.received(1).await;
    running.exporter.deliver(record("two")).await.unwrap_err();
    running.exporter.deliver(record("three")).await.unwrap();
    running.collector.then(Step::Answer(status(404, None)));
    running.collector.received(4).await;
    tokio::time::advance(SECOND).await;
    assert_eq!(running.collector.bodies("/v1/metrics").len(), 1);
    assert!(running.exporter.took_within(600 * SECOND));
    running.stop(SECOND).await;
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_is_counted_and_not_sent_again() {
    let folder = tempfile::tempdir().unwrap();
    let steps = vec![Step::Answer(status(400, None)), Step::closed(), Step::Rejects(2)];
    let running = Running::start(folder.path(), steps);
    for turn in ["one", "two", "three"] {
        running.exporter.send(record(turn));
        running.exporter.send(record(turn));
        let sent = running.collector.count() + 1;
        running.collector.received(sent).await;
    }
    let collector = running.stop(SECOND).await;
    assert_eq!(collector.turns().len(), 3);
    assert_eq!(
        collector.lost(),
        [("refused logs".to_owned(), 4), ("rejected logs".to_owned(), 2)]
    );
}

#[tokio::test(start_paused = true)]
async fn a_collector_that_does_not_let_us_in_gets_everything_once_it_does() {
    for code in [401, 403, 404, 405, 415] {
        let folder = tempfile::tempdir().unwrap();
        // A collector that reads no body at all says so of those that were not made smaller as well.
        let refusals = (0..4).map(|_| Step::Answer(status(code, None))).collect();
        let running = Running::start(folder.path(), refusals);
        assert_eq!(running.exporter.fault(), None);
        running.exporter.send(record("one"));
        running.collector.received(1).await;
        tokio::time::sleep(SECOND).await;
        running.exporter.send(record("two"));
        running.collector.received(4).await;
        let why = running.exporter.fault().unwrap();
        assert_eq!(why, format!("it answered with status {code}"));
        assert!(!running.exporter.took_within(600 * SECOND), "{code}");
        assert!(spooled(folder.path()) > 0, "{code}");
        let work = running.exporter.clone();
        let collector = running.collector.clone();
        collector.received(6).await;
        tokio::time::sleep(SECOND).await;
        assert_eq!(work.fault(), None, "{code}");
        let collector = running.stop(SECOND).await;
        assert_eq!(collector.turns()[4..], [["one"], ["two"]], "{code}");
        assert_eq!(
            (collector.lost(), spooled(folder.path())),
            (Vec::new(), 0),
            "{code}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn records_do_not_wait_behind_counters_that_a_collector_has_no_place_for() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::start(folder.path(), vec![]);
    running.collector.refuse("/v1/metrics", 403);
    running.collector.then(Step::Rejects(1));
    running.exporter.send(record("one"));
    // The counter of what was rejected is not let in, while nobody knows yet that records are.
    running.collector.received(2).await;
    tokio::time::sleep(SECOND).await;
    assert_eq!(spooled(folder.path()), 1);
    running.exporter.send(record("two"));
    running.collector.received(3).await;
    tokio::time::sleep(SECOND).await;
    assert!(running.exporter.took_within(10 * SECOND));
    tokio::time::sleep(Duration::from_mins(1)).await;
    let collector = running.stop(SECOND).await;
    assert_eq!(collector.turns(), [["one"], ["two"]]);
    assert_eq!(spooled(folder.path()), 0, "and it does not wait for ever");
}

#[tokio::test(start_paused = true)]
async fn what_is_too_large_goes_in_halves_and_a_record_alone_without_the_end_of_its_texts() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::start(folder.path(), vec![]);
    running.collector.take_up_to(900);
    let long = "long".repeat(1_000);
    for turn in ["one", "two", &long, "three"] {
        running.exporter.send(record(turn));
    }
    tokio::time::sleep(Duration::from_mins(2)).await;
    let collector = running.stop(SECOND).await;
    let mut taken: Vec<String> = collector.taken().into_iter().flatten().collect();
    taken.sort();
    assert_eq!(taken, [&long[..256], "one", "three", "two"]);
    assert_eq!(collector.lost(), [("cut logs".to_owned(), 1)]);
    assert_eq!(spooled(folder.path()), 0);
}

#[tokio::test(start_paused = true)]
async fn a_collector_that_finds_everything_too_large_is_told_what_was_lost_and_known_to_take_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::start(folder.path(), vec![Step::away()]);
    running.collector.refuse("/v1/logs", 413);
    running.exporter.send(record("one"));
    running.exporter.send(record("two"));
    tokio::time::sleep(Duration::from_mins(2)).await;
    assert!(!running.exporter.took_within(600 * SECOND));
    let collector = running.stop(SECOND).await;
    assert_eq!(collector.lost(), [("too_large logs".to_owned(), 2)]);
    assert_eq!(spooled(folder.path()), 0);
}
