//! People who sign in for the model at a real OpenID provider, in the whole program: a turn waits for them, what they sign in with
//! stays on this computer, and nothing of it shows.

#![cfg(unix)]

use std::io::{BufRead, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use deskhand_e2e::{FrontEnd, PATIENCE, Pane, Service, Setup, Talk, Workbook, play};
use deskhand_protocol::event::TurnOutcome;
use deskhand_protocol::hello::FrontEndKind;
use deskhand_protocol::session::Nothing;
use deskhand_protocol::sign_in::{ProviderSignInView, SignInAnswer, SignInState};
use deskhand_protocol::{ErrorCode, Method};
use deskhand_test_support::{eventually, repository, wait_for};
use pretty_assertions::assert_eq;
use serde_json::{Value, json};

/// A provider of its own process, and the gateway behind it.
struct Identity {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    issuer: String,
}

impl Identity {
    /// Starts one whose tokens count for so long.
    fn start(gateway: &str, seconds: u32) -> Self {
        let program = repository().join("tests/e2e/parties/identity.mjs");
        let beside = repository().join("addin-web/package.json");
        let mut command = Command::new("node");
        command.arg(program).arg(beside).arg(gateway);
        command.arg(json!({ "seconds": seconds }).to_string());
        // It warns of an issuer without TLS.
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut child = command.spawn().expect("node starts");
        let to = child.stdin.take().expect("piped");
        let mut from = BufReader::new(child.stdout.take().expect("piped"));
        let issuer = hear(&mut from)["issuer"].as_str().expect("an issuer").to_owned();
        Self {
            child,
            to,
            from,
            issuer,
        }
    }

    fn ask(&mut self, command: &str) -> Value {
        writeln!(self.to, "{command}").expect("it listens");
        hear(&mut self.from)
    }

    /// What a browser does with a page, with a person who agrees to everything.
    fn browse(&mut self, page: &str) -> String {
        self.ask(&format!("browse {page}"))["text"]
            .as_str()
            .expect("a page")
            .to_owned()
    }

    /// Every sign-in is over.
    fn end(&mut self) {
        self.ask("end");
    }

    /// What it was asked since it was asked last.
    fn seen(&mut self) -> Vec<String> {
        serde_json::from_value(self.ask("seen")).expect("a list")
    }
}

/// The next line of JSON.
fn hear(from: &mut impl BufRead) -> Value {
    let mut line = String::new();
    while !line.starts_with(['{', '[']) {
        line.clear();
        assert_ne!(
            from.read_line(&mut line).expect("a line"),
            0,
            "the provider ended"
        );
    }
    serde_json::from_str(&line).expect("JSON")
}

impl Drop for Identity {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Answers as often as it is asked, to whoever the provider lets through.
fn script(answers: usize) -> String {
    let answer = json!({ "answer": { "say": [{ "text": "Done." }] } });
    json!({ "models": ["claude-standin"], "steps": vec![answer; answers] }).to_string()
}

/// A home whose gateway takes what the provider's tokens prove.
fn setup(identity: &Identity, oidc: &Value) -> Setup {
    let setup = Setup::empty();
    setup.configure("inferenceProvider", "gateway");
    setup.configure("inferenceGatewayBaseUrl", &identity.issuer);
    if oidc.is_null() {
        setup.configure("inferenceCredentialKind", "interactive");
    } else {
        setup.configure("inferenceGatewayOidc", &oidc.to_string());
    }
    setup.configure("inferenceModels", &json!(["claude-standin"]).to_string());
    setup
}

fn oidc(identity: &Identity) -> Value {
    json!({ "clientId": "deskhand", "issuer": identity.issuer })
}

async fn view(service: &Service) -> ProviderSignInView {
    let attachment = service.attachment(FrontEndKind::Window).await;
    let mut window = FrontEnd::connect(&attachment, Some(&attachment.token), None).await;
    let answer = window.hello(FrontEndKind::Window, &attachment.token, None).await;
    answer
        .expect("hello is answered")
        .view
        .sign_in
        .expect("people sign in")
}

async fn until(
    service: &Service,
    what: &str,
    is: impl Fn(&ProviderSignInView) -> bool,
) -> ProviderSignInView {
    eventually(what, PATIENCE, async || {
        let now = view(service).await;
        is(&now).then_some(now)
    })
    .await
}

async fn begin(window: &mut FrontEnd) -> Option<String> {
    let begun: Result<SignInAnswer, _> = window.call(Method::ProviderSignIn, Nothing {}).await;
    begun.expect("a sign-in").page
}

/// Signs in, as a person at the window.
async fn sign_in(service: &Service, identity: &mut Identity) {
    let mut window = service.join(FrontEndKind::Window).await;
    let page = begin(&mut window).await.expect("a page");
    assert!(
        identity.browse(&page).contains("close"),
        "the page of this computer"
    );
    until(service, "somebody is signed in", |view| view.signed_in).await;
}

/// Every file of the home, to look for what must not be there.
fn contents(folder: &Path) -> Vec<u8> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            all.extend(contents(&path));
        } else if path.is_file() {
            all.extend(std::fs::read(&path).unwrap_or_default());
        }
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn a_turn_waits_for_the_person_who_signs_in_and_goes_on_by_itself() {
    let gateway = play(&script(2)).await;
    let mut identity = Identity::start(&gateway.base_url(), 3_600);
    let setup = setup(&identity, &oidc(&identity));
    let service = Service::start(&setup, 0);
    let waiting = view(&service).await;
    assert_eq!(
        (waiting.at.as_str(), waiting.state, waiting.signed_in),
        ("127.0.0.1", SignInState::SignIn { browser: true }, false)
    );
    let mut talk = Talk::begin(&service).await;
    let prompt = talk.prompt("What is left?");
    let (outcome, ()) = tokio::join!(talk.say(prompt), sign_in(&service, &mut identity));
    assert_eq!(outcome, TurnOutcome::Completed);
    let log = setup.run(&["session", "show", talk.session.as_str(), "--json"]);
    assert_eq!(log.code(), Some(0), "{}", log.err);
    assert_eq!(identity.seen(), ["grant.success", "gateway analyst"]);
    // Kept for the next start, sealed.
    service.stop();
    drop(service);
    let home = contents(setup.path());
    let text = String::from_utf8_lossy(&home);
    assert!(!text.contains("eyJ"), "no JWT lies in the home");
    let service = Service::start(&setup, 0);
    assert!(view(&service).await.signed_in);
    let status = setup.run(&["status"]).out;
    assert!(
        status.contains("Sign-in     signed in with 127.0.0.1"),
        "{status}"
    );
    // In the same session, whose earlier turn comes again first.
    let mut talk = Talk::begin(&service).await;
    talk.prompt("What is left?");
    let prompt = talk.prompt("And now?");
    talk.window.prompt(prompt).await.expect("the prompt is taken");
    wait_for("the gateway is asked as who signed in before", PATIENCE, || {
        (identity.seen() == ["gateway analyst"]).then_some(())
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn who_signs_out_is_asked_again_and_the_provider_ends_the_sign_in() {
    let gateway = play(&script(1)).await;
    let mut identity = Identity::start(&gateway.base_url(), 3_600);
    let setup = setup(&identity, &oidc(&identity));
    let service = Service::start(&setup, 0);
    sign_in(&service, &mut identity).await;
    let audit = setup.run(&["audit", "export"]).out;
    for record in ["signInStarted", "signInSucceeded"] {
        assert!(audit.contains(record), "{record}: {audit}");
    }
    let done = setup.run(&["sign-out"]);
    assert_eq!(
        (done.code(), done.out.trim()),
        (Some(0), "Signed out for the model.")
    );
    assert!(
        identity
            .seen()
            .iter()
            .any(|what| what == "grant.revoked" || what.ends_with("destroyed"))
    );
    assert!(!view(&service).await.signed_in);
    assert!(!setup.path().join("data/sign-in.sealed").exists());
    // It is written soon after, for nobody waits for the disk.
    wait_for("the sign-out is in the audit", PATIENCE, || {
        let audit = setup.run(&["audit", "export"]).out;
        audit.contains("signedOut").then_some(())
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_signed_in_for_goes_to_no_other_address() {
    let gateway = play(&script(1)).await;
    let mut identity = Identity::start(&gateway.base_url(), 3_600);
    let setup = setup(&identity, &oidc(&identity));
    let service = Service::start(&setup, 0);
    sign_in(&service, &mut identity).await;
    service.stop();
    drop(service);
    let other = play(&script(1)).await;
    setup.configure("inferenceGatewayBaseUrl", &other.base_url());
    let service = Service::start(&setup, 0);
    assert!(!view(&service).await.signed_in);
    let mut talk = Talk::begin(&service).await;
    let prompt = talk.prompt("What is left?");
    talk.window.prompt(prompt).await.expect("the prompt is taken");
    until(&service, "the turn waits", |view| {
        view.state == SignInState::SignIn { browser: true }
    })
    .await;
    assert!(other.log().is_empty());
    // Whoever goes back soon has it still.
    service.stop();
    drop(service);
    setup.configure("inferenceGatewayBaseUrl", &identity.issuer);
    assert!(view(&Service::start(&setup, 0)).await.signed_in);
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_are_renewed_by_themselves_until_the_provider_ends_the_sign_in() {
    let gateway = play(&script(3)).await;
    // Shorter than a token is used ahead of its end: each turn renews.
    let mut identity = Identity::start(&gateway.base_url(), 60);
    let setup = setup(&identity, &oidc(&identity));
    let service = Service::start(&setup, 0);
    sign_in(&service, &mut identity).await;
    let mut talk = Talk::begin(&service).await;
    for _ in 0..2 {
        let prompt = talk.prompt("What is left?");
        assert_eq!(talk.say(prompt).await, TurnOutcome::Completed);
    }
    let renewed = ["grant.success", "gateway analyst"];
    assert_eq!(
        identity.seen(),
        [&["grant.success"], &renewed[..], &renewed[..]].concat()
    );
    identity.end();
    let prompt = talk.prompt("And now?");
    let again = async {
        until(&service, "the sign-in is over", |view| !view.signed_in).await;
        sign_in(&service, &mut identity).await;
    };
    let (outcome, ()) = tokio::join!(talk.say(prompt), again);
    assert_eq!(outcome, TurnOutcome::Completed);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_is_its_own_authorization_server_signs_people_in() {
    let gateway = play(&script(1)).await;
    let mut identity = Identity::start(&gateway.base_url(), 3_600);
    let setup = setup(&identity, &Value::Null);
    let service = Service::start(&setup, 0);
    sign_in(&service, &mut identity).await;
    let mut talk = Talk::begin(&service).await;
    let prompt = talk.prompt("What is left?");
    assert_eq!(talk.say(prompt).await, TurnOutcome::Completed);
    assert_eq!(identity.seen(), ["grant.success", "gateway analyst"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_that_is_cancelled_leaves_nobody_signed_in_and_the_turn_ends_when_it_is_stopped() {
    let gateway = play(&script(1)).await;
    let mut identity = Identity::start(&gateway.base_url(), 3_600);
    let setup = setup(&identity, &oidc(&identity));
    let service = Service::start(&setup, 0);
    let mut window = service.join(FrontEndKind::Window).await;
    let book = Pane::workbook_at("/data/book.xlsx");
    let mut pane = Pane::pair(&service, &mut window, book, Workbook::default()).await;
    let page = begin(&mut window).await.expect("a page");
    // The page belongs to whoever sits at the window; a pane joins, and may not end it.
    assert_eq!(pane.answer_of(Method::ProviderSignIn).await, json!({}));
    let refusal = pane.refusal(Method::ProviderCancelSignIn).await;
    assert!(refusal.detail.is_some_and(|why| why.contains("Deskhand window")));
    let now = view(&service).await;
    assert_eq!(
        (now.state, now.begun_by),
        (SignInState::Browser, Some(FrontEndKind::Window))
    );
    let _: Nothing = window
        .call(Method::ProviderCancelSignIn, Nothing {})
        .await
        .expect("cancelled");
    until(&service, "nothing is under way", |view| {
        view.state == SignInState::SignIn { browser: true }
    })
    .await;
    assert!(
        !identity.browse(&page).contains("close"),
        "nobody listens any longer"
    );
    assert_eq!(
        pane.refusal(Method::ProviderSignOut).await.code,
        ErrorCode::NotPermitted
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_terminal_signs_in_and_says_where_the_page_is() {
    let gateway = play(&script(1)).await;
    let mut identity = Identity::start(&gateway.base_url(), 3_600);
    let setup = setup(&identity, &oidc(&identity));
    let service = Service::start(&setup, 0);
    let mut signing = deskhand_e2e::command(setup.path(), &["sign-in"])
        .stdin(Stdio::null())
        .spawn()
        .expect("deskhand starts");
    let mut lines = BufReader::new(signing.stdout.take().expect("piped")).lines();
    let mut next = || lines.next().expect("a line").expect("text");
    assert!(next().starts_with("Sign in with 127.0.0.1 for http://127.0.0.1:"));
    let page = next();
    identity.browse(page.trim());
    assert_eq!(
        next(),
        format!("signed in with 127.0.0.1 for {}", identity.issuer)
    );
    assert!(signing.wait().expect("it ends").success());
    assert!(view(&service).await.signed_in);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_is_away_is_told_by_name_and_asked_again() {
    let gateway = play(&script(1)).await;
    let mut identity = Identity::start(&gateway.base_url(), 3_600);
    let setup = setup(&identity, &oidc(&identity));
    let service = Service::start(&setup, 0);
    identity.child.kill().expect("it ends");
    identity.child.wait().expect("it ended");
    let mut window = service.join(FrontEndKind::Window).await;
    let refused: Result<SignInAnswer, _> = window.call(Method::ProviderSignIn, Nothing {}).await;
    refused.expect_err("nobody is there");
    let problem = view(&service).await.problem.expect("a problem");
    assert_eq!(problem.code, ErrorCode::InferenceUnreachable);
    wait_for("the audit tells", PATIENCE, || {
        setup
            .run(&["audit", "export"])
            .out
            .contains("signInFailed")
            .then_some(())
    });
}
