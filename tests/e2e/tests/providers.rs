//! The model through Amazon Bedrock and Vertex AI in the whole program, with stand-ins that the vendors' own libraries accept: a turn
//! with a tool, credentials that end in the middle, refusals by the provider's name. No credential stands in what the service says.
#![cfg(unix)]

use deskhand_e2e::{Service, Setup, Talk};
use deskhand_protocol::ErrorCode;
use deskhand_protocol::event::TurnOutcome;
use deskhand_standins::bedrock::{self, Bedrock, Keys};
use deskhand_standins::script::Script;
use deskhand_standins::vertex::{self, Vertex};
use pretty_assertions::assert_eq;
use serde_json::json;

const MODEL: &str = "eu.anthropic.claude-standin-v1:0";

/// A model that answers as often, on a cloud that takes this access token or API key.
fn script(model: &str, key: Option<&str>, answers: usize) -> Script {
    let answer = json!({ "answer": { "say": [{ "text": "Done." }] } });
    let mut script = json!({ "models": [model], "steps": vec![answer; answers] });
    if let Some(key) = key {
        script["key"] = json!(key);
    }
    Script::from_yaml(&script.to_string()).expect("a script")
}

/// A home whose model runs on this Bedrock.
fn on_bedrock(cloud: &Bedrock) -> Setup {
    let setup = Setup::empty();
    setup.configure("inferenceProvider", "bedrock");
    setup.configure("inferenceBedrockRegion", bedrock::REGION);
    setup.configure("inferenceBedrockBaseUrl", &cloud.base_url());
    setup.configure("inferenceModels", &json!([MODEL]).to_string());
    setup
}

/// What a helper prints for them, as AWS's own `credential_process` does.
fn printed(keys: &Keys) -> String {
    let keys = json!({
        "Version": 1, "AccessKeyId": keys.access_key_id, "SecretAccessKey": keys.secret_access_key,
        "SessionToken": keys.session_token,
    });
    keys.to_string()
}

async fn say(talk: &mut Talk) -> TurnOutcome {
    let prompt = talk.prompt("What is left?");
    talk.say(prompt).await
}

#[tokio::test]
async fn a_turn_goes_to_bedrock_with_the_keys_of_a_profile() {
    let cloud = Bedrock::start(script(MODEL, None, 1), 0).await.expect("a port");
    let setup = on_bedrock(&cloud);
    let (folder, keys) = (setup.path().join("aws"), cloud.keys());
    std::fs::create_dir(&folder).expect("a folder");
    let file = format!(
        "[work]\naws_access_key_id = {}\naws_secret_access_key = {}\n",
        keys.access_key_id, keys.secret_access_key
    );
    std::fs::write(folder.join("credentials"), file).expect("a file");
    setup.configure("inferenceBedrockAwsDir", &folder.display().to_string());
    setup.configure("inferenceBedrockProfile", "work");
    let service = Service::start(&setup, 0);
    assert_eq!(
        say(&mut Talk::begin(&service).await).await,
        TurnOutcome::Completed
    );
    assert!(
        cloud
            .secrets()
            .iter()
            .all(|secret| !service.errors().contains(secret))
    );
}

#[tokio::test]
async fn keys_that_end_in_the_middle_are_replaced_and_the_turn_goes_on() {
    let cloud = Bedrock::start(script(MODEL, None, 2), 0).await.expect("a port");
    let setup = on_bedrock(&cloud);
    let keys = setup.path().join("keys.json");
    std::fs::write(&keys, printed(&cloud.temporary_keys())).expect("a file");
    let helper = setup.program("helper", &format!("cat '{}'", keys.display()));
    setup.configure("inferenceCredentialHelper", &helper.display().to_string());
    let service = Service::start(&setup, 0);
    let mut talk = Talk::begin(&service).await;
    assert_eq!(say(&mut talk).await, TurnOutcome::Completed);
    cloud.end_access();
    std::fs::write(&keys, printed(&cloud.temporary_keys())).expect("a file");
    assert_eq!(say(&mut talk).await, TurnOutcome::Completed);
}

#[tokio::test]
async fn what_bedrock_refuses_is_told_as_bedrocks_refusal() {
    let cloud = Bedrock::start(script(MODEL, Some("api-key-1"), 1), 0)
        .await
        .expect("a port");
    let setup = on_bedrock(&cloud);
    setup.give("inferenceBedrockBearerToken", "another-key");
    let service = Service::start(&setup, 0);
    let TurnOutcome::Failed(error) = say(&mut Talk::begin(&service).await).await else {
        panic!("the key is refused");
    };
    assert_eq!(
        (error.code, error.happened.as_str()),
        (
            ErrorCode::InferenceAuth,
            "Amazon Bedrock does not let this credential do that."
        )
    );
    assert!(!format!("{error:?}{}", service.errors()).contains("another-key"));
}

#[tokio::test]
async fn a_turn_goes_to_vertex_ai_with_the_token_that_a_helper_prints() {
    let token = "access-token-1";
    let cloud = Vertex::start(script("claude-standin", Some(token), 1), 0)
        .await
        .expect("a port");
    let setup = Setup::empty();
    setup.configure("inferenceProvider", "vertex");
    setup.configure("inferenceVertexProjectId", vertex::PROJECT);
    setup.configure("inferenceVertexRegion", vertex::REGION);
    setup.configure("inferenceVertexBaseUrl", &cloud.base_url());
    setup.configure("inferenceModels", &json!(["claude-standin"]).to_string());
    let helper = setup.program("helper", &format!("echo {token}"));
    setup.configure("inferenceCredentialHelper", &helper.display().to_string());
    let service = Service::start(&setup, 0);
    assert_eq!(
        say(&mut Talk::begin(&service).await).await,
        TurnOutcome::Completed
    );
    assert!(!service.errors().contains(token));
}

#[tokio::test]
async fn a_provider_whose_keys_are_missing_is_told_by_the_doctor_with_the_keys() {
    let setup = Setup::empty();
    setup.configure("inferenceProvider", "vertex");
    let told = setup.run(&["doctor", "--offline"]).out;
    for key in ["inferenceVertexProjectId", "inferenceVertexRegion"] {
        assert!(told.contains(key), "{told}");
    }
}
