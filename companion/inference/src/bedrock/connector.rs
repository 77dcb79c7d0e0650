//! The SDK's way to the network: our client of the destination (Invariant 3). The SDK is built without one of its own.

use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use deskhand_egress::{Client, EgressError, Response};
use futures_util::{StreamExt as _, stream};
use http::StatusCode;
use http::header::USER_AGENT;
use http_body::Frame;
use http_body_util::StreamBody;
use tokio::time::timeout;

use super::frames::{FrameError, FrameLengths};

/// How long the body of a refusal may take, and how much of it is read.
const REFUSAL_WITHIN: Duration = Duration::from_secs(10);
const MAX_REFUSAL: usize = 16 * 1024;

/// Sends what the SDK has signed.
#[derive(Clone, Debug)]
pub(super) struct Connector(pub(super) Client);

impl HttpClient for Connector {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let client = self.0.clone();
        HttpConnectorFuture::new(exchange(client, request))
    }
}

async fn exchange(client: Client, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
    let unusable = |why: &'static str| ConnectorError::user(why.into());
    let request = request
        .try_into_http1x()
        .map_err(|error| ConnectorError::user(error.into()))?;
    let (mut parts, body) = request.into_parts();
    // Outside the signature, and it tells more about the machine than the service needs.
    parts.headers.remove(USER_AGENT);
    let body = body.bytes().ok_or_else(|| unusable("the request is a stream"))?;
    let request = http::Request::from_parts(parts, Bytes::copy_from_slice(body));
    let response = client
        .send(request)
        .await
        .map_err(|error| ConnectorError::io(error.into()))?;
    let mut head = http::Response::new(());
    *head.status_mut() = response.status();
    for (name, value) in response.headers() {
        // The SDK keeps headers as text and would refuse the answer for one that is none.
        if value.to_str().is_ok() {
            head.headers_mut().append(name, value.clone());
        }
    }
    let body = if response.status() == StatusCode::OK {
        streamed(response)
    } else {
        SdkBody::from(beginning(response).await)
    };
    HttpResponse::try_from(head.map(|()| body)).map_err(|error| ConnectorError::other(error.into(), None))
}

/// The frames of an answer as they come, none longer than the cap: the SDK would keep one of any length.
fn streamed(response: Response) -> SdkBody {
    let reading = Reading::Frames(response, FrameLengths::default());
    let frames = stream::unfold(reading, |reading| async {
        let (piece, reading) = reading.next().await?;
        Some((piece.map(Frame::data), reading))
    });
    SdkBody::from_body_1_x(StreamBody::new(Box::pin(frames.fuse())))
}

enum Reading {
    Frames(Response, FrameLengths),
    /// What comes next is none.
    Broken(Broken),
    Over,
}

impl Reading {
    async fn next(self) -> Option<(Result<Bytes, Broken>, Self)> {
        let (mut response, mut lengths) = match self {
            Self::Frames(response, lengths) => (response, lengths),
            Self::Broken(broken) => return Some((Err(broken), Self::Over)),
            Self::Over => return None,
        };
        let mut piece = match response.chunk().await {
            Ok(piece) => piece?,
            Err(error) => return Some((Err(error.into()), Self::Over)),
        };
        let Err(error) = lengths.pass(&piece) else {
            return Some((Ok(piece), Self::Frames(response, lengths)));
        };
        // The answer may have ended before it.
        piece.truncate(error.good);
        Some((Ok(piece), Self::Broken(error.into())))
    }
}

/// Why the body of an answer is not read on.
#[derive(Debug, thiserror::Error)]
pub(super) enum Broken {
    #[error(transparent)]
    Egress(#[from] EgressError),
    #[error(transparent)]
    Frame(#[from] FrameError),
}

/// The first bytes of a refusal; what a broken or a slow connection left of them.
async fn beginning(mut response: Response) -> Vec<u8> {
    let mut body = Vec::new();
    let read = async {
        while let Ok(Some(chunk)) = response.chunk().await {
            body.extend_from_slice(&chunk[..chunk.len().min(MAX_REFUSAL - body.len())]);
            if body.len() == MAX_REFUSAL {
                break;
            }
        }
    };
    let _is_whole = timeout(REFUSAL_WITHIN, read).await.is_ok();
    body
}
