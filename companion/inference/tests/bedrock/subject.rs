//! Bedrock under test, behind a gate that lets one address through.

use std::sync::Arc;
use std::time::Duration;

use deskhand_core::model::{ModelEvent, ModelRequest};
use deskhand_core::ports::Provider as _;
use deskhand_egress::{Gate, Network};
use deskhand_inference::credential::{AwsKeys, Credential, CredentialError, CredentialSource, Occasion};
use deskhand_inference::retry::Pauses;
use deskhand_inference::{Connection, Place, ProviderConfig, Secret};
use deskhand_protocol::UserError;
use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use serde_json::json;

use crate::answers;

/// The token that must never show.
pub(crate) const TOKEN: &str = "bedrock-api-key-YmVkcm9jay5hbWF6";
pub(crate) const REGION: &str = "us-east-1";
pub(crate) const CLAUDE: &str = "us.anthropic.claude-sonnet-4-20250514-v1:0";

/// One credential, whoever asks.
#[derive(Clone, Debug)]
pub(crate) struct Held(pub(crate) Credential);

impl CredentialSource for Held {
    fn credential<'a>(
        &'a self,
        _: Occasion,
        _: Option<&'a Credential>,
    ) -> BoxFuture<'a, Result<Credential, CredentialError>> {
        Box::pin(async { Ok(self.0.clone()) })
    }

    fn ends_at(&self) -> Option<std::time::SystemTime> {
        None
    }

    fn secrets(&self) -> Vec<Secret> {
        self.0.secrets().cloned().collect()
    }
}

pub(crate) fn secret(text: &str) -> Secret {
    Secret::new(text.to_owned())
}

pub(crate) fn token() -> Credential {
    Credential {
        secret: secret(TOKEN),
        headers: Vec::new(),
        aws: None,
        ends_at: None,
    }
}

/// Temporary keys, of AWS's own examples.
pub(crate) fn keys() -> Credential {
    Credential {
        secret: secret(""),
        aws: Some(AwsKeys {
            access_key_id: secret("ASIAIOSFODNN7EXAMPLE"),
            secret_access_key: secret("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
            session_token: Some(secret("session-token-1")),
        }),
        ..token()
    }
}

/// A gate that lets Bedrock at this address through.
pub(crate) fn gate(base: &str) -> Gate {
    let base = base.to_owned();
    let setting = move |key: &str| match key {
        "inferenceProvider" => json!("bedrock"),
        "inferenceBedrockRegion" => json!(REGION),
        "inferenceBedrockBaseUrl" => json!(base),
        "inferenceBedrockBearerToken" => json!("set"),
        _ => json!(null),
    };
    Gate::new(setting, Network::default())
}

/// Bedrock without pauses.
pub(crate) fn bedrock(
    base: &str,
    credential: Credential,
    change: impl FnOnce(&mut ProviderConfig),
) -> Connection {
    let mut config = ProviderConfig::new(Place::Bedrock {
        region: REGION.to_owned(),
        service_tier: None,
    });
    config.credential = Arc::new(Held(credential));
    config.manner.pauses = Pauses {
        first: Duration::ZERO,
        longest: Duration::ZERO,
    };
    change(&mut config);
    Connection::new(config, &gate(base)).expect("a connection")
}

/// Everything that a call of this model gives.
pub(crate) async fn ask(provider: &Connection, model: &str) -> Vec<Result<ModelEvent, UserError>> {
    provider.stream(asking(model)).collect().await
}

/// A request to this model.
pub(crate) fn asking(model: &str) -> ModelRequest {
    ModelRequest {
        model: model.to_owned(),
        ..answers::request()
    }
}

/// The error at the end of a call.
pub(crate) fn failed(events: &[Result<ModelEvent, UserError>]) -> &UserError {
    events
        .last()
        .and_then(|event| event.as_ref().err())
        .expect("an error")
}
