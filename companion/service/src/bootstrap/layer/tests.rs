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
        at: NOW,
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
        assert_eq!(layer.is_absent(), !counts);
        assert_eq!(policy.value("deskhandPairing") == json!("always"), counts);
    }
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
    let found = |word: &[u8]| file.windows(word.len()).any(|part| part == word);
    assert!(!found(b"secret-word") && !found(b"secret-token"));
    assert!(vault(&own).read().answer == kept.answer);
    for other in [
        header("two"),
        user(&json!({})),
        user(
            &json!({ "bootstrapUrl": "https://boot.example.org/other", "bootstrapHeaders": { "X-Key": "one" } }),
        ),
    ] {
        assert!(vault(&other).read().answer.is_none());
    }
    let mut spoilt = file.clone();
    *spoilt.last_mut().unwrap() ^= 1;
    for bytes in [spoilt.as_slice(), b"", b"short"] {
        std::fs::write(home.path().join("data/bootstrap.sealed"), bytes).unwrap();
        assert!(vault(&own).read().answer.is_none());
    }
}
