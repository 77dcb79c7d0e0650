//! Which hosts follow from which settings.

use std::cell::RefCell;
use std::collections::BTreeSet;

use pretty_assertions::assert_eq;
use serde_json::{Value, json};

use super::*;
use crate::{Destination, EgressError, Gate, Network};

fn gate(settings: Value) -> Gate {
    Gate::new(move |key| settings[key].clone(), Network::default())
}

/// The hosts of a destination, or the key that would open it.
fn hosts(destination: Destination, settings: Value) -> Result<Vec<String>, &'static str> {
    match gate(settings).origins(destination) {
        Ok(origins) => Ok(origins.iter().map(|origin| origin.host().to_owned()).collect()),
        Err(EgressError::Closed { key, .. } | EgressError::Address { key, .. }) => Err(key),
        Err(error) => panic!("{error}"),
    }
}

fn all(settings: Value) -> Vec<String> {
    let hidden = ["office-script"];
    let list = gate(settings).egress_list();
    let shown = list.iter().filter(|entry| !hidden.contains(&entry.destination));
    shown
        .map(|entry| format!("{} {}", entry.destination, entry.target))
        .collect()
}

#[test]
fn nothing_is_open_without_settings_but_the_script_of_office() {
    let list = gate(json!({})).egress_list();
    assert_eq!(list.len(), 1);
    assert_eq!(list[0].target.to_string(), "https://appsforoffice.microsoft.com");
    assert_eq!(
        all(json!({"deskhandOfficeScriptFolder": "/srv/office"})),
        Vec::<String>::new()
    );
}

#[test]
fn bedrock_with_a_bearer_token_needs_the_runtime_host_alone() {
    let settings = json!({
        "inferenceProvider": "bedrock", "inferenceBedrockRegion": "eu-central-1",
        "inferenceBedrockBearerToken": "(secret)", "coworkEgressAllowedHosts": [],
    });
    assert_eq!(
        all(settings),
        ["inference-bedrock https://bedrock-runtime.eu-central-1.amazonaws.com"]
    );
}

#[test]
fn bedrock_with_a_profile_needs_the_hosts_of_its_sign_in() {
    let settings = json!({
        "inferenceProvider": "bedrock", "inferenceBedrockRegion": "us-east-1", "inferenceBedrockProfile": "corp",
    });
    assert_eq!(
        hosts(Destination::AwsCredentials, settings),
        Ok([
            "bedrock.us-east-1.amazonaws.com",
            "sts.amazonaws.com",
            "sts.us-east-1.amazonaws.com",
            "portal.sso.us-east-1.amazonaws.com",
            "oidc.us-east-1.amazonaws.com",
        ]
        .map(str::to_owned)
        .to_vec())
    );
}

#[test]
fn bedrock_with_identity_center_needs_its_region_and_the_page_of_the_start_url() {
    let settings = json!({
        "inferenceProvider": "bedrock", "inferenceBedrockRegion": "us-east-1",
        "inferenceBedrockSsoStartUrl": "https://corp.awsapps.example/start", "inferenceBedrockSsoRegion": "eu-west-1",
        "inferenceBedrockSsoAccountId": "123456789012", "inferenceBedrockSsoRoleName": "Analyst",
    });
    let credentials = hosts(Destination::AwsCredentials, settings.clone()).expect("hosts");
    assert_eq!(
        credentials,
        [
            "bedrock.us-east-1.amazonaws.com",
            "portal.sso.eu-west-1.amazonaws.com",
            "oidc.eu-west-1.amazonaws.com"
        ]
    );
    assert_eq!(
        hosts(Destination::SignInPage, settings),
        Ok(vec![
            "corp.awsapps.example".to_owned(),
            "device.sso.eu-west-1.amazonaws.com".to_owned()
        ])
    );
}

#[test]
fn each_provider_has_its_host_and_no_other_provider_has_one() {
    let table = [
        (
            json!({"inferenceProvider": "gateway", "inferenceGatewayBaseUrl": "https://llm.corp.example/v1"}),
            "llm.corp.example",
        ),
        (
            json!({"inferenceProvider": "bedrock", "inferenceBedrockRegion": "us-gov-west-1"}),
            "bedrock-runtime-fips.us-gov-west-1.amazonaws.com",
        ),
        (
            json!({"inferenceProvider": "bedrock", "inferenceBedrockRegion": "cn-north-1"}),
            "bedrock-runtime.cn-north-1.amazonaws.com.cn",
        ),
        (
            json!({"inferenceProvider": "bedrock", "inferenceBedrockRegion": "us-east-1", "inferenceBedrockBaseUrl": "https://vpce.corp.example"}),
            "vpce.corp.example",
        ),
        (
            json!({"inferenceProvider": "vertex", "inferenceVertexRegion": "us-east5"}),
            "us-east5-aiplatform.googleapis.com",
        ),
        (
            json!({"inferenceProvider": "vertex", "inferenceVertexRegion": "global"}),
            "aiplatform.googleapis.com",
        ),
        (
            json!({"inferenceProvider": "vertex", "inferenceVertexRegion": "eu"}),
            "aiplatform.eu.rep.googleapis.com",
        ),
        (
            json!({"inferenceProvider": "vertex", "inferenceVertexBaseUrl": "https://psc.corp.example"}),
            "psc.corp.example",
        ),
        (
            json!({"inferenceProvider": "foundry", "inferenceFoundryResource": "Corp-AI"}),
            "corp-ai.services.ai.azure.com",
        ),
    ];
    for (settings, wanted) in table {
        let list = gate(settings.clone()).egress_list();
        let found: Vec<String> = list
            .iter()
            .filter(|entry| entry.destination.starts_with("inference-"))
            .map(|entry| entry.target.to_string())
            .collect();
        assert_eq!(found, [format!("https://{wanted}")], "{settings}");
    }
}

#[test]
fn a_region_or_resource_cannot_name_another_host() {
    for bad in [
        "evil.example/",
        "a.b",
        "x@evil.example",
        "-a",
        "a_b",
        "us east",
        "ü",
        "#",
        "UPPER.case",
    ] {
        let table = [
            (Destination::InferenceBedrock, "bedrock", "inferenceBedrockRegion"),
            (Destination::InferenceVertex, "vertex", "inferenceVertexRegion"),
            (
                Destination::InferenceFoundry,
                "foundry",
                "inferenceFoundryResource",
            ),
        ];
        for (destination, provider, key) in table {
            let found = hosts(destination, json!({"inferenceProvider": provider, key: bad}));
            assert_eq!(found, Err(key), "{bad}");
        }
    }
}

#[test]
fn google_tokens_need_no_more_hosts_than_the_credential() {
    let table = [
        (
            json!({}),
            &[
                "oauth2.googleapis.com",
                "sts.googleapis.com",
                "iamcredentials.googleapis.com",
            ][..],
        ),
        (
            json!({"inferenceVertexOAuthClientId": "id"}),
            &["oauth2.googleapis.com"][..],
        ),
        (
            json!({"inferenceVertexWorkforceAudience": "pool", "inferenceVertexWorkforceOidc": {"issuer": "https://id.corp.example"}}),
            &["sts.googleapis.com"][..],
        ),
        (json!({"inferenceVertexWorkforceAudience": "pool"}), &[][..]),
        (json!({"inferenceCredentialHelper": "/opt/helper"}), &[][..]),
        (json!({"inferenceCredentialKind": "helper-script"}), &[][..]),
    ];
    for (mut settings, wanted) in table {
        settings["inferenceProvider"] = json!("vertex");
        let found = hosts(Destination::GoogleCredentials, settings.clone()).unwrap_or_default();
        assert_eq!(found, wanted, "{settings}");
    }
}

#[test]
fn entra_is_open_for_a_sign_in_and_closed_for_a_key() {
    let tenant = json!({
        "inferenceProvider": "foundry", "inferenceFoundryTenantId": "t", "inferenceFoundryClientId": "c",
    });
    let wanted = Ok(vec!["login.microsoftonline.com".to_owned()]);
    assert_eq!(hosts(Destination::EntraSignIn, tenant.clone()), wanted);
    let mut pages = hosts(Destination::SignInPage, tenant.clone()).expect("pages");
    // Where codes are entered, too.
    assert_eq!(pages.remove(0), "login.microsoftonline.com");
    assert_eq!(
        pages,
        ["microsoft.com", "www.microsoft.com", "login.microsoft.com"]
    );
    let mut browser = tenant.clone();
    browser["inferenceFoundryAuthFlow"] = json!("browser");
    assert_eq!(hosts(Destination::SignInPage, browser), wanted);
    let mut keyed = tenant;
    keyed["inferenceFoundryApiKey"] = json!("(secret)");
    assert_eq!(
        hosts(Destination::EntraSignIn, keyed.clone()),
        Err("inferenceFoundryApiKey")
    );
    keyed["inferenceCredentialKind"] = json!("interactive");
    assert_eq!(hosts(Destination::EntraSignIn, keyed), wanted);
}

#[test]
fn a_key_that_goes_before_a_sign_in_closes_its_hosts() {
    let oidc = json!({"issuer": "https://id.corp.example"});
    let table = [
        (
            Destination::IdentityProvider,
            json!({"inferenceProvider": "gateway", "inferenceGatewayOidc": oidc}),
            "inferenceGatewayApiKey",
        ),
        (
            Destination::SignInPage,
            json!({"inferenceProvider": "gateway", "inferenceGatewayOidc": oidc}),
            "inferenceGatewayApiKey",
        ),
        (
            Destination::SignInPage,
            json!({"inferenceProvider": "bedrock", "inferenceBedrockSsoStartUrl": "https://corp.awsapps.example/start",
                "inferenceBedrockSsoAccountId": "123456789012", "inferenceBedrockSsoRoleName": "Analyst"}),
            "inferenceBedrockBearerToken",
        ),
    ];
    for (destination, mut settings, key) in table {
        hosts(destination, settings.clone()).expect(key);
        settings[key] = json!("(secret)");
        assert_eq!(hosts(destination, settings.clone()), Err(key));
        settings["inferenceCredentialKind"] = json!("interactive");
        hosts(destination, settings).expect(key);
    }
}

#[test]
fn an_identity_provider_has_the_hosts_of_its_object() {
    let oidc = json!({
        "issuer": "https://id.corp.example", "tokenUrl": "https://tokens.corp.example/t",
        "authorizationUrl": "https://login.corp.example/a",
    });
    let settings = json!({"inferenceProvider": "gateway", "inferenceGatewayOidc": oidc});
    assert_eq!(
        hosts(Destination::IdentityProvider, settings.clone()),
        Ok(vec![
            "id.corp.example".to_owned(),
            "tokens.corp.example".to_owned()
        ])
    );
    assert_eq!(
        hosts(Destination::SignInPage, settings),
        Ok(vec!["login.corp.example".to_owned()])
    );
    let google = json!({"inferenceProvider": "gateway", "inferenceGatewayOidc": {"issuer": "https://accounts.google.com"}});
    assert_eq!(
        hosts(Destination::IdentityProvider, google),
        Ok(vec![
            "accounts.google.com".to_owned(),
            "oauth2.googleapis.com".to_owned()
        ])
    );
    let own = json!({
        "inferenceProvider": "gateway", "inferenceGatewayBaseUrl": "https://llm.corp.example",
        "inferenceCredentialKind": "interactive",
    });
    for destination in [Destination::IdentityProvider, Destination::SignInPage] {
        assert_eq!(
            hosts(destination, own.clone()),
            Ok(vec!["llm.corp.example".to_owned()])
        );
    }
}

#[test]
fn mcp_servers_are_reached_where_they_are_and_started_programs_nowhere() {
    let servers = json!([
        {"name": "a", "transport": "http", "url": "https://mcp.corp.example/a", "oauth": {"clientId": "x",
            "authorizationServer": ["https://id.corp.example"]}},
        {"name": "b", "transport": "sse", "url": "https://mcp.corp.example/b"},
        {"name": "c", "transport": "stdio", "command": "/opt/c", "url": "https://ignored.example"},
        {"name": "d", "server": "microsoft365", "azureCloud": "us-gov-dod", "tenantId": "t"},
        {"name": "e", "server": "github", "host": "git.corp.example"},
        {"name": "f", "server": "websearch", "provider": "custom", "customUrl": "https://search.corp.example/q"},
        {"name": "g", "transport": "http", "url": "https://user:pass@mcp2.corp.example"},
        7,
    ]);
    let settings = json!({"managedMcpServers": servers});
    assert_eq!(
        all(settings.clone()),
        [
            "mcp https://mcp.corp.example",
            "mcp https://dod-graph.microsoft.us",
            "mcp https://git.corp.example",
            "mcp-sign-in https://mcp.corp.example",
            "mcp-sign-in https://id.corp.example",
            "mcp-sign-in https://login.microsoftonline.us",
            "web-search https://search.corp.example",
        ]
    );
    let faults: Vec<String> = gate(settings).faults().iter().map(ToString::to_string).collect();
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert!(
        faults[0].contains("managedMcpServers") && !faults[0].contains("pass@"),
        "{faults:?}"
    );
}

#[test]
fn the_search_service_is_closed_with_its_tool() {
    let mut settings = json!({"managedMcpServers": [{"server": "websearch", "provider": "brave"}]});
    assert_eq!(
        hosts(Destination::WebSearch, settings.clone()),
        Ok(vec!["api.search.brave.com".to_owned()])
    );
    for unusable in [
        json!({"toolPolicy": {"Web*": "blocked"}}),
        json!({"toolPolicy": {"*": "allow", "websearch": "blocked"}}),
        json!({"headersHelper": "/opt/key"}),
    ] {
        let mut entry = json!({"server": "websearch", "provider": "brave"});
        entry
            .as_object_mut()
            .unwrap()
            .extend(unusable.as_object().unwrap().clone());
        let next = json!({"name": "next", "server": "websearch", "provider": "exa"});
        let settings = json!({ "managedMcpServers": [entry, next] });
        assert_eq!(
            hosts(Destination::WebSearch, settings),
            Err("managedMcpServers"),
            "{unusable}"
        );
    }
    settings["managedMcpServers"][0]["headers"] = json!({ "X-Subscription-Token": "••••" });
    settings["managedMcpServers"][0]["headersHelper"] = json!("/opt/key");
    assert_eq!(
        hosts(Destination::WebSearch, settings.clone()),
        Ok(vec!["api.search.brave.com".to_owned()])
    );
    settings["disabledBuiltinTools"] = json!(["WebSearch"]);
    assert_eq!(
        hosts(Destination::WebSearch, settings),
        Err("disabledBuiltinTools")
    );
}

#[test]
fn updates_bootstrap_and_marketplaces_follow_their_keys() {
    let settings = json!({
        "deskhandUpdateUrl": "https://updates.corp.example/feed",
        "deskhandImageStoreUrl": "https://images.corp.example",
        "otlpEndpoint": "https://otel.corp.example:4318",
        "bootstrapUrl": "https://boot.corp.example/me",
        "bootstrapOidc": {"issuer": "https://id.corp.example", "clientId": "x"},
        "allowedPluginMarketplaces": [{"source": "github", "repo": "example/plugins"},
            {"source": "git", "url": "https://git.corp.example/p.git"}],
        "coworkEgressAllowedHosts": [],
    });
    assert_eq!(
        all(settings.clone()),
        [
            "sandbox https://otel.corp.example:4318",
            "marketplaces https://github.com",
            "marketplaces https://codeload.github.com",
            "marketplaces https://git.corp.example",
            "collector https://otel.corp.example:4318",
            "bootstrap https://boot.corp.example",
            "bootstrap https://id.corp.example",
            "bootstrap-sign-in-page https://id.corp.example",
            "update-feed https://updates.corp.example",
            "image-store https://images.corp.example",
        ]
    );
    let mut closed = settings;
    closed["disableAutoUpdates"] = json!(true);
    closed["bootstrapEnabled"] = json!(false);
    assert_eq!(
        hosts(Destination::UpdateFeed, closed.clone()),
        Err("disableAutoUpdates")
    );
    assert_eq!(hosts(Destination::Bootstrap, closed), Err("bootstrapEnabled"));
}

#[test]
fn no_row_follows_a_key_that_it_does_not_name() {
    let settings = json!({
        "inferenceGatewayBaseUrl": "https://llm.example", "inferenceBedrockRegion": "us-east-1",
        "inferenceVertexRegion": "us-east5", "inferenceFoundryResource": "corp", "inferenceFoundryTenantId": "t",
        "inferenceFoundryClientId": "c", "inferenceGatewayOidc": {"issuer": "https://id.example"},
        "inferenceVertexWorkforceAudience": "pool", "inferenceVertexWorkforceOidc": {"issuer": "https://id.example"},
        "inferenceVertexOAuthClientId": "id", "inferenceBedrockSsoStartUrl": "https://start.example",
        "inferenceBedrockSsoAccountId": "123456789012", "inferenceBedrockSsoRoleName": "Analyst",
        "bootstrapUrl": "https://boot.example",
        "otlpEndpoint": "https://otel.example", "deskhandUpdateUrl": "https://up.example",
        "managedMcpServers": [{"server": "websearch", "provider": "exa"}],
    });
    let kinds = [
        Value::Null,
        json!("interactive"),
        json!("workforce"),
        json!("vendor-profile"),
    ];
    let providers = ["gateway", "bedrock", "vertex", "foundry"];
    let each = providers
        .into_iter()
        .flat_map(|provider| kinds.iter().map(move |kind| (provider, kind)));
    for (provider, kind) in each {
        for row in Destination::TABLE {
            let Hosts::Of(hosts) = row.hosts else { continue };
            let read = RefCell::new(BTreeSet::new());
            let setting = |key: &str| {
                read.borrow_mut().insert(key.to_owned());
                match key {
                    "inferenceProvider" => json!(provider),
                    "inferenceCredentialKind" => kind.clone(),
                    key => settings[key].clone(),
                }
            };
            drop(hosts(Settings(&setting)));
            for key in read.into_inner() {
                assert!(row.keys().any(|named| named == key), "{} reads {key}", row.id);
            }
        }
    }
}
