//! The way out: a command reaches what the service's door opens, by the service's proxy, and nothing else.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, PoisonError};

use deskhand_vm_host::{BoxFuture, Connections, End, SessionSpec, Stream};
use deskhand_vm_proxy::{
    Audit, BoxStream, Door, DoorRefusal, DoorRefusalKind, Limits, Outcome, Proxy, Record,
};
use pretty_assertions::assert_eq;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::support::{run, session_of, session_with, shell, spec, workshop};

/// A door that opens one host, behind which a page is.
struct OneHost;

impl Door for OneHost {
    fn connect<'a>(
        &'a self,
        host: &'a str,
        _: u16,
    ) -> futures_util::future::BoxFuture<'a, Result<BoxStream, DoorRefusal>> {
        Box::pin(async move {
            if host != "open.example" {
                return Err(DoorRefusal {
                    code: "not_listed".to_owned(),
                    message: format!("{host} is not on the list of allowed hosts."),
                    kind: DoorRefusalKind::Policy,
                });
            }
            let (near, mut far) = tokio::io::duplex(64 * 1024);
            tokio::spawn(async move {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    head.push(far.read_u8().await?);
                }
                let page = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\nhello\n";
                far.write_all(page.as_bytes()).await
            });
            Ok(Box::new(near) as BoxStream)
        })
    }
}

#[derive(Default)]
struct Records(Mutex<Vec<Record>>);

impl Audit for Records {
    fn record(&self, record: Record) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(record);
    }
}

#[derive(Debug)]
struct Served(Arc<Proxy>);

impl Connections for Served {
    fn serve(&self, stream: Stream) -> BoxFuture<'static, ()> {
        let proxy = Arc::clone(&self.0);
        Box::pin(async move {
            proxy.serve(stream).await;
        })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_reaches_what_the_door_opens_and_each_connection_is_recorded() {
    let home = tempfile::tempdir().unwrap();
    let workshop = workshop(home.path()).await;
    let records = Arc::new(Records::default());
    let clock = Arc::new(std::time::SystemTime::now);
    let audit: Arc<dyn Audit> = Arc::clone(&records) as Arc<dyn Audit>;
    let proxy = Proxy::new(Arc::new(OneHost), audit, clock, Limits::default());
    let session = session_with(&workshop, Some(Arc::new(Served(Arc::new(proxy))))).await;

    assert_eq!(
        shell(&session, "curl -sS http://open.example/page").await.ok(),
        "hello\n"
    );
    let refused = shell(&session, "curl -sS -o - -w '%{http_code}' http://closed.example/")
        .await
        .ok();
    assert!(
        refused.contains("closed.example is not on the list") && refused.ends_with("403"),
        "{refused}"
    );
    let tunnel = shell(&session, "curl -sS https://closed.example/").await;
    assert_ne!(tunnel.ended.end, End::Exited { code: 0 });
    // Around the proxy there is nothing: no network, no names.
    let around = shell(
        &session,
        "curl -sS --noproxy '*' --max-time 5 http://open.example/",
    )
    .await;
    assert_ne!(around.ended.end, End::Exited { code: 0 });

    let records = records.0.lock().unwrap();
    let outcomes: Vec<(String, bool)> = records
        .iter()
        .map(|record| {
            let host = record.host.as_ref().map(ToString::to_string).unwrap_or_default();
            (host, record.outcome == Outcome::Ended)
        })
        .collect();
    let expected = [
        ("open.example", true),
        ("closed.example", false),
        ("closed.example", false),
    ];
    assert_eq!(outcomes, expected.map(|(host, ended)| (host.to_owned(), ended)));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_way_out_every_connection_ends_at_once() {
    let home = tempfile::tempdir().unwrap();
    let workshop = workshop(home.path()).await;
    let session = session_with(&workshop, None).await;
    let ran = shell(&session, "curl -sS --max-time 20 http://open.example/").await;
    assert_ne!(ran.ended.end, End::Exited { code: 0 });
    assert!(!ran.err.contains("timed out"), "{}", ran.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_without_a_network_has_not_even_the_door() {
    let home = tempfile::tempdir().unwrap();
    let workshop = workshop(home.path()).await;
    let alone = SessionSpec {
        network: false,
        ..spec()
    };
    let session = session_of(&workshop, alone).await;
    let script = "import socket; socket.create_connection((\"127.0.0.1\", 3128), 5)";
    let ran = run(&session, &["python3", "-c", script]).await;
    assert!(
        ran.err.contains("ConnectionRefusedError"),
        "{}{}",
        ran.out,
        ran.err
    );
    assert_eq!(shell(&session, "env | grep -ci proxy || true").await.ok(), "0\n");
}

/// Holds every connection until so many are there or were, and counts.
#[derive(Debug, Default)]
struct Held {
    now: AtomicUsize,
    most: AtomicUsize,
    all: AtomicUsize,
    full: tokio::sync::Notify,
}

#[derive(Debug)]
struct Holding(Arc<Held>);

impl Connections for Holding {
    fn serve(&self, mut stream: Stream) -> BoxFuture<'static, ()> {
        let held = Arc::clone(&self.0);
        Box::pin(async move {
            let now = held.now.fetch_add(1, SeqCst) + 1;
            held.most.fetch_max(now, SeqCst);
            if held.all.fetch_add(1, SeqCst) + 1 >= AT_ONCE {
                held.full.notify_waiters();
                held.full.notify_one();
            }
            // Until the program has enough of it.
            stream.read(&mut [0; 1]).await.ok();
            held.now.fetch_sub(1, SeqCst);
        })
    }
}

/// As many connections as the guest hands on at once.
const AT_ONCE: usize = 96;

#[tokio::test(flavor = "multi_thread")]
async fn so_many_connections_go_out_at_once_and_others_wait() {
    let home = tempfile::tempdir().unwrap();
    let workshop = workshop(home.path()).await;
    let held = Arc::new(Held::default());
    let session = session_with(&workshop, Some(Arc::new(Holding(Arc::clone(&held))))).await;
    // One after the other, each of a new connection; the last ones find no place until the first are closed.
    let script = "import socket, sys\n\
                  made = [socket.create_connection((\"127.0.0.1\", 3128), 60) for _ in range(130)]\n\
                  print(len(made), flush=True); sys.stdin.read()\nfor one in made: one.close()";
    let mut command = crate::support::command(&["python3", "-c", script]);
    command.input = true;
    let mut job = session.start(command).await.unwrap();
    while !matches!(
        job.next().await.unwrap(),
        Some(deskhand_vm_host::RunOutput::Out(_))
    ) {}
    held.full.notified().await;
    // What else was to come would have: the guest answers behind it.
    assert_eq!(run(&session, &["echo", "on"]).await.ok(), "on\n");
    assert_eq!(
        (held.most.load(SeqCst), held.all.load(SeqCst)),
        (AT_ONCE, AT_ONCE)
    );
    job.input().end().await.unwrap();
    while !matches!(
        job.next().await.unwrap(),
        Some(deskhand_vm_host::RunOutput::Ended(_))
    ) {}
    assert_eq!(held.most.load(SeqCst), AT_ONCE);
}
