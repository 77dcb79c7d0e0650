//! What each key makes of valid and invalid values: one table, and rules that hold for every row.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use deskhand_policy::{
    Consequence, Definition, Encoding, MemoryStore, Origin, Policy, Reading, Store, definition, definitions,
};
use pretty_assertions::assert_eq;
use serde_json::{Value, json};

fn managed(encoding: Encoding, key: &str, value: Value) -> Policy {
    let store = MemoryStore::encoded(Origin::Managed("test".into()), encoding, [(key, value)]);
    Policy::resolve(&store.read(), &[])
}

fn row(key: &str) -> &'static Definition {
    definition(key).unwrap()
}

/// The value in effect, unmasked where the row is not secret.
fn effective(policy: &Policy, key: &str) -> Value {
    policy
        .entries()
        .into_iter()
        .find(|entry| entry.name == key)
        .unwrap()
        .value
}

/// An absolute path of the platform.
const OFFICE_FOLDER: &str = if cfg!(windows) {
    r"C:\office-js"
} else {
    "/srv/office-js"
};

/// Key, native value, value in text sources, value in effect.
#[expect(clippy::too_many_lines, reason = "one table of cases")]
fn valid() -> Vec<(&'static str, Value, Value, Value)> {
    let model =
        json!({ "name": "m2", "labelOverride": "Two", "supports1m": true, "anthropicFamilyTier": "opus" });
    let folder = json!({ "path": "~/Documents", "mode": "ro", "isDefaultSelected": true });
    let denied = json!({ "effect": "deny", "action": "file.upload", "resource": { "type": "uploaded_file",
        "identifiers": [{ "type": "mip_label_name", "startsWith": "Secret" }] } });
    let uuid = json!("0193a1b2-0000-7000-8000-000000000001");
    vec![
        (
            "inferenceProvider",
            json!("gateway"),
            json!("gateway"),
            json!("gateway"),
        ),
        (
            "inferenceProvider",
            json!("foundry"),
            json!("foundry"),
            json!("foundry"),
        ),
        (
            "inferenceGatewayBaseUrl",
            json!("https://gw.example.org/llm/"),
            json!("https://gw.example.org/llm"),
            json!("https://gw.example.org/llm"),
        ),
        (
            "inferenceGatewayBaseUrl",
            json!("http://127.0.0.1:4000"),
            json!("http://127.0.0.1:4000"),
            json!("http://127.0.0.1:4000"),
        ),
        (
            "inferenceGatewayBaseUrl",
            json!("http://[::1]:4000/v"),
            json!("http://[::1]:4000/v"),
            json!("http://[::1]:4000/v"),
        ),
        (
            "inferenceGatewayBaseUrl",
            json!("http://localhost"),
            json!("http://localhost/"),
            json!("http://localhost"),
        ),
        (
            "inferenceGatewayApiKey",
            json!("k-1"),
            json!("k-1"),
            json!("••••"),
        ),
        (
            "inferenceGatewayAuthScheme",
            json!("x-api-key"),
            json!("x-api-key"),
            json!("x-api-key"),
        ),
        (
            "inferenceCustomHeaders",
            json!({ "X-Team": "a" }),
            json!(r#"{"X-Team":"a"}"#),
            json!("••••"),
        ),
        ("inferenceCustomHeaders", json!({}), json!("{}"), json!({})),
        (
            "inferenceGatewayHeaders",
            json!(["X-Team: a"]),
            json!(r#"["X-Team: a"]"#),
            json!("••••"),
        ),
        (
            "inferenceGatewayHeaders",
            json!({ "X-Team": "a" }),
            json!(r#"{"X-Team":"a"}"#),
            json!("••••"),
        ),
        (
            "inferenceModels",
            json!(["m1", model]),
            json!(json!(["m1", model]).to_string()),
            json!([{ "name": "m1" }, model]),
        ),
        ("inferenceModels", json!([]), json!("[]"), json!([])),
        ("modelDiscoveryEnabled", json!(true), json!("1"), json!(true)),
        ("modelDiscoveryEnabled", json!("FALSE"), json!(0), json!(false)),
        (
            "inferenceStreamIdleTimeoutSec",
            json!(300),
            json!("300"),
            json!(300),
        ),
        (
            "inferenceStreamIdleTimeoutSec",
            json!(1800),
            json!(1800),
            json!(1800),
        ),
        ("deploymentOrganizationUuid", uuid.clone(), uuid.clone(), uuid),
        ("deskhandEnabled", json!(false), json!("false"), json!(false)),
        ("deskhandMaxStepsPerTurn", json!(1), json!("1"), json!(1)),
        ("deskhandMaxStepsPerTurn", json!(1000), json!("1000"), json!(1000)),
        ("deskhandJournalMegabytes", json!(100), json!("100"), json!(100)),
        (
            "deskhandContextTokens",
            json!(16_000),
            json!("16000"),
            json!(16_000),
        ),
        (
            "deskhandKeepSourcesInFiles",
            json!(false),
            json!("false"),
            json!(false),
        ),
        (
            "deskhandPairing",
            json!("always"),
            json!("always"),
            json!("always"),
        ),
        ("allowedWorkspaceFolders", json!([]), json!("[]"), json!([])),
        (
            "allowedWorkspaceFolders",
            json!(["~/a", folder]),
            json!(json!(["~/a", folder]).to_string()),
            json!([{ "path": "~/a", "isDefaultSelected": false, "mode": "rw" }, { "path": "~/Documents", "isDefaultSelected": true, "mode": "ro" }]),
        ),
        (
            "disabledBuiltinTools",
            json!(["Edit", "range_write"]),
            json!(r#"["Edit","range_write"]"#),
            json!(["Edit", "range_write"]),
        ),
        (
            "builtinToolPolicy",
            json!({ "Edit(**/*.env)": "ask", "Read": "allow", "*": "later" }),
            json!(r#"{"Edit(**/*.env)":"ask","Read":"allow","*":"later"}"#),
            json!({ "Edit(**/*.env)": "ask", "Read": "allow", "*": "ask" }),
        ),
        ("disableBypassPermissionsMode", json!(true), json!(1), json!(true)),
        (
            "mcpPersistentAlwaysAllowEnabled",
            json!(false),
            json!("0"),
            json!(false),
        ),
        (
            "blockReadsOutsideWorkingDirectories",
            json!(true),
            json!("true"),
            json!(true),
        ),
        (
            "officeAccessPolicies",
            json!([denied]),
            json!(json!([denied]).to_string()),
            json!([denied]),
        ),
        (
            "organizationInstructions",
            json!("Euro amounts in thousands.\nNo macros."),
            json!("Euro amounts in thousands.\nNo macros."),
            json!("Euro amounts in thousands.\nNo macros."),
        ),
        (
            "egressProxyUrl",
            json!("http://proxy.example.org:8080/"),
            json!("http://proxy.example.org:8080"),
            json!("http://proxy.example.org:8080"),
        ),
        (
            "deskhandOfficeScriptFolder",
            json!(OFFICE_FOLDER),
            json!(OFFICE_FOLDER),
            json!(OFFICE_FOLDER),
        ),
    ]
}

#[test]
fn valid_values_are_taken_in_both_encodings() {
    for (key, native, text, expected) in valid() {
        for (encoding, value) in [(Encoding::Json, native), (Encoding::Text, text)] {
            let policy = managed(encoding, key, value.clone());
            assert_eq!(policy.problems, [], "{key} {value}");
            assert_eq!(effective(&policy, key), expected, "{key} {value}");
        }
    }
    let covered = |row: &&Definition| valid().iter().any(|(key, ..)| *key == row.name);
    assert_eq!(
        definitions().filter(covered).count(),
        definitions().count(),
        "a row has no valid case"
    );
}

/// Key and native values that are not of it.
#[expect(clippy::too_many_lines, reason = "one table of cases")]
fn invalid() -> Vec<(&'static str, Vec<Value>)> {
    let long = "x".repeat(20_000);
    let urls = [
        "http://gw.example.org",
        "http://127.0.0.1.example.org",
        "http://localhost.example.org",
        "http://0.0.0.0",
        "http://10.0.0.1",
        "ftp://gw.example.org",
        "gw.example.org",
        "https://",
        "https://user:pass@gw.example.org",
        "https://user@gw.example.org",
        "https://@gw.example.org",
        "https://gw.example.org/?a=b",
        "https://gw.example.org/#a",
        " https://gw.example.org",
        "https:\\\\gw.example.org",
        "https://gw example.org",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "",
        "https://gw.example.org/\u{7}",
    ];
    vec![
        (
            "inferenceProvider",
            vec![
                json!("anthropic"),
                json!("Gateway"),
                json!(""),
                json!(" gateway"),
                json!(["gateway"]),
            ],
        ),
        (
            "inferenceGatewayBaseUrl",
            urls.iter()
                .map(|url| json!(url))
                .chain([json!(format!("https://a.example/{long}"))])
                .collect(),
        ),
        (
            "inferenceGatewayApiKey",
            vec![json!(""), json!(5), json!("a\nb"), json!(long)],
        ),
        (
            "inferenceGatewayAuthScheme",
            vec![json!("auto"), json!("sso"), json!("Bearer")],
        ),
        (
            "inferenceCustomHeaders",
            vec![
                json!(["X-A: b"]),
                json!("X-A: b"),
                json!({ "X A": "b" }),
                json!({ "X-A": "b\r\nX-B: c" }),
                json!({ "X-A": 1 }),
                json!({ "": "b" }),
                json!({ "Host": "a" }),
                json!({ "Content-Length": "0" }),
                json!({ "x-a": "1", "X-A": "2" }),
                json!({ "X-A": "é" }),
                json!({ "X-A": long }),
                Value::Object((0..65).map(|n| (format!("x-{n}"), json!("v"))).collect()),
            ],
        ),
        (
            "inferenceGatewayHeaders",
            vec![
                json!("X-A: b"),
                json!(["X-A"]),
                json!([1]),
                json!(["X-A: b", "x-a: c"]),
            ],
        ),
        (
            "inferenceModels",
            vec![
                json!("m1"),
                json!({ "name": "m1" }),
                json!([1]),
                json!([""]),
                json!([{ "label": "x" }]),
                json!(["m", "m"]),
                json!([{ "name": "m", "surprise": 1 }]),
                json!([{ "name": "m", "anthropicFamilyTier": "large" }]),
                Value::Array((0..201).map(|n| json!(n.to_string())).collect()),
            ],
        ),
        ("modelDiscoveryEnabled", vec![json!(1), json!("yes"), json!("")]),
        (
            "inferenceStreamIdleTimeoutSec",
            vec![
                json!(299),
                json!(1801),
                json!(-1),
                json!(300.5),
                json!("300"),
                json!(1e30),
            ],
        ),
        (
            "deploymentOrganizationUuid",
            vec![
                json!("acme"),
                json!("0193a1b200007000800000000000000a"),
                json!("{0193a1b2-0000-7000-8000-000000000001}"),
                json!("00000000-0000-0000-0000-000000000000"),
                json!(7),
            ],
        ),
        ("deskhandEnabled", vec![json!("off"), json!(0), json!([])]),
        ("deskhandMaxStepsPerTurn", vec![json!(0), json!(1001), json!("5")]),
        ("deskhandJournalMegabytes", vec![json!(99), json!(-1)]),
        ("deskhandContextTokens", vec![json!(15_999), json!("many")]),
        ("deskhandKeepSourcesInFiles", vec![json!("off"), json!(0)]),
        ("deskhandPairing", vec![json!("never"), json!(true)]),
        (
            "allowedWorkspaceFolders",
            vec![
                json!("~/Documents"),
                json!([""]),
                json!([5]),
                json!([{ "mode": "ro" }]),
                json!([{ "path": "a", "mode": "rwx" }]),
                json!([{ "path": "a", "extra": 1 }]),
                json!([format!("/{long}")]),
                json!(["/a\u{0}b"]),
            ],
        ),
        (
            "disabledBuiltinTools",
            vec![
                json!("Edit"),
                json!([""]),
                json!([1]),
                json!(["Edit(*)"]),
                json!([long]),
                json!({ "Edit": true }),
            ],
        ),
        (
            "builtinToolPolicy",
            vec![
                json!(["Edit"]),
                json!({ "Edit": true }),
                json!({ "": "ask" }),
                json!({ "Edit(": "ask" }),
                json!({ "Edit()": "ask" }),
                json!({ "Edit (a)": "ask" }),
                json!({ long.clone(): "ask" }),
            ],
        ),
        ("disableBypassPermissionsMode", vec![json!("off"), json!(1)]),
        ("mcpPersistentAlwaysAllowEnabled", vec![json!("off"), json!(1)]),
        (
            "blockReadsOutsideWorkingDirectories",
            vec![json!("off"), json!(1)],
        ),
        (
            "officeAccessPolicies",
            vec![
                json!({ "effect": "deny", "action": "file.upload" }),
                json!([{ "effect": "close", "action": "file.upload" }]),
                json!([{ "effect": "deny" }]),
                json!([{ "effect": "deny", "action": "file.upload", "extra": 1 }]),
                json!([{ "effect": "deny", "action": "file.upload", "resource": { "type": "file" } }]),
                json!([{ "effect": "deny", "action": "file.upload", "resource": { "type": "uploaded_file",
                    "identifiers": [{ "type": "mip_label_name" }] } }]),
                json!([{ "effect": "deny", "action": "file.upload", "resource": { "type": "uploaded_file",
                    "identifiers": [{ "type": "colour", "equals": "red" }] } }]),
            ],
        ),
        (
            "organizationInstructions",
            vec![json!(""), json!("  "), json!(long), json!(["a"]), json!("a\u{7}")],
        ),
        (
            "egressProxyUrl",
            vec![
                json!(""),
                json!("proxy:8080"),
                json!("socks5://proxy:1080"),
                json!("http://user:pass@proxy:8080"),
                json!("http://@proxy:8080"),
                json!("http://proxy:8080/pac"),
                json!("http://proxy:8080?x"),
                json!("http://proxy:8080#x"),
                json!(" http://proxy:8080"),
                json!(8080),
            ],
        ),
        (
            "deskhandOfficeScriptFolder",
            vec![
                json!(""),
                json!("office-js"),
                json!("../office-js"),
                json!(true),
                json!("/a\u{0}b"),
            ],
        ),
    ]
}

#[test]
fn an_invalid_value_becomes_what_its_row_says() {
    let mut cases = 0;
    for (key, mut values) in invalid() {
        values.extend([Value::Null, json!({ "deep": [[[]]] })]);
        for value in values {
            if key == "inferenceGatewayHeaders" && value.is_object() {
                continue;
            }
            cases += 1;
            let row = row(key);
            let policy = managed(Encoding::Json, key, value.clone());
            let problem = policy
                .problems
                .first()
                .unwrap_or_else(|| panic!("{key} took {value}"));
            assert_eq!(
                (problem.key.as_str(), problem.consequence),
                (key, row.invalid_consequence)
            );
            assert_eq!(effective(&policy, key), (row.invalid_becomes)(), "{key} {value}");
            let stops = row.invalid_consequence == Consequence::StopsSessions;
            assert_eq!(!policy.stopping().is_empty(), stops, "{key}");
        }
    }
    assert!(cases >= 100, "{cases}");
    let covered = |row: &&Definition| invalid().iter().any(|(key, _)| *key == row.name);
    assert_eq!(
        definitions().filter(covered).count(),
        definitions().count(),
        "a row has no invalid case"
    );
}

#[test]
fn native_lists_and_objects_are_no_text_values() {
    for (key, native, ..) in valid() {
        if native.is_array() || native.is_object() {
            assert_eq!(managed(Encoding::Text, key, native).problems.len(), 1, "{key}");
            assert_eq!(
                managed(Encoding::Text, key, json!("{not json")).problems.len(),
                1,
                "{key}"
            );
        }
    }
}

#[test]
fn problems_never_show_a_secret() {
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
    ];
    for (key, value) in cases {
        let policy = managed(Encoding::Json, key, value);
        assert_eq!(policy.problems.len(), 1);
        assert!(
            !format!("{policy:?} {:?}", policy.entries()).contains("hunter2"),
            "{key}"
        );
    }
    let valid = managed(Encoding::Json, "inferenceGatewayApiKey", json!("hunter2"));
    assert_eq!(
        valid
            .connection
            .inference_gateway_api_key
            .value
            .as_ref()
            .unwrap()
            .expose(),
        "hunter2"
    );
    assert!(!format!("{valid:?} {:?}", valid.entries()).contains("hunter2"));
}

#[test]
fn keys_of_other_providers_stop_nothing() {
    let values = [
        ("inferenceProvider", json!("bedrock")),
        ("inferenceGatewayBaseUrl", json!("broken")),
    ];
    let store = MemoryStore::new(Origin::Managed("test".into()), values);
    let policy = Policy::resolve(&store.read(), &[]);
    assert_eq!((policy.problems.len(), policy.stopping().len()), (1, 0));
}

#[test]
fn an_unset_policy_is_the_defaults() {
    let policy = Policy::resolve(&Reading::Absent, &[]);
    for (entry, row) in policy.entries().iter().zip(definitions()) {
        assert_eq!(
            (entry.name, &entry.value, entry.locked),
            (row.name, &(row.default)(), false)
        );
    }
    assert_eq!((policy.managed, policy.problems), (false, vec![]));
    assert_eq!(
        policy.connection.inference_stream_idle_timeout_sec.value.get(),
        300
    );
    assert_eq!(policy.usage.deskhand_max_steps_per_turn.value.get(), 100);
}

#[test]
fn names_are_unique_and_defaults_are_valid() {
    for (at, row) in definitions().enumerate() {
        assert!(
            definitions().take(at).all(|other| other.name != row.name),
            "{} twice",
            row.name
        );
        for value in [(row.default)(), (row.invalid_becomes)()] {
            if !value.is_null() {
                assert!(
                    (row.check)(&value, Encoding::Json).is_ok(),
                    "{} {value}",
                    row.name
                );
            }
        }
        assert!(!row.invalid_why.is_empty());
    }
}
