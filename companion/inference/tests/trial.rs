//! The test of the connection against a gateway: what is asked of whom, how far, and what never shows.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use deskhand_egress::{Gate, Network};
use deskhand_inference::credential::{Credential, CredentialError, CredentialSource, Fixed, Occasion};
use deskhand_inference::{AuthScheme, Connection, Extent, Format, Place, ProviderConfig, Secret};
use deskhand_protocol::ErrorCode;
use deskhand_protocol::hello::ModelView;
use deskhand_protocol::provider::{ConnectionTest, StepResult, TestState, TestStep};
use deskhand_standins::gateway::{Gateway, Part};
use deskhand_standins::script::Script;
use futures_util::future::BoxFuture;
use pretty_assertions::assert_eq;
use serde_json::json;

const MODEL: &str = "claude-standin";

/// A gateway with one model, for whoever has this key.
async fn gateway(model: &str, key: Option<&str>) -> Gateway {
    let answer = json!({ "answer": { "say": [{ "text": "Hello." }] } });
    let script = json!({ "models": [model], "key": key, "steps": [answer] });
    let script = Script::from_yaml(&script.to_string()).expect("a script");
    let started = Gateway::start(Part::Script(Box::new(script)), 0).await;
    started.expect("a port")
}

fn config(gateway: &Gateway) -> ProviderConfig {
    ProviderConfig::new(Place::Gateway {
        base_url: gateway.base_url(),
        scheme: AuthScheme::Bearer,
        format: Format::Messages,
    })
}

fn with_key(gateway: &Gateway, key: &str) -> ProviderConfig {
    ProviderConfig {
        credential: Arc::new(Fixed::new(Secret::new(key.to_owned()))),
        ..config(gateway)
    }
}

fn named(model: &str) -> Vec<ModelView> {
    let view = json!({ "id": model, "label": model });
    vec![serde_json::from_value(view).expect("a model")]
}

fn connected(config: ProviderConfig, gateway: &Gateway) -> Connection {
    let base = gateway.base_url();
    let setting = move |key: &str| match key {
        "inferenceProvider" => json!("gateway"),
        "inferenceGatewayBaseUrl" => json!(base),
        _ => json!(null),
    };
    Connection::new(config, &Gate::new(setting, Network::default())).expect("a connection")
}

fn one(test: &ConnectionTest, step: TestStep) -> &StepResult {
    let found = test.steps.iter().find(|result| result.step == step);
    found.expect("every step is told")
}

fn asked(gateway: &Gateway) -> Vec<String> {
    gateway.log().into_iter().map(|entry| entry.request).collect()
}

#[tokio::test]
async fn a_test_to_the_first_answer_asks_for_no_word_where_there_is_a_list() {
    let gateway = gateway(MODEL, None).await;
    let connection = connected(config(&gateway), &gateway);
    let test = connection.test(Extent::Answer, |_| {}).await;
    assert!(test.passed, "{test:#?}");
    assert_eq!(one(&test, TestStep::SignIn).state, TestState::NotNeeded);
    assert_eq!(one(&test, TestStep::Word).state, TestState::Skipped);
    assert_eq!(asked(&gateway), ["GET /v1/models"]);
}

#[tokio::test]
async fn a_list_that_the_settings_close_is_not_asked_for() {
    let gateway = gateway(MODEL, Some("a-key")).await;
    let closed = ProviderConfig {
        models: named(MODEL),
        discovery: Some(false),
        ..with_key(&gateway, "a-key")
    };
    let test = connected(closed, &gateway).test(Extent::Answer, |_| {}).await;
    assert!(test.passed, "{test:#?}");
    assert_eq!(one(&test, TestStep::Models).state, TestState::NotNeeded);
    assert_eq!(
        one(&test, TestStep::SignIn).seen,
        "The gateway takes the credential."
    );
    assert_eq!(asked(&gateway), ["POST /v1/messages"]);
}

#[tokio::test]
async fn without_a_key_a_gateway_that_wants_one_fails_at_the_sign_in() {
    let gateway = gateway(MODEL, Some("a-key")).await;
    let test = connected(config(&gateway), &gateway)
        .test(Extent::Whole, |_| {})
        .await;
    let failed = test.failed().map(|failed| (failed.step, failed.code));
    assert_eq!(failed, Some((TestStep::SignIn, Some(ErrorCode::InferenceAuth))));
}

#[tokio::test]
async fn a_key_that_stands_in_what_is_told_does_not_show() {
    let key = "claude-kept-key";
    let gateway = gateway(key, Some(key)).await;
    let told = Mutex::new(Vec::new());
    let connection = connected(with_key(&gateway, key), &gateway);
    let test = connection
        .test(Extent::Whole, |step| {
            told.lock().expect("no panic").push(step.clone());
        })
        .await;
    assert!(test.passed, "{test:#?}");
    let shown = format!("{test:?}{told:?}");
    assert!(!shown.contains(key) && shown.contains("… answered"), "{shown}");
}

/// A source that gives nothing, and from whose question on time passes by itself.
#[derive(Debug)]
struct Never;

impl CredentialSource for Never {
    fn credential<'a>(
        &'a self,
        occasion: Occasion,
        _: Option<&'a Credential>,
    ) -> BoxFuture<'a, Result<Credential, CredentialError>> {
        assert_eq!(occasion, Occasion::SetupTest);
        tokio::time::pause();
        Box::pin(std::future::pending())
    }

    fn ends_at(&self) -> Option<SystemTime> {
        None
    }

    fn secrets(&self) -> Vec<Secret> {
        Vec::new()
    }
}

#[tokio::test]
async fn whoever_gives_no_credential_ends_the_test_in_time() {
    let gateway = gateway(MODEL, None).await;
    let waits = ProviderConfig {
        credential: Arc::new(Never),
        ..config(&gateway)
    };
    let connection = connected(waits, &gateway);
    let test = connection.test(Extent::Whole, |_| {});
    let test = tokio::time::timeout(Duration::from_hours(1), test).await;
    let test = test.expect("the step has a deadline");
    let failed = test.failed().map(|failed| (failed.step, failed.code));
    assert_eq!(
        failed,
        Some((TestStep::SignIn, Some(ErrorCode::InferenceTimeout)))
    );
    assert!(asked(&gateway).is_empty());
}
