//! The headers of our pages: what they may load, who may frame them, and that nothing else leaks.

use http::header::{
    CONTENT_SECURITY_POLICY, HeaderMap, HeaderName, HeaderValue, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};

use crate::guards::{Guard, Guards};

/// Where Office frames a pane. All frames around a pane must be listed, so the hosts that embed Office on the web are
/// here too. In desktop Office a pane is no frame.
pub const OFFICE_HOSTS: &[(&str, &str)] = &[
    (
        "https://*.officeapps.live.com",
        "the frame around a pane in Excel and PowerPoint on the web",
    ),
    ("https://*.office.com", "Microsoft 365 on the web"),
    (
        "https://*.office365.com",
        "Microsoft 365 on the web, older addresses",
    ),
    (
        "https://*.cloud.microsoft",
        "Microsoft 365 on the web, newer addresses",
    ),
    (
        "https://*.sharepoint.com",
        "documents opened from SharePoint and OneDrive for work",
    ),
    (
        "https://onedrive.live.com",
        "documents opened from a personal OneDrive",
    ),
    ("https://teams.microsoft.com", "documents opened inside Teams"),
];

/// Who sees a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Audience {
    /// Office, in a frame or a web view.
    Pane,
    /// Our window, or the browser by itself.
    Own,
}

/// The foreign origins that pages may name, given by the caller from the table of destinations.
#[derive(Clone, Debug, Default)]
pub struct PageSources {
    /// Where panes load scripts from (`script-src`).
    pub pane_scripts: Vec<String>,
    /// Where those scripts may connect to (`connect-src`).
    pub pane_connections: Vec<String>,
    /// The origins of host pages for tests and the tour, which may frame every page.
    pub test_hosts: Vec<String>,
}

/// Content-Security-Policy Level 3 for one page of one response.
pub(crate) fn content_security_policy(
    sources: &PageSources,
    guards: Guards,
    audience: Audience,
    host: &str,
    nonce: &str,
) -> String {
    let (scripts, connections) = match audience {
        Audience::Pane => (joined(&sources.pane_scripts), joined(&sources.pane_connections)),
        Audience::Own => (String::new(), String::new()),
    };
    let mut policy = [
        "default-src 'none'".to_owned(),
        format!("script-src 'self' 'nonce-{nonce}'{scripts}"),
        format!("style-src 'self' 'nonce-{nonce}'"),
        "img-src 'self' data: blob:".to_owned(),
        "font-src 'self'".to_owned(),
        // Not every web view takes 'self' for the same host over wss.
        format!("connect-src 'self' wss://{host}{connections}"),
        "base-uri 'none'".to_owned(),
        "form-action 'none'".to_owned(),
        "object-src 'none'".to_owned(),
    ]
    .join("; ");
    if guards.stands(Guard::FrameAncestors) {
        policy = format!("{policy}; frame-ancestors {}", frame_ancestors(sources, audience));
    }
    policy
}

fn frame_ancestors(sources: &PageSources, audience: Audience) -> String {
    let office = OFFICE_HOSTS
        .iter()
        .filter(|_| audience == Audience::Pane)
        .map(|(host, _)| *host);
    let hosts: Vec<&str> = office
        .chain(sources.test_hosts.iter().map(String::as_str))
        .collect();
    if hosts.is_empty() {
        "'none'".to_owned()
    } else {
        hosts.join(" ")
    }
}

fn joined(sources: &[String]) -> String {
    sources
        .iter()
        .fold(String::new(), |text, source| text + " " + source)
}

/// Whether a page at `origin` may frame panes: what `frame-ancestors` says, for requests that ask beforehand.
pub(crate) fn may_frame(sources: &PageSources, origin: &str) -> bool {
    let matches = |pattern: &str| match pattern.split_once("*.") {
        Some((scheme, domain)) => origin
            .strip_prefix(scheme)
            .and_then(|host| host.strip_suffix(domain))
            .is_some_and(|label| label.ends_with('.') && !label.contains(['/', ':', '@'])),
        None => origin == pattern,
    };
    OFFICE_HOSTS.iter().any(|(host, _)| matches(host)) || sources.test_hosts.iter().any(|host| host == origin)
}

/// What every answer carries, whatever it is.
pub(crate) fn protect(headers: &mut HeaderMap, guards: Guards) {
    let fixed = [
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("permissions-policy"),
            "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        ),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // A page that Office frames says otherwise by itself; everything else stays with its own origin.
    headers
        .entry(HeaderName::from_static("cross-origin-resource-policy"))
        .or_insert(HeaderValue::from_static("same-origin"));
    if guards.stands(Guard::FrameAncestors) {
        headers
            .entry(CONTENT_SECURITY_POLICY)
            .or_insert(HeaderValue::from_static(
                "default-src 'none'; frame-ancestors 'none'; sandbox",
            ));
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    fn sources() -> PageSources {
        PageSources {
            pane_scripts: vec!["https://appsforoffice.microsoft.com".to_owned()],
            pane_connections: Vec::new(),
            test_hosts: Vec::new(),
        }
    }

    #[test]
    fn lets_office_frame_panes_and_nobody_our_own_pages() {
        let policy = |audience, sources: &PageSources| {
            content_security_policy(sources, Guards::default(), audience, "localhost:1", "n")
        };
        let own = policy(Audience::Own, &sources());
        assert!(own.ends_with("frame-ancestors 'none'"), "{own}");
        assert!(!own.contains("microsoft"), "{own}");
        let pane = policy(Audience::Pane, &sources());
        assert!(
            pane.contains("script-src 'self' 'nonce-n' https://appsforoffice.microsoft.com;"),
            "{pane}"
        );
        assert!(
            pane.contains("frame-ancestors https://*.officeapps.live.com "),
            "{pane}"
        );
        assert!(!pane.contains("unsafe") && !pane.contains(" * "), "{pane}");
        let test = PageSources {
            test_hosts: vec!["https://localhost:9".to_owned()],
            ..sources()
        };
        assert!(policy(Audience::Own, &test).ends_with("frame-ancestors https://localhost:9"));
    }

    #[test]
    fn tells_office_from_hosts_that_look_like_it() {
        let cases = [
            ("https://excel.officeapps.live.com", true),
            ("https://contoso.sharepoint.com", true),
            ("https://onedrive.live.com", true),
            ("https://officeapps.live.com", false),
            ("https://evilofficeapps.live.com", false),
            ("https://evil.example/.officeapps.live.com", false),
            ("https://evil.example:1.office.com", false),
            ("http://excel.officeapps.live.com", false),
            ("https://excel.officeapps.live.com.evil.example", false),
            ("null", false),
        ];
        for (origin, expected) in cases {
            assert_eq!(may_frame(&sources(), origin), expected, "{origin}");
        }
    }
}
