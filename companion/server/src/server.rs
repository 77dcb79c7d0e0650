//! The server as a whole: what it is made of, and every connection from its first byte to its end.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use deskhand_platform::local::{LocalAddress, LocalError, LocalListener};
use deskhand_platform::peer::{self, PeerOwner};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use crate::auth::Names;
use crate::certificate::{Authority, CertificateError};
use crate::front_end::FrontEnds;
use crate::guards::{Guard, Guards};
use crate::limits::Limits;
use crate::listener::{BindError, Listener};
use crate::pages::{PageOptions, Pages};
use crate::pairing::Pairings;
use crate::tls::{CurrentLeaf, server_config};
use crate::token::{LocalTokens, TokenStore};
use crate::{Handler, bootstrap, door};

/// The WebSocket of the session protocol.
pub const SESSION_PATH: &str = "/v1/session";

/// How long front ends may take to hear that the service stops.
const GOODBYE: Duration = Duration::from_secs(2);

/// What a server is made of.
#[derive(Debug)]
pub struct ServerOptions {
    /// The port on both loopback addresses; 0 for any free one.
    pub port: u16,
    /// The local channel for window and terminal.
    pub local: LocalAddress,
    /// The pages.
    pub pages: PageOptions,
    /// Caps and deadlines.
    pub limits: Limits,
    /// The guards that stand; all of them outside tests.
    pub guards: Guards,
}

/// Why there is no server.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServerError {
    /// The port is taken or cannot be used.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// The local channel cannot be opened.
    #[error(transparent)]
    Local(#[from] LocalError),
    /// There is no certificate.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// TLS could not be set up.
    #[error("TLS could not be set up")]
    Tls(#[from] rustls::Error),
    /// The folder of the pages cannot be opened.
    #[error("the folder of the pages cannot be opened")]
    Pages(#[source] std::io::Error),
}

/// A server that is bound, and not yet serving.
pub struct Server {
    listener: Listener,
    local: LocalListener,
    tls: TlsAcceptor,
    current: Arc<CurrentLeaf>,
    pages: Pages,
    limits: Limits,
    guards: Guards,
    front_ends: FrontEnds,
    local_tokens: LocalTokens,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Server")
            .field("address", &self.address())
            .finish_non_exhaustive()
    }
}

/// What every connection of a server shares.
pub(crate) struct Shared {
    pub(crate) handler: Arc<dyn Handler>,
    pub(crate) tokens: Arc<dyn TokenStore>,
    pub(crate) local_tokens: LocalTokens,
    pub(crate) pairings: Pairings,
    pub(crate) front_ends: FrontEnds,
    pub(crate) current: Arc<CurrentLeaf>,
    pub(crate) limits: Limits,
    pub(crate) guards: Guards,
    pub(crate) shutdown: CancellationToken,
    pub(crate) names: Names,
    pub(crate) pages: Pages,
    port: u16,
}

impl Server {
    /// Takes the port and opens the local channel. The caller holds the instance lock.
    pub async fn bind(options: ServerOptions, authority: Authority) -> Result<Self, ServerError> {
        let listener = Listener::bind(options.port).await?;
        let local = LocalListener::bind(&options.local)?;
        let current = Arc::new(CurrentLeaf::new(authority, SystemTime::now())?);
        let tls = TlsAcceptor::from(Arc::new(server_config(Arc::clone(&current))?));
        let pages = Pages::open(options.pages, options.guards).map_err(ServerError::Pages)?;
        let (limits, guards) = (options.limits, options.guards);
        Ok(Self {
            listener,
            local,
            tls,
            current,
            pages,
            limits,
            guards,
            front_ends: FrontEnds::default(),
            local_tokens: LocalTokens::default(),
        })
    }

    /// The origin of the pages, such as `https://localhost:47600`.
    pub fn address(&self) -> String {
        address(self.listener.port())
    }

    /// The port that it listens on.
    pub fn port(&self) -> u16 {
        self.listener.port()
    }

    /// The front ends, for the handler.
    pub fn front_ends(&self) -> FrontEnds {
        self.front_ends.clone()
    }

    /// The tokens of the local channel, to be handed on where the service starts anew.
    pub fn local_tokens(&self) -> LocalTokens {
        self.local_tokens.clone()
    }

    /// The certificate and its authority.
    pub fn current(&self) -> Arc<CurrentLeaf> {
        Arc::clone(&self.current)
    }

    /// Serves until `shutdown`, then says goodbye to every front end.
    pub async fn serve(
        self,
        handler: Arc<dyn Handler>,
        tokens: Arc<dyn TokenStore>,
        shutdown: CancellationToken,
    ) {
        let port = self.listener.port();
        let shared = Arc::new(Shared {
            handler,
            tokens,
            local_tokens: self.local_tokens,
            pairings: Pairings::new(self.limits.clone(), self.guards),
            front_ends: self.front_ends,
            current: self.current,
            limits: self.limits,
            guards: self.guards,
            shutdown: shutdown.clone(),
            names: Names::new(port),
            pages: self.pages,
            port,
        });
        let local = tokio::spawn(bootstrap::serve(Arc::clone(&shared), self.local));
        accept(&shared, &self.listener, &self.tls).await;
        if local.await.is_err() {
            tracing::error!("the local channel failed");
        }
    }
}

impl Shared {
    pub(crate) fn address(&self) -> String {
        address(self.port)
    }
}

fn address(port: u16) -> String {
    format!("https://localhost:{port}")
}

async fn accept(shared: &Arc<Shared>, listener: &Listener, tls: &TlsAcceptor) {
    let room = Arc::new(Semaphore::new(shared.limits.connections));
    let strangers = Arc::new(Semaphore::new(shared.limits.strangers));
    let mut connections = JoinSet::new();
    loop {
        let (stream, peer) = tokio::select! {
            () = shared.shutdown.cancelled() => break,
            Some(_) = connections.join_next() => continue,
            accepted = listener.accept() => accepted,
        };
        let (shared, tls) = (Arc::clone(shared), tls.clone());
        let (room, strangers) = (Arc::clone(&room), Arc::clone(&strangers));
        connections.spawn(async move {
            let owner = peer_owner(&stream, peer).await;
            let known = owner == PeerOwner::SameUser || !shared.guards.stands(Guard::PeerOwner);
            // No room means that somebody of this user has gone wild; a closed connection is what it can understand.
            let room = if known { room } else { strangers };
            let Ok(permit) = room.try_acquire_owned() else {
                return;
            };
            let arrival = Arrival {
                known,
                _permit: Arc::new(permit),
            };
            serve_stream(shared, tls, stream, arrival).await;
        });
    }
    connections.shutdown().await;
    // WebSockets say goodbye by themselves; each holds its place until it has.
    let all = u32::try_from(shared.limits.connections).unwrap_or(u32::MAX);
    if timeout(GOODBYE, room.acquire_many(all)).await.is_err() {
        tracing::debug!("a front end did not take leave in time");
    }
}

/// Who owns the other end; when the table cannot be read, nobody is vouched for.
async fn peer_owner(stream: &TcpStream, peer: std::net::SocketAddr) -> PeerOwner {
    let Ok(local) = stream.local_addr() else {
        return PeerOwner::Unknown;
    };
    let looked = tokio::task::spawn_blocking(move || peer::owner(local, peer)).await;
    match looked {
        Ok(Ok(owner)) => owner,
        Ok(Err(error)) => {
            tracing::warn!(%error, "the owner of a connection could not be looked up");
            PeerOwner::Unknown
        }
        Err(_) => PeerOwner::Unknown,
    }
}

/// What is known of a connection before its first request.
#[derive(Clone)]
pub(crate) struct Arrival {
    /// It comes from this user.
    pub(crate) known: bool,
    /// Its place among the connections, held by its WebSocket too.
    _permit: Arc<OwnedSemaphorePermit>,
}

/// The first byte of a TLS handshake record (RFC 8446, section 5.1).
const HANDSHAKE: u8 = 22;

async fn serve_stream(shared: Arc<Shared>, tls: TlsAcceptor, mut stream: TcpStream, arrival: Arrival) {
    // Events are small and must not wait for each other.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection stays with Nagle's algorithm");
    }
    let mut first = [0];
    let peeked = timeout(shared.limits.handshake, stream.peek(&mut first)).await;
    if !matches!(peeked, Ok(Ok(1))) {
        return;
    }
    if first[0] != HANDSHAKE {
        if shared.guards.stands(Guard::Tls) {
            // Whoever spoke plain text may be gone already.
            drop(timeout(shared.limits.handshake, refuse_plain_text(&mut stream)).await);
        } else {
            serve_http(shared, stream, arrival).await;
        }
        return;
    }
    if let Err(error) = shared.current.renew(SystemTime::now()) {
        tracing::error!(%error, "the certificate could not be renewed");
    }
    match timeout(shared.limits.handshake, tls.accept(stream)).await {
        Ok(Ok(stream)) => serve_http(shared, stream, arrival).await,
        Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake was broken off"),
        Err(_) => tracing::debug!("a TLS handshake took too long"),
    }
}

/// An answer and no redirect: an address without TLS must not seem to work.
async fn refuse_plain_text(stream: &mut TcpStream) -> std::io::Result<()> {
    let text = "This port speaks https only.\n";
    let answer = format!(
        "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\n\
         X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n{text}",
        text.len()
    );
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await
}

async fn serve_http<S>(shared: Arc<Shared>, stream: S, arrival: Arrival)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let deadline = shared.limits.handshake;
    let known = arrival.known;
    let service = service_fn(move |request| {
        let (shared, arrival) = (Arc::clone(&shared), arrival.clone());
        async move { Ok::<_, Infallible>(door::answer(shared, arrival, request).await) }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(deadline)
        .max_buf_size(64 * 1024);
    let connection = http
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let ended = if known {
        connection.await
    } else {
        timeout(deadline, connection).await.unwrap_or(Ok(()))
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}
