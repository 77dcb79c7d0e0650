//! What a program contacted, as the system saw it: the calls that name an address, written down by strace.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::path::Path;

/// The arguments of strace for a program and all that it starts.
pub(crate) fn arguments(trace: &Path) -> [&str; 7] {
    let trace = trace.to_str().expect("a path of text");
    let calls = "trace=connect,sendto,sendmsg,sendmmsg";
    ["-f", "-qq", "-s0", "-e", calls, "-o", trace]
}

/// Every address and port outside of this machine that stands in a trace. What stays on the loopback interface is not
/// told.
pub(crate) fn contacted(trace: &Path) -> BTreeSet<SocketAddr> {
    let trace = std::fs::read_to_string(trace).expect("strace is installed and wrote its trace");
    // Every part of Deskhand speaks with another, if only over a local socket.
    assert!(!trace.is_empty(), "nothing was watched");
    let addresses = trace.lines().flat_map(addresses);
    addresses
        .filter(|to| !to.ip().to_canonical().is_loopback())
        .collect()
}

/// The addresses in one line: a call that sends several messages names several.
fn addresses(line: &str) -> Vec<SocketAddr> {
    let socket = |part: &str| {
        let port = between(part, "port=htons(", ")")?.parse().ok()?;
        let address: IpAddr = match between(part, "inet_addr(\"", "\"") {
            Some(four) => four.parse().ok()?,
            None => between(part, "inet_pton(AF_INET6, \"", "\"")?
                .parse::<Ipv6Addr>()
                .ok()?
                .into(),
        };
        Some(SocketAddr::new(address, port))
    };
    let parts = line.split("sa_family=AF_INET").skip(1);
    parts
        .map(|part| socket(part).unwrap_or_else(|| panic!("an address that cannot be read: {line}")))
        .collect()
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let rest = text.split_once(before)?.1;
    Some(rest.split_once(after)?.0)
}

#[test]
fn every_address_of_a_call_is_read() {
    let line = r#"7 sendmmsg(9, [{msg_hdr={msg_name={sa_family=AF_INET, sin_port=htons(53), sin_addr=inet_addr("192.0.2.53")}}}, {msg_hdr={msg_name={sa_family=AF_INET6, sin6_port=htons(443), sin6_flowinfo=htonl(0), inet_pton(AF_INET6, "2001:db8::1", &sin6_addr), sin6_scope_id=0}}}], 2, 0) = 2"#;
    let read: Vec<_> = addresses(line).iter().map(ToString::to_string).collect();
    assert_eq!(read, ["192.0.2.53:53", "[2001:db8::1]:443"]);
}
