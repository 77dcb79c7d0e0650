//! The sockets: loopback only, both families, one port.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use deskhand_platform::peer::{self, PortHolder};
use tokio::net::{TcpListener, TcpStream};

/// How often another port is tried when any will do and the other family has it taken.
const ANY_PORT_TRIES: usize = 16;

/// Why the port could not be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BindError {
    /// Another program listens on it.
    #[error("port {port} is taken{}", by(holder.as_ref()))]
    PortTaken {
        /// The port.
        port: u16,
        /// Who listens, as far as the operating system tells.
        holder: Option<PortHolder>,
    },
    /// The operating system refused.
    #[error("cannot listen on the loopback address")]
    Io(#[from] io::Error),
}

fn by(holder: Option<&PortHolder>) -> String {
    match holder.and_then(|holder| holder.pid) {
        Some(pid) => format!(" by process {pid}"),
        None => String::new(),
    }
}

/// Listens on 127.0.0.1 and, where the machine has it, on ::1.
#[derive(Debug)]
pub(crate) struct Listener {
    v4: TcpListener,
    v6: Option<TcpListener>,
    port: u16,
}

impl Listener {
    /// Binds `port`, or any free one for 0. Both families are taken, or none: `localhost` may mean either, and a stranger
    /// on the other one would be asked in our place.
    pub(crate) async fn bind(port: u16) -> Result<Self, BindError> {
        let mut tries = if port == 0 { ANY_PORT_TRIES } else { 1 };
        loop {
            tries -= 1;
            match Self::bind_both(port).await {
                Err(BindError::PortTaken { .. }) if tries > 0 => {}
                outcome => return outcome,
            }
        }
    }

    async fn bind_both(port: u16) -> Result<Self, BindError> {
        let v4 = bind(IpAddr::V4(Ipv4Addr::LOCALHOST), port).await?;
        let port = v4.local_addr()?.port();
        let v6 = match bind(IpAddr::V6(Ipv6Addr::LOCALHOST), port).await {
            Ok(v6) => Some(v6),
            Err(BindError::Io(error)) => {
                tracing::info!(%error, "this machine has no loopback address of IPv6");
                None
            }
            Err(taken) => return Err(taken),
        };
        Ok(Self { v4, v6, port })
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The next connection. A failure to accept (too many open files, for instance) is waited out. Cancel safe.
    pub(crate) async fn accept(&self) -> (TcpStream, SocketAddr) {
        loop {
            let accepted = tokio::select! {
                accepted = self.v4.accept() => accepted,
                accepted = accept_on(self.v6.as_ref()) => accepted,
            };
            match accepted {
                Ok(accepted) => return accepted,
                Err(error) => {
                    tracing::warn!(%error, "could not accept a connection");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        }
    }
}

async fn accept_on(listener: Option<&TcpListener>) -> io::Result<(TcpStream, SocketAddr)> {
    match listener {
        Some(listener) => listener.accept().await,
        None => std::future::pending().await,
    }
}

async fn bind(ip: IpAddr, port: u16) -> Result<TcpListener, BindError> {
    TcpListener::bind((ip, port))
        .await
        .map_err(|error| match error.kind() {
            io::ErrorKind::AddrInUse => BindError::PortTaken {
                port,
                holder: peer::port_holder(port).ok().flatten(),
            },
            _ => BindError::Io(error),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn names_the_process_that_has_the_port_on_either_family() {
        for ip in [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)] {
            let holder = std::net::TcpListener::bind((ip, 0)).expect("bind");
            let port = holder.local_addr().expect("address").port();
            let error = Listener::bind(port).await.expect_err("the port is taken");
            let expected = format!("port {port} is taken by process {}", std::process::id());
            assert_eq!(error.to_string(), expected);
        }
    }
}
