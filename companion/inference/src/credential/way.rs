//! The way of an exchange through the gate (Invariant 3).

use std::time::Duration;

use bytes::Bytes;
use deskhand_egress::{Client, Destination, EgressError, Exchange, Gate};
use deskhand_identity::{Answer, MAX_ANSWER, Transport, TransportError};
use http::Request;

use super::CredentialError;
use super::google::{FLAVOR, GOOGLE, MACHINE};

/// How long an exchange may take.
const WITHIN: Duration = Duration::from_secs(30);
/// The same with the metadata server of the machine: it is near, or not there.
const MACHINE_WITHIN: Duration = Duration::from_secs(5);

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
        let machine = self.machine.as_ref().filter(|_| request.uri().path() == MACHINE);
        let (client, within) = machine.map_or((&self.client, WITHIN), |machine| (machine, MACHINE_WITHIN));
        let late = |_| TransportError::Unreachable(format!("no answer within {} seconds", within.as_secs()));
        let exchanged = tokio::time::timeout(within, exchange(client, request)).await;
        let (answer, is_of_machine) = exchanged.map_err(late)?.map_err(|error| told(&error))?;
        if machine.is_some() && !is_of_machine {
            return Err(TransportError::Unreachable(
                "what answers there is no metadata server".to_owned(),
            ));
        }
        Ok(answer)
    }
}

/// The answer, and whether it says of itself that it is a metadata server's.
async fn exchange(client: &Client, request: Request<Bytes>) -> Result<(Answer, bool), EgressError> {
    let answer = client.send(request).await?;
    let status = answer.status();
    let flavor = answer.headers().get(FLAVOR);
    let is_of_machine = flavor.is_some_and(|flavor| flavor == GOOGLE);
    let body = answer.body_up_to(MAX_ANSWER).await?;
    Ok((Answer { status, body }, is_of_machine))
}

fn told(error: &EgressError) -> TransportError {
    match error {
        EgressError::Failed {
            exchange: Exchange::TooLong(_),
            ..
        } => TransportError::TooLong,
        EgressError::Failed { .. } => TransportError::Unreachable(error.to_string()),
        _ => TransportError::Closed(error.to_string()),
    }
}
