//! The chain as a TLS client sees it, and the authority over restarts and time.

use pretty_assertions::{assert_eq, assert_ne};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::{ServerName, UnixTime};
use rustls::{CertificateError as Invalid, Error, RootCertStore};

use super::*;

const NOW: SystemTime = SystemTime::UNIX_EPOCH;
const DAY: Duration = Duration::from_hours(24);

fn now() -> SystemTime {
    NOW + DAY * 20_000
}

fn home() -> (tempfile::TempDir, Paths, SecretStore) {
    let home = tempfile::tempdir().expect("tempdir");
    let paths = Paths::below(home.path());
    paths.create().expect("folders");
    let secrets = SecretStore::open(&paths).expect("secrets");
    (home, paths, secrets)
}

fn verify(authority: &Authority, leaf: &CertificateDer<'_>, name: &str, at: SystemTime) -> Result<(), Error> {
    let mut roots = RootCertStore::empty();
    roots
        .add(authority.certificate().clone())
        .expect("the authority is a root");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider)
        .build()
        .expect("verifier");
    let name = ServerName::try_from(name.to_owned()).expect("name");
    let at = UnixTime::since_unix_epoch(at.duration_since(SystemTime::UNIX_EPOCH).expect("after 1970"));
    verifier.verify_server_cert(leaf, &[], &name, &[], at).map(drop)
}

/// A certificate for `name`, as somebody makes it who has stolen the authority's key.
fn forged(authority: &Authority, name: SanType) -> CertificateDer<'static> {
    let key = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).expect("key");
    let mut params = CertificateParams::default();
    params.subject_alt_names = vec![name];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.not_before = OffsetDateTime::from(now() - BACKDATED);
    params.not_after = OffsetDateTime::from(now() + LEAF_LIFE);
    params
        .signed_by(&key, &authority.issuer)
        .expect("signed")
        .der()
        .clone()
}

#[test]
fn vouches_for_the_loopback_names_as_long_as_the_leaf_lives() {
    let (_home, paths, secrets) = home();
    let authority = Authority::open(&paths, &secrets, now()).expect("authority");
    let leaf = authority.issue(now()).expect("leaf");
    for name in ["localhost", "127.0.0.1", "::1"] {
        assert_eq!(
            verify(&authority, &leaf.certificate, name, now()),
            Ok(()),
            "{name}"
        );
    }
    let expired = verify(&authority, &leaf.certificate, "localhost", now() + DAY * 31);
    assert!(matches!(
        expired,
        Err(Error::InvalidCertificate(
            Invalid::Expired | Invalid::ExpiredContext { .. }
        ))
    ));
    assert!(verify(&authority, &leaf.certificate, "evil.example", now()).is_err());
}

/// The attack "a leaf for another name, signed by our authority", with and without its guard.
#[test]
fn cannot_vouch_for_another_name_even_with_the_key_stolen() {
    let names = || {
        [
            (
                "evil.example",
                SanType::DnsName("evil.example".try_into().expect("name")),
            ),
            (
                "sub.localhost.evil.example",
                SanType::DnsName("sub.localhost.evil.example".try_into().expect("name")),
            ),
            (
                "192.0.2.7",
                SanType::IpAddress("192.0.2.7".parse().expect("address")),
            ),
            (
                "127.0.0.2",
                SanType::IpAddress("127.0.0.2".parse().expect("address")),
            ),
            (
                "2001:db8::1",
                SanType::IpAddress("2001:db8::1".parse().expect("address")),
            ),
        ]
    };
    for (guards, forgery_passes) in [
        (Guards::default(), false),
        (Guards::without(Guard::NameConstraints), true),
    ] {
        let (_home, paths, secrets) = home();
        let authority = Authority::open_guarded(&paths, &secrets, now(), guards).expect("authority");
        for (name, san) in names() {
            let outcome = verify(&authority, &forged(&authority, san), name, now());
            assert_eq!(outcome.is_ok(), forgery_passes, "{name}: {outcome:?}");
        }
    }
}

#[test]
fn marks_the_constraints_as_critical_so_that_nobody_may_overlook_them() {
    let (_home, paths, secrets) = home();
    let authority = Authority::open(&paths, &secrets, now()).expect("authority");
    let (_, parsed) = x509_parser::parse_x509_certificate(authority.certificate()).expect("certificate");
    let constraints = parsed.name_constraints().expect("readable").expect("there");
    assert!(constraints.critical);
    assert_eq!(
        constraints.value.permitted_subtrees.as_ref().map(Vec::len),
        Some(3)
    );
    let basic = parsed.basic_constraints().expect("readable").expect("there");
    assert_eq!(
        (basic.critical, basic.value.ca, basic.value.path_len_constraint),
        (true, true, Some(0))
    );
}

#[test]
fn stays_the_same_authority_over_restarts_and_makes_a_new_one_when_it_must() {
    let (_home, paths, secrets) = home();
    let open = |at| Authority::open(&paths, &secrets, at).expect("authority");
    let first = open(now());
    assert_eq!(open(now() + DAY * 365).certificate(), first.certificate());
    // A leaf of the restored authority is good under the certificate that is trusted already.
    let leaf = open(now()).issue(now()).expect("leaf");
    assert_eq!(verify(&first, &leaf.certificate, "localhost", now()), Ok(()));

    let second = open(now() + AUTHORITY_LIFE);
    assert_ne!(second.name(), first.name(), "the old one would have ended");
    secrets.delete(KEY_NAME).expect("lose the key");
    assert_ne!(
        open(now()).name(),
        second.name(),
        "a certificate without its key is worth nothing"
    );
}

#[test]
fn renews_the_leaf_ten_days_before_its_end_and_when_the_clock_was_set_back() {
    let (_home, paths, secrets) = home();
    let authority = Authority::open(&paths, &secrets, now()).expect("authority");
    let current = crate::CurrentLeaf::new(authority, now()).expect("leaf");
    let first = current.leaf();
    assert_eq!(
        current.renew(now() + DAY * 19).expect("leaf").certificate,
        first.certificate
    );
    let second = current.renew(now() + DAY * 20).expect("leaf");
    assert_ne!(second.certificate, first.certificate);
    assert_eq!(current.leaf().certificate, second.certificate);
    assert_ne!(
        current.renew(now()).expect("leaf").certificate,
        second.certificate,
        "not good yet by that clock"
    );
}
