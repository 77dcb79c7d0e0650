//! What each source says, and which hosts go around the proxy.

use super::*;

fn of(variables: &[(&str, &str)]) -> Proxy {
    Proxy::from_environment(|name| {
        let found = variables.iter().find(|(key, _)| *key == name);
        found.map(|(_, value)| (*value).to_owned())
    })
}

fn used(proxy: &Proxy, target: &str) -> Option<String> {
    let target = Origin::of_web_url(&Url::parse(target).expect("an address")).expect("an origin");
    let server = proxy.server(&target).expect("a way");
    server.map(|server| server.origin().to_string())
}

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
        let proxy = of(variables);
        assert_eq!(
            used(&proxy, "https://example.com").as_deref(),
            wanted,
            "{variables:?}"
        );
        assert!(!format!("{proxy:?}").contains("secret"));
    }
}

#[test]
fn some_hosts_never_go_to_a_proxy() {
    let proxy = of(&[("all_proxy", "proxy:1"), ("no_proxy", "corp.example,10.0.0.0/8")]);
    let table = [
        ("https://example.com", true),
        ("http://example.com", true),
        ("https://corp.example", false),
        ("https://a.corp.example", false),
        ("https://notcorp.example", true),
        ("https://10.1.2.3", false),
        ("https://11.1.2.3", true),
        ("https://localhost", false),
        ("http://127.0.0.1:8080", false),
        ("https://[::1]", false),
        ("https://printer.local", false),
    ];
    for (target, wanted) in table {
        assert_eq!(used(&proxy, target).is_some(), wanted, "{target}");
    }
}

#[test]
fn credentials_go_to_the_proxy_that_they_were_given_for_and_to_no_other() {
    let environment = of(&[("https_proxy", "http://us%40er:p%3Aw@proxy:3128")]);
    let managed = |address| {
        let proxy = Proxy::from_policy(address)
            .expect("a proxy")
            .with_credentials_of(&environment);
        let server = proxy.https.expect("a usable proxy");
        server.and_then(|server| server.authorization)
    };
    let sent = managed("http://PROXY:3128").expect("credentials");
    assert_eq!(sent, "Basic dXNAZXI6cDp3");
    assert!(sent.is_sensitive());
    assert_eq!(managed("http://proxy:3129"), None);
    assert_eq!(managed("http://other:3128"), None);
}

#[test]
fn refuses_socks_and_managed_credentials() {
    let table = [
        ("socks5://proxy:1080", ProxyError::Scheme),
        ("http://user:secret@proxy", ProxyError::Credentials),
        ("http://user@proxy", ProxyError::Credentials),
        ("http://", ProxyError::NotAnAddress),
    ];
    for (address, wanted) in table {
        assert_eq!(Proxy::from_policy(address).err(), Some(wanted), "{address}");
    }
}

#[test]
fn credentials_for_a_proxy_under_tls_go_to_none_in_clear_nor_to_one_that_an_open_script_names() {
    let environment = of(&[("https_proxy", "https://user:secret@proxy:3128")]);
    let sent = |address| {
        let proxy = Proxy::from_policy(address)
            .expect("a proxy")
            .with_credentials_of(&environment);
        let server = proxy.https.expect("a usable proxy");
        server.and_then(|server| server.authorization).is_some()
    };
    assert!(sent("https://proxy:3128"));
    assert!(!sent("http://proxy:3128"));
    let of_script = |scheme, is_trusted| {
        let server = environment
            .named(scheme, "proxy:3128", is_trusted)
            .expect("a proxy");
        server.authorization.is_some()
    };
    assert!(of_script("https", true));
    assert!(!of_script("https", false));
    assert!(!of_script("http", true));
}

#[test]
fn a_proxy_that_cannot_be_used_is_an_error_for_its_own_scheme_and_for_no_other() {
    let proxy = of(&[
        ("https_proxy", "http://proxy:3128"),
        ("all_proxy", "socks5h://proxy:1080"),
        ("no_proxy", "corp.example"),
    ]);
    let asked = |target| {
        let target = Origin::of_web_url(&Url::parse(target).expect("an address")).expect("an origin");
        proxy.server(&target).map(|server| server.is_some())
    };
    assert_eq!(asked("https://example.com"), Ok(true));
    assert_eq!(asked("http://example.com"), Err(ProxyError::Scheme));
    assert_eq!(asked("http://corp.example"), Ok(false));
    assert_eq!(asked("http://localhost"), Ok(false));
    assert_eq!(
        asked("http://169.254.169.254"),
        Ok(false),
        "what the machine says is for it alone"
    );
    assert_eq!(proxy.unusable(), [Unusable::Http(ProxyError::Scheme)]);
    assert!(!of(&[("https_proxy", "socks5://proxy:1080")]).is_direct());
}
