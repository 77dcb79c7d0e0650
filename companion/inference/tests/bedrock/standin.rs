//! The whole of it against a stand-in that AWS's own library for Python accepts and that checks every signature: at its public
//! names, over TLS, through the tunnel of a proxy.

use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use deskhand_core::model::ModelEvent;
use deskhand_core::ports::Provider as _;
use deskhand_egress::{Destination, Gate, Network};
use deskhand_inference::bedrock::{Center, IdentityCenter, Progress};
use deskhand_inference::credential::{
    AwsKeys, Credential, CredentialError, CredentialSource, Occasion, StoreFault, TokenStore, Way,
};
use deskhand_inference::{Connection, Extent, Place, ProviderConfig};
use deskhand_protocol::ErrorCode;
use deskhand_protocol::message::Block;
use deskhand_protocol::provider::TestStep;
use deskhand_standins::bedrock::{ACCOUNT, Bedrock, Keys, REGION, ROLE, START_URL};
use deskhand_standins::script::Script;
use deskhand_standins::{Device, Tunnel};
use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use pretty_assertions::assert_eq;
use serde_json::json;
use zeroize::Zeroizing;

use crate::subject::{Held, ask, asking, failed, secret};

const CLAUDE: &str = "anthropic.claude-standin-v1:0";
const PROFILE: &str = "eu.anthropic.claude-standin-v1:0";
const NOVA: &str = "amazon.nova-standin-v1:0";
const TALK: &str =
    "models: [anthropic.claude-standin-v1:0, eu.anthropic.claude-standin-v1:0, amazon.nova-standin-v1:0]
key: standin-api-key
steps:
  - answer:
      say:
        - text: [\"Grüße, \", \"I look.\"]
        - tool: range_read
          input: { range: A1 }
";

/// The stand-in, and a gate to it under its public names.
async fn standin() -> (Bedrock, Gate) {
    let script = Script::from_yaml(TALK).expect("a script");
    let bedrock = Bedrock::start(script, 0).await.expect("a stand-in");
    let hosts = ["bedrock-runtime", "bedrock", "oidc", "portal.sso"];
    let hosts = hosts.map(|service| format!("{service}.{REGION}.amazonaws.com"));
    let tunnel = Tunnel::to(&bedrock.base_url(), &hosts.each_ref().map(String::as_str)).await;
    let setting = move |key: &str| match key {
        "inferenceProvider" => json!("bedrock"),
        "inferenceBedrockRegion" => json!(REGION),
        "inferenceBedrockSsoStartUrl" => json!(START_URL),
        "inferenceBedrockSsoAccountId" => json!(ACCOUNT),
        "inferenceBedrockSsoRoleName" => json!(ROLE),
        "inferenceCredentialKind" => json!("interactive"),
        "egressProxyUrl" => json!(tunnel.proxy),
        _ => json!(null),
    };
    let network = Network {
        extra_roots: vec![tunnel.authority.clone()],
        ..Network::default()
    };
    (bedrock, Gate::new(setting, network))
}

fn connected(credential: Arc<dyn CredentialSource>, gate: &Gate) -> Connection {
    let mut config = ProviderConfig::new(Place::Bedrock {
        region: REGION.to_owned(),
        service_tier: None,
    });
    config.credential = credential;
    Connection::new(config, gate).expect("a connection")
}

fn held(keys: &Keys) -> Arc<Held> {
    let mut credential = Credential::new(secret(""));
    credential.aws = Some(AwsKeys {
        access_key_id: secret(&keys.access_key_id),
        secret_access_key: secret(&keys.secret_access_key),
        session_token: keys.session_token.as_deref().map(secret),
    });
    Arc::new(Held(credential))
}

async fn assert_answers(connection: &Connection, model: &str) {
    let events = ask(connection, model).await;
    let Some(Ok(ModelEvent::Completed { blocks, .. })) = events.last() else {
        panic!("{model}: {events:?}");
    };
    assert!(
        matches!(&blocks[0], Block::Text { text } if text == "Grüße, I look."),
        "{blocks:?}"
    );
    let is_call = matches!(&blocks[1], Block::ToolUse { input, .. } if *input == json!({ "range": "A1" }));
    assert!(is_call, "{blocks:?}");
}

#[tokio::test]
async fn models_answer_in_both_apis_to_keys_of_both_kinds_and_to_an_api_key() {
    let (bedrock, gate) = standin().await;
    let api_key = Arc::new(Held(Credential::new(secret("standin-api-key"))));
    let sources: [Arc<dyn CredentialSource>; 3] =
        [held(&bedrock.keys()), held(&bedrock.temporary_keys()), api_key];
    for source in sources {
        let connection = connected(source, &gate);
        for model in [CLAUDE, PROFILE, NOVA] {
            assert_answers(&connection, model).await;
        }
    }
}

#[tokio::test]
async fn a_wrong_key_is_refused() {
    let (bedrock, gate) = standin().await;
    let mut keys = bedrock.keys();
    keys.secret_access_key.push('x');
    for source in [
        held(&keys),
        Arc::new(Held(Credential::new(secret("another-api-key")))),
    ] {
        let connection = connected(source, &gate);
        assert_eq!(
            failed(&ask(&connection, CLAUDE).await).code,
            ErrorCode::InferenceAuth
        );
    }
}

#[tokio::test]
async fn a_clock_that_is_hours_off_is_put_right_without_a_word() {
    let (bedrock, gate) = standin().await;
    for ahead in [3 * 3600, -5 * 3600] {
        bedrock.set_clock(ahead);
        let connection = connected(held(&bedrock.keys()), &gate);
        assert_answers(&connection, CLAUDE).await;
        let connection = connected(held(&bedrock.keys()), &gate);
        assert_eq!(connection.models().await.expect("models").len(), 2);
    }
}

#[tokio::test]
async fn the_models_that_can_be_asked_are_listed_profiles_first() {
    let (bedrock, gate) = standin().await;
    let connection = connected(held(&bedrock.temporary_keys()), &gate);
    assert!(connection.capabilities().model_discovery);
    let models = connection.models().await.expect("models");
    let ids: Vec<&str> = models.iter().map(|model| model.id.as_str()).collect();
    assert_eq!(ids, [PROFILE, CLAUDE]);
    let mut wrong = bedrock.keys();
    wrong.secret_access_key.push('x');
    let connection = connected(held(&wrong), &gate);
    let test = connection.test(Extent::Answer, |_| {}).await;
    let failed = test.failed().expect("refused");
    assert_eq!(
        (failed.step, failed.code),
        (TestStep::SignIn, Some(ErrorCode::InferenceAuth))
    );
}

/// A store in memory.
#[derive(Debug, Default)]
struct Drawer(Mutex<Option<Zeroizing<Vec<u8>>>>);

impl TokenStore for Drawer {
    fn load(&self) -> BoxFuture<'_, Result<Option<Zeroizing<Vec<u8>>>, StoreFault>> {
        Box::pin(async { Ok(self.0.lock().expect("no panic").clone()) })
    }

    fn save(&self, bytes: Option<Zeroizing<Vec<u8>>>) -> BoxFuture<'_, Result<(), StoreFault>> {
        Box::pin(async {
            *self.0.lock().expect("no panic") = bytes;
            Ok(())
        })
    }
}

#[tokio::test]
async fn a_person_signs_in_at_identity_center_and_asks_until_the_organisation_ends_it() {
    let (bedrock, gate) = standin().await;
    let settings = Center {
        start_url: START_URL.to_owned(),
        region: REGION.to_owned(),
        account: ACCOUNT.to_owned(),
        role: ROLE.to_owned(),
    };
    let way = Way::to(&gate, Destination::AwsCredentials).expect("open");
    let clock = Arc::new(SystemTime::now);
    let center =
        IdentityCenter::new(settings, way, Arc::new(Drawer::default()), None, clock).expect("a region");
    let mut sign_in = center.begin().await.expect("a code");
    assert_eq!(center.poll(&mut sign_in).await, Ok(Progress::Waiting));
    bedrock.person(Device::Granted);
    assert_eq!(center.poll(&mut sign_in).await, Ok(Progress::SignedIn));
    let connection = connected(Arc::new(center.clone()), &gate);
    assert_answers(&connection, CLAUDE).await;
    assert_answers(&connection, NOVA).await;
    assert_eq!(connection.models().await.expect("models").len(), 2);

    // The organisation ends it: a call waits for the person, and goes on once they signed in anew.
    bedrock.end_access();
    let mut stream = connection.stream(asking(CLAUDE));
    let Some(Ok(ModelEvent::Retrying { error, .. })) = stream.next().await else {
        panic!("it waits")
    };
    assert_eq!(error.code, ErrorCode::InferenceSignIn);
    let given = center.credential(Occasion::Interactive, None).await;
    assert_eq!(given.err(), Some(CredentialError::SignInNeeded));
    let mut again = center.begin().await.expect("a code");
    assert_eq!(center.poll(&mut again).await, Ok(Progress::SignedIn));
    let events: Vec<_> = stream.collect().await;
    assert!(
        matches!(events.last(), Some(Ok(ModelEvent::Completed { .. }))),
        "{events:?}"
    );
}
