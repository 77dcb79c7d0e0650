//! What each answer of the address means.

use pretty_assertions::assert_eq;
use serde_json::json;

use super::*;

const NOW: u64 = 1_800_000_000_000;
const HOUR: u64 = 3_600_000;

fn judge(status: u16, body: &str, asked: bool) -> Result<Fetched, FetchError> {
    let address = Url::parse("https://boot.example.org/me").unwrap();
    let tag = HeaderMap::from_iter([(ETAG, HeaderValue::from_static("\"one\""))]);
    let status = StatusCode::from_u16(status).unwrap();
    judged(status, &tag, body.as_bytes(), &address, asked, NOW)
}

fn answer(body: &str) -> Answer {
    match judge(200, body, false) {
        Ok(Fetched::Answer(answer)) => answer,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_object_is_applied_and_counts_for_an_hour() {
    let answer = answer("{\"deskhandPairing\": \"always\"}");
    assert_eq!(answer.ends_at, NOW + HOUR);
    assert_eq!(answer.etag.as_deref(), Some("\"one\""));
}

#[test]
fn an_answer_says_in_seconds_or_milliseconds_when_it_ends() {
    for said in [1_800_000_600, 1_800_000_600_000_u64] {
        let answer = answer(&json!({ "expiresAt": said }).to_string());
        assert_eq!(answer.ends_at, NOW + 600_000, "{said}");
    }
}

#[test]
fn settings_that_ended_already_are_no_answer() {
    for said in [json!(1_799_999_999), json!("soon"), json!(null), json!(-1)] {
        let answer = judge(200, &json!({ "expiresAt": said }).to_string(), false);
        assert_eq!(answer, Err(FetchError::Over), "{said}");
    }
}

#[test]
fn unchanged_is_an_answer_to_a_question_that_names_one() {
    assert_eq!(judge(304, "", true), Ok(Fetched::Unchanged));
    assert_eq!(judge(304, "", false), Err(FetchError::Status(304)));
}

#[test]
fn whoever_is_not_known_signs_in_again() {
    for status in [401, 403] {
        assert_eq!(judge(status, "", true), Ok(Fetched::SignIn), "{status}");
    }
}

#[test]
fn a_redirect_is_refused() {
    for status in [301, 302, 303, 307, 308] {
        assert_eq!(judge(status, "", false), Err(FetchError::Redirect), "{status}");
    }
}

#[test]
fn other_answers_leave_everything_as_it_is() {
    for status in [204, 404, 429, 500, 503] {
        assert_eq!(
            judge(status, "{}", false),
            Err(FetchError::Status(status)),
            "{status}"
        );
    }
    assert_eq!(
        FetchError::Status(503).told().code,
        ErrorCode::BootstrapUnreachable
    );
    assert_eq!(FetchError::Status(404).told().code, ErrorCode::BootstrapAnswer);
}

#[test]
fn what_is_no_object_of_settings_is_refused_without_its_words() {
    for body in [
        "",
        "secret-word",
        "[\"secret-word\"]",
        "<html>secret-word</html>",
        "{\"a\": \"secret-word\"",
        "null",
    ] {
        let error = judge(200, body, false).unwrap_err();
        assert_eq!(error, FetchError::Unreadable, "{body}");
        assert!(!format!("{:?}", error.told()).contains("secret-word"));
    }
    let long = format!("{{\"a\": \"{}\"}}", "x".repeat(LARGEST));
    assert_eq!(judge(200, &long, false), Err(FetchError::Unreadable));
}

#[test]
fn that_it_is_unchanged_makes_last_only_what_does_not_say_its_end() {
    let plain = renewed(&answer("{}"), NOW + 60_000);
    assert_eq!(plain.ends_at, NOW + 60_000 + HOUR);
    let dated = renewed(&answer("{\"expiresAt\": 1800000600}"), NOW + 60_000);
    assert_eq!(dated.ends_at, NOW + 600_000);
}

#[test]
fn a_host_of_a_sign_in_that_is_closed_is_told_with_the_key_that_names_it() {
    let error = EgressError::Refused {
        destination: deskhand_egress::Destination::Bootstrap,
        origin: "https://other.example.org".to_owned(),
        key: "bootstrapUrl",
    };
    let told = closed(&error, "bootstrapOidc");
    assert_eq!(
        told,
        "https://other.example.org is no host that bootstrapOidc names"
    );
}
