//! Who is kept out is told to the handler, with the reason, whatever they asked for.

use deskhand_protocol::ErrorCode;
use deskhand_protocol::hello::FrontEndKind;
use deskhand_server::{Admission, Guards, Limits, TurnedAway};
use pretty_assertions::assert_eq;
use serde_json::json;

use crate::harness::{Running, start};

type Headers<'a> = &'a [(&'a str, &'a str)];

/// What the handler was told since it was last looked at.
fn told(server: &Running) -> Vec<Admission> {
    std::mem::take(&mut *server.log.admissions.lock().expect("admissions"))
}

#[tokio::test]
async fn tells_who_is_turned_away_at_the_door() {
    let server = start(Guards::default(), Limits::default()).await;
    let host = server.host();
    let own = format!("https://{host}");
    let page = "GET /desktop/ HTTP/1.1";
    let table: [(&str, Headers<'_>, Option<TurnedAway>); 5] = [
        (page, &[("Host", "evil.example")], Some(TurnedAway::Host)),
        (
            page,
            &[("Host", &host), ("Origin", "https://evil.example")],
            Some(TurnedAway::Origin),
        ),
        (
            page,
            &[("Host", &host), ("Sec-Fetch-Site", "cross-site")],
            Some(TurnedAway::FetchSite),
        ),
        (
            "GET /v1/session HTTP/1.1",
            &[("Host", &host)],
            Some(TurnedAway::NoOrigin),
        ),
        (page, &[("Host", &host), ("Origin", &own)], None),
    ];
    for (line, headers, expected) in table {
        server.send(line, headers).await;
        let told = told(&server);
        let expected: Vec<Admission> = expected.map(Admission::TurnedAway).into_iter().collect();
        assert_eq!(told, expected, "{line} {headers:?}");
    }
}

#[tokio::test]
async fn tells_of_each_hello_that_is_refused() {
    let server = start(Guards::default(), Limits::default()).await;
    let token = server.attach(FrontEndKind::Window).await.token;
    let mut page = server.page().await;
    for (protocol, token, code) in [
        (999, token.as_str(), ErrorCode::ProtocolVersion),
        (deskhand_protocol::PROTOCOL, "another", ErrorCode::PairingRequired),
    ] {
        let hello = json!({ "protocol": protocol, "frontEnd": "window", "token": token, "version": "old" });
        page.call("hello", hello).await.expect_err("a refusal");
        let told = told(&server);
        let kind = FrontEndKind::Window;
        assert_eq!(told, [Admission::Refused { kind, code }]);
    }
}
