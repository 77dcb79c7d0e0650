//! What is said of a file before it is deployed.

use deskhand_policy::check::{Finding, FindingCode, Severity, check, diff, fails, text};
use deskhand_policy::explain::explain;
use deskhand_policy::format::read;
use deskhand_policy::{Direction, MemoryStore, Origin, Policy, Reading, Store};
use pretty_assertions::assert_eq;
use serde_json::{Value, json};

/// Key, severity and word of each finding.
fn said(content: &str) -> Vec<(String, Severity, &'static str)> {
    let findings = check(&read(content.as_bytes(), "").unwrap());
    let short = findings.into_iter();
    short
        .map(|finding| {
            (
                finding.key.unwrap_or_default(),
                finding.severity,
                finding.code.word(),
            )
        })
        .collect()
}

/// The same in a profile that is otherwise whole.
fn said_of(key: &str, value: &serde_json::Value) -> Vec<(String, Severity, &'static str)> {
    let whole = json!({ "inferenceProvider": "gateway", "inferenceGatewayBaseUrl": "https://gw.example.com", key: value });
    said(&whole.to_string())
}

#[test]
fn each_kind_of_fault_has_its_finding() {
    let cases = [
        ("inferenceModles", json!([]), Severity::Error, "unknown-key"),
        ("banner.text", json!("x"), Severity::Error, "dotted-name"),
        (
            "deskhandEnabled",
            json!("maybe"),
            Severity::Error,
            "invalid-value",
        ),
        (
            "requireCoworkFullVmSandbox",
            json!(true),
            Severity::Error,
            "not-enforceable",
        ),
        ("isDxtEnabled", json!(true), Severity::Warning, "earlier-name"),
        (
            "inferenceGatewayApiKey",
            json!("k"),
            Severity::Warning,
            "secret-in-clear",
        ),
        ("inferenceModels", json!([]), Severity::Warning, "contradiction"),
        (
            "otlpEndpoint",
            json!("https://otel.example.com/v1/logs/"),
            Severity::Warning,
            "address",
        ),
        (
            "otlpTracesEnabled",
            json!(true),
            Severity::Warning,
            "contradiction",
        ),
        (
            "deskhandEnabled",
            json!(false),
            Severity::Warning,
            "contradiction",
        ),
        ("deskhandPairing", json!("once"), Severity::Note, "is-default"),
        ("coworkTabEnabled", json!(false), Severity::Note, "not-applicable"),
        ("isLocalDevMcpEnabled", json!(false), Severity::Note, "acts-later"),
        ("dictationEnabled", json!(true), Severity::Note, "not-used"),
        (
            "inferenceVertexRegion",
            json!("global"),
            Severity::Note,
            "contradiction",
        ),
    ];
    for (key, value, severity, word) in cases {
        let said = said_of(key, &value);
        assert!(
            said.contains(&(key.to_owned(), severity, word)),
            "{key}: {said:?}"
        );
    }
    assert_eq!(said_of("deskhandMaxStepsPerTurn", &json!(50)), []);
}

#[test]
fn a_file_that_sets_nothing_or_names_no_provider_is_warned_of() {
    assert_eq!(said("{}"), [(String::new(), Severity::Warning, "nothing-set")]);
    assert_eq!(
        said(r#"{"deskhandMaxStepsPerTurn": 50}"#),
        [(String::new(), Severity::Warning, "no-provider")]
    );
    let opened = said(r#"{"deskhandMaxStepsPerTurn": 50, "deskhandUserMaySet": ["inferenceProvider"]}"#);
    assert!(
        opened.iter().all(|(.., word)| *word != "no-provider"),
        "{opened:?}"
    );
}

#[test]
fn a_native_list_in_a_property_list_is_told_with_its_line_and_what_it_becomes() {
    let content =
        "<plist><dict>\n<key>allowedWorkspaceFolders</key>\n<array><string>~</string></array></dict></plist>";
    let findings = check(&read(content.as_bytes(), "dev.deskhand.Deskhand.plist").unwrap());
    let finding = findings
        .iter()
        .find(|finding| finding.code == FindingCode::NativeList)
        .unwrap();
    assert_eq!(finding.line, Some(2));
    assert!(
        finding.sentence.contains("one string that holds JSON"),
        "{finding}"
    );
    assert!(finding.sentence.contains("it becomes `[]`"), "{finding}");
    assert!(fails(&findings));
}

#[test]
fn a_misspelt_key_is_told_with_the_nearest_one() {
    let findings = check(&read(br#"{"deskhandEnalbed": true}"#, "").unwrap());
    assert!(text(&findings).contains("the nearest is `deskhandEnabled`"));
    assert!(text(&findings).starts_with("line 1: error [unknown-key] `deskhandEnalbed`"));
}

#[test]
fn no_finding_shows_a_secret() {
    let content = r#"{"inferenceGatewayApiKey": ["hunter2"], "inferenceCustomHeaders": {"X-Key": "hunter2"}, "otlpHeaders": 7}"#;
    assert!(!text(&check(&read(content.as_bytes(), "").unwrap())).contains("hunter2"));
}

#[test]
fn a_difference_has_both_values_and_its_direction_and_hides_secrets() {
    let one = read(
        br#"{"mcpPersistentAlwaysAllowEnabled": true, "inferenceGatewayApiKey": "hunter2"}"#,
        "",
    )
    .unwrap();
    let other = read(
        br#"{"mcpPersistentAlwaysAllowEnabled": false, "inferenceGatewayApiKey": "hunter3"}"#,
        "",
    )
    .unwrap();
    let changes = diff(&one, &other);
    assert_eq!(changes.len(), 2);
    let tightened = changes
        .iter()
        .find(|change| change.name == "mcpPersistentAlwaysAllowEnabled")
        .unwrap();
    assert_eq!(
        (&tightened.before, &tightened.after),
        (&json!(true), &json!(false))
    );
    assert_eq!(tightened.direction, Direction::Tightens);
    assert!(!format!("{changes:?}").contains("hunter"));
    assert_eq!(diff(&one, &one), []);
}

#[test]
fn an_explanation_says_what_a_key_does_and_why_it_has_its_value() {
    let values = [
        ("deskhandPairing", json!("never")),
        ("isDxtEnabled", json!("true")),
    ];
    let policy = Policy::resolve(
        &MemoryStore::new(Origin::Managed("profile".into()), values).read(),
        &[],
    );
    let pairing = explain(&policy, "deskhandPairing").unwrap();
    assert_eq!(pairing.value, json!("always"));
    assert!(pairing.because.contains("not taken"), "{}", pairing.because);
    assert!(pairing.locked);
    let extensions = explain(&policy, "isDesktopExtensionEnabled").unwrap();
    assert!(
        extensions.because.contains("`isDxtEnabled`"),
        "{}",
        extensions.because
    );
    let unset = explain(&Policy::resolve(&Reading::Absent, &[]), "inferenceProvider").unwrap();
    assert!(unset.because.contains("default") && !unset.locked);
    assert!(deskhand_policy::explain::text(&unset).contains("Value now: unset"));
    assert!(
        explain(&policy, "inferenceProvder")
            .unwrap_err()
            .contains("`inferenceProvider`")
    );
    assert!(
        explain(&policy, "dictationEnabled")
            .unwrap_err()
            .contains("known, not used")
    );
}

#[test]
fn a_key_says_what_its_value_forbids_right_now() {
    let forbidden = |key: &str, value: serde_json::Value| {
        let values = [
            ("inferenceProvider", json!("gateway")),
            ("inferenceGatewayBaseUrl", json!("https://gw.example.com")),
            (key, value),
        ];
        let policy = Policy::resolve(
            &MemoryStore::new(Origin::Managed("profile".into()), values).read(),
            &[],
        );
        explain(&policy, key).expect("a key").forbids
    };
    let some = |text: &str| Some(text.to_owned());
    for (key, value, expected) in [
        (
            "coworkEgressAllowedHosts",
            json!(["a.example", "*.b.example:8443"]),
            some("it forbids web pages of every host but a.example, *.b.example:8443"),
        ),
        (
            "coworkEgressAllowedHosts",
            json!([]),
            some("it forbids every web page"),
        ),
        (
            "coworkEgressAllowedHosts",
            json!(["no host!"]),
            some("it forbids every web page"),
        ),
        ("coworkEgressAllowedHosts", json!(["*"]), None),
        ("deskhandPairing", json!("once"), None),
        (
            "deskhandPairing",
            json!("always"),
            some("it forbids panes that connect without being paired anew"),
        ),
        (
            "allowedWorkspaceFolders",
            json!(["/srv/a", {"path": "/srv/b", "mode": "ro"}]),
            some("it forbids attaching folders outside of /srv/a, /srv/b"),
        ),
        ("builtinToolPolicy", json!({"Edit": "allow"}), None),
        (
            "builtinToolPolicy",
            json!({"Edit": "ask", "Read": "allow"}),
            some("it forbids calls that fit Edit without asking a person"),
        ),
        ("disabledBuiltinTools", json!([]), None),
        ("isLocalDevMcpEnabled", json!(false), None),
    ] {
        assert_eq!(forbidden(key, value.clone()), expected, "{key} {value}");
    }
    let stops = forbidden("requireCoworkFullVmSandbox", json!(true)).expect("a sentence");
    assert!(stops.starts_with("sessions do not start: "), "{stops}");
}

#[test]
fn a_value_that_was_given_out_without_its_secret_is_an_error_by_name() {
    let servers = |secret: &Value| json!([{ "name": "docs", "transport": "http", "url": "https://docs.example.com", "headers": { "x-key": secret } }]);
    let place = "managedMcpServers/docs/headers/x-key";
    let found = |values: &Value| {
        let findings = check(&read(values.to_string().as_bytes(), "").unwrap());
        let about = findings.into_iter().filter(|finding| {
            use FindingCode::{MaskedSecret, SecretInClear, SecretReference};
            matches!(finding.code, MaskedSecret | SecretInClear | SecretReference)
        });
        let found: Vec<Finding> = about.collect();
        assert_eq!(found.len(), 1, "{values}");
        found.into_iter().next().unwrap()
    };
    for (value, code, word) in [
        (json!("••••"), FindingCode::MaskedSecret, "masked-secret"),
        (
            json!({ "$secret": place }),
            FindingCode::SecretReference,
            "secret-reference",
        ),
    ] {
        let finding = found(&json!({ "managedMcpServers": servers(&value) }));
        assert_eq!((finding.code, finding.severity), (code, Severity::Error));
        assert_eq!(finding.code.word(), word);
        assert!(finding.sentence.contains(place), "{finding}");
    }
    let whole = found(&json!({ "inferenceGatewayApiKey": "••••" }));
    assert_eq!(whole.code, FindingCode::MaskedSecret);
    let clear = found(&json!({ "managedMcpServers": servers(&json!("hunter2")) }));
    assert_eq!(
        (clear.code, clear.severity),
        (FindingCode::SecretInClear, Severity::Warning)
    );
    assert!(
        clear.sentence.contains(place) && !clear.sentence.contains("hunter2"),
        "{clear}"
    );
    let held = json!({ "managedMcpServers": servers(&json!("••••")).to_string() });
    assert_eq!(found(&held).code, FindingCode::MaskedSecret);
}

/// What is said of regions: key, severity, word and sentence.
fn said_of_regions(values: &Value) -> Vec<(String, Severity, &'static str, String)> {
    let findings = check(&read(values.to_string().as_bytes(), "").unwrap());
    let about = findings.into_iter().filter(|finding| {
        use FindingCode::{LeavesRegion, RegionUnknown};
        matches!(finding.code, LeavesRegion | RegionUnknown)
    });
    about
        .map(|one| {
            (
                one.key.unwrap_or_default(),
                one.severity,
                one.code.word(),
                one.sentence,
            )
        })
        .collect()
}

#[test]
fn every_listed_model_that_leaves_the_region_is_warned_of_by_name_and_the_file_still_passes() {
    let values = json!({
        "inferenceProvider": "bedrock", "inferenceBedrockRegion": "eu-central-1",
        "inferenceModels": [
            "anthropic.claude-haiku-4-5", "eu.anthropic.claude-sonnet-4-5", { "name": "global.anthropic.claude-opus-4-5" },
            "arn:aws:bedrock:eu-central-1:111122223333:application-inference-profile/a1",
            "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-v2",
        ],
    });
    let warned = |sentence: &str| {
        let key = "inferenceModels".to_owned();
        (key, Severity::Warning, "leaves-region", sentence.to_owned())
    };
    let said = said_of_regions(&values);
    assert_eq!(
        said.iter()
            .filter(|one| one.1 == Severity::Warning)
            .cloned()
            .collect::<Vec<_>>(),
        [
            warned(
                "`eu.anthropic.claude-sonnet-4-5` may be answered anywhere in the EU, not in eu-central-1 alone"
            ),
            warned("`global.anthropic.claude-opus-4-5` may be answered anywhere, not in eu-central-1 alone"),
            warned(
                "`arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-v2` belongs to us-east-1, not to eu-central-1"
            ),
        ]
    );
    let (.., severity, word, sentence) = &said[2];
    assert_eq!((*severity, *word), (Severity::Note, "region-unknown"));
    assert!(
        sentence.contains("application-inference-profile/a1`: "),
        "{sentence}"
    );
    let findings = check(&read(values.to_string().as_bytes(), "").unwrap());
    assert!(!fails(&findings), "a warning is no error");
}

#[test]
fn what_leaves_the_region_without_any_model_that_says_so_is_warned_of_at_its_key() {
    let bedrock = |more: Value| {
        let mut values = json!({ "inferenceProvider": "bedrock", "inferenceBedrockRegion": "eu-central-1" });
        values
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        values
    };
    let vertex = |region: &str| json!({ "inferenceProvider": "vertex", "inferenceVertexProjectId": "p", "inferenceVertexRegion": region });
    let stays = json!(["anthropic.claude-haiku-4-5"]);
    for (values, expected) in [
        (
            bedrock(json!({})),
            Some(("inferenceBedrockRegion", "leaves-region")),
        ),
        (bedrock(json!({ "inferenceModels": stays })), None),
        (
            bedrock(json!({ "inferenceModels": stays, "modelDiscoveryEnabled": true })),
            Some(("modelDiscoveryEnabled", "leaves-region")),
        ),
        (vertex("global"), Some(("inferenceVertexRegion", "leaves-region"))),
        (vertex("eu"), Some(("inferenceVertexRegion", "leaves-region"))),
        (vertex("europe-west1"), None),
        (
            json!({ "inferenceProvider": "foundry", "inferenceFoundryResource": "r" }),
            Some(("inferenceFoundryResource", "region-unknown")),
        ),
        (
            json!({ "inferenceProvider": "gateway", "inferenceGatewayBaseUrl": "https://gw.example.com" }),
            None,
        ),
    ] {
        let said = said_of_regions(&values);
        let short: Vec<_> = said
            .iter()
            .map(|(key, _, word, _)| (key.as_str(), *word))
            .collect();
        assert_eq!(short, Vec::from_iter(expected), "{values}");
    }
    let private =
        bedrock(json!({ "inferenceModels": stays, "inferenceBedrockBaseUrl": "https://llm.example.com" }));
    let said = said_of_regions(&private);
    let (key, severity, word, _) = &said[0];
    assert_eq!(
        (said.len(), key.as_str(), *severity, *word),
        (1, "inferenceBedrockBaseUrl", Severity::Note, "region-unknown")
    );
}
