//! An organisation's image store: a web server over TLS that gives out a folder, knows ranges, and stops in the middle of a part
//! where a test says so.

#![expect(clippy::disallowed_methods, reason = "the far side of a connection")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_LENGTH, CONTENT_RANGE, RANGE};
use axum::http::{Response, StatusCode};
use futures_util::{StreamExt as _, stream};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

/// What becomes of the second half of `system.squashfs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Half {
    /// It comes.
    Comes,
    /// It is waited for.
    Waits,
    /// The connection ends before it.
    Cut,
}

/// A store that answers until the test ends.
pub(crate) struct ImageStore {
    pub(crate) address: String,
    /// Its authority, as PEM.
    pub(crate) authority: String,
    half: watch::Sender<Half>,
}

#[derive(Clone)]
struct Shared {
    folder: PathBuf,
    half: watch::Receiver<Half>,
}

impl ImageStore {
    /// Gives out this folder; `manifest.json` may lie there as `image.json`, as in the folder of images.
    pub(crate) async fn of(folder: &Path, half: Half) -> Self {
        let half = watch::Sender::new(half);
        let shared = Shared {
            folder: folder.to_owned(),
            half: half.subscribe(),
        };
        let router = Router::new().fallback(file).with_state(shared);
        let (inner, inner_port) = listener().await;
        tokio::spawn(async move { axum::serve(inner, router).await });
        let (authority, acceptor) = certified();
        let (outer, port) = listener().await;
        tokio::spawn(async move {
            while let Ok((socket, _)) = outer.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    let mut outer = acceptor.accept(socket).await?;
                    let mut inner = TcpStream::connect(("127.0.0.1", inner_port)).await?;
                    copy_bidirectional(&mut outer, &mut inner).await
                });
            }
        });
        Self {
            address: format!("https://localhost:{port}/deskhand"),
            authority,
            half,
        }
    }

    /// From now on this becomes of the second half.
    pub(crate) fn second_half(&self, half: Half) {
        self.half.send_replace(half);
    }
}

async fn listener() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    (listener, port)
}

async fn file(State(shared): State<Shared>, request: Request) -> Response<Body> {
    let path = request.uri().path().trim_start_matches("/deskhand/").to_owned();
    let file = shared.folder.join(path.replace("manifest.json", "image.json"));
    let Ok(content) = std::fs::read(&file).map(Bytes::from) else {
        let missing = Response::builder().status(StatusCode::NOT_FOUND);
        return missing.body(Body::empty()).expect("an answer");
    };
    let range = request.headers().get(RANGE).and_then(|range| range.to_str().ok());
    let from = range.and_then(|range| {
        range
            .strip_prefix("bytes=")?
            .strip_suffix('-')?
            .parse::<usize>()
            .ok()
    });
    let size = content.len();
    let rest = content.slice(from.unwrap_or(0)..);
    let mut answer = Response::builder().header(CONTENT_LENGTH, rest.len());
    if let Some(from) = from {
        let range = format!("bytes {from}-{}/{size}", size - 1);
        answer = answer
            .status(StatusCode::PARTIAL_CONTENT)
            .header(CONTENT_RANGE, range);
    }
    let middle = if path.ends_with("system.squashfs") {
        (size / 2).saturating_sub(from.unwrap_or(0))
    } else {
        rest.len()
    };
    let (first, second) = (rest.slice(..middle), rest.slice(middle..));
    let mut half = shared.half;
    let second = stream::once(async move {
        if !second.is_empty() {
            let now = half.wait_for(|half| *half != Half::Waits).await;
            if now.is_ok_and(|now| *now == Half::Cut) {
                return Err(std::io::Error::other("the store was switched off"));
            }
        }
        Ok(second)
    });
    let body = stream::once(async move { Ok(first) }).chain(second);
    answer.body(Body::from_stream(body)).expect("an answer")
}

fn certified() -> (String, TlsAcceptor) {
    let mut authority = CertificateParams::new(Vec::new()).expect("parameters");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().expect("a key");
    let issuer = CertifiedIssuer::self_signed(authority, key).expect("an authority");
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
    (issuer.pem(), TlsAcceptor::from(Arc::new(config)))
}
