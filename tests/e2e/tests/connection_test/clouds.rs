//! The test over Amazon Bedrock, Vertex AI and Azure AI Foundry.

use deskhand_e2e::Setup;
use deskhand_protocol::ErrorCode;
use deskhand_protocol::provider::{TestState, TestStep};
use deskhand_standins::bedrock::{self, Bedrock};
use deskhand_standins::foundry::Foundry;
use deskhand_standins::script::Script;
use deskhand_standins::vertex::{self, Vertex};
use pretty_assertions::assert_eq;
use serde_json::json;

use crate::far_side::Host;
use crate::{KEY, fails, one, result};

/// A cloud's model that answers once, for whoever has this token or key.
fn cloud(model: &str, key: Option<&str>) -> Script {
    let answer = json!({ "answer": { "say": [{ "text": "Done." }] } });
    let script = json!({ "models": [model], "key": key, "steps": [answer] });
    Script::from_yaml(&script.to_string()).expect("a script")
}

/// A home whose provider is this one, with these keys.
fn with_provider(name: &str, model: &str, keys: &[(&str, &str)]) -> Setup {
    let setup = Setup::empty();
    setup.configure("inferenceProvider", name);
    setup.configure("inferenceModels", &json!([model]).to_string());
    for (key, value) in keys {
        setup.configure(key, value);
    }
    setup
}

#[tokio::test(flavor = "multi_thread")]
async fn bedrock_passes_with_its_keys_and_fails_at_the_word_with_another() {
    const MODEL: &str = "eu.anthropic.claude-standin-v1:0";
    let cloud = Bedrock::start(cloud(MODEL, Some(KEY)), 0).await.expect("a port");
    let place = [
        ("inferenceBedrockRegion", bedrock::REGION),
        ("inferenceBedrockBaseUrl", &cloud.base_url()),
    ];
    let setup = with_provider("bedrock", MODEL, &place);
    setup.give("inferenceBedrockBearerToken", KEY);
    let (test, code) = result(&setup, &[]);
    assert_eq!(
        (code, test.provider.as_deref()),
        (Some(0), Some("bedrock")),
        "{test:#?}"
    );
    let taken = &one(&test, TestStep::SignIn).seen;
    assert_eq!(taken, "Amazon Bedrock takes the credential.");
    setup.give("inferenceBedrockBearerToken", "another-key-than-that");
    let seen = "Amazon Bedrock does not let this credential do that.";
    let remedy = "inferenceBedrockBearerToken";
    fails(
        &setup,
        &[],
        TestStep::Word,
        ErrorCode::InferenceAuth,
        seen,
        remedy,
    );
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn vertex_passes_with_the_token_of_a_helper_and_fails_at_the_sign_in_once_it_ends() {
    const MODEL: &str = "claude-standin";
    let cloud = Vertex::start(cloud(MODEL, Some(KEY)), 0).await.expect("a port");
    let place = [
        ("inferenceVertexProjectId", vertex::PROJECT),
        ("inferenceVertexRegion", vertex::REGION),
        ("inferenceVertexBaseUrl", &cloud.base_url()),
    ];
    let setup = with_provider("vertex", MODEL, &place);
    let helper = setup.program("helper", "echo e2e-key");
    setup.configure("inferenceCredentialHelper", &helper.display().to_string());
    let (test, code) = result(&setup, &[]);
    assert_eq!(code, Some(0), "{test:#?}");
    assert_eq!(one(&test, TestStep::Models).state, TestState::NotNeeded);
    setup.program("helper", "echo another-token");
    let (seen, remedy) = (
        "Vertex AI refused the credential",
        "inferenceVertexCredentialsFile",
    );
    fails(
        &setup,
        &[],
        TestStep::SignIn,
        ErrorCode::InferenceAuth,
        seen,
        remedy,
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn foundry_passes_at_its_public_name_behind_a_proxy_and_fails_with_another_key() {
    const MODEL: &str = "claude-standin";
    let cloud = Foundry::start(cloud(MODEL, Some(KEY)), None, 0)
        .await
        .expect("a port");
    let host = Host::named("resource-1.services.ai.azure.com", &cloud.base_url()).await;
    let place = [
        ("inferenceFoundryResource", "resource-1"),
        ("egressProxyUrl", &host.proxy),
    ];
    let setup = with_provider("foundry", MODEL, &place);
    setup.give("inferenceFoundryApiKey", KEY);
    let authority = setup.path().join("authority.pem");
    std::fs::write(&authority, &host.authority).expect("a file");
    let trusts = [("SSL_CERT_FILE", authority.to_str().expect("a path"))];
    let (test, code) = result(&setup, &trusts);
    assert_eq!(code, Some(0), "{test:#?}");
    assert!(
        one(&test, TestStep::Tls)
            .seen
            .contains("resource-1.services.ai.azure.com:443")
    );
    setup.give("inferenceFoundryApiKey", "another-key-than-that");
    let (seen, remedy) = ("refused the credential", "inferenceFoundryApiKey");
    fails(
        &setup,
        &trusts,
        TestStep::SignIn,
        ErrorCode::InferenceAuth,
        seen,
        remedy,
    );
}
