//! Invariant 3: only the egress crate builds HTTP clients and opens outbound sockets.

use deskhand_test_support::repository;
use deskhand_tidy::{code_without_tests, crates, hold, lines_with, sources};

/// What opens a connection, as it is written.
const OPENS: [&str; 11] = [
    "TcpStream::connect",
    "TcpSocket::new",
    "UdpSocket::",
    "UnixStream::connect",
    "reqwest::Client",
    "reqwest::ClientBuilder",
    "reqwest::blocking",
    "reqwest::get",
    "client::legacy",
    "client::conn",
    "connect_async",
];

/// Where else a connection is opened, and why that is no way out.
const EXCEPTIONS: [(&str, &str); 2] = [
    (
        "companion/platform/src/local/unix.rs",
        "the local channel between processes of one user: a file, not a network",
    ),
    (
        "companion/service/src/terminal/client.rs",
        "the terminal on its way to this user's own service, which never leaves the machine",
    ),
];

/// Crates that can make HTTP requests by themselves.
const CLIENTS: [&str; 6] = [
    "hyper-rustls",
    "hyper-tls",
    "isahc",
    "reqwest",
    "rustls-platform-verifier",
    "ureq",
];

#[test]
fn only_egress_opens_connections() {
    let product = sources(&repository()).into_iter().filter(|source| {
        source.is(&["rs"])
            && !source.is_test()
            && !source.path.starts_with("companion/egress/")
            && !EXCEPTIONS.iter().any(|(path, _)| *path == source.path)
    });
    let found =
        product.flat_map(|source| lines_with(&source.path, &code_without_tests(&source.text), &OPENS));
    hold("go through companion/egress (Invariant 3):", found);
}

#[test]
fn only_egress_is_built_from_an_http_client() {
    let found = crates(&repository()).into_iter().filter(|(name, one)| {
        name != "deskhand-egress"
            && !one.folder.starts_with("tests/")
            && one
                .dependencies
                .iter()
                .any(|dependency| CLIENTS.contains(&dependency.as_str()))
    });
    hold(
        "have the egress crate make the client (Invariant 3):",
        found.map(|(name, _)| name),
    );
}

#[test]
fn every_exception_still_opens_a_connection() {
    let sources = sources(&repository());
    let idle = EXCEPTIONS.iter().filter(|(path, _)| {
        let source = sources.iter().find(|source| source.path == *path);
        source.is_none_or(|source| lines_with(path, &code_without_tests(&source.text), &OPENS).is_empty())
    });
    hold(
        "take these out of the list of exceptions:",
        idle.map(|(path, _)| (*path).to_owned()),
    );
}
