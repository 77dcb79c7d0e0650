//! The proxy rules of the network, from policy or from the environment. The values come in as arguments; this file
//! reads no environment itself.

use reqwest::{NoProxy, Url};

use crate::Origin;

/// Why a proxy address cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProxyError {
    /// Not an absolute URL with a host.
    #[error("the proxy is not a full address such as http://proxy:8080")]
    NotAnAddress,
    /// SOCKS or another scheme.
    #[error("only http and https proxies are used")]
    Scheme,
    /// Credentials in the managed address.
    #[error("the proxy address holds a user name or password")]
    Credentials,
}

/// How connections leave the machine. A proxy that fails is an error: there is no falling back to a direct connection.
#[derive(Clone, Default)]
pub struct Proxy {
    /// For https destinations; http ones are on this machine and always go direct.
    https: Option<Url>,
    /// Hosts that go direct, as in `NO_PROXY`.
    bypass: String,
}

impl Proxy {
    /// No proxy.
    pub fn direct() -> Self {
        Self::default()
    }

    /// The proxy of the policy key `egressProxyUrl`, which wins over the environment.
    pub fn from_policy(address: &str) -> Result<Self, ProxyError> {
        let url = parse(address)?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(ProxyError::Credentials);
        }
        Ok(Self {
            https: Some(url),
            bypass: String::new(),
        })
    }

    /// The proxy of the usual environment variables (`HTTPS_PROXY`, then `ALL_PROXY`; `NO_PROXY` for exceptions; the
    /// lower-case spelling first, as curl has it). `variable` looks one up.
    pub fn from_environment(variable: impl Fn(&str) -> Option<String>) -> Result<Self, ProxyError> {
        let either = |lower: &str| {
            [lower.to_owned(), lower.to_uppercase()]
                .iter()
                .find_map(|name| variable(name).filter(|value| !value.is_empty()))
        };
        let address = either("https_proxy").or_else(|| either("all_proxy"));
        let https = address.map(|address| parse(&address)).transpose()?;
        Ok(Self {
            https,
            bypass: either("no_proxy").unwrap_or_default(),
        })
    }

    /// The proxy's own origin, without the credentials that an environment may give.
    pub fn origin(&self) -> Option<Origin> {
        Origin::of_proxy(self.https.as_ref()?)
    }

    /// The same rules for the HTTP client. Loopback and `.local` hosts are never sent to a proxy.
    pub(crate) fn for_client(&self) -> Option<reqwest::Result<reqwest::Proxy>> {
        let url = self.https.clone()?;
        let bypass = format!("localhost,127.0.0.0/8,::1,.local,{}", self.bypass);
        Some(reqwest::Proxy::all(url).map(|proxy| proxy.no_proxy(NoProxy::from_string(&bypass))))
    }
}

/// Credentials that an environment's proxy address may carry do not show.
impl std::fmt::Debug for Proxy {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Proxy")
            .field("https", &self.origin())
            .field("bypass", &self.bypass)
            .finish()
    }
}

fn parse(address: &str) -> Result<Url, ProxyError> {
    // Environments often give `proxy:8080` without a scheme, which means http.
    let full = if address.contains("://") {
        address.to_owned()
    } else {
        format!("http://{address}")
    };
    let url = Url::parse(&full).map_err(|_| ProxyError::NotAnAddress)?;
    match url.scheme() {
        "http" | "https" if url.has_host() => Ok(url),
        "http" | "https" => Err(ProxyError::NotAnAddress),
        _ => Err(ProxyError::Scheme),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_usual_variables_in_curls_order() {
        let table = [
            (&[][..], None),
            (
                &[
                    ("HTTPS_PROXY", "http://upper:1"),
                    ("https_proxy", "http://lower:2"),
                ],
                Some("http://lower:2"),
            ),
            (
                &[("ALL_PROXY", "http://all:1"), ("HTTPS_PROXY", "http://https:2")][..],
                Some("http://https:2"),
            ),
            (&[("ALL_PROXY", "proxy:3128")][..], Some("http://proxy:3128")),
            (&[("HTTP_PROXY", "http://plain:1")][..], None),
            (
                &[("https_proxy", "http://user:secret@proxy:3128")][..],
                Some("http://proxy:3128"),
            ),
        ];
        for (variables, wanted) in table {
            let proxy = Proxy::from_environment(|name| {
                variables
                    .iter()
                    .find(|(key, _)| *key == name)
                    .map(|(_, value)| (*value).to_owned())
            })
            .expect("a valid proxy");
            assert_eq!(
                proxy.origin().map(|origin| origin.to_string()).as_deref(),
                wanted,
                "{variables:?}"
            );
            assert!(!format!("{proxy:?}").contains("secret"));
        }
    }

    #[test]
    fn refuses_socks_and_managed_credentials() {
        assert_eq!(
            Proxy::from_policy("socks5://proxy:1080").err(),
            Some(ProxyError::Scheme)
        );
        assert_eq!(
            Proxy::from_policy("http://user:secret@proxy").err(),
            Some(ProxyError::Credentials)
        );
        assert_eq!(
            Proxy::from_policy("http://").err(),
            Some(ProxyError::NotAnAddress)
        );
    }
}
