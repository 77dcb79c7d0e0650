//! TLS of the server: which certificate it shows, and its renewal while it runs.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::SystemTime;

use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use crate::certificate::{Authority, CertificateError, Leaf};

/// The current certificate. It is looked at whenever a connection comes in, so a machine that slept past the renewal
/// shows a good one at once.
#[derive(Debug)]
pub struct CurrentLeaf {
    authority: Authority,
    leaf: RwLock<Leaf>,
}

impl CurrentLeaf {
    /// Issues the first certificate.
    pub fn new(authority: Authority, now: SystemTime) -> Result<Self, CertificateError> {
        let leaf = RwLock::new(authority.issue(now)?);
        Ok(Self { authority, leaf })
    }

    /// Issues the next certificate when the current one ends soon, and gives the current one.
    pub fn renew(&self, now: SystemTime) -> Result<Leaf, CertificateError> {
        let current = self.leaf();
        if !current.ends_soon(now) {
            return Ok(current);
        }
        let next = self.authority.issue(now)?;
        *self.leaf.write().unwrap_or_else(PoisonError::into_inner) = next.clone();
        tracing::info!("renewed the server's certificate");
        Ok(next)
    }

    /// The current certificate.
    pub fn leaf(&self) -> Leaf {
        self.leaf.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Who issues it.
    pub fn authority(&self) -> &Authority {
        &self.authority
    }
}

impl ResolvesServerCert for CurrentLeaf {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.leaf().key)
    }
}

/// TLS 1.2 and 1.3 (older web views of Office speak 1.2 only), HTTP/1.1 inside.
pub(crate) fn server_config(current: Arc<CurrentLeaf>) -> Result<ServerConfig, rustls::Error> {
    let builder = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
    let mut config = builder
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_cert_resolver(current);
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}
