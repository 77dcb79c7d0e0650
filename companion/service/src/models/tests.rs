//! What the settings offer, and what front ends are shown of it.

use deskhand_policy::{MemoryStore, Origin, Store as _};
use pretty_assertions::assert_eq;
use serde_json::{Value, json};

use super::*;

fn policy(values: &Value) -> Policy {
    let values = values.as_object().expect("an object of keys");
    let values = values.iter().map(|(key, value)| (key.as_str(), value.clone()));
    let store = MemoryStore::new(Origin::Managed("profile".into()), values);
    Policy::resolve(&store.read(), &[])
}

fn bedrock(models: &Value) -> Policy {
    policy(&json!({
        "inferenceProvider": "bedrock", "inferenceBedrockRegion": "eu-central-1", "inferenceModels": models,
    }))
}

fn ids(models: &[ModelView]) -> Vec<&str> {
    models.iter().map(|model| model.id.as_str()).collect()
}

#[test]
fn a_variant_for_a_million_tokens_is_an_entry_of_its_own_where_the_settings_say_so() {
    let models = json!([
        { "name": "a", "labelOverride": "Model A", "supports1m": true },
        { "name": "b", "prefer1m": true },
        { "name": "c", "supports1m": false, "prefer1m": true },
        "d",
    ]);
    let named = named(&bedrock(&models));
    assert_eq!(ids(&named), ["a", "a[1m]", "b[1m]", "b", "c", "d"]);
    assert_eq!(named[1].label, "Model A (1M)");
}

#[test]
fn the_settings_may_prefer_the_variant_of_every_model_that_has_one() {
    let mut values = json!({
        "inferenceProvider": "gateway", "inferenceGatewayBaseUrl": "https://gw.example.com",
        "inferenceModels": [{ "name": "a", "supports1m": true }, { "name": "b", "supports1m": true, "prefer1m": false }, "c"],
        "modelPrefer1mContext": true,
    });
    let preferring = policy(&values);
    assert_eq!(ids(&named(&preferring)), ["a[1m]", "a", "b", "b[1m]", "c"]);
    assert_eq!(Windows::of(&preferring).for_model(""), 1_000_000);
    values["modelPrefer1mContext"] = json!(false);
    assert_eq!(Windows::of(&policy(&values)).for_model(""), 200_000);
}

#[test]
fn front_ends_are_told_what_a_model_takes_in_its_family_and_whether_it_leaves_the_region() {
    let policy = bedrock(&json!([
        { "name": "eu.anthropic.claude-sonnet-4-5", "labelOverride": "Writer", "supports1m": true,
          "anthropicFamilyTier": "sonnet", "isFamilyDefault": true },
        "anthropic.claude-haiku-4-5",
        "amazon.nova-pro-v1:0",
    ]));
    let shown = Offer::of(&policy).shown(named(&policy));
    let short: Vec<_> = shown
        .iter()
        .map(|model| {
            (
                model.label.as_str(),
                model.family.as_deref(),
                model.family_default,
                model.context,
                model.leaves.as_deref(),
            )
        })
        .collect();
    let leaves = Some("leaves eu-central-1: anywhere in the EU");
    assert_eq!(
        short,
        [
            ("Writer", Some("Sonnet"), true, Some(200_000), leaves),
            ("Writer (1M)", Some("Sonnet"), false, Some(1_000_000), leaves),
            (
                "anthropic.claude-haiku-4-5",
                Some("Haiku"),
                false,
                Some(200_000),
                None
            ),
            ("amazon.nova-pro-v1:0", None, false, Some(200_000), None),
        ]
    );
}

#[test]
fn a_model_that_the_settings_do_not_offer_is_refused_unless_the_provider_is_asked_for_its_own() {
    let listed = bedrock(&json!(["anthropic.claude-haiku-4-5"]));
    let models = named(&listed);
    let offer = Offer::of(&listed);
    assert_eq!(offer.admit(&models, ""), Ok(()));
    assert_eq!(offer.admit(&models, "anthropic.claude-haiku-4-5"), Ok(()));
    let refused = offer.admit(&models, "global.anthropic.claude-haiku-4-5");
    assert_eq!(
        refused.map_err(|error| error.code),
        Err(ErrorCode::InferenceModelUnknown)
    );
    // A list that allows nothing.
    let nothing = Offer::of(&bedrock(&json!([])));
    assert!(nothing.admit(&[], "anthropic.claude-haiku-4-5").is_err());
    let asks = policy(&json!({ "inferenceProvider": "bedrock", "inferenceBedrockRegion": "eu-central-1" }));
    assert_eq!(Offer::of(&asks).admit(&[], "anthropic.claude-haiku-4-5"), Ok(()));
}

#[test]
fn a_person_may_name_a_model_by_its_id_its_label_or_its_family() {
    let policy = bedrock(&json!([
        { "name": "anthropic.claude-sonnet-4", "anthropicFamilyTier": "sonnet" },
        { "name": "anthropic.claude-sonnet-4-5", "labelOverride": "Newest", "anthropicFamilyTier": "sonnet", "isFamilyDefault": true },
        "anthropic.claude-haiku-3", "anthropic.claude-haiku-4-5",
    ]));
    let models = Offer::of(&policy).shown(named(&policy));
    for (word, id) in [
        ("anthropic.claude-sonnet-4", "anthropic.claude-sonnet-4"),
        ("newest", "anthropic.claude-sonnet-4-5"),
        ("Sonnet", "anthropic.claude-sonnet-4-5"),
        ("haiku", "anthropic.claude-haiku-3"),
        ("opus", "opus"),
    ] {
        assert_eq!(meant(&models, word), id);
    }
}
