//! An image store: a web server over TLS on loopback that gives out the files of a folder, and fails as a test says.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use deskhand_egress::{EgressAudit, EgressDecision, Gate, Network};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// What becomes of one request for a file.
#[derive(Clone, Debug)]
pub(crate) enum Does {
    /// The connection ends after so many bytes of the body.
    Cut(usize),
    /// Ranges are not known.
    NoRanges,
    /// This answer in the place of any.
    Raw(String),
}

/// A store that answers until its value goes.
pub(crate) struct Server {
    pub(crate) address: String,
    authority: CertificateDer<'static>,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Debug, Default)]
struct Seen {
    /// `GET /path from`, one a request.
    asked: Vec<String>,
    /// By the end of the path; each counts once.
    does: Vec<(String, Does)>,
    decided: Vec<EgressDecision>,
}

/// What the gate decided.
#[derive(Debug)]
struct Heard(Arc<Mutex<Seen>>);

impl EgressAudit for Heard {
    fn record(&self, decision: EgressDecision) {
        self.0.lock().expect("no panic").decided.push(decision);
    }
}

impl Server {
    pub(crate) async fn of(folder: PathBuf) -> Self {
        let (authority, acceptor) = certified();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let seen = Arc::new(Mutex::new(Seen::default()));
        let shared = Arc::clone(&seen);
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let (acceptor, folder, seen) = (acceptor.clone(), folder.clone(), Arc::clone(&shared));
                tokio::spawn(async move { drop(served(socket, acceptor, folder, seen).await) });
            }
        });
        Self {
            address: format!("https://localhost:{port}/images"),
            authority,
            seen,
        }
    }

    /// Does this with the next request for a path that ends so.
    pub(crate) fn once(&self, end: &str, does: Does) {
        self.seen
            .lock()
            .expect("no panic")
            .does
            .push((end.to_owned(), does));
    }

    /// What was asked for, each with where it was to begin.
    pub(crate) fn asked(&self, end: &str) -> Vec<u64> {
        let seen = self.seen.lock().expect("no panic");
        let of = seen.asked.iter().filter_map(|line| line.split_once(' '));
        of.filter(|(path, _)| path.ends_with(end))
            .map(|(_, from)| from.parse().expect("a number"))
            .collect()
    }

    pub(crate) fn decided(&self) -> Vec<EgressDecision> {
        self.seen.lock().expect("no panic").decided.clone()
    }

    /// A gate whose policy names this store, on a computer that trusts its certificate.
    pub(crate) fn gate(&self) -> Gate {
        self.gate_trusting(vec![self.authority.clone()])
    }

    pub(crate) fn gate_trusting(&self, extra_roots: Vec<CertificateDer<'static>>) -> Gate {
        let network = Network {
            extra_roots,
            audit: Some(Arc::new(Heard(Arc::clone(&self.seen)))),
            ..Network::default()
        };
        let address = self.address.clone();
        let setting = move |key: &str| match key {
            "deskhandImageStoreUrl" => json!(address),
            _ => Value::Null,
        };
        Gate::new(setting, network)
    }
}

async fn served(
    socket: TcpStream,
    acceptor: TlsAcceptor,
    folder: PathBuf,
    seen: Arc<Mutex<Seen>>,
) -> std::io::Result<()> {
    let mut stream = acceptor.accept(socket).await?;
    loop {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await?);
        }
        let head = String::from_utf8_lossy(&head).to_ascii_lowercase();
        let path = head.split_whitespace().nth(1).unwrap_or_default().to_owned();
        let range = head.lines().find_map(|line| line.strip_prefix("range: bytes="));
        let from: Option<usize> = range.and_then(|range| range.trim_end_matches('-').parse().ok());
        let does = {
            let mut seen = seen.lock().expect("no panic");
            seen.asked.push(format!("{path} {}", from.unwrap_or(0)));
            let at = seen.does.iter().position(|(end, _)| path.ends_with(end));
            at.map(|at| seen.does.remove(at).1)
        };
        if let Some(Does::Raw(answer)) = &does {
            stream.write_all(answer.as_bytes()).await?;
            return stream.shutdown().await;
        }
        let file = path.strip_prefix("/images/").map(|path| folder.join(path));
        let Some(content) = file.and_then(|file| std::fs::read(file).ok()) else {
            stream
                .write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n")
                .await?;
            continue;
        };
        let from = from.filter(|_| !matches!(does, Some(Does::NoRanges)));
        let most = match does {
            Some(Does::Cut(most)) => most,
            _ => usize::MAX,
        };
        if !answer(&mut stream, &content, from, most).await? {
            return Ok(());
        }
    }
}

/// Answers with a file or the rest of one; false where the connection is to end in the middle.
async fn answer(
    stream: &mut TlsStream<TcpStream>,
    content: &[u8],
    from: Option<usize>,
    most: usize,
) -> std::io::Result<bool> {
    let size = content.len();
    let head = match from {
        Some(from) if from >= size => {
            let refused = format!(
                "HTTP/1.1 416 Range Not Satisfiable\r\ncontent-range: bytes */{size}\r\ncontent-length: 0\r\n\r\n"
            );
            stream.write_all(refused.as_bytes()).await?;
            return Ok(true);
        }
        Some(from) => format!(
            "HTTP/1.1 206 Partial Content\r\ncontent-range: bytes {from}-{}/{size}\r\ncontent-length: {}\r\n\r\n",
            size - 1,
            size - from
        ),
        None => format!("HTTP/1.1 200 OK\r\ncontent-length: {size}\r\n\r\n"),
    };
    stream.write_all(head.as_bytes()).await?;
    let rest = &content[from.unwrap_or(0)..];
    stream.write_all(&rest[..most.min(rest.len())]).await?;
    stream.flush().await?;
    Ok(most >= rest.len())
}

fn certified() -> (CertificateDer<'static>, TlsAcceptor) {
    let mut authority = CertificateParams::new(Vec::new()).expect("parameters");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer =
        CertifiedIssuer::self_signed(authority, KeyPair::generate().expect("a key")).expect("an authority");
    let key = KeyPair::generate().expect("a key");
    let leaf = CertificateParams::new(vec!["localhost".to_owned()]).expect("parameters");
    let leaf = leaf.signed_by(&key, &issuer).expect("a certificate");
    let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("protocol versions")
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], key)
        .expect("a certificate");
    (issuer.der().clone(), TlsAcceptor::from(Arc::new(config)))
}
