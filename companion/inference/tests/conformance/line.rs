//! The other end of the line, byte by byte: a server that sends exactly the pieces it is given.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// An answer on one request.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    status: String,
    pieces: Vec<Vec<u8>>,
    end: End,
}

/// How an answer ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// As HTTP says.
    Proper,
    /// The connection closes in the middle.
    Cut,
    /// Nothing more comes; the connection stays.
    Hold,
}

impl Reply {
    /// A good answer of these pieces, each sent as a chunk of its own.
    pub(crate) fn of(pieces: Vec<Vec<u8>>, end: End) -> Self {
        Self {
            status: "200 OK".to_owned(),
            pieces,
            end,
        }
    }

    /// A good answer in one piece.
    pub(crate) fn whole(body: Vec<u8>) -> Self {
        Self::of(vec![body], End::Proper)
    }

    /// A refusal with further header lines, each ended by CRLF.
    pub(crate) fn status(status: &str, headers: &str, body: &str) -> Self {
        Self::refusal(status, headers, vec![body.as_bytes().to_vec()], End::Proper)
    }

    /// The same in pieces.
    pub(crate) fn refusal(status: &str, headers: &str, pieces: Vec<Vec<u8>>, end: End) -> Self {
        let status = format!("{status}\r\n{headers}").trim_end().to_owned();
        Self { status, pieces, end }
    }
}

/// A server that plays replies in order, whatever the connection; the last one again and again.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) base: String,
    requests: Arc<Mutex<Vec<String>>>,
    connections: Arc<Mutex<usize>>,
    hung_up: Arc<tokio::sync::Notify>,
    /// Whether anybody listens there.
    is_there: watch::Sender<bool>,
}

impl Line {
    pub(crate) async fn play(replies: Vec<Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let place = listener.local_addr().expect("an address");
        let base = format!("http://{place}");
        let line = Self {
            base,
            requests: Arc::default(),
            connections: Arc::default(),
            hung_up: Arc::default(),
            is_there: watch::Sender::new(true),
        };
        let served = line.clone();
        let replies: Arc<[Reply]> = replies.into();
        tokio::spawn(async move {
            let mut listener = Some(listener);
            let mut here = served.is_there.subscribe();
            loop {
                let bound = match listener.take() {
                    Some(bound) => bound,
                    None => TcpListener::bind(place).await.expect("the same port"),
                };
                let mut gone = served.is_there.subscribe();
                tokio::select! {
                    _ = gone.wait_for(|here| !here) => drop(bound),
                    () = served.accept(&bound, &replies) => return,
                }
                here.wait_for(|here| *here).await.expect("it is held here");
            }
        });
        line
    }

    /// Goes away with every connection, or is there again.
    pub(crate) fn set_there(&self, is_there: bool) {
        self.is_there.send_replace(is_there);
    }

    async fn accept(&self, listener: &TcpListener, replies: &Arc<[Reply]>) {
        while let Ok((stream, _)) = listener.accept().await {
            *self.connections.lock().expect("no panic") += 1;
            let (line, replies) = (self.clone(), Arc::clone(replies));
            let mut gone = self.is_there.subscribe();
            tokio::spawn(async move {
                tokio::select! {
                    _ = gone.wait_for(|here| !here) => None,
                    served = line.serve(stream, &replies) => served,
                }
            });
        }
    }

    /// The requests so far, head and body.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().expect("no panic").clone()
    }

    /// How many connections were made.
    pub(crate) fn connections(&self) -> usize {
        *self.connections.lock().expect("no panic")
    }

    /// Waits until a client hangs up while an answer is held.
    pub(crate) async fn hung_up(&self) {
        self.hung_up.notified().await;
    }

    async fn serve(&self, mut stream: TcpStream, replies: &[Reply]) -> Option<()> {
        stream.set_nodelay(true).ok()?;
        loop {
            let request = read_request(&mut stream).await?;
            let reply = {
                let mut requests = self.requests.lock().expect("no panic");
                requests.push(request);
                replies[(requests.len() - 1).min(replies.len() - 1)].clone()
            };
            let head = format!("HTTP/1.1 {}\r\ntransfer-encoding: chunked\r\n\r\n", reply.status);
            stream.write_all(head.as_bytes()).await.ok()?;
            for piece in reply.pieces.iter().filter(|piece| !piece.is_empty()) {
                let chunk = [format!("{:x}\r\n", piece.len()).as_bytes(), piece, b"\r\n"].concat();
                stream.write_all(&chunk).await.ok()?;
            }
            match reply.end {
                End::Proper => stream.write_all(b"0\r\n\r\n").await.ok()?,
                End::Cut => return None,
                End::Hold => {
                    let ended = stream.read(&mut [0; 1]).await.is_ok_and(|read| read == 0);
                    assert!(ended, "the client only hangs up");
                    self.hung_up.notify_one();
                    return None;
                }
            }
        }
    }
}

async fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .to_lowercase()
                .lines()
                .find_map(|line| Some(line.strip_prefix("content-length: ")?.to_owned()));
            if body.len() >= length.map_or(0, |length| length.parse().expect("a length")) {
                return Some(text.into_owned());
            }
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
}
