//! The far side of a network: a proxy to one TLS host, with a certificate from an authority of its own; and servers of one answer.

#![expect(clippy::disallowed_methods, reason = "the far side of a connection")]

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// The name of the authority.
pub(crate) const AUTHORITY: &str = "Inspection of Example";

/// A TLS host before something that answers on loopback.
pub(crate) struct Host {
    /// Its port on loopback.
    pub(crate) port: u16,
    /// A proxy whose every tunnel leads to it.
    pub(crate) proxy: String,
    /// Its authority, as PEM.
    pub(crate) authority: String,
}

impl Host {
    /// A host under this name before `inner`, `http://127.0.0.1:port`.
    pub(crate) async fn named(name: &str, inner: &str) -> Self {
        let (authority, acceptor) = certified(name);
        let inner = inner.trim_start_matches("http://").to_owned();
        let (direct, port) = listener().await;
        let (tunnel, proxy_port) = listener().await;
        tokio::spawn(accepted(direct, acceptor.clone(), inner.clone(), false));
        tokio::spawn(accepted(tunnel, acceptor, inner, true));
        Self {
            port,
            proxy: format!("http://127.0.0.1:{proxy_port}"),
            authority,
        }
    }
}

async fn listener() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    (listener, port)
}

async fn accepted(listener: TcpListener, acceptor: TlsAcceptor, inner: String, is_proxy: bool) {
    while let Ok((socket, _)) = listener.accept().await {
        tokio::spawn(served(socket, acceptor.clone(), inner.clone(), is_proxy));
    }
}

async fn served(
    mut socket: TcpStream,
    acceptor: TlsAcceptor,
    inner: String,
    is_proxy: bool,
) -> std::io::Result<()> {
    if is_proxy {
        head(&mut socket).await?;
        socket.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?;
    }
    let mut outer = acceptor.accept(socket).await?;
    let mut inner = TcpStream::connect(inner).await?;
    copy_bidirectional(&mut outer, &mut inner).await.map(drop)
}

async fn head(socket: &mut TcpStream) -> std::io::Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(socket.read_u8().await?);
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

fn certified(name: &str) -> (String, TlsAcceptor) {
    let mut authority = CertificateParams::new(Vec::new()).expect("parameters");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.distinguished_name.push(DnType::CommonName, AUTHORITY);
    let key = KeyPair::generate().expect("a key");
    let issuer = CertifiedIssuer::self_signed(authority, key).expect("an authority");
    let key = KeyPair::generate().expect("a key");
    let leaf = CertificateParams::new(vec![name.to_owned()]).expect("parameters");
    let leaf = leaf.signed_by(&key, &issuer).expect("a certificate");
    let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("protocol versions")
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], key)
        .expect("a certificate");
    (issuer.pem(), TlsAcceptor::from(Arc::new(config)))
}

/// A server that gives requests whose first line holds a word an answer of this status and JSON, and any other 404.
pub(crate) async fn answering(answers: &'static [(&'static str, &'static str, &'static str)]) -> String {
    let (listener, port) = listener().await;
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            tokio::spawn(async move {
                let head = head(&mut socket).await?;
                let first = head.lines().next().unwrap_or_default();
                let found = answers.iter().find(|(word, ..)| first.contains(word));
                let (status, body) =
                    found.map_or(("404 Not Found", "{}"), |(_, status, body)| (status, body));
                let answer = format!(
                    "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
                    body.len()
                );
                socket.write_all(answer.as_bytes()).await
            });
        }
    });
    format!("http://127.0.0.1:{port}")
}

/// A server that takes every connection and says nothing.
pub(crate) async fn silent() -> String {
    let (listener, port) = listener().await;
    tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((socket, _)) = listener.accept().await {
            held.push(socket);
        }
    });
    format!("http://127.0.0.1:{port}")
}
