//! The way of an exchange through the gate (Invariant 3).

use std::time::Duration;

use bytes::Bytes;
use deskhand_egress::{Client, Destination, EgressError, Exchange, Gate};
use deskhand_identity::{Answer, MAX_ANSWER, Transport, TransportError};
use http::Request;

use super::CredentialError;

/// How long an exchange may take.
const WITHIN: Duration = Duration::from_secs(30);

/// The way to whoever gives out credentials. It follows no redirect.
#[derive(Clone, Debug)]
pub struct Way(Client);

impl Way {
    /// The way to the hosts of a destination.
    pub fn to(gate: &Gate, destination: Destination) -> Result<Self, CredentialError> {
        let client = gate.client(destination);
        let client = client.map_err(|error| CredentialError::Closed(error.to_string()))?;
        Ok(Self(client.without_redirects()))
    }
}

impl Transport for Way {
    async fn send(&self, request: Request<Bytes>) -> Result<Answer, TransportError> {
        let answered = async {
            let answer = self.0.send(request).await?;
            let status = answer.status();
            let body = answer.body_up_to(MAX_ANSWER).await?;
            Ok(Answer { status, body })
        };
        let late = |_| TransportError::Unreachable(format!("no answer within {} seconds", WITHIN.as_secs()));
        let answered = tokio::time::timeout(WITHIN, answered).await.map_err(late)?;
        answered.map_err(|error: EgressError| match &error {
            EgressError::Failed {
                exchange: Exchange::TooLong(_),
                ..
            } => TransportError::TooLong,
            EgressError::Failed { .. } => TransportError::Unreachable(error.to_string()),
            _ => TransportError::Closed(error.to_string()),
        })
    }
}
