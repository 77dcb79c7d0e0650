//! Hosts as they are judged and compared: one spelling each. Which of them may be reached is the door's to say.

use std::net::{IpAddr, Ipv6Addr};

use crate::refusal::{Reason, Refusal, quoted};

/// RFC 1035, section 2.3.4, without the dot at the end.
const MAX_NAME: usize = 253;
const MAX_LABEL: usize = 63;

/// A DNS name in lower-case ASCII without a dot at the end, or an address. IPv4-mapped IPv6 addresses are IPv4 addresses.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Host {
    /// A name; Unicode names in their ASCII form (IDNA).
    Name(String),
    /// An address literal.
    Address(IpAddr),
}

impl Host {
    /// Reads a host of a request. Case, a dot at the end and the ways to write an IPv4 address (`0x7f.1`, `2130706433`) become
    /// one spelling, that of the URL standard, which a door reads as itself. What could be read in two ways is refused: percent signs,
    /// signs outside ASCII, user names, zone identifiers, brackets around anything but IPv6.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        if let Some(rest) = text.strip_prefix('[') {
            let inner = rest
                .strip_suffix(']')
                .and_then(|inner| inner.parse::<Ipv6Addr>().ok());
            let address =
                inner.ok_or_else(|| refused(text, "brackets hold an IPv6 address without a zone"))?;
            return Ok(Self::Address(IpAddr::V6(address).to_canonical()));
        }
        if text.len() > MAX_NAME + 1 {
            return Err(refused(text, "it is longer than a name can be"));
        }
        if !text.is_ascii() {
            return Err(refused(
                text,
                "write it in its ASCII form, which begins with xn--",
            ));
        }
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        if text.is_empty() || !text.bytes().all(plain) {
            return Err(refused(text, "a host has letters, digits, dashes and dots alone"));
        }
        let none = || refused(text, "it is neither a name nor an address");
        match url::Host::parse(text).map_err(|_| none())? {
            url::Host::Domain(name) => {
                let name = name.strip_suffix('.').unwrap_or(&name);
                let labels = || {
                    name.split('.')
                        .all(|label| (1..=MAX_LABEL).contains(&label.len()))
                };
                let whole = !name.is_empty() && name.len() <= MAX_NAME && labels();
                // A name is what the client wrote, but for case and the dot: nothing else was mapped.
                let same = name.eq_ignore_ascii_case(text.strip_suffix('.').unwrap_or(text));
                (whole && same)
                    .then(|| Self::Name(name.to_owned()))
                    .ok_or_else(none)
            }
            url::Host::Ipv4(address) => Ok(Self::Address(address.into())),
            url::Host::Ipv6(address) => Ok(Self::Address(IpAddr::V6(address).to_canonical())),
        }
    }

    /// Whether a server name of TLS is this name: ASCII case aside, with or without the dot at the end that RFC 6066, section 3,
    /// does not allow and some clients send.
    pub(crate) fn is_named(&self, server_name: &str) -> bool {
        let bare = server_name.strip_suffix('.').unwrap_or(server_name);
        matches!(self, Self::Name(name) if name.eq_ignore_ascii_case(bare))
    }
}

fn refused(text: &str, why: &str) -> Refusal {
    Reason::BadHost.because(format!("the host {} cannot be used: {why}", quoted(text)))
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

/// Host and port.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Target {
    /// The host.
    pub host: Host,
    /// TCP port, never 0.
    pub port: u16,
}

impl Target {
    /// Reads `host:port` (RFC 3986, section 3.2, without a user). Where there is no port, `default` counts; without one it is refused.
    pub fn parse(text: &str, default: Option<u16>) -> Result<Self, Refusal> {
        if text.contains('@') {
            return Err(refused(
                text,
                "a user name has no place before it; send an Authorization field",
            ));
        }
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, Some(port)),
            _ => (text, None),
        };
        let no_port = |why: &str| Reason::BadPort.because(format!("{}: {why}", quoted(text)));
        let port = match port {
            Some(port) => {
                let digits = (1..=5).contains(&port.len()) && port.bytes().all(|byte| byte.is_ascii_digit());
                let number = digits
                    .then(|| port.parse::<u16>().ok())
                    .flatten()
                    .filter(|port| *port != 0);
                number.ok_or_else(|| no_port("a port is a number from 1 to 65535"))?
            }
            None => default.ok_or_else(|| no_port("the port is missing; write host:port"))?,
        };
        let host = Host::parse(host)?;
        Ok(Self { host, port })
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}:{}", self.host, self.port)
    }
}
