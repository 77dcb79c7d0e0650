//! What a connection meets on its way, told as it happens: for a test of the connection, which goes the way of every call.

use std::net::IpAddr;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, ProtocolVersion, SignatureScheme};
use x509_parser::x509::X509Name;

use crate::Origin;

/// Characters of a name in a certificate that are told.
const MAX_NAME: usize = 100;

/// A point that a connection on its way has come to. Where a script names several proxies, a way that led nowhere is followed by
/// the next [`Milestone::Way`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Milestone {
    /// The way is known: through this proxy, or directly.
    Way(Option<Origin>),
    /// This computer resolved a name: that of the host or, behind a proxy, the proxy's own.
    Resolved {
        /// The name.
        name: String,
        /// Its addresses, at least one.
        addresses: Vec<IpAddr>,
    },
    /// TCP stands, with the host or with the proxy.
    Connected,
    /// The proxy opened the way to the host.
    Tunnel,
    /// The host showed its certificate, which is judged next.
    Certificate(Issuers),
    /// TLS with the host stands, in this version, such as `TLS 1.3`.
    Secured(&'static str),
}

/// Who issued a certificate, as it says itself: a proxy that inspects TLS is known by it. Words of whoever answers, without control
/// characters and bounded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Issuers {
    /// Of the host's own certificate; empty where it cannot be read.
    pub direct: String,
    /// Of the last one that was sent with it, where that is another.
    pub root: Option<String>,
}

impl Issuers {
    fn of(host: &CertificateDer<'_>, sent: &[CertificateDer<'_>]) -> Self {
        let direct = issuer(host).unwrap_or_default();
        let root = sent.last().and_then(issuer).filter(|root| *root != direct);
        Self { direct, root }
    }
}

/// Hears of the milestones of connections.
type Ear = Arc<dyn Fn(Milestone) + Send + Sync>;

/// Whoever watches a connection; usually nobody.
#[derive(Clone, Default)]
pub(crate) struct Watch(Option<Ear>);

impl Watch {
    pub(crate) fn by(ear: impl Fn(Milestone) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(ear)))
    }

    pub(crate) fn tell(&self, milestone: impl FnOnce() -> Milestone) {
        if let Some(ear) = &self.0 {
            ear(milestone());
        }
    }

    pub(crate) fn is_anybody(&self) -> bool {
        self.0.is_some()
    }
}

impl std::fmt::Debug for Watch {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Watch({})", self.is_anybody())
    }
}

/// The version of TLS as people write it.
pub(crate) fn version(version: Option<ProtocolVersion>) -> &'static str {
    match version {
        Some(ProtocolVersion::TLSv1_2) => "TLS 1.2",
        Some(ProtocolVersion::TLSv1_3) => "TLS 1.3",
        _ => "TLS",
    }
}

/// Tells of a certificate before it is judged, so that also one without trust is known by its issuer. The judgement is the inner
/// verifier's alone.
#[derive(Debug)]
pub(crate) struct Showing {
    pub(crate) inner: Arc<dyn ServerCertVerifier>,
    pub(crate) watch: Watch,
}

impl ServerCertVerifier for Showing {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        self.watch
            .tell(|| Milestone::Certificate(Issuers::of(end_entity, intermediates)));
        self.inner
            .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}

/// The issuer in a certificate: its common name, with the organisation where that is another; `None` where it cannot be read.
fn issuer(certificate: &CertificateDer<'_>) -> Option<String> {
    let (_, parsed) = x509_parser::parse_x509_certificate(certificate).ok()?;
    let named = named(parsed.issuer());
    (!named.is_empty()).then_some(named)
}

fn named(name: &X509Name<'_>) -> String {
    let common = name.iter_common_name().next();
    let organisation = name.iter_organization().next();
    let text = |part: &x509_parser::x509::AttributeTypeAndValue<'_>| plain(part.as_str().unwrap_or_default());
    match (common.map(text), organisation.map(text)) {
        (Some(common), Some(organisation)) if common != organisation => format!("{common} ({organisation})"),
        (Some(only), _) | (None, Some(only)) => only,
        (None, None) => plain(&name.to_string()),
    }
}

/// Words of a stranger, on one line and in one direction.
fn plain(text: &str) -> String {
    let turns = |letter: char| matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let plain = text
        .chars()
        .filter(|letter| !letter.is_control() && !turns(*letter));
    plain.take(MAX_NAME).collect()
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, DistinguishedName, DnType, Issuer, KeyPair};

    use super::*;

    fn authority(names: &[(DnType, &str)]) -> Issuer<'static, KeyPair> {
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        for (kind, name) in names {
            params.distinguished_name.push(kind.clone(), *name);
        }
        Issuer::new(params, KeyPair::generate().expect("a key"))
    }

    fn issued_by(names: &[(DnType, &str)]) -> CertificateDer<'static> {
        let params = CertificateParams::new(["gateway.example.com".to_owned()]).expect("a name");
        let signed = params.signed_by(&KeyPair::generate().expect("a key"), &authority(names));
        signed.expect("a certificate").der().clone()
    }

    #[test]
    fn an_issuer_is_told_by_its_name_and_organisation() {
        let inspection = [
            (DnType::CommonName, "Inspection"),
            (DnType::OrganizationName, "Example"),
        ];
        let root = [(DnType::OrganizationName, "Root of Example")];
        let issuers = Issuers::of(&issued_by(&inspection), &[issued_by(&root)]);
        assert_eq!(issuers.direct, "Inspection (Example)");
        assert_eq!(issuers.root.as_deref(), Some("Root of Example"));
    }

    #[test]
    fn the_words_of_a_stranger_are_bounded_and_lead_to_no_other_line() {
        let long = "x".repeat(1_000);
        let table = [("a\r\n\u{202e}b\u{1b}[2J", "ab[2J"), (&long, &long[..MAX_NAME])];
        for (said, told) in table {
            let issuers = Issuers::of(&issued_by(&[(DnType::CommonName, said)]), &[]);
            assert_eq!(issuers.direct, told);
        }
    }

    #[test]
    fn what_is_no_certificate_has_no_issuer() {
        let garbage = CertificateDer::from(vec![0x30, 0x80, 0xff]);
        assert_eq!(
            Issuers::of(&garbage, std::slice::from_ref(&garbage)),
            Issuers::default()
        );
    }
}
