//! The table over the policy crate's own values: defaults, forms and secrets as the service hands them to the gate.

use std::collections::BTreeMap;

use deskhand_egress::{Destination, Gate, Network};
use deskhand_policy::{Encoding, Origin, Policy, Reading, Values};
use pretty_assertions::assert_eq;
use serde_json::{Value, json};

/// A gate under managed settings, as JSON in the file of Linux.
fn gate(settings: &Value) -> Gate {
    let entries = settings.as_object().expect("an object");
    let values = Values {
        origin: Origin::Managed("test".into()),
        encoding: Encoding::Json,
        entries: entries
            .iter()
            .map(|(key, value)| (key.clone(), Ok(value.clone())))
            .collect(),
    };
    let policy = Policy::resolve(&Reading::Present(values), &[]);
    let values: BTreeMap<_, _> = policy
        .entries()
        .into_iter()
        .map(|entry| (entry.name, entry.value))
        .collect();
    Gate::new(
        move |key| values.get(key).cloned().unwrap_or_default(),
        Network::default(),
    )
}

fn hosts(settings: &Value) -> Vec<String> {
    let list = gate(settings).egress_list();
    let shown = list.iter().filter(|entry| entry.destination != "office-script");
    shown
        .map(|entry| format!("{} {}", entry.destination, entry.target))
        .collect()
}

#[test]
fn the_defaults_open_nothing() {
    assert_eq!(hosts(&json!({})), Vec::<String>::new());
}

#[test]
fn switched_off_only_the_place_that_may_switch_on_again_stays_open() {
    let settings = json!({
        "deskhandEnabled": false,
        "inferenceProvider": "gateway", "inferenceGatewayBaseUrl": "https://gateway.example.com",
        "coworkEgressAllowedHosts": ["*.example.com"],
        "otlpEndpoint": "https://collector.example.com",
        "bootstrapUrl": "https://settings.example.com",
    });
    assert_eq!(
        hosts(&settings),
        [
            "bootstrap https://settings.example.com",
            "bootstrap-sign-in-page https://settings.example.com"
        ]
    );
    let Err(refused) = gate(&settings).client(Destination::InferenceGateway) else {
        panic!("the gateway is open")
    };
    assert!(refused.to_string().contains("deskhandEnabled"), "{refused}");
}

#[test]
fn before_the_settings_are_here_only_the_way_to_them_is_open() {
    let settings = json!({
        "inferenceProvider": "gateway", "inferenceGatewayBaseUrl": "https://gateway.example.com",
        "coworkEgressAllowedHosts": ["*.example.com"],
        "otlpEndpoint": "https://collector.example.com",
        "bootstrapUrl": "https://settings.example.com",
    });
    let gate = gate(&settings).before_settings();
    assert!(gate.client(Destination::Bootstrap).is_ok());
    for destination in [
        Destination::InferenceGateway,
        Destination::Collector,
        Destination::WebFetch,
    ] {
        let Err(refused) = gate.client(destination) else {
            panic!("{destination} is open")
        };
        assert!(refused.to_string().contains("bootstrapUrl"), "{refused}");
    }
}

#[test]
fn a_browser_is_sent_to_pages_of_its_destination_alone() {
    let settings = json!({
        "bootstrapUrl": "https://settings.example.com",
        "bootstrapOidc": {"clientId": "x", "issuer": "https://id.example.com", "scopes": "openid"},
    });
    let (gate, page) = (gate(&settings), Destination::BootstrapSignInPage);
    assert!(gate.page(page, "https://id.example.com/authorize?x=1").is_ok());
    for elsewhere in [
        "https://evil.example.org/authorize",
        "https://id.example.com:8443/authorize",
        "http://id.example.com/authorize",
        "javascript:alert(1)",
    ] {
        assert!(gate.page(page, elsewhere).is_err(), "{elsewhere}");
    }
}

#[test]
fn a_bearer_token_that_is_masked_still_needs_the_runtime_host_alone() {
    let settings = json!({
        "inferenceProvider": "bedrock", "inferenceBedrockRegion": "us-east-1",
        "inferenceBedrockBearerToken": "company-token", "coworkEgressAllowedHosts": [],
    });
    assert_eq!(
        hosts(&settings),
        ["inference-bedrock https://bedrock-runtime.us-east-1.amazonaws.com"]
    );
}

#[test]
fn unset_headers_do_not_take_the_place_of_a_sign_in() {
    let mut settings = json!({
        "bootstrapUrl": "https://boot.corp.example/me", "coworkEgressAllowedHosts": [],
        "bootstrapOidc": {"clientId": "x", "issuer": "https://id.corp.example", "scopes": "openid"},
    });
    assert_eq!(
        hosts(&settings),
        [
            "bootstrap https://boot.corp.example",
            "bootstrap https://id.corp.example",
            "bootstrap-sign-in-page https://id.corp.example",
        ]
    );
    settings["bootstrapHeaders"] = json!({"Authorization": "Bearer company-key"});
    assert_eq!(hosts(&settings), ["bootstrap https://boot.corp.example"]);
}

#[test]
fn lists_and_servers_are_read_in_the_form_that_policy_gives_them() {
    let settings = json!({
        "coworkEgressAllowedHosts": ["*.corp.example", "git.corp.example:22"],
        "managedMcpServers": [
            {"name": "wiki", "transport": "http", "url": "https://mcp.corp.example/x"},
            {"name": "search", "server": "websearch", "provider": "custom", "customUrl": "https://search.corp.example/q"},
        ],
    });
    assert_eq!(
        hosts(&settings),
        [
            "mcp https://mcp.corp.example",
            "web-search https://search.corp.example",
            "web-fetch *.corp.example",
            "web-fetch git.corp.example:22",
            "sandbox *.corp.example",
            "sandbox git.corp.example:22",
        ]
    );
}
