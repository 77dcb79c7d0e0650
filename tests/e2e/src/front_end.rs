//! A front end at the level of the protocol: one WebSocket over real TLS, calls with their answers, and what comes
//! between them.

#![expect(clippy::disallowed_methods, reason = "a front end is a client of the service")]

use std::collections::VecDeque;
use std::sync::Arc;

use deskhand_protocol::document::LiveDocument;
use deskhand_protocol::envelope::Frame;
use deskhand_protocol::event::TurnOutcome;
use deskhand_protocol::hello::{FrontEndKind, HelloAnswer, HelloParams};
use deskhand_protocol::session::{
    CreateParams, ExportAnswer, PromptAnswer, PromptParams, SessionAnswer, SessionParams, SubscribeAnswer,
    SubscribeParams, UpdateParams,
};
use deskhand_protocol::{EventBody, Method, Notification, PROTOCOL, SessionEvent, SessionId, UserError};
use deskhand_server::{Attachment, SESSION_PATH};
use futures_util::{SinkExt as _, StreamExt as _};
use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::{PATIENCE, View};

/// The connection is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut;

/// Why a call has no answer.
#[derive(Clone, Debug, PartialEq)]
pub enum CallError {
    /// The service said no.
    Refused(Box<UserError>),
    /// The connection is gone; what became of the call is not known.
    Cut,
}

impl From<Cut> for CallError {
    fn from(_: Cut) -> Self {
        Self::Cut
    }
}

/// One connection.
#[derive(Debug)]
pub struct FrontEnd {
    socket: WebSocketStream<TlsStream<TcpStream>>,
    last_id: u64,
    waiting: VecDeque<Frame>,
}

impl FrontEnd {
    /// Connects; `token` goes into the head of the request as programs send it, `origin` as browsers do.
    pub async fn connect(attachment: &Attachment, token: Option<&str>, origin: Option<&str>) -> Self {
        let connected = Self::knock(attachment, token, origin).await;
        connected.expect("the door lets it in")
    }

    /// The same, or the HTTP status with which the door turns it away.
    pub async fn knock(
        attachment: &Attachment,
        token: Option<&str>,
        origin: Option<&str>,
    ) -> Result<Self, u16> {
        let address = attachment.address.replacen("https://", "wss://", 1);
        let mut request = format!("{address}{SESSION_PATH}")
            .into_client_request()
            .expect("an address");
        let headers = request.headers_mut();
        if let Some(token) = token {
            headers.insert(
                "Authorization",
                format!("Bearer {token}").parse().expect("a token"),
            );
        }
        if let Some(origin) = origin {
            headers.insert("Origin", origin.parse().expect("an origin"));
        }
        let host = attachment.address.trim_start_matches("https://");
        let stream = TcpStream::connect(host).await.expect("the service's port");
        stream.set_nodelay(true).expect("an option of the socket");
        let name = ServerName::try_from("localhost").expect("a name");
        let stream = TlsConnector::from(Arc::new(tls(attachment)))
            .connect(name, stream)
            .await
            .expect("TLS under the local authority");
        match client_async(request, stream).await {
            Ok((socket, _)) => Ok(Self {
                socket,
                last_id: 0,
                waiting: VecDeque::new(),
            }),
            Err(tokio_tungstenite::tungstenite::Error::Http(answer)) => Err(answer.status().as_u16()),
            Err(error) => panic!("an answer in HTTP: {error}"),
        }
    }

    /// The port at its end of the connection.
    pub fn port(&self) -> u16 {
        let (stream, _) = self.socket.get_ref().get_ref();
        stream
            .local_addr()
            .expect("a connected socket has an address")
            .port()
    }

    /// Says who is there.
    pub async fn hello(
        &mut self,
        kind: FrontEndKind,
        token: &str,
        document: Option<LiveDocument>,
    ) -> Result<HelloAnswer, CallError> {
        let hello = HelloParams {
            protocol: PROTOCOL,
            front_end: kind,
            token: token.to_owned(),
            version: "e2e".to_owned(),
            document,
        };
        self.call(Method::Hello, hello).await
    }

    /// Calls a method and waits for its answer.
    pub async fn call<T: DeserializeOwned>(
        &mut self,
        method: Method,
        params: impl Serialize,
    ) -> Result<T, CallError> {
        let id = self.begin(method, params).await?;
        loop {
            let frame = self.receive().await?;
            if frame.id != Some(id) || frame.method.is_some() {
                self.waiting.push_back(frame);
                continue;
            }
            if let Some(error) = frame.error {
                let error = error.data.expect("errors of the service carry their sentences");
                return Err(CallError::Refused(Box::new(error)));
            }
            let answer = serde_json::from_value(frame.result.unwrap_or_default());
            return Ok(answer.expect("an answer in the form of the protocol"));
        }
    }

    /// Sends a call and gives its number.
    pub async fn begin(&mut self, method: Method, params: impl Serialize) -> Result<u64, Cut> {
        self.last_id += 1;
        let params = serde_json::to_value(params).expect("parameters are plain data");
        self.send(&Frame::request(self.last_id, method.name(), params))
            .await?;
        Ok(self.last_id)
    }

    /// Answers a request of the service.
    pub async fn answer(&mut self, id: u64, answer: impl Serialize) -> Result<(), Cut> {
        let answer = serde_json::to_value(answer).expect("an answer is plain data");
        self.send(&Frame::answer(id, Ok(answer))).await
    }

    /// The next frame that no call waits for. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Result<Frame, Cut> {
        match self.waiting.pop_front() {
            Some(frame) => Ok(frame),
            None => self.receive().await,
        }
    }

    /// The next events of a session that is followed; other frames are passed over.
    pub async fn events(&mut self, session: &SessionId) -> Result<Vec<SessionEvent>, Cut> {
        loop {
            let frame = self.next().await?;
            if let Some(update) = update_in(frame).filter(|update| update.session == *session) {
                return Ok(update.events);
            }
        }
    }

    /// The next events of any session that is followed; other frames are passed over.
    pub async fn update(&mut self) -> Result<UpdateParams, Cut> {
        loop {
            if let Some(update) = update_in(self.next().await?) {
                return Ok(update);
            }
        }
    }

    /// Follows a turn to its end.
    pub async fn turn(&mut self, session: &SessionId, view: &mut View) -> TurnOutcome {
        loop {
            for event in self.events(session).await.expect("the service stays") {
                view.take(&event);
                if let EventBody::TurnEnded { outcome, .. } = event.body {
                    return outcome;
                }
            }
        }
    }

    /// Makes a session.
    pub async fn create(&mut self, client_id: &str) -> SessionId {
        let params = CreateParams {
            client_id: client_id.to_owned(),
            title: None,
        };
        let made: SessionAnswer = self.call(Method::SessionCreate, params).await.expect("a session");
        made.session.id
    }

    /// Follows a session from a cursor on; the number of its last event.
    pub async fn follow(&mut self, session: &SessionId, after: u64) -> u64 {
        let params = SubscribeParams {
            session: session.clone(),
            after,
        };
        let answer: SubscribeAnswer = self
            .call(Method::SessionSubscribe, params)
            .await
            .expect("the session can be followed");
        answer.last_seq
    }

    /// Gives a prompt.
    pub async fn prompt(&mut self, params: PromptParams) -> Result<PromptAnswer, CallError> {
        self.call(Method::SessionPrompt, params).await
    }

    /// Everything of a session.
    pub async fn export(&mut self, session: &SessionId) -> Vec<SessionEvent> {
        let params = SessionParams {
            session: session.clone(),
        };
        let answer: ExportAnswer = self
            .call(Method::SessionExport, params)
            .await
            .expect("the session can be exported");
        answer.events
    }

    async fn send(&mut self, frame: &Frame) -> Result<(), Cut> {
        let text = serde_json::to_string(frame).expect("a frame is plain data");
        self.socket.send(Message::text(text)).await.map_err(|_| Cut)
    }

    /// The next frame as it came, for who measures and reads nothing in it.
    pub async fn text(&mut self) -> Result<Utf8Bytes, Cut> {
        loop {
            let message = tokio::time::timeout(PATIENCE, self.socket.next()).await;
            match message.expect("the service says something in time") {
                Some(Ok(Message::Text(text))) => return Ok(text),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Err(Cut),
            }
        }
    }

    async fn receive(&mut self) -> Result<Frame, Cut> {
        let text = self.text().await?;
        Ok(serde_json::from_str(&text).expect("a frame of JSON-RPC"))
    }
}

/// What a frame says of a session.
fn update_in(frame: Frame) -> Option<UpdateParams> {
    if frame.method.as_deref() != Some(Notification::SessionUpdate.name()) {
        return None;
    }
    let update = serde_json::from_value(frame.params.unwrap_or(Value::Null));
    Some(update.expect("an update in the form of the protocol"))
}

fn tls(attachment: &Attachment) -> rustls::ClientConfig {
    let authority = CertificateDer::from_pem_slice(attachment.authority.as_bytes()).expect("the authority");
    let mut roots = RootCertStore::empty();
    roots.add(authority).expect("the authority is a certificate");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions of TLS")
        .with_root_certificates(roots)
        .with_no_client_auth()
}
