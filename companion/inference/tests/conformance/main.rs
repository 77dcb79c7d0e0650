//! The conformance suite: what every provider makes of answers that come whole, in pieces, noisy, cut, broken or too
//! large. The same cases run over each [`Subject`].

mod answers;
mod chat;
mod faults;
mod gateway;
mod line;
mod recordings;
mod sign_in;
mod subject;

use std::time::Duration;

use answers::{Case, good, request};
use deskhand_core::model::{ModelEvent, ModelRequest};
use deskhand_core::ports::Provider;
use deskhand_protocol::UserError;
use futures_util::StreamExt;
use line::{End, Line, Reply};
use pretty_assertions::assert_eq;
use proptest::prelude::*;
use serde_json::json;
use subject::{OverGateway, Subject};

/// Longer than any test takes.
const PATIENT: Duration = Duration::from_mins(2);

/// Everything that a call gives.
pub(crate) async fn ask(
    provider: &dyn Provider,
    request: ModelRequest,
) -> Vec<Result<ModelEvent, UserError>> {
    provider.stream(request).collect().await
}

/// Everything that a call gives when the line answers like this.
pub(crate) async fn hear(
    subject: &dyn Subject,
    replies: Vec<Reply>,
) -> (Vec<Result<ModelEvent, UserError>>, Line) {
    let line = Line::play(replies).await;
    let provider = subject.provider(&line.base, PATIENT).await;
    (ask(provider.as_ref(), request()).await, line)
}

/// Makes a test of each case over each provider.
macro_rules! over_every_provider {
    ($($case:ident,)+) => { $(
        mod $case {
            #[tokio::test]
            async fn over_a_gateway() {
                super::$case(&$crate::subject::OverGateway).await;
            }

            #[tokio::test]
            async fn over_vertex_ai() {
                super::$case(&$crate::subject::OverVertex).await;
            }

            #[tokio::test]
            async fn over_foundry() {
                super::$case(&$crate::subject::OverFoundry).await;
            }
        }
    )+ };
}
pub(crate) use over_every_provider;

/// The words that stand at the end, and the last event.
pub(crate) fn outcome(events: &[Result<ModelEvent, UserError>]) -> (String, &Result<ModelEvent, UserError>) {
    let mut words = String::new();
    for event in events {
        match event {
            Ok(ModelEvent::TextDelta(text)) => words.push_str(text),
            Ok(ModelEvent::Reset) => words.clear(),
            _ => {}
        }
    }
    (words, events.last().expect("a stream that says something"))
}

pub(crate) fn assert_good(case: &Case, events: &[Result<ModelEvent, UserError>], how: &str) {
    let (words, last) = outcome(events);
    assert_eq!(words, case.words(), "{}, {how}", case.name);
    assert_eq!(last, &Ok(case.completed()), "{}, {how}", case.name);
    let ends = events
        .iter()
        .filter(|event| matches!(event, Err(_) | Ok(ModelEvent::Completed { .. })));
    assert_eq!(ends.count(), 1, "{}, {how}", case.name);
}

over_every_provider! {
    reads_every_kind_of_answer_in_every_form,
    reads_the_same_answer_split_at_every_byte,
    each_word_goes_out_before_the_next_one_comes,
    dropping_the_stream_ends_the_exchange,
    signs_of_life_and_unknown_events_change_nothing,
    what_follows_the_end_of_an_answer_changes_nothing,
}

async fn reads_every_kind_of_answer_in_every_form(subject: &dyn Subject) {
    for case in good() {
        for (index, body) in subject.variants(&case.events).into_iter().enumerate() {
            let (events, line) = hear(subject, vec![Reply::whole(body)]).await;
            assert_good(&case, &events, &format!("variant {index}"));
            assert_eq!(line.requests().len(), 1);
        }
    }
}

async fn reads_the_same_answer_split_at_every_byte(subject: &dyn Subject) {
    for case in good() {
        let body = subject.encode(&case.events);
        let halves = (1..body.len()).map(|cut| vec![body[..cut].to_vec(), body[cut..].to_vec()]);
        let bytes = body.iter().map(|byte| vec![*byte]).collect();
        let splits = halves.chain([bytes]).map(|pieces| Reply::of(pieces, End::Proper));
        let line = Line::play(splits.collect()).await;
        let provider = subject.provider(&line.base, PATIENT).await;
        for cut in 1..=body.len() {
            assert_good(
                &case,
                &ask(provider.as_ref(), request()).await,
                &format!("split at {cut}"),
            );
        }
        assert_eq!(line.requests().len(), body.len());
    }
}

async fn each_word_goes_out_before_the_next_one_comes(subject: &dyn Subject) {
    let case = good().remove(0);
    let body = subject.encode(&case.events[..3]);
    let line = Line::play(vec![Reply::of(vec![body], End::Hold)]).await;
    let provider = subject.provider(&line.base, PATIENT).await;
    let mut stream = provider.stream(request());
    assert_eq!(stream.next().await, Some(Ok(ModelEvent::Begun)));
    assert_eq!(
        stream.next().await,
        Some(Ok(ModelEvent::TextDelta("Hello".to_owned())))
    );
}

async fn dropping_the_stream_ends_the_exchange(subject: &dyn Subject) {
    let case = good().remove(0);
    let body = subject.encode(&case.events[..3]);
    let line = Line::play(vec![Reply::of(vec![body], End::Hold)]).await;
    let provider = subject.provider(&line.base, PATIENT).await;
    let mut stream = provider.stream(request());
    stream.next().await.expect("a word").expect("no error");
    drop(stream);
    tokio::time::timeout(PATIENT, line.hung_up())
        .await
        .expect("the client hangs up");
}

async fn signs_of_life_and_unknown_events_change_nothing(subject: &dyn Subject) {
    for case in good() {
        let ping = json!({"type": "ping"});
        let unknown = json!({"type": "future_event", "error": null, "deep": [{"a": 1}]});
        let noisy: Vec<_> = case
            .events
            .iter()
            .flat_map(|event| [ping.clone(), unknown.clone(), event.clone()])
            .collect();
        let (events, _) = hear(subject, vec![Reply::whole(subject.encode(&noisy))]).await;
        assert_good(&case, &events, "noisy");
    }
}

async fn what_follows_the_end_of_an_answer_changes_nothing(subject: &dyn Subject) {
    let case = good().remove(0);
    for tail in [
        &b"garbage"[..],
        b"data: {\n\n",
        b"data: \xff\n\n",
        b"data: {\"type\":\"error\",\"error\":{}}\n\n",
    ] {
        let mut body = subject.encode(&case.events);
        body.extend(tail);
        let (events, line) = hear(subject, vec![Reply::of(vec![body], End::Cut)]).await;
        assert_good(&case, &events, "with a tail");
        assert_eq!(line.requests().len(), 1);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn generated_answers_come_out_as_they_went_in(
        texts in proptest::collection::vec(proptest::collection::vec("\\PC{0,12}", 0..4), 1..4),
        cuts in proptest::collection::vec(any::<proptest::sample::Index>(), 0..8),
    ) {
        let mut events = vec![answers::start()];
        for (index, pieces) in texts.iter().enumerate() {
            events.push(json!({"type": "content_block_start", "index": index, "content_block": {"type": "text", "text": ""}}));
            for piece in pieces {
                events.push(json!({"type": "content_block_delta", "index": index, "delta": {"type": "text_delta", "text": piece}}));
            }
        }
        events.extend(answers::end("end_turn"));
        let body = OverGateway.encode(&events);
        let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(body.len())).chain([0, body.len()]).collect();
        places.sort_unstable();
        let pieces = places.windows(2).map(|pair| body[pair[0]..pair[1]].to_vec()).collect();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let (events, _) = runtime.block_on(hear(&OverGateway, vec![Reply::of(pieces, End::Proper)]));
        prop_assert_eq!(outcome(&events).0, texts.concat().concat());
        let is_whole = matches!(events.last(), Some(Ok(ModelEvent::Completed { .. })));
        prop_assert!(is_whole);
    }
}
