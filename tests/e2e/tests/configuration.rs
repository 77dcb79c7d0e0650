//! The configuration window's methods over the real service: a draft that is applied is in force without a restart by hand,
//! what the organisation fixes stays, and no pane gets to any of it.

use deskhand_e2e::{CallError, FrontEnd, PATIENCE, Pane, Service, Setup, Talk, Workbook, play};
use deskhand_protocol::configuration::{
    CheckAnswer, ConfigurationAnswer, ExportedSettings, ImportSettingsAnswer, ProblemWeight, SettingOrigin,
    SettingView,
};
use deskhand_protocol::event::TurnOutcome;
use deskhand_protocol::hello::FrontEndKind;
use deskhand_protocol::provider::ConnectionTest;
use deskhand_protocol::session::Nothing;
use deskhand_protocol::{ErrorCode, Method};
use pretty_assertions::assert_eq;
use serde_json::{Value, json};

const GREETS: &str =
    "models: [claude-standin]\nkey: e2e-key\nsteps: [{ answer: { say: [{ text: Hello. }] } }]";

/// A turn that says nothing and goes on until somebody ends it.
const HANGS: &str = "models: [claude-standin]\nkey: e2e-key\nsteps: [{ faults: [{ stall_after: 2 }], answer: { say: [{ text: Late. }] } }]";

async fn configuration(window: &mut FrontEnd) -> ConfigurationAnswer {
    let answer = window.call(Method::ConfigurationGet, Nothing {}).await;
    answer.expect("the window sees the settings")
}

fn setting<'a>(answer: &'a ConfigurationAnswer, key: &str) -> &'a SettingView {
    let sections = answer.pages.iter().flat_map(|page| &page.sections);
    let mut settings = sections.flat_map(|section| &section.settings);
    settings.find(|one| one.key == key).expect("a setting")
}

async fn apply(window: &mut FrontEnd, changes: Value) -> Result<ConfigurationAnswer, CallError> {
    let version = configuration(window).await.version;
    let draft = json!({ "version": version, "changes": changes });
    window.call(Method::ConfigurationApply, draft).await
}

fn refused<T>(answer: Result<T, CallError>) -> (ErrorCode, String) {
    match answer {
        Err(CallError::Refused(error)) => (error.code, error.detail.unwrap_or_default()),
        Err(CallError::Cut) => panic!("the connection ended"),
        Ok(_) => panic!("it was not refused"),
    }
}

/// Waits until the connection ends with the service under the old settings.
async fn ended(mut window: FrontEnd) {
    let ended = tokio::time::timeout(PATIENCE, async { while window.next().await.is_ok() {} });
    ended.await.expect("the service starts anew");
}

/// What `deskhand policy show` says of a key.
fn shown(setup: &Setup, key: &str) -> Value {
    let done = setup.run(&["policy", "--json", "show", "--all"]);
    let all: Value = serde_json::from_str(&done.out).unwrap_or_else(|error| panic!("{error}: {}", done.err));
    let keys = all["keys"].as_array().expect("a list");
    keys.iter().find(|row| row["key"] == key).expect("the key")["value"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_without_a_provider_configures_one_and_talks_to_it_without_a_restart_by_hand() {
    let gateway = play(GREETS).await;
    let setup = Setup::empty();
    let service = Service::start(&setup, 0);
    let process = service.id();
    let mut window = service.join(FrontEndKind::Window).await;
    let draft = json!({
        "inferenceProvider": "gateway",
        "inferenceGatewayBaseUrl": gateway.base_url(),
        "inferenceGatewayApiKey": "e2e-key",
    });
    let changes = json!({ "changes": draft });
    let check: CheckAnswer = window
        .call(Method::ConfigurationCheck, &changes)
        .await
        .expect("a check");
    assert!(
        !check.at_once && check.problems.is_empty(),
        "{:?}",
        check.problems
    );
    let test: ConnectionTest = window.call(Method::ProviderTest, &changes).await.expect("a test");
    assert!(test.passed, "{test:#?}");
    assert_eq!(
        shown(&setup, "inferenceProvider"),
        Value::Null,
        "nothing is written yet"
    );

    let answer = apply(&mut window, draft).await.expect("it is applied");
    let told = serde_json::to_string(&answer).expect("JSON");
    assert!(!told.contains("e2e-key"));
    assert_eq!(shown(&setup, "inferenceProvider"), json!("gateway"));
    ended(window).await;
    let mut talk = Talk::with(service.rejoin(FrontEndKind::Window).await).await;
    assert_eq!(service.id(), process, "whoever watches the process still does");
    let prompt = talk.prompt("Hello");
    assert_eq!(talk.say(prompt).await, TurnOutcome::Completed);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_key_alone_is_taken_up_by_the_service_that_runs() {
    let gateway = play(GREETS).await;
    let setup = Setup::with_gateway(&gateway.base_url());
    setup.key("an-old-key");
    let service = Service::start(&setup, 0);
    let mut window = service.join(FrontEndKind::Window).await;
    let test: ConnectionTest = window
        .call(Method::ProviderTest, json!({}))
        .await
        .expect("a test");
    let failed = test.failed().and_then(|failed| failed.code);
    assert_eq!(failed, Some(ErrorCode::InferenceAuth));
    apply(&mut window, json!({ "inferenceGatewayApiKey": "e2e-key" }))
        .await
        .expect("it is applied");
    ended(window).await;
    let mut talk = Talk::with(service.rejoin(FrontEndKind::Window).await).await;
    let prompt = talk.prompt("Hello");
    assert_eq!(talk.say(prompt).await, TurnOutcome::Completed);
    let kept = std::fs::read_to_string(setup.path().join("data/settings.json")).expect("the user's file");
    assert!(!kept.contains("e2e-key"), "{kept}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_alone_that_the_command_line_sets_is_taken_up_by_the_service_that_runs() {
    let gateway = play(GREETS).await;
    let setup = Setup::with_gateway(&gateway.base_url());
    setup.key("an-old-key");
    let service = Service::start(&setup, 0);
    let window = service.join(FrontEndKind::Window).await;
    // Another process than the service; the file of settings stays as it is.
    setup.key("e2e-key");
    ended(window).await;
    let mut talk = Talk::with(service.rejoin(FrontEndKind::Window).await).await;
    let prompt = talk.prompt("Hello");
    assert_eq!(talk.say(prompt).await, TurnOutcome::Completed);
    let stamp = std::fs::read_to_string(setup.path().join("data/settings.stamp")).expect("a stamp");
    assert!(stamp.trim().parse::<u64>().is_ok(), "a number alone: {stamp}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_organisation_fixes_is_shown_with_its_reason_and_refused_by_name() {
    let gateway = play(GREETS).await;
    let setup = Setup::empty();
    setup.manage(&json!({
        "inferenceProvider": "gateway",
        "inferenceGatewayBaseUrl": gateway.base_url(),
        "inferenceGatewayApiKey": "e2e-key",
        "deskhandManagedReason": "Requests stay on our own network.",
        "deskhandManagedContact": "it-help@example.com",
        "deskhandUserMaySet": ["deskhandMaxStepsPerTurn"],
    }));
    let service = Service::managed(&setup);
    let mut window = service.join(FrontEndKind::Window).await;
    let answer = configuration(&mut window).await;
    assert!(answer.managed);
    assert_eq!(
        answer.organisation.reason.as_deref(),
        Some("Requests stay on our own network.")
    );
    let address = setting(&answer, "inferenceGatewayBaseUrl");
    assert_eq!(
        (address.locked, address.editable, address.origin),
        (true, false, SettingOrigin::Managed)
    );
    let open = setting(&answer, "deskhandMaxStepsPerTurn");
    assert_eq!((open.locked, open.editable), (false, true));
    assert!(!serde_json::to_string(&answer).expect("JSON").contains("e2e-key"));

    let (code, detail) = refused(
        apply(
            &mut window,
            json!({ "deskhandMaxStepsPerTurn": 20, "inferenceGatewayBaseUrl": "https://elsewhere.example.org" }),
        )
        .await,
    );
    assert_eq!(code, ErrorCode::SettingLocked);
    assert!(detail.contains("inferenceGatewayBaseUrl"), "{detail}");
    assert!(!setup.path().join("data/settings.json").exists());
    apply(&mut window, json!({ "deskhandMaxStepsPerTurn": 20 }))
        .await
        .expect("what is open is set");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_on_settings_that_somebody_changed_meanwhile_is_refused() {
    let gateway = play(HANGS).await;
    let setup = Setup::with_gateway(&gateway.base_url());
    let service = Service::start(&setup, 0);
    // What loosens waits for the turn to end, so the window stays.
    let mut talk = Talk::begin(&service).await;
    let prompt = talk.prompt("What did we sell?");
    talk.window.prompt(prompt).await.expect("the prompt is taken");
    let version = configuration(&mut talk.window).await.version;
    setup.configure("deskhandMaxStepsPerTurn", "150");
    let now = configuration(&mut talk.window).await;
    assert!(now.waiting, "a turn is at work");
    let draft = |version: &str| json!({ "version": version, "changes": { "deskhandMaxStepsPerTurn": 120 } });
    let stale: Result<ConfigurationAnswer, _> = talk
        .window
        .call(Method::ConfigurationApply, draft(&version))
        .await;
    assert_eq!(refused(stale).0, ErrorCode::SettingsStale);
    assert_eq!(shown(&setup, "deskhandMaxStepsPerTurn"), json!(150));
    let _: ConfigurationAnswer = talk
        .window
        .call(Method::ConfigurationApply, draft(&now.version))
        .await
        .expect("it is based on what is there");
    assert_eq!(shown(&setup, "deskhandMaxStepsPerTurn"), json!(120));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_given_out_can_be_taken_in_on_another_computer() {
    let setup = Setup::with_gateway("https://gateway.example.com");
    let service = Service::start(&setup, 0);
    let mut window = service.join(FrontEndKind::Window).await;
    let other = Setup::empty();
    let elsewhere = Service::start(&other, 0);
    let mut there = elsewhere.join(FrontEndKind::Window).await;
    for format in ["mobileconfig", "reg", "json"] {
        let given: ExportedSettings = window
            .call(Method::ConfigurationExport, json!({ "format": format }))
            .await
            .expect("a file");
        assert_eq!(given.left_out, ["inferenceGatewayApiKey"], "{format}");
        let taken: ImportSettingsAnswer = there
            .call(Method::ConfigurationImport, &given.file)
            .await
            .expect("a draft");
        let keys: Vec<_> = taken.changes.keys().collect();
        assert_eq!(keys, ["inferenceGatewayBaseUrl", "inferenceProvider"], "{format}");
    }
    assert_eq!(
        shown(&other, "inferenceProvider"),
        Value::Null,
        "nothing is written"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kept_key_is_sent_to_no_other_address_than_it_was_given_for() {
    let (gateway, other) = (play(GREETS).await, play(GREETS).await);
    let setup = Setup::with_gateway(&gateway.base_url());
    let service = Service::start(&setup, 0);
    let mut window = service.join(FrontEndKind::Window).await;
    let elsewhere = json!({ "inferenceGatewayBaseUrl": other.base_url() });
    let draft = json!({ "changes": elsewhere });
    let test: ConnectionTest = window.call(Method::ProviderTest, draft).await.expect("a test");
    let stopped = test.stopped.expect("nobody is asked");
    assert_eq!(stopped.code, ErrorCode::CredentialWithheld);
    let detail = stopped.detail.unwrap_or_default();
    assert!(detail.contains("give it again"), "{detail}");
    let answer = apply(&mut window, elsewhere).await.expect("it is applied");
    let problem = answer
        .problems
        .iter()
        .find(|one| one.key == "inferenceGatewayApiKey");
    assert_eq!(problem.map(|one| one.weight), Some(ProblemWeight::StopsSessions));
    ended(window).await;
    let mut window = service.rejoin(FrontEndKind::Window).await;
    assert!(other.log().is_empty(), "nothing went there");
    apply(&mut window, json!({ "inferenceGatewayApiKey": "e2e-key" }))
        .await
        .expect("it is given again");
    ended(window).await;
    let mut talk = Talk::with(service.rejoin(FrontEndKind::Window).await).await;
    let prompt = talk.prompt("Hello");
    assert_eq!(talk.say(prompt).await, TurnOutcome::Completed);
}

#[test]
fn a_secret_inside_a_value_is_taken_from_standard_input_and_refused_on_the_command_line() {
    let setup = Setup::empty();
    let servers = |secret: &str| {
        let env = json!({ "TOKEN": secret });
        json!([{ "name": "docs", "transport": "stdio", "command": "/opt/example/docs", "env": env }])
            .to_string()
    };
    let refused = setup.run(&["config", "set", "managedMcpServers", &servers("hunter2")]);
    assert_eq!(refused.code(), Some(1));
    assert!(
        refused.err.contains("managedMcpServers/docs/env/TOKEN") && !refused.err.contains("hunter2"),
        "{}",
        refused.err
    );
    setup.give("managedMcpServers", &servers("hunter2"));
    let file = std::fs::read_to_string(setup.path().join("data/settings.json")).expect("the user's file");
    assert!(file.contains("$secret") && !file.contains("hunter2"), "{file}");
    assert_eq!(
        shown(&setup, "managedMcpServers")[0]["env"]["TOKEN"],
        json!("••••")
    );
    setup.give("managedMcpServers", &servers("••••"));
    let given_out = setup.run(&["policy", "export", "--format", "json"]);
    assert!(
        given_out.err.contains("managedMcpServers/docs/env/TOKEN") && !given_out.out.contains("••••"),
        "{} {}",
        given_out.out,
        given_out.err
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pane_gets_to_none_of_it() {
    let setup = Setup::empty();
    let service = Service::start(&setup, 0);
    let mut window = service.join(FrontEndKind::Window).await;
    let mut pane = Pane::pair(
        &service,
        &mut window,
        Pane::workbook_at("/data/book.xlsx"),
        Workbook::default(),
    )
    .await;
    for method in Method::ALL
        .iter()
        .filter(|method| method.name().starts_with("configuration/"))
    {
        assert_eq!(
            pane.refusal(*method).await.code,
            ErrorCode::NotPermitted,
            "{}",
            method.name()
        );
    }
}
