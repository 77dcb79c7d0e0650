//! A server on a loopback port, as all stand-ins of providers are.

use std::net::{Ipv4Addr, SocketAddr};

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::serve::ListenerExt as _;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// Largest request, as the Messages API has it.
const MAX_REQUEST: usize = 32 * 1024 * 1024;

/// A port that nobody answers on yet: what answers may name the address that it is at.
#[derive(Debug)]
pub(crate) struct Port {
    listener: TcpListener,
    address: SocketAddr,
}

impl Port {
    /// Takes this port of loopback; 0 takes a free one.
    pub(crate) async fn take(port: u16) -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    /// The address without a path.
    pub(crate) fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Answers from now on.
    pub(crate) fn serve(self, router: Router) -> Served {
        let base_url = self.base_url();
        let router = router.layer(DefaultBodyLimit::max(MAX_REQUEST));
        // A delta must not wait for the next one.
        let listener = self.listener.tap_io(|socket| drop(socket.set_nodelay(true)));
        let task = tokio::spawn(async move { axum::serve(listener, router).await });
        Served { base_url, task }
    }
}

/// A running server. It stops when this is dropped.
#[derive(Debug)]
pub(crate) struct Served {
    base_url: String,
    task: JoinHandle<std::io::Result<()>>,
}

impl Served {
    /// The address without a path.
    pub(crate) fn base_url(&self) -> String {
        self.base_url.clone()
    }

    /// Waits until the server ends, which it does only on an error.
    pub(crate) async fn ended(mut self) -> std::io::Result<()> {
        (&mut self.task).await.map_err(std::io::Error::other)?
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.task.abort();
    }
}
