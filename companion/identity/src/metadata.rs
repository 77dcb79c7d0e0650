//! What a provider says of itself, and which of it counts.

use std::fmt;

use serde::Deserialize;
use url::{Host, Origin, Url};

use crate::error::SignInError;
use crate::transport::{Transport, get};

/// Where a provider's metadata lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Discovery {
    /// Behind the issuer: `<issuer>/.well-known/openid-configuration` (OpenID Connect Discovery 1.0, section 4).
    OpenId,
    /// Before the issuer's path: `/.well-known/oauth-authorization-server<path>` (RFC 8414, section 3.1).
    OAuth,
}

impl Discovery {
    fn address(self, issuer: &Url) -> Url {
        let mut address = issuer.clone();
        let path = issuer.path().trim_end_matches('/');
        address.set_path(&match self {
            Self::OpenId => format!("{path}/.well-known/openid-configuration"),
            Self::OAuth => format!("/.well-known/oauth-authorization-server{path}"),
        });
        address
    }
}

/// What a provider offers an address for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// The page on which people sign in.
    Authorization,
    /// Where grants become tokens.
    Token,
    /// Where device codes come from.
    Device,
    /// Where people enter a device code.
    Verification,
    /// Where tokens are ended.
    Revocation,
}

impl Endpoint {
    /// An address for credentials that was not read from metadata: TLS, or this machine; no name or password in it, and no
    /// fragment.
    pub fn address(self, text: &str) -> Result<Url, SignInError> {
        usable(self, text)
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Authorization => "the sign-in page",
            Self::Token => "the token endpoint",
            Self::Device => "the device authorization endpoint",
            Self::Verification => "the page for device codes",
            Self::Revocation => "the revocation endpoint",
        })
    }
}

/// A provider: its name and its addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provider {
    pub(crate) issuer: Option<String>,
    /// Whether its answers to the browser name it (RFC 9207).
    pub(crate) names_itself: bool,
    authorization: Option<Url>,
    token: Option<Url>,
    device: Option<Url>,
    revocation: Option<Url>,
    /// What every address has to share, where that was asked for.
    within: Option<Origin>,
}

#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    authorization_endpoint: Option<String>,
    token_endpoint: Option<String>,
    device_authorization_endpoint: Option<String>,
    revocation_endpoint: Option<String>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

impl Provider {
    /// Asks a provider for its metadata.
    pub async fn discover(
        transport: &impl Transport,
        issuer: &Url,
        discovery: Discovery,
    ) -> Result<Self, SignInError> {
        let said: Metadata = get(transport, &discovery.address(issuer)).await?;
        // An issuer without a path is written with and without its slash.
        let same = |text: &str| text.trim_end_matches('/') == issuer.as_str().trim_end_matches('/');
        if !same(&said.issuer) {
            return Err(SignInError::Issuer);
        }
        let address = |endpoint, text: Option<String>| text.map(|text| usable(endpoint, &text)).transpose();
        Ok(Self {
            authorization: address(Endpoint::Authorization, said.authorization_endpoint)?,
            token: address(Endpoint::Token, said.token_endpoint)?,
            device: address(Endpoint::Device, said.device_authorization_endpoint)?,
            revocation: address(Endpoint::Revocation, said.revocation_endpoint)?,
            issuer: Some(said.issuer),
            names_itself: said.authorization_response_iss_parameter_supported,
            within: None,
        })
    }

    /// A provider whose addresses are known.
    pub fn of_addresses(authorization: &str, token: &str) -> Result<Self, SignInError> {
        Ok(Self {
            issuer: None,
            names_itself: false,
            authorization: Some(usable(Endpoint::Authorization, authorization)?),
            token: Some(usable(Endpoint::Token, token)?),
            device: None,
            revocation: None,
            within: None,
        })
    }

    /// The same, with an address for device codes.
    pub fn with_device(self, device: &str) -> Result<Self, SignInError> {
        Ok(Self {
            device: Some(usable(Endpoint::Device, device)?),
            ..self
        })
    }

    /// The same, with an address where tokens are ended.
    pub fn with_revocation(self, revocation: &str) -> Result<Self, SignInError> {
        Ok(Self {
            revocation: Some(usable(Endpoint::Revocation, revocation)?),
            ..self
        })
    }

    /// The same, where its answers to the browser may name no other issuer (RFC 9207).
    #[must_use]
    pub fn named(self, issuer: Option<&str>) -> Self {
        Self {
            issuer: issuer.map(str::to_owned),
            ..self
        }
    }

    /// The same, with these addresses in the place of those in the metadata.
    pub fn with_addresses(
        self,
        authorization: Option<&str>,
        token: Option<&str>,
    ) -> Result<Self, SignInError> {
        let over = |endpoint, text: Option<&str>, found| match text {
            Some(text) => usable(endpoint, text).map(Some),
            None => Ok(found),
        };
        Ok(Self {
            authorization: over(Endpoint::Authorization, authorization, self.authorization)?,
            token: over(Endpoint::Token, token, self.token)?,
            ..self
        })
    }

    /// The same, where every address has to have this origin, those of later answers too.
    pub fn within(self, origin: &Origin) -> Result<Self, SignInError> {
        let found = [
            (Endpoint::Authorization, &self.authorization),
            (Endpoint::Token, &self.token),
            (Endpoint::Device, &self.device),
            (Endpoint::Revocation, &self.revocation),
        ];
        for (endpoint, address) in found {
            if address
                .as_ref()
                .is_some_and(|address| address.origin() != *origin)
            {
                return Err(SignInError::Elsewhere(endpoint));
            }
        }
        Ok(Self {
            within: Some(origin.clone()),
            ..self
        })
    }

    /// The page on which people sign in.
    pub fn authorization(&self) -> Result<&Url, SignInError> {
        let found = self.authorization.as_ref();
        found.ok_or(SignInError::Missing(Endpoint::Authorization))
    }

    pub(crate) fn token(&self) -> Result<&Url, SignInError> {
        self.token.as_ref().ok_or(SignInError::Missing(Endpoint::Token))
    }

    pub(crate) fn device(&self) -> Result<&Url, SignInError> {
        self.device.as_ref().ok_or(SignInError::Missing(Endpoint::Device))
    }

    pub(crate) fn revocation(&self) -> Option<&Url> {
        self.revocation.as_ref()
    }

    /// An address that a later answer names.
    pub(crate) fn later(&self, endpoint: Endpoint, address: &str) -> Result<Url, SignInError> {
        let address = usable(endpoint, address)?;
        match &self.within {
            Some(origin) if address.origin() != *origin => Err(SignInError::Elsewhere(endpoint)),
            _ => Ok(address),
        }
    }
}

/// An address for credentials: TLS, or this machine; no name or password in it, and no fragment (RFC 6749, section 3.1).
fn usable(endpoint: Endpoint, text: &str) -> Result<Url, SignInError> {
    let bad = SignInError::Endpoint(endpoint);
    let Ok(address) = Url::parse(text) else {
        return Err(bad);
    };
    let here = match address.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    let safe = address.scheme() == "https" || (address.scheme() == "http" && here);
    let plain = address.username().is_empty() && address.password().is_none() && address.fragment().is_none();
    if safe && plain { Ok(address) } else { Err(bad) }
}
