//! The nested form of a JSON source.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use deskhand_policy::{Policy, ProblemKind, Reading, Store as _, UserFile};
use pretty_assertions::assert_eq;
use serde_json::{Value, json};

fn read(settings: &str) -> Reading {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("settings.json");
    std::fs::write(&path, settings).unwrap();
    UserFile::new(path).read()
}

fn keys(settings: &Value) -> Vec<(String, Value)> {
    match read(&settings.to_string()) {
        Reading::Present(values) => {
            let entries = values.entries.into_iter();
            entries
                .map(|(key, said)| (key, said.unwrap_or_else(Value::String)))
                .collect()
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn paths_lead_to_the_keys_of_the_flat_form() {
    let nested = json!({
        "$schemaVersion": 2,
        "inference": {
            "provider": "gateway",
            "credential": { "kind": "static", "apiKey": "k", "authScheme": "x-api-key", "ttlSec": 60, "oidc": { "clientId": "c" } },
            "customHeaders": { "X-A": "b" },
        },
        "models": { "prefer1mContext": true, "pricing": { "enabled": true, "models": [] } },
        "workspace": { "disableBypassPermissionsMode": true, "egressProxyUrl": "http://proxy:8080" },
        "mcp": { "managedServers": [], "isLocalDevMcpEnabled": false },
        "plugins": { "marketplaces": [], "userPluginUploadsEnabled": false },
        "otlp": { "contentCapture": ["userPrompts"], "resourceAttributes": { "a": "b" } },
        "autoUpdate": { "viaUpdatesHost": true },
        "lifecycle": { "relaunchEnforcementHours": 5 },
        "banner": { "enabled": false },
        "deskhandPairing": "always",
    });
    let expected = [
        ("allowedPluginMarketplaces", json!([])),
        ("banner", json!({ "enabled": false })),
        ("deskhandPairing", json!("always")),
        ("disableBypassPermissionsMode", json!(true)),
        ("egressProxyUrl", json!("http://proxy:8080")),
        ("inferenceCredentialHelperTtlSec", json!(60)),
        ("inferenceCredentialKind", json!("static")),
        ("inferenceCustomHeaders", json!({ "X-A": "b" })),
        ("inferenceGatewayApiKey", json!("k")),
        ("inferenceGatewayAuthScheme", json!("x-api-key")),
        ("inferenceGatewayOidc", json!({ "clientId": "c" })),
        ("inferenceModelPricing", json!([])),
        ("inferenceModelPricingEnabled", json!(true)),
        ("inferenceProvider", json!("gateway")),
        ("isLocalDevMcpEnabled", json!(false)),
        ("managedMcpServers", json!([])),
        ("modelPrefer1mContext", json!(true)),
        ("otlpContentCapture", json!(["userPrompts"])),
        ("otlpResourceAttributes", json!({ "a": "b" })),
        ("relaunchEnforcementHours", json!(5)),
        ("updateViaUpdatesHost", json!(true)),
        ("userPluginUploadsEnabled", json!(false)),
    ];
    let expected: Vec<(String, Value)> = expected
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect();
    assert_eq!(keys(&nested), expected);
}

#[test]
fn the_providers_own_keys_follow_the_provider() {
    let cases = [
        ("gateway", "apiKey", "inferenceGatewayApiKey"),
        ("bedrock", "apiKey", "inferenceBedrockBearerToken"),
        ("foundry", "apiKey", "inferenceFoundryApiKey"),
        ("vertex", "authFlow", "inferenceVertexWorkforceAuthFlow"),
        ("foundry", "authFlow", "inferenceFoundryAuthFlow"),
        ("vertex", "oidc", "inferenceVertexWorkforceOidc"),
        ("vertex", "apiKey", "inference.credential.apiKey"),
    ];
    for (provider, leaf, key) in cases {
        let nested = json!({ "$schemaVersion": 2, "inference": { "provider": provider, "credential": { leaf: "x" } } });
        assert!(
            keys(&nested).contains(&(key.to_owned(), json!("x"))),
            "{provider} {leaf}"
        );
    }
}

#[test]
fn a_path_that_leads_to_no_key_is_told_as_unknown() {
    let policy = Policy::resolve(
        &Reading::Absent,
        &[read(
            r#"{"$schemaVersion": 2, "workspace": {"surprise": {"deep": 1}}}"#,
        )],
    );
    let told: Vec<(&str, ProblemKind)> = policy
        .problems
        .iter()
        .map(|it| (it.key.as_str(), it.kind))
        .collect();
    assert_eq!(told, [("workspace.surprise.deep", ProblemKind::Unknown)]);
}

#[test]
fn a_key_that_is_there_in_both_forms_is_invalid() {
    let nested = r#"{"$schemaVersion": 2, "disableBypassPermissionsMode": false, "workspace": {"disableBypassPermissionsMode": false}}"#;
    let policy = Policy::resolve(&Reading::Absent, &[read(nested)]);
    assert_eq!(policy.value("disableBypassPermissionsMode"), json!(true));
    assert_eq!(policy.problems.len(), 1);
}

#[test]
fn a_version_that_nobody_knows_makes_the_source_unusable() {
    for version in ["3", "\"2\"", "null", "0", "2.5"] {
        let reading = read(&format!(r#"{{"$schemaVersion": {version}}}"#));
        assert!(matches!(reading, Reading::Unusable(..)), "{version}");
    }
    assert_eq!(
        keys(&json!({ "$schemaVersion": 1, "deskhandEnabled": true })).len(),
        1
    );
}

#[test]
fn a_name_that_stands_twice_below_a_key_makes_that_key_invalid() {
    let twice = r#"{"deskhandPairing": "once", "builtinToolPolicy": {"Edit": "ask", "Edit": "allow"}}"#;
    let policy = Policy::resolve(&Reading::Absent, &[read(twice)]);
    assert_eq!(policy.value("builtinToolPolicy"), json!({ "*": "ask" }));
    assert_eq!(policy.problems.len(), 1);
}
