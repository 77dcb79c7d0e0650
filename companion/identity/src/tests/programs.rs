//! Grants without a person, clients with a secret, and what providers want besides.

use pretty_assertions::assert_eq;

use super::*;
use crate::{Exchange, grant};

fn token_endpoint() -> Url {
    Endpoint::Token
        .address("https://sts.example.org/v1/token")
        .unwrap()
}

#[tokio::test]
async fn a_token_is_exchanged_with_the_fields_of_the_standard() {
    let body = json!({ "access_token": "access-2", "token_type": "Bearer", "expires_in": 30,
        "issued_token_type": "urn:ietf:params:oauth:token-type:access_token" });
    let script = Scripted::saying([(200, body)]);
    let exchange = Exchange {
        audience: "//iam.example.org/pool",
        scope: "platform",
        subject: "subject-1",
        subject_type: "urn:ietf:params:oauth:token-type:id_token",
        user_project: Some("p\"1"),
        client: None,
    };
    assert!(!format!("{exchange:?}").contains("subject-1"));
    let tokens = exchange.ask(&script, &token_endpoint(), NOW).await.unwrap();
    // What a program asks for is not held to count for longer than it does.
    assert_eq!((tokens.access(), tokens.ends_at()), ("access-2", NOW + 30_000));
    for (name, value) in [
        ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
        (
            "requested_token_type",
            "urn:ietf:params:oauth:token-type:access_token",
        ),
        ("audience", "//iam.example.org/pool"),
        ("scope", "platform"),
        ("subject_token", "subject-1"),
        ("subject_token_type", "urn:ietf:params:oauth:token-type:id_token"),
        ("options", r#"{"userProject":"p\"1"}"#),
    ] {
        assert_eq!(script.field(0, name).as_deref(), Some(value), "{name}");
    }
}

#[tokio::test]
async fn a_client_with_a_secret_shows_it_in_the_header_alone() {
    let script = Scripted::saying([(200, granted())]);
    let fields = [("grant_type", "refresh_token"), ("refresh_token", "refresh-1")];
    let client = Some(("a client", "s:1"));
    grant(&script, &token_endpoint(), &fields, client, NOW)
        .await
        .unwrap();
    assert_eq!(script.field(0, "client_secret"), None);
    let heads = script.heads.lock().unwrap();
    let value = &heads[0]["authorization"];
    assert!(value.is_sensitive());
    // RFC 6749, section 2.3.1: encoded as in a form before they are joined.
    assert_eq!(value.to_str().unwrap(), "Basic YStjbGllbnQ6cyUzQTE=");
}

#[tokio::test]
async fn an_endpoint_that_refuses_is_told_by_its_code() {
    for (code, error) in [
        ("invalid_grant", SignInError::Over),
        ("invalid_target", SignInError::Refused("invalid_target")),
        ("secret-word", SignInError::Refused("an unknown error")),
    ] {
        let script = Scripted::saying([(400, json!({ "error": code }))]);
        let refused = grant(&script, &token_endpoint(), &[], None, NOW).await;
        assert_eq!(refused, Err(error));
    }
}

#[tokio::test]
async fn a_secret_and_further_fields_go_where_they_belong() {
    let client = client().await;
    let client = client
        .with_secret(Zeroizing::new("client-secret".to_owned()))
        .asking("login_hint", "a@example.org");
    assert!(!format!("{client:?}").contains("client-secret"));
    let attempt = attempt("http://127.0.0.1:9/callback");
    let address = attempt.address(&client).unwrap();
    assert!(
        address.as_str().contains("login_hint=a%40example.org"),
        "{address}"
    );
    assert!(!address.as_str().contains("client-secret"));
    let script = Scripted::saying([(200, granted()), (200, json!({}))]);
    let tokens = client
        .exchange(&script, attempt, browser::code("c-1"), NOW)
        .await
        .unwrap();
    client.revoke(&script, &tokens).await.unwrap();
    for sent in 0..2 {
        assert_eq!(
            script.field(sent, "client_secret").as_deref(),
            Some("client-secret")
        );
    }
}

#[tokio::test]
async fn an_id_token_stays_where_a_refresh_gives_none() {
    let mut first = granted();
    first["id_token"] = json!("id-1");
    let first = Tokens::read(first.to_string().as_bytes(), NOW, None).unwrap();
    let script = Scripted::saying([(200, granted())]);
    let second = client().await.refresh(&script, &first, NOW).await.unwrap();
    assert_eq!(second.id(), Some("id-1"));
}

#[tokio::test]
async fn addresses_that_are_known_serve_for_device_codes_and_sign_outs() {
    let known = Provider::of_addresses("https://id.example.org/authorize", "https://id.example.org/token");
    let known = known
        .unwrap()
        .with_device("https://id.example.org/device")
        .unwrap();
    let known = known.with_revocation("https://id.example.org/revoke").unwrap();
    let script = Scripted::saying([(200, offered(&json!({}))), (200, json!({}))]);
    let client = Client::new(known.clone(), "desk", None);
    client.begin_device(&script, NOW).await.unwrap();
    let tokens = Tokens::of_answer(granted().to_string().as_bytes(), NOW).unwrap();
    assert_eq!(client.revoke(&script, &tokens).await, Ok(true));
    let plain = "http://id.example.org/x";
    assert_eq!(
        known.clone().with_device(plain),
        Err(SignInError::Endpoint(Endpoint::Device))
    );
    assert_eq!(
        known.with_revocation(plain),
        Err(SignInError::Endpoint(Endpoint::Revocation))
    );
}

#[tokio::test]
async fn a_device_code_that_was_declined_ends_the_wait() {
    let script = Scripted::saying([(400, json!({ "error": "authorization_declined" }))]);
    let mut device = began(json!({})).await.unwrap();
    let polled = client().await.poll(&script, &mut device, NOW).await;
    assert_eq!(polled.unwrap_err(), SignInError::Denied);
}
