//! The model through Amazon Bedrock, asked with the SDK of AWS over our client of the destination. The SDK signs, and reads
//! the frames of the answer; tries, pauses and time limits are ours. It is built without an HTTP client of its own, and looks for
//! neither credentials nor settings: not in the environment, not in files, not at a metadata service.

mod answer;
mod catalogue;
mod clock;
mod connector;
mod converse;
mod faults;
mod frames;
mod keys;
mod signed;
mod speech;

use std::time::SystemTime;

use aws_sdk_bedrockruntime::Client;
use aws_sdk_bedrockruntime::config::retry::RetryConfig;
use aws_sdk_bedrockruntime::config::timeout::TimeoutConfig;
use aws_sdk_bedrockruntime::config::{
    BehaviorVersion, Config, IdentityCache, Region, StalledStreamProtectionConfig, Token,
};
use aws_sdk_bedrockruntime::operation::RequestId as _;
use aws_sdk_bedrockruntime::primitives::Blob;
use aws_sdk_bedrockruntime::types::ServiceTierType;
use aws_smithy_runtime_api::client::auth::http::HTTP_BEARER_AUTH_SCHEME_ID;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use bytes::Bytes;
use deskhand_core::model::{ModelRequest, variant};
use deskhand_core::ports::BoxFuture;
use deskhand_egress::{Destination, Gate};
use deskhand_protocol::hello::ModelView;
use http::HeaderMap;

use crate::backend::{Answer, Asked, Backend, Framing, Refused};
use crate::credential::Credential;
use crate::endpoint::origin;
use crate::fault::{Fault, FaultKind};
use crate::headers::{BETA, DroppedHeader, LONG_CONTEXT, extra};
use crate::messages::{self, Dialect};
use crate::secret::Secret;

pub use keys::{AwsError, Center, CenterSignIn, IdentityCenter, Profile, ProfileSettings, Progress, Whose};

use catalogue::Catalogue;
use clock::Clock;
use connector::Connector;
use signed::{Unsendable, is_sendable, signing};
use speech::{Speech, speech};

/// Version of the Messages API that Bedrock wants in the body.
const VERSION: &str = "bedrock-2023-05-31";

/// How fast and how dear requests are served (`inferenceBedrockServiceTier`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServiceTier {
    /// Slower and cheaper.
    Flex,
    /// Before others.
    Priority,
}

impl ServiceTier {
    fn name(self) -> &'static str {
        match self {
            Self::Flex => "flex",
            Self::Priority => "priority",
        }
    }
}

/// Amazon Bedrock in one region.
#[derive(Debug)]
pub(crate) struct Bedrock {
    service_tier: Option<ServiceTier>,
    /// The models of the settings.
    named: Vec<ModelView>,
    config: Config,
    clock: Clock,
    catalogue: Option<Catalogue>,
    headers: HeaderMap,
    betas: Vec<String>,
    /// The values of the extra headers, which must never show.
    extra: Vec<Secret>,
}

impl Bedrock {
    /// Bedrock behind the gate, and the extra headers that are not sent there. `named` are the models of the settings.
    pub(crate) fn new(
        region: &str,
        service_tier: Option<ServiceTier>,
        headers: &[(String, Secret)],
        named: &[ModelView],
        gate: &Gate,
    ) -> Result<(Self, Vec<DroppedHeader>), Fault> {
        let address = origin(gate, Destination::InferenceBedrock)?;
        let client = gate.client(Destination::InferenceBedrock);
        let client = client.map_err(|error| Fault::of_egress(&error))?;
        let clock = Clock::default();
        // A signature holds for one address: what is led elsewhere is an answer like any other.
        let config = config(region, &address, Connector(client.without_redirects()), &clock);
        let values = headers.iter().map(|(_, value)| value.clone()).collect();
        let (mut headers, dropped) = unsigned(headers);
        let betas = headers.remove(BETA);
        let betas = betas
            .as_ref()
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let betas = betas.split(',').map(str::trim).filter(|beta| !beta.is_empty());
        let bedrock = Self {
            service_tier,
            named: named.to_vec(),
            betas: betas.map(str::to_owned).collect(),
            catalogue: Catalogue::new(region, gate, &clock),
            config,
            clock,
            headers,
            extra: values,
        };
        Ok((bedrock, dropped))
    }

    /// The SDK's client for one credential.
    fn client(&self, credential: &Credential) -> Result<Client, Unsendable> {
        let config = self.config.to_builder();
        let token = &credential.secret;
        let config = match &credential.aws {
            Some(keys) => config.credentials_provider(signing(keys)?),
            None if token.expose().is_empty() => config.allow_no_auth(),
            None if is_sendable(token) => config
                .bearer_token(Token::new(token.expose(), None))
                .auth_scheme_preference([HTTP_BEARER_AUTH_SCHEME_ID]),
            None => return Err(Unsendable),
        };
        Ok(Client::from_conf(config.build()))
    }

    /// What is changed in a request before it is signed: the extra headers of the settings, those of a helper, which beat
    /// them, and for Converse the body, which was made before.
    fn change(
        &self,
        credential: &Credential,
        body: Option<Bytes>,
    ) -> impl Fn(&mut HttpRequest) + Send + Sync + 'static {
        let mut headers = self.headers.clone();
        headers.extend(unsigned(&credential.headers).0);
        move |request| {
            let sent = request.headers_mut();
            // It tells more about the machine than the service needs.
            sent.remove("x-amz-user-agent");
            for (name, value) in &headers {
                if let Ok(value) = value.to_str() {
                    // The SDK takes what our own library took.
                    let _before = sent.try_insert(name.as_str().to_owned(), value.to_owned());
                }
            }
            if let Some(body) = &body {
                sent.insert("content-length", body.len().to_string());
                *request.body_mut() = SdkBody::from(body.clone());
            }
        }
    }

    async fn invoke(&self, asked: &Asked, credential: &Credential) -> Result<Answer, Failed> {
        let tier = self.service_tier.map(|tier| ServiceTierType::from(tier.name()));
        let known = self.known(credential);
        let call = self.client(credential)?.invoke_model_with_response_stream();
        let call = call
            .model_id(variant(&asked.model).0)
            .content_type("application/json")
            .set_service_tier(tier)
            .body(Blob::new(asked.body.clone()))
            .customize()
            .mutate_request(self.change(credential, None));
        let answer = call.send().await.map_err(|error| Failed::of(&error, &known))?;
        Ok(Answer {
            request_id: answer.request_id().map(str::to_owned),
            framing: Framing::Events,
            body: Box::new(answer::Chunks::new(answer.body, known)),
        })
    }

    async fn converse(&self, asked: &Asked, credential: &Credential) -> Result<Answer, Failed> {
        let known = self.known(credential);
        let call = self.client(credential)?.converse_stream();
        let call = call
            .model_id(variant(&asked.model).0)
            .customize()
            .mutate_request(self.change(credential, Some(asked.body.clone())));
        let answer = call.send().await.map_err(|error| Failed::of(&error, &known))?;
        Ok(Answer {
            request_id: answer.request_id().map(str::to_owned),
            framing: Framing::Events,
            body: Box::new(answer::Turned::new(answer.stream, known)),
        })
    }

    async fn ask_once(&self, asked: &Asked, credential: &Credential) -> Result<Answer, Failed> {
        match speech(&asked.model, &self.named) {
            Speech::Messages => self.invoke(asked, credential).await,
            Speech::Converse => self.converse(asked, credential).await,
        }
    }

    /// Everything of a request that must never show.
    fn known(&self, credential: &Credential) -> Vec<Secret> {
        credential.secrets().chain(&self.extra).cloned().collect()
    }
}

/// A refusal, and the server's time where it was the time that was refused.
struct Failed {
    refused: Box<Refused>,
    server_time: Option<SystemTime>,
}

impl From<Unsendable> for Failed {
    fn from(why: Unsendable) -> Self {
        Self {
            refused: Fault::new(FaultKind::NotConfigured, why.to_string()).into(),
            server_time: None,
        }
    }
}

impl Failed {
    fn of<E>(error: &SdkError<E, HttpResponse>, known: &[Secret]) -> Self
    where
        E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
    {
        Self {
            refused: Box::new(faults::of_call(error, &known.iter().collect::<Vec<_>>())),
            server_time: faults::server_time(error),
        }
    }
}

impl Backend for Bedrock {
    fn encode(&self, request: &ModelRequest, model: &str) -> Result<Bytes, Fault> {
        let mut betas = self.betas.clone();
        betas.extend(variant(model).1.then(|| LONG_CONTEXT.to_owned()));
        let body = match speech(model, &self.named) {
            Speech::Messages => messages::encode(request, Dialect::version_alone(VERSION, &betas)),
            Speech::Converse => converse::encode(request, self.service_tier.map(ServiceTier::name)),
        };
        body.map(Bytes::from)
            .map_err(|error| Fault::new(FaultKind::BadRequest, error.to_string()))
    }

    fn ask<'a>(
        &'a self,
        asked: &'a Asked,
        credential: &'a Credential,
    ) -> BoxFuture<'a, Result<Answer, Box<Refused>>> {
        Box::pin(async move {
            let ahead = self.clock.ahead();
            let failed = match self.ask_once(asked, credential).await {
                Ok(answer) => return Ok(answer),
                Err(failed) => failed,
            };
            match failed.server_time {
                // The server's clock is the one that counts.
                Some(time) if self.clock.follow(time, ahead) => {
                    let again = self.ask_once(asked, credential).await;
                    again.map_err(|failed| failed.refused)
                }
                _ => Err(failed.refused),
            }
        })
    }

    fn discover<'a>(&'a self, credential: &'a Credential) -> BoxFuture<'a, Result<Vec<ModelView>, Fault>> {
        Box::pin(async move {
            match &self.catalogue {
                Some(catalogue) => catalogue.list(credential, &self.known(credential)).await,
                None => Ok(Vec::new()),
            }
        })
    }

    fn has_list(&self) -> bool {
        self.catalogue.is_some()
    }
}

/// The extra headers that may be sent: those of the signer and of the SDK are no matter of settings.
fn unsigned(named: &[(String, Secret)]) -> (HeaderMap, Vec<DroppedHeader>) {
    const SIGNERS: [&str; 4] = [
        "x-amz-content-sha256",
        "x-amz-date",
        "x-amz-security-token",
        "x-amz-user-agent",
    ];
    let (mut headers, mut dropped) = extra(named);
    for (name, _) in named {
        let lower = name.to_ascii_lowercase();
        let is_signers = SIGNERS.contains(&lower.as_str()) || lower.starts_with("amz-sdk-");
        if is_signers && headers.remove(&lower).is_some() {
            dropped.push(DroppedHeader {
                name: name.chars().take(64).collect(),
                why: "it belongs to the signature",
            });
        }
    }
    (headers, dropped)
}

/// The settings of the SDK: everything that it would do by itself is off.
fn config(region: &str, address: &str, connector: Connector, clock: &Clock) -> Config {
    Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new(region.to_owned()))
        .endpoint_url(address)
        .http_client(connector)
        .time_source(clock.clone())
        .retry_config(RetryConfig::disabled())
        .timeout_config(TimeoutConfig::disabled())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .identity_cache(IdentityCache::no_cache())
        .disable_clock_skew_correction(true)
        .build()
}
