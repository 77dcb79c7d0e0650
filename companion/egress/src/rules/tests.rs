//! The lists as settings hold them.

use serde_json::json;

use super::*;

#[test]
fn a_malformed_entry_opens_nothing_and_spoils_no_other() {
    let list = [json!("https://example.com"), json!(7), json!("good.example")];
    let (rules, faults) = WebRules::new(&list, &[json!("*")], Vec::new());
    let judged = |host: &str| rules.permits(&Host::parse(host).expect(host), 443);
    assert_eq!(judged("good.example"), Ok(()));
    assert_eq!(judged("example.com"), Err(WebRefusal::NotListed));
    let faults: Vec<_> = faults.iter().map(|(key, why)| format!("{key}: {why}")).collect();
    assert_eq!(
        faults,
        [
            "coworkEgressAllowedHosts: expected a host, `*.` before a host, or `*`; an address with https:// or a path is \
             no host",
            "coworkEgressAllowedHosts: it is not text",
            "deskhandEgressAllowPrivate: `*` stands alone or for the whole first label, and private addresses are listed \
             by network",
        ]
    );
}

#[test]
fn what_needs_no_entry_is_reached_at_its_own_port_and_is_public_all_the_same() {
    let origins =
        ["https://gateway.example.com", "https://10.0.0.1"].map(|text| Origin::of_address(text).expect(text));
    let (rules, _) = WebRules::new(&[], &[], origins.into());
    let judged = |host: &str, port| rules.permits(&Host::parse(host).expect(host), port);
    assert_eq!(judged("gateway.example.com", 443), Ok(()));
    assert_eq!(judged("gateway.example.com", 80), Err(WebRefusal::NotListed));
    assert_eq!(judged("10.0.0.1", 443), Err(WebRefusal::NotPublic));
    assert!(!rules.is_empty());
}
