//! A proxy that leads every tunnel to one address, and speaks TLS there as the host that was asked for: a cloud under its
//! public name.

#![expect(clippy::disallowed_methods, reason = "the far side of a proxy")]

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// A proxy to one address. It runs for as long as the runtime that it was started in.
#[derive(Clone, Debug)]
pub struct Tunnel {
    /// The address of the proxy itself.
    pub proxy: String,
    /// The authority that signed for the hosts.
    pub authority: CertificateDer<'static>,
}

impl Tunnel {
    /// A proxy whose every tunnel ends at the origin `base`, under the names of these hosts.
    ///
    /// # Panics
    /// When no certificate can be made or no port is free.
    pub async fn to(base: &str, hosts: &[&str]) -> Self {
        let (authority, acceptor) = certified(hosts);
        let line = base.trim_start_matches("http://").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let proxy = format!("http://{}", listener.local_addr().expect("an address"));
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(serve(socket, acceptor.clone(), line.clone()));
            }
        });
        Self { proxy, authority }
    }
}

/// One tunnel; an end that closes closes the other one.
async fn serve(mut socket: TcpStream, acceptor: TlsAcceptor, line: String) -> std::io::Result<()> {
    socket.set_nodelay(true)?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(socket.read_u8().await?);
    }
    let Ok(mut far) = TcpStream::connect(line).await else {
        return socket
            .write_all(b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n")
            .await;
    };
    far.set_nodelay(true)?;
    socket.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?;
    let mut near = acceptor.accept(socket).await?;
    copy_bidirectional(&mut near, &mut far).await.map(drop)
}

fn certified(hosts: &[&str]) -> (CertificateDer<'static>, TlsAcceptor) {
    let key = KeyPair::generate().expect("a key");
    let mut params = CertificateParams::new(Vec::new()).expect("parameters");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = params.self_signed(&key).expect("an authority");
    let issuer = Issuer::new(params, key);
    let key = KeyPair::generate().expect("a key");
    let leaf = CertificateParams::new(hosts.iter().map(ToString::to_string).collect::<Vec<_>>())
        .expect("parameters");
    let leaf = leaf.signed_by(&key, &issuer).expect("a certificate");
    let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a private key");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("protocol versions")
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], key)
        .expect("a certificate");
    (authority.der().clone(), TlsAcceptor::from(Arc::new(config)))
}
