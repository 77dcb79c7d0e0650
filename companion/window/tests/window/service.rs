//! A small service for the window's tests: it answers the local channel, and serves one page over TLS.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use deskhand_platform::Paths;
use deskhand_platform::local::{LocalAddress, LocalListener};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;

const PAGE: &str = "<!doctype html><title>Deskhand</title>\
    <body style='margin:0;background:#12864c;color:#fff;font:40px sans-serif'><h1>The page of the service</h1>\
    <button style='background:#a05fd0;border:0;width:300px;height:90px' onclick='ipc.postMessage(this.value)' \
    value='{\"pick\":{\"id\":3,\"what\":\"folders\"}}'></button>\
    <script>addEventListener('deskhand-window', said => fetch('/told?' + JSON.stringify(said.detail)))</script>\
    <script>fetch('/seen?' + location.hash.slice(1))</script>";

/// A certificate for `localhost` that nobody on the machine trusts.
pub(crate) struct Certificate {
    certificate: rcgen::Certificate,
    key: rcgen::KeyPair,
}

impl Certificate {
    pub(crate) fn new() -> Self {
        let key = rcgen::KeyPair::generate().expect("a key");
        let parameters = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).expect("a name");
        let certificate = parameters.self_signed(&key).expect("a certificate");
        Self { certificate, key }
    }

    /// As the service hands it out: the lines of PEM without its first and last, in one.
    fn der_base64(&self) -> String {
        self.certificate
            .pem()
            .lines()
            .filter(|line| !line.starts_with('-'))
            .collect()
    }

    fn acceptor(&self) -> TlsAcceptor {
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.key.serialize_der()));
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = rustls::ServerConfig::builder_with_provider(provider);
        let builder = builder
            .with_safe_default_protocol_versions()
            .expect("protocol versions")
            .with_no_client_auth();
        let config = builder
            .with_single_cert(vec![self.certificate.der().clone()], key)
            .expect("a usable certificate");
        TlsAcceptor::from(Arc::new(config))
    }
}

/// Runs until it is dropped.
pub(crate) struct Service {
    requests: Arc<Mutex<Vec<String>>>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Service {
    /// Shows `shown` on its port. The first request on the local channel is told the first certificate, the next one
    /// the second, and so on; the last one stays.
    pub(crate) fn start(home: &Path, shown: &Certificate, told: &[&Certificate]) -> Self {
        let (requests, acceptor) = (Arc::new(Mutex::new(Vec::new())), shown.acceptor());
        let told: Vec<String> = told.iter().map(|certificate| certificate.der_base64()).collect();
        let (stop, stopped) = oneshot::channel::<()>();
        let (ready, is_ready) = std::sync::mpsc::channel();
        let (paths, log) = (Paths::below(home), Arc::clone(&requests));
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(async move {
                let tcp = TcpListener::bind("127.0.0.1:0").await.expect("a port");
                let port = tcp.local_addr().expect("an address").port();
                let local = LocalListener::bind(&LocalAddress::of(&paths)).expect("the local channel");
                ready.send(()).expect("the test waits");
                tokio::select! {
                    () = bootstraps(local, port, told) => {}
                    () = pages(tcp, acceptor, log) => {}
                    _ = stopped => {}
                }
            });
        });
        is_ready.recv().expect("the service starts");
        Self {
            requests,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    /// The first lines of the requests so far.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().expect("no request panicked").clone()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            thread.join().expect("the service ends in order");
        }
    }
}

async fn bootstraps(mut local: LocalListener, port: u16, told: Vec<String>) {
    for count in 1.. {
        let mut stream = local.accept().await.expect("a connection of this user");
        let mut line = String::new();
        BufReader::new(&mut stream)
            .read_line(&mut line)
            .await
            .expect("a request");
        assert_eq!(line, "{\"frontEnd\":\"window\"}\n");
        let certificate = &told[(count - 1).min(told.len() - 1)];
        let answer = serde_json::json!({
            "address": format!("https://localhost:{port}"),
            "token": format!("tok-{count}"),
            "certificate": certificate,
            "authority": "",
            "pid": std::process::id(),
        });
        stream
            .write_all(format!("{answer}\n").as_bytes())
            .await
            .expect("an answer");
    }
}

async fn pages(tcp: TcpListener, acceptor: TlsAcceptor, log: Arc<Mutex<Vec<String>>>) {
    loop {
        let (stream, _) = tcp.accept().await.expect("a connection");
        // A window that does not accept the certificate ends the handshake.
        if let Ok(stream) = acceptor.accept(stream).await {
            tokio::spawn(answer(stream, Arc::clone(&log)));
        }
    }
}

async fn answer(mut stream: impl AsyncRead + AsyncWrite + Unpin, log: Arc<Mutex<Vec<String>>>) {
    let mut lines = BufReader::new(&mut stream).lines();
    let Ok(Some(first)) = lines.next_line().await else {
        return;
    };
    while lines
        .next_line()
        .await
        .is_ok_and(|line| line.is_some_and(|line| !line.is_empty()))
    {}
    if !first.contains("favicon") {
        log.lock().expect("no request panicked").push(first);
    }
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        PAGE.len()
    );
    // The window may be gone: nobody is left to tell.
    if stream.write_all(format!("{head}{PAGE}").as_bytes()).await.is_ok() {
        drop(stream.shutdown().await);
    }
}
