//! What the tests of every source share, and what holds for all of them.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use deskhand_identity::{Answer, SignInError, Transport, TransportError};
use http::{Request, StatusCode};
use pretty_assertions::assert_eq;
use serde_json::Value;
use url::form_urlencoded::parse;

use super::*;
use crate::fault::FaultKind;

/// When the tests begin, in Unix milliseconds.
pub(super) const NOW: u64 = 1_800_000_000_000;

/// A clock that stands until it is set.
#[derive(Clone)]
pub(super) struct Watch(Arc<AtomicU64>);

impl Watch {
    pub(super) fn new() -> Self {
        Self(Arc::new(AtomicU64::new(NOW)))
    }

    pub(super) fn clock(&self) -> Clock {
        let at = Arc::clone(&self.0);
        Arc::new(move || UNIX_EPOCH + Duration::from_millis(at.load(Ordering::Relaxed)))
    }

    pub(super) fn after(&self, seconds: u64) {
        self.0.fetch_add(seconds * 1_000, Ordering::Relaxed);
    }

    pub(super) fn back(&self, seconds: u64) {
        self.0.fetch_sub(seconds * 1_000, Ordering::Relaxed);
    }
}

/// A time so many seconds after the beginning.
pub(super) fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(NOW) + Duration::from_secs(seconds)
}

/// Answers each request with the next of these, and keeps what was sent. Without an answer nobody is there.
#[derive(Clone, Default)]
pub(super) struct Script(Arc<Scripted>);

#[derive(Default)]
struct Scripted {
    answers: Mutex<VecDeque<Answer>>,
    sent: Mutex<Vec<Request<Bytes>>>,
}

impl Script {
    pub(super) fn saying(answers: impl IntoIterator<Item = (u16, Value)>) -> Self {
        let script = Self::default();
        for (status, body) in answers {
            script.say(status, &body);
        }
        script
    }

    pub(super) fn say(&self, status: u16, body: &Value) {
        let status = StatusCode::from_u16(status).expect("a status");
        let body = Bytes::from(body.to_string());
        self.0.answers.lock().unwrap().push_back(Answer { status, body });
    }

    pub(super) fn asked(&self) -> usize {
        self.0.sent.lock().unwrap().len()
    }

    /// The request of this number: its address, and a header or the whole body.
    pub(super) fn address(&self, number: usize) -> String {
        self.0.sent.lock().unwrap()[number].uri().to_string()
    }

    pub(super) fn header(&self, number: usize, name: &str) -> Option<String> {
        let sent = self.0.sent.lock().unwrap();
        let value = sent[number].headers().get(name)?;
        Some(value.to_str().expect("a text").to_owned())
    }

    pub(super) fn body(&self, number: usize) -> Value {
        serde_json::from_slice(self.0.sent.lock().unwrap()[number].body()).expect("JSON")
    }

    /// A field of the form that was sent.
    pub(super) fn field(&self, number: usize, name: &str) -> Option<String> {
        let sent = self.0.sent.lock().unwrap();
        let mut fields = parse(sent[number].body());
        fields.find_map(|(found, value)| (found == name).then(|| value.into_owned()))
    }
}

impl Transport for Script {
    async fn send(&self, request: Request<Bytes>) -> Result<Answer, TransportError> {
        self.0.sent.lock().unwrap().push(request);
        // Others go on meanwhile, as over a network.
        tokio::task::yield_now().await;
        let answer = self.0.answers.lock().unwrap().pop_front();
        answer.ok_or_else(|| TransportError::Unreachable("nobody is there".to_owned()))
    }
}

pub(super) fn secret(text: &str) -> Secret {
    Secret::new(text.to_owned())
}

pub(super) fn shown(credential: &Credential) -> &str {
    credential.secret.expose()
}

#[tokio::test]
async fn a_key_of_the_settings_is_given_until_it_is_refused() {
    let fixed = Fixed::new(secret("key-1"));
    let given = fixed.credential(Occasion::Interactive, None).await.unwrap();
    assert_eq!(shown(&given), "key-1");
    let again = fixed.credential(Occasion::MidSession, Some(&given)).await;
    assert_eq!(again.unwrap_err(), CredentialError::Unchanged);
    let other = Credential::new(secret("key-0"));
    fixed
        .credential(Occasion::MidSession, Some(&other))
        .await
        .unwrap();
    assert_eq!((fixed.ends_at(), fixed.secrets().len()), (None, 1));
}

#[tokio::test]
async fn nothing_is_given_where_nothing_is_needed() {
    let nothing = Nothing.credential(Occasion::Interactive, None).await.unwrap();
    assert_eq!((shown(&nothing), nothing.headers.len()), ("", 0));
    let again = Nothing.credential(Occasion::MidSession, Some(&nothing)).await;
    assert_eq!(again.unwrap_err(), CredentialError::Unchanged);
}

#[test]
fn a_credential_shows_nothing_of_itself() {
    let credential = Credential {
        headers: vec![("x-team".to_owned(), secret("team-secret"))],
        aws: Some(AwsKeys {
            access_key_id: secret("AKIAEXAMPLE"),
            secret_access_key: secret("signing-secret"),
            session_token: Some(secret("session-secret")),
        }),
        ..Credential::new(secret("token-secret"))
    };
    let fixed = Fixed::new(secret("token-secret"));
    let text = format!("{credential:?} {fixed:?}");
    for hidden in [
        "team-secret",
        "AKIAEXAMPLE",
        "signing-secret",
        "session-secret",
        "token-secret",
    ] {
        assert!(!text.contains(hidden), "{text}");
        assert!(
            credential.secrets().any(|secret| secret.expose() == hidden),
            "{hidden}"
        );
    }
}

#[test]
fn credentials_are_the_same_by_all_that_is_sent() {
    let with = |headers: &[(&str, &str)], aws: Option<&str>| Credential {
        headers: headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), secret(value)))
            .collect(),
        aws: aws.map(|key| AwsKeys {
            access_key_id: secret("id"),
            secret_access_key: secret(key),
            session_token: None,
        }),
        ..Credential::new(secret("t"))
    };
    let plain = with(&[], None);
    let later = Credential {
        ends_at: Some(at(5)),
        ..plain.clone()
    };
    assert!(plain.is_same(&later));
    for other in [with(&[("a", "1")], None), with(&[], Some("k"))] {
        assert!(!plain.is_same(&other) && other.is_same(&other), "{other:?}");
    }
    assert!(!with(&[], Some("k")).is_same(&with(&[], Some("l"))));
}

#[test]
fn each_fault_says_first_what_a_person_can_understand() {
    let errors = [
        CredentialError::HelperMissing("is not there"),
        CredentialError::HelperOpen("it can be changed by other users"),
        CredentialError::HelperFailed(Some(3)),
        CredentialError::HelperTimedOut(Duration::from_secs(20)),
        CredentialError::HelperAnswer("there is nothing in it"),
        CredentialError::HelperResting,
        CredentialError::Unchanged,
        CredentialError::File {
            from: FileFrom::Settings,
            fault: FileFault::Missing,
        },
        CredentialError::NothingFound,
        CredentialError::SignInNeeded,
        CredentialError::SignInEnded,
        CredentialError::SignInFailed(SignInError::Denied),
        CredentialError::Refused("invalid_client"),
        CredentialError::Answer("what it said".to_owned()),
        CredentialError::Store("locked".to_owned()),
    ];
    let mut sentences = std::collections::BTreeSet::new();
    for error in errors {
        let fault = error.to_fault();
        let is_for_a_person = error.asks_to_sign_in() || matches!(error, CredentialError::SignInFailed(_));
        let kind = if is_for_a_person {
            FaultKind::SignIn
        } else {
            FaultKind::Auth
        };
        assert_eq!((fault.kind, &fault.detail), (kind, &error.to_string()));
        let happened = fault.happened.expect("a first sentence");
        assert!(sentences.insert(happened), "{happened} stands for two faults");
    }
    let unreachable = CredentialError::Unreachable("no connection".to_owned());
    assert_eq!(unreachable.to_fault().kind, FaultKind::Unreachable);
    let closed = CredentialError::Closed("no host of the settings".to_owned());
    assert_eq!(closed.to_fault().kind, FaultKind::NotConfigured);
    let code = CredentialError::HelperFailed(Some(3)).to_fault().detail;
    assert_eq!(code, "the helper ended with code 3");
}

#[test]
fn what_an_identity_provider_refuses_becomes_what_a_person_can_do() {
    let cut = || SignInError::Transport(TransportError::Unreachable("cut".to_owned()));
    let table = [
        (SignInError::Over, CredentialError::SignInNeeded),
        (
            SignInError::Refused("interaction_required"),
            CredentialError::SignInNeeded,
        ),
        (
            SignInError::Refused("invalid_client"),
            CredentialError::Refused("invalid_client"),
        ),
        (SignInError::Denied, CredentialError::Refused("access_denied")),
        (cut(), CredentialError::Unreachable("cut".to_owned())),
        (
            SignInError::Status(503),
            CredentialError::Unreachable("the identity provider answered 503".to_owned()),
        ),
        (
            SignInError::Transport(TransportError::Closed("no host".to_owned())),
            CredentialError::Closed("no host".to_owned()),
        ),
    ];
    for (error, told) in table {
        assert_eq!(CredentialError::of(error), told);
    }
    // Where no person signed in, none can sign in again.
    let over = CredentialError::of_endpoint(SignInError::Over);
    assert_eq!(over, CredentialError::Refused("invalid_grant"));
}
