//! Which way a change of settings goes.

use deskhand_policy::{Direction, MemoryStore, Origin, Policy, Reading, Store as _};
use pretty_assertions::assert_eq;
use serde_json::{Value, json};

use Direction::{Loosens, Other, Tightens};

fn policy(key: &str, value: &Value) -> Policy {
    let values = (!value.is_null()).then(|| (key, value.clone()));
    let store = MemoryStore::new(Origin::User("file".into()), values);
    Policy::resolve(&Reading::Absent, &[store.read()])
}

/// What the change from one value to the other does; null is absent.
fn direction(key: &str, before: &Value, after: &Value) -> Direction {
    let changes = policy(key, before).changes(&policy(key, after));
    assert_eq!(changes.len(), 1, "{key} {before} {after}");
    assert_eq!(changes[0].name, key);
    changes[0].direction
}

#[test]
fn the_tighter_value_is_known_for_switches_lists_and_limits() {
    let folder = |path: &str, mode: &str| json!({ "path": path, "mode": mode });
    let null = Value::Null;
    let cases = [
        ("deskhandEnabled", null.clone(), json!(false)),
        ("disableBypassPermissionsMode", json!(false), json!(true)),
        ("isDesktopExtensionEnabled", json!(true), null.clone()),
        ("disableAutoUpdates", json!(false), json!(true)),
        ("disableEssentialTelemetry", json!(false), json!(true)),
        ("deskhandMaxStepsPerTurn", json!(50), json!(20)),
        ("deskhandSessionRetentionDays", null.clone(), json!(90)),
        ("deskhandSessionRetentionDays", json!(90), json!(30)),
        ("allowedWorkspaceFolders", null.clone(), json!([])),
        (
            "allowedWorkspaceFolders",
            json!([folder("/a", "rw"), folder("/b", "rw")]),
            json!([folder("/a", "rw")]),
        ),
        (
            "allowedWorkspaceFolders",
            json!([folder("/a", "rw")]),
            json!([folder("/a", "ro")]),
        ),
        (
            "coworkEgressAllowedHosts",
            json!(["*"]),
            json!(["docs.example.org"]),
        ),
        (
            "coworkEgressAllowedHosts",
            json!(["*.example.org"]),
            json!(["docs.example.org"]),
        ),
        ("coworkEgressAllowedHosts", json!(["docs.example.org"]), json!([])),
        // Absent is the host of inference alone.
        ("coworkEgressAllowedHosts", null.clone(), json!([])),
        ("coworkEgressAllowedHosts", json!(["*"]), null.clone()),
        ("deskhandEgressAllowPrivate", json!(["10.0.0.1"]), null.clone()),
        ("disabledBuiltinTools", null.clone(), json!(["Edit"])),
        ("officeDisabledHosts", json!(["mail"]), json!(["sheet", "mail"])),
        (
            "builtinToolPolicy",
            json!({ "Read": "allow" }),
            json!({ "Read": "ask" }),
        ),
        ("inferenceModels", json!(["a", "b"]), json!(["a"])),
        ("otlpContentCapture", json!(["userPrompts"]), null),
    ];
    for (key, before, after) in cases {
        assert_eq!(
            direction(key, &before, &after),
            Tightens,
            "{key} {before} {after}"
        );
        assert_eq!(direction(key, &after, &before), Loosens, "{key} {after} {before}");
    }
}

#[test]
fn what_cannot_be_ordered_is_called_other() {
    let cases = [
        (
            "inferenceGatewayBaseUrl",
            json!("https://a.example.org"),
            json!("https://b.example.org"),
        ),
        (
            "coworkEgressAllowedHosts",
            json!(["a.example.org"]),
            json!(["b.example.org"]),
        ),
        (
            "coworkEgressAllowedHosts",
            json!(["*.example.org"]),
            json!(["a.b.example.org"]),
        ),
        (
            "coworkEgressAllowedHosts",
            json!(["*.example.org"]),
            json!(["example.org"]),
        ),
        ("coworkEgressAllowedHosts", json!(null), json!(["a.example.org"])),
        ("disabledBuiltinTools", json!(["Edit"]), json!(["Read"])),
        ("allowedWorkspaceFolders", json!(["/a"]), json!(["/a/b"])),
        ("disableDeepLinkRegistration", json!(false), json!(true)),
        ("inferenceGatewayApiKey", json!("a"), json!("b")),
    ];
    for (key, before, after) in cases {
        assert_eq!(direction(key, &before, &after), Other, "{key} {before} {after}");
    }
}

#[test]
fn a_secret_that_changes_is_told_without_its_value() {
    let changes =
        policy("inferenceGatewayApiKey", &json!("a")).changes(&policy("inferenceGatewayApiKey", &json!("b")));
    assert_eq!(
        (&changes[0].before, &changes[0].after),
        (&json!("••••"), &json!("••••"))
    );
}

#[test]
fn the_same_settings_are_no_change() {
    let one = policy("deskhandPairing", &json!("always"));
    assert_eq!(one.changes(&one.clone()), []);
}
