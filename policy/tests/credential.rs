//! Which credential the settings mean, what is missing to reach a provider, and where a credential may not go.

use deskhand_policy::{
    CredentialPlace, KeptSecrets, Layers, MemoryStore, NoCredential, Origin, Policy, ProblemKind, Reading,
    SignInPlace, Store as _,
};
use pretty_assertions::assert_eq;
use serde_json::{Value, json};

type Settings<'a> = &'a [(&'a str, Value)];
type Keys = Vec<(&'static str, Value)>;

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
        Some(Ok(CredentialPlace::SignIn(place))) => match place {
            SignInPlace::Oidc(_) => "oidc",
            SignInPlace::Gateway => "the gateway itself",
            SignInPlace::Google(_) => "google sign-in",
            SignInPlace::Workforce(..) => "workforce",
            SignInPlace::Entra { device: true, .. } => "entra, by code",
            SignInPlace::Entra { device: false, .. } => "entra",
            SignInPlace::IdentityCenter { .. } => "identity center",
        },
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

/// The keys of each sign-in, with its provider and its name.
fn sign_ins() -> [(&'static str, Keys, &'static str); 5] {
    let oidc = json!({"clientId": "deskhand", "issuer": "https://id.example.com"});
    [
        ("gateway", vec![("inferenceGatewayOidc", oidc.clone())], "oidc"),
        (
            "bedrock",
            vec![
                (
                    "inferenceBedrockSsoStartUrl",
                    json!("https://sign-in.example.com/start"),
                ),
                ("inferenceBedrockSsoAccountId", json!("123456789012")),
                ("inferenceBedrockSsoRoleName", json!("Analyst")),
            ],
            "identity center",
        ),
        (
            "vertex",
            vec![("inferenceVertexOAuthClientId", json!("client"))],
            "google sign-in",
        ),
        (
            "vertex",
            vec![
                ("inferenceVertexWorkforceOidc", oidc),
                (
                    "inferenceVertexWorkforceAudience",
                    json!("//iam.googleapis.com/locations/global/x"),
                ),
            ],
            "workforce",
        ),
        (
            "foundry",
            vec![
                ("inferenceFoundryTenantId", json!("contoso.example.com")),
                ("inferenceFoundryClientId", json!("client")),
            ],
            "entra, by code",
        ),
    ]
}

#[test]
fn people_sign_in_where_the_keys_of_a_provider_say_so() {
    for (provider, keys, name) in sign_ins() {
        assert_eq!(place(&with(provider, &keys)), name);
        let kind = if name == "workforce" {
            "workforce"
        } else {
            "interactive"
        };
        let named = [keys.clone(), vec![("inferenceCredentialKind", json!(kind))]].concat();
        assert_eq!(place(&with(provider, &named)), name, "{kind}");
        // A program that prints the credential goes before it, and a kind that is named before both.
        let helper = ("inferenceCredentialHelper", json!("/opt/example/credential"));
        assert_eq!(
            place(&with(provider, &[keys, vec![helper.clone()]].concat())),
            "helper"
        );
        assert_eq!(place(&with(provider, &[named, vec![helper]].concat())), name);
    }
    let interactive = ("inferenceCredentialKind", json!("interactive"));
    assert_eq!(place(&with("gateway", &[interactive])), "the gateway itself");
    let [.., (_, foundry, _)] = sign_ins();
    let browser = [foundry, vec![("inferenceFoundryAuthFlow", json!("browser"))]].concat();
    assert_eq!(place(&with("foundry", &browser)), "entra");
}

#[test]
fn half_a_sign_in_stops_sessions_and_no_other_credential_takes_its_place() {
    for (provider, keys, name) in sign_ins().into_iter().filter(|(_, keys, _)| keys.len() > 1) {
        // Without the start page AWS's own ways are meant: the other two keys say nothing alone.
        let needed = keys.iter().skip(usize::from(name == "identity center"));
        for (missing, _) in needed {
            let rest: Vec<_> = keys.iter().filter(|(key, _)| key != missing).cloned().collect();
            let policy = with(provider, &rest);
            assert_eq!(place(&policy), *missing, "{name}");
            assert!(
                policy.stopping().iter().any(|problem| problem.key == *missing),
                "{name}"
            );
        }
    }
}

#[test]
fn the_broker_of_the_system_is_asked_for_in_vain_and_the_browser_does_not_take_its_place() {
    for (provider, keys, name) in sign_ins() {
        let flow = match name {
            "oidc" => "inferenceGatewayOidcAuthFlow",
            "workforce" => "inferenceVertexWorkforceAuthFlow",
            "entra, by code" => "inferenceFoundryAuthFlow",
            _ => continue,
        };
        let policy = with(provider, &[keys, vec![(flow, json!("broker"))]].concat());
        assert_eq!(place(&policy), flow);
        assert!(policy.stopping().iter().any(|problem| problem.key == flow));
    }
}

#[test]
fn a_sign_in_at_identity_center_lists_the_models_of_the_account() {
    let (_, center, _) = sign_ins().into_iter().nth(1).unwrap();
    let region = ("inferenceBedrockRegion", json!("eu-central-1"));
    assert!(
        with("bedrock", &[center, vec![region]].concat())
            .missing()
            .is_empty()
    );
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
