//! The test for a front end: steps as they end, one test at a time, and its end.

use deskhand_e2e::{CallError, FrontEnd, PATIENCE, Service, Setup, play};
use deskhand_protocol::configuration::DraftParams;
use deskhand_protocol::hello::FrontEndKind;
use deskhand_protocol::provider::{ConnectionTest, StepResult, TestStep};
use deskhand_protocol::session::Nothing;
use deskhand_protocol::{ErrorCode, Method};
use deskhand_test_support::eventually;
use pretty_assertions::assert_eq;
use serde_json::json;

use crate::far_side::silent;
use crate::{GREETS, KEY, one};

/// The steps that a front end hears of, up to the answer of its call.
async fn heard(front_end: &mut FrontEnd, call: u64) -> (Vec<StepResult>, ConnectionTest) {
    let mut steps = Vec::new();
    loop {
        let frame = front_end.next().await.expect("the service stays");
        if frame.id == Some(call) && frame.method.is_none() {
            let test = serde_json::from_value(frame.result.expect("an answer"));
            return (steps, test.expect("a test"));
        }
        if frame.method.as_deref() == Some("provider/tested") {
            steps.push(serde_json::from_value(frame.params.expect("a step")).expect("a step"));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_window_hears_of_each_step_of_its_draft_and_the_audit_of_the_sign_in() {
    let gateway = play(GREETS).await;
    let setup = Setup::empty();
    let service = Service::start(&setup, 0);
    let mut window = service.join(FrontEndKind::Window).await;
    let draft = json!({ "changes": {
        "inferenceProvider": "gateway",
        "inferenceGatewayBaseUrl": gateway.base_url(),
        "inferenceGatewayApiKey": KEY,
    }});
    let call = window
        .begin(Method::ProviderTest, &draft)
        .await
        .expect("it is sent");
    let (steps, test) = heard(&mut window, call).await;
    assert!(test.passed, "{test:#?}");
    for result in &test.steps {
        let last = steps.iter().rfind(|told| told.step == result.step);
        assert_eq!(last, Some(result));
    }
    let told = serde_json::to_string(&(steps, test)).expect("JSON");
    assert!(!told.contains(KEY), "{told}");
    service.stop();
    let audit = setup.run(&["audit", "export"]).out;
    assert!(
        audit.contains("signInSucceeded") && !audit.contains(KEY),
        "{audit}"
    );
}

/// The call of a test that waits for a credential, once it has begun.
async fn begun(window: &mut FrontEnd, draft: &DraftParams) -> u64 {
    let call = window
        .begin(Method::ProviderTest, draft)
        .await
        .expect("it is sent");
    while window.next().await.expect("a step").method.as_deref() != Some("provider/tested") {}
    call
}

/// Why a second test is refused while one is under way.
async fn refused(other: &mut FrontEnd) -> ErrorCode {
    let test: Result<ConnectionTest, _> = other.call(Method::ProviderTest, DraftParams::default()).await;
    match test {
        Err(CallError::Refused(error)) => error.code,
        other => panic!("two tests run: {other:?}"),
    }
}

/// Whether a test of this front end gets its turn; it is ended with its first step.
async fn gets_its_turn(other: &mut FrontEnd) -> Option<()> {
    let call = other
        .begin(Method::ProviderTest, DraftParams::default())
        .await
        .ok()?;
    loop {
        let frame = other.next().await.ok()?;
        if frame.id == Some(call) && frame.method.is_none() {
            return frame.error.is_none().then_some(());
        }
        if frame.method.as_deref() == Some("provider/tested") {
            other.begin(Method::ProviderCancelTest, Nothing {}).await.ok()?;
        }
    }
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn one_test_runs_at_a_time_and_ends_when_its_window_ends_it_or_goes_away() {
    let setup = Setup::empty();
    setup.configure("inferenceProvider", "gateway");
    setup.configure("inferenceGatewayBaseUrl", &silent().await);
    // Longer than any test waits.
    let helper = setup.program("helper", "exec sleep 600");
    setup.configure("inferenceCredentialHelper", &helper.display().to_string());
    setup.configure("inferenceCredentialHelperTimeoutSec", "600");
    let service = Service::start(&setup, 0);
    let mut window = service.join(FrontEndKind::Window).await;
    let mut other = service.join(FrontEndKind::Terminal).await;
    let draft = DraftParams::default();

    let call = begun(&mut window, &draft).await;
    assert_eq!(refused(&mut other).await, ErrorCode::InferenceTesting);
    let ended: Result<Nothing, _> = other.call(Method::ProviderCancelTest, Nothing {}).await;
    ended.expect("an answer, and no effect on the test of another");
    assert_eq!(refused(&mut other).await, ErrorCode::InferenceTesting);
    window
        .begin(Method::ProviderCancelTest, Nothing {})
        .await
        .expect("it is sent");
    let (_, test) = heard(&mut window, call).await;
    assert!(!test.passed && test.failed().is_none(), "{test:#?}");
    assert_eq!(one(&test, TestStep::Word).seen, "The test was stopped before.");

    begun(&mut window, &draft).await;
    drop(window);
    eventually("the turn is free", PATIENCE, async || {
        gets_its_turn(&mut other).await
    })
    .await;
}
