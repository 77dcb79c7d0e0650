//! A way to a collector on this machine, for tests alone: HTTP/1.1 by hand, and HTTP/2 with trailers for gRPC.

#![expect(
    clippy::disallowed_methods,
    reason = "the way to a collector of this test's own"
)]

use bytes::{Bytes, BytesMut};
use deskhand_telemetry::Protocol;
use deskhand_telemetry::port::{Answer, Transport, TransportError};
use http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode, Version};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

pub(crate) struct Wire {
    address: String,
    grpc: bool,
}

impl Wire {
    pub(crate) fn new(protocol: Protocol, endpoint: &str) -> Self {
        let address = endpoint.trim_start_matches("http://").to_owned();
        Self {
            address,
            grpc: protocol == Protocol::Grpc,
        }
    }

    async fn http1(&self, request: Request<Bytes>) -> std::io::Result<Answer> {
        let mut stream = TcpStream::connect(&self.address).await?;
        let (head, body) = request.into_parts();
        let mut text =
            format!("POST {} HTTP/1.1\r\nhost: {}\r\n", head.uri.path(), self.address).into_bytes();
        for (name, value) in &head.headers {
            text.extend_from_slice(name.as_str().as_bytes());
            text.extend_from_slice(b": ");
            text.extend_from_slice(value.as_bytes());
            text.extend_from_slice(b"\r\n");
        }
        text.extend_from_slice(
            format!("connection: close\r\ncontent-length: {}\r\n\r\n", body.len()).as_bytes(),
        );
        stream.write_all(&text).await?;
        stream.write_all(&body).await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        Ok(read(&answer))
    }

    async fn http2(
        &self,
        request: Request<Bytes>,
    ) -> Result<Answer, Box<dyn std::error::Error + Send + Sync>> {
        assert_eq!(request.version(), Version::HTTP_2, "gRPC asks for HTTP/2");
        let stream = TcpStream::connect(&self.address).await?;
        let (send, connection) = h2::client::handshake(stream).await?;
        let connection = tokio::spawn(connection);
        let mut send = send.ready().await?;
        let (head, body) = request.into_parts();
        let (answer, mut out) = send.send_request(Request::from_parts(head, ()), false)?;
        out.send_data(body, true)?;
        let (head, mut data) = answer.await?.into_parts();
        let mut body = BytesMut::new();
        while let Some(chunk) = data.data().await {
            let chunk = match chunk {
                Ok(chunk) => chunk,
                // A server that has answered need not read on, and says so in this way (RFC 9113, 8.1).
                Err(error) if error.reason() == Some(h2::Reason::NO_ERROR) => break,
                Err(error) => return Err(error.into()),
            };
            data.flow_control().release_capacity(chunk.len())?;
            body.extend_from_slice(&chunk);
        }
        let trailers = data.trailers().await.ok().flatten().unwrap_or_default();
        connection.abort();
        Ok(Answer {
            status: head.status,
            headers: head.headers,
            body: body.freeze(),
            trailers,
        })
    }
}

impl Transport for Wire {
    async fn post(&self, request: Request<Bytes>) -> Result<Answer, TransportError> {
        if self.grpc {
            self.http2(request)
                .await
                .map_err(|error| TransportError::Unreachable(error.to_string()))
        } else {
            self.http1(request)
                .await
                .map_err(|error| TransportError::Unreachable(error.to_string()))
        }
    }
}

fn read(answer: &[u8]) -> Answer {
    let end = answer
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .expect("a head");
    let head = std::str::from_utf8(&answer[..end]).expect("a head of text");
    let mut lines = head.lines();
    let status = lines
        .next()
        .and_then(|line| line.split(' ').nth(1))
        .expect("a status");
    let mut headers = HeaderMap::new();
    for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
        let name: HeaderName = name.parse().expect("a name");
        headers.insert(name, HeaderValue::from_str(value).expect("a value"));
    }
    Answer {
        status: StatusCode::from_bytes(status.as_bytes()).expect("a status"),
        headers,
        body: Bytes::copy_from_slice(&answer[end + 4..]),
        trailers: HeaderMap::new(),
    }
}
