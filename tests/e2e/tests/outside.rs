//! What Deskhand contacts, seen from outside: its programs run under strace in a network that ends at this machine, where a
//! resolver notes every name. What they ask for and connect to is compared with what `deskhand egress list` says.

#![cfg(target_os = "linux")]
#![expect(
    clippy::disallowed_methods,
    reason = "the network's own resolver and provider"
)]

#[path = "outside/provider.rs"]
mod provider;
#[path = "outside/trace.rs"]
mod trace;
#[path = "outside/world.rs"]
mod world;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use deskhand_e2e::{PATIENCE, Service, Setup, Talk, command, finish, play};
use deskhand_protocol::event::TurnOutcome;
use deskhand_standins::gateway::Gateway;
use deskhand_test_support::{Child, binary, chromium, repository, wait_for};
use pretty_assertions::assert_eq;
use serde_json::{Value, json};
use world::{RESOLVER, World};

const GATEWAY: &str = "gateway.example.com";
/// What the model says to each prompt.
const ANSWERS: &str = r#"
models: [claude-standin]
key: e2e-key
order: any
steps:
  - expect: { user: sell }
    answer: { say: [{ text: Shoes. }] }
  - expect: { user: rates, results: [] }
    answer: { say: [{ tool: WebFetch, input: { url: "https://docs.example.com/rates" } }] }
  - expect: { user: rates, results: [{ tool: WebFetch, error: true }] }
    answer: { say: [{ text: Nobody answers there. }] }
"#;

/// A profile, a user's home and the organisation's gateway.
struct Place {
    world: World,
    setup: Setup,
    _gateway: Gateway,
}

impl Place {
    /// Of a recommended profile, with some settings replaced; `null` takes one out.
    async fn of(world: World, profile: &str, more: &Value) -> Self {
        let gateway = play(ANSWERS).await;
        let inner = gateway.base_url().replace("http://", "");
        let authority = provider::serve(GATEWAY, world.address(GATEWAY), inner).await;
        world.trust(&authority);
        let place = Self {
            world,
            setup: Setup::empty(),
            _gateway: gateway,
        };
        place.manage(profile, more);
        place
    }

    fn manage(&self, profile: &str, more: &Value) {
        let file = repository().join(format!("policy/generated/profiles/{profile}.json"));
        let text = std::fs::read_to_string(file).expect("a recommended profile");
        let mut settings: Value = serde_json::from_str(&text).expect("JSON");
        settings["inferenceGatewayApiKey"] = json!("e2e-key");
        for (key, value) in more.as_object().expect("an object") {
            settings[key] = value.clone();
        }
        let all = settings.as_object_mut().expect("an object");
        all.retain(|_, value| !value.is_null());
        self.world.manage(&settings);
    }

    /// Another user of the same computer, under other settings.
    fn next(&mut self, more: &Value) {
        self.world.forget();
        self.manage("locked-down", more);
        self.setup = Setup::empty();
    }

    /// One turn of the watched service, from its start to its end.
    async fn turn(&self, prompt: &str) {
        let service = self.service();
        turn(&service, prompt).await;
        service.stop();
    }

    fn trace(&self, of: &str) -> PathBuf {
        self.setup.path().join(format!("{of}.trace"))
    }

    /// The service, watched.
    fn service(&self) -> Service {
        let trace = self.trace("service");
        Service::under(&self.setup, "strace", &trace::arguments(&trace))
    }

    /// A program, watched, with this home.
    fn watched(&self, of: &str, program: &Path) -> Command {
        let mut command = Command::new("strace");
        command.args(trace::arguments(&self.trace(of))).arg(program);
        command.env("DESKHAND_HOME", self.setup.path());
        command
    }

    /// Every name and port that a watched program connected to, `gateway.example.com:443`. A question to the resolver is
    /// told by the name that was asked, without a port.
    fn contacted(&self, of: &str) -> BTreeSet<String> {
        let names = self.world.names();
        let told = |to: SocketAddr| {
            let name = match to.ip().to_canonical() {
                std::net::IpAddr::V4(address) => names.get(&address).cloned(),
                std::net::IpAddr::V6(_) => None,
            };
            // The system's resolver connects without a port to learn which of several addresses is nearer.
            format!("{}:{}", name.unwrap_or_else(|| to.ip().to_string()), to.port())
        };
        let contacted = trace::contacted(&self.trace(of)).into_iter();
        let contacted = contacted.filter(|to| to.ip() != RESOLVER && to.port() != 0);
        contacted.map(told).collect()
    }

    /// The names that anybody asked the resolver for.
    fn asked(&self) -> BTreeSet<String> {
        self.world.asked_for()
    }

    /// What `egress list` says of what is there in this build, by who connects: `host:port`.
    fn listed(&self, by: &str) -> BTreeSet<String> {
        let list = finish(
            command(self.setup.path(), &["egress", "list", "--format", "json"]),
            "",
        );
        assert_eq!(list.code(), Some(0), "{}", list.err);
        let entries: Vec<Value> = serde_json::from_str(&list.out).expect("JSON");
        let open = entries
            .iter()
            .filter(|entry| entry["built"] == true && entry["openedBy"] == by);
        let target = |entry: &Value| {
            let target = entry["target"].as_str().expect("a target");
            let target = target.rsplit('/').next().unwrap_or(target);
            let port = if target.contains(':') { "" } else { ":443" };
            format!("{target}{port}")
        };
        open.map(target).collect()
    }
}

/// One turn that comes to its end.
async fn turn(service: &Service, prompt: &str) {
    let mut talk = Talk::begin(service).await;
    let prompt = talk.prompt(prompt);
    let outcome = talk.say(prompt).await;
    assert_eq!(outcome, TurnOutcome::Completed, "{}", service.errors());
}

fn names<const N: usize>(names: [&str; N]) -> BTreeSet<String> {
    names.map(str::to_owned).into()
}

#[tokio::test(flavor = "multi_thread")]
async fn under_the_locked_down_profile_only_the_gateway_is_contacted() {
    let test = "under_the_locked_down_profile_only_the_gateway_is_contacted";
    let Some(world) = World::enter(test) else { return };
    let place = Place::of(world, "locked-down", &json!({ "otlpEndpoint": null })).await;
    let service = place.service();
    turn(&service, "What did we sell?").await;
    let mut ask = place.watched("terminal", &binary("deskhand"));
    ask.args(["ask", "And what did the others sell?"]);
    let asked = finish(ask, "");
    assert_eq!(asked.code(), Some(0), "{}", asked.err);
    service.stop();

    assert_eq!(place.listed("service"), names(["gateway.example.com:443"]));
    assert_eq!(place.contacted("service"), place.listed("service"));
    assert_eq!(place.contacted("terminal"), names([]));
    assert_eq!(place.asked(), names([GATEWAY]));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_key_opens_what_the_list_says_and_nothing_else() {
    let test = "each_key_opens_what_the_list_says_and_nothing_else";
    let Some(world) = World::enter(test) else { return };
    let mut place = Place::of(world, "locked-down", &json!({})).await;
    let cases = [
        (
            "the organisation's collector",
            json!({}),
            "What did we sell?",
            names(["gateway.example.com:443", "collector.example.com:443"]),
        ),
        (
            "what the reference product sends to its maker",
            json!({
                "otlpEndpoint": null, "disableEssentialTelemetry": false, "disableNonessentialTelemetry": false,
                "disableNonessentialServices": false, "disableAutoUpdates": false,
            }),
            "What did we sell?",
            names(["gateway.example.com:443"]),
        ),
        (
            "the web, of which the model asks for a page",
            json!({
                "otlpEndpoint": null, "disabledBuiltinTools": null,
                "coworkEgressAllowedHosts": ["docs.example.com"], "deskhandEgressAllowPrivate": ["198.51.100.0/24"],
            }),
            "What are the rates?",
            names(["gateway.example.com:443", "docs.example.com:443"]),
        ),
    ];
    for (what, more, prompt, opened) in cases {
        place.next(&more);
        place.turn(prompt).await;
        assert_eq!(place.listed("service"), opened, "{what}: the list");
        assert_eq!(place.contacted("service"), opened, "{what}: seen from outside");
        let hosts = opened.iter().map(|host| host.replace(":443", "")).collect();
        assert_eq!(place.asked(), hosts, "{what}: names");
    }
    let proxy = json!({ "otlpEndpoint": null, "egressProxyUrl": "http://proxy.example.com:3128" });
    place.next(&proxy);
    let service = place.service();
    let mut talk = Talk::begin(&service).await;
    let prompt = talk.prompt("What did we sell?");
    // Nobody answers there, and nothing goes past it.
    assert!(matches!(talk.say(prompt).await, TurnOutcome::Failed(_)));
    service.stop();
    assert_eq!(place.contacted("service"), names(["proxy.example.com:3128"]));
    assert_eq!(place.asked(), names(["proxy.example.com"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_window_contacts_nothing_but_the_service() {
    let test = "the_window_contacts_nothing_but_the_service";
    let Some(world) = World::enter(test) else { return };
    let place = Place::of(world, "locked-down", &json!({ "otlpEndpoint": null })).await;
    let service = place.service();
    let screen = Child::spawn(Command::new("Xvfb").args(["-noreset", "-displayfd", "1", "-nolisten", "tcp"]));
    let display = format!(":{}", screen.line(PATIENCE, |_| true));
    let mut window = place.watched("window", &binary("deskhand-window"));
    window.env("DISPLAY", display).env_remove("WAYLAND_DISPLAY");
    window.env("GSETTINGS_BACKEND", "memory").env("NO_AT_BRIDGE", "1");
    let window = Child::spawn(&mut window);
    wait_for("the window's page", PATIENCE, || {
        let audit = place.setup.run(&["audit", "export"]);
        let hello = |line: &str| line.contains("frontEndConnected") && line.contains("\"window\"");
        audit.out.lines().any(hello).then_some(())
    });
    service.stop();
    drop(window);
    assert_eq!(place.contacted("window"), names([]));
}

/// What the browser of these tests asks its own maker for, and how it learns whether there is IPv6: none of it is
/// Deskhand's, and nothing of Deskhand's is there.
const OF_THE_BROWSER: [&str; 4] = [
    ".google.com:",
    ".googleapis.com:",
    ".gvt1.com:",
    "2001:4860:4860::8888:",
];

/// Loads a page of the service in a browser as a pane does, to its end.
fn browse(place: &Place, service: &Service, page: &str) {
    let mut browser = place.watched(page, &chromium());
    browser.args(["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"]);
    browser.args(["--disable-background-networking", "--disable-component-update"]);
    browser.args(["--ignore-certificate-errors", "--dump-dom"]);
    browser.arg(format!(
        "--user-data-dir={}",
        place.setup.path().join("browser").display()
    ));
    browser.arg(format!("{}/{page}/", service.address()));
    browser.stdout(std::process::Stdio::piped());
    browser.stderr(std::process::Stdio::piped());
    let done = finish(browser, "");
    assert!(done.status.success(), "{}", done.err);
    assert!(done.out.contains("<div id=\"root\">"), "{}", done.out);
}

/// The same, with what it contacted.
fn contacted_by_page(place: &Place, service: &Service, page: &str) -> BTreeSet<String> {
    browse(place, service, page);
    let mut contacted = place.contacted(page);
    contacted.retain(|host| OF_THE_BROWSER.iter().all(|own| !host.contains(own)));
    contacted
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pane_contacts_what_is_listed_for_panes() {
    let test = "a_pane_contacts_what_is_listed_for_panes";
    let Some(world) = World::enter(test) else { return };
    let place = Place::of(world, "locked-down", &json!({ "otlpEndpoint": null })).await;
    let service = place.service();
    let listed = place.listed("pane");
    assert_eq!(listed, names(["appsforoffice.microsoft.com:443"]));
    for pane in ["excel", "powerpoint"] {
        assert_eq!(contacted_by_page(&place, &service, pane), listed, "{pane}");
    }
    assert_eq!(contacted_by_page(&place, &service, "desktop"), names([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pane_contacts_nothing_where_the_administrator_provides_office_js() {
    let test = "a_pane_contacts_nothing_where_the_administrator_provides_office_js";
    let Some(world) = World::enter(test) else { return };
    let scripts = repository().join("addin-web/node_modules/@microsoft/office-js/dist");
    let more = json!({ "otlpEndpoint": null, "deskhandOfficeScriptFolder": scripts });
    let place = Place::of(world, "locked-down", &more).await;
    let service = place.service();
    assert_eq!(place.listed("pane"), names([]));
    assert_eq!(contacted_by_page(&place, &service, "excel"), names([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn switched_off_it_contacts_nothing_at_all() {
    let test = "switched_off_it_contacts_nothing_at_all";
    let Some(world) = World::enter(test) else { return };
    let place = Place::of(world, "standard", &json!({ "deskhandEnabled": false })).await;
    let service = place.service();
    let mut talk = Talk::begin(&service).await;
    let prompt = talk.prompt("What did we sell?");
    assert!(matches!(talk.say(prompt).await, TurnOutcome::Failed(_)));
    service.stop();
    assert_eq!(place.listed("service"), names([]));
    assert_eq!(place.contacted("service"), names([]));
}
