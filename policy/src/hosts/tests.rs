//! The matcher of hosts: what rules name, tricks of spelling, private addresses.

use proptest::prelude::*;

use super::*;

fn rules(listed: &[&str], private: &[&str]) -> HostRules {
    let rule = |text: &&str| HostRule::parse(text).unwrap_or_else(|why| panic!("{text}: {why}"));
    let network = |text: &&str| PrivateRule::parse(text).unwrap_or_else(|why| panic!("{text}: {why}"));
    HostRules::new(
        listed.iter().map(rule).collect(),
        private.iter().map(network).collect(),
    )
}

#[derive(Debug, PartialEq)]
enum Judged {
    Listed,
    NotListed,
    NotPublic,
}
use Judged::{Listed as LISTED, NotListed as NOT_LISTED, NotPublic as NOT_PUBLIC};

fn judged(rules: &HostRules, host: &str, port: u16) -> Judged {
    let host = Host::parse(host).expect(host);
    match (rules.naming(&host, port), rules.admits(&host)) {
        (None, _) => NOT_LISTED,
        (Some(_), true) => LISTED,
        (Some(_), false) => NOT_PUBLIC,
    }
}

#[test]
fn an_entry_matches_what_it_names_and_nothing_near_it() {
    let table = [
        ("example.com", "example.com", 443, LISTED),
        ("example.com", "EXAMPLE.com.", 80, LISTED),
        ("Example.COM.", "example.com", 443, LISTED),
        ("example.com", "www.example.com", 443, NOT_LISTED),
        ("example.com", "example.com.evil.example", 443, NOT_LISTED),
        ("example.com", "notexample.com", 443, NOT_LISTED),
        ("example.com", "example.com", 22, NOT_LISTED),
        ("example.com:22", "example.com", 22, LISTED),
        ("example.com:22", "example.com", 443, NOT_LISTED),
        ("*.example.com", "a.example.com", 443, LISTED),
        ("*.example.com", "example.com", 443, NOT_LISTED),
        ("*.example.com", "a.b.example.com", 443, NOT_LISTED),
        ("*.example.com", "aexample.com", 443, NOT_LISTED),
        ("*.example.com:8443", "a.example.com", 8443, LISTED),
        ("*.bücher.example", "a.xn--bcher-kva.example", 443, LISTED),
        ("bücher.example", "BÜCHER.example", 443, LISTED),
        ("*", "anything.example", 443, LISTED),
        ("*", "anything.example", 22, LISTED),
        ("*:443", "anything.example", 22, NOT_LISTED),
        ("93.184.216.34", "93.184.216.34", 443, LISTED),
        ("93.184.216.34", "0x5d.0xb8.0xd8.0x22", 443, LISTED),
        ("93.184.216.34", "[::ffff:93.184.216.34]", 443, LISTED),
        ("[2606:4700::1111]:8443", "[2606:4700:0::1111]", 8443, LISTED),
        ("2606:4700::1111", "[2606:4700::1111]", 443, LISTED),
    ];
    for (entry, host, port, wanted) in table {
        let rules = rules(&[entry], &[]);
        assert_eq!(judged(&rules, host, port), wanted, "{entry} for {host}:{port}");
    }
}

#[test]
fn an_empty_list_names_nothing() {
    assert_eq!(judged(&rules(&[], &[]), "example.com", 443), NOT_LISTED);
}

#[test]
fn what_can_be_read_in_two_ways_is_no_rule() {
    let texts = [
        "",
        " ",
        " example.com",
        "https://example.com",
        "example.com/path",
        "*.*.com",
        "a*.com",
        "**",
        "*.",
        ".",
        "example.com:",
        "example.com:0",
        "example.com:65536",
        "example.com:+44",
        "a b",
        "*.10.0.0.1",
        "user@example.com",
        "%65xample.com",
        "[::1",
        "fe80::1%eth0",
    ];
    for text in texts {
        assert!(HostRule::parse(text).is_err(), "{text}");
    }
}

#[test]
fn a_rule_names_all_of_another_only_where_no_host_and_no_port_is_left_out() {
    let table = [
        ("*", "example.com", true),
        ("*", "*:8443", true),
        ("*:443", "*", false),
        ("example.com", "example.com:443", true),
        ("example.com", "example.com:8443", false),
        ("example.com:443", "example.com", false),
        ("*.example.com", "a.example.com", true),
        ("*.example.com", "*.example.com", true),
        ("*.example.com", "a.b.example.com", false),
        ("a.example.com", "*.example.com", false),
    ];
    for (outer, inner, wanted) in table {
        let [outer_rule, inner_rule] = [outer, inner].map(|text| HostRule::parse(text).expect(text));
        assert_eq!(
            outer_rule.names_all_of(&inner_rule),
            wanted,
            "{outer} over {inner}"
        );
    }
}

#[test]
fn private_addresses_are_refused_in_every_spelling_even_when_listed() {
    let spellings = [
        "127.0.0.1",
        "127.1",
        "0x7f000001",
        "017700000001",
        "2130706433",
        "0.0.0.0",
        "0",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "10.1.2.3",
        "192.168.1.1",
        "172.16.0.1",
        "100.64.0.1",
        "169.254.169.254",
        "[fe80::1]",
        "[fd00:ec2::254]",
        "224.0.0.1",
        "[ff02::1]",
        "[64:ff9b::a9fe:a9fe]",
        "[2002:7f00:1::]",
        "168.63.129.16",
        "localhost",
        "LOCALHOST.",
        "a.localhost",
    ];
    for spelling in spellings {
        let port = 443;
        assert_eq!(
            judged(&rules(&["*"], &[]), spelling, port),
            NOT_PUBLIC,
            "{spelling}"
        );
        assert_eq!(
            judged(&rules(&[spelling], &[]), spelling, port),
            NOT_PUBLIC,
            "{spelling}"
        );
    }
}

#[test]
fn a_listed_network_is_reached_and_no_other() {
    let rules = rules(&["*"], &["10.1.0.0/16", "192.168.7.7", "fd12::/32", "[::1]"]);
    for open in [
        "10.1.2.3",
        "[::ffff:10.1.2.3]",
        "192.168.7.7",
        "[fd12::5]",
        "[::1]",
    ] {
        assert_eq!(judged(&rules, open, 443), LISTED, "{open}");
    }
    for shut in [
        "10.2.0.1",
        "192.168.7.8",
        "127.0.0.1",
        "[fd13::5]",
        "169.254.169.254",
    ] {
        assert_eq!(judged(&rules, shut, 443), NOT_PUBLIC, "{shut}");
    }
    assert_eq!(
        judged(&self::rules(&[], &["10.0.0.0/8"]), "10.0.0.1", 443),
        NOT_LISTED
    );
}

#[test]
fn a_listed_name_may_lead_to_the_organisations_networks_but_not_to_this_machine_or_metadata() {
    let rules = rules(&["*"], &["wiki.corp.example", "*.lab.example"]);
    let table = [
        ("wiki.corp.example", "10.0.0.1", true),
        ("wiki.corp.example", "fd12::1", true),
        ("wiki.corp.example", "93.184.216.34", true),
        ("wiki.corp.example", "127.0.0.1", false),
        ("wiki.corp.example", "169.254.169.254", false),
        ("wiki.corp.example", "fd00:ec2::254", false),
        ("a.lab.example", "10.0.0.1", true),
        ("a.b.lab.example", "10.0.0.1", false),
        ("other.example", "10.0.0.1", false),
    ];
    for (name, address, wanted) in table {
        let host = Host::parse(name).expect("a host");
        let found = rules.admits_address(&host, address.parse().expect("an address"));
        assert_eq!(found, wanted, "{name} to {address}");
    }
    let local = self::rules(&["localhost:8080"], &["localhost"]);
    assert_eq!(judged(&local, "localhost", 8080), LISTED);
    let host = Host::parse("localhost").expect("a host");
    assert!(local.admits_address(&host, "127.0.0.1".parse().expect("an address")));
}

#[test]
fn all_private_addresses_cannot_be_opened_by_one_star() {
    for text in ["*", "*:80", "10.0.0.1:80", "10.0.0.0/33", "10.0.0.0/", "wiki/8"] {
        assert!(PrivateRule::parse(text).is_err(), "{text}");
    }
}

proptest! {
    #[test]
    fn any_text_gives_a_rule_or_a_reason(text in "\\PC{0,80}") {
        if let Ok(rule) = HostRule::parse(&text) {
            prop_assert_eq!(HostRule::parse(&rule.to_string()), Ok(rule));
        }
    }

    #[test]
    fn a_host_reads_the_same_once_written(text in "\\PC{0,60}") {
        if let Some(host) = Host::parse(&text) {
            prop_assert_eq!(Host::parse(&host.to_string()), Some(host));
        }
    }

    #[test]
    fn a_wildcard_takes_exactly_one_label(labels in prop::collection::vec("[a-z0-9]{1,10}", 0..4)) {
        let rule = HostRule::parse("*.corp.example").expect("a rule");
        let name = [labels.as_slice(), &["corp.example".to_owned()]].concat().join(".");
        prop_assume!(labels.iter().all(|label| !label.starts_with("xn")));
        prop_assert_eq!(rule.matches(&Host::parse(&name).expect("a host"), 443), labels.len() == 1);
    }

    #[test]
    fn the_rule_that_names_a_host_is_the_first_one_read_from_the_top(
        listed in prop::collection::vec((0..11_usize, 0..4_usize), 0..30),
        asked in 0..9_usize,
        port in prop::sample::select(vec![22_u16, 80, 443, 8443]),
    ) {
        let hosts = [
            "*", "*.example", "*.a.example", "*.b.a.example", "example", "a.example", "b.a.example", "c.b.a.example",
            "93.184.216.34", "[2606:4700::1111]", "localhost",
        ];
        let names = [
            "example", "a.example", "b.a.example", "c.b.a.example", "z.b.a.example", "za.example", "93.184.216.34",
            "[2606:4700::1111]", "localhost",
        ];
        let rule = |(host, port): &(usize, usize)| {
            let text = format!("{}{}", hosts[*host], ["", ":22", ":443", ":8443"][*port]);
            HostRule::parse(&text).expect("a rule")
        };
        let listed: Vec<HostRule> = listed.iter().map(rule).collect();
        let host = Host::parse(names[asked]).expect("a host");
        let linear = listed.iter().find(|rule| rule.matches(&host, port)).cloned();
        let rules = HostRules::new(listed, Vec::new());
        prop_assert_eq!(rules.naming(&host, port).cloned(), linear);
    }

    #[test]
    fn no_spelling_of_a_private_address_gets_through(low in any::<u32>(), net in 0..4_usize) {
        let (base, bits): (u32, u32) = [(10 << 24, 24), (127 << 24, 24), (0xa9fe_0000, 16), (0xc0a8_0000, 16)][net];
        let number = base | (low & ((1 << bits) - 1));
        let address = std::net::Ipv4Addr::from(number);
        let [a, b, c, d] = address.octets();
        let spellings = [
            format!("{number}"), format!("0x{number:x}"), format!("0{number:o}"), format!("{a}.{}", number & 0xff_ffff),
            format!("0{a:o}.0x{b:x}.{c}.{d}."), format!("[::ffff:{address}]"), format!("[::{address}]"),
            format!("[64:ff9b::{address}]"),
        ];
        let rules = rules(&["*"], &[]);
        for spelling in spellings {
            prop_assert_eq!(judged(&rules, &spelling, 443), NOT_PUBLIC, "{}", spelling);
        }
    }
}
