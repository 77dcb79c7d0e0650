//! The test of the connection: each step that fails is named with its code and what to do, in the terminal and for the window; no
//! key is ever shown.

#[path = "connection_test/clouds.rs"]
mod clouds;
#[path = "connection_test/far_side.rs"]
mod far_side;
#[path = "connection_test/window.rs"]
mod window;

use deskhand_e2e::{Finished, Setup, command, finish, play};
use deskhand_protocol::ErrorCode;
use deskhand_protocol::provider::{ConnectionTest, StepResult, TestState, TestStep};
use deskhand_test_support::free_port;
use far_side::{AUTHORITY, Host, answering};
use pretty_assertions::assert_eq;

const KEY: &str = "e2e-key";
const GREETS: &str =
    "models: [claude-standin]\nkey: e2e-key\nsteps: [{ answer: { say: [{ text: Hello. }] } }]";

/// `deskhand provider test`, without the proxies of the computer that tests, with more variables.
fn tested(setup: &Setup, arguments: &[&str], variables: &[(&str, &str)]) -> Finished {
    let all = [&["provider", "test"], arguments].concat();
    let mut command = command(setup.path(), &all);
    for name in ["http_proxy", "https_proxy", "all_proxy", "no_proxy"] {
        command.env_remove(name).env_remove(name.to_uppercase());
    }
    command.envs(variables.iter().copied());
    let done = finish(command, "");
    for shown in [&done.out, &done.err] {
        assert!(!shown.contains(KEY), "a key is shown: {shown}");
    }
    done
}

/// The test as JSON, and its exit code.
fn result(setup: &Setup, variables: &[(&str, &str)]) -> (ConnectionTest, Option<i32>) {
    let done = tested(setup, &["--json"], variables);
    let test = serde_json::from_str(&done.out).unwrap_or_else(|error| panic!("{error}: {}", done.err));
    (test, done.code())
}

fn states(test: &ConnectionTest) -> [TestState; 6] {
    TestStep::ALL.map(|step| one(test, step).state)
}

fn one(test: &ConnectionTest, step: TestStep) -> &StepResult {
    let found = test.steps.iter().find(|result| result.step == step);
    found.expect("every step is told")
}

/// The step that failed, with what must stand in its sentence and its remedy; those behind it were skipped.
fn fails(
    setup: &Setup,
    variables: &[(&str, &str)],
    step: TestStep,
    code: ErrorCode,
    seen: &str,
    remedy: &str,
) {
    let (test, exit) = result(setup, variables);
    let failed = test
        .failed()
        .unwrap_or_else(|| panic!("nothing failed: {test:#?}"));
    assert_eq!(
        (failed.step, failed.code, exit, test.passed),
        (step, Some(code), Some(1), false),
        "{test:#?}"
    );
    assert!(failed.seen.contains(seen), "{failed:#?}");
    assert!(
        failed.remedy.as_ref().is_some_and(|told| told.contains(remedy)),
        "{failed:#?}"
    );
    assert!(failed.milliseconds.is_some());
    for result in test.steps.iter().filter(|result| result.step > step) {
        assert_eq!(result.state, TestState::Skipped, "{test:#?}");
    }
    let told = tested(setup, &[], variables);
    assert_eq!(told.code(), Some(1));
    let lines: Vec<&str> = told.out.lines().collect();
    let line = lines
        .iter()
        .position(|line| line.starts_with("FAILED") && line.contains(code.as_str()));
    let below = lines[line.unwrap_or_else(|| panic!("{}", told.out)) + 1];
    assert!(
        below.starts_with("        ") && below.contains(remedy),
        "{}",
        told.out
    );
}

/// A home whose gateway is `https://gateway.example.com` behind this proxy.
fn behind(proxy: &str) -> Setup {
    let setup = Setup::with_gateway("https://gateway.example.com");
    setup.configure("egressProxyUrl", proxy);
    setup
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_on_this_computer_passes_with_every_step_told() {
    use TestState::{NotNeeded, Passed};
    let gateway = play(GREETS).await;
    let setup = Setup::with_gateway(&gateway.base_url());
    let (test, code) = result(&setup, &[]);
    assert_eq!(code, Some(0), "{test:#?}");
    assert_eq!(
        states(&test),
        [NotNeeded, NotNeeded, NotNeeded, Passed, Passed, Passed]
    );
    assert_eq!((test.passed, test.provider.as_deref()), (true, Some("gateway")));
    assert_eq!(
        one(&test, TestStep::SignIn).seen,
        "The gateway takes the credential."
    );
    assert_eq!(one(&test, TestStep::Models).seen, "The gateway lists 1 model.");
    let word = &one(&test, TestStep::Word).seen;
    assert!(
        word.starts_with("claude-standin answered: tokens read "),
        "{word}"
    );
    let told = tested(&setup, &[], &[]);
    assert_eq!(
        (told.code(), told.out.lines().count()),
        (Some(0), 6),
        "{}",
        told.out
    );
    let asked: Vec<_> = gateway.log().into_iter().map(|entry| entry.request).collect();
    assert_eq!(
        asked,
        [
            "GET /v1/models",
            "POST /v1/messages",
            "GET /v1/models",
            "POST /v1/messages"
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_under_tls_behind_a_proxy_passes_and_names_proxy_and_issuer() {
    let gateway = play(GREETS).await;
    let host = Host::named("gateway.example.com", &gateway.base_url()).await;
    let setup = behind(&host.proxy);
    let authority = setup.path().join("authority.pem");
    std::fs::write(&authority, &host.authority).expect("a file");
    let trusts = [("SSL_CERT_FILE", authority.to_str().expect("a path"))];
    let (test, code) = result(&setup, &trusts);
    assert_eq!(code, Some(0), "{test:#?}");
    let proxy = one(&test, TestStep::Proxy);
    assert_eq!(proxy.state, TestState::Passed);
    assert!(
        proxy.seen.contains(&host.proxy) && proxy.seen.contains("egressProxyUrl"),
        "{proxy:?}"
    );
    let tls = one(&test, TestStep::Tls);
    assert_eq!(
        tls.seen,
        format!("TLS 1.3 with gateway.example.com:443. The certificate was issued by {AUTHORITY}.")
    );
    assert!(
        one(&test, TestStep::Name)
            .seen
            .contains("the proxy resolves gateway.example.com itself")
    );
}

#[test]
fn a_host_without_an_address_fails_at_its_name() {
    let setup = Setup::with_gateway("https://gateway.invalid");
    fails(
        &setup,
        &[],
        TestStep::Name,
        ErrorCode::InferenceUnreachable,
        "gateway.invalid",
        "inferenceGatewayBaseUrl",
    );
}

#[test]
fn behind_a_proxy_without_an_address_it_is_the_proxys_name_that_fails() {
    let setup = behind("http://proxy.invalid:3128");
    fails(
        &setup,
        &[],
        TestStep::Name,
        ErrorCode::InferenceProxy,
        "proxy.invalid",
        "egressProxyUrl",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_that_refuses_fails_at_the_proxy() {
    let setup = behind(&answering(&[("CONNECT", "403 Forbidden", "")]).await);
    fails(
        &setup,
        &[],
        TestStep::Proxy,
        ErrorCode::InferenceProxy,
        "status 403",
        "gateway.example.com:443",
    );
    let setup = behind(&answering(&[("CONNECT", "407 Who is there", "")]).await);
    fails(
        &setup,
        &[],
        TestStep::Proxy,
        ErrorCode::InferenceProxy,
        "asks for a sign-in",
        "whoever runs the proxy",
    );
}

#[test]
fn a_proxy_script_that_does_not_come_fails_at_the_proxy() {
    let setup = Setup::with_gateway("https://gateway.example.com");
    let script = format!("http://127.0.0.1:{}/proxy.pac", free_port());
    setup.configure("egressProxyPacUrl", &script);
    let (code, seen) = (ErrorCode::InferenceProxy, "script");
    fails(&setup, &[], TestStep::Proxy, code, seen, "egressProxyPacUrl");
    let (test, _) = result(&setup, &[]);
    assert!(
        one(&test, TestStep::Name)
            .seen
            .contains("the way was not known yet"),
        "{test:#?}"
    );
}

#[test]
fn a_host_where_nobody_listens_fails_at_the_connection() {
    let setup = Setup::with_gateway(&format!("http://127.0.0.1:{}", free_port()));
    fails(
        &setup,
        &[],
        TestStep::Tls,
        ErrorCode::InferenceUnreachable,
        "could not be reached",
        "firewall",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_without_trust_fails_at_tls_and_names_its_issuer() {
    let gateway = play(GREETS).await;
    let host = Host::named("localhost", &gateway.base_url()).await;
    let setup = Setup::with_gateway(&format!("https://localhost:{}", host.port));
    fails(
        &setup,
        &[],
        TestStep::Tls,
        ErrorCode::InferenceTls,
        AUTHORITY,
        "trust store",
    );
    assert!(gateway.log().is_empty(), "something was sent");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_key_fails_at_the_sign_in() {
    let gateway = play(GREETS).await;
    let setup = Setup::with_gateway(&gateway.base_url());
    setup.key("another-key-than-that");
    fails(
        &setup,
        &[],
        TestStep::SignIn,
        ErrorCode::InferenceAuth,
        "refused the credential",
        "inferenceGatewayApiKey",
    );
    let shown = format!(
        "{}{}",
        tested(&setup, &[], &[]).out,
        tested(&setup, &["--json"], &[]).out
    );
    assert!(!shown.contains("another-key-than-that"), "{shown}");
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_helper_that_fails_fails_at_the_sign_in_and_nobody_is_asked_anything() {
    let gateway = play(GREETS).await;
    let setup = Setup::empty();
    setup.configure("inferenceProvider", "gateway");
    setup.configure("inferenceGatewayBaseUrl", &gateway.base_url());
    let helper = setup.program("helper", "echo e2e-key >&2; exit 3");
    setup.configure("inferenceCredentialHelper", &helper.display().to_string());
    fails(
        &setup,
        &[],
        TestStep::SignIn,
        ErrorCode::InferenceAuth,
        "code 3",
        "inferenceCredentialHelper",
    );
    assert!(gateway.log().is_empty(), "something was sent");
    let helper = setup.program(
        "asked",
        "test \"$CLAUDE_HELPER_CONTEXT\" = setup-test && echo e2e-key",
    );
    setup.configure("inferenceCredentialHelper", &helper.display().to_string());
    let (test, code) = result(&setup, &[]);
    assert_eq!(code, Some(0), "{test:#?}");
}

const LISTS_FOR_NOBODY: &[(&str, &str, &str)] = &[(
    "/v1/models",
    "403 Forbidden",
    r#"{"error": {"type": "permission_error", "message": "no lists"}}"#,
)];

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_list_fails_where_it_is_needed_and_says_that_models_may_be_named() {
    let setup = Setup::with_gateway(&answering(LISTS_FOR_NOBODY).await);
    fails(
        &setup,
        &[],
        TestStep::Models,
        ErrorCode::InferenceAuth,
        "no lists",
        "inferenceModels",
    );
    setup.configure("inferenceModels", r#"["claude-standin"]"#);
    let (test, _) = result(&setup, &[]);
    let list = one(&test, TestStep::Models);
    assert_eq!(list.state, TestState::NotNeeded, "{test:#?}");
    assert!(
        list.seen.contains("no lists") && list.seen.contains("not needed"),
        "{list:?}"
    );
    assert_eq!(
        test.failed().map(|failed| failed.step),
        Some(TestStep::Word),
        "{test:#?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_model_fails_at_the_word() {
    let gateway = play(GREETS).await;
    let setup = Setup::with_gateway(&gateway.base_url());
    setup.configure("inferenceModels", r#"["claude-of-yesterday"]"#);
    fails(
        &setup,
        &[],
        TestStep::Word,
        ErrorCode::InferenceModelUnknown,
        "does not know this model",
        "inferenceModels",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_that_let_no_session_start_are_told_and_nobody_is_asked() {
    let gateway = play(GREETS).await;
    let setup = Setup::with_gateway(&gateway.base_url());
    setup.configure("deskhandAuditRequired", "true");
    let (test, code) = result(&setup, &[]);
    assert_eq!((code, test.passed), (Some(1), false));
    assert_eq!(
        test.stopped.as_ref().map(|why| why.code),
        Some(ErrorCode::PolicyInvalid),
        "{test:#?}"
    );
    assert_eq!(states(&test), [TestState::Skipped; 6]);
    let told = tested(&setup, &[], &[]).out;
    assert!(
        told.starts_with("Nobody was asked.") && told.contains("otlpEndpoint"),
        "{told}"
    );
    assert!(gateway.log().is_empty(), "the gateway was asked");
    let told = tested(&Setup::empty(), &[], &[]);
    assert_eq!(told.code(), Some(1));
    assert!(told.out.contains("[INF_NOT_CONFIGURED]"), "{}", told.out);
}
