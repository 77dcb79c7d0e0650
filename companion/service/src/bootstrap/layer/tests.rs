//! What of kept settings counts, and what a person is asked about.

use std::collections::BTreeMap;

use deskhand_platform::SecretStore;
use deskhand_policy::{Encoding, Origin, Values};
use pretty_assertions::assert_eq;

use super::super::vault::Answer;
use super::*;

const NOW: u64 = 1_800_000_000_000;
const ADDRESS: &str = "https://boot.example.org/me";

fn user(more: &Value) -> Reading {
    let mut entries: BTreeMap<String, Result<Value, String>> = BTreeMap::new();
    entries.insert("bootstrapUrl".to_owned(), Ok(json!(ADDRESS)));
    for (key, value) in more.as_object().unwrap() {
        entries.insert(key.clone(), Ok(value.clone()));
    }
    Reading::Present(Values {
        origin: Origin::User("settings.json".into()),
        encoding: Encoding::Json,
        entries,
    })
}

fn plan(user: &Reading) -> Plan {
    Plan::of(&Policy::resolve(&Reading::Absent, std::slice::from_ref(user))).expect("an address")
}

fn kept(body: &Value) -> Kept {
    let mut kept = Kept::default();
    kept.answer = Some(Answer {
        body: body.to_string(),
        etag: None,
        ends_at: NOW + 1_000,
        says_end: true,
    });
    kept
}

fn resolved(layer: &Layer, user: Reading) -> Policy {
    layer.resolve(Layers::new(&Reading::Absent, &[user]))
}

#[test]
fn an_answer_counts_until_it_ends_and_then_sessions_wait() {
    let (user, kept) = (user(&json!({})), kept(&json!({ "deskhandPairing": "always" })));
    for (now, counts) in [
        (NOW, true),
        (NOW + 999, true),
        (NOW + 1_000, false),
        (NOW + 2_000, false),
    ] {
        let layer = Layer::of(&plan(&user), &kept, now);
        let policy = resolved(&layer, user.clone());
        assert_eq!(policy.stopping().is_empty(), counts, "{now}");
        assert_eq!(layer.is_ended(), !counts);
        assert_eq!(policy.value("deskhandPairing") == json!("always"), counts);
    }
}

const MINUTE: u64 = 60_000;

#[test]
fn an_answer_of_later_than_now_does_not_count() {
    let mut kept = kept(&json!({}));
    kept.answer.as_mut().unwrap().ends_at = NOW + 1_000 * MINUTE;
    kept.see(NOW, 0);
    assert!(kept.counting(NOW - 9 * MINUTE).is_some());
    // The clock was set back: otherwise that would make settings last for ever.
    assert!(kept.counting(NOW - 11 * MINUTE).is_none());
    assert!(kept.counting(NOW).is_some(), "and forward again");
}

#[test]
fn an_answer_that_ended_does_not_come_back_with_the_clock() {
    let mut kept = kept(&json!({}));
    assert!(!kept.see(NOW + 999, 0));
    assert!(kept.see(NOW + 1_000, 0));
    assert!(kept.counting(NOW).is_none());
    // Nor while nobody looked when it ended, but later, and that was kept.
    let mut later = self::kept(&json!({}));
    later.seen = NOW + MINUTE;
    assert!(later.counting(NOW).is_none());
}

#[test]
fn time_passes_for_an_answer_also_while_the_clock_stands_still() {
    let mut kept = kept(&json!({}));
    kept.answer.as_mut().unwrap().ends_at = NOW + 2 * MINUTE;
    kept.see(NOW, 0);
    assert!(!kept.see(NOW, MINUTE) && kept.counting(NOW).is_some());
    assert!(kept.see(NOW, MINUTE) && kept.counting(NOW).is_none());
}

#[test]
fn the_deployment_of_an_answer_outlasts_it_and_sessions_wait() {
    const ID: &str = "018f7d3a-8f1e-7c3b-9c52-0123456789ab";
    let user = user(&json!({}));
    let mut kept = kept(&json!({ "deploymentOrganizationUuid": ID, "deskhandPairing": "always" }));
    kept.deployment = deployment(&plan(&user), kept.answer.as_ref().unwrap(), None);
    for (now, pairing) in [(NOW, "always"), (NOW + 1_000, "once")] {
        let policy = resolved(&Layer::of(&plan(&user), &kept, now), user.clone());
        assert_eq!(policy.value("deploymentOrganizationUuid"), json!(ID), "{now}");
        assert_eq!(policy.value("deskhandPairing"), json!(pairing), "{now}");
        assert_eq!(policy.stopping().is_empty(), now == NOW);
    }
    let layer = Layer::of(&plan(&user), &kept, NOW + 1_000);
    let other = self::user(&json!({ "bootstrapUrl": "https://boot.example.org/other" }));
    assert_eq!(
        resolved(&layer, other).value("deploymentOrganizationUuid"),
        Value::Null
    );
}

#[test]
fn another_answer_says_otherwise_of_the_deployment_and_what_is_no_name_says_nothing() {
    const ID: &str = "018f7d3a-8f1e-7c3b-9c52-0123456789ab";
    const OTHER: &str = "018f7d3a-8f1e-7c3b-9c52-0123456789ac";
    let plan = plan(&user(&json!({})));
    for (said, after) in [
        (json!({ "deploymentOrganizationUuid": OTHER }), Some(OTHER)),
        (json!({}), None),
        (json!({ "deploymentOrganizationUuid": "nonsense" }), Some(ID)),
        (json!({ "deploymentOrganizationUuid": 3 }), Some(ID)),
    ] {
        let answer = kept(&said).answer.clone().unwrap();
        assert_eq!(
            deployment(&plan, &answer, Some(ID.to_owned())).as_deref(),
            after,
            "{said}"
        );
    }
}

#[test]
fn settings_that_cannot_be_read_say_nothing_of_another_address() {
    let certain = |user: Reading| Plan::is_certain(&Policy::resolve(&Reading::Absent, &[user]));
    assert!(certain(user(&json!({}))) && certain(Reading::Absent));
    assert!(!certain(user(
        &json!({ "bootstrapUrl": "http://boot.example.org/" })
    )));
    assert!(!certain(user(&json!({ "bootstrapOidc": 3 }))));
    let origin = Origin::User("settings.json".into());
    assert!(!certain(Reading::Unusable(origin, "no JSON".to_owned())));
}

#[test]
fn sign_ins_that_the_provider_is_to_end_make_room_for_later_ones() {
    let mut kept = Kept::default();
    for number in 0..10 {
        kept.unwant(vec![number], NOW);
    }
    let left: Vec<u8> = kept.unwanted.iter().map(|one| one.tokens[0]).collect();
    assert_eq!(left, [2, 3, 4, 5, 6, 7, 8, 9]);
}

#[test]
fn an_answer_of_another_address_does_not_count() {
    let here = user(&json!({}));
    let layer = Layer::of(&plan(&here), &kept(&json!({ "deskhandPairing": "always" })), NOW);
    let elsewhere = user(&json!({ "bootstrapUrl": "https://boot.example.org/other" }));
    assert!(!resolved(&layer, elsewhere).stopping().is_empty());
    let off = user(&json!({ "bootstrapEnabled": false }));
    assert_eq!(resolved(&layer, off).value("deskhandPairing"), json!("once"));
}

#[test]
fn consent_belongs_to_exactly_the_values_that_were_shown() {
    let user = user(&json!({}));
    let body =
        json!({ "inferenceProvider": "gateway", "inferenceGatewayBaseUrl": "https://boot.example.org/ai" });
    let mut kept = kept(&body);
    let layer = Layer::of(&plan(&user), &kept, NOW);
    let asked = layer.asked(Layers::new(&Reading::Absent, std::slice::from_ref(&user)));
    assert_eq!(asked.consent, Some(Consent::Waiting));
    assert_eq!(asked.values[0].value, json!("https://boot.example.org/ai"));
    let base = |kept: &Kept| {
        let layer = Layer::of(&plan(&user), kept, NOW);
        let consent = layer
            .asked(Layers::new(&Reading::Absent, std::slice::from_ref(&user)))
            .consent;
        (
            resolved(&layer, user.clone()).value("inferenceGatewayBaseUrl"),
            consent,
        )
    };
    assert_eq!(base(&kept), (Value::Null, Some(Consent::Waiting)));
    for (allowed, value, consent) in [
        (false, Value::Null, Consent::Refused),
        (true, json!("https://boot.example.org/ai"), Consent::Given),
    ] {
        let digest = asked.digest.clone();
        kept.consent = Some(Said { digest, allowed });
        assert_eq!(base(&kept), (value, Some(consent)));
    }
    // Another value is another question.
    let changed =
        json!({ "inferenceProvider": "gateway", "inferenceGatewayBaseUrl": "https://boot.example.org/b" });
    kept.answer.as_mut().unwrap().body = changed.to_string();
    assert_eq!(base(&kept), (Value::Null, Some(Consent::Waiting)));
}

#[test]
fn nothing_is_asked_about_values_that_name_no_place() {
    let user = user(&json!({}));
    let layer = Layer::of(&plan(&user), &kept(&json!({ "deskhandPairing": "always" })), NOW);
    let asked = layer.asked(Layers::new(&Reading::Absent, std::slice::from_ref(&user)));
    assert_eq!((asked.consent, asked.values.len()), (None, 0));
}

#[test]
fn what_is_kept_is_sealed_and_opens_for_its_address_and_account_alone() {
    let home = tempfile::tempdir().unwrap();
    let paths = Paths::below(home.path());
    paths.create().unwrap();
    let secrets = SecretStore::open(&paths).unwrap();
    let header = |value: &str| user(&json!({ "bootstrapHeaders": { "X-Key": value } }));
    let vault = |user: &Reading| Vault::open(&paths, &secrets, &plan(user)).unwrap();
    let own = header("one");
    let mut kept = kept(&json!({ "organizationInstructions": "secret-word" }));
    kept.tokens = Some(b"secret-token".to_vec());
    vault(&own).write(&kept).unwrap();
    let file = std::fs::read(home.path().join("data/bootstrap.sealed")).unwrap();
    // As text, and as the list of numbers that bytes become in JSON.
    let bytes = b"secret-token".map(|byte| byte.to_string()).join(",");
    let unsealed = serde_json::to_vec(&kept).unwrap();
    let found = |file: &[u8], word: &str| file.windows(word.len()).any(|part| part == word.as_bytes());
    for word in ["secret-word", &bytes] {
        assert!(found(&unsealed, word) && !found(&file, word), "{word}");
    }
    assert!(!found(&file, "secret-token"));
    assert!(vault(&own).read().answer == kept.answer);
    for other in [
        header("two"),
        user(&json!({})),
        user(
            &json!({ "bootstrapUrl": "https://boot.example.org/other", "bootstrapHeaders": { "X-Key": "one" } }),
        ),
    ] {
        assert!(vault(&other).read().answer.is_none());
        assert!(vault(&other).is_foreign());
    }
    assert!(!vault(&own).is_foreign());
    let mut spoilt = file.clone();
    *spoilt.last_mut().unwrap() ^= 1;
    for bytes in [spoilt.as_slice(), b"", b"short"] {
        std::fs::write(home.path().join("data/bootstrap.sealed"), bytes).unwrap();
        assert!(vault(&own).read().answer.is_none());
    }
}
