//! TLS for connections to other machines: aws-lc-rs, and the trust store of the operating system. The provider is
//! passed explicitly, so nothing depends on a process-wide default.

use std::sync::{Arc, OnceLock};

use rustls::ClientConfig;
use rustls::client::Resumption;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls_platform_verifier::Verifier;

use crate::EgressError;
use crate::watch::{Showing, Watch};

/// The client side of TLS, loaded on first use: reading the trust store takes some milliseconds that a gateway on this
/// machine does not need.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tls {
    extra_roots: Vec<CertificateDer<'static>>,
    loaded: Arc<OnceLock<Result<Loaded, EgressError>>>,
}

#[derive(Clone, Debug)]
struct Loaded {
    config: ClientConfig,
    verifier: Arc<Verifier>,
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
        self.loaded().map(|loaded| loaded.config)
    }

    /// The same for a connection that is watched: what the host shows is told, and nothing of an earlier connection is taken up.
    pub(crate) fn watched(&self, watch: &Watch) -> Result<ClientConfig, EgressError> {
        let Loaded { mut config, verifier } = self.loaded()?;
        config.resumption = Resumption::disabled();
        config.dangerous().set_certificate_verifier(Arc::new(Showing {
            inner: verifier,
            watch: watch.clone(),
        }));
        Ok(config)
    }

    fn loaded(&self) -> Result<Loaded, EgressError> {
        self.loaded.get_or_init(|| load(&self.extra_roots)).clone()
    }
}

fn load(extra_roots: &[CertificateDer<'static>]) -> Result<Loaded, EgressError> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier = Verifier::new_with_extra_roots(extra_roots.iter().cloned(), provider).map_err(setup)?;
    let verifier = Arc::new(verifier);
    let config = builder()?
        .dangerous()
        .with_custom_certificate_verifier(verifier.clone())
        .with_no_client_auth();
    Ok(Loaded { config, verifier })
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

/// The authorities in a PEM file (RFC 7468), such as the one of a proxy that inspects TLS. What is no certificate in it is
/// passed over; a file without any, or with a broken one, is an error with its reason.
pub fn authorities_of_pem(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, EgressError> {
    const MAX_PEM: usize = 4 << 20;
    if pem.len() > MAX_PEM {
        return Err(EgressError::Setup(
            "the file of authorities is too large".to_owned(),
        ));
    }
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let found = found.map_err(|error| EgressError::Setup(format!("the file of authorities: {error}")))?;
    if found.is_empty() {
        return Err(EgressError::Setup(
            "the file of authorities holds no certificate".to_owned(),
        ));
    }
    Ok(found)
}
