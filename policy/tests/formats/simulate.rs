//! What a policy would answer.

use std::path::Path;

use deskhand_policy::hosts::{ALLOWED, Host};
use deskhand_policy::simulate::{Added, Place, Question, Verdict, no_such_tool, simulate, text};
use deskhand_policy::{MemoryStore, Origin, Policy, Store};
use pretty_assertions::assert_eq;
use serde_json::{Value, json};

fn answer(values: &[(&str, Value)], question: &str) -> Verdict {
    let mut all = vec![
        ("inferenceProvider", json!("gateway")),
        ("inferenceGatewayBaseUrl", json!("https://gw.example.com")),
    ];
    all.extend(values.iter().cloned());
    let has_list = all.iter().any(|(key, _)| *key == ALLOWED);
    let gateway = Added {
        host: Host::parse("gw.example.com").unwrap(),
        port: 443,
        key: ALLOWED,
    };
    let added: Vec<Added> = std::iter::once(gateway).filter(|_| !has_list).collect();
    let store = MemoryStore::new(Origin::Managed("profile".into()), all);
    let variable = |_: &str| None;
    let place = Place {
        home: Path::new(HOME),
        variable: &variable,
        added: &added,
    };
    simulate(
        &Policy::resolve(&store.read(), &[]),
        &Question::parse(question).unwrap(),
        place,
    )
}

const HOME: &str = if cfg!(windows) {
    r"C:\Users\ada"
} else {
    "/home/ada"
};

fn told(values: &[(&str, Value)], question: &str) -> (bool, Option<&'static str>) {
    let verdict = answer(values, question);
    (verdict.allowed, verdict.key)
}

#[test]
fn folders_open_what_lies_in_them_and_nothing_else() {
    const KEY: Option<&str> = Some("allowedWorkspaceFolders");
    let folders = [(
        "allowedWorkspaceFolders",
        json!(["~/work", { "path": "~/work/archive", "mode": "ro" }]),
    )];
    assert_eq!(told(&folders, "read ~/work/a.xlsx"), (true, KEY));
    assert_eq!(told(&folders, "write ~/work/a.xlsx"), (true, KEY));
    assert_eq!(told(&folders, "read ~/work/archive/a.xlsx"), (true, KEY));
    assert_eq!(told(&folders, "write ~/work/archive/a.xlsx"), (false, KEY));
    assert_eq!(told(&folders, "read ~/workshop/a.xlsx"), (false, KEY));
    assert_eq!(told(&folders, "read ~/work/../secret"), (false, KEY));
    assert_eq!(
        told(&[("allowedWorkspaceFolders", json!([]))], "read ~/a"),
        (false, KEY)
    );
    assert_eq!(
        told(&[("allowedWorkspaceFolders", json!("broken"))], "read ~/a"),
        (false, KEY)
    );
    assert_eq!(told(&[], "read ~/a"), (true, KEY));
    assert_eq!(told(&[], "read a"), (false, None));
    assert_eq!(told(&[], "read ~other/a"), (false, None));
}

#[test]
fn a_tool_that_is_none_has_no_answer_and_one_of_a_server_does() {
    let tools = ["Read", "WebFetch"].map(str::to_owned);
    let about = |text: &str| no_such_tool(&Question::parse(text).expect("a question"), &tools);
    assert_eq!(
        about("tool Raed").as_deref(),
        Some("there is no such tool; the nearest is `Read`")
    );
    assert_eq!(
        about("tool NothingNear").as_deref(),
        Some("there is no such tool")
    );
    for known in [
        "tool Read",
        "tool webfetch",
        "tool mcp__docs__search",
        "mcp Raed",
        "read /Raed",
    ] {
        assert_eq!(about(known), None, "{known}");
    }
}

#[test]
fn tools_that_are_taken_away_do_nothing() {
    let both = [("disabledBuiltinTools", json!(["write", "Edit"]))];
    assert_eq!(told(&both, "write ~/a"), (false, Some("disabledBuiltinTools")));
    assert_eq!(told(&both, "tool Write"), (false, Some("disabledBuiltinTools")));
    assert_eq!(told(&both, "tool Read"), (true, Some("disabledBuiltinTools")));
    let one = [("disabledBuiltinTools", json!(["Write"]))];
    assert!(answer(&one, "write ~/a").why.contains("not made or overwritten"));
    let asks = [("builtinToolPolicy", json!({ "Edit(**/*.env)": "ask" }))];
    assert_eq!(told(&asks, "tool Edit"), (true, Some("builtinToolPolicy")));
    assert!(answer(&asks, "write ~/a.env").why.contains("Edit(**/*.env)"));
}

#[test]
fn hosts_are_reached_as_the_list_says() {
    const LISTED: Option<&str> = Some("coworkEgressAllowedHosts");
    const PRIVATE: Option<&str> = Some("deskhandEgressAllowPrivate");
    let list = [("coworkEgressAllowedHosts", json!(["*.example.com", "10.0.0.1"]))];
    assert_eq!(told(&list, "connect a.example.com"), (true, LISTED));
    assert_eq!(told(&list, "connect example.com"), (false, LISTED));
    assert_eq!(told(&list, "connect a.example.com:22"), (false, LISTED));
    assert_eq!(told(&list, "connect 10.0.0.1"), (false, PRIVATE));
    assert_eq!(told(&list, "connect 0xa.1"), (false, PRIVATE));
    let opened = [
        list[0].clone(),
        ("deskhandEgressAllowPrivate", json!(["10.0.0.0/8"])),
    ];
    assert_eq!(told(&opened, "connect 10.0.0.1"), (true, LISTED));
    assert_eq!(told(&[], "connect gw.example.com"), (true, LISTED));
    assert_eq!(told(&[], "connect gw.example.com:8443"), (false, LISTED));
    assert_eq!(told(&[], "connect a.example.com"), (false, LISTED));
    assert_eq!(
        told(
            &[("coworkEgressAllowedHosts", json!([]))],
            "connect gw.example.com"
        ),
        (false, LISTED)
    );
    assert_eq!(told(&[], "connect https://a.example.com/"), (false, None));
}

#[test]
fn servers_are_those_of_the_list_and_of_users_where_they_may() {
    let list = [
        (
            "managedMcpServers",
            json!([{ "name": "files", "transport": "http", "url": "https://mcp.example.com" }]),
        ),
        ("isLocalDevMcpEnabled", json!(false)),
    ];
    assert_eq!(told(&list, "mcp files"), (true, Some("managedMcpServers")));
    assert_eq!(told(&list, "mcp other"), (false, Some("isLocalDevMcpEnabled")));
    assert_eq!(
        told(&list[..1], "mcp other"),
        (true, Some("isLocalDevMcpEnabled"))
    );
}

#[test]
fn tools_of_the_web_follow_from_their_own_keys() {
    const HOSTS: Option<&str> = Some("coworkEgressAllowedHosts");
    const SERVERS: Option<&str> = Some("managedMcpServers");
    const TOOLS: Option<&str> = Some("disabledBuiltinTools");
    let none = [("coworkEgressAllowedHosts", json!([]))];
    assert_eq!(told(&[], "tool WebFetch"), (true, TOOLS));
    assert_eq!(told(&none, "tool webfetch"), (false, HOSTS));
    assert_eq!(told(&[], "tool WebSearch"), (false, SERVERS));
    let search = (
        "managedMcpServers",
        json!([{ "name": "s", "server": "websearch", "provider": "brave" }]),
    );
    // The list of hosts says nothing of what the organisation names elsewhere.
    let both = [none[0].clone(), search.clone()];
    assert_eq!(told(&both, "tool WebSearch"), (true, TOOLS));
    assert_eq!(told(&both, "mcp s"), (true, SERVERS));
    assert!(answer(&both, "mcp s").why.contains("WebSearch asks it"));
    for closed in [
        json!({ "*Search": "blocked" }),
        json!({ "*": "allow", "websearch": "blocked" }),
    ] {
        let server = json!({ "name": "s", "server": "websearch", "provider": "brave", "toolPolicy": closed });
        let next = json!({ "name": "next", "server": "websearch", "provider": "exa" });
        let list = [("managedMcpServers", json!([server, next]))];
        for question in ["tool WebSearch", "mcp s", "mcp next"] {
            assert_eq!(told(&list, question), (false, SERVERS), "{question} {closed}");
        }
    }
    let ruled = json!([
        { "name": "s", "server": "websearch", "provider": "brave", "toolPolicy": { "web*": "ask" } },
        { "name": "next", "server": "websearch", "provider": "exa" },
    ]);
    let ruled = [("managedMcpServers", ruled)];
    assert!(answer(&ruled, "tool WebSearch").why.contains("asked each time"));
    assert_eq!(told(&ruled, "mcp next"), (false, SERVERS));
    let off = [search, ("disabledBuiltinTools", json!(["websearch"]))];
    assert_eq!(told(&off, "tool WebSearch"), (false, TOOLS));
    let asks = [(
        "builtinToolPolicy",
        json!({ "WebFetch(domain:example.com)": "ask" }),
    )];
    assert_eq!(told(&asks, "tool WebFetch"), (true, Some("builtinToolPolicy")));
    assert_eq!(told(&asks, "connect example.com"), (false, HOSTS));
}

#[test]
fn where_no_session_starts_everything_is_denied() {
    assert_eq!(
        told(&[("deskhandEnabled", json!(false))], "tool Read"),
        (false, Some("deskhandEnabled"))
    );
    let broken = [("disabledBuiltinTools", json!(7))];
    assert_eq!(
        told(&broken, "connect a.example.com"),
        (false, Some("disabledBuiltinTools"))
    );
    let waits = [("requireCoworkFullVmSandbox", json!(true))];
    assert_eq!(
        told(&waits, "read ~/a"),
        (false, Some("requireCoworkFullVmSandbox"))
    );
}

#[test]
fn another_question_is_answered_with_the_forms() {
    for question in ["", "read", "delete ~/a", "connect"] {
        assert!(
            Question::parse(question).unwrap_err().contains("`connect HOST`"),
            "{question}"
        );
    }
    let verdict = answer(&[("allowedWorkspaceFolders", json!([]))], "read ~/a");
    assert_eq!(
        text(&verdict),
        "denied: no listed folder holds it (`allowedWorkspaceFolders`, managed: profile)\n"
    );
}
