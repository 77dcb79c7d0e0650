//! The other side of a connection: a server on a port of its own that counts the requests it sees.

#![expect(clippy::disallowed_methods, reason = "the far side of a proxy")]

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use deskhand_egress::{Resolve, Resolving};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// A name that the certificate of a [`TlsParty`] holds, and that no resolver knows.
pub(crate) const PROVIDER: &str = "provider.example";

/// A plain server on loopback.
pub(crate) struct Party {
    pub(crate) base: String,
    seen: Arc<AtomicUsize>,
}

impl Party {
    pub(crate) async fn serve(router: Router) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        let seen = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&seen);
        let counted = router.layer(from_fn(move |request: Request, next: Next| {
            count.fetch_add(1, Ordering::SeqCst);
            next.run(request)
        }));
        tokio::spawn(async move { axum::serve(listener, counted).await });
        Self { base, seen }
    }

    pub(crate) fn seen(&self) -> usize {
        self.seen.load(Ordering::SeqCst)
    }
}

/// A server with a certificate from an authority of its own, which answers every request with an empty 200.
pub(crate) struct TlsParty {
    /// At `localhost`.
    pub(crate) base: String,
    pub(crate) port: u16,
    pub(crate) authority: CertificateDer<'static>,
}

impl TlsParty {
    pub(crate) async fn serve() -> Self {
        let (authority, chain, key) = certificate();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("protocol versions")
            .with_no_client_auth()
            .with_single_cert(vec![chain], key)
            .expect("a certificate");
        let acceptor = TlsAcceptor::from(Arc::new(config));
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let Ok(mut stream) = acceptor.accept(socket).await else {
                    continue;
                };
                let mut head = [0; 4096];
                if stream.read(&mut head).await.is_ok() {
                    let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
                    stream.write_all(answer).await.expect("an open connection");
                }
            }
        });
        Self {
            base: format!("https://localhost:{port}"),
            port,
            authority,
        }
    }
}

pub(crate) fn certificate() -> (
    CertificateDer<'static>,
    CertificateDer<'static>,
    PrivateKeyDer<'static>,
) {
    let authority_key = KeyPair::generate().expect("a key");
    let mut params = CertificateParams::new(Vec::new()).expect("parameters");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = params.self_signed(&authority_key).expect("an authority");
    let issuer = Issuer::new(params, authority_key);
    let key = KeyPair::generate().expect("a key");
    let leaf = CertificateParams::new(vec!["localhost".to_owned(), PROVIDER.to_owned()]).expect("parameters");
    let leaf = leaf.signed_by(&key, &issuer).expect("a certificate");
    let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
    (authority.der().clone(), leaf.der().clone(), key)
}

/// A proxy that opens a tunnel for whatever is asked, always to the same port of this machine, and keeps what was asked.
pub(crate) struct TunnelProxy {
    /// `127.0.0.1:port`
    pub(crate) place: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl TunnelProxy {
    pub(crate) async fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let place = listener.local_addr().expect("an address").to_string();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let record = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let record = Arc::clone(&record);
                tokio::spawn(async move {
                    let mut client = BufReader::new(socket);
                    let mut head = String::new();
                    while !head.ends_with("\r\n\r\n") {
                        if client.read_line(&mut head).await.unwrap_or(0) == 0 {
                            return;
                        }
                    }
                    record
                        .lock()
                        .expect("no panic")
                        .push(head.lines().next().unwrap_or_default().to_owned());
                    let mut far = TcpStream::connect(("127.0.0.1", port))
                        .await
                        .expect("the far side");
                    // In one piece with what the far side says first, as a busy network may deliver it.
                    let mut first = b"HTTP/1.1 200 Connection established\r\n\r\n".to_vec();
                    if head.contains(":2222 ") {
                        far.read_buf(&mut first).await.expect("a greeting");
                    }
                    client.write_all(&first).await.expect("an open connection");
                    drop(copy_bidirectional(&mut client, &mut far).await);
                });
            }
        });
        Self { place, asked }
    }

    /// The first line of each request.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("no panic").clone()
    }
}

/// A party that answers every connection with the same bytes and ends it.
pub(crate) async fn blurting(bytes: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let place = listener.local_addr().expect("an address").to_string();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut head = [0; 4096];
            drop(socket.read(&mut head).await);
            drop(socket.write_all(bytes).await);
        }
    });
    place
}

/// A resolver with its answers written down: the last one stays.
#[derive(Debug, Default)]
pub(crate) struct Names {
    answers: Mutex<VecDeque<Vec<IpAddr>>>,
    pub(crate) asked: Mutex<Vec<String>>,
}

impl Names {
    pub(crate) fn answering(answers: &[&[&str]]) -> Arc<Self> {
        let read = |list: &&[&str]| {
            list.iter()
                .map(|text| text.parse().expect("an address"))
                .collect()
        };
        Arc::new(Self {
            answers: Mutex::new(answers.iter().map(read).collect()),
            asked: Mutex::default(),
        })
    }

    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("no panic").clone()
    }
}

impl Resolve for Names {
    fn resolve(&self, name: &str) -> Resolving {
        self.asked.lock().expect("no panic").push(name.to_owned());
        let mut answers = self.answers.lock().expect("no panic");
        let answer = if answers.len() > 1 {
            answers.pop_front()
        } else {
            answers.front().cloned()
        };
        let answer = answer.ok_or_else(|| std::io::Error::other("no such name"));
        Box::pin(async move { answer })
    }
}

/// What a proxy says to one request.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Said {
    /// This, and the connection ends.
    Close(&'static str),
    /// This, and the next request comes on the same connection.
    Keep(&'static str),
    /// It opens the tunnel.
    Tunnel,
}

/// A proxy that says one thing after the other, and keeps the credentials of each request.
pub(crate) async fn rounds(port: u16, says: Vec<Said>) -> TunnelProxy {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let place = listener.local_addr().expect("an address").to_string();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let record = Arc::clone(&asked);
    tokio::spawn(async move {
        let mut says = says.into_iter();
        while let Ok((socket, _)) = listener.accept().await {
            let mut client = BufReader::new(socket);
            loop {
                let mut head = String::new();
                while !head.ends_with("\r\n\r\n") {
                    if client.read_line(&mut head).await.unwrap_or(0) == 0 {
                        break;
                    }
                }
                if head.is_empty() {
                    break;
                }
                let sent = head
                    .lines()
                    .find_map(|line| line.strip_prefix("Proxy-Authorization: "));
                record
                    .lock()
                    .expect("no panic")
                    .push(sent.unwrap_or_default().to_owned());
                match says.next().expect("no more than is asked for") {
                    Said::Close(text) => {
                        client
                            .write_all(text.as_bytes())
                            .await
                            .expect("an open connection");
                        break;
                    }
                    Said::Keep(text) => client
                        .write_all(text.as_bytes())
                        .await
                        .expect("an open connection"),
                    Said::Tunnel => {
                        let mut far = TcpStream::connect(("127.0.0.1", port))
                            .await
                            .expect("the far side");
                        let open = b"HTTP/1.1 200 Connection established\r\n\r\n";
                        client.write_all(open).await.expect("an open connection");
                        drop(copy_bidirectional(&mut client, &mut far).await);
                        break;
                    }
                }
            }
        }
    });
    TunnelProxy { place, asked }
}
