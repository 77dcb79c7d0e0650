//! A front end as a test plays it: JSON-RPC over a WebSocket over TLS.

use std::collections::VecDeque;
use std::time::Duration;

use deskhand_protocol::envelope::{Frame, RpcError};
use deskhand_protocol::hello::FrontEndKind;
use deskhand_protocol::{ErrorCode, PROTOCOL};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::harness::Running;

/// Long enough for anything that happens at all.
const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) struct Client {
    pub(crate) socket: WebSocketStream<TlsStream<TcpStream>>,
    last: u64,
    /// Frames that came while something else was waited for.
    pub(crate) early: VecDeque<Frame>,
}

/// The head of a WebSocket request.
pub(crate) struct Head<'a> {
    pub(crate) host: &'a str,
    pub(crate) origin: Option<&'a str>,
    pub(crate) bearer: Option<&'a str>,
}

impl Running {
    /// Opens a WebSocket with this head, or says the status it was refused with.
    pub(crate) async fn socket(&self, head: Head<'_>) -> Result<Client, u16> {
        let stream = self.tls().await;
        let mut request = format!("wss://{}/v1/session", self.host())
            .into_client_request()
            .expect("request");
        let headers = request.headers_mut();
        headers.insert("host", HeaderValue::from_str(head.host).expect("host"));
        if let Some(origin) = head.origin {
            headers.insert("origin", HeaderValue::from_str(origin).expect("origin"));
        }
        if let Some(token) = head.bearer {
            headers.insert(
                "authorization",
                HeaderValue::from_str(&format!("Bearer {token}")).expect("token"),
            );
        }
        match tokio_tungstenite::client_async(request, stream).await {
            Ok((socket, _)) => Ok(Client {
                socket,
                last: 0,
                early: VecDeque::new(),
            }),
            Err(Error::Http(refused)) => Err(refused.status().as_u16()),
            Err(error) => panic!("the connection broke: {error}"),
        }
    }

    /// A page of our own, which has said nothing yet.
    pub(crate) async fn page(&self) -> Client {
        let (host, origin) = (self.host(), self.origin());
        let head = Head {
            host: &host,
            origin: Some(&origin),
            bearer: None,
        };
        self.socket(head).await.expect("our own page connects")
    }

    /// A window that has said hello.
    pub(crate) async fn window(&self) -> Client {
        let token = self.attach(FrontEndKind::Window).await.token;
        let mut page = self.page().await;
        page.hello(FrontEndKind::Window, &token).await.expect("hello");
        page
    }

    /// A pane that was paired with the help of `window`, and its token.
    pub(crate) async fn pane(&self, window: &mut Client, kind: FrontEndKind) -> (Client, String) {
        let mut pane = self.page().await;
        let begun = pane
            .call("pairing/begin", json!({ "frontEnd": kind }))
            .await
            .expect("begin");
        let allow = json!({ "pairing": begun["pairing"], "allow": true });
        window.call("pairing/answer", allow).await.expect("allow");
        let settled = pane.notification("pairing/settled").await;
        let token = settled["token"].as_str().expect("token").to_owned();
        pane.hello(kind, &token).await.expect("hello");
        (pane, token)
    }
}

impl Client {
    pub(crate) async fn hello(&mut self, kind: FrontEndKind, token: &str) -> Result<Value, RpcError> {
        let hello = json!({ "protocol": PROTOCOL, "frontEnd": kind, "token": token, "version": "test" });
        self.call("hello", hello).await
    }

    /// Calls a method and waits for its answer.
    pub(crate) async fn call(&mut self, method: &str, params: Value) -> Result<Value, RpcError> {
        let id = self.ask(method, params).await;
        self.answer(id).await.expect("the connection stays")
    }

    /// Calls a method and gives the id of the call.
    pub(crate) async fn ask(&mut self, method: &str, params: Value) -> u64 {
        self.last += 1;
        let frame = serde_json::to_string(&Frame::request(self.last, method, params)).expect("frame");
        // A server that hangs up in the middle is seen when the answer is read.
        drop(self.socket.send(Message::text(frame)).await);
        self.last
    }

    /// The answer of a call, or the code that the connection was closed with.
    pub(crate) async fn answer(&mut self, id: u64) -> Result<Result<Value, RpcError>, u16> {
        loop {
            let frame = self.frame().await?;
            if frame.id == Some(id) && frame.method.is_none() {
                return Ok(match frame.error {
                    Some(error) => Err(error),
                    None => Ok(frame.result.unwrap_or(Value::Null)),
                });
            }
            self.early.push_back(frame);
        }
    }

    /// The parameters of the next notification of this name.
    pub(crate) async fn notification(&mut self, name: &str) -> Value {
        self.notification_within(PATIENCE, name).await
    }

    /// As [`Client::notification`], for what takes longer than usual.
    pub(crate) async fn notification_within(&mut self, patience: Duration, name: &str) -> Value {
        if let Some(index) = self
            .early
            .iter()
            .position(|frame| frame.method.as_deref() == Some(name))
        {
            return self
                .early
                .remove(index)
                .and_then(|frame| frame.params)
                .unwrap_or(Value::Null);
        }
        loop {
            let frame = self.frame_within(patience).await.expect("the connection stays");
            if frame.method.as_deref() == Some(name) {
                return frame.params.unwrap_or(Value::Null);
            }
            self.early.push_back(frame);
        }
    }

    /// The next frame, or the code that the connection was closed with (1006 without one).
    pub(crate) async fn frame(&mut self) -> Result<Frame, u16> {
        self.frame_within(PATIENCE).await
    }

    async fn frame_within(&mut self, patience: Duration) -> Result<Frame, u16> {
        let by = tokio::time::Instant::now() + patience;
        loop {
            let message = tokio::time::timeout_at(by, self.socket.next())
                .await
                .expect("a frame in time");
            match message {
                Some(Ok(Message::Text(text))) => {
                    return Ok(serde_json::from_str(text.as_str()).expect("a frame"));
                }
                Some(Ok(Message::Close(Some(close)))) => return Err(close.code.into()),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                _ => return Err(1006),
            }
        }
    }

    /// The code that the connection is closed with.
    pub(crate) async fn closed(&mut self) -> u16 {
        loop {
            if let Err(code) = self.frame().await {
                return code;
            }
        }
    }

    /// Whether the server hangs up within `patience`.
    pub(crate) async fn is_closed_within(&mut self, patience: Duration) -> bool {
        tokio::time::timeout(patience, self.closed()).await.is_ok()
    }
}

/// The stable code of an error.
pub(crate) fn code(error: &RpcError) -> Option<ErrorCode> {
    error.data.as_ref().map(|data| data.code)
}
