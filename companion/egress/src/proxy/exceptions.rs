//! Hosts that go around the proxy as Windows and macOS write them: `*.corp.example`, `10.*`, `10.0.0.0/8`, `169.254/16`,
//! `.corp.example`, each with a scheme before it or a port behind it or without.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::Origin;
use deskhand_policy::hosts::Host;

/// Bytes of an entry; names have 253.
const MAX_ENTRY: usize = 300;

/// The exceptions of the operating system.
#[derive(Clone, Debug, Default)]
pub(super) struct Exceptions {
    entries: Vec<Exception>,
    simple_names: bool,
}

#[derive(Clone, Debug)]
struct Exception {
    https: Option<bool>,
    port: Option<u16>,
    hosts: Hosts,
}

#[derive(Clone, Debug)]
enum Hosts {
    Network(IpNet),
    /// `*` stands for any text.
    Pattern(String),
}

impl Exceptions {
    /// What cannot be read excepts nothing: its hosts go through the proxy.
    pub(super) fn new(entries: &[String], simple_names: bool) -> Self {
        Self {
            entries: entries.iter().filter_map(|entry| exception(entry)).collect(),
            simple_names,
        }
    }

    pub(super) fn hold(&self, target: &Origin) -> bool {
        let host = target.host().trim_start_matches('[').trim_end_matches(']');
        let address = host.parse::<IpAddr>().ok();
        if self.simple_names && address.is_none() && !host.contains('.') {
            return true;
        }
        self.entries.iter().any(|entry| {
            let excepts = match &entry.hosts {
                Hosts::Network(network) => address.is_some_and(|address| network.contains(&address)),
                Hosts::Pattern(pattern) => fits(pattern, host),
            };
            excepts
                && entry.https.is_none_or(|https| https == target.is_https())
                && entry.port.is_none_or(|port| port == target.port())
        })
    }
}

fn exception(entry: &str) -> Option<Exception> {
    let entry = entry.trim();
    if entry.is_empty() || entry.len() > MAX_ENTRY {
        return None;
    }
    let (https, rest) = match entry.split_once("://") {
        None => (None, entry),
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => (Some(true), rest),
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => (Some(false), rest),
        Some(_) => return None,
    };
    if let Some(network) = network(rest) {
        return Some(Exception {
            https,
            port: None,
            hosts: Hosts::Network(network),
        });
    }
    // An IPv6 address without brackets has colons of its own.
    let (place, port) = match rest.rsplit_once(':') {
        Some((place, port)) if !place.contains(':') || place.ends_with(']') => {
            (place, Some(port.parse().ok()?))
        }
        _ => (rest, None),
    };
    let bare = place.trim_start_matches('[').trim_end_matches(']').to_lowercase();
    let pattern = match bare.strip_prefix('.') {
        Some(parent) => format!("*.{parent}"),
        None if bare.contains('*') => bare,
        // The spelling that hosts are compared in.
        None => Host::parse(&bare)?.to_string(),
    };
    let pattern = pattern.trim_start_matches('[').trim_end_matches(']').to_owned();
    Some(Exception {
        https,
        port,
        hosts: Hosts::Pattern(pattern),
    })
}

/// A network, whose address macOS writes without the zeros at its end.
fn network(text: &str) -> Option<IpNet> {
    let (address, length) = text.split_once('/')?;
    let missing = 3usize.checked_sub(address.matches('.').count());
    let full = match missing {
        Some(missing) if !address.contains(':') => format!("{address}{}", ".0".repeat(missing)),
        _ => address.to_owned(),
    };
    format!("{full}/{length}").parse().ok()
}

/// Whether a text fits a pattern in which `*` stands for any text. Each part is looked for once, from the left.
fn fits(pattern: &str, text: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(mut left) = text.strip_prefix(head) else {
        return false;
    };
    let (middle, tail) = rest.rsplit_once('*').unwrap_or(("", rest));
    for part in middle.split('*') {
        match left.find(part) {
            Some(at) => left = &left[at + part.len()..],
            None => return false,
        }
    }
    left.ends_with(tail)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use url::Url;

    use super::*;

    fn hold(entry: &str, target: &str) -> bool {
        let target = Origin::of_web_url(&Url::parse(target).expect("an address")).expect("an origin");
        Exceptions::new(&[entry.to_owned()], false).hold(&target)
    }

    #[test]
    fn each_form_excepts_its_hosts_and_no_others() {
        let table = [
            ("corp.example", "https://corp.example", true),
            ("CORP.example", "https://corp.example", true),
            ("corp.example", "https://a.corp.example", false),
            ("corp.example", "https://notcorp.example", false),
            ("*.corp.example", "https://a.corp.example", true),
            ("*.corp.example", "https://a.b.corp.example", true),
            ("*.corp.example", "https://corp.example", false),
            ("*corp.example", "https://corp.example", true),
            (".corp.example", "https://a.corp.example", true),
            (".corp.example", "https://corp.example", false),
            ("a*.corp.*", "https://ab.corp.example", true),
            ("a*.corp.*", "https://b.corp.example", false),
            ("a*b", "https://ab", true),
            ("ab*ba", "https://aba", false),
            ("*", "https://anything.example", true),
            ("10.*", "https://10.1.2.3", true),
            ("10.*", "https://11.1.2.3", false),
            ("10.0.0.0/8", "https://10.1.2.3", true),
            ("10.0.0.0/8", "https://11.1.2.3", false),
            ("169.254/16", "https://169.254.9.9", true),
            ("169.254/16", "https://169.255.9.9", false),
            ("fd00::/8", "https://[fd00::1]", true),
            ("[fd00::1]", "https://[fd00::1]", true),
            ("fd00::1", "https://[fd00::1]", true),
            ("corp.example:8443", "https://corp.example:8443", true),
            ("corp.example:8443", "https://corp.example", false),
            ("https://corp.example", "https://corp.example", true),
            ("http://corp.example", "https://corp.example", false),
            ("http://corp.example", "http://corp.example", true),
            ("bücher.example", "https://xn--bcher-kva.example", true),
            ("ftp://corp.example", "https://corp.example", false),
            ("corp.example:many", "https://corp.example", false),
            ("", "https://corp.example", false),
        ];
        for (entry, target, wanted) in table {
            assert_eq!(hold(entry, target), wanted, "{entry} and {target}");
        }
    }

    #[test]
    fn names_without_a_dot_go_direct_only_where_the_system_says_so() {
        let of = |simple, target| {
            let target = Origin::of_web_url(&Url::parse(target).expect("an address")).expect("an origin");
            Exceptions::new(&[], simple).hold(&target)
        };
        assert!(of(true, "https://intranet"));
        assert!(!of(false, "https://intranet"));
        assert!(!of(true, "https://a.example"));
        assert!(!of(true, "https://[fd00::1]"));
        assert!(!of(true, "https://10.0.0.1"));
    }

    proptest! {
        #[test]
        fn no_entry_panics_and_a_pattern_of_a_text_fits_it(entry in "\\PC{0,40}", text in "[a-z.]{1,20}", at in 0..20usize) {
            Exceptions::new(&[entry], true);
            let (head, tail) = text.split_at(at.min(text.len()));
            let pattern = format!("{head}*{tail}");
            prop_assert!(fits(&pattern, &text));
        }
    }
}
