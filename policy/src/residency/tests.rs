//! Ids and locations of every provider, and the words about them.

use serde_json::{Value, json};

use super::*;
use crate::source::Origin;
use crate::store::Store as _;
use crate::store::memory::MemoryStore;

const FRANKFURT: Site<'static> = Site::Bedrock {
    region: "eu-central-1",
    elsewhere: false,
};

fn policy(values: Value) -> Policy {
    let Value::Object(values) = values else {
        panic!("an object of keys")
    };
    let values = values.iter().map(|(key, value)| (key.as_str(), value.clone()));
    let store = MemoryStore::new(Origin::Managed("profile".into()), values);
    Policy::resolve(&store.read(), &[])
}

fn site(values: Value) -> Option<String> {
    policy(values).site().map(|site| format!("{site:?}"))
}

#[test]
fn an_id_of_bedrock_says_whether_it_stays_in_the_region() {
    use Residency::{Anywhere, Stays, Unknown};
    let arn = |rest: &str| format!("arn:aws:bedrock:eu-central-1:111122223333:{rest}");
    let eu = Residency::Within(geography("eu", "the EU"));
    for (model, expected) in [
        (
            "anthropic.claude-sonnet-4-20250514-v1:0".to_owned(),
            Stays("eu-central-1"),
        ),
        // A version with a dot is no geography.
        ("zai.glm-4.6".to_owned(), Stays("eu-central-1")),
        ("eu.anthropic.claude-sonnet-4-20250514-v1:0".to_owned(), eu),
        (
            "us-gov.anthropic.claude-3-5-sonnet-20240620-v1:0".to_owned(),
            Residency::Within(geography("us-gov", "AWS GovCloud (US)")),
        ),
        ("global.anthropic.claude-sonnet-4-5".to_owned(), Anywhere),
        (
            arn("inference-profile/eu.anthropic.claude-sonnet-4-20250514-v1:0"),
            eu,
        ),
        (arn("inference-profile/global.anthropic.claude"), Anywhere),
        (
            "arn:aws:bedrock:eu-central-1::foundation-model/anthropic.claude-v2:1".to_owned(),
            Stays("eu-central-1"),
        ),
        (arn("provisioned-model/x1"), Stays("eu-central-1")),
        (arn("application-inference-profile/a1b2"), Unknown(BY_PROFILE)),
        (arn("default-prompt-router/anthropic.claude:1"), Unknown(BY_ID)),
    ] {
        assert_eq!(residency(FRANKFURT, &model), expected, "{model}");
    }
}

#[test]
fn what_is_not_known_is_never_said_to_stay() {
    for model in [
        "",
        "anthropic",
        "mars.anthropic.claude-sonnet-4",
        "newmaker.model-1",
        "arn:",
        "arn:aws:bedrock:eu-central-1:111122223333:thing",
        "arn:aws:bedrock:eu-central-1:111122223333:inference-profile/mars.anthropic.claude",
        "arn:aws:bedrock:eu-central-1:111122223333:inference-profile/anthropic.claude",
    ] {
        let found = residency(FRANKFURT, model);
        assert!(matches!(found, Residency::Unknown(_)), "{model}: {found:?}");
    }
    for site in [Site::Foundry, Site::Gateway] {
        let found = residency(site, "claude-sonnet-4");
        assert!(matches!(found, Residency::Unknown(_)), "{site:?}");
    }
}

#[test]
fn every_geography_of_the_profiles_is_known() {
    for id in ["us", "eu", "apac", "jp", "au", "ca", "us-gov"] {
        let model = format!("{id}.anthropic.claude-x");
        let Residency::Within(geography) = residency(FRANKFURT, &model) else {
            panic!("{id} is a geography")
        };
        assert_eq!(geography.id, id);
    }
}

#[test]
fn a_location_of_vertex_says_it_for_every_model() {
    for (region, expected) in [
        ("europe-west1", Residency::Stays("europe-west1")),
        ("eu", Residency::Within(geography("eu", "the EU"))),
        ("us", Residency::Within(geography("us", "the US"))),
        ("global", Residency::Anywhere),
    ] {
        let site = Site::Vertex {
            region,
            elsewhere: false,
        };
        assert_eq!(residency(site, "claude-sonnet-4@20250514"), expected);
    }
}

#[test]
fn a_mark_says_in_a_few_words_what_a_model_leaves_and_where_to() {
    let vertex = |region| Site::Vertex {
        region,
        elsewhere: false,
    };
    for (site, model, expected) in [
        (FRANKFURT, "anthropic.claude-x", None),
        (
            FRANKFURT,
            "eu.anthropic.claude-x",
            Some("leaves eu-central-1: anywhere in the EU"),
        ),
        (
            FRANKFURT,
            "global.anthropic.claude-x",
            Some("leaves eu-central-1: anywhere"),
        ),
        (
            FRANKFURT,
            "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-x",
            Some("leaves eu-central-1: us-east-1"),
        ),
        (
            FRANKFURT,
            "arn:aws:bedrock:eu-central-1:1:application-inference-profile/a",
            Some("may leave eu-central-1: not known where"),
        ),
        (vertex("europe-west1"), "claude-x", None),
        (vertex("eu"), "claude-x", Some("answered anywhere in the EU")),
        (vertex("global"), "claude-x", Some("answered anywhere")),
        // The sentence about the site says it of all of them.
        (Site::Foundry, "claude-x", None),
        (Site::Gateway, "global.anthropic.claude-x", None),
    ] {
        assert_eq!(site.mark(model).as_deref(), expected, "{site:?} {model}");
    }
}

#[test]
fn an_address_of_the_settings_that_is_not_the_providers_own_is_named_and_nothing_is_promised_behind_it() {
    let bedrock = |base: &str| {
        policy(json!({
            "inferenceProvider": "bedrock", "inferenceBedrockRegion": "eu-central-1",
            "inferenceBedrockBaseUrl": base,
        }))
    };
    let vertex = |region: &str, base: &str| {
        policy(json!({
            "inferenceProvider": "vertex", "inferenceVertexProjectId": "p", "inferenceVertexRegion": region,
            "inferenceVertexBaseUrl": base,
        }))
    };
    assert_own(
        &bedrock("https://vpce-1-2.bedrock-runtime.eu-central-1.vpce.amazonaws.com"),
        true,
    );
    assert_own(&bedrock("https://bedrock-runtime.us-east-1.amazonaws.com"), false);
    assert_own(&bedrock("https://bedrock.example.com"), false);
    assert_own(&bedrock("https://eu-central-1.evilamazonaws.com"), false);
    assert_own(&vertex("eu", "https://aiplatform.eu.rep.googleapis.com"), true);
    assert_own(
        &vertex(
            "europe-west1",
            "https://europe-west1-aiplatform-x.p.googleapis.com",
        ),
        true,
    );
    assert_own(
        &vertex("europe-west1", "https://aiplatform.googleapis.com"),
        false,
    );
    assert_own(&vertex("europe-west1", "https://vertex.example.com"), false);
}

/// Whether a site is taken for the provider's own place.
fn assert_own(policy: &Policy, own: bool) {
    let site = policy.site().expect("a site");
    let found = residency(site, "anthropic.claude-x");
    assert_eq!(!matches!(found, Residency::Unknown(_)), own, "{site:?}");
    let promise = site.promise();
    let is_named = promise.contains("the address that the settings name");
    assert_eq!(is_named, !own, "{promise}");
    assert!(
        !promise.contains("example.com"),
        "panes are shown no address: {promise}"
    );
}

#[test]
fn the_promise_is_worded_for_each_provider_and_region() {
    let bedrock = policy(json!({ "inferenceProvider": "bedrock", "inferenceBedrockRegion": "eu-central-1" }));
    let promises = [
        bedrock.site().expect("a site"),
        Site::Vertex {
            region: "europe-west1",
            elsewhere: false,
        },
        Site::Vertex {
            region: "eu",
            elsewhere: false,
        },
        Site::Vertex {
            region: "global",
            elsewhere: false,
        },
        Site::Foundry,
        Site::Gateway,
    ]
    .map(Site::promise);
    let expected = [
        "Amazon Bedrock in eu-central-1. A model that is marked may be answered outside of eu-central-1.",
        "Google Vertex AI in europe-west1.",
        "Google Vertex AI in the multi-region `eu`. They may be processed in any of its regions in the EU.",
        "the global endpoint of Google Vertex AI. They may be processed in any of its regions.",
        "the resource of Azure AI Foundry that the settings name. The kind of the deployment (global, data zone or region) decides where they are processed; a model's name does not say it.",
        "the gateway that the settings name. Who runs it decides where they are processed and what is kept.",
    ];
    for (promise, expected) in promises.iter().zip(expected) {
        assert_eq!(
            promise,
            &format!("Prompts and what Deskhand reads go to {expected}")
        );
    }
}

#[test]
fn a_provider_without_its_region_is_no_site() {
    assert_eq!(site(json!({})), None);
    assert_eq!(site(json!({ "inferenceProvider": "bedrock" })), None);
    assert_eq!(site(json!({ "inferenceProvider": "vertex" })), None);
    assert_eq!(
        site(json!({ "inferenceProvider": "foundry" })).as_deref(),
        Some("Foundry")
    );
}
