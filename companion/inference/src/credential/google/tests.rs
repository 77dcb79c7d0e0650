//! Files of Google's tools and the machine's own, and what becomes of them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::LazyLock;

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use pretty_assertions::assert_eq;
use serde_json::Value;
use tempfile::TempDir;

use super::*;
use crate::credential::tests::{NOW, Script, Watch, at, shown};
use crate::credential::{FileFault, FileFrom};

mod files;
mod oracle;

/// A key that no account has, as the PEM of a file and to look at signatures.
static KEY: LazyLock<(String, Vec<u8>)> = LazyLock::new(|| {
    let key = KeyPair::generate(KeySize::Rsa2048).expect("a key");
    let der: Pkcs8V1Der<'_> = key.as_der().expect("its form");
    (
        pem("PRIVATE KEY", der.as_ref()),
        key.public_key().as_ref().to_vec(),
    )
});

fn pem(kind: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<&str> = text
        .as_bytes()
        .chunks(64)
        .filter_map(|line| std::str::from_utf8(line).ok())
        .collect();
    format!(
        "-----BEGIN {kind}-----\n{}\n-----END {kind}-----\n",
        lines.join("\n")
    )
}

fn service_account() -> Value {
    json!({
        "type": "service_account", "client_email": "desk@project.example.com", "private_key_id": "key-1",
        "private_key": KEY.0, "token_uri": "https://oauth2.example.com/token", "project_id": "project",
    })
}

fn user() -> Value {
    json!({
        "type": "authorized_user", "client_id": "client-1", "client_secret": "client-secret",
        "refresh_token": "refresh-1", "quota_project_id": "project-1",
    })
}

fn external(source: &Value) -> Value {
    json!({
        "type": "external_account", "audience": "//iam.example.com/pools/p", "credential_source": source,
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt", "token_url": "https://sts.example.com/v1/token",
        "workforce_pool_user_project": "project-2",
    })
}

fn granted(access: &str) -> (u16, Value) {
    (
        200,
        json!({ "access_token": access, "token_type": "Bearer", "expires_in": 3_599 }),
    )
}

/// A place with a file in it.
struct Place {
    folder: TempDir,
    watch: Watch,
}

impl Place {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().expect("a folder"),
            watch: Watch::new(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &impl ToString) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, text.to_string()).expect("a file");
        path
    }

    fn google(&self, file: &Value, script: &Script) -> Google<Script> {
        let file = self.write("credentials.json", file);
        Google::new(GoogleFrom::File(file), script.clone(), self.watch.clock())
    }

    fn search(&self, named: Option<&str>, script: &Script) -> Google<Script> {
        let from = GoogleFrom::Search {
            named: named.map(|name| self.path(name)),
            kept: Some(self.path("kept.json")),
            metadata: Some(Url::parse(METADATA).expect("an address")),
        };
        Google::new(from, script.clone(), self.watch.clock())
    }
}

async fn asked(google: &Google<Script>) -> Result<Credential, CredentialError> {
    google.credential(Occasion::Interactive, None).await
}

#[tokio::test]
async fn a_service_account_signs_that_it_asks() {
    let (place, script) = (Place::new(), Script::saying([granted("access-1")]));
    let credential = asked(&place.google(&service_account(), &script)).await.unwrap();
    assert_eq!(
        (shown(&credential), credential.ends_at),
        ("access-1", Some(at(3_599)))
    );
    assert_eq!(script.address(0), "https://oauth2.example.com/token");
    let kind = "urn:ietf:params:oauth:grant-type:jwt-bearer";
    assert_eq!(script.field(0, "grant_type").as_deref(), Some(kind));
    let assertion = script.field(0, "assertion").expect("an assertion");
    let (signed, signature) = assertion.rsplit_once('.').expect("three parts");
    let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &KEY.1);
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    key.verify(signed.as_bytes(), &signature)
        .expect("signed by the account's key");
    let parts = signed.split('.').map(|part| {
        let part = URL_SAFE_NO_PAD.decode(part).expect("base64url");
        serde_json::from_slice::<Value>(&part).expect("JSON")
    });
    let claims = json!({
        "iss": "desk@project.example.com", "scope": SCOPE, "aud": "https://oauth2.example.com/token",
        "iat": NOW / 1_000, "exp": NOW / 1_000 + 3_600,
    });
    let parts: Vec<Value> = parts.collect();
    assert_eq!(
        parts,
        [json!({ "alg": "RS256", "typ": "JWT", "kid": "key-1" }), claims]
    );
}

#[tokio::test]
async fn a_person_of_googles_tools_has_their_tokens_renewed() {
    let (place, script) = (Place::new(), Script::saying([granted("access-1")]));
    let credential = asked(&place.google(&user(), &script)).await.unwrap();
    assert_eq!(script.address(0), "https://oauth2.googleapis.com/token");
    for (name, value) in [
        ("grant_type", "refresh_token"),
        ("refresh_token", "refresh-1"),
        ("client_id", "client-1"),
        ("client_secret", "client-secret"),
    ] {
        assert_eq!(script.field(0, name).as_deref(), Some(value), "{name}");
    }
    let (name, project) = &credential.headers[0];
    assert_eq!(
        (name.as_str(), project.expose()),
        ("x-goog-user-project", "project-1")
    );
}

#[tokio::test]
async fn a_person_of_a_workforce_shows_the_client_in_the_header() {
    let (place, script) = (Place::new(), Script::saying([granted("access-1")]));
    let mut file = user();
    file["type"] = json!("external_account_authorized_user");
    file["token_url"] = json!("https://sts.example.com/v1/oauthtoken");
    asked(&place.google(&file, &script)).await.unwrap();
    assert_eq!(script.address(0), "https://sts.example.com/v1/oauthtoken");
    let basic = format!("Basic {}", STANDARD.encode("client-1:client-secret"));
    assert_eq!(script.header(0, "authorization"), Some(basic));
    assert_eq!(script.field(0, "client_secret"), None);
}

#[tokio::test]
async fn a_token_from_a_file_is_exchanged() {
    let place = Place::new();
    let subject = place.write("subject.json", &json!({ "id": { "a": 1 }, "jwt": "subject-1" }));
    let source = json!({ "file": subject, "format": { "type": "json", "subject_token_field_name": "jwt" } });
    let script = Script::saying([granted("access-1")]);
    let credential = asked(&place.google(&external(&source), &script)).await.unwrap();
    assert_eq!(shown(&credential), "access-1");
    for (name, value) in [
        ("audience", "//iam.example.com/pools/p"),
        ("scope", SCOPE),
        ("subject_token", "subject-1"),
        ("subject_token_type", "urn:ietf:params:oauth:token-type:jwt"),
        ("options", r#"{"userProject":"project-2"}"#),
    ] {
        assert_eq!(script.field(0, name).as_deref(), Some(value), "{name}");
    }
}

#[tokio::test]
async fn a_token_from_an_address_is_exchanged_and_acts_for_a_service_account() {
    let place = Place::new();
    let source = json!({ "url": "http://169.254.169.254/token", "headers": { "Metadata": "True" } });
    let mut file = external(&source);
    let url = "https://iam.example.com/v1/projects/-/serviceAccounts/a:generateAccessToken";
    file["service_account_impersonation_url"] = json!(url);
    file["service_account_impersonation"] = json!({ "token_lifetime_seconds": 600 });
    file["client_id"] = json!("client-1");
    file["client_secret"] = json!("client-secret");
    let impersonated = json!({ "accessToken": "access-2", "expireTime": "2027-01-15T08:10:00Z" });
    let script = Script::saying([
        (200, json!("subject-1")),
        granted("access-1"),
        (200, impersonated),
    ]);
    let credential = asked(&place.google(&file, &script)).await.unwrap();
    assert_eq!(
        (shown(&credential), credential.ends_at),
        ("access-2", Some(at(600)))
    );
    assert_eq!(script.address(0), "http://169.254.169.254/token");
    assert_eq!(script.header(0, "metadata").as_deref(), Some("True"));
    assert_eq!(script.field(1, "subject_token").as_deref(), Some("\"subject-1\""));
    assert_eq!(
        script.field(1, "options"),
        None,
        "a client with a name is asked for no project"
    );
    assert_eq!(
        (
            script.address(2).as_str(),
            script.header(2, "authorization").as_deref()
        ),
        (url, Some("Bearer access-1"))
    );
    assert_eq!(
        script.body(2),
        json!({ "scope": [SCOPE], "delegates": [], "lifetime": "600s" })
    );
}

#[tokio::test]
async fn a_person_may_act_for_a_service_account() {
    let (place, url) = (Place::new(), "https://iam.example.com/v1/a:generateAccessToken");
    let file = json!({
        "type": "impersonated_service_account", "service_account_impersonation_url": url,
        "delegates": ["b"], "source_credentials": user(),
    });
    let impersonated = json!({ "accessToken": "access-2", "expireTime": "2027-01-15T09:00:00Z" });
    let script = Script::saying([granted("access-1"), (200, impersonated)]);
    let credential = asked(&place.google(&file, &script)).await.unwrap();
    assert_eq!(shown(&credential), "access-2");
    assert_eq!(script.body(1)["delegates"], json!(["b"]));
}

#[tokio::test]
async fn answers_without_a_token_of_the_service_account_are_refused_without_their_words() {
    let file = json!({
        "type": "impersonated_service_account", "source_credentials": user(),
        "service_account_impersonation_url": "https://iam.example.com/v1/a:generateAccessToken",
    });
    for (status, body) in [
        (200, json!({ "accessToken": "SECRET" })),
        (
            200,
            json!({ "accessToken": "SECRET WORD", "expireTime": "2027-01-15T09:00:00Z" }),
        ),
        (200, json!({ "accessToken": "SECRET", "expireTime": "soon" })),
        (403, json!({ "error": { "message": "SECRET" } })),
    ] {
        let (place, script) = (
            Place::new(),
            Script::saying([granted("access-1"), (status, body)]),
        );
        let error = asked(&place.google(&file, &script)).await.unwrap_err();
        assert!(matches!(error, CredentialError::Answer(_)), "{error:?}");
        assert!(!format!("{error} {error:?}").contains("SECRET"), "{error:?}");
    }
}

#[tokio::test]
async fn the_machine_is_asked_where_there_is_no_file() {
    let (place, script) = (Place::new(), Script::saying([granted("access-1")]));
    let credential = asked(&place.search(None, &script)).await.unwrap();
    assert_eq!(shown(&credential), "access-1");
    assert_eq!(script.address(0), format!("{METADATA}{MACHINE}"));
    assert_eq!(script.header(0, "metadata-flavor").as_deref(), Some("Google"));
}

#[tokio::test]
async fn places_are_looked_at_in_their_order_and_a_named_one_alone() {
    let place = Place::new();
    place.write("kept.json", &user());
    let script = Script::saying([granted("access-1")]);
    asked(&place.search(None, &script)).await.unwrap();
    assert_eq!(script.field(0, "refresh_token").as_deref(), Some("refresh-1"));
    let error = asked(&place.search(Some("gone.json"), &script))
        .await
        .unwrap_err();
    let (from, fault) = (FileFrom::Environment, FileFault::Missing);
    assert_eq!(error, CredentialError::File { from, fault });
    place.write("kept.json", &"{");
    let error = asked(&place.search(None, &script)).await.unwrap_err();
    let (from, fault) = (FileFrom::WellKnown, FileFault::NotJson);
    assert_eq!(error, CredentialError::File { from, fault });
    assert_eq!(script.asked(), 1, "nobody else was asked");
}

#[tokio::test]
async fn a_computer_without_any_is_told_so() {
    let (place, script) = (Place::new(), Script::default());
    assert_eq!(
        asked(&place.search(None, &script)).await.unwrap_err(),
        CredentialError::NothingFound
    );
    let machine = GoogleFrom::Machine(Url::parse(METADATA).unwrap());
    let machine = Google::new(machine, script, place.watch.clock());
    let error = asked(&machine).await.unwrap_err();
    assert_eq!(error, CredentialError::Unreachable("nobody is there".to_owned()));
}

#[test]
fn googles_tools_keep_theirs_in_their_own_folder() {
    let variables = BTreeMap::from([
        ("HOME", "/people/u"),
        ("APPDATA", "/data"),
        ("CLOUDSDK_CONFIG", "/sdk"),
    ]);
    let file = "application_default_credentials.json";
    let found = well_known(|name| variables.get(name).map(PathBuf::from));
    assert_eq!(found, Some(PathBuf::from("/sdk").join(file)));
    let found = well_known(|name| {
        variables
            .get(name)
            .filter(|_| name != "CLOUDSDK_CONFIG")
            .map(PathBuf::from)
    });
    let folder = if cfg!(windows) {
        "/data/gcloud"
    } else {
        "/people/u/.config/gcloud"
    };
    assert_eq!(found, Some(PathBuf::from(folder).join(file)));
    assert_eq!(well_known(|_| None), None);
}

#[tokio::test]
async fn a_token_is_kept_until_shortly_before_its_end_and_the_file_is_read_anew() {
    let (place, script) = (
        Place::new(),
        Script::saying([granted("access-1"), granted("access-2")]),
    );
    let google = place.google(&user(), &script);
    asked(&google).await.unwrap();
    place.watch.after(3_599 - 121);
    assert_eq!(shown(&asked(&google).await.unwrap()), "access-1");
    let mut other = user();
    other["refresh_token"] = json!("refresh-2");
    place.write("credentials.json", &other);
    place.watch.after(1);
    assert_eq!(shown(&asked(&google).await.unwrap()), "access-2");
    assert_eq!(script.field(1, "refresh_token").as_deref(), Some("refresh-2"));
    assert_eq!((google.ends_at(), google.secrets().len()), (None, 2));
}

#[tokio::test]
async fn a_token_counts_to_its_end_where_no_other_can_be_fetched() {
    let (place, script) = (Place::new(), Script::saying([granted("access-1")]));
    let google = place.google(&user(), &script);
    let first = asked(&google).await.unwrap();
    place.watch.after(3_598);
    assert_eq!(shown(&asked(&google).await.unwrap()), "access-1");
    let unreachable = CredentialError::Unreachable("nobody is there".to_owned());
    let refused = google.credential(Occasion::MidSession, Some(&first)).await;
    assert_eq!(refused.unwrap_err(), unreachable);
    place.watch.after(1);
    assert_eq!(asked(&google).await.unwrap_err(), unreachable);
}

#[tokio::test]
async fn a_refused_token_is_fetched_anew_and_not_given_again() {
    let answers = [granted("access-1"), granted("access-2"), granted("access-2")];
    let (place, script) = (Place::new(), Script::saying(answers));
    let google = place.google(&user(), &script);
    let first = asked(&google).await.unwrap();
    let second = google
        .credential(Occasion::MidSession, Some(&first))
        .await
        .unwrap();
    assert_eq!(shown(&second), "access-2");
    let same = google.credential(Occasion::MidSession, Some(&second)).await;
    assert_eq!(same.unwrap_err(), CredentialError::Unchanged);
}

#[tokio::test]
async fn everybody_who_waits_shares_one_request() {
    let (place, script) = (Place::new(), Script::saying([granted("access-1")]));
    let google = place.google(&user(), &script);
    let given = futures_util::future::join_all((0..5).map(|_| asked(&google))).await;
    assert!(
        given
            .iter()
            .all(|given| shown(given.as_ref().unwrap()) == "access-1")
    );
    assert_eq!(script.asked(), 1);
}

#[tokio::test]
async fn a_token_endpoint_that_refuses_is_told_by_its_code() {
    for (said, told) in [
        ("invalid_grant", "invalid_grant"),
        ("unauthorized_client", "unauthorized_client"),
        ("SECRET", "an unknown error"),
    ] {
        let body = json!({ "error": said, "error_description": "SECRET" });
        let (place, script) = (Place::new(), Script::saying([(400, body)]));
        let error = asked(&place.google(&user(), &script)).await.unwrap_err();
        assert_eq!(error, CredentialError::Refused(told));
    }
}

#[tokio::test]
async fn a_subject_that_is_none_is_refused_and_nothing_is_sent() {
    let place = Place::new();
    let format = json!({ "type": "json", "subject_token_field_name": "jwt" });
    for (text, fault) in [
        ("", FileFault::Field("subject_token")),
        ("{", FileFault::Field("subject_token")),
        (r#"{"jwt": 5}"#, FileFault::Field("subject_token")),
        (r#"{"other": "x"}"#, FileFault::Field("subject_token")),
    ] {
        let source = json!({ "file": place.write("subject", &text), "format": format });
        let script = Script::default();
        let error = asked(&place.google(&external(&source), &script))
            .await
            .unwrap_err();
        let from = FileFrom::Subject;
        assert_eq!(error, CredentialError::File { from, fault }, "{text}");
        assert_eq!(script.asked(), 0);
    }
}
