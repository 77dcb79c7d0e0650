//! Sessions from before the organisation named its deployment: not shown, offered, taken over by the person or left.

use deskhand_e2e::{PATIENCE, Service, Setup, Talk, play};
use deskhand_protocol::Method;
use deskhand_protocol::event::TurnOutcome;
use deskhand_protocol::hello::FrontEndKind;
use deskhand_protocol::session::Nothing;
use deskhand_test_support::wait_for;
use pretty_assertions::assert_eq;
use serde_json::{Value, json};

const GATEWAY: &str = "models: [claude-standin]\nkey: e2e-key\nsteps: [{ answer: { say: [{ text: Hello. }] } }, { answer: { say: [{ text: Again. }] } }]";
const DEPLOYMENT: &str = "0d7d6a0e-4f2f-4d5f-9a70-2f1f0c6f9b11";

/// How many sessions are shown, once the service answers.
fn sessions(setup: &Setup) -> Option<usize> {
    let done = setup.run(&["session", "list", "--json"]);
    let list: Value = serde_json::from_str(&done.out).ok()?;
    list["sessions"].as_array().map(Vec::len)
}

/// What the terminal says of the state, and of it whether the earlier sessions are offered.
fn status(setup: &Setup) -> (String, bool) {
    let said = setup.run(&["status", "--json"]);
    let is_offered = said.out.contains("deskhand history take-over");
    (format!("{}{}", said.out, said.err), is_offered)
}

fn offers(setup: &Setup) -> bool {
    let (said, is_offered) = status(setup);
    assert!(said.contains("notices"), "{said}");
    is_offered
}

/// A prompt and its answer, with a service that ends then; after it the organisation has named the deployment.
async fn named_later() -> (Setup, Talk, Service) {
    let gateway = play(GATEWAY).await;
    let setup = Setup::with_gateway(&gateway.base_url());
    let service = Service::start(&setup, 0);
    let mut talk = Talk::begin(&service).await;
    let prompt = talk.prompt("What did we sell?");
    assert_eq!(talk.say(prompt).await, TurnOutcome::Completed);
    setup.configure("deploymentOrganizationUuid", DEPLOYMENT);
    wait_for("the deployment has a database of its own", PATIENCE, || {
        (sessions(&setup) == Some(0)).then_some(())
    });
    (setup, talk, service)
}

#[tokio::test(flavor = "multi_thread")]
async fn earlier_sessions_are_offered_and_come_over_whole_while_the_service_runs() {
    let (setup, talk, _service) = named_later().await;
    let (said, is_offered) = status(&setup);
    assert!(is_offered, "{said}");
    let done = setup.run(&["history", "take-over"]);
    assert_eq!(done.code(), Some(0), "{}", done.err);
    wait_for("the session is there again", PATIENCE, || {
        (sessions(&setup) == Some(1)).then_some(())
    });
    assert!(!offers(&setup));
    let shown = setup.run(&["session", "show", talk.session.as_str()]);
    for words in ["What did we sell?", "Hello."] {
        assert!(shown.out.contains(words), "{}{}", shown.out, shown.err);
    }
    let verdict = setup.run(&["audit", "verify"]);
    assert_eq!(verdict.code(), Some(0), "{}", verdict.out);
    let audit = setup.run(&["audit", "export"]).out;
    assert!(
        audit.contains("sessionsTakenOver") && audit.contains(DEPLOYMENT),
        "{audit}"
    );
    let again = setup.run(&["history", "take-over"]);
    assert!(again.err.contains("no sessions from before"), "{}", again.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn earlier_sessions_that_are_left_stay_where_they_are_and_are_offered_no_more() {
    let (setup, _, service) = named_later().await;
    assert_eq!(setup.run(&["history", "leave"]).code(), Some(0));
    service.stop();
    drop(service);
    let _service = Service::start(&setup, 0);
    assert!(!offers(&setup));
    assert_eq!(sessions(&setup), Some(0));
    let unset = setup.run(&["config", "unset", "deploymentOrganizationUuid"]);
    assert_eq!(unset.code(), Some(0), "{}", unset.err);
    wait_for("the session is there as it was", PATIENCE, || {
        (sessions(&setup) == Some(1)).then_some(())
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_brings_them_over_from_the_window_and_no_pane_may() {
    let (setup, talk, service) = named_later().await;
    let mut window = service.rejoin(FrontEndKind::Window).await;
    assert!(!Method::HistoryChoose.caller().admits(FrontEndKind::Excel));
    let choice = json!({ "choice": "takeOver" });
    let taken = window.call::<Nothing>(Method::HistoryChoose, choice).await;
    assert_eq!(taken.expect("it is taken"), Nothing {});
    wait_for("the session is there again", PATIENCE, || {
        (sessions(&setup) == Some(1)).then_some(())
    });
    assert!(!offers(&setup));
    let shown = setup.run(&["session", "show", talk.session.as_str()]);
    assert!(shown.out.contains("What did we sell?"), "{}", shown.out);
}

#[test]
fn without_a_deployment_there_is_nothing_to_take_over() {
    let done = Setup::empty().run(&["history", "take-over"]);
    assert_eq!(done.code(), Some(1));
    assert!(done.err.contains("deploymentOrganizationUuid"), "{}", done.err);
}
