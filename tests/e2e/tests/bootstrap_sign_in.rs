//! Signing in to the address that hands out settings, and out, over real TLS in a network that ends at this machine.

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

use deskhand_e2e::{CallError, FrontEnd, PATIENCE, Pane, Service, Workbook};
use deskhand_protocol::bootstrap::BootstrapView;
use deskhand_protocol::hello::FrontEndKind;
use deskhand_protocol::session::Nothing;
use deskhand_protocol::sign_in::{SignInAnswer, SignInState};
use deskhand_protocol::{ErrorCode, Method, UserError};
use deskhand_standins::organisation::{Answers, Organisation};
use deskhand_test_support::eventually;
use place::{ISSUER, Place, in_force, named, show, until};
use pretty_assertions::assert_eq;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use world::World;

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

fn here(view: &BootstrapView) -> bool {
    view.counts_until.is_some() && view.state == SignInState::Idle
}

/// A window that signed in, with the code of a device.
async fn signed_in(place: &Place, service: &Service) -> FrontEnd {
    let (mut window, _) = until(service, "a sign-in is needed", |view| {
        view.state == SignInState::SignIn { browser: false }
    })
    .await;
    let begun: Result<SignInAnswer, _> = window.call(Method::BootstrapSignIn, Nothing {}).await;
    begun.expect("a sign-in");
    place.organisation.enter_codes();
    let (window, _) = until(service, "the settings are here", here).await;
    window
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_code_brings_the_settings_of_who_enters_it() {
    let Some(world) = World::enter("a_device_code_brings_the_settings_of_who_enters_it") else {
        return;
    };
    let place = Place::new(world, &json!({})).await;
    let service = place.service();
    let (mut window, _) = until(&service, "a sign-in is needed", |view| {
        view.state == SignInState::SignIn { browser: false }
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
    let SignInState::Code { code, address, .. } = view.state else {
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
    assert_eq!(view.state, SignInState::SignIn { browser: false });
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
        view.state == SignInState::SignIn { browser: false } && view.problem.is_some()
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
        view.state == SignInState::SignIn { browser: true }
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
    assert_eq!(view.state, SignInState::Browser);
    let end = browse(&place, &page).await;
    assert!(end.contains("You may close this page"), "{end}");
    until(&service, "the settings are here", here).await;
    in_force(&place.setup, Some("First")).await;
    place.assert_no_secret(&format!("{end}{}", service.errors()));
}

async fn begin(window: &mut FrontEnd) -> Result<SignInAnswer, UserError> {
    match window.call(Method::BootstrapSignIn, Nothing {}).await {
        Ok(begun) => Ok(begun),
        Err(CallError::Refused(error)) => Err(*error),
        Err(CallError::Cut) => panic!("the connection ended"),
    }
}

async fn view(window: &mut FrontEnd) -> BootstrapView {
    let answer = show(window).await.expect("an answer");
    answer.view.expect("a view")
}

/// Another organisation behind its own name.
async fn other(place: &Place) -> Organisation {
    let other = Organisation::serve("https://other.example.org", named("Other")).await;
    let name = "other.example.org";
    let authority = provider::serve(name, place.world.address(name), other.at()).await;
    place.world.trust(&authority);
    other
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_the_administrator_names_is_open_and_nothing_else_of_its_host() {
    let Some(world) =
        World::enter("a_page_that_the_administrator_names_is_open_and_nothing_else_of_its_host")
    else {
        return;
    };
    let place = Place::new(world, &json!({})).await;
    let other = other(&place).await;
    let oidc = json!({ "clientId": "desk", "scopes": "openid", "issuer": ISSUER, "authorizationUrl": "https://other.example.org/authorize" });
    place.manage(&json!({ "bootstrapOidc": oidc }));
    let service = place.service();
    let (mut window, _) = until(&service, "a sign-in is needed", |view| {
        view.state == SignInState::SignIn { browser: true }
    })
    .await;
    let page = begin(&mut window).await.expect("a sign-in").page.expect("a page");
    assert!(page.starts_with("https://other.example.org/authorize?"), "{page}");
    assert_eq!(other.log(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_whose_metadata_name_a_place_elsewhere_is_refused() {
    let Some(world) = World::enter("a_provider_whose_metadata_name_a_place_elsewhere_is_refused") else {
        return;
    };
    let place = Place::new(world, &json!({})).await;
    let other = other(&place).await;
    let oidc = json!({ "bootstrapOidc": { "clientId": "desk", "scopes": "openid", "issuer": ISSUER } });
    let elsewhere = |path: &str| format!("https://other.example.org/{path}");
    for (settings, endpoint, path, word) in [
        (
            &oidc,
            "authorization_endpoint",
            "authorize",
            "no host that bootstrapOidc names",
        ),
        (
            &json!({}),
            "device_authorization_endpoint",
            "device",
            "another origin",
        ),
        (&json!({}), "revocation_endpoint", "revoke", "another origin"),
    ] {
        place.manage(settings);
        place.organisation.name_endpoint(endpoint, &elsewhere(path));
        let service = place.service();
        let (mut window, _) = until(&service, "a sign-in is needed", |view| {
            matches!(view.state, SignInState::SignIn { .. })
        })
        .await;
        let error = begin(&mut window).await.expect_err("it lies elsewhere");
        assert_eq!(error.code, ErrorCode::BootstrapSignIn, "{endpoint}");
        assert!(error.detail.is_some_and(|why| why.contains(word)), "{endpoint}");
        assert!(matches!(
            view(&mut window).await.state,
            SignInState::SignIn { .. }
        ));
        place
            .organisation
            .name_endpoint(endpoint, &format!("{ISSUER}/{path}"));
        service.stop();
    }
    assert_eq!(other.log(), [""; 0]);
    assert!(!place.world.asked_for().contains("other.example.org"));
}

#[tokio::test(flavor = "multi_thread")]
async fn metadata_of_another_issuer_are_refused() {
    let Some(world) = World::enter("metadata_of_another_issuer_are_refused") else {
        return;
    };
    let oidc = json!({ "clientId": "desk", "scopes": "openid", "issuer": "https://other.example.org" });
    let place = Place::new(world, &json!({ "bootstrapOidc": oidc })).await;
    let other = other(&place).await;
    other.name_endpoint("issuer", ISSUER);
    let service = place.service();
    let (mut window, _) = until(&service, "a sign-in is needed", |view| {
        view.state == SignInState::SignIn { browser: true }
    })
    .await;
    let error = begin(&mut window).await.expect_err("its metadata are another's");
    assert!(error.detail.is_some_and(|why| why.contains("another issuer")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_that_is_cancelled_while_it_begins_does_not_begin() {
    let Some(world) = World::enter("a_sign_in_that_is_cancelled_while_it_begins_does_not_begin") else {
        return;
    };
    let place = Place::new(world, &json!({})).await;
    let service = place.service();
    let (mut window, _) = until(&service, "a sign-in is needed", |view| {
        view.state == SignInState::SignIn { browser: false }
    })
    .await;
    let mut other = service.join(FrontEndKind::Window).await;
    place.organisation.hold("/device");
    let cancelled = async {
        eventually("a code was asked for", PATIENCE, async || {
            (place.asked("POST /device 200") == 1).then_some(())
        })
        .await;
        let _: Nothing = other
            .call(Method::BootstrapCancel, Nothing {})
            .await
            .expect("cancelled");
    };
    let (begun, ()) = tokio::join!(begin(&mut window), cancelled);
    assert!(
        begun
            .expect_err("cancelled")
            .detail
            .is_some_and(|why| why.contains("cancelled"))
    );
    place.organisation.let_go();
    // Nothing of it is left: the next one begins, alone.
    begin(&mut window).await.expect("a sign-in");
    place.organisation.enter_codes();
    until(&service, "the settings are here", here).await;
    assert_eq!(place.asked("POST /device 200"), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_ins_that_are_asked_for_at_once_are_one() {
    let Some(world) = World::enter("sign_ins_that_are_asked_for_at_once_are_one") else {
        return;
    };
    let place = Place::new(world, &json!({})).await;
    let service = place.service();
    let (mut window, _) = until(&service, "a sign-in is needed", |view| {
        view.state == SignInState::SignIn { browser: false }
    })
    .await;
    let mut other = service.join(FrontEndKind::Window).await;
    place.organisation.hold("/device");
    // Both are under way before the first has its code: the answer to what is asked last comes while they wait.
    window
        .begin(Method::BootstrapSignIn, Nothing {})
        .await
        .expect("sent");
    eventually("a code was asked for", PATIENCE, async || {
        (place.asked("POST /device 200") == 1).then_some(())
    })
    .await;
    other
        .begin(Method::BootstrapSignIn, Nothing {})
        .await
        .expect("sent");
    view(&mut other).await;
    place.organisation.let_go();
    for front_end in [&mut window, &mut other] {
        let state = view(front_end).await.state;
        assert!(
            matches!(state, SignInState::Code { .. } | SignInState::SignIn { .. }),
            "{state:?}"
        );
    }
    until(&service, "there is a code", |view| {
        matches!(view.state, SignInState::Code { .. })
    })
    .await;
    place.organisation.enter_codes();
    until(&service, "the settings are here", here).await;
    assert_eq!(place.asked("POST /device 200"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pane_neither_cancels_nor_replaces_what_the_window_began() {
    let Some(world) = World::enter("a_pane_neither_cancels_nor_replaces_what_the_window_began") else {
        return;
    };
    let place = Place::new(world, &json!({})).await;
    let service = place.service();
    let (mut window, _) = until(&service, "a sign-in is needed", |view| {
        view.state == SignInState::SignIn { browser: false }
    })
    .await;
    let book = Pane::workbook_at("/data/book.xlsx");
    let mut pane = Pane::pair(&service, &mut window, book, Workbook::default()).await;
    begin(&mut window).await.expect("a sign-in");
    let refusal = pane.refusal(Method::BootstrapCancel).await;
    assert!(refusal.detail.is_some_and(|why| why.contains("Deskhand window")));
    let shown = view(&mut window).await;
    assert!(matches!(shown.state, SignInState::Code { .. }), "{shown:?}");
    assert_eq!(shown.begun_by, Some(FrontEndKind::Window));
    // It sees no code of it either.
    pane.open(&service).await;
    let seen = pane.view.as_ref().and_then(|view| view.bootstrap.as_ref());
    assert_eq!(seen.map(|seen| &seen.state), Some(&SignInState::Elsewhere));
    // Nor while nobody waits for a person any more, and the settings are fetched.
    place.organisation.hold("/settings");
    let before = place.asked("GET /settings");
    place.organisation.enter_codes();
    eventually("the settings are asked for", PATIENCE, async || {
        (place.asked("GET /settings") > before).then_some(())
    })
    .await;
    assert_eq!(pane.answer_of(Method::BootstrapSignIn).await, json!({}));
    place.organisation.let_go();
    until(&service, "the settings are here", here).await;
    assert_eq!(place.asked("POST /device 200"), 1);
    assert_eq!(place.asked("POST /revoke"), 0);
    // Who signs in after that is another one: the provider ends the sign-in of before.
    in_force(&place.setup, Some("First")).await;
    let mut window = service.rejoin(FrontEndKind::Window).await;
    begin(&mut window).await.expect("a sign-in");
    place.organisation.enter_codes();
    eventually("the provider ends the first", PATIENCE, async || {
        (place.asked("POST /revoke 200") == 1).then_some(())
    })
    .await;
    until(&service, "the settings are here again", here).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_out_ends_a_sign_in_that_waits_for_the_provider() {
    let Some(world) = World::enter("a_sign_out_ends_a_sign_in_that_waits_for_the_provider") else {
        return;
    };
    let place = Place::new(world, &json!({})).await;
    let service = place.service();
    let (mut window, _) = until(&service, "a sign-in is needed", |view| {
        view.state == SignInState::SignIn { browser: false }
    })
    .await;
    let mut other = service.join(FrontEndKind::Window).await;
    place.organisation.hold("/device");
    let signed_out = async {
        eventually("a code was asked for", PATIENCE, async || {
            (place.asked("POST /device 200") == 1).then_some(())
        })
        .await;
        let _: Nothing = other
            .call(Method::BootstrapSignOut, Nothing {})
            .await
            .expect("signed out");
    };
    let (begun, ()) = tokio::join!(begin(&mut window), signed_out);
    let why = begun.expect_err("it is ended").detail.unwrap_or_default();
    assert!(why.contains("cancelled"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_cuts_no_renewal_and_a_sign_out_waits_for_no_server() {
    let Some(world) = World::enter("a_restart_cuts_no_renewal_and_a_sign_out_waits_for_no_server") else {
        return;
    };
    let place = Place::new(world, &json!({})).await;
    let service = place.service();
    drop(signed_in(&place, &service).await);
    in_force(&place.setup, Some("First")).await;
    service.stop();
    // The provider took the refresh token and answers late; meanwhile the administrator changes something.
    place.organisation.end_access();
    place.organisation.answer(Answers::Settings(named("Second")));
    place.organisation.hold("/token");
    let service = place.service();
    eventually("the tokens are being renewed", PATIENCE, async || {
        (place.asked("POST /token refresh_token 200") == 1).then_some(())
    })
    .await;
    let mut window = service.join(FrontEndKind::Window).await;
    place.manage(&json!({ "deskhandManagedReason": "A test." }));
    while window.next().await.is_ok() {}
    // A service that did not wait for the answer would be there again by now, and ask with a token that is used up: who asks for
    // its state waits for one that starts anew.
    place.setup.run(&["status"]);
    place.organisation.let_go();
    in_force(&place.setup, Some("Second")).await;
    assert_eq!(place.asked("POST /token refresh_token 400"), 0);
    // A check that waits for its answer holds up nobody, and brings nothing back.
    place.organisation.hold("/settings");
    service.stop();
    let before = place.asked("GET /settings");
    let service = place.service();
    eventually("the address is asked", PATIENCE, async || {
        (place.asked("GET /settings") > before).then_some(())
    })
    .await;
    let problems = place.setup.run(&["sign-out"]);
    assert!(problems.status.success(), "{}", problems.err);
    let audit = place.setup.run(&["audit", "export"]).out;
    assert!(
        !audit.contains(ErrorCode::BootstrapUnreachable.as_str()),
        "{audit}"
    );
    place.organisation.let_go();
    in_force(&place.setup, None).await;
    service.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_out_is_told_to_the_provider_also_after_a_restart() {
    let Some(world) = World::enter("a_sign_out_is_told_to_the_provider_also_after_a_restart") else {
        return;
    };
    let place = Place::new(world, &json!({})).await;
    let service = place.service();
    drop(signed_in(&place, &service).await);
    in_force(&place.setup, Some("First")).await;
    place.organisation.hold("/revoke");
    assert!(place.setup.run(&["sign-out"]).status.success());
    eventually("the provider is asked", PATIENCE, async || {
        (place.asked("POST /revoke 200") == 1).then_some(())
    })
    .await;
    service.stop();
    let service = place.service();
    eventually("it is asked again", PATIENCE, async || {
        (place.asked("POST /revoke 200") == 2).then_some(())
    })
    .await;
    place.organisation.let_go();
    place.assert_no_secret(&service.errors());
}
