//! `lsof`, which shows this user's own sockets. Best effort: a socket it does not show counts as another user's.

use std::io;
use std::net::SocketAddr;
use std::process::{Command, Stdio};

use super::{PeerOwner, PortHolder};

pub(super) fn owner(local: SocketAddr, peer: SocketAddr) -> io::Result<PeerOwner> {
    // The peer's own socket is the one that is named `peer->local`.
    let name = format!("n{peer}->{local}");
    let listed = lsof(&format!("-iTCP:{}", peer.port()), "-sTCP:ESTABLISHED")?;
    Ok(if listed.lines().any(|line| line == name) {
        PeerOwner::SameUser
    } else {
        PeerOwner::Unknown
    })
}

pub(super) fn port_holder(port: u16) -> io::Result<Option<PortHolder>> {
    let listed = lsof(&format!("-iTCP:{port}"), "-sTCP:LISTEN")?;
    let pid = listed
        .lines()
        .find_map(|line| line.strip_prefix('p')?.parse().ok());
    Ok(pid.map(|pid| PortHolder {
        pid: Some(pid),
        owner: PeerOwner::SameUser,
    }))
}

/// Field output: `p<pid>` starts a process, `n<name>` names each of its sockets. The own user id is asked for, so that
/// the answer is the same when the service runs as the superuser.
fn lsof(address: &str, state: &str) -> io::Result<String> {
    let uid = rustix::process::geteuid().as_raw().to_string();
    let output = Command::new("/usr/sbin/lsof")
        .args(["-nP", "-a", "-u", &uid, address, state, "-Fpn"])
        .stdin(Stdio::null())
        .output()?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
