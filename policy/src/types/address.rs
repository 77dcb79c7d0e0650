//! Addresses of services.

use serde_json::{Value, json};
use url::{Host, Url};

use crate::source::Encoding;
use crate::value::{Invalid, PolicyValue, Reach, text};

/// Bytes that an address may have.
const CAP: usize = 2 << 10;

/// The base of a service's addresses: https, or http on a loopback host; without credentials, query and fragment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl(Url);

impl BaseUrl {
    /// The address.
    pub fn url(&self) -> &Url {
        &self.0
    }

    /// The address without a slash at its end, to put a path behind it.
    pub fn as_str(&self) -> &str {
        self.0.as_str().trim_end_matches('/')
    }

    /// True where the host is this machine.
    pub fn is_loopback(&self) -> bool {
        match self.0.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        }
    }
}

impl PolicyValue for BaseUrl {
    const REACH: Option<Reach> = Some(Reach::Addresses);

    // What is wrong is told without the address: it may hold a password.
    fn parse(value: &Value, _: Encoding) -> Result<Self, Invalid> {
        let text = text(value, CAP)?;
        let url = Url::parse(text).map_err(|error| Invalid(format!("no address: {error}")))?;
        let address = Self(url);
        let url = &address.0;
        let refusal = match url.scheme() {
            _ if text.trim() != text || text.contains(['\\', ' ']) => {
                "the address holds spaces or backslashes"
            }
            "http" if !address.is_loopback() => "http is accepted for loopback hosts only",
            "http" | "https"
                if !url.username().is_empty() || url.password().is_some() || text.contains('@') =>
            {
                "the address holds a user name or password"
            }
            "http" | "https" if url.query().is_some() || url.fragment().is_some() => {
                "the address holds a query or fragment"
            }
            "http" | "https" => return Ok(address),
            _ => "the address is not https",
        };
        Err(Invalid(refusal.to_owned()))
    }

    fn to_json(&self) -> Value {
        json!(self.as_str())
    }

    fn kind() -> String {
        "https address (http on loopback hosts)".to_owned()
    }

    fn schema() -> Value {
        json!({ "type": "string", "format": "uri", "pattern": "^https?://[^@?#]+$", "maxLength": CAP })
    }
}

/// An https address, with or without a query, without credentials and fragment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpsUrl(Url);

impl HttpsUrl {
    /// The address.
    pub fn url(&self) -> &Url {
        &self.0
    }
}

impl PolicyValue for HttpsUrl {
    const REACH: Option<Reach> = Some(Reach::Addresses);

    fn parse(value: &Value, _: Encoding) -> Result<Self, Invalid> {
        let url = web_address(text(value, CAP)?)?;
        if url.scheme() == "https" {
            Ok(Self(url))
        } else {
            Err(Invalid("the address is not https".to_owned()))
        }
    }

    fn to_json(&self) -> Value {
        json!(self.0.as_str())
    }

    fn kind() -> String {
        "https address".to_owned()
    }

    fn schema() -> Value {
        json!({ "type": "string", "format": "uri", "pattern": "^https://[^@#]+$", "maxLength": CAP })
    }
}

/// An address in an object: https, or http on a loopback host; without credentials and fragment.
pub(crate) fn web_address(text: &str) -> Result<Url, Invalid> {
    let refused = |reason: &str| Err(Invalid(reason.to_owned()));
    if text.len() > CAP || text.trim() != text || text.contains(['\\', ' ']) {
        return refused("the address holds spaces or backslashes, or is too long");
    }
    // What is wrong is told without the address: it may hold a password.
    let url = Url::parse(text).map_err(|error| Invalid(format!("no address: {error}")))?;
    let authority = text.split(['/', '?', '#']).nth(2).unwrap_or_default();
    match url.scheme() {
        _ if authority.contains('@') => refused("the address holds a user name or password"),
        _ if url.fragment().is_some() => refused("the address holds a fragment"),
        "https" => Ok(url),
        "http" if BaseUrl(url.clone()).is_loopback() => Ok(url),
        "http" => refused("http is accepted for loopback hosts only"),
        _ => refused("the address is not https"),
    }
}

/// The address of a proxy auto-configuration file: http or https, without credentials and fragment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PacUrl(Url);

impl PacUrl {
    /// The address.
    pub fn url(&self) -> &Url {
        &self.0
    }
}

impl PolicyValue for PacUrl {
    const REACH: Option<Reach> = Some(Reach::Addresses);

    fn parse(value: &Value, _: Encoding) -> Result<Self, Invalid> {
        let text = text(value, CAP)?;
        let url = Url::parse(text).map_err(|error| Invalid(format!("no address: {error}")))?;
        let refusal = match url.scheme() {
            _ if text.trim() != text || text.contains(['\\', ' ']) => {
                "the address holds spaces or backslashes"
            }
            "http" | "https" if text.contains('@') => "the address holds a user name or password",
            "http" | "https" if url.fragment().is_some() => "the address holds a fragment",
            "http" | "https" => return Ok(Self(url)),
            _ => "the address is not http or https",
        };
        Err(Invalid(refusal.to_owned()))
    }

    fn to_json(&self) -> Value {
        json!(self.0.as_str())
    }

    fn kind() -> String {
        "http or https address".to_owned()
    }

    fn schema() -> Value {
        json!({ "type": "string", "format": "uri", "pattern": "^https?://[^@#]+$", "maxLength": CAP })
    }
}

/// The address of an HTTP proxy: http or https, host and port, without credentials, path, query and fragment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProxyUrl(Url);

impl ProxyUrl {
    /// The address without a slash at its end.
    pub fn as_str(&self) -> &str {
        self.0.as_str().trim_end_matches('/')
    }
}

impl PolicyValue for ProxyUrl {
    const REACH: Option<Reach> = Some(Reach::Addresses);

    // What is wrong is told without the address: it may hold a password.
    fn parse(value: &Value, _: Encoding) -> Result<Self, Invalid> {
        let text = text(value, CAP)?;
        let url = Url::parse(text).map_err(|error| Invalid(format!("no address: {error}")))?;
        let refusal = match url.scheme() {
            _ if text.trim() != text || text.contains(['\\', ' ']) => {
                "the address holds spaces or backslashes"
            }
            "http" | "https" if text.contains('@') => "the address holds a user name or password",
            "http" | "https" if url.path() != "/" || url.query().is_some() || url.fragment().is_some() => {
                "the address holds more than a host and a port"
            }
            "http" | "https" => return Ok(Self(url)),
            _ => "the address is not http or https",
        };
        Err(Invalid(refusal.to_owned()))
    }

    fn to_json(&self) -> Value {
        json!(self.as_str())
    }

    fn kind() -> String {
        "http or https address of a host and a port".to_owned()
    }

    fn schema() -> Value {
        json!({ "type": "string", "format": "uri", "pattern": "^https?://[^@/?#]+/?$", "maxLength": CAP })
    }
}
