//! The way of an exchange through the gate (Invariant 3).

use std::time::Duration;

use bytes::Bytes;
use deskhand_egress::{Client, Destination, EgressError, Exchange, Gate};
use deskhand_identity::{Answer, MAX_ANSWER, Transport, TransportError};
use http::Request;
use http::uri::Scheme;

use super::CredentialError;

/// How long an exchange may take.
const WITHIN: Duration = Duration::from_secs(30);

/// The way to whoever gives out credentials. It follows no redirect.
#[derive(Clone, Debug)]
pub struct Way {
    client: Client,
    /// The way to the metadata server, where the settings open it.
    machine: Option<Client>,
}

impl Way {
    /// The way to the hosts of a destination.
    pub fn to(gate: &Gate, destination: Destination) -> Result<Self, CredentialError> {
        let client = gate.client(destination);
        let client = client.map_err(|error| CredentialError::Closed(error.to_string()))?;
        Ok(Self {
            client: client.without_redirects(),
            machine: None,
        })
    }

    /// The way to the hosts of Google's credentials, and to the machine's metadata server where `machine` says so.
    pub fn to_google(gate: &Gate, machine: bool) -> Result<Self, CredentialError> {
        let way = Self::to(gate, Destination::GoogleCredentials)?;
        let machine = machine
            .then(|| Self::to(gate, Destination::GoogleMachine))
            .transpose()?;
        Ok(Self {
            machine: machine.map(|machine| machine.client),
            ..way
        })
    }
}

impl Transport for Way {
    async fn send(&self, request: Request<Bytes>) -> Result<Answer, TransportError> {
        let answered = async {
            // Of the hosts that give out Google's credentials it is the only one without TLS.
            let machine = self.machine.as_ref();
            let machine = machine.filter(|_| request.uri().scheme() == Some(&Scheme::HTTP));
            let answer = machine.unwrap_or(&self.client).send(request).await?;
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
