//! Calls that wait for a person who has to sign in.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use deskhand_core::model::ModelEvent;
use deskhand_core::ports::Provider as _;
use deskhand_inference::Secret;
use deskhand_inference::credential::{Credential, CredentialError, CredentialSource, Occasion};
use deskhand_protocol::ErrorCode;
use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use pretty_assertions::assert_eq;
use tokio::sync::watch;

use crate::answers::{good, request};
use crate::assert_good;
use crate::line::{Line, Reply};
use crate::subject::{OverGateway, Subject as _, gateway};

/// Somebody who is signed in, or nobody.
#[derive(Clone, Debug)]
struct Person {
    token: Arc<Mutex<Option<Secret>>>,
    sign_ins: watch::Sender<u64>,
}

impl Person {
    fn nobody() -> Self {
        Self {
            token: Arc::default(),
            sign_ins: watch::Sender::new(0),
        }
    }

    fn signs_in(&self, token: &str) {
        *self.token.lock().expect("no panic") = Some(Secret::new(token.to_owned()));
        self.sign_ins.send_modify(|people| *people += 1);
    }
}

impl CredentialSource for Person {
    fn credential<'a>(
        &'a self,
        _: Occasion,
        refused: Option<&'a Credential>,
    ) -> BoxFuture<'a, Result<Credential, CredentialError>> {
        let token = self.token.lock().expect("no panic").clone().map(Credential::new);
        let given = match (token, refused) {
            (Some(token), Some(refused)) if refused.is_same(&token) => Err(CredentialError::SignInEnded),
            (Some(token), _) => Ok(token),
            (None, _) => Err(CredentialError::SignInNeeded),
        };
        Box::pin(std::future::ready(given))
    }

    fn ends_at(&self) -> Option<SystemTime> {
        None
    }

    fn secrets(&self) -> Vec<Secret> {
        self.token.lock().expect("no panic").iter().cloned().collect()
    }

    fn sign_ins(&self) -> Option<watch::Receiver<u64>> {
        Some(self.sign_ins.subscribe())
    }
}

/// A call's first event: that it waits, and for what.
fn waits(event: Option<Result<ModelEvent, deskhand_protocol::UserError>>) -> u64 {
    match event {
        Some(Ok(ModelEvent::Retrying { error, wait_ms, .. })) => {
            assert_eq!(error.code, ErrorCode::InferenceSignIn);
            wait_ms
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_call_waits_visibly_until_somebody_signs_in_and_goes_on_by_itself() {
    let case = good().remove(0);
    let line = Line::play(vec![Reply::whole(OverGateway.encode(&case.events))]).await;
    let person = Person::nobody();
    let provider = gateway(&line.base, |config| config.credential = Arc::new(person.clone()));
    let mut stream = provider.stream(request());
    assert_eq!(waits(stream.next().await), 600_000);
    assert!(line.requests().is_empty());
    person.signs_in("token-1");
    assert_good(&case, &stream.collect::<Vec<_>>().await, "after a sign-in");
    assert!(line.requests()[0].contains("token-1"));
}

#[tokio::test]
async fn a_token_that_is_refused_in_the_middle_is_waited_for_too() {
    let case = good().remove(0);
    let line = Line::play(vec![
        Reply::status("401 Unauthorized", "", "{}"),
        Reply::whole(OverGateway.encode(&case.events)),
    ])
    .await;
    let person = Person::nobody();
    person.signs_in("token-1");
    let provider = gateway(&line.base, |config| config.credential = Arc::new(person.clone()));
    let mut stream = provider.stream(request());
    waits(stream.next().await);
    person.signs_in("token-2");
    assert_good(&case, &stream.collect::<Vec<_>>().await, "after a new sign-in");
    assert!(line.requests()[1].contains("token-2"));
}

#[tokio::test(start_paused = true)]
async fn nobody_who_signs_in_within_ten_minutes_ends_the_call_with_what_to_do() {
    let person = Person::nobody();
    let provider = gateway("http://127.0.0.1:9", |config| {
        config.credential = Arc::new(person.clone());
    });
    let begun = tokio::time::Instant::now();
    let events: Vec<_> = provider.stream(request()).collect().await;
    let error = events
        .last()
        .and_then(|event| event.as_ref().err())
        .expect("an error");
    assert_eq!((error.code, events.len()), (ErrorCode::InferenceSignIn, 2));
    assert_eq!(begun.elapsed().as_secs(), Duration::from_mins(10).as_secs());
}
