//! What a helper may print, and what it may not.

use pretty_assertions::assert_eq;
use proptest::prelude::*;

use super::*;

fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_hours(500_000)
}

fn read(printed: &str) -> Result<Credential, &'static str> {
    read_answer(printed.as_bytes(), true, now())
}

#[test]
fn a_bare_token_is_taken_without_what_stands_around_it() {
    for printed in ["abc.DEF-1", "  abc.DEF-1\r\n\n", "\u{feff}abc.DEF-1\n"] {
        let credential = read(printed).unwrap();
        assert_eq!(credential.secret.expose(), "abc.DEF-1");
        assert!(credential.headers.is_empty() && credential.aws.is_none());
    }
}

#[test]
fn an_object_brings_a_token_with_headers() {
    let credential =
        read(r#"{"token": "t", "headers": {"X-Team": "a b", "X-B": "1"}, "more": [1]}"#).unwrap();
    assert_eq!(credential.secret.expose(), "t");
    let headers = credential.headers.iter();
    let headers: Vec<_> = headers
        .map(|(name, value)| (name.as_str(), value.expose()))
        .collect();
    assert_eq!(headers, [("X-B", "1"), ("X-Team", "a b")]);
}

#[test]
fn keys_for_amazon_come_as_from_a_credential_process() {
    let printed = r#"{"Version": 1, "AccessKeyId": "AKIA", "SecretAccessKey": "s/+=", "SessionToken": "t",
        "Expiration": "2027-01-15T08:30:00+00:00"}"#;
    let credential = read(printed).unwrap();
    let keys = credential.aws.unwrap();
    let session = keys.session_token.unwrap();
    let texts = [&keys.access_key_id, &keys.secret_access_key, &session];
    assert_eq!(texts.map(Secret::expose), ["AKIA", "s/+=", "t"]);
    assert_eq!(credential.ends_at, Some(now() + Duration::from_mins(30)));
    assert_eq!(credential.secret.expose(), "");
    let lasting = read(r#"{"Version": 1, "AccessKeyId": "AKIA", "SecretAccessKey": "s"}"#).unwrap();
    assert_eq!(lasting.ends_at, None);
}

#[test]
fn keys_for_amazon_are_nothing_for_others() {
    let printed = br#"{"Version": 1, "AccessKeyId": "AKIA", "SecretAccessKey": "s"}"#;
    assert_eq!(
        read_answer(printed, false, now()).unwrap_err(),
        "its JSON has no `token`"
    );
}

fn refused(table: &[(&str, &str)]) {
    for (printed, why) in table {
        assert_eq!(read(printed).unwrap_err(), *why, "{printed}");
    }
}

#[test]
fn what_is_no_token_is_refused_by_name() {
    refused(&[
        ("", "there is nothing in it"),
        (" \n", "there is nothing in it"),
        ("two words", "it is no single token"),
        ("t\u{e9}", "it is no single token"),
        ("a\0b", "it is no single token"),
        (&"x".repeat(LONGEST + 1), "it is no single token"),
        ("\"quoted\"", "the token stands in quotation marks"),
    ]);
    let error = read_answer(&[0xff, 0xfe, b't', 0], true, now()).unwrap_err();
    assert_eq!(error, "it is no UTF-8");
}

#[test]
fn an_object_that_holds_no_token_is_refused_by_name() {
    let form = "it is no JSON of the expected form";
    let many: BTreeMap<String, &str> = (0..=MOST).map(|at| (format!("x-{at}"), "1")).collect();
    let many = serde_json::json!({ "token": "t", "headers": many }).to_string();
    let header = "one of its `headers` cannot be sent";
    refused(&[
        ("{", form),
        (r#"{"token": 1}"#, form),
        (r#"{"token": "t"} x"#, form),
        (r#"{"token": "a", "token": "b"}"#, form),
        (r#"{"token": "t", "headers": {"a": 1}}"#, form),
        (r#"{"token": ""}"#, "its `token` cannot be sent"),
        (r#"{"token": "a b"}"#, "its `token` cannot be sent"),
        (r#"{"token": "t", "headers": {"a b": "1"}}"#, header),
        (r#"{"token": "t", "headers": {"a": "1\n2"}}"#, header),
        (&many, "it has more than 64 headers"),
    ]);
}

#[test]
fn keys_for_amazon_that_cannot_be_used_are_refused_by_name() {
    let keys = |more: &str| format!(r#"{{"Version": 1, "AccessKeyId": "A", "SecretAccessKey": "s"{more}}}"#);
    let neither = "its JSON has neither a `token` nor `Version` 1";
    refused(&[
        ("{}", neither),
        (r#"{"Version": 2}"#, neither),
        (r#"{"Version": 1}"#, "it has no `AccessKeyId`"),
        (
            r#"{"Version": 1, "AccessKeyId": "A"}"#,
            "it has no `SecretAccessKey`",
        ),
        (
            &keys(r#", "SessionToken": """#),
            "its `SessionToken` cannot be sent",
        ),
        (&keys(r#", "Expiration": "soon""#), "its `Expiration` is no time"),
        (
            &keys(r#", "Expiration": "2027-01-15T08:00:00Z""#),
            "its keys have ended already",
        ),
        (
            &keys(r#", "Expiration": "0001-01-01T00:00:00Z""#),
            "its keys have ended already",
        ),
    ]);
}

proptest! {
    #[test]
    fn whatever_is_printed_is_sendable_or_refused(printed in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(credential) = read_answer(&printed, true, now()) {
            prop_assert!(credential.secrets().all(|secret| HeaderValue::from_str(secret.expose()).is_ok()));
        }
    }
}
