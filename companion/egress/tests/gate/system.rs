//! The proxies of the operating system: when they count, and what counts where their script is out of reach.

use std::sync::Arc;

use axum::Router;
use deskhand_egress::{
    Destination, EgressError, Exchange, Gate, NamedBy, Network, OriginError, Proxy, ProxyError, SystemProxy,
    SystemSettings, Unusable,
};
use pretty_assertions::assert_eq;
use serde_json::{Value, json};

use crate::party::{Names, PROVIDER, Party, TlsParty, TunnelProxy};
use crate::{request, settings};

fn gate(more: &Value, network: Network) -> Gate {
    let gateway = settings("https://provider.example");
    let more = more.clone();
    Gate::new(
        move |key| more.get(key).cloned().unwrap_or_else(|| gateway(key)),
        network,
    )
}

fn system(settings: &SystemSettings<'_>) -> Option<SystemProxy> {
    SystemProxy::new(settings)
}

fn environment(address: &str) -> Proxy {
    Proxy::from_environment(|name| (name == "https_proxy").then(|| address.to_owned()))
}

#[test]
fn policy_counts_before_the_system_and_the_system_before_the_environment() {
    let of_system = |script| {
        system(&SystemSettings {
            https: Some("system.example:8080"),
            script,
            ..SystemSettings::default()
        })
    };
    let (script, address) = ("http://policy.example/p.pac", "http://policy.example:3128");
    let table = [
        (
            json!({"egressProxyPacUrl": script, "egressProxyUrl": address}),
            of_system(None),
            NamedBy::PolicyScript,
        ),
        (
            json!({"egressProxyUrl": address}),
            of_system(None),
            NamedBy::PolicyAddress,
        ),
        (
            json!({"egressProxyUrl": address}),
            of_system(Some("http://system.example/p.pac")),
            NamedBy::PolicyAddress,
        ),
        (json!({}), of_system(None), NamedBy::System),
        (
            json!({}),
            of_system(Some("http://system.example/p.pac")),
            NamedBy::System,
        ),
        (json!({}), None, NamedBy::Environment),
    ];
    for (more, system, wanted) in table {
        let network = Network {
            proxy: environment("http://environment.example:1"),
            system,
            ..Network::default()
        };
        let way = gate(&more, network).way_out().expect("a way");
        assert_eq!(way.named_by, wanted, "{more}");
        assert_eq!(way.script.is_some(), way.to_string().contains("script"), "{way}");
    }
    let nobody = gate(&json!({}), Network::default()).way_out().expect("a way");
    assert_eq!(nobody.to_string(), "Connections to other machines go directly.");
}

#[test]
fn the_list_says_that_the_system_names_the_proxy_and_its_script() {
    let network = Network {
        system: system(&SystemSettings {
            https: Some("system.example:8080"),
            http: Some("plain.example"),
            script: Some("https://pac.example:8443/p.pac"),
            ..SystemSettings::default()
        }),
        ..Network::default()
    };
    let gate = gate(&json!({}), network);
    let list = gate.egress_list();
    let entries: Vec<_> = list
        .iter()
        .filter(|entry| entry.destination.starts_with("proxy"))
        .collect();
    let targets: Vec<_> = entries.iter().map(|entry| entry.target.to_string()).collect();
    let wanted = [
        "http://system.example:8080",
        "http://plain.example",
        "https://pac.example:8443",
    ];
    assert_eq!(targets, wanted);
    for entry in &entries {
        assert!(entry.why.contains("operating system"), "{}", entry.why);
        // No policy key names it, so none closes it.
        assert_eq!(entry.key, "");
    }
    assert!(
        entries[0].why.contains("where the script is out of reach"),
        "{}",
        entries[0].why
    );
    let explained = gate.explain("system.example:8080").expect("a host");
    assert_eq!(
        (explained.reached_by[0].key, explained.reached_by[0].why),
        ("", entries[0].why)
    );
    assert!(explained.to_string().contains("no policy key"), "{explained}");
}

#[test]
fn each_setting_is_judged_for_itself_and_what_cannot_be_used_is_named() {
    let of = |https, http, script| {
        let found = system(&SystemSettings {
            https,
            http,
            script,
            ..SystemSettings::default()
        });
        found.map(|found| found.unusable())
    };
    let (socks, file) = (Some("socks://proxy:1080"), Some("file:///etc/proxy.pac"));
    let unfit = ProxyError::Script(OriginError::NotAnAddress);
    assert_eq!(of(None, None, None), None);
    let table = [
        (of(Some("proxy"), None, None), vec![]),
        (
            of(socks, Some("proxy"), None),
            vec![Unusable::Https(ProxyError::Scheme)],
        ),
        (
            of(Some("proxy"), socks, None),
            vec![Unusable::Http(ProxyError::Scheme)],
        ),
        (
            of(Some("http://"), None, None),
            vec![Unusable::Https(ProxyError::NotAnAddress)],
        ),
        (of(None, None, file), vec![Unusable::Script(unfit)]),
        (
            of(socks, Some("proxy"), file),
            vec![Unusable::Script(unfit), Unusable::Https(ProxyError::Scheme)],
        ),
    ];
    for (found, wanted) in table {
        assert_eq!(found, Some(wanted));
    }
    for script in ["proxy.pac", "http://me:pw@pac.example/"] {
        let found = of(None, None, Some(script)).expect("settings");
        assert!(
            matches!(found[..], [Unusable::Script(ProxyError::Script(_))]),
            "{script}"
        );
    }
}

#[tokio::test]
async fn where_the_proxy_of_the_system_cannot_be_used_or_told_nothing_goes_directly() {
    let party = TlsParty::serve().await;
    let tunnel = TunnelProxy::to(party.port).await;
    let base = format!("https://{PROVIDER}:{}", party.port);
    let of = |https, http, script| {
        system(&SystemSettings {
            https,
            http,
            script,
            ..SystemSettings::default()
        })
    };
    let (good, socks, file) = (
        Some(&*tunnel.place),
        Some("socks://proxy:1080"),
        Some("file:///p.pac"),
    );
    let table = [
        (of(socks, good, None), Some(ProxyError::Scheme)),
        (
            of(None, good, file),
            Some(ProxyError::Script(OriginError::NotAnAddress)),
        ),
        (Some(SystemProxy::untold()), Some(ProxyError::Untold)),
        (of(good, socks, None), None),
        (of(good, None, file), None),
    ];
    for (system, wanted) in table {
        let names = Names::answering(&[&["127.0.0.1"]]);
        let told = format!("{system:?}");
        let network = Network {
            system,
            extra_roots: vec![party.authority.clone()],
            resolver: Arc::clone(&names) as _,
            ..Network::default()
        };
        let gate = Gate::new(settings(&base), network);
        let client = gate
            .client(Destination::InferenceGateway)
            .expect("an open gateway");
        let sent = client.send(request(&base)).await.map(drop);
        assert_eq!(sent.err(), wanted.map(EgressError::Proxy), "{told}");
        assert_eq!(names.asked(), Vec::<String>::new(), "{told}");
    }
    assert_eq!(tunnel.asked().len(), 2);
}

#[test]
fn the_way_out_says_what_cannot_be_used() {
    let network = Network {
        system: system(&SystemSettings {
            https: Some("socks://proxy:1080"),
            http: Some("plain.example"),
            ..SystemSettings::default()
        }),
        ..Network::default()
    };
    let way = gate(&json!({}), network.clone()).way_out().expect("a way");
    assert_eq!(
        way.to_string(),
        "Named by the settings of the operating system, and not to be used: the proxy for https addresses: only http and \
         https proxies are used. Connections that need it fail. Other connections go through http://plain.example, named by \
         the settings of the operating system."
    );
    let managed = gate(&json!({"egressProxyUrl": "http://policy.example:3128"}), network);
    assert_eq!(managed.way_out().expect("a way").unusable, []);
}

#[tokio::test]
async fn connections_go_through_the_proxy_of_the_system_but_for_its_exceptions() {
    let party = TlsParty::serve().await;
    let tunnel = TunnelProxy::to(party.port).await;
    let base = format!("https://{PROVIDER}:{}", party.port);
    let client = |exceptions: &[String], names| {
        let system = system(&SystemSettings {
            https: Some(&tunnel.place),
            exceptions,
            ..SystemSettings::default()
        });
        let network = Network {
            system,
            extra_roots: vec![party.authority.clone()],
            resolver: names,
            ..Network::default()
        };
        Gate::new(settings(&base), network)
            .client(Destination::InferenceGateway)
            .expect("an open gateway")
    };
    let through = client(&["*.corp.example".to_owned()], Names::answering(&[]));
    through.send(request(&base)).await.expect("an answer");
    assert_eq!(tunnel.asked().len(), 1);
    let around = client(&["*.example".to_owned()], Names::answering(&[&["127.0.0.1"]]));
    around.send(request(&base)).await.expect("an answer");
    assert_eq!(tunnel.asked().len(), 1);
}

#[tokio::test]
async fn a_script_of_the_system_counts_and_out_of_its_network_what_stands_beside_it() {
    let party = TlsParty::serve().await;
    let tunnel = TunnelProxy::to(party.port).await;
    let base = format!("https://{PROVIDER}:{}", party.port);
    let place = tunnel.place.clone();
    let pac = Party::serve(Router::new().fallback(move || {
        let answer = format!("function FindProxyForURL() {{ return 'PROXY {place}' }}");
        async move { answer }
    }))
    .await;
    let network = |script: &str, names| Network {
        system: system(&SystemSettings {
            script: Some(script),
            ..SystemSettings::default()
        }),
        extra_roots: vec![party.authority.clone()],
        resolver: names,
        ..Network::default()
    };
    let client = |more: &Value, network| {
        let gateway = settings(&base);
        let more = more.clone();
        Gate::new(
            move |key| more.get(key).cloned().unwrap_or_else(|| gateway(key)),
            network,
        )
        .client(Destination::InferenceGateway)
        .expect("an open gateway")
    };
    let inside = client(&json!({}), network(&pac.base, Names::answering(&[])));
    inside.send(request(&base)).await.expect("an answer");
    assert_eq!(tunnel.asked().len(), 1);
    // The first name that is asked for is the script's; then the provider's, directly.
    let gone = "http://127.0.0.1:9/proxy.pac";
    let names = Names::answering(&[&["127.0.0.1"]]);
    let outside = client(&json!({}), network(gone, Arc::clone(&names) as _));
    outside.send(request(&base)).await.expect("an answer");
    assert_eq!(tunnel.asked().len(), 1);
    // The same script, named by policy, is the only way.
    let managed = client(&json!({"egressProxyPacUrl": gone}), network(gone, names));
    let error = managed.send(request(&base)).await.expect_err("a refusal");
    assert!(
        matches!(
            &error,
            EgressError::Failed {
                exchange: Exchange::Proxy { .. },
                ..
            }
        ),
        "{error}"
    );
}

#[tokio::test]
async fn a_script_of_the_system_that_is_broken_is_an_error() {
    let pac = Party::serve(Router::new().fallback(|| async { "not a script" })).await;
    let network = Network {
        system: system(&SystemSettings {
            script: Some(&pac.base),
            ..SystemSettings::default()
        }),
        resolver: Names::answering(&[&["127.0.0.1"]]),
        ..Network::default()
    };
    let client = gate(&json!({}), network)
        .client(Destination::InferenceGateway)
        .expect("an open gateway");
    let error = client
        .send(request("https://provider.example"))
        .await
        .expect_err("a refusal");
    assert!(error.to_string().contains("its script gives no way"), "{error}");
}
