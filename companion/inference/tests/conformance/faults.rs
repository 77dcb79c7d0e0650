//! What goes wrong, and what a person gets.

use std::time::Duration;

use deskhand_core::model::ModelEvent;
use deskhand_protocol::message::Block;
use deskhand_protocol::{ErrorCode, UserError};
use futures_util::StreamExt as _;
use pretty_assertions::assert_eq;
use serde_json::{Value, json};

use crate::answers::{call, end, good, request, start};
use crate::line::{End, Line, Reply};
use crate::subject::{KEY, Subject};
use crate::{ask, assert_good, hear, outcome, over_every_provider};

fn code_of(events: &[Result<ModelEvent, UserError>]) -> Option<ErrorCode> {
    events
        .last()
        .and_then(|event| event.as_ref().err())
        .map(|error| error.code)
}

fn calls(events: &[Result<ModelEvent, UserError>]) -> usize {
    let blocks = events.iter().filter_map(|event| match event {
        Ok(ModelEvent::Completed { blocks, .. }) => Some(blocks),
        _ => None,
    });
    blocks
        .flatten()
        .filter(|block| matches!(block, Block::ToolUse { .. }))
        .count()
}

over_every_provider! {
    a_stream_cut_at_any_byte_is_asked_for_again_and_no_word_stands_twice,
    words_of_a_cut_stream_stand_until_new_ones_come,
    a_stream_that_is_cut_every_time_ends_in_one_error_with_its_words_kept,
    each_status_has_its_code_and_is_tried_as_often_as_it_may_help,
    a_fault_that_passes_is_told_and_then_the_answer_comes,
    an_error_in_the_middle_has_the_code_of_its_kind,
    an_error_object_without_a_type_is_an_error_too,
    what_is_no_answer_is_named_and_never_half_believed,
    an_event_above_the_cap_ends_the_call_at_once,
    an_answer_above_the_cap_ends_the_call_at_once,
    a_stream_that_sends_only_signs_of_life_ends_in_time,
    nobody_there_is_told_as_such,
    a_way_that_goes_away_in_the_middle_of_an_answer_is_waited_for_until_it_is_there_again,
}

async fn a_stream_cut_at_any_byte_is_asked_for_again_and_no_word_stands_twice(subject: &dyn Subject) {
    let case = good()
        .into_iter()
        .find(|case| case.name.starts_with("thinking"))
        .expect("the case");
    let body = subject.encode(&case.events);
    for end in [End::Cut, End::Proper] {
        let cut = (0..body.len()).map(|cut| Reply::of(vec![body[..cut].to_vec()], end));
        let replies = cut
            .flat_map(|reply| [reply, Reply::whole(body.clone())])
            .collect();
        let line = Line::play(replies).await;
        let provider = subject.provider(&line.base, crate::PATIENT).await;
        for cut in 0..body.len() {
            let events = ask(provider.as_ref(), request()).await;
            let how = format!("{end:?} at {cut}");
            assert_good(&case, &events, &how);
            assert_eq!(calls(&events), 2, "{how}");
            let retries = events
                .iter()
                .filter(|event| matches!(event, Ok(ModelEvent::Retrying { attempt: 2, .. })));
            assert_eq!(retries.count(), 1, "{how}");
            assert_eq!(line.requests().len(), 2 * (cut + 1), "{how}");
        }
    }
}

async fn words_of_a_cut_stream_stand_until_new_ones_come(subject: &dyn Subject) {
    let case = good().remove(0);
    let body = subject.encode(&case.events);
    let half = subject.encode(&case.events[..4]);
    let replies = vec![Reply::of(vec![half], End::Cut), Reply::whole(body)];
    let (events, _) = hear(subject, replies).await;
    let kinds: Vec<&str> = events
        .iter()
        .map(|event| match event {
            Ok(ModelEvent::TextDelta(_)) => "word",
            Ok(ModelEvent::Reset) => "reset",
            Ok(ModelEvent::Retrying { error, .. }) => error.code.as_str(),
            Ok(ModelEvent::Completed { .. }) => "completed",
            Ok(ModelEvent::Body(_)) => "body",
            Err(_) => "error",
        })
        .collect();
    let wanted = [
        "word",
        "word",
        "INF_STREAM_CUT",
        "reset",
        "word",
        "word",
        "word",
        "word",
        "completed",
    ];
    assert_eq!(kinds, wanted);
}

async fn a_stream_that_is_cut_every_time_ends_in_one_error_with_its_words_kept(subject: &dyn Subject) {
    let case = good().remove(0);
    let half = subject.encode(&case.events[..4]);
    let (events, line) = hear(subject, vec![Reply::of(vec![half], End::Cut)]).await;
    assert_eq!(code_of(&events), Some(ErrorCode::InferenceStreamCut));
    assert_eq!(outcome(&events).0, "Hello, wor");
    assert_eq!(line.requests().len(), 5);
    assert_eq!(events.iter().filter(|event| event.is_err()).count(), 1);
}

#[expect(clippy::too_many_lines, reason = "it is one table")]
async fn each_status_has_its_code_and_is_tried_as_often_as_it_may_help(subject: &dyn Subject) {
    let unknown = r#"{"type":"error","error":{"type":"not_found_error","message":"model: claude-test"}}"#;
    let table = [
        ("400 Bad Request", "", "", ErrorCode::InferenceBadRequest, 1),
        ("401 Unauthorized", "", "", ErrorCode::InferenceAuth, 1),
        ("403 Forbidden", "", "", ErrorCode::InferenceAuth, 1),
        ("404 Not Found", "", unknown, ErrorCode::InferenceModelUnknown, 1),
        ("404 Not Found", "", "", ErrorCode::InferenceBadRequest, 1),
        ("408 Request Timeout", "", "", ErrorCode::InferenceTimeout, 2),
        ("413 Payload Too Large", "", "", ErrorCode::InferenceTooLong, 1),
        (
            "429 Too Many Requests",
            "retry-after: 0\r\n",
            "",
            ErrorCode::InferenceRateLimited,
            5,
        ),
        (
            "429 Too Many Requests",
            "retry-after: 3600\r\n",
            "",
            ErrorCode::InferenceRateLimited,
            1,
        ),
        (
            "500 Internal Server Error",
            "",
            "",
            ErrorCode::InferenceOverloaded,
            5,
        ),
        (
            "500 Internal Server Error",
            "x-should-retry: false\r\n",
            "",
            ErrorCode::InferenceOverloaded,
            1,
        ),
        (
            "502 Bad Gateway",
            "",
            "<html>bad</html>",
            ErrorCode::InferenceOverloaded,
            5,
        ),
        (
            "503 Service Unavailable",
            "",
            "",
            ErrorCode::InferenceOverloaded,
            5,
        ),
        ("504 Gateway Timeout", "", "", ErrorCode::InferenceOverloaded, 5),
        ("529 Overloaded", "", "", ErrorCode::InferenceOverloaded, 5),
    ];
    for (status, headers, body, code, tries) in table {
        let (events, line) = hear(subject, vec![Reply::status(status, headers, body)]).await;
        assert_eq!(code_of(&events), Some(code), "{status} {headers}");
        assert_eq!(line.requests().len(), tries, "{status} {headers}");
    }
}

async fn a_fault_that_passes_is_told_and_then_the_answer_comes(subject: &dyn Subject) {
    let case = good().remove(0);
    let body = subject.encode(&case.events);
    for status in [
        "429 Too Many Requests",
        "500 Internal Server Error",
        "529 Overloaded",
        "408 Request Timeout",
    ] {
        let (events, _) = hear(
            subject,
            vec![Reply::status(status, "", ""), Reply::whole(body.clone())],
        )
        .await;
        assert_good(&case, &events, status);
        assert!(
            matches!(
                events[0],
                Ok(ModelEvent::Retrying {
                    attempt: 2,
                    wait_ms: 0,
                    ..
                })
            ),
            "{status}"
        );
        assert!(
            !events.contains(&Ok(ModelEvent::Reset)),
            "{status}: nothing was said before"
        );
    }
}

async fn an_error_in_the_middle_has_the_code_of_its_kind(subject: &dyn Subject) {
    let table = [
        ("overloaded_error", ErrorCode::InferenceOverloaded, 5),
        ("api_error", ErrorCode::InferenceOverloaded, 5),
        ("rate_limit_error", ErrorCode::InferenceRateLimited, 5),
        ("timeout_error", ErrorCode::InferenceTimeout, 2),
        ("invalid_request_error", ErrorCode::InferenceBadRequest, 1),
        ("authentication_error", ErrorCode::InferenceAuth, 1),
        ("permission_error", ErrorCode::InferenceAuth, 1),
        ("error_of_the_future", ErrorCode::InferenceOverloaded, 5),
    ];
    let case = good().remove(0);
    for (kind, code, tries) in table {
        let mut events = case.events[..3].to_vec();
        events.push(json!({"type": "error", "error": {"type": kind, "message": format!("no: {KEY}")}}));
        let (heard, line) = hear(subject, vec![Reply::whole(subject.encode(&events))]).await;
        assert_eq!(code_of(&heard), Some(code), "{kind}");
        assert_eq!(line.requests().len(), tries, "{kind}");
        assert!(!format!("{heard:?}").contains(KEY), "{kind}: the key shows");
        assert_eq!(outcome(&heard).0, "Hello", "{kind}");
    }
}

async fn an_error_object_without_a_type_is_an_error_too(subject: &dyn Subject) {
    let events = [
        start(),
        json!({"error": {"message": "upstream broke", "type": "None", "code": "500"}}),
    ];
    let (heard, _) = hear(subject, vec![Reply::whole(subject.encode(&events))]).await;
    assert_eq!(code_of(&heard), Some(ErrorCode::InferenceOverloaded));
}

async fn what_is_no_answer_is_named_and_never_half_believed(subject: &dyn Subject) {
    let bad = |name: &'static str, events: Vec<Value>| (name, subject.encode(&events));
    let half_call = {
        let (block, _, _) = call("c1", &[], json!({}));
        let delta = json!({"type": "input_json_delta", "partial_json": "{\"range\": \"A1"});
        let mut events = vec![
            start(),
            json!({"type": "content_block_start", "index": 0, "content_block": block}),
        ];
        events.push(json!({"type": "content_block_delta", "index": 0, "delta": delta}));
        events.extend(end("tool_use"));
        events
    };
    let mut list_call = half_call.clone();
    list_call[2]["delta"]["partial_json"] = json!("[1]");
    let stray =
        json!({"type": "content_block_delta", "index": 3, "delta": {"type": "text_delta", "text": "x"}});
    let twice =
        json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}});
    let wrong = json!({"type": "content_block_delta", "index": 0, "delta": {"type": "input_json_delta", "partial_json": "{"}});
    let table = [
        bad("half a call", half_call),
        bad("a call whose input is a list", list_call),
        bad("a delta without a block", vec![start(), stray]),
        bad(
            "a block that begins twice",
            vec![start(), twice.clone(), twice.clone()],
        ),
        bad("a delta of another kind", vec![start(), twice, wrong]),
        ("no JSON", b"data: {\"type\":\n\n".to_vec()),
        ("no UTF-8", b"data: \xff\n\n".to_vec()),
        ("a web page", b"<!doctype html><title>Sign in</title>".to_vec()),
        ("another JSON object", b"{\"hello\": 1}".to_vec()),
    ];
    for (name, body) in table {
        let (events, _) = hear(subject, vec![Reply::whole(body)]).await;
        assert_eq!(code_of(&events), Some(ErrorCode::InferenceBadAnswer), "{name}");
        assert_eq!(calls(&events), 0, "{name}");
    }
}

async fn an_event_above_the_cap_ends_the_call_at_once(subject: &dyn Subject) {
    let mut events = good().remove(0).events;
    events[2]["delta"]["text"] = json!("x".repeat(9 * 1024 * 1024));
    let (heard, line) = hear(subject, vec![Reply::whole(subject.encode(&events))]).await;
    assert_eq!(code_of(&heard), Some(ErrorCode::InferenceBadAnswer));
    assert_eq!(line.requests().len(), 1);
}

async fn an_answer_above_the_cap_ends_the_call_at_once(subject: &dyn Subject) {
    let mut events = good().remove(0).events;
    events[2]["delta"]["text"] = json!("x".repeat(300 * 1024));
    let large = events[2].clone();
    events.splice(2..2, std::iter::repeat_n(large, 10));
    let (heard, line) = hear(subject, vec![Reply::whole(subject.encode(&events))]).await;
    assert_eq!(code_of(&heard), Some(ErrorCode::InferenceBadAnswer));
    assert_eq!(line.requests().len(), 1);
}

async fn a_stream_that_sends_only_signs_of_life_ends_in_time(subject: &dyn Subject) {
    let case = good().remove(0);
    let mut events = case.events[..3].to_vec();
    events.extend(vec![json!({"type": "ping"}); 3]);
    let reply = Reply::of(vec![subject.encode(&events)], End::Hold);
    let line = Line::play(vec![reply]).await;
    let provider = subject.provider(&line.base, Duration::from_millis(100)).await;
    let heard = ask(provider.as_ref(), request()).await;
    assert_eq!(code_of(&heard), Some(ErrorCode::InferenceTimeout));
    assert_eq!(line.requests().len(), 2);
}

async fn nobody_there_is_told_as_such(subject: &dyn Subject) {
    let line = Line::play(vec![Reply::whole(Vec::new())]).await;
    let port = deskhand_test_support::free_port();
    let base = format!("http://127.0.0.1:{port}");
    let provider = subject.provider(&base, crate::PATIENT).await;
    let heard = ask(provider.as_ref(), request()).await;
    assert_eq!(code_of(&heard), Some(subject.with_nobody_there()));
    assert_eq!(line.connections(), 0);
}

async fn a_way_that_goes_away_in_the_middle_of_an_answer_is_waited_for_until_it_is_there_again(
    subject: &dyn Subject,
) {
    let case = good().remove(0);
    let half = subject.encode(&case.events[..4]);
    let whole = subject.encode(&case.events);
    let line = Line::play(vec![Reply::of(vec![half], End::Hold), Reply::whole(whole)]).await;
    let provider = subject.provider(&line.base, crate::PATIENT).await;
    let mut stream = provider.stream(request());
    let mut events = vec![stream.next().await.expect("a word")];
    line.set_there(false);
    // More often than a way is tried that never was there.
    let mut told = 0;
    while told < 8 {
        let event = stream.next().await.expect("it goes on");
        told += usize::from(matches!(event, Ok(ModelEvent::Retrying { .. })));
        events.push(event);
    }
    line.set_there(true);
    events.extend(stream.collect::<Vec<_>>().await);
    assert_good(&case, &events, "the way is there again");
}
