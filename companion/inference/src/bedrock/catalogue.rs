//! The list of models of an account: `ListInferenceProfiles` and `ListFoundationModels` of the control plane.

use aws_smithy_async::time::TimeSource as _;
use bytes::Bytes;
use deskhand_egress::{Client, Destination, Gate};
use deskhand_protocol::hello::ModelView;
use futures_util::future::try_join;
use http::header::{AUTHORIZATION, HeaderValue};
use http::{HeaderMap, Request, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use super::clock::Clock;
use super::faults::of_plain;
use super::signed::{ExchangeError, Scope, Unsendable, add_signature, exchange, signing};
use super::speech::is_of_anthropic;
use crate::credential::Credential;
use crate::fault::{Fault, FaultKind};
use crate::models::{MAX_LIST, MAX_MODELS, MAX_NAME_CHARS};
use crate::secret::Secret;

/// Where models are listed. There is none where the gate keeps the control plane closed: then the settings name models.
#[derive(Debug)]
pub(super) struct Catalogue {
    client: Client,
    address: String,
    region: String,
    clock: Clock,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Profiles {
    inference_profile_summaries: Vec<Profile>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Profile {
    inference_profile_id: String,
    inference_profile_name: Option<String>,
    status: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Foundations {
    model_summaries: Vec<Foundation>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Foundation {
    model_id: String,
    model_name: Option<String>,
    #[serde(default)]
    inference_types_supported: Vec<String>,
    response_streaming_supported: Option<bool>,
}

impl Catalogue {
    pub(super) fn new(region: &str, gate: &Gate, clock: &Clock) -> Option<Self> {
        let client = gate.client(Destination::AwsCredentials).ok()?;
        let origins = gate.origins(Destination::AwsCredentials).ok()?;
        let control = origins
            .iter()
            .find(|origin| origin.host().starts_with("bedrock."))?;
        Some(Self {
            client: client.without_redirects(),
            address: control.to_string(),
            region: region.to_owned(),
            clock: clock.clone(),
        })
    }

    /// What can be asked and speaks the Messages API: the profiles of geographies first, then what runs in the region. The
    /// other models differ in what they take, tools above all, so an administrator names them where they are wanted.
    pub(super) async fn list(
        &self,
        credential: &Credential,
        known: &[Secret],
    ) -> Result<Vec<ModelView>, Fault> {
        let profiles = self.get::<Profiles>(
            "/inference-profiles?maxResults=1000&type=SYSTEM_DEFINED",
            credential,
            known,
        );
        let foundations = self.get::<Foundations>(
            "/foundation-models?byInferenceType=ON_DEMAND&byOutputModality=TEXT",
            credential,
            known,
        );
        let (profiles, foundations) = try_join(profiles, foundations).await?;
        let profiles = profiles.inference_profile_summaries.into_iter();
        let profiles = profiles
            .filter(|profile| profile.status.as_deref().is_none_or(|status| status == "ACTIVE"))
            .map(|profile| (profile.inference_profile_id, profile.inference_profile_name));
        let foundations = foundations.model_summaries.into_iter();
        let foundations = foundations
            .filter(|model| model.response_streaming_supported != Some(false))
            .filter(|model| {
                model
                    .inference_types_supported
                    .iter()
                    .any(|kind| kind == "ON_DEMAND")
            })
            .map(|model| (model.model_id, model.model_name));
        let claude = profiles
            .chain(foundations)
            .filter(|(id, _)| is_of_anthropic(id) && id.chars().count() <= MAX_NAME_CHARS);
        Ok(claude.take(MAX_MODELS).map(|(id, name)| view(id, name)).collect())
    }

    async fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        credential: &Credential,
        known: &[Secret],
    ) -> Result<T, Fault> {
        let ahead = self.clock.ahead();
        let known: Vec<&Secret> = known.iter().collect();
        let (mut status, mut headers, mut body) = self.ask(path, credential).await?;
        if status != StatusCode::OK {
            let (refused, server_time) = of_plain(status, &headers, &body, &known);
            let is_put_right = server_time.is_some_and(|time| self.clock.follow(time, ahead));
            if !is_put_right {
                return Err(refused);
            }
            (status, headers, body) = self.ask(path, credential).await?;
        }
        if status != StatusCode::OK {
            return Err(of_plain(status, &headers, &body, &known).0);
        }
        serde_json::from_slice(&body)
            .map_err(|_| Fault::new(FaultKind::BadAnswer, "the list of models cannot be read"))
    }

    async fn ask(
        &self,
        path: &str,
        credential: &Credential,
    ) -> Result<(StatusCode, HeaderMap, Bytes), Fault> {
        let unusable = |why: &str| Fault::new(FaultKind::NotConfigured, why);
        let mut request = Request::new(Bytes::new());
        *request.uri_mut() = format!("{}{path}", self.address)
            .parse()
            .map_err(|_| unusable("the address is not valid"))?;
        if let Some(keys) = &credential.aws {
            let scope = Scope {
                region: &self.region,
                service: "bedrock",
                at: self.clock.now(),
            };
            let keys = signing(keys).map_err(|error| unusable(&error.to_string()))?;
            add_signature(&mut request, keys, scope).map_err(|error| fault(&error))?;
        } else {
            let text = Zeroizing::new(format!("Bearer {}", credential.secret.expose()));
            let value = HeaderValue::from_str(&text);
            let mut value = value.map_err(|_| unusable(&Unsendable.to_string()))?;
            value.set_sensitive(true);
            request.headers_mut().insert(AUTHORIZATION, value);
        }
        let answer = exchange(&self.client, request, MAX_LIST).await;
        answer.map_err(|error| fault(&error))
    }
}

fn view(id: String, name: Option<String>) -> ModelView {
    let label = name.filter(|name| !name.is_empty() && name.chars().count() <= MAX_NAME_CHARS);
    let label = label.unwrap_or_else(|| id.clone());
    ModelView::new(id, label)
}

fn fault(error: &ExchangeError) -> Fault {
    match error {
        ExchangeError::Egress(error) => Fault::of_egress(error),
        ExchangeError::TimedOut => Fault::new(FaultKind::TimedOut, "the list of models did not come"),
        ExchangeError::Signing => Fault::new(FaultKind::NotConfigured, error.to_string()),
    }
}
