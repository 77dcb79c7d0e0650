//! The Messages API at an address, over HTTP: what a gateway, Vertex AI and Azure AI Foundry have in common. What tells
//! them apart is in [`Manners`](manners::Manners).

mod manners;

use std::time::Duration;

use bytes::Bytes;
use deskhand_core::model::{ModelRequest, variant};
use deskhand_core::ports::BoxFuture;
use deskhand_egress::{Client, Gate, Response};
use deskhand_protocol::hello::ModelView;
use http::{HeaderMap, Method, StatusCode};
use time::OffsetDateTime;
use tokio::time::timeout;

use crate::backend::{Answer, AnswerBody, Asked, Backend, Framing, Refused};
use crate::connection::{Format, Place};
use crate::credential::Credential;
use crate::fault::{Fault, FaultKind, request_id};
use crate::headers::{self, DroppedHeader};
use crate::secret::Secret;
use crate::{chat, messages, models};

pub(crate) use manners::origin;

use manners::Manners;

/// How long the body of an error may take, and how much of it is read.
const ERROR_WITHIN: Duration = Duration::from_secs(10);
const MAX_ERROR: usize = 16 * 1024;

/// The Messages API at an address.
#[derive(Debug)]
pub(crate) struct Endpoint {
    manners: Manners,
    client: Client,
    headers: HeaderMap,
    /// The values of the extra headers, which must never show.
    extra: Vec<Secret>,
}

impl Endpoint {
    /// The endpoint of a place, and the extra headers that are not sent there.
    pub(crate) fn new(
        place: &Place,
        extra: &[(String, Secret)],
        gate: &Gate,
    ) -> Result<(Self, Vec<DroppedHeader>), Fault> {
        let manners = Manners::of(place, gate)?;
        let client = gate.client(manners.destination);
        let client = client.map_err(|error| Fault::of_egress(&error))?;
        let (headers, dropped) = headers::fixed(extra, manners.version_in_header);
        let endpoint = Self {
            manners,
            client,
            headers,
            extra: extra.iter().map(|(_, value)| value.clone()).collect(),
        };
        Ok((endpoint, dropped))
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Bytes,
        credential: &Credential,
        beta: Option<&str>,
    ) -> Result<Response, Fault> {
        let unusable = |why| Fault::new(FaultKind::NotConfigured, why);
        let mut request = http::Request::new(body);
        *request.method_mut() = method;
        *request.uri_mut() = format!("{}{path}", self.manners.base_url)
            .parse()
            .map_err(|_| unusable("the address is not valid"))?;
        request.headers_mut().clone_from(&self.headers);
        headers::sign(request.headers_mut(), credential, self.manners.scheme).map_err(unusable)?;
        if let Some(beta) = beta {
            headers::add_beta(request.headers_mut(), beta);
        }
        let sent = self.client.send(request).await;
        sent.map_err(|error| Fault::of_egress(&error))
    }

    async fn refused(&self, mut response: Response, credential: &Credential) -> Box<Refused> {
        let said = timeout(ERROR_WITHIN, beginning(&mut response, MAX_ERROR)).await;
        let said = said.unwrap_or_default();
        let of_helper = credential.headers.iter().map(|(_, value)| value);
        let known: Vec<&Secret> = std::iter::once(&credential.secret)
            .chain(of_helper)
            .chain(&self.extra)
            .collect();
        let now = OffsetDateTime::now_utc();
        let fault = Fault::of_answer(response.status(), response.headers(), &said, &known, now);
        let id = request_id(response.headers()).map(str::to_owned);
        Box::new(Refused {
            fault,
            said: Some((said, id)),
        })
    }
}

impl Backend for Endpoint {
    fn encode(&self, request: &ModelRequest, model: &str) -> Result<Bytes, Fault> {
        let (model, _) = variant(model);
        let body = match self.manners.format {
            Format::Messages => messages::encode(request, self.manners.dialect.of(model)),
            Format::ChatCompletions => chat::encode(request, model),
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
            let (model, is_long) = variant(&asked.model);
            let path = self.manners.path(model);
            let is_long = is_long && self.manners.format == Format::Messages;
            let beta = is_long.then_some(headers::LONG_CONTEXT);
            let response = self
                .send(Method::POST, &path, asked.body.clone(), credential, beta)
                .await?;
            if response.status() != StatusCode::OK {
                return Err(self.refused(response, credential).await);
            }
            Ok(Answer {
                request_id: request_id(response.headers()).map(str::to_owned),
                body: Box::new(response),
                framing: match self.manners.format {
                    Format::Messages => Framing::EventStream,
                    Format::ChatCompletions => Framing::ChatStream,
                },
            })
        })
    }

    fn discover<'a>(&'a self, credential: &'a Credential) -> BoxFuture<'a, Result<Vec<ModelView>, Fault>> {
        Box::pin(async move {
            let Some(list) = self.manners.list else {
                return Ok(Vec::new());
            };
            let mut response = self
                .send(Method::GET, list, Bytes::new(), credential, None)
                .await?;
            match response.status() {
                StatusCode::OK => {
                    let list = bounded(&mut response, models::MAX_LIST).await?;
                    models::read(&list, self.manners.format)
                }
                // The list is optional: a gateway without it has none to add.
                StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_IMPLEMENTED => {
                    Ok(Vec::new())
                }
                _ => Err(self.refused(response, credential).await.fault),
            }
        })
    }

    fn has_list(&self) -> bool {
        self.manners.list.is_some()
    }
}

impl AnswerBody for Response {
    fn next(&mut self) -> BoxFuture<'_, Result<Option<Bytes>, Fault>> {
        Box::pin(async move { self.chunk().await.map_err(|error| Fault::of_cut(&error)) })
    }
}

/// The body, if it is not longer than `limit` bytes.
async fn bounded(response: &mut Response, limit: usize) -> Result<Vec<u8>, Fault> {
    let body = beginning(response, limit + 1).await;
    if body.len() > limit {
        Err(Fault::new(FaultKind::BadAnswer, "the answer is too long"))
    } else {
        Ok(body)
    }
}

/// The first bytes of a body, at most `limit`; what a broken connection left of them.
async fn beginning(response: &mut Response, limit: usize) -> Vec<u8> {
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        body.extend_from_slice(&chunk[..chunk.len().min(limit - body.len())]);
        if body.len() == limit {
            break;
        }
    }
    body
}
