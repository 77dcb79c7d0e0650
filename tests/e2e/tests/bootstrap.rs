//! Settings that an address of the organisation hands out, over real TLS in a network that ends at this machine: fetched,
//! kept, asked for again; the sign-ins for them; what waits for consent.

#![cfg(target_os = "linux")]
#![expect(
    clippy::disallowed_methods,
    reason = "the network's own servers, and the browser of this machine"
)]

#[path = "outside/provider.rs"]
mod provider;
#[expect(dead_code, reason = "what other tests ask of the network")]
#[path = "outside/world.rs"]
mod world;

use std::os::unix::fs::PermissionsExt as _;
use std::panic::AssertUnwindSafe;
use std::time::{SystemTime, UNIX_EPOCH};

use deskhand_e2e::{FrontEnd, PATIENCE, Service, Setup};
use deskhand_protocol::bootstrap::{
    BootstrapAnswer, BootstrapState, BootstrapView, Consent, ConsentParams, SignInAnswer,
};
use deskhand_protocol::hello::FrontEndKind;
use deskhand_protocol::session::Nothing;
use deskhand_protocol::{ErrorCode, Method};
use deskhand_standins::organisation::{Answers, Organisation};
use deskhand_test_support::eventually;
use futures_util::FutureExt as _;
use pretty_assertions::assert_eq;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use world::World;

const HOST: &str = "settings.example.com";
const ISSUER: &str = "https://settings.example.com";
const KEY: &str = "settings-key-5150";

/// An organisation behind its name, and a person's computer that it manages.
struct Place {
    world: World,
    setup: Setup,
    organisation: Organisation,
}

impl Place {
    async fn new(world: World, more: &Value) -> Self {
        let organisation = Organisation::serve(ISSUER, named("First")).await;
        organisation.take_key(KEY);
        let authority = provider::serve(HOST, world.address(HOST), organisation.at()).await;
        world.trust(&authority);
        let place = Self {
            world,
            setup: Setup::empty(),
            organisation,
        };
        place.manage(more);
        place
    }

    fn manage(&self, more: &Value) {
        let mut settings = json!({ "bootstrapUrl": format!("{ISSUER}/settings") });
        let all = settings.as_object_mut().expect("an object");
        all.extend(more.as_object().expect("an object").clone());
        self.world.manage(&settings);
    }

    fn service(&self) -> Service {
        Service::start(&self.setup, 0)
    }

    fn asked(&self, what: &str) -> usize {
        self.organisation
            .log()
            .iter()
            .filter(|line| line.starts_with(what))
            .count()
    }

    /// Nothing that the provider gave out stands in a file of this user that is not sealed, nor in the answers so far.
    fn assert_no_secret(&self, said: &str) {
        let mut texts = vec![said.to_owned()];
        gather(self.setup.path(), &mut texts);
        for secret in self.organisation.secrets() {
            let found = texts.iter().filter(|text| text.contains(&secret)).count();
            assert_eq!(found, 0, "{secret}");
        }
        assert!(!texts.iter().any(|text| text.contains(KEY)));
    }
}

/// Every file below a folder, as text.
fn gather(folder: &std::path::Path, texts: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            gather(&path, texts);
        } else if let Ok(bytes) = std::fs::read(path) {
            texts.push(String::from_utf8_lossy(&bytes).into_owned());
        }
    }
}

/// Settings that show themselves in every front end.
fn named(name: &str) -> Value {
    json!({ "deploymentDisplayName": name })
}

fn by_key() -> Value {
    json!({ "bootstrapHeaders": { "X-Settings-Key": KEY } })
}

async fn show(window: &mut FrontEnd) -> Option<BootstrapAnswer> {
    window.call(Method::BootstrapShow, Nothing {}).await.ok()
}

/// Waits until the settings are as `wanted` says, over each new start of the service.
async fn until(
    service: &Service,
    what: &str,
    wanted: impl Fn(&BootstrapView) -> bool,
) -> (FrontEnd, BootstrapAnswer) {
    eventually(what, PATIENCE, async || {
        // A service that starts anew cuts who joins just then.
        let joined = AssertUnwindSafe(service.rejoin(FrontEndKind::Window)).catch_unwind();
        let mut window = joined.await.ok()?;
        let answer = show(&mut window).await?;
        wanted(answer.view.as_ref()?).then_some((window, answer))
    })
    .await
}

/// Waits until the settings in force name the organisation so; `None` where sessions wait.
async fn in_force(setup: &Setup, name: Option<&str>) {
    eventually("the settings are in force", PATIENCE, async || {
        let shown = setup.run(&["status", "--json"]);
        let status: Value = serde_json::from_str(&shown.out).ok()?;
        let view = &status["view"];
        let found = view["organisation"]["name"].as_str();
        let stopped = view["stopped"]["code"].as_str();
        let fits = match name {
            Some(_) => found == name && stopped.is_none(),
            None => stopped == Some(ErrorCode::BootstrapAwaited.as_str()),
        };
        fits.then_some(())
    })
    .await;
}

fn here(view: &BootstrapView) -> bool {
    view.counts_until.is_some() && view.state == BootstrapState::Idle
}

fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("a clock")
        .as_secs()
}

/// What the browser does: it opens the page and follows where it is sent, up to the page of this machine.
async fn browse(place: &Place, page: &str) -> String {
    let path = page.strip_prefix(ISSUER).expect("a page of the provider");
    let first = fetch(&place.organisation.at(), path).await;
    let to = first
        .lines()
        .find_map(|line| line.strip_prefix("location: "))
        .expect("a redirect")
        .to_owned();
    let to = to.strip_prefix("http://").expect("this machine");
    let (host, path) = to.split_once('/').expect("a path");
    fetch(host, &format!("/{path}")).await
}

async fn fetch(host: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(host).await.expect("a server");
    let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_by_headers_are_fetched_kept_and_asked_for_again() {
    let Some(world) = World::enter("settings_by_headers_are_fetched_kept_and_asked_for_again") else {
        return;
    };
    let place = Place::new(world, &by_key()).await;
    let service = place.service();
    in_force(&place.setup, Some("First")).await;
    service.stop();
    // After a restart the kept ones count, and are asked about by their tag.
    let before = place.asked("GET /settings 304");
    let service = place.service();
    in_force(&place.setup, Some("First")).await;
    eventually("it is asked at each start", PATIENCE, async || {
        (place.asked("GET /settings 304") > before).then_some(())
    })
    .await;
    // What changed takes effect in the service that runs.
    place.organisation.answer(Answers::Settings(named("Second")));
    let done = place.setup.run(&["sign-in"]);
    assert!(done.status.success(), "{}", done.err);
    in_force(&place.setup, Some("Second")).await;
    let shown = place.setup.run(&["policy", "show"]).out;
    assert!(
        shown.contains("Second") && shown.contains("bootstrap: https://settings.example.com"),
        "{shown}"
    );
    place.assert_no_secret(&service.errors());
}

/// Answers that change nothing: what is told of each, and a word of it.
fn faults() -> [(Answers, ErrorCode, &'static str); 7] {
    [
        (
            Answers::Raw(302, String::new(), Some(format!("{ISSUER}/other"))),
            ErrorCode::BootstrapAnswer,
            "redirect",
        ),
        (
            Answers::Raw(307, String::new(), Some("https://evil.example.org/".to_owned())),
            ErrorCode::BootstrapAnswer,
            "redirect",
        ),
        (
            Answers::Raw(200, "<html>sign in</html>".to_owned(), None),
            ErrorCode::BootstrapAnswer,
            "no JSON",
        ),
        (
            Answers::Raw(200, format!("{{\"a\": \"{}\"}}", "x".repeat(2 << 20)), None),
            ErrorCode::BootstrapAnswer,
            "longer",
        ),
        (
            Answers::Raw(200, "{\"expiresAt\": 1}".to_owned(), None),
            ErrorCode::BootstrapAnswer,
            "ended already",
        ),
        (
            Answers::Raw(503, String::new(), None),
            ErrorCode::BootstrapUnreachable,
            "503",
        ),
        (
            Answers::Raw(403, String::new(), None),
            ErrorCode::BootstrapSignIn,
            "headers",
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_leave_the_present_settings_in_force_each_with_its_reason() {
    let Some(world) = World::enter("faults_leave_the_present_settings_in_force_each_with_its_reason") else {
        return;
    };
    let place = Place::new(world, &by_key()).await;
    let service = place.service();
    in_force(&place.setup, Some("First")).await;
    for (answers, code, word) in faults() {
        place.organisation.answer(answers);
        let done = place.setup.run(&["sign-in"]);
        assert!(
            !done.status.success() && done.err.contains(word),
            "{code:?}: {}",
            done.err
        );
        let (_, answer) = until(&service, "a problem", |view| {
            view.problem.as_ref().is_some_and(|problem| problem.code == code)
        })
        .await;
        assert!(
            answer.view.is_some_and(|view| view.counts_until.is_some()),
            "{code:?}"
        );
        in_force(&place.setup, Some("First")).await;
    }
    assert_eq!(place.asked("GET /other"), 0);
    assert!(!place.world.asked_for().contains("evil.example.org"));
    place.assert_no_secret(&service.errors());
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_stop_at_the_end_of_settings_and_nothing_else_is_open_before_they_come() {
    let test = "sessions_stop_at_the_end_of_settings_and_nothing_else_is_open_before_they_come";
    let Some(world) = World::enter(test) else { return };
    let place = Place::new(world, &json!({})).await;
    let helper = place.setup.path().join("headers");
    let prints = format!("#!/bin/sh\necho '{{\"X-Settings-Key\": \"{KEY}\"}}'\n");
    std::fs::write(&helper, prints).expect("a program");
    std::fs::set_permissions(&helper, std::fs::Permissions::from_mode(0o700)).expect("a mode");
    let collector = "https://collector.example.com";
    place.manage(&json!({ "bootstrapHeadersHelper": helper, "otlpEndpoint": collector }));
    place.organisation.answer(Answers::Raw(503, String::new(), None));
    let service = place.service();
    in_force(&place.setup, None).await;
    let mut soon = named("First");
    soon["expiresAt"] = json!(now() + 8);
    assert!(
        !place.world.asked_for().contains("collector.example.com"),
        "closed before the settings are here"
    );
    place.organisation.answer(Answers::Settings(soon));
    assert!(place.setup.run(&["sign-in"]).status.success());
    in_force(&place.setup, Some("First")).await;
    place.organisation.answer(Answers::Raw(503, String::new(), None));
    in_force(&place.setup, None).await;
    // Also after a restart: what ended does not come back.
    service.stop();
    let _service = place.service();
    in_force(&place.setup, None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_code_brings_the_settings_of_who_enters_it() {
    let Some(world) = World::enter("a_device_code_brings_the_settings_of_who_enters_it") else {
        return;
    };
    let place = Place::new(world, &json!({})).await;
    let service = place.service();
    let (mut window, _) = until(&service, "a sign-in is needed", |view| {
        view.state == BootstrapState::SignIn { browser: false }
    })
    .await;
    for command in ["status", "doctor"] {
        let shown = place.setup.run(&[command]).out;
        assert!(shown.contains("deskhand sign-in"), "{command}: {shown}");
    }
    let _: SignInAnswer = window
        .call(Method::BootstrapSignIn, Nothing {})
        .await
        .expect("a sign-in");
    let view = show(&mut window)
        .await
        .and_then(|answer| answer.view)
        .expect("a view");
    let BootstrapState::Code { code, address, .. } = view.state else {
        panic!("{view:?}")
    };
    assert_eq!(
        (code.as_str(), address.as_str()),
        ("WDJB-MJHT", "https://settings.example.com/activate")
    );
    // Ended and begun again: the first code is of no use any more.
    let _: Nothing = window
        .call(Method::BootstrapCancel, Nothing {})
        .await
        .expect("cancelled");
    let view = show(&mut window)
        .await
        .and_then(|answer| answer.view)
        .expect("a view");
    assert_eq!(view.state, BootstrapState::SignIn { browser: false });
    let _: SignInAnswer = window
        .call(Method::BootstrapSignIn, Nothing {})
        .await
        .expect("a sign-in");
    place.organisation.enter_codes();
    let (_, answer) = until(&service, "the settings are here", here).await;
    assert!(answer.view.is_some_and(|view| view.signed_in));
    in_force(&place.setup, Some("First")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_is_renewed_without_a_person_until_it_ends_or_is_ended() {
    let Some(world) = World::enter("a_sign_in_is_renewed_without_a_person_until_it_ends_or_is_ended") else {
        return;
    };
    let place = Place::new(world, &json!({})).await;
    let service = place.service();
    let mut window = service.join(FrontEndKind::Window).await;
    let begun: Result<SignInAnswer, _> = window.call(Method::BootstrapSignIn, Nothing {}).await;
    begun.expect("a sign-in");
    place.organisation.enter_codes();
    in_force(&place.setup, Some("First")).await;
    // Access tokens end: the refresh token brings others, without a person.
    place.organisation.end_access();
    place.organisation.answer(Answers::Settings(named("Second")));
    service.stop();
    let service = place.service();
    in_force(&place.setup, Some("Second")).await;
    assert_eq!(place.asked("POST /token refresh_token 200"), 1);
    // Nothing counts any more: a check in the background keeps the present settings and says what to do.
    place.organisation.end_everything();
    service.stop();
    let service = place.service();
    let (_, answer) = until(&service, "a sign-in is needed again", |view| {
        view.state == BootstrapState::SignIn { browser: false } && view.problem.is_some()
    })
    .await;
    assert!(answer.view.is_some_and(|view| view.counts_until.is_some()));
    in_force(&place.setup, Some("Second")).await;
    // Signing out forgets it all.
    let done = place.setup.run(&["sign-out"]);
    assert!(done.status.success(), "{}", done.err);
    in_force(&place.setup, None).await;
    eventually("the provider ends it too", PATIENCE, async || {
        (place.asked("POST /revoke 200") == 1).then_some(())
    })
    .await;
    let audit = place.setup.run(&["audit", "export"]).out;
    for kind in [
        "signInStarted",
        "signInSucceeded",
        "signInFailed",
        "signedOut",
        "deploymentDisplayName",
    ] {
        assert!(audit.contains(kind), "{kind}: {audit}");
    }
    place.assert_no_secret(&format!("{audit}{}", service.errors()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_in_the_browser_brings_the_settings() {
    let Some(world) = World::enter("a_sign_in_in_the_browser_brings_the_settings") else {
        return;
    };
    let oidc = json!({ "clientId": "desk", "issuer": ISSUER, "scopes": "openid offline_access" });
    let place = Place::new(world, &json!({ "bootstrapOidc": oidc })).await;
    let service = place.service();
    let (mut window, _) = until(&service, "a sign-in is needed", |view| {
        view.state == BootstrapState::SignIn { browser: true }
    })
    .await;
    let begun: SignInAnswer = window
        .call(Method::BootstrapSignIn, Nothing {})
        .await
        .expect("a sign-in");
    let page = begun.page.expect("the window is told the page");
    let view = show(&mut window)
        .await
        .and_then(|answer| answer.view)
        .expect("a view");
    assert_eq!(view.state, BootstrapState::Browser);
    let end = browse(&place, &page).await;
    assert!(end.contains("You may close this page"), "{end}");
    until(&service, "the settings are here", here).await;
    in_force(&place.setup, Some("First")).await;
    place.assert_no_secret(&format!("{end}{}", service.errors()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_whose_pages_lie_elsewhere_is_refused() {
    let Some(world) = World::enter("a_provider_whose_pages_lie_elsewhere_is_refused") else {
        return;
    };
    let place = Place::new(world, &json!({})).await;
    // The metadata are those of another issuer, on whose origin everything lies.
    let other = Organisation::serve("https://other.example.org", named("Other")).await;
    let authority = provider::serve(
        "other.example.org",
        place.world.address("other.example.org"),
        other.at(),
    )
    .await;
    place.world.trust(&authority);
    let oidc = json!({ "clientId": "desk", "scopes": "openid", "issuer": ISSUER, "authorizationUrl": "https://other.example.org/authorize" });
    place.manage(&json!({ "bootstrapOidc": oidc }));
    let service = place.service();
    let (mut window, _) = until(&service, "a sign-in is needed", |view| {
        view.state == BootstrapState::SignIn { browser: true }
    })
    .await;
    // The administrator named that page: it is open, and nothing else of that host is.
    let begun: Result<SignInAnswer, _> = window.call(Method::BootstrapSignIn, Nothing {}).await;
    let page = begun.expect("a sign-in").page.expect("a page");
    assert!(page.starts_with("https://other.example.org/authorize?"), "{page}");
    assert_eq!(other.log(), [""; 0]);
    place.manage(
        &json!({ "bootstrapUrl": "https://other.example.org/settings", "bootstrapOidc": {
        "clientId": "desk", "scopes": "openid", "issuer": format!("{ISSUER}/tenant") } }),
    );
    let (mut window, _) = until(&service, "another address", |view| {
        view.origin == "https://other.example.org"
    })
    .await;
    let begun: Result<SignInAnswer, _> = window.call(Method::BootstrapSignIn, Nothing {}).await;
    assert!(begun.is_err(), "its metadata are not there");
}

/// What people said of values, as the audit has it.
fn consents(place: &Place) -> Vec<bool> {
    let audit = place.setup.run(&["audit", "export"]).out;
    let said = audit.lines().filter(|line| line.contains("bootstrapConsent"));
    said.map(|line| line.contains("\"allowed\":true")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn values_that_name_places_wait_for_consent_and_are_asked_about_again_when_they_change() {
    let test = "values_that_name_places_wait_for_consent_and_are_asked_about_again_when_they_change";
    let Some(world) = World::enter(test) else { return };
    let place = Place::new(world, &json!({})).await;
    // The person set the address: what the machine's administrator names is not asked about.
    std::fs::create_dir_all(place.setup.path().join("data")).expect("a folder");
    let own = json!({ "bootstrapUrl": format!("{ISSUER}/settings"), "bootstrapHeaders": { "X-Settings-Key": KEY } });
    std::fs::remove_file("/etc/deskhand/managed-settings.json").expect("the administrator's file");
    std::fs::write(place.setup.path().join("data/settings.json"), own.to_string())
        .expect("the person's file");
    let gateway = |path: &str| {
        let mut settings = named("First");
        settings["inferenceProvider"] = json!("gateway");
        settings["inferenceGatewayBaseUrl"] = json!(format!("{ISSUER}/{path}"));
        settings
    };
    place.organisation.answer(Answers::Settings(gateway("ai")));
    let service = place.service();
    let (mut window, answer) = until(&service, "a question", |view| {
        view.consent == Some(Consent::Waiting)
    })
    .await;
    assert_eq!(answer.values.len(), 1);
    assert_eq!(answer.values[0].value, json!(format!("{ISSUER}/ai")));
    let wrong = ConsentParams {
        digest: "0".to_owned(),
        allow: true,
    };
    let refused: Result<Nothing, _> = window.call(Method::BootstrapConsent, wrong).await;
    assert!(refused.is_err(), "consent to something else");
    let base = || place.setup.run(&["policy", "show"]).out;
    assert!(!base().contains(&format!("{ISSUER}/ai")));
    for (allow, consent) in [(false, Consent::Refused), (true, Consent::Given)] {
        let word = if allow { "--allow" } else { "--refuse" };
        let done = place.setup.run(&["sign-in", word, &answer.digest]);
        assert!(done.status.success(), "{}", done.err);
        until(&service, "the answer is taken", |view| {
            view.consent == Some(consent) || allow && view.consent.is_none()
        })
        .await;
        eventually("it counts", PATIENCE, async || {
            (base().contains(&format!("{ISSUER}/ai")) == allow).then_some(())
        })
        .await;
    }
    assert_eq!(consents(&place), [false, true]);
    place.organisation.answer(Answers::Settings(gateway("other")));
    assert!(place.setup.run(&["sign-in"]).status.success());
    let (_, again) = until(&service, "another question", |view| {
        view.consent == Some(Consent::Waiting)
    })
    .await;
    assert!(again.digest != answer.digest);
    eventually("neither value counts", PATIENCE, async || {
        let shown = base();
        let counts = ["ai", "other"]
            .iter()
            .any(|path| shown.contains(&format!("{ISSUER}/{path}")));
        (!counts).then_some(())
    })
    .await;
}
