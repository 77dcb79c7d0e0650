//! Rules that hold for every row, and for secrets.

use deskhand_policy::types::KeyNames;
use deskhand_policy::{
    Effect, Encoding, MemoryStore, Order, Origin, Policy, PolicyValue as _, ProblemKind, Reading, SECTIONS,
    Scope, Store as _, UNUSED, definition, definitions, unused,
};
use pretty_assertions::assert_eq;
use serde_json::{Value, json};

use super::managed;

#[test]
fn an_unset_policy_is_the_defaults() {
    let policy = Policy::resolve(&Reading::Absent, &[]);
    for (entry, row) in policy.entries().iter().zip(definitions()) {
        assert_eq!(
            (entry.name, &entry.value, entry.locked),
            (row.name, &(row.default)(), false)
        );
    }
    assert_eq!((policy.managed, &policy.problems), (false, &vec![]));
    assert_eq!(
        policy.connection.inference_stream_idle_timeout_sec.value.get(),
        300
    );
    assert_eq!(policy.usage.deskhand_max_steps_per_turn.value.get(), 100);
}

#[test]
fn names_are_unique_and_defaults_are_valid() {
    let names: Vec<&str> = definitions()
        .flat_map(|row| std::iter::once(row.name).chain(row.aliases.iter().copied()))
        .chain(UNUSED.iter().map(|key| key.name))
        .collect();
    for (at, name) in names.iter().enumerate() {
        assert!(!names[..at].contains(name), "{name} twice");
    }
    for row in definitions() {
        for value in [(row.default)(), (row.invalid_becomes)()] {
            let valid = value.is_null() || (row.check)(&value, Encoding::Json).is_ok();
            assert!(valid, "{} {value}", row.name);
        }
    }
}

#[test]
fn every_row_is_told_in_sentences() {
    for section in SECTIONS {
        for row in section.rows {
            assert_eq!(row.section, section.id);
            assert!(row.doc.trim_end().ends_with('.'), "{}: {}", row.name, row.doc);
            assert!(
                !row.invalid_why.is_empty() && !row.invalid_why.ends_with('.'),
                "{}",
                row.name
            );
            for differs in [row.differs, row.differs_when_absent].into_iter().flatten() {
                assert!(differs.ends_with('.'), "{}: {differs}", row.name);
            }
        }
    }
}

#[test]
fn a_row_is_found_by_its_name_and_by_earlier_ones() {
    let policy = Policy::resolve(&Reading::Absent, &[]);
    for row in definitions() {
        for name in std::iter::once(&row.name).chain(row.aliases) {
            assert_eq!(definition(name).unwrap().name, row.name);
            assert_eq!(policy.entry(name).unwrap().name, row.name);
        }
        assert_eq!(unused(row.name), None);
    }
    assert!(definition("deskhandParing").is_none() && policy.entry("deskhandParing").is_none());
}

#[test]
fn known_names_without_a_key_are_told_as_known() {
    for key in UNUSED {
        let policy = managed(Encoding::Json, key.name, json!(true));
        assert_eq!(policy.problems.len(), 1, "{}", key.name);
        assert_eq!(policy.problems[0].kind, ProblemKind::Unused, "{}", key.name);
        assert!(
            policy.problems[0].reason.starts_with("known, not used: "),
            "{}",
            key.name
        );
    }
}

#[test]
fn keys_that_only_say_how_the_app_behaves_are_these() {
    let names: Vec<&str> = definitions()
        .filter(|row| !row.locks)
        .map(|row| row.name)
        .collect();
    let expected = [
        "egressProxyUrl",
        "egressProxyPacUrl",
        "disableAutoUpdates",
        "autoUpdaterEnforcementHours",
        "updateViaUpdatesHost",
        "relaunchEnforcementHours",
        "configRecheckIntervalMinutes",
    ];
    assert_eq!(names, expected);
}

#[test]
fn keys_that_no_administrator_opens_are_these() {
    let names: Vec<&str> = definitions()
        .filter(|row| !row.opens)
        .map(|row| row.name)
        .collect();
    let expected = [
        "deskhandAuditContent",
        "deskhandAuditRetentionDays",
        "deskhandAuditRequired",
        "deploymentOrganizationUuid",
        "deskhandEnabled",
        "deskhandUserMaySet",
        "deskhandManagedContact",
        "deskhandManagedReason",
        "bootstrapEnabled",
        "bootstrapUrl",
        "bootstrapOidc",
        "bootstrapHeaders",
        "bootstrapHeadersHelper",
        "trustBootstrapDelivery",
    ];
    assert_eq!(names, expected);
    for name in names {
        assert!(KeyNames::parse(&json!([name]), Encoding::Json).is_err(), "{name}");
    }
}

/// Programs, files with credentials, sign-in targets and addresses of prompts are never taken from an answer unasked.
#[test]
fn keys_that_a_bootstrap_answer_sets_without_consent_name_no_place() {
    // Where previews, plugins and records go: nothing runs and nobody signs in there without more.
    let harmless = ["userContentRendererUrl", "organizationPluginsUrl", "otlpEndpoint"];
    for row in definitions().filter(|row| row.scope == Scope::ManagedOrBootstrap) {
        let kind = (row.kind)();
        let place = kind.contains("path") || kind.contains("https") || kind.contains("OpenID");
        assert!(!place || harmless.contains(&row.name), "{}: {kind}", row.name);
    }
}

#[test]
fn what_is_wrong_with_a_secret_is_told_without_it() {
    let cases = [
        ("inferenceGatewayApiKey", json!("hunter2\n")),
        (
            "inferenceGatewayBaseUrl",
            json!("https://user:hunter2@gw.example.org"),
        ),
        ("inferenceCustomHeaders", json!({ "X-Key": "hunter2\u{7}" })),
        ("inferenceCustomHeaders", json!({ "X-Key": ["hunter2"] })),
        ("inferenceGatewayHeaders", json!(["hunter2"])),
        ("egressProxyUrl", json!("http://user:hunter2@proxy:8080")),
        ("egressProxyPacUrl", json!("http://user:hunter2@proxy:8080/p.pac")),
        ("otlpHeaders", json!("hunter2")),
        ("otlpHeaders", json!({ "X-Key": ["hunter2"] })),
        ("bootstrapUrl", json!("https://user:hunter2@boot.example.org")),
        (
            "managedMcpServers",
            json!([{ "name": "a", "server": "github", "env": "hunter2" }]),
        ),
        (
            "managedMcpServers",
            json!([{ "name": "a", "server": "github", "env": { "A": ["hunter2"] } }]),
        ),
        (
            "managedMcpServers",
            json!([{ "name": "a", "transport": "hunter2" }]),
        ),
        (
            "managedMcpServers",
            json!([{ "name": "a", "transport": "http", "url": "https://u:hunter2@a.example.org" }]),
        ),
        (
            "inferenceBedrockSsoStartUrl",
            json!("https://u:hunter2@a.example.org"),
        ),
        ("allowedPluginMarketplaces", json!([{ "source": "hunter2" }])),
    ];
    for (key, value) in cases {
        for encoding in [Encoding::Json, Encoding::Text] {
            let policy = managed(encoding, key, value.clone());
            assert!(!policy.problems.is_empty(), "{key}");
            assert!(!shown(&policy).contains("hunter2"), "{key}");
        }
    }
}

#[test]
fn no_secret_is_ever_shown() {
    let taken = [
        ("inferenceGatewayApiKey", json!("hunter2")),
        ("otlpHeaders", json!({ "X-Key": "hunter2" })),
        ("bootstrapHeaders", json!({ "X-Key": "hunter2" })),
        (
            "managedMcpServers",
            json!([{ "name": "a", "transport": "http", "url": "https://a.example.org",
                "oauth": { "clientSecret": "hunter2" } },
                { "name": "b", "transport": "stdio", "command": "b", "env": { "A": "hunter2" } },
                { "name": "c", "transport": "http", "url": "https://a.example.org", "headers": { "X-A": "hunter2" } }]),
        ),
    ];
    for (key, value) in taken {
        let policy = managed(Encoding::Json, key, value);
        assert_eq!(policy.problems, [], "{key}");
        assert!(!shown(&policy).contains("hunter2"), "{key}");
        let none = managed(Encoding::Json, "deskhandEnabled", json!(true));
        assert!(
            !format!("{:?}", none.changes(&policy)).contains("hunter2"),
            "{key}"
        );
    }
    let key = managed(Encoding::Json, "inferenceGatewayApiKey", json!("hunter2"));
    let key = key.connection.inference_gateway_api_key.value.unwrap();
    assert_eq!(key.expose(), "hunter2");
}

fn shown(policy: &Policy) -> String {
    let values: Vec<Value> = definitions().map(|row| policy.value(row.name)).collect();
    format!("{policy:?} {:?} {values:?}", policy.entries())
}

#[test]
fn keys_of_other_providers_stop_nothing() {
    let broken = json!("http://elsewhere.example.org");
    let keys = [
        ("gateway", "inferenceGatewayBaseUrl"),
        ("bedrock", "inferenceBedrockBaseUrl"),
        ("vertex", "inferenceVertexBaseUrl"),
        ("foundry", "inferenceFoundryResource"),
    ];
    for (provider, _) in keys {
        for (of, key) in keys {
            let values = [
                ("inferenceProvider", json!(provider)),
                ("inferenceFoundryApiKey", json!("k")),
                ("inferenceModels", json!(["m"])),
                ("inferenceBedrockRegion", json!("eu-central-1")),
                ("inferenceVertexProjectId", json!("p")),
                ("inferenceVertexRegion", json!("eu")),
                ("inferenceFoundryResource", json!("r")),
                (key, broken.clone()),
            ];
            let store = MemoryStore::new(Origin::Managed("test".into()), values);
            let policy = Policy::resolve(&store.read(), &[]);
            let stops = usize::from(of == provider);
            assert_eq!(
                (policy.problems.len(), policy.stopping().len()),
                (1, stops),
                "{provider} {key}"
            );
        }
    }
}

#[test]
fn each_enforced_key_that_may_be_tight_says_what_that_forbids() {
    let enforced = definitions().filter(|row| matches!(row.effect, Effect::Enforced | Effect::ActsInPart(_)));
    let silent: Vec<&str> = enforced
        .filter(|row| (row.default)() != (row.invalid_becomes)() || !matches!(row.order, Order::Plain))
        .filter(|row| row.forbids.is_empty())
        .map(|row| row.name)
        .collect();
    assert_eq!(silent, Vec::<&str>::new());
}
