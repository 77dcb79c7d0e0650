//! The loopback server of the host page: its files, its socket and the commands of tests, over TLS.

mod tls;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::broadcast;

use super::engine::{Command, Effect, Engine, StartError};

/// Frames and bodies above this are refused; a deck in base64 fits.
const MAX_MESSAGE: usize = 64 * 1024 * 1024;

/// What the host is started with.
#[derive(Clone, Debug)]
pub struct Options {
    /// The .xlsx or .pptx to open, and to save into.
    pub document: PathBuf,
    /// The port on the loopback address; 0 takes a free one.
    pub port: u16,
    /// The address of the pane that the page frames.
    pub pane: String,
    /// The origin of another host, whose page the tour's page shows beside this one.
    pub beside: Option<String>,
    /// The folder of the built host page.
    pub web: PathBuf,
    /// The certificate chain, PEM.
    pub certificate: PathBuf,
    /// Its private key, PEM.
    pub key: PathBuf,
    /// Write each change to the file at once.
    pub autosave: bool,
}

/// Why the host could not start, or stopped.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The document.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The certificate or its key.
    #[error("the certificate or its key cannot be used: {0}")]
    Certificate(String),
    /// The port.
    #[error("the port cannot be used: {0}")]
    Bind(std::io::Error),
    /// The server.
    #[error("the server stopped: {0}")]
    Serve(std::io::Error),
}

/// What every connection shares.
#[derive(Clone, Debug)]
struct Shared {
    engine: Arc<Mutex<Engine>>,
    pushes: broadcast::Sender<Value>,
    options: Arc<Options>,
    port: u16,
}

/// A command with the number that its answer carries.
#[derive(Debug, Deserialize)]
struct Numbered {
    id: u64,
    #[serde(flatten)]
    command: Command,
}

/// Opens the document and serves until the process ends; `ready` gets the address of the page.
pub async fn serve(options: Options, ready: impl FnOnce(&str)) -> Result<(), ServeError> {
    let engine = Engine::open(&options.document, options.autosave)?;
    let config = tls::config(&options.certificate, &options.key)?;
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, options.port));
    let listener = TcpListener::bind(address).await.map_err(ServeError::Bind)?;
    let port = listener.local_addr().map_err(ServeError::Bind)?.port();
    let (pushes, _) = broadcast::channel(1024);
    let shared = Shared {
        engine: Arc::new(Mutex::new(engine)),
        pushes,
        options: Arc::new(options),
        port,
    };
    let router = Router::new()
        .route("/host.json", get(description))
        .route("/socket", get(socket))
        .route("/control", post(control))
        .fallback(file)
        .layer(DefaultBodyLimit::max(MAX_MESSAGE))
        .layer(middleware::from_fn_with_state(shared.clone(), guard))
        .with_state(shared);
    ready(&format!("https://localhost:{port}/"));
    axum::serve(tls::Listener::new(listener, config), router)
        .await
        .map_err(ServeError::Serve)
}

/// Only this page, addressed as `localhost`, gets through; a client that is no page has no origin.
async fn guard(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    if is_own(request.headers(), shared.port) {
        next.run(request).await
    } else {
        StatusCode::FORBIDDEN.into_response()
    }
}

fn is_own(headers: &HeaderMap, port: u16) -> bool {
    let host = format!("localhost:{port}");
    let origin = format!("https://{host}");
    headers
        .get(header::HOST)
        .is_some_and(|found| found.as_bytes() == host.as_bytes())
        && headers
            .get(header::ORIGIN)
            .is_none_or(|found| found.as_bytes() == origin.as_bytes())
}

async fn description(State(shared): State<Shared>) -> Json<Value> {
    let engine = shared.engine.lock().unwrap_or_else(PoisonError::into_inner);
    Json(json!({
        "application": engine.application(),
        "pane": shared.options.pane,
        "path": engine.path(),
        "beside": shared.options.beside,
    }))
}

async fn control(State(shared): State<Shared>, Json(command): Json<Command>) -> Response {
    match shared.perform(command) {
        Ok(answer) => Json(answer).into_response(),
        Err(error) => (StatusCode::CONFLICT, Json(error)).into_response(),
    }
}

async fn socket(State(shared): State<Shared>, upgrade: WebSocketUpgrade) -> Response {
    upgrade
        .max_message_size(MAX_MESSAGE)
        .max_frame_size(MAX_MESSAGE)
        .on_upgrade(|socket| page(shared, socket))
}

/// Serves one page until it goes.
async fn page(shared: Shared, mut socket: WebSocket) {
    let mut pushes = shared.pushes.subscribe();
    loop {
        let reply = tokio::select! {
            message = socket.recv() => match message {
                Some(Ok(Message::Text(text))) => shared.answer(&text),
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                Some(Ok(_)) => None,
            },
            push = pushes.recv() => match push {
                Ok(push) => Some(push),
                // A page that fell behind draws anew.
                Err(broadcast::error::RecvError::Lagged(_)) => Some(json!({ "push": "changed" })),
                Err(broadcast::error::RecvError::Closed) => return,
            },
        };
        if let Some(reply) = reply
            && socket
                .send(Message::Text(reply.to_string().into()))
                .await
                .is_err()
        {
            return;
        }
    }
}

impl Shared {
    /// Answers one message of a page; `None` where the page is to get no answer.
    fn answer(&self, text: &str) -> Option<Value> {
        let Numbered { id, command } = match serde_json::from_str(text) {
            Ok(numbered) => numbered,
            Err(error) => return Some(json!({ "error": error.to_string() })),
        };
        match self.perform(command) {
            Ok(Some(answer)) => Some(json!({ "id": id, "answer": answer })),
            Ok(None) => None,
            Err(error) => Some(json!({ "id": id, "error": error })),
        }
    }

    /// Carries out a command and tells all pages what changed.
    fn perform(&self, command: Command) -> Result<Option<Value>, Value> {
        let outcome = self
            .engine
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .perform(command);
        let Effect {
            answer,
            events,
            changed,
            reload,
        } = outcome.map_err(|fault| json!({ "code": fault.code, "message": fault.message }))?;
        let pushed = [
            (reload, json!({ "push": "reload" })),
            (!events.is_empty(), json!({ "push": "events", "events": events })),
            (changed, json!({ "push": "changed" })),
        ];
        for (_, push) in pushed.into_iter().filter(|(wanted, _)| *wanted) {
            // No page is open yet: nobody to tell.
            self.pushes.send(push).ok();
        }
        Ok(answer)
    }
}

/// The origins that the page may frame: the pane's, its own and that of the host beside it.
fn frames(options: &Options) -> String {
    let origin = |address: &str| address.splitn(4, '/').take(3).collect::<Vec<_>>().join("/");
    let beside = options.beside.as_deref().map(origin).unwrap_or_default();
    format!("{} 'self' {beside}", origin(&options.pane))
        .trim_end()
        .to_owned()
}

/// A file of the built page.
async fn file(State(shared): State<Shared>, request: Request) -> Response {
    let path = request.uri().path().trim_start_matches('/');
    let path = Path::new(if path.is_empty() { "index.html" } else { path });
    if path
        .components()
        .any(|component| !matches!(component, Component::Normal(_)))
    {
        return StatusCode::NOT_FOUND.into_response();
    }
    let Ok(content) = tokio::fs::read(shared.options.web.join(path)).await else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let kind = match path.extension().and_then(|kind| kind.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("woff2") => "font/woff2",
        _ => "application/octet-stream",
    };
    let frames = frames(&shared.options);
    let policy = format!(
        "default-src 'self'; frame-src {frames}; style-src 'self' 'unsafe-inline'; connect-src 'self' wss://localhost:{}; img-src 'self' data:; base-uri 'none'; object-src 'none'",
        shared.port
    );
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    (headers, content).into_response()
}
