//! Who wins, and what is locked.

use deskhand_policy::types::{AuthScheme, Provider};
use deskhand_policy::{Consequence, MemoryStore, Origin, Policy, Reading, Store};
use pretty_assertions::assert_eq;
use serde_json::{Value, json};

fn managed_origin() -> Origin {
    Origin::Managed("profile".into())
}

fn user_origin(name: &str) -> Origin {
    Origin::User(name.into())
}

fn managed(values: &[(&str, Value)]) -> Reading {
    MemoryStore::new(managed_origin(), values.iter().cloned()).read()
}

fn user(name: &str, values: &[(&str, Value)]) -> Reading {
    MemoryStore::new(user_origin(name), values.iter().cloned()).read()
}

#[test]
fn users_set_everything_where_nothing_is_managed() {
    let file = user(
        "file",
        &[
            ("inferenceProvider", json!("gateway")),
            ("deskhandPairing", json!("always")),
        ],
    );
    let secrets = user("secrets", &[("inferenceGatewayApiKey", json!("k"))]);
    let policy = Policy::resolve(&Reading::Absent, &[file, secrets]);
    assert_eq!(
        policy.connection.inference_provider.value,
        Some(Provider::Gateway)
    );
    assert_eq!(policy.connection.inference_provider.origin, user_origin("file"));
    assert_eq!(
        policy.connection.inference_gateway_api_key.origin,
        user_origin("secrets")
    );
    assert!(policy.entries().iter().all(|entry| !entry.locked));
    assert!(policy.problems.is_empty());
}

#[test]
fn a_later_source_of_the_user_covers_an_earlier_one() {
    let first = user("first", &[("inferenceProvider", json!("gateway"))]);
    let second = user("second", &[("inferenceProvider", json!("vertex"))]);
    let policy = Policy::resolve(&Reading::Absent, &[first, second]);
    assert_eq!(policy.connection.inference_provider.value, Some(Provider::Vertex));
}

#[test]
fn a_managed_source_locks_everything() {
    let local = user(
        "file",
        &[
            ("inferenceGatewayAuthScheme", json!("x-api-key")),
            ("deskhandPairing", json!(5)),
        ],
    );
    for profile in [managed(&[("inferenceProvider", json!("gateway"))]), managed(&[])] {
        let policy = Policy::resolve(&profile, std::slice::from_ref(&local));
        assert!(policy.managed);
        assert!(policy.entries().iter().all(|entry| entry.locked));
        assert_eq!(
            policy.connection.inference_gateway_auth_scheme.value,
            AuthScheme::Bearer
        );
        assert_eq!(
            policy.connection.inference_gateway_auth_scheme.origin,
            Origin::Default
        );
        assert_eq!(policy.problems, [], "what users set is not even looked at");
    }
}

#[test]
fn a_managed_source_that_cannot_be_used_invalidates_every_key() {
    let broken = Reading::Unusable(managed_origin(), "it is writable by others".to_owned());
    let local = user(
        "file",
        &[
            ("inferenceProvider", json!("gateway")),
            ("deskhandEnabled", json!(true)),
        ],
    );
    let policy = Policy::resolve(&broken, &[local]);
    assert!(policy.managed);
    assert_eq!(policy.connection.inference_provider.value, None);
    assert!(!policy.source.deskhand_enabled.value);
    assert_eq!(
        policy
            .workspace
            .allowed_workspace_folders
            .value
            .as_ref()
            .map(|rules| rules.0.len()),
        Some(0)
    );
    assert_eq!(policy.problems[0].key, "");
    assert!(!policy.stopping().is_empty());
    assert!(
        policy
            .entries()
            .iter()
            .all(|entry| entry.locked && entry.problem.is_some())
    );
}

#[test]
fn a_users_broken_file_is_told_and_stops_sessions() {
    let broken = Reading::Unusable(user_origin("file"), "no JSON".to_owned());
    let policy = Policy::resolve(&Reading::Absent, &[broken]);
    assert!(!policy.managed);
    assert!(!policy.stopping().is_empty());
}

#[test]
fn one_bad_key_spoils_no_other() {
    let profile = managed(&[
        ("inferenceProvider", json!("gateway")),
        ("inferenceModels", json!("broken")),
        ("deskhandMaxStepsPerTurn", json!(7)),
    ]);
    let policy = Policy::resolve(&profile, &[]);
    assert_eq!(
        policy.connection.inference_provider.value,
        Some(Provider::Gateway)
    );
    assert_eq!(policy.usage.deskhand_max_steps_per_turn.value.get(), 7);
    assert_eq!(
        policy
            .connection
            .inference_models
            .value
            .as_ref()
            .map(|models| models.0.len()),
        Some(0)
    );
    assert_eq!(policy.problems.len(), 1);
    assert_eq!(policy.stopping().len(), 0);
}

#[test]
fn an_unknown_key_is_told_with_the_nearest_name() {
    let policy = Policy::resolve(
        &managed(&[("inferenceModel", json!(["m"])), ("zzz\u{7}", json!(1))]),
        &[],
    );
    let told: Vec<String> = policy.problems.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "`inferenceModel` (managed: profile): no such key; the nearest is `inferenceModels`",
            "`zzz` (managed: profile): no such key",
        ]
    );
    assert!(
        policy
            .problems
            .iter()
            .all(|problem| problem.consequence == Consequence::UsesValue)
    );
}

#[test]
fn the_new_name_of_the_headers_beats_the_old_one() {
    let both = [
        ("inferenceGatewayHeaders", json!(["X-Old: 1"])),
        ("inferenceCustomHeaders", json!({ "X-New": "2" })),
    ];
    let headers = |policy: &Policy| {
        policy
            .inference_headers()
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect::<Vec<_>>()
    };
    assert_eq!(headers(&Policy::resolve(&managed(&both), &[])), ["x-new=2"]);
    assert_eq!(headers(&Policy::resolve(&managed(&both[..1]), &[])), ["x-old=1"]);
    let broken = [both[0].clone(), ("inferenceCustomHeaders", json!("broken"))];
    assert!(headers(&Policy::resolve(&managed(&broken), &[])).is_empty());
}
