//! What a collector refuses outright: what waits, what goes in smaller parts, what is dropped and counted.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use deskhand_telemetry::export::Fault;
use deskhand_telemetry::port::HeaderSource;
use pretty_assertions::assert_eq;

use super::scripted::{Credential, Step, status};
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
        let running = Running::start(folder.path(), vec![]);
        running.collector.refuse("/v1/logs", code);
        assert_eq!(running.exporter.fault(), None);
        running.exporter.send(record("one"));
        running.collector.received(1).await;
        tokio::time::sleep(SECOND).await;
        running.exporter.send(record("two"));
        tokio::time::sleep(Duration::from_mins(3)).await;
        let why = Fault::Waits(format!("it answered with status {code}"));
        assert_eq!(running.exporter.fault(), Some(why));
        assert!(!running.exporter.took_within(600 * SECOND), "{code}");
        assert!(spooled(folder.path()) > 0, "{code}");
        running.collector.let_in();
        tokio::time::sleep(Duration::from_mins(5)).await;
        assert_eq!(running.exporter.fault(), None, "{code}");
        let collector = running.stop(SECOND).await;
        assert_eq!(collector.taken(), [["one"], ["two"]], "{code}");
        assert_eq!(
            (collector.lost(), spooled(folder.path())),
            (Vec::new(), 0),
            "{code}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_record_that_is_kept_out_for_what_it_holds_is_dropped_alone_and_holds_up_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let credential: Arc<dyn HeaderSource> = Arc::new(Credential::default());
    let running = Running::with(folder.path(), 1 << 20, vec![], vec![credential]);
    running.collector.dislike("drop table");
    let turns: Vec<String> = (0..40)
        .map(|number| match number {
            17 => "drop table 17".to_owned(),
            _ => number.to_string(),
        })
        .collect();
    for turn in &turns {
        running.exporter.send(record(turn));
    }
    tokio::time::sleep(6 * SECOND).await;
    assert_eq!(running.exporter.fault(), None, "the last part of it was taken");
    running.exporter.send(record("drop table again"));
    tokio::time::sleep(5 * SECOND).await;
    let why = Fault::Drops("it answered with status 403".to_owned());
    assert_eq!(running.exporter.fault(), Some(why));
    running.exporter.send(record("last"));
    tokio::time::sleep(5 * SECOND).await;
    let collector = running.stop(SECOND).await;
    let taken: Vec<String> = collector.taken().into_iter().flatten().collect();
    let good = |turn: &&String| !turn.starts_with("drop");
    let mut expected: Vec<&String> = turns.iter().filter(good).collect();
    let last = "last".to_owned();
    expected.push(&last);
    assert_eq!(taken.iter().collect::<Vec<_>>(), expected);
    assert_eq!(collector.lost(), [("refused logs".to_owned(), 2)]);
    assert_eq!(spooled(folder.path()), 0);
    assert!(collector.count() < 25, "{} requests", collector.count());
    let used: BTreeSet<String> = collector.headers("authorization").into_iter().collect();
    assert_eq!(
        used.len(),
        3,
        "credentials are asked for again once for each batch"
    );
}

#[tokio::test(start_paused = true)]
async fn many_records_that_are_kept_out_between_others_hold_up_none_of_them() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::start(folder.path(), vec![]);
    running.collector.dislike("drop table");
    for number in 0..20 {
        running.exporter.send(record(&number.to_string()));
        running.exporter.send(record("drop table"));
    }
    tokio::time::sleep(6 * SECOND).await;
    let taken = running.collector.taken();
    assert_eq!(taken.iter().flatten().count(), 20, "without a pause");
    let collector = running.stop(SECOND).await;
    assert_eq!(collector.lost(), [("refused logs".to_owned(), 20)]);
}

#[tokio::test(start_paused = true)]
async fn a_collector_that_lets_in_nothing_but_empty_requests_costs_few_records_and_few_requests() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::start(folder.path(), vec![]);
    running.collector.dislike("turn.id");
    (0..100).for_each(|number| running.exporter.send(record(&number.to_string())));
    tokio::time::sleep(7 * SECOND).await;
    let why = Fault::Waits("it answered with status 403".to_owned());
    assert_eq!(running.exporter.fault(), Some(why));
    assert!(!running.exporter.took_within(600 * SECOND));
    assert!(
        running.collector.count() < 40,
        "{} requests",
        running.collector.count()
    );
    assert!(spooled(folder.path()) > 0);
    running.collector.let_in();
    tokio::time::sleep(Duration::from_mins(1)).await;
    let collector = running.stop(SECOND).await;
    assert_eq!(collector.lost(), [("refused logs".to_owned(), 8)]);
    assert_eq!(collector.taken().into_iter().flatten().count(), 92);
}

#[tokio::test(start_paused = true)]
async fn an_empty_request_that_is_taken_does_not_show_that_records_are() {
    let folder = tempfile::tempdir().unwrap();
    let steps = [403, 200, 403].map(|code| Step::Answer(status(code, None)));
    let running = Running::start(folder.path(), steps.into());
    running.exporter.send(record("one"));
    running.collector.received(3).await;
    tokio::time::sleep(SECOND).await;
    assert!(!running.exporter.took_within(600 * SECOND));
    let collector = running.stop(SECOND).await;
    assert_eq!(collector.lost(), [("refused logs".to_owned(), 1)]);
}

#[tokio::test(start_paused = true)]
async fn with_why_a_collector_takes_no_records_it_is_said_whether_they_wait() {
    for (step, expected) in [
        (Step::away(), Fault::Waits("TLS failed".to_owned())),
        (
            Step::Answer(status(503, None)),
            Fault::Waits("it answered with status 503".to_owned()),
        ),
        (
            Step::Answer(status(400, None)),
            Fault::Drops("it answered with status 400".to_owned()),
        ),
        (
            Step::Answer(status(500, None)),
            Fault::Drops("it answered with status 500".to_owned()),
        ),
        (Step::closed(), Fault::Drops("closed".to_owned())),
        (
            Step::Rejects(1),
            Fault::Drops("it did not take all of its records".to_owned()),
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let running = Running::start(folder.path(), vec![step.clone()]);
        running.exporter.send(record("one"));
        tokio::time::sleep(6 * SECOND).await;
        assert_eq!(running.exporter.fault(), Some(expected.clone()));
        let waits = matches!(expected, Fault::Waits(_));
        assert_eq!(spooled(folder.path()) > 0, waits, "{expected:?}");
        running.collector.then(step);
        let not_taken = running.exporter.deliver(record("two")).await.unwrap_err();
        assert_eq!(not_taken.others_wait(), waits, "{not_taken}");
        let same = matches!(running.exporter.fault(), Some(Fault::Waits(_)));
        assert_eq!(same, waits, "{not_taken}");
        running.stop(SECOND).await;
    }
    for code in [401, 403, 404, 405] {
        let folder = tempfile::tempdir().unwrap();
        let running = Running::start(folder.path(), vec![Step::Answer(status(code, None))]);
        let not_taken = running.exporter.deliver(record("one")).await.unwrap_err();
        assert!(not_taken.others_wait(), "{not_taken}");
        running.stop(SECOND).await;
    }
}

#[tokio::test(start_paused = true)]
async fn records_do_not_wait_behind_counters_that_a_collector_has_no_place_for() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::start(folder.path(), vec![]);
    running.collector.refuse("/v1/metrics", 403);
    running.collector.then(Step::Rejects(1));
    running.exporter.send(record("one"));
    // The counter of what was rejected is not let in, while nobody knows yet that records are; nor is an empty one.
    running.collector.received(3).await;
    tokio::time::sleep(SECOND).await;
    assert_eq!(spooled(folder.path()), 1);
    running.exporter.send(record("two"));
    running.collector.received(4).await;
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
async fn a_size_that_a_collector_found_too_large_is_not_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::start(folder.path(), vec![]);
    running.collector.take_up_to(100_000);
    let long = "long".repeat(500);
    let mut refused = Vec::new();
    for batch in 1..=3 {
        (0..300).for_each(|_| running.exporter.send(record(&long)));
        tokio::time::sleep(6 * SECOND).await;
        let taken = running.collector.taken();
        assert_eq!(taken.iter().flatten().count(), batch * 300);
        refused.push(running.collector.turns().len() - taken.len());
    }
    assert!(refused[0] > 0);
    assert_eq!(refused[1..], [refused[0]; 2], "those of the first batch alone");
    running.stop(SECOND).await;
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
    assert!(matches!(running.exporter.fault(), Some(Fault::Drops(_))));
    let collector = running.stop(SECOND).await;
    assert_eq!(collector.lost(), [("too_large logs".to_owned(), 2)]);
    assert_eq!(spooled(folder.path()), 0);
}
