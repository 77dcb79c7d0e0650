//! The way out: a command reaches what the service's door opens, by the service's proxy, and nothing else.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, PoisonError};

use deskhand_vm_host::{BoxFuture, Connections, End, RunOutput, SessionSpec, Stream};
use deskhand_vm_proxy::{
    Audit, BoxStream, Door, DoorRefusal, DoorRefusalKind, Limits, Outcome, Proxy, Record,
};
use pretty_assertions::assert_eq;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::support::{command, run, session_of, session_with, shell, spec, workshop};

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

/// Answers each connection with a word and holds it until the program lets go; counts.
#[derive(Debug, Default)]
struct Held {
    now: AtomicUsize,
    most: AtomicUsize,
}

#[derive(Debug)]
struct Holding(Arc<Held>);

impl Connections for Holding {
    fn serve(&self, mut stream: Stream) -> BoxFuture<'static, ()> {
        let held = Arc::clone(&self.0);
        Box::pin(async move {
            let now = held.now.fetch_add(1, SeqCst) + 1;
            held.most.fetch_max(now, SeqCst);
            stream.write_all(b"x").await.ok();
            stream.read_u8().await.ok();
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
    // Thirty more than there are places for; the first of them is answered once one was closed.
    let script = "import socket\n\
                  def one(): return socket.create_connection((\"127.0.0.1\", 3128), 60)\n\
                  def answered(it): it.settimeout(60); return it.recv(1) == b\"x\"\n\
                  made = []\n\
                  for _ in range(96): made.append(one()); assert answered(made[-1])\n\
                  more = [one() for _ in range(30)]\n\
                  print(\"full\", flush=True); input()\n\
                  made.pop().close(); assert answered(more[0]); print(\"on\")";
    let mut full = command(&["python3", "-c", script]);
    full.input = true;
    let mut job = session.start(full).await.unwrap();
    let mut out = String::new();
    while !out.contains("full") {
        match job.next().await.unwrap() {
            Some(RunOutput::Out(bytes)) => out.push_str(&String::from_utf8_lossy(&bytes)),
            Some(RunOutput::Started(_)) => {}
            other => panic!("{other:?}"),
        }
    }
    // What else was to come would have: the guest answers behind it.
    assert_eq!(run(&session, &["echo", "on"]).await.ok(), "on\n");
    assert_eq!(held.most.load(SeqCst), AT_ONCE);
    job.input().write(b"\n").await.unwrap();
    loop {
        match job.next().await.unwrap() {
            Some(RunOutput::Ended(ended)) => {
                assert_eq!((out.as_str(), ended.end), ("full\non\n", End::Exited { code: 0 }));
                break;
            }
            Some(RunOutput::Out(bytes)) => out.push_str(&String::from_utf8_lossy(&bytes)),
            other => panic!("{other:?}"),
        }
    }
}
