//! What goes wrong, and what a person gets.

use deskhand_core::model::ModelEvent;
use deskhand_core::ports::Provider as _;
use deskhand_inference::credential::AwsKeys;
use deskhand_protocol::ErrorCode;
use futures_util::StreamExt as _;
use pretty_assertions::assert_eq;
use serde_json::json;
use time::format_description::well_known::Rfc2822;
use time::{Duration, OffsetDateTime};

use crate::answers::good;
use crate::line::{End, Line, Reply};
use crate::subject::{CLAUDE, TOKEN, ask, asking, bedrock, failed, keys, secret, token};
use crate::wire::{Came, chunk, event_frame, exception};

const NOVA: &str = "amazon.nova-pro-v1:0";

fn begun() -> Vec<u8> {
    good().remove(0).events[..3].iter().flat_map(chunk).collect()
}

fn whole() -> Vec<u8> {
    good().remove(0).events.iter().flat_map(chunk).collect()
}

fn refusal(status: &str, kind: &str, message: &str) -> Reply {
    let headers =
        format!("x-amzn-errortype: {kind}:http://internal.example.com/\r\nx-amzn-requestid: r-1\r\n");
    Reply::status(status, &headers, &json!({ "message": message }).to_string())
}

/// Status, exception, words, and what they come to.
const REFUSALS: [(&str, &str, &str, ErrorCode); 14] = [
    (
        "429 x",
        "ThrottlingException",
        "Too many requests",
        ErrorCode::InferenceRateLimited,
    ),
    (
        "400 x",
        "ServiceQuotaExceededException",
        "quota",
        ErrorCode::InferenceRateLimited,
    ),
    (
        "429 x",
        "ModelNotReadyException",
        "warming up",
        ErrorCode::InferenceOverloaded,
    ),
    (
        "503 x",
        "ServiceUnavailableException",
        "later",
        ErrorCode::InferenceOverloaded,
    ),
    (
        "500 x",
        "InternalServerException",
        "oops",
        ErrorCode::InferenceOverloaded,
    ),
    (
        "424 x",
        "ModelErrorException",
        "the model failed",
        ErrorCode::InferenceOverloaded,
    ),
    (
        "408 x",
        "ModelTimeoutException",
        "slow",
        ErrorCode::InferenceTimeout,
    ),
    (
        "403 x",
        "AccessDeniedException",
        "not authorized",
        ErrorCode::InferenceAuth,
    ),
    (
        "403 x",
        "UnrecognizedClientException",
        "no such key",
        ErrorCode::InferenceAuth,
    ),
    (
        "403 x",
        "ExpiredTokenException",
        "expired",
        ErrorCode::InferenceAuth,
    ),
    (
        "404 x",
        "ResourceNotFoundException",
        "no such model",
        ErrorCode::InferenceModelUnknown,
    ),
    (
        "400 x",
        "ValidationException",
        "Input is too long for requested model.",
        ErrorCode::InferenceTooLong,
    ),
    (
        "400 x",
        "ValidationException",
        "The provided model identifier is invalid.",
        ErrorCode::InferenceModelUnknown,
    ),
    (
        "400 x",
        "ValidationException",
        "roles must alternate",
        ErrorCode::InferenceBadRequest,
    ),
];

#[tokio::test]
async fn every_refusal_has_the_code_that_tells_what_to_do_for_both_apis() {
    for (status, kind, message, code) in REFUSALS {
        for model in [CLAUDE, NOVA] {
            let line = Line::play(vec![refusal(status, kind, message)]).await;
            let events = ask(&bedrock(&line.base, token(), |_| {}), model).await;
            let error = failed(&events);
            assert_eq!(error.code, code, "{kind} {message}");
            let detail = error.detail.clone().unwrap_or_default();
            assert!(detail.contains(kind) && detail.contains("r-1"), "{detail}");
        }
    }
}

#[tokio::test]
async fn refusals_of_what_stands_between_are_told_by_their_status() {
    for (status, code) in [
        ("401 x", ErrorCode::InferenceAuth),
        ("429 x", ErrorCode::InferenceRateLimited),
        ("502 x", ErrorCode::InferenceOverloaded),
        ("413 x", ErrorCode::InferenceTooLong),
    ] {
        let line = Line::play(vec![Reply::status(status, "", "<html>no</html>")]).await;
        let events = ask(&bedrock(&line.base, token(), |_| {}), CLAUDE).await;
        assert_eq!(failed(&events).code, code, "{status}");
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed_with_a_signature() {
    let line = Line::play(vec![Reply::status("307 x", "location: /elsewhere\r\n", "")]).await;
    let events = ask(&bedrock(&line.base, keys(), |_| {}), CLAUDE).await;
    assert_eq!(failed(&events).code, ErrorCode::InferenceBadRequest);
    assert_eq!(line.requests().len(), 1);
}

#[tokio::test]
async fn exceptions_in_the_stream_have_their_codes_and_those_that_pass_are_asked_again() {
    let table = [
        ("throttlingException", ErrorCode::InferenceRateLimited, 5),
        ("internalServerException", ErrorCode::InferenceOverloaded, 5),
        ("serviceUnavailableException", ErrorCode::InferenceOverloaded, 5),
        ("modelStreamErrorException", ErrorCode::InferenceOverloaded, 5),
        ("modelTimeoutException", ErrorCode::InferenceTimeout, 2),
        ("validationException", ErrorCode::InferenceBadRequest, 1),
        ("aFutureException", ErrorCode::InferenceOverloaded, 5),
    ];
    let converse = event_frame("messageStart", &json!({ "role": "assistant" }));
    for (kind, code, tries) in table {
        for (model, begun) in [(CLAUDE, begun()), (NOVA, converse.clone())] {
            let body = [begun, exception(kind, "it went wrong")].concat();
            let line = Line::play(vec![Reply::whole(body)]).await;
            let events = ask(&bedrock(&line.base, token(), |_| {}), model).await;
            let error = failed(&events);
            assert_eq!(
                (error.code, line.requests().len()),
                (code, tries),
                "{kind} {model}"
            );
            assert!(
                error.detail.clone().unwrap_or_default().contains("it went wrong"),
                "{error:?}"
            );
        }
    }
}

#[tokio::test]
async fn words_before_an_exception_are_void_once_the_answer_comes() {
    let cut = [begun(), exception("modelStreamErrorException", "x")].concat();
    let line = Line::play(vec![Reply::whole(cut), Reply::whole(whole())]).await;
    let events = ask(&bedrock(&line.base, token(), |_| {}), CLAUDE).await;
    assert!(events.contains(&Ok(ModelEvent::Reset)));
    assert_eq!(events.last(), Some(&Ok(good().remove(0).completed())));
}

#[tokio::test]
async fn a_stream_cut_at_any_byte_is_asked_for_again() {
    let body = whole();
    let cuts: Vec<usize> = (0..body.len()).step_by(29).collect();
    for end in [End::Cut, End::Proper] {
        let replies = cuts.iter().flat_map(|cut| {
            [
                Reply::of(vec![body[..*cut].to_vec()], end),
                Reply::whole(body.clone()),
            ]
        });
        let line = Line::play(replies.collect()).await;
        let provider = bedrock(&line.base, token(), |_| {});
        for (index, cut) in cuts.iter().enumerate() {
            let events = ask(&provider, CLAUDE).await;
            assert_eq!(
                events.last(),
                Some(&Ok(good().remove(0).completed())),
                "{end:?} at {cut}"
            );
            assert_eq!(line.requests().len(), 2 * (index + 1), "{end:?} at {cut}");
        }
    }
}

#[tokio::test]
async fn frames_that_are_none_are_refused_at_once() {
    let mut wrong_sum = chunk(&json!({ "type": "message_stop" }));
    *wrong_sum.last_mut().expect("a byte") ^= 1;
    let mut wrong_head = chunk(&json!({ "type": "message_stop" }));
    wrong_head[8] ^= 1;
    let bodies: [(&str, Vec<u8>); 7] = [
        ("a frame under a wrong sum", wrong_sum),
        ("a prelude under a wrong sum", wrong_head),
        ("a frame of four gigabytes", u32::MAX.to_be_bytes().to_vec()),
        ("a frame without room for itself", vec![0; 4]),
        ("a web page", b"<html><body>Sign in</body></html>".to_vec()),
        (
            "an event stream of another kind",
            b"data: {\"type\":\"ping\"}\n\n".to_vec(),
        ),
        ("an event that is no JSON", event_frame("chunk", &json!("x"))),
    ];
    for (name, body) in bodies {
        // The connection stays: nothing but the bytes tells that it is over.
        let line = Line::play(vec![Reply::of(vec![begun(), body], End::Hold)]).await;
        let events = ask(&bedrock(&line.base, token(), |_| {}), CLAUDE).await;
        assert_eq!(failed(&events).code, ErrorCode::InferenceBadAnswer, "{name}");
    }
}

#[tokio::test]
async fn a_wrong_clock_is_put_right_once_without_a_word_and_told_where_that_does_not_help() {
    let ahead = OffsetDateTime::now_utc() + Duration::hours(3);
    let date = ahead.format(&Rfc2822).expect("a date");
    let headers = format!("x-amzn-errortype: InvalidSignatureException\r\ndate: {date}\r\n");
    let message = "Signature expired: 20250101T000000Z is now earlier than 20250101T000500Z";
    let refused = Reply::status("403 x", &headers, &json!({ "message": message }).to_string());

    let line = Line::play(vec![refused.clone(), Reply::whole(whole())]).await;
    let provider = bedrock(&line.base, keys(), |_| {});
    let events = ask(&provider, CLAUDE).await;
    let silent = events
        .iter()
        .all(|event| !matches!(event, Ok(ModelEvent::Retrying { .. })));
    assert!(
        silent && events.last() == Some(&Ok(good().remove(0).completed())),
        "{events:?}"
    );
    let sent = |index: usize| {
        Came::read(&line.requests()[index])
            .header("x-amz-date")
            .to_owned()
    };
    let hour = ahead.hour();
    assert!(!sent(0).contains(&format!("T{hour:02}")) && sent(1).contains(&format!("T{hour:02}")));
    // What was learnt stays.
    ask(&provider, CLAUDE).await;
    assert!(sent(2).contains(&format!("T{hour:02}")));

    let line = Line::play(vec![refused]).await;
    let events = ask(&bedrock(&line.base, keys(), |_| {}), CLAUDE).await;
    let error = failed(&events);
    assert_eq!(error.code, ErrorCode::InferenceAuth);
    assert!(error.happened.contains("clock"), "{error:?}");
}

#[tokio::test]
async fn no_credential_shows_in_an_error() {
    let of_keys = "ASIAIOSFODNN7EXAMPLE, wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY, session-token-1";
    for (credential, known) in [(token(), TOKEN), (keys(), of_keys)] {
        let message = format!("you sent {known}");
        let in_stream = [begun(), exception("validationException", &message)].concat();
        for reply in [
            refusal("403 x", "AccessDeniedException", &message),
            Reply::whole(in_stream),
        ] {
            let line = Line::play(vec![reply]).await;
            let events = ask(&bedrock(&line.base, credential.clone(), |_| {}), CLAUDE).await;
            let shown = format!("{events:?}");
            for secret in known.split(", ") {
                assert!(!shown.contains(secret), "{secret}: {shown}");
            }
        }
    }
}

#[tokio::test]
async fn a_refusal_without_an_end_is_read_to_a_limit() {
    let body = vec![vec![b'x'; 64 * 1024]; 64];
    let headers = "x-amzn-errortype: ValidationException\r\n";
    let reply = Reply::refusal("400 x", headers, body, End::Hold);
    let line = Line::play(vec![reply]).await;
    let provider = bedrock(&line.base, token(), |config| config.manner.bodies = true);
    let events = ask(&provider, CLAUDE).await;
    let read = events.iter().find_map(|event| match event {
        Ok(ModelEvent::Body(body)) if !body.sent => Some(body.length),
        _ => None,
    });
    assert_eq!(read, Some(16 * 1024));
    let detail = failed(&events).detail.clone().unwrap_or_default();
    assert!(detail.len() < 1000, "{}", detail.len());
}

#[tokio::test]
async fn faults_of_the_way_keep_their_kind() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let base = format!("http://{}", listener.local_addr().expect("an address"));
    drop(listener);
    let events = ask(&bedrock(&base, token(), |_| {}), CLAUDE).await;
    let error = failed(&events);
    assert_eq!(error.code, ErrorCode::InferenceUnreachable);
    assert!(error.happened.contains("Amazon Bedrock"), "{error:?}");
}

#[tokio::test]
async fn a_credential_that_no_request_can_carry_is_told_and_not_sent() {
    let with = |change: fn(&mut AwsKeys)| {
        let mut credential = keys();
        change(credential.aws.as_mut().expect("keys"));
        credential
    };
    let mut broken_token = token();
    broken_token.secret = secret("a\r\nx-evil: b");
    let broken = [
        broken_token,
        with(|keys| keys.access_key_id = secret("AKIA\nX")),
        with(|keys| keys.access_key_id = secret("")),
        with(|keys| keys.secret_access_key = secret("schlüssel")),
        with(|keys| keys.session_token = Some(secret("a b\u{7f}"))),
    ];
    for credential in broken {
        let line = Line::play(vec![Reply::whole(whole())]).await;
        let events = ask(&bedrock(&line.base, credential, |_| {}), CLAUDE).await;
        assert_eq!(failed(&events).code, ErrorCode::InferenceNotConfigured);
        assert!(line.requests().is_empty());
    }
}

#[tokio::test]
async fn a_way_that_goes_away_is_waited_for_until_it_is_there_again() {
    let case = good().remove(0);
    let line = Line::play(vec![Reply::whole(whole())]).await;
    let provider = bedrock(&line.base, token(), |_| {});
    assert_eq!(ask(&provider, CLAUDE).await.last(), Some(&Ok(case.completed())));
    line.set_there(false);
    let mut stream = provider.stream(asking(CLAUDE));
    for _ in 0..8 {
        let event = stream.next().await;
        assert!(
            matches!(event, Some(Ok(ModelEvent::Retrying { .. }))),
            "{event:?}"
        );
    }
    line.set_there(true);
    let events: Vec<_> = stream.collect().await;
    assert_eq!(events.last(), Some(&Ok(case.completed())));
}
