//! The exporter's way to the collector: the gate's client for the one destination. Nothing here may log: a line of the log
//! can be on its way to the collector itself.

use bytes::Bytes;
use deskhand_egress::{Client, Destination, EgressError, Gate};
use deskhand_telemetry::Protocol;
use deskhand_telemetry::port::{Answer, MAX_ANSWER, Transport, TransportError};
use http::Request;

/// The way to the collector.
#[derive(Clone, Debug)]
pub(crate) struct Way(Client);

impl Way {
    /// The way as policy opens it, with the version of HTTP that the protocol needs.
    pub(crate) fn new(gate: &Gate, protocol: Protocol) -> Result<Self, EgressError> {
        let client = match protocol {
            Protocol::Grpc => gate.http2_client(Destination::Collector),
            Protocol::HttpProtobuf | Protocol::HttpJson => gate.client(Destination::Collector),
        };
        client.map(Self)
    }
}

impl Transport for Way {
    async fn post(&self, request: Request<Bytes>) -> Result<Answer, TransportError> {
        let asked = request.uri().to_string();
        let answer = self.0.send(request).await.map_err(|error| sorted(&error))?;
        // Behind a redirect stands a page to sign in on, or another place altogether; its answer means nothing.
        if answer.address() != asked {
            return Err(TransportError::Unreachable(
                "it leads to another address, and telemetry does not go there".to_owned(),
            ));
        }
        let (status, headers) = (answer.status(), answer.headers().clone());
        let read = answer.body_and_trailers_up_to(MAX_ANSWER).await;
        let (body, trailers) = read.map_err(|error| sorted(&error))?;
        Ok(Answer {
            status,
            headers,
            body,
            trailers,
        })
    }
}

fn sorted(error: &EgressError) -> TransportError {
    let why = error.to_string();
    match error {
        EgressError::Failed { .. } | EgressError::Proxy(_) | EgressError::Setup(_) => {
            TransportError::Unreachable(why)
        }
        EgressError::Closed { .. }
        | EgressError::Address { .. }
        | EgressError::Entry { .. }
        | EgressError::NotOurs(_)
        | EgressError::Refused { .. }
        | EgressError::Web { .. }
        | EgressError::Request(_)
        | EgressError::Elsewhere { .. } => TransportError::Closed(why),
    }
}

#[cfg(test)]
mod tests;
