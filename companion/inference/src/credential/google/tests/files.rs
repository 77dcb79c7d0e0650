//! Files that cannot be used, told by the field that is wrong.

use pretty_assertions::assert_eq;
use proptest::prelude::*;

use super::*;

fn fault(file: &Value) -> FileFault {
    GoogleFile::read(file.to_string().as_bytes()).expect_err("it cannot be used")
}

fn without(mut file: Value, name: &str) -> Value {
    file.as_object_mut().expect("an object").remove(name);
    file
}

fn with(mut file: Value, name: &str, value: Value) -> Value {
    file[name] = value;
    file
}

#[test]
fn each_missing_field_is_named() {
    let source = json!({ "file": "/run/token" });
    for (file, fields) in [
        (service_account(), &["type", "client_email", "private_key"][..]),
        (user(), &["client_id", "client_secret", "refresh_token"]),
        (
            external(&source),
            &["audience", "subject_token_type", "token_url", "credential_source"],
        ),
    ] {
        GoogleFile::read(file.to_string().as_bytes()).expect("it is whole");
        for &field in fields {
            assert_eq!(fault(&without(file.clone(), field)), FileFault::Field(field));
            for bad in [json!(5), json!(""), json!(null)] {
                assert_eq!(fault(&with(file.clone(), field, bad)), FileFault::Field(field));
            }
        }
    }
}

#[test]
fn a_token_endpoint_without_tls_or_with_a_password_is_refused() {
    for address in [
        "http://oauth2.example.com/token",
        "https://a:b@oauth2.example.com/",
        "/token",
        "file:///t",
    ] {
        let address = json!(address);
        let file = with(service_account(), "token_uri", address.clone());
        assert_eq!(fault(&file), FileFault::Field("token_uri"));
        let file = with(user(), "token_uri", address.clone());
        assert_eq!(fault(&file), FileFault::Field("token_uri"));
        let file = external(&json!({ "file": "/run/token" }));
        assert_eq!(
            fault(&with(file.clone(), "token_url", address.clone())),
            FileFault::Field("token_url")
        );
        let field = "service_account_impersonation_url";
        assert_eq!(fault(&with(file, field, address)), FileFault::Field(field));
    }
}

#[test]
fn a_key_that_signs_nothing_is_refused() {
    let public = pem("PUBLIC KEY", &KEY.1);
    let broken = KEY.0.replace("\nMII", "\nMIJ");
    for key in ["SECRET", &public, &broken] {
        let file = with(service_account(), "private_key", json!(key));
        assert_eq!(fault(&file), FileFault::Field("private_key"));
    }
}

#[test]
fn a_key_in_its_older_form_signs_as_well() {
    // PKCS #8 wraps the older form in 26 bytes where the key has 2048 bits (RFC 5208, section 5).
    let text: String = KEY.0.lines().filter(|line| !line.starts_with('-')).collect();
    let der = STANDARD.decode(text).unwrap();
    let file = with(
        service_account(),
        "private_key",
        json!(pem("RSA PRIVATE KEY", &der[26..])),
    );
    let file = GoogleFile::read(file.to_string().as_bytes()).expect("it can be used");
    assert!(matches!(file.login, Login::ServiceAccount(_)));
}

#[test]
fn ways_that_deskhand_does_not_go_are_named() {
    for (source, what) in [
        (
            json!({ "executable": { "command": "/bin/x" } }),
            "a token that a program prints",
        ),
        (json!({ "environment_id": "aws1" }), "a sign-in at Amazon"),
        (json!({ "certificate": {} }), "a sign-in with a certificate"),
    ] {
        assert_eq!(fault(&external(&source)), FileFault::Unsupported(what));
    }
    let device = with(service_account(), "type", json!("gdch_service_account"));
    assert_eq!(fault(&device), FileFault::Unsupported("Google Distributed Cloud"));
    assert_eq!(fault(&with(user(), "type", json!("other"))), FileFault::Type);
}

#[test]
fn a_source_of_tokens_that_is_none_is_named() {
    let headers = |value| json!({ "url": "https://t.example.com", "headers": value });
    for (source, field) in [
        (json!({}), "url"),
        (json!({ "url": "ftp://t.example.com" }), "url"),
        (json!({ "url": "https://a:b@t.example.com" }), "url"),
        (headers(json!({ "a b": "1" })), "headers"),
        (headers(json!({ "a": "1\n2" })), "headers"),
        (headers(json!({ "a": 1 })), "headers"),
        (json!({ "file": "/t", "format": { "type": "xml" } }), "format"),
        (
            json!({ "file": "/t", "format": { "type": "json" } }),
            "subject_token_field_name",
        ),
        (json!({ "file": 5 }), "file"),
    ] {
        assert_eq!(fault(&external(&source)), FileFault::Field(field), "{source}");
    }
}

#[test]
fn who_acts_for_another_holds_who_they_are_and_no_more() {
    let url = "https://iam.example.com/v1/a:generateAccessToken";
    let file = |source: Value| {
        json!({
            "type": "impersonated_service_account", "service_account_impersonation_url": url,
            "source_credentials": source,
        })
    };
    GoogleFile::read(file(user()).to_string().as_bytes()).expect("it is whole");
    let mut acting = external(&json!({ "file": "/t" }));
    acting["service_account_impersonation_url"] = json!(url);
    assert_eq!(fault(&file(acting)), FileFault::Field("source_credentials"));
    assert_eq!(fault(&file(file(user()))), FileFault::Type);
    assert_eq!(
        fault(&without(file(user()), "source_credentials")),
        FileFault::Field("source_credentials")
    );
    for seconds in [json!(0), json!(43_201), json!("600")] {
        let options = json!({ "token_lifetime_seconds": seconds });
        let file = with(file(user()), "service_account_impersonation", options);
        assert_eq!(fault(&file), FileFault::Field("token_lifetime_seconds"));
    }
    let many = vec!["a"; MOST_DELEGATES + 1];
    assert_eq!(
        fault(&with(file(user()), "delegates", json!(many))),
        FileFault::Field("delegates")
    );
}

/// As in `file.rs`.
const MOST_DELEGATES: usize = 16;

#[test]
fn what_is_no_object_is_refused() {
    for text in [
        "",
        "[]",
        "\"x\"",
        "{",
        "{\"type\":\"service_account\"",
        "\u{feff}{}",
    ] {
        let error = GoogleFile::read(text.as_bytes()).expect_err("it is no object");
        assert_eq!(error, FileFault::NotJson, "{text}");
    }
    let deep = "{\"a\":".repeat(200) + "1" + &"}".repeat(200);
    assert_eq!(
        GoogleFile::read(deep.as_bytes()).expect_err("too deep"),
        FileFault::NotJson
    );
}

#[test]
fn a_file_shows_none_of_its_secrets() {
    let mut source =
        external(&json!({ "url": "https://t.example.com", "headers": { "x-key": "header-secret" } }));
    source["client_id"] = json!("client-1");
    source["client_secret"] = json!("client-secret");
    let body: String = KEY.0.lines().nth(3).unwrap().to_owned();
    for file in [service_account(), user(), source] {
        let shown = format!(
            "{:?}",
            GoogleFile::read(file.to_string().as_bytes()).expect("it can be used")
        );
        for hidden in ["refresh-1", "client-secret", "header-secret", body.as_str()] {
            assert!(!shown.contains(hidden), "{shown}");
        }
    }
}

#[tokio::test]
async fn a_file_that_is_too_long_or_none_is_not_read() {
    let place = Place::new();
    let long = with(user(), "more", json!("x".repeat(64 * 1024)));
    let from = FileFrom::Settings;
    let google = place.google(&long, &Script::default());
    let fault = FileFault::TooLong;
    assert_eq!(
        asked(&google).await.unwrap_err(),
        CredentialError::File { from, fault }
    );
    for (path, fault) in [
        (place.folder.path().to_owned(), FileFault::Unreadable),
        (place.path("gone"), FileFault::Missing),
        (PathBuf::from("Cargo.toml"), FileFault::Unreadable),
    ] {
        let google = Google::new(GoogleFrom::File(path), Script::default(), place.watch.clock());
        assert_eq!(
            asked(&google).await.unwrap_err(),
            CredentialError::File { from, fault }
        );
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_pipe_is_not_waited_for() {
    let place = Place::new();
    let pipe = place.path("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.expect("mkfifo").success());
    let google = Google::new(GoogleFrom::File(pipe), Script::default(), place.watch.clock());
    let (from, fault) = (FileFrom::Settings, FileFault::Unreadable);
    assert_eq!(
        asked(&google).await.unwrap_err(),
        CredentialError::File { from, fault }
    );
}

proptest! {
    #[test]
    fn a_field_of_any_form_is_read_or_named(name in 0_usize..8, value in any::<u8>()) {
        let values = [json!(null), json!(true), json!(-1), json!([]), json!({}), json!("\u{0}"), json!("x"), json!(1e300)];
        let names = ["type", "private_key", "token_uri", "quota_project_id", "private_key_id", "client_email", "x", "universe_domain"];
        let value = values[usize::from(value) % values.len()].clone();
        let file = with(service_account(), names[name], value);
        if let Err(fault) = GoogleFile::read(file.to_string().as_bytes()) {
            prop_assert!(matches!(fault, FileFault::Field(_) | FileFault::Type), "{fault:?}");
        }
    }
}
