//! Which hosts a list of rules lets through. Pure: nothing is resolved; names are judged as written, addresses as such.
//!
//! A plain host is exact; `*.example.com` is exactly one label more, not the name itself; `*` is every host. A rule without
//! a port means 443 and 80, `*` means every port. Addresses that are not public are let through only by a rule of their
//! own: `deskhandEgressAllowPrivate`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Longest name (RFC 1035, section 2.3.4).
const NAME_CAP: usize = 253;
/// Ports of a rule that names none.
const WEB_PORTS: [u16; 2] = [443, 80];

/// A host in the one spelling by which hosts are compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Host {
    /// A name in lower-case ASCII without a dot at its end.
    Name(String),
    /// An address; an IPv4 address in IPv6 clothes is the IPv4 address.
    Address(IpAddr),
}

impl Host {
    /// Reads a host the way the URL standard does: Unicode names become ASCII, and `0x7f.1` is 127.0.0.1.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > 4 * NAME_CAP || text.contains('*') {
            return None;
        }
        let bare = text
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
            .unwrap_or(text);
        if let Ok(address) = bare.parse::<IpAddr>() {
            return Some(Self::Address(address.to_canonical()));
        }
        match url::Host::parse(text).ok()? {
            url::Host::Domain(name) => {
                let name = name.strip_suffix('.').unwrap_or(&name);
                let whole =
                    name.len() <= NAME_CAP && name.split('.').all(|label| (1..=63).contains(&label.len()));
                whole.then(|| Self::Name(name.to_owned()))
            }
            url::Host::Ipv4(address) => Some(Self::Address(address.into())),
            url::Host::Ipv6(address) => Some(Self::Address(IpAddr::V6(address).to_canonical())),
        }
    }

    /// Whether it is this machine by name (RFC 6761, section 6.3), or an address that is not public.
    pub fn is_private(&self) -> bool {
        match self {
            Self::Name(name) => name == "localhost" || name.ends_with(".localhost"),
            Self::Address(address) => !is_public(*address),
        }
    }
}

/// A host with the port behind it, if there is one.
pub fn host_and_port(text: &str) -> Option<(Host, Option<u16>)> {
    if let Some(host) = Host::parse(text) {
        return Some((host, None));
    }
    let (host, port) = text.rsplit_once(':')?;
    let digits = port.bytes().all(|byte| byte.is_ascii_digit());
    let port = port.parse::<u16>().ok().filter(|port| digits && *port != 0)?;
    Some((Host::parse(host)?, Some(port)))
}

/// Whether a rule of `coworkEgressAllowedHosts` names the host and port. A rule that cannot be read names nothing.
pub fn names(rule: &str, host: &Host, port: u16) -> bool {
    let every = rule
        .strip_prefix('*')
        .and_then(|rest| match rest.strip_prefix(':') {
            None if rest.is_empty() => Some(true),
            Some(only) => Some(only.parse() == Ok(port)),
            None => None,
        });
    if let Some(every) = every {
        return every;
    }
    let (wild, exact) = match rule.strip_prefix("*.") {
        Some(parent) => (true, parent),
        None => (false, rule),
    };
    let Some((named, only)) = host_and_port(exact) else {
        return false;
    };
    let same = match (wild, &named, host) {
        (false, named, host) => named == host,
        (true, Host::Name(parent), Host::Name(name)) => {
            let label = name
                .strip_suffix(parent.as_str())
                .and_then(|rest| rest.strip_suffix('.'));
            label.is_some_and(|label| !label.is_empty() && !label.contains('.'))
        }
        (true, ..) => false,
    };
    same && only.map_or(WEB_PORTS.contains(&port), |only| only == port)
}

/// Whether a rule of `deskhandEgressAllowPrivate` names the host: a name, an address, or a block such as `10.0.0.0/8`.
pub fn names_private(rule: &str, host: &Host) -> bool {
    match (rule.split_once('/'), host) {
        (Some((network, prefix)), Host::Address(address)) => {
            let (Ok(network), Ok(prefix)) = (network.parse::<IpAddr>(), prefix.parse::<u32>()) else {
                return false;
            };
            match (network, address) {
                (IpAddr::V4(network), IpAddr::V4(address)) => {
                    same_start(u32::from(network).into(), u32::from(*address).into(), 32, prefix)
                }
                (IpAddr::V6(network), IpAddr::V6(address)) => {
                    same_start(network.into(), (*address).into(), 128, prefix)
                }
                _ => false,
            }
        }
        (Some(_), Host::Name(_)) => false,
        (None, host) => {
            !rule.starts_with('*') && Host::parse(rule).as_ref() == Some(host) || below(rule, host)
        }
    }
}

/// Whether `rule` is `*.parent` and the host one label below it.
fn below(rule: &str, host: &Host) -> bool {
    rule.starts_with("*.") && names(rule, host, WEB_PORTS[0])
}

fn same_start(one: u128, other: u128, bits: u32, prefix: u32) -> bool {
    prefix <= bits && (prefix == 0 || (one ^ other) >> (bits - prefix) == 0)
}

/// Whether an address is one of the public internet, by IANA's registries of special-purpose addresses.
pub fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = a == 0
        || a >= 224
        || address.is_private()
        || a == 100 && b & 0b1100_0000 == 64
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || matches!((a, b, c), (192, 0, 0) | (192, 88, 99))
        || a == 198 && b & 0xfe == 18
        // A cloud's platform service answers machines on this address, though it lies in public space.
        || address == Ipv4Addr::new(168, 63, 129, 16);
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let v4 = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match address.segments() {
        // An IPv4 address for a translator (RFC 6052) and for 6to4 (RFC 3056).
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => is_public_v4(v4(high, low)),
        // RFC 2928, RFC 3849 and RFC 9637.
        [0x2001, second, ..] if second < 0x200 || second == 0xdb8 => false,
        [0x3fff, second, ..] if second < 0x1000 => false,
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(rule: &str, host: &str) -> bool {
        let (host, port) = host_and_port(host).unwrap();
        names(rule, &host, port.unwrap_or(443))
    }

    #[test]
    fn rules_name_what_they_say_and_no_more() {
        let cases = [
            ("example.com", "example.com", true),
            ("example.com", "EXAMPLE.com.", true),
            ("example.com", "example.com:80", true),
            ("example.com", "example.com:8443", false),
            ("example.com:8443", "example.com:8443", true),
            ("example.com:8443", "example.com", false),
            ("example.com", "a.example.com", false),
            ("*.example.com", "a.example.com", true),
            ("*.example.com", "example.com", false),
            ("*.example.com", "a.b.example.com", false),
            ("*.example.com", "aexample.com", false),
            ("*.example.com", "192.0.2.1", false),
            ("bücher.example", "xn--bcher-kva.example", true),
            ("*", "anything.example:8443", true),
            ("*:8443", "anything.example", false),
            ("*:8443", "anything.example:8443", true),
            ("203.0.113.7", "0xcb007107", true),
            ("https://example.com", "example.com", false),
            ("", "example.com", false),
        ];
        for (rule, host, expected) in cases {
            assert_eq!(named(rule, host), expected, "{rule} {host}");
        }
    }

    #[test]
    fn private_addresses_are_private_in_every_spelling() {
        for host in [
            "127.0.0.1",
            "127.1",
            "2130706433",
            "0x7f.1",
            "[::1]",
            "[::ffff:10.0.0.1]",
            "10.1.2.3",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "[fe80::1]",
            "[fd00:ec2::254]",
            "224.0.0.1",
            "[64:ff9b::a9fe:a9fe]",
            "[2002:7f00:1::]",
            "168.63.129.16",
            "localhost",
            "a.LOCALHOST.",
            "0",
        ] {
            assert!(Host::parse(host).unwrap().is_private(), "{host}");
        }
        for host in ["8.8.8.8", "[2606:4700::1111]", "example.com", "notlocalhost"] {
            assert!(!Host::parse(host).unwrap().is_private(), "{host}");
        }
    }

    #[test]
    fn a_private_rule_names_hosts_addresses_and_blocks() {
        let cases = [
            ("10.0.0.0/8", "10.200.0.1", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("0.0.0.0/0", "10.0.0.1", true),
            ("10.0.0.0/33", "10.0.0.1", false),
            ("fd00::/8", "[fd12::1]", true),
            ("fd00::/8", "10.0.0.1", false),
            ("10.0.0.1", "10.0.0.1", true),
            ("wiki.example.org", "wiki.example.org", true),
            ("*.example.org", "wiki.example.org", true),
            ("*", "10.0.0.1", false),
        ];
        for (rule, host, expected) in cases {
            assert_eq!(
                names_private(rule, &Host::parse(host).unwrap()),
                expected,
                "{rule} {host}"
            );
        }
    }

    #[test]
    fn what_is_no_host_is_refused() {
        for text in [
            "",
            "*",
            "a..b",
            "fe80::1%eth0",
            "a b",
            "256.256.256.256",
            "example.com:0",
            "example.com:99999",
        ] {
            assert!(host_and_port(text).is_none(), "{text}");
        }
    }
}
