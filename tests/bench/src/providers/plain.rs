//! The plain client: what a small program of one's own would be. One connection, hyper for HTTP, lines of an event stream or
//! frames of AWS's own decoder, and serde_json.

#![expect(clippy::disallowed_methods, reason = "the client to compare with")]

use std::sync::Arc;

use aws_smithy_eventstream::frame::{DecodedFrame, MessageFrameDecoder};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::{Buf as _, Bytes, BytesMut};
use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::Watch;
use super::place::Place;
use deskhand_standins::Tunnel;

/// A connection that is open.
pub(super) struct Plain(SendRequest<Full<Bytes>>);

impl Plain {
    pub(super) async fn connect(place: &Place) -> Self {
        match &place.tunnel {
            None => Self::over(tcp(&place.base).await).await,
            Some((tunnel, host)) => Self::over(through(tunnel, host).await).await,
        }
    }

    async fn over(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) -> Self {
        let (sender, connection) = handshake(TokioIo::new(stream)).await.expect("HTTP");
        tokio::spawn(connection);
        Self(sender)
    }

    /// Posts these bytes and reads the answer.
    pub(super) async fn ask(&mut self, place: &Place, body: &[u8]) -> Watch {
        let mut watch = Watch::begin();
        let host = place.tunnel.as_ref().map(|(_, host)| host.as_str());
        let (header, proof) = &place.proof;
        let request = Request::post(&place.path)
            .header("host", host.unwrap_or(place.base.trim_start_matches("http://")))
            .header("content-type", "application/json")
            .header("anthropic-version", "2023-06-01")
            .header(*header, proof)
            .body(Full::new(Bytes::copy_from_slice(body)))
            .expect("a request");
        self.0.ready().await.expect("an open connection");
        let mut response = self.0.send_request(request).await.expect("an answer");
        assert_eq!(response.status(), StatusCode::OK, "{}", place.name);
        let mut events = if place.in_frames {
            Events::Frames(BytesMut::new(), MessageFrameDecoder::new())
        } else {
            Events::Lines(Vec::new())
        };
        while let Some(frame) = response.frame().await {
            if let Ok(piece) = frame.expect("a whole answer").into_data() {
                events.read(&piece, &mut watch);
            }
        }
        watch
    }
}

/// What came and is no whole event yet.
enum Events {
    Lines(Vec<u8>),
    Frames(BytesMut, MessageFrameDecoder),
}

impl Events {
    fn read(&mut self, piece: &Bytes, watch: &mut Watch) {
        match self {
            Self::Lines(rest) => {
                rest.extend_from_slice(piece);
                let mut from = 0;
                while let Some(end) = rest[from..].iter().position(|byte| *byte == b'\n') {
                    if let Some(data) = rest[from..from + end].strip_prefix(b"data: ")
                        && data != b"[DONE]"
                    {
                        hear(data, watch);
                    }
                    from += end + 1;
                }
                rest.drain(..from);
            }
            Self::Frames(rest, decoder) => {
                rest.extend_from_slice(piece);
                while rest.has_remaining()
                    && let DecodedFrame::Complete(message) =
                        decoder.decode_frame(&mut *rest).expect("a frame")
                {
                    hear(message.payload(), watch);
                }
            }
        }
    }
}

/// Finds the words of an event, in whichever form it is.
fn hear(data: &[u8], watch: &mut Watch) {
    let event: Value = serde_json::from_slice(data).expect("JSON");
    if let Some(inner) = event["bytes"].as_str() {
        return hear(&STANDARD.decode(inner).expect("base64"), watch);
    }
    let words = event["delta"]["text"].as_str();
    let words = words.or_else(|| event["choices"][0]["delta"]["content"].as_str());
    if let Some(words) = words.filter(|words| !words.is_empty()) {
        watch.take(words);
    }
}

async fn tcp(base: &str) -> TcpStream {
    let stream = TcpStream::connect(base.trim_start_matches("http://")).await;
    let stream = stream.expect("a stand-in that listens");
    stream.set_nodelay(true).expect("an option of the socket");
    stream
}

/// Through the proxy to a host, over TLS.
async fn through(tunnel: &Tunnel, host: &str) -> impl AsyncRead + AsyncWrite + Unpin + Send + 'static {
    let mut stream = tcp(&tunnel.proxy).await;
    let head = format!("CONNECT {host}:443 HTTP/1.1\r\nhost: {host}:443\r\n\r\n");
    stream
        .write_all(head.as_bytes())
        .await
        .expect("a proxy that reads");
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        answer.push(stream.read_u8().await.expect("a proxy that answers"));
    }
    assert!(answer.starts_with(b"HTTP/1.1 200"), "the proxy opens no tunnel");
    let mut roots = RootCertStore::empty();
    roots.add(tunnel.authority.clone()).expect("an authority");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions of TLS")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(host.to_owned()).expect("a name");
    let connected = TlsConnector::from(Arc::new(config)).connect(name, stream).await;
    connected.expect("TLS")
}
