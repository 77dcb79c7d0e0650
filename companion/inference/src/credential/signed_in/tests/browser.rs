//! Signing in and out, as a front end sees it.

use futures_util::FutureExt as _;
use pretty_assertions::assert_eq;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::*;
use crate::credential::CredentialError::SignInFailed;

fn chance() -> Zeroizing<[u8; 64]> {
    Zeroizing::new(std::array::from_fn(|at| at as u8))
}

/// The browser comes back from this page with these fields.
async fn come_back(page: &Url, fields: &str) {
    let asked = |wanted: &str| {
        let mut pairs = page.query_pairs();
        pairs
            .find_map(|(name, value)| (name == wanted).then(|| value.into_owned()))
            .expect("a field")
    };
    let redirect = Url::parse(&asked("redirect_uri")).expect("an address");
    let port = redirect.port().expect("a port");
    #[expect(
        clippy::disallowed_methods,
        reason = "the test is the browser of this machine"
    )]
    let mut stream = TcpStream::connect(("127.0.0.1", port))
        .await
        .expect("somebody listens");
    let (path, state) = (redirect.path(), asked("state"));
    let request = format!("GET {path}?{fields}&state={state} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("it is sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("a page");
}

#[tokio::test]
async fn a_person_signs_in_in_the_browser() {
    let place = Place::new(by_access());
    let source = place.source();
    let begun = source.begin_browser(&chance()).await.unwrap();
    assert!(begun.code().is_none() && format!("{begun:?}") == "SignIn::Browser");
    let page = begun.page().expect("a page").clone();
    assert!(
        page.as_str().starts_with("https://id.example.org/authorize?"),
        "{page}"
    );
    place.script.say(200, &tokens(1));
    let (finished, ()) = tokio::join!(source.finish(begun), come_back(&page, "code=c-1"));
    finished.unwrap();
    assert_eq!(place.script.field(0, "code").as_deref(), Some("c-1"));
    assert_eq!(shown(&asked(&source).await.unwrap()), "access-1");
    assert_eq!(source.is_signed_in().await, Ok(true));
    assert_eq!(shown(&asked(&place.source()).await.unwrap()), "access-1");
}

#[tokio::test]
async fn a_person_who_says_no_is_not_signed_in_and_loses_nothing() {
    let place = Place::new(by_access());
    let source = place.signed_in(&tokens(1)).await;
    let begun = source.begin_browser(&chance()).await.unwrap();
    let page = begun.page().expect("a page").clone();
    let (finished, ()) = tokio::join!(source.finish(begun), come_back(&page, "error=access_denied"));
    assert_eq!(finished.unwrap_err(), SignInFailed(SignInError::Denied));
    assert_eq!(shown(&asked(&source).await.unwrap()), "access-1");
}

#[tokio::test(start_paused = true)]
async fn a_browser_that_does_not_come_back_is_not_waited_for_without_end() {
    let place = Place::new(by_access());
    let source = place.source();
    let begun = source.begin_browser(&chance()).await.unwrap();
    assert_eq!(
        source.finish(begun).await.unwrap_err(),
        SignInFailed(SignInError::Expired)
    );
}

#[tokio::test]
async fn a_sign_in_without_the_token_that_is_sent_is_none() {
    let place = Place::new(by_id());
    let source = place.source();
    let begun = source.begin_browser(&chance()).await.unwrap();
    let page = begun.page().expect("a page").clone();
    place.script.say(200, &tokens(1));
    let (finished, ()) = tokio::join!(source.finish(begun), come_back(&page, "code=c-1"));
    let error = finished.unwrap_err();
    assert!(error.to_string().contains("`openid`"), "{error}");
    assert_eq!(
        (source.is_signed_in().await, place.store.text()),
        (Ok(false), None)
    );
}

fn entra() -> SignInPlan {
    SignInPlan::entra("tenant.example.org", "client-1").expect("a plan")
}

fn code() -> Value {
    json!({
        "device_code": "device-1", "user_code": "WDJB-MJHT", "interval": 5, "expires_in": 900,
        "verification_uri": "https://login.example.org/device",
    })
}

#[tokio::test(start_paused = true)]
async fn a_person_signs_in_with_a_device_code() {
    let place = Place::new(entra());
    let source = place.source();
    place.script.say(200, &code());
    let begun = source.begin_device().await.unwrap();
    let shown_code = begun.code().expect("a code");
    assert_eq!((shown_code.user_code(), begun.page()), ("WDJB-MJHT", None));
    let base = "https://login.microsoftonline.com/tenant.example.org/oauth2/v2.0";
    assert_eq!(place.script.address(0), format!("{base}/devicecode"));
    let scope = "https://cognitiveservices.azure.com/.default offline_access";
    assert_eq!(place.script.field(0, "scope").as_deref(), Some(scope));
    place
        .script
        .say(400, &json!({ "error": "authorization_pending" }));
    place.script.say(200, &tokens(1));
    source.finish(begun).await.unwrap();
    assert_eq!(place.script.address(2), format!("{base}/token"));
    assert_eq!(shown(&asked(&source).await.unwrap()), "access-1");
}

#[tokio::test(start_paused = true)]
async fn a_device_code_that_is_declined_or_over_signs_nobody_in() {
    for (said, error) in [
        ("authorization_declined", SignInError::Denied),
        ("expired_token", SignInError::Expired),
    ] {
        let place = Place::new(entra());
        let source = place.source();
        place.script.say(200, &code());
        let begun = source.begin_device().await.unwrap();
        place.script.say(400, &json!({ "error": said }));
        assert_eq!(source.finish(begun).await.unwrap_err(), SignInFailed(error));
        assert_eq!(source.is_signed_in().await, Ok(false));
    }
}

#[tokio::test]
async fn a_provider_that_is_not_there_is_told_before_anybody_waits() {
    let place = Place::new(entra());
    let error = place.source().begin_device().await.unwrap_err();
    assert_eq!(error, CredentialError::Unreachable("nobody is there".to_owned()));
}

fn google() -> SignInPlan {
    SignInPlan::google(GoogleClient {
        id: "client-1".to_owned(),
        secret: Some(Secret::new("client-secret".to_owned())),
        scopes: None,
        login_hint: Some("a@example.org".to_owned()),
    })
}

#[tokio::test]
async fn who_signs_in_anew_has_the_provider_end_the_sign_in_of_before() {
    let place = Place::new(google());
    let source = place.signed_in(&tokens(1)).await;
    let begun = source.begin_browser(&chance()).await.unwrap();
    let page = begun.page().expect("a page").clone();
    place.script.say(200, &tokens(2));
    place.script.say(200, &json!({}));
    let (finished, ()) = tokio::join!(
        source.finish(begun),
        come_back(&page, "code=c-1&iss=https://accounts.google.com")
    );
    finished.unwrap();
    assert_eq!(
        place.script.field(0, "client_secret").as_deref(),
        Some("client-secret")
    );
    assert_eq!(place.script.address(1), "https://oauth2.googleapis.com/revoke");
    assert_eq!(place.script.field(1, "token").as_deref(), Some("refresh-1"));
    assert_eq!(shown(&asked(&source).await.unwrap()), "access-2");
}

#[tokio::test]
async fn a_sign_out_forgets_also_where_the_provider_cannot_be_told() {
    let place = Place::new(google());
    let source = place.signed_in(&tokens(1)).await;
    assert_eq!(source.sign_out().await, Ok(false));
    assert_eq!((place.script.asked(), place.store.text()), (1, None));
    assert_eq!(asked(&source).await.unwrap_err(), CredentialError::SignInNeeded);
    assert_eq!(source.sign_out().await, Ok(false));
    let source = place.signed_in(&tokens(1)).await;
    place.script.say(200, &json!({}));
    assert_eq!(source.sign_out().await, Ok(true));
}

/// Who signed out while their tokens were renewed stays signed out.
#[tokio::test]
async fn a_renewal_that_is_under_way_brings_nobody_back() {
    let place = Place::new(by_access());
    let source = place.signed_in(&tokens(1)).await;
    asked(&source).await.unwrap();
    place.watch.after(HOUR);
    place.script.say(200, &tokens(2));
    assert!(asked(&source).now_or_never().is_none());
    tokio::task::yield_now().await;
    assert_eq!(place.script.asked(), 1, "it is under way");
    assert_eq!(source.sign_out().await, Ok(false));
    let renewed = source.shared.renewing.lock().await;
    drop(renewed);
    assert_eq!(asked(&source).await.unwrap_err(), CredentialError::SignInNeeded);
    assert_eq!(place.store.text(), None);
}
