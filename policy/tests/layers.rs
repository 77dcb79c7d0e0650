//! How the sources lie over each other: the administrator's, the bootstrap answer, the user's own.

use deskhand_policy::{
    Consequence, KeptSecrets, Layers, MemoryStore, Origin, Policy, ProblemKind, Reading, Scope, Store as _,
    bootstrap_answer, definitions,
};
use pretty_assertions::assert_eq;
use serde_json::{Value, json};

const ADDRESS: &str = "https://boot.example.org/v1";

type Settings<'a> = &'a [(&'a str, Value)];

fn reading(origin: Origin, values: Settings<'_>) -> Reading {
    MemoryStore::new(origin, values.iter().cloned()).read()
}

fn managed(values: Settings<'_>) -> Reading {
    reading(Origin::Managed("profile".into()), values)
}

fn user(values: Settings<'_>) -> Reading {
    reading(Origin::User("file".into()), values)
}

fn answer(values: Settings<'_>) -> Reading {
    reading(Origin::Bootstrap("boot.example.org".into()), values)
}

/// The policy with a bootstrap answer; the address is the user's own.
fn bootstrapped(of_answer: Settings<'_>, of_user: Settings<'_>, consented: bool) -> Policy {
    let mut own = vec![("bootstrapUrl", json!(ADDRESS))];
    own.extend(of_user.iter().cloned());
    Policy::resolve_layers(Layers {
        kept: KeptSecrets::NONE,
        managed: &Reading::Absent,
        bootstrap: &answer(of_answer),
        ended: false,
        consented,
        user: &[user(&own)],
    })
}

fn kinds(policy: &Policy) -> Vec<(&str, ProblemKind)> {
    let problems = policy.problems.iter();
    problems
        .map(|problem| (problem.key.as_str(), problem.kind))
        .collect()
}

#[test]
fn a_bootstrap_answer_lies_over_the_users_settings_and_locks_what_it_holds() {
    let policy = bootstrapped(
        &[("deskhandPairing", json!("always"))],
        &[
            ("deskhandPairing", json!("once")),
            ("deskhandMaxStepsPerTurn", json!(7)),
        ],
        false,
    );
    assert_eq!(policy.value("deskhandPairing"), json!("always"));
    assert!(policy.workspace.deskhand_pairing.locked);
    assert!(matches!(
        policy.workspace.deskhand_pairing.origin,
        Origin::Bootstrap(_)
    ));
    assert_eq!(policy.value("deskhandMaxStepsPerTurn"), json!(7));
    assert!(!policy.usage.deskhand_max_steps_per_turn.locked);
    assert_eq!((policy.managed, policy.problems), (false, vec![]));
}

#[test]
fn the_administrator_lies_over_the_bootstrap_answer() {
    let profile = managed(&[
        ("bootstrapUrl", json!(ADDRESS)),
        ("deskhandPairing", json!("always")),
    ]);
    let policy = Policy::resolve_layers(Layers {
        kept: KeptSecrets::NONE,
        managed: &profile,
        bootstrap: &answer(&[
            ("deskhandPairing", json!("once")),
            ("deskhandMaxStepsPerTurn", json!(7)),
        ]),
        ended: false,
        consented: false,
        user: &[user(&[
            ("deskhandMaxStepsPerTurn", json!(9)),
            ("deskhandJournalMegabytes", json!(500)),
        ])],
    });
    assert_eq!(policy.value("deskhandPairing"), json!("always"));
    assert_eq!(policy.value("deskhandMaxStepsPerTurn"), json!(7));
    assert_eq!(policy.value("deskhandJournalMegabytes"), json!(20_000));
    assert!(policy.entries().iter().all(|entry| entry.locked));
}

#[test]
fn sessions_wait_for_a_bootstrap_answer() {
    let own = user(&[
        ("bootstrapUrl", json!(ADDRESS)),
        ("inferenceProvider", json!("gateway")),
    ]);
    let policy = Policy::resolve(&Reading::Absent, &[own]);
    assert_eq!(kinds(&policy), [("bootstrapUrl", ProblemKind::Conflict)]);
    assert!(!policy.stopping().is_empty());
    let off = user(&[
        ("bootstrapUrl", json!(ADDRESS)),
        ("bootstrapEnabled", json!(false)),
    ]);
    assert_eq!(Policy::resolve(&Reading::Absent, &[off]).problems, []);
}

#[test]
fn an_answer_without_an_address_or_with_bootstrap_off_does_not_count() {
    let of_answer = answer(&[("deskhandPairing", json!("always"))]);
    let off = user(&[
        ("bootstrapUrl", json!(ADDRESS)),
        ("bootstrapEnabled", json!(false)),
    ]);
    for own in [user(&[]), off] {
        let policy = Policy::resolve_layers(Layers {
            kept: KeptSecrets::NONE,
            managed: &Reading::Absent,
            bootstrap: &of_answer,
            ended: false,
            consented: true,
            user: &[own],
        });
        assert_eq!(policy.value("deskhandPairing"), json!("once"));
    }
}

#[test]
fn an_answer_that_cannot_be_used_invalidates_what_it_could_have_set() {
    let broken = Reading::Unusable(Origin::Bootstrap("boot.example.org".into()), "no JSON".to_owned());
    let policy = Policy::resolve_layers(Layers {
        kept: KeptSecrets::NONE,
        managed: &Reading::Absent,
        bootstrap: &broken,
        ended: false,
        consented: false,
        user: &[user(&[
            ("bootstrapUrl", json!(ADDRESS)),
            ("allowedWorkspaceFolders", json!(["~/a"])),
        ])],
    });
    assert_eq!(policy.value("allowedWorkspaceFolders"), json!([]));
    assert!(!policy.stopping().is_empty());
    for entry in policy.entries() {
        let could = entry.row.scope != Scope::Managed;
        assert_eq!(entry.problem.is_some(), could, "{}", entry.name);
    }
}

#[test]
fn what_only_an_administrator_sets_is_refused_from_an_answer() {
    for row in definitions().filter(|row| row.scope == Scope::Managed) {
        let policy = bootstrapped(&[(row.name, json!("x"))], &[], true);
        assert_eq!(kinds(&policy), [(row.name, ProblemKind::Refused)]);
        assert_eq!(policy.problems[0].consequence, Consequence::UsesValue);
        assert!(
            !matches!(policy.entry(row.name).unwrap().origin, Origin::Bootstrap(_)),
            "{}",
            row.name
        );
    }
}

#[test]
fn an_earlier_name_opens_no_way_around_that() {
    let policy = bootstrapped(&[("trustBootstrapLocalExec", json!(true))], &[], false);
    assert!(!policy.bootstrap.trust_bootstrap_delivery.value);
    assert_eq!(kinds(&policy), [("trustBootstrapDelivery", ProblemKind::Refused)]);
}

#[test]
fn places_of_the_machine_and_of_sign_in_wait_for_consent() {
    for row in definitions().filter(|row| row.scope == Scope::ManagedOrBootstrapWithConsent) {
        let policy = bootstrapped(&[(row.name, json!("x"))], &[], false);
        assert_eq!(policy.awaiting_consent, [row.name]);
        assert_eq!(kinds(&policy), [(row.name, ProblemKind::Refused)]);
        let policy = bootstrapped(&[(row.name, json!("x"))], &[], true);
        assert_eq!(policy.awaiting_consent, [""; 0]);
        assert!(
            matches!(policy.entry(row.name).unwrap().origin, Origin::Bootstrap(_)),
            "{}",
            row.name
        );
    }
}

#[test]
fn consent_is_not_asked_for_where_the_machines_administrator_named_the_address() {
    let of_answer = answer(&[("inferenceBedrockProfile", json!("desk"))]);
    let profile = |origin, more: Settings<'_>| {
        let mut values = vec![("bootstrapUrl", json!(ADDRESS))];
        values.extend(more.iter().cloned());
        reading(origin, &values)
    };
    let trusted = [("trustBootstrapDelivery", json!(true))];
    let machine = || Origin::Managed("HKLM".into());
    let for_user = || Origin::ManagedForUser("HKCU".into());
    let cases = [
        (profile(machine(), &[]), true),
        (profile(for_user(), &[]), false),
        (profile(for_user(), &trusted), true),
    ];
    for (managed, taken) in cases {
        let policy = Policy::resolve_layers(Layers {
            kept: KeptSecrets::NONE,
            managed: &managed,
            bootstrap: &of_answer,
            ended: false,
            consented: false,
            user: &[],
        });
        assert_eq!(policy.value("inferenceBedrockProfile") == json!("desk"), taken);
        assert_eq!(policy.awaiting_consent.is_empty(), taken);
    }
}

#[test]
fn addresses_of_prompts_share_the_origin_of_the_bootstrap_address() {
    let cases = [
        ("https://boot.example.org/ai", true),
        ("https://boot.example.org:443/ai", true),
        ("https://BOOT.example.org/ai", true),
        ("https://boot.example.org:8443/ai", false),
        ("https://gw.example.org/ai", false),
        ("https://boot.example.org.example.com/ai", false),
        ("https://boot.example.org@gw.example.org/ai", false),
    ];
    for key in [
        "inferenceGatewayBaseUrl",
        "inferenceBedrockBaseUrl",
        "inferenceVertexBaseUrl",
    ] {
        for (address, taken) in cases {
            let policy = bootstrapped(&[(key, json!(address))], &[], true);
            assert_eq!(policy.value(key).is_string(), taken, "{key} {address}");
            assert_eq!(policy.stopping().is_empty(), taken, "{key} {address}");
        }
    }
}

#[test]
fn no_address_of_this_machine_is_taken_from_an_answer() {
    let addresses = [
        "http://localhost:4318",
        "https://localhost",
        "https://LOCALHOST.",
        "https://desk.localhost",
        "http://127.0.0.1:4318",
        "https://127.1",
        "https://0x7f000001",
        "https://[::1]",
        "https://[::ffff:127.0.0.1]",
        "https://0.0.0.0",
    ];
    for address in addresses {
        let policy = bootstrapped(&[("otlpEndpoint", json!(address))], &[], true);
        assert_eq!(policy.value("otlpEndpoint"), Value::Null, "{address}");
        assert_eq!(
            kinds(&policy),
            [("otlpEndpoint", ProblemKind::Invalid)],
            "{address}"
        );
        let servers = json!([{ "name": "a", "transport": "http", "url": address }]);
        let policy = bootstrapped(&[("managedMcpServers", servers)], &[], true);
        assert_eq!(policy.value("managedMcpServers"), json!([]), "{address}");
    }
}

#[test]
fn no_list_of_hosts_in_an_answer_names_this_machine_or_what_only_it_reaches() {
    let refused = [
        ("coworkEgressAllowedHosts", "localhost:8080"),
        ("coworkEgressAllowedHosts", "desk.localhost"),
        ("coworkEgressAllowedHosts", "127.0.0.1"),
        ("coworkEgressAllowedHosts", "[::1]:443"),
        ("coworkEgressAllowedHosts", "169.254.169.254"),
        ("deskhandEgressAllowPrivate", "localhost"),
        ("deskhandEgressAllowPrivate", "127.0.0.0/8"),
        ("deskhandEgressAllowPrivate", "126.0.0.0/7"),
        ("deskhandEgressAllowPrivate", "169.254.169.254/32"),
        ("deskhandEgressAllowPrivate", "fe80::/10"),
        ("deskhandEgressAllowPrivate", "0.0.0.0/0"),
    ];
    for (key, entry) in refused {
        let policy = bootstrapped(&[(key, json!(["wiki.example.com", entry]))], &[], true);
        assert_eq!(policy.value(key), json!([]), "{key} {entry}");
        assert_eq!(kinds(&policy), [(key, ProblemKind::Invalid)], "{key} {entry}");
    }
    for (key, entry) in [
        ("coworkEgressAllowedHosts", "wiki.example.com:8443"),
        ("coworkEgressAllowedHosts", "*.example.com"),
        ("deskhandEgressAllowPrivate", "10.0.0.0/8"),
        ("deskhandEgressAllowPrivate", "wiki.example.com"),
    ] {
        let policy = bootstrapped(&[(key, json!([entry]))], &[], true);
        assert_eq!(policy.value(key), json!([entry]), "{key} {entry}");
    }
}

#[test]
fn where_content_may_go_is_asked_about_unless_the_administrator_of_the_machine_set_the_address() {
    for (key, value) in [
        ("otlpEndpoint", json!("https://collector.example.org")),
        ("otlpContentCapture", json!(["userPrompts"])),
        ("deskhandEgressAllowPrivate", json!(["10.0.0.0/8"])),
    ] {
        let asked = bootstrapped(&[(key, value.clone())], &[], false);
        assert_ne!(asked.value(key), value, "{key}");
        assert_eq!(asked.awaiting_consent, [key]);
        assert_eq!(
            bootstrapped(&[(key, value.clone())], &[], true).value(key),
            value,
            "{key}"
        );
    }
}

#[test]
fn an_opened_key_is_the_users_then_the_administrators() {
    let opens = (
        "deskhandUserMaySet",
        json!(["deskhandPairing", "deskhandMaxStepsPerTurn"]),
    );
    let profile = managed(&[opens, ("deskhandMaxStepsPerTurn", json!(50))]);
    let set = Policy::resolve(
        &profile,
        &[user(&[
            ("deskhandPairing", json!("always")),
            ("deskhandMaxStepsPerTurn", json!(9)),
            ("deskhandJournalMegabytes", json!(500)),
        ])],
    );
    assert_eq!(set.value("deskhandPairing"), json!("always"));
    assert_eq!(set.value("deskhandMaxStepsPerTurn"), json!(9));
    assert_eq!(
        set.value("deskhandJournalMegabytes"),
        json!(20_000),
        "is not opened"
    );
    let unset = Policy::resolve(&profile, &[]);
    assert_eq!(unset.value("deskhandPairing"), json!("once"));
    assert_eq!(unset.value("deskhandMaxStepsPerTurn"), json!(50));
    for policy in [&set, &unset] {
        let open: Vec<&str> = policy
            .entries()
            .iter()
            .filter(|entry| !entry.locked)
            .map(|entry| entry.name)
            .collect();
        assert_eq!(open, ["deskhandPairing", "deskhandMaxStepsPerTurn"]);
    }
}

#[test]
fn a_users_bad_value_of_an_opened_key_becomes_what_its_row_says() {
    let profile = managed(&[("deskhandUserMaySet", json!(["deskhandPairing"]))]);
    let policy = Policy::resolve(&profile, &[user(&[("deskhandPairing", json!("never"))])]);
    assert_eq!(policy.value("deskhandPairing"), json!("always"));
    assert_eq!(kinds(&policy), [("deskhandPairing", ProblemKind::Invalid)]);
}

#[test]
fn users_open_nothing_themselves() {
    let opens = user(&[
        ("deskhandUserMaySet", json!(["deskhandPairing"])),
        ("deskhandPairing", json!("always")),
    ]);
    let policy = Policy::resolve(&managed(&[]), std::slice::from_ref(&opens));
    assert_eq!(policy.value("deskhandPairing"), json!("once"));
    let malformed = managed(&[(
        "deskhandUserMaySet",
        json!(["deskhandPairing", "deskhandEnabled"]),
    )]);
    let policy = Policy::resolve(&malformed, &[opens]);
    assert_eq!(
        policy.value("deskhandPairing"),
        json!("once"),
        "a malformed list opens nothing"
    );
}

#[test]
fn a_source_that_only_says_how_the_app_behaves_locks_only_what_it_holds() {
    let own = user(&[
        ("deskhandPairing", json!("always")),
        ("disableAutoUpdates", json!(false)),
    ]);
    let behaviour = [
        ("disableAutoUpdates", json!(true)),
        ("egressProxyUrl", json!("http://proxy:8080")),
    ];
    let policy = Policy::resolve(&managed(&behaviour), std::slice::from_ref(&own));
    let locked: Vec<&str> = policy
        .entries()
        .iter()
        .filter(|entry| entry.locked)
        .map(|entry| entry.name)
        .collect();
    assert_eq!(locked, ["egressProxyUrl", "disableAutoUpdates"]);
    assert!(policy.managed);
    assert_eq!(policy.value("disableAutoUpdates"), json!(true));
    assert_eq!(policy.value("deskhandPairing"), json!("always"));
    for more in [
        ("deskhandMaxStepsPerTurn", json!(9)),
        ("unknownKey", json!(1)),
        ("keepAwakeEnabled", json!(true)),
    ] {
        let profile = managed(&[behaviour[0].clone(), more.clone()]);
        let policy = Policy::resolve(&profile, std::slice::from_ref(&own));
        assert_eq!(policy.value("deskhandPairing"), json!("once"), "{more:?}");
        assert!(policy.entries().iter().all(|entry| entry.locked), "{more:?}");
    }
}

#[test]
fn an_earlier_name_is_taken_and_told_and_the_new_one_beats_it() {
    let policy = Policy::resolve(&managed(&[("isDxtEnabled", json!(true))]), &[]);
    let entry = policy.entry("isDesktopExtensionEnabled").unwrap();
    assert_eq!((&entry.value, entry.alias), (&json!(true), Some("isDxtEnabled")));
    assert_eq!(policy.problems, []);
    let both = managed(&[
        ("isDxtEnabled", json!(true)),
        ("isDesktopExtensionEnabled", json!(false)),
    ]);
    let policy = Policy::resolve(&both, &[]);
    assert_eq!(policy.value("isDesktopExtensionEnabled"), json!(false));
    assert_eq!(kinds(&policy), [("isDxtEnabled", ProblemKind::Covered)]);
}

#[test]
fn a_required_audit_needs_a_collector() {
    let missing = |policy: &Policy| {
        let reasons = policy.stopping();
        reasons
            .iter()
            .any(|problem| problem.reason.contains("`otlpEndpoint` names none"))
    };
    let required = ("deskhandAuditRequired", json!(true));
    assert!(missing(&Policy::resolve(
        &managed(std::slice::from_ref(&required)),
        &[]
    )));
    for (endpoint, is_missing) in [("broken", true), ("https://otel.example.org", false)] {
        let profile = managed(&[required.clone(), ("otlpEndpoint", json!(endpoint))]);
        assert_eq!(missing(&Policy::resolve(&profile, &[])), is_missing, "{endpoint}");
    }
    let broken = Policy::resolve(&managed(&[("otlpEndpoint", json!("broken"))]), &[]);
    assert_eq!(
        broken.stopping().len(),
        0,
        "where no audit is required, a malformed collector stops nothing"
    );
}

#[test]
fn no_other_credential_takes_the_place_of_the_kind_that_is_named() {
    for (kind, stops) in [
        ("static", 0),
        ("helper-script", 1),
        // The gateway is asked for its own sign-in.
        ("interactive", 0),
        ("vendor-profile", 1),
        ("workforce", 1),
    ] {
        let keys = [
            ("inferenceProvider", json!("gateway")),
            ("inferenceCredentialKind", json!(kind)),
        ];
        let policy = Policy::resolve(&managed(&keys), &[]);
        assert_eq!(policy.stopping().len(), stops, "{kind}");
    }
}

#[test]
fn a_crowd_of_unknown_keys_is_counted_and_not_listed() {
    let names: Vec<String> = (0..5_000).map(|n| format!("unknownKey{n}")).collect();
    let values: Vec<(&str, Value)> = names.iter().map(|name| (name.as_str(), json!(1))).collect();
    let policy = Policy::resolve(&managed(&values), &[]);
    assert_eq!(policy.problems.len(), 51);
    assert_eq!(policy.problems[50].reason, "4950 more keys that do not exist");
}

#[test]
fn a_dotted_name_is_told_where_it_belongs() {
    let policy = Policy::resolve(&managed(&[("inferenceGatewayOidc.clientId", json!("x"))]), &[]);
    assert_eq!(
        policy.problems[0].reason,
        "no such key; what belongs to `inferenceGatewayOidc` stands inside its one value"
    );
}

#[test]
fn a_bootstrap_answer_says_when_it_ends() {
    let ends = |expires: Value| {
        let bytes = json!({ "deskhandPairing": "always", "expiresAt": expires }).to_string();
        bootstrap_answer("https://boot.example.org", bytes.as_bytes()).expires_at
    };
    assert_eq!(ends(json!(1_800_000_000)), Some(1_800_000_000_000), "seconds");
    assert_eq!(
        ends(json!(1_800_000_000_123_u64)),
        Some(1_800_000_000_123),
        "milliseconds"
    );
    for strange in [json!("soon"), json!(-1), json!(1e300), Value::Null] {
        assert_eq!(ends(strange.clone()), Some(0), "{strange}: over");
    }
    let answer = bootstrap_answer("https://boot.example.org", b"{\"deskhandPairing\": \"always\"}");
    assert_eq!(answer.expires_at, None);
    let Reading::Present(values) = answer.reading else {
        panic!("{answer:?}");
    };
    assert_eq!(
        values.origin,
        Origin::Bootstrap("https://boot.example.org".into())
    );
}

#[test]
fn an_answer_that_is_no_object_is_unusable() {
    let large = format!("{{\"a\": \"{}\"}}", "x".repeat(2 << 20));
    for bytes in ["", "[]", "null", "{", "<html>", large.as_str()] {
        let answer = bootstrap_answer("https://boot.example.org", bytes.as_bytes());
        let start: String = bytes.chars().take(20).collect();
        assert!(
            matches!(answer.reading, Reading::Unusable(Origin::Bootstrap(_), _)),
            "{start}"
        );
    }
}

#[test]
fn sessions_wait_once_an_answer_ended_also_where_something_of_it_outlasts_it() {
    const ID: &str = "0d7d6a0e-4f2f-4d5f-9a70-2f1f0c6f9b11";
    let user = user(&[("bootstrapUrl", json!(ADDRESS))]);
    let answer = answer(&[("deploymentOrganizationUuid", json!(ID))]);
    for ended in [false, true] {
        let policy = Policy::resolve_layers(Layers {
            bootstrap: &answer,
            ended,
            ..Layers::new(&Reading::Absent, std::slice::from_ref(&user))
        });
        assert_eq!(policy.value("deploymentOrganizationUuid"), ID);
        assert_eq!(
            policy
                .stopping()
                .iter()
                .any(|problem| problem.key == "bootstrapUrl"),
            ended
        );
    }
}
