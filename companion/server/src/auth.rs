//! Who may ask: checks on the head of every request, before any route.
//!
//! `Host` keeps out DNS rebinding, `Origin` and `Sec-Fetch-Site` keep out other pages in the user's browser. A request
//! without `Origin` is no browser's WebSocket, so it needs a token that only this user's own programs can have.

use http::header::{HOST, HeaderMap, HeaderName, ORIGIN};
use http::{Method, Uri};

use crate::TurnedAway;
use crate::guards::{Guard, Guards};

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");

/// Why a request was turned away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    /// `Host` is missing, doubled or not one of ours.
    #[error("this server does not answer to that host name")]
    Host,
    /// `Origin` is another page's.
    #[error("pages of other origins may not ask")]
    Origin,
    /// A browser says that another site caused the request.
    #[error("other sites may not ask")]
    FetchSite,
    /// A WebSocket without `Origin` and without a token of the local channel.
    #[error("a connection without an origin needs a token of this user")]
    NoOrigin,
}

impl From<Refusal> for TurnedAway {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Host => Self::Host,
            Refusal::Origin => Self::Origin,
            Refusal::FetchSite => Self::FetchSite,
            Refusal::NoOrigin => Self::NoOrigin,
        }
    }
}

/// The names that this server answers to, for its port.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    hosts: [String; 3],
}

impl Names {
    pub(crate) fn new(port: u16) -> Self {
        Self {
            hosts: [
                format!("localhost:{port}"),
                format!("127.0.0.1:{port}"),
                format!("[::1]:{port}"),
            ],
        }
    }

    /// Checks `Host` and the authority of an absolute request target, and gives the host asked for.
    pub(crate) fn host<'a>(
        &'a self,
        guards: Guards,
        uri: &Uri,
        headers: &HeaderMap,
    ) -> Result<&'a str, Refusal> {
        let mut sent = headers.get_all(HOST).iter();
        let host = sent.next().and_then(|host| host.to_str().ok());
        let known = |name: &str| {
            self.hosts
                .iter()
                .find(|host| host.eq_ignore_ascii_case(name))
                .map(String::as_str)
        };
        let found = host.and_then(known).filter(|_| sent.next().is_none());
        let target = uri
            .authority()
            .is_none_or(|authority| known(authority.as_str()).is_some());
        match found {
            Some(host) if target => Ok(host),
            _ if !guards.stands(Guard::Host) => Ok(&self.hosts[0]),
            _ => Err(Refusal::Host),
        }
    }

    /// Checks that a browser's request comes from our own page at the very host it asks.
    pub(crate) fn origin(guards: Guards, host: &str, headers: &HeaderMap) -> Result<(), Refusal> {
        let own = format!("https://{host}");
        let foreign = headers
            .get_all(ORIGIN)
            .iter()
            .any(|origin| origin.as_bytes() != own.as_bytes());
        if foreign && guards.stands(Guard::Origin) {
            Err(Refusal::Origin)
        } else {
            Ok(())
        }
    }

    /// Checks `Sec-Fetch-Site`, which a page cannot set. Another site may only link to a page or frame it; whether it
    /// may frame is said by the page's own policy. Requests without the header come from no browser that could be misled.
    pub(crate) fn fetch_site(guards: Guards, method: &Method, headers: &HeaderMap) -> Result<(), Refusal> {
        let is = |name: &HeaderName, value: &str| {
            headers
                .get(name)
                .is_some_and(|sent| sent.as_bytes() == value.as_bytes())
        };
        let own =
            !headers.contains_key(FETCH_SITE) || is(&FETCH_SITE, "same-origin") || is(&FETCH_SITE, "none");
        let linked = *method == Method::GET && is(&FETCH_MODE, "navigate");
        if own || linked || !guards.stands(Guard::FetchSite) {
            Ok(())
        } else {
            Err(Refusal::FetchSite)
        }
    }
}

/// The one `Origin` of a request, as a token is bound to it.
pub(crate) fn origin_of(headers: &HeaderMap) -> Option<&str> {
    headers.get(ORIGIN).and_then(|origin| origin.to_str().ok())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use pretty_assertions::assert_eq;

    use super::*;

    fn headers(list: &[(&'static str, &'static str)]) -> HeaderMap {
        list.iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .fold(HeaderMap::new(), |mut map, (name, value)| {
                map.append(name, value);
                map
            })
    }

    #[test]
    fn answers_to_its_own_names_at_its_own_port_only() {
        let names = Names::new(47600);
        let uri = Uri::from_static("/");
        for host in [
            "localhost:47600",
            "LOCALHOST:47600",
            "127.0.0.1:47600",
            "[::1]:47600",
        ] {
            let sent = HeaderMap::from_iter([(HOST, HeaderValue::from_static(host))]);
            assert!(names.host(Guards::default(), &uri, &sent).is_ok(), "{host}");
        }
        for host in [
            "",
            "localhost",
            "localhost:47601",
            "localhost.:47600",
            "evil.example:47600",
            "localhost:47600.evil.example",
            "127.1:47600",
            "0.0.0.0:47600",
        ] {
            let sent = HeaderMap::from_iter([(HOST, HeaderValue::from_static(host))]);
            assert_eq!(
                names.host(Guards::default(), &uri, &sent),
                Err(Refusal::Host),
                "{host}"
            );
        }
        let doubled = headers(&[("host", "localhost:47600"), ("host", "evil.example")]);
        assert_eq!(names.host(Guards::default(), &uri, &doubled), Err(Refusal::Host));
        let absolute = Uri::from_static("https://evil.example/");
        let sent = headers(&[("host", "localhost:47600")]);
        assert_eq!(
            names.host(Guards::default(), &absolute, &sent),
            Err(Refusal::Host)
        );
    }

    #[test]
    fn knows_its_own_origin_from_every_other() {
        let check = |origin| {
            Names::origin(
                Guards::default(),
                "localhost:47600",
                &headers(&[("origin", origin)]),
            )
        };
        assert_eq!(check("https://localhost:47600"), Ok(()));
        for origin in [
            "null",
            "https://localhost",
            "http://localhost:47600",
            "https://127.0.0.1:47600",
            "https://localhost:47600.evil.example",
            "https://evil.example",
            "",
        ] {
            assert_eq!(check(origin), Err(Refusal::Origin), "{origin}");
        }
        let doubled = headers(&[
            ("origin", "https://localhost:47600"),
            ("origin", "https://evil.example"),
        ]);
        assert_eq!(
            Names::origin(Guards::default(), "localhost:47600", &doubled),
            Err(Refusal::Origin)
        );
    }

    #[test]
    fn lets_other_sites_link_but_not_load() {
        let check = |method: Method, list: &[(&'static str, &'static str)]| {
            Names::fetch_site(Guards::default(), &method, &headers(list))
        };
        assert_eq!(
            check(
                Method::GET,
                &[("sec-fetch-site", "same-origin"), ("sec-fetch-mode", "cors")]
            ),
            Ok(())
        );
        assert_eq!(
            check(
                Method::GET,
                &[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")]
            ),
            Ok(())
        );
        for site in ["cross-site", "same-site"] {
            for mode in ["no-cors", "cors", "websocket"] {
                let list = [("sec-fetch-site", site), ("sec-fetch-mode", mode)];
                assert_eq!(
                    check(Method::GET, &list),
                    Err(Refusal::FetchSite),
                    "{site} {mode}"
                );
            }
        }
        let form = [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")];
        assert_eq!(check(Method::POST, &form), Err(Refusal::FetchSite));
    }
}
