//! A host as it is compared: one spelling for each name and each address, and which addresses are public.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// RFC 1035, section 2.3.4, without the dot at the end.
const MAX_NAME: usize = 253;

/// A DNS name in lower-case ASCII without a trailing dot, or an address. IPv6-mapped IPv4 addresses are IPv4 addresses.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Host {
    /// A name in its ASCII form (IDNA, UTS #46).
    Name(String),
    /// An address literal.
    Address(IpAddr),
}

impl Host {
    /// Reads a host the way the URL standard does: Unicode names become ASCII, and `0x7f.1`, `017700000001` and
    /// `2130706433` are all 127.0.0.1. Zone identifiers are refused: they name an interface of one machine.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > 4 * MAX_NAME {
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
                let whole = !name.is_empty() && name.len() <= MAX_NAME;
                let labels = || name.split('.').all(|label| (1..=63).contains(&label.len()));
                (whole && labels()).then(|| Self::Name(name.to_owned()))
            }
            url::Host::Ipv4(address) => Some(Self::Address(address.into())),
            url::Host::Ipv6(address) => Some(Self::Address(IpAddr::V6(address).to_canonical())),
        }
    }

    /// Whether it is a name that this machine has for itself (RFC 6761, section 6.3).
    pub fn is_localhost(&self) -> bool {
        matches!(self, Self::Name(name) if name == "localhost" || name.ends_with(".localhost"))
    }
}

impl std::fmt::Display for Host {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Name(name) => formatter.write_str(name),
            Self::Address(IpAddr::V4(address)) => address.fmt(formatter),
            Self::Address(IpAddr::V6(address)) => write!(formatter, "[{address}]"),
        }
    }
}

/// Whether an address is one of the public internet: no private, shared, link-local, loopback, multicast, reserved or
/// metadata address (IANA's special-purpose registries), also when it is wrapped in an IPv6 address.
pub(super) fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

/// Addresses of an organisation's own networks: RFC 1918, RFC 6598 and RFC 4193.
pub(super) fn is_private_network(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            address.is_private() || is_shared(address) && address != Ipv4Addr::new(100, 100, 100, 200)
        }
        IpAddr::V6(address) => address.is_unique_local() && !METADATA_V6.contains(&address),
    }
}

/// Where clouds answer with the credentials of the machine itself, in ranges that are otherwise an organisation's own.
const METADATA_V6: [Ipv6Addr; 2] = [
    Ipv6Addr::new(0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x254),
    Ipv6Addr::new(0xfd20, 0x00ce, 0, 0, 0, 0, 0, 0x254),
];

/// RFC 6598: the carrier's side of a shared address.
fn is_shared(address: Ipv4Addr) -> bool {
    let [a, b, ..] = address.octets();
    a == 100 && b & 0b1100_0000 == 64
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = a == 0
        || a >= 240
        || address.is_private()
        || is_shared(address)
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation()
        || (a, b, c) == (192, 0, 0)
        || (a, b, c) == (192, 88, 99)
        || a == 198 && b & 0xfe == 18
        // Azure's platform service answers machines on this address, though it lies in public space.
        || address == Ipv4Addr::new(168, 63, 129, 16);
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let s = address.segments();
    let v4 = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match s {
        // An IPv4 address for a translator (RFC 6052) and for 6to4 (RFC 3056).
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => is_public_v4(v4(high, low)),
        // RFC 2928 (with Teredo and ORCHID), RFC 3849 and RFC 9637.
        [0x2001, second, ..] if second < 0x200 || second == 0xdb8 => false,
        [0x3fff, second, ..] if second < 0x1000 => false,
        // Of the rest only RFC 4291's global unicast has been given out.
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_host_has_one_spelling() {
        let table = [
            ("Example.COM", Some("example.com")),
            ("example.com.", Some("example.com")),
            ("bücher.example", Some("xn--bcher-kva.example")),
            ("BÜCHER.example", Some("xn--bcher-kva.example")),
            ("ｅｘａｍｐｌｅ。com", Some("example.com")),
            ("%65xample.com", Some("example.com")),
            ("127.0.0.1", Some("127.0.0.1")),
            ("127.1", Some("127.0.0.1")),
            ("0x7f.1", Some("127.0.0.1")),
            ("0177.0.0.01", Some("127.0.0.1")),
            ("2130706433", Some("127.0.0.1")),
            ("127.0.0.1.", Some("127.0.0.1")),
            ("１２７.0.0.1", Some("127.0.0.1")),
            ("[::ffff:10.0.0.1]", Some("10.0.0.1")),
            ("::ffff:a00:1", Some("10.0.0.1")),
            ("[::1]", Some("[::1]")),
            ("[2001:DB8::1]", Some("[2001:db8::1]")),
            ("[fe80::1%25eth0]", None),
            ("fe80::1%eth0", None),
            ("256.256.256.256", None),
            ("1.2.3.4.5", None),
            ("a..example.com", None),
            ("example.com..", None),
            (".", None),
            ("", None),
            ("a b.example", None),
            ("user@example.com", None),
            ("example.com/path", None),
            ("example.com:443", None),
        ];
        for (text, wanted) in table {
            let found = Host::parse(text).map(|host| host.to_string());
            assert_eq!(found.as_deref(), wanted, "{text}");
        }
        assert_eq!(Host::parse(&format!("{}.example", "a".repeat(64))), None);
        assert_eq!(Host::parse(&"a.".repeat(500)), None);
    }

    #[test]
    fn only_addresses_of_the_public_internet_are_public() {
        let public = "1.1.1.1 93.184.216.34 172.15.0.1 172.32.0.1 100.63.0.1 100.128.0.1 169.253.0.1 198.17.0.1 \
            223.255.255.255 2606:4700::1111 2a00:1450::1 64:ff9b::101:101 2002:101:101::1 \
            ::ffff:1.1.1.1";
        let not = "0.0.0.0 0.1.2.3 10.0.0.1 100.64.0.1 100.100.100.200 127.0.0.1 127.255.255.254 \
            169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.192 192.0.2.1 192.168.0.1 198.18.0.1 \
            198.51.100.1 203.0.113.1 224.0.0.1 239.1.1.1 240.0.0.1 255.255.255.255 168.63.129.16 :: ::1 \
            ::127.0.0.1 ::ffff:127.0.0.1 fe80::1 fec0::1 fc00::1 fd00:ec2::254 ff02::1 2001:db8::1 \
            2001::1 2002:7f00:1:: 2002:a00:1::1 64:ff9b::a00:1 64:ff9b:1::1 100::1 3fff::1 5f00::1";
        for (list, wanted) in [(public, true), (not, false)] {
            for text in list.split(' ') {
                let address: IpAddr = text.parse().expect("an address");
                assert_eq!(is_public(address), wanted, "{text}");
            }
        }
    }

    #[test]
    fn metadata_is_no_private_network() {
        for text in [
            "169.254.169.254",
            "fd00:ec2::254",
            "fd20:ce::254",
            "100.100.100.200",
            "127.0.0.1",
        ] {
            assert!(!is_private_network(text.parse().expect("an address")), "{text}");
        }
        for text in [
            "10.0.0.1",
            "172.16.0.1",
            "192.168.0.1",
            "100.64.0.1",
            "fd12::1",
            "::ffff:10.0.0.1",
        ] {
            assert!(is_private_network(text.parse().expect("an address")), "{text}");
        }
    }
}
