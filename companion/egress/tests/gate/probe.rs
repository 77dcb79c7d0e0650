//! A connection that is watched: what it meets is told in order, as far as it comes, and nothing is sent to the host.

use std::sync::{Arc, Mutex};

use axum::Router;
use deskhand_egress::{Destination, EgressError, Exchange, Gate, Milestone, Network, ProxyFault};
use pretty_assertions::assert_eq;
use serde_json::{Value, json};

use crate::party::{Names, PROVIDER, Party, TlsParty, TunnelProxy, blurting};
use crate::proxies::{closed_port, find, script};
use crate::settings;

/// The milestones of a probe under these settings, by their names, and how it ended.
async fn probed(base: &str, more: Value, network: Network) -> (Vec<String>, Result<(), EgressError>) {
    let gateway = settings(base);
    let gate = Gate::new(
        move |key| more.get(key).cloned().unwrap_or_else(|| gateway(key)),
        network,
    );
    let client = gate
        .client(Destination::InferenceGateway)
        .expect("an open gateway");
    let heard = Arc::new(Mutex::new(Vec::new()));
    let record = Arc::clone(&heard);
    let ended = client
        .probe(base, move |milestone| {
            record.lock().expect("no panic").push(told(&milestone));
        })
        .await;
    let heard = heard.lock().expect("no panic").clone();
    (heard, ended)
}

fn told(milestone: &Milestone) -> String {
    match milestone {
        Milestone::Way(None) => "directly".to_owned(),
        Milestone::Way(Some(proxy)) => format!("through {proxy}"),
        Milestone::Resolved { name, addresses } => format!("{name} is {addresses:?}"),
        Milestone::Connected => "connected".to_owned(),
        Milestone::Tunnel => "tunnel".to_owned(),
        Milestone::Certificate(issuers) => format!("certificate of {}", issuers.direct),
        Milestone::Secured(version) => (*version).to_owned(),
    }
}

fn trusting(party: &TlsParty, names: Arc<Names>) -> Network {
    Network {
        extra_roots: vec![party.authority.clone()],
        resolver: names,
        ..Network::default()
    }
}

/// The authority of a [`TlsParty`], by the name that its library gives it.
const AUTHORITY: &str = "certificate of rcgen self signed cert";

#[tokio::test]
async fn each_milestone_of_a_direct_connection_is_told_in_order() {
    let party = TlsParty::serve().await;
    let base = format!("https://{PROVIDER}:{}", party.port);
    let network = trusting(&party, Names::answering(&[&["127.0.0.1"]]));
    let (heard, ended) = probed(&base, json!({}), network).await;
    assert_eq!(ended, Ok(()));
    let resolved = format!("{PROVIDER} is [127.0.0.1]");
    assert_eq!(heard, ["directly", &resolved, "connected", AUTHORITY, "TLS 1.3"]);
}

#[tokio::test]
async fn behind_a_proxy_the_name_is_the_proxys_own() {
    let party = TlsParty::serve().await;
    let tunnel = TunnelProxy::to(party.port).await;
    let port = tunnel.place.rsplit(':').next().expect("a port").to_owned();
    let proxy = format!("http://proxy.example:{port}");
    let network = trusting(&party, Names::answering(&[&["127.0.0.1"]]));
    let base = format!("https://{PROVIDER}");
    let (heard, ended) = probed(&base, json!({ "egressProxyUrl": proxy }), network).await;
    assert_eq!(ended, Ok(()));
    let through = format!("through {proxy}");
    let resolved = "proxy.example is [127.0.0.1]";
    assert_eq!(
        heard,
        [&through, resolved, "connected", "tunnel", AUTHORITY, "TLS 1.3"]
    );
    assert_eq!(tunnel.asked(), ["CONNECT provider.example:443 HTTP/1.1"]);
}

#[tokio::test]
async fn a_proxy_of_a_list_that_is_not_there_is_followed_by_the_next() {
    let party = TlsParty::serve().await;
    let tunnel = TunnelProxy::to(party.port).await;
    let gone = closed_port().await;
    let pac = script(find(&format!("'PROXY {gone}; PROXY {}'", tunnel.place))).await;
    let more = json!({ "egressProxyPacUrl": format!("{}/proxy.pac", pac.base) });
    let network = trusting(&party, Names::answering(&[]));
    let (heard, ended) = probed(&format!("https://{PROVIDER}"), more, network).await;
    assert_eq!(ended, Ok(()));
    let ways = [
        format!("through http://{gone}"),
        format!("through http://{}", tunnel.place),
    ];
    assert_eq!(heard[..2], ways);
    assert_eq!(heard[2..], ["connected", "tunnel", AUTHORITY, "TLS 1.3"]);
}

#[tokio::test]
async fn a_certificate_without_trust_is_told_before_it_is_refused() {
    let party = TlsParty::serve().await;
    let network = Network {
        resolver: Names::answering(&[&["127.0.0.1"]]),
        ..Network::default()
    };
    let base = format!("https://{PROVIDER}:{}", party.port);
    let (heard, ended) = probed(&base, json!({}), network).await;
    assert_eq!(heard.last().map(String::as_str), Some(AUTHORITY));
    assert!(
        matches!(
            &ended,
            Err(EgressError::Failed {
                exchange: Exchange::Tls(_),
                ..
            })
        ),
        "{ended:?}"
    );
}

#[tokio::test]
async fn a_proxy_that_refuses_is_the_last_that_is_met() {
    let place = blurting(b"HTTP/1.1 403 Forbidden\r\n\r\n").await;
    let proxy = format!("http://{place}");
    let (heard, ended) = probed(
        "https://provider.example",
        json!({ "egressProxyUrl": proxy }),
        Network::default(),
    )
    .await;
    assert_eq!(heard, [format!("through {proxy}"), "connected".to_owned()]);
    let Err(EgressError::Failed {
        exchange: Exchange::Proxy { fault, .. },
        ..
    }) = ended
    else {
        panic!("{ended:?}");
    };
    assert_eq!(fault, ProxyFault::Refused(403));
}

#[tokio::test]
async fn nothing_is_sent_to_the_host_and_nothing_at_all_to_another() {
    let (party, other) = (
        Party::serve(Router::new()).await,
        Party::serve(Router::new()).await,
    );
    let (heard, ended) = probed(&party.base, json!({}), Network::default()).await;
    assert_eq!(
        (heard, ended),
        (vec!["directly".to_owned(), "connected".to_owned()], Ok(()))
    );
    let gate = Gate::new(settings(&party.base), Network::default());
    let client = gate
        .client(Destination::InferenceGateway)
        .expect("an open gateway");
    let refused = client
        .probe(&other.base, |_| panic!("no way there is looked for"))
        .await;
    assert!(
        matches!(&refused, Err(EgressError::Refused { .. })),
        "{refused:?}"
    );
    assert_eq!((party.seen(), other.seen()), (0, 0));
}
