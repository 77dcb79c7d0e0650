//! What a provider and a browser may answer, and what becomes of it.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;

use base64::Engine as _;
use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use pretty_assertions::assert_eq;
use serde_json::{Value, json};
use url::Url;
use url::form_urlencoded::parse;
use zeroize::Zeroizing;

use crate::{
    Answer, Attempt, Client, DeviceGrant, Discovery, Endpoint, LONGEST, Polled, Provider, SHORTEST,
    SignInError, Tokens, Transport, TransportError,
};

mod browser;
mod programs;

const ISSUER: &str = "https://id.example.org";
const NOW: u64 = 1_800_000_000_000;

/// Answers each request with the next of these, and keeps what was sent.
#[derive(Default)]
struct Scripted {
    answers: Mutex<VecDeque<Result<Answer, TransportError>>>,
    sent: Mutex<Vec<(String, String)>>,
    heads: Mutex<Vec<HeaderMap>>,
}

impl Scripted {
    fn saying(answers: impl IntoIterator<Item = (u16, Value)>) -> Self {
        let script = Self::default();
        for (status, body) in answers {
            script.push(Ok(answer(status, body.to_string())));
        }
        script
    }

    fn push(&self, answer: Result<Answer, TransportError>) {
        self.answers.lock().unwrap().push_back(answer);
    }

    /// The fields of the form that was sent in the request of this number.
    fn field(&self, number: usize, name: &str) -> Option<String> {
        let sent = self.sent.lock().unwrap();
        let mut fields = parse(sent[number].1.as_bytes());
        fields.find_map(|(found, value)| (found == name).then(|| value.into_owned()))
    }
}

impl Transport for Scripted {
    async fn send(&self, request: Request<Bytes>) -> Result<Answer, TransportError> {
        let body = String::from_utf8_lossy(request.body()).into_owned();
        self.sent.lock().unwrap().push((request.uri().to_string(), body));
        self.heads.lock().unwrap().push(request.headers().clone());
        self.answers
            .lock()
            .unwrap()
            .pop_front()
            .expect("an answer for each request")
    }
}

fn answer(status: u16, body: String) -> Answer {
    Answer {
        status: StatusCode::from_u16(status).expect("a status"),
        body: Bytes::from(body),
    }
}

fn metadata(more: &Value) -> Value {
    let mut said = json!({
        "issuer": ISSUER,
        "authorization_endpoint": "https://id.example.org/authorize",
        "token_endpoint": "https://id.example.org/token",
        "device_authorization_endpoint": "https://id.example.org/device",
    });
    let more = more.as_object().cloned().unwrap_or_default();
    said.as_object_mut().unwrap().extend(more);
    said
}

fn granted() -> Value {
    json!({ "access_token": "access-1", "token_type": "Bearer", "expires_in": 3600, "refresh_token": "refresh-1" })
}

async fn discovered(more: Value) -> Result<Provider, SignInError> {
    let script = Scripted::saying([(200, metadata(&more))]);
    Provider::discover(&script, &Url::parse(ISSUER).unwrap(), Discovery::OpenId).await
}

async fn client() -> Client {
    let provider = discovered(json!({ "revocation_endpoint": "https://id.example.org/revoke" })).await;
    Client::new(provider.unwrap(), "desk", Some("openid offline_access"))
}

fn attempt(redirect: &str) -> Attempt {
    Attempt::new(redirect, &Zeroizing::new(std::array::from_fn(|at| at as u8)))
}

#[tokio::test]
async fn metadata_lie_where_the_standards_say() {
    let cases = [
        (
            Discovery::OpenId,
            "https://id.example.org/a",
            "https://id.example.org/a/.well-known/openid-configuration",
        ),
        (
            Discovery::OAuth,
            "https://id.example.org/a",
            "https://id.example.org/.well-known/oauth-authorization-server/a",
        ),
        (
            Discovery::OAuth,
            "https://id.example.org/",
            "https://id.example.org/.well-known/oauth-authorization-server",
        ),
    ];
    for (discovery, issuer, address) in cases {
        let script = Scripted::saying([(200, metadata(&json!({ "issuer": issuer })))]);
        let found = Provider::discover(&script, &Url::parse(issuer).unwrap(), discovery).await;
        assert!(found.is_ok(), "{issuer}");
        assert_eq!(script.sent.lock().unwrap()[0].0, address);
    }
}

#[tokio::test]
async fn metadata_of_another_issuer_are_refused() {
    for issuer in [
        "https://id.example.org.example.com",
        "https://id.example.org/other",
        "http://id.example.org",
    ] {
        assert_eq!(
            discovered(json!({ "issuer": issuer })).await,
            Err(SignInError::Issuer),
            "{issuer}"
        );
    }
}

#[tokio::test]
async fn an_address_without_tls_or_with_a_password_in_it_is_refused() {
    for address in [
        "http://id.example.org/token",
        "https://a:b@id.example.org/token",
        "https://id.example.org/t#x",
        "/token",
        "file:///t",
    ] {
        let found = discovered(json!({ "token_endpoint": address })).await;
        assert_eq!(found, Err(SignInError::Endpoint(Endpoint::Token)), "{address}");
    }
}

#[tokio::test]
async fn an_address_on_another_origin_is_refused_where_all_must_share_one() {
    let origin = Url::parse(ISSUER).unwrap().origin();
    for (name, endpoint) in [
        ("token_endpoint", Endpoint::Token),
        ("device_authorization_endpoint", Endpoint::Device),
    ] {
        for address in ["https://id.example.org:8443/x", "https://sub.id.example.org/x"] {
            let found = discovered(json!({ name: address })).await.unwrap();
            assert_eq!(
                found.within(&origin),
                Err(SignInError::Elsewhere(endpoint)),
                "{address}"
            );
        }
    }
    assert!(discovered(json!({})).await.unwrap().within(&origin).is_ok());
}

#[tokio::test]
async fn a_code_becomes_tokens_with_what_only_this_program_knows() {
    let script = Scripted::saying([(200, granted())]);
    let client = client().await.for_resource("https://gw.example.org");
    let attempt = attempt("http://127.0.0.1:9/callback");
    let address = attempt.address(&client).unwrap();
    let asked: std::collections::BTreeMap<_, _> = address.query_pairs().into_owned().collect();
    assert_eq!(asked["redirect_uri"], "http://127.0.0.1:9/callback");
    assert_eq!(asked["code_challenge_method"], "S256");
    assert_eq!(asked["scope"], "openid offline_access");
    assert_eq!(asked["resource"], "https://gw.example.org");
    let tokens = client
        .exchange(&script, attempt, browser::code("c-1"), NOW)
        .await
        .unwrap();
    assert_eq!(tokens.access(), "access-1");
    assert_eq!(tokens.ends_at(), NOW + 3_600_000);
    // RFC 7636, section 4.6: the provider compares the challenge with the digest of the verifier.
    let verifier = script.field(0, "code_verifier").unwrap();
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, verifier.as_bytes());
    assert_eq!(
        asked["code_challenge"],
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(digest)
    );
    assert_eq!(script.field(0, "code").as_deref(), Some("c-1"));
    assert_eq!(script.field(0, "client_id").as_deref(), Some("desk"));
    assert!(!address.as_str().contains(&verifier));
}

#[tokio::test]
async fn how_long_tokens_count_is_bounded() {
    let cases = [
        (json!(1), SHORTEST),
        (json!("7200"), 7_200_000),
        (json!(1e300), LONGEST),
        (json!(-5), 3_600_000),
        (json!(null), 3_600_000),
    ];
    for (said, counts) in cases {
        let mut body = granted();
        body["expires_in"] = said.clone();
        let tokens = Tokens::read(body.to_string().as_bytes(), NOW, None).unwrap();
        assert_eq!(tokens.ends_at() - NOW, counts, "{said}");
    }
}

#[tokio::test]
async fn a_refresh_keeps_the_refresh_token_that_is_not_replaced() {
    let script = Scripted::saying([
        (200, json!({ "access_token": "access-2", "token_type": "bearer" })),
        (
            400,
            json!({ "error": "invalid_grant", "error_description": "refresh-1 is gone" }),
        ),
    ]);
    let client = client().await;
    let first = Tokens::read(granted().to_string().as_bytes(), NOW, None).unwrap();
    let second = client.refresh(&script, &first, NOW).await.unwrap();
    assert_eq!((second.access(), second.renewable()), ("access-2", true));
    assert_eq!(
        client.refresh(&script, &second, NOW).await,
        Err(SignInError::Over)
    );
    assert_eq!(script.field(1, "refresh_token").as_deref(), Some("refresh-1"));
    let kept = Tokens::from_bytes(&second.to_bytes()).unwrap();
    assert_eq!(kept.to_bytes(), second.to_bytes());
}

#[tokio::test]
async fn answers_that_are_no_tokens_are_refused_without_their_words() {
    let long = "x".repeat(20_000);
    let bodies = [
        "<html>secret-word</html>".to_owned(),
        "[]".to_owned(),
        json!({ "access_token": "secret-word", "token_type": "DPoP" }).to_string(),
        json!({ "access_token": "secret-word\nX: y", "token_type": "Bearer" }).to_string(),
        json!({ "access_token": "", "token_type": "Bearer" }).to_string(),
        json!({ "access_token": long, "token_type": "Bearer" }).to_string(),
        format!("{}{}", granted(), " ".repeat(crate::MAX_ANSWER)),
    ];
    for body in bodies {
        let error = Tokens::read(body.as_bytes(), NOW, None).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("secret-word"), "{error:?}");
    }
    let script = Scripted::saying([
        (400, json!({ "error": "secret-word" })),
        (500, json!("secret-word")),
    ]);
    let client = client().await;
    let tokens = Tokens::read(granted().to_string().as_bytes(), NOW, None).unwrap();
    for _ in 0..2 {
        let error = client.refresh(&script, &tokens, NOW).await.unwrap_err();
        assert!(!format!("{error} {error:?}").contains("secret-word"), "{error:?}");
    }
}

#[tokio::test]
async fn nothing_that_holds_a_token_shows_it() {
    let script = Scripted::saying([(200, offered(&json!({})))]);
    let tokens = Tokens::read(granted().to_string().as_bytes(), NOW, None).unwrap();
    let client = client().await;
    let device = client.begin_device(&script, NOW).await.unwrap();
    let shown = format!(
        "{tokens:?} {device:?} {:?} {:?}",
        browser::code("c-1"),
        attempt("http://x")
    );
    for secret in ["access-1", "refresh-1", "device-1", "c-1", "AAEC"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[tokio::test]
async fn a_sign_out_ends_the_refresh_token_where_the_provider_offers_it() {
    let script = Scripted::saying([(200, json!({}))]);
    let tokens = Tokens::read(granted().to_string().as_bytes(), NOW, None).unwrap();
    assert_eq!(client().await.revoke(&script, &tokens).await, Ok(true));
    assert_eq!(script.field(0, "token").as_deref(), Some("refresh-1"));
    assert_eq!(
        script.field(0, "token_type_hint").as_deref(),
        Some("refresh_token")
    );
    let without = Client::new(discovered(json!({})).await.unwrap(), "desk", None);
    assert_eq!(without.revoke(&script, &tokens).await, Ok(false));
}

fn offered(more: &Value) -> Value {
    let mut said = json!({
        "device_code": "device-1", "user_code": "WDJB-MJHT",
        "verification_uri": "https://id.example.org/device", "expires_in": 1800, "interval": 5,
    });
    let more = more.as_object().cloned().unwrap_or_default();
    said.as_object_mut().unwrap().extend(more);
    said
}

async fn began(more: Value) -> Result<DeviceGrant, SignInError> {
    let script = Scripted::saying([(200, offered(&more))]);
    let origin = Url::parse(ISSUER).unwrap().origin();
    let provider = discovered(json!({})).await.unwrap().within(&origin).unwrap();
    Client::new(provider, "desk", None)
        .begin_device(&script, NOW)
        .await
}

#[tokio::test]
async fn a_device_code_is_asked_for_until_the_person_is_done() {
    let pending = (400, json!({ "error": "authorization_pending" }));
    let script = Scripted::saying([pending.clone(), (400, json!({ "error": "slow_down" }))]);
    script.push(Err(TransportError::Unreachable("cut".to_owned())));
    for _ in 0..2 {
        script.push(Ok(answer(400, pending.1.to_string())));
    }
    script.push(Ok(answer(200, granted().to_string())));
    let (client, mut device) = (client().await, began(json!({})).await.unwrap());
    let mut waits = vec![device.wait().as_secs()];
    let tokens = loop {
        match client.poll(&script, &mut device, NOW).await.unwrap() {
            Polled::Again(wait) => waits.push(wait.as_secs()),
            Polled::Granted(tokens) => break tokens,
        }
    };
    assert_eq!(tokens.access(), "access-1");
    // slow_down adds five seconds, what does not answer is asked half as often.
    assert_eq!(waits, [5, 5, 10, 20, 20, 20]);
    assert_eq!(script.field(0, "device_code").as_deref(), Some("device-1"));
}

#[tokio::test]
async fn polls_and_the_life_of_a_device_code_are_bounded() {
    for (said, wait) in [
        (json!(0), 1),
        (json!(7), 7),
        (json!(86_400), 30),
        (json!(null), 5),
    ] {
        let device = began(json!({ "interval": said })).await.unwrap();
        assert_eq!(device.wait(), Duration::from_secs(wait), "{said}");
    }
    for (said, counts) in [
        (json!(60), 60_000),
        (json!(1e30), 300_000),
        (json!(null), 300_000),
    ] {
        let device = began(json!({ "expires_in": said })).await.unwrap();
        assert_eq!(device.ends_at() - NOW, counts, "{said}");
    }
}

#[tokio::test]
async fn a_device_code_that_is_over_or_refused_ends_the_wait() {
    let client = client().await;
    for (code, error) in [
        ("expired_token", SignInError::Expired),
        ("access_denied", SignInError::Denied),
        ("invalid_client", SignInError::Refused("invalid_client")),
    ] {
        let script = Scripted::saying([(400, json!({ "error": code }))]);
        let mut device = began(json!({})).await.unwrap();
        let polled = client.poll(&script, &mut device, NOW).await;
        assert_eq!(polled.unwrap_err(), error);
    }
    let (script, mut device) = (Scripted::default(), began(json!({})).await.unwrap());
    let late = client.poll(&script, &mut device, NOW + 300_000).await;
    assert_eq!(late.unwrap_err(), SignInError::Expired);
}

#[tokio::test]
async fn a_page_for_codes_on_another_origin_is_refused() {
    for name in ["verification_uri", "verification_uri_complete"] {
        let device = began(json!({ name: "https://evil.example.com/device" })).await;
        assert_eq!(
            device.unwrap_err(),
            SignInError::Elsewhere(Endpoint::Verification),
            "{name}"
        );
    }
}

#[tokio::test]
async fn a_code_that_cannot_be_shown_is_refused() {
    let long = "x".repeat(65);
    for said in ["", "A\u{202e}B", "A\u{1b}[2J", long.as_str()] {
        let device = began(json!({ "user_code": said })).await;
        assert_eq!(
            device.unwrap_err(),
            SignInError::Unreadable("its code cannot be shown")
        );
    }
}
