//! The user's own certificate authority and the certificate of this server.
//!
//! The authority is name-constrained (RFC 5280, 4.2.1.10, critical) to `localhost`, 127.0.0.1 and ::1: whoever trusts it
//! trusts it for this machine's loopback and nothing else, even if its key were stolen. Its key is in the secret store.
//! The server's own certificate lives in memory, is made at each start and again before it ends.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use deskhand_platform::permissions::{self, PermissionError};
use deskhand_platform::secrets::SecretError;
use deskhand_platform::trust::{self, TrustState};
use deskhand_platform::{Paths, Secret, SecretStore};
use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DistinguishedName, DnType, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose, NameConstraints, SanType,
};
use rustls::crypto::aws_lc_rs::sign::any_ecdsa_type;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::CertifiedKey;
use time::OffsetDateTime;

use crate::guards::{Guard, Guards};

/// How long the authority is good. It is the user's own, and a new one must be trusted again.
const AUTHORITY_LIFE: Duration = Duration::from_hours(10 * 365 * 24);
/// How long before its end the authority is replaced.
const AUTHORITY_SPARE: Duration = Duration::from_hours(60 * 24);
/// How long the server's certificate is good.
const LEAF_LIFE: Duration = Duration::from_hours(30 * 24);
/// How long before its end the server's certificate is replaced.
const LEAF_SPARE: Duration = Duration::from_hours(10 * 24);
/// Clocks of one machine may be set back a little.
const BACKDATED: Duration = Duration::from_hours(1);
/// The authority's key in the secret store.
const KEY_NAME: &str = "authority-key";
/// More than a certificate in PEM needs.
const LARGEST_PEM: u64 = 64 * 1024;

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// The authority's key cannot be read or kept.
    #[error("the key of the local authority cannot be used")]
    Secret(#[from] SecretError),
    /// The authority's certificate cannot be read or kept.
    #[error("the certificate of the local authority cannot be used")]
    File(#[from] PermissionError),
    /// A certificate could not be made.
    #[error("a certificate could not be made")]
    Make(#[from] rcgen::Error),
    /// A key just made was not accepted for TLS.
    #[error("the key was not accepted for TLS")]
    Tls(#[from] rustls::Error),
}

/// The local authority of one user.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
    pem: String,
    file: PathBuf,
    name: String,
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Authority")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// The server's certificate with its key.
#[derive(Clone, Debug)]
pub struct Leaf {
    /// For rustls.
    pub key: Arc<CertifiedKey>,
    /// The certificate alone, for a window that pins it.
    pub certificate: CertificateDer<'static>,
    /// When it ends.
    pub not_after: SystemTime,
}

impl Authority {
    /// The authority of `paths`, made when there is none or when it ends soon. May wait for the secret store, so call it
    /// off the async threads.
    pub fn open(paths: &Paths, secrets: &SecretStore, now: SystemTime) -> Result<Self, CertificateError> {
        Self::open_guarded(paths, secrets, now, Guards::default())
    }

    /// As [`Authority::open`], with the guards that a test leaves standing.
    pub fn open_guarded(
        paths: &Paths,
        secrets: &SecretStore,
        now: SystemTime,
        guards: Guards,
    ) -> Result<Self, CertificateError> {
        let file = paths.data().join("authority.pem");
        let pem = permissions::read_private_file(&file, LARGEST_PEM)?
            .and_then(|bytes| String::from_utf8(bytes).ok());
        if let (Some(pem), Some(secret)) = (pem, secrets.read(KEY_NAME)?) {
            if let Some(authority) = Self::restore(file.clone(), pem, &secret, now) {
                return Ok(authority);
            }
            tracing::warn!("the local authority has ended or does not fit its key, so a new one is made");
        }
        Self::create(file, secrets, now, guards)
    }

    /// `None` when the parts do not fit together or the authority ends soon.
    fn restore(file: PathBuf, pem: String, secret: &Secret, now: SystemTime) -> Option<Self> {
        let key = KeyPair::try_from(secret.expose()).ok()?;
        let certificate = CertificateDer::from_pem_slice(pem.as_bytes()).ok()?;
        let (_, parsed) = x509_parser::parse_x509_certificate(&certificate).ok()?;
        let not_after = parsed.validity().not_after.to_datetime();
        let fits = parsed.public_key().subject_public_key.data.as_ref() == key.public_key_raw();
        if !fits || not_after < OffsetDateTime::from(now + AUTHORITY_SPARE) {
            return None;
        }
        let name = name_of(&key);
        let issuer = Issuer::new(authority_params(&name, now, Guards::default()), key);
        Some(Self {
            issuer,
            certificate,
            pem,
            file,
            name,
        })
    }

    fn create(
        file: PathBuf,
        secrets: &SecretStore,
        now: SystemTime,
        guards: Guards,
    ) -> Result<Self, CertificateError> {
        let key = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256)?;
        let name = name_of(&key);
        let params = authority_params(&name, now, guards);
        let made = params.self_signed(&key)?;
        let (certificate, pem) = (made.der().clone(), made.pem());
        secrets.set(KEY_NAME, &Secret::new(key.serialize_der()))?;
        permissions::write_private_file(&file, pem.as_bytes())?;
        Ok(Self {
            issuer: Issuer::new(params, key),
            certificate,
            pem,
            file,
            name,
        })
    }

    /// A new certificate for this server, good from `now` for 30 days.
    pub fn issue(&self, now: SystemTime) -> Result<Leaf, CertificateError> {
        let key = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256)?;
        let not_after = now + LEAF_LIFE;
        let mut params = CertificateParams::default();
        params.distinguished_name = common_name("localhost");
        params.subject_alt_names = vec![
            SanType::DnsName("localhost".try_into()?),
            SanType::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            SanType::IpAddress(IpAddr::V6(Ipv6Addr::LOCALHOST)),
        ];
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        params.not_before = OffsetDateTime::from(now - BACKDATED);
        params.not_after = OffsetDateTime::from(not_after);
        let certificate = params.signed_by(&key, &self.issuer)?.der().clone();
        let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let certified = CertifiedKey::new(vec![certificate.clone()], any_ecdsa_type(&private)?);
        Ok(Leaf {
            key: Arc::new(certified),
            certificate,
            not_after,
        })
    }

    /// The authority's certificate (DER).
    pub fn certificate(&self) -> &CertificateDer<'static> {
        &self.certificate
    }

    /// The authority's certificate in PEM, as trust stores take it.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// The file that holds [`Authority::pem`].
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// The name that trust stores list it under; another key has another name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether the trust store of the user whose home folder this is holds it. Starts a program: call it off the async
    /// threads.
    pub fn trust(&self, home: &Path) -> TrustState {
        trust::state(trust::Authority {
            name: &self.name,
            certificate: &self.file,
            home,
        })
    }
}

impl Leaf {
    /// Whether it is time for the next one.
    pub fn ends_soon(&self, now: SystemTime) -> bool {
        now + LEAF_SPARE >= self.not_after || now + LEAF_LIFE < self.not_after
    }
}

fn authority_params(name: &str, now: SystemTime, guards: Guards) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = common_name(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    if guards.stands(Guard::NameConstraints) {
        params.name_constraints = Some(loopback_only());
    }
    params.not_before = OffsetDateTime::from(now - BACKDATED);
    params.not_after = OffsetDateTime::from(now + AUTHORITY_LIFE);
    params
}

/// Permitted names only: what is not listed, of the kinds listed, is forbidden (RFC 5280). Names of other kinds mean
/// nothing to a TLS client.
fn loopback_only() -> NameConstraints {
    let address = |ip: IpAddr| {
        let bits = if ip.is_ipv4() { 32 } else { 128 };
        GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(ip, bits))
    };
    NameConstraints {
        permitted_subtrees: vec![
            GeneralSubtree::DnsName("localhost".to_owned()),
            address(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            address(IpAddr::V6(Ipv6Addr::LOCALHOST)),
        ],
        excluded_subtrees: Vec::new(),
    }
}

fn common_name(name: &str) -> DistinguishedName {
    let mut distinguished = DistinguishedName::new();
    distinguished.push(DnType::CommonName, name);
    distinguished
}

fn name_of(key: &KeyPair) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, key.public_key_raw());
    let short: String = digest
        .as_ref()
        .iter()
        .take(4)
        .map(|byte| format!("{byte:02x}"))
        .fold(String::new(), |a, b| a + &b);
    format!("Deskhand local authority {short}")
}

#[cfg(test)]
mod tests;
