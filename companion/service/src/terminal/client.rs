//! The terminal's connection to the service: over the local channel for the way in, then the session protocol.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow};
use deskhand_platform::Paths;
use deskhand_platform::instance::running;
use deskhand_platform::local::LocalAddress;
use deskhand_protocol::envelope::Frame;
use deskhand_protocol::hello::{FrontEndKind, HelloAnswer, HelloParams};
use deskhand_protocol::{ErrorCode, Method, PROTOCOL, UserError};
use deskhand_server::{AttachError, Attachment, SESSION_PATH, attach};
use futures_util::{SinkExt as _, StreamExt as _};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::{WebSocketStream, client_async};

/// For how long a service that starts is waited for, and the pause before it is looked for again.
const STARTS_WITHIN: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(100);

/// A connection that has said hello.
pub(crate) struct Client {
    socket: WebSocketStream<TlsStream<TcpStream>>,
    last_id: u64,
    /// Frames that came while an answer was waited for.
    waiting: VecDeque<Frame>,
    /// Whose service is joined again where a call that only reads is cut off.
    rejoins: Option<Paths>,
    /// What the service said in its hello.
    pub(crate) hello: HelloAnswer,
}

/// Looks for a running service of this user, and waits for one that starts, also anew.
pub(crate) async fn find(paths: &Paths) -> Result<Option<Attachment>, AttachError> {
    find_until(paths, Instant::now() + STARTS_WITHIN).await
}

async fn find_until(paths: &Paths, end: Instant) -> Result<Option<Attachment>, AttachError> {
    loop {
        match attach(&LocalAddress::of(paths), FrontEndKind::Terminal).await {
            Ok(attachment) => return Ok(Some(attachment)),
            Err(AttachError::Refused(error)) => return Err(error.into()),
            Err(_) if Instant::now() < end && matches!(running(paths), Ok(Some(_))) => {
                tokio::time::sleep(PAUSE).await;
            }
            Err(AttachError::Local(_)) => return Ok(None),
            Err(error) => return Err(error),
        }
    }
}

/// A connection to the running service of this user, with the way in. A service that starts anew cuts who joins just then: it is looked
/// for again.
pub(crate) async fn join(paths: &Paths) -> anyhow::Result<Option<(Attachment, Client)>> {
    let end = Instant::now() + STARTS_WITHIN;
    loop {
        let Some(attachment) = find_until(paths, end).await? else {
            return Ok(None);
        };
        match Client::connect(&attachment).await {
            Err(error) if Instant::now() < end && is_cut_off(&error) => {
                tokio::time::sleep(PAUSE).await;
            }
            joined => {
                let client = Client {
                    rejoins: Some(paths.clone()),
                    ..joined?
                };
                return Ok(Some((attachment, client)));
            }
        }
    }
}

/// Whether the connection ended, rather than that the service said no.
fn is_cut_off(error: &anyhow::Error) -> bool {
    let said = error.downcast_ref::<UserError>();
    said.is_none_or(|error| error.code == ErrorCode::ServiceUnavailable)
}

/// Whether a call that was cut off may be made again, on a connection on which nothing else happened: it changes nothing.
fn only_reads(method: Method) -> bool {
    matches!(
        method,
        Method::SessionList
            | Method::SessionShow
            | Method::SessionExport
            | Method::SessionSearch
            | Method::PermissionGrants
            | Method::InstructionsList
            | Method::PairingList
            | Method::PairingTokens
    )
}

impl Client {
    /// Connects and says hello.
    #[expect(
        clippy::disallowed_methods,
        reason = "to this user's own service, on this machine"
    )]
    pub(crate) async fn connect(attachment: &Attachment) -> anyhow::Result<Self> {
        let authority =
            CertificateDer::from_pem_slice(attachment.authority.as_bytes()).context("the authority")?;
        let mut roots = RootCertStore::empty();
        roots.add(authority)?;
        let tls = rustls::ClientConfig::builder_with_provider(Arc::new(
            rustls::crypto::aws_lc_rs::default_provider(),
        ))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
        let address = attachment.address.replacen("https://", "wss://", 1);
        let mut request = format!("{address}{SESSION_PATH}").into_client_request()?;
        let bearer = format!("Bearer {}", attachment.token)
            .parse()
            .context("the token")?;
        request.headers_mut().insert("Authorization", bearer);
        let host = request
            .uri()
            .authority()
            .context("the address")?
            .as_str()
            .to_owned();
        let stream = TcpStream::connect(&host)
            .await
            .with_context(|| format!("connecting to {host}"))?;
        stream.set_nodelay(true)?;
        let name = rustls::pki_types::ServerName::try_from("localhost")?;
        let stream = TlsConnector::from(Arc::new(tls)).connect(name, stream).await?;
        let (socket, _) = client_async(request, stream).await?;
        let mut client = Self {
            socket,
            last_id: 0,
            waiting: VecDeque::new(),
            rejoins: None,
            hello: nothing_yet(),
        };
        let hello = HelloParams {
            protocol: PROTOCOL,
            front_end: FrontEndKind::Terminal,
            token: attachment.token.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            document: None,
        };
        client.hello = client.call(Method::Hello, hello).await?;
        Ok(client)
    }

    /// Calls a method and waits for its answer; an error of the service is a [`UserError`].
    pub(crate) async fn call<T: DeserializeOwned>(
        &mut self,
        method: Method,
        params: impl Serialize,
    ) -> anyhow::Result<T> {
        if !only_reads(method) {
            self.rejoins = None;
        }
        let params = serde_json::to_value(params)?;
        let called = self.call_once(method, params.clone()).await;
        match (called, self.rejoins.take()) {
            (Err(error), Some(paths)) if is_cut_off(&error) => {
                let (_, anew) = Box::pin(join(&paths)).await?.ok_or_else(cut)?;
                *self = anew;
                self.call_once(method, params).await
            }
            (called, rejoins) => {
                self.rejoins = rejoins;
                called
            }
        }
    }

    async fn call_once<T: DeserializeOwned>(&mut self, method: Method, params: Value) -> anyhow::Result<T> {
        self.last_id += 1;
        let id = self.last_id;
        let frame = Frame::request(id, method.name(), params);
        let sent = Message::text(serde_json::to_string(&frame)?);
        self.socket.send(sent).await.map_err(|_| cut())?;
        loop {
            let frame = self.receive().await?;
            if frame.id != Some(id) || frame.method.is_some() {
                self.waiting.push_back(frame);
                continue;
            }
            return match frame.error {
                Some(error) => Err(match error.data {
                    Some(error) => error.into(),
                    None => anyhow!("{}", error.message),
                }),
                None => Ok(serde_json::from_value(frame.result.unwrap_or_default())?),
            };
        }
    }

    /// The next frame that is no answer to a call. Dropping the future loses nothing.
    pub(crate) async fn next(&mut self) -> anyhow::Result<Frame> {
        match self.waiting.pop_front() {
            Some(frame) => Ok(frame),
            None => self.receive().await,
        }
    }

    async fn receive(&mut self) -> anyhow::Result<Frame> {
        loop {
            let message = self.socket.next().await.ok_or_else(cut)?.map_err(|_| cut())?;
            if let Message::Text(text) = message {
                return Ok(serde_json::from_str(&text)?);
            }
        }
    }
}

fn cut() -> anyhow::Error {
    UserError::new(ErrorCode::ServiceUnavailable).into()
}

fn nothing_yet() -> HelloAnswer {
    HelloAnswer {
        version: String::new(),
        view: crate::view::empty(),
        sessions: Vec::new(),
        documents: Vec::new(),
        document: None,
    }
}
