//! The browser that comes back.

use deskhand_platform::peer::is_same_user;
use http::StatusCode;
use pretty_assertions::assert_eq;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::*;
use crate::{Code, Redirect};

mod strangers;

pub(super) fn code(text: &str) -> Code {
    Code::of(text)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the test is the browser of this machine"
)]
async fn connect(redirect: &str) -> std::io::Result<TcpStream> {
    let port = Url::parse(redirect).unwrap().port().unwrap();
    TcpStream::connect(("127.0.0.1", port)).await
}

/// Sends a request as a browser would; gives the status and the page.
async fn visit(redirect: &str, query: &str, head: &str) -> (StatusCode, String) {
    let at = Url::parse(redirect).unwrap();
    let host = format!("127.0.0.1:{}", at.port().unwrap());
    let host = if head.contains("Host:") {
        String::new()
    } else {
        format!("Host: {host}\r\n")
    };
    let mut stream = connect(redirect).await.unwrap();
    let request = format!("GET {}{query} HTTP/1.1\r\n{host}{head}\r\n", at.path());
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut page = String::new();
    stream.read_to_string(&mut page).await.unwrap();
    let status = page.split(' ').nth(1).and_then(|status| status.parse().ok());
    (status.expect("a status"), page)
}

fn state(attempt: &Attempt, client: &Client) -> String {
    let address = attempt.address(client).unwrap();
    let mut pairs = address.query_pairs();
    pairs
        .find_map(|(name, value)| (name == "state").then(|| value.into_owned()))
        .expect("a state")
}

/// What comes of these visits, one after the other: the status of each, and how the wait ended.
async fn visits(client: &Client, queries: &[(&str, &str)]) -> (Vec<u16>, Result<String, SignInError>) {
    let redirect = Redirect::bind(None).await.unwrap();
    let address = redirect.address();
    let attempt = attempt(&address);
    let state = state(&attempt, client);
    let referrers = ["portal.example.org".to_owned()];
    let going = async {
        let mut statuses = Vec::new();
        for (query, head) in queries {
            let (status, page) = visit(&address, &query.replace("STATE", &state), head).await;
            assert!(
                page.contains("default-src 'none'") && !page.contains("c-1"),
                "{page}"
            );
            statuses.push(status.as_u16());
        }
        statuses
    };
    let (statuses, code) = tokio::join!(going, redirect.wait(client, &attempt, &referrers, is_same_user));
    (statuses, code.map(|code| code.expose().to_owned()))
}

#[tokio::test]
async fn the_code_comes_back_with_the_state_of_the_attempt() {
    let client = client().await;
    let (statuses, code) = visits(&client, &[("?code=c-1&state=STATE", "")]).await;
    assert_eq!((statuses, code), (vec![200], Ok("c-1".to_owned())));
}

#[tokio::test]
async fn what_anybody_could_send_neither_counts_nor_ends_the_wait() {
    let client = client().await;
    let strange = [
        ("?code=evil&state=wrong", ""),
        ("?code=evil", ""),
        ("", ""),
        ("?error=access_denied&state=wrong", ""),
        ("?code=evil&state=STATE&code=c-1", ""),
        ("x?code=evil&state=STATE", ""),
        ("?code=evil&state=STATE", "Host: evil.example.com\r\n"),
        ("?code=evil&state=wrong", "Referer: https://evil.example.com/\r\n"),
        ("?code=evil&state=wrong", "Origin: https://evil.example.com\r\n"),
        (
            "?code=c-1&state=STATE",
            "Referer: https://portal.example.org/x\r\n",
        ),
    ];
    let (statuses, code) = visits(&client, &strange).await;
    assert_eq!(statuses, [400, 400, 400, 400, 400, 404, 400, 403, 403, 200]);
    assert_eq!(code, Ok("c-1".to_owned()));
}

#[tokio::test]
async fn an_answer_by_way_of_a_host_that_nobody_named_ends_the_wait_and_names_it() {
    let client = client().await;
    for head in [
        "Referer: https://login.example.com/x\r\n",
        "Origin: https://login.example.com\r\n",
    ] {
        let (statuses, code) = visits(&client, &[("?code=c-1&state=STATE", head)]).await;
        assert_eq!(statuses, [403], "{head}");
        let error = code.unwrap_err();
        assert_eq!(error, SignInError::Referrer("login.example.com".to_owned()));
        assert!(
            error.to_string().contains("additionalRedirectReferrerHosts"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn an_issuer_beside_addresses_is_compared_with_what_the_answer_names() {
    let addresses =
        Provider::of_addresses("https://id.example.org/authorize", "https://id.example.org/token");
    let client = Client::new(addresses.unwrap().named(Some(ISSUER)), "desk", None);
    for (issuer, code) in [
        ("https://evil.example.com", Err(SignInError::Issuer)),
        (ISSUER, Ok("c-1".to_owned())),
    ] {
        let query = format!("?code=c-1&state=STATE&iss={issuer}");
        assert_eq!(visits(&client, &[(&query, "")]).await.1, code, "{issuer}");
    }
}

#[tokio::test]
async fn a_refusal_of_the_provider_ends_the_wait() {
    let client = client().await;
    let (_, code) = visits(
        &client,
        &[("?error=access_denied&state=STATE&error_description=c-1", "")],
    )
    .await;
    assert_eq!(code, Err(SignInError::Denied));
}

#[tokio::test]
async fn an_answer_of_another_provider_is_refused() {
    let client = client().await;
    let (_, code) = visits(
        &client,
        &[("?code=c-1&state=STATE&iss=https://evil.example.com", "")],
    )
    .await;
    assert_eq!(code, Err(SignInError::Issuer));
    let names = json!({ "authorization_response_iss_parameter_supported": true });
    let client = Client::new(discovered(names).await.unwrap(), "desk", None);
    let (_, code) = visits(&client, &[("?code=c-1&state=STATE", "")]).await;
    assert_eq!(code, Err(SignInError::Issuer));
}

#[tokio::test]
async fn a_code_counts_once_and_nothing_listens_afterwards() {
    let client = client().await;
    let redirect = Redirect::bind(None).await.unwrap();
    let address = redirect.address();
    let attempt = attempt(&address);
    let query = format!("?code=c-1&state={}", state(&attempt, &client));
    let wait = redirect.wait(&client, &attempt, &[], is_same_user);
    let (first, _) = tokio::join!(visit(&address, &query, ""), wait);
    assert_eq!(first.0, StatusCode::OK);
    assert!(connect(&address).await.is_err());
}

#[tokio::test]
async fn an_idle_connection_does_not_hold_up_the_browser() {
    let client = client().await;
    let redirect = Redirect::bind(None).await.unwrap();
    let address = redirect.address();
    let attempt = attempt(&address);
    let idle = connect(&address).await.unwrap();
    let query = format!("?code=c-1&state={}", state(&attempt, &client));
    let (_, code) = tokio::join!(
        visit(&address, &query, ""),
        redirect.wait(&client, &attempt, &[], is_same_user)
    );
    assert_eq!(code.unwrap().expose(), "c-1");
    drop(idle);
}
