//! The gateway: absent, wrong, limited, cut.

use deskhand_e2e::{Service, Setup, Talk, play};
use deskhand_protocol::event::TurnOutcome;
use deskhand_protocol::message::Block;
use deskhand_protocol::session::PromptParams;
use deskhand_protocol::{ErrorCode, EventBody};
use deskhand_test_support::free_port;
use pretty_assertions::assert_eq;

const GREETING: &str = "models: [claude-standin]\nkey: e2e-key\nsteps: [{ answer: { say: [{ text: [One, ' two', ' three.'] }] } }]";

/// Says something in a home, and expects the turn to fail with a code and the prompt to be kept, also for who comes later.
async fn fails(setup: &Setup, code: ErrorCode, change: impl FnOnce(PromptParams) -> PromptParams) {
    let service = Service::start(setup, 0);
    let mut talk = Talk::begin(&service).await;
    let prompt = talk.prompt("What did we sell?");
    match talk.say(change(prompt)).await {
        TurnOutcome::Failed(error) => {
            assert_eq!(error.code, code);
            assert_eq!(
                [error.happened, error.kept, error.action].map(|text| text.is_empty()),
                [false; 3]
            );
        }
        other => panic!("the turn ended with {other:?}"),
    }
    assert_eq!(talk.kept_prompts().await, ["What did we sell?"]);
    service.stop();
    let shown = setup.run(&["session", "show", talk.session.as_str()]);
    assert!(
        shown.out.contains("> What did we sell?"),
        "{}{}",
        shown.out,
        shown.err
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn no_provider_is_configured() {
    fails(&Setup::empty(), ErrorCode::InferenceNotConfigured, |prompt| {
        prompt
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_gateway_is_unreachable() {
    let setup = Setup::with_gateway(&format!("http://127.0.0.1:{}", free_port()));
    fails(&setup, ErrorCode::InferenceUnreachable, |prompt| prompt).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_gateway_refuses_the_key() {
    let gateway = play(GREETING).await;
    let setup = Setup::with_gateway(&gateway.base_url());
    setup.key("another-key");
    fails(&setup, ErrorCode::InferenceAuth, |prompt| prompt).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_gateway_does_not_know_the_model() {
    let gateway = play(GREETING).await;
    let setup = Setup::with_gateway(&gateway.base_url());
    fails(&setup, ErrorCode::InferenceModelUnknown, |prompt| PromptParams {
        model: Some("claude-nobody".to_owned()),
        ..prompt
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_gateway_limits_requests_for_longer_than_a_person_waits() {
    let limited = "models: [claude-standin]\nsteps: [{ faults: [{ status: { code: 429, kind: rate_limit_error, \
                   headers: { retry-after: '3600' } } }], answer: { say: [{ text: Late. }] } }]";
    let gateway = play(limited).await;
    let setup = Setup::with_gateway(&gateway.base_url());
    fails(&setup, ErrorCode::InferenceRateLimited, |prompt| prompt).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_is_cut_begins_again_and_ends_whole() {
    let cut = "models: [claude-standin]\npace_ms: 20\nsteps: [{ faults: [{ cut_after: 5 }], \
               answer: { say: [{ text: [One, ' two', ' three.'] }] } }]";
    let gateway = play(cut).await;
    let setup = Setup::with_gateway(&gateway.base_url());
    let service = Service::start(&setup, 0);
    let mut talk = Talk::begin(&service).await;
    let prompt = talk.prompt("Count");
    assert_eq!(talk.say(prompt).await, TurnOutcome::Completed);
    let told = |code| {
        talk.view
            .events()
            .any(|event| matches!(&event.body, EventBody::RetryScheduled { error, .. } if error.code == code))
    };
    assert!(told(ErrorCode::InferenceStreamCut), "the person is told");
    let bodies: Vec<_> = talk.view.events().map(|event| &event.body).collect();
    assert!(
        bodies
            .iter()
            .any(|body| matches!(body, EventBody::MessageReset { .. }))
    );
    let words = bodies.iter().find_map(|body| match body {
        EventBody::MessageCompleted { blocks, .. } => blocks.first(),
        _ => None,
    });
    let whole = Block::Text {
        text: "One two three.".to_owned(),
    };
    assert_eq!(words, Some(&whole));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_that_the_gateway_finds_too_long_goes_on_from_a_summary() {
    let script = "models: [claude-standin]\norder: any\nsteps:\n\
        - { expect: { user: 'This conversation becomes too long' }, answer: { say: [{ text: 'Orders were counted.' }] } }\n\
        - { expect: { user: 'And now', text: 'Orders were counted.' }, answer: { say: [{ text: Seven. }] } }\n\
        - { expect: { user: 'And now' }, faults: [{ status: { code: 400, kind: invalid_request_error, \
             message: 'prompt is too long: 20000 tokens > 16000 maximum' } }], answer: { say: [{ text: Lost. }] } }\n\
        - { answer: { say: [{ text: 'I counted.' }] } }";
    let gateway = play(script).await;
    let setup = Setup::with_gateway(&gateway.base_url());
    setup.configure("deskhandContextTokens", "16000");
    let service = Service::start(&setup, 0);
    let mut talk = Talk::begin(&service).await;
    let mut prompt = talk.prompt("Count these orders");
    prompt.text += &" 4711".repeat(2_600);
    assert_eq!(talk.say(prompt).await, TurnOutcome::Completed);
    let prompt = talk.prompt("And now?");
    assert_eq!(talk.say(prompt).await, TurnOutcome::Completed);
    let summary = talk.view.events().find_map(|event| match &event.body {
        EventBody::ContextCompacted { summary, before, .. } => Some((summary.clone(), *before)),
        _ => None,
    });
    let (summary, before) = summary.expect("the conversation was summarised");
    assert!(
        summary.starts_with("Orders were counted.") && before > 3_000,
        "{summary} {before}"
    );
    // The script says this to a request that holds the summary alone.
    let answered = talk.view.events().any(|event| match &event.body {
        EventBody::MessageCompleted { blocks, .. } => blocks.contains(&Block::Text {
            text: "Seven.".to_owned(),
        }),
        _ => false,
    });
    assert!(answered);
    assert_eq!(talk.kept_prompts().await.len(), 2, "the session keeps all of it");
}
