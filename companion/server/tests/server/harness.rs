//! A server on free ports with an authority, pages and a session log of its own, and raw requests to it.

#![expect(clippy::disallowed_methods, reason = "tests are clients of the server")]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use deskhand_platform::local::LocalAddress;
use deskhand_platform::{Paths, SecretStore};
use deskhand_protocol::hello::{
    FrontEndKind, HelloAnswer, HelloParams, OrganisationView, SandboxState, ServiceView,
};
use deskhand_protocol::message::Usage;
use deskhand_protocol::{ErrorCode, EventBody, Method, SessionEvent, SessionId, UserError};
use deskhand_server::{
    Admission, Attachment, Authority, CurrentLeaf, FrontEnd, FrontEnds, Guards, Handler, Limits,
    MemoryTokens, PageOptions, Server, ServerOptions, Subscription, attach,
};
use futures_util::future::BoxFuture;
use rustls::client::Resumption;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{broadcast, mpsc};
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_util::sync::CancellationToken;

/// What lies beside the bundle and must never be served.
pub(crate) const SECRET: &str = "the content of a file outside the bundle";
/// The session of every test.
pub(crate) const SESSION: &str = "0198c0de-0000-7000-8000-000000000001";

/// A server that runs, and ends with the test.
pub(crate) struct Running {
    pub(crate) home: TempDir,
    pub(crate) port: u16,
    pub(crate) local: LocalAddress,
    pub(crate) log: Arc<Log>,
    pub(crate) tokens: Arc<MemoryTokens>,
    pub(crate) front_ends: FrontEnds,
    pub(crate) current: Arc<CurrentLeaf>,
    pub(crate) shutdown: CancellationToken,
    pub(crate) task: JoinHandle<()>,
    connector: TlsConnector,
}

/// An answer over HTTP.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

/// A page that does nothing.
const PAGE: &str = "<!doctype html><script nonce=\"__CSP_NONCE__\"></script>";

pub(crate) async fn start(guards: Guards, limits: Limits) -> Running {
    start_with_page(guards, limits, PAGE).await
}

pub(crate) async fn start_with_page(guards: Guards, limits: Limits, page: &str) -> Running {
    let home = tempfile::tempdir().expect("tempdir");
    let paths = Paths::below(home.path());
    paths.create().expect("folders");
    let secrets = SecretStore::open(&paths).expect("secrets");
    let authority = Authority::open_guarded(&paths, &secrets, SystemTime::now(), guards).expect("authority");
    let connector = connector(&authority);
    let local = LocalAddress::of(&paths);
    let pages = PageOptions {
        folder: Some(bundle(home.path(), page)),
        ..PageOptions::default()
    };
    let options = ServerOptions {
        port: 0,
        local: local.clone(),
        pages,
        limits,
        guards,
    };
    let server = Server::bind(options, authority).await.expect("bind");
    let port = server
        .address()
        .rsplit(':')
        .next()
        .and_then(|port| port.parse().ok())
        .expect("port");
    let (front_ends, current) = (server.front_ends(), server.current());
    let (log, tokens) = (Arc::new(Log::new()), Arc::new(MemoryTokens::default()));
    let shutdown = CancellationToken::new();
    let serving = server.serve(Arc::clone(&log) as _, Arc::clone(&tokens) as _, shutdown.clone());
    let task = tokio::spawn(serving);
    Running {
        home,
        port,
        local,
        log,
        tokens,
        front_ends,
        current,
        shutdown,
        task,
        connector,
    }
}

/// A bundle as the build makes it, with a secret beside it and a link to that secret in it.
fn bundle(home: &Path, html: &str) -> std::path::PathBuf {
    let folder = home.join("web");
    for page in ["desktop", "excel", "powerpoint"] {
        std::fs::create_dir_all(folder.join(page)).expect("folder");
        std::fs::write(folder.join(page).join("index.html"), html).expect("page");
    }
    std::fs::create_dir_all(folder.join("assets")).expect("folder");
    std::fs::write(folder.join("assets/index-B5x9aQ0d.js"), "export {}").expect("script");
    std::fs::create_dir_all(folder.join("icons")).expect("folder");
    std::fs::write(folder.join("icons/icon-32.png"), "png").expect("icon");
    std::fs::write(folder.join(".env"), SECRET).expect("hidden file");
    std::fs::write(home.join("secret.txt"), SECRET).expect("secret");
    #[cfg(unix)]
    std::os::unix::fs::symlink(home.join("secret.txt"), folder.join("link.txt")).expect("link");
    folder
}

fn connector(authority: &Authority) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(authority.certificate().clone()).expect("root");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    // A resumed session shows the certificate of the first.
    config.resumption = Resumption::disabled();
    TlsConnector::from(Arc::new(config))
}

impl Running {
    /// `localhost:<port>`.
    pub(crate) fn host(&self) -> String {
        format!("localhost:{}", self.port)
    }

    /// The origin of the pages.
    pub(crate) fn origin(&self) -> String {
        format!("https://localhost:{}", self.port)
    }

    pub(crate) async fn tcp(&self) -> TcpStream {
        TcpStream::connect(("127.0.0.1", self.port))
            .await
            .expect("connect")
    }

    pub(crate) async fn tls(&self) -> TlsStream<TcpStream> {
        self.tls_over(self.tcp().await).await
    }

    /// TLS, where the server has a place for it.
    pub(crate) async fn try_tls(&self) -> std::io::Result<TlsStream<TcpStream>> {
        let name = ServerName::try_from("localhost").expect("name");
        self.connector.connect(name, self.tcp().await).await
    }

    pub(crate) async fn tls_over<S>(&self, stream: S) -> TlsStream<S>
    where
        S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
    {
        let name = ServerName::try_from("localhost").expect("name");
        self.connector
            .connect(name, stream)
            .await
            .expect("TLS with the local authority")
    }

    /// Sends a head as it stands, with `Connection: close`, and reads the answer.
    pub(crate) async fn send(&self, line: &str, headers: &[(&str, &str)]) -> Answer {
        exchange(self.tls().await, line, headers).await
    }

    /// GET of `path` as our own page asks.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(&format!("GET {path} HTTP/1.1"), &[("Host", &self.host())])
            .await
    }

    /// The way in of a window or terminal.
    pub(crate) async fn attach(&self, kind: FrontEndKind) -> Attachment {
        attach(&self.local, kind).await.expect("attach")
    }
}

/// One request and its answer over any stream.
pub(crate) async fn exchange<S>(mut stream: S, line: &str, headers: &[(&str, &str)]) -> Answer
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    let headers: String = headers
        .iter()
        .map(|(name, value)| [name, ": ", value, "\r\n"].concat())
        .collect();
    let head = format!("{line}\r\n{headers}Connection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).await.expect("write");
    let mut bytes = Vec::new();
    // A server that closes without a TLS goodbye still said what it said.
    drop(stream.read_to_end(&mut bytes).await);
    Answer::parse(&String::from_utf8_lossy(&bytes))
}

impl Answer {
    fn parse(text: &str) -> Self {
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text, ""));
        let mut lines = head.lines();
        let status = lines
            .next()
            .and_then(|line| line.split(' ').nth(1))
            .and_then(|code| code.parse().ok());
        let headers = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        Self {
            status: status.unwrap_or(0),
            headers,
            body: body.to_owned(),
        }
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

/// A handler that keeps one session's log in memory and says what it was called with.
pub(crate) struct Log {
    events: Mutex<Vec<SessionEvent>>,
    live: broadcast::Sender<Arc<SessionEvent>>,
    gone: mpsc::Sender<FrontEndKind>,
    pub(crate) goodbyes: tokio::sync::Mutex<mpsc::Receiver<FrontEndKind>>,
    pub(crate) reads: std::sync::atomic::AtomicUsize,
    /// Who was let in and kept out, in order.
    pub(crate) admissions: Mutex<Vec<Admission>>,
}

impl Log {
    fn new() -> Self {
        let (gone, goodbyes) = mpsc::channel(64);
        Self {
            events: Mutex::default(),
            live: broadcast::channel(64).0,
            gone,
            goodbyes: tokio::sync::Mutex::new(goodbyes),
            reads: std::sync::atomic::AtomicUsize::new(0),
            admissions: Mutex::default(),
        }
    }

    /// Writes one event of `bytes` bytes of title: into the log first, then to who is there (Invariant 1).
    pub(crate) fn append(&self, bytes: usize) -> u64 {
        let mut events = self.events.lock().expect("log");
        let seq = events.len() as u64 + 1;
        let body = EventBody::SessionRenamed {
            title: "x".repeat(bytes),
        };
        let event = SessionEvent {
            seq,
            first_seq: None,
            at: 0,
            version: 1,
            body,
        };
        events.push(event.clone());
        // Nobody may be there.
        drop(self.live.send(Arc::new(event)));
        seq
    }

    /// The next front end that leaves.
    pub(crate) async fn goodbye(&self) -> FrontEndKind {
        let mut goodbyes = self.goodbyes.lock().await;
        tokio::time::timeout(Duration::from_secs(10), goodbyes.recv())
            .await
            .expect("in time")
            .expect("a goodbye")
    }
}

impl Handler for Log {
    fn hello<'a>(
        &'a self,
        _: &'a FrontEnd,
        params: HelloParams,
    ) -> BoxFuture<'a, Result<HelloAnswer, UserError>> {
        assert_eq!(params.token, "", "the token is not the handler's business");
        let view = ServiceView {
            act_locked: false,
            tour: false,
            managed: false,
            configured: false,
            models: Vec::new(),
            model_locked: false,
            sandbox: SandboxState::NotNeeded,
            sandbox_fault: None,
            secret_store: "keyFile".to_owned(),
            notices: Vec::new(),
            earlier_sessions: false,
            stopped: None,
            organisation: OrganisationView::default(),
            bootstrap: None,
            sign_in: None,
            last_day: Usage::default(),
            promise: None,
            usage: None,
            turn_budget: None,
        };
        let answer = HelloAnswer {
            version: "test".to_owned(),
            view,
            sessions: Vec::new(),
            documents: Vec::new(),
            document: None,
        };
        Box::pin(async { Ok(answer) })
    }

    fn call<'a>(
        &'a self,
        front_end: &'a FrontEnd,
        method: Method,
        params: Value,
    ) -> BoxFuture<'a, Result<Value, UserError>> {
        Box::pin(async move {
            assert!(params.get("break").is_none(), "a call that breaks");
            Ok(json!({ "method": method.name(), "params": params, "by": front_end.kind() }))
        })
    }

    fn subscribe<'a>(&'a self, session: &'a SessionId) -> BoxFuture<'a, Result<Subscription, UserError>> {
        Box::pin(async move {
            if session.as_str() != SESSION {
                return Err(UserError::new(ErrorCode::SessionNotFound));
            }
            let live = self.live.subscribe();
            let last_seq = self.events.lock().expect("log").len() as u64;
            Ok(Subscription { last_seq, live })
        })
    }

    fn read<'a>(
        &'a self,
        _: &'a SessionId,
        after: u64,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<SessionEvent>, UserError>> {
        self.reads.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let events = self.events.lock().expect("log");
        let found = events.iter().skip(after as usize).take(limit).cloned().collect();
        Box::pin(async move { Ok(found) })
    }

    fn admission(&self, admission: Admission) {
        self.admissions.lock().expect("admissions").push(admission);
    }

    fn disconnected(&self, front_end: &FrontEnd) {
        self.gone.try_send(front_end.kind()).expect("few leave in a test");
    }
}
