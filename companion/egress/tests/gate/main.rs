//! The gate over real sockets: what it opens, what it refuses and what it says.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};
use axum::routing::get;
use bytes::Bytes;
use deskhand_egress::{
    Client, Destination, Directive, EgressError, Exchange, Gate, Network, Proxy, ProxyFault, egress_table,
    firewall_rules,
};
use pretty_assertions::assert_eq;
use serde_json::{Value, json};
use tokio::net::TcpListener;

mod audit;
mod http2;
mod listing;
mod party;
mod policy;
mod probe;
mod proxies;
#[cfg(unix)]
mod real_proxies;
mod sign_in;
mod simulator;
mod system;
mod web;
use party::{Party, TlsParty};

pub(crate) fn settings(base: &str) -> impl Fn(&str) -> Value {
    let base = base.to_owned();
    move |key| match key {
        "inferenceProvider" => json!("gateway"),
        "inferenceGatewayBaseUrl" => json!(base),
        _ => Value::Null,
    }
}

fn client(base: &str) -> Client {
    Gate::new(settings(base), Network::default())
        .client(Destination::InferenceGateway)
        .expect("an open gateway")
}

pub(crate) fn request(address: impl AsRef<str>) -> http::Request<Bytes> {
    http::Request::get(address.as_ref())
        .header("x-api-key", "secret")
        .body(Bytes::new())
        .expect("a request")
}

#[tokio::test]
async fn reaches_the_host_of_its_destination() {
    let party = Party::serve(Router::new().route("/v1/models", get(|| async { "hello" }))).await;
    let answer = client(&party.base)
        .send(request(format!("{}/v1/models", party.base)))
        .await
        .expect("an answer");
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.body_up_to(100).await.expect("a body"), "hello");
}

#[tokio::test]
async fn refuses_a_host_of_another_destination_and_names_key_and_origin() {
    let party = Party::serve(Router::new()).await;
    let elsewhere = Party::serve(Router::new()).await;
    let error = client(&party.base)
        .send(request(&elsewhere.base))
        .await
        .expect_err("a refusal");
    assert_eq!(
        error,
        EgressError::Refused {
            destination: Destination::InferenceGateway,
            origin: elsewhere.base.clone(),
            key: "inferenceGatewayBaseUrl"
        }
    );
    assert!(
        error.to_string().contains("inferenceGatewayBaseUrl") && error.to_string().contains(&elsewhere.base)
    );
    assert_eq!(elsewhere.seen(), 0);
}

#[tokio::test]
async fn refuses_another_spelling_that_leads_elsewhere() {
    let party = Party::serve(Router::new()).await;
    let port = party.base.rsplit(':').next().expect("a port").to_owned();
    for address in [
        format!("http://127.0.0.1:{port}@example.com/"),
        format!("http://localhost:{port}/"),
        format!("https://127.0.0.1:{port}/"),
        "http://127.0.0.1/".to_owned(),
    ] {
        let Ok(request) = http::Request::get(&address).body(Bytes::new()) else {
            continue;
        };
        let error = client(&party.base).send(request).await.expect_err(&address);
        assert!(
            matches!(error, EgressError::Refused { .. } | EgressError::Request(_)),
            "{address}: {error}"
        );
    }
    assert_eq!(party.seen(), 0);
}

#[tokio::test]
async fn refuses_a_redirect_to_another_host_before_the_key_leaves() {
    let elsewhere = Party::serve(Router::new().fallback(|| async { "stolen" })).await;
    let target = elsewhere.base.clone();
    let party =
        Party::serve(Router::new().fallback(move || async move { Redirect::temporary(&target) })).await;
    let error = client(&party.base)
        .send(request(&party.base))
        .await
        .expect_err("a refusal");
    assert!(
        matches!(&error, EgressError::Refused { origin, .. } if *origin == elsewhere.base),
        "{error}"
    );
    assert_eq!(elsewhere.seen(), 0);
}

#[tokio::test]
async fn gives_a_redirect_as_an_answer_where_none_is_followed() {
    let party = Party::serve(Router::new().fallback(|| async { Redirect::temporary("/again") })).await;
    let answer = client(&party.base)
        .without_redirects()
        .send(request(&party.base))
        .await;
    assert_eq!(answer.expect("an answer").status(), 307);
    assert_eq!(party.seen(), 1);
}

#[tokio::test]
async fn refuses_a_redirect_from_one_host_of_a_destination_to_another() {
    let two = Party::serve(Router::new().fallback(|| async { "stolen" })).await;
    let target = two.base.clone();
    let one = Party::serve(Router::new().fallback(move || async move { Redirect::temporary(&target) })).await;
    let servers = json!([{"transport": "http", "url": one.base}, {"transport": "http", "url": two.base}]);
    let setting = move |key: &str| {
        if key == "managedMcpServers" {
            servers.clone()
        } else {
            Value::Null
        }
    };
    let client = Gate::new(setting, Network::default())
        .client(Destination::Mcp)
        .expect("open servers");
    let error = client.send(request(&one.base)).await.expect_err("a refusal");
    assert!(
        matches!(&error, EgressError::Refused { origin, .. } if *origin == two.base),
        "{error}"
    );
    assert_eq!(two.seen(), 0);
}

#[tokio::test]
async fn follows_redirects_on_the_same_host_up_to_the_cap() {
    let party = Party::serve(
        Router::new()
            .route("/once", get(|| async { Redirect::temporary("/end") }))
            .route("/end", get(|| async { "end" }))
            .route("/loop", get(|| async { Redirect::temporary("/loop") })),
    )
    .await;
    let answer = client(&party.base)
        .send(request(format!("{}/once", party.base)))
        .await
        .expect("an answer");
    assert_eq!(answer.body_up_to(10).await.expect("a body"), "end");
    let error = client(&party.base)
        .send(request(format!("{}/loop", party.base)))
        .await
        .expect_err("a refusal");
    assert!(error.to_string().contains("more than 5 times"), "{error}");
}

#[tokio::test]
async fn sends_the_host_that_was_checked_whatever_the_header_says() {
    let seen = Arc::new(Mutex::new(None));
    let record = Arc::clone(&seen);
    let party = Party::serve(Router::new().fallback(move |request: Request| async move {
        *record.lock().expect("no panic") = request.headers().get("host").cloned();
    }))
    .await;
    let mut request = request(&party.base);
    request
        .headers_mut()
        .insert("host", "internal.example.com".parse().expect("a header"));
    client(&party.base).send(request).await.expect("an answer");
    let host = seen.lock().expect("no panic").clone().expect("a host");
    assert_eq!(format!("http://{}", host.to_str().expect("text")), party.base);
}

#[tokio::test]
async fn stops_reading_an_answer_at_the_callers_cap() {
    let party = Party::serve(Router::new().fallback(|| async { "x".repeat(1000) })).await;
    let answer = client(&party.base)
        .send(request(&party.base))
        .await
        .expect("an answer");
    let error = answer.body_up_to(999).await.expect_err("a refusal");
    assert!(
        matches!(
            error,
            EgressError::Failed {
                exchange: Exchange::TooLong(999),
                ..
            }
        ),
        "{error}"
    );
}

#[tokio::test]
async fn tells_a_closed_port_from_a_broken_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let base = format!("http://{}", listener.local_addr().expect("an address"));
    let cut = tokio::spawn(async move { drop(listener.accept().await.expect("a connection")) });
    let client = client(&base);
    let error = client.send(request(&base)).await.expect_err("no answer");
    assert!(
        matches!(
            error,
            EgressError::Failed {
                exchange: Exchange::Cut(_),
                ..
            }
        ),
        "{error}"
    );
    cut.await.expect("the listener ends");
    let error = client.send(request(&base)).await.expect_err("no answer");
    assert!(
        matches!(
            error,
            EgressError::Failed {
                exchange: Exchange::Unreachable(_),
                ..
            }
        ),
        "{error}"
    );
}

#[tokio::test]
async fn trusts_an_authority_of_the_machine_and_no_other() {
    let party = TlsParty::serve().await;
    let trusting = Network {
        extra_roots: vec![party.authority.clone()],
        ..Network::default()
    };
    let gate = Gate::new(settings(&party.base), trusting);
    let client = gate
        .client(Destination::InferenceGateway)
        .expect("an open gateway");
    assert_eq!(
        client
            .send(request(&party.base))
            .await
            .expect("an answer")
            .status(),
        StatusCode::OK
    );

    let stranger = Gate::new(settings(&party.base), Network::default());
    let client = stranger
        .client(Destination::InferenceGateway)
        .expect("an open gateway");
    let error = client.send(request(&party.base)).await.expect_err("a refusal");
    assert!(
        matches!(
            error,
            EgressError::Failed {
                exchange: Exchange::Tls(_),
                ..
            }
        ),
        "{error}"
    );
}

#[tokio::test]
async fn asks_the_proxy_for_a_tunnel_and_never_goes_around_it() {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let record = Arc::clone(&asked);
    let proxy = Party::serve(Router::new().fallback(move |request: Request| async move {
        record
            .lock()
            .expect("no panic")
            .push(format!("{} {}", request.method(), request.uri()));
        StatusCode::FORBIDDEN.into_response()
    }))
    .await;
    let address = proxy.base.clone();
    let from_key = move |key: &str| match key {
        "egressProxyUrl" => json!(address),
        other => settings("https://gateway.example.invalid")(other),
    };
    let gate = Gate::new(from_key, Network::default());
    let client = gate
        .client(Destination::InferenceGateway)
        .expect("an open gateway");
    let error = client
        .send(request("https://gateway.example.invalid/v1/models"))
        .await
        .expect_err("a refusal");
    assert!(
        matches!(
            &error,
            EgressError::Failed {
                exchange: Exchange::Proxy { fault: ProxyFault::Refused(403), proxy: named },
                ..
            } if *named == proxy.base
        ),
        "{error}"
    );
    assert_eq!(
        *asked.lock().expect("no panic"),
        ["CONNECT gateway.example.invalid:443"]
    );
}

#[tokio::test]
async fn reaches_this_machine_without_the_proxy() {
    let party = Party::serve(Router::new().fallback(|| async { "direct" })).await;
    let proxy = Party::serve(Router::new()).await;
    let network = Network {
        proxy: Proxy::from_environment(|name| (name == "ALL_PROXY").then(|| proxy.base.clone())),
        ..Network::default()
    };
    let gate = Gate::new(settings(&party.base), network);
    let client = gate
        .client(Destination::InferenceGateway)
        .expect("an open gateway");
    client.send(request(&party.base)).await.expect("an answer");
    assert_eq!((party.seen(), proxy.seen()), (1, 0));
}

#[test]
fn stays_closed_until_the_keys_open_it() {
    let gate = |provider: Option<&'static str>, base: Option<&'static str>| {
        let setting = move |key: &str| match key {
            "inferenceProvider" => json!(provider),
            "inferenceGatewayBaseUrl" => json!(base),
            _ => Value::Null,
        };
        Gate::new(setting, Network::default())
            .client(Destination::InferenceGateway)
            .map(|_| ())
            .map_err(|e| e.to_string())
    };
    let table = [
        (
            None,
            Some("https://gateway.example.com"),
            Err("policy key inferenceProvider does not open it"),
        ),
        (
            Some("bedrock"),
            Some("https://gateway.example.com"),
            Err("policy key inferenceProvider does not open it"),
        ),
        (
            Some("gateway"),
            None,
            Err("policy key inferenceGatewayBaseUrl does not open it"),
        ),
        (
            Some("gateway"),
            Some("http://gateway.example.com"),
            Err("use https"),
        ),
        (
            Some("gateway"),
            Some("https://key@gateway.example.com"),
            Err("credentials have keys of their own"),
        ),
        (Some("gateway"), Some("http://127.0.0.1:4000"), Ok(())),
        (Some("gateway"), Some("https://gateway.example.com"), Ok(())),
    ];
    for (provider, base, wanted) in table {
        match (gate(provider, base), wanted) {
            (Ok(()), Ok(())) => {}
            (Err(error), Err(part)) => assert!(error.contains(part), "{provider:?} {base:?}: {error}"),
            (found, _) => panic!("{provider:?} {base:?}: {found:?}"),
        }
    }
}

#[test]
fn the_service_has_no_client_for_what_a_pane_loads() {
    let gate = Gate::new(|_| Value::Null, Network::default());
    let error = gate.client(Destination::OfficeScript).expect_err("a refusal");
    assert_eq!(error, EgressError::NotOurs(Destination::OfficeScript));
    assert!(gate.client(Destination::Proxy).is_err());
}

#[test]
fn a_pane_may_load_office_js_until_the_administrator_provides_a_copy() {
    let gate = Gate::new(|_| Value::Null, Network::default());
    let sources: Vec<String> = gate
        .pane_sources(Directive::Script)
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(sources, ["https://appsforoffice.microsoft.com"]);
    let own = gate.under(|key| json!((key == "deskhandOfficeScriptFolder").then_some("/srv/office-js")));
    assert!(own.pane_sources(Directive::Script).is_empty());
    assert!(own.egress_list().is_empty());
}

#[test]
fn the_list_is_what_the_settings_open() {
    let network = Network {
        proxy: Proxy::from_environment(|name| {
            (name == "https_proxy").then(|| "http://u:p@proxy:3128".to_owned())
        }),
        ..Network::default()
    };
    let list = Gate::new(settings("https://gateway.example.com/anthropic"), network).egress_list();
    let table = egress_table(&list);
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(
        lines[1],
        "inference-gateway  https://gateway.example.com          service    content     inferenceProvider           Streams the model's answers from the gateway that the organisation runs."
    );
    assert_eq!(
        firewall_rules(&list),
        "appsforoffice.microsoft.com:443\ngateway.example.com:443\nproxy:3128\n"
    );
    let json = serde_json::to_value(&list).expect("json");
    let of = |id: &str| {
        json.as_array()
            .expect("a list")
            .iter()
            .find(|entry| entry["destination"] == id)
            .cloned()
    };
    assert_eq!(of("proxy").expect("a proxy")["target"], "http://proxy:3128");
    assert_eq!(of("office-script").expect("a script")["openedBy"], "pane");
    // Without a list of hosts the web tools reach the host of inference alone.
    assert_eq!(
        of("web-fetch").expect("web tools")["target"],
        "https://gateway.example.com"
    );
}
