//! Corporate networks: who failed on the way, and proxy scripts.

use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use deskhand_egress::{
    Client, Destination, EgressError, Exchange, Gate, Network, Proxy, ProxyFault, authorities_of_pem,
};
use pretty_assertions::assert_eq;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::party::{Names, PROVIDER, Party, TlsParty, TunnelProxy, blurting};
use crate::{request, settings};

/// The client of a gateway at `base`, with more settings and on this network.
fn client(base: &str, more: &Value, network: Network) -> Client {
    let gateway = settings(base);
    let more = more.clone();
    let gate = Gate::new(
        move |key| more.get(key).cloned().unwrap_or_else(|| gateway(key)),
        network,
    );
    gate.client(Destination::InferenceGateway)
        .expect("an open gateway")
}

async fn failure(base: &str, more: Value, network: Network) -> Exchange {
    match client(base, &more, network).send(request(base)).await {
        Err(EgressError::Failed { exchange, .. }) => exchange,
        other => panic!("{other:?}"),
    }
}

fn fault(exchange: Exchange) -> ProxyFault {
    match exchange {
        Exchange::Proxy { fault, .. } => fault,
        other => panic!("{other:?}"),
    }
}

fn knowing(names: Arc<Names>) -> Network {
    Network {
        resolver: names,
        ..Network::default()
    }
}

pub(crate) async fn closed_port() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    listener.local_addr().expect("an address").to_string()
}

#[tokio::test]
async fn a_name_without_address_is_told_from_a_closed_port() {
    let unknown = failure(
        "https://provider.example",
        json!({}),
        knowing(Names::answering(&[])),
    )
    .await;
    assert_eq!(unknown, Exchange::Unresolved("no such name".to_owned()));
    let port = closed_port().await.rsplit(':').next().expect("a port").to_owned();
    let base = format!("https://provider.example:{port}");
    let closed = failure(&base, json!({}), knowing(Names::answering(&[&["127.0.0.1"]]))).await;
    assert!(matches!(closed, Exchange::Unreachable(_)), "{closed}");
}

#[tokio::test]
async fn each_fault_of_a_proxy_is_told_from_the_others() {
    let at = |place: &str| json!({"egressProxyUrl": format!("http://{place}")});
    let base = "https://provider.example";
    let names = || knowing(Names::answering(&[]));
    let unresolved = fault(failure(base, at("proxy.example:3128"), names()).await);
    assert_eq!(unresolved, ProxyFault::Unresolved("no such name".to_owned()));
    let closed = fault(failure(base, at(&closed_port().await), names()).await);
    assert!(matches!(closed, ProxyFault::Unreachable(_)), "{closed}");
    let table: [(&'static [u8], ProxyFault); 6] = [
        (
            b"HTTP/1.1 407 x\r\nProxy-Authenticate: Negotiate\r\nProxy-Authenticate: Basic realm=\"x\"\r\n\r\n",
            ProxyFault::SignIn("Negotiate, Basic".to_owned()),
        ),
        (b"HTTP/1.1 403 Forbidden\r\n\r\n", ProxyFault::Refused(403)),
        (b"HTTP/1.1 502 Bad gateway\r\n\r\n", ProxyFault::Refused(502)),
        (b"SSH-2.0-x\r\n\r\n", ProxyFault::Answer),
        (b"HTTP/1.1 200", ProxyFault::Answer),
        (b"", ProxyFault::Answer),
    ];
    for (said, wanted) in table {
        let place = blurting(said).await;
        let found = failure(base, at(&place), names()).await;
        let proxy = format!("http://{place}");
        assert_eq!(
            found,
            Exchange::Proxy { proxy, fault: wanted },
            "{}",
            String::from_utf8_lossy(said)
        );
    }
    let endless = blurting(Box::leak(vec![b'x'; 100_000].into_boxed_slice())).await;
    assert_eq!(
        fault(failure(base, at(&endless), names()).await),
        ProxyFault::Answer
    );
}

#[tokio::test]
async fn tls_is_told_apart_at_the_proxy_and_at_the_provider() {
    let party = TlsParty::serve().await;
    let base = format!("https://{PROVIDER}");
    let tunnel = TunnelProxy::to(party.port).await;
    let behind = json!({"egressProxyUrl": format!("http://{}", tunnel.place)});
    let untrusted = failure(&base, behind.clone(), knowing(Names::answering(&[]))).await;
    assert!(matches!(untrusted, Exchange::Tls(_)), "{untrusted}");
    let at_the_proxy = json!({"egressProxyUrl": party.base});
    let untrusted = fault(failure(&base, at_the_proxy, Network::default()).await);
    assert!(matches!(untrusted, ProxyFault::Tls(_)), "{untrusted}");
    let trusting = Network {
        extra_roots: vec![party.authority.clone()],
        ..knowing(Names::answering(&[]))
    };
    let answer = client(&base, &behind, trusting)
        .send(request(&base))
        .await
        .expect("an answer");
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(
        tunnel.asked().last().map(String::as_str),
        Some("CONNECT provider.example:443 HTTP/1.1")
    );
}

#[tokio::test]
async fn an_error_of_the_provider_is_an_answer() {
    let party = Party::serve(Router::new().fallback(|| async { StatusCode::BAD_GATEWAY })).await;
    let answer = client(&party.base, &json!({}), Network::default())
        .send(request(&party.base))
        .await;
    assert_eq!(answer.expect("an answer").status(), StatusCode::BAD_GATEWAY);
}

/// A server that hands out a proxy script.
pub(crate) async fn script(text: String) -> Party {
    Party::serve(Router::new().fallback(move || async move { text })).await
}

pub(crate) fn find(answer: &str) -> String {
    format!("function FindProxyForURL(url, host) {{ return {answer}; }}")
}

fn trusting(party: &TlsParty) -> Network {
    Network {
        extra_roots: vec![party.authority.clone()],
        ..knowing(Names::answering(&[]))
    }
}

#[tokio::test]
async fn a_proxy_script_leads_through_the_first_proxy_that_is_there() {
    let party = TlsParty::serve().await;
    let tunnel = TunnelProxy::to(party.port).await;
    let gone = closed_port().await;
    let answer = format!(
        "host == '{PROVIDER}' ? 'PROXY {gone}; SOCKS {gone}; PROXY {}; DIRECT' : 'DIRECT'",
        tunnel.place
    );
    let pac = script(find(&answer)).await;
    // The script wins over the address of a proxy.
    let more = json!({"egressProxyPacUrl": format!("{}/proxy.pac", pac.base), "egressProxyUrl": format!("http://{gone}")});
    let base = format!("https://{PROVIDER}");
    let client = client(&base, &more, trusting(&party));
    let answer = client.send(request(&base)).await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::OK);
    client.send(request(&base)).await.expect("an answer");
    assert_eq!(tunnel.asked()[0], "CONNECT provider.example:443 HTTP/1.1");
    // The script was fetched once.
    assert_eq!(pac.seen(), 1);
}

#[tokio::test]
async fn a_proxy_that_refuses_ends_the_list() {
    let refusing = blurting(b"HTTP/1.1 403 Forbidden\r\n\r\n").await;
    let pac = script(find(&format!("'PROXY {refusing}; DIRECT'"))).await;
    let names = Names::answering(&[&["127.0.0.1"]]);
    let more = json!({"egressProxyPacUrl": pac.base});
    let found = fault(failure("https://provider.example", more, knowing(Arc::clone(&names))).await);
    assert_eq!(found, ProxyFault::Refused(403));
    assert_eq!(names.asked(), Vec::<String>::new());
}

#[tokio::test]
async fn a_proxy_script_that_fails_never_means_a_direct_connection() {
    let party = TlsParty::serve().await;
    let missing = Party::serve(Router::new().fallback(|| async { StatusCode::NOT_FOUND })).await;
    let scripts = [
        script("not a script".to_owned()).await,
        script(find("undefinedFunction()")).await,
        script(find("'SOCKS a:1'")).await,
        script(find("7")).await,
        script("x".repeat(2 << 20)).await,
        missing,
    ];
    let base = format!("https://{PROVIDER}:{}", party.port);
    let mut places: Vec<String> = scripts.iter().map(|party| party.base.clone()).collect();
    places.push(format!("http://{}", closed_port().await));
    for place in places {
        let names = Names::answering(&[&["127.0.0.1"]]);
        let network = Network {
            extra_roots: vec![party.authority.clone()],
            ..knowing(Arc::clone(&names))
        };
        let found = fault(failure(&base, json!({"egressProxyPacUrl": place}), network).await);
        assert!(matches!(found, ProxyFault::Script(_)), "{found}");
        assert_eq!(names.asked(), Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_script_may_say_direct_and_may_look_at_the_address_of_the_host() {
    let party = TlsParty::serve().await;
    let pac = script(find(
        "isInNet(host, '127.0.0.0', '255.0.0.0') ? 'DIRECT' : 'PROXY 127.0.0.1:1'",
    ))
    .await;
    let network = Network {
        extra_roots: vec![party.authority.clone()],
        ..knowing(Names::answering(&[&["127.0.0.1"]]))
    };
    let base = format!("https://{PROVIDER}:{}", party.port);
    let more = json!({"egressProxyPacUrl": pac.base});
    let answer = client(&base, &more, network)
        .send(request(&base))
        .await
        .expect("an answer");
    assert_eq!(answer.status(), StatusCode::OK);
}

#[tokio::test]
async fn managed_addresses_with_credentials_close_every_way() {
    let keys = [
        ("egressProxyPacUrl", "http://user:s3cr3t@proxy.example/p.pac"),
        ("egressProxyPacUrl", "file:///etc/proxy.pac"),
        ("egressProxyUrl", "http://user:s3cr3t@proxy.example"),
        ("egressProxyUrl", "socks5://proxy.example"),
    ];
    for (key, address) in keys {
        let gateway = settings("https://provider.example");
        let gate = Gate::new(
            move |asked| {
                if asked == key {
                    json!(address)
                } else {
                    gateway(asked)
                }
            },
            Network::default(),
        );
        let error = gate.client(Destination::InferenceGateway).expect_err(address);
        assert!(
            !format!("{error} {error:?} {gate:?}").contains("s3cr3t"),
            "{error}"
        );
        assert!(gate.faults().contains(&error), "{:?}", gate.faults());
    }
}

#[tokio::test]
async fn plain_pages_go_to_the_proxy_with_their_whole_address() {
    let proxy = Party::serve(
        Router::new().fallback(|request: axum::extract::Request| async move {
            let authorization = request.headers().get("proxy-authorization").cloned();
            format!("{} {authorization:?}", request.uri())
        }),
    )
    .await;
    let environment = format!("http://user:pass@{}", proxy.base.trim_start_matches("http://"));
    let network = Network {
        proxy: Proxy::from_environment(|name| (name == "all_proxy").then(|| environment.clone())),
        ..knowing(Names::answering(&[]))
    };
    let gate = Gate::new(
        |key| {
            if key == "coworkEgressAllowedHosts" {
                json!(["plain.example"])
            } else {
                Value::Null
            }
        },
        network,
    );
    let client = gate.client(Destination::WebFetch).expect("an open destination");
    let answer = client
        .send(request("http://plain.example/page?q"))
        .await
        .expect("an answer");
    let said = answer.body_up_to(1000).await.expect("a body");
    assert_eq!(
        said,
        "http://plain.example/page?q Some(Sensitive)".replace("Sensitive", "\"Basic dXNlcjpwYXNz\"")
    );
}

#[test]
fn reads_authorities_of_a_file_and_refuses_one_without() {
    let key = rcgen::KeyPair::generate().expect("a key");
    let params = rcgen::CertificateParams::new(Vec::new()).expect("parameters");
    let pem = params.self_signed(&key).expect("a certificate").pem();
    assert_eq!(
        authorities_of_pem(format!("comment\n{pem}\n{pem}").as_bytes())
            .expect("authorities")
            .len(),
        2
    );
    for broken in [
        "",
        "no certificate",
        "-----BEGIN CERTIFICATE-----\n%%%\n-----END CERTIFICATE-----\n",
    ] {
        assert!(authorities_of_pem(broken.as_bytes()).is_err(), "{broken}");
    }
}
