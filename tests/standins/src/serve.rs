//! A server on a loopback port, as all stand-ins of providers are.

use std::net::{Ipv4Addr, SocketAddr};

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::serve::ListenerExt as _;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// Largest request, as the Messages API has it.
const MAX_REQUEST: usize = 32 * 1024 * 1024;

/// A running server. It stops when this is dropped.
#[derive(Debug)]
pub(crate) struct Served {
    address: SocketAddr,
    task: JoinHandle<std::io::Result<()>>,
}

impl Served {
    /// Starts on loopback; port 0 takes a free one. The routes may name the address they are at.
    pub(crate) async fn start(port: u16, routes: impl FnOnce(SocketAddr) -> Router) -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let address = listener.local_addr()?;
        let router = routes(address).layer(DefaultBodyLimit::max(MAX_REQUEST));
        // A delta must not wait for the next one.
        let listener = listener.tap_io(|socket| drop(socket.set_nodelay(true)));
        let task = tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(Self { address, task })
    }

    /// The address without a path.
    pub(crate) fn base_url(&self) -> String {
        format!("http://{}", self.address)
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
