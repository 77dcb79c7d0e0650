//! Who is at the other end of a loopback connection, and who holds a port.
//!
//! A TCP connection carries no name, but its two ends are on this machine, so the operating system's own table says
//! which user owns the other socket. On Windows and Linux that table is complete. On macOS `lsof` shows this user's own
//! sockets only, so there "not found" stands for "another user".

use std::io;
use std::net::SocketAddr;

#[cfg(target_os = "linux")]
#[path = "peer/linux.rs"]
mod os;
#[cfg(target_os = "macos")]
#[path = "peer/macos.rs"]
mod os;
#[cfg(windows)]
#[path = "peer/windows.rs"]
mod os;

/// Who owns the other end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PeerOwner {
    /// The user this process runs as.
    SameUser,
    /// Somebody else, the superuser included.
    OtherUser,
    /// The table has no such open connection: it is closing, or comes from where this process cannot see.
    Unknown,
}

/// A process that listens on a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortHolder {
    /// Its process id, where the operating system lets this user see it.
    pub pid: Option<u32>,
    /// Whether it runs as this user.
    pub owner: PeerOwner,
}

/// Who owns the socket at `peer` of the connection that arrived at `local`. Both must be loopback addresses; anything
/// else is [`PeerOwner::OtherUser`] without a look.
pub fn owner(local: SocketAddr, peer: SocketAddr) -> io::Result<PeerOwner> {
    if !local.ip().is_loopback() || !peer.ip().is_loopback() {
        return Ok(PeerOwner::OtherUser);
    }
    os::owner(local, peer)
}

/// Whether the connection that arrived at `local` from `peer` is of the user this process runs as. Where that cannot be told, it is
/// not.
pub fn is_same_user(local: SocketAddr, peer: SocketAddr) -> bool {
    let found = owner(local, peer);
    found.unwrap_or_else(|error| {
        tracing::warn!(%error, "the owner of a connection could not be looked up");
        PeerOwner::Unknown
    }) == PeerOwner::SameUser
}

/// Who listens on `port` of a loopback or wildcard address; `None` when nobody does.
pub fn port_holder(port: u16) -> io::Result<Option<PortHolder>> {
    os::port_holder(port)
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpListener, TcpStream};

    use pretty_assertions::assert_eq;

    use super::*;

    #[expect(clippy::disallowed_methods, reason = "both ends are this test's")]
    fn pair(address: IpAddr) -> (TcpListener, TcpStream, TcpStream) {
        let listener = TcpListener::bind((address, 0)).expect("bind");
        let client = TcpStream::connect(listener.local_addr().expect("address")).expect("connect");
        let (server, _) = listener.accept().expect("accept");
        (listener, client, server)
    }

    #[test]
    fn finds_this_user_behind_both_loopback_addresses() {
        for address in [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)] {
            let (_listener, _client, server) = pair(address);
            let (local, peer) = (
                server.local_addr().expect("local"),
                server.peer_addr().expect("peer"),
            );
            assert_eq!(
                owner(local, peer).expect("owner"),
                PeerOwner::SameUser,
                "{address}"
            );
        }
    }

    #[test]
    fn does_not_vouch_for_a_connection_that_is_closed_or_never_was() {
        let (_listener, client, server) = pair(IpAddr::V4(Ipv4Addr::LOCALHOST));
        let (local, peer) = (
            server.local_addr().expect("local"),
            server.peer_addr().expect("peer"),
        );
        drop(client);
        assert_eq!(owner(local, peer).expect("owner"), PeerOwner::Unknown);
        assert_eq!(owner(local, local).expect("owner"), PeerOwner::Unknown);
    }

    #[test]
    fn never_vouches_for_an_address_beyond_loopback() {
        let here = "127.0.0.1:1".parse().expect("address");
        let away = "192.0.2.7:1".parse().expect("address");
        assert_eq!(owner(here, away).expect("owner"), PeerOwner::OtherUser);
    }

    #[test]
    fn names_the_process_that_holds_a_port() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("bind");
        let port = listener.local_addr().expect("address").port();
        let holder = port_holder(port).expect("look");
        assert_eq!(
            holder,
            Some(PortHolder {
                pid: Some(std::process::id()),
                owner: PeerOwner::SameUser
            })
        );
        drop(listener);
        assert_eq!(port_holder(port).expect("look"), None);
    }
}
