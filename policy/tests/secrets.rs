//! Secrets inside values, references to the secret store, and where credentials may be sent.

use deskhand_policy::secrets::{KeptSecret, KeptSecrets, reference, wanted};
use deskhand_policy::{
    Consequence, Encoding, MemoryStore, Origin, Policy, ProblemKind, Reach, Reading, Store as _, definition,
    definitions,
};
use pretty_assertions::assert_eq;
use serde_json::{Value, json};

const KEY: &str = "inferenceGatewayApiKey";
const GATEWAY: &str = "inferenceGatewayBaseUrl";
const COLLECTOR: &str = "otlpEndpoint";

fn source(origin: Origin, values: &Value) -> Reading {
    let values = values.as_object().into_iter().flatten();
    let values = values.map(|(key, value)| (key.as_str(), value.clone()));
    MemoryStore::new(origin, values).read()
}

fn user(values: &Value) -> Reading {
    source(Origin::User("file".into()), values)
}

fn managed(values: &Value) -> Reading {
    source(Origin::Managed("profile".into()), values)
}

fn kept(entries: &[(&str, &str, &str)]) -> KeptSecrets {
    let entries = entries.iter().map(|(name, text, place)| {
        let secret = KeptSecret::new(json!(text), vec![(*place).to_owned()]);
        ((*name).to_owned(), secret)
    });
    KeptSecrets(entries.collect())
}

fn servers(url: &str, secret: &Value) -> Value {
    json!({ "managedMcpServers": [{ "name": "docs", "transport": "http", "url": url, "headers": { "x-key": secret } }] })
}

const NAME: &str = "managedMcpServers/docs/headers/x-key";

/// The header of the one server, and what is wrong with the key.
fn header(managed: &Reading, own: &Value, kept: &KeptSecrets) -> (Option<String>, Option<String>) {
    let policy = Policy::resolve_with(managed, &[user(own)], kept);
    let list = &policy.connectors.managed_mcp_servers;
    let headers = list.value.0.first().and_then(|server| server.headers.as_ref());
    let value = headers.and_then(|headers| Some(headers.iter().next()?.1.to_owned()));
    (value, list.problem.as_ref().map(|problem| problem.reason.clone()))
}

#[test]
fn a_reference_gives_the_secret_where_it_was_given_for_and_nowhere_else() {
    let secrets = kept(&[(NAME, "hunter2", "https://docs.example.com")]);
    let given = header(
        &Reading::Absent,
        &servers("https://docs.example.com/mcp", &reference(NAME)),
        &secrets,
    );
    assert_eq!(given, (Some("hunter2".to_owned()), None));
    let (value, reason) = header(
        &Reading::Absent,
        &servers("https://elsewhere.example.org/mcp", &reference(NAME)),
        &secrets,
    );
    let reason = reason.unwrap();
    assert_eq!(value, None);
    assert!(
        reason.contains("https://docs.example.com")
            && reason.contains("https://elsewhere.example.org")
            && reason.contains("give it again")
            && !reason.contains("hunter2"),
        "{reason}"
    );
}

#[test]
fn a_reference_that_gives_nothing_is_a_problem_of_its_key() {
    let url = "https://docs.example.com/mcp";
    let (value, reason) = header(
        &Reading::Absent,
        &servers(url, &reference(NAME)),
        KeptSecrets::NONE,
    );
    assert_eq!(value, None);
    assert_eq!(
        reason.as_deref(),
        Some("the secret `managedMcpServers/docs/headers/x-key` is not in the secret store: give it again")
    );
    // Neither another key's secret nor one of Deskhand's own.
    for name in [KEY, "master-key", "managedMcpServersOther/a", "otlpHeaders/x-key"] {
        let secrets = kept(&[(name, "hunter2", "https://docs.example.com")]);
        let (value, reason) = header(&Reading::Absent, &servers(url, &reference(name)), &secrets);
        assert!(value.is_none() && reason.is_some(), "{name}");
        assert!(
            name == KEY || !wanted(&user(&servers(url, &reference(name))), 99).contains(&name.to_owned())
        );
    }
    let managed = managed(&servers(url, &reference(NAME)));
    let secrets = kept(&[(NAME, "hunter2", "https://docs.example.com")]);
    let (value, reason) = header(&managed, &json!({}), &secrets);
    assert!(value.is_none() && reason.unwrap().contains("of a user"));
}

#[test]
fn a_secret_of_a_program_is_given_to_no_other_program_and_with_no_other_arguments() {
    const VARIABLE: &str = "managedMcpServers/files/env/TOKEN";
    let row = definition("managedMcpServers").unwrap();
    let server = |command: &str, arguments: Value| {
        json!([{
            "name": "files", "transport": "stdio", "command": command, "args": arguments,
            "env": { "TOKEN": { "$secret": VARIABLE } },
        }])
    };
    let mut goes_to = Vec::new();
    row.each_secret(&mut server("/bin/sh", json!(["-c", "serve"])), &mut |place, _| {
        goes_to.clone_from(&place.goes_to);
    });
    let secrets = KeptSecrets([(VARIABLE.to_owned(), KeptSecret::new(json!("hunter2"), goes_to))].into());
    for (command, arguments, given) in [
        ("/bin/sh", json!(["-c", "serve"]), true),
        ("/bin/sh", json!(["-c", "send it elsewhere"]), false),
        ("/bin/sh", json!(["-c serve"]), false),
        ("/bin/sh", json!([]), false),
        ("/bin/bash", json!(["-c", "serve"]), false),
    ] {
        let own = user(&json!({ "managedMcpServers": server(command, arguments.clone()) }));
        let policy = Policy::resolve_with(&Reading::Absent, &[own], &secrets);
        let servers = &policy.connectors.managed_mcp_servers.value.0;
        assert_eq!(servers.len(), usize::from(given), "{command} {arguments}");
        assert_eq!(policy.problems.is_empty(), given, "{command} {arguments}");
    }
}

/// Every place that the schema marks is one that is masked, and the other way round.
#[test]
fn what_is_masked_is_what_the_schema_marks() {
    let value = json!([
        { "name": "a/b", "transport": "http", "url": "https://a.example.org", "headers": { "x-a": "hunter2" } },
        { "name": "b", "transport": "http", "url": "https://b.example.org", "oauth": { "clientId": "i", "clientSecret": "hunter2" } },
        { "name": "c", "transport": "stdio", "command": "c", "args": ["x"], "env": { "A": "hunter2", "B": "hunter2" } },
    ]);
    let row = definition("managedMcpServers").unwrap();
    let policy = Policy::resolve(&managed(&json!({ "managedMcpServers": value })), &[]);
    let mut masked = policy.value("managedMcpServers");
    let mut names = Vec::new();
    row.each_secret(&mut masked, &mut |place, secret| {
        names.push(place.name.clone());
        assert_eq!(secret, "••••", "{}", place.name);
        *secret = json!("hunter2");
    });
    assert_eq!(masked, value);
    assert_eq!(
        names,
        [
            "managedMcpServers/a~1b/headers/x-a",
            "managedMcpServers/b/oauth/clientSecret",
            "managedMcpServers/c/env/A",
            "managedMcpServers/c/env/B",
        ]
    );
    let (without, left_out) = row.without_secrets(&value);
    assert_eq!(left_out, names);
    assert_eq!((row.check)(&without, Encoding::Json), Ok(()));
    assert_eq!(without[1]["oauth"], json!({ "clientId": "i" }));
    assert!(!without.to_string().contains("hunter2"));
}

#[test]
fn keys_that_may_hold_secrets_are_these() {
    let parts: Vec<&str> = definitions()
        .filter(|row| row.holds_secrets() && !row.secret)
        .map(|row| row.name)
        .collect();
    assert_eq!(parts, ["managedMcpServers"]);
}

#[test]
fn a_mask_is_no_secret() {
    for value in [
        json!({ KEY: "••••" }),
        servers("https://docs.example.com", &json!("••••")),
    ] {
        let policy = Policy::resolve(&managed(&value), &[]);
        assert_eq!(policy.problems.len(), 1, "{value}");
        assert_eq!(policy.problems[0].kind, ProblemKind::Invalid);
    }
}

fn told(policy: &Policy) -> Vec<(&str, ProblemKind, Consequence)> {
    let problems = policy.problems.iter();
    problems
        .map(|problem| (problem.key.as_str(), problem.kind, problem.consequence))
        .collect()
}

#[test]
fn the_key_of_a_user_goes_where_it_was_given_for_and_nowhere_else() {
    let own = |url: &str| user(&json!({ "inferenceProvider": "gateway", GATEWAY: url }));
    let secrets = kept(&[(KEY, "hunter2", "https://gw.example.com")]);
    let policy = |url: &str| Policy::resolve_with(&Reading::Absent, &[own(url)], &secrets);
    let given = policy("https://gw.example.com/v1");
    assert_eq!(told(&given), []);
    assert!(given.connection.inference_gateway_api_key.value.is_some());
    for other in [
        "https://gw.example.org",
        "https://gw.example.com:8443",
        "http://localhost:80",
    ] {
        let policy = policy(other);
        assert_eq!(policy.connection.inference_gateway_api_key.value, None);
        assert_eq!(
            told(&policy),
            [(KEY, ProblemKind::Withheld, Consequence::StopsSessions)]
        );
        let reason = &policy.problems[0].reason;
        assert!(
            reason.contains("give it again") && !reason.contains("hunter2"),
            "{reason}"
        );
    }
    // A record of an address that nobody wrote down is for none.
    let bare = KeptSecrets([(KEY.to_owned(), KeptSecret::read(b"hunter2"))].into());
    let policy = Policy::resolve_with(&Reading::Absent, &[own("https://gw.example.com")], &bare);
    assert_eq!(policy.connection.inference_gateway_api_key.value, None);
}

#[test]
fn a_collector_gets_the_key_of_a_user_only_where_it_was_given_for_it_too() {
    let own = user(&json!({
        "inferenceProvider": "gateway", GATEWAY: "https://gw.example.com",
        COLLECTOR: "https://otel.example.org", "otlpAuthMode": "inference-credential",
    }));
    let resolve = |places: &[&str]| {
        let places = places.iter().map(|place| (*place).to_owned()).collect();
        let secrets = KeptSecrets([(KEY.to_owned(), KeptSecret::new(json!("k"), places))].into());
        Policy::resolve_with(&Reading::Absent, std::slice::from_ref(&own), &secrets)
    };
    let only_gateway = resolve(&["https://gw.example.com"]);
    assert_eq!(
        told(&only_gateway),
        [("otlpAuthMode", ProblemKind::Withheld, Consequence::UsesValue)]
    );
    assert_eq!(only_gateway.value("otlpAuthMode"), json!("none"));
    assert!(only_gateway.connection.inference_gateway_api_key.value.is_some());
    let both = resolve(&["https://gw.example.com", "https://otel.example.org"]);
    assert_eq!(told(&both), []);
    assert_eq!(
        both.sent_to(KEY),
        ["https://gw.example.com", "https://otel.example.org"]
    );
}

#[test]
fn no_credential_of_the_organisation_goes_to_an_address_that_a_user_set() {
    const OPENS: &str = "deskhandUserMaySet";
    let organisation = |opened: &str| {
        managed(&json!({
            "inferenceProvider": "gateway", GATEWAY: "https://gw.example.com", KEY: "hunter2",
            "inferenceCustomHeaders": { "x-team": "hunter2" },
            COLLECTOR: "https://otel.example.com", "otlpHeaders": { "x-key": "hunter2" },
            "otlpAuthMode": "inference-credential", "otlpHeadersHelper": "/opt/example/headers", OPENS: [opened],
        }))
    };
    let theirs = user(&json!({ GATEWAY: "https://evil.example.org", COLLECTOR: "https://evil.example.org" }));
    let stop = |key| (key, ProblemKind::Withheld, Consequence::StopsSessions);

    let policy = Policy::resolve(&organisation(GATEWAY), std::slice::from_ref(&theirs));
    assert_eq!(policy.value(GATEWAY), json!("https://evil.example.org"));
    assert_eq!(told(&policy), [stop(KEY), stop("inferenceCustomHeaders")]);
    assert_eq!(policy.connection.inference_gateway_api_key.value, None);
    assert_eq!(policy.inference_headers().iter().count(), 0);
    assert!(
        policy.problems[0].reason.contains(GATEWAY),
        "{}",
        policy.problems[0]
    );

    let policy = Policy::resolve(&organisation(COLLECTOR), &[theirs]);
    assert_eq!(
        told(&policy),
        [
            stop("otlpHeaders"),
            stop("otlpHeadersHelper"),
            stop("otlpAuthMode")
        ]
    );
    assert_eq!(policy.value("otlpAuthMode"), json!("none"));
    assert_eq!(policy.telemetry.otlp_headers_helper.value, None);
    assert_eq!(policy.telemetry.otlp_headers.value.0.iter().count(), 0);
    assert!(policy.connection.inference_gateway_api_key.value.is_some());

    // Opened, and not used by the user: everything is the organisation's own.
    let policy = Policy::resolve(&organisation(GATEWAY), &[user(&json!({}))]);
    assert_eq!(told(&policy), []);
}

#[test]
fn a_record_of_the_store_is_read_as_it_was_written_and_not_shown() {
    let secret = KeptSecret::new(json!("hunter2"), vec!["https://gw.example.com".to_owned()]);
    assert_eq!(KeptSecret::read(&secret.to_bytes()), secret);
    assert!(!format!("{secret:?}").contains("hunter2"));
    for bytes in [&b"{\"secret\":7}"[..], b"\xff", b"", b"[1]"] {
        let read = KeptSecret::read(bytes);
        let secrets = KeptSecrets([(KEY.to_owned(), read)].into());
        let own = user(&json!({ "inferenceProvider": "gateway", GATEWAY: "https://gw.example.com" }));
        let policy = Policy::resolve_with(&Reading::Absent, &[own], &secrets);
        assert_eq!(policy.connection.inference_gateway_api_key.value, None);
    }
}

#[test]
fn keys_that_lead_out_of_the_settings_are_these() {
    let names = |reach: Reach| -> Vec<&str> {
        let rows = definitions().filter(|row| row.reach == Some(reach));
        rows.map(|row| row.name).collect()
    };
    assert_eq!(
        names(Reach::AddressesAndFiles),
        ["managedMcpServers", "allowedPluginMarketplaces"]
    );
    assert_eq!(
        names(Reach::Files),
        [
            "inferenceCredentialHelper",
            "inferenceBedrockAwsDir",
            "inferenceBedrockAwsCliPath",
            "inferenceVertexCredentialsFile",
            "deskhandOfficeScriptFolder",
            "sshClientPath",
            "otlpHeadersHelper",
            "bootstrapHeadersHelper",
        ]
    );
    assert_eq!(
        names(Reach::Addresses),
        [
            "inferenceGatewayBaseUrl",
            "inferenceGatewayOidc",
            "userContentRendererUrl",
            "egressProxyUrl",
            "egressProxyPacUrl",
            "inferenceBedrockBaseUrl",
            "inferenceBedrockSsoStartUrl",
            "inferenceVertexBaseUrl",
            "inferenceVertexWorkforceOidc",
            "sshHostAllowlist",
            "coworkEgressAllowedHosts",
            "deskhandEgressAllowPrivate",
            "deskhandImageStoreUrl",
            "organizationPluginsUrl",
            "otlpEndpoint",
            "deskhandUpdateUrl",
            "bootstrapUrl",
            "bootstrapOidc",
        ]
    );
}
