//! The texts of the Internet Options of Windows: `ProxyServer` and `ProxyOverride`, as WinHTTP hands them out (documented at
//! `WINHTTP_PROXY_INFO` and `WinHttpSetOption`).

use super::{MAX_EXCEPTIONS, SystemProxies};

/// Proxies and exceptions of a list of servers (`proxy:8080`, or `http=proxy:80;https=proxy:443`) and a list of hosts
/// (`*.corp.example;10.*;<local>`). Entries end at a semicolon or a space.
pub(super) fn read(servers: &str, except: &str) -> SystemProxies {
    let mut found = SystemProxies::default();
    let mut socks = None;
    for entry in entries(servers) {
        // `http=` names the addresses that the proxy is for, and `http://` how it is spoken to.
        let Some((scheme, place)) = entry.split_once('=') else {
            found.https.get_or_insert_with(|| entry.to_owned());
            found.http.get_or_insert_with(|| entry.to_owned());
            continue;
        };
        if place.is_empty() {
            continue;
        }
        match scheme.to_ascii_lowercase().as_str() {
            "https" => found.https = Some(place.to_owned()),
            "http" => found.http = Some(place.to_owned()),
            "socks" => socks = Some(format!("socks://{}", place.trim_start_matches("socks://"))),
            _ => {}
        }
    }
    // It is for whatever has no proxy of its own; whoever uses it has to say that it is not spoken.
    found.https = found.https.or_else(|| socks.clone());
    found.http = found.http.or(socks);
    for entry in entries(except).take(MAX_EXCEPTIONS) {
        match entry.to_ascii_lowercase().as_str() {
            "<local>" => found.simple_names_direct = true,
            // It takes back that this machine goes direct, which debuggers of browsers want.
            "<-loopback>" => {}
            other => found.exceptions.push(other.to_owned()),
        }
    }
    found
}

fn entries(list: &str) -> impl Iterator<Item = &str> {
    list.split([';', ' ', '\t', '\r', '\n'])
        .filter(|entry| !entry.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_one_proxy_for_all_and_one_for_each_scheme() {
        let table = [
            ("", None, None),
            ("proxy:8080", Some("proxy:8080"), Some("proxy:8080")),
            (
                "http://proxy:80",
                Some("http://proxy:80"),
                Some("http://proxy:80"),
            ),
            (
                "http=one:80;https=two:443;ftp=three:21",
                Some("two:443"),
                Some("one:80"),
            ),
            ("HTTPS=http://two:443", Some("http://two:443"), None),
            ("http=one:80 https=two:443", Some("two:443"), Some("one:80")),
            ("http=one:80", None, Some("one:80")),
            ("https=;http=one:80", None, Some("one:80")),
            (
                "socks=four:1080",
                Some("socks://four:1080"),
                Some("socks://four:1080"),
            ),
            (
                "http=one:80;socks=four:1080",
                Some("socks://four:1080"),
                Some("one:80"),
            ),
            ("https=two:443;three:1", Some("two:443"), Some("three:1")),
            (";; =x", None, None),
        ];
        for (servers, https, http) in table {
            let found = read(servers, "");
            assert_eq!(
                (found.https.as_deref(), found.http.as_deref()),
                (https, http),
                "{servers}"
            );
        }
    }

    #[test]
    fn reads_exceptions_and_knows_the_names_in_angle_brackets() {
        let found = read(
            "proxy",
            "*.Corp.example; 10.*;https://pay.example:8443\t<LOCAL>;<-loopback>;;192.168.0.0/16",
        );
        let wanted = [
            "*.corp.example",
            "10.*",
            "https://pay.example:8443",
            "192.168.0.0/16",
        ];
        assert_eq!(found.exceptions, wanted);
        assert!(found.simple_names_direct);
        assert!(!read("proxy", "local;<locale>").simple_names_direct);
    }

    #[test]
    fn a_list_without_end_is_cut() {
        assert_eq!(
            read("proxy", &"a;".repeat(100_000)).exceptions.len(),
            MAX_EXCEPTIONS
        );
    }
}
