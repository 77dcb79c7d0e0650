//! Which credential the settings mean, what is missing to reach a provider, and where a credential may not go.

use deskhand_policy::{
    CredentialPlace, KeptSecrets, Layers, MemoryStore, NoCredential, Origin, Policy, ProblemKind, Reading,
    Store as _,
};
use pretty_assertions::assert_eq;
use serde_json::{Value, json};

type Settings<'a> = &'a [(&'a str, Value)];

fn managed(values: Settings<'_>) -> Reading {
    MemoryStore::new(Origin::Managed("profile".into()), values.iter().cloned()).read()
}

fn policy(values: Settings<'_>) -> Policy {
    Policy::resolve(&managed(values), &[])
}

/// The place in a word.
fn place(policy: &Policy) -> &'static str {
    match policy.credential() {
        Some(Ok(CredentialPlace::Key(_))) => "key",
        Some(Ok(CredentialPlace::Helper(_))) => "helper",
        Some(Ok(CredentialPlace::GoogleFile(_))) => "file",
        Some(Ok(CredentialPlace::GoogleDefault)) => "google",
        Some(Ok(CredentialPlace::AwsProfile)) => "aws",
        Some(Ok(CredentialPlace::Nothing)) => "nothing",
        Some(Err(NoCredential { key, .. })) => key,
        None => "no provider",
    }
}

fn with(provider: &str, more: Settings<'_>) -> Policy {
    let mut values = vec![("inferenceProvider", json!(provider))];
    values.extend(more.iter().cloned());
    policy(&values)
}

#[test]
fn a_helper_goes_before_a_key_and_a_key_before_what_the_machine_has() {
    let helper = ("inferenceCredentialHelper", json!("/opt/example/credential"));
    let table = [
        ("gateway", "inferenceGatewayApiKey", "nothing"),
        ("bedrock", "inferenceBedrockBearerToken", "aws"),
        ("foundry", "inferenceFoundryApiKey", "inferenceFoundryApiKey"),
    ];
    for (provider, key, without) in table {
        let key = (key, json!("hunter2"));
        assert_eq!(place(&with(provider, &[])), without, "{provider}");
        assert_eq!(
            place(&with(provider, std::slice::from_ref(&key))),
            "key",
            "{provider}"
        );
        assert_eq!(
            place(&with(provider, &[key, helper.clone()])),
            "helper",
            "{provider}"
        );
    }
    let file = (
        "inferenceVertexCredentialsFile",
        json!("/opt/example/google.json"),
    );
    assert_eq!(place(&with("vertex", &[])), "google");
    assert_eq!(place(&with("vertex", std::slice::from_ref(&file))), "file");
    assert_eq!(place(&with("vertex", &[file, helper])), "helper");
    assert_eq!(place(&policy(&[])), "no provider");
}

#[test]
fn a_kind_that_is_named_allows_itself_alone() {
    let kind = |kind: &str| ("inferenceCredentialKind", json!(kind));
    let token = ("inferenceBedrockBearerToken", json!("hunter2"));
    let helper = ("inferenceCredentialHelper", json!("/opt/example/credential"));
    let both = |named: &str| with("bedrock", &[kind(named), token.clone(), helper.clone()]);
    assert_eq!(place(&both("static")), "key");
    assert_eq!(place(&both("helper-script")), "helper");
    assert_eq!(place(&both("vendor-profile")), "aws");
    for (provider, named) in [
        ("bedrock", "static"),
        ("bedrock", "helper-script"),
        ("bedrock", "interactive"),
        ("vertex", "static"),
        ("vertex", "workforce"),
        ("foundry", "vendor-profile"),
    ] {
        let policy = with(provider, &[kind(named)]);
        assert_eq!(place(&policy), "inferenceCredentialKind", "{provider} {named}");
        let stops = |problem: &&deskhand_policy::Problem| problem.key == "inferenceCredentialKind";
        assert_eq!(
            policy.stopping().into_iter().filter(stops).count(),
            1,
            "{provider} {named}"
        );
    }
}

#[test]
fn a_sign_in_that_is_asked_for_and_not_built_is_passed_by_for_no_other_credential() {
    for (provider, key, value) in [
        (
            "bedrock",
            "inferenceBedrockSsoStartUrl",
            json!("https://sign-in.example.com/start"),
        ),
        ("vertex", "inferenceVertexOAuthClientId", json!("client")),
        ("vertex", "inferenceVertexWorkforceAudience", json!("audience")),
        ("foundry", "inferenceFoundryTenantId", json!("tenant")),
    ] {
        assert_eq!(place(&with(provider, &[(key, value)])), key);
    }
}

#[test]
fn what_a_provider_needs_and_does_not_have_stops_sessions_by_name() {
    let missing = |provider: &str, more: Settings<'_>| {
        let policy = with(provider, more);
        let told: Vec<String> = policy
            .stopping()
            .iter()
            .map(|problem| problem.key.clone())
            .collect();
        (policy.missing(), told)
    };
    let (keys, told) = missing("vertex", &[]);
    assert_eq!(
        keys,
        [
            "inferenceVertexProjectId",
            "inferenceVertexRegion",
            "inferenceModels"
        ]
    );
    assert_eq!(told, keys);
    let (keys, told) = missing("bedrock", &[]);
    assert_eq!(
        (keys, told),
        (
            vec!["inferenceBedrockRegion"],
            vec!["inferenceBedrockRegion".to_owned()]
        )
    );
    let token = [
        ("inferenceBedrockBearerToken", json!("hunter2")),
        ("inferenceBedrockRegion", json!("eu-central-1")),
    ];
    assert_eq!(
        missing("bedrock", &token).0,
        ["inferenceModels"],
        "its list needs keys that sign"
    );
    // The set-up asks for the address of a gateway itself.
    assert_eq!(
        missing("gateway", &[]),
        (vec!["inferenceGatewayBaseUrl"], Vec::new())
    );
}

#[test]
fn the_organisations_key_goes_to_no_resource_that_a_bootstrap_answer_names() {
    let own = managed(&[
        ("bootstrapUrl", json!("https://boot.example.org")),
        ("inferenceProvider", json!("foundry")),
        ("inferenceModels", json!(["m"])),
        ("inferenceFoundryApiKey", json!("hunter2")),
    ]);
    let answer = MemoryStore::new(
        Origin::Bootstrap("boot.example.org".into()),
        [("inferenceFoundryResource", json!("elsewhere"))],
    );
    let policy = Policy::resolve_layers(Layers {
        kept: KeptSecrets::NONE,
        managed: &own,
        bootstrap: &answer.read(),
        ended: false,
        consented: true,
        user: &[],
    });
    assert_eq!(policy.value("inferenceFoundryResource"), json!("elsewhere"));
    assert_eq!(policy.foundry.inference_foundry_api_key.value, None);
    let withheld = policy
        .problems
        .iter()
        .filter(|problem| problem.kind == ProblemKind::Withheld);
    assert_eq!(
        withheld.map(|problem| problem.key.as_str()).collect::<Vec<_>>(),
        ["inferenceFoundryApiKey"]
    );
}
