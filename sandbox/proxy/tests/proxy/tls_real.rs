//! Real TLS through the proxy: rustls on both sides, each version, the largest hello in use, a second hello, GREASE.

use std::sync::Arc;

use deskhand_vm_proxy::Carried;
use rustls::client::{EchGreaseConfig, EchMode};
use rustls::crypto::hpke::Hpke as _;
use rustls::crypto::{CryptoProvider, SupportedKxGroup, aws_lc_rs};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use rustls::{ClientConfig, ProtocolVersion, RootCertStore, ServerConfig, SupportedProtocolVersion, version};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::party::{Guest, Stage, refused};

type Groups = Vec<&'static dyn SupportedKxGroup>;

fn provider(groups: Groups) -> Arc<CryptoProvider> {
    let mut provider = aws_lc_rs::default_provider();
    provider.kx_groups = groups;
    Arc::new(provider)
}

struct Parties {
    client: Arc<ClientConfig>,
    server: Arc<ServerConfig>,
}

/// A client and a server with a certificate for `files.example`.
fn parties(version: &'static SupportedProtocolVersion, client: Groups, server: Groups) -> Parties {
    let made = rcgen::generate_simple_self_signed(["files.example".to_owned()]).expect("a certificate");
    let certificate = CertificateDer::from(made.cert);
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone()).expect("a root");
    let client = ClientConfig::builder_with_provider(provider(client)).with_protocol_versions(&[version]);
    let client = client
        .expect("a version")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let server = ServerConfig::builder_with_provider(provider(server)).with_protocol_versions(&[version]);
    let server = server
        .expect("a version")
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key);
    Parties {
        client: Arc::new(client),
        server: Arc::new(server.expect("a key")),
    }
}

fn name() -> ServerName<'static> {
    ServerName::try_from("files.example").expect("a name")
}

/// A whole session: handshake, a question, an answer.
async fn session(parties: &Parties, authority: &str) -> (ProtocolVersion, Stage) {
    let stage = Stage::open();
    let mut guest = stage.guest();
    guest.connect(authority).await;
    let far = stage.far().await;
    let acceptor = TlsAcceptor::from(parties.server.clone());
    let server = tokio::spawn(async move {
        let mut tls = acceptor.accept(far).await.expect("a handshake");
        let mut question = [0; 4];
        tls.read_exact(&mut question).await.expect("a question");
        tls.write_all(&question.repeat(100_000)).await.expect("an answer");
        tls.shutdown().await.expect("an end");
    });
    let Guest { stream, outcome } = guest;
    let connector = TlsConnector::from(parties.client.clone());
    let mut tls = connector.connect(name(), stream).await.expect("a handshake");
    tls.write_all(b"ping").await.expect("a question");
    let mut answer = Vec::new();
    tls.read_to_end(&mut answer).await.expect("an answer");
    assert_eq!(answer, b"ping".repeat(100_000));
    let version = tls.get_ref().1.protocol_version().expect("a version");
    drop(tls);
    server.await.expect("no panic");
    outcome.await.expect("no panic");
    (version, stage)
}

fn usual() -> Groups {
    vec![aws_lc_rs::kx_group::X25519, aws_lc_rs::kx_group::SECP256R1]
}

#[tokio::test(start_paused = true)]
async fn both_versions_of_tls_pass_on_every_port() {
    for (version, wanted) in [
        (&version::TLS12, ProtocolVersion::TLSv1_2),
        (&version::TLS13, ProtocolVersion::TLSv1_3),
    ] {
        let parties = parties(version, usual(), usual());
        // The second time with a ticket of the first.
        for port in [443, 443, 8443] {
            let (found, stage) = session(&parties, &format!("Files.Example:{port}")).await;
            assert_eq!(found, wanted);
            let record = stage.record();
            assert_eq!(record.carried, Carried::Tls);
            assert!(record.received > 400_000 && record.sent > 200, "{record:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_hello_with_post_quantum_key_shares_passes() {
    let groups = || vec![aws_lc_rs::kx_group::X25519MLKEM768, aws_lc_rs::kx_group::X25519];
    let (_, stage) = session(&parties(&version::TLS13, groups(), groups()), "files.example:443").await;
    assert!(
        stage.record().sent > 1200,
        "the key share of ML-KEM-768 has 1184 bytes"
    );
}

#[tokio::test(start_paused = true)]
async fn a_handshake_with_a_second_hello_passes() {
    let client = vec![aws_lc_rs::kx_group::X25519, aws_lc_rs::kx_group::SECP384R1];
    let parties = parties(&version::TLS13, client, vec![aws_lc_rs::kx_group::SECP384R1]);
    let (found, stage) = session(&parties, "files.example:443").await;
    assert_eq!(found, ProtocolVersion::TLSv1_3);
    // Two hellos, each with the name.
    assert!(stage.record().sent > 400, "{:?}", stage.record());
}

/// A handshake that the proxy refuses: what the client says of it.
async fn refused_handshake(client: Arc<ClientConfig>, authority: &str, code: &'static str) -> String {
    let stage = Stage::open();
    let mut guest = stage.guest();
    guest.connect(authority).await;
    let mut far = stage.far().await;
    let Guest { stream, outcome } = guest;
    let connecting = TlsConnector::from(client).connect(name(), stream).await;
    let error = connecting.expect_err("the proxy refuses").to_string();
    assert_eq!(outcome.await.expect("no panic"), refused(code));
    assert_eq!(super::party::rest(&mut far).await, b"");
    error
}

#[tokio::test(start_paused = true)]
async fn a_client_that_is_refused_says_so() {
    let client = parties(&version::TLS13, usual(), usual()).client;
    let error = refused_handshake(client, "other.example:443", "sni_mismatch").await;
    assert!(error.contains("UnrecognisedName"), "{error}");
    let mut silent = (*parties(&version::TLS13, usual(), usual()).client).clone();
    silent.enable_sni = false;
    refused_handshake(Arc::new(silent), "files.example:443", "sni_missing").await;
}

#[tokio::test(start_paused = true)]
async fn a_hello_with_grease_for_ech_is_refused() {
    let suite = aws_lc_rs::hpke::DH_KEM_X25519_HKDF_SHA256_AES_128;
    let (key, _) = suite.generate_key_pair().expect("a key");
    let grease = EchMode::Grease(EchGreaseConfig::new(suite, key));
    let builder = ClientConfig::builder_with_provider(provider(usual()))
        .with_ech(grease)
        .expect("a version");
    let client = builder
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth();
    let error = refused_handshake(Arc::new(client), "files.example:443", "encrypted_client_hello").await;
    assert!(error.contains("AccessDenied"), "{error}");
}
