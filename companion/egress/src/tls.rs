//! TLS for connections to other machines: aws-lc-rs, and the trust store of the operating system. The provider is
//! passed explicitly, so nothing depends on a process-wide default.

use std::sync::{Arc, OnceLock};

use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;

use crate::EgressError;

/// The client side of TLS, loaded on first use: reading the trust store takes some milliseconds that a gateway on this
/// machine does not need.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tls {
    extra_roots: Vec<CertificateDer<'static>>,
    loaded: Arc<OnceLock<Result<ClientConfig, EgressError>>>,
}

impl Tls {
    /// Trusts the operating system's authorities and these.
    pub(crate) fn trusting(extra_roots: Vec<CertificateDer<'static>>) -> Self {
        Self {
            extra_roots,
            loaded: Arc::default(),
        }
    }

    /// The configuration with the trust store.
    pub(crate) fn config(&self) -> Result<ClientConfig, EgressError> {
        self.loaded.get_or_init(|| load(&self.extra_roots)).clone()
    }

    /// A configuration that trusts nobody, for clients whose only origins are http on loopback.
    pub(crate) fn none() -> Result<ClientConfig, EgressError> {
        Ok(builder()?
            .with_root_certificates(RootCertStore::empty())
            .with_no_client_auth())
    }
}

fn load(extra_roots: &[CertificateDer<'static>]) -> Result<ClientConfig, EgressError> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier = Verifier::new_with_extra_roots(extra_roots.iter().cloned(), provider).map_err(setup)?;
    Ok(builder()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth())
}

fn builder() -> Result<rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier>, EgressError> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(setup)
}

#[expect(clippy::needless_pass_by_value, reason = "used as a function for map_err")]
fn setup(error: rustls::Error) -> EgressError {
    EgressError::Setup(error.to_string())
}
