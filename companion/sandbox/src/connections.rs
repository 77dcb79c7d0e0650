//! The way out of a session: the proxy that compares every name, over the gate's door for the sandbox (Invariant 3).

use std::sync::Arc;
use std::time::SystemTime;

use deskhand_egress::{EgressError, Exchange};
use deskhand_vm_host::{BoxFuture, Connections, Stream};
use deskhand_vm_proxy::{BoxStream, Door, DoorRefusal, DoorRefusalKind, Limits, Proxy};

use crate::sights::Sights;

/// The connections of one machine.
#[derive(Debug)]
pub(crate) struct WayOut(Arc<Proxy>);

impl WayOut {
    pub(crate) fn new(door: deskhand_egress::Door, sights: Sights) -> Self {
        let clock = Arc::new(SystemTime::now);
        let (door, audit) = (Arc::new(Gate(door)), Arc::new(sights));
        Self(Arc::new(Proxy::new(door, audit, clock, Limits::default())))
    }
}

impl Connections for WayOut {
    fn serve(&self, stream: Stream) -> BoxFuture<'static, ()> {
        let proxy = Arc::clone(&self.0);
        // What became of it is in its record.
        Box::pin(async move { drop(proxy.serve(stream).await) })
    }
}

/// The gate as the proxy asks it.
struct Gate(deskhand_egress::Door);

impl Door for Gate {
    fn connect<'a>(&'a self, host: &'a str, port: u16) -> BoxFuture<'a, Result<BoxStream, DoorRefusal>> {
        Box::pin(async move {
            match self.0.connect(host, port).await {
                Ok(stream) => Ok(Box::new(stream) as BoxStream),
                Err(error) => Err(refusal(host, port, &error)),
            }
        })
    }
}

/// What a program in the guest is told. It names no proxy and no address of this network: those are the organisation's.
fn refusal(host: &str, port: u16, error: &EgressError) -> DoorRefusal {
    let place = format!("{host}:{port}");
    let (code, message, kind) = match error {
        EgressError::Web { why, .. } => {
            let code = if why.key() == "deskhandEgressAllowPrivate" {
                "not_public"
            } else {
                "not_listed"
            };
            let message = format!(
                "{place} is closed for the sandbox: {why} (policy key {}); an administrator can open it",
                why.key()
            );
            (code, message, DoorRefusalKind::Policy)
        }
        EgressError::Closed { key, .. }
        | EgressError::Address { key, .. }
        | EgressError::Refused { key, .. } => (
            "closed",
            format!("{place} is closed for the sandbox: policy key {key} opens no host"),
            DoorRefusalKind::Policy,
        ),
        EgressError::Failed { exchange, .. } => match exchange {
            Exchange::TimedOut => (
                "timed_out",
                format!("{place} did not answer in time"),
                DoorRefusalKind::TimedOut,
            ),
            Exchange::Unresolved(_) => (
                "unresolved",
                format!("{host} is a name that could not be resolved"),
                DoorRefusalKind::Failed,
            ),
            Exchange::Proxy { .. } => (
                "proxy",
                format!("the proxy of this network did not lead to {place}"),
                DoorRefusalKind::Failed,
            ),
            _ => (
                "unreachable",
                format!("no connection to {place}"),
                DoorRefusalKind::Failed,
            ),
        },
        _ => (
            "failed",
            format!("no connection to {place} could be made"),
            DoorRefusalKind::Failed,
        ),
    };
    DoorRefusal {
        code: code.to_owned(),
        message,
        kind,
    }
}
