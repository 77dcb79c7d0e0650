//! Names to addresses: once for each connection, every answer checked, and only those answers connected to.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use hyper_util::client::legacy::connect::dns::Name;
use tower_service::Service;

use crate::watch::Watch;
use crate::{Milestone, WebRefusal, WebRules};
use deskhand_policy::hosts::Host;

/// More addresses than any host needs; what comes after is not looked at and not connected to.
const MAX_ADDRESSES: usize = 64;

/// The addresses of a name, on their way.
pub type Resolving = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;

/// Turns names into addresses.
pub trait Resolve: std::fmt::Debug + Send + Sync {
    /// The addresses of a name in ASCII.
    fn resolve(&self, name: &str) -> Resolving;
}

/// The resolver of the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemResolver;

impl Resolve for SystemResolver {
    #[expect(clippy::disallowed_methods, reason = "this is where names are resolved")]
    fn resolve(&self, name: &str) -> Resolving {
        let name = name.to_owned();
        Box::pin(async move {
            let found = tokio::net::lookup_host((name, 0)).await?;
            Ok(found.map(|address| address.ip()).take(MAX_ADDRESSES).collect())
        })
    }
}

/// Why a name gave no addresses.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum LookupError {
    #[error("{0}")]
    Dns(String),
    #[error("{0}")]
    Refused(WebRefusal),
}

/// The resolver of one connection, with the rules that its answers must keep.
#[derive(Clone, Debug)]
pub(crate) struct Lookup {
    pub(crate) resolver: Arc<dyn Resolve>,
    pub(crate) rules: Option<Arc<WebRules>>,
    pub(crate) watch: Watch,
}

impl Lookup {
    /// The addresses of a name; none of them where one breaks the rules, for then the name is not what it seems.
    pub(crate) async fn addresses(&self, name: &str) -> Result<Vec<IpAddr>, LookupError> {
        let found = self.resolver.resolve(name).await;
        let mut found = found.map_err(|error| LookupError::Dns(error.to_string()))?;
        found.truncate(MAX_ADDRESSES);
        if found.is_empty() {
            return Err(LookupError::Dns("it has no address".to_owned()));
        }
        if let Some(rules) = &self.rules {
            let host = Host::Name(name.to_owned());
            let judged = found
                .iter()
                .try_for_each(|address| rules.permits_address(&host, *address));
            judged.map_err(LookupError::Refused)?;
        }
        self.watch.tell(|| Milestone::Resolved {
            name: name.to_owned(),
            addresses: found.clone(),
        });
        Ok(found)
    }
}

impl Service<Name> for Lookup {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = LookupError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, LookupError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), LookupError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let lookup = self.clone();
        Box::pin(async move {
            let found = lookup.addresses(name.as_str()).await?;
            let sockets: Vec<SocketAddr> = found.into_iter().map(|address| (address, 0).into()).collect();
            Ok(sockets.into_iter())
        })
    }
}
