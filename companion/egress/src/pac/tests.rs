//! What proxy scripts see, what they answer, and how they fail.

use pretty_assertions::assert_eq;
use time::macros::datetime;

use super::*;

fn world(addresses: &'static [&'static str]) -> World {
    World {
        addresses: Box::new(|_| {
            addresses
                .iter()
                .map(|text| text.parse().expect("an address"))
                .collect()
        }),
        // A Wednesday.
        now: datetime!(2026-11-25 10:30:15 UTC).into(),
    }
}

fn target(address: &str) -> Origin {
    Origin::of_web_url(&Url::parse(address).expect("an address")).expect("an origin")
}

fn asked(script: &str) -> Result<String, ProxyFault> {
    evaluate(
        script,
        &target("https://www.corp.example:8443/secret?q"),
        world(&["10.1.2.3", "fd12::1"]),
    )
}

/// What an expression is inside of a script.
fn value(expression: &str) -> String {
    let script = format!("function FindProxyForURL(url, host) {{ return String({expression}); }}");
    asked(&script).expect(expression)
}

#[test]
fn the_script_sees_the_host_and_no_path() {
    assert_eq!(value("url"), "https://www.corp.example:8443/");
    assert_eq!(value("host"), "www.corp.example");
}

#[test]
fn every_function_answers_as_the_format_says() {
    let table = [
        ("isPlainHostName('www')", "true"),
        ("isPlainHostName('www.corp.example')", "false"),
        ("dnsDomainIs(host, '.corp.example')", "true"),
        ("dnsDomainIs(host, '.other.example')", "false"),
        ("localHostOrDomainIs('www', 'www.corp.example')", "true"),
        (
            "localHostOrDomainIs('www.corp.example', 'www.corp.example')",
            "true",
        ),
        (
            "localHostOrDomainIs('www.other.example', 'www.corp.example')",
            "false",
        ),
        ("dnsDomainLevels('www')", "0"),
        ("dnsDomainLevels('www.corp.example')", "2"),
        ("dnsResolve(host)", "10.1.2.3"),
        ("dnsResolveEx(host)", "10.1.2.3;fd12::1"),
        ("isResolvable(host)", "true"),
        ("isInNet(host, '10.1.0.0', '255.255.0.0')", "true"),
        ("isInNet(host, '10.2.0.0', '255.255.0.0')", "false"),
        ("isInNet('192.168.7.7', '192.168.0.0', '255.255.0.0')", "true"),
        ("isInNetEx(host, 'fd12::/16')", "true"),
        ("isInNetEx('10.1.2.3', '10.0.0.0/8')", "true"),
        ("isInNetEx(host, 'junk')", "false"),
        ("convert_addr('104.16.41.2')", "1745889538"),
        (
            "sortIpAddressList('10.0.0.2;fd12::1;9.0.0.1')",
            "fd12::1;9.0.0.1;10.0.0.2",
        ),
        ("/^\\d+\\.\\d+\\.\\d+\\.\\d+$/.test(myIpAddress())", "true"),
        ("shExpMatch('http://home.example/people/a', '*/people/*')", "true"),
        ("shExpMatch('http://home.example/', '*/people/*')", "false"),
        ("shExpMatch('a.b', 'a?b')", "true"),
        ("shExpMatch('axb', 'a.b')", "false"),
        ("getClientVersion()", "1.0"),
        ("alert('x')", "undefined"),
    ];
    for (expression, wanted) in table {
        assert_eq!(value(expression), wanted, "{expression}");
    }
}

#[test]
fn ranges_of_days_times_and_dates_may_go_over_their_end() {
    let table = [
        ("weekdayRange('MON', 'FRI', 'GMT')", "true"),
        ("weekdayRange('WED', 'GMT')", "true"),
        ("weekdayRange('THU', 'GMT')", "false"),
        ("weekdayRange('SAT', 'WED', 'GMT')", "true"),
        ("timeRange(10, 'GMT')", "true"),
        ("timeRange(9, 17, 'GMT')", "true"),
        ("timeRange(10, 31, 17, 0, 'GMT')", "false"),
        ("timeRange(10, 30, 15, 10, 30, 15, 'GMT')", "true"),
        ("timeRange(22, 6, 'GMT')", "false"),
        ("dateRange(25, 'GMT')", "true"),
        ("dateRange(1, 15, 'GMT')", "false"),
        ("dateRange('NOV', 'GMT')", "true"),
        ("dateRange('OCT', 'DEC', 'GMT')", "true"),
        ("dateRange('DEC', 'FEB', 'GMT')", "false"),
        ("dateRange(2026, 'GMT')", "true"),
        ("dateRange(20, 'NOV', 5, 'DEC', 'GMT')", "true"),
        ("dateRange('JUN', 2026, 'MAR', 2027, 'GMT')", "true"),
        ("dateRange(1, 'JAN', 2026, 24, 'NOV', 2026, 'GMT')", "false"),
        ("dateRange(25, 'NOV', 2026, 'GMT')", "true"),
        ("dateRange(24, 'NOV', 2026, 'GMT')", "false"),
    ];
    for (expression, wanted) in table {
        assert_eq!(value(expression), wanted, "{expression}");
    }
}

#[test]
fn addresses_of_other_hosts_stay_unknown() {
    assert_eq!(value("dnsResolve('secret-data.evil.example')"), "null");
    assert_eq!(value("isResolvable('intranet.corp.example')"), "false");
    assert_eq!(
        value("isInNet('intranet.corp.example', '0.0.0.0', '0.0.0.0')"),
        "false"
    );
    assert_eq!(value("dnsResolve('WWW.corp.example.')"), "10.1.2.3");
}

#[test]
fn a_script_that_fails_is_an_error() {
    let endless = "function FindProxyForURL() { for (;;) {} }";
    let hungry = "function FindProxyForURL() { let a = []; for (;;) a.push(new Array(1e5).fill(1)); }";
    let deep = "function FindProxyForURL() { return FindProxyForURL(); }";
    let scripts = [
        "",
        "syntax error here",
        "function other() {}",
        "var FindProxyForURL = 7;",
        "function FindProxyForURL() { throw new Error('no'); }",
        "function FindProxyForURL() { return 7; }",
        "function FindProxyForURL() {}",
        "while (true) {}",
        endless,
        hungry,
        deep,
        "function FindProxyForURL() { return require('fs'); }",
    ];
    for script in scripts {
        let answer = asked(script);
        assert!(
            matches!(answer, Err(ProxyFault::Script(_))),
            "{script}: {answer:?}"
        );
    }
}

#[test]
fn null_means_direct_as_the_format_says() {
    assert_eq!(
        asked("function FindProxyForURL() { return null; }"),
        Ok("DIRECT".to_owned())
    );
}

#[test]
fn old_scripts_that_declare_nothing_run() {
    let script =
        "function FindProxyForURL(url, host) { p = 'PROXY a:1'; with ({x: 1}) { p += ''; } return p; }";
    assert_eq!(asked(script), Ok("PROXY a:1".to_owned()));
}

#[test]
fn reads_the_ways_in_their_order_and_passes_socks_over() {
    let known = Proxy::from_environment(|name| {
        (name == "https_proxy").then(|| "http://u:p@a.example:8080".to_owned())
    });
    let routes = read(
        "PROXY a.example:8080; SOCKS s:1; HTTPS b.example; DIRECT",
        &known,
        true,
    )
    .expect("routes");
    let told: Vec<String> = routes.iter().map(|route| format!("{route:?}")).collect();
    assert_eq!(
        told,
        [
            "Through(http://a.example:8080)",
            "Through(https://b.example)",
            "Direct"
        ]
    );
    let given = |route: &Route| matches!(route, Route::Through(server) if server.authorization.is_some());
    assert_eq!(routes.iter().map(given).collect::<Vec<_>>(), [true, false, false]);
    for refused in [
        "",
        ";;",
        "SOCKS a:1",
        "SOCKS5 a:1; SOCKS4 b:2",
        "PROXY",
        "PROXY u:p@a:1",
        "PROXY a:1/x",
        "DIRECT now",
        "junk",
    ] {
        assert!(
            matches!(read(refused, &known, false), Err(ProxyFault::Script(_))),
            "{refused}"
        );
    }
    assert_eq!(
        read(&"PROXY a:1;".repeat(1000), &known, false)
            .expect("routes")
            .len(),
        MAX_ROUTES
    );
}

fn way() -> Way {
    Way {
        proxies: Proxies::Rules(Proxy::direct()),
        tls: crate::tls::Tls::trusting(Vec::new()),
        resolver: Arc::new(crate::SystemResolver),
        named_by: crate::NamedBy::System,
        sign_in: None,
    }
}

/// A script of the system at an address where nobody answers.
fn out_of_reach() -> ProxyScript {
    let url = Url::parse("http://127.0.0.1:9/proxy.pac").expect("an address");
    ProxyScript::of_system(&url, Proxy::direct(), Proxy::direct()).expect("a script")
}

#[tokio::test]
async fn a_script_that_was_loaded_stays_in_force_where_its_server_is_out_of_reach() {
    let asked = target("https://www.corp.example");
    let never_loaded = out_of_reach().routes(&asked, &way()).await;
    assert_eq!(never_loaded, Ok(vec![Route::Direct]));
    let script = out_of_reach();
    let text = "function FindProxyForURL() { return 'PROXY proxy.corp.example:8080' }";
    let loaded = Loaded {
        script: Some(text.into()),
        until: Instant::now(),
    };
    *script.loaded.lock().await = Some(loaded);
    for _ in 0..2 {
        let routes = script.routes(&asked, &way()).await.expect("a way");
        assert!(matches!(&routes[..], [Route::Through(_)]), "{routes:?}");
        // Once more it is time to look for it.
        script.loaded.lock().await.as_mut().expect("a script").until = Instant::now();
    }
}
