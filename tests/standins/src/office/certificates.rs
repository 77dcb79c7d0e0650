//! Certificates for tests: an authority and a leaf for `localhost`, of a few days.

use std::path::Path;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, GeneralSubtree,
    IsCa, KeyPair, KeyUsagePurpose, NameConstraints,
};
use time::{Duration, OffsetDateTime};

/// How long they are good.
const DAYS: i64 = 7;

/// Why certificates could not be made.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// The certificates.
    #[error("the certificates cannot be made: {0}")]
    Make(#[from] rcgen::Error),
    /// Their files.
    #[error("the certificates cannot be written: {0}")]
    Write(#[from] std::io::Error),
}

/// Writes `authority.pem`, `certificate.pem` and `key.pem` into a folder. The authority may speak for `localhost` alone,
/// and its key is forgotten.
pub fn make_certificates(folder: &Path) -> Result<(), CertificateError> {
    let now = OffsetDateTime::now_utc();
    let dated = |mut params: CertificateParams, name: &str| {
        params.distinguished_name.push(DnType::CommonName, name);
        params.not_before = now - Duration::hours(1);
        params.not_after = now + Duration::days(DAYS);
        params
    };
    let mut authority = dated(CertificateParams::new(Vec::new())?, "Authority of a test");
    authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    authority.name_constraints = Some(NameConstraints {
        permitted_subtrees: vec![GeneralSubtree::DnsName("localhost".to_owned())],
        excluded_subtrees: Vec::new(),
    });
    let issuer = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;
    let mut leaf = dated(CertificateParams::new(vec!["localhost".to_owned()])?, "localhost");
    leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    leaf.use_authority_key_identifier_extension = true;
    let key = KeyPair::generate()?;
    let certificate = leaf.signed_by(&key, &issuer)?;
    std::fs::create_dir_all(folder)?;
    std::fs::write(folder.join("authority.pem"), issuer.pem())?;
    std::fs::write(folder.join("certificate.pem"), certificate.pem())?;
    std::fs::write(folder.join("key.pem"), key.serialize_pem())?;
    Ok(())
}
