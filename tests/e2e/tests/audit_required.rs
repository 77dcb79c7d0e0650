//! A collector that the audit must reach (`deskhandAuditRequired`): nothing begins without it, and what is open waits for it.

use deskhand_e2e::{CallError, Collector, PATIENCE, Service, Setup, Talk, play};
use deskhand_protocol::event::TurnOutcome;
use deskhand_protocol::hello::FrontEndKind;
use deskhand_protocol::permission::{AnswerAnswer, AnswerParams, Choice};
use deskhand_protocol::session::{CreateParams, SessionAnswer};
use deskhand_protocol::{ErrorCode, EventBody, Method};
use deskhand_standins::gateway::{Gateway, Logged};
use pretty_assertions::assert_eq;

const SCRIPT: &str = r"
models: [claude-standin]
key: e2e-key
order: any
steps:
  - expect: { user: Thanks }
    answer: { say: [{ text: You are welcome. }] }
";

/// A turn that asks before it writes over what is there.
const ASKING: &str = r#"
models: [claude-standin]
key: e2e-key
order: any
capture: { book: { before: " | workbook | " } }
steps:
  - expect: { user: Write, results: [] }
    answer: { say: [{ tool: range_write, input: { document: "{{book}}", range: "Sheet1!A1:A1", cells: [[77]] } }] }
  - expect: { user: Write, results: [range_write] }
    answer: { say: [{ text: It is written. }] }
"#;

/// A home whose audit must reach this collector.
async fn required(script: &str, collector: &Collector) -> (Setup, Gateway) {
    let gateway = play(script).await;
    let setup = Setup::with_gateway(&gateway.base_url());
    setup.configure("otlpEndpoint", &collector.endpoint());
    setup.configure("deskhandAuditRequired", "true");
    (setup, gateway)
}

async fn create(service: &Service, id: &str) -> Result<SessionAnswer, CallError> {
    let mut window = service.join(FrontEndKind::Window).await;
    let params = CreateParams {
        client_id: id.to_owned(),
        title: None,
    };
    window.call(Method::SessionCreate, params).await
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_audit_must_reach_the_collector_no_session_begins_and_no_prompt_is_taken_without_it() {
    let mut collector = Collector::start("http");
    collector.go_away();
    let (setup, _gateway) = required(SCRIPT, &collector).await;
    let service = Service::start(&setup, 0);
    let Err(CallError::Refused(error)) = create(&service, "one").await else {
        panic!("a session began without its audit");
    };
    assert_eq!(error.code, ErrorCode::CollectorUnavailable);
    assert!(error.detail.unwrap_or_default().contains("deskhandAuditRequired"));

    collector.come_back();
    let mut talk = Talk::begin(&service).await;
    assert!(!collector.received("deskhand.audit_anchor").is_empty());
    let prompt = talk.prompt("Thanks");
    assert_eq!(talk.say(prompt).await, TurnOutcome::Completed);

    collector.go_away();
    // The end of the turn was to be anchored, or what the turn did was to be told: one of them was missed by now.
    let refused = wait_for_refusal(&mut talk).await;
    assert_eq!(refused.code, ErrorCode::CollectorUnavailable);
    service.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_audit_must_reach_a_collector_that_cannot_be_told_no_session_begins() {
    let collector = Collector::start("http");
    let gateway = play(SCRIPT).await;
    let setup = Setup::empty();
    for (key, value) in [
        ("inferenceProvider", "gateway"),
        ("inferenceGatewayBaseUrl", gateway.base_url().as_str()),
        ("otlpEndpoint", collector.endpoint().as_str()),
        ("otlpAuthMode", "inference-credential"),
        ("deskhandAuditRequired", "true"),
    ] {
        setup.configure(key, value);
    }
    let service = Service::start(&setup, 0);
    let Err(CallError::Refused(error)) = create(&service, "one").await else {
        panic!("a session began without its audit");
    };
    assert_eq!(error.code, ErrorCode::CollectorUnavailable);
    assert!(gateway.log().is_empty(), "nothing was sent to the model");
    let found = setup.run(&["doctor"]);
    assert!(found.out.contains("otlpAuthMode"), "{}{}", found.out, found.err);
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_does_not_let_deskhand_in_holds_sessions_says_why_and_gets_every_record_later() {
    let mut collector = Collector::asking_for("http", "x-test-key", "open sesame");
    let (setup, _gateway) = required(SCRIPT, &collector).await;
    let service = Service::start(&setup, 0);
    let Err(CallError::Refused(error)) = create(&service, "one").await else {
        panic!("a session began without its audit");
    };
    assert_eq!(error.code, ErrorCode::CollectorUnavailable);
    let detail = error.detail.unwrap_or_default();
    assert!(detail.contains("status 401"), "{detail}");
    for command in ["status", "doctor"] {
        let told = setup.run(&[command]).out;
        assert!(told.contains("status 401"), "{command}: {told}");
    }
    service.stop();
    assert!(collector.received("deskhand.policy_changed").is_empty());

    let helper = setup.path().join("helper.sh");
    std::fs::write(&helper, "#!/bin/sh\necho '{\"x-test-key\": \"open sesame\"}'\n").expect("a file");
    std::fs::set_permissions(&helper, std::os::unix::fs::PermissionsExt::from_mode(0o700))
        .expect("a program");
    setup.configure("otlpHeadersHelper", helper.to_str().expect("a path"));
    let service = Service::start(&setup, 0);
    create(&service, "two").await.expect("a session");
    let arrived = || {
        let changes = collector.received("deskhand.policy_changed");
        (changes.len() > 1).then_some(())
    };
    deskhand_test_support::wait_for("what was told before", PATIENCE, arrived);
    service.stop();
}

/// How often the model was asked.
fn prompted(gateway: &Gateway) -> usize {
    let messages = |logged: &&Logged| logged.request.starts_with("POST");
    gateway.log().iter().filter(messages).count()
}

/// A turn whose question was answered while the collector was away: it waits.
async fn held(setup: &Setup, service: &Service, collector: &mut Collector) -> Talk {
    let book = setup.fixture("workbooks/ironcalc__example.xlsx", "book.xlsx");
    let mut talk = Talk::begin(service).await;
    talk.attach(&book).await.expect("the workbook is attached");
    let prompt = talk.prompt("Write 77");
    talk.window.prompt(prompt).await.expect("the prompt is taken");
    while talk.view.question().is_none() {
        let events = talk.window.events(&talk.session).await;
        let events = events.expect("the service stays");
        for event in &events {
            talk.view.take(event);
        }
        assert_eq!(talk.view.outcome(), None, "nothing was asked");
    }
    collector.go_away();
    let until = std::time::Instant::now() + PATIENCE;
    let mut count = 0;
    while create(service, &count.to_string()).await.is_ok() {
        count += 1;
        assert!(std::time::Instant::now() < until, "every session was made");
    }
    let question = talk.view.question().map(|question| question.id.clone());
    let answer = AnswerParams {
        session: talk.session.clone(),
        permission: question.expect("it is open"),
        choice: Choice::AllowOnce,
        folder: None,
    };
    let answered: Result<AnswerAnswer, _> = talk.window.call(Method::PermissionAnswer, answer).await;
    answered.expect("the answer is taken");
    wait_for_hold(&mut talk).await;
    talk
}

/// The end of the turn that is open.
async fn ended(talk: &mut Talk) -> TurnOutcome {
    loop {
        let events = talk.window.events(&talk.session).await;
        if let Some(outcome) = talk.take(events.expect("the service stays")).await {
            return outcome;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_turn_and_an_answer_wait_for_the_collector_that_the_audit_must_reach_also_through_a_restart() {
    let mut collector = Collector::start("http");
    let (setup, gateway) = required(ASKING, &collector).await;
    let service = Service::start(&setup, 0);
    let mut talk = held(&setup, &service, &mut collector).await;
    let asked = prompted(&gateway);
    service.stop();
    let service = Service::start(&setup, 0);
    talk.window = service.join(FrontEndKind::Window).await;
    talk.window.follow(&talk.session, talk.view.cursor()).await;
    wait_for_hold(&mut talk).await;
    let written = talk.changes();
    assert!(written.is_empty(), "something was written without its audit");
    assert_eq!(prompted(&gateway), asked, "the model was asked without the audit");

    collector.come_back();
    assert_eq!(ended(&mut talk).await, TurnOutcome::Completed);
    assert_eq!(talk.changes().len(), 1);
    service.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn another_collector_lets_the_turn_go_on_and_is_not_told_what_waited_for_the_first() {
    let mut first = Collector::start("http");
    let (setup, _gateway) = required(ASKING, &first).await;
    let service = Service::start(&setup, 0);
    let mut talk = held(&setup, &service, &mut first).await;
    let mut second = Collector::start("http");
    setup.configure("otlpEndpoint", &second.endpoint());
    let gone = tokio::time::timeout(PATIENCE, async { while talk.window.next().await.is_ok() {} });
    gone.await
        .expect("a turn that waits does not hold up other settings");
    talk.window = service.rejoin(FrontEndKind::Window).await;
    talk.window.follow(&talk.session, talk.view.cursor()).await;
    assert_eq!(ended(&mut talk).await, TurnOutcome::Completed);
    service.stop();
    let lost = second.received("deskhand.export.lost");
    assert!(lost.iter().any(|one| one["reason"] == "elsewhere"), "{lost:?}");
    let found = setup.run(&["doctor", "--offline"]);
    let said = "waited for the collector that was named before";
    assert!(found.out.contains(said), "{}", found.out);
    let kept = setup.run(&["diagnostics", "show"]);
    assert!(
        kept.out.contains("telemetry for another collector"),
        "{}",
        kept.out
    );
}

/// Waits until the session says that its turn waits for the collector.
async fn wait_for_hold(talk: &mut Talk) {
    let outcome = hold_or_end(talk).await;
    assert_eq!(outcome, None, "the turn ended");
}

/// Waits until a turn waits for the collector, or ends; how it ended.
async fn hold_or_end(talk: &mut Talk) -> Option<TurnOutcome> {
    loop {
        let events = talk
            .window
            .events(&talk.session)
            .await
            .expect("the service stays");
        for event in &events {
            talk.view.take(event);
            match &event.body {
                EventBody::Notice {
                    error: Some(error), ..
                } if error.code == ErrorCode::CollectorUnavailable => return None,
                EventBody::TurnEnded { outcome, .. } => return Some(outcome.clone()),
                _ => {}
            }
        }
    }
}

/// Gives prompts until one is not taken.
async fn wait_for_refusal(talk: &mut Talk) -> deskhand_protocol::UserError {
    let until = std::time::Instant::now() + PATIENCE;
    loop {
        assert!(std::time::Instant::now() < until, "every prompt was taken");
        let prompt = talk.prompt("Thanks");
        match talk.window.prompt(prompt).await {
            Err(CallError::Refused(error)) => return *error,
            Err(CallError::Cut) => panic!("the service is gone"),
            // The turn itself may be the first to find nobody there.
            Ok(_) => drop(hold_or_end(talk).await),
        }
    }
}
