//! Settings that an address of the organisation hands out, over real TLS in a network that ends at this machine: fetched,
//! kept, asked for again; what waits for consent. The sign-ins for them are in `bootstrap_sign_in.rs`.

#![cfg(target_os = "linux")]
#![expect(
    clippy::disallowed_methods,
    reason = "the network's own servers, and the browser of this machine"
)]

#[path = "bootstrap/place.rs"]
mod place;
#[path = "outside/provider.rs"]
mod provider;
#[expect(dead_code, reason = "what other tests ask of the network")]
#[path = "outside/world.rs"]
mod world;

use std::os::unix::fs::PermissionsExt as _;
use std::time::{SystemTime, UNIX_EPOCH};

use deskhand_e2e::{PATIENCE, Setup, Talk};
use deskhand_protocol::bootstrap::{Consent, ConsentParams};
use deskhand_protocol::hello::FrontEndKind;
use deskhand_protocol::session::Nothing;
use deskhand_protocol::{ErrorCode, Method};
use deskhand_standins::organisation::Answers;
use deskhand_test_support::eventually;
use place::{ISSUER, KEY, Place, in_force, named, until};
use pretty_assertions::assert_eq;
use serde_json::{Value, json};
use world::World;

fn by_key() -> Value {
    json!({ "bootstrapHeaders": { "X-Settings-Key": KEY } })
}

fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("a clock")
        .as_secs()
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
    eventually(
        "the collector is asked for as soon as they are here",
        PATIENCE,
        async || {
            place
                .world
                .asked_for()
                .contains("collector.example.com")
                .then_some(())
        },
    )
    .await;
    place.organisation.answer(Answers::Raw(503, String::new(), None));
    in_force(&place.setup, None).await;
    // Also after a restart: what ended does not come back.
    service.stop();
    let _service = place.service();
    in_force(&place.setup, None).await;
}

const DEPLOYMENT: &str = "0d7d6a0e-4f2f-4d5f-9a70-2f1f0c6f9b11";

/// How many sessions are shown, once the service answers.
fn sessions(setup: &Setup) -> Option<usize> {
    let done = setup.run(&["session", "list", "--json"]);
    let list: Value = serde_json::from_str(&done.out).ok()?;
    list["sessions"].as_array().map(Vec::len)
}

async fn shows(setup: &Setup, count: usize) {
    eventually("so many sessions are shown", PATIENCE, async || {
        (sessions(setup) == Some(count)).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_stay_when_the_settings_that_name_their_deployment_end_and_until_the_address_is_gone() {
    let test = "sessions_stay_when_the_settings_that_name_their_deployment_end_and_until_the_address_is_gone";
    let Some(world) = World::enter(test) else { return };
    let place = Place::new(world, &by_key()).await;
    place.organisation.answer(Answers::Raw(503, String::new(), None));
    let service = place.service();
    in_force(&place.setup, None).await;
    let mut soon = named("First");
    soon["deploymentOrganizationUuid"] = json!(DEPLOYMENT);
    soon["expiresAt"] = json!(now() + 8);
    place.organisation.answer(Answers::Settings(soon));
    assert!(place.setup.run(&["sign-in"]).status.success());
    in_force(&place.setup, Some("First")).await;
    place.organisation.answer(Answers::Raw(503, String::new(), None));
    let talk = Talk::with(service.rejoin(FrontEndKind::Window).await).await;
    drop(talk);
    shows(&place.setup, 1).await;
    // They end, the service starts anew, and who signs out takes no sessions along.
    in_force(&place.setup, None).await;
    shows(&place.setup, 1).await;
    assert!(place.setup.run(&["sign-out"]).status.success());
    service.stop();
    let service = place.service();
    in_force(&place.setup, None).await;
    shows(&place.setup, 1).await;
    // Once the address is gone, nothing of it counts, and nobody has to sign out of it.
    place
        .world
        .manage(&json!({ "deskhandManagedReason": "Another test." }));
    shows(&place.setup, 0).await;
    drop(service);
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
