//! An origin (RFC 6454): scheme, host and port, the unit in which the gate allows and refuses.

use serde::{Serialize, Serializer};
use url::Url;

use deskhand_policy::hosts::Host;

/// Why an address gives no usable origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OriginError {
    /// Not an absolute URL.
    #[error("it is not a full address such as https://host/path")]
    NotAnAddress,
    /// Neither https nor http.
    #[error("only https addresses are used, and http for this machine alone")]
    Scheme,
    /// http to another machine.
    #[error("http would send content readable over the network; use https")]
    Insecure,
    /// `user:password@` in the address.
    #[error("it holds a user name or password; credentials have keys of their own")]
    Credentials,
    /// A region or resource that is no label of a host name.
    #[error("it is not made of lower-case letters, digits and dashes alone")]
    NotALabel,
}

/// Scheme, host and port of an address. Of destinations there are https ones, and http ones on loopback hosts and at the
/// metadata server of a cloud's machine.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    https: bool,
    host: String,
    port: u16,
}

impl Origin {
    /// The origin of an absolute address.
    pub fn of_address(address: &str) -> Result<Self, OriginError> {
        Self::of_url(&Url::parse(address).map_err(|_| OriginError::NotAnAddress)?)
    }

    /// The origin of a parsed address.
    pub(crate) fn of_url(url: &Url) -> Result<Self, OriginError> {
        let (host, port) = place(url)?;
        let https = match url.scheme() {
            "https" => true,
            "http" if is_loopback(host) => false,
            "http" => return Err(OriginError::Insecure),
            _ => return Err(OriginError::Scheme),
        };
        Ok(Self {
            https,
            host: host.to_owned(),
            port,
        })
    }

    /// The metadata server of a cloud's machine, over http: no router passes its address on (RFC 3927, section 2.6.2), so what is
    /// said ends at the machine's own host.
    pub(crate) fn machine() -> Self {
        Self {
            https: false,
            host: "169.254.169.254".to_owned(),
            port: 80,
        }
    }

    /// That origin, where the address is there.
    pub(crate) fn of_machine(url: &Url) -> Option<Self> {
        let machine = Self::machine();
        let is_there = url.scheme() == "http" && place(url) == Ok((machine.host(), machine.port));
        is_there.then_some(machine)
    }

    /// The origin of a parsed address, http or https, on any host: for proxies, where content inside the tunnel is under
    /// TLS with the destination, and for pages that a list of hosts permits.
    pub(crate) fn of_web_url(url: &Url) -> Result<Self, OriginError> {
        let (host, port) = place(url)?;
        let https = match url.scheme() {
            "https" => true,
            "http" => false,
            _ => return Err(OriginError::Scheme),
        };
        let host = Host::parse(host).ok_or(OriginError::NotAnAddress)?;
        Ok(Self::from_parts(https, &host, port))
    }

    /// An origin of its parts.
    pub(crate) fn from_parts(https: bool, host: &Host, port: u16) -> Self {
        Self {
            https,
            host: host.to_string(),
            port,
        }
    }

    /// Host name or address literal as it stands in a URL, IPv6 in brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// TCP port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Whether the connection is protected by TLS.
    pub fn is_https(&self) -> bool {
        self.https
    }

    /// Whether the host is this machine.
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.host)
    }
}

impl std::fmt::Display for Origin {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (scheme, standard_port) = if self.https { ("https", 443) } else { ("http", 80) };
        write!(formatter, "{scheme}://{}", self.host)?;
        if self.port == standard_port {
            Ok(())
        } else {
            write!(formatter, ":{}", self.port)
        }
    }
}

impl Serialize for Origin {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Host and port of an address without credentials.
fn place(url: &Url) -> Result<(&str, u16), OriginError> {
    let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else {
        return Err(OriginError::NotAnAddress);
    };
    if !url.username().is_empty() || url.password().is_some() {
        return Err(OriginError::Credentials);
    }
    Ok((host, port))
}

/// `localhost`, 127.0.0.0/8 and `::1`. A name that merely ends in `localhost` is not enough: a resolver may send it
/// anywhere.
fn is_loopback(host: &str) -> bool {
    let bare = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(host);
    host == "localhost"
        || bare
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_an_address_down_to_its_origin() {
        let table = [
            (
                "https://Gateway.Example.com/v1/x?y#z",
                Ok("https://gateway.example.com"),
            ),
            (
                "https://gateway.example.com:443",
                Ok("https://gateway.example.com"),
            ),
            (
                "https://gateway.example.com:8443/",
                Ok("https://gateway.example.com:8443"),
            ),
            ("https://bücher.example", Ok("https://xn--bcher-kva.example")),
            ("http://127.0.0.1:4000/base", Ok("http://127.0.0.1:4000")),
            ("http://127.9.9.9", Ok("http://127.9.9.9")),
            // The machine's metadata server is one destination's own, and no gateway's.
            ("http://169.254.169.254", Err(OriginError::Insecure)),
            ("http://2130706433", Ok("http://127.0.0.1")),
            ("http://[::1]:81", Ok("http://[::1]:81")),
            ("http://localhost", Ok("http://localhost")),
            ("http://gateway.example.com", Err(OriginError::Insecure)),
            ("http://localhost.example.com", Err(OriginError::Insecure)),
            ("http://evil.localhost", Err(OriginError::Insecure)),
            ("http://0.0.0.0", Err(OriginError::Insecure)),
            (
                "https://user:secret@gateway.example.com",
                Err(OriginError::Credentials),
            ),
            ("https://user@gateway.example.com", Err(OriginError::Credentials)),
            ("ftp://gateway.example.com", Err(OriginError::Scheme)),
            ("file:///etc/passwd", Err(OriginError::NotAnAddress)),
            ("gateway.example.com", Err(OriginError::NotAnAddress)),
            ("", Err(OriginError::NotAnAddress)),
        ];
        for (address, wanted) in table {
            let origin = Origin::of_address(address).map(|origin| origin.to_string());
            assert_eq!(origin.as_deref().map_err(|error| *error), wanted, "{address}");
        }
    }
}
