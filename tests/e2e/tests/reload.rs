//! Settings that change while the service runs: what the organisation writes counts at once, also in a turn that is at work;
//! what the person writes waits for the turn to end. Sessions stay.

use deskhand_e2e::{FrontEnd, PATIENCE, Pane, Service, Setup, Talk, Workbook, play};
use deskhand_protocol::event::TurnOutcome;
use deskhand_protocol::hello::FrontEndKind;
use deskhand_protocol::session::Nothing;
use deskhand_protocol::{ErrorCode, Method};
use deskhand_test_support::wait_for;
use pretty_assertions::assert_eq;
use serde_json::{Value, json};

/// A turn that says nothing and goes on until somebody ends it.
const HANGS: &str = "models: [claude-standin]\nkey: e2e-key\nsteps: [{ faults: [{ stall_after: 2 }], answer: { say: [{ text: Late. }] } }]";
const GREETS: &str = "models: [claude-standin]\nkey: e2e-key\nsteps: [{ answer: { say: [{ text: One. }] } }, { answer: { say: [{ text: Two. }] } }]";

fn settings(gateway: &str, more: &Value) -> Value {
    let mut settings = json!({
        "inferenceProvider": "gateway",
        "inferenceGatewayBaseUrl": gateway,
        "inferenceGatewayApiKey": "e2e-key",
    });
    let all = settings.as_object_mut().expect("an object");
    all.extend(more.as_object().expect("an object").clone());
    settings
}

/// Waits until the connection ends with the old service, and joins the new one.
async fn again(service: &Service, mut old: FrontEnd) -> FrontEnd {
    let ended = tokio::time::timeout(PATIENCE, async { while old.next().await.is_ok() {} });
    ended.await.expect("the service starts anew");
    service.rejoin(FrontEndKind::Window).await
}

async fn begun(service: &Service) -> Talk {
    let mut talk = Talk::begin(service).await;
    let prompt = talk.prompt("What did we sell?");
    talk.window.prompt(prompt).await.expect("the prompt is taken");
    talk
}

#[tokio::test(flavor = "multi_thread")]
async fn the_organisation_switches_off_also_a_turn_at_work() {
    let gateway = play(HANGS).await;
    let setup = Setup::empty();
    setup.manage(&settings(&gateway.base_url(), &json!({})));
    let service = Service::managed(&setup);
    let (process, mut talk) = (service.id(), begun(&service).await);
    let off = json!({ "deskhandEnabled": false });
    setup.manage(&settings(&gateway.base_url(), &off));
    talk.window = again(&service, talk.window).await;
    assert_eq!(service.id(), process, "whoever watches the process still does");
    talk.window.follow(&talk.session, talk.view.cursor()).await;
    let TurnOutcome::Failed(error) = talk.window.turn(&talk.session, &mut talk.view).await else {
        panic!("the turn went on");
    };
    assert_eq!(error.code, ErrorCode::Disabled);
    let who = error.detail.unwrap_or_default();
    assert!(who.contains("/etc/deskhand/managed-settings.json"), "{who}");
    assert_eq!(talk.kept_prompts().await, ["What did we sell?"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_holds_the_persons_file_keeps_the_organisation_from_nothing() {
    let gateway = play(HANGS).await;
    let setup = Setup::empty();
    setup.manage(&settings(&gateway.base_url(), &json!({})));
    let service = Service::managed(&setup);
    let mut talk = begun(&service).await;
    let file = |name: &str| setup.path().join("data").join(name);
    let lock = std::fs::File::create(file("settings.lock")).expect("a file of this user");
    lock.lock().expect("nobody else holds it");
    std::fs::write(file("settings.stamp"), "99\n").expect("a file of this user");
    let off = json!({ "deskhandEnabled": false });
    setup.manage(&settings(&gateway.base_url(), &off));
    let ended = tokio::time::timeout(PATIENCE, async { while talk.window.next().await.is_ok() {} });
    ended
        .await
        .expect("the service ends what the organisation switched off");
    drop(lock);
    talk.window = service.rejoin(FrontEndKind::Window).await;
    talk.window.follow(&talk.session, talk.view.cursor()).await;
    let outcome = talk.window.turn(&talk.session, &mut talk.view).await;
    assert!(matches!(outcome, TurnOutcome::Failed(error) if error.code == ErrorCode::Disabled));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_organisation_opens_again_is_open_without_a_restart_by_hand() {
    let gateway = play(GREETS).await;
    let setup = Setup::empty();
    setup.manage(&settings(
        &gateway.base_url(),
        &json!({ "deskhandEnabled": false }),
    ));
    let service = Service::managed(&setup);
    let mut talk = Talk::begin(&service).await;
    let prompt = talk.prompt("Hello");
    assert!(
        matches!(talk.say(prompt).await, TurnOutcome::Failed(error) if error.code == ErrorCode::Disabled)
    );
    setup.manage(&settings(&gateway.base_url(), &json!({})));
    talk.window = again(&service, talk.window).await;
    talk.window.follow(&talk.session, talk.view.cursor()).await;
    let prompt = talk.prompt("Hello again");
    assert_eq!(talk.say(prompt).await, TurnOutcome::Completed);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_becomes_untrustworthy_stops_sessions_at_once() {
    let gateway = play(HANGS).await;
    let setup = Setup::empty();
    setup.manage(&settings(&gateway.base_url(), &json!({})));
    let service = Service::managed(&setup);
    let mut talk = begun(&service).await;
    let file = setup.path().join("etc/deskhand/managed-settings.json");
    std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o666)).expect("a mode");
    talk.window = again(&service, talk.window).await;
    talk.window.follow(&talk.session, talk.view.cursor()).await;
    let outcome = talk.window.turn(&talk.session, &mut talk.view).await;
    assert!(
        matches!(&outcome, TurnOutcome::Failed(error) if matches!(error.code, ErrorCode::Disabled | ErrorCode::PolicyInvalid)),
        "{outcome:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_person_loosens_waits_for_the_turn_to_end() {
    let gateway = play(HANGS).await;
    let setup = Setup::with_gateway(&gateway.base_url());
    let service = Service::start(&setup, 0);
    let mut talk = begun(&service).await;
    // More than before: nothing is closed.
    setup.configure("deskhandMaxStepsPerTurn", "200");
    wait_for("the change is seen", PATIENCE, || {
        service.errors().contains("no turn is at work").then_some(())
    });
    let cancel = json!({ "session": talk.session });
    let _: Nothing = talk
        .window
        .call(Method::SessionCancel, cancel)
        .await
        .expect("the old service is there");
    let outcome = talk.window.turn(&talk.session, &mut talk.view).await;
    assert_eq!(outcome, TurnOutcome::Cancelled);
    let mut window = again(&service, talk.window).await;
    window.follow(&talk.session, 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pane_is_closed_in_the_application_that_the_organisation_names() {
    let gateway = play(GREETS).await;
    let setup = Setup::empty();
    setup.manage(&settings(
        &gateway.base_url(),
        &json!({ "banner": { "enabled": true, "text": "Internal" } }),
    ));
    let service = Service::managed(&setup);
    let mut window = service.join(FrontEndKind::Window).await;
    let pane = Pane::pair(
        &service,
        &mut window,
        Pane::workbook_at("/data/book.xlsx"),
        Workbook::default(),
    )
    .await;
    setup.manage(&settings(
        &gateway.base_url(),
        &json!({ "officeDisabledHosts": ["sheet"] }),
    ));
    again(&service, window).await;
    let refused = pane.refused(&service).await;
    assert_eq!(refused.code, ErrorCode::PaneDisabled);
    let who = refused.detail.unwrap_or_default();
    assert!(
        who.contains("officeDisabledHosts") && who.contains("managed-settings.json"),
        "{who}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_while_the_service_starts_anew_waits_for_it_and_does_not_take_its_place() {
    let gateway = play(GREETS).await;
    let setup = Setup::with_gateway(&gateway.base_url());
    let service = Service::start(&setup, 0);
    for steps in ["11", "12", "13"] {
        let mut old = service.join(FrontEndKind::Window).await;
        setup.configure("deskhandMaxStepsPerTurn", steps);
        let ended = tokio::spawn(async move { while old.next().await.is_ok() {} });
        let mut asked_after = 0;
        // Also a while after its old connections are gone: that is when another program could take the place.
        while asked_after < 12 {
            let done = setup.run(&["session", "list", "--json"]);
            assert_eq!(
                done.code(),
                Some(0),
                "{}\nthe service: {}",
                done.err,
                service.errors()
            );
            asked_after += u32::from(ended.is_finished());
        }
        let attachment = service.attachment(FrontEndKind::Terminal).await;
        assert_eq!(attachment.pid, service.id(), "the service is the one that runs");
    }
}
