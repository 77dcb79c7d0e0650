//! The test for a front end: steps as they end, one test at a time, and its end.

use deskhand_e2e::{CallError, FrontEnd, Service, Setup, play};
use deskhand_protocol::configuration::DraftParams;
use deskhand_protocol::hello::FrontEndKind;
use deskhand_protocol::provider::{ConnectionTest, StepResult, TestStep};
use deskhand_protocol::session::Nothing;
use deskhand_protocol::{ErrorCode, Method};
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

#[tokio::test(flavor = "multi_thread")]
async fn one_test_runs_at_a_time_and_ends_when_its_window_ends_it_or_goes_away() {
    let setup = Setup::with_gateway(&silent().await);
    let service = Service::start(&setup, 0);
    let mut window = service.join(FrontEndKind::Window).await;
    let mut other = service.join(FrontEndKind::Terminal).await;
    let draft = DraftParams::default();
    let call = window
        .begin(Method::ProviderTest, &draft)
        .await
        .expect("it is sent");
    // The steps of the network are through: the test waits for the list.
    while window.next().await.expect("a step").method.as_deref() != Some("provider/tested") {}
    let refused: Result<ConnectionTest, _> = other.call(Method::ProviderTest, &draft).await;
    let Err(CallError::Refused(error)) = refused else {
        panic!("two tests run: {refused:?}");
    };
    assert_eq!(error.code, ErrorCode::InferenceTesting);
    let ended: Result<Nothing, _> = other.call(Method::ProviderCancelTest, Nothing {}).await;
    ended.expect("an answer, and no effect on the test of another");
    window
        .begin(Method::ProviderCancelTest, Nothing {})
        .await
        .expect("it is sent");
    let (_, test) = heard(&mut window, call).await;
    assert!(!test.passed && test.failed().is_none(), "{test:#?}");
    assert_eq!(one(&test, TestStep::Word).seen, "The test was stopped before.");

    window
        .begin(Method::ProviderTest, &draft)
        .await
        .expect("it is sent");
    while window.next().await.expect("a step").method.as_deref() != Some("provider/tested") {}
    drop(window);
    let free = deskhand_test_support::eventually("the turn is free", deskhand_e2e::PATIENCE, async || {
        let id = other.begin(Method::ProviderTest, &draft).await.ok()?;
        other.begin(Method::ProviderCancelTest, Nothing {}).await.ok()?;
        loop {
            let frame = other.next().await.ok()?;
            if frame.id == Some(id) && frame.method.is_none() {
                return frame.error.is_none().then_some(());
            }
        }
    });
    free.await;
}
