//! The other parties: a door that dials nothing but what a test gives it, an audit that keeps records, a guest.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use deskhand_vm_proxy::{
    Audit, BoxStream, Door, DoorRefusal, DoorRefusalKind, Limits, Outcome, Proxy, Record,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::JoinHandle;

/// What a pipe in memory holds, in bytes.
const PIPE: usize = 64 * 1024;

/// What the door does with every host.
#[derive(Clone, Debug)]
pub(crate) enum Mood {
    /// Opens it: the other end comes to the test.
    Open,
    /// Refuses it.
    Refuse(DoorRefusal),
    /// Never answers.
    Hang,
    /// Leads to this port of the loopback interface, whatever the host.
    Loopback(u16),
}

pub(crate) struct TestDoor {
    mood: Mood,
    /// Every host and port that was asked for, in order.
    asked: Mutex<Vec<(String, u16)>>,
    far: Sender<DuplexStream>,
}

impl Door for TestDoor {
    fn connect<'a>(
        &'a self,
        host: &'a str,
        port: u16,
    ) -> futures_util::future::BoxFuture<'a, Result<BoxStream, DoorRefusal>> {
        Box::pin(async move {
            self.asked
                .lock()
                .expect("no panic before")
                .push((host.to_owned(), port));
            match &self.mood {
                Mood::Open => {
                    let (near, far) = duplex(PIPE);
                    self.far.send(far).await.expect("the test takes connections");
                    Ok(Box::new(near) as BoxStream)
                }
                Mood::Refuse(refusal) => Err(refusal.clone()),
                Mood::Hang => std::future::pending().await,
                Mood::Loopback(port) => Ok(Box::new(loopback(*port).await) as BoxStream),
            }
        })
    }
}

/// A connection to this machine, as the gate would open one.
#[expect(
    clippy::disallowed_methods,
    reason = "the test's own listener is the other side"
)]
pub(crate) async fn loopback(port: u16) -> tokio::net::TcpStream {
    let stream = tokio::net::TcpStream::connect(("127.0.0.1", port)).await;
    stream.expect("the test listens there")
}

#[derive(Default)]
pub(crate) struct Records(Mutex<Vec<Record>>);

impl Audit for Records {
    fn record(&self, record: Record) {
        self.0.lock().expect("no panic before").push(record);
    }
}

/// A proxy with its parties.
pub(crate) struct Stage {
    pub(crate) proxy: Arc<Proxy>,
    door: Arc<TestDoor>,
    records: Arc<Records>,
    far: tokio::sync::Mutex<Receiver<DuplexStream>>,
}

impl Stage {
    pub(crate) fn open() -> Self {
        Self::new(Mood::Open, Limits::default())
    }

    pub(crate) fn new(mood: Mood, limits: Limits) -> Self {
        let (sender, far) = channel(64);
        let door = Arc::new(TestDoor {
            mood,
            asked: Mutex::default(),
            far: sender,
        });
        let records = Arc::new(Records::default());
        // Each look at the clock is a second later than the one before.
        let looks = AtomicU64::new(0);
        let clock = Arc::new(move || {
            SystemTime::UNIX_EPOCH + Duration::from_secs(looks.fetch_add(1, Ordering::Relaxed))
        });
        let proxy = Proxy::new(door.clone(), records.clone(), clock, limits);
        Self {
            proxy: Arc::new(proxy),
            door,
            records,
            far: tokio::sync::Mutex::new(far),
        }
    }

    /// A new stream of the guest, which the proxy serves from now on.
    pub(crate) fn guest(&self) -> Guest {
        let (stream, served) = duplex(PIPE);
        let proxy = Arc::clone(&self.proxy);
        let outcome = tokio::spawn(async move { proxy.serve(served).await });
        Guest { stream, outcome }
    }

    /// The far side of the next connection that the door opens.
    pub(crate) async fn far(&self) -> DuplexStream {
        self.far.lock().await.recv().await.expect("the door lives")
    }

    pub(crate) fn asked(&self) -> Vec<(String, u16)> {
        self.door.asked.lock().expect("no panic before").clone()
    }

    pub(crate) fn records(&self) -> Vec<Record> {
        self.records.0.lock().expect("no panic before").clone()
    }

    /// Waits until so many streams have ended.
    pub(crate) async fn settled(&self, streams: usize) {
        let ended = async || (self.records().len() == streams).then_some(());
        let within = Duration::from_secs(10);
        deskhand_test_support::eventually("a record of every stream", within, ended).await;
    }

    /// The one record that there is.
    pub(crate) fn record(&self) -> Record {
        let mut records = self.records();
        assert_eq!(records.len(), 1, "{records:?}");
        records.remove(0)
    }

    /// Sends these bytes on a stream of their own and hears the answer to its end. The door must not have been asked.
    pub(crate) async fn refused_before_the_door(&self, bytes: &[u8]) -> (String, String) {
        let mut guest = self.guest();
        guest.send(bytes).await;
        let answer = guest.rest().await;
        let outcome = guest.outcome.await.expect("the proxy does not panic");
        assert_eq!(
            self.asked(),
            [],
            "{}: nothing may be dialled",
            bytes.escape_ascii()
        );
        let Outcome::Refused(code) = outcome else {
            panic!("{} was not refused: {outcome:?}", bytes.escape_ascii());
        };
        (code.into_owned(), String::from_utf8_lossy(&answer).into_owned())
    }
}

/// The guest's end of one stream.
pub(crate) struct Guest {
    pub(crate) stream: DuplexStream,
    pub(crate) outcome: JoinHandle<Outcome>,
}

impl Guest {
    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        // The proxy may close while it is still being talked to.
        drop(self.stream.write_all(bytes).await);
    }

    /// Opens a tunnel and reads the proxy's yes.
    pub(crate) async fn connect(&mut self, authority: &str) {
        self.send(format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n\r\n").as_bytes())
            .await;
        let yes = b"HTTP/1.1 200 Connection established\r\n\r\n";
        assert_eq!(exactly(&mut self.stream, yes.len()).await, yes);
    }

    /// Everything to the end of the stream; the guest says no more.
    pub(crate) async fn rest(&mut self) -> Vec<u8> {
        drop(self.stream.shutdown().await);
        rest(&mut self.stream).await
    }

    pub(crate) async fn outcome(self) -> Outcome {
        drop(self.stream);
        self.outcome.await.expect("the proxy does not panic")
    }
}

/// Everything to the end.
pub(crate) async fn rest(stream: &mut DuplexStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    stream
        .read_to_end(&mut bytes)
        .await
        .expect("a pipe breaks only by its end");
    bytes
}

/// So many bytes.
pub(crate) async fn exactly(stream: &mut DuplexStream, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    stream.read_exact(&mut bytes).await.expect("so many bytes come");
    bytes
}

/// Bytes up to and with this mark.
pub(crate) async fn until(stream: &mut DuplexStream, mark: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    while !bytes.ends_with(mark) {
        bytes.push(
            stream
                .read_u8()
                .await
                .unwrap_or_else(|_| panic!("it ended after {}", bytes.escape_ascii())),
        );
    }
    bytes
}

pub(crate) fn refusal(code: &str, message: &str, kind: DoorRefusalKind) -> DoorRefusal {
    DoorRefusal {
        code: code.to_owned(),
        message: message.to_owned(),
        kind,
    }
}

pub(crate) fn refused(code: &'static str) -> Outcome {
    Outcome::Refused(code.into())
}

pub(crate) fn failed(code: &'static str) -> Outcome {
    Outcome::Failed(code.into())
}
