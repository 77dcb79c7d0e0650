//! The egress list in its forms, and the explanation of a host.

use deskhand_egress::{
    Destination, Feature, Gate, Network, OpenedBy, egress_csv, egress_table, firewall_rules,
};
use deskhand_test_support::repository;
use pretty_assertions::assert_eq;
use serde_json::{Value, json};

fn gate(settings: Value) -> Gate {
    Gate::new(move |key| settings[key].clone(), Network::default())
}

#[test]
fn each_form_tells_what_is_listed() {
    let list = gate(json!({
        "deskhandOfficeScriptFolder": "/srv/office",
        "coworkEgressAllowedHosts": ["*.corp.example", "git.corp.example:22"],
        "deskhandUpdateUrl": "https://updates.corp.example",
    }))
    .egress_list();
    let table = egress_table(&list);
    let heads: Vec<&str> = table.lines().next().expect("a head").split_whitespace().collect();
    assert_eq!(
        heads.join(" "),
        "DESTINATION HOSTS OPENED BY CARRIES POLICY KEY WHY"
    );
    assert!(
        table
            .lines()
            .any(|line| line.starts_with("update-feed ") && line.ends_with("Not built yet: no traffic."))
    );
    let csv = egress_csv(&list);
    let lines: Vec<&str> = csv.split("\r\n").collect();
    assert_eq!(
        lines[0],
        "destination,target,openedBy,key,carriesContent,built,why"
    );
    assert_eq!(
        lines[1],
        "web-fetch,*.corp.example,service,coworkEgressAllowedHosts,true,true,Reads the web pages that the model asks for."
    );
    let sandbox = lines
        .iter()
        .find(|line| line.starts_with("sandbox,git"))
        .expect("a line");
    assert!(sandbox.ends_with(
        ",\"Reaches what programs in the sandbox ask for: packages, repositories, web services.\""
    ));
}

#[test]
fn a_firewall_gets_ports_and_only_what_is_built() {
    let list = gate(json!({
        "coworkEgressAllowedHosts": ["*.corp.example", "*.eu.corp.example", "git.corp.example:22", "127.0.0.1:8080"],
        "deskhandImageStoreUrl": "https://images.corp.example",
        "deskhandUpdateUrl": "https://updates.corp.example",
    }))
    .egress_list();
    assert_eq!(
        firewall_rules(&list),
        "*.corp.example:443\n*.corp.example:80\n*.eu.corp.example:443\n*.eu.corp.example:80\n\
         appsforoffice.microsoft.com:443\ngit.corp.example:22\nimages.corp.example:443\n"
    );
    assert!(
        firewall_rules(&gate(json!({"coworkEgressAllowedHosts": ["*"]})).egress_list()).contains("*:*\n")
    );
}

#[test]
fn explains_who_reaches_a_host_and_what_would_open_it() {
    let settings = json!({
        "inferenceProvider": "gateway", "inferenceGatewayBaseUrl": "https://llm.corp.example/v1",
        "coworkEgressAllowedHosts": ["*.corp.example"],
    });
    let gate = gate(settings);
    let told = |asked: &str| {
        let explanation = gate.explain(asked).expect("a host");
        let of = |list: &[deskhand_egress::Passage]| -> Vec<String> {
            list.iter()
                .map(|one| format!("{} {}", one.destination, one.key))
                .collect()
        };
        (of(&explanation.reached_by), of(&explanation.opened_with))
    };
    let list = |lines: &[&str]| -> Vec<String> { lines.iter().map(|&line| line.to_owned()).collect() };
    let web = list(&[
        "web-fetch coworkEgressAllowedHosts",
        "sandbox coworkEgressAllowedHosts",
    ]);
    let mut reached = list(&["inference-gateway inferenceProvider"]);
    reached.extend(web.clone());
    assert_eq!(told("LLM.corp.example."), (reached, list(&[])));
    assert_eq!(told("llm.corp.example:22"), (list(&[]), web.clone()));
    assert_eq!(told("https://wiki.corp.example/page"), (web.clone(), list(&[])));
    assert_eq!(told("a.b.corp.example"), (list(&[]), web.clone()));
    let mut closed = list(&["inference-bedrock inferenceProvider"]);
    closed.extend(web);
    assert_eq!(
        told("bedrock-runtime.us-east-1.amazonaws.com"),
        (list(&[]), closed)
    );
    assert_eq!(
        told("appsforoffice.microsoft.com").0,
        list(&["office-script deskhandOfficeScriptFolder"])
    );
    assert_eq!(gate.explain("not a host"), None);
    let text = gate.explain("a.b.corp.example").expect("a host").to_string();
    assert!(
        text.starts_with("Nothing reaches a.b.corp.example on port 443.\nClosed, and opened with:\n"),
        "{text}"
    );
}

#[test]
fn explains_that_a_private_address_needs_its_own_key() {
    let gate = gate(json!({"coworkEgressAllowedHosts": ["*"]}));
    let explanation = gate.explain("169.254.169.254:80").expect("a host");
    assert!(explanation.reached_by.is_empty());
    assert!(
        explanation
            .opened_with
            .iter()
            .all(|one| one.key == "deskhandEgressAllowPrivate")
    );
    assert_eq!(explanation.opened_with.len(), 2);
}

/// The mark is true: what is not built has no user in the product, and what is built has one.
#[test]
fn the_mark_of_what_is_built_is_true() {
    let mut code = String::new();
    for room in ["companion", "sandbox"] {
        gather(&repository().join(room), &mut code);
    }
    for row in Destination::TABLE {
        let used = code.contains(&format!("Destination::{:?}", row.destination))
            || row.destination == Destination::Sandbox && code.contains(".sandbox()");
        match row.opened_by {
            OpenedBy::Service | OpenedBy::Sandbox | OpenedBy::Browser => {
                assert_eq!(used, row.feature == Feature::Built, "{}", row.id);
            }
            OpenedBy::Pane(_) => assert!(!used, "{}", row.id),
            // Every client goes through it; nobody asks for it.
            OpenedBy::ServiceOnTheWay => {}
        }
    }
}

/// The sources of the crates that use this one.
fn gather(folder: &std::path::Path, code: &mut String) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for path in entries.flatten().map(|entry| entry.path()) {
        let skipped = ["egress", "tests", "target"]
            .iter()
            .any(|name| path.ends_with(name));
        if path.is_dir() && !skipped {
            gather(&path, code);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            code.push_str(&std::fs::read_to_string(&path).expect("a source"));
        }
    }
}
